//! `key import`: a private key from a file onto a token, with its certificates where the file has them.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::options::NewKeyArgs;
use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::atomic_file;
use crate::cli::commands::object::put::{Item, put};
use crate::cli::commands::object::write::file_label;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::key_files;
use crate::cli::outcome::Outcome;
use crate::cli::pin::Kind;
use crate::cli::text::count;
use crate::cli::tokens;
use crate::cli::writing::{self, WriteArgs};
use crate::crypto::{CertificateDetails, PrivateKey};
use crate::engine::{KeyOrigin, NewObject, ObjectClass};
use crate::token::KeyAlgorithm;

/// Arguments of `key import`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is PEM or DER: PKCS#8 (encrypted or not), PKCS#1, SEC 1, or PKCS#12
with the certificates in it. The public half is written too. A key or
certificate that is on the card already stays as it is, and the rest is
written: an import that was interrupted can be run again.

Examples:
  p11ctl key import key.pem --slot 4 --label 'key 3'
  p11ctl key import anna.p12 --slot 4 --password file:pass.txt --pin env:PIN")]
pub struct ImportArgs {
    /// The file (- is standard input)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Take the password of the file from: prompt, env:NAME, file:PATH, fd:N, stdin
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    password: Option<PinArg>,

    /// What the key is to be.
    #[command(flatten)]
    key: NewKeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `key import`.
pub fn run(context: &Context, args: &ImportArgs) -> Result<Outcome, CliError> {
    let reads_stdin = atomic_file::is_standard_stream(&args.file);
    args.write.check(reads_stdin)?;
    Kind::Password.check(args.password.as_ref())?;
    if reads_stdin && args.password == Some(PinArg::Stdin) {
        return Err(CliError::usage("standard input cannot hold both the data and the password"));
    }
    // A file that is no good must not cost a login.
    let file = key_files::read(&args.file, args.password.as_ref())?;
    let (token, pin_source) = writing::choose(context, &args.token, &args.write, tokens::has_pin)?;
    context.engine()?.check_key(token.slot, algorithm(&file.key), KeyOrigin::Imported)?;
    let abilities = context.engine()?.admin_abilities(token.slot).ok();
    abilities.as_ref().map(|abilities| args.key.check_names(abilities)).transpose()?;
    let label = file.label.clone().unwrap_or_else(|| file_label(&args.file));
    let spec = args.key.spec(algorithm(&file.key), &label, false)?;
    let label = spec.label.clone();
    let key = NewObject::PrivateKey { key: file.key.clone(), spec };
    let mut items = vec![Item { object: key, class: ObjectClass::PrivateKey, label }];
    // A card with a place for each key has none for authorities.
    let has_places = abilities.is_some_and(|abilities| !abilities.key_places.is_empty());
    let public = file.key.public();
    let has_room = |known: &&CertificateDetails| !has_places || known.certifies(&public);
    let kept = file.certificates.iter().filter(has_room);
    items.extend(kept.map(certificate));
    let left_out = file.certificates.len() + 1 - items.len();
    let opened = writing::open_exclusive(context, &token, &args.write, pin_source.as_deref())?;
    let put = put(context, &token, opened.session, &items)?;
    let (label, uri) = put.names.first().cloned().unwrap_or_default();
    let document = json!({
        "slot": token.slot.0,
        "token": token.candidate.label,
        "label": label,
        "uri": uri,
        "written": put.written,
        "present": put.present,
    });
    let mut outcome = Outcome { notes: put.notes.clone(), ..Outcome::new(document, put.uris()) };
    if left_out > 0 {
        let number = count(left_out, "certificate of an authority", "certificates of authorities");
        outcome.notes.push(format!("left out: {number}, for which the card has no place"));
    }
    Ok(outcome)
}

/// A certificate of the file: that of the key gets the id which the key has on the card.
fn certificate(details: &CertificateDetails) -> Item {
    let label = details.common_name();
    let object = NewObject::Certificate { der: details.der.clone(), label: None, id: None };
    Item { object, class: ObjectClass::Certificate, label: label.unwrap_or_default() }
}

fn algorithm(key: &PrivateKey) -> KeyAlgorithm {
    KeyAlgorithm::from(&key.public())
}
