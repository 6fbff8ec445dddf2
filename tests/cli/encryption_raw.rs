//! `encrypt --format raw` and `decrypt --mechanism AES-CBC-PAD` with an AES key of the card: `openssl enc` is the other side.

use p11ctl::codec::hex;

use crate::bench::Bench;
use crate::encryption::{TEAM, bench_with_secret_key};

const KEY: [&str; 4] = ["--key", "team", "--pin", "env:PIN1"];

fn encrypt(bench: &Bench, more: &[&str]) {
    let fixed = ["encrypt", "document", "--format", "raw", "-o", "encrypted"];
    bench.demo(fixed.iter().chain(&KEY).chain(more)).expect(0);
}

fn decrypt(bench: &Bench, more: &[&str]) -> crate::bench::Run {
    let fixed = ["decrypt", "encrypted", "--mechanism", "AES-CBC-PAD", "-o", "plain"];
    bench.demo(fixed.iter().chain(&KEY).chain(more))
}

fn openssl(bench: &Bench, iv: &str, more: &[&str]) {
    bench.tool("openssl", &[&["enc", "-aes-256-cbc", "-K", TEAM[0], "-iv", iv][..], more].concat());
}

#[test]
fn file_of_any_length_goes_both_ways_with_openssl() {
    let bench = bench_with_secret_key();
    let iv = "000102030405060708090a0b0c0d0e0f";
    for len in [0, 1, 15, 16, 70_000] {
        bench.write("document", vec![len as u8; len]);
        // With the vector in front, and with a given one.
        encrypt(&bench, &[]);
        let encrypted = bench.read("encrypted");
        assert_eq!(encrypted.len(), 16 + len / 16 * 16 + 16);
        bench.write("rest", &encrypted[16..]);
        openssl(&bench, &hex::encode(&encrypted[..16]), &["-d", "-in", "rest", "-out", "theirs"]);
        assert_eq!(bench.read("theirs"), bench.read("document"), "{len}");
        decrypt(&bench, &[]).expect(0).says("wrote plain");
        assert_eq!(bench.read("plain"), bench.read("document"), "{len}");
        encrypt(&bench, &["--iv", iv]);
        let ours = bench.read("encrypted");
        openssl(&bench, iv, &["-e", "-in", "document", "-out", "encrypted"]);
        assert_eq!(ours, bench.read("encrypted"), "{len}");
        decrypt(&bench, &["--iv", iv]).expect(0);
        assert_eq!(bench.read("plain"), bench.read("document"), "{len}");
    }
    // Whole blocks without a padding.
    bench.write("document", [7; 32]);
    encrypt(&bench, &["--mechanism", "aes-cbc", "--iv", iv]);
    openssl(&bench, iv, &["-d", "-nopad", "-in", "encrypted", "-out", "theirs"]);
    assert_eq!(bench.read("theirs"), [7; 32]);
    let document = bench.json([
        "decrypt",
        "encrypted",
        "--mechanism",
        "AES-CBC",
        "--iv",
        iv,
        "--key",
        "team",
        "--pin",
        "env:PIN1",
    ]);
    assert_eq!(document["plaintext"], "07".repeat(32));
}

#[test]
fn file_that_was_cut_or_has_another_padding_leaves_nothing_behind() {
    let bench = bench_with_secret_key();
    encrypt(&bench, &[]);
    let whole = bench.read("encrypted");
    bench.write("plain", "as before");
    let hint = "is for another key, mechanism or --iv, or was changed or cut";
    bench.write("encrypted", &whole[..whole.len() - 1]);
    decrypt(&bench, &[]).expect(1).says(hint);
    // The byte before the last block changes the padding, whatever the key: 0x0D of 5 becomes one of more than 16.
    let mut changed = whole.clone();
    let at = whole.len() - 17;
    changed[at] ^= 0x40;
    bench.write("encrypted", changed);
    decrypt(&bench, &[]).expect(1).says(hint);
    bench.write("encrypted", &whole[..10]);
    decrypt(&bench, &[]).expect(2).says("is shorter than an initial vector");
    assert_eq!(bench.read("plain"), b"as before");
}

#[test]
fn wishes_that_do_not_go_together_are_refused_before_the_pin() {
    let bench = bench_with_secret_key();
    let refuse = |arguments: &[&str], sentence: &str| {
        let run = bench.demo(arguments.iter().chain(&["--pin", "env:NO_SUCH"])).expect(2);
        assert!(run.stderr.contains(sentence), "{sentence:?} is not in:\n{}", run.stderr);
    };
    let raw = ["encrypt", "document", "--format", "raw", "-o", "x", "--key"];
    refuse(&[&raw[..], &["team", "--mechanism", "RSA-PKCS"]].concat(), "RSA-PKCS is for RSA keys");
    refuse(&[&raw[..], &["key 1", "--mechanism", "AES-CBC"]].concat(), "are for a secret key");
    refuse(&[&raw[..], &["team", "--iv", "00"]].concat(), "--iv has 1 bytes");
    refuse(
        &["encrypt", "document", "--key", "team", "-o", "x", "--mechanism", "AES-CBC"],
        "add --format raw",
    );
    refuse(
        &["decrypt", "document", "--key", "key 1", "--iv", "00"],
        "--iv belongs to a file under an AES key",
    );
    assert!(!bench.path("x").exists());
}
