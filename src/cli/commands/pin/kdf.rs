//! `pin kdf`: whether the card gets its PINs hashed (OpenPGP card 3.4, KDF-DO).

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::card::admin::{Extra, Factory, PinPair};
use crate::cli::args::{PIN_HEADING, PinArg, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::pin::{Kind, Pin, empty};
use crate::cli::selector::{Selector, pin_source};
use crate::cli::text::quote;
use crate::cli::unlock::{explain, request};
use crate::cli::{tokens, writing};
use crate::engine::{SessionMode, UserKind};

/// Arguments of `pin kdf`.
#[derive(Debug, Args)]
#[command(after_help = "\
With it the card and its reader see hashes instead of PINs; the PINs stay what
they are for those who type them, and are not typed on a reader's keys any
more. Both have to be given. A resetting code is lost: set it again. A run
that was interrupted is finished, or taken back, by another one; but a YubiKey
may have PINs of the factory then: pin change gives them their values again.
For OpenPGP cards since version 3: on a Gnuk GnuPG does it, before there are
keys.

Examples:
  p11ctl pin kdf on --slot 0 --pin env:PIN --so-pin env:ADMIN
  p11ctl pin kdf off --slot 0 --pin env:PIN --so-pin env:ADMIN")]
pub struct KdfArgs {
    /// Whether PINs are hashed
    #[arg(value_enum, value_name = "STATE")]
    state: State,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// The user's PIN.
    #[command(flatten)]
    pin: PinArgs,

    /// Take the security officer's PIN from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_pin: Option<PinArg>,
}

/// The values of STATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// Hashed
    On,
    /// As they are typed
    Off,
}

/// Runs `pin kdf`.
pub fn run(context: &Context, args: &KdfArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    let token = tokens::exactly_one(context, &Selector::new(&args.token, None)?, tokens::has_pin)?;
    writing::require(context, &token, Extra::HashPins)?;
    let status = context.engine()?.user_pin(token.slot)?.ok_or_else(|| {
        CliError::new(ErrorKind::Pin, format!("the token in slot {} has no PIN", token.slot))
    })?;
    let officer_request = request(&token, &writing::officer_status(context, &token)?, Kind::OfficerPin);
    let officer = writing::read(args.so_pin.as_ref(), args.pin.final_try, &officer_request)?;
    let user_request = request(&token, &status, Kind::Pin);
    let user = match args.pin.read(&user_request, pin_source(&args.token)?.as_deref())? {
        Pin::Typed(pin) => pin,
        Pin::OnReader => return Err(empty(&user_request)),
    };
    let hashed = args.state == State::On;
    let pins = PinPair { user: &user, officer: &officer };
    let engine = context.engine()?;
    let factory = engine.admin_abilities(token.slot)?.factory.filter(|factory| factory.by_hashing);
    let session = engine.open_session(token.slot, SessionMode::ReadWrite)?;
    let _hold = engine.exclusive(session)?;
    context
        .login(session, UserKind::SecurityOfficer, Some(&officer))
        .map_err(|error| refused(explain(error, &officer_request), factory.as_ref()))?;
    let cost = context
        .with_pin(|engine| {
            engine.authorise(session, &status.label, &user)?;
            engine.set_pin_hashing(session, hashed, pins)
        })
        .map_err(|error| interrupted(explain(error, &user_request), factory.as_ref()))?;
    let document = json!({
        "slot": token.slot.0,
        "token": token.candidate.label,
        "hashed": hashed,
        "reset": cost,
    });
    let state = if hashed { "hashed" } else { "as they are typed" };
    let mut outcome = Outcome::new(document, "");
    outcome.notes.push(format!("token {} gets its PINs {state}", quote(&token.candidate.label)));
    outcome.notes.extend(cost);
    Ok(outcome)
}

/// What to do with a card that was pulled in between.
fn interrupted(error: CliError, factory: Option<&Factory>) -> CliError {
    match (error.kind, factory) {
        (ErrorKind::Card, None) => error.hint("run the same command again: it finishes what this one began"),
        (ErrorKind::Card, Some(factory)) => error.hint(of_factory(factory)),
        _ => refused(error, factory),
    }
}

/// A PIN that an earlier run has left as it leaves the factory is not the one that was typed.
fn refused(error: CliError, factory: Option<&Factory>) -> CliError {
    match factory {
        Some(factory) if error.kind == ErrorKind::Pin => error.hint(of_factory(factory)),
        _ => error,
    }
}

fn of_factory(factory: &Factory) -> String {
    format!(
        "a PIN that this card refuses after an interrupted pin kdf is that of the factory (the user's {}, the security \
         officer's {}): do not try others, set it with p11ctl pin change, then run this command again",
        factory.user, factory.officer
    )
}
