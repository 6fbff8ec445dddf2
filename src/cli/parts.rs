//! Files in parts: whatever their size, only one part is in memory.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::atomic_file::{describe, open};
use super::error::CliError;
use crate::crypto::{DigestAlgorithm, Digester};

/// A file (`-` is standard input) that is read part by part.
pub struct Parts {
    path: PathBuf,
    data: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// So much of the buffer is read and not given yet.
    begun: usize,
}

impl Parts {
    /// Opens the file. Errors name it.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        Ok(Self { path: path.to_owned(), data: open(path)?, buffer: vec![0; BUFFER_LEN], begun: 0 })
    }

    /// Reads the beginning now; a short file is then read whole and closed. Errors name the file.
    pub fn begun(mut self) -> Result<Self, CliError> {
        while let Some(room @ [_, ..]) = self.buffer.get_mut(self.begun..) {
            match read(&mut self.data, &self.path, room)? {
                0 => {
                    self.data = Box::new(std::io::empty());
                    break;
                }
                length => self.begun += length,
            }
        }
        Ok(self)
    }

    /// The next part, never empty; `None` at the end. Errors name the file.
    pub fn next_part(&mut self) -> Result<Option<&[u8]>, CliError> {
        let length = match std::mem::take(&mut self.begun) {
            0 => read(&mut self.data, &self.path, &mut self.buffer)?,
            begun => begun,
        };
        Ok(self.buffer.get(..length).filter(|part| !part.is_empty()))
    }

    /// Everything. Errors name the file.
    pub fn whole(self) -> Result<Vec<u8>, CliError> {
        self.at_most(usize::MAX)
    }

    /// Everything, if it is no more than `limit` bytes of content to attach. Errors name the file.
    pub fn at_most(mut self, limit: usize) -> Result<Vec<u8>, CliError> {
        let mut contents = Vec::new();
        while let Some(part) = self.next_part()? {
            contents.extend_from_slice(part);
            if contents.len() > limit {
                let mebibytes = limit / (1024 * 1024);
                return Err(CliError::usage(format!(
                    "{} has more than {mebibytes} MiB",
                    describe(&self.path)
                ))
                .cause("it would have to go into memory as a whole")
                .hint("keep signature and content apart: leave --attach out"));
            }
        }
        Ok(contents)
    }
}

fn read(data: &mut dyn Read, path: &Path, room: &mut [u8]) -> Result<usize, CliError> {
    loop {
        match data.read(room) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => {
                return result.map_err(|source| {
                    CliError::usage(format!("cannot read {}", describe(path))).cause(source)
                });
            }
        }
    }
}

/// The digest of a file. `progress` hears the length of every part. Errors name the file.
pub fn digest_file(
    path: &Path,
    algorithm: DigestAlgorithm,
    progress: &dyn Fn(u64),
) -> Result<Vec<u8>, CliError> {
    digest_parts(Parts::open(path)?, algorithm, progress)
}

/// As [`digest_file`], of a file that is open.
pub fn digest_parts(
    mut parts: Parts,
    algorithm: DigestAlgorithm,
    progress: &dyn Fn(u64),
) -> Result<Vec<u8>, CliError> {
    let mut digester = Digester::new(algorithm);
    while let Some(part) = parts.next_part()? {
        progress(part.len() as u64);
        digester.update(part);
    }
    Ok(digester.finish())
}

const BUFFER_LEN: usize = 64 * 1024;
