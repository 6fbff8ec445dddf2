//! PINs: tries, wrong ones, two at once, and that none outlives its user.

use p11ctl::card::example::ExampleKind;
use p11ctl::card::{Card, CardCall, CardError, CardSettings, Tries};
use p11ctl::codec::Secret;
use p11ctl::config::AfterLogin;
use p11ctl::token::{KeyClass, Token};

use crate::support::{Bench, auth, key};

fn opened(kind: ExampleKind) -> (Bench, Card, Token) {
    let bench = Bench::example(kind);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    (bench, card, token)
}

/// Signs with key 2.
fn sign(card: &mut Card, token: &Token) -> Result<Secret, CardError> {
    let key = key(token, "key 2", KeyClass::Private).object;
    card.perform(&CardCall::EcdsaSign { key, digest: &[7; 32] })
}

#[test]
fn tries_are_told_and_asking_spends_none() {
    let (_bench, mut card, token) = opened(ExampleKind::Shared);
    for label in ["PIN 1", "PIN 2", "SO PIN"] {
        for _ in 0..5 {
            assert_eq!(
                card.tries(&auth(&token, label)).unwrap(),
                Tries { left: Some(3), max: Some(3) },
                "{label}"
            );
        }
    }
}

#[test]
fn verify_wrong_pin_tells_the_tries_left_until_blocked() {
    let (_bench, mut card, token) = opened(ExampleKind::Shared);
    let pin = auth(&token, "PIN 1");
    for left in [2, 1] {
        let error = card.verify(&pin, &Secret::from("00000000")).unwrap_err();
        assert!(
            matches!(error, CardError::PinIncorrect { tries_left: Some(said), .. } if said == left),
            "{error:?}"
        );
        assert_eq!(card.tries_left(&pin).unwrap(), Some(left));
    }
    card.verify(&pin, &Secret::from("00000000")).unwrap_err();
    assert!(matches!(card.verify(&pin, &Secret::from("11111111")), Err(CardError::PinBlocked { .. })));
    assert_eq!(card.tries_left(&pin).unwrap(), Some(0));
    assert_eq!(card.tries_left(&auth(&token, "PIN 2")).unwrap(), Some(3), "the other PIN is unharmed");
}

#[test]
fn verify_right_pin_gives_all_tries_back() {
    let (_bench, mut card, token) = opened(ExampleKind::Shared);
    let pin = auth(&token, "PIN 1");
    card.verify(&pin, &Secret::from("00000000")).unwrap_err();
    card.verify(&pin, &Secret::from("11111111")).unwrap();
    assert_eq!(card.tries_left(&pin).unwrap(), Some(3), "told although it is verified");
}

#[test]
fn verify_pin_outside_the_limits_is_never_sent() {
    let (bench, mut card, token) = opened(ExampleKind::Shared);
    for pin in ["", "1", "123", "123456789"] {
        let (error, apdus) =
            bench.cost(|| card.verify(&auth(&token, "PIN 1"), &Secret::from(pin)).unwrap_err());
        assert!(matches!(error, CardError::PinLength { min: 4, max: 8 }), "{error:?}");
        assert_eq!(apdus, 0, "{pin:?}");
    }
    assert_eq!(card.tries_left(&auth(&token, "PIN 1")).unwrap(), Some(3));
}

#[test]
fn two_pins_are_verified_at_once_and_taken_back_apart() {
    let (_bench, mut card, token) = opened(ExampleKind::Shared);
    let (one, two) = (auth(&token, "PIN 1"), auth(&token, "PIN 2"));
    card.verify(&one, &Secret::from("11111111")).unwrap();
    card.verify(&two, &Secret::from("22222222")).unwrap();
    sign(&mut card, &token).unwrap();
    card.log_out(&one).unwrap();
    assert!(!card.is_verified(&one) && card.is_verified(&two));
    sign(&mut card, &token).unwrap();
    card.log_out(&two).unwrap();
    assert!(matches!(sign(&mut card, &token), Err(CardError::NotAuthenticated)));
}

#[test]
fn wrong_pin_takes_an_earlier_verification_back() {
    let (_bench, mut card, token) = opened(ExampleKind::Shared);
    let two = auth(&token, "PIN 2");
    card.verify(&two, &Secret::from("22222222")).unwrap();
    card.verify(&two, &Secret::from("00000000")).unwrap_err();
    assert!(!card.is_verified(&two));
}

/// The same card image seen by another user of it, after the first one is gone.
fn inherits(after_login: AfterLogin, explicit: bool) -> bool {
    let bench = Bench::example(ExampleKind::Shared);
    let shared = bench.shared_reader();
    let settings = CardSettings { after_login, ..CardSettings::default() };
    let mut first = Card::new(shared.reader(), settings, bench.stats.clone());
    let token = first.read_token().unwrap();
    let two = auth(&token, "PIN 2");
    first.verify(&two, &Secret::from("22222222")).unwrap();
    sign(&mut first, &token).unwrap();
    if explicit {
        first.finish().unwrap();
    }
    drop(first);
    let mut second = Card::new(shared.reader(), CardSettings::default(), bench.stats.clone());
    let token = second.read_token().unwrap();
    sign(&mut second, &token).is_ok()
}

#[test]
fn login_outlives_its_user_only_when_the_configuration_says_so() {
    for explicit in [true, false] {
        assert!(!inherits(AfterLogin::Deauthenticate, explicit));
        assert!(!inherits(AfterLogin::Reset, explicit));
        assert!(inherits(AfterLogin::Leave, explicit), "the test sees inherited logins");
    }
}

#[test]
fn security_officer_leaves_no_power_behind() {
    let (_bench, mut card, token) = opened(ExampleKind::Shared);
    let officer = auth(&token, "SO PIN");
    card.verify(&officer, &Secret::from("00000000")).unwrap();
    card.log_out(&officer).unwrap();
    // CHANGE REFERENCE DATA without the old PIN: what an administrator may do.
    let command = p11ctl::apdu::Command::new(0x00, 0x24, 0x00, 0x01).secret(Secret::from("33333333"));
    let status = card.with(|_, channel| Ok(channel.send(&command)?.status)).unwrap();
    assert!(!status.is_ok(), "{status}");
    card.verify(&auth(&token, "PIN 1"), &Secret::from("11111111")).unwrap();
}
