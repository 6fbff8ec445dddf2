//! Templates: what a search asks for.

use super::{Attribute, AttributeType, ObjectClass, Value};

/// Attributes that an object must have. An empty template matches every object.
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

    /// True when `value_of` gives every value asked for. An attribute that the object does not have, a
    /// sensitive one, or an unknown one is no match, and no error.
    pub fn matches(&self, mut value_of: impl FnMut(AttributeType) -> Option<Value>) -> bool {
        self.0.iter().all(|attribute| value_of(attribute.kind).as_ref() == Some(&attribute.value))
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

    fn object(kind: AttributeType) -> Option<Value> {
        match kind {
            AttributeType::LABEL => Some(Value::Text("Key 1".into())),
            AttributeType::ID => Some(Value::Bytes(vec![1])),
            _ => None,
        }
    }

    #[test]
    fn template_empty_matches_everything() {
        assert!(Template::new().matches(|_| None));
    }

    #[test]
    fn template_all_values_must_match() {
        assert!(Template::new().label("Key 1").id(&[1]).matches(object));
        assert!(!Template::new().label("Key 1").id(&[2]).matches(object));
    }

    // I.45
    #[test]
    fn template_unknown_attribute_is_no_match_and_no_error() {
        let unknown = AttributeType(0x8000_0001);
        assert!(!Template::new().label("Key 1").with(unknown, Value::Bytes(vec![])).matches(object));
    }
}
