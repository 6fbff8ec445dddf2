//! OpenSC and OpenSSL on an OpenPGP card that p11ctl personalised.

use std::fs;

use p11ctl_cards::openpgp;

use crate::rig::{Output, Rig};
use crate::tools::{expect, module, p11ctl};

/// A card with an RSA key to sign, one to decrypt, and one on P-256 for authentication; their public halves in files.
fn personalised() -> Rig {
    let mut rig = Rig::start();
    rig.insert(0, openpgp::card(0x1234_5678));
    for (slot, place, key_type) in
        [("1", "sig", "rsa:2048"), ("0", "dec", "rsa:2048"), ("0", "aut", "ec:p256")]
    {
        let pem = format!("{place}.pem");
        let made = ["key", "generate", "--slot", slot, "--key-ref", place, "--type", key_type];
        expect(&rig, &[&made[..], &["--so-pin", "env:SO", "-o", &pem]].concat());
    }
    fs::write(rig.folder().join("data"), b"message").unwrap();
    rig
}

/// The APDUs of a command with `--stats`.
fn apdus(output: &Output) -> usize {
    let line =
        output.stderr.lines().find_map(|line| line.strip_prefix("stats: ")).expect("the line of --stats");
    line.split_once(" APDUs").and_then(|(count, _)| count.parse().ok()).expect("a number of APDUs")
}

fn openssl_verifies(rig: &Rig, key: &str, signature: &str) {
    let verify = ["dgst", "-sha256", "-verify", key, "-signature", signature, "data"];
    rig.expect("openssl", &verify);
}

#[test]
fn keys_made_here_are_used_by_opensc_and_by_us_in_both_slots() {
    let rig = personalised();
    let theirs =
        |slot: &str| rig.expect("pkcs11-tool", &["-O", "--login", "--pin", "123456", "--slot", slot]);
    let (first, second) = (theirs("0").stdout, theirs("1").stdout);
    assert!(first.contains("Encryption key") && first.contains("Authentication key"), "{first}");
    assert!(second.contains("Signature key") && !second.contains("Encryption key"), "{second}");

    let sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--slot", "1", "--id", "01"];
    let rest = ["--login", "--pin", "123456", "-i", "data", "-o", "theirs.sig"];
    rig.expect("pkcs11-tool", &[&sign[..], &rest].concat());
    openssl_verifies(&rig, "sig.pem", "theirs.sig");
    expect(&rig, &["sign", "data", "--slot", "1", "--pin", "env:PIN", "-o", "ours.sig"]);
    openssl_verifies(&rig, "sig.pem", "ours.sig");

    let sign = ["--sign", "--mechanism", "ECDSA-SHA256", "--slot", "0", "--id", "03"];
    let rest =
        ["--login", "--pin", "123456", "-i", "data", "-o", "theirs.aut", "--signature-format", "openssl"];
    rig.expect("pkcs11-tool", &[&sign[..], &rest].concat());
    openssl_verifies(&rig, "aut.pem", "theirs.aut");
    let sign = ["sign", "data", "--slot", "0", "--id", "03", "--format", "der"];
    expect(&rig, &[&sign[..], &["--pin", "env:PIN", "-o", "ours.aut"]].concat());
    openssl_verifies(&rig, "aut.pem", "ours.aut");

    let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "dec.pem", "-in", "data", "-out", "data.enc"];
    rig.expect("openssl", &encrypt);
    let decrypt = ["--decrypt", "--mechanism", "RSA-PKCS", "--slot", "0", "--id", "02"];
    let rest = ["--login", "--pin", "123456", "-i", "data.enc", "-o", "theirs.txt"];
    rig.expect("pkcs11-tool", &[&decrypt[..], &rest].concat());
    let decrypt = ["decrypt", "data.enc", "--slot", "0", "--id", "02", "--pin", "env:PIN", "-o", "ours.txt"];
    expect(&rig, &decrypt);
    for plain in ["theirs.txt", "ours.txt"] {
        assert_eq!(fs::read(rig.folder().join(plain)).unwrap(), b"message", "{plain}");
    }
}

#[test]
fn certificate_and_data_written_here_are_read_by_opensc_and_deleted_again() {
    let rig = personalised();
    let own = ["cert", "self-sign", "--slot", "0", "--id", "03", "--subject", "CN=Anna", "--pin", "env:PIN"];
    expect(&rig, &[&own[..], &["-o", "anna.crt"]].concat());
    expect(&rig, &["object", "write", "certificate", "anna.crt", "--slot", "0", "--so-pin", "env:SO"]);
    let read = ["--read-object", "--type", "cert", "--id", "03", "--slot", "0", "-o", "theirs.der"];
    rig.expect("pkcs11-tool", &read);
    rig.expect("openssl", &["x509", "-in", "anna.crt", "-outform", "DER", "-out", "anna.der"]);
    rig.expect("cmp", &["theirs.der", "anna.der"]);
    expect(
        &rig,
        &["object", "write", "data", "data", "--label", "PrivDO1", "--slot", "0", "--pin", "env:PIN"],
    );
    let read = ["--read-object", "--type", "data", "--label", "PrivDO1", "--slot", "0", "--login"];
    rig.expect("pkcs11-tool", &[&read[..], &["--pin", "123456", "-o", "do1"]].concat());
    assert_eq!(fs::read(rig.folder().join("do1")).unwrap(), b"message");

    let refused = p11ctl(
        &rig,
        &["object", "write", "data", "data", "--label", "URL", "--slot", "0", "--pin", "env:PIN"],
    );
    assert!(!refused.success && refused.stderr.contains("without the Admin PIN"), "{refused}");
    let officer = ["--pin", "env:PIN", "--auth-pin", "Admin PIN=env:SO", "--yes"];
    expect(&rig, &[&["key", "delete", "--slot", "0", "--id", "03"][..], &officer].concat());
    let found = expect(&rig, &["find", "--slot", "0"]);
    assert!(!found.stdout.contains("Authentication key"), "{found}");
    let erased = expect(&rig, &["token", "erase", "--slot", "0", "--so-pin", "env:SO", "--yes"]);
    assert!(erased.stderr.contains("as it left the factory"), "{erased}");
    let found = expect(&rig, &["find", "--slot", "1"]);
    assert!(found.stdout.contains("there are no objects") || found.stderr.contains("no objects"), "{found}");
}

#[test]
fn opensc_s_tool_uses_both_slots_through_our_module() {
    let rig = personalised();
    let module = module();
    let ours = |arguments: &[&str]| {
        let login = ["--module", &module, "--login", "--pin", "123456"];
        rig.expect("pkcs11-tool", &[&login[..], arguments].concat())
    };
    let sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--slot", "1", "--id", "01"];
    ours(&[&sign[..], &["-i", "data", "-o", "data.sig"]].concat());
    openssl_verifies(&rig, "sig.pem", "data.sig");
    let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "dec.pem", "-in", "data", "-out", "data.enc"];
    rig.expect("openssl", &encrypt);
    let decrypt = ["--decrypt", "--mechanism", "RSA-PKCS", "--slot", "0", "--id", "02"];
    ours(&[&decrypt[..], &["-i", "data.enc", "-o", "plain"]].concat());
    assert_eq!(fs::read(rig.folder().join("plain")).unwrap(), b"message");
    let pins = ["--change-pin", "--slot", "0", "--new-pin", "654321"];
    ours(&pins);
    let output = p11ctl(&rig, &["login", "--slot", "0", "--pin", "env:PIN"]);
    assert_eq!(output.code, Some(4), "{output}");
}

/// What pcscd carried for a command of ours, which says the same of itself, and for one of OpenSC's.
fn both(rig: &Rig, ours: &[&str], theirs: &[&str]) -> [usize; 2] {
    let mark = rig.mark();
    let output = expect(rig, &[&["--stats"], ours].concat());
    let own = rig.apdus_since(mark).len();
    assert_eq!(apdus(&output), own, "{output}");
    let mark = rig.mark();
    rig.expect("pkcs11-tool", theirs);
    [own, rig.apdus_since(mark).len()]
}

#[test]
fn listing_costs_at_most_eight_apdus_and_a_signature_ten() {
    let rig = personalised();
    let login = ["--login", "--pin", "123456"];
    let list = both(&rig, &["slots"], &["-L"]);
    let objects = both(&rig, &["login", "--slot", "0", "--pin", "env:PIN"], &[&["-O"][..], &login].concat());
    let sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "--slot", "1", "-i", "data", "-o", "data.sig"];
    let ours = ["sign", "data", "--slot", "1", "--pin", "env:PIN", "-o", "data.sig"];
    let sign = both(&rig, &ours, &[&sign[..], &login].concat());
    for (job, [ours, theirs]) in
        [("list slots", list), ("log in, list objects", objects), ("sign once", sign)]
    {
        eprintln!("APDUs: {job:<22} p11ctl {ours:>3}   OpenSC {theirs:>3}");
        assert!(ours * 3 < theirs, "{job}: {ours} of {theirs}");
    }
    assert!(list[0] <= 8 && sign[0] <= 10);
}

#[test]
fn pin_typed_on_the_reader_opens_either_token() {
    let mut rig = Rig::start_with_keys();
    rig.insert(0, openpgp::card(0x1234_5678));
    for slot in ["0", "1"] {
        let login = ["login", "--slot", slot, "--pin", "pinpad"];
        rig.type_on_reader("999999\n");
        assert_eq!(p11ctl(&rig, &login).code, Some(4));
        rig.type_on_reader("123456\n");
        expect(&rig, &login);
    }
}

/// Agreement on the card, with OpenSSL's key on the other side; a message by it (RFC 5753, RFC 8418) comes back.
#[test]
fn key_that_agrees_derives_what_openssl_does_and_opens_messages() {
    for (kind, options) in
        [("x25519", &["X25519"][..]), ("ec:p384", &["EC", "-pkeyopt", "ec_paramgen_curve:P-384"])]
    {
        let mut rig = Rig::start();
        rig.insert(0, openpgp::card(0x1234_5678));
        fs::write(rig.folder().join("data"), b"message").unwrap();
        let made = ["key", "generate", "--slot", "0", "--key-ref", "dec", "--type", kind];
        expect(&rig, &[&made[..], &["--so-pin", "env:SO", "-o", "dec.pem"]].concat());
        rig.expect("openssl", &[&["genpkey", "-out", "ben.key", "-algorithm"][..], options].concat());
        rig.expect("openssl", &["pkey", "-in", "ben.key", "-pubout", "-out", "ben.pem"]);
        let theirs = ["pkeyutl", "-derive", "-inkey", "ben.key", "-peerkey", "dec.pem", "-out", "theirs"];
        rig.expect("openssl", &theirs);
        let derive = ["key", "derive", "--slot", "0", "--peer", "ben.pem", "--pin", "env:PIN", "-o", "ours"];
        expect(&rig, &derive);
        let read = |name: &str| fs::read(rig.folder().join(name)).unwrap();
        assert_eq!(read("ours"), read("theirs"), "{kind}");

        expect(&rig, &["encrypt", "data", "--recipient", "dec.pem", "-o", "data.cms"]);
        expect(&rig, &["decrypt", "data.cms", "--pin", "env:PIN", "-o", "plain"]);
        assert_eq!(read("plain"), b"message", "{kind}");
    }
}
