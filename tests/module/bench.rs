//! A card behind the module, and programs in front of it: with a software reader, or over pcscd.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::example::{ExampleKind, personalise_example};
use p11ctl::card::{Card, CardSettings};
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options};
use tempfile::TempDir;

use crate::common::rig::Rig;

pub const PINS: [&str; 2] = ["11111111", "22222222"];
pub const SO_PIN: &str = "00000000";

/// A folder, readers with cards in them, and the configuration that lets the module find them.
pub struct Bench {
    place: Place,
}

enum Place {
    Software(TempDir),
    Pcsc(Box<Rig>),
}

/// What is in a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Nothing,
    /// The founding document's card: PIN 1 with an RSA key, PIN 2 with an EC key, each with its chain; three roots.
    Founding,
    /// A card that was never formatted.
    Blank,
}

impl Bench {
    /// The cards in software readers `one` and `two`.
    pub fn software(cards: [Put; 2]) -> Self {
        let bench = Self { place: Place::Software(tempfile::tempdir().unwrap()) };
        let mut config = "[readers]\npcsc = false\n[cache]\nenabled = false\n".to_owned();
        for (name, put) in ["one", "two"].iter().zip(cards) {
            config.push_str(&format!("[[software_reader]]\nname = \"{name}\"\n"));
            if let Some(image) = image(put) {
                let path = bench.folder().join(format!("{name}.card"));
                std::fs::write(&path, image).unwrap();
                config.push_str(&format!("card = {path:?}\n"));
            }
        }
        bench.configure(&config);
        bench
    }

    /// The cards in the two readers of a pcscd of its own.
    pub fn pcsc(cards: [Put; 2]) -> Self {
        let mut rig = Rig::start();
        for (reader, put) in cards.into_iter().enumerate() {
            if let Some(image) = image(put) {
                let path = rig.folder().join(format!("{reader}.card"));
                std::fs::write(&path, image).unwrap();
                rig.insert(reader, softcard::open(&path).unwrap());
            }
        }
        let bench = Self { place: Place::Pcsc(Box::new(rig)) };
        bench.configure("[cache]\nenabled = false\n");
        bench
    }

    /// The founding document's card in the first reader, the second one empty: first in software readers, then over pcscd.
    pub fn each(test: impl Fn(&Self)) {
        test(&Self::software([Put::Founding, Put::Nothing]));
        test(&Self::pcsc([Put::Founding, Put::Nothing]));
    }

    /// Replaces the configuration.
    pub fn configure(&self, config: &str) {
        self.write("module.toml", config.as_bytes());
    }

    /// Adds to the configuration.
    pub fn configure_also(&self, more: &str) {
        let before = std::fs::read_to_string(self.path("module.toml")).unwrap();
        self.configure(&format!("{before}{more}"));
    }

    /// The folder in which the programs run; it is their home.
    pub fn folder(&self) -> &Path {
        match &self.place {
            Place::Software(folder) => folder.path(),
            Place::Pcsc(rig) => rig.folder(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The service's readers, where there is one.
    pub fn rig(&mut self) -> &mut Rig {
        match &mut self.place {
            Place::Software(_) => panic!("this bench has no pcscd"),
            Place::Pcsc(rig) => rig,
        }
    }

    pub fn is_pcsc(&self) -> bool {
        matches!(self.place, Place::Pcsc(_))
    }

    /// A program that runs where the readers are.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let program = program.as_ref().to_str().unwrap();
        let mut command = match &self.place {
            Place::Software(_) => Command::new(program),
            Place::Pcsc(rig) => rig.command(program),
        };
        command
            .current_dir(self.folder())
            .env("HOME", self.folder())
            .env("OPENSC_CONF", self.path("module.toml"))
            .env("LC_ALL", "C.UTF-8")
            .env_remove("OPENSC_DEBUG")
            .stdin(std::process::Stdio::null());
        command
    }

    /// Runs a program; whether it succeeded, and all that it printed.
    pub fn run(&self, program: impl AsRef<Path>, arguments: &[&str]) -> (bool, String) {
        outcome(self.command(program).args(arguments))
    }

    /// Runs a program that has to succeed, and gives what it printed.
    #[track_caller]
    pub fn expect(&self, program: impl AsRef<Path>, arguments: &[&str]) -> String {
        let program = program.as_ref();
        let (success, told) = self.run(program, arguments);
        let place = if self.is_pcsc() { "over pcscd" } else { "in a software reader" };
        assert!(success, "{place}: {} {}\n{told}", program.display(), arguments.join(" "));
        told
    }

    /// As [`Bench::expect`], for a command that the caller has completed.
    #[track_caller]
    pub fn complete(&self, command: &mut Command) -> String {
        let (success, told) = outcome(command);
        assert!(success, "{command:?}\n{told}");
        told
    }
}

fn outcome(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

fn image(put: Put) -> Option<&'static [u8]> {
    static FOUNDING: OnceLock<Vec<u8>> = OnceLock::new();
    static BLANK: OnceLock<Vec<u8>> = OnceLock::new();
    match put {
        Put::Nothing => None,
        Put::Founding => Some(FOUNDING.get_or_init(|| make(true))),
        Put::Blank => Some(BLANK.get_or_init(|| make(false))),
    }
}

fn make(personalised: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.card");
    let options = Options { pin_cost: PinKeyCost::MINIMAL, ..Options::default() };
    drop(softcard::create(&path, options).unwrap());
    if personalised {
        let reader = softcard::reader("example", Some(path.clone()), Duration::from_secs(5));
        let mut card = Card::new(reader, CardSettings::default(), Stats::default());
        personalise_example(&mut card, ExampleKind::Separate).unwrap();
    }
    std::fs::read(path).unwrap()
}

/// The module that was built with this test.
pub fn module() -> String {
    let test = std::env::current_exe().unwrap();
    let module = test.parent().unwrap().join("libp11ctl.so");
    assert!(module.exists(), "{} is not built", module.display());
    module.to_str().unwrap().to_owned()
}

/// A C client of this folder, compiled against p11-kit's header.
pub fn c_client(name: &str) -> PathBuf {
    static COMPILED: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("module-{name}"));
    let mut compiled = COMPILED.lock().unwrap();
    if compiled.get_or_insert_default().insert(name.to_owned()) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/module/c/{name}.c"));
        let flags =
            ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-I/usr/include/p11-kit-1", "-pthread"];
        let mut gcc = Command::new("gcc");
        gcc.args(flags).arg("-o").arg(&target).arg(source).arg("-ldl");
        if name == "messages" {
            gcc.arg("-lcrypto");
        }
        let (success, told) = outcome(&mut gcc);
        assert!(success, "{gcc:?} (Debian packages gcc, libc6-dev, libp11-kit-dev, libssl-dev)\n{told}");
    }
    target
}
