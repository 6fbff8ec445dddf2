//! Operations with keys of sessions: everything on the host, by the same rules as on the card.

use super::session_objects::truth;
use super::*;
use crate::crypto::rsa::PssParameters;
use crate::crypto::{Curve, Curve25519, DigestAlgorithm};
use AttributeType as A;
use MechanismId as M;

pub(super) struct Host {
    pub puppet: Puppet,
    pub engine: Engine,
    pub session: SessionHandle,
}

/// Logged in to the token of key 1.
pub(super) fn host() -> Host {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, 0, PIN_1);
    puppet.calls();
    Host { puppet, engine, session }
}

impl Host {
    /// Private and public half.
    pub fn pair(&self, mechanism: M, public: &Template) -> (ObjectHandle, ObjectHandle) {
        self.engine.generate_key_pair_from(self.session, mechanism, public, &Template::new()).unwrap()
    }

    pub fn rsa(&self) -> (ObjectHandle, ObjectHandle) {
        let bits = Template::new().with(A::MODULUS_BITS, Value::Number(1024));
        self.pair(M::RSA_PKCS_KEY_PAIR_GEN, &bits)
    }

    pub fn ec(&self, curve: Curve) -> (ObjectHandle, ObjectHandle) {
        let parameters = Template::new().with(A::EC_PARAMS, Value::Bytes(curve.parameters_der()));
        self.pair(M::EC_KEY_PAIR_GEN, &parameters)
    }

    pub fn on_25519(&self, curve: Curve25519) -> (ObjectHandle, ObjectHandle) {
        let parameters = Template::new().with(A::EC_PARAMS, Value::Bytes(curve.parameters_der()));
        let mechanism = match curve {
            Curve25519::Ed25519 => M::EC_EDWARDS_KEY_PAIR_GEN,
            Curve25519::X25519 => M::EC_MONTGOMERY_KEY_PAIR_GEN,
        };
        self.pair(mechanism, &parameters)
    }

    pub fn secret(&self, mechanism: M, len: u64, template: Template) -> ObjectHandle {
        let template = template.with(A::VALUE_LEN, Value::Number(len));
        self.engine.generate_key_from(self.session, mechanism, &template).unwrap()
    }

    pub fn sign(&self, call: &MechanismCall, key: ObjectHandle, data: &[u8]) -> Result<Vec<u8>> {
        self.engine.sign_init(self.session, call, key)?;
        self.engine.sign(self.session, data, ANY_ROOM)
    }

    pub fn verify(
        &self,
        call: &MechanismCall,
        key: ObjectHandle,
        data: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        self.engine.verify_init(self.session, call, key)?;
        self.engine.verify(self.session, data, signature)
    }

    pub fn encrypt(&self, call: &MechanismCall, key: ObjectHandle, data: &[u8]) -> Result<Vec<u8>> {
        self.engine.encrypt_init(self.session, call, key)?;
        self.engine.encrypt(self.session, data, ANY_ROOM)
    }

    pub fn decrypt(&self, call: &MechanismCall, key: ObjectHandle, data: &[u8]) -> Result<Vec<u8>> {
        self.engine.decrypt_init(self.session, call, key)?;
        Ok(self.engine.decrypt(self.session, data, ANY_ROOM)?.expose().to_vec())
    }
}

fn pss(id: M, hash: DigestAlgorithm) -> MechanismCall {
    MechanismCall { id, parameters: Parameters::Pss(PssParameters::usual(hash)) }
}

pub(super) fn oaep(hash: DigestAlgorithm) -> MechanismCall {
    let parameters = Parameters::Oaep { hash, mgf: hash, label: b"label".to_vec() };
    MechanismCall { id: M::RSA_PKCS_OAEP, parameters }
}

pub(super) fn cbc(id: M) -> MechanismCall {
    MechanismCall { id, parameters: Parameters::Iv([9; 16]) }
}

fn gcm(associated_data: &[u8]) -> MechanismCall {
    let associated_data = associated_data.to_vec();
    let parameters = Parameters::Gcm { nonce: vec![5; 12], associated_data, tag_bits: 128 };
    MechanismCall { id: M::AES_GCM, parameters }
}

fn eddsa(prehash: bool, context: &[u8]) -> MechanismCall {
    MechanismCall { id: M::EDDSA, parameters: Parameters::Eddsa { prehash, context: context.to_vec() } }
}

#[test]
fn sign_with_generated_pairs_verifies_and_touches_no_card() {
    let host = host();
    let (rsa, ec, ed) = (host.rsa(), host.ec(Curve::P384), host.on_25519(Curve25519::Ed25519));
    let cases: &[((ObjectHandle, ObjectHandle), MechanismCall, usize)] = &[
        (rsa, M::RSA_PKCS.into(), 128),
        (rsa, M::RSA_X_509.into(), 128),
        (rsa, M::SHA256_RSA_PKCS.into(), 128),
        (rsa, M::SHA3_384_RSA_PKCS.into(), 128),
        (rsa, pss(M::SHA256_RSA_PKCS_PSS, DigestAlgorithm::Sha256), 128),
        (ec, M::ECDSA.into(), 96),
        (ec, M::ECDSA_SHA512.into(), 96),
        (ed, M::EDDSA.into(), 64),
        (ed, eddsa(false, b"a context"), 64),
        (ed, eddsa(true, b""), 64),
    ];
    for ((private, public), call, len) in cases {
        let signature = host.sign(call, *private, b"some data to sign").unwrap();
        assert_eq!(signature.len(), *len, "{}", call.id);
        host.verify(call, *public, b"some data to sign", &signature).unwrap();
        let other = host.verify(call, *public, b"some data to sigm", &signature);
        assert_eq!(code(other), "CKR_SIGNATURE_INVALID", "{}", call.id);
        let by_private = host.verify(call, *private, b"some data to sign", &signature);
        assert_eq!(code(by_private), "CKR_KEY_TYPE_INCONSISTENT");
        assert_eq!(code(host.sign(call, *public, b"data")), "CKR_KEY_TYPE_INCONSISTENT");
    }
    assert!(host.puppet.calls().is_empty());
}

#[test]
fn generated_key_says_where_it_comes_from_and_keeps_its_secrets() {
    let host = host();
    let (private, public) = host.rsa();
    let attribute = |object, kind| host.engine.attribute(host.session, object, kind);
    for (kind, value) in [
        (A::LOCAL, Value::Bool(true)),
        (A::ALWAYS_SENSITIVE, Value::Bool(true)),
        (A::NEVER_EXTRACTABLE, Value::Bool(true)),
        (A::PRIVATE, Value::Bool(true)),
        (A::KEY_GEN_MECHANISM, Value::Number(M::RSA_PKCS_KEY_PAIR_GEN.0)),
        (A::PUBLIC_EXPONENT, Value::Bytes(vec![1, 0, 1])),
    ] {
        assert_eq!(attribute(private, kind).unwrap(), value, "{kind}");
    }
    for kind in [A::PRIVATE_EXPONENT, A::PRIME_1, A::COEFFICIENT] {
        assert_eq!(code(attribute(private, kind)), "CKR_ATTRIBUTE_SENSITIVE", "{kind}");
    }
    assert_eq!(attribute(public, A::MODULUS).unwrap(), attribute(private, A::MODULUS).unwrap());
    assert_eq!(attribute(public, A::PRIVATE).unwrap(), Value::Bool(false));
    assert_eq!(code(attribute(public, A::PRIVATE_EXPONENT)), "CKR_ATTRIBUTE_TYPE_INVALID");
    // I.49, I.52: an open key tells its numbers, and made of them it is the same key again.
    let open = truth(Template::new(), &[A::EXTRACTABLE]).with(A::SENSITIVE, Value::Bool(false));
    let bits = Template::new().with(A::MODULUS_BITS, Value::Number(1024));
    let (private, public) =
        host.engine.generate_key_pair_from(host.session, M::RSA_PKCS_KEY_PAIR_GEN, &bits, &open).unwrap();
    let parts = [
        A::MODULUS,
        A::PUBLIC_EXPONENT,
        A::PRIVATE_EXPONENT,
        A::PRIME_1,
        A::PRIME_2,
        A::EXPONENT_1,
        A::EXPONENT_2,
        A::COEFFICIENT,
    ];
    // All of them, and without what follows from the exponents.
    for parts in [&parts[..], &parts[..3]] {
        let template = parts.iter().fold(Template::new().class(ObjectClass::PrivateKey), |template, kind| {
            template.with(*kind, attribute(private, *kind).unwrap())
        });
        let again = template.with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_RSA));
        let again = host.engine.create(host.session, &again).unwrap();
        let signature = host.sign(&M::SHA256_RSA_PKCS.into(), again, b"data").unwrap();
        host.verify(&M::SHA256_RSA_PKCS.into(), public, b"data", &signature).unwrap();
        assert_eq!(attribute(again, A::LOCAL).unwrap(), Value::Bool(false));
        assert_eq!(attribute(again, A::NEVER_EXTRACTABLE).unwrap(), Value::Bool(false));
    }
}

// I.63
#[test]
fn generate_what_there_is_not_is_refused() {
    let host = host();
    let pair = |mechanism, public: Template, private: Template| {
        code(host.engine.generate_key_pair_from(host.session, mechanism, &public, &private))
    };
    let none = Template::new;
    let bits = |bits| none().with(A::MODULUS_BITS, Value::Number(bits));
    assert_eq!(pair(M::RSA_PKCS_KEY_PAIR_GEN, none(), none()), "CKR_TEMPLATE_INCOMPLETE");
    assert_eq!(pair(M::RSA_PKCS_KEY_PAIR_GEN, bits(100), none()), "CKR_KEY_SIZE_RANGE");
    assert_eq!(pair(M::EC_KEY_PAIR_GEN, none(), none()), "CKR_TEMPLATE_INCOMPLETE");
    assert_eq!(pair(M::SHA256, bits(1024), none()), "CKR_MECHANISM_INVALID");
    let edwards = none().with(A::EC_PARAMS, Value::Bytes(Curve25519::Ed25519.parameters_der()));
    assert_eq!(pair(M::EC_MONTGOMERY_KEY_PAIR_GEN, edwards, none()), "CKR_ATTRIBUTE_VALUE_INVALID");
    assert_eq!(pair(M::EC_KEY_PAIR_GEN, truth(none(), &[A::TOKEN]), none()), "CKR_TEMPLATE_INCONSISTENT");
    let always = truth(none(), &[A::ALWAYS_AUTHENTICATE]);
    assert_eq!(pair(M::RSA_PKCS_KEY_PAIR_GEN, bits(1024), always), "CKR_TEMPLATE_INCONSISTENT");
    let key = |mechanism, template: &Template| {
        code(host.engine.generate_key_from(host.session, mechanism, template))
    };
    let len = |len| none().with(A::VALUE_LEN, Value::Number(len));
    assert_eq!(key(M::AES_KEY_GEN, &none()), "CKR_TEMPLATE_INCOMPLETE");
    assert_eq!(key(M::AES_KEY_GEN, &len(15)), "CKR_KEY_SIZE_RANGE");
    assert_eq!(key(M::GENERIC_SECRET_KEY_GEN, &len(0)), "CKR_KEY_SIZE_RANGE");
    assert_eq!(key(M::GENERIC_SECRET_KEY_GEN, &len(1 << 40)), "CKR_KEY_SIZE_RANGE");
    let wrong = len(16).with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_GENERIC_SECRET));
    assert_eq!(key(M::AES_KEY_GEN, &wrong), "CKR_TEMPLATE_INCONSISTENT");
    assert_eq!(key(M::RSA_PKCS_KEY_PAIR_GEN, &len(16)), "CKR_MECHANISM_INVALID");
}

#[test]
fn encrypt_with_a_public_key_decrypts_on_the_card_and_on_the_host() {
    let host = host();
    let (private, public) = host.rsa();
    let on_card = only_on_card(&host, ObjectClass::PrivateKey);
    let certificate = host.engine.find_all(host.session, &Template::new().label("CN=Leaf 1")).unwrap()[0];
    for call in [M::RSA_PKCS.into(), oaep(DigestAlgorithm::Sha1), oaep(DigestAlgorithm::Sha256)] {
        for (to, by) in [(public, private), (certificate, on_card)] {
            let sealed = host.encrypt(&call, to, b"hello").unwrap();
            assert_eq!(sealed.len(), 128);
            assert_ne!(host.encrypt(&call, to, b"hello").unwrap(), sealed, "a random padding");
            assert_eq!(host.decrypt(&call, by, &sealed).unwrap(), b"hello", "{}", call.id);
        }
        let sealed = host.encrypt(&call, public, b"").unwrap();
        assert!(host.decrypt(&call, private, &sealed).unwrap().is_empty());
        assert_eq!(code(host.encrypt(&call, public, &[0; 128])), "CKR_DATA_LEN_RANGE");
        // I.65: uniform, whatever is wrong.
        for wrong in [[0u8; 128], [0xFF; 128], [0x55; 128]] {
            assert_eq!(code(host.decrypt(&call, private, &wrong)), "CKR_ENCRYPTED_DATA_INVALID");
        }
        assert_eq!(code(host.decrypt(&call, private, &[0; 127])), "CKR_ENCRYPTED_DATA_LEN_RANGE");
    }
    let raw = host.encrypt(&M::RSA_X_509.into(), public, b"raw").unwrap();
    let plain = host.decrypt(&M::RSA_X_509.into(), private, &raw).unwrap();
    assert_eq!((plain.len(), &plain[125..]), (128, &b"raw"[..]));
}

fn only_on_card(host: &Host, class: ObjectClass) -> ObjectHandle {
    let template = truth(Template::new().class(class), &[A::TOKEN]);
    host.engine.find_all(host.session, &template).unwrap()[0]
}

#[test]
fn sign_recover_gives_its_data_back() {
    let host = host();
    let (private, public) = host.rsa();
    for id in [M::RSA_PKCS, M::RSA_X_509] {
        host.engine.sign_recover_init(host.session, &id.into(), private).unwrap();
        assert_eq!(host.engine.sign_recover_len(host.session).unwrap(), 128);
        let again = host.engine.sign_recover_init(host.session, &id.into(), private);
        assert_eq!(code(again), "CKR_OPERATION_ACTIVE");
        let short = host.engine.sign_recover(host.session, b"data", 127);
        assert_eq!(code(short), "CKR_BUFFER_TOO_SMALL");
        let signature = host.engine.sign_recover(host.session, b"data", 128).unwrap();
        host.engine.verify_recover_init(host.session, &id.into(), public).unwrap();
        let short = host.engine.verify_recover(host.session, &signature, 3);
        assert_eq!(code(short), "CKR_BUFFER_TOO_SMALL");
        let data = host.engine.verify_recover(host.session, &signature, ANY_ROOM).unwrap();
        assert!(data.ends_with(b"data") && (id == M::RSA_X_509 || data == b"data"));
    }
    host.engine.verify_recover_init(host.session, &M::RSA_PKCS.into(), public).unwrap();
    let wrong = host.engine.verify_recover(host.session, &[0x11; 128], ANY_ROOM);
    assert_eq!(code(wrong), "CKR_SIGNATURE_INVALID");
    let over = host.engine.verify_recover(host.session, &[0x11; 128], ANY_ROOM);
    assert_eq!(code(over), "CKR_OPERATION_NOT_INITIALIZED");
    let with_digest = host.engine.sign_recover_init(host.session, &M::SHA256_RSA_PKCS.into(), private);
    assert_eq!(code(with_digest), "CKR_MECHANISM_INVALID");
}

#[test]
fn aes_modes_round_trip_by_parts_and_at_once() {
    let host = host();
    let key = host.secret(M::AES_KEY_GEN, 32, Template::new());
    let counter =
        MechanismCall { id: M::AES_CTR, parameters: Parameters::Counter { block: [1; 16], bits: 64 } };
    let plain: Vec<u8> = (0..=255).collect();
    for call in [M::AES_ECB.into(), cbc(M::AES_CBC), cbc(M::AES_CBC_PAD), counter, gcm(b"with")] {
        let sealed = host.encrypt(&call, key, &plain).unwrap();
        host.engine.encrypt_init(host.session, &call, key).unwrap();
        let mut streamed = Vec::new();
        for part in plain.chunks(37) {
            let len = host.engine.encrypt_update_len(host.session, part.len()).unwrap();
            if len > 0 {
                // I.58: nothing is taken where the output does not fit.
                let short = host.engine.encrypt_update(host.session, part, len - 1);
                assert_eq!(code(short), "CKR_BUFFER_TOO_SMALL");
            }
            let output = host.engine.encrypt_update(host.session, part, len).unwrap();
            assert_eq!(output.len(), len);
            streamed.extend(output);
        }
        let len = host.engine.encrypt_final_len(host.session).unwrap();
        let last = host.engine.encrypt_final(host.session, len).unwrap();
        assert_eq!(last.len(), len);
        streamed.extend(last);
        assert_eq!(streamed, sealed, "{}", call.id);
        assert_eq!(host.decrypt(&call, key, &sealed).unwrap(), plain, "{}", call.id);
        // I.62: what went on by parts is not ended at once.
        host.engine.decrypt_init(host.session, &call, key).unwrap();
        host.engine.decrypt_update(host.session, &sealed[..16], ANY_ROOM).unwrap();
        let at_once = host.engine.decrypt(host.session, &sealed, ANY_ROOM);
        assert_eq!(code(at_once), "CKR_OPERATION_NOT_INITIALIZED");
        let over = host.engine.decrypt_final(host.session, ANY_ROOM);
        assert_eq!(code(over), "CKR_OPERATION_NOT_INITIALIZED");
    }
    assert!(host.puppet.calls().is_empty());
}

// I.58, I.65
#[test]
fn decrypt_that_does_not_fit_can_be_asked_again_and_bad_padding_has_one_answer() {
    let host = host();
    let key = host.secret(M::AES_KEY_GEN, 16, Template::new());
    let call = cbc(M::AES_CBC_PAD);
    let mut sealed = host.encrypt(&call, key, b"nineteen bytes long").unwrap();
    host.engine.decrypt_init(host.session, &call, key).unwrap();
    assert_eq!(host.engine.decrypt_len(host.session, 32).unwrap(), 32);
    let short = host.engine.decrypt(host.session, &sealed, 18);
    assert!(matches!(short, Err(Error::BufferTooSmall { needed: 19 })), "{short:?}");
    assert_eq!(host.engine.decrypt(host.session, &sealed, 19).unwrap().expose(), b"nineteen bytes long");
    for last in [0u8, 1, 0x55] {
        sealed[31] ^= last | 0x80;
        assert_eq!(code(host.decrypt(&call, key, &sealed)), "CKR_ENCRYPTED_DATA_INVALID");
    }
    let mut sealed = host.encrypt(&gcm(b"a"), key, b"text").unwrap();
    assert_eq!(code(host.decrypt(&gcm(b"b"), key, &sealed)), "CKR_ENCRYPTED_DATA_INVALID");
    sealed[0] ^= 1;
    assert_eq!(code(host.decrypt(&gcm(b"a"), key, &sealed)), "CKR_ENCRYPTED_DATA_INVALID");
}

#[test]
fn codes_are_made_and_judged_whole_and_cut() {
    let host = host();
    let secret = host.secret(M::GENERIC_SECRET_KEY_GEN, 40, Template::new());
    let aes = host.secret(M::AES_KEY_GEN, 24, Template::new());
    let cut = |id, len| MechanismCall { id, parameters: Parameters::MacLen(len) };
    let cases: &[(ObjectHandle, MechanismCall, usize)] = &[
        (secret, M::SHA_1_HMAC.into(), 20),
        (secret, M::SHA256_HMAC.into(), 32),
        (secret, M::SHA3_512_HMAC.into(), 64),
        (secret, cut(M::SHA512_HMAC_GENERAL, 10), 10),
        (aes, M::AES_CMAC.into(), 16),
        (aes, cut(M::AES_CMAC_GENERAL, 4), 4),
    ];
    for (key, call, len) in cases {
        let code_of = host.sign(call, *key, b"some data").unwrap();
        assert_eq!(code_of.len(), *len, "{}", call.id);
        host.engine.sign_init(host.session, call, *key).unwrap();
        b"some data".chunks(4).for_each(|part| host.engine.sign_update(host.session, part).unwrap());
        assert_eq!(host.engine.sign_final(host.session, ANY_ROOM).unwrap(), code_of);
        host.verify(call, *key, b"some data", &code_of).unwrap();
        assert_eq!(code(host.verify(call, *key, b"some date", &code_of)), "CKR_SIGNATURE_INVALID");
        let short = host.verify(call, *key, b"some data", &code_of[1..]);
        assert_eq!(code(short), "CKR_SIGNATURE_LEN_RANGE");
    }
    assert_eq!(code(host.sign(&M::AES_CMAC.into(), secret, b"")), "CKR_KEY_TYPE_INCONSISTENT");
    assert_eq!(code(host.sign(&M::SHA256_HMAC.into(), aes, b"")), "CKR_KEY_TYPE_INCONSISTENT");
    assert_eq!(code(host.sign(&M::SHA512_HMAC_GENERAL.into(), secret, b"")), "CKR_MECHANISM_PARAM_INVALID");
}

// I.63
#[test]
fn key_does_what_its_attributes_allow_and_no_more() {
    let host = host();
    let only_encrypts = host.secret(M::AES_KEY_GEN, 16, truth(Template::new(), &[A::ENCRYPT]));
    let call = cbc(M::AES_CBC);
    let sealed = host.encrypt(&call, only_encrypts, &[0; 16]).unwrap();
    assert_eq!(code(host.decrypt(&call, only_encrypts, &sealed)), "CKR_KEY_FUNCTION_NOT_PERMITTED");
    let allow = truth(Template::new(), &[A::DECRYPT]);
    host.engine.set_attributes(host.session, only_encrypts, &allow).unwrap();
    assert_eq!(host.decrypt(&call, only_encrypts, &sealed).unwrap(), [0; 16]);
    let one = Template::new().with(A::ALLOWED_MECHANISMS, Value::Numbers(vec![M::AES_ECB.0]));
    let limited = host.secret(M::AES_KEY_GEN, 16, one);
    assert!(host.encrypt(&M::AES_ECB.into(), limited, &[0; 16]).is_ok());
    assert_eq!(code(host.encrypt(&call, limited, &[0; 16])), "CKR_MECHANISM_INVALID");
}

#[test]
fn operation_ends_with_its_key() {
    let host = host();
    let key = host.secret(M::AES_KEY_GEN, 16, Template::new());
    host.engine.encrypt_init(host.session, &cbc(M::AES_CBC), key).unwrap();
    host.engine.encrypt_update(host.session, &[0; 16], ANY_ROOM).unwrap();
    host.engine.destroy_object(host.session, key).unwrap();
    let after = host.engine.encrypt_update(host.session, &[0; 16], ANY_ROOM);
    assert_eq!(code(after), "CKR_KEY_HANDLE_INVALID");
    let (private, _) = host.ec(Curve::P256);
    host.engine.sign_init(host.session, &M::ECDSA_SHA256.into(), private).unwrap();
    host.engine.logout(host.session).unwrap();
    let after = host.engine.sign(host.session, b"data", ANY_ROOM);
    assert_eq!(code(after), "CKR_KEY_HANDLE_INVALID");
}

// I.66
#[test]
fn one_operation_of_each_kind_goes_on_in_a_session_and_two_at_once() {
    let host = host();
    let key = host.secret(M::AES_KEY_GEN, 16, Template::new());
    let mac = host.secret(M::GENERIC_SECRET_KEY_GEN, 32, Template::new());
    let (engine, session, call) = (&host.engine, host.session, cbc(M::AES_CBC));
    let plain = [7u8; 64];
    engine.digest_init(session, &M::SHA256.into()).unwrap();
    engine.encrypt_init(session, &call, key).unwrap();
    let sealed = engine.digest_encrypt_update(session, &plain, ANY_ROOM).unwrap();
    engine.encrypt_final(session, ANY_ROOM).unwrap();
    let digest = engine.digest_final(session, ANY_ROOM).unwrap();
    engine.sign_init(session, &M::SHA256_HMAC.into(), mac).unwrap();
    engine.encrypt_init(session, &call, key).unwrap();
    let short = engine.sign_encrypt_update(session, &plain, 63);
    assert_eq!(code(short), "CKR_BUFFER_TOO_SMALL");
    assert_eq!(engine.sign_encrypt_update(session, &plain, 64).unwrap(), sealed);
    let signature = engine.sign_final(session, ANY_ROOM).unwrap();
    assert_eq!(signature, host.sign(&M::SHA256_HMAC.into(), mac, &plain).unwrap(), "taken once");
    engine.encrypt_final(session, ANY_ROOM).unwrap();
    engine.digest_init(session, &M::SHA256.into()).unwrap();
    engine.decrypt_init(session, &call, key).unwrap();
    let opened = engine.decrypt_digest_update(session, &sealed, ANY_ROOM).unwrap();
    assert_eq!(opened.expose(), plain);
    assert_eq!(engine.digest_final(session, ANY_ROOM).unwrap(), digest);
    engine.decrypt_final(session, ANY_ROOM).unwrap();
    engine.verify_init(session, &M::SHA256_HMAC.into(), mac).unwrap();
    engine.decrypt_init(session, &call, key).unwrap();
    engine.decrypt_verify_update(session, &sealed, ANY_ROOM).unwrap();
    engine.verify_final(session, &signature).unwrap();
    // One of the two alone is not enough.
    let alone = engine.digest_encrypt_update(session, &plain, ANY_ROOM);
    assert_eq!(code(alone), "CKR_OPERATION_NOT_INITIALIZED");
}

// I.62, I.67
#[test]
fn operations_are_cancelled_by_kind() {
    let host = host();
    let key = host.secret(M::AES_KEY_GEN, 16, Template::new());
    host.engine.encrypt_init(host.session, &cbc(M::AES_CBC), key).unwrap();
    host.engine.digest_init(host.session, &M::SHA256.into()).unwrap();
    let kinds = [OperationKind::Encrypt, OperationKind::Sign];
    assert!(host.engine.cancel(host.session, &kinds).unwrap());
    assert!(!host.engine.cancel(host.session, &kinds).unwrap());
    let over = host.engine.encrypt_update(host.session, &[0; 16], ANY_ROOM);
    assert_eq!(code(over), "CKR_OPERATION_NOT_INITIALIZED");
    assert_eq!(host.engine.digest(host.session, b"", ANY_ROOM).unwrap().len(), 32);
}

#[test]
fn digest_of_a_key_is_that_of_its_bytes_and_no_card_gives_its_own() {
    let host = host();
    let value = Template::new().class(ObjectClass::SecretKey).with(A::VALUE, Value::Bytes(b"key".to_vec()));
    let value = value.with(A::KEY_TYPE, Value::Number(cryptoki_sys::CKK_GENERIC_SECRET));
    let key = host.engine.create(host.session, &value).unwrap();
    host.engine.digest_init(host.session, &M::SHA256.into()).unwrap();
    host.engine.digest_update(host.session, b"a ").unwrap();
    host.engine.digest_key(host.session, key).unwrap();
    let on_card = only_on_card(&host, ObjectClass::PrivateKey);
    assert_eq!(code(host.engine.digest_key(host.session, on_card)), "CKR_KEY_INDIGESTIBLE");
    assert_eq!(code(host.engine.digest_key(host.session, ObjectHandle(99_999))), "CKR_KEY_HANDLE_INVALID");
    let digest = host.engine.digest_final(host.session, ANY_ROOM).unwrap();
    assert_eq!(digest, crate::crypto::digest::digest(DigestAlgorithm::Sha256, b"a key"));
}
