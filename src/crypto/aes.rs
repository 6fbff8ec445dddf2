//! AES (FIPS 197) over whole blocks: ECB and CBC without padding (SP 800-38A); the other modes are in this
//! module's folder.

mod ctr;
pub mod ctr_stream;
pub mod gcm;
pub mod gcm_stream;
mod padding;
mod wrap;

pub use padding::{pad, unpad};
pub use wrap::{KeyWrap, WrapError};

use std::fmt;

use aes::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit,
};
use aes::{Aes128, Aes192, Aes256};

use super::CryptoError;
use crate::codec::Secret;

/// Bytes of one block.
pub const BLOCK_LEN: usize = 16;

/// An AES key of 128, 192 or 256 bits; its bytes are zeroized and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AesKey(Secret);

/// Which way a cipher runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Encrypt,
    Decrypt,
}

impl AesKey {
    /// Takes key bytes: 16, 24 or 32. Errors: `InvalidKey` for any other length.
    pub fn new(key: Secret) -> Result<Self, CryptoError> {
        match key.len() {
            16 | 24 | 32 => Ok(Self(key)),
            _ => Err(CryptoError::InvalidKey("AES")),
        }
    }

    /// A new random key of 128, 192 or 256 bits. Errors: `InvalidKey` for another size, `NoRandom`.
    pub fn generate(key_bits: u32) -> Result<Self, CryptoError> {
        if !matches!(key_bits, 128 | 192 | 256) {
            return Err(CryptoError::InvalidKey("AES"));
        }
        Self::new(super::random::secret(key_bits as usize / 8)?)
    }

    /// Bits of the key: 128, 192 or 256.
    pub fn key_bits(&self) -> u32 {
        self.0.len() as u32 * 8
    }

    /// The key bytes, for a key file or another card.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// Encrypts whole blocks one by one. Errors: `InputLength` when `data` is no multiple of 16 bytes.
    pub fn ecb_encrypt(&self, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.ecb(Direction::Encrypt, data)
    }

    /// Decrypts whole blocks one by one. Errors: `InputLength` when `data` is no multiple of 16 bytes.
    pub fn ecb_decrypt(&self, data: &[u8]) -> Result<Secret, CryptoError> {
        self.ecb(Direction::Decrypt, data).map(Secret::new)
    }

    /// Encrypts whole blocks in a chain from `iv` (16 bytes). Errors: `InputLength` for another `iv` or a
    /// part of a block.
    pub fn cbc_encrypt(&self, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.cbc(Direction::Encrypt, iv, data)
    }

    /// Decrypts what [`Self::cbc_encrypt`] made. Errors: `InputLength` for another `iv` or a part of a block.
    pub fn cbc_decrypt(&self, iv: &[u8], data: &[u8]) -> Result<Secret, CryptoError> {
        self.cbc(Direction::Decrypt, iv, data).map(Secret::new)
    }

    fn ecb(&self, direction: Direction, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self.0.len() {
            16 => ecb(&self.cipher::<Aes128>()?, direction, data),
            24 => ecb(&self.cipher::<Aes192>()?, direction, data),
            _ => ecb(&self.cipher::<Aes256>()?, direction, data),
        }
    }

    fn cbc(&self, direction: Direction, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self.0.len() {
            16 => cbc(self.cipher::<Aes128>()?, direction, iv, data),
            24 => cbc(self.cipher::<Aes192>()?, direction, iv, data),
            _ => cbc(self.cipher::<Aes256>()?, direction, iv, data),
        }
    }

    fn cipher<C: KeyInit>(&self) -> Result<C, CryptoError> {
        C::new_from_slice(self.0.expose()).map_err(|_| CryptoError::InvalidKey("AES"))
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AesKey({} bits)", self.key_bits())
    }
}

fn blocks_of<C: BlockCipherEncrypt>(data: &mut [u8]) -> Result<&mut [Block<C>], CryptoError> {
    let actual = data.len();
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(data);
    if rest.is_empty() {
        Ok(blocks)
    } else {
        Err(CryptoError::InputLength { actual, expected: actual.next_multiple_of(BLOCK_LEN) })
    }
}

fn ecb<C>(cipher: &C, direction: Direction, data: &[u8]) -> Result<Vec<u8>, CryptoError>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt,
{
    let mut buffer = data.to_vec();
    let blocks = blocks_of::<C>(&mut buffer)?;
    match direction {
        Direction::Encrypt => cipher.encrypt_blocks(blocks),
        Direction::Decrypt => cipher.decrypt_blocks(blocks),
    }
    Ok(buffer)
}

fn cbc<C>(cipher: C, direction: Direction, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CryptoError>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt,
{
    let wrong_iv = |_| CryptoError::InputLength { actual: iv.len(), expected: BLOCK_LEN };
    let mut buffer = data.to_vec();
    let blocks = blocks_of::<C>(&mut buffer)?;
    match direction {
        Direction::Encrypt => {
            cbc::Encryptor::inner_iv_slice_init(cipher, iv).map_err(wrong_iv)?.encrypt_blocks(blocks);
        }
        Direction::Decrypt => {
            cbc::Decryptor::inner_iv_slice_init(cipher, iv).map_err(wrong_iv)?.decrypt_blocks(blocks);
        }
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests;
