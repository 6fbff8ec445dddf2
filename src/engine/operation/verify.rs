//! Verifications: on the host, with a public key or the key of a certificate.

use super::VERIFICATION;
use super::input::Input;
use crate::crypto::PublicKey;
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Plan, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A verification that is going on.
pub(in crate::engine) struct Verifying {
    plan: Plan,
    public: PublicKey,
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
            let (plan, public) = self.plan_public(session, call, key, Purpose::Verify)?;
            operations.verify = Some(Verifying { plan, public, input: Input::Untouched });
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
        let input = verifying.input.finish(&verifying.plan);
        verifying.plan.verify(&verifying.public, &verifying.plan.encode(&input)?, signature)
    }

    /// Verifies at once. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        let session = self.session(session)?;
        let verifying = lock(&session.operations).verify.take();
        let verifying = verifying.ok_or(Error::OperationNotInitialized(VERIFICATION))?;
        if !verifying.input.is_untouched() {
            return Err(Error::OperationNotInitialized(VERIFICATION));
        }
        let input = Input::of(&verifying.plan, data);
        verifying.plan.verify(&verifying.public, &verifying.plan.encode(&input)?, signature)
    }
}
