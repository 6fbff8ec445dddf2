//! A private key of either family, held by this process: signs what a card would sign.

use super::digest::digest;
use super::{CryptoError, EcPrivateKey, PublicKey, RsaPrivateKey, SignatureAlgorithm, rsa};

/// A private key of either family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateKey {
    /// RSA.
    Rsa(RsaPrivateKey),
    /// Elliptic curve.
    Ec(EcPrivateKey),
}

impl PrivateKey {
    /// The public half.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => key.public(),
            Self::Ec(key) => key.public(),
        }
    }

    /// Digests and signs a message. Returns PKCS#11's form: modulus length, or r‖s.
    /// Errors: `Unsupported` for an algorithm of the other family; `InputLength` for an RSA key too short for the digest; `NoRandom`.
    pub fn sign_message(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let hashed = digest(algorithm.digest(), message);
        match (self, algorithm) {
            (Self::Rsa(key), SignatureAlgorithm::RsaPkcs1(digest)) => {
                let block = rsa::pkcs1_sign_encode(&digest.digest_info(&hashed), key.modulus_len())?;
                Ok(key.raw(&block)?.expose().to_vec())
            }
            (Self::Ec(key), SignatureAlgorithm::Ecdsa(_)) => key.sign(&hashed),
            _ => {
                Err(CryptoError::Unsupported(format!("{algorithm} with {}", self.public().algorithm_name())))
            }
        }
    }
}

impl From<RsaPrivateKey> for PrivateKey {
    fn from(key: RsaPrivateKey) -> Self {
        Self::Rsa(key)
    }
}

impl From<EcPrivateKey> for PrivateKey {
    fn from(key: EcPrivateKey) -> Self {
        Self::Ec(key)
    }
}
