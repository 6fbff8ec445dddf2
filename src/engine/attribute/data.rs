//! Attributes of data objects (PKCS#11 3.1, 4.5).

use super::AttributeType as A;
use super::answer::{Answer, Known};
use crate::token::DataObject;

/// What a data object's answers depend on.
pub(in crate::engine) struct DataView<'a> {
    pub data: &'a DataObject,
    pub value: Known<'a, Vec<u8>>,
}

impl DataView<'_> {
    /// The answer for one attribute; those that every object has are answered elsewhere.
    pub fn answer(&self, kind: A) -> Answer {
        match kind {
            A::APPLICATION => self.data.application.as_str().into(),
            A::OBJECT_ID => self.data.oid.as_slice().into(),
            A::VALUE => self.value.answer(|value| value.as_slice().into()),
            _ => Answer::Absent,
        }
    }
}
