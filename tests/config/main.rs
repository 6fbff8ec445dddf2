//! Configuration files: where they are found, what they say in TOML and in OpenSC's grammar, and what is said of
//! those that cannot be used.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod hostile;
mod load;
mod opensc;
mod toml;

use std::path::Path;

use p11ctl::config::{Loaded, parse};

/// Parses a file that is said to be `/etc/x/opensc.conf` of a user at home in `/home/user`.
fn read(text: &str) -> Loaded {
    parse(text, Path::new("/etc/x/opensc.conf"), Some(Path::new("/home/user"))).unwrap()
}

/// What is said of a file that cannot be used.
fn refusal(text: &str) -> String {
    parse(text, Path::new("/etc/x/opensc.conf"), Some(Path::new("/home/user"))).unwrap_err().to_string()
}
