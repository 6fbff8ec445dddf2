//! How output looks: colours only on terminals, narrow terminals, pipes that break, labels that attack.

use std::io::Read;
use std::process::Stdio;

use crate::bench::Bench;
use crate::prompts::Terminal;

#[test]
fn piped_output_has_no_colour_and_no_padding() {
    let bench = Bench::new();
    for command in
        [&["slots"][..], &["slots", "--tree"], &["token", "info", "--slot", "0"], &["find"], &["readers"]]
    {
        let run = bench.demo(command).expect(0);
        assert!(!run.text().contains('\u{1b}'), "{command:?}");
        assert!(run.text().lines().all(|line| line == line.trim_end()), "{command:?}");
    }
    let run = bench.demo(["login", "--slot", "9", "--pin", "env:PIN1"]).expect(3);
    assert!(!run.stderr.contains('\u{1b}'), "{}", run.stderr);
}

#[test]
fn terminal_gets_colour_unless_told_otherwise() {
    let bench = Bench::new();
    let colored = Terminal::run(&bench, &[], "--card demo.card slots");
    assert!(colored.contains("\u{1b}[1m"), "{colored:?}");
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = Terminal::run(&bench, &[plain], "--card demo.card slots");
        assert!(!text.contains("\u{1b}["), "{plain:?}: {text:?}");
    }
}

#[test]
fn narrow_terminal_gets_records_within_its_width() {
    let bench = Bench::new();
    for command in [&["slots"][..], &["find"], &["pin", "status"], &["readers"]] {
        let mut all = vec!["--card", "demo.card"];
        all.extend(command);
        let output = bench.command(&all).env("COLUMNS", "40").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("SLOT") || first.starts_with("READER"), "{text}");
        // Records are not cut: what is too long for a line stays whole.
        assert!(text.lines().count() >= 4, "{text}");
        if command == ["slots"] {
            assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
            assert!(text.contains("TOKEN    p11ctl example (PIN 1)\n"), "{text}");
        }
    }
}

#[test]
fn broken_pipe_is_silent() {
    let bench = Bench::new();
    for command in [&["slots"][..], &["--json", "slots"], &["--help"], &["slots", "--tree"]] {
        let mut all = vec!["--card", "demo.card"];
        all.extend(command);
        let mut child = bench
            .command(&all)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "", "{command:?}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{command:?}");
    }
}

#[test]
fn broken_pipe_does_not_make_a_bad_signature_good() {
    let bench = Bench::new();
    bench.write("zero", [0; 64]);
    let verify = ["--card", "demo.card", "verify", "--key", "key 2", "--signature", "zero", "empty.conf"];
    let mut child = bench.command(verify).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn full_disk_is_told() {
    let bench = Bench::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = bench.command(["--card", "demo.card", "slots"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
}

#[test]
fn verbose_shows_codes_and_never_a_pin() {
    let bench = Bench::new();
    let run = bench.demo(["-v", "login", "--slot", "0", "--pin", "env:WRONG"]).expect(4);
    assert!(run.stderr.trim_end().ends_with("(CKR_PIN_INCORRECT, SW 63C2)"), "{}", run.stderr);
    let run = bench.demo(["-vvv", "login", "--slot", "0", "--pin", "env:PIN1"]).expect(0);
    assert!(run.stderr.contains("00200001 (8 bytes hidden)"), "{}", run.stderr);
    assert!(!run.stderr.contains("11111111") && !run.stderr.contains("31313131"), "{}", run.stderr);
}

#[test]
fn stats_are_a_line_or_a_field() {
    let bench = Bench::new();
    bench.demo(["--stats", "slots"]).expect(0).says("stats: ").says(" APDUs, ").says(" bytes sent, ");
    let document = bench.json(["--stats", "slots"]);
    assert!(document["stats"]["apdus"].as_u64().unwrap() > 0);
    assert!(document["stats"]["bytes_received"].as_u64().unwrap() > 0);
    assert!(bench.json(["slots"])["stats"].is_null());
}
