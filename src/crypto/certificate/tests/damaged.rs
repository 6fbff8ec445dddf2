//! Certificates that break RFC 5280 stay visible where they can; damaged ones are errors; none makes a panic.

use super::*;
use crate::codec::tlv;
use crate::crypto::testing::{Reproducible, rsa_1024, signing_keys};

fn sample() -> Vec<u8> {
    let key = PrivateKey::from(rsa_1024().clone());
    let mut template = leaf("CN=Anna+serialNumber=7,O=Example,C=AT", &key);
    template.kind = CertificateKind::EndEntity {
        purposes: vec![const_oid::ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2")],
    };
    let root = authority("CN=Root", &key).sign(Issuer::Itself, &key).unwrap();
    let root = CertificateDetails::parse(&root).unwrap();
    template.sign(Issuer::Certificate(&root), &key).unwrap()
}

/// The fields of the signed body, each as its bytes: version, serial, algorithm, issuer, validity, subject,
/// key, extensions.
fn body_fields(der: &[u8]) -> Vec<Vec<u8>> {
    let whole = Cursor::new(der, WHAT).any().unwrap();
    let body = whole.children(WHAT).any().unwrap();
    body.children(WHAT).map(|field| field.raw.to_vec()).collect()
}

/// A certificate of these body fields, with the rest of `der` behind them.
fn with_body(der: &[u8], fields: &[Vec<u8>]) -> Vec<u8> {
    let whole = Cursor::new(der, WHAT).any().unwrap();
    let mut parts: Vec<Vec<u8>> = whole.children(WHAT).map(|part| part.raw.to_vec()).collect();
    parts[0] = tlv::encode(0x30, &fields.concat());
    tlv::encode(0x30, &parts.concat())
}

#[test]
fn certificate_cut_at_every_byte_is_an_error() {
    for (key, _) in signing_keys() {
        let der = authority("CN=Root", &key).sign(Issuer::Itself, &key).unwrap();
        for end in 0..der.len() {
            let result = CertificateDetails::parse(&der[..end]);
            assert!(
                matches!(result, Err(CryptoError::Malformed { what: "certificate", .. })),
                "cut at {end}"
            );
        }
    }
}

#[test]
fn certificate_with_any_bytes_changed_never_panics() {
    let der = sample();
    let mut random = Reproducible::new("certificate_with_any_bytes_changed");
    let mut parsed = 0;
    for index in 0..der.len() {
        for value in [0x00, 0x80, 0xFF, der[index] ^ 1, random.next() as u8] {
            let mut changed = der.clone();
            changed[index] = value;
            if let Ok(details) = CertificateDetails::parse(&changed) {
                parsed += 1;
                ask_everything(&details);
            }
        }
    }
    assert!(parsed > 0);
    for _ in 0..3000 {
        let mut changed = der.clone();
        for _ in 0..=random.below(8) {
            let index = random.below(changed.len());
            changed[index] = random.next() as u8;
        }
        if let Ok(details) = CertificateDetails::parse(&changed) {
            ask_everything(&details);
        }
        let noise = random.bytes(64);
        let _ = (CertificateDetails::parse(&noise), PublicKey::from_spki_der(&noise), name_text(&noise));
    }
}

#[test]
fn odd_serial_numbers_are_kept_as_they_are() {
    let der = sample();
    for serial in [&[0xFF][..], &[0x80; 20], &[0x7F; 60], &[0x00], &[0x00, 0x00, 0x01]] {
        let mut fields = body_fields(&der);
        fields[1] = tlv::encode(0x02, serial);
        let details = CertificateDetails::parse(&with_body(&der, &fields)).unwrap();
        assert_eq!(details.serial, tlv::encode(0x02, serial));
    }
}

#[test]
fn odd_versions_are_read() {
    let der = sample();
    for version in [
        None,
        Some(vec![0xA0, 0x03, 0x02, 0x01, 0x00]),
        Some(vec![0xA0, 0x03, 0x02, 0x01, 0x7F]),
        Some(vec![0xA0, 0x00]),
    ] {
        let mut fields = body_fields(&der);
        match version {
            Some(version) => fields[0] = version,
            None => drop(fields.remove(0)),
        }
        let details = CertificateDetails::parse(&with_body(&der, &fields)).unwrap();
        assert_eq!(details.common_name().as_deref(), Some("Anna"));
        assert!(details.subject_key_id.is_some());
    }
}

#[test]
fn unique_identifiers_before_the_extensions_are_skipped() {
    let der = sample();
    let mut fields = body_fields(&der);
    let extensions = fields.pop().unwrap();
    fields.extend([tlv::encode(0x81, &[0, 1, 2]), tlv::encode(0x82, &[0, 1, 2]), extensions]);
    let details = CertificateDetails::parse(&with_body(&der, &fields)).unwrap();
    assert_eq!(details.subject_key_id, CertificateDetails::parse(&der).unwrap().subject_key_id);
    assert!(details.subject_key_id.is_some());
}

#[test]
fn broken_extensions_count_as_absent() {
    let der = sample();
    let ski = [tlv::encode(0x06, &[0x55, 0x1D, 0x0E]), tlv::encode(0x04, &[0x04, 0x20, 0x01])].concat();
    let usage = [tlv::encode(0x06, &[0x55, 0x1D, 0x0F]), tlv::encode(0x04, &[0x03, 0x00])].concat();
    let lists = [
        vec![],
        vec![0x30],
        tlv::encode(0x02, &[1]),
        tlv::encode(0x30, &[0xFF; 9]),
        tlv::encode(0x30, &[tlv::encode(0x30, &ski), tlv::encode(0x30, &usage)].concat()),
        tlv::encode(0x30, &tlv::encode(0x04, &[1, 2, 3])),
    ];
    for list in lists {
        let mut fields = body_fields(&der);
        *fields.last_mut().unwrap() = tlv::encode(0xA3, &list);
        let details = CertificateDetails::parse(&with_body(&der, &fields)).unwrap();
        assert_eq!(
            (details.subject_key_id.as_ref(), details.is_authority, details.key_usage()),
            (None, false, None)
        );
        assert_eq!(details.extended_key_usage(), None);
    }
}

#[test]
fn impossible_dates_are_an_error() {
    let der = sample();
    let date = |text: &[u8]| tlv::encode(0x17, text);
    for validity in [
        vec![],
        date(b"200101000000Z"),
        [date(b"200101000000Z"), date(b"never")].concat(),
        [date(b"201301000000Z"), date(b"300101000000Z")].concat(),
        [tlv::encode(0x02, &[1]), tlv::encode(0x02, &[2])].concat(),
    ] {
        let mut fields = body_fields(&der);
        fields[4] = tlv::encode(0x30, &validity);
        assert!(CertificateDetails::parse(&with_body(&der, &fields)).is_err());
    }
}

#[test]
fn key_that_is_none_leaves_the_certificate_visible() {
    let der = sample();
    let spki = rsa_1024().public().to_spki_der();
    for info in
        [tlv::encode(0x30, &[]), tlv::encode(0x30, &spki[..spki.len() / 2]), tlv::encode(0x30, &[0xFF; 40])]
    {
        let mut fields = body_fields(&der);
        fields[6] = info.clone();
        let details = CertificateDetails::parse(&with_body(&der, &fields)).unwrap();
        assert_eq!((details.public_key.as_ref(), &details.public_key_info), (None, &info));
        assert_eq!(details.common_name().as_deref(), Some("Anna"));
        ask_everything(&details);
    }
}

#[test]
fn lengths_that_lie_are_an_error() {
    for bytes in [
        &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF][..],
        &[0x30, 0x80, 0x00, 0x00],
        &[0x30, 0x82, 0x00],
        &[0x31, 0x00],
        &[0x00; 10],
        &[0xFF; 10],
        &[0x30, 0x02, 0x30, 0x00],
    ] {
        assert!(
            matches!(CertificateDetails::parse(bytes), Err(CryptoError::Malformed { .. })),
            "{bytes:02x?}"
        );
    }
}
