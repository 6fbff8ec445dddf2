//! OpenSC judges the software card: Debian's pkcs15-init personalises it through pcscd and vpcd, its other tools
//! use it, and OpenSSL checks what comes out. Everything runs with T=1 (MyEID) and with T=0 (OsEID).

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod common;

use common::rig::{Output, Rig};
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options, Profile};

const SO_PIN: &str = "00000000";
const SO_PUK: &str = "99999999";
const PIN_1: &str = "11111111";
const PUK_1: &str = "11112222";
const PIN_2: &str = "22222222";
const PUK_2: &str = "22223333";

/// A card in a reader of its own pcscd, and the tools that judge it.
struct Judge {
    rig: Rig,
}

impl Judge {
    /// A blank card.
    fn blank(profile: Profile) -> Self {
        let mut rig = Rig::start();
        let options = Options { profile, pin_cost: PinKeyCost::MINIMAL };
        let card = softcard::create(&rig.folder().join("card.img"), options).expect("a new card");
        rig.insert(0, card);
        Self { rig }
    }

    /// A card with the PKCS#15 structure and two user PINs, still in creation state.
    fn with_pins(profile: Profile) -> Self {
        let judge = Self::blank(profile);
        judge.init(&["--create-pkcs15", "--so-pin", SO_PIN, "--so-puk", SO_PUK]);
        for (id, label, pin, puk) in [("01", "PIN 1", PIN_1, PUK_1), ("02", "PIN 2", PIN_2, PUK_2)] {
            judge.init(&[
                "--store-pin",
                "--auth-id",
                id,
                "--label",
                label,
                "--pin",
                pin,
                "--puk",
                puk,
                "--so-pin",
                SO_PIN,
            ]);
        }
        judge
    }

    fn init(&self, arguments: &[&str]) -> Output {
        self.rig.expect("pkcs15-init", arguments)
    }

    fn generate(&self, key: &str, id: &str, (auth_id, pin): (&str, &str)) {
        let label = format!("Key {id}");
        let usage = if key.starts_with("rsa") { "sign,decrypt" } else { "digitalSignature,keyAgreement" };
        self.init(&[
            "--generate-key",
            key,
            "--id",
            id,
            "--label",
            &label,
            "--auth-id",
            auth_id,
            "--pin",
            pin,
            "--key-usage",
            usage,
        ]);
        let public_key = self.rig.expect("pkcs15-tool", &["--read-public-key", id]).stdout;
        std::fs::write(self.rig.folder().join(format!("{id}.pub")), public_key).expect("a public key file");
    }

    /// Takes the access rules into force.
    fn finalize(&self) {
        self.init(&["--finalize"]);
    }

    fn pkcs11(&self, slot: &str, pin: &str, arguments: &[&str]) -> Output {
        self.rig.run("pkcs11-tool", &[&["--slot", slot, "--login", "--pin", pin], arguments].concat())
    }

    /// Signs a file by pkcs11-tool and verifies the signature by openssl.
    fn sign(&self, (slot, pin): (&str, &str), id: &str, mechanism: &str, digest: &str) {
        self.write("data", b"what is signed");
        let sign =
            ["--sign", "--id", id, "--mechanism", mechanism, "--input-file", "data", "--output-file", "sig"];
        let format: &[&str] =
            if mechanism.starts_with("EC") { &["--signature-format", "openssl"] } else { &[] };
        let signed = self.pkcs11(slot, pin, &[&sign, format].concat());
        assert!(signed.success, "{signed}");
        let options: &[&str] =
            if mechanism.ends_with("PSS") { &["-sigopt", "rsa_padding_mode:pss"] } else { &[] };
        let key = format!("{id}.pub");
        let verify = [&["dgst", digest, "-verify", &key, "-signature", "sig"], options, &["data"]].concat();
        let verified = self.rig.expect("openssl", &verify);
        assert!(verified.stdout.contains("Verified OK"), "{mechanism}: {verified}");
    }

    /// Encrypts by openssl and decrypts by pkcs11-tool.
    fn decrypt(&self, (slot, pin): (&str, &str), id: &str, mechanism: &str) {
        self.write("plain", b"a secret message");
        let key = format!("{id}.pub");
        let (padding, options): (&[&str], &[&str]) = match mechanism {
            "RSA-PKCS-OAEP" => (
                &["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256"],
                &["--hash-algorithm", "SHA256", "--mgf", "MGF1-SHA256"],
            ),
            _ => (&[], &[]),
        };
        let encrypt = ["pkeyutl", "-encrypt", "-pubin", "-inkey", &key, "-in", "plain", "-out", "cryptogram"];
        self.rig.expect("openssl", &[&encrypt, padding].concat());
        let decrypt = [
            "--decrypt",
            "--id",
            id,
            "--mechanism",
            mechanism,
            "--input-file",
            "cryptogram",
            "--output-file",
            "decrypted",
        ];
        let decrypted = self.pkcs11(slot, pin, &[&decrypt, options].concat());
        assert!(decrypted.success, "{decrypted}");
        assert_eq!(self.read("decrypted"), b"a secret message", "{mechanism}");
    }

    /// Agrees on a secret by pkcs11-tool and by openssl.
    fn derive(&self, (slot, pin): (&str, &str), id: &str, curve: &str) {
        let key = format!("{id}.pub");
        self.rig.expect("openssl", &["ecparam", "-name", curve, "-genkey", "-noout", "-out", "peer.key"]);
        self.rig
            .expect("openssl", &["ec", "-in", "peer.key", "-pubout", "-outform", "DER", "-out", "peer.der"]);
        let derived = self.pkcs11(
            slot,
            pin,
            &[
                "--derive",
                "--id",
                id,
                "--mechanism",
                "ECDH1-DERIVE",
                "--input-file",
                "peer.der",
                "--output-file",
                "ours",
            ],
        );
        assert!(derived.success, "{derived}");
        self.rig.expect(
            "openssl",
            &["pkeyutl", "-derive", "-inkey", "peer.key", "-peerkey", &key, "-out", "theirs"],
        );
        assert_eq!(self.read("ours"), self.read("theirs"), "{curve}");
    }

    /// A self-signed certificate of `name` in `NAME.pem` with its key in `NAME.key`.
    fn certificate(&self, name: &str, new_key: &[&str]) {
        let (key, certificate, subject) =
            (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let request = ["req", "-x509", "-nodes", "-subj", &subject, "-keyout", &key, "-out", &certificate];
        self.rig.expect("openssl", &[&request, new_key].concat());
        let public = self.rig.expect("openssl", &["x509", "-in", &certificate, "-noout", "-pubkey"]);
        self.write(&format!("{name}.pub"), public.stdout.as_bytes());
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.rig.folder().join(name), bytes).expect("a file");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.rig.folder().join(name)).expect("a file")
    }

    fn verify_pin(&self, auth_id: &str, pin: &str) -> Output {
        self.rig.run("pkcs15-tool", &["--verify-pin", "--auth-id", auth_id, "--pin", pin])
    }
}

const FIRST: (&str, &str) = ("0", PIN_1);
const SECOND: (&str, &str) = ("1", PIN_2);

/// A card as an administrator makes it: a key and a certificate for each of two PINs.
fn personalised_card_works(profile: Profile) {
    let judge = Judge::with_pins(profile);
    judge.generate("rsa/2048", "01", ("01", PIN_1));
    judge.generate("ec/prime256v1", "02", ("02", PIN_2));
    judge.finalize();
    judge.certificate("leaf", &["-newkey", "rsa:2048"]);
    judge.init(&["--store-certificate", "leaf.pem", "--id", "01", "--auth-id", "01", "--pin", PIN_1]);

    let structure = judge.rig.expect("pkcs15-tool", &["-D"]).stdout;
    for wanted in
        ["PIN [PIN 1]", "PIN [PIN 2]", "Private RSA Key", "Private EC Key [Key 02]", "X.509 Certificate"]
    {
        assert!(structure.contains(wanted), "{wanted} is not in:\n{structure}");
    }
    let slots = judge.rig.expect("pkcs11-tool", &["-L"]).stdout;
    assert!(slots.contains("MyEID (PIN 1)") && slots.contains("MyEID (PIN 2)"), "{slots}");
    let objects = judge.pkcs11("0", PIN_1, &["-O"]);
    assert!(objects.stdout.contains("Private Key Object; RSA"), "{objects}");
    assert!(objects.stdout.contains("subject:    DN: CN=leaf"), "{objects}");

    judge.sign(FIRST, "01", "SHA256-RSA-PKCS", "-sha256");
    judge.sign(FIRST, "01", "SHA256-RSA-PKCS-PSS", "-sha256");
    judge.decrypt(FIRST, "01", "RSA-PKCS");
    judge.decrypt(FIRST, "01", "RSA-PKCS-OAEP");
    judge.sign(SECOND, "02", "ECDSA-SHA256", "-sha256");

    let refused = judge.pkcs11("0", PIN_2, &["-O"]);
    assert!(refused.stderr.contains("CKR_PIN_INCORRECT"), "PIN 2 must not open slot 0: {refused}");
}

#[test]
fn personalised_card_works_t1() {
    personalised_card_works(Profile::MyEid);
}

#[test]
fn personalised_card_works_t0() {
    personalised_card_works(Profile::OsEid);
}

/// After activation: keys generated and imported with the PIN, of every kind that OpenSC knows for this card.
fn operational_card_takes_keys(profile: Profile) {
    let judge = Judge::with_pins(profile);
    judge.finalize();
    let first = ("01", PIN_1);
    judge.generate("ec/secp384r1", "03", first);
    judge.generate("ec/secp521r1", "04", first);
    judge.generate("rsa/1024", "05", first);
    judge.sign(FIRST, "03", "ECDSA-SHA384", "-sha384");
    judge.sign(FIRST, "03", "ECDSA-SHA1", "-sha1");
    judge.sign(FIRST, "04", "ECDSA-SHA512", "-sha512");
    judge.sign(FIRST, "04", "ECDSA-SHA256", "-sha256");
    judge.sign(FIRST, "05", "SHA1-RSA-PKCS", "-sha1");
    judge.derive(FIRST, "03", "secp384r1");
    judge.derive(FIRST, "04", "secp521r1");

    for (id, new_key) in [
        ("0a", ["-newkey", "rsa:3072"].as_slice()),
        ("0b", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ] {
        judge.certificate(id, new_key);
        let key = format!("{id}.key");
        judge.init(&["--store-private-key", &key, "--id", id, "--auth-id", "01", "--pin", PIN_1]);
    }
    judge.sign(FIRST, "0a", "SHA256-RSA-PKCS", "-sha256");
    judge.sign(FIRST, "0b", "ECDSA-SHA256", "-sha256");
}

#[test]
fn operational_card_takes_keys_t1() {
    operational_card_takes_keys(Profile::MyEid);
}

#[test]
fn operational_card_takes_keys_t0() {
    operational_card_takes_keys(Profile::OsEid);
}

#[test]
fn largest_rsa_key_signs_and_decrypts() {
    for profile in [Profile::MyEid, Profile::OsEid] {
        let judge = Judge::with_pins(profile);
        judge.generate("rsa/4096", "01", ("01", PIN_1));
        judge.finalize();
        judge.sign(FIRST, "01", "SHA512-RSA-PKCS", "-sha512");
        judge.decrypt(FIRST, "01", "RSA-PKCS");
    }
}

fn aes_key_encrypts_as_openssl_does(profile: Profile) {
    let judge = Judge::with_pins(profile);
    judge.finalize();
    judge.write("aes.key", b"0123456789abcdefFEDCBA9876543210");
    judge.init(&[
        "--store-secret-key",
        "aes.key",
        "--secret-key-algorithm",
        "aes/256",
        "--auth-id",
        "01",
        "--id",
        "09",
        "--pin",
        PIN_1,
    ]);
    judge.write("blocks", &[0x5A; 480]);
    let iv = "000102030405060708090a0b0c0d0e0f";
    let key = "3031323334353637383961626364656646454443424139383736353433323130";
    let encrypted = judge.pkcs11(
        "0",
        PIN_1,
        &[
            "--encrypt",
            "--id",
            "09",
            "-m",
            "AES-CBC",
            "--iv",
            iv,
            "--input-file",
            "blocks",
            "--output-file",
            "ours",
        ],
    );
    assert!(encrypted.success, "{encrypted}");
    let openssl = ["enc", "-aes-256-cbc", "-nopad", "-iv", iv, "-K", key, "-in", "blocks", "-out", "theirs"];
    judge.rig.expect("openssl", &openssl);
    assert_eq!(judge.read("ours"), judge.read("theirs"));
    let decrypted = judge.pkcs11(
        "0",
        PIN_1,
        &[
            "--decrypt",
            "--id",
            "09",
            "-m",
            "AES-CBC",
            "--iv",
            iv,
            "--input-file",
            "ours",
            "--output-file",
            "back",
        ],
    );
    assert!(decrypted.success, "{decrypted}");
    assert_eq!(judge.read("back"), judge.read("blocks"));
}

#[test]
fn aes_key_encrypts_as_openssl_does_t1() {
    aes_key_encrypts_as_openssl_does(Profile::MyEid);
}

#[test]
fn aes_key_encrypts_as_openssl_does_t0() {
    aes_key_encrypts_as_openssl_does(Profile::OsEid);
}

/// Wrong PINs count down, the PUK unblocks, a changed PIN replaces the old one.
fn pins_are_counted_changed_and_unblocked(profile: Profile) {
    let judge = Judge::with_pins(profile);
    judge.finalize();
    let tool = |arguments: &[&str]| judge.rig.expect("pkcs15-tool", arguments);
    tool(&["--change-pin", "--auth-id", "01", "--pin", PIN_1, "--new-pin", "33333333"]);
    assert!(judge.verify_pin("01", "33333333").success);
    for _ in 0..2 {
        let wrong = judge.verify_pin("01", PIN_1);
        assert!(wrong.stderr.contains("PIN code or key incorrect"), "{wrong}");
    }
    assert!(judge.verify_pin("01", "33333333").success, "one try was left, and gives all three back");
    for _ in 0..3 {
        judge.verify_pin("01", PIN_1);
    }
    let blocked = judge.verify_pin("01", "33333333");
    assert!(blocked.stderr.contains("Authentication method blocked"), "{blocked}");
    assert!(judge.verify_pin("02", PIN_2).success, "the other PIN is not touched");
    tool(&["--unblock-pin", "--auth-id", "01", "--puk", PUK_1, "--new-pin", PIN_1]);
    assert!(judge.verify_pin("01", PIN_1).success);
}

#[test]
fn pins_are_counted_changed_and_unblocked_t1() {
    pins_are_counted_changed_and_unblocked(Profile::MyEid);
}

#[test]
fn pins_are_counted_changed_and_unblocked_t0() {
    pins_are_counted_changed_and_unblocked(Profile::OsEid);
}

#[test]
fn erased_card_is_blank_and_takes_a_new_structure() {
    let judge = Judge::with_pins(Profile::MyEid);
    judge.generate("ec/prime256v1", "01", ("01", PIN_1));
    judge.finalize();
    let wrong = judge.rig.run("pkcs15-init", &["--erase-card", "--secret", "@ff=12345678"]);
    assert!(!wrong.success, "{wrong}");
    judge.rig.expect("pkcs15-tool", &["-D"]);
    judge.init(&["--erase-card", "--secret", &format!("@ff={SO_PIN}")]);
    let blank = judge.rig.run("pkcs15-tool", &["-D"]);
    assert!(blank.stderr.contains("binding failed"), "{blank}");
    judge.init(&["--create-pkcs15", "--so-pin", SO_PIN, "--so-puk", SO_PUK]);
    judge.rig.expect("pkcs15-tool", &["-D"]);
}

#[test]
fn pkcs11_tool_test_finds_no_error() {
    let judge = Judge::with_pins(Profile::MyEid);
    judge.generate("rsa/2048", "01", ("01", PIN_1));
    judge.finalize();
    let tested = judge.pkcs11("0", PIN_1, &["--test"]);
    assert!(tested.success && tested.stdout.contains("No errors"), "{tested}");
}

#[test]
fn pulled_card_comes_back_as_it_was() {
    let mut judge = Judge::with_pins(Profile::MyEid);
    let before = judge.rig.expect("pkcs15-tool", &["-D"]).stdout;
    let card = judge.rig.remove(0);
    let empty = judge.rig.run("pkcs15-tool", &["-D"]);
    assert!(!empty.success, "{empty}");
    judge.rig.insert_boxed(1, card);
    assert_eq!(judge.rig.expect("pkcs15-tool", &["-D"]).stdout, before);
}

#[test]
fn rig_counts_the_apdus_of_a_program() {
    let judge = Judge::with_pins(Profile::MyEid);
    let mark = judge.rig.mark();
    judge.rig.expect("opensc-tool", &["--send-apdu", "00:CA:01:A0:14"]);
    let apdus = judge.rig.apdus_since(mark);
    let asked = apdus.last().expect("an APDU");
    assert_eq!(asked.command, [0x00, 0xCA, 0x01, 0xA0, 0x14]);
    assert_eq!((&asked.response[..5], asked.response.len()), (b"MyEID".as_slice(), 22));
}
