//! `token erase`: makes a card blank again.

use clap::Args;
use serde_json::json;

use super::lost::{Lost, everything_is_lost};
use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::pin::Kind;
use crate::cli::progress::Spinner;
use crate::cli::selector::Selector;
use crate::cli::tokens;
use crate::cli::unlock::{explain, request};
use crate::cli::writing::{officer_status, read};
use crate::codec::Secret;

/// Arguments of `token erase`.
#[derive(Debug, Args)]
#[command(after_help = "\
Any slot of the card stands for the whole card. A PIV or OpenPGP card whose
PINs are all locked needs none to be erased.

Examples:
  p11ctl token erase --slot 4
  p11ctl token erase --reader 'Virtual PCD' --so-pin env:SO_PIN --yes")]
pub struct EraseArgs {
    /// Which card.
    #[command(flatten)]
    token: TokenArgs,

    /// Take the security officer's PIN from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_pin: Option<PinArg>,

    /// Let a wrong PIN lock the card: use the last try without asking
    #[arg(long, help_heading = PIN_HEADING)]
    final_try: bool,

    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// Runs `token erase`.
pub fn run(context: &Context, args: &EraseArgs) -> Result<Outcome, CliError> {
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    context.engine()?.ask_for_all_applications();
    let token = tokens::on_one_card(context, &Selector::new(&args.token, None)?)?;
    let whole = tokens::whole(context, &token)?;
    let lost = Lost::of(&token.view.card);
    let document = json!({ "reader": token.candidate.reader, "lost": lost.to_json() });
    let engine = context.engine()?;
    let abilities = engine.admin_abilities(token.slot);
    let has_factory_state = abilities.is_ok_and(|abilities| abilities.factory.is_some());
    let is_blank = !token.view.card.info.initialized;
    if is_blank && !has_factory_state {
        return Ok(Outcome::new(document, "").note(format!("{whole} is blank already")));
    }
    if is_blank {
        // An application that was terminated only waits for its activation.
        engine.erase_token(token.slot, &Secret::default())?;
        let note = format!("activated {whole}: it is as it left the factory");
        return Ok(Outcome::new(document, "").note(note));
    }
    confirm(args.yes, &everything_is_lost(&whole), &lost.lines())?;
    if engine.is_locked_out(token.slot)? {
        engine.erase_token(token.slot, &Secret::default())?;
        let mut outcome = Outcome::new(document, "");
        outcome.notes = lost.notes();
        outcome.notes.push(as_new(&whole));
        return Ok(outcome);
    }
    let request = request(&token, &officer_status(context, &token)?, Kind::OfficerPin);
    let pin = read(args.so_pin.as_ref(), args.final_try, &request)?;
    let spinner = Spinner::start(context, "erasing the card");
    context
        .with_pin(|engine| engine.erase_token(token.slot, &pin))
        .map_err(|error| explain(error, &request))?;
    spinner.end();
    let mut outcome = Outcome::new(document, "");
    outcome.notes = lost.notes();
    if has_factory_state {
        outcome.notes.push(as_new(&whole));
        return Ok(outcome);
    }
    outcome.notes.push(format!("erased {whole}: it is blank"));
    outcome.hints.push(format!("format it: p11ctl token init --slot {} --label LABEL", token.slot));
    Ok(outcome)
}

fn as_new(whole: &str) -> String {
    format!("erased {whole}: it is as it left the factory, and so are its PINs")
}
