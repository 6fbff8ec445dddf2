//! OpenSC and OpenSSL as judges, through a private pcscd: what p11ctl makes on the card they use, and what
//! they make p11ctl uses. (Yubico's tool wants a card that is selected by five bytes of its name: this one wants nine.)

use std::fs;
use std::path::PathBuf;

use p11ctl_cards::{Shared, piv};

use crate::bench::{MANAGEMENT_KEY, PIN, PUK};
use crate::rig::{Output, Rig};

/// A program of this build.
pub fn built(name: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "build it first (cargo build): {}", path.display());
    path.to_str().unwrap().to_owned()
}

/// A card as it leaves the factory behind pcscd, and files with its PINs.
pub struct Desk {
    pub rig: Rig,
    p11ctl: String,
}

impl Desk {
    pub fn new() -> Self {
        Self::with(Rig::start())
    }

    /// In a reader of this rig.
    pub fn with(mut rig: Rig) -> Self {
        rig.insert(0, Shared::new(piv::card()));
        fs::write(rig.folder().join("pin"), PIN).unwrap();
        fs::write(rig.folder().join("puk"), PUK).unwrap();
        fs::write(rig.folder().join("key"), MANAGEMENT_KEY).unwrap();
        fs::write(rig.folder().join("text"), "a text to be signed").unwrap();
        Self { rig, p11ctl: built("p11ctl") }
    }

    /// Writes a file of the desk.
    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.rig.folder().join(name), content).unwrap();
    }

    pub fn p11ctl(&self, arguments: &str) -> Output {
        let arguments: Vec<&str> = arguments.split(' ').filter(|word| !word.is_empty()).collect();
        self.rig.expect(&self.p11ctl, &arguments)
    }

    pub fn refused(&self, arguments: &str) -> Output {
        let arguments: Vec<&str> = arguments.split(' ').filter(|word| !word.is_empty()).collect();
        let output = self.rig.run(&self.p11ctl, &arguments);
        assert!(!output.success, "{output}");
        output
    }

    pub fn run(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        self.rig.expect(words[0], &words[1..])
    }

    /// `key generate`, self-signed certificate and its place on the card.
    pub fn key_with_certificate(&self, place: &str, id: &str, kind: &str) {
        self.p11ctl(&format!(
            "key generate --slot 0 --key-ref {place} --type {kind} --so-pin file:key -o {place}.pub"
        ));
        self.p11ctl(&format!(
            "cert self-sign --slot 0 --id {id} --subject CN={place} --pin file:pin -o {place}.crt"
        ));
        self.p11ctl(&format!("object write certificate {place}.crt --slot 0 --id {id} --so-pin file:key"));
        let spki = self.run(&format!("openssl x509 -in {place}.crt -noout -pubkey")).stdout;
        assert_eq!(
            spki.trim(),
            fs::read_to_string(self.rig.folder().join(format!("{place}.pub"))).unwrap().trim()
        );
        self.run(&format!("openssl verify -CAfile {place}.crt {place}.crt"));
    }
}

#[test]
fn card_personalised_by_p11ctl_is_used_by_opensc() {
    let desk = Desk::new();
    desk.key_with_certificate("9a", "01", "ec:p256");
    desk.key_with_certificate("9c", "02", "ec:p384");
    desk.key_with_certificate("9d", "03", "rsa:2048");

    let listed = desk.run(&format!("pkcs11-tool --login --pin {PIN} -O"));
    for id in ["01", "02", "03"] {
        let count = listed.stdout.lines().filter(|line| line.trim() == format!("ID:         {id}")).count();
        assert!(count >= 2, "private key and certificate of {id}\n{listed}");
    }
    // Both name the same key: the public half that OpenSC gives by its identifier is ours.
    desk.run("pkcs11-tool --read-object --type cert --id 03 --output-file theirs.der");
    desk.run("openssl x509 -inform DER -in theirs.der -out theirs.crt");
    assert_eq!(
        desk.run("openssl x509 -in theirs.crt -noout -fingerprint").stdout,
        desk.run("openssl x509 -in 9d.crt -noout -fingerprint").stdout
    );
    desk.run(&format!(
        "pkcs11-tool --login --pin {PIN} --id 01 --sign --mechanism ECDSA-SHA256 --signature-format openssl --input-file text --output-file ec.sig"
    ));
    desk.run("openssl dgst -sha256 -verify 9a.pub -signature ec.sig text");
    desk.run(&format!(
        "pkcs11-tool --login --pin {PIN} --id 03 --sign --mechanism SHA256-RSA-PKCS --input-file text --output-file rsa.sig"
    ));
    desk.run("openssl dgst -sha256 -verify 9d.pub -signature rsa.sig text");
    desk.run("openssl pkeyutl -encrypt -pubin -inkey 9d.pub -in text -out text.enc");
    desk.run(&format!(
        "pkcs11-tool --login --pin {PIN} --id 03 --decrypt --mechanism RSA-PKCS --input-file text.enc --output-file text.dec"
    ));
    assert_eq!(fs::read(desk.rig.folder().join("text.dec")).unwrap(), b"a text to be signed");
}

#[test]
fn card_personalised_by_p11ctl_is_used_by_its_command_line_and_module() {
    let desk = Desk::new();
    desk.key_with_certificate("9a", "01", "rsa:2048");
    desk.key_with_certificate("9c", "02", "ec:p256");
    desk.key_with_certificate("9d", "03", "rsa:2048");
    desk.p11ctl("key generate --slot 0 --key-ref 9e --type ec:p256 --so-pin file:key -o 9e.pub");

    for (id, place, format) in [("01", "9a", "raw"), ("02", "9c", "der"), ("03", "9d", "raw")] {
        desk.p11ctl(&format!("sign --slot 0 --id {id} --pin file:pin --format {format} -o {place}.sig text"));
        desk.run(&format!("openssl dgst -sha256 -verify {place}.pub -signature {place}.sig text"));
    }
    // A key that wants no PIN is in the token that has none.
    desk.p11ctl("sign --slot 1 --id 04 --format der -o 9e.sig text");
    desk.run("openssl dgst -sha256 -verify 9e.pub -signature 9e.sig text");
    desk.run("openssl pkeyutl -encrypt -pubin -inkey 9d.pub -in text -out text.enc");
    desk.p11ctl("decrypt --slot 0 --id 03 --pin file:pin -o text.dec text.enc");
    assert_eq!(fs::read(desk.rig.folder().join("text.dec")).unwrap(), b"a text to be signed");

    // A key that is looked for alone and is not there: then the card tells what there is.
    for absent in ["--id 09", "--key PIV"] {
        let missing = desk.refused(&format!("sign --slot 0 {absent} --pin file:pin -o x.sig text"));
        for there in ["PIV Authentication Key", "Digital Signature Key", "Key Management Key"] {
            assert!(missing.stderr.contains(there), "{missing}");
        }
    }

    let taken = desk.refused("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:key");
    assert!(taken.stderr.contains("PIV Authentication Key"), "{taken}");
    desk.p11ctl("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:key --replace -o new.pub");
    let unknown = desk.refused("key generate --slot 0 --key-ref 9b --type ec:p256 --so-pin file:key");
    assert!(unknown.stderr.contains("9a, 9c, 9d, 9e, 82"), "{unknown}");
    fs::write(desk.rig.folder().join("wrong"), "ff".repeat(24)).unwrap();
    let wrong = desk.refused("key generate --slot 0 --key-ref 83 --type ec:p256 --so-pin file:wrong");
    assert!(wrong.code == Some(4) && wrong.stderr.contains("management key"), "{wrong}");

    let module = built("libp11ctl.so");
    let listed = desk.run(&format!("pkcs11-tool --module {module} --login --pin {PIN} -O"));
    assert!(listed.stdout.contains("Digital Signature Key"), "{listed}");
    assert!(listed.stdout.contains("X.509 Certificate for Key Management"), "{listed}");
    desk.run(&format!(
        "pkcs11-tool --module {module} --login --pin {PIN} --id 03 --sign --mechanism SHA256-RSA-PKCS --input-file text --output-file module.sig"
    ));
    desk.run("openssl dgst -sha256 -verify 9d.pub -signature module.sig text");
    desk.run(&format!(
        "pkcs11-tool --module {module} --login --pin {PIN} --id 02 --sign --mechanism ECDSA-SHA256 --signature-format openssl --input-file text --output-file module.sig"
    ));
    desk.run("openssl dgst -sha256 -verify 9c.pub -signature module.sig text");
    desk.run(&format!(
        "pkcs11-tool --module {module} --login --pin {PIN} --id 03 --decrypt --mechanism RSA-PKCS --input-file text.enc --output-file module.dec"
    ));
    assert_eq!(fs::read(desk.rig.folder().join("module.dec")).unwrap(), b"a text to be signed");
}

#[test]
fn card_personalised_by_piv_tool_is_used_by_p11ctl() {
    let desk = Desk::new();
    let key = desk.rig.folder().join("admin");
    fs::write(&key, hex_with_colons()).unwrap();
    let piv_tool = |arguments: &[&str]| {
        let mut command = desk.rig.command("piv-tool");
        let output = command.args(arguments).env("PIV_EXT_AUTH_KEY", &key).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    // It generates the key, and cannot print it on OpenSSL 3: nobody but the card has the public half.
    let said = piv_tool(&["--admin", "M:9B:03", "--genkey", "9A:11", "--out", "piv-tool.pub"]);
    let unseen =
        desk.rig.run(&desk.p11ctl, &["find", "--slot", "0", "--class", "private-key", "--pin", "file:pin"]);
    assert!(!unseen.stdout.contains("PIV Authentication Key"), "{unseen}\n{said}");
    // A certificate of a key that p11ctl made, put into its place by piv-tool.
    desk.p11ctl("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:key -o 9a.pub");
    desk.p11ctl("cert self-sign --slot 0 --id 01 --subject CN=9a --pin file:pin -o 9a.crt");
    desk.run("openssl x509 -in 9a.crt -outform DER -out 9a.der");
    desk.run("gzip 9a.der");
    let said = piv_tool(&["--admin", "M:9B:03", "--compresscert", "9A", "--in", "9a.der.gz"]);
    desk.p11ctl("object export --slot 0 --class certificate --id 01 -o exported.crt");
    let fingerprint = |file: &str| desk.run(&format!("openssl x509 -in {file} -noout -fingerprint")).stdout;
    assert_eq!(fingerprint("exported.crt"), fingerprint("9a.crt"), "{said}");
    desk.p11ctl("sign --slot 0 --id 01 --pin file:pin --format der -o 9a.sig text");
    desk.run("openssl dgst -sha256 -verify 9a.pub -signature 9a.sig text");
}

fn hex_with_colons() -> String {
    let bytes: Vec<&str> = (0..24).map(|at| &MANAGEMENT_KEY[2 * at..2 * at + 2]).collect();
    bytes.join(":")
}

#[test]
fn pin_typed_on_the_reader_opens_the_token() {
    let mut rig = Rig::start_with_keys();
    rig.insert(0, Shared::new(piv::card()));
    let login = ["login", "--slot", "0", "--pin", "pinpad"];
    rig.type_on_reader("12345\n");
    let short = rig.run(&built("p11ctl"), &login);
    assert!(short.stderr.contains("has a length that the card does not take"), "{short}");
    rig.type_on_reader("999999\n");
    assert_eq!(rig.run(&built("p11ctl"), &login).code, Some(4));
    rig.type_on_reader(&format!("{PIN}\n"));
    rig.expect(&built("p11ctl"), &login);
}
