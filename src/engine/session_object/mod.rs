//! Objects of a session (PKCS#11 3.1, 4): what a token could hold, but in this process only. Their attributes are a
//! plain map; what must stay secret is kept apart. Never written to a card.

mod build;
mod changes;
mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cryptoki_sys as ck;

use super::attribute::{Answer, Attribute, AttributeType as A, ObjectClass, Value};
use super::operation::Nonces;
use crate::codec::{Secret, tlv};
use crate::crypto::{PrivateKey, PublicKey};
use crate::token::{KeyAlgorithm, KeyClass, KeyUsage};

pub(super) use build::{Origin, Who, key_type_of};
pub(super) use table::SessionObjects;

/// One object of a session.
#[derive(Clone)]
pub(super) struct SessionObject {
    class: ObjectClass,
    /// Everything that may be told.
    attributes: BTreeMap<A, Value>,
    material: Material,
    /// The nonces of this key and of its copies.
    nonces: Arc<Mutex<Nonces>>,
}

/// The value of a key.
#[derive(Clone)]
pub(super) enum Material {
    /// The object is no key.
    None,
    Public(PublicKey),
    Private(Box<PrivateKey>),
    Secret(Secret),
}

impl Material {
    /// Bytes of a value that is not told.
    pub fn len(&self) -> usize {
        match self {
            Self::None | Self::Public(_) => 0,
            Self::Private(key) => key.to_pkcs8_der().map_or(0, |der| der.len()),
            Self::Secret(value) => value.len(),
        }
    }
}

impl SessionObject {
    pub fn class(&self) -> ObjectClass {
        self.class
    }

    pub fn material(&self) -> &Material {
        &self.material
    }

    /// The nonces of messages under this key, and under its copies.
    pub fn nonces(&self) -> &Mutex<Nonces> {
        &self.nonces
    }

    /// A truth value; false where the object has no such attribute.
    pub fn is(&self, kind: A) -> bool {
        self.attributes.get(&kind) == Some(&Value::Bool(true))
    }

    /// The value of an attribute that may be told.
    pub fn value(&self, kind: A) -> Option<&Value> {
        self.attributes.get(&kind)
    }

    /// Every attribute that may be told.
    pub fn attributes(&self) -> impl Iterator<Item = (A, &Value)> {
        self.attributes.iter().map(|(kind, value)| (*kind, value))
    }

    /// Gives the object the name that it keeps (`CKA_UNIQUE_ID`).
    pub fn name(&mut self, unique_id: &str) {
        self.set(A::UNIQUE_ID, Some(Value::Text(unique_id.to_owned())));
    }

    /// The answer for one attribute.
    pub fn answer(&self, kind: A) -> Answer {
        if let Some(value) = self.attributes.get(&kind) {
            return Answer::Is(value.clone());
        }
        let Some(secret) = self.secret_part(kind) else { return Answer::Absent };
        if self.is(A::EXTRACTABLE) && !self.is(A::SENSITIVE) {
            Answer::Is(Value::Bytes(secret.expose().to_vec()))
        } else {
            Answer::Sensitive
        }
    }

    /// Whether the object has this value, and tells it.
    pub fn matches(&self, wanted: &Attribute) -> bool {
        match self.attributes.get(&wanted.kind) {
            Some(value) => *value == wanted.value,
            None => match self.answer(wanted.kind) {
                Answer::Is(value) => value == wanted.value,
                Answer::Sensitive | Answer::Absent | Answer::Unread => false,
            },
        }
    }

    /// Algorithm and size of a key.
    pub fn algorithm(&self) -> Option<KeyAlgorithm> {
        match &self.material {
            Material::None => None,
            Material::Public(key) => Some(key.into()),
            Material::Private(key) => Some((&key.public()).into()),
            Material::Secret(value) => {
                let key_bits = u32::try_from(value.len() * 8).unwrap_or(u32::MAX);
                match self.value(A::KEY_TYPE) {
                    Some(Value::Number(ck::CKK_AES)) => Some(KeyAlgorithm::Aes { key_bits }),
                    _ => Some(KeyAlgorithm::Generic { key_bits }),
                }
            }
        }
    }

    /// Which kind of key it is.
    pub fn key_class(&self) -> Option<KeyClass> {
        match self.class {
            ObjectClass::PublicKey => Some(KeyClass::Public),
            ObjectClass::PrivateKey => Some(KeyClass::Private),
            ObjectClass::SecretKey => Some(KeyClass::Secret),
            ObjectClass::Data | ObjectClass::Certificate => None,
        }
    }

    /// What a key may do.
    pub fn usage(&self) -> KeyUsage {
        KeyUsage {
            encrypt: self.is(A::ENCRYPT),
            decrypt: self.is(A::DECRYPT),
            sign: self.is(A::SIGN),
            sign_recover: self.is(A::SIGN_RECOVER),
            wrap: self.is(A::WRAP),
            unwrap: self.is(A::UNWRAP),
            verify: self.is(A::VERIFY),
            verify_recover: self.is(A::VERIFY_RECOVER),
            derive: self.is(A::DERIVE),
            non_repudiation: false,
        }
    }

    /// A part of a key that is told only where the key may be known.
    fn secret_part(&self, kind: A) -> Option<Secret> {
        match (&self.material, kind) {
            (Material::Secret(value), A::VALUE) => Some(value.clone()),
            (Material::Private(key), kind) => private_part(key, kind),
            _ => None,
        }
    }
}

/// The attribute of a private key that holds a secret number.
fn private_part(key: &PrivateKey, kind: A) -> Option<Secret> {
    match (key, kind) {
        (PrivateKey::Ec(key), A::VALUE) => Some(key.scalar()),
        (PrivateKey::Ed25519(key), A::VALUE) => Some(key.seed()),
        (PrivateKey::X25519(key), A::VALUE) => Some(key.scalar()),
        (PrivateKey::Rsa(key), A::PRIVATE_EXPONENT) => {
            // RSAPrivateKey (RFC 8017, A.1.2): version, modulus, public exponent, private exponent.
            let der = key.to_bytes().ok()?;
            let fields = tlv::Reader::new(der.expose()).next()?.ok()?.value;
            let exponent = tlv::Reader::new(fields).nth(3)?.ok()?.value;
            let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
            Some(Secret::from(exponent.get(zeros..)?))
        }
        (PrivateKey::Rsa(key), kind) => {
            let components = key.components().ok()?;
            match kind {
                A::PRIME_1 => Some(components.prime_p),
                A::PRIME_2 => Some(components.prime_q),
                A::EXPONENT_1 => components.exponent_p,
                A::EXPONENT_2 => components.exponent_q,
                A::COEFFICIENT => components.coefficient,
                _ => None,
            }
        }
        _ => None,
    }
}

/// Attributes that hold a part of a secret or private key: never told of a key on a card, never kept in the map.
pub(super) fn is_secret(class: ObjectClass, kind: A) -> bool {
    match class {
        ObjectClass::SecretKey => kind == A::VALUE,
        ObjectClass::PrivateKey => matches!(
            kind,
            A::VALUE
                | A::PRIVATE_EXPONENT
                | A::PRIME_1
                | A::PRIME_2
                | A::EXPONENT_1
                | A::EXPONENT_2
                | A::COEFFICIENT
        ),
        ObjectClass::Data | ObjectClass::Certificate | ObjectClass::PublicKey => false,
    }
}

impl std::fmt::Debug for SessionObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionObject({})", self.class)
    }
}
