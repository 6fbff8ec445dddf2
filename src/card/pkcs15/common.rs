//! What every PKCS#15 object has (ISO 7816-15, 8.2.9): label, flags, the PIN that guards it, access rules.

use super::asn1::{Fields, FormatError, Item, Writer, tag};

/// CommonObjectAttributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommonObject {
    /// Name for humans.
    pub label: Option<String>,
    /// Private and modifiable.
    pub flags: ObjectFlags,
    /// Identifier of the PIN that guards it.
    pub auth_id: Option<Vec<u8>>,
    /// How many uses one verification allows (1 = every use needs the PIN again).
    pub user_consent: Option<u32>,
    /// Who may do what.
    pub access_rules: Vec<AccessRule>,
    /// Fields that are not known here, as they stand on the card.
    pub extra: Vec<u8>,
}

/// CommonObjectFlags: bit n is bit n of the BIT STRING.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectFlags(pub u32);

impl ObjectFlags {
    /// Can be seen only after the PIN.
    pub const PRIVATE: Self = Self(1);
    /// Can be changed.
    pub const MODIFIABLE: Self = Self(1 << 1);
    /// Not meant for users.
    pub const INTERNAL: Self = Self(1 << 2);

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

/// AccessControlRule: ways of access and what they need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessRule {
    /// Which ways of access.
    pub mode: AccessMode,
    /// What they need.
    pub condition: Option<SecurityCondition>,
    /// Fields that are not known here, as they stand on the card.
    pub extra: Vec<u8>,
}

/// AccessMode: bit n is bit n of the BIT STRING.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccessMode(pub u32);

impl AccessMode {
    /// Reading.
    pub const READ: Self = Self(1);
    /// Changing.
    pub const UPDATE: Self = Self(1 << 1);
    /// Use of a key, any.
    pub const EXECUTE: Self = Self(1 << 2);
    /// Deleting.
    pub const DELETE: Self = Self(1 << 3);
    /// PSO COMPUTE DIGITAL SIGNATURE.
    pub const SIGN: Self = Self(1 << 5);
    /// PSO DECIPHER.
    pub const DECIPHER: Self = Self(1 << 7);
    /// INTERNAL AUTHENTICATE.
    pub const INTERNAL_AUTHENTICATE: Self = Self(1 << 9);
    /// Every use of a private key.
    pub const KEY_USE: Self =
        Self(Self::EXECUTE.0 | Self::SIGN.0 | Self::DECIPHER.0 | Self::INTERNAL_AUTHENTICATE.0);

    /// True when any bit is in both.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// SecurityCondition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityCondition {
    /// Nothing is needed.
    Always,
    /// The PIN with this identifier.
    Auth(Vec<u8>),
    /// The opposite of another condition.
    Not(Box<SecurityCondition>),
    /// All of them.
    And(Vec<SecurityCondition>),
    /// Any of them.
    Or(Vec<SecurityCondition>),
    /// Another form (authentication methods, deeper nesting than [`MAX_DEPTH`]), as it stands on the card.
    Other(Vec<u8>),
}

/// Deepest nesting of conditions that is followed.
pub const MAX_DEPTH: usize = 16;

const CONDITION_TAGS: &[u32] = &[
    tag::NULL,
    tag::OCTET_STRING,
    tag::SEQUENCE,
    tag::constructed(0),
    tag::constructed(1),
    tag::constructed(2),
    tag::constructed(3),
];

impl CommonObject {
    /// The PIN that guards the object; where the entry names none, the one its access rules ask for
    /// any of `modes`.
    pub fn guard(&self, modes: AccessMode) -> Option<&[u8]> {
        self.auth_id.as_deref().filter(|id| !id.is_empty()).or_else(|| {
            self.access_rules
                .iter()
                .filter(|rule| rule.mode.intersects(modes))
                .find_map(|rule| rule.condition.as_ref()?.first_auth())
        })
    }

    /// Reads the fields of CommonObjectAttributes.
    pub(super) fn decode(item: &Item<'_>) -> Result<Self, FormatError> {
        let mut fields = item.fields();
        let label = fields.find(tag::TEXTS).map(|found| found.text());
        let flags = fields.find(&[tag::BIT_STRING]).map(|found| found.bits("object flags")).transpose()?;
        let auth_id = fields.find(&[tag::OCTET_STRING]).map(|found| found.value.to_vec());
        let user_consent =
            fields.find(&[tag::INTEGER]).map(|found| found.unsigned("userConsent")).transpose()?;
        let access_rules = match fields.find(&[tag::SEQUENCE]) {
            None => Vec::new(),
            Some(found) => decode_rules(&found)?,
        };
        Ok(Self {
            label,
            flags: ObjectFlags(flags.unwrap_or(0)),
            auth_id,
            user_consent,
            access_rules,
            extra: fields.rest(),
        })
    }

    /// Writes CommonObjectAttributes.
    pub(super) fn encode(&self, out: &mut Writer) {
        out.nested(tag::SEQUENCE, |out| {
            if let Some(label) = &self.label {
                out.bytes(tag::UTF8_STRING, label.as_bytes());
            }
            if self.flags.0 != 0 {
                out.bits(tag::BIT_STRING, self.flags.0);
            }
            if let Some(auth_id) = &self.auth_id {
                out.bytes(tag::OCTET_STRING, auth_id);
            }
            if let Some(user_consent) = self.user_consent {
                out.integer(tag::INTEGER, user_consent.into());
            }
            if !self.access_rules.is_empty() {
                out.nested(tag::SEQUENCE, |out| {
                    self.access_rules.iter().for_each(|rule| rule.encode(out));
                });
            }
            out.raw(&self.extra);
        });
    }
}

fn decode_rules(item: &Item<'_>) -> Result<Vec<AccessRule>, FormatError> {
    let mut fields = item.fields();
    let mut rules = Vec::new();
    while let Some(found) = fields.find(&[tag::SEQUENCE]) {
        let mut fields = found.fields();
        let mode = fields.next_if(&[tag::BIT_STRING]).map(|found| found.bits("accessMode")).transpose()?;
        let condition = fields.next_if(CONDITION_TAGS).map(|found| SecurityCondition::decode(&found, 0));
        rules.push(AccessRule { mode: AccessMode(mode.unwrap_or(0)), condition, extra: fields.rest() });
    }
    Ok(rules)
}

impl AccessRule {
    fn encode(&self, out: &mut Writer) {
        out.nested(tag::SEQUENCE, |out| {
            out.bits(tag::BIT_STRING, self.mode.0);
            if let Some(condition) = &self.condition {
                condition.encode(out);
            }
            out.raw(&self.extra);
        });
    }
}

impl SecurityCondition {
    /// The first PIN that the condition names, however deep.
    pub fn first_auth(&self) -> Option<&[u8]> {
        match self {
            Self::Auth(id) if !id.is_empty() => Some(id),
            Self::And(all) | Self::Or(all) => all.iter().find_map(Self::first_auth),
            Self::Always | Self::Auth(_) | Self::Not(_) | Self::Other(_) => None,
        }
    }

    fn decode(item: &Item<'_>, depth: usize) -> Self {
        if depth >= MAX_DEPTH {
            return Self::Other(item.raw.to_vec());
        }
        let parts = || -> Vec<Self> {
            let mut fields = item.fields();
            let mut parts = Vec::new();
            while let Some(found) = fields.find(CONDITION_TAGS) {
                parts.push(Self::decode(&found, depth + 1));
            }
            parts
        };
        match item.tag {
            tag::NULL => Self::Always,
            tag::OCTET_STRING => Self::Auth(item.value.to_vec()),
            NOT => match parts().into_iter().next() {
                Some(part) => Self::Not(Box::new(part)),
                None => Self::Other(item.raw.to_vec()),
            },
            AND => Self::And(parts()),
            OR => Self::Or(parts()),
            _ => Self::Other(item.raw.to_vec()),
        }
    }

    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Always => out.bytes(tag::NULL, &[]),
            Self::Auth(id) => out.bytes(tag::OCTET_STRING, id),
            Self::Not(part) => out.nested(NOT, |out| part.encode(out)),
            Self::And(parts) => out.nested(AND, |out| parts.iter().for_each(|part| part.encode(out))),
            Self::Or(parts) => out.nested(OR, |out| parts.iter().for_each(|part| part.encode(out))),
            Self::Other(raw) => out.raw(raw),
        }
    }
}

const NOT: u32 = tag::constructed(0);
const AND: u32 = tag::constructed(1);
const OR: u32 = tag::constructed(2);

/// The four parts of a PKCS15Object: common, class, subclass and type attributes.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) common: CommonObject,
    pub(super) class: Item<'a>,
    subclass: Option<Item<'a>>,
    /// The content of `typeAttributes [1]`: normally one SEQUENCE.
    pub(super) attributes: Item<'a>,
    pub(super) extra: Vec<u8>,
}

/// Fields that are not known here, as they stand on the card, for each part of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// Behind the known class attributes.
    pub class: Vec<u8>,
    /// Behind the known subclass attributes.
    pub subclass: Vec<u8>,
    /// Behind the known type attributes.
    pub attributes: Vec<u8>,
    /// Behind the four parts.
    pub entry: Vec<u8>,
}

const SUBCLASS: u32 = tag::constructed(0);
const ATTRIBUTES: u32 = tag::constructed(1);

impl<'a> Frame<'a> {
    /// Reads the parts from the value of an entry.
    pub(super) fn decode(value: &'a [u8]) -> Result<Self, FormatError> {
        let mut fields = Fields::new(value);
        let common = fields.require(&[tag::SEQUENCE], "commonObjectAttributes")?;
        let class = fields.require(&[tag::SEQUENCE], "classAttributes")?;
        let subclass = fields.find(&[SUBCLASS]);
        let attributes = fields.require(&[ATTRIBUTES], "typeAttributes")?;
        Ok(Self { common: CommonObject::decode(&common)?, class, subclass, attributes, extra: fields.rest() })
    }

    /// The fields of the SEQUENCE inside `typeAttributes`.
    pub(super) fn type_fields(&self) -> Result<Fields<'a>, FormatError> {
        let inner = Fields::new(self.attributes.value).require(&[tag::SEQUENCE], "typeAttributes")?;
        Ok(Fields::new(inner.value))
    }

    /// The fields of the SEQUENCE inside `subClassAttributes`; none when it is left out.
    pub(super) fn subclass_fields(&self) -> Option<Fields<'a>> {
        let inner = Fields::new(self.subclass?.value).find(&[tag::SEQUENCE])?;
        Some(Fields::new(inner.value))
    }
}

/// An entry on its way out: the parts of a PKCS15Object, filled by the object's own type.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) tag: u32,
    pub(super) common: &'a CommonObject,
    pub(super) class: Vec<u8>,
    /// Left out where empty.
    pub(super) subclass: Vec<u8>,
    /// The whole content of `typeAttributes [1]`.
    pub(super) attributes: Vec<u8>,
    pub(super) extra: &'a [u8],
}

impl Parts<'_> {
    /// Writes the entry.
    pub(super) fn encode(&self) -> Vec<u8> {
        Writer::structure(self.tag, |out| {
            self.common.encode(out);
            out.bytes(tag::SEQUENCE, &self.class);
            if !self.subclass.is_empty() {
                out.nested(SUBCLASS, |out| out.bytes(tag::SEQUENCE, &self.subclass));
            }
            out.bytes(ATTRIBUTES, &self.attributes);
            out.raw(self.extra);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::tlv;

    fn common(value: &[u8]) -> CommonObject {
        CommonObject::decode(&Item { tag: tag::SEQUENCE, value, raw: value }).unwrap()
    }

    #[test]
    fn guard_missing_auth_id_is_taken_from_the_access_rules() {
        // read: always; execute: not X, or auth 02
        let read = Writer::structure(tag::SEQUENCE, |out| {
            out.bits(tag::BIT_STRING, 1);
            out.bytes(tag::NULL, &[]);
        });
        let execute = Writer::structure(tag::SEQUENCE, |out| {
            out.bits(tag::BIT_STRING, AccessMode::EXECUTE.0);
            out.nested(OR, |out| {
                out.nested(NOT, |out| out.bytes(tag::OCTET_STRING, &[9]));
                out.bytes(tag::OCTET_STRING, &[2]);
            });
        });
        let rules = tlv::encode(tag::SEQUENCE, &[read, execute].concat());
        let object = common(&rules);
        assert_eq!(object.access_rules.len(), 2);
        assert_eq!(object.guard(AccessMode::KEY_USE), Some(&[2][..]));
        assert_eq!(object.guard(AccessMode::READ), None);
    }

    #[test]
    fn condition_nested_a_thousand_deep_stops_at_the_limit() {
        let mut bytes = tlv::encode(tag::OCTET_STRING, &[1]);
        for _ in 0..1000 {
            bytes = tlv::encode(AND, &bytes);
        }
        let rule = tlv::encode(tag::SEQUENCE, &bytes);
        let object = common(&tlv::encode(tag::SEQUENCE, &rule));
        let rule = object.access_rules.first().unwrap();
        assert_eq!(rule.condition.as_ref().unwrap().first_auth(), None);
    }
}
