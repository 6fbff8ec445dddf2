//! Writing a card with the IsoApplet: formatting, its PIN, keys, certificates, data.

mod format;
mod keys;
mod reclaim;
mod structure;
mod writing;

use crate::apdu::Channel;
use crate::card::admin::{
    AdminAbilities, CardAdmin, CreatedKey, CreatedPin, Format, ImportedKey, LaterPins, NewCertificate,
    NewData, NewKey, NewPin, NewPublicKey, RepairReport, Unblock, Ways, Write,
};
use crate::card::cache::CardCache;
use crate::card::pkcs15::write::{Changing, ObjectWriting as _, Structure as _};
use crate::card::{Abilities, CardError};
use crate::codec::Secret;
use crate::token::{AuthId, KeyId, ObjectId};

use super::commands::PIN_LEN;
use super::{IsoApplet, cannot, pins, state};

impl CardAdmin for IsoApplet {
    fn admin_abilities(&self) -> AdminAbilities {
        let Abilities { rsa_bits, ecdsa, rsa_pkcs1_decrypt: long_answers, .. } = self.abilities.clone();
        let (rsa, curves) = if long_answers { (rsa_bits, ecdsa) } else { (Vec::new(), Vec::new()) };
        AdminAbilities {
            rsa_import: rsa.iter().copied().filter(|bits| *bits == IMPORTED_RSA_BITS).collect(),
            rsa_generate: rsa,
            curves_generate: curves.clone(),
            curves_import: curves,
            ed25519: Ways::default(),
            x25519: Ways::default(),
            aes_generate: Vec::new(),
            aes_import: Vec::new(),
            extractable: false,
            max_pins: 1,
            pin_lengths: pins::MIN_LEN..=PIN_LEN,
            tries: pins::MAX_TRIES..=pins::MAX_TRIES,
            later_pins: LaterPins { puk_settable: false, tries: Some(pins::MAX_TRIES) },
            key_places: Vec::new(),
            officer_writes: false,
            factory: None,
            extras: Vec::new(),
        }
    }

    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError> {
        self.ask_for_changes(channel)?;
        self.format_card(channel, format)
    }

    fn erase(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.ask_for_changes(channel)?;
        self.erase_card(channel)
    }

    fn create_pin(&mut self, _: &mut Channel<'_>, _: &NewPin<'_>) -> Result<CreatedPin, CardError> {
        takes_no_pin()
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
        self.check_key_type(key.key_type, "generate")?;
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
        self.editing(channel, object, |driver, channel| driver.delete(channel, object))
    }

    fn repair(&mut self, channel: &mut Channel<'_>) -> Result<RepairReport, CardError> {
        self.writing(channel, |driver, channel| driver.reclaim_all(channel))
    }

    fn plan_write(&mut self, channel: &mut Channel<'_>, write: Write<'_>) -> Result<Vec<AuthId>, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        self.pins_for(write)
    }
}

impl Changing for IsoApplet {
    /// Runs a change of the card's contents, with the directories known as they are now. Its date comes first: from then
    /// on nobody takes for true what was read before, however far the change gets.
    fn writing<T>(
        &mut self,
        channel: &mut Channel<'_>,
        change: impl FnOnce(&mut Self, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        self.known()?;
        self.drop_cache();
        self.environment = None;
        let before = self.content.clone();
        let result = self.date_change(channel).and_then(|()| change(self, channel));
        match (&result, before) {
            (Ok(_), Some(before)) => self.remember_public_keys(channel, &before)?,
            _ => self.content = None,
        }
        result
    }
}

impl IsoApplet {
    /// What is kept of the card will not be true any more; what is read from now on is not settled.
    fn drop_cache(&mut self) {
        self.files.cache.clear();
        self.files.renew(CardCache::open(None, state::state(&[])));
    }

    /// The PINs that a change takes: the one that there is.
    fn pins_for(&mut self, write: Write<'_>) -> Result<Vec<AuthId>, CardError> {
        match write {
            Write::Pin => return takes_no_pin(),
            Write::Format if self.content.is_none() => return Ok(Vec::new()),
            Write::Store(_, Some(owner)) => {
                self.pin(owner)?;
            }
            Write::Change(object) | Write::Delete(object) => {
                self.directory_of(object)?;
            }
            Write::Store(_, None) | Write::Format => {}
        }
        let auths = &self.known()?.auths;
        let pin = auths.iter().find(|(_, place)| place.reference() == super::commands::PIN);
        Ok(pin.map(|(auth, _)| auth.clone()).into_iter().collect())
    }
}

/// Why there is never a second PIN.
fn takes_no_pin<T>() -> Result<T, CardError> {
    cannot("take another PIN: it has one, which it gets when it is formatted")
}

/// API 1.0 mixes up the lengths of imported RSA keys: only this one goes.
const IMPORTED_RSA_BITS: u32 = 2048;
