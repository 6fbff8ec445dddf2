//! Changing a PKCS#15 structure on a card that anybody may pull at any time: entries, values and the directories that
//! name them. Knows files and their contents; which commands make, guard and delete files is the driver's matter
//! ([`Structure`]).

mod directory;
mod entries;
mod gaps;
mod names;
mod naming;
mod objects;

use crate::apdu::{self, ApduError, Channel, FileInfo, StatusWord, Target};
use crate::card::CardError;
use crate::card::admin::Write;
use crate::token::{AuthId, ObjectId};

use super::{Content, Directory, DirectoryFile, FileKind, Path};

pub use self::directory::DirectoryWriting;
pub use self::entries::{KeyDescription, key_entry, public_entry, public_usage, secret_key_entry};
pub use self::names::{check_application, check_id, check_label, check_oid};
pub use self::naming::{directories_of, is_named, own_value_file, unreadable_directory};
pub use self::objects::{ObjectWriting, public_value};

/// What the shared writing needs of a driver: the structure as it is known, and the commands of its card. Paths are
/// file identifiers from the MF, without its own.
pub trait Structure {
    /// RSA public keys stand in their entries: one file less. `pkcs15-init` takes such an entry for the sign that a file
    /// identifier is free, and may write over a key's file: not on cards that it is to write as well.
    const RSA_IN_ENTRY: bool;

    /// What is on the card. Errors: `NotSupported` for one that is not formatted.
    fn known(&mut self) -> Result<&mut Content, CardError>;

    /// These are the directories from now on.
    fn take_over(&mut self, directory: Directory);

    /// Where a path of an entry leads; `None` for one that this card cannot have.
    fn locate(path: &Path) -> Option<Vec<u8>>;

    /// Whether a file identifier is one that objects or moved directories get, here and by other programs.
    fn is_object_file(file: [u8; 2]) -> bool;

    /// Whether a file is within the application.
    fn is_in_application(path: &[u8]) -> bool;

    /// Selects a file and says what it is; `None` when there is none. It may change from now on.
    fn select(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<FileInfo>, CardError>;

    /// Reads the whole of a file; `None` when there is none.
    fn read_all(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<Vec<u8>>, CardError>;

    /// Deletes a file, if it may be deleted; otherwise it stays, unused. Tells which.
    fn delete_file(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<bool, CardError>;

    /// Clears bytes of the selected file by one command; false when the card has none for it.
    fn erase(channel: &mut Channel<'_>, from: usize, to: usize) -> Result<bool, CardError>;

    /// Makes a file of so many bytes beside a directory file, for the same PINs to write, and leaves it selected.
    /// `None` where that, or naming it in the ODF, is not allowed now.
    fn create_beside(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
        size: u16,
    ) -> Result<Option<u16>, CardError>;

    /// Makes a file for a value where its owner's objects are, and leaves it selected.
    fn create_value(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: ValueKind,
        size: u16,
    ) -> Result<u16, CardError>;

    /// Refuses a change for which a PIN is missing, before anything is written.
    fn require(&mut self, channel: &mut Channel<'_>, write: Write<'_>) -> Result<(), CardError>;

    /// Where new objects of an owner go.
    fn home(&mut self, owner: Option<&AuthId>) -> Result<Home, CardError>;

    /// Makes a directory file, for the same PINs to write as others beside it, and leaves it selected: `named`, where the ODF
    /// names one that is not there, else under a free identifier. Tells which.
    fn create_directory(
        &mut self,
        channel: &mut Channel<'_>,
        home: &Home,
        kind: FileKind,
        named: Option<u16>,
    ) -> Result<u16, CardError>;

    /// The value of a public key (SubjectPublicKeyInfo).
    fn public_key_value(&mut self, channel: &mut Channel<'_>, object: ObjectId)
    -> Result<Vec<u8>, CardError>;

    /// The EF.ODF.
    fn odf_path(&mut self) -> Result<Vec<u8>, CardError> {
        Self::locate(&self.known()?.directory.place.odf).ok_or(CardError::NoSuchObject)
    }

    /// A directory file. Errors: `NotSupported` for entries that stand in the ODF itself.
    fn directory_path(&mut self, index: usize) -> Result<Vec<u8>, CardError> {
        let file = self.known()?.directory.files.get(index).ok_or(CardError::NoSuchObject)?;
        Self::locate(&file.path).ok_or_else(|| CardError::NotSupported {
            what: "change what stands in the ODF itself".to_owned(),
        })
    }

    /// The directory file that names an object.
    fn directory_of(&mut self, object: ObjectId) -> Result<Vec<u8>, CardError> {
        let index = self.known()?.objects.get(&object).ok_or(CardError::NoSuchObject)?.file;
        self.directory_path(index)
    }

    /// The directory file of a kind in a folder, if it is there: its index.
    fn directory_in(&mut self, folder: &[u8], kind: FileKind) -> Option<usize> {
        let files = &self.known().ok()?.directory.files;
        files.iter().position(|file| {
            file.kind == kind && Self::locate(&file.path).is_some_and(|path| folder_of(&path) == folder)
        })
    }
}

/// Changes of the contents of a card.
pub trait Changing: Structure {
    /// Runs a change with the directories known as they are now, and what it makes of them known afterwards.
    fn writing<T>(
        &mut self,
        channel: &mut Channel<'_>,
        change: impl FnOnce(&mut Self, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError>;

    /// As [`Changing::writing`], for a change of an object: of the one that the caller saw, or of none.
    fn editing<T>(
        &mut self,
        channel: &mut Channel<'_>,
        object: ObjectId,
        change: impl FnOnce(&mut Self, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let seen = self.known().ok().and_then(|content| content.object(object)).cloned();
        self.writing(channel, |driver, channel| {
            let now = driver.known()?.object(object).ok_or(CardError::NoSuchObject)?;
            if seen.is_some_and(|seen| seen != *now) {
                return Err(CardError::NoSuchObject);
            }
            change(driver, channel)
        })
    }
}

/// Where new objects of an owner go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The folder, from the MF.
    pub folder: Vec<u8>,
    /// The PIN that may change them: its reference.
    pub writer: u8,
    /// The owner's identifier.
    pub auth_id: Option<Vec<u8>>,
}

impl Home {
    /// The path of a file here, as directory entries have it.
    pub fn path(&self, file: u16) -> Path {
        path_in(&self.folder, file)
    }
}

/// What a file for a value holds: it says who may read it, and what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A certificate.
    Certificate,
    /// A public key.
    PublicKey,
    /// Data that everybody may read.
    PublicData,
    /// Data that only its owner may read.
    PrivateData,
}

/// A move that was interrupted leaves an entry in two places of one file: they count as one.
pub fn without_doubles(mut directory: Directory) -> Directory {
    for file in &mut directory.files {
        let mut seen = std::collections::BTreeSet::new();
        file.entries.retain(|entry| seen.insert(entry.raw.clone()));
    }
    directory
}

/// What a directory file reads as.
pub fn image(file: &DirectoryFile) -> Vec<u8> {
    let mut bytes = vec![0x00; file.used.max(1)];
    for entry in &file.entries {
        let end = entry.offset + entry.raw.len();
        bytes.resize(bytes.len().max(end), 0x00);
        if let Some(place) = bytes.get_mut(entry.offset..end) {
            place.copy_from_slice(&entry.raw);
        }
    }
    bytes
}

/// The path of a file in a folder, from the MF and with it.
pub fn path_in(folder: &[u8], file: u16) -> Path {
    let mut value = vec![0x3F, 0x00];
    value.extend_from_slice(folder);
    value.extend_from_slice(&file.to_be_bytes());
    Path::file(&value)
}

/// The folder of a path.
pub fn folder_of(path: &[u8]) -> &[u8] {
    path.get(..path.len().saturating_sub(2)).unwrap_or_default()
}

/// Writes into the selected file. Errors: `NotAuthenticated`.
pub fn update(channel: &mut Channel<'_>, offset: usize, data: &[u8]) -> Result<(), CardError> {
    write_binary(channel, offset, data, false)
}

/// As [`update`], for what may be seen by nobody without a PIN.
pub fn update_secret(channel: &mut Channel<'_>, offset: usize, data: &[u8]) -> Result<(), CardError> {
    write_binary(channel, offset, data, true)
}

fn write_binary(
    channel: &mut Channel<'_>,
    offset: usize,
    data: &[u8],
    sensitive: bool,
) -> Result<(), CardError> {
    let written = apdu::update_binary(channel, Target::Current, offset, data, sensitive);
    written.map_err(|error| match error {
        ApduError::UnexpectedStatus { status, .. } => refused("write a file", status),
        error => error.into(),
    })
}

/// What a refused change means.
pub fn refused(doing: &'static str, status: StatusWord) -> CardError {
    match status {
        StatusWord::SECURITY_NOT_SATISFIED => CardError::NotAuthenticated,
        status => CardError::Refused { doing, status },
    }
}

/// Longest data of one UPDATE BINARY: what goes in one command is all written or not at all.
pub const MAX_UPDATE: usize = 255;
/// The offset of READ BINARY has 15 bits.
pub const MAX_FILE_LEN: u16 = 0x7FFF;
