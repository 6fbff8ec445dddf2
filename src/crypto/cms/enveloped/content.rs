//! A content on its way through its cipher, part by part: what comes out of a decryption is nobody's to see before its
//! end was found right.

use std::io::Write;

use aes::cipher::{Block, BlockModeDecrypt, InnerIvInit, KeyInit};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

use super::cipher::{CipherParameters, ContentCipher};
use crate::codec::Secret;
use crate::crypto::CryptoError;
use crate::crypto::aes::AesKey;
use crate::crypto::aes::gcm_stream::GcmStream;
use crate::crypto::cms::CmsError;

/// A content on its way through its cipher.
pub(super) struct ContentStream {
    state: State,
    block_len: usize,
    pending: Vec<u8>,
}

enum State {
    Gcm(GcmStream),
    AesCbc { key: AesKey, iv: Vec<u8> },
    TripleDes { key: Secret, iv: Vec<u8> },
}

impl ContentStream {
    /// Errors: `InvalidKey`, `InputLength` for a key or nonce of another length.
    pub fn new(parameters: &CipherParameters, key: &Secret) -> Result<Self, CryptoError> {
        let iv = parameters.nonce.clone();
        let state = match parameters.cipher {
            ContentCipher::AesGcm(_) => State::Gcm(GcmStream::new(AesKey::new(key.clone())?, &iv)?),
            ContentCipher::AesCbc(_) => State::AesCbc { key: AesKey::new(key.clone())?, iv },
            ContentCipher::TripleDes => State::TripleDes { key: key.clone(), iv },
        };
        let block_len = parameters.cipher.block_len();
        Ok(Self { state, block_len, pending: Vec::with_capacity(2 * CHUNK_LEN) })
    }

    /// Encrypts more of the content; `sink` gets what is ready.
    pub fn encrypt(
        &mut self,
        part: &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<(), CmsError>,
    ) -> Result<(), CmsError> {
        self.pending.extend_from_slice(part);
        while let Some(chunk) = self.chunk(0) {
            sink(&self.encrypt_blocks(chunk.expose())?)?;
        }
        Ok(())
    }

    /// Encrypts what is left. Returns the tag, where the cipher has one.
    pub fn finish_encryption(
        mut self,
        sink: &mut dyn FnMut(&[u8]) -> Result<(), CmsError>,
    ) -> Result<Option<Vec<u8>>, CmsError> {
        let mut rest = std::mem::take(&mut self.pending);
        if !matches!(self.state, State::Gcm(_)) {
            // PKCS#7 (RFC 5652, 6.3): as many bytes of their number as fill the last block, at least one.
            let padding = self.block_len - rest.len() % self.block_len;
            rest.resize(rest.len() + padding, u8::try_from(padding).unwrap_or_default());
        }
        let rest = Secret::new(rest);
        if !rest.is_empty() {
            sink(&self.encrypt_blocks(rest.expose())?)?;
        }
        match self.state {
            State::Gcm(stream) => Ok(Some(stream.tag(&[])?.to_vec())),
            State::AesCbc { .. } | State::TripleDes { .. } => Ok(None),
        }
    }

    /// Decrypts more of the content into `out`, which nobody may see before [`Self::finish_decryption`] was content.
    pub fn decrypt(&mut self, part: &[u8], out: &mut dyn Write) -> Result<(), CmsError> {
        self.pending.extend_from_slice(part);
        // The last block is held back: it has the padding.
        while let Some(chunk) = self.chunk(self.block_len) {
            let plain = self.decrypt_blocks(chunk.expose())?;
            out.write_all(plain.expose()).map_err(CmsError::Write)?;
        }
        Ok(())
    }

    /// Decrypts what is left, and says whether all of it is right: the tag, or the padding where there is no tag.
    pub fn finish_decryption(
        mut self,
        tag: &[u8],
        authenticated: &[u8],
        out: &mut dyn Write,
    ) -> Result<Choice, CmsError> {
        let rest = std::mem::take(&mut self.pending);
        if let State::Gcm(_) = self.state {
            let plain = self.decrypt_blocks(&rest)?;
            out.write_all(plain.expose()).map_err(CmsError::Write)?;
            return match self.state {
                State::Gcm(stream) => Ok(stream.verify(authenticated, tag)?),
                State::AesCbc { .. } | State::TripleDes { .. } => Ok(Choice::from(0)),
            };
        }
        if rest.is_empty() || !rest.len().is_multiple_of(self.block_len) {
            return Ok(Choice::from(0));
        }
        let padded = self.decrypt_blocks(&rest)?;
        let (valid, padding) = padding_len(padded.expose(), self.block_len);
        let kept = padded.len().saturating_sub(padding);
        out.write_all(padded.expose().get(..kept).unwrap_or_default()).map_err(CmsError::Write)?;
        Ok(valid)
    }

    /// As many whole blocks as are worth it, `kept` bytes at least staying behind.
    fn chunk(&mut self, kept: usize) -> Option<Secret> {
        let room = self.pending.len().checked_sub(kept)?;
        if room < CHUNK_LEN {
            return None;
        }
        let whole = room - room % self.block_len;
        Some(Secret::new(self.pending.drain(..whole).collect()))
    }

    fn encrypt_blocks(&mut self, chunk: &[u8]) -> Result<Vec<u8>, CmsError> {
        Ok(match &mut self.state {
            State::Gcm(stream) => stream.encrypt(chunk)?,
            State::AesCbc { key, iv } => {
                let encrypted = key.cbc_encrypt(iv, chunk)?;
                *iv = last_block(&encrypted, self.block_len);
                encrypted
            }
            State::TripleDes { .. } => {
                return Err(CmsError::Unsupported("encryption with triple DES".to_owned()));
            }
        })
    }

    fn decrypt_blocks(&mut self, chunk: &[u8]) -> Result<Secret, CmsError> {
        let next = last_block(chunk, self.block_len);
        Ok(match &mut self.state {
            State::Gcm(stream) => stream.decrypt(chunk)?,
            State::AesCbc { key, iv } => {
                let plain = key.cbc_decrypt(iv, chunk)?;
                *iv = next;
                plain
            }
            State::TripleDes { key, iv } => {
                let plain = triple_des(key, iv, chunk)?;
                *iv = next;
                plain
            }
        })
    }
}

/// The last block of a chunk: what the next one is chained to.
fn last_block(chunk: &[u8], block_len: usize) -> Vec<u8> {
    chunk.get(chunk.len().saturating_sub(block_len)..).unwrap_or_default().to_vec()
}

fn triple_des(key: &Secret, iv: &[u8], data: &[u8]) -> Result<Secret, CryptoError> {
    let cipher = des::TdesEde3::new_from_slice(key.expose()).map_err(|_| CryptoError::InvalidKey("DES"))?;
    let wrong = CryptoError::InputLength { actual: data.len(), expected: data.len().next_multiple_of(8) };
    let mut decryptor =
        cbc::Decryptor::inner_iv_slice_init(cipher, iv).map_err(|_| CryptoError::InvalidKey("DES"))?;
    let mut buffer = data.to_vec();
    let (blocks, rest) = Block::<des::TdesEde3>::slice_as_chunks_mut(&mut buffer);
    if !rest.is_empty() {
        return Err(wrong);
    }
    decryptor.decrypt_blocks(blocks);
    Ok(Secret::new(buffer))
}

/// Whether the padding at the end is right, and its length (the whole block where it is not), in constant time for
/// the lengths.
fn padding_len(padded: &[u8], block_len: usize) -> (Choice, usize) {
    let whole = u8::try_from(block_len).unwrap_or(u8::MAX);
    let last = padded.last().copied().unwrap_or_default();
    let mut valid = !last.ct_eq(&0) & !last.ct_gt(&whole);
    for (distance, byte) in (1u8..=whole).zip(padded.iter().rev()) {
        let is_padding = !distance.ct_gt(&last);
        valid &= !is_padding | byte.ct_eq(&last);
    }
    (valid, usize::from(u8::conditional_select(&whole, &last, valid)))
}

/// What goes through a cipher at once.
const CHUNK_LEN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::Reproducible;

    const CIPHERS: [ContentCipher; 3] =
        [ContentCipher::AesGcm(256), ContentCipher::AesCbc(256), ContentCipher::AesCbc(128)];

    fn encrypt(parameters: &CipherParameters, key: &Secret, plain: &[u8], part: usize) -> (Vec<u8>, Vec<u8>) {
        let mut stream = ContentStream::new(parameters, key).unwrap();
        let mut encrypted = Vec::new();
        let mut sink = |bytes: &[u8]| {
            encrypted.extend_from_slice(bytes);
            Ok(())
        };
        for part in plain.chunks(part) {
            stream.encrypt(part, &mut sink).unwrap();
        }
        let tag = stream.finish_encryption(&mut sink).unwrap();
        (encrypted, tag.unwrap_or_default())
    }

    fn decrypt(parameters: &CipherParameters, key: &Secret, data: &[u8], tag: &[u8]) -> Option<Vec<u8>> {
        let mut stream = ContentStream::new(parameters, key).unwrap();
        let mut plain = Vec::new();
        for part in data.chunks(1000) {
            stream.decrypt(part, &mut plain).unwrap();
        }
        let valid = stream.finish_decryption(tag, &[], &mut plain).unwrap();
        bool::from(valid).then_some(plain)
    }

    #[test]
    fn content_of_every_length_comes_back_from_any_parts() {
        let mut random = Reproducible::new("content_of_every_length_comes_back_from_any_parts");
        for cipher in CIPHERS {
            let key = Secret::new(random.bytes(cipher.key_len()));
            for len in [0, 1, 15, 16, 17, 65_535, 65_536, 65_552, 200_000] {
                let parameters = CipherParameters::generate(cipher).unwrap();
                let plain = random.bytes(len);
                let (encrypted, tag) = encrypt(&parameters, &key, &plain, 1 + random.below(70_000));
                let padded = if cipher.is_authenticated() { len } else { len / 16 * 16 + 16 };
                assert_eq!(encrypted.len(), padded);
                assert_eq!(decrypt(&parameters, &key, &encrypted, &tag).as_deref(), Some(&plain[..]));
            }
        }
    }

    #[test]
    fn content_that_was_changed_or_has_another_key_is_not_right() {
        let parameters = CipherParameters::generate(ContentCipher::AesGcm(256)).unwrap();
        let (key, other) = (Secret::new(vec![1; 32]), Secret::new(vec![2; 32]));
        let (encrypted, tag) = encrypt(&parameters, &key, &[7; 100], 100);
        for index in 0..encrypted.len() {
            let mut changed = encrypted.clone();
            changed[index] ^= 1;
            assert_eq!(decrypt(&parameters, &key, &changed, &tag), None);
        }
        assert_eq!(decrypt(&parameters, &other, &encrypted, &tag), None);
        assert_eq!(decrypt(&parameters, &key, &encrypted[..99], &tag), None);
        let parameters = CipherParameters::generate(ContentCipher::AesCbc(256)).unwrap();
        let (encrypted, _) = encrypt(&parameters, &key, &[7; 100], 100);
        assert_eq!(decrypt(&parameters, &key, &encrypted[..100], &[]), None, "no whole block");
        assert_eq!(decrypt(&parameters, &key, &[], &[]), None, "no block at all");
    }

    #[test]
    fn padding_len_is_right_for_right_paddings_only() {
        let padding = |bytes: &[u8]| {
            let (valid, len) = padding_len(bytes, 16);
            bool::from(valid).then_some(len)
        };
        for len in 1..=16u8 {
            let mut block = [0xAA; 32];
            block[32 - usize::from(len)..].fill(len);
            assert_eq!(padding(&block), Some(usize::from(len)));
            block[32 - usize::from(len)] ^= 0x80;
            assert_eq!(padding(&block), None, "{len}");
        }
        assert_eq!(padding(&[0; 16]), None);
        assert_eq!(padding(&[17; 32]), None);
    }
}
