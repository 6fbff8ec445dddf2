//! `decrypt`: a CMS message of any size, or one block of RSA; the file itself tells which.

mod block;
mod message;

use std::io::{Cursor, Read};
use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::atomic_file::{self, describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::KeyChoice;
use crate::cli::mechanism::DecryptingArgs;
use crate::cli::outcome::Outcome;
use crate::crypto::cms::text::{START_LEN, is_message};

/// Arguments of `decrypt`.
#[derive(Debug, Args)]
#[command(after_help = "\
A CMS message, as p11ctl encrypt and openssl cms -encrypt make it (DER, PEM or
S/MIME), tells whom it is for: the key is found on the tokens there are, and
--key or --slot is only needed where that is not enough. A file appears under
its name when its end was found right, and standard output gets nothing
before.

Any other file is one RSA block, as made by p11ctl encrypt --format raw or
openssl pkeyutl -encrypt. OAEP (with SHA-256) and PKCS#1 v1.5 are told apart;
other digests, masks and labels of OAEP are those that the sender used.

Examples:
  p11ctl decrypt backup.tar.cms -o backup.tar
  p11ctl decrypt --slot 4 --pin env:PIN src.tar.cms | tar x
  p11ctl decrypt --key 'key 1' secret.bin -o secret.txt
  p11ctl decrypt --key 'key 1' --mechanism RSA-PKCS-OAEP --hash sha1 \\
    secret.bin -o secret.txt")]
pub struct DecryptArgs {
    /// File to decrypt (- is standard input)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Write to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// How.
    #[command(flatten)]
    decrypting: DecryptingArgs,

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
    args.pin.check(is_standard_stream(&args.file))?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let mut input = atomic_file::open(&args.file)?;
    let mut start = Vec::new();
    input
        .by_ref()
        .take(START_LEN as u64)
        .read_to_end(&mut start)
        .map_err(|source| cannot_read(args).cause(source))?;
    let is_message = is_message(&start);
    let input = Cursor::new(start).chain(input);
    if !is_message {
        return block::decrypt(context, args, &choice, input);
    }
    if let Some(option) = args.decrypting.given() {
        let name = describe(&args.file);
        return Err(CliError::usage(format!("{name} is a CMS message, which needs no {option}"))
            .hint(format!("leave {option} out: the message says how it was encrypted")));
    }
    message::decrypt(context, args, &choice, input)
}

fn cannot_read(args: &DecryptArgs) -> CliError {
    CliError::usage(format!("cannot read {}", describe(&args.file)))
}
