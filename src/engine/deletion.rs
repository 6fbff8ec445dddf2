//! Objects deleted, and never a certificate that another token's chain needs.

use super::error::Error;
use super::session::SessionHandle;
use super::{Engine, ObjectClass, ObjectHandle, Result};
use crate::layout::SlotId;

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
        let _ = (session, object, extent);
        Err(Error::NotSupported("deleting"))
    }

    /// Deletes an object from the card. Every handle to it, in every session of every token, is invalid afterwards.
    /// Errors: `ActionProhibited` when a chain of another token needs it; `SessionReadOnly`, `UserNotLoggedIn`,
    /// `NeedsPin` before anything is sent.
    pub fn destroy_object(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        let _ = (session, object);
        Err(Error::NotSupported("deleting"))
    }

    /// Deletes an object although chains of other tokens need it: for a caller who has shown its
    /// [`DeletionPlan`]. Errors: as [`Engine::destroy_object`] but for `ActionProhibited`.
    pub fn destroy_everywhere(&self, session: SessionHandle, object: ObjectHandle) -> Result<()> {
        let _ = (session, object);
        Err(Error::NotSupported("deleting"))
    }

    /// Deletes a key with both halves, its leaf and those authorities that no other chain uses; leaf-most first, so
    /// that what an interruption leaves can be deleted again. Answers what was deleted.
    /// Errors: as [`Engine::destroy_object`].
    pub fn destroy_key_with_chain(
        &self,
        session: SessionHandle,
        key: ObjectHandle,
    ) -> Result<Vec<PlannedObject>> {
        let _ = (session, key);
        Err(Error::NotSupported("deleting"))
    }
}
