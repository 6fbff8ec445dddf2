//! `sign`: files with one private key and one login; the mechanism follows from the key.

mod batch;
mod jobs;
pub(super) mod policy;
mod signer;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{KeyChoice, Purpose, find_again};
use crate::cli::mechanism::{SigningArgs, for_signing};
use crate::cli::outcome::Outcome;
use crate::cli::predigested::Predigested;
use crate::cli::signature::Format;
use crate::cli::unlock::unlock;
use crate::cli::{atomic_file, json};
use batch::Batch;
use signer::{Input, Signer};

/// Arguments of `sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each FILE is signed into FILE.sig beside it, or in --output-dir; -o names
another file for one signature. Of several files, one that cannot be signed
does not keep the others from it: the exit code is that of the first failure,
and --json says of each file what became of it. A key whose certificates are
expired or not for signatures does not sign.

The mechanism follows from the key: SHA-256 with PKCS#1 v1.5
padding for RSA, ECDSA with the digest of the curve's size for EC. With
PSS the salt is as long as the digest, and the mask is made with the same
digest, unless --salt-len and --mgf say otherwise.
OpenSSL takes ECDSA signatures with --format der.

Examples:
  p11ctl sign --key 'key 1' document.txt
  p11ctl sign --slot 4 --pin env:PIN *.tar.gz
  sha256sum big.iso > big.sum && p11ctl sign --slot 4 --hash-file big.sum
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

    /// Write the signatures into this folder, each by the name of its file
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, conflicts_with = "output")]
    output_dir: Option<PathBuf>,

    /// The files are not data but their digests: the bytes, or hexadecimal as sha256sum prints it
    #[arg(long)]
    hash_file: bool,

    /// Form of the signature; der is for ECDSA, hex and base64 are text
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "raw")]
    format: SignatureFormat,

    /// How.
    #[command(flatten)]
    signing: SigningArgs,

    /// Sign all the same with SHA-1, or with an RSA key below 2048 bits
    #[arg(long)]
    allow_weak: bool,

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
    let jobs = jobs::jobs(context, args)?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Sign, &args.pin)?;
    let call = for_signing(&chosen.key.algorithm, &args.signing)?;
    if !args.allow_weak {
        policy::check_strength(&chosen.key.algorithm, &call)?;
    }
    let input = if args.hash_file { Input::Digests(Predigested::of(&call)?) } else { Input::Files };
    let format = Format::from(args.format);
    format.check(&chosen.key.algorithm)?;
    let mut batch = Batch::new(context, format, jobs);
    // A file that cannot be read must not cost a login.
    batch.refuse_unreadable()?;
    policy::check_certificates(context, &chosen)?;
    jobs::make_output_folder(args)?;
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let key = find_again(context.engine()?, unlocked.session, &chosen.key)?;
    let signer = Signer { context, chosen: &chosen, unlocked: &unlocked, key, call: &call, input };
    batch.run(&signer)?;
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "id": json::bytes(&chosen.key.id.0),
        "mechanism": call.id.to_string(),
        "format": format.name(),
        "signatures": batch.entries(),
    });
    Ok(batch.outcome(document))
}
