//! What the configuration lets one program see and do: `[application.NAME]`. The program is the C client `shell`, by its
//! file name.

use crate::bench::{Bench, PINS, Put};
use crate::shell::Shell;

/// The client with these settings for it, and others for everybody else.
fn shell(bench: &Bench, settings: &str) -> Shell {
    bench.configure_also(&format!(
        "[application.module-shell]\n{settings}\n[application.other]\nread_only = true\n"
    ));
    Shell::initialized(bench)
}

fn founding() -> Bench {
    Bench::software([Put::Founding, Put::Founding])
}

#[test]
fn application_sees_the_readers_that_it_names() {
    let bench = founding();
    let mut shell = self::shell(&bench, "readers = [\"tw\"]");
    assert_eq!(shell.ask("slots"), "0 1 2 3");
    shell.end();
    let mut bench = Bench::pcsc([Put::Founding, Put::Founding]);
    let mut shell = self::shell(&bench, "readers = [\"00 01\"]");
    assert_eq!(shell.ask("slots"), "0 1 2 3");
    // The other one is not seen later either.
    let card = bench.rig().remove(0);
    bench.rig().insert_boxed(0, card);
    assert_eq!(shell.ask("events"), "");
    assert_eq!(shell.ask("slots"), "0 1 2 3");
    shell.end();
}

#[test]
fn application_sees_the_pins_that_it_names_and_no_empty_tokens() {
    let bench = founding();
    let mut shell = self::shell(&bench, "create_slots_for_pins = [\"PIN 2\"]\nhide_empty_tokens = true");
    assert_eq!(shell.ask("token 0"), "p11ctl example (PIN 2)");
    assert_eq!(shell.ask("tokens"), "0 1 4 5");
    assert_eq!(shell.ask("slots"), "0 1 2 3 4 5 6 7");
    shell.end();
}

#[test]
fn application_sees_the_objects_that_it_names() {
    let bench = founding();
    let mut shell = self::shell(&bench, "visible_objects = [\"public-key\", \"certificate\"]");
    let session = shell.log_in(0, PINS[0]);
    assert_eq!(shell.ask(&format!("key {session}")), "0");
    assert_eq!(shell.ask(&format!("certificates {session}")), "3");
    shell.end();
    let bench = founding();
    let mut shell = self::shell(&bench, "visible_objects = [\"private-key\"]");
    let session = shell.log_in(0, PINS[0]);
    let key = shell.ask(&format!("key {session}"));
    assert_eq!(shell.ask(&format!("sign {session} {key}")), "0x0");
    assert_eq!(shell.ask(&format!("certificates {session}")), "0");
    shell.end();
}

#[test]
fn application_that_may_not_write_gets_no_session_for_it() {
    let bench = founding();
    let mut shell = self::shell(&bench, "read_only = true");
    // CKR_TOKEN_WRITE_PROTECTED
    assert_eq!(shell.ask("open 0"), "0xe2");
    let session = shell.ask("open 0 reading");
    assert_eq!(shell.ask(&format!("login {session} {}", PINS[0])), "0x0");
    let key = shell.ask(&format!("key {session}"));
    assert_eq!(shell.ask(&format!("sign {session} {key}")), "0x0");
    shell.end();
}

/// Logs in; another program resets the card; what becomes of a signature then.
fn signature_after_a_reset(settings: &str) -> String {
    let bench = Bench::pcsc([Put::Founding, Put::Nothing]);
    let mut shell = shell(&bench, settings);
    let session = shell.log_in(0, PINS[0]);
    let key = shell.ask(&format!("key {session}"));
    assert_eq!(shell.ask(&format!("sign {session} {key}")), "0x0");
    bench.expect("opensc-tool", &["--reader", "0", "--reset"]);
    let answer = shell.ask(&format!("sign {session} {key}"));
    shell.end();
    answer
}

#[test]
fn pin_is_kept_only_where_the_configuration_says_so() {
    // CKR_USER_NOT_LOGGED_IN
    assert_eq!(signature_after_a_reset("pin_cache = false"), "0x101");
    assert_eq!(signature_after_a_reset("pin_cache = true"), "0x0");
}
