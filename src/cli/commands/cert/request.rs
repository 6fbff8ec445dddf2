//! `cert request`: what an authority is asked to certify.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::signer::Signer;
use super::{Format, SubjectArgs};
use crate::cli::args::{KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::{atomic_file, destination, json};
use crate::crypto::certificate_request::RequestTemplate;
use crate::engine::SessionMode;

/// Arguments of `cert request`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  p11ctl cert request --slot 4 --key 'key 3' --subject 'CN=www.example.org' \\
      --san dns:www.example.org -o key3.csr
  p11ctl cert request --slot 4 --subject 'CN=Anna,O=Example' \\
      --eku clientAuth,emailProtection --pin env:PIN")]
pub struct RequestArgs {
    /// Who it is for.
    #[command(flatten)]
    subject: SubjectArgs,

    /// Digest of the signature: sha256, sha384, sha512
    #[arg(long, value_name = "HASH")]
    hash: Option<String>,

    /// Form of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pem")]
    format: Format,

    /// Write to this file (- is standard output, the default)
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

/// Runs `cert request`.
pub fn run(context: &Context, args: &RequestArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    let alternative_names = args.subject.alternative_names()?;
    let purposes = args.subject.purposes()?;
    args.output.as_deref().map(atomic_file::check_writable).transpose()?;
    let signer = Signer::open(context, &args.token, &args.key, &args.pin, SessionMode::ReadOnly)?;
    let mut template = RequestTemplate::new(&args.subject.subject, signer.public.clone());
    template.alternative_names = alternative_names;
    template.purposes = purposes;
    template.algorithm = signer.algorithm(args.hash.as_deref())?;
    let der = template
        .sign_with(|algorithm, body| signer.sign(algorithm, body))
        .map_err(|error| error.explain(&args.subject.subject))?;
    let bytes = args.format.write("CERTIFICATE REQUEST", &der)?;
    let document = json!({
        "slot": signer.chosen.token.slot.0,
        "key": signer.chosen.key.label,
        "id": json::bytes(&signer.chosen.key.id.0),
        "request": json::bytes(&der),
        "file": args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path)),
    });
    destination::deliver(context, document, &bytes, args.output.as_deref(), args.format == Format::Der)
}
