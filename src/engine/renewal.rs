//! A card after a change of its contents: what was read before is replaced, and sessions, logins and handles go on
//! with what they meant, or end.
//!
//! A token is what its PIN makes it, not the number of its slot. Sessions and logins of a token with a PIN go with
//! that PIN. The left-overs are one token, wherever they are. An empty token that gets a PIN becomes that
//! PIN's token; one that is not empty any more for another reason, and in another way than by getting the first
//! left-over, is gone, and so are its sessions: a login never passes to another PIN's token.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::cards::{Content, LoadedCard};
use super::error::Error;
use super::object::ObjectTable;
use super::operation::Session;
use super::reading::read_again;
use super::state::{CardState, ReaderState, State, TokenState};
use super::{Engine, ObjectHandle, Result, lock};
use crate::card::Card;
use crate::layout::SlotId;
use crate::token::{AuthId, ObjectId};

/// What a change did to names and values.
#[derive(Default)]
pub(super) struct Effects {
    /// An empty token that got a PIN.
    pub pinned: Option<(SlotId, AuthId)>,
    /// Objects that are gone, though an equal one may have taken their place.
    pub deleted: Vec<ObjectId>,
    /// Objects that have another name now.
    pub renamed: Vec<(ObjectId, ObjectId)>,
    /// Public values of new objects: they need not be read back.
    pub learned: Vec<(ObjectId, Content)>,
}

/// What a slot shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Identity {
    /// A PIN of an application.
    Pin(usize, AuthId),
    /// What is left over of an application.
    LeftOvers(usize),
    Empty,
    Nothing,
}

impl Engine {
    /// Reads an application again after a change, computes the layout anew, and takes sessions, logins and handles over.
    /// The card is locked and turned to it by the caller. Errors: those of reading; then the card's sessions are over.
    pub(super) fn renew(
        &self,
        reader: usize,
        card: &mut Card,
        before: &LoadedCard,
        effects: &Effects,
    ) -> Result<()> {
        match read_again(card, before, before.listing) {
            Ok(fresh) => self.replace(reader, card, fresh, effects),
            Err(error) => {
                lock(&self.state).forget_card(reader, &self.policy);
                Err(self.card_error(reader, error))
            }
        }
    }

    /// As [`Engine::renew`], after the application was read.
    pub(super) fn replace(
        &self,
        reader: usize,
        card: &mut Card,
        fresh: Arc<LoadedCard>,
        effects: &Effects,
    ) -> Result<()> {
        let application = fresh.application;
        let unused = {
            let mut state = lock(&self.state);
            let held = state.used_of(reader, application);
            self.take_over(&mut state, reader, fresh, effects);
            state.unused_of(reader, application, held)
        };
        for auth in unused {
            card.log_out(&auth).map_err(|error| self.card_error(reader, error))?;
        }
        Ok(())
    }

    fn take_over(&self, state: &mut State, reader: usize, fresh: Arc<LoadedCard>, effects: &Effects) {
        let before: Vec<(SlotId, Identity)> =
            state.slots_of(reader).into_iter().map(|slot| (slot, state.identity(slot))).collect();
        let is_fresh = |loaded: &LoadedCard| loaded.application == fresh.application;
        let known = state.readers.get(reader).map(ReaderState::applications).unwrap_or_default();
        if let Some(old) = known.iter().find(|known| is_fresh(known)) {
            let there: HashSet<ObjectId> = fresh.token.objects().collect();
            let gone = |object: &ObjectId| effects.deleted.contains(object);
            fresh.inherit(old, |object| there.contains(&object) && !gone(&object));
            for (object, content) in effects.learned.iter().filter(|(object, _)| there.contains(object)) {
                fresh.keep(*object, content.clone());
            }
        }
        if let Some(ReaderState { card: CardState::Read(known), .. }) = state.readers.get_mut(reader)
            && let Some(place) = known.iter_mut().find(|known| is_fresh(known))
        {
            *place = Arc::clone(&fresh);
        }
        state.lay_out(&self.policy);
        let moves = state.moves(&before, effects);
        let mut tokens: Vec<(SlotId, TokenState)> = Vec::new();
        for (slot, _) in &before {
            if let Some(token) = state.tokens.remove(slot)
                && let Some(target) = moves.get(slot)
            {
                tokens.push((*target, token));
            }
        }
        for (slot, mut token) in tokens {
            let is_changed = state.loaded_of(slot).is_some_and(|loaded| is_fresh(loaded));
            if is_changed && let Some(handles) = token.objects.take().map(|table| table.handles()) {
                let view = state.slot(slot).ok().and_then(|slot| slot.token.clone()).unwrap_or_default();
                let known = |object: ObjectId| effects.handle(&handles, object);
                let table = ObjectTable::new(&fresh.token, &view, |object| {
                    known(object).unwrap_or_else(|| ObjectHandle(self.next_handle()))
                });
                token.objects = Some(Arc::new(table));
            }
            state.tokens.insert(slot, token);
        }
        state.sessions.retain(|_, session| {
            if session.reader != reader {
                return true;
            }
            let Some(slot) = moves.get(&session.slot) else { return false };
            let card = if is_fresh(&session.card) { &fresh } else { &session.card };
            *session = Arc::new(Session {
                slot: *slot,
                mode: session.mode,
                reader,
                card: Arc::clone(card),
                operations: Arc::clone(&session.operations),
            });
            true
        });
    }

    /// Means an application from now on, while the card is locked. Every way to a card goes through here: nothing that is
    /// meant for one application, a PIN least of all, goes to another. Errors: `DeviceRemoved` for a card that was
    /// exchanged.
    pub(super) fn turn_to(&self, reader: usize, card: &mut Card, loaded: &LoadedCard) -> Result<()> {
        if card.is_connected() && card.insertion() == loaded.insertion {
            card.turn_to(loaded.application);
            return Ok(());
        }
        self.lose(reader, loaded);
        Err(Error::DeviceRemoved { reader: self.cell(reader)?.name.clone() })
    }
}

impl Effects {
    /// The handle that an object had before the change.
    fn handle(&self, before: &HashMap<ObjectId, ObjectHandle>, object: ObjectId) -> Option<ObjectHandle> {
        if let Some((old, _)) = self.renamed.iter().find(|(_, new)| *new == object) {
            return before.get(old).copied();
        }
        before.get(&object).copied().filter(|_| !self.deleted.contains(&object))
    }
}

impl State {
    fn identity(&self, slot: SlotId) -> Identity {
        let Some(token) = self.slot(slot).ok().and_then(|slot| slot.token.as_ref()) else {
            return Identity::Nothing;
        };
        let Some(loaded) = self.loaded_of(slot) else { return Identity::Nothing };
        match token.auth.and_then(|index| loaded.token.auths.get(index)) {
            Some(auth) => Identity::Pin(loaded.application, auth.id.clone()),
            None if token.empty => Identity::Empty,
            None => Identity::LeftOvers(loaded.application),
        }
    }

    /// Where each token of before is now; those that are gone are not in it.
    fn moves(&self, before: &[(SlotId, Identity)], effects: &Effects) -> HashMap<SlotId, SlotId> {
        let now: Vec<(SlotId, Identity)> =
            before.iter().map(|(slot, _)| (*slot, self.identity(*slot))).collect();
        let place_of =
            |wanted: &Identity| now.iter().find(|(_, identity)| identity == wanted).map(|(slot, _)| *slot);
        let had_left_overs = |application: &usize| {
            before.iter().any(|(_, identity)| *identity == Identity::LeftOvers(*application))
        };
        let target = |slot: SlotId, identity: &Identity| {
            let stays = || place_of_slot(&now, slot);
            match identity {
                Identity::Pin(..) => place_of(identity),
                Identity::LeftOvers(_) => {
                    place_of(identity).or_else(|| (stays()? == &Identity::Empty).then_some(slot))
                }
                Identity::Empty => match &effects.pinned {
                    Some((pinned, auth)) if *pinned == slot => now
                        .iter()
                        .find(|(_, it)| matches!(it, Identity::Pin(_, it) if it == auth))
                        .map(|it| it.0),
                    _ => match stays()? {
                        Identity::Empty => Some(slot),
                        Identity::LeftOvers(application) => (!had_left_overs(application)).then_some(slot),
                        Identity::Pin(..) | Identity::Nothing => None,
                    },
                },
                Identity::Nothing => None,
            }
        };
        before.iter().filter_map(|(slot, identity)| Some((*slot, target(*slot, identity)?))).collect()
    }
}

fn place_of_slot(now: &[(SlotId, Identity)], slot: SlotId) -> Option<&Identity> {
    now.iter().find(|(other, _)| *other == slot).map(|(_, identity)| identity)
}
