//! Ed25519 (RFC 8032, 5.1; FIPS 186-5, 7): keys of 32 bytes, signatures of 64 over whole messages.

pub mod domain;

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{CryptoError, random};
use crate::codec::Secret;

/// Bytes of a private key (its seed) and of a public key.
pub const KEY_LEN: usize = 32;
/// Bytes of a signature.
pub const SIGNATURE_LEN: usize = 64;

/// A private key; its bytes are zeroized and never printed. Compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519PrivateKey(Box<SigningKey>);

impl Ed25519PrivateKey {
    /// A new random key. Errors: `NoRandom`.
    pub fn generate() -> Result<Self, CryptoError> {
        Self::from_seed(&random::secret(KEY_LEN)?)
    }

    /// Takes the private key of RFC 8032, 32 bytes: what PKCS#8 (RFC 8410) holds. Errors: `InvalidKey` for
    /// another length.
    pub fn from_seed(seed: &Secret) -> Result<Self, CryptoError> {
        let seed: Zeroizing<[u8; KEY_LEN]> =
            Zeroizing::new(seed.expose().try_into().map_err(|_| CryptoError::InvalidKey(NAME))?);
        Ok(Self(Box::new(SigningKey::from_bytes(&seed))))
    }

    /// The private key of RFC 8032, 32 bytes.
    pub fn seed(&self) -> Secret {
        Secret::from(self.0.as_bytes().as_slice())
    }

    /// The public key.
    pub fn public(&self) -> [u8; KEY_LEN] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a message (not its digest). The same message gives the same signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

impl fmt::Debug for Ed25519PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519PrivateKey")
    }
}

/// Verifies a signature over a message. `Ok(false)` is any signature that does not fit, whatever its length;
/// a key or a point of small order, with which one signature fits many messages, is never taken.
/// Errors: `InvalidKey` for bytes that are no point.
pub fn verify(public: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
    let key = point(public)?;
    let Ok(signature) = Signature::from_slice(signature) else {
        return Ok(false);
    };
    Ok(key.verify_strict(message, &signature).is_ok())
}

/// Checks a public key: 32 bytes that are a point, and none of small order. Errors: `InvalidKey`.
pub fn check_public(public: &[u8]) -> Result<(), CryptoError> {
    let key = point(public)?;
    if key.is_weak() { Err(CryptoError::InvalidKey(NAME)) } else { Ok(()) }
}

fn point(public: &[u8]) -> Result<VerifyingKey, CryptoError> {
    let bytes = public.try_into().map_err(|_| CryptoError::InvalidKey(NAME))?;
    VerifyingKey::from_bytes(bytes).map_err(|_| CryptoError::InvalidKey(NAME))
}

const NAME: &str = "Ed25519";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{OpenSsl, bytes, vectors};

    #[test]
    fn sign_gives_the_signatures_of_rfc8032() {
        for line in vectors("crypto/ed25519.txt") {
            let key = Ed25519PrivateKey::from_seed(&Secret::new(bytes(&line[0]))).unwrap();
            assert_eq!(key.public().to_vec(), bytes(&line[1]));
            assert_eq!(key.sign(&bytes(&line[2])), bytes(&line[3]));
        }
    }

    #[test]
    fn verify_wycheproof_signatures_are_judged_right() {
        for line in vectors("wycheproof/ed25519.txt") {
            let judged = verify(&bytes(&line[2]), &bytes(&line[3]), &bytes(&line[4]));
            assert_eq!(judged, Ok(line[1] == "valid"), "{}", line[0]);
        }
    }

    #[test]
    fn sign_is_verified_by_openssl() {
        let openssl = OpenSsl::new();
        let key = Ed25519PrivateKey::generate().unwrap();
        // SubjectPublicKeyInfo of RFC 8410 in front of the key.
        let info = [bytes("302a300506032b6570032100"), key.public().to_vec()].concat();
        openssl.write("public.der", &info);
        openssl.write("message", b"a message");
        openssl.write("signature", &key.sign(b"a message"));
        let line =
            "pkeyutl -verify -pubin -inkey public.der -keyform DER -rawin -in message -sigfile signature";
        openssl.run(line);
        openssl.write("message", b"another message");
        assert!(!openssl.try_run(line, &[]).0);
    }

    #[test]
    fn public_of_small_order_or_length_is_refused() {
        let neutral: Vec<u8> = std::iter::once(1).chain([0; 31]).collect();
        assert_eq!(check_public(&neutral), Err(CryptoError::InvalidKey("Ed25519")));
        assert_eq!(verify(&neutral, b"any", &[0; 64]), Ok(false));
        assert_eq!(check_public(&[7; 31]), Err(CryptoError::InvalidKey("Ed25519")));
        assert!(check_public(&Ed25519PrivateKey::generate().unwrap().public()).is_ok());
        assert!(Ed25519PrivateKey::from_seed(&Secret::new(vec![1; 33])).is_err());
    }

    #[test]
    fn private_key_debug_shows_nothing() {
        assert_eq!(format!("{:?}", Ed25519PrivateKey::generate().unwrap()), "Ed25519PrivateKey");
    }
}
