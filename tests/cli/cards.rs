//! `card new|apdu`: making cards, talking to them raw.

use crate::bench::Bench;

#[test]
fn new_card_never_overwrites() {
    let bench = Bench::new();
    let before = bench.read("demo.card");
    bench.run(["card", "new", "demo.card"]).expect(2).says("demo.card exists already");
    bench.run(["card", "new", "demo.card", "--example"]).expect(2);
    assert_eq!(bench.read("demo.card"), before);
    let run = bench.run(["card", "new", "no/such/folder/x.card"]).expect(2);
    assert!(run.stderr.starts_with("error: cannot write no/such/folder/x.card\n"), "{}", run.stderr);
}

#[test]
fn image_that_the_system_refuses_is_not_called_damaged() {
    let bench = Bench::empty();
    std::fs::create_dir(bench.path("folder.card")).unwrap();
    let run = bench.run(["--card", "folder.card", "find", "--slot", "0"]).expect(5).says("a regular file");
    assert!(!run.stderr.contains("damaged"), "{}", run.stderr);
    bench.write("bad.card", "no card");
    bench.run(["--card", "bad.card", "find", "--slot", "0"]).expect(5).says("damaged or no card image");
}

#[test]
fn image_in_use_names_who_may_hold_it() {
    let bench = Bench::new();
    bench.write("quick.toml", "[readers]\nbusy_timeout = 1\n");
    let image = std::fs::File::open(bench.path("demo.card")).unwrap();
    image.lock().unwrap();
    let run = bench.demo(["--config", "quick.toml", "find", "--slot", "0"]).expect(5);
    run.says("for a software card p11ctl card serve");
}

#[test]
fn blank_card_is_called_blank() {
    let bench = Bench::empty();
    bench.run(["card", "new", "blank.card"]).expect(0).says("made the blank card blank.card");
    let run = bench.run(["--card", "blank.card", "slots"]).expect(0);
    assert!(run.text().contains("blank card"), "{}", run.text());
    bench.run(["--card", "blank.card", "readers"]).expect(0);
    bench
        .run(["--card", "blank.card", "login", "--slot", "0", "--pin", "env:PIN1"])
        .expect(4)
        .says("has no PIN");
}

#[test]
fn example_card_says_its_pins() {
    let bench = Bench::empty();
    let run = bench.run(["--json", "card", "new", "x.card", "--example", "shared"]).expect(0);
    let example = &run.document()["example"];
    assert_eq!(example["kind"], "shared");
    assert_eq!(example["pins"][0]["pin"], "11111111");
    assert_eq!(example["so_pin"], "00000000");
}

#[test]
fn apdu_responses_come_as_they_are() {
    let bench = Bench::new();
    let run = bench.demo(["card", "apdu", "00:CA:01:A0:00", "00 A4 04 00"]).expect(1);
    let text = run.text();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("4d79454944") && lines[0].ends_with(" 9000"), "{text}");
    assert_eq!(lines.len(), 2);
    bench.demo(["card", "apdu", "00CA"]).expect(2).says("CLA INS P1 P2");
    bench.demo(["card", "apdu", "xyz"]).expect(2).says("hexadecimal");
    for command in [&["card", "apdu", "00CA01A000"][..], &["find"], &["login"]] {
        let run = bench.run(["--card", "-"].iter().chain(command)).expect(3);
        run.says("there is no card in any reader").says("hint: insert one");
    }
}

#[test]
fn apdu_ambiguous_reader_lists_the_readers() {
    let bench = Bench::new();
    std::fs::copy(bench.path("demo.card"), bench.path("other.card")).unwrap();
    let two = ["--card", "demo.card", "--card", "other.card", "card", "apdu", "00CA01A000"];
    bench.run(two).expect(3).says("which one?").says("Software reader 2 (other.card)");
    bench.run(two.iter().chain(&["--reader", "other"])).expect(0);
    bench.run(two.iter().chain(&["--reader", "third"])).expect(3).says("there is no reader \"third\"");
}

#[test]
fn card_held_by_another_program_is_told_in_every_command() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let bench = Bench::new();
    bench.write("empty.conf", "[readers]\nbusy_timeout = 0\n");
    // Nobody listens on port 1: the card is taken, and waits for a reader.
    let mut serve = Command::new(crate::bench::PROGRAM);
    crate::bench::clean(&mut serve, &bench.path(""));
    serve.args(["card", "serve", "demo.card", "--port", "1"]).stderr(Stdio::piped());
    let mut serve = serve.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(serve.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("waiting for a virtual reader at 127.0.0.1:1"), "{said}");

    let run = bench.demo(["readers"]).expect(0).says("held by another program");
    assert!(run.text().contains("held by another program"), "{}", run.text());
    bench.demo(["slots"]).expect(5).says("held by another program").says("busy_timeout");
    bench.demo(["login", "--slot", "0", "--pin", "env:PIN1"]).expect(5).says("held by another program");
    bench.demo(["card", "apdu", "00CA01A000"]).expect(5).says("held by another program");
    let second = bench.run(["card", "serve", "demo.card", "--port", "1"]).expect(5);
    assert!(second.stderr.contains("demo.card"), "{}", second.stderr);

    // A signal is how serving ends.
    assert!(Command::new("kill").args(["-s", "TERM", &serve.id().to_string()]).status().unwrap().success());
    assert!(serve.wait().unwrap().success());
    bench.demo(["slots"]).expect(0);
}
