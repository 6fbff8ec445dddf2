//! Certificate chains: key identifiers, namesakes, cross-signed authorities, loops.

use crate::{check, policy};

/// A card of one PIN with one key of id a1, whose objects `certificates` are, in two slots.
#[track_caller]
fn check_chain(certificates: &str, expected: &str) {
    check(&policy(2, 0), &format!("pin P id=01\nkey K pin=01 id=a1\n{certificates}"), expected);
}

#[test]
fn chain_without_its_issuer_is_incomplete() {
    check_chain(
        "cert leaf id=a1 by=CA
         cert CA by=root",
        "0 Card (P): P, K, leaf, CA
         K > leaf > CA
         1 Card: empty",
    );
}

#[test]
fn self_signed_leaf_is_a_complete_chain() {
    check_chain(
        "cert leaf id=a1",
        "0 Card (P): P, K, leaf
         K > leaf.
         1 Card: empty",
    );
}

#[test]
fn authority_whose_key_identifier_matches_is_taken_among_namesakes() {
    check_chain(
        "cert leaf id=a1 by=CA aki=two
         cert CA1 subject=CA key=k1 ski=one until=2050
         cert CA2 subject=CA key=k2 ski=two until=2030
         cert CA3 subject=CA key=k3 until=2050",
        "0 Card (P): P, K, leaf, CA2
         K > leaf > CA2.
         1 Card: CA1, CA3",
    );
}

#[test]
fn authority_without_key_identifier_is_taken_when_none_matches() {
    check_chain(
        "cert leaf id=a1 by=CA aki=two
         cert CA1 subject=CA key=k1 ski=one
         cert CA3 subject=CA key=k3",
        "0 Card (P): P, K, leaf, CA3
         K > leaf > CA3.
         1 Card: CA1",
    );
}

#[test]
fn authority_with_another_key_identifier_is_no_issuer() {
    check_chain(
        "cert leaf id=a1 by=CA aki=two
         cert CA1 subject=CA ski=one",
        "0 Card (P): P, K, leaf
         K > leaf
         1 Card: CA1",
    );
}

#[test]
fn namesakes_without_key_identifiers_the_one_valid_longest_is_taken() {
    check_chain(
        "cert leaf id=a1 by=CA
         cert CA1 subject=CA key=k1 until=2020
         cert CA2 subject=CA key=k2 until=2035
         cert CA3 subject=CA key=k3 until=2030",
        "0 Card (P): P, K, leaf, CA2
         K > leaf > CA2.
         1 Card: CA1, CA3",
    );
}

#[test]
fn namesakes_of_which_one_reaches_a_root_that_one_is_taken() {
    check_chain(
        "cert leaf id=a1 by=CA
         cert CA1 subject=CA key=k1 by=nowhere until=2050
         cert CA2 subject=CA key=k2 by=root until=2030
         cert root",
        "0 Card (P): P, K, leaf, CA2, root
         K > leaf > CA2 > root.
         1 Card: CA1",
    );
}

#[test]
fn expired_duplicate_of_an_authority_is_with_the_new_one_but_not_in_the_chain() {
    check_chain(
        "cert leaf id=a1 by=CA
         cert old subject=CA by=root until=2020
         cert new subject=CA by=root until=2035
         cert root",
        "0 Card (P): P, K, leaf, old, new, root
         K > leaf > new > root.
         1 Card: empty",
    );
}

#[test]
fn cross_signed_authority_takes_both_roots_into_the_token_and_one_into_the_chain() {
    check_chain(
        r#"cert leaf id=a1 by=CA aki=k
           cert "CA by A" subject=CA by=A ski=k until=2030
           cert "CA by B" subject=CA by=B ski=k until=2040
           cert A
           cert B"#,
        "0 Card (P): P, K, leaf, CA by A, CA by B, A, B
         K > leaf > CA by B > B.
         1 Card: empty",
    );
}

#[test]
fn cross_signed_root_ends_the_chain_in_the_self_signed_one() {
    check_chain(
        r#"cert leaf id=a1 by=A
           cert "A by B" subject=A by=B until=2050
           cert A
           cert B"#,
        "0 Card (P): P, K, leaf, A by B, A, B
         K > leaf > A.
         1 Card: empty",
    );
}

#[test]
fn authorities_that_signed_each_other_end_the_chain() {
    check_chain(
        "cert leaf id=a1 by=A
         cert A by=B
         cert B by=A",
        "0 Card (P): P, K, leaf, A, B
         K > leaf > A > B
         1 Card: empty",
    );
}

#[test]
fn loop_beside_a_root_does_not_keep_the_chain_from_it() {
    check_chain(
        r#"cert leaf id=a1 by=A
           cert "A by B" subject=A by=B until=2050
           cert "B by A" subject=B by=A until=2050
           cert "B by root" subject=B by=root until=2030
           cert root"#,
        "0 Card (P): P, K, leaf, A by B, B by A, B by root, root
         K > leaf > A by B > B by root > root.
         1 Card: empty",
    );
}

#[test]
fn certificate_that_says_it_is_its_own_issuer_but_names_another_key_is_no_root() {
    check_chain(
        r#"cert leaf id=a1 by=CA aki=new
           cert "rollover" subject=CA key=knew ski=new aki=old
           cert "old root" subject=CA key=kold ski=old aki=old"#,
        "0 Card (P): P, K, leaf, rollover, old root
         K > leaf > rollover > old root.
         1 Card: empty",
    );
    check_chain(
        r#"cert leaf id=a1 by=CA aki=new
           cert "rollover" subject=CA key=knew ski=new aki=old"#,
        "0 Card (P): P, K, leaf, rollover
         K > leaf > rollover
         1 Card: empty",
    );
}

#[test]
fn names_that_differ_in_case_and_spaces_are_the_same() {
    check_chain(
        r#"cert leaf id=a1 by="the  CA"
           cert "The CA""#,
        "0 Card (P): P, K, leaf, The CA
         K > leaf > The CA.
         1 Card: empty",
    );
}

#[test]
fn renewed_certificates_of_a_key_have_a_chain_each_the_newest_first() {
    check_chain(
        "cert old id=a1 key=vk by=CA1 until=2020
         cert new id=a1 key=vk by=CA2 until=2030
         cert CA1
         cert CA2",
        "0 Card (P): P, K, old, new, CA1, CA2
         K > new > CA2.
         K > old > CA1.
         1 Card: empty",
    );
}

#[test]
fn authorities_with_the_id_of_the_key_are_no_leaves() {
    check_chain(
        "cert root id=a1 authority until=2050
         cert CA id=a1 by=root authority until=2040
         cert leaf id=a1 by=CA until=2030",
        "0 Card (P): P, K, root, CA, leaf
         K > leaf > CA > root.
         1 Card: empty",
    );
}

#[test]
fn certificate_of_the_key_is_taken_before_one_that_may_be() {
    check(
        &policy(2, 0),
        "pin P id=01
         key K pin=01 id=a1 value=vk
         cert unknown id=a1 unread
         cert proven id=a1 key=vk until=2001",
        "0 Card (P): P, K, unknown, proven
         K > proven.
         K > unknown
         1 Card: empty",
    );
}

#[test]
fn leaf_of_one_key_can_be_the_issuer_for_another_pin() {
    check(
        &policy(3, 0),
        "pin P id=01
         pin Q id=02
         key KCA pin=01 id=a1
         key K pin=02 id=a2
         cert CA id=a1
         cert leaf id=a2 by=CA",
        "0 Card (P): P, KCA, CA
         KCA > CA.
         1 Card (Q): Q, K, CA, leaf
         K > leaf > CA.
         2 Card: empty",
    );
}

#[test]
fn chain_of_more_than_thirty_two_is_cut() {
    let links: String = (0..40).map(|n| format!("cert c{n} by=c{}\n", n + 1)).collect();
    let shown: Vec<String> = (0..31).map(|n| format!("c{n}")).collect();
    let all: Vec<String> = (0..40).map(|n| format!("c{n}")).collect();
    check_chain(
        &format!("cert leaf id=a1 by=c0\n{links}"),
        &format!(
            "0 Card (P): P, K, leaf, {}
             K > leaf > {}
             1 Card: empty",
            all.join(", "),
            shown.join(" > ")
        ),
    );
}
