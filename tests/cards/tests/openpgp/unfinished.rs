//! `pin kdf` that was interrupted: the card tells whoever asks, and whoever sends a PIN.

use std::time::Duration;

use p11ctl::card::Unfinished;
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::engine::{Engine, Error, SessionMode, UserKind};
use p11ctl::layout::SlotId;
use p11ctl::token::AuthId;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::Shared;
use p11ctl_cards::disguised::Named;

use crate::bench::*;
use crate::faults::{Fault, Plan};
use crate::hashing::*;

const TOKEN: SlotId = SlotId(0);
const NEW: [&str; 2] = ["another PIN", "another Admin PIN"];

fn engine(bench: &Bench) -> Engine {
    let mut config = Config::default();
    config.cache.enabled = false;
    let source = Box::new(bench.opcard.clone());
    let reader = SoftwareReader::new("opcard", Some(source), Duration::from_secs(5));
    Engine::new(vec![Box::new(reader)], &config)
}

/// What a command knows at its end.
fn known(engine: &Engine) -> Vec<(Unfinished, Option<SlotId>)> {
    engine.known_problems().into_iter().flat_map(|known| known.unfinished).collect()
}

/// What it is told when it asks, and the commands that this costs.
fn asked(engine: &Engine) -> (Vec<(Unfinished, Option<SlotId>)>, u64) {
    let before = engine.stats().apdus;
    engine.look_for_unfinished(TOKEN).unwrap();
    (known(engine), engine.stats().apdus - before)
}

/// Whether a card may have this PIN of the user bare although its DO says that PINs are hashed.
fn may_be_bare(bench: &Bench, user: &str) -> bool {
    let kdf = kdf_of(bench);
    let Some(salt) = kdf.get(14..22) else { return false };
    let complement: Vec<u8> = s2k(&Secret::from(user), salt).iter().map(|byte| !byte).collect();
    kdf.windows(32).any(|part| part == complement)
}

/// A card whose PINs were to be hashed, pulled after the DO said so and before they were.
fn unfinished() -> Bench {
    let mut pulled_at = 0;
    loop {
        let bench = bench(false);
        let plan = Plan::after(pulled_at, Fault::CardRemovedAfterwards);
        assert!(set(&mut pulled(&bench, &plan), true).is_err());
        if may_be_bare(&bench, USER_PIN) {
            return bench;
        }
        pulled_at += 1;
    }
}

#[test]
fn hashing_that_is_interrupted_anywhere_is_told_for_one_question_until_it_is_finished() {
    let told = vec![(Unfinished::PinHashing, Some(TOKEN))];
    for (before, wanted) in [(false, true), (true, false)] {
        let plan = Plan::never();
        set(&mut pulled(&bench(before), &plan), wanted).unwrap();
        let mut seen = 0;
        for commands in 0..plan.commands() {
            let bench = bench(before);
            let _ = set(&mut pulled(&bench, &Plan::after(commands, Fault::CardRemovedAfterwards)), wanted);
            let what = format!("{before} to {wanted}, pulled at {commands}");
            let is_unfinished = may_be_bare(&bench, USER_PIN);
            seen += usize::from(is_unfinished);
            let engine = engine(&bench);
            engine.token_info(TOKEN).unwrap();
            assert_eq!(known(&engine), [], "{what}: the listing does not ask");
            let expected = if is_unfinished { told.clone() } else { Vec::new() };
            assert_eq!(asked(&engine), (expected.clone(), 1), "{what}");
            assert_eq!(asked(&engine), (expected, 0), "{what}, asked again");
            drop(engine);
            let then = if commands % 2 == 0 { wanted } else { before };
            set(&mut bench.card(), then).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(known_after_asking(&bench), [], "{what}, then {then}");
            expect_whole(&bench, then, &what);
        }
        assert!(seen > 2 && seen < plan.commands(), "{before}: {seen} of {}", plan.commands());
    }
}

/// Whoever sends a PIN has the DO asked for anyway: nobody has to look.
#[test]
fn hashing_that_is_interrupted_is_told_where_a_pin_is_sent() {
    let bench = unfinished();
    for (pin, is_right) in [("654321", false), (USER_PIN, true)] {
        let engine = engine(&bench);
        let session = engine.open_session(TOKEN, SessionMode::ReadOnly).unwrap();
        match engine.login(session, UserKind::User, Some(&Secret::from(pin))) {
            Ok(()) => assert!(is_right),
            Err(Error::PinIncorrect { tries_left, .. }) => {
                assert_eq!((tries_left, is_right), (Some(2), false))
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(known(&engine), [(Unfinished::PinHashing, Some(TOKEN))]);
    }
    set(&mut bench.card(), true).unwrap();
    let engine = engine(&bench);
    let session = engine.open_session(TOKEN, SessionMode::ReadOnly).unwrap();
    engine.login(session, UserKind::User, Some(&Secret::from(USER_PIN))).unwrap();
    assert_eq!(known(&engine), []);
    drop(engine);
    expect_whole(&bench, true, "finished");
}

/// The PINs that were changed in between are hashed, and the DO does not know them: it is finished all the same.
#[test]
fn hashing_that_is_interrupted_is_finished_with_pins_that_were_changed_since() {
    for changed in [&[USER][..], &[ADMIN], &[USER, ADMIN]] {
        for wanted in [true, false] {
            let (start, pins) = changed_since(changed);
            let plan = Plan::never();
            set_for(&mut pulled(&start, &plan), wanted, pins).unwrap();
            expect_whole_for(&start, wanted, pins, &format!("{changed:?}, {wanted}"));
            assert_eq!(known_after_asking(&start), []);
        }
    }
}

/// So it is when that run is interrupted as well.
#[test]
fn hashing_that_is_interrupted_twice_leaves_pins_that_were_changed_in_between_good() {
    let (whole, pins) = changed_since(&[USER]);
    let plan = Plan::never();
    set_for(&mut pulled(&whole, &plan), false, pins).unwrap();
    for commands in 0..plan.commands() {
        let (bench, pins) = changed_since(&[USER]);
        let plan = Plan::after(commands, Fault::CardRemovedAfterwards);
        let _ = set_for(&mut pulled(&bench, &plan), false, pins);
        set_for(&mut bench.card(), false, pins)
            .unwrap_or_else(|error| panic!("pulled at {commands}: {error}"));
        expect_whole_for(&bench, false, pins, &format!("pulled at {commands}"));
        assert_eq!(known_after_asking(&bench), []);
    }
}

fn known_after_asking(bench: &Bench) -> Vec<(Unfinished, Option<SlotId>)> {
    asked(&engine(bench)).0
}

/// As [`unfinished`], with other PINs; and both PINs as they are.
fn changed_since(changed: &[u8]) -> (Bench, [&'static str; 2]) {
    let bench = unfinished();
    let mut pins = [USER_PIN, ADMIN_PIN];
    let mut card = bench.card();
    card.read_token().unwrap();
    for (index, pin) in [USER, ADMIN].into_iter().enumerate().filter(|(_, pin)| changed.contains(pin)) {
        let (old, new) = (Secret::from(pins[index]), Secret::from(NEW[index]));
        card.change_pin(&AuthId(vec![pin]), &old, &new).unwrap();
        pins[index] = NEW[index];
    }
    drop(card);
    (bench, pins)
}

/// A Gnuk's DO is GnuPG's, and a YubiKey's says the same before and after.
#[test]
fn cards_whose_data_object_cannot_tell_are_not_asked() {
    for (version, manufacturer) in [([2, 0], [0xFF, 0xFE]), ([3, 4], YUBICO)] {
        let mut bench = unfinished();
        let card = bench.opcard.clone();
        bench.opcard = Shared::new(Named { card, version, manufacturer });
        let engine = engine(&bench);
        engine.token_info(TOKEN).unwrap();
        assert_eq!(asked(&engine), (Vec::new(), 0), "{version:?}");
        let session = engine.open_session(TOKEN, SessionMode::ReadOnly).unwrap();
        let refused = engine.login(session, UserKind::User, Some(&Secret::from("654321")));
        assert!(matches!(refused, Err(Error::PinIncorrect { tries_left: Some(2), .. })), "{refused:?}");
        assert_eq!(known(&engine), []);
    }
}
