//! What an application may see of a card (`visible_objects`): less in each slot, and never another slot.

use crate::{check, policy};
use p11ctl::layout::{ObjectSelection, Policy};

const CARD: &str = r#"
    card "Example"
    pin "PIN 1" id=01
    pin "PIN 2" id=02
    key "key 1" pin=01 id=a1
    key "key 2" pin=02 id=a2
    cert "leaf 1" id=a1 by="CA"
    cert "leaf 2" id=a2 by="CA"
    cert "CA" by="root"
    cert "root"
"#;

fn visible(names: &[&str]) -> Policy {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Policy { visible_objects: ObjectSelection::Only(names), ..policy(4, 8) }
}

#[test]
fn classes_that_are_named_are_shown() {
    check(
        &visible(&["certificate"]),
        CARD,
        "0 Example (PIN 1): PIN 1, leaf 1, CA, root
         1 Example (PIN 2): PIN 2, leaf 2, CA, root
         2 Example: empty
         3 Example: empty",
    );
    check(
        &visible(&["private-key"]),
        CARD,
        "0 Example (PIN 1): PIN 1, key 1
         key 1
         1 Example (PIN 2): PIN 2, key 2
         key 2
         2 Example: empty
         3 Example: empty",
    );
}

#[test]
fn labels_and_ids_that_are_named_are_shown() {
    check(
        &visible(&["label:root", "id:A1"]),
        CARD,
        "0 Example (PIN 1): PIN 1, key 1, leaf 1, root
         key 1 > leaf 1 > root
         1 Example (PIN 2): PIN 2, root
         2 Example: empty
         3 Example: empty",
    );
}

#[test]
fn no_name_shows_nothing_and_every_pin() {
    check(
        &visible(&[]),
        CARD,
        "0 Example (PIN 1): PIN 1
         1 Example (PIN 2): PIN 2
         2 Example: empty
         3 Example: empty",
    );
}
