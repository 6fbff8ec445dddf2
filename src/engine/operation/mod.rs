//! Operations of a session (PKCS#11 3.1, 5.8 to 5.18): each is a value that moves through its states.
//! A session holds at most one of a kind, and one of each kind at a time.

mod cancel;
mod cipher;
mod compute;
mod crypting;
mod decrypt;
mod derive;
mod digest;
mod dual;
mod encrypt;
mod find;
mod input;
mod key;
mod message;
mod message_sign;
mod nonce;
mod recover;
mod sign;
mod verify;
mod wrap;

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
    pub sign_recover: Option<sign::Signing>,
    pub verify: Option<verify::Verifying>,
    pub verify_recover: Option<recover::Recovering>,
    pub encrypt: Option<crypting::Crypting>,
    pub decrypt: Option<crypting::Crypting>,
    pub waiting: Option<key::WaitingKey>,
    pub message_encrypt: Option<message::Messages>,
    pub message_decrypt: Option<message::Messages>,
    pub message_sign: Option<message_sign::SigningMessages>,
    pub message_verify: Option<message_sign::SigningMessages>,
}

impl Operations {
    /// The key operation that asks for the PIN, if there is one: rather one that still waits for it.
    pub fn consent_mut(&mut self) -> Option<&mut CardKey> {
        let sign = self.sign.as_mut().map(|signing| &mut signing.key);
        let recover = self.sign_recover.as_mut().map(|signing| &mut signing.key);
        let encrypt = self.encrypt.as_mut().map(|encrypting| &mut encrypting.key);
        let decrypt = self.decrypt.as_mut().map(|decrypting| &mut decrypting.key);
        let waiting = self.waiting.as_mut().map(|waiting| &mut waiting.key);
        let messages = self.message_sign.as_mut().map(|signing| &mut signing.key);
        let keys = [sign, recover, encrypt, decrypt, waiting, messages].into_iter().flatten();
        let asking =
            keys.filter_map(OperationKey::card_mut).filter(|key| key.consent.get() != Consent::NotNeeded);
        asking.min_by_key(|key| key.consent.get() == Consent::Given)
    }
}

pub use cancel::OperationKind;
pub(super) use compute::{CardKey, Consent};
use key::OperationKey;
pub use message::{MessageParameters, Sealed};
pub(super) use nonce::Nonces;
pub use nonce::{NonceGenerator, NonceRequest};

/// Kinds of operations, as errors name them.
const DIGEST: &str = "digest";
const SEARCH: &str = "search";
const SIGNATURE: &str = "signature";
const VERIFICATION: &str = "verification";
const SIGN_RECOVER: &str = "signature with recovery";
const VERIFY_RECOVER: &str = "verification with recovery";
const ENCRYPTION: &str = "encryption";
const DECRYPTION: &str = "decryption";
const MESSAGE_ENCRYPTION: &str = "encryption of messages";
const MESSAGE_DECRYPTION: &str = "decryption of messages";
const MESSAGE_SIGNATURE: &str = "signature of messages";
const MESSAGE_VERIFICATION: &str = "verification of messages";
