//! ObjectValue (ISO 7816-15, 8.2.11): an object's bytes, in the entry itself or somewhere on the card.

use super::asn1::{Fields, FormatError, Writer, tag};
use super::path::Path;

/// Where an object's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectValue {
    /// In a file.
    Path(Path),
    /// In the entry: the content of `direct [0]`.
    Direct(Vec<u8>),
    /// A form that no card driver here reads (URL, protected values), as it stands on the card.
    Other(Vec<u8>),
}

const DIRECT: u32 = tag::constructed(0);
/// `direct [0]` with a primitive tag: written by some cards for a plain OCTET STRING.
const DIRECT_PRIMITIVE: u32 = tag::context(0);
const INDIRECT_PROTECTED: u32 = tag::constructed(1);
const DIRECT_PROTECTED: u32 = tag::constructed(2);
const URL_WITH_DIGEST: u32 = tag::constructed(3);

impl ObjectValue {
    /// The path, where the value is in a file.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) if !path.is_empty() => Some(path),
            _ => None,
        }
    }

    /// Why the value cannot be read, for forms that no driver reads.
    pub fn obstacle(&self) -> Option<&'static str> {
        match self {
            Self::Path(path) if path.is_empty() => Some("the entry names no file for its value"),
            Self::Path(_) | Self::Direct(_) => None,
            Self::Other(raw) => Some(match raw.first().copied().map(u32::from) {
                Some(INDIRECT_PROTECTED | DIRECT_PROTECTED) => "the value is encrypted for a recipient",
                _ => "the value is not on the card but at a URL",
            }),
        }
    }

    /// Takes the value from the next field.
    pub(super) fn decode(fields: &mut Fields<'_>) -> Result<Self, FormatError> {
        if let Some(found) = fields.next_if(&[tag::SEQUENCE]) {
            return Ok(Self::Path(Path::decode(&found)?));
        }
        if let Some(found) = fields.next_if(&[DIRECT, DIRECT_PRIMITIVE]) {
            return Ok(Self::Direct(found.value.to_vec()));
        }
        let others = [
            INDIRECT_PROTECTED,
            DIRECT_PROTECTED,
            URL_WITH_DIGEST,
            tag::PRINTABLE_STRING,
            tag::IA5_STRING,
            tag::UTF8_STRING,
        ];
        match fields.next_if(&others) {
            Some(found) => Ok(Self::Other(found.raw.to_vec())),
            None => Err(fields.missing("value")),
        }
    }

    pub(super) fn encode(&self, out: &mut Writer) {
        match self {
            Self::Path(path) => path.encode(out, tag::SEQUENCE),
            Self::Direct(bytes) => out.bytes(DIRECT, bytes),
            Self::Other(raw) => out.raw(raw),
        }
    }
}
