//! The IsoApplet, versions 0 and 1, behind a pcscd of our own: its recorded dialogues answer to p11ctl, to libp11ctl.so in
//! the hands of OpenSC's tool, and to nobody who asks anything else. CONTRIBUTING tells how they are made anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod command_line;
mod desk;
mod in_force;
mod module;
mod player;
mod playing;
mod recorded;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../../../common/rig.rs"]
mod rig;
