//! Files as a whole: gaps, the ODF, TokenInfo, EF.DIR, UnusedSpace.

use super::objects::others;
use super::{card, problems};
use crate::card::pkcs15::tests::notation::bytes;
use crate::card::pkcs15::tests::sample::{Image, at, key, sample, token_info};
use crate::card::pkcs15::*;
use crate::codec::hex;
use crate::token::KeyClass;

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
        image.put(&[folder, &[0x50, 0x32]].concat(), token_info().encode());
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
