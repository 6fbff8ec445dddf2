//! GnuTLS: p11tool, and p11-kit's server and client, by which one card serves another machine.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::bench::{Bench, PINS, Put, SO_PIN, module};
use crate::ssh::{Running, serve, ssh};

impl Bench {
    /// Runs p11tool as the user of PIN 1.
    #[track_caller]
    fn p11tool(&self, arguments: &[&str]) -> String {
        let pin = format!("--set-pin={}", PINS[0]);
        let fixed = ["--provider", &module(), "--batch", "--login", &pin];
        self.expect("p11tool", &[&fixed[..], arguments].concat())
    }

    /// The URI of the token with this label.
    fn token_uri(&self, label: &str) -> String {
        let listed = self.expect("p11tool", &["--provider", &module(), "--list-token-urls"]);
        let label = format!("token={label}");
        let uri = listed.lines().find(|uri| uri.ends_with(&label));
        uri.unwrap_or_else(|| panic!("no {label} in {listed}")).to_owned()
    }
}

const TOKEN_1: &str = "p11ctl%20example%20%28PIN%201%29";

#[test]
fn p11tool_lists_tokens_and_objects_and_exports_the_chain() {
    Bench::each(|bench| {
        let tokens = bench.expect("p11tool", &["--provider", &module(), "--list-tokens"]);
        assert_eq!(tokens.matches("Flags: RNG, Requires login").count(), 2, "{tokens}");
        let uri = bench.token_uri(TOKEN_1);
        let objects = bench.p11tool(&["--list-all", &uri]);
        assert!(objects.contains("Type: Private key (RSA-2048)"), "{objects}");
        assert_eq!(objects.matches("Type: X.509 Certificate").count(), 3, "{objects}");
        let chain = bench.p11tool(&["--export-chain", &format!("{uri};id=%01;type=cert")]);
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 3, "{chain}");
    });
}

#[test]
fn p11tool_generates_writes_signs_and_deletes() {
    Bench::each(|bench| {
        let uri = bench.token_uri(TOKEN_1);
        bench.p11tool(&[
            "--generate-privkey=ecdsa",
            "--curve",
            "secp256r1",
            "--label",
            "made",
            "--id",
            "55",
            &uri,
        ]);
        let sign = |id: &str| {
            let told = bench.p11tool(&["--test-sign", &format!("{uri};id=%{id};type=private")]);
            assert_eq!(told.matches("... ok").count(), 3, "{told}");
        };
        sign("01");
        sign("55");
        bench.expect(
            "openssl",
            &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key"],
        );
        bench.expect(
            "openssl",
            &["req", "-x509", "-new", "-key", "key", "-subj", "/CN=Given", "-out", "given"],
        );
        bench.p11tool(&["--write", "--load-privkey", "key", "--label", "given", "--id", "57", &uri]);
        bench.p11tool(&["--write", "--load-certificate", "given", "--label", "given", "--id", "57", &uri]);
        sign("57");
        let exported = bench.p11tool(&["--export", &format!("{uri};id=%57;type=cert")]);
        assert!(exported.contains(std::str::from_utf8(&bench.read("given")).unwrap().trim()), "{exported}");
        let told = bench.p11tool(&["--delete", &format!("{uri};id=%57;type=cert")]);
        assert!(told.contains("1 objects deleted"), "{told}");
    });
}

#[test]
fn p11tool_initializes_a_token_and_sets_its_pin() {
    for bench in [Bench::software([Put::Blank, Put::Nothing]), Bench::pcsc([Put::Blank, Put::Nothing])] {
        let so_pin = format!("--set-so-pin={SO_PIN}");
        let fixed = ["--provider", &module(), "--batch", &so_pin];
        let uris = bench.expect("p11tool", &["--provider", &module(), "--list-token-urls"]);
        let blank = uris.lines().find(|line| line.starts_with("pkcs11:")).expect("the blank token");
        bench.expect("p11tool", &[&fixed[..], &["--initialize", "--label=gnutls", blank]].concat());
        let uri = bench.token_uri("gnutls");
        let pin = ["--so-login", "--set-pin=33333333", "--initialize-pin", &uri];
        bench.expect("p11tool", &[&fixed[..], &pin].concat());
        bench.token_uri("gnutls%20%28PIN%201%29");
    }
}

/// Carries a socket through a server of ssh to another place; the word of this is in the README.
fn forward(bench: &Bench, running: &mut Running, from: &Path, to: &Path) {
    bench.expect("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "traveller"]);
    let public = String::from_utf8(bench.read("traveller.pub")).unwrap();
    let port = serve(bench, running, &public);
    let mut ssh = ssh(bench, port, "none");
    let carried = format!("{}:{}", to.display(), from.display());
    ssh.arg("-i").arg(bench.path("traveller")).args(["-N", "-R", &carried, "root@127.0.0.1"]);
    running.start(&mut ssh);
    wait_for(to);
}

fn wait_for(socket: &Path) {
    let started = Instant::now();
    while !socket.exists() {
        assert!(started.elapsed() < Duration::from_secs(10), "nobody listens at {}", socket.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

// I.14: p11-kit takes the newest interface that it knows.
#[test]
fn p11_kit_serves_one_token_over_a_socket_that_ssh_carries() {
    Bench::each(|bench| {
        let mut running = Running(Vec::new());
        let socket = bench.path("socket");
        let mut command = bench.command("p11-kit");
        command.args(["server", "--foreground", "--provider", &module(), "-n"]).arg(&socket);
        running.start(command.arg(format!("pkcs11:token={TOKEN_1}")));
        wait_for(&socket);
        let there = bench.path("carried");
        forward(bench, &mut running, &socket, &there);
        bench.write("data", b"what is signed");
        let client = |arguments: &[&str]| {
            let mut command = bench.command("pkcs11-tool");
            command.env("P11_KIT_SERVER_ADDRESS", format!("unix:path={}", there.display()));
            command.env_remove("OPENSC_CONF").args(["--module", CLIENT]).args(arguments);
            bench.complete(&mut command)
        };
        let slots = client(&["-L"]);
        assert!(slots.contains("(PIN 1)") && !slots.contains("(PIN 2)"), "{slots}");
        let sign = ["--sign", "--mechanism", "SHA256-RSA-PKCS", "-i", "data", "-o", "signature"];
        client(&[&["--login", "--pin", PINS[0]], &sign[..]].concat());
        client(&["--read-object", "--type", "pubkey", "--id", "01", "-o", "key"]);
        let verify =
            ["dgst", "-sha256", "-verify", "key", "-keyform", "DER", "-signature", "signature", "data"];
        bench.expect("openssl", &verify);
    });
}

const CLIENT: &str = "/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so";
