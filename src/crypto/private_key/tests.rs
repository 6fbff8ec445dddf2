//! Private keys to and from files, with openssl on the other side.

use super::*;
use crate::crypto::testing::{OpenSsl, rsa_1024, signing_keys};

#[test]
fn pkcs8_passes_between_here_and_openssl() {
    let openssl = OpenSsl::new();
    let agreeing = PrivateKey::X25519(X25519PrivateKey::generate().unwrap());
    for key in signing_keys().into_iter().map(|(key, _)| key).chain([agreeing]) {
        openssl.write("key.der", key.to_pkcs8_der().unwrap().expose());
        openssl.run("pkey -inform DER -in key.der -check -noout");
        openssl.run("pkcs8 -topk8 -nocrypt -inform DER -in key.der -outform DER -out again.der");
        openssl.run("pkey -inform DER -in key.der -pubout -outform DER -out key.pub");
        let again = Secret::new(openssl.read("again.der"));
        assert_eq!(PrivateKey::from_pkcs8_der(&again), Ok(key.clone()));
        assert_eq!(PrivateKey::from_der(&again), Ok(key.clone()));
        if key.public().bytes_25519().is_none() {
            openssl.run("pkey -inform DER -in key.der -traditional -outform DER -out old.der");
            assert_eq!(PrivateKey::from_der(&Secret::new(openssl.read("old.der"))), Ok(key.clone()));
        }
        assert_eq!(openssl.read("key.pub"), key.public().to_spki_der());
    }
}

#[test]
fn sec1_passes_between_here_and_openssl() {
    let openssl = OpenSsl::new();
    for (key, _) in signing_keys() {
        let PrivateKey::Ec(key) = key else { continue };
        openssl.write("key.der", key.to_sec1_der().expose());
        openssl.run("ec -inform DER -in key.der -outform DER -out again.der");
        assert_eq!(EcPrivateKey::from_sec1_der(&Secret::new(openssl.read("again.der"))), Ok(key.clone()));
        openssl.run("ec -inform DER -in key.der -no_public -outform DER -out short.der");
        assert_eq!(EcPrivateKey::from_sec1_der(&Secret::new(openssl.read("short.der"))), Ok(key));
    }
}

#[test]
fn key_cut_anywhere_is_refused() {
    let keys = [
        PrivateKey::from(rsa_1024().clone()),
        EcPrivateKey::generate(Curve::P384).unwrap().into(),
        PrivateKey::Ed25519(Ed25519PrivateKey::generate().unwrap()),
        PrivateKey::X25519(X25519PrivateKey::generate().unwrap()),
    ];
    for key in keys {
        let der = key.to_pkcs8_der().unwrap();
        for end in 0..der.len() {
            let cut = Secret::from(&der.expose()[..end]);
            assert!(PrivateKey::from_pkcs8_der(&cut).is_err() && PrivateKey::from_der(&cut).is_err());
        }
    }
}

#[test]
fn key_with_the_public_half_of_another_is_refused() {
    let (one, two) =
        (EcPrivateKey::generate(Curve::P256).unwrap(), EcPrivateKey::generate(Curve::P256).unwrap());
    let (mut der, other) = (one.to_sec1_der().expose().to_vec(), two.to_sec1_der());
    let point = der.len() - 65..;
    der[point.clone()].copy_from_slice(&other.expose()[point]);
    assert_eq!(EcPrivateKey::from_sec1_der(&Secret::new(der)), Err(CryptoError::InvalidKey("p256")));
}

#[test]
fn ed25519_key_of_version_2_is_checked_against_the_public_half_beside_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/crypto/rfc8410-private-key.pem");
    let key = crate::crypto::import::read_private_key(&std::fs::read(path).unwrap(), None).unwrap();
    // The first bytes of the public key in RFC 8410, 10.1.
    let PublicKey::Ed25519(public) = key.public() else { panic!("{key:?}") };
    assert_eq!(public[..4], [0x19, 0xBF, 0x44, 0x09]);
    let plain = key.to_pkcs8_der().unwrap();
    let with_public = |public: &[u8]| {
        let fields = tlv::Reader::new(plain.expose()).next().unwrap().unwrap().value.to_vec();
        let half = tlv::encode(TAG_PUBLIC_HALF, &[&[0], public].concat());
        Secret::new(tlv::encode(TAG_SEQUENCE, &[fields, half].concat()))
    };
    assert_eq!(PrivateKey::from_pkcs8_der(&with_public(&public)), Ok(key));
    let other = Ed25519PrivateKey::generate().unwrap().public();
    let refused = PrivateKey::from_pkcs8_der(&with_public(&other));
    assert_eq!(refused, Err(CryptoError::InvalidKey("Ed25519")));
}

#[test]
fn key_of_another_family_is_named() {
    let openssl = OpenSsl::new();
    for (file, kind) in [("ed", "ED448"), ("p224", "EC -pkeyopt ec_paramgen_curve:secp224r1")] {
        openssl.run(&format!("genpkey -algorithm {kind} -out {file}.pem"));
        openssl.run(&format!("pkcs8 -topk8 -nocrypt -in {file}.pem -outform DER -out {file}.der"));
    }
    for (file, oid) in [("ed.der", "1.3.101.113"), ("p224.der", "1.3.132.0.33")] {
        let Err(CryptoError::Unsupported(text)) =
            PrivateKey::from_pkcs8_der(&Secret::new(openssl.read(file)))
        else {
            panic!("{file}");
        };
        assert!(text.contains(oid), "{text}");
    }
}

#[test]
fn sign_message_with_the_other_family_is_refused() {
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let algorithm = SignatureAlgorithm::RsaPkcs1(crate::crypto::DigestAlgorithm::Sha256);
    let refused = key.sign_message(algorithm, b"message");
    assert_eq!(refused, Err(CryptoError::Unsupported("RSA with SHA-256 with EC P-256".to_owned())));
}
