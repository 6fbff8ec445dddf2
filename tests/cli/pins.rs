//! PINs: their sources, what is never sent, what a wrong one costs.

use std::io::Write;
use std::process::Stdio;

use crate::bench::{Bench, Run};

fn tries_left(bench: &Bench) -> u64 {
    bench.json(["pin", "status", "--slot", "0"])["pins"][0]["tries_left"].as_u64().unwrap()
}

fn wrong(bench: &Bench, more: &[&str]) -> Run {
    bench.demo(["login", "--slot", "0", "--pin", "env:WRONG"].iter().chain(more))
}

/// Instructions of the APDUs in a trace.
fn instructions(trace: &str) -> Vec<String> {
    trace.lines().filter_map(|line| line.split("> ").nth(1)?.get(2..4).map(str::to_owned)).collect()
}

#[test]
fn pin_with_control_characters_sends_nothing() {
    let bench = Bench::new();
    for pin in ["11\u{1a}11", "1111\u{1b}[D1111\n"] {
        bench.write("pin", pin);
        let run = bench.demo(["login", "--slot", "0", "--pin", "file:pin"]).expect(4);
        run.says("control characters").says("nothing was sent");
        assert_eq!(bench.json(["pin", "status", "--slot", "0"])["pins"][0]["tries_left"], 3);
    }
}

#[test]
fn wrong_pin_tells_the_tries_left_and_sends_nothing_else() {
    let bench = Bench::new();
    bench.demo(["slots"]).expect(0);
    let run = bench.demo(["-vvv", "login", "--slot", "0", "--pin", "env:WRONG"]).expect(4);
    let run = run.says("error: PIN incorrect for \"PIN 1\" in slot 0, 2 tries left");
    let run = run.says("hint: run p11ctl --card demo.card pin status --slot 0");
    let sent = instructions(&run.stderr);
    let verify = sent.iter().position(|instruction| instruction == "20").unwrap();
    assert_eq!(sent.len(), verify + 1, "nothing follows the VERIFY: {sent:?}");
    assert_eq!(sent.iter().filter(|instruction| *instruction == "20").count(), 1);
    let error = bench.demo(["--json", "login", "--slot", "0", "--pin", "env:WRONG"]).expect(4).error();
    assert_eq!(error["tries_left"], 1);
    assert_eq!(error["return_value"], "CKR_PIN_INCORRECT");
    assert_eq!(error["status_word"], "63C1");
    let last = ["-v", "login", "--slot", "0", "--pin", "env:WRONG", "--final-try"];
    bench.demo(last).expect(4).says("(CKR_PIN_LOCKED, SW 6983)");
}

#[test]
fn last_try_without_terminal_is_refused_unless_asked_for() {
    let bench = Bench::new();
    wrong(&bench, &[]).expect(4);
    wrong(&bench, &[]).expect(4);
    assert_eq!(tries_left(&bench), 1);
    let run = wrong(&bench, &[]).expect(4).says("last try").says("--final-try");
    assert!(!run.stderr.contains("incorrect"));
    assert_eq!(tries_left(&bench), 1, "nothing was sent");
    // The right PIN is not sent either: nobody knows yet that it is right.
    bench.demo(["login", "--slot", "0", "--pin", "env:PIN1"]).expect(4).says("last try");
    wrong(&bench, &["--final-try"]).expect(4).says("it is locked now");
    assert_eq!(tries_left(&bench), 0);
    let run = bench.demo(["-vvv", "login", "--slot", "0", "--pin", "env:PIN1", "--final-try"]).expect(4);
    assert!(!instructions(&run.stderr).iter().any(|instruction| instruction == "20"), "{}", run.stderr);
    run.says("PIN locked: \"PIN 1\"");
    // The other PIN of the card goes on.
    bench.demo(["login", "--slot", "1", "--pin", "env:PIN2"]).expect(0);
}

#[test]
fn last_try_with_the_right_pin_gives_all_tries_back() {
    let bench = Bench::new();
    wrong(&bench, &[]).expect(4);
    wrong(&bench, &[]).expect(4);
    bench.demo(["login", "--slot", "0", "--pin", "env:PIN1", "--final-try"]).expect(0);
    assert_eq!(tries_left(&bench), 3);
}

#[test]
fn empty_pin_is_never_sent() {
    let bench = Bench::new();
    bench.write("pin", "\n");
    for source in ["env:EMPTY", "file:pin", "stdin"] {
        bench.demo(["login", "--slot", "0", "--pin", source]).expect(4).says("no PIN given");
    }
    assert_eq!(tries_left(&bench), 3);
}

#[test]
fn pin_of_a_wrong_length_is_not_sent() {
    let bench = Bench::new();
    bench.write("pin", "123\n");
    bench
        .demo(["login", "--slot", "0", "--pin", "file:pin"])
        .expect(4)
        .says("4 to 8 characters; nothing was sent");
    bench.write("pin", "123456789\n");
    bench.demo(["login", "--slot", "0", "--pin", "file:pin"]).expect(4);
    assert_eq!(tries_left(&bench), 3);
}

#[test]
fn pin_comes_from_every_source() {
    let bench = Bench::new();
    bench.write("pin", "11111111\nsecond line\n");
    for source in ["env:PIN1", "file:pin"] {
        bench.demo(["login", "--slot", "0", "--pin", source]).expect(0);
    }
    let mut child = bench
        .command(["--card", "demo.card", "login", "--slot", "0", "--pin", "stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"11111111\r\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let script =
        format!("exec 5<pin; '{}' --card demo.card login --slot 0 --pin fd:5", crate::bench::PROGRAM);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]);
    crate::bench::clean(&mut shell, &bench.path(""));
    assert!(shell.output().unwrap().status.success());
}

#[test]
fn missing_source_is_a_pin_error_before_any_verify() {
    let bench = Bench::new();
    bench.demo(["login", "--slot", "0", "--pin", "env:NOT_SET"]).expect(4).says("NOT_SET is not set");
    bench.demo(["login", "--slot", "0", "--pin", "file:nowhere"]).expect(4).says("nowhere");
    bench.demo(["login", "--slot", "0", "--pin", "fd:77"]).expect(4).says("file descriptor 77");
    bench.demo(["login", "--slot", "0"]).expect(4).says("PIN missing").says("no terminal");
    bench.demo(["login", "--slot", "0", "--pin", "pinpad"]).expect(2).says("no keys to type a PIN on");
    assert_eq!(tries_left(&bench), 3);
}

#[test]
fn login_shows_what_the_pin_opens() {
    let bench = Bench::new();
    let run = bench.demo(["login", "--slot", "1", "--pin", "env:PIN2"]).expect(0);
    assert!(run.text().contains("private-key  key 2"), "{}", run.text());
    assert!(!run.text().contains("key 1"), "{}", run.text());
}

#[test]
fn status_spends_no_try_and_lists_every_pin() {
    let bench = Bench::new();
    for _ in 0..5 {
        bench.demo(["pin", "status"]).expect(0);
    }
    let document = bench.json(["pin", "status"]);
    let pins: Vec<String> = document["pins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pin| format!("{} {} {} {}", pin["slot"], pin["role"], pin["label"], pin["tries_left"]))
        .collect();
    assert_eq!(pins, ["0 \"user\" \"PIN 1\" 3", "1 \"user\" \"PIN 2\" 3", "null \"so\" \"SO PIN\" 3"]);
}

#[test]
fn what_the_card_cannot_do_is_told_before_a_pin_is_asked_for() {
    let bench = Bench::new();
    for (command, cannot) in [
        (&["pin", "puk", "--slot", "0"][..], "have its PUK set by the security officer"),
        (&["pin", "kdf", "on", "--slot", "0"], "take PINs hashed"),
        (
            &["pin", "tries", "--slot", "0", "--set-pin", "5", "--set-puk", "5", "--yes"],
            "set how many tries a PIN has",
        ),
        (
            &["key", "policy", "--key", "key 1", "--touch-policy", "always"],
            "change the policies of a key that is there",
        ),
        (&["key", "move", "--key", "key 1", "--to", "9a"], "move a key"),
    ] {
        let run = bench.demo(command).expect(1);
        let sentence = format!("the card in reader \"Software reader 1 (demo.card)\" cannot {cannot}");
        assert!(run.stderr.contains(&sentence), "{command:?}: {}", run.stderr);
    }
}
