//! `digest`: digests of files, written and checked as sha256sum does it; computed on the host, without a card.

mod check;
mod line;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::mechanism::hash_named;
use crate::cli::outcome::Outcome;
use crate::cli::parts::digest_file;
use crate::cli::progress::Bar;
use crate::cli::text::{count, escape};
use crate::cli::{atomic_file, json};
use crate::crypto::DigestAlgorithm;

/// Arguments of `digest`.
#[derive(Debug, Args)]
#[command(after_help = "\
The lines are those of sha256sum: the digest in hexadecimal and the name of
the file. --check reads such lines, or those of openssl dgst; the hash then
follows from the line where it can, and --hash says it otherwise. Exit code
1: a file is not what its line says.

Examples:
  p11ctl digest release.tar.gz > release.sum
  p11ctl digest --check release.sum
  p11ctl digest --hash sha3-512 *.iso
  tar c src | p11ctl digest --json")]
pub struct DigestArgs {
    /// Files to digest (- is standard input, the default)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// Digest: sha1, sha224, sha256 (the default), sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512
    #[arg(long, value_name = "HASH")]
    hash: Option<String>,

    /// The files hold digests and names: check the files of these names
    #[arg(long)]
    check: bool,
}

/// Runs `digest`.
pub fn run(context: &Context, args: &DigestArgs) -> Result<Outcome, CliError> {
    let hash = args.hash.as_deref().map(hash_named).transpose()?;
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files };
    if files.iter().filter(|file| atomic_file::is_standard_stream(file)).count() > 1 {
        return Err(CliError::usage("standard input is named twice"));
    }
    if args.check {
        return check::run(context, files, hash);
    }
    digest_files(context, files, hash.unwrap_or(DigestAlgorithm::Sha256))
}

/// What is wrong with one file does not keep the others from being digested.
fn digest_files(context: &Context, files: &[PathBuf], hash: DigestAlgorithm) -> Result<Outcome, CliError> {
    let bar = Bar::start(context, &files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    let mut lines = String::new();
    let mut entries: Vec<Value> = Vec::new();
    let mut failures = Vec::new();
    for file in files {
        bar.file(file);
        match digest_file(file, hash, &|length| bar.bytes(length)) {
            Ok(digest) => {
                lines.push_str(&printed(context, &line::write(&digest, file)));
                entries.push(entry(file, json::bytes(&digest), Value::Null));
            }
            Err(error) if files.len() == 1 => return Err(error),
            Err(error) => {
                entries.push(entry(file, Value::Null, error.fields()));
                failures.push(error);
            }
        }
    }
    bar.end();
    let document = json!({ "hash": hash.name(), "digests": entries });
    let mut outcome = Outcome::new(document, lines);
    if !failures.is_empty() {
        let (all, read) = (files.len(), files.len() - failures.len());
        outcome = outcome.note(format!("{read} of {} are digested", count(all, "file", "files")));
    }
    outcome.verdict = failures.first().map(|error| error.kind);
    outcome.failures = failures;
    Ok(outcome)
}

fn entry(file: &Path, digest: Value, error: Value) -> Value {
    json!({ "file": file.display().to_string(), "digest": digest, "error": error })
}

/// A line as it is for a program; for a terminal without what that would obey.
fn printed(context: &Context, line: &str) -> String {
    if context.terminal.stdout { format!("{}\n", escape(line)) } else { format!("{line}\n") }
}
