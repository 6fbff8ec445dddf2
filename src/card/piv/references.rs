//! Key references, algorithms and data objects of a PIV card by their numbers and names (SP 800-73-5 part 1, table 3 and
//! 7.2; SP 800-78-5, table 9). Sends nothing.

use crate::codec::tlv;
use crate::crypto::{Curve, PublicKey};
use crate::token::{KeyAlgorithm, KeyUsage, ObjectId};

/// The PIV card application PIN.
pub(super) const PIV_PIN: u8 = 0x80;
/// The global PIN.
pub(super) const GLOBAL_PIN: u8 = 0x00;
/// The PIN unblocking key.
pub(super) const PUK: u8 = 0x81;
/// The management key: who knows it personalises the card.
pub(super) const MANAGEMENT_KEY: u8 = 0x9B;
/// The key by which a YubiKey vouches for others.
pub(super) const ATTESTATION_KEY: u8 = 0xF9;

/// Most retired key management keys of a card.
pub(super) const MAX_RETIRED: u8 = 20;
const FIRST_RETIRED: u8 = 0x82;

/// An asymmetric key of the card, by its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeyReference(u8);

impl KeyReference {
    pub const AUTHENTICATION: Self = Self(0x9A);
    pub const SIGNATURE: Self = Self(0x9C);
    pub const MANAGEMENT: Self = Self(0x9D);
    pub const CARD: Self = Self(0x9E);
    /// Those that every card may have.
    pub const MAIN: [Self; 4] = [Self::AUTHENTICATION, Self::SIGNATURE, Self::MANAGEMENT, Self::CARD];

    /// The retired key management keys, 82 to 95.
    pub fn retired() -> impl DoubleEndedIterator<Item = Self> {
        (FIRST_RETIRED..FIRST_RETIRED + MAX_RETIRED).map(Self)
    }

    /// All keys, in the order of their identifiers.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::MAIN.into_iter().chain(Self::retired())
    }

    pub fn byte(self) -> u8 {
        self.0
    }

    /// The name that users of these cards know: `9a`, `82`.
    pub fn name(self) -> String {
        format!("{:02x}", self.0)
    }

    /// `CKA_ID` as OpenSC gives it: 01 to 04, and 05 for the first retired key.
    pub fn id(self) -> u8 {
        match self {
            Self::AUTHENTICATION => 1,
            Self::SIGNATURE => 2,
            Self::MANAGEMENT => 3,
            Self::CARD => 4,
            Self(retired) => retired - FIRST_RETIRED + 5,
        }
    }

    pub fn of_id(id: &[u8]) -> Option<Self> {
        let [id] = id else { return None };
        Self::all().find(|key| key.id() == *id)
    }

    /// The key as the standard calls it.
    pub fn label(self) -> String {
        match self {
            Self::AUTHENTICATION => "PIV Authentication Key".to_owned(),
            Self::SIGNATURE => "Digital Signature Key".to_owned(),
            Self::MANAGEMENT => "Key Management Key".to_owned(),
            Self::CARD => "Card Authentication Key".to_owned(),
            retired => format!("Retired Key Management Key {}", retired.retired_number()),
        }
    }

    /// Its certificate as the standard calls it.
    pub fn certificate_label(self) -> String {
        match self {
            Self::AUTHENTICATION => "X.509 Certificate for PIV Authentication".to_owned(),
            Self::SIGNATURE => "X.509 Certificate for Digital Signature".to_owned(),
            Self::MANAGEMENT => "X.509 Certificate for Key Management".to_owned(),
            Self::CARD => "X.509 Certificate for Card Authentication".to_owned(),
            retired => {
                format!("Retired X.509 Certificate for Key Management {}", retired.retired_number())
            }
        }
    }

    /// The data object with its certificate.
    pub fn certificate(self) -> Container {
        Container::of(match self {
            Self::AUTHENTICATION => 0x05,
            Self::SIGNATURE => 0x0A,
            Self::MANAGEMENT => 0x0B,
            Self::CARD => 0x01,
            Self(retired) => 0x0D + (retired - FIRST_RETIRED),
        })
    }

    /// What the standard lets it be used for. The management keys sign too, on every card that lets them have a
    /// certificate by a request of their own.
    pub fn usage(self) -> KeyUsage {
        match self {
            Self::AUTHENTICATION => KeyUsage { sign: true, decrypt: true, ..KeyUsage::default() },
            Self::SIGNATURE => KeyUsage { sign: true, non_repudiation: true, ..KeyUsage::default() },
            Self::CARD => KeyUsage { sign: true, ..KeyUsage::default() },
            _ => KeyUsage { sign: true, decrypt: true, unwrap: true, derive: true, ..KeyUsage::default() },
        }
    }

    /// 1 to 20.
    pub fn retired_number(self) -> u8 {
        self.0.saturating_sub(FIRST_RETIRED) + 1
    }

    pub fn private_object(self) -> ObjectId {
        ObjectId(PRIVATE | u32::from(self.0))
    }

    pub fn public_object(self) -> ObjectId {
        ObjectId(PUBLIC | u32::from(self.0))
    }

    pub fn certificate_object(self) -> ObjectId {
        ObjectId(CERTIFICATE | u32::from(self.0))
    }

    /// The key behind an object, by what it is.
    pub fn of_object(object: ObjectId) -> Option<(Self, Half)> {
        let key = Self::all().find(|key| u32::from(key.0) == object.0 & 0xFF)?;
        let half = match object.0 & !0xFF {
            PRIVATE => Half::Private,
            PUBLIC => Half::Public,
            CERTIFICATE => Half::Certificate,
            _ => return None,
        };
        Some((key, half))
    }
}

/// What of a key an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Private,
    Public,
    Certificate,
}

const PRIVATE: u32 = 0x100;
const PUBLIC: u32 = 0x200;
const CERTIFICATE: u32 = 0x300;
const DATA: u32 = 0x400;

/// A data object, by its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container(Vec<u8>);

impl Container {
    /// `5FC1xx`, the interoperable ones of the standard.
    fn of(last: u8) -> Self {
        Self(vec![0x5F, 0xC1, last])
    }

    pub fn discovery() -> Self {
        Self(vec![TAG_DISCOVERY])
    }

    pub fn chuid() -> Self {
        Self::of(0x02)
    }

    pub fn capability() -> Self {
        Self::of(0x07)
    }

    pub fn key_history() -> Self {
        Self::of(0x0C)
    }

    pub fn tag(&self) -> &[u8] {
        &self.0
    }

    /// The tag in which GET DATA gives its value.
    pub fn wrapper(&self) -> u32 {
        match self.0.as_slice() {
            [TAG_DISCOVERY] => u32::from(TAG_DISCOVERY),
            [0x7F, 0x61] => 0x7F61,
            _ => TAG_VALUE,
        }
    }
}

impl std::fmt::Display for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::codec::hex::encode(&self.0).to_uppercase())
    }
}

/// A data object that is no certificate.
#[derive(Debug)]
pub(super) struct DataRow {
    /// Its name in the standard.
    pub name: &'static str,
    tag: &'static [u8],
    /// Its object identifier below 2.16.840.1.101.3.7 (SP 800-73-5 part 1, table 3), content bytes.
    oid: &'static [u8],
    /// Readable only with the PIN.
    pub private: bool,
}

impl DataRow {
    pub fn container(&self) -> Container {
        Container(self.tag.to_vec())
    }

    /// Its object identifier, DER.
    pub fn oid(&self) -> Vec<u8> {
        tlv::encode(TAG_OBJECT_IDENTIFIER, &[&PIV_ARC[..], self.oid].concat())
    }
}

/// The data objects of the standard that are no certificates of keys.
pub(super) static DATA_OBJECTS: &[DataRow] = &[
    row("Card Capability Container", &[0x5F, 0xC1, 0x07], &[1, 0x81, 0x5B, 0x00], false),
    row("Card Holder Unique Identifier", &[0x5F, 0xC1, 0x02], &[2, 0x30, 0x00], false),
    row("Cardholder Fingerprints", &[0x5F, 0xC1, 0x03], &[2, 0x60, 0x10], true),
    row("Security Object", &[0x5F, 0xC1, 0x06], &[2, 0x81, 0x10, 0x00], false),
    row("Cardholder Facial Image", &[0x5F, 0xC1, 0x08], &[2, 0x60, 0x30], true),
    row("Printed Information", &[0x5F, 0xC1, 0x09], &[2, 0x30, 0x01], true),
    row("Discovery Object", &[0x7E], &[2, 0x60, 0x50], false),
    row("Key History Object", &[0x5F, 0xC1, 0x0C], &[2, 0x60, 0x60], false),
    row("Cardholder Iris Images", &[0x5F, 0xC1, 0x21], &[2, 0x10, 0x15], true),
    row("Biometric Information Templates Group Template", &[0x7F, 0x61], &[2, 0x10, 0x16], false),
    row("Secure Messaging Certificate Signer", &[0x5F, 0xC1, 0x22], &[2, 0x10, 0x17], false),
    row("Pairing Code Reference Data Container", &[0x5F, 0xC1, 0x23], &[2, 0x10, 0x18], true),
];

const fn row(name: &'static str, tag: &'static [u8], oid: &'static [u8], private: bool) -> DataRow {
    DataRow { name, tag, oid, private }
}

/// The object of a row of [`DATA_OBJECTS`].
pub(super) fn data_object(index: usize) -> ObjectId {
    ObjectId(DATA | u32::try_from(index).unwrap_or(0xFF) & 0xFF)
}

/// The row of an object.
pub(super) fn data_row(object: ObjectId) -> Option<&'static DataRow> {
    (object.0 & !0xFF == DATA).then(|| DATA_OBJECTS.get((object.0 & 0xFF) as usize)).flatten()
}

/// What a private key computes with, as GENERAL AUTHENTICATE names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa(u32),
    Ec(Curve),
    Ed25519,
    X25519,
}

impl Algorithm {
    /// All that are known, with their numbers.
    const TABLE: [(u8, Self); 8] = [
        (0x06, Self::Rsa(1024)),
        (0x07, Self::Rsa(2048)),
        (0x05, Self::Rsa(3072)),
        (0x16, Self::Rsa(4096)), // YubiKey 5.7 and Nitrokey
        (0x11, Self::Ec(Curve::P256)),
        (0x14, Self::Ec(Curve::P384)),
        (0xE0, Self::Ed25519), // YubiKey 5.7
        (0xE1, Self::X25519),
    ];

    pub fn byte(self) -> Option<u8> {
        Self::TABLE.iter().find(|(_, algorithm)| *algorithm == self).map(|(byte, _)| *byte)
    }

    pub fn of_byte(byte: u8) -> Option<Self> {
        Self::TABLE.iter().find(|(number, _)| *number == byte).map(|(_, algorithm)| *algorithm)
    }

    pub fn of_public(public: &PublicKey) -> Self {
        match public {
            PublicKey::Rsa { .. } => Self::Rsa(public.bits()),
            PublicKey::Ec { curve, .. } => Self::Ec(*curve),
            PublicKey::Ed25519(_) => Self::Ed25519,
            PublicKey::X25519(_) => Self::X25519,
        }
    }

    pub fn neutral(self) -> KeyAlgorithm {
        match self {
            Self::Rsa(modulus_bits) => KeyAlgorithm::Rsa { modulus_bits },
            Self::Ec(curve) => KeyAlgorithm::Ec { curve: Some(curve) },
            Self::Ed25519 => KeyAlgorithm::Ed25519,
            Self::X25519 => KeyAlgorithm::X25519,
        }
    }
}

const TAG_DISCOVERY: u8 = 0x7E;
const TAG_VALUE: u32 = 0x53;
const TAG_OBJECT_IDENTIFIER: u32 = 0x06;
/// 2.16.840.1.101.3.7: joint-iso-itu-t, country, us, organization, gov, csor, piv.
const PIV_ARC: [u8; 7] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x07];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_of_opensc() {
        let ids: Vec<(String, u8)> = KeyReference::all().map(|key| (key.name(), key.id())).collect();
        assert_eq!(
            ids[..5],
            [("9a".into(), 1), ("9c".into(), 2), ("9d".into(), 3), ("9e".into(), 4), ("82".into(), 5)]
        );
        assert_eq!(ids.last(), Some(&("95".to_owned(), 0x18)));
        for key in KeyReference::all() {
            assert_eq!(KeyReference::of_id(&[key.id()]), Some(key));
        }
        assert_eq!(KeyReference::of_id(&[0]), None);
        assert_eq!(KeyReference::of_id(&[1, 1]), None);
    }

    #[test]
    fn certificates_are_in_the_containers_of_the_standard() {
        let tags = |key: KeyReference| key.certificate().to_string();
        assert_eq!(KeyReference::MAIN.map(tags), ["5FC105", "5FC10A", "5FC10B", "5FC101"]);
        let retired: Vec<String> = KeyReference::retired().map(tags).collect();
        assert_eq!((retired[0].as_str(), retired[19].as_str()), ("5FC10D", "5FC120"));
    }

    #[test]
    fn objects_are_found_again_and_no_two_are_one() {
        let mut seen = std::collections::BTreeSet::new();
        for key in KeyReference::all() {
            for (object, half) in [
                (key.private_object(), Half::Private),
                (key.public_object(), Half::Public),
                (key.certificate_object(), Half::Certificate),
            ] {
                assert!(seen.insert(object));
                assert_eq!(KeyReference::of_object(object), Some((key, half)));
                assert!(data_row(object).is_none());
            }
        }
        for (index, row) in DATA_OBJECTS.iter().enumerate() {
            assert!(seen.insert(data_object(index)));
            assert_eq!(data_row(data_object(index)).unwrap().name, row.name);
            assert_eq!(KeyReference::of_object(data_object(index)), None);
        }
        assert!(data_row(ObjectId(0x4FF)).is_none());
    }

    #[test]
    fn algorithms_are_told_by_their_numbers() {
        for (byte, algorithm) in Algorithm::TABLE {
            assert_eq!((algorithm.byte(), Algorithm::of_byte(byte)), (Some(byte), Some(algorithm)));
        }
        assert_eq!(Algorithm::of_byte(0x15), None);
        assert_eq!(Algorithm::Ec(Curve::Secp256k1).byte(), None);
    }
}
