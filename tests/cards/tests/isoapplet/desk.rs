//! A recorded card behind pcscd, what p11ctl and OpenSC's tool do with it, and OpenSSL as judge.

use std::fs;
use std::path::PathBuf;

use crate::recorded::Recorded;
use crate::rig::{Output, Rig};

/// A version of the applet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// As in the names of dialogues.
    pub kind: &'static str,
    pub model: &'static str,
    /// Whether it makes and takes elliptic curve keys that sign digests.
    pub has_ecdsa: bool,
    source: &'static str,
}

pub const VERSIONS: [Version; 2] = [
    Version {
        kind: "v0",
        model: "IsoApplet 0.6",
        has_ecdsa: false,
        source: "IsoApplet 0.6 (branch main-javacard-v2.2.2, 3dc3b77; github.com/philipWendland/IsoApplet), built to take private keys, on a JavaCard simulator",
    },
    Version {
        kind: "v1",
        model: "IsoApplet 1.0",
        has_ecdsa: true,
        source: "IsoApplet 1.0 (branch main, 4735d72; github.com/philipWendland/IsoApplet), built to take private keys, on a JavaCard simulator",
    },
];

/// The applet as its makers build it.
pub const CLOSED: Version = Version {
    kind: "v1-closed",
    model: "IsoApplet 1.0",
    has_ecdsa: true,
    source: "IsoApplet 1.0 (branch main, 4735d72; github.com/philipWendland/IsoApplet), which takes no private keys, on a JavaCard simulator",
};

/// What the card gets: throw-away values, so they are in the dialogues.
pub const PIN: &str = "123456";
pub const OTHER_PIN: &str = "654321";
const PUK: &str = "0123456789abcdef";
const WRONG_PUK: &str = "fedcba9876543210";
pub const TEXT: &str = "a text to be signed";

/// A blank card in the first reader, and files with its PINs.
pub struct Desk {
    rig: Rig,
    card: Recorded,
    p11ctl: String,
    module: String,
}

impl Desk {
    /// The card of a dialogue.
    pub fn new(version: Version, what: &str) -> Self {
        Self::in_rig(Rig::start(), version, what)
    }

    /// As [`Desk::new`], in a reader with keys.
    pub fn with_keys(version: Version, what: &str) -> Self {
        Self::in_rig(Rig::start_with_keys(), version, what)
    }

    fn in_rig(mut rig: Rig, version: Version, what: &str) -> Self {
        let provenance = format!(
            "{}: {what} of tests/cards/tests/isoapplet.\nPINs and keys are throw-away ones of the test, and not hidden",
            version.source
        );
        let card = Recorded::open(version.kind, what, &provenance);
        rig.insert(0, card.clone());
        card.begin();
        let desk = Self { rig, card, p11ctl: built("p11ctl"), module: built("libp11ctl.so") };
        for (name, content) in
            [("pin", PIN), ("other", OTHER_PIN), ("puk", PUK), ("wrong-puk", WRONG_PUK), ("text", TEXT)]
        {
            desk.write(name, content.as_bytes());
        }
        for name in ["throwaway-rsa.pem", "throwaway-ec.pem", "throwaway-rsa.crt"] {
            let from = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/isoapplet")).join(name);
            desk.write(name, &fs::read(from).unwrap());
        }
        // What a cache has to be asked for depends on the time.
        desk.write("opensc.conf", b"[cache]\nenabled = false\n");
        desk
    }

    /// Fails the test unless every change of the dialogue was made. What it only asks need not have been asked.
    pub fn finish(self) {
        self.card.finish();
    }

    pub fn write(&self, name: &str, content: &[u8]) {
        fs::write(self.rig.folder().join(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.rig.folder().join(name)).unwrap_or_default()
    }

    /// Says what the holder types next on the keys of the reader, one line an entry.
    pub fn type_on_reader(&self, entries: &str) {
        self.rig.type_on_reader(entries);
    }

    /// A program that succeeds.
    pub fn run(&self, line: &str) -> Output {
        let output = self.start(line);
        assert!(output.success, "{output}");
        output
    }

    pub fn p11ctl(&self, line: &str) -> Output {
        self.run(&format!("{} {line}", self.p11ctl))
    }

    /// Fails with this exit code.
    pub fn p11ctl_refused(&self, code: i32, line: &str) -> Output {
        let output = self.start(&format!("{} {line}", self.p11ctl));
        assert_eq!(output.code, Some(code), "{output}");
        output
    }

    /// OpenSC's tool with our module.
    pub fn tool(&self, line: &str) -> Output {
        self.run(&format!("pkcs11-tool --module {} {line}", self.module))
    }

    pub fn tool_refused(&self, line: &str) -> Output {
        let output = self.start(&format!("pkcs11-tool --module {} {line}", self.module));
        assert!(!output.success, "{output}");
        output
    }

    /// As [`Desk::tool`], logged in.
    pub fn user(&self, line: &str) -> Output {
        self.tool(&format!("--login --pin {PIN} {line}"))
    }

    /// Encrypts the text for a public key, PKCS#1 with the same padding each time: the card is asked what it was asked when
    /// it was recorded.
    pub fn encrypt(&self, public: &str, to: &str) {
        let message = TEXT.as_bytes();
        let padding = vec![0xA5; 256 - 3 - message.len()];
        self.write("block", &[&[0, 2][..], &padding, &[0], message].concat());
        self.run(&format!(
            "openssl pkeyutl -encrypt -pubin -inkey {public} -pkeyopt rsa_padding_mode:none -in block -out {to}"
        ));
    }

    fn start(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let (program, arguments) = words.split_first().unwrap();
        let mut command = self.rig.command(program);
        let output = command
            .args(arguments)
            .env("OPENSC_CONF", self.rig.folder().join("opensc.conf"))
            .output()
            .unwrap();
        self.card.check();
        Output {
            command: line.to_owned(),
            success: output.status.success(),
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What `cargo build` makes beside the tests.
fn built(name: &str) -> String {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf = test.parent().unwrap().parent().unwrap().join(name);
    assert!(path.exists(), "build it first (cargo build): {}", path.display());
    path.to_str().unwrap().to_owned()
}
