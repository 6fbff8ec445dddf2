//! Directory files: entries one after the other, with padding, deleted entries and garbage between them.

use super::asn1::{FormatError, Item};
use super::asymmetric_key::AsymmetricKey;
use super::auth::AuthObject;
use super::certificate::CertificateObject;
use super::common::CommonObject;
use super::data::DataObject;
use super::odf::FileKind;
use super::path::Path;
use super::secret_key::SecretKeyObject;
use crate::codec::tlv::{Reader, Tlv, TlvError};

/// One entry of any directory file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// From a PrKDF.
    PrivateKey(AsymmetricKey),
    /// From a PuKDF.
    PublicKey(AsymmetricKey),
    /// From a SKDF.
    SecretKey(SecretKeyObject),
    /// From a CDF.
    Certificate(CertificateObject),
    /// From a DODF.
    Data(DataObject),
    /// From an AODF.
    Auth(AuthObject),
}

impl Object {
    fn decode(kind: FileKind, entry: &Item<'_>) -> Result<Self, FormatError> {
        Ok(match kind {
            FileKind::PrivateKeys => Self::PrivateKey(AsymmetricKey::decode(entry)?),
            FileKind::PublicKeys | FileKind::TrustedPublicKeys => {
                Self::PublicKey(AsymmetricKey::decode(entry)?)
            }
            FileKind::SecretKeys => Self::SecretKey(SecretKeyObject::decode(entry)?),
            FileKind::Certificates | FileKind::TrustedCertificates | FileKind::UsefulCertificates => {
                Self::Certificate(CertificateObject::decode(entry)?)
            }
            FileKind::Data => Self::Data(DataObject::decode(entry)?),
            FileKind::Auth => Self::Auth(AuthObject::decode(entry)?),
        })
    }

    /// Writes the entry.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::PrivateKey(key) | Self::PublicKey(key) => key.encode(),
            Self::SecretKey(key) => key.encode(),
            Self::Certificate(certificate) => certificate.encode(),
            Self::Data(data) => data.encode(),
            Self::Auth(auth) => auth.encode(),
        }
    }

    /// Label, flags, PIN, access rules.
    pub fn common(&self) -> &CommonObject {
        match self {
            Self::PrivateKey(key) | Self::PublicKey(key) => &key.common,
            Self::SecretKey(key) => &key.common,
            Self::Certificate(certificate) => &certificate.common,
            Self::Data(data) => &data.common,
            Self::Auth(auth) => &auth.common,
        }
    }

    /// Label, flags, PIN, access rules, to be changed.
    pub fn common_mut(&mut self) -> &mut CommonObject {
        match self {
            Self::PrivateKey(key) | Self::PublicKey(key) => &mut key.common,
            Self::SecretKey(key) => &mut key.common,
            Self::Certificate(certificate) => &mut certificate.common,
            Self::Data(data) => &mut data.common,
            Self::Auth(auth) => &mut auth.common,
        }
    }
}

/// One entry with the bytes it was read from: unchanged entries are written back as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it says, or why it cannot be read.
    pub object: Result<Object, FormatError>,
    /// Its bytes on the card.
    pub raw: Vec<u8>,
    /// Offset of its first byte in the file: on the card, or after a change where `encode` puts it.
    pub offset: usize,
}

impl Entry {
    /// True for the rest of a file that leads nowhere: no reader gets past it.
    pub fn is_rest(&self) -> bool {
        matches!(self.object, Err(FormatError::Outer(_)))
    }
}

/// One directory file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryFile {
    /// What is in it.
    pub kind: FileKind,
    /// Where it is, from the master file or application identifier; empty for entries in the ODF itself.
    pub path: Path,
    /// Its entries in the card's order, the unreadable ones too.
    pub entries: Vec<Entry>,
    /// Bytes that were read: the size of the file where the card gives all of it.
    pub len: usize,
    /// Offset behind the last byte that is no padding: the remains of deleted entries end before it.
    pub used: usize,
}

impl DirectoryFile {
    /// Reads the content of a directory file. Never refuses: what cannot be read is an entry with an error.
    pub fn decode(kind: FileKind, path: Path, bytes: &[u8]) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut unreadable = 0;
        for record in records(bytes) {
            let object = match &record.item {
                Ok(item) => Object::decode(kind, item),
                Err(error) => Err((*error).into()),
            };
            unreadable += usize::from(object.is_err());
            if unreadable > UNREADABLE_LIMIT {
                let raw = bytes.get(record.offset..).unwrap_or_default().to_vec();
                entries.push(Entry { object: Err(FormatError::Hopeless), raw, offset: record.offset });
                break;
            }
            entries.push(Entry { object, raw: record.raw.to_vec(), offset: record.offset });
        }
        let used = bytes.iter().rposition(|byte| !matches!(byte, 0x00 | 0xFF)).map_or(0, |last| last + 1);
        Self { kind, path, entries, len: bytes.len(), used }
    }

    /// The content as it is to be written: entries as they were read or set, without gaps and padding.
    pub fn encode(&self) -> Vec<u8> {
        self.entries.iter().flat_map(|entry| &entry.raw).copied().collect()
    }

    /// Adds an entry at the end; before a rest that nobody can read, because no reader gets past that.
    pub fn push(&mut self, object: Object) {
        let raw = object.encode();
        let unreadable_rest = self
            .entries
            .last()
            .is_some_and(|last| matches!(last.object, Err(FormatError::Outer(_) | FormatError::Hopeless)));
        let index = self.entries.len() - usize::from(unreadable_rest);
        self.entries.insert(index, Entry { object: Ok(object), raw, offset: 0 });
        self.settle();
    }

    /// Puts another object in the place of an entry. False when there is no such entry.
    pub fn replace(&mut self, index: usize, object: Object) -> bool {
        let Some(entry) = self.entries.get_mut(index) else { return false };
        entry.raw = object.encode();
        entry.object = Ok(object);
        self.settle();
        true
    }

    /// Removes an entry. False when there is no such entry.
    pub fn remove(&mut self, index: usize) -> bool {
        if index >= self.entries.len() {
            return false;
        }
        self.entries.remove(index);
        self.settle();
        true
    }

    /// Sets the offsets to where [`DirectoryFile::encode`] puts the entries.
    fn settle(&mut self) {
        let mut offset = 0;
        for entry in &mut self.entries {
            entry.offset = offset;
            offset += entry.raw.len();
        }
    }

    /// How messages call one entry: `certificate 2 in EF 4403`, counted from 1.
    pub fn describe(&self, index: usize) -> String {
        let noun = self.kind.noun();
        if self.path.is_empty() {
            format!("{noun} {} in the ODF", index + 1)
        } else {
            format!("{noun} {} in EF {}", index + 1, self.path.file_name())
        }
    }
}

/// A file with more unreadable entries than this is no directory: what follows them is one unreadable rest.
const UNREADABLE_LIMIT: usize = 100;

/// A data object found in a file, or the unreadable rest of the file.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) item: Result<Item<'a>, TlvError>,
    pub(super) raw: &'a [u8],
    pub(super) offset: usize,
}

/// Splits a file into its data objects. Padding of 00 and FF before, between and behind them is skipped, and so
/// are entries whose tag was overwritten with 00 to delete them (PKCS #15 v1.1, 5.8). An outer tag or length that
/// leads nowhere ends the file: its rest becomes one unreadable record, so that it is reported and not lost.
pub(super) fn records(bytes: &[u8]) -> Vec<Record<'_>> {
    let mut records = Vec::new();
    let mut rest = bytes;
    loop {
        rest = skip_gap(rest);
        if rest.is_empty() {
            return records;
        }
        let offset = bytes.len() - rest.len();
        match split(rest) {
            Ok((found, raw, behind)) => {
                let item = Item { tag: found.tag, value: found.value, raw };
                records.push(Record { item: Ok(item), raw, offset });
                rest = behind;
            }
            Err(error) => {
                records.push(Record { item: Err(error), raw: rest, offset });
                return records;
            }
        }
    }
}

/// One data object, its bytes, and what follows it.
fn split(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8], &[u8]), TlvError> {
    let mut reader = Reader::new(bytes);
    let found = reader.next().unwrap_or(Err(TlvError::Truncated))?;
    let behind = reader.rest();
    let (raw, behind) = bytes.split_at(bytes.len() - behind.len());
    Ok((found, raw, behind))
}

/// Skips padding and one deleted entry after the other.
fn skip_gap(mut bytes: &[u8]) -> &[u8] {
    loop {
        let start = bytes.iter().position(|byte| !matches!(byte, 0x00 | 0xFF)).unwrap_or(bytes.len());
        let (gap, behind) = bytes.split_at(start);
        if behind.is_empty() || starts_with_entry(behind) {
            return behind;
        }
        // What follows is no entry. If the last 00 was the tag of a deleted entry, its length leads to the next.
        match gap.last() {
            Some(0x00) => match skip_deleted(behind) {
                Some(next) => bytes = next,
                None => return behind,
            },
            _ => return behind,
        }
    }
}

/// `bytes` begins with the length of a deleted entry: what follows it, if that makes sense.
fn skip_deleted(bytes: &[u8]) -> Option<&[u8]> {
    let (form, behind) = bytes.split_first()?;
    let (length, body) = match form {
        0x00..=0x7F => (usize::from(*form), behind),
        0x81..=0x84 => {
            let (length, body) = behind.split_at_checked(usize::from(form & 0x07))?;
            (length.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)), body)
        }
        _ => return None,
    };
    let next = body.get(length..)?;
    (is_gap(next) || starts_with_entry(next)).then_some(next)
}

/// True when a whole data object stands here that can be an entry: either its content begins as an entry's
/// does, or what follows it shows that its length is right.
fn starts_with_entry(bytes: &[u8]) -> bool {
    let Ok((found, _, behind)) = split(bytes) else { return false };
    found.is_constructed()
        && (matches!(found.children().next(), Some(Ok(_)) | None) || is_gap(behind) || split(behind).is_ok())
}

/// True at the end of the file and where padding or a deleted entry begins.
fn is_gap(bytes: &[u8]) -> bool {
    matches!(bytes.first(), None | Some(0x00 | 0xFF))
}
