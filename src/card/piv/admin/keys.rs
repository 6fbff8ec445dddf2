//! Keys made on a PIV card: GENERATE ASYMMETRIC KEY PAIR (SP 800-73-5 part 2, 3.3.2), and, on cards with Yubico's
//! extensions, imported, moved, deleted, attested.

use zeroize::Zeroizing;

use crate::apdu::{Channel, Command, StatusWord};
use crate::card::CardError;
use crate::card::admin::{CreatedKey, ImportedKey, KeyMaterial, KeyType, NewKey, PinPolicy, Placement};
use crate::codec::{Secret, tlv};
use crate::crypto::certificate::unsigned_certificate;
use crate::crypto::{PrivateKey, PublicKey};
use crate::token::ObjectId;

use super::super::listing::{Brand, KeyFacts, MetadataSupport};
use super::super::metadata::{pin_policy_byte, touch_policy_byte};
use super::super::references::{ATTESTATION_KEY, Algorithm, Half, KeyReference};
use super::super::{Piv, commands, objects};

impl Piv {
    /// Generates a key pair in its place.
    pub(super) fn generate(
        &mut self,
        channel: &mut Channel<'_>,
        new: &NewKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let key = place(new.placement.place, Some(&new.id.0))?;
        let algorithm = match new.key_type {
            KeyType::Rsa(bits) => Algorithm::Rsa(bits),
            KeyType::Ec(curve) => Algorithm::Ec(curve),
            KeyType::Ed25519 => Algorithm::Ed25519,
            KeyType::X25519 => Algorithm::X25519,
            KeyType::Aes(_) => return Err(not_supported("hold secret keys")),
        };
        let number = algorithm.byte().ok_or_else(|| not_supported("generate a key of this kind"))?;
        let mut control = tlv::encode(TAG_ALGORITHM, &[number]);
        let placement = with_consent(new.placement, new.always_authenticate);
        control.extend(policies(&placement)?);
        let data = tlv::encode(TAG_CONTROL, &control);
        let command = Command::new(0x00, INS_GENERATE, 0x00, key.byte())
            .data(&data)
            .expect(channel.max_response_data());
        let response = channel.send(&command)?;
        let answer = match response.status {
            StatusWord::OK => response.data,
            status => return Err(refused(status, &placement, "generate a key")),
        };
        let objects = tlv::find(&answer, TAG_PUBLIC_KEY).ok_or_else(|| CardError::Malformed {
            what: format!("the public key of {}", key.name()),
            why: "the answer has none".to_owned(),
        })?;
        let public = commands::public_key(key, algorithm, objects)?;
        self.made(channel, key, public, placement.pin_policy, Some(true))
    }

    /// Takes a private key from outside into its place.
    pub(super) fn import(
        &mut self,
        channel: &mut Channel<'_>,
        new: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        let key = place(new.placement.place, Some(&new.id.0))?;
        let KeyMaterial::Private(private) = new.key else { return Err(not_supported("hold secret keys")) };
        let public = private.public();
        let algorithm = Algorithm::of_public(&public);
        let number = algorithm.byte().ok_or_else(|| not_supported("import a key of this kind"))?;
        let placement = with_consent(new.placement, new.always_authenticate);
        let mut data = self.material(key, private)?;
        let policies = policies(&placement)?;
        data.reserve_exact(policies.len());
        data.extend_from_slice(&policies);
        let data = Secret::new(std::mem::take(&mut *data));
        let response = channel.send(&Command::new(0x00, INS_IMPORT, number, key.byte()).secret(data))?;
        if !response.status.is_ok() {
            return Err(refused(response.status, &placement, "import a key"));
        }
        self.made(channel, key, public, placement.pin_policy, Some(false))
    }

    /// The parts of a private key as the card takes them.
    fn material(&self, key: KeyReference, private: &PrivateKey) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let mut data = Zeroizing::new(Vec::with_capacity(MATERIAL_LEN));
        match private {
            PrivateKey::Rsa(private) => {
                let parts = private.components()?;
                let half_len = private.modulus_len() / 2;
                let exponent = parts.public_exponent.map(Secret::new);
                let fields = match self.brand {
                    // They compute the rest themselves, and take keys for this place alone.
                    Brand::Nitrokey if key == KeyReference::AUTHENTICATION => {
                        vec![Some(parts.prime_p), Some(parts.prime_q), exponent]
                    }
                    Brand::Nitrokey => {
                        return Err(not_supported("import a key into another place than 9a"));
                    }
                    _ => vec![
                        Some(parts.prime_p),
                        Some(parts.prime_q),
                        parts.exponent_p,
                        parts.exponent_q,
                        parts.coefficient,
                    ],
                };
                let pads = self.brand != Brand::Nitrokey;
                for (tag, field) in (1u32..).zip(fields) {
                    let field = field.ok_or_else(|| not_supported("import an RSA key without its primes"))?;
                    let len = if pads { half_len } else { field.len() };
                    tlv::write(&mut data, tag, &padded(field.expose(), len));
                }
            }
            _ if self.brand == Brand::Nitrokey => return Err(not_supported("import other keys than RSA")),
            PrivateKey::Ec(private) => {
                let scalar = private.scalar();
                tlv::write(&mut data, TAG_SCALAR, &padded(scalar.expose(), private.curve().field_len()));
            }
            PrivateKey::Ed25519(private) => tlv::write(&mut data, TAG_ED25519, private.seed().expose()),
            PrivateKey::X25519(private) => tlv::write(&mut data, TAG_X25519, private.scalar().expose()),
        }
        Ok(data)
    }

    /// What has to be done once a key is there: its public half is kept where the card does not keep it, and the certificate
    /// of a key that was in its place goes.
    fn made(
        &mut self,
        channel: &mut Channel<'_>,
        key: KeyReference,
        public: PublicKey,
        pin_policy: Option<PinPolicy>,
        generated: Option<bool>,
    ) -> Result<CreatedKey, CardError> {
        let before = self.content.keys.get(&key).is_some_and(|facts| facts.has_certificate);
        let keeps = self.support == MetadataSupport::Yes;
        if !keeps {
            let der = unsigned_certificate(&key.label(), &public)?;
            self.put(channel, &key.certificate(), &objects::certificate_object(&der, OBJECT_LEN))?;
        } else if before {
            self.put(channel, &key.certificate(), &[])?;
        }
        let facts = KeyFacts {
            algorithm: Some(Algorithm::of_public(&public)),
            public: Some(public.clone()),
            pin_policy: pin_policy.filter(|_| keeps),
            generated,
            has_certificate: !keeps,
        };
        self.content.keys.insert(key, facts);
        self.identify(channel)?;
        Ok(CreatedKey { object: key.private_object(), public: Some((key.public_object(), public)) })
    }

    /// Moves a key, and its certificate with it.
    pub(super) fn move_to(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        to: &Placement<'_>,
    ) -> Result<ObjectId, CardError> {
        let from = existing(self, object)?;
        let target = place(to.place, None)?;
        if from == target {
            return Ok(object);
        }
        if self.content.keys.contains_key(&target) && !to.replace {
            return Err(not_supported(&format!("move a key to {}, which is taken", target.name())));
        }
        let certificate = match self.content.keys.get(&from) {
            Some(facts) if facts.has_certificate => commands::get_data(channel, &from.certificate())?,
            _ => None,
        };
        self.relocate(channel, from, target.byte())?;
        self.put(channel, &target.certificate(), certificate.as_deref().unwrap_or_default())?;
        if certificate.is_some() {
            self.put(channel, &from.certificate(), &[])?;
        }
        Ok(target.private_object())
    }

    /// MOVE KEY (YubiKey 5.7); to nowhere is deleting it.
    pub(super) fn relocate(
        &mut self,
        channel: &mut Channel<'_>,
        from: KeyReference,
        to: u8,
    ) -> Result<(), CardError> {
        let response = channel.send(&Command::new(0x00, INS_MOVE_KEY, to, from.byte()))?;
        match response.status {
            StatusWord::OK => {
                self.note_change();
                Ok(())
            }
            StatusWord::INS_NOT_SUPPORTED | StatusWord::FUNCTION_NOT_SUPPORTED => Err(not_supported(
                "delete or move a key; a new one in its place (--replace) ends the old one",
            )),
            StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
            StatusWord::REFERENCE_NOT_FOUND => Err(CardError::NoSuchObject),
            status => Err(CardError::Refused { doing: "move a key", status }),
        }
    }

    /// ATTEST (YubiKey 4.3): the card's certificate for a key that it generated.
    pub(super) fn attestation(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<Vec<u8>, CardError> {
        let key = existing(self, object)?;
        let command = Command::new(0x00, INS_ATTEST, key.byte(), 0x00).expect(channel.max_response_data());
        let response = channel.send(&command)?;
        match response.status {
            StatusWord::OK if !response.data.is_empty() => Ok(response.data),
            StatusWord::OK | StatusWord::INS_NOT_SUPPORTED | StatusWord::FUNCTION_NOT_SUPPORTED => {
                Err(not_supported("attest that it made a key"))
            }
            StatusWord::WRONG_DATA | StatusWord::REFERENCE_NOT_FOUND => Err(not_supported(&format!(
                "attest this key: it was not generated on it, or its own key {ATTESTATION_KEY:02x} is missing"
            ))),
            status => Err(CardError::Refused { doing: "attest a key", status }),
        }
    }
}

/// The place that is named, or that an identifier stands for. Errors: `NotSupported`.
fn place(name: Option<&str>, id: Option<&[u8]>) -> Result<KeyReference, CardError> {
    let found = match name {
        Some(name) => KeyReference::all().find(|key| key.name().eq_ignore_ascii_case(name)),
        None => id.and_then(KeyReference::of_id),
    };
    found.ok_or_else(|| not_supported("keep a key there; its places are 9a, 9c, 9d, 9e and 82 to 95"))
}

/// The key behind a private key object that is there.
pub(super) fn existing(piv: &Piv, object: ObjectId) -> Result<KeyReference, CardError> {
    match KeyReference::of_object(object) {
        Some((key, Half::Private)) if piv.content.keys.contains_key(&key) => Ok(key),
        _ => Err(CardError::NoSuchObject),
    }
}

/// A key that is to want its PIN each time says so by its policy.
fn with_consent(placement: Placement<'_>, always: bool) -> Placement<'_> {
    let asked = always.then_some(PinPolicy::Always);
    Placement { pin_policy: placement.pin_policy.or(asked), ..placement }
}

fn policies(placement: &Placement<'_>) -> Result<Vec<u8>, CardError> {
    let mut data = Vec::new();
    if let Some(policy) = placement.pin_policy {
        tlv::write(&mut data, TAG_PIN_POLICY, &[pin_policy_byte(policy)]);
    }
    if let Some(policy) = placement.touch_policy {
        let byte = touch_policy_byte(policy).ok_or_else(|| not_supported("fix a touch policy"))?;
        tlv::write(&mut data, TAG_TOUCH_POLICY, &[byte]);
    }
    Ok(data)
}

fn refused(status: StatusWord, placement: &Placement<'_>, doing: &'static str) -> CardError {
    let has_policy = placement.pin_policy.is_some() || placement.touch_policy.is_some();
    match status {
        StatusWord::SECURITY_NOT_SATISFIED => CardError::NotAuthenticated,
        StatusWord::INS_NOT_SUPPORTED | StatusWord::FUNCTION_NOT_SUPPORTED => not_supported(doing),
        StatusWord::WRONG_DATA if has_policy => not_supported("make a key with these policies"),
        StatusWord::WRONG_DATA | StatusWord::WRONG_P1_P2 => {
            not_supported("make a key of this kind in this place")
        }
        status => CardError::Refused { doing, status },
    }
}

/// A number with zeros before it.
fn padded(number: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(vec![0; len.max(number.len())]);
    let start = whole.len() - number.len();
    whole.iter_mut().skip(start).zip(number).for_each(|(place, byte)| *place = *byte);
    whole
}

pub(super) fn not_supported(what: &str) -> CardError {
    CardError::NotSupported { what: what.to_owned() }
}

const INS_GENERATE: u8 = 0x47; // SP 800-73-5 part 2, 3.3.2
const INS_IMPORT: u8 = 0xFE; // Yubico
const INS_MOVE_KEY: u8 = 0xF6; // Yubico
const INS_ATTEST: u8 = 0xF9; // Yubico
/// P1 of MOVE KEY that deletes.
pub(super) const NOWHERE: u8 = 0xFF;
const TAG_CONTROL: u32 = 0xAC;
const TAG_ALGORITHM: u32 = 0x80;
const TAG_PIN_POLICY: u32 = 0xAA; // Yubico
const TAG_TOUCH_POLICY: u32 = 0xAB; // Yubico
const TAG_PUBLIC_KEY: u32 = 0x7F49;
const TAG_SCALAR: u32 = 0x06;
const TAG_ED25519: u32 = 0x07;
const TAG_X25519: u32 = 0x08;
/// The parts of an RSA key of 4096 bits and their tags.
const MATERIAL_LEN: usize = 5 * (256 + 4) + 16;
/// Longest value of a data object that these cards store: the 3052 bytes of YubiKeys.
pub(super) const OBJECT_LEN: usize = 3052;
