//! PINs made, reset and changed, and tokens formatted, as far as C_InitToken, C_InitPIN and C_SetPIN go.

use super::Module;
use super::slots::{USER_PIN, at, longest, number};
use crate::codec::Secret;
use crate::engine::{
    Error, InitToken, InitializedPin, NewUserPin, Result, SessionHandle, SessionMode, Unblocker, UserKind,
};
use crate::layout::SlotId;

impl Module {
    /// Formats a token: everything on it is lost. Its slot may have another number afterwards, in another process.
    pub(super) fn init_token(&self, slot: SlotId, so_pin: &Secret, init: &InitToken<'_>) -> Result<()> {
        if init.puk.is_some() || init.min_len.is_some() || init.tries.is_some() {
            return Err(Error::NotSupported("a PUK, length or number of tries for a module's SO PIN"));
        }
        self.check_length(slot, so_pin)?;
        self.close_all(slot)?;
        self.library.init_token(number(slot), so_pin, init.label).map_err(|fault| {
            match at(slot, fault.clone()) {
                Error::Module { .. } => self.pin_error(slot, fault),
                error => error,
            }
        })
    }

    /// Gives the token's user a PIN, or a new value for it. The security officer is logged in.
    pub(super) fn init_pin(&self, session: SessionHandle, new: &NewUserPin<'_>) -> Result<InitializedPin> {
        let slot = self.known(session)?.slot;
        if new.label.is_some() || new.puk.is_some() || new.min_len.is_some() || new.tries.is_some() {
            return Err(Error::NotSupported("a label, PUK, length or number of tries for a module's PIN"));
        }
        self.check_length(slot, new.pin)?;
        let created = !self.token_info(slot)?.flags.user_pin_initialized;
        let made = self.library.init_pin(session.0, new.pin);
        self.state().views.remove(&slot);
        made.map_err(|fault| self.pin_error(slot, fault))?;
        let uri = self.token_uri(slot)?;
        Ok(InitializedPin { slot, uri, label: USER_PIN.to_owned(), created, puk: None })
    }

    /// Changes the PIN of who is logged in, or the user's.
    pub(super) fn set_pin(&self, session: SessionHandle, old: &Secret, new: &Secret) -> Result<()> {
        let slot = self.known(session)?.slot;
        if old.is_empty() {
            return self.check_length(slot, old);
        }
        self.check_length(slot, new)?;
        let changed = self.library.set_pin(session.0, Some(old), Some(new));
        self.state().views.remove(&slot);
        changed.map_err(|fault| self.pin_error(slot, fault))
    }

    /// The same, with both PINs typed on the token's own way to ask for them.
    pub(super) fn set_pin_on_reader(&self, session: SessionHandle) -> Result<()> {
        let slot = self.known(session)?.slot;
        if !self.token_info(slot)?.flags.protected_authentication_path {
            return Err(Error::NotSupported("typing a PIN on this reader"));
        }
        let changed = self.library.set_pin(session.0, None, None);
        self.state().views.remove(&slot);
        changed.map_err(|fault| self.pin_error(slot, fault))
    }

    /// Gives the user's PIN a new value by the security officer: PKCS#11 knows no PUKs.
    pub(super) fn unblock_pin(&self, slot: SlotId, by: Unblocker<'_>, new: &Secret) -> Result<()> {
        let Unblocker::Officer(so_pin) = by else {
            return Err(Error::NotSupported("a PUK: PKCS#11 leaves unblocking to the security officer"));
        };
        self.check_length(slot, new)?;
        let session = self.open_session(slot, SessionMode::ReadWrite)?;
        self.login(session, UserKind::SecurityOfficer, Some(so_pin))?;
        let wish = NewUserPin { label: None, pin: new, puk: None, min_len: None, tries: None };
        let made = self.init_pin(session, &wish);
        let ended = self.close_session(session);
        made.and(ended)
    }

    /// Refuses a PIN of a length that the token does not take, before anything is sent.
    fn check_length(&self, slot: SlotId, pin: &Secret) -> Result<()> {
        let (min, max) = self.token_info(slot)?.pin_len;
        let (min, max) = (min.max(1), longest(max));
        if (min..=max).contains(&pin.len()) { Ok(()) } else { Err(Error::PinLength { min, max }) }
    }
}
