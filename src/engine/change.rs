//! Changes of objects that are there (PKCS#11 3.1, 5.7.5).

use std::sync::Arc;

use super::attribute::{AttributeType, Value};
use super::deletion::is_modifiable;
use super::error::Error;
use super::object::ObjectRef;
use super::session::SessionHandle;
use super::{Engine, ObjectHandle, Result, Template};
use crate::card::admin::Write;
use crate::token::{KeyClass, KeyId};

impl Engine {
    /// Gives an object a new `CKA_LABEL`, `CKA_ID`, or both. Its handle stays valid.
    /// Errors: `AttributeReadOnly` for any other attribute, `IdTaken`, `SessionReadOnly`, `UserNotLoggedIn`, `NeedsPin`.
    pub fn set_attributes(
        &self,
        session: SessionHandle,
        object: ObjectHandle,
        template: &Template,
    ) -> Result<()> {
        if self.change_session_object(session, object, template)? {
            return Ok(());
        }
        for attribute in template.attributes() {
            match (attribute.kind, &attribute.value) {
                (AttributeType::LABEL, Value::Text(_)) | (AttributeType::ID, Value::Bytes(_)) => {}
                (kind @ (AttributeType::LABEL | AttributeType::ID), _) => {
                    return Err(Error::AttributeValueInvalid(kind));
                }
                (kind, _) => return Err(Error::AttributeReadOnly(kind)),
            }
        }
        let label = template.value(AttributeType::LABEL).and_then(Value::as_text);
        let id = template.value(AttributeType::ID).and_then(Value::as_bytes).map(|id| KeyId(id.to_vec()));
        self.write(session, |writing| {
            let item = self.visible(&writing.session, object)?;
            writing.writer()?;
            let token = Arc::clone(&writing.session.card.token);
            let before = item.id(&token).ok_or(Error::ObjectHandleInvalid)?;
            if !is_modifiable(&token, item) {
                return Err(Error::NotModifiable);
            }
            if let Some(id) = &id {
                match item {
                    ObjectRef::Data(_) => return Err(Error::AttributeTypeInvalid(AttributeType::ID)),
                    // A public key or certificate has the identifier of its private key.
                    ObjectRef::Key(index)
                        if token.keys.get(index).is_none_or(|key| key.class != KeyClass::Public) =>
                    {
                        writing.check_id(id, Some(before))?;
                    }
                    ObjectRef::Key(_) | ObjectRef::Certificate(_) => {}
                }
            }
            if label.is_none() && id.is_none() {
                return Ok(());
            }
            writing.require(Write::Change(before))?;
            let mut now = before;
            if let Some(label) = label {
                now = writing.admin(|admin, channel| admin.set_label(channel, now, label))?;
                writing.effects.renamed = vec![(before, now)];
            }
            if let Some(id) = &id {
                now = writing.admin(|admin, channel| admin.set_id(channel, now, id))?;
                writing.effects.renamed = vec![(before, now)];
            }
            Ok(())
        })
    }
}
