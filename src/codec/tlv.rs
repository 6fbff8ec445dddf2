//! BER-TLV as cards send it (ISO 7816-4, 5.2.2): definite lengths, tags of up to four bytes.

/// One data object: its tag as written (`0x5F2E`, `0xA0`) and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Tag bytes, big-endian, as they stand on the card.
    pub tag: u32,
    /// Value bytes.
    pub value: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// True when the value is made of data objects itself.
    pub fn is_constructed(&self) -> bool {
        let shift = (32 - self.tag.leading_zeros()).div_ceil(8).saturating_sub(1) * 8;
        self.tag >> shift & 0x20 != 0
    }

    /// Reads the value as a sequence of data objects.
    pub fn children(&self) -> Reader<'a> {
        Reader::new(self.value)
    }
}

/// Why bytes are no data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// The bytes end inside a tag, length or value.
    #[error("data object cut short")]
    Truncated,
    /// A tag of more than four bytes.
    #[error("tag too long")]
    TagTooLong,
    /// An indefinite length or one of more than four bytes.
    #[error("length form not supported")]
    Length,
}

/// Reads data objects one after the other; stops at the end or at the first 00 or FF filler.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn read(&mut self) -> Result<Tlv<'a>, TlvError> {
        let (&first, mut rest) = self.rest.split_first().ok_or(TlvError::Truncated)?;
        let mut tag = u32::from(first);
        if first & 0x1F == 0x1F {
            loop {
                let (&next, tail) = rest.split_first().ok_or(TlvError::Truncated)?;
                if tag >> 24 != 0 {
                    return Err(TlvError::TagTooLong);
                }
                tag = tag << 8 | u32::from(next);
                rest = tail;
                if next & 0x80 == 0 {
                    break;
                }
            }
        }
        let (&first_length, mut rest) = rest.split_first().ok_or(TlvError::Truncated)?;
        let length = match first_length {
            0x00..=0x7F => usize::from(first_length),
            0x81..=0x84 => {
                let (length_bytes, tail) =
                    rest.split_at_checked(usize::from(first_length & 0x7F)).ok_or(TlvError::Truncated)?;
                rest = tail;
                length_bytes.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte))
            }
            _ => return Err(TlvError::Length),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(TlvError::Truncated)?;
        self.rest = rest;
        Ok(Tlv { tag, value })
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.rest.first(), None | Some(0x00 | 0xFF)) {
            return None;
        }
        let item = self.read();
        if item.is_err() {
            self.rest = &[];
        }
        Some(item)
    }
}

/// The value of the first data object with `tag` at the top level of `bytes`.
pub fn find(bytes: &[u8], tag: u32) -> Option<&[u8]> {
    Reader::new(bytes).flatten().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value)
}

/// Appends one data object with the shortest length form.
pub fn write(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    let tag_bytes = tag.to_be_bytes();
    let skip = tag_bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    out.extend_from_slice(&tag_bytes[skip..]);
    let length = value.len();
    match length {
        0..=0x7F => out.push(length as u8),
        0x80..=0xFF => out.extend_from_slice(&[0x81, length as u8]),
        0x100..=0xFFFF => out.extend_from_slice(&[0x82, (length >> 8) as u8, length as u8]),
        0x1_0000..=0xFF_FFFF => {
            out.extend_from_slice(&[0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]);
        }
        // Beyond 4 GiB a Reader reads nothing either.
        _ => {
            out.push(0x84);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
}

/// One data object as a new byte string.
pub fn encode(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 8);
    write(&mut out, tag, value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reader_reads_what_write_wrote() {
        for (tag, length) in
            [(0x30, 0), (0x5F2E, 127), (0x7F49, 128), (0xA0, 255), (0x04, 256), (0x04, 70_000)]
        {
            let bytes = encode(tag, &vec![0x5A; length]);
            let read: Vec<_> = Reader::new(&bytes).collect();
            assert_eq!(read, vec![Ok(Tlv { tag, value: &vec![0x5A; length] })]);
        }
    }

    #[test]
    fn reader_cut_anywhere_is_an_error_not_a_panic() {
        let bytes = encode(0x7F49, &encode(0x81, &[7; 200]));
        for end in 1..bytes.len() {
            assert_eq!(Reader::new(&bytes[..end]).next(), Some(Err(TlvError::Truncated)), "cut at {end}");
        }
    }

    #[test]
    fn constructed_is_told_from_the_first_tag_byte() {
        assert!(Tlv { tag: 0x7F49, value: &[] }.is_constructed());
        assert!(!Tlv { tag: 0x5F2E, value: &[] }.is_constructed());
        assert!(Tlv { tag: 0x30, value: &[] }.is_constructed());
    }

    #[test]
    fn reader_filler_ends_the_sequence() {
        assert_eq!(Reader::new(&[0x04, 0x01, 0xAA, 0x00, 0x00]).count(), 1);
        assert_eq!(Reader::new(&[0xFF, 0xFF]).count(), 0);
    }
}
