//! Chains from the builder, verified by openssl and read back.

use super::*;
use crate::crypto::testing::{OpenSsl, rsa_1024, signing_keys};
use crate::crypto::{DigestAlgorithm, ec};
use const_oid::ObjectIdentifier;

/// Root, issuing authority and leaf, each DER.
fn chain(root: &PrivateKey, issuing: &PrivateKey, end: &PrivateKey) -> [Vec<u8>; 3] {
    let root_der = authority("CN=Test Root,O=Example", root).sign(Issuer::Itself, root).unwrap();
    let root_details = CertificateDetails::parse(&root_der).unwrap();
    let issuing_der = authority("CN=Test Issuing,O=Example", issuing)
        .sign(Issuer::Certificate(&root_details), root)
        .unwrap();
    let issuing_details = CertificateDetails::parse(&issuing_der).unwrap();
    let leaf_der = leaf("CN=Anna \\\"A.\\\" Test,O=Example", end)
        .sign(Issuer::Certificate(&issuing_details), issuing)
        .unwrap();
    [root_der, issuing_der, leaf_der]
}

#[test]
fn chain_is_verified_by_openssl() {
    let openssl = OpenSsl::new();
    for (key, _) in signing_keys() {
        let [root, issuing, leaf] = chain(&key, &p256(), &key);
        for (name, der) in [("root", &root), ("issuing", &issuing), ("leaf", &leaf)] {
            openssl.write(&format!("{name}.der"), der);
            openssl.run(&format!("x509 -inform DER -in {name}.der -out {name}.pem"));
        }
        openssl.run("verify -x509_strict -auth_level 0 -CAfile root.pem -untrusted issuing.pem leaf.pem");
    }
}

#[test]
fn chain_is_read_back() {
    let keys: [PrivateKey; 2] =
        [rsa_1024().clone().into(), EcPrivateKey::generate(Curve::P384).unwrap().into()];
    let [root, issuing, leaf] =
        chain(&keys[0], &keys[1], &keys[0]).map(|der| CertificateDetails::parse(&der).unwrap());
    assert!(root.is_self_issued() && root.is_authority && issuing.is_authority && !leaf.is_authority);
    assert_eq!(leaf.subject_text(), "CN=Anna \\\"A.\\\" Test,O=Example");
    assert_eq!(leaf.common_name().as_deref(), Some("Anna \"A.\" Test"));
    assert_eq!(leaf.issuer_text(), "CN=Test Issuing,O=Example");
    assert_eq!(leaf.issuer, issuing.subject);
    assert_eq!(leaf.authority_key_id, issuing.subject_key_id);
    assert_eq!(issuing.authority_key_id, root.subject_key_id);
    assert!(root.subject_key_id.is_some() && root.authority_key_id.is_none());
    assert_eq!((leaf.not_before, leaf.not_after), VALIDITY);
    assert_eq!(leaf.public_key, Some(keys[0].public()));
    assert_eq!(leaf.public_key_info, keys[0].public().to_spki_der());
    assert_eq!(leaf.key_usage(), Some(vec!["digitalSignature", "keyEncipherment"]));
    assert_eq!(issuing.key_usage(), Some(vec!["keyCertSign", "cRLSign"]));
    assert_eq!(leaf.verify_signed_by(&keys[1].public()), Ok(true));
    assert_eq!(leaf.verify_signed_by(&keys[0].public()), Ok(false));
    assert_ne!(leaf.serial, issuing.serial);
}

#[test]
fn every_algorithm_is_verified_by_openssl_and_here() {
    let openssl = OpenSsl::new();
    for (key, algorithms) in signing_keys() {
        for algorithm in algorithms {
            let mut template = authority("CN=Root", &key);
            template.algorithm = Some(algorithm);
            let der = template.sign(Issuer::Itself, &key).unwrap();
            let details = CertificateDetails::parse(&der).unwrap();
            assert_eq!(details.signature_algorithm(), Some(algorithm));
            assert_eq!(details.verify_signed_by(&key.public()), Ok(true), "{algorithm}");
            // openssl 3.0 has no identifiers for certificates signed with SHA-3.
            if algorithm.digest() < Some(DigestAlgorithm::Sha3_224) {
                openssl.write("root.der", &der);
                openssl.run("x509 -inform DER -in root.der -out root.pem");
                openssl.run("verify -check_ss_sig -auth_level 0 -CAfile root.pem root.pem");
            }
        }
    }
}

#[test]
fn usage_follows_key_and_kind() {
    let key = p256();
    let mut template = leaf("CN=Server", &key);
    let purposes =
        ["1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.311.20.2.2", "1.2.3.4"].map(ObjectIdentifier::new_unwrap);
    template.kind = CertificateKind::EndEntity { purposes: purposes.to_vec() };
    let details = CertificateDetails::parse(&template.sign(Issuer::Itself, &key).unwrap()).unwrap();
    assert_eq!(details.key_usage(), Some(vec!["digitalSignature", "keyAgreement"]));
    let named = ["serverAuth", "smartcardLogon", "1.2.3.4"].map(str::to_owned).to_vec();
    assert_eq!(details.extended_key_usage(), Some(named));
    let openssl = OpenSsl::new();
    template.kind = CertificateKind::Authority { path_len: Some(2) };
    openssl.write("root.der", &template.sign(Issuer::Itself, &key).unwrap());
    let text =
        String::from_utf8(openssl.run("x509 -inform DER -in root.der -noout -ext basicConstraints")).unwrap();
    assert!(text.contains("critical") && text.contains("CA:TRUE, pathlen:2"), "{text}");
}

#[test]
fn dates_before_and_after_2050_are_those_given() {
    let openssl = OpenSsl::new();
    let key = p256();
    let mut template = authority("CN=Root", &key);
    // The last second of 2049 is a UTCTime, the next one a GeneralizedTime; 9999 ends all.
    for (not_before, not_after) in [(0, 2_524_607_999), (2_524_608_000, 253_402_300_799)] {
        (template.not_before, template.not_after) = (not_before, not_after);
        let der = template.sign(Issuer::Itself, &key).unwrap();
        let details = CertificateDetails::parse(&der).unwrap();
        assert_eq!((details.not_before, details.not_after), (not_before, not_after));
        openssl.write("root.der", &der);
        openssl.run("x509 -inform DER -in root.der -noout -dates");
    }
    for bad in [-1, i64::MIN, 253_402_300_800, i64::MAX] {
        template.not_after = bad;
        assert!(matches!(template.sign(Issuer::Itself, &key), Err(CryptoError::Malformed { .. })), "{bad}");
    }
}

#[test]
fn serial_number_is_the_one_given_or_random() {
    let key = p256();
    let mut template = authority("CN=Root", &key);
    template.serial = Some(vec![0x80, 1]);
    let details = CertificateDetails::parse(&template.sign(Issuer::Itself, &key).unwrap()).unwrap();
    assert_eq!(details.serial, [0x02, 0x03, 0x00, 0x80, 0x01]);
    template.serial = Some(vec![1; 21]);
    assert!(template.sign(Issuer::Itself, &key).is_err());
    template.serial = None;
    let serials = [(); 2]
        .map(|()| CertificateDetails::parse(&template.sign(Issuer::Itself, &key).unwrap()).unwrap().serial);
    assert_ne!(serials[0], serials[1]);
    assert_eq!(serials[0].len(), 18);
}

#[test]
fn subject_that_is_no_name_is_refused() {
    let key = p256();
    for subject in ["", "Anna", "CN", "=x", "CN=Anna,", "9.9.9=x", "CN=\\zz"] {
        let result = authority(subject, &key).sign(Issuer::Itself, &key);
        assert!(matches!(result, Err(CryptoError::Malformed { .. })), "{subject}");
    }
}

/// A card signs: it is given what to sign and how, and returns PKCS#11's form.
#[test]
fn external_signer_is_given_algorithm_and_body() {
    let key = EcPrivateKey::generate(Curve::P521).unwrap();
    let mut calls = 0;
    let der = authority("CN=Card", &key.clone().into())
        .sign_with(Issuer::Itself, |algorithm, body| {
            calls += 1;
            assert_eq!(algorithm, SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha512));
            key.sign(&digest(DigestAlgorithm::Sha512, body))
        })
        .unwrap();
    assert_eq!(calls, 1);
    assert_eq!(CertificateDetails::parse(&der).unwrap().verify_signed_by(&key.public()), Ok(true));
}

#[test]
fn external_signer_error_passes_through() {
    #[derive(Debug, PartialEq)]
    enum Error {
        CardPulled,
        Crypto(CryptoError),
    }
    impl From<CryptoError> for Error {
        fn from(error: CryptoError) -> Self {
            Self::Crypto(error)
        }
    }
    let key = p256();
    let template = authority("CN=Card", &key);
    let pulled: Result<Vec<u8>, Error> = template.sign_with(Issuer::Itself, |_, _| Err(Error::CardPulled));
    assert_eq!(pulled, Err(Error::CardPulled));
    let wrong: Result<Vec<u8>, Error> = template.sign_with(Issuer::Itself, |_, _| Ok(vec![1; 64]));
    assert_eq!(wrong, Err(Error::Crypto(CryptoError::SignatureMismatch)));
}

#[test]
fn signature_of_another_key_is_never_issued() {
    let (key, other) = (p256(), p256());
    assert_eq!(authority("CN=Root", &key).sign(Issuer::Itself, &other), Err(CryptoError::SignatureMismatch));
    let root =
        CertificateDetails::parse(&authority("CN=Root", &key).sign(Issuer::Itself, &key).unwrap()).unwrap();
    let result = leaf("CN=Leaf", &other).sign(Issuer::Certificate(&root), &other);
    assert_eq!(result, Err(CryptoError::SignatureMismatch));
    let unknown = CertificateDetails { public_key: None, ..root };
    let result = leaf("CN=Leaf", &other).sign(Issuer::Certificate(&unknown), &key);
    assert_eq!(result, Err(CryptoError::InvalidKey("the issuing certificate")));
}

#[test]
fn issuer_key_identifier_is_that_of_its_certificate() {
    let key = p256();
    let root =
        CertificateDetails::parse(&authority("CN=Root", &key).sign(Issuer::Itself, &key).unwrap()).unwrap();
    let own_way = CertificateDetails { subject_key_id: Some(vec![1, 2, 3]), ..root.clone() };
    let end = leaf("CN=Leaf", &p256()).sign(Issuer::Certificate(&own_way), &key).unwrap();
    assert_eq!(CertificateDetails::parse(&end).unwrap().authority_key_id, Some(vec![1, 2, 3]));
    let without = CertificateDetails { subject_key_id: None, ..root.clone() };
    let end = leaf("CN=Leaf", &p256()).sign(Issuer::Certificate(&without), &key).unwrap();
    assert_eq!(CertificateDetails::parse(&end).unwrap().authority_key_id, root.subject_key_id);
}

#[test]
fn signature_with_another_algorithm_outside_than_inside_is_false() {
    let key = EcPrivateKey::generate(Curve::P256).unwrap();
    let der = authority("CN=Root", &key.clone().into()).sign(Issuer::Itself, &key.clone().into()).unwrap();
    let details = CertificateDetails::parse(&der).unwrap();
    // The last arc of ecdsa-with-SHA256 stands twice: in the body, and outside; change the outer to SHA384.
    let oid = SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256).oid();
    let outer = der.windows(oid.as_bytes().len()).rposition(|window| window == oid.as_bytes()).unwrap();
    let mut changed = der.clone();
    changed[outer + oid.as_bytes().len() - 1] += 1;
    let changed = CertificateDetails::parse(&changed).unwrap();
    assert_eq!(changed.signature_algorithm(), Some(SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha384)));
    assert_eq!(changed.verify_signed_by(&key.public()), Ok(false));
    assert_eq!(details.verify_signed_by(&key.public()), Ok(true));
    let broken = PublicKey::Ec { curve: Curve::P256, point: vec![4; 65] };
    assert_eq!(details.verify_signed_by(&broken), Err(CryptoError::InvalidPoint(Curve::P256)));
    assert_eq!(ec::verify(&broken, &[0; 32], &[0; 64]), Err(CryptoError::InvalidPoint(Curve::P256)));
}

#[test]
fn alternative_names_are_shown_by_openssl_and_read_back() {
    let openssl = OpenSsl::new();
    let key = p256();
    let names =
        ["dns:*.example.org", "ip:192.0.2.1", "ip:2001:db8::1", "email:a@example.org", "uri:urn:example:a"];
    let mut template = leaf("CN=Server", &key);
    template.kind = CertificateKind::EndEntity { purposes: vec![purpose_from_text("serverAuth").unwrap()] };
    template.alternative_names = names.map(|name| name.parse().unwrap()).to_vec();
    template.key_usage = Some(KeyUsage::from_names(["digitalSignature", "nonRepudiation"]).unwrap());
    let der = template.sign(Issuer::Itself, &key).unwrap();
    let details = CertificateDetails::parse(&der).unwrap();
    assert_eq!(details.alternative_names(), names);
    assert_eq!(details.key_usage(), Some(vec!["digitalSignature", "nonRepudiation"]));
    openssl.write("server.der", &der);
    openssl.run("x509 -inform DER -in server.der -out server.pem");
    openssl.run("verify -x509_strict -check_ss_sig -purpose sslserver -verify_hostname www.example.org -CAfile server.pem server.pem");
    openssl
        .run("verify -x509_strict -purpose sslserver -verify_ip 2001:db8::1 -CAfile server.pem server.pem");
    let text = openssl.run("x509 -in server.pem -noout -ext subjectAltName,keyUsage,extendedKeyUsage");
    let text = String::from_utf8(text).unwrap();
    for expected in
        ["email:a@example.org, URI:urn:example:a", "TLS Web Server Authentication", "Non Repudiation"]
    {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn alternative_name_with_a_control_sequence_is_shown_escaped() {
    let key = p256();
    let mut template = leaf("CN=Server", &key);
    template.alternative_names = vec![AlternativeName::Dns("a\u{1b}[2J".to_owned())];
    let der = template.sign(Issuer::Itself, &key).unwrap();
    assert_eq!(CertificateDetails::parse(&der).unwrap().alternative_names(), ["dns:a\\1B[2J"]);
}

#[test]
fn default_id_of_a_key_is_the_subject_key_identifier_of_its_certificate() {
    for (key, _) in signing_keys() {
        let der = leaf("CN=Anna", &key).sign(Issuer::Itself, &key).unwrap();
        let details = CertificateDetails::parse(&der).unwrap();
        assert_eq!(details.subject_key_id, Some(key.public().default_id()));
        assert!(details.certifies(&key.public()) && !details.certifies(&p256().public()));
    }
}
