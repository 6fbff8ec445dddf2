//! Two processes personalise one card at the same time, and what was interrupted is begun again: nothing is there
//! twice, and nobody meets an internal error.

use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::bench::{Bench, Run};
use crate::personalise_keys::{chain, third, with_third_pin};

/// A card with a third PIN, for programs that wait for each other as long as a loaded machine takes.
fn patient() -> Bench {
    let bench = with_third_pin();
    bench.write("empty.conf", "[readers]\nbusy_timeout = 120\n");
    bench
}

/// Delays between the two processes, from a seed that is printed with a failure.
struct Delays(u64);

impl Delays {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = u64::from(now.subsec_nanos()) | 1;
        println!("seed of the delays: {seed}");
        Self(seed)
    }

    /// 0 to 40 ms, xorshift.
    fn pause(&mut self) {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        std::thread::sleep(Duration::from_micros(self.0 % 40_000));
    }
}

fn start(bench: &Bench, command: &[&str]) -> Child {
    let command = ["--card", "demo.card"].iter().chain(command);
    let mut command = bench.command(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs two commands at once.
fn at_once(bench: &Bench, delays: &mut Delays, commands: [&[&str]; 2]) -> [Run; 2] {
    let first = start(bench, commands[0]);
    delays.pause();
    let second = start(bench, commands[1]);
    [first, second].map(|child| crate::bench::finish(child.wait_with_output().unwrap()))
}

fn count(bench: &Bench, class: &str) -> usize {
    let found = bench.json(["find", "--slot", "2", "--pin", "env:PIN3", "--class", class]);
    found["objects"].as_array().unwrap().len()
}

fn pkcs12(bench: &Bench) {
    chain(bench);
    bench.write("password", "geheim\n");
    let export = "pkcs12 -export -inkey leaf.key -in leaf.pem -certfile ca.pem -name anna -passout file:password -out a.p12";
    bench.tool("openssl", &export.split(' ').collect::<Vec<_>>());
}

const ROUNDS: usize = 6;
const IMPORT: [&str; 9] =
    ["key", "import", "a.p12", "--password", "file:password", "--slot", "2", "--pin", "env:PIN3"];

#[test]
fn two_imports_at_once_store_key_and_chain_once() {
    let bench = patient();
    pkcs12(&bench);
    let image = bench.read("demo.card");
    let mut delays = Delays::new();
    for round in 0..ROUNDS {
        bench.write("demo.card", &image);
        let runs = at_once(&bench, &mut delays, [&IMPORT, &IMPORT]);
        for run in &runs {
            assert_eq!(run.code, 0, "round {round}: {}", run.stderr);
        }
        let later = runs.iter().filter(|run| run.stderr.contains("is on the card already")).count();
        assert_eq!(later, 1, "round {round}: {}{}", runs[0].stderr, runs[1].stderr);
        let counts = ["private-key", "public-key", "certificate"].map(|class| count(&bench, class));
        assert_eq!(counts, [1, 1, 2], "round {round}");
    }
}

#[test]
fn two_bundles_at_once_store_each_certificate_once() {
    let bench = patient();
    chain(&bench);
    third(&bench, &["key", "import", "leaf.key", "--label", "leaf"]).expect(0);
    bench.write("bundle.pem", [bench.read("leaf.pem"), bench.read("ca.pem")].concat());
    let write = ["object", "write", "certificate", "bundle.pem", "--slot", "2", "--pin", "env:PIN3"];
    let image = bench.read("demo.card");
    let mut delays = Delays::new();
    for round in 0..ROUNDS {
        bench.write("demo.card", &image);
        for run in at_once(&bench, &mut delays, [&write, &write]) {
            assert_eq!(run.code, 0, "round {round}: {}", run.stderr);
        }
        assert_eq!(count(&bench, "certificate"), 2, "round {round}");
    }
}

#[test]
fn two_new_pins_at_once_are_one_and_a_plain_refusal_or_two() {
    let bench = Bench::new();
    let image = bench.read("demo.card");
    let mut delays = Delays::new();
    let init = ["pin", "init", "--slot", "3", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN3", "--json"];
    for round in 0..ROUNDS {
        bench.write("demo.card", &image);
        let runs = at_once(&bench, &mut delays, [&init, &init]);
        let made = runs.iter().filter(|run| run.code == 0).count();
        assert_eq!(made, 1, "round {round}: {}{}", runs[0].stderr, runs[1].stderr);
        let refused = runs.iter().find(|run| run.code != 0).unwrap();
        assert_eq!(refused.code, 1, "round {round}: {}", refused.stderr);
        let why = ["another program has changed the card", "belong to no PIN"];
        assert!(why.iter().any(|why| refused.stderr.contains(why)), "round {round}: {}", refused.stderr);
        let pins = bench.json(["slots"])["slots"].as_array().unwrap().clone();
        let labels: Vec<_> = pins.iter().filter_map(|slot| slot["token"]["pin"]["label"].as_str()).collect();
        assert_eq!(labels, ["PIN 1", "PIN 2", "PIN 3"], "round {round}");
    }
}

#[test]
fn format_while_another_program_writes_loses_nothing_that_it_did_not_name() {
    let bench = patient();
    bench.write("note", "a note");
    let write = ["object", "write", "data", "note", "--slot", "2", "--pin", "env:PIN3"];
    let format =
        ["--json", "token", "init", "--slot", "2", "--label", "new", "--so-pin", "env:SO_PIN", "--yes"];
    let image = bench.read("demo.card");
    let mut delays = Delays::new();
    for round in 0..ROUNDS {
        bench.write("demo.card", &image);
        let [written, formatted] = at_once(&bench, &mut delays, [&write, &format]);
        assert!(written.code != 70 && formatted.code != 70, "round {round}: {}", written.stderr);
        if formatted.code != 0 {
            let error = formatted.error();
            assert_eq!(
                (formatted.code, error["return_value"].as_str()),
                (1, Some("CKR_DEVICE_REMOVED")),
                "{error}"
            );
            continue;
        }
        let named = formatted.document()["lost"]["data"] == json!(["note"]);
        // What was written before is named; what could not be written any more is told.
        assert_eq!(written.code == 0, named, "round {round}: {}{}", written.stderr, formatted.text());
    }
}

#[test]
fn certificate_that_shows_in_another_token_is_written_and_told_where() {
    let bench = patient();
    chain(&bench);
    third(&bench, &["key", "import", "leaf.key", "--label", "leaf"]).expect(0);
    third(&bench, &["object", "write", "certificate", "leaf.pem"]).expect(0);
    let tool = |arguments: &str| bench.tool("openssl", &arguments.split(' ').collect::<Vec<_>>());
    tool(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.pem -subj /CN=Other -days 30",
    );
    bench.write("bundle.pem", [bench.read("ca.pem"), bench.read("other.pem")].concat());
    // The security officer stores for everybody; what a chain needs shows with that chain.
    let write = ["--json", "object", "write", "certificate", "bundle.pem", "--slot", "3"];
    let document = bench.demo(write.iter().chain(&["--so-pin", "env:SO_PIN"])).expect(0).document();
    let written = document["written"].as_array().unwrap();
    assert_eq!(written.len(), 2, "{document}");
    assert_eq!((&written[0]["label"], &written[0]["slot"]), (&json!("Root"), &json!(2)), "{document}");
    assert_eq!((&written[1]["label"], &written[1]["slot"]), (&json!("Other"), &json!(3)), "{document}");
    let uri = written[0]["uri"].as_str().unwrap();
    bench.demo(["object", "show", uri]).expect(0);
    bench.demo(["cert", "verify", "--slot", "2"]).expect(0);
}

#[test]
fn import_of_what_is_there_in_part_writes_the_rest() {
    let bench = patient();
    pkcs12(&bench);
    third(&bench, &["key", "import", "leaf.key", "--label", "first", "--id", "41"]).expect(0);
    let run = third(&bench, &["key", "import", "a.p12", "--password", "file:password", "--json"]).expect(0);
    let document = run.document();
    assert_eq!(document["present"], json!(["first"]));
    assert_eq!(document["label"], "first");
    assert!(document["uri"].as_str().unwrap().contains("id=%41"), "{document}");
    assert_eq!(document["written"].as_array().unwrap().len(), 2);
    let counts = ["private-key", "public-key", "certificate"].map(|class| count(&bench, class));
    assert_eq!(counts, [1, 1, 2]);
    bench.demo(["cert", "verify", "--slot", "2"]).expect(0);
    bench.demo(IMPORT).expect(0).says("private-key \"first\" is on the card already");
    // Under another PIN it is another key: its holder asked for it.
    let other = ["key", "import", "leaf.key", "--slot", "0", "--pin", "env:PIN1", "--label", "second"];
    bench.demo(other).expect(0).says("wrote private-key \"second\"");
}
