//! Templates: what a search asks for.

use super::{Attribute, AttributeType, ObjectClass, Value};

/// Attributes that an object must have. An empty template matches every object. Its bytes may be those of a key: they
/// are zeroized with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Attribute>);

impl Template {
    /// The template that matches everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also asks for this value.
    #[must_use]
    pub fn with(mut self, kind: AttributeType, value: Value) -> Self {
        self.0.push(Attribute { kind, value });
        self
    }

    /// Also asks for this class.
    #[must_use]
    pub fn class(self, class: ObjectClass) -> Self {
        self.with(AttributeType::CLASS, Value::Number(class.number()))
    }

    /// Also asks for this label.
    #[must_use]
    pub fn label(self, label: &str) -> Self {
        self.with(AttributeType::LABEL, Value::Text(label.to_owned()))
    }

    /// Also asks for this `CKA_ID`.
    #[must_use]
    pub fn id(self, id: &[u8]) -> Self {
        self.with(AttributeType::ID, Value::Bytes(id.to_vec()))
    }

    /// What is asked for.
    pub fn attributes(&self) -> &[Attribute] {
        &self.0
    }

    /// The value asked for, if that attribute is.
    pub fn value(&self, kind: AttributeType) -> Option<&Value> {
        self.0.iter().find(|attribute| attribute.kind == kind).map(|attribute| &attribute.value)
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|attribute| attribute.value.wipe());
    }
}

impl FromIterator<Attribute> for Template {
    fn from_iter<T: IntoIterator<Item = Attribute>>(attributes: T) -> Self {
        Self(attributes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_keeps_what_is_asked_for() {
        let template = Template::new().class(ObjectClass::PrivateKey).label("Key 1").id(&[0x45]);
        assert_eq!(template.attributes().len(), 3);
        assert_eq!(template.value(AttributeType::ID), Some(&Value::Bytes(vec![0x45])));
        assert_eq!(template.value(AttributeType::TOKEN), None);
    }
}
