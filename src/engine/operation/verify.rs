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
    /// The signature, where it was there first: then the data comes by the functions that know no signature.
    signature: Option<Vec<u8>>,
}

impl Engine {
    /// Begins a verification with a public key or a certificate: on the host.
    pub fn verify_init(&self, session: SessionHandle, call: &MechanismCall, key: ObjectHandle) -> Result<()> {
        self.begin_verification(session, call, key, None)
    }

    /// Begins the verification of a signature that is there before the data (PKCS#11 3.2, 5.17). It is the same operation:
    /// a session has one of either kind.
    pub fn verify_signature_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
        signature: &[u8],
    ) -> Result<()> {
        self.begin_verification(session, call, key, Some(signature))
    }

    fn begin_verification(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
        signature: Option<&[u8]>,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.verify.is_some() {
                return Err(Error::OperationActive(VERIFICATION));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Verify)?;
            let input = Input::new(&plan, Some(&key))?;
            let signature = signature.map(<[u8]>::to_vec);
            operations.verify = Some(Verifying { plan, key, input, signature });
            Ok(())
        })
    }

    /// Takes a part of the data.
    pub fn verify_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.update_verification(session, part, false)
    }

    /// Takes a part of the data of a signature that was there first.
    pub fn verify_signature_update(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.update_verification(session, part, true)
    }

    fn update_verification(&self, session: SessionHandle, part: &[u8], signature_first: bool) -> Result<()> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let verifying = of_kind(operations.verify.as_mut(), signature_first)?;
        let result = verifying.input.update(&verifying.plan, part);
        if result.is_err() {
            operations.verify = None;
        }
        result
    }

    /// Ends the verification. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify_final(&self, session: SessionHandle, signature: &[u8]) -> Result<()> {
        let verifying = self.take_verification(session, false)?;
        let input = verifying.input.finish();
        self.judge(&verifying.plan, &verifying.key, &input, signature)
    }

    /// Ends the verification of a signature that was there first. Errors: as [`Engine::verify_final`].
    pub fn verify_signature_final(&self, session: SessionHandle) -> Result<()> {
        let verifying = self.take_verification(session, true)?;
        let input = verifying.input.finish();
        self.judge(&verifying.plan, &verifying.key, &input, &verifying.signature.unwrap_or_default())
    }

    /// Verifies at once. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        let verifying = self.take_verification(session, false)?;
        self.verify_whole(verifying, data, signature)
    }

    /// Verifies a signature that was there first at once. Errors: as [`Engine::verify`].
    pub fn verify_signature(&self, session: SessionHandle, data: &[u8]) -> Result<()> {
        let mut verifying = self.take_verification(session, true)?;
        let signature = verifying.signature.take().unwrap_or_default();
        self.verify_whole(verifying, data, &signature)
    }

    fn verify_whole(&self, verifying: Verifying, data: &[u8], signature: &[u8]) -> Result<()> {
        if !verifying.input.is_untouched() {
            return Err(Error::OperationNotInitialized(VERIFICATION));
        }
        let input = verifying.input.whole(data);
        self.judge(&verifying.plan, &verifying.key, &input, signature)
    }

    /// The verification that ends now. One of the other kind stays.
    fn take_verification(&self, session: SessionHandle, signature_first: bool) -> Result<Verifying> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        of_kind(operations.verify.as_mut(), signature_first)?;
        operations.verify.take().ok_or(Error::OperationNotInitialized(VERIFICATION))
    }

    pub(super) fn judge(
        &self,
        plan: &Plan,
        key: &OperationKey,
        input: &Secret,
        signature: &[u8],
    ) -> Result<()> {
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

fn of_kind(verifying: Option<&mut Verifying>, signature_first: bool) -> Result<&mut Verifying> {
    verifying
        .filter(|verifying| verifying.signature.is_some() == signature_first)
        .ok_or(Error::OperationNotInitialized(VERIFICATION))
}
