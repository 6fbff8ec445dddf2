//! `encrypt`: files of any size for the holders of private keys, as CMS messages; short data as one RSA block. It needs
//! public keys only: no PIN, no login.

mod recipients;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::args::{KeyArgs, TokenArgs};
use crate::cli::atomic_file::{self, NewFile, describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::mechanism::{EncryptingArgs, for_encryption};
use crate::cli::outcome::Outcome;
use crate::cli::parts::Parts;
use crate::cli::progress::Bar;
use crate::cli::{destination, json};
use crate::crypto::PublicKey;
use crate::crypto::cms::CmsError;
use crate::crypto::cms::enveloped::{ContentCipher, EnvelopeWriter, RsaPadding};
use crate::crypto::cms::text::PemWriter;
use recipients::Recipient;

/// Arguments of `encrypt`.
#[derive(Debug, Args)]
#[command(after_help = "\
The file is encrypted once, with AES-256-GCM, and its key once for each
recipient: with RSA-OAEP (SHA-256) or by ECDH, as the recipient's key wants it.
Whoever changes a byte of it is found out. The result is a CMS message
(AuthEnvelopedData) that p11ctl decrypt and openssl cms -decrypt open;
--cipher aes-256-cbc makes an EnvelopedData, which older programs know, and
whose changes nobody notices. --format raw encrypts a few bytes directly with
an RSA key, for openssl pkeyutl -decrypt and the like.

Recipients are certificates or public keys in files, of which a bundle can hold
several (authorities in it are left out), and a key or certificate on a token.
A certificate that is expired, or not for encryption, is refused.

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

    /// Encrypt all the same for certificates that are expired, or not for encryption
    #[arg(long)]
    any_certificate: bool,

    /// Which key on a token.
    #[command(flatten)]
    key: KeyArgs,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// Forms of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EncryptedFormat {
    /// A CMS message, of any size
    Cms,
    /// The same as text, in PEM
    Pem,
    /// One block of an RSA key: for a few bytes
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
    let padding = for_encryption(&args.encrypting)?;
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
    match args.format {
        EncryptedFormat::Raw => encrypt_block(context, args, &recipients, &padding),
        EncryptedFormat::Cms | EncryptedFormat::Pem => encrypt_message(context, args, &recipients, &padding),
    }
}

fn encrypt_message(
    context: &Context,
    args: &EncryptArgs,
    recipients: &[Recipient],
    padding: &RsaPadding,
) -> Result<Outcome, CliError> {
    let cipher = ContentCipher::from(args.cipher);
    let document = json!({
        "format": if args.format == EncryptedFormat::Pem { "pem" } else { "cms" },
        "cipher": cipher.name(),
        "authenticated": cipher.is_authenticated(),
        "recipients": recipients.iter().map(Recipient::to_json).collect::<Vec<_>>(),
        "file": args.file.display().to_string(),
        "output": args.output.as_ref().map(|path| path.display().to_string()),
    });
    let seal = Seal { context, args, cipher, recipients, padding };
    match args.output.as_deref().filter(|path| !is_standard_stream(path)) {
        Some(path) if atomic_file::is_special(path) => {
            let file = std::fs::OpenOptions::new().write(true).open(path);
            seal.write(file.map_err(|source| cannot_write(path).cause(source))?)?;
            Ok(Outcome::new(document, ""))
        }
        Some(path) => {
            let file = seal.write(NewFile::create(path)?)?;
            file.keep()?;
            Ok(Outcome::new(document, "").note(format!("wrote {}", path.display())))
        }
        None => {
            // A reader of our output that is slow must not keep a card.
            context.release()?;
            drop(seal.write(io::stdout().lock())?);
            Ok(Outcome::new(document, ""))
        }
    }
}

/// One file on its way into a message.
struct Seal<'a> {
    context: &'a Context,
    args: &'a EncryptArgs,
    cipher: ContentCipher,
    recipients: &'a [Recipient],
    padding: &'a RsaPadding,
}

impl Seal<'_> {
    fn write<W: Write>(&self, out: W) -> Result<W, CliError> {
        if self.args.format == EncryptedFormat::Pem {
            let pem = PemWriter::begin(out).map_err(CmsError::Write).map_err(|error| self.explain(error))?;
            let pem = self.write_binary(pem)?;
            return pem.finish().map_err(|error| self.explain(CmsError::Write(error)));
        }
        self.write_binary(out)
    }

    fn write_binary<W: Write>(&self, out: W) -> Result<W, CliError> {
        let explain = |error: CmsError| self.explain(error);
        let addressees: Vec<_> = self.recipients.iter().map(|known| known.addressee(self.padding)).collect();
        let mut writer = EnvelopeWriter::begin(out, self.cipher, &addressees).map_err(explain)?;
        let bar = Bar::start(self.context, &[&self.args.file]);
        bar.file(&self.args.file);
        let mut parts = Parts::open(&self.args.file)?;
        while let Some(part) = parts.next_part()? {
            bar.bytes(part.len() as u64);
            writer.write(part).map_err(explain)?;
        }
        bar.end();
        writer.finish().map_err(explain)
    }

    fn explain(&self, error: CmsError) -> CliError {
        match error {
            CmsError::Write(source) if source.kind() == io::ErrorKind::BrokenPipe => {
                CliError::new(ErrorKind::BrokenPipe, "nobody reads the message any more")
            }
            CmsError::Write(source) => {
                let path = self.args.output.as_deref().unwrap_or(Path::new("-"));
                cannot_write(path).cause(source)
            }
            CmsError::Crypto(crate::crypto::CryptoError::InputLength { .. }) => {
                let name = describe(&self.args.file);
                CliError::usage(format!("{name} cannot be encrypted with {}", self.cipher.name()))
                    .cause("it is longer than the cipher or shorter than a recipient's key takes")
                    .hint("GCM takes 64 GiB: --cipher aes-256-cbc takes more")
            }
            other => {
                CliError::usage(format!("{} cannot be encrypted", describe(&self.args.file))).source(&other)
            }
        }
    }
}

/// One block of the one RSA key.
fn encrypt_block(
    context: &Context,
    args: &EncryptArgs,
    recipients: &[Recipient],
    padding: &RsaPadding,
) -> Result<Outcome, CliError> {
    let [recipient] = recipients else {
        return Err(CliError::usage(format!(
            "{} recipients are named, but a block is for one",
            recipients.len()
        ))
        .hint("leave --format raw out: a message can be for many"));
    };
    let PublicKey::Rsa { .. } = recipient.public else {
        let name = recipient.public.algorithm_name();
        return Err(CliError::usage(format!("a key {name} encrypts no block"))
            .hint("leave --format raw out: a message can be for such a key"));
    };
    let data = atomic_file::read(&args.file)?;
    let longest = padding.longest_message(recipient.public.signature_len()).unwrap_or_default();
    if data.len() > longest {
        let (name, len) = (describe(&args.file), data.len());
        let message = format!("{name} has {len} bytes, but a block of this key takes at most {longest}");
        return Err(CliError::usage(message).hint("leave --format raw out: a message takes any size"));
    }
    let encrypted = padding
        .encrypt(&recipient.public, &data)
        .map_err(|source| CliError::usage("the data cannot be encrypted for this key").source(&source))?;
    let file = args.output.as_deref().filter(|path| !is_standard_stream(path));
    let document = json!({
        "format": "raw",
        "mechanism": crate::cli::mechanism::for_padding(padding).id.to_string(),
        "recipients": [recipient.to_json()],
        "file": args.file.display().to_string(),
        "output": file.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "ciphertext": if file.is_some() { Value::Null } else { json::bytes(&encrypted) },
    });
    destination::deliver(context, document, &encrypted, args.output.as_deref(), true)
}

fn cannot_write(path: &Path) -> CliError {
    if is_standard_stream(path) {
        return CliError::usage("cannot write to standard output");
    }
    CliError::usage(format!("cannot write {}", path.display()))
}
