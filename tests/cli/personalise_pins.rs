//! `pin init|change|unblock`: new values by who may give them, and what is refused before anything is sent.

use std::process::{Command, Stdio};

use crate::bench::{Bench, PROGRAM, Run, clean};
use crate::prompts::Terminal;

fn login(bench: &Bench, slot: &str, pin: &str) -> Run {
    bench.demo(["login", "--slot", slot, "--pin", pin])
}

/// Whether a trace shows a command that carries a PIN or PUK: VERIFY, CHANGE, RESET RETRY COUNTER.
fn sends_a_secret(trace: &str) -> bool {
    let instructions = trace.lines().filter_map(|line| line.split("> ").nth(1)?.get(2..4));
    instructions.into_iter().any(|instruction| ["20", "24", "2C"].contains(&instruction))
}

#[test]
fn change_needs_the_old_value_and_gives_the_new() {
    let bench = Bench::new();
    let change = |old| ["pin", "change", "--slot", "0", "--pin", old, "--new-pin", "env:NEW"];
    bench.demo(change("env:WRONG")).expect(4).says("PIN incorrect for \"PIN 1\" in slot 0, 2 tries left");
    bench.demo(change("env:PIN1")).expect(0).says("PIN \"PIN 1\" of the token in slot 0 is changed");
    login(&bench, "0", "env:NEW").expect(0);
    login(&bench, "0", "env:PIN1").expect(4);
    login(&bench, "1", "env:PIN2").expect(0);
}

#[test]
fn change_of_the_so_pin_takes_the_old_one() {
    let bench = Bench::new();
    let change = ["pin", "change", "--slot", "0", "--so-pin", "env:SO_PIN", "--new-pin", "env:NEW"];
    bench.demo(change).expect(0).says("\"SO PIN\"");
    bench.demo(change).expect(4).says("PIN incorrect for \"SO PIN\"");
    let erase = ["token", "erase", "--slot", "0", "--so-pin", "env:NEW", "--yes"];
    bench.demo(erase).expect(0);
}

#[test]
fn new_value_of_a_wrong_length_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    let commands: [&[&str]; 4] = [
        &["pin", "change", "--slot", "0", "--pin", "env:PIN1", "--new-pin", "env:LONG"],
        &["pin", "unblock", "--slot", "0", "--puk", "env:PUK", "--new-pin", "env:LONG"],
        &["pin", "init", "--slot", "0", "--so-pin", "env:SO_PIN", "--new-pin", "env:LONG"],
        &[
            "pin",
            "init",
            "--slot",
            "3",
            "--so-pin",
            "env:SO_PIN",
            "--new-pin",
            "env:LONG",
            "--puk-output",
            "p",
        ],
    ];
    for command in commands {
        let run =
            bench.demo(["-vvv"].iter().chain(command)).expect(4).says("4 to 8 characters; nothing was sent");
        assert!(!sends_a_secret(&run.stderr), "{command:?}: {}", run.stderr);
    }
    assert!(!bench.path("p").exists(), "no file for a PUK that is not there");
}

#[test]
fn empty_new_value_is_never_sent() {
    let bench = Bench::new();
    let change = ["pin", "change", "--slot", "0", "--pin", "env:PIN1", "--new-pin", "env:EMPTY"];
    bench.demo(change).expect(4).says("no new PIN given");
    login(&bench, "0", "env:PIN1").expect(0);
}

#[test]
fn locked_pin_is_unblocked_by_its_puk() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.demo(["login", "--slot", "0", "--pin", "env:WRONG", "--final-try"]).expect(4);
    }
    login(&bench, "0", "env:PIN1").expect(4).says("PIN locked");
    let unblock = |puk| ["pin", "unblock", "--slot", "0", "--puk", puk, "--new-pin", "env:NEW"];
    let wrong = bench.demo(unblock("env:WRONG")).expect(4);
    assert!(wrong.stderr.contains("PUK incorrect for \"PIN 1\" in slot 0"), "{}", wrong.stderr);
    bench.demo(unblock("env:PUK")).expect(0).says("all its tries");
    login(&bench, "0", "env:NEW").expect(0);
}

#[test]
fn locked_pin_is_unblocked_by_the_security_officer() {
    let bench = Bench::new();
    for _ in 0..3 {
        bench.demo(["login", "--slot", "1", "--pin", "env:WRONG", "--final-try"]).expect(4);
    }
    let unblock = ["pin", "unblock", "--slot", "1", "--so-pin", "env:SO_PIN", "--new-pin", "env:NEW"];
    bench.demo(unblock).expect(0);
    login(&bench, "1", "env:NEW").expect(0);
}

#[test]
fn init_on_a_token_with_a_pin_resets_it() {
    let bench = Bench::new();
    let init = ["pin", "init", "--slot", "0", "--so-pin", "env:SO_PIN", "--new-pin", "env:NEW"];
    let document = bench.json(init);
    assert_eq!((&document["created"], &document["slot"]), (&false.into(), &0.into()));
    login(&bench, "0", "env:NEW").expect(0);
    for option in [["--label", "x"], ["--tries", "5"], ["--min-length", "6"]] {
        bench.demo(init.iter().chain(&option)).expect(2).says("only for a new one");
    }
}

#[test]
fn init_on_the_left_overs_is_refused_with_where_it_goes() {
    let bench = Bench::new();
    let init = ["-vvv", "pin", "init", "--slot", "2", "--so-pin", "env:SO_PIN", "--new-pin", "env:NEW"];
    let run = bench.demo(init).expect(1).says("an empty token");
    assert!(!sends_a_secret(&run.stderr), "{}", run.stderr);
}

#[test]
fn init_with_a_wrong_so_pin_tells_its_tries() {
    let bench = Bench::new();
    let init = ["pin", "init", "--slot", "3", "--so-pin", "env:WRONG", "--new-pin", "env:NEW"];
    bench
        .demo(init.iter().chain(&["--puk-output", "puk"]))
        .expect(4)
        .says("\"SO PIN\" in slot 3, 2 tries left");
    assert!(!bench.path("puk").exists());
}

#[test]
fn random_puk_needs_somewhere_to_go() {
    let bench = Bench::new();
    let init = ["pin", "init", "--slot", "3", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN3"];
    bench.demo(init).expect(2).says("--puk-output");
    bench.write("old", "x");
    bench.demo(init.iter().chain(&["--puk-output", "old"])).expect(2).says("exists already");
    assert_eq!(bench.read("old"), b"x");
    bench.demo(init.iter().chain(&["--puk-output", "puk"])).expect(0).says("wrote the PUK to puk");
    let puk = String::from_utf8(bench.read("puk")).unwrap();
    let mut unblock = bench.command(["--card", "demo.card", "pin", "unblock", "--slot", "2"]);
    let run =
        unblock.args(["--puk", "file:puk", "--new-pin", "env:NEW"]).stdin(Stdio::null()).output().unwrap();
    assert!(run.status.success(), "{puk}: {}", String::from_utf8_lossy(&run.stderr));
    login(&bench, "2", "env:NEW").expect(0);
}

#[test]
fn values_from_standard_input_are_its_lines() {
    let bench = Bench::new();
    let script = format!(
        "printf '11111111\\n77777777\\n' | '{PROGRAM}' --card demo.card pin change --slot 0 --pin stdin --new-pin stdin"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    clean(&mut shell, &bench.path(""));
    assert!(shell.output().unwrap().status.success());
    login(&bench, "0", "env:NEW").expect(0);
}

#[test]
fn new_pin_is_typed_twice_on_a_terminal() {
    let bench = Bench::new();
    let arguments = "--card demo.card pin change --slot 0 --pin env:PIN1";
    let mut terminal = Terminal::start(&bench, &[], arguments);
    terminal.wait_for("New PIN for \"PIN 1\"").keys("77777777\r").wait_for("again: ").keys("77777778\r");
    assert_eq!(terminal.end(), 4);
    login(&bench, "0", "env:PIN1").expect(0);
    let mut terminal = Terminal::start(&bench, &[], arguments);
    terminal.wait_for("New PIN for \"PIN 1\"").keys("77777777\r").wait_for("again: ").keys("77777777\r");
    assert_eq!(terminal.end(), 0);
    login(&bench, "0", "env:NEW").expect(0);
}

#[test]
fn erasing_asks_on_a_terminal_and_takes_yes_alone() {
    let bench = Bench::new();
    let arguments = "--card demo.card token erase --slot 0 --so-pin env:SO_PIN";
    let mut terminal = Terminal::start(&bench, &[], arguments);
    terminal.wait_for("keys: \"key 1\", \"key 2\"").wait_for("Type yes to go on: ").keys("y\r");
    assert_eq!(terminal.end(), 1);
    login(&bench, "0", "env:PIN1").expect(0);
    let mut terminal = Terminal::start(&bench, &[], arguments);
    terminal.wait_for("Type yes to go on: ").keys("yes\r");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn literal_values_are_refused_and_never_repeated() {
    let bench = Bench::new();
    bench.write("f", "x");
    let commands: [&[&str]; 8] = [
        &["pin", "change", "--slot", "0", "--new-pin", "7531"],
        &["pin", "unblock", "--slot", "0", "--puk", "7531"],
        &["pin", "init", "--slot", "3", "--so-pin", "7531"],
        &["pin", "init", "--slot", "3", "--puk", "7531"],
        &["token", "init", "--slot", "3", "--label", "x", "--so-puk", "7531", "--yes"],
        &["token", "erase", "--slot", "3", "--so-pin", "7531", "--yes"],
        &["key", "import", "f", "--slot", "0", "--password", "7531"],
        &["object", "write", "data", "f", "--slot", "0", "--auth-pin", "PIN 1=7531"],
    ];
    for command in commands {
        let run = bench.demo(["--stats"].iter().chain(command)).expect(2);
        let run = run.says("every user of this machine can read").says("stats: 0 APDUs");
        assert!(!run.stderr.contains("7531"), "{}", run.stderr);
    }
}
