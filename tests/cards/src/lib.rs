//! Third-party cards made of software, for the tests of p11ctl: `p11ctl` never depends on this package.
//! Each is a [`VirtualCard`](p11ctl::transport::VirtualCard), so it stands in a software reader of this process as
//! well as behind vpcd in a private pcscd. Knows how to run them; knows nothing of p11ctl's drivers.

#![allow(clippy::expect_used, clippy::panic, reason = "a card that cannot go on fails its test")]

pub mod disguised;
pub mod openpgp;
pub mod piv;
mod platform;
pub mod several;
mod shared;

pub use platform::SoftwareCard;
pub use shared::Shared;
