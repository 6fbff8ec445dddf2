//! Third-party cards behind a pcscd of our own: what p11ctl puts on them, other people's programs use, and the reverse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod administration;
mod gnupg;
mod module;
mod openpgp;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../../common/rig.rs"]
mod rig;
mod tools;
