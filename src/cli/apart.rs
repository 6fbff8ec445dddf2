//! Files that a run reads and files that it writes: none may be both, and none written twice, however they are spelled.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The files of one run.
pub struct Apart {
    inputs: HashSet<PathBuf>,
    outputs: HashSet<PathBuf>,
    folders: Folders,
}

/// What is wrong with an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// It is one of the files that are read.
    Input,
    /// It is written already.
    Output,
}

impl Apart {
    /// A run that reads these files.
    pub fn new<'a>(inputs: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut folders = Folders::default();
        let inputs = inputs.into_iter().map(|path| folders.place(path)).collect();
        Self { inputs, outputs: HashSet::new(), folders }
    }

    /// The run writes this file too. Errors: that would hurt.
    pub fn write(&mut self, output: &Path) -> Result<(), Clash> {
        let place = self.folders.place(output);
        if self.inputs.contains(&place) {
            return Err(Clash::Input);
        }
        if self.outputs.insert(place) { Ok(()) } else { Err(Clash::Output) }
    }
}

/// Folders by their spelling, each resolved once: a run of many files has few of them.
#[derive(Default)]
struct Folders(HashMap<PathBuf, Option<PathBuf>>);

impl Folders {
    /// Where a file is, or will be: links are followed as far as there is something.
    fn place(&mut self, path: &Path) -> PathBuf {
        let is_plain = !fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink());
        match (self.resolve(path), path.file_name()) {
            (Some(folder), Some(name)) if is_plain => folder.join(name),
            (Some(folder), Some(name)) => fs::canonicalize(path).unwrap_or_else(|_| folder.join(name)),
            // A folder that is yet to be made has one spelling: that of the option.
            _ => fs::canonicalize(path).unwrap_or_else(|_| path.components().collect()),
        }
    }

    /// The folder of a path, if it is there.
    fn resolve(&mut self, path: &Path) -> Option<&PathBuf> {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        if !self.0.contains_key(folder) {
            self.0.insert(folder.to_owned(), fs::canonicalize(folder).ok());
        }
        self.0.get(folder)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_spellings_of_one_file_are_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("d")).unwrap();
        for name in ["a", "d/b"] {
            fs::write(path(name), "").unwrap();
        }
        std::os::unix::fs::symlink(path("a"), path("link")).unwrap();
        std::os::unix::fs::symlink(path("d"), path("e")).unwrap();
        let inputs = [path("a"), path("d/b")];
        let mut apart = Apart::new(inputs.iter().map(PathBuf::as_path));
        for name in ["a", "./a", "d/../a", "link", "e/b"] {
            assert_eq!(apart.write(&path(name)), Err(Clash::Input), "{name}");
        }
        assert_eq!(apart.write(&path("d/new")), Ok(()));
        assert_eq!(apart.write(&path("e/./new")), Err(Clash::Output));
        assert_eq!(apart.write(&path("missing/new")), Ok(()));
        assert_eq!(apart.write(&path("missing/./new")), Err(Clash::Output));
    }
}
