//! Opening and closing sessions, logging in and out (PKCS#11 3.1, 5.6): the rules, and what the card is told.

use std::sync::{Arc, Mutex};

use super::error::Error;
use super::operation::{Consent, Operations, Session};
use super::session::{Login, SessionHandle, SessionInfo, SessionMode, SessionState, UserKind};
use super::state::State;
use super::{Engine, Result, lock};
use crate::card::{Card, CardError, Listing};
use crate::codec::Secret;
use crate::layout::SlotId;
use crate::token::{Auth, AuthId};

impl Engine {
    /// Opens a session. Errors: `SessionReadWriteSoExists` for a read-only one while the SO is logged in;
    /// `WriteProtected` for a read/write one where the configuration lets nothing be written.
    pub fn open_session(&self, slot: SlotId, mode: SessionMode) -> Result<SessionHandle> {
        let (mut state, reader, card) = loop {
            self.list_keys(slot)?;
            let state = lock(&self.state);
            if state.slot(slot)?.token.is_none() {
                return Err(Error::TokenNotPresent(slot));
            }
            let reader = state.reader_of(slot)?.ok_or(Error::TokenNotPresent(slot))?;
            // Another thread may have met another card meanwhile.
            let card = state.loaded_of(slot).filter(|card| card.listing >= Listing::Keys).cloned();
            if let Some(card) = card {
                break (state, reader, card);
            }
        };
        if mode == SessionMode::ReadWrite && self.read_only {
            return Err(Error::WriteProtected);
        }
        if mode == SessionMode::ReadOnly && state.login(slot) == Login::SecurityOfficer {
            return Err(Error::SessionReadWriteSoExists);
        }
        let handle = SessionHandle(self.next_handle());
        let session =
            Session { slot, mode, reader, card, operations: Arc::new(Mutex::new(Operations::default())) };
        state.sessions.insert(handle, Arc::new(session));
        Ok(handle)
    }

    /// Closes a session. The last one of a token logs it out.
    pub fn close_session(&self, session: SessionHandle) -> Result<()> {
        self.with_session(session, |known| {
            {
                let mut state = lock(&self.state);
                let last = state.session_counts(known.slot).0 == 1;
                if !last || !state.holds_login(known.slot) {
                    state.remove_session(session);
                    return Ok(());
                }
            }
            self.end_login(known, |state| {
                state.remove_session(session);
                // Another thread may have opened one in between: then the login stays.
                state.session_counts(known.slot).0 == 0
            })
        })
    }

    /// Closes every session of a token, which logs it out.
    pub fn close_all_sessions(&self, slot: SlotId) -> Result<()> {
        let any = {
            let mut state = lock(&self.state);
            state.slot(slot)?;
            let any = state.sessions.values().find(|session| session.slot == slot).cloned();
            if !state.holds_login(slot) {
                state.remove_sessions_of(slot);
                return Ok(());
            }
            any
        };
        let Some(any) = any else { return Ok(()) };
        self.end_login(&any, |state| {
            state.remove_sessions_of(slot);
            true
        })
    }

    /// Slot, mode and state of a session.
    pub fn session_info(&self, session: SessionHandle) -> Result<SessionInfo> {
        let state = lock(&self.state);
        let session = state.sessions.get(&session).ok_or(Error::SessionHandleInvalid)?;
        let login = state.login(session.slot);
        let (slot, mode) = (session.slot, session.mode);
        Ok(SessionInfo { slot, mode, state: SessionState::of(mode, login) })
    }

    /// Logs in to the session's token, for all its sessions. An empty PIN is never sent.
    /// Without a `pin` its holder types it on the reader's keys; that needs `TokenFlags::protected_authentication_path`.
    /// Errors: `PinIncorrect`, `PinLocked`, `PinLength`, `UserAlreadyLoggedIn` and the other user errors.
    pub fn login(&self, session: SessionHandle, user: UserKind, pin: Option<&Secret>) -> Result<()> {
        let login = match user {
            UserKind::User => Login::User,
            UserKind::SecurityOfficer => Login::SecurityOfficer,
            UserKind::ContextSpecific => return self.login_for_operation(&*self.session(session)?, pin),
        };
        self.with_session(session, |session| self.login_to_token(session, login, pin))
    }

    fn login_to_token(&self, session: &Session, login: Login, pin: Option<&Secret>) -> Result<()> {
        self.may_log_in(session, login)?;
        let auth = self.auth(session, login)?;
        let pin = checked_entry(session, auth, pin)?;
        self.with_card(session.reader, &session.card, |card| {
            // Once more, now that nobody else can log in: another thread may have been faster, or have changed
            // which token is in the slot.
            if let Err(error) = self.may_log_in(session, login) {
                return Ok(Err(error));
            }
            self.verify_pin(session, card, &auth.id, pin)?;
            let mut state = lock(&self.state);
            let token = state.token_mut(session.slot);
            token.login = login;
            token.login_lost = false;
            token.fresh_login = true;
            Ok(Ok(()))
        })?
    }

    /// Logs out of the session's token, on the card too (`[readers] after_login`).
    pub fn logout(&self, session: SessionHandle) -> Result<()> {
        self.with_session(session, |session| {
            if lock(&self.state).login(session.slot) == Login::Public {
                let lost = std::mem::take(&mut lock(&self.state).token_mut(session.slot).login_lost);
                return Err(if lost { Error::LoginLost } else { Error::UserNotLoggedIn });
            }
            self.end_login(session, |_| true)
        })
    }

    /// The user again, for the one operation of this session that waits for it. A wrong PIN leaves the states
    /// of the sessions as they are.
    fn login_for_operation(&self, session: &Session, pin: Option<&Secret>) -> Result<()> {
        let mut operations = lock(&session.operations);
        let waiting = Error::OperationNotInitialized("operation that asks for the PIN");
        let key = operations.consent_mut().ok_or(waiting)?;
        {
            let mut state = lock(&self.state);
            let token = state.token_mut(session.slot);
            // A wrong PIN here takes the login back on most cards; the right one brings it again.
            if token.login != Login::User && !token.login_lost {
                return Err(Error::UserNotLoggedIn);
            }
        }
        let id = key.auth.clone().ok_or(Error::UserTypeInvalid)?;
        let auth = session.card.token.auth(&id).ok_or(Error::UserTypeInvalid)?;
        let pin = checked_entry(session, auth, pin)?;
        self.with_card_as_it_is(session.reader, &session.card, |card| {
            let result = self.verify_pin(session, card, &id, pin);
            if card.is_connected() {
                self.note_lost_logins_beside(session.reader, card, Some(session.card.application));
            }
            result
        })?;
        key.consent.set(Consent::Given);
        let mut state = lock(&self.state);
        let token = state.token_mut(session.slot);
        token.login = Login::User;
        token.login_lost = false;
        Ok(())
    }

    pub(super) fn verify_pin(
        &self,
        session: &Session,
        card: &mut Card,
        auth: &AuthId,
        pin: Option<&Secret>,
    ) -> Result<(), CardError> {
        let result = match pin {
            Some(pin) => card.verify(auth, pin),
            None => card.verify_on_reader(auth),
        };
        match &result {
            Ok(()) => session.card.note_tries_left(auth, None),
            Err(CardError::PinIncorrect { tries_left, .. }) => {
                session.card.note_tries_left(auth, *tries_left)
            }
            Err(CardError::PinBlocked { .. }) => session.card.note_tries_left(auth, Some(0)),
            Err(_) => {}
        }
        result
    }

    /// Whether the states of PKCS#11 allow this login now.
    fn may_log_in(&self, session: &Session, login: Login) -> Result<()> {
        let state = lock(&self.state);
        if !state.is_current(session) {
            return Err(Error::SessionHandleInvalid);
        }
        let now = state.login(session.slot);
        if now == login {
            return Err(Error::UserAlreadyLoggedIn);
        }
        if now != Login::Public {
            return Err(Error::UserAnotherAlreadyLoggedIn);
        }
        let (all, writing) = state.session_counts(session.slot);
        if login == Login::SecurityOfficer && all != writing {
            return Err(Error::SessionReadOnlyExists);
        }
        Ok(())
    }

    /// The PIN of a login. Errors: `UserPinNotInitialized`.
    pub(super) fn auth<'a>(&self, session: &'a Session, login: Login) -> Result<&'a Auth> {
        let state = lock(&self.state);
        let id = state.auth_for(session.slot, login);
        let auth = id.and_then(|id| session.card.token.auth(id)).filter(|auth| auth.initialized);
        let name = if login == Login::SecurityOfficer { "security officer's PIN" } else { "user PIN" };
        auth.ok_or(Error::UserPinNotInitialized(name))
    }

    /// Ends a login for all sessions of the token, and on the card. `change` says whether it ends at all.
    /// A PIN that another token of the card is logged in with (the security officer's) stays.
    fn end_login(&self, session: &Session, change: impl FnOnce(&mut State) -> bool) -> Result<()> {
        self.with_card(session.reader, &session.card, |card| {
            let ended = {
                let mut state = lock(&self.state);
                if !state.is_current(session) {
                    return Ok(Err(Error::SessionHandleInvalid));
                }
                let held = state.auths_in_use(session.slot);
                if !change(&mut state) {
                    return Ok(Ok(()));
                }
                let token = state.token_mut(session.slot);
                token.login = Login::Public;
                token.fresh_login = false;
                token.authorised.clear();
                token.session_objects.remove_private();
                state.unused_of(session.reader, session.card.application, held)
            };
            ended.iter().try_for_each(|auth| card.log_out(auth)).map(Ok)
        })?
    }
}

/// The PIN as given, or none where the reader has keys to type it on.
fn checked_entry<'a>(session: &Session, auth: &Auth, pin: Option<&'a Secret>) -> Result<Option<&'a Secret>> {
    match pin {
        None if session.card.pinpad.verify => Ok(None),
        pin => checked_pin(auth, pin).map(Some),
    }
}

/// The PIN as given, if it may be sent at all. Errors: `PinLength` for an empty one.
pub(super) fn checked_pin<'a>(auth: &Auth, pin: Option<&'a Secret>) -> Result<&'a Secret> {
    let pin = pin.ok_or(Error::Arguments("no PIN, and no PIN pad"))?;
    if pin.is_empty() {
        return Err(Error::PinLength { min: auth.min_len.max(1), max: auth.max_len });
    }
    Ok(pin)
}
