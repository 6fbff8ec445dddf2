//! The command line over PC/SC: a private pcscd with vpcd, and machines where there is none.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use p11ctl::softcard;

use crate::bench::{Bench, PROGRAM, clean};
use crate::common::rig::Rig;

/// Runs the program inside of the rig, in the bench's folder.
fn inside(rig: &Rig, bench: &Bench, arguments: &[&str]) -> Output {
    let mut command = rig.command("env");
    command
        .args(["-C", &bench.path("").to_string_lossy(), "PIN1=11111111", "PIN2=22222222"])
        .arg(PROGRAM)
        .args(["--config", "empty.conf"])
        .args(arguments);
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn card_serve_makes_the_example_a_card_for_everybody() {
    let (rig, bench) = (Rig::start(), Bench::new());
    bench.write("document.txt", "a document\n");
    let demo = bench.path("demo.card");
    let mut serve = rig.command(PROGRAM);
    serve.args(["card", "serve", &demo.to_string_lossy(), "--port", "35964"]);
    let mut serve = serve.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(serve.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("is in the virtual reader") {
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "{line}");
    }
    let powered = || text(&inside(&rig, &bench, &["readers"])).contains("MyEID");
    assert!((0..200).any(|_| powered()), "{}", rig.log_tail());

    // Card in the second reader: slots 4 to 7, as the founding document has it.
    let slots = text(&inside(&rig, &bench, &["slots"]));
    let lines: Vec<String> =
        slots.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(lines[1].contains("Virtual PCD 00 00 no card"), "{slots}");
    assert!(
        lines[5].starts_with("4 Virtual PCD 00 01 p11ctl example (PIN 1) PIN 1 (3 tries left)"),
        "{slots}"
    );
    assert!(lines[8].starts_with("7 Virtual PCD 00 01 empty token"), "{slots}");

    for (key, slot, pin) in [("key 1", "4", "env:PIN1"), ("key 2", "5", "env:PIN2")] {
        let public = inside(&rig, &bench, &["object", "export", key, "--class", "public-key", "-o", "k.pem"]);
        assert!(public.status.success(), "{public:?}");
        let format = if slot == "4" { "raw" } else { "der" };
        let sign = ["sign", "--slot", slot, "--pin", pin, "--format", format, "-o", "s", "document.txt"];
        let signed = inside(&rig, &bench, &sign);
        assert!(signed.status.success(), "{signed:?}");
        bench.tool("openssl", &["dgst", "-sha256", "-verify", "k.pem", "-signature", "s", "document.txt"]);
    }
    // No login outlived its command: the card says "not verified, 3 tries left".
    for reference in ["00200001", "00200002"] {
        assert_eq!(text(&inside(&rig, &bench, &["card", "apdu", reference])), "63c3\n");
    }

    assert!(Command::new("kill").args(["-s", "INT", &serve.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(serve.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("card taken out"), "{rest}");
}

#[test]
fn card_pulled_between_login_and_signature_is_told() {
    let (mut rig, bench) = (Rig::start(), Bench::new());
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    let mut sign = rig.command("env");
    sign.args(["-C", &bench.path("").to_string_lossy(), "PIN1=11111111"]).arg(PROGRAM);
    sign.args(["--config", "empty.conf", "-vvv", "sign", "--slot", "0", "--pin", "env:PIN1", "-"]);
    let mut sign = sign.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut trace = BufReader::new(sign.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("> 00200001 (8 bytes hidden)") {
        line.clear();
        assert_ne!(trace.read_line(&mut line).unwrap(), 0, "the login did not come");
    }
    trace.read_line(&mut line).unwrap();
    rig.remove(0);
    sign.stdin.take().unwrap().write_all(b"a document").unwrap();
    let mut rest = String::new();
    trace.read_to_string(&mut rest).unwrap();
    let output = sign.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{rest}");
    assert!(rest.contains("the card was removed from reader \"Virtual PCD 00 00\""), "{rest}");
    assert!(rest.contains("hint: insert the card and run the command again"), "{rest}");
    assert!(output.stdout.is_empty());
}

#[test]
fn machine_without_service_is_told_how_to_start_one() {
    let bench = Bench::new();
    // A mount name space without a socket stands in for a machine without pcscd.
    let script = format!("mkdir -p /run/pcscd; mount -t tmpfs tmpfs /run/pcscd; exec '{PROGRAM}' \"$@\"");
    let run = |arguments: &[&str]| {
        let mut command = Command::new("unshare");
        clean(&mut command, &bench.path(""));
        command.args(["--mount", "sh", "-ec", &script, "sh"]).args(arguments).output().unwrap()
    };
    for command in ["readers", "slots", "login"] {
        let output = run(&[command]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        assert!(stderr.contains("no PC/SC service is running"), "{stderr}");
        assert!(stderr.contains("systemctl start pcscd.socket"), "{stderr}");
        assert!(stderr.contains("p11ctl card new demo.card --example"), "{stderr}");
    }
    // Software readers do not care.
    bench.write("empty.conf", "[[software_reader]]\nname = \"Desk\"\ncard = \"demo.card\"\n");
    let output = run(&["slots"]);
    assert!(text(&output).contains("p11ctl example (PIN 1)"), "{output:?}");
    let output = run(&["--json", "readers"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["pcsc_problem"], "no PC/SC service is running");
    assert_eq!(document["readers"][0]["name"], "Desk");
}
