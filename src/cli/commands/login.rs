//! `login`: verifies the PIN of one token and shows what it opens; the login ends with the command.

use clap::Args;
use serde_json::json;

use super::find::object_table;
use crate::cli::args::{PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::objects::{self, Object};
use crate::cli::outcome::Outcome;
use crate::cli::selector::{Selector, pin_source};
use crate::cli::text::quote;
use crate::cli::{tokens, unlock};
use crate::engine::Template;

/// Arguments of `login`.
#[derive(Debug, Args)]
#[command(after_help = "\
The login ends with the command: no other program inherits it.

Examples:
  p11ctl login --slot 4
  p11ctl login --token 'Example (PIN 1)' --pin env:PIN
  p11ctl login --slot 4 --pin file:/run/secrets/pin --json")]
pub struct LoginArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Runs `login`.
pub fn run(context: &Context, args: &LoginArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    let selector = Selector::new(&args.token, None)?;
    let token = tokens::exactly_one(context, &selector, tokens::has_pin)?;
    if token.view.view.auth.is_none() {
        let label = quote(&token.candidate.label);
        return Err(CliError::new(
            ErrorKind::Pin,
            format!("token {label} in slot {} has no PIN", token.slot),
        ));
    }
    let unlocked = unlock::unlock(context, &token, &args.pin, pin_source(&args.token)?.as_deref())?;
    let engine = context.engine()?;
    let found = objects::read_all(engine, token.slot, unlocked.session, &Template::new())?;
    let found: Vec<Object> = found.into_iter().map(|(_, object)| object).collect();
    let pin = unlocked.status.as_ref().map(|status| status.label.clone()).unwrap_or_default();
    let document = json!({
        "slot": token.slot.0,
        "reader": token.candidate.reader,
        "token": token.candidate.label,
        "pin": pin,
        "objects": found.iter().map(Object::to_json).collect::<Vec<_>>(),
    });
    let note = format!("PIN {} opens token {}", quote(&pin), quote(&token.candidate.label));
    Ok(Outcome::new(document, object_table(context, &found)).note(note))
}
