//! SignedData made here and by `openssl cms`, whole and altered.

use super::*;
use crate::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use crate::crypto::cms::signed::SignedDataBuilder;
use crate::crypto::rsa::PssParameters;
use crate::crypto::testing::{OpenSsl, signing_keys};
use crate::crypto::{Curve, EcPrivateKey, PrivateKey};

const CONTENT: &[u8] = b"a document\n";

/// A self-signed certificate.
fn certificate(key: &PrivateKey) -> CertificateDetails {
    let kind = CertificateKind::EndEntity { purposes: Vec::new() };
    let template = CertificateTemplate::new("CN=Anna", key.public(), kind, (1_700_000_000, 4_000_000_000));
    let der =
        template.sign_with(Issuer::Itself, |algorithm, body| key.sign_message(algorithm, body)).unwrap();
    CertificateDetails::parse(&der).unwrap()
}

fn sign(key: &PrivateKey, algorithm: SignatureAlgorithm, content: Option<&[u8]>) -> Vec<u8> {
    sign_with(key, &certificate(key), algorithm, content)
}

fn sign_with(
    key: &PrivateKey,
    leaf: &CertificateDetails,
    algorithm: SignatureAlgorithm,
    content: Option<&[u8]>,
) -> Vec<u8> {
    let builder = SignedDataBuilder::new(algorithm, vec![leaf.clone()]).unwrap();
    let attributes = builder.attributes(&digest(builder.digest(), CONTENT), 1_800_000_000).unwrap();
    let signature = key.sign_message(algorithm, &attributes).unwrap();
    builder.assemble(&attributes, &signature, content).unwrap()
}

/// Everything that a verifier without roots looks at.
fn verify(bytes: &[u8], content: &[u8]) -> Result<(), String> {
    let signed = SignedData::parse(bytes).map_err(|error| error.to_string())?;
    let content = signed.content.as_deref().unwrap_or(content);
    assert!(signed.signers.len() == 1 || bytes.is_empty(), "one signer");
    let signer = &signed.signers[0];
    let leaf = signed.certificates.iter().find(|found| signer.is_by(found)).ok_or("no certificate")?;
    let key = leaf.public_key.as_ref().ok_or("no key")?;
    let facts = ContentFacts { digest: &digest(signer.digest, content), start: content };
    signer.verify(key, Some(leaf), facts).map_err(|fault| fault.to_string())
}

#[test]
fn signatures_of_every_algorithm_are_verified_by_openssl_and_here() {
    let openssl = OpenSsl::new();
    openssl.write("content", CONTENT);
    for (key, mut algorithms) in signing_keys() {
        if key.public().rsa().is_some() {
            // 1024 bits hold no larger digest with a salt of its size.
            for hash in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256, DigestAlgorithm::Sha384] {
                algorithms.push(SignatureAlgorithm::RsaPss(PssParameters::usual(hash)));
            }
        }
        let leaf = certificate(&key);
        openssl.write("root.der", &leaf.der);
        openssl.run("x509 -in root.der -inform DER -out root.pem");
        for (index, algorithm) in algorithms.into_iter().enumerate() {
            let attached = Some(CONTENT).filter(|_| index % 2 == 0);
            let der = sign_with(&key, &leaf, algorithm, attached);
            assert_eq!(verify(&der, CONTENT), Ok(()), "{algorithm}");
            if algorithm == SignatureAlgorithm::Ed25519 {
                // OpenSSL 3.0 does Ed25519, but not in CMS: it is given the parts.
                let signed = SignedData::parse(&der).unwrap();
                openssl.write("attributes", &signed.signers[0].attributes.as_ref().unwrap().der);
                openssl.write("signature", &signed.signers[0].signature);
                openssl
                    .run("pkeyutl -verify -certin -inkey root.pem -rawin -in attributes -sigfile signature");
                continue;
            }
            openssl.write("cms", &der);
            let content = if attached.is_some() { "" } else { "-content content" };
            let line = "cms -verify -cades -CAfile root.pem -binary -inform DER -in cms -out out";
            openssl.run(&format!("{line} {content}"));
            assert_eq!(openssl.read("out"), CONTENT, "{algorithm}");
        }
    }
}

#[test]
fn signatures_of_openssl_are_verified_here() {
    let openssl = OpenSsl::new();
    openssl.write("content", CONTENT);
    openssl.run("req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -subj /CN=Anna");
    openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout ec.key -out ec.pem -subj /CN=Anna");
    for (signer, options) in [
        ("rsa", ""),
        ("rsa", "-md sha512 -cades"),
        ("rsa", "-keyid"),
        ("rsa", "-noattr"),
        ("rsa", "-stream -nodetach"),
        ("rsa", "-keyopt rsa_padding_mode:pss"),
        ("rsa", "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20 -md sha384"),
        ("ec", ""),
        ("ec", "-md sha512 -nodetach"),
        ("ec", "-noattr"),
    ] {
        openssl.run(&format!(
            "cms -sign -binary -in content -signer {signer}.pem -inkey {signer}.key -outform DER -out cms {options}"
        ));
        let cms = openssl.read("cms");
        assert!(SignedData::is_likely(&cms), "{options}");
        assert_eq!(verify(&cms, CONTENT), Ok(()), "{signer} {options}");
        if !options.contains("nodetach") {
            assert!(verify(&cms, b"another document").is_err(), "{signer} {options}");
        }
    }
}

#[test]
fn altered_or_cut_at_any_byte_is_never_good() {
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let algorithm = SignatureAlgorithm::for_key(&key.public()).unwrap();
    for attached in [None, Some(CONTENT)] {
        let der = sign(&key, algorithm, attached);
        for end in 0..der.len() {
            assert!(SignedData::parse(&der[..end]).is_err(), "cut at {end}");
        }
        assert!(SignedData::parse(&[&der[..], &[0]].concat()).is_err());
        // SignedData's version, which nobody signs and nothing depends on.
        let version = der.windows(3).position(|window| window == [0x02, 0x01, 0x01]).unwrap() + 2;
        for index in (0..der.len()).filter(|index| *index != version) {
            for flip in [0x01, 0x20, 0x80] {
                let mut altered = der.clone();
                altered[index] ^= flip;
                assert!(verify(&altered, CONTENT).is_err(), "byte {index} of {} with {flip:#x}", der.len());
            }
        }
    }
}

#[test]
fn attributes_of_one_signature_are_not_the_content_of_another() {
    let openssl = OpenSsl::new();
    openssl.write("content", CONTENT);
    openssl.run("req -x509 -newkey rsa:2048 -nodes -keyout k -out c.pem -subj /CN=Anna");
    openssl.run("cms -sign -binary -in content -signer c.pem -inkey k -outform DER -out cms");
    let with = SignedData::parse(&openssl.read("cms")).unwrap();
    let (mut signer, leaf) = (with.signers[0].clone(), &with.certificates[0]);
    let content = signer.attributes.take().unwrap().der;
    let facts = ContentFacts { digest: &digest(signer.digest, &content), start: &content[..START_LEN] };
    let key = leaf.public_key.as_ref().unwrap();
    assert_eq!(signer.verify(key, Some(leaf), facts), Err(SignerFault::AttributesAsContent));
    // It would be one.
    assert_eq!(signer.verify(key, Some(leaf), ContentFacts { start: b"", ..facts }), Ok(()));
    assert!(!begins_as_attributes(b"1 is the first number"));
}

#[test]
fn wrong_key_content_or_certificate_is_told_apart() {
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let other = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let signed =
        SignedData::parse(&sign(&key, SignatureAlgorithm::for_key(&key.public()).unwrap(), None)).unwrap();
    let signer = &signed.signers[0];
    assert_eq!(signer.signing_time(), Some(1_800_000_000));
    let right = digest(signer.digest, CONTENT);
    let facts = ContentFacts { digest: &right, start: CONTENT };
    let verify =
        |key: &PrivateKey, leaf: &CertificateDetails, facts| signer.verify(&key.public(), Some(leaf), facts);
    let leaf = &signed.certificates[0];
    assert_eq!(verify(&other, leaf, facts), Err(SignerFault::SignatureInvalid));
    let wrong = ContentFacts { digest: &[0; 32], ..facts };
    assert_eq!(verify(&key, leaf, wrong), Err(SignerFault::DigestDiffers(DigestAlgorithm::Sha256)));
    // A second certificate for the same key is not the one that was signed with.
    assert_eq!(verify(&key, &certificate(&key), facts), Err(SignerFault::OtherCertificate));
    assert_eq!(signer.verify(&key.public(), None, facts), Ok(()));
}
