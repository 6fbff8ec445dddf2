//! `pin kdf`: the card gets its PINs hashed or not, and is pulled in between.

use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{Extra, PinPair};
use p11ctl::card::{Card, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::token::AuthId;
use p11ctl::transport::VirtualCard;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::Shared;
use p11ctl_cards::disguised::{Named, SettingAnew};

use crate::bench::*;
use crate::faults::{Fault, FaultyReader, Plan};

pub const USER: u8 = 2;
pub const ADMIN: u8 = 3;
pub const YUBICO: [u8; 2] = [0x00, 0x06];
/// PINs of a holder.
const OWN: [&str; 2] = ["my own PIN", "my Admin PIN"];

/// The card of a bench, pulled as planned.
pub fn pulled(bench: &Bench, plan: &Plan) -> Card {
    let reader = SoftwareReader::new("opcard", Some(Box::new(bench.opcard.clone())), Duration::from_secs(5));
    let reader = FaultyReader::new(Box::new(reader), plan);
    Card::new(Box::new(reader), CardSettings::default(), Stats::default())
}

/// What `pin kdf` does: both PINs are verified, and become what the host sends from then on.
pub fn set(card: &mut Card, hashed: bool) -> Result<Vec<String>, CardError> {
    set_for(card, hashed, [USER_PIN, ADMIN_PIN])
}

/// As [`set`], with the PINs of a holder.
pub fn set_for(card: &mut Card, hashed: bool, pins: [&str; 2]) -> Result<Vec<String>, CardError> {
    let [user, admin] = pins.map(Secret::from);
    card.read_token()?;
    card.verify(&AuthId(vec![ADMIN]), &admin)?;
    card.verify(&AuthId(vec![USER]), &user)?;
    let pins = PinPair { user: &user, officer: &admin };
    card.administer(|admin, channel| admin.set_pin_hashing(channel, hashed, pins))
}

/// What the card answers to GET DATA of its KDF-DO.
pub fn kdf_of(bench: &Bench) -> Vec<u8> {
    let mut card = bench.opcard.clone();
    card.reset();
    assert!(card.process(&[0, 0xA4, 4, 0, 6, 0xD2, 0x76, 0, 1, 0x24, 1]).ends_with(&[0x90, 0x00]));
    card.process(&[0, 0xCA, 0, 0xF9, 0])
}

/// Both PINs are verified at once, and no try was spent.
pub fn expect_whole(bench: &Bench, hashed: bool, what: &str) {
    expect_whole_for(bench, hashed, [USER_PIN, ADMIN_PIN], what);
}

pub fn expect_whole_for(bench: &Bench, hashed: bool, [user, admin]: [&str; 2], what: &str) {
    let is_hashed = kdf_of(bench).windows(3).any(|part| part == [0x81, 0x01, 0x03]);
    assert_eq!(is_hashed, hashed, "{what}");
    let mut card = bench.card();
    let before = card.read_token().and_then(|_| card.tries_left(&AuthId(vec![ADMIN]))).unwrap();
    assert_eq!(before, Some(3), "{what}");
    assert_eq!(card.tries_left(&AuthId(vec![USER])).unwrap(), Some(3), "{what}");
    card.verify(&AuthId(vec![ADMIN]), &Secret::from(admin)).unwrap();
    card.verify(&AuthId(vec![USER]), &Secret::from(user)).unwrap();
}

/// A bench whose card has its PINs hashed or not.
pub fn bench(hashed: bool) -> Bench {
    let bench = Bench::new();
    if hashed {
        set(&mut bench.card(), true).unwrap();
    }
    bench
}

#[test]
fn hashing_that_is_interrupted_anywhere_is_finished_or_taken_back_by_another_run() {
    for (before, wanted) in [(false, true), (true, false)] {
        let plan = Plan::never();
        let whole = bench(before);
        set(&mut pulled(&whole, &plan), wanted).unwrap();
        expect_whole(&whole, wanted, "whole");
        for commands in 0..plan.commands() {
            for then in [wanted, before] {
                let what = format!("{before} to {wanted}, pulled at {commands}, then {then}");
                let bench = bench(before);
                let _ =
                    set(&mut pulled(&bench, &Plan::after(commands, Fault::CardRemovedAfterwards)), wanted);
                set(&mut bench.card(), then).unwrap_or_else(|error| panic!("{what}: {error}"));
                expect_whole(&bench, then, &what);
            }
        }
    }
}

/// Whoever logs in after an interruption is let in by the right PIN, and a wrong one costs the one try that it is.
#[test]
fn login_after_an_interrupted_hashing_spends_a_try_for_a_wrong_pin_alone() {
    for (before, wanted) in [(false, true), (true, false)] {
        let plan = Plan::never();
        set(&mut pulled(&bench(before), &plan), wanted).unwrap();
        for commands in 0..plan.commands() {
            let what = format!("{before} to {wanted}, pulled at {commands}");
            let bench = bench(before);
            let _ = set(&mut pulled(&bench, &Plan::after(commands, Fault::CardRemovedAfterwards)), wanted);
            for (pin, right, wrong) in [(USER, USER_PIN, "654321"), (ADMIN, ADMIN_PIN, "87654321")] {
                let pin = AuthId(vec![pin]);
                let mut card = bench.card();
                card.read_token().unwrap();
                card.verify(&pin, &Secret::from(right)).unwrap_or_else(|error| panic!("{what}: {error}"));
                let refused = card.verify(&pin, &Secret::from(wrong));
                assert!(matches!(refused, Err(CardError::PinIncorrect { .. })), "{what}: {refused:?}");
                assert_eq!(card.tries_left(&pin).unwrap(), Some(2), "{what}");
                let new = Secret::from("another PIN");
                card.change_pin(&pin, &Secret::from(right), &new).unwrap_or_else(|e| panic!("{what}: {e}"));
                card.verify(&pin, &new).unwrap();
                assert_eq!(card.tries_left(&pin).unwrap(), Some(3), "{what}");
            }
        }
    }
}

/// With one try left it is not guessed which of its two forms the card has.
#[test]
fn pin_with_one_try_left_after_an_interrupted_hashing_is_not_sent() {
    let plan = Plan::never();
    set(&mut pulled(&Bench::new(), &plan), true).unwrap();
    let mut seen = 0;
    for commands in 0..plan.commands() {
        let bench = Bench::new();
        let _ = set(&mut pulled(&bench, &Plan::after(commands, Fault::CardRemovedAfterwards)), true);
        let (user, admin) = (AuthId(vec![USER]), AuthId(vec![ADMIN]));
        let mut card = bench.card();
        card.read_token().unwrap();
        for _ in 0..2 {
            assert!(card.verify(&user, &Secret::from("654321")).is_err());
        }
        match card.verify(&user, &Secret::from(USER_PIN)) {
            Ok(()) => {}
            Err(CardError::NotSupported { what }) => {
                assert!(what.contains("interrupted"), "{what}");
                seen += 1;
            }
            other => panic!("{commands}: {other:?}"),
        }
        // The officer gives it back, and the next run goes to the end.
        card.verify(&admin, &Secret::from(ADMIN_PIN)).unwrap();
        card.unblock_pin(&user, p11ctl::card::admin::Unblock::Officer, &Secret::from(USER_PIN)).unwrap();
        drop(card);
        set(&mut bench.card(), true).unwrap();
        expect_whole(&bench, true, &format!("pulled at {commands}"));
    }
    assert!(seen > 0);
}

/// A Gnuk has version 2 of the standard, says that it has a KDF-DO, and takes PINs as that says. How the holder made it do so is
/// GnuPG's.
#[test]
fn kdf_of_a_card_of_version_2_is_used_and_not_written() {
    for hashed in [true, false] {
        let mut bench = bench(hashed);
        let card = bench.opcard.clone();
        bench.opcard = Shared::new(Named { card, version: [2, 0], manufacturer: [0xFF, 0xFE] });
        let before = kdf_of(&bench);
        expect_whole(&bench, hashed, "version 2");
        let mut card = bench.card();
        card.read_token().unwrap();
        let (user, new) = (AuthId(vec![USER]), Secret::from("another PIN"));
        card.change_pin(&user, &Secret::from(USER_PIN), &new).unwrap();
        card.change_pin(&user, &new, &Secret::from(USER_PIN)).unwrap();
        drop(card);
        for wanted in [true, false] {
            let refused = set(&mut bench.card(), wanted);
            let Err(CardError::NotSupported { what }) = refused else { panic!("{refused:?}") };
            assert_eq!(what, "take PINs hashed");
            let can = bench.card().administer(|admin, _| Ok(admin.admin_abilities().extras)).unwrap();
            assert!(!can.contains(&Extra::HashPins) && can.contains(&Extra::SetPuk), "{can:?}");
        }
        assert_eq!(kdf_of(&bench), before);
        expect_whole(&bench, hashed, "version 2, refused");
    }
}

/// Whoever made the card, and whether that is known or found out.
#[test]
fn card_that_sets_its_pins_anew_has_those_of_its_holders_and_no_hash_of_them_for_everybody() {
    for manufacturer in [YUBICO, [0xFF, 0xFE]] {
        let bench = anew(manufacturer);
        for hashed in [true, false] {
            set_for(&mut bench.card(), hashed, OWN).unwrap();
            if hashed {
                let kdf = kdf_of(&bench);
                let hash = s2k(&Secret::from(OWN[0]), &kdf[14..22]);
                assert!(!kdf.windows(32).any(|part| part == hash), "{manufacturer:02X?}");
            }
            expect_whole_for(&bench, hashed, OWN, &format!("{manufacturer:02X?}"));
        }
    }
}

/// Nothing tells of a card of a known maker that it was pulled: it has the PINs of the factory until it has those of its
/// holder, so that `pin change` sets them. Admin's comes first: it is never the only one that is the factory's.
#[test]
fn card_that_sets_its_pins_anew_and_is_pulled_has_those_of_the_factory_or_of_its_holders() {
    let (mut seen, factory) = (Vec::new(), [USER_PIN, ADMIN_PIN]);
    for (before, wanted) in [(false, true), (true, false)] {
        let start = || {
            let bench = anew(YUBICO);
            if before {
                set_for(&mut bench.card(), true, OWN).unwrap();
            }
            bench
        };
        let plan = Plan::never();
        set_for(&mut pulled(&start(), &plan), wanted, OWN).unwrap();
        for commands in 0..plan.commands() {
            let what = format!("{before} to {wanted}, pulled at {commands}");
            let bench = start();
            let plan = Plan::after(commands, Fault::CardRemovedAfterwards);
            let _ = set_for(&mut pulled(&bench, &plan), wanted, OWN);
            let mut refused = [false; 2];
            for (index, pin) in [USER, ADMIN].into_iter().enumerate() {
                let mut card = bench.card();
                card.read_token().unwrap();
                let (pin, own) = (AuthId(vec![pin]), Secret::from(OWN[index]));
                match card.verify(&pin, &own) {
                    Ok(()) => {}
                    Err(CardError::PinIncorrect { tries_left, .. }) => {
                        assert_eq!(tries_left, Some(2), "{what}");
                        card.change_pin(&pin, &Secret::from(factory[index]), &own)
                            .unwrap_or_else(|error| panic!("{what}: {error}"));
                        refused[index] = true;
                    }
                    other => panic!("{what}: {other:?}"),
                }
            }
            seen.push((before, refused));
            let is_hashed = kdf_of(&bench).windows(3).any(|part| part == [0x81, 0x01, 0x03]);
            expect_whole_for(&bench, is_hashed, OWN, &what);
            set_for(&mut bench.card(), wanted, OWN).unwrap();
            expect_whole_for(&bench, wanted, OWN, &what);
        }
    }
    for before in [false, true] {
        for refused in [[false, false], [true, true], [true, false]] {
            assert!(seen.contains(&(before, refused)), "{before} {refused:?}");
        }
        assert!(!seen.contains(&(before, [false, true])));
    }
}

/// A bench whose card sets its PINs anew, and has its holder's.
pub fn anew(manufacturer: [u8; 2]) -> Bench {
    let mut bench = Bench::new();
    let card = Shared::new(SettingAnew::new());
    bench.opcard = Shared::new(Named { card, version: [3, 4], manufacturer });
    let mut card = bench.card();
    card.read_token().unwrap();
    let [user, admin] = OWN.map(Secret::from);
    card.change_pin(&AuthId(vec![USER]), &Secret::from(USER_PIN), &user).unwrap();
    card.change_pin(&AuthId(vec![ADMIN]), &Secret::from(ADMIN_PIN), &admin).unwrap();
    bench
}

/// The hash of a PIN, as the standard makes it.
pub fn s2k(pin: &Secret, salt: &[u8]) -> Vec<u8> {
    let once = [salt, pin.expose()].concat();
    let bytes: Vec<u8> = once.iter().copied().cycle().take(0x0100_0000).collect();
    p11ctl::crypto::digest::digest(p11ctl::crypto::DigestAlgorithm::Sha256, &bytes)
}

/// What everybody may read of a card says nothing of its PINs once it is done.
#[test]
fn hashing_leaves_no_hash_of_a_pin_where_everybody_reads_it() {
    let bench = bench(true);
    let mut card = bench.card();
    card.read_token().unwrap();
    let (user, admin) = (Secret::from("another PIN"), Secret::from("another Admin PIN"));
    card.change_pin(&AuthId(vec![USER]), &Secret::from(USER_PIN), &user).unwrap();
    let first = kdf_of(&bench);
    card.change_pin(&AuthId(vec![ADMIN]), &Secret::from(ADMIN_PIN), &admin).unwrap();
    drop(card);
    // GnuPG takes no shorter one (110 bytes and the status).
    assert_eq!((first.len(), kdf_of(&bench)), (112, first.clone()));
    // Nothing to be done is done without a change.
    let mut card = bench.card();
    card.read_token().unwrap();
    card.verify(&AuthId(vec![ADMIN]), &admin).unwrap();
    card.verify(&AuthId(vec![USER]), &user).unwrap();
    let pins = PinPair { user: &user, officer: &admin };
    card.administer(|admin, channel| admin.set_pin_hashing(channel, true, pins)).unwrap();
    assert_eq!(kdf_of(&bench), first);
    assert_eq!(first[12..14], [0x84, 0x08]);
    let hash = s2k(&Secret::from(USER_PIN), &first[14..22]);
    assert!(!first.windows(32).any(|part| part == hash));
}
