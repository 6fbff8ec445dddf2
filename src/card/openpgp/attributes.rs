//! Algorithm attributes (OpenPGP card 3.4, 4.4.3.9): which kind of key is, or may be, in a place.

use super::place::Place;
use crate::card::admin::KeyType;
use crate::codec::tlv;
use crate::crypto::Curve;
use crate::token::KeyAlgorithm;

/// Algorithm attributes of one place, as they stand on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attributes {
    /// RSA.
    Rsa {
        /// Bits of the modulus.
        modulus_bits: u16,
        /// Bits of the public exponent, as far as an imported one may be long.
        exponent_bits: u16,
        /// What an import has to bring along: 0 the primes, 1 and the modulus, 2 and the CRT numbers, 3 both.
        /// Cards of the first versions do not tell.
        format: Option<u8>,
    },
    /// A key on a curve.
    Curve {
        /// What it computes.
        algorithm: CurveAlgorithm,
        /// The curve; `None` for one that is not ours.
        curve: Option<KeyCurve>,
        /// Its object identifier as it stands on the card.
        oid: Vec<u8>,
        /// An import has to bring the public key along.
        with_public: bool,
    },
    /// An algorithm that nobody knows here.
    Unknown(Vec<u8>),
}

/// The public key algorithms of RFC 4880 and RFC 6637 that compute on curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CurveAlgorithm {
    Ecdh,
    Ecdsa,
    EdDsa,
}

/// A curve of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyCurve {
    /// In the form of Weierstrass.
    Named(Curve),
    Ed25519,
    X25519,
}

impl Attributes {
    /// Reads what a card says. Never fails: what is not understood is `Unknown`.
    pub fn parse(bytes: &[u8]) -> Self {
        match bytes {
            [RSA, m1, m0, e1, e0, format @ ..] if format.len() <= 1 => Self::Rsa {
                modulus_bits: u16::from_be_bytes([*m1, *m0]),
                exponent_bits: u16::from_be_bytes([*e1, *e0]),
                format: format.first().copied(),
            },
            [algorithm, oid @ ..] if !oid.is_empty() => {
                let algorithm = match *algorithm {
                    ECDH => CurveAlgorithm::Ecdh,
                    ECDSA => CurveAlgorithm::Ecdsa,
                    EDDSA => CurveAlgorithm::EdDsa,
                    _ => return Self::Unknown(bytes.to_vec()),
                };
                // The last byte of an object identifier has no eighth bit, so that an FF behind it is the flag.
                let (oid, with_public) = match oid {
                    [oid @ .., WITH_PUBLIC] => (oid, true),
                    oid => (oid, false),
                };
                Self::Curve { algorithm, curve: KeyCurve::of_oid(oid), oid: oid.to_vec(), with_public }
            }
            _ => Self::Unknown(bytes.to_vec()),
        }
    }

    /// As they are written to the card.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Rsa { modulus_bits, exponent_bits, format } => {
                let mut bytes = vec![RSA];
                bytes.extend(modulus_bits.to_be_bytes());
                bytes.extend(exponent_bits.to_be_bytes());
                bytes.extend(format);
                bytes
            }
            Self::Curve { algorithm, oid, with_public, .. } => {
                let mut bytes = vec![algorithm.number()];
                bytes.extend(oid);
                bytes.extend(with_public.then_some(WITH_PUBLIC));
                bytes
            }
            Self::Unknown(bytes) => bytes.clone(),
        }
    }

    /// The kind of key.
    pub fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Rsa { modulus_bits, .. } => KeyAlgorithm::Rsa { modulus_bits: u32::from(*modulus_bits) },
            Self::Curve { curve: Some(KeyCurve::Ed25519), .. } => KeyAlgorithm::Ed25519,
            Self::Curve { curve: Some(KeyCurve::X25519), .. } => KeyAlgorithm::X25519,
            Self::Curve { curve: Some(KeyCurve::Named(curve)), .. } => {
                KeyAlgorithm::Ec { curve: Some(*curve) }
            }
            Self::Curve { curve: None, .. } | Self::Unknown(_) => KeyAlgorithm::Ec { curve: None },
        }
    }

    /// The curve of ours, and what is computed on it.
    pub fn curve(&self) -> Option<(CurveAlgorithm, KeyCurve)> {
        match self {
            Self::Curve { algorithm, curve: Some(curve), .. } => Some((*algorithm, *curve)),
            _ => None,
        }
    }

    /// These attributes with no more changed than a key of this type in `place` takes: cards refuse sizes of the
    /// exponent and forms of import that are not their own. `None` for a kind of key that such a place cannot have.
    pub fn changed_to(&self, place: Place, key_type: KeyType) -> Option<Self> {
        let is_agreement = place == Place::Decryption;
        let (algorithm, curve) = match key_type {
            KeyType::Rsa(bits) => {
                let (exponent_bits, format) = match self {
                    Self::Rsa { exponent_bits, format, .. } => (*exponent_bits, *format),
                    _ => (USUAL_EXPONENT_BITS, Some(FORMAT_PRIMES)),
                };
                return Some(Self::Rsa { modulus_bits: u16::try_from(bits).ok()?, exponent_bits, format });
            }
            KeyType::Ec(curve) if is_agreement => (CurveAlgorithm::Ecdh, KeyCurve::Named(curve)),
            KeyType::Ec(curve) => (CurveAlgorithm::Ecdsa, KeyCurve::Named(curve)),
            KeyType::Ed25519 if !is_agreement => (CurveAlgorithm::EdDsa, KeyCurve::Ed25519),
            KeyType::X25519 if is_agreement => (CurveAlgorithm::Ecdh, KeyCurve::X25519),
            KeyType::Ed25519 | KeyType::X25519 | KeyType::Aes(_) => return None,
        };
        if self.curve() == Some((algorithm, curve)) {
            return Some(self.clone());
        }
        let with_public = matches!(self, Self::Curve { with_public: true, .. });
        Some(Self::Curve { algorithm, curve: Some(curve), oid: curve.oid(), with_public })
    }

    /// Other ways to write the same kind of key, for a card that refuses these.
    pub fn alternatives(&self) -> Vec<Self> {
        match self {
            Self::Rsa { modulus_bits, exponent_bits, format } => {
                let exponents = [*exponent_bits, USUAL_EXPONENT_BITS, SHORT_EXPONENT_BITS];
                let formats = [*format, Some(FORMAT_PRIMES), Some(FORMAT_ALL), Some(FORMAT_CRT)];
                let mut all: Vec<Self> = Vec::new();
                for (exponent_bits, format) in
                    formats.into_iter().flat_map(|format| exponents.map(|exponent| (exponent, format)))
                {
                    let one = Self::Rsa { modulus_bits: *modulus_bits, exponent_bits, format };
                    if one != *self && !all.contains(&one) {
                        all.push(one);
                    }
                }
                all
            }
            Self::Curve { algorithm, curve, oid, with_public } => {
                vec![Self::Curve {
                    algorithm: *algorithm,
                    curve: *curve,
                    oid: oid.clone(),
                    with_public: !with_public,
                }]
            }
            Self::Unknown(_) => Vec::new(),
        }
    }
}

impl CurveAlgorithm {
    /// Its number in OpenPGP (RFC 4880, 9.1; RFC 6637, 5; RFC 9580, 9.1).
    pub fn number(self) -> u8 {
        match self {
            Self::Ecdh => ECDH,
            Self::Ecdsa => ECDSA,
            Self::EdDsa => EDDSA,
        }
    }
}

impl KeyCurve {
    /// Its object identifier, content bytes, as OpenPGP writes it.
    pub fn oid(self) -> Vec<u8> {
        match self {
            Self::Named(curve) => curve.oid().as_bytes().to_vec(),
            Self::Ed25519 => OID_ED25519.to_vec(),
            Self::X25519 => OID_CURVE25519.to_vec(),
        }
    }

    fn of_oid(oid: &[u8]) -> Option<Self> {
        match oid {
            OID_ED25519 | OID_ED25519_RFC8410 => Some(Self::Ed25519),
            OID_CURVE25519 | OID_X25519_RFC8410 => Some(Self::X25519),
            other => Curve::from_parameters_der(&tlv::encode(TAG_OID, other)).map(Self::Named),
        }
    }
}

/// RSA in OpenPGP (RFC 4880, 9.1).
pub(super) const RSA: u8 = 0x01;
const ECDH: u8 = 0x12;
const ECDSA: u8 = 0x13;
const EDDSA: u8 = 0x16;
const WITH_PUBLIC: u8 = 0xFF;
const TAG_OID: u32 = 0x06;
const OID_ED25519: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01];
const OID_CURVE25519: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01];
const OID_ED25519_RFC8410: &[u8] = &[0x2B, 0x65, 0x70];
const OID_X25519_RFC8410: &[u8] = &[0x2B, 0x65, 0x6E];
const USUAL_EXPONENT_BITS: u16 = 32;
const SHORT_EXPONENT_BITS: u16 = 17;
pub(super) const FORMAT_PRIMES: u8 = 0;
const FORMAT_CRT: u8 = 2;
const FORMAT_ALL: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    fn parse(text: &str) -> Attributes {
        Attributes::parse(&hex::decode(text).unwrap())
    }

    #[test]
    fn attributes_are_read_and_written_as_they_were() {
        for text in [
            "010800002000",
            "010c00001103",
            "0108000020",
            "132a8648ce3d030107",
            "132a8648ce3d030107ff",
            "122b81040022",
            "162b06010401da470f01",
            "122b060104019755010501ff",
            "132b2403030208010107",
            "7f",
            "",
            "01",
            "132b",
        ] {
            assert_eq!(hex::encode(&parse(text).encode()), text);
        }
    }

    #[test]
    fn attributes_name_the_kind_of_key() {
        for (text, algorithm) in [
            ("010800002000", KeyAlgorithm::Rsa { modulus_bits: 2048 }),
            ("132a8648ce3d030107ff", KeyAlgorithm::Ec { curve: Some(Curve::P256) }),
            ("122b8104000a", KeyAlgorithm::Ec { curve: Some(Curve::Secp256k1) }),
            ("132b240303020801010b", KeyAlgorithm::Ec { curve: Some(Curve::BrainpoolP384r1) }),
            ("132b240303020801010d", KeyAlgorithm::Ec { curve: None }),
            ("162b06010401da470f01", KeyAlgorithm::Ed25519),
            ("162b6570", KeyAlgorithm::Ed25519),
            ("122b060104019755010501", KeyAlgorithm::X25519),
            ("", KeyAlgorithm::Ec { curve: None }),
        ] {
            assert_eq!(parse(text).algorithm(), algorithm, "{text}");
        }
    }

    #[test]
    fn changed_to_keeps_what_is_the_cards_own() {
        let sig =
            |from: &str, to| parse(from).changed_to(Place::Signature, to).map(|a| hex::encode(&a.encode()));
        assert_eq!(sig("010800001103", KeyType::Rsa(4096)).unwrap(), "011000001103");
        assert_eq!(sig("0108000020", KeyType::Rsa(2048)).unwrap(), "0108000020");
        assert_eq!(sig("132a8648ce3d030107ff", KeyType::Ec(Curve::P384)).unwrap(), "132b81040022ff");
        assert_eq!(sig("010800001103", KeyType::Ed25519).unwrap(), "162b06010401da470f01");
        assert_eq!(sig("162b6570", KeyType::Ed25519).unwrap(), "162b6570");
        assert_eq!(sig("162b6570", KeyType::Rsa(2048)).unwrap(), "010800002000");
        assert_eq!(sig("162b6570", KeyType::X25519), None);
        let dec =
            |to| parse("010800002000").changed_to(Place::Decryption, to).map(|a| hex::encode(&a.encode()));
        assert_eq!(dec(KeyType::Ec(Curve::P256)).unwrap(), "122a8648ce3d030107");
        assert_eq!(dec(KeyType::X25519).unwrap(), "122b060104019755010501");
        assert_eq!(dec(KeyType::Ed25519), None);
    }

    #[test]
    fn alternatives_are_other_spellings_of_the_same_key() {
        let all = parse("010800002000").alternatives();
        assert!(all.iter().any(|one| hex::encode(&one.encode()) == "010800001103"), "{all:?}");
        assert!(!all.contains(&parse("010800002000")));
        assert!(all.len() < 12);
        assert_eq!(parse("132a8648ce3d030107").alternatives(), [parse("132a8648ce3d030107ff")]);
        assert_eq!(parse("7f").alternatives(), []);
    }
}
