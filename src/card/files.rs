//! Reading files of a card with as few APDUs as possible, through the cache of public contents: for families with a
//! PKCS#15 application in DF 5015 and SELECT by path. Paths are from the MF, without its own identifier.

use std::collections::{BTreeMap, BTreeSet};

use super::CardError;
use super::cache::CardCache;
use super::pkcs15::{self, PKCS15_AID, Path};
use crate::apdu::{
    self, ApduError, Channel, FileInfo, FileKind, ReadBinary, Select, StatusWord, Target, Tell,
};

/// How much of a file is of use: the rest is filler and need not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// One data object: a certificate.
    Object,
    /// Data objects until filler or the end of the file: a directory.
    Objects,
    /// The first bytes, as many as one short APDU brings.
    Beginning,
    /// Everything.
    Whole,
}

/// The files of one card: what is selected, and what is known without reading.
#[derive(Debug)]
pub struct Files {
    /// Public contents of earlier reads.
    pub cache: CardCache,
    /// The current DF, when it is known.
    current: Option<Vec<u8>>,
    /// Whether what is read may be kept: nothing is after a login.
    keeps: bool,
    /// While we change the card: files that were in the cache and are not any more.
    changed: Option<BTreeSet<Vec<u8>>>,
    /// Types of key files that were asked for.
    key_types: BTreeMap<Vec<u8>, (u8, usize)>,
    is_public: IsPublic,
}

/// Whether anybody may read a file, by what the card says of it.
pub type IsPublic = fn(&FileInfo) -> bool;

impl Files {
    /// The files of a card of which `cache` knows some.
    pub fn new(cache: CardCache, is_public: IsPublic) -> Self {
        Self { cache, current: None, keeps: true, changed: None, key_types: BTreeMap::new(), is_public }
    }

    /// The card is in another state: what was read before is not true any more.
    pub fn renew(&mut self, cache: CardCache) {
        self.cache = cache;
        self.key_types.clear();
    }

    /// From now on every file that is selected may change: it leaves the cache.
    pub fn begin_change(&mut self) {
        self.cache.withdraw();
        self.changed = Some(BTreeSet::new());
    }

    /// The files that left the cache since [`Files::begin_change`], to be entered again as they are now.
    pub fn end_change(&mut self) -> BTreeSet<Vec<u8>> {
        self.changed.take().unwrap_or_default()
    }

    /// A file is not what it was, or not there any more.
    pub fn forget_file(&mut self, path: &[u8]) {
        let Some(changed) = &mut self.changed else { return };
        if self.cache.remove(path) {
            changed.insert(path.to_vec());
        }
        for mark in [KEY_TYPE_MARK, BEGINNING_MARK] {
            self.cache.remove(&[path, mark].concat());
        }
        self.key_types.remove(path);
    }

    /// Another program may have selected something else.
    pub fn forget_selection(&mut self) {
        self.current = None;
    }

    /// From now on a PIN may be verified: what is read goes to no cache.
    pub fn keep_nothing_more(&mut self) {
        self.keeps = false;
    }

    /// Descriptor byte and size of a key file: they tell its curve. `None` when there is no such file.
    pub fn key_type(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
    ) -> Result<Option<(u8, usize)>, CardError> {
        if let Some(known) = self.key_types.get(path) {
            return Ok(Some(*known));
        }
        let name = [path, KEY_TYPE_MARK].concat();
        let known = match self.cache.get(&name) {
            Some(&[descriptor, high, low]) => (descriptor, usize::from(u16::from_be_bytes([high, low]))),
            _ => {
                let Some(info) = self.select(channel, path)? else { return Ok(None) };
                let (Some(descriptor), Some(size)) = (info.descriptor, info.size) else { return Ok(None) };
                (descriptor, size)
            }
        };
        if let (true, Ok(size)) = (self.keeps, u16::try_from(known.1)) {
            let [high, low] = size.to_be_bytes();
            self.cache.insert(&name, &[known.0, high, low]);
        }
        self.key_types.insert(path.to_vec(), known);
        Ok(Some(known))
    }

    /// Makes a DF current, if it is not.
    pub fn enter(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<(), CardError> {
        if self.current.as_deref() == Some(path) {
            return Ok(());
        }
        self.choose(channel, path, path)
    }

    /// Selects a file without asking what it is; its folder becomes current.
    pub fn enter_file(
        &mut self,
        channel: &mut Channel<'_>,
        folder: &[u8],
        file: u16,
    ) -> Result<(), CardError> {
        let path = [folder, &file.to_be_bytes()].concat();
        self.choose(channel, &path, folder)
    }

    fn choose(&mut self, channel: &mut Channel<'_>, path: &[u8], folder: &[u8]) -> Result<(), CardError> {
        self.current = None;
        match apdu::select(channel, Select::Path(path), Tell::Nothing) {
            Ok(_) => {
                self.current = Some(folder.to_vec());
                Ok(())
            }
            Err(error) if status(&error) == Some(StatusWord::FILE_NOT_FOUND) => Err(CardError::NoSuchObject),
            Err(error) => Err(error.into()),
        }
    }

    /// Selects a file and says what it is; `None` when there is none.
    pub fn select(&mut self, channel: &mut Channel<'_>, path: &[u8]) -> Result<Option<FileInfo>, CardError> {
        self.forget_file(path);
        self.current = None;
        match apdu::select(channel, Select::Path(path), Tell::Information) {
            Ok(info) => {
                let folder = match info.kind {
                    FileKind::Directory => Some(path),
                    _ => path.len().checked_sub(2).and_then(|end| path.get(..end)),
                };
                self.current = folder.map(<[u8]>::to_vec);
                Ok(Some(info))
            }
            Err(error) if status(&error) == Some(StatusWord::FILE_NOT_FOUND) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a file as far as it is of use; `None` when there is none. What anybody may read comes from the
    /// cache, and goes there. Errors: `NotAuthenticated` when the file needs a PIN.
    pub fn read(
        &mut self,
        channel: &mut Channel<'_>,
        path: &[u8],
        extent: Extent,
    ) -> Result<Option<Vec<u8>>, CardError> {
        let name = match extent {
            Extent::Beginning => [path, BEGINNING_MARK].concat(),
            _ => path.to_vec(),
        };
        if let Some(content) = self.cache.get(&name).or_else(|| self.cache.get(path)) {
            return Ok(Some(content.to_vec()));
        }
        let Some(info) = self.select(channel, path)? else { return Ok(None) };
        let public = (self.is_public)(&info);
        let mut request = ReadBinary::new(Target::Current).len(info.size).max_len(MAX_FILE_LEN);
        request = match extent {
            Extent::Object => request.one_object(),
            Extent::Objects => request.objects(),
            Extent::Beginning => request.len(Some(info.size.unwrap_or(usize::MAX).min(BEGINNING_LEN))),
            Extent::Whole => request,
        };
        if !public {
            request = request.sensitive();
        }
        let content = request.run(channel).map_err(|error| match status(&error) {
            Some(StatusWord::SECURITY_NOT_SATISFIED) => CardError::NotAuthenticated,
            _ => error.into(),
        })?;
        // A card that gives nothing of a file with a size has a bad moment: not one to remember.
        let whole = !content.is_empty() || info.size == Some(0);
        if public && self.keeps && whole {
            self.cache.insert(&name, &content);
        }
        Ok(Some(content))
    }
}

/// Reads directory files for the PKCS#15 reader.
pub struct Walker<'a, 'c> {
    /// The way to the card.
    pub channel: &'a mut Channel<'c>,
    /// Its files.
    pub files: &'a mut Files,
    /// What is known of one file, and not asked for: its path and content.
    pub known: Option<(Path, Vec<u8>)>,
}

impl pkcs15::Files for Walker<'_, '_> {
    fn read(&mut self, path: &Path, limit: usize) -> Result<Vec<u8>, CardError> {
        let mut bytes = match &self.known {
            Some((known, content)) if known == path => content.clone(),
            _ => read_value(self.channel, self.files, path, Extent::Objects)?,
        };
        bytes.truncate(limit);
        Ok(bytes)
    }
}

/// Reads what a path names: a file, or the part of it that index and length say.
pub fn read_value(
    channel: &mut Channel<'_>,
    files: &mut Files,
    path: &Path,
    extent: Extent,
) -> Result<Vec<u8>, CardError> {
    let file = from_master(path).ok_or(CardError::NoSuchObject)?;
    let start = path.index.unwrap_or(0) as usize;
    let extent = if start > 0 { Extent::Whole } else { extent };
    let content = files.read(channel, &file, extent)?.ok_or(CardError::NoSuchObject)?;
    Ok(named_part(&content, path))
}

/// Of a file's content, the part that a path names.
pub fn named_part(content: &[u8], path: &Path) -> Vec<u8> {
    let part = content.get(path.index.unwrap_or(0) as usize..).unwrap_or_default();
    let length = path.length.map_or(part.len(), |length| part.len().min(length as usize));
    part.get(..length).unwrap_or_default().to_vec()
}

/// A path from the MF, without the MF's own identifier; `None` for one that this card cannot have.
pub fn from_master(path: &Path) -> Option<Vec<u8>> {
    let mut value = path.value.strip_prefix(&MASTER_FILE).unwrap_or(&path.value).to_vec();
    match path.aid.as_deref() {
        Some(aid) if aid == PKCS15_AID => {
            value.splice(..0, APPLICATION);
        }
        Some(_) => return None,
        None => {}
    }
    (!value.is_empty() && value.len().is_multiple_of(2) && value.len() <= MAX_PATH_LEN).then_some(value)
}

/// The status that a card refused with.
pub fn status(error: &ApduError) -> Option<StatusWord> {
    match error {
        ApduError::UnexpectedStatus { status, .. } => Some(*status),
        _ => None,
    }
}

/// Behind a path in the cache: not the file's content but its type.
const KEY_TYPE_MARK: &[u8] = b"?";
/// Behind a path in the cache: only the beginning of the file's content.
const BEGINNING_MARK: &[u8] = b"<";
const BEGINNING_LEN: usize = 256;
/// The offset of READ BINARY has 15 bits.
const MAX_FILE_LEN: usize = 0x7FFF;
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
/// The PKCS#15 application.
const APPLICATION: [u8; 2] = [0x50, 0x15];
const MAX_PATH_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_of_another_application_is_not_on_this_card() {
        assert_eq!(
            from_master(&Path::file(&[0x3F, 0, 0x50, 0x15, 0x44, 1])),
            Some(vec![0x50, 0x15, 0x44, 1])
        );
        let foreign = Path { aid: Some(vec![1, 2]), ..Path::file(&[0x44, 1]) };
        assert_eq!(from_master(&foreign), None);
        let ours = Path { aid: Some(PKCS15_AID.to_vec()), ..Path::file(&[0x44, 1]) };
        assert_eq!(from_master(&ours), Some(vec![0x50, 0x15, 0x44, 1]));
    }
}
