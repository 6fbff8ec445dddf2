//! Wrong usage: what is said, what is not repeated, and the same as JSON.

use crate::bench::Bench;

#[test]
fn wrong_option_is_named_with_the_nearest_right_one() {
    Bench::empty().run(["slots", "--tre"]).expect(2).says("--tre").says("--tree");
}

#[test]
fn wrong_option_with_json_is_a_document() {
    let run = Bench::empty().run(["slots", "--tre", "--json"]).expect(2);
    assert_eq!(run.error()["kind"], "usage");
    assert_eq!(run.stderr.lines().count(), 1);
}

#[test]
fn wrong_command_is_wrong_usage() {
    Bench::empty().run(["slotz"]).expect(2).says("slots");
}

#[test]
fn literal_pin_is_refused_with_the_reason_and_never_repeated() {
    let bench = Bench::new();
    bench.write("file", "data");
    let commands: [&[&str]; 6] = [
        &["login", "--slot", "0", "--pin", "7531"],
        &["login", "--slot", "0", "--pin=7531"],
        &["find", "--login", "--pin", "7531"],
        &["sign", "--slot", "0", "--pin", "7531", "file"],
        &["decrypt", "--slot", "0", "--pin", "7531", "file"],
        &["object", "show", "x", "--pin", "pin:7531"],
    ];
    for command in commands {
        let run = bench.demo(command).expect(2).says("every user of this machine can read");
        assert!(!run.stderr.contains("7531"), "{}", run.stderr);
    }
    let run = bench.demo(["login", "--token", "pkcs11:token=x?pin-value=7531"]).expect(2).says("pin-value");
    assert!(!run.stderr.contains("7531"));
    let run = bench.demo(["card", "apdu", "002000010437353331"]).expect(2).says("standard input");
    assert!(!run.stderr.contains("37353331"));
}

#[test]
fn refused_usage_touches_no_card() {
    let bench = Bench::new();
    let run = bench.demo(["--stats", "login", "--slot", "0", "--pin", "7531"]).expect(2);
    assert!(run.stderr.contains("stats: 0 APDUs"), "{}", run.stderr);
}

#[test]
fn stdin_twice_is_refused() {
    let bench = Bench::new();
    bench.demo(["sign", "--slot", "0", "--pin", "stdin", "-"]).expect(2).says("both the data and the PIN");
    bench.demo(["sign", "--slot", "0", "--pin", "env:PIN1", "-", "-"]).expect(2).says("named twice");
    bench
        .demo(["verify", "--slot", "0", "--signature", "-", "-"])
        .expect(2)
        .says("both the data and the signature");
}

#[test]
fn version_goes_to_standard_output() {
    let run = Bench::empty().run(["--version"]).expect(0);
    assert_eq!(run.text(), format!("p11ctl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn usage_error_in_json_keeps_every_fact() {
    let error = Bench::empty().run(["--json", "generate", "completions"]).expect(2).error();
    assert_eq!(error["causes"], serde_json::json!(["<DIR>"]), "{error:#}");
    assert!(
        error["hints"][0].as_str().unwrap().starts_with("Usage: p11ctl generate completions"),
        "{error:#}"
    );
    let error = Bench::empty().run(["--json", "slots", "--tre"]).expect(2).error();
    assert!(error["hints"][0].as_str().unwrap().contains("--tree"), "{error:#}");
}

#[test]
fn help_that_cannot_be_written_is_an_error() {
    let bench = Bench::empty();
    for argument in ["--help", "--version"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = bench.command([argument]).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{argument}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to standard output"));
    }
}

#[test]
fn completions_of_one_shell_go_to_standard_output() {
    let bench = Bench::empty();
    let run = bench.run(["generate", "completions", "bash"]).expect(0);
    assert!(run.text().contains("complete -F _p11ctl"), "{}", run.text());
    assert!(!bench.path("bash").exists());
    std::fs::create_dir(bench.path("zsh")).unwrap();
    bench.run(["generate", "completions", "zsh"]).expect(0);
    assert!(bench.path("zsh/_p11ctl").exists());
}

#[test]
fn hint_names_the_cards_and_configuration_of_the_run() {
    let bench = Bench::new();
    let arguments = ["--config", "empty.conf", "login", "--slot", "0", "--pin", "env:WRONG"];
    bench
        .demo(arguments)
        .expect(4)
        .says("run p11ctl --card demo.card --config empty.conf pin status --slot 0");
    // What makes a card is not done on another one.
    bench.run(["--card", "no.card", "slots"]).expect(2).says("p11ctl card new no.card --example");
}

#[test]
fn closed_descriptor_is_not_open() {
    let bench = Bench::new();
    bench.demo(["login", "--slot", "0", "--pin", "fd:99"]).expect(4).says("file descriptor 99 is not open");
}

#[test]
fn remedy_for_a_reader_is_a_hint() {
    let bench = Bench::empty();
    bench.write("bad.card", "no card");
    let run = bench.run(["--card", "bad.card", "readers"]).expect(0).says("hint: reader ");
    assert_eq!(run.stderr.matches("warning: ").count(), 1, "{}", run.stderr);
}

#[test]
fn batch_that_stops_says_how_far_it_came() {
    let bench = Bench::new();
    bench.write("a", "data");
    bench.write("b", [1; 300]);
    let arguments = ["sign", "--slot", "0", "--pin", "env:PIN1", "--mechanism", "RSA-PKCS", "a", "b"];
    bench.demo(arguments).expect(1).says("1 of 2 files are signed");
    assert!(bench.path("a.sig").exists() && !bench.path("b.sig").exists());
}
