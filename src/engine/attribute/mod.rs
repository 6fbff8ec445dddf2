//! Attributes (PKCS#11 3.1, 4): types with their numbers, typed values, and what each class of object answers.

mod answer;
mod certificate;
mod data;
mod key;
mod template;

use std::fmt;

use cryptoki_sys as ck;

pub(super) use answer::{Answer, Known};
pub(super) use certificate::CertificateView;
pub(super) use data::DataView;
pub(super) use key::KeyView;
pub use template::Template;

/// An attribute type (`CKA_…`). Open: any number is one, only the known ones have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeType(pub u64);

/// One attribute of a template or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Which.
    pub kind: AttributeType,
    /// Its value.
    pub value: Value,
}

/// The value of an attribute, typed by [`AttributeType::form`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// `CK_BBOOL`.
    Bool(bool),
    /// `CK_ULONG` and the types made of it: class, key type, mechanism.
    Number(u64),
    /// Bytes: identifiers, DER, big integers.
    Bytes(Vec<u8>),
    /// UTF-8 text.
    Text(String),
    /// `CK_DATE`; `None` is the empty date.
    Date(Option<Date>),
    /// An array of numbers: allowed mechanisms.
    Numbers(Vec<u64>),
}

/// A date of an attribute (`CK_DATE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date {
    /// Year of the Gregorian calendar, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

/// How the value of an attribute is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants of Value")]
pub enum Form {
    Bool,
    Number,
    Bytes,
    Text,
    Date,
    Numbers,
}

/// Class of an object (`CKO_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub enum ObjectClass {
    Data,
    Certificate,
    PublicKey,
    PrivateKey,
    SecretKey,
}

impl ObjectClass {
    /// Every class, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Data, Self::Certificate, Self::PublicKey, Self::PrivateKey, Self::SecretKey];

    /// Its number.
    pub fn number(self) -> u64 {
        match self {
            Self::Data => ck::CKO_DATA,
            Self::Certificate => ck::CKO_CERTIFICATE,
            Self::PublicKey => ck::CKO_PUBLIC_KEY,
            Self::PrivateKey => ck::CKO_PRIVATE_KEY,
            Self::SecretKey => ck::CKO_SECRET_KEY,
        }
    }

    /// The class of a number, if it is one of ours.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    /// Its name on the command line and in JSON: `private-key`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Certificate => "certificate",
            Self::PublicKey => "public-key",
            Self::PrivateKey => "private-key",
            Self::SecretKey => "secret-key",
        }
    }
}

impl fmt::Display for ObjectClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Value {
    /// The truth, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<u64> {
        if let Self::Number(value) = self { Some(*value) } else { None }
    }

    /// The bytes, if it has some: those of a text too.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bool(_) | Self::Number(_) | Self::Date(_) | Self::Numbers(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Overwrites bytes, which may be those of a key.
    pub(crate) fn wipe(&mut self) {
        if let Self::Bytes(bytes) = self {
            drop(crate::codec::Secret::new(std::mem::take(bytes)));
        }
    }

    /// How it is made.
    pub fn form(&self) -> Form {
        match self {
            Self::Bool(_) => Form::Bool,
            Self::Number(_) => Form::Number,
            Self::Bytes(_) => Form::Bytes,
            Self::Text(_) => Form::Text,
            Self::Date(_) => Form::Date,
            Self::Numbers(_) => Form::Numbers,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[expect(missing_docs, reason = "each name is that of the standard")]
impl AttributeType {
    pub const CLASS: Self = Self(ck::CKA_CLASS);
    pub const TOKEN: Self = Self(ck::CKA_TOKEN);
    pub const PRIVATE: Self = Self(ck::CKA_PRIVATE);
    pub const LABEL: Self = Self(ck::CKA_LABEL);
    pub const UNIQUE_ID: Self = Self(ck::CKA_UNIQUE_ID);
    pub const APPLICATION: Self = Self(ck::CKA_APPLICATION);
    pub const VALUE: Self = Self(ck::CKA_VALUE);
    pub const OBJECT_ID: Self = Self(ck::CKA_OBJECT_ID);
    pub const CERTIFICATE_TYPE: Self = Self(ck::CKA_CERTIFICATE_TYPE);
    pub const ISSUER: Self = Self(ck::CKA_ISSUER);
    pub const SERIAL_NUMBER: Self = Self(ck::CKA_SERIAL_NUMBER);
    pub const TRUSTED: Self = Self(ck::CKA_TRUSTED);
    pub const CERTIFICATE_CATEGORY: Self = Self(ck::CKA_CERTIFICATE_CATEGORY);
    pub const CHECK_VALUE: Self = Self(ck::CKA_CHECK_VALUE);
    pub const KEY_TYPE: Self = Self(ck::CKA_KEY_TYPE);
    pub const SUBJECT: Self = Self(ck::CKA_SUBJECT);
    pub const ID: Self = Self(ck::CKA_ID);
    pub const SENSITIVE: Self = Self(ck::CKA_SENSITIVE);
    pub const ENCRYPT: Self = Self(ck::CKA_ENCRYPT);
    pub const DECRYPT: Self = Self(ck::CKA_DECRYPT);
    pub const WRAP: Self = Self(ck::CKA_WRAP);
    pub const UNWRAP: Self = Self(ck::CKA_UNWRAP);
    pub const SIGN: Self = Self(ck::CKA_SIGN);
    pub const SIGN_RECOVER: Self = Self(ck::CKA_SIGN_RECOVER);
    pub const VERIFY: Self = Self(ck::CKA_VERIFY);
    pub const VERIFY_RECOVER: Self = Self(ck::CKA_VERIFY_RECOVER);
    pub const DERIVE: Self = Self(ck::CKA_DERIVE);
    pub const START_DATE: Self = Self(ck::CKA_START_DATE);
    pub const END_DATE: Self = Self(ck::CKA_END_DATE);
    pub const MODULUS: Self = Self(ck::CKA_MODULUS);
    pub const MODULUS_BITS: Self = Self(ck::CKA_MODULUS_BITS);
    pub const PUBLIC_EXPONENT: Self = Self(ck::CKA_PUBLIC_EXPONENT);
    pub const PRIVATE_EXPONENT: Self = Self(ck::CKA_PRIVATE_EXPONENT);
    pub const PRIME_1: Self = Self(ck::CKA_PRIME_1);
    pub const PRIME_2: Self = Self(ck::CKA_PRIME_2);
    pub const EXPONENT_1: Self = Self(ck::CKA_EXPONENT_1);
    pub const EXPONENT_2: Self = Self(ck::CKA_EXPONENT_2);
    pub const COEFFICIENT: Self = Self(ck::CKA_COEFFICIENT);
    pub const PUBLIC_KEY_INFO: Self = Self(ck::CKA_PUBLIC_KEY_INFO);
    pub const VALUE_LEN: Self = Self(ck::CKA_VALUE_LEN);
    pub const EXTRACTABLE: Self = Self(ck::CKA_EXTRACTABLE);
    pub const LOCAL: Self = Self(ck::CKA_LOCAL);
    pub const NEVER_EXTRACTABLE: Self = Self(ck::CKA_NEVER_EXTRACTABLE);
    pub const ALWAYS_SENSITIVE: Self = Self(ck::CKA_ALWAYS_SENSITIVE);
    pub const KEY_GEN_MECHANISM: Self = Self(ck::CKA_KEY_GEN_MECHANISM);
    pub const MODIFIABLE: Self = Self(ck::CKA_MODIFIABLE);
    pub const COPYABLE: Self = Self(ck::CKA_COPYABLE);
    pub const DESTROYABLE: Self = Self(ck::CKA_DESTROYABLE);
    pub const EC_PARAMS: Self = Self(ck::CKA_EC_PARAMS);
    pub const EC_POINT: Self = Self(ck::CKA_EC_POINT);
    pub const ALWAYS_AUTHENTICATE: Self = Self(ck::CKA_ALWAYS_AUTHENTICATE);
    pub const WRAP_WITH_TRUSTED: Self = Self(ck::CKA_WRAP_WITH_TRUSTED);
    pub const ALLOWED_MECHANISMS: Self = Self(ck::CKA_ALLOWED_MECHANISMS);

    /// Its name in the standard, if it is a known one: `CKA_LABEL`.
    pub fn name(self) -> Option<&'static str> {
        KNOWN.iter().find(|known| known.0 == self).map(|known| known.1)
    }

    /// The type with this name, with or without `CKA_`, in any case: `label`, `CKA_KEY_TYPE`, `key-type`.
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = name.to_ascii_uppercase().replace('-', "_");
        let plain = plain.strip_prefix("CKA_").unwrap_or(&plain);
        KNOWN.iter().find(|known| known.1.strip_prefix("CKA_") == Some(plain)).map(|known| known.0)
    }

    /// How its values are made; bytes for a type that is not known.
    pub fn form(self) -> Form {
        KNOWN.iter().find(|known| known.0 == self).map_or(Form::Bytes, |known| known.2)
    }

    /// Every known type.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|known| known.0)
    }
}

impl fmt::Display for AttributeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "attribute {:#x}", self.0),
        }
    }
}

/// Type, name and form of every attribute that an object here can have.
const KNOWN: &[(AttributeType, &str, Form)] = &[
    (AttributeType::CLASS, "CKA_CLASS", Form::Number),
    (AttributeType::TOKEN, "CKA_TOKEN", Form::Bool),
    (AttributeType::PRIVATE, "CKA_PRIVATE", Form::Bool),
    (AttributeType::MODIFIABLE, "CKA_MODIFIABLE", Form::Bool),
    (AttributeType::COPYABLE, "CKA_COPYABLE", Form::Bool),
    (AttributeType::DESTROYABLE, "CKA_DESTROYABLE", Form::Bool),
    (AttributeType::LABEL, "CKA_LABEL", Form::Text),
    (AttributeType::UNIQUE_ID, "CKA_UNIQUE_ID", Form::Text),
    (AttributeType::ID, "CKA_ID", Form::Bytes),
    (AttributeType::KEY_TYPE, "CKA_KEY_TYPE", Form::Number),
    (AttributeType::CERTIFICATE_TYPE, "CKA_CERTIFICATE_TYPE", Form::Number),
    (AttributeType::CERTIFICATE_CATEGORY, "CKA_CERTIFICATE_CATEGORY", Form::Number),
    (AttributeType::TRUSTED, "CKA_TRUSTED", Form::Bool),
    (AttributeType::SUBJECT, "CKA_SUBJECT", Form::Bytes),
    (AttributeType::ISSUER, "CKA_ISSUER", Form::Bytes),
    (AttributeType::SERIAL_NUMBER, "CKA_SERIAL_NUMBER", Form::Bytes),
    (AttributeType::START_DATE, "CKA_START_DATE", Form::Date),
    (AttributeType::END_DATE, "CKA_END_DATE", Form::Date),
    (AttributeType::CHECK_VALUE, "CKA_CHECK_VALUE", Form::Bytes),
    (AttributeType::APPLICATION, "CKA_APPLICATION", Form::Text),
    (AttributeType::OBJECT_ID, "CKA_OBJECT_ID", Form::Bytes),
    (AttributeType::VALUE, "CKA_VALUE", Form::Bytes),
    (AttributeType::VALUE_LEN, "CKA_VALUE_LEN", Form::Number),
    (AttributeType::SENSITIVE, "CKA_SENSITIVE", Form::Bool),
    (AttributeType::EXTRACTABLE, "CKA_EXTRACTABLE", Form::Bool),
    (AttributeType::ALWAYS_SENSITIVE, "CKA_ALWAYS_SENSITIVE", Form::Bool),
    (AttributeType::NEVER_EXTRACTABLE, "CKA_NEVER_EXTRACTABLE", Form::Bool),
    (AttributeType::LOCAL, "CKA_LOCAL", Form::Bool),
    (AttributeType::KEY_GEN_MECHANISM, "CKA_KEY_GEN_MECHANISM", Form::Number),
    (AttributeType::ALWAYS_AUTHENTICATE, "CKA_ALWAYS_AUTHENTICATE", Form::Bool),
    (AttributeType::WRAP_WITH_TRUSTED, "CKA_WRAP_WITH_TRUSTED", Form::Bool),
    (AttributeType::ALLOWED_MECHANISMS, "CKA_ALLOWED_MECHANISMS", Form::Numbers),
    (AttributeType::ENCRYPT, "CKA_ENCRYPT", Form::Bool),
    (AttributeType::DECRYPT, "CKA_DECRYPT", Form::Bool),
    (AttributeType::SIGN, "CKA_SIGN", Form::Bool),
    (AttributeType::SIGN_RECOVER, "CKA_SIGN_RECOVER", Form::Bool),
    (AttributeType::VERIFY, "CKA_VERIFY", Form::Bool),
    (AttributeType::VERIFY_RECOVER, "CKA_VERIFY_RECOVER", Form::Bool),
    (AttributeType::WRAP, "CKA_WRAP", Form::Bool),
    (AttributeType::UNWRAP, "CKA_UNWRAP", Form::Bool),
    (AttributeType::DERIVE, "CKA_DERIVE", Form::Bool),
    (AttributeType::MODULUS, "CKA_MODULUS", Form::Bytes),
    (AttributeType::MODULUS_BITS, "CKA_MODULUS_BITS", Form::Number),
    (AttributeType::PUBLIC_EXPONENT, "CKA_PUBLIC_EXPONENT", Form::Bytes),
    (AttributeType::PUBLIC_KEY_INFO, "CKA_PUBLIC_KEY_INFO", Form::Bytes),
    (AttributeType::EC_PARAMS, "CKA_EC_PARAMS", Form::Bytes),
    (AttributeType::EC_POINT, "CKA_EC_POINT", Form::Bytes),
    (AttributeType::PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT", Form::Bytes),
    (AttributeType::PRIME_1, "CKA_PRIME_1", Form::Bytes),
    (AttributeType::PRIME_2, "CKA_PRIME_2", Form::Bytes),
    (AttributeType::EXPONENT_1, "CKA_EXPONENT_1", Form::Bytes),
    (AttributeType::EXPONENT_2, "CKA_EXPONENT_2", Form::Bytes),
    (AttributeType::COEFFICIENT, "CKA_COEFFICIENT", Form::Bytes),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_type_name_goes_both_ways() {
        for kind in AttributeType::known() {
            let name = kind.name().unwrap_or_default();
            assert_eq!(AttributeType::from_name(name), Some(kind), "{name}");
        }
        assert_eq!(AttributeType::from_name("key-type"), Some(AttributeType::KEY_TYPE));
        assert_eq!(AttributeType::from_name("colour"), None);
    }

    #[test]
    fn attribute_type_unknown_number_has_no_name_but_prints() {
        let unknown = AttributeType(0x8000_1234);
        assert_eq!(unknown.name(), None);
        assert_eq!(unknown.to_string(), "attribute 0x80001234");
        assert_eq!(unknown.form(), Form::Bytes);
    }

    #[test]
    fn object_class_number_goes_both_ways() {
        for class in ObjectClass::ALL {
            assert_eq!(ObjectClass::from_number(class.number()), Some(class));
        }
        assert_eq!(ObjectClass::from_number(99), None);
    }
}
