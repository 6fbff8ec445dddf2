//! `sign`, `verify`, `decrypt`: OpenSSL is the other side.

use std::io::Write;
use std::process::Stdio;

use crate::bench::Bench;

/// A bench with a document and the public keys of both tokens in k1.pem and k2.pem.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("document.txt", "a document\n");
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k1.pem"]).expect(0);
    bench.demo(["object", "export", "key 2", "--class", "public-key", "-o", "k2.pem"]).expect(0);
    bench
}

fn openssl_verifies(bench: &Bench, key: &str, hash: &str, signature: &str, file: &str) {
    let hash = format!("-{hash}");
    bench.tool("openssl", &["dgst", &hash, "-verify", key, "-signature", signature, file]);
}

#[test]
fn rsa_signature_is_verified_by_openssl() {
    let bench = bench();
    bench
        .demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "document.txt"])
        .expect(0)
        .says("wrote document.txt.sig");
    openssl_verifies(&bench, "k1.pem", "sha256", "document.txt.sig", "document.txt");
    for hash in ["sha224", "sha384", "sha512"] {
        bench.demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "--hash", hash, "document.txt"]).expect(0);
        openssl_verifies(&bench, "k1.pem", hash, "document.txt.sig", "document.txt");
    }
    bench
        .demo([
            "sign",
            "--key",
            "key 1",
            "--pin",
            "env:PIN1",
            "--mechanism",
            "sha384-rsa-pkcs",
            "document.txt",
        ])
        .expect(0);
    openssl_verifies(&bench, "k1.pem", "sha384", "document.txt.sig", "document.txt");
}

#[test]
fn ecdsa_signature_as_der_is_verified_by_openssl() {
    let bench = bench();
    let sign =
        ["sign", "--key", "key 2", "--pin", "env:PIN2", "--format", "der", "-o", "out.der", "document.txt"];
    bench.demo(sign).expect(0);
    openssl_verifies(&bench, "k2.pem", "sha256", "out.der", "document.txt");
    bench.demo(sign.iter().chain(&["--hash", "sha512"])).expect(0);
    openssl_verifies(&bench, "k2.pem", "sha512", "out.der", "document.txt");
}

#[test]
fn every_format_is_verified_again() {
    let bench = bench();
    for (key, pin, formats) in [
        ("key 1", "env:PIN1", &["raw", "hex", "base64"][..]),
        ("key 2", "env:PIN2", &["raw", "der", "hex", "base64"]),
    ] {
        for format in formats {
            bench.demo(["sign", "--key", key, "--pin", pin, "--format", format, "document.txt"]).expect(0);
            let verify = [
                "verify",
                "--key",
                key,
                "--signature",
                "document.txt.sig",
                "document.txt",
                "--format",
                format,
            ];
            let run = bench.demo(verify).expect(0);
            assert_eq!(run.text(), format!("good signature of document.txt by \"{key}\"\n"));
            if matches!(*format, "raw" | "der") {
                bench.demo(&verify[..6]).expect(0);
            }
        }
    }
    bench.demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "--format", "der", "document.txt"]).expect(2);
    assert!(bench.read("document.txt.sig").iter().all(u8::is_ascii), "the last signature stayed");
}

#[test]
fn openssl_signature_is_verified_here() {
    let bench = Bench::new();
    bench.write("document.txt", "a document\n");
    bench.tool("openssl", &["ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "ec.pem"]);
    bench.tool("openssl", &["ec", "-in", "ec.pem", "-pubout", "-out", "ec.pub"]);
    bench.tool("openssl", &["dgst", "-sha384", "-sign", "ec.pem", "-out", "s", "document.txt"]);
    bench.run(["verify", "--public-key-file", "ec.pub", "--signature", "s", "document.txt"]).expect(0);
    bench.tool("openssl", &["dgst", "-sha256", "-sign", "ec.pem", "-out", "s", "document.txt"]);
    bench.run(["verify", "--public-key-file", "ec.pub", "--signature", "s", "document.txt"]).expect(1);
    let hash =
        ["verify", "--public-key-file", "ec.pub", "--signature", "s", "document.txt", "--hash", "sha256"];
    bench.run(hash).expect(0);
}

#[test]
fn bad_signature_is_exit_1() {
    let bench = bench();
    for (key, pin) in [("key 1", "env:PIN1"), ("key 2", "env:PIN2")] {
        bench.demo(["sign", "--key", key, "--pin", pin, "document.txt"]).expect(0);
        let verify = |file: &str, signature: &str| {
            bench.demo(["verify", "--key", key, "--signature", signature, file])
        };
        bench.write("changed.txt", "a document!\n");
        let run = verify("changed.txt", "document.txt.sig").expect(1);
        assert_eq!(run.text(), format!("bad signature of changed.txt by \"{key}\"\n"));
        let signature = bench.read("document.txt.sig");
        for (name, bytes) in [
            ("cut", signature[..signature.len() - 1].to_vec()),
            ("long", [&signature[..], &[0]].concat()),
            ("none", Vec::new()),
            ("zero", vec![0; signature.len()]),
            ("ones", vec![0xFF; signature.len()]),
        ] {
            bench.write(name, bytes);
            verify("document.txt", name).expect(1);
        }
    }
    let run =
        bench.demo(["--json", "verify", "--key", "key 2", "--signature", "zero", "document.txt"]).expect(1);
    assert_eq!(run.document()["valid"], false);
}

#[test]
fn certificate_file_verifies_in_pem_and_der() {
    let bench = bench();
    bench.demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "document.txt"]).expect(0);
    bench.demo(["object", "export", "certificate 1", "-o", "c.pem"]).expect(0);
    bench.demo(["object", "export", "certificate 1", "--format", "der", "-o", "c.der"]).expect(0);
    for certificate in ["c.pem", "c.der"] {
        bench
            .run([
                "verify",
                "--certificate-file",
                certificate,
                "--signature",
                "document.txt.sig",
                "document.txt",
            ])
            .expect(0);
    }
    bench
        .run([
            "verify",
            "--certificate-file",
            "document.txt",
            "--signature",
            "document.txt.sig",
            "document.txt",
        ])
        .expect(2)
        .says("document.txt holds no usable key");
}

#[test]
fn verify_on_a_slot_uses_its_key_and_not_its_authorities() {
    let bench = bench();
    bench.demo(["sign", "--slot", "0", "--pin", "env:PIN1", "-o", "s", "document.txt"]).expect(0);
    bench.demo(["verify", "--slot", "0", "--signature", "s", "document.txt"]).expect(0);
    bench.demo(["verify", "--slot", "1", "--signature", "s", "document.txt"]).expect(1);
    bench.demo(["verify", "--signature", "s", "document.txt"]).expect(3).says("which one?");
}

#[test]
fn many_files_are_signed_with_one_login_at_two_apdus_each() {
    let bench = bench();
    let names: Vec<String> = (0..8).map(|number| format!("file {number}")).collect();
    for name in &names {
        bench.write(name, format!("contents of {name}"));
    }
    let sign = |files: &[String]| {
        let fixed = ["--stats", "sign", "--key", "key 1", "--pin", "env:PIN1"].map(str::to_owned);
        let run = bench.demo(fixed.iter().chain(files)).expect(0);
        let line = run.stderr.lines().find(|line| line.starts_with("stats: ")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    };
    sign(&names[..1]);
    let (one, eight) = (sign(&names[..1]), sign(&names));
    assert!(one <= 7, "one signature costs {one} APDUs");
    assert!(eight <= one + 7 * 2, "eight signatures cost {eight} APDUs, one costs {one}");
    for name in &names {
        openssl_verifies(&bench, "k1.pem", "sha256", &format!("{name}.sig"), name);
    }
}

#[test]
fn standard_input_is_signed_to_standard_output() {
    let bench = bench();
    let sign = ["--card", "demo.card", "sign", "--key", "key 1", "--pin", "env:PIN1", "-"];
    let mut child = bench.command(sign).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a document\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    bench.write("s", output.stdout);
    openssl_verifies(&bench, "k1.pem", "sha256", "s", "document.txt");
}

#[test]
fn large_file_is_signed_in_parts() {
    let bench = bench();
    let data: Vec<u8> = (0..3_000_001u32).map(|number| (number % 251) as u8).collect();
    bench.write("large", data);
    bench.demo(["sign", "--key", "key 2", "--pin", "env:PIN2", "--format", "der", "large"]).expect(0);
    openssl_verifies(&bench, "k2.pem", "sha256", "large.sig", "large");
}

#[test]
fn plain_mechanism_takes_the_digest_itself() {
    let bench = bench();
    bench.tool("openssl", &["dgst", "-sha256", "-binary", "-out", "digest", "document.txt"]);
    let sign =
        ["sign", "--key", "key 2", "--pin", "env:PIN2", "--mechanism", "ecdsa", "--format", "der", "-o", "s"];
    bench.demo(sign.iter().chain(&["digest"])).expect(0);
    openssl_verifies(&bench, "k2.pem", "sha256", "s", "document.txt");
}

#[test]
fn mechanism_that_does_not_fit_is_wrong_usage() {
    let bench = bench();
    let sign = |more: [&str; 2]| {
        bench.demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "document.txt"].iter().chain(&more))
    };
    sign(["--mechanism", "sha265-rsa-pkcs"]).expect(2).says("did you mean SHA256-RSA-PKCS?");
    sign(["--hash", "md5"]).expect(2).says("there is no hash \"md5\"");
    sign(["--mechanism", "ecdsa-sha256"]).expect(2);
    assert!(!bench.path("document.txt.sig").exists());
}

#[test]
fn unreadable_file_costs_no_login() {
    let bench = bench();
    let run =
        bench.demo(["-vvv", "sign", "--key", "key 1", "--pin", "env:PIN1", "missing", "gone"]).expect(2);
    assert!(!run.stderr.contains("> 0020"), "{}", run.stderr);
    assert!(run.stderr.contains("cannot read missing"), "{}", run.stderr);
    assert!(run.stderr.contains("none of the 2 files can be read"), "{}", run.stderr);
    bench.demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "."]).expect(2).says("is a directory");
    bench
        .demo(["sign", "--key", "key 1", "--pin", "env:PIN1", "-o", "x", "k1.pem", "k2.pem"])
        .expect(2)
        .says("-o names one file");
}

#[test]
fn decrypt_gives_what_openssl_encrypted() {
    let bench = bench();
    let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "k1.pem", "-in", "document.txt", "-out", "enc"];
    bench.tool("openssl", &encrypt);
    let run = bench.demo(["decrypt", "--key", "key 1", "--pin", "env:PIN1", "enc"]).expect(0);
    assert_eq!(run.stdout, b"a document\n");
    bench.demo(["decrypt", "--key", "key 1", "--pin", "env:PIN1", "enc", "-o", "plain"]).expect(0);
    assert_eq!(bench.read("plain"), b"a document\n");
    // A damaged file, another file of that length: the same answer whatever is wrong.
    let mut damaged = bench.read("enc");
    damaged[7] ^= 1;
    bench.write("damaged", damaged);
    bench.write("other", [1; 256]);
    bench.write("short", [1; 6]);
    // Nothing is asked of the token, not even a PIN.
    bench
        .demo(["decrypt", "--key", "key 1", "short"])
        .expect(2)
        .says("short has 6 bytes, but key \"key 1\" decrypts");
    for file in ["damaged", "other"] {
        let run =
            bench.demo(["decrypt", "--key", "key 1", "--pin", "env:PIN1", file, "-o", "nothing"]).expect(1);
        assert!(run.stdout.is_empty());
        assert!(!bench.path("nothing").exists());
    }
}
