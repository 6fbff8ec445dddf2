//! Objects deleted, and never a certificate that another token's chain needs.

use super::cards::LoadedCard;
use super::error::Error;
use super::object::{ObjectRef, class_of};
use super::operation::Session;
use super::session::SessionHandle;
use super::state::State;
use super::{Engine, ObjectClass, ObjectHandle, Result, lock};
use crate::card::admin::Write;
use crate::layout::{Deletion, SlotId};
use crate::token::{KeyClass, Token};

/// How much goes with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The object alone.
    Alone,
    /// For a key: both halves, its leaf, and those authorities of its chain that no other chain uses.
    WithChain,
}

/// A key whose chain needs a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededBy {
    /// The slot of its token; `None` when its PIN has no slot.
    pub slot: Option<SlotId>,
    /// The label of its token, or of its PIN where that has no slot.
    pub token: String,
    /// The key's label.
    pub key: String,
}

impl std::fmt::Display for NeededBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "key {:?} of token {:?}", self.key, self.token)?;
        self.slot.map_or(Ok(()), |slot| write!(f, " in slot {slot}"))
    }
}

/// One object of a [`DeletionPlan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedObject {
    /// Its handle; `None` when this session does not see it.
    pub handle: Option<ObjectHandle>,
    /// What it is.
    pub class: ObjectClass,
    /// Its label.
    pub label: String,
}

/// What a deletion would take, and what it would break.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletionPlan {
    /// Everything that goes.
    pub objects: Vec<PlannedObject>,
    /// Keys that stay and whose chains would be broken: of other tokens, then the deletion is refused but for
    /// [`Engine::destroy_everywhere`]; or of the same token.
    pub needed_by: Vec<NeededBy>,
    /// Certificates of the key's chain that stay, because other chains use them.
    pub kept: Vec<PlannedObject>,
}

impl Engine {
    /// What deleting an object would take and break. Sends nothing. Errors: `ObjectHandleInvalid`.
    pub fn deletion_plan(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        extent: Extent,
    ) -> Result<DeletionPlan> {
        self.with_session(session, |session| {
            let item = self.visible(session, object)?;
            let deletion = deletion(&session.card, item, extent);
            let (table, user) = self.table_and_user(session)?;
            let handles = table.handles();
            let token = &session.card.token;
            let planned = |item: ObjectRef| {
                let handle = item.id(token).and_then(|id| handles.get(&id).copied());
                planned(token, item, handle.filter(|handle| table.get(*handle, user).is_some()))
            };
            let state = lock(&self.state);
            Ok(DeletionPlan {
                objects: deletion.objects.iter().map(|item| planned(*item)).collect(),
                needed_by: deletion.breaks.iter().map(|key| needed_by(&state, session, *key)).collect(),
                kept: deletion.kept.iter().map(|index| planned(ObjectRef::Certificate(*index))).collect(),
            })
        })
    }

    /// Deletes an object from the card. Every handle to it, in every session of every token, is invalid afterwards.
    /// Errors: `ActionProhibited` when a chain of another token needs it; `SessionReadOnly`, `UserNotLoggedIn`,
    /// `NeedsPin` before anything is sent.
    pub fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        if self.destroy_session_object(session, object)? {
            return Ok(());
        }
        self.destroy(session, object, Extent::Alone, Care::ForOthers).map(|_| ())
    }

    /// Deletes an object although chains of other tokens need it: for a caller who has shown its
    /// [`DeletionPlan`]. Errors: as [`Engine::destroy_object`] but for `ActionProhibited`.
    pub fn destroy_everywhere(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        self.destroy(session, object, Extent::Alone, Care::ForNobody).map(|_| ())
    }

    /// Deletes a key with both halves, its certificate and those authorities that no other chain uses: the key last,
    /// so that what an interruption leaves can be deleted in the same way. Answers what was deleted.
    /// Errors: as [`Engine::destroy_object`].
    pub fn destroy_key_with_chain(
        &self,
        session: SessionHandle,
        key: ObjectHandle,
    ) -> Result<Vec<PlannedObject>> {
        self.destroy(session, key, Extent::WithChain, Care::ForOthers)
    }

    fn destroy(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        extent: Extent,
        care: Care,
    ) -> Result<Vec<PlannedObject>> {
        self.write(session, |writing| {
            let item = self.visible(&writing.session, object)?;
            writing.writer()?;
            let deletion = deletion(&writing.session.card, item, extent);
            if care == Care::ForOthers {
                self.check_nobody_needs(&writing.session, &deletion)?;
            }
            let token = std::sync::Arc::clone(&writing.session.card.token);
            let goes = |item: &&ObjectRef| !goes_along(&token, &deletion.objects, **item);
            let items = deletion.objects.iter().filter(goes);
            let objects: Vec<_> = items.filter_map(|item| Some((*item, item.id(&token)?))).collect();
            for (item, id) in &objects {
                if !is_modifiable(&token, *item) {
                    return Err(Error::NotModifiable);
                }
                writing.require(Write::Delete(*id))?;
            }
            for (_, id) in &objects {
                writing.admin(|admin, channel| admin.delete_object(channel, *id))?;
                writing.effects.deleted.push(*id);
            }
            Ok(objects.iter().map(|(item, _)| planned(&token, *item, None)).collect())
        })
    }

    /// Errors: `ActionProhibited` when keys of other tokens stay with broken chains.
    fn check_nobody_needs(&self, session: &Session, deletion: &Deletion) -> Result<()> {
        let state = lock(&self.state);
        let others = deletion.breaks.iter().filter(|key| !shows(&state, session, **key));
        let needed_by: Vec<NeededBy> = others.map(|key| needed_by(&state, session, *key)).collect();
        if needed_by.is_empty() { Ok(()) } else { Err(Error::ActionProhibited { needed_by }) }
    }

    /// True when a chain of another token than the session's needs this certificate.
    pub(super) fn is_needed_elsewhere(&self, session: &Session, certificate: usize) -> bool {
        let users = session.card.chain_users().of(certificate);
        if users.is_empty() {
            return false;
        }
        let state = lock(&self.state);
        users.iter().any(|key| !shows(&state, session, *key))
    }
}

/// Whose chains a deletion must not break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    ForOthers,
    ForNobody,
}

fn deletion(card: &LoadedCard, item: ObjectRef, extent: Extent) -> Deletion {
    match (extent, item) {
        (Extent::WithChain, ObjectRef::Key(key)) => card.chain_users().deletion_with_chain(&card.token, key),
        _ => card.chain_users().deletion(item),
    }
}

/// Whether the session's token is that of a key.
fn shows(state: &State, session: &Session, key: usize) -> bool {
    let token = state.slot(session.slot).ok().and_then(|slot| slot.token.as_ref());
    token.is_some_and(|token| token.keys.contains(&key))
}

fn needed_by(state: &State, session: &Session, key: usize) -> NeededBy {
    let token = &session.card.token;
    let key_of = token.keys.get(key);
    let slots = state.slots_showing(session.reader, session.card.application);
    let shown = slots.iter().find_map(|slot| {
        let view = state.slot(*slot).ok()?.token.as_ref()?;
        view.keys.contains(&key).then(|| (*slot, view.label.clone()))
    });
    let pin = || key_of.and_then(|key| token.auth(key.auth.as_ref()?)).map(|auth| auth.label.clone());
    NeededBy {
        slot: shown.as_ref().map(|(slot, _)| *slot),
        token: shown.map(|(_, label)| label).or_else(pin).unwrap_or_default(),
        key: key_of.map(|key| key.label.clone()).unwrap_or_default(),
    }
}

fn planned(token: &Token, item: ObjectRef, handle: Option<ObjectHandle>) -> PlannedObject {
    let (class, label) = match item {
        ObjectRef::Key(index) => {
            let key = token.keys.get(index);
            (key.map(|key| class_of(key.class)), key.map(|key| key.label.clone()))
        }
        ObjectRef::Certificate(index) => (
            Some(ObjectClass::Certificate),
            token.certificates.get(index).map(|certificate| certificate.label.clone()),
        ),
        ObjectRef::Data(index) => {
            (Some(ObjectClass::Data), token.data.get(index).map(|data| data.label.clone()))
        }
    };
    PlannedObject { handle, class: class.unwrap_or(ObjectClass::Data), label: label.unwrap_or_default() }
}

/// Whether an object cannot be deleted, but goes with another that is: the public half on a card that has keys as wholes.
fn goes_along(token: &Token, deleted: &[ObjectRef], item: ObjectRef) -> bool {
    let key = |item: &ObjectRef| match item {
        ObjectRef::Key(index) => token.keys.get(*index),
        ObjectRef::Certificate(_) | ObjectRef::Data(_) => None,
    };
    key(&item).is_some_and(|public| {
        public.class == KeyClass::Public
            && !public.modifiable
            && deleted.iter().filter_map(key).any(|it| it.class == KeyClass::Private && it.id == public.id)
    })
}

/// Whether the card says that an object may be changed at all.
pub(super) fn is_modifiable(token: &Token, item: ObjectRef) -> bool {
    match item {
        ObjectRef::Key(index) => token.keys.get(index).is_some_and(|key| key.modifiable),
        ObjectRef::Certificate(index) => token.certificates.get(index).is_some_and(|known| known.modifiable),
        ObjectRef::Data(index) => token.data.get(index).is_some_and(|data| data.modifiable),
    }
}
