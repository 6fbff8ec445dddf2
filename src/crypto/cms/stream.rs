//! BER read element by element from a stream (X.690, 8.1): definite and indefinite lengths, any size, bounded memory.

use std::io::{self, Read};

use super::CmsError;
use crate::crypto::import::ber::to_der;

/// A stream of BER, and the elements that are open in it.
pub(super) struct BerStream<R> {
    input: R,
    position: u64,
    /// Where each open element ends; `None` when it is of indefinite length.
    ends: Vec<Option<u64>>,
}

/// Tag and length of an element whose value has not been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub tag: u8,
    /// `None`: indefinite.
    pub len: Option<u64>,
}

impl Header {
    fn is_constructed(self) -> bool {
        self.tag & CONSTRUCTED != 0
    }
}

impl<R: Read> BerStream<R> {
    pub fn new(input: R) -> Self {
        Self { input, position: 0, ends: Vec::new() }
    }

    /// The next element of the open one; `None` at its end. Errors: `Truncated`, `Malformed`.
    pub fn next(&mut self) -> Result<Option<Header>, CmsError> {
        let open = self.ends.last().copied();
        if let Some(Some(end)) = open
            && self.position == end
        {
            return Ok(None);
        }
        let tag = self.byte()?;
        let first = self.byte()?;
        if tag == 0 && first == 0 && open == Some(None) {
            return Ok(None);
        }
        if tag & LONG_TAG == LONG_TAG || tag == 0 {
            return Err(MALFORMED);
        }
        let len = match first {
            0x00..=0x7F => Some(u64::from(first)),
            INDEFINITE if tag & CONSTRUCTED != 0 => None,
            0x81..=0x88 => {
                let mut len = 0u64;
                for _ in 0..first & 0x7F {
                    len = len << 8 | u64::from(self.byte()?);
                }
                Some(len)
            }
            _ => return Err(MALFORMED),
        };
        if let Some(len) = len {
            self.check_inside(len)?;
        }
        Ok(Some(Header { tag, len }))
    }

    /// The next element, which must be there and have this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Header, CmsError> {
        self.next()?.filter(|header| header.tag == tag).ok_or(MALFORMED)
    }

    /// Opens an element: what comes next is in it.
    pub fn enter(&mut self, header: Header) -> Result<(), CmsError> {
        if self.ends.len() >= MAX_DEPTH || !header.is_constructed() {
            return Err(MALFORMED);
        }
        self.ends.push(header.len.map(|len| self.position.saturating_add(len)));
        Ok(())
    }

    /// Closes the open element. Its end was seen: [`Self::next`] said `None`.
    pub fn leave(&mut self) {
        self.ends.pop();
    }

    /// Closes the open element, which must be at its end.
    pub fn end(&mut self) -> Result<(), CmsError> {
        match self.next()? {
            None => {
                self.leave();
                Ok(())
            }
            Some(_) => Err(MALFORMED),
        }
    }

    /// A whole element as DER, tag and length included. Errors: `TooLarge` beyond `limit` bytes.
    pub fn element(&mut self, header: Header, what: &'static str, limit: usize) -> Result<Vec<u8>, CmsError> {
        let mut raw = Vec::new();
        self.collect(header, &mut raw, what, limit)?;
        let der = to_der(&raw, what).map_err(|_| CmsError::Malformed(what))?;
        Ok(der.expose().to_vec())
    }

    /// The bytes of a string, in one piece or in pieces, each handed on as it comes (at most 64 KiB at once).
    pub fn string(
        &mut self,
        header: Header,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), CmsError>,
    ) -> Result<(), CmsError> {
        if !header.is_constructed() {
            return self.bytes(header.len.ok_or(MALFORMED)?, sink);
        }
        self.enter(header)?;
        while let Some(piece) = self.next()? {
            if piece.tag & !CONSTRUCTED != TAG_OCTET_STRING {
                return Err(MALFORMED);
            }
            self.string(piece, sink)?;
        }
        self.leave();
        Ok(())
    }

    fn bytes(
        &mut self,
        mut len: u64,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), CmsError>,
    ) -> Result<(), CmsError> {
        let mut buffer = vec![0; BUFFER_LEN.min(usize::try_from(len).unwrap_or(BUFFER_LEN))];
        while len > 0 {
            let wanted = buffer.len().min(usize::try_from(len).unwrap_or(usize::MAX));
            let piece = buffer.get_mut(..wanted).ok_or(MALFORMED)?;
            self.input.read_exact(piece).map_err(truncated)?;
            self.position += wanted as u64;
            len -= wanted as u64;
            sink(piece)?;
        }
        Ok(())
    }

    /// Copies an element as it is; an indefinite one with its end.
    fn collect(
        &mut self,
        header: Header,
        raw: &mut Vec<u8>,
        what: &'static str,
        limit: usize,
    ) -> Result<(), CmsError> {
        raw.push(header.tag);
        match header.len {
            Some(len) => {
                let room = limit.saturating_sub(raw.len());
                if usize::try_from(len).map_or(true, |len| len > room) {
                    return Err(CmsError::TooLarge { what, limit });
                }
                write_len(raw, len);
                self.bytes(len, &mut |piece| {
                    raw.extend_from_slice(piece);
                    Ok(())
                })
            }
            None => {
                raw.push(INDEFINITE);
                self.enter(header)?;
                while let Some(child) = self.next()? {
                    self.collect(child, raw, what, limit)?;
                }
                self.leave();
                raw.extend_from_slice(&[0, 0]);
                Ok(())
            }
        }
    }

    fn byte(&mut self) -> Result<u8, CmsError> {
        self.check_inside(1)?;
        let mut byte = [0];
        self.input.read_exact(&mut byte).map_err(truncated)?;
        self.position += 1;
        Ok(u8::from_be_bytes(byte))
    }

    /// Nothing reaches beyond the innermost element that has an end.
    fn check_inside(&self, len: u64) -> Result<(), CmsError> {
        let end = self.ends.iter().rev().find_map(|end| *end);
        match (self.position.checked_add(len), end) {
            (None, _) => Err(MALFORMED),
            (Some(position), Some(end)) if position > end => Err(MALFORMED),
            _ => Ok(()),
        }
    }
}

/// The shortest form, as DER wants it.
fn write_len(raw: &mut Vec<u8>, len: u64) {
    let digits = len.to_be_bytes();
    let digits = digits.get(len.leading_zeros() as usize / 8..).unwrap_or_default();
    match digits {
        [] => raw.push(0),
        [len] if *len < 0x80 => raw.push(*len),
        digits => {
            raw.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            raw.extend_from_slice(digits);
        }
    }
}

fn truncated(error: io::Error) -> CmsError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CmsError::Truncated,
        _ => CmsError::Read(error),
    }
}

const MALFORMED: CmsError = CmsError::Malformed("the message");
const BUFFER_LEN: usize = 64 * 1024;
const MAX_DEPTH: usize = 16;
const LONG_TAG: u8 = 0x1F;
const CONSTRUCTED: u8 = 0x20;
const INDEFINITE: u8 = 0x80;
const TAG_OCTET_STRING: u8 = 0x04;
