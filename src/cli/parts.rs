//! Files in parts: whatever their size, only one part is in memory.

use std::io::Read;
use std::path::Path;

use super::atomic_file::{describe, open};
use super::error::CliError;
use crate::crypto::{DigestAlgorithm, Digester};

/// A file (`-` is standard input) that is read part by part.
pub struct Parts<'a> {
    path: &'a Path,
    data: Box<dyn Read>,
    buffer: Vec<u8>,
}

impl<'a> Parts<'a> {
    /// Opens the file. Errors name it.
    pub fn open(path: &'a Path) -> Result<Self, CliError> {
        Ok(Self { path, data: open(path)?, buffer: vec![0; BUFFER_LEN] })
    }

    /// The next part, never empty; `None` at the end. Errors name the file.
    pub fn next_part(&mut self) -> Result<Option<&[u8]>, CliError> {
        let length = loop {
            match self.data.read(&mut self.buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let length = length.map_err(|source| {
            CliError::usage(format!("cannot read {}", describe(self.path))).cause(source)
        })?;
        Ok(self.buffer.get(..length).filter(|part| !part.is_empty()))
    }
}

/// A whole file of at most `limit` bytes. Errors name the file.
pub fn read_at_most(path: &Path, limit: usize) -> Result<Vec<u8>, CliError> {
    let mut contents = Vec::new();
    let mut parts = Parts::open(path)?;
    while let Some(part) = parts.next_part()? {
        if contents.len() + part.len() > limit {
            let mebibytes = limit / (1024 * 1024);
            return Err(CliError::usage(format!("{} has more than {mebibytes} MiB", describe(path)))
                .cause("it would have to go into memory as a whole")
                .hint("keep signature and content apart: leave --attach out"));
        }
        contents.extend_from_slice(part);
    }
    Ok(contents)
}

/// The digest of a file. `progress` hears the length of every part. Errors name the file.
pub fn digest_file(
    path: &Path,
    algorithm: DigestAlgorithm,
    progress: &dyn Fn(u64),
) -> Result<Vec<u8>, CliError> {
    let mut digester = Digester::new(algorithm);
    let mut parts = Parts::open(path)?;
    while let Some(part) = parts.next_part()? {
        progress(part.len() as u64);
        digester.update(part);
    }
    Ok(digester.finish())
}

const BUFFER_LEN: usize = 64 * 1024;
