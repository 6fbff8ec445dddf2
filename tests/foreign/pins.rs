//! PINs through a module: the same rules as on p11ctl's own cards.

use crate::bench::Bench;

#[test]
fn login_wrong_pin_is_exit_four_with_the_return_value() {
    let bench = Bench::with_token();
    bench.ok(&["login", "--pin", "env:PIN"]);
    let run = bench.run(&["-v", "login", "--pin", "env:WRONG"]).expect(4);
    run.says("PIN incorrect for \"User PIN\" in slot ").says("(CKR_PIN_INCORRECT)");
    bench.run(&["login", "--pin", "env:EMPTY"]).expect(4).says("an empty PIN is never sent");
    bench.run(&["login", "--pin", "1234"]).expect(2).says("every user of this machine can read");
    bench.run(&["login"]).expect(4).says("there is no terminal to ask on");
}

#[test]
fn pin_is_sent_once_although_keys_show_only_after_login() {
    let bench = Bench::with_token();
    bench.write("document", "what is signed\n");
    bench.ok(&["key", "generate", "--type", "ec:p256", "--label", "key", "--pin", "env:PIN"]);
    let run = bench.run(&["sign", "--key", "key", "--pin", "env:WRONG", "document"]).expect(4);
    assert_eq!(run.stderr.matches("PIN incorrect").count(), 1, "{}", run.stderr);
    // One line of a pipe is one PIN: a second question would find nothing.
    let mut command = bench.command(&["sign", "--key", "key", "--pin", "stdin", "document"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"1234\n").unwrap();
    assert!(child.wait().unwrap().success());
    let none = bench.run(&["sign", "--key", "no such key", "--pin", "env:PIN", "document"]).expect(3);
    none.says("there is no private key \"no such key\"").says("key \"key\", id 01, ec:p256, token \"HSM\"");
}

#[test]
fn pins_are_changed_reset_and_lengths_refused() {
    let bench = Bench::with_token();
    bench.ok(&["pin", "change", "--pin", "env:PIN", "--new-pin", "env:NEW"]);
    bench.run(&["login", "--pin", "env:PIN"]).expect(4);
    bench.ok(&["login", "--pin", "env:NEW"]);
    bench.ok(&["pin", "unblock", "--so-pin", "env:SO_PIN", "--new-pin", "env:PIN"]);
    bench.ok(&["login", "--pin", "env:PIN"]);
    bench.write("short", "1\n");
    let short = ["pin", "change", "--pin", "env:PIN", "--new-pin", "file:short"];
    bench.run(&short).expect(4).says("has 4 to 255 characters; nothing was sent");
    let puk = ["pin", "unblock", "--puk", "env:NEW", "--new-pin", "env:PIN"];
    bench.run(&puk).expect(1).says("a PUK");
    let label =
        ["pin", "init", "--token", "HSM", "--label", "x", "--so-pin", "env:SO_PIN", "--new-pin", "env:NEW"];
    bench.run(&label).expect(2).says("--label");
    let status = bench.json(&["pin", "status", "--token", "HSM"]);
    assert!(status.to_string().contains("User PIN"), "{status}");
}

#[test]
fn token_init_asks_for_its_so_pin_and_names_what_is_lost() {
    let bench = Bench::with_token();
    let again = ["token", "init", "--token", "HSM", "--label", "NEW", "--so-pin", "env:WRONG"];
    bench.run(&again).expect(2).says("--yes");
    bench.run(&[&again[..], &["--yes"]].concat()).expect(4);
    let right = ["token", "init", "--token", "HSM", "--label", "NEW", "--so-pin", "env:SO_PIN", "--yes"];
    bench.ok(&right).says("lost: tokens: \"HSM (User PIN)\"").says("put a PIN on it: p11ctl --module");
    let slots = bench.json(&["slots"]).to_string();
    assert!(slots.contains("\"NEW\"") && !slots.contains("\"HSM\""), "{slots}");
}

#[test]
fn module_and_card_exclude_each_other_and_a_file_that_is_none_is_told() {
    let bench = Bench::softhsm();
    bench.run(&["--card", "-", "slots"]).expect(2).says("--module and --card exclude each other");
    bench.run(&["card", "apdu", "00A40000"]).expect(2).says("not to a module");
    let run = |module: &str| {
        let mut command = std::process::Command::new(crate::bench::PROGRAM);
        bench.surround(&mut command);
        crate::bench::finish(command.args(["--module", module, "slots"]).output().unwrap())
    };
    run("/nonexistent.so").expect(2).says("no library that can be loaded");
    bench.write("text.so", "no library");
    run("./text.so").expect(2).says("no library that can be loaded");
    run("libm.so.6").expect(2).says("it has no C_GetFunctionList");
}
