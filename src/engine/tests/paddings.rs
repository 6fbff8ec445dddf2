//! PSS and OAEP: the host pads around the card's raw RSA.

use super::operations::{bench, pss};
use super::*;
use crate::crypto::rsa::OaepParameters;
use crate::crypto::{DigestAlgorithm, digest, rsa};

#[test]
fn pss_with_every_digest_is_signed_raw_and_verified_on_the_host() {
    let bench = bench(1);
    for (id, hash) in [
        (MechanismId::SHA1_RSA_PKCS_PSS, DigestAlgorithm::Sha1),
        (MechanismId::SHA224_RSA_PKCS_PSS, DigestAlgorithm::Sha224),
        (MechanismId::SHA256_RSA_PKCS_PSS, DigestAlgorithm::Sha256),
        (MechanismId::SHA384_RSA_PKCS_PSS, DigestAlgorithm::Sha384),
        (MechanismId::SHA512_RSA_PKCS_PSS, DigestAlgorithm::Sha512),
        (MechanismId::SHA3_224_RSA_PKCS_PSS, DigestAlgorithm::Sha3_224),
        (MechanismId::SHA3_256_RSA_PKCS_PSS, DigestAlgorithm::Sha3_256),
        (MechanismId::SHA3_384_RSA_PKCS_PSS, DigestAlgorithm::Sha3_384),
        (MechanismId::SHA3_512_RSA_PKCS_PSS, DigestAlgorithm::Sha3_512),
    ] {
        let with_digest = pss(id, hash, 20);
        bench.puppet.calls();
        let signature = bench.sign_with(&with_digest, b"data").unwrap();
        assert_eq!(bench.puppet.calls(), ["rsa raw 1"]);
        bench.verify_with(&with_digest, b"data", &signature).unwrap();
        // The same signature over a digest that the caller made.
        let plain = pss(MechanismId::RSA_PKCS_PSS, hash, 20);
        bench.verify_with(&plain, &digest::digest(hash, b"data"), &signature).unwrap();
        for (call, data) in [(&with_digest, &b"date"[..]), (&pss(id, hash, 19), b"data")] {
            assert_eq!(code(bench.verify_with(call, data, &signature)), "CKR_SIGNATURE_INVALID", "{id}");
        }
        let short = bench.verify_with(&with_digest, b"data", &signature[1..]);
        assert_eq!(code(short), "CKR_SIGNATURE_LEN_RANGE");
        let other =
            if hash == DigestAlgorithm::Sha1 { DigestAlgorithm::Sha256 } else { DigestAlgorithm::Sha1 };
        let refused = bench.engine.sign_init(bench.session, &pss(id, other, 20), bench.key);
        assert_eq!(code(refused), "CKR_MECHANISM_PARAM_INVALID");
        assert!(bench.puppet.calls().iter().all(|call| call.starts_with("read")));
    }
}

// I.58
#[test]
fn pss_length_query_and_refusals_send_nothing() {
    let bench = bench(1);
    let (engine, session) = (&bench.engine, bench.session);
    let plain = pss(MechanismId::RSA_PKCS_PSS, DigestAlgorithm::Sha256, 32);
    engine.sign_init(session, &plain, bench.key).unwrap();
    assert_eq!(engine.sign_len(session).unwrap(), 128);
    assert_eq!(code(engine.sign(session, &[1; 32], 127)), "CKR_BUFFER_TOO_SMALL");
    assert_eq!(code(engine.sign(session, &[1; 31], ANY_ROOM)), "CKR_DATA_LEN_RANGE");
    engine.sign_init(session, &plain, bench.key).unwrap();
    assert_eq!(code(engine.sign_update(session, &[1; 33])), "CKR_DATA_LEN_RANGE");
    for salt_len in [95, usize::MAX] {
        let too_long = pss(MechanismId::RSA_PKCS_PSS, DigestAlgorithm::Sha256, salt_len);
        assert_eq!(code(engine.sign_init(session, &too_long, bench.key)), "CKR_MECHANISM_PARAM_INVALID");
    }
    let none = MechanismId::SHA256_RSA_PKCS_PSS.into();
    assert_eq!(code(engine.sign_init(session, &none, bench.key)), "CKR_MECHANISM_PARAM_INVALID");
    assert!(bench.puppet.calls().is_empty());
    engine.sign_init(session, &plain, bench.key).unwrap();
    engine.sign_update(session, &[1; 16]).unwrap();
    engine.sign_update(session, &[1; 16]).unwrap();
    let signature = engine.sign_final(session, ANY_ROOM).unwrap();
    bench.verify_with(&plain, &[1; 32], &signature).unwrap();
}

fn oaep(hash: DigestAlgorithm, label: &[u8]) -> MechanismCall {
    let parameters = Parameters::Oaep { hash, mgf: DigestAlgorithm::Sha1, label: label.to_vec() };
    MechanismCall { id: MechanismId::RSA_PKCS_OAEP, parameters }
}

#[test]
fn oaep_plain_text_comes_out_and_room_is_asked_once_from_the_card() {
    let bench = bench(1);
    let public = bench.engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let (engine, session) = (&bench.engine, bench.session);
    for (hash, longest) in [(DigestAlgorithm::Sha1, 86), (DigestAlgorithm::Sha3_256, 62)] {
        let parameters = OaepParameters::new(hash, DigestAlgorithm::Sha1, b"label");
        let encrypted = rsa::oaep_encrypt(&public, &parameters, b"a secret").unwrap();
        bench.puppet.calls();
        engine.decrypt_init(session, &oaep(hash, b"label"), bench.key).unwrap();
        assert_eq!(engine.decrypt_len(session, 128).unwrap(), longest);
        assert!(bench.puppet.calls().is_empty());
        assert_eq!(code(engine.decrypt(session, &encrypted, 7)), "CKR_BUFFER_TOO_SMALL");
        assert_eq!(engine.decrypt(session, &encrypted, 8).unwrap().expose(), b"a secret");
        assert_eq!(bench.puppet.calls(), ["rsa raw 1"]);
        engine.decrypt_init(session, &oaep(hash, b"label"), bench.key).unwrap();
        engine.decrypt_update(session, &encrypted[..50], ANY_ROOM).unwrap();
        engine.decrypt_update(session, &encrypted[50..], ANY_ROOM).unwrap();
        assert_eq!(engine.decrypt_final(session, ANY_ROOM).unwrap().expose(), b"a secret");
    }
}

// I.65
#[test]
fn oaep_everything_wrong_gets_the_same_answer() {
    let bench = bench(1);
    let public = bench.engine.public_key(SlotId(0), 0).unwrap().unwrap();
    let (engine, session) = (&bench.engine, bench.session);
    let parameters = OaepParameters::new(DigestAlgorithm::Sha256, DigestAlgorithm::Sha1, b"label");
    let encrypted = rsa::oaep_encrypt(&public, &parameters, b"a secret").unwrap();
    let mut first_byte = vec![0x55; 128];
    first_byte[0] = 0x01;
    let mut zero_first = first_byte.clone();
    zero_first[0] = 0x00;
    let raw = |block: &[u8]| rsa::public_raw(&public, block).unwrap();
    let good = DigestAlgorithm::Sha256;
    let mut texts = Vec::new();
    for (call, data) in [
        (oaep(good, b"other"), encrypted.clone()),
        (oaep(DigestAlgorithm::Sha1, b"label"), encrypted.clone()),
        (oaep(good, b"label"), raw(&first_byte)),
        (oaep(good, b"label"), raw(&zero_first)),
        (oaep(good, b"label"), rsa::pkcs1_encrypt(&public, b"a secret").unwrap()),
    ] {
        engine.decrypt_init(session, &call, bench.key).unwrap();
        let error = engine.decrypt(session, &data, ANY_ROOM).unwrap_err();
        assert_eq!(error.code(), "CKR_ENCRYPTED_DATA_INVALID");
        texts.push(format!("{error:?} {error}"));
    }
    texts.dedup();
    assert_eq!(texts.len(), 1);
    engine.decrypt_init(session, &oaep(good, b""), bench.key).unwrap();
    assert_eq!(code(engine.decrypt(session, &[1; 127], ANY_ROOM)), "CKR_ENCRYPTED_DATA_LEN_RANGE");
    let too_small = engine.decrypt_init(session, &oaep(DigestAlgorithm::Sha512, b""), bench.key);
    assert_eq!(code(too_small), "CKR_KEY_SIZE_RANGE");
}
