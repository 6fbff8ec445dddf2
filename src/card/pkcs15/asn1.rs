//! Tolerant BER reading and DER writing for ISO 7816-15 structures. Knows tags, not their meaning.
//!
//! Why an own reader over [`crate::codec::tlv`] and not the `der` crate: `der` is strict DER, and cards are
//! not. They pad structures with 00 and FF, write lengths and integers longer than needed, BOOLEAN TRUE as 01,
//! leave garbage behind the last field, and tag texts with whatever string type their maker had at hand. A
//! strict reader loses the whole entry for one such byte. Here a field that is not understood is kept as raw
//! bytes and the entry stays readable. What is written is plain DER.
//!
//! Nothing here recurses: each structure names its own fields, so that the depth of nesting is the depth of
//! the code. The one recursive type of the standard (security conditions) counts its depth itself.

use crate::codec::tlv::{self, Reader, TlvError};

/// Universal and context tags as they stand in ISO 7816-15 structures.
pub mod tag {
    pub(in crate::card::pkcs15) const BOOLEAN: u32 = 0x01;
    pub(in crate::card::pkcs15) const INTEGER: u32 = 0x02;
    pub(in crate::card::pkcs15) const BIT_STRING: u32 = 0x03;
    pub(in crate::card::pkcs15) const OCTET_STRING: u32 = 0x04;
    pub(in crate::card::pkcs15) const NULL: u32 = 0x05;
    pub(in crate::card::pkcs15) const OBJECT_IDENTIFIER: u32 = 0x06;
    pub(in crate::card::pkcs15) const ENUMERATED: u32 = 0x0A;
    pub(in crate::card::pkcs15) const UTF8_STRING: u32 = 0x0C;
    pub(in crate::card::pkcs15) const PRINTABLE_STRING: u32 = 0x13;
    pub(in crate::card::pkcs15) const IA5_STRING: u32 = 0x16;
    pub(in crate::card::pkcs15) const GENERALIZED_TIME: u32 = 0x18;
    pub(in crate::card::pkcs15) const SEQUENCE: u32 = 0x30;
    /// Every string type that stands where the standard wants a UTF8String.
    pub(in crate::card::pkcs15) const TEXTS: &[u32] =
        &[UTF8_STRING, PRINTABLE_STRING, IA5_STRING, 0x14, 0x1A];

    /// Context tag `[number]`, primitive.
    pub(in crate::card::pkcs15) const fn context(number: u32) -> u32 {
        0x80 | number
    }

    /// Context tag `[number]`, constructed.
    pub(in crate::card::pkcs15) const fn constructed(number: u32) -> u32 {
        0xA0 | number
    }
}

/// Why bytes are not the structure that they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A field that cannot be left out is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// The bytes end, or are damaged, before a field that cannot be left out.
    #[error("{field} is missing: {source}")]
    Damaged {
        /// Which field.
        field: &'static str,
        /// Where the bytes stopped to make sense.
        source: TlvError,
    },
    /// A field whose bytes have no meaning.
    #[error("{field} has a bad value ({})", crate::codec::hex::encode(.value.get(..16).unwrap_or(.value)))]
    Value {
        /// Which field.
        field: &'static str,
        /// Its bytes.
        value: Vec<u8>,
    },
    /// An entry of a kind that its file cannot hold.
    #[error("tag {0:02x} is unknown in this file")]
    UnknownTag(u32),
    /// Behind so many unreadable entries that looking further makes no sense.
    #[error("it and all behind it are not read: too many entries of this file are unreadable")]
    Hopeless,
    /// An outer tag or length that leads nowhere.
    #[error(transparent)]
    Outer(#[from] TlvError),
}

/// One data object of a structure, with the bytes it was read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) tag: u32,
    pub(super) value: &'a [u8],
    pub(super) raw: &'a [u8],
}

/// The fields of one SEQUENCE, taken in order; what is not taken is kept by [`Fields::rest`].
#[derive(Debug)]
pub(super) struct Fields<'a> {
    items: Vec<(Item<'a>, bool)>,
    next: usize,
    /// What follows the last readable data object: filler, garbage or a cut-off field.
    tail: &'a [u8],
    error: Option<TlvError>,
}

impl<'a> Fields<'a> {
    /// Splits the value of a SEQUENCE. Never refuses: an unreadable end is remembered.
    pub(super) fn new(value: &'a [u8]) -> Self {
        let mut fields = Self { items: Vec::new(), next: 0, tail: value, error: None };
        let mut reader = Reader::new(value);
        loop {
            let before = reader.rest();
            match reader.next() {
                None => break,
                Some(Err(error)) => {
                    fields.error = Some(error);
                    break;
                }
                Some(Ok(found)) => {
                    let length = before.len() - reader.rest().len();
                    let raw = before.get(..length).unwrap_or(before);
                    fields.items.push((Item { tag: found.tag, value: found.value, raw }, false));
                    fields.tail = reader.rest();
                }
            }
        }
        fields
    }

    /// Takes the next field if it has one of `tags`.
    pub(super) fn next_if(&mut self, tags: &[u32]) -> Option<Item<'a>> {
        let (item, taken) = self.items.get_mut(self.next)?;
        if !tags.contains(&item.tag) {
            return None;
        }
        *taken = true;
        self.next += 1;
        Some(*item)
    }

    /// Takes the first field from here on that has one of `tags`; unknown fields before it are left over.
    pub(super) fn find(&mut self, tags: &[u32]) -> Option<Item<'a>> {
        let ahead = self.items.iter().skip(self.next).position(|(item, _)| tags.contains(&item.tag))?;
        self.next += ahead;
        self.next_if(tags)
    }

    /// As [`Fields::find`] for a field that cannot be left out.
    pub(super) fn require(&mut self, tags: &[u32], field: &'static str) -> Result<Item<'a>, FormatError> {
        self.find(tags).ok_or_else(|| self.missing(field))
    }

    /// The error for a field that is not there, naming the damage if there is any.
    pub(super) fn missing(&self, field: &'static str) -> FormatError {
        match self.error {
            Some(source) => FormatError::Damaged { field, source },
            None => FormatError::Missing(field),
        }
    }

    /// True when every field was taken and nothing but filler is behind them.
    pub(super) fn is_exhausted(&self) -> bool {
        self.rest().is_empty()
    }

    /// Everything that was not taken, byte for byte, so that it can be written back; without filler at the end.
    pub(super) fn rest(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            self.items.iter().filter(|(_, taken)| !taken).flat_map(|(item, _)| item.raw).copied().collect();
        if !is_filler(self.tail) {
            bytes.extend_from_slice(self.tail);
        }
        bytes
    }
}

/// True for bytes that hold nothing: 00 and FF only.
pub(super) fn is_filler(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, 0x00 | 0xFF))
}

impl Item<'_> {
    /// A signed number of up to eight bytes; leading sign bytes beyond need are tolerated.
    pub(super) fn integer(&self, field: &'static str) -> Result<i64, FormatError> {
        let bad = || FormatError::Value { field, value: self.value.to_vec() };
        let (first, _) = self.value.split_first().ok_or_else(bad)?;
        let sign: u8 = if first & 0x80 == 0 { 0x00 } else { 0xFF };
        let start = self.value.len().saturating_sub(8);
        let (lead, number) = self.value.split_at(start);
        let number_sign: u8 = if number.first().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0x00 };
        if lead.iter().any(|byte| *byte != sign) || number_sign != sign {
            return Err(bad());
        }
        let fill = if sign == 0 { 0i64 } else { -1 };
        Ok(number.iter().fold(fill, |sum, byte| sum << 8 | i64::from(*byte)))
    }

    /// A length, count or offset: 0 to 2³²−1. These are never negative: a card that left out the zero byte in front
    /// meant the number without a sign.
    pub(super) fn unsigned(&self, field: &'static str) -> Result<u32, FormatError> {
        let start = self.value.iter().position(|byte| *byte != 0).unwrap_or(self.value.len());
        match self.value.get(start..) {
            Some(number) if number.len() <= 4 && !self.value.is_empty() => {
                Ok(number.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
            }
            _ => Err(FormatError::Value { field, value: self.value.to_vec() }),
        }
    }

    /// A reference, mostly one byte. Old OpenSC and some card makers wrote 0x81 as −127, in one byte or in more: it is
    /// read as the byte.
    pub(super) fn reference(&self, field: &'static str) -> Result<u32, FormatError> {
        match self.integer(field)? {
            number @ -0x80..=-1 => Ok((number + 0x100) as u32),
            _ => self.unsigned(field),
        }
    }

    /// Named bits: bit n of the result is bit n of the BIT STRING. Bits above 31 have no name and are dropped.
    pub(super) fn bits(&self, field: &'static str) -> Result<u32, FormatError> {
        let (unused, octets) = self
            .value
            .split_first()
            .ok_or_else(|| FormatError::Value { field, value: self.value.to_vec() })?;
        let mut bits = octets
            .iter()
            .take(4)
            .enumerate()
            .fold(0u32, |sum, (index, octet)| sum | u32::from(octet.reverse_bits()) << (8 * index));
        if (1..=4).contains(&octets.len()) {
            let count = octets.len() * 8 - usize::from(unused & 0x07);
            bits &= u32::MAX >> (32 - count);
        }
        Ok(bits)
    }

    /// Text: UTF-8, or Latin-1 where it is not; NULs at the end are dropped.
    pub(super) fn text(&self) -> String {
        let end = self.value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let bytes = self.value.get(..end).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        }
    }

    /// A truth value: anything but 00 is true.
    pub(super) fn boolean(&self) -> bool {
        self.value.iter().any(|byte| *byte != 0)
    }

    /// The fields of a constructed value.
    pub(super) fn fields(&self) -> Fields<'_> {
        Fields::new(self.value)
    }
}

/// Writes the fields of one structure, DER.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// The bytes of one structure whose fields `fill` writes.
    pub(super) fn structure(tag: u32, fill: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut out = Self::default();
        out.nested(tag, fill);
        out.0
    }

    /// The fields that `fill` writes, without tag and length around them.
    pub(super) fn content(fill: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut out = Self::default();
        fill(&mut out);
        out.0
    }

    /// A structure inside this one.
    pub(super) fn nested(&mut self, tag: u32, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        fill(&mut inner);
        tlv::write(&mut self.0, tag, &inner.0);
    }

    /// Bytes under a tag.
    pub(super) fn bytes(&mut self, tag: u32, value: &[u8]) {
        tlv::write(&mut self.0, tag, value);
    }

    /// Bytes that are data objects already.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A number, in as few bytes as it needs.
    pub(super) fn integer(&mut self, tag: u32, number: i64) {
        let bytes = number.to_be_bytes();
        let redundant = |pair: &[u8]| match pair {
            [0x00, next] => next & 0x80 == 0,
            [0xFF, next] => next & 0x80 != 0,
            _ => false,
        };
        let skip = bytes.windows(2).take_while(|pair| redundant(pair)).count();
        self.bytes(tag, bytes.get(skip..).unwrap_or(&bytes));
    }

    /// Named bits without the trailing zero bits (X.690, 11.2.2).
    pub(super) fn bits(&mut self, tag: u32, bits: u32) {
        let count = 32 - bits.leading_zeros();
        let octets = count.div_ceil(8);
        let mut value = vec![(octets * 8 - count) as u8];
        value.extend(bits.to_le_bytes().iter().take(octets as usize).map(|octet| octet.reverse_bits()));
        self.bytes(tag, &value);
    }

    /// A truth value.
    pub(super) fn boolean(&mut self, tag: u32, value: bool) {
        self.bytes(tag, &[if value { 0xFF } else { 0x00 }]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(value: &[u8]) -> Item<'_> {
        Item { tag: 0, value, raw: value }
    }

    #[test]
    fn integer_table() {
        let cases: &[(&[u8], Option<i64>)] = &[
            (&[0x00], Some(0)),
            (&[0x7F], Some(127)),
            (&[0x81], Some(-127)),
            (&[0xFF, 0x81], Some(-127)),
            (&[0x00, 0x81], Some(129)),
            (&[0x00, 0x00, 0x00, 0x08, 0x00], Some(2048)),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 5], Some(5)),
            (&[0, 0x80, 0, 0, 0, 0, 0, 0, 0], None),
            (&[1, 0, 0, 0, 0, 0, 0, 0, 0], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(item(bytes).integer("n").ok(), *expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn reference_negative_is_read_as_a_byte() {
        assert_eq!(item(&[0x81]).reference("pinReference"), Ok(0x81));
        assert_eq!(item(&[0xFF, 0x81]).reference("pinReference"), Ok(0x81));
        assert_eq!(item(&[0x00, 0x81]).reference("pinReference"), Ok(0x81));
        assert!(item(&[]).reference("pinReference").is_err());
    }

    #[test]
    fn unsigned_table() {
        let cases: &[(&[u8], Option<u32>)] = &[
            (&[0], Some(0)),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 7], Some(7)),
            (&[0xFF], Some(255)),
            (&[0x80, 0x00], Some(0x8000)),
            (&[0x00, 0xFF, 0xFF, 0xFF, 0xFF], Some(u32::MAX)),
            (&[1, 0, 0, 0, 0], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(item(bytes).unsigned("length").ok(), *expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn bits_table() {
        let cases: &[(&[u8], u32)] = &[
            (&[0x00], 0),
            (&[0x07, 0x80], 0b1),
            (&[0x06, 0xC0], 0b11),
            (&[0x00, 0xC0], 0b11),
            (&[0x06, 0xFF], 0b11),
            (&[0x04, 0x0C, 0x10], 0b1000_0011_0000),
            (&[0x00, 0, 0, 0, 0x01, 0xFF], 1 << 31),
            (&[0xFF, 0x80], 0b1),
        ];
        for (bytes, expected) in cases {
            assert_eq!(item(bytes).bits("flags"), Ok(*expected), "{bytes:02x?}");
        }
        assert!(item(&[]).bits("flags").is_err());
    }

    #[test]
    fn text_not_utf8_is_read_as_latin1() {
        assert_eq!(item(b"Schl\xFCssel\0\0").text(), "Schlüssel");
        assert_eq!(item("Schlüssel".as_bytes()).text(), "Schlüssel");
    }

    #[test]
    fn fields_unknown_and_garbage_are_kept_filler_is_not() {
        let mut fields = Fields::new(&[0x04, 1, 0xAA, 0x9F, 0x20, 1, 7, 0x02, 1, 5, 0x00, 0x00, 0xFF]);
        assert_eq!(fields.find(&[tag::INTEGER]).map(|found| found.value.to_vec()), Some(vec![5]));
        assert_eq!(fields.rest(), [0x04, 1, 0xAA, 0x9F, 0x20, 1, 7]);
        let cut = Fields::new(&[0x02, 1, 5, 0x04, 9, 1]);
        assert_eq!(cut.rest(), [0x02, 1, 5, 0x04, 9, 1]);
        assert_eq!(cut.missing("x"), FormatError::Damaged { field: "x", source: TlvError::Truncated });
    }

    proptest! {
        #[test]
        fn numbers_read_as_written(number: i64, bits: u32) {
            let written = Writer::content(|out| {
                out.integer(tag::INTEGER, number);
                out.bits(tag::BIT_STRING, bits);
            });
            let mut fields = Fields::new(&written);
            prop_assert_eq!(fields.find(&[tag::INTEGER]).unwrap().integer("n"), Ok(number));
            prop_assert_eq!(fields.find(&[tag::BIT_STRING]).unwrap().bits("b"), Ok(bits));
            prop_assert!(fields.is_exhausted());
        }
    }
}
