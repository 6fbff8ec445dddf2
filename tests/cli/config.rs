//! `config show|check`, and what a wrong configuration does to every command.

use serde_json::json;

use crate::bench::Bench;

#[test]
fn misspelt_setting_stops_every_command_with_line_and_nearest_name() {
    let bench = Bench::new();
    bench.write("bad.conf", "[pkcs11]\nnum_slot = 3\n");
    for command in [&["slots"][..], &["readers"], &["config", "show"], &["config", "check"]] {
        let run = bench.run(["--config", "bad.conf", "--card", "demo.card"].iter().chain(command));
        run.expect(2)
            .says("bad.conf:2: unknown setting \"num_slot\" in [pkcs11], did you mean \"num_slots\"?");
    }
}

#[test]
fn check_named_file_is_read_in_either_grammar() {
    let bench = Bench::empty();
    bench.write("opensc.conf", "app default {\n framework pkcs15 { use_file_caching = public; }\n}\n");
    let document = bench.run(["--json", "config", "check", "opensc.conf"]).expect(0).document();
    assert!(document["file"].as_str().unwrap().ends_with("opensc.conf"));
    assert!(document["notices"].is_array());
    bench.run(["config", "check", "missing.conf"]).expect(2).says("missing.conf");
}

#[test]
fn show_tells_settings_and_where_they_came_from() {
    let bench = Bench::empty();
    bench.write("my.conf", "[pkcs11]\nnum_slots = 3\n");
    let run = bench.run(["--config", "my.conf", "config", "show"]).expect(0).says("my.conf");
    assert!(run.text().contains("num_slots = 3"), "{}", run.text());
    let document = bench.run(["--config", "my.conf", "--json", "config", "show"]).expect(0).document();
    assert_eq!(document["settings"]["pkcs11"]["num_slots"], json!(3));
}

#[test]
fn show_reads_back_as_configuration() {
    let bench = Bench::empty();
    let shown = bench.run(["config", "show"]).expect(0);
    bench.write("shown.conf", &shown.stdout);
    let again = bench.run(["--config", "shown.conf", "config", "show"]).expect(0);
    assert_eq!(again.text(), shown.text());
}

#[test]
fn settings_shape_the_slots() {
    let bench = Bench::new();
    bench.write("my.conf", "[pkcs11]\nnum_slots = 2\nhide_empty_tokens = true\n");
    let run = bench.run(["--config", "my.conf", "--card", "demo.card", "--json", "slots"]).expect(0);
    let document = run.document();
    assert_eq!(document["slots"].as_array().unwrap().len(), 2);
    assert_eq!(document["unplaced"][0]["what"], "left_overs");
    assert_eq!(document["unplaced"][0]["remedy"], "num_slots = 3");
    let text = bench.run(["--config", "my.conf", "--card", "demo.card", "slots"]).expect(0);
    text.says("warning: no slot for left-over objects (3) in reader").says("set num_slots = 3");
}

#[test]
fn several_things_without_slot_have_one_remedy() {
    let bench = Bench::new();
    bench.write("one.conf", "[pkcs11]\nnum_slots = 1\n");
    let text = bench.run(["--config", "one.conf", "--card", "demo.card", "slots"]).expect(0);
    assert_eq!(text.stderr.matches("warning: no slot for").count(), 3, "{}", text.stderr);
    assert_eq!(text.stderr.matches("set num_slots").count(), 1, "{}", text.stderr);
    text.says("set num_slots = 3");
}

#[test]
fn hidden_empty_token_leaves_its_slot() {
    let bench = Bench::new();
    bench.write("my.conf", "[pkcs11]\nhide_empty_tokens = true\n");
    let run = bench.run(["--config", "my.conf", "--card", "demo.card", "--json", "slots"]).expect(0);
    let document = run.document();
    assert_eq!(document["slots"].as_array().unwrap().len(), 4);
    assert_eq!(document["slots"][3]["token"], json!(null));
}
