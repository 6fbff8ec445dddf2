//! When two distinguished names are the same name (RFC 5280, 7.1): text is compared without regard to case,
//! string type and surplus white space, because authorities do not encode their name alike everywhere.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::codec::tlv;

/// Numbers for names, the same for equal ones.
#[derive(Default)]
pub(super) struct Names<'n> {
    /// As they are written: most names are written alike each time, and need to be folded only once.
    written: HashMap<&'n [u8], usize>,
    canonical: HashMap<Cow<'n, [u8]>, usize>,
}

impl<'n> Names<'n> {
    /// The number of a DER `Name`.
    pub(super) fn number(&mut self, name: &'n [u8]) -> usize {
        let Self { written, canonical: known } = self;
        *written.entry(name).or_insert_with(|| {
            let next = known.len();
            *known.entry(canonical(name)).or_insert(next)
        })
    }
}

/// A form of a DER `Name` that is equal for equal names. What does not parse stays as it is.
fn canonical(name: &[u8]) -> Cow<'_, [u8]> {
    match fold_name(name) {
        Some(folded) => Cow::Owned(folded),
        None => Cow::Borrowed(name),
    }
}

fn fold_name(name: &[u8]) -> Option<Vec<u8>> {
    let mut folded = Vec::with_capacity(name.len());
    for set in elements(only_element(name, TAG_SEQUENCE)?)? {
        let set = set.ok().filter(|set| set.tag == TAG_SET)?;
        let mut attributes = Vec::new();
        for attribute in elements(set.value)? {
            let attribute = attribute.ok().filter(|attribute| attribute.tag == TAG_SEQUENCE)?;
            attributes.push(fold_attribute(attribute.value)?);
        }
        // Folding may change the order that DER demands of a set.
        attributes.sort_unstable();
        tlv::write(&mut folded, TAG_SET, &attributes.concat());
    }
    Some(folded)
}

/// Type and value of one attribute, each as a data object, the value as folded UTF-8 where it is text.
fn fold_attribute(attribute: &[u8]) -> Option<Vec<u8>> {
    let mut parts = elements(attribute)?;
    let kind = parts.next()?.ok()?;
    let value = parts.next()?.ok()?;
    if parts.next().is_some() {
        return None;
    }
    let mut folded = tlv::encode(kind.tag, kind.value);
    match text(value) {
        Some(text) => tlv::write(&mut folded, TAG_UTF8_STRING, fold_text(&text).as_bytes()),
        None => tlv::write(&mut folded, value.tag, value.value),
    }
    Some(folded)
}

fn text(value: tlv::Tlv<'_>) -> Option<Cow<'_, str>> {
    match value.tag {
        TAG_UTF8_STRING | TAG_PRINTABLE_STRING | TAG_IA5_STRING => {
            std::str::from_utf8(value.value).ok().map(Cow::Borrowed)
        }
        // In practice Latin-1, whatever the standard says.
        TAG_TELETEX_STRING => Some(value.value.iter().copied().map(char::from).collect()),
        TAG_BMP_STRING => {
            let units =
                value.value.chunks(2).map(|pair| pair.iter().fold(0, |sum, b| sum << 8 | u16::from(*b)));
            char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Cow::Owned)
        }
        _ => None,
    }
}

fn fold_text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// The value of the one element that `bytes` consist of.
fn only_element(bytes: &[u8], tag: u32) -> Option<&[u8]> {
    let mut reader = tlv::Reader::new(bytes);
    let element = reader.next()?.ok()?;
    (element.tag == tag && reader.rest().is_empty()).then_some(element.value)
}

/// The elements of `bytes`; `None` when bytes stay over behind the last one.
fn elements(bytes: &[u8]) -> Option<tlv::Reader<'_>> {
    let mut all = tlv::Reader::new(bytes);
    while all.next().is_some_and(|element| element.is_ok()) {}
    all.rest().is_empty().then(|| tlv::Reader::new(bytes))
}

const TAG_SEQUENCE: u32 = 0x30; // X.690, 8.9
const TAG_SET: u32 = 0x31;
const TAG_UTF8_STRING: u32 = 0x0C;
const TAG_PRINTABLE_STRING: u32 = 0x13;
const TAG_TELETEX_STRING: u32 = 0x14;
const TAG_IA5_STRING: u32 = 0x16;
const TAG_BMP_STRING: u32 = 0x1E;

#[cfg(test)]
mod tests {
    use super::*;

    /// A name of one `commonName` in the given string type.
    fn common_name(tag: u32, value: &[u8]) -> Vec<u8> {
        let mut attribute = tlv::encode(0x06, &[0x55, 0x04, 0x03]);
        tlv::write(&mut attribute, tag, value);
        let set = tlv::encode(TAG_SET, &tlv::encode(TAG_SEQUENCE, &attribute));
        tlv::encode(TAG_SEQUENCE, &set)
    }

    #[test]
    fn canonical_same_text_in_other_types_is_the_same_name() {
        let reference = common_name(TAG_UTF8_STRING, "Café Root CA".as_bytes());
        let utf16: Vec<u8> = "CAFÉ root CA".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for other in [
            common_name(TAG_UTF8_STRING, "  CAFÉ  ROOT ca ".as_bytes()),
            common_name(TAG_TELETEX_STRING, b"Caf\xE9 Root CA"),
            common_name(TAG_BMP_STRING, &utf16),
        ] {
            assert_eq!(canonical(&other), canonical(&reference));
        }
    }

    #[test]
    fn canonical_other_text_is_another_name() {
        let reference = common_name(TAG_PRINTABLE_STRING, b"Root CA 1");
        for other in ["Root CA 2", "Root CA1", "Root CA 11"] {
            assert_ne!(
                canonical(&common_name(TAG_PRINTABLE_STRING, other.as_bytes())),
                canonical(&reference)
            );
        }
    }

    #[test]
    fn canonical_what_is_no_name_stays_as_it_is() {
        let mut trailing = common_name(TAG_UTF8_STRING, b"A");
        trailing.push(0x00);
        for bytes in [&b""[..], b"A", &[0x30, 0x05, 0x31], &[0x30, 0x02, 0x31, 0x7F], &trailing] {
            assert_eq!(canonical(bytes), bytes);
        }
    }

    #[test]
    fn canonical_text_that_is_no_utf8_compares_by_its_bytes() {
        let odd = common_name(TAG_UTF8_STRING, &[0xFF, 0xFE]);
        assert_eq!(canonical(&odd), canonical(&odd.clone()));
        assert_ne!(canonical(&odd), canonical(&common_name(TAG_UTF8_STRING, &[0xFF, 0xFD])));
    }
}
