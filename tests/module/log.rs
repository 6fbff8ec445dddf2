//! The log of the module: nothing unless asked for, and no secret even then.

use std::os::unix::fs::PermissionsExt;

use crate::bench::{Bench, PINS, Put, c_client};
use crate::shell::Shell;

/// Logs in and signs; what the program printed to standard error.
fn use_the_card(mut shell: Shell) -> String {
    assert_eq!(shell.ask("initialize"), "0x0");
    let session = shell.log_in(0, PINS[0]);
    let key = shell.ask(&format!("key {session}"));
    assert_eq!(shell.ask(&format!("sign {session} {key}")), "0x0");
    shell.end()
}

/// The first PIN, as text and as an APDU would have it.
fn shows_the_pin(log: &str) -> bool {
    let hex: String = PINS[0].bytes().map(|byte| format!("{byte:02X}")).collect();
    log.contains(PINS[0]) || log.to_uppercase().replace(' ', "").contains(&hex)
}

#[test]
fn log_is_silent_unless_asked_for() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    assert_eq!(use_the_card(Shell::start(&bench)), "");
}

// A.9#8
#[test]
fn log_file_of_the_configuration_has_every_call_and_apdu_and_no_pin() {
    Bench::each(|bench| {
        bench.configure_also("[log]\nlevel = \"trace\"\nfile = \"module.log\"\n");
        assert_eq!(use_the_card(Shell::start(bench)), "");
        let log = String::from_utf8(bench.read("module.log")).unwrap();
        for told in ["begins", "C_Initialize = 0x0", "C_Login = 0x0", "C_Sign = 0x0", "p11ctl::apdu", "> 00"]
        {
            assert!(log.contains(told), "{told}: {log}");
        }
        assert!(!shows_the_pin(&log), "{log}");
        let mode = std::fs::metadata(bench.path("module.log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // It is appended to.
        use_the_card(Shell::start(bench));
        let more = String::from_utf8(bench.read("module.log")).unwrap();
        assert!(more.starts_with(&log) && more.len() > log.len());
    });
}

#[test]
fn log_of_the_environment_goes_to_standard_error() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    let log = |level: &str| {
        let mut command = bench.command(c_client("shell"));
        use_the_card(Shell::from(command.env("OPENSC_DEBUG", level)))
    };
    let calls = log("2");
    assert!(calls.contains("C_Login = 0x0") && !calls.contains("p11ctl::apdu"), "{calls}");
    let apdus = log("3");
    assert!(apdus.contains("p11ctl::apdu") && !shows_the_pin(&apdus), "{apdus}");
    assert_eq!(log("0"), "");
}

#[test]
fn log_file_that_cannot_be_written_is_told_and_done_without() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    bench.write("elsewhere", b"");
    std::os::unix::fs::symlink("elsewhere", bench.path("link")).unwrap();
    bench.configure_also("[log]\nlevel = \"trace\"\nfile = \"link\"\n");
    let told = use_the_card(Shell::start(&bench));
    assert!(told.contains("link: no log can be written"), "{told}");
    assert_eq!(bench.read("elsewhere"), b"");
}
