//! p11ctl as a program in the rig, with PINs in its environment.

use std::path::PathBuf;

use crate::rig::{Output, Rig};

/// The environment in which every PIN of a card as it leaves the factory has a name.
pub const PINS: [(&str, &str); 2] = [("PIN", "123456"), ("SO", "12345678")];

/// Runs p11ctl inside and waits for it.
pub fn p11ctl(rig: &Rig, arguments: &[&str]) -> Output {
    let mut command = rig.command(program().to_str().expect("a path in UTF-8"));
    let output = command.args(arguments).envs(PINS).output().expect("nsenter");
    Output {
        command: format!("p11ctl {}", arguments.join(" ")),
        success: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs p11ctl inside, which has to succeed.
pub fn expect(rig: &Rig, arguments: &[&str]) -> Output {
    let output = p11ctl(rig, arguments);
    assert!(output.success, "{output}\n{}", rig.log_tail());
    output
}

/// The module that `cargo build` makes.
pub fn module() -> String {
    built("libp11ctl.so").to_str().expect("a path in UTF-8").to_owned()
}

fn program() -> PathBuf {
    built("p11ctl")
}

/// What `cargo build` makes beside the tests.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("target/debug");
    let path = folder.join(name);
    assert!(path.exists(), "{} is missing: cargo build makes it", path.display());
    path
}
