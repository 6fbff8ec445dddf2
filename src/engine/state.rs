//! What the engine believes: readers, layout, sessions, logins, object tables. Bookkeeping only:
//! it is under the engine's one short lock, so nothing here waits for anything.

use std::collections::HashMap;
use std::sync::Arc;

use super::cards::LoadedCard;
use super::error::Error;
use super::object::ObjectTable;
use super::operation::Session;
use super::session::{Login, SessionHandle, SessionMode};
use crate::layout::{self, Layout, Policy, ReaderView, SlotId, VirtualSlot};
use crate::transport::Presence;

/// Everything that is shared between the calls of an engine.
#[derive(Default)]
pub(super) struct State {
    pub layout: Layout,
    /// One for each reader, in the order of the engine's cells.
    pub readers: Vec<ReaderState>,
    pub sessions: HashMap<SessionHandle, Arc<Session>>,
    pub tokens: HashMap<SlotId, TokenState>,
}

/// What is known of one reader.
pub(super) struct ReaderState {
    pub name: String,
    pub presence: Option<Presence>,
    pub card: CardState,
}

/// What is known of the card in a reader.
pub(super) enum CardState {
    /// Nobody asked yet (or it was lost since).
    NotAsked,
    /// There was none when it was asked for.
    Absent,
    /// There was one that could not be read, or a reader that does not work.
    Failed(Arc<Error>),
    /// Read.
    Read(Arc<LoadedCard>),
}

/// What is known of one token beside the card's contents.
#[derive(Default)]
pub(super) struct TokenState {
    pub login: Login,
    /// The login ended without a logout: another program reset the card.
    pub login_lost: bool,
    /// No key was used since the login: it counts as consent for the first use.
    pub fresh_login: bool,
    /// Handles of this token's objects, from the first search on.
    pub objects: Option<Arc<ObjectTable>>,
}

impl ReaderState {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), presence: None, card: CardState::NotAsked }
    }

    pub fn loaded(&self) -> Option<&Arc<LoadedCard>> {
        if let CardState::Read(loaded) = &self.card { Some(loaded) } else { None }
    }
}

impl State {
    /// Computes the layout anew from what is known; slots keep their ids.
    pub fn lay_out(&mut self, policy: &Policy) {
        let views: Vec<_> = self
            .readers
            .iter()
            .map(|reader| ReaderView {
                name: &reader.name,
                token: reader.loaded().map(|loaded| loaded.token.as_ref()),
            })
            .collect();
        let previous = (!self.layout.readers.is_empty()).then_some(&self.layout);
        self.layout = layout::virtual_slots(previous, &views, policy);
    }

    pub fn slot(&self, id: SlotId) -> Result<&VirtualSlot, Error> {
        self.layout.slots.iter().find(|slot| slot.id == id).ok_or(Error::SlotInvalid(id))
    }

    /// The reader (index into `readers`) that owns a slot; `None` when it is gone.
    pub fn reader_of(&self, id: SlotId) -> Result<Option<usize>, Error> {
        let slot = self.slot(id)?;
        Ok(self.layout.readers.get(slot.reader).and_then(|reader| reader.index))
    }

    /// Slots that a reader (index into `readers`) owns.
    pub fn slots_of(&self, reader: usize) -> Vec<SlotId> {
        let owner = self.layout.readers.iter().position(|slots| slots.index == Some(reader));
        let slots = self.layout.slots.iter().filter(|slot| Some(slot.reader) == owner);
        slots.map(|slot| slot.id).collect()
    }

    pub fn token_mut(&mut self, slot: SlotId) -> &mut TokenState {
        self.tokens.entry(slot).or_default()
    }

    pub fn login(&self, slot: SlotId) -> Login {
        self.tokens.get(&slot).map(|token| token.login).unwrap_or_default()
    }

    /// Sessions of one token, and how many of them are read/write.
    pub fn session_counts(&self, slot: SlotId) -> (usize, usize) {
        let of_slot = self.sessions.values().filter(|session| session.slot == slot);
        of_slot.fold((0, 0), |(all, writing), session| {
            (all + 1, writing + usize::from(session.mode == SessionMode::ReadWrite))
        })
    }

    /// The card of a reader is gone: its sessions, logins and handles are over and stay over.
    pub fn forget_card(&mut self, reader: usize, policy: &Policy) {
        for slot in self.slots_of(reader) {
            self.tokens.remove(&slot);
            self.sessions.retain(|_, session| session.slot != slot);
        }
        if let Some(reader) = self.readers.get_mut(reader) {
            reader.card = CardState::NotAsked;
            reader.presence = None;
        }
        self.lay_out(policy);
    }
}
