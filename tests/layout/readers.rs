//! Runs of slots: many readers, limits, readers that come and go.

use crate::{check_readers, notation, policy};
use p11ctl::layout::{Layout, Policy, ReaderView, SlotId, virtual_slots};

/// Name, index, first slot and count of every run.
fn runs(layout: &Layout) -> Vec<(&str, Option<usize>, u32, u32)> {
    layout.readers.iter().map(|run| (run.name.as_str(), run.index, run.first.0, run.count)).collect()
}

fn empty_readers<'a>(names: &[&'a str]) -> Vec<ReaderView<'a>> {
    names.iter().map(|name| ReaderView::empty(name)).collect()
}

fn after(previous: &Layout, names: &[&str], policy: &Policy) -> Layout {
    virtual_slots(Some(previous), &empty_readers(names), policy)
}

#[test]
fn thirty_two_readers_without_limit_have_all_their_slots() {
    let names: Vec<String> = (0..32).map(|number| format!("reader {number}")).collect();
    let readers: Vec<_> = names.iter().map(|name| ReaderView::empty(name)).collect();
    let layout = virtual_slots(None, &readers, &policy(4, 0));
    assert_eq!(layout.slots.len(), 128);
    assert!(
        layout
            .slots
            .iter()
            .enumerate()
            .all(|(index, slot)| slot.id.0 as usize == index && slot.reader == index / 4)
    );
    assert!(layout.unplaced.is_empty());
}

#[test]
fn readers_beyond_the_limit_are_named_with_the_setting_for_all() {
    check_readers(
        &policy(4, 4),
        &empty_readers(&["a", "b", "c"]),
        "0 -
         1 -
         2 -
         3 -
         unplaced in b: reader: max_virtual_slots = 12
         unplaced in c: reader: max_virtual_slots = 12",
    );
}

#[test]
fn no_slots_for_any_reader_is_reported() {
    check_readers(&policy(0, 8), &empty_readers(&["a"]), "unplaced in a: reader: num_slots = 4");
}

#[test]
fn card_in_a_run_that_the_limit_cut_needs_a_higher_limit() {
    let card = notation::card("pin A id=01\npin B id=02\nkey K pin=02\ncert C");
    let readers = [ReaderView::empty("x"), ReaderView::empty("y"), ReaderView::with("z", &card)];
    check_readers(
        &policy(3, 7),
        &readers,
        r#"0 -
           1 -
           2 -
           3 -
           4 -
           5 -
           6 Card (A): A
           unplaced in z: PIN "B": max_virtual_slots = 9
           unplaced in z: protected objects (1): max_virtual_slots = 9
           unplaced in z: left-over objects (1): max_virtual_slots = 9"#,
    );
}

#[test]
fn reader_that_goes_and_comes_back_has_its_slots_again() {
    let policy = policy(2, 0);
    let first = virtual_slots(None, &empty_readers(&["a", "b"]), &policy);
    let gone = after(&first, &["b"], &policy);
    assert_eq!(runs(&gone), [("a", None, 0, 2), ("b", Some(0), 2, 2)]);
    let newcomer = after(&gone, &["c", "b"], &policy);
    assert_eq!(runs(&newcomer), [("a", None, 0, 2), ("b", Some(1), 2, 2), ("c", Some(0), 4, 2)]);
    let back = after(&newcomer, &["c", "b", "a"], &policy);
    assert_eq!(runs(&back), [("a", Some(2), 0, 2), ("b", Some(1), 2, 2), ("c", Some(0), 4, 2)]);
}

#[test]
fn readers_of_the_same_name_are_told_apart() {
    let policy = policy(2, 0);
    let card = notation::card("data D");
    let readers = [ReaderView::empty("twin"), ReaderView::with("twin", &card)];
    let both = virtual_slots(None, &readers, &policy);
    assert_eq!(runs(&both), [("twin", Some(0), 0, 2), ("twin", Some(1), 2, 2)]);
    assert!(both.slots[0].token.is_none() && both.slots[2].token.is_some());
    let three = after(&both, &["twin", "twin", "twin"], &policy);
    assert_eq!(runs(&three), [("twin", Some(0), 0, 2), ("twin", Some(1), 2, 2), ("twin", Some(2), 4, 2)]);
}

#[test]
fn reader_without_slots_takes_none_from_one_that_went() {
    let policy = policy(4, 8);
    let full = virtual_slots(None, &empty_readers(&["a", "b", "c"]), &policy);
    let later = after(&full, &["b", "c"], &policy);
    assert_eq!(runs(&later), [("a", None, 0, 4), ("b", Some(0), 4, 4), ("c", Some(1), 8, 0)]);
    assert_eq!(later.unplaced.len(), 1);
    assert_eq!(later.unplaced[0].reader, "c");
    assert_eq!(later.unplaced[0].remedy.as_deref(), Some("max_virtual_slots = 12"));
}

#[test]
fn reader_that_is_gone_shows_no_token_and_reports_nothing() {
    let card = notation::card("pin A id=01\npin B id=02");
    let policy = policy(1, 0);
    let present = virtual_slots(None, &[ReaderView::with("a", &card)], &policy);
    assert_eq!(present.unplaced.len(), 1);
    let gone = virtual_slots(Some(&present), &[], &policy);
    assert_eq!(gone.slots.len(), 1);
    assert_eq!((gone.slots[0].id, gone.slots[0].token.as_ref()), (SlotId(0), None));
    assert!(gone.unplaced.is_empty());
}
