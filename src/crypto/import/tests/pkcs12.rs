//! PKCS#12 files.

use base64ct::{Base64, Encoding};

use super::private_key::replaced;
use super::*;
use crate::codec::tlv;
use crate::crypto::import::derivation::Effort;
use crate::crypto::import::pkcs12::read_within;
use crate::crypto::testing::{Reproducible, vectors};

fn export(openssl: &OpenSsl, options: &str) -> Vec<u8> {
    openssl.run(&format!(
        "pkcs12 -export -inkey key.pem -in chain.pem -name Anna -passout file:password -out all.p12 {options}"
    ));
    openssl.read("all.p12")
}

#[test]
fn pkcs12_of_every_encryption_is_read() {
    for key in [p256(), rsa_1024().clone().into()] {
        let chain = chain(&key);
        let openssl = openssl_with(&key, &chain);
        for options in [
            "",
            "-legacy",
            "-descert -legacy",
            "-keypbe AES-128-CBC -certpbe AES-192-CBC",
            "-keypbe NONE -certpbe NONE",
            "-keypbe PBE-SHA1-3DES -certpbe NONE",
            "-keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-RC2-128 -legacy",
            "-macalg sha1",
            "-macalg sha384",
            "-macalg sha512 -iter 100000",
            "-nomaciter -noiter",
            "-nomac",
        ] {
            let bytes = export(&openssl, options);
            assert_eq!(identify(&bytes), Content::Pkcs12);
            let read =
                read_pkcs12(&bytes, Some(&password())).unwrap_or_else(|error| panic!("{options}: {error:?}"));
            assert_eq!(read.key, key, "{options}");
            assert_eq!(read.leaf.as_ref(), Some(&chain[0]), "{options}");
            assert_eq!(read.chain, chain[1..], "{options}");
            assert_eq!(read.friendly_name.as_deref(), Some("Anna"), "{options}");
        }
    }
}

#[test]
fn wrong_password_and_no_password_are_told_apart() {
    let key = p256();
    let openssl = openssl_with(&key, &chain(&key));
    for options in ["", "-legacy", "-nomac", "-keypbe PBE-SHA1-3DES -certpbe NONE"] {
        let bytes = export(&openssl, options);
        let what = "PKCS#12 file";
        assert_eq!(read_pkcs12(&bytes, None), Err(ImportError::PasswordNeeded { what }), "{options}");
        for wrong in ["", "sesame"] {
            let result = read_pkcs12(&bytes, Some(&Secret::from(wrong)));
            assert_eq!(result, Err(ImportError::WrongPassword { what }), "{options}");
        }
    }
}

#[test]
fn empty_password_is_tried_where_none_is_given() {
    let key = p256();
    let openssl = openssl_with(&key, &chain(&key));
    for options in ["", "-legacy", "-nomac", "-keypbe NONE -certpbe NONE -nomac"] {
        openssl.run(&format!(
            "pkcs12 -export -inkey key.pem -in chain.pem -passout pass: -out all.p12 {options}"
        ));
        let bytes = openssl.read("all.p12");
        for password in [None, Some(&Secret::default())] {
            let read = read_pkcs12(&bytes, password).unwrap_or_else(|error| panic!("{options}: {error:?}"));
            assert_eq!((read.key, read.friendly_name), (key.clone(), None), "{options}");
        }
    }
}

#[test]
fn key_without_its_certificate_has_no_leaf() {
    let key = p256();
    let others = chain(&p256());
    let openssl = openssl_with(&key, &others);
    openssl.run("pkcs12 -export -nocerts -inkey key.pem -passout file:password -out all.p12");
    let read = read_pkcs12(&openssl.read("all.p12"), Some(&password())).unwrap();
    assert_eq!((read.key, read.leaf, read.chain.len()), (key, None, 0));
    openssl.run("pkcs12 -export -nokeys -in chain.pem -passout file:password -out all.p12");
    let error = read_pkcs12(&openssl.read("all.p12"), Some(&password())).unwrap_err();
    assert_eq!(error.to_string(), "file holds PKCS#12 with certificates only, not a private key");
    let error = read_pkcs12(&openssl.read("key.pem"), None).unwrap_err();
    assert_eq!(error.to_string(), "file holds a private key, not PKCS#12");
}

/// A PKCS#12 file without encryption and checksum, of these bags.
fn plain(bags: &[Vec<u8>]) -> Vec<u8> {
    let data = |content: &[u8]| {
        let id = const_oid::ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
        let string = tlv::encode(0xA0, &tlv::encode(0x04, content));
        tlv::encode(0x30, &[tlv::encode(0x06, id.as_bytes()), string].concat())
    };
    let safe = tlv::encode(0x30, &bags.concat());
    let authenticated = tlv::encode(0x30, &data(&safe));
    tlv::encode(0x30, &[vec![0x02, 0x01, 0x03], data(&authenticated)].concat())
}

fn key_bag(key: &PrivateKey, name: Option<&str>) -> Vec<u8> {
    let id = |text: &str| tlv::encode(0x06, const_oid::ObjectIdentifier::new_unwrap(text).as_bytes());
    let mut fields = id("1.2.840.113549.1.12.10.1.1");
    tlv::write(&mut fields, 0xA0, key.to_pkcs8_der().unwrap().expose());
    if let Some(name) = name {
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let values = tlv::encode(0x31, &tlv::encode(0x1E, &units));
        let attribute = tlv::encode(0x30, &[id("1.2.840.113549.1.9.20"), values].concat());
        tlv::write(&mut fields, 0x31, &attribute);
    }
    tlv::encode(0x30, &fields)
}

#[test]
fn files_of_other_programs_and_of_rfc_9579_are_read() {
    for fields in vectors("crypto/pkcs12.txt") {
        let [name, password, expected, file] = &fields[..] else { panic!("{fields:?}") };
        let bytes = Base64::decode_vec(file).unwrap();
        let result = read_pkcs12(&bytes, Some(&Secret::from(password.as_str())));
        match (expected.as_str(), result) {
            ("good", Ok(read)) => {
                let leaf = read.leaf.unwrap_or_else(|| panic!("{name} has no leaf"));
                assert!(leaf.certifies(&read.key.public()), "{name}");
                let wrong = read_pkcs12(&bytes, Some(&Secret::from("123")));
                assert_eq!(wrong, Err(ImportError::WrongPassword { what: "PKCS#12 file" }), "{name}");
            }
            ("damaged" | "malformed", Err(ImportError::Damaged { .. })) => {}
            (_, result) => panic!("{name}: {result:?}"),
        }
    }
}

/// RFC 9579, 9: with a key of one byte every 256th password fits.
#[test]
fn checksum_with_a_short_key_is_refused() {
    let vectors = vectors("crypto/pkcs12.txt");
    let good = Base64::decode_vec(&vectors[0][3]).unwrap();
    // The length of the key in front of the pseudo-random function of the checksum, at the end of the file.
    let old = tlv::encode(0x02, &[32]);
    let position = good.windows(old.len()).rposition(|window| window == old).unwrap();
    for len in [0, 1, 19, 129] {
        let number = if len > 127 { vec![0, len] } else { vec![len] };
        let changed = replaced(&good, &good[position..position + old.len()], &tlv::encode(0x02, &number));
        let result = read_pkcs12(&changed, Some(&Secret::from("1234")));
        assert!(matches!(result, Err(ImportError::Damaged { .. })), "{len}: {result:?}");
    }
}

#[test]
fn several_keys_are_listed_and_one_key_twice_is_one() {
    let (one, two) = (p256(), PrivateKey::from(rsa_1024().clone()));
    let twice = plain(&[key_bag(&one, None), key_bag(&one, Some("again"))]);
    assert_eq!(read_pkcs12(&twice, None).unwrap().key, one);
    let both = plain(&[key_bag(&one, Some("Anna\u{1b}[2J \u{1f600}")), key_bag(&two, None)]);
    let error = read_pkcs12(&both, None).unwrap_err();
    let expected =
        "file holds 2 private keys: \"Anna\\1B[2J \u{1f600}\" (EC P-256), without a name (RSA-1024)";
    assert_eq!(error.to_string(), expected);
    let bag = key_bag(&one, None);
    let many = plain(&vec![bag; 102]);
    assert!(matches!(read_pkcs12(&many, None), Err(ImportError::Unsupported { .. })));
}

#[test]
fn hostile_rounds_are_refused_before_any_is_done() {
    let key = p256();
    let openssl = openssl_with(&key, &chain(&key));
    // Those of the checksum: 2^31 rounds would take minutes.
    let rounds = tlv::encode(0x02, &[0x4E, 0x20]);
    let bytes = export(&openssl, "-iter 20000 -keypbe NONE -certpbe NONE");
    let hostile = replaced(&bytes, &rounds, &tlv::encode(0x02, &[0x7F, 0xFF, 0xFF, 0xFF]));
    assert_ne!(hostile, bytes);
    let result = read_pkcs12(&hostile, Some(&password()));
    assert!(matches!(result, Err(ImportError::TooManyRounds { .. })), "{result:?}");
}

#[test]
fn rounds_of_all_parts_together_are_limited() {
    let key = p256();
    let openssl = openssl_with(&key, &chain(&key));
    let bytes = export(&openssl, "-iter 6000 -nomac -certpbe AES-256-CBC");
    // Certificates and key, 6000 each, and the question whether the password is right: each would be let through alone.
    let read = |limit| read_within(&bytes, Some(&password()), &mut Effort::new(limit));
    assert!(read(18_000).is_ok());
    let result = read(17_999);
    let is_limit = matches!(result, Err(ImportError::TooManyRounds { rounds: 18_000, limit: 17_999 }));
    assert!(is_limit, "{result:?}");
}

#[test]
fn damage_is_told_from_a_wrong_password() {
    let key = p256();
    let openssl = openssl_with(&key, &chain(&key));
    let bytes = export(&openssl, "-iter 1");
    // Near the end are the checksum and its salt; in the middle the encrypted certificates.
    let mut random = Reproducible::new("damage_is_told_from_a_wrong_password");
    for index in (bytes.len() / 3..bytes.len() / 2).chain(bytes.len() - 30..bytes.len() - 12) {
        let mut changed = bytes.clone();
        changed[index] ^= (random.below(255) + 1) as u8;
        let result = read_pkcs12(&changed, Some(&password()));
        assert!(matches!(result, Err(ImportError::Damaged { .. })), "{index}: {result:?}");
    }
}

#[test]
fn damaged_file_is_an_error_or_the_same_key() {
    let key = p256();
    let chain = chain(&key);
    let openssl = openssl_with(&key, &chain);
    let mut random = Reproducible::new("damaged_pkcs12");
    for options in ["-iter 1", "-iter 1 -legacy", "-iter 1 -nomac"] {
        let bytes = export(&openssl, options);
        for index in 0..bytes.len() {
            assert!(read_pkcs12(&bytes[..index], Some(&password())).is_err(), "{options} cut at {index}");
            let mut changed = bytes.clone();
            changed[index] ^= (random.below(255) + 1) as u8;
            if let Ok(read) = read_pkcs12(&changed, Some(&password())) {
                assert_eq!(read.key.public(), key.public(), "{options} at {index}");
            }
        }
    }
}

#[test]
fn file_in_ber_is_read() {
    let key = p256();
    let chain = chain(&key);
    let openssl = openssl_with(&key, &chain);
    let bytes = export(&openssl, "");
    let ber = to_ber(&bytes);
    assert_ne!(ber, bytes);
    let read = read_pkcs12(&ber, Some(&password())).unwrap();
    assert_eq!((read.key, read.chain.len()), (key, 2));
    for end in 0..ber.len() {
        assert!(read_pkcs12(&ber[..end], Some(&password())).is_err(), "cut at {end}");
    }
}

/// Indefinite lengths all over, and long OCTET STRINGs in pieces.
fn to_ber(der: &[u8]) -> Vec<u8> {
    let mut ber = Vec::new();
    for element in tlv::Reader::new(der).flatten() {
        if element.is_constructed() {
            ber.extend_from_slice(&[element.tag as u8, 0x80]);
            ber.extend(to_ber(element.value));
            ber.extend_from_slice(&[0, 0]);
        } else if element.tag == 0x04 && element.value.len() > 100 {
            ber.extend_from_slice(&[0x24, 0x80]);
            element.value.chunks(100).for_each(|piece| tlv::write(&mut ber, 0x04, piece));
            ber.extend_from_slice(&[0, 0]);
        } else {
            tlv::write(&mut ber, element.tag, element.value);
        }
    }
    ber
}
