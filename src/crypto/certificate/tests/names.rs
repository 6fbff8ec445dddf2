//! Names: RFC 4514 text, the same as openssl's, and names made to deceive the person who reads them.

use super::*;
use crate::codec::tlv;
use crate::crypto::testing::OpenSsl;

/// A Name of one attribute: its type by DER contents, its value by tag and contents.
fn name(oid: &[u8], tag: u32, value: &[u8]) -> Vec<u8> {
    let pair = [tlv::encode(0x06, oid), tlv::encode(tag, value)].concat();
    tlv::encode(0x30, &tlv::encode(0x31, &tlv::encode(0x30, &pair)))
}

const CN: &[u8] = &[0x55, 0x04, 0x03];

#[test]
fn name_text_is_that_of_openssl() {
    let openssl = OpenSsl::new();
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    let subjects = [
        "/C=AT/O=Example/OU=One/OU=Two/CN=Anna",
        "/DC=org/DC=example/UID=anna/CN=Anna+serialNumber=17",
        "/CN=a,b;c<d>e\"f#g=h",
        "/CN=#leading/O=tr\u{e4}iling",
        "/CN=\u{65e5}\u{672c}/L=\u{3a3}/ST=x",
    ];
    for subject in subjects {
        let (success, _, message) = openssl.try_run_args(
            &[
                "req",
                "-x509",
                "-new",
                "-key",
                "key.pem",
                "-utf8",
                "-multivalue-rdn",
                "-subj",
                subject,
                "-outform",
                "DER",
                "-out",
                "c.der",
            ],
            &[],
        );
        assert!(success, "{message}");
        let options = "x509 -inform DER -in c.der -noout -subject -nameopt RFC2253,-esc_msb,utf8";
        let theirs = String::from_utf8(openssl.run(options)).unwrap();
        let details = CertificateDetails::parse(&openssl.read("c.der")).unwrap();
        assert_eq!(details.subject_text(), theirs.trim_start_matches("subject=").trim_end(), "{subject}");
    }
}

#[test]
fn text_of_every_name_is_read_again_by_the_builder() {
    let key = p256();
    let subjects = [
        "CN=Anna,OU=Two,OU=One,O=Example,C=AT",
        "CN=a\\,b\\;c\\<d\\>e\\\"f\\\\g=h/i:j\\+k",
        "CN=\\#leading,O=\\ spaces\\ ",
        "UID=anna,DC=example,DC=org",
        "emailAddress=anna@example.org,CN=Anna",
        "serialNumber=17,ST=x,L=y,STREET=z",
        "CN=J\u{fc}rgen \u{65e5}\u{672c}",
        "CN=Anna+serialNumber=17,O=Example",
    ];
    for subject in subjects {
        let der = authority(subject, &key).sign(Issuer::Itself, &key).unwrap();
        assert_eq!(CertificateDetails::parse(&der).unwrap().subject_text(), subject);
    }
}

#[test]
fn name_of_every_string_type_is_decoded() {
    let cases: [(u32, &[u8], &str); 9] = [
        (0x0C, "Zo\u{eb}".as_bytes(), "Zo\u{eb}"),
        (0x13, b"Zoe", "Zoe"),
        (0x13, b"Zo\xEB", "Zo\u{eb}"),
        (0x14, b"Zo\xEB", "Zo\u{eb}"),
        (0x16, b"zoe@example", "zoe@example"),
        (0x1E, &[0, b'Z', 0, b'o', 0, 0xEB], "Zo\u{eb}"),
        (0x1E, &[0xD8, 0x3D, 0xDE, 0x00], "\u{1f600}"),
        (0x1C, &[0, 0, 0, b'Z', 0, 1, 0xF6, 0], "Z\u{1f600}"),
        (0x0C, b"\xFF\xFE", "\u{fffd}\u{fffd}"),
    ];
    for (tag, value, text) in cases {
        let der = name(CN, tag, value);
        assert_eq!(name_text(&der), format!("CN={text}"), "tag {tag:02x}");
        assert_eq!(common_name(&der).as_deref(), Some(text));
    }
    assert_eq!(name_text(&name(CN, 0x02, &[5])), "CN=#020105");
    assert_eq!(common_name(&name(CN, 0x02, &[5])), None);
    assert_eq!(name_text(&name(&[0x2A, 0x03, 0x04], 0x0C, b"x")), "1.2.3.4=x");
}

/// Escape sequences, line ends, text that turns around, invisible characters: nothing of them reaches the
/// terminal.
#[test]
fn name_with_control_characters_is_escaped() {
    let cases = [
        ("Anna\u{1b}[2J", "CN=Anna\\1B[2J"),
        ("a\r\nb\0c\u{7f}", "CN=a\\0D\\0Ab\\00c\\7F"),
        ("\u{9b}31m", "CN=\\C2\\9B31m"),
        ("gnp.\u{202e}exe", "CN=gnp.\\E2\\80\\AEexe"),
        ("pay\u{200b}pal\u{feff}", "CN=pay\\E2\\80\\8Bpal\\EF\\BB\\BF"),
        ("\u{2066}x\u{2069}", "CN=\\E2\\81\\A6x\\E2\\81\\A9"),
        ("tag\u{e0041}", "CN=tag\\F3\\A0\\81\\81"),
    ];
    for (value, text) in cases {
        let der = name(CN, 0x0C, value.as_bytes());
        assert_eq!(name_text(&der), text);
        assert_eq!(common_name(&der).as_deref(), text.strip_prefix("CN="));
    }
    let all: Vec<char> = (0..=0x10_FFFF).filter_map(char::from_u32).collect();
    for characters in all.chunks(4096) {
        let text = name_text(&name(CN, 0x0C, characters.iter().collect::<String>().as_bytes()));
        assert!(!text.contains(|character: char| character.is_control()));
    }
}

#[test]
fn name_that_does_not_parse_is_its_bytes() {
    assert_eq!(name_text(&[0x30, 0x03, 0x01]), "#300301");
    assert_eq!(name_text(&[]), "#");
    assert_eq!(name_text(&[0x30, 0x00]), "");
    assert_eq!(common_name(&[0x30, 0x03, 0x01]), None);
    assert_eq!(common_name(&[0x30, 0x00]), None);
}

#[test]
fn common_name_is_the_most_specific_one() {
    let key = p256();
    let der = authority("CN=Anna,O=x,CN=Department", &key).sign(Issuer::Itself, &key).unwrap();
    assert_eq!(CertificateDetails::parse(&der).unwrap().common_name().as_deref(), Some("Anna"));
}
