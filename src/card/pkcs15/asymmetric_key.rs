//! Entries of a PrKDF or PuKDF (ISO 7816-15, 8.3 and 8.4): both have the same shape. The value of a private
//! key is a place on the card, that of a public key may stand in the entry.

use super::asn1::{FormatError, Item, Writer, tag};
use super::common::{CommonObject, Extras, Frame, Parts};
use super::key::{CommonKey, ENTRY_EC, ENTRY_RSA, KeyFamily, KeyInfo};
use super::value::ObjectValue;

/// One private or public key; which of them, its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsymmetricKey {
    /// Label, flags, PIN.
    pub common: CommonObject,
    /// Identifier, usage, reference.
    pub key: CommonKey,
    /// Subject of the certificate it belongs to (DER Name).
    pub subject: Option<Vec<u8>>,
    /// Algorithm family and size.
    pub family: KeyFamily,
    /// The key, or where it is.
    pub value: ObjectValue,
    /// Parameters, such as the named curve.
    pub info: Option<KeyInfo>,
    /// Fields that are not known here.
    pub extra: Extras,
}

/// DH, DSA, KEA, GOST and what came later (ISO 7816-15, 8.3.1 and 8.4.1).
const ENTRY_OTHER: std::ops::RangeInclusive<u32> = tag::constructed(1)..=tag::constructed(15);

impl AsymmetricKey {
    /// Reads one entry.
    pub(super) fn decode(entry: &Item<'_>) -> Result<Self, FormatError> {
        if !matches!(entry.tag, ENTRY_RSA | ENTRY_EC) && !ENTRY_OTHER.contains(&entry.tag) {
            return Err(FormatError::UnknownTag(entry.tag));
        }
        let frame = Frame::decode(entry.value)?;
        let mut class = frame.class.fields();
        let key = CommonKey::decode(&mut class)?;
        let mut subclass = frame.subclass_fields();
        let subject = subclass
            .as_mut()
            .and_then(|fields| fields.next_if(&[tag::SEQUENCE]))
            .map(|name| name.raw.to_vec());
        let mut fields = frame.type_fields()?;
        let value = ObjectValue::decode(&mut fields)?;
        let (family, info) = KeyFamily::decode(entry.tag, &mut fields)?;
        let extra = Extras {
            class: class.rest(),
            subclass: subclass.map(|fields| fields.rest()).unwrap_or_default(),
            attributes: fields.rest(),
            entry: frame.extra,
        };
        Ok(Self { common: frame.common, key, subject, family, value, info, extra })
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
                out.raw(self.subject.as_deref().unwrap_or_default());
                out.raw(&self.extra.subclass);
            }),
            attributes: Writer::structure(tag::SEQUENCE, |out| {
                self.value.encode(out);
                self.family.encode(self.info.as_ref(), out);
                out.raw(&self.extra.attributes);
            }),
            extra: &self.extra.entry,
        }
        .encode()
    }
}
