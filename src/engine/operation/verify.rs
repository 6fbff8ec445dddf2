//! Verifications: on the host, with a public key, the key of a certificate, or a secret key of a session.

use super::VERIFICATION;
use super::input::Input;
use super::key::OperationKey;
use crate::codec::Secret;
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Plan, Primitive, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A verification that is going on.
pub(in crate::engine) struct Verifying {
    plan: Plan,
    key: OperationKey,
    input: Input,
}

impl Engine {
    /// Begins a verification with a public key or a certificate: on the host.
    pub fn verify_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.verify.is_some() {
                return Err(Error::OperationActive(VERIFICATION));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Verify)?;
            let input = Input::new(&plan, Some(&key))?;
            operations.verify = Some(Verifying { plan, key, input });
            Ok(())
        })
    }

    /// Takes a part of the data.
    pub fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let verifying = operations.verify.as_mut().ok_or(Error::OperationNotInitialized(VERIFICATION))?;
        let result = verifying.input.update(&verifying.plan, part);
        if result.is_err() {
            operations.verify = None;
        }
        result
    }

    /// Ends the verification. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let verifying = lock(&session.operations).verify.take();
        let verifying = verifying.ok_or(Error::OperationNotInitialized(VERIFICATION))?;
        let input = verifying.input.finish();
        self.judge(&verifying.plan, &verifying.key, &input, signature)
    }

    /// Verifies at once. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let verifying = lock(&session.operations).verify.take();
        let verifying = verifying.ok_or(Error::OperationNotInitialized(VERIFICATION))?;
        if !verifying.input.is_untouched() {
            return Err(Error::OperationNotInitialized(VERIFICATION));
        }
        let input = verifying.input.whole(data);
        self.judge(&verifying.plan, &verifying.key, &input, signature)
    }

    fn judge(&self, plan: &Plan, key: &OperationKey, input: &Secret, signature: &[u8]) -> Result<()> {
        match (key, plan.primitive) {
            (OperationKey::Public(public), _) => {
                plan.verify(public, &plan.encode(input.expose())?, signature)
            }
            (OperationKey::Host(key), Primitive::Mac(_)) => {
                self.check_there(key)?;
                if signature.len() != plan.output_len {
                    let (actual, expected) = (signature.len(), plan.output_len);
                    return Err(Error::SignatureLength { actual, expected });
                }
                // In constant time: `Secret` compares so.
                let expected = Secret::from(input.expose().get(..plan.output_len).unwrap_or_default());
                if expected == Secret::from(signature) { Ok(()) } else { Err(Error::SignatureInvalid) }
            }
            _ => Err(Error::KeyHandleInvalid),
        }
    }
}
