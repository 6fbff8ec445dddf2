//! Personalising a PIV card: who holds the management key makes keys and writes data objects, PINs are changed by who knows
//! them. On cards with Yubico's extensions: import, policies, attestation, reset.

mod keys;
mod management;
mod reset;

pub(super) use management::{authenticate, key_of};

use crate::apdu::Channel;
use crate::card::admin::{
    AdminAbilities, CreatedKey, CreatedPin, Extra, Format, ImportedKey, KeyPlace, LaterPins, NewCertificate,
    NewData, NewKey, NewPin, NewPublicKey, ObjectKind, Placement, RepairReport, Unblock, Ways, Write,
};
use crate::card::{CardAdmin, CardError, Listing};
use crate::codec::Secret;
use crate::crypto::random;
use crate::token::{AuthId, KeyId, ObjectId};

use self::keys::{OBJECT_LEN, not_supported};
use super::listing::Brand;
use super::references::{
    Container, DATA_OBJECTS, Half, KeyReference, MANAGEMENT_KEY, PUK, data_object, data_row,
};
use super::{Piv, commands, objects, pins};

impl CardAdmin for Piv {
    fn admin_abilities(&self) -> AdminAbilities {
        let abilities = &self.abilities;
        let imports = self.brand != Brand::Nitrokey;
        let ways = |has: bool| Ways { generate: has, import: has };
        AdminAbilities {
            rsa_generate: abilities.rsa_bits.clone(),
            rsa_import: abilities.rsa_bits.clone(),
            curves_generate: abilities.ecdsa.clone(),
            curves_import: if imports { abilities.ecdsa.clone() } else { Vec::new() },
            ed25519: ways(abilities.ed25519),
            x25519: ways(abilities.x25519),
            aes_generate: Vec::new(),
            aes_import: Vec::new(),
            extractable: false,
            max_pins: 1,
            pin_lengths: pins::MIN_LEN..=pins::MAX_LEN,
            tries: 1..=u8::MAX,
            later_pins: LaterPins { puk_settable: false, tries: None },
            key_places: KeyReference::all().map(key_place).collect(),
            officer_writes: true,
            factory: Some(reset::factory()),
            extras: vec![Extra::MoveKey, Extra::SetTries],
        }
    }

    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError> {
        self.start_anew(channel, format)
    }

    fn erase(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.select(channel)?;
        self.reset(channel)
    }

    fn create_pin(&mut self, _: &mut Channel<'_>, _: &NewPin<'_>) -> Result<CreatedPin, CardError> {
        Err(not_supported("have one more PIN"))
    }

    fn change_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), CardError> {
        let reference = self.reference(auth)?;
        self.tries = None;
        if reference == MANAGEMENT_KEY {
            let (old, new) = (key_of(old)?, key_of(new)?);
            self.select(channel)?;
            let cipher = authenticate(channel, &old, self.asks_metadata())?;
            return management::set(channel, cipher, &new);
        }
        pins::padded(old)?;
        pins::padded(new)?;
        self.select(channel)?;
        let changed = pins::change(channel, reference, old, new);
        if reference != PUK {
            // Most cards take a PIN that was just changed for verified.
            self.verified = changed.is_ok();
        }
        changed
    }

    fn change_pin_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let reference = self.reference(auth)?;
        if [PUK, MANAGEMENT_KEY].contains(&reference) {
            return Err(not_supported("take this from the reader's keys"));
        }
        self.tries = None;
        self.select(channel)?;
        let changed = pins::change_on_reader(channel, reference);
        self.verified = changed.is_ok();
        changed
    }

    fn unblock_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        by: Unblock<'_>,
        new: &Secret,
    ) -> Result<(), CardError> {
        let Unblock::Puk(puk) = by else {
            return Err(not_supported("unblock a PIN by its management key: it wants the PUK"));
        };
        let reference = self.reference(auth)?;
        pins::padded(puk)?;
        pins::padded(new)?;
        self.select(channel)?;
        (self.verified, self.tries) = (false, None);
        pins::unblock(channel, reference, puk, new)
    }

    fn generate_key(&mut self, channel: &mut Channel<'_>, key: &NewKey<'_>) -> Result<CreatedKey, CardError> {
        self.prepare(channel)?;
        self.generate(channel, key)
    }

    fn import_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        self.prepare(channel)?;
        self.import(channel, key)
    }

    fn store_public_key(&mut self, _: &mut Channel<'_>, _: &NewPublicKey<'_>) -> Result<ObjectId, CardError> {
        Err(not_supported("hold a public key but with its private half"))
    }

    fn store_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<ObjectId, CardError> {
        let key = KeyReference::of_id(&certificate.id.0)
            .ok_or_else(|| not_supported("hold a certificate that belongs to none of its keys"))?;
        self.prepare(channel)?;
        self.put(channel, &key.certificate(), &objects::certificate_object(certificate.der, OBJECT_LEN))?;
        self.content.keys.entry(key).or_default().has_certificate = true;
        self.identify(channel)?;
        Ok(key.certificate_object())
    }

    fn store_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<ObjectId, CardError> {
        let named = |(_, row): &(usize, &super::references::DataRow)| {
            row.name.eq_ignore_ascii_case(data.label)
                || (!data.oid.is_empty() && row.oid().ends_with(data.oid))
        };
        let Some((index, row)) = DATA_OBJECTS.iter().enumerate().find(named) else {
            let names: Vec<&str> = DATA_OBJECTS.iter().map(|row| row.name).collect();
            return Err(not_supported(&format!("hold data of this name; it has {}", names.join(", "))));
        };
        self.prepare(channel)?;
        self.put(channel, &row.container(), data.value)?;
        Ok(data_object(index))
    }

    fn set_label(&mut self, _: &mut Channel<'_>, _: ObjectId, _: &str) -> Result<ObjectId, CardError> {
        Err(not_supported("call an object anything but what the standard calls it"))
    }

    fn set_id(&mut self, _: &mut Channel<'_>, _: ObjectId, _: &KeyId) -> Result<ObjectId, CardError> {
        Err(not_supported("give an object another id than that of its place"))
    }

    fn delete_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError> {
        self.prepare(channel)?;
        match KeyReference::of_object(object) {
            Some((key, Half::Certificate)) => self.put(channel, &key.certificate(), &[]),
            Some((key, Half::Private)) => self.relocate(channel, key, keys::NOWHERE),
            // It goes with its private half.
            Some((_, Half::Public)) => Ok(()),
            None => {
                let row = data_row(object).ok_or(CardError::NoSuchObject)?;
                self.put(channel, &row.container(), &[])
            }
        }
    }

    fn repair(&mut self, _: &mut Channel<'_>) -> Result<RepairReport, CardError> {
        // Every object has a place of its own: nothing is ever left over.
        Ok(RepairReport::default())
    }

    fn attest(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        self.prepare(channel)?;
        self.attestation(channel, object)
    }

    fn move_key(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        to: Placement<'_>,
    ) -> Result<ObjectId, CardError> {
        self.prepare(channel)?;
        self.move_to(channel, object, &to)
    }

    fn set_tries(
        &mut self,
        channel: &mut Channel<'_>,
        tries: &[(AuthId, u8)],
    ) -> Result<Vec<String>, CardError> {
        self.prepare(channel)?;
        self.set_counters(channel, tries)
    }

    fn plan_write(&mut self, _: &mut Channel<'_>, write: Write<'_>) -> Result<Vec<AuthId>, CardError> {
        match write {
            Write::Pin => Err(not_supported("have one more PIN")),
            Write::Store(ObjectKind::SecretKey, _) => Err(not_supported("hold secret keys")),
            Write::Store(..) | Write::Change(_) | Write::Delete(_) | Write::Format => {
                Ok(vec![AuthId(vec![MANAGEMENT_KEY])])
            }
        }
    }
}

impl Piv {
    /// Before a change: what is on the card is known, and the application selected. Selecting it again would take the proof
    /// of the management key back.
    fn prepare(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.ready(channel)?;
        self.load(channel, Listing::Keys)
    }

    /// PUT DATA, after which the card is asked anew what is on it.
    fn put(
        &mut self,
        channel: &mut Channel<'_>,
        container: &Container,
        value: &[u8],
    ) -> Result<(), CardError> {
        self.note_change();
        commands::put_data(channel, container, value)
    }

    /// Gives a card that has none a CHUID and a capability container: other systems do not take it for a card without.
    fn identify(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let has_chuid = self.content.has_chuid || commands::has_data(channel, &Container::chuid())?;
        if !has_chuid {
            let mut guid = [0; 16];
            random::fill(&mut guid)?;
            self.put(channel, &Container::chuid(), &objects::new_chuid(&guid))?;
        }
        self.content.has_chuid = true;
        if !self.has_capability && !commands::has_data(channel, &Container::capability())? {
            let mut unique = [0; 14];
            random::fill(&mut unique)?;
            self.put(channel, &Container::capability(), &objects::new_capability_container(&unique))?;
        }
        self.has_capability = true;
        Ok(())
    }
}

fn key_place(key: KeyReference) -> KeyPlace {
    KeyPlace { name: key.name(), id: KeyId(vec![key.id()]), label: key.label() }
}
