//! What callers of PKCS#11 need, as one object-safe trait: p11ctl's own engine is one provider, the client of a foreign
//! module (`foreign/`) another. Plain values only; no C types, no cards, no terminals.
//!
//! A method that not every provider can have answers `NotSupported` unless it is overridden, so that a new one breaks
//! nobody. The methods of [`Engine`](super::Engine) have the documentation of what they do; here is what differs.

mod engine;

use std::path::Path;
use std::sync::Arc;

use super::attribute::{AttributeType, Template, Value};
use super::cards::Batch;
use super::create::{KeyOrigin, KeySpec, NewObject};
use super::deletion::{DeletionPlan, Extent, PlannedObject};
use super::error::Error;
use super::mechanism::{MechanismCall, MechanismId, MechanismInfo, Purpose};
use super::personalise::InitToken;
use super::pins::{InitializedPin, NewUserPin, Unblocker};
use super::placement::{KeyPlacement, MadeKey};
use super::session::{SessionHandle, SessionInfo, SessionMode, UserKind};
use super::slot::{KnownProblems, PinReport, PinStatus, ReaderReport, TokenInfo, TokenView};
use super::store::Stored;
use super::uri::{LibraryInfo, Uri, library};
use super::{ObjectHandle, Result};
use crate::apdu::StatsSnapshot;
use crate::card::admin::{AdminAbilities, PinPair, RepairReport};
use crate::card::sought::SoughtKey;
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::layout::{SlotId, Unplaced};
use crate::token::{KeyAlgorithm, KeyId, ObjectId};

/// Slots, tokens, sessions, objects and operations, whoever has them.
pub trait Provider: Send + Sync {
    /// The readers (for a foreign module: its slots), what is in them, and the slots they own.
    fn readers(&self) -> Vec<ReaderReport>;

    /// Names and slots of all readers, without asking any card.
    fn reader_slots(&self) -> Vec<(String, Vec<SlotId>)>;

    /// The token in a slot, as `CK_TOKEN_INFO` has it.
    fn token_info(&self, slot: SlotId) -> Result<TokenInfo>;

    /// The token in a slot as plain values. A foreign token shows what the login so far lets it show.
    fn virtual_token(&self, slot: SlotId) -> Result<TokenView>;

    /// The file of a foreign module; `None` for p11ctl's own engine.
    fn module(&self) -> Option<&Path> {
        None
    }

    /// True when a token shows its private keys only after login, so that none can be chosen before.
    fn hides_private_keys(&self) -> bool {
        false
    }

    /// Keeps the card that is read last in its transaction, or ends that; see [`Engine::keep_at_hand`](super::Engine::keep_at_hand).
    fn keep_at_hand(&self, _on: bool) {}

    /// Looks for one key alone, or for everything again; see [`Engine::seek`](super::Engine::seek). Answers whether one was looked for before.
    fn seek(&self, _key: Option<SoughtKey>) -> bool {
        false
    }

    /// Asks cards for every application; see [`Engine::ask_for_all_applications`](super::Engine::ask_for_all_applications).
    fn ask_for_all_applications(&self) {}

    /// Asks whether something waits to be finished; see [`Engine::look_for_unfinished`](super::Engine::look_for_unfinished).
    fn look_for_unfinished(&self, _slot: SlotId) -> Result<()> {
        Ok(())
    }

    /// User PIN and SO PIN, as far as the token tells.
    fn pin_status(&self, slot: SlotId) -> Result<PinReport>;

    /// The user PIN alone, where that is cheaper.
    fn user_pin(&self, slot: SlotId) -> Result<Option<PinStatus>> {
        Ok(self.pin_status(slot)?.user)
    }

    /// The algorithm of a key of a slot, read where its token does not tell it without a question.
    fn key_algorithm(&self, slot: SlotId, key: ObjectId) -> Result<KeyAlgorithm> {
        let view = self.virtual_token(slot)?;
        let key = view.card.keys.iter().find(|known| known.object == key);
        key.map(|key| key.algorithm).ok_or(Error::ObjectHandleInvalid)
    }

    /// The private key with an identifier on the session's card, whoever is logged in.
    fn made_key(&self, _session: SessionHandle, _id: &KeyId) -> Result<MadeKey> {
        Err(Error::NotSupported("keys that are found by who made them"))
    }

    /// Gives the PUK of a token's PIN another value.
    fn change_puk(&self, _slot: SlotId, _old: &Secret, _new: &Secret) -> Result<()> {
        Err(Error::NotSupported("another PUK"))
    }

    /// The card's own certificate for a key that it generated.
    fn attest(&self, _session: SessionHandle, _key: ObjectHandle) -> Result<Vec<u8>> {
        Err(Error::NotSupported("attestation"))
    }

    /// Moves a private key to another place of its card.
    fn move_key(&self, _session: SessionHandle, _key: ObjectId, _to: &KeyPlacement) -> Result<()> {
        Err(Error::NotSupported("moving a key"))
    }

    /// Sets how many tries the token's PIN and its PUK have; answers what that cost.
    fn set_tries(&self, _session: SessionHandle, _pin: u8, _puk: u8) -> Result<Vec<String>> {
        Err(Error::NotSupported("setting tries"))
    }

    /// Every mechanism of the token.
    fn mechanisms(&self, slot: SlotId) -> Result<Vec<MechanismId>>;

    /// Key sizes and uses of one mechanism.
    fn mechanism_info(&self, slot: SlotId, id: MechanismId) -> Result<MechanismInfo>;

    /// What the layout leaves without a slot.
    fn unplaced(&self) -> Vec<Unplaced> {
        Vec::new()
    }

    /// What could not be read so far.
    fn known_problems(&self) -> Vec<KnownProblems> {
        Vec::new()
    }

    /// Contents of a certificate: an index into the certificates of [`TokenView::card`].
    fn certificate(&self, slot: SlotId, index: usize) -> Result<Arc<CertificateDetails>>;

    /// The public half of a key: an index into the keys of [`TokenView::card`].
    fn public_key(&self, slot: SlotId, index: usize) -> Result<Option<Arc<PublicKey>>>;

    /// The name of a token (RFC 7512).
    fn token_uri(&self, slot: SlotId) -> Result<Uri>;

    /// Opens a session.
    fn open_session(&self, slot: SlotId, mode: SessionMode) -> Result<SessionHandle>;

    /// Closes a session.
    fn close_session(&self, session: SessionHandle) -> Result<()>;

    /// Slot, mode and state of a session.
    fn session_info(&self, session: SessionHandle) -> Result<SessionInfo>;

    /// Logs in. Without a PIN it is typed on the reader.
    fn login(&self, session: SessionHandle, user: UserKind, pin: Option<&Secret>) -> Result<()>;

    /// Holds the card for many operations, where that is possible.
    fn batch(&self, _session: SessionHandle) -> Result<Option<Batch<'_>>> {
        Ok(None)
    }

    /// Keeps other programs away from the card, where that is possible.
    fn exclusive(&self, _session: SessionHandle) -> Result<Option<Batch<'_>>> {
        Ok(None)
    }

    /// Logs out of the session's token.
    fn logout(&self, _session: SessionHandle) -> Result<()> {
        Err(Error::NotSupported("a logout in between"))
    }

    /// What the library says of itself.
    fn library(&self) -> Result<LibraryInfo> {
        Ok(LibraryInfo::ours())
    }

    /// Who made a slot, as `C_GetSlotInfo` tells it.
    fn slot_manufacturer(&self, _slot: SlotId) -> Result<String> {
        Ok(library::SLOT_MANUFACTURER.to_owned())
    }

    /// Ends every login.
    fn finish(&self) -> Result<()>;

    /// What card traffic has cost, as far as it is known.
    fn stats(&self) -> StatsSnapshot {
        StatsSnapshot::default()
    }

    /// Every object that the session sees and that matches.
    fn find_all(&self, session: SessionHandle, template: &Template) -> Result<Vec<ObjectHandle>>;

    /// Attributes of an object, each with its own answer.
    fn attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[AttributeType],
    ) -> Result<Vec<Result<Value>>>;

    /// One attribute of an object.
    fn attribute(&self, session: SessionHandle, object: ObjectHandle, kind: AttributeType) -> Result<Value> {
        let mut answers = self.attributes(session, object, &[kind])?;
        answers.pop().unwrap_or(Err(Error::AttributeTypeInvalid(kind)))
    }

    /// The name of an object (RFC 7512).
    fn object_uri(&self, session: SessionHandle, object: ObjectHandle) -> Result<Uri>;

    /// Begins a signature.
    fn sign_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()>;

    /// Goes on with it.
    fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()>;

    /// Ends it.
    fn sign_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>>;

    /// Does it at once.
    fn sign(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>>;

    /// Ends a signature without a result.
    fn sign_cancel(&self, session: SessionHandle) -> Result<()>;

    /// Begins an encryption.
    fn encrypt_init(&self, _session: SessionHandle, _call: &MechanismCall, _key: ObjectHandle) -> Result<()> {
        Err(Error::NotSupported("encryption by this module"))
    }

    /// Goes on with it.
    fn encrypt_update(&self, _session: SessionHandle, _part: &[u8], _room: usize) -> Result<Vec<u8>> {
        Err(Error::NotSupported("encryption by this module"))
    }

    /// Ends it.
    fn encrypt_final(&self, _session: SessionHandle, _room: usize) -> Result<Vec<u8>> {
        Err(Error::NotSupported("encryption by this module"))
    }

    /// Begins a decryption.
    fn decrypt_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()>;

    /// Goes on with it.
    fn decrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret>;

    /// Ends it.
    fn decrypt_final(&self, session: SessionHandle, room: usize) -> Result<Secret>;

    /// Does it at once.
    fn decrypt(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Secret>;

    /// Begins a verification.
    fn verify_init(&self, _session: SessionHandle, _call: &MechanismCall, _key: ObjectHandle) -> Result<()> {
        Err(Error::NotSupported("verification by this module"))
    }

    /// Goes on with it.
    fn verify_update(&self, _session: SessionHandle, _part: &[u8]) -> Result<()> {
        Err(Error::NotSupported("verification by this module"))
    }

    /// Ends it.
    fn verify_final(&self, _session: SessionHandle, _signature: &[u8]) -> Result<()> {
        Err(Error::NotSupported("verification by this module"))
    }

    /// Does it at once.
    fn verify(&self, _session: SessionHandle, _data: &[u8], _signature: &[u8]) -> Result<()> {
        Err(Error::NotSupported("verification by this module"))
    }

    /// Begins a digest.
    fn digest_init(&self, _session: SessionHandle, _call: &MechanismCall) -> Result<()> {
        Err(Error::NotSupported("digest by this module"))
    }

    /// Goes on with it.
    fn digest_update(&self, _session: SessionHandle, _part: &[u8]) -> Result<()> {
        Err(Error::NotSupported("digest by this module"))
    }

    /// Ends it.
    fn digest_final(&self, _session: SessionHandle, _room: usize) -> Result<Vec<u8>> {
        Err(Error::NotSupported("digest by this module"))
    }

    /// Does it at once.
    fn digest(&self, _session: SessionHandle, _data: &[u8], _room: usize) -> Result<Vec<u8>> {
        Err(Error::NotSupported("digest by this module"))
    }

    /// Agrees with a point by ECDH: the shared secret itself.
    fn agree(&self, _session: SessionHandle, _key: ObjectHandle, _peer: &[u8]) -> Result<Secret> {
        Err(Error::NotSupported("key agreement by this module"))
    }

    /// Prepares the next derivation, wrapping or unwrapping with a key that asks for the PIN each time.
    fn consent_init(
        &self,
        _session: SessionHandle,
        _call: &MechanismCall,
        _key: ObjectHandle,
        _purpose: Purpose,
    ) -> Result<()> {
        Err(Error::NotSupported("the PIN for one use of such a key with a module"))
    }

    /// Wraps a key of the token, if it may leave it.
    fn wrap_key(
        &self,
        _session: SessionHandle,
        _call: &MechanismCall,
        _wrapping: ObjectHandle,
        _key: ObjectHandle,
    ) -> Result<Vec<u8>> {
        Err(Error::NotSupported("wrapping by this module"))
    }

    /// Wraps a key that the host has: the bytes of a secret key, or a private key in PKCS#8.
    fn wrap_bytes(
        &self,
        _session: SessionHandle,
        _call: &MechanismCall,
        _wrapping: ObjectHandle,
        _value: &Secret,
    ) -> Result<Vec<u8>> {
        Err(Error::NotSupported("wrapping by this module"))
    }

    /// Unwraps a key onto the token.
    fn unwrap_key(
        &self,
        _session: SessionHandle,
        _call: &MechanismCall,
        _unwrapping: ObjectHandle,
        _wrapped: &[u8],
        _key: &KeySpec,
    ) -> Result<ObjectHandle> {
        Err(Error::NotSupported("unwrapping by this module"))
    }

    /// Unwraps a key for the host.
    fn unwrap_bytes(
        &self,
        _session: SessionHandle,
        _call: &MechanismCall,
        _unwrapping: ObjectHandle,
        _wrapped: &[u8],
    ) -> Result<Secret> {
        Err(Error::NotSupported("unwrapping by this module"))
    }

    /// Random bytes of the token.
    fn random(&self, session: SessionHandle, len: usize) -> Result<Secret>;

    /// Refuses a key that the token cannot have, before anybody is asked for a PIN.
    fn check_key(&self, slot: SlotId, algorithm: KeyAlgorithm, origin: KeyOrigin) -> Result<()>;

    /// Generates a key pair: private and public half.
    fn generate_key_pair(
        &self,
        session: SessionHandle,
        spec: &KeySpec,
    ) -> Result<(ObjectHandle, ObjectHandle)>;

    /// Generates a secret key.
    fn generate_key(&self, session: SessionHandle, spec: &KeySpec) -> Result<ObjectHandle>;

    /// Writes an object.
    fn create_object(&self, session: SessionHandle, object: &NewObject) -> Result<ObjectHandle>;

    /// Writes an object, unless it is there already.
    fn store_object(&self, session: SessionHandle, object: &NewObject) -> Result<Stored>;

    /// Changes attributes of an object.
    fn set_attributes(&self, session: SessionHandle, object: ObjectHandle, template: &Template)
    -> Result<()>;

    /// What deleting an object would take and break.
    fn deletion_plan(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        extent: Extent,
    ) -> Result<DeletionPlan>;

    /// Deletes an object.
    fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()>;

    /// Deletes an object although other chains need it; without chains the same as deleting it.
    fn destroy_everywhere(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        self.destroy_object(session, object)
    }

    /// Deletes a key with what belongs to it alone.
    fn destroy_key_with_chain(&self, session: SessionHandle, key: ObjectHandle)
    -> Result<Vec<PlannedObject>>;

    /// Formats a token.
    fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()>;

    /// Changes how a private key that is there is guarded.
    fn set_policies(&self, _session: SessionHandle, _key: ObjectId, _policies: &KeyPlacement) -> Result<()> {
        Err(Error::NotSupported("policies of keys of a module"))
    }

    /// Gives the PUK of a token's PIN a value, or takes it away, as the security officer.
    fn set_puk(&self, _session: SessionHandle, _puk: Option<&Secret>) -> Result<()> {
        Err(Error::NotSupported("PUKs of a module"))
    }

    /// Whether the host hashes PINs from now on. Answers what that cost, in words.
    fn set_pin_hashing(
        &self,
        _session: SessionHandle,
        _hashed: bool,
        _pins: PinPair<'_>,
    ) -> Result<Vec<String>> {
        Err(Error::NotSupported("how a module's tokens take PINs"))
    }

    /// Whether nobody can open the card any more, and it can be taken back to its factory state all the same.
    fn is_locked_out(&self, _slot: SlotId) -> Result<bool> {
        Ok(false)
    }

    /// Makes a card blank again.
    fn erase_token(&self, _slot: SlotId, _so_pin: &Secret) -> Result<()> {
        Err(Error::NotSupported("making a card blank"))
    }

    /// Whether formatting takes nothing that another slot shows.
    fn is_alone_on_card(&self, slot: SlotId) -> Result<bool> {
        self.virtual_token(slot).map(|_| true)
    }

    /// What a card can be personalised to.
    fn admin_abilities(&self, slot: SlotId) -> Result<AdminAbilities>;

    /// Tidies up after interrupted changes.
    fn repair(&self, _session: SessionHandle) -> Result<RepairReport> {
        Err(Error::NotSupported("repairing a card"))
    }

    /// Verifies another PIN of the card beside the login.
    fn authorise(&self, _session: SessionHandle, _label: &str, _pin: &Secret) -> Result<()> {
        Err(Error::NotSupported("a second PIN"))
    }

    /// Puts a PIN on a token, or gives its PIN a new value.
    fn init_pin(&self, session: SessionHandle, pin: &NewUserPin<'_>) -> Result<InitializedPin>;

    /// Changes the PIN of who is logged in, or the user's.
    fn set_pin(&self, session: SessionHandle, old: &Secret, new: &Secret) -> Result<()>;

    /// As [`Provider::set_pin`], with both values typed on the reader's keys.
    fn set_pin_on_reader(&self, session: SessionHandle) -> Result<()>;

    /// Gives a locked PIN a new value.
    fn unblock_pin(&self, slot: SlotId, by: Unblocker<'_>, new: &Secret) -> Result<()>;
}
