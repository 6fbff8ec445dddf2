//! Files that a run reads and files that it writes: none may be both, and none written twice, however they are spelled.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of one run.
pub struct Apart {
    inputs: HashSet<PathBuf>,
    outputs: HashSet<PathBuf>,
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
        Self { inputs: inputs.into_iter().map(place).collect(), outputs: HashSet::new() }
    }

    /// The run writes this file too. Errors: that would hurt.
    pub fn write(&mut self, output: &Path) -> Result<(), Clash> {
        let place = place(output);
        if self.inputs.contains(&place) {
            return Err(Clash::Input);
        }
        if self.outputs.insert(place) { Ok(()) } else { Err(Clash::Output) }
    }
}

/// Where a file is, or will be: links are followed as far as there is something.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = fs::canonicalize(path) {
        return place;
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        // A folder that is yet to be made has one spelling: that of the option.
        _ => path.components().collect(),
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
