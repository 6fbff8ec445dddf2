//! A desk with the example card in two files, and what tests do over and over.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::example::{ExampleKind, personalise_example};
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::engine::{
    ANY_ROOM, Engine, MechanismCall, MechanismId, ObjectClass, ObjectHandle, SessionHandle, SessionMode,
    Template, UserKind,
};
use p11ctl::layout::SlotId;
use p11ctl::softcard::{self, Options};
use p11ctl::transport::Reader;
use tempfile::TempDir;

pub const PINS: [&str; 2] = ["11111111", "22222222"];
pub const SO_PIN: &str = "00000000";

/// A folder with a card in it, and what tests put beside it.
pub struct Desk {
    folder: TempDir,
}

impl Desk {
    /// A copy of the founding document's example card. One is made for all tests: its keys take time.
    pub fn new(kind: ExampleKind) -> Self {
        static SEPARATE: OnceLock<Vec<u8>> = OnceLock::new();
        static SHARED: OnceLock<Vec<u8>> = OnceLock::new();
        let image = match kind {
            ExampleKind::Separate => SEPARATE.get_or_init(|| example(kind)),
            ExampleKind::Shared => SHARED.get_or_init(|| example(kind)),
        };
        let folder = tempfile::tempdir().unwrap();
        for name in ["one.card", "two.card"] {
            std::fs::write(folder.path().join(name), image).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn reader(&self, name: &str) -> Box<dyn Reader> {
        softcard::reader(name, Some(self.path(name)), Duration::from_secs(5))
    }

    /// An engine over these readers.
    pub fn engine(&self, readers: Vec<Box<dyn Reader>>) -> Engine {
        Engine::new(readers, &self.config())
    }

    /// An engine with the card in the first reader.
    pub fn first(&self) -> Engine {
        self.engine(vec![self.reader("one.card")])
    }

    pub fn config(&self) -> Config {
        let mut config = Config::default();
        config.cache.directory = Some(self.path("cache"));
        config
    }

    /// Runs openssl in the folder and returns what it prints.
    pub fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        let output =
            Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "openssl {arguments:?}: {told}");
        output.stdout
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }
}

fn example(kind: ExampleKind) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.card");
    let options = Options { pin_cost: PinKeyCost::MINIMAL, ..Options::default() };
    drop(softcard::create(&path, options).unwrap());
    let reader = softcard::reader("example", Some(path.clone()), Duration::from_secs(5));
    let mut card = Card::new(reader, CardSettings::default(), Stats::default());
    personalise_example(&mut card, kind).unwrap();
    drop(card);
    std::fs::read(path).unwrap()
}

pub fn log_in(engine: &Engine, slot: u32, pin: &str) -> SessionHandle {
    let session = engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap();
    engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap();
    session
}

pub fn find(engine: &Engine, session: SessionHandle, class: ObjectClass) -> Vec<ObjectHandle> {
    engine.find_all(session, &Template::new().class(class)).unwrap()
}

pub fn sign(engine: &Engine, session: SessionHandle, id: MechanismId, data: &[u8]) -> Vec<u8> {
    let key = find(engine, session, ObjectClass::PrivateKey)[0];
    engine.sign_init(session, &MechanismCall::from(id), key).unwrap();
    engine.sign(session, data, ANY_ROOM).unwrap()
}
