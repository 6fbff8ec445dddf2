//! Paths to files and to parts of files (ISO 7816-15, 8.2.5), relative and absolute.

use super::asn1::{Fields, FormatError, Item, Writer, tag};
use crate::codec::hex;

/// Where bytes are: a file, and optionally a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// Two bytes for each level: a file identifier alone, or a path from the application or the master file.
    pub value: Vec<u8>,
    /// Offset of the first byte, or the record number in a record file.
    pub index: Option<u32>,
    /// Number of bytes.
    pub length: Option<u32>,
    /// The application that the path starts from, where it is not the one that holds the entry.
    pub aid: Option<Vec<u8>>,
    /// Fields that are not known here, as they stand on the card.
    pub extra: Vec<u8>,
}

/// Master file (ISO 7816-4, 5.3.1).
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
/// The current application, in a path (ISO 7816-4, 5.3.1).
const CURRENT_APPLICATION: [u8; 2] = [0x3F, 0xFF];
/// `pathExtended [1]`: application identifier and path; written by OpenSC, not part of the standard.
const EXTENDED: u32 = tag::constructed(1);
/// Application identifier (ISO 7816-4, 8.2.1.2).
const APPLICATION_IDENTIFIER: u32 = 0x4F;

impl Path {
    /// A whole file.
    pub fn file(value: &[u8]) -> Self {
        Self { value: value.to_vec(), ..Self::default() }
    }

    /// An application, named by its identifier.
    pub fn application(aid: &[u8]) -> Self {
        Self { aid: Some(aid.to_vec()), ..Self::default() }
    }

    /// The same file without the part.
    pub fn whole(&self) -> Self {
        Self { value: self.value.clone(), aid: self.aid.clone(), ..Self::default() }
    }

    /// True when it names no file at all (some entries carry an empty path where a value belongs).
    pub fn is_empty(&self) -> bool {
        self.value.is_empty() && self.aid.is_none()
    }

    /// The last file identifier, for messages: `4403`.
    pub fn file_name(&self) -> String {
        let start = self.value.len().saturating_sub(2);
        hex::encode(self.value.get(start..).unwrap_or_default())
    }

    /// The path from the master file, or from the application identifier, when the entry that holds it belongs
    /// to the application at `base`.
    pub fn resolve(&self, base: &Self) -> Self {
        if self.aid.is_some() || self.value.starts_with(&MASTER_FILE) || self.value.is_empty() {
            return self.clone();
        }
        let relative = self.value.strip_prefix(&CURRENT_APPLICATION).unwrap_or(&self.value);
        let mut value = base.value.clone();
        // Some cards write the application's own directory first: 5015 4401 is then meant from above it.
        if relative.len() > 2 && value.len() > 2 && relative.get(..2) == value.get(value.len() - 2..) {
            value.truncate(value.len() - 2);
        }
        value.extend_from_slice(relative);
        Self { value, aid: base.aid.clone(), ..self.clone() }
    }

    /// Reads the fields of a Path, whatever tag they stand under.
    pub(super) fn decode(item: &Item<'_>) -> Result<Self, FormatError> {
        let mut fields = item.fields();
        let plain = fields.next_if(&[tag::OCTET_STRING]);
        let index = fields.next_if(&[tag::INTEGER]).map(|found| found.unsigned("path index")).transpose()?;
        let length =
            fields.next_if(&[tag::context(0)]).map(|found| found.unsigned("path length")).transpose()?;
        let mut path = Self { index, length, ..Self::default() };
        match (plain, fields.find(&[EXTENDED])) {
            (_, Some(extended)) => {
                let mut inner = extended.fields();
                path.aid = inner.find(&[APPLICATION_IDENTIFIER]).map(|found| found.value.to_vec());
                path.value =
                    inner.find(&[tag::OCTET_STRING]).map(|found| found.value.to_vec()).unwrap_or_default();
            }
            (Some(found), None) => path.value = found.value.to_vec(),
            // An empty SEQUENCE stands for "no value": keys without a file of their own.
            (None, None) if fields.is_exhausted() => {}
            (None, None) => return Err(fields.missing("path")),
        }
        path.extra = fields.rest();
        Ok(path)
    }

    /// Reads the Path that bytes hold (a SEQUENCE).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::decode(&Fields::new(bytes).require(&[tag::SEQUENCE], "path")?)
    }

    /// Writes the Path under `tag`.
    pub(super) fn encode(&self, out: &mut Writer, tag: u32) {
        out.nested(tag, |out| {
            let part = |out: &mut Writer| {
                if let Some(index) = self.index {
                    out.integer(tag::INTEGER, index.into());
                }
                if let Some(length) = self.length {
                    out.integer(tag::context(0), length.into());
                }
            };
            match &self.aid {
                None if *self == Self::default() => {}
                None => {
                    out.bytes(tag::OCTET_STRING, &self.value);
                    part(out);
                }
                Some(aid) => {
                    part(out);
                    out.nested(EXTENDED, |out| {
                        out.bytes(APPLICATION_IDENTIFIER, aid);
                        out.bytes(tag::OCTET_STRING, &self.value);
                    });
                }
            }
            out.raw(&self.extra);
        });
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(aid) = &self.aid {
            write!(f, "application {} ", hex::encode(aid))?;
        }
        f.write_str(&hex::encode(&self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(bytes: &str) -> Result<Path, FormatError> {
        Path::from_bytes(&hex::decode(bytes).unwrap())
    }

    #[test]
    fn path_forms_table() {
        let file = Path::file(&[0x44, 0x01]);
        assert_eq!(path("3004 0402 4401"), Ok(file.clone()));
        let part = Path { index: Some(16), length: Some(256), ..file.clone() };
        assert_eq!(path("300b 0402 4401 0201 10 8002 0100"), Ok(part));
        assert_eq!(path("3007 0402 4401 0201 00"), Ok(Path { index: Some(0), ..file.clone() }));
        assert_eq!(path("3006 0402 4401 0000"), Ok(file), "filler");
        assert_eq!(path("3000"), Ok(Path::default()), "no value");
        assert_eq!(path("3003 020105"), Ok(Path { index: Some(5), ..Path::default() }));
        assert_eq!(path("3003 010105"), Err(FormatError::Missing("path")));
        assert_eq!(
            path("300d a10b 4f05 a000000063 0402 4401").map(|path| path.aid),
            Ok(Some(vec![0xA0, 0, 0, 0, 0x63]))
        );
    }

    #[test]
    fn resolve_table() {
        let application = Path::file(&[0x3F, 0x00, 0x50, 0x15]);
        let cases: &[(&[u8], &[u8])] = &[
            (&[0x44, 0x01], &[0x3F, 0, 0x50, 0x15, 0x44, 0x01]),
            (&[0x3F, 0, 0x44, 0x01], &[0x3F, 0, 0x44, 0x01]),
            (&[0x3F, 0xFF, 0x44, 0x01], &[0x3F, 0, 0x50, 0x15, 0x44, 0x01]),
            (&[0x50, 0x15, 0x44, 0x01], &[0x3F, 0, 0x50, 0x15, 0x44, 0x01]),
            (&[0x51, 0x10, 0x44, 0x01], &[0x3F, 0, 0x50, 0x15, 0x51, 0x10, 0x44, 0x01]),
            (&[], &[]),
        ];
        for (relative, absolute) in cases {
            assert_eq!(Path::file(relative).resolve(&application).value, *absolute, "{relative:02x?}");
        }
        let by_name = Path::application(&[0xA0, 0, 0, 0, 0x63]);
        let file = Path::file(&[0x44, 0x01]).resolve(&by_name);
        assert_eq!((file.aid, file.value), (by_name.aid, vec![0x44, 0x01]));
    }
}
