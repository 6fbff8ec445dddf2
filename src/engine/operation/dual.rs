//! Two operations over the same data (PKCS#11 3.1, 5.17). What does not fit the caller's room goes through neither.

use super::{DIGEST, SIGNATURE, VERIFICATION};
use crate::codec::Secret;
use crate::engine::error::Error;
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, Result, lock};

impl Engine {
    /// Digests a part and encrypts it.
    pub fn digest_encrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Vec<u8>> {
        let known = self.session(session)?;
        if lock(&known.operations).digest.is_none() {
            return Err(Error::OperationNotInitialized(DIGEST));
        }
        let encrypted = self.encrypt_update(session, part, room)?;
        self.digest_update(session, part)?;
        Ok(encrypted)
    }

    /// Decrypts a part and digests what comes out.
    pub fn decrypt_digest_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret> {
        let known = self.session(session)?;
        if lock(&known.operations).digest.is_none() {
            return Err(Error::OperationNotInitialized(DIGEST));
        }
        let plain = self.decrypt_update(session, part, room)?;
        self.digest_update(session, plain.expose())?;
        Ok(plain)
    }

    /// Signs a part and encrypts it.
    pub fn sign_encrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Vec<u8>> {
        let known = self.session(session)?;
        if lock(&known.operations).sign.is_none() {
            return Err(Error::OperationNotInitialized(SIGNATURE));
        }
        let encrypted = self.encrypt_update(session, part, room)?;
        self.sign_update(session, part)?;
        Ok(encrypted)
    }

    /// Decrypts a part and verifies what comes out.
    pub fn decrypt_verify_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret> {
        let known = self.session(session)?;
        if lock(&known.operations).verify.is_none() {
            return Err(Error::OperationNotInitialized(VERIFICATION));
        }
        let plain = self.decrypt_update(session, part, room)?;
        self.verify_update(session, plain.expose())?;
        Ok(plain)
    }
}
