//! SoftHSM: the whole list of commands, signatures verified by openssl.

use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, RsaPrivateKey};

use crate::bench::Bench;

const PIN: [&str; 2] = ["--pin", "env:PIN"];

fn with_pin<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &PIN].concat()
}

/// A token with a key of each kind, `rsa`, `p256`, `p384`, and a document.
fn bench_with_keys() -> Bench {
    let bench = Bench::with_token();
    bench.write("document", "what is signed\n");
    for (label, kind) in [("rsa", "rsa:2048"), ("p256", "ec:p256"), ("p384", "ec:p384")] {
        let pem = format!("{label}.pem");
        bench.ok(&with_pin(&["key", "generate", "--type", kind, "--label", label, "-o", &pem]));
    }
    bench
}

#[test]
fn slots_and_token_are_those_of_the_module_in_the_same_schema() {
    let bench = Bench::softhsm();
    let document = bench.json(&["slots"]);
    let slot = &document["slots"][0];
    assert_eq!(slot["token"]["model"], "SoftHSM v2");
    assert_eq!(slot["token"]["empty"], true);
    assert_eq!(slot["token"]["pin"], serde_json::Value::Null);
    assert_eq!(document["pcsc_problem"], serde_json::Value::Null);

    let bench = Bench::with_token();
    let document = bench.json(&["slots"]);
    let tokens = document["slots"].as_array().unwrap();
    let made = tokens.iter().find(|slot| slot["token"]["label"] == "HSM").unwrap();
    assert!(made["id"].as_u64().unwrap() > 1, "the module's own number: {made}");
    assert_eq!(made["token"]["pin"]["label"], "User PIN");
    assert_eq!(made["token"]["pin"]["tries_left"], serde_json::Value::Null);
    let info = bench.json(&["token", "info", "--token", "HSM"]);
    assert_eq!((&info["driver"], &info["manufacturer"]), (&"module".into(), &"SoftHSM project".into()));
    assert!(info["uri"].as_str().unwrap().starts_with("pkcs11:model=SoftHSM%20v2"), "{info}");
    let readers = bench.json(&["readers"]);
    assert_eq!(readers["readers"][0]["kind"], "module");
}

#[test]
fn mechanisms_are_those_of_the_module_with_their_names() {
    let bench = Bench::with_token();
    let document = bench.json(&["token", "mechanisms", "--token", "HSM"]);
    let all = document["mechanisms"].as_array().unwrap();
    let named = |name: &str| all.iter().find(|mechanism| mechanism["name"] == name);
    let rsa = named("CKM_SHA256_RSA_PKCS").unwrap();
    assert_eq!(rsa["uses"], serde_json::json!(["sign", "verify"]));
    assert_eq!((&rsa["min_key_bits"], &rsa["max_key_bits"]), (&512.into(), &16384.into()));
    assert!(named("CKM_DES3_CBC_PAD").is_some() && named("CKM_ECDSA").is_some());
    assert!(named("CKM_ECDSA_SHA256").is_none(), "SoftHSM 2.6 has none: the host digests");
}

#[test]
fn sign_every_kind_of_key_is_verified_by_openssl() {
    let bench = bench_with_keys();
    for (key, digest, format) in
        [("rsa", "-sha256", "raw"), ("p256", "-sha256", "der"), ("p384", "-sha384", "der")]
    {
        let out = format!("{key}.sig");
        bench.ok(&with_pin(&["sign", "--key", key, "--format", format, "-o", &out, "document"]));
        bench.openssl_verifies(digest, &format!("{key}.pem"), &out, &[]);
        bench.ok(&["verify", "--key", key, "--signature", &out, "document"]);
    }
    bench.ok(&with_pin(&[
        "sign",
        "--key",
        "rsa",
        "--mechanism",
        "SHA256-RSA-PKCS-PSS",
        "-o",
        "pss",
        "document",
    ]));
    bench.openssl_verifies("-sha256", "rsa.pem", "pss", &["-sigopt", "rsa_padding_mode:pss"]);
    bench.ok(&with_pin(&[
        "sign",
        "--key",
        "rsa",
        "--mechanism",
        "SHA512-RSA-PKCS",
        "-o",
        "s512",
        "document",
    ]));
    bench.openssl_verifies("-sha512", "rsa.pem", "s512", &[]);
    // Several files in one login, and a digest that was made elsewhere.
    bench.write("second", "another\n");
    let batch = bench.json(&with_pin(&["sign", "--key", "p256", "--format", "der", "document", "second"]));
    assert_eq!(batch["signatures"][1]["state"], "signed");
    bench.openssl_verifies("-sha256", "p256.pem", "document.sig", &[]);
    let sum = bench.tool("sha256sum", &["document"]).stdout;
    bench.write("document.sum", sum);
    bench.ok(&with_pin(&["sign", "--key", "rsa", "--hash-file", "-o", "hashed", "document.sum"]));
    bench.openssl_verifies("-sha256", "rsa.pem", "hashed", &[]);
    // A changed document.
    bench.write("document", "something else\n");
    bench.run(&["verify", "--key", "rsa", "--signature", "rsa.sig", "document"]).expect(1).says("");
}

#[test]
fn ed25519_key_is_generated_signs_and_openssl_verifies() {
    let bench = Bench::with_token();
    bench.write("document", "what is signed\n");
    bench.ok(&with_pin(&["key", "generate", "--type", "ed25519", "--label", "ed", "-o", "ed.pem"]));
    bench.ok(&with_pin(&["sign", "--key", "ed", "-o", "sig", "document"]));
    let verify =
        ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "ed.pem", "-sigfile", "sig", "-in", "document"];
    bench.tool("openssl", &verify);
    bench.ok(&["verify", "--key", "ed", "--signature", "sig", "document"]);
}

#[test]
fn decrypt_pkcs1_and_oaep_from_openssl() {
    let bench = bench_with_keys();
    bench.write("secret", "a secret");
    let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", "rsa.pem", "-in", "secret", "-out"];
    bench.tool("openssl", &[&encrypt[..], &["pkcs1"]].concat());
    bench.tool("openssl", &[&encrypt[..], &["oaep", "-pkeyopt", "rsa_padding_mode:oaep"]].concat());
    assert_eq!(bench.ok(&with_pin(&["decrypt", "--key", "rsa", "pkcs1"])).stdout, "a secret");
    let oaep = ["decrypt", "--key", "rsa", "--mechanism", "RSA-PKCS-OAEP", "--hash", "sha1", "oaep"];
    assert_eq!(bench.ok(&with_pin(&oaep)).stdout, "a secret");
    // SoftHSM has OAEP with SHA-1 alone: its own answer is kept.
    let oaep = ["-v", "decrypt", "--key", "rsa", "--mechanism", "RSA-PKCS-OAEP", "--hash", "sha256", "oaep"];
    bench
        .run(&with_pin(&oaep))
        .expect(1)
        .says("C_DecryptInit gave CKR_ARGUMENTS_BAD")
        .says("(CKR_ARGUMENTS_BAD)");
}

#[test]
fn find_shows_private_objects_only_after_login() {
    let bench = bench_with_keys();
    bench.ok(&with_pin(&["key", "generate", "--type", "aes:256", "--label", "aes"]));
    let classes = |arguments: &[&str]| -> Vec<String> {
        let document = bench.json(arguments);
        let objects = document["objects"].as_array().unwrap().clone();
        let mut found: Vec<String> = objects
            .iter()
            .map(|object| {
                format!(
                    "{} {} {}",
                    object["class"].as_str().unwrap(),
                    object["label"].as_str().unwrap(),
                    object["algorithm"].as_str().unwrap()
                )
            })
            .collect();
        found.sort();
        found
    };
    let public = ["public-key p256 ec:p256", "public-key p384 ec:p384", "public-key rsa rsa:2048"];
    assert_eq!(classes(&["find"]), public);
    let all = classes(&with_pin(&["find", "--login"]));
    assert_eq!(all.len(), 7, "{all:?}");
    assert!(all.contains(&"private-key p256 ec:p256".to_owned()), "{all:?}");
    assert!(all.contains(&"secret-key aes aes:256".to_owned()), "{all:?}");
    let uri = bench.json(&["find", "rsa", "--class", "public-key"])["objects"][0]["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(uri.contains(";token=HSM;object=rsa;id=%01;type=public"), "{uri}");
    assert_eq!(classes(&["find", &uri]), ["public-key rsa rsa:2048"]);
}

#[test]
fn objects_are_written_shown_changed_exported_and_deleted() {
    let bench = bench_with_keys();
    bench.write("data.bin", [1, 2, 3]);
    bench.ok(&with_pin(&[
        "object",
        "write",
        "data",
        "data.bin",
        "--label",
        "data 1",
        "--application",
        "test",
    ]));
    let shown = bench.json(&["object", "show", "data 1"]);
    assert_eq!((&shown["class"], &shown["application"]), (&"data".into(), &"test".into()), "{shown}");
    bench.ok(&["object", "export", "data 1", "--format", "der", "-o", "data.out"]);
    assert_eq!(std::fs::read(bench.path("data.out")).unwrap(), [1, 2, 3]);

    bench.ok(&with_pin(&["cert", "self-sign", "--key", "rsa", "--subject", "CN=Anna", "-o", "c.pem"]));
    bench.tool("openssl", &["verify", "-CAfile", "c.pem", "c.pem"]);
    let written = bench.json(&with_pin(&["object", "write", "certificate", "c.pem"]));
    assert!(written.to_string().contains("Anna"), "{written}");
    let again = bench.ok(&with_pin(&["object", "write", "certificate", "c.pem"]));
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    // Found by its key: it has its id, and the tree shows it as the key's chain after login.
    let certificate = bench.json(&["find", "--class", "certificate", "--id", "01"]);
    assert_eq!(
        certificate["objects"][0]["certificate"]["subject"].as_str(),
        Some("CN=Anna"),
        "{certificate}"
    );
    bench.ok(&with_pin(&["object", "set", "data 1", "--new-label", "data 2"]));
    assert_eq!(bench.json(&["object", "show", "data 2"])["label"], "data 2");
    bench.ok(&with_pin(&["object", "delete", "data 2", "--yes"]));
    bench.run(&["object", "show", "data 2"]).expect(3);

    bench.ok(&with_pin(&["key", "delete", "--key", "rsa", "--with-chain", "--yes"]));
    bench.run(&["find", "--class", "certificate"]).expect(3);
    bench.run(&with_pin(&["find", "--login", "--id", "01"])).expect(3);
}

#[test]
fn imported_keys_sign_and_openssl_agrees() {
    let bench = Bench::with_token();
    bench.write("document", "what is signed\n");
    let keys = [
        ("ec", PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap()), "der"),
        ("rsa", PrivateKey::from(RsaPrivateKey::generate(2048).unwrap()), "raw"),
    ];
    for (name, key, format) in &keys {
        bench.write(&format!("{name}.der"), key.to_pkcs8_der().unwrap().expose());
        bench.write(&format!("{name}.pem"), key.public().to_spki_pem());
        bench.ok(&with_pin(&["key", "import", &format!("{name}.der"), "--label", name]));
        bench.ok(&with_pin(&["sign", "--key", name, "--format", format, "-o", "sig", "document"]));
        bench.openssl_verifies("-sha256", &format!("{name}.pem"), "sig", &[]);
    }
    let again = bench.ok(&with_pin(&["key", "import", "ec.der", "--label", "ec"]));
    assert!(again.stderr.contains("already"), "{}", again.stderr);
}

#[test]
fn key_that_the_token_cannot_have_is_refused_before_the_pin() {
    let bench = Bench::with_token();
    // The PIN's variable does not exist: it is not even looked for.
    let generate = ["key", "generate", "--type", "rsa:256", "--label", "x", "--pin", "env:NO_SUCH"];
    bench.run(&generate).expect(2).says("keys of 512 to 16384 bits");
    bench.ok(&with_pin(&["key", "generate", "--type", "ec:p256", "--label", "x", "--id", "05"]));
    let taken = ["key", "generate", "--type", "ec:p256", "--label", "y", "--id", "05"];
    bench.run(&with_pin(&taken)).expect(2).says("the identifier 05 is that of \"x\"");
}

#[test]
fn messages_for_keys_of_the_module_are_opened_by_it_whoever_encrypted_them() {
    let bench = Bench::with_token();
    let text = "what only the holder reads\n".repeat(1000);
    bench.write("document", &text);
    // SoftHSM has OAEP with SHA-1 alone.
    let sha1: &[&str] = &["--mechanism", "RSA-PKCS-OAEP", "--hash", "sha1"];
    let keys = [("rsa", "rsa:2048", "sign,decrypt", sha1), ("p256", "ec:p256", "sign,derive", &[])];
    for (label, kind, usage, how) in keys {
        let certificate = format!("{label}.crt");
        bench.ok(&with_pin(&["key", "generate", "--type", kind, "--label", label, "--usage", usage]));
        let subject = format!("CN={label}");
        let sign = ["cert", "self-sign", "--key", label, "--subject", &subject, "-o", &certificate];
        bench.ok(&with_pin(&sign));
        bench.ok(&with_pin(&["object", "write", "certificate", &certificate]));
        // By openssl for the certificate, and by p11ctl for the key as the module has it.
        let encrypt =
            ["cms", "-encrypt", "-aes256", "-binary", "-outform", "DER", "-in", "document", "-out", "theirs"];
        bench.tool("openssl", &[&encrypt[..], &["-recip", &certificate]].concat());
        let encrypt = ["encrypt", "--key", label, "--any-certificate", "-o", "ours", "document"];
        bench.ok(&[&encrypt[..], how].concat());
        for message in ["theirs", "ours"] {
            let opened = bench.ok(&with_pin(&["decrypt", message])).stdout;
            assert!(opened == text, "{message} for {label}");
        }
        // A message that was changed on its way shows nothing.
        let mut damaged = std::fs::read(bench.path("ours")).unwrap();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        bench.write("damaged", &damaged);
        assert_eq!(bench.run(&with_pin(&["decrypt", "damaged"])).expect(1).stdout, "");
    }
    bench.write("secret", "a secret");
    for mechanism in ["RSA-PKCS", "RSA-PKCS-OAEP"] {
        let hash: &[&str] = if mechanism == "RSA-PKCS" { &[] } else { &["--hash", "sha1"] };
        let encrypt =
            ["encrypt", "--key", "rsa", "--format", "raw", "--mechanism", mechanism, "-o", "block", "secret"];
        bench.ok(&[&encrypt[..], hash, &["--any-certificate"]].concat());
        let decrypt = ["decrypt", "--key", "rsa", "--mechanism", mechanism, "block"];
        assert_eq!(bench.ok(&with_pin(&[&decrypt[..], hash].concat())).stdout, "a secret");
    }
}

#[test]
fn uri_that_names_the_library_or_the_maker_of_a_slot_means_the_module() {
    let bench = Bench::with_token();
    let token = |library: &str| format!("pkcs11:token=HSM;{library}");
    for library in [
        "library-manufacturer=SoftHSM",
        "library-description=Implementation%20of%20PKCS11",
        "library-version=2.6",
        "library-manufacturer=SoftHSM;library-version=2.6",
        "slot-manufacturer=SoftHSM%20project",
    ] {
        let info = bench.json(&["token", "info", "--token", &token(library)]);
        assert_eq!(info["label"], "HSM", "{library}: {info}");
    }
    for (library, why) in [
        ("library-manufacturer=p11ctl", "library manufacturer \"p11ctl\""),
        ("library-version=2", "library version \"2\""),
        ("slot-manufacturer=SoftHSM", "slot manufacturer \"SoftHSM\""),
        ("slot-manufacturer=", "slot manufacturer \"\""),
        ("library-manufacturer=SoftHSM;library-version=9.9", "library version \"9.9\""),
    ] {
        bench.run(&["token", "info", "--token", &token(library)]).expect(3).says(why);
    }
}
