//! Templates of new objects (PKCS#11 3.1, 4 and 5.1) as what they describe: what is missing, what contradicts.

use cryptoki_sys as ck;

use super::Result;
use super::attribute::{AttributeType as A, ObjectClass, Template, Value};
use super::create::{KeySpec, NewObject};
use super::error::Error;
use super::mechanism::MechanismId;
use crate::codec::{Secret, tlv};
use crate::crypto::rsa::RsaComponents;
use crate::crypto::{
    Curve, Curve25519, EcPrivateKey, Ed25519PrivateKey, PrivateKey, PublicKey, RsaPrivateKey,
    X25519PrivateKey,
};
use crate::token::{KeyAlgorithm, KeyId, KeyUsage};

impl NewObject {
    /// The object that a template describes. Errors: `TemplateIncomplete`, `TemplateInconsistent`,
    /// `AttributeTypeInvalid`, `AttributeValueInvalid`; `NotSupported` for session objects.
    pub fn from_template(template: &Template) -> Result<Self> {
        check_known(template)?;
        let class = required(template, A::CLASS)?;
        let class = class.as_number().and_then(ObjectClass::from_number);
        if template.value(A::TOKEN) != Some(&Value::Bool(true)) {
            return Err(Error::NotSupported("an object of the session"));
        }
        match class.ok_or(Error::AttributeValueInvalid(A::CLASS))? {
            ObjectClass::PrivateKey => {
                let key = private_key(template)?;
                let spec = spec(KeyAlgorithm::Rsa { modulus_bits: 0 }, template)?;
                Ok(Self::PrivateKey { key, spec })
            }
            ObjectClass::SecretKey => {
                if number(template, A::KEY_TYPE)? != ck::CKK_AES {
                    return Err(Error::AttributeValueInvalid(A::KEY_TYPE));
                }
                let spec = spec(KeyAlgorithm::Aes { key_bits: 0 }, template)?;
                Ok(Self::SecretKey { value: Secret::from(bytes(template, A::VALUE)?), spec })
            }
            ObjectClass::PublicKey => {
                Ok(Self::PublicKey { key: public_key(template)?, label: label(template), id: id(template) })
            }
            ObjectClass::Certificate => {
                if number(template, A::CERTIFICATE_TYPE).is_ok_and(|kind| kind != ck::CKC_X_509) {
                    return Err(Error::AttributeValueInvalid(A::CERTIFICATE_TYPE));
                }
                let label = Some(label(template)).filter(|label| !label.is_empty());
                Ok(Self::Certificate { der: bytes(template, A::VALUE)?.to_vec(), label, id: id(template) })
            }
            ObjectClass::Data => Ok(Self::Data {
                label: label(template),
                application: text(template, A::APPLICATION),
                oid: oid(template)?,
                private: is_true(template, A::PRIVATE),
                value: template.value(A::VALUE).and_then(Value::as_bytes).unwrap_or_default().to_vec(),
            }),
        }
    }
}

impl KeySpec {
    /// The key pair that two templates describe. Errors: as [`NewObject::from_template`]; `MechanismInvalid`.
    pub fn from_templates(mechanism: MechanismId, public: &Template, private: &Template) -> Result<Self> {
        check_known(public)?;
        check_known(private)?;
        check_token(private)?;
        let algorithm = match mechanism {
            MechanismId::RSA_PKCS_KEY_PAIR_GEN => {
                let exponent = public.value(A::PUBLIC_EXPONENT).and_then(Value::as_bytes);
                let usual = exponent.is_none_or(|bytes| significant(bytes) == [0x01, 0x00, 0x01]);
                if !usual {
                    return Err(Error::AttributeValueInvalid(A::PUBLIC_EXPONENT));
                }
                let bits = public.value(A::MODULUS_BITS).and_then(Value::as_number).unwrap_or(0);
                KeyAlgorithm::Rsa { modulus_bits: u32::try_from(bits).unwrap_or(u32::MAX) }
            }
            MechanismId::EC_KEY_PAIR_GEN => {
                let parameters = public.value(A::EC_PARAMS).or_else(|| private.value(A::EC_PARAMS));
                KeyAlgorithm::Ec { curve: parameters.map(curve).transpose()? }
            }
            MechanismId::EC_EDWARDS_KEY_PAIR_GEN | MechanismId::EC_MONTGOMERY_KEY_PAIR_GEN => {
                let wanted = match mechanism {
                    MechanismId::EC_EDWARDS_KEY_PAIR_GEN => Curve25519::Ed25519,
                    _ => Curve25519::X25519,
                };
                let parameters = public.value(A::EC_PARAMS).or_else(|| private.value(A::EC_PARAMS));
                check_25519(parameters.ok_or(Error::TemplateIncomplete(A::EC_PARAMS))?, wanted)?;
                match wanted {
                    Curve25519::Ed25519 => KeyAlgorithm::Ed25519,
                    Curve25519::X25519 => KeyAlgorithm::X25519,
                }
            }
            other => return Err(Error::MechanismInvalid(other)),
        };
        let mut spec = spec(algorithm, private)?;
        if spec.label.is_empty() {
            spec.label = label(public);
        }
        match (&spec.id, id(public)) {
            (Some(own), Some(other)) if *own != other => {
                return Err(Error::TemplateInconsistent("two identifiers for one key pair"));
            }
            (None, other) => spec.id = other,
            (Some(_), _) => {}
        }
        Ok(spec)
    }

    /// The secret key that a template describes. Errors: as [`KeySpec::from_templates`].
    pub fn from_template(mechanism: MechanismId, template: &Template) -> Result<Self> {
        check_known(template)?;
        check_token(template)?;
        if mechanism != MechanismId::AES_KEY_GEN {
            return Err(Error::MechanismInvalid(mechanism));
        }
        let len = template.value(A::VALUE_LEN).and_then(Value::as_number).unwrap_or(0);
        let key_bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX);
        spec(KeyAlgorithm::Aes { key_bits }, template)
    }
}

impl KeySpec {
    /// What a card keeps of a key that has these attributes.
    pub(super) fn of_template(algorithm: KeyAlgorithm, template: &Template) -> Self {
        Self {
            id: id(template),
            usage: usage(template),
            extractable: is_true(template, A::EXTRACTABLE),
            ..Self::new(algorithm, &label(template))
        }
    }
}

/// Everything about a private or secret key that is not its value.
fn spec(algorithm: KeyAlgorithm, template: &Template) -> Result<KeySpec> {
    if template.value(A::PRIVATE) == Some(&Value::Bool(false)) {
        return Err(Error::TemplateInconsistent("a key that everybody may use"));
    }
    let extractable = is_true(template, A::EXTRACTABLE);
    if template.value(A::SENSITIVE) == Some(&Value::Bool(false)) {
        return Err(Error::TemplateInconsistent("a key on the card that is not sensitive"));
    }
    Ok(KeySpec {
        id: id(template),
        usage: usage(template),
        extractable,
        always_authenticate: is_true(template, A::ALWAYS_AUTHENTICATE),
        ..KeySpec::new(algorithm, &label(template))
    })
}

/// What a template lets a key do; `None` when it says nothing of that.
fn usage(template: &Template) -> Option<KeyUsage> {
    let said = [A::SIGN, A::SIGN_RECOVER, A::DECRYPT, A::UNWRAP, A::DERIVE, A::ENCRYPT, A::WRAP];
    said.iter().any(|kind| template.value(*kind).is_some()).then(|| KeyUsage {
        sign: is_true(template, A::SIGN),
        sign_recover: is_true(template, A::SIGN_RECOVER),
        decrypt: is_true(template, A::DECRYPT),
        unwrap: is_true(template, A::UNWRAP),
        derive: is_true(template, A::DERIVE),
        encrypt: is_true(template, A::ENCRYPT),
        wrap: is_true(template, A::WRAP),
        ..KeyUsage::default()
    })
}

pub(super) fn private_key(template: &Template) -> Result<PrivateKey> {
    match number(template, A::KEY_TYPE)? {
        // Without its primes: the exponents tell them.
        ck::CKK_RSA if [A::PRIME_1, A::PRIME_2].iter().all(|kind| template.value(*kind).is_none()) => {
            let exponent = Secret::from(bytes(template, A::PRIVATE_EXPONENT)?);
            let public = template.value(A::PUBLIC_EXPONENT).and_then(Value::as_bytes);
            let public = public.filter(|bytes| !bytes.is_empty()).unwrap_or(&USUAL_EXPONENT);
            let key = RsaPrivateKey::from_exponents(bytes(template, A::MODULUS)?, public, &exponent);
            key.map(PrivateKey::Rsa).map_err(|_| Error::AttributeValueInvalid(A::MODULUS))
        }
        ck::CKK_RSA => {
            let given = |kind| template.value(kind).and_then(Value::as_bytes);
            let components = RsaComponents {
                modulus: Some(bytes(template, A::MODULUS)?.to_vec()),
                public_exponent: given(A::PUBLIC_EXPONENT).map(<[u8]>::to_vec),
                prime_p: Secret::from(bytes(template, A::PRIME_1)?),
                prime_q: Secret::from(bytes(template, A::PRIME_2)?),
                exponent_p: given(A::EXPONENT_1).map(Secret::from),
                exponent_q: given(A::EXPONENT_2).map(Secret::from),
                coefficient: given(A::COEFFICIENT).map(Secret::from),
            };
            let key = RsaPrivateKey::from_components(&components);
            key.map(PrivateKey::Rsa).map_err(|_| Error::AttributeValueInvalid(A::MODULUS))
        }
        ck::CKK_EC => {
            let curve = curve(required(template, A::EC_PARAMS)?)?;
            let key = EcPrivateKey::from_scalar(curve, bytes(template, A::VALUE)?);
            key.map(PrivateKey::Ec).map_err(|_| Error::AttributeValueInvalid(A::VALUE))
        }
        ck::CKK_EC_EDWARDS => {
            check_25519(required(template, A::EC_PARAMS)?, Curve25519::Ed25519)?;
            let key = Ed25519PrivateKey::from_seed(&Secret::from(bytes(template, A::VALUE)?));
            key.map(PrivateKey::Ed25519).map_err(|_| Error::AttributeValueInvalid(A::VALUE))
        }
        ck::CKK_EC_MONTGOMERY => {
            check_25519(required(template, A::EC_PARAMS)?, Curve25519::X25519)?;
            let key = X25519PrivateKey::from_scalar(&Secret::from(bytes(template, A::VALUE)?));
            key.map(PrivateKey::X25519).map_err(|_| Error::AttributeValueInvalid(A::VALUE))
        }
        _ => Err(Error::AttributeValueInvalid(A::KEY_TYPE)),
    }
}

pub(super) fn public_key(template: &Template) -> Result<PublicKey> {
    match number(template, A::KEY_TYPE)? {
        ck::CKK_RSA => {
            let (modulus, exponent) = (bytes(template, A::MODULUS)?, bytes(template, A::PUBLIC_EXPONENT)?);
            PublicKey::from_rsa(modulus, exponent).map_err(|_| Error::AttributeValueInvalid(A::MODULUS))
        }
        ck::CKK_EC => {
            let curve = curve(required(template, A::EC_PARAMS)?)?;
            let der = bytes(template, A::EC_POINT)?;
            // An OCTET STRING by the standard; some applications give the bare point.
            let point = content_of(der, TAG_OCTET_STRING).unwrap_or(der);
            PublicKey::from_ec_point(curve, point).map_err(|_| Error::AttributeValueInvalid(A::EC_POINT))
        }
        ck::CKK_EC_EDWARDS => {
            check_25519(required(template, A::EC_PARAMS)?, Curve25519::Ed25519)?;
            let key = PublicKey::from_ed25519(bytes(template, A::EC_POINT)?);
            key.map_err(|_| Error::AttributeValueInvalid(A::EC_POINT))
        }
        ck::CKK_EC_MONTGOMERY => {
            check_25519(required(template, A::EC_PARAMS)?, Curve25519::X25519)?;
            let key = PublicKey::from_x25519(bytes(template, A::EC_POINT)?);
            key.map_err(|_| Error::AttributeValueInvalid(A::EC_POINT))
        }
        _ => Err(Error::AttributeValueInvalid(A::KEY_TYPE)),
    }
}

/// The content bytes of an object identifier, which comes as DER; empty when there is none.
pub(super) fn oid(template: &Template) -> Result<Vec<u8>> {
    match template.value(A::OBJECT_ID).and_then(Value::as_bytes) {
        None | Some([]) => Ok(Vec::new()),
        Some(der) => {
            content_of(der, TAG_OID).map(<[u8]>::to_vec).ok_or(Error::AttributeValueInvalid(A::OBJECT_ID))
        }
    }
}

/// The content of the one DER element that these bytes are.
fn content_of(der: &[u8], tag: u32) -> Option<&[u8]> {
    let mut reader = tlv::Reader::new(der);
    let element = reader.next()?.ok()?;
    (element.tag == tag && reader.rest().is_empty()).then_some(element.value)
}

pub(super) fn curve(parameters: &Value) -> Result<Curve> {
    let known = parameters.as_bytes().and_then(Curve::from_parameters_der);
    known.ok_or(Error::AttributeValueInvalid(A::EC_PARAMS))
}

/// Errors: `AttributeValueInvalid` for parameters of another curve.
pub(super) fn check_25519(parameters: &Value, wanted: Curve25519) -> Result<()> {
    match parameters.as_bytes().and_then(Curve25519::from_parameters_der) {
        Some(known) if known == wanted => Ok(()),
        _ => Err(Error::AttributeValueInvalid(A::EC_PARAMS)),
    }
}

fn check_token(template: &Template) -> Result<()> {
    match template.value(A::TOKEN) {
        Some(Value::Bool(true)) => Ok(()),
        _ => Err(Error::NotSupported("a key of the session")),
    }
}

/// Refuses attributes that no object here has. Errors: `AttributeTypeInvalid`.
pub(super) fn check_known(template: &Template) -> Result<()> {
    match template.attributes().iter().find(|attribute| attribute.kind.name().is_none()) {
        Some(attribute) => Err(Error::AttributeTypeInvalid(attribute.kind)),
        None => Ok(()),
    }
}

pub(super) fn required(template: &Template, kind: A) -> Result<&Value> {
    template.value(kind).ok_or(Error::TemplateIncomplete(kind))
}

pub(super) fn bytes(template: &Template, kind: A) -> Result<&[u8]> {
    required(template, kind)?.as_bytes().ok_or(Error::AttributeValueInvalid(kind))
}

pub(super) fn number(template: &Template, kind: A) -> Result<u64> {
    required(template, kind)?.as_number().ok_or(Error::AttributeValueInvalid(kind))
}

pub(super) fn is_true(template: &Template, kind: A) -> bool {
    template.value(kind) == Some(&Value::Bool(true))
}

fn text(template: &Template, kind: A) -> String {
    template.value(kind).and_then(Value::as_text).unwrap_or_default().to_owned()
}

fn label(template: &Template) -> String {
    text(template, A::LABEL)
}

pub(super) fn id(template: &Template) -> Option<KeyId> {
    let id = template.value(A::ID).and_then(Value::as_bytes);
    id.filter(|id| !id.is_empty()).map(|id| KeyId(id.to_vec()))
}

/// A big integer without the zeros in front.
pub(super) fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// DER (X.690, 8.1.2.4).
const TAG_OCTET_STRING: u32 = 0x04;
const TAG_OID: u32 = 0x06;
/// 65537: what a key without a public exponent has.
const USUAL_EXPONENT: [u8; 3] = [0x01, 0x00, 0x01];
