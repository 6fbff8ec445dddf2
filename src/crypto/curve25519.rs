//! The two keys on the curve 25519 where a key has to name its curve: object identifiers and names, no arithmetic.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc8410::{ID_ED_25519, ID_X_25519};

use crate::codec::tlv;

/// What a key on the curve 25519 is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve25519 {
    /// Signatures: Ed25519, `CKK_EC_EDWARDS`.
    Ed25519,
    /// Agreement: X25519, `CKK_EC_MONTGOMERY`.
    X25519,
}

impl Curve25519 {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::X25519];

    /// The name of the key: `Ed25519`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }

    /// The object identifier of RFC 8410.
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Ed25519 => ID_ED_25519,
            Self::X25519 => ID_X_25519,
        }
    }

    /// `CKA_EC_PARAMS`: the object identifier as DER, of the two forms that PKCS#11 has (3.1, 6.3.5 and 6.3.7) the
    /// one that also stands in certificates.
    pub fn parameters_der(self) -> Vec<u8> {
        tlv::encode(TAG_OID, self.oid().as_bytes())
    }

    /// Reads `CKA_EC_PARAMS` in either form: the object identifier (also the one that was in use before RFC 8410),
    /// or the name of the curve.
    pub fn from_parameters_der(parameters: &[u8]) -> Option<Self> {
        let mut reader = tlv::Reader::new(parameters);
        let element = reader.next()?.ok()?;
        if !reader.rest().is_empty() {
            return None;
        }
        Self::ALL.into_iter().find(|curve| match element.tag {
            TAG_OID => curve.oids().iter().any(|oid| oid.as_bytes() == element.value),
            TAG_PRINTABLE_STRING => curve.curve_name().as_bytes() == element.value,
            _ => false,
        })
    }

    fn curve_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "edwards25519",
            Self::X25519 => "curve25519",
        }
    }

    fn oids(self) -> [ObjectIdentifier; 2] {
        match self {
            // GnuPG's arc, and Kryptel's as OpenPGP cards use it.
            Self::Ed25519 => [self.oid(), ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.15.1")],
            Self::X25519 => [self.oid(), ObjectIdentifier::new_unwrap("1.3.6.1.4.1.3029.1.5.1")],
        }
    }
}

const TAG_OID: u32 = 0x06;
const TAG_PRINTABLE_STRING: u32 = 0x13;

#[cfg(test)]
mod tests {
    use super::*;

    // I.48
    #[test]
    fn parameters_of_both_forms_and_the_old_numbers_are_read() {
        for (form, curve) in [
            ("06032b6570", Curve25519::Ed25519),
            ("06032b656e", Curve25519::X25519),
            ("06092b06010401da470f01", Curve25519::Ed25519),
            ("060a2b060104019755010501", Curve25519::X25519),
            ("130c656477617264733235353139", Curve25519::Ed25519),
            ("130a63757276653235353139", Curve25519::X25519),
        ] {
            let parameters = crate::codec::hex::decode(form).unwrap();
            assert_eq!(Curve25519::from_parameters_der(&parameters), Some(curve), "{form}");
            assert_eq!(Curve25519::from_parameters_der(&curve.parameters_der()), Some(curve));
            let longer = [&parameters[..], &[0]].concat();
            assert_eq!(Curve25519::from_parameters_der(&longer), None);
        }
        for form in ["", "06", "06082a8648ce3d030107", "130c656477617264733434383838"] {
            let parameters = crate::codec::hex::decode(form).unwrap();
            assert_eq!(Curve25519::from_parameters_der(&parameters), None, "{form}");
        }
    }
}
