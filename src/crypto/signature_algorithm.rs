//! Signature algorithms of certificates and requests: identifiers, and verification in X.509's form.

use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5912, rfc8410};
use spki::AlgorithmIdentifierOwned;

use super::asn1::{Cursor, TAG_NULL, TAG_SEQUENCE};
use super::digest::{DigestAlgorithm, digest};
use super::rsa::PssParameters;
use super::{CryptoError, PublicKey, ec, ed25519, rsa};

/// How a certificate is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSA PKCS#1 v1.5 over a digest.
    RsaPkcs1(DigestAlgorithm),
    /// RSA-PSS over a digest.
    RsaPss(PssParameters),
    /// ECDSA over a digest.
    Ecdsa(DigestAlgorithm),
    /// Ed25519 over the message itself (RFC 8410).
    Ed25519,
}

impl SignatureAlgorithm {
    /// Every algorithm that its object identifier alone names: all but PSS, which has parameters.
    pub fn all() -> impl Iterator<Item = Self> {
        let digesting = |digest| [Self::RsaPkcs1(digest), Self::Ecdsa(digest)];
        DigestAlgorithm::ALL.into_iter().flat_map(digesting).chain([Self::Ed25519])
    }

    /// What a key signs with when nobody says otherwise: SHA-256, and the curve's size of SHA-2 for larger
    /// curves. Errors: `Unsupported` for a key that does not sign.
    pub fn for_key(public: &PublicKey) -> Result<Self, CryptoError> {
        Ok(match public {
            PublicKey::Rsa { .. } => Self::RsaPkcs1(DigestAlgorithm::Sha256),
            PublicKey::Ec { curve, .. } => Self::Ecdsa(match curve.bits() {
                ..=256 => DigestAlgorithm::Sha256,
                257..=384 => DigestAlgorithm::Sha384,
                _ => DigestAlgorithm::Sha512,
            }),
            PublicKey::Ed25519(_) => Self::Ed25519,
            PublicKey::X25519(_) => {
                return Err(CryptoError::Unsupported("a signature with X25519".to_owned()));
            }
        })
    }

    /// The digest that is signed; `None` where the message itself is.
    pub fn digest(self) -> Option<DigestAlgorithm> {
        match self {
            Self::RsaPkcs1(digest) | Self::Ecdsa(digest) => Some(digest),
            Self::RsaPss(parameters) => Some(parameters.hash),
            Self::Ed25519 => None,
        }
    }

    /// The object identifier (RFC 5912; NIST's arc for SHA-3).
    pub fn oid(self) -> ObjectIdentifier {
        use DigestAlgorithm as D;
        match self {
            Self::RsaPkcs1(D::Sha1) => rfc5912::SHA_1_WITH_RSA_ENCRYPTION,
            Self::RsaPkcs1(D::Sha224) => rfc5912::SHA_224_WITH_RSA_ENCRYPTION,
            Self::RsaPkcs1(D::Sha256) => rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
            Self::RsaPkcs1(D::Sha384) => rfc5912::SHA_384_WITH_RSA_ENCRYPTION,
            Self::RsaPkcs1(D::Sha512) => rfc5912::SHA_512_WITH_RSA_ENCRYPTION,
            Self::RsaPkcs1(D::Sha3_224) => numbers("2.16.840.1.101.3.4.3.13"),
            Self::RsaPkcs1(D::Sha3_256) => numbers("2.16.840.1.101.3.4.3.14"),
            Self::RsaPkcs1(D::Sha3_384) => numbers("2.16.840.1.101.3.4.3.15"),
            Self::RsaPkcs1(D::Sha3_512) => numbers("2.16.840.1.101.3.4.3.16"),
            Self::RsaPss(_) => rfc5912::ID_RSASSA_PSS,
            Self::Ecdsa(D::Sha1) => numbers("1.2.840.10045.4.1"),
            Self::Ecdsa(D::Sha224) => rfc5912::ECDSA_WITH_SHA_224,
            Self::Ecdsa(D::Sha256) => rfc5912::ECDSA_WITH_SHA_256,
            Self::Ecdsa(D::Sha384) => rfc5912::ECDSA_WITH_SHA_384,
            Self::Ecdsa(D::Sha512) => rfc5912::ECDSA_WITH_SHA_512,
            Self::Ecdsa(D::Sha3_224) => numbers("2.16.840.1.101.3.4.3.9"),
            Self::Ecdsa(D::Sha3_256) => numbers("2.16.840.1.101.3.4.3.10"),
            Self::Ecdsa(D::Sha3_384) => numbers("2.16.840.1.101.3.4.3.11"),
            Self::Ecdsa(D::Sha3_512) => numbers("2.16.840.1.101.3.4.3.12"),
            Self::Ed25519 => rfc8410::ID_ED_25519,
        }
    }

    /// The algorithm that an AlgorithmIdentifier (DER) names, if it is one of ours with the right parameters:
    /// for PSS its own, else absent or NULL (for ECDSA NULL is wrong, but seen).
    pub fn from_identifier_der(identifier: &[u8]) -> Option<Self> {
        let mut outer = Cursor::new(identifier, WHAT);
        let mut fields = outer.expect(TAG_SEQUENCE).ok().filter(|_| outer.is_at_end())?.children(WHAT);
        let oid = fields.any().ok()?.oid()?;
        let parameters = if fields.is_at_end() { None } else { Some(fields.any().ok()?) };
        if !fields.is_at_end() {
            return None;
        }
        if oid == rfc5912::ID_RSASSA_PSS {
            return PssParameters::from_der(parameters?.raw).map(Self::RsaPss);
        }
        let is_plain = parameters.is_none_or(|null| null.tag == TAG_NULL && null.value.is_empty());
        Self::from_oid(&oid).filter(|_| is_plain)
    }

    /// The algorithm of an object identifier, if it is one of ours.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::all().find(|algorithm| algorithm.oid() == *oid)
    }

    /// The AlgorithmIdentifier: RSA with NULL parameters (RFC 4055), PSS with its own, ECDSA and Ed25519 with none
    /// (RFC 5758, RFC 8410).
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        let parameters = match self {
            Self::RsaPkcs1(_) => Some(der::asn1::Null.into()),
            Self::RsaPss(parameters) => der::Decode::from_der(&parameters.to_der()).ok(),
            Self::Ecdsa(_) | Self::Ed25519 => None,
        };
        AlgorithmIdentifierOwned { oid: self.oid(), parameters }
    }

    /// Lets `sign` sign a body and puts the signature (PKCS#11's form: for ECDSA r‖s) into X.509's form.
    /// Errors: those of `sign`; `SignatureMismatch` when the signature is not that of the key.
    pub(super) fn sign_x509<E: From<CryptoError>>(
        self,
        public: &PublicKey,
        body: &[u8],
        sign: impl FnOnce(Self, &[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let signature = sign(self, body)?;
        let signature = x509_signature(public, &signature)?;
        if self.verify(public, body, &signature)? {
            Ok(signature)
        } else {
            Err(CryptoError::SignatureMismatch.into())
        }
    }

    /// Verifies a signature in X.509's form (ECDSA as DER) over a message. `Ok(false)` for any that does not
    /// fit, a key of another family among them. Errors: `InvalidKey` and `InvalidPoint` for a broken key.
    pub fn verify(self, public: &PublicKey, message: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
        match plain_signature(public, signature) {
            Some(signature) => self.verify_plain(public, message, &signature),
            None => Ok(false),
        }
    }

    /// As [`Self::verify`] for a signature in PKCS#11's form (ECDSA as r‖s).
    pub fn verify_plain(
        self,
        public: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        match (self, public) {
            (Self::Ed25519, PublicKey::Ed25519(key)) => ed25519::verify(key, message, signature),
            _ => match self.digest() {
                Some(hash) => self.verify_hashed(public, &digest(hash, message), signature),
                None => Ok(false),
            },
        }
    }

    /// As [`Self::verify_plain`] for the digest of a message that is elsewhere; Ed25519 has none, and nothing fits.
    pub fn verify_hashed(
        self,
        public: &PublicKey,
        hashed: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoError> {
        match (self, public) {
            (Self::RsaPkcs1(algorithm), PublicKey::Rsa { .. }) => {
                rsa::pkcs1_verify(public, &algorithm.digest_info(hashed), signature)
            }
            (Self::RsaPss(parameters), PublicKey::Rsa { .. }) => {
                rsa::pss_verify(public, &parameters, hashed, signature)
            }
            (Self::Ecdsa(_), PublicKey::Ec { .. }) => ec::verify(public, hashed, signature),
            _ => Ok(false),
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(digest) => write!(f, "RSA with {digest}"),
            Self::RsaPss(PssParameters { hash, .. }) => write!(f, "RSA-PSS with {hash}"),
            Self::Ecdsa(digest) => write!(f, "ECDSA with {digest}"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// A signature in X.509's form (ECDSA as DER) in PKCS#11's (r‖s); `None` for one that is none.
pub fn plain_signature(public: &PublicKey, signature: &[u8]) -> Option<Vec<u8>> {
    match public.ec() {
        Some((curve, _)) => ec::signature_from_der(curve, signature).ok(),
        None => Some(signature.to_vec()),
    }
}

/// A signature in PKCS#11's form in X.509's (ECDSA as DER). Errors: `Malformed` for one that is none.
pub fn x509_signature(public: &PublicKey, signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
    match public.ec() {
        Some(_) => ec::signature_to_der(signature),
        None => Ok(signature.to_vec()),
    }
}

const WHAT: &str = "signature algorithm";

/// An identifier that the database of const-oid lacks: ANSI X9.62 for SHA-1, NIST's arc (CSOR) for SHA-3.
fn numbers(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}
