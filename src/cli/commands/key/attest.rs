//! `key attest`: the card's own certificate that it generated a key.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{KeyChoice, Purpose, find_again};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::unlock::unlock;
use crate::cli::{atomic_file, destination, json, pem};

/// Arguments of `key attest`.
#[derive(Debug, Args)]
#[command(after_help = "\
The certificate names the key, its policies and the card; the maker's own
certificate above it says whether it is to be believed.

Examples:
  p11ctl key attest --slot 0 --id 01 -o attestation.pem
  openssl verify -CAfile maker.pem -untrusted card.pem attestation.pem")]
pub struct AttestArgs {
    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Write to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Runs `key attest`.
pub fn run(context: &Context, args: &AttestArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    args.output.as_deref().map(atomic_file::check_writable).transpose()?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Delete, &args.pin)?;
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let engine = context.engine()?;
    let key = find_again(engine, unlocked.session, &chosen.key)?;
    let der = engine.attest(unlocked.session, key)?;
    let document = json!({
        "slot": chosen.token.slot.0,
        "key": chosen.key.label,
        "id": json::bytes(&chosen.key.id.0),
        "der": json::bytes(&der),
        "file": args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path)),
    });
    let text = pem::encode("CERTIFICATE", &der)?;
    let outcome = destination::deliver(context, document, text.as_bytes(), args.output.as_deref(), false)?;
    Ok(outcome.note(format!("the card vouches for key {}", quote(&chosen.key.label))))
}
