//! PKCS#15 between two implementations: what OpenSC wrote our reader reads, what we encode OpenSC reads; and the
//! generic driver on a card that it knows nothing about.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../common/faults.rs"]
mod faults;
#[path = "../common/rig.rs"]
#[allow(dead_code)]
mod rig;

mod card;
mod foreign;
mod generic;
