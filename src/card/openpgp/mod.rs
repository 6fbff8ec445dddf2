//! OpenPGP cards of version 2.0 to 3.4 ("Functional Specification of the OpenPGP application on ISO Smart Card
//! Operating Systems"): keys, PINs, certificates, data. No PKCS#11 here, and of GnuPG only how it names keys.

mod admin;
mod application;
mod attributes;
mod commands;
mod content;
mod kdf;
mod operations;
mod pin;
mod place;
mod public_key;

use crate::apdu::{ApduError, Channel, Lengthening, StatusWord, historical_bytes, iso};
use crate::codec::{Secret, tlv};
use crate::crypto::PublicKey;
use crate::token::{AuthId, ObjectId, Token};

use self::application::{Application, RID_AND_APPLICATION};
use self::attributes::Attributes;
use self::content::Certificates;
use self::kdf::Kdf;
use self::pin::Pin;
use self::place::{DataPlace, Place};
use super::cache::{CacheStore, CardCache, CardState};
use super::{
    Abilities, CardAdmin, CardCall, CardDriver, CardError, CardSettings, Listing, Tries, Unfinished,
};

/// The driver of one inserted card.
pub struct OpenPgp {
    application: Application,
    abilities: Abilities,
    certificates: Certificates,
    /// Algorithms that the card says it has (DO FA), by place; `None` until it was asked.
    algorithms: Option<Vec<(Place, Attributes)>>,
    kdf: Option<Kdf>,
    public_keys: [Option<PublicKey>; 3],
    store: Option<CacheStore>,
    cache: CardCache,
    /// The card took PW1 for signatures back by itself: it wants it for each one.
    signature_pin_spent: bool,
    /// Which key PSO: DECIPHER uses; `None` when another program may have changed it.
    deciphers_with: Option<Place>,
    /// The application was found selected in this transaction.
    selected: bool,
    /// What the card says of itself was read in this transaction.
    current: bool,
    /// The application was terminated and waits for its activation: it tells nothing, and has no PIN.
    terminated: bool,
}

/// The family's name, in the registry and in cache files.
pub const NAME: &str = "OpenPGP";

/// Whether the historical bytes are those of the cards that the standard's authors sell.
pub fn knows_atr(atr: &[u8]) -> bool {
    historical_bytes(atr)
        .is_some_and(|bytes| matches!(bytes, [0x00, 0x31, _, 0x73, 0xC0, 0x01, _, _, 0x90, 0x00]))
}

/// Binds a driver to the card, if it has the application in a version of ours. One that was terminated and not activated
/// again is a blank card.
pub fn open(
    channel: &mut Channel<'_>,
    settings: &CardSettings,
) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    let status = channel.send(&commands::select())?.status;
    match status {
        StatusWord::OK => {}
        TERMINATED => return Ok(Some(Box::new(OpenPgp::new(Application::terminated(), settings)))),
        _ => return Ok(None),
    }
    channel.prefer(Lengthening::announced(channel.atr()));
    let application = Application::parse(&channel.call(&commands::get_data(commands::TAG_APPLICATION))?)?;
    if application.version() < OLDEST {
        return Ok(None);
    }
    let mut driver = OpenPgp::new(application, settings);
    driver.prepare(channel);
    driver.look_for_certificates(channel)?;
    Ok(Some(Box::new(driver)))
}

impl CardDriver for OpenPgp {
    fn name(&self) -> &'static str {
        NAME
    }

    fn application_name(&self) -> Option<&[u8]> {
        Some(&RID_AND_APPLICATION)
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn be_selected(&mut self) {
        self.selected = true;
        self.deciphers_with = Some(Place::Decryption);
    }

    fn forget_state(&mut self) {
        self.selected = false;
        self.current = false;
        self.deciphers_with = None;
    }

    fn read_token(&mut self, channel: &mut Channel<'_>, _: Listing) -> Result<Token, CardError> {
        self.refresh(channel)?;
        if self.terminated {
            return Ok(content::blank());
        }
        Ok(content::token(&self.application, &self.certificates))
    }

    fn identity(&self, _: &Token) -> Vec<u8> {
        match self.application.serial() {
            // Nobody gave the applet a number.
            [_, _, 0, 0, 0, 0] => Vec::new(),
            serial => serial.to_vec(),
        }
    }

    fn read_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        if let Some(place) = Place::of_public(object) {
            return Ok(self.public_key(channel, place)?.to_spki_der());
        }
        if let Some(place) = Place::of_certificate(object) {
            self.enter(channel)?;
            self.select_certificate(channel, place)?;
            let certificate = channel.call(&commands::get_data(commands::TAG_CERTIFICATE))?;
            return if certificate.is_empty() { Err(CardError::NoSuchObject) } else { Ok(certificate) };
        }
        if let Some(data) = DataPlace::of_object(object) {
            self.enter(channel)?;
            return read_data(channel, data);
        }
        match Place::of_private(object) {
            Some(_) => Err(CardError::NotSupported { what: "give out a private key".to_owned() }),
            None => Err(CardError::NoSuchObject),
        }
    }

    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError> {
        Ok(self.tries(channel, auth)?.left)
    }

    fn tries(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Tries, CardError> {
        let pin = Pin::of_id(auth)?;
        if !self.current {
            self.enter(channel)?;
            self.application.pins = pin::status(channel)?;
        }
        Ok(pin.tries(&self.application.pins))
    }

    fn told_tries(&self, auth: &AuthId) -> Option<Tries> {
        Some(Pin::of_id(auth).ok()?.tries(&self.application.pins)).filter(|_| self.current)
    }

    fn verify(&mut self, channel: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        let which = Pin::of_id(auth)?;
        if which == Pin::ResettingCode {
            return Err(CardError::NotSupported { what: "verify its resetting code alone".to_owned() });
        }
        which.check(&self.application.pins, pin, false)?;
        let verified = self.offer(channel, which, pin, |channel, value| pin::verify(channel, which, value));
        self.signature_pin_spent &= which != Pin::UserSign;
        if verified.is_err() {
            // The counters are others now.
            self.current = false;
        }
        verified
    }

    fn unfinished(&self) -> Option<Unfinished> {
        let tells = self.kdf.as_ref().is_some_and(Kdf::is_unfinished) && self.application.tells_unfinished();
        tells.then_some(Unfinished::PinHashing)
    }

    fn look_for_unfinished(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.kdf.is_some() || !self.application.tells_unfinished() {
            return Ok(());
        }
        match self.kdf(channel) {
            Err(CardError::Apdu(error @ ApduError::Transport(_))) => Err(error.into()),
            // What is wrong with the DO is told when it is needed.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn takes_pins_from_reader(&self) -> bool {
        !matches!(self.kdf, Some(Kdf::Hashed(_)))
    }

    fn verify_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let which = Pin::of_id(auth)?;
        let hashed = matches!(self.kdf(channel)?, Kdf::Hashed(_));
        if hashed || which == Pin::ResettingCode {
            return Err(CardError::NotSupported { what: "take this PIN from the reader's keys".to_owned() });
        }
        let verified = pin::verify_on_reader(channel, which, &self.application.pins);
        self.signature_pin_spent &= which != Pin::UserSign;
        self.current &= verified.is_ok();
        verified
    }

    fn is_verified(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<bool>, CardError> {
        self.enter(channel)?;
        let pin = Pin::of_id(auth)?;
        let told = iso::pin_state(channel, pin.reference())?.is_verified();
        // A PIN that is good for one signature is gone by itself: that says nothing of who took it back.
        let is_spent = pin == Pin::UserSign && self.application.pins.signature_forced;
        Ok(told.filter(|told| *told || !is_spent))
    }

    fn deauthenticate(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<bool, CardError> {
        let pin = Pin::of_id(auth)?;
        if pin == Pin::UserSign && self.signature_pin_spent {
            return Ok(true);
        }
        // VERIFY without a PIN spends nothing, whatever is selected.
        if self.application.version() < SINCE_FORGETTING { Ok(false) } else { Ok(pin::forget(channel, pin)?) }
    }

    fn perform(&mut self, channel: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError> {
        self.prepare(channel);
        self.compute(channel, call)
    }

    fn admin(&mut self) -> Option<&mut dyn CardAdmin> {
        Some(self)
    }
}

impl OpenPgp {
    fn new(application: Application, settings: &CardSettings) -> Self {
        Self {
            abilities: content::abilities(&application),
            cache: CardCache::open(settings.cache.as_ref(), state(&application)),
            certificates: Certificates::default(),
            algorithms: None,
            kdf: None,
            public_keys: Default::default(),
            store: settings.cache.clone(),
            signature_pin_spent: false,
            deciphers_with: Some(Place::Decryption),
            selected: true,
            current: true,
            terminated: application.is_terminated(),
            application,
        }
    }

    /// Says how long commands go to this card.
    fn prepare(&self, channel: &mut Channel<'_>) {
        if self.application.capabilities.extended_length {
            channel.prefer(Lengthening::Extended);
        }
    }

    /// Makes sure, once in each transaction, that the application is selected. Another program may have selected
    /// another one; but to select it again for nothing would end the logins.
    fn enter(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.prepare(channel);
        if self.selected {
            return Ok(());
        }
        let told = channel.send(&commands::get_data(commands::TAG_AID))?;
        if !(told.status.is_ok() && is_ours(&told.data, &self.application)) {
            self.select(channel)?;
        }
        self.selected = true;
        Ok(())
    }

    fn select(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        channel.call(&commands::select())?;
        self.deciphers_with = Some(Place::Decryption);
        self.selected = true;
        Ok(())
    }

    /// Once in each transaction: what the card says of itself and which certificates are there.
    fn refresh(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.current {
            return Ok(());
        }
        if self.terminated {
            if channel.send(&commands::select())?.status == TERMINATED {
                (self.selected, self.current) = (true, true);
                return Ok(());
            }
            // Another program has activated it.
            self.terminated = false;
        }
        self.refresh_application(channel)?;
        self.look_for_certificates(channel)?;
        self.current = true;
        Ok(())
    }

    /// What the card says of itself, which tells as well that the application is selected.
    fn refresh_application(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.prepare(channel);
        let told = channel.send(&commands::get_data(commands::TAG_APPLICATION))?;
        let known = told.status.is_ok().then(|| Application::parse(&told.data)).and_then(Result::ok);
        let application = match known.filter(|known| known.aid == self.application.aid) {
            Some(application) => application,
            None => {
                self.select(channel)?;
                Application::parse(&channel.call(&commands::get_data(commands::TAG_APPLICATION))?)?
            }
        };
        self.selected = true;
        self.take_over(application);
        Ok(())
    }

    /// What was read of keys that are others now is forgotten.
    fn take_over(&mut self, application: Application) {
        let validator = application.keys_validator();
        if validator.is_none() || validator != self.application.keys_validator() {
            self.public_keys = Default::default();
            self.cache = CardCache::open(self.store.as_ref(), state(&application));
        }
        let algorithms = self.algorithms.take().unwrap_or_default();
        self.abilities = content::abilities(&application);
        algorithms.iter().for_each(|(_, attributes)| content::learn(&mut self.abilities, attributes));
        self.algorithms = (!algorithms.is_empty()).then_some(algorithms);
        self.application = application;
    }

    /// Looks which cardholder certificates are there, by their first bytes. One command for each.
    fn look_for_certificates(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let mut found = Certificates::default();
        for place in places_of_certificates(&self.application) {
            let answer = channel.transmit_raw(&commands::probe_certificate(place.occurrence().into()))?;
            // 61xx and 6Cxx: there is more than was asked for, or another length.
            let is_there = match (answer.status.sw1(), answer.status) {
                (0x61 | 0x6C, _) => true,
                (_, StatusWord::OK) => !answer.data.is_empty(),
                _ => false,
            };
            if let (true, Some(slot)) = (is_there, found.get_mut(place.index())) {
                *slot = Some(answer.data);
            }
        }
        self.certificates = found;
        Ok(())
    }

    /// Chooses the certificate that the next GET DATA or PUT DATA means.
    fn select_certificate(&mut self, channel: &mut Channel<'_>, place: Place) -> Result<(), CardError> {
        if !places_of_certificates(&self.application).contains(&place) {
            return Err(CardError::NoSuchObject);
        }
        if !self.application.has_three_certificates() {
            return Ok(());
        }
        let first = channel.send(&commands::select_certificate(place.occurrence()))?;
        if !first.status.is_ok() {
            channel.call(&commands::select_certificate_with_length(place.occurrence()))?;
        }
        Ok(())
    }

    /// The public half of a key: from the cache as long as fingerprint and time are the same, else from the card.
    fn public_key(&mut self, channel: &mut Channel<'_>, place: Place) -> Result<PublicKey, CardError> {
        self.refresh(channel)?;
        if !self.application.has_key(place) {
            return Err(CardError::NoSuchObject);
        }
        let name = [place.number()];
        let cached = self.cache.get(&name).and_then(|der| PublicKey::from_spki_der(der).ok());
        let known = self.public_keys.get(place.index()).cloned().flatten().or(cached);
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = match channel.call(&commands::key_pair(place, false)) {
            Err(ApduError::UnexpectedStatus { status: StatusWord::REFERENCE_NOT_FOUND, .. }) => {
                return Err(CardError::NoSuchObject);
            }
            answer => answer?,
        };
        let public = public_key::parse(place, self.application.attributes(place), &answer)?;
        self.keep_public(place, &public);
        Ok(public)
    }

    fn keep_public(&mut self, place: Place, public: &PublicKey) {
        if let Some(known) = self.public_keys.get_mut(place.index()) {
            *known = Some(public.clone());
        }
        if self.application.keys_validator().is_some() {
            self.cache.insert(&[place.number()], &public.to_spki_der());
            self.cache.save();
        }
    }

    /// Sends a PIN as the card has it. Where `pin kdf` was interrupted, and this is the PIN that it had then, that is one of
    /// two forms: both are tried, because the one that is right gives back the try that the other costs.
    /// Errors: `NotSupported` where there is no try for that.
    fn offer(
        &mut self,
        channel: &mut Channel<'_>,
        which: Pin,
        value: &Secret,
        mut send: impl FnMut(&mut Channel<'_>, Secret) -> Result<(), CardError>,
    ) -> Result<(), CardError> {
        let kdf = self.kdf(channel)?;
        let form = kdf.apply(which, value);
        if !kdf.may_be_bare(which, &form) {
            return send(channel, form);
        }
        if which.tries(&pin::status(channel)?).left.is_none_or(|left| left < 2) {
            let what = "be sent this PIN with one try left: `pin kdf` was interrupted, and the PIN is hashed or \
                        not; unblock it, then run `pin kdf` again";
            return Err(CardError::NotSupported { what: what.to_owned() });
        }
        match send(channel, form) {
            Err(CardError::PinIncorrect { .. }) => send(channel, value.clone()),
            other => other,
        }
    }

    /// How PINs are hashed; asked for once. Comes before every command that holds a PIN: afterwards it is certain that
    /// this application gets it. Where the card answers with key derivation data, that says so as well.
    fn kdf(&mut self, channel: &mut Channel<'_>) -> Result<Kdf, CardError> {
        self.prepare(channel);
        if self.kdf.is_none() && self.application.capabilities.kdf {
            let mut answer = channel.send(&commands::get_data(kdf::TAG_KDF_DO))?;
            if !self.selected && (!answer.status.is_ok() || answer.data.is_empty()) {
                self.enter(channel)?;
                answer = channel.send(&commands::get_data(kdf::TAG_KDF_DO))?;
            }
            let told = match answer.status {
                StatusWord::OK => Kdf::parse(&answer.data)?,
                // A card that has none: PINs are sent as they are.
                StatusWord::REFERENCE_NOT_FOUND => Kdf::None,
                // The bit has no meaning in version 2 of the standard.
                _ if self.application.version() < (3, 0) => Kdf::None,
                status => return Err(CardError::Refused { doing: "tell how it takes PINs", status }),
            };
            self.selected = true;
            self.kdf = Some(told);
        }
        self.enter(channel)?;
        Ok(self.kdf.get_or_insert(Kdf::None).clone())
    }
}

/// Reads a data object; one that was never written is empty. Errors: `NotAuthenticated`.
fn read_data(channel: &mut Channel<'_>, place: DataPlace) -> Result<Vec<u8>, CardError> {
    let is_name = place.tag == NAME_TAG;
    let tag = if is_name { commands::TAG_CARDHOLDER } else { place.tag };
    let answer = channel.send(&commands::get_data(tag))?;
    match answer.status {
        StatusWord::OK if is_name => {
            let bytes = tlv::find(&answer.data, commands::TAG_CARDHOLDER.into()).unwrap_or(&answer.data);
            Ok(tlv::find(bytes, NAME_TAG.into()).unwrap_or_default().to_vec())
        }
        StatusWord::OK => Ok(answer.data),
        StatusWord::REFERENCE_NOT_FOUND => Ok(Vec::new()),
        StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
        status => Err(CardError::Refused { doing: "give out a data object", status }),
    }
}

/// The places that have a certificate of their own; cards before version 3 have one, and OpenSC takes it for that of
/// the authentication key.
fn places_of_certificates(application: &Application) -> &'static [Place] {
    const ORDER: [Place; 3] = [Place::Authentication, Place::Decryption, Place::Signature];
    match ORDER.split_first_chunk::<1>() {
        Some((only, _)) if !application.has_three_certificates() => only,
        _ => &ORDER,
    }
}

/// Whether an answer to GET DATA 4F is this card's.
fn is_ours(answer: &[u8], application: &Application) -> bool {
    let bare = tlv::find(answer, u32::from(commands::TAG_AID)).unwrap_or(answer);
    bare.starts_with(&RID_AND_APPLICATION) && bare == application.aid
}

/// Which card, and with which keys.
fn state(application: &Application) -> CardState {
    let validator = application.keys_validator().unwrap_or_default();
    CardState { family: NAME, serial: application.serial().to_vec(), validator }
}

/// The first version with PSO: DECIPHER by command chaining, PW1 of one value, and algorithm attributes to be set.
const OLDEST: (u8, u8) = (2, 0);
/// VERIFY with P1 = FF is in the standard since version 3.1; no older card is bothered with it.
const SINCE_FORGETTING: (u8, u8) = (3, 1);
/// SELECT of an application between TERMINATE DF and ACTIVATE FILE.
const TERMINATED: StatusWord = StatusWord(0x6285);
const NAME_TAG: u16 = 0x5B;
