//! Signatures that carry their data (PKCS#11 3.1, 5.13.5 and 5.15.5): RSA alone, and at once.

use super::input::{Input, check_room};
use super::key::OperationKey;
use super::sign::Signing;
use super::{SIGN_RECOVER, VERIFY_RECOVER};
use crate::crypto::rsa;
use crate::engine::error::Error;
use crate::engine::mechanism::{MechanismCall, Plan, Primitive, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A verification with recovery that is going on.
pub(in crate::engine) struct Recovering {
    plan: Plan,
    key: OperationKey,
}

impl Engine {
    /// Begins a signature from which the data can be recovered.
    pub fn sign_recover_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.sign_recover.is_some() {
                return Err(Error::OperationActive(SIGN_RECOVER));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::SignRecover)?;
            let input = Input::new(&plan, Some(&key))?;
            operations.sign_recover = Some(Signing { plan, key, input });
            Ok(())
        })
    }

    /// Length of the signature in bytes, without a card; the operation stays.
    pub fn sign_recover_len(&self, session: SessionHandle) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let signing = operations.sign_recover.as_ref().ok_or(Error::OperationNotInitialized(SIGN_RECOVER))?;
        Ok(signing.plan.output_len)
    }

    /// Signs `data`.
    pub fn sign_recover(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let signing = operations.sign_recover.take().ok_or(Error::OperationNotInitialized(SIGN_RECOVER))?;
        if let Err(error) = check_room(signing.plan.output_len, room) {
            operations.sign_recover = Some(signing);
            return Err(error);
        }
        self.signature(&signing.plan, &signing.key, signing.input.whole(data).expose())
    }

    /// Begins a verification that gives the data of the signature.
    pub fn verify_recover_init(
        &self,
        session: SessionHandle,
        call: &MechanismCall,
        key: ObjectHandle,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if operations.verify_recover.is_some() {
                return Err(Error::OperationActive(VERIFY_RECOVER));
            }
            let (plan, key) = self.prepare(session, call, key, Purpose::VerifyRecover)?;
            operations.verify_recover = Some(Recovering { plan, key });
            Ok(())
        })
    }

    /// Most bytes that a signature can carry; the operation stays.
    pub fn verify_recover_len(&self, session: SessionHandle) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let recovering =
            operations.verify_recover.as_ref().ok_or(Error::OperationNotInitialized(VERIFY_RECOVER))?;
        Ok(recovering.plan.output_len)
    }

    /// The data of a signature. Errors: `SignatureInvalid`, `SignatureLength`.
    pub fn verify_recover(&self, session: SessionHandle, signature: &[u8], room: usize) -> Result<Vec<u8>> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let recovering =
            operations.verify_recover.take().ok_or(Error::OperationNotInitialized(VERIFY_RECOVER))?;
        let data = recovering.recover(signature)?;
        if let Err(error) = check_room(data.len(), room) {
            operations.verify_recover = Some(recovering);
            return Err(error);
        }
        Ok(data)
    }
}

impl Recovering {
    fn recover(&self, signature: &[u8]) -> Result<Vec<u8>> {
        let OperationKey::Public(public) = &self.key else { return Err(Error::KeyHandleInvalid) };
        let expected = public.signature_len();
        if signature.len() != expected {
            return Err(Error::SignatureLength { actual: signature.len(), expected });
        }
        let block = rsa::public_raw(public, signature).map_err(|_| Error::SignatureInvalid)?;
        match self.plan.primitive {
            Primitive::RecoverRsaPkcs1 => data_of_block(&block).ok_or(Error::SignatureInvalid),
            _ => Ok(block),
        }
    }
}

/// What is in a signature block (RFC 8017, 9.2): 00 01, at least eight FF, 00, data. Nothing here is secret.
fn data_of_block(block: &[u8]) -> Option<Vec<u8>> {
    let padded = block.strip_prefix(&[0x00, 0x01])?;
    let filling = padded.iter().take_while(|byte| **byte == 0xFF).count();
    match padded.get(filling..)? {
        [0x00, data @ ..] if filling >= 8 => Some(data.to_vec()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_block_with_any_other_padding_is_none() {
        let block = rsa::pkcs1_sign_encode(b"data", 64).unwrap();
        assert_eq!(data_of_block(&block).as_deref(), Some(&b"data"[..]));
        for position in 0..60 {
            let mut bad = block.clone();
            bad[position] ^= 0x55;
            assert_eq!(data_of_block(&bad), None, "{position}");
        }
        assert_eq!(data_of_block(&[0, 1, 0xFF, 0xFF, 0, 7]), None);
        assert_eq!(data_of_block(&[]), None);
    }
}
