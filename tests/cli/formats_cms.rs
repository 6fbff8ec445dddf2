//! `sign --format cms|pem` and `verify` of them: `openssl cms` is the other side.

use crate::bench::{Bench, Run};
use crate::personalise_keys::{third, with_third_pin};

const DOCUMENT: &str = "a document\n";

/// A bench with a document and the root of each chain in root1.pem and root2.pem.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("document.txt", DOCUMENT);
    bench.write("changed.txt", "a document!\n");
    for number in ["1", "2"] {
        let (name, file) = (format!("root {number}"), format!("root{number}.pem"));
        bench.demo(["object", "export", &name, "--class", "certificate", "-o", &file]).expect(0);
    }
    bench
}

fn sign(bench: &Bench, number: &str, more: &[&str]) -> Run {
    let (key, pin) = (format!("key {number}"), format!("env:PIN{number}"));
    bench.demo(["sign", "--key", &key, "--pin", &pin, "document.txt"].iter().chain(more))
}

fn openssl(bench: &Bench, line: &str) -> Run {
    bench.tool("openssl", &line.split(' ').collect::<Vec<_>>())
}

#[test]
fn cms_of_every_mechanism_is_verified_by_openssl_with_the_chain_from_the_card() {
    let bench = bench();
    for (number, how) in [
        ("1", &[][..]),
        ("1", &["--hash", "sha512"]),
        ("1", &["--mechanism", "SHA256-RSA-PKCS-PSS"]),
        ("1", &["--mechanism", "SHA384-RSA-PKCS-PSS", "--salt-len", "20", "--mgf", "sha256"]),
        ("2", &[]),
        ("2", &["--hash", "sha384"]),
    ] {
        let root = format!("root{number}.pem");
        for (attach, name) in [(false, "document.txt.p7s"), (true, "document.txt.p7m")] {
            let more: Vec<&str> = how.iter().copied().chain(["--format", "cms"]).collect();
            let attached = if attach { &["--attach"][..] } else { &[] };
            sign(&bench, number, &[&more[..], attached].concat()).expect(0).says(&format!("wrote {name}"));
            let content = if attach { "" } else { " -content document.txt" };
            openssl(
                &bench,
                &format!(
                    "cms -verify -cades -binary -inform DER -in {name} -CAfile {root} -out out{content}"
                ),
            );
            assert_eq!(bench.read("out"), DOCUMENT.as_bytes());
            let verify = ["verify", "--ca", &root, "--signature", name];
            let file = if attach { &[][..] } else { &["document.txt"] };
            let run = bench.run(verify.iter().chain(file)).expect(0);
            assert!(run.text().starts_with("good signature of "), "{how:?}: {}", run.text());
            assert!(run.stderr.is_empty(), "a chain to a given root is checked: {}", run.stderr);
        }
        let more: Vec<&str> = how.iter().copied().chain(["--format", "pem"]).collect();
        sign(&bench, number, &more).expect(0).says("wrote document.txt.pem");
        openssl(
            &bench,
            &format!(
                "cms -verify -binary -inform PEM -in document.txt.pem -CAfile {root} -content document.txt -out out"
            ),
        );
        bench.run(["verify", "--ca", &root, "--signature", "document.txt.pem", "document.txt"]).expect(0);
    }
}

#[test]
fn signer_that_nobody_vouched_for_is_said_to_be_unchecked() {
    let bench = bench();
    sign(&bench, "1", &["--format", "cms"]).expect(0);
    let verify = ["verify", "--signature", "document.txt.p7s", "document.txt"];
    bench
        .run(verify)
        .expect(0)
        .says("warning: the signer \"CN=p11ctl example holder 1,O=p11ctl example\" was not checked");
    let document = bench.run(["--json"].iter().chain(&verify)).expect(0).document();
    assert_eq!((&document["valid"], &document["signer_checked"]), (&true.into(), &false.into()));
    assert_eq!(document["signers"][0]["checked"], "no");
    assert_eq!(document["signers"][0]["key_from"], "signature");
    // Named by the user: by root, by certificate, by key, by token.
    bench.demo(["object", "export", "certificate 1", "-o", "c.pem"]).expect(0);
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k.pem"]).expect(0);
    for (how, checked) in [
        (["--ca", "root1.pem"], "chain"),
        (["--certificate", "c.pem"], "given"),
        (["--public-key", "k.pem"], "given"),
        (["--slot", "0"], "given"),
    ] {
        let run = bench.demo(["--json"].iter().chain(&verify).chain(&how)).expect(0);
        assert_eq!(run.document()["signer_checked"], true, "{how:?}");
        assert_eq!(run.document()["signers"][0]["checked"], checked, "{how:?}");
    }
    bench.demo(verify.iter().chain(&["--slot", "1"])).expect(1);
    bench.demo(verify.iter().chain(&["--slot", "0", "--ca", "root1.pem"])).expect(0);
    bench.demo(verify.iter().chain(&["--slot", "0", "--ca", "root2.pem"])).expect(1);
}

#[test]
fn what_is_wrong_is_said() {
    let bench = bench();
    sign(&bench, "1", &["--format", "cms"]).expect(0);
    let verify = |more: &[&str]| bench.run(["verify", "--signature", "document.txt.p7s"].iter().chain(more));
    verify(&["--ca", "root1.pem", "changed.txt"])
        .expect(1)
        .says("because: the content is not what was signed: its SHA-256");
    verify(&["--ca", "root2.pem", "document.txt"]).expect(1).says("is none of the given roots");
    verify(&["--ca", "root1.pem", "--at", "2100-01-01", "document.txt"])
        .expect(1)
        .says("has expired: 2099-12-31");
    verify(&["--ca", "root1.pem", "--at", "2020-01-01", "document.txt"]).expect(1).says("is not valid yet");
    verify(&[]).expect(2).says("name the file that was signed");
    verify(&["--ca", "document.txt", "document.txt"]).expect(2).says("document.txt: file is damaged");
    let document = bench
        .run(["--json", "verify", "--signature", "document.txt.p7s", "--ca", "root2.pem", "changed.txt"])
        .expect(1)
        .document();
    assert_eq!((&document["valid"], &document["signer_checked"]), (&false.into(), &false.into()));
    assert_eq!(document["reasons"].as_array().unwrap().len(), 2);
    // A chain with a gap.
    bench.demo(["object", "export", "certificate 1", "-o", "leaf.pem"]).expect(0);
    sign(&bench, "1", &["--format", "cms", "--certificate-file", "leaf.pem"]).expect(0);
    verify(&["--ca", "root1.pem", "document.txt"]).expect(1).says("the chain is incomplete: the issuer");
    // A certificate of another key makes no signature.
    bench.demo(["object", "export", "certificate 2", "-o", "other.pem"]).expect(0);
    sign(&bench, "1", &["--format", "cms", "--certificate-file", "other.pem"])
        .expect(2)
        .says("not for this key");
}

#[test]
fn altered_or_cut_signature_is_never_good_and_the_content_is_not_written() {
    let bench = bench();
    bench.demo(["object", "export", "certificate 2", "-o", "leaf.pem"]).expect(0);
    sign(&bench, "2", &["--format", "cms", "--attach", "--certificate-file", "leaf.pem"]).expect(0);
    let whole = bench.read("document.txt.p7m");
    let verify = ["verify", "--format", "cms", "--signature", "s", "-o", "out"];
    for step in 0..24 {
        let mut altered = whole.clone();
        let index = step * altered.len() / 24;
        // The first version number is nobody's word, and nothing depends on it.
        altered[index] ^= 0x55;
        bench.write("s", altered);
        bench.run(verify).expect(1);
        bench.write("s", &whole[..index]);
        bench.run(verify).expect(1).says("because: ");
    }
    assert!(!bench.path("out").exists());
    bench.write("s", &whole);
    bench.run(verify).expect(0).says("wrote out");
    assert_eq!(bench.read("out"), DOCUMENT.as_bytes());
    let run = bench
        .run(["verify", "--signature", "s", "-o", "-"])
        .expect(0)
        .says("good signature of the content in s");
    assert_eq!(run.stdout, DOCUMENT.as_bytes());
    // The file that is named has to be the same as the content inside.
    bench.run(["verify", "--signature", "s", "document.txt"]).expect(0);
    bench.run(["verify", "--signature", "s", "changed.txt"]).expect(1).says("is not that of changed.txt");
}

#[test]
fn signatures_of_openssl_are_verified_here() {
    let bench = bench();
    openssl(&bench, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=Root -days 30");
    for (name, kind, usage) in [
        ("rsa", "-newkey rsa:2048", "digitalSignature"),
        ("ec", "-newkey ec -pkeyopt ec_paramgen_curve:P-521", "nonRepudiation"),
        ("agree", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "keyAgreement"),
    ] {
        openssl(&bench, &format!("req -new {kind} -nodes -keyout {name}.key -out {name}.csr -subj /CN=Anna"));
        bench.write("usage.cnf", format!("keyUsage=critical,{usage}\n"));
        openssl(
            &bench,
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out {name}.pem -days 20 -extfile usage.cnf"
            ),
        );
    }
    for (name, options, code) in [
        ("rsa", "-outform DER", 0),
        ("rsa", "-outform PEM -md sha384", 0),
        ("rsa", "-outform DER -noattr", 0),
        ("rsa", "-outform DER -keyid -cades", 0),
        ("rsa", "-outform DER -nodetach -stream", 0),
        ("rsa", "-outform DER -keyopt rsa_padding_mode:pss", 0),
        ("rsa", "-outform DER -md sha1", 1),
        ("rsa", "-outform DER -nocerts", 1),
        ("ec", "-outform DER", 0),
        ("ec", "-outform DER -signer rsa.pem -inkey rsa.key", 0),
        ("agree", "-outform DER", 1),
    ] {
        openssl(
            &bench,
            &format!(
                "cms -sign -binary -in document.txt -signer {name}.pem -inkey {name}.key -out s {options}"
            ),
        );
        let run = bench.run(["verify", "--ca", "ca.pem", "--signature", "s", "document.txt"]);
        assert_eq!(run.code, code, "{name} {options}: {}{}", run.text(), run.stderr);
        if !options.contains("nodetach") {
            bench.run(["verify", "--ca", "ca.pem", "--signature", "s", "changed.txt"]).expect(1);
        }
        match options {
            "-outform DER -md sha1" => {
                let run = bench.run(["verify", "--ca", "ca.pem", "--signature", "s", "document.txt"]);
                run.says("SHA-1 is weak");
                let allowed =
                    ["verify", "--allow-weak", "--ca", "ca.pem", "--signature", "s", "document.txt"];
                bench.run(allowed).expect(0);
            }
            "-outform DER -nocerts" => {
                let named = [
                    "verify",
                    "--certificate",
                    "rsa.pem",
                    "--ca",
                    "ca.pem",
                    "--signature",
                    "s",
                    "document.txt",
                ];
                bench.run(named).expect(0);
                let other = ["verify", "--certificate", "ec.pem", "--signature", "s", "document.txt"];
                bench.run(other).expect(1).says("signed with another certificate");
            }
            _ if name == "agree" => {
                run.says("is not for signatures, but for keyAgreement");
            }
            _ => {}
        }
    }
}

#[test]
fn key_without_a_certificate_is_refused_before_the_pin() {
    let bench = with_third_pin();
    bench.write("document.txt", DOCUMENT);
    openssl(&bench, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out leaf.key");
    third(&bench, &["key", "import", "leaf.key", "--label", "leaf"]).expect(0);
    let run = third(&bench, &["-vvv", "sign", "--key", "leaf", "--format", "cms", "document.txt"])
        .expect(1)
        .says("CMS names the signer by one");
    assert!(!run.stderr.contains("> 0020"), "it costs no login: {}", run.stderr);
    openssl(&bench, "req -x509 -new -key leaf.key -out leaf.pem -subj /CN=Anna -days 30");
    let with = ["sign", "--key", "leaf", "--format", "cms", "--certificate", "leaf.pem", "document.txt"];
    third(&bench, &with).expect(0);
    bench.run(["verify", "--ca", "leaf.pem", "--signature", "document.txt.p7s", "document.txt"]).expect(0);
}

#[test]
fn many_files_in_cms_cost_what_plain_signatures_cost_and_one_bad_one_does_not_lose_the_others() {
    let bench = bench();
    let names: Vec<String> = (0..6).map(|number| format!("file {number}")).collect();
    for name in &names {
        bench.write(name, format!("contents of {name}"));
    }
    let apdus = |format: &str, files: &[String]| {
        let fixed = [
            "--stats",
            "sign",
            "--key",
            "key 1",
            "--pin",
            "env:PIN1",
            "--format",
            format,
            "--output-dir",
            "out",
        ];
        let run = bench.demo(fixed.map(str::to_owned).iter().chain(files)).expect(0);
        let line = run.stderr.lines().find(|line| line.starts_with("stats: ")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap()
    };
    apdus("cms", &names[..1]);
    for format in ["cms", "pem", "ssh", "jws"] {
        let (one, six) = (apdus(format, &names[..1]), apdus(format, &names));
        assert_eq!(one, apdus("raw", &names[..1]), "{format}");
        assert_eq!(six, one + 5, "{format}: a further file costs PSO alone");
    }
    let files = ["file 0", "missing", "file 1"];
    let fixed = ["--json", "sign", "--key", "key 1", "--pin", "env:PIN1", "--format", "cms"];
    let document = bench.demo(fixed.iter().chain(&files)).expect(2).document();
    let states: Vec<&str> = document["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["signed", "failed", "signed"]);
    bench.run(["verify", "--ca", "root1.pem", "--signature", "file 1.p7s", "file 1"]).expect(0);
}

#[test]
fn digest_made_elsewhere_becomes_cms_and_ssh_signatures() {
    let bench = bench();
    let digest = bench.tool("sha256sum", &["document.txt"]).text();
    bench.write("sum", digest);
    let fixed = ["sign", "--key", "key 1", "--pin", "env:PIN1", "--hash-file", "--hash", "sha256", "sum"];
    for (format, name) in [("cms", "sum.p7s"), ("ssh", "sum.sig")] {
        bench.demo(fixed.iter().chain(&["--format", format])).expect(0);
        bench.run(["verify", "--signature", name, "document.txt"]).expect(0);
        bench.run(["verify", "--signature", name, "--hash-file", "sum"]).expect(0);
        bench.run(["verify", "--signature", name, "changed.txt"]).expect(1);
    }
    bench.demo(fixed.iter().chain(&["--format", "jws"])).expect(2).says("a digest of the data is not enough");
    bench.demo(fixed.iter().chain(&["--format", "cms", "--attach"])).expect(2);
}

#[test]
fn options_of_another_form_are_refused() {
    let bench = bench();
    for (more, sentence) in [
        (&["--attach"][..], "--attach belongs to --format cms, pem or jws"),
        (&["--format", "ssh", "--attach"], "--attach belongs to --format cms, pem or jws"),
        (&["--format", "cms", "--namespace", "git"], "--namespace belongs to --format ssh"),
        (&["--format", "cms", "--unencoded"], "--unencoded belongs to --format jws"),
        (&["--format", "jws", "--unencoded", "--attach"], "stays beside the JWS"),
        (&["--format", "ssh", "--mechanism", "SHA256-RSA-PKCS-PSS"], "follows from the key"),
        (&["--format", "ssh", "--hash", "sha384"], "SSH signatures have no SHA-384"),
        (&["--format", "cms", "--mechanism", "RSA-PKCS"], "does not digest the file"),
        (&["--format", "jws", "--hash", "sha224"], "JWS has no name for RSA with SHA-224"),
        (&["--format", "cms", "--hash", "sha1"], "SHA-1 is weak"),
    ] {
        sign(&bench, "1", more).expect(2).says(sentence);
    }
}

#[test]
fn empty_and_large_files_are_signed_in_parts() {
    let bench = bench();
    bench.write("empty", "");
    bench.write("large", vec![7; 3_000_001]);
    for file in ["empty", "large"] {
        for format in ["cms", "ssh", "jws"] {
            bench
                .demo(["sign", "--key", "key 2", "--pin", "env:PIN2", "--format", format, "-o", "s", file])
                .expect(0);
            bench.run(["verify", "--signature", "s", file]).expect(0);
            if format == "cms" {
                openssl(
                    &bench,
                    &format!(
                        "cms -verify -binary -inform DER -in s -CAfile root2.pem -content {file} -out out"
                    ),
                );
                assert_eq!(bench.read("out"), bench.read(file));
            }
        }
    }
}
