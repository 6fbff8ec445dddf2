//! Certificates and data objects.

use p11ctl::card::admin::{KeyType, NewData};
use p11ctl::card::{CardError, Listing};
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{CertificateDetails, Curve, EcPrivateKey, PrivateKey};
use p11ctl::layout::certificates_needed;
use p11ctl::token::KeyClass;

use crate::bench::*;

fn certificate(bench: &Bench, subject: &str) -> Vec<u8> {
    let public = bench.generated("9a", KeyType::Ec(Curve::P256));
    let issuer: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    let kind = CertificateKind::EndEntity { purposes: Vec::new() };
    let validity = (1_735_689_600, 4_102_444_799);
    let root = CertificateTemplate::new(
        "CN=root",
        issuer.public(),
        CertificateKind::Authority { path_len: None },
        validity,
    );
    let root = CertificateDetails::parse(&root.sign(Issuer::Itself, &issuer).unwrap()).unwrap();
    CertificateTemplate::new(subject, public, kind, validity)
        .sign(Issuer::Certificate(&root), &issuer)
        .unwrap()
}

#[test]
fn certificate_takes_its_place_and_is_replaced_and_deleted() {
    let bench = Bench::new();
    for subject in ["CN=first", "CN=second,O=a longer name so that the first is not cut to the second"] {
        let der = certificate(&bench, subject);
        certify(&mut bench.officer(), 1, &der).unwrap();
        let mut card = bench.card();
        let token = card.read_token().unwrap();
        assert_eq!(token.certificates.len(), 1);
        assert_eq!(token.certificates[0].label, "X.509 Certificate for PIV Authentication");
        assert_eq!(certificates_needed(&token), [], "the layout needs no body");
        assert_eq!(card.read_object(token.certificates[0].object).unwrap(), der);
    }
    let mut card = bench.officer();
    let object = card.read_token().unwrap().certificates[0].object;
    card.administer(|admin, channel| admin.delete_object(channel, object)).unwrap();
    assert_eq!(card.read_token().unwrap().certificates.len(), 0);
}

#[test]
fn certificate_too_long_for_its_object_is_stored_compressed() {
    let bench = Bench::new();
    let der = certificate(&bench, &format!("CN=x{}", ",OU=a unit of many".repeat(150)));
    assert!(der.len() > 3052, "{}", der.len());
    certify(&mut bench.officer(), 1, &der).unwrap();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!(card.read_object(token.certificates[0].object).unwrap(), der);
}

#[test]
fn certificate_without_a_key_of_the_card_has_no_place() {
    let bench = Bench::new();
    let der = certificate(&bench, "CN=x");
    let refused = certify(&mut bench.officer(), 0xAA, &der);
    assert!(matches!(refused, Err(CardError::NotSupported { .. })));
}

#[test]
fn key_without_metadata_leaves_its_public_half_in_a_certificate_that_nobody_signed() {
    let bench = Bench::new();
    let public = bench.generated("9c", KeyType::Ec(Curve::P384));
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let details =
        CertificateDetails::parse(&card.read_object(token.certificates[0].object).unwrap()).unwrap();
    assert_eq!(details.public_key, Some(public));
    assert_eq!(details.signature_algorithm(), None);
    let object = key(&token, 2, KeyClass::Public).object;
    assert!(card.read_object(object).is_ok());
}

#[test]
fn data_objects_are_listed_by_their_names_when_everything_is_asked_for() {
    let bench = Bench::new();
    bench.generated("9a", KeyType::Ec(Curve::P256));
    let mut card = bench.card();
    let token = card.list(Listing::Everything).unwrap();
    let names: Vec<&str> = token.data.iter().map(|data| data.label.as_str()).collect();
    assert!(
        names.contains(&"Card Capability Container") && names.contains(&"Card Holder Unique Identifier"),
        "{names:?}"
    );
    let capability = token.data.iter().find(|data| data.label == "Card Capability Container").unwrap();
    let value = card.read_object(capability.object).unwrap();
    assert!(value.starts_with(&[0xF0]), "{value:02x?}");
}

#[test]
fn data_object_of_the_standard_is_written_by_its_name_and_read_again() {
    let bench = Bench::new();
    let data = |label: &'static str| NewData {
        owner: None,
        private: false,
        label,
        application: "",
        oid: &[],
        value: &[0x30, 0x02, 0x05, 0x00],
    };
    let mut card = bench.officer();
    let object =
        card.administer(|admin, channel| admin.store_data(channel, &data("Security Object"))).unwrap();
    assert_eq!(card.read_object(object).unwrap(), [0x30, 0x02, 0x05, 0x00]);
    let unknown = card.administer(|admin, channel| admin.store_data(channel, &data("shopping list")));
    match unknown {
        Err(CardError::NotSupported { what }) => assert!(what.contains("Printed Information"), "{what}"),
        other => panic!("{other:?}"),
    }
}
