//! X25519 (RFC 7748, 5 and 6.1): agreement with keys of 32 bytes.

use std::fmt;

use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{CryptoError, random};
use crate::codec::Secret;

/// Bytes of a private key, a public key, and a shared secret.
pub const KEY_LEN: usize = 32;

/// A private key; its bytes are zeroized and never printed.
#[derive(Clone)]
pub struct X25519PrivateKey(StaticSecret);

impl X25519PrivateKey {
    /// A new random key. Errors: `NoRandom`.
    pub fn generate() -> Result<Self, CryptoError> {
        Self::from_scalar(&random::secret(KEY_LEN)?)
    }

    /// Takes a private key, 32 bytes, as PKCS#8 (RFC 8410) holds it. Errors: `InvalidKey` for another length.
    pub fn from_scalar(scalar: &Secret) -> Result<Self, CryptoError> {
        let scalar: Zeroizing<[u8; KEY_LEN]> =
            Zeroizing::new(scalar.expose().try_into().map_err(|_| CryptoError::InvalidKey(NAME))?);
        Ok(Self(StaticSecret::from(*scalar)))
    }

    /// The private key, 32 bytes.
    pub fn scalar(&self) -> Secret {
        Secret::from(self.0.as_bytes().as_slice())
    }

    /// The public key.
    pub fn public(&self) -> [u8; KEY_LEN] {
        PublicKey::from(&self.0).to_bytes()
    }

    /// Agrees with a peer's public key. Returns 32 bytes, to be derived from before use. Errors: `InvalidKey`
    /// for a key of another length, or one of small order, with which anybody knows the outcome
    /// (RFC 7748, 6.1).
    pub fn agree(&self, peer: &[u8]) -> Result<Secret, CryptoError> {
        let peer: [u8; KEY_LEN] = peer.try_into().map_err(|_| CryptoError::InvalidKey(NAME))?;
        let shared = self.0.diffie_hellman(&PublicKey::from(peer));
        if shared.was_contributory() {
            Ok(Secret::from(shared.as_bytes().as_slice()))
        } else {
            Err(CryptoError::InvalidKey(NAME))
        }
    }
}

impl PartialEq for X25519PrivateKey {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for X25519PrivateKey {}

impl fmt::Debug for X25519PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("X25519PrivateKey")
    }
}

const NAME: &str = "X25519";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{bytes, vectors};

    fn key(text: &str) -> X25519PrivateKey {
        X25519PrivateKey::from_scalar(&Secret::new(bytes(text))).unwrap()
    }

    #[test]
    fn agree_gives_the_results_of_rfc7748() {
        for line in vectors("crypto/x25519.txt") {
            assert_eq!(key(&line[0]).agree(&bytes(&line[1])), Ok(Secret::new(bytes(&line[2]))));
        }
    }

    #[test]
    fn agree_both_sides_have_one_secret() {
        let (alice, bob) = (X25519PrivateKey::generate().unwrap(), X25519PrivateKey::generate().unwrap());
        assert_eq!(alice.agree(&bob.public()), bob.agree(&alice.public()));
        assert_ne!(alice.agree(&bob.public()), alice.agree(&alice.public()));
    }

    #[test]
    fn agree_wycheproof_points_are_judged_right() {
        for line in vectors("wycheproof/x25519.txt") {
            let (shared, expected) = (key(&line[3]).agree(&bytes(&line[2])), Secret::new(bytes(&line[4])));
            // A secret of zeros is that of a point of small order.
            if expected.expose().iter().all(|byte| *byte == 0) {
                assert_eq!(shared, Err(CryptoError::InvalidKey("X25519")), "{}", line[0]);
            } else {
                assert_eq!(shared, Ok(expected), "{}", line[0]);
            }
        }
    }

    #[test]
    fn agree_key_of_another_length_is_refused() {
        let key = X25519PrivateKey::generate().unwrap();
        for length in [0, 31, 33] {
            assert_eq!(key.agree(&vec![9; length]), Err(CryptoError::InvalidKey("X25519")));
        }
        assert!(X25519PrivateKey::from_scalar(&Secret::new(vec![9; 31])).is_err());
    }

    #[test]
    fn private_key_debug_shows_nothing() {
        assert_eq!(format!("{:?}", X25519PrivateKey::generate().unwrap()), "X25519PrivateKey");
    }
}
