//! Cards, readers and the service come and go while a program has the module loaded.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bench::{Bench, PINS, Put, c_client};
use crate::shell::Shell;

/// `CKS_RW_USER_FUNCTIONS`.
const LOGGED_IN: &str = "3";

// I.18, I.36, I.70, A.9#1, A.9#3
#[test]
fn pulled_card_takes_its_sessions_and_no_others() {
    let mut bench = Bench::pcsc([Put::Founding, Put::Founding]);
    let mut shell = Shell::initialized(&bench);
    let sessions: Vec<_> = (0..2).map(|slot| shell.log_in(slot, PINS[slot as usize])).collect();
    let other = shell.log_in(5, PINS[1]);
    let (key, other_key) = (shell.ask(&format!("key {}", sessions[0])), shell.ask(&format!("key {other}")));
    assert_eq!(shell.ask("events"), "");

    let card = bench.rig().remove(0);
    assert_eq!(shell.ask("events"), "0 1 2 3");
    assert_eq!(shell.ask("events"), "");
    assert_eq!(shell.ask("slots"), "0 1 2 3 4 5 6 7");
    assert_eq!(shell.ask("tokens"), "4 5 6 7");
    for session in &sessions {
        assert_eq!(shell.ask(&format!("state {session}")), "-1");
        assert_eq!(shell.ask(&format!("setpin {session}")), "0xb3");
        assert_eq!(shell.ask(&format!("close {session}")), "0xb3");
    }
    assert_eq!(shell.ask("token 0"), "0xe0");
    assert_eq!(shell.ask(&format!("state {other}")), LOGGED_IN);
    assert_eq!(shell.ask(&format!("sign {other} {other_key}")), "0x0");

    bench.rig().insert_boxed(0, card);
    assert_eq!(shell.ask("events"), "0 1 2 3");
    assert_eq!(shell.ask("token 0"), "p11ctl example (PIN 1)");
    assert_eq!(shell.ask(&format!("state {}", sessions[0])), "-1");
    let session = shell.ask("open 0");
    assert_eq!(shell.ask(&format!("state {session}")), "2");
    assert_eq!(shell.ask(&format!("sign {session} {key}")), "0x60");
    assert_eq!(shell.ask(&format!("login {session} {}", PINS[0])), "0x0");
    assert_ne!(shell.ask(&format!("key {session}")), key);
    assert_eq!(shell.ask(&format!("state {other}")), LOGGED_IN);
    shell.end();
}

#[test]
fn card_exchanged_while_nobody_looked_is_another_card() {
    let mut bench = Bench::pcsc([Put::Founding, Put::Nothing]);
    let mut shell = Shell::initialized(&bench);
    let session = shell.log_in(0, PINS[0]);
    let card = bench.rig().remove(0);
    bench.rig().insert_boxed(0, card);
    assert_eq!(shell.ask("events"), "0 1 2 3");
    assert_eq!(shell.ask(&format!("state {session}")), "-1");
    // The new one is not logged in, and what is asked of it is answered.
    let session = shell.ask("open 0");
    assert_eq!(shell.ask(&format!("state {session}")), "2");
    shell.end();
}

#[test]
fn blocked_wait_is_woken_by_a_card_at_once() {
    let mut bench = Bench::pcsc([Put::Founding, Put::Nothing]);
    let mut shell = Shell::initialized(&bench);
    shell.tell("wait");
    assert!(shell.is_silent_for(Duration::from_millis(1300)));
    let card = bench.rig().remove(0);
    assert_eq!(shell.answer(), "0");
    // Once for each of its slots.
    for slot in ["1", "2", "3"] {
        assert_eq!(shell.ask("wait"), slot);
    }
    shell.tell("wait");
    assert!(shell.is_silent_for(Duration::from_millis(200)));
    bench.rig().insert_boxed(0, card);
    assert_eq!(shell.answer(), "0");
    assert_eq!(shell.ask("events"), "1 2 3");
    shell.end();
}

// I.18
#[test]
fn service_and_readers_that_come_later_are_noticed() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    let config = format!(
        "[pkcs11]\nmax_virtual_slots = 0\nnum_slots = 2\n[cache]\nenabled = false\n\
         [[software_reader]]\nname = \"one\"\ncard = {:?}\n",
        bench.path("one.card")
    );
    bench.configure(&config);
    let mut service = Service::start(&bench);
    let mut shell = service.shell(&bench);
    assert_eq!(shell.ask("initialize"), "0x0");
    assert_eq!(shell.ask("slots"), "0 1");
    let session = shell.log_in(0, PINS[0]);
    service.tell(&format!("start {}", reader(&bench, "Virtual PCD")));
    shell.ask_until("slots", "0 1 2 3 4 5");
    assert_eq!(shell.ask("events"), "2 3 4 5");
    service.tell("stop");
    shell.ask_until("events", "2 3 4 5");
    assert_eq!(shell.ask("slots"), "0 1 2 3 4 5");
    assert_eq!(shell.ask("token 2"), "0xe0");
    // Another reader now: it comes behind, and the program is woken for it.
    shell.tell("wait");
    service.tell(&format!("start {}", reader(&bench, "Other")));
    assert_eq!(shell.answer(), "6");
    assert_eq!(shell.ask("events"), "7 8 9");
    assert_eq!(shell.ask("slots"), "0 1 2 3 4 5 6 7 8 9");
    service.tell("stop");
    shell.ask_until("events", "6 7 8 9");
    // The first one again: it has its slots back.
    service.tell(&format!("start {}", reader(&bench, "Virtual PCD")));
    shell.ask_until("events", "2 3 4 5");
    assert_eq!(shell.ask("slots"), "0 1 2 3 4 5 6 7 8 9");
    assert_eq!(shell.ask(&format!("state {session}")), LOGGED_IN);
    assert_eq!(shell.ask("finalize"), "0x0");
    shell.end();
}

/// A configuration of pcscd: two readers of this name.
fn reader(bench: &Bench, name: &str) -> String {
    let file = format!("{}.conf", name.replace(' ', "-"));
    let driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
    let entry =
        format!("FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH {driver}\nCHANNELID 0x8C7B\n");
    bench.write(&file, entry.as_bytes());
    bench.path(&file).to_str().unwrap().to_owned()
}

/// A place where pcscd can be started and stopped.
struct Service {
    shell: Child,
}

impl Service {
    fn start(bench: &Bench) -> Self {
        let mut command = Command::new("unshare");
        command
            // With the shell, the first process inside, all others end: it ends with its input, or with `unshare`.
            .args(["--mount", "--net", "--pid", "--kill-child", "--fork", "sh", "-ec", SERVICE])
            .current_dir(bench.folder());
        let shell =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("unshare (util-linux)");
        let mut service = Self { shell };
        service.wait();
        service
    }

    /// The client where this service is.
    fn shell(&self, bench: &Bench) -> Shell {
        // The shell is a child of unshare.
        let children = format!("/proc/{0}/task/{0}/children", self.shell.id());
        let children = std::fs::read_to_string(children).unwrap();
        let target = children.split_whitespace().next().expect("the shell inside");
        let mut command = Command::new("nsenter");
        command.args(["--target", target, "--mount", "--net"]).arg(c_client("shell"));
        command.env("OPENSC_CONF", bench.path("module.toml"));
        Shell::from(&mut command)
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.shell.stdin.as_mut().unwrap(), "{command}").unwrap();
        self.wait();
    }

    fn wait(&mut self) {
        let mut line = String::new();
        // One line is all that there is.
        BufReader::new(self.shell.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "done\n");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

const SERVICE: &str = "mount -t tmpfs tmpfs /run
mkdir -p /run/pcscd
ip link set lo up
echo done
while read -r word config; do
    case $word in
    start) pcscd --foreground --config \"$config\" >>pcscd.log 2>&1 & service=$! ;;
    stop) kill $service; wait $service || true ;;
    esac
    echo done
done";
