//! New objects of a session from templates: what is missing, what contradicts, what is taken for granted
//! (PKCS#11 3.1, 4.4 to 4.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use cryptoki_sys as ck;

use super::{Material, SessionObject, is_secret};
use crate::codec::Secret;
use crate::crypto::{CertificateDetails, Curve25519, DigestAlgorithm, PrivateKey, PublicKey, digest};
use crate::engine::Result;
use crate::engine::attribute::{AttributeType as A, Date, ObjectClass, Template, Value};
use crate::engine::error::Error;
use crate::engine::from_template as given;
use crate::engine::mechanism::{self, MechanismId};
use crate::token::{KeyAlgorithm, KeyClass};

/// For whom an object is made.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Who {
    /// The user is logged in, so that there can be private objects.
    pub user: bool,
    /// The security officer is logged in, who may say what is trusted.
    pub officer: bool,
}

/// Where a key comes from.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine) struct Origin {
    /// The mechanism that generated it here.
    pub generated: Option<MechanismId>,
    /// Nobody knew it until now, if it is sensitive from now on.
    pub always_sensitive: bool,
    /// Nobody had it in hand until now, if it is not extractable from now on.
    pub never_extractable: bool,
}

impl Origin {
    /// A key that is generated here.
    pub fn generated(mechanism: MechanismId) -> Self {
        Self { generated: Some(mechanism), always_sensitive: true, never_extractable: true }
    }
}

impl SessionObject {
    /// The object that a template describes, value and all. Errors: `TemplateIncomplete`, `TemplateInconsistent`,
    /// `AttributeTypeInvalid`, `AttributeValueInvalid`, `AttributeReadOnly`, `UserNotLoggedIn` for a private one.
    pub fn create(template: &Template, who: Who) -> Result<Self> {
        given::check_known(template)?;
        let class = given::required(template, A::CLASS)?.as_number().and_then(ObjectClass::from_number);
        match class.ok_or(Error::AttributeValueInvalid(A::CLASS))? {
            ObjectClass::Data => Self::data(template, who),
            ObjectClass::Certificate => Self::certificate(template, who),
            ObjectClass::PublicKey => {
                Self::public_key(given::public_key(template)?, template, Origin::default(), who)
            }
            ObjectClass::PrivateKey => {
                Self::private_key(given::private_key(template)?, template, Origin::default(), who)
            }
            ObjectClass::SecretKey => {
                let value = Secret::from(given::bytes(template, A::VALUE)?);
                if let Some(len) = template.value(A::VALUE_LEN).and_then(Value::as_number)
                    && usize::try_from(len) != Ok(value.len())
                {
                    return Err(Error::TemplateInconsistent("a length that is not that of the value"));
                }
                Self::secret_key(value, template, Origin::default(), who)
            }
        }
    }

    /// A public key with the template's attributes.
    pub fn public_key(key: PublicKey, template: &Template, origin: Origin, who: Who) -> Result<Self> {
        let algorithm = KeyAlgorithm::from(&key);
        let mut object = Self::new(ObjectClass::PublicKey, Material::Public(key.clone()));
        object.add_key(algorithm, key_type(algorithm), origin);
        object.add_public_numbers(&key);
        object.set(A::MODULUS_BITS, key.rsa().map(|_| Value::Number(key.bits().into())));
        object.set(A::EC_POINT, key.ec_point_der().map(Value::Bytes));
        object.set(A::TRUSTED, Some(Value::Bool(false)));
        object.set(A::SUBJECT, Some(Value::Bytes(Vec::new())));
        object.add_usage(KeyClass::Public, algorithm, template);
        object.finish(template, who)
    }

    /// A private key with the template's attributes.
    pub fn private_key(key: PrivateKey, template: &Template, origin: Origin, who: Who) -> Result<Self> {
        let public = key.public();
        let algorithm = KeyAlgorithm::from(&public);
        let mut object = Self::new(ObjectClass::PrivateKey, Material::Private(Box::new(key)));
        object.add_key(algorithm, key_type(algorithm), origin);
        object.add_public_numbers(&public);
        object.set(A::SUBJECT, Some(Value::Bytes(Vec::new())));
        object.add_secrecy(template, origin);
        object.add_usage(KeyClass::Private, algorithm, template);
        object.finish(template, who)
    }

    /// A secret key with the template's attributes, of which the key type is one.
    pub fn secret_key(value: Secret, template: &Template, origin: Origin, who: Who) -> Result<Self> {
        let kind = template.value(A::KEY_TYPE).map_or(Some(ck::CKK_GENERIC_SECRET), Value::as_number);
        let kind = kind.ok_or(Error::AttributeValueInvalid(A::KEY_TYPE))?;
        let len = value.len();
        let key_bits = u32::try_from(len.saturating_mul(8)).unwrap_or(u32::MAX);
        let algorithm = match kind {
            ck::CKK_AES if matches!(len, 16 | 24 | 32) => KeyAlgorithm::Aes { key_bits },
            kind if GENERIC.contains(&kind) && len > 0 => KeyAlgorithm::Generic { key_bits },
            ck::CKK_AES => return Err(Error::AttributeValueInvalid(A::VALUE)),
            kind if GENERIC.contains(&kind) => return Err(Error::AttributeValueInvalid(A::VALUE)),
            _ => return Err(Error::AttributeValueInvalid(A::KEY_TYPE)),
        };
        let mut object = Self::new(ObjectClass::SecretKey, Material::Secret(value));
        object.add_key(algorithm, kind, origin);
        object.set(A::VALUE_LEN, Some(Value::Number(len as u64)));
        object.set(A::TRUSTED, Some(Value::Bool(false)));
        object.add_secrecy(template, origin);
        object.add_usage(KeyClass::Secret, algorithm, template);
        object.finish(template, who)
    }

    fn data(template: &Template, who: Who) -> Result<Self> {
        let mut object = Self::new(ObjectClass::Data, Material::None);
        object.set(A::APPLICATION, Some(Value::Text(String::new())));
        object.set(A::OBJECT_ID, Some(Value::Bytes(Vec::new())));
        object.set(A::VALUE, Some(Value::Bytes(Vec::new())));
        given::oid(template)?;
        object.finish(template, who)
    }

    fn certificate(template: &Template, who: Who) -> Result<Self> {
        if given::number(template, A::CERTIFICATE_TYPE).is_ok_and(|kind| kind != ck::CKC_X_509) {
            return Err(Error::AttributeValueInvalid(A::CERTIFICATE_TYPE));
        }
        let details = CertificateDetails::parse(given::bytes(template, A::VALUE)?)
            .map_err(|_| Error::AttributeValueInvalid(A::VALUE))?;
        let mut object = Self::new(ObjectClass::Certificate, Material::None);
        let mut fingerprint = digest::digest(DigestAlgorithm::Sha1, &details.der);
        fingerprint.truncate(3);
        for (kind, value) in [
            (A::CERTIFICATE_TYPE, Value::Number(ck::CKC_X_509)),
            (A::CERTIFICATE_CATEGORY, Value::Number(ck::CK_CERTIFICATE_CATEGORY_UNSPECIFIED)),
            (A::TRUSTED, Value::Bool(false)),
            (A::ID, Value::Bytes(Vec::new())),
            (A::SUBJECT, Value::Bytes(details.subject)),
            (A::ISSUER, Value::Bytes(details.issuer)),
            (A::SERIAL_NUMBER, Value::Bytes(details.serial)),
            (A::START_DATE, Value::Date(Date::from_unix_time(details.not_before))),
            (A::END_DATE, Value::Date(Date::from_unix_time(details.not_after))),
            (A::PUBLIC_KEY_INFO, Value::Bytes(details.public_key_info)),
            (A::CHECK_VALUE, Value::Bytes(fingerprint)),
            (A::VALUE, Value::Bytes(details.der)),
        ] {
            object.set(kind, Some(value));
        }
        object.finish(template, who)
    }

    fn new(class: ObjectClass, material: Material) -> Self {
        let attributes = BTreeMap::from([
            (A::CLASS, Value::Number(class.number())),
            (A::TOKEN, Value::Bool(false)),
            (A::PRIVATE, Value::Bool(false)),
            (A::MODIFIABLE, Value::Bool(true)),
            (A::COPYABLE, Value::Bool(true)),
            (A::DESTROYABLE, Value::Bool(true)),
            (A::LABEL, Value::Text(String::new())),
        ]);
        Self { class, attributes, material, nonces: Arc::default() }
    }

    pub(super) fn set(&mut self, kind: A, value: Option<Value>) {
        if let Some(value) = value {
            self.attributes.insert(kind, value);
        }
    }

    fn add_key(&mut self, algorithm: KeyAlgorithm, key_type: u64, origin: Origin) {
        let generated = origin.generated.map_or(ck::CK_UNAVAILABLE_INFORMATION, |mechanism| mechanism.0);
        let class = self.key_class().unwrap_or(KeyClass::Secret);
        let suitable = mechanism::suitable_for_host(class, algorithm);
        for (kind, value) in [
            (A::KEY_TYPE, Value::Number(key_type)),
            (A::ID, Value::Bytes(Vec::new())),
            (A::START_DATE, Value::Date(None)),
            (A::END_DATE, Value::Date(None)),
            (A::LOCAL, Value::Bool(origin.generated.is_some())),
            (A::KEY_GEN_MECHANISM, Value::Number(generated)),
            (A::ALLOWED_MECHANISMS, Value::Numbers(suitable.into_iter().map(|id| id.0).collect())),
        ] {
            self.set(kind, Some(value));
        }
    }

    fn add_public_numbers(&mut self, public: &PublicKey) {
        self.set(A::PUBLIC_KEY_INFO, Some(Value::Bytes(public.to_spki_der())));
        if let Some((modulus, exponent)) = public.rsa() {
            self.set(A::MODULUS, Some(Value::Bytes(modulus.to_vec())));
            self.set(A::PUBLIC_EXPONENT, Some(Value::Bytes(exponent.to_vec())));
        }
        let parameters = match public {
            PublicKey::Rsa { .. } => None,
            PublicKey::Ec { curve, .. } => Some(curve.parameters_der()),
            PublicKey::Ed25519(_) => Some(Curve25519::Ed25519.parameters_der()),
            PublicKey::X25519(_) => Some(Curve25519::X25519.parameters_der()),
        };
        self.set(A::EC_PARAMS, parameters.map(Value::Bytes));
    }

    fn add_secrecy(&mut self, template: &Template, origin: Origin) {
        let said = |kind, usual: bool| template.value(kind).and_then(Value::as_bool).unwrap_or(usual);
        let (sensitive, extractable) = (said(A::SENSITIVE, true), said(A::EXTRACTABLE, false));
        for (kind, value) in [
            (A::SENSITIVE, sensitive),
            (A::EXTRACTABLE, extractable),
            (A::ALWAYS_SENSITIVE, origin.always_sensitive && sensitive),
            (A::NEVER_EXTRACTABLE, origin.never_extractable && !extractable),
            (A::WRAP_WITH_TRUSTED, false),
            (A::ALWAYS_AUTHENTICATE, false),
        ] {
            self.set(kind, Some(Value::Bool(value)));
        }
    }

    /// What the key may do: where the template allows something, that and nothing else; otherwise all that suits.
    fn add_usage(&mut self, class: KeyClass, algorithm: KeyAlgorithm, template: &Template) {
        let possible = usage(class, algorithm);
        let any = all_uses(class).iter().any(|kind| given::is_true(template, *kind));
        for kind in all_uses(class) {
            self.set(*kind, Some(Value::Bool(!any && possible.contains(kind))));
        }
    }

    /// The template's own wishes over what is taken for granted.
    fn finish(mut self, template: &Template, who: Who) -> Result<Self> {
        if self.key_class().is_some_and(|class| class != KeyClass::Public) && who.user {
            self.set(A::PRIVATE, Some(Value::Bool(true)));
        }
        for attribute in template.attributes() {
            let (kind, value) = (attribute.kind, &attribute.value);
            if is_secret(self.class, kind) {
                continue;
            }
            let Some(now) = self.attributes.get(&kind) else {
                return Err(Error::AttributeTypeInvalid(kind));
            };
            if value.form() != kind.form() {
                return Err(Error::AttributeValueInvalid(kind));
            }
            if self.follows_from_value(kind) {
                if !same(kind, now, value) {
                    return Err(Error::TemplateInconsistent("an attribute that is not that of the value"));
                }
                continue;
            }
            if RESULTS.contains(&kind) {
                return Err(Error::AttributeReadOnly(kind));
            }
            self.attributes.insert(kind, value.clone());
        }
        if self.is(A::PRIVATE) && !who.user {
            return Err(Error::UserNotLoggedIn);
        }
        if self.is(A::TRUSTED) && !who.officer {
            return Err(Error::AttributeReadOnly(A::TRUSTED));
        }
        if self.is(A::ALWAYS_AUTHENTICATE) {
            return Err(Error::TemplateInconsistent("a key of the session that asks for the PIN"));
        }
        Ok(self)
    }

    /// Attributes that a template may repeat but not choose.
    fn follows_from_value(&self, kind: A) -> bool {
        let of_class = match self.class {
            ObjectClass::Data => false,
            ObjectClass::Certificate => {
                matches!(kind, A::VALUE | A::SUBJECT | A::ISSUER | A::SERIAL_NUMBER | A::CHECK_VALUE)
            }
            ObjectClass::PublicKey | ObjectClass::PrivateKey | ObjectClass::SecretKey => matches!(
                kind,
                A::KEY_TYPE
                    | A::MODULUS
                    | A::MODULUS_BITS
                    | A::PUBLIC_EXPONENT
                    | A::EC_PARAMS
                    | A::EC_POINT
                    | A::VALUE_LEN
            ),
        };
        of_class || matches!(kind, A::CLASS | A::TOKEN | A::PUBLIC_KEY_INFO | A::CERTIFICATE_TYPE)
    }
}

/// Whether a template repeats what follows from the value, in another form perhaps.
fn same(kind: A, now: &Value, said: &Value) -> bool {
    let significant = |value: &Value| value.as_bytes().map(|bytes| given::significant(bytes).to_vec());
    match kind {
        A::MODULUS | A::PUBLIC_EXPONENT => significant(now) == significant(said),
        // Bare or wrapped, named or numbered: it made the key, so it is the same.
        A::EC_PARAMS | A::EC_POINT => true,
        _ => now == said,
    }
}

/// `CKA_KEY_TYPE` of a private key.
pub(in crate::engine) fn key_type_of(key: &PrivateKey) -> u64 {
    key_type(KeyAlgorithm::from(&key.public()))
}

fn key_type(algorithm: KeyAlgorithm) -> u64 {
    match algorithm {
        KeyAlgorithm::Rsa { .. } => ck::CKK_RSA,
        KeyAlgorithm::Ec { .. } => ck::CKK_EC,
        KeyAlgorithm::Ed25519 => ck::CKK_EC_EDWARDS,
        KeyAlgorithm::X25519 => ck::CKK_EC_MONTGOMERY,
        KeyAlgorithm::Aes { .. } => ck::CKK_AES,
        KeyAlgorithm::Des { .. } => ck::CKK_DES3,
        // What a session has is never untold.
        KeyAlgorithm::Generic { .. } | KeyAlgorithm::Untold => ck::CKK_GENERIC_SECRET,
    }
}

/// Every use that a key of a class can name.
fn all_uses(class: KeyClass) -> &'static [A] {
    match class {
        KeyClass::Public => &[A::ENCRYPT, A::VERIFY, A::VERIFY_RECOVER, A::WRAP, A::DERIVE],
        KeyClass::Private => &[A::DECRYPT, A::SIGN, A::SIGN_RECOVER, A::UNWRAP, A::DERIVE],
        KeyClass::Secret => &[A::ENCRYPT, A::DECRYPT, A::SIGN, A::VERIFY, A::WRAP, A::UNWRAP, A::DERIVE],
    }
}

/// What a key of an algorithm can do.
fn usage(class: KeyClass, algorithm: KeyAlgorithm) -> &'static [A] {
    match (class, algorithm) {
        (KeyClass::Public, KeyAlgorithm::Rsa { .. }) => &[A::ENCRYPT, A::VERIFY, A::VERIFY_RECOVER, A::WRAP],
        (KeyClass::Private, KeyAlgorithm::Rsa { .. }) => &[A::DECRYPT, A::SIGN, A::SIGN_RECOVER, A::UNWRAP],
        (KeyClass::Public, KeyAlgorithm::Ec { .. } | KeyAlgorithm::Ed25519) => &[A::VERIFY],
        (KeyClass::Private, KeyAlgorithm::Ec { .. }) => &[A::SIGN, A::DERIVE],
        (KeyClass::Private, KeyAlgorithm::Ed25519) => &[A::SIGN],
        (KeyClass::Private, KeyAlgorithm::X25519) => &[A::DERIVE],
        (KeyClass::Secret, KeyAlgorithm::Aes { .. }) => {
            &[A::ENCRYPT, A::DECRYPT, A::SIGN, A::VERIFY, A::WRAP, A::UNWRAP]
        }
        (KeyClass::Secret, KeyAlgorithm::Generic { .. }) => &[A::SIGN, A::VERIFY, A::DERIVE],
        _ => &[],
    }
}

/// What tells how an object came to be: nobody can say otherwise.
const RESULTS: [A; 5] =
    [A::LOCAL, A::KEY_GEN_MECHANISM, A::ALWAYS_SENSITIVE, A::NEVER_EXTRACTABLE, A::UNIQUE_ID];

/// Key types of secrets without an algorithm of their own.
const GENERIC: [u64; 11] = [
    ck::CKK_GENERIC_SECRET,
    ck::CKK_HKDF,
    ck::CKK_SHA_1_HMAC,
    ck::CKK_SHA224_HMAC,
    ck::CKK_SHA256_HMAC,
    ck::CKK_SHA384_HMAC,
    ck::CKK_SHA512_HMAC,
    ck::CKK_SHA3_224_HMAC,
    ck::CKK_SHA3_256_HMAC,
    ck::CKK_SHA3_384_HMAC,
    ck::CKK_SHA3_512_HMAC,
];
