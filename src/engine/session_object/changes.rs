//! Changes of session objects, in place and in copies (PKCS#11 3.1, 4.1.1, 5.7.2 and 5.7.6): what latches, what stays.

use super::{SessionObject, Who};
use crate::engine::Result;
use crate::engine::attribute::{Attribute, AttributeType as A, Template, Value};
use crate::engine::error::Error;

impl SessionObject {
    /// The object with other attributes: all of them, or none. Errors: `NotModifiable`, `AttributeReadOnly`,
    /// `AttributeTypeInvalid`, `AttributeValueInvalid`.
    pub fn changed(&self, template: &Template, who: Who) -> Result<Self> {
        if !self.is(A::MODIFIABLE) {
            return Err(Error::NotModifiable);
        }
        let mut changed = self.clone();
        for attribute in template.attributes() {
            self.check_change(attribute, who, false)?;
            changed.set(attribute.kind, Some(attribute.value.clone()));
        }
        Ok(changed)
    }

    /// A copy with other attributes. Errors: as for a change; `NotCopyable`; `TemplateInconsistent` for a copy that
    /// would be less protected; `UserNotLoggedIn` for a private one.
    pub fn copied(&self, template: &Template, who: Who) -> Result<Self> {
        if !self.is(A::COPYABLE) {
            return Err(Error::NotCopyable);
        }
        let mut copy = self.clone();
        for attribute in template.attributes() {
            self.check_change(attribute, who, true)?;
            copy.set(attribute.kind, Some(attribute.value.clone()));
        }
        if copy.is(A::PRIVATE) && !who.user {
            return Err(Error::UserNotLoggedIn);
        }
        Ok(copy)
    }

    fn check_change(&self, attribute: &Attribute, who: Who, copy: bool) -> Result<()> {
        let (kind, value) = (attribute.kind, &attribute.value);
        if kind.name().is_none() || (self.value(kind).is_none() && self.secret_part(kind).is_none()) {
            return Err(Error::AttributeTypeInvalid(kind));
        }
        if value.form() != kind.form() {
            return Err(Error::AttributeValueInvalid(kind));
        }
        if self.value(kind) == Some(value) {
            return Ok(());
        }
        let allowed = match (kind, value) {
            // What is set once stays.
            (A::SENSITIVE | A::WRAP_WITH_TRUSTED, Value::Bool(true)) => true,
            (A::EXTRACTABLE | A::COPYABLE | A::DESTROYABLE, Value::Bool(false)) => true,
            (A::TRUSTED, Value::Bool(_)) => who.officer,
            (A::MODIFIABLE | A::DESTROYABLE, Value::Bool(_)) => copy,
            (A::PRIVATE, Value::Bool(true)) => copy,
            (A::PRIVATE, Value::Bool(false)) if copy => {
                return Err(Error::TemplateInconsistent("a public copy of a private object"));
            }
            (A::LABEL | A::ID | A::SUBJECT | A::APPLICATION | A::OBJECT_ID, _) => {
                // The subject of a certificate follows from its value.
                kind != A::SUBJECT || self.key_class().is_some()
            }
            (A::VALUE, _) => self.class() == crate::engine::ObjectClass::Data,
            (A::START_DATE | A::END_DATE, _) => self.key_class().is_some(),
            (A::CERTIFICATE_CATEGORY, _) => true,
            (kind, Value::Bool(_)) if USES.contains(&kind) => true,
            _ => false,
        };
        if allowed { Ok(()) } else { Err(Error::AttributeReadOnly(kind)) }
    }
}

/// What a key may do is for its holder to say.
const USES: [A; 9] = [
    A::ENCRYPT,
    A::DECRYPT,
    A::SIGN,
    A::SIGN_RECOVER,
    A::VERIFY,
    A::VERIFY_RECOVER,
    A::WRAP,
    A::UNWRAP,
    A::DERIVE,
];
