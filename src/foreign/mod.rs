//! The client of another PKCS#11 module: `p11ctl --module FILE`. Speaks the C ABI from the caller's side (`raw/`) and
//! answers in the engine's plain values. Knows no cards, no terminals.

#[allow(dead_code, reason = "the client that needs all of it follows")]
mod fault;
#[allow(dead_code, unused_imports, unsafe_code, reason = "the client that needs all of it follows")]
mod raw;

use std::path::Path;

pub use raw::LoadError;

use raw::Library;

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
