//! The extensions of a certificate that matter here (RFC 5280, 4.2.1). One that does not parse counts as
//! absent.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;

use super::alternative_name;
use super::usage::{KeyUsage, purpose_text};
use crate::crypto::asn1::{
    Cursor, Element, TAG_BIT_STRING, TAG_BOOLEAN, TAG_INTEGER, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE,
};

/// The list of extensions, empty where the certificate has none.
pub(in crate::crypto) struct Extensions<'a>(Option<Cursor<'a>>);

impl<'a> Extensions<'a> {
    pub(in crate::crypto) fn new(list: Option<Cursor<'a>>) -> Self {
        Self(list)
    }

    pub(in crate::crypto) fn subject_key_id(&self) -> Option<&'a [u8]> {
        let id = self.content(&rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER)?;
        (id.tag == TAG_OCTET_STRING).then_some(id.value)
    }

    pub(in crate::crypto) fn authority_key_id(&self) -> Option<&'a [u8]> {
        let id = self.content(&rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER)?;
        id.children(WHAT).find(|element| element.tag == TAG_KEY_IDENTIFIER).map(|element| element.value)
    }

    pub(in crate::crypto) fn is_authority(&self) -> bool {
        let first = self
            .content(&rfc5280::ID_CE_BASIC_CONSTRAINTS)
            .and_then(|constraints| constraints.children(WHAT).next());
        first.is_some_and(|element| element.tag == TAG_BOOLEAN && element.value.iter().any(|byte| *byte != 0))
    }

    /// pathLenConstraint of the basic constraints; one that is no small number allows nothing below.
    pub(in crate::crypto) fn path_len(&self) -> Option<u64> {
        let constraints = self.content(&rfc5280::ID_CE_BASIC_CONSTRAINTS)?;
        let number = constraints.children(WHAT).find(|element| element.tag == TAG_INTEGER)?;
        Some(match number.value {
            [byte @ 0..=0x7F] => u64::from(*byte),
            _ => 0,
        })
    }

    /// The first extension that stops a path: critical and unknown here, known and broken, or name constraints,
    /// which are never evaluated.
    pub(in crate::crypto) fn not_understood(&self) -> Option<ObjectIdentifier> {
        self.0.clone()?.find_map(|extension| {
            let mut fields = extension.children(WHAT);
            let id = fields.next()?.oid()?;
            let critical = fields.optional(TAG_BOOLEAN);
            let is_critical = critical.is_some_and(|flag| flag.value.iter().any(|byte| *byte != 0));
            let is_broken = id == rfc5280::ID_CE_KEY_USAGE && self.key_usage().is_none();
            let stops = if UNDERSTOOD.contains(&id) { is_broken } else { is_critical };
            (stops || id == rfc5280::ID_CE_NAME_CONSTRAINTS).then_some(id)
        })
    }

    pub(in crate::crypto) fn key_usage(&self) -> Option<KeyUsage> {
        let bits = self.content(&rfc5280::ID_CE_KEY_USAGE).filter(|bits| bits.tag == TAG_BIT_STRING)?;
        let (_unused, bytes) = bits.value.split_first()?;
        Some(KeyUsage::from_bits(bytes))
    }

    pub(in crate::crypto) fn extended_key_usage(&self) -> Option<Vec<String>> {
        let list = self.content(&rfc5280::ID_CE_EXT_KEY_USAGE).filter(|list| list.tag == TAG_SEQUENCE)?;
        Some(list.children(WHAT).filter_map(|element| element.oid()).map(|oid| purpose_text(&oid)).collect())
    }

    /// The alternative names of the kinds that are written here; the others are left out.
    pub(in crate::crypto) fn alternative_names(&self) -> Vec<String> {
        let list = self.content(&rfc5280::ID_CE_SUBJECT_ALT_NAME).filter(|list| list.tag == TAG_SEQUENCE);
        list.map(|list| list.children(WHAT).filter_map(alternative_name::text).collect()).unwrap_or_default()
    }

    /// What is inside the OCTET STRING of an extension.
    fn content(&self, wanted: &ObjectIdentifier) -> Option<Element<'a>> {
        let extension = self.0.clone()?.find(|extension| {
            let id = extension.children(WHAT).next();
            id.is_some_and(|id| id.tag == TAG_OID && id.value == wanted.as_bytes())
        })?;
        let value = extension.children(WHAT).find(|element| element.tag == TAG_OCTET_STRING)?;
        value.children(WHAT).next()
    }
}

const WHAT: &str = "certificate extension";
/// What a path looks at, and what does not limit the signatures of files: policies, since none is asked for.
const UNDERSTOOD: [ObjectIdentifier; 7] = [
    rfc5280::ID_CE_BASIC_CONSTRAINTS,
    rfc5280::ID_CE_KEY_USAGE,
    rfc5280::ID_CE_EXT_KEY_USAGE,
    rfc5280::ID_CE_SUBJECT_ALT_NAME,
    rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER,
    rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
    rfc5280::ID_CE_CERTIFICATE_POLICIES,
];
const TAG_KEY_IDENTIFIER: u32 = 0x80;
