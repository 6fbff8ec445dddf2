//! A private key of any family, held by this process: signs what a card would sign, and travels as PKCS#8
//! (RFC 5958; RFC 8410 for Ed25519 and X25519), PKCS#1 (RFC 8017) and SEC 1 (RFC 5915).

use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use const_oid::db::rfc8410::{ID_ED_25519, ID_X_25519};

use super::asn1::{Cursor, TAG_BIT_STRING, TAG_INTEGER, TAG_NULL, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};
use super::digest::digest;
use super::ed25519::Ed25519PrivateKey;
use super::x25519::X25519PrivateKey;
use super::{CryptoError, Curve, EcPrivateKey, PublicKey, RsaPrivateKey, SignatureAlgorithm, rsa};
use crate::codec::{Secret, tlv};

/// A private key of any family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrivateKey {
    /// RSA.
    Rsa(RsaPrivateKey),
    /// Elliptic curve.
    Ec(EcPrivateKey),
    /// Ed25519.
    Ed25519(Ed25519PrivateKey),
    /// X25519.
    X25519(X25519PrivateKey),
}

impl PrivateKey {
    /// The public half.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => key.public(),
            Self::Ec(key) => key.public(),
            Self::Ed25519(key) => PublicKey::Ed25519(key.public()),
            Self::X25519(key) => PublicKey::X25519(key.public()),
        }
    }

    /// Signs a message, digested as the algorithm says. Returns PKCS#11's form: modulus length, or r‖s. Errors: `Unsupported` for
    /// an algorithm of another family; `InputLength` for an RSA key too short for the digest; `NoRandom`.
    pub fn sign_message(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        match (self, algorithm) {
            (Self::Rsa(key), SignatureAlgorithm::RsaPkcs1(hash)) => {
                let info = hash.digest_info(&digest(hash, message));
                let block = rsa::pkcs1_sign_encode(&info, key.modulus_len())?;
                Ok(key.raw(&block)?.expose().to_vec())
            }
            (Self::Rsa(key), SignatureAlgorithm::RsaPss(parameters)) => {
                let hashed = digest(parameters.hash, message);
                let block = rsa::pss_encode(&parameters, &hashed, key.modulus_bits())?;
                Ok(key.raw(&block)?.expose().to_vec())
            }
            (Self::Ec(key), SignatureAlgorithm::Ecdsa(hash)) => key.sign(&digest(hash, message)),
            (Self::Ed25519(key), SignatureAlgorithm::Ed25519) => Ok(key.sign(message)),
            _ => {
                Err(CryptoError::Unsupported(format!("{algorithm} with {}", self.public().algorithm_name())))
            }
        }
    }

    /// Reads DER of any of the three kinds that files hold: PKCS#8, PKCS#1, SEC 1, not encrypted.
    /// Errors: those of the kind that it is.
    pub fn from_der(der: &Secret) -> Result<Self, CryptoError> {
        let mut fields = Cursor::new(der.expose(), WHAT).expect(TAG_SEQUENCE)?.children(WHAT);
        fields.expect(TAG_INTEGER)?;
        match fields.any()?.tag {
            TAG_INTEGER => RsaPrivateKey::from_pkcs1_der(der).map(Self::Rsa),
            TAG_OCTET_STRING => EcPrivateKey::from_sec1_der(der).map(Self::Ec),
            _ => Self::from_pkcs8_der(der),
        }
    }

    /// Reads a PKCS#8 PrivateKeyInfo, not encrypted. Errors: `Malformed`; `Unsupported` for another family or
    /// curve; `InvalidKey` for numbers that are no key, or a public half that is another's.
    pub fn from_pkcs8_der(der: &Secret) -> Result<Self, CryptoError> {
        let mut info = Cursor::new(der.expose(), PKCS8).expect(TAG_SEQUENCE)?.children(PKCS8);
        info.expect(TAG_INTEGER)?;
        let mut algorithm = info.expect(TAG_SEQUENCE)?.children(PKCS8);
        let key = info.expect(TAG_OCTET_STRING)?;
        let id = algorithm.expect(TAG_OID)?;
        match id.oid() {
            Some(RSA_ENCRYPTION) => RsaPrivateKey::from_pkcs1_der(&Secret::from(key.value)).map(Self::Rsa),
            Some(ID_EC_PUBLIC_KEY) => {
                let curve = algorithm.any()?.named_curve()?;
                ec_from_sec1(key.value, Some(curve)).map(Self::Ec)
            }
            Some(ID_ED_25519) => {
                let key = Ed25519PrivateKey::from_seed(&curve_private_key(key.value)?)?;
                check_public_half(&mut info, &key.public(), "Ed25519")?;
                Ok(Self::Ed25519(key))
            }
            Some(ID_X_25519) => {
                let key = X25519PrivateKey::from_scalar(&curve_private_key(key.value)?)?;
                check_public_half(&mut info, &key.public(), "X25519")?;
                Ok(Self::X25519(key))
            }
            Some(other) => Err(CryptoError::Unsupported(format!("private key algorithm {other}"))),
            None => Err(CryptoError::Malformed { what: PKCS8, source: der::ErrorKind::OidMalformed.into() }),
        }
    }

    /// The key as PKCS#8 PrivateKeyInfo, DER, not encrypted. Errors: `InvalidKey`.
    pub fn to_pkcs8_der(&self) -> Result<Secret, CryptoError> {
        let mut algorithm = Vec::new();
        let inner = match self {
            Self::Rsa(key) => {
                tlv::write(&mut algorithm, TAG_OID, RSA_ENCRYPTION.as_bytes());
                tlv::write(&mut algorithm, TAG_NULL, &[]);
                key.to_bytes()?
            }
            Self::Ec(key) => {
                tlv::write(&mut algorithm, TAG_OID, ID_EC_PUBLIC_KEY.as_bytes());
                algorithm.extend_from_slice(&key.curve().parameters_der());
                key.to_sec1_der()
            }
            Self::Ed25519(key) => {
                tlv::write(&mut algorithm, TAG_OID, ID_ED_25519.as_bytes());
                Secret::new(tlv::encode(TAG_OCTET_STRING, key.seed().expose()))
            }
            Self::X25519(key) => {
                tlv::write(&mut algorithm, TAG_OID, ID_X_25519.as_bytes());
                Secret::new(tlv::encode(TAG_OCTET_STRING, key.scalar().expose()))
            }
        };
        // Room for everything from the start: a vector that grows leaves copies of the key behind.
        let mut fields = Vec::with_capacity(inner.len() + 64);
        tlv::write(&mut fields, TAG_INTEGER, &[0]);
        tlv::write(&mut fields, TAG_SEQUENCE, &algorithm);
        tlv::write(&mut fields, TAG_OCTET_STRING, inner.expose());
        let fields = Secret::new(fields);
        Ok(Secret::new(tlv::encode(TAG_SEQUENCE, fields.expose())))
    }
}

impl From<RsaPrivateKey> for PrivateKey {
    fn from(key: RsaPrivateKey) -> Self {
        Self::Rsa(key)
    }
}

impl From<EcPrivateKey> for PrivateKey {
    fn from(key: EcPrivateKey) -> Self {
        Self::Ec(key)
    }
}

impl EcPrivateKey {
    /// Reads an ECPrivateKey of SEC 1 that names its curve. Errors: `Malformed`; `Unsupported` for another
    /// curve; `InvalidKey` for a scalar that is no key, or a public half that is another's.
    pub fn from_sec1_der(der: &Secret) -> Result<Self, CryptoError> {
        ec_from_sec1(der.expose(), None)
    }

    /// The key as ECPrivateKey of SEC 1, DER, with curve and public half.
    pub fn to_sec1_der(&self) -> Secret {
        let scalar = self.scalar();
        let mut point = vec![0]; // no unused bits
        if let PublicKey::Ec { point: public, .. } = self.public() {
            point.extend_from_slice(&public);
        }
        let mut fields = Vec::with_capacity(scalar.len() + point.len() + 64);
        tlv::write(&mut fields, TAG_INTEGER, &[1]);
        tlv::write(&mut fields, TAG_OCTET_STRING, scalar.expose());
        tlv::write(&mut fields, TAG_PARAMETERS, &self.curve().parameters_der());
        tlv::write(&mut fields, TAG_PUBLIC_KEY, &tlv::encode(TAG_BIT_STRING, &point));
        let fields = Secret::new(fields);
        Secret::new(tlv::encode(TAG_SEQUENCE, fields.expose()))
    }
}

/// CurvePrivateKey of RFC 8410, 7: the key in an OCTET STRING of its own.
fn curve_private_key(der: &[u8]) -> Result<Secret, CryptoError> {
    let mut whole = Cursor::new(der, PKCS8);
    let key = whole.expect(TAG_OCTET_STRING)?;
    if whole.is_at_end() {
        Ok(Secret::from(key.value))
    } else {
        Err(CryptoError::Malformed { what: PKCS8, source: der::ErrorKind::Failed.into() })
    }
}

/// The public half that version 2 of PKCS#8 may carry behind the attributes (RFC 5958, 2), if it is there, must be
/// that of the key.
fn check_public_half(rest: &mut Cursor<'_>, own: &[u8], name: &'static str) -> Result<(), CryptoError> {
    rest.optional(TAG_ATTRIBUTES);
    match rest.next() {
        // An implicit BIT STRING: one byte says how many bits are not used.
        Some(public) if public.tag & !TAG_CONSTRUCTED == TAG_PUBLIC_HALF => match public.value {
            [0, key @ ..] if key == own => Ok(()),
            _ => Err(CryptoError::InvalidKey(name)),
        },
        _ => Ok(()),
    }
}

/// `outer` is the curve that PKCS#8 names around the key.
fn ec_from_sec1(der: &[u8], outer: Option<Curve>) -> Result<EcPrivateKey, CryptoError> {
    let mut whole = Cursor::new(der, SEC1);
    let mut fields = whole.expect(TAG_SEQUENCE)?.children(SEC1);
    fields.expect(TAG_INTEGER)?;
    let scalar = fields.expect(TAG_OCTET_STRING)?;
    let inner = match fields.optional(TAG_PARAMETERS) {
        Some(parameters) => Some(parameters.children(SEC1).any()?.named_curve()?),
        None => None,
    };
    let public = fields.optional(TAG_PUBLIC_KEY);
    if !fields.is_at_end() || !whole.is_at_end() {
        // A length that was damaged could otherwise hide the public half, which tells a damaged key.
        return Err(CryptoError::Malformed { what: SEC1, source: der::ErrorKind::Failed.into() });
    }
    let curve = match (outer, inner) {
        (Some(outer), Some(inner)) if outer != inner => return Err(CryptoError::InvalidKey(outer.name())),
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => {
            return Err(CryptoError::Unsupported("an EC private key that names no curve".to_owned()));
        }
    };
    let key = EcPrivateKey::from_scalar(curve, scalar.value)?;
    if let Some(public) = public {
        let point = public.children(SEC1).any()?.whole_bits().unwrap_or_default();
        if PublicKey::from_ec_point(curve, point)? != key.public() {
            return Err(CryptoError::InvalidKey(curve.name()));
        }
    }
    Ok(key)
}

const WHAT: &str = "private key";
const PKCS8: &str = "PKCS#8 private key";
const SEC1: &str = "EC private key";
const TAG_ATTRIBUTES: u32 = 0xA0;
const TAG_PUBLIC_HALF: u32 = 0x81;
const TAG_CONSTRUCTED: u32 = 0x20;
const TAG_PARAMETERS: u32 = 0xA0;
const TAG_PUBLIC_KEY: u32 = 0xA1;

#[cfg(test)]
mod tests;
