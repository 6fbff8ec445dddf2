//! Hexadecimal text, lower case without separators; reading tolerates colons and white space.

/// A text that is no hexadecimal byte string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// A character that is no hexadecimal digit.
    #[error("{0:?} is not a hexadecimal digit")]
    Digit(char),
    /// An odd number of digits.
    #[error("odd number of hexadecimal digits")]
    OddLength,
}

/// Writes `bytes` as lower-case digits, two for each byte.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0x0F)]));
    }
    text
}

/// Reads digits in either case; skips colons and white space between them.
pub fn decode(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    for character in text.chars().filter(|c| !c.is_whitespace() && *c != ':') {
        let digit = character.to_digit(16).ok_or(HexError::Digit(character))? as u8;
        high = match high {
            None => Some(digit),
            Some(first) => {
                bytes.push(first << 4 | digit);
                None
            }
        };
    }
    if high.is_some() { Err(HexError::OddLength) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_reads_what_encode_writes() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&bytes)), Ok(bytes));
    }

    #[test]
    fn decode_separators_are_skipped() {
        assert_eq!(decode("3B:F5 18"), Ok(vec![0x3B, 0xF5, 0x18]));
    }

    #[test]
    fn decode_bad_text_is_refused() {
        assert_eq!(decode("0g"), Err(HexError::Digit('g')));
        assert_eq!(decode("123"), Err(HexError::OddLength));
    }
}
