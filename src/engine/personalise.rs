//! Cards as wholes: formatting, erasing, repairing, and PINs that an operation needs beside the login.

use super::error::Error;
use super::session::SessionHandle;
use super::{Engine, Result};
use crate::codec::Secret;
use crate::layout::SlotId;

/// What a card is formatted to.
#[derive(Debug, Clone, Copy)]
pub struct InitToken<'a> {
    /// The card's label.
    pub label: &'a str,
    /// PUK of the security officer's PIN; `None` lets the card have a random one.
    pub puk: Option<&'a Secret>,
    /// Shortest security officer's PIN; `None` = the card's own.
    pub min_len: Option<u8>,
    /// Tries of the security officer's PIN; `None` = the card's own.
    pub tries: Option<u8>,
}

impl Engine {
    /// Formats the card behind a slot: everything on it is lost, in every slot of its reader, and its slots are
    /// empty tokens. A blank card takes `so_pin` as its new security officer's PIN; on one in use it has to be the
    /// right one, and stays.
    /// Errors: `SessionExists` while a session with any token of the card is open, `PinIncorrect`, `PinLength`,
    /// `NotSupported`.
    pub fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()> {
        let _ = (slot, so_pin, init);
        Err(Error::NotSupported("formatting"))
    }

    /// Makes the card behind a slot blank again; what it holds is lost. Errors: as [`Engine::init_token`].
    pub fn erase_token(&self, slot: SlotId, so_pin: &Secret) -> Result<()> {
        let _ = (slot, so_pin);
        Err(Error::NotSupported("erasing"))
    }

    /// Verifies another PIN of the session's card, by its label (or its identifier in hex), for changes that need it
    /// beside the login: those that answer `NeedsPin`. It opens no other token, and ends with the login of
    /// this one, at the latest with its last session.
    /// Errors: `NoSuchPin`, `PinIncorrect`, `PinLocked`, `PinLength`.
    pub fn authorise(&self, session: SessionHandle, label: &str, pin: &Secret) -> Result<()> {
        let _ = (session, label, pin);
        Err(Error::NotSupported("another PIN"))
    }
}
