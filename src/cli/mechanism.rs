//! Which mechanism signs: from the key, from `--hash`, or by name.

use super::error::CliError;
use super::suggest::nearest;
use crate::crypto::{Curve, DigestAlgorithm};
use crate::engine::MechanismId;
use crate::token::KeyAlgorithm;

/// The mechanism for a key, with the wishes of the command line.
/// Errors: unknown names, a hash that has no mechanism, a key that does not sign.
pub fn for_signing(
    key: &KeyAlgorithm,
    hash: Option<&str>,
    mechanism: Option<&str>,
) -> Result<MechanismId, CliError> {
    if let Some(name) = mechanism {
        return MechanismId::from_name(name).ok_or_else(|| unknown_mechanism(name));
    }
    let digest = match hash {
        Some(name) => DigestAlgorithm::from_name(name).ok_or_else(|| unknown_hash(name))?,
        None => usual_digest(key),
    };
    let found = match key {
        KeyAlgorithm::Rsa { .. } => DIGESTING.iter().find(|row| row.0 == digest).map(|row| row.1),
        KeyAlgorithm::Ec { .. } => DIGESTING.iter().find(|row| row.0 == digest).map(|row| row.2),
        KeyAlgorithm::Aes { .. } | KeyAlgorithm::Des { .. } | KeyAlgorithm::Generic { .. } => {
            return Err(CliError::usage("only RSA and EC keys sign"));
        }
    };
    found.ok_or_else(|| unknown_hash(digest.name()))
}

/// The digest that goes with a key: SHA-256 for RSA, for EC the one of the curve's size.
pub fn usual_digest(key: &KeyAlgorithm) -> DigestAlgorithm {
    match key {
        KeyAlgorithm::Ec { curve: Some(curve) } => digest_for(*curve),
        _ => DigestAlgorithm::Sha256,
    }
}

/// The digest of a curve's size.
pub fn digest_for(curve: Curve) -> DigestAlgorithm {
    match curve.bits() {
        0..=256 => DigestAlgorithm::Sha256,
        257..=384 => DigestAlgorithm::Sha384,
        _ => DigestAlgorithm::Sha512,
    }
}

/// The digest inside a mechanism that digests; `None` for those that take the digest itself.
pub fn digest_of(mechanism: MechanismId) -> Option<DigestAlgorithm> {
    DIGESTING.iter().find(|row| mechanism == row.1 || mechanism == row.2).map(|row| row.0)
}

/// The error for a hash that is none.
pub fn unknown_hash(name: &str) -> CliError {
    CliError::usage(format!("there is no hash {name:?}")).hint("use sha1, sha224, sha256, sha384 or sha512")
}

fn unknown_mechanism(name: &str) -> CliError {
    let error = CliError::usage(format!("there is no mechanism {name:?}"));
    match nearest(&name.to_ascii_uppercase(), SIGNING) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint("run p11ctl token mechanisms to see what the token can do"),
    }
}

/// Each digest with the mechanisms for RSA and EC keys that do it.
const DIGESTING: [(DigestAlgorithm, MechanismId, MechanismId); 5] = [
    (DigestAlgorithm::Sha1, MechanismId::SHA1_RSA_PKCS, MechanismId::ECDSA_SHA1),
    (DigestAlgorithm::Sha224, MechanismId::SHA224_RSA_PKCS, MechanismId::ECDSA_SHA224),
    (DigestAlgorithm::Sha256, MechanismId::SHA256_RSA_PKCS, MechanismId::ECDSA_SHA256),
    (DigestAlgorithm::Sha384, MechanismId::SHA384_RSA_PKCS, MechanismId::ECDSA_SHA384),
    (DigestAlgorithm::Sha512, MechanismId::SHA512_RSA_PKCS, MechanismId::ECDSA_SHA512),
];

/// Names for the help of a misspelt one.
const SIGNING: [&str; 12] = [
    "RSA-PKCS",
    "SHA1-RSA-PKCS",
    "SHA224-RSA-PKCS",
    "SHA256-RSA-PKCS",
    "SHA384-RSA-PKCS",
    "SHA512-RSA-PKCS",
    "ECDSA",
    "ECDSA-SHA1",
    "ECDSA-SHA224",
    "ECDSA-SHA256",
    "ECDSA-SHA384",
    "ECDSA-SHA512",
];

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: KeyAlgorithm = KeyAlgorithm::Rsa { modulus_bits: 2048 };

    fn ec(curve: Curve) -> KeyAlgorithm {
        KeyAlgorithm::Ec { curve: Some(curve) }
    }

    #[test]
    fn for_signing_follows_the_key() {
        for (key, expected) in [
            (RSA, MechanismId::SHA256_RSA_PKCS),
            (ec(Curve::P256), MechanismId::ECDSA_SHA256),
            (ec(Curve::Secp256k1), MechanismId::ECDSA_SHA256),
            (ec(Curve::P384), MechanismId::ECDSA_SHA384),
            (ec(Curve::BrainpoolP384r1), MechanismId::ECDSA_SHA384),
            (ec(Curve::P521), MechanismId::ECDSA_SHA512),
        ] {
            assert_eq!(for_signing(&key, None, None), Ok(expected));
        }
    }

    #[test]
    fn for_signing_wishes_are_heard() {
        assert_eq!(for_signing(&RSA, Some("sha512"), None), Ok(MechanismId::SHA512_RSA_PKCS));
        assert_eq!(for_signing(&ec(Curve::P256), Some("sha384"), None), Ok(MechanismId::ECDSA_SHA384));
        assert_eq!(for_signing(&RSA, None, Some("rsa-pkcs")), Ok(MechanismId::RSA_PKCS));
    }

    #[test]
    fn for_signing_unknown_names_are_answered_with_the_nearest() {
        let error = for_signing(&RSA, None, Some("sha265-rsa-pkcs")).unwrap_err();
        assert_eq!(error.hints, ["did you mean SHA256-RSA-PKCS?"]);
        assert!(for_signing(&RSA, Some("md5"), None).is_err());
        assert!(for_signing(&KeyAlgorithm::Aes { key_bits: 256 }, None, None).is_err());
    }

    #[test]
    fn signing_names_are_mechanisms() {
        for name in SIGNING {
            assert!(MechanismId::from_name(name).is_some(), "{name}");
        }
    }
}
