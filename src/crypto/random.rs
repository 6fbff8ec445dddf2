//! Random bytes from the operating system; there is no other generator in this program.

use getrandom::SysRng;
use getrandom::rand_core::{TryRng, UnwrapErr};

use super::CryptoError;
use crate::codec::Secret;

/// Fills `buffer` with random bytes. Errors: `NoRandom` when the system gives none.
pub fn fill(buffer: &mut [u8]) -> Result<(), CryptoError> {
    getrandom::fill(buffer).map_err(|_| CryptoError::NoRandom)
}

/// `length` random bytes. Errors: `NoRandom`.
pub fn bytes(length: usize) -> Result<Vec<u8>, CryptoError> {
    let mut buffer = vec![0; length];
    fill(&mut buffer)?;
    Ok(buffer)
}

/// `length` random bytes that nobody may see: a key, a seed. Errors: `NoRandom`.
pub fn secret(length: usize) -> Result<Secret, CryptoError> {
    bytes(length).map(Secret::new)
}

/// The system's generator in the shape that needs no error path (key generation).
///
/// Asks the system once before it is handed out: where that works, later requests of the same process do too;
/// should one not, it panics rather than give a weak key.
pub(super) fn generator() -> Result<UnwrapErr<SysRng>, CryptoError> {
    SysRng.try_next_u32().map_err(|_| CryptoError::NoRandom)?;
    Ok(UnwrapErr(SysRng))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_two_calls_differ() {
        assert_ne!(bytes(32), bytes(32));
        assert_eq!(bytes(0), Ok(Vec::new()));
    }
}
