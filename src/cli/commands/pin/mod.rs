//! `pin status|init|change|unblock|puk|tries|kdf`: PINs, how many tries each has left, and new values for them.

mod change;
mod init;
mod kdf;
mod puk;
mod tries;
mod unblock;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::args::TokenArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::selector::{Candidate, Selector};
use crate::cli::table::Table;
use crate::cli::tokens;
use crate::engine::PinStatus;

/// What to do with PINs.
#[derive(Debug, Subcommand)]
pub enum PinCommand {
    /// Show the tries left of each PIN, spending none
    #[command(after_help = "\
Examples:
  p11ctl pin status
  p11ctl pin status --slot 4 --json | jq '.pins[].tries_left'")]
    Status(StatusArgs),
    /// Put a PIN on an empty token, or reset the PIN of one as the security officer
    Init(init::InitArgs),
    /// Change a PIN
    Change(change::ChangeArgs),
    /// Give a locked or forgotten PIN a new value
    Unblock(unblock::UnblockArgs),
    /// Set the PUK of a PIN as the security officer, or take it away, where the card can
    Puk(puk::PukArgs),
    /// Set how many tries a PIN and its PUK have, where the card can
    Tries(tries::TriesArgs),
    /// Have PINs hashed before the card gets them, or not any more (OpenPGP's KDF)
    Kdf(kdf::KdfArgs),
}

/// Arguments of `pin status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Which token; without a choice every one.
    #[command(flatten)]
    token: TokenArgs,
}

/// Runs `pin`.
pub fn run(context: &Context, command: &PinCommand) -> Result<Outcome, CliError> {
    match command {
        PinCommand::Status(args) => status(context, args),
        PinCommand::Init(args) => init::run(context, args),
        PinCommand::Change(args) => change::run(context, args),
        PinCommand::Unblock(args) => unblock::run(context, args),
        PinCommand::Puk(args) => puk::run(context, args),
        PinCommand::Kdf(args) => kdf::run(context, args),
        PinCommand::Tries(args) => tries::run(context, args),
    }
}

/// A PIN in JSON.
pub fn to_json(pin: &PinStatus) -> Value {
    json!({
        "label": pin.label,
        "id": pin.id.to_string(),
        "initialized": pin.initialized,
        "tries_left": pin.tries_left,
        "tries_max": pin.tries_max,
        "min_len": pin.min_len,
        "max_len": pin.max_len,
    })
}

fn status(context: &Context, args: &StatusArgs) -> Result<Outcome, CliError> {
    let selector = Selector::new(&args.token, None)?;
    let engine = context.engine()?;
    let tokens = tokens::matching(context, &selector)?;
    let mut cards: Vec<&Candidate> = Vec::new();
    for token in &tokens {
        if !cards.iter().any(|known| known.is_on_one_card_with(&token.candidate)) {
            cards.push(&token.candidate);
        }
    }
    let mut table = Table::new(&["SLOT", "READER", "PIN", "ROLE", "TRIES LEFT", "LENGTH"]);
    let mut entries = Vec::new();
    let mut tell = |slot: Option<u32>, reader: &str, role: Role, pin: &PinStatus| {
        table.row([
            slot.map_or_else(String::new, |slot| slot.to_string()),
            reader.to_owned(),
            pin.label.clone(),
            role.text().to_owned(),
            tries_text(pin),
            format!("{} to {}", pin.min_len, pin.max_len),
        ]);
        let mut entry = json!({ "slot": slot, "reader": reader, "role": role.name() });
        if let (Value::Object(entry), Value::Object(fields)) = (&mut entry, to_json(pin)) {
            entry.extend(fields);
        }
        entries.push(entry);
    };
    for card in cards {
        let reader = card.reader.as_str();
        let mut officer = None;
        for token in tokens.iter().filter(|token| token.candidate.is_on_one_card_with(card)) {
            let pins = engine.pin_status(token.slot)?;
            if let Some(pin) = &pins.user {
                tell(Some(token.slot.0), reader, Role::User, pin);
            }
            officer = officer.or(pins.so);
        }
        if let Some(token) = tokens.iter().find(|token| token.candidate.is_on_one_card_with(card)) {
            engine.look_for_unfinished(token.slot)?;
        }
        // It belongs to the application of the card, not to one of its slots.
        if let Some(pin) = &officer {
            tell(None, reader, Role::SecurityOfficer, pin);
        }
    }
    let mut outcome = Outcome::new(json!({ "pins": entries }), table.render(&context.terminal));
    if table.is_empty() {
        outcome.notes.push("there is no PIN".to_owned());
    }
    Ok(outcome)
}

/// What a PIN is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    SecurityOfficer,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::SecurityOfficer => "so",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::SecurityOfficer => "security officer",
        }
    }
}

/// `3 of 3`, `2`, `0, locked`, `unknown`.
fn tries_text(pin: &PinStatus) -> String {
    match (pin.initialized, pin.tries_left, pin.tries_max) {
        (false, _, _) => "not set".to_owned(),
        (true, Some(0), _) => "0, locked".to_owned(),
        (true, Some(left), Some(max)) => format!("{left} of {max}"),
        (true, Some(left), None) => left.to_string(),
        (true, None, _) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::AuthId;

    #[test]
    fn tries_text_each_state_has_its_words() {
        let pin = |initialized, tries_left, tries_max| PinStatus {
            id: AuthId(vec![1]),
            label: "PIN".to_owned(),
            initialized,
            min_len: 4,
            max_len: 8,
            tries_left,
            tries_max,
        };
        assert_eq!(tries_text(&pin(true, Some(2), Some(3))), "2 of 3");
        assert_eq!(tries_text(&pin(true, Some(2), None)), "2");
        assert_eq!(tries_text(&pin(true, Some(0), Some(3))), "0, locked");
        assert_eq!(tries_text(&pin(true, None, Some(3))), "unknown");
        assert_eq!(tries_text(&pin(false, None, None)), "not set");
    }
}
