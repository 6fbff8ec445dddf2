//! AES in Galois/counter mode (SP 800-38D): authenticated encryption, usually with a nonce of 96 bits.

use aes::cipher::consts::{U12, U13, U14, U15, U16};
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{AesGcm, Nonce, TagSize};

use super::gcm_stream::{GcmStream, SHORTEST_TAG};
use super::{AesKey, Direction};
use crate::codec::Secret;
use crate::crypto::CryptoError;

/// Bytes of a usual nonce; others are hashed.
pub const GCM_NONCE_LEN: usize = 12;
/// Bytes of a whole tag.
pub const GCM_TAG_LEN: usize = 16;

/// What one message goes with, beside the key. A nonce used twice with one key betrays both messages and lets
/// anybody make tags: take it from a counter, or at random for at most 2³² messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcmParameters<'a> {
    /// Nonce, [`GCM_NONCE_LEN`] bytes or (for old protocols) any other number but 0.
    pub nonce: &'a [u8],
    /// Data that is authenticated but not encrypted.
    pub associated_data: &'a [u8],
    /// Bytes of the tag: 12 to 16.
    pub tag_len: usize,
}

impl AesKey {
    /// Encrypts and authenticates. Returns ciphertext ‖ tag. Errors: `InputLength` for another nonce or more
    /// than 2³⁶ − 32 bytes, `Unsupported` for another length of the tag.
    pub fn gcm_encrypt(&self, parameters: &GcmParameters<'_>, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.gcm(Direction::Encrypt, parameters, plain.to_vec())
    }

    /// Opens what [`Self::gcm_encrypt`] made; nothing is decrypted before the tag is known to be right.
    /// Errors: `Decryption` for whatever does not fit; those of the parameters.
    pub fn gcm_decrypt(&self, parameters: &GcmParameters<'_>, sealed: &[u8]) -> Result<Secret, CryptoError> {
        self.gcm(Direction::Decrypt, parameters, sealed.to_vec()).map(Secret::new)
    }

    fn gcm(
        &self,
        direction: Direction,
        parameters: &GcmParameters<'_>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, CryptoError> {
        if parameters.nonce.len() != GCM_NONCE_LEN {
            return self.gcm_with_any_nonce(direction, parameters, data);
        }
        match self.0.len() {
            16 => with_tag(self.cipher::<Aes128>()?, direction, parameters, data),
            24 => with_tag(self.cipher::<Aes192>()?, direction, parameters, data),
            _ => with_tag(self.cipher::<Aes256>()?, direction, parameters, data),
        }
    }

    /// What is decrypted is shown to nobody before its tag was right.
    fn gcm_with_any_nonce(
        &self,
        direction: Direction,
        parameters: &GcmParameters<'_>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, CryptoError> {
        let (tag_len, aad) = (parameters.tag_len, parameters.associated_data);
        if !(SHORTEST_TAG..=GCM_TAG_LEN).contains(&tag_len) {
            return Err(CryptoError::Unsupported(format!("AES-GCM with a tag of {tag_len} bytes")));
        }
        let mut stream = GcmStream::new(self.clone(), parameters.nonce)?;
        match direction {
            Direction::Encrypt => {
                let mut sealed = stream.encrypt(&data)?;
                sealed.extend(stream.tag(aad)?.iter().take(tag_len));
                Ok(sealed)
            }
            Direction::Decrypt => {
                let at = data.len().checked_sub(tag_len).ok_or(CryptoError::Decryption)?;
                let (encrypted, tag) = data.split_at_checked(at).ok_or(CryptoError::Decryption)?;
                let plain = stream.decrypt(encrypted)?;
                if !bool::from(stream.verify(aad, tag)?) {
                    return Err(CryptoError::Decryption);
                }
                Ok(plain.expose().to_vec())
            }
        }
    }
}

fn with_tag<C>(
    cipher: C,
    direction: Direction,
    parameters: &GcmParameters<'_>,
    data: Vec<u8>,
) -> Result<Vec<u8>, CryptoError>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
{
    match parameters.tag_len {
        12 => run(AesGcm::<C, U12, U12>::from(cipher), direction, parameters, data),
        13 => run(AesGcm::<C, U12, U13>::from(cipher), direction, parameters, data),
        14 => run(AesGcm::<C, U12, U14>::from(cipher), direction, parameters, data),
        15 => run(AesGcm::<C, U12, U15>::from(cipher), direction, parameters, data),
        16 => run(AesGcm::<C, U12, U16>::from(cipher), direction, parameters, data),
        other => Err(CryptoError::Unsupported(format!("AES-GCM with a tag of {other} bytes"))),
    }
}

fn run<C, T>(
    cipher: AesGcm<C, U12, T>,
    direction: Direction,
    parameters: &GcmParameters<'_>,
    mut data: Vec<u8>,
) -> Result<Vec<u8>, CryptoError>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
    T: TagSize,
{
    let actual = parameters.nonce.len();
    let nonce = Nonce::<U12>::try_from(parameters.nonce)
        .map_err(|_| CryptoError::InputLength { actual, expected: GCM_NONCE_LEN })?;
    match direction {
        Direction::Encrypt => {
            let actual = data.len();
            cipher
                .encrypt_in_place(&nonce, parameters.associated_data, &mut data)
                .map_err(|_| CryptoError::InputLength { actual, expected: usize::MAX })?;
        }
        Direction::Decrypt => cipher
            .decrypt_in_place(&nonce, parameters.associated_data, &mut data)
            .map_err(|_| CryptoError::Decryption)?,
    }
    Ok(data)
}
