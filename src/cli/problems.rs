//! What could not be read of the cards in use, and what waits to be finished on them: told once by every command, as
//! warnings or in the JSON document.

use serde_json::{Value, json};

use super::error::CliError;
use super::text::quote;
use crate::card::{CardError, Unfinished};
use crate::engine::{Error, Provider};
use crate::layout::SlotId;
use crate::token;

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The reader's name.
    pub reader: String,
    /// What, and why.
    pub why: String,
    /// What to do next.
    pub hint: Option<String>,
    /// True when a whole card is missing for a reason that may pass.
    pub fatal: bool,
}

impl Problem {
    /// The card as a whole. An empty reader is none; an unknown card will not become known by trying again.
    pub fn of_card(reader: &str, error: &Error) -> Option<Self> {
        if matches!(error, Error::DeviceRemoved { .. } | Error::TokenNotPresent(_)) {
            return None;
        }
        let fatal = !matches!(error, Error::TokenNotRecognized { source: CardError::UnknownCard { .. }, .. });
        let explained = CliError::from(error);
        let why = std::iter::once(explained.message).chain(explained.causes).collect::<Vec<_>>().join(": ");
        Some(Self { reader: reader.to_owned(), why, hint: explained.hints.into_iter().next(), fatal })
    }

    /// One sentence.
    pub fn text(&self) -> String {
        if self.why.contains(&quote(&self.reader)) {
            return self.why.clone();
        }
        format!("reader {}: {}", quote(&self.reader), self.why)
    }

    /// As in every document.
    pub fn to_json(&self) -> Value {
        json!({ "reader": self.reader, "problem": self.why, "fatal": self.fatal })
    }

    /// What was interrupted, and where it is finished.
    fn of_unfinished(reader: &str, (what, slot): (Unfinished, Option<SlotId>)) -> Self {
        let slot = slot.map(|slot| format!(" --slot {slot}")).unwrap_or_default();
        let (why, hint) = match what {
            Unfinished::PinHashing => (
                "pin kdf was interrupted: each PIN is hashed or not, and other programs may see the right one refused",
                format!("run p11ctl pin kdf on{slot}: it finishes what was begun (off takes it back)"),
            ),
        };
        Self { reader: reader.to_owned(), why: why.to_owned(), hint: Some(hint), fatal: false }
    }

    fn of_object(reader: &str, problem: &token::Problem) -> Self {
        let why = format!("{} was skipped: {}", problem.what, problem.why);
        Self { reader: reader.to_owned(), why, hint: None, fatal: false }
    }
}

/// What is amiss with the cards that this run has read. A card that no driver knows is somebody else's: no problem.
pub fn known(engine: &dyn Provider) -> Vec<Problem> {
    let mut problems = Vec::new();
    for known in engine.known_problems() {
        let of_card = known.error.as_deref().and_then(|error| Problem::of_card(&known.reader, error));
        problems.extend(of_card.filter(|problem| problem.fatal));
        problems.extend(known.skipped.iter().map(|problem| Problem::of_object(&known.reader, problem)));
        problems.extend(known.unfinished.iter().map(|work| Problem::of_unfinished(&known.reader, *work)));
    }
    problems
}

/// What was interrupted on any card, as far as cards have been asked.
pub fn unfinished(engine: &dyn Provider) -> Vec<Problem> {
    let known = engine.known_problems().into_iter();
    known
        .flat_map(|known| {
            known.unfinished.into_iter().map(move |work| Problem::of_unfinished(&known.reader, work))
        })
        .collect()
}

/// Objects that were skipped on the card in this reader.
pub fn skipped(engine: &dyn Provider, reader: &str) -> Vec<Problem> {
    let known = engine.known_problems().into_iter().filter(|known| known.reader == reader);
    known.flat_map(|known| known.skipped).map(|problem| Problem::of_object(reader, &problem)).collect()
}
