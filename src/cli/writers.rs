//! Files written beside the work that makes them: a disk that takes its time keeps no card waiting, and several files
//! wait for the disk at once.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::atomic_file::{self, Begun};
use super::error::CliError;

/// Threads that write whole files. Dropped, they end with what they were given.
pub struct Writers {
    /// `None` once they are told to end.
    tasks: Option<SyncSender<Task>>,
    threads: Vec<JoinHandle<Vec<Failure>>>,
}

/// A file that was not written, by the number that its caller knows it by.
pub type Failure = (usize, CliError);

struct Task {
    number: usize,
    path: PathBuf,
    contents: Vec<u8>,
}

impl Writers {
    /// Starts them. Where the system has no threads left, files are written by whoever brings them.
    pub fn start() -> Self {
        let (tasks, received) = sync_channel(WAITING);
        let received = Arc::new(Mutex::new(received));
        let start = |_| {
            let received = Arc::clone(&received);
            thread::Builder::new().name("writer".to_owned()).spawn(move || write_all(&received)).ok()
        };
        let threads: Vec<_> = (0..THREADS).map_while(start).collect();
        Self { tasks: Some(tasks).filter(|_| !threads.is_empty()), threads }
    }

    /// Writes a file now or soon. Errors: those of a file that is written now.
    pub fn write(&self, number: usize, path: &Path, contents: Vec<u8>) -> Result<(), CliError> {
        let tasks = self.tasks.as_ref().filter(|_| contents.len() <= LONGEST);
        let Some(tasks) = tasks else { return atomic_file::write(path, &contents) };
        let task = Task { number, path: path.to_owned(), contents };
        tasks.send(task).or_else(|refused| atomic_file::write(&refused.0.path, &refused.0.contents))
    }

    /// Waits for the last file. Answers those that could not be written.
    pub fn finish(mut self) -> Vec<Failure> {
        self.tasks = None;
        self.threads.drain(..).filter_map(|thread| thread.join().ok()).flatten().collect()
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            // Whoever drops them has an error to tell already.
            let _ = thread.join();
        }
    }
}

fn write_all(received: &Mutex<Receiver<Task>>) -> Vec<Failure> {
    let mut failures = Vec::new();
    loop {
        let tasks = next(&received.lock().unwrap_or_else(PoisonError::into_inner));
        if tasks.is_empty() {
            return failures;
        }
        // All are made before the first is waited for: the disk takes them together.
        let begin = |task: Task| (task.number, atomic_file::begin(&task.path, &task.contents));
        let begun: Vec<_> = tasks.into_iter().map(begin).collect();
        for (number, file) in begun {
            if let Err(error) = file.and_then(Begun::keep) {
                failures.push((number, error));
            }
        }
    }
}

/// What waits, once something does; nothing at the end.
fn next(received: &Receiver<Task>) -> Vec<Task> {
    let first = received.recv().ok();
    first.into_iter().chain(received.try_iter()).take(TOGETHER).collect()
}

/// Enough that a file system writes the changes of several files at once.
const THREADS: usize = 8;
/// Files that one thread makes before it waits for them.
const TOGETHER: usize = 16;
/// Files that wait for a thread.
const WAITING: usize = 64;
/// What is longer, in bytes, is written at once: it would fill the memory while it waits.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writers_hundred_files_are_there_at_the_end_and_failures_have_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let writers = Writers::start();
        for number in 0..100 {
            let path = match number {
                7 | 70 => folder.path().join("missing").join(number.to_string()),
                _ => folder.path().join(number.to_string()),
            };
            writers.write(number, &path, number.to_string().into_bytes()).unwrap();
        }
        let mut failures = writers.finish();
        failures.sort_by_key(|(number, _)| *number);
        let numbers: Vec<usize> = failures.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [7, 70]);
        assert!(failures[0].1.message.starts_with("cannot write "), "{:?}", failures[0]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 98);
        assert_eq!(std::fs::read(folder.path().join("99")).unwrap(), b"99");
    }

    #[test]
    fn writers_long_file_is_written_before_write_returns() {
        let folder = tempfile::tempdir().unwrap();
        let writers = Writers::start();
        let path = folder.path().join("long");
        writers.write(0, &path, vec![1; LONGEST + 1]).unwrap();
        assert_eq!(path.metadata().unwrap().len(), LONGEST as u64 + 1);
        assert!(writers.write(0, folder.path(), vec![1; LONGEST + 1]).is_err());
    }

    #[test]
    fn writers_that_are_dropped_have_written_what_they_were_given() {
        let folder = tempfile::tempdir().unwrap();
        let writers = Writers::start();
        for number in 0..10 {
            writers.write(number, &folder.path().join(number.to_string()), vec![1]).unwrap();
        }
        drop(writers);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 10);
    }
}
