//! The client of another PKCS#11 module: `p11ctl --module FILE`. Speaks the C ABI from the caller's side (`raw/`) and
//! answers in the engine's plain values. Knows no cards, no terminals.
//!
//! Slot numbers, labels, flags and mechanisms are the module's own. What a module does not do and the host can (digests,
//! the public half of a key from its numbers) is done here, so that every command works the same on every module.

mod deletion;
mod fault;
mod keys;
mod objects;
mod operations;
mod pins;
mod provider;
#[allow(unsafe_code)]
mod raw;
mod sessions;
mod slots;
mod store;
mod travel;
mod values;
mod view;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use raw::LoadError;

use crate::engine::{SessionHandle, SessionMode};
use crate::layout::SlotId;
use operations::Signing;
use raw::Library;
use view::View;

/// A foreign module, loaded and initialised. Dropping it finalises it.
pub struct Module {
    library: Library,
    path: PathBuf,
    state: Mutex<State>,
}

/// What is known of the module's sessions and tokens.
#[derive(Default)]
struct State {
    sessions: HashMap<SessionHandle, Known>,
    /// Signatures that are going on.
    signing: HashMap<SessionHandle, Signing>,
    /// What tokens showed when they were last read; dropped with every login and change.
    views: HashMap<SlotId, Arc<View>>,
}

/// One open session.
#[derive(Debug, Clone, Copy)]
struct Known {
    slot: SlotId,
    mode: SessionMode,
}

impl Module {
    /// Loads and initialises a module. Errors: the file is none, or it does not initialise.
    pub fn open(path: &Path) -> Result<Self, LoadError> {
        let library = Library::open(path)?;
        let missing = library.missing();
        if !missing.is_empty() {
            let why = format!("it has no {}", missing.join(", "));
            return Err(LoadError::NoFunctions { path: path.to_owned(), why });
        }
        library
            .initialize()
            .map_err(|fault| LoadError::Initialize { path: path.to_owned(), why: fault.to_string() })?;
        Ok(Self { library, path: path.to_owned(), state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if let Err(fault) = self.library.finalize() {
            tracing::warn!(%fault, "the module was not finalised");
        }
    }
}

/// What a module says of itself without being initialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Version of its function list, major and minor.
    pub version: (u8, u8),
    /// Functions that every caller needs and the list does not have.
    pub missing: Vec<&'static str>,
}

/// Loads a module and looks at its function list. It touches no reader: nothing is initialised.
pub fn inspect(path: &Path) -> Result<Inspection, LoadError> {
    let library = Library::open(path)?;
    Ok(Inspection { version: library.version(), missing: library.missing() })
}
