//! OpenSC's module and p11ctl's own engine on one card in one reader: the same objects, and each verifies what the other
//! signs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use p11ctl::softcard;
use serde_json::Value;

use crate::bench::{Bench, PROGRAM, finish};
use crate::common::rig::Rig;

const OPENSC: &str = "opensc-pkcs11.so";

/// Runs the program inside of the rig, where the card is.
fn inside(rig: &Rig, bench: &Bench, arguments: &[&str]) -> Output {
    let mut command = rig.command("env");
    command.args(["-C", &bench.path("").to_string_lossy(), "PIN1=11111111", "PIN2=22222222"]);
    command.arg(PROGRAM).args(arguments).output().unwrap()
}

fn document(rig: &Rig, bench: &Bench, arguments: &[&str]) -> Value {
    let run = finish(inside(rig, bench, arguments)).expect(0);
    serde_json::from_str(&run.stdout).unwrap()
}

/// Class, id and algorithm of every key and certificate; labels are each program's own matter.
fn objects(document: &Value) -> BTreeSet<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entry = |object: &Value| {
        let what = match text(&object["class"]).as_str() {
            "certificate" => text(&object["certificate"]["subject"]),
            _ => text(&object["algorithm"]),
        };
        (text(&object["class"]), text(&object["id"]), what)
    };
    document["objects"].as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn opensc_and_engine_agree_on_one_card() {
    assert!(Path::new("/usr/lib/x86_64-linux-gnu").exists(), "OpenSC's module is found by the loader there");
    let mut rig = Rig::start();
    let bench = Bench::on(Path::new("/usr/lib"));
    let mut make = std::process::Command::new(PROGRAM);
    bench.surround(&mut make);
    finish(make.args(["card", "new", "demo.card", "--example"]).output().unwrap()).expect(0);
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    bench.write("document", "what is signed\n");
    let config = ["--config", "empty.conf"];
    let theirs =
        |arguments: &[&str]| document(&rig, &bench, &[&["--module", OPENSC, "--json"], arguments].concat());
    let ours = |arguments: &[&str]| document(&rig, &bench, &[&config[..], &["--json"], arguments].concat());

    let slots = theirs(&["slots"]);
    let labels: Vec<&str> = slots["slots"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|slot| slot["token"]["label"].as_str())
        .collect();
    assert_eq!(labels, ["p11ctl example (PIN 1)", "p11ctl example (PIN 2)"], "{slots}");
    for (slot, pin) in [("0", "env:PIN1"), ("1", "env:PIN2")] {
        let find = ["find", "--login", "--slot", slot, "--pin", pin, "--class", "private-key"];
        assert_eq!(objects(&theirs(&find)), objects(&ours(&find)), "slot {slot}");
    }
    let mechanisms = theirs(&["token", "mechanisms", "--slot", "0"]);
    assert!(mechanisms.to_string().contains("CKM_SHA256_RSA_PKCS"), "{mechanisms}");

    // Each signs, the other verifies, and openssl judges both.
    let export = ["object", "export", "key 1", "--slot", "0", "--class", "public-key", "-o", "k.pem"];
    finish(inside(&rig, &bench, &[&config[..], &export].concat())).expect(0);
    let sign = ["sign", "--slot", "0", "--id", "45", "--pin", "env:PIN1", "document", "-o"];
    let key = ours(&["find", "--class", "public-key", "--slot", "0"])["objects"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let sign: Vec<&str> = sign.iter().map(|word| if *word == "45" { key.as_str() } else { *word }).collect();
    finish(inside(&rig, &bench, &[&["--module", OPENSC][..], &sign, &["opensc.sig"]].concat())).expect(0);
    finish(inside(&rig, &bench, &[&config[..], &sign, &["own.sig"]].concat())).expect(0);
    for signature in ["opensc.sig", "own.sig"] {
        bench.openssl_verifies("-sha256", "k.pem", signature, &[]);
        for choice in [&["--module", OPENSC][..], &config[..]] {
            let verify = ["verify", "--slot", "0", "--id", &key, "--signature", signature, "document"];
            finish(inside(&rig, &bench, &[choice, &verify].concat())).expect(0);
        }
    }
    let wrong = ["--module", OPENSC, "login", "--slot", "1", "--pin", "env:PIN1"];
    finish(inside(&rig, &bench, &wrong)).expect(4).says("PIN incorrect");
    let status = ours(&["pin", "status", "--slot", "1"]);
    assert!(status.to_string().contains("\"tries_left\":2"), "one try, not more: {status}");
}
