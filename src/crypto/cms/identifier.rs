//! Whose key it is: by issuer and serial number of its certificate, or by its key identifier (RFC 5652, 5.3 and 6.2.1).

use super::CmsError;
use crate::codec::{hex, tlv};
use crate::crypto::asn1::{Element, TAG_INTEGER, TAG_SEQUENCE};
use crate::crypto::certificate::name_text;
use crate::crypto::{CertificateDetails, PublicKey};

/// Names a certificate or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// The certificate of this issuer with this number.
    IssuerAndSerial {
        /// Name, DER.
        issuer: Vec<u8>,
        /// INTEGER with tag and length.
        serial: Vec<u8>,
    },
    /// The subject key identifier of a certificate, or an identifier that both sides know.
    KeyIdentifier(Vec<u8>),
}

impl Identifier {
    /// By issuer and serial number.
    pub fn of_certificate(certificate: &CertificateDetails) -> Self {
        Self::IssuerAndSerial { issuer: certificate.issuer.clone(), serial: certificate.serial.clone() }
    }

    /// Of a key that has no certificate: the identifier that RFC 5280 makes of a key.
    pub fn of_key(key: &PublicKey) -> Self {
        Self::KeyIdentifier(key.default_id())
    }

    /// True when this certificate is meant.
    pub fn names_certificate(&self, certificate: &CertificateDetails) -> bool {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                *issuer == certificate.issuer && *serial == certificate.serial
            }
            Self::KeyIdentifier(id) => {
                certificate.subject_key_id.as_ref() == Some(id)
                    || certificate.public_key.as_ref().is_some_and(|key| self.names_key(key))
            }
        }
    }

    /// True when this key is meant, as far as a key alone tells.
    pub fn names_key(&self, key: &PublicKey) -> bool {
        matches!(self, Self::KeyIdentifier(id) if *id == key.default_id())
    }

    /// True for this identifier of a key.
    pub fn is(&self, id: &[u8]) -> bool {
        matches!(self, Self::KeyIdentifier(known) if known == id)
    }

    /// For people: `number 3039 of CN=Authority`, `key identifier 0a1b`.
    pub fn text(&self) -> String {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                let number = tlv::find(serial, TAG_INTEGER).unwrap_or(serial);
                format!("certificate {} of {}", hex::encode(number), name_text(issuer))
            }
            Self::KeyIdentifier(id) => format!("key identifier {}", hex::encode(id)),
        }
    }

    /// As in SignerInfo and KeyTransRecipientInfo: the SEQUENCE, or the identifier under `[0]`.
    pub(super) fn to_der(&self) -> Vec<u8> {
        match self {
            Self::IssuerAndSerial { issuer, serial } => {
                tlv::encode(TAG_SEQUENCE, &[issuer.as_slice(), serial].concat())
            }
            Self::KeyIdentifier(id) => tlv::encode(TAG_KEY_IDENTIFIER, id),
        }
    }

    /// Reads what [`Self::to_der`] wrote. Errors: `Malformed`.
    pub(super) fn from_element(element: &Element<'_>) -> Result<Self, CmsError> {
        match element.tag {
            TAG_SEQUENCE => {
                let mut fields = element.children(WHAT);
                let (issuer, serial) = (fields.expect(TAG_SEQUENCE)?, fields.expect(TAG_INTEGER)?);
                Ok(Self::IssuerAndSerial { issuer: issuer.raw.to_vec(), serial: serial.raw.to_vec() })
            }
            TAG_KEY_IDENTIFIER => Ok(Self::KeyIdentifier(element.value.to_vec())),
            _ => Err(CmsError::Malformed(WHAT)),
        }
    }
}

const WHAT: &str = "the identifier of a key";
const TAG_KEY_IDENTIFIER: u32 = 0x80;
