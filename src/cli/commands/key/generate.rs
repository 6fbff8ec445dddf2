//! `key generate`: a key pair or secret key made on the card, which it never leaves.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::options::{NewKeyArgs, free_label, parse_key_type};
use crate::cli::args::TokenArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::algorithm_name;
use crate::cli::outcome::Outcome;
use crate::cli::progress::Spinner;
use crate::cli::text::quote;
use crate::cli::writing::{self, WriteArgs};
use crate::cli::{atomic_file, destination, json, pem, table, tokens};
use crate::crypto::PublicKey;
use crate::engine::{AttributeType, KeyOrigin, ObjectHandle, SessionHandle};
use crate::layout::SlotId;
use crate::token::KeyAlgorithm;

/// Arguments of `key generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Types are written rsa:2048, ec:p256, aes:256; what a card has is in p11ctl
token mechanisms.

Examples:
  p11ctl key generate --slot 4 --type rsa:2048 --label 'key 3' -o key3.pem
  p11ctl key generate --slot 4 --type ec:p256 --usage sign --pin env:PIN --json")]
pub struct GenerateArgs {
    /// Type and size of the key
    #[arg(long = "type", value_name = "TYPE")]
    key_type: String,

    /// What the key is to be.
    #[command(flatten)]
    key: NewKeyArgs,

    /// Let the value of a secret key leave the card
    #[arg(long, conflicts_with = "sensitive")]
    extractable: bool,

    /// Keep the key's value on the card for ever, which is the default
    #[arg(long)]
    sensitive: bool,

    /// Write the public key to this file as PEM (- is standard output)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `key generate`.
pub fn run(context: &Context, args: &GenerateArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    let algorithm = parse_key_type(&args.key_type)?;
    let is_pair = !matches!(algorithm, KeyAlgorithm::Aes { .. });
    if !is_pair && args.output.is_some() {
        return Err(CliError::usage("a secret key has no public half to write"));
    }
    // A public key that cannot be kept must not cost a key.
    args.output.as_deref().map(atomic_file::check_writable).transpose()?;
    let (token, pin_source) = writing::choose(context, &args.token, &args.write, tokens::has_pin)?;
    let mut spec = args.key.spec(algorithm, &free_label(&token.view), args.extractable)?;
    let engine = context.engine()?;
    engine.check_key(token.slot, algorithm, KeyOrigin::Generated)?;
    let abilities = engine.admin_abilities(token.slot).ok();
    abilities.as_ref().map(|abilities| args.key.check_names(abilities)).transpose()?;
    let place = abilities.and_then(|known| args.key.settle_place(&known, &token.view, &mut spec));
    let opened = writing::open_exclusive(context, &token, &args.write, pin_source.as_deref())?;
    let session = opened.session;
    let spinner = Spinner::start(context, "the card generates the key");
    let (handle, public_handle) = if is_pair {
        let (private, public) = engine.generate_key_pair(session, &spec)?;
        (private, Some(public))
    } else {
        (engine.generate_key(session, &spec)?, None)
    };
    spinner.end();
    let (made, public) = match (place, public_handle) {
        // Who made it may be the security officer, who does not see it.
        (Some(id), _) => {
            let key = engine.made_key(session, &id)?;
            (Made { slot: key.slot, id: key.id.0, label: key.label, uri: key.uri.to_string() }, key.public)
        }
        (None, Some(public_handle)) => {
            let public = public_key(context, session, public_handle)?;
            // The security officer sees no private key, only its public half.
            let seen = if args.write.so_pin.is_some() { public_handle } else { handle };
            (Made::read(context, token.slot, session, seen)?, Some(public))
        }
        (None, None) => (Made::read(context, token.slot, session, handle)?, None),
    };
    let pem = public.as_ref().map(|key| pem::encode("PUBLIC KEY", &key.to_spki_der())).transpose()?;
    let document = json!({
        "slot": made.slot.0,
        "token": token.candidate.label,
        "label": made.label,
        "id": json::bytes(&made.id),
        "type": algorithm_name(&algorithm),
        "uri": made.uri,
        "public_key": pem,
        "file": args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path)),
    });
    let note = format!("generated key {} on the token in slot {}", quote(&made.label), made.slot);
    match (&args.output, pem) {
        (Some(path), Some(pem)) => {
            let outcome = destination::deliver(context, document, pem.as_bytes(), Some(path), false)?;
            Ok(outcome.note(note).note(made.uri))
        }
        _ => Ok(Outcome::new(document, table::fields(&context.terminal, &made.fields())).note(note)),
    }
}

/// A new key as it is found again.
pub struct Made {
    /// Where it is.
    pub slot: SlotId,
    /// `CKA_ID`.
    pub id: Vec<u8>,
    /// `CKA_LABEL`, as the card has it.
    pub label: String,
    /// Its RFC 7512 name.
    pub uri: String,
}

impl Made {
    /// Asks the token for what it made.
    pub fn read(
        context: &Context,
        slot: SlotId,
        session: SessionHandle,
        key: ObjectHandle,
    ) -> Result<Self, CliError> {
        let engine = context.engine()?;
        let id = engine.attribute(session, key, AttributeType::ID)?;
        let label = engine.attribute(session, key, AttributeType::LABEL)?;
        Ok(Self {
            slot,
            id: id.as_bytes().unwrap_or_default().to_vec(),
            label: label.as_text().unwrap_or_default().to_owned(),
            uri: engine.object_uri(session, key)?.to_string(),
        })
    }

    /// Slot, id and URI for people.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Slot", self.slot.to_string()),
            ("Id", crate::codec::hex::encode(&self.id)),
            ("URI", self.uri.clone()),
        ]
    }
}

fn public_key(context: &Context, session: SessionHandle, key: ObjectHandle) -> Result<PublicKey, CliError> {
    let info = context.engine()?.attribute(session, key, AttributeType::PUBLIC_KEY_INFO)?;
    PublicKey::from_spki_der(info.as_bytes().unwrap_or_default()).map_err(|error| {
        CliError::new(crate::cli::error::ErrorKind::Card, "the card's public key is none").source(&error)
    })
}
