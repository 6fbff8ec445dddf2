//! `pin init`: puts a PIN on an empty token, or gives the PIN of a token a new value as the security officer.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::atomic_file::PrivateFile;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::new_secret::read_new;
use crate::cli::outcome::Outcome;
use crate::cli::pin::{Kind, PinRequest};
use crate::cli::selector::Selector;
use crate::cli::text::{check_label, quote};
use crate::cli::tokens::{self, FoundToken};
use crate::cli::unlock::{explain, request};
use crate::cli::{table, writing};
use crate::codec::Secret;
use crate::engine::{InitializedPin, NewUserPin, SessionMode, UserKind};
use crate::token::{AuthRole, LONGEST_TOKEN_LABEL};

/// Arguments of `pin init`.
#[derive(Debug, Args)]
#[command(after_help = "\
A new PIN makes a token of its own: its slot comes before the objects that
belong to no PIN, so the slot that is printed can be another than the one that
was empty. On a token that has a PIN, the PIN gets a new value. Several values
from stdin are its lines: SO PIN, new PIN, PUK.

Examples:
  p11ctl pin init --slot 7
  p11ctl pin init --slot 7 --so-pin env:SO_PIN --new-pin env:PIN \\
      --puk env:PUK --label 'PIN 3'
  p11ctl pin init --slot 7 --so-pin env:SO_PIN --new-pin env:PIN \\
      --puk-output puk.txt --json")]
pub struct InitArgs {
    /// Which token: an empty one, or one with a PIN.
    #[command(flatten)]
    token: TokenArgs,

    /// Take the security officer's PIN from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_pin: Option<PinArg>,

    /// Take the new PIN from there (prompt: typed twice)
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    new_pin: Option<PinArg>,

    /// Take the PUK of the new PIN from there; without it the card has a random one
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING, conflicts_with = "puk_output")]
    puk: Option<PinArg>,

    /// Write the random PUK to this file, which only its owner may read
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = PIN_HEADING)]
    puk_output: Option<PathBuf>,

    /// Let a wrong PIN lock the card: use the last try without asking
    #[arg(long, help_heading = PIN_HEADING)]
    final_try: bool,

    /// Name of the new PIN; without it the first free PIN N
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,

    /// Shortest PIN that the card takes later
    #[arg(long, value_name = "CHARACTERS")]
    min_length: Option<u8>,

    /// Wrong tries until the PIN locks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=15))]
    tries: Option<u8>,
}

/// Runs `pin init`.
pub fn run(context: &Context, args: &InitArgs) -> Result<Outcome, CliError> {
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    Kind::NewPin.check(args.new_pin.as_ref())?;
    Kind::NewPuk.check(args.puk.as_ref())?;
    args.label.as_deref().map(|label| check_label("--label", label, LONGEST_TOKEN_LABEL)).transpose()?;
    let selector = Selector::new(&args.token, None)?;
    let token =
        tokens::exactly_one(context, &selector, |view| view.view.empty && view.card.info.initialized)?;
    let is_new = token.view.view.auth.is_none();
    check_target(context, args, &token)?;
    let is_module = context.engine()?.module().is_some();
    if is_module {
        refuse_for_module(args)?;
    } else if is_new {
        check_abilities(context, args, &token)?;
    }
    let status = writing::officer_status(context, &token)?;
    let officer = request(&token, &status, Kind::OfficerPin);
    let officer_pin = writing::read(args.so_pin.as_ref(), args.final_try, &officer)?;
    let new = PinRequest {
        pin: name(context, args, &token)?,
        tries_left: None,
        kind: Kind::NewPin,
        ..officer.clone()
    };
    let pin = read_new(args.new_pin.as_ref(), &new)?;
    let limits = match is_new {
        true if is_module => module_limits(context, &token)?,
        true => new_pin_limits(context, args, &token)?,
        false => existing_limits(context, &token)?,
    };
    writing::check_length(limits, &pin, &new)?;
    let puk_request = PinRequest { kind: Kind::NewPuk, ..new.clone() };
    let puk = args.puk.as_ref().map(|source| read_new(Some(source), &puk_request)).transpose()?;
    let engine = context.engine()?;
    // Made before the card chooses a PUK: then it cannot fail to be kept.
    let mut puk_file = args.puk_output.as_deref().map(PrivateFile::create).transpose()?;
    let wish = NewUserPin {
        label: args.label.as_deref(),
        pin: &pin,
        puk: puk.as_ref(),
        min_len: args.min_length,
        tries: args.tries,
    };
    let session = engine.open_session(token.slot, SessionMode::ReadWrite)?;
    // Nobody is asked anything from here: another program that puts a PIN on the same token comes before or after.
    let _hold = engine.exclusive(session)?;
    context
        .login(session, UserKind::SecurityOfficer, Some(&officer_pin))
        .map_err(|error| explain(error, &officer))?;
    let made =
        context.with_pin(|engine| engine.init_pin(session, &wish)).map_err(|error| explain(error, &new))?;
    let random_puk = made.puk.clone().filter(|_| is_new && puk.is_none());
    let mut outcome = Outcome::default();
    let written = match (&mut puk_file, &random_puk) {
        (Some(file), Some(puk)) => match file.keep(puk.expose()) {
            Ok(()) => Some(file.name()),
            Err(error) => {
                outcome.warnings.push(format!("{}: the PUK is shown instead", error.message));
                None
            }
        },
        _ => None,
    };
    Ok(answer(context, &made, random_puk.as_ref(), written, outcome))
}

/// Refuses tokens that take no PIN and options that mean nothing for the token, and makes sure that a random PUK
/// has somewhere to go.
fn check_target(context: &Context, args: &InitArgs, token: &FoundToken) -> Result<(), CliError> {
    let view = &token.view.view;
    if view.auth.is_none() && !view.empty {
        let message = format!("the token in slot {} holds objects that belong to no PIN", token.slot);
        let mut error = CliError::new(ErrorKind::Refused, message)
            .hint("a new PIN goes on an empty token: run p11ctl slots to see which are empty");
        error.codes.return_value = Some("CKR_ACTION_PROHIBITED".to_owned());
        return Err(error);
    }
    let only_new = [
        (args.puk.is_some(), "--puk"),
        (args.puk_output.is_some(), "--puk-output"),
        (args.label.is_some(), "--label"),
        (args.min_length.is_some(), "--min-length"),
        (args.tries.is_some(), "--tries"),
    ];
    if view.auth.is_some() {
        if let Some((_, option)) = only_new.iter().find(|(given, _)| *given) {
            let message =
                format!("the token in slot {} has a PIN: {option} is only for a new one", token.slot);
            return Err(CliError::usage(message).hint("an empty token takes a new PIN: run p11ctl slots"));
        }
        return Ok(());
    }
    let shown = context.global.json || context.terminal.stdout || context.terminal.stderr;
    if context.engine()?.module().is_some() {
        return Ok(());
    }
    if args.puk.is_none() && args.puk_output.is_none() && !shown {
        return Err(CliError::usage(
            "the card has a random PUK for the new PIN, and there is no terminal to show it on",
        )
        .hint("give --puk-output FILE to have it written, --puk SOURCE to choose it, or --json"));
    }
    if let Some(path) = args.puk_output.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(CliError::usage(format!("{} exists already", path.display()))
            .hint("choose another name: p11ctl does not overwrite a PUK"));
    }
    Ok(())
}

/// Refuses what the card cannot do, before any PIN is asked for.
fn check_abilities(context: &Context, args: &InitArgs, token: &FoundToken) -> Result<(), CliError> {
    let abilities = context.engine()?.admin_abilities(token.slot)?;
    let (later, reader) = (abilities.later_pins, quote(&token.candidate.reader));
    let cannot = |what: String| {
        let mut error =
            CliError::new(ErrorKind::Refused, format!("the card in reader {reader} cannot {what}"));
        error.codes.return_value = Some("CKR_FUNCTION_NOT_SUPPORTED".to_owned());
        error
    };
    let auths = &token.view.card.auths;
    if auths.iter().filter(|auth| auth.role == AuthRole::User).count() >= abilities.max_pins {
        return Err(cannot(format!("hold more than {} PINs", abilities.max_pins)));
    }
    if args.puk.is_some() && !later.puk_settable {
        return Err(cannot("take a PUK for a PIN that is made after formatting: it makes one".to_owned())
            .hint("leave --puk out: the PUK is shown, or written with --puk-output FILE"));
    }
    match (args.tries, later.tries) {
        (Some(asked), Some(fixed)) if asked != fixed => {
            Err(cannot(format!("give a PIN that is made after formatting other than {fixed} tries")))
        }
        (Some(asked), _) if !abilities.tries.contains(&asked) => {
            let (low, high) = (abilities.tries.start(), abilities.tries.end());
            Err(cannot(format!("give a PIN other than {low} to {high} tries")))
        }
        _ => Ok(()),
    }
}

/// PKCS#11 itself gives a PIN no label, PUK, length or tries.
fn refuse_for_module(args: &InitArgs) -> Result<(), CliError> {
    let given = [
        (args.puk.is_some(), "--puk"),
        (args.puk_output.is_some(), "--puk-output"),
        (args.label.is_some(), "--label"),
        (args.min_length.is_some(), "--min-length"),
        (args.tries.is_some(), "--tries"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(CliError::usage(format!("a PIN made through --module has no {option}"))),
        None => Ok(()),
    }
}

/// Shortest and longest PIN that a module's token says.
fn module_limits(context: &Context, token: &FoundToken) -> Result<(usize, usize), CliError> {
    let (min, max) = context.engine()?.token_info(token.slot)?.pin_len;
    Ok((min.max(1), if max == 0 { usize::MAX } else { max }))
}

/// Shortest and longest new PIN.
fn new_pin_limits(
    context: &Context,
    args: &InitArgs,
    token: &FoundToken,
) -> Result<(usize, usize), CliError> {
    let lengths = context.engine()?.admin_abilities(token.slot)?.pin_lengths;
    let wished = args.min_length.map(usize::from);
    if let Some(wished) = wished.filter(|wished| !lengths.contains(wished)) {
        let (low, high) = (lengths.start(), lengths.end());
        return Err(CliError::usage(format!(
            "--min-length {wished}: PINs of this card have {low} to {high} characters"
        )));
    }
    Ok((wished.unwrap_or(*lengths.start()), *lengths.end()))
}

/// Shortest and longest value of the PIN that the token has.
fn existing_limits(context: &Context, token: &FoundToken) -> Result<(usize, usize), CliError> {
    let status = context.engine()?.user_pin(token.slot)?;
    Ok(status.map_or((1, usize::MAX), |status| (status.min_len, status.max_len)))
}

/// The name of the PIN in prompts.
fn name(context: &Context, args: &InitArgs, token: &FoundToken) -> Result<String, CliError> {
    let existing = context.engine()?.user_pin(token.slot)?.map(|status| status.label);
    Ok(existing.or_else(|| args.label.clone()).unwrap_or_else(|| "a new PIN".to_owned()))
}

fn answer(
    context: &Context,
    made: &InitializedPin,
    puk: Option<&Secret>,
    written: Option<String>,
    before: Outcome,
) -> Outcome {
    let puk_text = puk.map(|puk| String::from_utf8_lossy(puk.expose()).into_owned());
    let shown = puk_text.filter(|_| written.is_none());
    let uri = made.uri.to_string();
    let mut document = json!({
        "slot": made.slot.0,
        "pin": made.label,
        "created": made.created,
        "uri": uri,
        "puk": shown,
        "puk_file": written,
    });
    let text = table::fields(
        &context.terminal,
        &[("Slot", made.slot.to_string()), ("PIN", made.label.clone()), ("URI", uri)],
    );
    if shown.is_some() {
        document["note"] = Value::from(ONCE);
    }
    let done = if made.created { "put on" } else { "reset for" };
    let mut outcome = Outcome::new(document, text).note(format!(
        "PIN {} is {done} the token in slot {}",
        quote(&made.label),
        made.slot
    ));
    match (shown, written) {
        (Some(puk), _) if !context.global.json => {
            let line = format!("PUK of {}: {puk}\n{ONCE}", quote(&made.label));
            if context.terminal.stderr {
                outcome.notes.push(line);
            } else {
                outcome.stdout.extend_from_slice(format!("{line}\n").as_bytes());
            }
        }
        (None, Some(file)) => outcome.notes.push(format!("wrote the PUK to {file}")),
        _ => {}
    }
    outcome.warn(before.warnings)
}

/// What the holder of a random PUK has to know.
const ONCE: &str = "the card chose this PUK and it is shown only now: note it down, it unblocks the PIN";
