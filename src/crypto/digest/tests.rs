//! Digests against the standards' examples and against openssl.

use super::*;
use crate::crypto::testing::{OpenSsl, Reproducible, bytes, vectors};

#[test]
fn digest_standard_examples_match() {
    for line in vectors("crypto/digests.txt") {
        let algorithm = DigestAlgorithm::from_name(&line[0]).unwrap();
        assert_eq!(digest(algorithm, &bytes(&line[1])), bytes(&line[2]), "{algorithm}");
    }
}

#[test]
fn digester_any_split_gives_the_same_digest() {
    let mut random = Reproducible::new("digester_any_split");
    for algorithm in DigestAlgorithm::ALL {
        let length = random.below(600);
        let data = random.bytes(length);
        let mut digester = Digester::new(algorithm);
        let mut rest = data.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(1 + random.below(rest.len()));
            digester.update(now);
            rest = later;
        }
        let whole = digest(algorithm, &data);
        assert_eq!(whole.len(), algorithm.output_len());
        assert_eq!(digester.finish(), whole, "{algorithm}");
    }
}

#[test]
fn algorithm_is_found_by_name_and_identifier() {
    for algorithm in DigestAlgorithm::ALL {
        assert_eq!(DigestAlgorithm::from_name(algorithm.name()), Some(algorithm));
        assert_eq!(DigestAlgorithm::from_name(&algorithm.name().to_lowercase()), Some(algorithm));
        assert_eq!(DigestAlgorithm::from_oid(&algorithm.oid()), Some(algorithm));
    }
    assert_eq!(DigestAlgorithm::from_name("sha256"), Some(DigestAlgorithm::Sha256));
    assert_eq!(DigestAlgorithm::from_name("sha3_256"), Some(DigestAlgorithm::Sha3_256));
    assert_eq!(DigestAlgorithm::from_name("md5"), None);
    assert_eq!(DigestAlgorithm::from_name(""), None);
}

/// openssl takes a DigestInfo apart when it verifies raw: what it finds inside is ours.
#[test]
fn digest_info_is_read_by_openssl() {
    let openssl = OpenSsl::new();
    for algorithm in DigestAlgorithm::ALL {
        let digest = digest(algorithm, b"abc");
        openssl.write("info.der", &algorithm.digest_info(&digest));
        let text = String::from_utf8(openssl.run("asn1parse -inform DER -in info.der")).unwrap();
        let name = algorithm.name().to_lowercase().replace("sha-", "sha");
        assert!(text.contains(&format!(":{name}")), "{name}: {text}");
        assert!(text.contains("NULL"), "{text}");
        assert!(text.contains(&crate::codec::hex::encode(&digest).to_uppercase()), "{text}");
    }
}
