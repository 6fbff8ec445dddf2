//! The image on disk: locked against other processes, replaced as a whole.
//!
//! The lock lies on the image itself. A new image is written beside the old one, locked before anybody can know
//! it, and renamed over it: at any moment the name leads to a whole image, old or new, and to a locked one
//! while its user is at work. Whoever waited for the old one notices that the name leads elsewhere now.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{HEADER_LEN, ImageError, decode, encode};
use crate::softcard::state::CardState;
use crate::transport::TransportError;

/// A card image on disk.
#[derive(Debug)]
pub(in crate::softcard) struct Store {
    path: PathBuf,
    file: File,
    /// The image whose content is in the card's memory.
    loaded: Stamp,
    is_locked: bool,
}

/// What taking the lock showed.
#[derive(Debug)]
pub(in crate::softcard) enum Locked {
    /// The image is as it was loaded or saved last.
    Unchanged,
    /// Another process wrote it: this is its content now.
    Changed(Box<CardState>),
}

impl Store {
    /// Opens and reads an image, without a lock: a whole one is there at any moment.
    pub fn open(path: &Path) -> Result<(Self, CardState), TransportError> {
        let path = fs::canonicalize(path).map_err(|error| image_error(path, error))?;
        let file = open_image(&path)?;
        let (state, loaded) = load(&path, &file)?;
        Ok((Self { path, file, loaded, is_locked: false }, state))
    }

    /// Writes a new image. Errors: something is there already.
    pub fn create(path: &Path, state: &CardState) -> Result<Self, TransportError> {
        let failed = |error| image_error(path, error);
        let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let path = fs::canonicalize(folder).map_err(failed)?.join(name);
        let temporary = temporary_path(&path, &format!(".{}.tmp", std::process::id()));
        let published = write_file(&temporary, &encode(state), None)
            .and_then(|file| publish(&temporary, &path).map(|()| file));
        // Linked under its name, or of no use.
        let _ = fs::remove_file(&temporary);
        let file = published.map_err(failed)?;
        sync_folder(&path).map_err(failed)?;
        file.unlock().map_err(failed)?;
        let loaded = Stamp::of(&file.metadata().map_err(failed)?);
        Ok(Self { path, file, loaded, is_locked: false })
    }

    /// Where the image is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True between [`Self::try_lock`] and [`Self::unlock`].
    pub fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Takes the lock if nobody has it; `None` while another process has.
    pub fn try_lock(&mut self) -> Result<Option<Locked>, TransportError> {
        if self.is_locked {
            return Ok(Some(Locked::Unchanged));
        }
        for _ in 0..REPLACED_MEANWHILE {
            match self.file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(self.error(error)),
            }
            let locked = Stamp::of(&self.file.metadata().map_err(|error| self.error(error))?);
            let named = Stamp::of(&fs::metadata(&self.path).map_err(|error| self.error(error))?);
            if locked.is_same_file(&named) {
                self.is_locked = true;
                if named == self.loaded {
                    return Ok(Some(Locked::Unchanged));
                }
                return self.reload().map(|state| Some(Locked::Changed(Box::new(state))));
            }
            self.file = open_image(&self.path)?;
        }
        Ok(None)
    }

    /// Gives the lock back.
    pub fn unlock(&mut self) {
        self.is_locked = false;
        // Closing the file would do it too; there is nothing to be done about an error.
        let _ = self.file.unlock();
    }

    /// Gives the lock back and forgets what was loaded: the next [`Self::try_lock`] reads the image again.
    pub fn forget(&mut self) {
        self.unlock();
        self.loaded.len = u64::MAX;
    }

    /// Reads the locked image. An unusable one is not kept locked.
    fn reload(&mut self) -> Result<CardState, TransportError> {
        match load(&self.path, &self.file) {
            Ok((state, stamp)) => {
                self.loaded = stamp;
                Ok(state)
            }
            Err(error) => {
                self.unlock();
                Err(error)
            }
        }
    }

    /// Replaces the image. Call with the lock; when this returns, `state` survives a power cut.
    pub fn save(&mut self, state: &CardState) -> Result<(), TransportError> {
        let replaced = self.replace(&encode(state)).map_err(|error| self.error(error))?;
        let stamp = replaced.metadata().map_err(|error| self.error(error))?;
        self.loaded = Stamp::of(&stamp);
        self.file = replaced;
        Ok(())
    }

    /// Writes `image` beside the old one and renames it. Returns the new file, locked.
    fn replace(&self, image: &[u8]) -> io::Result<File> {
        // One name, so that a crash leaves one file at most: nobody else writes while we have the lock.
        let temporary = temporary_path(&self.path, ".tmp");
        let written = write_file(&temporary, image, Some(&self.file.metadata()?))
            .and_then(|file| fs::rename(&temporary, &self.path).map(|()| file));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        step("renamed");
        sync_folder(&self.path)?;
        step("folder synced");
        written
    }

    fn error(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
        image_error(&self.path, error)
    }
}

/// What tells one content of the image from another: every write makes a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    identity: (u64, u64),
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self { identity: identity(metadata), len: metadata.len(), modified: metadata.modified().ok() }
    }

    fn is_same_file(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> (u64, u64) {
    (0, 0)
}

/// Writes a new file to disk, down to the metal, and locks it. What is left of a dead writer under its name goes.
fn write_file(path: &Path, image: &[u8], old: Option<&fs::Metadata>) -> io::Result<File> {
    let mut file = match new_private_file(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            new_private_file(path)?
        }
        created => created?,
    };
    step("created");
    file.try_lock()?;
    if let Some(old) = old {
        keep_owner_and_mode(old, &file)?;
    }
    let (head, rest) = image.split_at(image.len().min(HEADER_LEN));
    file.write_all(head)?;
    step("header written");
    file.write_all(rest)?;
    step("written");
    file.sync_all()?;
    step("synced");
    Ok(file)
}

/// Gives a written file its name, unless something has that name already.
fn publish(temporary: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !fs::exists(path)? => {
            // A file system without links: renaming would replace, hence the look before.
            fs::rename(temporary, path)
        }
        linked => linked,
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// `.NAME` with an ending, in the same folder.
fn temporary_path(path: &Path, ending: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(ending);
    path.with_file_name(name)
}

/// A new file that only its owner may read.
fn new_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The new image belongs to whom the old one belonged, as far as this user may give it away.
#[cfg(unix)]
fn keep_owner_and_mode(old: &fs::Metadata, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = new.metadata()?;
    if (own.uid(), own.gid()) != (old.uid(), old.gid())
        && fchown(new, Some(old.uid()), Some(old.gid())).is_err()
    {
        // Then it stays private to who wrote it: a mode meant for another owner could open it to strangers.
        return Ok(());
    }
    new.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn keep_owner_and_mode(_: &fs::Metadata, _: &File) -> io::Result<()> {
    Ok(())
}

/// Opens an image, for writing too where that is allowed: some file systems lock nothing else.
fn open_image(path: &Path) -> Result<File, TransportError> {
    let writable = OpenOptions::new().read(true).write(true).open(path);
    writable.or_else(|_| File::open(path)).map_err(|error| image_error(path, error))
}

/// Reads a whole image and the stamp of what was read.
fn load(path: &Path, file: &File) -> Result<(CardState, Stamp), TransportError> {
    let failed = |error: io::Error| image_error(path, error);
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let mut image = Vec::new();
    let mut reader: &File = file;
    reader.rewind().map_err(failed)?;
    reader.take(MAX_IMAGE_LEN + 1).read_to_end(&mut image).map_err(failed)?;
    if image.len() as u64 > MAX_IMAGE_LEN {
        return Err(image_error(path, ImageError::NotAnImage));
    }
    let state = decode(&image).map_err(|error| image_error(path, error))?;
    Ok((state, Stamp::of(&metadata)))
}

fn image_error(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::Image { path: path.to_owned(), source: source.into() }
}

/// Where a test kills the process.
#[cfg(not(test))]
fn step(_name: &str) {}

#[cfg(test)]
use tests::step;

/// How often the name may lead to yet another file before the card counts as held by somebody.
const REPLACED_MEANWHILE: usize = 8;
/// More than the largest card: 8 MiB of files, their seals, and patches.
const MAX_IMAGE_LEN: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests;
