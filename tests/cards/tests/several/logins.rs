//! Two slots of one card, each application with its own login.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use p11ctl::apdu::Command;
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::engine::{
    ANY_ROOM, Engine, Error, MechanismCall, MechanismId, ObjectClass, SessionMode, Template, UserKind,
};
use p11ctl::layout::SlotId;
use p11ctl::token::AuthId;
use p11ctl::transport::software::{CardSource, SharedCard, SoftwareReader};
use p11ctl::transport::{TransportError, VirtualCard};
use p11ctl_cards::several::Manners;
use p11ctl_cards::{Shared, openpgp, piv};

use crate::bench::*;
use crate::faults::{Fault, FaultyReader, Plan};

#[test]
fn each_application_signs_after_its_own_login() {
    let bench = Bench::new(Manners::Forgets);
    for (slot, application) in [(PIV_SLOT, PIV), (SIGNATURE_SLOT, OPENPGP), (PIV_SLOT, PIV)] {
        let engine = bench.engine(false);
        let session = open(&engine, slot);
        log_in(&engine, session).unwrap();
        bench.sign(&engine, session, application);
        bench.sign(&engine, session, application);
    }
}

/// The card forgets a login when its other application is selected, and nobody keeps PINs: the session says so at once.
#[test]
fn login_that_the_card_takes_back_is_lost_at_once_and_comes_back_with_the_pin() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, piv).unwrap();
    bench.sign(&engine, piv, PIV);
    log_in(&engine, openpgp).unwrap();
    assert!(!is_user(&engine, piv) && is_user(&engine, openpgp));
    assert!(matches!(sign(&engine, piv), Err(Error::LoginLost)));
    bench.sign(&engine, openpgp, OPENPGP);
    log_in(&engine, piv).unwrap();
    assert!(is_user(&engine, piv) && !is_user(&engine, openpgp));
    bench.sign(&engine, piv, PIV);
    assert!(matches!(sign(&engine, openpgp), Err(Error::LoginLost)));
    // No try was spent by any of it.
    for slot in [PIV_SLOT, SIGNATURE_SLOT] {
        let pin = engine.pin_status(SlotId(slot)).unwrap().user.unwrap();
        assert_ne!(pin.tries_left, Some(pin.tries_max.unwrap_or(3) - 1), "slot {slot}: {pin:?}");
    }
}

#[test]
fn logins_of_both_applications_sign_in_turn_where_pins_may_be_kept() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(true);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, piv).unwrap();
    log_in(&engine, openpgp).unwrap();
    for _ in 0..3 {
        assert!(is_user(&engine, piv) && is_user(&engine, openpgp));
        bench.sign(&engine, piv, PIV);
        bench.sign(&engine, openpgp, OPENPGP);
    }
    let apdus = |job: &dyn Fn()| {
        let before = engine.stats().apdus;
        job();
        engine.stats().apdus - before
    };
    let turn = apdus(&|| bench.sign(&engine, piv, PIV));
    let again = apdus(&|| bench.sign(&engine, piv, PIV));
    println!("signature after the other application: {turn} APDUs, without: {again}");
    assert_eq!(turn, again + 2, "SELECT and VERIFY");
    // After a logout nothing is kept.
    engine.logout(piv).unwrap();
    bench.sign(&engine, openpgp, OPENPGP);
    assert!(sign(&engine, piv).is_err());
}

#[test]
fn logins_of_both_applications_stand_where_the_card_keeps_them() {
    let bench = Bench::new(Manners::Remembers);
    let engine = bench.engine(false);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, piv).unwrap();
    log_in(&engine, openpgp).unwrap();
    for _ in 0..2 {
        assert!(is_user(&engine, piv) && is_user(&engine, openpgp));
        bench.sign(&engine, piv, PIV);
        bench.sign(&engine, openpgp, OPENPGP);
    }
    engine.finish().unwrap();
    assert_eq!(verified_on(&bench), [0u8; 0]);
}

/// The PINs that the card itself has verified, without a reset: what the next program finds.
fn verified_on(bench: &Bench) -> Vec<u8> {
    let mut card = bench.shared.clone();
    let mut verified = Vec::new();
    for (aid, references) in [(&piv::AID[..], &[0x80][..]), (&openpgp::AID[..], &[0x81, 0x82])] {
        let select = [&[0x00, 0xA4, 0x04, 0x00, aid.len() as u8], aid].concat();
        assert!(card.process(&select).ends_with(&[0x90, 0x00]));
        let is_verified = |reference: &&u8| card.process(&[0x00, 0x20, 0x00, **reference]) == [0x90, 0x00];
        verified.extend(references.iter().filter(is_verified));
    }
    verified
}

/// Another program takes the login back, or changes the PIN so that it cannot come back by itself: the card says so when it
/// is asked for a signature, the session says so at once, and nothing is left to be taken back at the end.
#[test]
fn login_that_another_program_took_back_is_lost_at_once_and_not_taken_back_again() {
    for manners in [Manners::Forgets, Manners::Remembers] {
        let bench = Bench::new(manners);
        let engine = bench.engine(false);
        let openpgp = open(&engine, SIGNATURE_SLOT);
        log_in(&engine, openpgp).unwrap();
        bench.sign(&engine, openpgp, OPENPGP);
        let mut raw = bench.shared.clone();
        assert_eq!(raw.process(&[0x00, 0x20, 0xFF, 0x81]), [0x90, 0x00]);
        assert!(matches!(sign(&engine, openpgp), Err(Error::LoginLost)));
        assert!(!is_user(&engine, openpgp));
        let apdus = engine.stats().apdus;
        engine.finish().unwrap();
        assert_eq!(engine.stats().apdus, apdus, "nothing is owed");
    }
}

#[test]
fn login_that_another_program_took_back_comes_back_where_pins_may_be_kept() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(true);
    let openpgp = open(&engine, SIGNATURE_SLOT);
    log_in(&engine, openpgp).unwrap();
    let mut raw = bench.shared.clone();
    assert_eq!(raw.process(&[0x00, 0x20, 0xFF, 0x81]), [0x90, 0x00]);
    bench.sign(&engine, openpgp, OPENPGP);
    assert!(is_user(&engine, openpgp));
    engine.finish().unwrap();
    assert_eq!(verified_on(&bench), [0u8; 0]);
}

/// Another program selects the other application: the login is what the card made of it.
#[test]
fn other_application_selected_by_another_program_ends_the_login_where_the_card_forgets_it() {
    for (manners, stands) in [(Manners::Forgets, false), (Manners::Remembers, true)] {
        let bench = Bench::new(manners);
        let engine = bench.engine(false);
        let openpgp = open(&engine, SIGNATURE_SLOT);
        log_in(&engine, openpgp).unwrap();
        let mut raw = bench.shared.clone();
        let select = [&[0x00, 0xA4, 0x04, 0x00, piv::AID.len() as u8], &piv::AID[..]].concat();
        assert!(raw.process(&select).ends_with(&[0x90, 0x00]));
        match sign(&engine, openpgp) {
            Err(Error::LoginLost) if !stands => {}
            Ok(_) if stands => {}
            other => panic!("{manners:?}: {other:?}"),
        }
        assert_eq!(is_user(&engine, openpgp), stands, "{manners:?}");
        let apdus = engine.stats().apdus;
        engine.finish().unwrap();
        assert_eq!(engine.stats().apdus > apdus, stands, "{manners:?}");
        assert_eq!(verified_on(&bench), [0u8; 0]);
    }
}

/// The PIN was changed by another program: the one that is remembered is refused once, and there is nothing to be taken back.
#[test]
fn remembered_pin_that_the_card_refuses_is_not_taken_back() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(true);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, piv).unwrap();
    log_in(&engine, openpgp).unwrap();
    // Each application was left before: what the card keeps is not asked any more, so that it counts as owed.
    for _ in 0..2 {
        bench.sign(&engine, piv, PIV);
        bench.sign(&engine, openpgp, OPENPGP);
    }
    let mut raw = bench.shared.clone();
    let change = [&[0x00, 0x24, 0x00, 0x81, 0x0C], &b"123456654321"[..]].concat();
    assert_eq!(raw.process(&change), [0x90, 0x00]);
    bench.sign(&engine, piv, PIV);
    assert!(matches!(sign(&engine, openpgp), Err(Error::LoginLost)));
    assert!(!is_user(&engine, openpgp));
    let apdus = engine.stats().apdus;
    engine.finish().unwrap();
    assert_eq!(engine.stats().apdus, apdus + 2, "SELECT and VERIFY for the PIV application alone");
    assert_eq!(verified_on(&bench), [0u8; 0]);
    let pin = bench.engine(false).pin_status(SlotId(SIGNATURE_SLOT)).unwrap().user.unwrap();
    assert_eq!(pin.tries_left, Some(2), "one try, and no other");
}

/// A login to one application for which nothing is sent leaves the other application selected, and its login where it is.
#[test]
fn pin_that_is_too_short_to_be_sent_ends_no_login_of_the_other_application() {
    for manners in [Manners::Forgets, Manners::Remembers] {
        let bench = Bench::new(manners);
        let engine = bench.engine(false);
        let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
        // Each application was left once: what that does is known.
        for session in [piv, openpgp, piv, openpgp] {
            if !is_user(&engine, session) {
                log_in(&engine, session).unwrap();
            }
        }
        let apdus = engine.stats().apdus;
        let refused = engine.login(piv, UserKind::User, Some(&Secret::from("123")));
        if manners == Manners::Forgets {
            assert!(matches!(refused, Err(Error::PinLength { .. })), "{refused:?}");
        }
        assert_eq!(engine.stats().apdus, apdus);
        assert!(is_user(&engine, openpgp));
        bench.sign(&engine, openpgp, OPENPGP);
        assert_eq!(engine.stats().apdus, apdus + 1, "nothing was selected anew");
        engine.finish().unwrap();
        // Asked without a SELECT, which would take it back.
        assert_ne!(bench.shared.clone().process(&[0x00, 0x20, 0x00, 0x81]), [0x90, 0x00]);
        assert_eq!(verified_on(&bench), [0u8; 0]);
    }
}

/// Whether a login stays is asked when the other application is really used, not before.
#[test]
fn application_that_sends_nothing_asks_nothing_of_a_login_beside_it() {
    for manners in [Manners::Forgets, Manners::Remembers] {
        let bench = Bench::new(manners);
        let engine = bench.engine(false);
        let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
        log_in(&engine, openpgp).unwrap();
        let apdus = engine.stats().apdus;
        let refused = engine.login(piv, UserKind::User, Some(&Secret::from("123")));
        assert!(matches!(refused, Err(Error::PinLength { .. })), "{refused:?}");
        assert_eq!(engine.stats().apdus, apdus);
        assert!(is_user(&engine, openpgp));
        bench.sign(&engine, openpgp, OPENPGP);
        assert_eq!(engine.stats().apdus, apdus + 1);
        let before = engine.stats().apdus;
        log_in(&engine, piv).unwrap();
        println!("first use of the other application: {} APDUs", engine.stats().apdus - before);
        assert_eq!(is_user(&engine, openpgp), manners == Manners::Remembers, "{manners:?}");
        bench.sign(&engine, piv, PIV);
        engine.finish().unwrap();
        assert_eq!(verified_on(&bench), [0u8; 0]);
    }
}

/// What ends a login of the other application says so at once, whatever it was that selected.
#[test]
fn search_that_asks_the_card_tells_of_logins_that_are_lost() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, openpgp).unwrap();
    engine.find_all(piv, &Template::new()).unwrap();
    assert!(!is_user(&engine, openpgp));
    assert!(matches!(sign(&engine, openpgp), Err(Error::LoginLost)));
    log_in(&engine, piv).unwrap();
    log_in(&engine, openpgp).unwrap();
    assert!(!is_user(&engine, piv));
    bench.sign(&engine, openpgp, OPENPGP);
}

/// The signature PIN is good for one signature: that it is gone afterwards says nothing of what selecting does.
#[test]
fn spent_signature_pin_is_no_sign_that_the_card_forgets_logins() {
    let bench = Bench::new(Manners::Remembers);
    let mut card = bench.card();
    card.turn_to(OPENPGP);
    card.hold().unwrap();
    card.verify(&AuthId(vec![3]), &Secret::from(ADMIN_PIN)).unwrap();
    let once = Command::new(0x00, 0xDA, 0x00, 0xC4).data(&[0x00]);
    card.with(|_, channel| Ok(channel.call(&once)?)).unwrap();
    drop(card);
    let engine = bench.engine(false);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, openpgp).unwrap();
    let key = engine.find_all(openpgp, &Template::new().class(ObjectClass::PrivateKey)).unwrap()[0];
    engine.sign_init(openpgp, &MechanismCall::from(MechanismId::ECDSA_SHA256), key).unwrap();
    engine.login(openpgp, UserKind::ContextSpecific, Some(&Secret::from(PIN))).unwrap();
    engine.sign(openpgp, b"data", ANY_ROOM).unwrap();
    log_in(&engine, piv).unwrap();
    if !is_user(&engine, openpgp) {
        log_in(&engine, openpgp).unwrap();
    }
    assert!(is_user(&engine, piv), "the card keeps it");
    bench.sign(&engine, piv, PIV);
    engine.finish().unwrap();
    assert_eq!(verified_on(&bench), [0u8; 0]);
}

/// An application that somebody terminated answers SELECT with a warning: it is selected, and comes back.
#[test]
fn terminated_application_beside_another_one_is_activated_again() {
    for others in [false, true] {
        let bench = Bench::new(Manners::Forgets);
        let mut raw = bench.shared.clone();
        let select = [&[0x00, 0xA4, 0x04, 0x00, openpgp::AID.len() as u8], &openpgp::AID[..]].concat();
        let verify = [&[0x00, 0x20, 0x00, 0x83, 0x08], ADMIN_PIN.as_bytes()].concat();
        for command in [&select[..], &verify, &[0x00, 0xE6, 0x00, 0x00]] {
            assert!(raw.process(command).ends_with(&[0x90, 0x00]), "{command:02X?}");
        }
        let mut card = bench.card();
        assert_eq!(card.applications().unwrap(), 2);
        card.turn_to(OPENPGP);
        if others {
            assert!(card.read_token().unwrap().auths.is_empty());
            card.turn_to(PIV);
            card.read_token().unwrap();
            card.turn_to(OPENPGP);
        }
        card.erase().unwrap();
        assert!(!card.read_token().unwrap().auths.is_empty());
        card.verify(&AuthId(vec![2]), &Secret::from(PIN)).unwrap();
    }
}

/// A program that asks about every slot, as browsers do, does not end its own login by it.
#[test]
fn asking_about_the_other_application_leaves_the_login_alone() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false);
    let piv = open(&engine, PIV_SLOT);
    engine.pin_status(SlotId(SIGNATURE_SLOT)).unwrap();
    log_in(&engine, piv).unwrap();
    for _ in 0..2 {
        engine.refresh();
        for slot in engine.slots(true) {
            engine.slot_info(slot).unwrap();
            engine.token_info(slot).unwrap();
            let session = engine.open_session(slot, SessionMode::ReadOnly).unwrap();
            engine.find_all(session, &Template::new().class(ObjectClass::PublicKey)).unwrap();
            engine.close_session(session).unwrap();
        }
        assert!(is_user(&engine, piv));
        bench.sign(&engine, piv, PIV);
    }
}

#[test]
fn wrong_pin_of_one_application_leaves_the_other_application_alone() {
    let bench = Bench::new(Manners::Remembers);
    let engine = bench.engine(false);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, piv).unwrap();
    let wrong = engine.login(openpgp, UserKind::User, Some(&Secret::from("654321")));
    assert!(matches!(wrong, Err(Error::PinIncorrect { .. })), "{wrong:?}");
    assert!(is_user(&engine, piv));
    bench.sign(&engine, piv, PIV);
    let left = |slot| engine.pin_status(SlotId(slot)).unwrap().user.unwrap().tries_left;
    assert_eq!(left(SIGNATURE_SLOT), Some(2));
}

#[test]
fn officer_of_one_application_has_no_power_over_the_other() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false);
    for (slot, own, foreign) in
        [(PIV_SLOT, MANAGEMENT_KEY, ADMIN_PIN), (SIGNATURE_SLOT, ADMIN_PIN, MANAGEMENT_KEY)]
    {
        let session = open(&engine, slot);
        let user = UserKind::SecurityOfficer;
        assert!(engine.login(session, user, Some(&Secret::from(foreign))).is_err(), "slot {slot}");
        engine.login(session, user, Some(&Secret::from(own))).unwrap();
        engine.close_session(session).unwrap();
    }
    for (slot, place) in [(PIV_SLOT, "9a"), (SIGNATURE_SLOT, "sig")] {
        let abilities = engine.admin_abilities(SlotId(slot)).unwrap();
        assert!(abilities.key_places.iter().any(|known| known.name == place), "slot {slot}: {abilities:?}");
    }
}

/// A reader whose card is another one from some moment on.
#[derive(Clone)]
struct Exchange {
    cards: [Shared; 2],
    second: Arc<AtomicBool>,
}

impl Exchange {
    fn card(&self) -> &Shared {
        &self.cards[usize::from(self.second.load(SeqCst))]
    }
}

impl CardSource for Exchange {
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(VirtualCard::atr(self.card()))
    }

    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
        self.card().clone().open()
    }
}

#[test]
fn card_that_is_exchanged_takes_the_sessions_of_all_its_applications_along() {
    let bench = Bench::new(Manners::Forgets);
    let other = Shared::new(openpgp::card(7));
    let exchange = Exchange { cards: [bench.shared.clone(), other], second: Arc::default() };
    let source = Box::new(exchange.clone());
    let reader = SoftwareReader::new("both", Some(source), Duration::from_secs(5));
    let mut config = Config::default();
    config.cache.enabled = false;
    let engine = Engine::new(vec![Box::new(reader)], &config);
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    log_in(&engine, piv).unwrap();
    exchange.second.store(true, SeqCst);
    engine.refresh();
    for session in [piv, openpgp] {
        assert!(matches!(engine.session_info(session), Err(Error::SessionHandleInvalid)));
    }
    let names = |engine: &Engine| -> Vec<&str> {
        engine.readers()[0].applications.iter().map(|application| application.driver).collect()
    };
    assert_eq!(names(&engine), ["OpenPGP"]);
    let session = open(&engine, 1);
    log_in(&engine, session).unwrap();
    assert!(is_user(&engine, session));
    exchange.second.store(false, SeqCst);
    engine.refresh();
    assert_eq!(names(&engine), ["PIV", "OpenPGP"]);
    let session = open(&engine, PIV_SLOT);
    log_in(&engine, session).unwrap();
    bench.sign(&engine, session, PIV);
}

/// Another program resets the card before any one command: both logins come back where PINs may be kept, else they are lost
/// and said to be; and no try is spent.
#[test]
fn card_that_is_reset_at_any_command_keeps_or_loses_logins_and_spends_no_try() {
    let bench = Bench::new(Manners::Forgets);
    let work = |plan: &Plan, pin_cache: bool| {
        let mut config = Config::default();
        config.cache.enabled = false;
        config.pkcs11.pin_cache = pin_cache;
        let engine = Engine::new(vec![Box::new(FaultyReader::new(reader(&bench.shared), plan))], &config);
        let mut results = Vec::new();
        let sessions =
            [PIV_SLOT, SIGNATURE_SLOT].map(|slot| engine.open_session(SlotId(slot), SessionMode::ReadWrite));
        for session in sessions.iter().flatten() {
            results.push(log_in(&engine, *session).err());
        }
        for session in sessions.iter().flatten() {
            results.push(sign(&engine, *session).err());
        }
        results.into_iter().flatten().collect::<Vec<Error>>()
    };
    for pin_cache in [true, false] {
        let plan = Plan::never();
        work(&plan, pin_cache);
        for commands in 0..plan.commands() {
            let errors = work(&Plan::after(commands, Fault::CardReset), pin_cache);
            let wrong =
                |error: &&Error| matches!(error, Error::PinIncorrect { .. } | Error::PinLocked { .. });
            assert!(errors.iter().find(wrong).is_none(), "reset at {commands}: {errors:?}");
        }
    }
    let engine = bench.engine(false);
    for slot in [PIV_SLOT, SIGNATURE_SLOT] {
        assert_eq!(engine.pin_status(SlotId(slot)).unwrap().user.unwrap().tries_left, Some(3), "slot {slot}");
    }
}
