//! Requests made here and judged by openssl, made by openssl and read here, and damaged ones.

use super::*;
use crate::crypto::certificate::purpose_from_text;
use crate::crypto::testing::{OpenSsl, Reproducible, signing_keys};
use crate::crypto::{Curve, DigestAlgorithm, EcPrivateKey};

fn p256() -> PrivateKey {
    EcPrivateKey::generate(Curve::P256).unwrap().into()
}

const NAMES: [&str; 5] = [
    "dns:www.example.org",
    "ip:192.0.2.1",
    "ip:2001:db8::1",
    "email:anna@example.org",
    "uri:https://example.org/",
];

fn full(key: &PrivateKey) -> RequestTemplate {
    let mut template = RequestTemplate::new("CN=Anna \\\"A.\\\" Test,O=Example,C=AT", key.public());
    template.alternative_names = NAMES.map(|name| name.parse().unwrap()).to_vec();
    template.purposes = ["clientAuth", "1.2.3.4"].map(|name| purpose_from_text(name).unwrap()).to_vec();
    template
}

#[test]
fn request_of_every_key_and_algorithm_is_verified_by_openssl() {
    let openssl = OpenSsl::new();
    for (key, algorithms) in signing_keys() {
        // openssl 3.0 has no identifiers for requests signed with SHA-3.
        for algorithm in algorithms.into_iter().filter(|it| it.digest() < Some(DigestAlgorithm::Sha3_224)) {
            let mut template = full(&key);
            template.algorithm = Some(algorithm);
            let der = template.sign(&key).unwrap();
            openssl.write("request.pem", to_pem(&der).as_bytes());
            let text = openssl.run("req -verify -text -noout -nameopt RFC2253 -in request.pem");
            let text = String::from_utf8(text).unwrap();
            for expected in [
                "Subject: CN=Anna \\\"A.\\\" Test,O=Example,C=AT",
                "DNS:www.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, \
                 email:anna@example.org, URI:https://example.org/",
                "X509v3 Key Usage: critical",
                "TLS Web Client Authentication, 1.2.3.4",
            ] {
                assert!(text.contains(expected), "{expected} in {text}");
            }
        }
    }
}

#[test]
fn request_is_read_back() {
    for (key, _) in signing_keys() {
        let request = CertificateRequest::parse(&full(&key).sign(&key).unwrap()).unwrap();
        assert_eq!(request.subject_text(), "CN=Anna \\\"A.\\\" Test,O=Example,C=AT");
        assert_eq!(request.public_key, key.public());
        assert_eq!(request.alternative_names, NAMES);
        assert_eq!(request.key_usage, Some(KeyUsage::for_key(&key.public())));
        assert_eq!(request.purposes, ["clientAuth", "1.2.3.4"]);
    }
}

#[test]
fn request_made_by_openssl_is_read() {
    let openssl = OpenSsl::new();
    openssl.run("ecparam -genkey -name prime256v1 -noout -out key.pem");
    openssl.run(
        "req -new -key key.pem -subj /O=Example/CN=Anna -addext subjectAltName=DNS:a.example,IP:192.0.2.7 \
         -addext keyUsage=digitalSignature -outform DER -out request.der",
    );
    let request = CertificateRequest::parse(&openssl.read("request.der")).unwrap();
    assert_eq!(request.subject_text(), "CN=Anna,O=Example");
    assert_eq!(request.alternative_names, ["dns:a.example", "ip:192.0.2.7"]);
    assert_eq!(request.key_usage.unwrap().names(), ["digitalSignature"]);
    openssl.run("req -new -key key.pem -subj /CN=Anna -outform DER -out request.der");
    let plain = CertificateRequest::parse(&openssl.read("request.der")).unwrap();
    assert_eq!((plain.key_usage, plain.alternative_names.len(), plain.purposes.len()), (None, 0, 0));
}

#[test]
fn request_without_extensions_has_an_empty_attribute_list() {
    let openssl = OpenSsl::new();
    let key = p256();
    let mut template = RequestTemplate::new("CN=Anna", key.public());
    template.key_usage = Some(KeyUsage::default());
    openssl.write("request.der", &template.sign(&key).unwrap());
    let text =
        String::from_utf8(openssl.run("req -verify -text -noout -inform DER -in request.der")).unwrap();
    assert!(text.contains("(none)") && !text.contains("X509v3"), "{text}");
}

#[test]
fn request_without_a_subject_needs_an_alternative_name() {
    let openssl = OpenSsl::new();
    let key = p256();
    let mut template = RequestTemplate::new("", key.public());
    assert!(matches!(template.sign(&key), Err(CryptoError::Malformed { .. })));
    template.alternative_names = vec!["dns:a.example".parse().unwrap()];
    let der = template.sign(&key).unwrap();
    assert_eq!(CertificateRequest::parse(&der).unwrap().subject_text(), "");
    openssl.write("request.der", &der);
    let text =
        String::from_utf8(openssl.run("req -verify -text -noout -inform DER -in request.der")).unwrap();
    assert!(text.contains("X509v3 Subject Alternative Name: critical"), "{text}");
}

#[test]
fn request_with_a_foreign_signature_is_never_made_nor_read() {
    let (key, other) = (p256(), p256());
    let template = RequestTemplate::new("CN=Anna", key.public());
    assert_eq!(template.sign(&other), Err(CryptoError::SignatureMismatch));
    let mut der = template.sign(&key).unwrap();
    let name = der.windows(4).position(|window| window == b"Anna").unwrap();
    der[name] = b'H';
    assert_eq!(CertificateRequest::parse(&der), Err(CryptoError::SignatureMismatch));
}

#[test]
fn request_that_is_damaged_is_an_error() {
    let key = p256();
    let der = full(&key).sign(&key).unwrap();
    let mut random = Reproducible::new("request_that_is_damaged");
    for index in 0..der.len() {
        assert!(CertificateRequest::parse(&der[..index]).is_err(), "cut at {index}");
        let mut changed = der.clone();
        changed[index] ^= (random.below(255) + 1) as u8;
        if let Ok(request) = CertificateRequest::parse(&changed) {
            // Only what the signature does not cover and nothing depends on may differ.
            assert_eq!((&request.subject, &request.public_key), (&template_subject(&der), &key.public()));
        }
    }
}

fn template_subject(der: &[u8]) -> Vec<u8> {
    CertificateRequest::parse(der).unwrap().subject
}
