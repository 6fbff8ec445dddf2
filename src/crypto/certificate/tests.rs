//! Certificates built here and judged by openssl, built by openssl and read here, and damaged ones.

use super::*;
use crate::crypto::testing::{OpenSsl, rsa_1024, signing_keys};
use crate::crypto::{Curve, EcPrivateKey, PrivateKey};

const VALIDITY: (i64, i64) = (1_600_000_000, 2_600_000_000);

fn authority(subject: &str, key: &PrivateKey) -> CertificateTemplate {
    CertificateTemplate::new(subject, key.public(), CertificateKind::Authority { path_len: None }, VALIDITY)
}

/// Root, issuing authority and leaf, each DER.
fn chain(root: &PrivateKey, issuing: &PrivateKey, leaf: &PrivateKey) -> [Vec<u8>; 3] {
    let root_der = authority("CN=Test Root,O=Example", root).sign(Issuer::Itself, root).unwrap();
    let root_details = CertificateDetails::parse(&root_der).unwrap();
    let issuing_der = authority("CN=Test Issuing,O=Example", issuing)
        .sign(Issuer::Certificate(&root_details), root)
        .unwrap();
    let issuing_details = CertificateDetails::parse(&issuing_der).unwrap();
    let template = CertificateTemplate::new(
        "CN=Anna \\\"A.\\\" Test,O=Example",
        leaf.public(),
        CertificateKind::EndEntity { purposes: Vec::new() },
        VALIDITY,
    );
    let leaf_der = template.sign(Issuer::Certificate(&issuing_details), issuing).unwrap();
    [root_der, issuing_der, leaf_der]
}

#[test]
fn builder_chain_is_verified_by_openssl() {
    let openssl = OpenSsl::new();
    for (key, _) in signing_keys() {
        let other = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
        let [root, issuing, leaf] = chain(&key, &other, &key);
        for (name, der) in [("root", &root), ("issuing", &issuing), ("leaf", &leaf)] {
            openssl.write(&format!("{name}.der"), der);
            openssl.run(&format!("x509 -inform DER -in {name}.der -out {name}.pem"));
        }
        openssl.run(
            "verify -x509_strict -purpose any -auth_level 0 -CAfile root.pem -untrusted issuing.pem leaf.pem",
        );
    }
}

#[test]
fn builder_chain_is_read_back() {
    let keys: Vec<PrivateKey> =
        vec![rsa_1024().clone().into(), EcPrivateKey::generate(Curve::P384).unwrap().into()];
    let [root, issuing, leaf] =
        chain(&keys[0], &keys[1], &keys[0]).map(|der| CertificateDetails::parse(&der).unwrap());
    assert!(root.is_self_issued() && root.is_authority && issuing.is_authority && !leaf.is_authority);
    assert_eq!(leaf.subject_text(), "CN=Anna \\\"A.\\\" Test,O=Example");
    assert_eq!(leaf.common_name().as_deref(), Some("Anna \"A.\" Test"));
    assert_eq!(leaf.issuer_text(), "CN=Test Issuing,O=Example");
    assert_eq!(leaf.authority_key_id, issuing.subject_key_id);
    assert_eq!(issuing.authority_key_id, root.subject_key_id);
    assert!(root.subject_key_id.is_some() && root.authority_key_id.is_none());
    assert_eq!((leaf.not_before, leaf.not_after), VALIDITY);
    assert_eq!(leaf.public_key, Some(keys[0].public()));
    assert_eq!(leaf.key_usage(), Some(vec!["digitalSignature", "keyEncipherment"]));
    assert_eq!(root.key_usage(), Some(vec!["keyCertSign", "cRLSign"]));
    assert_eq!(leaf.verify_signed_by(&keys[1].public()), Ok(true));
    assert_eq!(leaf.verify_signed_by(&keys[0].public()), Ok(false));
}
