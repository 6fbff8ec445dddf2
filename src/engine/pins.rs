//! PINs made, reset, changed, unblocked (PKCS#11 3.1, 5.5.8, 5.5.9).

use super::error::Error;
use super::session::SessionHandle;
use super::uri::Uri;
use super::{Engine, Result};
use crate::codec::Secret;
use crate::layout::SlotId;

/// A user PIN to be put on an empty token, or to replace a forgotten one.
#[derive(Debug, Clone, Copy)]
pub struct NewUserPin<'a> {
    /// Its name; `None` = the first free `PIN n`. Only for a new one.
    pub label: Option<&'a str>,
    /// Its value.
    pub pin: &'a Secret,
    /// Its PUK; `None` lets the card have a random one. Only for a new one.
    pub puk: Option<&'a Secret>,
    /// Shortest PIN in characters; `None` = the card's own. Only for a new one.
    pub min_len: Option<u8>,
    /// Tries; `None` = the card's own. Only for a new one.
    pub tries: Option<u8>,
}

/// A user PIN that was made or reset.
#[derive(Debug, Clone)]
pub struct InitializedPin {
    /// Where its token is now: a new PIN comes before the left-overs.
    pub slot: SlotId,
    /// Its token.
    pub uri: Uri,
    /// Its name.
    pub label: String,
    /// True for a new one, false for one that was reset.
    pub created: bool,
    /// The PUK of a new PIN, for its holder alone.
    pub puk: Option<Secret>,
}

/// Who may give a locked PIN a new value.
#[derive(Debug, Clone, Copy)]
pub enum Unblocker<'a> {
    /// The holder of its PUK.
    Puk(&'a Secret),
    /// The security officer, by this PIN.
    Officer(&'a Secret),
}

impl Engine {
    /// Puts a PIN on the session's empty token, or gives the token's PIN a new value. The security officer is logged
    /// in to the session's token.
    ///
    /// A new PIN changes the layout: the sessions of the empty token follow it to the slot of the new PIN, those of
    /// the left-overs to theirs (see [`Engine::session_info`]); all other tokens stay where they are.
    /// Errors: `UserNotLoggedIn` unless it is the security officer, `SessionReadOnly`, `NotEmpty` for the left-overs,
    /// `PinLength`, `NotSupported` when the card has no room for one more; all before anything is sent.
    pub fn init_pin(&self, session: SessionHandle, pin: &NewUserPin<'_>) -> Result<InitializedPin> {
        let _ = (session, pin);
        Err(Error::NotSupported("a new PIN"))
    }

    /// Changes the PIN of who is logged in, or the user's when nobody is.
    /// Errors: `SessionReadOnly`, `PinIncorrect`, `PinLocked`, `PinLength`, `UserPinNotInitialized`.
    pub fn set_pin(&self, session: SessionHandle, old: &Secret, new: &Secret) -> Result<()> {
        let _ = (session, old, new);
        Err(Error::NotSupported("changing a PIN"))
    }

    /// Gives the locked (or forgotten) PIN of a token a new value. Nobody is logged in by it.
    /// Errors: `PinIncorrect` with the PUK's or the security officer's tries, `PinLocked`, `PinLength`, `NotSupported`.
    pub fn unblock_pin(&self, slot: SlotId, by: Unblocker<'_>, new: &Secret) -> Result<()> {
        let _ = (slot, by, new);
        Err(Error::NotSupported("unblocking a PIN"))
    }
}
