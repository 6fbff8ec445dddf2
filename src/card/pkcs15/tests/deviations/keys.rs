//! Private, public and secret keys.

use super::{card, problems};
use crate::card::pkcs15::tests::notation::bytes;
use crate::card::pkcs15::tests::sample::{ec_key, rsa_key, sample};
use crate::card::pkcs15::*;
use crate::codec::hex;
use crate::token::KeyAlgorithm;

/// Family, size, PIN, reference and place of the first key.
fn first_key(content: &Content) -> String {
    let Some(key) = content.token.keys.first() else { return format!("no key: {}", problems(content)) };
    let place = &content.objects[&key.object];
    let algorithm = match key.algorithm {
        KeyAlgorithm::Rsa { modulus_bits } => format!("RSA {modulus_bits}"),
        KeyAlgorithm::Ec { curve: Some(curve) } => format!("EC {curve}"),
        KeyAlgorithm::Ec { curve: None } => "EC".to_owned(),
        KeyAlgorithm::Ed25519 => "Ed25519".to_owned(),
        KeyAlgorithm::X25519 => "X25519".to_owned(),
        KeyAlgorithm::Aes { key_bits } => format!("AES {key_bits}"),
        KeyAlgorithm::Des { key_bits } => format!("DES {key_bits}"),
        KeyAlgorithm::Generic { key_bits } => format!("secret {key_bits}"),
        KeyAlgorithm::Untold => "untold".to_owned(),
    };
    let auth = key.auth.as_ref().map(|auth| format!(" PIN {auth}")).unwrap_or_default();
    let reference = place.key_reference.map(|reference| format!(" ref {reference:02x}")).unwrap_or_default();
    let at = match &place.value {
        Some(ObjectValue::Path(path)) if path.is_empty() => String::new(),
        Some(ObjectValue::Path(path)) => format!(" at {path}"),
        Some(ObjectValue::Direct(_)) => " direct".to_owned(),
        Some(ObjectValue::Other(_)) => " elsewhere".to_owned(),
        None => " nowhere".to_owned(),
    };
    let always = if key.always_authenticate { " always" } else { "" };
    format!("{algorithm}{auth}{reference}{at}{always}")
}

const RSA_TYPE: &str = "a1( 30( 30(04:4b01) 02:0800 ) )";

#[test]
fn private_key_deviations_table() {
    let rsa = |common: &str, class: &str| format!("30( 30({common}) 30({class}) {RSA_TYPE} )");
    let typed = |tag: &str, fields: &str| format!("{tag}( 30(04:01) 30(04:45 03:0204) a1( 30({fields}) ) )");
    let p256 = "06:2a8648ce3d030107";
    let rows: &[(&str, String, &str)] = &[
        ("usual", rsa("04:01", "04:45 03:0204 02:01"), "RSA 2048 PIN 01 ref 01 at 3f0050154b01"),
        ("userConsent", rsa("04:01 02:01", "04:45 03:0204"), "RSA 2048 PIN 01 at 3f0050154b01 always"),
        (
            "reference as two's complement",
            rsa("04:01", "04:45 03:0204 02:81"),
            "RSA 2048 PIN 01 ref 81 at 3f0050154b01",
        ),
        ("no usage", rsa("04:01", "04:45 02:01"), "RSA 2048 PIN 01 ref 01 at 3f0050154b01"),
        ("no identifier", rsa("04:01", "03:0204 02:01"), "RSA 2048 PIN 01 ref 01 at 3f0050154b01"),
        (
            "native and access flags",
            rsa("04:01", "04:45 03:0204 01:01 03:0303b8 02:01"),
            "RSA 2048 PIN 01 ref 01",
        ),
        (
            "dates and algorithm references",
            rsa("04:01", "04:45 03:0204 02:01 18'20260101Z' 80'20270101Z' a1(02:01 02:02)"),
            "RSA 2048 PIN 01 ref 01 at 3f0050154b01",
        ),
        (
            "authId missing, in the access rules",
            rsa("03:0780 30( 30(03:0780 05:) 30(03:0520 04:02) )", "04:45"),
            "RSA 2048 PIN 02 at 3f0050154b01",
        ),
        ("authId empty", rsa("04:", "04:45"), "RSA 2048 at 3f0050154b01"),
        ("PIN of no AODF", rsa("04:77", "04:45"), "RSA 2048 PIN 77 at 3f0050154b01"),
        ("modulus length in bytes", typed("30", "30(04:4b01) 02:0100"), "RSA 2048 PIN 01 at 3f0050154b01"),
        ("no modulus length", typed("30", "30(04:4b01)"), "RSA 0 PIN 01 at 3f0050154b01"),
        ("keyInfo NULL parameters", typed("30", "30(04:4b01) 02:0800 30(05: 03:0204)"), "RSA 2048 PIN 01"),
        ("keyInfo reference", typed("30", "30(04:4b01) 02:0800 02:01"), "RSA 2048 PIN 01 at 3f0050154b01"),
        (
            "path with index and length",
            typed("30", "30(04:4b01 02:00 80:0100) 02:0800"),
            "RSA 2048 PIN 01 at",
        ),
        ("path with index only", typed("30", "30(04:4b01 02:05) 02:0800"), "RSA 2048 PIN 01 at 3f0050154b01"),
        ("path to its own DF", typed("30", "30(04:50154b01) 02:0800"), "RSA 2048 PIN 01 at 3f0050154b01"),
        (
            "path from the current DF",
            typed("30", "30(04:3fff4b01) 02:0800"),
            "RSA 2048 PIN 01 at 3f0050154b01",
        ),
        ("absolute path", typed("30", "30(04:3f004b01) 02:0800"), "RSA 2048 PIN 01 at 3f004b01"),
        ("empty path", typed("30", "30(04:) 02:0800"), "RSA 2048 PIN 01"),
        ("empty value", typed("30", "30() 02:0800"), "RSA 2048 PIN 01"),
        (
            "path in another application",
            typed("30", "30( a1(4f:a000000063 04:4b01) ) 02:0800"),
            "RSA 2048 PIN 01 at application a000000063 4b01",
        ),
        ("EC without anything", typed("a0", "30(04:4b02)"), "EC PIN 01 at 3f0050154b02"),
        ("EC with field size", typed("a0", "30(04:4b02) 02:0100"), "EC PIN 01 at 3f0050154b02"),
        ("EC with the curve in place", typed("a0", &format!("30(04:4b02) 30({p256})")), "EC p256 PIN 01"),
        (
            "EC with parameters and operations",
            typed("a0", &format!("30(04:4b02) 30({p256} 03:0204)")),
            "EC p256",
        ),
        ("EC of a curve that we lack", typed("a0", "30(04:4b02) 30(06:2a8648ce3d030101)"), "EC PIN 01"),
        ("EC referring to TokenInfo's AES", typed("a0", "30(04:4b02) 02:01"), "EC PIN 01 at 3f0050154b02"),
        (
            "subject name and key identifiers",
            format!(
                "30( 30(04:01) 30(04:45) a0( 30( 30(31(30(06:550403 0c'x'))) a0(30(02:02 04:00)) ) ) {RSA_TYPE} )"
            ),
            "RSA 2048 PIN 01",
        ),
        ("empty subclass", format!("30( 30(04:01) 30(04:45) a0(30()) {RSA_TYPE} )"), "RSA 2048 PIN 01"),
        ("garbage behind", format!("30( 30(04:01) 30(04:45) {RSA_TYPE} =0504 )"), "RSA 2048 PIN 01"),
    ];
    for (what, entry, expected) in rows {
        let file = bytes(entry);
        let content = card(FileKind::PrivateKeys, &file);
        assert!(first_key(&content).starts_with(expected), "{what}: {}", first_key(&content));
        assert_eq!(problems(&content), "", "{what}");
        let read = DirectoryFile::decode(FileKind::PrivateKeys, Path::default(), &file);
        let again = read.entries[0].object.as_ref().unwrap().encode();
        let reread = DirectoryFile::decode(FileKind::PrivateKeys, Path::default(), &again);
        assert_eq!(reread.entries[0].object, read.entries[0].object, "{what}: written and read again");
    }
}

#[test]
fn private_key_without_pin_belongs_to_the_only_user_pin() {
    let mut image = sample();
    let pin = "30( 30(0c'PIN') 30(04:05) a1( 30(03:020c 0a:01 02:04 02:08 02:08 80:01) ) )";
    *image.file(0x4401) = bytes(pin);
    let orphan = "30( 30(03:0780) 30(04:45) a1( 30( 30(04:4b01) 02:0800 ) ) )";
    *image.file(0x4402) = bytes(orphan);
    assert_eq!(first_key(&image.content()), "RSA 2048 PIN 05 at 3f0050154b01");
    *image.file(0x4402) = bytes(&orphan.replace("03:0780", ""));
    assert_eq!(first_key(&image.content()), "RSA 2048 at 3f0050154b01", "it is not said to be private");
    *image.file(0x4401) = bytes(&format!("{pin} {}", pin.replace("04:05", "04:06")));
    *image.file(0x4402) = bytes(orphan);
    assert_eq!(first_key(&image.content()), "RSA 2048 at 3f0050154b01", "which PIN, nobody knows");
}

#[test]
fn curve_is_found_through_token_info() {
    let mut image = sample();
    let info = "30( 02:00 04:01 03:00 a2( 30(02:07 02:1041 06:2b81040022 03:0602) ) )";
    *image.file(0x5032) = bytes(info);
    *image.file(0x4402) = bytes("a0( 30(04:02) 30(04:99) a1( 30( 30(04:4b02) 02:07 ) ) )");
    assert_eq!(first_key(&image.content()), "EC p384 PIN 02 at 3f0050154b02");
    *image.file(0x4402) = bytes("a0( 30(04:02) 30(04:99 03:00 a1(02:07)) a1( 30( 30(04:4b02) 02:0180 ) ) )");
    assert_eq!(first_key(&image.content()), "EC p384 PIN 02 at 3f0050154b02");
}

#[test]
fn public_key_deviations_table() {
    let point = hex::encode(ec_key().ec().unwrap().1);
    let spki = hex::encode(&ec_key().to_spki_der());
    let numbers = format!("02:00{} 02:010001", "c3".repeat(256));
    let rsa_spki = hex::encode(&rsa_key().to_spki_der());
    let entry = |tag: &str, fields: &str| format!("{tag}( 30() 30(04:45 03:0640) a1( 30({fields}) ) )");
    let rows: &[(&str, String, &str, bool)] = &[
        ("in a file", entry("30", "30(04:5501) 02:0800"), "RSA 2048 at 3f0050155501", false),
        ("direct, raw", entry("30", &format!("a0( 30({numbers}) ) 02:0800")), "RSA 2048 direct", true),
        (
            "direct, raw, wrong length said",
            entry("30", &format!("a0( 30({numbers}) ) 02:0400")),
            "RSA 2048 direct",
            true,
        ),
        ("direct, SPKI", entry("30", &format!("a0( ={rsa_spki} ) 02:0800")), "RSA 2048 direct", true),
        (
            "direct, SPKI under [1]",
            entry("30", &format!("a0( =a1{} ) 02:0800", &rsa_spki[2..])),
            "RSA 2048 direct",
            true,
        ),
        ("EC direct, SPKI", entry("a0", &format!("a0( ={spki} )")), "EC p256 direct", true),
        ("EC direct point, no curve", entry("a0", &format!("a0( 04:{point} )")), "EC direct", false),
        (
            "EC direct point with the curve",
            entry("a0", &format!("a0( 04:{point} ) 30(06:2a8648ce3d030107)")),
            "EC p256 direct",
            true,
        ),
        (
            "EC direct point, bare",
            entry("a0", &format!("a0( ={point} ) 30(06:2a8648ce3d030107)")),
            "EC p256 direct",
            true,
        ),
        (
            "EC point off the curve",
            entry("a0", &format!("a0( 04:{}00 ) 30(06:2a8648ce3d030107)", &point[..128])),
            "EC p256 direct",
            false,
        ),
        ("at a URL", entry("30", "13'http://example.org/key' 02:0800"), "RSA 2048 elsewhere", false),
        ("encrypted", entry("30", "a1(30(04:5501)) 02:0800"), "RSA 2048 elsewhere", false),
        ("nonsense in the value", entry("30", "a0(05:) 02:0800"), "RSA 2048 direct", false),
    ];
    for (what, entry, expected, known) in rows {
        let content = card(FileKind::PublicKeys, &bytes(entry));
        assert_eq!(first_key(&content), *expected, "{what}");
        assert_eq!(content.token.keys[0].public.is_some(), *known, "{what}");
        assert_eq!(problems(&content), "", "{what}");
    }
}

#[test]
fn secret_key_deviations_table() {
    let entry = |tag: &str, class: &str, subclass: &str, fields: &str| {
        format!("{tag}( 30(04:01) 30(04:77 03:0233 {class}) {subclass} a1( 30({fields}) ) )")
    };
    let rows: &[(&str, String, &str)] = &[
        (
            "AES by TokenInfo",
            entry("30", "a1(02:01)", "a0(30(02:0100))", "30(04:4d01)"),
            "AES 256 PIN 01 at 3f0050154d01",
        ),
        ("generic", entry("30", "", "a0(30(02:0100))", "30(04:4d01)"), "secret 256 PIN 01 at 3f0050154d01"),
        ("no length", entry("30", "", "", "30(04:4d01)"), "secret 0 PIN 01 at 3f0050154d01"),
        ("no value", entry("30", "", "", ""), "secret 0 PIN 01 nowhere"),
        ("single DES", entry("a2", "", "", "30(04:4d01)"), "DES 64 PIN 01"),
        ("triple DES", entry("a4", "02:03", "", "30(04:4d01)"), "DES 192 PIN 01 ref 03"),
        (
            "RC2",
            entry("a0", "", "", "30(04:4d01)"),
            "no key: secret key 1 in EF 4450: keys of its family (tag a0) are not supported",
        ),
    ];
    for (what, entry, expected) in rows {
        let content = card(FileKind::SecretKeys, &bytes(entry));
        assert!(first_key(&content).starts_with(expected), "{what}: {}", first_key(&content));
    }
}
