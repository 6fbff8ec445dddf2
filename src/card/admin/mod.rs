//! The personalisation side of a card: what is asked of a driver that can write. Plain values, no APDUs.

mod values;

pub use values::{
    AdminAbilities, CreatedKey, CreatedPin, Extra, Factory, Format, ImportedKey, KeyMaterial, KeyPlace,
    KeyType, LaterPins, NewCertificate, NewData, NewKey, NewPin, NewPublicKey, ObjectKind, PinPair,
    PinPolicy, Placement, RepairReport, TouchPolicy, Unblock, Ways, Write,
};

use crate::apdu::Channel;
use crate::codec::Secret;
use crate::token::{AuthId, KeyId, ObjectId};

use super::CardError;

/// Writing a card. Every method orders its writes so that a card pulled in between keeps what it had; the new
/// thing is named last, and what is deleted loses its name first. A method runs within one transaction, so that
/// no other program writes in between; whoever calls several in a row holds the card.
///
/// An object is named as the last [`read_token`](super::CardDriver::read_token) named it. When the card changed
/// since and it is not what it was, the error is `NoSuchObject`, and nothing was written.
pub trait CardAdmin: Send {
    /// What can be made on this card: known before it is asked for.
    fn admin_abilities(&self) -> AdminAbilities;

    /// Asks the card what can be made on it, where it tells and was not asked yet; comes before
    /// [`CardAdmin::admin_abilities`].
    fn ask_abilities(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError> {
        let _ = channel;
        Ok(())
    }

    /// Erases the card and makes an empty PKCS#15 application with a security officer's PIN, the given user PINs,
    /// and room for more. On a card in use the old security officer must be verified (or the card blank).
    /// A card of [`AdminAbilities::factory`] goes back to its factory state, and its PINs get these values: the first of
    /// the user PINs is that of the user, with its PUK; what is not given stays as the factory has it.
    /// Errors: `PinLength` before anything is sent; `NotAuthenticated`.
    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError>;

    /// Erases the card and leaves it blank, with the security officer verified.
    /// Errors: `NotAuthenticated`.
    fn erase(&mut self, channel: &mut Channel<'_>) -> Result<(), CardError>;

    /// Makes a user PIN on a formatted card, with the security officer verified. It owns a folder of its own.
    /// Answers its identifier and the PUK that the card has for it.
    /// Errors: `PinLength` before anything is sent; `NotSupported` when there is no room; `NotAuthenticated`.
    fn create_pin(&mut self, channel: &mut Channel<'_>, pin: &NewPin<'_>) -> Result<CreatedPin, CardError>;

    /// Changes a PIN, with the old one. The PIN is not verified afterwards: whoever needs it verifies the new one.
    /// Errors: `PinLength`, `PinCharacters` before anything is sent; `PinIncorrect`, `PinBlocked`.
    fn change_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), CardError>;

    /// As [`CardAdmin::change_pin`], with both values typed on the reader's keys.
    /// Errors: `PinEntry` when they did not reach the card; `NotSupported` where card or reader cannot.
    fn change_pin_on_reader(&mut self, channel: &mut Channel<'_>, auth: &AuthId) -> Result<(), CardError> {
        let _ = (channel, auth);
        Err(CardError::NotSupported { what: "take a new PIN from the reader's keys".to_owned() })
    }

    /// Sets a new PIN with all its tries, by its PUK or with the security officer verified.
    /// Errors: `PinLength` before anything is sent; `PinIncorrect` and `PinBlocked` speak of the PUK;
    /// `NotAuthenticated`; `NotSupported` where the security officer has no power over this PIN.
    fn unblock_pin(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        by: Unblock<'_>,
        new: &Secret,
    ) -> Result<(), CardError>;

    /// Generates a key pair or a secret key on the card, with the PIN that is to own it verified.
    /// Errors: `NotSupported` for what the card cannot generate, saying what it can; `NotAuthenticated`;
    /// `NoSuchObject` for a PIN that is not there.
    fn generate_key(&mut self, channel: &mut Channel<'_>, key: &NewKey<'_>) -> Result<CreatedKey, CardError>;

    /// Stores a key from outside: a private key with its public half, or a secret key.
    /// Errors: as for [`CardAdmin::generate_key`].
    fn import_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &ImportedKey<'_>,
    ) -> Result<CreatedKey, CardError>;

    /// Stores a public key alone, as [`CardAdmin::store_certificate`] does a certificate.
    fn store_public_key(
        &mut self,
        channel: &mut Channel<'_>,
        key: &NewPublicKey<'_>,
    ) -> Result<ObjectId, CardError>;

    /// Stores a certificate: in the folder of a verified PIN, or, with the security officer verified, where it
    /// belongs to no PIN. Its directory entry carries subject, issuer and key identifier.
    fn store_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<ObjectId, CardError>;

    /// Stores a data object, as [`CardAdmin::store_certificate`] does a certificate.
    fn store_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<ObjectId, CardError>;

    /// Gives an object another label. Answers its name, which may be a new one.
    fn set_label(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        label: &str,
    ) -> Result<ObjectId, CardError>;

    /// Gives a key or certificate another identifier. Answers its name, which may be a new one.
    /// Errors: `NotSupported` for an object without an identifier.
    fn set_id(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        id: &KeyId,
    ) -> Result<ObjectId, CardError>;

    /// Deletes one object: its directory entry, then the file that no other entry names.
    fn delete_object(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<(), CardError>;

    /// Deletes files that no directory entry names: what an interrupted change left behind. What cannot be
    /// judged or needs a PIN that is not verified stays, and is said.
    fn repair(&mut self, channel: &mut Channel<'_>) -> Result<RepairReport, CardError>;

    /// A certificate by which the card vouches that it generated a key itself, DER.
    /// Errors: `NotSupported`; `NoSuchObject` for a key that was imported.
    fn attest(&mut self, channel: &mut Channel<'_>, object: ObjectId) -> Result<Vec<u8>, CardError> {
        let _ = (channel, object);
        Err(CardError::NotSupported { what: "attest that it made a key".to_owned() })
    }

    /// Moves a private key to another of [`AdminAbilities::key_places`]. Answers its new name.
    fn move_key(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        to: Placement<'_>,
    ) -> Result<ObjectId, CardError> {
        let _ = (channel, object, to);
        Extra::MoveKey.missing()
    }

    /// Sets how many tries PINs and PUKs have. Answers what that cost: PINs that have the value they left the factory
    /// with again, in words.
    fn set_tries(
        &mut self,
        channel: &mut Channel<'_>,
        tries: &[(AuthId, u8)],
    ) -> Result<Vec<String>, CardError> {
        let _ = (channel, tries);
        Extra::SetTries.missing()
    }

    /// Gives a PUK a value, or takes it away, with the security officer verified. `auth` is the PUK's.
    /// Errors: `PinLength` before anything is sent; `NotAuthenticated`, `NotSupported`.
    fn set_puk(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        puk: Option<&Secret>,
    ) -> Result<(), CardError> {
        let _ = (channel, auth, puk);
        Extra::SetPuk.missing()
    }

    /// Changes how a private key that is there is guarded; only the policies of `to` matter.
    /// Errors: `NotAuthenticated`; `NotSupported` before anything is written.
    fn set_policies(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        to: Placement<'_>,
    ) -> Result<(), CardError> {
        let _ = (channel, object, to);
        Extra::SetPolicies.missing()
    }

    /// From now on the card gets PINs hashed by the host, or as they are. Both PINs are verified, keep their values, and are
    /// known to be `pins`. Answers what that cost, in words.
    /// Errors: `PinLength`, `NotSupported` before anything is sent; `NotAuthenticated`.
    fn set_pin_hashing(
        &mut self,
        channel: &mut Channel<'_>,
        hashed: bool,
        pins: PinPair<'_>,
    ) -> Result<Vec<String>, CardError> {
        let _ = (channel, hashed, pins);
        Extra::HashPins.missing()
    }

    /// The PINs whose verification the card will ask for. Changes nothing.
    /// Errors: `NotSupported` for what nobody may do any more; `NoSuchObject`.
    fn plan_write(&mut self, channel: &mut Channel<'_>, write: Write<'_>) -> Result<Vec<AuthId>, CardError>;
}
