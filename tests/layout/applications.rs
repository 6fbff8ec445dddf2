//! Cards with several applications: their PINs one application after the other, then what is left over of each.

use crate::{check_readers, notation, only, policy};
use p11ctl::layout::{Policy, ReaderView};
use p11ctl::token::Token;

/// Both count their keys from 01 and one certificate has the other's key identifier: they never mix.
const PIV: &str = r#"
    card "PIV"
    pin "PIN" id=80
    key "9A" pin=80 id=01
    cert "leaf 9A" id=01 by="CA"
    key "9E" id=04
"#;
const OPENPGP: &str = r#"
    card "PGP"
    pin "User" id=02
    pin "Sign" id=01
    key "sig" pin=01 id=01
    key "dec" pin=02 id=02
    cert "CA" by="root"
    data "url"
"#;

#[track_caller]
fn check(policy: &Policy, cards: &[&str], expected: &str) {
    let tokens: Vec<Token> = cards.iter().map(|card| notation::card(card)).collect();
    let readers = [ReaderView { name: "R", tokens: tokens.iter().collect() }];
    check_readers(policy, &readers, expected);
}

#[test]
fn pins_come_first_and_what_is_left_over_of_each_application_is_its_own_token() {
    check(
        &policy(6, 0),
        &[PIV, OPENPGP],
        "0 PIV (PIN): PIN, 9A, leaf 9A
         9A > leaf 9A
         1 PGP (User): User, dec
         dec
         2 PGP (Sign): Sign, sig
         sig
         3 PIV: 9E
         9E
         4 PGP: CA, url
         5 PIV: empty",
    );
    check(
        &policy(6, 0),
        &[OPENPGP, PIV],
        "0 PGP (User): User, dec
         dec
         1 PGP (Sign): Sign, sig
         sig
         2 PIV (PIN): PIN, 9A, leaf 9A
         9A > leaf 9A
         3 PGP: CA, url
         4 PIV: 9E
         9E
         5 PGP: empty",
    );
}

#[test]
fn what_has_no_slot_is_told_with_the_number_that_shows_it() {
    check(
        &policy(4, 0),
        &[PIV, OPENPGP],
        "0 PIV (PIN): PIN, 9A, leaf 9A
         9A > leaf 9A
         1 PGP (User): User, dec
         dec
         2 PGP (Sign): Sign, sig
         sig
         3 PIV: 9E
         9E
         unplaced in R: left-over objects (2): num_slots = 5",
    );
    check(
        &policy(2, 0),
        &[PIV, OPENPGP],
        "0 PIV (PIN): PIN, 9A, leaf 9A
         9A > leaf 9A
         1 PGP (User): User, dec
         dec
         unplaced in R: left-over objects (1): num_slots = 5
         unplaced in R: PIN \"Sign\": num_slots = 5
         unplaced in R: protected objects (1): num_slots = 5
         unplaced in R: left-over objects (2): num_slots = 5",
    );
}

#[test]
fn pins_are_numbered_through_all_applications() {
    for names in [&["#3"][..], &["Sign"]] {
        check(
            &Policy { num_slots: 1, ..only(names) },
            &[PIV, OPENPGP],
            "0 PGP (Sign): Sign, sig
             sig
             unplaced in R: PIN \"PIN\": create_slots_for_pins = [NAMES, \"PIN\"] and num_slots = 3
             unplaced in R: protected objects (1): create_slots_for_pins = [NAMES, \"PIN\"] and num_slots = 3
             unplaced in R: left-over objects (2): num_slots = 3
             unplaced in R: PIN \"User\": create_slots_for_pins = [NAMES, \"User\"] and num_slots = 3
             unplaced in R: protected objects (1): create_slots_for_pins = [NAMES, \"User\"] and num_slots = 3
             unplaced in R: left-over objects (2): num_slots = 3"
                .replace("NAMES", &format!("{:?}", names[0]))
                .as_str(),
        );
    }
}

#[test]
fn blank_application_has_a_slot_and_the_others_their_empty_tokens() {
    check(
        &policy(5, 0),
        &["blank", OPENPGP],
        "0 Card: blank
         1 PGP (User): User, dec
         dec
         2 PGP (Sign): Sign, sig
         sig
         3 PGP: CA, url
         4 PGP: empty",
    );
    check(&policy(3, 0), &["blank", "blank"], "0 Card: blank\n1 Card: blank\n2 -");
    let hidden = Policy { hide_empty_tokens: true, ..policy(3, 0) };
    check(&hidden, &["pin A id=01", "pin B id=01"], "0 Card (A): A\n1 Card (B): B\n2 -");
}

#[test]
fn blank_application_without_a_slot_is_told_with_what_helps() {
    check(
        &policy(2, 0),
        &[OPENPGP, "blank"],
        r#"0 PGP (User): User, dec
           dec
           1 PGP (Sign): Sign, sig
           sig
           unplaced in R: left-over objects (2): num_slots = 4
           unplaced in R: blank application "Card": num_slots = 4"#,
    );
    check(
        &policy(1, 0),
        &["blank", "blank"],
        "0 Card: blank\nunplaced in R: blank application \"Card\": num_slots = 2",
    );
}
