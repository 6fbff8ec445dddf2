//! The engine on real software cards: the founding document's example made by the card's own commands, judged by
//! OpenSSL. The engine's rules one by one are unit tests beside it (`src/engine/tests`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cards;
mod computing;
mod desk;
#[path = "../common/faults.rs"]
mod faults;
mod pins;
mod tokens;
