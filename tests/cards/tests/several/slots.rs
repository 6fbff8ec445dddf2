//! What is found, and where it shows.

use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::example::{ExampleKind, personalise_example};
use p11ctl::card::pkcs15::PKCS15_AID;
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::{CardAtr, Config};
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::engine::{ANY_ROOM, Engine, MechanismCall, MechanismId, ObjectClass, Template, UserKind};
use p11ctl::layout::UnplacedWhat;
use p11ctl::softcard;
use p11ctl::token::{Key, KeyClass};
use p11ctl::transport::VirtualCard;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::several::{self, Manners};
use p11ctl_cards::{Shared, openpgp, piv};

use crate::bench::*;

fn labels(engine: &Engine) -> Vec<(u32, String)> {
    engine.slots(true).into_iter().map(|slot| (slot.0, engine.token_info(slot).unwrap().label)).collect()
}

/// An answer to reset that tells nothing.
pub const UNKNOWN_ATR: [u8; 4] = [0x3B, 0x80, 0x01, 0x81];

#[test]
fn pins_of_both_applications_have_slots_before_what_is_left_over() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false);
    let expected = [(0, "(PIV PIN)"), (1, "OpenPGP card (User PIN)"), (2, "OpenPGP card (User PIN (sig))")];
    let labels = labels(&engine);
    for ((slot, label), (number, found)) in expected.into_iter().zip(&labels) {
        assert!(slot == *number && found.ends_with(label), "{labels:?}");
    }
    let readers = engine.readers();
    let [reader] = readers.as_slice() else { panic!("{readers:?}") };
    let shown: Vec<(&str, Vec<u32>)> = reader
        .applications
        .iter()
        .map(|application| (application.driver, application.slots.iter().map(|slot| slot.0).collect()))
        .collect();
    assert_eq!(shown, [("PIV", vec![0, 3]), ("OpenPGP", vec![1, 2])]);
    assert!(engine.unplaced().is_empty(), "{:?}", engine.unplaced());
    for (slot, model) in [(0, "PIV"), (1, "OpenPGP card 3."), (2, "OpenPGP card 3."), (3, "PIV")] {
        let info = engine.token_info(p11ctl::layout::SlotId(slot)).unwrap();
        assert!(info.model.starts_with(model), "slot {slot}: {info:?}");
    }
}

#[test]
fn pins_and_left_overs_without_a_slot_are_told_with_what_helps() {
    let bench = Bench::new(Manners::Forgets);
    let mut config = Config::default();
    config.cache.enabled = false;
    config.pkcs11.num_slots = 2;
    let engine = Engine::new(vec![reader(&bench.shared)], &config);
    let unplaced = engine.unplaced();
    let find = |wanted: &dyn Fn(&UnplacedWhat) -> bool| {
        unplaced.iter().find(|unplaced| wanted(&unplaced.what)).and_then(|unplaced| unplaced.remedy.clone())
    };
    let pin = find(&|what| *what == UnplacedWhat::Pin("User PIN (sig)".to_owned()));
    let left_overs = find(&|what| matches!(what, UnplacedWhat::LeftOvers(_)));
    assert_eq!((pin.as_deref(), left_overs.as_deref()), (Some("num_slots = 5"), Some("num_slots = 5")));
    config.pkcs11.num_slots = 5;
    assert!(Engine::new(vec![reader(&bench.shared)], &config).unplaced().is_empty());
}

/// The drivers of a card, and how many questions it was asked.
fn drivers(card: impl VirtualCard + 'static, settings: CardSettings) -> (Vec<&'static str>, u64) {
    let stats = Stats::default();
    let shared = Shared::new(card);
    let reader = SoftwareReader::new("card", Some(Box::new(shared)), Duration::from_secs(5));
    let mut card = Card::new(Box::new(reader), settings, stats.clone());
    let count = card.applications().unwrap();
    let apdus = stats.snapshot().apdus;
    let name = |application| {
        card.turn_to(application);
        card.driver_name().unwrap()
    };
    ((0..count).map(name).collect(), apdus)
}

#[test]
fn applications_are_found_whatever_the_answer_to_reset_says() {
    let settings = CardSettings::default;
    let both = || several::card(1, Manners::Forgets);
    assert_eq!(drivers(both(), settings()).0, ["PIV", "OpenPGP"]);
    assert_eq!(drivers(both().with_atr(&UNKNOWN_ATR), settings()).0, ["PIV", "OpenPGP"]);
    assert_eq!(drivers(piv::card(), settings()).0, ["PIV"]);
    assert_eq!(drivers(openpgp::card(1), settings()).0, ["OpenPGP"]);
}

#[test]
fn answer_to_reset_bound_to_a_family_asks_for_no_other() {
    let atr = VirtualCard::atr(&several::card(1, Manners::Forgets));
    for (names, expected) in [
        (&["piv"][..], &["PIV"][..]),
        (&["OpenPGP"], &["OpenPGP"]),
        (&["OpenPGP", "PIV"], &["PIV", "OpenPGP"]),
    ] {
        let binding = CardAtr {
            atr: atr.clone(),
            mask: None,
            drivers: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let other = CardAtr { atr: vec![0x3B, 0x00], mask: None, drivers: vec!["MyEID".to_owned()] };
        let bindings = vec![other, binding];
        let settings = CardSettings { bindings, ..CardSettings::default() };
        assert_eq!(drivers(several::card(1, Manners::Forgets), settings).0, expected, "{names:?}");
        let drivers_only = Some(names.iter().map(|name| (*name).to_owned()).collect());
        let settings = CardSettings { drivers: drivers_only, ..CardSettings::default() };
        assert_eq!(drivers(several::card(1, Manners::Forgets), settings).0, expected, "{names:?}");
    }
    let bound = CardAtr { atr: VirtualCard::atr(&piv::card()), mask: None, drivers: vec!["PIV".to_owned()] };
    let settings = CardSettings { bindings: vec![bound], ..CardSettings::default() };
    let (asked, free) = (drivers(piv::card(), settings).1, drivers(piv::card(), CardSettings::default()).1);
    assert_eq!(free, asked + 1, "one question for OpenPGP, and none where the answer to reset is bound");
}

/// A PIV card with the PKCS#15 structure of the founding document's example beside it, on a card that nobody knows by its
/// answer to reset.
pub fn pkcs15_beside_piv(manners: Manners) -> (tempfile::TempDir, Shared) {
    beside_piv(manners, &[&PKCS15_AID])
}

/// As [`pkcs15_beside_piv`], with that structure once under each of these names.
fn beside_piv(manners: Manners, names: &[&'static [u8]]) -> (tempfile::TempDir, Shared) {
    let folder = tempfile::tempdir().unwrap();
    let mut parts: Vec<several::NamedCard> = vec![(&piv::AID, Box::new(piv::card()))];
    for name in names {
        let path = folder.path().join(format!("{}.card", parts.len()));
        let options = softcard::Options { pin_cost: PinKeyCost::MINIMAL, ..softcard::Options::default() };
        drop(softcard::create(&path, options).unwrap());
        let image = softcard::reader("example", Some(path.clone()), Duration::from_secs(5));
        let mut card = Card::new(image, CardSettings::default(), Stats::default());
        personalise_example(&mut card, ExampleKind::Separate).unwrap();
        drop(card);
        parts.push((name, Box::new(softcard::open(&path).unwrap())));
    }
    (folder, Shared::new(several::Several::new(&UNKNOWN_ATR, manners, parts)))
}

/// Read by the standard alone, by its name.
#[test]
fn pkcs15_beside_piv_is_found_by_its_name_and_signs_in_turn() {
    let (_folder, shared) = pkcs15_beside_piv(Manners::Forgets);
    let mut config = Config::default();
    config.cache.enabled = false;
    config.pkcs11.pin_cache = true;
    let engine = Engine::new(vec![reader(&shared)], &config);
    let readers = engine.readers();
    let names: Vec<&str> = readers[0].applications.iter().map(|application| application.driver).collect();
    assert_eq!(names, ["PIV", "PKCS#15"]);
    let labels = labels(&engine);
    let label = |part: &str| labels.iter().find(|(_, label)| label.ends_with(part)).map(|(slot, _)| *slot);
    let slots = [label("(PIV PIN)"), label("(PIN 1)"), label("(PIN 2)")];
    assert_eq!(slots, [Some(0), Some(1), Some(2)], "{labels:?}");
    let log_in = |slot, pin: &str| {
        let session = open(&engine, slot);
        engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap();
        session
    };
    // Each use of a PKCS#15 key comes after the PIV application was selected.
    let (one, piv, two) = (log_in(1, "11111111"), log_in(0, PIN), log_in(2, "22222222"));
    for _ in 0..2 {
        for (session, mechanism, len) in
            [(one, MechanismId::SHA256_RSA_PKCS, 256), (two, MechanismId::ECDSA_SHA256, 64)]
        {
            assert!(is_user(&engine, session) && is_user(&engine, piv));
            engine.logout(piv).unwrap();
            engine.login(piv, UserKind::User, Some(&Secret::from(PIN))).unwrap();
            let keys = engine.find_all(session, &Template::new().class(ObjectClass::PrivateKey)).unwrap();
            engine.sign_init(session, &MechanismCall::from(mechanism), keys[0]).unwrap();
            assert_eq!(engine.sign(session, b"data", ANY_ROOM).unwrap().len(), len);
        }
    }
}

/// Another program selects the PIV application before each thing that the PKCS#15 application is asked for: it is asked all
/// the same, no other one in its place, and the login is what the card made of it.
#[test]
fn pkcs15_beside_piv_is_selected_again_before_anything_is_asked_of_it() {
    for (manners, stands) in [(Manners::Forgets, false), (Manners::Remembers, true)] {
        let (_folder, shared) = pkcs15_beside_piv(manners);
        let mut card = Card::new(reader(&shared), CardSettings::default(), Stats::default());
        card.applications().unwrap();
        card.turn_to(1);
        assert_eq!(card.driver_name().unwrap(), "PKCS#15");
        let interfere = || {
            let mut raw = shared.clone();
            let select = [&[0x00, 0xA4, 0x04, 0x00, piv::AID.len() as u8], &piv::AID[..]].concat();
            assert!(raw.process(&select).ends_with(&[0x90, 0x00]));
        };
        interfere();
        let token = card.read_token().unwrap();
        let auth = token.auths.iter().find(|auth| auth.label == "PIN 2").unwrap().id.clone();
        interfere();
        assert_eq!(card.tries_left(&auth).unwrap(), Some(3), "{manners:?}");
        interfere();
        let certificate = card.read_object(token.certificates[0].object).unwrap();
        assert_eq!(certificate.first(), Some(&0x30));
        card.verify(&auth, &Secret::from("22222222")).unwrap();
        interfere();
        let of_pin = |key: &&Key| key.class == KeyClass::Private && key.auth.as_ref() == Some(&auth);
        let key = token.keys.iter().find(of_pin).unwrap().object;
        let signed = card.perform(&CardCall::EcdsaSign { key, digest: &[7; 32] });
        assert_eq!(signed.is_ok(), stands, "{manners:?}: {signed:?}");
        assert!(stands || matches!(signed, Err(CardError::LoginLost)), "{signed:?}");
        assert_eq!(card.is_verified(&auth), stands, "{manners:?}");
        interfere();
        let asked = card.with(|driver, channel| driver.is_verified(channel, &auth)).unwrap();
        assert_eq!(asked, Some(stands), "{manners:?}");
    }
}

/// Another program selects an application that nobody knows, with the very files and PINs of the PKCS#15 application: it answers
/// for its directories, and gets no PIN.
#[test]
fn pin_goes_to_no_application_that_has_the_files_of_pkcs15_as_well() {
    const OTHER: [u8; 5] = [0xF0, 0x00, 0x00, 0x00, 0x01];
    let (_folder, shared) = beside_piv(Manners::Remembers, &[&PKCS15_AID, &OTHER]);
    let mut card = Card::new(reader(&shared), CardSettings::default(), Stats::default());
    card.applications().unwrap();
    card.turn_to(1);
    let token = card.read_token().unwrap();
    let auth = token.auths.iter().find(|auth| auth.label == "PIN 2").unwrap().id.clone();
    let select_other = [&[0x00, 0xA4, 0x04, 0x00, OTHER.len() as u8], &OTHER[..]].concat();
    let mut raw = shared.clone();
    // The card inside does not know the name that it has here.
    raw.process(&select_other);
    card.hold().unwrap();
    assert_eq!(card.tries_left(&auth).unwrap(), Some(3));
    let wrong = card.verify(&auth, &Secret::from("33333333"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(2), .. })), "{wrong:?}");
    card.release().unwrap();
    for (name, tries) in [(&OTHER[..], 3), (&PKCS15_AID, 2)] {
        raw.process(&[&[0x00, 0xA4, 0x04, 0x00, name.len() as u8], name].concat());
        assert_eq!(raw.process(&[0x00, 0x20, 0x00, 0x02]), [0x63, 0xC0 | tries], "{name:02X?}");
    }
}
