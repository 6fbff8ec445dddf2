//! Entries of a SKDF (ISO 7816-15, 8.5): symmetric keys.

use super::asn1::{FormatError, Item, Writer, tag};
use super::common::{CommonObject, Extras, Frame, Parts};
use super::key::CommonKey;
use super::value::ObjectValue;

/// One secret key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKeyObject {
    /// Label, flags, PIN.
    pub common: CommonObject,
    /// Identifier, usage, reference, algorithms.
    pub key: CommonKey,
    /// Length of the key in bits, where it is said.
    pub key_bits: Option<u32>,
    /// What it is.
    pub family: SecretKeyFamily,
    /// Where the key is.
    pub value: Option<ObjectValue>,
    /// Fields that are not known here.
    pub extra: Extras,
}

/// SecretKeyType: which entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKeyFamily {
    /// Any algorithm; the references into TokenInfo say which.
    Generic,
    /// Single DES.
    Des,
    /// DES with two keys.
    Des2,
    /// DES with three keys.
    Des3,
    /// RC2, RC4, CAST and others, by the tag of the entry.
    Other(u32),
}

const ENTRY_GENERIC: u32 = tag::SEQUENCE;
const ENTRY_DES: u32 = tag::constructed(2);
const ENTRY_DES2: u32 = tag::constructed(3);
const ENTRY_DES3: u32 = tag::constructed(4);
const ENTRY_OTHER: std::ops::RangeInclusive<u32> = tag::constructed(0)..=tag::constructed(13);

impl SecretKeyFamily {
    fn from_tag(tag: u32) -> Result<Self, FormatError> {
        match tag {
            ENTRY_GENERIC => Ok(Self::Generic),
            ENTRY_DES => Ok(Self::Des),
            ENTRY_DES2 => Ok(Self::Des2),
            ENTRY_DES3 => Ok(Self::Des3),
            other if ENTRY_OTHER.contains(&other) => Ok(Self::Other(other)),
            other => Err(FormatError::UnknownTag(other)),
        }
    }

    fn entry_tag(self) -> u32 {
        match self {
            Self::Generic => ENTRY_GENERIC,
            Self::Des => ENTRY_DES,
            Self::Des2 => ENTRY_DES2,
            Self::Des3 => ENTRY_DES3,
            Self::Other(tag) => tag,
        }
    }
}

impl SecretKeyObject {
    /// Reads one entry.
    pub(super) fn decode(entry: &Item<'_>) -> Result<Self, FormatError> {
        let family = SecretKeyFamily::from_tag(entry.tag)?;
        let frame = Frame::decode(entry.value)?;
        let mut class = frame.class.fields();
        let key = CommonKey::decode(&mut class)?;
        let mut subclass = frame.subclass_fields();
        let key_bits = subclass
            .as_mut()
            .and_then(|fields| fields.next_if(&[tag::INTEGER]))
            .map(|found| found.unsigned("keyLen"))
            .transpose()?;
        let mut fields = frame.type_fields()?;
        let value = if fields.is_exhausted() { None } else { Some(ObjectValue::decode(&mut fields)?) };
        let extra = Extras {
            class: class.rest(),
            subclass: subclass.map(|fields| fields.rest()).unwrap_or_default(),
            attributes: fields.rest(),
            entry: frame.extra,
        };
        Ok(Self { common: frame.common, key, key_bits, family, value, extra })
    }

    /// Writes the entry.
    pub fn encode(&self) -> Vec<u8> {
        Parts {
            tag: self.family.entry_tag(),
            common: &self.common,
            class: Writer::content(|out| {
                self.key.encode(out);
                out.raw(&self.extra.class);
            }),
            subclass: Writer::content(|out| {
                if let Some(key_bits) = self.key_bits {
                    out.integer(tag::INTEGER, key_bits.into());
                }
                out.raw(&self.extra.subclass);
            }),
            attributes: Writer::structure(tag::SEQUENCE, |out| {
                if let Some(value) = &self.value {
                    value.encode(out);
                }
                out.raw(&self.extra.attributes);
            }),
            extra: &self.extra.entry,
        }
        .encode()
    }
}
