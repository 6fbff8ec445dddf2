//! Ed25519 with its domain separated (RFC 8032, 5.1): Ed25519ctx, bound to a context, and Ed25519ph, of a digest. The
//! library has the plain signature; its arithmetic is used here.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use zeroize::Zeroizing;

use super::{Ed25519PrivateKey, KEY_LEN, SIGNATURE_LEN, point};
use crate::crypto::{CryptoError, DigestAlgorithm, Digester};

/// What stands before the message in every hash: dom2(F, C).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(Vec<u8>);

impl Domain {
    /// Of Ed25519ctx, whose context is not empty, or of Ed25519ph. Errors: `InputLength` for a context that is longer than
    /// [`MAX_CONTEXT_LEN`], or empty where it must not be.
    pub fn new(prehash: bool, context: &[u8]) -> Result<Self, CryptoError> {
        let wrong = CryptoError::InputLength { actual: context.len(), expected: MAX_CONTEXT_LEN };
        let len = u8::try_from(context.len()).map_err(|_| wrong.clone())?;
        if len == 0 && !prehash {
            return Err(wrong);
        }
        Ok(Self([PREFIX, &[u8::from(prehash), len], context].concat()))
    }

    fn hash(&self, parts: &[&[u8]]) -> Scalar {
        let mut digester = Digester::new(DigestAlgorithm::Sha512);
        for part in [self.0.as_slice()].iter().chain(parts) {
            digester.update(part);
        }
        wide(&Zeroizing::new(digester.finish()))
    }
}

impl Ed25519PrivateKey {
    /// Signs a message, or its SHA-512 where the domain is of that.
    pub fn sign_in(&self, domain: &Domain, message: &[u8]) -> Vec<u8> {
        let mut digester = Digester::new(DigestAlgorithm::Sha512);
        digester.update(self.0.as_bytes());
        let expanded = Zeroizing::new(digester.finish());
        let prefix = expanded.get(KEY_LEN..).unwrap_or_default();
        let public = self.public();
        let nonce = Zeroizing::new(domain.hash(&[prefix, message]));
        let commitment = EdwardsPoint::mul_base(&nonce).compress();
        let challenge = domain.hash(&[commitment.as_bytes(), &public, message]);
        let key = Zeroizing::new(self.0.to_scalar());
        let response = *nonce + challenge * *key;
        [commitment.as_bytes().as_slice(), response.as_bytes()].concat()
    }
}

/// As [`super::verify`], in a domain.
pub fn verify_in(
    public: &[u8],
    domain: &Domain,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    let key = point(public)?;
    let Some((commitment, response)) =
        signature.split_at_checked(KEY_LEN).filter(|_| signature.len() == SIGNATURE_LEN)
    else {
        return Ok(false);
    };
    let (Ok(commitment), Ok(response)) = (CompressedEdwardsY::from_slice(commitment), response.try_into())
    else {
        return Ok(false);
    };
    let (Some(point), Some(response)) =
        (commitment.decompress(), Option::<Scalar>::from(Scalar::from_canonical_bytes(response)))
    else {
        return Ok(false);
    };
    if key.is_weak() || point.is_small_order() {
        return Ok(false);
    }
    let challenge = domain.hash(&[commitment.as_bytes(), public, message]);
    let expected =
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&challenge, &-key.to_edwards(), &response);
    Ok(expected.compress() == commitment)
}

fn wide(hash: &[u8]) -> Scalar {
    let mut bytes = Zeroizing::new([0; 64]);
    for (byte, value) in bytes.iter_mut().zip(hash) {
        *byte = *value;
    }
    Scalar::from_bytes_mod_order_wide(&bytes)
}

/// Most bytes of a context.
pub const MAX_CONTEXT_LEN: usize = 255;
/// RFC 8032, 2.
const PREFIX: &[u8] = b"SigEd25519 no Ed25519 collisions";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Secret;
    use crate::crypto::digest::digest;
    use crate::crypto::testing::{bytes, vectors};

    #[test]
    fn signatures_are_those_of_rfc8032_and_verify_in_their_domain_alone() {
        for line in vectors("crypto/ed25519_domains.txt") {
            let [seed, message, context, signature] = [1, 2, 3, 4].map(|index| bytes(&line[index]));
            let key = Ed25519PrivateKey::from_seed(&Secret::new(seed)).unwrap();
            let prehash = line[0] == "ph";
            let message = if prehash { digest(DigestAlgorithm::Sha512, &message) } else { message };
            let domain = Domain::new(prehash, &context).unwrap();
            assert_eq!(key.sign_in(&domain, &message), signature, "{line:?}");
            let verify = |domain: &Domain, message: &[u8], signature: &[u8]| {
                verify_in(&key.public(), domain, message, signature).unwrap()
            };
            assert!(verify(&domain, &message, &signature));
            let other = Domain::new(prehash, b"another").unwrap();
            assert!(!verify(&other, &message, &signature) && !verify(&domain, b"", &signature));
            assert!(!super::super::verify(&key.public(), &message, &signature).unwrap());
            for index in 0..SIGNATURE_LEN {
                let mut changed = signature.clone();
                changed[index] ^= 1;
                assert!(!verify(&domain, &message, &changed), "{index}");
            }
            assert!(!verify(&domain, &message, &signature[..63]));
        }
    }

    #[test]
    fn domain_of_a_wrong_context_is_none() {
        assert!(Domain::new(false, b"").is_err() && Domain::new(true, b"").is_ok());
        assert!(Domain::new(true, &[1; 255]).is_ok() && Domain::new(true, &[1; 256]).is_err());
    }
}
