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
fn pkcs11_tool_signs_with_pss_and_decrypts_oaep_through_the_module() {
    let client = Client::new(Desk::new(ExampleKind::Separate));
    let folder = client.desk.folder.path();
    let openssl = |line: &str| {
        let output =
            Command::new("openssl").args(line.split_whitespace()).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    client.write("data", b"what is signed");
    let id = listed_id(&client.expect(&["--slot", "0", "-O", "--type", "pubkey"]));
    client.expect(&["--slot", "0", "--read-object", "--type", "pubkey", "--id", &id, "-o", "key.der"]);
    let with_key = |arguments: &[&str]| {
        let fixed = ["--slot", "0", "--login", "--pin", PINS[0], "--id", &id];
        client.expect(&[fixed.as_slice(), arguments].concat())
    };
    for (mechanism, hash) in [("SHA256-RSA-PKCS-PSS", "sha256"), ("SHA1-RSA-PKCS-PSS", "sha1")] {
        with_key(&["--sign", "--mechanism", mechanism, "-i", "data", "-o", "sig"]);
        openssl(&format!(
            "dgst -{hash} -verify key.der -keyform DER -sigopt rsa_padding_mode:pss \
             -sigopt rsa_pss_saltlen:digest -signature sig data"
        ));
    }
    openssl("dgst -sha384 -binary -out digest data");
    let plain = ["--mechanism", "RSA-PKCS-PSS", "--hash-algorithm", "SHA384", "--mgf", "MGF1-SHA256"];
    let salted = [plain.as_slice(), &["--salt-len", "11"]].concat();
    with_key(&[&["--sign", "-i", "digest", "-o", "sig"], salted.as_slice()].concat());
    openssl(
        "pkeyutl -verify -pubin -keyform DER -inkey key.der -in digest -sigfile sig -pkeyopt rsa_padding_mode:pss \
         -pkeyopt digest:sha384 -pkeyopt rsa_mgf1_md:sha256 -pkeyopt rsa_pss_saltlen:11",
    );
    openssl(
        "pkeyutl -encrypt -pubin -keyform DER -inkey key.der -in data -out enc -pkeyopt rsa_padding_mode:oaep \
         -pkeyopt rsa_oaep_md:sha256",
    );
    let oaep = ["--mechanism", "RSA-PKCS-OAEP", "--hash-algorithm", "SHA256", "--mgf", "MGF1-SHA256"];
    with_key(&[&["--decrypt", "-i", "enc", "-o", "plain"], oaep.as_slice()].concat());
    assert_eq!(fs::read(folder.join("plain")).unwrap(), b"what is signed");
}

/// The first id in a listing.
fn listed_id(listing: &str) -> String {
    let id = listing.lines().find_map(|line| line.trim().strip_prefix("ID:"));
    id.unwrap_or_else(|| panic!("no id in: {listing}")).trim().to_owned()
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
