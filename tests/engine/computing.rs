//! Signatures, decryption and chains, judged by OpenSSL.

use p11ctl::card::example::ExampleKind;
use p11ctl::engine::{ANY_ROOM, AttributeType as A, MechanismId, ObjectClass};
use p11ctl::layout::SlotId;

use super::desk::{Desk, PINS, find, log_in, sign};

#[test]
fn both_tokens_sign_at_once_and_openssl_verifies() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let sessions = [log_in(&engine, 0, PINS[0]), log_in(&engine, 1, PINS[1])];
    desk.write("data", b"some data to sign\n");
    for (session, ids) in [
        (
            sessions[0],
            [MechanismId::SHA256_RSA_PKCS, MechanismId::SHA512_RSA_PKCS, MechanismId::SHA1_RSA_PKCS],
        ),
        (sessions[1], [MechanismId::ECDSA_SHA256, MechanismId::ECDSA_SHA384, MechanismId::ECDSA_SHA224]),
        (
            sessions[0],
            [MechanismId::SHA224_RSA_PKCS, MechanismId::SHA384_RSA_PKCS, MechanismId::SHA256_RSA_PKCS],
        ),
    ] {
        let public = find(&engine, session, ObjectClass::PublicKey)[0];
        let info = engine.attribute(session, public, A::PUBLIC_KEY_INFO).unwrap();
        desk.write("key.der", info.as_bytes().unwrap());
        for id in ids {
            let mut signature = sign(&engine, session, id, b"some data to sign\n");
            engine.verify_init(session, &id.into(), public).unwrap();
            engine.verify(session, b"some data to sign\n", &signature).unwrap();
            if session == sessions[1] {
                signature = p11ctl::crypto::ec::signature_to_der(&signature).unwrap();
            }
            desk.write("signature", &signature);
            let digest = id.name().unwrap().split('_').find(|part| part.starts_with("SHA")).unwrap();
            let digest = format!("-{}", digest.to_lowercase());
            let arguments =
                ["dgst", &digest, "-verify", "key.der", "-keyform", "DER", "-signature", "signature", "data"];
            assert_eq!(desk.openssl(&arguments), b"Verified OK\n", "{id}");
        }
    }
}

#[test]
fn raw_digest_info_is_signed_as_it_is() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let digest = p11ctl::crypto::digest::digest(p11ctl::crypto::DigestAlgorithm::Sha256, b"data");
    let info = p11ctl::crypto::DigestAlgorithm::Sha256.digest_info(&digest);
    let given = sign(&engine, session, MechanismId::RSA_PKCS, &info);
    assert_eq!(given, sign(&engine, session, MechanismId::SHA256_RSA_PKCS, b"data"));
    // A data block without DigestInfo, as old TLS signs: OpenSSL recovers it.
    desk.write(
        "signature",
        &sign(&engine, session, MechanismId::RSA_PKCS, b"thirty-six bytes of two digests ...."),
    );
    let public = find(&engine, session, ObjectClass::PublicKey)[0];
    let info = engine.attribute(session, public, A::PUBLIC_KEY_INFO).unwrap();
    desk.write("key.der", info.as_bytes().unwrap());
    let arguments =
        ["pkeyutl", "-verifyrecover", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-in", "signature"];
    assert_eq!(desk.openssl(&arguments), b"thirty-six bytes of two digests ....");
}

#[test]
fn what_openssl_encrypts_is_decrypted() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let leaf = engine.virtual_token(SlotId(0)).unwrap().view.chains[0].certificates[0];
    desk.write("leaf.der", &engine.certificate(SlotId(0), leaf).unwrap().der);
    desk.write("plain", b"a session key");
    desk.openssl(&["x509", "-inform", "DER", "-in", "leaf.der", "-pubkey", "-noout", "-out", "key.pem"]);
    let arguments =
        ["pkeyutl", "-encrypt", "-pubin", "-inkey", "key.pem", "-in", "plain", "-out", "encrypted"];
    desk.openssl(&arguments);
    let mut encrypted = std::fs::read(desk.path("encrypted")).unwrap();
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), key).unwrap();
    assert_eq!(engine.decrypt(session, &encrypted, ANY_ROOM).unwrap().expose(), b"a session key");
    encrypted[200] ^= 1;
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), key).unwrap();
    let error = engine.decrypt(session, &encrypted, ANY_ROOM).unwrap_err();
    assert_eq!(error.code(), "CKR_ENCRYPTED_DATA_INVALID");
}

#[test]
fn signatures_in_a_batch_cost_one_or_two_commands_each() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let batch = engine.batch(session).unwrap();
    sign(&engine, session, MechanismId::SHA256_RSA_PKCS, b"first");
    let before = engine.stats().apdus;
    for number in 0..10u8 {
        sign(&engine, session, MechanismId::SHA256_RSA_PKCS, &[number]);
    }
    drop(batch);
    let each = (engine.stats().apdus - before) as f64 / 10.0;
    assert!(each <= 2.0, "{each} commands each");
}
