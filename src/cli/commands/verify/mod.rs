//! `verify`: the signature of a file in any form, with a key or certificate from a token, a file, or the signature itself;
//! computed on the host. A signer that nobody vouched for is said to be unchecked.

mod case;
mod containers;
mod plain;
mod several;
mod signer;
mod trust;
mod verdict;

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{KeyArgs, TokenArgs};
use crate::cli::atomic_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::mechanism::SigningArgs;
use crate::cli::outcome::Outcome;
use crate::cli::signature::SignatureFormat;
use crate::crypto::certificate::parse_date;
use crate::crypto::cms::{PEM_LABELS, signed_reading::SignedData};
use crate::crypto::jws::Jws;
use crate::crypto::sshsig::SshSignature;
use case::{Case, Check};
use verdict::Verdict;

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
The exit code is 0 for a good signature and 1 for a bad one. Hash,
mechanism, and with PSS mask and salt length, are those that the signer used;
CMS, SSH signatures and JWS say them themselves.

CMS, SSH signatures and JWS also bring a key or certificates along. Unless a
key or certificate is named, theirs is used; then --ca says whom to trust, and
without it the signature may be good, but the signer is not checked: the
output and JSON (signer_checked) say so. With --ca the chain from the signer's
certificate to one of these roots has to be complete, valid and for signatures.

Without --signature, the signature of each FILE is the one that p11ctl sign
wrote for it: FILE.sig, .p7s, .p7m, .pem or .jws, beside it or in
--signature-dir. With several files a bad one does not keep the others from
being verified; each has its line, and the exit code is 1 if one is bad.

Examples:
  p11ctl verify --key 'key 1' *.tar.gz
  p11ctl verify --key 'key 1' --signature document.txt.sig document.txt
  p11ctl verify --slot 4 --signature document.sig document.txt
  p11ctl verify --certificate-file leaf.pem --signature x.sig x.txt
  p11ctl verify --public-key-file k.pem --mechanism SHA256-RSA-PKCS-PSS \\
    --signature x.sig x.txt
  p11ctl verify --ca root.pem --signature report.pdf.p7s report.pdf
  p11ctl verify --ca root.pem --signature mail.p7m -o mail.txt
  p11ctl verify --public-key-file id.pub --signature x.txt.sig x.txt")]
pub struct VerifyArgs {
    /// File that was signed (- is standard input); not needed where the signature holds the content
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// The signature; without it that which sign wrote beside each file
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    signature: Option<PathBuf>,

    /// Look for the signatures in this folder
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, conflicts_with = "signature")]
    signature_dir: Option<PathBuf>,

    /// Form of the signature; without it all but hex and base64 are recognised
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<SignatureFormat>,

    /// The file is not the data but its digest: the bytes, or hexadecimal as sha256sum prints it
    #[arg(long)]
    hash_file: bool,

    /// Write the content that a good signature holds to this file (- is standard output)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// What an SSH signature has to be for; file if nothing is said
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,

    /// How.
    #[command(flatten)]
    signing: SigningArgs,

    /// Call a CMS, SSH or JWS signature good that is made with SHA-1, or with an RSA key below 2048 bits
    #[arg(long)]
    allow_weak: bool,

    /// Trust the certificates in this file (PEM or DER) as roots, and check the chain up to one (repeatable)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    ca: Vec<PathBuf>,

    /// Check certificates as of this date (2026-11-28, 2026-11-28T10:30Z), not as of now
    #[arg(long, value_name = "DATE", value_parser = date, requires = "ca")]
    at: Option<i64>,

    /// Verify with this certificate, its issuers behind it (PEM or DER)
    #[arg(long, visible_alias = "certificate", value_name = "FILE", value_hint = clap::ValueHint::FilePath, group = "file_key")]
    certificate_file: Option<PathBuf>,

    /// Verify with this public key (PEM, DER or a line of OpenSSH)
    #[arg(long, visible_alias = "public-key", value_name = "FILE", value_hint = clap::ValueHint::FilePath, group = "file_key")]
    public_key_file: Option<PathBuf>,

    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// Runs `verify`.
pub fn run(context: &Context, args: &VerifyArgs) -> Result<Outcome, CliError> {
    let several = args.files.len() > 1;
    if several && args.signature.is_some() {
        return Err(CliError::usage("--signature names one signature, but there are several files")
            .hint("leave it out: each signature is looked for beside its file, or in --signature-dir"));
    }
    if several && args.output.is_some() {
        return Err(CliError::usage("-o names one file, but there are several to verify"));
    }
    let check = Check::new(context, args)?;
    if several {
        return Ok(several::verify(&check));
    }
    let case = Case::named(&check, args.files.first().map(PathBuf::as_path))?;
    let verdict = judge(&case)?;
    check.bar.end();
    verdict.outcome(&case)
}

/// Verifies one signature. Errors: what is no word on the signature, a file that cannot be read say.
fn judge(case: &Case<'_>) -> Result<Verdict, CliError> {
    let args = case.check.args;
    let signature = atomic_file::read(&case.signature)?;
    let format = args.format.or_else(|| recognised(&signature));
    check_options(args, format)?;
    match format {
        Some(SignatureFormat::Cms | SignatureFormat::Pem) => containers::cms(case, &signature),
        Some(SignatureFormat::Ssh) => containers::ssh(case, &signature),
        Some(SignatureFormat::Jws) => containers::jws(case, &signature),
        plain => plain::verify(case, &signature, plain.and_then(SignatureFormat::plain)),
    }
}

/// The form of a signature that tells it itself.
fn recognised(signature: &[u8]) -> Option<SignatureFormat> {
    let begins = |label: &&str| signature.starts_with(format!("-----BEGIN {label}-----").as_bytes());
    if PEM_LABELS.iter().any(begins) {
        return Some(SignatureFormat::Pem);
    }
    if SshSignature::is_likely(signature) {
        return Some(SignatureFormat::Ssh);
    }
    if SignedData::is_likely(signature) {
        return Some(SignatureFormat::Cms);
    }
    Jws::is_likely(signature).then_some(SignatureFormat::Jws)
}

/// Refuses options that belong to another form.
fn check_options(args: &VerifyArgs, format: Option<SignatureFormat>) -> Result<(), CliError> {
    use SignatureFormat::{Cms, Jws, Pem, Ssh};
    let container = format.filter(|format| format.plain().is_none());
    let holds_content = matches!(format, Some(Cms | Pem | Jws));
    let refuse = |what: &str| Err(CliError::usage(what));
    if args.output.is_some() && !holds_content {
        return refuse("such a signature holds no content that could be written");
    }
    if args.namespace.is_some() && format != Some(Ssh) {
        return refuse("--namespace belongs to SSH signatures");
    }
    if container.is_some() && !args.signing.is_empty() {
        return refuse(
            "this signature says itself how it was made: leave --hash, --mechanism, --mgf and --salt-len out",
        );
    }
    if args.hash_file && format == Some(Jws) {
        return refuse("a JWS signs its header together with the data: a digest of the data is not enough");
    }
    Ok(())
}

fn date(text: &str) -> Result<i64, String> {
    parse_date(text).ok_or_else(|| "it is no date like 2026-11-28 or 2026-11-28T10:30Z".to_owned())
}
