//! Cards with the IsoApplet (versions 0 and 1), the open JavaCard applet that holds a PKCS#15 structure: one PIN with
//! its PUK, RSA and elliptic curve keys. No PKCS#11 here.

mod admin;
mod commands;
mod curves;
mod operations;
mod pins;
mod state;

use crate::apdu::iso;
use crate::apdu::{ApduError, Channel, FileInfo, Lengthening};
use crate::codec::Secret;
use crate::crypto::{Curve, PublicKey};
use crate::token::{
    AuthId, CertificateHints, KeyAlgorithm, KeyClass, ObjectId, Token, TokenInfo as CardInfo,
};

use self::commands::{Access, Applet, Who};
use self::operations::{Environment, KeyPlace};
use super::cache::{CacheStore, CardCache};
use super::certificate_names::names;
use super::files::{Extent, Files, Walker, from_master, named_part, read_value};
use super::pkcs15::write::without_doubles;
use super::pkcs15::{self, Content, Directory, ObjectValue, Place};
use super::{Abilities, CardAdmin, CardCall, CardDriver, CardError, CardSettings, Listing, Tries};

/// The driver of one inserted card.
pub struct IsoApplet {
    applet: Applet,
    abilities: Abilities,
    store: Option<CacheStore>,
    files: Files,
    content: Option<Content>,
    environment: Option<Environment>,
    /// EF.TokenInfo as it was last seen: the card is in that state.
    token_info: Option<Vec<u8>>,
    /// The card was asked in this transaction whether it changed.
    current: bool,
    /// The applet is selected in this transaction.
    selected: bool,
}

/// The family's name, in the registry and in cache files.
pub const NAME: &str = "IsoApplet";

/// The applet runs on cards of every maker: no answer to reset is its own.
pub fn knows_atr(_: &[u8]) -> bool {
    false
}

/// Binds a driver to the card, if the applet is on it.
pub fn open(
    channel: &mut Channel<'_>,
    settings: &CardSettings,
) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    let Some(selected) = select_applet(channel)? else { return Ok(None) };
    let token_info = state::read_token_info(channel)?;
    let mut cache = opened_cache(channel, settings.cache.as_ref(), token_info.as_deref())?;
    let Some(applet) = applet(channel, &selected, &mut cache)? else { return Ok(None) };
    let mut driver = IsoApplet {
        applet,
        abilities: Abilities::default(),
        store: settings.cache.clone(),
        files: Files::new(cache, is_public),
        content: None,
        environment: None,
        token_info,
        current: true,
        selected: true,
    };
    driver.prepare(channel);
    driver.abilities = abilities(applet, channel);
    Ok(Some(Box::new(driver)))
}

impl CardDriver for IsoApplet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn application_name(&self) -> Option<&[u8]> {
        Some(&commands::AID)
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn be_selected(&mut self) {
        self.files.forget_selection();
        self.environment = None;
        self.selected = true;
    }

    fn forget_state(&mut self) {
        self.files.forget_selection();
        self.environment = None;
        self.current = false;
        self.selected = false;
    }

    fn read_token(&mut self, channel: &mut Channel<'_>, _: Listing) -> Result<Token, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        let mut token = self.content.as_ref().map(|content| content.token.clone()).unwrap_or_default();
        self.complete(&mut token.info);
        Ok(token)
    }

    fn identity(&self, token: &Token) -> Vec<u8> {
        let known = self.content.as_ref().and_then(|content| content.directory.token_info.as_ref());
        if state::has_serial(known) {
            return token.info.serial.clone().into_bytes();
        }
        state::fingerprint(&self.files.cache).map(<[u8]>::to_vec).unwrap_or_default()
    }

    fn read_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        self.ask_for_changes(channel)?;
        let result = self.object_value(channel, object);
        self.files.cache.save();
        result
    }

    fn kept_certificate(&self, object: ObjectId) -> Option<Vec<u8>> {
        let content = self.content.as_ref()?;
        let mut certificates = content.token.certificates.iter();
        certificates.find(|certificate| certificate.object == object && !certificate.private)?;
        match &content.objects.get(&object)?.value {
            Some(ObjectValue::Direct(bytes)) => Some(bytes.clone()),
            Some(ObjectValue::Path(path)) => {
                let known = self.files.cache.get(&from_master(path)?)?;
                Some(named_part(known, path))
            }
            Some(ObjectValue::Other(_)) | None => None,
        }
    }

    fn certificate_names(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<Option<CertificateHints>, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let place = content.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let beginning = match &place.value {
            Some(ObjectValue::Direct(bytes)) => Some(bytes.clone()),
            Some(ObjectValue::Path(path)) if path.index.unwrap_or(0) == 0 => {
                read_value(channel, &mut self.files, path, Extent::Beginning).map(Some)?
            }
            _ => None,
        };
        self.files.cache.save();
        Ok(beginning.as_deref().and_then(names))
    }

    fn tries(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Tries, CardError> {
        self.pin(auth)?;
        // Asked without data it spends no try, whichever applet answers.
        match pins::tries(channel)? {
            Tries { left: None, .. } if !self.current => {
                self.ask_for_changes(channel)?;
                pins::tries(channel)
            }
            tries => Ok(tries),
        }
    }

    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError> {
        Ok(self.tries(channel, auth)?.left)
    }

    fn verify(&mut self, channel: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        let (policy, _) = self.pin(auth)?;
        pins::check_verified(&policy, pin)?;
        self.select_for_pin(channel)?;
        self.files.keep_nothing_more();
        pins::verify(channel, pin)
    }

    fn takes_pins_from_reader(&self) -> bool {
        true
    }

    fn verify_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let (policy, _) = self.pin(auth)?;
        self.select_for_pin(channel)?;
        self.files.keep_nothing_more();
        pins::verify_on_reader(channel, &policy)
    }

    fn is_verified(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<bool>, CardError> {
        self.pin(auth)?;
        Ok(iso::pin_state(channel, commands::PIN)?.is_verified())
    }

    /// Selecting the applet again takes the verification back.
    fn deauthenticate(&mut self, channel: &mut Channel<'_>, _: &AuthId) -> Result<bool, CardError> {
        self.forget_state();
        Ok(channel.send(&commands::select_applet())?.status.is_ok())
    }

    fn perform(&mut self, channel: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError> {
        self.prepare(channel);
        match *call {
            CardCall::RsaSignPkcs1 { key, digest_info } => {
                let key = self.key(key)?;
                self.rsa_sign_pkcs1(channel, key, digest_info)
            }
            CardCall::RsaDecryptPkcs1 { key, cryptogram } => {
                let key = self.key(key)?;
                self.rsa_decrypt_pkcs1(channel, key, cryptogram)
            }
            CardCall::EcdsaSign { key, digest } => {
                let key = self.key(key)?;
                self.ecdsa_sign(channel, key, digest)
            }
            CardCall::Random { len } => Ok(iso::get_challenge(channel, len, RANDOM_LEN)?),
            CardCall::RsaRaw { .. } => cannot("do the RSA operation without its padding"),
            CardCall::EcdhAgree { .. } | CardCall::X25519Agree { .. } => cannot("agree on keys"),
            CardCall::Ed25519Sign { .. } => cannot("sign with Ed25519"),
            CardCall::AesEncrypt { .. } | CardCall::AesDecrypt { .. } => {
                cannot("encrypt or decrypt with AES")
            }
        }
    }

    fn admin(&mut self) -> Option<&mut dyn CardAdmin> {
        Some(self)
    }
}

impl IsoApplet {
    /// Says how this applet wants long commands. API 1 takes no chains: where the reader has no extended length they are
    /// not sent at all.
    fn prepare(&self, channel: &mut Channel<'_>) {
        if self.applet.has_extended_length() {
            channel.prefer(Lengthening::Extended);
        }
        if !self.applet.chains() && !takes_extended(channel) {
            channel.prefer(Lengthening::ShortOnly);
        }
    }

    /// Once in each transaction: the applet is selected, and what is known of the card is dropped when it changed. A
    /// login stands, unless another program has selected another applet.
    fn ask_for_changes(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.prepare(channel);
        if self.current {
            return Ok(());
        }
        let mut now = state::read_token_info(channel)?;
        if now.is_none() || (now != self.token_info && !self.is_selected(channel)?) {
            self.reselect(channel)?;
            now = state::read_token_info(channel)?;
        }
        self.current = true;
        self.selected = true;
        if now != self.token_info {
            let cache = opened_cache(channel, self.store.as_ref(), now.as_deref())?;
            self.files.renew(cache);
            self.content = None;
            self.environment = None;
            self.token_info = now;
        }
        Ok(())
    }

    /// Whether the applet still answers, asked without taking a login back. API 0 does not say.
    fn is_selected(&self, channel: &mut Channel<'_>) -> Result<bool, CardError> {
        if self.applet.version.0 == 0 {
            return Ok(false);
        }
        let response = channel.send(&commands::applet_data())?;
        Ok(response.status.is_ok() && Applet::parse(&response.data).is_some())
    }

    /// Another program may have selected another applet: it must not get the PIN.
    fn select_for_pin(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.selected { Ok(()) } else { self.reselect(channel) }
    }

    /// Selects the applet: whatever was verified is not any more.
    fn reselect(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.prepare(channel);
        self.files.forget_selection();
        self.environment = None;
        match select_applet(channel)? {
            Some(_) => {
                self.selected = true;
                Ok(())
            }
            None => Err(CardError::Malformed {
                what: "the IsoApplet".to_owned(),
                why: "it was there before".to_owned(),
            }),
        }
    }

    /// Reads the directories, if they are not known. A blank card has none.
    fn load(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.content.is_some() {
            return Ok(());
        }
        let Some(directory) = self.read_directories(channel)? else { return Ok(()) };
        if directory.odf.is_empty() {
            // Formatting fills the ODF last: without a record in it the card is blank.
            return Ok(());
        }
        let mut content = Content::new(without_doubles(directory));
        self.learn_curves(channel, &mut content)?;
        if !state::has_serial(content.directory.token_info.as_ref())
            && state::fingerprint(&self.files.cache).is_none()
        {
            self.files.enter(channel, &APPLICATION)?;
            state::bear_witness(channel, &content, &mut self.files.cache)?;
        }
        self.content = Some(content);
        self.files.cache.save();
        Ok(())
    }

    /// In the usual place; where nothing is there, as EF.DIR says.
    fn read_directories(&mut self, channel: &mut Channel<'_>) -> Result<Option<Directory>, CardError> {
        let place = Place::standard();
        let known = self.token_info.clone().map(|bytes| (place.token_info.clone(), bytes));
        let mut walker = Walker { channel, files: &mut self.files, known };
        match pkcs15::read_application(&mut walker, place)? {
            None => pkcs15::read_directory(&mut walker),
            found => Ok(found),
        }
    }

    /// Directories name no curve: the public key does, which is read for it.
    fn learn_curves(&mut self, channel: &mut Channel<'_>, content: &mut Content) -> Result<(), CardError> {
        let unknown = content.token.keys.iter().filter(|key| {
            key.class == KeyClass::Public && matches!(key.algorithm, KeyAlgorithm::Ec { curve: None })
        });
        let unknown: Vec<ObjectId> = unknown.map(|key| key.object).collect();
        for object in unknown {
            let path = content.objects.get(&object).and_then(|place| place.value.as_ref()?.path()).cloned();
            let Some(path) = path else { continue };
            match read_value(channel, &mut self.files, &path, Extent::Object) {
                Ok(bytes) => drop(content.learn_public_key(object, &bytes)),
                Err(CardError::Apdu(ApduError::Transport(error))) => return Err(error.into()),
                Err(error) => tracing::debug!(%error, "a public key was not read"),
            }
        }
        Ok(())
    }

    fn complete(&self, info: &mut CardInfo) {
        let (major, minor) = self.applet.version;
        info.model = format!("IsoApplet {major}.{minor}");
        info.hardware_version = (major, minor);
        info.firmware_version = (major, minor);
        info.initialized = self.content.is_some();
        info.has_random = self.applet.has_random();
        info.sole_pin = true;
    }

    fn object_value(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        self.load(channel)?;
        let content = self.content.as_mut().ok_or(CardError::NoSuchObject)?;
        let place = content.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let is_data = content.token.data.iter().any(|data| data.object == object);
        let class = content.token.keys.iter().find(|key| key.object == object).map(|key| key.class);
        if class.is_some_and(|class| class != KeyClass::Public) {
            return cannot("give out a private or secret key");
        }
        let bytes = match &place.value {
            Some(ObjectValue::Direct(bytes)) => bytes.clone(),
            Some(ObjectValue::Path(path)) => {
                let extent = if is_data { Extent::Whole } else { Extent::Object };
                read_value(channel, &mut self.files, path, extent)?
            }
            Some(ObjectValue::Other(_)) | None => return Err(CardError::NoSuchObject),
        };
        if class.is_none() {
            return Ok(bytes);
        }
        let public = content.learn_public_key(object, &bytes);
        public.as_ref().map(PublicKey::to_spki_der).ok_or_else(|| CardError::Malformed {
            what: "public key".to_owned(),
            why: "not in a form that PKCS#15 knows".to_owned(),
        })
    }

    /// Which private key that is in the applet.
    fn key(&self, object: ObjectId) -> Result<KeyPlace, CardError> {
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let key = content.token.keys.iter().find(|key| key.object == object);
        let key = key.filter(|key| key.class == KeyClass::Private).ok_or(CardError::NoSuchObject)?;
        let reference = content.objects.get(&object).and_then(|place| place.key_reference).unwrap_or(0);
        let reference = u8::try_from(reference).ok().filter(|reference| *reference < commands::KEYS);
        let (bits, curve) = match key.algorithm {
            KeyAlgorithm::Rsa { modulus_bits } => (modulus_bits, None),
            KeyAlgorithm::Ec { curve } => (0, curve),
            _ => (0, None),
        };
        Ok(KeyPlace { reference: reference.ok_or(CardError::NoSuchObject)?, bits, curve })
    }
}

/// SELECT of the applet: its answer, `None` where there is no such applet.
fn select_applet(channel: &mut Channel<'_>) -> Result<Option<Vec<u8>>, CardError> {
    let response = channel.send(&commands::select_applet())?;
    Ok(response.status.is_ok().then_some(response.data))
}

/// Version and features: API 0 tells them when it is selected, API 1 when it is asked. `None` for another applet.
fn applet(
    channel: &mut Channel<'_>,
    selected: &[u8],
    cache: &mut CardCache,
) -> Result<Option<Applet>, CardError> {
    if let Some(applet) = Applet::parse(selected) {
        return Ok(Some(applet));
    }
    if let Some(known) = cache.get(APPLET).and_then(Applet::parse) {
        return Ok(Some(known));
    }
    let response = channel.send(&commands::applet_data())?;
    let applet = Applet::parse(&response.data).filter(|_| response.status.is_ok());
    if let Some(applet) = applet {
        cache.insert(APPLET, &applet.bytes());
    }
    Ok(applet)
}

/// What is known of the card that has just given this TokenInfo.
fn opened_cache(
    channel: &mut Channel<'_>,
    store: Option<&CacheStore>,
    token_info: Option<&[u8]>,
) -> Result<CardCache, CardError> {
    state::verified(channel, CardCache::open(store, state::state(token_info.unwrap_or_default())))
}

fn abilities(applet: Applet, channel: &Channel<'_>) -> Abilities {
    let curves: &[Curve] = if applet.signs_digests() { &CURVES } else { &[] };
    Abilities {
        rsa_bits: [2048].into_iter().chain(applet.has_rsa_4096().then_some(4096)).collect(),
        rsa_pkcs1: true,
        rsa_pkcs1_decrypt: applet.chains() || takes_extended(channel),
        ecdsa: curves.to_vec(),
        generates_keys: true,
        random: applet.has_random(),
        tells_tries: true,
        ..Abilities::default()
    }
}

/// Whether commands of extended length go to the card.
fn takes_extended(channel: &Channel<'_>) -> bool {
    channel.max_command_data() > SHORT_DATA_LEN
}

/// Whether anybody may read a file.
fn is_public(info: &FileInfo) -> bool {
    Access::from_bytes(info.find(TAG_ACCESS)).read == Who::Anybody
}

fn cannot<T>(what: &str) -> Result<T, CardError> {
    Err(CardError::NotSupported { what: what.to_owned() })
}

/// The curves that the applet was seen to compute on: it knows none by name, and the chips below it differ.
const CURVES: [Curve; 5] =
    [Curve::P256, Curve::P384, Curve::Secp256k1, Curve::BrainpoolP256r1, Curve::BrainpoolP384r1];
/// The PKCS#15 application, from the MF.
const APPLICATION: [u8; 2] = [0x50, 0x15];
/// Access conditions in the file control information.
const TAG_ACCESS: u32 = 0x86;
/// In the cache: version and features of the applet.
const APPLET: &[u8] = b"applet";
/// Random bytes asked for at a time.
const RANDOM_LEN: usize = 128;
const SHORT_DATA_LEN: usize = 255;
