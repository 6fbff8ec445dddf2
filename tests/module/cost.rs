//! What the module costs a card, counted by pcscd: nothing before a token is asked for, and up to the first signature of
//! a login by ssh at most half of what OpenSC's module costs on the same card.

use crate::bench::{Bench, PINS, Put, module};
use crate::common::rig::Apdu;
use crate::shell::Shell;
use crate::ssh::{Running, serve, ssh};

const OPENSC: &str = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so";

// A.10#11
#[test]
fn initialize_and_both_lists_send_nothing_to_any_card() {
    let mut bench = Bench::pcsc([Put::Founding, Put::Founding]);
    let mark = bench.rig().mark();
    let mut shell = Shell::initialized(&bench);
    assert_eq!(shell.ask("slots"), "0 1 2 3 4 5 6 7");
    assert_eq!(shell.ask("tokens"), "0 1 2 3 4 5 6 7");
    assert_eq!(shell.ask("events"), "");
    assert_eq!(bench.rig().apdus_since(mark), []);
    // The card of the token that is asked for, and no other: that one has another serial number to tell.
    assert_eq!(shell.ask("token 0"), "p11ctl example (PIN 1)");
    let one = bench.rig().apdus_since(mark).len();
    assert!(one > 0);
    assert_eq!(shell.ask("token 1"), "p11ctl example (PIN 2)");
    let both = bench.rig().apdus_since(mark).len();
    // The second token of a card that is known: at most its counters are asked for.
    assert!(both - one <= 2, "{one} and {both}");
    shell.end();
}

/// The commands up to the first signature.
fn first_signature(apdus: &[Apdu]) -> usize {
    // PERFORM SECURITY OPERATION, ISO 7816-8, 11.2.
    let signed = apdus.iter().position(|apdu| apdu.command.get(1) == Some(&0x2A));
    signed.expect("a signature by the card") + 1
}

#[test]
fn first_signature_of_an_ssh_login_costs_at_most_half_of_what_it_costs_with_opensc() {
    let mut bench = Bench::pcsc([Put::Founding, Put::Nothing]);
    let keys = bench.expect("ssh-keygen", &["-D", &module()]);
    let key = keys.lines().find(|line| line.ends_with("key 1")).expect("the key of PIN 1").to_owned();
    let mut running = Running(Vec::new());
    let port = serve(&bench, &mut running, &format!("{key}\n"));
    // The bench keeps no cache; the built-in configuration, as OpenSC's is for it, does.
    bench.configure("");
    let [cold, warm, opensc] = [module().as_str(), module().as_str(), OPENSC].map(|provider| {
        let mark = bench.rig().mark();
        let mut ssh = ssh(&bench, port, PINS[0]);
        if provider == OPENSC {
            ssh.env_remove("OPENSC_CONF");
        }
        ssh.args(["-o", &format!("PKCS11Provider={provider}"), "-o", "IdentityAgent=none"]);
        let told = bench.complete(ssh.args(["root@127.0.0.1", "echo", "logged-in"]));
        assert!(told.contains("logged-in"), "{provider}: {told}");
        first_signature(&bench.rig().apdus_since(mark))
    });
    println!("first signature of an ssh login: {cold} APDUs, {warm} by the cache, {opensc} with OpenSC");
    assert!(warm * 2 <= opensc, "{warm} and {opensc}");
    assert!(cold * 2 <= opensc, "{cold} and {opensc}");
}
