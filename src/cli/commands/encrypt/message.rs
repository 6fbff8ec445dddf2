//! A CMS message: the key of the content for each recipient, then the content.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use super::recipients::{Recipients, SecretRecipient};
use super::{EncryptArgs, EncryptedFormat, cannot_write};
use crate::cli::atomic_file::{self, NewFile, describe, is_standard_stream};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::find_again;
use crate::cli::outcome::Outcome;
use crate::cli::parts::Parts;
use crate::cli::progress::Bar;
use crate::cli::unlock::unlock;
use crate::codec::Secret;
use crate::crypto::cms::CmsError;
use crate::crypto::cms::enveloped::{ContentCipher, EnvelopeWriter, RecipientInfo, RsaPadding};
use crate::crypto::cms::text::PemWriter;
use crate::engine::MechanismId;
use crate::engine::mechanism::Purpose as Use;

/// Encrypts the file for everybody who is named.
pub fn encrypt(
    context: &Context,
    args: &EncryptArgs,
    recipients: &Recipients,
    padding: &RsaPadding,
) -> Result<Outcome, CliError> {
    let cipher = ContentCipher::from(args.cipher);
    if let Some(path) = args.output.as_deref().filter(|path| !is_standard_stream(path)) {
        // A message that cannot be written must not cost a login.
        atomic_file::check_writable(path)?;
    }
    let key = cipher.generate_key();
    let key = key.map_err(|error| explain(args, CmsError::Crypto(error)))?;
    let infos = infos(context, args, recipients, padding, &key)?;
    let document = json!({
        "format": if args.format == EncryptedFormat::Pem { "pem" } else { "cms" },
        "cipher": cipher.name(),
        "authenticated": cipher.is_authenticated(),
        "recipients": recipients.to_json(),
        "file": args.file.display().to_string(),
        "output": args.output.as_ref().map(|path| path.display().to_string()),
    });
    let seal = Seal { context, args, cipher, key: &key, infos: &infos };
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
    key: &'a Secret,
    infos: &'a [RecipientInfo],
}

impl Seal<'_> {
    fn write<W: Write>(&self, out: W) -> Result<W, CliError> {
        if self.args.format == EncryptedFormat::Pem {
            let pem =
                PemWriter::begin(out).map_err(CmsError::Write).map_err(|error| explain(self.args, error))?;
            let pem = self.write_binary(pem)?;
            return pem.finish().map_err(|error| explain(self.args, CmsError::Write(error)));
        }
        self.write_binary(out)
    }

    fn write_binary<W: Write>(&self, out: W) -> Result<W, CliError> {
        let explain = |error: CmsError| explain(self.args, error);
        let mut writer =
            EnvelopeWriter::begin_with(out, self.cipher, self.key, self.infos).map_err(explain)?;
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
}

/// The key of the content for each recipient.
fn infos(
    context: &Context,
    args: &EncryptArgs,
    recipients: &Recipients,
    padding: &RsaPadding,
    key: &Secret,
) -> Result<Vec<RecipientInfo>, CliError> {
    let public = recipients.public.iter().map(|known| known.addressee(padding).info(key));
    let mut infos: Vec<RecipientInfo> =
        public.collect::<Result<_, _>>().map_err(|error| explain(args, error))?;
    if let Some(secret) = &recipients.secret {
        let wrapped = wrap(context, args, secret, key)?;
        let info = RecipientInfo::for_secret_key(secret.id(), secret.key_bits, &wrapped);
        infos.push(info.map_err(|error| explain(args, error))?);
    }
    Ok(infos)
}

/// Has the token wrap the key of the content.
fn wrap(
    context: &Context,
    args: &EncryptArgs,
    secret: &SecretRecipient,
    key: &Secret,
) -> Result<Vec<u8>, CliError> {
    let chosen = &secret.chosen;
    let unlocked = unlock(context, &chosen.token, &args.pin, secret.pin_source.as_deref())?;
    let (engine, session) = (context.engine()?, unlocked.session);
    let wrapping = find_again(engine, session, &chosen.key)?;
    let call = MechanismId::AES_KEY_WRAP.into();
    if chosen.key.always_authenticate {
        engine.consent_init(session, &call, wrapping, Use::Wrap)?;
        unlocked.authenticate_again(context, &chosen.token)?;
    }
    Ok(engine.wrap_bytes(session, &call, wrapping, key)?)
}

fn explain(args: &EncryptArgs, error: CmsError) -> CliError {
    match error {
        CmsError::Write(source) if source.kind() == io::ErrorKind::BrokenPipe => {
            CliError::new(ErrorKind::BrokenPipe, "nobody reads the message any more")
        }
        CmsError::Write(source) => {
            let path = args.output.as_deref().unwrap_or(Path::new("-"));
            cannot_write(path).cause(source)
        }
        CmsError::Crypto(crate::crypto::CryptoError::InputLength { .. }) => {
            let name = describe(&args.file);
            CliError::usage(format!(
                "{name} cannot be encrypted with {}",
                ContentCipher::from(args.cipher).name()
            ))
            .cause("it is longer than the cipher or shorter than a recipient's key takes")
            .hint("GCM takes 64 GiB: --cipher aes-256-cbc takes more")
        }
        other => CliError::usage(format!("{} cannot be encrypted", describe(&args.file))).source(&other),
    }
}
