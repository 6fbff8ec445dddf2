//! Mechanisms (PKCS#11 3.1, 6): one file each, in one static table. A plan says what the host does and what
//! the card does; making it is pure, so a length query never touches the card.

mod aes_cbc;
mod aes_cmac;
mod aes_ctr;
mod aes_ecb;
mod aes_gcm;
mod aes_key_wrap;
mod digest;
mod ecdh;
mod ecdsa;
mod eddsa;
mod generation;
mod hkdf;
mod hmac;
mod id;
mod names;
mod parameters;
mod plan;
mod rsa_oaep;
mod rsa_pkcs;
mod rsa_pss;
mod rsa_x509;
mod table;

use super::error::Error;
use crate::card::Abilities;
use crate::crypto::rsa::{MAX_MODULUS_BITS, MIN_MODULUS_BITS};
use crate::crypto::{Curve, DigestAlgorithm};
use crate::token::{KeyAlgorithm, KeyClass};
use table::TABLE;

pub(super) use generation::LONGEST_SECRET;
pub use id::MechanismId;
pub use parameters::{HkdfSalt, Kdf, ParameterKind, Parameters};
pub use plan::{CipherMode, Encoding, KeyFacts, MacKind, Plan, Primitive, Purpose};

/// One mechanism. Adding one is a file here and a row in the table.
pub trait Mechanism: Sync {
    /// Its number.
    fn id(&self) -> MechanismId;

    /// What a card of these abilities does with it and its own keys, with the host's help; `None` when nothing.
    fn card_info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        let _ = abilities;
        None
    }

    /// What the host does with it and keys whose value it knows: public keys, and objects of a session.
    fn host_info(&self) -> Option<MechanismInfo>;

    /// Both together: what a token can do with it. Where the card computes, the sizes are those of its keys.
    fn info(&self, abilities: &Abilities) -> Option<MechanismInfo> {
        match (self.card_info(abilities), self.host_info()) {
            (Some(card), Some(host)) => Some(MechanismInfo { uses: card.uses.or(host.uses), ..card }),
            (card, host) => card.or(host),
        }
    }

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

/// Mechanisms of a token with such a card, in the order of their numbers, each once.
pub fn available(abilities: &Abilities) -> Vec<MechanismId> {
    let known = TABLE.iter().filter(|known| known.info(abilities).is_some());
    let mut ids: Vec<_> = known.map(|known| known.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Mechanisms that work with a key on a card, in the order of their numbers. The host computes with public keys.
pub fn suitable(abilities: &Abilities, class: KeyClass, algorithm: KeyAlgorithm) -> Vec<MechanismId> {
    let info = |known: &dyn Mechanism| match class {
        KeyClass::Public => known.host_info(),
        KeyClass::Private | KeyClass::Secret => known.card_info(abilities),
    };
    let works = |known: &&&dyn Mechanism| {
        known.suits(algorithm) && info(**known).is_some_and(|info| info.uses.of_class(class))
    };
    let mut ids: Vec<_> = TABLE.iter().filter(works).map(|known| known.id()).collect();
    ids.sort_unstable();
    ids
}

/// Mechanisms that work with a key of a session, in the order of their numbers.
pub fn suitable_for_host(class: KeyClass, algorithm: KeyAlgorithm) -> Vec<MechanismId> {
    let works = |known: &&&dyn Mechanism| {
        known.suits(algorithm) && known.host_info().is_some_and(|info| info.uses.of_class(class))
    };
    let mut ids: Vec<_> = TABLE.iter().filter(works).map(|known| known.id()).collect();
    ids.sort_unstable();
    ids
}

/// A mechanism with its parameters, as a caller asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MechanismCall {
    /// Which.
    pub id: MechanismId,
    /// Its parameters.
    pub parameters: Parameters,
}

impl From<MechanismId> for MechanismCall {
    fn from(id: MechanismId) -> Self {
        Self { id, parameters: Parameters::None }
    }
}

impl MechanismCall {
    /// ECDH with a peer's public key, and nothing after it.
    pub fn ecdh(peer: &[u8]) -> Self {
        let parameters = Parameters::Ecdh { kdf: Kdf::Null, shared_info: Vec::new(), peer: peer.to_vec() };
        Self { id: MechanismId::ECDH1_DERIVE, parameters }
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
    /// The encryption and decryption also go message by message (`C_MessageEncryptInit`).
    pub messages: bool,
}

impl MechanismInfo {
    /// Of keys of these sizes, computed with on the host.
    fn on_host(min_key_bits: u32, max_key_bits: u32, uses: Uses) -> Self {
        Self { min_key_bits, max_key_bits, hardware: false, uses }
    }
}

impl Uses {
    /// Whether one of the functions takes it for this.
    pub fn allow(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Digest => self.digest,
            Purpose::Sign => self.sign,
            Purpose::SignRecover => self.sign_recover,
            Purpose::Verify => self.verify,
            Purpose::VerifyRecover => self.verify_recover,
            Purpose::Encrypt => self.encrypt,
            Purpose::Decrypt => self.decrypt,
            Purpose::Wrap => self.wrap,
            Purpose::Unwrap => self.unwrap,
            Purpose::Derive => self.derive,
        }
    }

    /// Whether a key of this class is used for one of the functions.
    fn of_class(&self, class: KeyClass) -> bool {
        let public = self.encrypt || self.verify || self.verify_recover || self.wrap;
        let private = self.decrypt || self.sign || self.sign_recover || self.unwrap || self.derive;
        match class {
            KeyClass::Public => public,
            KeyClass::Private => private,
            KeyClass::Secret => public || private,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            encrypt: self.encrypt || other.encrypt,
            decrypt: self.decrypt || other.decrypt,
            digest: self.digest || other.digest,
            sign: self.sign || other.sign,
            sign_recover: self.sign_recover || other.sign_recover,
            verify: self.verify || other.verify,
            verify_recover: self.verify_recover || other.verify_recover,
            generate: self.generate || other.generate,
            generate_key_pair: self.generate_key_pair || other.generate_key_pair,
            wrap: self.wrap || other.wrap,
            unwrap: self.unwrap || other.unwrap,
            derive: self.derive || other.derive,
            messages: self.messages || other.messages,
        }
    }
}

/// Refuses parameters for a mechanism that has none.
fn no_parameters(id: MechanismId, parameters: &Parameters) -> Result<(), Error> {
    match parameters {
        Parameters::None => Ok(()),
        _ => Err(Error::MechanismParameters { mechanism: id, why: "it takes none" }),
    }
}

/// Bytes of a message authentication code: what the parameters say, or all of it. Errors: `MechanismParameters`.
fn mac_len(mechanism: &dyn Mechanism, parameters: &Parameters, whole: usize) -> Result<usize, Error> {
    let mechanism_id = mechanism.id();
    match (mechanism.parameter_kind(), parameters) {
        (ParameterKind::MacLen, Parameters::MacLen(len)) if (1..=whole).contains(len) => Ok(*len),
        (ParameterKind::MacLen, _) => Err(Error::MechanismParameters {
            mechanism: mechanism_id,
            why: "it needs the length of the code, up to that of the whole",
        }),
        _ => no_parameters(mechanism_id, parameters).map(|()| whole),
    }
}

/// What the host does with RSA keys.
fn rsa_on_host(uses: Uses) -> Option<MechanismInfo> {
    Some(MechanismInfo::on_host(MIN_MODULUS_BITS, MAX_MODULUS_BITS, uses))
}

/// What the host does with keys on the curves that it knows.
fn ec_on_host(uses: Uses) -> Option<MechanismInfo> {
    let bits = Curve::ALL.into_iter().map(Curve::bits);
    Some(MechanismInfo::on_host(bits.clone().min()?, bits.max()?, uses))
}

/// What the host does with AES keys: their sizes count in bytes (PKCS#11 3.1, 6.13.2).
fn aes_on_host(uses: Uses) -> Option<MechanismInfo> {
    Some(MechanismInfo::on_host(16, 32, uses))
}

/// What a card does with AES keys; `None` when it does not.
fn aes_on_card(abilities: &Abilities, uses: Uses) -> Option<MechanismInfo> {
    let bytes = abilities.aes_bits.iter().map(|bits| bits / 8).filter(|_| abilities.aes_cipher);
    let (min_key_bits, max_key_bits) = (bytes.clone().min()?, bytes.max()?);
    Some(MechanismInfo { min_key_bits, max_key_bits, hardware: true, uses })
}

/// Refuses a key that is no AES key, or of a size that its card does not compute with.
fn aes_key(id: MechanismId, key: Option<&KeyFacts<'_>>) -> Result<(), Error> {
    let Some(KeyFacts { algorithm: KeyAlgorithm::Aes { key_bits }, card }) = key else {
        return Err(Error::KeyTypeInconsistent { mechanism: id, needed: "an AES key" });
    };
    match card {
        Some(card) if !card.aes_cipher => Err(Error::MechanismInvalid(id)),
        Some(card) if !card.aes_bits.contains(key_bits) => {
            Err(Error::KeySizeRange { mechanism: id, bits: *key_bits })
        }
        _ => Ok(()),
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
    fn available_card_without_keys_has_what_the_host_computes() {
        let (ids, card) = (available(&Abilities::default()), Abilities::default());
        for id in [MechanismId::SHA256, MechanismId::RSA_PKCS, MechanismId::ECDSA, MechanismId::AES_GCM] {
            assert!(ids.contains(&id), "{id}");
            assert!(!mechanism(id).unwrap().info(&card).unwrap().hardware, "{id}");
            assert_eq!(mechanism(id).unwrap().card_info(&card), None, "{id}");
        }
    }

    #[test]
    fn suitable_key_on_a_card_does_what_the_card_does() {
        let card = Abilities { rsa_bits: vec![2048], rsa_pkcs1: true, ..Abilities::default() };
        let rsa = KeyAlgorithm::Rsa { modulus_bits: 2048 };
        let private = suitable(&card, KeyClass::Private, rsa);
        assert!(private.contains(&MechanismId::SHA256_RSA_PKCS));
        assert!(!private.contains(&MechanismId::RSA_PKCS_OAEP) && !private.contains(&MechanismId::ECDSA));
        assert!(suitable(&card, KeyClass::Public, rsa).contains(&MechanismId::RSA_PKCS_OAEP));
        let aes = KeyAlgorithm::Aes { key_bits: 256 };
        assert!(suitable(&card, KeyClass::Secret, aes).is_empty());
        assert!(suitable_for_host(KeyClass::Secret, aes).contains(&MechanismId::AES_GCM));
    }
}
