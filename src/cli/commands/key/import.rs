//! `key import`: a private key from a file onto a token, with its certificates where the file has them.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::options::NewKeyArgs;
use crate::cli::args::{PIN_HEADING, PinArg, TokenArgs};
use crate::cli::atomic_file;
use crate::cli::commands::object::write::{certificates_on_card, file_label, write_objects};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::key_files::{self, KeyFile};
use crate::cli::outcome::Outcome;
use crate::cli::pin::Kind;
use crate::cli::text::quote;
use crate::cli::tokens;
use crate::cli::writing::{self, WriteArgs};
use crate::crypto::{CertificateDetails, PrivateKey};
use crate::engine::{KeyOrigin, NewObject, ObjectClass};
use crate::token::{KeyAlgorithm, KeyId};

/// Arguments of `key import`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is PEM or DER: PKCS#8 (encrypted or not), PKCS#1, SEC 1, or PKCS#12
with the certificates in it. The public half is written too.

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
    let label = file.label.clone().unwrap_or_else(|| file_label(&args.file));
    let spec = args.key.spec(algorithm(&file.key), &label, false)?;
    let known =
        if file.certificates.is_empty() { Vec::new() } else { certificates_on_card(context, &token)? };
    let (label, id) = (spec.label.clone(), spec.id.clone());
    let mut objects =
        vec![(ObjectClass::PrivateKey, label.clone(), NewObject::PrivateKey { key: file.key.clone(), spec })];
    let (present, new): (Vec<_>, Vec<_>) =
        file.certificates.iter().cloned().partition(|details| known.contains(&details.der));
    objects.extend(new.into_iter().map(|details| certificate(&file, details, id.as_ref())));
    let session = writing::open(context, &token, &args.write, pin_source.as_deref())?;
    let written = write_objects(context, &token, session, &objects)?;
    let present: Vec<String> = present.iter().map(CertificateDetails::subject_text).collect();
    let document = json!({
        "slot": token.slot.0,
        "token": token.candidate.label,
        "label": label,
        "uri": written.first().and_then(|entry| entry.get("uri")),
        "written": written,
        "present": present,
    });
    let uris: String =
        written.iter().filter_map(|entry| Some(format!("{}\n", entry.get("uri")?.as_str()?))).collect();
    let mut outcome = Outcome::new(document, uris);
    let sentences = objects.iter().map(|(class, label, _)| {
        format!("wrote {class} {} to the token in slot {}", quote(label), token.slot)
    });
    outcome.notes.extend(sentences);
    outcome.notes.extend(present.iter().map(|name| format!("{} is on the card already", quote(name))));
    Ok(outcome)
}

/// A certificate of the file: that of the key gets the key's id where one was chosen.
fn certificate(
    file: &KeyFile,
    details: CertificateDetails,
    id: Option<&KeyId>,
) -> (ObjectClass, String, NewObject) {
    let is_leaf = details.public_key.as_ref() == Some(&file.key.public());
    let label = details.common_name();
    let object = NewObject::Certificate {
        der: details.der,
        label: label.clone(),
        id: id.filter(|_| is_leaf).cloned(),
    };
    (ObjectClass::Certificate, label.unwrap_or_default(), object)
}

fn algorithm(key: &PrivateKey) -> KeyAlgorithm {
    let public = key.public();
    match public.ec() {
        Some((curve, _)) => KeyAlgorithm::Ec { curve: Some(curve) },
        None => KeyAlgorithm::Rsa { modulus_bits: public.bits() },
    }
}
