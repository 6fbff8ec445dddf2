//! Public keys as values, and their encodings: SubjectPublicKeyInfo, `CKA_EC_POINT`, OpenSSH.

pub(super) mod openssh;
mod spki;

use super::digest::{DigestAlgorithm, digest};
use super::integer::trim;
use super::{CryptoError, Curve, ec, ed25519, x25519};
use crate::codec::tlv;

/// A public key of any family.
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
    /// Ed25519 (RFC 8032): signatures.
    Ed25519([u8; ed25519::KEY_LEN]),
    /// X25519 (RFC 7748): agreement.
    X25519([u8; x25519::KEY_LEN]),
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

    /// An Ed25519 key: its 32 bytes, or these in the OCTET STRING of PKCS#11 3.0's `CKA_EC_POINT`.
    /// Errors: `InvalidKey` for bytes that are no point of the curve, or one of small order.
    pub fn from_ed25519(key: &[u8]) -> Result<Self, CryptoError> {
        let key = bare_key(key).ok_or(CryptoError::InvalidKey("Ed25519"))?;
        ed25519::check_public(&key)?;
        Ok(Self::Ed25519(key))
    }

    /// An X25519 key, in either form as for Ed25519: any 32 bytes are one.
    /// Errors: `InvalidKey` for another length.
    pub fn from_x25519(key: &[u8]) -> Result<Self, CryptoError> {
        bare_key(key).map(Self::X25519).ok_or(CryptoError::InvalidKey("X25519"))
    }

    /// Modulus and exponent of an RSA key.
    pub fn rsa(&self) -> Option<(&[u8], &[u8])> {
        match self {
            Self::Rsa { modulus, exponent } => Some((modulus, exponent)),
            Self::Ec { .. } | Self::Ed25519(_) | Self::X25519(_) => None,
        }
    }

    /// Curve and uncompressed point of an elliptic-curve key in the form of Weierstrass.
    pub fn ec(&self) -> Option<(Curve, &[u8])> {
        match self {
            Self::Ec { curve, point } => Some((*curve, point)),
            Self::Rsa { .. } | Self::Ed25519(_) | Self::X25519(_) => None,
        }
    }

    /// The 32 bytes of an Ed25519 or X25519 key.
    pub fn bytes_25519(&self) -> Option<&[u8]> {
        match self {
            Self::Ed25519(key) | Self::X25519(key) => Some(key),
            Self::Rsa { .. } | Self::Ec { .. } => None,
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
            Self::Ed25519(_) | Self::X25519(_) => BITS_25519,
        }
    }

    /// Family and size for a table: `RSA-2048`, `EC P-256`, `Ed25519`.
    pub fn algorithm_name(&self) -> String {
        match self {
            Self::Rsa { .. } => format!("RSA-{}", self.bits()),
            Self::Ec { curve, .. } => format!("EC {}", curve.standard_name()),
            Self::Ed25519(_) => "Ed25519".to_owned(),
            Self::X25519(_) => "X25519".to_owned(),
        }
    }

    /// Bytes of a signature in PKCS#11's form: the modulus, or r‖s; 0 for a key that only agrees.
    pub fn signature_len(&self) -> usize {
        match self {
            Self::Rsa { .. } => self.bits().div_ceil(8) as usize,
            Self::Ec { curve, .. } => curve.field_len() * 2,
            Self::Ed25519(_) => ed25519::SIGNATURE_LEN,
            Self::X25519(_) => 0,
        }
    }

    /// `CKA_EC_POINT`: the uncompressed point in a DER OCTET STRING; for Ed25519 and X25519 the bare key
    /// (PKCS#11 3.1, 6.3.6 and 6.3.8; 3.0 had it wrapped too); `None` for RSA.
    pub fn ec_point_der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa { .. } => None,
            Self::Ec { point, .. } => Some(tlv::encode(TAG_OCTET_STRING, point)),
            Self::Ed25519(key) | Self::X25519(key) => Some(key.to_vec()),
        }
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

/// The 32 bytes of a key, bare or in an OCTET STRING.
fn bare_key<const LEN: usize>(bytes: &[u8]) -> Option<[u8; LEN]> {
    let wrapped = || tlv::find(bytes, TAG_OCTET_STRING)?.try_into().ok();
    bytes.try_into().ok().or_else(wrapped)
}

const TAG_OCTET_STRING: u32 = 0x04;
/// Bits of the field of both curves (RFC 7748, 4.1).
const BITS_25519: u32 = 255;

#[cfg(test)]
mod tests;
