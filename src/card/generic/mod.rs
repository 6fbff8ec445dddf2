//! Any card with an ISO 7816-15 application: reads it, verifies its PINs, and signs and decrypts where the
//! standard's commands do. Writes nothing. No PKCS#11 here.

mod files;
mod operations;
mod pin;
#[cfg(test)]
mod tests;

use crate::apdu::iso::{self, PinState};
use crate::apdu::{Channel, Command, StatusWord};
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::token::{AuthId, Key, KeyAlgorithm, KeyClass, ObjectId, Token};

use self::files::{Extent, Selector, Walker};
use self::operations::{Environment, KeyPlace};
use super::pin_entry::from_reader;
use super::pkcs15::{self, AuthPlace, Content, FILE_LIMIT, ObjectValue, PKCS15_AID};
use super::{Abilities, CardCall, CardDriver, CardError, CardSettings, Listing};

/// The family's name, in the registry.
pub const NAME: &str = "PKCS#15";

/// The driver of one inserted card.
pub struct Generic {
    abilities: Abilities,
    content: Content,
    selector: Selector,
    environment: Environment,
    /// The directories were read in this transaction.
    current: bool,
    /// The card has other applications beside this one.
    is_named: bool,
    /// Its files answered in this transaction without its being selected by its name.
    answers: bool,
}

/// No answer to reset belongs to this driver alone.
pub fn knows_atr(_: &[u8]) -> bool {
    false
}

/// Binds a driver to the card, if it has a PKCS#15 application.
pub fn open(channel: &mut Channel<'_>, _: &CardSettings) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    bind(channel, false)
}

/// As [`open`], for a card with other applications: that of PKCS#15 is selected by its name, or is not there.
pub fn open_by_name(
    channel: &mut Channel<'_>,
    _: &CardSettings,
) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    if !channel.send(&iso::select_application(&PKCS15_AID))?.status.is_ok() {
        return Ok(None);
    }
    bind(channel, true)
}

fn bind(channel: &mut Channel<'_>, is_named: bool) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    let driver = Generic::read(channel, is_named)?;
    Ok(driver.map(|driver| Box::new(driver) as Box<dyn CardDriver>))
}

impl CardDriver for Generic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn application_name(&self) -> Option<&[u8]> {
        self.is_named.then_some(self.name_of_application())
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn forget_state(&mut self) {
        self.selector.forget();
        self.environment.forget();
        self.current = false;
        self.answers = false;
    }

    fn be_selected(&mut self) {
        let name = self.name_of_application().to_vec();
        self.selector.be_in(&name);
        self.environment.forget();
    }

    fn read_token(&mut self, channel: &mut Channel<'_>, _: Listing) -> Result<Token, CardError> {
        if !self.current {
            self.ready(channel)?;
            self.content =
                read_content(channel, &mut self.selector)?.ok_or_else(|| CardError::Malformed {
                    what: "the PKCS#15 application".to_owned(),
                    why: "it was there before".to_owned(),
                })?;
            self.abilities = abilities(&self.content);
            self.environment = Environment::default();
            self.current = true;
        }
        Ok(self.content.token.clone())
    }

    fn read_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        let key = self.content.token.keys.iter().find(|key| key.object == object);
        match key.map(|key| (key.class, &key.public)) {
            None => self.value(channel, object),
            Some((KeyClass::Public, Some(public))) => Ok(public.to_spki_der()),
            Some((KeyClass::Public, None)) => {
                let bytes = self.value(channel, object)?;
                let public = self.content.learn_public_key(object, &bytes);
                public.as_ref().map(PublicKey::to_spki_der).ok_or_else(|| CardError::Malformed {
                    what: "public key".to_owned(),
                    why: "not in a form that PKCS#15 knows".to_owned(),
                })
            }
            Some((KeyClass::Private | KeyClass::Secret, _)) => {
                Err(CardError::NotSupported { what: "give out a private or secret key".to_owned() })
            }
        }
    }

    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError> {
        let place = self.enter(channel, auth)?;
        Ok(match iso::pin_state(channel, place.reference())? {
            PinState::TriesLeft(left) => Some(left),
            PinState::Verified | PinState::Missing | PinState::Untold(_) => None,
        })
    }

    fn verify(&mut self, channel: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        let policy = self.content.token.auth(auth).ok_or(CardError::NoSuchObject)?;
        let place = self.content.auths.get(auth).ok_or(CardError::NoSuchObject)?;
        let bytes = pin::encode(policy, place, pin)?;
        self.select_application(channel)?;
        let place = self.enter(channel, auth)?;
        pin::outcome(channel.send(&iso::verify(place.reference(), bytes))?.status)
    }

    fn takes_pins_from_reader(&self) -> bool {
        true
    }

    fn verify_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let policy = self.content.token.auth(auth).ok_or(CardError::NoSuchObject)?;
        let place = self.content.auths.get(auth).ok_or(CardError::NoSuchObject)?;
        let block = pin::block(policy, place)?;
        self.select_application(channel)?;
        let place = self.enter(channel, auth)?;
        pin::outcome(from_reader(iso::verify_on_reader(channel, place.reference(), block)?)?)
    }

    fn is_verified(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<bool>, CardError> {
        let place = self.enter(channel, auth)?;
        Ok(iso::pin_state(channel, place.reference())?.is_verified())
    }

    fn deauthenticate(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<bool, CardError> {
        let place = self.enter(channel, auth)?;
        let reset = Command::new(0x00, INS_VERIFY, RESET_STATUS, place.reference());
        if channel.send(&reset)?.status != StatusWord::OK {
            return Ok(false);
        }
        // A card that does not know P1 = FF may have taken it for a question.
        Ok(matches!(iso::pin_state(channel, place.reference())?, PinState::TriesLeft(_)))
    }

    fn perform(&mut self, channel: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError> {
        match *call {
            CardCall::RsaSignPkcs1 { key, digest_info } => {
                let key = self.key_place(channel, key)?;
                self.environment.sign_rsa(channel, &mut self.selector, &key, digest_info)
            }
            CardCall::RsaDecryptPkcs1 { key, cryptogram } => {
                let key = self.key_place(channel, key)?;
                self.environment.decipher(channel, &mut self.selector, &key, cryptogram)
            }
            CardCall::EcdsaSign { key, digest } => {
                let key = self.key_place(channel, key)?;
                let curve = key.public.as_ref().and_then(PublicKey::ec).map(|(curve, _)| curve);
                let curve = curve.ok_or_else(|| not_supported("sign with a key of an unknown curve"))?;
                self.environment.sign_ecdsa(channel, &mut self.selector, &key, curve, digest)
            }
            CardCall::Random { len } if self.abilities.random => {
                self.ready(channel)?;
                Ok(iso::get_challenge(channel, len, RANDOM_LEN)?)
            }
            CardCall::Random { .. } => Err(not_supported("give random bytes")),
            CardCall::RsaRaw { .. } => Err(not_supported("do the bare RSA operation")),
            CardCall::EcdhAgree { .. } | CardCall::X25519Agree { .. } => Err(not_supported("agree on keys")),
            CardCall::Ed25519Sign { .. } => Err(not_supported("sign with Ed25519")),
            CardCall::AesEncrypt { .. } | CardCall::AesDecrypt { .. } => {
                Err(not_supported("encrypt or decrypt with AES"))
            }
        }
    }
}

impl Generic {
    /// The driver of the selected application, if it is one of PKCS#15.
    fn read(channel: &mut Channel<'_>, is_named: bool) -> Result<Option<Self>, CardError> {
        let mut selector = Selector::default();
        if is_named {
            selector.be_in(&PKCS15_AID);
        }
        let Some(content) = read_content(channel, &mut selector)? else { return Ok(None) };
        Ok(Some(Self {
            abilities: abilities(&content),
            content,
            selector,
            environment: Environment::default(),
            current: true,
            is_named,
            answers: false,
        }))
    }

    /// The name by which its files are reached, where there are applications beside it.
    fn name_of_application(&self) -> &[u8] {
        self.content.directory.place.base.aid.as_deref().unwrap_or(&PKCS15_AID)
    }

    /// Makes sure, once in each transaction, that the application is selected: another program may have selected another one
    /// of the card, which would take for its own what is asked of this one. A file that only this one has answers that; to
    /// select it by its name for nothing would end a login on most cards.
    fn ready(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let is_elsewhere = self.selector.named().is_some_and(|named| named != self.name_of_application());
        if !self.is_named || self.is_sure() || (self.answers && !is_elsewhere) {
            return Ok(());
        }
        let place = &self.content.directory.place.odf;
        if !is_elsewhere && unless_broken(self.selector.select(channel, place))?.is_some() {
            self.answers = true;
            return Ok(());
        }
        self.select_application(channel)
    }

    /// As [`Generic::ready`] before a PIN, which nothing but this application may get. A file that answers by its path is not
    /// enough for that: another application of PKCS#15 may have one there as well. So the application is selected by its
    /// name, unless that was the last thing selected by name in this transaction, even if a login of another of its PINs is
    /// lost by it: that one can be had again, a try spent at the wrong application cannot.
    fn select_application(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.is_named && !self.is_sure() {
            channel.call(&iso::select_application(self.name_of_application()))?;
            self.be_selected();
        }
        Ok(())
    }

    /// The application was selected by its name, and nothing else since.
    fn is_sure(&self) -> bool {
        self.selector.named() == Some(self.name_of_application())
    }

    /// Selects the directory in which a PIN is verified, if it is bound to one.
    fn enter(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<AuthPlace, CardError> {
        let place = self.content.auths.get(auth).ok_or(CardError::NoSuchObject)?.clone();
        self.ready(channel)?;
        if let Some(path) = &place.path {
            self.selector.select(channel, path)?;
            self.environment.forget();
        }
        Ok(place)
    }

    /// An object's value as it stands on the card.
    fn value(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        let place = self.content.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let is_data = self.content.token.data.iter().any(|data| data.object == object);
        let extent = if is_data { Extent::Whole } else { Extent::Object };
        match &place.value {
            Some(ObjectValue::Direct(bytes)) => Ok(bytes.clone()),
            Some(ObjectValue::Path(path)) if !path.is_empty() => {
                let path = path.clone();
                self.ready(channel)?;
                self.environment.forget();
                let read = self.selector.read(channel, &path, extent, FILE_LIMIT);
                read.map_err(|error| match files::status(&error) {
                    Some(StatusWord::SECURITY_NOT_SATISFIED) => CardError::NotAuthenticated,
                    _ => error,
                })
            }
            _ => Err(CardError::NoSuchObject),
        }
    }

    /// Where a private key is, and its public half: from the directories, from its own file, or from a
    /// certificate.
    fn key_place(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<KeyPlace, CardError> {
        let find = |content: &Content| {
            content
                .token
                .keys
                .iter()
                .find(|key| key.object == object && key.class == KeyClass::Private)
                .cloned()
        };
        let mut key = find(&self.content).ok_or(CardError::NoSuchObject)?;
        self.ready(channel)?;
        if key.public.is_none() {
            key.public = self.find_public(channel, &key)?;
            let known = self.content.token.keys.iter_mut().find(|known| known.object == object);
            if let (Some(known), Some(_)) = (known, &key.public) {
                known.public.clone_from(&key.public);
            }
        }
        let place = self.content.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let bits = match (&key.public, key.algorithm) {
            (Some(public), _) => public.bits(),
            (None, KeyAlgorithm::Rsa { modulus_bits }) => modulus_bits,
            (None, _) => 0,
        };
        Ok(KeyPlace {
            object,
            path: place.value.as_ref().and_then(ObjectValue::path).cloned(),
            reference: place.key_reference,
            algorithm: self.algorithm_reference(object),
            public: key.public,
            modulus_len: bits.div_ceil(8) as usize,
        })
    }

    /// Reads the public key or the certificate with the identifier of a private key. What cannot be read is
    /// left out; only a broken connection is an error.
    fn find_public(&mut self, channel: &mut Channel<'_>, key: &Key) -> Result<Option<PublicKey>, CardError> {
        if key.id.0.is_empty() {
            return Ok(None);
        }
        let token = &self.content.token;
        let publics = token.keys.iter().filter(|one| one.class == KeyClass::Public && one.id == key.id);
        let publics: Vec<ObjectId> = publics.map(|one| one.object).collect();
        let certificates = token.certificates.iter().filter(|one| one.id == key.id && !one.private);
        let certificates: Vec<ObjectId> = certificates.map(|one| one.object).collect();
        for object in publics {
            if let Some(bytes) = unless_broken(self.value(channel, object))?
                && let Some(public) = self.content.learn_public_key(object, &bytes)
            {
                return Ok(Some(public));
            }
        }
        for object in certificates {
            if let Some(bytes) = unless_broken(self.value(channel, object))?
                && let Ok(CertificateDetails { public_key: Some(public), .. }) =
                    CertificateDetails::parse(&bytes)
            {
                return Ok(Some(public));
            }
        }
        Ok(None)
    }

    /// What TokenInfo says that MSE SET wants as algorithm for a key.
    fn algorithm_reference(&self, object: ObjectId) -> Option<u32> {
        let Some(pkcs15::Object::PrivateKey(key)) = self.content.object(object) else { return None };
        let token_info = self.content.directory.token_info.as_ref()?;
        key.key.algorithms.iter().find_map(|reference| token_info.algorithm(*reference)?.algorithm_reference)
    }
}

fn read_content(channel: &mut Channel<'_>, selector: &mut Selector) -> Result<Option<Content>, CardError> {
    let directory = pkcs15::read_directory(&mut Walker { channel: &mut *channel, selector: &mut *selector })?;
    let Some(directory) = directory else { return Ok(None) };
    let mut content = Content::new(directory);
    learn_curves(channel, selector, &mut content)?;
    Ok(Some(content))
}

/// Reads the public keys of elliptic curve keys whose curve the directories do not name: without it nobody
/// can say what a key is good for.
fn learn_curves(
    channel: &mut Channel<'_>,
    selector: &mut Selector,
    content: &mut Content,
) -> Result<(), CardError> {
    let unknown = content.token.keys.iter().filter(|key| {
        key.class == KeyClass::Public && matches!(key.algorithm, KeyAlgorithm::Ec { curve: None })
    });
    let unknown: Vec<ObjectId> = unknown.map(|key| key.object).take(CURVES_LIMIT).collect();
    for object in unknown {
        let value = content.objects.get(&object).and_then(|place| place.value.clone());
        if let Some(ObjectValue::Path(path)) = value
            && let Some(bytes) = unless_broken(selector.read(channel, &path, Extent::Object, FILE_LIMIT))?
        {
            content.learn_public_key(object, &bytes);
        }
    }
    Ok(())
}

/// What the directories let one expect, and no more: this driver knows no card.
fn abilities(content: &Content) -> Abilities {
    let mut abilities = Abilities { random: content.token.info.has_random, ..Abilities::default() };
    for key in content.token.keys.iter().filter(|key| key.class == KeyClass::Private) {
        match key.algorithm {
            KeyAlgorithm::Rsa { modulus_bits } if !abilities.rsa_bits.contains(&modulus_bits) => {
                abilities.rsa_bits.push(modulus_bits);
            }
            KeyAlgorithm::Ec { curve: Some(curve) } if !abilities.ecdsa.contains(&curve) => {
                abilities.ecdsa.push(curve);
            }
            _ => {}
        }
    }
    abilities.rsa_bits.sort_unstable();
    abilities.rsa_pkcs1 = !abilities.rsa_bits.is_empty();
    abilities.rsa_pkcs1_decrypt = abilities.rsa_pkcs1;
    abilities
}

/// `None` for what this card does not give.
fn unless_broken<T>(result: Result<T, CardError>) -> Result<Option<T>, CardError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(CardError::Apdu(error @ crate::apdu::ApduError::Transport(_))) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

fn not_supported(what: &str) -> CardError {
    CardError::NotSupported { what: what.to_owned() }
}

const INS_VERIFY: u8 = 0x20; // ISO 7816-4, 11.6.6
/// P1 of VERIFY that takes a verification back (ISO 7816-4:2013, 11.5.6).
const RESET_STATUS: u8 = 0xFF;
/// Most public keys that are read for their curve.
const CURVES_LIMIT: usize = 32;
/// Random bytes asked for at a time: every card gives eight.
const RANDOM_LEN: usize = 8;
