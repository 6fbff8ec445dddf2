//! Cards whose labels attack the terminal: nothing of them is obeyed.

use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{Format, NewPin};
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::softcard;

use crate::bench::Bench;

/// Clears the screen, sets a window title, turns the text around.
const CARD_LABEL: &str = "\u{1b}[2J\u{9b}31m";
const PIN_LABEL: &str = "P\u{1b}]0;x\u{7}\u{202e}N";

/// A card in `evil.card` with those labels and one PIN.
fn bench() -> Bench {
    let bench = Bench::empty();
    let path = bench.path("evil.card");
    drop(softcard::create(&path, softcard::Options::default()).unwrap());
    let reader = softcard::reader("maker", Some(path), Duration::from_secs(1));
    let mut card = Card::new(reader, CardSettings::new(&Config::default()), Stats::default());
    let (officer, user) = (Secret::from("00000000"), Secret::from("11111111"));
    let pins = [NewPin { label: PIN_LABEL, pin: &user, puk: None, min_len: 4, tries: 3 }];
    let officer = NewPin { label: "SO PIN", pin: &officer, puk: None, min_len: 4, tries: 3 };
    card.with(|driver, channel| {
        let format = Format { label: CARD_LABEL, officer, pins: &pins };
        driver.admin().unwrap().format(channel, &format)
    })
    .unwrap();
    card.finish().unwrap();
    bench
}

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|character| (character.is_control() && character != '\n') || character == '\u{202e}')
}

#[test]
fn labels_with_control_characters_are_shown_escaped_everywhere() {
    let bench = bench();
    let commands: [&[&str]; 8] = [
        &["slots"],
        &["slots", "--tree"],
        &["pin", "status"],
        &["token", "info", "--slot", "0"],
        &["login", "--slot", "0", "--pin", "env:WRONG"],
        &["login", "--slot", "0", "--pin", "env:PIN1"],
        &["login", "--slot", "0"],
        &["token", "info"],
    ];
    for command in commands {
        for json in [false, true] {
            let mut all = vec!["--card", "evil.card"];
            all.extend(json.then_some("--json"));
            all.extend(command);
            let run = bench.run(&all);
            assert!(is_harmless(&run.text()), "{command:?}: {:?}", run.text());
            assert!(is_harmless(&run.stderr), "{command:?}: {:?}", run.stderr);
        }
    }
    let run = bench.run(["--card", "evil.card", "slots"]).expect(0);
    assert!(run.text().contains("P\\u{1b}]0;x\\u{7}\\u{202e}N"), "{}", run.text());
}

#[test]
fn labels_with_control_characters_survive_json_and_the_saved_layout() {
    let bench = bench();
    let run = bench.run(["--card", "evil.card", "--json", "slots"]).expect(0);
    let token = &run.document()["slots"][0]["token"];
    assert_eq!(token["pin"]["label"], PIN_LABEL);
    bench.run(["--card", "evil.card", "slots", "--save", "layout.toml"]).expect(0);
    bench.run(["--card", "evil.card", "slots", "--check", "layout.toml"]).expect(0);
    assert!(is_harmless(&String::from_utf8(bench.read("layout.toml")).unwrap().replace('\u{202e}', "")));
}
