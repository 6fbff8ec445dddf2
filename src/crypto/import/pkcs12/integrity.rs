//! The outermost structure of PKCS#12 (PFX, RFC 7292, 4) and its checksum under the password.

use const_oid::ObjectIdentifier;

use super::super::ber;
use super::super::derivation::{Effort, Password, Purpose, Salted, hmac};
use super::super::encryption::{number, oid};
use super::super::error::{CONVERT_PKCS12, ImportError, damaged};
use super::{WHAT, bags};
use crate::codec::Secret;
use crate::crypto::DigestAlgorithm;
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};

/// A PFX taken apart.
pub(super) struct Envelope {
    /// AuthenticatedSafe, as it stands in the file: what the checksum is over.
    pub authenticated: Secret,
    checksum: Option<Checksum>,
}

/// MacData.
struct Checksum {
    digest: DigestAlgorithm,
    salt: Vec<u8>,
    rounds: u64,
    mac: Secret,
}

impl Envelope {
    /// Takes a PFX apart. Errors: `Damaged`; `Unsupported` for a checksum by public key, or by another
    /// algorithm than HMAC over SHA-1 and SHA-2.
    pub fn parse(der: &[u8]) -> Result<Self, ImportError> {
        let mut fields = Cursor::new(der, WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
        fields.expect(TAG_INTEGER)?;
        let mut content = fields.expect(TAG_SEQUENCE)?.children(WHAT);
        let kind = oid(&content.expect(TAG_OID)?)?;
        if kind != DATA {
            return Err(unsupported(format!("PKCS#12 of the kind {kind}")));
        }
        let data = content.expect(TAG_EXPLICIT)?.children(WHAT).expect(TAG_OCTET_STRING)?;
        let checksum = if fields.is_at_end() { None } else { Some(Checksum::parse(&fields.any()?)?) };
        Ok(Self { authenticated: Secret::from(data.value), checksum })
    }

    /// True when the file has a checksum.
    pub fn has_checksum(&self) -> bool {
        self.checksum.is_some()
    }

    /// True when the checksum is that of the password; without a checksum, when the password opens a part,
    /// or there is nothing to be opened. Errors: `TooManyRounds`, `Unsupported`, `Damaged`.
    pub fn is_opened_by(&self, password: &Password, effort: &mut Effort) -> Result<bool, ImportError> {
        let Some(checksum) = &self.checksum else {
            return Ok(!bags::is_encrypted(self)? || bags::any_opened_by(self, password, effort)?);
        };
        let Checksum { digest, salt, rounds, mac } = checksum;
        let salted = Salted { digest: *digest, salt, rounds: *rounds };
        let key = salted.pkcs12(Purpose::Mac, password.utf16.expose(), digest.output_len(), effort)?;
        Ok(hmac(*digest, &key, self.authenticated.expose())? == *mac)
    }

    /// AuthenticatedSafe in DER.
    pub fn contents(&self) -> Result<Secret, ImportError> {
        ber::to_der(self.authenticated.expose(), WHAT)
    }
}

impl Checksum {
    fn parse(element: &Element<'_>) -> Result<Self, ImportError> {
        let mut fields = element.children(WHAT);
        let mut info = fields.expect(TAG_SEQUENCE)?.children(WHAT);
        let algorithm = oid(&info.expect(TAG_SEQUENCE)?.children(WHAT).any()?)?;
        let digest = DigestAlgorithm::from_oid(&algorithm)
            .ok_or_else(|| unsupported(format!("a PKCS#12 checksum by {}", name(&algorithm))))?;
        let mac = Secret::from(info.expect(TAG_OCTET_STRING)?.value);
        let salt = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
        let rounds = if fields.is_at_end() { 1 } else { number(&fields.any()?)? };
        if mac.len() != digest.output_len() {
            return Err(damaged(WHAT));
        }
        Ok(Self { digest, salt, rounds, mac })
    }
}

fn name(algorithm: &ObjectIdentifier) -> String {
    match *algorithm {
        PBMAC1 => "PBMAC1".to_owned(),
        other => other.to_string(),
    }
}

fn unsupported(what: String) -> ImportError {
    ImportError::Unsupported { what, convert: Some(CONVERT_PKCS12) }
}

/// PKCS#7 data.
pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// RFC 9579.
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");
pub(super) const TAG_EXPLICIT: u32 = 0xA0;
