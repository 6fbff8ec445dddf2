//! PIV and OpenPGP on one card that others wrote: both are found, each PIN has its slot, and the logins are what the card
//! makes of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bench;
mod cost;
#[path = "../../../common/faults.rs"]
mod faults;
mod foreign;
mod hostile;
mod inventory;
mod logins;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../../common/rig.rs"]
mod rig;
mod slots;
mod writing;
