//! Writing an OpenPGP card: PINs, keys, certificates, data, its factory state. PW3 allows nearly all of it.

mod factory;
mod hashing;
mod keys;
mod numbers;
mod objects;

use super::application::YUBICO;
use super::attributes::{Attributes, KeyCurve};
use super::content::{self, RSA_BITS};
use super::kdf::Kdf;
use super::pin::{self, Pin};
use super::place::{DataPlace, Place};
use super::{OpenPgp, commands};
use crate::apdu::{Channel, Command, StatusWord};
use crate::card::CardError;
use crate::card::admin::{
    AdminAbilities, CardAdmin, CreatedKey, CreatedPin, Extra, Format, ImportedKey, KeyPlace, LaterPins,
    NewCertificate, NewData, NewKey, NewPin, NewPublicKey, ObjectKind, PinPair, Placement, RepairReport,
    Unblock, Ways, Write,
};
use crate::codec::{Secret, tlv};
use crate::crypto::Curve;
use crate::token::{AuthId, KeyId, ObjectId};

impl CardAdmin for OpenPgp {
    fn admin_abilities(&self) -> AdminAbilities {
        let kinds = self.kinds();
        let import = self.application.capabilities.import;
        let ways = |there: bool| Ways { generate: there, import: there && import };
        AdminAbilities {
            rsa_import: if import { kinds.rsa.clone() } else { Vec::new() },
            rsa_generate: kinds.rsa,
            curves_import: if import { kinds.curves.clone() } else { Vec::new() },
            curves_generate: kinds.curves,
            ed25519: ways(kinds.ed25519),
            x25519: ways(kinds.x25519),
            aes_generate: Vec::new(),
            aes_import: Vec::new(),
            extractable: false,
            max_pins: USER_PINS,
            pin_lengths: Pin::User.min_len()..=Pin::User.max_len(&self.application.pins),
            tries: TRIES..=TRIES,
            later_pins: LaterPins { puk_settable: false, tries: Some(TRIES) },
            key_places: Place::ALL.map(key_place).to_vec(),
            officer_writes: true,
            factory: Some(factory::factory(self.application.sets_pins_anew())),
            extras: self.extras(),
        }
    }

    fn ask_abilities(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        if self.algorithms.is_some() || self.application.version() < SINCE_ALGORITHM_INFORMATION {
            return Ok(());
        }
        self.enter(channel)?;
        let answer = channel.send(&commands::get_data(commands::TAG_ALGORITHMS))?;
        let told = if answer.status.is_ok() { algorithms(&answer.data) } else { Vec::new() };
        told.iter().for_each(|(_, attributes)| content::learn(&mut self.abilities, attributes));
        self.algorithms = Some(told);
        Ok(())
    }

    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError> {
        self.start_anew(channel, format)
    }

    fn erase(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        self.restore_factory_state(channel)
    }

    fn create_pin(&mut self, _: &mut Channel<'_>, _: &NewPin<'_>) -> Result<CreatedPin, CardError> {
        Err(not_supported("hold more PINs"))
    }

    fn change_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), CardError> {
        let which = Pin::of_id(auth)?;
        if which == Pin::ResettingCode {
            return Err(not_supported("change its resetting code by itself: the Admin PIN sets it"));
        }
        which.check(&self.application.pins, old, false)?;
        which.check(&self.application.pins, new, true)?;
        let new = self.kdf(channel)?.apply(which, new);
        self.current = false;
        self.offer(channel, which, old, |channel, old| pin::change(channel, which, &old, &new))
    }

    fn change_pin_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let which = Pin::of_id(auth)?;
        let hashed = matches!(self.kdf(channel)?, Kdf::Hashed(_));
        if hashed || which == Pin::ResettingCode {
            return Err(not_supported("take this PIN from the reader's keys"));
        }
        self.current = false;
        pin::change_on_reader(channel, which, &self.application.pins)
    }

    fn unblock_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        by: Unblock<'_>,
        new: &Secret,
    ) -> Result<(), CardError> {
        let which = Pin::of_id(auth)?;
        which.check(&self.application.pins, new, true)?;
        let kdf = self.kdf(channel)?;
        self.current = false;
        match (which, by) {
            (Pin::User | Pin::UserSign, Unblock::Puk(code)) => {
                Pin::ResettingCode.check(&self.application.pins, code, false)?;
                let code = kdf.apply(Pin::ResettingCode, code);
                pin::reset(channel, Some(&code), &kdf.apply(Pin::User, new))
            }
            (Pin::User | Pin::UserSign, Unblock::Officer) => {
                pin::reset(channel, None, &kdf.apply(Pin::User, new))
            }
            (Pin::ResettingCode | Pin::Admin, _) => {
                Err(not_supported(&format!("unblock its {}", which.label())))
            }
        }
    }

    fn generate_key(&mut self, channel: &mut Channel<'_>, key: &NewKey<'_>) -> Result<CreatedKey, CardError> {
        self.writing(channel, |driver, channel| driver.make_key(channel, key))
    }

    fn import_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError> {
        self.writing(channel, |driver, channel| driver.take_key(channel, key))
    }

    fn store_public_key(&mut self, _: &mut Channel<'_>, _: &NewPublicKey<'_>) -> Result<ObjectId, CardError> {
        Err(not_supported("keep a public key without its private key"))
    }

    fn store_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<ObjectId, CardError> {
        self.writing(channel, |driver, channel| driver.put_certificate(channel, certificate))
    }

    fn store_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<ObjectId, CardError> {
        self.writing(channel, |driver, channel| driver.put_data(channel, data))
    }

    fn set_label(&mut self, _: &mut Channel<'_>, _: ObjectId, _: &str) -> Result<ObjectId, CardError> {
        Err(not_supported("give an object another label"))
    }

    fn set_id(&mut self, _: &mut Channel<'_>, _: ObjectId, _: &KeyId) -> Result<ObjectId, CardError> {
        Err(not_supported("give an object another id"))
    }

    fn delete_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError> {
        self.writing(channel, |driver, channel| driver.delete(channel, object))
    }

    fn repair(&mut self, _: &mut Channel<'_>) -> Result<RepairReport, CardError> {
        // There are no files: an interrupted change leaves nothing behind.
        Ok(RepairReport::default())
    }

    fn attest(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        let place = Place::of_private(object).or(Place::of_public(object)).ok_or(CardError::NoSuchObject)?;
        self.attestation(channel, place)
    }

    fn set_puk(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        puk: Option<&Secret>,
    ) -> Result<(), CardError> {
        match Pin::of_id(auth)? {
            Pin::ResettingCode => self.put_resetting_code(channel, puk),
            which => Err(not_supported(&format!("take {} for a PUK", which.label()))),
        }
    }

    fn set_policies(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        to: Placement<'_>,
    ) -> Result<(), CardError> {
        self.writing(channel, |driver, channel| driver.guard_key(channel, object, &to))
    }

    fn set_pin_hashing(
        &mut self,
        channel: &mut Channel<'_>,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<Vec<String>, CardError> {
        self.writing(channel, |driver, channel| driver.hash_pins(channel, hashed, pins))
    }

    fn plan_write(&mut self, _: &mut Channel<'_>, write: Write<'_>) -> Result<Vec<AuthId>, CardError> {
        let needed = match write {
            // Which of the data objects is meant is not known yet; the card tells when it wants another PIN.
            Write::Store(ObjectKind::Data, Some(_)) => return Ok(Vec::new()),
            Write::Store(..) | Write::Format => Pin::Admin,
            Write::Delete(object) => DataPlace::of_object(object).map_or(Pin::Admin, |data| data.writer),
            Write::Change(_) => return Err(not_supported("give an object another label or id")),
            Write::Pin => return Err(not_supported("hold more PINs")),
        };
        Ok(vec![needed.id()])
    }
}

/// Kinds of keys that can be made.
struct Kinds {
    rsa: Vec<u32>,
    curves: Vec<Curve>,
    ed25519: bool,
    x25519: bool,
}

impl OpenPgp {
    /// Makes a change with what the card says of itself known, and forgotten afterwards.
    fn writing<T>(
        &mut self,
        channel: &mut Channel<'_>,
        job: impl FnOnce(&mut Self, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.refresh(channel)?;
        let result = job(self, channel);
        self.current = false;
        result
    }

    fn extras(&self) -> Vec<Extra> {
        let hashing = self.application.takes_kdf().then_some(Extra::HashPins);
        [Extra::SetPuk, Extra::SetPolicies].into_iter().chain(hashing).collect()
    }

    /// What the card says that it has; where it does not say, what its version lets one hope for.
    fn kinds(&self) -> Kinds {
        let told = self.algorithms.iter().flatten().map(|(_, attributes)| attributes);
        let all: Vec<&Attributes> = told.chain(&self.application.attributes).collect();
        let is_silent = self.application.capabilities.attributes_changeable
            && self.algorithms.as_ref().is_none_or(Vec::is_empty);
        let curves_hoped = is_silent && self.application.version() >= (3, 0);
        let has = |wanted| {
            curves_hoped || all.iter().any(|one| one.curve().is_some_and(|(_, curve)| curve == wanted))
        };
        let has_rsa = |wanted: &u32| {
            is_silent
                || all.iter().any(|one| match one {
                    Attributes::Rsa { modulus_bits, .. } => u32::from(*modulus_bits) == *wanted,
                    _ => false,
                })
        };
        Kinds {
            rsa: RSA_BITS.into_iter().filter(has_rsa).collect(),
            curves: Curve::ALL.into_iter().filter(|curve| has(KeyCurve::Named(*curve))).collect(),
            ed25519: has(KeyCurve::Ed25519),
            x25519: has(KeyCurve::X25519),
        }
    }

    /// A certificate that a YubiKey makes about a key: it takes the place of the key's cardholder certificate.
    fn attestation(&mut self, channel: &mut Channel<'_>, place: Place) -> Result<Vec<u8>, CardError> {
        if self.application.manufacturer() != YUBICO {
            return Err(not_supported("attest that it made a key"));
        }
        self.enter(channel)?;
        let attest = Command::new(CLA_YUBICO, INS_ATTEST, place.number(), 0x00);
        send(channel, &attest, "attest that it made the key")?;
        self.current = false;
        self.select_certificate(channel, place)?;
        Ok(channel.call(&commands::get_data(commands::TAG_CERTIFICATE))?)
    }
}

/// Sends a command that changes the card. Errors: `NotAuthenticated`, `Refused`.
fn send(channel: &mut Channel<'_>, command: &Command, doing: &'static str) -> Result<(), CardError> {
    match channel.send(command)?.status {
        StatusWord::OK => Ok(()),
        StatusWord::SECURITY_NOT_SATISFIED => Err(CardError::NotAuthenticated),
        status => Err(CardError::Refused { doing, status }),
    }
}

/// Algorithm information (DO FA): attributes that may be set, each under the tag of its place.
fn algorithms(bytes: &[u8]) -> Vec<(Place, Attributes)> {
    let bytes = tlv::find(bytes, commands::TAG_ALGORITHMS.into()).unwrap_or(bytes);
    let one = |field: tlv::Tlv<'_>| {
        let place = Place::ALL.into_iter().find(|place| u32::from(place.attributes_tag()) == field.tag)?;
        Some((place, Attributes::parse(field.value)))
    };
    tlv::Reader::new(bytes).flatten().filter_map(one).take(MAX_ALGORITHMS).collect()
}

fn key_place(place: Place) -> KeyPlace {
    KeyPlace {
        name: place.name().to_owned(),
        id: KeyId(vec![place.number()]),
        label: place.label().to_owned(),
    }
}

fn not_supported(what: &str) -> CardError {
    CardError::NotSupported { what: what.to_owned() }
}

/// The two uses of PW1.
const USER_PINS: usize = 2;
/// Every card counts three.
const TRIES: u8 = 3;
const SINCE_ALGORITHM_INFORMATION: (u8, u8) = (3, 4);
const MAX_ALGORITHMS: usize = 256;
const CLA_YUBICO: u8 = 0x80;
const INS_ATTEST: u8 = 0xFB; // YubiKey 5 technical manual, "OpenPGP attestation"
