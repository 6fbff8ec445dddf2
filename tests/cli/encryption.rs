//! `encrypt` and `decrypt` of CMS messages: OpenSSL is the other side, in both directions.

use std::fs;

use crate::bench::{Bench, Run};

/// A bench with a document, the certificates of both tokens in c1.pem (RSA) and c2.pem (EC), and a stranger's key and
/// certificate for each of several kinds of keys.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("document", "a document\n");
    for number in ["1", "2"] {
        let (label, file) = (format!("certificate {number}"), format!("c{number}.pem"));
        bench.demo(["object", "export", &label, "--class", "certificate", "-o", &file]).expect(0);
    }
    bench
}

/// `openssl` makes a key and a certificate: `NAME.key`, `NAME.pem`.
fn stranger(bench: &Bench, name: &str, kind: &[&str], usage: &str) {
    let (key, certificate, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
    let usage = format!("keyUsage=critical,{usage}");
    let fixed =
        ["req", "-x509", "-nodes", "-days", "30", "-subj", &subject, "-keyout", &key, "-out", &certificate];
    let extension = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", &usage];
    let all: Vec<&str> = fixed.into_iter().chain(extension).chain(kind.iter().copied()).collect();
    bench.tool("openssl", &all);
}

const RSA: &[&str] = &["-newkey", "rsa:2048"];

fn ec(curve: &'static str) -> Vec<&'static str> {
    let option = match curve {
        "P-256" => "ec_paramgen_curve:P-256",
        "P-384" => "ec_paramgen_curve:P-384",
        _ => "ec_paramgen_curve:P-521",
    };
    vec!["-newkey", "ec", "-pkeyopt", option]
}

fn encrypt(bench: &Bench, more: &[&str]) -> Run {
    bench.run(["encrypt", "document", "-o", "message"].iter().chain(more))
}

fn decrypt(bench: &Bench, number: &str, more: &[&str]) -> Run {
    let pin = format!("env:PIN{number}");
    bench.demo(["decrypt", "message", "--pin", &pin, "-o", "plain"].iter().chain(more))
}

fn openssl_decrypts(bench: &Bench, name: &str, form: &str) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let fixed = ["cms", "-decrypt", "-binary", "-inform", form, "-in", "message", "-out", "theirs"];
    let mine: Vec<&str> = fixed.into_iter().chain(["-inkey", &key, "-recip", &certificate]).collect();
    bench.tool("openssl", &mine);
    assert!(bench.read("theirs") == bench.read("document"), "{name} {form}");
}

#[test]
fn openssl_opens_messages_of_every_cipher_and_key() {
    let bench = bench();
    stranger(&bench, "rsa", RSA, "keyEncipherment");
    for curve in ["P-256", "P-384", "P-521"] {
        stranger(&bench, curve, &ec(curve), "keyAgreement");
    }
    // Longer than what goes through at once, and no whole blocks.
    for document in ["", &"0123456789abcde".repeat(20_000)] {
        bench.write("document", document);
        for cipher in ["aes-256-gcm", "aes-256-cbc"] {
            for name in ["rsa", "P-256", "P-384", "P-521"] {
                let file = format!("{name}.pem");
                encrypt(&bench, &["--recipient", &file, "--cipher", cipher]).expect(0).says("wrote message");
                openssl_decrypts(&bench, name, "DER");
            }
        }
    }
    encrypt(&bench, &["--recipient", "rsa.pem", "--mechanism", "RSA-PKCS"]).expect(0);
    openssl_decrypts(&bench, "rsa", "DER");
    encrypt(&bench, &["--recipient", "rsa.pem", "--hash", "sha512", "--mgf", "sha1"]).expect(0);
    openssl_decrypts(&bench, "rsa", "DER");
    encrypt(&bench, &["--recipient", "P-256.pem", "--format", "pem"]).expect(0);
    openssl_decrypts(&bench, "P-256", "PEM");
    let text = String::from_utf8(bench.read("message")).unwrap();
    assert!(text.starts_with("-----BEGIN CMS-----\n") && text.ends_with("-----END CMS-----\n"));
}

#[test]
fn message_for_several_opens_for_each_of_them() {
    let bench = bench();
    stranger(&bench, "rsa", RSA, "keyEncipherment");
    stranger(&bench, "P-384", &ec("P-384"), "keyAgreement");
    // A bundle: two of them, and an authority that is not meant.
    bench.demo(["object", "export", "root 1", "--class", "certificate", "-o", "root.pem"]).expect(0);
    bench.tool("sh", &["-c", "cat c1.pem root.pem P-384.pem > bundle.pem"]);
    let both =
        ["--recipient", "bundle.pem", "--recipient", "rsa.pem", "--recipient", "c1.pem", "--key", "key 2"];
    let run = bench.demo(["--json", "encrypt", "document", "-o", "message"].iter().chain(&both)).expect(0);
    let document = run.document();
    let names: Vec<&str> = document["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["CN=p11ctl example holder 1,O=p11ctl example", "CN=P-384", "CN=rsa", "key 2"]);
    assert_eq!((&document["cipher"], &document["authenticated"]), (&"aes-256-gcm".into(), &true.into()));
    openssl_decrypts(&bench, "rsa", "DER");
    openssl_decrypts(&bench, "P-384", "DER");
    for number in ["1", "2"] {
        fs::remove_file(bench.path("plain")).ok();
        // Both keys of the card could open it: the first does, unless another is meant.
        let key = format!("key {number}");
        decrypt(&bench, number, &["--key", &key]).expect(0);
        assert_eq!(bench.read("plain"), b"a document\n");
    }
}

#[test]
fn card_opens_what_openssl_encrypted() {
    let bench = bench();
    let openssl = |more: &[&str]| {
        let fixed = ["cms", "-encrypt", "-binary", "-in", "document", "-out", "message"];
        let all: Vec<&str> = fixed.iter().chain(more).copied().collect();
        bench.tool("openssl", &all);
    };
    let long = "a line of a document\n".repeat(20_000);
    for document in ["", &long] {
        bench.write("document", document);
        for (number, more) in [
            ("1", &["-aes-256-gcm", "-outform", "DER", "c1.pem"][..]),
            ("1", &["-aes-128-gcm", "-outform", "PEM", "c1.pem"]),
            ("1", &["-aes-256-cbc", "-outform", "PEM", "c1.pem"]),
            // S/MIME, and triple DES: what openssl does when nobody says.
            ("1", &["c1.pem"]),
            ("1", &["-des3", "-outform", "DER", "-stream", "c1.pem"]),
            ("1", &["-aes-192-cbc", "-outform", "DER", "-keyid", "c1.pem"]),
            (
                "1",
                &["-aes-256-cbc", "-outform", "DER", "-recip", "c1.pem", "-keyopt", "rsa_padding_mode:oaep"],
            ),
            (
                "1",
                &[
                    "-aes-256-gcm",
                    "-outform",
                    "DER",
                    "-recip",
                    "c1.pem",
                    "-keyopt",
                    "rsa_padding_mode:oaep",
                    "-keyopt",
                    "rsa_oaep_md:sha384",
                    "-keyopt",
                    "rsa_mgf1_md:sha256",
                ],
            ),
            ("2", &["-aes-256-gcm", "-outform", "DER", "c2.pem"]),
            ("2", &["-aes-256-cbc", "-outform", "DER", "-stream", "c2.pem"]),
            ("2", &["-aes-128-cbc", "-outform", "PEM", "-recip", "c2.pem", "-keyopt", "ecdh_kdf_md:sha384"]),
            (
                "2",
                &["-aes-256-cbc", "-outform", "DER", "-recip", "c2.pem", "-keyopt", "ecdh_cofactor_mode:1"],
            ),
        ] {
            openssl(more);
            fs::remove_file(bench.path("plain")).ok();
            let run = decrypt(&bench, number, &[]);
            assert_eq!(run.code, 0, "{more:?}: {}", run.stderr);
            assert!(bench.read("plain") == document.as_bytes(), "{more:?}");
        }
    }
}

#[test]
fn messages_pass_through_pipes_whole() {
    let bench = bench();
    // Beyond what is kept in memory.
    bench.tool("sh", &["-c", "seq 1 700000 > document"]);
    let program = crate::bench::PROGRAM;
    let script = format!(
        "cat document | {program} encrypt --recipient c1.pem - | \
         {program} --card demo.card decrypt --pin env:PIN1 - | cmp - document"
    );
    let mut command = std::process::Command::new("sh");
    crate::bench::clean(command.args(["-c", &script]), &bench.path(""));
    let run = crate::bench::finish(command.output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.text());
    // The reader goes away: silence.
    let script = format!("{program} encrypt --recipient c1.pem document | head -c 100 >/dev/null");
    let mut command = std::process::Command::new("sh");
    crate::bench::clean(command.args(["-c", &script]), &bench.path(""));
    assert_eq!(crate::bench::finish(command.output().unwrap()).stderr, "");
}

#[test]
fn message_that_was_changed_leaves_nothing_behind() {
    let bench = bench();
    bench.tool("sh", &["-c", "seq 1 300000 > document"]);
    for (cipher, number) in [("aes-256-gcm", "1"), ("aes-256-gcm", "2"), ("aes-256-cbc", "2")] {
        let file = format!("c{number}.pem");
        encrypt(&bench, &["--recipient", &file, "--cipher", cipher]).expect(0);
        let whole = bench.read("message");
        let end = whole.len();
        let mut changes: Vec<Vec<u8>> =
            [100, end / 2, end - 40, end - 7].map(|at| whole[..at].to_vec()).into();
        // In the content and in the tag. CBC finds out no more than a padding that is none: here it becomes one of
        // more than 64 bytes, whatever the key.
        let flips: &[(usize, u8)] =
            if cipher == "aes-256-gcm" { &[(end / 2, 1), (end - 12, 1)] } else { &[(end - 27, 0x40)] };
        for (at, bits) in flips {
            let mut changed = whole.clone();
            changed[*at] ^= bits;
            changes.push(changed);
        }
        for (index, changed) in changes.iter().enumerate() {
            bench.write("message", changed);
            bench.write("plain", "as before");
            let run = decrypt(&bench, number, &[]);
            assert!(run.code == 1 || run.code == 2, "{index}: {}", run.stderr);
            assert_eq!(bench.read("plain"), b"as before", "{cipher} {index}");
            let pin = format!("env:PIN{number}");
            let run = bench.demo(["decrypt", "message", "--pin", &pin]);
            assert!(run.stdout.is_empty() && run.code != 0, "{cipher} {index}");
        }
    }
    let left = fs::read_dir(bench.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.count(), 0);
}

/// Wrong padding of the key, wrong key, wrong tag: nobody learns which it was.
#[test]
fn message_for_another_key_is_one_error_whatever_is_wrong() {
    let bench = bench();
    stranger(&bench, "other", RSA, "keyEncipherment");
    let mut errors = Vec::new();
    for mechanism in ["RSA-PKCS", "RSA-PKCS-OAEP"] {
        // The recipient is another's: that is told before any PIN.
        encrypt(&bench, &["--recipient", "other.pem", "--mechanism", mechanism]).expect(0);
        bench.demo(["decrypt", "message"]).expect(3).says("message is for nobody whose key is here");
        // A key that is named beyond doubt is tried.
        errors.push(decrypt(&bench, "1", &["--key", "key 1"]).expect(1).stderr);
        // The right key, and a changed wrapping.
        encrypt(&bench, &["--recipient", "c1.pem", "--mechanism", mechanism]).expect(0);
        let message = bench.read("message");
        let modulus_end = message.windows(4).position(|bytes| bytes == [0x04, 0x82, 0x01, 0x00]).unwrap() + 4;
        // In the padding, as a number beyond the modulus, in the tag.
        for (at, byte) in
            [(modulus_end + 10, None), (modulus_end, Some([0xFF; 8])), (message.len() - 8, None)]
        {
            let mut changed = message.clone();
            match byte {
                Some(bytes) => changed[at..at + 8].copy_from_slice(&bytes),
                None => changed[at] ^= 4,
            }
            bench.write("message", changed);
            errors.push(decrypt(&bench, "1", &[]).expect(1).stderr);
        }
    }
    errors.dedup();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].contains("message does not decrypt"), "{errors:#?}");
    assert!(!bench.path("plain").exists());
}

#[test]
fn certificates_that_are_not_for_it_are_refused_with_the_reason() {
    let bench = bench();
    stranger(&bench, "signer", RSA, "digitalSignature");
    stranger(&bench, "ec", &ec("P-256"), "digitalSignature");
    for name in ["signer", "ec"] {
        let file = format!("{name}.pem");
        encrypt(&bench, &["--recipient", &file])
            .expect(1)
            .says("is not for encryption, but for digitalSignature")
            .says("--any-certificate");
        encrypt(&bench, &["--recipient", &file, "--any-certificate"]).expect(0);
        openssl_decrypts(&bench, name, "DER");
    }
    fs::remove_file(bench.path("message")).unwrap();
    encrypt(&bench, &["--recipient", "missing"]).expect(2).says("cannot read missing");
    encrypt(&bench, &["--recipient", "document"]).expect(2).says("holds no certificate and no public key");
    encrypt(&bench, &[]).expect(2).says("nobody is named who could decrypt the file");
    let run = bench.run(["encrypt", "nothing", "--recipient", "c1.pem", "-o", "message"]);
    run.expect(2).says("cannot read nothing");
    assert!(!bench.path("message").exists());
}

#[test]
fn key_without_a_certificate_is_named_by_its_identifier() {
    let bench = bench();
    for number in ["1", "2"] {
        let (label, file) = (format!("key {number}"), format!("k{number}.pem"));
        bench.demo(["object", "export", &label, "--class", "public-key", "-o", &file]).expect(0);
        encrypt(&bench, &["--recipient", &file]).expect(0);
        decrypt(&bench, number, &[]).expect(0);
        assert_eq!(bench.read("plain"), b"a document\n");
        fs::remove_file(bench.path("plain")).unwrap();
    }
}

#[test]
fn encryption_costs_no_login_and_decryption_one() {
    let bench = bench();
    let run = bench.demo(["--stats", "encrypt", "document", "--slot", "0", "-o", "message"]).expect(0);
    assert!(run.stderr.contains("stats:"), "{}", run.stderr);
    let document = bench.json(["decrypt", "message", "--pin", "env:PIN1"]);
    assert_eq!(document["plaintext"], "6120646f63756d656e740a");
    assert_eq!((&document["format"], &document["mechanism"]), (&"cms".into(), &"CKM_RSA_PKCS_OAEP".into()));
    bench.demo(["decrypt", "message", "--pin", "env:WRONG"]).expect(4);
    bench.demo(["decrypt", "message", "--mechanism", "RSA-PKCS"]).expect(2).says("needs no --mechanism");
    bench
        .run(["--json", "encrypt", "document", "--recipient", "c1.pem"])
        .expect(2)
        .says("no part of a JSON document");
}

#[test]
fn signed_message_is_told_from_an_encrypted_one() {
    let bench = bench();
    stranger(&bench, "rsa", RSA, "digitalSignature,keyEncipherment");
    bench.tool(
        "openssl",
        &[
            "cms", "-sign", "-in", "document", "-signer", "rsa.pem", "-inkey", "rsa.key", "-outform", "DER",
            "-out", "message",
        ],
    );
    bench.demo(["decrypt", "message"]).expect(2).says("is not supported");
    for hostile in [
        &b"-----BEGIN CMS-----\n"[..],
        b"MIME-Version: 1.0\n\nx",
        &[0x30, 0x80, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x03],
    ] {
        bench.write("message", hostile);
        bench.demo(["decrypt", "message"]).expect(2);
    }
}

#[test]
fn block_of_rsa_goes_both_ways_with_pkeyutl() {
    let bench = bench();
    stranger(&bench, "rsa", RSA, "keyEncipherment");
    bench.tool("openssl", &["x509", "-in", "c1.pem", "-pubkey", "-noout", "-out", "k1.pem"]);
    for (mechanism, options) in [
        (None, &["rsa_padding_mode:oaep", "rsa_oaep_md:sha256"][..]),
        (Some("RSA-PKCS"), &["rsa_padding_mode:pkcs1"]),
    ] {
        let mechanism: Vec<&str> = mechanism.map_or_else(Vec::new, |name| vec!["--mechanism", name]);
        let options: Vec<&str> = options.iter().flat_map(|option| ["-pkeyopt", option]).collect();
        let raw = ["--recipient", "rsa.pem", "--format", "raw"];
        encrypt(&bench, &raw.iter().chain(&mechanism).copied().collect::<Vec<_>>()).expect(0);
        assert_eq!(bench.read("message").len(), 256);
        let fixed = ["pkeyutl", "-decrypt", "-inkey", "rsa.key", "-in", "message"];
        let theirs = bench.tool("openssl", &fixed.iter().chain(&options).copied().collect::<Vec<_>>());
        assert_eq!(theirs.stdout, b"a document\n");
        // And back: the block itself tells its padding.
        let fixed =
            ["pkeyutl", "-encrypt", "-pubin", "-inkey", "k1.pem", "-in", "document", "-out", "message"];
        bench.tool("openssl", &fixed.iter().chain(&options).copied().collect::<Vec<_>>());
        let run = bench.demo(["decrypt", "message", "--key", "key 1", "--pin", "env:PIN1"]).expect(0);
        assert_eq!(run.stdout, b"a document\n");
    }
    bench.write("document", [7; 191]);
    encrypt(&bench, &["--recipient", "c1.pem", "--format", "raw"]).expect(2).says("takes at most 190");
    encrypt(&bench, &["--recipient", "c2.pem", "--format", "raw"]).expect(2).says("encrypts no block");
    let both = ["--recipient", "c1.pem", "--recipient", "c2.pem", "--format", "raw"];
    encrypt(&bench, &both).expect(2).says("a block is for one");
}

/// An AES key `team`, id 77, on the first token; its value is that of openssl's options.
pub fn bench_with_secret_key() -> Bench {
    let bench = bench();
    bench.write("team.key", [0x5C; 32]);
    let wrap = ["key", "wrap", "team.key", "--key", "key 1", "-o", "team.wrapped"];
    bench.demo(wrap).expect(0);
    let unwrap = ["key", "unwrap", "team.wrapped", "--key", "key 1", "--label", "team", "--id", "77"];
    bench.demo(unwrap.iter().chain(&["--pin", "env:PIN1"])).expect(0);
    bench
}

pub const TEAM: [&str; 2] = ["5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c5c", "77"];

#[test]
fn message_under_a_secret_key_of_the_card_goes_both_ways_with_openssl() {
    let bench = bench_with_secret_key();
    let secret = ["-secretkey", TEAM[0], "-secretkeyid", TEAM[1], "-binary"];
    for cipher in ["aes-256-gcm", "aes-256-cbc"] {
        let ours = ["encrypt", "document", "--key", "team", "--pin", "env:PIN1", "--cipher", cipher];
        bench.demo(ours.iter().chain(&["-o", "message"])).expect(0);
        let open = ["cms", "-decrypt", "-inform", "DER", "-in", "message", "-out", "theirs"];
        bench.tool("openssl", &[&open[..], &secret].concat());
        assert_eq!(bench.read("theirs"), bench.read("document"), "{cipher}");
        let cipher = format!("-{cipher}");
        let seal = ["cms", "-encrypt", &cipher, "-outform", "DER", "-in", "document", "-out", "message"];
        bench.tool("openssl", &[&seal[..], &secret].concat());
        // The message names its key.
        let run = bench.demo(["--json", "decrypt", "message", "--pin", "env:PIN1"]).expect(0);
        let document = run.document();
        assert_eq!(document["plaintext"], "6120646f63756d656e740a", "{cipher}");
        assert_eq!((&document["key"], &document["mechanism"]), (&"team".into(), &"CKM_AES_KEY_WRAP".into()));
    }
    // Beside holders of private keys.
    let both = ["encrypt", "document", "--recipient", "c2.pem", "--key", "team", "--pin", "env:PIN1"];
    let run = bench.demo(["--json"].iter().chain(&both).chain(&["-o", "message"])).expect(0);
    assert_eq!(run.document()["recipients"][1]["key_id"], "77");
    for (number, key) in [("1", "team"), ("2", "key 2")] {
        decrypt(&bench, number, &["--key", key]).expect(0);
        assert_eq!(bench.read("plain"), b"a document\n");
        fs::remove_file(bench.path("plain")).unwrap();
    }
}

#[test]
fn message_under_another_secret_key_is_told_from_a_changed_one() {
    let bench = bench_with_secret_key();
    let seal = ["cms", "-encrypt", "-aes-256-gcm", "-outform", "DER", "-in", "document", "-out", "message"];
    let openssl = |key: &str, id: &str| {
        bench.tool("openssl", &[&seal[..], &["-secretkey", key, "-secretkeyid", id, "-binary"]].concat());
    };
    openssl(TEAM[0], "78");
    bench.demo(["decrypt", "message"]).expect(3).says("it is for key identifier 78");
    openssl(&"00".repeat(32), "77");
    decrypt(&bench, "1", &[]).expect(1).says("message does not decrypt");
    // Nobody is asked for the PIN of a public key, and a wrong one is told.
    let secret = ["encrypt", "document", "--key", "team", "-o", "message", "--pin"];
    bench.demo(secret.iter().chain(&["env:WRONG"])).expect(4);
    bench.demo(secret.iter().chain(&["env:NO_SUCH"])).expect(4);
    assert!(!bench.path("plain").exists());
}

#[test]
fn message_for_x25519_is_written_as_the_rfc_has_it() {
    let bench = bench();
    bench.tool("openssl", &["genpkey", "-algorithm", "X25519", "-out", "x.key"]);
    bench.tool("openssl", &["pkey", "-in", "x.key", "-pubout", "-out", "x.pem"]);
    let run = bench.run(["--json", "encrypt", "document", "--recipient", "x.pem", "-o", "message"]).expect(0);
    assert_eq!(run.document()["recipients"][0]["algorithm"], "X25519");
    let shown =
        bench.tool("openssl", &["cms", "-cmsout", "-print", "-inform", "DER", "-in", "message"]).text();
    assert!(shown.contains("X25519") && shown.contains("id-aes256-wrap"), "{shown}");
    bench.demo(["decrypt", "message"]).expect(3).says("is for nobody whose key is here");
}
