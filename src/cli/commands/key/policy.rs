//! `key policy`: when a key that is there wants its PIN or a touch, on cards that let that be changed.

use clap::Args;
use serde_json::json;

use super::options::{PinWhen, TouchWhen};
use crate::card::admin::Extra;
use crate::cli::args::{KeyArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{KeyChoice, Purpose};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::writing::{self, WriteArgs};
use crate::engine::KeyPlacement;

/// Arguments of `key policy`.
#[derive(Debug, Args)]
#[command(after_help = "\
OpenPGP cards let it be changed; on PIV cards it is settled when the key is
made. A fixed touch policy ends with the key alone.

Examples:
  p11ctl key policy --slot 1 --id 01 --pin-policy always --so-pin env:ADMIN
  p11ctl key policy --slot 0 --id 02 --touch-policy cached --so-pin env:ADMIN")]
pub struct PolicyArgs {
    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// When the card asks for the PIN
    #[arg(long, value_name = "WHEN", required_unless_present = "touch_policy")]
    pin_policy: Option<PinWhen>,

    /// When the card waits for a touch
    #[arg(long, value_name = "WHEN")]
    touch_policy: Option<TouchWhen>,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `key policy`.
pub fn run(context: &Context, args: &PolicyArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    if args.key.key.is_none() && args.key.id.is_none() {
        return Err(CliError::usage("which key?").hint("name it: --key, --id or a pkcs11: URI"));
    }
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let chosen = choice.private_key(context, Purpose::Delete, &args.write.pin)?;
    writing::require(context, &chosen.token, Extra::SetPolicies)?;
    let pin_source = choice.pin_source.as_deref();
    let opened = writing::open_exclusive(context, &chosen.token, &args.write, pin_source)?;
    let engine = context.engine()?;
    let policies = KeyPlacement {
        pin_policy: args.pin_policy.map(Into::into),
        touch_policy: args.touch_policy.map(Into::into),
        ..KeyPlacement::default()
    };
    engine.set_policies(opened.session, chosen.key.object, &policies)?;
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
    });
    Ok(Outcome::new(document, "").note(format!("key {} is guarded as asked for", quote(&chosen.key.label))))
}
