//! MyEID cards and the open OsEID token: PKCS#15 directories, keys, PINs, by the MyEID command set.
//! No PKCS#11 here.

mod admin;
pub mod commands;
mod operations;
mod pins;
mod recognition;
pub mod write_commands;

use crate::apdu::{self, ApduError, Channel, Select, Tell, iso};
use crate::codec::{Secret, hex};
use crate::crypto::{CertificateDetails, Curve, PublicKey};
use crate::token::{
    AuthId, AuthRole, CertificateHints, Key, KeyAlgorithm, KeyClass, KeyId, ObjectId, Token, TokenInfo,
};

use self::commands::AppletInfo;
use self::operations::{Environment, KeyFile};
use self::recognition::{NIST_CURVES, abilities, applet_info, capabilities, state};

pub use self::recognition::knows_atr;
use super::cache::{CacheStore, CardCache};
use super::certificate_names::names;
use super::pkcs15::{self, Content, ObjectValue, Place};
use super::{Abilities, CardAdmin, CardCall, CardDriver, CardError, CardSettings, Listing, Tries};
use crate::card::files::{Extent, Files, Walker, from_master, named_part, read_value};

/// The driver of one inserted card.
pub struct MyEid {
    info: AppletInfo,
    abilities: Abilities,
    store: Option<CacheStore>,
    files: Files,
    content: Option<Content>,
    environment: Option<Environment>,
    /// The card was asked in this transaction whether it changed.
    current: bool,
}

/// The family's name, in the registry and in cache files.
pub const NAME: &str = "MyEID";

/// Binds a driver to the card, if it tells the applet information of this family.
pub fn open(
    channel: &mut Channel<'_>,
    settings: &CardSettings,
) -> Result<Option<Box<dyn CardDriver>>, CardError> {
    let info = match applet_info(channel)? {
        Some(info) => Some(info),
        // Another applet may be selected, or none.
        None => match apdu::select(channel, Select::Application(&commands::AID), Tell::Nothing) {
            Ok(_) => applet_info(channel)?,
            Err(ApduError::UnexpectedStatus { .. }) => None,
            Err(error) => return Err(error.into()),
        },
    };
    let Some(info) = info else { return Ok(None) };
    let mut cache = CardCache::open(settings.cache.as_ref(), state(&info));
    let capabilities = capabilities(channel, &mut cache)?;
    Ok(Some(Box::new(MyEid {
        abilities: abilities(&info, capabilities),
        store: settings.cache.clone(),
        files: Files::new(cache, recognition::is_public),
        content: None,
        environment: None,
        current: true,
        info,
    })))
}

impl CardDriver for MyEid {
    fn name(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    fn forget_state(&mut self) {
        self.files.forget_selection();
        self.environment = None;
        self.current = false;
    }

    fn read_token(&mut self, channel: &mut Channel<'_>, _: Listing) -> Result<Token, CardError> {
        self.ask_for_changes(channel)?;
        let result = self.load(channel);
        self.files.cache.save();
        result?;
        let mut token = self.content.as_ref().map(|content| content.token.clone()).unwrap_or_default();
        self.complete(&mut token.info, self.content.is_some());
        Ok(token)
    }

    fn read_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        if let Some(certificate) = self.as_the_directory_says(channel, object)? {
            return Ok(certificate);
        }
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
        let reference = self.reference(auth)?;
        pins::tries(channel, reference)
    }

    fn tries_left(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<Option<u8>, CardError> {
        Ok(self.tries(channel, auth)?.left)
    }

    fn verify(&mut self, channel: &mut Channel<'_>, auth: &AuthId, pin: &Secret) -> Result<(), CardError> {
        // After a change the directories are not known, and a login that has to come back comes before they are read again.
        self.load(channel)?;
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let policy = content.token.auth(auth).ok_or(CardError::NoSuchObject)?;
        let place = content.auths.get(auth).ok_or(CardError::NoSuchObject)?;
        self.files.keep_nothing_more();
        pins::verify(channel, policy, place, pin)
    }

    fn takes_pins_from_reader(&self) -> bool {
        true
    }

    fn verify_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let policy = content.token.auth(auth).ok_or(CardError::NoSuchObject)?;
        let place = content.auths.get(auth).ok_or(CardError::NoSuchObject)?;
        self.files.keep_nothing_more();
        pins::verify_on_reader(channel, policy, place)
    }

    fn deauthenticate(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<bool, CardError> {
        let reference = self.reference(auth)?;
        let role = self.content.as_ref().and_then(|content| content.token.auth(auth)).map(|auth| auth.role);
        self.environment = None;
        pins::deauthenticate(channel, reference, role.unwrap_or(AuthRole::User))
    }

    fn perform(&mut self, channel: &mut Channel<'_>, call: &CardCall<'_>) -> Result<Secret, CardError> {
        match *call {
            CardCall::RsaRaw { key, block } => {
                let key = self.key_file(key)?;
                self.rsa_raw(channel, &key, block)
            }
            CardCall::RsaSignPkcs1 { key, digest_info } => {
                let key = self.key_file(key)?;
                self.rsa_sign_pkcs1(channel, &key, digest_info)
            }
            CardCall::RsaDecryptPkcs1 { .. } => {
                Err(CardError::NotSupported { what: "take encryption padding off itself".to_owned() })
            }
            CardCall::EcdsaSign { key, digest } => {
                let key = self.key_file(key)?;
                self.ecdsa_sign(channel, &key, digest)
            }
            CardCall::EcdhAgree { key, peer } => {
                let key = self.key_file(key)?;
                self.ecdh_agree(channel, &key, peer)
            }
            CardCall::Ed25519Sign { .. } | CardCall::X25519Agree { .. } => {
                Err(CardError::NotSupported { what: "compute on the curve 25519".to_owned() })
            }
            CardCall::AesEncrypt { key, iv, blocks } => {
                let key = self.key_file(key)?;
                self.aes_blocks(channel, &key, commands::Direction::Encipher, iv, blocks)
            }
            CardCall::AesDecrypt { key, iv, blocks } => {
                let key = self.key_file(key)?;
                self.aes_blocks(channel, &key, commands::Direction::Decipher, iv, blocks)
            }
            CardCall::Random { len } => Ok(iso::get_challenge(channel, len, RANDOM_LEN)?),
        }
    }

    fn admin(&mut self) -> Option<&mut dyn CardAdmin> {
        Some(self)
    }
}

impl MyEid {
    /// Once in each transaction: what is known of the card is dropped when its change counter says so.
    fn ask_for_changes(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.current {
            return Ok(());
        }
        if let Some(cache) = self.renewed_cache(channel)? {
            self.content = None;
            self.environment = None;
            self.files.renew(cache);
        }
        Ok(())
    }

    /// A certificate that is what its directory entry says, by names: then whether another program has changed the card since
    /// the directory was read need not be asked. `None` where the entry says nothing, or the value is another one. (A value
    /// of a later state in the cache does no harm: the cache goes by the counter, which does not come back.)
    fn as_the_directory_says(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
    ) -> Result<Option<Vec<u8>>, CardError> {
        let Some(content) = self.content.as_ref().filter(|_| !self.current) else { return Ok(None) };
        let mut certificates = content.token.certificates.iter();
        let Some(entry) = certificates.find(|certificate| certificate.object == object) else {
            return Ok(None);
        };
        if entry.hints.subject.is_none() || entry.hints.issuer.is_none() {
            return Ok(None);
        }
        let hints = entry.hints.clone();
        let value = match self.object_value(channel, object) {
            Err(error @ CardError::Apdu(ApduError::Transport(_))) => return Err(error),
            // What is not there any more is a change.
            Err(_) => return Ok(None),
            Ok(value) => value,
        };
        let is_it = CertificateDetails::parse(&value).is_ok_and(|read| {
            hints.subject.as_ref() == Some(&read.subject)
                && hints.issuer.as_ref() == Some(&read.issuer)
                && (hints.subject_key_id.is_none() || hints.subject_key_id == read.subject_key_id)
        });
        self.files.cache.save();
        Ok(is_it.then_some(value))
    }

    /// Asks the card for its state; the cache of a state that is new, `None` when it is still the same.
    fn renewed_cache(&mut self, channel: &mut Channel<'_>) -> Result<Option<CardCache>, CardError> {
        let info = applet_info(channel)?.ok_or_else(|| CardError::Malformed {
            what: "applet information".to_owned(),
            why: "it was there before".to_owned(),
        })?;
        self.current = true;
        if info == self.info {
            return Ok(None);
        }
        self.info = info;
        Ok(Some(CardCache::open(self.store.as_ref(), state(&self.info))))
    }

    /// Reads the directories, if they are not known. A blank card has none.
    fn load(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.content.is_some() {
            return Ok(());
        }
        let Some(mut directory) = self.read_directories(channel, None)? else { return Ok(()) };
        if directory.odf.is_empty() {
            // Formatting fills the ODF last: without a record in it the card is blank, or all but finished.
            let Some(odf) = self.unfinished_odf(channel)? else { return Ok(()) };
            let Some(finished) = self.read_directories(channel, Some(odf))? else { return Ok(()) };
            directory = finished;
        }
        let mut content = admin::content(directory);
        self.learn_curves(channel, &mut content)?;
        self.learn_secret_keys(channel, &mut content)?;
        self.content = Some(content);
        Ok(())
    }

    /// Reads the directories, with another ODF than the card's where one is given.
    fn read_directories(
        &mut self,
        channel: &mut Channel<'_>,
        odf: Option<Vec<u8>>,
    ) -> Result<Option<pkcs15::Directory>, CardError> {
        let place = Place::standard();
        let odf = odf.map(|content| (place.odf.clone(), content));
        let mut walker = Walker { channel, files: &mut self.files, known: odf };
        pkcs15::read_application(&mut walker, place)
    }

    /// Asks the card for the algorithm of secret keys where the directories name none: AES, by the file's type.
    fn learn_secret_keys(
        &mut self,
        channel: &mut Channel<'_>,
        content: &mut Content,
    ) -> Result<(), CardError> {
        for key in &mut content.token.keys {
            let KeyAlgorithm::Generic { .. } = key.algorithm else { continue };
            let place = content.objects.get(&key.object).and_then(|place| place.value.as_ref());
            let Some(path) = place.and_then(ObjectValue::path).and_then(from_master) else { continue };
            if let Some((descriptor, size)) = self.files.key_type(channel, &path)?
                && descriptor & !SHAREABLE == KEY_AES
            {
                key.algorithm = KeyAlgorithm::Aes { key_bits: u32::try_from(size).unwrap_or(0) };
            }
        }
        Ok(())
    }

    /// Asks the card for the curves that the directories do not name: a key file's type and size tell.
    fn learn_curves(&mut self, channel: &mut Channel<'_>, content: &mut Content) -> Result<(), CardError> {
        let mut learned = Vec::new();
        for key in content.token.keys.iter().filter(|key| key.class == KeyClass::Private && lacks_curve(key))
        {
            let place = content.objects.get(&key.object).and_then(|place| place.value.as_ref());
            let Some(path) = place.and_then(ObjectValue::path).and_then(from_master) else { continue };
            let Some((descriptor, size)) = self.files.key_type(channel, &path)? else { continue };
            learned.push((key.object, key.id.clone(), curve(descriptor, size)));
        }
        for key in content.token.keys.iter_mut().filter(|key| lacks_curve(key)) {
            // The public half has no file of its own to tell; it is found by its identifier.
            let is_half = |object: ObjectId, id: &KeyId| match key.class {
                KeyClass::Private => object == key.object,
                _ => *id == key.id,
            };
            let known = learned.iter().find(|(object, id, _)| is_half(*object, id));
            key.algorithm = KeyAlgorithm::Ec { curve: known.and_then(|(_, _, curve)| *curve) };
        }
        Ok(())
    }

    fn complete(&self, info: &mut TokenInfo, initialized: bool) {
        let [major, minor, revision] = self.info.version;
        if info.serial.is_empty() {
            info.serial = hex::encode(&self.info.serial);
        }
        info.model = format!("{} {major}.{minor}.{revision}", self.info.name);
        info.hardware_version = (major, minor);
        info.firmware_version = (major, minor);
        info.initialized = initialized;
        info.has_random = true;
    }

    fn object_value(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        self.load(channel)?;
        let content = self.content.as_mut().ok_or(CardError::NoSuchObject)?;
        let place = content.objects.get(&object).ok_or(CardError::NoSuchObject)?;
        let is_data = content.token.data.iter().any(|data| data.object == object);
        let key = content.token.keys.iter().find(|key| key.object == object);
        if key.is_some_and(|key| key.class != KeyClass::Public) {
            return Err(CardError::NotSupported { what: "give out a private or secret key".to_owned() });
        }
        let is_key = key.is_some();
        let bytes = match &place.value {
            Some(ObjectValue::Direct(bytes)) => bytes.clone(),
            Some(ObjectValue::Path(path)) => {
                let extent = if is_data { Extent::Whole } else { Extent::Object };
                read_value(channel, &mut self.files, path, extent)?
            }
            Some(ObjectValue::Other(_)) | None => return Err(CardError::NoSuchObject),
        };
        if !is_key {
            return Ok(bytes);
        }
        let public = content.learn_public_key(object, &bytes);
        public.as_ref().map(PublicKey::to_spki_der).ok_or_else(|| CardError::Malformed {
            what: "public key".to_owned(),
            why: "not in a form that PKCS#15 knows".to_owned(),
        })
    }

    fn reference(&self, auth: &AuthId) -> Result<u8, CardError> {
        let place = self.content.as_ref().and_then(|content| content.auths.get(auth));
        place.map(|place| place.reference()).ok_or(CardError::NoSuchObject)
    }

    /// Where a private key is.
    fn key_file(&self, object: ObjectId) -> Result<KeyFile, CardError> {
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let key = content.token.keys.iter().find(|key| key.object == object && key.class != KeyClass::Public);
        let key = key.ok_or(CardError::NoSuchObject)?;
        let value = content.objects.get(&object).and_then(|place| place.value.as_ref());
        let path = value.and_then(ObjectValue::path).and_then(from_master).ok_or(CardError::NoSuchObject)?;
        let (folder, file) = path.split_last_chunk::<2>().ok_or(CardError::NoSuchObject)?;
        let auth = key.auth.as_ref().and_then(|auth| content.auths.get(auth));
        let (bits, curve) = match key.algorithm {
            KeyAlgorithm::Rsa { modulus_bits } => (modulus_bits, None),
            KeyAlgorithm::Ec { curve } => (0, curve),
            _ => (0, None),
        };
        Ok(KeyFile {
            folder: folder.to_vec(),
            file: u16::from_be_bytes(*file),
            pin: auth.map(|place| place.reference()),
            bits,
            curve,
        })
    }
}

fn lacks_curve(key: &Key) -> bool {
    matches!(key.algorithm, KeyAlgorithm::Ec { curve: None })
}

/// The curve of a key file, by its descriptor byte and size in bits.
fn curve(descriptor: u8, size: usize) -> Option<Curve> {
    match (descriptor & !SHAREABLE, size) {
        (KEY_NIST, _) => NIST_CURVES.into_iter().find(|curve| curve.bits() as usize == size),
        (KEY_SECP256K1, 256) => Some(Curve::Secp256k1),
        _ => None,
    }
}

/// Random bytes asked for at a time.
const RANDOM_LEN: usize = 128;
/// File descriptor byte of keys on NIST curves, on secp256k1 and for AES, and the bit that may be set besides.
const KEY_NIST: u8 = 0x22;
const KEY_SECP256K1: u8 = 0x23;
const KEY_AES: u8 = 0x29;
const SHAREABLE: u8 = 0x40;
