//! The mask generation function MGF1 (RFC 8017, B.2.1), which PSS and OAEP share.

use zeroize::Zeroizing;

use crate::crypto::{DigestAlgorithm, Digester};

/// Puts the mask of `seed` over `data`, whatever its length; doing it twice takes it off again.
/// In constant time for the lengths.
pub(super) fn mask(algorithm: DigestAlgorithm, seed: &[u8], data: &mut [u8]) {
    let mut seeded = Digester::new(algorithm);
    seeded.update(seed);
    for (counter, chunk) in (0u32..).zip(data.chunks_mut(algorithm.output_len())) {
        let mut digester = seeded.clone();
        digester.update(&counter.to_be_bytes());
        let block = Zeroizing::new(digester.finish());
        for (byte, mask) in chunk.iter_mut().zip(block.iter()) {
            *byte ^= mask;
        }
    }
}
