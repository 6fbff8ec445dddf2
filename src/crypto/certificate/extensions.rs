//! The extensions of a certificate that matter here (RFC 5280, 4.2.1). One that does not parse counts as
//! absent.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;

use crate::crypto::asn1::{
    Cursor, Element, TAG_BIT_STRING, TAG_BOOLEAN, TAG_OCTET_STRING, TAG_OID, TAG_SEQUENCE,
};

/// The list of extensions, empty where the certificate has none.
pub(super) struct Extensions<'a>(Option<Cursor<'a>>);

impl<'a> Extensions<'a> {
    pub(super) fn new(list: Option<Cursor<'a>>) -> Self {
        Self(list)
    }

    pub(super) fn subject_key_id(&self) -> Option<&'a [u8]> {
        let id = self.content(&rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER)?;
        (id.tag == TAG_OCTET_STRING).then_some(id.value)
    }

    pub(super) fn authority_key_id(&self) -> Option<&'a [u8]> {
        let id = self.content(&rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER)?;
        id.children(WHAT).find(|element| element.tag == TAG_KEY_IDENTIFIER).map(|element| element.value)
    }

    pub(super) fn is_authority(&self) -> bool {
        let first = self
            .content(&rfc5280::ID_CE_BASIC_CONSTRAINTS)
            .and_then(|constraints| constraints.children(WHAT).next());
        first.is_some_and(|element| element.tag == TAG_BOOLEAN && element.value.iter().any(|byte| *byte != 0))
    }

    pub(super) fn key_usage(&self) -> Option<Vec<&'static str>> {
        let bits = self.content(&rfc5280::ID_CE_KEY_USAGE).filter(|bits| bits.tag == TAG_BIT_STRING)?;
        let (_unused, bytes) = bits.value.split_first()?;
        let is_set = |index: usize| bytes.get(index / 8).is_some_and(|byte| byte << (index % 8) & 0x80 != 0);
        Some(
            KEY_USAGES
                .into_iter()
                .enumerate()
                .filter(|(index, _)| is_set(*index))
                .map(|(_, name)| name)
                .collect(),
        )
    }

    pub(super) fn extended_key_usage(&self) -> Option<Vec<String>> {
        let list = self.content(&rfc5280::ID_CE_EXT_KEY_USAGE).filter(|list| list.tag == TAG_SEQUENCE)?;
        let purposes = list.children(WHAT).filter_map(|element| element.oid());
        Some(purposes.map(|oid| purpose_name(&oid).map_or_else(|| oid.to_string(), str::to_owned)).collect())
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

fn purpose_name(oid: &ObjectIdentifier) -> Option<&'static str> {
    PURPOSES.into_iter().find(|(known, _)| oid.to_string() == *known).map(|(_, name)| name)
}

const WHAT: &str = "certificate extension";
const TAG_KEY_IDENTIFIER: u32 = 0x80;

/// RFC 5280, 4.2.1.3, in the order of the bits.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// RFC 5280, 4.2.1.12; RFC 4556 (PKINIT); Microsoft's smart card logon.
const PURPOSES: [(&str, &str); 10] = [
    ("2.5.29.37.0", "anyExtendedKeyUsage"),
    ("1.3.6.1.5.5.7.3.1", "serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
    ("1.3.6.1.5.2.3.4", "pkinitClientAuth"),
    ("1.3.6.1.5.2.3.5", "pkinitKdc"),
    ("1.3.6.1.4.1.311.20.2.2", "smartcardLogon"),
];
