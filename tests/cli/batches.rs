//! `sign` with many files: what is wrong with one does not concern the others. OpenSSL verifies.

use std::fs;

use crate::bench::Bench;

const SIGN: [&str; 5] = ["sign", "--key", "key 1", "--pin", "env:PIN1"];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k1.pem"]).expect(0);
    for name in ["a", "b", "c"] {
        bench.write(name, format!("contents of {name}"));
    }
    bench
}

fn openssl_verifies(bench: &Bench, signature: &str, file: &str) {
    bench.tool("openssl", &["dgst", "-sha256", "-verify", "k1.pem", "-signature", signature, file]);
}

#[test]
fn bad_file_among_good_ones_is_told_and_the_others_are_signed() {
    let bench = bench();
    fs::create_dir(bench.path("folder")).unwrap();
    // Its signature cannot be written.
    fs::create_dir(bench.path("b.sig")).unwrap();
    let files = ["a", "missing", "folder", "b", "c"];
    let run = bench.demo(SIGN.iter().chain(&files)).expect(2);
    for sentence in [
        "error: cannot read missing",
        "error: folder is a directory",
        "error: cannot write b.sig",
        "wrote a.sig",
        "wrote c.sig",
        "2 of 5 files are signed",
    ] {
        assert!(run.stderr.contains(sentence), "{sentence:?} is not in:\n{}", run.stderr);
    }
    openssl_verifies(&bench, "a.sig", "a");
    openssl_verifies(&bench, "c.sig", "c");
    assert!(!bench.path("missing.sig").exists() && !bench.path("folder.sig").exists());

    let run = bench.demo(["--json"].iter().chain(&SIGN).chain(&files)).expect(2);
    assert_eq!(run.stderr, "");
    let document = run.document();
    let states: Vec<&str> = document["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["signed", "failed", "failed", "failed", "signed"]);
    let missing = &document["signatures"][1];
    assert_eq!(missing["error"]["kind"], "usage");
    assert_eq!(missing["error"]["message"], "cannot read missing");
    assert!(missing["output"].is_null() && missing["signature"].is_null());
    assert_eq!(document["signatures"][4]["output"], "c.sig");
    assert!(document["signatures"][4]["error"].is_null());
}

#[test]
fn block_that_the_key_refuses_is_told_and_the_others_are_signed() {
    let bench = bench();
    bench.write("long", [7; 300]);
    let run = bench.demo(SIGN.iter().chain(&["--mechanism", "RSA-PKCS", "a", "long", "c"])).expect(1);
    assert!(run.stderr.contains("error: long is not signed with key \"key 1\" in slot 0"), "{}", run.stderr);
    for file in ["a", "c"] {
        let signature = format!("{file}.sig");
        let recover = ["pkeyutl", "-verifyrecover", "-pubin", "-inkey", "k1.pem", "-in", &signature];
        assert_eq!(bench.tool("openssl", &recover).text(), format!("contents of {file}"));
    }
}

#[test]
fn named_pipe_is_opened_once_so_that_its_writer_is_heard() {
    let bench = bench();
    bench.tool("mkfifo", &["pipe"]);
    let pipe = bench.path("pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, "contents of a"));
    bench.demo(SIGN.iter().chain(&["a", "pipe"])).expect(0);
    writer.join().unwrap().unwrap();
    openssl_verifies(&bench, "pipe.sig", "a");
}

/// Whoever feeds a pipe is heard once: not for a run that ends at the PIN.
#[test]
fn named_pipe_is_not_opened_before_the_login() {
    let bench = bench();
    bench.tool("mkfifo", &["pipe"]);
    fs::write(bench.path("wrong"), "99999999").unwrap();
    let (pipe, (sender, fed)) = (bench.path("pipe"), std::sync::mpsc::channel());
    let writer = std::thread::spawn(move || {
        fs::write(pipe, "contents of a").unwrap();
        sender.send(()).unwrap();
    });
    let wrong = ["sign", "--key", "key 1", "--pin", "file:wrong", "a", "pipe"];
    bench.demo(wrong).expect(4);
    assert!(fed.try_recv().is_err(), "the pipe was opened");
    bench.demo(SIGN.iter().chain(&["a", "pipe"])).expect(0);
    writer.join().unwrap();
    openssl_verifies(&bench, "pipe.sig", "a");
}

#[test]
fn output_folder_takes_every_signature() {
    let bench = bench();
    bench
        .demo(SIGN.iter().chain(&["--output-dir", "new/folder", "a", "./b"]))
        .expect(0)
        .says("wrote new/folder/a.sig");
    openssl_verifies(&bench, "new/folder/a.sig", "a");
    openssl_verifies(&bench, "new/folder/b.sig", "b");
    assert!(!bench.path("a.sig").exists());
    assert_eq!(fs::read_dir(bench.path("new/folder")).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn outputs_that_hurt_each_other_are_refused_before_anything_is_written() {
    let bench = bench();
    fs::create_dir(bench.path("other")).unwrap();
    bench.write("other/a", "another a");
    bench.write("a.sig", "something");
    let refuse = |more: &[&str], sentence: &str| {
        bench.demo(SIGN.iter().chain(more)).expect(2).says(sentence);
    };
    refuse(&["--output-dir", "out", "a", "other/a"], "two signatures would be written to out/a.sig");
    refuse(&["a", "a"], "two signatures would be written to a.sig");
    refuse(&["a", "a.sig"], "the signature of a would replace a.sig");
    refuse(&["./a", "other/../a.sig"], "the signature of ./a would replace ./a.sig");
    refuse(&["--output-dir", "out", "-"], "standard input has no name");
    assert_eq!(bench.read("a.sig"), b"something");
    assert!(!bench.path("out").exists());
}

#[test]
fn digest_computed_elsewhere_gives_the_signature_of_the_data() {
    let bench = bench();
    let sum = bench.tool("sha256sum", &["a"]);
    bench.write("a.sum", &sum.stdout);
    bench.tool("openssl", &["dgst", "-sha256", "-binary", "-out", "b.bin", "b"]);
    bench.demo(SIGN.iter().chain(&["--hash-file", "a.sum", "b.bin"])).expect(0);
    openssl_verifies(&bench, "a.sum.sig", "a");
    openssl_verifies(&bench, "b.bin.sig", "b");
    bench.demo(["verify", "--key", "key 1", "--signature", "a.sum.sig", "--hash-file", "a.sum"]).expect(0);
    bench.demo(["verify", "--key", "key 1", "--signature", "a.sum.sig", "--hash-file", "b.bin"]).expect(1);

    bench
        .demo(SIGN.iter().chain(&["--mechanism", "SHA256-RSA-PKCS-PSS", "--hash-file", "b.bin", "-o", "pss"]))
        .expect(0);
    let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
    let verify = ["dgst", "-sha256", "-verify", "k1.pem", "-signature", "pss"];
    bench.tool("openssl", &[&verify[..], &pss, &["b"]].concat());

    bench.demo(["object", "export", "key 2", "--class", "public-key", "-o", "k2.pem"]).expect(0);
    let ecdsa = [
        "sign",
        "--key",
        "key 2",
        "--pin",
        "env:PIN2",
        "--format",
        "der",
        "-o",
        "ec",
        "--hash-file",
        "b.bin",
    ];
    bench.demo(ecdsa).expect(0);
    bench.tool("openssl", &["dgst", "-sha256", "-verify", "k2.pem", "-signature", "ec", "b"]);

    bench
        .demo(SIGN.iter().chain(&["--hash", "sha512", "--hash-file", "b.bin"]))
        .expect(2)
        .says("holds no SHA-512 digest");
    bench.demo(SIGN.iter().chain(&["--mechanism", "RSA-PKCS", "--hash-file", "b.bin"])).expect(2);
}

#[test]
fn progress_shows_on_a_terminal_and_leaves_it() {
    let bench = bench();
    bench.write("large", vec![0; 30_000_000]);
    let arguments = "--card demo.card sign --key 'key 1' --pin env:PIN1 a large c";
    let screen = crate::prompts::Terminal::run(&bench, &[], arguments);
    assert!(screen.contains("file 2 of 3: large"), "{screen}");
    openssl_verifies(&bench, "large.sig", "large");
    // In a pipe there is none.
    let run = bench.demo(SIGN.iter().chain(&["a", "large"])).expect(0);
    assert_eq!(run.stderr, "wrote a.sig\nwrote large.sig\n");
}

#[test]
fn verify_finds_what_sign_wrote_and_one_bad_file_does_not_keep_the_others() {
    let bench = bench();
    bench.demo(SIGN.iter().chain(&["a", "b", "c"])).expect(0);
    let verify = ["verify", "--key", "key 1"];
    let run = bench.demo(verify.iter().chain(&["a", "b", "c"])).expect(0);
    let line = |word: &str, file: &str| format!("{word} signature of {file} by \"key 1\"\n");
    assert_eq!(run.text(), line("good", "a") + &line("good", "b") + &line("good", "c"));
    assert_eq!(run.stderr, "");
    assert_eq!(bench.demo(verify.iter().chain(&["a"])).expect(0).text(), line("good", "a"));

    bench.write("b", "altered");
    let files = ["a", "b", "missing", "unsigned", "c"];
    bench.write("missing.sig", "x");
    bench.write("unsigned", "nobody signed it");
    let run = bench.demo(verify.iter().chain(&files)).expect(1);
    assert_eq!(run.text(), line("good", "a") + &line("bad", "b") + &line("good", "c"));
    for sentence in [
        "b: the signature is not that of this key over this file",
        "error: cannot read missing",
        "error: there is no signature of unsigned",
        "2 of 5 files have a good signature",
    ] {
        assert!(run.stderr.contains(sentence), "{sentence:?} is not in:\n{}", run.stderr);
    }
    let run = bench.demo(["--json"].iter().chain(&verify).chain(&files)).expect(1);
    assert_eq!(run.stderr, "");
    let document = run.document();
    assert_eq!(document["valid"], false);
    let entries = document["files"].as_array().unwrap();
    let valid: Vec<bool> = entries.iter().map(|entry| entry["valid"].as_bool().unwrap()).collect();
    assert_eq!(valid, [true, false, false, false, true]);
    assert_eq!(entries[0]["signature"], "a.sig");
    assert_eq!(entries[3]["error"]["kind"], "not_found");
    // Nothing bad, but not everything verified.
    assert_ne!(bench.demo(verify.iter().chain(&["a", "unsigned"])).code, 0);
}

#[test]
fn verify_of_many_files_finds_every_form_in_a_folder_of_its_own() {
    let bench = bench();
    for (format, file) in [("cms", "a"), ("ssh", "b"), ("jws", "c")] {
        bench.demo(SIGN.iter().chain(&["--format", format, "--output-dir", "signatures", file])).expect(0);
    }
    let verify = ["verify", "--key", "key 1", "--signature-dir", "signatures"];
    let run = bench.demo(verify.iter().chain(&["a", "b", "c"])).expect(0);
    assert_eq!(run.text().lines().count(), 3);
    // Whom nobody named is not checked, and that is said once.
    let run = bench.demo(["verify", "--signature-dir", "signatures", "a", "b", "c"]).expect(0);
    assert_eq!(run.stderr.matches("hint: name whom you trust").count(), 1, "{}", run.stderr);

    bench.demo(SIGN.iter().chain(&["--output-dir", "signatures", "a"])).expect(0);
    bench
        .demo(verify.iter().chain(&["a"]))
        .expect(2)
        .says("a has several signatures: signatures/a.sig, signatures/a.p7s");
    bench.demo(verify.iter().chain(&["--format", "cms", "a"])).expect(0);
}

#[test]
fn verify_refuses_what_fits_one_file_only() {
    let bench = bench();
    bench.demo(SIGN.iter().chain(&["a", "b"])).expect(0);
    let verify = ["verify", "--key", "key 1"];
    bench
        .demo(verify.iter().chain(&["--signature", "a.sig", "a", "b"]))
        .expect(2)
        .says("--signature names one");
    bench.demo(verify.iter().chain(&["-o", "x", "a", "b"])).expect(2).says("-o names one file");
    bench.demo(verify).expect(2).says("there is nothing to verify");
    bench.demo(verify.iter().chain(&["-"])).expect(2).says("standard input has no signature beside it");
}
