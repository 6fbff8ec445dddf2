//! Files opened and read at their beginning beside the work that uses them: a disk that takes its time keeps no card
//! waiting.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::error::CliError;
use super::parts::Parts;

/// Files that are used one after the other. Dropped, they are read no further.
pub struct Ahead(Receiver<(PathBuf, Result<Parts, CliError>)>);

impl Ahead {
    /// Starts with the first of them.
    pub fn start(files: Vec<PathBuf>) -> Self {
        let (opened, received) = sync_channel(WAITING);
        // Where the system has no thread left, files are opened when they are used.
        let _ = thread::Builder::new().name("reader".to_owned()).spawn(move || open_all(files, &opened));
        Self(received)
    }

    /// The file, whose turn it is. Those before it that nobody asked for are passed over. Errors name the file.
    pub fn open(&self, file: &Path) -> Result<Parts, CliError> {
        let mut opened = self.0.iter();
        opened.find(|(path, _)| path == file).map_or_else(|| Parts::open(file), |(_, parts)| parts)
    }
}

fn open_all(files: Vec<PathBuf>, opened: &SyncSender<(PathBuf, Result<Parts, CliError>)>) {
    for file in files {
        let parts = Parts::open(&file).and_then(Parts::begun);
        if opened.send((file, parts)).is_err() {
            return;
        }
    }
}

/// Files that wait with their beginning in memory.
const WAITING: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(mut parts: Parts) -> Vec<u8> {
        let mut contents = Vec::new();
        while let Some(part) = parts.next_part().unwrap() {
            contents.extend_from_slice(part);
        }
        contents
    }

    #[test]
    fn open_gives_each_file_whole_or_its_own_error() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..100).map(|number| folder.path().join(number.to_string())).collect();
        // Nothing, less than a part, a part and more.
        let contents = |number: usize| vec![number as u8; number % 5 * 40_000];
        for (number, file) in files.iter().enumerate().filter(|(number, _)| *number != 41) {
            std::fs::write(file, contents(number)).unwrap();
        }
        let ahead = Ahead::start(files.clone());
        for (number, file) in files.iter().enumerate().filter(|(number, _)| number % 10 != 7) {
            match ahead.open(file) {
                Ok(parts) => assert_eq!(whole(parts), contents(number), "{number}"),
                Err(error) => {
                    assert_eq!(number, 41);
                    assert_eq!(error.message, format!("cannot read {}", file.display()));
                }
            }
        }
        // Not one of them, or over.
        assert_eq!(whole(ahead.open(&files[3]).unwrap()), contents(3));
    }
}
