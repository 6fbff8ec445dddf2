//! Cardholder certificates and data objects.

use p11ctl::card::CardError;
use p11ctl::card::admin::{KeyType, NewCertificate, NewData};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{EcPrivateKey, PrivateKey};
use p11ctl::token::{AuthId, KeyId, ObjectId};

use crate::bench::*;

fn certificate(name: &str) -> Vec<u8> {
    let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    let kind = CertificateKind::Authority { path_len: None };
    CertificateTemplate::new(&format!("CN={name}"), key.public(), kind, (0, 1_000_000))
        .sign(Issuer::Itself, &key)
        .unwrap()
}

fn data<'a>(label: &'a str, value: &'a [u8], private: bool) -> NewData<'a> {
    NewData { owner: None, private, label, application: "", oid: &[], value }
}

#[test]
fn three_certificates_are_written_read_and_deleted_each_for_itself() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    let bodies: Vec<(u8, Vec<u8>)> =
        [3, 1, 2].into_iter().map(|id| (id, certificate(&format!("key {id}")))).collect();
    let mut objects: Vec<ObjectId> = Vec::new();
    for (id, der) in &bodies {
        let id = KeyId(vec![*id]);
        let new = NewCertificate { owner: None, label: "", id: &id, der };
        objects.push(officer.administer(|admin, channel| admin.store_certificate(channel, &new)).unwrap());
        let twice = officer.administer(|admin, channel| admin.store_certificate(channel, &new));
        assert!(matches!(twice, Err(CardError::NotSupported { .. })));
    }
    let token = officer.read_token().unwrap();
    let ids: Vec<u8> = token.certificates.iter().map(|certificate| certificate.id.0[0]).collect();
    assert_eq!(ids, [3, 2, 1], "the card's own order");
    for ((id, der), object) in bodies.iter().zip(&objects) {
        let known = token.certificates.iter().find(|known| known.object == *object).unwrap();
        assert_eq!(known.id.0, [*id]);
        assert!(known.hints.subject.is_some(), "names from the first bytes");
        assert_eq!(officer.read_object(*object).unwrap(), *der);
    }
    officer.administer(|admin, channel| admin.delete_object(channel, objects[1])).unwrap();
    let left = officer.read_token().unwrap().certificates;
    assert_eq!(left.iter().map(|known| known.id.0[0]).collect::<Vec<_>>(), [3, 2]);
    let other = KeyId(vec![9]);
    let new = NewCertificate { owner: None, label: "", id: &other, der: &bodies[0].1 };
    let error = officer.administer(|admin, channel| admin.store_certificate(channel, &new)).unwrap_err();
    assert!(error.to_string().contains("03, 02, 01"), "{error}");
}

#[test]
fn data_objects_are_written_and_read_by_who_may() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    for label in ["Cardholder name", "URL", "Login data", "PrivDO2", "PrivDO4"] {
        let object = officer
            .administer(|admin, channel| admin.store_data(channel, &data(label, label.as_bytes(), false)));
        let object = object.unwrap_or_else(|error| panic!("{label}: {error}"));
        assert_eq!(officer.read_object(object).unwrap(), label.as_bytes(), "{label}");
    }
    let mut user = bench.card();
    let token = user.read_token().unwrap();
    let object = |label: &str| token.data.iter().find(|data| data.label == label).unwrap().object;
    assert_eq!(user.read_object(object("URL")).unwrap(), b"URL");
    assert!(matches!(user.read_object(object("PrivDO4")), Err(CardError::NotAuthenticated)));
    assert!(matches!(user.read_object(object("PrivDO3")), Err(CardError::NotAuthenticated)));
    let secret = data("PrivDO3", b"mine", true);
    let refused = user.administer(|admin, channel| admin.store_data(channel, &secret));
    assert!(matches!(refused, Err(CardError::NotAuthenticated)));
    user.verify(&AuthId(vec![2]), &Secret::from(USER_PIN)).unwrap();
    user.administer(|admin, channel| admin.store_data(channel, &secret)).unwrap();
    assert_eq!(user.read_object(object("PrivDO3")).unwrap(), b"mine");
    user.administer(|admin, channel| admin.delete_object(channel, object("PrivDO3"))).unwrap();
    assert_eq!(user.read_object(object("PrivDO3")).unwrap(), b"");
}

#[test]
fn data_under_another_name_is_refused_with_the_names_there_are() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    let error = officer
        .administer(|admin, channel| admin.store_data(channel, &data("notes", b"", false)))
        .unwrap_err();
    assert!(error.to_string().contains("Login data, URL, PrivDO1"), "{error}");
    let hidden = officer.administer(|admin, channel| admin.store_data(channel, &data("URL", b"", true)));
    assert!(matches!(hidden, Err(CardError::NotSupported { .. })));
}

#[test]
fn certificate_of_a_key_has_its_id() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "aut", KeyType::Ec(Curve::P256)).unwrap();
    let id = KeyId(vec![3]);
    let der = certificate("aut");
    let new = NewCertificate { owner: None, label: "", id: &id, der: &der };
    officer.administer(|admin, channel| admin.store_certificate(channel, &new)).unwrap();
    let token = officer.read_token().unwrap();
    assert_eq!(token.certificates[0].id, token.keys[0].id);
}
