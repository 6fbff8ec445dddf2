//! Certificates from files.

use super::*;
use crate::crypto::testing::Reproducible;

fn bundle(certificates: &[&CertificateDetails]) -> Vec<u8> {
    certificates.iter().map(|one| pem("CERTIFICATE", &one.der)).collect::<String>().into_bytes()
}

#[test]
fn bundle_in_any_order_is_sorted_leaf_first() {
    let chain = chain(&p256());
    let [leaf, issuing, root] = [&chain[0], &chain[1], &chain[2]];
    for order in [
        [leaf, issuing, root],
        [leaf, root, issuing],
        [issuing, leaf, root],
        [issuing, root, leaf],
        [root, leaf, issuing],
        [root, issuing, leaf],
    ] {
        assert_eq!(read_certificates(&bundle(&order)).as_ref(), Ok(&chain));
    }
    let twice = [root, leaf, issuing, leaf, root];
    assert_eq!(read_certificates(&bundle(&twice)), Ok(chain));
}

#[test]
fn two_chains_stay_apart_and_share_their_issuer() {
    let (first, second) = (chain(&p256()), chain(&p256()));
    let mixed = [&first[2], &second[1], &first[1], &second[0], &first[0], &second[2]];
    let sorted = leaf_first(mixed.into_iter().cloned().collect());
    let second_first: Vec<_> = second.iter().chain(&first).cloned().collect();
    // All names are the same in both: only the key identifiers tell them apart.
    assert_eq!(sorted, second_first);
}

#[test]
fn loops_and_unrelated_certificates_are_all_kept() {
    let (one_key, two_key) = (p256(), p256());
    let one = certificate("CN=One", &one_key, true, None);
    let two = certificate("CN=Two", &two_key, true, Some((&one, &one_key)));
    let one_by_two = certificate("CN=One", &one_key, true, Some((&two, &two_key)));
    let alone = certificate("CN=Alone", &p256(), false, None);
    let sorted = leaf_first(vec![one_by_two.clone(), two.clone(), alone.clone()]);
    assert_eq!(sorted, [alone, one_by_two, two]);
}

#[test]
fn every_form_of_file_is_read() {
    let key = p256();
    let chain = chain(&key);
    let openssl = openssl_with(&key, &chain);
    openssl.run("crl2pkcs7 -nocrl -certfile chain.pem -out all.p7b");
    openssl.run("crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out all.der.p7b");
    openssl.write("chain.der", &[chain[2].der.as_slice(), &chain[0].der, &chain[1].der].concat());
    openssl.write("leaf.der", &chain[0].der);
    openssl.run("x509 -in leaf.der -inform DER -trustout -addtrust emailProtection -text -out trusted.pem");
    // What `cms` streams is in BER, with indefinite lengths.
    openssl.write("file", b"text");
    openssl.run("x509 -in leaf.der -inform DER -out leaf.pem");
    openssl.write("others.pem", &bundle(&[&chain[2], &chain[1]]));
    openssl.run(
        "cms -sign -stream -binary -nodetach -in file -signer leaf.pem -inkey key.pem -certfile others.pem -outform DER -out \
         signed.cms",
    );
    assert_eq!(openssl.read("signed.cms")[1], 0x80);
    for file in ["all.p7b", "all.der.p7b", "chain.der", "chain.pem", "signed.cms"] {
        assert_eq!(read_certificates(&openssl.read(file)).as_ref(), Ok(&chain), "{file}");
    }
    for file in ["leaf.der", "trusted.pem"] {
        assert_eq!(read_certificates(&openssl.read(file)).as_deref(), Ok(&chain[..1]), "{file}");
    }
}

#[test]
fn file_without_a_certificate_is_told_what_it_is() {
    let key = p256();
    let openssl = openssl_with(&key, &[]);
    openssl.run("req -new -key key.pem -subj /CN=Anna -outform DER -out request.der");
    for (file, found) in [("key.pem", "a private key"), ("request.der", "a certificate request")] {
        let expected = ImportError::WrongContent { wanted: "a certificate", found };
        assert_eq!(read_certificates(&openssl.read(file)), Err(expected));
    }
    for nothing in [b"".as_slice(), b"hello", &[0x30, 0x00]] {
        assert!(read_certificates(nothing).is_err());
    }
}

#[test]
fn file_with_very_many_certificates_is_refused_at_once() {
    let one = certificate("CN=A", &p256(), false, None);
    let many: Vec<&CertificateDetails> = [&one].into_iter().cycle().take(1001).collect();
    let error = read_certificates(&bundle(&many)).unwrap_err();
    assert_eq!(error.to_string(), "a file with 1001 certificates (more than 1000) is not supported");
}

#[test]
fn damaged_bundle_never_panics_and_loses_nothing_silently() {
    let key = p256();
    let chain = chain(&key);
    let openssl = openssl_with(&key, &chain);
    openssl.run("crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out all.p7b");
    let mut random = Reproducible::new("damaged_bundle");
    let p7b = openssl.read("all.p7b");
    for index in 0..p7b.len() {
        assert!(read_certificates(&p7b[..index]).is_err(), "cut at {index}");
        let mut changed = p7b.clone();
        changed[index] ^= (random.below(255) + 1) as u8;
        let _ = read_certificates(&changed);
    }
    let text = openssl.read("chain.pem");
    for index in (0..text.len() - 1).step_by(3) {
        if let Ok(read) = read_certificates(&text[..index]) {
            assert!(read.len() < chain.len() && read.iter().all(|one| chain.contains(one)));
        }
    }
}
