//! Objects of sessions: how they come to be, who sees them, what can be changed, when they are gone.

use super::*;
use AttributeType as A;

pub(super) fn data(label: &str) -> Template {
    let template = Template::new().class(ObjectClass::Data).label(label);
    template.with(A::APPLICATION, Value::Text("test".into())).with(A::VALUE, Value::Bytes(b"value".to_vec()))
}

pub(super) fn truth(template: Template, kinds: &[A]) -> Template {
    kinds.iter().fold(template, |template, kind| template.with(*kind, Value::Bool(true)))
}

/// A secret key of 32 bytes that may be known.
fn open_secret() -> Template {
    Template::new()
        .class(ObjectClass::SecretKey)
        .with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_GENERIC_SECRET))
        .with(A::VALUE, Value::Bytes(vec![7; 32]))
        .with(A::SENSITIVE, Value::Bool(false))
        .with(A::EXTRACTABLE, Value::Bool(true))
}

fn bench() -> (Puppet, Engine, SessionHandle) {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    puppet.calls();
    (puppet, engine, session)
}

fn attribute(engine: &Engine, session: SessionHandle, object: ObjectHandle, kind: A) -> Value {
    engine.attribute(session, object, kind).unwrap()
}

// I.54
#[test]
fn session_object_lives_with_its_session_and_never_reaches_the_card() {
    let (puppet, engine, session) = bench();
    let other = open(&engine, 0);
    let object = engine.create(session, &data("note")).unwrap();
    // Every session of the token sees it, no other token does.
    for seen_by in [session, other] {
        assert_eq!(engine.find_all(seen_by, &Template::new().label("note")).unwrap(), [object]);
        assert_eq!(attribute(&engine, seen_by, object, A::VALUE), Value::Bytes(b"value".to_vec()));
        assert_eq!(attribute(&engine, seen_by, object, A::TOKEN), Value::Bool(false));
    }
    let stranger = logged_in(&engine, 1, PIN_2);
    assert!(engine.find_all(stranger, &Template::new().label("note")).unwrap().is_empty());
    assert_eq!(code(engine.attribute(stranger, object, A::VALUE)), "CKR_OBJECT_HANDLE_INVALID");
    engine.close_session(session).unwrap();
    assert!(engine.find_all(other, &Template::new().label("note")).unwrap().is_empty());
    assert_eq!(code(engine.attribute(other, object, A::VALUE)), "CKR_OBJECT_HANDLE_INVALID");
    assert!(puppet.calls().iter().all(|call| call.starts_with("verify") || call.starts_with("tries")));
}

// I.44, I.54
#[test]
fn session_object_that_is_private_is_gone_with_the_logout() {
    let (_puppet, engine, session) = bench();
    let private = engine.create(session, &truth(data("mine"), &[A::PRIVATE])).unwrap();
    let public = engine.create(session, &data("ours")).unwrap();
    engine.logout(session).unwrap();
    assert_eq!(code(engine.attribute(session, private, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    assert_eq!(attribute(&engine, session, public, A::LABEL), Value::Text("ours".into()));
    let refused = engine.create(session, &truth(data("mine"), &[A::PRIVATE]));
    assert_eq!(code(refused), "CKR_USER_NOT_LOGGED_IN");
    engine.login(session, UserKind::User, Some(&Secret::from(PIN_1))).unwrap();
    assert_eq!(code(engine.attribute(session, private, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    engine.close_all_sessions(SlotId(0)).unwrap();
    let session = open(&engine, 0);
    assert!(engine.find_all(session, &Template::new().label("ours")).unwrap().is_empty());
}

// I.55
#[test]
fn handle_of_a_destroyed_object_is_never_used_again() {
    let (_puppet, engine, session) = bench();
    let mut known = std::collections::HashSet::new();
    for _ in 0..100 {
        let object = engine.create(session, &data("note")).unwrap();
        assert!(known.insert(object));
        engine.destroy_object(session, object).unwrap();
        assert_eq!(code(engine.destroy_object(session, object)), "CKR_OBJECT_HANDLE_INVALID");
    }
}

// I.43
#[test]
fn object_found_can_be_destroyed_before_the_search_ends() {
    let (_puppet, engine, session) = bench();
    let objects: Vec<_> = (0..3).map(|_| engine.create(session, &data("note")).unwrap()).collect();
    engine.find_init(session, &Template::new().label("note")).unwrap();
    for object in objects {
        assert_eq!(engine.find(session, 1).unwrap(), [object]);
        engine.destroy_object(session, object).unwrap();
    }
    assert!(engine.find(session, 1).unwrap().is_empty());
    engine.find_final(session).unwrap();
}

// I.53
#[test]
fn template_that_lacks_contradicts_or_invents_is_refused() {
    let (_puppet, engine, session) = bench();
    let refused = |template: &Template| code(engine.create(session, template));
    assert_eq!(refused(&Template::new()), "CKR_TEMPLATE_INCOMPLETE");
    let secret = Template::new().class(ObjectClass::SecretKey);
    assert_eq!(refused(&secret), "CKR_TEMPLATE_INCOMPLETE");
    assert_eq!(refused(&data("x").with(A::MODULUS, Value::Bytes(vec![1]))), "CKR_ATTRIBUTE_TYPE_INVALID");
    assert_eq!(refused(&data("x").with(A(0x8000_0001), Value::Bytes(vec![1]))), "CKR_ATTRIBUTE_TYPE_INVALID");
    assert_eq!(refused(&truth(open_secret(), &[A::LOCAL])), "CKR_ATTRIBUTE_READ_ONLY");
    assert_eq!(refused(&open_secret().with(A::VALUE_LEN, Value::Number(31))), "CKR_TEMPLATE_INCONSISTENT");
    assert_eq!(refused(&truth(open_secret(), &[A::TRUSTED])), "CKR_ATTRIBUTE_READ_ONLY");
    let aes = open_secret();
    let aes = Template::from_iter(aes.attributes().iter().filter(|known| known.kind != A::KEY_TYPE).cloned());
    let aes = aes.with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_AES));
    assert!(engine.create(session, &aes).is_ok());
    let short = Template::new().class(ObjectClass::SecretKey).with(A::VALUE, Value::Bytes(vec![7; 15]));
    let short = short.with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_AES));
    assert_eq!(refused(&short), "CKR_ATTRIBUTE_VALUE_INVALID");
    assert_eq!(refused(&short.with(A::LABEL, Value::Number(1))), "CKR_ATTRIBUTE_VALUE_INVALID");
}

// I.53
#[test]
fn token_object_in_a_read_only_session_is_refused_where_a_session_object_is_not() {
    let engine = engine(&[&Puppet::founding("A")]);
    let session = open(&engine, 0);
    assert!(engine.create(session, &data("note")).is_ok());
    let on_token = truth(data("note"), &[A::TOKEN]);
    assert_eq!(code(engine.create(session, &on_token)), "CKR_SESSION_READ_ONLY");
}

// I.42, I.52
#[test]
fn secrecy_latches_and_decides_what_is_told() {
    let (_puppet, engine, session) = bench();
    let key = engine.create(session, &open_secret()).unwrap();
    let set = |object, kind, value| {
        engine.set_attributes(session, object, &Template::new().with(kind, Value::Bool(value)))
    };
    assert_eq!(attribute(&engine, session, key, A::VALUE), Value::Bytes(vec![7; 32]));
    for kind in [A::ALWAYS_SENSITIVE, A::NEVER_EXTRACTABLE, A::LOCAL] {
        assert_eq!(attribute(&engine, session, key, kind), Value::Bool(false), "{kind}");
    }
    set(key, A::SENSITIVE, true).unwrap();
    assert_eq!(code(engine.attribute(session, key, A::VALUE)), "CKR_ATTRIBUTE_SENSITIVE");
    assert_eq!(code(set(key, A::SENSITIVE, false)), "CKR_ATTRIBUTE_READ_ONLY");
    set(key, A::EXTRACTABLE, false).unwrap();
    assert_eq!(code(set(key, A::EXTRACTABLE, true)), "CKR_ATTRIBUTE_READ_ONLY");
    assert_eq!(code(set(key, A::ALWAYS_SENSITIVE, true)), "CKR_ATTRIBUTE_READ_ONLY");
    // What is refused leaves everything as it was, and what is so already may be said.
    let both = Template::new().label("new").with(A::SENSITIVE, Value::Bool(false));
    assert_eq!(code(engine.set_attributes(session, key, &both)), "CKR_ATTRIBUTE_READ_ONLY");
    assert_eq!(attribute(&engine, session, key, A::LABEL), Value::Text(String::new()));
    set(key, A::SENSITIVE, true).unwrap();
    // A copy cannot loosen what the original had (Tookan, A5).
    for (kind, value) in [(A::SENSITIVE, false), (A::EXTRACTABLE, true)] {
        let looser = Template::new().with(kind, Value::Bool(value));
        assert_eq!(code(engine.copy_object(session, key, &looser)), "CKR_ATTRIBUTE_READ_ONLY");
    }
}

// I.53
#[test]
fn object_that_is_not_to_be_changed_copied_or_destroyed_is_not() {
    let (_puppet, engine, session) = bench();
    let fixed = Template::from_iter(data("fixed").attributes().to_vec())
        .with(A::MODIFIABLE, Value::Bool(false))
        .with(A::COPYABLE, Value::Bool(false))
        .with(A::DESTROYABLE, Value::Bool(false));
    let object = engine.create(session, &fixed).unwrap();
    let label = Template::new().label("other");
    assert_eq!(code(engine.set_attributes(session, object, &label)), "CKR_ACTION_PROHIBITED");
    assert_eq!(code(engine.copy_object(session, object, &label)), "CKR_ACTION_PROHIBITED");
    assert_eq!(code(engine.destroy_object(session, object)), "CKR_ACTION_PROHIBITED");
    let free = engine.create(session, &data("free")).unwrap();
    let forbid = Template::new().with(A::COPYABLE, Value::Bool(false));
    engine.set_attributes(session, free, &forbid).unwrap();
    let allow = Template::new().with(A::COPYABLE, Value::Bool(true));
    assert_eq!(code(engine.set_attributes(session, free, &allow)), "CKR_ATTRIBUTE_READ_ONLY");
}

// I.56, I.57
#[test]
fn copy_has_the_wishes_of_its_template_and_a_name_of_its_own() {
    let (_puppet, engine, session) = bench();
    let object = engine.create(session, &data("one")).unwrap();
    let wishes = truth(Template::new().label("two"), &[A::PRIVATE]).with(A::MODIFIABLE, Value::Bool(false));
    let copy = engine.copy_object(session, object, &wishes).unwrap();
    assert_eq!(attribute(&engine, session, copy, A::LABEL), Value::Text("two".into()));
    assert_eq!(attribute(&engine, session, copy, A::PRIVATE), Value::Bool(true));
    assert_eq!(attribute(&engine, session, copy, A::VALUE), Value::Bytes(b"value".to_vec()));
    assert_eq!(attribute(&engine, session, object, A::LABEL), Value::Text("one".into()));
    let unique = |object| attribute(&engine, session, object, A::UNIQUE_ID);
    assert_ne!(unique(copy), unique(object));
    let public = Template::new().with(A::PRIVATE, Value::Bool(false));
    assert_eq!(code(engine.copy_object(session, copy, &public)), "CKR_TEMPLATE_INCONSISTENT");
    // What is on the card stays there.
    let key = only(&engine, session, ObjectClass::PrivateKey);
    assert_eq!(code(engine.copy_object(session, key, &Template::new())), "CKR_ACTION_PROHIBITED");
    // I.56: whoever lists asks for sizes.
    let size = |object| engine.object_size(session, object).unwrap();
    assert!(size(object) > 5 && size(key) > 0);
    let longer = engine.create(session, &data(&"x".repeat(100))).unwrap();
    assert_eq!(size(longer) - size(object), 97 + unique_len(&unique(longer)) - unique_len(&unique(object)));
}

fn unique_len(value: &Value) -> usize {
    value.as_text().unwrap().len()
}

#[test]
fn certificate_tells_what_is_in_it_and_serves_as_a_key() {
    let (_puppet, engine, session) = bench();
    let on_card = engine.find_all(session, &Template::new().label("CN=Leaf 1")).unwrap()[0];
    let der = attribute(&engine, session, on_card, A::VALUE);
    let template = Template::new().class(ObjectClass::Certificate).with(A::VALUE, der);
    let template = template.with(A::CERTIFICATE_TYPE, Value::Number(cryptoki_sys::CKC_X_509));
    let object = engine.create(session, &template).unwrap();
    for kind in [A::SUBJECT, A::ISSUER, A::SERIAL_NUMBER, A::VALUE, A::CHECK_VALUE, A::PUBLIC_KEY_INFO] {
        assert_eq!(attribute(&engine, session, object, kind), attribute(&engine, session, on_card, kind));
    }
    let by_issuer = Template::new()
        .with(A::ISSUER, attribute(&engine, session, object, A::ISSUER))
        .with(A::TOKEN, Value::Bool(false));
    assert_eq!(engine.find_all(session, &by_issuer).unwrap(), [object]);
    let wrong = template.with(A::SUBJECT, Value::Bytes(vec![0x30, 0]));
    assert_eq!(code(engine.create(session, &wrong)), "CKR_TEMPLATE_INCONSISTENT");
}

#[test]
fn find_among_ten_thousand_objects_looks_at_few() {
    let (_puppet, engine, session) = bench();
    let count = 10_000u32;
    let objects: Vec<_> = (0..count)
        .map(|number| engine.create(session, &data(&format!("object {number}"))).unwrap())
        .collect();
    let find = |number: u32| {
        let template = Template::new().class(ObjectClass::Data).label(&format!("object {number}"));
        engine.find_all(session, &template).unwrap()
    };
    let start = std::time::Instant::now();
    for number in 0..count {
        assert_eq!(find(number), [objects[number as usize]]);
    }
    let indexed = start.elapsed();
    // What is in no index is looked for among all; a hundred such searches take longer than all those by label.
    let start = std::time::Instant::now();
    let scanned = 100;
    for _ in 0..scanned {
        let template = Template::new().with(A::VALUE, Value::Bytes(b"other".to_vec()));
        assert!(engine.find_all(session, &template).unwrap().is_empty());
    }
    let ratio = (start.elapsed() / scanned).as_secs_f64() / (indexed / count).as_secs_f64();
    assert!(ratio > 20.0, "a search by label is only {ratio:.1} times faster than one through everything");
    engine.close_session(session).unwrap();
}
