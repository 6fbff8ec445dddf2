//! The outermost structure of PKCS#12 (PFX, RFC 7292, 4) and its checksum under the password.

use std::ops::RangeInclusive;

use const_oid::ObjectIdentifier;

use super::super::ber;
use super::super::derivation::{Effort, Password, Purpose, Salted, hmac};
use super::super::encryption::{PBKDF2, number, oid, pseudo_random_digest};
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
    /// The digest of the HMAC.
    digest: DigestAlgorithm,
    derivation: Derivation,
    mac: Secret,
}

/// How the key of the checksum is derived.
enum Derivation {
    /// The way of PKCS#12.
    Pkcs12 { salt: Vec<u8>, rounds: u64 },
    /// PBKDF2 with HMAC over `digest` (PBMAC1, RFC 9579).
    Pbkdf2 { digest: DigestAlgorithm, salt: Vec<u8>, rounds: u64, key_len: usize },
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
        let Checksum { digest, derivation, mac } = checksum;
        let key = match derivation {
            Derivation::Pkcs12 { salt, rounds } => {
                let salted = Salted { digest: *digest, salt, rounds: *rounds };
                salted.pkcs12(Purpose::Mac, password.utf16.expose(), digest.output_len(), effort)?
            }
            Derivation::Pbkdf2 { digest, salt, rounds, key_len } => {
                let salted = Salted { digest: *digest, salt, rounds: *rounds };
                salted.pbkdf2(password.bytes.expose(), *key_len, effort)?
            }
        };
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
        let algorithm = info.expect(TAG_SEQUENCE)?;
        let mac = Secret::from(info.expect(TAG_OCTET_STRING)?.value);
        let salt = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
        let rounds = if fields.is_at_end() { 1 } else { number(&fields.any()?)? };

        let mut parts = algorithm.children(WHAT);
        let id = oid(&parts.any()?)?;
        let (digest, derivation) = if id == PBMAC1 {
            pbmac1(&parts.expect(TAG_SEQUENCE)?)?
        } else {
            let digest = DigestAlgorithm::from_oid(&id)
                .ok_or_else(|| unsupported(format!("a PKCS#12 checksum by {id}")))?;
            (digest, Derivation::Pkcs12 { salt, rounds })
        };
        if mac.len() != digest.output_len() {
            return Err(damaged(WHAT));
        }
        Ok(Self { digest, derivation, mac })
    }
}

/// The parameters of PBMAC1 (RFC 8018, A.5): the digest of the HMAC, and the derivation of its key.
fn pbmac1(parameters: &Element<'_>) -> Result<(DigestAlgorithm, Derivation), ImportError> {
    let mut parts = parameters.children(WHAT);
    let mut function = parts.expect(TAG_SEQUENCE)?.children(WHAT);
    let scheme = parts.expect(TAG_SEQUENCE)?;
    if oid(&function.any()?)? != PBKDF2 {
        return Err(unsupported("a PKCS#12 checksum by PBMAC1 without PBKDF2".to_owned()));
    }
    let mut fields = function.expect(TAG_SEQUENCE)?.children(WHAT);
    let salt = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
    let rounds = number(&fields.expect(TAG_INTEGER)?)?;
    // RFC 9579, 5: the length must be there. A key of a byte or two would fit every password soon.
    let key_len = number(&fields.expect(TAG_INTEGER)?)?;
    let key_len = usize::try_from(key_len).ok().filter(|len| MAC_KEY_LENS.contains(len));
    let digest = match fields.optional(TAG_SEQUENCE) {
        Some(prf) => pseudo_random_digest(&prf)?,
        None => DigestAlgorithm::Sha1,
    };
    let key_len = key_len.ok_or_else(|| damaged(WHAT))?;
    Ok((pseudo_random_digest(&scheme)?, Derivation::Pbkdf2 { digest, salt, rounds, key_len }))
}

fn unsupported(what: String) -> ImportError {
    ImportError::Unsupported { what, convert: Some(CONVERT_PKCS12) }
}

/// PKCS#7 data.
pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// RFC 8018, A.5.
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");
/// From the shortest that RFC 9579 allows to the block of SHA-512.
const MAC_KEY_LENS: RangeInclusive<usize> = 20..=128;
pub(super) const TAG_EXPLICIT: u32 = 0xA0;
