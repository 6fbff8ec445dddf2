//! Private keys from files.

use super::*;
use crate::codec::tlv;
use crate::crypto::testing::{Reproducible, signing_keys};

fn encrypted(openssl: &OpenSsl, options: &str, name: &str) -> Vec<u8> {
    openssl.run(&format!("pkcs8 -topk8 -in key.pem -passout file:password -out {name} {options}"));
    openssl.read(name)
}

#[test]
fn plain_key_of_every_family_and_form_is_read() {
    // Ed25519 has no form but PKCS#8.
    for (key, _) in signing_keys().into_iter().filter(|(key, _)| key.public().bytes_25519().is_none()) {
        let openssl = openssl_with(&key, &[]);
        openssl.run("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out pkcs8.der");
        let family = if key.public().rsa().is_some() { "rsa" } else { "ec" };
        openssl.run(&format!("{family} -in key.pem -outform DER -out traditional.der"));
        // For RSA `-traditional` decides between PKCS#8 and PKCS#1; for EC it is SEC 1 always.
        let traditional = if family == "rsa" { "-traditional" } else { "" };
        openssl.run(&format!("{family} -in key.pem {traditional} -out traditional.pem"));
        for file in ["key.pem", "pkcs8.der", "traditional.der", "traditional.pem"] {
            let bytes = openssl.read(file);
            assert_eq!(identify(&bytes), Content::PrivateKey, "{file}");
            assert_eq!(read_private_key(&bytes, None).as_ref(), Ok(&key), "{file}");
            assert_eq!(read_private_key(&bytes, Some(&password())).as_ref(), Ok(&key), "{file}");
        }
    }
}

#[test]
fn ec_key_with_its_parameters_in_front_is_read() {
    let openssl = OpenSsl::new();
    openssl.run("ecparam -genkey -name secp384r1 -out key.pem");
    let bytes = openssl.read("key.pem");
    assert!(bytes.starts_with(b"-----BEGIN EC PARAMETERS-----"));
    let key = read_private_key(&bytes, None).unwrap();
    assert_eq!(key.public().algorithm_name(), "EC P-384");
}

#[test]
fn encrypted_key_of_every_scheme_is_read() {
    let key = p256();
    let openssl = openssl_with(&key, &[]);
    for options in [
        "",
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc",
        "-v2 aes-256-cbc -iter 100000",
        "-v2 aes-256-cbc -v2prf hmacWithSHA1",
        "-v2 aes-256-cbc -v2prf hmacWithSHA224",
        "-v2 aes-256-cbc -v2prf hmacWithSHA384",
        "-v2 aes-256-cbc -v2prf hmacWithSHA512",
        "-v2 des3",
        "-scrypt",
        "-scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 2",
        "-v1 PBE-SHA1-3DES",
        "-v1 PBE-SHA1-2DES",
        "-v1 PBE-SHA1-RC2-128 -provider legacy -provider default",
        "-v1 PBE-SHA1-RC2-40 -provider legacy -provider default",
    ] {
        for (form, name) in [("PEM", "key.enc.pem"), ("DER", "key.enc.der")] {
            let bytes = encrypted(&openssl, &format!("{options} -outform {form}"), name);
            assert_eq!(identify(&bytes), Content::EncryptedPrivateKey, "{options}");
            assert_eq!(read_private_key(&bytes, Some(&password())).as_ref(), Ok(&key), "{options} {form}");
            assert_eq!(
                read_private_key(&bytes, None),
                Err(ImportError::PasswordNeeded { what: "private key" })
            );
            for wrong in ["", "sesame", "s\u{e9}same "] {
                let result = read_private_key(&bytes, Some(&Secret::from(wrong)));
                assert_eq!(result, Err(ImportError::WrongPassword { what: "private key" }), "{options}");
            }
        }
    }
}

#[test]
fn wrong_password_is_told_every_time() {
    // One in 256 gives a padding that is right.
    let key = p256();
    let openssl = openssl_with(&key, &[]);
    let bytes = encrypted(&openssl, "-iter 1 -outform DER", "key.der");
    for number in 0..3000 {
        let result = read_private_key(&bytes, Some(&Secret::from(number.to_string().as_str())));
        assert_eq!(result, Err(ImportError::WrongPassword { what: "private key" }), "{number}");
    }
}

#[test]
fn old_encryptions_are_refused_with_a_command_that_converts() {
    let key = PrivateKey::from(rsa_1024().clone());
    let openssl = openssl_with(&key, &[]);
    openssl.run("rsa -in key.pem -aes256 -traditional -passout file:password -out old.pem");
    let bytes = openssl.read("old.pem");
    assert_eq!(identify(&bytes), Content::EncryptedPrivateKey);
    let error = read_private_key(&bytes, Some(&password())).unwrap_err();
    let expected = "the encryption of PEM headers (Proc-Type, DEK-Info) is not supported";
    assert_eq!(error.to_string(), expected);
    convert(&openssl, &error, "old.pem", &key);

    encrypted(&openssl, "-v1 PBE-MD5-DES -provider legacy -provider default", "des.pem");
    let error = read_private_key(&openssl.read("des.pem"), Some(&password())).unwrap_err();
    assert_eq!(error.to_string(), "encryption by PBE-MD5-DES is not supported");
    convert(&openssl, &error, "des.pem", &key);
}

/// Runs the command of the hint and reads what it made.
fn convert(openssl: &OpenSsl, error: &ImportError, old: &str, key: &PrivateKey) {
    let hint = error.hint().unwrap();
    let command = hint.strip_prefix("convert it: openssl ").unwrap();
    // openssl takes the two passwords from two lines of one file, but not the first line twice.
    openssl.write("new_password", PASSWORD.as_bytes());
    let command = command.replace("OLD", old).replace("NEW", "new.pem");
    openssl.run(&format!("{command} -passin file:password -passout file:new_password"));
    assert_eq!(read_private_key(&openssl.read("new.pem"), Some(&password())).as_ref(), Ok(key));
}

#[test]
fn file_without_a_private_key_is_told_what_it_is() {
    let key = p256();
    let chain = chain(&key);
    let openssl = openssl_with(&key, &chain);
    openssl.run("req -new -key key.pem -subj /CN=Anna -out request.pem");
    openssl.run("pkey -in key.pem -pubout -out public.pem");
    openssl.run("pkcs12 -export -inkey key.pem -in chain.pem -passout file:password -out all.p12");
    openssl.run("crl2pkcs7 -nocrl -certfile chain.pem -out all.p7b");
    for file in ["request", "public"] {
        let command = if file == "request" { "req" } else { "pkey -pubin" };
        openssl.run(&format!("{command} -in {file}.pem -outform DER -out {file}.der"));
    }
    openssl.write("leaf.der", &chain[0].der);
    for (file, content) in [
        ("request.pem", Content::CertificateRequest),
        ("request.der", Content::CertificateRequest),
        ("public.pem", Content::PublicKey),
        ("public.der", Content::PublicKey),
        ("chain.pem", Content::Certificates),
        ("leaf.der", Content::Certificates),
        ("all.p12", Content::Pkcs12),
        ("all.p7b", Content::Pkcs7),
        ("password", Content::Unknown),
    ] {
        let bytes = openssl.read(file);
        assert_eq!(identify(&bytes), content, "{file}");
        let result = read_private_key(&bytes, None);
        match content {
            Content::Unknown => assert!(matches!(result, Err(ImportError::Damaged { .. })), "{result:?}"),
            _ => assert_eq!(
                result,
                Err(ImportError::WrongContent { wanted: "a private key", found: content.describe() })
            ),
        }
    }
}

#[test]
fn key_between_certificates_is_found_and_two_are_listed() {
    let key = p256();
    let openssl = openssl_with(&key, &chain(&key));
    let (chain, own) = (openssl.read("chain.pem"), openssl.read("key.pem"));
    let mixed = [chain.as_slice(), &own, &chain].concat();
    assert_eq!(identify(&mixed), Content::PrivateKey);
    assert_eq!(read_private_key(&mixed, None), Ok(key));
    let error = read_private_key(&[own.as_slice(), &own].concat(), None).unwrap_err();
    assert_eq!(error.to_string(), "file holds 2 private keys: PRIVATE KEY, PRIVATE KEY");
}

#[test]
fn key_of_another_family_curve_or_size_is_named() {
    let openssl = OpenSsl::new();
    for (options, expected) in [
        ("-algorithm ed448", "private key algorithm 1.3.101.113 is not supported"),
        (
            "-algorithm EC -pkeyopt ec_paramgen_curve:secp224r1",
            "the elliptic curve 1.3.132.0.33 is not supported",
        ),
        ("-algorithm RSA -pkeyopt rsa_keygen_bits:768", "RSA with 768 bits is not supported"),
    ] {
        openssl.run(&format!("genpkey {options} -out key.pem"));
        let error = read_private_key(&openssl.read("key.pem"), None).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    let error = read_private_key(openssh.as_bytes(), None).unwrap_err();
    assert_eq!(error.hint().unwrap(), "convert it: ssh-keygen -p -m PKCS8 -f COPY");
}

#[test]
fn file_that_asks_for_too_much_is_refused_at_once() {
    let too_large = vec![0x30; MAX_FILE_LEN + 1];
    let expected = ImportError::TooLarge { actual: MAX_FILE_LEN + 1, limit: MAX_FILE_LEN };
    assert_eq!(read_private_key(&too_large, None), Err(expected));

    let key = p256();
    let openssl = openssl_with(&key, &[]);
    let bytes = encrypted(&openssl, "-iter 2147483 -outform DER", "key.der");
    for rounds in [[0x7F, 0xFF, 0xFF, 0xFF].as_slice(), &[0x7F; 9], &[0x7F; 100]] {
        let hostile = replaced(&bytes, &tlv::encode(0x02, &[0x20, 0xC4, 0x9B]), &tlv::encode(0x02, rounds));
        let result = read_private_key(&hostile, Some(&password()));
        assert!(matches!(result, Err(ImportError::TooManyRounds { limit: 10_000_000, .. })), "{result:?}");
    }
    let bytes = encrypted(&openssl, "-scrypt -outform DER", "key.der");
    for (n, r, p) in [
        (0x7FFF_FFFF_u32, 8_u32, 1_u32),
        (0x4000, 0x0F00_0000, 1),
        (0x4000, 8, 0x0F00_0000),
        (3, 8, 1),
        (0, 8, 1),
        (2, 0, 1),
    ] {
        let number = |number: u32| tlv::encode(0x02, &number.to_be_bytes());
        let plain =
            [tlv::encode(0x02, &[0x40, 0x00]), tlv::encode(0x02, &[8]), tlv::encode(0x02, &[1])].concat();
        let hostile = replaced(&bytes, &plain, &[number(n), number(r), number(p)].concat());
        let result = read_private_key(&hostile, Some(&password()));
        let is_refused =
            matches!(result, Err(ImportError::TooManyRounds { .. } | ImportError::Damaged { .. }));
        assert!(is_refused, "{n} {r} {p}: {result:?}");
    }
    // A modulus of half a million bytes is never computed with.
    let mut numbers = tlv::encode(0x02, &[0]);
    (0..8).for_each(|_| numbers.extend(tlv::encode(0x02, &[0x7F; 60_000])));
    let result = read_private_key(&tlv::encode(0x30, &numbers), None);
    assert!(matches!(result, Err(ImportError::Unsupported { .. })), "{result:?}");
}

/// `bytes` (a PKCS#8 structure of openssl) with one element exchanged, and the lengths around it: the
/// elements that hold it are taken apart and put together again.
pub(super) fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut reader = tlv::Reader::new(bytes);
    let mut rest = bytes;
    while let Some(Ok(element)) = reader.next() {
        if rest.starts_with(old) {
            result.extend_from_slice(new);
            result.extend_from_slice(&rest[old.len()..]);
            return result;
        }
        let value = match element.is_constructed() {
            true => replaced(element.value, old, new),
            false => element.value.to_vec(),
        };
        tlv::write(&mut result, element.tag, &value);
        rest = reader.rest();
    }
    result
}

#[test]
fn damaged_key_is_an_error_or_the_same_key() {
    let mut random = Reproducible::new("damaged_key_is_an_error_or_the_same_key");
    for key in [p256(), rsa_1024().clone().into()] {
        let openssl = openssl_with(&key, &[]);
        openssl.write("plain.der", key.to_pkcs8_der().unwrap().expose());
        encrypted(&openssl, "-iter 1 -outform DER", "aes.der");
        encrypted(&openssl, "-iter 1 -v1 PBE-SHA1-3DES -outform DER", "des.der");
        encrypted(&openssl, "-iter 1", "aes.pem");
        for file in ["plain.der", "aes.der", "des.der", "aes.pem"] {
            let bytes = openssl.read(file);
            for index in 0..bytes.len() {
                let cut = read_private_key(&bytes[..index], Some(&password()));
                // The line feed at the end is not needed.
                assert!(
                    cut.is_err() || index == bytes.len() - 1 && cut.as_ref() == Ok(&key),
                    "{file} at {index}"
                );
                let mut changed = bytes.clone();
                changed[index] ^= (random.below(255) + 1) as u8;
                if let Ok(other) = read_private_key(&changed, Some(&password())) {
                    assert_eq!(other.public(), key.public(), "{file} at {index}");
                }
            }
        }
    }
}
