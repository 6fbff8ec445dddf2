//! `pin change`: gives a PIN a new value, by who knows the old one.

use clap::Args;
use serde_json::json;

use crate::cli::args::{PIN_HEADING, PinArg, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::new_secret::read_new;
use crate::cli::outcome::Outcome;
use crate::cli::pin::{Kind, PinRequest};
use crate::cli::selector::{Selector, pin_source};
use crate::cli::text::quote;
use crate::cli::tokens::{self, FoundToken};
use crate::cli::unlock::{explain, on_reader, request};
use crate::cli::writing;
use crate::engine::{PinStatus, SessionMode};

/// Arguments of `pin change`.
#[derive(Debug, Args)]
#[command(after_help = "\
Both values from stdin are its lines: the old PIN, the new one.

Examples:
  p11ctl pin change --slot 4
  p11ctl pin change --slot 4 --pin env:OLD --new-pin env:NEW
  p11ctl pin change --slot 4 --pin pinpad
  p11ctl pin change --slot 4 --so-pin env:OLD --new-pin env:NEW
  p11ctl pin change --slot 4 --puk env:OLD --new-pin env:NEW")]
pub struct ChangeArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN: the old value.
    #[command(flatten)]
    pin: PinArgs,

    /// Change the security officer's PIN instead; its old value comes from there
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING, conflicts_with = "pin")]
    so_pin: Option<PinArg>,

    /// Change the PUK instead, where the card lets its holder; its old value comes from there
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING, conflicts_with_all = ["pin", "so_pin"])]
    puk: Option<PinArg>,

    /// Take the new PIN from: prompt (typed twice), env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    new_pin: Option<PinArg>,
}

/// Runs `pin change`.
pub fn run(context: &Context, args: &ChangeArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    Kind::NewPin.check(args.new_pin.as_ref())?;
    Kind::Puk.check(args.puk.as_ref())?;
    if let Some(source) = &args.puk {
        return change_puk(context, args, source);
    }
    if args.pin.pin == Some(PinArg::PinPad) && args.new_pin.is_some() {
        return Err(CliError::usage("with --pin pinpad the new PIN is typed on the reader as well")
            .hint("leave --new-pin out"));
    }
    let selector = Selector::new(&args.token, None)?;
    let engine = context.engine()?;
    let officer = args.so_pin.is_some();
    let token = if officer {
        tokens::on_one_card(context, &selector)?
    } else {
        tokens::exactly_one(context, &selector, tokens::has_pin)?
    };
    let (status, kind) = if officer {
        (writing::officer_status(context, &token)?, Kind::OfficerPin)
    } else {
        let status = engine.user_pin(token.slot)?.ok_or_else(|| {
            let message = format!("the token in slot {} has no PIN", token.slot);
            CliError::new(ErrorKind::Pin, message).hint("an empty token gets one by p11ctl pin init")
        })?;
        (status, Kind::Pin)
    };
    let old_request = request(&token, &status, kind);
    if args.pin.pin == Some(PinArg::PinPad) {
        change_on_reader(context, args, &token, old_request)?;
        return Ok(changed(&token, &status));
    }
    let source = args.so_pin.as_ref().or(args.pin.pin.as_ref());
    let from_uri = pin_source(&args.token)?.filter(|_| source.is_none() && !officer);
    let old = match from_uri {
        Some(text) => match args.pin.read(&old_request, Some(&text))? {
            crate::cli::pin::Pin::Typed(pin) => pin,
            crate::cli::pin::Pin::OnReader => return Err(crate::cli::pin::empty(&old_request)),
        },
        None => writing::read(source, args.pin.final_try, &old_request)?,
    };
    let new_request = PinRequest { kind: Kind::NewPin, tries_left: None, ..old_request.clone() };
    let new = read_new(args.new_pin.as_ref(), &new_request)?;
    writing::check_length((status.min_len, status.max_len), &new, &new_request)?;
    let session = engine.open_session(token.slot, SessionMode::ReadWrite)?;
    if officer {
        context
            .login(session, crate::engine::UserKind::SecurityOfficer, Some(&old))
            .map_err(|error| explain(error, &old_request))?;
    }
    context
        .with_pin(|engine| engine.set_pin(session, &old, &new))
        .map_err(|error| explain(error, &old_request))?;
    Ok(changed(&token, &status))
}

/// Lets the holder type the old PIN and, twice, the new one on the keys of the reader.
fn change_on_reader(
    context: &Context,
    args: &ChangeArgs,
    token: &FoundToken,
    request: PinRequest,
) -> Result<(), CliError> {
    let engine = context.engine()?;
    let has_pinpad = engine.token_info(token.slot)?.flags.protected_authentication_path;
    let request = PinRequest { has_pinpad, ..request };
    args.pin.read(&request, None)?;
    let session = engine.open_session(token.slot, SessionMode::ReadWrite)?;
    context.say(&format!("{}, then twice the new one", on_reader(&request)));
    context.with_pin(|engine| engine.set_pin_on_reader(session)).map_err(|error| explain(error, &request))
}

fn changed(token: &FoundToken, status: &PinStatus) -> Outcome {
    let document = json!({ "slot": token.slot.0, "token": token.candidate.label, "pin": status.label });
    Outcome::new(document, "").note(format!(
        "PIN {} of the token in slot {} is changed",
        quote(&status.label),
        token.slot
    ))
}

/// `pin change --puk`: the PUK of the token's PIN.
fn change_puk(context: &Context, args: &ChangeArgs, source: &PinArg) -> Result<Outcome, CliError> {
    let token = tokens::exactly_one(context, &Selector::new(&args.token, None)?, tokens::has_pin)?;
    let status = context.engine()?.user_pin(token.slot)?.ok_or_else(|| {
        CliError::new(ErrorKind::Pin, format!("the token in slot {} has no PIN", token.slot))
    })?;
    // Cards tell the tries of a PUK only by refusing a wrong one.
    let old_request = PinRequest { tries_left: None, ..request(&token, &status, Kind::Puk) };
    let old = writing::read(Some(source), args.pin.final_try, &old_request)?;
    let new_request = PinRequest { kind: Kind::NewPin, ..old_request.clone() };
    let new = read_new(args.new_pin.as_ref(), &new_request)?;
    context
        .with_pin(|engine| engine.change_puk(token.slot, &old, &new))
        .map_err(|error| explain(error, &old_request))?;
    let document = json!({ "slot": token.slot.0, "token": token.candidate.label, "pin": "PUK" });
    Ok(Outcome::new(document, "").note(format!(
        "the PUK of PIN {} of the token in slot {} is changed",
        quote(&status.label),
        token.slot
    )))
}
