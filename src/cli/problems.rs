//! What could not be read of the cards in use: told once by every command, as warnings or in the JSON document.

use serde_json::{Value, json};

use super::error::CliError;
use super::text::quote;
use crate::card::CardError;
use crate::engine::{Error, Provider};
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
    }
    problems
}

/// Objects that were skipped on the card in this reader.
pub fn skipped(engine: &dyn Provider, reader: &str) -> Vec<Problem> {
    let known = engine.known_problems().into_iter().filter(|known| known.reader == reader);
    known.flat_map(|known| known.skipped).map(|problem| Problem::of_object(reader, &problem)).collect()
}
