//! The block ciphers of encrypted files, in CBC mode with the padding of PKCS#7.

use aes::cipher::{Block, BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use zeroize::Zeroizing;

use crate::codec::Secret;
use crate::crypto::aes::AesKey;

/// A cipher in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    /// AES with a key of 16, 24 or 32 bytes.
    Aes(usize),
    /// Triple DES with three keys (24 bytes) or two (16 bytes).
    TripleDes(usize),
    /// RC2 with a key of 5 or 16 bytes, all of which count.
    Rc2(usize),
}

impl Cipher {
    /// Bytes of the key.
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes(len) | Self::TripleDes(len) | Self::Rc2(len) => len,
        }
    }

    /// Bytes of a block and of the initial vector.
    pub fn block_len(self) -> usize {
        match self {
            Self::Aes(_) => 16,
            Self::TripleDes(_) | Self::Rc2(_) => 8,
        }
    }

    /// Decrypts and takes off the padding; `None` when lengths or padding are wrong, which a wrong key makes
    /// likely.
    pub fn decrypt(self, key: &Secret, iv: &[u8], data: &[u8]) -> Option<Secret> {
        if data.is_empty() {
            return None;
        }
        let padded = match self {
            Self::Aes(_) => AesKey::new(key.clone()).ok()?.cbc_decrypt(iv, data).ok()?,
            Self::TripleDes(24) => cbc(des::TdesEde3::new_from_slice(key.expose()).ok()?, iv, data)?,
            Self::TripleDes(_) => cbc(des::TdesEde2::new_from_slice(key.expose()).ok()?, iv, data)?,
            Self::Rc2(_) => cbc(rc2::Rc2::new_from_slice(key.expose()).ok()?, iv, data)?,
        };
        let padded = padded.expose();
        let padding_len = usize::from(*padded.last()?);
        if !(1..=self.block_len()).contains(&padding_len) {
            return None;
        }
        let (plain, padding) = padded.split_at_checked(padded.len().checked_sub(padding_len)?)?;
        let is_padding = padding.iter().all(|byte| usize::from(*byte) == padding_len);
        is_padding.then(|| Secret::from(plain))
    }
}

fn cbc<C: BlockCipherDecrypt>(cipher: C, iv: &[u8], data: &[u8]) -> Option<Secret> {
    let mut buffer = Zeroizing::new(data.to_vec());
    let (blocks, rest) = Block::<C>::slice_as_chunks_mut(&mut buffer);
    if !rest.is_empty() {
        return None;
    }
    ::cbc::Decryptor::inner_iv_slice_init(cipher, iv).ok()?.decrypt_blocks(blocks);
    Some(Secret::from(buffer.as_slice()))
}
