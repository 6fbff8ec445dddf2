//! Gzip (RFC 1952) and zlib (RFC 1950), within a bound: what comes from a card may claim to be anything.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;

/// How compressed bytes begin.
pub const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// Why compressed bytes are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GzipError {
    /// Not gzip, or cut, or with a wrong check sum.
    #[error("it does not decompress")]
    Damaged,
    /// More than the caller takes.
    #[error("it is longer than {limit} bytes when decompressed")]
    TooLong {
        /// Bytes that the caller takes.
        limit: usize,
    },
}

/// Decompresses at most `limit` bytes. Errors: `Damaged`, `TooLong`; memory stays within the limit.
pub fn inflate(compressed: &[u8], limit: usize) -> Result<Vec<u8>, GzipError> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    let read = match compressed.starts_with(&MAGIC) {
        true => GzDecoder::new(compressed).take(most).read_to_end(&mut plain),
        // Some tools write the one where the other is meant.
        false => ZlibDecoder::new(compressed).take(most).read_to_end(&mut plain),
    };
    read.map_err(|_| GzipError::Damaged)?;
    if plain.len() > limit { Err(GzipError::TooLong { limit }) } else { Ok(plain) }
}

/// Compresses as far as it goes.
pub fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflate_gives_back_what_was_deflated_up_to_the_limit() {
        let plain = b"certificate ".repeat(100);
        let compressed = deflate(&plain);
        assert!(compressed.len() < plain.len() && compressed.starts_with(&MAGIC));
        assert_eq!(inflate(&compressed, plain.len()), Ok(plain.clone()));
        assert_eq!(inflate(&compressed, plain.len() - 1), Err(GzipError::TooLong { limit: plain.len() - 1 }));
    }

    #[test]
    fn inflate_takes_zlib_too() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"certificate").unwrap();
        assert_eq!(inflate(&encoder.finish().unwrap(), 100), Ok(b"certificate".to_vec()));
    }

    #[test]
    fn inflate_damaged_or_cut_is_refused() {
        let compressed = deflate(b"certificate");
        for end in 0..compressed.len() {
            assert_eq!(inflate(&compressed[..end], 100), Err(GzipError::Damaged), "cut at {end}");
        }
        let mut wrong = compressed;
        let check_sum = wrong.len() - 8;
        wrong[check_sum] ^= 1;
        assert_eq!(inflate(&wrong, 100), Err(GzipError::Damaged));
    }
}
