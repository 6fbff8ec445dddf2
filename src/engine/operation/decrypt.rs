//! Decryption: the key's holder computes, the host takes the padding off, in constant time and with one answer for
//! whatever is wrong with it.

use super::DECRYPTION;
use super::crypting::Crypting;
use crate::codec::Secret;
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

impl Engine {
    /// Begins a decryption with a private or secret key.
    pub fn decrypt_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.decrypt.is_some() {
                return Err(Error::OperationActive(DECRYPTION));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Decrypt)?;
            operations.decrypt = Some(Crypting::new(plan, key, false)?);
            Ok(())
        })
    }

    /// Bytes, at most, that come out of so many given at once; asks no card, and the operation stays.
    pub fn decrypt_len(&self, session: SessionHandle, data_len: usize) -> Result<usize> {
        self.ask_decrypt(session, |operation| operation.len(data_len))
    }

    /// Bytes that come out of a part of so many; asks no card, and the operation stays.
    pub fn decrypt_update_len(&self, session: SessionHandle, part_len: usize) -> Result<usize> {
        self.ask_decrypt(session, |operation| operation.update_len(part_len))
    }

    /// Bytes, at most, that come out at the end; asks no card, and the operation stays.
    pub fn decrypt_final_len(&self, session: SessionHandle) -> Result<usize> {
        self.ask_decrypt(session, Crypting::final_len)
    }

    fn ask_decrypt(
        &self,
        session: SessionHandle,
        question: impl FnOnce(&Crypting) -> usize,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let operation = operations.decrypt.as_ref().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        Ok(question(operation))
    }

    /// Takes a part. Gives what can be decrypted so far.
    pub fn decrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let operation = operations.decrypt.as_mut().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        let result = operation.update(self, part, room);
        if result.as_ref().is_err_and(|error| !matches!(error, Error::BufferTooSmall { .. })) {
            operations.decrypt = None;
        }
        result
    }

    /// Ends the decryption.
    pub fn decrypt_final(&self, session: SessionHandle, room: usize) -> Result<Secret> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let mut operation = operations.decrypt.take().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        let output = operation.finish(self, &[], room);
        if matches!(output, Err(Error::BufferTooSmall { .. })) {
            operations.decrypt = Some(operation);
        }
        output
    }

    /// Decrypts at once. Every bad padding is the same `EncryptedDataInvalid`.
    pub fn decrypt(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Secret> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let mut operation = operations.decrypt.take().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        if operation.is_touched() {
            return Err(Error::OperationNotInitialized(DECRYPTION));
        }
        let output = operation.finish(self, data, room);
        if matches!(output, Err(Error::BufferTooSmall { .. })) {
            operations.decrypt = Some(operation);
        }
        output
    }
}
