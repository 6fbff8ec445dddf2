//! Certificates in two chains: deleting through one token never breaks the other's chain by accident.

use serde_json::{Value, json};

use crate::bench::Bench;

fn chain_is_good(bench: &Bench, slot: &str) -> bool {
    bench.demo(["cert", "verify", "--slot", slot]).code == 0
}

#[test]
fn deleting_either_leaf_leaves_the_other_chain_whole() {
    for (slot, pin, key, other) in [("0", "env:PIN1", "key 1", "1"), ("1", "env:PIN2", "key 2", "0")] {
        let bench = Bench::shared();
        let delete = ["key", "delete", "--slot", slot, "--key", key, "--with-chain", "--pin", pin, "--yes"];
        let run = bench.demo(delete).expect(0);
        assert!(run.stderr.matches("other chains use it").count() == 2, "{}", run.stderr);
        assert!(chain_is_good(&bench, other));
        let bench = Bench::shared();
        let number = &key[4..];
        let leaf = format!("certificate {number}");
        let delete =
            ["object", "delete", "--slot", slot, &leaf, "--class", "certificate", "--pin", pin, "--yes"];
        bench.demo(delete).expect(0);
        assert!(chain_is_good(&bench, other));
        assert!(!chain_is_good(&bench, slot));
    }
}

#[test]
fn deleting_the_shared_authority_is_refused_naming_token_and_key() {
    for (slot, pin, other) in [("0", "env:PIN1", "key 2"), ("1", "env:PIN2", "key 1")] {
        let bench = Bench::shared();
        for label in shared_labels(&bench) {
            let delete = ["object", "delete", "--slot", slot, &label, "--pin", pin, "--yes"];
            let run =
                bench.demo(delete).expect(1).says("chains of other tokens need it").says("--everywhere");
            assert!(run.stderr.contains(other), "{}", run.stderr);
            let error = bench.demo(["--json"].iter().chain(&delete)).expect(1).error();
            assert_eq!(error["return_value"], "CKR_ACTION_PROHIBITED");
        }
        assert!(chain_is_good(&bench, "0") && chain_is_good(&bench, "1"));
    }
}

#[test]
fn deleting_everywhere_says_what_breaks_and_the_tree_shows_it() {
    let bench = Bench::shared();
    let label = shared_labels(&bench).remove(0);
    let delete = ["object", "delete", "--slot", "0", &label, "--everywhere", "--pin", "env:PIN1"];
    let asked = bench.demo(delete).expect(2).says("give --yes");
    assert!(asked.stderr.contains("key 2"), "{}", asked.stderr);
    // The authorities belong to no PIN of the example card: the card wants another one for them.
    bench.demo(delete.iter().chain(&["--yes"])).expect(4).says("--auth-pin \"SO PIN\"=prompt");
    let wrong = ["--yes", "--auth-pin", "SO PIN=env:WRONG"];
    bench.demo(delete.iter().chain(&wrong)).expect(4).says("PIN incorrect for \"SO PIN\"");
    let other = ["--yes", "--auth-pin", "No PIN=env:SO_PIN"];
    bench.demo(delete.iter().chain(&other)).expect(3).says("the card has no PIN \"No PIN\"").says("SO PIN");
    let run = bench.demo(delete.iter().chain(&["--yes", "--auth-pin", "SO PIN=env:SO_PIN"])).expect(0);
    assert!(run.stderr.contains("key 1") && run.stderr.contains("key 2"), "{}", run.stderr);
    let tree = bench.demo(["slots", "--tree"]).expect(0).text();
    assert_eq!(tree.matches("incomplete: the issuer").count(), 2, "{tree}");
    assert!(!chain_is_good(&bench, "0") && !chain_is_good(&bench, "1"));
}

#[test]
fn deletion_plan_in_json_names_what_stays() {
    let bench = Bench::shared();
    let delete =
        ["key", "delete", "--slot", "0", "--key", "key 1", "--with-chain", "--pin", "env:PIN1", "--yes"];
    let document = bench.json(delete);
    let classes: Vec<&Value> =
        document["deleted"].as_array().unwrap().iter().map(|object| &object["class"]).collect();
    assert!(classes.contains(&&json!("private-key")) && classes.contains(&&json!("public-key")));
    assert_eq!(document["kept"].as_array().unwrap().len(), 2);
}

/// Certificates that both tokens show.
fn shared_labels(bench: &Bench) -> Vec<String> {
    let labels = |slot: &str| -> Vec<String> {
        let found = bench.json(["find", "--class", "certificate", "--slot", slot]);
        let objects = found["objects"].as_array().unwrap();
        objects.iter().map(|object| object["label"].as_str().unwrap().to_owned()).collect()
    };
    let second = labels("1");
    let shared: Vec<String> = labels("0").into_iter().filter(|label| second.contains(label)).collect();
    assert_eq!(shared.len(), 2, "issuing authority and root: {shared:?}");
    shared
}
