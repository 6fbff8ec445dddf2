//! `key derive`: a secret that a private key here and the other side's public key have in common, and what is made of
//! it: into a file, or as a secret key onto the token.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::generate::Made;
use super::kdf::{Derivation, KdfArgs};
use super::options::{NewKeyArgs, free_label};
use super::peer::Peer;
use crate::cli::args::{KEY_HEADING, KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::unlock::{Unlocked, unlock_as};
use crate::cli::{atomic_file, destination, json, table};
use crate::codec::Secret;
use crate::engine::mechanism::Purpose as Use;
use crate::engine::{KeyOrigin, KeySpec, MechanismCall, MechanismId, NewObject, SessionMode};
use crate::token::KeyAlgorithm;

/// Arguments of `key derive`.
#[derive(Debug, Args)]
#[command(after_help = "\
The private key stays where it is and agrees (ECDH, X25519) with the public key
of the other side, who comes to the same secret with the halves exchanged. Of
that secret --kdf makes a key: hkdf-sha256 (RFC 5869) or x963-sha256 (ANSI
X9.63), with any hash. Without one the result is the secret itself, as openssl
pkeyutl -derive gives it, which is no key yet.

-o writes it to a file that only its owner may read. With --label (or --id) it
becomes an AES key on the token, where the card can have one.

Examples:
  p11ctl key derive --key 'key 2' --peer ben.pem --kdf hkdf-sha256 -o k.bin
  p11ctl key derive --key 'key 2' --peer ben.pem -o secret.bin
  p11ctl key derive --key 'key 2' --peer ben.pem --kdf x963-sha256 \\
    --info 0a0b --length 32 --label 'with Ben' --pin env:PIN")]
pub struct DeriveArgs {
    /// Private key, by label or pkcs11: URI
    #[arg(long, value_name = "LABEL|URI", help_heading = KEY_HEADING)]
    key: Option<String>,

    /// Public key of the other side: a file (a public key or certificate, PEM or DER), or its point in hexadecimal
    #[arg(long, value_name = "FILE|HEX")]
    peer: String,

    /// What is made of the secret.
    #[command(flatten)]
    kdf: KdfArgs,

    /// Write the result to this file (- is standard output)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// What the key on the token is to be.
    #[command(flatten)]
    new: NewKeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Runs `key derive`.
pub fn run(context: &Context, args: &DeriveArgs) -> Result<Outcome, CliError> {
    args.pin.check(args.peer == "-")?;
    let to_token = args.new.label.is_some() || args.new.id.is_some();
    match (&args.output, to_token) {
        (None, false) => {
            return Err(CliError::usage("nothing says where the result goes")
                .hint("give -o FILE for a file, or --label NAME for a key on the token"));
        }
        (Some(_), true) => {
            return Err(CliError::usage("-o and --label are two places for one secret").hint("run it twice"));
        }
        _ => {}
    }
    let derivation = args.kdf.derivation(to_token)?;
    let peer = Peer::read(&args.peer)?;
    // A file that cannot be written must not cost a login.
    args.output.as_deref().map(atomic_file::check_writable).transpose()?;
    let key = KeyArgs { key: args.key.clone(), id: None };
    let choice = KeyChoice::new(&args.token, &key)?;
    if !to_token {
        choice.seek(context)?;
    }
    let chosen = choice.private_key(context, Purpose::Derive, &args.pin)?;
    let point = peer.point_for(&chosen.key)?;
    let spec = if to_token { Some(spec(context, args, &chosen, &derivation)?) } else { None };
    let mode = if to_token { SessionMode::ReadWrite } else { SessionMode::ReadOnly };
    let unlocked = unlock_as(context, &chosen.token, &args.pin, choice.pin_source.as_deref(), mode)?;
    let shared = agree(context, &chosen, &unlocked, &point)?;
    let secret = derivation.derive(&shared)?;
    let file = args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path));
    let mut document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "mechanism": MechanismId::ECDH1_DERIVE.to_string(),
        "kdf": derivation.name(),
        "length": secret.len(),
        "file": file.map(|path| path.display().to_string()),
    });
    if let Some(output) = &args.output {
        let outcome = destination::deliver_secret(context, document, &secret, output)?;
        return Ok(outcome.warn(derivation.is_bare().then(|| BARE.to_owned())));
    }
    let spec = spec.ok_or_else(|| CliError::usage("nothing says where the result goes"))?;
    if chosen.key.always_authenticate {
        unlocked.log_in_again(context, &chosen.token)?;
    }
    let engine = context.engine()?;
    let made = engine.create_object(unlocked.session, &NewObject::SecretKey { value: secret, spec })?;
    let made = Made::read(context, chosen.token.slot, unlocked.session, made)?;
    if let Some(fields) = document.as_object_mut() {
        fields.insert("label".to_owned(), made.label.clone().into());
        fields.insert("id".to_owned(), json::bytes(&made.id));
        fields.insert("uri".to_owned(), made.uri.clone().into());
    }
    let note = format!("derived key {} onto the token in slot {}", quote(&made.label), made.slot);
    Ok(Outcome::new(document, table::fields(&context.terminal, &made.fields())).note(note))
}

/// The secret that both sides have.
fn agree(
    context: &Context,
    chosen: &ChosenKey,
    unlocked: &Unlocked,
    point: &[u8],
) -> Result<Secret, CliError> {
    let engine = context.engine()?;
    let key = find_again(engine, unlocked.session, &chosen.key)?;
    if chosen.key.always_authenticate {
        engine.consent_init(unlocked.session, &MechanismCall::ecdh(point), key, Use::Derive)?;
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    Ok(engine.agree(unlocked.session, key, point)?)
}

/// The key that is to be on the token. Errors: the card cannot have it.
fn spec(
    context: &Context,
    args: &DeriveArgs,
    chosen: &ChosenKey,
    derivation: &Derivation,
) -> Result<KeySpec, CliError> {
    let engine = context.engine()?;
    let key_bits = u32::try_from(derivation.len_on_token() * 8).unwrap_or(u32::MAX);
    let algorithm = KeyAlgorithm::Aes { key_bits };
    let spec = args.new.spec(algorithm, &free_label(&chosen.token.view), false)?;
    engine.check_key(chosen.token.slot, algorithm, KeyOrigin::Imported)?;
    if let Ok(abilities) = engine.admin_abilities(chosen.token.slot) {
        args.new.check_names(&abilities)?;
    }
    Ok(spec)
}

const BARE: &str = "this is the shared secret itself, whose bits are not evenly distributed: \
                    use it as a key only through a derivation, such as --kdf hkdf-sha256";
