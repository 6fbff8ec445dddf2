//! Certificates built here and judged by openssl, built by openssl and read here, odd, hostile and damaged
//! ones.

mod builder;
mod damaged;
mod names;
mod reading;

use super::*;
use crate::crypto::{Curve, EcPrivateKey, PrivateKey};

const VALIDITY: (i64, i64) = (1_600_000_000, 2_600_000_000);

fn p256() -> PrivateKey {
    EcPrivateKey::generate(Curve::P256).unwrap().into()
}

fn authority(subject: &str, key: &PrivateKey) -> CertificateTemplate {
    CertificateTemplate::new(subject, key.public(), CertificateKind::Authority { path_len: None }, VALIDITY)
}

fn leaf(subject: &str, key: &PrivateKey) -> CertificateTemplate {
    CertificateTemplate::new(
        subject,
        key.public(),
        CertificateKind::EndEntity { purposes: Vec::new() },
        VALIDITY,
    )
}

/// Asks for everything that can be asked of a certificate.
fn ask_everything(details: &CertificateDetails) {
    let _ = (details.subject_text(), details.issuer_text(), details.common_name(), details.is_self_issued());
    let _ = (details.key_usage(), details.extended_key_usage(), details.fingerprint_sha256());
    let _ = details.signature_algorithm();
    if let Some(key) = &details.public_key {
        let _ = details.verify_signed_by(key);
    }
}
