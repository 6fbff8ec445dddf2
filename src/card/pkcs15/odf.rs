//! EF.ODF (ISO 7816-15, 8.1) and EF.UnusedSpace (8.11): where the directory files are, and free space.

use super::asn1::{FormatError, Writer, tag};
use super::path::Path;

/// Kinds of directory files, in the order of their tags in the ODF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// PrKDF.
    PrivateKeys,
    /// PuKDF.
    PublicKeys,
    /// PuKDF whose keys the issuer vouches for.
    TrustedPublicKeys,
    /// SKDF.
    SecretKeys,
    /// CDF: the holder's certificates.
    Certificates,
    /// CDF whose certificates the issuer vouches for.
    TrustedCertificates,
    /// CDF of certificates that may help.
    UsefulCertificates,
    /// DODF.
    Data,
    /// AODF.
    Auth,
}

impl FileKind {
    /// All kinds; the index is the tag number in the ODF.
    pub const ALL: [Self; 9] = [
        Self::PrivateKeys,
        Self::PublicKeys,
        Self::TrustedPublicKeys,
        Self::SecretKeys,
        Self::Certificates,
        Self::TrustedCertificates,
        Self::UsefulCertificates,
        Self::Data,
        Self::Auth,
    ];

    /// What one entry is called: `certificate`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::PrivateKeys => "private key",
            Self::PublicKeys | Self::TrustedPublicKeys => "public key",
            Self::SecretKeys => "secret key",
            Self::Certificates | Self::TrustedCertificates | Self::UsefulCertificates => "certificate",
            Self::Data => "data object",
            Self::Auth => "PIN",
        }
    }

    /// What the file is called: `CDF`.
    pub fn acronym(self) -> &'static str {
        match self {
            Self::PrivateKeys => "PrKDF",
            Self::PublicKeys | Self::TrustedPublicKeys => "PuKDF",
            Self::SecretKeys => "SKDF",
            Self::Certificates | Self::TrustedCertificates | Self::UsefulCertificates => "CDF",
            Self::Data => "DODF",
            Self::Auth => "AODF",
        }
    }

    fn from_tag(tag: u32) -> Option<Self> {
        let number = tag.checked_sub(tag::constructed(0))?;
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    fn tag(self) -> u32 {
        tag::constructed(self as u32)
    }
}

/// One record of the ODF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OdfRecord {
    /// A directory file.
    File {
        /// What is in it.
        kind: FileKind,
        /// Where it is.
        path: Path,
    },
    /// Entries in the ODF itself.
    Objects {
        /// What they are.
        kind: FileKind,
        /// The entries, one after the other.
        entries: Vec<u8>,
    },
    /// A record that is not understood, as it stands on the card.
    Unknown {
        /// Its bytes.
        raw: Vec<u8>,
        /// Why.
        why: FormatError,
    },
}

/// `objects [0]` of PathOrObjects.
const OBJECTS: u32 = tag::constructed(0);

/// Reads EF.ODF. Records that are not understood are kept; bytes behind them that make no sense end the file.
pub fn decode_odf(bytes: &[u8]) -> Vec<OdfRecord> {
    super::file::records(bytes).into_iter().map(|record| decode_record(&record)).collect()
}

fn decode_record(record: &super::file::Record<'_>) -> OdfRecord {
    let item = match record.item {
        Ok(item) => item,
        Err(error) => return OdfRecord::Unknown { raw: record.raw.to_vec(), why: error.into() },
    };
    let unknown = |why| OdfRecord::Unknown { raw: item.raw.to_vec(), why };
    let Some(kind) = FileKind::from_tag(item.tag) else { return unknown(FormatError::UnknownTag(item.tag)) };
    let mut fields = item.fields();
    if let Some(found) = fields.find(&[tag::SEQUENCE, OBJECTS]) {
        if found.tag == OBJECTS {
            return OdfRecord::Objects { kind, entries: found.value.to_vec() };
        }
        return match Path::decode(&found) {
            Ok(path) if path.is_empty() => unknown(FormatError::Missing("path")),
            Ok(path) => OdfRecord::File { kind, path },
            Err(why) => unknown(why),
        };
    }
    unknown(fields.missing("path"))
}

/// Writes the content of EF.ODF.
pub fn encode_odf(records: &[OdfRecord]) -> Vec<u8> {
    Writer::content(|out| {
        for record in records {
            match record {
                OdfRecord::File { kind, path } => {
                    out.nested(kind.tag(), |out| path.encode(out, tag::SEQUENCE))
                }
                OdfRecord::Objects { kind, entries } => {
                    out.nested(kind.tag(), |out| out.bytes(OBJECTS, entries));
                }
                OdfRecord::Unknown { raw, .. } => out.raw(raw),
            }
        }
    })
}

/// Free bytes in a file that entries once used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnusedSpace {
    /// Which file, and which bytes of it.
    pub path: Path,
    /// The PIN that it takes to write there.
    pub auth_id: Option<Vec<u8>>,
    /// Fields that are not known here.
    pub extra: Vec<u8>,
}

/// Reads EF.UnusedSpace; unreadable records and records of length zero (a placeholder for "none") are left out.
pub fn decode_unused(bytes: &[u8]) -> Vec<UnusedSpace> {
    let records = super::file::records(bytes);
    let spaces = records.iter().filter_map(|record| {
        let item = record.item.ok().filter(|item| item.tag == tag::SEQUENCE)?;
        let mut fields = item.fields();
        let path = Path::decode(&fields.find(&[tag::SEQUENCE])?).ok()?;
        let auth_id = fields.find(&[tag::OCTET_STRING]).map(|found| found.value.to_vec());
        Some(UnusedSpace { path, auth_id, extra: fields.rest() })
    });
    spaces.filter(|space| space.path.length != Some(0)).collect()
}

/// Writes the content of EF.UnusedSpace. The standard wants at least one record: without free space it is
/// one of length zero.
pub fn encode_unused(spaces: &[UnusedSpace]) -> Vec<u8> {
    let none = UnusedSpace {
        path: Path { value: vec![0x3F, 0x00], index: Some(0), length: Some(0), ..Path::default() },
        ..UnusedSpace::default()
    };
    let spaces = if spaces.is_empty() { std::slice::from_ref(&none) } else { spaces };
    Writer::content(|out| {
        for space in spaces {
            out.nested(tag::SEQUENCE, |out| {
                space.path.encode(out, tag::SEQUENCE);
                if let Some(auth_id) = &space.auth_id {
                    out.bytes(tag::OCTET_STRING, auth_id);
                }
                out.raw(&space.extra);
            });
        }
    })
}
