//! Elliptic curves by name: object identifiers and sizes, no arithmetic.

use std::fmt;

use const_oid::ObjectIdentifier;

/// A named elliptic curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Curve {
    /// NIST P-256, secp256r1 (SEC 2).
    P256,
    /// NIST P-384, secp384r1 (SEC 2).
    P384,
    /// NIST P-521, secp521r1 (SEC 2).
    P521,
    /// secp256k1 (SEC 2).
    Secp256k1,
    /// brainpoolP256r1 (RFC 5639).
    BrainpoolP256r1,
    /// brainpoolP384r1 (RFC 5639).
    BrainpoolP384r1,
}

impl Curve {
    /// Every curve that the mathematics here has.
    pub const ALL: [Self; 6] =
        [Self::P256, Self::P384, Self::P521, Self::Secp256k1, Self::BrainpoolP256r1, Self::BrainpoolP384r1];

    /// The name used on the command line: `p256`, `secp256k1`, `brainpoolp256r1`.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
            Self::Secp256k1 => "secp256k1",
            Self::BrainpoolP256r1 => "brainpoolp256r1",
            Self::BrainpoolP384r1 => "brainpoolp384r1",
        }
    }

    /// The name in its standard, for people: `P-256`, `secp256k1`, `brainpoolP256r1`.
    pub fn standard_name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
            Self::BrainpoolP256r1 => "brainpoolP256r1",
            Self::BrainpoolP384r1 => "brainpoolP384r1",
        }
    }

    /// The curve of a name as people write it: `p256`, `P-256`, `secp256r1`, `prime256v1`, `brainpoolP256r1`.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.replace(['-', '_'], "").to_ascii_lowercase();
        match plain.as_str() {
            "secp256r1" | "prime256v1" | "nistp256" => Some(Self::P256),
            "secp384r1" | "nistp384" => Some(Self::P384),
            "secp521r1" | "nistp521" => Some(Self::P521),
            other => Self::ALL.into_iter().find(|curve| curve.name() == other),
        }
    }

    /// The object identifier of the named curve.
    pub fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
            Self::Secp256k1 => "1.3.132.0.10",
            Self::BrainpoolP256r1 => "1.3.36.3.3.2.8.1.1.7",
            Self::BrainpoolP384r1 => "1.3.36.3.3.2.8.1.1.11",
        })
    }

    /// The curve of an object identifier, if it is one of ours.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == *oid)
    }

    /// The curve of `CKA_EC_PARAMS` that hold an object identifier, if it is one of ours.
    pub fn from_parameters_der(parameters: &[u8]) -> Option<Self> {
        let oid = crate::codec::tlv::find(parameters, 0x06)?;
        Self::from_oid(&ObjectIdentifier::from_bytes(oid).ok()?)
    }

    /// Size of the field in bits: 521 for P-521.
    pub fn bits(self) -> u32 {
        match self {
            Self::P256 | Self::Secp256k1 | Self::BrainpoolP256r1 => 256,
            Self::P384 | Self::BrainpoolP384r1 => 384,
            Self::P521 => 521,
        }
    }

    /// Bytes of one coordinate or scalar: 66 for P-521.
    pub fn field_len(self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    /// `CKA_EC_PARAMS`: the object identifier as DER.
    pub fn parameters_der(self) -> Vec<u8> {
        crate::codec::tlv::encode(0x06, self.oid().as_bytes())
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curve_is_found_by_every_name_and_by_its_parameters() {
        for curve in Curve::ALL {
            assert_eq!(Curve::from_name(curve.name()), Some(curve));
            assert_eq!(Curve::from_name(curve.standard_name()), Some(curve));
            assert_eq!(Curve::from_parameters_der(&curve.parameters_der()), Some(curve));
        }
        assert_eq!(Curve::from_name("prime256v1"), Some(Curve::P256));
        assert_eq!(Curve::from_name("p224"), None);
        assert_eq!(Curve::from_parameters_der(&[0x06, 0x01]), None);
    }
}
