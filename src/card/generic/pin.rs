//! PINs as PKCS#15 describes them: limits, encoding, padding (ISO 7816-15, 8.9.2), and VERIFY (ISO 7816-4).

use zeroize::Zeroizing;

use crate::apdu::StatusWord;
use crate::card::CardError;
use crate::card::pkcs15::{AuthPlace, PinFlags, PinType};
use crate::codec::Secret;
use crate::token::Auth;
use crate::transport::{DigitCoding, PinBlock};

/// The bytes that VERIFY sends for a PIN that somebody typed. Errors: `PinLength`, `PinCharacters`, and
/// `NotSupported` for PINs that want an encrypted channel: nothing is sent then.
pub(super) fn encode(policy: &Auth, place: &AuthPlace, pin: &Secret) -> Result<Secret, CardError> {
    let attributes = &place.attributes;
    let protected = [PinFlags::CONFIDENTIALITY_PROTECTED, PinFlags::INTEGRITY_PROTECTED];
    if protected.into_iter().any(|flag| attributes.flags.contains(flag)) {
        return Err(CardError::NotSupported { what: "take this PIN without secure messaging".to_owned() });
    }
    let (min, max) = (policy.min_len.max(1), policy.max_len);
    let too_long_or_short = CardError::PinLength { min, max };
    let text = std::str::from_utf8(pin.expose()).map_err(|_| CardError::PinCharacters)?;
    if !(min..=max).contains(&text.chars().count()) {
        return Err(too_long_or_short);
    }
    let digits_only = !matches!(attributes.pin_type, PinType::Utf8 | PinType::Unknown(_));
    if digits_only && !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CardError::PinCharacters);
    }
    let stored = attributes.stored_length as usize;
    let filler = attributes.pad_char.unwrap_or(0xFF);
    // Grown once to its full length, so that no copy of the PIN is left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(pin.len().max(LONGEST).max(ISO9564_LEN)));
    match attributes.pin_type {
        PinType::Bcd => bytes.extend(halves(text.bytes().map(|digit| digit & 0x0F), filler & 0x0F)),
        PinType::HalfNibbleBcd => bytes.extend(text.bytes().map(|digit| 0xF0 | digit & 0x0F)),
        PinType::Iso9564 => {
            let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
            let header = [ISO9564_FORMAT_2, length & 0x0F].into_iter();
            bytes.extend(halves(header.chain(text.bytes().map(|digit| digit & 0x0F)), 0x0F));
            let block_len = bytes.len().max(ISO9564_LEN);
            bytes.resize(block_len, 0xFF);
        }
        PinType::AsciiNumeric | PinType::Utf8 | PinType::Unknown(_) => {
            bytes.extend_from_slice(text.as_bytes())
        }
    }
    if bytes.len() > LONGEST || (stored > 0 && bytes.len() > stored) {
        return Err(too_long_or_short);
    }
    if attributes.flags.contains(PinFlags::NEEDS_PADDING) && attributes.pin_type != PinType::Iso9564 {
        let padded_len = stored.clamp(bytes.len(), LONGEST);
        bytes.resize(padded_len, filler);
    }
    Ok(Secret::new(std::mem::take(&mut *bytes)))
}

/// How the card takes a PIN from a reader's keys. Errors: `NotSupported` for forms that readers do not make.
pub(super) fn block(policy: &Auth, place: &AuthPlace) -> Result<PinBlock, CardError> {
    let attributes = &place.attributes;
    let coding = match attributes.pin_type {
        PinType::AsciiNumeric | PinType::Utf8 => DigitCoding::Ascii,
        PinType::Bcd => DigitCoding::Bcd,
        PinType::HalfNibbleBcd | PinType::Iso9564 | PinType::Unknown(_) => {
            return Err(CardError::NotSupported { what: "take this PIN from the reader's keys".to_owned() });
        }
    };
    let short = |len: usize| u8::try_from(len.min(LONGEST)).unwrap_or(u8::MAX);
    let is_padded = attributes.flags.contains(PinFlags::NEEDS_PADDING);
    Ok(PinBlock {
        len: is_padded.then(|| short(attributes.stored_length as usize)),
        filler: attributes.pad_char.unwrap_or(0xFF),
        min_len: short(policy.min_len.max(1)),
        max_len: short(policy.max_len),
        coding,
    })
}

/// Two numbers of four bits in each byte; `filler` completes the last.
fn halves(numbers: impl Iterator<Item = u8>, filler: u8) -> impl Iterator<Item = u8> {
    let mut numbers = numbers;
    std::iter::from_fn(move || Some(numbers.next()? << 4 | numbers.next().unwrap_or(filler)))
}

/// What the answer to VERIFY means.
pub(super) fn outcome(status: StatusWord) -> Result<(), CardError> {
    match status {
        StatusWord::OK => Ok(()),
        StatusWord::AUTH_METHOD_BLOCKED | StatusWord::REFERENCE_DATA_NOT_USABLE => {
            Err(CardError::PinBlocked { status: Some(status) })
        }
        StatusWord(0x6300) => Err(CardError::PinIncorrect { tries_left: None, status: Some(status) }),
        status if status.tries_left().is_some() => {
            Err(CardError::PinIncorrect { tries_left: status.tries_left(), status: Some(status) })
        }
        StatusWord::REFERENCE_NOT_FOUND => Err(CardError::NoSuchObject),
        status => Err(CardError::Refused { doing: "verify the PIN", status }),
    }
}

/// No PIN is longer than what a short APDU carries.
const LONGEST: usize = 255;
/// A PIN block of ISO 9564-1 has eight bytes; format 2 begins with 2 and the length.
const ISO9564_LEN: usize = 8;
const ISO9564_FORMAT_2: u8 = 0x2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::pkcs15::PinAttributes;
    use crate::codec::hex;
    use crate::token::{AuthId, AuthRole, PinEncoding};

    fn encoded(attributes: PinAttributes, pin: &str) -> Result<String, CardError> {
        let policy = Auth {
            id: AuthId(vec![1]),
            label: "PIN".to_owned(),
            role: AuthRole::User,
            min_len: attributes.min_length as usize,
            max_len: attributes.longest().unwrap_or(8) as usize,
            encoding: PinEncoding::AsciiNumeric,
            initialized: true,
            can_change: true,
            can_unblock: true,
            unblocked_by: None,
            tries_left: None,
            tries_max: None,
        };
        let place = AuthPlace { file: 0, entry: 0, attributes, path: None };
        encode(&policy, &place, &Secret::from(pin)).map(|secret| hex::encode(secret.expose()))
    }

    fn attributes(pin_type: PinType, stored_length: u32, pad: Option<u8>) -> PinAttributes {
        let flags = if pad.is_some() { PinFlags::NEEDS_PADDING } else { PinFlags::default() };
        PinAttributes {
            flags,
            pin_type,
            min_length: 4,
            stored_length,
            max_length: Some(8),
            pad_char: pad,
            ..PinAttributes::default()
        }
    }

    #[test]
    fn encode_table() {
        let rows: &[(PinType, u32, Option<u8>, &str, &str)] = &[
            (PinType::AsciiNumeric, 8, Some(0xFF), "1234", "31323334ffffffff"),
            (PinType::AsciiNumeric, 8, Some(0x00), "12345678", "3132333435363738"),
            (PinType::AsciiNumeric, 8, None, "1234", "31323334"),
            (PinType::AsciiNumeric, 0, Some(0xFF), "1234", "31323334"),
            (PinType::Utf8, 12, Some(0x20), "pässe", "70c3a4737365202020202020"),
            (PinType::Bcd, 4, Some(0xFF), "12345", "12345fff"),
            (PinType::Bcd, 4, None, "1234", "1234"),
            (PinType::HalfNibbleBcd, 8, Some(0xFF), "1234", "f1f2f3f4ffffffff"),
            (PinType::Iso9564, 8, None, "12345", "2512345fffffffff"),
            (PinType::Iso9564, 8, Some(0), "123456", "26123456ffffffff"),
        ];
        for (pin_type, stored, pad, pin, expected) in rows {
            let bytes = encoded(attributes(*pin_type, *stored, *pad), pin).unwrap();
            assert_eq!(bytes, *expected, "{pin_type:?} {pin}");
        }
    }

    #[test]
    fn encode_empty_short_long_or_wrong_characters_is_refused() {
        let plain = || attributes(PinType::AsciiNumeric, 8, Some(0xFF));
        for pin in ["", "123", "123456789"] {
            assert!(matches!(encoded(plain(), pin), Err(CardError::PinLength { min: 4, max: 8 })), "{pin}");
        }
        let no_minimum = PinAttributes { min_length: 0, ..plain() };
        assert!(matches!(encoded(no_minimum, ""), Err(CardError::PinLength { min: 1, .. })));
        assert!(matches!(encoded(plain(), "12a4"), Err(CardError::PinCharacters)));
        let utf8 = attributes(PinType::Utf8, 8, None);
        assert!(matches!(encoded(utf8, "ääääää"), Err(CardError::PinLength { .. })), "12 bytes of 8");
        let encrypted = PinAttributes { flags: PinFlags::CONFIDENTIALITY_PROTECTED, ..plain() };
        assert!(matches!(encoded(encrypted, "1234"), Err(CardError::NotSupported { .. })));
    }

    #[test]
    fn outcome_table() {
        assert!(outcome(StatusWord::OK).is_ok());
        let tries = |status| match outcome(StatusWord(status)) {
            Err(CardError::PinIncorrect { tries_left, .. }) => tries_left,
            other => panic!("{other:?}"),
        };
        assert_eq!((tries(0x63C2), tries(0x63C0), tries(0x6300)), (Some(2), Some(0), None));
        for blocked in [0x6983, 0x6984] {
            assert!(
                matches!(outcome(StatusWord(blocked)), Err(CardError::PinBlocked { status: Some(StatusWord(sw)) }) if sw == blocked),
                "{blocked:04x}"
            );
        }
        assert!(matches!(outcome(StatusWord(0x6A88)), Err(CardError::NoSuchObject)));
        assert!(matches!(outcome(StatusWord(0x6700)), Err(CardError::Refused { .. })));
    }
}
