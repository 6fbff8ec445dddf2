//! Reading SignedData (RFC 5652, 5) and verifying its signers: DER or BER, content inside or elsewhere. Says nothing of
//! whose certificates they are; that is `certificate::path`.

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5911, rfc5912};

use super::signed::ID_SIGNING_CERTIFICATE_V2;
use super::{ID_DATA, ID_SIGNED_DATA, begins_as, content_of, malformed, whole_der};
use crate::codec::tlv;
use crate::crypto::asn1::{
    Cursor, Element, TAG_INTEGER, TAG_NULL, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE, TAG_SET,
};
use crate::crypto::certificate::time::unix_time;
use crate::crypto::digest::digest;
use crate::crypto::signature_algorithm::plain_signature;
use crate::crypto::{CertificateDetails, CryptoError, DigestAlgorithm, PublicKey, SignatureAlgorithm};

/// SignedData that was read; nothing in it is verified yet.
#[derive(Debug, Clone)]
pub struct SignedData {
    content_type: ObjectIdentifier,
    /// The content, where it goes along.
    pub content: Option<Vec<u8>>,
    /// The certificates that go along, in no order.
    pub certificates: Vec<CertificateDetails>,
    /// Who signed; may be nobody.
    pub signers: Vec<SignerInfo>,
}

/// One signer of SignedData.
#[derive(Debug, Clone)]
pub struct SignerInfo {
    id: SignerId,
    content_type: ObjectIdentifier,
    /// How the content is digested.
    pub digest: DigestAlgorithm,
    /// How the signature is made.
    pub algorithm: SignatureAlgorithm,
    attributes: Option<Attributes>,
    signature: Vec<u8>,
}

/// How a signer names its certificate.
#[derive(Debug, Clone)]
enum SignerId {
    /// Issuer and serial number, both DER.
    IssuerAndSerial(Vec<u8>, Vec<u8>),
    SubjectKeyId(Vec<u8>),
}

/// Signed attributes: as they are signed, and each by its identifier with its values.
#[derive(Debug, Clone)]
struct Attributes {
    der: Vec<u8>,
    values: Vec<(ObjectIdentifier, Vec<u8>)>,
}

/// What is verified of a content: its digest, and its first bytes.
#[derive(Debug, Clone, Copy)]
pub struct ContentFacts<'a> {
    /// The digest, by the signer's algorithm.
    pub digest: &'a [u8],
    /// The content from its start, [`START_LEN`] bytes where it has as many.
    pub start: &'a [u8],
}

/// Bytes of a content that [`ContentFacts::start`] needs.
pub const START_LEN: usize = 64;

/// Why a signer's signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerFault {
    /// Another content.
    #[error("the content is not what was signed: its {0} digest differs")]
    DigestDiffers(DigestAlgorithm),
    /// Another key, or altered attributes, or an altered signature.
    #[error("the signature is not that of the signer's key")]
    SignatureInvalid,
    /// The attribute of CAdES names a certificate that is not the signer's.
    #[error("the signed attributes name another certificate")]
    OtherCertificate,
    /// The content's kind is not the signed one.
    #[error("the content is not of the kind that was signed")]
    OtherContentType,
    /// An attribute that has to be there.
    #[error("the signed attributes lack the {0}")]
    AttributeMissing(&'static str),
    /// The signed attributes of one signature, shown as the content of another that has none.
    #[error("the content is what another signature signs in place of its content")]
    AttributesAsContent,
    /// A key that cannot be computed with.
    #[error("the signer's key cannot be used")]
    Key(#[source] CryptoError),
}

impl SignedData {
    /// True for what begins as SignedData, DER or BER.
    pub fn is_likely(bytes: &[u8]) -> bool {
        begins_as(bytes, &ID_SIGNED_DATA)
    }

    /// Reads a ContentInfo with SignedData. Errors: `Malformed`, also for bytes behind it; `Unsupported` for another
    /// kind, digests and signatures that we do not have, and more signers or certificates than anybody needs.
    pub fn parse(bytes: &[u8]) -> Result<Self, CryptoError> {
        let der = whole_der(bytes, WHAT)?;
        let mut fields = content_of(&der, &ID_SIGNED_DATA, WHAT)?.children(WHAT);
        version(&mut fields, &[1, 3, 4, 5])?;
        let digests = digests_in(&fields.expect(TAG_SET)?)?;
        let mut encapsulated = fields.expect(TAG_SEQUENCE)?.children(WHAT);
        let content_type = encapsulated.any()?.oid().ok_or_else(|| malformed(WHAT))?;
        let content = if encapsulated.is_at_end() { None } else { Some(content_in(&mut encapsulated)?) };
        let certificates = match fields.optional(TAG_IMPLICIT_0) {
            Some(list) => certificates_in(&list)?,
            None => Vec::new(),
        };
        fields.optional(TAG_IMPLICIT_1); // revocation lists
        let signers = signers_in(&fields.expect(TAG_SET)?, content_type, &digests)?;
        if !fields.is_at_end() {
            return Err(malformed(WHAT));
        }
        Ok(Self { content_type, content, certificates, signers })
    }

    /// The digests of the content that its signers want, each once.
    pub fn digests(&self) -> Vec<DigestAlgorithm> {
        let mut digests: Vec<DigestAlgorithm> = self.signers.iter().map(|signer| signer.digest).collect();
        digests.sort_unstable();
        digests.dedup();
        digests
    }

    /// True for plain bytes; false for a content that is itself a structure.
    pub fn is_data(&self) -> bool {
        self.content_type == ID_DATA
    }
}

impl SignerInfo {
    /// True for the certificate that this signer names.
    pub fn is_by(&self, certificate: &CertificateDetails) -> bool {
        match &self.id {
            SignerId::IssuerAndSerial(issuer, serial) => {
                certificate.issuer == *issuer && certificate.serial == *serial
            }
            SignerId::SubjectKeyId(id) => certificate.subject_key_id.as_ref() == Some(id),
        }
    }

    /// When the signer says that it was signed, Unix time: part of what is signed, but nobody else's word.
    pub fn signing_time(&self) -> Option<i64> {
        let value = self.attributes.as_ref()?.one(&rfc5911::ID_SIGNING_TIME)?;
        unix_time(Cursor::new(value, WHAT).any().ok()?).ok()
    }

    /// Verifies the signature with the signer's key; `certificate` is the one that the key is from, if it is from one.
    /// Errors: what is wrong.
    pub fn verify(
        &self,
        public: &PublicKey,
        certificate: Option<&CertificateDetails>,
        content: ContentFacts<'_>,
    ) -> Result<(), SignerFault> {
        let signature = plain_signature(public, &self.signature).ok_or(SignerFault::SignatureInvalid)?;
        let Some(attributes) = &self.attributes else {
            // RFC 5652, 5.3: without attributes the content is plain data.
            if self.content_type != ID_DATA {
                return Err(SignerFault::AttributeMissing("content type"));
            }
            if begins_as_attributes(content.start) {
                return Err(SignerFault::AttributesAsContent);
            }
            if self.algorithm.digest().is_none() {
                return Err(SignerFault::AttributeMissing("digest of the content"));
            }
            let verified = self.algorithm.verify_hashed(public, content.digest, &signature);
            return is_valid(verified);
        };
        let content_type = attributes.one(&rfc5911::ID_CONTENT_TYPE);
        let content_type = content_type.ok_or(SignerFault::AttributeMissing("content type"))?;
        if tlv::encode(TAG_OID, self.content_type.as_bytes()) != content_type {
            return Err(SignerFault::OtherContentType);
        }
        let signed = attributes.one(&rfc5911::ID_MESSAGE_DIGEST);
        let signed = signed.ok_or(SignerFault::AttributeMissing("digest of the content"))?;
        // The signature first: what the attributes say counts only when they are the signer's.
        is_valid(self.algorithm.verify_plain(public, &attributes.der, &signature))?;
        if tlv::encode(TAG_OCTET_STRING, content.digest) != signed {
            return Err(SignerFault::DigestDiffers(self.digest));
        }
        match certificate {
            Some(certificate) if !attributes.allows(certificate) => Err(SignerFault::OtherCertificate),
            _ => Ok(()),
        }
    }

    fn parse(
        element: &Element<'_>,
        content_type: ObjectIdentifier,
        digests: &[DigestAlgorithm],
    ) -> Result<Self, CryptoError> {
        let mut fields = element.children(WHAT);
        let version = version(&mut fields, &[1, 3])?;
        let id = signer_id(&mut fields, version)?;
        let digest = fields.expect(TAG_SEQUENCE)?;
        let digest =
            DigestAlgorithm::from_identifier(&digest).ok_or_else(|| unsupported(&digest, "digest"))?;
        let attributes = fields.optional(TAG_IMPLICIT_0);
        let attributes = attributes.map(|attributes| Attributes::parse(attributes.value)).transpose()?;
        let identifier = fields.expect(TAG_SEQUENCE)?;
        let algorithm =
            signature_algorithm(&identifier, digest).ok_or_else(|| unsupported(&identifier, "signature"))?;
        let signature = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
        fields.optional(TAG_IMPLICIT_1); // unsigned attributes: time stamps, countersignatures
        // RFC 5652, 5.1: what the signers digest with is announced in front.
        if !fields.is_at_end() || !digests.contains(&digest) {
            return Err(malformed(WHAT));
        }
        Ok(Self { id, content_type, digest, algorithm, attributes, signature })
    }
}

impl Attributes {
    /// Reads attributes, each at most once. `value` is what the SET holds.
    fn parse(value: &[u8]) -> Result<Self, CryptoError> {
        let mut values: Vec<(ObjectIdentifier, Vec<u8>)> = Vec::new();
        let mut list = Cursor::new(value, WHAT);
        while !list.is_at_end() {
            let mut attribute = list.expect(TAG_SEQUENCE)?.children(WHAT);
            let id = attribute.any()?.oid().ok_or_else(|| malformed(WHAT))?;
            let set = attribute.expect(TAG_SET)?;
            if !attribute.is_at_end() || values.iter().any(|(known, _)| *known == id) {
                return Err(malformed(WHAT));
            }
            values.push((id, set.value.to_vec()));
        }
        Ok(Self { der: tlv::encode(TAG_SET, value), values })
    }

    /// The one value of an attribute; `None` where it is missing or has several.
    fn one(&self, wanted: &ObjectIdentifier) -> Option<&[u8]> {
        let (_, values) = self.values.iter().find(|(id, _)| id == wanted)?;
        let mut elements = Cursor::new(values, WHAT);
        let value = elements.any().ok()?;
        elements.is_at_end().then_some(value.raw)
    }

    /// False when an attribute names another certificate than this one (RFC 5035, 3; RFC 2634, 5.4).
    fn allows(&self, certificate: &CertificateDetails) -> bool {
        let is_there = |id: &ObjectIdentifier| self.values.iter().any(|(known, _)| known == id);
        let names = |id: &ObjectIdentifier, usual: DigestAlgorithm| {
            let named = self.one(id).and_then(|value| certificate_hash(value, usual));
            named.is_some_and(|(algorithm, hash)| digest(algorithm, &certificate.der) == hash)
        };
        [
            (ID_SIGNING_CERTIFICATE_V2, DigestAlgorithm::Sha256),
            (ID_SIGNING_CERTIFICATE, DigestAlgorithm::Sha1),
        ]
        .iter()
        .all(|(id, usual)| !is_there(id) || names(id, *usual))
    }
}

/// Digest and value of the first certificate identifier in SigningCertificate, either version.
fn certificate_hash(value: &[u8], usual: DigestAlgorithm) -> Option<(DigestAlgorithm, Vec<u8>)> {
    let ids = Cursor::new(value, WHAT).expect(TAG_SEQUENCE).ok()?.children(WHAT).expect(TAG_SEQUENCE).ok()?;
    let mut id = ids.children(WHAT).expect(TAG_SEQUENCE).ok()?.children(WHAT);
    let algorithm = match id.optional(TAG_SEQUENCE) {
        Some(identifier) => DigestAlgorithm::from_identifier(&identifier)?,
        None => usual,
    };
    Some((algorithm, id.expect(TAG_OCTET_STRING).ok()?.value.to_vec()))
}

/// True for a SET of attributes of PKCS#9. A signature over attributes is also one, without attributes, over a content
/// that is those bytes: whoever has the first could show the second.
fn begins_as_attributes(start: &[u8]) -> bool {
    let inside = |bytes: &[u8], tag: u32| -> Option<Vec<u8>> {
        let (&first, rest) = bytes.split_first()?;
        let (&length, rest) = rest.split_first()?;
        let skipped = if length & 0x80 == 0 { 0 } else { usize::from(length & 0x7F) };
        (u32::from(first) == tag).then(|| rest.get(skipped..).map(<[u8]>::to_vec)).flatten()
    };
    let attribute = inside(start, TAG_SET).and_then(|set| inside(&set, TAG_SEQUENCE));
    attribute.is_some_and(|attribute| attribute.starts_with(PKCS9))
}

fn is_valid(verified: Result<bool, CryptoError>) -> Result<(), SignerFault> {
    match verified {
        Ok(true) => Ok(()),
        Ok(false) => Err(SignerFault::SignatureInvalid),
        Err(error) => Err(SignerFault::Key(error)),
    }
}

/// A small version number. Errors: `Malformed` for one that is not among these.
fn version(fields: &mut Cursor<'_>, known: &[u8]) -> Result<u8, CryptoError> {
    match fields.expect(TAG_INTEGER)?.value {
        [version] if known.contains(version) => Ok(*version),
        _ => Err(malformed(WHAT)),
    }
}

/// The digests that are announced; those that we do not have are left out.
fn digests_in(set: &Element<'_>) -> Result<Vec<DigestAlgorithm>, CryptoError> {
    let mut digests = Vec::new();
    let mut list = set.children(WHAT);
    while !list.is_at_end() {
        digests.extend(DigestAlgorithm::from_identifier(&list.expect(TAG_SEQUENCE)?));
    }
    Ok(digests)
}

fn content_in(encapsulated: &mut Cursor<'_>) -> Result<Vec<u8>, CryptoError> {
    let mut wrapped = encapsulated.expect(TAG_EXPLICIT_0)?.children(WHAT);
    let content = wrapped.any()?;
    if !encapsulated.is_at_end() || !wrapped.is_at_end() {
        return Err(malformed(WHAT));
    }
    match content.tag {
        TAG_OCTET_STRING => Ok(content.value.to_vec()),
        // PKCS#7 (RFC 2315, 7): the content is an element, of which tag and length are not digested.
        _ => Err(CryptoError::Unsupported("a content that is no OCTET STRING".to_owned())),
    }
}

fn certificates_in(list: &Element<'_>) -> Result<Vec<CertificateDetails>, CryptoError> {
    let mut certificates = Vec::new();
    let mut list = list.children(WHAT);
    while !list.is_at_end() {
        let element = list.any()?;
        // Others are attribute certificates and the like (RFC 5652, 10.2.2).
        if element.tag == TAG_SEQUENCE {
            certificates.push(CertificateDetails::parse(element.raw)?);
        }
        if certificates.len() > MAX_CERTIFICATES {
            return Err(CryptoError::Unsupported(format!(
                "CMS with more than {MAX_CERTIFICATES} certificates"
            )));
        }
    }
    Ok(certificates)
}

fn signers_in(
    set: &Element<'_>,
    content_type: ObjectIdentifier,
    digests: &[DigestAlgorithm],
) -> Result<Vec<SignerInfo>, CryptoError> {
    let mut signers = Vec::new();
    let mut list = set.children(WHAT);
    while !list.is_at_end() {
        signers.push(SignerInfo::parse(&list.expect(TAG_SEQUENCE)?, content_type, digests)?);
        if signers.len() > MAX_SIGNERS {
            return Err(CryptoError::Unsupported(format!("CMS with more than {MAX_SIGNERS} signers")));
        }
    }
    Ok(signers)
}

/// RFC 5652, 5.3: version 1 names issuer and number, version 3 the key identifier.
fn signer_id(fields: &mut Cursor<'_>, version: u8) -> Result<SignerId, CryptoError> {
    if let Some(id) = fields.optional(TAG_KEY_ID).filter(|_| version == 3) {
        return Ok(SignerId::SubjectKeyId(id.value.to_vec()));
    }
    let mut name = fields.expect(TAG_SEQUENCE)?.children(WHAT);
    let (issuer, serial) = (name.expect(TAG_SEQUENCE)?, name.expect(TAG_INTEGER)?);
    if version != 1 || !name.is_at_end() {
        return Err(malformed(WHAT));
    }
    Ok(SignerId::IssuerAndSerial(issuer.raw.to_vec(), serial.raw.to_vec()))
}

/// The algorithm of a signature whose content is digested so; both name one digest.
fn signature_algorithm(identifier: &Element<'_>, digest: DigestAlgorithm) -> Option<SignatureAlgorithm> {
    let mut fields = identifier.children(WHAT);
    if fields.any().ok()?.oid()? == rfc5912::RSA_ENCRYPTION {
        let is_plain = fields.is_at_end() || fields.expect(TAG_NULL).is_ok_and(|null| null.value.is_empty());
        return (is_plain && fields.is_at_end()).then_some(SignatureAlgorithm::RsaPkcs1(digest));
    }
    SignatureAlgorithm::from_identifier_der(identifier.raw).filter(|found| {
        // RFC 8419, 3.1: with Ed25519 the content is digested with SHA-512.
        found.digest().unwrap_or(DigestAlgorithm::Sha512) == digest
    })
}

fn unsupported(identifier: &Element<'_>, what: &str) -> CryptoError {
    let oid = identifier.children(WHAT).next().and_then(|id| id.oid());
    let name = oid.map_or_else(|| "without an identifier".to_owned(), |oid| oid.to_string());
    CryptoError::Unsupported(format!("{what} algorithm {name}, or its parameters"))
}

const WHAT: &str = "signed data";
/// Files with more are made to cost time.
const MAX_SIGNERS: usize = 32;
const MAX_CERTIFICATES: usize = 256;
/// id-aa-signingCertificate (RFC 2634, 5.4), by SHA-1.
const ID_SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// The arc of PKCS#9 (RFC 2985), where content type, digest and signing time are: 1.2.840.113549.1.9.
const PKCS9: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09];
const TAG_EXPLICIT_0: u32 = 0xA0;
const TAG_IMPLICIT_0: u32 = 0xA0;
const TAG_IMPLICIT_1: u32 = 0xA1;
/// subjectKeyIdentifier: an OCTET STRING under the implicit tag 0.
const TAG_KEY_ID: u32 = 0x80;

#[cfg(test)]
mod tests;
