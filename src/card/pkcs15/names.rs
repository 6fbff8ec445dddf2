//! Names of objects towards the engine: stable while other objects come and go.

use std::collections::{BTreeMap, BTreeSet};

use crate::token::ObjectId;

/// Gives each object a name that depends on what the object is (kind, identifier, place) and not on its position
/// in the directory: adding or deleting another object does not rename it, and a new object in an old place
/// gets another name unless it has the same identifier.
#[derive(Debug, Default)]
pub(super) struct Names {
    used: BTreeSet<ObjectId>,
    repeats: BTreeMap<u32, u32>,
}

impl Names {
    /// A name that no object before has.
    pub(super) fn name(&mut self, identity: &[u8]) -> ObjectId {
        let base = fnv(FNV_OFFSET, identity);
        let repeat = self.repeats.entry(base).or_insert(0);
        loop {
            let name = match *repeat {
                0 => ObjectId(base),
                count => ObjectId(fnv(base, &count.to_be_bytes())),
            };
            *repeat += 1;
            if self.used.insert(name) {
                return name;
            }
        }
    }
}

/// FNV-1a, 32 bits: spreads names; no protection against a card that makes collisions, which cost it only
/// the stability of its own names.
fn fnv(start: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(start, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

const FNV_OFFSET: u32 = 0x811C_9DC5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_equal_objects_differ_and_repeat_in_every_walk() {
        let walk = || {
            let mut names = Names::default();
            (0..1000u32).map(|number| names.name(&(number % 10).to_be_bytes())).collect::<Vec<_>>()
        };
        let first = walk();
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 1000);
        assert_eq!(first, walk());
    }
}
