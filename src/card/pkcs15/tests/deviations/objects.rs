//! Certificates and data objects.

use super::{card, problems};
use crate::card::pkcs15::tests::notation::bytes;
use crate::card::pkcs15::tests::sample::{at, certificate, named};
use crate::card::pkcs15::*;
use crate::codec::hex;

/// Identifier, flags and place of each certificate and data object.
pub(super) fn others(content: &Content) -> String {
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
        ("direct", entry("30", "0c'app'", "a0(04:0102)"), "D [app]  direct 0102"),
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
fn certificate_stays_with_a_label_of_any_text() {
    let content = card(FileKind::Certificates, &{
        let mut object = certificate("", 1, at(0x4301), false);
        object.common = named(" Ümlaut\u{202E} 証明書 ", ObjectFlags::default(), None);
        object.encode()
    });
    assert_eq!(content.token.certificates[0].label, " Ümlaut\u{202E} 証明書");
}
