//! `key wrap`: a key under another key, so that it can travel.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::args::{KEY_HEADING, KeyArgs, PIN_HEADING, PinArg, PinArgs, TokenArgs};
use crate::cli::commands::encrypt::recipients::{self, Recipient};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again};
use crate::cli::outcome::Outcome;
use crate::cli::pin::Kind;
use crate::cli::text::quote;
use crate::cli::unlock::unlock;
use crate::cli::wrapping::{Cargo, WrappingArgs, for_wrapping, padding_of};
use crate::cli::{atomic_file, destination, json, key_files, tokens};
use crate::codec::Secret;
use crate::engine::mechanism::Purpose as Use;
use crate::engine::uri::Uri;
use crate::engine::{AttributeType, MechanismCall, ObjectClass, ObjectHandle, SessionHandle, Template};
use crate::token::KeyAlgorithm;

/// Arguments of `key wrap`.
#[derive(Debug, Args)]
#[command(after_help = "\
What is wrapped is a key in a file, the 16, 24 or 32 bytes of an AES key or a
private key (PEM or DER, which goes as PKCS#8), or a key of a token that lets
it leave. Keys on cards stay there; an HSM (--module) may have others.

It is wrapped under an AES key of a token (--key), which computes there, or for
whoever has the private key of a certificate or public key: in a file
(--recipient) or on a token (--key). p11ctl key unwrap makes a key of a token
of it; openssl enc -d -id-aes256-wrap and openssl pkeyutl -decrypt open it too.

Examples:
  p11ctl key wrap session.key --recipient hsm.pem -o session.wrapped
  p11ctl key wrap session.key --key 'transport key' --pin env:PIN -o s.wrapped
  p11ctl --module libsofthsm2.so key wrap 'pkcs11:object=data%20key' \\
    --key 'transport key' --pin env:PIN -o data.wrapped")]
pub struct WrapArgs {
    /// Key to wrap: a file, or a label or pkcs11: URI on the token
    #[arg(value_name = "FILE|LABEL|URI", value_hint = clap::ValueHint::FilePath)]
    cargo: String,

    /// Key to wrap under: an AES key, or a public key or certificate on a token, by label or pkcs11: URI
    #[arg(long, value_name = "LABEL|URI", help_heading = KEY_HEADING)]
    key: Option<String>,

    /// Wrap for the one certificate or public key in this file (PEM or DER)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with = "key")]
    recipient: Option<PathBuf>,

    /// How.
    #[command(flatten)]
    wrapping: WrappingArgs,

    /// Wrap all the same for a certificate that is expired, or not for encryption
    #[arg(long)]
    any_certificate: bool,

    /// Write to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Take the password of the key's file from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    password: Option<PinArg>,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// What is wrapped.
enum Travelling {
    /// It was read from a file.
    Here(Cargo, Secret),
    /// It is on the token, under this label or URI.
    OnToken,
}

impl Travelling {
    /// What travels. A key of a token is a secret key, unless its name says otherwise.
    fn cargo(&self, args: &WrapArgs) -> Result<Cargo, CliError> {
        Ok(match self {
            Self::Here(cargo, _) => *cargo,
            Self::OnToken => match wanted(args)?.class {
                Some(ObjectClass::PrivateKey) => Cargo::Private,
                _ => Cargo::Secret,
            },
        })
    }
}

/// The key of a token that travels, as it was named.
fn wanted(args: &WrapArgs) -> Result<KeyChoice, CliError> {
    KeyChoice::new(&args.token, &KeyArgs { key: Some(args.cargo.clone()), id: None })
}

/// What it is wrapped under.
enum Under {
    /// A secret key of a token.
    Secret(ChosenKey),
    /// Anybody's public key.
    Public(Recipient),
}

/// Runs `key wrap`.
pub fn run(context: &Context, args: &WrapArgs) -> Result<Outcome, CliError> {
    args.pin.check(args.cargo == "-")?;
    Kind::Password.check(args.password.as_ref())?;
    // Files that are no good must not cost a login.
    let travelling = read_travelling(args)?;
    args.output.as_deref().map(atomic_file::check_writable).transpose()?;
    let choice = KeyChoice::new(&args.token, &KeyArgs { key: args.key.clone(), id: None })?;
    let under = under(context, args, &choice)?;
    let (name, algorithm) = match &under {
        Under::Secret(chosen) => (chosen.key.label.clone(), chosen.key.algorithm),
        Under::Public(recipient) => (recipient.name().to_owned(), KeyAlgorithm::from(&recipient.public)),
    };
    let call = for_wrapping(algorithm, travelling.cargo(args)?, &args.wrapping)?;
    let wrapped = match (&travelling, &under) {
        (Travelling::Here(_, value), Under::Public(recipient)) => wrap_for(recipient, &call, value)?,
        (Travelling::Here(_, value), Under::Secret(chosen)) => {
            let (session, key) = open(context, args, &choice, (chosen, &call))?;
            context.engine()?.wrap_bytes(session, &call, key, value)?
        }
        (Travelling::OnToken, Under::Secret(chosen)) => {
            let (session, key) = open(context, args, &choice, (chosen, &call))?;
            wrap_on_token(context, args, session, (&call, key))?
        }
        (Travelling::OnToken, Under::Public(recipient)) => {
            let (session, key) = open_public(context, args, &choice, recipient)?;
            wrap_on_token(context, args, session, (&call, key))?
        }
    };
    let file = args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path));
    let document = json!({
        "wrapping_key": name,
        "mechanism": call.id.to_string(),
        "length": wrapped.len(),
        "file": file.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "wrapped": if file.is_some() { serde_json::Value::Null } else { json::bytes(&wrapped) },
    });
    destination::deliver(context, document, &wrapped, args.output.as_deref(), true)
}

/// The key to wrap: from a file where there is one of that name, else on the token. Errors: no key in the file.
fn read_travelling(args: &WrapArgs) -> Result<Travelling, CliError> {
    let path = Path::new(&args.cargo);
    if Uri::is_uri(&args.cargo) || !(atomic_file::is_standard_stream(path) || path.exists()) {
        return Ok(Travelling::OnToken);
    }
    let bytes = Secret::new(atomic_file::read(path)?);
    if matches!(bytes.len(), 16 | 24 | 32) {
        return Ok(Travelling::Here(Cargo::Secret, bytes));
    }
    let file = key_files::parse_file(&bytes, &atomic_file::describe(path), args.password.as_ref());
    let file = file.map_err(|error| error.hint("an AES key is a file of its 16, 24 or 32 bytes"))?;
    let pkcs8 = file.key.to_pkcs8_der();
    let pkcs8 =
        pkcs8.map_err(|source| CliError::usage("the private key has no PKCS#8 form").source(&source))?;
    Ok(Travelling::Here(Cargo::Private, pkcs8))
}

/// The key to wrap under. A label means an AES key before it means a public one.
fn under(context: &Context, args: &WrapArgs, choice: &KeyChoice) -> Result<Under, CliError> {
    if let Some(path) = &args.recipient {
        let found = recipients::in_file(path, args.any_certificate)?;
        return match <[Recipient; 1]>::try_from(found) {
            Ok([recipient]) => Ok(Under::Public(recipient)),
            Err(several) => Err(CliError::usage(format!(
                "{} holds {} certificates, but a key is wrapped for one",
                path.display(),
                several.len()
            ))),
        };
    }
    if args.key.is_none() {
        return Err(CliError::usage("no key is named that the other one is wrapped under")
            .hint("give --key for a key of a token, or --recipient FILE"));
    }
    let is_public = matches!(choice.class, Some(ObjectClass::PublicKey | ObjectClass::Certificate));
    if is_public || choice.usable_keys(context, Purpose::Wrap, &args.pin)?.is_empty() {
        return recipients::on_token(context, choice, args.any_certificate).map(Under::Public);
    }
    choice.private_key(context, Purpose::Wrap, &args.pin).map(Under::Secret)
}

/// Wraps for a public key. Errors: the key does not fit.
fn wrap_for(recipient: &Recipient, call: &MechanismCall, value: &Secret) -> Result<Vec<u8>, CliError> {
    let padding = padding_of(call).ok_or_else(|| CliError::usage("a public key wraps by RSA alone"))?;
    padding.encrypt(&recipient.public, value.expose()).map_err(|source| {
        CliError::usage("the key does not fit into a block of the wrapping key").source(&source)
    })
}

/// A session with the secret key that wraps, its PIN given.
fn open(
    context: &Context,
    args: &WrapArgs,
    choice: &KeyChoice,
    (chosen, call): (&ChosenKey, &MechanismCall),
) -> Result<(SessionHandle, ObjectHandle), CliError> {
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let engine = context.engine()?;
    let key = find_again(engine, unlocked.session, &chosen.key)?;
    if chosen.key.always_authenticate {
        engine.consent_init(unlocked.session, call, key, Use::Wrap)?;
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    Ok((unlocked.session, key))
}

/// A session with the public key that wraps, on the token of the key that travels.
fn open_public(
    context: &Context,
    args: &WrapArgs,
    choice: &KeyChoice,
    recipient: &Recipient,
) -> Result<(SessionHandle, ObjectHandle), CliError> {
    if args.recipient.is_some() {
        return Err(CliError::usage("a key of a token is wrapped under a key of that token")
            .hint("write the public key to it with p11ctl object write public-key, and give --key"));
    }
    let token = tokens::exactly_one(context, &choice.selector, tokens::has_pin)?;
    let unlocked = unlock(context, &token, &args.pin, choice.pin_source.as_deref())?;
    let engine = context.engine()?;
    let template = Template::new().class(ObjectClass::PublicKey);
    for key in engine.find_all(unlocked.session, &template)? {
        let info = engine.attribute(unlocked.session, key, AttributeType::PUBLIC_KEY_INFO);
        if info.is_ok_and(|info| info.as_bytes() == Some(&recipient.public.to_spki_der())) {
            return Ok((unlocked.session, key));
        }
    }
    Err(CliError::new(ErrorKind::NotFound, "the wrapping key is not on the token of the key that is wrapped"))
}

/// Wraps a key of the session's token. Errors: there is no such key, or it stays there.
fn wrap_on_token(
    context: &Context,
    args: &WrapArgs,
    session: SessionHandle,
    (call, wrapping): (&MechanismCall, ObjectHandle),
) -> Result<Vec<u8>, CliError> {
    let wanted = wanted(args)?;
    let engine = context.engine()?;
    let mut found = Vec::new();
    for class in [ObjectClass::SecretKey, ObjectClass::PrivateKey] {
        let mut template = Template::new().class(class);
        if let Some(label) = &wanted.label {
            template = template.label(label);
        }
        if let Some(id) = &wanted.id {
            template = template.id(id);
        }
        if wanted.class.is_none_or(|wanted| wanted == class) {
            found.extend(engine.find_all(session, &template)?);
        }
    }
    let name = quote(&args.cargo);
    match found.as_slice() {
        [key] => Ok(engine.wrap_key(session, call, wrapping, *key)?),
        [] => Err(CliError::new(ErrorKind::NotFound, format!("there is no file and no key {name}"))),
        several => {
            let message = format!("{} keys fit {name}: which one?", several.len());
            Err(CliError::new(ErrorKind::NotFound, message).hint("choose by a pkcs11: URI with id and type"))
        }
    }
}
