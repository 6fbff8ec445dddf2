//! JSON: the documents of every command, field by field, on the example card.

use serde_json::{Value, json};

use crate::bench::Bench;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn slots_document_has_the_agreed_fields() {
    let document = Bench::new().json(["slots"]);
    assert_eq!(keys(&document), ["schema", "slots", "unplaced", "problems", "pcsc_problem"]);
    let slots = document["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 4);
    assert!(slots.iter().all(|slot| keys(slot) == ["id", "reader", "token"]));
    let token = &slots[0]["token"];
    let fields = ["label", "serial", "manufacturer", "model", "empty", "pin", "flags", "objects"];
    assert_eq!(keys(token), fields);
    assert_eq!(token["label"], "p11ctl example (PIN 1)");
    assert_eq!(token["empty"], false);
    assert_eq!(token["pin"], json!({ "label": "PIN 1", "tries_left": 3 }));
    assert_eq!(token["flags"], json!(["RNG", "LOGIN_REQUIRED", "USER_PIN_INITIALIZED", "TOKEN_INITIALIZED"]));
    let objects =
        json!({ "private_keys": 1, "public_keys": 1, "certificates": 3, "data": 0, "secret_keys": 0 });
    assert_eq!(token["objects"], objects);
    assert_eq!(slots[2]["token"]["pin"], json!(null));
    assert_eq!(slots[3]["token"]["empty"], true);
}

#[test]
fn slots_document_of_an_empty_reader_has_null_tokens() {
    let run = Bench::empty().run(["--card", "-", "--json", "slots"]).expect(0);
    let document = run.document();
    assert!(document["slots"].as_array().unwrap().iter().all(|slot| slot["token"].is_null()));
}

#[test]
fn readers_document_has_its_fields() {
    let bench = Bench::new();
    bench.write("bad.card", "no card");
    let run = bench
        .run(["--card", "demo.card", "--card", "-", "--card", "bad.card", "--json", "readers"])
        .expect(0);
    let document = run.document();
    assert_eq!(keys(&document), ["schema", "readers", "pcsc_problem", "problems"]);
    let readers = document["readers"].as_array().unwrap();
    assert_eq!(
        keys(&readers[0]),
        ["name", "kind", "state", "atr", "driver", "applications", "slots", "problem", "remedy"]
    );
    assert_eq!(readers[0]["kind"], "software");
    assert_eq!(readers[0]["driver"], "MyEID");
    let applications = readers[0]["applications"].as_array().unwrap();
    assert_eq!(applications.len(), 1);
    assert_eq!(keys(&applications[0]), ["driver", "label", "serial", "slots"]);
    assert_eq!(readers[0]["slots"], json!([0, 1, 2, 3]));
    let states: Vec<&str> = readers.iter().map(|reader| reader["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["card", "empty", "broken"]);
    assert_eq!(readers[1]["atr"], json!(null));
    // The limit of 8 leaves nothing for the third reader, and says what to set.
    assert_eq!(readers[2]["slots"], json!([]));
    assert_eq!(readers[2]["remedy"], "max_virtual_slots = 12");
}

#[test]
fn find_document_has_the_agreed_fields() {
    let bench = Bench::new();
    let document = bench.json(["find", "--login", "--slot", "0", "--pin", "env:PIN1"]);
    let objects = document["objects"].as_array().unwrap();
    let classes: Vec<&str> = objects.iter().map(|object| object["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["private-key", "public-key", "certificate", "certificate", "certificate"]);
    let common = ["slot", "class", "label", "id", "uri", "private"];
    assert!(objects.iter().all(|object| keys(object)[..6] == common));
    assert_eq!(objects[0]["label"], "key 1");
    assert_eq!(objects[0]["id"], "01");
    assert_eq!(objects[0]["algorithm"], "rsa:2048");
    assert_eq!(objects[0]["uses"], json!(["decrypt", "sign", "unwrap"]));
    assert_eq!(objects[0]["sha256"], objects[1]["sha256"], "both halves name the same public key");
    let certificate = &objects[2]["certificate"];
    let fields = ["subject", "issuer", "serial_number", "not_before", "not_after", "authority", "sha256"];
    assert_eq!(keys(certificate), fields);
    assert_eq!(certificate["authority"], false);
    assert_eq!(certificate["not_after"], "2099-12-31T23:59:59Z");
}

#[test]
fn objects_is_another_name_of_find() {
    let bench = Bench::new();
    assert_eq!(bench.json(["objects"]), bench.json(["find"]));
}

#[test]
fn token_documents_have_their_fields() {
    let bench = Bench::new();
    let info = bench.json(["token", "info", "--slot", "0"]);
    for field in [
        "slot",
        "reader",
        "driver",
        "label",
        "serial",
        "manufacturer",
        "model",
        "uri",
        "flags",
        "pin",
        "so_pin",
    ] {
        assert!(!info[field].is_null(), "{field}");
    }
    let pin = ["label", "id", "initialized", "tries_left", "tries_max", "min_len", "max_len"];
    assert_eq!(keys(&info["pin"]), pin);
    let mechanisms = bench.json(["token", "mechanisms", "--slot", "0"]);
    let first = &mechanisms["mechanisms"][0];
    assert_eq!(keys(first), ["name", "number", "min_key_bits", "max_key_bits", "hardware", "uses"]);
    let listed = mechanisms["mechanisms"].as_array().unwrap();
    assert!(listed.iter().any(|mechanism| mechanism["name"] == "CKM_RSA_PKCS"), "{mechanisms}");
}

#[test]
fn object_documents_carry_values_in_lower_case_hexadecimal() {
    let bench = Bench::new();
    let shown = bench.json(["object", "show", "certificate 1"]);
    let value = shown["attributes"]["CKA_VALUE"].as_str().unwrap().to_owned();
    assert!(value.starts_with("3082"));
    assert_eq!(value, value.to_lowercase());
    let exported = bench.json(["object", "export", "certificate 1"]);
    assert_eq!(exported["value"], value);
    assert_eq!(exported["file"], json!(null));
    let logged_in = bench.json(["object", "show", "key 1", "--class", "private-key", "--pin", "env:PIN1"]);
    assert_eq!(logged_in["attributes"]["CKA_SENSITIVE"], true);
    assert!(logged_in["attributes"]["CKA_PRIVATE_EXPONENT"].is_null());
}

#[test]
fn operation_documents_have_their_fields() {
    let bench = Bench::new();
    bench.write("file", "data");
    let signed = bench.json(["sign", "--key", "key 2", "--pin", "env:PIN2", "file"]);
    assert_eq!(
        keys(&signed),
        ["schema", "slot", "token", "key", "id", "mechanism", "format", "signatures", "problems"]
    );
    assert_eq!(signed["mechanism"], "CKM_ECDSA_SHA256");
    assert_eq!(keys(&signed["signatures"][0]), ["file", "output", "signature", "encoded", "state", "error"]);
    assert_eq!(signed["signatures"][0]["signature"].as_str().unwrap().len(), 128);
    let verified = bench.json(["verify", "--key", "key 2", "--signature", "file.sig", "file"]);
    assert_eq!(
        keys(&verified),
        [
            "schema",
            "valid",
            "file",
            "signature",
            "key",
            "slot",
            "algorithm",
            "mechanism",
            "hash",
            "format",
            "namespace",
            "signer_checked",
            "reasons",
            "signers",
            "problems"
        ]
    );
    assert_eq!(
        keys(&verified["signers"][0]),
        [
            "valid",
            "key",
            "key_from",
            "slot",
            "algorithm",
            "mechanism",
            "hash",
            "signing_time",
            "certificate",
            "chain",
            "checked",
            "reasons",
            "warnings"
        ]
    );
    assert_eq!((&verified["mechanism"], &verified["hash"]), (&json!("CKM_ECDSA_SHA256"), &json!("SHA-256")));
    assert_eq!(verified["valid"], true);
    let login = bench.json(["login", "--slot", "0", "--pin", "env:PIN1"]);
    assert_eq!(keys(&login), ["schema", "slot", "reader", "token", "pin", "objects", "problems"]);
    bench.demo(["object", "export", "key 1", "--class", "public-key", "-o", "k.pem"]).expect(0);
    bench
        .tool("openssl", &["pkeyutl", "-encrypt", "-pubin", "-inkey", "k.pem", "-in", "file", "-out", "enc"]);
    let decrypted = bench.json(["decrypt", "--pin", "env:PIN1", "enc"]);
    assert_eq!(decrypted["plaintext"], "64617461");
    assert_eq!(decrypted["mechanism"], "CKM_RSA_PKCS");
}

#[test]
fn card_documents_have_their_fields() {
    let bench = Bench::empty();
    let document = bench.run(["--json", "card", "new", "blank.card"]).expect(0).document();
    assert_eq!(document["file"], "blank.card");
    assert_eq!(document["example"], json!(null));
    let run = bench.run(["--card", "blank.card", "--json", "card", "apdu", "00CA01A000"]).expect(0);
    let document = run.document();
    let response = &document["responses"][0];
    assert_eq!(keys(response), ["command", "data", "status_word", "meaning"]);
    assert_eq!(response["status_word"], "9000");
}

#[test]
fn error_document_is_one_line_with_everything() {
    let run = Bench::new().demo(["--json", "login", "--slot", "0", "--pin", "env:WRONG"]).expect(4);
    assert!(run.stdout.is_empty());
    let error = run.error();
    let fields = [
        "kind",
        "exit_code",
        "message",
        "causes",
        "candidates",
        "hints",
        "return_value",
        "status_word",
        "tries_left",
    ];
    assert_eq!(keys(&error), fields);
    assert_eq!(error["kind"], "pin");
}
