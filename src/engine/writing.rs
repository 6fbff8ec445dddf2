//! One change of a card: who may make it, which PINs it takes, and what becomes of what was read before.
//! The card is locked and its transaction open from the first question to the last write, so that neither another
//! thread nor another program comes in between.

use std::sync::Arc;

use super::contents;
use super::error::{Error, from_card};
use super::operation::Session;
use super::renewal::Effects;
use super::session::{Login, SessionHandle, SessionMode};
use super::{Batch, Engine, Result, lock};
use crate::apdu::Channel;
use crate::card::admin::{AdminAbilities, CardAdmin, Write};
use crate::card::{Card, CardDriver, CardError};
use crate::crypto::{CertificateDetails, PublicKey};
use crate::layout::{SlotId, VirtualToken};
use crate::token::{AuthId, Certificate, Key, ObjectId, Token};

/// A change that is being made.
pub(super) struct Writing<'a> {
    engine: &'a Engine,
    card: &'a mut Card,
    /// The session as it is while the card is locked.
    pub session: Arc<Session>,
    /// What its token shows.
    pub view: VirtualToken,
    /// To be filled in as names come and go.
    pub effects: Effects,
    written: bool,
}

/// In whose name a token is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Writer {
    /// The holder of the token's PIN.
    User(AuthId),
    /// The security officer of the card.
    Officer,
}

impl Engine {
    /// Makes a change in a session. Whatever `job` answers, once something was sent the card is read again.
    /// Errors: `SessionReadOnly`, `WriteProtected`, `DeviceRemoved`, those of `job`.
    pub(super) fn write<T>(
        &self,
        handle: SessionHandle,
        job: impl FnOnce(&mut Writing<'_>) -> Result<T>,
    ) -> Result<T> {
        let reader = self.session(handle)?.reader;
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        // As it is now that nobody else changes the card.
        let session = self.session(handle)?;
        self.turn_to(reader, &mut card, &session.card)?;
        if session.mode == SessionMode::ReadOnly {
            return Err(Error::SessionReadOnly);
        }
        if session.card.token.info.read_only {
            return Err(Error::WriteProtected);
        }
        let was_held = card.is_held();
        card.hold().map_err(|error| from_card(&cell.name, error))?;
        let result = self.write_held(handle, &session, &mut card, job);
        if !card.is_connected() {
            self.lose(reader, &session.card);
            return result;
        }
        self.note_lost_logins(reader, &card);
        let released =
            if was_held { Ok(()) } else { card.release().map_err(|error| from_card(&cell.name, error)) };
        result.and_then(|value| released.map(|()| value))
    }

    /// Whether a session can be written in at all, without its card.
    /// Errors: `SessionReadOnly`, `LoginLost`, `UserNotLoggedIn`.
    pub(super) fn check_may_write(&self, handle: SessionHandle) -> Result<()> {
        let session = self.session(handle)?;
        if session.mode == SessionMode::ReadOnly {
            return Err(Error::SessionReadOnly);
        }
        let state = lock(&self.state);
        match state.tokens.get(&session.slot) {
            Some(token) if token.login != Login::Public => Ok(()),
            Some(token) if token.login_lost => Err(Error::LoginLost),
            _ => Err(Error::UserNotLoggedIn),
        }
    }

    /// The part of [`Engine::write`] for which the card's transaction is open.
    fn write_held<T>(
        &self,
        handle: SessionHandle,
        session: &Session,
        card: &mut Card,
        job: impl FnOnce(&mut Writing<'_>) -> Result<T>,
    ) -> Result<T> {
        let reader = session.reader;
        // What another program has changed counts for what may be changed now: which chains need a certificate.
        let session = self.session_as_it_is(handle, session, card)?;
        self.note_lost_logins(reader, card);
        let view = lock(&self.state).slot(session.slot)?.token.clone().unwrap_or_default();
        let mut writing =
            Writing { engine: self, card, session, view, effects: Effects::default(), written: false };
        let result = job(&mut writing);
        let Writing { card, effects, written, session, .. } = writing;
        if !written || !card.is_connected() {
            return result;
        }
        let renewed = self.renew(reader, card, &session.card, &effects);
        result.and_then(|value| renewed.map(|()| value))
    }

    /// A session with its card as it is now: read again where another program has changed it. The card is locked, and
    /// its transaction open. Errors: `CardChanged` when the session's token is gone or another one.
    fn session_as_it_is(
        &self,
        handle: SessionHandle,
        session: &Session,
        card: &mut Card,
    ) -> Result<Arc<Session>> {
        let reader = session.reader;
        let unchanged = session.card.is_unchanged(card);
        if !unchanged.map_err(|error| self.card_error(reader, error))? {
            self.renew(reader, card, &session.card, &Effects::default())?;
        }
        let gone = || Error::CardChanged { reader: self.name_of(reader) };
        self.session(handle).map_err(|_| gone())
    }

    /// Keeps the session's card in one transaction until the guard is dropped, as [`Engine::batch`] does, with the
    /// card as it is from then on: for a login and a change that belong together, so that no other program comes in
    /// between. Never while a person is typing.
    /// Errors: `Reader` when another program holds the card; `CardChanged` when the session's token is gone.
    pub fn exclusive(&self, handle: SessionHandle) -> Result<Batch<'_>> {
        let batch = self.batch(handle)?;
        let reader = self.session(handle)?.reader;
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        let session = self.session(handle)?;
        self.turn_to(reader, &mut card, &session.card)?;
        let outcome = self.session_as_it_is(handle, &session, &mut card);
        if card.is_connected() {
            self.note_lost_logins(reader, &card);
        } else {
            self.lose(reader, &session.card);
        }
        drop(card);
        outcome.map(|_| batch)
    }

    /// A card's error as the engine tells it.
    pub(super) fn card_error(&self, reader: usize, error: CardError) -> Error {
        match self.cell(reader) {
            Ok(cell) => from_card(&cell.name, error),
            Err(error) => error,
        }
    }

    /// What can be put on the card behind a slot.
    pub(super) fn abilities_of(&self, reader: usize, card: &mut Card) -> Result<AdminAbilities> {
        let told = card.with(abilities_told);
        told.map_err(|error| self.card_error(reader, error))
    }
}

impl Writing<'_> {
    /// The card as it was read last.
    pub fn token(&self) -> &Token {
        &self.session.card.token
    }

    /// What can be put on the card.
    pub fn abilities(&mut self) -> Result<AdminAbilities> {
        self.engine.abilities_of(self.session.reader, self.card)
    }

    /// Who is logged in to the session's token. Errors: `LoginLost`, `UserNotLoggedIn`.
    pub fn writer(&self) -> Result<Writer> {
        let state = lock(&self.engine.state);
        let login = state.login(self.session.slot);
        let lost = state.tokens.get(&self.session.slot).is_some_and(|token| token.login_lost);
        match (login, state.auth_for(self.session.slot, login)) {
            (Login::User, Some(auth)) => Ok(Writer::User(auth.clone())),
            (Login::SecurityOfficer, Some(_)) => Ok(Writer::Officer),
            _ if lost => Err(Error::LoginLost),
            _ => Err(Error::UserNotLoggedIn),
        }
    }

    /// Where objects without a PIN are shown, or would be: the left-overs, else the first empty token.
    pub fn left_overs_slot(&self) -> Option<SlotId> {
        let state = lock(&self.engine.state);
        let slots = state.slots_showing(self.session.reader, self.session.card.application);
        let first = |empty: bool| {
            slots.iter().copied().find(|slot| {
                let token = state.slot(*slot).ok().and_then(|slot| slot.token.as_ref());
                token.is_some_and(|token| token.auth.is_none() && token.empty == empty)
            })
        };
        first(false).or_else(|| first(true))
    }

    /// Makes sure that every PIN which the card will ask for has been given to this token, before anything is
    /// written. Errors: `NeedsPin`.
    pub fn require(&mut self, write: Write<'_>) -> Result<()> {
        let planned = self.card.with(|driver, channel| admin_of(driver.admin())?.plan_write(channel, write));
        let needed = self.told(planned)?;
        let given = lock(&self.engine.state).auths_in_use(self.session.slot);
        match needed.into_iter().find(|auth| !given.contains(auth)) {
            None => Ok(()),
            Some(auth) => {
                let known = self.token().auth(&auth).map(|known| known.label.clone());
                Err(Error::NeedsPin { label: known.unwrap_or_else(|| auth.to_string()), auth })
            }
        }
    }

    /// Lets the card write. Errors: those of the card.
    pub fn admin<T>(
        &mut self,
        job: impl FnMut(&mut dyn CardAdmin, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T> {
        let result = self.card.administer(job);
        // Refused before anything was sent.
        let unsent = matches!(
            result,
            Err(CardError::NotSupported { .. } | CardError::PinLength { .. } | CardError::PinCharacters)
        );
        self.written |= !unsent;
        self.told(result)
    }

    /// A certificate's content, read now where it is not known. Errors: as [`Engine::details`].
    pub fn details(&mut self, certificate: &Certificate) -> Result<Arc<CertificateDetails>> {
        let (session, name) = (Arc::clone(&self.session), self.engine.name_of(self.session.reader));
        contents::details(&name, &session.card, certificate, |object| self.read(object))
    }

    /// The public half of a key, read now where it is not known. Errors: as [`Engine::public_half`].
    pub fn public_half(&mut self, key: &Key) -> Result<Option<Arc<PublicKey>>> {
        let (session, name) = (Arc::clone(&self.session), self.engine.name_of(self.session.reader));
        contents::public_half(&name, &session.card, key, |object| self.read(object))
    }

    fn read(&mut self, object: ObjectId) -> Result<Vec<u8>> {
        let value = self.card.read_object(object);
        self.told(value)
    }

    /// The card itself, for what is no writing: PINs.
    pub fn card(&mut self) -> &mut Card {
        self.card
    }

    /// A card's answer as the engine tells it.
    pub fn told<T>(&self, result: Result<T, CardError>) -> Result<T> {
        result.map_err(|error| self.engine.card_error(self.session.reader, error))
    }

    /// What the card cannot do, said as the card would.
    pub fn cannot<T>(&self, what: &str) -> Result<T> {
        self.told(Err(CardError::NotSupported { what: what.to_owned() }))
    }
}

/// What can be put on a card, which is asked where it tells. Errors: `NotSupported`.
pub(super) fn abilities_told(
    driver: &mut dyn CardDriver,
    channel: &mut Channel<'_>,
) -> Result<AdminAbilities, CardError> {
    let admin = admin_of(driver.admin())?;
    admin.ask_abilities(channel)?;
    Ok(admin.admin_abilities())
}

/// The personalisation side of a driver. Errors: `NotSupported`.
pub(super) fn admin_of(admin: Option<&mut dyn CardAdmin>) -> Result<&mut dyn CardAdmin, CardError> {
    admin.ok_or_else(|| CardError::NotSupported { what: "be written".to_owned() })
}
