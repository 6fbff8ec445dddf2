//! `pin unblock`: gives a locked or forgotten PIN a new value, by its PUK or by the security officer.

use clap::Args;
use serde_json::json;

use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::new_secret::read_new;
use crate::cli::outcome::Outcome;
use crate::cli::pin::{Kind, PinRequest};
use crate::cli::selector::Selector;
use crate::cli::text::quote;
use crate::cli::unlock::{explain, request};
use crate::cli::{tokens, writing};
use crate::engine::Unblocker;

/// Arguments of `pin unblock`.
#[derive(Debug, Args)]
#[command(after_help = "\
The PUK is asked for, unless --puk or --so-pin says otherwise. Both values
from stdin are its lines: the PUK (or SO PIN), the new PIN.

Examples:
  p11ctl pin unblock --slot 4
  p11ctl pin unblock --slot 4 --puk env:PUK --new-pin env:PIN
  p11ctl pin unblock --slot 4 --so-pin env:SO_PIN --new-pin env:PIN")]
pub struct UnblockArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Take the PUK from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    puk: Option<PinArg>,

    /// Let the security officer do it, whose PIN comes from there
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING, conflicts_with = "puk")]
    so_pin: Option<PinArg>,

    /// Take the new PIN from there (prompt: typed twice)
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    new_pin: Option<PinArg>,

    /// Let a wrong PIN lock the card: use the last try without asking
    #[arg(long, help_heading = PIN_HEADING)]
    final_try: bool,
}

/// Runs `pin unblock`.
pub fn run(context: &Context, args: &UnblockArgs) -> Result<Outcome, CliError> {
    Kind::Puk.check(args.puk.as_ref())?;
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    Kind::NewPin.check(args.new_pin.as_ref())?;
    let selector = Selector::new(&args.token, None)?;
    let token = tokens::exactly_one(context, &selector, tokens::has_pin)?;
    let status = context.engine()?.user_pin(token.slot)?.ok_or_else(|| {
        CliError::new(ErrorKind::Pin, format!("the token in slot {} has no PIN", token.slot))
            .hint("an empty token gets one by p11ctl pin init")
    })?;
    let by_officer = args.so_pin.is_some();
    let by = if by_officer {
        request(&token, &writing::officer_status(context, &token)?, Kind::OfficerPin)
    } else {
        // Cards tell the tries of a PUK only by refusing a wrong one.
        PinRequest { tries_left: None, ..request(&token, &status, Kind::Puk) }
    };
    let source = args.so_pin.as_ref().or(args.puk.as_ref());
    let authority = writing::read(source, args.final_try, &by)?;
    let new_request = PinRequest { tries_left: None, ..request(&token, &status, Kind::NewPin) };
    let new = read_new(args.new_pin.as_ref(), &new_request)?;
    writing::check_length((status.min_len, status.max_len), &new, &new_request)?;
    let unblocker = if by_officer { Unblocker::Officer(&authority) } else { Unblocker::Puk(&authority) };
    context
        .with_pin(|engine| engine.unblock_pin(token.slot, unblocker, &new))
        .map_err(|error| explain(error, &by))?;
    let document = json!({ "slot": token.slot.0, "token": token.candidate.label, "pin": status.label });
    Ok(Outcome::new(document, "").note(format!(
        "PIN {} of the token in slot {} has its new value and all its tries",
        quote(&status.label),
        token.slot
    )))
}
