//! Encodings that know nothing but bytes: hexadecimal, BER-TLV, padded strings, dates, secrets.

pub mod date;
pub mod gzip;
pub mod hex;
pub mod padded;
mod secret;
pub mod tlv;

pub use secret::Secret;
