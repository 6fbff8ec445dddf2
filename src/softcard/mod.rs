//! The embedded software card: a MyEID-type card that answers APDUs. Does not know the host side.

mod access;
mod apdu;
mod card;
mod commands;
mod fcp;
mod files;
mod image;
mod keys;
mod machine;
mod pins;
mod session;
mod state;
#[cfg(test)]
mod testing;
mod vault;

pub use card::{Options, SoftCard, create, open, reader};
pub use state::Profile;
