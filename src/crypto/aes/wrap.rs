//! AES key wrap (RFC 3394, SP 800-38F KW) and key wrap with padding (RFC 5649, KWP), over any single-block AES: that of
//! the host, or of a card that keeps its key.

use std::convert::Infallible;

use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt};
use aes::{Aes128, Aes192, Aes256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{AesKey, BLOCK_LEN, Direction};
use crate::codec::Secret;
use crate::crypto::CryptoError;

/// Which of the two wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyWrap {
    /// Whole semiblocks of 8 bytes, at least two (RFC 3394).
    Plain,
    /// Any bytes, at least one (RFC 5649).
    Padded,
}

/// One block, on its way through AES.
pub type OneBlock = [u8; BLOCK_LEN];

/// Why a wrap did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrapError<E> {
    /// Bytes that are none for it, or that another key wrapped.
    Bytes(CryptoError),
    /// The block cipher failed.
    Cipher(E),
}

impl KeyWrap {
    /// Length of so many wrapped bytes; `None` where they cannot be wrapped.
    pub fn wrapped_len(self, key_len: usize) -> Option<usize> {
        match self {
            Self::Plain => check_semiblocks(key_len, MIN_KEY_LEN).ok().map(|()| key_len + SEMIBLOCK),
            Self::Padded => {
                let filled = key_len.checked_next_multiple_of(SEMIBLOCK).filter(|_| key_len > 0)?;
                Some(filled.max(SEMIBLOCK) + SEMIBLOCK)
            }
        }
    }

    /// Wraps key bytes through `encrypt`, which is called one block after the other: six times for each semiblock, once
    /// for padded bytes that fit one. Errors: `InputLength` before the first call.
    pub fn wrap<E>(
        self,
        key: &Secret,
        mut encrypt: impl FnMut(&OneBlock) -> Result<OneBlock, E>,
    ) -> Result<Vec<u8>, WrapError<E>> {
        let (head, padded) = match self {
            Self::Plain => {
                check_semiblocks(key.len(), MIN_KEY_LEN).map_err(WrapError::Bytes)?;
                (PLAIN_HEAD, key.clone())
            }
            Self::Padded => padded(key).map_err(WrapError::Bytes)?,
        };
        let mut work = Zeroizing::new([head.as_slice(), padded.expose()].concat());
        if let [only] = work.as_chunks::<BLOCK_LEN>().0
            && work.len() == BLOCK_LEN
        {
            return encrypt(only).map(|block| block.to_vec()).map_err(WrapError::Cipher);
        }
        for (step, place) in steps(padded.len()) {
            let mut block = Zeroizing::new(joined(&work, place));
            *block = encrypt(&block).map_err(WrapError::Cipher)?;
            add_step(&mut block, step);
            part(&mut work, &block, place);
        }
        Ok(work.to_vec())
    }

    /// Opens what [`Self::wrap`] made, through `decrypt`. Errors: `InputLength` before the first call; `Decryption` for
    /// another key or changed bytes, whatever of them is wrong.
    pub fn unwrap<E>(
        self,
        wrapped: &[u8],
        mut decrypt: impl FnMut(&OneBlock) -> Result<OneBlock, E>,
    ) -> Result<Secret, WrapError<E>> {
        let shortest = if self == Self::Plain { MIN_KEY_LEN + SEMIBLOCK } else { BLOCK_LEN };
        check_semiblocks(wrapped.len(), shortest).map_err(WrapError::Bytes)?;
        let mut work = Zeroizing::new(wrapped.to_vec());
        if let [only] = wrapped.as_chunks::<BLOCK_LEN>().0
            && wrapped.len() == BLOCK_LEN
        {
            *work = decrypt(only).map_err(WrapError::Cipher)?.to_vec();
        } else {
            let backwards: Vec<(u64, usize)> = steps(wrapped.len() - SEMIBLOCK).collect();
            for (step, place) in backwards.into_iter().rev() {
                let mut block = Zeroizing::new(joined(&work, place));
                add_step(&mut block, step);
                *block = decrypt(&block).map_err(WrapError::Cipher)?;
                part(&mut work, &block, place);
            }
        }
        let (head, key) = work.split_at_checked(SEMIBLOCK).unwrap_or_default();
        let opened = match self {
            Self::Plain => bool::from(head.ct_eq(&PLAIN_HEAD)).then(|| Secret::from(key)),
            Self::Padded => unpadded(head, key),
        };
        opened.ok_or(WrapError::Bytes(CryptoError::Decryption))
    }
}

impl AesKey {
    /// Wraps key bytes: at least 16, a multiple of 8. Returns 8 bytes more. Errors: `InputLength`.
    pub fn wrap(&self, key: &Secret) -> Result<Vec<u8>, CryptoError> {
        self.wrap_as(KeyWrap::Plain, key)
    }

    /// Opens what [`Self::wrap`] made. Errors: `InputLength`; `Decryption` for another key or damaged bytes.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, CryptoError> {
        self.unwrap_as(KeyWrap::Plain, wrapped)
    }

    /// Wraps key bytes of any length but 0. Returns whole semiblocks (8 bytes), one more than the key needs.
    /// Errors: `InputLength`.
    pub fn wrap_padded(&self, key: &Secret) -> Result<Vec<u8>, CryptoError> {
        self.wrap_as(KeyWrap::Padded, key)
    }

    /// Opens what [`Self::wrap_padded`] made. Errors: `InputLength`; `Decryption` for another key or damaged
    /// bytes.
    pub fn unwrap_padded(&self, wrapped: &[u8]) -> Result<Secret, CryptoError> {
        self.unwrap_as(KeyWrap::Padded, wrapped)
    }

    fn wrap_as(&self, form: KeyWrap, key: &Secret) -> Result<Vec<u8>, CryptoError> {
        let blocks = self.blocks(Direction::Encrypt)?;
        form.wrap(key, |block| Ok(blocks(block))).map_err(of_the_host)
    }

    fn unwrap_as(&self, form: KeyWrap, wrapped: &[u8]) -> Result<Secret, CryptoError> {
        let blocks = self.blocks(Direction::Decrypt)?;
        form.unwrap(wrapped, |block| Ok(blocks(block))).map_err(of_the_host)
    }

    /// This key as a function from block to block.
    fn blocks(&self, direction: Direction) -> Result<Box<BlockFunction>, CryptoError> {
        Ok(match self.0.len() {
            16 => one_by_one(self.cipher::<Aes128>()?, direction),
            24 => one_by_one(self.cipher::<Aes192>()?, direction),
            _ => one_by_one(self.cipher::<Aes256>()?, direction),
        })
    }
}

/// AES with one key, one way.
type BlockFunction = dyn Fn(&OneBlock) -> OneBlock;

fn one_by_one<C>(cipher: C, direction: Direction) -> Box<BlockFunction>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + 'static,
    Block<C>: From<OneBlock> + Into<OneBlock>,
{
    Box::new(move |block| {
        let mut block = Block::<C>::from(*block);
        match direction {
            Direction::Encrypt => cipher.encrypt_block(&mut block),
            Direction::Decrypt => cipher.decrypt_block(&mut block),
        }
        block.into()
    })
}

fn of_the_host(error: WrapError<Infallible>) -> CryptoError {
    match error {
        WrapError::Bytes(error) => error,
        WrapError::Cipher(never) => match never {},
    }
}

/// The steps of a wrap of so many bytes in their order: the number that goes into each, and where its semiblock begins
/// behind the head.
fn steps(key_len: usize) -> impl Iterator<Item = (u64, usize)> {
    let semiblocks = key_len / SEMIBLOCK;
    let rounds = (0..ROUNDS).flat_map(move |_| (1..=semiblocks).map(|index| index * SEMIBLOCK));
    (1u64..).zip(rounds)
}

/// The head and the semiblock at a place, as one block.
fn joined(work: &[u8], place: usize) -> OneBlock {
    let mut block = OneBlock::default();
    let head = work.iter().take(SEMIBLOCK);
    for (target, byte) in block.iter_mut().zip(head.chain(work.iter().skip(place))) {
        *target = *byte;
    }
    block
}

/// Puts the two halves of a block where [`joined`] took them from.
fn part(work: &mut [u8], block: &OneBlock, place: usize) {
    let (head, semiblock) = block.split_at(SEMIBLOCK);
    for (start, half) in [(0, head), (place, semiblock)] {
        if let Some(target) = work.get_mut(start..start + SEMIBLOCK) {
            target.copy_from_slice(half);
        }
    }
}

/// The number of the step over the head.
fn add_step(block: &mut OneBlock, step: u64) {
    for (byte, number) in block.iter_mut().zip(step.to_be_bytes()) {
        *byte ^= number;
    }
}

/// The alternative initial value (RFC 5649, 3) and the key filled up with zeros. Errors: `InputLength`.
fn padded(key: &Secret) -> Result<([u8; SEMIBLOCK], Secret), CryptoError> {
    let wrong = CryptoError::InputLength { actual: key.len(), expected: 1 };
    let Some(len) = u32::try_from(key.len()).ok().filter(|len| *len > 0) else { return Err(wrong) };
    let mut head = [0; SEMIBLOCK];
    for (target, byte) in head.iter_mut().zip(PADDED_HEAD.into_iter().chain(len.to_be_bytes())) {
        *target = byte;
    }
    let mut filled = Vec::with_capacity(key.len().next_multiple_of(SEMIBLOCK));
    filled.extend_from_slice(key.expose());
    filled.resize(key.len().next_multiple_of(SEMIBLOCK), 0);
    Ok((head, Secret::new(filled)))
}

/// The key without its filling, if head, length and filling are right: which of them is not takes no time of its own.
fn unpadded(head: &[u8], key: &[u8]) -> Option<Secret> {
    let (start, len) = head.split_at_checked(PADDED_HEAD.len())?;
    let len = usize::try_from(u32::from_be_bytes(len.try_into().ok()?)).ok()?;
    let fits = len <= key.len() && len + SEMIBLOCK > key.len();
    let kept = if fits { len } else { key.len() };
    let filling = key.iter().skip(kept).fold(0, |all, byte| all | byte);
    let valid = start.ct_eq(&PADDED_HEAD) & filling.ct_eq(&0) & Choice::from(u8::from(fits));
    bool::from(valid).then(|| Secret::from(key.get(..kept).unwrap_or_default()))
}

/// Whole semiblocks, at least `min` bytes.
fn check_semiblocks(actual: usize, min: usize) -> Result<(), CryptoError> {
    if actual >= min && actual.is_multiple_of(SEMIBLOCK) {
        return Ok(());
    }
    Err(CryptoError::InputLength { actual, expected: actual.next_multiple_of(SEMIBLOCK).max(min) })
}

/// RFC 3394, 2.2.1.
const ROUNDS: usize = 6;
/// Half of a block.
const SEMIBLOCK: usize = 8;
/// RFC 3394, 2: a key has at least two semiblocks.
const MIN_KEY_LEN: usize = 16;
/// RFC 3394, 2.2.3.1.
const PLAIN_HEAD: [u8; SEMIBLOCK] = [0xA6; SEMIBLOCK];
/// RFC 5649, 3; the length follows.
const PADDED_HEAD: [u8; 4] = [0xA6, 0x59, 0x59, 0xA6];
