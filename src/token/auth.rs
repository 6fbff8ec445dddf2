//! Authentication objects: PINs and PUKs.

use crate::codec::hex;

/// Identifier of an authentication object on its token (PKCS#15 authId).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthId(pub Vec<u8>);

impl std::fmt::Display for AuthId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// What a PIN is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthRole {
    /// A user PIN: owns a virtual slot.
    User,
    /// The security officer's PIN.
    SecurityOfficer,
    /// A PUK: unblocks another PIN.
    Unblocking,
}

/// Characters that a PIN is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinEncoding {
    /// Digits, one byte each.
    AsciiNumeric,
    /// Any UTF-8.
    Utf8,
    /// Digits, two in one byte.
    Bcd,
}

/// One PIN or PUK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// Its identifier on the token.
    pub id: AuthId,
    /// Its name: `PIN 1`.
    pub label: String,
    /// What it is for.
    pub role: AuthRole,
    /// Shortest PIN in characters.
    pub min_len: usize,
    /// Longest PIN in characters.
    pub max_len: usize,
    /// Characters allowed.
    pub encoding: PinEncoding,
    /// False when no PIN has been set yet.
    pub initialized: bool,
    /// True when the holder may change it.
    pub can_change: bool,
    /// True when it can be unblocked.
    pub can_unblock: bool,
    /// The PUK or PIN that unblocks it, if the card names one.
    pub unblocked_by: Option<AuthId>,
    /// Tries left, unknown where the card does not tell.
    pub tries_left: Option<u8>,
    /// Tries after a reset of the counter, unknown where the card does not tell.
    pub tries_max: Option<u8>,
}
