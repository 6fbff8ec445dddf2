//! Messages signed and verified one by one with one key (PKCS#11 3.1, 5.14 and 5.16): each as if it had an operation of
//! its own.

use super::input::{Input, check_room};
use super::key::OperationKey;
use super::{Consent, MESSAGE_SIGNATURE, MESSAGE_VERIFICATION};
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Plan, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A key that signs or verifies messages, and the message that goes on by parts.
pub(in crate::engine) struct SigningMessages {
    plan: Plan,
    pub(super) key: OperationKey,
    current: Option<Input>,
}

impl SigningMessages {
    fn begin(&mut self) -> Result<()> {
        self.check_idle()?;
        self.current = Some(Input::new(&self.plan, Some(&self.key))?);
        Ok(())
    }

    fn check_idle(&self) -> Result<()> {
        match self.current {
            None => Ok(()),
            Some(_) => Err(Error::OperationActive("message")),
        }
    }

    /// Takes a part. Errors: those of the mechanism, and the message is over.
    fn take(&mut self, part: &[u8]) -> Result<()> {
        let mut input = self.current.take().ok_or(Error::OperationNotInitialized("message"))?;
        input.update(&self.plan, part)?;
        self.current = Some(input);
        Ok(())
    }

    fn end(&mut self, part: &[u8]) -> Result<Input> {
        self.take(part)?;
        self.current.take().ok_or(Error::OperationNotInitialized("message"))
    }
}

impl Engine {
    /// Begins to sign messages. Errors: as [`Engine::sign_init`].
    pub fn message_sign_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.message_sign.is_some() {
                return Err(Error::OperationActive(MESSAGE_SIGNATURE));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Sign)?;
            operations.message_sign = Some(SigningMessages { plan, key, current: None });
            Ok(())
        })
    }

    /// Length of a message's signature in bytes, without a card.
    pub fn sign_message_len(&self, session: SessionHandle) -> Result<usize> {
        self.with_signing(session, |signing| Ok(signing.plan.output_len))
    }

    /// Signs a message at once. Errors: `BufferTooSmall`; `OperationActive` in the middle of another one.
    pub fn sign_message(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        self.with_signing(session, |signing| {
            signing.check_idle()?;
            check_room(signing.plan.output_len, room)?;
            let input = Input::new(&signing.plan, Some(&signing.key))?.whole(data);
            self.sign_one(signing, input.expose())
        })
    }

    /// Begins a message that is signed by parts.
    pub fn sign_message_begin(&self, session: SessionHandle) -> Result<()> {
        self.with_signing(session, SigningMessages::begin)
    }

    /// Takes a part of the message.
    pub fn sign_message_next(&self, session: SessionHandle, part: &[u8]) -> Result<()> {
        self.with_signing(session, |signing| signing.take(part))
    }

    /// Takes the last part of the message and signs it.
    pub fn sign_message_end(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Vec<u8>> {
        self.with_signing(session, |signing| {
            check_room(signing.plan.output_len, room)?;
            let input = signing.end(part)?.finish();
            self.sign_one(signing, input.expose())
        })
    }

    /// Ends the signing of messages. Errors: `OperationNotInitialized`.
    pub fn message_sign_final(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        let ended = lock(&session.operations).message_sign.take();
        ended.map(|_| ()).ok_or(Error::OperationNotInitialized(MESSAGE_SIGNATURE))
    }

    /// Begins to verify messages. Errors: as [`Engine::verify_init`].
    pub fn message_verify_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.message_verify.is_some() {
                return Err(Error::OperationActive(MESSAGE_VERIFICATION));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Verify)?;
            operations.message_verify = Some(SigningMessages { plan, key, current: None });
            Ok(())
        })
    }

    /// Verifies a message at once. Errors: `SignatureInvalid`, `SignatureLength`; `OperationActive`.
    pub fn verify_message(&self, session: SessionHandle, data: &[u8], signature: &[u8]) -> Result<()> {
        self.with_verifying(session, |verifying| {
            verifying.check_idle()?;
            let input = Input::new(&verifying.plan, Some(&verifying.key))?.whole(data);
            self.judge(&verifying.plan, &verifying.key, &input, signature)
        })
    }

    /// Begins a message that is verified by parts.
    pub fn verify_message_begin(&self, session: SessionHandle) -> Result<()> {
        self.with_verifying(session, SigningMessages::begin)
    }

    /// Takes a part of the message, or the last one with the signature, which it judges.
    pub fn verify_message_next(
        &self,
        session: SessionHandle,
        part: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<()> {
        self.with_verifying(session, |verifying| {
            let Some(signature) = signature else { return verifying.take(part) };
            let input = verifying.end(part)?.finish();
            self.judge(&verifying.plan, &verifying.key, &input, signature)
        })
    }

    /// Ends the verification of messages. Errors: `OperationNotInitialized`.
    pub fn message_verify_final(&self, session: SessionHandle) -> Result<()> {
        let session = self.session(session)?;
        let ended = lock(&session.operations).message_verify.take();
        ended.map(|_| ()).ok_or(Error::OperationNotInitialized(MESSAGE_VERIFICATION))
    }

    /// Signs, and a key that asks for the PIN each time asks for it again for the next message.
    fn sign_one(&self, signing: &mut SigningMessages, input: &[u8]) -> Result<Vec<u8>> {
        let signature = self.signature(&signing.plan, &signing.key, input);
        if let Some(key) = signing.key.card_mut()
            && key.consent.get() == Consent::Given
        {
            key.consent.set(Consent::Wanted);
        }
        signature
    }

    fn with_signing<T>(
        &self,
        session: SessionHandle,
        job: impl FnOnce(&mut SigningMessages) -> Result<T>,
    ) -> Result<T> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let signing = operations.message_sign.as_mut();
        job(signing.ok_or(Error::OperationNotInitialized(MESSAGE_SIGNATURE))?)
    }

    fn with_verifying<T>(
        &self,
        session: SessionHandle,
        job: impl FnOnce(&mut SigningMessages) -> Result<T>,
    ) -> Result<T> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let verifying = operations.message_verify.as_mut();
        job(verifying.ok_or(Error::OperationNotInitialized(MESSAGE_VERIFICATION))?)
    }
}
