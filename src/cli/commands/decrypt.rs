//! `decrypt`: one block of RSA, with PKCS#1 v1.5 or OAEP padding or none.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{KeyChoice, Purpose, find_again};
use crate::cli::mechanism::{DecryptingArgs, for_decryption};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::unlock::unlock;
use crate::cli::{atomic_file, destination, json};
use crate::engine::{ANY_ROOM, Error, MechanismCall, Parameters};
use crate::token::{Key, KeyAlgorithm};

/// Arguments of `decrypt`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is one RSA block, as made by openssl pkeyutl -encrypt: with
PKCS#1 v1.5 padding, or with OAEP (-pkeyopt rsa_padding_mode:oaep). Digest,
mask and label of OAEP are those that the sender used.

Examples:
  p11ctl decrypt --key 'key 1' secret.bin -o secret.txt
  p11ctl decrypt --slot 4 --pin env:PIN secret.bin > secret.txt
  p11ctl decrypt --key 'key 1' --mechanism RSA-PKCS-OAEP --hash sha256 \\
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
    args.pin.check(atomic_file::is_standard_stream(&args.file))?;
    let call = for_decryption(&args.decrypting)?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Decrypt, &args.pin)?;
    let data = atomic_file::read(&args.file)?;
    check_length(args, &chosen.key, data.len())?;
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let engine = context.engine()?;
    let key = find_again(engine, unlocked.session, &chosen.key)?;
    engine.decrypt_init(unlocked.session, &call, key)?;
    if chosen.key.always_authenticate {
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    let plain = engine.decrypt(unlocked.session, &data, ANY_ROOM).map_err(|error| explain(error, &call))?;
    let file = args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path));
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "mechanism": call.id.to_string(),
        "file": args.file.display().to_string(),
        "output": file.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "plaintext": if file.is_some() { serde_json::Value::Null } else { json::bytes(plain.expose()) },
    });
    destination::deliver(context, document, plain.expose(), args.output.as_deref(), false)
}

/// A file that is no block of this key is refused before a PIN is asked for.
fn check_length(args: &DecryptArgs, key: &Key, actual: usize) -> Result<(), CliError> {
    let KeyAlgorithm::Rsa { modulus_bits } = key.algorithm else { return Ok(()) };
    let expected = modulus_bits.div_ceil(8);
    // Zero: the directory does not tell the size.
    if expected == 0 || u32::try_from(actual) == Ok(expected) {
        return Ok(());
    }
    let (file, label) = (atomic_file::describe(&args.file), quote(&key.label));
    let message = format!("{file} has {actual} bytes, but key {label} decrypts blocks of {expected}");
    Err(CliError::usage(message))
}

/// Names what sender and receiver must agree on beside the key.
fn explain(error: Error, call: &MechanismCall) -> CliError {
    let is_damaged = matches!(error, Error::EncryptedDataInvalid);
    let explained = CliError::from(error);
    match &call.parameters {
        Parameters::Oaep { hash, mgf, label } if is_damaged => explained.hint(format!(
            "this was OAEP with {hash}, mask with {mgf}, label of {} bytes: see --hash, --mgf, --oaep-label",
            label.len()
        )),
        Parameters::None if is_damaged => {
            explained.hint("this was PKCS#1 v1.5 padding: --mechanism RSA-PKCS-OAEP is the other one")
        }
        _ => explained,
    }
}
