//! A card that OpenSC formatted: what the holder of another PIN has to allow is named before anything is written, and
//! OpenSC reads on what p11ctl added and deleted.

use p11ctl::softcard;

use crate::bench::Bench;
use crate::common::rig::Rig;

/// `demo.card`, made by pkcs15-init: two PINs, the second without anything.
fn bench() -> (Bench, Rig) {
    let (mut rig, bench) = (Rig::start(), Bench::empty());
    bench.run(["card", "new", "demo.card"]).expect(0);
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    rig.expect("pkcs15-init", &["--create-pkcs15", "--so-pin", "00000000", "--so-puk", "00009999"]);
    for (id, label, pin) in [("01", "PIN 1", "11111111"), ("02", "PIN 2", "22222222")] {
        let who = ["--store-pin", "--auth-id", id, "--label", label, "--so-pin", "00000000"];
        rig.expect("pkcs15-init", &[&who[..], &["--pin", pin, "--puk", "99999999"]].concat());
    }
    let key = ["--generate-key", "ec/prime256v1", "--auth-id", "01", "--id", "01", "--label", "key one"];
    rig.expect("pkcs15-init", &[&key[..], &["--pin", "11111111"]].concat());
    rig.expect("pkcs15-init", &["--finalize"]);
    rig.remove(0);
    (bench, rig)
}

#[test]
fn card_of_another_tool_names_the_pin_it_wants_and_takes_it() {
    let (bench, mut rig) = bench();
    let generate =
        ["key", "generate", "--type", "ec:p256", "--label", "key two", "-o", "k.pem", "--slot", "1"];
    let generate: Vec<&str> = generate.into_iter().chain(["--pin", "env:PIN2"]).collect();
    let run = bench.demo(&generate).expect(4);
    assert!(run.stderr.contains("the card wants \"PIN 1\" for this"), "{}", run.stderr);
    assert!(run.stderr.contains("--auth-pin \"PIN 1\"=prompt"), "{}", run.stderr);
    let wrong = generate.iter().chain(&["--auth-pin", "PIN 1=env:WRONG"]);
    bench.demo(wrong).expect(4).says("PIN incorrect for \"PIN 1\"").says("2 tries left");
    bench.demo(generate.iter().chain(&["--auth-pin", "PIN 1=env:PIN1"])).expect(0);
    bench.write("document.txt", "a document\n");
    let sign = ["sign", "--slot", "1", "--pin", "env:PIN2", "--format", "der", "document.txt"];
    bench.demo(sign).expect(0);
    let verify = ["dgst", "-sha256", "-verify", "k.pem", "-signature", "document.txt.sig", "document.txt"];
    bench.tool("openssl", &verify);

    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    let listing = rig.run("pkcs15-tool", &["-D"]);
    assert!(listing.success, "{listing}");
    for label in ["[key one]", "[key two]", "[PIN 1]", "[PIN 2]"] {
        assert!(listing.stdout.contains(label), "{label}: {listing}");
    }
    rig.remove(0);

    let delete = ["key", "delete", "--key", "key two", "--slot", "1", "--pin", "env:PIN2", "--yes"];
    bench.demo(delete).expect(4).says("--auth-pin \"PIN 1\"=prompt");
    bench.demo(delete.iter().chain(&["--auth-pin", "PIN 1=env:PIN1"])).expect(0);
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    let listing = rig.run("pkcs15-tool", &["-D"]);
    assert!(listing.success && listing.stdout.contains("[key one]"), "{listing}");
    assert!(!listing.stdout.contains("[key two]"), "{listing}");
}
