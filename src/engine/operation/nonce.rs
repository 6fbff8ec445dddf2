//! Nonces for the messages of one key (PKCS#11 3.1, 6.13.4; SP 800-38D, 8): given by the caller, or made here so that none
//! comes twice.

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

/// The nonces of one key, whatever the session and the operation: all of them come about in the way of the first, so that
/// none that is made here was there before.
#[derive(Debug, Default)]
pub(in crate::engine) struct Nonces {
    first: Option<First>,
    /// So many were made.
    count: u64,
}

/// What the first message of a key asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    generator: NonceGenerator,
    fixed_bits: u64,
    /// The nonce that was given, with which the generator goes on for ever.
    base: u128,
}

impl Nonces {
    /// The nonce of the next message. Errors: what is wrong with the request, in words; then nothing was counted.
    pub fn next(&mut self, request: &NonceRequest) -> Result<Vec<u8>, NonceError> {
        let NonceRequest { ref nonce, fixed_bits, generator } = *request;
        if generator == NonceGenerator::Caller {
            let first = *self.first.get_or_insert(First { generator, fixed_bits: 0, base: 0 });
            return if first.generator == generator { Ok(nonce.clone()) } else { Err(OTHER_THAN_FIRST) };
        }
        let Ok(given) = <[u8; GCM_NONCE_LEN]>::try_from(nonce.as_slice()).map(number) else {
            return Err(NonceError::Bad("a nonce that is made has 12 bytes"));
        };
        let free_bits = NONCE_BITS.saturating_sub(fixed_bits);
        if free_bits == 0 {
            return Err(NonceError::Bad("no bit of the nonce is left to the generator"));
        }
        let free = (1u128 << free_bits) - 1;
        let first = self.first.unwrap_or(First { generator, fixed_bits, base: given });
        let fixed = first.base & !free;
        if (first.generator, first.fixed_bits, fixed) != (generator, fixed_bits, given & !free) {
            return Err(OTHER_THAN_FIRST);
        }
        let limit = match generator {
            // Two of so many are the same with a probability below 2⁻³² (SP 800-38D, 8.3).
            NonceGenerator::Random => free_bits.checked_sub(RANDOM_MARGIN).map_or(0, |bits| 1 << (bits / 2)),
            _ => 1u64.checked_shl(u32::try_from(free_bits).unwrap_or(u32::MAX)).unwrap_or(u64::MAX),
        };
        if self.count >= limit {
            return Err(NonceError::Bad("the generator has no more nonces for this key"));
        }
        let made = match generator {
            NonceGenerator::CounterXor => first.base ^ u128::from(self.count),
            NonceGenerator::Random => {
                let mut chance = [0; GCM_NONCE_LEN];
                random::fill(&mut chance).map_err(|error| NonceError::Other(Error::Crypto(error)))?;
                fixed | number(chance) & free
            }
            _ => fixed | u128::from(self.count),
        };
        self.first = Some(first);
        self.count += 1;
        Ok(made.to_be_bytes().into_iter().skip(size_of::<u128>() - GCM_NONCE_LEN).collect())
    }
}

/// Why there is no nonce.
#[derive(Debug)]
pub(in crate::engine) enum NonceError {
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
const OTHER_THAN_FIRST: NonceError =
    NonceError::Bad("generator and fixed bits of the nonce are those of the first message under this key");

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::NonceGenerator::{Caller, Counter, CounterXor, Random};
    use super::*;

    fn request(generator: NonceGenerator, fixed_bits: u64) -> NonceRequest {
        NonceRequest { nonce: (0xA0..0xAC).collect(), fixed_bits, generator }
    }

    fn after(first: &NonceRequest) -> Nonces {
        let mut nonces = Nonces::default();
        nonces.next(first).unwrap();
        nonces
    }

    #[test]
    fn next_counter_fills_the_free_bits_until_none_is_left() {
        let counted = request(Counter, 90);
        let mut nonces = Nonces::default();
        let first = nonces.next(&counted).unwrap();
        assert_eq!((&first[..11], first[11]), (&counted.nonce[..11], 0x80));
        assert_eq!(nonces.next(&counted).unwrap()[11], 0x81);
        let made: HashSet<_> = (2..64).map(|_| nonces.next(&counted).unwrap()).collect();
        assert_eq!(made.len(), 62);
        assert!(matches!(nonces.next(&counted), Err(NonceError::Bad(why)) if why.contains("no more")));
    }

    #[test]
    fn next_counter_xor_goes_on_with_what_was_given_first() {
        let mut nonces = Nonces::default();
        let mut wanted = request(CounterXor, 93);
        let given = wanted.nonce.clone();
        for number in 0..8u8 {
            let mut expected = given.clone();
            expected[11] ^= number;
            let made = nonces.next(&wanted).unwrap();
            assert_eq!(made, expected);
            // What was made last stands where the caller gave the first.
            wanted.nonce = made;
        }
        assert!(nonces.next(&wanted).is_err());
    }

    #[test]
    fn next_random_keeps_the_fixed_bits_and_ends_before_two_may_meet() {
        let mut nonces = Nonces::default();
        let wanted = request(Random, 56);
        let made: HashSet<_> = (0..16).map(|_| nonces.next(&wanted).unwrap()).collect();
        assert_eq!(made.len(), 16);
        assert!(made.iter().all(|nonce| nonce[..7] == wanted.nonce[..7]));
        assert!(nonces.next(&wanted).is_err());
        assert!(Nonces::default().next(&request(Random, 70)).is_err());
    }

    /// Whatever is asked for in between, no nonce that is made here comes twice, nor is it one of the caller's.
    #[test]
    fn next_with_all_kinds_in_any_order_makes_none_twice() {
        let mut requests = Vec::new();
        for generator in [Caller, Counter, CounterXor, Random] {
            for fixed_bits in [0, 32, 56, 64, 93] {
                let wanted = request(generator, fixed_bits);
                let mut other = wanted.clone();
                other.nonce[11] = 1;
                requests.extend([wanted, other]);
            }
        }
        for first in requests.iter().filter(|wanted| wanted.generator != Caller) {
            let mut nonces = Nonces::default();
            // Too few bits for chance.
            if (first.generator, first.fixed_bits) == (Random, 93) {
                continue;
            }
            let (mut seen, mut previous) = (HashSet::new(), first.nonce.clone());
            for wanted in [first].into_iter().chain(requests.iter().cycle().take(5 * requests.len())) {
                let going_on = NonceRequest { nonce: previous.clone(), ..wanted.clone() };
                for wanted in [wanted, &going_on] {
                    if let Ok(made) = nonces.next(wanted) {
                        assert!(seen.insert(made.clone()), "{wanted:?} after {first:?}");
                        previous = made;
                    }
                }
            }
            assert!(!seen.is_empty(), "{first:?}");
        }
    }

    #[test]
    fn next_another_way_than_the_first_is_refused() {
        let counted = request(Counter, 32);
        let mut elsewhere = counted.clone();
        elsewhere.nonce[0] ^= 1;
        let others =
            [request(Counter, 40), request(CounterXor, 32), request(Random, 32), request(Caller, 32)];
        for other in others.iter().chain([&elsewhere]) {
            let mut nonces = after(&counted);
            assert!(nonces.next(other).is_err(), "{other:?}");
            assert_eq!(nonces.next(&counted).unwrap()[11], 1, "a refusal counts nothing");
            assert!(after(other).next(&counted).is_err(), "{other:?}");
        }
        // The caller's own may be of any length, and change.
        let own = NonceRequest { nonce: vec![7; 33], fixed_bits: 99, generator: Caller };
        assert_eq!(after(&request(Caller, 0)).next(&own).unwrap(), own.nonce);
    }

    #[test]
    fn next_request_that_makes_no_sense_is_refused_and_binds_to_nothing() {
        let mut nonces = Nonces::default();
        for fixed_bits in [96, 97, u64::MAX] {
            assert!(nonces.next(&request(Counter, fixed_bits)).is_err());
        }
        assert!(nonces.next(&request(Random, 70)).is_err());
        let mut longer = request(CounterXor, 32);
        longer.nonce.push(0);
        assert!(nonces.next(&longer).is_err());
        assert!(nonces.next(&request(Counter, 32)).is_ok());
    }
}
