//! `key move`: a private key and its certificate to another place, on cards with a place for each purpose.

use clap::Args;
use serde_json::json;

use crate::card::admin::Extra;
use crate::cli::args::{KeyArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{KeyChoice, Purpose};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::writing::{self, WriteArgs};
use crate::engine::KeyPlacement;

/// Arguments of `key move`.
#[derive(Debug, Args)]
#[command(after_help = "\
A key of key management that is replaced goes to the retired ones, where it
still decrypts what was encrypted for it:

  p11ctl key move --slot 0 --id 03 --to 82 --so-pin env:KEY")]
pub struct MoveArgs {
    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Where to: 9a, 9c, 9d, 9e, 82 to 95
    #[arg(long, value_name = "NAME")]
    to: String,

    /// Let the key that is there be lost
    #[arg(long)]
    replace: bool,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `key move`.
pub fn run(context: &Context, args: &MoveArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    if args.key.key.is_none() && args.key.id.is_none() {
        return Err(CliError::usage("which key?").hint("name it: --key, --id or a pkcs11: URI"));
    }
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Delete, &args.write.pin)?;
    writing::require(context, &chosen.token, Extra::MoveKey)?;
    let pin_source = choice.pin_source.as_deref();
    let opened = writing::open_exclusive(context, &chosen.token, &args.write, pin_source)?;
    let engine = context.engine()?;
    let to = KeyPlacement { place: Some(args.to.clone()), replace: args.replace, ..KeyPlacement::default() };
    engine.move_key(opened.session, chosen.key.object, &to)?;
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "to": args.to,
    });
    Ok(Outcome::new(document, "").note(format!(
        "moved key {} to {}",
        quote(&chosen.key.label),
        quote(&args.to)
    )))
}
