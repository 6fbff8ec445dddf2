//! Encryption under a password as an AlgorithmIdentifier tells it: PBES2 (RFC 8018, 6.2) with PBKDF2 or
//! scrypt, and the schemes of PKCS#12 (RFC 7292, appendix C) with SHA-1.

use const_oid::ObjectIdentifier;

use super::cipher::Cipher;
use super::derivation::{Effort, Password, Purpose, Salted, scrypt};
use super::error::{CONVERT_LEGACY_KEY, ImportError, damaged};
use crate::codec::Secret;
use crate::crypto::DigestAlgorithm;
use crate::crypto::asn1::{Cursor, Element, TAG_INTEGER, TAG_OCTET_STRING, TAG_SEQUENCE};

/// Decrypts `data` as `algorithm` (an AlgorithmIdentifier) says. `Ok(None)` when the padding is wrong: the
/// password is, or the data are damaged. Errors: `Unsupported`, `TooManyRounds`, `Damaged` for parameters
/// that do not parse.
pub(super) fn decrypt(
    algorithm: &Element<'_>,
    data: &[u8],
    password: &Password,
    effort: &mut Effort,
) -> Result<Option<Secret>, ImportError> {
    let mut fields = algorithm.children(WHAT);
    let scheme = oid(&fields.any()?)?;
    let parameters = fields.expect(TAG_SEQUENCE)?;
    if scheme == PBES2 {
        return pbes2(&parameters, data, password, effort);
    }
    let Some((_, cipher)) = PKCS12_SCHEMES.into_iter().find(|(known, _)| *known == scheme) else {
        return Err(unsupported(&scheme));
    };
    let mut parameters = parameters.children(WHAT);
    let salt = parameters.expect(TAG_OCTET_STRING)?.value;
    let rounds = number(&parameters.expect(TAG_INTEGER)?)?;
    let salted = Salted { digest: DigestAlgorithm::Sha1, salt, rounds };
    let password = password.utf16.expose();
    let key = salted.pkcs12(Purpose::Key, password, cipher.key_len(), effort)?;
    let iv = salted.pkcs12(Purpose::Iv, password, cipher.block_len(), effort)?;
    Ok(cipher.decrypt(&key, iv.expose(), data))
}

/// A non-negative INTEGER as a number; one beyond 64 bits is the largest. Errors: `Damaged`.
pub(super) fn number(element: &Element<'_>) -> Result<u64, ImportError> {
    match element.value.first() {
        Some(first) if element.tag == TAG_INTEGER && first & 0x80 == 0 => Ok(element
            .value
            .iter()
            .try_fold(0u64, |sum, byte| sum.checked_mul(0x100).map(|sum| sum | u64::from(*byte)))
            .unwrap_or(u64::MAX)),
        _ => Err(damaged(WHAT)),
    }
}

/// An object identifier. Errors: `Damaged`.
pub(super) fn oid(element: &Element<'_>) -> Result<ObjectIdentifier, ImportError> {
    element.oid().ok_or_else(|| damaged("object identifier"))
}

fn pbes2(
    parameters: &Element<'_>,
    data: &[u8],
    password: &Password,
    effort: &mut Effort,
) -> Result<Option<Secret>, ImportError> {
    let mut parts = parameters.children(WHAT);
    let derivation = parts.expect(TAG_SEQUENCE)?;
    let mut encryption = parts.expect(TAG_SEQUENCE)?.children(WHAT);
    let scheme = oid(&encryption.any()?)?;
    let Some((_, cipher)) = CIPHERS.into_iter().find(|(known, _)| *known == scheme) else {
        return Err(unsupported(&scheme));
    };
    let iv = encryption.expect(TAG_OCTET_STRING)?.value;
    if iv.len() != cipher.block_len() {
        return Err(damaged(WHAT));
    }
    let key = derive(&derivation, password.bytes.expose(), cipher.key_len(), effort)?;
    Ok(cipher.decrypt(&key, iv, data))
}

/// Derives a key as an AlgorithmIdentifier says.
fn derive(
    algorithm: &Element<'_>,
    password: &[u8],
    key_len: usize,
    effort: &mut Effort,
) -> Result<Secret, ImportError> {
    let mut fields = algorithm.children(WHAT);
    let scheme = oid(&fields.any()?)?;
    let mut parameters = fields.expect(TAG_SEQUENCE)?.children(WHAT);
    match scheme {
        PBKDF2 => {
            let salt = parameters.expect(TAG_OCTET_STRING)?.value;
            let rounds = number(&parameters.expect(TAG_INTEGER)?)?;
            check_key_len(&mut parameters, key_len)?;
            let digest = match parameters.optional(TAG_SEQUENCE) {
                Some(prf) => pseudo_random_digest(&prf)?,
                None => DigestAlgorithm::Sha1,
            };
            Salted { digest, salt, rounds }.pbkdf2(password, key_len, effort)
        }
        SCRYPT => {
            let salt = parameters.expect(TAG_OCTET_STRING)?.value;
            let mut next = || number(&parameters.expect(TAG_INTEGER)?);
            let numbers = [next()?, next()?, next()?];
            check_key_len(&mut parameters, key_len)?;
            scrypt(password, salt, numbers, key_len, effort)
        }
        other => Err(unsupported(&other)),
    }
}

/// The length of the key may be repeated among the parameters of its derivation.
fn check_key_len(parameters: &mut Cursor<'_>, key_len: usize) -> Result<(), ImportError> {
    match parameters.optional(TAG_INTEGER) {
        Some(length) if number(&length)? != key_len as u64 => Err(damaged(WHAT)),
        _ => Ok(()),
    }
}

/// The digest of an HMAC, as its AlgorithmIdentifier names it. Errors: `Unsupported`.
pub(super) fn pseudo_random_digest(algorithm: &Element<'_>) -> Result<DigestAlgorithm, ImportError> {
    let id = oid(&algorithm.children(WHAT).any()?)?;
    let known = HMACS.into_iter().find(|(known, _)| *known == id);
    known.map(|(_, digest)| digest).ok_or_else(|| unsupported(&id))
}

fn unsupported(id: &ObjectIdentifier) -> ImportError {
    let numbers = id.to_string();
    let known = OTHERS.into_iter().find(|(known, _)| *known == numbers);
    let name = known.map_or(numbers, |(_, name)| name.to_owned());
    ImportError::Unsupported { what: format!("encryption by {name}"), convert: Some(CONVERT_LEGACY_KEY) }
}

const WHAT: &str = "encryption parameters";

// RFC 8018, A.2 and A.4; RFC 7914, 7.
const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
pub(super) const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");

/// RFC 8018, B.2; NIST's arc (CSOR) for AES.
const CIPHERS: [(ObjectIdentifier, Cipher); 4] = [
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2"), Cipher::Aes(16)),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22"), Cipher::Aes(24)),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42"), Cipher::Aes(32)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.3.7"), Cipher::TripleDes(24)),
];

/// RFC 7292, appendix C.
const PKCS12_SCHEMES: [(ObjectIdentifier, Cipher); 4] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3"), Cipher::TripleDes(24)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4"), Cipher::TripleDes(16)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5"), Cipher::Rc2(16)),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6"), Cipher::Rc2(5)),
];

/// RFC 8018, B.1.
const HMACS: [(ObjectIdentifier, DigestAlgorithm); 5] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.7"), DigestAlgorithm::Sha1),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.8"), DigestAlgorithm::Sha224),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.9"), DigestAlgorithm::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.10"), DigestAlgorithm::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.11"), DigestAlgorithm::Sha512),
];

/// What is not read, by the names that openssl gives it.
const OTHERS: [(&str, &str); 10] = [
    ("1.2.840.113549.1.5.1", "PBE-MD2-DES"),
    ("1.2.840.113549.1.5.3", "PBE-MD5-DES"),
    ("1.2.840.113549.1.5.4", "PBE-MD2-RC2-64"),
    ("1.2.840.113549.1.5.6", "PBE-MD5-RC2-64"),
    ("1.2.840.113549.1.5.10", "PBE-SHA1-DES"),
    ("1.2.840.113549.1.5.11", "PBE-SHA1-RC2-64"),
    ("1.2.840.113549.1.12.1.1", "PBE-SHA1-RC4-128"),
    ("1.2.840.113549.1.12.1.2", "PBE-SHA1-RC4-40"),
    ("1.2.840.113549.3.2", "RC2-CBC"),
    ("1.3.14.3.2.7", "DES-CBC"),
];
