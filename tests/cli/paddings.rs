//! `sign`, `verify`, `decrypt` with PSS, OAEP and SHA-3: OpenSSL is the other side.

use crate::bench::{Bench, Run};

const RSA: [&str; 4] = ["--key", "key 1", "--pin", "env:PIN1"];

/// A bench with a document and the public keys of both tokens in k1.pem and k2.pem.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("document.txt", "a document\n");
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k1.pem"]).expect(0);
    bench.demo(["object", "export", "key 2", "--class", "public-key", "-o", "k2.pem"]).expect(0);
    bench
}

fn sign(bench: &Bench, more: &[&str]) -> Run {
    let fixed = ["sign"].into_iter().chain(RSA);
    bench.demo(fixed.chain(["-o", "s"]).chain(more.iter().copied()))
}

fn verify(bench: &Bench, more: &[&str]) -> Run {
    let fixed = ["verify", "--public-key-file", "k1.pem", "--signature", "s"];
    bench.run(fixed.iter().chain(more))
}

/// OpenSSL's `dgst` with PSS and these salt length and mask.
fn openssl_pss(bench: &Bench, hash: &str, salt_len: &str, mgf: &str, more: &[&str]) {
    let (hash, salt_len) = (format!("-{hash}"), format!("rsa_pss_saltlen:{salt_len}"));
    let mgf = format!("rsa_mgf1_md:{mgf}");
    let fixed = ["dgst", &hash, "-sigopt", "rsa_padding_mode:pss", "-sigopt", &salt_len, "-sigopt", &mgf];
    let all: Vec<&str> = fixed.iter().chain(more).copied().collect();
    bench.tool("openssl", &all);
}

#[test]
fn pss_signature_is_verified_by_openssl_and_here() {
    let bench = bench();
    for (mechanism, hash, salt_len) in [
        ("SHA1-RSA-PKCS-PSS", "sha1", "20"),
        ("sha256-rsa-pkcs-pss", "sha256", "32"),
        ("SHA512-RSA-PKCS-PSS", "sha512", "64"),
        ("SHA3-384-RSA-PKCS-PSS", "sha3-384", "48"),
    ] {
        sign(&bench, &["--mechanism", mechanism, "--allow-weak", "document.txt"]).expect(0);
        let theirs = ["-verify", "k1.pem", "-signature", "s", "document.txt"];
        openssl_pss(&bench, hash, salt_len, hash, &theirs);
        verify(&bench, &["--mechanism", mechanism, "document.txt"]).expect(0);
        verify(&bench, &["--mechanism", mechanism, "--salt-len", "8", "document.txt"]).expect(1);
        verify(&bench, &["document.txt"]).expect(1);
    }
    let odd = ["--mechanism", "SHA384-RSA-PKCS-PSS", "--mgf", "sha1", "--salt-len", "7", "document.txt"];
    sign(&bench, &odd).expect(0);
    openssl_pss(&bench, "sha384", "7", "sha1", &["-verify", "k1.pem", "-signature", "s", "document.txt"]);
    verify(&bench, &odd).expect(0);
}

#[test]
fn pss_over_a_digest_is_pss_over_the_file() {
    let bench = bench();
    bench.tool("openssl", &["dgst", "-sha384", "-binary", "-out", "digest", "document.txt"]);
    let plain = ["--mechanism", "RSA-PKCS-PSS", "--hash", "sha384", "digest"];
    sign(&bench, &plain).expect(0);
    verify(&bench, &plain).expect(0);
    verify(&bench, &["--mechanism", "SHA384-RSA-PKCS-PSS", "document.txt"]).expect(0);
    // No hash is SHA-256, and the digest is too long for that.
    sign(&bench, &["--mechanism", "RSA-PKCS-PSS", "digest"]).expect(1).says("32 are possible");
}

#[test]
fn pss_signature_of_openssl_is_verified_here() {
    let bench = bench();
    bench.tool("openssl", &["genrsa", "-out", "own.pem", "2048"]);
    bench.tool("openssl", &["rsa", "-in", "own.pem", "-pubout", "-out", "k1.pem"]);
    openssl_pss(&bench, "sha256", "32", "sha256", &["-sign", "own.pem", "-out", "s", "document.txt"]);
    let mechanism = ["--mechanism", "SHA256-RSA-PKCS-PSS", "document.txt"];
    verify(&bench, &mechanism).expect(0);
    bench.write("changed.txt", "a document!\n");
    verify(&bench, &["--mechanism", "SHA256-RSA-PKCS-PSS", "changed.txt"]).expect(1);
    // The longest salt of this key: what openssl takes when nobody says.
    openssl_pss(&bench, "sha256", "max", "sha256", &["-sign", "own.pem", "-out", "s", "document.txt"]);
    verify(&bench, &mechanism).expect(1);
    verify(&bench, &["--salt-len", "222", mechanism[0], mechanism[1], mechanism[2]]).expect(0);
}

#[test]
fn wishes_that_do_not_go_together_are_wrong_usage_and_cost_no_login() {
    let bench = bench();
    for (more, sentence) in [
        (&["--salt-len", "20"][..], "--salt-len belongs to PSS"),
        (&["--mgf", "sha1"], "--mgf belongs to PSS"),
        (&["--mechanism", "SHA256-RSA-PKCS-PSS", "--hash", "sha1"], "digests with SHA-256, not with SHA-1"),
        (&["--mechanism", "RSA-PKCS", "--hash", "sha1"], "takes no --hash"),
        (&["--mechanism", "RSA-PKCS-OAEP"], "does not sign"),
    ] {
        let all: Vec<&str> = ["document.txt"].iter().chain(more).copied().collect();
        sign(&bench, &all).expect(2).says(sentence);
    }
    let salt = ["--mechanism", "SHA256-RSA-PKCS-PSS", "--salt-len", "223", "document.txt"];
    sign(&bench, &salt).expect(2).says("the salt is too long for the key");
    assert!(!bench.path("s").exists());
}

#[test]
fn sha3_signatures_are_verified_by_openssl_and_here() {
    let bench = bench();
    for (key, pin, file) in [("key 1", "env:PIN1", "k1.pem"), ("key 2", "env:PIN2", "k2.pem")] {
        for hash in ["sha3-224", "sha3-256", "sha3-384", "sha3-512"] {
            let format = if key == "key 1" { "raw" } else { "der" };
            let how = ["--hash", hash, "--format", format, "document.txt"];
            bench.demo(["sign", "--key", key, "--pin", pin, "-o", "s"].iter().chain(&how)).expect(0);
            let dash = format!("-{hash}");
            bench.tool("openssl", &["dgst", &dash, "-verify", file, "-signature", "s", "document.txt"]);
            let here = ["verify", "--public-key-file", file, "--signature", "s"];
            bench.run(here.iter().chain(&how)).expect(0);
        }
    }
}

#[test]
fn oaep_decrypts_what_openssl_encrypted() {
    let bench = bench();
    for (options, more) in [
        (&["rsa_oaep_md:sha256"][..], &[][..]),
        (&["rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"], &["--hash", "sha256", "--mgf", "sha1"]),
        (&["rsa_oaep_md:sha1"], &["--hash", "sha1"]),
        (&["rsa_oaep_md:sha3-512", "rsa_oaep_label:0aff"], &["--hash", "sha3-512", "--oaep-label", "0AFF"]),
    ] {
        let fixed =
            ["pkeyutl", "-encrypt", "-pubin", "-inkey", "k1.pem", "-in", "document.txt", "-out", "enc"];
        let padding = ["-pkeyopt", "rsa_padding_mode:oaep"];
        let options = options.iter().flat_map(|option| ["-pkeyopt", option]);
        let all: Vec<&str> = fixed.into_iter().chain(padding).chain(options).collect();
        bench.tool("openssl", &all);
        let decrypt = |more: &[&str]| {
            let fixed = ["decrypt", "enc", "--mechanism", "RSA-PKCS-OAEP"].into_iter().chain(RSA);
            bench.demo(fixed.chain(more.iter().copied()))
        };
        assert_eq!(decrypt(more).expect(0).stdout, b"a document\n");
        let run = decrypt(&["--hash", "sha384", "-o", "nothing"]).expect(1);
        assert!(!bench.path("nothing").exists() && run.stdout.is_empty());
        run.says("this was OAEP with SHA-384, mask with SHA-384");
        // One block of 256 begins with 00 02 as those of PKCS#1 v1.5 do, and then something else comes out.
        let not_as_pkcs1 = |run: Run, sentence: &str| match run.code {
            0 => assert_ne!(run.stdout, b"a document\n"),
            _ => drop(run.expect(1).says(sentence)),
        };
        let run = bench.demo(["decrypt", "enc", "--mechanism", "RSA-PKCS"].into_iter().chain(RSA));
        not_as_pkcs1(run, "RSA-PKCS-OAEP is the other one");
        // Where nothing is said, what is usual is found out.
        let run = bench.demo(["decrypt", "enc"].into_iter().chain(RSA));
        if more.is_empty() {
            assert_eq!(run.expect(0).stdout, b"a document\n");
        } else {
            not_as_pkcs1(run, "none of OAEP with SHA-256");
        }
    }
    bench
        .demo(["decrypt", "enc", "--mechanism", "RSA-PKCS", "--hash", "sha256"].into_iter().chain(RSA))
        .expect(2)
        .says("belongs to OAEP");
}
