//! Whose signature it is said to be: a key or certificate on a token, in a file, or in the signature itself.

use std::path::Path;

use super::VerifyArgs;
use crate::cli::commands::find::public_objects;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::keys::KeyChoice;
use crate::cli::objects::{Details, Object, distinct};
use crate::cli::tokens::FoundToken;
use crate::cli::{atomic_file, key_files, pem, tokens};
use crate::crypto::import::read_certificates;
use crate::crypto::{CertificateDetails, PublicKey};
use crate::engine::{ObjectClass, Template};

/// A key that is said to have signed.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The key.
    pub key: PublicKey,
    /// What it is called.
    pub name: String,
    /// The slot that it was found in.
    pub slot: Option<u32>,
    /// Its certificate.
    pub certificate: Option<CertificateDetails>,
    /// Certificates that may be those of issuers.
    pub others: Vec<CertificateDetails>,
    /// Where it is from.
    pub origin: Origin,
}

/// Where a key is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A token.
    Token,
    /// `--certificate-file`.
    CertificateFile,
    /// `--public-key-file`.
    PublicKeyFile,
    /// The signature itself: nobody's word but the signer's.
    Signature,
}

impl Origin {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::CertificateFile => "certificate_file",
            Self::PublicKeyFile => "public_key_file",
            Self::Signature => "signature",
        }
    }
}

impl Signer {
    /// A key that came with the signature.
    pub fn from_signature(key: PublicKey, name: String) -> Self {
        Self { key, name, slot: None, certificate: None, others: Vec::new(), origin: Origin::Signature }
    }

    /// A certificate that came with the signature. Errors: its key is of a kind that is not known, in a sentence.
    pub fn from_certificate(
        certificate: &CertificateDetails,
        others: Vec<CertificateDetails>,
        origin: Origin,
    ) -> Result<Self, String> {
        let key = certificate.public_key.clone();
        let key = key.ok_or("the certificate is for a kind of key that p11ctl does not have")?;
        let name = certificate.subject_text();
        Ok(Self { key, name, slot: None, certificate: Some(certificate.clone()), others, origin })
    }
}

/// The signer that the user named by a file or on a token; a token is looked at also where nothing is named.
pub fn named_signer(context: &Context, args: &VerifyArgs) -> Result<Signer, CliError> {
    match (&args.certificate_file, &args.public_key_file) {
        (Some(path), _) => certificate_file(path),
        (None, Some(path)) => public_key_file(path),
        (None, None) => signer_on_token(context, args),
    }
}

/// True when the user named a signer.
pub fn is_named(args: &VerifyArgs) -> bool {
    let (token, key) = (&args.token, &args.key);
    args.certificate_file.is_some()
        || args.public_key_file.is_some()
        || token.slot.is_some()
        || [&token.token, &token.serial, &token.reader, &key.key].iter().any(|option| option.is_some())
        || key.id.is_some()
}

fn certificate_file(path: &Path) -> Result<Signer, CliError> {
    let name = path.display().to_string();
    let unusable = |why: String| CliError::usage(format!("{name} holds no usable key")).cause(why);
    let mut certificates = read_certificates(&atomic_file::read(path)?)
        .map_err(|error| key_files::explain(&error, &name))
        .map_err(|error| unusable(error.message))?
        .into_iter();
    let leaf = certificates.next().ok_or_else(|| unusable("it is empty".to_owned()))?;
    let signer = Signer::from_certificate(&leaf, certificates.collect(), Origin::CertificateFile);
    Ok(Signer { name: name.clone(), ..signer.map_err(unusable)? })
}

fn public_key_file(path: &Path) -> Result<Signer, CliError> {
    let bytes = atomic_file::read(path)?;
    let name = path.display().to_string();
    let unusable = |why: String| CliError::usage(format!("{name} holds no usable key")).cause(why);
    let line = str::from_utf8(&bytes).ok().filter(|text| !text.contains("-----BEGIN"));
    let key = match line.map(PublicKey::from_openssh) {
        Some(Ok(key)) => key,
        _ => {
            let (_, der) =
                pem::decode(&bytes, &["PUBLIC KEY"]).map_err(|error| error.hint(format!("in {name}")))?;
            PublicKey::from_spki_der(&der).map_err(|error| unusable(error.to_string()))?
        }
    };
    let origin = Origin::PublicKeyFile;
    Ok(Signer { key, name: name.clone(), slot: None, certificate: None, others: Vec::new(), origin })
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
    let object = the_key(&found)?;
    let key = object.public_key().cloned().ok_or_else(|| CliError::usage("the public key is not known"))?;
    let (certificate, others) =
        if args.ca.is_empty() { (None, Vec::new()) } else { certificates(context, &tokens, &key)? };
    let (name, slot) = (object.label.clone(), Some(object.slot.0));
    Ok(Signer { key, name, slot, certificate, others, origin: Origin::Token })
}

/// The one public key among objects. Errors: none, or several.
fn the_key(found: &[Object]) -> Result<Object, CliError> {
    let of_class = |class: ObjectClass| {
        let with_key = found.iter().filter(|object| object.public_key().is_some());
        with_key.filter(|object| object.class == class).cloned().collect::<Vec<_>>()
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
        [object] => Ok(object.clone()),
        [] => Err(CliError::new(ErrorKind::NotFound, "there is no such public key or certificate")
            .hint("run p11ctl find to see the objects there are")),
        several => {
            Err(CliError::new(ErrorKind::NotFound, format!("{} public keys fit: which one?", several.len()))
                .candidates(several.iter().map(Object::candidate).collect())
                .hint("choose by --slot, --key, --id or a pkcs11: URI"))
        }
    }
}

/// The certificate of a key on these tokens, and all the others.
fn certificates(
    context: &Context,
    tokens: &[FoundToken],
    key: &PublicKey,
) -> Result<(Option<CertificateDetails>, Vec<CertificateDetails>), CliError> {
    let template = Template::new().class(ObjectClass::Certificate);
    let found = public_objects(context, tokens, &template)?;
    let details = found.into_iter().filter_map(|object| match object.details {
        Details::Certificate(Some(details)) => Some(*details),
        _ => None,
    });
    let (mut own, others): (Vec<_>, Vec<_>) = details.partition(|details| details.certifies(key));
    // The newest, where a key has several.
    own.sort_by_key(|details| details.not_after);
    Ok((own.pop(), others))
}

fn is_authority(object: &Object) -> bool {
    matches!(&object.details, Details::Certificate(Some(details)) if details.is_authority)
}
