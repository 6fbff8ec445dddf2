//! Results that nobody may see before their end is known, and that may be too large for the memory: the beginning is
//! kept there, the rest in a file without a name, encrypted under a key that only this process has.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use zeroize::Zeroize;

use crate::codec::Secret;
use crate::crypto::CryptoError;
use crate::crypto::aes::AesKey;

/// Takes bytes, until [`Spool::finish`] says that they may be seen.
#[derive(Debug, Default)]
pub struct Spool {
    memory: Vec<u8>,
    overflow: Option<Overflow>,
}

/// Bytes that may be seen.
#[derive(Debug)]
pub struct Spooled {
    /// All of them, or what is behind the file.
    memory: Secret,
    overflow: Option<Overflow>,
}

/// The file, in whole chunks of [`MEMORY_LEN`].
#[derive(Debug)]
struct Overflow {
    file: File,
    key: AesKey,
    chunks: u64,
}

impl Spool {
    /// The bytes, ready to be seen.
    pub fn finish(mut self) -> Spooled {
        let memory = Secret::new(std::mem::take(&mut self.memory));
        Spooled { memory, overflow: self.overflow.take() }
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.memory.capacity() < MEMORY_LEN {
            // Once and for all: a vector that grows leaves copies behind.
            self.memory.reserve_exact(MEMORY_LEN);
        }
        let room = MEMORY_LEN - self.memory.len();
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.memory.extend_from_slice(taken);
        if self.memory.len() == MEMORY_LEN {
            let overflow = match &mut self.overflow {
                Some(overflow) => overflow,
                None => self.overflow.insert(Overflow::create()?),
            };
            overflow.push(&self.memory)?;
            self.memory.zeroize();
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.memory.zeroize();
    }
}

impl Spooled {
    /// The bytes, if there are no more than fit the memory.
    pub fn in_memory(&self) -> Option<&[u8]> {
        if self.overflow.is_some() { None } else { Some(self.memory.expose()) }
    }

    /// Writes them all.
    pub fn copy_to(&self, mut out: impl Write) -> io::Result<()> {
        if let Some(overflow) = &self.overflow {
            overflow.copy_to(&mut out)?;
        }
        out.write_all(self.memory.expose())?;
        out.flush()
    }
}

impl Overflow {
    fn create() -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let name = format!(".p11ctl-{}-{}", std::process::id(), crate::codec::hex::encode(&random_name()?));
        let path = std::env::temp_dir().join(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        fs::remove_file(&path)?;
        Ok(Self { file, key: AesKey::generate(128).map_err(failed)?, chunks: 0 })
    }

    fn push(&mut self, chunk: &[u8]) -> io::Result<()> {
        let encrypted = self.key.ctr(&counter(self.chunks), 64, chunk).map_err(failed)?;
        self.file.write_all(encrypted.expose())?;
        self.chunks += 1;
        Ok(())
    }

    fn copy_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut buffer = vec![0; MEMORY_LEN];
        for chunk in 0..self.chunks {
            file.read_exact(&mut buffer)?;
            let plain = self.key.ctr(&counter(chunk), 64, &buffer).map_err(failed)?;
            out.write_all(plain.expose())?;
        }
        Ok(())
    }
}

fn random_name() -> io::Result<Vec<u8>> {
    crate::crypto::random::bytes(8).map_err(failed)
}

/// The first counter of a chunk: no block has that of another.
fn counter(chunk: u64) -> [u8; 16] {
    u128::from(chunk.saturating_mul(MEMORY_LEN as u64 / 16)).to_be_bytes()
}

fn failed(error: CryptoError) -> io::Error {
    io::Error::other(error)
}

const MEMORY_LEN: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spool_gives_back_what_it_took_at_every_length() {
        for len in [0, 1, MEMORY_LEN - 1, MEMORY_LEN, MEMORY_LEN + 1, 3 * MEMORY_LEN + 5] {
            let bytes: Vec<u8> = (0..len).map(|index| (index / 7) as u8).collect();
            let mut spool = Spool::default();
            for part in bytes.chunks(70_001) {
                spool.write_all(part).unwrap();
            }
            let spooled = spool.finish();
            let mut copy = Vec::new();
            spooled.copy_to(&mut copy).unwrap();
            assert!(copy == bytes, "{len} bytes");
            assert_eq!(spooled.in_memory().is_some(), len < MEMORY_LEN);
            // Once more, from the beginning.
            let mut copy = Vec::new();
            spooled.copy_to(&mut copy).unwrap();
            assert!(copy == bytes);
        }
    }

    #[test]
    fn spool_file_holds_nothing_that_can_be_read() {
        let mut spool = Spool::default();
        spool.write_all(&vec![b'x'; 2 * MEMORY_LEN]).unwrap();
        let overflow = spool.overflow.as_ref().unwrap();
        let mut file = &overflow.file;
        file.seek(SeekFrom::Start(0)).unwrap();
        let mut stored = Vec::new();
        file.read_to_end(&mut stored).unwrap();
        assert_eq!(stored.len(), 2 * MEMORY_LEN);
        assert!(!stored.windows(4).any(|window| window == b"xxxx"));
        assert_ne!(stored[..MEMORY_LEN], stored[MEMORY_LEN..]);
    }
}
