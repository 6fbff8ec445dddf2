//! The command line as its users meet it: the built program, run in a folder and surroundings of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod batches;
mod bench;
mod cards;
#[path = "../common/mod.rs"]
mod common;
mod config;
mod decryption_batches;
mod digests;
mod doctor;
mod documents;
mod encryption;
mod encryption_raw;
mod ends;
mod first_run;
mod formats_cms;
mod formats_jws;
mod formats_ssh;
mod hostile;
mod key_travel;
mod layout;
mod output;
mod paddings;
mod pcsc;
mod personalise_certificates;
mod personalise_ends;
mod personalise_foreign;
mod personalise_keys;
mod personalise_limits;
mod personalise_pins;
mod personalise_races;
mod personalise_shared;
mod personalise_story;
mod pinpad;
mod pins;
mod problems;
mod prompts;
mod random;
mod recording;
mod reference;
mod selectors;
mod signatures;
mod signing_policy;
mod usage;
