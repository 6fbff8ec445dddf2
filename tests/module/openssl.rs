//! OpenSSL with the engine of libp11: the key on the card signs CMS, and is a TLS server's and a TLS client's.

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{Bench, PINS, module};

const KEY: &str = "pkcs11:token=p11ctl%20example%20(PIN%201);object=key%201;type=private";

/// The engine's configuration, and the certificates of the card as files.
fn prepare(bench: &Bench) {
    let engine = format!(
        "openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\nengine_id = pkcs11\n\
         MODULE_PATH = {}\nPIN = {}\ninit = 0\n",
        module(),
        PINS[0]
    );
    bench.write("engine.conf", engine.as_bytes());
    for (label, name) in [("certificate 1", "leaf"), ("issuing CA 1", "authority"), ("root 1", "root")] {
        let read = ["--slot", "0", "--read-object", "--type", "cert", "--label", label, "-o", "certificate"];
        bench.expect("pkcs11-tool", &[&["--module", &module()], &read[..]].concat());
        bench.expect(
            "openssl",
            &["x509", "-inform", "DER", "-in", "certificate", "-out", &format!("{name}.pem")],
        );
    }
}

fn with_engine(bench: &Bench, arguments: &str) -> std::process::Command {
    let mut command = bench.command("openssl");
    command.env("OPENSSL_CONF", bench.path("engine.conf")).args(arguments.split_whitespace());
    command
}

#[test]
fn openssl_signs_cms_with_the_key_on_the_card() {
    Bench::each(|bench| {
        prepare(bench);
        bench.write("text", b"some text\n");
        let sign = format!(
            "cms -sign -engine pkcs11 -keyform engine -inkey {KEY} -signer leaf.pem -certfile authority.pem -in text \
             -binary -nodetach -outform DER -out signed"
        );
        bench.complete(&mut with_engine(bench, &sign));
        let verify = "cms -verify -binary -inform DER -in signed -CAfile root.pem -purpose any -out verified";
        bench.expect("openssl", &verify.split_whitespace().collect::<Vec<_>>());
        assert_eq!(bench.read("verified"), b"some text\n");
    });
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn openssl_serves_and_asks_tls_with_the_key_on_the_card() {
    Bench::each(|bench| {
        prepare(bench);
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let identity = format!(
            "-engine pkcs11 -keyform engine -key {KEY} -cert leaf.pem -cert_chain authority.pem -CAfile root.pem"
        );
        let serve =
            format!("s_server {identity} -accept 127.0.0.1:{port} -Verify 3 -verify_return_error -www");
        let mut server = with_engine(bench, &serve);
        let _server = Server(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        for version in ["-tls1_2", "-tls1_3"] {
            let ask = format!(
                "s_client {version} {identity} -connect 127.0.0.1:{port} -verify_return_error -ign_eof"
            );
            let started = Instant::now();
            loop {
                let mut client = with_engine(bench, &ask);
                client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                let mut client = client.spawn().unwrap();
                // Where nobody listens yet it has ended already.
                let _ = client.stdin.take().unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n");
                let output = client.wait_with_output().unwrap();
                let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
                if told.contains("HTTP/1.0 200 ok") && told.contains("Verify return code: 0 (ok)") {
                    break;
                }
                assert!(started.elapsed() < Duration::from_secs(10), "{version}: {told}");
                std::thread::sleep(Duration::from_millis(200));
            }
        }
    });
}
