//! PINs.

use super::{card, problems};
use crate::card::pkcs15::tests::notation::bytes;
use crate::card::pkcs15::*;
use crate::token::AuthRole;

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
