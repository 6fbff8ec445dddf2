//! Key agreement for one recipient: an ephemeral key of the sender, ECDH and X9.63 (RFC 5753) or X25519 and HKDF
//! (RFC 8418), AES key wrap.

use const_oid::ObjectIdentifier;

use super::{Identifier, Recipient, WrappedKey};
use crate::codec::{Secret, tlv};
use crate::crypto::aes::AesKey;
use crate::crypto::asn1::{Element, TAG_BIT_STRING, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE};
use crate::crypto::cms::CmsError;
use crate::crypto::cms::oid::{
    AES_128_WRAP, AES_192_WRAP, AES_256_WRAP, COFACTOR_DH_SHA1, COFACTOR_DH_SHA224, COFACTOR_DH_SHA256,
    COFACTOR_DH_SHA384, COFACTOR_DH_SHA512, ID_EC_PUBLIC_KEY, STD_DH_HKDF_SHA256, STD_DH_HKDF_SHA384,
    STD_DH_HKDF_SHA512, STD_DH_SHA1, STD_DH_SHA224, STD_DH_SHA256, STD_DH_SHA384, STD_DH_SHA512, oid_text,
};
use crate::crypto::kdf::{hkdf_expand, hkdf_extract, x963};
use crate::crypto::{
    CryptoError, Curve, Curve25519, DigestAlgorithm, EcPrivateKey, PublicKey, X25519PrivateKey,
};

/// What a recipient needs, beside the private key, to come to the key of the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The sender's ephemeral point.
    point: Vec<u8>,
    is_x25519: bool,
    derivation: Derivation,
    wrap_bits: u32,
    /// ECC-CMS-SharedInfo, DER.
    shared_info: Vec<u8>,
    wrapped: Vec<u8>,
}

impl Agreement {
    /// The sender's point: what the private key agrees with.
    pub fn peer(&self) -> &[u8] {
        &self.point
    }

    /// True for X25519, false for a curve of ECDH.
    pub fn is_x25519(&self) -> bool {
        self.is_x25519
    }

    /// The key of the content, from what the agreement gave (the x coordinate). Errors: `Decryption`.
    pub fn unwrap(&self, shared: &Secret) -> Result<Secret, CmsError> {
        let key = self.derivation.derive(shared, &self.shared_info, self.wrap_bits)?;
        AesKey::new(key)?.unwrap(&self.wrapped).map_err(|_| CmsError::Decryption)
    }
}

/// What makes the wrapping key of the shared secret.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Derivation {
    /// ANSI X9.63 (RFC 5753, 7.1.4).
    X963(DigestAlgorithm),
    /// HKDF, with the user keying material as its salt (RFC 8418, 2.2).
    Hkdf(DigestAlgorithm, Vec<u8>),
}

impl Derivation {
    fn derive(&self, shared: &Secret, info: &[u8], bits: u32) -> Result<Secret, CryptoError> {
        let len = bits as usize / 8;
        match self {
            Self::X963(hash) => x963(*hash, shared, info, len),
            Self::Hkdf(hash, salt) => hkdf_expand(*hash, &hkdf_extract(*hash, salt, shared)?, info, len),
        }
    }
}

/// What the sender makes for one recipient.
struct Ephemeral {
    /// AlgorithmIdentifier of the key, DER.
    algorithm: Vec<u8>,
    point: Vec<u8>,
    shared: Secret,
    scheme: ObjectIdentifier,
    derivation: Derivation,
}

impl Ephemeral {
    /// Errors: `InvalidPoint`, `InvalidKey` (also for a key that agrees on nothing), `NoRandom`.
    fn for_key(public: &PublicKey) -> Result<Self, CryptoError> {
        match public {
            PublicKey::Ec { curve, point } => {
                let own = EcPrivateKey::generate(*curve)?;
                let (scheme, hash) = scheme_of(*curve);
                let fields = [tlv::encode(TAG_OID, ID_EC_PUBLIC_KEY.as_bytes()), curve.parameters_der()];
                Ok(Self {
                    algorithm: tlv::encode(TAG_SEQUENCE, &fields.concat()),
                    point: own.public().ec().map(|(_, point)| point.to_vec()).unwrap_or_default(),
                    shared: own.agree(point)?,
                    scheme,
                    derivation: Derivation::X963(hash),
                })
            }
            PublicKey::X25519(theirs) => {
                let own = X25519PrivateKey::generate()?;
                let oid = tlv::encode(TAG_OID, Curve25519::X25519.oid().as_bytes());
                Ok(Self {
                    algorithm: tlv::encode(TAG_SEQUENCE, &oid),
                    point: own.public().to_vec(),
                    shared: own.agree(theirs.as_slice())?,
                    scheme: STD_DH_HKDF_SHA256,
                    derivation: Derivation::Hkdf(DigestAlgorithm::Sha256, Vec::new()),
                })
            }
            PublicKey::Rsa { .. } | PublicKey::Ed25519(_) => Err(CryptoError::InvalidKey("key agreement")),
        }
    }
}

/// KeyAgreeRecipientInfo for a key that agrees, DER. Errors: `InvalidPoint`, `InvalidKey`, `NoRandom`.
pub(super) fn seal(
    id: &Identifier,
    public: &PublicKey,
    content_key: &Secret,
) -> Result<Vec<u8>, CryptoError> {
    let ephemeral = Ephemeral::for_key(public)?;
    let wrap_algorithm = tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_OID, AES_256_WRAP.as_bytes()));
    let info = shared_info(&wrap_algorithm, None, WRAP_BITS);
    let key = ephemeral.derivation.derive(&ephemeral.shared, &info, WRAP_BITS)?;
    let wrapped = AesKey::new(key)?.wrap(content_key)?;

    let originator =
        [ephemeral.algorithm, tlv::encode(TAG_BIT_STRING, &[&[0], ephemeral.point.as_slice()].concat())];
    let scheme = [tlv::encode(TAG_OID, ephemeral.scheme.as_bytes()), wrap_algorithm];
    let encrypted_key = [recipient_id(id), tlv::encode(TAG_OCTET_STRING, &wrapped)];
    let fields = [
        tlv::encode(TAG_INTEGER, &[VERSION]),
        tlv::encode(TAG_EXPLICIT_0, &tlv::encode(TAG_EXPLICIT_1, &originator.concat())),
        tlv::encode(TAG_SEQUENCE, &scheme.concat()),
        tlv::encode(TAG_SEQUENCE, &tlv::encode(TAG_SEQUENCE, &encrypted_key.concat())),
    ];
    Ok(tlv::encode(TAG_EXPLICIT_1, &fields.concat()))
}

/// Reads a KeyAgreeRecipientInfo: one recipient for each of its keys. Errors: `Malformed`, `Unsupported`.
pub(super) fn read(info: &Element<'_>) -> Result<Vec<Recipient>, CmsError> {
    let mut fields = info.children(WHAT);
    fields.expect(TAG_INTEGER)?;
    let originator = fields.expect(TAG_EXPLICIT_0)?.children(WHAT).any()?;
    let ukm = match fields.optional(TAG_EXPLICIT_1) {
        Some(explicit) => Some(explicit.children(WHAT).expect(TAG_OCTET_STRING)?.value),
        None => None,
    };
    let algorithm = fields.expect(TAG_SEQUENCE)?;
    let keys = fields.expect(TAG_SEQUENCE)?;
    let method = Method::read(&originator, &algorithm, ukm);
    let mut recipients = Vec::new();
    let mut keys = keys.children(WHAT);
    while !keys.is_at_end() {
        let mut fields = keys.expect(TAG_SEQUENCE)?.children(WHAT);
        let id = read_recipient_id(&fields.any()?)?;
        let wrapped = fields.expect(TAG_OCTET_STRING)?.value.to_vec();
        let key = match &method {
            Ok(method) => WrappedKey::Ec(Agreement {
                point: method.point.clone(),
                is_x25519: method.is_x25519,
                derivation: method.derivation.clone(),
                wrap_bits: method.wrap_bits,
                shared_info: method.shared_info.clone(),
                wrapped,
            }),
            Err(why) => WrappedKey::Unsupported(why.to_string()),
        };
        recipients.push(Recipient { id, key });
    }
    Ok(recipients)
}

/// What all recipients of one KeyAgreeRecipientInfo share.
struct Method {
    point: Vec<u8>,
    is_x25519: bool,
    derivation: Derivation,
    wrap_bits: u32,
    shared_info: Vec<u8>,
}

impl Method {
    fn read(originator: &Element<'_>, algorithm: &Element<'_>, ukm: Option<&[u8]>) -> Result<Self, CmsError> {
        if originator.tag != TAG_EXPLICIT_1 {
            return Err(CmsError::Unsupported("a sender that names its key by a certificate".to_owned()));
        }
        let mut key = originator.children(WHAT);
        let algorithm_of_key = key.expect(TAG_SEQUENCE)?.children(WHAT).expect(TAG_OID)?.oid();
        let is_x25519 = algorithm_of_key == Some(Curve25519::X25519.oid());
        let point = key.expect(TAG_BIT_STRING)?.whole_bits().ok_or(CmsError::Malformed(WHAT))?.to_vec();
        let mut scheme = algorithm.children(WHAT);
        let oid = scheme.expect(TAG_OID)?.oid().ok_or(CmsError::Malformed(WHAT))?;
        let derivation = derivation_of(&oid, ukm)
            .ok_or_else(|| CmsError::Unsupported(format!("key agreement {}", oid_text(&oid))))?;
        let wrap = scheme.expect(TAG_SEQUENCE)?;
        let wrap_bits = wrap_bits(&wrap)?;
        let shared_info = shared_info(wrap.raw, ukm, wrap_bits);
        Ok(Self { point, is_x25519, derivation, wrap_bits, shared_info })
    }
}

/// Bits of the key of a key wrap algorithm (RFC 3565, 2.3.2). Errors: `Unsupported`.
pub(super) fn wrap_bits(algorithm: &Element<'_>) -> Result<u32, CmsError> {
    let oid = algorithm.children(WHAT).expect(TAG_OID)?.oid().ok_or(CmsError::Malformed(WHAT))?;
    match oid {
        AES_128_WRAP => Ok(128),
        AES_192_WRAP => Ok(192),
        AES_256_WRAP => Ok(256),
        other => Err(CmsError::Unsupported(format!("key wrap {}", oid_text(&other)))),
    }
}

/// ECC-CMS-SharedInfo (RFC 5753, 7.2).
fn shared_info(wrap_algorithm: &[u8], ukm: Option<&[u8]>, wrap_bits: u32) -> Vec<u8> {
    let ukm = ukm.map(|ukm| tlv::encode(TAG_EXPLICIT_0, &tlv::encode(TAG_OCTET_STRING, ukm)));
    let length = tlv::encode(TAG_EXPLICIT_2, &tlv::encode(TAG_OCTET_STRING, &wrap_bits.to_be_bytes()));
    tlv::encode(TAG_SEQUENCE, &[wrap_algorithm, ukm.as_deref().unwrap_or_default(), &length].concat())
}

/// KeyAgreeRecipientIdentifier: a key identifier stands in a SEQUENCE of its own here (RFC 5652, 6.2.2).
fn recipient_id(id: &Identifier) -> Vec<u8> {
    match id {
        Identifier::IssuerAndSerial { .. } => id.to_der(),
        Identifier::KeyIdentifier(id) => tlv::encode(TAG_EXPLICIT_0, &tlv::encode(TAG_OCTET_STRING, id)),
    }
}

fn read_recipient_id(element: &Element<'_>) -> Result<Identifier, CmsError> {
    match element.tag {
        TAG_EXPLICIT_0 => {
            let id = element.children(WHAT).expect(TAG_OCTET_STRING)?;
            Ok(Identifier::KeyIdentifier(id.value.to_vec()))
        }
        _ => Identifier::from_element(element),
    }
}

/// The scheme of a curve's strength (RFC 5753, 8).
fn scheme_of(curve: Curve) -> (ObjectIdentifier, DigestAlgorithm) {
    match curve.bits() {
        0..=256 => (STD_DH_SHA256, DigestAlgorithm::Sha256),
        257..=384 => (STD_DH_SHA384, DigestAlgorithm::Sha384),
        _ => (STD_DH_SHA512, DigestAlgorithm::Sha512),
    }
}

fn derivation_of(scheme: &ObjectIdentifier, ukm: Option<&[u8]>) -> Option<Derivation> {
    let hkdf = |hash| Derivation::Hkdf(hash, ukm.unwrap_or_default().to_vec());
    match *scheme {
        STD_DH_HKDF_SHA256 => Some(hkdf(DigestAlgorithm::Sha256)),
        STD_DH_HKDF_SHA384 => Some(hkdf(DigestAlgorithm::Sha384)),
        STD_DH_HKDF_SHA512 => Some(hkdf(DigestAlgorithm::Sha512)),
        other => {
            SCHEMES.into_iter().find(|(known, _)| *known == other).map(|(_, hash)| Derivation::X963(hash))
        }
    }
}

/// With X9.63.
const SCHEMES: [(ObjectIdentifier, DigestAlgorithm); 10] = [
    (STD_DH_SHA1, DigestAlgorithm::Sha1),
    (STD_DH_SHA224, DigestAlgorithm::Sha224),
    (STD_DH_SHA256, DigestAlgorithm::Sha256),
    (STD_DH_SHA384, DigestAlgorithm::Sha384),
    (STD_DH_SHA512, DigestAlgorithm::Sha512),
    (COFACTOR_DH_SHA1, DigestAlgorithm::Sha1),
    (COFACTOR_DH_SHA224, DigestAlgorithm::Sha224),
    (COFACTOR_DH_SHA256, DigestAlgorithm::Sha256),
    (COFACTOR_DH_SHA384, DigestAlgorithm::Sha384),
    (COFACTOR_DH_SHA512, DigestAlgorithm::Sha512),
];

const WHAT: &str = "the key agreement of a recipient";
/// The wrap of what is written.
const WRAP_BITS: u32 = 256;
/// RFC 5652, 6.2.2.
const VERSION: u8 = 3;
const TAG_EXPLICIT_0: u32 = 0xA0;
/// KeyAgreeRecipientInfo among recipients; OriginatorPublicKey and the user keying material in it.
pub(super) const TAG_EXPLICIT_1: u32 = 0xA1;
const TAG_EXPLICIT_2: u32 = 0xA2;
