//! Sessions and login states.

use super::*;
use SessionState as S;

fn state(engine: &Engine, session: SessionHandle) -> SessionState {
    engine.session_info(session).unwrap().state
}

// I.30
#[test]
fn login_is_per_token_over_all_its_sessions() {
    let engine = engine(&[&Puppet::founding("A")]);
    let (reading, other) = (open(&engine, 0), open(&engine, 1));
    let writing = logged_in(&engine, 0, PIN_1);
    assert_eq!(state(&engine, reading), S::ReadOnlyUser);
    assert_eq!(state(&engine, writing), S::ReadWriteUser);
    assert_eq!(state(&engine, other), S::ReadOnlyPublic);
    engine.logout(reading).unwrap();
    assert_eq!(state(&engine, writing), S::ReadWritePublic);
}

// I.35
#[test]
fn login_to_two_tokens_of_one_card_stands_at_once_and_ends_apart() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let (first, second) = (logged_in(&engine, 0, PIN_1), logged_in(&engine, 1, PIN_2));
    assert_eq!(puppet.strings().verified.len(), 2);
    let wrong = engine.login(open(&engine, 0), UserKind::User, Some(&Secret::from("00000")));
    assert_eq!(code(wrong), "CKR_USER_ALREADY_LOGGED_IN");
    engine.logout(first).unwrap();
    assert_eq!(state(&engine, second), S::ReadWriteUser);
    let wrong = engine.login(first, UserKind::User, Some(&Secret::from("00000")));
    assert_eq!(code(wrong), "CKR_PIN_INCORRECT");
    assert_eq!(state(&engine, second), S::ReadWriteUser);
    assert_eq!(puppet.strings().verified.len(), 1);
}

// I.31
#[test]
fn close_last_session_logs_out_on_the_card_too() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let (first, second) = (logged_in(&engine, 0, PIN_1), open(&engine, 0));
    engine.close_session(first).unwrap();
    assert_eq!(state(&engine, second), S::ReadOnlyUser);
    engine.close_session(second).unwrap();
    assert!(puppet.strings().verified.is_empty());
    assert_eq!(state(&engine, open(&engine, 0)), S::ReadOnlyPublic);
    assert_eq!(code(engine.session_info(first)), "CKR_SESSION_HANDLE_INVALID");
    assert_eq!(code(engine.close_session(second)), "CKR_SESSION_HANDLE_INVALID");
}

// I.32
#[test]
fn close_all_sessions_closes_all_of_the_slot_and_no_other() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let sessions: Vec<_> = (0..4).map(|_| open(&engine, 0)).collect();
    let last = logged_in(&engine, 0, PIN_1);
    let other = open(&engine, 1);
    engine.close_all_sessions(SlotId(0)).unwrap();
    for session in sessions.into_iter().chain([last]) {
        assert_eq!(code(engine.session_info(session)), "CKR_SESSION_HANDLE_INVALID");
    }
    assert!(puppet.strings().verified.is_empty());
    assert_eq!(state(&engine, other), S::ReadOnlyPublic);
    assert_eq!(code(engine.close_all_sessions(SlotId(77))), "CKR_SLOT_ID_INVALID");
}

// I.33
#[test]
fn security_officer_and_read_only_sessions_exclude_each_other() {
    let engine = engine(&[&Puppet::founding("A")]);
    let so_pin = Secret::from(SO_PIN);
    let writing = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    let reading = open(&engine, 0);
    let refused = engine.login(writing, UserKind::SecurityOfficer, Some(&so_pin));
    assert_eq!(code(refused), "CKR_SESSION_READ_ONLY_EXISTS");
    engine.close_session(reading).unwrap();
    engine.login(writing, UserKind::SecurityOfficer, Some(&so_pin)).unwrap();
    assert_eq!(state(&engine, writing), S::ReadWriteSecurityOfficer);
    let refused = engine.open_session(SlotId(0), SessionMode::ReadOnly);
    assert_eq!(code(refused), "CKR_SESSION_READ_WRITE_SO_EXISTS");
}

// I.34
#[test]
fn second_login_is_refused_by_kind() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = logged_in(&engine, 0, PIN_1);
    let again = engine.login(session, UserKind::User, Some(&Secret::from(PIN_1)));
    assert_eq!(code(again), "CKR_USER_ALREADY_LOGGED_IN");
    let other = engine.login(session, UserKind::SecurityOfficer, Some(&Secret::from(SO_PIN)));
    assert_eq!(code(other), "CKR_USER_ANOTHER_ALREADY_LOGGED_IN");
    engine.logout(session).unwrap();
    assert_eq!(code(engine.logout(session)), "CKR_USER_NOT_LOGGED_IN");
}

// I.39
#[test]
fn empty_pin_is_never_sent() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = open(&engine, 0);
    puppet.calls();
    let error = engine.login(session, UserKind::User, Some(&Secret::from(""))).unwrap_err();
    assert!(matches!(error, Error::PinLength { min: 4, max: 8 }));
    assert_eq!(code(engine.login(session, UserKind::User, None)), "CKR_ARGUMENTS_BAD");
    assert!(puppet.calls().is_empty());
}

#[test]
fn login_to_a_token_without_pin_is_refused_without_the_card() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    for slot in [2, 3] {
        let session = open(&engine, slot);
        puppet.calls();
        let refused = engine.login(session, UserKind::User, Some(&Secret::from(PIN_1)));
        assert_eq!(code(refused), "CKR_USER_PIN_NOT_INITIALIZED");
        assert!(puppet.calls().is_empty());
    }
}

#[test]
fn security_officer_of_two_slots_stays_on_the_card_until_the_last_logout() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let so_pin = Secret::from(SO_PIN);
    let sessions: Vec<_> = [0, 3]
        .into_iter()
        .map(|slot| {
            let session = engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap();
            engine.login(session, UserKind::SecurityOfficer, Some(&so_pin)).unwrap();
            session
        })
        .collect();
    engine.logout(sessions[0]).unwrap();
    assert_eq!(puppet.strings().verified.len(), 1);
    assert_eq!(state(&engine, sessions[1]), S::ReadWriteSecurityOfficer);
    engine.logout(sessions[1]).unwrap();
    assert!(puppet.strings().verified.is_empty());
}

#[test]
fn card_that_cannot_deauthenticate_is_reset_after_the_last_login() {
    let puppet = Puppet::founding("A");
    puppet.strings().cannot_deauthenticate = true;
    let engine = engine(&[&puppet]);
    let (first, second) = (logged_in(&engine, 0, PIN_1), logged_in(&engine, 1, PIN_2));
    engine.logout(first).unwrap();
    assert_eq!(state(&engine, second), S::ReadWriteUser);
    engine.logout(second).unwrap();
    assert!(puppet.strings().verified.is_empty());
    assert!(puppet.calls().contains(&"reset".to_owned()));
}

#[test]
fn dropped_engine_leaves_no_login_behind() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    logged_in(&engine, 0, PIN_1);
    logged_in(&engine, 1, PIN_2);
    drop(engine);
    assert!(puppet.strings().verified.is_empty());
}

#[test]
fn finish_ends_logins_and_sessions() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    engine.finish().unwrap();
    assert!(puppet.strings().verified.is_empty());
    assert_eq!(code(engine.session_info(session)), "CKR_SESSION_HANDLE_INVALID");
}

#[test]
fn reset_by_another_program_ends_logins_and_is_said() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let (first, second) = (logged_in(&engine, 0, PIN_1), logged_in(&engine, 1, PIN_2));
    let keys = [first, second].map(|session| only(&engine, session, ObjectClass::PrivateKey));
    engine.sign_init(first, &MechanismId::SHA256_RSA_PKCS.into(), keys[0]).unwrap();
    puppet.strings().reset = true;
    assert!(matches!(engine.sign(first, b"data", ANY_ROOM), Err(Error::LoginLost)));
    for (session, key) in [first, second].into_iter().zip(keys) {
        assert_eq!(state(&engine, session), S::ReadWritePublic);
        let refused = engine.sign_init(session, &MechanismId::ECDSA.into(), key);
        assert!(matches!(refused, Err(Error::LoginLost)), "{refused:?}");
    }
    // A new login makes everything good, with the old handles.
    engine.login(second, UserKind::User, Some(&Secret::from(PIN_2))).unwrap();
    engine.sign_init(second, &MechanismId::ECDSA.into(), keys[1]).unwrap();
    assert_eq!(engine.sign(second, &[7; 32], ANY_ROOM).unwrap().len(), 64);
}

// I.36, A.9#12
#[test]
fn card_pulled_ends_its_sessions_for_good_and_no_others() {
    let (pulled, stays) = (Puppet::founding("A"), Puppet::founding("B"));
    let engine = engine(&[&pulled, &stays]);
    let (first, second) = (logged_in(&engine, 0, PIN_1), logged_in(&engine, 4, PIN_1));
    let key = only(&engine, first, ObjectClass::PrivateKey);
    engine.sign_init(first, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    pulled.strings().present = false;
    assert_eq!(code(engine.sign(first, b"data", ANY_ROOM)), "CKR_DEVICE_REMOVED");
    assert_eq!(code(engine.session_info(first)), "CKR_SESSION_HANDLE_INVALID");
    let data = super::session_objects::data("of a card that is gone");
    assert_eq!(code(engine.create(first, &data)), "CKR_SESSION_HANDLE_INVALID");
    assert_eq!(code(engine.token_info(SlotId(0))), "CKR_TOKEN_NOT_PRESENT");
    pulled.strings().present = true;
    pulled.exchange();
    assert_eq!(code(engine.session_info(first)), "CKR_SESSION_HANDLE_INVALID");
    let again = open(&engine, 0);
    assert_eq!(state(&engine, again), S::ReadOnlyPublic);
    assert_eq!(code(engine.attribute(again, key, AttributeType::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    assert_eq!(state(&engine, second), S::ReadWriteUser);
}

#[test]
fn card_exchanged_unseen_is_not_taken_for_the_old_one() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    puppet.exchange();
    puppet.calls();
    engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    assert_eq!(code(engine.sign(session, b"data", ANY_ROOM)), "CKR_DEVICE_REMOVED");
    assert!(puppet.calls().is_empty());
}

// I.38
#[test]
fn key_that_always_asks_takes_the_login_once_and_then_the_pin() {
    let puppet = Puppet::founding("A");
    puppet.strings().token.keys[0].always_authenticate = true;
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    let pin = Secret::from(PIN_1);
    let early = engine.login(session, UserKind::ContextSpecific, Some(&pin));
    assert_eq!(code(early), "CKR_OPERATION_NOT_INITIALIZED");
    let begin = || engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    begin();
    engine.sign(session, b"first", ANY_ROOM).unwrap();
    begin();
    assert_eq!(code(engine.sign(session, b"second", ANY_ROOM)), "CKR_USER_NOT_LOGGED_IN");
    begin();
    let wrong = engine.login(session, UserKind::ContextSpecific, Some(&Secret::from("99999")));
    assert_eq!(code(wrong), "CKR_PIN_INCORRECT");
    assert_eq!(state(&engine, session), S::ReadWriteUser);
    engine.login(session, UserKind::ContextSpecific, Some(&pin)).unwrap();
    engine.sign(session, b"third", ANY_ROOM).unwrap();
    begin();
    assert_eq!(code(engine.sign(session, b"fourth", ANY_ROOM)), "CKR_USER_NOT_LOGGED_IN");
}

// I.38
#[test]
fn key_that_always_asks_asks_again_for_each_message() {
    let puppet = Puppet::founding("A");
    puppet.strings().token.keys[0].always_authenticate = true;
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    let consent = || engine.login(session, UserKind::ContextSpecific, Some(&Secret::from(PIN_1))).unwrap();
    let sign = |message: &[u8]| engine.sign_message(session, message, ANY_ROOM);
    engine.message_sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    sign(b"by the login itself").unwrap();
    assert_eq!(code(sign(b"second")), "CKR_USER_NOT_LOGGED_IN");
    consent();
    sign(b"second").unwrap();
    assert_eq!(code(sign(b"third")), "CKR_USER_NOT_LOGGED_IN");
    engine.sign_message_begin(session).unwrap();
    engine.sign_message_next(session, b"a message ").unwrap();
    consent();
    engine.sign_message_end(session, b"in parts", ANY_ROOM).unwrap();
    assert_eq!(code(sign(b"fourth")), "CKR_USER_NOT_LOGGED_IN");
    engine.logout(session).unwrap();
    assert_eq!(code(sign(b"after the logout")), "CKR_USER_NOT_LOGGED_IN");
    engine.message_sign_final(session).unwrap();
}

#[test]
fn logout_in_the_middle_of_an_operation_ends_the_right_to_the_key() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    engine.logout(session).unwrap();
    puppet.calls();
    assert_eq!(code(engine.sign(session, b"data", ANY_ROOM)), "CKR_USER_NOT_LOGGED_IN");
    assert!(puppet.calls().is_empty());
}
