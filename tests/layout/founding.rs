//! The example of the founding document, line by line.

use crate::{check_readers, notation, policy};
use p11ctl::layout::{Policy, ReaderView};

/// Two PINs, each with a key and its own chain, and three other roots.
const EXAMPLE: &str = r#"
    card "Example"
    so-pin "SO PIN" id=00
    pin "PIN 1" id=01
    pin "PIN 2" id=02
    puk "PUK 1" id=11
    key "key 1" pin=01 id=a1
    key "key 2" pin=02 id=a2
    cert "leaf 1" id=a1 by="CA 1"
    cert "CA 1" by="root 1"
    cert "root 1"
    cert "leaf 2" id=a2 by="CA 2"
    cert "CA 2" by="root 2"
    cert "root 2"
    cert "other root 1"
    cert "other root 2"
    cert "other root 3"
"#;

/// The same, but one issuing CA and one root in both chains.
const SHARED: &str = r#"
    card "Example"
    pin "PIN 1" id=01
    pin "PIN 2" id=02
    key "key 1" pin=01 id=a1
    key "key 2" pin=02 id=a2
    cert "leaf 1" id=a1 by="CA"
    cert "leaf 2" id=a2 by="CA"
    cert "CA" by="root"
    cert "root"
    cert "other root 1"
    cert "other root 2"
    cert "other root 3"
"#;

#[test]
fn example_card_in_second_reader_fills_slots_4_to_7() {
    let card = notation::card(EXAMPLE);
    let readers = [ReaderView::empty("first"), ReaderView::with("second", &card)];
    check_readers(
        &Policy::default(),
        &readers,
        "0 -
         1 -
         2 -
         3 -
         4 Example (PIN 1): PIN 1, key 1, leaf 1, CA 1, root 1
         key 1 > leaf 1 > CA 1 > root 1.
         5 Example (PIN 2): PIN 2, key 2, leaf 2, CA 2, root 2
         key 2 > leaf 2 > CA 2 > root 2.
         6 Example: other root 1, other root 2, other root 3
         7 Example: empty",
    );
}

#[test]
fn example_card_with_hidden_empty_tokens_shows_no_token_in_slot_7() {
    let card = notation::card(EXAMPLE);
    let readers = [ReaderView::empty("first"), ReaderView::with("second", &card)];
    check_readers(
        &Policy { hide_empty_tokens: true, ..Policy::default() },
        &readers,
        "0 -
         1 -
         2 -
         3 -
         4 Example (PIN 1): PIN 1, key 1, leaf 1, CA 1, root 1
         key 1 > leaf 1 > CA 1 > root 1.
         5 Example (PIN 2): PIN 2, key 2, leaf 2, CA 2, root 2
         key 2 > leaf 2 > CA 2 > root 2.
         6 Example: other root 1, other root 2, other root 3
         7 -",
    );
}

#[test]
fn shared_certificates_appear_in_slots_4_and_5() {
    let card = notation::card(SHARED);
    let readers = [ReaderView::empty("first"), ReaderView::with("second", &card)];
    check_readers(
        &Policy::default(),
        &readers,
        "0 -
         1 -
         2 -
         3 -
         4 Example (PIN 1): PIN 1, key 1, leaf 1, CA, root
         key 1 > leaf 1 > CA > root.
         5 Example (PIN 2): PIN 2, key 2, leaf 2, CA, root
         key 2 > leaf 2 > CA > root.
         6 Example: other root 1, other root 2, other root 3
         7 Example: empty",
    );
}

#[test]
fn four_slots_for_each_reader_leave_the_third_reader_without() {
    let card = notation::card("data D");
    let readers = ["first", "second", "third"].map(|name| ReaderView::with(name, &card));
    check_readers(
        &policy(4, 8),
        &readers,
        "0 Card: D
         1 Card: empty
         2 Card: empty
         3 Card: empty
         4 Card: D
         5 Card: empty
         6 Card: empty
         7 Card: empty
         unplaced in third: reader: max_virtual_slots = 12",
    );
}

#[test]
fn three_slots_for_each_reader_leave_two_for_the_third() {
    let card = notation::card("data D");
    let readers = ["first", "second", "third"].map(|name| ReaderView::with(name, &card));
    check_readers(
        &policy(3, 8),
        &readers,
        "0 Card: D
         1 Card: empty
         2 Card: empty
         3 Card: D
         4 Card: empty
         5 Card: empty
         6 Card: D
         7 Card: empty",
    );
}
