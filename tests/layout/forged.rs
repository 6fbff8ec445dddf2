//! Certificates that pretend to be another's issuer: names and key identifiers copied, signatures not. Whoever holds one
//! PIN of a card can write them, and must reach neither the chains of other PINs nor what protects them.

use p11ctl::layout::{ChainUsers, Item, certificates_needed, possible_chains};
use p11ctl::token::KeyClass;

use crate::{check, notation, policy};

const PINS: &str = "pin P id=01
     pin Q id=02
     key K pin=01 id=a1
     key L pin=02 id=a2
     ";

/// Lays out a card of two PINs with a key each, of ids a1 and a2.
#[track_caller]
fn check_chains(certificates: &str, expected: &str) {
    check(&policy(3, 0), &format!("{PINS}{certificates}"), expected);
}

/// Compares the keys whose chains need each certificate, as labels.
#[track_caller]
fn check_users(certificates: &str, expected: &[(&str, &[&str])]) {
    let token = notation::card(&format!("{PINS}{certificates}"));
    let users = ChainUsers::new(&token);
    for (name, keys) in expected {
        let certificate = token.certificates.iter().position(|known| known.label == *name).unwrap();
        let of = users.of(certificate);
        let labels: Vec<&str> = of.iter().map(|key| token.keys[*key].label.as_str()).collect();
        assert_eq!(labels, *keys, "{name}");
    }
}

#[test]
fn self_signed_namesake_of_an_authority_is_not_in_the_chain_and_the_real_one_stays_needed() {
    for identifiers in ["", " ski=s aki=s"] {
        for aki in ["", " aki=s"] {
            let card = format!(
                "cert leaf id=a1 by=CA signer=ca{aki}
                 cert fake subject=CA key=evil signer=evil pin=02 until=2099 authority{identifiers}
                 cert real subject=CA by=root key=ca signer=root ski=s
                 cert root signer=root"
            );
            check_chains(
                &card,
                "0 Card (P): P, K, leaf, real, root
                 K > leaf > real > root.
                 1 Card (Q): Q, L, fake
                 L
                 2 Card: empty",
            );
            check_users(&card, &[("real", &["K"]), ("root", &["K"]), ("leaf", &["K"]), ("fake", &[])]);
        }
    }
}

#[test]
fn authority_without_key_identifier_is_not_replaced_by_a_namesake_that_has_the_one_wished() {
    let card = "cert leaf id=a1 by=CA signer=ca aki=s
         cert fake subject=CA key=evil signer=evil ski=s aki=s pin=02
         cert real subject=CA key=ca signer=ca";
    check_chains(
        card,
        "0 Card (P): P, K, leaf, real
         K > leaf > real.
         1 Card (Q): Q, L, fake
         L
         2 Card: empty",
    );
    check_users(card, &[("real", &["K"]), ("fake", &[])]);
}

#[test]
fn false_root_with_the_key_of_the_real_authority_does_not_end_the_chain() {
    let card = "cert leaf id=a1 by=CA signer=ca
         cert fake subject=CA key=ca signer=evil ski=s pin=02
         cert real subject=CA by=root key=ca signer=root ski=s
         cert root signer=root";
    let token = notation::card(&format!("{PINS}{card}"));
    check_chains(
        card,
        "0 Card (P): P, K, leaf, fake, real, root
         K > leaf > real > root.
         1 Card (Q): Q, L, fake
         L
         2 Card: empty",
    );
    check_users(card, &[("real", &["K"]), ("root", &["K"])]);
    let key = token.keys.iter().position(|key| key.label == "K").unwrap();
    let chains = possible_chains(&token, key, 8);
    assert_eq!(chains, [vec![0, 1], vec![0, 2, 3]], "each is there to be verified");
}

#[test]
fn real_chain_that_ends_before_a_root_goes_before_one_that_ends_in_a_forged_one() {
    check_chains(
        "cert leaf id=a1 by=CA signer=ca
         cert fake subject=CA key=evil by=far signer=evil pin=02
         cert far key=evil signer=evil pin=02
         cert real subject=CA by=root key=ca signer=root",
        "0 Card (P): P, K, leaf, real
         K > leaf > real
         1 Card (Q): Q, L, fake, far
         L
         2 Card: empty",
    );
}

#[test]
fn cross_signed_authority_leads_around_a_forged_root() {
    check_chains(
        r#"cert leaf id=a1 by=CA signer=ca
         cert "CA by B" subject=CA by=B key=ca signer=b until=2050
         cert "CA by A" subject=CA by=A key=ca signer=a until=2030
         cert "fake B" subject=B key=evil signer=evil pin=02
         cert "second fake B" subject=B key=evil2 signer=evil2 pin=02
         cert A key=a signer=a"#,
        "0 Card (P): P, K, leaf, CA by B, CA by A, fake B, A
         K > leaf > CA by A > A.
         1 Card (Q): Q, L, fake B, second fake B
         L
         2 Card: empty",
    );
}

#[test]
fn namesakes_whose_bodies_are_unread_are_all_needed_and_all_read() {
    let card = "cert leaf id=a1 by=CA signer=ca unread hints
         cert fake subject=CA key=evil signer=evil pin=02 unread hints
         cert real subject=CA key=ca signer=ca unread hints
         cert other id=a2 by=CA2 signer=ca2 unread hints
         cert CA2 key=ca2 signer=ca2 unread hints";
    check_users(card, &[("fake", &["K"]), ("real", &["K"]), ("CA2", &["L"])]);
    let token = notation::card(&format!("{PINS}{card}"));
    let needed = certificates_needed(&token);
    let labels: Vec<&str> = token
        .certificates
        .iter()
        .filter(|known| needed.contains(&known.object))
        .map(|known| known.label.as_str())
        .collect();
    assert_eq!(labels, ["leaf", "fake", "real"], "where there is one issuer no body is read");
}

#[test]
fn key_with_chain_leaves_what_another_pin_owns() {
    let token = notation::card(&format!(
        "{PINS}cert leaf id=a1 by=CA signer=ca
         cert CA key=ca by=root signer=root
         cert copy subject=CA key=ca by=root signer=root pin=02
         cert root signer=root"
    ));
    let key = token.keys.iter().position(|key| key.class == KeyClass::Private && key.label == "K").unwrap();
    let deletion = ChainUsers::new(&token).deletion_with_chain(&token, key);
    assert_eq!(deletion.kept, [2]);
    let going = [Item::Certificate(3), Item::Certificate(1), Item::Certificate(0), Item::Key(key)];
    assert_eq!(deletion.objects, going);
}

#[test]
fn deletion_with_chain_cut_off_anywhere_is_finished_by_the_next() {
    let crossed = "cert leaf id=a1 by=CA signer=ca
         cert root2 signer=root2
         cert CA key=ca by=root signer=root until=2050
         cert crossed subject=CA key=ca by=root2 signer=root2
         cert root signer=root";
    let unsigned = crossed.replace("signer", "remark");
    for card in [crossed, &unsigned] {
        let token = notation::card(&format!("{PINS}{card}"));
        let all = ChainUsers::new(&token).deletion_with_chain(&token, 0).objects;
        assert_eq!(all.len(), 6);
        for done in 0..all.len() {
            let mut left = token.clone();
            let gone: Vec<_> = all.iter().take(done).filter_map(|item| item.id(&token)).collect();
            left.certificates.retain(|certificate| !gone.contains(&certificate.object));
            let again = ChainUsers::new(&left).deletion_with_chain(&left, 0).objects;
            assert_eq!(again.len(), all.len() - done, "after {done} of {all:?}");
        }
    }
}
