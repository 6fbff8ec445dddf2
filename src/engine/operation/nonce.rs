//! Nonces for the messages of one key (PKCS#11 3.1, 6.13.4; SP 800-38D, 8): given by the caller, or made here so that none
//! comes twice.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::crypto::aes::gcm::GCM_NONCE_LEN;
use crate::crypto::random;
use crate::engine::Result;
use crate::engine::error::Error;

/// Who makes the nonce of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceGenerator {
    /// The caller.
    Caller,
    /// A number that counts.
    Counter,
    /// A number that counts, by exclusive or with what the caller gave first.
    CounterXor,
    /// Chance.
    Random,
}

/// What the nonce of a message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonceRequest {
    /// The nonce, or what the generator begins with.
    pub nonce: Vec<u8>,
    /// So many of its first bits stay as they are.
    pub fixed_bits: u64,
    /// Who makes the rest.
    pub generator: NonceGenerator,
}

/// The nonces of one message-based encryption.
#[derive(Default)]
pub(super) struct Nonces {
    /// What the first message asked for: the others have to ask for the same.
    first: Option<(NonceGenerator, u64, u128)>,
}

impl Nonces {
    /// The nonce of the next message. `count` is that of the key: it goes on whatever the session and the operation, so that
    /// no nonce comes back. Errors: what is wrong with the request, in words.
    pub fn next(&mut self, request: &NonceRequest, count: &AtomicU64) -> Result<Vec<u8>, NonceError> {
        if request.generator == NonceGenerator::Caller {
            return Ok(request.nonce.clone());
        }
        let nonce = <[u8; GCM_NONCE_LEN]>::try_from(request.nonce.as_slice());
        let Ok(given) = nonce.map(number) else {
            return Err(NonceError::Bad("a nonce that is made has 12 bytes"));
        };
        let free_bits = NONCE_BITS.saturating_sub(request.fixed_bits);
        if free_bits == 0 {
            return Err(NonceError::Bad("no bit of the nonce is left to the generator"));
        }
        let free = (1u128 << free_bits) - 1;
        let (generator, fixed_bits, base) =
            *self.first.get_or_insert((request.generator, request.fixed_bits, given));
        if (generator, fixed_bits, base & !free) != (request.generator, request.fixed_bits, given & !free) {
            return Err(NonceError::Bad("the generator and the fixed bits are those of the first message"));
        }
        let limit = match generator {
            // Two of so many are the same with a probability below 2⁻³² (SP 800-38D, 8.3).
            NonceGenerator::Random => free_bits.checked_sub(RANDOM_MARGIN).map_or(0, |bits| 1 << (bits / 2)),
            _ => 1u64.checked_shl(u32::try_from(free_bits).unwrap_or(u32::MAX)).unwrap_or(u64::MAX),
        };
        let next = |given: u64| (given < limit).then_some(given + 1);
        let counted = count.fetch_update(Relaxed, Relaxed, next);
        let counted =
            counted.map_err(|_| NonceError::Bad("the generator has no more nonces for this key"))?;
        let made = match generator {
            NonceGenerator::CounterXor => base ^ u128::from(counted),
            NonceGenerator::Random => {
                let mut chance = [0; GCM_NONCE_LEN];
                random::fill(&mut chance).map_err(|error| NonceError::Other(Error::Crypto(error)))?;
                base & !free | number(chance) & free
            }
            _ => base & !free | u128::from(counted),
        };
        Ok(made.to_be_bytes().into_iter().skip(size_of::<u128>() - GCM_NONCE_LEN).collect())
    }
}

/// Why there is no nonce.
#[derive(Debug)]
pub(super) enum NonceError {
    /// The request is wrong.
    Bad(&'static str),
    /// Something else is.
    Other(Error),
}

fn number(nonce: [u8; GCM_NONCE_LEN]) -> u128 {
    nonce.into_iter().fold(0, |number, byte| number << 8 | u128::from(byte))
}

const NONCE_BITS: u64 = 8 * GCM_NONCE_LEN as u64;
const RANDOM_MARGIN: u64 = 32;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn request(generator: NonceGenerator, fixed_bits: u64) -> NonceRequest {
        NonceRequest { nonce: (0xA0..0xAC).collect(), fixed_bits, generator }
    }

    #[test]
    fn next_counter_fills_the_free_bits_and_goes_on_with_the_key() {
        let count = AtomicU64::new(0);
        let counted = request(NonceGenerator::Counter, 90);
        let mut nonces = Nonces::default();
        let first = nonces.next(&counted, &count).unwrap();
        assert_eq!((&first[..11], first[11]), (&counted.nonce[..11], 0x80));
        assert_eq!(nonces.next(&counted, &count).unwrap()[11], 0x81);
        // Another operation with the same key begins where that one ended.
        let mut nonces = Nonces::default();
        let made: HashSet<_> = (2..64).map(|_| nonces.next(&counted, &count).unwrap()).collect();
        assert_eq!(made.len(), 62);
        assert!(
            matches!(nonces.next(&counted, &count), Err(NonceError::Bad(why)) if why.contains("no more"))
        );
    }

    #[test]
    fn next_counter_xor_begins_with_what_was_given() {
        let (count, mut nonces) = (AtomicU64::new(0), Nonces::default());
        let mut wanted = request(NonceGenerator::CounterXor, 32);
        let given = wanted.nonce.clone();
        for number in 0..3u8 {
            let mut expected = given.clone();
            expected[11] ^= number;
            let made = nonces.next(&wanted, &count).unwrap();
            assert_eq!(made, expected);
            // What was made last stands where the caller gave the first.
            wanted.nonce = made;
        }
    }

    #[test]
    fn next_random_keeps_the_fixed_bits_and_ends_before_two_may_meet() {
        let (count, mut nonces) = (AtomicU64::new(0), Nonces::default());
        let wanted = request(NonceGenerator::Random, 56);
        let made: HashSet<_> = (0..16).map(|_| nonces.next(&wanted, &count).unwrap()).collect();
        assert_eq!(made.len(), 16);
        assert!(made.iter().all(|nonce| nonce[..7] == wanted.nonce[..7]));
        assert!(nonces.next(&wanted, &count).is_err());
        assert!(Nonces::default().next(&request(NonceGenerator::Random, 70), &AtomicU64::new(0)).is_err());
    }

    #[test]
    fn next_request_that_makes_no_sense_is_refused() {
        let count = AtomicU64::new(0);
        for fixed_bits in [96, 97, u64::MAX] {
            let wanted = request(NonceGenerator::Counter, fixed_bits);
            assert!(Nonces::default().next(&wanted, &count).is_err());
        }
        let mut nonces = Nonces::default();
        nonces.next(&request(NonceGenerator::Counter, 32), &count).unwrap();
        assert!(nonces.next(&request(NonceGenerator::Counter, 40), &count).is_err());
        assert!(nonces.next(&request(NonceGenerator::CounterXor, 32), &count).is_err());
        let mut other = request(NonceGenerator::Counter, 32);
        other.nonce[0] ^= 1;
        assert!(nonces.next(&other, &count).is_err());
        other.nonce.push(0);
        assert!(nonces.next(&other, &count).is_err());
    }
}
