//! `decrypt`: a CMS message of any size, or one block of RSA; the file itself tells which.

mod batch;
mod block;
mod keyring;
mod message;
mod stream;

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::args::{HexBytes, KeyArgs, PinArgs, TokenArgs, parse_hex};
use crate::cli::atomic_file::{self, describe, is_standard_stream};
use crate::cli::cipher::mode_named;
use crate::cli::context::Context;
use crate::cli::delivery;
use crate::cli::error::CliError;
use crate::cli::keys::KeyChoice;
use crate::cli::mechanism::DecryptingArgs;
use crate::cli::outcome::Outcome;
use crate::cli::progress::Bar;
use crate::crypto::cms::text::{START_LEN, is_message};
use keyring::{Keyring, Trouble};
use message::Job;

/// Arguments of `decrypt`.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
A CMS message, as p11ctl encrypt and openssl cms -encrypt make it (DER, PEM or
S/MIME), tells whom it is for: the key is found on the tokens there are, and
--key or --slot is only needed where that is not enough. A file appears under
its name when its end was found right, and standard output gets nothing
before.

Of several messages each goes into a file beside it, whose name is that of the
message without .cms, .p7m, .p7 or .enc, or into --output-dir. What is wrong
with one does not concern the others; a card or PIN that fails ends what is for
that token.

Any other file is one RSA block, as made by p11ctl encrypt --format raw or
openssl pkeyutl -encrypt. OAEP (with SHA-256) and PKCS#1 v1.5 are told apart;
other digests, masks and labels of OAEP are those that the sender used. A file
under an AES key, as p11ctl encrypt --format raw and openssl enc make it, needs
--mechanism AES-CBC-PAD; whether it was changed nobody can tell.

Examples:
  p11ctl decrypt backup.tar.cms -o backup.tar
  p11ctl decrypt --slot 4 --pin env:PIN src.tar.cms | tar x
  p11ctl decrypt --output-dir plain --pin env:PIN mail/*.p7m
  p11ctl decrypt --key 'key 1' secret.bin -o secret.txt
  p11ctl decrypt --key 'key 5' --mechanism AES-CBC-PAD data.enc -o data
  p11ctl decrypt --key 'key 1' --mechanism RSA-PKCS-OAEP --hash sha1 \\
    secret.bin -o secret.txt")]
pub struct DecryptArgs {
    /// Files to decrypt (- is standard input)
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// Write the one result to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Write the results into this folder, each by the name of its message
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, conflicts_with = "output")]
    output_dir: Option<PathBuf>,

    /// How.
    #[command(flatten)]
    decrypting: DecryptingArgs,

    /// Initial vector of a file under an AES key, in hexadecimal; without it the file begins with it
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    iv: Option<HexBytes>,

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

/// Runs `decrypt`.
pub fn run(context: &Context, args: &DecryptArgs) -> Result<Outcome, CliError> {
    args.pin.check(args.files.iter().any(|file| is_standard_stream(file)))?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let file = match args.files.as_slice() {
        [file] if args.output_dir.is_none() => file,
        _ => {
            check_no_mechanism(args, "a CMS message")?;
            return batch::decrypt(context, args, &choice);
        }
    };
    if let Some(mode) = args.decrypting.mechanism().and_then(mode_named) {
        return stream::decrypt(context, args, (file, mode), &choice);
    }
    if args.iv.is_some() {
        return Err(CliError::usage("--iv belongs to a file under an AES key")
            .hint("say how it was encrypted, such as --mechanism AES-CBC-PAD"));
    }
    let start = Start::read(file)?;
    if !start.is_message() {
        return block::decrypt(context, args, (file, start.whole()), &choice);
    }
    check_no_mechanism(args, &format!("{} is a CMS message", describe(file)))?;
    let output = args.output.clone().filter(|path| !is_standard_stream(path));
    let job = Job { input: file, output };
    let keyring = Keyring::new(context, &choice, &args.pin, false);
    let bar = Bar::start(context, &[file]);
    bar.file(file);
    let opened = job.run(&keyring, start.whole(), &bar);
    bar.end();
    let opened = opened.map_err(|trouble| match trouble {
        Trouble::Message(error) | Trouble::Token(error) => error,
        Trouble::NotTried => cannot_read(file),
    })?;
    delivery::outcome(context, opened.fields, "plaintext", (opened.spooled, job.output.as_deref()))
}

/// A message says itself how it was encrypted.
fn check_no_mechanism(args: &DecryptArgs, what: &str) -> Result<(), CliError> {
    match args.decrypting.given() {
        Some(option) => Err(CliError::usage(format!("{what}, which needs no {option}"))
            .hint(format!("leave {option} out: the message says how it was encrypted"))),
        None => Ok(()),
    }
}

/// A file of which the beginning was read, to know what it is.
struct Start {
    bytes: Vec<u8>,
    rest: Box<dyn Read>,
}

impl Start {
    fn read(path: &Path) -> Result<Self, CliError> {
        let mut rest = atomic_file::open(path)?;
        let mut bytes = Vec::new();
        rest.by_ref()
            .take(START_LEN as u64)
            .read_to_end(&mut bytes)
            .map_err(|source| cannot_read(path).cause(source))?;
        Ok(Self { bytes, rest })
    }

    fn is_message(&self) -> bool {
        is_message(&self.bytes)
    }

    /// All of it.
    fn whole(self) -> impl Read {
        Cursor::new(self.bytes).chain(self.rest)
    }
}

fn cannot_read(path: &Path) -> CliError {
    CliError::usage(format!("cannot read {}", describe(path)))
}
