//! Names (X.501) for people: RFC 4514 text in which no certificate can hide a control sequence for a
//! terminal.

use std::fmt::Write as _;

use const_oid::ObjectIdentifier;

use crate::codec::hex;
use crate::crypto::asn1::{Cursor, Element, TAG_SEQUENCE};

/// A DER Name as text, most specific part first: `CN=Anna,O=Example,C=AT`. Control and invisible formatting
/// characters are written as `\0A`. A name that does not parse is its bytes: `#3003…`.
pub fn name_text(name: &[u8]) -> String {
    match attributes(name) {
        Some(sets) => {
            let sets: Vec<String> = sets.iter().rev().map(|set| set_text(set)).collect();
            sets.join(",")
        }
        None => format!("#{}", hex::encode(name)),
    }
}

/// The most specific common name of a DER Name, without the escapes of RFC 4514 but with those of control
/// characters.
pub fn common_name(name: &[u8]) -> Option<String> {
    let sets = attributes(name)?;
    let found = sets.iter().rev().flatten().find(|attribute| attribute.oid.as_bytes() == COMMON_NAME)?;
    decode(&found.value).map(|text| visible(&text))
}

/// Text in which control and invisible formatting characters are written as `\0A`.
pub(in crate::crypto) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_visible(&mut shown, character);
    }
    shown
}

struct Attribute<'a> {
    oid: ObjectIdentifier,
    value: Element<'a>,
}

/// The relative distinguished names in the order of the DER; `None` when the bytes are no Name.
fn attributes(name: &[u8]) -> Option<Vec<Vec<Attribute<'_>>>> {
    let mut sets = Vec::new();
    let mut outer = Cursor::new(name, WHAT).expect(TAG_SEQUENCE).ok()?.children(WHAT);
    while !outer.is_at_end() {
        let mut set = Vec::new();
        let mut members = outer.any().ok()?.children(WHAT);
        while !members.is_at_end() {
            let mut pair = members.expect(TAG_SEQUENCE).ok()?.children(WHAT);
            set.push(Attribute { oid: pair.any().ok()?.oid()?, value: pair.any().ok()? });
        }
        sets.push(set);
    }
    Some(sets)
}

fn set_text(set: &[Attribute<'_>]) -> String {
    let attributes: Vec<String> = set.iter().rev().map(attribute_text).collect();
    attributes.join("+")
}

fn attribute_text(attribute: &Attribute<'_>) -> String {
    let dotted = attribute.oid.to_string();
    let name = SHORT_NAMES.iter().find(|(oid, _)| *oid == dotted).map(|(_, name)| *name);
    match decode(&attribute.value) {
        Some(text) => format!("{}={}", name.unwrap_or(&dotted), escape(&text)),
        None => format!("{}=#{}", name.unwrap_or(&dotted), hex::encode(attribute.value.raw)),
    }
}

/// The text of a DirectoryString or another string type; `None` for what is no text.
fn decode(value: &Element<'_>) -> Option<String> {
    let bytes = value.value;
    match value.tag {
        TAG_UTF8 => Some(String::from_utf8_lossy(bytes).into_owned()),
        // These are ASCII by right; what is not was meant as UTF-8 or Latin-1.
        TAG_NUMERIC | TAG_PRINTABLE | TAG_TELETEX | TAG_IA5 | TAG_VISIBLE => Some(
            str::from_utf8(bytes)
                .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned),
        ),
        TAG_BMP => {
            let units: Vec<u16> = bytes
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte)))
                .collect();
            Some(String::from_utf16_lossy(&units))
        }
        TAG_UNIVERSAL => {
            let points =
                bytes.chunks(4).map(|four| four.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)));
            Some(points.map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        _ => None,
    }
}

/// RFC 4514, 2.4, and every character that is not seen.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (index, character) in text.chars().enumerate() {
        let at_edge = character == ' ' && (index == 0 || index == last);
        let leads = character == '#' && index == 0;
        if at_edge || leads || matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            escaped.push('\\');
            escaped.push(character);
        } else {
            push_visible(&mut escaped, character);
        }
    }
    escaped
}

fn push_visible(text: &mut String, character: char) {
    if is_invisible(character) {
        let mut buffer = [0; 4];
        for byte in character.encode_utf8(&mut buffer).bytes() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\{byte:02X}");
        }
    } else {
        text.push(character);
    }
}

/// Control characters, and those of Unicode's formats that reorder, join or hide text.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

const WHAT: &str = "name";

// String types of X.680, 8.6.
const TAG_UTF8: u32 = 0x0C;
const TAG_NUMERIC: u32 = 0x12;
const TAG_PRINTABLE: u32 = 0x13;
const TAG_TELETEX: u32 = 0x14;
const TAG_IA5: u32 = 0x16;
const TAG_VISIBLE: u32 = 0x1A;
const TAG_UNIVERSAL: u32 = 0x1C;
const TAG_BMP: u32 = 0x1E;

/// id-at-commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// RFC 4514, section 3, and those that people know from other tools (RFC 4519, RFC 2985, RFC 3739).
const SHORT_NAMES: [(&str, &str); 18] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("2.5.4.4", "SN"),
    ("2.5.4.42", "GN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.12", "title"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.97", "organizationIdentifier"),
    ("2.5.4.17", "postalCode"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];
