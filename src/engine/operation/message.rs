//! Messages encrypted one by one with a key of a session, each with its tag apart (PKCS#11 3.1, 5.9 and 5.11). A message
//! that is opened shows nothing before its tag was right.

use super::cipher::Cipher;
use super::input::check_room;
use super::key::HostKey;
use super::nonce::{NonceError, NonceRequest};
use super::{MESSAGE_DECRYPTION, MESSAGE_ENCRYPTION, Operations};
use crate::codec::Secret;
use crate::engine::error::Error;
use crate::engine::mechanism::{Encoding, KeyFacts, MechanismId, Parameters, Purpose, mechanism};
use crate::engine::session::SessionHandle;
use crate::engine::session_object::Material;
use crate::engine::{Engine, ObjectHandle, Result, lock};
use crate::token::KeyAlgorithm;

/// What comes with one message (`CK_GCM_MESSAGE_PARAMS`), but for its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageParameters {
    /// How its nonce comes about. Who opens a message gives the nonce, whatever made it.
    pub nonce: NonceRequest,
    /// Bits of its tag.
    pub tag_bits: u32,
}

/// A message-based encryption or decryption: a key, and the message that goes on by parts.
pub(in crate::engine) struct Messages {
    mechanism: MechanismId,
    algorithm: KeyAlgorithm,
    key: HostKey,
    purpose: Purpose,
    current: Option<Message>,
}

struct Message {
    cipher: Cipher,
    tag_len: usize,
}

/// An encrypted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The nonce that was used.
    pub nonce: Vec<u8>,
    /// The message, as long as it was.
    pub encrypted: Vec<u8>,
    /// Its tag.
    pub tag: Vec<u8>,
}

impl Engine {
    /// Begins to encrypt messages. Errors: as [`Engine::encrypt_init`]; `MechanismInvalid` for what knows no messages.
    pub fn message_encrypt_init(
        &self,
        session: SessionHandle,
        mechanism: MechanismId,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begin_messages(session, mechanism, key, Purpose::Encrypt)
    }

    /// Begins to decrypt messages. Errors: as [`Engine::message_encrypt_init`].
    pub fn message_decrypt_init(
        &self,
        session: SessionHandle,
        mechanism: MechanismId,
        key: ObjectHandle,
    ) -> Result<()> {
        self.begin_messages(session, mechanism, key, Purpose::Decrypt)
    }

    /// Encrypts a message at once. Errors: `BufferTooSmall` before a nonce was made; `OperationActive` in the middle of
    /// another message.
    pub fn encrypt_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        associated_data: &[u8],
        data: &[u8],
        room: usize,
    ) -> Result<Sealed> {
        self.with_messages(session, Purpose::Encrypt, |messages| {
            messages.check_idle()?;
            check_room(data.len(), room)?;
            let (nonce, message) = messages.begin(parameters, associated_data)?;
            let (encrypted, tag) = message.seal(data)?;
            Ok(Sealed { nonce, encrypted, tag })
        })
    }

    /// Begins a message that is encrypted by parts. Gives its nonce.
    pub fn encrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        associated_data: &[u8],
    ) -> Result<Vec<u8>> {
        self.with_messages(session, Purpose::Encrypt, |messages| {
            messages.check_idle()?;
            let (nonce, message) = messages.begin(parameters, associated_data)?;
            messages.current = Some(message);
            Ok(nonce)
        })
    }

    /// Encrypts a part of the message, or the last one, for which the length of the tag is said again: then it gives
    /// the tag too.
    pub fn encrypt_message_next(
        &self,
        session: SessionHandle,
        part: &[u8],
        last_tag_bits: Option<u32>,
        room: usize,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        self.with_messages(session, Purpose::Encrypt, |messages| {
            check_room(messages.next_len(part.len(), last_tag_bits.is_some())?, room)?;
            // Whatever goes wrong from here on ends the message.
            let mut message = messages.take_current()?;
            if let Some(bits) = last_tag_bits {
                if bits as usize / 8 != message.tag_len {
                    let why = "the length of the tag is another one than at the beginning of the message";
                    return Err(Error::MechanismParameters { mechanism: messages.mechanism, why });
                }
                return message.seal(part).map(|(encrypted, tag)| (encrypted, Some(tag)));
            }
            let encrypted = message.cipher.update(part, &mut no_blocks)?;
            messages.current = Some(message);
            Ok((encrypted.expose().to_vec(), None))
        })
    }

    /// Decrypts a message at once. Errors: `MessageNotAuthentic`; as [`Engine::encrypt_message`].
    pub fn decrypt_message(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        associated_data: &[u8],
        (encrypted, tag): (&[u8], &[u8]),
        room: usize,
    ) -> Result<Secret> {
        self.with_messages(session, Purpose::Decrypt, |messages| {
            messages.check_idle()?;
            check_room(encrypted.len(), room)?;
            let (_, message) = messages.begin(parameters, associated_data)?;
            message.open(encrypted, tag)
        })
    }

    /// Begins a message that is decrypted by parts.
    pub fn decrypt_message_begin(
        &self,
        session: SessionHandle,
        parameters: &MessageParameters,
        associated_data: &[u8],
    ) -> Result<()> {
        self.with_messages(session, Purpose::Decrypt, |messages| {
            messages.check_idle()?;
            let (_, message) = messages.begin(parameters, associated_data)?;
            messages.current = Some(message);
            Ok(())
        })
    }

    /// Takes a part of the message, or the last one with the tag: then it gives all of it.
    /// Errors: `MessageNotAuthentic`, and the message is over.
    pub fn decrypt_message_next(
        &self,
        session: SessionHandle,
        part: &[u8],
        tag: Option<&[u8]>,
        room: usize,
    ) -> Result<Secret> {
        self.with_messages(session, Purpose::Decrypt, |messages| {
            check_room(messages.next_len(part.len(), tag.is_some())?, room)?;
            let mut message = messages.take_current()?;
            match tag {
                Some(tag) => message.open(part, tag),
                None => {
                    let nothing = message.cipher.update(part, &mut no_blocks)?;
                    messages.current = Some(message);
                    Ok(nothing)
                }
            }
        })
    }

    /// Bytes that a message encrypted or decrypted at once has, without doing it.
    pub fn message_len(&self, session: SessionHandle, purpose: Purpose, len: usize) -> Result<usize> {
        self.with_messages(session, purpose, |messages| messages.check_idle().map(|()| len))
    }

    /// Bytes that a part of a message gives, without doing it.
    pub fn message_next_len(
        &self,
        session: SessionHandle,
        purpose: Purpose,
        part_len: usize,
        is_last: bool,
    ) -> Result<usize> {
        self.with_messages(session, purpose, |messages| messages.next_len(part_len, is_last))
    }

    /// Ends the messages of one direction, and one that is going on. Errors: `OperationNotInitialized`.
    pub fn message_crypt_final(&self, session: SessionHandle, purpose: Purpose) -> Result<()> {
        let session = self.session(session)?;
        let ended = place(&mut lock(&session.operations), purpose).take();
        ended.map(|_| ()).ok_or(Error::OperationNotInitialized(name(purpose)))
    }

    fn begin_messages(
        &self,
        session: SessionHandle,
        mechanism: MechanismId,
        key: ObjectHandle,
        purpose: Purpose,
    ) -> Result<()> {
        self.with_session(session, |session| {
            let mut operations = lock(&session.operations);
            if place(&mut operations, purpose).is_some() {
                return Err(Error::OperationActive(name(purpose)));
            }
            let (algorithm, key) = self.prepare_messages(session, mechanism, key, purpose)?;
            *place(&mut operations, purpose) =
                Some(Messages { mechanism, algorithm, key, purpose, current: None });
            Ok(())
        })
    }

    fn with_messages<T>(
        &self,
        session: SessionHandle,
        purpose: Purpose,
        job: impl FnOnce(&mut Messages) -> Result<T>,
    ) -> Result<T> {
        let session = self.session(session)?;
        let mut operations = lock(&session.operations);
        let messages = place(&mut operations, purpose).as_mut();
        let messages = messages.ok_or(Error::OperationNotInitialized(name(purpose)))?;
        self.check_there(&messages.key)?;
        job(messages)
    }
}

impl Messages {
    fn check_idle(&self) -> Result<()> {
        match self.current {
            None => Ok(()),
            Some(_) => Err(Error::OperationActive("message")),
        }
    }

    fn take_current(&mut self) -> Result<Message> {
        self.current.take().ok_or(Error::OperationNotInitialized("message"))
    }

    fn next_len(&self, part_len: usize, is_last: bool) -> Result<usize> {
        let message = self.current.as_ref().ok_or(Error::OperationNotInitialized("message"))?;
        Ok(match (is_last, self.purpose) {
            (false, _) => message.cipher.update_len(part_len),
            (true, Purpose::Decrypt) => message.cipher.finish_len(part_len.saturating_add(message.tag_len)),
            (true, _) => message.cipher.finish_len(part_len).saturating_sub(message.tag_len),
        })
    }

    /// A new message with its nonce. Errors: `MechanismParameters`, and no nonce was made.
    fn begin(
        &mut self,
        parameters: &MessageParameters,
        associated_data: &[u8],
    ) -> Result<(Vec<u8>, Message)> {
        let (id, purpose) = (self.mechanism, self.purpose);
        let facts = KeyFacts { algorithm: self.algorithm, card: None };
        let mode = |nonce: Vec<u8>| {
            let (associated_data, tag_bits) = (associated_data.to_vec(), parameters.tag_bits);
            let parameters = Parameters::Gcm { nonce, associated_data, tag_bits };
            match mechanism(id)?.plan(purpose, &parameters, Some(&facts))?.encoding {
                Encoding::Cipher(mode) => Ok(mode),
                _ => Err(Error::MechanismInvalid(id)),
            }
        };
        // Wrong parameters cost no nonce.
        mode(parameters.nonce.nonce.clone())?;
        let nonce = match purpose {
            Purpose::Decrypt => parameters.nonce.nonce.clone(),
            _ => lock(self.key.object.nonces()).next(&parameters.nonce).map_err(|error| match error {
                NonceError::Bad(why) => Error::MechanismParameters { mechanism: id, why },
                NonceError::Other(error) => error,
            })?,
        };
        let Material::Secret(key) = self.key.object.material() else { return Err(Error::KeyHandleInvalid) };
        let cipher = Cipher::new(&mode(nonce.clone())?, purpose == Purpose::Encrypt, Some(key))?;
        Ok((nonce, Message { cipher, tag_len: parameters.tag_bits as usize / 8 }))
    }
}

impl Message {
    /// The end of the cipher text, and the tag.
    fn seal(mut self, data: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
        let first = self.cipher.update(data, &mut no_blocks)?;
        let last = self.cipher.finish(&mut no_blocks)?;
        let mut encrypted = [first.expose(), last.expose()].concat();
        let tag = encrypted.split_off(encrypted.len().saturating_sub(self.tag_len));
        Ok((encrypted, tag))
    }

    /// The whole message.
    fn open(mut self, encrypted: &[u8], tag: &[u8]) -> Result<Secret> {
        if tag.len() != self.tag_len {
            return Err(Error::MessageNotAuthentic);
        }
        self.cipher.update(encrypted, &mut no_blocks)?;
        self.cipher.update(tag, &mut no_blocks)?;
        self.cipher.finish(&mut no_blocks).map_err(|error| match error {
            Error::EncryptedDataInvalid => Error::MessageNotAuthentic,
            other => other,
        })
    }
}

/// Messages run as a stream on the host.
fn no_blocks(_: Option<[u8; 16]>, _: &[u8]) -> Result<Secret> {
    Err(Error::NotSupported("messages in blocks"))
}

fn place(operations: &mut Operations, purpose: Purpose) -> &mut Option<Messages> {
    match purpose {
        Purpose::Decrypt => &mut operations.message_decrypt,
        _ => &mut operations.message_encrypt,
    }
}

fn name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Decrypt => MESSAGE_DECRYPTION,
        _ => MESSAGE_ENCRYPTION,
    }
}
