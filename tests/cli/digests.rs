//! `digest`: sha256sum and openssl are the other side, in both directions.

use std::process::Stdio;

use crate::bench::{Bench, finish};

fn bench() -> Bench {
    let bench = Bench::empty();
    bench.write("a", "contents of a");
    bench.write("empty", "");
    bench.write("big file", vec![0x5A; 3_000_001]);
    bench.write("back\\slash\nand line", "odd");
    bench
}

const FILES: [&str; 4] = ["a", "empty", "big file", "back\\slash\nand line"];

#[test]
fn digest_lines_are_those_of_coreutils() {
    let bench = bench();
    for (hash, tool) in
        [("sha1", "sha1sum"), ("sha256", "sha256sum"), ("sha384", "sha384sum"), ("sha512", "sha512sum")]
    {
        let ours = bench.run(["digest", "--hash", hash].iter().chain(&FILES)).expect(0);
        assert_eq!(ours.text(), bench.tool(tool, &FILES).text());
        bench.write("list", &ours.stdout);
        bench.tool(tool, &["--check", "--strict", "list"]);
    }
    assert_eq!(bench.run(["digest", "a"]).expect(0).text(), bench.tool("sha256sum", &["a"]).text());
}

#[test]
fn digest_every_hash_is_that_of_openssl() {
    let bench = bench();
    for hash in
        ["sha1", "sha224", "sha256", "sha384", "sha512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"]
    {
        let theirs = bench.tool("openssl", &["dgst", &format!("-{hash}"), "-r", "big file"]).text();
        let ours = bench.run(["digest", "--hash", hash, "big file"]).expect(0).text();
        assert_eq!(ours.split(' ').next(), theirs.split(' ').next(), "{hash}");
        // As openssl writes it without -r, and as coreutils writes it with --tag.
        bench.write("list", &bench.tool("openssl", &["dgst", &format!("-{hash}"), "big file"]).stdout);
        assert_eq!(bench.run(["digest", "--check", "list"]).expect(0).text(), "big file: OK\n");
    }
    bench.write("list", &bench.tool("sha256sum", &["--tag", "a", "empty"]).stdout);
    assert_eq!(bench.run(["digest", "--check", "list"]).expect(0).text(), "a: OK\nempty: OK\n");
}

#[test]
fn digest_standard_input_is_the_default() {
    let bench = bench();
    for arguments in [&["digest"][..], &["digest", "-"]] {
        let mut command = bench.command(arguments);
        let run = finish(command.stdin(std::fs::File::open(bench.path("a")).unwrap()).output().unwrap());
        assert_eq!(run.expect(0).text(), bench.tool("sha256sum", &["a"]).text().replace(" a\n", " -\n"));
    }
    bench.run(["digest", "-", "-"]).expect(2).says("standard input is named twice");
}

#[test]
fn digest_bad_file_among_good_ones_is_told_and_the_others_are_digested() {
    let bench = bench();
    let run = bench.run(["digest", "missing", "a", "."]).expect(2);
    assert_eq!(run.text(), bench.tool("sha256sum", &["a"]).text());
    for sentence in ["error: cannot read missing", "error: . is a directory", "1 of 3 files are digested"] {
        assert!(run.stderr.contains(sentence), "{sentence:?} is not in:\n{}", run.stderr);
    }
    let run = bench.run(["digest", "--json", "missing", "a"]).expect(2);
    assert_eq!(run.stderr, "");
    let document = run.document();
    assert_eq!(document["hash"], "SHA-256");
    assert_eq!(document["digests"][0]["error"]["message"], "cannot read missing");
    assert!(document["digests"][0]["digest"].is_null() && document["digests"][1]["error"].is_null());
    let digest = document["digests"][1]["digest"].as_str().unwrap().to_owned();
    assert!(bench.tool("sha256sum", &["a"]).text().starts_with(&digest));
}

#[test]
fn check_list_of_sha256sum_finds_what_changed_and_what_is_gone() {
    let bench = bench();
    bench.write("list", &bench.tool("sha256sum", &FILES).stdout);
    let run = bench.run(["digest", "--check", "list"]).expect(0);
    assert_eq!(run.text(), "a: OK\nempty: OK\nbig file: OK\nback\\\\slash\\nand line: OK\n");
    bench.write("a", "other contents");
    std::fs::remove_file(bench.path("empty")).unwrap();
    let run = bench.run(["digest", "--check", "list"]).expect(1);
    assert!(
        run.text().starts_with("a: FAILED\nempty: FAILED open or read\nbig file: OK\n"),
        "{}",
        run.text()
    );
    run.says("2 of 4 files are as listed");
    let document = bench.run(["--json", "digest", "--check", "list"]).expect(1).document();
    let states: Vec<_> = document["checks"].as_array().unwrap().iter().map(|check| &check["state"]).collect();
    assert_eq!(states, ["differs", "unreadable", "ok", "ok"]);
    assert_eq!((&document["ok"], &document["differing"]), (&2.into(), &1.into()));
}

#[test]
fn check_what_is_no_list_is_wrong_usage_and_odd_lines_are_told() {
    let bench = bench();
    bench.run(["digest", "--check", "a"]).expect(2).says("a holds no line with a digest and a name");
    bench.run(["digest", "--check", "missing"]).expect(2).says("cannot read missing");
    let mut list = bench.tool("sha256sum", &["a"]).stdout;
    list.extend_from_slice(b"something else\nabcd  a\n");
    bench.write("list", list);
    let run = bench.run(["digest", "--check", "list"]).expect(2);
    assert_eq!(run.text(), "a: OK\na: FAILED open or read\n");
    assert!(run.stderr.contains("list: 1 line holds no digest and name"), "{}", run.stderr);
    run.says("no such hash gives the 2 bytes");
    // SHA3-256 is as long as SHA-256.
    bench.write("list", bench.run(["digest", "--hash", "sha3-256", "a"]).expect(0).stdout);
    bench.run(["digest", "--check", "list"]).expect(1);
    bench.run(["digest", "--check", "--hash", "sha3-256", "list"]).expect(0);
    bench.run(["digest", "--hash", "md5", "a"]).expect(2).says("there is no hash \"md5\"");
}

#[test]
fn digest_reader_that_goes_away_is_silent() {
    let bench = bench();
    let mut child =
        bench.command(["digest", "a"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let run = finish(child.wait_with_output().unwrap()).expect(0);
    assert_eq!(run.stderr, "");
}
