//! `key generate|import|delete` and `object write|set|delete`: OpenSSL makes the files and verifies the signatures.

use serde_json::json;

use crate::bench::{Bench, Run};

/// A bench with PIN 3 on slot 2, whose token is empty but for its PIN.
pub fn with_third_pin() -> Bench {
    let bench = Bench::new();
    let init = ["pin", "init", "--slot", "3", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN3"];
    bench.demo(init.iter().chain(&["--puk-output", "puk"])).expect(0);
    bench
}

/// Runs a command on the token of PIN 3.
pub fn third(bench: &Bench, command: &[&str]) -> Run {
    bench.demo(command.iter().chain(&["--slot", "2", "--pin", "env:PIN3"]))
}

fn signs(bench: &Bench, key: &str, public: &str) {
    bench.write("document.txt", "a document\n");
    third(bench, &["sign", "--key", key, "--format", "raw", "-o", "raw.sig", "document.txt"]).expect(0);
    third(bench, &["sign", "--key", key, "document.txt"]).expect(0);
    bench.demo(["verify", "--public-key-file", public, "--signature", "raw.sig", "document.txt"]).expect(0);
}

#[test]
fn generate_every_kind_gives_a_key_that_works() {
    let bench = with_third_pin();
    for (kind, name) in [("rsa:2048", "rsa"), ("ec:p256", "p256"), ("ec:p384", "p384")] {
        let file = format!("{name}.pem");
        third(&bench, &["key", "generate", "--type", kind, "--label", name, "-o", &file]).expect(0);
        bench.tool("openssl", &["pkey", "-pubin", "-in", &file, "-noout"]);
        signs(&bench, name, &file);
    }
    let document = bench.json(
        ["key", "generate", "--type", "aes:256", "--label", "secret", "--slot", "2"]
            .iter()
            .chain(&["--pin", "env:PIN3"]),
    );
    assert_eq!(document["type"], "aes:256");
    let found = bench.json(["find", "--slot", "2", "--pin", "env:PIN3", "--class", "secret-key"]);
    assert_eq!(found["objects"][0]["label"], "secret");
}

#[test]
fn generate_what_the_card_does_not_have_is_refused_with_what_it_has() {
    let bench = with_third_pin();
    for kind in ["rsa", "rsa:512", "ec", "aes:100", "aes"] {
        let run = third(&bench, &["-vvv", "key", "generate", "--type", kind]).expect(2).says("this card has");
        let verify = run.stderr.lines().any(|line| line.contains("> 0020"));
        assert!(!verify, "{kind}: no PIN is sent for it: {}", run.stderr);
    }
    third(&bench, &["key", "generate", "--type", "ec:p257"]).expect(2).says("did you mean ec:p256?");
    third(&bench, &["key", "generate", "--type", "dsa:1024"])
        .expect(2)
        .says("rsa:2048, ec:p256, ed25519, x25519, aes:256");
    let generate = ["key", "generate", "--type", "ec:p256", "--usage", "sing"];
    third(&bench, &generate).expect(2).says("did you mean sign?");
    third(&bench, &["key", "generate", "--type", "ec:p256", "--id", "0102"]).expect(0);
    third(&bench, &["key", "generate", "--type", "ec:p256", "--id", "0102"]).expect(2).says("0102");
}

#[test]
fn generate_without_anywhere_to_write_the_public_key_makes_no_key() {
    let bench = with_third_pin();
    let generate = ["key", "generate", "--type", "ec:p256", "-o", "nowhere/k.pem"];
    third(&bench, &generate).expect(2).says("cannot write nowhere/k.pem");
    let generate = ["key", "generate", "--type", "ec:p256", "--usage", "decrypt"];
    third(&bench, &generate).expect(2).says("EC keys do not decrypt").says("sign, derive");
    let generate = ["key", "generate", "--type", "ec:p256", "--label", "a\u{1b}b"];
    third(&bench, &generate).expect(2).says("control characters");
    third(&bench, &["find", "--class", "private-key"]).expect(3);
}

#[test]
fn objects_for_another_token_or_login_are_told_where_they_go() {
    let bench = with_third_pin();
    bench.write("f", "x");
    let write = |slot| ["object", "write", "data", "f", "--so-pin", "env:SO_PIN", "--slot", slot];
    // The left-overs have the last slot; they are the security officer's.
    bench.demo(write("3")).expect(0);
    bench.demo(["find", "f", "--slot", "3", "--class", "data"]).expect(0);
    bench.demo(write("0")).expect(4).says("it takes the PIN of the token itself");
}

#[test]
fn generate_with_usage_and_always_authenticate_is_what_was_asked_for() {
    let bench = with_third_pin();
    let generate = ["key", "generate", "--type", "rsa:2048", "--label", "k", "--usage", "sign"];
    third(&bench, &[&generate[..], &["--always-authenticate"]].concat()).expect(0);
    let found = bench.json(["find", "--slot", "2", "--pin", "env:PIN3", "--class", "private-key"]);
    assert_eq!(found["objects"][0]["uses"], json!(["sign"]));
    assert_eq!(found["objects"][0]["always_authenticate"], true);
    bench.write("f", "x");
    third(&bench, &["sign", "--key", "k", "f"]).expect(0);
}

#[test]
fn import_every_form_of_a_key_file_gives_a_key_that_works() {
    let bench = with_third_pin();
    bench.write("password", "geheim\n");
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem");
    tool("rsa -in rsa.pem -traditional -out rsa1.pem");
    tool("pkey -in rsa.pem -outform DER -out rsa.der");
    tool("pkcs8 -topk8 -in rsa.pem -passout file:password -v2 aes-256-cbc -out encrypted.pem");
    tool("pkey -in rsa.pem -pubout -out rsa.pub");
    tool("ecparam -name prime256v1 -genkey -noout -out sec1.pem");
    tool("pkey -in sec1.pem -pubout -out sec1.pub");
    for (file, public) in [
        ("rsa1.pem", "rsa.pub"),
        ("rsa.der", "rsa.pub"),
        ("encrypted.pem", "rsa.pub"),
        ("sec1.pem", "sec1.pub"),
    ] {
        let import = ["key", "import", file, "--label", file, "--password", "file:password"];
        third(&bench, &import).expect(0).says("wrote private-key");
        signs(&bench, file, public);
        third(&bench, &["key", "delete", "--key", file, "--yes"]).expect(0);
    }
    third(&bench, &["find", "--class", "private-key"]).expect(3);
}

#[test]
fn import_of_a_bad_file_or_password_costs_no_login() {
    let bench = with_third_pin();
    bench.write("nothing.pem", "nothing");
    bench.write("wrong", "falsch\n");
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass pass:geheim -out e.pem");
    for arguments in [&["nothing.pem"][..], &["e.pem", "--password", "file:wrong"], &["missing.pem"]] {
        let command: Vec<&str> = ["-vvv", "key", "import"].iter().chain(arguments).copied().collect();
        let run = third(&bench, &command);
        assert!([2, 4].contains(&run.code), "{}", run.stderr);
        assert!(!run.stderr.contains("> 0020"), "{}", run.stderr);
    }
    third(&bench, &["key", "import", "e.pem"]).expect(4).says("password");
}

#[test]
fn import_pkcs12_brings_key_and_chain_in_one_step() {
    let bench = with_third_pin();
    chain(&bench);
    bench.write("password", "geheim\n");
    let export = "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile ca.pem -name anna -passout file:password -out a.p12";
    bench.tool("openssl", &export.split(' ').collect::<Vec<_>>());
    let import = ["key", "import", "a.p12", "--password", "file:password", "--json"];
    let document = third(&bench, &import).expect(0).document();
    assert_eq!(document["label"], "anna");
    assert_eq!(document["written"].as_array().unwrap().len(), 3);
    bench.demo(["cert", "verify", "--slot", "2"]).expect(0).says("is good");
    // Key, public key and certificate belong together by their id.
    let found = bench.json(["find", "--slot", "2", "--pin", "env:PIN3"]);
    let ids = |class: &str| {
        let of_class = found["objects"].as_array().unwrap().iter().filter(|object| object["class"] == class);
        of_class.map(|object| object["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("private-key"), ids("public-key"));
    assert!(ids("certificate").contains(&ids("private-key")[0]));
    third(&bench, &["key", "delete", "--key", "anna", "--with-chain", "--yes"]).expect(0);
    assert_eq!(bench.json(["find", "--slot", "2", "--pin", "env:PIN3"])["objects"], json!([]));
}

/// A root in ca.pem and a leaf in leaf.pem with its key in leaf.key.
pub fn chain(bench: &Bench) {
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Root -days 30",
    );
    tool(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=Anna",
    );
    tool("x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out leaf.pem");
}

#[test]
fn write_bundle_puts_the_chain_on_the_token_once() {
    let bench = with_third_pin();
    chain(&bench);
    third(&bench, &["key", "import", "leaf.key", "--label", "leaf"]).expect(0);
    bench.write("bundle.pem", [bench.read("leaf.pem"), bench.read("ca.pem")].concat());
    third(&bench, &["object", "write", "certificate", "bundle.pem"])
        .expect(0)
        .says("wrote certificate \"Anna\"");
    bench.demo(["cert", "verify", "--slot", "2"]).expect(0);
    let again =
        third(&bench, &["object", "write", "certificate", "bundle.pem", "--json"]).expect(0).document();
    assert_eq!(again["written"], json!([]));
    assert_eq!(again["present"], json!(["Anna", "Root"]));
    third(&bench, &["object", "write", "certificate", "bundle.pem", "--label", "x"])
        .expect(2)
        .says("are for one");
    third(&bench, &["object", "write", "certificate", "leaf.key"]).expect(2).says("leaf.key");
}

#[test]
fn write_data_keeps_application_and_object_identifier() {
    let bench = with_third_pin();
    bench.write("f.bin", [0u8, 1, 255]);
    let write =
        ["object", "write", "data", "f.bin", "--label", "blob", "--application", "app", "--oid", "1.2.3.4"];
    third(&bench, &write).expect(0);
    let shown = bench.json(["object", "show", "blob", "--slot", "2"]);
    assert_eq!(shown["application"], "app");
    assert!(shown["object_id"].as_str().unwrap().contains("2a0304"), "{shown}");
    assert_eq!(shown["attributes"]["CKA_VALUE"], "0001ff");
    third(&bench, &["object", "write", "data", "f.bin", "--oid", "x"]).expect(2).says("dotted numbers");
    third(&bench, &["object", "write", "certificate", "f.bin", "--oid", "1.2"])
        .expect(2)
        .says("--oid is for data");
}

#[test]
fn write_public_key_is_found_again() {
    let bench = with_third_pin();
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool("ecparam -name prime256v1 -genkey -noout -out k.pem");
    tool("pkey -in k.pem -pubout -out k.pub");
    third(&bench, &["object", "write", "public-key", "k.pub", "--label", "peer"]).expect(0);
    bench
        .demo(["object", "export", "peer", "--slot", "2", "--class", "public-key", "-o", "back.pub"])
        .expect(0);
    assert_eq!(bench.read("back.pub"), bench.read("k.pub"));
}

#[test]
fn set_gives_label_and_id() {
    let bench = with_third_pin();
    third(&bench, &["key", "generate", "--type", "ec:p256", "--label", "old"]).expect(0);
    let set = ["object", "set", "old", "--class", "private-key", "--new-label", "new", "--new-id", "0a0b"];
    third(&bench, &set).expect(0).says("changed private-key \"old\"");
    let found = bench.json(["find", "--slot", "2", "--pin", "env:PIN3", "--class", "private-key"]);
    assert_eq!((&found["objects"][0]["label"], &found["objects"][0]["id"]), (&json!("new"), &json!("0a0b")));
    third(&bench, &["object", "set", "new", "--class", "private-key"]).expect(2);
    third(&bench, &["object", "set", "nothing", "--new-label", "x"]).expect(3);
}

#[test]
fn deleting_needs_yes_without_a_terminal() {
    let bench = with_third_pin();
    bench.write("f", "x");
    third(&bench, &["object", "write", "data", "f", "--label", "note"]).expect(0);
    third(&bench, &["object", "delete", "note", "--class", "data"]).expect(2).says("give --yes");
    third(&bench, &["object", "delete"]).expect(2).says("which object?");
    bench.demo(["find", "note", "--slot", "2"]).expect(0);
    third(&bench, &["object", "delete", "note", "--class", "data", "--yes"])
        .expect(0)
        .says("deleted data \"note\"");
    bench.demo(["find", "note", "--slot", "2"]).expect(3);
}

#[test]
fn card_that_is_full_says_so_and_keeps_what_it_had() {
    let bench = with_third_pin();
    bench.write("large", vec![7u8; 30_000]);
    let mut last = None;
    for number in 0..40 {
        let label = format!("blob {number}");
        let run = third(&bench, &["object", "write", "data", "large", "--label", &label]);
        if run.code != 0 {
            last = Some((number, run));
            break;
        }
    }
    let (number, run) = last.expect("a card has an end");
    assert!([1, 5].contains(&run.code), "{}", run.stderr);
    assert!(run.stderr.contains("is not written to the token in slot 2"), "{}", run.stderr);
    let found = bench.json(["find", "--class", "data", "--slot", "2"]);
    assert_eq!(found["objects"].as_array().map_or(0, Vec::len), number);
    bench.demo(["cert", "verify", "--slot", "0"]).expect(0);
}

#[test]
fn repair_of_a_whole_card_finds_nothing() {
    let bench = with_third_pin();
    let document = bench.json(["card", "repair", "--slot", "2", "--pin", "env:PIN3"]);
    assert_eq!(document["reclaimed"], json!([]));
    bench
        .demo(["card", "repair", "--slot", "0", "--so-pin", "env:SO_PIN"])
        .expect(0)
        .says("nothing was left behind");
}
