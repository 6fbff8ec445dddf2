//! PEM (RFC 7468), read as tolerantly as people make it: text around and between the blocks, headers of
//! RFC 1421, any line length.

use base64ct::{Base64, Encoding};
use zeroize::Zeroizing;

use super::error::{ImportError, damaged};
use crate::codec::Secret;

/// One block of a PEM file.
pub(super) struct Block<'a> {
    /// `CERTIFICATE`, `PRIVATE KEY`.
    pub label: &'a str,
    /// The encryption of RFC 1421 that openssl wrote before PKCS#8: `Proc-Type: 4,ENCRYPTED`.
    pub is_legacy_encrypted: bool,
    body: &'a str,
}

impl Block<'_> {
    /// The bytes of the block. Errors: `Damaged` when they are no base64.
    pub fn decode(&self) -> Result<Secret, ImportError> {
        let mut digits = Zeroizing::new(String::with_capacity(self.body.len()));
        digits.extend(self.body.chars().filter(|character| !character.is_ascii_whitespace()));
        Base64::decode_vec(&digits).map(Secret::new).map_err(|_| damaged(WHAT))
    }
}

/// The file as text with at least the beginning of one block; `None` for what is not PEM.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok().filter(|text| text.contains(BEGIN))
}

/// All blocks in their order. Errors: `Damaged` for a block that does not end, or ends under another name.
pub(super) fn blocks(text: &str) -> Result<Vec<Block<'_>>, ImportError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or_else(|| damaged(WHAT))?;
        let (content, after) = after.split_once(END).ok_or_else(|| damaged(WHAT))?;
        let after = after.strip_prefix(label).and_then(|after| after.strip_prefix(DASHES));
        rest = after.ok_or_else(|| damaged(WHAT))?;
        let (headers, body) = split_headers(content);
        let is_legacy_encrypted = headers.contains("ENCRYPTED");
        blocks.push(Block { label, is_legacy_encrypted, body });
    }
    Ok(blocks)
}

/// Headers are lines with a colon, up to an empty line.
fn split_headers(content: &str) -> (&str, &str) {
    let start = content.trim_start();
    if !start.lines().next().is_some_and(|line| line.contains(':')) {
        return ("", content);
    }
    let mut end = 0;
    for line in start.split_inclusive('\n') {
        end += line.len();
        if line.trim().is_empty() {
            break;
        }
    }
    start.split_at_checked(end).unwrap_or((start, ""))
}

const WHAT: &str = "PEM";
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

#[cfg(test)]
mod tests {
    use super::*;

    /// Label, legacy encryption, bytes.
    type Read = (String, bool, Option<Vec<u8>>);

    fn read(text: &str) -> Option<Vec<Read>> {
        let blocks = blocks(text).ok()?;
        let read = |block: &Block<'_>| {
            let bytes = block.decode().ok().map(|bytes| bytes.expose().to_vec());
            (block.label.to_owned(), block.is_legacy_encrypted, bytes)
        };
        Some(blocks.iter().map(read).collect())
    }

    #[test]
    fn blocks_are_found_between_text_headers_and_any_line_ends() {
        let text = "Bag Attributes\r\n a: b\r\n-----BEGIN A B-----\r\nAAEC\r\nAw==\r\n-----END A B-----\r\nx\n\
                    -----BEGIN C-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\nBAU=\n-----END C-----";
        let expected =
            vec![("A B".to_owned(), false, Some(vec![0, 1, 2, 3])), ("C".to_owned(), true, Some(vec![4, 5]))];
        assert_eq!(read(text), Some(expected));
    }

    #[test]
    fn block_that_is_broken_is_an_error() {
        for text in ["-----BEGIN A", "-----BEGIN A-----\nAAEC", "-----BEGIN A-----\nAAEC\n-----END B-----"] {
            assert_eq!(read(text), None, "{text}");
        }
        for body in ["A", "AA=", "A*==", "AAE\u{e9}", "Proc-Type: 4,ENCRYPTED"] {
            let text = format!("-----BEGIN A-----\n{body}\n-----END A-----");
            let bytes = read(&text).unwrap().remove(0).2;
            assert!(bytes.is_none_or(|bytes| bytes.is_empty()), "{body}");
        }
    }
}
