//! Why a message could not be read, written or opened.

use std::io;

use crate::crypto::CryptoError;

/// Why a CMS message was not read, written or opened.
#[derive(Debug, thiserror::Error)]
pub enum CmsError {
    /// The bytes of the message could not be had.
    #[error("the message cannot be read")]
    Read(#[source] io::Error),
    /// The result could not be written.
    #[error("the result cannot be written")]
    Write(#[source] io::Error),
    /// The message ends before its structure does.
    #[error("the message is cut short")]
    Truncated,
    /// The bytes are no message, or one whose structure is broken.
    #[error("{0} is not well formed")]
    Malformed(&'static str),
    /// A part that has to be in memory is larger than any that is made.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// What is read of it.
        limit: usize,
    },
    /// Another kind of message, or an algorithm that this build does not have.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// Wrong key, or a message that was changed: one answer for everything, so that nobody learns which.
    #[error("the message does not decrypt: wrong key, or damaged")]
    Decryption,
    /// Mathematics on public facts.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}
