//! Keys, certificates and data on the founding document's empty token; handles and refusals.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, Error, KeySpec, MechanismCall, MechanismId, NewObject, ObjectClass,
    SessionMode, Template, UserKind, Value,
};
use p11ctl::layout::SlotId;
use p11ctl::token::{KeyAlgorithm, KeyId};

use crate::desk::*;

#[test]
fn founding_slot_7_gets_pin_key_certificate_and_data_by_the_new_pin_alone_and_signs() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine_behind(1);
    let roots = open(&engine, 6);
    let root = find(&engine, roots, ObjectClass::Certificate);
    let session = officer(&engine, 7);
    let pin = Secret::from(PIN_3);
    let made = engine.init_pin(session, &new_pin(&pin)).unwrap();
    assert_eq!((made.slot, made.label.as_str(), made.created), (SlotId(6), "PIN 3", true));
    assert_eq!(made.uri.token.as_deref(), Some("p11ctl example (PIN 3)"));
    // Sessions go with their tokens, and so do handles.
    assert_eq!(engine.session_info(session).unwrap().slot, SlotId(6));
    assert_eq!(engine.session_info(roots).unwrap().slot, SlotId(7));
    assert_eq!(find(&engine, roots, ObjectClass::Certificate), root);
    engine.logout(session).unwrap();

    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    let (private, public) = engine.generate_key_pair(session, &p256("key 3")).unwrap();
    let key = public_of(&engine, session, public);
    assert_eq!(
        engine.attribute(session, private, A::ID).unwrap(),
        engine.attribute(session, public, A::ID).unwrap()
    );
    let der = certify(&key);
    let certificate = engine
        .create_object(session, &NewObject::Certificate { der: der.clone(), label: None, id: None })
        .unwrap();
    assert_eq!(engine.attribute(session, certificate, A::LABEL).unwrap(), Value::Text("Holder 3".to_owned()));
    assert_eq!(
        engine.attribute(session, certificate, A::ID).unwrap(),
        engine.attribute(session, private, A::ID).unwrap()
    );
    let note = NewObject::Data {
        label: "note".to_owned(),
        application: "test".to_owned(),
        oid: Vec::new(),
        private: true,
        value: b"for PIN 3".to_vec(),
    };
    let data = engine.create_object(session, &note).unwrap();
    assert_eq!(engine.attribute(session, data, A::VALUE).unwrap(), Value::Bytes(b"for PIN 3".to_vec()));
    signs(&engine, session, &key);
    drop(engine);

    // Another process sees the same.
    let engine = desk.engine_behind(1);
    let session = log_in(&engine, 6, PIN_3);
    signs(&engine, session, &key);
    assert_eq!(labels(&engine, session, ObjectClass::Data), ["note"]);
    assert_eq!(chain(&engine, 6), (vec!["Holder 3".to_owned()], false));
    assert_eq!(chain(&engine, 4).0.len(), 3);
    assert_eq!(chain(&engine, 5).0.len(), 3);
    assert_eq!(engine.virtual_token(SlotId(7)).unwrap().view.certificates.len(), 3);
}

#[test]
fn new_pin_can_change_and_delete_what_is_its_own_and_nothing_of_pin_1() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let session = officer(&engine, 3);
    let pin = Secret::from(PIN_3);
    assert_eq!(engine.init_pin(session, &new_pin(&pin)).unwrap().slot, SlotId(2));
    engine.logout(session).unwrap();
    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    let (private, public) = engine.generate_key_pair(session, &p256("key 3")).unwrap();
    let other = log_in(&engine, 0, PINS[0]);
    let theirs = named(&engine, other, ObjectClass::PrivateKey, "key 1");
    assert_eq!(code(engine.destroy_object(session, theirs)), "CKR_OBJECT_HANDLE_INVALID");

    let template = Template::new().label("renamed").id(&[0x77, 0x01]);
    engine.set_attributes(session, private, &template).unwrap();
    assert_eq!(engine.attribute(session, private, A::LABEL).unwrap(), Value::Text("renamed".to_owned()));
    assert_eq!(engine.attribute(session, private, A::ID).unwrap(), Value::Bytes(vec![0x77, 0x01]));
    let taken = engine.attribute(other, theirs, A::ID).unwrap();
    let taken = Template::new().id(taken.as_bytes().unwrap());
    assert_eq!(code(engine.set_attributes(session, private, &taken)), "CKR_ATTRIBUTE_VALUE_INVALID");
    let class = Template::new().class(ObjectClass::Data);
    assert_eq!(code(engine.set_attributes(session, private, &class)), "CKR_ATTRIBUTE_READ_ONLY");

    engine.destroy_object(session, private).unwrap();
    assert_eq!(code(engine.attribute(session, private, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    assert_eq!(engine.attribute(session, public, A::LABEL).unwrap(), Value::Text("key 3".to_owned()));
    engine.destroy_object(session, public).unwrap();
    assert!(find(&engine, session, ObjectClass::PublicKey).is_empty());
    assert_eq!(labels(&engine, other, ObjectClass::PrivateKey), ["key 1"]);
}

#[test]
fn deletion_with_an_operation_going_on_ends_its_key() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 2");
    let signing = open(&engine, 1);
    engine.sign_init(signing, &MechanismCall::from(MechanismId::ECDSA_SHA256), key).unwrap();
    engine.destroy_object(session, key).unwrap();
    assert_eq!(code(engine.sign(signing, b"message", ANY_ROOM)), "CKR_KEY_HANDLE_INVALID");
}

#[test]
fn refusals_come_before_anything_is_written() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let before = std::fs::read(desk.path()).unwrap();
    let reading = engine.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
    let data = NewObject::Data {
        label: "note".to_owned(),
        application: String::new(),
        oid: Vec::new(),
        private: false,
        value: vec![1],
    };
    assert_eq!(code(engine.create_object(reading, &data)), "CKR_SESSION_READ_ONLY");
    assert_eq!(code(engine.generate_key_pair(reading, &p256("k"))), "CKR_SESSION_READ_ONLY");
    let leaf = named(&engine, reading, ObjectClass::Certificate, "certificate 1");
    assert_eq!(code(engine.destroy_object(reading, leaf)), "CKR_SESSION_READ_ONLY");
    let session = open(&engine, 0);
    assert_eq!(code(engine.create_object(session, &data)), "CKR_USER_NOT_LOGGED_IN");
    assert_eq!(code(engine.destroy_object(session, leaf)), "CKR_USER_NOT_LOGGED_IN");
    assert_eq!(
        code(engine.set_attributes(session, leaf, &Template::new().label("x"))),
        "CKR_USER_NOT_LOGGED_IN"
    );
    let pin = Secret::from(PIN_3);
    assert_eq!(code(engine.init_pin(session, &new_pin(&pin))), "CKR_USER_NOT_LOGGED_IN");
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    assert_eq!(code(engine.init_pin(session, &new_pin(&pin))), "CKR_USER_NOT_LOGGED_IN");
    for (algorithm, expected, text) in [
        (
            KeyAlgorithm::Rsa { modulus_bits: 0 },
            "CKR_TEMPLATE_INCOMPLETE",
            "an RSA key needs a size: this card has RSA of ",
        ),
        (
            KeyAlgorithm::Rsa { modulus_bits: 2047 },
            "CKR_KEY_SIZE_RANGE",
            "no RSA key of 2047 bits: this card has RSA of ",
        ),
        (
            KeyAlgorithm::Ec { curve: None },
            "CKR_TEMPLATE_INCOMPLETE",
            "an EC key needs a curve: this card has the curves ",
        ),
    ] {
        let error = engine.generate_key_pair(session, &KeySpec::new(algorithm, "k")).unwrap_err();
        assert_eq!(error.code(), expected);
        assert!(error.to_string().starts_with(text), "{error}");
    }
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 1");
    let id = engine.attribute(session, key, A::ID).unwrap();
    let spec = KeySpec { id: Some(KeyId(id.as_bytes().unwrap().to_vec())), ..p256("k") };
    assert_eq!(code(engine.generate_key_pair(session, &spec)), "CKR_ATTRIBUTE_VALUE_INVALID");
    let not_one = NewObject::Certificate { der: vec![0x30, 0x00], label: None, id: None };
    assert_eq!(code(engine.create_object(session, &not_one)), "CKR_ATTRIBUTE_VALUE_INVALID");
    engine.close_session(session).unwrap();

    let session = officer(&engine, 2);
    assert_eq!(code(engine.init_pin(session, &new_pin(&pin))), "CKR_FUNCTION_REJECTED");
    assert_eq!(code(engine.generate_key_pair(session, &p256("k"))), "CKR_USER_PIN_NOT_INITIALIZED");
    engine.close_session(session).unwrap();
    let session = officer(&engine, 3);
    for bad in ["", "123", "123456789012345678901234567890"] {
        let bad = Secret::from(bad);
        assert_eq!(code(engine.init_pin(session, &new_pin(&bad))), "CKR_PIN_LEN_RANGE");
    }
    match engine.create_object(session, &data) {
        Err(Error::OtherToken(slot)) => assert_eq!(slot, SlotId(2)),
        other => panic!("{other:?}"),
    }
    drop(engine);
    // Verified PINs may have touched counters in the image; the files have not changed.
    let engine = desk.engine();
    assert_eq!(engine.virtual_token(SlotId(0)).unwrap().view.keys.len(), 2);
    assert!(!before.is_empty());
}

#[test]
fn one_thread_writes_while_others_sign_and_search_and_none_gets_a_wrong_answer() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let (one, two) = (log_in(&engine, 0, PINS[0]), log_in(&engine, 1, PINS[1]));
    let key = named(&engine, two, ObjectClass::PrivateKey, "key 2");
    let leaf = named(&engine, one, ObjectClass::Certificate, "certificate 1");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..20u8 {
                let note = NewObject::Data {
                    label: format!("note {number}"),
                    application: String::new(),
                    oid: Vec::new(),
                    private: number % 2 == 0,
                    value: vec![number; 16],
                };
                let handle = engine.create_object(one, &note).unwrap();
                assert_eq!(engine.attribute(one, handle, A::VALUE).unwrap(), Value::Bytes(vec![number; 16]));
                engine.destroy_object(one, handle).unwrap();
            }
            done.store(true, SeqCst);
        });
        scope.spawn(|| {
            while !done.load(SeqCst) {
                engine.sign_init(two, &MechanismCall::from(MechanismId::ECDSA_SHA256), key).unwrap();
                assert_eq!(engine.sign(two, b"message", ANY_ROOM).unwrap().len(), 64);
            }
        });
        scope.spawn(|| {
            while !done.load(SeqCst) {
                let label = Value::Text("certificate 1".to_owned());
                assert_eq!(engine.attribute(one, leaf, A::LABEL).unwrap(), label);
                assert_eq!(find(&engine, two, ObjectClass::Certificate).len(), 3);
            }
        });
    });
}

// A.10#12
#[test]
fn certificate_with_the_id_of_another_is_another_certificate() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let known = named(&engine, session, ObjectClass::Certificate, "certificate 1");
    let id = engine.attribute(session, known, A::ID).unwrap().as_bytes().unwrap().to_vec();
    let before = find(&engine, session, ObjectClass::Certificate).len();
    let der = certify(&public_half(&engine, session, &id));
    let renewed = NewObject::Certificate { der: der.clone(), label: None, id: Some(KeyId(id.clone())) };
    let made = engine.create_object(session, &renewed).unwrap();
    assert_eq!(engine.attribute(session, made, A::ID).unwrap(), Value::Bytes(id));
    assert_eq!(engine.attribute(session, made, A::VALUE).unwrap(), Value::Bytes(der));
    assert_eq!(find(&engine, session, ObjectClass::Certificate).len(), before + 1);
}

#[test]
fn names_that_other_programs_do_not_read_are_refused_before_anything_is_written() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let data = |label: String, application: String| NewObject::Data {
        label,
        application,
        oid: Vec::new(),
        private: false,
        value: b"data".to_vec(),
    };
    let long = "x".repeat(255);
    let mut spec = KeySpec::new(KeyAlgorithm::Ec { curve: Some(Curve::P256) }, &long);
    let oid = NewObject::Data {
        label: "l".to_owned(),
        application: String::new(),
        oid: vec![0x2B; 15],
        private: false,
        value: b"data".to_vec(),
    };
    let refused = [
        engine.create_object(session, &oid),
        engine.create_object(session, &data(long.clone(), String::new())),
        engine.create_object(session, &data(String::new(), long[1..].to_owned())),
        engine.generate_key_pair(session, &spec).map(|(private, _)| private),
        {
            spec.label = "key".to_owned();
            spec.id = Some(KeyId(vec![7; 256]));
            engine.generate_key_pair(session, &spec).map(|(private, _)| private)
        },
    ];
    for answer in refused {
        let text = answer.as_ref().map_err(|error| format!("{error:?}")).unwrap_err();
        assert!(text.contains("of more than "), "{text}");
    }
    assert!(find(&engine, session, ObjectClass::Data).is_empty());
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    let renamed = engine.set_attributes(session, key, &Template::new().label(&long));
    assert!(renamed.is_err() && labels(&engine, session, ObjectClass::PrivateKey) == ["key 1"]);
}
