//! PKCS#12 (RFC 7292) under a password: a private key with its certificates, as browsers, Windows, Java and
//! openssl export it, new and old.
//!
//! Read here and not by a crate, so that what a hostile file may cost has a limit, and a wrong password is
//! told from a damaged file.

mod bags;
mod integrity;

use super::certificates::leaf_first;
use super::derivation::{Effort, Password};
use super::error::{CONVERT_PKCS12, ImportError};
use super::{ber, check_len, content::Content, pem};
use crate::codec::Secret;
use crate::crypto::certificate::name::visible;
use crate::crypto::{CertificateDetails, CryptoError, PrivateKey};
use bags::{Bags, NamedKey};
use integrity::Envelope;

/// What a PKCS#12 file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Pkcs12 {
    /// The private key.
    pub key: PrivateKey,
    /// The certificate of the key.
    pub leaf: Option<CertificateDetails>,
    /// The other certificates: the leaf's issuer first, then its issuer and so on; others behind.
    pub chain: Vec<CertificateDetails>,
    /// The name that the key has in the file, or else its certificate; as it stands there, not escaped.
    pub friendly_name: Option<String>,
}

/// Reads a PKCS#12 file. Without a password, one that needs none is read. Errors: `PasswordNeeded`;
/// `WrongPassword`; `Damaged` where the password is right for a part, but the file's checksum or structure is
/// not; `WrongContent` for another file, or one without a private key; `SeveralKeys`; `Unsupported`,
/// `TooLarge`, `TooManyRounds`, `BadKey`.
pub fn read_pkcs12(bytes: &[u8], password: Option<&Secret>) -> Result<Pkcs12, ImportError> {
    read_within(bytes, password, &mut Effort::of_a_file())
}

/// As [`read_pkcs12`], with so much work at most.
pub(super) fn read_within(
    bytes: &[u8],
    password: Option<&Secret>,
    effort: &mut Effort,
) -> Result<Pkcs12, ImportError> {
    check_len(bytes)?;
    let decoded = match pem::text(bytes) {
        Some(text) => match pem::blocks(text)?.iter().find(|block| block.label == "PKCS12") {
            Some(block) => Some(block.decode()?),
            None => return Err(wrong_content(super::identify(bytes), "PKCS#12")),
        },
        None => None,
    };
    let der = ber::to_der(decoded.as_ref().map_or(bytes, Secret::expose), WHAT)?;
    match Content::of_der(der.expose()) {
        Content::Pkcs12 => read(der.expose(), password, effort).map_err(with_conversion),
        other => Err(wrong_content(other, "PKCS#12")),
    }
}

fn read(der: &[u8], password: Option<&Secret>, effort: &mut Effort) -> Result<Pkcs12, ImportError> {
    let envelope = Envelope::parse(der)?;
    // An empty password is written in two ways.
    let candidates = match password {
        Some(password) if !password.is_empty() => vec![Password::new(password)],
        _ => vec![Password::new(&Secret::default()), Password::none()],
    };
    for candidate in &candidates {
        if envelope.is_opened_by(candidate, effort)? {
            let bags = Bags::read(envelope.authenticated.expose(), candidate, effort)?;
            return assemble(bags);
        }
    }
    match password {
        None => Err(ImportError::PasswordNeeded { what: WHAT }),
        Some(_) => {
            for candidate in &candidates {
                // The checksum is wrong, and yet a part of the file can be decrypted.
                if envelope.has_checksum() && bags::any_opened_by(&envelope, candidate, effort)? {
                    return Err(ImportError::Damaged {
                        source: CryptoError::Malformed { what: WHAT, source: der::ErrorKind::Failed.into() },
                    });
                }
            }
            Err(ImportError::WrongPassword { what: WHAT })
        }
    }
}

fn assemble(bags: Bags) -> Result<Pkcs12, ImportError> {
    let mut keys: Vec<NamedKey> = Vec::new();
    for key in bags.keys {
        if !keys.iter().any(|known| known.key.public() == key.key.public()) {
            keys.push(key);
        }
    }
    if keys.len() > 1 {
        return Err(ImportError::SeveralKeys { keys: keys.iter().map(describe).collect() });
    }
    let Some(NamedKey { key, name }) = keys.pop() else {
        return Err(wrong_content(Content::Pkcs12, "a private key"));
    };
    let public = key.public();
    let position = bags.certificates.iter().position(|found| found.certificate.certifies(&public));
    let leaf = position.and_then(|position| bags.certificates.get(position)).cloned();
    let friendly_name = name.or_else(|| leaf.as_ref().and_then(|leaf| leaf.name.clone()));
    let leaf = leaf.map(|leaf| leaf.certificate);

    // The leaf goes first, so that a chain that starts at it stays in one piece.
    let others = bags.certificates.into_iter().map(|found| found.certificate);
    let mut chain = leaf_first(leaf.iter().cloned().chain(others).collect());
    if let Some(leaf) = &leaf {
        let start = chain.iter().position(|certificate| certificate.der == leaf.der).unwrap_or_default();
        chain.rotate_left(start);
        chain.retain(|certificate| certificate.der != leaf.der);
    }
    Ok(Pkcs12 { key, leaf, chain, friendly_name })
}

/// `"anna" (RSA-2048)`.
fn describe(key: &NamedKey) -> String {
    let algorithm = key.key.public().algorithm_name();
    match &key.name {
        Some(name) => format!("\"{}\" ({algorithm})", visible(name)),
        None => format!("without a name ({algorithm})"),
    }
}

/// What cannot be read of PKCS#12, `openssl pkcs12` converts.
fn with_conversion(error: ImportError) -> ImportError {
    match error {
        ImportError::Unsupported { what, convert: Some(_) } => {
            ImportError::Unsupported { what, convert: Some(CONVERT_PKCS12) }
        }
        other => other,
    }
}

fn wrong_content(found: Content, wanted: &'static str) -> ImportError {
    let found = match found {
        Content::Pkcs12 => "PKCS#12 with certificates only",
        other => other.describe(),
    };
    ImportError::WrongContent { wanted, found }
}

const WHAT: &str = "PKCS#12 file";
