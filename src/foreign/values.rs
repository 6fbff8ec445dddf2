//! Attribute values between C's bytes and the engine's values.

use cryptoki_sys as ck;

use super::raw::RawAttribute;
use crate::engine::attribute::{Date, Form};
use crate::engine::{Attribute, AttributeType, Error, Result, Value};

/// The value in C's bytes. Text that is no UTF-8 is made one.
/// Errors: `AttributeValueInvalid` for bytes of the wrong length.
pub fn from_raw(kind: AttributeType, bytes: &[u8]) -> Result<Value> {
    let bad = || Error::AttributeValueInvalid(kind);
    Ok(match kind.form() {
        Form::Bool => match bytes {
            [value] => Value::Bool(*value != ck::CK_FALSE),
            _ => return Err(bad()),
        },
        Form::Number => Value::Number(number(bytes).ok_or_else(bad)?),
        Form::Bytes => Value::Bytes(bytes.to_vec()),
        Form::Text => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        Form::Date => Value::Date(date(bytes).ok_or_else(bad)?),
        Form::Numbers => {
            let (words, rest) = bytes.as_chunks::<{ size_of::<ck::CK_ULONG>() }>();
            if !rest.is_empty() {
                return Err(bad());
            }
            Value::Numbers(words.iter().map(|word| ck::CK_ULONG::from_ne_bytes(*word)).collect())
        }
    })
}

/// An attribute as C has it.
pub fn to_raw(attribute: &Attribute) -> RawAttribute {
    raw(attribute.kind, &attribute.value)
}

/// The same from its parts.
pub fn raw(kind: AttributeType, value: &Value) -> RawAttribute {
    let bytes = match value {
        Value::Bool(value) => vec![u8::from(*value)],
        Value::Number(value) => (*value as ck::CK_ULONG).to_ne_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.clone(),
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Date(None) => Vec::new(),
        Value::Date(Some(date)) => format!("{:04}{:02}{:02}", date.year, date.month, date.day).into_bytes(),
        Value::Numbers(numbers) => {
            numbers.iter().flat_map(|number| (*number as ck::CK_ULONG).to_ne_bytes()).collect()
        }
    };
    RawAttribute { kind: kind.0, value: bytes }
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(ck::CK_ULONG::from_ne_bytes)
}

/// `CK_DATE`: eight digits; nothing, or zeros and blanks, is the empty date.
fn date(bytes: &[u8]) -> Option<Option<Date>> {
    if bytes.iter().all(|byte| matches!(byte, 0 | b' ' | b'0')) {
        return Some(None);
    }
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 8 && text.is_ascii())?;
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let small = |from: usize, to: usize| part(from, to).and_then(|value| u8::try_from(value).ok());
    Some(Some(Date { year: part(0, 4)?, month: small(4, 6)?, day: small(6, 8)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_both_ways() {
        for (kind, value) in [
            (AttributeType::TOKEN, Value::Bool(true)),
            (AttributeType::CLASS, Value::Number(3)),
            (AttributeType::ID, Value::Bytes(vec![1, 2])),
            (AttributeType::LABEL, Value::Text("key 1".to_owned())),
            (AttributeType::START_DATE, Value::Date(Some(Date { year: 2026, month: 11, day: 28 }))),
            (AttributeType::END_DATE, Value::Date(None)),
            (AttributeType::ALLOWED_MECHANISMS, Value::Numbers(vec![1, 0x40])),
        ] {
            let raw = raw(kind, &value);
            assert_eq!(from_raw(kind, &raw.value).unwrap(), value, "{kind}");
        }
    }

    #[test]
    fn from_raw_wrong_lengths_are_errors() {
        for (kind, bytes) in [
            (AttributeType::TOKEN, &[][..]),
            (AttributeType::TOKEN, &[1, 1]),
            (AttributeType::CLASS, &[1, 2, 3]),
            (AttributeType::START_DATE, b"2026"),
            (AttributeType::ALLOWED_MECHANISMS, &[0; 9]),
        ] {
            assert!(from_raw(kind, bytes).is_err(), "{kind}");
        }
        assert_eq!(from_raw(AttributeType::LABEL, b"\xFFa").unwrap(), Value::Text("\u{FFFD}a".to_owned()));
    }
}
