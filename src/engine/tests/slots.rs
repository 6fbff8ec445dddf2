//! Readers, slots, tokens, counters.

use super::*;

#[test]
fn new_engine_touches_no_card() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    assert_eq!(engine.slots(false), (0..4).map(SlotId).collect::<Vec<_>>());
    drop(engine);
    assert!(puppet.calls().is_empty());
}

#[test]
fn founding_card_in_the_second_reader_fills_slots_4_to_7() {
    let (empty, puppet) = (Puppet::empty("A"), Puppet::founding("B"));
    let engine = engine(&[&empty, &puppet]);
    assert_eq!(engine.slots(true), (4..8).map(SlotId).collect::<Vec<_>>());
    let labels: Vec<_> = (4..8).map(|slot| engine.token_info(SlotId(slot)).unwrap().label).collect();
    assert_eq!(labels, ["Example (PIN 1)", "Example (PIN 2)", "Example", "Example"]);
    let views: Vec<_> = (4..8).map(|slot| engine.virtual_token(SlotId(slot)).unwrap().view).collect();
    assert_eq!(views.iter().map(|view| view.certificates.len()).collect::<Vec<_>>(), [3, 3, 3, 0]);
    assert_eq!(views.iter().map(|view| view.empty).collect::<Vec<_>>(), [false, false, false, true]);
}

#[test]
fn slot_of_one_reader_leaves_other_cards_alone() {
    let (first, second) = (Puppet::founding("A"), Puppet::founding("B"));
    let engine = engine(&[&first, &second]);
    engine.token_info(SlotId(4)).unwrap();
    assert!(first.calls().is_empty());
    assert_eq!(second.calls().first().map(String::as_str), Some("read token"));
}

#[test]
fn listing_reads_directories_once_and_no_certificate() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    engine.slots(true);
    engine.readers();
    for slot in engine.slots(true) {
        engine.token_info(slot).unwrap();
        engine.pin_status(slot).unwrap();
    }
    assert_eq!(puppet.calls(), ["read token", "tries 01", "tries 03", "tries 02"]);
}

// I.17
#[test]
fn slot_without_token_has_slot_info_and_no_token_info() {
    let engine = engine(&[&Puppet::empty("A")]);
    let info = engine.slot_info(SlotId(0)).unwrap();
    assert!(!info.token_present);
    assert_eq!(info.description, "A");
    assert_eq!(code(engine.token_info(SlotId(0))), "CKR_TOKEN_NOT_PRESENT");
    assert_eq!(code(engine.open_session(SlotId(0), SessionMode::ReadOnly)), "CKR_TOKEN_NOT_PRESENT");
    assert_eq!(code(engine.slot_info(SlotId(4))), "CKR_SLOT_ID_INVALID");
}

// I.19, I.20
#[test]
fn slot_info_works_first_and_is_the_same_for_all_slots_of_a_reader() {
    let puppet = Puppet::founding("Reader 0");
    let engine = engine(&[&puppet]);
    for slot in 0..4 {
        let info = engine.slot_info(SlotId(slot)).unwrap();
        assert_eq!(info.description, "Reader 0");
        assert!(info.token_present && info.removable && !info.hardware);
    }
}

#[test]
fn hidden_empty_token_leaves_its_slot() {
    let puppet = Puppet::founding("A");
    let policy = Policy { hide_empty_tokens: true, ..Policy::default() };
    let engine = engine_with(&[&puppet], policy);
    assert_eq!(engine.slots(true).len(), 3);
    assert_eq!(engine.slots(false).len(), 4);
    assert!(!engine.slot_info(SlotId(3)).unwrap().token_present);
    assert_eq!(code(engine.open_session(SlotId(3), SessionMode::ReadOnly)), "CKR_TOKEN_NOT_PRESENT");
}

#[test]
fn token_flags_are_those_of_the_virtual_token() {
    let engine = engine(&[&Puppet::founding("A")]);
    let names = |slot| engine.token_info(SlotId(slot)).unwrap().flags.names();
    assert_eq!(names(0), ["RNG", "LOGIN_REQUIRED", "USER_PIN_INITIALIZED", "TOKEN_INITIALIZED"]);
    // I.24: an empty token asks for no login.
    assert_eq!(names(3), ["RNG", "TOKEN_INITIALIZED"]);
    let info = engine.token_info(SlotId(0)).unwrap();
    assert_eq!(info.pin_len, (4, 8));
    assert_eq!(info.serial, "123456789ABCDEFA");
    assert_eq!(engine.token_info(SlotId(2)).unwrap().pin_len, (0, 0));
}

#[test]
fn token_info_counts_sessions() {
    let engine = engine(&[&Puppet::founding("A")]);
    open(&engine, 0);
    engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    open(&engine, 1);
    assert_eq!(engine.token_info(SlotId(0)).unwrap().sessions, (2, 1));
    assert_eq!(engine.token_info(SlotId(1)).unwrap().sessions, (1, 0));
}

// I.23
#[test]
fn pin_flags_follow_each_failure_and_are_cleared_by_success() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = open(&engine, 0);
    let state = || engine.token_info(SlotId(0)).unwrap().flags.user_pin;
    let wrong = || engine.login(session, UserKind::User, Some(&Secret::from("99999999")));
    assert_eq!(state(), PinState::Fine);
    assert!(matches!(wrong(), Err(Error::PinIncorrect { tries_left: Some(2), .. })));
    assert_eq!(state(), PinState::CountLow);
    wrong().unwrap_err();
    assert_eq!(state(), PinState::FinalTry);
    engine.login(session, UserKind::User, Some(&Secret::from(PIN_1))).unwrap();
    assert_eq!(state(), PinState::Fine);
    engine.logout(session).unwrap();
    for _ in 0..3 {
        wrong().unwrap_err();
    }
    assert_eq!(state(), PinState::Locked);
    assert_eq!(code(wrong()), "CKR_PIN_LOCKED");
    // The other token's PIN is as it was.
    assert_eq!(engine.token_info(SlotId(1)).unwrap().flags.user_pin, PinState::Fine);
}

#[test]
fn pin_counter_that_the_card_does_not_tell_is_unknown_until_a_wrong_pin() {
    let puppet = Puppet::founding("A");
    puppet.strings().tells_tries = false;
    let engine = engine(&[&puppet]);
    let left = || engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left;
    assert_eq!(left(), None);
    let session = open(&engine, 0);
    engine.login(session, UserKind::User, Some(&Secret::from("99999999"))).unwrap_err();
    assert_eq!(left(), Some(2));
}

#[test]
fn pin_counter_is_asked_again_after_refresh() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    engine.token_info(SlotId(0)).unwrap();
    puppet.strings().pins.get_mut(&crate::token::AuthId(vec![1])).unwrap().left = 1;
    engine.refresh();
    assert_eq!(engine.token_info(SlotId(0)).unwrap().flags.user_pin, PinState::FinalTry);
}

#[test]
fn card_inserted_later_is_seen_and_other_slots_keep_their_ids() {
    let (late, puppet) = (Puppet::empty("A"), Puppet::founding("B"));
    let engine = engine(&[&late, &puppet]);
    assert_eq!(engine.slots(true).first(), Some(&SlotId(4)));
    late.strings().present = true;
    engine.refresh();
    assert_eq!(engine.slots(true), (0..8).map(SlotId).collect::<Vec<_>>());
}

// I.70
#[test]
fn card_held_by_another_program_is_told_and_asked_again_later() {
    let (held, puppet) = (Puppet::founding("A"), Puppet::founding("B"));
    held.strings().busy = true;
    let engine = engine(&[&held, &puppet]);
    assert_eq!(engine.slots(true).first(), Some(&SlotId(4)));
    let reports = engine.readers();
    assert_eq!(reports[0].error.as_ref().map(|error| error.code()), Some("CKR_DEVICE_ERROR"));
    assert!(reports[0].has_card() && reports[1].error.is_none());
    for slot in 0..4 {
        assert_eq!(code(engine.token_info(SlotId(slot))), "CKR_DEVICE_ERROR");
    }
    let waits = held.strings().calls.iter().filter(|call| *call == "wait").count();
    assert_eq!(waits, 1, "one run waits once, however often it asks");
    held.strings().busy = false;
    engine.refresh();
    assert_eq!(engine.slots(true).first(), Some(&SlotId(0)));
    // A card that is busy for a moment keeps its sessions and logins.
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    held.strings().busy = true;
    engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    assert_eq!(code(engine.sign(session, b"data", ANY_ROOM)), "CKR_DEVICE_ERROR");
    held.strings().busy = false;
    engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    engine.sign(session, b"data", ANY_ROOM).unwrap();
}

#[test]
fn readers_tell_driver_slots_and_presence() {
    let engine = engine(&[&Puppet::founding("A"), &Puppet::empty("B")]);
    let reports = engine.readers();
    assert_eq!(reports[0].driver(), Some("Puppet"));
    assert_eq!(reports[0].slots, (0..4).map(SlotId).collect::<Vec<_>>());
    assert!(reports[0].has_card() && reports[0].error.is_none());
    assert!(!reports[1].has_card() && reports[1].driver().is_none() && reports[1].error.is_none());
}

// I.27
#[test]
fn mechanisms_are_those_of_the_card_and_the_host() {
    let engine = engine(&[&Puppet::founding("A")]);
    let ids = engine.mechanisms(SlotId(0)).unwrap();
    assert!(ids.contains(&MechanismId::RSA_PKCS) && ids.contains(&MechanismId::ECDSA_SHA256));
    let info = engine.mechanism_info(SlotId(0), MechanismId::RSA_PKCS).unwrap();
    assert_eq!((info.min_key_bits, info.max_key_bits), (1024, 2048));
    assert!(info.hardware && info.uses.sign && info.uses.decrypt);
    assert_eq!(code(engine.mechanism_info(SlotId(0), MechanismId(0x1234_5678))), "CKR_MECHANISM_INVALID");
}

// I.22
#[test]
fn token_uris_of_one_card_differ_by_pin_and_without_one_by_slot() {
    let engine = engine(&[&Puppet::founding("A")]);
    let first = engine.token_uri(SlotId(0)).unwrap();
    assert_eq!(first.token.as_deref(), Some("Example (PIN 1)"));
    assert_eq!(first.serial.as_deref(), Some("123456789ABCDEFA"));
    let uris: Vec<_> = (0..4).map(|slot| engine.token_uri(SlotId(slot)).unwrap()).collect();
    for (slot, uri) in uris.iter().enumerate() {
        assert!(uris.iter().skip(slot + 1).all(|other| other != uri), "{uri}");
        // A PIN's name is enough; the left-overs and the empty token are called by the card's.
        assert_eq!(uri.slot_id, (slot >= 2).then_some(slot as u32), "{uri}");
    }
}
