//! `pin tries`: how many tries a PIN and its PUK have, on cards that let it be set.

use clap::Args;
use serde_json::json;

use crate::card::admin::Extra;
use crate::cli::args::TokenArgs;
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::tokens;
use crate::cli::writing::{self, WriteArgs};

/// Arguments of `pin tries`.
#[derive(Debug, Args)]
#[command(after_help = "\
YubiKeys give PIN and PUK the values of the factory with it (123456 and
12345678): change both afterwards. They want the PIN and the management key:

  p11ctl pin tries --slot 0 --set-pin 5 --set-puk 5 \\
      --auth-pin 'management key=env:KEY'")]
pub struct TriesArgs {
    /// Tries of the PIN
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    set_pin: u8,

    /// Tries of the PUK
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    set_puk: u8,

    /// Do it without asking
    #[arg(long)]
    yes: bool,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `pin tries`.
pub fn run(context: &Context, args: &TriesArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    let (token, pin_source) = writing::choose(context, &args.token, &args.write, tokens::has_pin)?;
    writing::require(context, &token, Extra::SetTries)?;
    confirm(args.yes, "PIN and PUK may have the values of the factory afterwards", &[])?;
    let opened = writing::open_exclusive(context, &token, &args.write, pin_source.as_deref())?;
    let cost = context.engine()?.set_tries(opened.session, args.set_pin, args.set_puk)?;
    let document = json!({
        "slot": token.slot.0,
        "token": token.candidate.label,
        "pin_tries": args.set_pin,
        "puk_tries": args.set_puk,
        "reset": cost,
    });
    let mut outcome = Outcome::new(document, "");
    outcome.notes.push(format!("the PIN has {} tries, the PUK {}", args.set_pin, args.set_puk));
    outcome.notes.extend(cost);
    Ok(outcome)
}
