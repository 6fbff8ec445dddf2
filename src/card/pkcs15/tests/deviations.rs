//! What real cards get wrong or do in their own way, one table row for each.

use super::notation::bytes;
use super::sample::{Image, at, key, named, sample};
use crate::card::pkcs15::*;
use crate::codec::hex;
use crate::token::{AuthRole, KeyAlgorithm, KeyClass};

/// A card with one directory file, and the sample's PINs unless that is the AODF.
fn card(kind: FileKind, file: &[u8]) -> Content {
    let mut image = sample();
    let mut odf = vec![OdfRecord::File { kind, path: Path::file(&[0x44, 0x50]) }];
    if kind != FileKind::Auth {
        odf.push(OdfRecord::File { kind: FileKind::Auth, path: Path::file(&[0x44, 0x01]) });
    }
    *image.file(0x5031) = encode_odf(&odf);
    *image.file(0x4450) = file.to_vec();
    image.content()
}

fn problems(content: &Content) -> String {
    let lines: Vec<_> =
        content.token.problems.iter().map(|one| format!("{}: {}", one.what, one.why)).collect();
    lines.join("; ")
}

fn pins(content: &Content) -> String {
    let pins = content.token.auths.iter().map(|auth| {
        let place = &content.auths[&auth.id];
        let role = match auth.role {
            AuthRole::User => "",
            AuthRole::SecurityOfficer => " SO",
            AuthRole::Unblocking => " PUK",
        };
        let path = place.path.as_ref().map(|path| format!(" in {path}")).unwrap_or_default();
        let id = &auth.id;
        let (min, max, reference, pad) =
            (auth.min_len, auth.max_len, place.reference(), place.attributes.pad_char);
        let pad = pad.map(|byte| format!(" pad {byte:02x}")).unwrap_or_default();
        format!("{}{role} {id} ref {reference:02x} {min}-{max}{pad}{path}", auth.label)
    });
    pins.collect::<Vec<_>>().join(", ")
}

#[test]
fn pin_deviations_table() {
    let pin = |common: &str, class: &str, attributes: &str| {
        format!("30( 30({common}) 30({class}) a1( 30({attributes}) ) )")
    };
    let usual = "03:020c 0a:01 02:04 02:08 02:08 80:01 04:ff";
    let rows: &[(&str, String, &str)] = &[
        ("as the standard says", pin("0c'PIN'", "04:01", usual), "PIN 01 ref 01 4-8 pad ff"),
        ("no label", pin("", "04:01", usual), "PIN 01 ref 01 4-8 pad ff"),
        ("label as PrintableString", pin("13'PIN A'", "04:01", usual), "PIN A 01 ref 01 4-8 pad ff"),
        ("label filled with blanks", pin("0c'PIN    '", "04:01", usual), "PIN 01 ref 01 4-8 pad ff"),
        ("label in Latin-1", pin("0c:50fc", "04:01", usual), "Pü 01 ref 01 4-8 pad ff"),
        ("no authId", pin("0c'PIN'", "", usual), "PIN 50494e2031 ref 01 4-8 pad ff"),
        (
            "reference as two's complement",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08 80:81"),
            "PIN 01 ref 81 4-8",
        ),
        (
            "reference with the zero byte",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08 80:0081"),
            "PIN 01 ref 81 4-8",
        ),
        (
            "reference with an explicit tag",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08 a0(02:83)"),
            "PIN 01 ref 83 4-8",
        ),
        ("no reference", pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08"), "PIN 01 ref 00 4-8"),
        ("no maxLength", pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:0c 80:01"), "PIN 01 ref 01 4-12"),
        ("no maxLength, BCD", pin("0c'PIN'", "04:01", "03:020c 0a:00 02:04 02:08"), "PIN 01 ref 00 4-16"),
        ("no lengths at all", pin("0c'PIN'", "04:01", "03:020c 0a:01 80:01"), "PIN 01 ref 01 0-8"),
        (
            "lengths that nothing can have",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:7fffffff 02:7fffffff 02:7fffffff"),
            "PIN 01 ref 00 255-255",
        ),
        (
            "padChar empty",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08 80:01 04:"),
            "PIN 01 ref 01 4-8",
        ),
        (
            "lastPinChange and a relative path",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08 80:01 18'20260101000000Z' 30(04:5110)"),
            "PIN 01 ref 01 4-8 in 3f0050155110",
        ),
        (
            "lastPinChange before padChar",
            pin("0c'PIN'", "04:01", "03:020c 0a:01 02:04 02:08 02:08 80:01 18'20260101Z' 04:00"),
            "PIN 01 ref 01 4-8",
        ),
        ("empty path", pin("0c'PIN'", "04:01", &format!("{usual} 30()")), "PIN 01 ref 01 4-8 pad ff"),
        (
            "flags with unused bits set",
            pin("0c'PIN'", "04:01", &usual.replace("03:020c", "03:000d")),
            "PIN SO",
        ),
        (
            "flags in four bytes",
            pin("0c'PIN'", "04:01", &usual.replace("03:020c", "03:000d000000")),
            "PIN SO",
        ),
        (
            "PUK",
            pin("0c'PUK'", "04:11", &usual.replace("03:020c", "03:010a")),
            "PUK PUK 11 ref 01 4-8 pad ff",
        ),
        (
            "field of a later edition",
            pin("0c'PIN'", "04:01 8a:01", &format!("{usual} 9f21:00")),
            "PIN 01 ref 01 4-8 pad ff",
        ),
        (
            "filler inside",
            pin("0c'PIN' =0000", "04:01 =ff", &format!("{usual} =0000")),
            "PIN 01 ref 01 4-8 pad ff",
        ),
    ];
    for (what, entry, expected) in rows {
        let content = card(FileKind::Auth, &bytes(entry));
        assert!(pins(&content).starts_with(expected), "{what}: {} ({})", pins(&content), problems(&content));
        assert_eq!(problems(&content), "", "{what}");
    }
}

#[test]
fn pin_unsupported_or_ambiguous_is_reported() {
    let pin = "30( 30(0c'PIN') 30(04:01) a1( 30(03:020c 0a:01 02:04 02:08 02:08 80:01) ) )";
    let twice = card(FileKind::Auth, &bytes(&format!("{pin} {pin}")));
    assert_eq!(problems(&twice), "PIN 2 in EF 4450: its identifier 01 is that of another PIN");
    assert_eq!(twice.token.auths.len(), 2);
    assert_ne!(twice.token.auths[0].id, twice.token.auths[1].id);
    let biometric = card(FileKind::Auth, &bytes(&format!("a0( 30() 30(04:09) a1(30()) ) {pin}")));
    assert_eq!(problems(&biometric), "PIN 1 in EF 4450: biometric and key authentication are not supported");
    assert_eq!(biometric.token.auths.len(), 1);
    let typeless = card(FileKind::Auth, &bytes("30( 30() 30(04:01) a1(30(03:020c)) )"));
    assert_eq!(problems(&typeless), "PIN 1 in EF 4450: pinType is missing");
}

/// Family, size, PIN, reference and place of the first key.
fn first_key(content: &Content) -> String {
    let Some(key) = content.token.keys.first() else { return format!("no key: {}", problems(content)) };
    let place = &content.objects[&key.object];
    let algorithm = match key.algorithm {
        KeyAlgorithm::Rsa { modulus_bits } => format!("RSA {modulus_bits}"),
        KeyAlgorithm::Ec { curve: Some(curve) } => format!("EC {curve}"),
        KeyAlgorithm::Ec { curve: None } => "EC".to_owned(),
        KeyAlgorithm::Aes { key_bits } => format!("AES {key_bits}"),
        KeyAlgorithm::Des { key_bits } => format!("DES {key_bits}"),
        KeyAlgorithm::Generic { key_bits } => format!("secret {key_bits}"),
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
    let point = hex::encode(super::sample::ec_key().ec().unwrap().1);
    let spki = hex::encode(&super::sample::ec_key().to_spki_der());
    let numbers = format!("02:00{} 02:010001", "c3".repeat(256));
    let rsa_spki = hex::encode(&super::sample::rsa_key().to_spki_der());
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

/// Identifier, flags and place of each certificate and data object.
fn others(content: &Content) -> String {
    let place = |object| match &content.objects[&object].value {
        Some(ObjectValue::Path(path)) => {
            let part = match (path.index, path.length) {
                (None, None) => String::new(),
                (index, length) => format!("[{},{}]", index.unwrap_or(0), length.unwrap_or(0)),
            };
            format!("{path}{part}")
        }
        Some(ObjectValue::Direct(value)) => format!("direct {}", hex::encode(value)),
        other => format!("{other:?}"),
    };
    let certificates = content.token.certificates.iter().map(|one| {
        let flags = [(one.authority, " CA"), (one.trusted, " trusted"), (one.private, " private")];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name).collect();
        format!("{} {}{flags} {}", one.label, one.id, place(one.object))
    });
    let data = content.token.data.iter().map(|one| {
        let auth = one.auth.as_ref().map(|auth| format!(" PIN {auth}")).unwrap_or_default();
        format!("{} [{}] {}{auth} {}", one.label, one.application, hex::encode(&one.oid), place(one.object))
    });
    certificates.chain(data).collect::<Vec<_>>().join(", ")
}

#[test]
fn certificate_deviations_table() {
    let entry = |class: &str, fields: &str| format!("30( 30(0c'C') 30({class}) a1( 30({fields}) ) )");
    let rows: &[(&str, String, &str)] = &[
        ("relative path", entry("04:45", "30(04:4301)"), "C 45 3f0050154301"),
        ("part of a file", entry("04:45", "30(04:4301 02:10 80:0200)"), "C 45 3f0050154301[16,512]"),
        ("no identifier", entry("", "30(04:4301)"), "C  3f0050154301"),
        ("authority as 01", entry("04:45 01:01", "30(04:4301)"), "C 45 CA 3f0050154301"),
        ("authority false", entry("04:45 01:00", "30(04:4301)"), "C 45 3f0050154301"),
        (
            "identifier, hash, identifiers",
            entry("04:45 01:ff 30(02:03 04:aa) a0(30()) a2(30(02:02 04:bb))", "30(04:4301)"),
            "C 45 CA 3f0050154301",
        ),
        ("implicit trust", entry("04:45 83:ff", "30(04:4301)"), "C 45 trusted 3f0050154301"),
        ("direct", entry("04:45", "a0(30(02:01))"), "C 45 direct 3003020101"),
        (
            "subject, issuer, serial",
            entry("04:45", "30(04:4301) 30(31()) a0(30(31())) 02:05"),
            "C 45 3f0050154301",
        ),
        ("serial only", entry("04:45", "30(04:4301) 02:05"), "C 45 3f0050154301"),
        (
            "PIN-protected",
            entry("04:45", "30(04:4301)").replace("0c'C'", "0c'C' 03:0780 04:01"),
            "C 45 private 3f0050154301",
        ),
    ];
    for (what, entry, expected) in rows {
        let content = card(FileKind::Certificates, &bytes(entry));
        assert_eq!(others(&content), *expected, "{what} ({})", problems(&content));
        assert_eq!(problems(&content), "", "{what}");
    }
    let hinted = card(
        FileKind::Certificates,
        &bytes(&entry("04:45 30(02:03 04:aa) a2(30(02:02 04:bb))", "30(04:4301) 30(31()) a0(30(31()))")),
    );
    let hints = &hinted.token.certificates[0].hints;
    assert_eq!(hints.subject_key_id, Some(vec![0xBB]));
    assert_eq!(
        (&hints.subject, &hints.issuer),
        (&Some(vec![0x30, 2, 0x31, 0]), &Some(vec![0x30, 2, 0x31, 0]))
    );
}

#[test]
fn certificate_that_cannot_be_used_is_reported() {
    let good = "30( 30(0c'C') 30(04:45) a1( 30( 30(04:4301) ) ) )";
    let rows: &[(&str, &str)] = &[
        (&good.replace("30(04:4301)", "13'http://x'"), "the value is not on the card but at a URL"),
        (&good.replace("30(04:4301)", "a3(30())"), "the value is not on the card but at a URL"),
        (&good.replace("30(04:4301)", "a2(30())"), "the value is encrypted for a recipient"),
        (&good.replace("30(04:4301)", "30()"), "the entry names no file for its value"),
        (&good.replace("30(04:4301)", ""), "value is missing"),
        (&good.replacen("30(", "a1(", 1), "it is not an X.509 certificate (tag a1)"),
        (&good.replacen("30(", "70(", 1), "tag 70 is unknown in this file"),
        (&good.replace("a1(", "a2("), "typeAttributes is missing"),
        (&good.replace("04:4301", "02:4301 =0401"), "path is missing: data object cut short"),
        ("30( =05 )", "commonObjectAttributes is missing: data object cut short"),
        ("30()", "commonObjectAttributes is missing"),
    ];
    for (bad, why) in rows {
        let content =
            card(FileKind::Certificates, &bytes(&format!("{good} {bad} {}", good.replace("04:45", "04:46"))));
        assert_eq!(problems(&content), format!("certificate 2 in EF 4450: {why}"), "{bad}");
        assert_eq!(others(&content), "C 45 3f0050154301, C 46 3f0050154301", "{bad}: the rest stays visible");
    }
}

#[test]
fn data_deviations_table() {
    let entry = |tag: &str, class: &str, fields: &str| format!("{tag}( 30(0c'D') 30({class}) a1({fields}) )");
    let rows: &[(&str, String, &str)] = &[
        ("in a file", entry("30", "0c'app' 06:2a03", "30(04:4501)"), "D [app] 06022a03 3f0050154501"),
        ("no application", entry("30", "", "30(04:4501)"), "D []  3f0050154501"),
        ("own identifier", entry("30", "0c'app' 04:99", "30(04:4501)"), "D [app]  3f0050154501"),
        ("direct", entry("30", "0c'app'", "a0(04:0102)"), "D [app]  direct 04020102"),
        (
            "with an identifier of its own",
            entry("a1", "0c'app'", "30(06:2a03 30(04:4501))"),
            "D [app]  3f0050154501",
        ),
        ("inter-industry", entry("a0", "0c'app'", "30(04:4501)"), "D [app]  3f0050154501"),
    ];
    for (what, entry, expected) in rows {
        let content = card(FileKind::Data, &bytes(entry));
        assert_eq!(others(&content), *expected, "{what} ({})", problems(&content));
    }
}

#[test]
fn gaps_between_entries_table() {
    let one = "30( 30(0c'1') 30(04:01) a1( 30( 30(04:4301) ) ) )";
    let two = "30( 30(0c'2') 30(04:02) a1( 30( 30(04:4302) ) ) )";
    let deleted = {
        let mut raw = bytes(one);
        raw[0] = 0;
        format!("={}", hex::encode(&raw))
    };
    let long = hex::encode(&[&[0x00, 0x81, 0x90][..], &[0x30; 0x90]].concat());
    let rows: &[(&str, String)] = &[
        ("nothing", format!("{one} {two}")),
        ("zeros before, between and behind", format!("=0000 {one} =000000 {two} =00000000")),
        ("a single zero between", format!("{one} =00 {two}")),
        ("FF between and behind", format!("{one} =ffff {two} =ffffffff")),
        ("a deleted entry between", format!("{one} {deleted} {two}")),
        ("a deleted entry first", format!("{deleted} {one} {two}")),
        ("a deleted entry last", format!("{one} {two} {deleted}")),
        ("two deleted entries", format!("{one} {deleted} {deleted} {two} =0000")),
        ("a long deleted entry", format!("{one} ={long} {two}")),
        ("a deleted entry and zeros", format!("{one} {deleted} =0000 {two}")),
    ];
    for (what, file) in rows {
        let content = card(FileKind::Certificates, &bytes(file));
        let expected = "1 01 3f0050154301, 2 02 3f0050154302";
        assert_eq!(others(&content), expected, "{what} ({})", problems(&content));
        assert_eq!(problems(&content), "", "{what}");
    }
}

#[test]
fn garbage_behind_the_last_entry_is_reported_and_kept() {
    let one = "30( 30(0c'1') 30(04:01) a1( 30( 30(04:4301) ) ) )";
    let file = bytes(&format!("{one} =3082ffff3000"));
    let content = card(FileKind::Certificates, &file);
    assert_eq!(others(&content), "1 01 3f0050154301");
    assert_eq!(problems(&content), "certificate 2 in EF 4450: data object cut short");
    let mut read = DirectoryFile::decode(FileKind::Certificates, Path::default(), &file);
    let object = read.entries[0].object.clone().unwrap();
    read.push(object.clone());
    assert_eq!(read.entries.len(), 3);
    let again = DirectoryFile::decode(FileKind::Certificates, Path::default(), &read.encode());
    assert_eq!(again.entries[1].object, Ok(object), "a new entry stands before what nobody can read");
}

#[test]
fn odf_deviations_table() {
    let mut image = sample();
    let second = "30( 30(0c'Other') 30(04:99) a1( 30( 30(04:4309) ) ) )";
    *image.file(0x4413) = bytes(second);
    let direct = "30( 30(0c'In the ODF') 30(04:98) a1( 30( 30(04:430a) ) ) )";
    *image.file(0x5031) = bytes(&format!(
        "a8(30(04:4401)) =0000 a4(30(04:3f0050154403)) a4(30(04:4413 02:00 80:ff)) a6(30(04:4404ff)) \
         a4(30(04:4403)) a4(a0( {direct} )) a0(30(04:5031)) a9(30(04:4400)) a3(30()) a7(05:) a1(30(04:7777)) =ff"
    ));
    let content = image.content();
    let labels: Vec<_> = content.token.certificates.iter().map(|one| &*one.label).collect();
    assert_eq!(labels, ["Leaf 1", "Leaf 2", "Issuing CA", "Other", "In the ODF"]);
    let expected = [
        "record 5 in EF 5031: EF 4403 is named twice",
        "record 7 in EF 5031: EF 5031 is named twice",
        "record 8 in EF 5031: tag a9 is unknown in this file",
        "record 9 in EF 5031: path is missing",
        "record 10 in EF 5031: path is missing",
    ];
    assert_eq!(problems(&content), expected.join("; "));
    assert_eq!(image.locked.len(), 0);
}

#[test]
fn file_behind_a_pin_or_absent_leaves_the_rest_visible() {
    let mut image = sample();
    image.locked.push(vec![0x3F, 0x00, 0x50, 0x15, 0x44, 0x06]);
    image.files.remove(&[0x3F, 0x00, 0x50, 0x15, 0x44, 0x04][..]);
    image.files.remove(&[0x3F, 0x00, 0x50, 0x15, 0x50, 0x32][..]);
    let content = image.content();
    assert_eq!(
        problems(&content),
        "TokenInfo in EF 5032: the card has no such file; \
         DODF in EF 4406: the card answered INS A4 with 6982 security status not satisfied"
    );
    assert_eq!(content.token.certificates.len(), 4);
    assert!(content.token.info.initialized);
    assert!(content.token.keys.iter().all(|key| key.class != KeyClass::Public));
}

#[test]
fn application_is_found_wherever_it_is() {
    let odf = |image: &mut Image, folder: &[u8]| {
        let record = OdfRecord::File { kind: FileKind::PrivateKeys, path: Path::file(&[0x44, 0x02]) };
        image.put(&[folder, &[0x50, 0x31]].concat(), encode_odf(&[record]));
        let entry = key("Key", 1, KeyFamily::Rsa { modulus_length: 2048 }, at(0x4B01), None);
        image.put(&[folder, &[0x44, 0x02]].concat(), entry.encode());
        image.put(&[folder, &[0x50, 0x32]].concat(), super::sample::token_info().encode());
    };
    let found = |image: &mut Image| {
        let content = image.content();
        (content.directory.place.base.to_string(), content.token.keys.len(), problems(&content))
    };
    let dir = |text: &str| bytes(text);
    let aid = hex::encode(&PKCS15_AID);
    let ok = |base: &str| (base.to_owned(), 1, String::new());

    let mut image = Image::default();
    odf(&mut image, &[0x3F, 0x00]);
    assert_eq!(found(&mut image), ok("3f00"), "no EF.DIR, files in the master file");
    odf(&mut image, &[0x3F, 0x00, 0x50, 0x15]);
    assert_eq!(found(&mut image), ok("3f005015"), "no EF.DIR, the usual directory");
    odf(&mut image, &[0x3F, 0x00, 0x60, 0x10]);
    image.put(
        &[0x3F, 0x00, 0x2F, 0x00],
        dir(&format!("61(4f:d27600012401 50'OpenPGP') =0000 61(4f:{aid} 51:3f006010)")),
    );
    assert_eq!(found(&mut image), ok("3f006010"), "EF.DIR with another application and padding");
    image.put(&[0x3F, 0x00, 0x2F, 0x00], dir(&format!("61(4f:{aid} 51:6010)")));
    assert_eq!(found(&mut image), ok("3f006010"), "path without the master file");
    image.put(&[0x3F, 0x00, 0x2F, 0x00], dir(&format!("61(4f:{aid} 51:3f007777)")));
    assert_eq!(found(&mut image), ok("3f005015"), "EF.DIR names a directory that is not there");
    image.put(&[0x3F, 0x00, 0x2F, 0x00], dir("61(50'no identifier') =6105"));
    assert_eq!(found(&mut image), ok("3f005015"), "EF.DIR that nobody can read");
    odf(&mut image, &PKCS15_AID);
    image.put(&[0x3F, 0x00, 0x2F, 0x00], dir(&format!("61(4f:{aid} 50'By name')")));
    assert_eq!(found(&mut image), ok(&format!("application {aid} ")), "by identifier only");

    let other = "a000000177504b43532d3135";
    image.put(
        &[0x3F, 0x00, 0x2F, 0x00],
        dir(&format!("61(4f:{other} 50'B' 51:3f006010) 61(4f:{aid} 50'A' 51:3f005015)")),
    );
    let (base, keys, problem) = found(&mut image);
    assert_eq!((&*base, keys), ("3f005015", 1), "the standard's identifier goes first");
    assert_eq!(
        problem,
        format!(
            "PKCS#15 application \"B\" ({other}): not read: the card has another PKCS#15 application before it"
        )
    );

    odf(&mut image, &[0x3F, 0x00, 0x70, 0x10]);
    let moved = image.files.remove(&[0x3F, 0x00, 0x70, 0x10, 0x50, 0x31][..]).unwrap();
    image.put(&[0x3F, 0x00, 0x70, 0x10, 0x66, 0x31], moved);
    let ddo = format!("61(4f:{aid} 51:3f007010 73(06:2a03 30(04:6631) a0(04:3f0070105032)))");
    image.put(&[0x3F, 0x00, 0x2F, 0x00], dir(&ddo));
    assert_eq!(found(&mut image), ok("3f007010"), "an ODF of another name");

    assert!(read_directory(&mut Image::default()).unwrap().is_none(), "a blank card");
    let mut foreign = Image::default();
    foreign.put(&[0x3F, 0x00, 0x50, 0x31], b"something else".to_vec());
    assert!(read_directory(&mut foreign).unwrap().is_none(), "another card's file 5031");
    let mut empty = Image::default();
    empty.put(&[0x3F, 0x00, 0x50, 0x15, 0x50, 0x31], vec![0; 64]);
    assert!(read_directory(&mut empty).unwrap().is_some(), "an application without objects");
}

#[test]
fn token_info_deviations_table() {
    let rows: &[(&str, &str, &str)] = &[
        ("usual", "30( 02:00 04:1234 0c'M' 80'L' 03:0520 )", "L M 1234"),
        ("manufacturer as PrintableString", "30( 02:00 04:1234 13'M' 80'L' 03:0520 )", "L M 1234"),
        ("label with an explicit tag", "30( 02:00 04:1234 0c'M' a0(0c'L') 03:0520 )", "L M 1234"),
        ("no label, no manufacturer", "30( 02:00 04:1234 03:0520 )", "  1234"),
        ("label filled with blanks and zeros", "30( 02:00 04:12 80:4c2020200000 03:0520 )", "L  12"),
        ("no serial number", "30( 02:00 0c'M' 80'L' 03:0520 )", "L M "),
        ("no version, no flags", "30( 04:1234 80'L' )", "L  1234"),
        ("padding behind", "30( 02:00 04:1234 80'L' 03:0520 ) =000000ffff", "L  1234"),
        ("last update in a file", "30( 02:00 04:12 80'L' 03:00 a5(30(04:4499)) )", "L  12"),
        (
            "everything",
            "30( 02:01 04:12 0c'M' 80'L' 03:00 30(30(02:01)) a1(04:00) a2(30(02:01 02:01 05: 03:00)) 83'I' 84'H' a5(18'20260101Z') 13'en' a6(0c'P') )",
            "L M 12",
        ),
        (
            "algorithm with an algorithm reference of one byte",
            "30( 02:00 04:12 80'L' 03:00 a2(30(02:81 02:01 05: 03:00 02:8a)) )",
            "L  12",
        ),
    ];
    for (what, text, expected) in rows {
        let mut image = sample();
        *image.file(0x5032) = bytes(text);
        let content = image.content();
        let info = &content.token.info;
        assert_eq!(format!("{} {} {}", info.label, info.manufacturer, info.serial), *expected, "{what}");
        assert_eq!(problems(&content), "", "{what}");
    }
    let dated = TokenInfo::decode(&bytes(rows[9].1)).unwrap();
    assert_eq!(dated.last_update_time().as_deref(), Some("20260101Z"));
    assert_eq!((dated.issuer_id.as_deref(), dated.preferred_language.as_deref()), (Some("I"), Some("en")));
    let mut image = sample();
    *image.file(0x5032) = b"not a TokenInfo".to_vec();
    assert_eq!(
        problems(&image.content()),
        "TokenInfo in EF 5032: TokenInfo is missing: data object cut short"
    );
}

#[test]
fn unused_space_deviations_table() {
    let rows: &[(&str, &str, usize)] = &[
        ("two records", "30( 30(04:4403 02:10 80:20) 04:01 ) 30( 30(04:4403 02:40 80:20) )", 2),
        ("the placeholder for none", "30( 30(04:3f00 02:00 80:00) )", 0),
        ("a record that nobody can read", "30( 05: ) 30( 30(04:4403 02:10 80:20) )", 1),
        ("padding", "=0000 30( 30(04:4403 02:10 80:20) ) =ffff", 1),
        ("nothing", "", 0),
    ];
    for (what, text, count) in rows {
        assert_eq!(decode_unused(&bytes(text)).len(), *count, "{what}");
    }
}

#[test]
fn certificate_stays_with_a_label_of_any_text() {
    let content = card(FileKind::Certificates, &{
        let mut object = super::sample::certificate("", 1, at(0x4301), false);
        object.common = named(" Ümlaut\u{202E} 証明書 ", ObjectFlags::default(), None);
        object.encode()
    });
    assert_eq!(content.token.certificates[0].label, " Ümlaut\u{202E} 証明書");
}
