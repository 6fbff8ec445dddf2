//! Mechanisms (PKCS#11 3.1, 6): one file each, in one static table. A plan says what the host does and what
//! the card does; making it is pure, so a length query never touches the card.

mod digest;
mod ecdsa;
mod eddsa;
mod generation;
mod plan;
mod rsa_oaep;
mod rsa_pkcs;
mod rsa_pss;
mod rsa_x509;

use std::fmt;

use cryptoki_sys as ck;

use super::error::Error;
use crate::card::Abilities;
use crate::crypto::DigestAlgorithm;
use crate::crypto::rsa::PssParameters;
use crate::token::KeyAlgorithm;
use digest::Digest;
use ecdsa::Ecdsa;
use eddsa::Eddsa;
use generation::Generation;
use rsa_oaep::RsaOaep;
use rsa_pkcs::RsaPkcs;
use rsa_pss::RsaPss;
use rsa_x509::RsaX509;

pub use plan::{Encoding, KeyFacts, Plan, Primitive, Purpose};

/// One mechanism. Adding one is a file here and a row in the table.
pub trait Mechanism: Sync {
    /// Its number.
    fn id(&self) -> MechanismId;

    /// What a card of these abilities, with the host's help, can do with it; `None` when nothing.
    fn info(&self, abilities: &Abilities) -> Option<MechanismInfo>;

    /// True when keys of this algorithm can be used with it.
    fn suits(&self, algorithm: KeyAlgorithm) -> bool;

    /// The parameters that it takes.
    fn parameter_kind(&self) -> ParameterKind {
        ParameterKind::None
    }

    /// The digest that the host makes of the data first; `None` for mechanisms that take the data as it is.
    fn digest(&self) -> Option<DigestAlgorithm> {
        None
    }

    /// Splits an operation between host and card. Pure. `key` is `None` for operations without a key.
    /// Errors: `MechanismInvalid`, `MechanismParameters`, `KeyTypeInconsistent`, `KeySizeRange`.
    fn plan(
        &self,
        purpose: Purpose,
        parameters: &Parameters,
        key: Option<&KeyFacts<'_>>,
    ) -> Result<Plan, Error>;
}

/// The mechanism with this number. Errors: `MechanismInvalid`.
pub fn mechanism(id: MechanismId) -> Result<&'static dyn Mechanism, Error> {
    TABLE.iter().copied().find(|known| known.id() == id).ok_or(Error::MechanismInvalid(id))
}

/// Mechanisms of a card with the host's help, in the order of their numbers, each once.
pub fn available(abilities: &Abilities) -> Vec<MechanismId> {
    let known = TABLE.iter().filter(|known| known.info(abilities).is_some());
    let mut ids: Vec<_> = known.map(|known| known.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Mechanisms of a card that work with a key of this algorithm, in the order of their numbers.
pub fn suitable(abilities: &Abilities, algorithm: KeyAlgorithm) -> Vec<MechanismId> {
    let suits = |id: &MechanismId| mechanism(*id).is_ok_and(|known| known.suits(algorithm));
    available(abilities).into_iter().filter(suits).collect()
}

/// A mechanism's number (`CKM_…`). Open: any number is one, only the known ones have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MechanismId(pub u64);

/// A mechanism with its parameters, as a caller asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MechanismCall {
    /// Which.
    pub id: MechanismId,
    /// Its parameters.
    pub parameters: Parameters,
}

/// Parameters of a mechanism.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Parameters {
    /// None.
    #[default]
    None,
    /// RSA-PSS.
    Pss(PssParameters),
    /// RSA-OAEP.
    Oaep {
        /// Digest of the label.
        hash: DigestAlgorithm,
        /// Digest in the mask generation function.
        mgf: DigestAlgorithm,
        /// Label, usually empty.
        label: Vec<u8>,
    },
}

/// Kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// It takes none.
    None,
    /// [`Parameters::Pss`].
    Pss,
    /// [`Parameters::Oaep`].
    Oaep,
}

impl From<MechanismId> for MechanismCall {
    fn from(id: MechanismId) -> Self {
        Self { id, parameters: Parameters::None }
    }
}

/// What a token can do with a mechanism (`CK_MECHANISM_INFO`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MechanismInfo {
    /// Smallest key in bits; 0 where there is no key.
    pub min_key_bits: u32,
    /// Largest key in bits; 0 where there is no key.
    pub max_key_bits: u32,
    /// The card computes; false where the host does.
    pub hardware: bool,
    /// What it is for.
    pub uses: Uses,
}

/// Functions that take a mechanism.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub struct Uses {
    pub encrypt: bool,
    pub decrypt: bool,
    pub digest: bool,
    pub sign: bool,
    pub sign_recover: bool,
    pub verify: bool,
    pub verify_recover: bool,
    pub generate: bool,
    pub generate_key_pair: bool,
    pub wrap: bool,
    pub unwrap: bool,
    pub derive: bool,
}

#[expect(missing_docs, reason = "each name is that of the standard")]
impl MechanismId {
    pub const RSA_PKCS_KEY_PAIR_GEN: Self = Self(ck::CKM_RSA_PKCS_KEY_PAIR_GEN);
    pub const EC_KEY_PAIR_GEN: Self = Self(ck::CKM_EC_KEY_PAIR_GEN);
    pub const EC_EDWARDS_KEY_PAIR_GEN: Self = Self(ck::CKM_EC_EDWARDS_KEY_PAIR_GEN);
    pub const EC_MONTGOMERY_KEY_PAIR_GEN: Self = Self(ck::CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
    pub const AES_KEY_GEN: Self = Self(ck::CKM_AES_KEY_GEN);
    pub const RSA_PKCS: Self = Self(ck::CKM_RSA_PKCS);
    pub const RSA_X_509: Self = Self(ck::CKM_RSA_X_509);
    pub const SHA1_RSA_PKCS: Self = Self(ck::CKM_SHA1_RSA_PKCS);
    pub const SHA224_RSA_PKCS: Self = Self(ck::CKM_SHA224_RSA_PKCS);
    pub const SHA256_RSA_PKCS: Self = Self(ck::CKM_SHA256_RSA_PKCS);
    pub const SHA384_RSA_PKCS: Self = Self(ck::CKM_SHA384_RSA_PKCS);
    pub const SHA512_RSA_PKCS: Self = Self(ck::CKM_SHA512_RSA_PKCS);
    pub const SHA3_224_RSA_PKCS: Self = Self(ck::CKM_SHA3_224_RSA_PKCS);
    pub const SHA3_256_RSA_PKCS: Self = Self(ck::CKM_SHA3_256_RSA_PKCS);
    pub const SHA3_384_RSA_PKCS: Self = Self(ck::CKM_SHA3_384_RSA_PKCS);
    pub const SHA3_512_RSA_PKCS: Self = Self(ck::CKM_SHA3_512_RSA_PKCS);
    pub const RSA_PKCS_OAEP: Self = Self(ck::CKM_RSA_PKCS_OAEP);
    pub const RSA_PKCS_PSS: Self = Self(ck::CKM_RSA_PKCS_PSS);
    pub const SHA1_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA1_RSA_PKCS_PSS);
    pub const SHA224_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA224_RSA_PKCS_PSS);
    pub const SHA256_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA256_RSA_PKCS_PSS);
    pub const SHA384_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA384_RSA_PKCS_PSS);
    pub const SHA512_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA512_RSA_PKCS_PSS);
    pub const SHA3_224_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_224_RSA_PKCS_PSS);
    pub const SHA3_256_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_256_RSA_PKCS_PSS);
    pub const SHA3_384_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_384_RSA_PKCS_PSS);
    pub const SHA3_512_RSA_PKCS_PSS: Self = Self(ck::CKM_SHA3_512_RSA_PKCS_PSS);
    pub const ECDSA: Self = Self(ck::CKM_ECDSA);
    pub const ECDSA_SHA1: Self = Self(ck::CKM_ECDSA_SHA1);
    pub const ECDSA_SHA224: Self = Self(ck::CKM_ECDSA_SHA224);
    pub const ECDSA_SHA256: Self = Self(ck::CKM_ECDSA_SHA256);
    pub const ECDSA_SHA384: Self = Self(ck::CKM_ECDSA_SHA384);
    pub const ECDSA_SHA512: Self = Self(ck::CKM_ECDSA_SHA512);
    pub const ECDSA_SHA3_224: Self = Self(ck::CKM_ECDSA_SHA3_224);
    pub const ECDSA_SHA3_256: Self = Self(ck::CKM_ECDSA_SHA3_256);
    pub const ECDSA_SHA3_384: Self = Self(ck::CKM_ECDSA_SHA3_384);
    pub const ECDSA_SHA3_512: Self = Self(ck::CKM_ECDSA_SHA3_512);
    pub const EDDSA: Self = Self(ck::CKM_EDDSA);
    pub const ECDH1_DERIVE: Self = Self(ck::CKM_ECDH1_DERIVE);
    pub const SHA_1: Self = Self(ck::CKM_SHA_1);
    pub const SHA224: Self = Self(ck::CKM_SHA224);
    pub const SHA256: Self = Self(ck::CKM_SHA256);
    pub const SHA384: Self = Self(ck::CKM_SHA384);
    pub const SHA512: Self = Self(ck::CKM_SHA512);
    pub const SHA3_224: Self = Self(ck::CKM_SHA3_224);
    pub const SHA3_256: Self = Self(ck::CKM_SHA3_256);
    pub const SHA3_384: Self = Self(ck::CKM_SHA3_384);
    pub const SHA3_512: Self = Self(ck::CKM_SHA3_512);

    /// Its name in the standard, if it is a known one: `CKM_SHA256_RSA_PKCS`.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|known| known.0 == self).map(|known| known.1)
    }

    /// The mechanism with this name, with or without `CKM_`, in any case, `-` or `_`: `sha256-rsa-pkcs`.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.to_ascii_uppercase().replace('-', "_");
        let plain = plain.strip_prefix("CKM_").unwrap_or(&plain);
        NAMES.iter().find(|known| known.1.strip_prefix("CKM_") == Some(plain)).map(|known| known.0)
    }
}

impl fmt::Display for MechanismId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "mechanism {:#x}", self.0),
        }
    }
}

/// Refuses parameters for a mechanism that has none.
fn no_parameters(id: MechanismId, parameters: &Parameters) -> Result<(), Error> {
    match parameters {
        Parameters::None => Ok(()),
        Parameters::Pss(_) | Parameters::Oaep { .. } => {
            Err(Error::MechanismParameters { mechanism: id, why: "it takes none" })
        }
    }
}

/// Length of an RSA key's modulus in bytes, and the card's abilities where the key is on one.
fn rsa_key<'a>(id: MechanismId, key: Option<&KeyFacts<'a>>) -> Result<(usize, Option<&'a Abilities>), Error> {
    let Some(KeyFacts { algorithm: KeyAlgorithm::Rsa { modulus_bits }, card }) = key else {
        return Err(Error::KeyTypeInconsistent { mechanism: id, needed: "an RSA key" });
    };
    let size_error = Error::KeySizeRange { mechanism: id, bits: *modulus_bits };
    let range = |abilities: &Abilities| {
        let (min, max) = (abilities.rsa_bits.iter().min(), abilities.rsa_bits.iter().max());
        min.is_some_and(|min| min <= modulus_bits) && max.is_some_and(|max| modulus_bits <= max)
    };
    if card.is_some_and(|abilities| !range(abilities)) {
        return Err(size_error);
    }
    Ok((plan::modulus_len(*modulus_bits).ok_or(size_error)?, *card))
}

/// The key sizes of a card's RSA; `None` when it has none.
fn rsa_info(abilities: &Abilities, uses: Uses) -> Option<MechanismInfo> {
    Some(MechanismInfo {
        min_key_bits: abilities.rsa_bits.iter().copied().min()?,
        max_key_bits: abilities.rsa_bits.iter().copied().max()?,
        hardware: true,
        uses,
    })
}

/// Every mechanism.
static TABLE: &[&dyn Mechanism] = &[
    &Generation { id: MechanismId::RSA_PKCS_KEY_PAIR_GEN },
    &Generation { id: MechanismId::EC_KEY_PAIR_GEN },
    &Generation { id: MechanismId::EC_EDWARDS_KEY_PAIR_GEN },
    &Generation { id: MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN },
    &Generation { id: MechanismId::AES_KEY_GEN },
    &RsaPkcs { id: MechanismId::RSA_PKCS, digest: None },
    &RsaX509,
    &RsaPkcs { id: MechanismId::SHA1_RSA_PKCS, digest: Some(DigestAlgorithm::Sha1) },
    &RsaPkcs { id: MechanismId::SHA224_RSA_PKCS, digest: Some(DigestAlgorithm::Sha224) },
    &RsaPkcs { id: MechanismId::SHA256_RSA_PKCS, digest: Some(DigestAlgorithm::Sha256) },
    &RsaPkcs { id: MechanismId::SHA384_RSA_PKCS, digest: Some(DigestAlgorithm::Sha384) },
    &RsaPkcs { id: MechanismId::SHA512_RSA_PKCS, digest: Some(DigestAlgorithm::Sha512) },
    &RsaPkcs { id: MechanismId::SHA3_224_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_224) },
    &RsaPkcs { id: MechanismId::SHA3_256_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_256) },
    &RsaPkcs { id: MechanismId::SHA3_384_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_384) },
    &RsaPkcs { id: MechanismId::SHA3_512_RSA_PKCS, digest: Some(DigestAlgorithm::Sha3_512) },
    &RsaOaep,
    &RsaPss { id: MechanismId::RSA_PKCS_PSS, digest: None },
    &RsaPss { id: MechanismId::SHA1_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha1) },
    &RsaPss { id: MechanismId::SHA224_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha224) },
    &RsaPss { id: MechanismId::SHA256_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha256) },
    &RsaPss { id: MechanismId::SHA384_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha384) },
    &RsaPss { id: MechanismId::SHA512_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha512) },
    &RsaPss { id: MechanismId::SHA3_224_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_224) },
    &RsaPss { id: MechanismId::SHA3_256_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_256) },
    &RsaPss { id: MechanismId::SHA3_384_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_384) },
    &RsaPss { id: MechanismId::SHA3_512_RSA_PKCS_PSS, digest: Some(DigestAlgorithm::Sha3_512) },
    &Ecdsa { id: MechanismId::ECDSA, digest: None },
    &Ecdsa { id: MechanismId::ECDSA_SHA1, digest: Some(DigestAlgorithm::Sha1) },
    &Ecdsa { id: MechanismId::ECDSA_SHA224, digest: Some(DigestAlgorithm::Sha224) },
    &Ecdsa { id: MechanismId::ECDSA_SHA256, digest: Some(DigestAlgorithm::Sha256) },
    &Ecdsa { id: MechanismId::ECDSA_SHA384, digest: Some(DigestAlgorithm::Sha384) },
    &Ecdsa { id: MechanismId::ECDSA_SHA512, digest: Some(DigestAlgorithm::Sha512) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_224, digest: Some(DigestAlgorithm::Sha3_224) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_256, digest: Some(DigestAlgorithm::Sha3_256) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_384, digest: Some(DigestAlgorithm::Sha3_384) },
    &Ecdsa { id: MechanismId::ECDSA_SHA3_512, digest: Some(DigestAlgorithm::Sha3_512) },
    &Eddsa,
    &Digest { id: MechanismId::SHA_1, algorithm: DigestAlgorithm::Sha1 },
    &Digest { id: MechanismId::SHA224, algorithm: DigestAlgorithm::Sha224 },
    &Digest { id: MechanismId::SHA256, algorithm: DigestAlgorithm::Sha256 },
    &Digest { id: MechanismId::SHA384, algorithm: DigestAlgorithm::Sha384 },
    &Digest { id: MechanismId::SHA512, algorithm: DigestAlgorithm::Sha512 },
    &Digest { id: MechanismId::SHA3_224, algorithm: DigestAlgorithm::Sha3_224 },
    &Digest { id: MechanismId::SHA3_256, algorithm: DigestAlgorithm::Sha3_256 },
    &Digest { id: MechanismId::SHA3_384, algorithm: DigestAlgorithm::Sha3_384 },
    &Digest { id: MechanismId::SHA3_512, algorithm: DigestAlgorithm::Sha3_512 },
];

const NAMES: &[(MechanismId, &str)] = &[
    (MechanismId::RSA_PKCS_KEY_PAIR_GEN, "CKM_RSA_PKCS_KEY_PAIR_GEN"),
    (MechanismId::EC_KEY_PAIR_GEN, "CKM_EC_KEY_PAIR_GEN"),
    (MechanismId::EC_EDWARDS_KEY_PAIR_GEN, "CKM_EC_EDWARDS_KEY_PAIR_GEN"),
    (MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN, "CKM_EC_MONTGOMERY_KEY_PAIR_GEN"),
    (MechanismId::AES_KEY_GEN, "CKM_AES_KEY_GEN"),
    (MechanismId::RSA_PKCS, "CKM_RSA_PKCS"),
    (MechanismId::RSA_X_509, "CKM_RSA_X_509"),
    (MechanismId::SHA1_RSA_PKCS, "CKM_SHA1_RSA_PKCS"),
    (MechanismId::SHA224_RSA_PKCS, "CKM_SHA224_RSA_PKCS"),
    (MechanismId::SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS"),
    (MechanismId::SHA384_RSA_PKCS, "CKM_SHA384_RSA_PKCS"),
    (MechanismId::SHA512_RSA_PKCS, "CKM_SHA512_RSA_PKCS"),
    (MechanismId::SHA3_224_RSA_PKCS, "CKM_SHA3_224_RSA_PKCS"),
    (MechanismId::SHA3_256_RSA_PKCS, "CKM_SHA3_256_RSA_PKCS"),
    (MechanismId::SHA3_384_RSA_PKCS, "CKM_SHA3_384_RSA_PKCS"),
    (MechanismId::SHA3_512_RSA_PKCS, "CKM_SHA3_512_RSA_PKCS"),
    (MechanismId::RSA_PKCS_OAEP, "CKM_RSA_PKCS_OAEP"),
    (MechanismId::RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"),
    (MechanismId::SHA1_RSA_PKCS_PSS, "CKM_SHA1_RSA_PKCS_PSS"),
    (MechanismId::SHA224_RSA_PKCS_PSS, "CKM_SHA224_RSA_PKCS_PSS"),
    (MechanismId::SHA256_RSA_PKCS_PSS, "CKM_SHA256_RSA_PKCS_PSS"),
    (MechanismId::SHA384_RSA_PKCS_PSS, "CKM_SHA384_RSA_PKCS_PSS"),
    (MechanismId::SHA512_RSA_PKCS_PSS, "CKM_SHA512_RSA_PKCS_PSS"),
    (MechanismId::SHA3_224_RSA_PKCS_PSS, "CKM_SHA3_224_RSA_PKCS_PSS"),
    (MechanismId::SHA3_256_RSA_PKCS_PSS, "CKM_SHA3_256_RSA_PKCS_PSS"),
    (MechanismId::SHA3_384_RSA_PKCS_PSS, "CKM_SHA3_384_RSA_PKCS_PSS"),
    (MechanismId::SHA3_512_RSA_PKCS_PSS, "CKM_SHA3_512_RSA_PKCS_PSS"),
    (MechanismId::ECDSA, "CKM_ECDSA"),
    (MechanismId::ECDSA_SHA1, "CKM_ECDSA_SHA1"),
    (MechanismId::ECDSA_SHA224, "CKM_ECDSA_SHA224"),
    (MechanismId::ECDSA_SHA256, "CKM_ECDSA_SHA256"),
    (MechanismId::ECDSA_SHA384, "CKM_ECDSA_SHA384"),
    (MechanismId::ECDSA_SHA512, "CKM_ECDSA_SHA512"),
    (MechanismId::ECDSA_SHA3_224, "CKM_ECDSA_SHA3_224"),
    (MechanismId::ECDSA_SHA3_256, "CKM_ECDSA_SHA3_256"),
    (MechanismId::ECDSA_SHA3_384, "CKM_ECDSA_SHA3_384"),
    (MechanismId::ECDSA_SHA3_512, "CKM_ECDSA_SHA3_512"),
    (MechanismId::EDDSA, "CKM_EDDSA"),
    (MechanismId::ECDH1_DERIVE, "CKM_ECDH1_DERIVE"),
    (MechanismId::SHA_1, "CKM_SHA_1"),
    (MechanismId::SHA224, "CKM_SHA224"),
    (MechanismId::SHA256, "CKM_SHA256"),
    (MechanismId::SHA384, "CKM_SHA384"),
    (MechanismId::SHA512, "CKM_SHA512"),
    (MechanismId::SHA3_224, "CKM_SHA3_224"),
    (MechanismId::SHA3_256, "CKM_SHA3_256"),
    (MechanismId::SHA3_384, "CKM_SHA3_384"),
    (MechanismId::SHA3_512, "CKM_SHA3_512"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Curve;

    // I.27
    #[test]
    fn available_has_no_duplicates_and_every_id_has_info_and_name() {
        let card = Abilities {
            rsa_bits: vec![2048],
            rsa_raw: true,
            ecdsa: vec![Curve::P256],
            ed25519: true,
            x25519: true,
            aes_bits: vec![128],
            generates_keys: true,
            ..Abilities::default()
        };
        let ids = available(&card);
        assert_eq!(ids.len(), TABLE.len());
        for id in ids {
            assert!(mechanism(id).unwrap().info(&card).is_some());
            assert_eq!(id.name().and_then(MechanismId::from_name), Some(id));
        }
        assert_eq!(
            mechanism(MechanismId(0x7777)).err().map(|error| error.code()),
            Some("CKR_MECHANISM_INVALID")
        );
    }

    #[test]
    fn available_card_without_keys_has_digests_only() {
        let ids = available(&Abilities::default());
        assert!(ids.contains(&MechanismId::SHA256));
        assert!(!ids.contains(&MechanismId::RSA_PKCS) && !ids.contains(&MechanismId::ECDSA));
    }

    #[test]
    fn from_name_takes_what_people_write() {
        for name in ["CKM_SHA256_RSA_PKCS", "sha256-rsa-pkcs", "SHA256_RSA_PKCS"] {
            assert_eq!(MechanismId::from_name(name), Some(MechanismId::SHA256_RSA_PKCS), "{name}");
        }
        assert_eq!(MechanismId::from_name("rot13"), None);
    }
}
