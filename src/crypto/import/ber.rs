//! BER to DER (X.690): indefinite lengths and OCTET STRINGs in pieces, as old browsers and Windows write
//! them. What holds neither is left as it is, to the byte.

use zeroize::Zeroizing;

use super::error::{ImportError, damaged};
use crate::codec::{Secret, tlv};
use crate::crypto::asn1::{Cursor, TAG_OCTET_STRING};

/// The element at the front of `bytes` with definite lengths and whole OCTET STRINGs; what follows it is
/// dropped. Errors: `Damaged` when it is no element, or nested too deep.
pub(in crate::crypto) fn to_der(bytes: &[u8], what: &'static str) -> Result<Secret, ImportError> {
    let element = convert(bytes, 0).ok_or_else(|| damaged(what))?;
    Ok(Secret::from(element.der.as_deref().map_or(element.raw, Vec::as_slice)))
}

/// As [`to_der`] for one element and nothing behind it. Errors: also `Damaged` when something follows.
pub(in crate::crypto) fn whole_to_der(bytes: &[u8], what: &'static str) -> Result<Secret, ImportError> {
    let element = convert(bytes, 0).filter(|element| element.raw.len() == bytes.len());
    let element = element.ok_or_else(|| damaged(what))?;
    Ok(Secret::from(element.der.as_deref().map_or(element.raw, Vec::as_slice)))
}

/// One element that was read.
struct Converted<'a> {
    raw: &'a [u8],
    /// The element in DER, where that is not `raw`.
    der: Option<Zeroizing<Vec<u8>>>,
}

/// First bytes of an element.
struct Header {
    /// Bytes of tag and length.
    len: usize,
    tag: u32,
    is_constructed: bool,
    /// `None` when it is indefinite.
    value_len: Option<usize>,
}

fn convert(bytes: &[u8], depth: usize) -> Option<Converted<'_>> {
    let header = Header::read(bytes)?;
    let rest = bytes.get(header.len..)?;
    let Some(value_len) = header.value_len else {
        return convert_children(bytes, &header, rest, depth);
    };
    let value = rest.get(..value_len)?;
    if header.is_constructed {
        return convert_children(bytes, &header, value, depth);
    }
    Some(Converted { raw: bytes.get(..header.len + value_len)?, der: None })
}

/// Converts the elements in a constructed one: all of `value`, or those before the end-of-contents octets.
fn convert_children<'a>(
    bytes: &'a [u8],
    header: &Header,
    value: &'a [u8],
    depth: usize,
) -> Option<Converted<'a>> {
    if depth >= MAX_DEPTH {
        return None;
    }
    let is_indefinite = header.value_len.is_none();
    let is_string = header.tag == TAG_CONSTRUCTED_OCTET_STRING;
    let mut is_changed = is_indefinite || is_string;
    // Room for everything from the start: a vector that grows leaves copies of a key behind.
    let mut content = Zeroizing::new(Vec::with_capacity(if is_indefinite { 0 } else { value.len() }));
    let mut position = 0;
    loop {
        let rest = value.get(position..)?;
        if is_indefinite && rest.starts_with(&END_OF_CONTENTS) {
            position += END_OF_CONTENTS.len();
            break;
        }
        if !is_indefinite && rest.is_empty() {
            break;
        }
        let child = convert(rest, depth + 1)?;
        position += child.raw.len();
        is_changed |= child.der.is_some();
        let der = child.der.as_deref().map_or(child.raw, Vec::as_slice);
        if is_string {
            content.extend_from_slice(Cursor::new(der, "").expect(TAG_OCTET_STRING).ok()?.value);
        } else {
            content.extend_from_slice(der);
        }
    }
    let raw = bytes.get(..header.len + position)?;
    let tag = if is_string { TAG_OCTET_STRING } else { header.tag };
    let der = is_changed.then(|| Zeroizing::new(tlv::encode(tag, &content)));
    Some(Converted { raw, der })
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let mut tag = u32::from(first);
        let mut len = 1;
        if first & LONG_TAG == LONG_TAG {
            loop {
                let next = *bytes.get(len)?;
                len += 1;
                tag = tag.checked_mul(0x100)? | u32::from(next);
                if next & 0x80 == 0 {
                    break;
                }
            }
        }
        let length = *bytes.get(len)?;
        len += 1;
        let is_constructed = first & CONSTRUCTED != 0;
        let value_len = match length {
            0x00..=0x7F => Some(usize::from(length)),
            INDEFINITE if is_constructed => None,
            0x81..=0x84 => {
                let digits = bytes.get(len..len + usize::from(length & 0x7F))?;
                len += digits.len();
                Some(digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
            }
            _ => return None,
        };
        Some(Self { len, tag, is_constructed, value_len })
    }
}

const MAX_DEPTH: usize = 32;
const LONG_TAG: u8 = 0x1F;
const CONSTRUCTED: u8 = 0x20;
const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];
const TAG_CONSTRUCTED_OCTET_STRING: u32 = 0x24;

#[cfg(test)]
mod tests {
    use super::*;

    fn der(bytes: &[u8]) -> Option<Vec<u8>> {
        to_der(bytes, "test").ok().map(|der| der.expose().to_vec())
    }

    #[test]
    fn der_is_left_as_it_is_without_what_follows() {
        let sample = [0x30, 0x81, 0x05, 0x02, 0x01, 0x07, 0x05, 0x00, 0xFF];
        assert_eq!(der(&sample).as_deref(), Some(&sample[..8]));
    }

    #[test]
    fn indefinite_lengths_and_strings_in_pieces_become_definite() {
        let ber = [
            0x30, 0x80, 0x02, 0x01, 0x07, 0x24, 0x80, 0x04, 0x01, 0xAA, 0x24, 0x04, 0x04, 0x02, 0xBB, 0xCC,
            0, 0, 0, 0,
        ];
        assert_eq!(der(&ber), Some(vec![0x30, 8, 0x02, 0x01, 0x07, 0x04, 0x03, 0xAA, 0xBB, 0xCC]));
        for end in 0..ber.len() {
            assert_eq!(der(&ber[..end]), None, "cut at {end}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert_eq!(der(&[0x30, 0x80].repeat(100_000)), None);
        assert_eq!(der(&[0x24, 0x80].repeat(100_000)), None);
        assert_eq!(der(&[]), None);
        assert_eq!(der(&[0x04, 0x80, 0, 0]), None);
        assert_eq!(der(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]), None);
        assert_eq!(der(&[0x1F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x00]), None);
    }
}
