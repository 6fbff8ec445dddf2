//! Cards that cannot be here: their recorded dialogues answer. Where each comes from is said in its first lines, and
//! CONTRIBUTING tells how to make one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod cost;
#[path = "../common/faults.rs"]
mod faults;
mod isoapplet;
mod pulled;
mod recordings;
mod scenarios;
