//! What a card knows only while it has power: the selected file, verified PINs, the security environment.
//! Knows no commands.

use std::collections::HashMap;
use std::sync::Arc;

use super::access::{PIN_COUNT, PinNumber, Rule};
use super::files::FileUid;
use super::keys::{KeyUpload, PrivateKey};
use crate::codec::Secret;
use crate::crypto::seal::SealingKey;

/// The volatile state of a powered card.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The selected file; the master file after a reset.
    pub selected: FileUid,
    verified: [Option<SealingKey>; PIN_COUNT],
    /// A verified PIN made the holder a global unblocker.
    pub is_unblocker: bool,
    /// A verified PIN made the holder an administrator.
    pub is_administrator: bool,
    pub environment: Option<SecurityEnvironment>,
    /// Earlier APDUs of a chain.
    pub chain: Option<Chain>,
    /// Response data waiting for GET RESPONSE.
    pub pending: Secret,
    pub upload: Option<KeyUpload>,
    /// Keys in use, opened once.
    pub keys: HashMap<FileUid, Arc<PrivateKey>>,
}

impl Session {
    /// The sealing key of a PIN, if it is verified.
    pub fn verified(&self, number: PinNumber) -> Option<&SealingKey> {
        self.verified.get(number.index())?.as_ref()
    }

    /// Remembers that a PIN was verified.
    pub fn set_verified(&mut self, number: PinNumber, key: SealingKey) {
        if let Some(place) = self.verified.get_mut(number.index()) {
            *place = Some(key);
        }
    }

    /// Forgets that a PIN was verified, what its verification made of the holder, and every opened key.
    pub fn forget(&mut self, number: PinNumber) {
        if let Some(place) = self.verified.get_mut(number.index()) {
            *place = None;
        }
        self.keys.clear();
    }

    /// Forgets every PIN.
    pub fn forget_all(&mut self) {
        PinNumber::all().for_each(|number| self.forget(number));
        self.is_unblocker = false;
        self.is_administrator = false;
    }

    /// Whether a rule is satisfied on an operational card.
    pub fn satisfies(&self, rule: Rule) -> bool {
        match rule {
            Rule::Always => true,
            Rule::Pin(number) => self.verified(number).is_some(),
            Rule::Never => false,
        }
    }

    /// Verified PINs as MyEID's access condition table shows them: PIN 1 is bit 0.
    pub fn access_conditions(&self) -> u16 {
        let pins = PinNumber::all().filter(|number| self.verified(*number).is_some());
        pins.fold(0, |bits, number| bits | 1 << number.index())
            | if self.is_unblocker { 0x4000 } else { 0 }
            | if self.is_administrator { 0x8000 } else { 0 }
    }
}

/// What MANAGE SECURITY ENVIRONMENT set.
#[derive(Debug)]
pub(super) struct SecurityEnvironment {
    pub operation: Operation,
    /// Algorithm reference (tag 80).
    pub algorithm: u8,
    /// The key file (tag 81).
    pub key: FileUid,
    /// The key file that is wrapped or unwrapped (tag 83 of two bytes).
    pub target: Option<FileUid>,
    /// Initialisation vector (tag 87); zeros when absent.
    pub iv: [u8; 16],
    /// Where a chain of cipher blocks goes on, while one runs.
    pub running_iv: Option<[u8; 16]>,
    /// First half of a cryptogram sent in two APDUs (padding indicator 81).
    pub first_half: Option<Secret>,
}

/// What a security environment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Computing a signature.
    Sign,
    /// Deciphering or unwrapping.
    Decipher,
    /// Enciphering or wrapping.
    Encipher,
    /// Key agreement.
    Agree,
}

/// A chain of command APDUs that is not complete.
#[derive(Debug)]
pub(super) struct Chain {
    pub ins: u8,
    pub p1: u8,
    pub p2: u8,
    pub data: Secret,
}
