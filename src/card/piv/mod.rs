//! PIV cards (SP 800-73-4 and -5), YubiKeys and Nitrokeys among them: keys, certificates, data objects, PIN.
//! No PKCS#11 here.

mod admin;
mod beginning;
mod commands;
mod listing;
mod metadata;
mod objects;
mod operations;
mod pins;
mod references;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::apdu::{ApduError, Channel, Lengthening, StatusWord, iso};
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, Curve, PublicKey};
use crate::token::{AuthId, ObjectId, Token};
use crate::transport::Begun;

use self::listing::{Brand, Content, MetadataSupport};
use self::references::{Algorithm, Container, Half, KeyReference, MANAGEMENT_KEY, PUK};
use super::sought::{Sought, SoughtKey};
use super::{Abilities, CardAdmin, CardCall, CardDriver, CardError, CardSettings, Listing, Tries};

/// The family's name, in the registry.
pub const NAME: &str = "PIV";

/// The driver of one inserted card.
pub struct Piv {
    brand: Brand,
    /// The application's own label.
    label: Option<String>,
    version: Option<[u8; 3]>,
    abilities: Abilities,
    support: MetadataSupport,
    content: Content,
    /// The application is known to be selected.
    selected: bool,
    /// A PIN was verified and nobody took it back, as far as is known.
    verified: bool,
    /// The management key was proven, and the card was not reset since, as far as is known.
    officer: bool,
    /// Of keys whose public half was read. Not part of what is listed, which is compared to see whether the card changed.
    learned: BTreeMap<KeyReference, Algorithm>,
    /// The content was read in this transaction.
    current: bool,
    /// When it was read from its beginning on.
    read_at: Instant,
    /// The card has a capability container, as far as is known.
    has_capability: bool,
    /// The PIN's counter, told when the content was read, for who asks for it at once.
    tries: Option<(Instant, Tries)>,
    /// The key that the command is after.
    sought: Sought,
    /// The key that it was after when the content was listed; `None` when all of it was.
    listed_for: Option<SoughtKey>,
}

/// YubiKeys and Nitrokeys say in their answer to reset who they are.
pub fn knows_atr(atr: &[u8]) -> bool {
    Brand::of(atr, None) != Brand::Other
}

/// Binds a driver to the card, if it has a PIV application.
pub fn open(
    channel: &mut Channel<'_>,
    settings: &CardSettings,
) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    let Some(template) = commands::select(channel)? else { return Ok(None) };
    let label = listing::application_label(&template);
    let brand = Brand::of(channel.atr(), label.as_deref());
    if template.is_empty() && brand == Brand::Other {
        // A card that says yes to every name.
        return Ok(None);
    }
    let version = match brand {
        Brand::YubiKey => commands::version(channel)?,
        _ => None,
    };
    let mut piv = Piv {
        brand,
        label,
        version,
        abilities: token::abilities(brand, version),
        support: MetadataSupport::of(brand),
        content: Content::default(),
        selected: true,
        verified: false,
        officer: false,
        learned: BTreeMap::new(),
        current: false,
        read_at: Instant::now(),
        has_capability: false,
        tries: None,
        sought: settings.sought.clone(),
        listed_for: None,
    };
    piv.prefer_lengths(channel);
    piv.load(channel, Listing::Layout)?;
    Ok(Some(Box::new(piv)))
}

impl CardDriver for Piv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn application_name(&self) -> Option<&[u8]> {
        Some(&commands::AID)
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn forget_state(&mut self) {
        self.selected = false;
        self.current = false;
    }

    fn be_selected(&mut self) {
        self.selected = true;
        (self.verified, self.officer) = (false, false);
    }

    fn read_token(&mut self, channel: &mut Channel<'_>, listing: Listing) -> Result<Token, CardError> {
        self.load(channel, listing)?;
        Ok(self.token())
    }

    fn listed(&self) -> Listing {
        self.content.listed.unwrap_or(Listing::Layout)
    }

    fn read_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        match KeyReference::of_object(object) {
            Some((_, Half::Private)) => {
                Err(CardError::NotSupported { what: "give out a private or secret key".to_owned() })
            }
            Some((key, Half::Public)) => Ok(self.public_key(channel, key)?.to_spki_der()),
            Some((key, Half::Certificate)) => self.certificate(channel, key),
            None => {
                let row = references::data_row(object).ok_or(CardError::NoSuchObject)?;
                self.value(channel, &row.container())
            }
        }
    }

    fn kept_certificate(&self, object: ObjectId) -> Option<Vec<u8>> {
        match KeyReference::of_object(object)? {
            (key, Half::Certificate) => self.content.certificate(key),
            (_, Half::Private | Half::Public) => None,
        }
    }

    fn tries(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Tries, CardError> {
        let reference = self.reference(auth)?;
        if reference == MANAGEMENT_KEY {
            return Ok(Tries::default());
        }
        if let Some((told, tries)) = self.tries.take()
            && reference == self.content.pin
            && (self.current || told.elapsed() < AT_ONCE)
        {
            return Ok(tries);
        }
        self.ready(channel)?;
        pins::tries(channel, reference, self.asks_metadata(), reference == PUK)
    }

    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError> {
        Ok(self.tries(channel, auth)?.left)
    }

    fn verify(&mut self, channel: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        let reference = self.reference(auth)?;
        if reference == PUK {
            return Err(CardError::NotSupported { what: "verify a PUK by itself".to_owned() });
        }
        if reference == MANAGEMENT_KEY {
            let key = admin::key_of(pin)?;
            // With a PIN verified in this transaction the application is selected; selecting could take that back.
            self.ready(channel)?;
            let result = admin::authenticate(channel, &key, self.asks_metadata());
            self.officer = result.is_ok();
            return result.map(|_| ());
        }
        pins::padded(pin)?;
        self.tries = None;
        self.select(channel)?;
        let result = pins::verify(channel, reference, pin);
        self.verified = result.is_ok();
        result
    }

    fn takes_pins_from_reader(&self) -> bool {
        true
    }

    fn verify_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let reference = self.reference(auth)?;
        if [PUK, MANAGEMENT_KEY].contains(&reference) {
            return Err(CardError::NotSupported { what: "take this from the reader's keys".to_owned() });
        }
        self.tries = None;
        self.select(channel)?;
        let result = pins::verify_on_reader(channel, reference);
        self.verified = result.is_ok();
        result
    }

    fn is_verified(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<bool>, CardError> {
        match self.reference(auth)? {
            PUK | MANAGEMENT_KEY => Ok(None),
            pin => Ok(iso::pin_state(channel, pin)?.is_verified()),
        }
    }

    fn deauthenticate(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<bool, CardError> {
        let reference = self.reference(auth)?;
        if reference == MANAGEMENT_KEY {
            return Ok(false);
        }
        self.ready(channel)?;
        self.verified = false;
        Ok(pins::forget(channel, reference)?)
    }

    fn admin(&mut self) -> Option<&mut dyn CardAdmin> {
        Some(self)
    }

    fn perform(&mut self, channel: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError> {
        let unable = |what: &str| Err(CardError::NotSupported { what: what.to_owned() });
        match *call {
            CardCall::RsaRaw { key, block } => {
                let key = private(key)?;
                self.ask(channel, |channel| operations::rsa(channel, key, block))
            }
            CardCall::EcdsaSign { key, digest } => {
                let (key, curve) = self.curve_of(channel, key)?;
                self.ask(channel, |channel| operations::ecdsa(channel, key, curve, digest))
            }
            CardCall::EcdhAgree { key, peer } => {
                let (key, curve) = self.curve_of(channel, key)?;
                self.ask(channel, |channel| operations::agree(channel, key, curve, peer))
            }
            CardCall::Ed25519Sign { key, message } => {
                let key = private(key)?;
                self.ask(channel, |channel| operations::ed25519(channel, key, message))
            }
            CardCall::X25519Agree { key, peer } => {
                let key = private(key)?;
                self.ask(channel, |channel| operations::x25519(channel, key, peer))
            }
            CardCall::AesEncrypt { .. } | CardCall::AesDecrypt { .. } => unable("compute with AES keys"),
            CardCall::RsaSignPkcs1 { .. } => unable("pad signatures itself"),
            CardCall::RsaDecryptPkcs1 { .. } => unable("take encryption padding off itself"),
            CardCall::Random { .. } => unable("give random bytes"),
        }
    }
}

impl Piv {
    /// Asks the card what is on it, once in each transaction. Where more is wanted than before, and soon after, what is known
    /// is not asked again; and there is never less than before, because the engine goes by it.
    fn load(&mut self, channel: &mut Channel<'_>, listing: Listing) -> Result<(), CardError> {
        let sought = self.sought.key();
        let listing = self.content.listed.map_or(listing, |listed| listed.max(listing));
        let is_enough = match (&self.listed_for, &sought) {
            (None, None) => self.content.listed >= Some(listing),
            (None, Some(_)) => self.content.listed >= Some(Listing::Keys),
            (listed_for, sought) => listed_for == sought,
        };
        if self.current && is_enough {
            return Ok(());
        }
        let is_fresh = self.current || (self.read_at.elapsed() < LATELY && channel.begun() != Begun::Reset);
        let goes_on = is_fresh && self.content.listed.is_some_and(|listed| listed < listing);
        if !goes_on || sought.is_some() || self.listed_for.is_some() {
            self.load_anew(channel, sought)?;
        }
        match self.listed_for {
            None => self.load_rest(channel, listing),
            Some(_) => Ok(()),
        }
    }

    /// What the layout depends on, and the key that is sought.
    fn load_anew(&mut self, channel: &mut Channel<'_>, sought: Option<SoughtKey>) -> Result<(), CardError> {
        self.ready(channel)?;
        self.content.listed = None;
        self.content = listing::read(channel, self.brand, &mut self.support, sought.as_ref())?;
        self.listed_for = sought;
        (self.current, self.read_at) = (true, Instant::now());
        let tries = pins::tries(channel, self.content.pin, self.asks_metadata(), false)?;
        self.tries = Some((Instant::now(), tries));
        Ok(())
    }

    /// What is not listed yet. Where that fails, the next reading is from the beginning.
    fn load_rest(&mut self, channel: &mut Channel<'_>, listing: Listing) -> Result<(), CardError> {
        if self.content.listed >= Some(listing) {
            return Ok(());
        }
        self.ready(channel)?;
        let mut content = self.content.clone();
        self.content.listed = None;
        content.read_rest(channel, self.brand, &mut self.support, listing)?;
        self.content = content;
        Ok(())
    }

    /// What was read is not true any more.
    fn note_change(&mut self) {
        self.current = false;
        self.learned.clear();
        self.content.listed = None;
    }

    /// Makes sure that the application is selected. On some cards that takes verifications back.
    fn select(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.prefer_lengths(channel);
        if self.selected {
            return Ok(());
        }
        commands::select(channel)?.ok_or_else(|| CardError::Malformed {
            what: "the PIV application".to_owned(),
            why: "it was there before".to_owned(),
        })?;
        self.selected = true;
        Ok(())
    }

    /// As [`Piv::select`], but with a PIN verified or the management key proven the application is taken for selected:
    /// nothing is sent that another one could misunderstand to anybody's harm, and selecting could take that back.
    fn ready(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if channel.begun() == Begun::Reset {
            (self.verified, self.officer) = (false, false);
        }
        if self.verified || self.officer {
            self.prefer_lengths(channel);
            return Ok(());
        }
        self.select(channel)
    }

    /// Whether it is worth asking for metadata of PINs and the management key.
    fn asks_metadata(&self) -> bool {
        self.support == MetadataSupport::Yes || self.brand == Brand::YubiKey
    }

    /// Asks the application. Where it turns out that another program has selected another one, the verifications are lost,
    /// and it is selected and asked again.
    fn ask<T>(
        &mut self,
        channel: &mut Channel<'_>,
        job: impl Fn(&mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.ready(channel)?;
        let answer = job(channel);
        if self.selected {
            return answer;
        }
        let status = answer.as_ref().err().and_then(listing::status_of);
        if !matches!(status, Some(StatusWord::INS_NOT_SUPPORTED | StatusWord::CLA_NOT_SUPPORTED)) {
            self.selected = answer.is_ok();
            return answer;
        }
        (self.verified, self.officer) = (false, false);
        self.select(channel)?;
        job(channel)
    }

    fn prefer_lengths(&self, channel: &mut Channel<'_>) {
        let announced = Lengthening::announced(channel.atr());
        channel.prefer(match self.brand {
            // They take extended length, and their answer to reset does not say so.
            Brand::Nitrokey => Lengthening::Extended,
            Brand::YubiKey | Brand::Other => announced,
        });
    }

    fn reference(&self, auth: &AuthId) -> Result<u8, CardError> {
        match auth.0.as_slice() {
            [reference] if [self.content.pin, PUK, MANAGEMENT_KEY].contains(reference) => Ok(*reference),
            _ => Err(CardError::NoSuchObject),
        }
    }

    /// The value of a data object that is there. Where the application may not be selected any more, the object is asked
    /// for all the same: only this application has it, so that an answer says that it is.
    fn value(&mut self, channel: &mut Channel<'_>, container: &Container) -> Result<Vec<u8>, CardError> {
        self.prefer_lengths(channel);
        if !self.selected && channel.begun() != Begun::Reset {
            match commands::get_data(channel, container) {
                Ok(Some(value)) => {
                    self.selected = true;
                    return Ok(value);
                }
                Err(CardError::Apdu(error @ ApduError::Transport(_))) => return Err(error.into()),
                Ok(None) | Err(_) => {}
            }
        }
        let value = self.ask(channel, |channel| commands::get_data(channel, container))?;
        value.ok_or(CardError::NoSuchObject)
    }

    /// The certificate of a key, DER.
    fn certificate(&mut self, channel: &mut Channel<'_>, key: KeyReference) -> Result<Vec<u8>, CardError> {
        let value = self.value(channel, &key.certificate())?;
        objects::certificate(&key.certificate_label(), &value)
    }

    /// The public half of a key: from metadata where the card has them, else from its certificate.
    fn public_key(&mut self, channel: &mut Channel<'_>, key: KeyReference) -> Result<PublicKey, CardError> {
        let known = self.content.keys.get(&key).ok_or(CardError::NoSuchObject)?;
        if let Some(public) = &known.public {
            return Ok(public.clone());
        }
        let der = self.certificate(channel, key)?;
        let bad = |why: String| CardError::Malformed { what: format!("{:?}", key.certificate_label()), why };
        let details = CertificateDetails::parse(&der).map_err(|error| bad(error.to_string()))?;
        let public =
            details.public_key.ok_or_else(|| bad("its public key is of an unknown kind".to_owned()))?;
        self.learned.insert(key, Algorithm::of_public(&public));
        Ok(public)
    }

    /// A private key on a curve.
    fn curve_of(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<(KeyReference, Curve), CardError> {
        let key = private(object)?;
        let told = self.content.keys.get(&key).and_then(|facts| facts.algorithm);
        let algorithm = match told.or_else(|| self.learned.get(&key).copied()) {
            Some(algorithm) => algorithm,
            None => Algorithm::of_public(&self.public_key(channel, key)?),
        };
        match algorithm {
            Algorithm::Ec(curve) => Ok((key, curve)),
            _ => Err(CardError::NotSupported { what: "do this with a key that is on no curve".to_owned() }),
        }
    }
}

/// The private key that an object is.
fn private(object: ObjectId) -> Result<KeyReference, CardError> {
    match KeyReference::of_object(object) {
        Some((key, Half::Private)) => Ok(key),
        _ => Err(CardError::NoSuchObject),
    }
}

/// What was told so long ago is asked again.
const AT_ONCE: Duration = Duration::from_secs(1);
/// What was read so long ago is read again when more is wanted.
const LATELY: Duration = Duration::from_secs(10);
