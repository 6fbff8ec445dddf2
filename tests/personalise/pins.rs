//! PINs made, reset, changed and unblocked; cards formatted and erased; PINs given beside a login.

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, RsaPrivateKey};
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, Error, InitToken, KeySpec, MechanismCall, MechanismId, NewObject,
    NewUserPin, ObjectClass, SessionState, Unblocker, UserKind, Value,
};
use p11ctl::layout::SlotId;
use p11ctl::token::KeyAlgorithm;

use crate::desk::*;

#[test]
fn authorised_pin_opens_no_other_token_and_ends_with_the_login() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let (one, two) = (log_in(&engine, 0, PINS[0]), open(&engine, 1));
    engine.authorise(one, "PIN 2", &Secret::from(PINS[1])).unwrap();
    assert!(find(&engine, two, ObjectClass::PrivateKey).is_empty());
    assert!(find(&engine, one, ObjectClass::PrivateKey).len() == 1);
    let wrong = engine.authorise(one, "SO PIN", &Secret::from("12345678"));
    assert!(matches!(wrong, Err(Error::PinIncorrect { .. })), "{wrong:?}");
    assert_eq!(code(engine.authorise(one, "PIN 9", &Secret::from("12345678"))), "CKR_ARGUMENTS_BAD");
    assert_eq!(code(engine.authorise(one, "PIN 2", &Secret::default())), "CKR_PIN_LEN_RANGE");
    engine.authorise(one, "SO PIN", &Secret::from(SO_PIN)).unwrap();
    engine.logout(one).unwrap();
    engine.login(one, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    let shared = named(&engine, one, ObjectClass::Certificate, "issuing CA");
    assert!(matches!(engine.destroy_everywhere(one, shared), Err(Error::NeedsPin { .. })));
}

#[test]
fn officer_stores_for_everybody_and_resets_a_forgotten_pin() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = officer(&engine, 2);
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let new = NewObject::Certificate { der: certify(&key.public()), label: None, id: None };
    let certificate = engine.create_object(session, &new).unwrap();
    assert_eq!(engine.virtual_token(SlotId(2)).unwrap().view.certificates.len(), 4);
    engine.destroy_object(session, certificate).unwrap();
    assert_eq!(engine.virtual_token(SlotId(2)).unwrap().view.certificates.len(), 3);
    engine.close_session(session).unwrap();

    let session = officer(&engine, 1);
    let new = Secret::from("24682468");
    let reset = engine.init_pin(session, &new_pin(&new)).unwrap();
    assert_eq!((reset.slot, reset.created), (SlotId(1), false));
    engine.logout(session).unwrap();
    let old = engine.login(session, UserKind::User, Some(&Secret::from(PINS[1])));
    assert!(matches!(old, Err(Error::PinIncorrect { .. })), "{old:?}");
    engine.login(session, UserKind::User, Some(&new)).unwrap();
}

#[test]
fn pin_is_changed_by_its_holder_and_unblocked_by_puk_or_officer() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let (old, new, third) = (Secret::from(PINS[1]), Secret::from("13571357"), Secret::from("97539753"));
    engine.set_pin(session, &old, &new).unwrap();
    // Still logged in, on the card too.
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.sign_init(session, &MechanismCall::from(MechanismId::ECDSA_SHA256), key).unwrap();
    engine.sign(session, b"message", ANY_ROOM).unwrap();
    let wrong = engine.set_pin(session, &old, &third);
    assert!(matches!(wrong, Err(Error::PinIncorrect { tries_left: Some(2), .. })), "{wrong:?}");
    assert_eq!(code(engine.set_pin(session, &new, &Secret::from("1"))), "CKR_PIN_LEN_RANGE");
    engine.close_session(session).unwrap();

    let session = open(&engine, 1);
    for _ in 0..3 {
        assert!(engine.login(session, UserKind::User, Some(&third)).is_err());
    }
    assert_eq!(code(engine.login(session, UserKind::User, Some(&new))), "CKR_PIN_LOCKED");
    let bad = engine.unblock_pin(SlotId(1), Unblocker::Puk(&Secret::from("10101010")), &third);
    assert!(matches!(bad, Err(Error::PinIncorrect { .. })), "{bad:?}");
    engine.unblock_pin(SlotId(1), Unblocker::Puk(&Secret::from(PUK)), &third).unwrap();
    assert_eq!(engine.pin_status(SlotId(1)).unwrap().user.unwrap().tries_left, Some(3));
    engine.login(session, UserKind::User, Some(&third)).unwrap();
    engine.logout(session).unwrap();
    let officer = Secret::from(SO_PIN);
    engine.unblock_pin(SlotId(1), Unblocker::Officer(&officer), &new).unwrap();
    engine.login(session, UserKind::User, Some(&new)).unwrap();
    assert_eq!(
        code(engine.unblock_pin(SlotId(3), Unblocker::Officer(&officer), &new)),
        "CKR_USER_PIN_NOT_INITIALIZED"
    );
}

#[test]
fn blank_card_is_formatted_personalised_and_erased() {
    let desk = Desk::blank();
    let engine = desk.engine();
    let so_pin = Secret::from(SO_PIN);
    let puk = Secret::from(PUK);
    let init = InitToken { label: "mine", puk: Some(&puk), ..InitToken::default() };
    assert_eq!(code(engine.init_token(SlotId(0), &Secret::from("1"), &init)), "CKR_PIN_LEN_RANGE");
    engine.init_token(SlotId(0), &so_pin, &init).unwrap();
    assert_eq!(engine.slots(true).len(), 4);
    assert!(engine.virtual_token(SlotId(3)).unwrap().view.empty);

    // The empty token of slot 3 becomes that of the first PIN, in the first slot.
    let session = officer(&engine, 3);
    let pin = Secret::from(PIN_3);
    let bystander = open(&engine, 0);
    let made = engine.init_pin(session, &NewUserPin { label: Some("mine"), ..new_pin(&pin) }).unwrap();
    assert_eq!((made.slot, made.uri.token.as_deref()), (SlotId(0), Some("mine (mine)")));
    assert_eq!(code(engine.session_info(bystander)), "CKR_SESSION_HANDLE_INVALID");
    engine.logout(session).unwrap();
    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    let rsa = PrivateKey::from(RsaPrivateKey::generate(2048).unwrap());
    let spec = KeySpec::new(KeyAlgorithm::Rsa { modulus_bits: 0 }, "imported");
    engine.create_object(session, &NewObject::PrivateKey { key: rsa.clone(), spec }).unwrap();
    signs(&engine, session, &rsa.public());
    let aes = KeySpec::new(KeyAlgorithm::Aes { key_bits: 256 }, "wrapper");
    let secret = engine.generate_key(session, &aes).unwrap();
    assert_eq!(engine.attribute(session, secret, A::VALUE_LEN).unwrap(), Value::Number(32));
    let ids: std::collections::HashSet<_> = find(&engine, session, ObjectClass::PrivateKey)
        .into_iter()
        .chain([secret])
        .map(|key| engine.attribute(session, key, A::ID).unwrap())
        .collect();
    assert_eq!(ids.len(), 2, "two keys, two identifiers");
    engine.repair(session).unwrap();

    assert_eq!(code(engine.init_token(SlotId(1), &so_pin, &init)), "CKR_SESSION_EXISTS");
    engine.close_session(session).unwrap();
    let wrong = engine.erase_token(SlotId(0), &Secret::from("77777777"));
    assert!(matches!(wrong, Err(Error::PinIncorrect { .. })), "{wrong:?}");
    assert!(!engine.virtual_token(SlotId(0)).unwrap().view.empty);
    engine.erase_token(SlotId(0), &so_pin).unwrap();
    assert!(!engine.virtual_token(SlotId(0)).unwrap().card.info.initialized);
    engine.init_token(SlotId(0), &Secret::from("44444444"), &InitToken { puk: None, ..init }).unwrap();
    assert!(engine.virtual_token(SlotId(0)).unwrap().card.info.initialized);
}

#[test]
fn new_pin_moves_tokens_and_no_login_passes_to_another_pin() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let user = log_in(&engine, 0, PINS[0]);
    let (left_overs, empty) = (officer(&engine, 2), officer(&engine, 3));
    let pin = Secret::from(PIN_3);
    engine.init_pin(empty, &new_pin(&pin)).unwrap();
    let state = |session| engine.session_info(session).unwrap();
    assert_eq!((state(user).slot, state(user).state), (SlotId(0), SessionState::ReadWriteUser));
    for (session, slot) in [(left_overs, 3), (empty, 2)] {
        assert_eq!(state(session).slot, SlotId(slot));
        assert_eq!(state(session).state, SessionState::ReadWriteSecurityOfficer);
    }
    // The officer's login on the new token is no user's.
    engine.logout(empty).unwrap();
    let fresh = open(&engine, 2);
    assert_eq!(state(fresh).state, SessionState::ReadWritePublic);
    engine.login(fresh, UserKind::User, Some(&pin)).unwrap();
    assert_eq!(state(empty).state, SessionState::ReadWriteUser);
    assert_eq!(state(left_overs).state, SessionState::ReadWriteSecurityOfficer);
    engine.close_all_sessions(SlotId(3)).unwrap();
    assert_eq!(state(fresh).state, SessionState::ReadWriteUser);
}

#[test]
fn empty_token_whose_slot_another_pin_takes_ends_with_its_sessions_and_logins() {
    let desk = Desk::blank();
    let engine = desk.engine();
    let (so_pin, pin) = (Secret::from(SO_PIN), Secret::from(PIN_3));
    let init = InitToken { label: "mine", ..InitToken::default() };
    engine.init_token(SlotId(0), &so_pin, &init).unwrap();
    let (first, last) = (officer(&engine, 0), officer(&engine, 3));
    let other = open(&engine, 1);
    engine.init_pin(last, &new_pin(&pin)).unwrap();
    assert_eq!(engine.session_info(last).unwrap().slot, SlotId(0));
    assert_eq!(code(engine.session_info(first)), "CKR_SESSION_HANDLE_INVALID");
    assert_eq!(engine.session_info(other).unwrap().slot, SlotId(1));
    engine.close_session(last).unwrap();
    let fresh = open(&engine, 0);
    assert_eq!(engine.session_info(fresh).unwrap().state, SessionState::ReadWritePublic);
    engine.login(fresh, UserKind::User, Some(&pin)).unwrap();
}

#[test]
fn another_program_that_was_first_is_told_and_nothing_is_done_twice() {
    let desk = Desk::new(ExampleKind::Separate);
    let (one, two) = (desk.engine(), desk.engine());
    let pin = Secret::from(PIN_3);
    let late = open(&one, 3);
    let session = officer(&two, 3);
    two.init_pin(session, &new_pin(&pin)).unwrap();
    two.close_session(session).unwrap();
    let held = one.exclusive(late).map(drop);
    assert!(matches!(held, Err(Error::CardChanged { .. })), "{held:?}");
    let pins = two.virtual_token(SlotId(2)).unwrap().card.auths.len();
    // What the security officer would lose is not what was looked at: nothing is lost.
    one.virtual_token(SlotId(0)).unwrap();
    let other = log_in(&two, 2, PIN_3);
    two.generate_key_pair(other, &p256("key 3")).unwrap();
    let init = InitToken { label: "new", ..InitToken::default() };
    let formatted = one.init_token(SlotId(0), &Secret::from(SO_PIN), &init);
    assert!(matches!(formatted, Err(Error::CardChanged { .. })), "{formatted:?}");
    assert_eq!(two.virtual_token(SlotId(2)).unwrap().card.auths.len(), pins);
    // Looked at again it is what is lost.
    drop(two);
    one.virtual_token(SlotId(0)).unwrap();
    one.init_token(SlotId(0), &Secret::from(SO_PIN), &init).unwrap();
}
