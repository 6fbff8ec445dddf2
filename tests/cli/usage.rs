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
