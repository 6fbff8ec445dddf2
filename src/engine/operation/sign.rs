//! Signatures: the host digests and encodes, the card computes.

use super::SIGNATURE;
use super::compute::{CardKey, to_length};
use super::input::{Input, check_room};
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Plan, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A signature that is going on.
pub(in crate::engine) struct Signing {
    plan: Plan,
    pub key: CardKey,
    input: Input,
}

impl Engine {
    /// Begins a signature with a private key.
    /// Errors: `KeyHandleInvalid`, `KeyTypeInconsistent`, `KeyFunctionNotPermitted`, `MechanismInvalid`, …
    pub fn sign_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.sign.is_some() {
                return Err(Error::OperationActive(SIGNATURE));
            }
            let (plan, key) = self.plan_private(session, call, key, Purpose::Sign)?;
            operations.sign = Some(Signing { plan, key, input: Input::Untouched });
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
        let input = signing.input.finish(&signing.plan);
        self.signature(&signing.plan, &signing.key, &input)
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
        let input = Input::of(&signing.plan, data);
        self.signature(&signing.plan, &signing.key, &input)
    }

    /// Ends a signature that is going on, if there is one, without a result.
    pub fn sign_cancel(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        lock(&session.operations).sign = None;
        Ok(())
    }

    fn signature(&self, plan: &Plan, key: &CardKey, input: &[u8]) -> Result<Vec<u8>> {
        let block = plan.encode(input)?;
        let answer = self.compute(key, plan.primitive, &block)?;
        to_length(&self.cell(key.reader)?.name, answer.expose(), plan.output_len)
    }
}
