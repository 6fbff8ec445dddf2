//! Signatures: the host digests and encodes, the key's holder computes.

use super::SIGNATURE;
use super::compute::to_length;
use super::input::{Input, check_room};
use super::key::OperationKey;
use crate::engine::error::Error;
use crate::engine::mechanism::{Encoding, MechanismCall, Plan, Primitive, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A signature that is going on.
pub(in crate::engine) struct Signing {
    pub(super) plan: Plan,
    pub(super) key: OperationKey,
    pub(super) input: Input,
}

impl Engine {
    /// Begins a signature with a private key, or a code with a secret one.
    /// Errors: `KeyHandleInvalid`, `KeyTypeInconsistent`, `KeyFunctionNotPermitted`, `MechanismInvalid`, …
    pub fn sign_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.sign.is_some() {
                return Err(Error::OperationActive(SIGNATURE));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Sign)?;
            let input = Input::new(&plan, Some(&key))?;
            operations.sign = Some(Signing { plan, key, input });
            Ok(())
        })
    }

    /// Length of the signature in bytes, without a card; the operation stays.
    pub fn sign_len(&self, session: SessionHandle) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let signing = operations.sign.as_ref().ok_or(Error::OperationNotInitialized(SIGNATURE))?;
        Ok(signing.plan.output_len)
    }

    /// Takes a part of the data. Mechanisms that do not digest take no more than one block in all.
    pub fn sign_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let signing = operations.sign.as_mut().ok_or(Error::OperationNotInitialized(SIGNATURE))?;
        let result = signing.input.update(&signing.plan, part);
        if result.is_err() {
            operations.sign = None;
        }
        result
    }

    /// Ends the signature: RSA as many bytes as the modulus, ECDSA r‖s.
    pub fn sign_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let signing = operations.sign.as_ref().ok_or(Error::OperationNotInitialized(SIGNATURE))?;
        check_room(signing.plan.output_len, room)?;
        let signing = operations.sign.take().ok_or(Error::OperationNotInitialized(SIGNATURE))?;
        self.signature(&signing.plan, &signing.key, signing.input.finish().expose())
    }

    /// Signs `data` at once.
    pub fn sign(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let signing = operations.sign.take().ok_or(Error::OperationNotInitialized(SIGNATURE))?;
        if !signing.input.is_untouched() {
            return Err(Error::OperationNotInitialized(SIGNATURE));
        }
        if let Err(error) = check_room(signing.plan.output_len, room) {
            operations.sign = Some(signing);
            return Err(error);
        }
        self.signature(&signing.plan, &signing.key, signing.input.whole(data).expose())
    }

    /// Ends a signature that is going on, if there is one, without a result.
    pub fn sign_cancel(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        lock(&session.operations).sign = None;
        Ok(())
    }

    pub(super) fn signature(&self, plan: &Plan, key: &OperationKey, input: &[u8]) -> Result<Vec<u8>> {
        if let (Primitive::Mac(_), OperationKey::Host(key)) = (plan.primitive, key) {
            self.check_there(key)?;
            return Ok(input.iter().copied().take(plan.output_len).collect());
        }
        let block = plan.encode(input)?;
        if let (Encoding::EdwardsDomain(domain), OperationKey::Host(key)) = (&plan.encoding, key) {
            self.check_there(key)?;
            return super::compute::sign_in_domain(key, domain, &block);
        }
        let answer = self.compute(key, plan.primitive, &block)?;
        to_length(&self.holder_name(key), answer.expose(), plan.output_len)
    }

    /// The reader of a key's card.
    pub(super) fn holder_name(&self, key: &OperationKey) -> String {
        match key {
            OperationKey::Card(key) => self.name_of(key.reader),
            OperationKey::Host(_) | OperationKey::Public(_) => String::new(),
        }
    }
}
