//! PKCS#11: slots, sessions, login, objects, attributes, find, operations, mechanisms. No APDUs here.

pub mod attribute;
pub mod error;
pub mod mechanism;
pub mod readers;
mod session;
mod slot;
pub mod uri;

pub use attribute::{Attribute, AttributeType, ObjectClass, Template, Value};
pub use error::Error;
pub use mechanism::{MechanismCall, MechanismId, MechanismInfo, Parameters};
pub use session::{Login, SessionHandle, SessionInfo, SessionMode, SessionState, UserKind};
pub use slot::{PinReport, PinState, PinStatus, ReaderReport, SlotInfo, TokenFlags, TokenInfo, TokenView};

use crate::apdu::StatsSnapshot;
use crate::codec::Secret;
use crate::config::Config;
use crate::layout::{Layout, SlotId, Unplaced};
use crate::token::Problem;
use crate::transport::Reader;
use mechanism::MechanismCall as Call;
use uri::Uri;

/// The result of an engine call.
pub type Result<T> = std::result::Result<T, Error>;

/// Names one object towards callers. Never reused within a process, and no pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectHandle(pub u64);

/// As much room for an output as it needs: for callers without the C buffer rule.
pub const ANY_ROOM: usize = usize::MAX;

/// The PKCS#11 engine: readers, slots, tokens, sessions, objects, operations. `Sync`; every method takes
/// `&self`. Dropping it takes every login back from the cards.
pub struct Engine {}

/// Readers, slots, tokens.
impl Engine {
    /// An engine over these readers. Touches no reader and no card.
    pub fn new(readers: Vec<Box<dyn Reader>>, config: &Config) -> Self {
        let _ = (readers, config);
        Self {}
    }

    /// What card traffic has cost so far.
    pub fn stats(&self) -> StatsSnapshot {
        StatsSnapshot::default()
    }

    /// Every reader with its card, driver, slots and problem. Reads every card that has not been read.
    pub fn readers(&self) -> Vec<ReaderReport> {
        Vec::new()
    }

    /// Looks at every reader again: sessions of cards that are gone end, new cards are read when asked for.
    pub fn refresh(&self) {}

    /// The whole layout. Reads every card that has not been read.
    pub fn layout(&self) -> Layout {
        Layout::default()
    }

    /// Slot ids in order. With `with_token` only those that have a token, which reads every card; without,
    /// all of them, which touches no card.
    pub fn slots(&self, with_token: bool) -> Vec<SlotId> {
        let _ = with_token;
        Vec::new()
    }

    /// One slot. Asks its reader for presence and reads its card.
    pub fn slot_info(&self, slot: SlotId) -> Result<SlotInfo> {
        Err(Error::SlotInvalid(slot))
    }

    /// The token in one slot, with PIN counters asked from the card now (spending no try).
    /// Errors: `SlotInvalid`, `TokenNotPresent`, `TokenNotRecognized`, `Reader`.
    pub fn token_info(&self, slot: SlotId) -> Result<TokenInfo> {
        Err(Error::SlotInvalid(slot))
    }

    /// The token in one slot and the card behind it, with chains.
    pub fn virtual_token(&self, slot: SlotId) -> Result<TokenView> {
        Err(Error::SlotInvalid(slot))
    }

    /// The token's PIN and the card's SO PIN, with tries left asked from the card now (spending no try).
    pub fn pin_status(&self, slot: SlotId) -> Result<PinReport> {
        Err(Error::SlotInvalid(slot))
    }

    /// Mechanisms of the token, without duplicates, in the order of their numbers.
    pub fn mechanisms(&self, slot: SlotId) -> Result<Vec<MechanismId>> {
        Err(Error::SlotInvalid(slot))
    }

    /// What the token can do with one mechanism. Errors: `MechanismInvalid` when it has it not.
    pub fn mechanism_info(&self, slot: SlotId, id: MechanismId) -> Result<MechanismInfo> {
        let _ = id;
        Err(Error::SlotInvalid(slot))
    }

    /// What found no slot, with the setting that would show it. Reads every card that has not been read.
    pub fn unplaced(&self) -> Vec<Unplaced> {
        Vec::new()
    }

    /// What could not be read on the card in this slot and was skipped.
    pub fn problems(&self, slot: SlotId) -> Result<Vec<Problem>> {
        Err(Error::SlotInvalid(slot))
    }

    /// The URI of a token (RFC 7512): token, manufacturer, model, serial.
    pub fn token_uri(&self, slot: SlotId) -> Result<Uri> {
        Err(Error::SlotInvalid(slot))
    }
}

/// Sessions and login.
impl Engine {
    /// Opens a session. Errors: `SessionReadWriteSoExists` for a read-only one while the SO is logged in.
    pub fn open_session(&self, slot: SlotId, mode: SessionMode) -> Result<SessionHandle> {
        let _ = mode;
        Err(Error::SlotInvalid(slot))
    }

    /// Closes a session. The last one of a token logs it out.
    pub fn close_session(&self, session: SessionHandle) -> Result<()> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }

    /// Closes every session of a token, which logs it out.
    pub fn close_all_sessions(&self, slot: SlotId) -> Result<()> {
        Err(Error::SlotInvalid(slot))
    }

    /// Slot, mode and state of a session.
    pub fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }

    /// Logs in to the session's token, for all its sessions. An empty PIN is never sent.
    /// `pin` is `None` only where the reader has a pinpad.
    /// Errors: `PinIncorrect`, `PinLocked`, `PinLength`, `UserAlreadyLoggedIn` and the other user errors.
    pub fn login(&self, session: SessionHandle, user: UserKind, pin: Option<&Secret>) -> Result<()> {
        let _ = (session, user, pin);
        Err(Error::SessionHandleInvalid)
    }

    /// Logs out of the session's token, on the card too (`[readers] after_login`).
    pub fn logout(&self, session: SessionHandle) -> Result<()> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }
}

/// Objects.
impl Engine {
    /// Begins a search. Private objects are found only after login.
    pub fn find_init(&self, session: SessionHandle, template: &Template) -> Result<()> {
        let _ = (session, template);
        Err(Error::SessionHandleInvalid)
    }

    /// The next objects of the search, at most `max`; empty at the end.
    pub fn find(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>> {
        let _ = (session, max);
        Err(Error::SessionHandleInvalid)
    }

    /// Ends the search.
    pub fn find_final(&self, session: SessionHandle) -> Result<()> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }

    /// Every object that matches, in one call, beside any search that is going on.
    pub fn find_all(&self, session: SessionHandle, template: &Template) -> Result<Vec<ObjectHandle>> {
        let _ = (session, template);
        Err(Error::SessionHandleInvalid)
    }

    /// Attributes of one object, each with its own answer, in the order asked: `AttributeSensitive`,
    /// `AttributeTypeInvalid`, or the card's error where a value has to be read. The error of the whole call
    /// is for session and handle only.
    pub fn attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[AttributeType],
    ) -> Result<Vec<Result<Value>>> {
        let _ = (session, object, kinds);
        Err(Error::SessionHandleInvalid)
    }

    /// One attribute of one object.
    pub fn attribute(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kind: AttributeType,
    ) -> Result<Value> {
        let mut answers = self.attributes(session, object, &[kind])?;
        answers.pop().unwrap_or(Err(Error::AttributeTypeInvalid(kind)))
    }

    /// The URI of an object (RFC 7512): that of its token with object, id and type.
    pub fn object_uri(&self, session: SessionHandle, object: ObjectHandle) -> Result<Uri> {
        let _ = (session, object);
        Err(Error::SessionHandleInvalid)
    }
}

/// Operations. Each begins with `…_init`, goes on with `…_update` and ends with `…_final`, or is done at once
/// by the plain verb. `room` is how many bytes the caller has for the output ([`ANY_ROOM`] for as many as it
/// takes): with less than needed the answer is `BufferTooSmall` and the operation stays. Every other error ends it.
impl Engine {
    /// Begins a digest.
    pub fn digest_init(&self, session: SessionHandle, mechanism: &Call) -> Result<()> {
        let _ = (session, mechanism);
        Err(Error::SessionHandleInvalid)
    }

    /// Length of the digest in bytes; the operation stays.
    pub fn digest_len(&self, session: SessionHandle) -> Result<usize> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }

    /// Digests a part.
    pub fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let _ = (session, part);
        Err(Error::SessionHandleInvalid)
    }

    /// Ends the digest.
    pub fn digest_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        let _ = (session, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Digests `data` at once.
    pub fn digest(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        let _ = (session, data, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Begins a signature with a private key.
    pub fn sign_init(&self, session: SessionHandle, mechanism: &Call, key: ObjectHandle) -> Result<()> {
        let _ = (session, mechanism, key);
        Err(Error::SessionHandleInvalid)
    }

    /// Length of the signature in bytes, without a card; the operation stays.
    pub fn sign_len(&self, session: SessionHandle) -> Result<usize> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }

    /// Signs a part: only with mechanisms that digest.
    pub fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let _ = (session, part);
        Err(Error::SessionHandleInvalid)
    }

    /// Ends the signature: RSA as many bytes as the modulus, ECDSA r‖s.
    pub fn sign_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        let _ = (session, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Signs `data` at once.
    pub fn sign(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        let _ = (session, data, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Begins a verification with a public key or a certificate: on the host.
    pub fn verify_init(&self, session: SessionHandle, mechanism: &Call, key: ObjectHandle) -> Result<()> {
        let _ = (session, mechanism, key);
        Err(Error::SessionHandleInvalid)
    }

    /// Verifies a part: only with mechanisms that digest.
    pub fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let _ = (session, part);
        Err(Error::SessionHandleInvalid)
    }

    /// Ends the verification. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        let _ = (session, signature);
        Err(Error::SessionHandleInvalid)
    }

    /// Verifies at once. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        let _ = (session, data, signature);
        Err(Error::SessionHandleInvalid)
    }

    /// Begins a decryption with a private key.
    pub fn decrypt_init(&self, session: SessionHandle, mechanism: &Call, key: ObjectHandle) -> Result<()> {
        let _ = (session, mechanism, key);
        Err(Error::SessionHandleInvalid)
    }

    /// Longest plain text in bytes, without a card; the operation stays.
    pub fn decrypt_len(&self, session: SessionHandle) -> Result<usize> {
        let _ = session;
        Err(Error::SessionHandleInvalid)
    }

    /// Takes a part of the encrypted data. Gives what is plain so far: nothing for RSA.
    pub fn decrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret> {
        let _ = (session, part, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Ends the decryption.
    pub fn decrypt_final(&self, session: SessionHandle, room: usize) -> Result<Secret> {
        let _ = (session, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Decrypts at once. Every bad padding is the same `EncryptedDataInvalid`.
    pub fn decrypt(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Secret> {
        let _ = (session, data, room);
        Err(Error::SessionHandleInvalid)
    }

    /// Random bytes from the card. Errors: `NoRandom`.
    pub fn random(&self, session: SessionHandle, len: usize) -> Result<Secret> {
        let _ = (session, len);
        Err(Error::SessionHandleInvalid)
    }
}
