//! The founding document's slot 7: an empty token is given a PIN, then a key, a certificate and data by that PIN
//! alone, and signs. And a blank card from formatting to erasing.

use crate::bench::{Bench, Run};

/// The card in the second reader, as in the founding document: slots 4 to 7.
fn second(bench: &Bench, arguments: &[&str]) -> Run {
    bench.run(["--card", "-", "--card", "demo.card"].iter().chain(arguments))
}

fn labels(bench: &Bench) -> Vec<String> {
    let document = second(bench, &["--json", "slots"]).expect(0).document();
    let slots = document["slots"].as_array().unwrap().iter().skip(4);
    slots.map(|slot| slot["token"]["label"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn founding_slot_seven_gets_pin_key_certificate_and_data_and_signs() {
    let bench = Bench::new();
    bench.write("notes.txt", "private notes\n");
    bench.write("document.txt", "a document\n");
    let init = ["pin", "init", "--slot", "7", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN3"];
    let init: Vec<&str> = init.into_iter().chain(["--puk-output", "puk.txt", "--json"]).collect();
    let made = second(&bench, &init).expect(0).document();
    // A new PIN comes before what belongs to no PIN.
    assert_eq!(made["slot"], 6);
    assert_eq!(made["pin"], "PIN 3");
    assert_eq!(made["created"], true);
    assert_eq!(made["puk"], serde_json::Value::Null);
    assert!(made["uri"].as_str().unwrap().starts_with("pkcs11:"), "{made}");
    assert_eq!(bench.read("puk.txt").len(), 9, "eight digits and a line end");
    let expected =
        ["p11ctl example (PIN 1)", "p11ctl example (PIN 2)", "p11ctl example (PIN 3)", "p11ctl example"];
    assert_eq!(labels(&bench), expected);

    let own = ["--slot", "6", "--pin", "env:PIN3"];
    let with =
        |command: &[&'static str]| -> Vec<&'static str> { command.iter().chain(&own).copied().collect() };
    let generated = with(&["key", "generate", "--type", "rsa:2048", "--label", "key 3", "-o", "key3.pem"]);
    second(&bench, &generated).expect(0).says("generated key \"key 3\" on the token in slot 6");
    let certificate = with(&["cert", "self-sign", "--subject", "CN=Slot seven,O=p11ctl", "--store"]);
    second(&bench, &certificate).expect(0).says("wrote the certificate to the token in slot 6");
    let data = with(&["object", "write", "data", "notes.txt", "--private", "--application", "story"]);
    second(&bench, &data).expect(0).says("wrote data \"notes\"");

    second(&bench, &with(&["sign", "--key", "key 3", "document.txt"])).expect(0);
    let verify = ["dgst", "-sha256", "-verify", "key3.pem", "-signature", "document.txt.sig", "document.txt"];
    bench.tool("openssl", &verify);
    second(&bench, &["cert", "verify", "--slot", "6"]).expect(0).says("is good");
    let export = with(&["object", "export", "notes", "--class", "data", "--format", "der", "-o", "back.txt"]);
    second(&bench, &export).expect(0);
    assert_eq!(bench.read("back.txt"), b"private notes\n");
    // The others have what they had.
    for (slot, pin, key) in [("4", "env:PIN1", "key 1"), ("5", "env:PIN2", "key 2")] {
        second(&bench, &["sign", "--slot", slot, "--pin", pin, "--key", key, "document.txt"]).expect(0);
        second(&bench, &["cert", "verify", "--slot", slot]).expect(0);
    }
    // Without its PIN the data is not there.
    second(&bench, &["object", "show", "notes", "--slot", "6"]).expect(3);
}

#[test]
fn a_pin_has_no_authority_over_another_token() {
    let bench = Bench::new();
    let delete = ["object", "delete", "--class", "certificate", "certificate 2", "--slot", "0", "--yes"];
    bench.demo(delete.iter().chain(&["--pin", "env:PIN1"])).expect(3);
    let key = ["key", "delete", "--key", "key 2", "--slot", "0", "--pin", "env:PIN1", "--yes"];
    bench.demo(key).expect(3).says("there is no private key \"key 2\"");
    bench.demo(["cert", "verify", "--slot", "1"]).expect(0);
}

#[test]
fn blank_card_is_formatted_filled_and_erased() {
    let bench = Bench::empty();
    bench.run(["card", "new", "demo.card"]).expect(0);
    let init = ["token", "init", "--slot", "0", "--label", "New card", "--so-pin", "env:SO_PIN"];
    let run = bench.demo(init.iter().chain(&["--so-puk", "env:PUK"])).expect(0);
    run.says("formatted the card in reader").says("p11ctl --card demo.card pin init --slot 0");
    let slots = bench.json(["slots"]);
    let empty: Vec<bool> =
        slots["slots"].as_array().unwrap().iter().map(|slot| slot["token"]["empty"] == true).collect();
    assert_eq!(empty, [true; 4]);
    for (slot, pin) in [("0", "env:PIN1"), ("1", "env:PIN2")] {
        let init = ["pin", "init", "--slot", slot, "--so-pin", "env:SO_PIN", "--new-pin", pin];
        let made = bench.json(init);
        assert_eq!(made["slot"].to_string(), slot);
        assert!(made["note"].as_str().unwrap().contains("shown only now"), "{made}");
        assert_eq!(made["puk"].as_str().unwrap().len(), 8);
    }
    bench
        .demo(["key", "generate", "--slot", "1", "--type", "ec:p256", "--pin", "env:PIN2"])
        .expect(0)
        .says("generated key \"key 1\"");
    let erase = ["token", "erase", "--slot", "0", "--so-pin", "env:SO_PIN"];
    let refused = bench.demo(erase).expect(2).says("New card (PIN 2)").says("keys: \"key 1\"").says("--yes");
    assert!(refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    bench.demo(erase.iter().chain(&["--yes"])).expect(0).says("it is blank");
    assert_eq!(bench.json(["slots"])["slots"][1]["token"]["pin"], serde_json::Value::Null);
    bench.demo(erase.iter().chain(&["--yes"])).expect(0).says("blank already");
}

#[test]
fn formatting_a_card_in_use_names_what_is_lost_and_asks() {
    let bench = Bench::new();
    let init = ["token", "init", "--slot", "2", "--label", "Again", "--so-pin", "env:SO_PIN"];
    let run = bench.demo(init).expect(2);
    for lost in ["p11ctl example (PIN 1)", "\"key 2\"", "\"other root 3\"", "give --yes"] {
        assert!(run.stderr.contains(lost), "{lost}: {}", run.stderr);
    }
    bench.demo(["cert", "verify", "--slot", "0"]).expect(0);
    let done = bench.json(init.iter().chain(&["--yes"]));
    assert_eq!(done["slots"], serde_json::json!([0, 1, 2, 3]));
    assert_eq!(done["lost"]["keys"], serde_json::json!(["key 1", "key 2"]));
    assert_eq!(bench.json(["find"])["objects"], serde_json::json!([]));
    // The SO PIN stays.
    bench.demo(init.iter().chain(&["--yes"])).expect(0);
}

#[test]
fn hidden_empty_tokens_are_said_to_be_hidden() {
    let bench = Bench::empty();
    bench.write("hide.conf", "[pkcs11]\nhide_empty_tokens = true\n");
    bench.run(["card", "new", "demo.card"]).expect(0);
    let hidden = |arguments: &[&str]| bench.demo(["--config", "hide.conf"].iter().chain(arguments));
    let init = ["token", "init", "--slot", "0", "--label", "L", "--so-pin", "env:SO_PIN"];
    hidden(&init).expect(0).says("hide_empty_tokens = false");
    hidden(&["slots"]).expect(0).says("hide_empty_tokens = false");
    let pin = ["pin", "init", "--slot", "0", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN1"];
    hidden(&pin).expect(3).says("are empty, and hidden").says("hide_empty_tokens = false");
    bench.demo(pin.iter().chain(&["--puk-output", "puk"])).expect(0);
    let second = ["pin", "init", "--slot", "1", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN2"];
    hidden(&second).expect(3).says("there is no token in slot 1").says("hide_empty_tokens = false");
}

#[test]
fn card_label_that_no_token_can_have_is_refused() {
    let bench = Bench::empty();
    bench.run(["card", "new", "demo.card"]).expect(0);
    let long = "x".repeat(33);
    for (label, sentence) in
        [("", "1 to 32 bytes"), (long.as_str(), "1 to 32 bytes"), ("a\u{1b}b", "control")]
    {
        let init = ["token", "init", "--slot", "0", "--label", label, "--so-pin", "env:SO_PIN"];
        bench.demo(init).expect(2).says(sentence);
    }
    let init = ["pin", "init", "--slot", "0", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN1"];
    bench
        .demo(init.iter().chain(&["--puk-output", "p"]))
        .expect(4)
        .says("format it with p11ctl --card demo.card token init");
}

#[test]
fn formatting_with_a_wrong_so_pin_changes_nothing() {
    let bench = Bench::new();
    let init = ["token", "init", "--slot", "0", "--label", "X", "--so-pin", "env:WRONG", "--yes"];
    bench.demo(init).expect(4).says("PIN incorrect for \"SO PIN\" in slot 0, 2 tries left");
    bench.demo(["cert", "verify", "--slot", "0"]).expect(0);
    let erase = ["token", "erase", "--slot", "0", "--so-pin", "env:WRONG", "--yes"];
    bench.demo(erase).expect(4).says("1 try left");
    // Nobody is there to ask about the last try.
    bench.demo(erase).expect(4).says("last try");
    bench.demo(["cert", "verify", "--slot", "1"]).expect(0);
}
