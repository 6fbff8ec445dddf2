//! PIV cards through the driver and the command line, on a card that others wrote, with OpenSC as judge.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod administration;
mod bench;
mod cost;
#[path = "../../../common/faults.rs"]
mod faults;
mod foreign;
mod hostile;
mod keys;
mod listing;
mod module;
mod objects;
mod pins;
#[path = "../../../common/rig.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod rig;
