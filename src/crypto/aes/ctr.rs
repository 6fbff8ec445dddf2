//! AES in counter mode (SP 800-38A, 6.5): any length, encryption and decryption are one operation.

use aes::cipher::{
    BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper,
};
use aes::{Aes128, Aes192, Aes256};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;

use super::{AesKey, BLOCK_LEN};
use crate::codec::Secret;
use crate::crypto::CryptoError;

impl AesKey {
    /// Encrypts or decrypts `data` with the key stream that starts at `counter` (16 bytes); only its lowest
    /// `counter_bits` (1 to 128) count. Errors: `InputLength` for another counter, or for data so long that
    /// the counter would start anew and the key stream with it; `Unsupported` for other `counter_bits`.
    pub fn ctr(&self, counter: &[u8], counter_bits: u32, data: &[u8]) -> Result<Secret, CryptoError> {
        let start = <[u8; BLOCK_LEN]>::try_from(counter)
            .map_err(|_| CryptoError::InputLength { actual: counter.len(), expected: BLOCK_LEN })?;
        check_room(u128::from_be_bytes(start), counter_bits, data.len())?;
        match self.0.len() {
            16 => key_stream(self.cipher::<Aes128>()?, &start, data),
            24 => key_stream(self.cipher::<Aes192>()?, &start, data),
            _ => key_stream(self.cipher::<Aes256>()?, &start, data),
        }
    }
}

/// One block of key stream used twice gives both plaintexts away.
fn check_room(start: u128, counter_bits: u32, data_len: usize) -> Result<(), CryptoError> {
    if !(1..=128).contains(&counter_bits) {
        return Err(CryptoError::Unsupported(format!("AES-CTR with a counter of {counter_bits} bits")));
    }
    let largest = u128::MAX >> (128 - counter_bits);
    // Blocks that can follow the first one.
    let following = largest - (start & largest);
    let wanted = data_len.div_ceil(BLOCK_LEN).saturating_sub(1) as u128;
    if wanted <= following {
        return Ok(());
    }
    let blocks = usize::try_from(following).unwrap_or(usize::MAX).saturating_add(1);
    Err(CryptoError::InputLength { actual: data_len, expected: blocks.saturating_mul(BLOCK_LEN) })
}

fn key_stream<C>(cipher: C, start: &[u8; BLOCK_LEN], data: &[u8]) -> Result<Secret, CryptoError>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = aes::cipher::consts::U16> + KeyInit,
{
    let mut buffer = data.to_vec();
    let mut stream =
        StreamCipherCoreWrapper::from_core(CtrCore::<C, Ctr128BE>::inner_iv_init(cipher, start.into()));
    stream
        .try_apply_keystream(&mut buffer)
        .map_err(|_| CryptoError::InputLength { actual: data.len(), expected: usize::MAX })?;
    Ok(Secret::new(buffer))
}
