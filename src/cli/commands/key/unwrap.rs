//! `key unwrap`: a key of a token from what `key wrap` or another program made.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::generate::Made;
use super::options::{NewKeyArgs, free_label, parse_key_type};
use crate::cli::args::{KEY_HEADING, KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, algorithm_name, find_again};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::unlock::unlock_as;
use crate::cli::wrapping::{Cargo, WrappingArgs, for_wrapping};
use crate::cli::{atomic_file, json, table};
use crate::engine::mechanism::Purpose as Use;
use crate::engine::{Error, KeySpec, MechanismCall, NewObject, SessionMode};
use crate::token::KeyAlgorithm;

/// Arguments of `key unwrap`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is what p11ctl key wrap made, or openssl enc -id-aes256-wrap, or
openssl pkeyutl -encrypt, of an AES key or (in PKCS#8) of a private key. The
key that opens it is on the same token as the key that comes out, and an HSM
(--module) lets nobody see it in between. Mechanism and hash are the sender's.

Examples:
  p11ctl key unwrap session.wrapped --key 'key 1' --label session --pin env:PIN
  p11ctl key unwrap s.wrapped --key 'transport key' --type ec --label 'key 7'")]
pub struct UnwrapArgs {
    /// The wrapped key (- is standard input)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Key to unwrap with, by label or pkcs11: URI
    #[arg(long, value_name = "LABEL|URI", help_heading = KEY_HEADING)]
    key: Option<String>,

    /// What is in it: aes, rsa, ec, ed25519, x25519
    #[arg(long = "type", value_name = "TYPE", default_value = "aes")]
    key_type: String,

    /// How it was wrapped.
    #[command(flatten)]
    wrapping: WrappingArgs,

    /// What the key is to be.
    #[command(flatten)]
    new: NewKeyArgs,

    /// Let the value of the key leave the token again
    #[arg(long)]
    extractable: bool,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Runs `key unwrap`.
pub fn run(context: &Context, args: &UnwrapArgs) -> Result<Outcome, CliError> {
    args.pin.check(atomic_file::is_standard_stream(&args.file))?;
    let algorithm = parse_key_type(&args.key_type)?;
    let cargo = if matches!(algorithm, KeyAlgorithm::Aes { .. }) { Cargo::Secret } else { Cargo::Private };
    // A file that cannot be read must not cost a login.
    let wrapped = atomic_file::read(&args.file)?;
    let choice = KeyChoice::new(&args.token, &KeyArgs { key: args.key.clone(), id: None })?;
    let chosen = choice.private_key(context, Purpose::Unwrap, &args.pin)?;
    let call = for_wrapping(chosen.key.algorithm, cargo, &args.wrapping)?;
    let spec = spec(context, args, &chosen, algorithm)?;
    let mode = SessionMode::ReadWrite;
    let unlocked = unlock_as(context, &chosen.token, &args.pin, choice.pin_source.as_deref(), mode)?;
    let (engine, session) = (context.engine()?, unlocked.session);
    let key = find_again(engine, session, &chosen.key)?;
    let made = if chosen.key.always_authenticate {
        engine.consent_init(session, &call, key, Use::Unwrap)?;
        unlocked.authenticate_again(context, &chosen.token)?;
        let value = engine.unwrap_bytes(session, &call, key, &wrapped);
        let object = value.and_then(|value| NewObject::from_unwrapped(value, spec));
        let object = object.map_err(|error| explain(error, args, &call))?;
        unlocked.log_in_again(context, &chosen.token)?;
        engine.create_object(session, &object)?
    } else {
        let made = engine.unwrap_key(session, &call, key, &wrapped, &spec);
        made.map_err(|error| explain(error, args, &call))?
    };
    let made = Made::read(context, chosen.token.slot, session, made)?;
    let document = json!({
        "slot": made.slot.0,
        "token": chosen.token.candidate.label,
        "unwrapping_key": chosen.key.label,
        "mechanism": call.id.to_string(),
        "type": algorithm_name(&algorithm),
        "label": made.label,
        "id": json::bytes(&made.id),
        "uri": made.uri,
    });
    let note = format!("unwrapped key {} onto the token in slot {}", quote(&made.label), made.slot);
    Ok(Outcome::new(document, table::fields(&context.terminal, &made.fields())).note(note))
}

/// The key that is to be. What the card can have shows with the key's size.
fn spec(
    context: &Context,
    args: &UnwrapArgs,
    chosen: &ChosenKey,
    algorithm: KeyAlgorithm,
) -> Result<KeySpec, CliError> {
    let mut spec = args.new.spec(algorithm, &free_label(&chosen.token.view), args.extractable)?;
    if let Ok(abilities) = context.engine()?.admin_abilities(chosen.token.slot) {
        args.new.check_names(&abilities)?;
        args.new.settle_place(&abilities, &chosen.token.view, &mut spec);
    }
    Ok(spec)
}

/// Names what sender and receiver must agree on.
fn explain(error: Error, args: &UnwrapArgs, call: &MechanismCall) -> CliError {
    let is_damaged = matches!(
        error,
        Error::WrappedKeyInvalid | Error::WrappedKeyLength(_) | Error::TemplateInconsistent(_)
    );
    let explained = CliError::from(error);
    if !is_damaged {
        return explained;
    }
    let name = crate::cli::mechanism::name_of(call.id);
    let file = atomic_file::describe(&args.file);
    explained.hint(format!(
        "{file} was taken for a key of type {} under {name}: see --type, --mechanism, --hash",
        args.key_type
    ))
}
