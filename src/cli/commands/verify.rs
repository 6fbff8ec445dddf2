//! `verify`: the signature of a file, with the public key on a token or in a file; computed on the host.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::find::public_objects;
use crate::cli::args::{KeyArgs, TokenArgs};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::KeyChoice;
use crate::cli::mechanism::{SigningArgs, for_signing};
use crate::cli::objects::{Object, distinct};
use crate::cli::outcome::Outcome;
use crate::cli::parts::digest_file;
use crate::cli::predigested::Predigested;
use crate::cli::signature::{self, Format};
use crate::cli::text::quote;
use crate::cli::{atomic_file, pem, tokens};
use crate::crypto::{CertificateDetails, DigestAlgorithm, PublicKey};
use crate::engine::mechanism::{KeyFacts, Plan, Purpose, mechanism};
use crate::engine::{Error, ObjectClass, Template};
use crate::token::KeyAlgorithm;

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
The exit code is 0 for a good signature and 1 for a bad one. Hash,
mechanism, and with PSS mask and salt length, are those that the signer used.

Examples:
  p11ctl verify --key 'key 1' --signature document.txt.sig document.txt
  p11ctl verify --slot 4 --signature document.sig document.txt
  p11ctl verify --certificate-file leaf.pem --signature x.sig x.txt
  p11ctl verify --public-key-file k.pem --mechanism SHA256-RSA-PKCS-PSS \\
    --signature x.sig x.txt")]
pub struct VerifyArgs {
    /// File that was signed (- is standard input)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// The signature
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    signature: PathBuf,

    /// Form of the signature; without it raw and der are recognised
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<VerifyFormat>,

    /// The file is not the data but its digest: the bytes, or hexadecimal as sha256sum prints it
    #[arg(long)]
    hash_file: bool,

    /// How.
    #[command(flatten)]
    signing: SigningArgs,

    /// Verify with this certificate (PEM or DER) instead of a token
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, group = "file_key")]
    certificate_file: Option<PathBuf>,

    /// Verify with this public key (PEM or DER) instead of a token
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, group = "file_key")]
    public_key_file: Option<PathBuf>,

    /// Which key.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// Forms of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VerifyFormat {
    /// The bytes of PKCS#11: for ECDSA r and s side by side
    Raw,
    /// ECDSA as a SEQUENCE of r and s, as OpenSSL has it
    Der,
    /// The raw form in hexadecimal
    Hex,
    /// The raw form in base64
    Base64,
}

impl From<VerifyFormat> for Format {
    fn from(format: VerifyFormat) -> Self {
        match format {
            VerifyFormat::Raw => Self::Raw,
            VerifyFormat::Der => Self::Der,
            VerifyFormat::Hex => Self::Hex,
            VerifyFormat::Base64 => Self::Base64,
        }
    }
}

/// Runs `verify`.
pub fn run(context: &Context, args: &VerifyArgs) -> Result<Outcome, CliError> {
    if atomic_file::is_standard_stream(&args.file) && atomic_file::is_standard_stream(&args.signature) {
        return Err(CliError::usage("standard input cannot hold both the data and the signature"));
    }
    let signer = signer(context, args)?;
    let signature = atomic_file::read(&args.signature)?;
    let readings = signature::readings(&signature, args.format.map(Format::from), &signer.key)?;
    let algorithm = algorithm_of(&signer.key);
    let call = for_signing(&algorithm, &args.signing)?;
    let facts = KeyFacts { algorithm, card: None };
    let plan = mechanism(call.id)?.plan(Purpose::Verify, &call.parameters, Some(&facts))?;
    let input = match plan.digest {
        _ if args.hash_file => Predigested::of(&call)?.digest(&args.file)?,
        Some(algorithm) => digest_file(&args.file, algorithm, &|_| ())?,
        None => atomic_file::read(&args.file)?,
    };
    let block = plan.encode(&input)?;
    let mut valid = false;
    for raw in readings {
        valid = valid || verifies(&plan, &signer.key, &block, &raw)?;
    }
    let document = json!({
        "valid": valid,
        "file": args.file.display().to_string(),
        "signature": args.signature.display().to_string(),
        "key": signer.name,
        "slot": signer.slot,
        "algorithm": signer.key.algorithm_name(),
        "mechanism": call.id.to_string(),
        "hash": plan.digest.map(DigestAlgorithm::name),
    });
    let verdict = if valid { "good" } else { "bad" };
    let text =
        format!("{verdict} signature of {} by {}\n", atomic_file::describe(&args.file), quote(&signer.name));
    Ok(Outcome::new(document, text).verdict((!valid).then_some(ErrorKind::Refused)))
}

/// Whose signature it is said to be.
struct Signer {
    key: PublicKey,
    name: String,
    slot: Option<u32>,
}

fn signer(context: &Context, args: &VerifyArgs) -> Result<Signer, CliError> {
    let (path, certificate) = match (&args.certificate_file, &args.public_key_file) {
        (Some(path), _) => (path, true),
        (None, Some(path)) => (path, false),
        (None, None) => return signer_on_token(context, args),
    };
    let bytes = atomic_file::read(path)?;
    let name = path.display().to_string();
    let labels: &[&str] = if certificate { &["CERTIFICATE"] } else { &["PUBLIC KEY"] };
    let (_, der) = pem::decode(&bytes, labels).map_err(|error| error.hint(format!("in {name}")))?;
    let key = if certificate {
        certificate_key(&der)
    } else {
        PublicKey::from_spki_der(&der).map_err(|e| e.to_string())
    };
    let key = key.map_err(|why| CliError::usage(format!("{name} holds no usable key")).cause(why))?;
    Ok(Signer { key, name, slot: None })
}

fn certificate_key(der: &[u8]) -> Result<PublicKey, String> {
    let details = CertificateDetails::parse(der).map_err(|error| error.to_string())?;
    details
        .public_key
        .ok_or_else(|| "the certificate is for a kind of key that p11ctl does not have".to_owned())
}

/// The public key on a token: an object of its own, else that of a certificate that belongs to a private key.
fn signer_on_token(context: &Context, args: &VerifyArgs) -> Result<Signer, CliError> {
    let choice = KeyChoice::new(&args.token, &args.key)?;
    let tokens = tokens::matching(context, &choice.selector)?;
    let mut template = Template::new();
    // A private key is named as well as its public half: both have one label and id.
    if let Some(class) = choice.class.filter(|class| *class != ObjectClass::PrivateKey) {
        template = template.class(class);
    }
    if let Some(label) = &choice.label {
        template = template.label(label);
    }
    if let Some(id) = &choice.id {
        template = template.id(id);
    }
    let found = public_objects(context, &tokens, &template)?;
    let with_key: Vec<Object> = found.into_iter().filter(|object| object.public_key().is_some()).collect();
    let of_class = |class: ObjectClass| {
        with_key.iter().filter(|object| object.class == class).cloned().collect::<Vec<_>>()
    };
    let mut candidates = distinct(of_class(ObjectClass::PublicKey));
    if candidates.is_empty() {
        candidates = distinct(of_class(ObjectClass::Certificate));
        let leaves: Vec<Object> = candidates.iter().filter(|object| !is_authority(object)).cloned().collect();
        if !leaves.is_empty() {
            candidates = leaves;
        }
    }
    match candidates.as_slice() {
        [object] => {
            let key =
                object.public_key().cloned().ok_or_else(|| CliError::usage("the public key is not known"))?;
            Ok(Signer { key, name: object.label.clone(), slot: Some(object.slot.0) })
        }
        [] => Err(CliError::new(ErrorKind::NotFound, "there is no such public key or certificate")
            .hint("run p11ctl find to see the objects there are")),
        several => {
            Err(CliError::new(ErrorKind::NotFound, format!("{} public keys fit: which one?", several.len()))
                .candidates(several.iter().map(Object::candidate).collect())
                .hint("choose by --slot, --key, --id or a pkcs11: URI"))
        }
    }
}

fn is_authority(object: &Object) -> bool {
    use crate::cli::objects::Details;
    matches!(&object.details, Details::Certificate(Some(details)) if details.is_authority)
}

fn algorithm_of(key: &PublicKey) -> KeyAlgorithm {
    KeyAlgorithm::from(key)
}

/// A signature that cannot be one (its length, its range) is a bad signature.
fn verifies(plan: &Plan, key: &PublicKey, block: &[u8], raw: &[u8]) -> Result<bool, CliError> {
    match plan.verify(key, block, raw) {
        Ok(()) => Ok(true),
        Err(Error::SignatureInvalid | Error::SignatureLength { .. }) => Ok(false),
        Err(error) => Err(CliError::new(ErrorKind::Refused, "the signature cannot be verified").cause(error)),
    }
}
