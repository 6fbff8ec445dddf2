//! The module as a foreign client uses it: OpenSC's pkcs11-tool puts a PIN on the empty token, and keys, certificate
//! and data behind it, and takes them off again. No reader and no service: the card is a software card.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use p11ctl::card::example::ExampleKind;
use p11ctl::crypto::Curve;
use p11ctl::crypto::{EcPrivateKey, PrivateKey};

use crate::desk::*;

/// A card behind the module, and pkcs11-tool in front of it.
struct Client {
    desk: Desk,
}

impl Client {
    fn new(desk: Desk) -> Self {
        let config = format!(
            "[readers]\npcsc = false\n[cache]\nenabled = false\n[[software_reader]]\nname = \"one\"\ncard = {:?}\n",
            desk.path()
        );
        fs::write(desk.folder.path().join("module.toml"), config).unwrap();
        Self { desk }
    }

    /// What the tool prints, whether it succeeds or not.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("pkcs11-tool")
            .arg("--module")
            .arg(module())
            .args(arguments)
            .env("OPENSC_CONF", self.desk.folder.path().join("module.toml"))
            .current_dir(self.desk.folder.path())
            .output()
            .unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&told).into_owned())
    }

    #[track_caller]
    fn expect(&self, arguments: &[&str]) -> String {
        let (success, told) = self.run(arguments);
        assert!(success, "pkcs11-tool {arguments:?}: {told}");
        told
    }

    /// As the holder of the new PIN, whose token is in slot 2.
    #[track_caller]
    fn holder(&self, arguments: &[&str]) -> String {
        self.expect(&[&["--slot", "2", "--login", "--pin", PIN_3], arguments].concat())
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], code: &str) {
        let (success, told) = self.run(arguments);
        assert!(!success && told.contains(code), "pkcs11-tool {arguments:?}: {told}");
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.desk.folder.path().join(name), bytes).unwrap();
    }

    fn verify(&self, key: &str) {
        let arguments = ["dgst", "-sha256", "-verify", key, "-signature", "sig", "data"];
        let output =
            Command::new("openssl").args(arguments).current_dir(self.desk.folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The module that was built with this test.
fn module() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let module = test.parent().unwrap().join("libp11ctl.so");
    assert!(module.exists(), "{} is not built", module.display());
    module
}

#[test]
fn pkcs11_tool_personalises_the_empty_token_through_the_module() {
    let client = Client::new(Desk::new(ExampleKind::Separate));
    let officer = ["--slot", "3", "--login", "--login-type", "so", "--so-pin", SO_PIN];
    client.expect(&[officer.as_slice(), &["--init-pin", "--new-pin", PIN_3]].concat());
    assert!(client.expect(&["-L"]).contains("p11ctl example (PIN 3)"));

    let made = client.holder(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "made"]);
    assert!(made.contains("Private Key Object; EC") && made.contains("local"), "{made}");
    let rsa = ["--keypairgen", "--key-type", "rsa:2048", "--label", "rsa", "--id", "33"];
    assert!(client.holder(&rsa).contains("Public Key Object; RSA 2048 bits"));
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    client.write("key.der", key.to_pkcs8_der().unwrap().expose());
    client.write("key.pem", key.public().to_spki_pem().as_bytes());
    client.write("leaf.der", &Authority::new().certify("CN=Holder 3", &key.public()));
    client.write("data", b"what is signed");
    client.holder(&["--write-object", "key.der", "--type", "privkey", "--label", "given", "--id", "44"]);
    client.holder(&["--write-object", "leaf.der", "--type", "cert", "--label", "leaf", "--id", "44"]);
    client.holder(&["--write-object", "data", "--type", "data", "--label", "note", "--private"]);
    let listed = client.holder(&["-O"]);
    for name in ["made", "rsa", "given", "leaf", "'note'"] {
        assert!(listed.contains(name), "{name}: {listed}");
    }
    let ecdsa = ["--sign", "--mechanism", "ECDSA-SHA256", "--signature-format", "openssl"];
    client.holder(&[ecdsa.as_slice(), &["--id", "44", "-i", "data", "-o", "sig"]].concat());
    client.verify("key.pem");

    client.holder(&["--delete-object", "--type", "cert", "--id", "44"]);
    client.holder(&["--set-id", "55", "--type", "privkey", "--id", "44"]);
    client.holder(&["--delete-object", "--type", "privkey", "--id", "33"]);
    client.holder(&["--change-pin", "--new-pin", "34343434"]);
    let listed = client.expect(&["--slot", "2", "--login", "--pin", "34343434", "-O"]);
    assert!(!listed.contains("leaf") && listed.contains("55"), "{listed}");
}

#[test]
fn pkcs11_tool_cannot_break_another_chain_nor_format_what_others_use() {
    let client = Client::new(Desk::new(ExampleKind::Shared));
    let listed = client.expect(&["--slot", "0", "-O", "--type", "cert"]);
    let of_authority = listed.split("Certificate Object").find(|part| part.contains("issuing CA")).unwrap();
    let id = of_authority.lines().find_map(|line| line.trim().strip_prefix("ID:")).unwrap().trim();
    for (slot, pin) in [("0", PINS[0]), ("1", PINS[1])] {
        let delete =
            ["--slot", slot, "--login", "--pin", pin, "--delete-object", "--type", "cert", "--id", id];
        client.refused(&delete, "0x1b");
    }
    client.refused(&["--slot", "3", "--init-token", "--label", "x", "--so-pin", SO_PIN], "0x200");
    let engine = client.desk.engine();
    assert!(chain(&engine, 0).1 && chain(&engine, 1).1);
}

#[test]
fn pkcs11_tool_formats_a_blank_card() {
    let client = Client::new(Desk::blank());
    client.expect(&["--slot", "0", "--init-token", "--label", "from outside", "--so-pin", SO_PIN]);
    let officer = ["--slot", "0", "--login", "--login-type", "so", "--so-pin", SO_PIN];
    client.expect(&[officer.as_slice(), &["--init-pin", "--new-pin", PIN_3]].concat());
    assert!(client.expect(&["-L"]).contains("from outside (PIN 1)"));
}
