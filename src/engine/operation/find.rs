//! Searches: matched at once when they begin, handed out in chunks.

use super::SEARCH;
use crate::card::Listing;
use crate::engine::attribute::{Answer, Attribute, AttributeType, ObjectClass, Template, Value};
use crate::engine::contents::Fetched;
use crate::engine::error::Error;
use crate::engine::object::{ObjectRef, ObjectTable};
use crate::engine::operation::Session;
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A search that is going on: what has not been handed out yet.
#[derive(Debug)]
pub(in crate::engine) struct Find(std::vec::IntoIter<ObjectHandle>);

impl Engine {
    /// Begins a search. Private objects are found only after login.
    pub fn find_init(&self, session: SessionHandle, template: &Template) -> Result<()> {
        self.list_everything(session, template)?;
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.find.is_some() {
                return Err(Error::OperationActive(SEARCH));
            }
            operations.find = Some(Find(self.matching(session, template)?.into_iter()));
            Ok(())
        })
    }

    /// The next objects of the search, at most `max`; empty at the end.
    pub fn find(&self, session: SessionHandle, max: usize) -> Result<Vec<ObjectHandle>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let find = operations.find.as_mut().ok_or(Error::OperationNotInitialized(SEARCH))?;
        Ok(find.0.by_ref().take(max).collect())
    }

    /// Ends the search.
    pub fn find_final(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        let find = lock(&session.operations).find.take();
        find.map(drop).ok_or(Error::OperationNotInitialized(SEARCH))
    }

    /// Every object that matches, in one call, beside any search that is going on.
    pub fn find_all(&self, session: SessionHandle, template: &Template) -> Result<Vec<ObjectHandle>> {
        self.list_everything(session, template)?;
        self.with_session(session, |session| self.matching(session, template))
    }

    /// Data objects that cost a question each are asked for when somebody looks for data.
    fn list_everything(&self, session: SessionHandle, template: &Template) -> Result<()> {
        let class = template.value(AttributeType::CLASS).and_then(Value::as_number);
        if class.is_some_and(|class| class != ObjectClass::Data.number()) {
            return Ok(());
        }
        let session = self.session(session)?;
        self.list(session.reader, &session.card, Listing::Everything)
    }

    fn matching(&self, session: &Session, template: &Template) -> Result<Vec<ObjectHandle>> {
        let (table, user) = self.table_and_user(session)?;
        let rest: Vec<_> = template
            .attributes()
            .iter()
            .filter(|attribute| !ObjectTable::is_indexed(attribute.kind))
            .collect();
        let mut found = self.matching_session_objects(session, template, user);
        for (handle, object) in table.candidates(template, user) {
            if self.matches(session, object, &rest)? {
                found.push(handle);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn matching_session_objects(
        &self,
        session: &Session,
        template: &Template,
        user: bool,
    ) -> Vec<ObjectHandle> {
        let state = lock(&self.state);
        let token = state.tokens.get(&session.slot);
        token.map(|token| token.session_objects.matching(template, user)).unwrap_or_default()
    }

    /// Whether an object has these values. What has to be read from the card is compared last, when everything
    /// else fits. An attribute that is unknown, sensitive or unreadable is no match and no error; a card that is
    /// gone is one.
    fn matches(&self, session: &Session, object: ObjectRef, wanted: &[&Attribute]) -> Result<bool> {
        let mut fetched = Fetched::default();
        let mut unread = Vec::new();
        for attribute in wanted {
            match self.known_answer(session, object, attribute.kind, &fetched) {
                Answer::Is(value) if value == attribute.value => {}
                Answer::Unread => unread.push(attribute),
                Answer::Is(_) | Answer::Sensitive | Answer::Absent => return Ok(false),
            }
        }
        for attribute in unread {
            match self.answer(session, object, attribute.kind, &mut fetched) {
                Ok(value) if value == attribute.value => {}
                Err(error @ (Error::DeviceRemoved { .. } | Error::Reader { .. })) => return Err(error),
                Ok(_) | Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}
