//! Keys and certificates from files, as people have them: PEM and DER, PKCS#8 plain and encrypted, PKCS#1,
//! SEC 1, PKCS#12, certificate bundles, PKCS#7. Files come from anywhere: their size, depth and the work that
//! they ask for are limited. Knows no card.

pub(super) mod ber;
mod certificates;
mod cipher;
mod content;
mod derivation;
mod encryption;
mod error;
mod pem;
mod pkcs12;
mod private_key;

pub use certificates::{leaf_first, read_certificates};
pub use content::{Content, identify};
pub use error::ImportError;
pub use pkcs12::{Pkcs12, read_pkcs12};
pub use private_key::read_private_key;

/// Largest file that is read, in bytes.
pub const MAX_FILE_LEN: usize = 1024 * 1024;

/// Refuses a file that is too large. Errors: `TooLarge`.
fn check_len(bytes: &[u8]) -> Result<(), ImportError> {
    if bytes.len() > MAX_FILE_LEN {
        return Err(ImportError::TooLarge { actual: bytes.len(), limit: MAX_FILE_LEN });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
