//! Changes of objects that are there (PKCS#11 3.1, 5.7.5).

use super::error::Error;
use super::session::SessionHandle;
use super::{Engine, ObjectHandle, Result, Template};

impl Engine {
    /// Gives an object a new `CKA_LABEL`, `CKA_ID`, or both. Its handle stays valid.
    /// Errors: `AttributeReadOnly` for any other attribute, `IdTaken`, `SessionReadOnly`, `UserNotLoggedIn`, `NeedsPin`.
    pub fn set_attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: &Template,
    ) -> Result<()> {
        let _ = (session, object, template);
        Err(Error::NotSupported("changing objects"))
    }
}
