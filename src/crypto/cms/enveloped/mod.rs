//! Encrypted messages (RFC 5652, 6; RFC 5083 where they are authenticated): one key for the content, that key once for
//! each recipient. Contents of any length go through in constant memory.

mod agreement;
mod cipher;
mod content;
mod open;
mod seal;
#[cfg(test)]
mod tests;
mod transport;

pub use agreement::Agreement;
pub use cipher::ContentCipher;
pub use open::{ContentKey, Envelope};
pub use seal::{Addressee, EnvelopeWriter, RecipientInfo};
pub use transport::RsaPadding;

pub use super::identifier::Identifier;

/// Somebody a message is for, and the key of the content as only he can have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// His key.
    pub id: Identifier,
    /// The key of the content.
    pub key: WrappedKey,
}

/// The key of the content, wrapped for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrappedKey {
    /// Under an RSA key.
    Rsa {
        /// How it was padded.
        padding: RsaPadding,
        /// As long as the modulus.
        encrypted: Vec<u8>,
    },
    /// Under a key that ECDH or X25519 gives.
    Ec(Agreement),
    /// Under a secret AES key that both sides have (RFC 5652, 6.2.3).
    Secret {
        /// Size of that key.
        wrap_bits: u32,
        /// AES key wrap.
        wrapped: Vec<u8>,
    },
    /// In a way that this build does not have; what it is.
    Unsupported(String),
}
