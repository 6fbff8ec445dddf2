//! The card image: one file that holds everything a card keeps without power.
//!
//! ```text
//! offset  bytes  content
//!      0      8  "P11CARD" 1A
//!      8      2  format version, now 1
//!     10      4  length of the body, n
//!     14      n  body
//!   14+n     32  SHA-256 of everything before
//! ```
//! Numbers are big-endian. The body, in this order:
//! * card: profile (0 MyEID, 1 OsEID), life cycle (1, 7), serial number (10), change counter (2), card key (32),
//!   argon2id memory in KiB (4), passes (4), lanes (4);
//! * fourteen PIN places: X25519 public key (32), escrow (bytes, none = empty), then 0, or 1 and the PIN:
//!   PIN and PUK (each: tries left, tries in all, salt (16), wrapped key (bytes)), flags, least length of PIN
//!   and of PUK, number of delegations, each a PIN number and bytes;
//! * the next file identity (4), the number of files (4), and the files, parents before children: identity (4),
//!   parent (4), identifier (2), descriptor, size (2), access rules (3), properties (2), kind and content:
//!   0 a DF with its name (bytes); 1 a plain file (bytes); 2 a protected file: number of patches (2), each
//!   bytes; 3 a key file without key; 4 a key: generated or not (1, 0), public half (0 none; 1 RSA, modulus and
//!   exponent, bytes each; 2 EC, number of the curve and point, bytes), sealed private half (bytes).
//!
//! "Bytes" is a length of four bytes and as many bytes.
//!
//! What is secret here: private and secret keys, and files with a PIN in their reading rule, are sealed for
//! that PIN: whoever has the image but not the PIN must guess it, at the cost of argon2id for each guess. Keys
//! that need no PIN are sealed under the card key, which lies beside them: whoever has the image has them, as
//! whoever holds a card may use them. While a card is in creation state the same is true of all its keys. Tries
//! are counted in the file, so a copy of the file has them again: a file is no tamper-proof chip.

mod read;
mod store;
mod write;

pub(super) use read::decode;
pub(super) use store::{Locked, Store};
pub(super) use write::encode;

/// Why bytes are no card image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ImageError {
    /// Another kind of file.
    #[error("the file is no card image")]
    NotAnImage,
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Written by a later version.
    #[error("the image has format {found}, this program reads format {VERSION}")]
    Version {
        /// Format of the file.
        found: u16,
    },
    /// Fewer or more bytes than the header says.
    #[error("the image is {actual} bytes long, its header says {expected}: it is damaged")]
    Length {
        /// Bytes of the file.
        actual: usize,
        /// Bytes that the header announces.
        expected: usize,
    },
    /// The bytes changed after they were written.
    #[error("the checksum of the image is wrong: it is damaged")]
    Checksum,
    /// The checksum is right and the content still makes no sense.
    #[error("the image holds no valid {0}")]
    Content(&'static str),
}

const MAGIC: [u8; 8] = *b"P11CARD\x1A";
const VERSION: u16 = 1;
const HEADER_LEN: usize = 14;
const CHECKSUM_LEN: usize = 32;

// Kinds of files.
const KIND_DEDICATED: u8 = 0;
const KIND_PLAIN: u8 = 1;
const KIND_SEALED: u8 = 2;
const KIND_EMPTY_KEY: u8 = 3;
const KIND_KEY: u8 = 4;

// Public halves of keys.
const PUBLIC_NONE: u8 = 0;
const PUBLIC_RSA: u8 = 1;
const PUBLIC_EC: u8 = 2;

/// The numbers of curves in an image: places in this list.
const CURVES: [crate::crypto::Curve; 6] = {
    use crate::crypto::Curve::*;
    [P256, P384, P521, Secp256k1, BrainpoolP256r1, BrainpoolP384r1]
};
