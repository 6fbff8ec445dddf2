//! Writing a MyEID card: formatting, PINs, keys, certificates, data.

mod format;
mod objects;
pub(super) mod structure;

use crate::apdu::{self, Channel, StatusWord, Target};
use crate::card::admin::{CardAdmin, CreatedPin, Format, NewCertificate, NewData, NewKey, NewPin};
use crate::card::pkcs15::{Content, Directory, FileKind, Object};
use crate::card::{CardError, myeid::commands};
use crate::crypto::PublicKey;
use crate::token::ObjectId;

use super::MyEid;
use super::files::status;
use super::write_commands::{self, Access, FileType, MAX_UPDATE};

impl CardAdmin for MyEid {
    fn format(&mut self, channel: &mut Channel<'_>, format: &Format<'_>) -> Result<(), CardError> {
        self.format_card(channel, format)
    }

    fn create_pin(&mut self, channel: &mut Channel<'_>, pin: &NewPin<'_>) -> Result<CreatedPin, CardError> {
        self.writing(channel, |driver, channel| driver.add_pin(channel, pin))
    }

    fn generate_key(&mut self, channel: &mut Channel<'_>, key: &NewKey<'_>) -> Result<PublicKey, CardError> {
        self.writing(channel, |driver, channel| driver.add_key(channel, key))
    }

    fn store_certificate(
        &mut self,
        channel: &mut Channel<'_>,
        certificate: &NewCertificate<'_>,
    ) -> Result<(), CardError> {
        self.writing(channel, |driver, channel| driver.add_certificate(channel, certificate))
    }

    fn store_data(&mut self, channel: &mut Channel<'_>, data: &NewData<'_>) -> Result<(), CardError> {
        self.writing(channel, |driver, channel| driver.add_data(channel, data))
    }
}

impl MyEid {
    /// Runs a change of the card's contents: with the directories known as they are now, nothing cached that will
    /// not be true any more, and the new state of the card taken note of.
    fn writing<T>(
        &mut self,
        channel: &mut Channel<'_>,
        change: impl FnOnce(&mut Self, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        self.files.cache.clear();
        self.environment = None;
        let result = change(self, channel);
        let content = self.content.take().filter(|_| result.is_ok());
        self.note_own_change(channel)?;
        if let Some(mut content) = content {
            self.learn_curves(channel, &mut content)?;
            self.content = Some(content);
        }
        result
    }

    fn known(&mut self) -> Result<&mut Content, CardError> {
        self.content.as_mut().ok_or_else(|| CardError::NotSupported {
            what: "store anything before it is formatted".to_owned(),
        })
    }

    /// Creates a file in the current folder; false when there is one of that name.
    fn create(
        &mut self,
        channel: &mut Channel<'_>,
        file: u16,
        kind: FileType,
        access: Access,
        consent_pin: Option<u8>,
    ) -> Result<bool, CardError> {
        let command = write_commands::create_file(file, kind, access, consent_pin);
        match channel.send(&command)?.status {
            StatusWord::OK => {
                if kind == FileType::Folder {
                    self.files.forget_selection();
                }
                Ok(true)
            }
            StatusWord::FILE_EXISTS => Ok(false),
            status => Err(refused("create a file", status)),
        }
    }

    /// Creates a file under the first free identifier from `first` on, and leaves it selected.
    fn create_free(
        &mut self,
        channel: &mut Channel<'_>,
        folder: &[u8],
        first: u16,
        kind: FileType,
        access: Access,
        consent_pin: Option<u8>,
    ) -> Result<u16, CardError> {
        self.files.enter(channel, folder)?;
        let used: Vec<u16> =
            self.known()?.objects.values().filter_map(|place| file_in(folder, place)).collect();
        for file in (first..first + MAX_FILES).filter(|file| !used.contains(file)) {
            if self.create(channel, file, kind, access, consent_pin)? {
                return Ok(file);
            }
        }
        Err(CardError::NotSupported { what: format!("hold more than {MAX_FILES} objects of a kind") })
    }

    /// Appends an entry to a directory file. It is there whole or not at all: what takes more than one command is
    /// written as a deleted entry first.
    fn append(
        &mut self,
        channel: &mut Channel<'_>,
        folder: &[u8],
        kind: FileKind,
        object: Object,
    ) -> Result<(), CardError> {
        let content = self.known()?;
        let directory = &content.directory;
        let found = directory.files.iter().position(|file| {
            file.kind == kind && super::from_master(&file.path).is_some_and(|path| folder_of(&path) == folder)
        });
        let index = found.ok_or_else(|| CardError::NotSupported {
            what: format!("hold a {} there: it has no directory for it", kind.noun()),
        })?;
        let mut changed = directory.clone();
        let file = changed.files.get_mut(index).ok_or(CardError::NoSuchObject)?;
        let offset = file.entries.last().map_or(0, |entry| entry.offset + entry.raw.len());
        let path = super::from_master(&file.path).ok_or(CardError::NoSuchObject)?;
        let entry = object.encode();
        file.push(object);
        let info = self.files.select(channel, &path)?.ok_or(CardError::NoSuchObject)?;
        if info.size.is_some_and(|size| offset + entry.len() > size) {
            return Err(CardError::NotSupported { what: format!("hold one more {}", kind.noun()) });
        }
        write_entry(channel, offset, &entry)?;
        self.content = Some(self::content(changed));
        Ok(())
    }
}

/// The neutral token of directories. What lies in the folder of a PIN belongs to that PIN, public or not.
pub(super) fn content(directory: Directory) -> Content {
    let mut content = Content::new(directory);
    let Content { token, directory, objects, auths } = &mut content;
    let owner = |object: &ObjectId| {
        let file = directory.files.get(objects.get(object)?.file)?;
        let reference = structure::owner_of(&super::from_master(&file.path)?)?;
        auths.iter().find(|(_, place)| place.reference() == reference).map(|(id, _)| id.clone())
    };
    for key in token.keys.iter_mut().filter(|key| key.auth.is_none()) {
        key.auth = owner(&key.object);
    }
    for certificate in token.certificates.iter_mut().filter(|certificate| certificate.auth.is_none()) {
        certificate.auth = owner(&certificate.object);
    }
    for data in token.data.iter_mut().filter(|data| data.auth.is_none()) {
        data.auth = owner(&data.object);
    }
    content
}

/// Writes an entry at an offset of the selected directory file.
fn write_entry(channel: &mut Channel<'_>, offset: usize, entry: &[u8]) -> Result<(), CardError> {
    let Some((tag, rest)) = entry.split_first().filter(|_| entry.len() > MAX_UPDATE) else {
        return update(channel, offset, entry);
    };
    let deleted = [&[DELETED], rest].concat();
    update(channel, offset, &deleted)?;
    update(channel, offset, &[*tag])
}

/// Writes into the selected file.
fn update(channel: &mut Channel<'_>, offset: usize, data: &[u8]) -> Result<(), CardError> {
    apdu::update_binary(channel, Target::Current, offset, data, false).map_err(|error| match status(&error) {
        Some(status) => refused("write a file", status),
        None => error.into(),
    })
}

/// What a refused change means.
fn refused(doing: &'static str, status: StatusWord) -> CardError {
    match status {
        StatusWord::SECURITY_NOT_SATISFIED => CardError::NotAuthenticated,
        status => CardError::Refused { doing, status },
    }
}

/// The file identifier of an object whose value lies in `folder`.
fn file_in(folder: &[u8], place: &crate::card::pkcs15::ObjectPlace) -> Option<u16> {
    let path = super::from_master(place.value.as_ref()?.path()?)?;
    let file = <[u8; 2]>::try_from(path.strip_prefix(folder)?).ok()?;
    Some(u16::from_be_bytes(file))
}

fn folder_of(path: &[u8]) -> &[u8] {
    path.get(..path.len().saturating_sub(2)).unwrap_or_default()
}

/// Paths from the MF.
fn folder_path(files: &[u16]) -> Vec<u8> {
    files.iter().flat_map(|file| file.to_be_bytes()).collect()
}

/// Refuses a PIN or PUK that the card would not take, before anything is sent.
fn check_length(secret: &crate::codec::Secret, min: usize) -> Result<(), CardError> {
    let max = commands::PIN_LEN;
    let min = min.clamp(MIN_PIN_LEN, max);
    if (min..=max).contains(&secret.len()) { Ok(()) } else { Err(CardError::PinLength { min, max }) }
}

/// Tag of a deleted entry (PKCS #15 v1.1, 5.8).
const DELETED: u8 = 0x00;
/// Objects of a kind in one folder.
const MAX_FILES: u16 = 254;
/// The card takes no shorter PIN.
const MIN_PIN_LEN: usize = 4;
