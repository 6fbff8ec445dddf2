//! `cert self-sign`: a certificate signed by its own key, in a file or on the token.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::signer::Signer;
use super::{Format, SubjectArgs};
use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::certificates;
use crate::cli::commands::object::put::{Item, put};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::{atomic_file, destination};
use crate::codec::date;
use crate::crypto::CertificateDetails;
use crate::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use crate::engine::{NewObject, ObjectClass, SessionMode};

/// Arguments of `cert self-sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  p11ctl cert self-sign --slot 4 --key 'key 3' --subject 'CN=Anna,O=Example' \\
      --store
  p11ctl cert self-sign --slot 4 --subject 'CN=My root' --ca --days 3650 \\
      --pin env:PIN -o root.pem")]
pub struct SelfSignArgs {
    /// Who it is for.
    #[command(flatten)]
    subject: SubjectArgs,

    /// Days of validity, from now
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,

    /// Make it an authority, which signs other certificates
    #[arg(long, conflicts_with = "purposes")]
    ca: bool,

    /// Write it to the token, beside its key
    #[arg(long)]
    store: bool,

    /// Digest of the signature: sha256, sha384, sha512
    #[arg(long, value_name = "HASH")]
    hash: Option<String>,

    /// Form of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pem")]
    format: Format,

    /// Write to this file (- is standard output, the default without --store)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Runs `cert self-sign`.
pub fn run(context: &Context, args: &SelfSignArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    let subject = &args.subject.subject;
    let alternative_names = args.subject.alternative_names()?;
    let kind = if args.ca {
        CertificateKind::Authority { path_len: None }
    } else {
        CertificateKind::EndEntity { purposes: args.subject.purposes()? }
    };
    let mode = if args.store { SessionMode::ReadWrite } else { SessionMode::ReadOnly };
    args.output.as_deref().map(atomic_file::check_writable).transpose()?;
    let signer = Signer::open(context, &args.token, &args.key, &args.pin, mode)?;
    let now = date::now();
    let end = now + i64::from(args.days) * SECONDS_OF_DAY;
    let mut template = CertificateTemplate::new(subject, signer.public.clone(), kind, (now, end));
    template.alternative_names = alternative_names;
    template.algorithm = signer.algorithm(args.hash.as_deref())?;
    let der = template
        .sign_with(Issuer::Itself, |algorithm, body| signer.sign(algorithm, body))
        .map_err(|error| error.explain(subject))?;
    let details = CertificateDetails::parse(&der)
        .map_err(|error| CliError::usage("the certificate does not parse").source(&error))?;
    let token = &signer.chosen.token;
    let stored = if args.store {
        let label = details.common_name().unwrap_or_else(|| signer.chosen.key.label.clone());
        let id = Some(signer.chosen.key.id.clone());
        let object = NewObject::Certificate { der: der.clone(), label: Some(label.clone()), id };
        let items = [Item { object, class: ObjectClass::Certificate, label }];
        put(context, token, signer.unlocked.session, &items)?.written.pop()
    } else {
        None
    };
    let document = json!({
        "slot": token.slot.0,
        "key": signer.chosen.key.label,
        "certificate": certificates::to_json(&details),
        "der": crate::cli::json::bytes(&der),
        "stored": stored,
        "file": args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path)),
    });
    let note = args.store.then(|| format!("wrote the certificate to the token in slot {}", token.slot));
    let outcome = if args.store && args.output.is_none() {
        Outcome::new(document, "")
    } else {
        let bytes = args.format.write("CERTIFICATE", &der)?;
        destination::deliver(context, document, &bytes, args.output.as_deref(), args.format == Format::Der)?
    };
    Ok(match note {
        Some(note) => outcome.note(note),
        None => outcome,
    })
}

const SECONDS_OF_DAY: i64 = 86_400;
