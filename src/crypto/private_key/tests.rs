//! Private keys to and from files, with openssl on the other side.

use super::*;
use crate::crypto::testing::{OpenSsl, rsa_1024, signing_keys};

#[test]
fn pkcs8_passes_between_here_and_openssl() {
    let openssl = OpenSsl::new();
    for (key, _) in signing_keys() {
        openssl.write("key.der", key.to_pkcs8_der().unwrap().expose());
        openssl.run("pkey -inform DER -in key.der -check -noout");
        openssl.run("pkcs8 -topk8 -nocrypt -inform DER -in key.der -outform DER -out again.der");
        openssl.run("pkey -inform DER -in key.der -pubout -outform DER -out key.pub");
        let again = Secret::new(openssl.read("again.der"));
        assert_eq!(PrivateKey::from_pkcs8_der(&again), Ok(key.clone()));
        assert_eq!(PrivateKey::from_der(&again), Ok(key.clone()));
        openssl.run("pkey -inform DER -in key.der -traditional -outform DER -out old.der");
        assert_eq!(PrivateKey::from_der(&Secret::new(openssl.read("old.der"))), Ok(key.clone()));
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
    for key in [PrivateKey::from(rsa_1024().clone()), EcPrivateKey::generate(Curve::P384).unwrap().into()] {
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
fn key_of_another_family_is_named() {
    let openssl = OpenSsl::new();
    for (file, kind) in [("ed", "ED25519"), ("p224", "EC -pkeyopt ec_paramgen_curve:secp224r1")] {
        openssl.run(&format!("genpkey -algorithm {kind} -out {file}.pem"));
        openssl.run(&format!("pkcs8 -topk8 -nocrypt -in {file}.pem -outform DER -out {file}.der"));
    }
    for (file, oid) in [("ed.der", "1.3.101.112"), ("p224.der", "1.3.132.0.33")] {
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
