//! Searches, handles, attributes.

use super::*;
use AttributeType as A;

fn labels(engine: &Engine, session: SessionHandle, template: &Template) -> Vec<String> {
    let found = engine.find_all(session, template).unwrap();
    let label = |handle| engine.attribute(session, handle, A::LABEL).unwrap();
    found.into_iter().map(|handle| label(handle).as_text().unwrap_or_default().to_owned()).collect()
}

// I.44
#[test]
fn private_objects_are_seen_only_between_login_and_logout() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = open(&engine, 0);
    let public = labels(&engine, session, &Template::new());
    assert_eq!(public, ["key 1", "CN=Leaf 1", "CN=CA 1", "CN=Root 1"]);
    let private = Template::new().class(ObjectClass::PrivateKey);
    assert!(engine.find_all(session, &private).unwrap().is_empty());
    engine.login(session, UserKind::User, Some(&Secret::from(PIN_1))).unwrap();
    let key = only(&engine, session, ObjectClass::PrivateKey);
    assert_eq!(labels(&engine, session, &Template::new().class(ObjectClass::Data)), ["private note"]);
    engine.logout(session).unwrap();
    assert!(engine.find_all(session, &private).unwrap().is_empty());
    assert_eq!(code(engine.attribute(session, key, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    let sign = engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key);
    assert_eq!(code(sign), "CKR_KEY_HANDLE_INVALID");
    // The same key has the same handle after the next login.
    engine.login(session, UserKind::User, Some(&Secret::from(PIN_1))).unwrap();
    assert_eq!(only(&engine, session, ObjectClass::PrivateKey), key);
}

// I.44
#[test]
fn security_officer_sees_no_private_objects() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    engine.login(session, UserKind::SecurityOfficer, Some(&Secret::from(SO_PIN))).unwrap();
    let private = Template::new().with(A::PRIVATE, Value::Bool(true));
    assert!(engine.find_all(session, &private).unwrap().is_empty());
}

#[test]
fn object_of_one_token_is_no_object_of_another() {
    let engine = engine(&[&Puppet::founding("A")]);
    let (first, second) = (logged_in(&engine, 0, PIN_1), logged_in(&engine, 1, PIN_2));
    let key = only(&engine, first, ObjectClass::PrivateKey);
    assert_eq!(code(engine.attribute(second, key, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    let stranger = Template::new().label("key 1").class(ObjectClass::PrivateKey);
    assert!(engine.find_all(second, &stranger).unwrap().is_empty());
}

// I.43, A.9#5
#[test]
fn find_gives_chunks_and_keeps_its_order_of_calls() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = open(&engine, 0);
    assert_eq!(code(engine.find(session, 1)), "CKR_OPERATION_NOT_INITIALIZED");
    assert_eq!(code(engine.find_final(session)), "CKR_OPERATION_NOT_INITIALIZED");
    engine.find_init(session, &Template::new()).unwrap();
    assert_eq!(code(engine.find_init(session, &Template::new())), "CKR_OPERATION_ACTIVE");
    let chunks: Vec<_> = (0..3).map(|_| engine.find(session, 3).unwrap().len()).collect();
    assert_eq!(chunks, [3, 1, 0]);
    engine.find_final(session).unwrap();
    engine.find_init(session, &Template::new().label("nothing")).unwrap();
    assert!(engine.find(session, 10).unwrap().is_empty());
}

// I.45
#[test]
fn find_unknown_or_unreadable_attribute_is_no_match_and_no_error() {
    let puppet = Puppet::founding("A");
    puppet.strings().contents.remove(&crate::token::ObjectId(100));
    let engine = engine(&[&puppet]);
    let session = open(&engine, 0);
    let unknown = Template::new().with(A(0x8000_0001), Value::Bytes(vec![1]));
    assert!(engine.find_all(session, &unknown).unwrap().is_empty());
    let by_value = Template::new().with(A::VALUE, Value::Bytes(vec![1]));
    assert!(engine.find_all(session, &by_value).unwrap().is_empty());
    assert_eq!(
        code(engine.attribute(session, leaf(&engine, session), A::VALUE)),
        "CKR_OBJECT_HANDLE_INVALID"
    );
}

#[test]
fn find_reads_bodies_only_where_everything_else_fits() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = open(&engine, 0);
    let root = puppet.strings().contents[&crate::token::ObjectId(102)].clone();
    let subject = engine.certificate(SlotId(0), 2).unwrap().subject.clone();
    puppet.calls();
    let known = Template::new().with(A::SUBJECT, Value::Bytes(subject.clone()));
    assert_eq!(labels(&engine, session, &known), ["CN=Root 1"]);
    assert!(puppet.calls().is_empty());
    let leaf_serial = Template::new().label("CN=Leaf 1").with(A::SERIAL_NUMBER, Value::Bytes(vec![0]));
    assert!(engine.find_all(session, &leaf_serial).unwrap().is_empty());
    assert_eq!(puppet.calls(), ["read 100"]);
    let by_value = Template::new().with(A::SUBJECT, Value::Bytes(subject)).with(A::VALUE, Value::Bytes(root));
    assert_eq!(labels(&engine, session, &by_value), ["CN=Root 1"]);
    // It was read before, and is public.
    assert!(puppet.calls().is_empty());
}

fn leaf(engine: &Engine, session: SessionHandle) -> ObjectHandle {
    engine.find_all(session, &Template::new().label("CN=Leaf 1")).unwrap()[0]
}

// I.41
#[test]
fn attributes_answer_each_for_itself_in_the_order_asked() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    let kinds = [A::PRIVATE_EXPONENT, A::LABEL, A::EC_POINT, A::MODULUS_BITS, A(0x8000_0001)];
    let answers = engine.attributes(session, key, &kinds).unwrap();
    assert!(matches!(answers[0], Err(Error::AttributeSensitive(A::PRIVATE_EXPONENT))));
    assert_eq!(answers[1].as_ref().unwrap().as_text(), Some("key 1"));
    assert!(matches!(answers[2], Err(Error::AttributeTypeInvalid(A::EC_POINT))));
    assert_eq!(answers[3].as_ref().unwrap().as_number(), Some(1024));
    assert_eq!(answers[4].as_ref().unwrap_err().code(), "CKR_ATTRIBUTE_TYPE_INVALID");
}

// I.46, I.57
#[test]
fn every_object_has_class_token_private_label_and_a_unique_id() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = logged_in(&engine, 0, PIN_1);
    let all = engine.find_all(session, &Template::new()).unwrap();
    assert_eq!(all.len(), 6);
    let mut ids = Vec::new();
    for handle in all {
        let kinds = [A::CLASS, A::TOKEN, A::PRIVATE, A::LABEL, A::MODIFIABLE, A::DESTROYABLE, A::COPYABLE];
        for (kind, answer) in kinds.iter().zip(engine.attributes(session, handle, &kinds).unwrap()) {
            assert!(answer.is_ok(), "{kind}");
        }
        ids.push(engine.attribute(session, handle, A::UNIQUE_ID).unwrap().as_text().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

// I.47
#[test]
fn key_pair_and_certificate_share_their_id() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = logged_in(&engine, 1, PIN_2);
    let found = engine.find_all(session, &Template::new().id(&[0x46])).unwrap();
    let classes: Vec<_> = found
        .iter()
        .map(|handle| engine.attribute(session, *handle, A::CLASS).unwrap().as_number().unwrap())
        .collect();
    let expected = [ObjectClass::PrivateKey, ObjectClass::PublicKey, ObjectClass::Certificate];
    assert_eq!(classes, expected.map(ObjectClass::number));
}

#[test]
fn private_key_tells_the_numbers_and_subject_of_its_public_half() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    let public = engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let (modulus, exponent) = public.rsa().unwrap();
    let kinds = [A::MODULUS, A::PUBLIC_EXPONENT, A::PUBLIC_KEY_INFO, A::SUBJECT];
    let answers = engine.attributes(session, key, &kinds).unwrap();
    let bytes: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().as_bytes().unwrap()).collect();
    assert_eq!(bytes[..3], [modulus, exponent, &public.to_spki_der()]);
    assert_eq!(bytes[3], engine.certificate(SlotId(0), 0).unwrap().subject);
}

#[test]
fn private_key_without_public_key_object_takes_its_certificate_s() {
    let puppet = Puppet::founding("A");
    puppet.strings().token.keys.remove(1);
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let key = only(&engine, session, ObjectClass::PrivateKey);
    let exponent = engine.attribute(session, key, A::PUBLIC_EXPONENT).unwrap();
    assert_eq!(exponent.as_bytes(), Some(&[1, 0, 1][..]));
}

#[test]
fn private_data_is_read_each_time_and_public_content_once() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    let note = only(&engine, session, ObjectClass::Data);
    let certificate = leaf(&engine, session);
    puppet.calls();
    for _ in 0..2 {
        assert_eq!(engine.attribute(session, note, A::VALUE).unwrap().as_bytes(), Some(&b"for PIN 1"[..]));
        engine.attribute(session, certificate, A::VALUE).unwrap();
    }
    assert_eq!(puppet.calls(), ["read 201", "read 100", "read 201"]);
    let kinds = [A::APPLICATION, A::OBJECT_ID];
    let answers = engine.attributes(session, note, &kinds).unwrap();
    assert_eq!(answers[0].as_ref().unwrap().as_text(), Some("p11ctl"));
    assert_eq!(answers[1].as_ref().unwrap().as_bytes(), Some(&[0x06, 0x01, 0x2A][..]));
}

#[test]
fn left_over_token_shows_public_data_and_roots() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = open(&engine, 2);
    let mut found = labels(&engine, session, &Template::new());
    found.sort();
    assert_eq!(found, ["CN=Root A", "CN=Root B", "CN=Root C", "public note"]);
    assert!(engine.find_all(open(&engine, 3), &Template::new()).unwrap().is_empty());
}

// I.55
#[test]
fn handles_are_never_used_again() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let session = open(&engine, 0);
        assert!(seen.insert(session.0));
        for handle in engine.find_all(session, &Template::new()).unwrap() {
            assert!(seen.insert(handle.0));
        }
        puppet.strings().present = false;
        engine.refresh();
        puppet.strings().present = true;
        puppet.exchange();
    }
}

#[test]
fn object_uri_names_token_and_object() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = logged_in(&engine, 0, PIN_1);
    let uri = engine.object_uri(session, only(&engine, session, ObjectClass::PrivateKey)).unwrap();
    assert_eq!(uri.token.as_deref(), Some("Example (PIN 1)"));
    assert_eq!(uri.object.as_deref(), Some("key 1"));
    assert_eq!(uri.id.as_deref(), Some(&[0x45][..]));
    assert_eq!(uri.class, Some(ObjectClass::PrivateKey));
}
