//! Many threads on two cards while the cards are pulled, and a client under valgrind.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::bench::{Bench, Put, c_client, module};

// A.9#10
#[test]
fn threads_on_two_cards_sign_right_while_the_cards_are_pulled() {
    let mut bench = Bench::pcsc([Put::Founding, Put::Founding]);
    let mut command = bench.command(c_client("stress"));
    command.args([&module(), "10"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let client = command.spawn().unwrap();
    let started = Instant::now();
    let mut pulled = 0;
    while started.elapsed() < Duration::from_secs(8) {
        std::thread::sleep(Duration::from_millis(1200));
        let reader = pulled % 2;
        let card = bench.rig().remove(reader);
        bench.rig().insert_boxed(reader, card);
        pulled += 1;
    }
    let output = client.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{} {told}", output.status);
    assert!(started.elapsed() < Duration::from_secs(40), "{:?}", started.elapsed());
    let (made, interrupted) = counts(&output.stdout);
    assert!(
        pulled >= 2 && made >= 10 && interrupted >= 1,
        "{pulled} pulled, {made} made, {interrupted} interrupted"
    );
}

#[test]
fn threads_on_two_cards_that_stay_are_never_interrupted() {
    let bench = Bench::software([Put::Founding, Put::Founding]);
    let output = bench.command(c_client("stress")).args([&module(), "3"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (made, _) = counts(&output.stdout);
    assert!(made >= 10, "{made}");
}

fn counts(stdout: &[u8]) -> (u32, u32) {
    let line = String::from_utf8_lossy(stdout).into_owned();
    let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

// A leak, or a byte that is not ours, in what every client does.
#[test]
fn valgrind_finds_nothing_in_a_client() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    for program in ["rules", "shape", "messages", "operations"] {
        bench.complete(&mut under_valgrind(&bench, program));
    }
}

// The same through the PC/SC library, and with threads that wait for each other's cards while those are pulled.
#[test]
fn valgrind_finds_nothing_in_clients_over_pcscd() {
    let bench = Bench::pcsc([Put::Founding, Put::Nothing]);
    bench.complete(&mut under_valgrind(&bench, "rules"));
    let mut bench = Bench::pcsc([Put::Founding, Put::Founding]);
    let mut command = under_valgrind(&bench, "stress");
    command.arg("12").stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut client = command.spawn().unwrap();
    let mut pulled = 0;
    while client.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_secs(3));
        let card = bench.rig().remove(pulled % 2);
        bench.rig().insert_boxed(pulled % 2, card);
        pulled += 1;
    }
    let output = client.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{} {told}", output.status);
    let (made, _) = counts(&output.stdout);
    assert!(pulled >= 2 && made >= 1, "{pulled} pulled, {made} made");
}

/// A client under valgrind, which ends with an error where it finds something.
fn under_valgrind(bench: &Bench, program: &str) -> Command {
    let mut command = bench.command("valgrind");
    command.args([
        "--quiet",
        "--error-exitcode=9",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--show-leak-kinds=definite",
        "--fair-sched=yes",
    ]);
    command.arg(c_client(program)).arg(module());
    command
}
