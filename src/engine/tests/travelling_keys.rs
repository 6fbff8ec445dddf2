//! Keys wrapped, unwrapped, derived and agreed on.

use super::session_keys::{Host, cbc, host, oaep};
use super::session_objects::truth;
use super::*;
use crate::crypto::{Curve, Curve25519, DigestAlgorithm, EcPrivateKey, PublicKey, X25519PrivateKey, kdf};
use crate::engine::mechanism::{HkdfSalt, Kdf};
use AttributeType as A;
use MechanismId as M;

fn open() -> Template {
    truth(Template::new(), &[A::EXTRACTABLE]).with(A::SENSITIVE, Value::Bool(false))
}

fn secret_template(key_type: u64) -> Template {
    open().class(ObjectClass::SecretKey).with(A::KEY_TYPE, Value::Number(key_type))
}

fn value(host: &Host, key: ObjectHandle) -> Vec<u8> {
    host.engine.attribute(host.session, key, A::VALUE).unwrap().as_bytes().unwrap().to_vec()
}

fn wrap(host: &Host, call: &MechanismCall, by: ObjectHandle, key: ObjectHandle) -> Result<Vec<u8>> {
    host.engine.wrap_key(host.session, call, by, key, ANY_ROOM)
}

fn unwrap(
    host: &Host,
    call: &MechanismCall,
    by: ObjectHandle,
    wrapped: &[u8],
    template: &Template,
) -> Result<ObjectHandle> {
    host.engine.unwrap_key(host.session, call, by, wrapped, template)
}

const AES: u64 = cryptoki_sys::CKK_AES;
const GENERIC: u64 = cryptoki_sys::CKK_GENERIC_SECRET;

#[test]
fn secret_key_travels_under_every_mechanism_that_takes_it() {
    let host = host();
    let key = host.secret(M::AES_KEY_GEN, 32, open());
    let aes = host.secret(M::AES_KEY_GEN, 16, Template::new());
    let (private, public) = host.rsa();
    let on_card =
        host.engine.find_all(host.session, &Template::new().label("key 1").class(ObjectClass::PublicKey));
    let public_on_card = on_card.unwrap()[0];
    let cases: &[(MechanismCall, ObjectHandle, ObjectHandle)] = &[
        (M::AES_KEY_WRAP.into(), aes, aes),
        (M::AES_KEY_WRAP_KWP.into(), aes, aes),
        (M::AES_KEY_WRAP_PAD.into(), aes, aes),
        (cbc(M::AES_CBC), aes, aes),
        (cbc(M::AES_CBC_PAD), aes, aes),
        (M::RSA_PKCS.into(), public, private),
        (oaep(DigestAlgorithm::Sha256), public, private),
    ];
    for (call, by, back) in cases {
        let wrapped = wrap(&host, call, *by, key).unwrap();
        let made = unwrap(&host, call, *back, &wrapped, &secret_template(AES)).unwrap();
        assert_eq!(value(&host, made), value(&host, key), "{}", call.id);
        let is = |kind| host.engine.attribute(host.session, made, kind).unwrap() == Value::Bool(true);
        assert!(!is(A::LOCAL) && !is(A::ALWAYS_SENSITIVE) && !is(A::NEVER_EXTRACTABLE));
        let short = host.engine.wrap_key(host.session, call, *by, key, wrapped.len() - 1);
        assert_eq!(code(short), "CKR_BUFFER_TOO_SMALL");
    }
    let _ = public_on_card;
}

#[test]
fn private_key_travels_as_pkcs8_and_signs_at_the_other_end() {
    let host = host();
    let aes = host.secret(M::AES_KEY_GEN, 32, Template::new());
    let parameters = Template::new().with(A::EC_PARAMS, Value::Bytes(Curve::P256.parameters_der()));
    let (key, public) =
        host.engine.generate_key_pair_from(host.session, M::EC_KEY_PAIR_GEN, &parameters, &open()).unwrap();
    for call in [M::AES_KEY_WRAP_KWP.into(), cbc(M::AES_CBC_PAD)] {
        let wrapped = wrap(&host, &call, aes, key).unwrap();
        let template = Template::new().class(ObjectClass::PrivateKey);
        let template = template.with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_EC));
        let made = unwrap(&host, &call, aes, &wrapped, &template).unwrap();
        let signature = host.sign(&M::ECDSA_SHA256.into(), made, b"data").unwrap();
        host.verify(&M::ECDSA_SHA256.into(), public, b"data", &signature).unwrap();
        let other = Template::new().class(ObjectClass::PrivateKey);
        let other = other.with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_RSA));
        let refused = unwrap(&host, &call, aes, &wrapped, &other);
        assert_eq!(code(refused), "CKR_TEMPLATE_INCONSISTENT");
    }
    let plain = wrap(&host, &M::AES_KEY_WRAP.into(), aes, key);
    // PKCS#8 of such a key is no whole number of semiblocks.
    assert_eq!(code(plain), "CKR_KEY_NOT_WRAPPABLE");
    let (_, rsa) = host.rsa();
    assert_eq!(code(wrap(&host, &M::RSA_PKCS.into(), rsa, key)), "CKR_KEY_NOT_WRAPPABLE");
}

// I.63
#[test]
fn wrap_what_may_not_leave_or_with_what_does_not_wrap_is_refused() {
    let host = host();
    let (engine, session) = (&host.engine, host.session);
    let aes = host.secret(M::AES_KEY_GEN, 16, Template::new());
    let stays = host.secret(M::AES_KEY_GEN, 16, Template::new());
    let call = MechanismCall::from(M::AES_KEY_WRAP);
    assert_eq!(code(wrap(&host, &call, aes, stays)), "CKR_KEY_UNEXTRACTABLE");
    let on_card = truth(Template::new().class(ObjectClass::PrivateKey), &[A::TOKEN]);
    let on_card = engine.find_all(session, &on_card).unwrap()[0];
    assert_eq!(code(wrap(&host, &call, aes, on_card)), "CKR_KEY_UNEXTRACTABLE");
    let goes = host.secret(M::AES_KEY_GEN, 16, open());
    assert_eq!(code(wrap(&host, &call, ObjectHandle(77_777), goes)), "CKR_WRAPPING_KEY_HANDLE_INVALID");
    assert_eq!(code(wrap(&host, &call, aes, ObjectHandle(77_777))), "CKR_KEY_HANDLE_INVALID");
    let generic = host.secret(M::GENERIC_SECRET_KEY_GEN, 16, open());
    assert_eq!(code(wrap(&host, &call, generic, goes)), "CKR_WRAPPING_KEY_TYPE_INCONSISTENT");
    let only_encrypts = host.secret(M::AES_KEY_GEN, 16, truth(Template::new(), &[A::ENCRYPT]));
    assert_eq!(code(wrap(&host, &call, only_encrypts, goes)), "CKR_KEY_FUNCTION_NOT_PERMITTED");
    let trusted_only = truth(open(), &[A::WRAP_WITH_TRUSTED]);
    let guarded = host.secret(M::AES_KEY_GEN, 16, trusted_only);
    assert_eq!(code(wrap(&host, &call, aes, guarded)), "CKR_KEY_NOT_WRAPPABLE");
    let odd = host.secret(M::GENERIC_SECRET_KEY_GEN, 17, open());
    assert_eq!(code(wrap(&host, &call, aes, odd)), "CKR_KEY_NOT_WRAPPABLE");
    assert_eq!(code(wrap(&host, &cbc(M::AES_CBC), aes, odd)), "CKR_KEY_NOT_WRAPPABLE");
    assert!(wrap(&host, &M::AES_KEY_WRAP_KWP.into(), aes, odd).is_ok());
}

// I.65
#[test]
fn unwrap_of_anything_altered_has_one_answer() {
    let host = host();
    let aes = host.secret(M::AES_KEY_GEN, 16, Template::new());
    let (private, public) = host.rsa();
    let key = host.secret(M::AES_KEY_GEN, 16, open());
    let template = secret_template(AES);
    for call in [M::AES_KEY_WRAP.into(), M::AES_KEY_WRAP_KWP.into()] {
        let wrapped = wrap(&host, &call, aes, key).unwrap();
        for position in 0..wrapped.len() {
            let mut altered = wrapped.clone();
            altered[position] ^= 1;
            let refused = unwrap(&host, &call, aes, &altered, &template);
            assert_eq!(code(refused), "CKR_WRAPPED_KEY_INVALID", "{position}");
        }
        let cut = unwrap(&host, &call, aes, &wrapped[1..], &template);
        assert_eq!(code(cut), "CKR_WRAPPED_KEY_LEN_RANGE");
    }
    for call in [M::RSA_PKCS.into(), oaep(DigestAlgorithm::Sha1)] {
        let mut wrapped = wrap(&host, &call, public, key).unwrap();
        wrapped[5] ^= 1;
        let refused = unwrap(&host, &call, private, &wrapped, &template);
        assert_eq!(code(refused), "CKR_WRAPPED_KEY_INVALID");
        let cut = unwrap(&host, &call, private, &wrapped[1..], &template);
        assert_eq!(code(cut), "CKR_WRAPPED_KEY_LEN_RANGE");
    }
    let by_public = unwrap(&host, &M::RSA_PKCS.into(), public, &[0; 128], &template);
    assert_eq!(code(by_public), "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT");
    let incomplete = Template::new().class(ObjectClass::SecretKey);
    assert_eq!(
        code(unwrap(&host, &M::RSA_PKCS.into(), private, &[0; 128], &incomplete)),
        "CKR_TEMPLATE_INCOMPLETE"
    );
}

/// Whoever may unwrap must not learn from the answer whether the padding of RSA was right.
#[test]
fn unwrap_of_a_right_padding_around_a_wrong_length_answers_as_a_wrong_padding() {
    let host = host();
    let (private, public) = host.rsa();
    let call = MechanismCall::from(M::RSA_PKCS);
    let wrapped = |len| {
        let key = host.secret(M::GENERIC_SECRET_KEY_GEN, len, open());
        wrap(&host, &call, public, key).unwrap()
    };
    let right = wrapped(16);
    let mut altered = right.clone();
    altered[5] ^= 1;
    let answer = |wrapped: &[u8], template: &Template| code(unwrap(&host, &call, private, wrapped, template));
    let template = secret_template(AES);
    let sized = |len| secret_template(AES).with(A::VALUE_LEN, Value::Number(len));
    let generic = |len| secret_template(GENERIC).with(A::VALUE_LEN, Value::Number(len));
    for (wrapped, template) in [
        (&wrapped(15), &template),
        (&wrapped(33), &template),
        (&wrapped(1), &template),
        (&right, &sized(32)),
        (&right, &generic(17)),
        (&altered, &template),
        (&altered, &sized(32)),
        (&altered, &generic(17)),
    ] {
        assert_eq!(answer(wrapped, template), "CKR_WRAPPED_KEY_INVALID");
    }
    unwrap(&host, &call, private, &right, &sized(16)).unwrap();
    unwrap(&host, &call, private, &right, &generic(16)).unwrap();
    // What is wrong with the template is said of every wrapped key.
    let wrong_form = |kind| secret_template(AES).with(kind, Value::Number(1));
    for (template, expected) in [
        (secret_template(cryptoki_sys::CKK_EC), "CKR_ATTRIBUTE_VALUE_INVALID"),
        (sized(0), "CKR_ATTRIBUTE_VALUE_INVALID"),
        (sized(17), "CKR_ATTRIBUTE_VALUE_INVALID"),
        (sized(u64::MAX), "CKR_ATTRIBUTE_VALUE_INVALID"),
        (generic(u64::MAX), "CKR_TEMPLATE_INCONSISTENT"),
        (wrong_form(A::EXTRACTABLE), "CKR_ATTRIBUTE_VALUE_INVALID"),
        (truth(secret_template(AES), &[A::TRUSTED]), "CKR_ATTRIBUTE_READ_ONLY"),
        (truth(secret_template(AES), &[A::LOCAL]), "CKR_ATTRIBUTE_READ_ONLY"),
        (wrong_form(A::MODULUS_BITS), "CKR_ATTRIBUTE_TYPE_INVALID"),
        (wrong_form(AttributeType(0x8765_4321)), "CKR_ATTRIBUTE_TYPE_INVALID"),
    ] {
        for wrapped in [&right, &altered] {
            assert_eq!(answer(wrapped, &template), expected);
        }
    }
}

fn ecdh(id: M, kdf: Kdf, shared_info: &[u8], peer: &[u8]) -> MechanismCall {
    let (shared_info, peer) = (shared_info.to_vec(), peer.to_vec());
    MechanismCall { id, parameters: Parameters::Ecdh { kdf, shared_info, peer } }
}

#[test]
fn derived_key_is_what_the_peer_derives() {
    let host = host();
    for curve in Curve::ALL {
        let (private, public) = host.ec(curve);
        let peer = EcPrivateKey::generate(curve).unwrap();
        let PublicKey::Ec { point, .. } = peer.public() else { panic!("EC") };
        let ours = host.engine.attribute(host.session, public, A::EC_POINT).unwrap();
        let ours = PublicKey::from_ec_point(curve, ours.as_bytes().unwrap()).unwrap();
        let shared = peer.agree(ours.ec().unwrap().1).unwrap();
        let wrapped_point = peer.public().ec_point_der().unwrap();
        for (id, form) in [(M::ECDH1_DERIVE, &point), (M::ECDH1_COFACTOR_DERIVE, &wrapped_point)] {
            let call = ecdh(id, Kdf::Null, b"", form);
            let key = host.engine.derive(host.session, &call, private, &secret_template(GENERIC)).unwrap();
            assert_eq!(value(&host, key), shared.expose(), "{curve}");
            // Bytes are taken off at the beginning.
            let short = secret_template(AES).with(A::VALUE_LEN, Value::Number(16));
            let key = host.engine.derive(host.session, &call, private, &short).unwrap();
            assert_eq!(value(&host, key), shared.expose()[shared.len() - 16..], "{curve}");
            let long = secret_template(GENERIC).with(A::VALUE_LEN, Value::Number(67));
            assert_eq!(code(host.engine.derive(host.session, &call, private, &long)), "CKR_KEY_SIZE_RANGE");
        }
        assert_eq!(host.engine.agree(host.session, private, &point).unwrap(), shared);
        let call = ecdh(M::ECDH1_DERIVE, Kdf::X963(DigestAlgorithm::Sha256), b"info", &point);
        let template = secret_template(GENERIC).with(A::VALUE_LEN, Value::Number(100));
        let key = host.engine.derive(host.session, &call, private, &template).unwrap();
        let expected = kdf::x963(DigestAlgorithm::Sha256, &shared, b"info", 100).unwrap();
        assert_eq!(value(&host, key), expected.expose());
        let without = host.engine.derive(host.session, &call, private, &secret_template(GENERIC));
        assert_eq!(code(without), "CKR_TEMPLATE_INCOMPLETE");
    }
}

#[test]
fn derive_with_x25519_and_with_points_that_are_none() {
    let host = host();
    let (private, public) = host.on_25519(Curve25519::X25519);
    let peer = X25519PrivateKey::generate().unwrap();
    let ours = host.engine.attribute(host.session, public, A::EC_POINT).unwrap();
    let shared = peer.agree(ours.as_bytes().unwrap()).unwrap();
    let derive = |id, peer: &[u8], key| {
        host.engine.derive(host.session, &ecdh(id, Kdf::Null, b"", peer), key, &secret_template(GENERIC))
    };
    let key = derive(M::ECDH1_DERIVE, &peer.public(), private).unwrap();
    assert_eq!(value(&host, key), shared.expose());
    let agreed = host.engine.agree(host.session, private, &peer.public());
    assert_eq!(agreed.unwrap(), shared);
    let bad = "CKR_MECHANISM_PARAM_INVALID";
    assert_eq!(code(derive(M::ECDH1_DERIVE, &[0; 32], private)), bad, "of small order");
    assert_eq!(code(derive(M::ECDH1_DERIVE, &[9; 31], private)), bad);
    let (ec, _) = host.ec(Curve::P256);
    for peer in [&[][..], &[4; 65], &[0; 32], &[0]] {
        assert_eq!(code(derive(M::ECDH1_DERIVE, peer, ec)), bad);
    }
    let other_curve = EcPrivateKey::generate(Curve::P384).unwrap().public();
    assert_eq!(code(host.engine.agree(host.session, ec, other_curve.ec().unwrap().1)), bad);
    let (rsa, _) = host.rsa();
    assert_eq!(code(derive(M::ECDH1_DERIVE, &[9; 32], rsa)), "CKR_KEY_TYPE_INCONSISTENT");
    let with_info = ecdh(M::ECDH1_DERIVE, Kdf::Null, b"info", &peer.public());
    let refused = host.engine.derive(host.session, &with_info, private, &secret_template(GENERIC));
    assert_eq!(code(refused), bad);
}

#[test]
fn derive_with_hkdf_is_that_of_the_rfc_and_secrecy_is_inherited() {
    let host = host();
    let hash = DigestAlgorithm::Sha256;
    let base = secret_template(GENERIC).with(A::VALUE, Value::Bytes(vec![0x0B; 22]));
    let base = host.engine.create(host.session, &base).unwrap();
    let salt: Vec<u8> = (0..=12).collect();
    let info: Vec<u8> = (0xF0..=0xF9).collect();
    let call = |extract, expand, salt| {
        let parameters = Parameters::Hkdf { hash, extract, expand, salt, info: info.clone() };
        MechanismCall { id: M::HKDF_DERIVE, parameters }
    };
    let derive = |call: &MechanismCall, base, len: Option<u64>| {
        let template = secret_template(GENERIC);
        let template = match len {
            Some(len) => template.with(A::VALUE_LEN, Value::Number(len)),
            None => template,
        };
        host.engine.derive(host.session, call, base, &template)
    };
    // RFC 5869, A.1: 42 bytes.
    let both = call(true, true, HkdfSalt::Data(salt.clone()));
    let key = derive(&both, base, Some(42)).unwrap();
    assert_eq!(crate::codec::hex::encode(&value(&host, key)[..8]), "3cb25f25faacd57a");
    // In two steps, the salt as a key.
    let salt_key = secret_template(GENERIC).with(A::VALUE, Value::Bytes(salt));
    let salt_key = host.engine.create(host.session, &salt_key).unwrap();
    let pseudorandom = derive(&call(true, false, HkdfSalt::Key(salt_key)), base, None).unwrap();
    assert_eq!(value(&host, pseudorandom).len(), 32);
    let again = derive(&call(false, true, HkdfSalt::Null), pseudorandom, Some(42)).unwrap();
    assert_eq!(value(&host, again), value(&host, key));
    assert_eq!(code(derive(&both, base, None)), "CKR_TEMPLATE_INCOMPLETE");
    assert_eq!(code(derive(&both, base, Some(255 * 32 + 1))), "CKR_KEY_SIZE_RANGE");
    assert_eq!(
        code(derive(&call(false, false, HkdfSalt::Null), base, Some(1))),
        "CKR_MECHANISM_PARAM_INVALID"
    );
    assert_eq!(
        code(derive(&call(true, true, HkdfSalt::Key(ObjectHandle(5555))), base, Some(1))),
        "CKR_KEY_HANDLE_INVALID"
    );
    let is = |key, kind| host.engine.attribute(host.session, key, kind).unwrap() == Value::Bool(true);
    assert!(!is(key, A::ALWAYS_SENSITIVE) && !is(key, A::NEVER_EXTRACTABLE));
    let kept = host.secret(M::GENERIC_SECRET_KEY_GEN, 32, Template::new());
    let template = Template::new().with(A::VALUE_LEN, Value::Number(32));
    let child = host.engine.derive(host.session, &both, kept, &template).unwrap();
    assert!(is(child, A::ALWAYS_SENSITIVE) && is(child, A::NEVER_EXTRACTABLE));
    assert_eq!(code(host.engine.attribute(host.session, child, A::VALUE)), "CKR_ATTRIBUTE_SENSITIVE");
}
