//! Keys on the card that do more than sign: they agree, and they encrypt. What the host computes is the other opinion.

use p11ctl::crypto::EcPrivateKey;
use p11ctl::crypto::aes::AesKey;
use p11ctl::engine::mechanism::Purpose;
use p11ctl::engine::{NewObject, Parameters};
use p11ctl::token::KeyUsage;

use crate::desk::*;
use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, KeySpec, MechanismCall, MechanismId as M, ObjectClass, Template, UserKind,
    Value,
};
use p11ctl::token::KeyAlgorithm;

fn secret_template() -> Template {
    let template = Template::new().class(ObjectClass::SecretKey);
    let template = template.with(A::KEY_TYPE, Value::Number(0x10)).with(A::SENSITIVE, Value::Bool(false));
    template.with(A::EXTRACTABLE, Value::Bool(true))
}

#[test]
fn key_on_the_card_derives_what_its_peer_derives_and_nothing_reaches_the_card() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let key = engine.generate_key_pair(session, &p256("agrees")).unwrap().0;
    let public = public_of(&engine, session, named(&engine, session, ObjectClass::PublicKey, "agrees"));
    let peer = EcPrivateKey::generate(Curve::P256).unwrap();
    let point = peer.public().ec().unwrap().1.to_vec();
    let shared = peer.agree(public.ec().unwrap().1).unwrap();
    let before = std::fs::read(desk.path()).unwrap();
    let derived = engine.derive(session, &MechanismCall::ecdh(&point), key, &secret_template()).unwrap();
    let value = engine.attribute(session, derived, A::VALUE).unwrap();
    assert_eq!(value.as_bytes(), Some(shared.expose()));
    assert_eq!(engine.agree(session, key, &point).unwrap(), shared);
    assert_eq!(std::fs::read(desk.path()).unwrap(), before);
    // A point beside the curve is not sent.
    let mut beside = point.clone();
    beside[64] ^= 1;
    let sent = engine.stats().apdus;
    assert_eq!(code(engine.agree(session, key, &beside)), "CKR_MECHANISM_PARAM_INVALID");
    assert_eq!(engine.stats().apdus, sent);
    engine.logout(session).unwrap();
    assert_eq!(code(engine.agree(session, key, &point)), "CKR_KEY_HANDLE_INVALID");
}

// I.38
#[test]
fn key_that_asks_for_the_pin_each_time_asks_in_every_operation_and_in_a_batch() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let spec = KeySpec { always_authenticate: true, ..p256("careful") };
    let key = engine.generate_key_pair(session, &spec).unwrap().0;
    let again = |pin: &str| engine.login(session, UserKind::ContextSpecific, Some(&Secret::from(pin)));
    let sign = || {
        engine.sign_init(session, &M::ECDSA_SHA256.into(), key).unwrap();
        engine.sign(session, b"data", ANY_ROOM)
    };
    // The login itself counts for the first use (OpenSSH).
    assert!(sign().is_ok());
    assert_eq!(code(sign()), "CKR_USER_NOT_LOGGED_IN");
    let batch = engine.batch(session).unwrap();
    for _ in 0..3 {
        engine.sign_init(session, &M::ECDSA_SHA256.into(), key).unwrap();
        again(PINS[1]).unwrap();
        assert!(engine.sign(session, b"data", ANY_ROOM).is_ok());
        // Once for one operation.
        assert_eq!(code(sign()), "CKR_USER_NOT_LOGGED_IN");
    }
    drop(batch);
    let peer = EcPrivateKey::generate(Curve::P256).unwrap();
    let point = peer.public().ec().unwrap().1.to_vec();
    assert_eq!(code(engine.agree(session, key, &point)), "CKR_USER_NOT_LOGGED_IN");
    assert_eq!(
        code(engine.derive(session, &MechanismCall::ecdh(&point), key, &secret_template())),
        "CKR_USER_NOT_LOGGED_IN"
    );
    engine.consent_init(session, &MechanismCall::ecdh(&[]), key, Purpose::Derive).unwrap();
    again(PINS[1]).unwrap();
    assert!(engine.agree(session, key, &point).is_ok());
    assert_eq!(code(engine.agree(session, key, &point)), "CKR_USER_NOT_LOGGED_IN");
    assert_eq!(code(again(PINS[1])), "CKR_OPERATION_NOT_INITIALIZED");
}

// I.38
#[test]
fn key_that_asks_for_the_pin_each_time_decrypts_encrypts_and_recovers() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let again = || engine.login(session, UserKind::ContextSpecific, Some(&Secret::from(PINS[0]))).unwrap();
    let usage = KeyUsage { sign: true, sign_recover: true, decrypt: true, ..KeyUsage::default() };
    let rsa = KeySpec::new(KeyAlgorithm::Rsa { modulus_bits: 2048 }, "careful");
    let rsa = KeySpec { always_authenticate: true, usage: Some(usage), ..rsa };
    let (private, public) = engine.generate_key_pair(session, &rsa).unwrap();
    let call = MechanismCall::from(M::RSA_PKCS);
    engine.encrypt_init(session, &call, public).unwrap();
    let encrypted = engine.encrypt(session, b"secret", ANY_ROOM).unwrap();
    // Whatever the login allowed is used up by now.
    engine.decrypt_init(session, &call, private).unwrap();
    again();
    engine.decrypt(session, &encrypted, ANY_ROOM).unwrap();
    for _ in 0..2 {
        engine.decrypt_init(session, &call, private).unwrap();
        assert_eq!(code(engine.decrypt(session, &encrypted, ANY_ROOM)), "CKR_USER_NOT_LOGGED_IN");
        engine.decrypt_init(session, &call, private).unwrap();
        again();
        assert_eq!(engine.decrypt(session, &encrypted, ANY_ROOM).unwrap().expose(), b"secret");
        engine.sign_recover_init(session, &call, private).unwrap();
        assert_eq!(code(engine.sign_recover(session, b"data", ANY_ROOM)), "CKR_USER_NOT_LOGGED_IN");
        engine.sign_recover_init(session, &call, private).unwrap();
        again();
        let signature = engine.sign_recover(session, b"data", ANY_ROOM).unwrap();
        engine.verify_recover_init(session, &call, public).unwrap();
        assert_eq!(engine.verify_recover(session, &signature, ANY_ROOM).unwrap(), b"data");
    }
    engine.logout(session).unwrap();
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    let aes = KeySpec::new(KeyAlgorithm::Aes { key_bits: 128 }, "block");
    let aes = KeySpec { always_authenticate: true, ..aes };
    let value = Secret::new(vec![7; 16]);
    let object = NewObject::SecretKey { value: value.clone(), spec: aes };
    let key = engine.create_object(session, &object).unwrap();
    let expected = AesKey::new(value).unwrap().ecb_encrypt(&[1; 16]).unwrap();
    let ecb = MechanismCall::from(M::AES_ECB);
    engine.encrypt_init(session, &ecb, key).unwrap();
    again();
    assert_eq!(engine.encrypt(session, &[1; 16], ANY_ROOM).unwrap(), expected);
    engine.encrypt_init(session, &ecb, key).unwrap();
    assert_eq!(code(engine.encrypt(session, &[1; 16], ANY_ROOM)), "CKR_USER_NOT_LOGGED_IN");
    engine.decrypt_init(session, &ecb, key).unwrap();
    again();
    assert_eq!(engine.decrypt(session, &expected, ANY_ROOM).unwrap().expose(), [1; 16]);
}

#[test]
fn aes_key_on_the_card_encrypts_and_decrypts_as_the_host_does() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let value = Secret::new((0..32).collect());
    let usage = KeyUsage { encrypt: true, decrypt: true, wrap: true, unwrap: true, ..KeyUsage::default() };
    let spec = KeySpec { usage: Some(usage), ..KeySpec::new(KeyAlgorithm::Aes { key_bits: 256 }, "aes") };
    let object = NewObject::SecretKey { value: value.clone(), spec };
    let key = engine.create_object(session, &object).unwrap();
    let host = AesKey::new(value).unwrap();
    let plain: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let iv = [9; 16];
    let cbc = |id| MechanismCall { id, parameters: Parameters::Iv(iv) };
    let whole = &plain[..992];
    for (call, data, expected) in [
        (M::AES_ECB.into(), &whole[..64], host.ecb_encrypt(&whole[..64]).unwrap()),
        (cbc(M::AES_CBC), whole, host.cbc_encrypt(&iv, whole).unwrap()),
        (cbc(M::AES_CBC_PAD), &plain[..], host.cbc_pad_encrypt(&iv, &plain).unwrap()),
    ] {
        engine.encrypt_init(session, &call, key).unwrap();
        assert_eq!(engine.encrypt(session, data, ANY_ROOM).unwrap(), expected, "{}", call.id);
        engine.encrypt_init(session, &call, key).unwrap();
        let mut streamed = Vec::new();
        for part in data.chunks(300) {
            streamed.extend(engine.encrypt_update(session, part, ANY_ROOM).unwrap());
        }
        streamed.extend(engine.encrypt_final(session, ANY_ROOM).unwrap());
        assert_eq!(streamed, expected, "{}", call.id);
        engine.decrypt_init(session, &call, key).unwrap();
        assert_eq!(engine.decrypt(session, &expected, ANY_ROOM).unwrap().expose(), data, "{}", call.id);
    }
    // Key wrap block by block: as the host's, and a question for the length costs no card anything.
    let cargo = Template::new()
        .class(ObjectClass::SecretKey)
        .with(A::KEY_TYPE, Value::Number(0x1F))
        .with(A::VALUE, Value::Bytes(vec![5; 32]))
        .with(A::EXTRACTABLE, Value::Bool(true));
    let cargo = engine.create(session, &cargo).unwrap();
    for (id, expected) in [
        (M::AES_KEY_WRAP, host.wrap(&Secret::new(vec![5; 32])).unwrap()),
        (M::AES_KEY_WRAP_KWP, host.wrap_padded(&Secret::new(vec![5; 32])).unwrap()),
    ] {
        let call = MechanismCall::from(id);
        let sent = engine.stats().apdus;
        assert_eq!(engine.wrap_len(session, &call, key, cargo).unwrap(), 40);
        assert_eq!(code(engine.wrap_key(session, &call, key, cargo, 39)), "CKR_BUFFER_TOO_SMALL");
        assert_eq!(engine.stats().apdus, sent);
        let wrapped = engine.wrap_key(session, &call, key, cargo, 40).unwrap();
        assert_eq!(wrapped, expected, "{id}");
        assert_eq!(engine.unwrap_bytes(session, &call, key, &wrapped).unwrap().expose(), [5; 32]);
        let mut changed = wrapped;
        changed[0] ^= 1;
        assert_eq!(code(engine.unwrap_bytes(session, &call, key, &changed)), "CKR_WRAPPED_KEY_INVALID");
    }
    // What the card does not do, the key on it does not do.
    let counter = Parameters::Counter { block: [0; 16], bits: 128 };
    let counter = MechanismCall { id: M::AES_CTR, parameters: counter };
    assert_eq!(code(engine.encrypt_init(session, &counter, key)), "CKR_MECHANISM_INVALID");
    assert_eq!(code(engine.attribute(session, key, A::VALUE)), "CKR_ATTRIBUTE_SENSITIVE");
    engine.logout(session).unwrap();
    assert_eq!(code(engine.encrypt_init(session, &M::AES_ECB.into(), key)), "CKR_KEY_HANDLE_INVALID");
}

#[test]
fn key_of_a_session_is_put_on_the_card_by_a_copy_and_an_unwrapping() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let parameters = Template::new().with(A::EC_PARAMS, Value::Bytes(Curve::P256.parameters_der()));
    let open = Template::new().with(A::EXTRACTABLE, Value::Bool(true));
    let (private, public) =
        engine.generate_key_pair_from(session, M::EC_KEY_PAIR_GEN, &parameters, &open).unwrap();
    let len = Template::new().with(A::VALUE_LEN, Value::Number(32));
    let wrapping = engine.generate_key_from(session, M::AES_KEY_GEN, &len).unwrap();
    let call = MechanismCall::from(M::AES_KEY_WRAP_KWP);
    let wrapped = engine.wrap_key(session, &call, wrapping, private, ANY_ROOM).unwrap();
    let template = Template::new()
        .class(ObjectClass::PrivateKey)
        .label("unwrapped")
        .id(&[0x66])
        .with(A::KEY_TYPE, Value::Number(3))
        .with(A::TOKEN, Value::Bool(true))
        .with(A::SIGN, Value::Bool(true));
    let on_card = engine.unwrap_key(session, &call, wrapping, &wrapped, &template).unwrap();
    assert_eq!(engine.attribute(session, on_card, A::TOKEN).unwrap(), Value::Bool(true));
    engine.sign_init(session, &M::ECDSA_SHA256.into(), on_card).unwrap();
    let signature = engine.sign(session, b"data", ANY_ROOM).unwrap();
    engine.verify_init(session, &M::ECDSA_SHA256.into(), public).unwrap();
    engine.verify(session, b"data", &signature).unwrap();
    let note = Template::new().class(ObjectClass::Data).label("note").with(A::VALUE, Value::Bytes(vec![7]));
    let note = engine.create(session, &note).unwrap();
    let kept = engine.copy_object(session, note, &Template::new().with(A::TOKEN, Value::Bool(true))).unwrap();
    engine.close_session(session).unwrap();
    let session = log_in(&engine, 1, PINS[1]);
    assert_eq!(named(&engine, session, ObjectClass::Data, "note"), kept);
    assert_eq!(engine.attribute(session, kept, A::VALUE).unwrap(), Value::Bytes(vec![7]));
    named(&engine, session, ObjectClass::PrivateKey, "unwrapped");
}
