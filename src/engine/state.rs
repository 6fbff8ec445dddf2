//! What the engine believes: readers, layout, sessions, logins, object tables. Bookkeeping only:
//! it is under the engine's one short lock, so nothing here waits for anything.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::ObjectHandle;
use super::cards::LoadedCard;
use super::error::Error;
use super::object::ObjectTable;
use super::operation::Session;
use super::session::{Login, SessionHandle, SessionMode};
use super::session_object::SessionObjects;
use crate::layout::{self, Layout, Policy, ReaderView, SlotId, VirtualSlot};
use crate::token::AuthId;
use crate::transport::Presence;

/// Everything that is shared between the calls of an engine.
#[derive(Default)]
pub(super) struct State {
    pub layout: Layout,
    /// One for each reader, in the order of the engine's cells.
    pub readers: Vec<ReaderState>,
    pub sessions: HashMap<SessionHandle, Arc<Session>>,
    pub tokens: HashMap<SlotId, TokenState>,
    /// Slots in which something came or went since somebody asked for that.
    pub events: BTreeSet<SlotId>,
}

/// What is known of one reader.
pub(super) struct ReaderState {
    pub name: String,
    pub presence: Option<Presence>,
    pub card: CardState,
    /// What was there at the last look; `None` before the first.
    pub seen: Option<Seen>,
}

/// What a look at a reader shows: when it differs from the one before, a card or the reader came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The reader is there.
    pub attached: bool,
    /// Something is in the reader.
    pub occupied: bool,
    /// How often cards came and went, where the reader counts that.
    pub changes: u32,
}

/// What is known of the card in a reader.
pub(super) enum CardState {
    /// Nobody asked yet (or it was lost since).
    NotAsked,
    /// There was none when it was asked for.
    Absent,
    /// There was one that could not be read, or a reader that does not work.
    Failed(Arc<Error>),
    /// Read: its applications, at least one.
    Read(Vec<Arc<LoadedCard>>),
}

/// What is known of one token beside the card's contents.
#[derive(Default)]
pub(super) struct TokenState {
    pub login: Login,
    /// The login ended without a logout: another program reset the card.
    pub login_lost: bool,
    /// No key was used since the login: it counts as consent for the first use.
    pub fresh_login: bool,
    /// Other PINs of the card that this token's user has given beside the login.
    pub authorised: Vec<AuthId>,
    /// Handles of this token's objects, from the first search on.
    pub objects: Option<Arc<ObjectTable>>,
    /// What the sessions of this token have made for themselves.
    pub session_objects: SessionObjects,
}

impl ReaderState {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), presence: None, card: CardState::NotAsked, seen: None }
    }

    /// The applications of the card that was read; none where none was.
    pub fn applications(&self) -> &[Arc<LoadedCard>] {
        if let CardState::Read(applications) = &self.card { applications } else { &[] }
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
                tokens: reader.applications().iter().map(|loaded| loaded.token.as_ref()).collect(),
            })
            .collect();
        let previous = (!self.layout.readers.is_empty()).then_some(&self.layout);
        self.layout = layout::virtual_slots(previous, &views, policy);
    }

    /// An application of the card in a reader, as it was read last.
    pub fn application(&self, reader: usize, application: usize) -> Option<&Arc<LoadedCard>> {
        let known = self.readers.get(reader).map(ReaderState::applications).unwrap_or_default();
        known.iter().find(|known| known.application == application)
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

    /// Of these, the slots that show an application of the card.
    pub fn slots_showing(&self, reader: usize, application: usize) -> Vec<SlotId> {
        let mut slots = self.slots_of(reader);
        slots.retain(|slot| self.loaded_of(*slot).is_some_and(|loaded| loaded.application == application));
        slots
    }

    pub fn token_mut(&mut self, slot: SlotId) -> &mut TokenState {
        self.tokens.entry(slot).or_default()
    }

    pub fn login(&self, slot: SlotId) -> Login {
        self.tokens.get(&slot).map(|token| token.login).unwrap_or_default()
    }

    /// The application behind a slot as it was read last; behind a slot without a token the card's first.
    pub fn loaded_of(&self, slot: SlotId) -> Option<&Arc<LoadedCard>> {
        let shown = self.slot(slot).ok()?.token.as_ref().map_or(0, |token| token.application);
        self.readers.get(self.reader_of(slot).ok()??)?.applications().get(shown)
    }

    /// The PIN behind a login to a slot.
    pub fn auth_for(&self, slot: SlotId, login: Login) -> Option<&AuthId> {
        let loaded = self.loaded_of(slot)?;
        match login {
            Login::Public => None,
            Login::SecurityOfficer => loaded.so_auth().map(|auth| &auth.id),
            Login::User => {
                let index = self.slot(slot).ok()?.token.as_ref()?.auth?;
                loaded.token.auths.get(index).map(|auth| &auth.id)
            }
        }
    }

    /// The PINs that a token's logins hold open on its card: that of the login, and those given beside it.
    pub fn auths_in_use(&self, slot: SlotId) -> Vec<AuthId> {
        let beside = self.tokens.get(&slot).map(|token| token.authorised.clone()).unwrap_or_default();
        self.auth_for(slot, self.login(slot)).cloned().into_iter().chain(beside).collect()
    }

    /// A wrong PIN took the logins with it back on the card.
    pub fn end_logins_with(&mut self, reader: usize, application: usize, auth: &AuthId) {
        for slot in self.slots_showing(reader, application) {
            if self.auth_for(slot, self.login(slot)) == Some(auth) {
                self.token_mut(slot).login = Login::Public;
            }
        }
    }

    /// True while a token keeps a PIN verified on its card.
    pub fn holds_login(&self, slot: SlotId) -> bool {
        self.tokens
            .get(&slot)
            .is_some_and(|token| token.login != Login::Public || !token.authorised.is_empty())
    }

    /// The PINs of an application that its tokens use.
    pub fn used_of(&self, reader: usize, application: usize) -> Vec<AuthId> {
        let slots = self.slots_showing(reader, application);
        slots.iter().flat_map(|slot| self.auths_in_use(*slot)).collect()
    }

    /// Of these PINs of an application, those that none of its tokens uses.
    pub fn unused_of(&self, reader: usize, application: usize, mut auths: Vec<AuthId>) -> Vec<AuthId> {
        let used = self.used_of(reader, application);
        auths.retain(|auth| !used.contains(auth));
        auths
    }

    /// Whether the session sees its card as it was read last.
    pub fn is_current(&self, session: &Session) -> bool {
        let known = self.readers.get(session.reader).map(ReaderState::applications).unwrap_or_default();
        known.iter().any(|known| Arc::ptr_eq(known, &session.card))
    }

    /// A session is over, and with it the objects that it made.
    pub fn remove_session(&mut self, session: SessionHandle) {
        if let Some(known) = self.sessions.remove(&session) {
            self.token_mut(known.slot).session_objects.remove_owner(session);
        }
    }

    /// All sessions of a token are over.
    pub fn remove_sessions_of(&mut self, slot: SlotId) {
        self.sessions.retain(|_, session| session.slot != slot);
        self.token_mut(slot).session_objects = SessionObjects::default();
    }

    /// The token that shows the object of a handle.
    pub fn token_of_object(&mut self, handle: ObjectHandle) -> Option<&mut TokenState> {
        let shows = |token: &&mut TokenState| {
            let on_card = token.objects.as_ref().is_some_and(|table| table.contains(handle));
            on_card || token.session_objects.contains(handle)
        };
        self.tokens.values_mut().find(shows)
    }

    /// Sessions of one token, and how many of them are read/write.
    pub fn session_counts(&self, slot: SlotId) -> (usize, usize) {
        let of_slot = self.sessions.values().filter(|session| session.slot == slot);
        of_slot.fold((0, 0), |(all, writing), session| {
            (all + 1, writing + usize::from(session.mode == SessionMode::ReadWrite))
        })
    }

    /// Somebody looked at a reader. A difference is an event of each of its slots.
    pub fn note_seen(&mut self, reader: usize, seen: Seen) {
        let Some(known) = self.readers.get_mut(reader) else { return };
        if known.seen.replace(seen).is_some_and(|before| before != seen) {
            let slots = self.slots_of(reader);
            self.events.extend(slots);
        }
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
