//! p11ctl's own module as a foreign one: what it says through C is what the engine says.

use std::path::PathBuf;

use crate::bench::{Bench, PROGRAM, finish};

/// The module that was built with this test.
fn module() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let module = test.parent().unwrap().join("libp11ctl.so");
    assert!(module.exists(), "{} is not built", module.display());
    module
}

/// A bench on the module, with the example card in its configuration's reader.
fn bench() -> Bench {
    let bench = Bench::on(&module());
    let mut make = std::process::Command::new(PROGRAM);
    bench.surround(&mut make);
    finish(make.args(["card", "new", "demo.card", "--example"]).output().unwrap()).expect(0);
    bench.write(
        "empty.conf",
        "[readers]\npcsc = false\n[[software_reader]]\nname = \"Desk\"\ncard = \"demo.card\"\n",
    );
    bench
}

#[test]
fn slots_of_the_module_are_those_of_the_engine() {
    let bench = bench();
    let through_c = bench.json(&["slots"]);
    let mut own = std::process::Command::new(PROGRAM);
    bench.surround(&mut own);
    let own = finish(own.args(["--json", "slots"]).output().unwrap()).expect(0);
    let own: serde_json::Value = serde_json::from_str(&own.stdout).unwrap();
    let ours = own["slots"].as_array().unwrap();
    let theirs = through_c["slots"].as_array().unwrap();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!((&ours["id"], &ours["reader"]), (&theirs["id"], &theirs["reader"]));
        for field in ["label", "serial", "manufacturer", "model", "empty", "flags"] {
            assert_eq!(ours["token"][field], theirs["token"][field], "{field} of slot {}", ours["id"]);
        }
        assert_eq!(ours["token"]["objects"]["certificates"], theirs["token"]["objects"]["certificates"]);
    }
}

#[test]
fn sign_decrypt_and_find_work_through_c() {
    let bench = bench();
    bench.write("document", "what is signed\n");
    for (slot, key, pin, format) in [("0", "key 1", "env:PIN1", "raw"), ("1", "key 2", "env:PIN2", "der")] {
        bench.ok(&["object", "export", key, "--class", "public-key", "-o", "k.pem"]);
        bench.ok(&[
            "sign", "--key", key, "--slot", slot, "--pin", pin, "--format", format, "-o", "sig", "document",
        ]);
        bench.openssl_verifies("-sha256", "k.pem", "sig", &[]);
    }
    // Which of two tokens has the key is told by its public half.
    bench.ok(&["sign", "--key", "key 2", "--pin", "env:PIN2", "-o", "sig2", "document"]);
    bench.run(&["sign", "--pin", "env:PIN2", "document"]).expect(3).says("there are 2 tokens");
    let tree = bench.ok(&["slots", "--tree"]).stdout;
    assert!(tree.contains("token \"p11ctl example (PIN 1)\""), "{tree}");
    let found =
        bench.json(&["find", "--login", "--slot", "0", "--pin", "env:PIN1", "--class", "private-key"]);
    assert_eq!(found["objects"][0]["label"], "key 1");
    assert_eq!(found["objects"][0]["algorithm"], "rsa:2048");
    bench.run(&["login", "--slot", "0", "--pin", "env:PIN2"]).expect(4);
    bench.run(&["login", "--slot", "9", "--pin", "env:PIN2"]).expect(3).says("there is no slot 9");
}
