//! Entries of a DODF (ISO 7816-15, 8.8): data objects.

use super::asn1::{Fields, FormatError, Item, Writer, tag};
use super::common::{CommonObject, Extras, Frame, Parts};
use super::value::ObjectValue;

/// One data object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataObject {
    /// Label, flags, PIN.
    pub common: CommonObject,
    /// Name of the application it belongs to.
    pub application: Option<String>,
    /// Object identifier of the application (content bytes).
    pub oid: Option<Vec<u8>>,
    /// Its own identifier.
    pub id: Option<Vec<u8>>,
    /// How it is described.
    pub kind: DataKind,
    /// The data, or where it is.
    pub value: ObjectValue,
    /// Fields that are not known here.
    pub extra: Extras,
}

/// DataType: which entry it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataKind {
    /// Bytes without further meaning.
    Opaque,
    /// Described by an object identifier of its own (content bytes).
    Oid(Vec<u8>),
    /// Inter-industry objects and what came later, by the tag of the entry.
    Other(u32),
}

const ENTRY_OPAQUE: u32 = tag::SEQUENCE;
const ENTRY_OID: u32 = tag::constructed(1);
const ENTRY_OTHER: std::ops::RangeInclusive<u32> = tag::constructed(0)..=tag::constructed(3);

impl DataObject {
    /// Reads one entry.
    pub(super) fn decode(entry: &Item<'_>) -> Result<Self, FormatError> {
        if entry.tag != ENTRY_OPAQUE && !ENTRY_OTHER.contains(&entry.tag) {
            return Err(FormatError::UnknownTag(entry.tag));
        }
        let frame = Frame::decode(entry.value)?;
        let mut class = frame.class.fields();
        let application = class.next_if(tag::TEXTS).map(|found| found.text());
        let oid = class.next_if(&[tag::OBJECT_IDENTIFIER]).map(|found| found.value.to_vec());
        let id = class.next_if(&[tag::OCTET_STRING]).map(|found| found.value.to_vec());
        // The value stands alone in typeAttributes; with an identifier before it, in a SEQUENCE.
        let mut fields = Fields::new(frame.attributes.value);
        let kind = match entry.tag {
            ENTRY_OPAQUE => DataKind::Opaque,
            ENTRY_OID => {
                let outer = fields.require(&[tag::SEQUENCE], "oidDO")?;
                fields = Fields::new(outer.value);
                DataKind::Oid(fields.require(&[tag::OBJECT_IDENTIFIER], "oidDO id")?.value.to_vec())
            }
            other => DataKind::Other(other),
        };
        let value = ObjectValue::decode(&mut fields)?;
        let extra = Extras {
            class: class.rest(),
            subclass: frame.subclass_fields().map(|fields| fields.rest()).unwrap_or_default(),
            attributes: fields.rest(),
            entry: frame.extra,
        };
        Ok(Self { common: frame.common, application, oid, id, kind, value, extra })
    }

    /// Writes the entry.
    pub fn encode(&self) -> Vec<u8> {
        let value = |out: &mut Writer| {
            self.value.encode(out);
            out.raw(&self.extra.attributes);
        };
        let (tag, attributes) = match &self.kind {
            DataKind::Opaque => (ENTRY_OPAQUE, Writer::content(value)),
            DataKind::Other(tag) => (*tag, Writer::content(value)),
            DataKind::Oid(oid) => (
                ENTRY_OID,
                Writer::structure(tag::SEQUENCE, |out| {
                    out.bytes(tag::OBJECT_IDENTIFIER, oid);
                    value(out);
                }),
            ),
        };
        Parts {
            tag,
            common: &self.common,
            class: Writer::content(|out| {
                if let Some(application) = &self.application {
                    out.bytes(tag::UTF8_STRING, application.as_bytes());
                }
                if let Some(oid) = &self.oid {
                    out.bytes(tag::OBJECT_IDENTIFIER, oid);
                }
                if let Some(id) = &self.id {
                    out.bytes(tag::OCTET_STRING, id);
                }
                out.raw(&self.extra.class);
            }),
            subclass: self.extra.subclass.clone(),
            attributes,
            extra: &self.extra.entry,
        }
        .encode()
    }
}
