//! Message digests: SHA-1, SHA-2, SHA-3 in one stream type, and the PKCS#1 DigestInfo around them.

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912;
use sha2::Digest as _;

use super::asn1::{Element, TAG_NULL, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};
use crate::codec::tlv;

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestAlgorithm {
    /// SHA-1 (FIPS 180-4), 20 bytes.
    Sha1,
    /// SHA-224 (FIPS 180-4), 28 bytes.
    Sha224,
    /// SHA-256 (FIPS 180-4), 32 bytes.
    Sha256,
    /// SHA-384 (FIPS 180-4), 48 bytes.
    Sha384,
    /// SHA-512 (FIPS 180-4), 64 bytes.
    Sha512,
    /// SHA3-224 (FIPS 202), 28 bytes.
    Sha3_224,
    /// SHA3-256 (FIPS 202), 32 bytes.
    Sha3_256,
    /// SHA3-384 (FIPS 202), 48 bytes.
    Sha3_384,
    /// SHA3-512 (FIPS 202), 64 bytes.
    Sha3_512,
}

impl DigestAlgorithm {
    /// Every digest, weakest first.
    pub const ALL: [Self; 9] = [
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// Bytes of the result: 32 for SHA-256.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }

    /// The name of the standard: `SHA-256`, `SHA3-256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha3_224 => "SHA3-224",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_384 => "SHA3-384",
            Self::Sha3_512 => "SHA3-512",
        }
    }

    /// The algorithm of a name, in any case, with or without hyphens: `sha256`, `SHA-256`, `sha3_256`.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
        let wanted = plain(name);
        Self::ALL.into_iter().find(|algorithm| plain(algorithm.name()) == wanted)
    }

    /// The object identifier (RFC 5912; FIPS 202 for SHA-3).
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => rfc5912::ID_SHA_1,
            Self::Sha224 => rfc5912::ID_SHA_224,
            Self::Sha256 => rfc5912::ID_SHA_256,
            Self::Sha384 => rfc5912::ID_SHA_384,
            Self::Sha512 => rfc5912::ID_SHA_512,
            Self::Sha3_224 => ID_SHA3_224,
            Self::Sha3_256 => ID_SHA3_256,
            Self::Sha3_384 => ID_SHA3_384,
            Self::Sha3_512 => ID_SHA3_512,
        }
    }

    /// The algorithm of an object identifier, if it is one of ours.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.oid() == *oid)
    }

    /// The digest that an AlgorithmIdentifier names; its parameters are absent or NULL (RFC 5754, 2).
    pub(super) fn from_identifier(identifier: &Element<'_>) -> Option<Self> {
        const WHAT: &str = "digest algorithm";
        let mut fields = (identifier.tag == TAG_SEQUENCE).then(|| identifier.children(WHAT))?;
        let found = Self::from_oid(&fields.any().ok()?.oid()?)?;
        let is_plain = fields.is_at_end() || fields.expect(TAG_NULL).is_ok_and(|null| null.value.is_empty());
        (is_plain && fields.is_at_end()).then_some(found)
    }

    /// The AlgorithmIdentifier without parameters (RFC 5754, 2), DER.
    pub(super) fn identifier_der(self) -> Vec<u8> {
        tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_OID, self.oid().as_bytes()))
    }

    /// PKCS#1 DigestInfo (RFC 8017, 9.2) around a finished digest, DER. The digest is taken as it is:
    /// whoever gives one of another length than [`Self::output_len`] gets that length encoded.
    pub fn digest_info(self, digest: &[u8]) -> Vec<u8> {
        let mut algorithm = tlv::encode(TAG_OID, self.oid().as_bytes());
        tlv::write(&mut algorithm, TAG_NULL, &[]);
        let mut info = tlv::encode(TAG_SEQUENCE, &algorithm);
        tlv::write(&mut info, TAG_OCTET_STRING, digest);
        tlv::encode(TAG_SEQUENCE, &info)
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest being computed.
#[derive(Debug, Clone)]
pub struct Digester(State);

#[derive(Debug, Clone)]
enum State {
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha3_224(sha3::Sha3_224),
    Sha3_256(sha3::Sha3_256),
    Sha3_384(sha3::Sha3_384),
    Sha3_512(sha3::Sha3_512),
}

impl Digester {
    /// Starts with no data.
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha1 => State::Sha1(Default::default()),
            DigestAlgorithm::Sha224 => State::Sha224(Default::default()),
            DigestAlgorithm::Sha256 => State::Sha256(Default::default()),
            DigestAlgorithm::Sha384 => State::Sha384(Default::default()),
            DigestAlgorithm::Sha512 => State::Sha512(Default::default()),
            DigestAlgorithm::Sha3_224 => State::Sha3_224(Default::default()),
            DigestAlgorithm::Sha3_256 => State::Sha3_256(Default::default()),
            DigestAlgorithm::Sha3_384 => State::Sha3_384(Default::default()),
            DigestAlgorithm::Sha3_512 => State::Sha3_512(Default::default()),
        })
    }

    /// Takes in more data.
    pub fn update(&mut self, data: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(data),
            State::Sha224(state) => state.update(data),
            State::Sha256(state) => state.update(data),
            State::Sha384(state) => state.update(data),
            State::Sha512(state) => state.update(data),
            State::Sha3_224(state) => state.update(data),
            State::Sha3_256(state) => state.update(data),
            State::Sha3_384(state) => state.update(data),
            State::Sha3_512(state) => state.update(data),
        }
    }

    /// The digest of everything taken in.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha224(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
            State::Sha3_224(state) => state.finalize().to_vec(),
            State::Sha3_256(state) => state.finalize().to_vec(),
            State::Sha3_384(state) => state.finalize().to_vec(),
            State::Sha3_512(state) => state.finalize().to_vec(),
        }
    }
}

/// The digest of `data` in one call.
pub fn digest(algorithm: DigestAlgorithm, data: &[u8]) -> Vec<u8> {
    let mut digester = Digester::new(algorithm);
    digester.update(data);
    digester.finish()
}

// NIST's hash algorithm arc, 2.16.840.1.101.3.4.2 (CSOR).
const ID_SHA3_224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.7");
const ID_SHA3_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.8");
const ID_SHA3_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.9");
const ID_SHA3_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.10");

#[cfg(test)]
mod tests;
