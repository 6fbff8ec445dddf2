//! Whom a file is encrypted for: certificates and public keys in files, and one key on a token, public or secret.

use std::path::Path;

use serde_json::{Value, json};

use super::{EncryptArgs, EncryptedFormat};
use crate::cli::atomic_file;
use crate::cli::commands::find::public_objects;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::{ChosenKey, KeyChoice, Purpose, algorithm_name};
use crate::cli::objects::{Details, Object};
use crate::cli::text::quote;
use crate::cli::{json, key_files, pem, tokens};
use crate::codec::date;
use crate::crypto::cms::Identifier;
use crate::crypto::cms::enveloped::{Addressee, RsaPadding};
use crate::crypto::import::{ImportError, read_certificates};
use crate::crypto::{CertificateDetails, PublicKey};
use crate::engine::{ObjectClass, Template};
use crate::token::KeyAlgorithm;

/// Somebody with his key, and his certificate where he has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipient {
    name: String,
    /// His key.
    pub public: PublicKey,
    certificate: Option<CertificateDetails>,
}

impl Recipient {
    /// His name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As the message names him.
    pub fn addressee(&self, padding: &RsaPadding) -> Addressee {
        let id = match &self.certificate {
            Some(certificate) => Identifier::of_certificate(certificate),
            None => Identifier::of_key(&self.public),
        };
        Addressee { id, public: self.public.clone(), padding: padding.clone() }
    }

    /// As in the document.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "algorithm": self.public.algorithm_name(),
            "certificate_sha256":
                self.certificate.as_ref().map(|certificate| json::bytes(&certificate.fingerprint_sha256())),
            "key_id": Value::Null,
        })
    }
}

/// A secret key of a token, which everybody has whom the message is for.
#[derive(Debug, Clone)]
pub struct SecretRecipient {
    /// The key.
    pub chosen: ChosenKey,
    /// Its size.
    pub key_bits: u32,
    /// Where a URI says that the PIN is.
    pub pin_source: Option<String>,
}

impl SecretRecipient {
    /// The name of the key in the message.
    pub fn id(&self) -> &[u8] {
        &self.chosen.key.id.0
    }
}

/// Everybody.
#[derive(Debug, Clone, Default)]
pub struct Recipients {
    /// With public keys, each once.
    pub public: Vec<Recipient>,
    /// With a secret key.
    pub secret: Option<SecretRecipient>,
}

impl Recipients {
    /// As in the document.
    pub fn to_json(&self) -> Vec<Value> {
        let secret = self.secret.iter().map(|secret| {
            json!({
                "name": secret.chosen.key.label,
                "algorithm": algorithm_name(&secret.chosen.key.algorithm),
                "certificate_sha256": Value::Null,
                "key_id": json::bytes(secret.id()),
            })
        });
        self.public.iter().map(Recipient::to_json).chain(secret).collect()
    }
}

/// Everybody, each key once. Errors: nobody is named; a file without a key; a certificate that is not good for it.
pub fn recipients(context: &Context, args: &EncryptArgs) -> Result<Recipients, CliError> {
    let mut recipients: Vec<Recipient> = Vec::new();
    let mut secret = None;
    for path in &args.recipients {
        recipients.extend(in_file(path, args.any_certificate)?);
    }
    if is_token_named(args) {
        let choice = KeyChoice::new(&args.token, &args.key)?;
        // A public key needs no PIN, so it is what a name means where it can.
        match on_token(context, &choice, args.any_certificate) {
            Ok(recipient) => recipients.push(recipient),
            Err(error) => secret = Some(secret_key(context, args, &choice, error)?),
        }
    }
    if recipients.is_empty() && secret.is_none() {
        return Err(CliError::usage("nobody is named who could decrypt the file")
            .hint("give --recipient FILE, or --slot, --token, --key or --id for a key on a token"));
    }
    let mut distinct: Vec<Recipient> = Vec::new();
    for recipient in recipients {
        if distinct.iter().all(|known| known.public != recipient.public) {
            distinct.push(recipient);
        }
    }
    Ok(Recipients { public: distinct, secret })
}

/// The one secret key that is meant. Errors: what was wrong with public keys, where no secret key fits.
fn secret_key(
    context: &Context,
    args: &EncryptArgs,
    choice: &KeyChoice,
    error: CliError,
) -> Result<SecretRecipient, CliError> {
    let is_secret = choice.class == Some(ObjectClass::SecretKey);
    let may_be = is_secret || (choice.class.is_none() && error.kind == ErrorKind::NotFound);
    // A message's key is wrapped under it, a raw file goes through it.
    let purpose = if args.format == EncryptedFormat::Raw { Purpose::Cipher } else { Purpose::Wrap };
    let is_there = may_be && !choice.usable_keys(context, purpose, &args.pin)?.is_empty();
    // Several public keys fit: one of those is meant.
    if !is_secret && (!is_there || !error.candidates.is_empty()) {
        return Err(error);
    }
    let chosen = choice.private_key(context, purpose, &args.pin)?;
    let KeyAlgorithm::Aes { key_bits } = chosen.key.algorithm else { return Err(error) };
    if purpose == Purpose::Wrap && !matches!(key_bits, 128 | 192 | 256) {
        return Err(CliError::usage(format!(
            "the token does not tell the size of key {}, which the message would name",
            quote(&chosen.key.label)
        )));
    }
    if chosen.key.id.0.is_empty() && purpose == Purpose::Wrap {
        return Err(CliError::usage(format!(
            "key {} has no id, by which the message could name it",
            quote(&chosen.key.label)
        )));
    }
    Ok(SecretRecipient { chosen, key_bits, pin_source: choice.pin_source.clone() })
}

fn is_token_named(args: &EncryptArgs) -> bool {
    let (key, token) = (&args.key, &args.token);
    key.key.is_some()
        || key.id.is_some()
        || token.slot.is_some()
        || token.token.is_some()
        || token.serial.is_some()
        || token.reader.is_some()
}

/// The certificates of a bundle but for its authorities, where it has others; or a public key.
pub fn in_file(path: &Path, any_certificate: bool) -> Result<Vec<Recipient>, CliError> {
    let name = path.display().to_string();
    let bytes = atomic_file::read(path)?;
    let certificates = match read_certificates(&bytes) {
        Ok(certificates) => certificates,
        Err(ImportError::WrongContent { .. } | ImportError::Damaged { .. }) => {
            let (_, der) = pem::decode(&bytes, &["PUBLIC KEY"]).map_err(|_| no_key(&name))?;
            let public = PublicKey::from_spki_der(&der).map_err(|source| no_key(&name).cause(source))?;
            return Ok(vec![Recipient { name, public, certificate: None }]);
        }
        Err(error) => return Err(key_files::explain(&error, &name)),
    };
    let leaves: Vec<&CertificateDetails> =
        certificates.iter().filter(|certificate| !certificate.is_authority).collect();
    let meant = if leaves.is_empty() { certificates.iter().collect() } else { leaves };
    let recipient = |certificate: &CertificateDetails| {
        if !any_certificate && let Some(why) = reason(certificate) {
            return Err(refused(why));
        }
        let subject = certificate.subject_text();
        let public = certificate.public_key.clone();
        let public = public.ok_or_else(|| {
            CliError::usage(format!(
                "the certificate of {} in {name} is for a kind of key that p11ctl does not have",
                quote(&subject)
            ))
        })?;
        Ok(Recipient { name: subject, public, certificate: Some(certificate.clone()) })
    };
    meant.into_iter().map(recipient).collect()
}

fn no_key(name: &str) -> CliError {
    CliError::usage(format!("{name} holds no certificate and no public key"))
}

/// The one key on a token, with a certificate of it where there is one.
pub fn on_token(context: &Context, choice: &KeyChoice, any_certificate: bool) -> Result<Recipient, CliError> {
    let mut template = Template::new();
    // A private key is named as well as its public half: both have one label and id.
    if let Some(class) = choice.class.filter(|class| *class != ObjectClass::PrivateKey) {
        template = template.class(class);
    }
    if let Some(id) = &choice.id {
        template = template.id(id);
    }
    let found = public_objects(context, &tokens::matching(context, &choice.selector)?, &template)?;
    let fits = |object: &&Object| choice.label.as_ref().is_none_or(|label| *label == object.label);
    let able: Vec<&Object> = found.iter().filter(|object| can_receive(object)).collect();
    let mut keys: Vec<&Object> = Vec::new();
    for object in able.iter().copied().filter(fits) {
        if keys.iter().all(|known| known.public_key() != object.public_key()) {
            keys.push(object);
        }
    }
    match keys.as_slice() {
        [object] => with_certificate(object, &able, any_certificate),
        [] => Err(CliError::new(
            ErrorKind::NotFound,
            "there is no such public key or certificate for encryption",
        )
        .hint("run p11ctl find to see the objects there are")),
        several => {
            Err(CliError::new(ErrorKind::NotFound, format!("{} public keys fit: which one?", several.len()))
                .candidates(several.iter().map(|object| object.candidate()).collect())
                .hint("choose by --slot, --key, --id or a pkcs11: URI"))
        }
    }
}

/// A public key that may encrypt or agree, or a certificate that is no authority's.
fn can_receive(object: &Object) -> bool {
    let may = match &object.details {
        Details::Key { uses, .. } => {
            object.class == ObjectClass::PublicKey && uses.iter().any(|usage| RECEIVING.contains(usage))
        }
        Details::Certificate(details) => details.as_deref().is_some_and(|details| !details.is_authority),
        Details::Data { .. } => false,
    };
    may && object.public_key().is_some()
}

/// Of several certificates of one key, one that is good for it.
fn with_certificate(
    object: &Object,
    found: &[&Object],
    any_certificate: bool,
) -> Result<Recipient, CliError> {
    let public =
        object.public_key().cloned().ok_or_else(|| CliError::usage("the public key is not known"))?;
    let of_key = found.iter().filter_map(|other| match &other.details {
        Details::Certificate(Some(details)) if details.certifies(&public) => Some(details.as_ref()),
        _ => None,
    });
    let certificates: Vec<&CertificateDetails> = of_key.collect();
    let good = certificates.iter().find(|certificate| any_certificate || reason(certificate).is_none());
    match (good, certificates.first().and_then(|first| reason(first))) {
        (Some(certificate), _) => {
            Ok(Recipient { name: object.label.clone(), public, certificate: Some((*certificate).clone()) })
        }
        (None, Some(why)) => Err(refused(why)),
        (None, None) => Ok(Recipient { name: object.label.clone(), public, certificate: None }),
    }
}

/// Why nobody encrypts for this certificate now; `None` where it is good.
fn reason(certificate: &CertificateDetails) -> Option<String> {
    let (name, now) = (quote(&certificate.subject_text()), date::now());
    if now > certificate.not_after {
        return Some(format!("the certificate of {name} expired {}", date::day(certificate.not_after)));
    }
    if now < certificate.not_before {
        let day = date::day(certificate.not_before);
        return Some(format!("the certificate of {name} is not valid before {day}"));
    }
    let usage = certificate.key_usage()?;
    let wanted: &[&str] = match certificate.public_key {
        Some(PublicKey::Rsa { .. }) | None => &["keyEncipherment", "dataEncipherment"],
        Some(_) => &["keyAgreement"],
    };
    if usage.iter().any(|usage| wanted.contains(usage)) {
        return None;
    }
    let allowed = if usage.is_empty() { "nothing".to_owned() } else { usage.join(", ") };
    Some(format!("the certificate of {name} is not for encryption, but for {allowed}"))
}

fn refused(why: String) -> CliError {
    CliError::new(ErrorKind::Refused, why).hint("if it has to be, add --any-certificate")
}

/// Uses of a public key that its private half can answer.
const RECEIVING: [&str; 3] = ["encrypt", "wrap", "derive"];
