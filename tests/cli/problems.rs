//! What cannot be read of a card is told once by every command that reads it.

use std::io::Write;
use std::process::Stdio;

use crate::bench::Bench;

/// Makes the second certificate entry of the example card unreadable, as its security officer could.
const DAMAGE: &str = "0020000E083030303030303030\n00a408000450154403\n00d600e50131\n";

fn damaged() -> Bench {
    let bench = Bench::new();
    let mut command = bench.command(["--card", "demo.card", "card", "apdu", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(DAMAGE.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "9000\n9000\n9000\n");
    bench
}

const WARNING: &str = "certificate 2 in EF 4403 was skipped";

#[test]
fn skipped_object_is_told_once_by_every_command() {
    let bench = damaged();
    bench.write("file", "data");
    let commands: [&[&str]; 9] = [
        &["slots"],
        &["readers"],
        &["find"],
        &["token", "info", "--slot", "0"],
        &["pin", "status"],
        &["login", "--slot", "0", "--pin", "env:PIN1"],
        &["object", "show", "key 1"],
        &["sign", "--slot", "0", "--pin", "env:PIN1", "file"],
        &["verify", "--slot", "0", "--signature", "file.sig", "file"],
    ];
    for command in commands {
        let run = bench.demo(command).expect(0);
        assert_eq!(run.stderr.matches(WARNING).count(), 1, "{command:?}:\n{}", run.stderr);
        assert!(run.stderr.contains("warning: reader \"Software reader 1 (demo.card)\": "), "{}", run.stderr);
        let document = bench.json(command);
        let problems = document["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{command:?}: {document:#}");
        assert!(problems[0]["problem"].as_str().unwrap().starts_with(WARNING), "{document:#}");
        assert_eq!(problems[0]["fatal"], false);
    }
}

#[test]
fn skipped_object_is_told_with_an_error() {
    let bench = damaged();
    let run = bench.demo(["find", "--label", "nothing"]).expect(3).says("error: there is no such object");
    assert_eq!(run.stderr.matches(WARNING).count(), 1, "{}", run.stderr);
    let run = bench.demo(["--json", "find", "--label", "nothing"]).expect(3);
    assert_eq!(run.stderr.lines().count(), 1);
    let document: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert!(document["problems"][0]["problem"].as_str().unwrap().starts_with(WARNING), "{document:#}");
}

#[test]
fn card_that_cannot_be_read_is_told_beside_another() {
    let bench = Bench::new();
    bench.write("bad.card", "no card");
    let both = ["--card", "demo.card", "--card", "bad.card"];
    let run = bench.run(both.iter().chain(&["find"])).expect(0).says("warning: ").says("bad.card");
    assert!(run.text().contains("certificate 1"));
    // The error itself is not said twice.
    let run = bench.run(both.iter().chain(&["find", "--slot", "4"])).expect(5);
    assert!(!run.stderr.contains("warning:"), "{}", run.stderr);
    // A card that is not meant is not read.
    let run = bench.run(both.iter().chain(&["find", "--slot", "0"])).expect(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn sound_card_has_no_problems() {
    let bench = Bench::new();
    assert_eq!(bench.demo(["find"]).expect(0).stderr, "");
    assert_eq!(bench.json(["find"])["problems"], serde_json::json!([]));
}
