//! `card record`: the dialogue of a command with a card, in a file that answers in the card's place, without secrets.

use p11ctl::apdu::Stats;
use p11ctl::card::{Card, CardCall, CardSettings};
use p11ctl::codec::{Secret, hex};
use p11ctl::crypto::DigestAlgorithm;
use p11ctl::crypto::digest::digest;
use p11ctl::token::KeyClass;
use p11ctl::transport::replay::{Replay, ReplayReader};

use crate::bench::Bench;

/// DigestInfo of SHA-256 (RFC 8017, 9.2, note 1), without the digest.
const DIGEST_INFO_SHA256: &str = "3031300d060960864801650304020105000420";

fn replayed(bench: &Bench, file: &str) -> Card {
    let replay = Replay::load(&bench.path(file)).unwrap();
    let reader = Box::new(ReplayReader::new("replay", replay.any_order()));
    Card::new(reader, CardSettings::default(), Stats::default())
}

#[test]
fn recording_of_a_signature_replays_and_holds_no_pin() {
    let bench = Bench::new();
    bench.write("in", "some data");
    bench.write("no-cache.toml", "[cache]\nenabled = false\n");
    let run = bench.demo([
        "--config",
        "no-cache.toml",
        "card",
        "record",
        "sign.txt",
        "--",
        "sign",
        "--slot",
        "0",
        "--pin",
        "env:PIN1",
        "-o",
        "signature",
        "in",
    ]);
    run.expect(0).says("recorded the dialogue with the card").says("look through it before you send it");

    let text = String::from_utf8(bench.read("sign.txt")).unwrap();
    assert!(text.starts_with("# p11ctl ") && text.contains("# p11ctl sign --slot 0"), "{text}");
    for form in ["11111111".to_owned(), hex::encode(b"11111111")] {
        let commands = text.lines().filter(|line| line.starts_with("> "));
        assert!(!commands.clone().any(|line| line.contains(&form)), "{text}");
        assert!(commands.count() > 5);
    }
    assert!(text.contains("> 0020000108................\n"), "the VERIFY is there, its PIN is not: {text}");

    // Any PIN of that length opens the replay, and the key signs as it did.
    let mut card = replayed(&bench, "sign.txt");
    let token = card.read_token().unwrap();
    let pin = token.auths.iter().find(|auth| auth.label == "PIN 1").unwrap();
    card.verify(&pin.id, &Secret::from("87654321")).unwrap();
    let key =
        token.keys.iter().find(|key| key.class == KeyClass::Private && key.auth.as_ref() == Some(&pin.id));
    let mut digest_info = hex::decode(DIGEST_INFO_SHA256).unwrap();
    digest_info.extend_from_slice(&digest(DigestAlgorithm::Sha256, b"some data"));
    let call = CardCall::RsaSignPkcs1 { key: key.unwrap().object, digest_info: &digest_info };
    assert_eq!(card.perform(&call).unwrap().expose(), bench.read("signature"));
}

#[test]
fn recording_hides_the_pins_of_every_command_that_takes_one() {
    let bench = Bench::new();
    let secrets = ["11111111", "22222222", "99999999", "00000000"];
    let commands: [&[&str]; 3] = [
        &["pin", "change", "--slot", "0", "--pin", "env:PIN1", "--new-pin", "env:PIN2"],
        &["pin", "unblock", "--slot", "0", "--puk", "env:PUK", "--new-pin", "env:PIN1"],
        &[
            "object",
            "write",
            "data",
            "secret",
            "--private",
            "--slot",
            "0",
            "--pin",
            "env:PIN1",
            "--label",
            "x",
        ],
    ];
    bench.write("secret", "a private text");
    for (number, command) in commands.iter().enumerate() {
        let file = format!("{number}.txt");
        let record = ["card", "record", &file, "--"];
        bench.demo(record.iter().chain(*command)).expect(0);
        let text = String::from_utf8(bench.read(&file)).unwrap();
        assert!(Replay::parse(&text).is_ok());
        for secret in secrets.iter().copied().chain(["a private text"]) {
            let form = hex::encode(secret.as_bytes());
            assert!(!text.contains(&form), "{command:?} shows {secret}: {text}");
        }
    }
}

#[test]
fn recording_of_a_command_that_fails_is_kept_and_named() {
    let bench = Bench::new();
    let record = ["card", "record", "bad.txt", "--", "login", "--slot", "0", "--pin", "env:PIN2"];
    bench.demo(record).expect(4).says("PIN incorrect").says("recorded the dialogue").says("bad.txt");
    assert!(String::from_utf8(bench.read("bad.txt")).unwrap().contains("< 63c2"));
}

#[test]
fn recording_without_a_dialogue_leaves_no_file() {
    let bench = Bench::new();
    let record = ["card", "record", "none.txt", "--", "config", "show"];
    bench.demo(record).expect(3).says("asked the card in reader");
    assert!(!bench.path("none.txt").exists());
    bench.write("old.txt", "mine");
    bench.demo(["card", "record", "old.txt", "--", "slots"]).expect(2).says("old.txt");
    assert_eq!(bench.read("old.txt"), b"mine");
}

#[test]
fn recording_takes_one_card_of_several_and_raw_commands() {
    let bench = Bench::new();
    std::fs::copy(bench.path("demo.card"), bench.path("other.card")).unwrap();
    bench.write("no-cache.toml", "[cache]\nenabled = false\n");
    let two = [
        "--config",
        "no-cache.toml",
        "--card",
        "demo.card",
        "--card",
        "other.card",
        "card",
        "record",
        "two.txt",
    ];
    bench.run(two.iter().chain(&["--", "slots"])).expect(3).says("which one?");
    bench.run(two.iter().chain(&["--reader", "other", "--", "slots"])).expect(0);
    let text = String::from_utf8(bench.read("two.txt")).unwrap();
    assert_eq!(text.matches("\natr ").count(), 1);
    assert!(replayed(&bench, "two.txt").read_token().is_ok());
    bench.demo(["card", "record", "raw.txt", "--", "card", "apdu", "00CA01A000"]).expect(0);
    assert!(String::from_utf8(bench.read("raw.txt")).unwrap().contains("> 00ca01a000\n< 4d79454944"));
}
