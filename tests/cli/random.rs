//! `random`: bytes of the card or of the system, in their three forms.

use crate::bench::Bench;

#[test]
fn random_forms_are_one_length_and_never_the_same() {
    let bench = Bench::new();
    for source in [&["--slot", "0"][..], &["--token", "p11ctl example (PIN 2)"], &["--system"]] {
        let run = |length: &str, format: &str| {
            let fixed = ["random", length, "--format", format];
            bench.demo(fixed.iter().chain(source)).expect(0).stdout
        };
        assert_eq!(run("33", "raw").len(), 33);
        assert_eq!(run("33", "hex").len(), 67);
        assert_eq!(run("33", "base64").len(), 45);
        assert_ne!(run("16", "raw"), run("16", "raw"));
        assert_eq!(run("5000", "raw").len(), 5000);
    }
    bench.demo(["random", "32", "--slot", "0", "-o", "seed"]).expect(0).says("wrote seed");
    assert_eq!(bench.read("seed").len(), 32);
    bench.demo(["random", "16", "--slot", "0", "--format", "hex", "-o", "seed"]).expect(0);
    // Standard output is that, whatever else has the name.
    std::fs::create_dir(bench.path("-")).unwrap();
    assert_eq!(bench.demo(["random", "16", "--slot", "0", "-o", "-"]).expect(0).stdout.len(), 16);
    let text = bench.tool("sh", &["-c", "base64 -w0 seed >/dev/null && tr -d '0-9a-f\\n' <seed"]).text();
    assert_eq!((text.as_str(), bench.read("seed").len()), ("", 33));
}

#[test]
fn random_document_tells_the_source_and_repeats_nothing_of_a_file() {
    let bench = Bench::new();
    let document = bench.json(["random", "16", "--slot", "0"]);
    assert_eq!((&document["source"], &document["slot"]), (&"card".into(), &0.into()));
    assert_eq!(document["random"].as_str().unwrap().len(), 32);
    let document = bench.run(["--json", "random", "16", "--system", "-o", "seed"]).expect(0).document();
    assert_eq!((&document["source"], &document["output"]), (&"system".into(), &"seed".into()));
    assert!(document["random"].is_null() && document["slot"].is_null());
}

#[test]
fn random_needs_no_pin_and_names_its_token() {
    let bench = Bench::new();
    // Two tokens of the card could be meant.
    bench.demo(["random", "16"]).expect(3).says("which one?");
    bench.demo(["random", "16", "--slot", "0", "--system"]).expect(2).says("cannot be used with");
    for length in ["0", "1048577", "-1", "many"] {
        bench.demo(["random", "--slot", "0", "--", length]).expect(2);
    }
    bench.demo(["random", "16", "--slot", "0", "-o", "/nonexistent/x"]).expect(2).says("cannot write");
}
