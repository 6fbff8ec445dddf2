//! Elliptic-curve private keys over every [`Curve`]: ECDSA (FIPS 186-5) and ECDH (SP 800-56A). No card, no
//! ASN.1 but the signature's own form.

mod arithmetic;
mod signature;

use std::fmt;

pub use signature::{signature_from_der, signature_to_der};

use super::integer::fit;
use super::{CryptoError, Curve, PublicKey, random};
use crate::codec::Secret;
use arithmetic::arithmetic;

/// A private key on a named curve; the scalar is zeroized and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct EcPrivateKey {
    curve: Curve,
    /// Exactly `field_len` bytes, between 1 and the order minus 1.
    scalar: Secret,
    /// Uncompressed.
    point: Vec<u8>,
}

impl EcPrivateKey {
    /// A new random key. Errors: `NoRandom`.
    pub fn generate(curve: Curve) -> Result<Self, CryptoError> {
        Self::from_scalar(curve, arithmetic(curve).generate(&mut random::generator()?).expose())
    }

    /// Takes a private scalar, big-endian; leading zeros may be missing or in excess.
    /// Errors: `InvalidKey` when it is zero or not below the order of the curve.
    pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, CryptoError> {
        let scalar = fit(scalar, curve.field_len()).ok_or(CryptoError::InvalidKey(curve.name()))?;
        let point = arithmetic(curve).public_point(scalar.expose())?;
        Ok(Self { curve, scalar, point })
    }

    /// The curve.
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The private scalar, big-endian, exactly `field_len` bytes.
    pub fn scalar(&self) -> Secret {
        self.scalar.clone()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::Ec { curve: self.curve, point: self.point.clone() }
    }

    /// Signs a digest of any length (cut to the leftmost bits of the order's size, as ECDSA says). Returns
    /// r‖s, each of the curve's `field_len` bytes. The nonce is that of RFC 6979 with fresh random bytes
    /// mixed in (section 3.6): safe with a bad generator, and against faults too. Errors: `InputLength` for
    /// an empty digest, `NoRandom`.
    pub fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let additional = random::secret(self.curve.field_len())?;
        self.sign_rfc6979(digest, additional.expose())
    }

    /// Signs as RFC 6979 says, with no random bytes: the same digest gives the same signature.
    /// Errors: `InputLength` for an empty digest.
    pub fn sign_deterministic(&self, digest: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.sign_rfc6979(digest, &[])
    }

    fn sign_rfc6979(&self, digest: &[u8], additional: &[u8]) -> Result<Vec<u8>, CryptoError> {
        if digest.is_empty() {
            return Err(CryptoError::InputLength { actual: 0, expected: self.curve.field_len() });
        }
        arithmetic(self.curve).sign(self.scalar.expose(), digest, additional)
    }

    /// ECDH with the point of a peer (uncompressed, or compressed). Returns the x coordinate, `field_len`
    /// bytes. Errors: `InvalidPoint`.
    pub fn agree(&self, peer: &[u8]) -> Result<Secret, CryptoError> {
        arithmetic(self.curve).agree(self.scalar.expose(), peer)
    }
}

impl fmt::Debug for EcPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcPrivateKey({})", self.curve)
    }
}

/// Verifies r‖s (two halves of equal length) over a digest. `Ok(false)` is a signature that does not fit,
/// whatever its bytes; errors: `InvalidPoint` for a broken key, `InvalidKey` for a key of another family.
pub fn verify(public: &PublicKey, digest: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
    let PublicKey::Ec { curve, point } = public else {
        return Err(CryptoError::InvalidKey("ECDSA"));
    };
    arithmetic(*curve).verify(point, digest, signature)
}

/// Checks a point (uncompressed, compressed or hybrid form of SEC 1) and gives it uncompressed.
/// Errors: `InvalidPoint` when it is not on the curve, or infinity.
pub fn uncompressed_point(curve: Curve, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
    arithmetic(curve).uncompressed(point)
}

/// A checked point in the compressed form of SEC 1. Errors: `InvalidPoint`.
pub fn compressed_point(curve: Curve, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
    arithmetic(curve).compressed(point)
}

#[cfg(test)]
mod tests;
