//! Both applications behind pcscd: p11ctl and its module beside OpenSC and GnuPG on the same card.

use std::fs;
use std::path::PathBuf;

use p11ctl_cards::several::{self, Manners};

use crate::bench::{ADMIN_PIN, MANAGEMENT_KEY, PIN};
use crate::rig::{Output, Rig};

/// A program of this build.
fn built(name: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "build it first (cargo build): {}", path.display());
    path.to_str().unwrap().to_owned()
}

struct Desk {
    rig: Rig,
    p11ctl: String,
    module: String,
}

impl Desk {
    /// A token with keys in both applications, made by p11ctl: 9a and the signature key on P-256, the decryption key RSA.
    fn new() -> Self {
        let mut rig = Rig::start();
        rig.insert(0, several::card(0x1234_5678, Manners::Forgets));
        for (name, text) in [("pin", PIN), ("key", MANAGEMENT_KEY), ("admin", ADMIN_PIN), ("text", "a text")]
        {
            fs::write(rig.folder().join(name), text).unwrap();
        }
        let desk = Self { rig, p11ctl: built("p11ctl"), module: built("libp11ctl.so") };
        desk.p11ctl("key generate --slot 0 --key-ref 9a --type ec:p256 --so-pin file:key -o 9a.pub");
        desk.p11ctl("cert self-sign --slot 0 --id 01 --subject CN=9a --pin file:pin -o 9a.crt");
        desk.p11ctl("object write certificate 9a.crt --slot 0 --id 01 --so-pin file:key");
        desk.p11ctl("key generate --slot 2 --key-ref sig --type ec:p256 --so-pin file:admin -o sig.pub");
        desk.p11ctl("key generate --slot 1 --key-ref dec --type rsa:2048 --so-pin file:admin -o dec.pub");
        desk
    }

    fn p11ctl(&self, arguments: &str) -> Output {
        self.run(&format!("{} {arguments}", self.p11ctl))
    }

    fn module(&self, arguments: &str) -> Output {
        self.run(&format!("pkcs11-tool --module {} {arguments}", self.module))
    }

    fn run(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        self.rig.expect(words[0], &words[1..])
    }

    fn verify(&self, key: &str, signature: &str) {
        self.run(&format!("openssl dgst -sha256 -verify {key}.pub -signature {signature} text"));
    }
}

#[test]
fn both_applications_are_used_by_p11ctl_its_module_and_foreign_programs_in_turn() {
    let desk = Desk::new();
    let readers = desk.p11ctl("readers").stdout;
    assert!(readers.contains("PIV, OpenPGP"), "{readers}");
    let json = desk.p11ctl("readers --json").stdout;
    for part in ["\"driver\": \"PIV\"", "\"driver\": \"OpenPGP\"", "\"applications\""] {
        assert!(json.contains(part), "{json}");
    }
    for (slot, id, key) in [("0", "01", "9a"), ("2", "01", "sig"), ("0", "01", "9a")] {
        let sign = format!("sign text --slot {slot} --id {id} --format der --pin file:pin -o ours.sig");
        desk.p11ctl(&sign);
        desk.verify(key, "ours.sig");
        let sign = "--sign --mechanism ECDSA-SHA256 --signature-format openssl";
        let rest = format!("--login --pin {PIN} --slot {slot} --id {id} -i text -o theirs.sig");
        desk.module(&format!("{sign} {rest}"));
        desk.verify(key, "theirs.sig");
    }
    desk.run("openssl pkeyutl -encrypt -pubin -inkey dec.pub -in text -out text.enc");
    desk.p11ctl("decrypt text.enc --slot 1 --id 02 --pin file:pin -o ours.txt");
    desk.module(&format!(
        "--decrypt --mechanism RSA-PKCS --login --pin {PIN} --slot 1 --id 02 -i text.enc -o theirs.txt"
    ));
    for plain in ["ours.txt", "theirs.txt"] {
        assert_eq!(fs::read(desk.rig.folder().join(plain)).unwrap(), b"a text", "{plain}");
    }
}

#[test]
fn every_command_works_on_the_tokens_of_both_applications() {
    let desk = Desk::new();
    let slots = desk.p11ctl("slots --tree").stdout;
    for label in ["(PIV PIN)", "OpenPGP card (User PIN)", "OpenPGP card (User PIN (sig))"] {
        assert!(slots.contains(label), "{slots}");
    }
    for (slot, kind, tries) in [("0", "PIV", "3"), ("1", "OpenPGP card 3", "3"), ("2", "OpenPGP card 3", "3")]
    {
        let info = desk.p11ctl(&format!("token info --slot {slot}")).stdout;
        assert!(info.contains(kind), "{info}");
        let status = desk.p11ctl(&format!("pin status --slot {slot}")).stdout;
        assert!(status.contains(tries), "{status}");
        desk.p11ctl(&format!("login --slot {slot} --pin file:pin"));
        let found = desk.p11ctl(&format!("find --slot {slot} --class private-key --pin file:pin")).stdout;
        assert!(found.contains("private"), "{found}");
    }
    fs::write(desk.rig.folder().join("new"), "654321").unwrap();
    // PW1 is one value: changing it in one of its two slots changes it in both, and the PIV PIN in neither.
    desk.p11ctl("pin change --slot 1 --pin file:pin --new-pin file:new");
    desk.p11ctl("login --slot 2 --pin file:new");
    desk.p11ctl("login --slot 0 --pin file:pin");
    desk.p11ctl("pin change --slot 0 --pin file:pin --new-pin file:new");
    desk.p11ctl("sign text --slot 0 --id 01 --format der --pin file:new -o ours.sig");
    desk.verify("9a", "ours.sig");
    // One application has nothing to do with the other's officer, and none is meant by itself.
    for command in
        ["token erase --so-pin file:admin --yes", "pin change --so-pin file:admin --new-pin file:admin"]
    {
        let words: Vec<&str> = command.split(' ').collect();
        let refused = desk.rig.run(&desk.p11ctl, &words);
        assert!(!refused.success && refused.stderr.contains("which one?"), "{refused}");
    }
    let status = desk.p11ctl("pin status --json").stdout;
    assert_eq!(status.matches("\"role\": \"so\"").count(), 2, "{status}");
    // An application is erased alone.
    let erased = desk.p11ctl("token erase --slot 1 --so-pin file:admin --yes");
    assert!(erased.stderr.contains("erased application OpenPGP of the card in reader"), "{erased}");
    desk.p11ctl("login --slot 2 --pin file:pin");
    desk.p11ctl("sign text --slot 0 --id 01 --format der --pin file:new -o ours.sig");
    desk.verify("9a", "ours.sig");
}

#[test]
fn foreign_programs_see_the_application_that_they_know_and_disturb_nobody() {
    let desk = Desk::new();
    // OpenSC binds one driver to a card.
    let name = desk.run("opensc-tool --name").stdout;
    assert!(name.contains("Personal Identity Verification") || name.contains("OpenPGP"), "{name}");
    let theirs = desk.run("pkcs11-tool -O --type cert").stdout;
    assert!(theirs.contains("Certificate"), "{theirs}");
    let status = gnupg(&desk);
    assert!(status.contains("Serial number") && status.contains("12345678"), "{status}");
    desk.p11ctl("sign text --slot 0 --id 01 --format der --pin file:pin -o ours.sig");
    desk.verify("9a", "ours.sig");
    desk.p11ctl("sign text --slot 2 --id 01 --format der --pin file:pin -o ours.sig");
    desk.verify("sig", "ours.sig");
}

/// `gpg --card-status` through pcscd.
fn gnupg(desk: &Desk) -> String {
    let rig = &desk.rig;
    rig.expect("sh", &["-ec", "mkdir -m 700 .gnupg; echo disable-ccid > .gnupg/scdaemon.conf"]);
    let status = rig.expect("gpg", &["--no-tty", "--card-status"]).stdout;
    rig.expect("gpgconf", &["--kill", "all"]);
    status
}
