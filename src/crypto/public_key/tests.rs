//! Public keys in every encoding, with openssl and ssh-keygen on the other side.

use super::*;
use crate::crypto::testing::{OpenSsl, rsa_1024, signing_keys};
use crate::crypto::{EcPrivateKey, Ed25519PrivateKey};

#[test]
fn spki_and_pem_are_those_of_openssl() {
    let openssl = OpenSsl::new();
    for (key, _) in signing_keys() {
        let public = key.public();
        openssl.write("key.der", &public.to_spki_der());
        openssl.run("pkey -pubin -inform DER -in key.der -outform DER -out again.der");
        assert_eq!(PublicKey::from_spki_der(&openssl.read("again.der")), Ok(public.clone()));
        assert_eq!(openssl.read("again.der"), public.to_spki_der());
        let pem = openssl.run("pkey -pubin -inform DER -in key.der");
        assert_eq!(public.to_spki_pem().as_bytes(), pem);
        let fingerprint = openssl.run("dgst -sha256 -binary key.der");
        assert_eq!(public.fingerprint_sha256(), fingerprint);
    }
}

#[test]
fn spki_of_openssl_with_a_compressed_point_is_read() {
    let openssl = OpenSsl::new();
    for curve in Curve::ALL {
        let public = EcPrivateKey::generate(curve).unwrap().public();
        openssl.write("key.der", &public.to_spki_der());
        openssl.run("ec -pubin -inform DER -in key.der -conv_form compressed -outform DER -out short.der");
        assert!(openssl.read("short.der").len() < openssl.read("key.der").len());
        assert_eq!(PublicKey::from_spki_der(&openssl.read("short.der")), Ok(public));
    }
}

#[test]
fn openssh_line_is_that_of_ssh_keygen() {
    let openssl = OpenSsl::new();
    for (key, _) in signing_keys() {
        let public = key.public();
        let line = match public.to_openssh("anna@example") {
            Ok(line) => line,
            Err(error) => {
                let curve = public.ec().unwrap().0;
                assert!(matches!(curve, Curve::Secp256k1 | Curve::BrainpoolP256r1 | Curve::BrainpoolP384r1));
                assert_eq!(error, CryptoError::Unsupported(format!("{} in SSH", curve.standard_name())));
                continue;
            }
        };
        if let PublicKey::Ed25519(_) = public {
            // ssh-keygen does not convert these; it reads them.
            openssl.write("key.pub", line.as_bytes());
            let output = std::process::Command::new("ssh-keygen")
                .args(["-e", "-m", "RFC4716", "-f"])
                .arg(openssl.path("key.pub"))
                .output()
                .expect("ssh-keygen is needed by this test");
            let text = String::from_utf8(output.stdout).unwrap();
            let body = line.split(' ').nth(1).unwrap();
            assert!(output.status.success() && text.replace('\n', "").contains(body), "{text}");
            continue;
        }
        openssl.write("key.pem", public.to_spki_pem().as_bytes());
        let output = std::process::Command::new("ssh-keygen")
            .args(["-i", "-m", "PKCS8", "-f"])
            .arg(openssl.path("key.pem"))
            .output()
            .expect("ssh-keygen is needed by this test");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let theirs = String::from_utf8(output.stdout).unwrap();
        assert_eq!(line, format!("{} anna@example", theirs.trim_end()));
    }
}

#[test]
fn openssh_comment_cannot_begin_another_line() {
    let public = rsa_1024().public();
    let line = public.to_openssh(" a\nssh-rsa AAAA\u{1b}[2J ").unwrap();
    assert!(!line.contains(char::is_control), "{line:?}");
    assert!(line.ends_with(" a ssh-rsa AAAA [2J"));
    assert!(!public.to_openssh("").unwrap().ends_with(' '));
}

#[test]
fn names_and_sizes_are_those_of_the_key() {
    let rsa = rsa_1024().public();
    assert_eq!((rsa.bits(), rsa.algorithm_name().as_str(), rsa.signature_len()), (1024, "RSA-1024", 128));
    assert_eq!((rsa.ec_point_der(), rsa.ec()), (None, None));
    let expected = [
        (Curve::P256, 256, "EC P-256", 64),
        (Curve::P384, 384, "EC P-384", 96),
        (Curve::P521, 521, "EC P-521", 132),
        (Curve::Secp256k1, 256, "EC secp256k1", 64),
        (Curve::BrainpoolP256r1, 256, "EC brainpoolP256r1", 64),
        (Curve::BrainpoolP384r1, 384, "EC brainpoolP384r1", 96),
    ];
    for (curve, bits, name, signature_len) in expected {
        let key = EcPrivateKey::from_scalar(curve, &[1]).unwrap().public();
        assert_eq!(
            (key.bits(), key.algorithm_name().as_str(), key.signature_len()),
            (bits, name, signature_len)
        );
        assert_eq!(key.rsa(), None);
    }
    let (ed, x) = (PublicKey::Ed25519([7; 32]), PublicKey::X25519([7; 32]));
    assert_eq!((ed.bits(), ed.algorithm_name().as_str(), ed.signature_len()), (255, "Ed25519", 64));
    assert_eq!((x.bits(), x.algorithm_name().as_str(), x.signature_len()), (255, "X25519", 0));
    assert_eq!(PublicKey::from_rsa(&[0, 0, 0x7F, 0xFF], &[3]).unwrap().bits(), 15);
    assert_eq!(PublicKey::from_rsa(&[0], &[3]), Err(CryptoError::InvalidKey("RSA")));
    assert_eq!(PublicKey::from_rsa(&[3], &[]), Err(CryptoError::InvalidKey("RSA")));
}

#[test]
fn ec_point_bare_compressed_and_wrapped_is_the_same_key() {
    for curve in Curve::ALL {
        let key = EcPrivateKey::generate(curve).unwrap().public();
        let (_, point) = key.ec().unwrap();
        let compressed = ec::compressed_point(curve, point).unwrap();
        for form in [point.to_vec(), key.ec_point_der().unwrap(), tlv::encode(0x04, &compressed), compressed]
        {
            assert_eq!(PublicKey::from_ec_point(curve, &form), Ok(key.clone()));
        }
    }
}

#[test]
fn keys_on_25519_are_read_bare_and_wrapped_and_no_other_length() {
    let key = Ed25519PrivateKey::generate().unwrap().public();
    for form in [key.to_vec(), tlv::encode(0x04, &key)] {
        assert_eq!(PublicKey::from_ed25519(&form), Ok(PublicKey::Ed25519(key)));
        assert_eq!(PublicKey::from_x25519(&form), Ok(PublicKey::X25519(key)));
    }
    for wrong in [&key[1..], &[], &[4, 1, 7], &[0x40; 33]] {
        assert_eq!(PublicKey::from_ed25519(wrong), Err(CryptoError::InvalidKey("Ed25519")));
        assert_eq!(PublicKey::from_x25519(wrong), Err(CryptoError::InvalidKey("X25519")));
    }
}

#[test]
fn spki_of_x25519_is_that_of_openssl_and_ssh_has_no_such_key() {
    let openssl = OpenSsl::new();
    openssl.run("genpkey -algorithm X25519 -outform DER -out x.der");
    openssl.run("pkey -inform DER -in x.der -pubout -outform DER -out x.pub");
    let public = PublicKey::from_spki_der(&openssl.read("x.pub")).unwrap();
    assert!(matches!(public, PublicKey::X25519(_)));
    assert_eq!(public.to_spki_der(), openssl.read("x.pub"));
    assert_eq!(public.to_openssh(""), Err(CryptoError::Unsupported("X25519 in SSH".to_owned())));
}

#[test]
fn spki_cut_anywhere_is_refused() {
    for (key, _) in signing_keys() {
        let der = key.public().to_spki_der();
        for end in 0..der.len() {
            assert!(PublicKey::from_spki_der(&der[..end]).is_err());
        }
    }
}

#[test]
fn spki_of_another_family_or_curve_is_named() {
    let openssl = OpenSsl::new();
    openssl.run("genpkey -algorithm ED448 -outform DER -out x.der");
    openssl.run("pkey -inform DER -in x.der -pubout -outform DER -out x.pub");
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP512r1 -outform DER -out b.der");
    openssl.run("pkey -inform DER -in b.der -pubout -outform DER -out b.pub");
    openssl.run("ecparam -name prime256v1 -param_enc explicit -genkey -outform DER -out e.der -noout");
    openssl.run("ec -inform DER -in e.der -pubout -param_enc explicit -outform DER -out e.pub");
    let text = |file: &str| match PublicKey::from_spki_der(&openssl.read(file)) {
        Err(CryptoError::Unsupported(text)) => text,
        other => panic!("{file}: {other:?}"),
    };
    assert!(text("x.pub").contains("Ed448"), "{}", text("x.pub"));
    assert_eq!(text("b.pub"), "the elliptic curve 1.3.36.3.3.2.8.1.1.13");
    assert_eq!(text("e.pub"), "an elliptic curve that is not given by name");
}
