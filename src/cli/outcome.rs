//! What a command hands back: one JSON document and the text for a human, printed after the card was released.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::{CliError, ErrorKind};
use super::problems::Problem;
use super::spool::Spooled;

/// The result of a command that ran to its end.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The fields of the JSON document; the schema number is added when printed.
    pub document: Map<String, Value>,
    /// What goes to standard output without `--json`.
    pub stdout: Vec<u8>,
    /// What goes to standard output behind it, where that may be too large for the memory.
    pub spooled: Option<Arc<Spooled>>,
    /// What is amiss, each printed to standard error behind `warning:`. With `--json` the document says it.
    pub warnings: Vec<String>,
    /// What to do next, each printed behind `hint:`.
    pub hints: Vec<String>,
    /// Sentences for standard error.
    pub notes: Vec<String>,
    /// What of many things did not succeed, each printed behind `error:`. With `--json` the document says it.
    pub failures: Vec<CliError>,
    /// The command itself tells what could not be read; else that is added when printed.
    pub tells_problems: bool,
    /// Why the exit code is not 0 although the command has printed its answer.
    pub verdict: Option<ErrorKind>,
}

impl Outcome {
    /// A document (an object) and its text.
    pub fn new(document: Value, text: impl Into<Vec<u8>>) -> Self {
        let document = match document {
            Value::Object(fields) => fields,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Self { document, stdout: text.into(), ..Self::default() }
    }

    /// With sentences that warn.
    #[must_use]
    pub fn warn(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// With a sentence for standard error.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With what could not be read of the cards in use, if the command has not told it.
    #[must_use]
    pub fn with_problems(mut self, problems: &[Problem]) -> Self {
        if self.tells_problems {
            return self;
        }
        self.document.insert("problems".to_owned(), problems.iter().map(Problem::to_json).collect());
        self.warnings.extend(problems.iter().map(Problem::text));
        self.hints.extend(problems.iter().filter_map(|problem| problem.hint.clone()));
        self
    }

    /// With every hint rewritten.
    #[must_use]
    pub fn map_hints(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        self.hints = self.hints.iter().map(|hint| rewrite(hint)).collect();
        self.failures = self.failures.into_iter().map(|error| error.map_hints(&rewrite)).collect();
        self
    }

    /// With an exit code other than 0.
    #[must_use]
    pub fn verdict(mut self, verdict: Option<ErrorKind>) -> Self {
        self.verdict = verdict;
        self
    }
}
