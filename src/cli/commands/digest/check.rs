//! `digest --check`: files against the digests that a list says they have.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::line::{self, Line};
use super::printed;
use crate::cli::atomic_file::{self, describe};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::parts::digest_file;
use crate::cli::progress::Bar;
use crate::cli::text::count;
use crate::crypto::DigestAlgorithm;

/// What the lists came to.
#[derive(Default)]
struct Report {
    text: String,
    entries: Vec<Value>,
    failures: Vec<CliError>,
    differing: usize,
}

/// Checks every file that the lists name. Errors: a list that cannot be read, or holds no line.
pub fn run(context: &Context, lists: &[PathBuf], hash: Option<DigestAlgorithm>) -> Result<Outcome, CliError> {
    let mut lines = Vec::new();
    let mut warnings = Vec::new();
    for list in lists {
        let bytes = atomic_file::read(list)?;
        let text = String::from_utf8_lossy(&bytes);
        let read: Vec<Option<Line>> = text.lines().map(line::read).collect();
        let bad = read.iter().filter(|line| line.is_none()).count();
        if bad == read.len() {
            return Err(CliError::usage(format!(
                "{} holds no line with a digest and a name",
                describe(list)
            )));
        }
        if bad > 0 {
            let lines = count(bad, "line holds", "lines hold");
            warnings.push(format!("{}: {lines} no digest and name, and tell nothing", describe(list)));
        }
        lines.extend(read.into_iter().flatten());
    }
    let bar = Bar::start(context, &lines.iter().map(|line| line.file.as_path()).collect::<Vec<_>>());
    let mut report = Report::default();
    for line in &lines {
        bar.file(&line.file);
        report.check(context, line, hash, &bar);
    }
    bar.end();
    Ok(report.outcome(lines.len(), warnings))
}

impl Report {
    fn check(&mut self, context: &Context, line: &Line, wished: Option<DigestAlgorithm>, bar: &Bar) {
        let file = line.file.display().to_string();
        let algorithm = line.algorithm(wished);
        let verdict = match algorithm {
            Some(algorithm) => digest_file(&line.file, algorithm, &|length| bar.bytes(length))
                .map(|digest| digest == line.digest),
            None => {
                let len = line.digest.len();
                Err(CliError::usage(format!("no such hash gives the {len} bytes of the digest of {file}"))
                    .hint("say which it is with --hash"))
            }
        };
        let (state, word, error) = match &verdict {
            Ok(true) => ("ok", "OK", Value::Null),
            Ok(false) => ("differs", "FAILED", Value::Null),
            Err(error) => ("unreadable", "FAILED open or read", error.fields()),
        };
        self.text.push_str(&printed(context, &format!("{}: {word}", shown(&file))));
        let hash = algorithm.map(DigestAlgorithm::name);
        self.entries.push(json!({ "file": file, "hash": hash, "state": state, "error": error }));
        match verdict {
            Ok(true) => {}
            Ok(false) => self.differing += 1,
            Err(error) => self.failures.push(error),
        }
    }

    fn outcome(self, all: usize, warnings: Vec<String>) -> Outcome {
        let differing = self.differing;
        let ok = all - differing - self.failures.len();
        let document = json!({
            "checks": self.entries,
            "ok": ok,
            "differing": differing,
            "unreadable": self.failures.len(),
            "warnings": warnings,
        });
        let mut outcome = Outcome::new(document, self.text).warn(warnings);
        if ok < all {
            outcome = outcome.note(format!("{ok} of {} are as listed", count(all, "file", "files")));
        }
        let of_difference = (differing > 0).then_some(ErrorKind::Refused);
        outcome.verdict = of_difference.or(self.failures.first().map(|error| error.kind));
        outcome.failures = self.failures;
        outcome
    }
}

/// A name on one line.
fn shown(file: &str) -> String {
    file.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}
