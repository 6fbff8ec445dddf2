//! `token init`: formats a card; then its slots are empty tokens.

use clap::Args;
use serde_json::json;

use super::lost::{Lost, everything_is_lost, slots_of_reader};
use crate::card::admin::Factory;
use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::confirm::confirm;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::new_secret::read_new;
use crate::cli::outcome::Outcome;
use crate::cli::pin::{Kind, PinRequest};
use crate::cli::progress::Spinner;
use crate::cli::selector::Selector;
use crate::cli::text::{check_label, quote, shell_word};
use crate::cli::tokens::{self, FoundToken};
use crate::cli::unlock::{explain, request};
use crate::cli::writing::{officer_status, read};
use crate::codec::Secret;
use crate::engine::InitToken;
use crate::token::LONGEST_TOKEN_LABEL;

/// Arguments of `token init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Any slot of the card stands for the whole card. A blank card takes the SO PIN
as its new one; on a card in use it has to be the right one, and stays. Then
put PINs on the empty tokens with p11ctl pin init. A card that has but one PIN
takes the SO PIN as that.

PIV and OpenPGP cards go back to how they left the factory and get new values
for the PINs that they always have: what is not given stays as everybody knows
it, and is said. Their SO PIN is the management key (hexadecimal) or the Admin
PIN; where all PINs are locked, a new one is taken. The label of an OpenPGP
card is the name of its holder; PIV cards have none.

Examples:
  p11ctl token init --slot 4 --label 'My card'
  p11ctl token init --slot 4 --label 'My card' --so-pin env:SO_PIN \\
      --so-puk env:SO_PUK --yes
  p11ctl token init --slot 0 --so-pin file:old.key --new-so-pin file:new.key \\
      --new-pin env:PIN --puk env:PUK --yes")]
pub struct InitArgs {
    /// Which card.
    #[command(flatten)]
    token: TokenArgs,

    /// The card's new label, on cards that keep one
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,

    /// Take the security officer's PIN from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_pin: Option<PinArg>,

    /// Take the PUK of the security officer's PIN from there; without it the card has a random one
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_puk: Option<PinArg>,

    /// Give a PIV or OpenPGP card another SO PIN: prompt (typed twice), env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    new_so_pin: Option<PinArg>,

    /// Take the user's PIN of a PIV or OpenPGP card from there
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    new_pin: Option<PinArg>,

    /// Take the PUK (OpenPGP: resetting code) of that PIN from there
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING, requires = "new_pin")]
    puk: Option<PinArg>,

    /// Let a wrong PIN lock the card: use the last try without asking
    #[arg(long, help_heading = PIN_HEADING)]
    final_try: bool,

    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// Runs `token init`.
pub fn run(context: &Context, args: &InitArgs) -> Result<Outcome, CliError> {
    Kind::OfficerPin.check(args.so_pin.as_ref())?;
    Kind::NewOfficerPuk.check(args.so_puk.as_ref())?;
    Kind::NewOfficerPin.check(args.new_so_pin.as_ref())?;
    Kind::NewPin.check(args.new_pin.as_ref())?;
    Kind::NewPuk.check(args.puk.as_ref())?;
    let label = args.label.as_deref().unwrap_or_default();
    check_label("--label", label, LONGEST_TOKEN_LABEL)?;
    context.engine()?.ask_for_all_applications();
    let token = tokens::on_one_card(context, &Selector::new(&args.token, None)?)?;
    let engine = context.engine()?;
    let factory = engine.admin_abilities(token.slot).ok().and_then(|abilities| abilities.factory);
    check_options(args, &token, factory.as_ref())?;
    let lost = Lost::of(&token.view.card);
    let reader = quote(&token.candidate.reader);
    confirm_loss(context, args.yes, &token, &lost)?;
    let is_new = !token.view.card.info.initialized || engine.is_locked_out(token.slot)?;
    let (request, pin) = officer_pin(context, &token, args, is_new)?;
    let new = |source: &Option<PinArg>, kind| {
        let request = PinRequest { kind, tries_left: None, ..request.clone() };
        source.as_ref().map(|source| read_new(Some(source), &request)).transpose()
    };
    let puk = new(&args.so_puk, Kind::NewOfficerPuk)?;
    let new_officer = new(&args.new_so_pin, Kind::NewOfficerPin)?;
    let user = new(&args.new_pin, Kind::NewPin)?;
    let user_puk = new(&args.puk, Kind::NewPuk)?;
    let init = InitToken {
        label,
        puk: puk.as_ref(),
        even_locked_out: is_new,
        new_officer: new_officer.as_ref(),
        user: user.as_ref(),
        user_puk: user_puk.as_ref(),
        ..InitToken::default()
    };
    let spinner = Spinner::start(context, "formatting the card");
    context
        .with_pin(|engine| engine.init_token(token.slot, &pin, &init))
        .map_err(|error| explain(error, &request))?;
    spinner.end();
    let slots = slots_of_reader(context, &token)?;
    let known = factory.as_ref().map(|factory| known_values(factory, &pin, &init)).unwrap_or_default();
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let document = json!({
        "reader": token.candidate.reader,
        "label": args.label,
        "slots": slots,
        "lost": lost.to_json(),
        "factory_values": names,
    });
    let mut outcome = Outcome::new(document, "");
    outcome.notes = lost.notes();
    match &factory {
        None => outcome.notes.push(format!("formatted the card in reader {reader}: {}", quote(label))),
        Some(_) => {
            outcome.notes.push(format!("{} is empty and has its new PINs", tokens::whole(context, &token)?));
            let says = |(_, text): (&str, String)| text.replace("SLOT", &token.slot.to_string());
            outcome.warnings.extend(known.into_iter().map(says));
            return Ok(outcome);
        }
    }
    outcome.hints.push(next_step(context, &token, label)?);
    Ok(outcome)
}

/// What to do with a formatted card whose tokens are empty.
fn next_step(context: &Context, token: &FoundToken, label: &str) -> Result<String, CliError> {
    if context.engine()?.module().is_some() {
        // A module may give a token that was formatted another slot.
        return Ok(format!("put a PIN on it: p11ctl pin init --token {}", shell_word(label)));
    }
    if context.load_config()?.pkcs11.hide_empty_tokens {
        return Ok(tokens::SHOW_HIDDEN.to_owned());
    }
    Ok(match token.view.card.info.sole_pin {
        true => {
            format!("the SO PIN is its one PIN: p11ctl key generate --slot {} --type rsa:2048", token.slot)
        }
        false => format!("put a PIN on it: p11ctl pin init --slot {}", token.slot),
    })
}

/// Refuses options that mean nothing for the card, before anybody is asked anything.
fn check_options(args: &InitArgs, token: &FoundToken, factory: Option<&Factory>) -> Result<(), CliError> {
    let reader = quote(&token.candidate.reader);
    let refuse = |what: &str| Err(CliError::usage(format!("the card in reader {reader} {what}")));
    let Some(factory) = factory else {
        if args.label.as_deref().unwrap_or_default().is_empty() {
            return refuse("takes a label of 1 to 32 bytes: give --label");
        }
        if args.new_pin.is_some() || args.new_so_pin.is_some() {
            let refused =
                refuse("gets its PINs later: --new-pin and --new-so-pin are for PIV and OpenPGP cards");
            return refused.map_err(|error| error.hint("run p11ctl pin init afterwards"));
        }
        return Ok(());
    };
    if args.label.is_some() && factory.label.is_none() {
        return refuse("keeps no label: leave --label out");
    }
    if args.so_puk.is_some() {
        return refuse("has no PUK for its SO PIN: leave --so-puk out");
    }
    Ok(())
}

/// Values that are still those of every new card: a name for each, and what to do about it.
fn known_values(factory: &Factory, pin: &Secret, init: &InitToken<'_>) -> Vec<(&'static str, String)> {
    let mut known = Vec::new();
    let tell = |what: &str, how: &str| {
        format!("the {what}, which everybody knows: run p11ctl pin change --slot SLOT{how}")
    };
    if init.user.is_none_or(|user| *user == Secret::from(factory.user)) {
        known.push(("pin", tell(&format!("PIN is {}", factory.user), "")));
    }
    if let Some(puk) =
        factory.user_puk.filter(|puk| init.user_puk.is_none_or(|given| *given == Secret::from(*puk)))
    {
        known.push(("puk", tell(&format!("PUK is {puk}"), " --puk prompt")));
    }
    if *init.new_officer.unwrap_or(pin) == Secret::from(factory.officer) {
        known.push(("so_pin", tell("SO PIN is that of every new card", " --so-pin prompt")));
    }
    known
}

/// Asks before a card that holds something is made new. A blank card has nothing to lose.
fn confirm_loss(context: &Context, yes: bool, token: &FoundToken, lost: &Lost) -> Result<(), CliError> {
    if !token.view.card.info.initialized {
        return Ok(());
    }
    confirm(yes, &everything_is_lost(&tokens::whole(context, token)?), &lost.lines())
}

/// The security officer's PIN: a new one for a blank card and one that nobody can open, the right one for any other.
fn officer_pin(
    context: &Context,
    token: &FoundToken,
    args: &InitArgs,
    is_new: bool,
) -> Result<(PinRequest, Secret), CliError> {
    if !is_new {
        let request = request(token, &officer_status(context, token)?, Kind::OfficerPin);
        let pin = read(args.so_pin.as_ref(), args.final_try, &request)?;
        return Ok((request, pin));
    }
    let request = PinRequest {
        reader: token.candidate.reader.clone(),
        slot: token.slot.0,
        token: args.label.clone().unwrap_or_else(|| token.candidate.label.clone()),
        pin: "SO PIN".to_owned(),
        tries_left: None,
        has_pinpad: false,
        kind: Kind::OfficerPin,
    };
    let pin = read_new(args.so_pin.as_ref(), &request)?;
    Ok((request, pin))
}
