//! Key transport for one recipient (RFC 5652, 6.2.1): the key of the content under an RSA key, with the padding of
//! PKCS#1 v1.5 (RFC 3370) or OAEP (RFC 3560, RFC 8017 A.2.1).

use super::{Identifier, Recipient, WrappedKey};
use crate::codec::{Secret, tlv};
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_NULL, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};
use crate::crypto::cms::CmsError;
use crate::crypto::cms::oid::{MGF1, P_SPECIFIED, RSA_ENCRYPTION, RSAES_OAEP, oid_text};
use crate::crypto::rsa::{OaepParameters, oaep_encrypt, pkcs1_encrypt};
use crate::crypto::{CryptoError, DigestAlgorithm, PublicKey};

/// How the key of the content is padded for RSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RsaPadding {
    /// PKCS#1 v1.5.
    Pkcs1,
    /// OAEP.
    Oaep {
        /// Digest of the label.
        hash: DigestAlgorithm,
        /// Digest of the mask generation function.
        mgf: DigestAlgorithm,
        /// Label, usually empty.
        label: Vec<u8>,
    },
}

impl RsaPadding {
    /// OAEP with one digest for everything and no label.
    pub fn oaep(hash: DigestAlgorithm) -> Self {
        Self::Oaep { hash, mgf: hash, label: Vec::new() }
    }

    /// Longest message for a modulus of so many bytes; `None` when not even an empty one fits.
    pub fn longest_message(&self, modulus_len: usize) -> Option<usize> {
        match self {
            Self::Pkcs1 => modulus_len.checked_sub(PKCS1_OVERHEAD),
            Self::Oaep { hash, mgf, label } => {
                OaepParameters::new(*hash, *mgf, label).longest_message(modulus_len)
            }
        }
    }

    /// Encrypts a short message. Errors: `InvalidKey`, `InputLength`, `NoRandom`.
    pub fn encrypt(&self, public: &PublicKey, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self {
            Self::Pkcs1 => pkcs1_encrypt(public, message),
            Self::Oaep { hash, mgf, label } => {
                oaep_encrypt(public, &OaepParameters::new(*hash, *mgf, label), message)
            }
        }
    }

    /// AlgorithmIdentifier, DER.
    fn to_der(&self) -> Vec<u8> {
        let (oid, parameters) = match self {
            Self::Pkcs1 => (RSA_ENCRYPTION, tlv::encode(TAG_NULL, &[])),
            Self::Oaep { hash, mgf, label } => {
                let mask = [tlv::encode(TAG_OID, MGF1.as_bytes()), hash_algorithm(*mgf)].concat();
                let mut fields = tlv::encode(TAG_HASH, &hash_algorithm(*hash));
                tlv::write(&mut fields, TAG_MASK, &tlv::encode(TAG_SEQUENCE, &mask));
                if !label.is_empty() {
                    let source =
                        [tlv::encode(TAG_OID, P_SPECIFIED.as_bytes()), tlv::encode(TAG_OCTET_STRING, label)];
                    tlv::write(&mut fields, TAG_SOURCE, &tlv::encode(TAG_SEQUENCE, &source.concat()));
                }
                (RSAES_OAEP, tlv::encode(TAG_SEQUENCE, &fields))
            }
        };
        tlv::encode(TAG_SEQUENCE, &[tlv::encode(TAG_OID, oid.as_bytes()), parameters].concat())
    }

    /// Reads an AlgorithmIdentifier. Errors: `Unsupported`, `Malformed`.
    fn from_element(algorithm: &Element<'_>) -> Result<Self, CmsError> {
        let mut fields = algorithm.children(WHAT);
        let oid = fields.expect(TAG_OID)?.oid().ok_or(CmsError::Malformed(WHAT))?;
        match oid {
            RSA_ENCRYPTION => Ok(Self::Pkcs1),
            RSAES_OAEP => Self::read_oaep(fields.optional(TAG_SEQUENCE)),
            other => Err(CmsError::Unsupported(format!("key transport {}", oid_text(&other)))),
        }
    }

    /// RSAES-OAEP-params; what is left out is SHA-1 and an empty label.
    fn read_oaep(parameters: Option<Element<'_>>) -> Result<Self, CmsError> {
        let (mut hash, mut mgf, mut label) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha1, Vec::new());
        let mut fields = parameters.map_or_else(|| Cursor::new(&[], WHAT), |element| element.children(WHAT));
        if let Some(element) = fields.optional(TAG_HASH) {
            hash = read_hash(&element.children(WHAT).expect(TAG_SEQUENCE)?)?;
        }
        if let Some(element) = fields.optional(TAG_MASK) {
            let mut mask = element.children(WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
            if mask.expect(TAG_OID)?.oid() != Some(MGF1) {
                return Err(CmsError::Unsupported("OAEP with another mask than MGF1".to_owned()));
            }
            mgf = read_hash(&mask.expect(TAG_SEQUENCE)?)?;
        }
        if let Some(element) = fields.optional(TAG_SOURCE) {
            let mut source = element.children(WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
            if source.expect(TAG_OID)?.oid() != Some(P_SPECIFIED) {
                return Err(CmsError::Unsupported("OAEP with a label that is elsewhere".to_owned()));
            }
            label = source.expect(TAG_OCTET_STRING)?.value.to_vec();
        }
        Ok(Self::Oaep { hash, mgf, label })
    }
}

/// KeyTransRecipientInfo, DER. Errors: `InvalidKey`; `InputLength` for a key too small for the padding; `NoRandom`.
pub(super) fn seal(
    id: &Identifier,
    public: &PublicKey,
    padding: &RsaPadding,
    content_key: &Secret,
) -> Result<Vec<u8>, CryptoError> {
    let version = match id {
        Identifier::IssuerAndSerial { .. } => 0,
        Identifier::KeyIdentifier(_) => 2,
    };
    let encrypted = padding.encrypt(public, content_key.expose())?;
    let fields = [
        tlv::encode(TAG_INTEGER, &[version]),
        id.to_der(),
        padding.to_der(),
        tlv::encode(TAG_OCTET_STRING, &encrypted),
    ];
    Ok(tlv::encode(TAG_SEQUENCE, &fields.concat()))
}

/// Reads a KeyTransRecipientInfo. Errors: `Malformed`.
pub(super) fn read(info: &Element<'_>) -> Result<Recipient, CmsError> {
    let mut fields = info.children(WHAT);
    fields.expect(TAG_INTEGER)?;
    let id = Identifier::from_element(&fields.any()?)?;
    let algorithm = fields.expect(TAG_SEQUENCE)?;
    let encrypted = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
    let key = match RsaPadding::from_element(&algorithm) {
        Ok(padding) => WrappedKey::Rsa { padding, encrypted },
        Err(CmsError::Unsupported(what)) => WrappedKey::Unsupported(what),
        Err(error) => return Err(error),
    };
    Ok(Recipient { id, key })
}

fn hash_algorithm(hash: DigestAlgorithm) -> Vec<u8> {
    let fields = [tlv::encode(TAG_OID, hash.oid().as_bytes()), tlv::encode(TAG_NULL, &[])];
    tlv::encode(TAG_SEQUENCE, &fields.concat())
}

fn read_hash(algorithm: &Element<'_>) -> Result<DigestAlgorithm, CmsError> {
    let oid = algorithm.children(WHAT).expect(TAG_OID)?.oid().ok_or(CmsError::Malformed(WHAT))?;
    DigestAlgorithm::from_oid(&oid)
        .ok_or_else(|| CmsError::Unsupported(format!("OAEP with the hash {}", oid_text(&oid))))
}

const WHAT: &str = "the key transport of a recipient";
/// RFC 8017, 7.2.1.
const PKCS1_OVERHEAD: usize = 11;
const TAG_HASH: u32 = 0xA0;
const TAG_MASK: u32 = 0xA1;
const TAG_SOURCE: u32 = 0xA2;
