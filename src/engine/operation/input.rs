//! What an operation has been given so far.

use super::key::OperationKey;
use crate::codec::Secret;
use crate::crypto::Digester;
use crate::crypto::aes::AesKey;
use crate::crypto::mac::MacComputation;
use crate::engine::error::Error;
use crate::engine::mechanism::{MacKind, Plan, Primitive};
use crate::engine::session_object::Material;

/// The input of an operation: what its parts have come to.
pub(super) struct Input {
    /// No part was given: the operation can still be done at once.
    untouched: bool,
    stage: Stage,
}

enum Stage {
    /// Parts go through a digest.
    Digesting(Box<Digester>),
    /// Parts go through a message authentication code.
    Authenticating(Box<MacComputation>),
    /// Parts are collected, up to what the mechanism takes.
    Collected(Vec<u8>),
}

impl Input {
    /// Nothing yet. Errors: those of the key, none for one that suits its mechanism.
    pub fn new(plan: &Plan, key: Option<&OperationKey>) -> Result<Self, Error> {
        let stage = match (plan.digest, plan.primitive) {
            (Some(algorithm), _) => Stage::Digesting(Box::new(Digester::new(algorithm))),
            (None, Primitive::Mac(kind)) => Stage::Authenticating(Box::new(mac(kind, key)?)),
            (None, _) => Stage::Collected(Vec::new()),
        };
        Ok(Self { untouched: true, stage })
    }

    /// True before the first part.
    pub fn is_untouched(&self) -> bool {
        self.untouched
    }

    /// Takes a part. Errors: `DataLength` when it becomes more than the plan takes.
    pub fn update(&mut self, plan: &Plan, part: &[u8]) -> Result<(), Error> {
        self.untouched = false;
        match &mut self.stage {
            Stage::Digesting(digester) => digester.update(part),
            Stage::Authenticating(mac) => mac.update(part),
            Stage::Collected(data) => {
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

    /// The data, or its digest or code where the plan has one.
    pub fn finish(self) -> Secret {
        match self.stage {
            Stage::Digesting(digester) => Secret::new(digester.finish()),
            Stage::Authenticating(mac) => mac.finish(),
            Stage::Collected(data) => Secret::new(data),
        }
    }

    /// The same for data that are given at once.
    pub fn whole(mut self, data: &[u8]) -> Secret {
        match &mut self.stage {
            Stage::Digesting(digester) => digester.update(data),
            Stage::Authenticating(mac) => mac.update(data),
            Stage::Collected(collected) => collected.extend_from_slice(data),
        }
        self.finish()
    }
}

fn mac(kind: MacKind, key: Option<&OperationKey>) -> Result<MacComputation, Error> {
    let value = match key {
        Some(OperationKey::Host(key)) => match key.object.material() {
            Material::Secret(value) => value,
            _ => return Err(Error::KeyHandleInvalid),
        },
        _ => return Err(Error::KeyHandleInvalid),
    };
    let started = match kind {
        MacKind::Hmac(digest) => MacComputation::hmac(digest, value),
        MacKind::Cmac => AesKey::new(value.clone()).and_then(|key| MacComputation::cmac(&key)),
    };
    started.map_err(Error::Crypto)
}

/// The C buffer rule's question. Errors: `BufferTooSmall`.
pub(super) fn check_room(needed: usize, room: usize) -> Result<(), Error> {
    if room < needed { Err(Error::BufferTooSmall { needed }) } else { Ok(()) }
}
