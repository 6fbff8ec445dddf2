//! A forgiving DER cursor for structures from cards: it takes element after element and asks only for what is
//! needed.
//!
//! Strict decoders refuse a whole certificate for a negative serial number; a person then does not see it at
//! all.

use const_oid::ObjectIdentifier;
use der::{Decode, ErrorKind, Length};

use super::{CryptoError, Curve};
use crate::codec::tlv::Reader;

/// One element: its tag, its value, and all of its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub tag: u32,
    pub value: &'a [u8],
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads the value as elements.
    pub fn children(&self, what: &'static str) -> Cursor<'a> {
        Cursor::new(self.value, what)
    }

    /// The value as an object identifier.
    pub fn oid(&self) -> Option<ObjectIdentifier> {
        if self.tag == TAG_OID { ObjectIdentifier::from_bytes(self.value).ok() } else { None }
    }

    /// The curve that EC parameters name. Errors: `Unsupported` for one of another name, or given by its
    /// numbers.
    pub fn named_curve(&self) -> Result<Curve, CryptoError> {
        match self.oid() {
            Some(oid) => Curve::from_oid(&oid)
                .ok_or_else(|| CryptoError::Unsupported(format!("the elliptic curve {oid}"))),
            None => Err(CryptoError::Unsupported("an elliptic curve that is not given by name".to_owned())),
        }
    }

    /// The bytes of a BIT STRING that has no unused bits.
    pub fn whole_bits(&self) -> Option<&'a [u8]> {
        match (self.tag, self.value.split_first()) {
            (TAG_BIT_STRING, Some((0, bytes))) => Some(bytes),
            _ => None,
        }
    }
}

/// Elements one after the other; `what` names the structure in errors.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Cursor<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// True when everything has been read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element, whatever it is. Errors: `Malformed` at the end and for what is no element.
    pub fn any(&mut self) -> Result<Element<'a>, CryptoError> {
        let mut reader = Reader::new(self.rest);
        let Some(Ok(tlv)) = reader.next() else {
            return Err(self.incomplete());
        };
        let consumed = self.rest.len() - reader.rest().len();
        let (raw, rest) = self.rest.split_at_checked(consumed).ok_or_else(|| self.incomplete())?;
        self.rest = rest;
        Ok(Element { tag: tlv.tag, value: tlv.value, raw })
    }

    /// The next element, which must have `tag`. Errors: `Malformed`.
    pub fn expect(&mut self, tag: u32) -> Result<Element<'a>, CryptoError> {
        let element = self.any()?;
        if element.tag == tag {
            return Ok(element);
        }
        let kind = match short_tag(element.tag) {
            Some(actual) => ErrorKind::TagUnexpected { expected: short_tag(tag), actual },
            None => ErrorKind::TagUnknown { byte: element.raw.first().copied().unwrap_or_default() },
        };
        Err(CryptoError::Malformed { what: self.what, source: kind.into() })
    }

    /// The next element if it has `tag`; otherwise nothing is read.
    pub fn optional(&mut self, tag: u32) -> Option<Element<'a>> {
        let mut ahead = self.clone();
        let element = ahead.any().ok().filter(|element| element.tag == tag)?;
        *self = ahead;
        Some(element)
    }

    fn incomplete(&self) -> CryptoError {
        let actual = Length::try_from(self.rest.len()).unwrap_or(Length::ZERO);
        CryptoError::Malformed { what: self.what, source: der::Error::incomplete(actual) }
    }
}

impl<'a> Iterator for Cursor<'a> {
    type Item = Element<'a>;

    /// The next element; ends at the first that is none.
    fn next(&mut self) -> Option<Element<'a>> {
        self.any().ok()
    }
}

/// A one-byte tag in the words of `der`.
fn short_tag(tag: u32) -> Option<der::Tag> {
    u8::try_from(tag).ok().and_then(|byte| der::Tag::from_der(&[byte]).ok())
}

pub(super) const TAG_BOOLEAN: u32 = 0x01;
pub(super) const TAG_INTEGER: u32 = 0x02;
pub(super) const TAG_BIT_STRING: u32 = 0x03;
pub(super) const TAG_OCTET_STRING: u32 = 0x04;
pub(super) const TAG_NULL: u32 = 0x05;
pub(super) const TAG_OID: u32 = 0x06;
pub(super) const TAG_UTC_TIME: u32 = 0x17;
pub(super) const TAG_GENERALIZED_TIME: u32 = 0x18;
pub(super) const TAG_SEQUENCE: u32 = 0x30;
pub(super) const TAG_SET: u32 = 0x31;
