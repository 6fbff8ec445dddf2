//! ECDSA and ECDH against RFC 6979, Wycheproof and openssl, and with points and scalars that are none.

use super::*;
use crate::crypto::digest::digest;
use crate::crypto::testing::{OpenSsl, Reproducible, bytes, vectors};
use crate::crypto::{DigestAlgorithm, PrivateKey};

/// The curves by the names that openssl knows them by.
const OPENSSL_NAMES: [(Curve, &str); 6] = [
    (Curve::P256, "prime256v1"),
    (Curve::P384, "secp384r1"),
    (Curve::P521, "secp521r1"),
    (Curve::Secp256k1, "secp256k1"),
    (Curve::BrainpoolP256r1, "brainpoolP256r1"),
    (Curve::BrainpoolP384r1, "brainpoolP384r1"),
];

#[test]
fn sign_deterministic_gives_the_signatures_of_rfc6979() {
    for line in vectors("crypto/rfc6979.txt") {
        let curve = Curve::from_name(&line[0]).unwrap();
        let key = EcPrivateKey::from_scalar(curve, &bytes(&line[1])).unwrap();
        let hashed = digest(DigestAlgorithm::from_name(&line[2]).unwrap(), line[3].as_bytes());
        let expected = [bytes(&line[4]), bytes(&line[5])].concat();
        assert_eq!(key.sign_deterministic(&hashed), Ok(expected), "{} {} {}", line[0], line[2], line[3]);
    }
}

#[test]
fn verify_wycheproof_signatures_are_judged_right() {
    let files = [
        ("ecdsa_secp256r1_sha256_p1363", Curve::P256, DigestAlgorithm::Sha256),
        ("ecdsa_secp384r1_sha384_p1363", Curve::P384, DigestAlgorithm::Sha384),
        ("ecdsa_secp521r1_sha512_p1363", Curve::P521, DigestAlgorithm::Sha512),
        ("ecdsa_secp256k1_sha256_p1363", Curve::Secp256k1, DigestAlgorithm::Sha256),
        ("ecdsa_brainpoolP256r1_sha256_p1363", Curve::BrainpoolP256r1, DigestAlgorithm::Sha256),
        ("ecdsa_brainpoolP384r1_sha384_p1363", Curve::BrainpoolP384r1, DigestAlgorithm::Sha384),
        ("ecdsa_secp256r1_sha256", Curve::P256, DigestAlgorithm::Sha256),
        ("ecdsa_secp256r1_sha3_256", Curve::P256, DigestAlgorithm::Sha3_256),
    ];
    for (file, curve, algorithm) in files {
        let mut public = None;
        for line in vectors(&format!("wycheproof/{file}.txt")) {
            if line[0] == "key" {
                public = Some(PublicKey::from_ec_point(curve, &bytes(&line[1])).unwrap());
                continue;
            }
            let hashed = digest(algorithm, &bytes(&line[2]));
            let signature = match file.ends_with("p1363") {
                true => Ok(bytes(&line[3])),
                false => signature_from_der(curve, &bytes(&line[3])),
            };
            let verified = signature
                .is_ok_and(|signature| verify(public.as_ref().unwrap(), &hashed, &signature).unwrap());
            assert_eq!(verified, line[1] == "valid", "{file} {}", line[0]);
        }
    }
}

#[test]
fn agree_wycheproof_points_are_judged_right() {
    let files = [
        ("ecdh_secp256r1", Curve::P256),
        ("ecdh_secp384r1_ecpoint", Curve::P384),
        ("ecdh_secp521r1_ecpoint", Curve::P521),
        ("ecdh_secp256k1", Curve::Secp256k1),
        ("ecdh_brainpoolP256r1", Curve::BrainpoolP256r1),
        ("ecdh_brainpoolP384r1", Curve::BrainpoolP384r1),
    ];
    for (file, curve) in files {
        // Most tests of a file share one private key.
        let mut last = (String::new(), EcPrivateKey::from_scalar(curve, &[1]).unwrap());
        for line in vectors(&format!("wycheproof/{file}.txt")) {
            let peer = if file.ends_with("ecpoint") {
                PublicKey::from_ec_point(curve, &bytes(&line[2]))
            } else {
                PublicKey::from_spki_der(&bytes(&line[2]))
            };
            if last.0 != line[3] {
                last = (line[3].clone(), EcPrivateKey::from_scalar(curve, &bytes(&line[3])).unwrap());
            }
            let key = &last.1;
            let shared = peer.ok().and_then(|peer| match peer {
                PublicKey::Ec { curve: peer_curve, point } if peer_curve == curve => key.agree(&point).ok(),
                _ => None,
            });
            let expected = Secret::new(bytes(&line[4]));
            match line[1].as_str() {
                "valid" => assert_eq!(shared, Some(expected), "{file} {}", line[0]),
                "acceptable" => assert!(shared.is_none_or(|shared| shared == expected), "{file} {}", line[0]),
                _ => assert_eq!(shared, None, "{file} {}", line[0]),
            }
        }
    }
}

#[test]
fn sign_any_digest_length_verifies_and_no_changed_digest_does() {
    for curve in Curve::ALL {
        let key = EcPrivateKey::generate(curve).unwrap();
        for length in [1, 20, 28, 32, 48, 64, 66, 67, 100] {
            let hashed = vec![0xA7; length];
            let signature = key.sign(&hashed).unwrap();
            assert_eq!(signature.len(), curve.field_len() * 2);
            assert_eq!(verify(&key.public(), &hashed, &signature), Ok(true), "{curve} {length}");
            let mut other = hashed.clone();
            other[0] ^= 1;
            assert_eq!(verify(&key.public(), &other, &signature), Ok(false), "{curve} {length}");
        }
        assert!(matches!(key.sign(&[]), Err(CryptoError::InputLength { actual: 0, .. })));
    }
}

#[test]
fn sign_twice_differs_and_deterministic_does_not() {
    let key = EcPrivateKey::generate(Curve::P256).unwrap();
    assert_ne!(key.sign(&[7; 32]), key.sign(&[7; 32]));
    assert_eq!(key.sign_deterministic(&[7; 32]), key.sign_deterministic(&[7; 32]));
}

/// Signs here and verifies with openssl, and the reverse, with digests of every length that ECDSA must cut or
/// pad.
#[test]
fn signatures_and_agreement_pass_between_here_and_openssl() {
    let openssl = OpenSsl::new();
    let mut random = Reproducible::new("signatures_and_agreement");
    for (curve, name) in OPENSSL_NAMES {
        let key = EcPrivateKey::generate(curve).unwrap();
        openssl.write("own.der", PrivateKey::from(key.clone()).to_pkcs8_der().unwrap().expose());
        openssl.write("own.pub", &key.public().to_spki_der());
        openssl.run(&format!(
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{name} -outform DER -out peer.der"
        ));
        openssl.run("pkey -in peer.der -pubout -outform DER -out peer.pub");
        let peer = PublicKey::from_spki_der(&openssl.read("peer.pub")).unwrap();

        for length in [20, 32, 48, 64] {
            let hashed = random.bytes(length);
            openssl.write("digest", &hashed);
            openssl.write("signature", &signature_to_der(&key.sign(&hashed).unwrap()).unwrap());
            openssl.run("pkeyutl -verify -pubin -keyform DER -inkey own.pub -in digest -sigfile signature");
            let theirs = openssl.run("pkeyutl -sign -keyform DER -inkey peer.der -in digest");
            let theirs = signature_from_der(curve, &theirs).unwrap();
            assert_eq!(verify(&peer, &hashed, &theirs), Ok(true), "{name} {length}");
            assert_eq!(verify(&key.public(), &hashed, &theirs), Ok(false), "{name} {length}");
        }
        let PublicKey::Ec { point, .. } = &peer else { panic!("{name} is no curve") };
        let theirs =
            openssl.run("pkeyutl -derive -keyform DER -inkey own.der -peerform DER -peerkey peer.pub");
        assert_eq!(key.agree(point).unwrap().expose(), theirs, "{name}");
    }
}

#[test]
fn agree_is_the_same_from_both_sides() {
    for curve in Curve::ALL {
        let (anna, bert) = (EcPrivateKey::generate(curve).unwrap(), EcPrivateKey::generate(curve).unwrap());
        let point = |key: &EcPrivateKey| key.public().ec().unwrap().1.to_vec();
        let shared = anna.agree(&point(&bert)).unwrap();
        assert_eq!(shared.len(), curve.field_len());
        assert_eq!(Ok(shared), bert.agree(&compressed_point(curve, &point(&anna)).unwrap()));
    }
}

#[test]
fn point_every_form_of_sec1_is_read() {
    for curve in Curve::ALL {
        let point = EcPrivateKey::generate(curve).unwrap().public().ec().unwrap().1.to_vec();
        let compressed = compressed_point(curve, &point).unwrap();
        assert_eq!(compressed.len(), 1 + curve.field_len());
        assert_eq!(uncompressed_point(curve, &compressed), Ok(point.clone()));
        let mut hybrid = point.clone();
        hybrid[0] = 0x06 | point.last().unwrap() & 1;
        assert_eq!(uncompressed_point(curve, &hybrid), Ok(point.clone()));
        hybrid[0] ^= 1;
        assert_eq!(uncompressed_point(curve, &hybrid), Err(CryptoError::InvalidPoint(curve)));
    }
}

#[test]
fn point_that_is_none_is_refused_everywhere() {
    for curve in Curve::ALL {
        let key = EcPrivateKey::generate(curve).unwrap();
        let good = key.public().ec().unwrap().1.to_vec();
        let mut off_curve = good.clone();
        *off_curve.last_mut().unwrap() ^= 1;
        let mut all_ones = vec![0xFF; good.len()];
        all_ones[0] = 0x04;
        let mut long = good.clone();
        long.push(0);
        let zeros = [vec![0x04], vec![0; good.len() - 1]].concat();
        let bad = [
            off_curve,
            all_ones,
            long,
            zeros,
            good[..good.len() - 1].to_vec(),
            vec![0x00],
            vec![0x05, 1],
            vec![],
        ];
        for point in bad {
            assert_eq!(key.agree(&point), Err(CryptoError::InvalidPoint(curve)));
            assert!(PublicKey::from_ec_point(curve, &point).is_err());
            let public = PublicKey::Ec { curve, point };
            assert_eq!(verify(&public, &[1; 32], &[1; 64]), Err(CryptoError::InvalidPoint(curve)));
        }
    }
}

#[test]
fn scalar_out_of_range_is_refused() {
    // Orders of P-256 and brainpoolP256r1 (SEC 2, RFC 5639).
    let orders = [
        (Curve::P256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        (Curve::BrainpoolP256r1, "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7"),
    ];
    for (curve, order) in orders {
        let order = bytes(order);
        let invalid = Err(CryptoError::InvalidKey(curve.name()));
        assert_eq!(EcPrivateKey::from_scalar(curve, &order), invalid);
        assert_eq!(EcPrivateKey::from_scalar(curve, &[0; 32]), invalid);
        assert_eq!(EcPrivateKey::from_scalar(curve, &[]), invalid);
        assert_eq!(EcPrivateKey::from_scalar(curve, &[0xFF; 32]), invalid);
        assert_eq!(EcPrivateKey::from_scalar(curve, &[1; 33]), invalid);
        let mut largest = order.clone();
        *largest.last_mut().unwrap() -= 1;
        let key = EcPrivateKey::from_scalar(curve, &largest).unwrap();
        assert_eq!(key.scalar().expose(), largest);
    }
}

#[test]
fn scalar_short_or_padded_is_the_same_key() {
    for curve in Curve::ALL {
        let one = EcPrivateKey::from_scalar(curve, &[1]).unwrap();
        assert_eq!(one, EcPrivateKey::from_scalar(curve, &[vec![0; 80], vec![1]].concat()).unwrap());
        assert_eq!(one.scalar().len(), curve.field_len());
    }
}

#[test]
fn verify_signature_of_a_wrong_form_is_false_not_an_error() {
    for curve in Curve::ALL {
        let key = EcPrivateKey::generate(curve).unwrap();
        let signature = key.sign(&[9; 32]).unwrap();
        let length = signature.len();
        let long = [signature.clone(), vec![0]].concat();
        for bad in [&[][..], &signature[1..], &long, &vec![0; length], &vec![0xFF; length]] {
            assert_eq!(verify(&key.public(), &[9; 32], bad), Ok(false));
        }
    }
}

#[test]
fn signature_der_round_trips_and_wrong_der_is_refused() {
    let mut random = Reproducible::new("signature_der");
    for curve in Curve::ALL {
        for leading_zeros in [0, 1, 7, curve.field_len() - 1] {
            let mut signature = random.bytes(curve.field_len() * 2);
            signature[..leading_zeros].fill(0);
            let der = signature_to_der(&signature).unwrap();
            assert_eq!(signature_from_der(curve, &der), Ok(signature));
            for end in 0..der.len() {
                assert!(signature_from_der(curve, &der[..end]).is_err());
            }
            assert!(signature_from_der(curve, &[der, vec![0]].concat()).is_err());
        }
    }
    assert!(signature_to_der(&[1, 2, 3]).is_err() && signature_to_der(&[]).is_err());
    // Negative, padded, too long for the curve.
    assert!(signature_from_der(Curve::P256, &[0x30, 6, 2, 1, 0x80, 2, 1, 1]).is_err());
    assert!(signature_from_der(Curve::P256, &[0x30, 7, 2, 2, 0, 1, 2, 1, 1]).is_err());
    let long = signature_to_der(&[0x7F; 66]).unwrap();
    assert!(signature_from_der(Curve::P256, &long).is_err());
}

#[test]
fn key_debug_shows_the_curve_only() {
    let key = EcPrivateKey::from_scalar(Curve::P521, &[1]).unwrap();
    assert_eq!(format!("{key:?}"), "EcPrivateKey(p521)");
}
