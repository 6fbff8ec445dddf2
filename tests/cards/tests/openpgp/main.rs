//! OpenPGP cards through the driver, on a card that others wrote.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bench;
mod cost;
#[path = "../../../common/faults.rs"]
mod faults;
mod hashing;
mod hostile;
mod keys;
mod objects;
mod pins;
mod unfinished;
