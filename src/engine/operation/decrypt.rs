//! Decryption: the card computes, the host takes the padding off, in constant time and with one answer for
//! whatever is wrong with it.

use super::DECRYPTION;
use super::compute::{CardKey, to_length};
use super::input::{Input, check_room};
use crate::card::CardError;
use crate::codec::Secret;
use crate::crypto::{CryptoError, rsa};
use crate::engine::error::Error;
use crate::engine::mechanism::{Encoding, MechanismCall, Plan, Primitive, Purpose};
use crate::engine::session::SessionHandle;
use crate::engine::{Engine, ObjectHandle, Result, lock};

/// A decryption that is going on.
pub(in crate::engine) struct Decrypting {
    plan: Plan,
    pub key: CardKey,
    input: Input,
    /// Encrypted data and its plain text that did not fit the caller's room: the card is not asked again.
    kept: Option<(Vec<u8>, Secret)>,
}

impl Engine {
    /// Begins a decryption with a private key.
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
            let (plan, key) = self.plan_private(session, call, key, Purpose::Decrypt)?;
            operations.decrypt = Some(Decrypting { plan, key, input: Input::Untouched, kept: None });
            Ok(())
        })
    }

    /// Longest plain text in bytes, without a card; the operation stays.
    pub fn decrypt_len(&self, session: SessionHandle) -> Result<usize> {
        let session = self.session(session)?;
        let operations = lock(&session.operations);
        let decrypting = operations.decrypt.as_ref().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        Ok(decrypting.plan.output_len)
    }

    /// Takes a part of the encrypted data. Gives what is plain so far: nothing for RSA, whatever the room.
    pub fn decrypt_update(&self, session: SessionHandle, part: &[u8], room: usize) -> Result<Secret> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let decrypting = operations.decrypt.as_mut().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        check_room(0, room)?;
        if let Err(error) = decrypting.input.update(&decrypting.plan, part) {
            operations.decrypt = None;
            return Err(error);
        }
        Ok(Secret::default())
    }

    /// Ends the decryption.
    pub fn decrypt_final(&self, session: SessionHandle, room: usize) -> Result<Secret> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let decrypting = operations.decrypt.take().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        let data = decrypting.input.clone().finish(&decrypting.plan);
        self.finish_decryption(&mut operations.decrypt, decrypting, &data, room)
    }

    /// Decrypts at once. Every bad padding is the same `EncryptedDataInvalid`.
    pub fn decrypt(&self, session: SessionHandle, data: &[u8], room: usize) -> Result<Secret> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let decrypting = operations.decrypt.take().ok_or(Error::OperationNotInitialized(DECRYPTION))?;
        if !decrypting.input.is_untouched() {
            return Err(Error::OperationNotInitialized(DECRYPTION));
        }
        self.finish_decryption(&mut operations.decrypt, decrypting, data, room)
    }

    /// Decrypts; a plain text that does not fit stays with its operation, which goes back to its `place`.
    fn finish_decryption(
        &self,
        place: &mut Option<Decrypting>,
        mut decrypting: Decrypting,
        data: &[u8],
        room: usize,
    ) -> Result<Secret> {
        let plain = match decrypting.kept.take() {
            Some((encrypted, plain)) if encrypted == data => plain,
            _ => self.plain_text(&decrypting.plan, &decrypting.key, data)?,
        };
        if let Err(error) = check_room(plain.len(), room) {
            decrypting.kept = Some((data.to_vec(), plain));
            *place = Some(decrypting);
            return Err(error);
        }
        Ok(plain)
    }

    fn plain_text(&self, plan: &Plan, key: &CardKey, data: &[u8]) -> Result<Secret> {
        let block = plan.encode(data)?;
        let answer = match (self.compute(key, plan.primitive, &block), plan.primitive) {
            (Ok(message), Primitive::RsaDecryptPkcs1) => return Ok(message),
            (Err(Error::Card { source: CardError::Crypto(CryptoError::Decryption), .. }), _) => {
                return Err(Error::EncryptedDataInvalid);
            }
            (answer, _) => answer?,
        };
        let padded = Secret::new(to_length(&self.cell(key.reader)?.name, answer.expose(), block.len())?);
        let unpadded = match &plan.encoding {
            Encoding::Pkcs1Unpad { .. } => rsa::pkcs1_unpad(&padded),
            Encoding::OaepUnpad { parameters, .. } => rsa::oaep_unpad(parameters, &padded),
            _ => return Ok(padded),
        };
        unpadded.and_then(rsa::Unpadded::into_message).map_err(|_| Error::EncryptedDataInvalid)
    }
}
