//! `slots` in all its forms, on the founding document's example card.

use crate::bench::Bench;

#[test]
fn founding_example_comes_out_line_by_line() {
    let bench = Bench::new();
    let run = bench.run(["--card", "-", "--card", "demo.card", "slots"]).expect(0);
    let lines: Vec<String> =
        run.text().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let reader = "Software reader 2 (demo.card)";
    assert_eq!(lines[1], "0 Software reader 1 no card - -");
    assert_eq!(
        &lines[5..],
        [
            format!("4 {reader} p11ctl example (PIN 1) PIN 1 (3 tries left) 1 key, 3 certificates"),
            format!("5 {reader} p11ctl example (PIN 2) PIN 2 (3 tries left) 1 key, 3 certificates"),
            format!("6 {reader} p11ctl example none 3 certificates"),
            format!("7 {reader} empty token - -"),
        ]
    );
    assert_eq!(run.stderr, "");
}

#[test]
fn tree_shows_pin_key_and_chain_to_the_root() {
    let run = Bench::new().demo(["slots", "--tree"]).expect(0);
    let text = run.text();
    let shape: Vec<&str> = text.lines().map(|line| line.split([',', '\n']).next().unwrap()).collect();
    assert_eq!(
        shape,
        [
            "reader \"Software reader 1 (demo.card)\"",
            "├─ slot 0: token \"p11ctl example (PIN 1)\"",
            "│  └─ PIN \"PIN 1\"",
            "│     └─ key \"key 1\"",
            "│        └─ certificate \"certificate 1\"",
            "│           └─ certificate \"issuing CA 1\"",
            "│              └─ certificate \"root 1\"",
            "├─ slot 1: token \"p11ctl example (PIN 2)\"",
            "│  └─ PIN \"PIN 2\"",
            "│     └─ key \"key 2\"",
            "│        └─ certificate \"certificate 2\"",
            "│           └─ certificate \"issuing CA 2\"",
            "│              └─ certificate \"root 2\"",
            "├─ slot 2: token \"p11ctl example\"",
            "│  ├─ certificate \"other root 1\"",
            "│  ├─ certificate \"other root 2\"",
            "│  └─ certificate \"other root 3\"",
            "└─ slot 3: empty token \"p11ctl example\"",
        ]
    );
    assert_eq!(text.matches(", root\n").count(), 2, "{text}");
}

#[test]
fn tree_without_utf8_is_drawn_in_ascii() {
    let bench = Bench::new();
    let output = bench.command(["--card", "demo.card", "slots", "--tree"]).env("LANG", "C").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("|- slot 0: token"), "{text}");
}

#[test]
fn shared_chain_is_seen_in_both_tokens() {
    let text = Bench::shared().demo(["slots", "--tree"]).expect(0).text();
    assert_eq!(text.matches("certificate \"issuing CA\"").count(), 2, "{text}");
    assert_eq!(text.matches("certificate \"root\"").count(), 2, "{text}");
}

#[test]
fn saved_layout_matches_until_something_changes() {
    let bench = Bench::new();
    bench.demo(["slots", "--save", "layout.toml"]).expect(0).says("saved 4 slots to layout.toml");
    bench.demo(["slots", "--check", "layout.toml"]).expect(0).says("4 slots as saved");
    // Tries left are volatile: a wrong PIN is no difference.
    bench.demo(["login", "--slot", "0", "--pin", "env:WRONG"]).expect(4);
    bench.demo(["slots", "--check", "layout.toml"]).expect(0);
    let saved = String::from_utf8(bench.read("layout.toml")).unwrap();
    assert!(!saved.contains("tries"), "{saved}");
    bench.write("layout.toml", saved.replace("pin = \"PIN 2\"", "pin = \"PIN 9\""));
    let run =
        bench.demo(["slots", "--check", "layout.toml"]).expect(1).says("1 difference from the saved layout");
    assert_eq!(run.text(), "slot 1: PIN: expected \"PIN 9\", found \"PIN 2\"\n");
    let run = bench.demo(["--json", "slots", "--check", "layout.toml"]).expect(1);
    let document = run.document();
    assert_eq!(document["matches"], false);
    assert_eq!(document["differences"][0]["change"], "changed");
    assert_eq!(document["differences"][0]["slot"], 1);
    assert_eq!(document["differences"][0]["expected"], "PIN 9");
    assert_eq!(document["differences"][0]["found"], "PIN 2");
}

#[test]
fn check_of_a_card_in_another_reader_matches() {
    let bench = Bench::new();
    bench.demo(["slots", "--save", "layout.toml"]).expect(0);
    std::fs::copy(bench.path("demo.card"), bench.path("copy.card")).unwrap();
    let run = bench.run(["--card", "copy.card", "slots", "--check", "layout.toml"]).expect(0);
    assert_eq!(run.text(), "");
    run.says("4 slots as saved");
}

#[test]
fn check_another_card_names_each_certificate_that_differs() {
    let bench = Bench::new();
    bench.demo(["slots", "--save", "layout.toml"]).expect(0);
    std::fs::rename(bench.path("demo.card"), bench.path("old.card")).unwrap();
    std::fs::copy(Bench::shared().path("demo.card"), bench.path("demo.card")).unwrap();
    let text = bench.demo(["slots", "--check", "layout.toml"]).expect(1).text();
    assert!(text.contains("slot 0: certificate \"certificate 1\" (id 01): expected sha256 "), "{text}");
    assert!(text.contains("slot 0: private-key \"key 1\" (id 01): expected rsa:2048, sha256 "), "{text}");
    assert!(text.contains("is missing"), "{text}");
    assert!(text.contains("is new"), "{text}");
    // The same labels with other contents.
    assert!(text.contains("slot 2: certificate \"other root 1\""), "{text}");
}

#[test]
fn check_without_card_or_with_a_bad_file_is_no_match() {
    let bench = Bench::new();
    bench.demo(["slots", "--save", "layout.toml"]).expect(0);
    let text = bench.run(["--card", "-", "slots", "--check", "layout.toml"]).expect(1).text();
    assert!(text.contains("slot 0: token is missing: \"p11ctl example (PIN 1)\""), "{text}");
    bench.write("bad.toml", "schema = 1\n[[slot]]\nid = 0\nreader = \"x\"\npinn = \"y\"\n");
    bench.demo(["slots", "--check", "bad.toml"]).expect(2).says("because: bad.toml:5: unknown field `pinn`");
    bench.write("bad.toml", "schema = [1\n");
    let run = bench.demo(["slots", "--check", "bad.toml"]).expect(2).says("because: bad.toml:1: ");
    assert!(!run.stderr.contains("u{a}"), "{}", run.stderr);
    bench.demo(["slots", "--check", "missing.toml"]).expect(2).says("missing.toml");
}

#[test]
fn save_to_standard_output_is_the_file() {
    let bench = Bench::new();
    bench.demo(["slots", "--save", "layout.toml"]).expect(0);
    let run = bench.demo(["slots", "--save", "-"]).expect(0);
    assert_eq!(run.stdout, bench.read("layout.toml"));
}

#[test]
fn save_without_a_readable_card_saves_nothing() {
    let bench = Bench::empty();
    bench.write("bad.card", "no card");
    bench
        .run(["--card", "bad.card", "slots", "--save", "layout.toml"])
        .expect(5)
        .says("the layout is not saved");
    assert!(!bench.path("layout.toml").exists());
}

#[test]
fn slots_on_a_software_card_take_no_time() {
    let bench = Bench::new();
    bench.demo(["slots"]).expect(0);
    // The first run fills the cache; a warm one is held to 5 APDUs.
    let run = bench.demo(["--stats", "slots"]).expect(0);
    let apdus: u32 = run.stderr.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(apdus <= 5, "{}", run.stderr);
}
