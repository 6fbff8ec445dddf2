//! X.509 certificates (RFC 5280): what of them a token needs to know, read tolerantly, and building new ones.
//!
//! Reading asks only for the order of the fields. Whatever a certificate gets wrong beyond that (a version
//! that is none, a negative serial number, an unknown key, a broken extension) leaves that part out and the
//! certificate visible.

pub(super) mod alternative_name;
mod builder;
pub(super) mod extensions;
pub(super) mod name;
mod path;
pub(super) mod time;
mod unsigned;
pub(super) mod usage;

pub use alternative_name::{AlternativeName, AlternativeNameError};
pub use builder::{CertificateKind, CertificateTemplate, Issuer};
pub use name::{common_name, name_text};
pub use path::{Path, PathFault, find_path};
pub use time::parse_date;
pub use unsigned::unsigned_certificate;
pub use usage::{KeyUsage, UsageError, purpose_from_text, purpose_text};

use const_oid::ObjectIdentifier;

use super::asn1::{Cursor, Element, TAG_BIT_STRING, TAG_INTEGER, TAG_SEQUENCE};
use super::digest::{DigestAlgorithm, digest};
use super::{CryptoError, PublicKey, SignatureAlgorithm};
use extensions::Extensions;

/// The parts of a certificate that chains, attributes and tables are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificateDetails {
    /// The whole certificate, DER: as long as its outer length says, without what a card's file has behind
    /// it.
    pub der: Vec<u8>,
    /// Subject, DER Name.
    pub subject: Vec<u8>,
    /// Issuer, DER Name.
    pub issuer: Vec<u8>,
    /// Serial number, DER INTEGER with tag and length.
    pub serial: Vec<u8>,
    /// Subject key identifier, if the certificate has one.
    pub subject_key_id: Option<Vec<u8>>,
    /// Key identifier of the issuer, if the certificate names one.
    pub authority_key_id: Option<Vec<u8>>,
    /// First second of validity, Unix time.
    pub not_before: i64,
    /// Last second of validity, Unix time.
    pub not_after: i64,
    /// Basic constraints say that it is a certification authority.
    pub is_authority: bool,
    /// The certified key, when it is of a family that we have.
    pub public_key: Option<super::PublicKey>,
    /// SubjectPublicKeyInfo, DER.
    pub public_key_info: Vec<u8>,
}

impl CertificateDetails {
    /// Reads a certificate from the front of `bytes`; what follows its outer length (a card's file is often
    /// longer) is cut off, and `der.len()` tells where. Errors: `Malformed` when the bytes are cut short or
    /// the fields are not those of a certificate.
    pub fn parse(bytes: &[u8]) -> Result<Self, CryptoError> {
        let parts = Parts::parse(bytes)?;
        let extensions = parts.extensions();
        Ok(Self {
            der: parts.whole.raw.to_vec(),
            subject: parts.subject.raw.to_vec(),
            issuer: parts.issuer.raw.to_vec(),
            serial: parts.serial.raw.to_vec(),
            subject_key_id: extensions.subject_key_id().map(<[u8]>::to_vec),
            authority_key_id: extensions.authority_key_id().map(<[u8]>::to_vec),
            not_before: parts.not_before,
            not_after: parts.not_after,
            is_authority: extensions.is_authority(),
            public_key: PublicKey::from_spki_der(parts.public_key_info.raw).ok(),
            public_key_info: parts.public_key_info.raw.to_vec(),
        })
    }

    /// The subject for people, RFC 4514: `CN=Anna,O=Example`. Control characters are escaped.
    pub fn subject_text(&self) -> String {
        name_text(&self.subject)
    }

    /// The issuer for people, RFC 4514. Control characters are escaped.
    pub fn issuer_text(&self) -> String {
        name_text(&self.issuer)
    }

    /// The subject's most specific common name, control characters escaped.
    pub fn common_name(&self) -> Option<String> {
        common_name(&self.subject)
    }

    /// SHA-256 of the whole certificate, 32 bytes.
    pub fn fingerprint_sha256(&self) -> Vec<u8> {
        digest(DigestAlgorithm::Sha256, &self.der)
    }

    /// Subject and issuer are the same name: a root, or something that pretends to be one.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// What the certified key may be used for, by the names of RFC 5280 (`digitalSignature`);
    /// `None` when the certificate does not limit it.
    pub fn key_usage(&self) -> Option<Vec<&'static str>> {
        Some(Parts::parse(&self.der).ok()?.extensions().key_usage()?.names())
    }

    /// What the certificate is for, by name (`serverAuth`) or, where the purpose has none, dotted numbers;
    /// `None` when the certificate does not limit it.
    pub fn extended_key_usage(&self) -> Option<Vec<String>> {
        Parts::parse(&self.der).ok()?.extensions().extended_key_usage()
    }

    /// How many authorities may stand between it and an end entity (RFC 5280, 4.2.1.9); `None` for any number.
    pub fn path_len(&self) -> Option<u64> {
        Parts::parse(&self.der).ok()?.extensions().path_len()
    }

    /// The first critical extension that a path may not go past: one that is not understood here, or does not parse.
    pub fn not_understood(&self) -> Option<ObjectIdentifier> {
        Parts::parse(&self.der).ok()?.extensions().not_understood()
    }

    /// The alternative names of the subject as text: `dns:example.org`, `ip:192.0.2.1`, `email:a@example.org`,
    /// `uri:https://example.org/`. Control characters are escaped; names of other kinds are left out.
    pub fn alternative_names(&self) -> Vec<String> {
        Parts::parse(&self.der).map(|parts| parts.extensions().alternative_names()).unwrap_or_default()
    }

    /// True when this certificate is one of `key`: compare `PrivateKey::public()` with it before the two are
    /// stored under one id.
    pub fn certifies(&self, key: &PublicKey) -> bool {
        self.public_key.as_ref() == Some(key)
    }

    /// The algorithm of the certificate's signature, if it is one of ours.
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        SignatureAlgorithm::from_identifier_der(Parts::parse(&self.der).ok()?.algorithm.raw)
    }

    /// True when `issuer` signed this certificate. Says nothing of names, validity or permission to sign.
    /// Errors: `Unsupported` for an algorithm that we do not have, `InvalidKey` and `InvalidPoint` for a
    /// broken issuer key.
    pub fn verify_signed_by(&self, issuer: &PublicKey) -> Result<bool, CryptoError> {
        let parts = Parts::parse(&self.der)?;
        let algorithm = SignatureAlgorithm::from_identifier_der(parts.algorithm.raw).ok_or_else(|| {
            let oid = parts.algorithm.children(WHAT).next().and_then(|element| element.oid());
            let name = oid.map_or_else(|| "without an identifier".to_owned(), |oid| oid.to_string());
            CryptoError::Unsupported(format!("signature algorithm {name}"))
        })?;
        match parts.signature.whole_bits() {
            // RFC 5280, 4.1.1.2: the identifier inside what is signed is the same as the one outside.
            Some(signature) if parts.algorithm.raw == parts.inner_algorithm.raw => {
                algorithm.verify(issuer, parts.body.raw, signature)
            }
            _ => Ok(false),
        }
    }
}

/// A certificate taken apart, nothing interpreted but the dates.
struct Parts<'a> {
    whole: Element<'a>,
    body: Element<'a>,
    serial: Element<'a>,
    inner_algorithm: Element<'a>,
    issuer: Element<'a>,
    not_before: i64,
    not_after: i64,
    subject: Element<'a>,
    public_key_info: Element<'a>,
    /// What stands behind the public key: unique identifiers, extensions.
    tail: Cursor<'a>,
    algorithm: Element<'a>,
    signature: Element<'a>,
}

impl<'a> Parts<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, CryptoError> {
        let whole = Cursor::new(bytes, WHAT).expect(TAG_SEQUENCE)?;
        let mut outer = whole.children(WHAT);
        let body = outer.expect(TAG_SEQUENCE)?;
        let algorithm = outer.expect(TAG_SEQUENCE)?;
        let signature = outer.expect(TAG_BIT_STRING)?;

        let mut fields = body.children(WHAT);
        fields.optional(TAG_VERSION);
        let serial = fields.expect(TAG_INTEGER)?;
        let inner_algorithm = fields.expect(TAG_SEQUENCE)?;
        let issuer = fields.expect(TAG_SEQUENCE)?;
        let mut validity = fields.expect(TAG_SEQUENCE)?.children(WHAT);
        let not_before = time::unix_time(validity.any()?)?;
        let not_after = time::unix_time(validity.any()?)?;
        let subject = fields.expect(TAG_SEQUENCE)?;
        let public_key_info = fields.expect(TAG_SEQUENCE)?;
        Ok(Self {
            whole,
            body,
            serial,
            inner_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key_info,
            tail: fields,
            algorithm,
            signature,
        })
    }

    fn extensions(&self) -> Extensions<'a> {
        let wrapped = self.tail.clone().find(|element| element.tag == TAG_EXTENSIONS);
        let list = wrapped.and_then(|element| element.children(WHAT).next());
        Extensions::new(list.map(|element| element.children(WHAT)))
    }
}

const WHAT: &str = "certificate";
const TAG_VERSION: u32 = 0xA0;
const TAG_EXTENSIONS: u32 = 0xA3;

#[cfg(test)]
mod tests;
