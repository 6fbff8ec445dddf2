//! The ISO 7816-15 (PKCS#15) file format: directories, objects, paths. No APDUs here, but in [`mod@write`], which changes
//! files.
//!
//! [`read_directory`] walks a card's files through the [`Files`] trait; [`Content`] turns what it finds into the
//! neutral token plus a table of where everything is. The same types are written back by `encode`, and keep
//! what they do not know, so that a card personalised by others survives editing.

mod asn1;
mod asymmetric_key;
mod auth;
mod certificate;
mod common;
mod content;
mod data;
mod dir;
mod file;
mod key;
mod names;
mod odf;
mod path;
mod public_value;
mod reader;
mod secret_key;
#[cfg(test)]
pub(in crate::card) mod tests;
mod token_info;
mod value;
pub mod write;

pub use asn1::FormatError;
pub use asymmetric_key::AsymmetricKey;
pub use auth::{AuthMethod, AuthObject, PinAttributes, PinFlags, PinType};
pub use certificate::{CertificateKind, CertificateObject};
pub use common::{AccessMode, AccessRule, CommonObject, Extras, MAX_DEPTH, ObjectFlags, SecurityCondition};
pub use content::{AuthPlace, Content, ObjectPlace};
pub use data::{DataKind, DataObject};
pub use dir::{Application, Ddo, PKCS15_AID, decode_dir, encode_dir};
pub use file::{DirectoryFile, Entry, Object};
pub use key::{CommonKey, KeyAccessFlags, KeyFamily, KeyInfo, KeyUsageFlags};
pub use odf::{FileKind, OdfRecord, UnusedSpace, decode_odf, decode_unused, encode_odf, encode_unused};
pub use path::Path;
pub use public_value::{curve_from_oid, decode_public_key, encode_public_key};
pub use reader::{
    CARD_LIMIT, Directory, FILE_LIMIT, FILES_LIMIT, Files, Place, is_absent, read_application, read_directory,
};
pub use secret_key::{SecretKeyFamily, SecretKeyObject};
pub use token_info::{AlgorithmInfo, TokenFlags, TokenInfo};
pub use value::ObjectValue;
