//! A CMS message: the recipient whose key is on a token here, his key of the content, the content.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{DecryptArgs, cannot_read};
use crate::cli::atomic_file::{self, NewFile, describe, is_standard_stream};
use crate::cli::commands::sign::policy::leaves;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::json;
use crate::cli::keys::{ChosenKey, KeyChoice, find_again};
use crate::cli::mechanism::for_padding;
use crate::cli::outcome::Outcome;
use crate::cli::progress::Bar;
use crate::cli::spool::{Spool, Spooled};
use crate::cli::unlock::{Unlocked, unlock};
use crate::codec::Secret;
use crate::crypto::cms::enveloped::{ContentKey, Envelope, Recipient, WrappedKey};
use crate::crypto::cms::{CmsError, text};
use crate::engine::{ANY_ROOM, Error, ObjectHandle};
use crate::token::KeyAlgorithm;

/// Decrypts the message.
pub fn decrypt(
    context: &Context,
    args: &DecryptArgs,
    choice: &KeyChoice,
    input: impl Read,
) -> Result<Outcome, CliError> {
    let read = Rc::new(Cell::new(0));
    let bytes = text::bytes(Counted { input, read: Rc::clone(&read) });
    let envelope =
        bytes.map_err(CmsError::Read).and_then(Envelope::open).map_err(|error| explain(args, error))?;
    let (chosen, recipient) = choose(context, args, choice, envelope.recipients())?;
    let file = args.output.as_deref().filter(|path| !is_standard_stream(path));
    if let Some(path) = file {
        atomic_file::check_writable(path)?;
    }
    let unlocked = unlock(context, &chosen.token, &args.pin, choice.pin_source.as_deref())?;
    let key = find_again(context.engine()?, unlocked.session, &chosen.key)?;
    let opener = Opener { context, chosen: &chosen, unlocked: &unlocked, key };
    let unwrapped = opener.unwrap(&recipient.key)?;
    let content_key = envelope.content_key(unwrapped).map_err(|error| explain(args, error))?;
    let cipher = envelope.cipher();
    let bar = Bar::start(context, &[&args.file]);
    bar.file(&args.file);
    let delivery = deliver(args, file, envelope, &content_key, &|| bar.bytes(read.take()));
    bar.end();
    let spooled = delivery?;
    let plaintext = match &spooled {
        Some(spooled) if context.global.json => json::bytes(spooled.in_memory().ok_or_else(|| {
            CliError::usage("the plain text is too long for a JSON document")
                .hint("write it to a file with -o FILE")
        })?),
        _ => Value::Null,
    };
    let document = json!({
        "slot": chosen.token.slot.0,
        "token": chosen.token.candidate.label,
        "key": chosen.key.label,
        "format": "cms",
        "mechanism": mechanism(&recipient.key),
        "cipher": cipher.name(),
        "authenticated": cipher.is_authenticated(),
        "file": args.file.display().to_string(),
        "output": file.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "plaintext": plaintext,
    });
    let mut outcome = Outcome::new(document, "");
    outcome.spooled = spooled.filter(|_| !context.global.json).map(Arc::new);
    if let Some(path) = file {
        outcome = outcome.note(format!("wrote {}", path.display()));
    }
    Ok(outcome)
}

/// Decrypts into a file that has its name only when all was right, or to where it can be kept until then.
fn deliver<R: Read>(
    args: &DecryptArgs,
    file: Option<&Path>,
    envelope: Envelope<R>,
    key: &ContentKey,
    progress: &dyn Fn(),
) -> Result<Option<Spooled>, CliError> {
    match file {
        Some(path) if !atomic_file::is_special(path) => {
            let mut out = Reporting { out: NewFile::create(path)?, progress };
            envelope.decrypt(key, &mut out).map_err(|error| explain(args, error))?;
            out.out.keep()?;
            Ok(None)
        }
        special => {
            let mut out = Reporting { out: Spool::default(), progress };
            envelope.decrypt(key, &mut out).map_err(|error| explain(args, error))?;
            let spooled = out.out.finish();
            let Some(path) = special else { return Ok(Some(spooled)) };
            std::fs::OpenOptions::new()
                .write(true)
                .open(path)
                .and_then(|file| spooled.copy_to(file))
                .map_err(|source| {
                    CliError::usage(format!("cannot write {}", path.display())).cause(source)
                })?;
            Ok(None)
        }
    }
}

/// The key here that the message is for: one of those that fit what was said of the key.
/// Errors: it is for none of them.
fn choose(
    context: &Context,
    args: &DecryptArgs,
    choice: &KeyChoice,
    recipients: &[Recipient],
) -> Result<(ChosenKey, Recipient), CliError> {
    let keys = choice.opening_keys(context, &args.pin)?;
    for chosen in &keys {
        let public = public_half(context, chosen);
        let certificates = leaves(context, chosen)?;
        let mine = recipients.iter().find(|recipient| {
            certificates.iter().any(|certificate| recipient.id.names_certificate(certificate))
                || public.as_ref().is_some_and(|public| recipient.id.names_key(public))
        });
        if let Some(recipient) = mine {
            return Ok((chosen.clone(), recipient.clone()));
        }
    }
    // A key that was named, whose certificate is not on the card: the one recipient with such a key must be meant.
    let fitting = |chosen: &ChosenKey| {
        let fits = |recipient: &&Recipient| match (&recipient.key, &chosen.key.algorithm) {
            (WrappedKey::Rsa { encrypted, .. }, KeyAlgorithm::Rsa { modulus_bits }) => {
                *modulus_bits == 0 || encrypted.len() == modulus_bits.div_ceil(8) as usize
            }
            (WrappedKey::Ec(_), KeyAlgorithm::Ec { .. }) => true,
            _ => false,
        };
        recipients.iter().filter(fits).cloned().collect::<Vec<_>>()
    };
    if let ([chosen], true) = (keys.as_slice(), choice.label.is_some() || choice.id.is_some())
        && let [recipient] = fitting(chosen).as_slice()
    {
        return Ok((chosen.clone(), recipient.clone()));
    }
    let message = format!("{} is for nobody whose key is here", describe(&args.file));
    Err(CliError::new(ErrorKind::NotFound, message).candidates(
        recipients.iter().map(|recipient| format!("it is for {}", recipient.id.text())).collect(),
    ))
}

fn public_half(context: &Context, chosen: &ChosenKey) -> Option<Arc<crate::crypto::PublicKey>> {
    let keys = &chosen.token.view.card.keys;
    let index = keys.iter().position(|key| key.object == chosen.key.object)?;
    context.engine().ok()?.public_key(chosen.token.slot, index).ok().flatten()
}

/// A private key in a session that is logged in.
struct Opener<'a> {
    context: &'a Context,
    chosen: &'a ChosenKey,
    unlocked: &'a Unlocked,
    key: ObjectHandle,
}

impl Opener<'_> {
    /// The key of the content; `None` where the padding was wrong, which nobody is told here.
    fn unwrap(&self, wrapped: &WrappedKey) -> Result<Option<Secret>, CliError> {
        match wrapped {
            // A number that is not below the modulus: cards have many answers to that.
            WrappedKey::Rsa { encrypted, .. } if self.is_too_large(encrypted) => Ok(None),
            WrappedKey::Rsa { padding, encrypted } => {
                let (engine, session) = (self.context.engine()?, self.unlocked.session);
                engine.decrypt_init(session, &for_padding(padding), self.key)?;
                if self.chosen.key.always_authenticate {
                    self.unlocked.authenticate_again(self.context, &self.chosen.token)?;
                }
                match engine.decrypt(session, encrypted, ANY_ROOM) {
                    Ok(key) => Ok(Some(key)),
                    Err(Error::EncryptedDataInvalid | Error::EncryptedDataLength { .. }) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            WrappedKey::Ec(agreement) => {
                let shared =
                    self.context.engine()?.agree(self.unlocked.session, self.key, agreement.peer())?;
                Ok(agreement.unwrap(&shared).ok())
            }
            WrappedKey::Secret { .. } => {
                Err(CliError::usage("the message is for a secret key, not for a private one"))
            }
            WrappedKey::Unsupported(what) => Err(CliError::usage(format!("{what} is not supported"))),
        }
    }

    fn is_too_large(&self, encrypted: &[u8]) -> bool {
        let public = public_half(self.context, self.chosen);
        let modulus = public.as_ref().and_then(|public| public.rsa()).map(|(modulus, _)| modulus);
        modulus.is_some_and(|modulus| encrypted.len() == modulus.len() && encrypted >= modulus)
    }
}

fn mechanism(wrapped: &WrappedKey) -> Option<String> {
    match wrapped {
        WrappedKey::Rsa { padding, .. } => Some(for_padding(padding).id.to_string()),
        WrappedKey::Ec(_) => Some("CKM_ECDH1_DERIVE".to_owned()),
        WrappedKey::Secret { .. } | WrappedKey::Unsupported(_) => None,
    }
}

fn explain(args: &DecryptArgs, error: CmsError) -> CliError {
    let name = describe(&args.file);
    match error {
        CmsError::Read(source) if source.kind() == io::ErrorKind::InvalidData => {
            CliError::usage(format!("{name} is no message")).cause(source)
        }
        CmsError::Read(source) => cannot_read(args).cause(source),
        CmsError::Decryption => CliError::new(ErrorKind::Refused, format!("{name} does not decrypt"))
            .cause("it was encrypted for another key, or changed on its way"),
        CmsError::Write(source) => {
            let path = args.output.as_deref().unwrap_or(Path::new("-"));
            CliError::usage(format!("cannot write {}", path.display())).cause(source)
        }
        other => CliError::usage(format!("{name} cannot be decrypted")).source(&other),
    }
}

/// Counts what was read since it was asked last.
struct Counted<R> {
    input: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(buffer)?;
        self.read.set(self.read.get() + len as u64);
        Ok(len)
    }
}

/// Reports progress as it is written to.
struct Reporting<'a, W> {
    out: W,
    progress: &'a dyn Fn(),
}

impl<W: io::Write> io::Write for Reporting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.progress)();
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
