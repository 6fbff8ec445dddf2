//! `token info|mechanisms|init|erase`: one token in full, or a whole card made new.

mod erase;
mod init;
mod lost;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::args::TokenArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::selector::Selector;
use crate::cli::table::{self, Table};
use crate::cli::text::tries;
use crate::cli::tokens::{self, FoundToken};
use crate::engine::mechanism::Uses;
use crate::engine::{PinReport, PinStatus, TokenInfo};

/// What to do with a token.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Show label, serial number, flags and PINs of a token
    #[command(after_help = "\
Examples:
  p11ctl token info --slot 4
  p11ctl token info --token 'Example (PIN 1)' --json")]
    Info(InfoArgs),
    /// List the mechanisms of a token
    #[command(after_help = "\
Examples:
  p11ctl token mechanisms --slot 4
  p11ctl token mechanisms --slot 4 --json | jq '.mechanisms[].name'")]
    Mechanisms(MechanismsArgs),
    /// Format a card: everything on it is lost, its slots are empty tokens
    Init(init::InitArgs),
    /// Make a card blank again: everything on it is lost
    Erase(erase::EraseArgs),
}

/// Arguments of `token info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// Arguments of `token mechanisms`.
#[derive(Debug, Args)]
pub struct MechanismsArgs {
    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// Runs `token`.
pub fn run(context: &Context, command: &TokenCommand) -> Result<Outcome, CliError> {
    match command {
        TokenCommand::Info(args) => info(context, args),
        TokenCommand::Mechanisms(args) => mechanisms(context, args),
        TokenCommand::Init(args) => init::run(context, args),
        TokenCommand::Erase(args) => erase::run(context, args),
    }
}

fn info(context: &Context, args: &InfoArgs) -> Result<Outcome, CliError> {
    let selector = Selector::new(&args.token, None)?;
    let token = one_to_show(context, &selector)?;
    let engine = context.engine()?;
    let pins = engine.pin_status(token.slot)?;
    let info = engine.token_info(token.slot)?;
    let uri = engine.token_uri(token.slot)?.to_string();
    let document = json!({
        "slot": token.slot.0,
        "reader": token.candidate.reader,
        "driver": token.view.driver,
        "label": info.label,
        "serial": info.serial,
        "manufacturer": info.manufacturer,
        "model": info.model,
        "hardware_version": version(info.hardware_version),
        "firmware_version": version(info.firmware_version),
        "uri": uri,
        "empty": token.view.view.empty,
        "flags": info.flags.names(),
        "pin": pins.user.as_ref().map(crate::cli::commands::pin::to_json),
        "so_pin": pins.so.as_ref().map(crate::cli::commands::pin::to_json),
    });
    let text = table::fields(&context.terminal, &info_fields(&token, &info, &pins, uri));
    Ok(Outcome::new(document, text))
}

/// The one token that is meant; where nothing is said of the token itself, the only one in use.
fn one_to_show(context: &Context, selector: &Selector) -> Result<FoundToken, CliError> {
    tokens::exactly_one(context, selector, |view| selector.describes_token() || tokens::is_in_use(view))
}

fn info_fields(
    token: &FoundToken,
    info: &TokenInfo,
    pins: &PinReport,
    uri: String,
) -> Vec<(&'static str, String)> {
    let none = || "none".to_owned();
    let mut fields = vec![
        ("Slot", token.slot.to_string()),
        ("Reader", token.candidate.reader.clone()),
        ("Label", info.label.clone()),
        ("Serial number", info.serial.clone()),
        ("Manufacturer", info.manufacturer.clone()),
        ("Model", info.model.clone()),
        ("Driver", token.view.driver.to_owned()),
        ("Hardware", version(info.hardware_version)),
        ("Firmware", version(info.firmware_version)),
        ("PIN", pins.user.as_ref().map_or_else(none, pin_text)),
        ("SO PIN", pins.so.as_ref().map_or_else(none, pin_text)),
        ("Flags", info.flags.names().join(" ")),
        ("URI", uri),
    ];
    if token.view.view.empty {
        fields.insert(3, ("Contents", "empty token: no PIN, no objects".to_owned()));
    }
    fields
}

fn pin_text(pin: &PinStatus) -> String {
    let state = if pin.initialized { tries(pin.tries_left) } else { "not set".to_owned() };
    format!("{}, {state}, {} to {} characters", pin.label, pin.min_len, pin.max_len)
}

fn version((major, minor): (u8, u8)) -> String {
    format!("{major}.{minor}")
}

fn mechanisms(context: &Context, args: &MechanismsArgs) -> Result<Outcome, CliError> {
    let selector = Selector::new(&args.token, None)?;
    let token = one_to_show(context, &selector)?;
    let engine = context.engine()?;
    let mut table = Table::new(&["MECHANISM", "KEY BITS", "WHERE", "FOR"]);
    let mut entries = Vec::new();
    for id in engine.mechanisms(token.slot)? {
        let info = engine.mechanism_info(token.slot, id)?;
        let uses = uses(&info.uses);
        let bits = match (info.min_key_bits, info.max_key_bits) {
            (0, 0) => String::new(),
            (min, max) if min == max => min.to_string(),
            (min, max) => format!("{min}-{max}"),
        };
        let name = id.to_string();
        let place = if info.hardware { "card" } else { "host" };
        table.row([name.trim_start_matches("CKM_").to_owned(), bits, place.to_owned(), uses.join(", ")]);
        entries.push(json!({
            "name": name,
            "number": id.0,
            "min_key_bits": info.min_key_bits,
            "max_key_bits": info.max_key_bits,
            "hardware": info.hardware,
            "uses": uses,
        }));
    }
    let document = json!({ "slot": token.slot.0, "token": token.candidate.label, "mechanisms": entries });
    Ok(Outcome::new(document, table.render(&context.terminal)))
}

fn uses(uses: &Uses) -> Vec<&'static str> {
    [
        (uses.encrypt, "encrypt"),
        (uses.decrypt, "decrypt"),
        (uses.digest, "digest"),
        (uses.sign, "sign"),
        (uses.sign_recover, "sign-recover"),
        (uses.verify, "verify"),
        (uses.verify_recover, "verify-recover"),
        (uses.generate, "generate"),
        (uses.generate_key_pair, "generate-key-pair"),
        (uses.wrap, "wrap"),
        (uses.unwrap, "unwrap"),
        (uses.derive, "derive"),
        (uses.messages, "messages"),
    ]
    .into_iter()
    .filter_map(|(has, word)| has.then_some(word))
    .collect()
}
