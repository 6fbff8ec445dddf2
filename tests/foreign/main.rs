//! The command line on other PKCS#11 modules (`p11ctl --module`): SoftHSM, OpenSC on the card that p11ctl's own engine has,
//! p11ctl's own module, and one that lies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod opensc;
mod operations;
mod own;
mod pins;
mod softhsm;
mod travel;
