//! SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 3279, 5480 and 8410 for what is in it), DER and PEM.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use const_oid::db::rfc8410::{ID_ED_25519, ID_X_25519};
use der::pem::{self, LineEnding};

use super::PublicKey;
use crate::codec::tlv;
use crate::crypto::CryptoError;
use crate::crypto::asn1::{Cursor, TAG_BIT_STRING, TAG_INTEGER, TAG_NULL, TAG_OID, TAG_SEQUENCE};
use crate::crypto::integer::trim;

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo; bytes behind it are not looked at. Errors: `Malformed`; `Unsupported`
    /// for another algorithm or curve; `InvalidKey` and `InvalidPoint` for numbers that are no key.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, CryptoError> {
        let mut info = Cursor::new(der, WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
        let mut algorithm = info.expect(TAG_SEQUENCE)?.children(WHAT);
        let bits = info.expect(TAG_BIT_STRING)?;
        let key = bits.whole_bits().ok_or_else(|| malformed(der::Tag::BitString))?;
        let oid = algorithm.any()?.oid().ok_or_else(|| malformed(der::Tag::ObjectIdentifier))?;
        match oid {
            RSA_ENCRYPTION => {
                let mut numbers =
                    Cursor::new(key, "RSA public key").expect(TAG_SEQUENCE)?.children("RSA public key");
                Self::from_rsa(numbers.expect(TAG_INTEGER)?.value, numbers.expect(TAG_INTEGER)?.value)
            }
            ID_EC_PUBLIC_KEY => Self::from_ec_point(algorithm.any()?.named_curve()?, key),
            ID_ED_25519 => Self::from_ed25519(key),
            ID_X_25519 => Self::from_x25519(key),
            other => Err(CryptoError::Unsupported(algorithm_text(&other))),
        }
    }

    /// The key as SubjectPublicKeyInfo, DER.
    pub fn to_spki_der(&self) -> Vec<u8> {
        let mut algorithm = Vec::new();
        match self {
            Self::Rsa { .. } => {
                tlv::write(&mut algorithm, TAG_OID, RSA_ENCRYPTION.as_bytes());
                tlv::write(&mut algorithm, TAG_NULL, &[]);
            }
            Self::Ec { curve, .. } => {
                tlv::write(&mut algorithm, TAG_OID, ID_EC_PUBLIC_KEY.as_bytes());
                algorithm.extend_from_slice(&curve.parameters_der());
            }
            Self::Ed25519(_) => tlv::write(&mut algorithm, TAG_OID, ID_ED_25519.as_bytes()),
            Self::X25519(_) => tlv::write(&mut algorithm, TAG_OID, ID_X_25519.as_bytes()),
        }
        let mut key = vec![0]; // no unused bits
        key.extend_from_slice(&self.key_bits());
        let mut info = tlv::encode(TAG_SEQUENCE, &algorithm);
        tlv::write(&mut info, TAG_BIT_STRING, &key);
        tlv::encode(TAG_SEQUENCE, &info)
    }

    /// What is in the BIT STRING: RSAPublicKey of PKCS#1, the uncompressed point, or the bare key.
    pub(super) fn key_bits(&self) -> Vec<u8> {
        match self {
            Self::Rsa { modulus, exponent } => {
                let mut numbers = unsigned_integer(modulus);
                numbers.extend_from_slice(&unsigned_integer(exponent));
                tlv::encode(TAG_SEQUENCE, &numbers)
            }
            Self::Ec { point, .. } => point.clone(),
            Self::Ed25519(key) | Self::X25519(key) => key.to_vec(),
        }
    }

    /// The key as PEM, `-----BEGIN PUBLIC KEY-----`, with a line feed at the end.
    pub fn to_spki_pem(&self) -> String {
        // Fails only for a label that PEM cannot hold or a text beyond the address space.
        pem::encode_string("PUBLIC KEY", LineEnding::LF, &self.to_spki_der()).unwrap_or_default()
    }
}

fn algorithm_text(oid: &ObjectIdentifier) -> String {
    const_oid::db::DB
        .by_oid(oid)
        .map_or_else(|| format!("public key algorithm {oid}"), |name| format!("public key algorithm {name}"))
}

/// A non-negative INTEGER.
fn unsigned_integer(bytes: &[u8]) -> Vec<u8> {
    let digits = trim(bytes);
    let sign = digits.first().is_none_or(|byte| byte & 0x80 != 0);
    let mut value = if sign { vec![0] } else { Vec::new() };
    value.extend_from_slice(digits);
    tlv::encode(TAG_INTEGER, &value)
}

fn malformed(tag: der::Tag) -> CryptoError {
    CryptoError::Malformed { what: WHAT, source: der::ErrorKind::Value { tag }.into() }
}

const WHAT: &str = "public key";
