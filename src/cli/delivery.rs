//! Where a result goes that comes part by part and that nobody may see before its end: into a file that has its name only
//! then, or to where it can be kept until then.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::atomic_file::{self, NewFile};
use super::context::Context;
use super::error::CliError;
use super::json;
use super::outcome::Outcome;
use super::spool::{Spool, Spooled};

/// A result on its way.
pub enum Delivery {
    /// A file.
    File(NewFile),
    /// Standard output, or something that is no regular file.
    Spool(Spool, Option<PathBuf>),
}

impl Delivery {
    /// Begins; `None` is standard output. Errors name the file.
    pub fn to(output: Option<&Path>) -> Result<Self, CliError> {
        match output {
            Some(path) if !atomic_file::is_special(path) => Ok(Self::File(NewFile::create(path)?)),
            special => Ok(Self::Spool(Spool::default(), special.map(Path::to_owned))),
        }
    }

    /// Gives it its place. Answers what is for standard output. Errors name the file.
    pub fn keep(self) -> Result<Option<Spooled>, CliError> {
        match self {
            Self::File(file) => file.keep().map(|()| None),
            Self::Spool(spool, None) => Ok(Some(spool.finish())),
            Self::Spool(spool, Some(path)) => {
                let spooled = spool.finish();
                let opened = std::fs::OpenOptions::new().write(true).open(&path);
                let copied = opened.and_then(|file| spooled.copy_to(file));
                copied.map(|()| None).map_err(|source| {
                    CliError::usage(format!("cannot write {}", path.display())).cause(source)
                })
            }
        }
    }
}

impl Write for Delivery {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Spool(spool, _) => spool.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Spool(spool, _) => spool.flush(),
        }
    }
}

/// The outcome of a delivery: with what no file has in the document's field `field`, or behind it.
/// Errors: too much for a document.
pub fn outcome(
    context: &Context,
    mut fields: Map<String, Value>,
    field: &str,
    (spooled, output): (Option<Spooled>, Option<&Path>),
) -> Result<Outcome, CliError> {
    let value = match &spooled {
        Some(spooled) if context.global.json => json::bytes(spooled.in_memory().ok_or_else(|| {
            CliError::usage("the result is too long for a JSON document")
                .hint("write it to a file with -o FILE")
        })?),
        _ => Value::Null,
    };
    // What is written to a file is not repeated here.
    fields.insert(field.to_owned(), value);
    let mut outcome = Outcome::new(Value::Object(fields), "");
    outcome.spooled = spooled.filter(|_| !context.global.json).map(Arc::new);
    Ok(match output {
        Some(path) => outcome.note(format!("wrote {}", path.display())),
        None => outcome,
    })
}
