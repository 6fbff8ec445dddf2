//! Objects towards callers: who sees which, their attributes, and keys as operations take them.

use std::sync::Arc;

use super::attribute::{AttributeType, Value};
use super::contents::Fetched;
use super::error::Error;
use super::object::{ObjectRef, ObjectTable, class_of};
use super::operation::Session;
use super::session::{Login, SessionHandle};
use super::session_objects::Found;
use super::state::State;
use super::uri::Uri;
use super::{Engine, ObjectClass, ObjectHandle, Result, lock};
use crate::layout::SlotId;
use crate::token::{Key, KeyAlgorithm, ObjectId, Token};

impl Engine {
    /// Attributes of one object, each with its own answer, in the order asked: `AttributeSensitive`,
    /// `AttributeTypeInvalid`, or the card's error where a value has to be read. The error of the whole call
    /// is for session and handle only.
    pub fn attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kinds: &[AttributeType],
    ) -> Result<Vec<Result<Value>>> {
        self.with_session(session, |session| match self.found(session, object)? {
            Found::Card(object) => {
                let mut fetched = Fetched::default();
                Ok(kinds.iter().map(|kind| self.answer(session, object, *kind, &mut fetched)).collect())
            }
            Found::Session(object) => {
                Ok(kinds.iter().map(|kind| Self::session_answer(&object, *kind)).collect())
            }
        })
    }

    /// One attribute of one object.
    pub fn attribute(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        kind: AttributeType,
    ) -> Result<Value> {
        let mut answers = self.attributes(session, object, &[kind])?;
        answers.pop().unwrap_or(Err(Error::AttributeTypeInvalid(kind)))
    }

    /// The URI of an object (RFC 7512): that of its token with object, id and type.
    pub fn object_uri(&self, session: SessionHandle, object: ObjectHandle) -> Result<Uri> {
        let session = self.session(session)?;
        let object = self.visible(&session, object)?;
        self.uri_at(session.slot, &session.card.token, object)
    }

    /// The URI of an object in the token of a slot that shows it.
    pub(super) fn uri_at(&self, slot: SlotId, token: &Token, object: ObjectRef) -> Result<Uri> {
        // The object itself tells tokens apart that are named alike: its URI holds in every process.
        let mut uri = Uri { slot_id: None, ..self.token_uri(slot)? };
        let (label, id, class) = match object {
            ObjectRef::Key(index) => {
                token.keys.get(index).map(|key| (&key.label, Some(&key.id), class_of(key.class)))
            }
            ObjectRef::Certificate(index) => token
                .certificates
                .get(index)
                .map(|known| (&known.label, Some(&known.id), ObjectClass::Certificate)),
            ObjectRef::Data(index) => {
                token.data.get(index).map(|data| (&data.label, None, ObjectClass::Data))
            }
        }
        .ok_or(Error::ObjectHandleInvalid)?;
        uri.object = Some(label.clone()).filter(|label| !label.is_empty());
        uri.id = id.map(|id| id.0.clone()).filter(|id| !id.is_empty());
        uri.class = Some(class);
        Ok(uri)
    }

    /// The handles of a session's token, made at the first question for them.
    /// Errors: `ObjectHandleInvalid` when the card was changed since the session was looked up.
    fn table(&self, state: &mut State, session: &Session) -> Result<Arc<ObjectTable>> {
        self.table_at(state, session, session.slot)
    }

    /// As [`Engine::table`] for another token of the session's card.
    fn table_at(&self, state: &mut State, session: &Session, slot: SlotId) -> Result<Arc<ObjectTable>> {
        if !state.is_current(session) {
            return Err(Error::ObjectHandleInvalid);
        }
        let known = state.tokens.get(&slot).and_then(|token| token.objects.clone());
        if let Some(table) = known {
            return Ok(table);
        }
        let view = state.slot(slot)?.token.as_ref().ok_or(Error::TokenNotPresent(slot))?;
        let table =
            Arc::new(ObjectTable::new(&session.card.token, view, |_| ObjectHandle(self.next_handle())));
        state.token_mut(slot).objects = Some(Arc::clone(&table));
        Ok(table)
    }

    /// The handles of another token of the session's card; `None` where a slot shows no token.
    pub(super) fn table_of(&self, slot: SlotId, session: &Session) -> Result<Option<Arc<ObjectTable>>> {
        let mut state = lock(&self.state);
        match self.table_at(&mut state, session, slot) {
            Ok(table) => Ok(Some(table)),
            Err(Error::TokenNotPresent(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`Engine::table`], and whether the user is logged in, so that private objects show.
    pub(super) fn table_and_user(&self, session: &Session) -> Result<(Arc<ObjectTable>, bool)> {
        let mut state = lock(&self.state);
        let table = self.table(&mut state, session)?;
        Ok((table, state.login(session.slot) == Login::User))
    }

    /// The object of a handle, if this session may see it. Errors: `ObjectHandleInvalid`, `LoginLost`.
    pub(super) fn visible(&self, session: &Session, handle: ObjectHandle) -> Result<ObjectRef> {
        let mut state = lock(&self.state);
        let table = self.table(&mut state, session)?;
        let user = state.login(session.slot) == Login::User;
        let lost = state.tokens.get(&session.slot).is_some_and(|token| token.login_lost);
        match table.get(handle, user) {
            Some(object) => Ok(object),
            None if lost && table.is_private(handle) => Err(Error::LoginLost),
            None => Err(Error::ObjectHandleInvalid),
        }
    }
}

impl Engine {
    /// The algorithm of a key that a slot shows, from its public half where the card's directories do not tell.
    /// Errors: `ObjectHandleInvalid`, those of the card.
    pub fn key_algorithm(&self, slot: SlotId, key: ObjectId) -> Result<KeyAlgorithm> {
        let (reader, card) = self.card_of(slot)?;
        let key = card.token.keys.iter().find(|known| known.object == key);
        let key = key.ok_or(Error::ObjectHandleInvalid)?;
        if key.algorithm != KeyAlgorithm::Untold {
            return Ok(key.algorithm);
        }
        let public = self.public_half(reader, &card, key)?;
        Ok(public.as_deref().map_or(key.algorithm, KeyAlgorithm::from))
    }

    /// A key on the card by its handle. Errors: `KeyHandleInvalid`.
    pub(super) fn key_on_card<'a>(&self, session: &'a Session, handle: ObjectHandle) -> Result<&'a Key> {
        match self.visible(session, handle) {
            Ok(ObjectRef::Key(index)) => session.card.token.keys.get(index).ok_or(Error::KeyHandleInvalid),
            Ok(_) | Err(Error::ObjectHandleInvalid) => Err(Error::KeyHandleInvalid),
            Err(error) => Err(error),
        }
    }
}
