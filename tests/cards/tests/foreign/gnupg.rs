//! GnuPG with the same card: it uses keys that p11ctl made, and p11ctl uses its own.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use p11ctl_cards::openpgp;

use crate::rig::{Output, Rig};
use crate::tools::expect;

/// A home for GnuPG that leaves the readers to pcscd.
pub fn prepare(rig: &Rig) {
    rig.expect("sh", &["-ec", "mkdir -m 700 .gnupg; echo disable-ccid > .gnupg/scdaemon.conf"]);
    fs::write(rig.folder().join("data"), b"message").unwrap();
}

/// Runs gpg with a PIN where it asks for one. Afterwards nothing holds the card.
pub fn gpg(rig: &Rig, pin: &str, arguments: &[&str], answers: &str) -> Output {
    let mut command = rig.command("gpg");
    command.args(["--no-tty", "--yes", "--no-auto-key-locate"]);
    command.args([
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        pin,
        "--command-fd",
        "0",
        "--status-fd",
        "1",
    ]);
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gpg");
    child.stdin.take().expect("its input").write_all(answers.as_bytes()).expect("its input");
    let output = child.wait_with_output().expect("gpg");
    rig.expect("gpgconf", &["--kill", "all"]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output {
        command: format!("gpg {}", arguments.join(" ")),
        success: output.status.success(),
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// As [`gpg`], which has to succeed.
pub fn expect_gpg(rig: &Rig, pin: &str, arguments: &[&str]) -> Output {
    let output = gpg(rig, pin, arguments, "");
    assert!(output.success, "{output}\n{}", rig.log_tail());
    output
}

/// Fields of a line of `--with-colons`.
pub fn fields<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).split(':').skip(1).collect()
}

/// Makes an OpenPGP key of those on the card. GnuPG takes the time of its clock for it, and the fingerprint follows
/// from that. Answers the list of keys.
pub fn adopt(rig: &Rig, time: &str) -> String {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    while now() == time {
        // A time that is the present one does not stand still for gpg.
        thread::sleep(Duration::from_millis(20));
    }
    let then = format!("--faked-system-time={time}!");
    let make =
        ["--batch", &then, "--quick-gen-key", "Anna Example <anna@example.org>", "card", "default", "0"];
    expect_gpg(rig, "123456", &make);
    expect_gpg(rig, "123456", &["--with-colons", "-K"]).stdout
}

#[test]
fn keys_made_here_sign_and_decrypt_in_gnupg_under_the_same_fingerprints() {
    for [signing, agreeing] in [["rsa:2048", "rsa:2048"], ["ec:p256", "ec:p384"], ["ed25519", "x25519"]] {
        let mut rig = Rig::start();
        rig.insert(0, openpgp::card(7));
        prepare(&rig);
        for (slot, place, key_type) in
            [("1", "sig", signing), ("0", "dec", agreeing), ("0", "aut", "ec:p256")]
        {
            let made = ["key", "generate", "--slot", slot, "--key-ref", place, "--type", key_type];
            expect(&rig, &[&made[..], &["--so-pin", "env:SO"]].concat());
        }
        let card = expect_gpg(&rig, "123456", &["--with-colons", "--card-status"]).stdout;
        let (names, times) = (fields(&card, "fpr"), fields(&card, "fprtime"));
        let keys = adopt(&rig, times[0]);
        assert_eq!(fields(&keys, "fpr")[8], names[0], "{keys}\n{card}");

        expect_gpg(&rig, "123456", &["--batch", "-o", "data.gpg", "-s", "data"]);
        let verified = expect_gpg(&rig, "123456", &["--batch", "--verify", "data.gpg"]);
        assert!(verified.stdout.contains("GOODSIG"), "{verified}");
        expect_gpg(
            &rig,
            "123456",
            &["--batch", "--trust-model", "always", "-r", "anna@example.org", "-o", "data.enc", "-e", "data"],
        );
        expect_gpg(&rig, "123456", &["--batch", "-o", "plain", "-d", "data.enc"]);
        assert_eq!(fs::read(rig.folder().join("plain")).unwrap(), b"message", "{agreeing}");

        // The other key's fingerprint, by the time at which that was made.
        // Moved, because a daemon that was told to end may still be deleting its sockets.
        rig.expect("mv", &[".gnupg", "first"]);
        prepare(&rig);
        expect_gpg(&rig, "123456", &["--card-status"]);
        let keys = adopt(&rig, times[1]);
        assert!(keys.contains(names[1]), "{keys}\n{card}");
    }
}

#[test]
fn keys_made_by_gnupg_sign_and_decrypt_here() {
    let mut rig = Rig::start();
    rig.insert(0, openpgp::card(8));
    prepare(&rig);
    // One PIN for everything, because gpg is given one.
    expect(&rig, &["pin", "change", "--slot", "0", "--pin", "env:PIN", "--new-pin", "env:SO"]);
    let answers = "admin\ngenerate\nn\n0\nAnna Example\nanna@example.org\n\nquit\n";
    let made = gpg(&rig, "12345678", &["--card-edit"], answers);
    assert!(made.stdout.contains("KEY_CREATED"), "{made}\n{}", rig.log_tail());

    let found = expect(&rig, &["find", "--slot", "0"]);
    assert!(
        found.stdout.contains("Encryption key") && found.stdout.contains("Authentication key"),
        "{found}"
    );
    for (slot, id) in [("1", "01"), ("0", "03")] {
        let sign = ["sign", "data", "--slot", slot, "--id", id, "--pin", "env:SO", "-o", "data.sig"];
        expect(&rig, &sign);
        let export =
            ["object", "export", "--slot", slot, "--id", id, "--class", "public-key", "-o", "key.pem"];
        expect(&rig, &export);
        let verify = ["dgst", "-sha256", "-verify", "key.pem", "-signature", "data.sig", "data"];
        rig.expect("openssl", &verify);
    }
    let export = ["object", "export", "--slot", "0", "--id", "02", "--class", "public-key", "-o", "dec.pem"];
    expect(&rig, &export);
    let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "dec.pem", "-in", "data", "-out", "data.enc"];
    rig.expect("openssl", &encrypt);
    let decrypt = ["decrypt", "data.enc", "--slot", "0", "--id", "02", "--pin", "env:SO", "-o", "plain"];
    expect(&rig, &decrypt);
    assert_eq!(fs::read(rig.folder().join("plain")).unwrap(), b"message");
}
