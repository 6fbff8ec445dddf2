//! Logins of commands that write end with the command, those of `--auth-pin` and of the security officer too.

use std::collections::BTreeSet;

use crate::bench::Bench;
use crate::personalise_keys::with_third_pin;
use crate::prompts::Terminal;

/// References of PINs that a trace verifies (VERIFY, answered by 9000) and does not take back afterwards.
fn left_verified(trace: &str) -> Vec<String> {
    let mut verified = BTreeSet::new();
    let lines: Vec<&str> = trace.lines().filter(|line| line.contains("apdu: ")).collect();
    for pair in lines.windows(2) {
        let Some((_, command)) = pair[0].split_once("> 00") else { continue };
        let reference = command.get(4..6).unwrap_or_default().to_owned();
        match command.get(..2) {
            Some("20") if pair[1].contains(" 9000") => drop(verified.insert(reference)),
            Some("20") => drop(verified.remove(&reference)),
            Some("2E") if reference == "00" => verified.clear(),
            Some("2E") => drop(verified.remove(&reference)),
            _ => {}
        }
    }
    verified.into_iter().collect()
}

#[test]
fn left_verified_reads_the_trace_of_a_login() {
    let verify = "TRACE p11ctl::apdu: > 00200003 (8 bytes hidden)\n";
    let good = "TRACE p11ctl::apdu: < 9000 (normal processing)\n";
    let wrong = "TRACE p11ctl::apdu: < 63C2 (2 tries left)\n";
    assert_eq!(left_verified(&format!("{verify}{good}")), ["03"]);
    assert_eq!(left_verified(&format!("{verify}{wrong}")), Vec::<String>::new());
    let back = "TRACE p11ctl::apdu: > 002E0003\n";
    assert_eq!(left_verified(&format!("{verify}{good}{back}{good}")), Vec::<String>::new());
}

#[test]
fn every_command_that_writes_takes_its_logins_back() {
    let bench = with_third_pin();
    bench.write("f", "data");
    let mine = ["--slot", "2", "--pin", "env:PIN3"];
    let officer = ["--so-pin", "env:SO_PIN"];
    let mut commands: Vec<Vec<&str>> = [
        &["key", "generate", "--type", "ec:p256", "--label", "k"][..],
        &["cert", "self-sign", "--subject", "CN=k", "--store"],
        &["object", "write", "data", "f", "--auth-pin", "SO PIN=env:SO_PIN"],
        &["object", "set", "f", "--new-label", "g"],
        &["object", "delete", "g", "--yes"],
        &["key", "delete", "--key", "k", "--with-chain", "--yes"],
        &["card", "repair", "--auth-pin", "PIN 1=env:PIN1"],
    ]
    .iter()
    .map(|command| command.iter().chain(&mine).copied().collect())
    .collect();
    commands.push(["pin", "change", "--new-pin", "env:NEW"].iter().chain(&mine).copied().collect());
    commands.push(
        ["pin", "unblock", "--slot", "2", "--new-pin", "env:PIN3"].iter().chain(&officer).copied().collect(),
    );
    commands.push(
        ["pin", "init", "--slot", "2", "--new-pin", "env:NEW"].iter().chain(&officer).copied().collect(),
    );
    for command in commands {
        let run = bench.demo(["-vvv"].iter().chain(&command)).expect(0);
        assert!(run.stderr.contains("hidden"), "{command:?} sends a PIN: {}", run.stderr);
        assert_eq!(left_verified(&run.stderr), Vec::<String>::new(), "{command:?}: {}", run.stderr);
    }
}

#[test]
fn refused_command_takes_its_login_back_too() {
    let bench = Bench::shared();
    let delete = ["-vvv", "object", "delete", "--slot", "0", "--class", "certificate", "--id", "01", "--yes"];
    let wrong = ["--pin", "env:PIN1", "--auth-pin", "SO PIN=env:WRONG"];
    let run = bench.demo(delete.iter().chain(&wrong)).expect(4);
    assert_eq!(left_verified(&run.stderr), Vec::<String>::new(), "{}", run.stderr);
}

#[test]
fn last_try_of_another_pin_is_not_used_without_being_asked_for() {
    let bench = Bench::new();
    for _ in 0..2 {
        bench.demo(["login", "--slot", "1", "--pin", "env:WRONG"]).expect(4);
    }
    let repair = ["card", "repair", "--slot", "0", "--pin", "env:PIN1", "--auth-pin"];
    bench.demo(repair.iter().chain(&["PIN 2=env:WRONG"])).expect(4).says("last try").says("--final-try");
    bench.demo(repair.iter().chain(&["PIN 2=env:PIN2", "--final-try"])).expect(0);
    bench.demo(["login", "--slot", "1", "--pin", "env:PIN2"]).expect(0);
}

#[test]
fn random_puk_is_shown_once_on_the_terminal_and_works() {
    let bench = Bench::new();
    let mut terminal = Terminal::start(&bench, &[], "--card demo.card pin init --slot 3");
    terminal.wait_for("PIN \"SO PIN\" of token").keys("00000000\r");
    terminal.wait_for("New PIN for").keys("33333333\r").wait_for("again: ").keys("33333333\r");
    terminal.wait_for("PUK of \"PIN 3\": ").wait_for("it is shown only now");
    assert_eq!(terminal.end(), 0);
    let text = terminal.text();
    assert!(!text.contains("33333333") && !text.contains("00000000"), "{text}");
    let puk: String = text.split("PUK of \"PIN 3\": ").nth(1).unwrap().chars().take(8).collect();
    bench.write("puk", puk);
    bench.demo(["pin", "unblock", "--slot", "2", "--puk", "file:puk", "--new-pin", "env:NEW"]).expect(0);
}

#[test]
fn what_a_later_pin_cannot_have_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    let init = ["-vvv", "pin", "init", "--slot", "3", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN3"];
    for (more, code, sentence) in [
        (["--puk", "env:PUK"], 1, "--puk-output"),
        (["--tries", "7"], 1, "other than"),
        (["--min-length", "9"], 2, "4 to 8 characters"),
    ] {
        let keep = ["--puk-output", "puk"];
        let keep = if more[0] == "--puk" { &keep[..0] } else { &keep[..] };
        let run = bench.demo(init.iter().chain(&more).chain(keep)).expect(code).says(sentence);
        assert!(!run.stderr.contains("hidden"), "no PIN is sent: {}", run.stderr);
    }
}
