//! What goes wrong on the command line: kind, sentence, causes, hints; the one place with exit codes.

use std::fmt::Display;

use serde_json::{Value, json};

use super::problems::Problem;
use super::text::escape;

/// The families of failures; each has one exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The token refused, or a check found a difference.
    Refused,
    /// Wrong usage, a wrong configuration, or a local file that cannot be used.
    Usage,
    /// No such reader, token or object, or more than one.
    NotFound,
    /// A PIN is wrong, locked or missing.
    Pin,
    /// A reader or card failed.
    Card,
    /// Stopped by Ctrl-C or a signal.
    Interrupted,
    /// Whoever read our output went away: no message, nothing wrong.
    BrokenPipe,
    /// A bug in p11ctl.
    Bug,
}

impl ErrorKind {
    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Pin => 4,
            Self::Card => 5,
            Self::Bug => 70,
            Self::Interrupted => 130,
        }
    }

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::NotFound => "not_found",
            Self::Pin => "pin",
            Self::Card => "card",
            Self::Interrupted => "interrupted",
            Self::BrokenPipe => "broken_pipe",
            Self::Bug => "bug",
        }
    }
}

/// An error as the user sees it: what and where, why, what next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// Its family.
    pub kind: ErrorKind,
    /// What went wrong and where: lower case, no full stop.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// Lines that belong to the message, such as the candidates of an ambiguous selector.
    pub candidates: Vec<String>,
    /// What could not be read of the cards in use, and may be why.
    pub problems: Vec<Problem>,
    /// What to do next, one sentence each.
    pub hints: Vec<String>,
    /// The codes behind it: shown with `-v`, always in JSON.
    pub codes: Box<Codes>,
}

/// The numbers behind an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes {
    /// PKCS#11 return value by name, `CKR_PIN_INCORRECT`.
    pub return_value: Option<String>,
    /// Status word of the card, four hexadecimal digits.
    pub status_word: Option<String>,
    /// Tries that a PIN has left.
    pub tries_left: Option<u8>,
}

impl CliError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            candidates: Vec::new(),
            problems: Vec::new(),
            hints: Vec::new(),
            codes: Box::default(),
        }
    }

    /// Wrong usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// With one more sentence on what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// With every hint rewritten.
    #[must_use]
    pub fn map_hints(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        self.hints = self.hints.iter().map(|hint| rewrite(hint)).collect();
        self
    }

    /// With one more cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// With the cause and everything behind it, each once.
    #[must_use]
    pub fn source(mut self, source: &dyn std::error::Error) -> Self {
        let mut next = Some(source);
        while let Some(error) = next {
            let text = error.to_string();
            if text != self.message && self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// With the things that the user could have meant.
    #[must_use]
    pub fn candidates(mut self, candidates: Vec<String>) -> Self {
        self.candidates = candidates;
        self
    }

    /// With what could not be read of the cards in use, where it is not the error itself.
    #[must_use]
    pub fn with_problems(mut self, problems: &[Problem]) -> Self {
        let others = problems.iter().filter(|problem| !problem.why.contains(&self.message));
        self.problems = others.cloned().collect();
        // What helps a card that is missing as a whole is not what helps here.
        let of_card = self.problems.iter().filter(|problem| !problem.fatal);
        self.hints.extend(of_card.filter_map(|problem| problem.hint.clone()));
        self
    }

    /// The text for a terminal or log: `warning: …`, `error: …`, its causes and candidates, `hint: …`, codes last.
    /// `paint` colours the two leading words.
    pub fn to_text(&self, with_codes: bool, paint: &dyn Fn(Lead, &str) -> String) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            let problem = escape(&problem.text());
            text.push_str(&format!("{} {problem}\n", paint(Lead::Warning, "warning:")));
        }
        text.push_str(&format!("{} {}\n", paint(Lead::Error, "error:"), escape(&self.message)));
        for cause in &self.causes {
            text.push_str(&format!("  because: {}\n", escape(cause)));
        }
        for candidate in &self.candidates {
            text.push_str(&format!("  {}\n", escape(candidate)));
        }
        for hint in &self.hints {
            text.push_str(&format!("{} {}\n", paint(Lead::Hint, "hint:"), escape(hint)));
        }
        let codes = self.codes.to_text();
        if with_codes && !codes.is_empty() {
            text.push_str(&format!("({codes})\n"));
        }
        text
    }

    /// The fields of the error alone, as one of many in a document.
    pub fn fields(&self) -> Value {
        json!({
            "kind": self.kind.name(),
            "exit_code": self.kind.exit_code(),
            "message": self.message,
            "causes": self.causes,
            "candidates": self.candidates,
            "hints": self.hints,
            "return_value": self.codes.return_value,
            "status_word": self.codes.status_word,
            "tries_left": self.codes.tries_left,
        })
    }

    /// The error as a JSON document.
    pub fn to_json(&self) -> Value {
        json!({
            "schema": 1,
            "error": self.fields(),
            "problems": self.problems.iter().map(Problem::to_json).collect::<Vec<_>>(),
        })
    }
}

/// The leading word of a line of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// `error:`
    Error,
    /// `hint:`
    Hint,
    /// `warning:`
    Warning,
}

impl Codes {
    fn to_text(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.return_value.clone());
        parts.extend(self.status_word.as_ref().map(|status| format!("SW {status}")));
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(_: Lead, word: &str) -> String {
        word.to_owned()
    }

    #[test]
    fn to_text_codes_only_when_asked() {
        let mut error =
            CliError::new(ErrorKind::Pin, "PIN incorrect for \"User PIN\" in slot 0, 2 tries left")
                .hint("run p11ctl pin status --slot 0");
        error.codes.return_value = Some("CKR_PIN_INCORRECT".to_owned());
        error.codes.status_word = Some("63C2".to_owned());
        let quiet = error.to_text(false, &plain);
        assert_eq!(
            quiet,
            "error: PIN incorrect for \"User PIN\" in slot 0, 2 tries left\n\
             hint: run p11ctl pin status --slot 0\n"
        );
        let verbose = error.to_text(true, &plain);
        assert_eq!(verbose, format!("{quiet}(CKR_PIN_INCORRECT, SW 63C2)\n"));
    }

    #[test]
    fn to_text_control_characters_are_escaped() {
        let text = CliError::usage("token \"\u{1b}[2Jx\"").to_text(false, &plain);
        assert_eq!(text, "error: token \"\\u{1b}[2Jx\"\n");
    }

    #[test]
    fn source_repeated_text_is_said_once() {
        let inner = std::io::Error::other("disk full");
        let error = CliError::usage("disk full").source(&inner);
        assert!(error.causes.is_empty());
    }
}
