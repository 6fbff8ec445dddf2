//! Choosing a token or key: exactly one, or the candidates. Never the first one.

use crate::bench::Bench;

#[test]
fn ambiguous_token_lists_the_candidates() {
    let bench = Bench::new();
    let run = bench.demo(["login", "--pin", "env:PIN1"]).expect(3).says("there are 2 tokens: which one?");
    assert!(run.stderr.contains("slot 0: \"p11ctl example (PIN 1)\""), "{}", run.stderr);
    assert!(run.stderr.contains("slot 1: \"p11ctl example (PIN 2)\""));
    assert!(!run.stderr.contains("slot 2"), "a token without a PIN is no candidate:\n{}", run.stderr);
}

#[test]
fn unmatched_token_lists_what_there_is_and_guesses() {
    let bench = Bench::new();
    let run = bench.demo(["login", "--token", "p11ctl exmaple (PIN 1)", "--pin", "env:PIN1"]).expect(3);
    run.says("there is no token with label \"p11ctl exmaple (PIN 1)\"")
        .says("slot 1: ")
        .says("hint: did you mean --token \"p11ctl example (PIN 1)\"?");
}

#[test]
fn slot_that_is_none_or_empty_is_not_found() {
    let bench = Bench::new();
    bench
        .demo(["login", "--slot", "99", "--pin", "env:PIN1"])
        .expect(3)
        .says("there is no slot 99")
        .says("slot 0: ");
    let run = bench.run(["--card", "-", "--card", "demo.card", "token", "info", "--slot", "0"]).expect(3);
    run.says("there is no token in slot 0").says("slot 4: ");
}

#[test]
fn token_is_chosen_by_each_of_its_names() {
    let bench = Bench::new();
    let info = bench.json(["token", "info", "--slot", "1"]);
    let (label, serial) = (info["label"].as_str().unwrap(), info["serial"].as_str().unwrap());
    let uri = info["uri"].as_str().unwrap();
    for selector in [
        &["--token", label][..],
        &["--token", uri],
        &["--serial", serial, "--token", label],
        &["--slot", "1", "--reader", "demo"],
    ] {
        let document = bench.json(["token", "info"].iter().chain(selector));
        assert_eq!(document["slot"], 1, "{selector:?}");
    }
    bench.demo(["token", "info", "--serial", "0000"]).expect(3);
    bench.demo(["token", "info", "--reader", "nowhere"]).expect(3);
    bench.demo(["token", "info", "--token", "pkcs11:tokn=x"]).expect(2);
}

#[test]
fn token_of_every_slot_is_chosen_by_its_uri() {
    let bench = Bench::new();
    for slot in ["0", "1", "2", "3"] {
        let uri = bench.json(["token", "info", "--slot", slot])["uri"].as_str().unwrap().to_owned();
        let chosen = bench.json(["token", "info", "--token", &uri]);
        assert_eq!(chosen["slot"].to_string(), slot, "{uri}");
    }
}

#[test]
fn pin_slot_of_a_token_without_pin_is_refused() {
    Bench::new().demo(["login", "--slot", "2", "--pin", "env:PIN1"]).expect(4).says("has no PIN");
}

#[test]
fn ambiguous_key_lists_the_candidates() {
    let bench = Bench::new();
    bench.write("file", "data");
    let run = bench.demo(["sign", "--pin", "env:PIN1", "file"]).expect(3);
    let run =
        run.says("slot 0: key \"key 1\", id 01, rsa:2048").says("slot 1: key \"key 2\", id 02, ec:p256");
    run.says("2 private keys fit: which one?");
    assert!(!bench.path("file.sig").exists());
}

#[test]
fn unmatched_key_is_never_another_one() {
    let bench = Bench::new();
    bench.write("file", "data");
    let run = bench.demo(["sign", "--key", "kye 1", "--pin", "env:PIN1", "file"]).expect(3);
    run.says("there is no private key \"kye 1\"").says("did you mean --key \"key 1\"?");
    bench.demo(["sign", "--key", "key 1", "--id", "02", "--pin", "env:PIN1", "file"]).expect(3);
    bench.demo(["sign", "--key", "key 2", "--slot", "0", "--pin", "env:PIN1", "file"]).expect(3);
}

#[test]
fn only_key_that_fits_is_chosen_without_a_word() {
    let bench = Bench::new();
    bench.write("file", "data");
    // Only the RSA key decrypts.
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k.pem"]).expect(0);
    bench
        .tool("openssl", &["pkeyutl", "-encrypt", "-pubin", "-inkey", "k.pem", "-in", "file", "-out", "enc"]);
    let run = bench.demo(["decrypt", "enc", "--pin", "env:PIN1"]).expect(0);
    assert_eq!(run.stdout, b"data");
    // A key that may not do it is refused by its name.
    bench
        .demo(["decrypt", "enc", "--key", "key 2", "--pin", "env:PIN2"])
        .expect(1)
        .says("key \"key 2\" may not decrypt");
}

#[test]
fn key_is_chosen_by_its_uri() {
    let bench = Bench::new();
    bench.write("file", "data");
    let found = bench.json(["find", "--login", "--slot", "1", "--class", "private-key", "--pin", "env:PIN2"]);
    let uri = found["objects"][0]["uri"].as_str().unwrap();
    bench.write("pin", "22222222\n");
    let with_source = format!("{uri}?pin-source=file:{}", bench.path("pin").display());
    let run = bench.demo(["--json", "sign", "--key", &with_source, "file"]).expect(0);
    assert_eq!(run.document()["key"], "key 2");
    bench.demo(["verify", "--key", uri, "--signature", "file.sig", "file"]).expect(0);
    let public = uri.replace("type=private", "type=public");
    bench.demo(["verify", "--key", &public, "--signature", "file.sig", "file"]).expect(0);
    bench
        .demo(["sign", "--key", &public, "--pin", "env:PIN2", "file"])
        .expect(2)
        .says("a private key is needed");
}

#[test]
fn object_seen_in_two_tokens_is_one_object() {
    let bench = Bench::shared();
    let found = bench.json(["find", "--class", "certificate", "--label", "issuing CA"]);
    let slots: Vec<u64> =
        found["objects"].as_array().unwrap().iter().map(|object| object["slot"].as_u64().unwrap()).collect();
    assert_eq!(slots, [0, 1], "{found:#}");
    bench.demo(["object", "export", "issuing CA", "-o", "ca.pem"]).expect(0);
    bench.tool("openssl", &["x509", "-in", "ca.pem", "-noout"]);
}

#[test]
fn unmatched_object_is_not_found() {
    let bench = Bench::new();
    bench.demo(["find", "--label", "nothing"]).expect(3).says("there is no such object").says("--login");
    bench.demo(["object", "show", "nothing"]).expect(3);
    bench.demo(["object", "export", "key"]).expect(3);
    bench.demo(["object", "export"]).expect(2).says("which object?");
    let run = bench.demo(["object", "show", "--id", "01"]).expect(3).says("objects fit: which one?");
    run.says("certificate \"certificate 1\", id 01");
}

#[test]
fn tokens_of_one_label_are_never_the_first_of_them() {
    let bench = Bench::new();
    let run = bench.demo(["token", "info", "--token", "p11ctl example"]).expect(3).says("there are 2 tokens");
    let run = run.says("slot 2: ").says("slot 3: ");
    assert!(!run.stderr.contains("slot 1: "), "{}", run.stderr);
    bench.demo(["token", "mechanisms", "--token", "p11ctl example"]).expect(3);
    bench.demo(["token", "info", "--token", "p11ctl example", "--slot", "2"]).expect(0);
}

#[test]
fn uri_of_another_library_or_slot_maker_fits_nothing() {
    let bench = Bench::new();
    for attribute in [
        "library-manufacturer=nobody",
        "library-description=x",
        "library-version=99.9",
        "slot-manufacturer=x",
    ] {
        let uri = format!("pkcs11:{attribute};slot-id=1");
        let name = attribute.split('=').next().unwrap().replace('-', " ");
        bench.demo(["token", "info", "--token", &uri]).expect(3).says(&name);
    }
    let uri = "pkcs11:library-manufacturer=p11ctl;library-description=p11ctl%20PKCS%2311%20module;slot-id=1";
    assert_eq!(bench.json(["token", "info", "--token", uri])["slot"], 1);
    // C_GetSlotInfo leaves it blank here.
    let uri = "pkcs11:slot-manufacturer=;slot-id=1";
    assert_eq!(bench.json(["token", "info", "--token", uri])["slot"], 1);
    let uri = "pkcs11:slot-manufacturer=x;token=p11ctl%20example%20%28PIN%202%29";
    bench.demo(["token", "info", "--token", uri]).expect(3).says("slot manufacturer \"x\"");
}

#[test]
fn label_of_another_slot_is_not_suggested_again() {
    let bench = Bench::new();
    bench.write("file", "data");
    let label = "p11ctl example (PIN 2)";
    let run = bench.demo(["sign", "--slot", "0", "--token", label, "--pin", "env:PIN1", "file"]).expect(3);
    let run = run.says("another option does not fit the token").says("slot 1: \"p11ctl example (PIN 2)\"");
    assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
}

#[test]
fn uri_of_an_object_is_no_token() {
    let bench = Bench::new();
    for attribute in ["type=cert", "object=key%201", "id=%01"] {
        let uri = format!("pkcs11:slot-id=1;{attribute}");
        bench.demo(["token", "info", "--token", &uri]).expect(2).says("the URI names an object");
    }
}
