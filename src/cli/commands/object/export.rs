//! `object export`: a certificate, public key or data object as PEM, DER or an SSH public key.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::args::{PIN_HEADING, PinArgs, TokenArgs};
use crate::cli::commands::find::{ObjectArgs, Wanted};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::objects::{Details, Object};
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::{atomic_file, destination, json};
use crate::engine::{AttributeType, ObjectClass, Value};

/// Arguments of `object export`.
#[derive(Debug, Args)]
#[command(after_help = "\
A private key never leaves its card: of one, the public half is exported.

Examples:
  p11ctl object export 'Leaf 1' -o leaf1.pem
  p11ctl object export 'key 1' --format ssh >> authorized_keys
  p11ctl object export --class data 'Notes' --format der -o notes.bin")]
pub struct ExportArgs {
    /// Which object.
    #[command(flatten)]
    object: ObjectArgs,

    /// Form of the output; der is the plain value
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pem")]
    format: Format,

    /// Write to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Log in first, to reach private objects as well
    #[arg(long, help_heading = PIN_HEADING)]
    login: bool,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Forms of an exported object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text between BEGIN and END lines (RFC 7468)
    Pem,
    /// The bytes themselves
    Der,
    /// A line for authorized_keys
    Ssh,
}

/// Runs `object export`.
pub fn run(context: &Context, args: &ExportArgs) -> Result<Outcome, CliError> {
    args.pin.check(false)?;
    let wanted = Wanted::new(&args.object, &args.token)?;
    if super::is_any(&wanted.template) {
        return Err(
            CliError::usage("which object?").hint("name it: its label, --id, --class or a pkcs11: URI")
        );
    }
    let login = (args.login || args.pin.pin.is_some()).then_some(&args.pin);
    let named_class = args.object.class.is_some();
    let opened = super::open(context, &wanted, login, |object| named_class || args.format.prefers(object))?;
    let object = &opened.object;
    let value = match object.class {
        ObjectClass::Certificate | ObjectClass::Data => {
            let value = context.engine()?.attribute(opened.session, opened.handle, AttributeType::VALUE)?;
            value.as_bytes().map(<[u8]>::to_vec).unwrap_or_default()
        }
        ObjectClass::PublicKey | ObjectClass::PrivateKey => public_key_der(context, &opened)?,
        ObjectClass::SecretKey => {
            return Err(CliError::new(ErrorKind::Refused, "a secret key is not exported"));
        }
    };
    let bytes = args.format.write(object, &value)?;
    let document = json!({
        "slot": object.slot.0,
        "class": object.class.name(),
        "label": object.label,
        "value": json::bytes(&value),
        "file": args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path)),
    });
    destination::deliver(context, document, &bytes, args.output.as_deref(), args.format == Format::Der)
}

impl Format {
    /// Among objects of one name, which one is most likely meant: for SSH the key, else what is public.
    fn prefers(self, object: &Object) -> bool {
        match self {
            Self::Ssh => object.class == ObjectClass::PublicKey,
            Self::Pem | Self::Der => object.class == ObjectClass::Certificate,
        }
    }

    fn write(self, object: &Object, value: &[u8]) -> Result<Vec<u8>, CliError> {
        match (self, object.class) {
            (Self::Der, _) => Ok(value.to_vec()),
            (Self::Pem, ObjectClass::Certificate) => pem("CERTIFICATE", value),
            (Self::Pem, ObjectClass::PublicKey | ObjectClass::PrivateKey) => pem("PUBLIC KEY", value),
            (Self::Pem, ObjectClass::Data | ObjectClass::SecretKey) => {
                Err(CliError::usage("a data object has no PEM form").hint("give --format der for its bytes"))
            }
            (Self::Ssh, _) => ssh(object),
        }
    }
}

/// SubjectPublicKeyInfo of a public key, or of the public half of a private key.
fn public_key_der(context: &Context, opened: &super::Opened) -> Result<Vec<u8>, CliError> {
    let engine = context.engine()?;
    match engine.attribute(opened.session, opened.handle, AttributeType::PUBLIC_KEY_INFO) {
        Ok(Value::Bytes(der)) if !der.is_empty() => Ok(der),
        Err(error) => Err(error.into()),
        Ok(_) => Err(CliError::new(
            ErrorKind::NotFound,
            format!("the card does not tell the public half of {}", quote(&opened.object.label)),
        )
        .hint("export the certificate of the key: --class certificate")),
    }
}

fn ssh(object: &Object) -> Result<Vec<u8>, CliError> {
    let key = object.public_key().ok_or_else(|| {
        let what = match object.details {
            Details::Data { .. } => "a data object is no key",
            _ => "the public key is not known",
        };
        CliError::usage(what)
    })?;
    let comment: String = object.label.chars().filter(|character| !character.is_control()).collect();
    let line = key
        .to_openssh(&comment)
        .map_err(|source| CliError::new(ErrorKind::Refused, "SSH has no form for this key").cause(source))?;
    Ok(format!("{}\n", line.trim_end()).into_bytes())
}

fn pem(label: &'static str, der: &[u8]) -> Result<Vec<u8>, CliError> {
    crate::cli::pem::encode(label, der).map(String::into_bytes)
}
