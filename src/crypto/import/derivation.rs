//! Keys from passwords: PBKDF2 (RFC 8018), scrypt (RFC 7914), the way of PKCS#12 (RFC 7292, appendix B), with
//! a limit to what a file may ask for.

use hmac::{Hmac, KeyInit, Mac};
use pbkdf2::pbkdf2_hmac;
use zeroize::Zeroizing;

use super::error::ImportError;
use crate::codec::Secret;
use crate::crypto::{CryptoError, DigestAlgorithm, Digester};

/// The work that one file may still cause.
#[derive(Debug)]
pub(super) struct Effort {
    done: u64,
    limit: u64,
}

impl Effort {
    /// As much as a file may cause.
    pub fn of_a_file() -> Self {
        Self::new(MAX_ROUNDS)
    }

    /// `limit` rounds of key derivation.
    pub fn new(limit: u64) -> Self {
        Self { done: 0, limit }
    }

    /// Takes `rounds` for each of the `blocks` of the key. Errors: `TooManyRounds`.
    fn spend(&mut self, rounds: u64, blocks: usize) -> Result<(), ImportError> {
        let rounds = self.done.saturating_add(rounds.saturating_mul(blocks as u64));
        if rounds > self.limit {
            return Err(ImportError::TooManyRounds { rounds, limit: self.limit });
        }
        self.done = rounds;
        Ok(())
    }
}

/// A password in the two forms that files take it in.
#[derive(Debug, Clone)]
pub(super) struct Password {
    /// As it was typed: UTF-8.
    pub bytes: Secret,
    /// As PKCS#12 takes it: UTF-16 with two zero bytes at its end, or no byte at all.
    pub utf16: Secret,
}

impl Password {
    pub fn new(bytes: &Secret) -> Self {
        let push = |units: &mut Vec<u8>, unit: u16| units.extend_from_slice(&unit.to_be_bytes());
        let mut units = Vec::with_capacity(bytes.len() * 2 + 2);
        match str::from_utf8(bytes.expose()) {
            Ok(text) => text.encode_utf16().for_each(|unit| push(&mut units, unit)),
            // What is not UTF-8 was typed as Latin-1.
            Err(_) => bytes.expose().iter().for_each(|byte| push(&mut units, u16::from(*byte))),
        }
        push(&mut units, 0);
        Self { bytes: bytes.clone(), utf16: Secret::new(units) }
    }

    /// No password at all: some programs then leave out even the zero bytes.
    pub fn none() -> Self {
        Self { bytes: Secret::default(), utf16: Secret::default() }
    }
}

/// How a key is derived, from a file.
pub(super) struct Salted<'a> {
    pub digest: DigestAlgorithm,
    pub salt: &'a [u8],
    pub rounds: u64,
}

impl Salted<'_> {
    /// PBKDF2 with HMAC over SHA-1 or SHA-2. Errors: `TooManyRounds`; `Unsupported` for another digest.
    pub fn pbkdf2(
        &self,
        password: &[u8],
        key_len: usize,
        effort: &mut Effort,
    ) -> Result<Secret, ImportError> {
        let blocks = key_len.div_ceil(self.digest.output_len());
        effort.spend(self.rounds, blocks)?;
        let rounds = u32::try_from(self.rounds).unwrap_or(u32::MAX);
        let mut key = vec![0; key_len];
        let derive = match self.digest {
            DigestAlgorithm::Sha1 => pbkdf2_hmac::<sha1::Sha1>,
            DigestAlgorithm::Sha224 => pbkdf2_hmac::<sha2::Sha224>,
            DigestAlgorithm::Sha256 => pbkdf2_hmac::<sha2::Sha256>,
            DigestAlgorithm::Sha384 => pbkdf2_hmac::<sha2::Sha384>,
            DigestAlgorithm::Sha512 => pbkdf2_hmac::<sha2::Sha512>,
            other => return Err(unsupported(other)),
        };
        derive(password, self.salt, rounds, &mut key);
        Ok(Secret::new(key))
    }

    /// The way of PKCS#12 with SHA-1 or SHA-2, for a password in UTF-16.
    /// Errors: `TooManyRounds`; `Unsupported` for another digest.
    pub fn pkcs12(
        &self,
        purpose: Purpose,
        password: &[u8],
        key_len: usize,
        effort: &mut Effort,
    ) -> Result<Secret, ImportError> {
        let block_len = match self.digest {
            DigestAlgorithm::Sha1 | DigestAlgorithm::Sha224 | DigestAlgorithm::Sha256 => 64,
            DigestAlgorithm::Sha384 | DigestAlgorithm::Sha512 => 128,
            other => return Err(unsupported(other)),
        };
        effort.spend(self.rounds, key_len.div_ceil(self.digest.output_len()))?;
        let diversifier = vec![purpose as u8; block_len];
        let mut input = Zeroizing::new(repeat(self.salt, self.salt.len().next_multiple_of(block_len)));
        let password = Zeroizing::new(repeat(password, password.len().next_multiple_of(block_len)));
        input.reserve_exact(password.len());
        input.extend_from_slice(&password);

        let mut key = Vec::with_capacity(key_len + self.digest.output_len());
        while key.len() < key_len {
            let mut digester = Digester::new(self.digest);
            digester.update(&diversifier);
            digester.update(&input);
            let mut hashed = Zeroizing::new(digester.finish());
            for _ in 1..self.rounds {
                let mut digester = Digester::new(self.digest);
                digester.update(&hashed);
                hashed = Zeroizing::new(digester.finish());
            }
            key.extend_from_slice(&hashed);
            let addend = Zeroizing::new(repeat(&hashed, block_len));
            input.chunks_mut(block_len).for_each(|block| add_with_one(block, &addend));
        }
        let key = Secret::new(key);
        Ok(Secret::from(key.expose().get(..key_len).unwrap_or_default()))
    }
}

/// What a key of PKCS#12 is for (RFC 7292, B.3).
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// scrypt as RFC 7914 (7.1) writes it into files. `n` is the number of blocks, `r` their size, `p` the
/// repetitions. Errors: `TooManyRounds` for what would take too much time or memory; `Damaged` for an `n`
/// that is no power of two.
pub(super) fn scrypt(
    password: &[u8],
    salt: &[u8],
    [n, r, p]: [u64; 3],
    key_len: usize,
    effort: &mut Effort,
) -> Result<Secret, ImportError> {
    let memory = n.saturating_mul(r);
    if memory > MAX_SCRYPT_BLOCKS {
        return Err(ImportError::TooManyRounds { rounds: memory, limit: MAX_SCRYPT_BLOCKS });
    }
    // A round of scrypt's inner mixing costs about four of a digest.
    effort.spend(memory.saturating_mul(p).saturating_mul(4), 1)?;
    let malformed = || super::error::damaged("scrypt parameters");
    if !n.is_power_of_two() || n < 2 {
        return Err(malformed());
    }
    let small = |number: u64| u32::try_from(number).map_err(|_| malformed());
    let parameters =
        scrypt::Params::new(n.trailing_zeros() as u8, small(r)?, small(p)?).map_err(|_| malformed())?;
    let mut key = vec![0; key_len];
    scrypt::scrypt(password, salt, &parameters, &mut key).map_err(|_| malformed())?;
    Ok(Secret::new(key))
}

/// HMAC over SHA-1 or SHA-2. Errors: `Unsupported` for another digest.
pub(super) fn hmac(digest: DigestAlgorithm, key: &Secret, message: &[u8]) -> Result<Secret, ImportError> {
    let key = key.expose();
    match digest {
        DigestAlgorithm::Sha1 => mac::<Hmac<sha1::Sha1>>(key, message),
        DigestAlgorithm::Sha224 => mac::<Hmac<sha2::Sha224>>(key, message),
        DigestAlgorithm::Sha256 => mac::<Hmac<sha2::Sha256>>(key, message),
        DigestAlgorithm::Sha384 => mac::<Hmac<sha2::Sha384>>(key, message),
        DigestAlgorithm::Sha512 => mac::<Hmac<sha2::Sha512>>(key, message),
        other => Err(unsupported(other)),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Result<Secret, ImportError> {
    // HMAC takes keys of any length.
    let mac = <M as KeyInit>::new_from_slice(key).map_err(|_| CryptoError::InvalidKey("HMAC"))?;
    Ok(Secret::from(mac.chain_update(message).finalize().into_bytes().as_slice()))
}

/// `pattern` again and again until it is `len` bytes long; nothing of nothing.
fn repeat(pattern: &[u8], len: usize) -> Vec<u8> {
    let mut filled = Vec::with_capacity(len);
    filled.extend(pattern.iter().copied().cycle().take(len));
    filled
}

/// block + addend + 1, as numbers of that length; the carry out of it is dropped.
fn add_with_one(block: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (digit, other) in block.iter_mut().rev().zip(addend.iter().rev()) {
        let sum = u16::from(*digit) + u16::from(*other) + carry;
        *digit = sum as u8;
        carry = sum >> 8;
    }
}

fn unsupported(digest: DigestAlgorithm) -> ImportError {
    ImportError::Unsupported { what: format!("key derivation with {digest}"), convert: None }
}

/// Rounds of all derivations of one file: some seconds. Programs take 1 to 1 000 000.
pub(super) const MAX_ROUNDS: u64 = 10_000_000;
/// Blocks of 128 bytes that scrypt may take: 256 MiB. openssl takes 16 MiB.
const MAX_SCRYPT_BLOCKS: u64 = 1 << 21;
