//! Data objects as readable text, so that a table of broken entries shows what is broken.
//!
//! `30( … )` is a constructed object, `04:4501` a primitive one, `0c'Key 1'` one with text, `=0000` bytes as
//! they are. Lengths are counted.

use crate::codec::{hex, tlv};

/// The bytes of `text`.
pub(super) fn bytes(text: &str) -> Vec<u8> {
    let mut rest = text;
    let content = sequence(&mut rest);
    assert_eq!(rest, "", "in {text}");
    content
}

fn sequence(rest: &mut &str) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(')') {
            return out;
        }
        if let Some(raw) = rest.strip_prefix('=') {
            *rest = raw;
            out.extend(hex::decode(take_hex(rest)).unwrap());
            continue;
        }
        let tag = u32::from_str_radix(take_hex(rest), 16).unwrap();
        let value = match rest.split_at_checked(1) {
            Some(("(", inner)) => {
                *rest = inner;
                let value = sequence(rest);
                *rest = rest.strip_prefix(')').expect("closing parenthesis");
                value
            }
            Some((":", digits)) => {
                *rest = digits;
                hex::decode(take_hex(rest)).unwrap()
            }
            Some(("'", quoted)) => {
                let (text, behind) = quoted.split_once('\'').expect("closing quote");
                *rest = behind;
                text.as_bytes().to_vec()
            }
            _ => panic!("no value at {rest}"),
        };
        tlv::write(&mut out, tag, &value);
    }
}

fn take_hex<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at(end);
    *rest = behind;
    digits
}
