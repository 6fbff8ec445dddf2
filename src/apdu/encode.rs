//! The bytes of a command APDU (ISO 7816-3, 12.1): cases 1 to 4, short and extended, and their check.

use zeroize::Zeroizing;

use crate::transport::Protocol;

/// Longest command data of a short APDU in bytes.
pub(super) const SHORT_DATA_LEN: usize = 255;
/// Longest response data of a short APDU in bytes.
pub(super) const SHORT_RESPONSE_LEN: usize = 256;
/// Longest command data of an extended APDU in bytes.
pub(super) const EXTENDED_DATA_LEN: usize = 65_535;
/// Longest response data of an extended APDU in bytes.
pub(super) const EXTENDED_RESPONSE_LEN: usize = 65_536;

/// One exchange as it goes to the reader: what is left of a command after splitting.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    /// CLA, INS, P1, P2.
    pub header: [u8; 4],
    /// Command data: at most 255 bytes, 65535 when `extended`.
    pub data: &'a [u8],
    /// Expected response length: at most 256 bytes, 65536 when `extended`; 0 for no response data.
    pub expected: usize,
    /// Write lengths in the extended form.
    pub extended: bool,
}

impl Frame<'_> {
    /// Writes the APDU. On T=0 the short form follows ISO 7816-3, 12.2: P3 is always there, and a case 4 command
    /// goes out without Le, its response being fetched by GET RESPONSE.
    pub fn encode(&self, protocol: Protocol) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(self.data.len() + 9));
        out.extend_from_slice(&self.header);
        if self.extended {
            self.encode_extended(&mut out)
        } else {
            self.encode_short(&mut out, protocol)
        }
        out
    }

    fn encode_short(&self, out: &mut Vec<u8>, protocol: Protocol) {
        // 256 is written as 00, which is what the cast makes of it.
        let le = self.expected.min(SHORT_RESPONSE_LEN) as u8;
        match (self.data.is_empty(), self.expected) {
            (true, 0) if protocol == Protocol::T0 => out.push(0x00),
            (true, 0) => {}
            (true, _) => out.push(le),
            (false, expected) => {
                out.push(self.data.len() as u8);
                out.extend_from_slice(self.data);
                if expected > 0 && protocol != Protocol::T0 {
                    out.push(le);
                }
            }
        }
    }

    fn encode_extended(&self, out: &mut Vec<u8>) {
        out.push(0x00);
        if !self.data.is_empty() {
            out.extend_from_slice(&(self.data.len() as u16).to_be_bytes());
            out.extend_from_slice(self.data);
        }
        if self.expected > 0 {
            // 65536 is written as 0000.
            out.extend_from_slice(&(self.expected.min(EXTENDED_RESPONSE_LEN) as u16).to_be_bytes());
        }
    }

    /// Length of the extended form in bytes.
    pub fn extended_len(data_len: usize, expected: usize) -> usize {
        let lc = if data_len > 0 { 2 + data_len } else { 0 };
        let le = if expected > 0 { 2 } else { 0 };
        5 + lc + le
    }
}

/// Why bytes are no command APDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Fewer than the four bytes of the header.
    #[error("a command APDU has at least 4 bytes, this has {0}")]
    NoHeader(usize),
    /// The length byte announces more or fewer data bytes than follow.
    #[error(
        "Lc announces {announced} bytes of data, {present} follow (of which the last or the last two may be Le)"
    )]
    DataLength {
        /// What Lc says.
        announced: usize,
        /// Bytes after Lc.
        present: usize,
    },
    /// A class byte that ISO 7816-4 forbids.
    #[error("CLA FF is not a class")]
    Class,
}

/// Checks that `bytes` is one command APDU of case 1 to 4, short or extended, and returns where its data lies
/// (an empty range for cases 1 and 2).
pub(super) fn check_form(bytes: &[u8]) -> Result<std::ops::Range<usize>, FormError> {
    let (header, body) = bytes.split_at_checked(4).ok_or(FormError::NoHeader(bytes.len()))?;
    if header.first() == Some(&0xFF) {
        return Err(FormError::Class);
    }
    let (length, start, le_len) = match *body {
        [] | [_] => return Ok(4..4),
        [0, _, _] => return Ok(4..4),
        [0, high, low, ..] => (usize::from(u16::from_be_bytes([high, low])), 7, 2),
        [lc, ..] => (usize::from(lc), 5, 1),
    };
    let present = bytes.len() - start;
    if length > 0 && (present == length || present == length + le_len) {
        Ok(start..start + length)
    } else {
        Err(FormError::DataLength { announced: length, present })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    fn encoded(data: &[u8], expected: usize, extended: bool, protocol: Protocol) -> String {
        let frame = Frame { header: [0x00, 0xA4, 0x04, 0x0C], data, expected, extended };
        hex::encode(&frame.encode(protocol))
    }

    #[test]
    fn short_frame_cases_follow_iso_7816_3() {
        assert_eq!(encoded(&[], 0, false, Protocol::T1), "00a4040c");
        assert_eq!(encoded(&[], 256, false, Protocol::T1), "00a4040c00");
        assert_eq!(encoded(&[], 16, false, Protocol::T1), "00a4040c10");
        assert_eq!(encoded(&[0x3F, 0], 0, false, Protocol::T1), "00a4040c023f00");
        assert_eq!(encoded(&[0x3F, 0], 256, false, Protocol::T1), "00a4040c023f0000");
    }

    #[test]
    fn short_frame_on_t0_has_p3_and_no_le_after_data() {
        assert_eq!(encoded(&[], 0, false, Protocol::T0), "00a4040c00");
        assert_eq!(encoded(&[], 16, false, Protocol::T0), "00a4040c10");
        assert_eq!(encoded(&[0x3F, 0], 256, false, Protocol::T0), "00a4040c023f00");
    }

    #[test]
    fn extended_frame_cases_follow_iso_7816_3() {
        assert_eq!(encoded(&[], 65_536, true, Protocol::T1), "00a4040c000000");
        assert_eq!(encoded(&[0x3F, 0], 0, true, Protocol::T1), "00a4040c0000023f00");
        assert_eq!(encoded(&[0x3F, 0], 512, true, Protocol::T1), "00a4040c0000023f000200");
        for (data_len, expected) in [(0, 512), (300, 0), (300, 512)] {
            let bytes = encoded(&vec![1; data_len], expected, true, Protocol::T1).len() / 2;
            assert_eq!(bytes, Frame::extended_len(data_len, expected));
        }
    }

    #[test]
    fn form_of_every_encoded_frame_is_accepted() {
        for data_len in [0usize, 1, 2, 255] {
            for expected in [0, 1, 256] {
                let data = vec![0x5A; data_len];
                for (extended, protocol) in
                    [(false, Protocol::T0), (false, Protocol::T1), (true, Protocol::T1)]
                {
                    if extended && data_len == 0 && expected == 0 {
                        continue; // case 1 has no extended form
                    }
                    let bytes = Frame { header: [0; 4], data: &data, expected, extended }.encode(protocol);
                    let range = check_form(&bytes).unwrap();
                    assert_eq!(&bytes[range], &data[..], "{data_len} {expected} {extended} {protocol:?}");
                }
            }
        }
    }

    #[test]
    fn form_that_is_no_apdu_is_refused_with_the_lengths() {
        assert_eq!(check_form(&[0, 0xA4, 4]), Err(FormError::NoHeader(3)));
        assert_eq!(
            check_form(&[0, 0x20, 0, 1, 8, 1, 2]),
            Err(FormError::DataLength { announced: 8, present: 2 })
        );
        assert_eq!(
            check_form(&[0, 0x20, 0, 1, 1, 1, 2, 3]),
            Err(FormError::DataLength { announced: 1, present: 3 })
        );
        assert_eq!(
            check_form(&[0, 0x20, 0, 1, 0, 0, 0, 9]),
            Err(FormError::DataLength { announced: 0, present: 1 })
        );
        assert_eq!(check_form(&[0xFF, 0, 0, 0]), Err(FormError::Class));
    }
}
