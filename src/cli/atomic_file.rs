//! `-o FILE`: the whole new file or the old one, never half of either; `-` is standard output.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::error::CliError;

/// Writes a file whole: into a new file beside it, which then takes its name. Errors name the file.
/// Something that is no regular file (`/dev/null`, a pipe) is written in place.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), CliError> {
    begin(path, contents)?.keep()
}

/// As [`write()`], for a secret: only its owner may read the file, whoever could read what was there before.
pub fn write_private(path: &Path, secret: &[u8]) -> Result<(), CliError> {
    begin_with(path, secret, Some(PRIVATE_MODE))?.keep()
}

/// The first half of [`write()`]: everything but waiting for the disk. Errors name the file.
pub fn begin(path: &Path, contents: &[u8]) -> Result<Begun, CliError> {
    begin_with(path, contents, None)
}

fn begin_with(path: &Path, contents: &[u8], mode: Option<u32>) -> Result<Begun, CliError> {
    let cannot = |source| CliError::usage(format!("cannot write {}", path.display())).cause(source);
    let place = Place::of(path);
    if place.is_special() {
        let opened = OpenOptions::new().write(true).open(path);
        opened.and_then(|mut file| file.write_all(contents)).map_err(cannot)?;
        return Ok(Begun(None));
    }
    let mut file = NewFile::create_at(place, path, mode)?;
    file.write_all(contents).map_err(cannot)?;
    Ok(Begun(Some(file)))
}

/// A file that is written and has not got its name yet. Dropped it is gone.
#[derive(Debug)]
pub struct Begun(Option<NewFile>);

impl Begun {
    /// Waits for the disk and gives the file its name. Errors name the file.
    pub fn keep(self) -> Result<(), CliError> {
        self.0.map_or(Ok(()), NewFile::keep)
    }
}

/// Refuses an output that could not be written, before the work for it is done. Errors name the file.
pub fn check_writable(path: &Path) -> Result<(), CliError> {
    let cannot = |source| CliError::usage(format!("cannot write {}", path.display())).cause(source);
    if is_standard_stream(path) {
        return Ok(());
    }
    let place = Place::of(path);
    if place.is_directory() {
        return Err(CliError::usage(format!("{} is a directory", path.display())));
    }
    if place.is_special() {
        return Ok(());
    }
    let (temporary, _) = create_beside(&place.target, None).map_err(cannot)?;
    fs::remove_file(temporary).map_err(cannot)
}

/// A new file for a secret, which only its owner may read. Dropped without a secret it is gone.
#[derive(Debug)]
pub struct PrivateFile {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl PrivateFile {
    /// Makes the file. Errors: it exists already, or cannot be made.
    pub fn create(path: &Path) -> Result<Self, CliError> {
        let opened = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_MODE).open(path);
        let file = opened
            .map_err(|source| CliError::usage(format!("cannot write {}", path.display())).cause(source))?;
        Ok(Self { path: path.to_owned(), file, kept: false })
    }

    /// Writes the secret and a line end. Errors name the file.
    pub fn keep(&mut self, secret: &[u8]) -> Result<(), CliError> {
        let file = &mut self.file;
        file.write_all(secret).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all()).map_err(
            |source| CliError::usage(format!("cannot write {}", self.path.display())).cause(source),
        )?;
        self.kept = true;
        Ok(())
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing is lost but an empty file that stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A file that comes part by part and has its name only when it is whole. Dropped before, it is gone, and what had
/// the name has it still.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    target: PathBuf,
    temporary: Unfinished,
    file: File,
    /// Permissions of the file whose name it gets, where it takes them.
    permissions: Option<Permissions>,
}

impl NewFile {
    /// Makes the file beside the place that it will have. Errors name the file.
    pub fn create(path: &Path) -> Result<Self, CliError> {
        Self::create_at(Place::of(path), path, None)
    }

    fn create_at(place: Place, path: &Path, mode: Option<u32>) -> Result<Self, CliError> {
        if place.is_directory() {
            return Err(
                CliError::usage(format!("cannot write {}", path.display())).cause("it is a directory")
            );
        }
        let permissions = place.old.map(|old| old.permissions()).filter(|_| mode.is_none());
        // What may not be read by others is not, while it is made either.
        let mode = mode.or_else(|| Some(permissions.as_ref()?.mode() & 0o777));
        let (temporary, file) = create_beside(&place.target, mode)
            .map_err(|source| CliError::usage(format!("cannot write {}", path.display())).cause(source))?;
        let temporary = Unfinished::note(temporary);
        Ok(Self { path: path.to_owned(), target: place.target, temporary, file, permissions })
    }

    /// Gives it its name. Errors name the file.
    pub fn keep(self) -> Result<(), CliError> {
        let permitted = match self.permissions {
            Some(permissions) => self.file.set_permissions(permissions),
            None => Ok(()),
        };
        permitted
            .and_then(|()| self.file.sync_all())
            .and_then(|()| self.temporary.rename(&self.target))
            .map_err(|source| CliError::usage(format!("cannot write {}", self.path.display())).cause(source))
    }
}

/// Where a new file will be, and what is there now.
struct Place {
    /// The path, or what it leads to: a link keeps being a link, its target is replaced.
    target: PathBuf,
    old: Option<Metadata>,
}

impl Place {
    fn of(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() => {
                let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                Self { old: target.metadata().ok(), target }
            }
            found => Self { old: found.ok(), target: path.to_owned() },
        }
    }

    fn is_directory(&self) -> bool {
        self.old.as_ref().is_some_and(Metadata::is_dir)
    }

    /// Neither a regular file nor a directory.
    fn is_special(&self) -> bool {
        self.old.as_ref().is_some_and(|old| !old.is_file() && !old.is_dir())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that has not got its name yet: gone when dropped, and when the process is interrupted.
#[derive(Debug)]
struct Unfinished {
    path: PathBuf,
    has_name: bool,
}

impl Unfinished {
    fn note(path: PathBuf) -> Self {
        UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Self { path, has_name: false }
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.has_name = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.path);
        if !self.has_name {
            // Nobody misses it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes what has not got its name yet: the process is about to end.
pub fn remove_unfinished() {
    for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(path);
    }
}

/// True for what exists and is no regular file: it is written in place.
pub fn is_special(path: &Path) -> bool {
    Place::of(path).is_special()
}

/// Reads a whole input; `-` is standard input. Errors name the file.
pub fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let mut contents = Vec::new();
    open(path)?
        .read_to_end(&mut contents)
        .map_err(|source| CliError::usage(format!("cannot read {}", describe(path))).cause(source))?;
    Ok(contents)
}

/// Opens an input for reading; `-` is standard input. Errors name the file.
pub fn open(path: &Path) -> Result<Box<dyn Read + Send>, CliError> {
    if is_standard_stream(path) {
        return Ok(Box::new(io::stdin()));
    }
    let cannot = |source: io::Error| CliError::usage(format!("cannot read {}", path.display())).cause(source);
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(CliError::usage(format!("{} is a directory", path.display())));
    }
    Ok(Box::new(file))
}

/// Refuses an input that cannot be read, without opening it: opening a pipe waits for its writer, who is lost when it is
/// closed. Errors name the file.
pub fn check_readable(path: &Path) -> Result<(), CliError> {
    if is_standard_stream(path) {
        return Ok(());
    }
    let cannot = |source: io::Error| CliError::usage(format!("cannot read {}", path.display())).cause(source);
    let metadata = path.metadata().map_err(cannot)?;
    if metadata.is_dir() {
        return Err(CliError::usage(format!("{} is a directory", path.display())));
    }
    accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS).map_err(|error| cannot(error.into()))
}

/// True for `-`.
pub fn is_standard_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The name of an input in a sentence.
pub fn describe(path: &Path) -> String {
    if is_standard_stream(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn create_beside(target: &Path, mode: Option<u32>) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    for attempt in 0..ATTEMPTS {
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let path = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).mode(mode.unwrap_or(USUAL_MODE)).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Files without their name, for an interruption.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// For the owner alone.
const PRIVATE_MODE: u32 = 0o600;
/// What the umask leaves of it.
const USUAL_MODE: u32 = 0o666;
/// Names tried for the temporary file.
const ATTEMPTS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_existing_file_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn new_file_is_never_readable_by_more_than_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = NewFile::create(&path).unwrap();
        assert_eq!(file.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        file.keep().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn write_link_replaces_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn write_missing_folder_names_the_file() {
        let error = write(Path::new("/nonexistent/folder/out"), b"").unwrap_err();
        assert_eq!(error.message, "cannot write /nonexistent/folder/out");
        assert_eq!(error.kind.exit_code(), 2);
    }

    #[test]
    fn check_writable_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        check_writable(&folder.path().join("out")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(check_writable(folder.path()).is_err());
        assert!(check_writable(Path::new("/nonexistent/folder/out")).is_err());
        check_writable(Path::new("-")).unwrap();
    }

    #[test]
    fn private_file_is_for_its_owner_and_goes_without_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("puk");
        drop(PrivateFile::create(&path).unwrap());
        assert!(!path.exists());
        let mut file = PrivateFile::create(&path).unwrap();
        file.keep(b"12345678").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"12345678\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(PrivateFile::create(&path).is_err());
    }

    #[test]
    fn write_private_takes_the_file_from_everybody_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["new", "old"] {
            let path = folder.path().join(name);
            if name == "old" {
                fs::write(&path, "for all to read").unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            }
            write_private(&path, b"secret").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"secret");
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn new_file_that_is_not_kept_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "old").unwrap();
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"half of").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(NewFile::create(folder.path()).is_err());
    }

    #[test]
    fn write_device_is_written_in_place() {
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }
}
