//! The recordings beside these tests, put into readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use p11ctl::apdu::Stats;
use p11ctl::card::registry::Open;
use p11ctl::card::{Card, CardError, CardSettings, Found};
use p11ctl::transport::Reader;
use p11ctl::transport::replay::{Replay, ReplayReader};

/// The card of a recording, with its driver.
pub fn card(name: &str, open: Open) -> Card {
    card_in(reader(name), open)
}

/// The reader that a recording answers in.
pub fn reader(name: &str) -> Box<dyn Reader> {
    let replay = Replay::load(&folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    Box::new(ReplayReader::new(name, replay))
}

/// The card in a reader, with a driver that is known.
pub fn card_in(reader: Box<dyn Reader>, open: Open) -> Card {
    let recognise = move |channel: &mut p11ctl::apdu::Channel<'_>, settings: &CardSettings| {
        let atr = channel.atr().to_vec();
        open(channel, settings)?.map(Found::from).ok_or(CardError::UnknownCard { atr })
    };
    Card::with_recognition(reader, CardSettings::default(), Stats::default(), Arc::new(recognise))
}

/// The text of a recording.
pub fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every recording: its name and text.
pub fn all() -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let recordings = files.filter(|path| path.extension().is_some_and(|extension| extension == "dialogue"));
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    recordings.map(named).collect()
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/replay"))
}
