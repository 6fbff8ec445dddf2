//! Triple DES with three keys, block by block: how older cards prove who may personalise them (SP 800-67).

use des::TdesEde3;
use des::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use zeroize::Zeroizing;

use super::CryptoError;
use crate::codec::Secret;

/// Bytes of a block.
pub const BLOCK_LEN: usize = 8;
/// Bytes of a key, parity bits included.
pub const KEY_LEN: usize = 24;

/// A key of 24 bytes.
pub struct TripleDesKey(TdesEde3);

impl TripleDesKey {
    /// Errors: `InvalidKey` for another length than 24 bytes.
    pub fn new(key: &Secret) -> Result<Self, CryptoError> {
        TdesEde3::new_from_slice(key.expose()).map(Self).map_err(|_| CryptoError::InvalidKey("triple DES"))
    }

    /// ECB over whole blocks. Errors: `InputLength`.
    pub fn ecb_encrypt(&self, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut buffer = data.to_vec();
        let (blocks, rest) = Block::<TdesEde3>::slice_as_chunks_mut(&mut buffer);
        check(rest, data.len())?;
        self.0.encrypt_blocks(blocks);
        Ok(buffer)
    }

    /// ECB over whole blocks. Errors: `InputLength`.
    pub fn ecb_decrypt(&self, data: &[u8]) -> Result<Secret, CryptoError> {
        let mut buffer = Zeroizing::new(data.to_vec());
        let (blocks, rest) = Block::<TdesEde3>::slice_as_chunks_mut(&mut buffer);
        check(rest, data.len())?;
        self.0.decrypt_blocks(blocks);
        Ok(Secret::from(buffer.as_slice()))
    }
}

fn check(rest: &[u8], actual: usize) -> Result<(), CryptoError> {
    let expected = actual.next_multiple_of(BLOCK_LEN);
    if rest.is_empty() { Ok(()) } else { Err(CryptoError::InputLength { actual, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;

    #[test]
    fn ecb_is_that_of_the_published_example() {
        // SP 800-67, appendix B.1: TECB.
        let key = "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123";
        let plain = "5468652071756663 6B2062726F776E20 666F78206A756D70";
        let cipher = "A826FD8CE53B855F CCE21C8112256FE6 68D5C05DD9B6B900";
        let key = TripleDesKey::new(&Secret::new(hex::decode(key).unwrap())).unwrap();
        let (plain, cipher) = (hex::decode(plain).unwrap(), hex::decode(cipher).unwrap());
        assert_eq!(key.ecb_encrypt(&plain).unwrap(), cipher);
        assert_eq!(key.ecb_decrypt(&cipher).unwrap().expose(), plain);
    }

    #[test]
    fn key_and_data_of_wrong_length_are_refused() {
        assert!(TripleDesKey::new(&Secret::new(vec![1; 16])).is_err());
        let key = TripleDesKey::new(&Secret::new((1..=24).collect())).unwrap();
        assert_eq!(key.ecb_encrypt(&[0; 7]), Err(CryptoError::InputLength { actual: 7, expected: 8 }));
        assert!(key.ecb_decrypt(&[0; 9]).is_err());
    }
}
