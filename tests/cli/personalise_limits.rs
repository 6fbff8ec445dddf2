//! Names as long as other programs read them, and none that is longer: OpenSC gives up a whole directory for one.

use p11ctl::softcard;

use crate::bench::{Bench, Run};
use crate::common::rig::Rig;
use crate::personalise_keys::{third, with_third_pin};

/// Expects that the command was refused with this sentence before the card was asked for anything.
fn refused_at_once(run: Run, sentence: &str) {
    let run = run.expect(2).says(sentence);
    assert!(!run.stderr.contains("hidden"), "a PIN was sent: {}", run.stderr);
}

#[test]
fn names_of_objects_that_no_other_program_reads_are_refused_before_a_login() {
    let bench = with_third_pin();
    bench.write("f", "data");
    let (label, id) = ("x".repeat(255), "ab".repeat(256));
    let commands: [(&[&str], &str, &str); 6] = [
        (
            &["key", "generate", "--type", "ec:p256", "--label"],
            &label,
            "--label has 1 to 254 bytes, this one 255",
        ),
        (&["key", "generate", "--type", "ec:p256", "--id"], &id, "--id has 1 to 255 bytes, this one 256"),
        (&["object", "write", "data", "f", "--label"], &label, "--label has 1 to 254 bytes, this one 255"),
        (
            &["object", "write", "data", "f", "--application"],
            &label,
            "--application has 1 to 253 bytes, this one 255",
        ),
        (&["object", "set", "--label", "f", "--new-label"], &label, "--new-label has 1 to 254 bytes"),
        (&["object", "set", "--class", "private-key", "--new-id"], &id, "--new-id has 1 to 255 bytes"),
    ];
    for (command, long, sentence) in commands {
        let command: Vec<&str> = ["-vvv"].iter().chain(command).chain(&[long]).copied().collect();
        refused_at_once(third(&bench, &command), sentence);
    }
    let oid = format!("1.3{}", ".6".repeat(14));
    let write = ["-vvv", "object", "write", "data", "f", "--oid", &oid];
    refused_at_once(third(&bench, &write), "--oid has at most 15 numbers, this one 16");
    // Characters are not bytes.
    let wide = "é".repeat(128);
    let generate = ["key", "generate", "--type", "ec:p256", "--label", &wide];
    third(&bench, &generate).expect(2).says("this one 256");
}

#[test]
fn name_of_a_pin_that_its_directory_does_not_hold_is_refused_before_a_login() {
    let bench = Bench::new();
    let label = "x".repeat(33);
    let init = ["-vvv", "pin", "init", "--slot", "3", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN3"];
    let more = ["--puk-output", "puk", "--label", &label];
    refused_at_once(bench.demo(init.iter().chain(&more)), "--label has 1 to 32 bytes, this one 33");
    let format = ["token", "init", "--slot", "3", "--so-pin", "env:SO_PIN", "--yes", "--label", &label];
    refused_at_once(bench.demo(["-vvv"].iter().chain(&format)), "--label has 1 to 32 bytes, this one 33");
}

#[test]
fn longest_names_are_read_by_opensc() {
    let bench = with_third_pin();
    bench.write("f", "data");
    let (label, id) = ("x".repeat(254), "ab".repeat(255));
    let oid = format!("1.3{}", ".6".repeat(13));
    third(&bench, &["key", "generate", "--type", "ec:p256", "--label", &label, "--id", &id]).expect(0);
    let write =
        ["object", "write", "data", "f", "--label", &label, "--application", &label[1..], "--oid", &oid];
    third(&bench, &write).expect(0);
    let mut rig = Rig::start();
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    let listing = rig.expect("pkcs15-tool", &["-D"]);
    assert!(listing.stdout.contains(&format!("Private EC Key [{label}]")), "{listing}");
    let keys = rig.expect("pkcs11-tool", &["-O", "--slot-index", "2"]);
    assert!(keys.stdout.contains(&id), "{keys}");
    let data = rig.expect("pkcs15-tool", &["--list-data-objects"]);
    assert!(data.stdout.contains(&label), "{data}");
}
