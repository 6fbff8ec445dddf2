//! Paths over chains that are made here, and `openssl verify` as a second opinion.

use super::*;
use crate::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use crate::crypto::testing::OpenSsl;
use crate::crypto::{Curve, EcPrivateKey, PrivateKey};

const NOW: i64 = 1_800_000_000;
const VALID: (i64, i64) = (1_700_000_000, 1_900_000_000);

struct Made {
    key: PrivateKey,
    certificate: CertificateDetails,
}

fn make(name: &str, kind: CertificateKind, validity: (i64, i64), issuer: Option<&Made>) -> Made {
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let template = CertificateTemplate::new(&format!("CN={name}"), key.public(), kind, validity);
    let signer = issuer.map_or(&key, |issuer| &issuer.key);
    let by = issuer.map_or(Issuer::Itself, |issuer| Issuer::Certificate(&issuer.certificate));
    let der = template.sign_with(by, |algorithm, body| signer.sign_message(algorithm, body)).unwrap();
    let certificate = CertificateDetails::parse(&der).unwrap();
    Made { key, certificate }
}

fn authority(path_len: Option<u8>) -> CertificateKind {
    CertificateKind::Authority { path_len }
}

fn leaf_kind() -> CertificateKind {
    CertificateKind::EndEntity { purposes: Vec::new() }
}

/// Root, authority, leaf.
fn chain(root_len: Option<u8>, validity: (i64, i64)) -> [CertificateDetails; 3] {
    let root = make("Root", authority(root_len), VALID, None);
    let middle = make("Middle", authority(None), validity, Some(&root));
    let leaf = make("Leaf", leaf_kind(), VALID, Some(&middle));
    [root.certificate, middle.certificate, leaf.certificate]
}

fn names(path: &Path) -> Vec<String> {
    path.iter().map(CertificateDetails::subject_text).collect()
}

#[test]
fn path_goes_from_leaf_to_a_given_root() {
    let [root, middle, leaf] = chain(None, VALID);
    let roots = std::slice::from_ref(&root);
    let path = find_path(&leaf, &[root.clone(), middle.clone()], roots, NOW).unwrap();
    assert_eq!(names(&path), ["CN=Leaf", "CN=Middle", "CN=Root"]);
    // Whatever is given is trusted, a middle certificate and the leaf itself among them.
    let path = find_path(&leaf, &[], std::slice::from_ref(&middle), NOW).unwrap();
    assert_eq!(names(&path), ["CN=Leaf", "CN=Middle"]);
    assert_eq!(find_path(&leaf, &[], std::slice::from_ref(&leaf), NOW).unwrap().len(), 1);
}

#[test]
fn what_breaks_a_path_is_named() {
    let [root, middle, leaf] = chain(None, VALID);
    let others = [root.clone(), middle.clone()];
    let stranger = make("Stranger", authority(None), VALID, None).certificate;
    let subject = |name: &str| format!("CN={name}");
    assert_eq!(
        find_path(&leaf, &others[..1], &others[..1], NOW),
        Err(PathFault::IssuerMissing { subject: subject("Leaf"), issuer: subject("Middle") })
    );
    assert_eq!(
        find_path(&leaf, &others, std::slice::from_ref(&stranger), NOW),
        Err(PathFault::OtherRoot { subject: subject("Root") })
    );
    assert_eq!(find_path(&leaf, &others, &[], NOW), Err(PathFault::OtherRoot { subject: subject("Root") }));
    assert_eq!(
        find_path(&leaf, &others, &others[..1], VALID.1 + 1),
        Err(PathFault::Expired { subject: subject("Leaf"), not_after: VALID.1 })
    );
    assert_eq!(
        find_path(&leaf, &others, &others[..1], VALID.0 - 1),
        Err(PathFault::NotYetValid { subject: subject("Leaf"), not_before: VALID.0 })
    );
    let [root, middle, leaf] = chain(None, (VALID.0, NOW - 1));
    assert_eq!(
        find_path(&leaf, &[middle], &[root], NOW),
        Err(PathFault::Expired { subject: subject("Middle"), not_after: NOW - 1 })
    );
    let [root, middle, leaf] = chain(Some(0), VALID);
    assert_eq!(
        find_path(&leaf, &[middle], &[root], NOW),
        Err(PathFault::TooLong { subject: subject("Root"), allowed: 0 })
    );
}

#[test]
fn end_entity_issues_nothing() {
    let root = make("Root", authority(None), VALID, None);
    let middle = make("Middle", leaf_kind(), VALID, Some(&root));
    let leaf = make("Leaf", leaf_kind(), VALID, Some(&middle));
    let found = find_path(&leaf.certificate, &[middle.certificate], &[root.certificate], NOW);
    assert_eq!(found, Err(PathFault::NotAuthority { subject: "CN=Middle".to_owned() }));
}

#[test]
fn namesake_of_an_issuer_is_passed_over_or_told() {
    let root = make("Root", authority(None), VALID, None);
    let false_root = make("Root", authority(None), VALID, None);
    let leaf = make("Leaf", leaf_kind(), VALID, Some(&root)).certificate;
    // Without key identifiers only the signature tells.
    let bare = |made: &Made| CertificateDetails { subject_key_id: None, ..made.certificate.clone() };
    let roots = [bare(&false_root), bare(&root)];
    assert_eq!(find_path(&leaf, &[], &roots, NOW).unwrap()[1].der, root.certificate.der);
    let (subject, issuer) = ("CN=Leaf".to_owned(), "CN=Root".to_owned());
    assert_eq!(find_path(&leaf, &[], &roots[..1], NOW), Err(PathFault::NotSigned { subject, issuer }));
}

#[test]
fn thousand_namesakes_cost_a_limited_number_of_signatures() {
    let root = make("Root", authority(None), VALID, None);
    let leaf = make("Leaf", leaf_kind(), VALID, Some(&root)).certificate;
    let namesakes: Vec<CertificateDetails> = (0..1000u16)
        .map(|number| {
            let mut namesake = CertificateDetails { subject_key_id: None, ..root.certificate.clone() };
            namesake.public_key = Some(leaf.public_key.clone().unwrap());
            namesake.der.extend_from_slice(&number.to_be_bytes());
            namesake
        })
        .collect();
    assert_eq!(find_path(&leaf, &namesakes, &[], NOW), Err(PathFault::TooMany));
}

#[test]
fn extensions_that_are_not_understood_stop_a_path_as_in_openssl() {
    let openssl = OpenSsl::new();
    openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Root");
    openssl.run(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout l.key -out l.csr -subj /CN=Leaf",
    );
    openssl.run("x509 -in ca.pem -outform DER -out ca.der");
    let root = CertificateDetails::parse(&openssl.read("ca.der")).unwrap();
    for (extension, is_good) in [
        ("keyUsage=critical,digitalSignature", true),
        ("certificatePolicies=critical,1.2.3.4", true),
        ("1.2.3.4=DER:0500", true),
        ("1.2.3.4=critical,DER:0500", false),
    ] {
        openssl.write("ext", extension.as_bytes());
        openssl.run("x509 -req -in l.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out l.pem -extfile ext");
        openssl.run("x509 -in l.pem -outform DER -out l.der");
        let leaf = CertificateDetails::parse(&openssl.read("l.der")).unwrap();
        let found = find_path(&leaf, &[], std::slice::from_ref(&root), root.not_before + 60);
        assert_eq!(found.is_ok(), is_good, "{extension}: {found:?}");
        assert_eq!(openssl.try_run("verify -CAfile ca.pem l.pem", &[]).0, is_good, "{extension}");
    }
}
