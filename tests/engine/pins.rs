//! PINs: which count, which are not sent, and how long a login lasts.

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::engine::{
    Engine, Error, MechanismId, ObjectClass, PinState, SessionMode, SessionState, UserKind,
};
use p11ctl::layout::SlotId;

use super::desk::{Desk, PINS, SO_PIN, find, log_in, sign};

// I.23, I.35
#[test]
fn wrong_pin_counts_on_its_own_token_only() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let other = log_in(&engine, 1, PINS[1]);
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    let wrong = || engine.login(session, UserKind::User, Some(&Secret::from("99999999"))).unwrap_err();
    let state = |slot| engine.token_info(SlotId(slot)).unwrap().flags.user_pin;
    assert_eq!(state(0), PinState::Fine);
    assert!(matches!(wrong(), Error::PinIncorrect { tries_left: Some(2), .. }));
    assert_eq!((state(0), state(1)), (PinState::CountLow, PinState::Fine));
    assert!(matches!(wrong(), Error::PinIncorrect { tries_left: Some(1), .. }));
    assert_eq!(state(0), PinState::FinalTry);
    assert_eq!(engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left, Some(1));
    assert_eq!(engine.session_info(other).unwrap().state, SessionState::ReadWriteUser);
    assert_eq!(sign(&engine, other, MechanismId::ECDSA_SHA256, b"still").len(), 64);
    wrong();
    assert_eq!(state(0), PinState::Locked);
    assert_eq!(wrong().code(), "CKR_PIN_LOCKED");
}

// I.39
#[test]
fn empty_and_short_pins_are_not_sent() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    let sent = engine.stats().apdus;
    for pin in ["", "123"] {
        let refused = engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap_err();
        assert_eq!(refused.code(), "CKR_PIN_LEN_RANGE");
    }
    assert_eq!(engine.stats().apdus, sent);
    assert_eq!(engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left, Some(3));
}

#[test]
fn security_officer_logs_in_and_sees_nothing_private() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    engine.login(session, UserKind::SecurityOfficer, Some(&Secret::from(SO_PIN))).unwrap();
    assert_eq!(engine.session_info(session).unwrap().state, SessionState::ReadWriteSecurityOfficer);
    assert!(find(&engine, session, ObjectClass::PrivateKey).is_empty());
    engine.logout(session).unwrap();
}

// I.31, I.44
#[test]
fn no_login_outlives_its_session_or_its_engine() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.logout(session).unwrap();
    let refused = engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap_err();
    assert_eq!(refused.code(), "CKR_KEY_HANDLE_INVALID");
    for end in [Engine::finish as fn(&Engine) -> _, |_| Ok(())] {
        let engine = desk.first();
        log_in(&engine, 0, PINS[0]);
        end(&engine).unwrap();
        drop(engine);
        let next = desk.first();
        let session = next.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
        assert_eq!(next.session_info(session).unwrap().state, SessionState::ReadOnlyPublic);
        assert!(find(&next, session, ObjectClass::PrivateKey).is_empty());
    }
}
