//! Public keys as values, and their encodings: SubjectPublicKeyInfo, `CKA_EC_POINT`, OpenSSH.

mod openssh;
mod spki;

use super::digest::{DigestAlgorithm, digest};
use super::integer::trim;
use super::{CryptoError, Curve, ec};
use crate::codec::tlv;

/// A public key of either family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA: modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// Modulus.
        modulus: Vec<u8>,
        /// Public exponent.
        exponent: Vec<u8>,
    },
    /// Elliptic curve: the uncompressed point `04 x y`.
    Ec {
        /// Named curve.
        curve: Curve,
        /// Uncompressed point, 1 + 2 × field_len bytes.
        point: Vec<u8>,
    },
}

impl PublicKey {
    /// An RSA key of modulus and exponent, big-endian; leading zeros are taken off.
    /// Errors: `InvalidKey` when one of them is zero.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, CryptoError> {
        let (modulus, exponent) = (trim(modulus), trim(exponent));
        if modulus.is_empty() || exponent.is_empty() {
            return Err(CryptoError::InvalidKey("RSA"));
        }
        Ok(Self::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// An elliptic-curve key of a point: uncompressed, compressed, or either in the OCTET STRING of
    /// `CKA_EC_POINT`. Errors: `InvalidPoint` when it is not on the curve.
    pub fn from_ec_point(curve: Curve, point: &[u8]) -> Result<Self, CryptoError> {
        let bare = ec::uncompressed_point(curve, point);
        let point = match (bare, tlv::find(point, TAG_OCTET_STRING)) {
            (Ok(point), _) => point,
            (Err(_), Some(wrapped)) => ec::uncompressed_point(curve, wrapped)?,
            (Err(error), None) => return Err(error),
        };
        Ok(Self::Ec { curve, point })
    }

    /// Modulus and exponent of an RSA key.
    pub fn rsa(&self) -> Option<(&[u8], &[u8])> {
        match self {
            Self::Rsa { modulus, exponent } => Some((modulus, exponent)),
            Self::Ec { .. } => None,
        }
    }

    /// Curve and uncompressed point of an elliptic-curve key.
    pub fn ec(&self) -> Option<(Curve, &[u8])> {
        match self {
            Self::Rsa { .. } => None,
            Self::Ec { curve, point } => Some((*curve, point)),
        }
    }

    /// Bits of the modulus, or of the curve's field.
    pub fn bits(&self) -> u32 {
        match self {
            Self::Rsa { modulus, .. } => {
                let modulus = trim(modulus);
                let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
                (modulus.len() as u32).saturating_mul(8).saturating_sub(unused)
            }
            Self::Ec { curve, .. } => curve.bits(),
        }
    }

    /// Family and size for a table: `RSA-2048`, `EC P-256`.
    pub fn algorithm_name(&self) -> String {
        match self {
            Self::Rsa { .. } => format!("RSA-{}", self.bits()),
            Self::Ec { curve, .. } => format!("EC {}", curve.standard_name()),
        }
    }

    /// Bytes of a signature in PKCS#11's form: the modulus, or r‖s.
    pub fn signature_len(&self) -> usize {
        match self {
            Self::Rsa { .. } => self.bits().div_ceil(8) as usize,
            Self::Ec { curve, .. } => curve.field_len() * 2,
        }
    }

    /// `CKA_EC_POINT`: the uncompressed point in a DER OCTET STRING; `None` for RSA.
    pub fn ec_point_der(&self) -> Option<Vec<u8>> {
        self.ec().map(|(_, point)| tlv::encode(TAG_OCTET_STRING, point))
    }

    /// The `CKA_ID` of a key that nobody gave one: SHA-1 of the public key's bits, 20 bytes. It is what
    /// RFC 5280 (4.2.1.2, the first way) puts into a certificate as subject key identifier, so that a key and
    /// its certificate find each other.
    pub fn default_id(&self) -> Vec<u8> {
        digest(DigestAlgorithm::Sha1, &self.key_bits())
    }

    /// SHA-256 of the SubjectPublicKeyInfo: names the key, whatever certificate it is in.
    pub fn fingerprint_sha256(&self) -> Vec<u8> {
        digest(DigestAlgorithm::Sha256, &self.to_spki_der())
    }
}

const TAG_OCTET_STRING: u32 = 0x04;

#[cfg(test)]
mod tests;
