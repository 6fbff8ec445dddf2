//! The layout rules on cards written in a small notation (`notation`): the founding document's example, every case
//! that the rules name, properties over random cards and plugging, and what hostile cards cost.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod applications;
mod cards;
mod chains;
mod deletion;
mod forged;
mod founding;
mod notation;
mod properties;
mod random;
mod readers;
mod speed;
mod visible;

use p11ctl::layout::{PinSelection, Policy, ReaderView, virtual_slots};

/// Lays out one card in one reader and compares the drawing with `expected`, line by line.
#[track_caller]
fn check(policy: &Policy, card: &str, expected: &str) {
    let token = notation::card(card);
    let readers = [ReaderView::with("R", &token)];
    check_readers(policy, &readers, expected);
}

/// The same for several readers.
#[track_caller]
fn check_readers(policy: &Policy, readers: &[ReaderView<'_>], expected: &str) {
    let drawn = notation::draw(&virtual_slots(None, readers, policy), readers);
    let lines = |text: &str| text.lines().map(|line| line.trim_start().to_owned()).collect::<Vec<_>>();
    let expected: Vec<String> = lines(expected).into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines(&drawn), expected, "\ndrawn:\n{drawn}");
}

fn policy(num_slots: u32, max_virtual_slots: u32) -> Policy {
    Policy { num_slots, max_virtual_slots, ..Policy::default() }
}

fn only(pins: &[&str]) -> Policy {
    let names = pins.iter().map(|name| (*name).to_owned()).collect();
    Policy { create_slots_for_pins: PinSelection::Only(names), ..Policy::default() }
}
