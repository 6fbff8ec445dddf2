//! A connected card: found by its driver, lost and found again, reset by others, held and let go.

use std::time::Duration;

use p11ctl::apdu::{ApduError, Stats};
use p11ctl::card::example::ExampleKind;
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::softcard::{self, Profile};
use p11ctl::token::KeyClass;
use p11ctl::transport::{Presence, TransportError};

use crate::faults::{Fault, FaultyReader, Plan};
use crate::support::{Bench, auth, key};

fn faulty(bench: &Bench, plan: &Plan) -> Card {
    let reader = softcard::reader("software", Some(bench.image()), Duration::from_secs(5));
    Card::new(Box::new(FaultyReader::new(reader, plan)), CardSettings::default(), bench.stats.clone())
}

#[test]
fn card_of_the_family_is_found_by_its_driver() {
    for (profile, model) in [(Profile::MyEid, "MyEID "), (Profile::OsEid, "OsEID ")] {
        let bench = Bench::blank(profile);
        let mut card = bench.card();
        assert_eq!(card.driver_name().unwrap(), "MyEID");
        let token = card.read_token().unwrap();
        assert!(token.info.model.starts_with(model), "{}", token.info.model);
        assert!(!token.info.initialized);
        assert_eq!(token.info.serial.len(), 20);
    }
}

#[test]
fn card_whose_driver_is_switched_off_is_unknown() {
    let bench = Bench::blank(Profile::MyEid);
    let reader = softcard::reader("software", Some(bench.image()), Duration::ZERO);
    let settings = CardSettings { drivers: Some(vec!["other".to_owned()]), ..CardSettings::default() };
    let mut card = Card::new(reader, settings, Stats::default());
    assert!(matches!(card.read_token(), Err(CardError::UnknownCard { atr }) if !atr.is_empty()));
}

#[test]
fn empty_reader_is_no_card() {
    let reader = softcard::reader("empty", None, Duration::ZERO);
    let mut card = Card::new(reader, CardSettings::default(), Stats::default());
    assert_eq!(card.presence().unwrap(), Presence::Empty);
    let error = card.read_token().unwrap_err();
    assert!(
        matches!(&error, CardError::Apdu(ApduError::Transport(TransportError::NoCard(name))) if name == "empty")
    );
    assert_eq!(card.insertion(), 0);
}

#[test]
fn card_is_not_touched_before_it_is_used() {
    let bench = Bench::blank(Profile::MyEid);
    let (mut card, apdus) = bench.cost(|| {
        let mut card = bench.card();
        assert!(matches!(card.presence().unwrap(), Presence::Card { .. }));
        card.finish().unwrap();
        card
    });
    assert_eq!((apdus, card.insertion(), card.is_connected()), (0, 0, false));
    card.read_token().unwrap();
    assert_eq!((card.insertion(), card.is_connected()), (1, true));
    card.disconnect().unwrap();
    card.read_token().unwrap();
    assert_eq!(card.insertion(), 2);
}

#[test]
fn reset_by_another_program_without_login_is_survived_at_every_command() {
    let bench = Bench::example(ExampleKind::Shared);
    let counted = Plan::never();
    let expected = faulty(&bench, &counted).read_token().unwrap();
    for after in 0..counted.commands() {
        let plan = Plan::after(after, Fault::CardReset);
        assert_eq!(faulty(&bench, &plan).read_token().unwrap(), expected, "after {after}");
    }
}

#[test]
fn reset_by_another_program_after_login_is_a_lost_login() {
    let bench = Bench::example(ExampleKind::Shared);
    let run = |plan: &Plan| {
        let mut card = faulty(&bench, plan);
        let token = card.read_token()?;
        let pin = auth(&token, "PIN 2");
        card.verify(&pin, &Secret::from("22222222"))?;
        let logged_in = plan.commands();
        let key = key(&token, "key 2", KeyClass::Private).object;
        let result = card.perform(&CardCall::EcdsaSign { key, digest: &[7; 32] });
        if result.is_err() {
            assert!(!card.is_verified(&pin));
            assert_eq!(card.read_token().unwrap(), token, "what is public can still be read");
            let again = card.perform(&CardCall::EcdsaSign { key, digest: &[7; 32] });
            assert!(matches!(again, Err(CardError::NotAuthenticated)), "{again:?}");
            card.verify(&pin, &Secret::from("22222222")).unwrap();
            card.perform(&CardCall::EcdsaSign { key, digest: &[7; 32] }).unwrap();
        }
        result.map(|_| logged_in)
    };
    let plan = Plan::never();
    let logged_in = run(&plan).unwrap();
    for after in logged_in..plan.commands() - 1 {
        let result = run(&Plan::after(after, Fault::CardReset));
        assert!(matches!(result, Err(CardError::LoginLost)), "after {after}: {result:?}");
    }
}

#[test]
fn pin_is_never_sent_twice_by_itself() {
    let bench = Bench::example(ExampleKind::Shared);
    let plan = Plan::never();
    let token = faulty(&bench, &plan).read_token().unwrap();
    let plan = Plan::after(plan.commands(), Fault::CardReset);
    let mut card = faulty(&bench, &plan);
    card.read_token().unwrap();
    let error = card.verify(&auth(&token, "PIN 2"), &Secret::from("00000000")).unwrap_err();
    assert!(
        matches!(error, CardError::Apdu(ApduError::Transport(TransportError::CardReset(_)))),
        "{error:?}"
    );
    assert_eq!(card.tries_left(&auth(&token, "PIN 2")).unwrap(), Some(3));
}

#[test]
fn held_card_is_kept_from_others_until_released() {
    let bench = Bench::blank(Profile::MyEid);
    let mut card = bench.card();
    card.read_token().unwrap();
    card.hold().unwrap();
    card.read_token().unwrap();
    let other = || {
        let reader = softcard::reader("other", Some(bench.image()), Duration::ZERO);
        Card::new(reader, CardSettings::default(), Stats::default()).read_token()
    };
    let busy = other();
    assert!(
        matches!(&busy, Err(CardError::Apdu(ApduError::Transport(TransportError::Busy { .. })))),
        "{busy:?}"
    );
    card.release().unwrap();
    other().unwrap();
    card.read_token().unwrap();
}

#[test]
fn pulled_card_is_forgotten_with_its_logins() {
    let bench = Bench::example(ExampleKind::Shared);
    let plan = Plan::never();
    faulty(&bench, &plan).read_token().unwrap();
    let plan = Plan::after(plan.commands() + 1, Fault::CardRemoved);
    let mut card = faulty(&bench, &plan);
    let token = card.read_token().unwrap();
    let pin = auth(&token, "PIN 2");
    card.verify(&pin, &Secret::from("22222222")).unwrap();
    let key = key(&token, "key 2", KeyClass::Private).object;
    let error = card.perform(&CardCall::EcdsaSign { key, digest: &[7; 32] }).unwrap_err();
    assert!(
        matches!(error, CardError::Apdu(ApduError::Transport(TransportError::CardRemoved(_)))),
        "{error:?}"
    );
    assert!(!card.is_connected() && !card.is_verified(&pin));
    card.finish().unwrap();
}
