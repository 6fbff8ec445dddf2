//! Keys in key files: which kind a file holds, how a key is kept, and how one is put together from its parts.
//! Knows key formats; does not know who may use a key.

use std::collections::BTreeMap;

use super::files::{
    Body, DESCRIPTOR_AES, DESCRIPTOR_EC_BRAINPOOL, DESCRIPTOR_EC_NIST, DESCRIPTOR_EC_SECP256K1,
    DESCRIPTOR_RSA, File, FileUid,
};
use crate::apdu::StatusWord;
use crate::codec::Secret;
use crate::crypto::aes::AesKey;
use crate::crypto::rsa::{MAX_MODULUS_BITS, MIN_MODULUS_BITS, RsaComponents};
use crate::crypto::{CryptoError, Curve, EcPrivateKey, PublicKey, RsaPrivateKey};

/// What a key file is for: its descriptor says the family, its size the bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa { modulus_bits: u32 },
    Ec(Curve),
    Aes { key_bits: u32 },
}

impl KeyKind {
    /// The kind of a file. Errors: 6981 for a file that is no key file, or of a size that this card has no keys of.
    pub fn of(file: &File) -> Result<Self, StatusWord> {
        let bits = u32::from(file.size);
        let kind = match (file.descriptor & !SHAREABLE, bits) {
            (DESCRIPTOR_RSA, MIN_MODULUS_BITS..=MAX_MODULUS_BITS) if bits.is_multiple_of(RSA_STEP) => {
                Self::Rsa { modulus_bits: bits }
            }
            (DESCRIPTOR_EC_NIST, 256) => Self::Ec(Curve::P256),
            (DESCRIPTOR_EC_NIST, 384) => Self::Ec(Curve::P384),
            (DESCRIPTOR_EC_NIST, 521) => Self::Ec(Curve::P521),
            (DESCRIPTOR_EC_SECP256K1, 256) => Self::Ec(Curve::Secp256k1),
            (DESCRIPTOR_EC_BRAINPOOL, 256) => Self::Ec(Curve::BrainpoolP256r1),
            (DESCRIPTOR_EC_BRAINPOOL, 384) => Self::Ec(Curve::BrainpoolP384r1),
            (DESCRIPTOR_AES, 128 | 192 | 256) => Self::Aes { key_bits: bits },
            _ => return Err(INCOMPATIBLE_FILE),
        };
        Ok(kind)
    }

    /// A new random key.
    pub fn generate(self) -> Result<PrivateKey, CryptoError> {
        match self {
            Self::Rsa { modulus_bits } => RsaPrivateKey::generate(modulus_bits).map(PrivateKey::from),
            Self::Ec(curve) => EcPrivateKey::generate(curve).map(PrivateKey::Ec),
            Self::Aes { key_bits } => AesKey::generate(key_bits).map(PrivateKey::Aes),
        }
    }

    /// Reads what [`PrivateKey::to_bytes`] wrote.
    pub fn key_from_bytes(self, bytes: &Secret) -> Result<PrivateKey, CryptoError> {
        match self {
            Self::Rsa { .. } => RsaPrivateKey::from_bytes(bytes).map(PrivateKey::from),
            Self::Ec(curve) => EcPrivateKey::from_scalar(curve, bytes.expose()).map(PrivateKey::Ec),
            Self::Aes { .. } => AesKey::new(bytes.clone()).map(PrivateKey::Aes),
        }
    }
}

/// A key as it lies in its file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StoredKey {
    /// The public half; `None` for a secret key.
    pub public: Option<PublicKey>,
    /// [`PrivateKey::to_bytes`], sealed for whoever may use the key.
    pub sealed: Vec<u8>,
    /// Made on the card, not loaded.
    pub generated: bool,
}

impl StoredKey {
    /// The key in a file. Errors: 6981 for a file that is no key file, 6985 for one that has no key yet.
    pub fn of(file: &File) -> Result<&Self, StatusWord> {
        match &file.body {
            Body::Key(Some(key)) => Ok(key),
            Body::Key(None) => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            _ => Err(INCOMPATIBLE_FILE),
        }
    }
}

/// A key ready for use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    Ec(EcPrivateKey),
    Aes(AesKey),
}

impl PrivateKey {
    /// The secret numbers, for [`KeyKind::key_from_bytes`].
    pub fn to_bytes(&self) -> Result<Secret, CryptoError> {
        match self {
            Self::Rsa(key) => key.to_bytes(),
            Self::Ec(key) => Ok(key.scalar()),
            Self::Aes(key) => Ok(key.secret().clone()),
        }
    }

    /// The public half, where there is one.
    pub fn public(&self) -> Option<PublicKey> {
        match self {
            Self::Rsa(key) => Some(key.public()),
            Self::Ec(key) => Some(key.public()),
            Self::Aes(_) => None,
        }
    }
}

impl From<RsaPrivateKey> for PrivateKey {
    fn from(key: RsaPrivateKey) -> Self {
        Self::Rsa(Box::new(key))
    }
}

/// A key being loaded, part by part (PUT DATA 0180 to 018B). It waits in the card's working memory: a key comes
/// into its file whole or not at all.
#[derive(Debug)]
pub(super) struct KeyUpload {
    /// The file that it is for.
    pub file: FileUid,
    parts: BTreeMap<u8, Secret>,
}

impl KeyUpload {
    /// An upload without parts.
    pub fn new(file: FileUid) -> Self {
        Self { file, parts: BTreeMap::new() }
    }

    /// Adds one part. Returns the key once its parts suffice; parts that come after that are checked against
    /// it. A part that was there already begins a new key.
    /// Errors: 6A86 for a part that this kind of key has not, 6A80 for parts that are no key of the file's size.
    pub fn add(&mut self, kind: KeyKind, part: u8, value: &[u8]) -> Result<Option<PrivateKey>, StatusWord> {
        if !parts_of(kind).contains(&part) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        if self.parts.contains_key(&part) {
            self.parts.clear();
        }
        // The numbers of an RSA key come with leading zeros or without. Those of the second half stand in the number.
        let digits = match kind {
            KeyKind::Rsa { .. } if part == PART_MODULUS_2 => 0,
            KeyKind::Rsa { .. } => value.iter().position(|byte| *byte != 0).unwrap_or(value.len()),
            KeyKind::Ec(_) | KeyKind::Aes { .. } => 0,
        };
        self.parts.insert(part, Secret::from(value.get(digits..).unwrap_or_default()));
        let key = match kind {
            KeyKind::Rsa { modulus_bits } => self.rsa_key(modulus_bits).map(|key| key.map(PrivateKey::from)),
            KeyKind::Ec(curve) => self.ec_key(curve).map(|key| key.map(PrivateKey::Ec)),
            KeyKind::Aes { key_bits } => self.aes_key(key_bits).map(|key| key.map(PrivateKey::Aes)),
        };
        key.map_err(|_| {
            self.parts.clear();
            StatusWord::WRONG_DATA
        })
    }

    fn part(&self, part: u8) -> Option<Secret> {
        self.parts.get(&part).cloned()
    }

    /// Two primes, and the public exponent or the three CRT values that it follows from, are a key.
    fn rsa_key(&self, modulus_bits: u32) -> Result<Option<RsaPrivateKey>, CryptoError> {
        let (Some(prime_p), Some(prime_q)) = (self.part(PART_P), self.part(PART_Q)) else {
            return Ok(None);
        };
        let public_exponent = self.part(PART_PUBLIC_EXPONENT).map(|part| part.expose().to_vec());
        let crt = [PART_DP, PART_DQ, PART_Q_INVERSE].map(|part| self.part(part));
        if public_exponent.is_none() && crt.iter().any(Option::is_none) {
            return Ok(None);
        }
        let [exponent_p, exponent_q, coefficient] = crt;
        let components = RsaComponents {
            modulus: self.modulus(),
            public_exponent,
            prime_p,
            prime_q,
            exponent_p,
            exponent_q,
            coefficient,
        };
        let key = RsaPrivateKey::from_components(&components)?;
        if key.modulus_bits() == modulus_bits { Ok(Some(key)) } else { Err(CryptoError::InvalidKey("RSA")) }
    }

    /// The modulus, in one part or in two halves.
    fn modulus(&self) -> Option<Vec<u8>> {
        let halves =
            || Some([self.part(PART_MODULUS_1)?.expose(), self.part(PART_MODULUS_2)?.expose()].concat());
        self.part(PART_MODULUS).map(|part| part.expose().to_vec()).or_else(halves)
    }

    fn ec_key(&self, curve: Curve) -> Result<Option<EcPrivateKey>, CryptoError> {
        let Some(scalar) = self.part(PART_EC_PRIVATE) else { return Ok(None) };
        let key = EcPrivateKey::from_scalar(curve, scalar.expose())?;
        if let Some(point) = self.part(PART_EC_PUBLIC)
            && key.public() != (PublicKey::Ec { curve, point: point.expose().to_vec() })
        {
            return Err(CryptoError::InvalidKey(curve.name()));
        }
        Ok(Some(key))
    }

    fn aes_key(&self, key_bits: u32) -> Result<Option<AesKey>, CryptoError> {
        let Some(part) = self.part(PART_SYMMETRIC) else { return Ok(None) };
        let key = AesKey::new(part)?;
        if key.key_bits() == key_bits { Ok(Some(key)) } else { Err(CryptoError::InvalidKey("AES")) }
    }
}

/// The parts that a key of this kind can be loaded from. The private exponent of a key without CRT (82, 8A, 8B)
/// is not among them.
fn parts_of(kind: KeyKind) -> &'static [u8] {
    match kind {
        KeyKind::Rsa { .. } => &[
            PART_MODULUS,
            PART_PUBLIC_EXPONENT,
            PART_P,
            PART_Q,
            PART_DP,
            PART_DQ,
            PART_Q_INVERSE,
            PART_MODULUS_1,
            PART_MODULUS_2,
        ],
        KeyKind::Ec(_) => &[PART_EC_PUBLIC, PART_EC_PRIVATE],
        KeyKind::Aes { .. } => &[PART_SYMMETRIC],
    }
}

// Parts of a key, as P2 of PUT DATA names them.
const PART_MODULUS: u8 = 0x80;
const PART_PUBLIC_EXPONENT: u8 = 0x81;
const PART_P: u8 = 0x83;
const PART_Q: u8 = 0x84;
const PART_DP: u8 = 0x85;
const PART_DQ: u8 = 0x86;
const PART_Q_INVERSE: u8 = 0x87;
const PART_MODULUS_1: u8 = 0x88;
const PART_MODULUS_2: u8 = 0x89;
const PART_EC_PUBLIC: u8 = 0x86;
const PART_EC_PRIVATE: u8 = 0x87;
const PART_SYMMETRIC: u8 = 0xA0;

const SHAREABLE: u8 = 0x40;
/// MyEID's steps between RSA sizes.
const RSA_STEP: u32 = 64;
/// 6981: command incompatible with file structure.
pub(super) const INCOMPATIBLE_FILE: StatusWord = StatusWord(0x6981);

#[cfg(test)]
mod tests {
    use super::*;

    fn add_all(upload: &mut KeyUpload, kind: KeyKind, parts: &[(u8, &[u8])]) -> Option<PrivateKey> {
        parts.iter().fold(None, |_, (part, value)| upload.add(kind, *part, value).unwrap())
    }

    #[test]
    fn upload_rsa_is_a_key_with_its_last_needed_part() {
        let key = RsaPrivateKey::generate(1024).unwrap();
        let kind = KeyKind::Rsa { modulus_bits: 1024 };
        let components = key.components().unwrap();
        let secret = |part: &Option<Secret>| part.as_ref().unwrap().expose().to_vec();
        let mut upload = KeyUpload::new(FileUid(2));
        // The order of pkcs15-init, with its leading zero bytes.
        let padded = |digits: &[u8]| [&[0], digits].concat();
        let first: [(u8, &[u8]); 4] = [
            (PART_P, &padded(components.prime_p.expose())),
            (PART_Q, &padded(components.prime_q.expose())),
            (PART_DP, &padded(&secret(&components.exponent_p))),
            (PART_DQ, &padded(&secret(&components.exponent_q))),
        ];
        assert_eq!(add_all(&mut upload, kind, &first), None);
        let inverse = secret(&components.coefficient);
        let loaded = upload.add(kind, PART_Q_INVERSE, &inverse).unwrap().unwrap();
        assert_eq!(loaded.public(), Some(key.public()));
        let modulus = components.modulus.clone().unwrap();
        let (low, high) = modulus.split_at(64);
        assert!(upload.add(kind, PART_MODULUS_1, low).unwrap().is_some());
        assert!(upload.add(kind, PART_MODULUS_2, high).unwrap().is_some());
        assert_eq!(upload.add(kind, PART_PUBLIC_EXPONENT, &[3]), Err(StatusWord::WRONG_DATA));
    }

    #[test]
    fn upload_modulus_whose_second_half_begins_with_zeros_keeps_them() {
        let mut upload = KeyUpload::new(FileUid(2));
        let kind = KeyKind::Rsa { modulus_bits: 1024 };
        assert_eq!(upload.add(kind, PART_MODULUS_1, &[0, 0xC1, 2]), Ok(None));
        assert_eq!(upload.add(kind, PART_MODULUS_2, &[0, 0, 5]), Ok(None));
        assert_eq!(upload.modulus(), Some(vec![0xC1, 2, 0, 0, 5]));
    }

    #[test]
    fn upload_rsa_of_another_size_is_refused() {
        let components = RsaPrivateKey::generate(1024).unwrap().components().unwrap();
        let kind = KeyKind::Rsa { modulus_bits: 2048 };
        let mut upload = KeyUpload::new(FileUid(2));
        upload.add(kind, PART_P, components.prime_p.expose()).unwrap();
        upload.add(kind, PART_Q, components.prime_q.expose()).unwrap();
        assert_eq!(upload.add(kind, PART_PUBLIC_EXPONENT, &[1, 0, 1]), Err(StatusWord::WRONG_DATA));
    }

    #[test]
    fn upload_ec_public_point_must_fit() {
        let key = EcPrivateKey::generate(Curve::P256).unwrap();
        let kind = KeyKind::Ec(Curve::P256);
        let mut upload = KeyUpload::new(FileUid(2));
        let scalar = key.scalar();
        assert!(upload.add(kind, PART_EC_PRIVATE, scalar.expose()).unwrap().is_some());
        let PublicKey::Ec { mut point, .. } = key.public() else { panic!("not EC") };
        assert!(upload.add(kind, PART_EC_PUBLIC, &point).unwrap().is_some());
        point[1] ^= 1;
        upload.add(kind, PART_EC_PRIVATE, scalar.expose()).unwrap();
        assert_eq!(upload.add(kind, PART_EC_PUBLIC, &point), Err(StatusWord::WRONG_DATA));
        assert_eq!(upload.add(kind, PART_SYMMETRIC, &[0; 16]), Err(StatusWord::WRONG_P1_P2));
    }
}
