//! Certificate requests (PKCS#10, RFC 2986): what an authority is asked to certify, signed by the key itself,
//! wherever it is held.

use std::str::FromStr;

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5280, rfc5912};
use der::Encode;
use der::pem::{self, LineEnding};
use x509_cert::name::Name;

use super::asn1::{
    Cursor, Element, TAG_BIT_STRING, TAG_BOOLEAN, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE,
    TAG_SET,
};
use super::certificate::alternative_name::names_der;
use super::certificate::extensions::Extensions;
use super::certificate::usage::purposes_der;
use super::certificate::{AlternativeName, KeyUsage, name_text};
use super::{CryptoError, PrivateKey, PublicKey, SignatureAlgorithm};
use crate::codec::tlv;

/// A request to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTemplate {
    /// Subject, RFC 4514: `CN=Anna,O=Example`; may be empty where there are alternative names.
    pub subject: String,
    /// The key to be certified.
    pub public_key: PublicKey,
    /// Alternative names of the subject.
    pub alternative_names: Vec<AlternativeName>,
    /// What the key shall be allowed to do; `None` asks for what fits the key.
    pub key_usage: Option<KeyUsage>,
    /// Extended key usages; empty asks for none.
    pub purposes: Vec<ObjectIdentifier>,
    /// How it is signed; `None` takes what fits the key.
    pub algorithm: Option<SignatureAlgorithm>,
}

impl RequestTemplate {
    /// A request with nothing but a subject, a key and the key's usual usage.
    pub fn new(subject: &str, public_key: PublicKey) -> Self {
        Self {
            subject: subject.to_owned(),
            public_key,
            alternative_names: Vec::new(),
            key_usage: None,
            purposes: Vec::new(),
            algorithm: None,
        }
    }

    /// Signs with a key of this process. Returns the request, DER. Errors: as [`Self::sign_with`].
    pub fn sign(&self, key: &PrivateKey) -> Result<Vec<u8>, CryptoError> {
        self.sign_with(|algorithm, body| key.sign_message(algorithm, body))
    }

    /// Signs with whatever `sign` does: it is given the algorithm and the bytes to digest and sign, and
    /// returns the signature in PKCS#11's form (for ECDSA r‖s). Returns the request, DER. Errors: those of
    /// `sign`; `Malformed` for a subject that is no name; `SignatureMismatch` when the signature is not that
    /// of the key.
    pub fn sign_with<E: From<CryptoError>>(
        &self,
        sign: impl FnOnce(SignatureAlgorithm, &[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let algorithm = match self.algorithm {
            Some(algorithm) => algorithm,
            None => SignatureAlgorithm::for_key(&self.public_key)?,
        };
        let body = self.body()?;
        let signature = algorithm.sign_x509(&self.public_key, &body, sign)?;
        let mut request = body;
        request.extend_from_slice(&algorithm.identifier().to_der().map_err(malformed)?);
        let unused_bits = [0].into_iter();
        tlv::write(&mut request, TAG_BIT_STRING, &unused_bits.chain(signature).collect::<Vec<u8>>());
        Ok(tlv::encode(TAG_SEQUENCE, &request))
    }

    /// CertificationRequestInfo, DER.
    fn body(&self) -> Result<Vec<u8>, CryptoError> {
        if self.subject.is_empty() && self.alternative_names.is_empty() {
            return Err(malformed(der::ErrorKind::Length { tag: der::Tag::Sequence }.into()));
        }
        let subject = match self.subject.as_str() {
            "" => tlv::encode(TAG_SEQUENCE, &[]),
            subject => Name::from_str(subject).and_then(|name| name.to_der()).map_err(malformed)?,
        };
        let mut fields = tlv::encode(TAG_INTEGER, &[VERSION_1]);
        fields.extend_from_slice(&subject);
        fields.extend_from_slice(&self.public_key.to_spki_der());
        let extensions = self.extensions();
        let attributes = if extensions.is_empty() { Vec::new() } else { extension_request(&extensions) };
        tlv::write(&mut fields, TAG_ATTRIBUTES, &attributes);
        Ok(tlv::encode(TAG_SEQUENCE, &fields))
    }

    /// The extensions that are asked for, one after the other.
    fn extensions(&self) -> Vec<u8> {
        let mut list = Vec::new();
        let usage = self.key_usage.unwrap_or_else(|| KeyUsage::for_key(&self.public_key));
        if !usage.is_empty() {
            list.extend(extension(&rfc5280::ID_CE_KEY_USAGE, true, &usage.to_der()));
        }
        if !self.purposes.is_empty() {
            list.extend(extension(&rfc5280::ID_CE_EXT_KEY_USAGE, false, &purposes_der(&self.purposes)));
        }
        if !self.alternative_names.is_empty() {
            // RFC 5280, 4.2.1.6: critical when the subject is empty.
            let names = names_der(&self.alternative_names);
            list.extend(extension(&rfc5280::ID_CE_SUBJECT_ALT_NAME, self.subject.is_empty(), &names));
        }
        list
    }
}

/// A request that was read, its signature verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The whole request, DER.
    pub der: Vec<u8>,
    /// Subject, DER Name.
    pub subject: Vec<u8>,
    /// The key to be certified.
    pub public_key: PublicKey,
    /// Alternative names as text: `dns:example.org`.
    pub alternative_names: Vec<String>,
    /// The key usages that are asked for.
    pub key_usage: Option<KeyUsage>,
    /// The extended key usages that are asked for, by name or numbers.
    pub purposes: Vec<String>,
}

impl CertificateRequest {
    /// Reads a request, DER, and verifies its signature: whoever made it has the key. Errors: `Malformed`;
    /// `Unsupported` for a key or signature of another family; `SignatureMismatch`.
    pub fn parse(bytes: &[u8]) -> Result<Self, CryptoError> {
        let whole = Cursor::new(bytes, WHAT).expect(TAG_SEQUENCE)?;
        let mut outer = whole.children(WHAT);
        let body = outer.expect(TAG_SEQUENCE)?;
        let algorithm = outer.expect(TAG_SEQUENCE)?;
        let signature = outer.expect(TAG_BIT_STRING)?;

        let mut fields = body.children(WHAT);
        fields.expect(TAG_INTEGER)?;
        let subject = fields.expect(TAG_SEQUENCE)?;
        let public_key = PublicKey::from_spki_der(fields.expect(TAG_SEQUENCE)?.raw)?;
        let identifier = algorithm;
        let algorithm = SignatureAlgorithm::from_identifier_der(identifier.raw).ok_or_else(|| {
            let oid = identifier.children(WHAT).next().and_then(|element| element.oid());
            let name = oid.map_or_else(|| "without an identifier".to_owned(), |oid| oid.to_string());
            CryptoError::Unsupported(format!("signature algorithm {name}"))
        })?;
        let signature = signature.whole_bits().unwrap_or_default();
        if !algorithm.verify(&public_key, body.raw, signature)? {
            return Err(CryptoError::SignatureMismatch);
        }
        let extensions = requested_extensions(fields.optional(TAG_ATTRIBUTES));
        Ok(Self {
            der: whole.raw.to_vec(),
            subject: subject.raw.to_vec(),
            public_key,
            alternative_names: extensions.alternative_names(),
            key_usage: extensions.key_usage(),
            purposes: extensions.extended_key_usage().unwrap_or_default(),
        })
    }

    /// The subject for people, RFC 4514. Control characters are escaped.
    pub fn subject_text(&self) -> String {
        name_text(&self.subject)
    }
}

/// A request as PEM, `-----BEGIN CERTIFICATE REQUEST-----`, with a line feed at the end.
pub fn to_pem(request: &[u8]) -> String {
    // Fails only for a label that PEM cannot hold or a text beyond the address space.
    pem::encode_string("CERTIFICATE REQUEST", LineEnding::LF, request).unwrap_or_default()
}

/// The extensions in the attribute that asks for them; none where there is no such attribute.
fn requested_extensions(attributes: Option<Element<'_>>) -> Extensions<'_> {
    let mut list = attributes.into_iter().flat_map(|attributes| attributes.children(WHAT));
    let attribute = list.find(|attribute| {
        attribute.children(WHAT).next().and_then(|id| id.oid()) == Some(rfc5912::ID_EXTENSION_REQ)
    });
    let values = attribute.and_then(|attribute| attribute.children(WHAT).find(|part| part.tag == TAG_SET));
    let sequence = values.and_then(|values| values.children(WHAT).next());
    Extensions::new(sequence.map(|sequence| sequence.children(WHAT)))
}

/// The extensionRequest attribute (RFC 2985, 5.4.2) around extensions.
fn extension_request(extensions: &[u8]) -> Vec<u8> {
    let mut attribute = tlv::encode(TAG_OID, rfc5912::ID_EXTENSION_REQ.as_bytes());
    tlv::write(&mut attribute, TAG_SET, &tlv::encode(TAG_SEQUENCE, extensions));
    tlv::encode(TAG_SEQUENCE, &attribute)
}

/// Extension (RFC 5280, 4.1): `critical` is left out where it is the default.
fn extension(id: &ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut fields = tlv::encode(TAG_OID, id.as_bytes());
    if critical {
        tlv::write(&mut fields, TAG_BOOLEAN, &[0xFF]);
    }
    tlv::write(&mut fields, TAG_OCTET_STRING, value);
    tlv::encode(TAG_SEQUENCE, &fields)
}

fn malformed(source: der::Error) -> CryptoError {
    CryptoError::Malformed { what: WHAT, source }
}

const WHAT: &str = "certificate request";
const VERSION_1: u8 = 0;
const TAG_ATTRIBUTES: u32 = 0xA0;

#[cfg(test)]
mod tests;
