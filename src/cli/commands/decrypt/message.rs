//! A CMS message: whose key opens it, the key of its content, the content.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::cannot_read;
use super::keyring::{Keyring, Trouble, mechanism};
use crate::cli::atomic_file::{self, describe};
use crate::cli::delivery::Delivery;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::progress::Bar;
use crate::cli::spool::Spooled;
use crate::crypto::cms::enveloped::{ContentKey, Envelope};
use crate::crypto::cms::{CmsError, text};

/// A message and where its content goes.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The message.
    pub input: &'a Path,
    /// The file; `None` is standard output.
    pub output: Option<PathBuf>,
}

/// A message that was opened.
pub struct Opened {
    /// What is told of it.
    pub fields: Map<String, Value>,
    /// The content, where no file has it.
    pub spooled: Option<Spooled>,
}

impl Job<'_> {
    /// Opens the message.
    pub fn run(&self, keyring: &Keyring<'_>, input: impl Read, bar: &Bar) -> Result<Opened, Trouble> {
        let wrong = |error| Trouble::Message(self.explain(error));
        let read = Rc::new(Cell::new(0));
        let bytes = text::bytes(Counted { input, read: Rc::clone(&read) });
        let envelope = bytes.map_err(CmsError::Read).and_then(Envelope::open).map_err(wrong)?;
        let chosen = keyring.choose(&describe(self.input), envelope.recipients());
        let (chosen, recipient) = chosen.map_err(Trouble::Message)?;
        if let Some(path) = &self.output {
            atomic_file::check_writable(path).map_err(Trouble::Message)?;
        }
        let unwrapped = keyring.unwrap(&chosen, &recipient.key)?;
        let content_key = envelope.content_key(unwrapped).map_err(wrong)?;
        let cipher = envelope.cipher();
        let spooled = self.deliver(envelope, &content_key, &|| bar.bytes(read.take()));
        let spooled = spooled.map_err(Trouble::Message)?;
        let document = json!({
            "slot": chosen.token.slot.0,
            "token": chosen.token.candidate.label,
            "key": chosen.key.label,
            "format": "cms",
            "mechanism": mechanism(&recipient.key),
            "cipher": cipher.name(),
            "authenticated": cipher.is_authenticated(),
            "file": self.input.display().to_string(),
            "output": self.output.as_ref().map(|path| path.display().to_string()),
        });
        let fields = if let Value::Object(fields) = document { fields } else { Map::new() };
        Ok(Opened { fields, spooled })
    }

    /// Decrypts to where nobody sees it before all was right.
    fn deliver<R: Read>(
        &self,
        envelope: Envelope<R>,
        key: &ContentKey,
        progress: &dyn Fn(),
    ) -> Result<Option<Spooled>, CliError> {
        let mut out = Reporting { out: Delivery::to(self.output.as_deref())?, progress };
        envelope.decrypt(key, &mut out).map_err(|error| self.explain(error))?;
        out.out.keep()
    }

    fn explain(&self, error: CmsError) -> CliError {
        let name = describe(self.input);
        match error {
            CmsError::Read(source) if source.kind() == io::ErrorKind::InvalidData => {
                CliError::usage(format!("{name} is no message")).cause(source)
            }
            CmsError::Read(source) => cannot_read(self.input).cause(source),
            CmsError::Decryption => CliError::new(ErrorKind::Refused, format!("{name} does not decrypt"))
                .cause("it was encrypted for another key, or changed on its way"),
            CmsError::Write(source) => {
                let path = self.output.as_deref().unwrap_or(Path::new("-"));
                CliError::usage(format!("cannot write {}", path.display())).cause(source)
            }
            other => CliError::usage(format!("{name} cannot be decrypted")).source(&other),
        }
    }
}

/// Counts what was read since it was asked last.
struct Counted<R> {
    input: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(buffer)?;
        self.read.set(self.read.get() + len as u64);
        Ok(len)
    }
}

/// Reports progress as it is written to.
struct Reporting<'a, W> {
    out: W,
    progress: &'a dyn Fn(),
}

impl<W: io::Write> io::Write for Reporting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.progress)();
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
