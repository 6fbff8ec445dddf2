//! AES-GCM (SP 800-38D) part by part in constant memory. What it decrypts is not authentic before the tag at the end
//! was compared: whoever uses it shows nothing to anybody before that.

use ghash::universal_hash::UniversalHash;
use ghash::{Block, GHash, Key};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::gcm::{GCM_NONCE_LEN, GCM_TAG_LEN};
use super::{AesKey, BLOCK_LEN};
use crate::codec::Secret;
use crate::crypto::CryptoError;

/// One message on its way through GCM.
pub struct GcmStream {
    key: AesKey,
    /// The counter block before the first: it masks the tag.
    start: [u8; BLOCK_LEN],
    /// The subkey of the hash.
    subkey: Key,
    hash: GHash,
    /// Bytes so far.
    len: u64,
}

impl GcmStream {
    /// Begins a message. Errors: `InputLength` for an empty nonce, or one beyond [`MAX_NONCE_LEN`].
    pub fn new(key: AesKey, nonce: &[u8]) -> Result<Self, CryptoError> {
        if !(1..=MAX_NONCE_LEN).contains(&nonce.len()) {
            return Err(CryptoError::InputLength { actual: nonce.len(), expected: GCM_NONCE_LEN });
        }
        let subkey = block(&key.ecb_encrypt(&[0; BLOCK_LEN])?);
        Ok(Self { start: start_of(nonce, &subkey), hash: GHash::new(&subkey), key, subkey, len: 0 })
    }

    /// Encrypts the next part: whole blocks (16 bytes), but for the last one.
    /// Errors: `InputLength` for a part behind the last one, and for more than [`MAX_LEN`] in all.
    pub fn encrypt(&mut self, part: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let encrypted = self.key_stream(part)?.expose().to_vec();
        self.hash.update_padded(&encrypted);
        Ok(encrypted)
    }

    /// Decrypts the next part: whole blocks (16 bytes), but for the last one. Errors: as [`Self::encrypt`].
    pub fn decrypt(&mut self, part: &[u8]) -> Result<Secret, CryptoError> {
        let plain = self.key_stream(part)?;
        self.hash.update_padded(part);
        Ok(plain)
    }

    /// The whole tag of the message and of data that is authenticated beside it. That data comes last, because a
    /// CMS message has it behind its content; GHASH is linear, so it can still be put in front.
    pub fn tag(self, associated_data: &[u8]) -> Result<[u8; GCM_TAG_LEN], CryptoError> {
        let mut state = self.hash.clone().finalize();
        let mut front = GHash::new(&self.subkey);
        front.update_padded(associated_data);
        let shift = power(&self.subkey, self.len.div_ceil(BLOCK_LEN as u64));
        for (byte, other) in state.iter_mut().zip(multiply(&front.finalize(), &shift)) {
            *byte ^= other;
        }
        let bits = |len: u64| len.saturating_mul(8).to_be_bytes();
        let lengths = [bits(associated_data.len() as u64), bits(self.len)].concat();
        for (byte, other) in state.iter_mut().zip(lengths) {
            *byte ^= other;
        }
        let hash = multiply(&state, &self.subkey);
        let mut tag = [0; GCM_TAG_LEN];
        let mask = self.key.ecb_encrypt(&self.start)?;
        for ((byte, hash), mask) in tag.iter_mut().zip(hash).zip(mask) {
            *byte = hash ^ mask;
        }
        Ok(tag)
    }

    /// Whether this is the tag (12 to 16 bytes of it). Errors: `Unsupported` for another length.
    pub fn verify(self, associated_data: &[u8], tag: &[u8]) -> Result<Choice, CryptoError> {
        if !(SHORTEST_TAG..=GCM_TAG_LEN).contains(&tag.len()) {
            return Err(CryptoError::Unsupported(format!("AES-GCM with a tag of {} bytes", tag.len())));
        }
        let expected = self.tag(associated_data)?;
        Ok(expected.get(..tag.len()).unwrap_or_default().ct_eq(tag))
    }

    fn key_stream(&mut self, part: &[u8]) -> Result<Secret, CryptoError> {
        let len = self.len.saturating_add(part.len() as u64);
        if !self.len.is_multiple_of(BLOCK_LEN as u64) || len > MAX_LEN {
            let left = MAX_LEN.saturating_sub(self.len);
            return Err(CryptoError::InputLength {
                actual: part.len(),
                expected: usize::try_from(left).unwrap_or(usize::MAX),
            });
        }
        // The first counter is for the tag (SP 800-38D, 7.1).
        let first = u32::try_from(self.len / BLOCK_LEN as u64).ok().and_then(|blocks| blocks.checked_add(1));
        let first = first.ok_or(CryptoError::InputLength { actual: part.len(), expected: 0 })?;
        self.len = len;
        // Only the last 32 bits count, and begin anew after the last number (6.2).
        let counter = self.counter(first);
        let until_anew = (1u64 << 32) - u64::from(low_bits(&counter));
        let until_anew = usize::try_from(until_anew.saturating_mul(BLOCK_LEN as u64)).unwrap_or(usize::MAX);
        let (before, after) = part.split_at(part.len().min(until_anew));
        let stream = self.key.ctr(&counter, 32, before)?;
        if after.is_empty() {
            return Ok(stream);
        }
        let zero = self.counter(0u32.wrapping_sub(low_bits(&self.start)));
        let rest = self.key.ctr(&zero, 32, after)?;
        Ok(Secret::new([stream.expose(), rest.expose()].concat()))
    }

    /// The counter block so many after the first.
    fn counter(&self, steps: u32) -> [u8; BLOCK_LEN] {
        let mut counter = self.start;
        let low = low_bits(&counter).wrapping_add(steps);
        for (byte, value) in counter.iter_mut().rev().zip(low.to_le_bytes()) {
            *byte = value;
        }
        counter
    }
}

/// The counter block before the first (SP 800-38D, 7.1): a nonce of 96 bits and the number 1, of any other its hash.
fn start_of(nonce: &[u8], subkey: &Key) -> [u8; BLOCK_LEN] {
    let mut start = [0; BLOCK_LEN];
    if nonce.len() == GCM_NONCE_LEN {
        for (byte, value) in start.iter_mut().zip(nonce.iter().chain(&1u32.to_be_bytes())) {
            *byte = *value;
        }
        return start;
    }
    let mut hash = GHash::new(subkey);
    hash.update_padded(nonce);
    let bits = (nonce.len() as u128).saturating_mul(8).to_be_bytes();
    hash.update(std::slice::from_ref(&block(&bits)));
    hash.finalize().into()
}

/// The last 32 bits of a counter block.
fn low_bits(block: &[u8; BLOCK_LEN]) -> u32 {
    block.iter().skip(BLOCK_LEN - 4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn block(bytes: &[u8]) -> Block {
    let mut block = Block::default();
    for (byte, value) in block.iter_mut().zip(bytes) {
        *byte = *value;
    }
    block
}

/// The product in GHASH's field: its hash of one block is that block times its key.
fn multiply(first: &Block, second: &Block) -> Block {
    let mut hash = GHash::new(second);
    hash.update(std::slice::from_ref(first));
    hash.finalize()
}

/// A power in GHASH's field; its time depends on the exponent, which is a length.
fn power(base: &Block, mut exponent: u64) -> Block {
    let mut square = Zeroizing::new(<[u8; BLOCK_LEN]>::from(*base));
    // One is the block with its first bit set: the field counts its bits from the left.
    let mut result = Block::default();
    if let Some(first) = result.first_mut() {
        *first = 0x80;
    }
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(&result, &block(&*square));
        }
        *square = multiply(&block(&*square), &block(&*square)).into();
        exponent >>= 1;
    }
    result
}

/// SP 800-38D, 5.2.1.1: no message is longer.
pub const MAX_LEN: u64 = (1 << 36) - 32;
/// PKCS#11 3.1, 6.13.3.1: 2³² − 1 bits.
pub const MAX_NONCE_LEN: usize = (u32::MAX / 8) as usize;
/// SP 800-38D, 5.2.1.2; shorter ones are for special uses.
pub(super) const SHORTEST_TAG: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::aes::gcm::GcmParameters;
    use crate::crypto::testing::{Reproducible, bytes, vectors};

    #[test]
    fn stream_in_any_parts_is_the_message_at_once() {
        let mut random = Reproducible::new("stream_in_any_parts_is_the_message_at_once");
        for len in [0, 1, 15, 16, 17, 31, 32, 1000, 5000] {
            for aad_len in [0, 1, 16, 40] {
                let key = AesKey::new(Secret::new(random.bytes([16, 24, 32][len % 3]))).unwrap();
                let (nonce, plain, aad) = (random.bytes(12), random.bytes(len), random.bytes(aad_len));
                let parameters = GcmParameters { nonce: &nonce, associated_data: &aad, tag_len: 16 };
                let sealed = key.gcm_encrypt(&parameters, &plain).unwrap();
                let (expected, tag) = sealed.split_at(len);
                let mut encrypt = GcmStream::new(key.clone(), &nonce).unwrap();
                let mut decrypt = GcmStream::new(key.clone(), &nonce).unwrap();
                let part_len = 16 * (1 + random.below(10));
                for part in plain.chunks(part_len) {
                    let encrypted = encrypt.encrypt(part).unwrap();
                    assert_eq!(decrypt.decrypt(&encrypted).unwrap().expose(), part);
                }
                assert_eq!(encrypt.tag(&aad).unwrap(), tag, "{len} bytes, {aad_len} beside them");
                let mut decrypt = GcmStream::new(key, &nonce).unwrap();
                assert_eq!(decrypt.decrypt(expected).unwrap().expose(), plain);
                assert!(bool::from(decrypt.verify(&aad, &tag[..13]).unwrap()));
            }
        }
    }

    #[test]
    fn stream_tag_of_anything_else_is_refused() {
        let key = AesKey::new(Secret::new(vec![7; 32])).unwrap();
        let sealed = |aad: &[u8], change: usize| {
            let mut stream = GcmStream::new(key.clone(), &[1; 12]).unwrap();
            let mut encrypted = stream.encrypt(&[2; 33]).unwrap();
            let tag = stream.tag(b"beside").unwrap();
            if let Some(byte) = encrypted.get_mut(change) {
                *byte ^= 1;
            }
            let mut stream = GcmStream::new(key.clone(), &[1; 12]).unwrap();
            stream.decrypt(&encrypted).unwrap();
            bool::from(stream.verify(aad, &tag).unwrap())
        };
        assert!(sealed(b"beside", usize::MAX));
        assert!(!sealed(b"besides", usize::MAX) && !sealed(b"", usize::MAX));
        assert!((0..33).all(|change| !sealed(b"beside", change)));
    }

    #[test]
    fn stream_wycheproof_messages_with_any_nonce_are_judged_right() {
        for line in vectors("wycheproof/aes_gcm_nonces.txt") {
            let [key, nonce, aad, plain, ciphertext, tag] =
                [2, 3, 4, 5, 6, 7].map(|index| bytes(&line[index]));
            let key = AesKey::new(Secret::new(key)).unwrap();
            let parameters = GcmParameters { nonce: &nonce, associated_data: &aad, tag_len: tag.len() };
            let sealed = [ciphertext, tag].concat();
            let opened = key.gcm_decrypt(&parameters, &sealed);
            if line[1] == "valid" {
                assert_eq!(opened, Ok(Secret::new(plain.clone())), "{}", line[0]);
                assert_eq!(key.gcm_encrypt(&parameters, &plain), Ok(sealed), "{}", line[0]);
            } else {
                assert!(opened.is_err(), "{}", line[0]);
            }
        }
    }

    /// A counter block whose last 32 bits begin anew in the middle of a part is that of the parts apart.
    #[test]
    fn stream_counter_begins_anew_where_it_must() {
        let key = AesKey::new(Secret::new(vec![7; 16])).unwrap();
        for low in [0xFFFF_FFFD_u32, 0xFFFF_FFFE, 0xFFFF_FFFF] {
            let stream = || {
                let mut stream = GcmStream::new(key.clone(), &[1; 16]).unwrap();
                stream.start[12..].copy_from_slice(&low.to_be_bytes());
                stream
            };
            let (mut whole, mut parts) = (stream(), stream());
            let blocks: Vec<u8> = (0..6).flat_map(|_| parts.encrypt(&[0; 16]).unwrap()).collect();
            assert_eq!(whole.encrypt(&[0; 96]).unwrap(), blocks);
            let counter = |number: u32| [&whole.start[..12], &number.to_be_bytes()].concat();
            let expected =
                (1..=6).flat_map(|step| key.ecb_encrypt(&counter(low.wrapping_add(step))).unwrap());
            assert_eq!(blocks, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn stream_wrong_lengths_are_refused() {
        let key = AesKey::new(Secret::new(vec![7; 16])).unwrap();
        assert!(GcmStream::new(key.clone(), &[]).is_err());
        let mut stream = GcmStream::new(key.clone(), &[0; 12]).unwrap();
        stream.encrypt(&[0; 17]).unwrap();
        assert!(stream.encrypt(&[0; 16]).is_err(), "a part behind the last one");
        let stream = GcmStream::new(key, &[0; 12]).unwrap();
        assert!(stream.verify(b"", &[0; 11]).is_err());
    }
}
