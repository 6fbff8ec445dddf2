//! Digest operations: on the host.

use super::DIGEST;
use super::input::{Input, check_room};
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Plan, Purpose, mechanism};
use crate::engine::session::SessionHandle;
use crate::engine::session_object::Material;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A digest that is going on.
pub(in crate::engine) struct Digesting {
    plan: Plan,
    input: Input,
}

impl Engine {
    /// Begins a digest.
    pub fn digest_init(&self, session: SessionHandle, call: &MechanismCall) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        if operations.digest.is_some() {
            return Err(Error::OperationActive(DIGEST));
        }
        let found = mechanism(call.id)?;
        if !found.info(&session.card.abilities).is_some_and(|info| info.uses.digest) {
            return Err(Error::MechanismInvalid(call.id));
        }
        let plan = found.plan(Purpose::Digest, &call.parameters, None)?;
        let input = Input::new(&plan, None)?;
        operations.digest = Some(Digesting { plan, input });
        Ok(())
    }

    /// Length of the digest in bytes; the operation stays.
    pub fn digest_len(&self, session: SessionHandle) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let digesting = operations.digest.as_ref().ok_or(Error::OperationNotInitialized(DIGEST))?;
        Ok(digesting.plan.output_len)
    }

    /// Digests a part.
    pub fn digest_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let digesting = operations.digest.as_mut().ok_or(Error::OperationNotInitialized(DIGEST))?;
        let result = digesting.input.update(&digesting.plan, part);
        if result.is_err() {
            operations.digest = None;
        }
        result
    }

    /// Digests the value of a secret key of a session. Errors: `KeyIndigestible` for any other key, which has to stay
    /// secret or is on a card; it leaves the digest as it is.
    pub fn digest_key(&self, session: SessionHandle, key: ObjectHandle) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let digesting = operations.digest.as_mut().ok_or(Error::OperationNotInitialized(DIGEST))?;
        let object = self.session_object(&session, key)?;
        let object = match object {
            Some(object) => object,
            None => {
                self.visible(&session, key).map_err(|_| Error::KeyHandleInvalid)?;
                return Err(Error::KeyIndigestible);
            }
        };
        match object.material() {
            Material::Secret(value) => digesting.input.update(&digesting.plan, value.expose()),
            _ => Err(Error::KeyIndigestible),
        }
    }

    /// Ends the digest.
    pub fn digest_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let digesting = operations.digest.as_ref().ok_or(Error::OperationNotInitialized(DIGEST))?;
        check_room(digesting.plan.output_len, room)?;
        let digesting = operations.digest.take().ok_or(Error::OperationNotInitialized(DIGEST))?;
        Ok(digesting.input.finish().expose().to_vec())
    }

    /// Digests `data` at once.
    pub fn digest(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let digesting = operations.digest.take().ok_or(Error::OperationNotInitialized(DIGEST))?;
        if !digesting.input.is_untouched() {
            return Err(Error::OperationNotInitialized(DIGEST));
        }
        if let Err(error) = check_room(digesting.plan.output_len, room) {
            operations.digest = Some(digesting);
            return Err(error);
        }
        Ok(digesting.input.whole(data).expose().to_vec())
    }
}
