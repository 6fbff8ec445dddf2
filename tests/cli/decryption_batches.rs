//! `decrypt` with many messages: what is wrong with one does not concern the others, and a card that goes takes only what
//! comes after.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use p11ctl::softcard;

use crate::bench::{Bench, PROGRAM, finish};
use crate::common::rig::Rig;

/// A bench with a message for the first token of each of these names.
fn bench(names: &[&str]) -> Bench {
    let bench = Bench::new();
    bench.demo(["object", "export", "certificate 1", "--class", "certificate", "-o", "c1.pem"]).expect(0);
    bench.demo(["object", "export", "certificate 2", "--class", "certificate", "-o", "c2.pem"]).expect(0);
    names.iter().for_each(|name| message(&bench, name, "c1.pem"));
    bench
}

fn message(bench: &Bench, name: &str, recipient: &str) {
    bench.write(name, format!("contents of {name}"));
    let message = format!("{name}.cms");
    bench.run(["encrypt", name, "--recipient", recipient, "-o", &message]).expect(0);
    fs::remove_file(bench.path(name)).unwrap();
}

fn has(bench: &Bench, path: &str, name: &str) {
    assert_eq!(String::from_utf8(bench.read(path)).unwrap(), format!("contents of {name}"));
}

const DECRYPT: [&str; 3] = ["decrypt", "--pin", "env:PIN1"];

#[test]
fn bad_message_among_good_ones_is_told_and_the_others_are_decrypted() {
    let bench = bench(&["a", "b", "c"]);
    let mut changed = bench.read("b.cms");
    let tag = changed.len() - 8;
    changed[tag] ^= 1;
    bench.write("b.cms", changed);
    bench.write("plain.enc", "no message at all");
    message(&bench, "other", "c2.pem");
    bench.tool("openssl", &["genrsa", "-out", "own.key", "2048"]);
    bench.tool("openssl", &["rsa", "-in", "own.key", "-pubout", "-out", "own.pem"]);
    message(&bench, "foreign", "own.pem");
    let files = ["a.cms", "missing.cms", "b.cms", "foreign.cms", "plain.enc", "c.cms"];
    let run = bench.demo(["--json"].iter().chain(&DECRYPT).chain(&files)).expect(2);
    assert_eq!(run.stderr, "");
    let document = run.document();
    let entries = document["files"].as_array().unwrap();
    let states: Vec<&str> = entries.iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["decrypted", "failed", "failed", "failed", "failed", "decrypted"]);
    assert_eq!(entries[1]["error"]["message"], "cannot read missing.cms");
    assert_eq!(entries[2]["error"]["message"], "b.cms does not decrypt");
    assert_eq!(entries[3]["error"]["kind"], "not_found");
    assert_eq!(entries[4]["error"]["message"], "plain.enc is no CMS message");
    assert_eq!((&entries[5]["output"], &entries[5]["key"]), (&"c".into(), &"key 1".into()));
    has(&bench, "a", "a");
    has(&bench, "c", "c");
    assert!(!bench.path("b").exists() && !bench.path("foreign").exists());

    let run = bench.demo(DECRYPT.iter().chain(&files)).expect(2);
    for sentence in ["error: b.cms does not decrypt", "wrote c", "2 of 6 files are decrypted"] {
        assert!(run.stderr.contains(sentence), "{sentence:?} is not in:\n{}", run.stderr);
    }
    bench.demo(DECRYPT.iter().chain(&["--output-dir", "out", "a.cms", "c.cms"])).expect(0);
    has(&bench, "out/c", "c");
    bench.demo(DECRYPT.iter().chain(&["--output-dir", "one", "a.cms"])).expect(0);
    has(&bench, "one/a", "a");
}

#[test]
fn outputs_that_hurt_each_other_are_refused_before_anything_is_done() {
    let bench = bench(&["a", "b"]);
    fs::create_dir(bench.path("sub")).unwrap();
    fs::copy(bench.path("a.cms"), bench.path("sub/a.cms")).unwrap();
    fs::copy(bench.path("a.cms"), bench.path("a.cms.cms")).unwrap();
    fs::copy(bench.path("a.cms"), bench.path("nameless")).unwrap();
    let refuse = |more: &[&str], sentence: &str| {
        let run = bench.demo(["decrypt", "--pin", "env:NO_SUCH"].iter().chain(more)).expect(2);
        assert!(run.stderr.contains(sentence), "{sentence:?} is not in:\n{}", run.stderr);
    };
    refuse(&["a.cms", "b.cms", "-o", "x"], "-o names one file");
    refuse(&["--output-dir", "out", "a.cms", "sub/a.cms"], "two files would be written to out/a");
    refuse(&["a.cms.cms", "a.cms"], "would replace a.cms");
    refuse(&["--output-dir", ".", "nameless", "a.cms"], "would replace ./nameless");
    refuse(&["--output-dir", ".", "sub/../a.cms", "./a.cms"], "two files would be written to ./a");
    refuse(&["a.cms", "nameless"], "nameless has no name for what is in it");
    refuse(&["a.cms", "-"], "decrypt standard input alone");
    refuse(&["a.cms", "b.cms", "--mechanism", "RSA-PKCS"], "needs no --mechanism");
    refuse(&["missing.cms", "gone.cms"], "none of the 2 files can be read");
    assert!(!bench.path("out").exists() && !bench.path("a").exists());
}

// Whoever sends a message chooses whom it is for.
#[test]
fn pin_for_one_token_is_not_sent_to_another_that_a_message_names() {
    let bench = bench(&["a", "b"]);
    message(&bench, "other", "c2.pem");
    let files = ["a.cms", "other.cms", "b.cms"];
    let run = bench.demo(["--json"].iter().chain(&DECRYPT).chain(&files)).expect(4);
    let document = run.document();
    let states: Vec<&str> =
        document["files"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["decrypted", "failed", "decrypted"]);
    assert_eq!(
        document["files"][1]["error"]["message"],
        "key \"key 2\" is in slot 1, and the PIN that was given is for slot 0"
    );
    let status = bench.json(["pin", "status", "--slot", "1"]);
    assert_eq!(status["pins"][0]["tries_left"], 3, "{status}");
}

#[test]
fn wrong_pin_costs_one_try_however_many_messages_there_are() {
    let bench = bench(&["a", "b", "c"]);
    let decrypt = ["--json", "decrypt", "--pin", "env:WRONG", "a.cms", "b.cms", "c.cms"];
    let document = bench.demo(decrypt).expect(4).document();
    let states: Vec<&str> =
        document["files"].as_array().unwrap().iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["failed", "not_tried", "not_tried"]);
    let status = bench.json(["pin", "status", "--slot", "0"]);
    assert_eq!(status["pins"][0]["tries_left"], 2, "{status}");
}

#[test]
fn card_pulled_in_the_middle_leaves_what_came_before_and_says_so() {
    let (mut rig, bench) = (Rig::start(), bench(&["a", "b", "c", "d"]));
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    // The third message is a pipe: when it is opened, the two before it are done.
    let message = bench.read("c.cms");
    fs::remove_file(bench.path("c.cms")).unwrap();
    bench.tool("mkfifo", &["c.cms"]);
    let mut decrypt = rig.command("env");
    decrypt.args(["-C", &bench.path("").to_string_lossy(), "PIN1=11111111"]).arg(PROGRAM);
    decrypt.args(["--config", "empty.conf", "--json", "decrypt", "--pin", "env:PIN1"]);
    decrypt.args(["a.cms", "b.cms", "c.cms", "d.cms"]);
    let decrypt = decrypt.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = fs::OpenOptions::new().write(true).open(bench.path("c.cms")).unwrap();
    rig.remove(0);
    pipe.write_all(&message).unwrap();
    drop(pipe);
    let run = finish(decrypt.wait_with_output().unwrap()).expect(5);
    let document = run.document();
    let entries = document["files"].as_array().unwrap();
    let states: Vec<&str> = entries.iter().map(|entry| entry["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["decrypted", "decrypted", "failed", "not_tried"], "{document}");
    assert_eq!(entries[2]["error"]["kind"], "card", "{document}");
    assert!(entries[2]["error"].to_string().contains("the card was removed"), "{document}");
    has(&bench, "a", "a");
    has(&bench, "b", "b");
    let left = fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<String> = left.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(!left.contains(&"c".to_owned()) && !left.iter().any(|name| name.ends_with(".tmp")), "{left:?}");
}

/// The card takes the PIN for each single use of such a key.
#[test]
fn key_that_asks_for_the_pin_each_time_decrypts_every_message() {
    let bench = bench(&[]);
    for (kind, label) in [("rsa:2048", "rsa"), ("ec:p256", "ec")] {
        let made =
            ["key", "generate", "--slot", "0", "--pin", "env:PIN1", "--always-authenticate", "--type", kind];
        bench.demo(made.iter().chain(&["--label", label, "-o", "k.pem"])).expect(0);
        for name in ["a", "b", "c"] {
            message(&bench, name, "k.pem");
        }
        bench.demo(DECRYPT.iter().chain(&["--key", label, "a.cms", "b.cms", "c.cms"])).expect(0);
        for name in ["a", "b", "c"] {
            has(&bench, name, name);
            fs::remove_file(bench.path(name)).unwrap();
        }
        bench.demo(DECRYPT.iter().chain(&["--key", label, "a.cms", "-o", "one"])).expect(0);
        has(&bench, "one", "a");
        if kind == "rsa:2048" {
            bench.write("short", "a few bytes");
            bench
                .run(["encrypt", "short", "--recipient", "k.pem", "--format", "raw", "-o", "block"])
                .expect(0);
            let run = bench.demo(DECRYPT.iter().chain(&["--key", label, "block"])).expect(0);
            assert_eq!(run.text(), "a few bytes");
        }
    }
}
