//! `token init`: formats a card; then its slots are empty tokens.

use clap::Args;
use serde_json::json;

use super::lost::{Lost, slots_of_reader};
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

Examples:
  p11ctl token init --slot 4 --label 'My card'
  p11ctl token init --slot 4 --label 'My card' --so-pin env:SO_PIN \\
      --so-puk env:SO_PUK --yes")]
pub struct InitArgs {
    /// Which card.
    #[command(flatten)]
    token: TokenArgs,

    /// The card's new label
    #[arg(long, value_name = "LABEL")]
    label: String,

    /// Take the security officer's PIN from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_pin: Option<PinArg>,

    /// Take the PUK of the security officer's PIN from there; without it the card has a random one
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    so_puk: Option<PinArg>,

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
    check_label("--label", &args.label, LONGEST_TOKEN_LABEL)?;
    if args.label.is_empty() {
        return Err(CliError::usage("--label is empty: a card's label has 1 to 32 bytes"));
    }
    let token = tokens::on_one_card(context, &Selector::new(&args.token, None)?)?;
    let lost = Lost::of(&token.view.card);
    let reader = quote(&token.candidate.reader);
    confirm_loss(args.yes, &token, &lost)?;
    let (request, pin) = officer_pin(context, &token, args)?;
    let puk = args.so_puk.as_ref().map(|source| {
        let request = PinRequest { kind: Kind::NewOfficerPuk, tries_left: None, ..request.clone() };
        read_new(Some(source), &request)
    });
    let puk = puk.transpose()?;
    let init = InitToken { label: &args.label, puk: puk.as_ref(), min_len: None, tries: None };
    let spinner = Spinner::start(context, "formatting the card");
    context
        .with_pin(|engine| engine.init_token(token.slot, &pin, &init))
        .map_err(|error| explain(error, &request))?;
    spinner.end();
    let slots = slots_of_reader(context, &token)?;
    let document = json!({
        "reader": token.candidate.reader,
        "label": args.label,
        "slots": slots,
        "lost": lost.to_json(),
    });
    let mut outcome = Outcome::new(document, "");
    outcome.notes = lost.notes();
    outcome.notes.push(format!("formatted the card in reader {reader}: {}", quote(&args.label)));
    if context.engine()?.module().is_some() {
        // A module may give a token that was formatted another slot.
        let label = shell_word(&args.label);
        outcome.hints.push(format!("put a PIN on it: p11ctl pin init --token {label}"));
    } else if context.load_config()?.pkcs11.hide_empty_tokens {
        outcome.hints.push(tokens::SHOW_HIDDEN.to_owned());
    } else {
        outcome.hints.push(match token.view.card.info.sole_pin {
            true => format!(
                "the SO PIN is its one PIN: p11ctl key generate --slot {} --type rsa:2048",
                token.slot
            ),
            false => format!("put a PIN on it: p11ctl pin init --slot {}", token.slot),
        });
    }
    Ok(outcome)
}

/// Asks before a card that holds something is made new. A blank card has nothing to lose.
fn confirm_loss(yes: bool, token: &FoundToken, lost: &Lost) -> Result<(), CliError> {
    if !token.view.card.info.initialized {
        return Ok(());
    }
    let reader = quote(&token.candidate.reader);
    let label = quote(&token.view.card.info.label);
    confirm(yes, &format!("everything on card {label} in reader {reader} is lost"), &lost.lines())
}

/// The security officer's PIN: a new one for a blank card, the right one for any other.
fn officer_pin(
    context: &Context,
    token: &FoundToken,
    args: &InitArgs,
) -> Result<(PinRequest, Secret), CliError> {
    if token.view.card.info.initialized {
        let request = request(token, &officer_status(context, token)?, Kind::OfficerPin);
        let pin = read(args.so_pin.as_ref(), args.final_try, &request)?;
        return Ok((request, pin));
    }
    let request = PinRequest {
        reader: token.candidate.reader.clone(),
        slot: token.slot.0,
        token: args.label.clone(),
        pin: "SO PIN".to_owned(),
        tries_left: None,
        has_pinpad: false,
        kind: Kind::OfficerPin,
    };
    let pin = read_new(args.so_pin.as_ref(), &request)?;
    Ok((request, pin))
}
