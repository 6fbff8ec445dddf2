//! Many files in one run: each signed or not for a reason of its own, and what became of each is told.

use std::path::Path;

use serde_json::{Value, json};

use super::form::{Form, Written};
use super::jobs::Job;
use super::signer::Signer;
use crate::cli::ahead::Ahead;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::progress::Bar;
use crate::cli::text::count;
use crate::cli::writers::Writers;
use crate::cli::{atomic_file, json};

/// The files of one run.
pub struct Batch<'a> {
    context: &'a Context,
    items: Vec<Item<'a>>,
    stdout: Vec<u8>,
}

struct Item<'a> {
    job: Job<'a>,
    state: State,
}

/// What became of a file.
enum State {
    Waiting,
    Signed(Written),
    Failed(CliError),
}

impl<'a> Batch<'a> {
    /// Nothing is done yet.
    pub fn new(context: &'a Context, jobs: Vec<Job<'a>>) -> Self {
        let items = jobs.into_iter().map(|job| Item { job, state: State::Waiting }).collect();
        Self { context, items, stdout: Vec::new() }
    }

    /// Notes the files that cannot be read. Errors: there is none left to sign.
    pub fn refuse_unreadable(&mut self) -> Result<(), CliError> {
        for item in &mut self.items {
            if let Err(error) = atomic_file::check_readable(item.job.input) {
                item.state = State::Failed(error);
            }
        }
        if self.items.iter().any(|item| matches!(item.state, State::Waiting)) {
            return Ok(());
        }
        let all = self.items.len();
        let first = self.items.iter().find_map(|item| item.error().cloned());
        let error = first.unwrap_or_else(|| CliError::usage("there is nothing to sign"));
        Err(if all > 1 { error.hint(format!("none of the {all} files can be read")) } else { error })
    }

    /// Begins to read what will be signed, if that is worth it.
    pub fn read_ahead(&self) -> Option<Ahead> {
        let waiting = self.items.iter().filter(|item| matches!(item.state, State::Waiting));
        let files: Vec<_> = waiting.map(|item| item.job.input.to_owned()).collect();
        (files.len() > 1).then(|| Ahead::start(files))
    }

    /// Signs what waits. What is wrong with one file is noted; a card or PIN that fails ends the run.
    /// Errors: those of a single file.
    pub fn run(&mut self, signer: &Signer<'_>, form: &Form) -> Result<(), CliError> {
        // Several signatures in one transaction: the card keeps key and algorithm selected in between.
        let several = self.items.len() > 1;
        let transaction =
            several.then(|| signer.engine()?.batch(signer.unlocked.session).map_err(CliError::from));
        let transaction = transaction.transpose()?;
        let writers = several.then(Writers::start);
        let bar = Bar::start(self.context, &self.items.iter().map(|item| item.job.input).collect::<Vec<_>>());
        for index in 0..self.items.len() {
            let Some(item) = self.items.get_mut(index) else { break };
            bar.file(item.job.input);
            if !matches!(item.state, State::Waiting) {
                continue;
            }
            let signed = form.sign(signer, item.job.input, &|length| bar.bytes(length));
            let result = signed.and_then(|written| match &item.job.output {
                Some(path) => keep(written, path, writers.as_ref().map(|writers| (writers, index))),
                None => {
                    self.stdout.clone_from(&written.bytes);
                    Ok(written)
                }
            });
            let ends = result.as_ref().is_err_and(|error| !is_of_the_file(error));
            item.state = match result {
                Ok(signature) => State::Signed(signature),
                Err(error) if several => State::Failed(error),
                Err(error) => return Err(error),
            };
            if ends {
                break;
            }
        }
        drop(transaction);
        self.note_unwritten(writers);
        bar.end();
        Ok(())
    }

    /// Waits until the signatures are written, and notes those that could not be.
    fn note_unwritten(&mut self, writers: Option<Writers>) {
        for (index, error) in writers.map(Writers::finish).unwrap_or_default() {
            if let Some(item) = self.items.get_mut(index) {
                item.state = State::Failed(error);
            }
        }
    }

    /// What became of each file, for JSON.
    pub fn entries(&self) -> Vec<Value> {
        self.items.iter().map(Item::to_json).collect()
    }

    /// What is printed.
    pub fn outcome(self, document: Value) -> Outcome {
        let all = self.items.len();
        let mut outcome = Outcome::new(document, self.stdout);
        let mut not_tried = 0;
        for item in self.items {
            match item.state {
                State::Signed(_) => {
                    outcome.notes.extend(item.job.output.map(|path| format!("wrote {}", path.display())));
                }
                State::Failed(error) => outcome.failures.push(error),
                State::Waiting => not_tried += 1,
            }
        }
        let signed = all - outcome.failures.len() - not_tried;
        if not_tried > 0 {
            outcome.warnings.push(format!("{} not tried", count(not_tried, "file was", "files were")));
        }
        if signed < all {
            outcome.notes.push(format!("{signed} of {all} files are signed"));
        }
        let verdict = outcome.failures.first().map(|error| error.kind);
        outcome.verdict(verdict)
    }
}

impl Item<'_> {
    fn error(&self) -> Option<&CliError> {
        match &self.state {
            State::Failed(error) => Some(error),
            State::Waiting | State::Signed(_) => None,
        }
    }

    /// What would be in the file, where there is none: text as it is, else in hexadecimal.
    fn encoded(&self) -> Value {
        match &self.state {
            State::Signed(written) if self.job.output.is_none() => match str::from_utf8(&written.bytes) {
                Ok(text) => text.into(),
                Err(_) => json::bytes(&written.bytes),
            },
            _ => Value::Null,
        }
    }

    fn to_json(&self) -> Value {
        let output = self.job.output.as_ref().map(|path| path.display().to_string());
        let (state, signature, error) = match &self.state {
            State::Signed(written) => ("signed", json::bytes(&written.raw), Value::Null),
            State::Failed(error) => ("failed", Value::Null, error.fields()),
            State::Waiting => ("not_tried", Value::Null, Value::Null),
        };
        json!({
            "file": self.job.input.display().to_string(),
            "output": output.filter(|_| !signature.is_null()),
            "signature": signature,
            "encoded": self.encoded(),
            "state": state,
            "error": error,
        })
    }
}

/// Writes a signature, whole or not at all.
fn keep(written: Written, path: &Path, writers: Option<(&Writers, usize)>) -> Result<Written, CliError> {
    match writers {
        Some((writers, index)) => writers.write(index, path, written.bytes)?,
        None => atomic_file::write(path, &written.bytes)?,
    }
    // A thousand files need not stay in memory.
    Ok(Written { bytes: Vec::new(), raw: written.raw })
}

/// True for what is wrong with one file; the next can be signed all the same.
fn is_of_the_file(error: &CliError) -> bool {
    matches!(error.kind, ErrorKind::Usage | ErrorKind::Refused)
}
