//! Encryption: on the host with public keys and those of the session, on the card with its own secret keys.

use super::ENCRYPTION;
use super::crypting::Crypting;
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

impl Engine {
    /// Begins an encryption with a public key, or a secret one.
    pub fn encrypt_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.encrypt.is_some() {
                return Err(Error::OperationActive(ENCRYPTION));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::Encrypt)?;
            operations.encrypt = Some(Crypting::new(plan, key, true)?);
            Ok(())
        })
    }

    /// Bytes, at most, that come out of so many given at once; asks no card, and the operation stays.
    pub fn encrypt_len(&self, session: SessionHandle, data_len: usize) -> Result<usize> {
        self.ask_encrypt(session, |operation| operation.len(data_len))
    }

    /// Bytes that come out of a part of so many; asks no card, and the operation stays.
    pub fn encrypt_update_len(&self, session: SessionHandle, part_len: usize) -> Result<usize> {
        self.ask_encrypt(session, |operation| operation.update_len(part_len))
    }

    /// Bytes, at most, that come out at the end; asks no card, and the operation stays.
    pub fn encrypt_final_len(&self, session: SessionHandle) -> Result<usize> {
        self.ask_encrypt(session, Crypting::final_len)
    }

    fn ask_encrypt(
        &self,
        session: SessionHandle,
        question: impl FnOnce(&Crypting) -> usize,
    ) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let operation = operations.encrypt.as_ref().ok_or(Error::OperationNotInitialized(ENCRYPTION))?;
        Ok(question(operation))
    }

    /// Takes a part. Gives what can be encrypted so far.
    pub fn encrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let operation = operations.encrypt.as_mut().ok_or(Error::OperationNotInitialized(ENCRYPTION))?;
        let result = operation.update(self, part, room);
        if result.as_ref().is_err_and(|error| !matches!(error, Error::BufferTooSmall { .. })) {
            operations.encrypt = None;
        }
        result.map(|output| output.expose().to_vec())
    }

    /// Ends the encryption.
    pub fn encrypt_final(&self, session: SessionHandle, room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let mut operation = operations.encrypt.take().ok_or(Error::OperationNotInitialized(ENCRYPTION))?;
        let output = operation.finish(self, &[], room);
        if matches!(output, Err(Error::BufferTooSmall { .. })) {
            operations.encrypt = Some(operation);
        }
        output.map(|output| output.expose().to_vec())
    }

    /// Encrypts at once.
    pub fn encrypt(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let mut operation = operations.encrypt.take().ok_or(Error::OperationNotInitialized(ENCRYPTION))?;
        if operation.is_touched() {
            return Err(Error::OperationNotInitialized(ENCRYPTION));
        }
        let output = operation.finish(self, data, room);
        if matches!(output, Err(Error::BufferTooSmall { .. })) {
            operations.encrypt = Some(operation);
        }
        output.map(|output| output.expose().to_vec())
    }
}
