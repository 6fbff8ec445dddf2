//! What an operation has been given so far.

use crate::crypto::Digester;
use crate::engine::error::Error;
use crate::engine::mechanism::Plan;

/// The input of an operation: nothing yet, or what its parts have come to.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// No part was given: the operation can still be done at once.
    Untouched,
    /// Parts go through a digest.
    Digesting(Box<Digester>),
    /// Parts are collected, up to what the mechanism takes.
    Collected(Vec<u8>),
}

impl Input {
    /// True before the first part.
    pub fn is_untouched(&self) -> bool {
        matches!(self, Self::Untouched)
    }

    /// Takes a part. Errors: `DataLength` when it becomes more than the plan takes.
    pub fn update(&mut self, plan: &Plan, part: &[u8]) -> Result<(), Error> {
        if self.is_untouched() {
            *self = match plan.digest {
                Some(algorithm) => Self::Digesting(Box::new(Digester::new(algorithm))),
                None => Self::Collected(Vec::new()),
            };
        }
        match self {
            Self::Untouched => {}
            Self::Digesting(digester) => digester.update(part),
            Self::Collected(data) => {
                let actual = data.len().saturating_add(part.len());
                if let Some(limit) = plan.input_limit()
                    && actual > limit
                {
                    return Err(Error::DataLength { actual, limit });
                }
                data.extend_from_slice(part);
            }
        }
        Ok(())
    }

    /// The data, or its digest where the plan has one.
    pub fn finish(self, plan: &Plan) -> Vec<u8> {
        match (self, plan.digest) {
            (Self::Digesting(digester), _) => digester.finish(),
            (Self::Collected(data), _) => data,
            (Self::Untouched, Some(algorithm)) => Digester::new(algorithm).finish(),
            (Self::Untouched, None) => Vec::new(),
        }
    }

    /// The data, or its digest, given at once.
    pub fn of(plan: &Plan, data: &[u8]) -> Vec<u8> {
        match plan.digest {
            Some(algorithm) => crate::crypto::digest::digest(algorithm, data),
            None => data.to_vec(),
        }
    }
}

/// The C buffer rule's question. Errors: `BufferTooSmall`.
pub(super) fn check_room(needed: usize, room: usize) -> Result<(), Error> {
    if room < needed { Err(Error::BufferTooSmall { needed }) } else { Ok(()) }
}
