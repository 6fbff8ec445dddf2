//! `sign`: files with one private key and one login; the mechanism follows from the key.

mod batch;
mod form;
mod jobs;
pub(super) mod policy;
mod signer;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::args::{HexBytes, KeyArgs, PinArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::key_files;
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, find_again, public_half};
use crate::cli::mechanism::SigningArgs;
use crate::cli::outcome::Outcome;
use crate::cli::predigested::Predigested;
use crate::cli::signature::SignatureFormat;
use crate::cli::unlock::unlock;
use crate::cli::{atomic_file, json};
use crate::crypto::CertificateDetails;
use crate::crypto::import::read_certificates;
use batch::Batch;
use form::Draft;
use signer::{Input, Signer};

/// Arguments of `sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each FILE is signed into FILE.sig beside it, or in --output-dir; -o names
another file for one signature. With --format cms it is FILE.p7s (FILE.p7m
with the content inside), with pem FILE.pem, with jws FILE.jws. Of several
files, one that cannot be signed does not keep the others from it: the exit
code is that of the first failure, and --json says of each file what became
of it. A key whose certificates are expired or not for signatures does not
sign.

The mechanism follows from the key: SHA-256 with PKCS#1 v1.5
padding for RSA, ECDSA with the digest of the curve's size for EC. With
PSS the salt is as long as the digest, and the mask is made with the same
digest, unless --salt-len and --mgf say otherwise.
OpenSSL takes ECDSA signatures with --format der.

CMS and JWS take the key's certificate and its chain along, as far as they
are on the card. An SSH signature is in the namespace \"file\", as ssh-keygen
-Y verify -n file wants it; git signs through p11ctl ssh-keygen.

Examples:
  p11ctl sign --key 'key 1' document.txt
  p11ctl sign --slot 4 --pin env:PIN *.tar.gz
  sha256sum big.iso > big.sum && p11ctl sign --slot 4 --hash-file big.sum
  p11ctl sign --key 'key 1' --mechanism SHA256-RSA-PKCS-PSS document.txt
  p11ctl sign --key 'pkcs11:object=key%202' --format der -o x.der x.txt
  p11ctl sign --slot 4 --format cms report.pdf
  p11ctl sign --slot 4 --format ssh report.pdf
  p11ctl sign --slot 4 --format jws --attach -o token.jws claims.json
  tar c src | p11ctl sign --slot 4 --pin file:pin -o src.sig -")]
pub struct SignArgs {
    /// Files to sign (- is standard input)
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// Write the one signature to this file (- is standard output)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Write the signatures into this folder, each by the name of its file
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath, conflicts_with = "output")]
    output_dir: Option<PathBuf>,

    /// The files are not data but their digests: the bytes, or hexadecimal as sha256sum prints it
    #[arg(long)]
    hash_file: bool,

    /// Form of the signature
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "raw")]
    format: SignatureFormat,

    /// Put the content into the signature as well (cms, pem, jws)
    #[arg(long)]
    attach: bool,

    /// What an SSH signature is for; file if nothing is said
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,

    /// Sign the content of a JWS as it is, not in base64url (RFC 7797, b64)
    #[arg(long)]
    unencoded: bool,

    /// Name of the key in a JWS, if it is not the key's thumbprint (RFC 7638)
    #[arg(long, value_name = "TEXT")]
    kid: Option<String>,

    /// Certificate of the key, its issuers behind it (PEM or DER), instead of those on the card
    #[arg(long, visible_alias = "certificate", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    certificate_file: Option<PathBuf>,

    /// How.
    #[command(flatten)]
    signing: SigningArgs,

    /// Sign all the same with SHA-1, or with an RSA key below 2048 bits
    #[arg(long)]
    allow_weak: bool,

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

impl SignArgs {
    /// An SSH signature of each of these files, by the key with this id on this token.
    pub fn ssh(
        files: Vec<PathBuf>,
        namespace: String,
        hash: Option<String>,
        (token, id): (TokenArgs, Vec<u8>),
        pin: PinArgs,
    ) -> Self {
        Self {
            files,
            output: None,
            output_dir: None,
            hash_file: false,
            format: SignatureFormat::Ssh,
            attach: false,
            namespace: Some(namespace),
            unencoded: false,
            kid: None,
            certificate_file: None,
            signing: SigningArgs::of_hash(hash),
            allow_weak: false,
            key: KeyArgs { key: None, id: Some(HexBytes(id)) },
            token,
            pin,
        }
    }

    /// The namespace of an SSH signature.
    fn namespace_or_file(&self) -> String {
        self.namespace.clone().unwrap_or_else(|| "file".to_owned())
    }
}

/// Runs `sign`.
pub fn run(context: &Context, args: &SignArgs) -> Result<Outcome, CliError> {
    let reads_stdin = args.files.iter().any(|file| atomic_file::is_standard_stream(file));
    args.pin.check(reads_stdin)?;
    let mut batch = Batch::new(context, jobs::jobs(context, args)?);
    // A file that cannot be read must not cost a login.
    batch.refuse_unreadable()?;
    let choice = KeyChoice::new(&args.token, &args.key)?;
    if !args.format.takes_certificates() {
        choice.seek(context)?;
    }
    if args.pin.is_at_hand() {
        // Nobody is waited for until the login.
        context.engine()?.keep_at_hand(true);
    }
    let chosen = choice.private_key(context, Purpose::Sign, &args.pin)?;
    let draft = Draft::new(args, &chosen.key.algorithm)?;
    if !args.allow_weak {
        policy::check_strength(&chosen.key.algorithm, &draft.call)?;
    }
    let input = input(args, &draft)?;
    policy::check_certificates(context, &chosen)?;
    let certificates = certificates(context, args, &draft, &chosen)?;
    draft.check_certificates(&certificates)?;
    jobs::make_output_folder(args)?;
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    // Not before: while a person types a PIN files may change, and a pipe is heard once.
    let ahead = if args.hash_file { None } else { batch.read_ahead() };
    let engine = context.engine()?;
    let key = find_again(engine, unlocked.session, &chosen.key)?;
    let public =
        draft.wants_public().then(|| public_half(engine, unlocked.session, &chosen.key, key)).transpose()?;
    let form = draft.finish(certificates, public)?;
    let signer =
        Signer { context, chosen: &chosen, unlocked: &unlocked, key, call: &draft.call, input, ahead };
    batch.run(&signer, &form)?;
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "id": json::bytes(&chosen.key.id.0),
        "mechanism": draft.call.id.to_string(),
        "format": args.format.name(),
        "signatures": batch.entries(),
    });
    Ok(batch.outcome(document))
}

/// What the files are: data, or digests of data.
fn input(args: &SignArgs, draft: &Draft<'_>) -> Result<Input, CliError> {
    if !args.hash_file {
        return Ok(Input::Files);
    }
    Ok(Input::Digests(match draft.own_digest() {
        Some(algorithm) => Predigested { call: draft.call.clone(), algorithm },
        None => Predigested::of(&draft.call)?,
    }))
}

/// The certificates that go along: of a file, else the key's chain on the card.
fn certificates(
    context: &Context,
    args: &SignArgs,
    draft: &Draft<'_>,
    chosen: &ChosenKey,
) -> Result<Vec<CertificateDetails>, CliError> {
    if !draft.wants_certificates() {
        return Ok(Vec::new());
    }
    match &args.certificate_file {
        Some(path) => read_certificates(&atomic_file::read(path)?)
            .map_err(|error| key_files::explain(&error, &path.display().to_string())),
        None => policy::chain(context, chosen),
    }
}
