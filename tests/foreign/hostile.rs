//! A module that lies, built from `hostile.c`: every lie is an error with a name, in bounded time and memory.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::bench::{Bench, Run, finish};

/// The module, built once.
fn module() -> &'static Path {
    static BUILT: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("hostile.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/hostile.c");
        let mut gcc = std::process::Command::new("gcc");
        gcc.args(["-shared", "-fPIC", "-O1", "-w", "-o"]).arg(&library).arg(source);
        assert!(gcc.status().unwrap().success(), "gcc builds the hostile module");
        (folder, library)
    });
    &built.1
}

fn bench() -> Bench {
    let bench = Bench::on(module());
    bench.write("document", "what is signed\n");
    bench
}

/// One run on the module that lies in this way: it has ten seconds and half a gigabyte.
fn lie(bench: &Bench, way: &str, arguments: &[&str]) -> Run {
    let mut inner = bench.command(arguments);
    inner.env("HOSTILE", way);
    let start = Instant::now();
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -v 524288; exec \"$@\"", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    bench.surround(&mut limited);
    let run = finish(limited.env("HOSTILE", way).output().unwrap());
    assert!(start.elapsed() < Duration::from_secs(10), "{way}: {:?}", start.elapsed());
    // Neither a crash (a signal: -1 or 128 and more) nor a panic (70).
    assert!((0..=5).contains(&run.code), "{way}: {} {}", run.code, run.stderr);
    run
}

#[test]
fn honest_module_is_used() {
    let bench = bench();
    let slots = bench.json(&["slots"]);
    assert_eq!(
        (&slots["slots"][0]["id"], &slots["slots"][0]["token"]["label"]),
        (&7.into(), &"hostile".into())
    );
    bench.ok(&["sign", "--key", "key", "--pin", "env:PIN", "-o", "sig", "document"]);
    assert_eq!(std::fs::read(bench.path("sig")).unwrap(), [1; 256]);
    // A function that it does not have.
    bench.run(&["decrypt", "--key", "key", "--pin", "env:PIN", "sig"]).expect(1);
    bench
        .run(&["pin", "change", "--pin", "env:PIN", "--new-pin", "env:NEW"])
        .expect(1)
        .says("C_SetPIN is not supported");
}

#[test]
fn module_that_cannot_be_used_is_told_at_once() {
    let bench = bench();
    for (way, code, sentence) in [
        ("list-null", 2, "C_GetFunctionList gave it points nowhere"),
        ("list-fails", 2, "C_GetFunctionList gave CKR_GENERAL_ERROR"),
        ("version-99", 2, "a version that PKCS#11 does not have"),
        ("entry-null", 2, "it has no C_FindObjects"),
        ("no-init", 5, "C_Initialize gave CKR_GENERAL_ERROR"),
    ] {
        lie(&bench, way, &["slots"]).expect(code).says(sentence);
    }
}

#[test]
fn slot_lists_that_lie_are_errors() {
    let bench = bench();
    for (way, sentence) in [
        ("count-unknown", "C_GetSlotList gave a length or count beyond every bound"),
        ("count-huge", "C_GetSlotList gave a length or count beyond every bound"),
        ("count-grows", "C_GetSlotList gave its list grows with every question"),
        ("count-overfull", "C_GetSlotList gave a length or count beyond every bound"),
        ("slot-twice", "C_GetSlotList gave a slot twice"),
    ] {
        lie(&bench, way, &["login", "--pin", "env:PIN"]).expect(5).says(sentence);
        lie(&bench, way, &["slots"]).expect(5).says(sentence);
    }
    lie(&bench, "count-shrinks", &["login", "--pin", "env:PIN"]).expect(3);
    // A number that the command line does not have is told, the other slot is there.
    let run = lie(&bench, "slot-huge", &["slots"]);
    assert!(run.stdout.contains("hostile"), "{}", run.stdout);
    run.says("slot 1099511627776").says("more than 32 bits");
}

#[test]
fn searches_that_never_end_are_ended() {
    let bench = bench();
    for (way, sentence) in [
        ("handles-repeat", "C_FindObjects gave an object twice"),
        ("handles-endless", "C_FindObjects gave objects beyond every bound"),
        ("handles-overfull", "C_FindObjects gave a length or count beyond every bound"),
        ("session-zero", "C_OpenSession gave the invalid handle for a session"),
    ] {
        lie(&bench, way, &["find", "--slot", "7"]).expect(5).says(sentence);
    }
}

#[test]
fn values_that_lie_are_left_out_or_errors() {
    let bench = bench();
    for way in ["value-unknown", "value-huge", "value-grows", "value-overfull", "short-number"] {
        lie(&bench, way, &["slots", "--tree"]);
        lie(&bench, way, &["find", "--login", "--pin", "env:PIN"]);
        lie(&bench, way, &["object", "show", "--class", "public-key"]);
        lie(&bench, way, &["sign", "--key", "key", "--pin", "env:PIN", "-o", "sig", "document"]);
    }
    let text = lie(&bench, "not-utf8", &["slots"]).expect(0).stdout;
    assert!(text.contains("\u{FFFD}\u{FFFD}\\u{1b}[2J") && !text.contains('\u{1b}'), "{text:?}");
    lie(&bench, "not-utf8", &["sign", "--slot", "7", "--pin", "env:PIN", "-o", "sig", "document"]).expect(0);
}

#[test]
fn mechanisms_and_signatures_that_lie_are_errors() {
    let bench = bench();
    lie(&bench, "mechanisms-lie", &["token", "mechanisms"]).expect(5).says("C_GetMechanismList");
    for (way, sentence) in [
        ("signature-overfull", "a length or count beyond every bound"),
        ("signature-grows", "its output grows with every question"),
        ("signature-unknown", "a length or count beyond every bound"),
    ] {
        let sign = ["sign", "--key", "key", "--pin", "env:PIN", "-o", "none", "document"];
        lie(&bench, way, &sign).expect(5).says(sentence);
        assert!(!bench.path("none").exists());
    }
    let run = lie(&bench, "vendor-error", &["login", "--pin", "env:PIN"]).expect(1);
    run.says("C_Login gave CKR_VENDOR_DEFINED (0x80001234)");
}

#[test]
fn tries_are_guarded_by_the_flags_of_the_token() {
    let bench = bench();
    lie(&bench, "final-try", &["login", "--pin", "env:PIN"]).expect(4).says("give --final-try");
    lie(&bench, "final-try", &["login", "--pin", "env:PIN", "--final-try"]).expect(0);
    lie(&bench, "locked", &["login", "--pin", "env:PIN"]).expect(4).says("PIN locked");
    // A way of its own to ask for the PIN.
    lie(&bench, "pad", &["login", "--pin", "pinpad"]).expect(0).says("opens token \"hostile\"");
    lie(&bench, "", &["login", "--pin", "pinpad"]).expect(2).says("has no keys to type a PIN on");
}

#[test]
fn module_that_never_answers_is_left_by_an_interrupt() {
    let bench = bench();
    let mut inner = bench.command(&["slots"]);
    inner.env("HOSTILE", "hang");
    let mut direct = std::process::Command::new(crate::bench::PROGRAM);
    direct.args(inner.get_args().skip(2));
    bench.surround(&mut direct);
    let mut hanging =
        direct.env("HOSTILE", "hang").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert!(hanging.try_wait().unwrap().is_none(), "it hangs");
    let id = hanging.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
    let start = Instant::now();
    while hanging.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(8) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let status = hanging.try_wait().unwrap();
    hanging.kill().unwrap();
    assert_eq!(status.and_then(|status| status.code()), Some(130));
}
