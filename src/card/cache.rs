//! Public file contents of cards kept between runs: raw bytes by path. Knows no APDU and no card family.
//!
//! A cache file belongs to one card (family and serial number) and is valid for one state of it (the
//! validator that the card itself changes with every write). What is not proven to be of this card in this
//! state, whole and unaltered, is not used. Nothing that a PIN protects is ever given to it: that is for the
//! driver to hold. Where nothing can be written, everything works without.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::codec::hex;
use crate::config::CacheConfig;
use crate::crypto::DigestAlgorithm;
use crate::crypto::digest::digest;

/// The folder where the caches of all cards are. Cloning it is cheap; it is touched at first use only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheStore {
    directory: PathBuf,
}

/// Which card, and in which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardState {
    /// The family's name: `MyEID`.
    pub family: &'static str,
    /// Serial number as the card gives it.
    pub serial: Vec<u8>,
    /// What the card changes with every write: a counter, dates, fingerprints.
    pub validator: Vec<u8>,
}

/// The public contents of one card in one state.
#[derive(Debug)]
pub struct CardCache {
    store: Option<CacheStore>,
    state: CardState,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    dirty: bool,
}

impl CacheStore {
    /// The store that the configuration names, or the user's cache folder. `None` when it is switched off
    /// or there is no such folder.
    pub fn new(config: &CacheConfig) -> Option<Self> {
        if !config.enabled {
            return None;
        }
        let directory = match &config.directory {
            Some(directory) => directory.clone(),
            None => user_cache_folder(std::env::var_os("XDG_CACHE_HOME"), std::env::home_dir())?,
        };
        Some(Self { directory })
    }

    /// The folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the folder is used as it is. Errors: `NotFound` for one that is not there yet, or why it is not.
    pub fn usable(&self) -> io::Result<()> {
        self.check()
    }

    fn file(&self, state: &CardState) -> PathBuf {
        let family: String = state.family.chars().filter(char::is_ascii_alphanumeric).collect();
        self.directory.join(format!("{family}-{}.cache", hex::encode(&state.serial)))
    }

    /// Makes the folder if it is missing, for this user alone.
    fn prepare(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).recursive(true).create(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.check(),
        }
    }

    /// Refuses a folder that others could write to, or (as root in a user's home) put another one in its place.
    fn check(&self) -> io::Result<()> {
        let folder = fs::symlink_metadata(&self.directory)?;
        let parent = fs::metadata(self.directory.parent().ok_or(io::ErrorKind::InvalidInput)?)?;
        let user = effective_user();
        let safe = folder.is_dir()
            && folder.uid() == user
            && folder.mode() & 0o022 == 0
            && [user, ROOT].contains(&parent.uid());
        if safe { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }

    fn read(&self, state: &CardState) -> io::Result<Vec<u8>> {
        self.check()?;
        let file = OpenOptions::new().read(true).custom_flags(no_follow()).open(self.file(state))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.uid() != effective_user() || metadata.len() > MAX_FILE_LEN {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_LEN).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes a new file beside the old one and puts it in its place: a reader sees the one or the other.
    fn write(&self, state: &CardState, bytes: &[u8]) -> io::Result<()> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        self.prepare()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let temporary = self.directory.join(format!(".{}-{number}.new", std::process::id()));
        let result = create_private(&temporary)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&temporary, self.file(state)));
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result
    }
}

impl CardCache {
    /// What is known of the card in this state; empty when nothing is, or nothing that can be trusted.
    pub fn open(store: Option<&CacheStore>, state: CardState) -> Self {
        let usable = (1..=MAX_IDENTITY_LEN).contains(&state.serial.len()) && !state.validator.is_empty();
        let store = store.filter(|_| usable).cloned();
        let entries = store
            .as_ref()
            .and_then(|store| store.read(&state).ok())
            .and_then(|bytes| decode(&bytes, &state))
            .unwrap_or_default();
        Self { store, state, entries, dirty: false }
    }

    /// The state that the contents are of.
    pub fn state(&self) -> &CardState {
        &self.state
    }

    /// Whether what is given to it is kept, as far as is known.
    pub fn is_kept(&self) -> bool {
        self.store.is_some()
    }

    /// The contents of all files that are known.
    pub fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.values().map(Vec::as_slice)
    }

    /// The content of a file, if it is known.
    pub fn get(&self, path: &[u8]) -> Option<&[u8]> {
        self.entries.get(path).map(Vec::as_slice)
    }

    /// Keeps the content of a file that anybody may read. Too much of it is silently not kept.
    pub fn insert(&mut self, path: &[u8], content: &[u8]) {
        let total: usize = self.entries.values().map(Vec::len).sum();
        if self.store.is_none()
            || path.len() > MAX_IDENTITY_LEN
            || self.entries.len() >= MAX_ENTRIES
            || total + content.len() > MAX_CONTENT_LEN
        {
            return;
        }
        self.dirty |= self.get(path) != Some(content);
        self.entries.insert(path.to_vec(), content.to_vec());
    }

    /// Writes what is new to the cache folder. A failure only costs the next run its speed.
    pub fn save(&mut self) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        let Some(store) = &self.store else { return };
        if let Err(error) = store.write(&self.state, &encode(&self.state, &self.entries)) {
            tracing::debug!(directory = %store.directory.display(), %error, "the cache was not written");
            self.store = None;
        }
    }

    /// Forgets everything on disk: the card is about to change, by our own doing.
    pub fn withdraw(&mut self) {
        self.dirty = !self.entries.is_empty();
        if let Some(store) = &self.store {
            let _ = fs::remove_file(store.file(&self.state));
        }
    }

    /// Forgets one entry; false when there was none.
    pub fn remove(&mut self, path: &[u8]) -> bool {
        self.entries.remove(path).is_some()
    }

    /// Forgets the entries with other contents than these, in the file when something new is written to it.
    pub fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        self.entries.retain(|_, content| keep(content));
    }

    /// The card was changed by our own doing: what was not removed is true of its new state as well.
    pub fn move_to(&mut self, state: CardState) {
        self.state = state;
        self.dirty = true;
    }

    /// Forgets everything, on disk too: the card is about to change.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.dirty = false;
        if let Some(store) = &self.store {
            let _ = fs::remove_file(store.file(&self.state));
        }
    }
}

/// `$XDG_CACHE_HOME/p11ctl`, which must be absolute to count, or `.cache/p11ctl` at home (which the password
/// database knows when the environment does not).
fn user_cache_folder(xdg: Option<std::ffi::OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let base = xdg
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| home.filter(|path| path.is_absolute()).map(|home| home.join(".cache")))?;
    Some(base.join("p11ctl"))
}

fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(no_follow()).open(path)
}

fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn no_follow() -> i32 {
    (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32
}

fn encode(state: &CardState, entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let identity = [state.family.as_bytes(), &state.serial, &state.validator];
    let contents = entries.iter().flat_map(|(path, content)| [path.as_slice(), content]);
    for field in identity.into_iter().chain(contents) {
        out.extend_from_slice(&(field.len() as u32).to_be_bytes());
        out.extend_from_slice(field);
    }
    let checksum = digest(DigestAlgorithm::Sha256, &out);
    out.extend_from_slice(&checksum);
    out
}

/// The entries of a cache file, if it is whole and of exactly this state of exactly this card.
fn decode(bytes: &[u8], state: &CardState) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
    let (body, checksum) = bytes.split_last_chunk::<CHECKSUM_LEN>()?;
    if digest(DigestAlgorithm::Sha256, body) != checksum {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?;
    for expected in [state.family.as_bytes(), &state.serial, &state.validator] {
        if field(&mut rest)? != expected {
            return None;
        }
    }
    let mut entries = BTreeMap::new();
    while !rest.is_empty() {
        let path = field(&mut rest)?.to_vec();
        entries.insert(path, field(&mut rest)?.to_vec());
    }
    Some(entries)
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (value, tail) = tail.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = tail;
    Some(value)
}

const MAGIC: &[u8] = b"p11ctl card cache 1\n";
const CHECKSUM_LEN: usize = 32;
const ROOT: u32 = 0;
/// Longest serial number, answer to reset (ISO 7816-3, 8.2.1), or path of a file, in bytes.
const MAX_IDENTITY_LEN: usize = 33;
const MAX_ENTRIES: usize = 1024;
/// Contents of one card together: more than any card holds.
const MAX_CONTENT_LEN: usize = 1 << 20;
const MAX_FILE_LEN: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    const PATH: &[u8] = &[0x50, 0x15, 0x50, 0x31];

    fn state(validator: &[u8]) -> CardState {
        CardState { family: "MyEID", serial: vec![1, 2, 3], validator: validator.to_vec() }
    }

    fn filled() -> (tempfile::TempDir, CacheStore, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let store = CacheStore { directory: folder.path().join("cache/p11ctl") };
        let mut cache = CardCache::open(Some(&store), state(&[0, 7]));
        cache.insert(PATH, b"content");
        cache.save();
        let file = store.file(&state(&[0, 7]));
        (folder, store, file)
    }

    fn known(store: &CacheStore, state: CardState) -> bool {
        CardCache::open(Some(store), state).get(PATH) == Some(b"content")
    }

    #[test]
    fn cache_of_the_same_state_is_read_back() {
        let (_folder, store, file) = filled();
        assert!(known(&store, state(&[0, 7])));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(store.directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(&store.directory).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn cache_of_a_changed_card_is_not_used() {
        let (_folder, store, _file) = filled();
        assert!(!known(&store, state(&[0, 8])));
    }

    #[test]
    fn cache_of_another_card_is_not_used() {
        let (_folder, store, file) = filled();
        let other = CardState { serial: vec![9], ..state(&[0, 7]) };
        fs::copy(&file, store.file(&other)).unwrap();
        assert!(!known(&store, other));
        let family = CardState { family: "PKCS15", ..state(&[0, 7]) };
        fs::copy(&file, store.file(&family)).unwrap();
        assert!(!known(&store, family));
    }

    #[test]
    fn cache_with_any_byte_altered_is_not_used() {
        let (_folder, store, file) = filled();
        let good = fs::read(&file).unwrap();
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 1;
            fs::write(&file, &bad).unwrap();
            assert!(!known(&store, state(&[0, 7])), "byte {position}");
        }
    }

    #[test]
    fn cache_cut_anywhere_is_not_used() {
        let (_folder, store, file) = filled();
        let good = fs::read(&file).unwrap();
        for end in 0..good.len() {
            fs::write(&file, &good[..end]).unwrap();
            assert!(!known(&store, state(&[0, 7])), "cut at {end}");
        }
    }

    #[test]
    fn cache_file_that_is_huge_is_not_read() {
        let (_folder, store, file) = filled();
        OpenOptions::new().write(true).open(&file).unwrap().set_len(MAX_FILE_LEN + 1).unwrap();
        assert!(store.read(&state(&[0, 7])).is_err());
    }

    #[test]
    fn cache_file_that_is_a_link_is_not_followed() {
        let (folder, store, file) = filled();
        let target = folder.path().join("target");
        fs::rename(&file, &target).unwrap();
        symlink(&target, &file).unwrap();
        assert!(!known(&store, state(&[0, 7])));
        let mut cache = CardCache::open(Some(&store), state(&[0, 7]));
        cache.insert(PATH, b"other");
        cache.save();
        assert!(!fs::read(&target).unwrap().windows(5).any(|bytes| bytes == b"other"));
        assert!(file.symlink_metadata().unwrap().is_file());
    }

    #[test]
    fn cache_folder_open_to_others_is_not_used() {
        let (_folder, store, _file) = filled();
        fs::set_permissions(&store.directory, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!known(&store, state(&[0, 7])));
        assert!(store.write(&state(&[0, 7]), b"").is_err());
    }

    #[test]
    fn cache_folder_that_cannot_be_made_is_done_without() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), b"").unwrap();
        let store = CacheStore { directory: folder.path().join("file/cache") };
        let mut cache = CardCache::open(Some(&store), state(&[0, 7]));
        cache.insert(PATH, b"content");
        cache.save();
        assert_eq!(cache.get(PATH), Some(b"content".as_slice()));
    }

    #[test]
    fn cache_of_a_card_without_serial_number_or_validator_is_not_kept() {
        let (_folder, store, _file) = filled();
        for state in [CardState { serial: Vec::new(), ..state(&[0, 7]) }, state(&[])] {
            let mut cache = CardCache::open(Some(&store), state.clone());
            cache.insert(PATH, b"content");
            cache.save();
            assert!(!known(&store, state));
        }
    }

    #[test]
    fn cache_clear_removes_the_file() {
        let (_folder, store, file) = filled();
        CardCache::open(Some(&store), state(&[0, 7])).clear();
        assert!(!file.exists());
    }

    #[test]
    fn cache_folder_of_the_user_must_be_absolute() {
        let home = || Some(PathBuf::from("/home/u"));
        assert_eq!(user_cache_folder(None, home()), Some("/home/u/.cache/p11ctl".into()));
        assert_eq!(user_cache_folder(Some("rel".into()), home()), Some("/home/u/.cache/p11ctl".into()));
        assert_eq!(user_cache_folder(Some("/x".into()), home()), Some("/x/p11ctl".into()));
        assert_eq!(user_cache_folder(None, None), None);
    }
}
