//! Public keys as values, and their encodings: SubjectPublicKeyInfo, OpenSSH.

use super::Curve;

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
