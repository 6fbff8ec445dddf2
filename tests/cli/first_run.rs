//! The first run on a machine: no service, no reader, no card, a wrong file. Each is told what to do next.

use crate::bench::Bench;

const FIRST_STEP: &str = "hint: make a software card: p11ctl card new demo.card --example";

/// The surroundings of a machine without a PC/SC service.
fn without_service() -> Bench {
    Bench::empty()
}

/// A configuration that asks for no PC/SC readers at all.
fn without_pcsc() -> Bench {
    let bench = Bench::empty();
    bench.write("empty.conf", "[readers]\npcsc = false\n");
    bench
}

#[test]
fn bare_program_shows_short_help_and_the_first_step() {
    let run = Bench::empty().run([""; 0]).expect(2);
    assert!(run.stderr.contains("Usage: p11ctl"), "{}", run.stderr);
    assert!(run.stderr.contains("p11ctl card new demo.card --example"));
    assert!(run.stdout.is_empty());
}

#[test]
fn slots_without_reader_says_how_to_make_a_software_card() {
    let bench = without_pcsc();
    for command in ["slots", "readers"] {
        let run = bench.run([command]).expect(0).says("there is no reader").says(FIRST_STEP);
        assert_eq!(run.text(), "");
    }
    let document = bench.run(["--json", "slots"]).expect(0).document();
    assert_eq!(document["slots"], serde_json::json!([]));
}

#[test]
fn token_command_without_reader_is_not_found() {
    let run = without_pcsc().run(["token", "info"]).expect(3).says("there is no reader").says(FIRST_STEP);
    assert!(run.stdout.is_empty());
}

#[test]
fn first_steps_work_as_printed() {
    let bench = without_pcsc();
    bench.run(["card", "new", "demo.card", "--example"]).expect(0).says("PIN 1   11111111");
    let run = bench.demo(["slots"]).expect(0);
    assert_eq!(run.text().lines().count(), 5, "{}", run.text());
}

#[test]
fn software_readers_work_where_the_service_does_not() {
    let bench = without_service();
    bench.run(["card", "new", "blank.card"]).expect(0);
    bench.write("with.conf", "[[software_reader]]\nname = \"Desk\"\ncard = \"blank.card\"\n");
    let document = bench.run(["--config", "with.conf", "--json", "readers"]).document();
    let names: Vec<&str> = document["readers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reader| reader["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"Desk"), "{names:?}");
}

#[test]
fn missing_card_image_is_wrong_usage() {
    let run = Bench::empty().run(["--card", "my card", "slots"]).expect(2);
    run.says("there is no card image my card").says("hint: make one: p11ctl card new 'my card' --example");
}

#[test]
fn damaged_card_image_is_told_and_nothing_else_suffers() {
    let bench = Bench::new();
    let mut image = bench.read("demo.card");
    let middle = image.len() / 2;
    image[middle] ^= 0x40;
    bench.write("damaged.card", &image);
    image.truncate(100);
    bench.write("short.card", &image);
    bench.write("text.card", "no card at all\n");
    for damaged in ["damaged.card", "short.card", "text.card"] {
        let run = bench.run(["--card", damaged, "--card", "demo.card", "slots"]).expect(5).says(damaged);
        assert!(run.text().contains("p11ctl example (PIN 1)"), "{}", run.text());
        assert!(run.text().contains("card not readable"), "{}", run.text());
        bench.run(["--card", damaged, "login", "--slot", "0", "--pin", "env:PIN1"]).expect(5).says(damaged);
        bench.run(["--card", damaged, "readers"]).expect(0).says(damaged);
    }
}
