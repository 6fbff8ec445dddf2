//! Cards as the engine holds them: read once when first asked for, locked while they work, noticed when lost.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::error::{Error, from_card};
use super::reading::{read_applications, recognition_error};
use super::session::{Login, SessionHandle};
use super::state::{CardState, Seen};
use super::{Engine, Result, lock};
use crate::card::{Abilities, Card, CardError, Listing, Tries};
use crate::crypto::{CertificateDetails, PublicKey};
use crate::layout::{ChainUsers, SlotId};
use crate::token::{AuthId, AuthRole, ObjectId, Problem, Token};
use crate::transport::{PinPad, Presence, ReaderKind, TransportError};

/// One reader and the lock of its card. The lock is held while the card works, and for nothing else.
pub(super) struct Cell {
    pub name: String,
    pub kind: ReaderKind,
    pub card: Mutex<Card>,
    /// When another program was last found to hold the card, and how long it was waited for.
    busy: Mutex<Option<(Instant, Duration)>>,
}

impl Cell {
    pub fn new(card: Card, name: String, kind: ReaderKind) -> Self {
        Self { name, kind, card: Mutex::new(card), busy: Mutex::new(None) }
    }

    /// An error where a card that another program holds was waited for, for as long again after the wait: a command
    /// that asks ten times waits once.
    pub fn check_busy(&self) -> Result<()> {
        let waited =
            lock(&self.busy).filter(|(since, waited)| since.elapsed() < *waited).map(|(_, waited)| waited);
        let Some(waited) = waited else { return Ok(()) };
        let source = TransportError::Busy { reader: self.name.clone(), waited };
        Err(Error::Reader { reader: self.name.clone(), source })
    }

    /// The next question reaches the card again.
    pub fn forget_busy(&self) {
        *lock(&self.busy) = None;
    }

    pub fn note_busy(&self, error: Option<&Error>) {
        *lock(&self.busy) = match error {
            Some(Error::Reader { source: TransportError::Busy { waited, .. }, .. }) => {
                Some((Instant::now(), *waited))
            }
            _ => None,
        };
    }
}

/// A transaction that stays open: see [`Engine::batch`].
pub struct Batch<'a> {
    cell: Arc<Cell>,
    insertion: u64,
    /// Not longer than the engine.
    engine: PhantomData<&'a Engine>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut card = lock(&self.cell.card);
        if card.insertion() == self.insertion
            && let Err(error) = card.release()
        {
            tracing::warn!(reader = self.cell.name, %error, "the card's transaction did not end");
        }
    }
}

/// An application of a card that has been read. Plain values; what is read later goes to `contents`.
pub(super) struct LoadedCard {
    pub insertion: u64,
    /// Which of the card's applications it is, as the card counts them.
    pub application: usize,
    /// What is wrong with the card beside this application.
    pub beside: Vec<Problem>,
    pub driver: &'static str,
    pub abilities: Abilities,
    /// What the keys of its reader can be used for.
    pub pinpad: PinPad,
    pub token: Arc<Token>,
    /// How much of the card it tells.
    pub listing: Listing,
    /// The token as the card's directories gave it, before certificates were read for the layout.
    pub directories: Token,
    /// Which keys need which certificates, worked out when first asked for.
    pub chain_users: OnceLock<ChainUsers>,
    /// Public values read on demand, kept for the next question.
    pub contents: Mutex<HashMap<ObjectId, Content>>,
    /// Counters of PINs as the card last told them.
    pub counters: Mutex<HashMap<AuthId, Counter>>,
}

/// What is known of a PIN's counter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counter {
    /// The card was asked since the last login attempt that went well.
    pub asked: bool,
    pub tries: Tries,
    /// It may be another now: only worth something where the card cannot be asked.
    pub old: bool,
}

/// The value of an object.
#[derive(Clone)]
pub(super) enum Content {
    Certificate(Arc<CertificateDetails>),
    PublicKey(Arc<PublicKey>),
    Data(Arc<Vec<u8>>),
}

impl LoadedCard {
    pub fn content(&self, object: ObjectId) -> Option<Content> {
        lock(&self.contents).get(&object).cloned()
    }

    pub fn keep(&self, object: ObjectId, content: Content) {
        lock(&self.contents).insert(object, content);
    }

    /// What is wrong with the card beside this application is told with it.
    pub fn have_beside(&mut self, problems: Vec<Problem>) {
        Arc::make_mut(&mut self.token).problems.extend(problems.iter().cloned());
        self.beside.extend(problems);
    }

    /// Which keys need which certificates.
    pub fn chain_users(&self) -> &ChainUsers {
        self.chain_users.get_or_init(|| ChainUsers::new(&self.token))
    }

    /// The counter of a PIN as far as it is known without asking.
    pub fn counter(&self, auth: &AuthId) -> Counter {
        lock(&self.counters).get(auth).copied().unwrap_or_default()
    }

    /// The card was asked, and told this.
    pub fn note_counter(&self, auth: &AuthId, tries: Tries) {
        lock(&self.counters).insert(auth.clone(), Counter { asked: true, tries, old: false });
    }

    /// The card told at a wrong PIN how many tries are left; `None`: it has to be asked again.
    pub fn note_tries_left(&self, auth: &AuthId, left: Option<u8>) {
        let mut counters = lock(&self.counters);
        match left {
            Some(_) => {
                let counter = counters.entry(auth.clone()).or_default();
                (counter.tries.left, counter.old) = (left, false);
            }
            None => {
                counters.remove(auth);
            }
        }
    }

    /// Whether the card's directories are still what they were; asks the card for no more than its change counter
    /// where it has one.
    pub fn is_unchanged(&self, card: &mut Card) -> Result<bool, CardError> {
        Ok(card.list(self.listing)? == self.directories)
    }

    /// Takes over what was learned of the card before a change: the values of objects that are still there, and
    /// what PINs told.
    pub fn inherit(&self, before: &Self, is_there: impl Fn(ObjectId) -> bool) {
        let kept = lock(&before.contents).clone();
        lock(&self.contents).extend(kept.into_iter().filter(|(object, _)| is_there(*object)));
        lock(&self.counters)
            .extend(lock(&before.counters).iter().map(|(auth, known)| (auth.clone(), *known)));
    }

    /// Counters have to be asked again.
    pub fn forget_counters(&self) {
        for counter in lock(&self.counters).values_mut() {
            (counter.asked, counter.old) = (false, true);
        }
    }

    /// The security officer's PIN of the application. On a card with one PIN for everything that is the user's.
    pub fn so_auth(&self) -> Option<&crate::token::Auth> {
        let of = |role| self.token.auths.iter().find(|auth| auth.role == role);
        of(AuthRole::SecurityOfficer).or_else(|| of(AuthRole::User).filter(|_| self.token.info.sole_pin))
    }
}

impl Engine {
    pub(super) fn cell(&self, reader: usize) -> Result<Arc<Cell>> {
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        cells.get(reader).cloned().ok_or(Error::Arguments("no such reader"))
    }

    /// A reader's name, for messages.
    pub(super) fn name_of(&self, reader: usize) -> String {
        self.cell(reader).map(|cell| cell.name.clone()).unwrap_or_default()
    }

    /// The card in a reader, read now if it was not read before. False when the reader is empty.
    pub(super) fn load(&self, reader: usize) -> Result<bool> {
        if self.is_loaded(reader) {
            return Ok(true);
        }
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        if self.is_loaded(reader) {
            return Ok(true);
        }
        cell.check_busy()?;
        let presence = card.presence().map_err(|error| from_card(&cell.name, error));
        let outcome = match &presence {
            Err(_) | Ok(Presence::Empty) => Ok(None),
            Ok(Presence::Mute) => Err(Error::Reader {
                reader: cell.name.clone(),
                source: TransportError::MuteCard(cell.name.clone()),
            }),
            Ok(Presence::Card { .. }) => {
                self.keep_card(reader, &mut card);
                read_applications(&mut card, self.layout_first)
                    .map(Some)
                    .map_err(|error| recognition_error(&cell.name, error))
            }
        };
        cell.note_busy(outcome.as_ref().err());
        let mut state = lock(&self.state);
        if let Some(reader) = state.readers.get_mut(reader) {
            reader.presence = presence.as_ref().ok().cloned();
            reader.card = match &outcome {
                Ok(Some(applications)) => CardState::Read(applications.clone()),
                Ok(None) if presence.is_ok() => CardState::Absent,
                Ok(None) | Err(_) => CardState::NotAsked,
            };
        }
        state.lay_out(&self.policy);
        presence.and(outcome.map(|read| read.is_some()))
    }

    /// As [`Engine::load`] for a survey of all readers: a problem is kept with its reader, and a reader that
    /// was asked before is not asked again.
    pub(super) fn survey(&self, reader: usize) {
        let asked = lock(&self.state)
            .readers
            .get(reader)
            .is_none_or(|reader| !matches!(reader.card, CardState::NotAsked));
        if asked {
            return;
        }
        if let Err(error) = self.load(reader)
            && let Some(reader) = lock(&self.state).readers.get_mut(reader)
        {
            reader.card = CardState::Failed(Arc::new(error));
        }
    }

    /// The application behind a slot. Errors: `SlotInvalid`, `TokenNotPresent` for an empty reader, and those of
    /// reading it.
    pub(super) fn card_of(&self, slot: SlotId) -> Result<(usize, Arc<LoadedCard>)> {
        let reader = lock(&self.state).reader_of(slot)?.ok_or(Error::TokenNotPresent(slot))?;
        self.load(reader)?;
        let loaded = lock(&self.state).loaded_of(slot).cloned();
        Ok((reader, loaded.ok_or(Error::TokenNotPresent(slot))?))
    }

    fn is_loaded(&self, reader: usize) -> bool {
        lock(&self.state).readers.get(reader).is_some_and(|reader| !reader.applications().is_empty())
    }

    /// Looks whether the card of a reader is still the one that was read; touches no card. A card that is
    /// at work in another thread is there.
    pub(super) fn look(&self, reader: usize) {
        let Ok(cell) = self.cell(reader) else { return };
        let Ok(mut card) = cell.card.try_lock() else { return };
        let presence = card.presence().ok();
        let insertion = card.is_connected().then(|| card.insertion());
        let seen = Seen {
            attached: presence.is_some(),
            occupied: matches!(presence, Some(Presence::Card { .. } | Presence::Mute)),
            changes: card.changes(),
        };
        let mut state = lock(&self.state);
        state.note_seen(reader, seen);
        let Some(known) = state.readers.get_mut(reader) else { return };
        match &known.card {
            CardState::Read(read) if read.first().map(|loaded| loaded.insertion) == insertion => {
                known.presence = presence;
            }
            CardState::Read(_) => {
                state.forget_card(reader, &self.policy);
                if let Some(known) = state.readers.get_mut(reader) {
                    known.presence = presence;
                }
            }
            CardState::NotAsked | CardState::Absent | CardState::Failed(_) => {
                if known.presence != presence {
                    known.card = CardState::NotAsked;
                }
                known.presence = presence;
            }
        }
    }

    /// Lets a card work for `loaded`: only while it is the same insertion. Afterwards draws the consequences:
    /// a card that is gone takes its sessions with it, a card that was reset its logins.
    pub(super) fn with_card<T>(
        &self,
        reader: usize,
        loaded: &LoadedCard,
        job: impl FnOnce(&mut Card) -> Result<T, CardError>,
    ) -> Result<T> {
        self.with_card_as_it_is(reader, loaded, |card| {
            let result = job(card);
            if card.is_connected() {
                self.note_lost_logins(reader, card);
            }
            result
        })
    }

    /// As [`Engine::with_card`], but logins that the card has lost are noticed at its next use.
    pub(super) fn with_card_as_it_is<T>(
        &self,
        reader: usize,
        loaded: &LoadedCard,
        job: impl FnOnce(&mut Card) -> Result<T, CardError>,
    ) -> Result<T> {
        let cell = self.cell(reader)?;
        let mut card = lock(&cell.card);
        self.turn_to(reader, &mut card, loaded)?;
        let result = job(&mut card);
        if !card.is_connected() {
            self.lose(reader, loaded);
        }
        result.map_err(|error| from_card(&cell.name, error))
    }

    /// Keeps the session's card in one transaction until the guard is dropped: many signatures, and no other
    /// program in between. Never while a person is typing. Errors: `Reader` when another program holds the card.
    pub fn batch(&self, session: SessionHandle) -> Result<Batch<'_>> {
        let session = self.session(session)?;
        self.with_card(session.reader, &session.card, Card::hold)?;
        Ok(Batch { cell: self.cell(session.reader)?, insertion: session.card.insertion, engine: PhantomData })
    }

    /// Closes every session and takes every login back from the cards, as dropping the engine does; but a card
    /// that did not let go is told. All cards are tried; the error is the first one's.
    pub fn finish(&self) -> Result<()> {
        let mut outcome = Ok(());
        for cell in self.cells() {
            let finished = lock(&cell.card).finish().map_err(|error| from_card(&cell.name, error));
            outcome = outcome.and(finished);
        }
        let mut state = lock(&self.state);
        state.sessions.clear();
        state.tokens.clear();
        outcome
    }

    pub(super) fn lose(&self, reader: usize, loaded: &LoadedCard) {
        let mut state = lock(&self.state);
        let current = state.readers.get(reader).and_then(|reader| reader.applications().first());
        if current.is_some_and(|current| current.insertion == loaded.insertion) {
            state.forget_card(reader, &self.policy);
        }
    }

    /// A token whose PIN is not verified on the card any more is not logged in any more.
    pub(super) fn note_lost_logins(&self, reader: usize, card: &Card) {
        self.note_lost_logins_beside(reader, card, None);
    }

    /// As [`Engine::note_lost_logins`], but for the logins to one application, which stay as they are believed to be.
    pub(super) fn note_lost_logins_beside(&self, reader: usize, card: &Card, spared: Option<usize>) {
        let mut state = lock(&self.state);
        for slot in state.slots_of(reader) {
            let auth = state.auth_for(slot, state.login(slot)).cloned();
            let Some(application) = state.loaded_of(slot).map(|loaded| loaded.application) else { continue };
            if Some(application) == spared {
                continue;
            }
            if let Some(token) = state.tokens.get_mut(&slot) {
                token.authorised.retain(|auth| card.is_verified_for(application, auth));
                if auth.is_some_and(|auth| !card.is_verified_for(application, &auth)) {
                    token.login = Login::Public;
                    token.login_lost = true;
                }
            }
        }
    }
}
