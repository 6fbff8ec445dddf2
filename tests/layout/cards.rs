//! What goes into which slot of one card.

use crate::{check, notation, only, policy};
use p11ctl::layout::{Policy, certificates_needed};

#[test]
fn pins_have_slots_in_the_order_of_the_card_and_others_have_none() {
    check(
        &policy(6, 0),
        r#"so-pin "SO" id=01
           pin "Second" id=05
           puk "PUK" id=02
           pin "First" id=03"#,
        "0 Card (Second): Second
         1 Card (First): First
         2 Card: empty
         3 Card: empty
         4 Card: empty
         5 Card: empty",
    );
}

#[test]
fn all_kinds_of_protected_objects_are_with_their_pin() {
    check(
        &policy(3, 0),
        "pin A id=01
         pin B id=02
         key KA pin=01
         key KB pin=02
         secret-key SB pin=02
         cert CB pin=02 private unread
         data DA pin=01 private
         data DB pin=02 private",
        "0 Card (A): A, KA, DA
         KA
         1 Card (B): B, KB, SB, CB, DB
         KB
         2 Card: empty",
    );
}

#[test]
fn public_keys_follow_their_private_key_by_id_or_by_value() {
    check(
        &policy(3, 0),
        "pin A id=01
         pin B id=02
         key KA pin=01 id=a1
         key KB pin=02 id=a2 value=vb
         public-key PA id=a1
         public-key PB id=ff value=vb
         public-key P id=ee value=other",
        "0 Card (A): A, KA, PA
         KA
         1 Card (B): B, KB, PB
         KB
         2 Card: P",
    );
}

#[test]
fn public_key_is_found_by_the_value_in_the_certificate() {
    check(
        &policy(2, 0),
        "pin A id=01
         key K pin=01 id=a1
         public-key P id=ff value=vk
         cert C id=a1 key=vk",
        "0 Card (A): A, K, P, C
         K > C.
         1 Card: empty",
    );
}

#[test]
fn objects_with_the_id_of_a_key_but_another_value_are_left_over() {
    check(
        &policy(2, 0),
        "pin A id=01
         key K pin=01 id=a1 value=vk
         public-key P id=a1 value=other
         cert C id=a1 key=other
         cert R id=a1 key=rsa-other",
        "0 Card (A): A, K
         K
         1 Card: P, C, R",
    );
}

#[test]
fn key_of_the_other_family_with_the_same_id_takes_nothing() {
    check(
        &policy(3, 0),
        "pin A id=01
         pin B id=02
         key EC pin=01 id=a1
         key RSA pin=02 id=a1 rsa
         public-key P id=a1 rsa
         cert C id=a1 key=rsa-key
         cert D id=a1 key=ec-key",
        "0 Card (A): A, EC, D
         EC > D.
         1 Card (B): B, RSA, P, C
         RSA > C.
         2 Card: empty",
    );
}

#[test]
fn certificate_with_the_public_key_is_taken_when_ids_do_not_match() {
    check(
        &policy(2, 0),
        "pin A id=01
         key K pin=01 id=a1 value=vk
         cert C id=b7 key=vk by=CA
         cert CA",
        "0 Card (A): A, K, C, CA
         K > C > CA.
         1 Card: empty",
    );
}

#[test]
fn empty_ids_do_not_bind() {
    check(
        &policy(2, 0),
        "pin A id=01
         key K pin=01
         public-key P
         cert C",
        "0 Card (A): A, K
         K
         1 Card: P, C",
    );
}

#[test]
fn public_objects_that_name_a_pin_are_with_it() {
    check(
        &policy(3, 0),
        "pin A id=01
         pin B id=02
         data D pin=02
         cert C pin=02
         public-key P pin=02",
        "0 Card (A): A
         1 Card (B): B, P, C, D
         2 Card: empty",
    );
}

#[test]
fn more_pins_than_slots_are_reported_with_their_objects() {
    check(
        &policy(2, 0),
        r#"pin "PIN 1" id=01
           pin "PIN 2" id=02
           pin "PIN 3" id=03
           pin "PIN 4" id=04
           key K1 pin=01
           key K3 pin=03 id=a3
           data D3 pin=03 private
           cert C3 id=a3"#,
        r#"0 Card (PIN 1): PIN 1, K1
           K1
           1 Card (PIN 2): PIN 2
           unplaced in R: PIN "PIN 3": num_slots = 5
           unplaced in R: protected objects (2): num_slots = 5
           unplaced in R: PIN "PIN 4": num_slots = 5
           unplaced in R: left-over objects (1): num_slots = 5"#,
    );
}

#[test]
fn more_pins_than_the_limit_allows_name_both_settings() {
    check(
        &policy(1, 1),
        "pin A id=01
         pin B id=02",
        r#"0 Card (A): A
           unplaced in R: PIN "B": num_slots = 2 and max_virtual_slots = 2"#,
    );
}

#[test]
fn no_slot_for_the_left_overs_is_reported() {
    check(
        &policy(1, 0),
        "pin A id=01
         cert C
         data D",
        "0 Card (A): A
         unplaced in R: left-over objects (2): num_slots = 2",
    );
}

#[test]
fn unknown_auth_id_leaves_public_objects_over_and_reports_protected_ones() {
    check(
        &policy(2, 0),
        "pin A id=01
         so-pin SO id=09
         key K pin=77
         key L pin=09
         key M pin=77 public
         data D pin=77 private
         data E pin=77
         cert C pin=77
         public-key P pin=77",
        "0 Card (A): A
         1 Card: P, C, E
         unplaced in R: protected objects (4): no setting helps",
    );
}

#[test]
fn protected_object_that_names_no_pin_belongs_to_the_only_one() {
    let objects = "key K private\ndata D private";
    check(
        &policy(2, 0),
        &format!("pin A id=01\nso-pin SO id=02\n{objects}"),
        "0 Card (A): A, K, D
         K
         1 Card: empty",
    );
    check(
        &policy(2, 0),
        &format!("pin A id=01\npin B id=02\n{objects}"),
        "0 Card (A): A
         1 Card (B): B
         unplaced in R: protected objects (2): no setting helps",
    );
}

#[test]
fn card_without_pins_shows_all_public_objects_in_the_first_slot() {
    check(
        &policy(2, 0),
        "key K id=a1
         public-key P id=a1
         cert C id=a1 by=CA
         cert CA
         secret-key S
         data D",
        "0 Card: K, P, S, C, CA, D
         K > C > CA.
         1 Card: empty",
    );
}

#[test]
fn key_that_needs_no_pin_is_left_over_with_its_chain() {
    check(
        &policy(3, 0),
        "pin A id=01
         key K pin=01 id=a1
         key free id=a2
         cert CK id=a1 by=CA
         cert CF id=a2 by=CA
         cert CA",
        "0 Card (A): A, K, CK, CA
         K > CK > CA.
         1 Card: free, CF, CA
         free > CF > CA.
         2 Card: empty",
    );
}

#[test]
fn card_with_nothing_shows_empty_tokens() {
    check(&policy(2, 0), "so-pin SO id=01", "0 Card: empty\n1 Card: empty");
    let hidden = Policy { hide_empty_tokens: true, ..policy(2, 0) };
    check(&hidden, "so-pin SO id=01", "0 -\n1 -");
}

#[test]
fn blank_card_shows_one_token_even_when_empty_ones_are_hidden() {
    check(&policy(3, 0), "card New\nblank", "0 New: blank\n1 -\n2 -");
    let hidden = Policy { hide_empty_tokens: true, ..policy(3, 0) };
    check(&hidden, "card New\nblank", "0 New: blank\n1 -\n2 -");
}

#[test]
fn card_that_calls_itself_blank_but_has_contents_shows_them() {
    check(&policy(2, 0), "blank\ndata D", "0 Card: D\n1 Card: blank");
}

#[test]
fn pins_of_the_same_identifier_do_not_share_objects() {
    check(
        &policy(2, 0),
        "pin A id=01
         pin B id=01
         key K pin=01",
        "0 Card (A): A, K
         K
         1 Card (B): B",
    );
}

#[test]
fn private_certificate_of_another_pin_is_never_shown() {
    check(
        &policy(3, 0),
        "pin A id=01
         pin B id=02
         key K pin=01 id=a1
         key L pin=02 id=a2
         cert leaf id=a1 by=CA
         cert CA pin=02 private by=root
         cert root
         cert other id=a1 pin=02 private",
        "0 Card (A): A, K, leaf
         K > leaf
         1 Card (B): B, L, CA, other
         L
         2 Card: root",
    );
}

#[test]
fn chain_of_a_private_certificate_goes_through_private_ones_of_its_pin() {
    check(
        &policy(2, 0),
        "pin A id=01
         key K pin=01 id=a1
         cert leaf id=a1 by=CA pin=01 private
         cert CA pin=01 private by=root
         cert root",
        "0 Card (A): A, K, leaf, CA, root
         K > leaf > CA > root.
         1 Card: empty",
    );
}

const THREE_PINS: &str = r#"
    pin "User" id=01
    pin "Sign" id=02
    pin "User" id=0a
    key K1 pin=01
    key K2 pin=02 id=a2
    public-key P2 id=a2
    cert C2 id=a2
"#;

#[test]
fn selected_pins_alone_have_slots_and_public_objects_of_others_are_left_over() {
    check(
        &only(&["User"]),
        THREE_PINS,
        r#"0 Card (User): User, K1
           K1
           1 Card (User #3): User
           2 Card: P2, C2
           3 Card: empty
           unplaced in R: PIN "Sign": create_slots_for_pins = ["User", "Sign"]
           unplaced in R: protected objects (1): create_slots_for_pins = ["User", "Sign"]"#,
    );
}

#[test]
fn pins_are_selected_by_identifier_and_by_number() {
    for names in [&["0A", "Sign"], &["#3", "#2"], &["02", "0a"]] {
        let expected = format!(
            r#"0 Card (Sign): Sign, K2, P2, C2
               K2 > C2.
               1 Card (User #3): User
               2 Card: empty
               3 Card: empty
               unplaced in R: PIN "User": create_slots_for_pins = ["{}", "{}", "\#1"]
               unplaced in R: protected objects (1): create_slots_for_pins = ["{}", "{}", "\#1"]"#,
            names[0], names[1], names[0], names[1]
        );
        check(&only(names), THREE_PINS, &expected.replace('\\', ""));
    }
}

// A.10#4
#[test]
fn selection_that_names_no_pin_is_not_silent() {
    check(
        &only(&["typo"]),
        "pin A id=01",
        r#"0 Card: empty
           1 Card: empty
           2 Card: empty
           3 Card: empty
           unplaced in R: PIN "A": create_slots_for_pins = ["typo", "A"]"#,
    );
}

/// Cards by what decides which bodies are needed, and how many are.
const NEEDED: [(&str, &str, usize); 14] = [
    ("no key", "cert A unread\ncert B unread", 0),
    (
        "one PIN, all bound",
        "key K pin=01 id=a1\nkey L pin=01 id=a2\ncert A id=a1 unread\ncert B id=a2 unread",
        0,
    ),
    (
        "key without PIN beside",
        "key K pin=01 id=a1\nkey L id=a2\ncert A id=a1 unread\ncert B id=a2 unread",
        0,
    ),
    ("an unbound one", "key K pin=01 id=a1\ncert A id=a1 unread\ncert B unread", 2),
    ("one already read", "key K pin=01 id=a1\ncert A id=a1\ncert B unread", 1),
    ("two PINs", "key K pin=01 id=a1\nkey L pin=02 id=a2\ncert A id=a1 unread\ncert B id=a2 unread", 2),
    ("nothing to match with", "key K pin=01 id=a1\ncert A id=a7 unread", 0),
    ("a value to match with", "key K pin=01 id=a1 value=v\ncert A id=a7 unread", 1),
    ("private ones", "key K pin=01 id=a1\ncert A id=a1 unread\ncert B pin=01 private unread", 0),
    ("names are known", "key K pin=01 id=a1\ncert A id=a1 by=B unread hints\ncert B unread hints", 0),
    ("one name is unknown", "key K pin=01 id=a1\ncert A id=a1 by=B unread hints\ncert B unread", 2),
    (
        "namesakes",
        "key K pin=01 id=a1
         cert A id=a1 by=B unread hints
         cert B1 subject=B unread hints
         cert B2 subject=B unread hints
         cert C unread hints",
        3,
    ),
    ("names are no value", "key K pin=01 id=a1 value=v\ncert A id=a7 unread hints", 1),
    ("a value that ids already place", "key K pin=01 id=a1 value=v\ncert A id=a1 unread", 0),
];

#[test]
fn certificates_needed_are_those_that_identifiers_and_names_do_not_place() {
    for (why, card, expected) in NEEDED {
        let card = notation::card(&format!("pin P id=01\npin Q id=02\n{card}"));
        assert_eq!(certificates_needed(&card).len(), expected, "{why}");
    }
}

#[test]
fn names_in_the_directory_make_the_chain() {
    check(
        &policy(2, 0),
        "pin P id=01
         key K pin=01 id=a1
         cert A id=a1 by=B unread hints
         cert B by=C unread hints
         cert C unread hints
         cert D unread hints",
        "0 Card (P): P, K, A, B, C
         K > A > B > C.
         1 Card: D",
    );
}

#[test]
fn unread_bodies_leave_certificates_with_their_key() {
    check(
        &policy(2, 0),
        "pin P id=01
         key K pin=01 id=a1
         cert A id=a1 unread",
        "0 Card (P): P, K, A
         K > A
         1 Card: empty",
    );
}
