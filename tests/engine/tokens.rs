//! What the slots show: tokens, their objects and attributes.

use std::time::Duration;

use p11ctl::card::example::ExampleKind;
use p11ctl::engine::{AttributeType as A, Engine, ObjectClass, Template, Value};
use p11ctl::layout::{SlotId, UnplacedWhat};
use p11ctl::softcard;

use super::desk::{Desk, PINS, find, log_in};

// A.10#1
#[test]
fn founding_example_in_the_second_reader_comes_out_line_by_line() {
    let desk = Desk::new(ExampleKind::Separate);
    let empty = softcard::reader("empty", None, Duration::ZERO);
    let engine = desk.engine(vec![empty, desk.reader("one.card")]);
    let labels: Vec<_> =
        engine.slots(true).into_iter().map(|slot| (slot.0, engine.token_info(slot).unwrap().label)).collect();
    let expected = [
        (4, "p11ctl example (PIN 1)"),
        (5, "p11ctl example (PIN 2)"),
        (6, "p11ctl example"),
        (7, "p11ctl example"),
    ];
    assert_eq!(labels, expected.map(|(slot, label)| (slot, label.to_owned())));
    for (slot, keys, certificates) in [(4, 1, 3), (5, 1, 3), (6, 0, 3), (7, 0, 0)] {
        let view = engine.virtual_token(SlotId(slot)).unwrap().view;
        assert_eq!((view.chains.len(), view.certificates.len()), (keys, certificates), "slot {slot}");
        assert!(view.chains.iter().all(|chain| chain.complete && chain.certificates.len() == 3));
        assert_eq!(view.empty, slot == 7);
    }
    assert!(engine.unplaced().is_empty());
    for slot in 4..8 {
        assert_eq!(engine.problems(SlotId(slot)).unwrap(), []);
    }
}

#[test]
fn shared_chain_shows_its_authorities_in_both_tokens() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.first();
    let chains: Vec<_> = (0..2)
        .map(|slot| engine.virtual_token(SlotId(slot)).unwrap().view.chains[0].certificates.clone())
        .collect();
    assert_eq!(chains[0].len(), 3);
    assert_ne!(chains[0][0], chains[1][0]);
    assert_eq!(chains[0][1..], chains[1][1..]);
}

// A.10#3
#[test]
fn pins_beyond_the_slots_are_told() {
    let desk = Desk::new(ExampleKind::Separate);
    let mut config = desk.config();
    config.pkcs11.num_slots = 1;
    let engine = Engine::new(vec![desk.reader("one.card")], &config);
    assert_eq!(engine.slots(true), [SlotId(0)]);
    let told: Vec<_> = engine.unplaced().into_iter().map(|unplaced| unplaced.what).collect();
    assert!(told.contains(&UnplacedWhat::Pin("PIN 2".to_owned())), "{told:?}");
}

#[test]
fn chain_on_the_card_is_one_that_openssl_accepts() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    for slot in [SlotId(0), SlotId(1)] {
        let chain = engine.virtual_token(slot).unwrap().view.chains[0].certificates.clone();
        for (name, index) in ["leaf", "ca", "root"].into_iter().zip(chain) {
            desk.write(&format!("{name}.der"), &engine.certificate(slot, index).unwrap().der);
            let (from, to) = (format!("{name}.der"), format!("{name}.pem"));
            desk.openssl(&["x509", "-inform", "DER", "-in", &from, "-out", &to]);
        }
        desk.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "ca.pem", "leaf.pem"]);
    }
}

// I.46 to I.51
#[test]
fn attributes_of_every_class_are_there() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let (rsa, ec) = (log_in(&engine, 0, PINS[0]), log_in(&engine, 1, PINS[1]));
    let all =
        [A::CLASS, A::TOKEN, A::PRIVATE, A::LABEL, A::MODIFIABLE, A::COPYABLE, A::DESTROYABLE, A::UNIQUE_ID];
    let key =
        [A::KEY_TYPE, A::ID, A::DERIVE, A::LOCAL, A::KEY_GEN_MECHANISM, A::ALLOWED_MECHANISMS, A::SUBJECT];
    let private = [A::SIGN, A::DECRYPT, A::UNWRAP, A::SENSITIVE, A::EXTRACTABLE, A::ALWAYS_AUTHENTICATE];
    let certificate = [
        A::CERTIFICATE_TYPE,
        A::CERTIFICATE_CATEGORY,
        A::TRUSTED,
        A::SUBJECT,
        A::ISSUER,
        A::SERIAL_NUMBER,
        A::VALUE,
        A::START_DATE,
        A::END_DATE,
        A::CHECK_VALUE,
        A::PUBLIC_KEY_INFO,
        A::ID,
    ];
    for (session, numbers) in
        [(rsa, &[A::MODULUS, A::MODULUS_BITS, A::PUBLIC_EXPONENT][..]), (ec, &[A::EC_PARAMS][..])]
    {
        for (class, more) in [
            (ObjectClass::PrivateKey, [&key[..], &private, numbers].concat()),
            (
                ObjectClass::PublicKey,
                [&key[..], &[A::VERIFY, A::ENCRYPT, A::PUBLIC_KEY_INFO], numbers].concat(),
            ),
            (ObjectClass::Certificate, certificate.to_vec()),
        ] {
            for object in find(&engine, session, class) {
                let kinds = [&all[..], &more].concat();
                let answers = engine.attributes(session, object, &kinds).unwrap();
                for (kind, answer) in kinds.iter().zip(answers) {
                    let value = answer.unwrap_or_else(|error| panic!("{class} {kind}: {error}"));
                    assert_eq!(value.form(), kind.form(), "{kind}");
                }
            }
        }
    }
    let private = find(&engine, rsa, ObjectClass::PrivateKey)[0];
    let modulus = engine.attribute(rsa, private, A::MODULUS).unwrap();
    assert_eq!(modulus.as_bytes().unwrap().len(), 256);
    assert_ne!(modulus.as_bytes().unwrap()[0], 0);
    let secret = engine.attribute(rsa, private, A::PRIVATE_EXPONENT).unwrap_err();
    assert_eq!(secret.code(), "CKR_ATTRIBUTE_SENSITIVE");
    let point = find(&engine, ec, ObjectClass::PublicKey)[0];
    let point = engine.attribute(ec, point, A::EC_POINT).unwrap();
    assert_eq!(point.as_bytes().unwrap()[..3], [0x04, 65, 0x04]);
    let leaf = Template::new().id(&[1]).class(ObjectClass::Certificate);
    let leaf = engine.find_all(rsa, &leaf).unwrap()[0];
    assert_eq!(engine.attribute(rsa, leaf, A::CERTIFICATE_CATEGORY).unwrap(), Value::Number(1));
}
