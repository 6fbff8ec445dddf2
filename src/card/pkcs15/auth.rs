//! Entries of an AODF (ISO 7816-15, 8.9): PINs; other authentication objects are kept as they are.

use super::asn1::{FormatError, Item, Writer, tag};
use super::common::{CommonObject, Extras, Frame, Parts};
use super::path::Path;

/// One authentication object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthObject {
    /// Label, flags; its own `auth_id` names the PUK or PIN that unblocks it.
    pub common: CommonObject,
    /// Its identifier, by which other objects name it; empty where the card left it out.
    pub auth_id: Vec<u8>,
    /// What kind of authentication.
    pub method: AuthMethod,
    /// Fields that are not known here.
    pub extra: Extras,
}

/// Kinds of authentication objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthMethod {
    /// A PIN or PUK.
    Pin(PinAttributes),
    /// A biometric template, a key or something newer: its entry tag and type attributes.
    Other {
        /// Tag of the entry: A0 biometric, A1 key, A2 external.
        tag: u32,
        /// Content of `typeAttributes [1]`.
        attributes: Vec<u8>,
    },
}

/// PinAttributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinAttributes {
    /// What the PIN is and may.
    pub flags: PinFlags,
    /// What it is made of.
    pub pin_type: PinType,
    /// Fewest characters.
    pub min_length: u32,
    /// Bytes that go to the card, padding included; 0 = not said.
    pub stored_length: u32,
    /// Most characters.
    pub max_length: Option<u32>,
    /// Reference for VERIFY; left out = 0.
    pub reference: Option<u32>,
    /// Byte that fills it up to `stored_length`.
    pub pad_char: Option<u8>,
    /// When it was changed last (GeneralizedTime).
    pub last_change: Option<String>,
    /// The directory to select before VERIFY.
    pub path: Option<Path>,
}

/// PinFlags: bit n is bit n of the BIT STRING.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PinFlags(pub u32);

#[expect(missing_docs, reason = "each name is its meaning (ISO 7816-15, 8.9.2)")]
impl PinFlags {
    pub const CASE_SENSITIVE: Self = Self(1);
    pub const LOCAL: Self = Self(1 << 1);
    pub const CHANGE_DISABLED: Self = Self(1 << 2);
    pub const UNBLOCK_DISABLED: Self = Self(1 << 3);
    pub const INITIALIZED: Self = Self(1 << 4);
    pub const NEEDS_PADDING: Self = Self(1 << 5);
    pub const UNBLOCKING_PIN: Self = Self(1 << 6);
    pub const SO_PIN: Self = Self(1 << 7);
    pub const DISABLE_ALLOWED: Self = Self(1 << 8);
    pub const INTEGRITY_PROTECTED: Self = Self(1 << 9);
    pub const CONFIDENTIALITY_PROTECTED: Self = Self(1 << 10);
    pub const EXCHANGE_REFERENCE_DATA: Self = Self(1 << 11);

    /// True when all bits of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of bits.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// PinType.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PinType {
    /// Digits, two in one byte.
    Bcd,
    /// Digits, one byte each.
    #[default]
    AsciiNumeric,
    /// Any characters.
    Utf8,
    /// Digits, one byte each with F in the high half.
    HalfNibbleBcd,
    /// A block by ISO 9564-1.
    Iso9564,
    /// A number that the standard does not name.
    Unknown(i64),
}

impl PinType {
    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Bcd,
            1 => Self::AsciiNumeric,
            2 => Self::Utf8,
            3 => Self::HalfNibbleBcd,
            4 => Self::Iso9564,
            _ => Self::Unknown(number),
        }
    }

    fn number(self) -> i64 {
        match self {
            Self::Bcd => 0,
            Self::AsciiNumeric => 1,
            Self::Utf8 => 2,
            Self::HalfNibbleBcd => 3,
            Self::Iso9564 => 4,
            Self::Unknown(number) => number,
        }
    }
}

const ENTRY_PIN: u32 = tag::SEQUENCE;
const ENTRY_OTHER: &[u32] = &[tag::constructed(0), tag::constructed(1), tag::constructed(2)];

impl AuthObject {
    /// Reads one entry.
    pub(super) fn decode(entry: &Item<'_>) -> Result<Self, FormatError> {
        let frame = Frame::decode(entry.value)?;
        let mut class = frame.class.fields();
        let auth_id = class.find(&[tag::OCTET_STRING]).map(|found| found.value.to_vec()).unwrap_or_default();
        let mut extra = Extras { class: class.rest(), entry: frame.extra.clone(), ..Extras::default() };
        let method = match entry.tag {
            ENTRY_PIN => {
                let mut fields = frame.type_fields()?;
                let pin = PinAttributes::decode(&mut fields)?;
                extra.attributes = fields.rest();
                AuthMethod::Pin(pin)
            }
            other if ENTRY_OTHER.contains(&other) => {
                AuthMethod::Other { tag: other, attributes: frame.attributes.value.to_vec() }
            }
            other => return Err(FormatError::UnknownTag(other)),
        };
        Ok(Self { common: frame.common, auth_id, method, extra })
    }

    /// Writes the entry.
    pub fn encode(&self) -> Vec<u8> {
        let (tag, attributes) = match &self.method {
            AuthMethod::Pin(pin) => (
                ENTRY_PIN,
                Writer::structure(tag::SEQUENCE, |out| {
                    pin.encode(out);
                    out.raw(&self.extra.attributes);
                }),
            ),
            AuthMethod::Other { tag, attributes } => (*tag, attributes.clone()),
        };
        let class = Writer::content(|out| {
            if !self.auth_id.is_empty() {
                out.bytes(tag::OCTET_STRING, &self.auth_id);
            }
            out.raw(&self.extra.class);
        });
        Parts { tag, common: &self.common, class, subclass: Vec::new(), attributes, extra: &self.extra.entry }
            .encode()
    }

    /// The PIN's attributes, if it is a PIN.
    pub fn pin(&self) -> Option<&PinAttributes> {
        match &self.method {
            AuthMethod::Pin(pin) => Some(pin),
            AuthMethod::Other { .. } => None,
        }
    }
}

impl PinAttributes {
    /// Most characters: as said, else what the stored length holds; `None` when neither is said.
    pub fn longest(&self) -> Option<u32> {
        let stored = match self.pin_type {
            PinType::Bcd => self.stored_length.saturating_mul(2),
            _ => self.stored_length,
        };
        self.max_length.filter(|length| *length > 0).or(Some(stored).filter(|length| *length > 0))
    }

    fn decode(fields: &mut super::asn1::Fields<'_>) -> Result<Self, FormatError> {
        let flags = fields.next_if(&[tag::BIT_STRING]).map(|found| found.bits("pinFlags")).transpose()?;
        let pin_type = fields.require(&[tag::ENUMERATED], "pinType")?.integer("pinType")?;
        let mut length =
            |field| fields.next_if(&[tag::INTEGER]).map(|found| found.unsigned(field)).transpose();
        let min_length = length("minLength")?;
        let stored_length = length("storedLength")?;
        let max_length = length("maxLength")?;
        let reference = fields
            .find(&[tag::context(0), tag::constructed(0)])
            .map(|found| match found.tag {
                // An explicit tag where an implicit one belongs.
                EXPLICIT_REFERENCE => {
                    found.fields().require(&[tag::INTEGER], "pinReference")?.reference("pinReference")
                }
                _ => found.reference("pinReference"),
            })
            .transpose()?;
        let pad_char = fields.find(&[tag::OCTET_STRING]).and_then(|found| found.value.first().copied());
        let last_change = fields.find(&[tag::GENERALIZED_TIME]).map(|found| found.text());
        let path = fields.find(&[tag::SEQUENCE]).map(|found| Path::decode(&found)).transpose()?;
        Ok(Self {
            flags: PinFlags(flags.unwrap_or(0)),
            pin_type: PinType::from_number(pin_type),
            min_length: min_length.unwrap_or(0),
            stored_length: stored_length.unwrap_or(0),
            max_length,
            reference,
            pad_char,
            last_change,
            path,
        })
    }

    fn encode(&self, out: &mut Writer) {
        out.bits(tag::BIT_STRING, self.flags.0);
        out.integer(tag::ENUMERATED, self.pin_type.number());
        out.integer(tag::INTEGER, self.min_length.into());
        out.integer(tag::INTEGER, self.stored_length.into());
        if let Some(max_length) = self.max_length {
            out.integer(tag::INTEGER, max_length.into());
        }
        if let Some(reference) = self.reference {
            out.integer(tag::context(0), reference.into());
        }
        if let Some(pad_char) = self.pad_char {
            out.bytes(tag::OCTET_STRING, &[pad_char]);
        }
        if let Some(last_change) = &self.last_change {
            out.bytes(tag::GENERALIZED_TIME, last_change.as_bytes());
        }
        if let Some(path) = &self.path {
            path.encode(out, tag::SEQUENCE);
        }
    }
}

const EXPLICIT_REFERENCE: u32 = tag::constructed(0);
