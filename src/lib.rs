//! p11ctl: a PKCS#11 engine for smart cards, and the command line that administers them.
//!
//! The layers, from the bottom up (`tests/layering.rs` holds them; ARCHITECTURE.md explains them):
//! `codec` · `config`, `crypto` · `token`, `transport` · `apdu` · `card`, `softcard`, `layout` ·
//! `engine`, `foreign` · `cli`, `capi`.

pub mod apdu;
#[allow(unsafe_code)]
pub mod capi;
pub mod card;
pub mod cli;
pub mod codec;
pub mod config;
pub mod crypto;
pub mod engine;
pub mod foreign;
pub mod layout;
pub mod softcard;
pub mod token;
pub mod transport;
