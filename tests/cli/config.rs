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
fn check_warnings_stand_apart_from_remarks_and_near_misses_are_errors() {
    let bench = Bench::empty();
    bench.write("near.conf", "app opensc-pkcs11 {\n pkcs11 { num_slot = 2; }\n}\n");
    for command in [&["--config", "near.conf", "slots"][..], &["config", "check", "near.conf"]] {
        let run = bench.run(command).expect(2);
        run.says("near.conf:2: unknown setting \"num_slot\" in pkcs11, did you mean \"num_slots\"?");
    }
    bench.write("far.conf", "app default {\n colour = red;\n profile_dir = x;\n}\n");
    let run = bench.run(["config", "check", "far.conf"]).expect(0);
    let run = run.says("warning: ").says("far.conf:2: colour: unknown").says("with 1 warning and 5 remarks");
    assert!(!run.text().contains("colour"), "{}", run.text());
    let document = bench.run(["config", "check", "far.conf", "--json"]).expect(0).document();
    assert_eq!(document["notices"][1]["severity"], "remark");
    let warning = document["notices"].as_array().unwrap().iter().find(|notice| notice["line"] == 2).unwrap();
    assert_eq!(warning["severity"], "warning");
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
