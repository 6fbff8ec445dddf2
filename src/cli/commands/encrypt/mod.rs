//! `encrypt`: files of any size for the holders of private or secret keys, as CMS messages; short data as one RSA block.
//! Public keys need no PIN and no login.

mod block;
mod message;
pub mod recipients;
mod stream;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::args::{HexBytes, KeyArgs, PinArgs, TokenArgs, parse_hex};
use crate::cli::atomic_file::{self, is_standard_stream};
use crate::cli::cipher::mode_named;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::mechanism::{EncryptingArgs, for_encryption};
use crate::cli::outcome::Outcome;
use crate::crypto::cms::enveloped::{ContentCipher, RsaPadding};

/// Arguments of `encrypt`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is encrypted once, with AES-256-GCM, and its key once for each
recipient: with RSA-OAEP (SHA-256), by ECDH or X25519, as the recipient's key
wants it, or under an AES key that both sides have.
Whoever changes a byte of it is found out. The result is a CMS message
(AuthEnvelopedData) that p11ctl decrypt and openssl cms -decrypt open;
--cipher aes-256-cbc makes an EnvelopedData, which older programs know, and
whose changes nobody notices. --format raw encrypts a few bytes directly with
an RSA key, for openssl pkeyutl -decrypt and the like, or with an AES key of a
token a file of any size in CBC mode, for openssl enc -d.

Recipients are certificates or public keys in files, of which a bundle can hold
several (authorities in it are left out), and a key or certificate on a token.
A certificate that is expired, or not for encryption, is refused. An AES key of
a token wraps the message's key there, which needs the PIN; the message names
it by its id, as openssl cms -secretkeyid does.

Examples:
  p11ctl encrypt --recipient anna.pem --recipient ben.pem backup.tar -o x.cms
  p11ctl encrypt --slot 4 --key 'key 1' report.pdf -o report.pdf.cms
  tar c src | p11ctl encrypt --recipient team.pem -o src.tar.cms -
  p11ctl encrypt --recipient key.pem --format raw secret.key -o secret.enc")]
pub struct EncryptArgs {
    /// File to encrypt (- is standard input)
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Write to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Encrypt for the certificates, or the public key, in this file (PEM or DER; repeat for more)
    #[arg(short, long = "recipient", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    recipients: Vec<PathBuf>,

    /// Form of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "cms")]
    format: EncryptedFormat,

    /// Cipher of the content; aes-256-cbc is for receivers that know no other
    #[arg(long, value_enum, value_name = "CIPHER", default_value = "aes-256-gcm")]
    cipher: CipherName,

    /// How RSA is used.
    #[command(flatten)]
    encrypting: EncryptingArgs,

    /// Initial vector of --format raw with an AES key, in hexadecimal; without it a new one stands before the result
    #[arg(long, value_name = "HEX", value_parser = parse_hex)]
    iv: Option<HexBytes>,

    /// Encrypt all the same for certificates that are expired, or not for encryption
    #[arg(long)]
    any_certificate: bool,

    /// Which key on a token.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,

    /// Which PIN.
    #[command(flatten)]
    pin: PinArgs,
}

/// Forms of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EncryptedFormat {
    /// A CMS message, of any size
    Cms,
    /// The same as text, in PEM
    Pem,
    /// One block of an RSA key, for a few bytes; or a file of any size under an AES key of a token
    Raw,
}

/// Ciphers that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CipherName {
    /// AES-256 in GCM: changes are found out
    #[value(name = "aes-256-gcm")]
    Aes256Gcm,
    /// AES-256 in CBC
    #[value(name = "aes-256-cbc")]
    Aes256Cbc,
}

impl From<CipherName> for ContentCipher {
    fn from(name: CipherName) -> Self {
        match name {
            CipherName::Aes256Gcm => Self::AesGcm(256),
            CipherName::Aes256Cbc => Self::AesCbc(256),
        }
    }
}

/// Runs `encrypt`.
pub fn run(context: &Context, args: &EncryptArgs) -> Result<Outcome, CliError> {
    args.pin.check(is_standard_stream(&args.file))?;
    let mode = args.encrypting.mechanism().and_then(mode_named);
    let padding = if mode.is_some() { RsaPadding::Pkcs1 } else { for_encryption(&args.encrypting)? };
    if args.format != EncryptedFormat::Raw && (mode.is_some() || args.iv.is_some()) {
        return Err(CliError::usage("a message has a cipher and an initial vector of its own")
            .hint("leave --mechanism and --iv out, or add --format raw"));
    }
    let to_stdout = args.output.as_deref().is_none_or(is_standard_stream);
    if to_stdout && args.format != EncryptedFormat::Raw && context.global.json {
        return Err(CliError::usage("a message is no part of a JSON document")
            .hint("write it to a file with -o FILE"));
    }
    if args.format == EncryptedFormat::Cms && context.terminal.stdout && args.output.is_none() {
        return Err(CliError::usage("the message is no text and standard output is a terminal")
            .hint("write it to a file with -o FILE, or give --format pem"));
    }
    // A file that cannot be read must not cost a look at cards.
    if !is_standard_stream(&args.file) {
        atomic_file::open(&args.file)?;
    }
    let recipients = recipients::recipients(context, args)?;
    match (args.format, &recipients.secret) {
        (EncryptedFormat::Raw, Some(secret)) => stream::encrypt(context, args, secret, &recipients.public),
        (EncryptedFormat::Raw, None) if mode.is_some() || args.iv.is_some() => {
            Err(CliError::usage("--mechanism and --iv of AES are for a secret key")
                .hint("name one with --key, by a label or pkcs11: URI"))
        }
        (EncryptedFormat::Raw, None) => block::encrypt(context, args, &recipients.public, &padding),
        (EncryptedFormat::Cms | EncryptedFormat::Pem, _) => {
            message::encrypt(context, args, &recipients, &padding)
        }
    }
}

fn cannot_write(path: &Path) -> CliError {
    if is_standard_stream(path) {
        return CliError::usage("cannot write to standard output");
    }
    CliError::usage(format!("cannot write {}", path.display()))
}
