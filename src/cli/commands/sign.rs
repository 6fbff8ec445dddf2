//! `sign`: files with one private key and one login; the mechanism follows from the key.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again};
use crate::cli::mechanism::{SigningArgs, for_signing};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::unlock::{Unlocked, unlock};
use crate::cli::{atomic_file, json, signature};
use crate::engine::mechanism::mechanism;
use crate::engine::{ANY_ROOM, MechanismCall, ObjectHandle};
use signature::Format;

/// Arguments of `sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each FILE is signed into FILE.sig beside it; -o names another file for one
signature. The mechanism follows from the key: SHA-256 with PKCS#1 v1.5
padding for RSA, ECDSA with the digest of the curve's size for EC. With
PSS the salt is as long as the digest, and the mask is made with the same
digest, unless --salt-len and --mgf say otherwise.
OpenSSL takes ECDSA signatures with --format der.

Examples:
  p11ctl sign --key 'key 1' document.txt
  p11ctl sign --slot 4 --pin env:PIN *.tar.gz
  p11ctl sign --key 'key 1' --mechanism SHA256-RSA-PKCS-PSS document.txt
  p11ctl sign --key 'pkcs11:object=key%202' --format der -o x.der x.txt
  tar c src | p11ctl sign --slot 4 --pin file:pin -o src.sig -")]
pub struct SignArgs {
    /// Files to sign (- is standard input)
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// Write the one signature to this file (- is standard output)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Form of the signature; der is for ECDSA, hex and base64 are text
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "raw")]
    format: SignatureFormat,

    /// How.
    #[command(flatten)]
    signing: SigningArgs,

    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Forms of a signature on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SignatureFormat {
    /// The bytes of PKCS#11: for ECDSA r and s side by side
    Raw,
    /// ECDSA as a SEQUENCE of r and s, as OpenSSL has it
    Der,
    /// The raw form in hexadecimal
    Hex,
    /// The raw form in base64
    Base64,
}

impl From<SignatureFormat> for Format {
    fn from(format: SignatureFormat) -> Self {
        match format {
            SignatureFormat::Raw => Self::Raw,
            SignatureFormat::Der => Self::Der,
            SignatureFormat::Hex => Self::Hex,
            SignatureFormat::Base64 => Self::Base64,
        }
    }
}

/// Runs `sign`.
pub fn run(context: &Context, args: &SignArgs) -> Result<Outcome, CliError> {
    let reads_stdin = args.files.iter().any(|file| atomic_file::is_standard_stream(file));
    args.pin.check(reads_stdin)?;
    let jobs = jobs(context, args)?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Sign)?;
    let call = for_signing(&chosen.key.algorithm, &args.signing)?;
    let format = Format::from(args.format);
    format.check(&chosen.key.algorithm)?;
    // A file that cannot be read must not cost a login.
    for job in &jobs {
        if !atomic_file::is_standard_stream(job.input) {
            drop(atomic_file::open(job.input)?);
        }
    }
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let key = find_again(context.engine()?, unlocked.session, &chosen.key)?;
    let signer = Signer { context, chosen: &chosen, unlocked: &unlocked, key, call: &call };
    let mut entries = Vec::new();
    let mut stdout = Vec::new();
    let mut notes = Vec::new();
    // Several signatures in one transaction: the card keeps key and algorithm selected in between.
    let batch = (jobs.len() > 1).then(|| context.engine()?.batch(unlocked.session).map_err(CliError::from));
    let batch = batch.transpose()?;
    for job in &jobs {
        let raw = signer.sign(job.input).map_err(|error| after(error, entries.len(), jobs.len()))?;
        let bytes = format.encode(&chosen.key.algorithm, &raw)?;
        match &job.output {
            Some(path) => {
                atomic_file::write(path, &bytes)?;
                notes.push(format!("wrote {}", path.display()));
            }
            None => stdout = bytes,
        }
        entries.push(job.to_json(&raw));
    }
    drop(batch);
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "id": json::bytes(&chosen.key.id.0),
        "mechanism": call.id.to_string(),
        "format": format.name(),
        "signatures": entries,
    });
    let mut outcome = Outcome::new(document, stdout);
    outcome.notes = notes;
    Ok(outcome)
}

/// Says how far a run over several files came.
fn after(error: CliError, done: usize, all: usize) -> CliError {
    if all < 2 {
        return error;
    }
    error.hint(format!("{done} of {all} files were signed before, and their signatures are written"))
}

/// One file and where its signature goes; `None` is standard output.
struct Job<'a> {
    input: &'a Path,
    output: Option<PathBuf>,
}

impl Job<'_> {
    fn to_json(&self, signature: &[u8]) -> Value {
        json!({
            "file": self.input.display().to_string(),
            "output": self.output.as_ref().map(|path| path.display().to_string()),
            "signature": json::bytes(signature),
        })
    }
}

/// Pairs inputs and outputs. Errors: one output for several files, standard input twice, binary to a terminal.
fn jobs<'a>(context: &Context, args: &'a SignArgs) -> Result<Vec<Job<'a>>, CliError> {
    let stdins = args.files.iter().filter(|file| atomic_file::is_standard_stream(file)).count();
    if stdins > 1 {
        return Err(CliError::usage("standard input is named twice"));
    }
    if args.output.is_some() && args.files.len() > 1 {
        return Err(CliError::usage("-o names one file, but there are several to sign")
            .hint("leave -o out: each signature is written beside its file"));
    }
    let jobs: Vec<Job<'_>> = args
        .files
        .iter()
        .map(|input| {
            let output = match &args.output {
                Some(path) => Some(path.clone()).filter(|path| !atomic_file::is_standard_stream(path)),
                None if atomic_file::is_standard_stream(input) => None,
                None => Some(beside(input)),
            };
            Job { input, output }
        })
        .collect();
    let to_stdout = args.output.is_none() && jobs.iter().any(|job| job.output.is_none());
    if to_stdout && jobs.len() > 1 {
        return Err(CliError::usage("standard input is signed alone: its signature goes to standard output"));
    }
    let binary = matches!(args.format, SignatureFormat::Raw | SignatureFormat::Der);
    if to_stdout && binary && context.terminal.stdout && !context.global.json {
        return Err(CliError::usage("the signature is no text and standard output is a terminal")
            .hint("write it to a file with -o FILE, or give --format hex or base64"));
    }
    Ok(jobs)
}

/// `document.txt.sig`.
fn beside(input: &Path) -> PathBuf {
    let mut name = OsString::from(input);
    name.push(".sig");
    name.into()
}

struct Signer<'a> {
    context: &'a Context,
    chosen: &'a ChosenKey,
    unlocked: &'a Unlocked,
    key: ObjectHandle,
    call: &'a MechanismCall,
}

impl Signer<'_> {
    /// Signs one file, in constant memory where the mechanism digests.
    fn sign(&self, input: &Path) -> Result<Vec<u8>, CliError> {
        let engine = self.context.engine()?;
        let session = self.unlocked.session;
        engine.sign_init(session, self.call, self.key)?;
        if self.chosen.key.always_authenticate {
            self.unlocked.authenticate_again(self.context, &self.chosen.token)?;
        }
        if mechanism(self.call.id)?.digest().is_none() {
            let digest = atomic_file::read(input)?;
            return engine.sign(session, &digest, ANY_ROOM).map_err(|error| self.explain(error, input));
        }
        let mut data = atomic_file::open(input)?;
        let mut buffer = vec![0; BUFFER_LEN];
        loop {
            let length = data.read(&mut buffer).map_err(|source| {
                CliError::usage(format!("cannot read {}", atomic_file::describe(input))).cause(source)
            })?;
            let Some(part) = buffer.get(..length).filter(|part| !part.is_empty()) else { break };
            engine.sign_update(session, part)?;
        }
        engine.sign_final(session, ANY_ROOM).map_err(|error| self.explain(error, input))
    }

    fn explain(&self, error: crate::engine::Error, input: &Path) -> CliError {
        let mut explained = CliError::from(error);
        explained.causes.insert(0, explained.message.clone());
        explained.message = format!(
            "{} is not signed with key {} in slot {}",
            atomic_file::describe(input),
            quote(&self.chosen.key.label),
            self.chosen.token.slot
        );
        explained
    }
}

const BUFFER_LEN: usize = 64 * 1024;
