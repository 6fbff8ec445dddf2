//! PKCS#1 v1.5 paddings (RFC 8017, 7.2 and 9.2) over blocks of modulus length, without any key.
//!
//! Taking the padding off a decrypted block is the dangerous part: an attacker who learns, from an error, a
//! time or a length, whether a block of his was padded correctly decrypts any message with some thousand
//! questions (Bleichenbacher; CVE-2023-5992 is this in OpenSC). [`pkcs1_unpad`] therefore works in constant
//! time and gives an [`Unpadded`] that does not say how it went; its documentation says which way out of it
//! is right for whom.

use hkdf::hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};
use zeroize::{Zeroize, Zeroizing};

use super::RsaPrivateKey;
use crate::codec::Secret;
use crate::crypto::{CryptoError, random};

/// The block `00 01 FF…FF 00 T` of a signature; `digest_info` is T, `modulus_len` in bytes.
/// Errors: `InputLength` when T is longer than the modulus less 11 bytes.
pub fn pkcs1_sign_encode(digest_info: &[u8], modulus_len: usize) -> Result<Vec<u8>, CryptoError> {
    let padding_len = padding_len(digest_info, modulus_len)?;
    let mut block = Vec::with_capacity(modulus_len);
    block.extend_from_slice(&[0x00, BLOCK_TYPE_SIGNATURE]);
    block.resize(2 + padding_len, 0xFF);
    block.push(0x00);
    block.extend_from_slice(digest_info);
    Ok(block)
}

/// The block `00 02 PS 00 M` of an encryption, PS random without zeros.
/// Errors: `InputLength` when M is longer than the modulus less 11 bytes, `NoRandom`.
pub(super) fn pkcs1_encrypt_encode(message: &[u8], modulus_len: usize) -> Result<Secret, CryptoError> {
    let padding_len = padding_len(message, modulus_len)?;
    let mut block = Vec::with_capacity(modulus_len);
    block.extend_from_slice(&[0x00, BLOCK_TYPE_ENCRYPTION]);
    block.resize(2 + padding_len, 0);
    for byte in block.iter_mut().skip(2) {
        while *byte == 0 {
            random::fill(std::slice::from_mut(byte))?;
        }
    }
    block.push(0x00);
    block.extend_from_slice(message);
    Ok(Secret::new(block))
}

/// Takes the encryption padding off a decrypted block of modulus length, in constant time for that length.
/// The only error is of public facts: `InputLength` for a block shorter than 11 bytes.
pub fn pkcs1_unpad(block: &Secret) -> Result<Unpadded, CryptoError> {
    let bytes = block.expose();
    let (Some(&first), Some(&second), true) = (bytes.first(), bytes.get(1), bytes.len() >= MIN_BLOCK_LEN)
    else {
        return Err(CryptoError::InputLength { actual: bytes.len(), expected: MIN_BLOCK_LEN });
    };
    let mut valid = first.ct_eq(&0x00) & second.ct_eq(&BLOCK_TYPE_ENCRYPTION);
    let mut separator = 0u32;
    let mut found = Choice::from(0);
    for (index, byte) in (0u32..).zip(bytes).skip(2) {
        let is_separator = byte.ct_eq(&0x00) & !found;
        separator.conditional_assign(&index, is_separator);
        found |= is_separator;
    }
    valid &= found & separator.ct_gt(&LAST_REQUIRED_PADDING);
    let block_len = bytes.len() as u32;
    let message_len = u32::conditional_select(&0, &block_len.wrapping_sub(separator + 1), valid);
    Ok(Unpadded::new(Zeroizing::new(bytes.to_vec()), message_len, valid))
}

/// A decrypted block of which nobody knows yet whether its padding was right.
///
/// Its user chooses, in this order of preference:
///
/// 1. [`Self::or_synthetic`], implicit rejection (draft-irtf-cfrg-rsa-guidance; for PKCS#1 v1.5 only): a wrong
///    block decrypts to a message that depends only on key and ciphertext, so that there is no failure to
///    observe. It needs a secret that belongs to the key for good, and is for keys whose private half is in
///    this process.
/// 2. [`Self::copy_to`], for keys on a card, where no such secret exists: validity as a [`Choice`], the
///    message copied in constant time, so that a caller from C can be answered without a branch.
/// 3. [`Self::into_message`], one uniform error, for a person at a terminal who must learn that a file is
///    damaged.
pub struct Unpadded {
    block: Zeroizing<Vec<u8>>,
    /// Zero when not valid.
    message_len: u32,
    valid: Choice,
}

impl Unpadded {
    /// The message is the last `message_len` bytes of `block`; 0 when not valid.
    pub(super) fn new(block: Zeroizing<Vec<u8>>, message_len: u32, valid: Choice) -> Self {
        Self { block, message_len, valid }
    }

    /// Copies the message into `out` in a time that depends on the lengths of block and `out` only, and
    /// returns whether the padding was right and the message fits, with the message's length (0 if not
    /// valid). `out` is filled up with zeros; it stays all zeros when the padding was wrong. The caller must
    /// answer both cases alike.
    pub fn copy_to(&self, out: &mut [u8]) -> (Choice, u32) {
        let mut shifted = self.left_aligned();
        let fits = !self.message_len.ct_gt(&u32::try_from(out.len()).unwrap_or(u32::MAX));
        let given = self.valid & fits;
        for (index, byte) in (0u32..).zip(out.iter_mut()) {
            let value = shifted.get(index as usize).copied().unwrap_or(0);
            let wanted = given & index.ct_lt(&self.message_len);
            *byte = u8::conditional_select(&0, &value, wanted);
        }
        shifted.zeroize();
        (given, self.message_len)
    }

    /// The message, or `Decryption`, the same for every wrong padding. Whoever asks learns which it was: only
    /// for callers whose answer no attacker can collect by the thousand.
    pub fn into_message(self) -> Result<Secret, CryptoError> {
        let message = self.suffix(self.message_len);
        if bool::from(self.valid) { Ok(message) } else { Err(CryptoError::Decryption) }
    }

    /// The message, or the synthetic one that belongs to this key and ciphertext: implicit rejection.
    pub fn or_synthetic(mut self, key: &RejectionKey) -> Secret {
        let (synthetic, synthetic_len) = key.message(self.block.len());
        for (byte, other) in self.block.iter_mut().zip(synthetic.iter()) {
            byte.conditional_assign(other, !self.valid);
        }
        let length = u32::conditional_select(&u32::from(synthetic_len), &self.message_len, self.valid);
        self.suffix(length)
    }

    /// The last `length` bytes of the block.
    fn suffix(&self, length: u32) -> Secret {
        let start = self.block.len().saturating_sub(length as usize);
        Secret::from(self.block.get(start..).unwrap_or_default())
    }

    /// The block rotated so that the message stands in front: log₂(n) passes over all of it, each done or
    /// undone by one bit of the secret distance.
    fn left_aligned(&self) -> Vec<u8> {
        let mut bytes = self.block.to_vec();
        let distance = (bytes.len() as u32).wrapping_sub(self.message_len);
        let mut step = 1usize;
        while step < bytes.len().saturating_mul(2) {
            let move_it = Choice::from(u8::from(distance & step as u32 != 0));
            for index in 0..bytes.len() {
                let from = bytes.get(index + step).copied().unwrap_or(0);
                if let Some(byte) = bytes.get_mut(index) {
                    byte.conditional_assign(&from, move_it);
                }
            }
            step *= 2;
        }
        bytes
    }
}

/// What implicit rejection derives its messages from: a secret of the key, bound to one ciphertext.
pub struct RejectionKey(Zeroizing<[u8; 32]>);

impl RejectionKey {
    /// The key for one ciphertext (draft-irtf-cfrg-rsa-guidance, 7.2, step 3.1).
    pub fn new(key: &RsaPrivateKey, ciphertext: &[u8]) -> Self {
        let hashed = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(key.private_exponent().expose())));
        Self(prf(&hashed, &[ciphertext]))
    }

    /// The synthetic message's bytes, as long as the block, and how many of the last ones are the message.
    fn message(&self, block_len: usize) -> (Zeroizing<Vec<u8>>, u16) {
        let longest = u16::try_from(block_len.saturating_sub(MIN_BLOCK_LEN)).unwrap_or(u16::MAX);
        // As many one bits as the longest length has bits.
        let mask = u16::MAX.checked_shr(longest.leading_zeros()).unwrap_or(0);
        let candidates = self.expand(b"length", LENGTH_CANDIDATES * 2);
        let mut length = 0u16;
        for pair in candidates.chunks_exact(2) {
            let candidate = pair.iter().fold(0u16, |sum, byte| sum << 8 | u16::from(*byte)) & mask;
            length.conditional_assign(&candidate, !candidate.ct_gt(&longest));
        }
        (self.expand(b"message", block_len), length)
    }

    /// The draft's IRPRF (7.1): HMAC-SHA256 in counter mode.
    fn expand(&self, label: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
        let mut output = Zeroizing::new(vec![0; length]);
        let bits = (length as u16).wrapping_mul(8).to_be_bytes();
        for (counter, chunk) in (0u16..).zip(output.chunks_mut(32)) {
            let block = prf(&self.0, &[&counter.to_be_bytes(), label, &bits]);
            for (byte, value) in chunk.iter_mut().zip(block.iter()) {
                *byte = *value;
            }
        }
        output
    }
}

fn prf(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // HMAC takes keys of any length: the error of the trait's signature cannot come.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Zeroizing::new([0; 32]);
    };
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn padding_len(message: &[u8], modulus_len: usize) -> Result<usize, CryptoError> {
    let longest = modulus_len.saturating_sub(MIN_BLOCK_LEN);
    if modulus_len < MIN_BLOCK_LEN || message.len() > longest {
        return Err(CryptoError::InputLength { actual: message.len(), expected: longest });
    }
    Ok(modulus_len - message.len() - 3)
}

/// Two header bytes, eight of padding, the separator (RFC 8017, 7.2.1).
const MIN_BLOCK_LEN: usize = 11;
/// Index of the eighth byte of padding: the separator comes later.
const LAST_REQUIRED_PADDING: u32 = 9;
const BLOCK_TYPE_SIGNATURE: u8 = 0x01;
const BLOCK_TYPE_ENCRYPTION: u8 = 0x02;
/// How many lengths implicit rejection draws (draft-irtf-cfrg-rsa-guidance, 7.2, step 3.2).
const LENGTH_CANDIDATES: usize = 128;
