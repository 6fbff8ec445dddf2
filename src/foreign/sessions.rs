//! Sessions and logins. A login shows more objects, so what was read of the token before is forgotten.

use cryptoki_sys as ck;

use super::fault::explain;
use super::raw::Fault;
use super::slots::{at, longest, number};
use super::{Known, Module};
use crate::codec::Secret;
use crate::engine::{Error, Result, SessionHandle, SessionInfo, SessionMode, SessionState, UserKind};
use crate::layout::SlotId;

impl Module {
    pub(super) fn open_session(&self, slot: SlotId, mode: SessionMode) -> Result<SessionHandle> {
        let read_write = mode == SessionMode::ReadWrite;
        let raw = self.library.open_session(number(slot), read_write).map_err(|fault| at(slot, fault))?;
        let session = SessionHandle(raw);
        self.state().sessions.insert(session, Known { slot, mode });
        Ok(session)
    }

    pub(super) fn close_session(&self, session: SessionHandle) -> Result<()> {
        {
            let mut state = self.state();
            state.signing.remove(&session);
            state.sessions.remove(&session);
        }
        self.library.close_session(session.0).map_err(explain)
    }

    /// Closes what this process has open with a token: before it is formatted.
    pub(super) fn close_all(&self, slot: SlotId) -> Result<()> {
        let had_any = {
            let mut state = self.state();
            state.views.remove(&slot);
            let before = state.sessions.len();
            state.sessions.retain(|_, known| known.slot != slot);
            state.sessions.len() != before
        };
        if had_any { self.library.close_all_sessions(number(slot)).map_err(explain) } else { Ok(()) }
    }

    pub(super) fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        let known = self.known(session)?;
        let state = match self.library.session_state(session.0).map_err(explain)? {
            ck::CKS_RO_PUBLIC_SESSION => SessionState::ReadOnlyPublic,
            ck::CKS_RO_USER_FUNCTIONS => SessionState::ReadOnlyUser,
            ck::CKS_RW_PUBLIC_SESSION => SessionState::ReadWritePublic,
            ck::CKS_RW_USER_FUNCTIONS => SessionState::ReadWriteUser,
            ck::CKS_RW_SO_FUNCTIONS => SessionState::ReadWriteSecurityOfficer,
            _ => return Err(Error::ModuleLies { function: "C_GetSessionInfo", why: "a state that is none" }),
        };
        Ok(SessionInfo { slot: known.slot, mode: known.mode, state })
    }

    /// The slot and mode of an open session. Errors: `SessionHandleInvalid`.
    pub(super) fn known(&self, session: SessionHandle) -> Result<Known> {
        self.state().sessions.get(&session).copied().ok_or(Error::SessionHandleInvalid)
    }

    /// Logs in. A user who is logged in already (OpenSC's module shares logins with the process) stays so.
    pub(super) fn login(&self, session: SessionHandle, user: UserKind, pin: Option<&Secret>) -> Result<()> {
        let known = self.known(session)?;
        let kind = match user {
            UserKind::User => ck::CKU_USER,
            UserKind::SecurityOfficer => ck::CKU_SO,
            UserKind::ContextSpecific => ck::CKU_CONTEXT_SPECIFIC,
        };
        self.check_pin(known.slot, pin)?;
        let answer = self.library.login(session.0, kind, pin);
        self.state().views.remove(&known.slot);
        match answer {
            Err(Fault::Refused { value: ck::CKR_USER_ALREADY_LOGGED_IN, .. }) if user == UserKind::User => {
                Ok(())
            }
            other => other.map_err(|fault| self.pin_error(known.slot, fault)),
        }
    }

    /// An empty PIN is never sent; none at all only where the token has a way of its own to ask for it.
    fn check_pin(&self, slot: SlotId, pin: Option<&Secret>) -> Result<()> {
        match pin {
            Some(pin) if pin.is_empty() => {
                let (min, max) = self.token_info(slot)?.pin_len;
                Err(Error::PinLength { min: min.max(1), max: longest(max) })
            }
            None if !self.token_info(slot)?.flags.protected_authentication_path => {
                Err(Error::Arguments("a PIN is missing"))
            }
            _ => Ok(()),
        }
    }

    /// As `explain`, with the lengths that the token takes.
    pub(super) fn pin_error(&self, slot: SlotId, fault: Fault) -> Error {
        match fault {
            Fault::Refused { value: ck::CKR_PIN_LEN_RANGE, .. } => match self.token_info(slot) {
                Ok(info) => Error::PinLength { min: info.pin_len.0, max: longest(info.pin_len.1) },
                Err(_) => explain(fault),
            },
            other => explain(other),
        }
    }

    /// Ends every session and login, and the use of the module.
    pub(super) fn finish(&self) -> Result<()> {
        self.library.finalize().map_err(explain)
    }
}
