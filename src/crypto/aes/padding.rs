//! AES-CBC with padding to whole blocks (RFC 5652, 6.3; `CKM_AES_CBC_PAD`).

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};

use super::{AesKey, BLOCK_LEN};
use crate::codec::Secret;
use crate::crypto::CryptoError;

impl AesKey {
    /// Pads to whole blocks and encrypts from `iv` (16 bytes): 1 to 16 bytes longer than `data`.
    /// Errors: `InputLength` for another `iv`.
    pub fn cbc_pad_encrypt(&self, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.cbc_encrypt(iv, pad(data).expose())
    }

    /// Decrypts what [`Self::cbc_pad_encrypt`] made. The padding is judged in constant time, with one answer
    /// for whatever is wrong with it; CBC authenticates nothing, so a caller must not let a stranger ask.
    /// Errors: `InputLength` for another `iv` or no whole blocks, `Decryption` for a wrong padding.
    pub fn cbc_pad_decrypt(&self, iv: &[u8], data: &[u8]) -> Result<Secret, CryptoError> {
        if data.is_empty() {
            return Err(CryptoError::InputLength { actual: 0, expected: BLOCK_LEN });
        }
        unpad(&self.cbc_decrypt(iv, data)?)
    }
}

/// Fills the last block up: 1 to 16 bytes more.
pub fn pad(data: &[u8]) -> Secret {
    let missing = BLOCK_LEN - data.len() % BLOCK_LEN;
    let mut padded = Vec::with_capacity(data.len() + missing);
    padded.extend_from_slice(data);
    padded.resize(data.len() + missing, missing as u8);
    Secret::new(padded)
}

/// Takes the padding off, judged in constant time. Errors: `Decryption`.
pub fn unpad(padded: &Secret) -> Result<Secret, CryptoError> {
    let (valid, padding_len) = judge(padded.expose());
    if !bool::from(valid) {
        return Err(CryptoError::Decryption);
    }
    let end = padded.len().saturating_sub(usize::from(padding_len));
    Ok(Secret::from(padded.expose().get(..end).unwrap_or_default()))
}

/// Whether the last block ends in a right padding, and how many bytes it has (0 when it is wrong).
fn judge(padded: &[u8]) -> (Choice, u8) {
    let Some((last, (_, block))) = padded.last().zip(padded.split_last_chunk::<BLOCK_LEN>()) else {
        return (Choice::from(0), 0);
    };
    let mut valid = !last.ct_eq(&0) & !last.ct_gt(&(BLOCK_LEN as u8));
    for (distance, byte) in (0u8..).zip(block.iter().rev()) {
        // A byte that belongs to the padding must tell its length.
        valid &= !distance.ct_lt(last) | byte.ct_eq(last);
    }
    (valid, u8::conditional_select(&0, last, valid))
}
