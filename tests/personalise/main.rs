//! Personalisation by the engine on real software cards: the founding document's empty token gets a PIN, a key, a
//! certificate and data; chains that share authorities survive every deletion; handles, logins and refusals.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/faults.rs"]
mod faults;

mod chains;
mod computing;
mod desk;
mod foreign;
mod forged;
mod interrupted;
mod module;
mod objects;
mod pins;
mod sharing;
