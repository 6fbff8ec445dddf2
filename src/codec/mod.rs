//! Encodings that know nothing but bytes: hexadecimal, BER-TLV, padded strings, secrets.

pub mod hex;
pub mod padded;
mod secret;
pub mod tlv;

pub use secret::Secret;
