//! Digests, signatures, verifications, decryption, random bytes.

use super::*;
use crate::crypto::rsa::PssParameters;
use crate::crypto::{DigestAlgorithm, digest, rsa};

const SIGN: MechanismId = MechanismId::SHA256_RSA_PKCS;

pub(super) struct Bench {
    pub puppet: Puppet,
    pub engine: Engine,
    pub session: SessionHandle,
    pub key: ObjectHandle,
    pub public: ObjectHandle,
}

/// Logged in to the token of key 1 (RSA) or 2 (EC).
pub(super) fn bench(number: u32) -> Bench {
    let puppet = Puppet::founding("A");
    bench_with(puppet, number)
}

fn bench_with(puppet: Puppet, number: u32) -> Bench {
    let engine = engine(&[&puppet]);
    let session = logged_in(&engine, number - 1, if number == 1 { PIN_1 } else { PIN_2 });
    let key = only(&engine, session, ObjectClass::PrivateKey);
    let public = only(&engine, session, ObjectClass::PublicKey);
    puppet.calls();
    Bench { puppet, engine, session, key, public }
}

impl Bench {
    fn sign(&self, id: MechanismId, data: &[u8]) -> Result<Vec<u8>> {
        self.engine.sign_init(self.session, &id.into(), self.key)?;
        self.engine.sign(self.session, data, ANY_ROOM)
    }

    pub(super) fn sign_with(&self, call: &MechanismCall, data: &[u8]) -> Result<Vec<u8>> {
        self.engine.sign_init(self.session, call, self.key)?;
        self.engine.sign(self.session, data, ANY_ROOM)
    }

    pub(super) fn verify_with(&self, call: &MechanismCall, data: &[u8], signature: &[u8]) -> Result<()> {
        self.engine.verify_init(self.session, call, self.public)?;
        self.engine.verify(self.session, data, signature)
    }

    fn verify(&self, id: MechanismId, key: ObjectHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        self.engine.verify_init(self.session, &id.into(), key)?;
        self.engine.verify(self.session, data, signature)
    }
}

pub(super) fn pss(id: MechanismId, hash: DigestAlgorithm, salt_len: usize) -> MechanismCall {
    let parameters = PssParameters { salt_len, ..PssParameters::usual(hash) };
    MechanismCall { id, parameters: Parameters::Pss(parameters) }
}

#[test]
fn sign_with_every_mechanism_verifies_with_key_and_certificate() {
    for (number, ids) in [
        (
            1,
            &[
                MechanismId::RSA_PKCS,
                MechanismId::RSA_X_509,
                MechanismId::SHA1_RSA_PKCS,
                MechanismId::SHA224_RSA_PKCS,
                MechanismId::SHA256_RSA_PKCS,
                MechanismId::SHA384_RSA_PKCS,
                MechanismId::SHA512_RSA_PKCS,
                MechanismId::SHA3_224_RSA_PKCS,
                MechanismId::SHA3_256_RSA_PKCS,
                MechanismId::SHA3_384_RSA_PKCS,
                MechanismId::SHA3_512_RSA_PKCS,
            ][..],
        ),
        (
            2,
            &[
                MechanismId::ECDSA,
                MechanismId::ECDSA_SHA1,
                MechanismId::ECDSA_SHA224,
                MechanismId::ECDSA_SHA256,
                MechanismId::ECDSA_SHA384,
                MechanismId::ECDSA_SHA512,
                MechanismId::ECDSA_SHA3_224,
                MechanismId::ECDSA_SHA3_256,
                MechanismId::ECDSA_SHA3_384,
                MechanismId::ECDSA_SHA3_512,
            ][..],
        ),
    ] {
        let bench = bench(number);
        let certificate = Template::new().label(&format!("CN=Leaf {number}"));
        let certificate = bench.engine.find_all(bench.session, &certificate).unwrap()[0];
        for id in ids {
            let signature = bench.sign(*id, b"some data to sign").unwrap();
            for key in [bench.public, certificate] {
                bench.verify(*id, key, b"some data to sign", &signature).unwrap();
                let other = bench.verify(*id, key, b"some data to sigm", &signature);
                assert_eq!(code(other), "CKR_SIGNATURE_INVALID", "{id}");
            }
            let short = bench.verify(*id, bench.public, b"some data to sign", &signature[1..]);
            assert_eq!(code(short), "CKR_SIGNATURE_LEN_RANGE", "{id}");
        }
    }
}

#[test]
fn sign_by_a_card_that_pads_gives_the_same_signature() {
    let puppet = Puppet::founding("A");
    puppet.strings().abilities.rsa_pkcs1 = true;
    let padded = bench_with(puppet, 1);
    let signature = padded.sign(SIGN, b"data").unwrap();
    assert_eq!(padded.puppet.calls(), ["rsa pkcs1 1"]);
    // PKCS#1 v1.5 signatures have no random part, and all puppets have one RSA key.
    assert_eq!(signature, bench(1).sign(SIGN, b"data").unwrap());
}

#[test]
fn sign_by_parts_is_signing_at_once() {
    let bench = bench(1);
    let at_once = bench.sign(SIGN, b"one two three").unwrap();
    bench.engine.sign_init(bench.session, &SIGN.into(), bench.key).unwrap();
    for part in [&b"one "[..], b"", b"two three"] {
        bench.engine.sign_update(bench.session, part).unwrap();
    }
    assert_eq!(bench.engine.sign_final(bench.session, ANY_ROOM).unwrap(), at_once);
    bench.engine.verify_init(bench.session, &SIGN.into(), bench.public).unwrap();
    bench.engine.verify_update(bench.session, b"one two three").unwrap();
    bench.engine.verify_final(bench.session, &at_once).unwrap();
}

// I.58
#[test]
fn sign_length_query_and_short_room_keep_the_operation_and_send_nothing() {
    let bench = bench(1);
    bench.engine.sign_init(bench.session, &SIGN.into(), bench.key).unwrap();
    assert_eq!(bench.engine.sign_len(bench.session).unwrap(), 128);
    let short = bench.engine.sign(bench.session, b"data", 127);
    assert!(matches!(short, Err(Error::BufferTooSmall { needed: 128 })));
    assert!(bench.puppet.calls().is_empty());
    assert_eq!(bench.engine.sign(bench.session, b"data", 128).unwrap().len(), 128);
    assert_eq!(bench.puppet.calls(), ["rsa raw 1"]);
    bench.engine.sign_init(bench.session, &SIGN.into(), bench.key).unwrap();
    bench.engine.sign_update(bench.session, b"data").unwrap();
    assert!(matches!(bench.engine.sign_final(bench.session, 0), Err(Error::BufferTooSmall { needed: 128 })));
    assert_eq!(bench.engine.sign_final(bench.session, 128).unwrap().len(), 128);
}

// I.58
#[test]
fn sign_any_other_error_ends_the_operation() {
    let bench = bench(1);
    bench.engine.sign_init(bench.session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
    assert_eq!(code(bench.engine.sign(bench.session, &[0; 118], ANY_ROOM)), "CKR_DATA_LEN_RANGE");
    assert_eq!(code(bench.engine.sign(bench.session, b"x", ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
    bench.engine.sign_init(bench.session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
    bench.engine.sign_update(bench.session, &[0; 100]).unwrap();
    assert_eq!(code(bench.engine.sign_update(bench.session, &[0; 18])), "CKR_DATA_LEN_RANGE");
    assert_eq!(code(bench.engine.sign_final(bench.session, ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
    assert!(bench.puppet.calls().is_empty());
}

// I.62
#[test]
fn operations_keep_their_order_of_calls() {
    let bench = bench(1);
    let (engine, session) = (&bench.engine, bench.session);
    assert_eq!(code(engine.sign(session, b"x", ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
    assert_eq!(code(engine.sign_update(session, b"x")), "CKR_OPERATION_NOT_INITIALIZED");
    assert_eq!(code(engine.sign_final(session, ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
    engine.sign_init(session, &SIGN.into(), bench.key).unwrap();
    assert_eq!(code(engine.sign_init(session, &SIGN.into(), bench.key)), "CKR_OPERATION_ACTIVE");
    engine.sign_update(session, b"x").unwrap();
    assert_eq!(code(engine.sign(session, b"x", ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
    assert_eq!(code(engine.sign_final(session, ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
    engine.sign_init(session, &SIGN.into(), bench.key).unwrap();
    engine.sign(session, b"x", ANY_ROOM).unwrap();
    assert_eq!(code(engine.sign_final(session, ANY_ROOM)), "CKR_OPERATION_NOT_INITIALIZED");
}

// I.63
#[test]
fn init_refuses_wrong_key_usage_type_handle_and_mechanism() {
    let bench = bench(1);
    let (engine, session) = (&bench.engine, bench.session);
    let begin = |id: MechanismId, key| engine.sign_init(session, &id.into(), key);
    assert_eq!(code(begin(MechanismId::ECDSA, bench.key)), "CKR_KEY_TYPE_INCONSISTENT");
    assert_eq!(code(begin(SIGN, bench.public)), "CKR_KEY_TYPE_INCONSISTENT");
    assert_eq!(code(begin(SIGN, ObjectHandle(999_999))), "CKR_KEY_HANDLE_INVALID");
    assert_eq!(code(begin(MechanismId::SHA256, bench.key)), "CKR_MECHANISM_INVALID");
    assert_eq!(code(begin(MechanismId(0x9999), bench.key)), "CKR_MECHANISM_INVALID");
    let note = only(engine, session, ObjectClass::Data);
    assert_eq!(code(begin(SIGN, note)), "CKR_KEY_HANDLE_INVALID");
    let call = pss(SIGN, DigestAlgorithm::Sha256, 32);
    assert_eq!(code(engine.sign_init(session, &call, bench.key)), "CKR_MECHANISM_PARAM_INVALID");
    assert_eq!(code(engine.verify_init(session, &SIGN.into(), bench.key)), "CKR_KEY_TYPE_INCONSISTENT");
    assert!(bench.puppet.calls().is_empty());
}

// I.63, A.9#7
#[test]
fn key_that_may_not_decrypt_says_so() {
    let puppet = Puppet::founding("A");
    puppet.strings().token.keys[0].usage.decrypt = false;
    let bench = bench_with(puppet, 1);
    let refused = bench.engine.decrypt_init(bench.session, &MechanismId::RSA_PKCS.into(), bench.key);
    assert_eq!(code(refused), "CKR_KEY_FUNCTION_NOT_PERMITTED");
}

// I.66
#[test]
fn operations_of_different_kinds_and_sessions_go_on_together() {
    let bench = bench(1);
    let (engine, session) = (&bench.engine, bench.session);
    let other = open(engine, 0);
    engine.find_init(session, &Template::new()).unwrap();
    engine.digest_init(session, &MechanismId::SHA256.into()).unwrap();
    for session in [session, other] {
        engine.sign_init(session, &SIGN.into(), bench.key).unwrap();
        engine.sign_update(session, b"da").unwrap();
    }
    engine.digest_update(session, b"abc").unwrap();
    for session in [session, other] {
        engine.sign_update(session, b"ta").unwrap();
    }
    assert_eq!(engine.sign_final(session, ANY_ROOM).unwrap(), engine.sign_final(other, ANY_ROOM).unwrap());
    assert_eq!(
        engine.digest_final(session, ANY_ROOM).unwrap(),
        digest::digest(DigestAlgorithm::Sha256, b"abc")
    );
    assert!(!engine.find(session, 10).unwrap().is_empty());
}

// I.64
#[test]
fn empty_data_is_data() {
    let bench = bench(1);
    let signature = bench.sign(SIGN, b"").unwrap();
    bench.verify(SIGN, bench.public, b"", &signature).unwrap();
    bench.engine.sign_init(bench.session, &SIGN.into(), bench.key).unwrap();
    bench.engine.sign_update(bench.session, b"").unwrap();
    assert_eq!(bench.engine.sign_final(bench.session, ANY_ROOM).unwrap(), signature);
    bench.engine.digest_init(bench.session, &MechanismId::SHA_1.into()).unwrap();
    let empty = bench.engine.digest(bench.session, b"", ANY_ROOM).unwrap();
    assert_eq!(empty, digest::digest(DigestAlgorithm::Sha1, b""));
}

// I.58, I.62
#[test]
fn digest_keeps_its_order_of_calls_and_its_room() {
    let bench = bench(1);
    let (engine, session) = (&bench.engine, bench.session);
    assert_eq!(code(engine.digest_init(session, &SIGN.into())), "CKR_MECHANISM_INVALID");
    engine.digest_init(session, &MechanismId::SHA256.into()).unwrap();
    assert_eq!(code(engine.digest_init(session, &MechanismId::SHA256.into())), "CKR_OPERATION_ACTIVE");
    assert_eq!(engine.digest_len(session).unwrap(), 32);
    assert_eq!(code(engine.digest(session, b"abc", 31)), "CKR_BUFFER_TOO_SMALL");
    engine.digest(session, b"abc", 32).unwrap();
    assert_eq!(code(engine.digest_final(session, 32)), "CKR_OPERATION_NOT_INITIALIZED");
    engine.digest_init(session, &MechanismId::SHA3_256.into()).unwrap();
    engine.digest_update(session, b"ab").unwrap();
    assert_eq!(code(engine.digest_final(session, 0)), "CKR_BUFFER_TOO_SMALL");
    engine.digest_update(session, b"c").unwrap();
    let expected = digest::digest(DigestAlgorithm::Sha3_256, b"abc");
    assert_eq!(engine.digest_final(session, 32).unwrap(), expected);
}

#[test]
fn decrypt_gives_the_plain_text_and_room_is_asked_once_from_the_card() {
    let bench = bench(1);
    let public = bench.engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let encrypted = rsa::pkcs1_encrypt(&public, b"a secret").unwrap();
    bench.puppet.calls();
    let (engine, session) = (&bench.engine, bench.session);
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
    assert_eq!(engine.decrypt_len(session, 128).unwrap(), 117);
    assert!(bench.puppet.calls().is_empty());
    let short = engine.decrypt(session, &encrypted, 7);
    assert!(matches!(short, Err(Error::BufferTooSmall { needed: 8 })));
    assert_eq!(engine.decrypt(session, &encrypted, 8).unwrap().expose(), b"a secret");
    assert_eq!(bench.puppet.calls(), ["rsa raw 1"]);
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
    engine.decrypt_update(session, &encrypted[..50], ANY_ROOM).unwrap();
    engine.decrypt_update(session, &encrypted[50..], ANY_ROOM).unwrap();
    assert_eq!(engine.decrypt_final(session, ANY_ROOM).unwrap().expose(), b"a secret");
}

// I.65
#[test]
fn decrypt_every_bad_padding_gets_the_same_answer() {
    let bench = bench(1);
    let public = bench.engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let (engine, session) = (&bench.engine, bench.session);
    let mut blocks = vec![vec![0u8; 128]; 4];
    blocks[0][1] = 0x01; // a signature's block type
    blocks[1][1] = 0x02; // zero at once
    blocks[2][1..].fill(0x02); // no end of the padding
    blocks[3][1] = 0x02; // padding of seven bytes
    blocks[3][2..9].fill(0x55);
    let mut texts = Vec::new();
    for block in blocks {
        let encrypted = rsa::public_raw(&public, &block).unwrap();
        engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
        let error = engine.decrypt(session, &encrypted, ANY_ROOM).unwrap_err();
        assert_eq!(error.code(), "CKR_ENCRYPTED_DATA_INVALID");
        texts.push(format!("{error:?}"));
    }
    texts.dedup();
    assert_eq!(texts.len(), 1);
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
    assert_eq!(code(engine.decrypt(session, &[1; 127], ANY_ROOM)), "CKR_ENCRYPTED_DATA_LEN_RANGE");
}

#[test]
fn decrypt_by_a_card_that_unpads_gives_the_same_answers() {
    let puppet = Puppet::founding("A");
    {
        let abilities = &mut puppet.strings().abilities;
        (abilities.rsa_raw, abilities.rsa_pkcs1, abilities.rsa_pkcs1_decrypt) = (false, true, true);
    }
    let bench = bench_with(puppet, 1);
    let public = bench.engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let (engine, session) = (&bench.engine, bench.session);
    let begin = || engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), bench.key).unwrap();
    begin();
    let encrypted = rsa::pkcs1_encrypt(&public, b"a secret").unwrap();
    assert!(matches!(engine.decrypt(session, &encrypted, 3), Err(Error::BufferTooSmall { needed: 8 })));
    assert_eq!(engine.decrypt(session, &encrypted, 8).unwrap().expose(), b"a secret");
    begin();
    let damaged = rsa::public_raw(&public, &[1; 128]).unwrap();
    assert_eq!(code(engine.decrypt(session, &damaged, ANY_ROOM)), "CKR_ENCRYPTED_DATA_INVALID");
    let raw = engine.decrypt_init(session, &MechanismId::RSA_X_509.into(), bench.key);
    assert_eq!(code(raw), "CKR_MECHANISM_INVALID");
}

#[test]
fn decrypt_raw_gives_the_whole_block() {
    let bench = bench(1);
    let public = bench.engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let mut block = vec![0; 128];
    block[127] = 9;
    let encrypted = rsa::public_raw(&public, &block).unwrap();
    bench.engine.decrypt_init(bench.session, &MechanismId::RSA_X_509.into(), bench.key).unwrap();
    let plain = bench.engine.decrypt(bench.session, &encrypted, ANY_ROOM).unwrap();
    assert_eq!(plain.expose(), block);
}

// I.64
#[test]
fn random_comes_from_the_card_or_the_system_and_nothing_asks_nothing() {
    let bench = bench(1);
    assert_eq!(bench.engine.random(bench.session, 20).unwrap().len(), 20);
    assert!(bench.engine.random(bench.session, 0).unwrap().is_empty());
    assert_eq!(bench.puppet.calls(), ["random 20"]);
    let puppet = Puppet::founding("B");
    puppet.strings().abilities.random = false;
    let without = bench_with(puppet, 1);
    let (one, two) = (without.engine.random(without.session, 32), without.engine.random(without.session, 32));
    assert_ne!(one.unwrap(), two.unwrap());
    assert!(without.puppet.calls().is_empty());
}

#[test]
fn key_of_unstated_size_is_measured_by_its_public_half() {
    let puppet = Puppet::founding("A");
    puppet.strings().token.keys[0].algorithm = crate::token::KeyAlgorithm::Rsa { modulus_bits: 0 };
    let bench = bench_with(puppet, 1);
    assert_eq!(bench.sign(SIGN, b"data").unwrap().len(), 128);
    assert_eq!(bench.puppet.calls(), ["read 11", "rsa raw 1"]);
}

#[test]
fn batch_ends_with_its_guard() {
    let bench = bench(1);
    let batch = bench.engine.batch(bench.session).unwrap();
    for _ in 0..2 {
        bench.sign(SIGN, b"data").unwrap();
    }
    drop(batch);
    bench.sign(SIGN, b"data").unwrap();
}
