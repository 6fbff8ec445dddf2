//! Writing a MyEID card: formatting, PINs, keys, certificates, data.

mod format;
mod home;
mod keys;
mod reclaim;
mod rights;
mod secrets;
pub(super) mod structure;
mod writing;

use crate::apdu::{Channel, StatusWord};
use crate::card::admin::{
    AdminAbilities, CardAdmin, CreatedKey, CreatedPin, Format, ImportedKey, LaterPins, NewCertificate,
    NewData, NewKey, NewPin, NewPublicKey, RepairReport, Unblock, Ways, Write,
};
use crate::card::cache::CardCache;
use crate::card::files::from_master;
use crate::card::pkcs15::write::{Changing, ObjectWriting as _, image, refused, without_doubles};
use crate::card::pkcs15::{Content, Directory};
use crate::card::{Abilities, CardError, myeid::commands};
use crate::codec::Secret;
use crate::token::{AuthId, KeyId, ObjectId};

use super::MyEid;
use super::recognition::{applet_info, state};
use super::write_commands::{self, Access, FileType, KeyRules};
use crate::card::files::status;

impl CardAdmin for MyEid {
    fn admin_abilities(&self) -> AdminAbilities {
        let Abilities { rsa_bits, ecdsa, aes_bits, .. } = self.abilities.clone();
        AdminAbilities {
            rsa_generate: rsa_bits.clone(),
            rsa_import: rsa_bits,
            curves_generate: ecdsa.clone(),
            curves_import: ecdsa,
            ed25519: Ways::default(),
            x25519: Ways::default(),
            aes_generate: aes_bits.clone(),
            extractable: !aes_bits.is_empty(),
            aes_import: aes_bits,
            max_pins: structure::users().count(),
            pin_lengths: MIN_PIN_LEN..=commands::PIN_LEN,
            tries: 1..=format::MAX_TRIES,
            later_pins: LaterPins { puk_settable: false, tries: Some(format::RESERVE_TRIES) },
            key_places: Vec::new(),
            officer_writes: false,
            factory: None,
            extras: Vec::new(),
        }
    }

    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError> {
        self.format_card(channel, format)
    }

    fn erase(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.erase_card(channel)
    }

    fn create_pin(&mut self, channel: &mut Channel<'_>, pin: &NewPin<'_>) -> Result<CreatedPin, CardError> {
        self.writing(channel, |driver, channel| driver.add_pin(channel, pin))
    }

    fn change_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), CardError> {
        self.change_pin_value(channel, auth, old, new)
    }

    fn change_pin_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        self.change_pin_value_on_reader(channel, auth)
    }

    fn unblock_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        by: Unblock<'_>,
        new: &Secret,
    ) -> Result<(), CardError> {
        self.reset_pin_value(channel, auth, by, new)
    }

    fn generate_key(&mut self, channel: &mut Channel<'_>, key: &NewKey<'_>) -> Result<CreatedKey, CardError> {
        self.writing(channel, |driver, channel| driver.add_key(channel, key))
    }

    fn import_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        self.writing(channel, |driver, channel| driver.add_imported_key(channel, key))
    }

    fn store_public_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewPublicKey<'_>,
    ) -> Result<ObjectId, CardError> {
        self.writing(channel, |driver, channel| driver.add_public_key(channel, key))
    }

    fn store_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<ObjectId, CardError> {
        self.writing(channel, |driver, channel| driver.add_certificate(channel, certificate))
    }

    fn store_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<ObjectId, CardError> {
        self.writing(channel, |driver, channel| driver.add_data(channel, data))
    }

    fn set_label(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        label: &str,
    ) -> Result<ObjectId, CardError> {
        self.editing(channel, object, |driver, channel| driver.change_label(channel, object, label))
    }

    fn set_id(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        id: &KeyId,
    ) -> Result<ObjectId, CardError> {
        self.editing(channel, object, |driver, channel| driver.change_id(channel, object, id))
    }

    fn delete_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError> {
        self.editing(channel, object, |driver, channel| driver.remove_object(channel, object))
    }

    fn repair(&mut self, channel: &mut Channel<'_>) -> Result<RepairReport, CardError> {
        self.writing(channel, |driver, channel| driver.reclaim_all(channel))
    }

    fn plan_write(&mut self, channel: &mut Channel<'_>, write: Write<'_>) -> Result<Vec<AuthId>, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        self.pins_for(channel, write)
    }
}

impl Changing for MyEid {
    /// Runs a change of the card's contents: with the directories known as they are now, nothing cached that will
    /// not be true any more, and the new state of the card taken note of.
    fn writing<T>(
        &mut self,
        channel: &mut Channel<'_>,
        change: impl FnOnce(&mut Self, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        self.files.begin_change();
        self.environment = None;
        let result = change(self, channel);
        let changed = self.files.end_change();
        let content = self.content.take().filter(|_| result.is_ok());
        let info = applet_info(channel)?.ok_or_else(|| CardError::Malformed {
            what: "applet information".to_owned(),
            why: "it was there before".to_owned(),
        })?;
        self.info = info;
        self.current = true;
        let Some(mut content) = content else {
            self.files.renew(CardCache::open(self.store.as_ref(), state(&self.info)));
            return result;
        };
        self.files.cache.move_to(state(&self.info));
        // Nobody else wrote in this transaction: what was not changed is still so, what was is known.
        for file in &content.directory.files {
            if let Some(path) = from_master(&file.path).filter(|path| changed.contains(path)) {
                self.files.cache.insert(&path, &image(file));
            }
        }
        self.learn_curves(channel, &mut content)?;
        self.learn_secret_keys(channel, &mut content)?;
        self.content = Some(content);
        self.files.cache.save();
        result
    }
}

impl MyEid {
    /// Creates a file in the current folder; false when there is one of that name.
    fn create(
        &mut self,
        channel: &mut Channel<'_>,
        file: u16,
        kind: FileType,
        access: Access,
        rules: KeyRules,
    ) -> Result<bool, CardError> {
        let command = write_commands::create_file(file, kind, access, rules);
        match channel.send(&command)?.status {
            StatusWord::OK => {
                if kind == FileType::Folder {
                    self.files.forget_selection();
                }
                Ok(true)
            }
            StatusWord::FILE_EXISTS => Ok(false),
            StatusWord::NOT_ENOUGH_MEMORY => {
                Err(CardError::NotSupported { what: "hold any more: it is full".to_owned() })
            }
            status => Err(refused("create a file", status)),
        }
    }
}

/// The neutral token of directories. What lies in the folder of a PIN belongs to that PIN, public or not.
pub(super) fn content(directory: Directory) -> Content {
    let mut content = Content::new(without_doubles(directory));
    let Content { token, directory, objects, auths } = &mut content;
    let owner = |object: &ObjectId| {
        let file = directory.files.get(objects.get(object)?.file)?;
        let reference = structure::owner_of(&from_master(&file.path)?)?;
        auths.iter().find(|(_, place)| place.reference() == reference).map(|(id, _)| id.clone())
    };
    for key in token.keys.iter_mut().filter(|key| key.auth.is_none()) {
        key.auth = owner(&key.object);
    }
    for certificate in token.certificates.iter_mut().filter(|certificate| certificate.auth.is_none()) {
        certificate.auth = owner(&certificate.object);
    }
    for data in token.data.iter_mut().filter(|data| data.auth.is_none()) {
        data.auth = owner(&data.object);
    }
    content
}

/// Paths from the MF.
fn folder_path(files: &[u16]) -> Vec<u8> {
    files.iter().flat_map(|file| file.to_be_bytes()).collect()
}

/// Refuses a PIN or PUK that the card would not take, before anything is sent.
fn check_length(secret: &crate::codec::Secret, min: usize) -> Result<(), CardError> {
    let max = commands::PIN_LEN;
    let min = min.clamp(MIN_PIN_LEN, max);
    if (min..=max).contains(&secret.len()) { Ok(()) } else { Err(CardError::PinLength { min, max }) }
}

/// The card takes no shorter PIN.
const MIN_PIN_LEN: usize = 4;
