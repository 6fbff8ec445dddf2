//! `pin puk`: the PUK of a token's PIN, set or taken away by the security officer.

use clap::Args;
use serde_json::json;

use crate::card::admin::Extra;
use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::new_secret::read_new;
use crate::cli::outcome::Outcome;
use crate::cli::pin::{Kind, PinRequest};
use crate::cli::selector::Selector;
use crate::cli::text::quote;
use crate::cli::unlock::{explain, request};
use crate::cli::{tokens, writing};
use crate::engine::{SessionMode, UserKind};

/// Arguments of `pin puk`.
#[derive(Debug, Args)]
#[command(after_help = "\
On OpenPGP cards it is the resetting code. Cards whose PUK only its holder
changes have p11ctl pin change --puk. Both values from stdin are its lines: the
SO PIN, the PUK.

Examples:
  p11ctl pin puk --slot 0 --so-pin env:ADMIN --puk env:CODE
  p11ctl pin puk --slot 0 --so-pin env:ADMIN --clear")]
pub struct PukArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Take the security officer's PIN from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_pin: Option<PinArg>,

    /// Take the PUK from there (prompt: typed twice)
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    puk: Option<PinArg>,

    /// Take the PUK away: then the security officer alone unblocks the PIN
    #[arg(long, conflicts_with = "puk")]
    clear: bool,

    /// Let a wrong PIN lock the card: use the last try without asking
    #[arg(long, help_heading = PIN_HEADING)]
    final_try: bool,
}

/// Runs `pin puk`.
pub fn run(context: &Context, args: &PukArgs) -> Result<Outcome, CliError> {
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    Kind::NewPuk.check(args.puk.as_ref())?;
    let token = tokens::exactly_one(context, &Selector::new(&args.token, None)?, tokens::has_pin)?;
    writing::require(context, &token, Extra::SetPuk)?;
    let status = writing::officer_status(context, &token)?;
    let officer = request(&token, &status, Kind::OfficerPin);
    let pin = writing::read(args.so_pin.as_ref(), args.final_try, &officer)?;
    let new = PinRequest { kind: Kind::NewPuk, tries_left: None, ..officer.clone() };
    let puk = (!args.clear).then(|| read_new(args.puk.as_ref(), &new)).transpose()?;
    let engine = context.engine()?;
    let session = engine.open_session(token.slot, SessionMode::ReadWrite)?;
    let _hold = engine.exclusive(session)?;
    context
        .login(session, UserKind::SecurityOfficer, Some(&pin))
        .map_err(|error| explain(error, &officer))?;
    context.with_pin(|engine| engine.set_puk(session, puk.as_ref())).map_err(|error| explain(error, &new))?;
    let document = json!({
        "slot": token.slot.0,
        "token": token.candidate.label,
        "has_puk": puk.is_some(),
    });
    let done = if puk.is_some() { "is set" } else { "is taken away" };
    let label = quote(&token.candidate.label);
    Ok(Outcome::new(document, "").note(format!("the PUK of token {label} in slot {} {done}", token.slot)))
}
