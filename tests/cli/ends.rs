//! A login never outlives the command: whatever ends it, the card is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use crate::bench::{Bench, PROGRAM, clean};

/// MyEID's de-authentication of PIN 1, as it stands in the trace.
const DEAUTHENTICATE: &str = "> 002E0001";

/// `sign -` after its login: it waits for data. Gives the process and what is left of its trace.
fn waiting_sign(bench: &Bench) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut command = Command::new(PROGRAM);
    clean(&mut command, &bench.path(""));
    command.args(["-vvv", "--card", "demo.card", "sign", "--slot", "0", "--pin", "env:PIN1", "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut trace = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("> 00200001 (8 bytes hidden)") {
        line.clear();
        assert_ne!(trace.read_line(&mut line).unwrap(), 0, "the login did not come");
    }
    // The answer to the VERIFY.
    trace.read_line(&mut line).unwrap();
    (child, trace)
}

#[test]
fn signals_release_the_card_before_the_end() {
    for signal in ["INT", "TERM", "HUP"] {
        let bench = Bench::new();
        let (mut child, mut trace) = waiting_sign(&bench);
        let killed = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let mut rest = String::new();
        trace.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}: {rest}");
        assert!(rest.contains(DEAUTHENTICATE), "{signal}: {rest}");
        assert!(!rest.contains("error"), "{signal}: {rest}");
    }
}

#[test]
fn error_after_login_releases_the_card() {
    let bench = Bench::new();
    bench.write("damaged", [1; 256]);
    let run = bench.demo(["-vvv", "decrypt", "--slot", "0", "--pin", "env:PIN1", "damaged"]).expect(1);
    assert!(run.stderr.contains(DEAUTHENTICATE), "{}", run.stderr);
}

#[test]
fn broken_pipe_after_login_releases_the_card() {
    let bench = Bench::new();
    let (mut child, mut trace) = waiting_sign(&bench);
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"data").unwrap();
    let mut rest = String::new();
    trace.read_to_string(&mut rest).unwrap();
    assert!(rest.contains(DEAUTHENTICATE), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
}

#[test]
fn ordinary_end_releases_the_card_before_anything_is_printed() {
    let bench = Bench::new();
    let run = bench.demo(["-vvv", "login", "--slot", "0", "--pin", "env:PIN1"]).expect(0);
    let last = run.stderr.lines().rfind(|line| line.contains("> ")).unwrap();
    assert!(last.contains(DEAUTHENTICATE), "{}", run.stderr);
}

#[test]
fn raw_apdus_leave_no_pin_verified() {
    let bench = Bench::new();
    let script = "00200001083131313131313131\n";
    let mut child = bench
        .command(["--card", "demo.card", "card", "apdu", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "9000\n");
    // A VERIFY without data asks for the state: 63C3 is "not verified, 3 tries left".
    let run = bench.demo(["card", "apdu", "00200001"]).expect(1);
    assert_eq!(run.text(), "63c3\n");
}
