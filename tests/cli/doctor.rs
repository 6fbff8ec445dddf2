//! `doctor` on machines where things are there or missing. A mount name space stands in for another machine.

use std::path::Path;
use std::process::{Command, Stdio};

use p11ctl::softcard;
use serde_json::Value;

use crate::bench::{Bench, PROGRAM, Run, clean, finish};
use crate::common::rig::Rig;

/// Runs `doctor` where p11-kit knows only the modules of these module files, and `setup` was done.
fn doctor(bench: &Bench, setup: &str, modules: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut script = format!("mount -t tmpfs tmpfs {FOLDER}; {setup}\n");
    for (name, contents) in modules {
        script.push_str(&format!("printf '%s\\n' '{contents}' >{FOLDER}/{name}\n"));
    }
    script.push_str(&format!("exec '{PROGRAM}' \"$@\" doctor"));
    let mut command = Command::new("unshare");
    clean(&mut command, &bench.path(""));
    finish(command.args(["--mount", "sh", "-ec", &script, "sh"]).args(arguments).output().unwrap())
}

/// The line with which the module that was built with this test is registered.
fn module() -> String {
    let test = std::env::current_exe().unwrap();
    let module = test.parent().unwrap().join("libp11ctl.so");
    assert!(module.exists(), "{} is not built", module.display());
    format!("module: {}", module.display())
}

fn check<'a>(document: &'a Value, subject: &str) -> &'a Value {
    let checks = document["checks"].as_array().unwrap();
    checks.iter().find(|check| check["subject"] == subject).unwrap_or_else(|| panic!("{subject}: {document}"))
}

#[test]
fn doctor_with_everything_there_exits_zero() {
    let bench = Bench::new();
    let card = ["--card", "demo.card"];
    let run = doctor(&bench, "", &[("p11ctl.module", &module())], &card).expect(0).says("nothing is missing");
    let text = run.text();
    for line in [
        "ok       configuration: ",
        "off      PC/SC service: not used: exactly the cards of --card are",
        "ok       card: reader \"Software reader 1 (demo.card)\": driver MyEID, 4 slots",
        "ok       cache: ",
        "ok       module: ",
        "ok       registration: ",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let run = doctor(&bench, "", &[("p11ctl.module", &module())], &["--card", "demo.card", "--json"]);
    assert_eq!(run.expect(0).document()["healthy"], true);
}

#[test]
fn doctor_names_each_thing_that_is_missing() {
    let bench = Bench::new();
    let no_service = "mkdir -p /run/pcscd; mount -t tmpfs tmpfs /run/pcscd";
    let other = [("opensc.module", "module: opensc-pkcs11.so")];
    let document = doctor(&bench, no_service, &other, &["--json"]).expect(1).document();
    assert_eq!(document["healthy"], false);
    let service = check(&document, "PC/SC service");
    assert_eq!(service["state"], "missing");
    assert_eq!(service["found"], "pcscd does not run: there is no /run/pcscd/pcscd.comm");
    assert_eq!(service["next"][0], "start it: systemctl enable --now pcscd.socket");
    assert_eq!(check(&document, "module")["state"], "ok", "beside the program");
    let registration = check(&document, "registration");
    assert_eq!(registration["state"], "missing");
    assert!(registration["next"][0].as_str().unwrap().contains("/etc/pkcs11/modules/p11ctl.module"));
}

#[test]
fn doctor_tells_an_empty_reader_an_unread_card_and_a_bad_cache() {
    let bench = Bench::new();
    bench.write("broken.card", "no card");
    bench.write("empty.conf", "[cache]\ndirectory = \"demo.card\"\n");
    let known = [("p11ctl.module", &*module())];
    let cards = ["--json", "--card", "-", "--card", "broken.card"];
    let document = doctor(&bench, "", &known, &cards).expect(1).document();
    let found: Vec<(&str, &str)> = document["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["state"].as_str().unwrap(), check["found"].as_str().unwrap()))
        .collect();
    assert!(found.contains(&("ok", "reader \"Software reader 1\": empty")), "{found:?}");
    assert!(found.contains(&("missing", "no reader holds a card that can be used")), "{found:?}");
    let broken = found.iter().find(|(_, text)| text.contains("broken.card")).unwrap();
    assert_eq!(broken.0, "missing", "{broken:?}");
    assert_eq!(check(&document, "cache")["state"], "warning");
}

#[test]
fn doctor_bad_configuration_and_dangling_registration_are_told() {
    let bench = Bench::new();
    bench.write("empty.conf", "[pkcs11]\nnum_slot = 4\n");
    let dangling = [("p11ctl.module", "module: /nonexistent/libp11ctl.so")];
    let run = doctor(&bench, "", &dangling, &["--card", "demo.card", "--json"]).expect(1);
    let document = run.document();
    let configuration = check(&document, "configuration");
    assert_eq!(configuration["state"], "missing");
    assert!(configuration["found"].as_str().unwrap().contains("num_slot"), "{configuration}");
    assert_eq!(check(&document, "registration")["state"], "missing");
}

#[test]
fn doctor_reader_that_scdaemon_keeps_is_told_with_its_name() {
    let (mut rig, bench) = (Rig::start(), Bench::new());
    rig.insert(0, softcard::open(&bench.path("demo.card")).unwrap());
    bench.write("empty.conf", "[readers]\nbusy_timeout = 1\n");
    // Another program that keeps the card for itself, under the name of GnuPG's.
    let keeper = bench.path("scdaemon");
    std::fs::copy(PROGRAM, &keeper).unwrap();
    bench.write("exclusive.conf", "[readers]\nexclusive = true\n");
    let mut command = rig.command("env");
    command.args(["-C", &bench.path("").to_string_lossy()]).arg(&keeper);
    command.args(["--config", "exclusive.conf", "sign", "--slot", "0", "--pin", "file:pin", "-"]);
    bench.write("pin", "11111111\n");
    let mut holder = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let ask = |rig: &Rig| -> String {
        let mut command = rig.command("env");
        command.args(["-C", &bench.path("").to_string_lossy()]).arg(PROGRAM);
        let output = command.args(["--config", "empty.conf", "doctor"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = (0..20).any(|_| {
        let text = ask(&rig);
        text.contains(&format!("scdaemon (process {}) may hold it: gpgconf --kill scdaemon", holder.id()))
    });
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(told, "{}", ask(&rig));
    let text = ask(&rig);
    assert!(text.contains("ok       PC/SC service: runs and serves this user"), "{text}");
    assert!(text.contains("driver MyEID"), "{text}");
}

#[test]
fn make_install_places_module_and_registration() {
    let bench = Bench::empty();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The makefile installs what a release build left: a folder that looks like one does.
    let tree = bench.path("tree");
    for folder in ["target/release", "man", "completions"] {
        std::fs::create_dir_all(tree.join(folder)).unwrap();
    }
    let module = module();
    let built = module.strip_prefix("module: ").unwrap();
    std::fs::copy(built, tree.join("target/release/libp11ctl.so")).unwrap();
    std::fs::copy(PROGRAM, tree.join("target/release/p11ctl")).unwrap();
    let whole = ["Makefile", "opensc.conf", "p11ctl.module.in", "man/p11ctl.1"];
    let completions = ["completions/p11ctl.bash", "completions/_p11ctl", "completions/p11ctl.fish"];
    for file in whole.iter().chain(&completions) {
        std::fs::copy(sources.join(file), tree.join(file)).unwrap();
    }
    let destination = bench.path("root").display().to_string();
    let make =
        ["-s", "-C", &tree.to_string_lossy(), "install", "PREFIX=/usr", &format!("DESTDIR={destination}")]
            .map(str::to_owned);
    bench.tool("make", &make.iter().map(String::as_str).collect::<Vec<_>>());
    let text = String::from_utf8(bench.read("root/etc/pkcs11/modules/p11ctl.module")).unwrap();
    assert!(text.contains("\nmodule: /usr/lib/pkcs11/libp11ctl.so\n"), "{text}");
    assert!(bench.path("root/usr/lib/pkcs11/libp11ctl.so").exists());
    assert!(bench.path("root/usr/bin/p11ctl").exists());
}

const FOLDER: &str = "/usr/share/p11-kit/modules";
