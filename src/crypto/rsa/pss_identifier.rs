//! RSASSA-PSS-params (RFC 4055, 3.1): the parameters of PSS as certificates and CMS name them, DER.

use const_oid::db::rfc5912;

use super::PssParameters;
use crate::codec::tlv;
use crate::crypto::DigestAlgorithm;
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_NULL, TAG_OID, TAG_SEQUENCE};

impl PssParameters {
    /// RSASSA-PSS-params, DER: what is the default of RFC 4055 (SHA-1, 20 bytes of salt) is left out.
    pub fn to_der(self) -> Vec<u8> {
        let mut fields = Vec::new();
        if self.hash != DEFAULT_HASH {
            tlv::write(&mut fields, TAG_HASH, &digest_identifier(self.hash));
        }
        if self.mgf != DEFAULT_HASH {
            let mut mgf = tlv::encode(TAG_OID, rfc5912::ID_MGF_1.as_bytes());
            mgf.extend_from_slice(&digest_identifier(self.mgf));
            tlv::write(&mut fields, TAG_MGF, &tlv::encode(TAG_SEQUENCE, &mgf));
        }
        if self.salt_len != DEFAULT_SALT_LEN {
            tlv::write(&mut fields, TAG_SALT, &tlv::encode(TAG_INTEGER, &unsigned(self.salt_len)));
        }
        tlv::encode(TAG_SEQUENCE, &fields)
    }

    /// Reads RSASSA-PSS-params, DER. `None` for what is none, or names a digest or mask that we do not have.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut outer = Cursor::new(der, WHAT);
        let mut fields = outer.expect(TAG_SEQUENCE).ok()?.children(WHAT);
        let hash = match fields.optional(TAG_HASH) {
            Some(wrapped) => DigestAlgorithm::from_identifier(&only(&wrapped)?)?,
            None => DEFAULT_HASH,
        };
        let mgf = match fields.optional(TAG_MGF) {
            Some(wrapped) => {
                let mut parts = only(&wrapped).filter(|mgf| mgf.tag == TAG_SEQUENCE)?.children(WHAT);
                let is_mgf1 = parts.any().ok()?.oid()? == rfc5912::ID_MGF_1;
                let mgf = parts.any().ok().filter(|_| is_mgf1 && parts.is_at_end())?;
                DigestAlgorithm::from_identifier(&mgf)?
            }
            None => DEFAULT_HASH,
        };
        let salt_len = match fields.optional(TAG_SALT) {
            Some(wrapped) => number(&only(&wrapped)?)?,
            None => DEFAULT_SALT_LEN,
        };
        let trailer = match fields.optional(TAG_TRAILER) {
            Some(wrapped) => number(&only(&wrapped)?)?,
            None => TRAILER_BC,
        };
        let is_whole = fields.is_at_end() && outer.is_at_end() && trailer == TRAILER_BC;
        is_whole.then_some(Self { hash, mgf, salt_len })
    }
}

/// AlgorithmIdentifier of a digest with NULL parameters, as RFC 4055 (2.1) wants it here.
fn digest_identifier(digest: DigestAlgorithm) -> Vec<u8> {
    let mut fields = tlv::encode(TAG_OID, digest.oid().as_bytes());
    tlv::write(&mut fields, TAG_NULL, &[]);
    tlv::encode(TAG_SEQUENCE, &fields)
}

/// The one element in an explicit tag.
fn only<'a>(wrapped: &Element<'a>) -> Option<Element<'a>> {
    let mut inner = wrapped.children(WHAT);
    let element = inner.any().ok()?;
    inner.is_at_end().then_some(element)
}

/// A small number that is not negative.
fn number(element: &Element<'_>) -> Option<usize> {
    match (element.tag, element.value) {
        (TAG_INTEGER, [byte @ 0..=0x7F]) => Some(usize::from(*byte)),
        (TAG_INTEGER, [0, low]) if *low >= 0x80 => Some(usize::from(*low)),
        (TAG_INTEGER, [high @ 1..=0x7F, low]) => Some(usize::from(*high) << 8 | usize::from(*low)),
        _ => None,
    }
}

/// The value of an INTEGER; a salt has less than 32768 bytes.
fn unsigned(number: usize) -> Vec<u8> {
    match number {
        0..=0x7F => vec![number as u8],
        _ => vec![(number >> 8) as u8, number as u8],
    }
}

const WHAT: &str = "PSS parameters";
const DEFAULT_HASH: DigestAlgorithm = DigestAlgorithm::Sha1;
const DEFAULT_SALT_LEN: usize = 20;
const TRAILER_BC: usize = 1;
const TAG_HASH: u32 = 0xA0;
const TAG_MGF: u32 = 0xA1;
const TAG_SALT: u32 = 0xA2;
const TAG_TRAILER: u32 = 0xA3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_pass_through_der() {
        for hash in DigestAlgorithm::ALL {
            for mgf in DigestAlgorithm::ALL {
                for salt_len in [0, 20, 32, 127, 128, 255, 256, 400] {
                    let parameters = PssParameters { hash, mgf, salt_len };
                    assert_eq!(PssParameters::from_der(&parameters.to_der()), Some(parameters));
                }
            }
        }
        // RFC 4055, 3.1: nothing at all is SHA-1 and 20 bytes.
        assert_eq!(PssParameters::usual(DigestAlgorithm::Sha1).to_der(), [0x30, 0x00]);
    }

    #[test]
    fn damaged_parameters_are_none() {
        let der = PssParameters { hash: DigestAlgorithm::Sha256, mgf: DigestAlgorithm::Sha384, salt_len: 32 }
            .to_der();
        for end in 0..der.len() {
            assert_eq!(PssParameters::from_der(&der[..end]), None, "cut at {end}");
        }
        assert_eq!(PssParameters::from_der(&[&der[..], &[0]].concat()), None);
        // Another trailer field, a negative salt.
        assert_eq!(PssParameters::from_der(&[0x30, 5, 0xA3, 3, 2, 1, 2]), None);
        assert_eq!(PssParameters::from_der(&[0x30, 5, 0xA2, 3, 2, 1, 0x80]), None);
        assert!(PssParameters::from_der(&[0x30, 5, 0xA3, 3, 2, 1, 1]).is_some());
    }
}
