//! Files that openssl made, read here; files of others' making, hostile and damaged ones.

mod certificates;
mod pkcs12;
mod private_key;

use super::*;
use crate::codec::Secret;
use crate::crypto::certificate::{CertificateDetails, CertificateKind, CertificateTemplate, Issuer};
use crate::crypto::testing::{OpenSsl, rsa_1024};
use crate::crypto::{Curve, EcPrivateKey, PrivateKey};

const PASSWORD: &str = "s\u{e9}same";

fn password() -> Secret {
    Secret::from(PASSWORD)
}

fn p256() -> PrivateKey {
    EcPrivateKey::generate(Curve::P256).unwrap().into()
}

/// Root, issuing authority and leaf of `key`.
fn chain(key: &PrivateKey) -> Vec<CertificateDetails> {
    let (root_key, issuing_key) = (p256(), p256());
    let root = certificate("CN=Root", &root_key, true, None);
    let issuing = certificate("CN=Issuing", &issuing_key, true, Some((&root, &root_key)));
    let leaf = certificate("CN=Anna", key, false, Some((&issuing, &issuing_key)));
    vec![leaf, issuing, root]
}

fn certificate(
    subject: &str,
    key: &PrivateKey,
    is_authority: bool,
    issuer: Option<(&CertificateDetails, &PrivateKey)>,
) -> CertificateDetails {
    let kind = match is_authority {
        true => CertificateKind::Authority { path_len: None },
        false => CertificateKind::EndEntity { purposes: Vec::new() },
    };
    let template = CertificateTemplate::new(subject, key.public(), kind, (1_600_000_000, 2_600_000_000));
    let der = match issuer {
        Some((issuer, issuer_key)) => template.sign(Issuer::Certificate(issuer), issuer_key),
        None => template.sign(Issuer::Itself, key),
    };
    CertificateDetails::parse(&der.unwrap()).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    der::pem::encode_string(label, der::pem::LineEnding::LF, der).unwrap()
}

/// An openssl with `key.der` (PKCS#8) and `chain.pem` (root first) in its folder.
fn openssl_with(key: &PrivateKey, chain: &[CertificateDetails]) -> OpenSsl {
    let openssl = OpenSsl::new();
    openssl.write("key.pem", pem("PRIVATE KEY", key.to_pkcs8_der().unwrap().expose()).as_bytes());
    let blocks: String = chain.iter().rev().map(|one| pem("CERTIFICATE", &one.der)).collect();
    openssl.write("chain.pem", blocks.as_bytes());
    openssl.write("password", PASSWORD.as_bytes());
    openssl
}
