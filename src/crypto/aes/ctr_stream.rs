//! AES in counter mode part by part, in constant memory (SP 800-38A, 6.5).

use super::{AesKey, BLOCK_LEN};
use crate::codec::Secret;
use crate::crypto::CryptoError;

/// A key stream that is used up part by part.
pub struct CtrStream {
    key: AesKey,
    /// The next counter block; `None` when the counter came to its end.
    next: Option<u128>,
    bits: u32,
    /// What is left of the last block of key stream.
    rest: Secret,
}

impl CtrStream {
    /// A stream from this counter block, of which the lowest `bits` count. Errors: `Unsupported` for other than 1 to
    /// 128 bits.
    pub fn new(key: AesKey, block: [u8; BLOCK_LEN], bits: u32) -> Result<Self, CryptoError> {
        key.ctr(&block, bits, &[])?;
        Ok(Self { key, next: Some(u128::from_be_bytes(block)), bits, rest: Secret::default() })
    }

    /// Encrypts or decrypts the next part. Errors: `InputLength` when the counter would start anew.
    pub fn apply(&mut self, part: &[u8]) -> Result<Secret, CryptoError> {
        let (begun, whole) = part.split_at(part.len().min(self.rest.len()));
        let mut output = Vec::with_capacity(part.len());
        output.extend(begun.iter().zip(self.rest.expose()).map(|(byte, key)| byte ^ key));
        self.rest = Secret::from(self.rest.expose().get(begun.len()..).unwrap_or_default());
        let (blocks, last) = whole.split_at(whole.len() - whole.len() % BLOCK_LEN);
        if !blocks.is_empty() {
            output.extend_from_slice(self.next_blocks(blocks)?.expose());
        }
        if !last.is_empty() {
            let stream = self.next_blocks(&[0; BLOCK_LEN])?;
            output.extend(last.iter().zip(stream.expose()).map(|(byte, key)| byte ^ key));
            self.rest = Secret::from(stream.expose().get(last.len()..).unwrap_or_default());
        }
        Ok(Secret::new(output))
    }

    fn next_blocks(&mut self, blocks: &[u8]) -> Result<Secret, CryptoError> {
        let start = self.next.ok_or(CryptoError::InputLength { actual: blocks.len(), expected: 0 })?;
        let output = self.key.ctr(&start.to_be_bytes(), self.bits, blocks)?;
        let mask = u128::MAX >> (128 - self.bits);
        let count = (blocks.len() / BLOCK_LEN) as u128;
        // The last block was still within the counter; the one behind it may not be.
        let (counter, fixed) = (start & mask, start & !mask);
        self.next = counter.checked_add(count).filter(|next| *next <= mask).map(|next| fixed | next);
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::Reproducible;

    fn parts<'a>(random: &mut Reproducible, mut data: &'a [u8]) -> Vec<&'a [u8]> {
        let mut parts = Vec::new();
        while !data.is_empty() {
            let (part, rest) = data.split_at(random.below(data.len()) + 1);
            parts.push(part);
            data = rest;
        }
        parts
    }

    #[test]
    fn stream_in_any_parts_gives_what_the_whole_gives() {
        let mut random = Reproducible::new("stream_in_any_parts_gives_what_the_whole_gives");
        for round in 0..200 {
            let key = AesKey::new(Secret::new(random.bytes(16 + 8 * (round % 3)))).unwrap();
            let data = random.bytes(round);
            let block: [u8; 16] = random.bytes(16).try_into().unwrap();
            let mut stream = CtrStream::new(key.clone(), block, 128).unwrap();
            let whole = key.ctr(&block, 128, &data).unwrap();
            let streamed: Vec<u8> = parts(&mut random, &data)
                .into_iter()
                .flat_map(|part| stream.apply(part).unwrap().expose().to_vec())
                .collect();
            assert_eq!(streamed, whole.expose());
        }
    }

    #[test]
    fn ctr_counter_at_its_end_is_not_used_anew() {
        let key = AesKey::new(Secret::new(vec![7; 16])).unwrap();
        let mut block = [0; 16];
        block[15] = 0xFE;
        let mut stream = CtrStream::new(key.clone(), block, 8).unwrap();
        stream.apply(&[0; 17]).unwrap();
        stream.apply(&[0; 15]).unwrap();
        assert!(stream.apply(&[]).is_ok());
        assert!(stream.apply(&[0]).is_err());
        let mut stream = CtrStream::new(key, [0xFF; 16], 128).unwrap();
        stream.apply(&[0; 16]).unwrap();
        assert!(stream.apply(&[0; 16]).is_err());
    }
}
