//! The module on an OpenPGP card, used by OpenSC's tool: what its officer does.

use std::fs;

use p11ctl_cards::openpgp;

use crate::rig::{Output, Rig};
use crate::tools::{expect, module};

/// A card as it leaves the factory, and the module.
struct Desk {
    rig: Rig,
    module: String,
}

impl Desk {
    fn new() -> Self {
        let mut rig = Rig::start();
        rig.insert(0, openpgp::card(31));
        fs::write(rig.folder().join("data"), b"message").unwrap();
        Self { rig, module: module() }
    }

    fn run(&self, line: &str) -> Output {
        let rest = line.split(' ').filter(|word| !word.is_empty());
        let words: Vec<&str> = ["--module", self.module.as_str()].into_iter().chain(rest).collect();
        self.rig.run("pkcs11-tool", &words)
    }

    fn tool(&self, line: &str) -> Output {
        let output = self.run(line);
        assert!(output.success, "{output}\n{}", self.rig.log_tail());
        output
    }

    /// As the security officer, who has the Admin PIN.
    fn officer(&self, line: &str) -> Output {
        self.tool(&format!("--login --login-type so --so-pin 12345678 {line}"))
    }

    fn user(&self, line: &str) -> Output {
        self.tool(&format!("--login --pin 123456 {line}"))
    }

    fn openssl(&self, line: &str) {
        self.rig.expect("openssl", &line.split(' ').collect::<Vec<_>>());
    }
}

#[test]
fn keys_are_generated_and_imported_and_a_certificate_written_and_deleted() {
    let desk = Desk::new();
    desk.officer("--slot 1 --keypairgen --key-type EC:prime256v1 --id 01");
    desk.tool("--slot 1 --read-object --type pubkey --id 01 --output-file sig.der");
    desk.openssl("pkey -pubin -inform DER -in sig.der -out sig.pem");
    desk.user(
        "--slot 1 --sign --mechanism ECDSA-SHA256 --signature-format openssl --id 01 -i data -o data.sig",
    );
    desk.openssl("dgst -sha256 -verify sig.pem -signature data.sig data");

    desk.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out dec.key");
    desk.openssl("pkey -inform DER -in dec.key -pubout -out dec.pem");
    desk.officer("--slot 0 --write-object dec.key --type privkey --id 02");
    desk.openssl("pkeyutl -encrypt -pubin -inkey dec.pem -in data -out data.enc");
    desk.user("--slot 0 --decrypt --mechanism RSA-PKCS --id 02 -i data.enc -o plain");
    assert_eq!(fs::read(desk.rig.folder().join("plain")).unwrap(), b"message");
    let listed = desk.user("--slot 0 -O").stdout;
    assert!(listed.contains("Encryption key") && !listed.contains("Signature key"), "{listed}");

    desk.openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout x.key -subj /CN=anna -days 30 -outform DER -out x.der",
    );
    desk.officer("--slot 0 --write-object x.der --type cert --id 02");
    desk.tool("--slot 0 --read-object --type cert --id 02 --output-file read.der");
    desk.rig.expect("cmp", &["x.der", "read.der"]);
    desk.officer("--slot 0 --delete-object --type cert --id 02");
    assert!(!desk.run("--slot 0 --read-object --type cert --id 02 --output-file gone.der").success);
}

#[test]
fn locked_pin_is_set_anew_by_the_officer_and_a_wrong_officer_is_told() {
    let desk = Desk::new();
    for _ in 0..3 {
        assert!(!desk.run("--login --pin 000000 --slot 0 -O").success);
    }
    let locked = desk.run("--login --pin 123456 --slot 0 -O");
    assert!(!locked.success && locked.stderr.contains("CKR_PIN_LOCKED"), "{locked}");
    let generate = "--slot 1 --keypairgen --key-type EC:prime256v1 --id 01";
    let wrong = desk.run(&format!("--login --login-type so --so-pin 87654321 {generate}"));
    assert!(!wrong.success && wrong.stderr.contains("CKR_PIN_INCORRECT"), "{wrong}");
    desk.officer("--slot 0 --init-pin --new-pin 654321");
    desk.tool("--login --pin 654321 --slot 0 -O");
    desk.tool("--login --pin 654321 --slot 1 -O");
    desk.tool("--login --pin 654321 --slot 0 --change-pin --new-pin 123456");
    desk.user("--slot 1 -O");
}

#[test]
fn token_is_initialised_anew_unless_the_other_one_holds_a_key() {
    let desk = Desk::new();
    desk.officer("--slot 1 --keypairgen --key-type EC:prime256v1 --id 01");
    let refused = desk.run("--slot 0 --init-token --label x --so-pin 12345678");
    assert!(!refused.success && refused.stderr.contains("(0x200)"), "CKR_FUNCTION_REJECTED: {refused}");
    let wrong = desk.run("--slot 1 --init-token --label x --so-pin 87654321");
    assert!(!wrong.success && wrong.stderr.contains("CKR_PIN_INCORRECT"), "{wrong}");
    desk.user("--slot 1 --sign --mechanism ECDSA-SHA256 --id 01 -i data -o data.sig");
    desk.tool("--slot 1 --init-token --label Anna --so-pin 12345678");
    let found = expect(&desk.rig, &["find", "--slot", "0"]);
    assert!(!found.stdout.contains("Signature key"), "{found}");
    let read = [
        "--module",
        &desk.module,
        "--slot",
        "0",
        "--login",
        "--pin",
        "123456",
        "--read-object",
        "--type",
        "data",
    ];
    desk.rig.expect("pkcs11-tool", &[&read[..], &["--label", "Cardholder name", "-o", "name"]].concat());
    assert_eq!(fs::read(desk.rig.folder().join("name")).unwrap(), b"Anna");
}
