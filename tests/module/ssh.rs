//! OpenSSH: keys of the card listed, in the agent, and a login to a server of its own.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{Bench, PINS, module};

/// Programs that are stopped at the end.
pub struct Running(pub Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Running {
    /// Started, and silent.
    pub fn start(&mut self, command: &mut Command) {
        self.0.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }
}

/// Gives ssh the PIN.
fn ask_pass(bench: &Bench, pin: &str) -> PathBuf {
    let path = bench.path(&format!("askpass-{pin}"));
    fs::write(&path, format!("#!/bin/sh\necho {pin}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    path
}

/// A server in the bench's network that takes the keys of `authorized`; its port.
pub fn serve(bench: &Bench, running: &mut Running, authorized: &str) -> u16 {
    // Over pcscd the network is the rig's own, where every port is free; else this is one that was free just now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    bench.write("authorized", authorized.as_bytes());
    if !bench.path("host").exists() {
        bench.expect("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "host"]);
    }
    let folder = bench.folder().display();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n\
         PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         PermitRootLogin yes\nMaxAuthTries 20\n"
    );
    bench.write("sshd_config", config.as_bytes());
    // sshd wants this folder; in a rig /run is its own.
    bench.expect("mkdir", &["-p", "/run/sshd"]);
    let config = bench.path("sshd_config");
    running.start(bench.command("/usr/sbin/sshd").args(["-D", "-e", "-f"]).arg(config));
    let started = Instant::now();
    let key_scan = ["-p", &port.to_string(), "127.0.0.1"];
    while !bench.run("ssh-keyscan", &key_scan).1.contains("ssh-ed25519") {
        assert!(started.elapsed() < Duration::from_secs(10), "sshd does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    port
}

/// A login that prints a word.
pub fn ssh(bench: &Bench, port: u16, pin: &str) -> Command {
    let mut ssh = bench.command("ssh");
    let known = format!("UserKnownHostsFile={}", bench.path("known").display());
    ssh.args(["-F", "none", "-p", &port.to_string(), "-o", "StrictHostKeyChecking=no", "-o", &known]);
    ssh.args(["-o", "PreferredAuthentications=publickey", "-o", "NumberOfPasswordPrompts=1"]);
    ssh.env("SSH_ASKPASS", ask_pass(bench, pin)).env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", ":0");
    ssh
}

#[test]
fn ssh_keygen_lists_the_keys_of_every_token() {
    Bench::each(|bench| {
        let told = bench.expect("ssh-keygen", &["-D", &module()]);
        assert!(told.contains("ssh-rsa ") && told.contains("ecdsa-sha2-nistp256 "), "{told}");
    });
}

#[test]
fn ssh_logs_in_with_a_key_on_the_card() {
    Bench::each(|bench| {
        let keys = bench.expect("ssh-keygen", &["-D", &module()]);
        let mut running = Running(Vec::new());
        let before = String::from_utf8(bench.read("module.toml")).unwrap();
        for (pin, label) in ["key 1", "key 2"].iter().enumerate() {
            let key = keys.lines().find(|line| line.ends_with(label)).expect("the key of this PIN");
            let port = serve(bench, &mut running, &format!("{key}\n"));
            // ssh would give the one PIN that it has to every token.
            bench.configure(&format!(
                "{before}[application.ssh]\ncreate_slots_for_pins = [\"#{}\"]\n",
                pin + 1
            ));
            let mut ssh = ssh(bench, port, PINS[pin]);
            ssh.args(["-o", &format!("PKCS11Provider={}", module()), "-o", "IdentityAgent=none"]);
            let told = bench.complete(ssh.args(["root@127.0.0.1", "echo", "logged-in"]));
            assert!(told.contains("logged-in"), "{label}: {told}");
        }
    });
}

#[test]
fn ssh_agent_takes_the_keys_and_logs_in_with_them() {
    Bench::each(|bench| {
        let mut running = Running(Vec::new());
        let socket = bench.path("agent");
        running.start(bench.command("ssh-agent").args(["-D", "-P", "/*", "-a"]).arg(&socket));
        let started = Instant::now();
        while !socket.exists() {
            assert!(started.elapsed() < Duration::from_secs(5), "ssh-agent does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        bench.configure_also("[application.ssh-pkcs11-helper]\ncreate_slots_for_pins = [\"PIN 1\"]\n");
        let agent = |program: &str| {
            let mut command = bench.command(program);
            command.env("SSH_AUTH_SOCK", &socket);
            command
                .env("SSH_ASKPASS", ask_pass(bench, PINS[0]))
                .env("SSH_ASKPASS_REQUIRE", "force")
                .env("DISPLAY", ":0");
            command
        };
        bench.complete(agent("ssh-add").args(["-s", &module()]));
        let keys = bench.complete(agent("ssh-add").arg("-L"));
        let key = keys.lines().find(|line| line.starts_with("ssh-rsa")).expect("the card's key");
        let port = serve(bench, &mut running, &format!("{key}\n"));
        for _ in 0..2 {
            let mut ssh = ssh(bench, port, "none");
            let told = bench.complete(ssh.env("SSH_AUTH_SOCK", &socket).args([
                "root@127.0.0.1",
                "echo",
                "logged-in",
            ]));
            assert!(told.contains("logged-in"), "{told}");
        }
        bench.complete(agent("ssh-add").args(["-e", &module()]));
        assert!(!bench.complete(agent("sh").args(["-c", "ssh-add -L || true"])).contains("ssh-rsa"));
    });
}
