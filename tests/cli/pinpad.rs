//! PINs typed on the keys of a reader (PC/SC part 10): a real pcscd whose reader has keys. What it is told it reads by
//! the structures of pcsc-lite's own headers.

use std::process::Output;

use p11ctl::softcard;

use crate::bench::{Bench, PROGRAM};
use crate::common::rig::Rig;

/// The example card in a reader with keys.
fn desk() -> (Rig, Bench) {
    let (mut rig, bench) = (Rig::start_with_keys(), Bench::new());
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    (rig, bench)
}

/// Runs the program while the holder types these entries.
fn run(rig: &Rig, bench: &Bench, typed: &str, arguments: &[&str]) -> Output {
    rig.type_on_reader(typed);
    let mut command = rig.command("env");
    command.args(["-C", &bench.path("").to_string_lossy()]).arg(PROGRAM).args(["--config", "empty.conf"]);
    command.args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn expect(output: &Output, code: i32, sentence: &str) {
    let said = said(output);
    assert!(
        output.status.code() == Some(code) && said.contains(sentence),
        "{code} {sentence}: {output:?}\n{said}"
    );
}

#[test]
fn pin_typed_on_the_reader_opens_its_token_and_signs() {
    let (rig, bench) = desk();
    let info = run(&rig, &bench, "", &["--json", "token", "info", "--slot", "0"]);
    assert!(String::from_utf8_lossy(&info.stdout).contains("PROTECTED_AUTHENTICATION_PATH"), "{info:?}");
    bench.write("document.txt", "a document\n");
    let sign = ["sign", "--slot", "0", "--pin", "pinpad", "-o", "s", "document.txt"];
    let mark = rig.mark();
    let signed = run(&rig, &bench, "11111111\n", &sign);
    expect(&signed, 0, "type the PIN on the reader: \"PIN 1\" of token \"p11ctl example (PIN 1)\"");
    // The program sent no VERIFY with data of its own: the reader did, below pcscd.
    let carried = rig.apdus_since(mark);
    assert!(carried.iter().all(|apdu| apdu.command[1] != 0x20 || apdu.command.len() <= 5), "{carried:?}");
    let export = ["object", "export", "key 1", "--class", "public-key", "-o", "k.pem"];
    expect(&run(&rig, &bench, "", &export), 0, "");
    bench.tool("openssl", &["dgst", "-sha256", "-verify", "k.pem", "-signature", "s", "document.txt"]);
}

#[test]
fn pin_typed_wrong_or_not_at_all_is_told_apart() {
    let (rig, bench) = desk();
    let login = ["login", "--slot", "0", "--pin", "pinpad"];
    expect(&run(&rig, &bench, "cancel\n", &login), 4, "the entry on the reader was cancelled");
    expect(&run(&rig, &bench, "", &login), 4, "nobody typed a PIN on the reader in time");
    expect(&run(&rig, &bench, "123\n", &login), 4, "has a length that the card does not take");
    // None of them spent a try.
    expect(
        &run(&rig, &bench, "99999999\n", &login),
        4,
        "PIN incorrect for \"PIN 1\" in slot 0, 2 tries left",
    );
    expect(&run(&rig, &bench, "11111111\n", &login), 0, "(2 tries left)");
}

#[test]
fn pin_changed_on_the_reader_is_the_new_one() {
    let (rig, bench) = desk();
    let change = ["pin", "change", "--slot", "0", "--pin", "pinpad"];
    expect(&run(&rig, &bench, "11111111\n87654321\n87654320\n", &change), 4, "was not typed twice the same");
    expect(&run(&rig, &bench, "99999999\n87654321\n87654321\n", &change), 4, "2 tries left");
    expect(&run(&rig, &bench, "11111111\n87654321\n87654321\n", &change), 0, "then twice the new one");
    let login = ["login", "--slot", "0", "--pin", "pinpad"];
    expect(&run(&rig, &bench, "11111111\n", &login), 4, "PIN incorrect");
    expect(&run(&rig, &bench, "87654321\n", &login), 0, "");
    let both =
        run(&rig, &bench, "", &["pin", "change", "--slot", "0", "--pin", "pinpad", "--new-pin", "env:X"]);
    expect(&both, 2, "the new PIN is typed on the reader as well");
}
