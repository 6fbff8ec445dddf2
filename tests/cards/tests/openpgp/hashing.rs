//! `pin kdf`: the card gets its PINs hashed or not, and is pulled in between.

use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{Extra, PinPair};
use p11ctl::card::{Card, CardError, CardSettings};
use p11ctl::codec::{Secret, tlv};
use p11ctl::token::AuthId;
use p11ctl::transport::VirtualCard;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::Shared;

use crate::bench::*;
use crate::faults::{Fault, FaultyReader, Plan};

const USER: u8 = 2;
const ADMIN: u8 = 3;
const YUBICO: [u8; 2] = [0x00, 0x06];

/// The card of a bench, pulled as planned.
fn pulled(bench: &Bench, plan: &Plan) -> Card {
    let reader = SoftwareReader::new("opcard", Some(Box::new(bench.opcard.clone())), Duration::from_secs(5));
    let reader = FaultyReader::new(Box::new(reader), plan);
    Card::new(Box::new(reader), CardSettings::default(), Stats::default())
}

/// What `pin kdf` does: both PINs are verified, and become what the host sends from then on.
fn set(card: &mut Card, hashed: bool) -> Result<Vec<String>, CardError> {
    let (user, admin) = (Secret::from(USER_PIN), Secret::from(ADMIN_PIN));
    card.read_token()?;
    card.verify(&AuthId(vec![ADMIN]), &admin)?;
    card.verify(&AuthId(vec![USER]), &user)?;
    let pins = PinPair { user: &user, officer: &admin };
    card.administer(|admin, channel| admin.set_pin_hashing(channel, hashed, pins))
}

/// What the card answers to GET DATA of its KDF-DO.
fn kdf_of(bench: &Bench) -> Vec<u8> {
    let mut card = bench.opcard.clone();
    card.reset();
    assert!(card.process(&[0, 0xA4, 4, 0, 6, 0xD2, 0x76, 0, 1, 0x24, 1]).ends_with(&[0x90, 0x00]));
    card.process(&[0, 0xCA, 0, 0xF9, 0])
}

/// Both PINs are verified at once, and no try was spent.
fn expect_whole(bench: &Bench, hashed: bool, what: &str) {
    let is_hashed = kdf_of(bench).windows(3).any(|part| part == [0x81, 0x01, 0x03]);
    assert_eq!(is_hashed, hashed, "{what}");
    let mut card = bench.card();
    let before = card.read_token().and_then(|_| card.tries_left(&AuthId(vec![ADMIN]))).unwrap();
    assert_eq!(before, Some(3), "{what}");
    assert_eq!(card.tries_left(&AuthId(vec![USER])).unwrap(), Some(3), "{what}");
    card.verify(&AuthId(vec![ADMIN]), &Secret::from(ADMIN_PIN)).unwrap();
    card.verify(&AuthId(vec![USER]), &Secret::from(USER_PIN)).unwrap();
}

/// A bench whose card has its PINs hashed or not.
fn bench(hashed: bool) -> Bench {
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

/// An opcard that sets its PINs anew when its KDF-DO is written, as YubiKeys do.
struct SettingAnew {
    card: Shared,
    /// PW1 and PW3 as the card has them.
    pins: [Vec<u8>; 2],
}

impl SettingAnew {
    fn new() -> Self {
        let pins = [USER_PIN.as_bytes().to_vec(), ADMIN_PIN.as_bytes().to_vec()];
        Self { card: Shared::new(p11ctl_cards::openpgp::card(1)), pins }
    }

    fn change(&mut self, index: usize, new: &[u8]) {
        let old = std::mem::replace(&mut self.pins[index], new.to_vec());
        let data = [&old[..], new].concat();
        let header = [0, 0x24, 0, [0x81, 0x83][index], data.len() as u8];
        assert_eq!(self.card.process(&[&header[..], &data].concat()), [0x90, 0x00]);
    }
}

impl VirtualCard for SettingAnew {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let answer = self.card.process(command);
        let is_done = answer.ends_with(&[0x90, 0x00]);
        let data = command.get(5..).unwrap_or_default();
        match command {
            [0, 0xDA, 0, 0xF9, ..] if is_done => {
                let factory = [USER_PIN.as_bytes(), ADMIN_PIN.as_bytes()];
                for (index, tag) in [0x87, 0x88].into_iter().enumerate() {
                    let new = tlv::find(data, tag).unwrap_or(factory[index]).to_vec();
                    self.change(index, &new);
                }
            }
            [0, 0x24, 0, reference @ (0x81 | 0x83), ..] if is_done => {
                let index = usize::from(*reference == 0x83);
                self.pins[index] = data[self.pins[index].len()..].to_vec();
            }
            _ => {}
        }
        answer
    }
}

/// A card that says that it is another.
struct Named {
    card: Shared,
    version: [u8; 2],
    manufacturer: [u8; 2],
}

impl VirtualCard for Named {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let mut answer = self.card.process(command);
        if let Some(at) = answer.windows(6).position(|part| part == [0xD2, 0x76, 0, 1, 0x24, 1]) {
            answer[at + 6..at + 10].copy_from_slice(&[self.version, self.manufacturer].concat());
        }
        answer
    }
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
        let (user, admin) = (Secret::from("my own PIN"), Secret::from("my Admin PIN"));
        let pins = PinPair { user: &user, officer: &admin };
        let mut card = bench.card();
        card.read_token().unwrap();
        card.change_pin(&AuthId(vec![USER]), &Secret::from(USER_PIN), &user).unwrap();
        card.change_pin(&AuthId(vec![ADMIN]), &Secret::from(ADMIN_PIN), &admin).unwrap();
        drop(card);
        for hashed in [true, false] {
            let mut card = bench.card();
            card.read_token().unwrap();
            card.verify(&AuthId(vec![ADMIN]), &admin).unwrap();
            card.verify(&AuthId(vec![USER]), &user).unwrap();
            card.administer(|admin, channel| admin.set_pin_hashing(channel, hashed, pins)).unwrap();
            drop(card);
            let kdf = kdf_of(&bench);
            assert_eq!(kdf.windows(3).any(|part| part == [0x81, 0x01, 0x03]), hashed, "{manufacturer:02X?}");
            if hashed {
                assert!(!kdf.windows(32).any(|part| part == s2k(&user, &kdf[14..22])), "{manufacturer:02X?}");
            }
            let mut card = bench.card();
            card.read_token().unwrap();
            for (pin, value) in [(USER, &user), (ADMIN, &admin)] {
                let left = card.tries_left(&AuthId(vec![pin])).unwrap();
                assert_eq!(left, Some(3), "{manufacturer:02X?} {hashed}");
                card.verify(&AuthId(vec![pin]), value).unwrap();
            }
        }
    }
}

/// A bench whose card sets its PINs anew.
fn anew(manufacturer: [u8; 2]) -> Bench {
    let mut bench = Bench::new();
    let card = Shared::new(SettingAnew::new());
    bench.opcard = Shared::new(Named { card, version: [3, 4], manufacturer });
    bench
}

/// The hash of a PIN, as the standard makes it.
fn s2k(pin: &Secret, salt: &[u8]) -> Vec<u8> {
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
