//! AES key wrap (RFC 3394, SP 800-38F KW) and key wrap with padding (RFC 5649, KWP).

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser};
use aes::{Aes128, Aes192, Aes256};
use aes_kw::{AesKw, AesKwp, IV_LEN, InnerInit};
use zeroize::Zeroizing;

use super::{AesKey, Direction};
use crate::codec::Secret;
use crate::crypto::CryptoError;

impl AesKey {
    /// Wraps key bytes: at least 16, a multiple of 8. Returns 8 bytes more. Errors: `InputLength`.
    pub fn wrap(&self, key: &Secret) -> Result<Vec<u8>, CryptoError> {
        check_blocks(key.len(), MIN_KEY_LEN)?;
        self.run(Kind::Plain, Direction::Encrypt, key.expose()).map(|wrapped| wrapped.expose().to_vec())
    }

    /// Opens what [`Self::wrap`] made. Errors: `InputLength`; `Decryption` for another key or damaged bytes.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, CryptoError> {
        check_blocks(wrapped.len(), MIN_KEY_LEN + IV_LEN)?;
        self.run(Kind::Plain, Direction::Decrypt, wrapped)
    }

    /// Wraps key bytes of any length but 0. Returns whole semiblocks (8 bytes), one more than the key needs.
    /// Errors: `InputLength`.
    pub fn wrap_padded(&self, key: &Secret) -> Result<Vec<u8>, CryptoError> {
        if key.is_empty() {
            return Err(CryptoError::InputLength { actual: 0, expected: 1 });
        }
        self.run(Kind::Padded, Direction::Encrypt, key.expose()).map(|wrapped| wrapped.expose().to_vec())
    }

    /// Opens what [`Self::wrap_padded`] made. Errors: `InputLength`; `Decryption` for another key or damaged
    /// bytes.
    pub fn unwrap_padded(&self, wrapped: &[u8]) -> Result<Secret, CryptoError> {
        check_blocks(wrapped.len(), 2 * IV_LEN)?;
        self.run(Kind::Padded, Direction::Decrypt, wrapped)
    }

    fn run(&self, kind: Kind, direction: Direction, input: &[u8]) -> Result<Secret, CryptoError> {
        match self.0.len() {
            16 => run(self.cipher::<Aes128>()?, kind, direction, input),
            24 => run(self.cipher::<Aes192>()?, kind, direction, input),
            _ => run(self.cipher::<Aes256>()?, kind, direction, input),
        }
    }
}

/// Which of the two wraps.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Plain,
    Padded,
}

fn run<C>(cipher: C, kind: Kind, direction: Direction, input: &[u8]) -> Result<Secret, CryptoError>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    // The longest that any of the four gives: padded to whole semiblocks, and one more.
    let mut buffer = Zeroizing::new(vec![0; input.len().next_multiple_of(IV_LEN) + IV_LEN]);
    let output = match (kind, direction) {
        (Kind::Plain, Direction::Encrypt) => AesKw::inner_init(cipher).wrap_key(input, &mut buffer),
        (Kind::Plain, Direction::Decrypt) => AesKw::inner_init(cipher).unwrap_key(input, &mut buffer),
        (Kind::Padded, Direction::Encrypt) => AesKwp::inner_init(cipher).wrap_key(input, &mut buffer),
        (Kind::Padded, Direction::Decrypt) => AesKwp::inner_init(cipher).unwrap_key(input, &mut buffer),
    };
    output.map(Secret::from).map_err(|_| CryptoError::Decryption)
}

/// Whole semiblocks, at least `min` bytes.
fn check_blocks(actual: usize, min: usize) -> Result<(), CryptoError> {
    if actual >= min && actual.is_multiple_of(IV_LEN) {
        return Ok(());
    }
    Err(CryptoError::InputLength { actual, expected: actual.next_multiple_of(IV_LEN).max(min) })
}

/// RFC 3394, 2: a key has at least two semiblocks.
const MIN_KEY_LEN: usize = 16;
