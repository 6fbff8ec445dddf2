//! Operations of a session (PKCS#11 3.1, 5.8 to 5.13): each is a value that moves through its states.
//! A session holds at most one of a kind, and one of each kind at a time.

mod agree;
mod cancel;
mod compute;
mod decrypt;
mod digest;
mod find;
mod input;
mod sign;
mod verify;

use std::sync::{Arc, Mutex};

use super::cards::LoadedCard;
use super::session::SessionMode;
use crate::layout::SlotId;

/// One session. Its operations have a lock of their own, so that sessions do not wait for each other.
pub(super) struct Session {
    pub slot: SlotId,
    pub mode: SessionMode,
    /// Index of the reader.
    pub reader: usize,
    /// The card as it was read last. A change of the card by this process gives each of its sessions a successor
    /// with the card as it is then and the same operations.
    pub card: Arc<LoadedCard>,
    pub operations: Arc<Mutex<Operations>>,
}

/// What is going on in a session.
#[derive(Default)]
pub(super) struct Operations {
    pub find: Option<find::Find>,
    pub digest: Option<digest::Digesting>,
    pub sign: Option<sign::Signing>,
    pub verify: Option<verify::Verifying>,
    pub decrypt: Option<decrypt::Decrypting>,
}

impl Operations {
    /// The key operation that asks for the PIN, if there is one: rather one that still waits for it.
    pub fn consent_mut(&mut self) -> Option<&mut CardKey> {
        let sign = self.sign.as_mut().map(|signing| &mut signing.key);
        let decrypt = self.decrypt.as_mut().map(|decrypting| &mut decrypting.key);
        let asking = [sign, decrypt].into_iter().flatten().filter(|key| key.consent != Consent::NotNeeded);
        asking.min_by_key(|key| key.consent == Consent::Given)
    }
}

pub use cancel::OperationKind;
pub(super) use compute::{CardKey, Consent};

/// Kinds of operations, as errors name them.
const DIGEST: &str = "digest";
const SEARCH: &str = "search";
const SIGNATURE: &str = "signature";
const VERIFICATION: &str = "verification";
const DECRYPTION: &str = "decryption";
