//! Many messages in one run: each decrypted or not for a reason of its own, and what became of each is told.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::keyring::{Keyring, Trouble};
use super::message::Job;
use super::{DecryptArgs, Start};
use crate::cli::apart::{Apart, Clash};
use crate::cli::atomic_file::{self, describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::KeyChoice;
use crate::cli::outcome::Outcome;
use crate::cli::progress::Bar;
use crate::cli::text::count;

/// What became of a message.
enum State {
    Decrypted(Map<String, Value>),
    Failed(CliError),
    NotTried,
}

/// Decrypts all of them. Errors: names that hurt each other, before anything is done.
pub fn decrypt(context: &Context, args: &DecryptArgs, choice: &KeyChoice) -> Result<Outcome, CliError> {
    let jobs = jobs(args)?;
    if let Some(folder) = &args.output_dir {
        fs::create_dir_all(folder)
            .map_err(|source| CliError::usage(format!("cannot make {}", folder.display())).cause(source))?;
    }
    // Files that cannot be read must not cost a login, and a wrong PIN one try, not one for each file.
    if jobs.iter().all(|job| atomic_file::open(job.input).is_err()) {
        let all = jobs.len();
        let first = jobs.iter().try_for_each(|job| atomic_file::open(job.input).map(|_| ()));
        first.map_err(|error| error.hint(format!("none of the {all} files can be read")))?;
    }
    let keyring = Keyring::new(context, choice, &args.pin, true);
    keyring.prepare()?;
    let bar = Bar::start(context, &jobs.iter().map(|job| job.input).collect::<Vec<_>>());
    let mut states = Vec::with_capacity(jobs.len());
    for job in &jobs {
        bar.file(job.input);
        states.push(match decrypt_one(job, &keyring, &bar) {
            Ok(fields) => State::Decrypted(fields),
            Err(Trouble::Message(error) | Trouble::Token(error)) => State::Failed(error),
            Err(Trouble::NotTried) => State::NotTried,
        });
    }
    bar.end();
    drop(keyring);
    Ok(outcome(&jobs, states))
}

fn decrypt_one(job: &Job<'_>, keyring: &Keyring<'_>, bar: &Bar) -> Result<Map<String, Value>, Trouble> {
    let start = Start::read(job.input).map_err(Trouble::Message)?;
    if !start.is_message() {
        let error = CliError::usage(format!("{} is no CMS message", describe(job.input)));
        return Err(Trouble::Message(error.hint("decrypt a block of RSA in a run of its own")));
    }
    Ok(job.run(keyring, start.whole(), bar)?.fields)
}

fn outcome(jobs: &[Job<'_>], states: Vec<State>) -> Outcome {
    let entries: Vec<Value> = jobs.iter().zip(&states).map(|(job, state)| entry(job, state)).collect();
    let mut outcome = Outcome::new(json!({ "format": "cms", "files": entries }), "");
    let all = states.len();
    let mut not_tried = 0;
    for (job, state) in jobs.iter().zip(states) {
        match state {
            State::Decrypted(_) => {
                outcome.notes.extend(job.output.as_ref().map(|path| format!("wrote {}", path.display())));
            }
            State::Failed(error) => outcome.failures.push(error),
            State::NotTried => not_tried += 1,
        }
    }
    let decrypted = all - outcome.failures.len() - not_tried;
    if not_tried > 0 {
        outcome.warnings.push(format!("{} not tried", count(not_tried, "file was", "files were")));
    }
    if decrypted < all {
        outcome.notes.push(format!("{decrypted} of {all} files are decrypted"));
    }
    let verdict = outcome.failures.first().map(|error| error.kind);
    outcome.verdict(verdict)
}

fn entry(job: &Job<'_>, state: &State) -> Value {
    let (mut fields, state, error) = match state {
        State::Decrypted(fields) => (fields.clone(), "decrypted", Value::Null),
        State::Failed(error) => (Map::new(), "failed", error.fields()),
        State::NotTried => (Map::new(), "not_tried", Value::Null),
    };
    if state != "decrypted" {
        fields.insert("file".to_owned(), job.input.display().to_string().into());
        fields.insert("output".to_owned(), Value::Null);
    }
    fields.remove("format");
    fields.insert("state".to_owned(), state.into());
    fields.insert("error".to_owned(), error);
    Value::Object(fields)
}

/// Pairs messages and files. Errors: a message without a name to take, two that would go into one file, a file that would
/// replace another message.
fn jobs(args: &DecryptArgs) -> Result<Vec<Job<'_>>, CliError> {
    if args.output.is_some() {
        return Err(CliError::usage("-o names one file, but there are several to decrypt")
            .hint("leave -o out: each goes into a file beside it, or into --output-dir"));
    }
    let mut apart = Apart::new(args.files.iter().map(PathBuf::as_path));
    let mut jobs = Vec::with_capacity(args.files.len());
    for input in &args.files {
        let output = output_of(args, input)?;
        let (from, to) = (describe(input), output.display());
        apart.write(&output).map_err(|clash| match clash {
            Clash::Input => {
                CliError::usage(format!("what is in {from} would replace {to}, which is to be decrypted too"))
                    .hint("leave one of them out, or write elsewhere with --output-dir")
            }
            Clash::Output => CliError::usage(format!("two files would be written to {to}"))
                .hint("decrypt files of one name in separate runs"),
        })?;
        jobs.push(Job { input, output: Some(output) });
    }
    Ok(jobs)
}

/// The message's name without its end, in the folder that is named or beside it.
fn output_of(args: &DecryptArgs, input: &Path) -> Result<PathBuf, CliError> {
    let none = || CliError::usage(format!("{} has no name for what is in it", describe(input)));
    if is_standard_stream(input) {
        return Err(none().hint("decrypt standard input alone"));
    }
    let is_known = input.extension().and_then(OsStr::to_str).is_some_and(|end| ENDS.contains(&end));
    let bare = if is_known { input.with_extension("") } else { input.to_owned() };
    match &args.output_dir {
        Some(folder) => Ok(folder.join(bare.file_name().ok_or_else(none)?)),
        None if is_known => Ok(bare),
        None => Err(none().hint(format!("a name ends in .{}; else give --output-dir", ENDS.join(", .")))),
    }
}

/// Ends of names of messages.
const ENDS: [&str; 4] = ["cms", "p7m", "p7", "enc"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_is_the_name_without_its_end() {
        let args = |folder: Option<&str>| DecryptArgs {
            output_dir: folder.map(PathBuf::from),
            ..DecryptArgs::default()
        };
        let path = |folder, name: &str| output_of(&args(folder), Path::new(name)).ok();
        assert_eq!(path(None, "a/b.tar.cms"), Some("a/b.tar".into()));
        assert_eq!(path(Some("out"), "a/b.p7m"), Some("out/b".into()));
        assert_eq!(path(Some("out"), "a/b"), Some("out/b".into()));
        assert_eq!((path(None, "a/b.tar"), path(Some("out"), "-"), path(None, "..")), (None, None, None));
    }
}
