//! Entry points of PKCS#11 3.1, 5.9, 5.11, 5.14 and 5.16: messages encrypted, decrypted, signed and verified one by one.

use std::sync::Arc;

use cryptoki_sys::{
    self as ck, CK_BYTE_PTR, CK_FLAGS, CK_GCM_MESSAGE_PARAMS, CK_MECHANISM_PTR, CK_OBJECT_HANDLE,
    CK_SESSION_HANDLE, CK_ULONG, CK_ULONG_PTR, CK_VOID_PTR,
};

use super::fault::Fault;
use super::operation::{always, begin, take, turn};
use super::{entry_points, input, instance};
use crate::engine::mechanism::Purpose;
use crate::engine::{
    self, Engine, MechanismId, MessageParameters, NonceGenerator, NonceRequest, ObjectHandle, OperationKind,
    SessionHandle,
};

entry_points! {
    /// Begins to encrypt messages.
    fn C_MessageEncryptInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin_messages(session, mechanism, key, OperationKind::MessageEncrypt, Engine::message_encrypt_init)
    }

    /// Encrypts a message; its tag and a nonce that is made here go where the parameters say.
    fn C_EncryptMessage(
        session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        associated: CK_BYTE_PTR, associated_len: CK_ULONG, data: CK_BYTE_PTR, data_len: CK_ULONG,
        encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR,
    ) {
        let message = Message::read(session, parameter, parameter_len)?.with_tag()?;
        let associated = input::slice(associated.cast_const(), associated_len)?;
        let length = |engine: &Engine, session, len| engine.message_len(session, Purpose::Encrypt, len);
        let output = (encrypted, encrypted_len);
        turn(session, (data, data_len), output, length, |engine, session, data, room| {
            let sealed = engine.encrypt_message(session, &message.parameters, associated, data, room)?;
            message.write_nonce(&sealed.nonce);
            message.write_tag(&sealed.tag);
            Ok(sealed.encrypted)
        })
    }

    /// Begins a message that is encrypted by parts; a nonce that is made here goes where the parameters say.
    fn C_EncryptMessageBegin(
        session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        associated: CK_BYTE_PTR, associated_len: CK_ULONG,
    ) {
        let message = Message::read(session, parameter, parameter_len)?;
        take(session, (associated, associated_len), |engine, session, associated| {
            let nonce = engine.encrypt_message_begin(session, &message.parameters, associated)?;
            message.write_nonce(&nonce);
            Ok(())
        })
    }

    /// Encrypts a part of the message; after the last one its tag goes where the parameters say.
    fn C_EncryptMessageNext(
        session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        part: CK_BYTE_PTR, part_len: CK_ULONG, encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR,
        flags: CK_FLAGS,
    ) {
        let last = last_message(session, parameter, parameter_len, flags)?;
        let length = |engine: &Engine, session, len| {
            engine.message_next_len(session, Purpose::Encrypt, len, last.is_some())
        };
        let output = (encrypted, encrypted_len);
        turn(session, (part, part_len), output, length, |engine, session, part, room| {
            let tag_bits = last.as_ref().map(|message| message.parameters.tag_bits);
            let (encrypted, tag) = engine.encrypt_message_next(session, part, tag_bits, room)?;
            if let (Some(message), Some(tag)) = (&last, tag) {
                message.write_tag(&tag);
            }
            Ok(encrypted)
        })
    }

    /// Ends the encryption of messages.
    fn C_MessageEncryptFinal(session: CK_SESSION_HANDLE) {
        Ok(instance::engine()?.message_crypt_final(input::session(session), Purpose::Encrypt)?)
    }

    /// Begins to decrypt messages.
    fn C_MessageDecryptInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin_messages(session, mechanism, key, OperationKind::MessageDecrypt, Engine::message_decrypt_init)
    }

    /// Decrypts a message whose tag is in the parameters.
    fn C_DecryptMessage(
        session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        associated: CK_BYTE_PTR, associated_len: CK_ULONG, encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
    ) {
        let message = Message::read(session, parameter, parameter_len)?.with_tag()?;
        let associated = input::slice(associated.cast_const(), associated_len)?;
        let tag = message.tag()?;
        let length = |engine: &Engine, session, len| engine.message_len(session, Purpose::Decrypt, len);
        let output = (data, data_len);
        turn(session, (encrypted, encrypted_len), output, length, |engine, session, encrypted, room| {
            engine.decrypt_message(session, &message.parameters, associated, (encrypted, tag), room)
        })
    }

    /// Begins a message that is decrypted by parts.
    fn C_DecryptMessageBegin(
        session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        associated: CK_BYTE_PTR, associated_len: CK_ULONG,
    ) {
        let message = Message::read(session, parameter, parameter_len)?;
        take(session, (associated, associated_len), |engine, session, associated| {
            engine.decrypt_message_begin(session, &message.parameters, associated)
        })
    }

    /// Takes a part of the message; all of it comes out with the last one, if the tag in the parameters is right.
    fn C_DecryptMessageNext(
        session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        part: CK_BYTE_PTR, part_len: CK_ULONG, data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
        flags: CK_FLAGS,
    ) {
        let last = last_message(session, parameter, parameter_len, flags)?;
        let tag = match &last {
            Some(message) => Some(message.tag()?),
            None => None,
        };
        let length = |engine: &Engine, session, len| {
            engine.message_next_len(session, Purpose::Decrypt, len, tag.is_some())
        };
        turn(session, (part, part_len), (data, data_len), length, |engine, session, part, room| {
            engine.decrypt_message_next(session, part, tag, room)
        })
    }

    /// Ends the decryption of messages.
    fn C_MessageDecryptFinal(session: CK_SESSION_HANDLE) {
        Ok(instance::engine()?.message_crypt_final(input::session(session), Purpose::Decrypt)?)
    }

    /// Begins to sign messages.
    fn C_MessageSignInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::MessageSign, Engine::message_sign_init)
    }

    /// Signs a message.
    fn C_SignMessage(
        session: CK_SESSION_HANDLE, _parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG, signature: CK_BYTE_PTR, signature_len: CK_ULONG_PTR,
    ) {
        no_parameter(session, parameter_len)?;
        let output = (signature, signature_len);
        turn(session, (data, data_len), output, always(Engine::sign_message_len), Engine::sign_message)
    }

    /// Begins a message that is signed by parts.
    fn C_SignMessageBegin(session: CK_SESSION_HANDLE, _parameter: CK_VOID_PTR, parameter_len: CK_ULONG) {
        Ok(no_parameter(session, parameter_len)?.sign_message_begin(input::session(session))?)
    }

    /// Takes a part of the message. Where there is a place for the length of a signature, it is the last one.
    fn C_SignMessageNext(
        session: CK_SESSION_HANDLE, _parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        part: CK_BYTE_PTR, part_len: CK_ULONG, signature: CK_BYTE_PTR, signature_len: CK_ULONG_PTR,
    ) {
        no_parameter(session, parameter_len)?;
        if signature_len.is_null() {
            return take(session, (part, part_len), Engine::sign_message_next);
        }
        let output = (signature, signature_len);
        turn(session, (part, part_len), output, always(Engine::sign_message_len), Engine::sign_message_end)
    }

    /// Ends the signing of messages.
    fn C_MessageSignFinal(session: CK_SESSION_HANDLE) {
        Ok(instance::engine()?.message_sign_final(input::session(session))?)
    }

    /// Begins to verify messages.
    fn C_MessageVerifyInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::MessageVerify, Engine::message_verify_init)
    }

    /// Verifies a message.
    fn C_VerifyMessage(
        session: CK_SESSION_HANDLE, _parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG, signature: CK_BYTE_PTR, signature_len: CK_ULONG,
    ) {
        no_parameter(session, parameter_len)?;
        let signature = input::slice(signature.cast_const(), signature_len)?;
        take(session, (data, data_len), |engine, session, data| engine.verify_message(session, data, signature))
    }

    /// Begins a message that is verified by parts.
    fn C_VerifyMessageBegin(session: CK_SESSION_HANDLE, _parameter: CK_VOID_PTR, parameter_len: CK_ULONG) {
        Ok(no_parameter(session, parameter_len)?.verify_message_begin(input::session(session))?)
    }

    /// Takes a part of the message. Where there is a signature, it is the last one.
    fn C_VerifyMessageNext(
        session: CK_SESSION_HANDLE, _parameter: CK_VOID_PTR, parameter_len: CK_ULONG,
        part: CK_BYTE_PTR, part_len: CK_ULONG, signature: CK_BYTE_PTR, signature_len: CK_ULONG,
    ) {
        no_parameter(session, parameter_len)?;
        let signature = match signature.is_null() {
            true => None,
            false => Some(input::slice(signature.cast_const(), signature_len)?),
        };
        take(session, (part, part_len), |engine, session, part| {
            engine.verify_message_next(session, part, signature)
        })
    }

    /// Ends the verification of messages.
    fn C_MessageVerifyFinal(session: CK_SESSION_HANDLE) {
        Ok(instance::engine()?.message_verify_final(input::session(session))?)
    }
}

/// Begins the encryption or decryption of messages, as [`begin`]. What a message needs comes with it: the mechanism has no
/// parameters, or those of a message, which say nothing yet.
///
/// # Safety
/// `mechanism` is NULL or valid for one mechanism.
unsafe fn begin_messages(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
    kind: OperationKind,
    init: impl FnOnce(&Engine, SessionHandle, MechanismId, ObjectHandle) -> engine::Result<()>,
) -> Result<(), Fault> {
    // SAFETY: the caller's promise.
    let Some(given) = (unsafe { mechanism.as_ref() }) else {
        // SAFETY: there is no mechanism to look at.
        return unsafe { begin(session, mechanism, key, kind, |_, _, _, _| Ok(())) };
    };
    let engine = instance::engine()?;
    if !matches!(usize::try_from(given.ulParameterLen), Ok(0 | PARAMETERS_LEN)) {
        return Err(PARAMETERS_BAD);
    }
    Ok(init(&engine, input::session(session), MechanismId(given.mechanism), input::object(key))?)
}

/// The parameters of one message, and the places in them for what comes out.
struct Message {
    parameters: MessageParameters,
    nonce: CK_BYTE_PTR,
    tag: CK_BYTE_PTR,
}

impl Message {
    /// # Safety
    /// `parameter` is NULL or valid for `len` bytes, and the pointers in it for the lengths beside them.
    unsafe fn read(session: CK_SESSION_HANDLE, parameter: CK_VOID_PTR, len: CK_ULONG) -> Result<Self, Fault> {
        check_session(session)?;
        if parameter.is_null() || usize::try_from(len) != Ok(PARAMETERS_LEN) {
            return Err(PARAMETERS_BAD);
        }
        // SAFETY: not NULL, and the caller promises as many bytes; no alignment is needed, and any are a value.
        let raw = unsafe { parameter.cast::<CK_GCM_MESSAGE_PARAMS>().read_unaligned() };
        if raw.ulIvLen > LONGEST_NONCE {
            return Err(PARAMETERS_BAD);
        }
        let generator = match raw.ivGenerator {
            ck::CKG_NO_GENERATE => NonceGenerator::Caller,
            ck::CKG_GENERATE_COUNTER => NonceGenerator::Counter,
            ck::CKG_GENERATE_COUNTER_XOR => NonceGenerator::CounterXor,
            // Where any way is right, chance needs no memory of other keys and other programs.
            ck::CKG_GENERATE | ck::CKG_GENERATE_RANDOM => NonceGenerator::Random,
            _ => return Err(PARAMETERS_BAD),
        };
        // SAFETY: the caller's promise.
        let nonce = unsafe { input::slice(raw.pIv.cast_const(), raw.ulIvLen) };
        let nonce = nonce.map_err(|_| PARAMETERS_BAD)?.to_vec();
        let request = NonceRequest { nonce, fixed_bits: raw.ulIvFixedBits, generator };
        let tag_bits = u32::try_from(raw.ulTagBits).map_err(|_| PARAMETERS_BAD)?;
        let parameters = MessageParameters { nonce: request, tag_bits };
        Ok(Self { parameters, nonce: raw.pIv, tag: raw.pTag })
    }

    /// The same, if it has a place for the tag.
    fn with_tag(self) -> Result<Self, Fault> {
        if self.tag.is_null() { Err(PARAMETERS_BAD) } else { Ok(self) }
    }

    /// The tag that the caller gives.
    ///
    /// # Safety
    /// The promise of [`Message::read`].
    unsafe fn tag(&self) -> Result<&[u8], Fault> {
        // SAFETY: the caller's promise.
        unsafe { input::slice(self.tag.cast_const(), (self.parameters.tag_bits / 8).into()) }
    }

    /// Writes a nonce that was made, which is as long as the one that was given.
    ///
    /// # Safety
    /// The promise of [`Message::read`].
    unsafe fn write_nonce(&self, nonce: &[u8]) {
        let NonceRequest { nonce: given, generator, .. } = &self.parameters.nonce;
        if *generator != NonceGenerator::Caller && nonce.len() == given.len() {
            // SAFETY: the caller promises room for as many bytes.
            unsafe { std::ptr::copy_nonoverlapping(nonce.as_ptr(), self.nonce, nonce.len()) };
        }
    }

    /// Writes a tag of as many bits as were asked for.
    ///
    /// # Safety
    /// The promise of [`Message::read`].
    unsafe fn write_tag(&self, tag: &[u8]) {
        if !self.tag.is_null() && tag.len() == self.parameters.tag_bits as usize / 8 {
            // SAFETY: not NULL, and the caller promises room for as many bytes.
            unsafe { std::ptr::copy_nonoverlapping(tag.as_ptr(), self.tag, tag.len()) };
        }
    }
}

/// The parameters that come with the last part of a message: that is where its tag goes, or comes from.
///
/// # Safety
/// The promise of [`Message::read`].
unsafe fn last_message(
    session: CK_SESSION_HANDLE,
    parameter: CK_VOID_PTR,
    len: CK_ULONG,
    flags: CK_FLAGS,
) -> Result<Option<Message>, Fault> {
    match flags {
        0 => check_session(session).map(|_| None),
        // SAFETY: the caller's promise.
        ck::CKF_END_OF_MESSAGE => unsafe { Message::read(session, parameter, len)?.with_tag().map(Some) },
        _ => Err(Fault::ARGUMENTS_BAD),
    }
}

/// No mechanism for signatures has parameters that change from message to message.
fn no_parameter(session: CK_SESSION_HANDLE, len: CK_ULONG) -> Result<Arc<Engine>, Fault> {
    let engine = check_session(session)?;
    if len == 0 { Ok(engine) } else { Err(PARAMETERS_BAD) }
}

/// What is wrong with the session comes before what is wrong with the parameters.
fn check_session(session: CK_SESSION_HANDLE) -> Result<Arc<Engine>, Fault> {
    let engine = instance::engine()?;
    engine.session_info(input::session(session))?;
    Ok(engine)
}

const PARAMETERS_LEN: usize = size_of::<CK_GCM_MESSAGE_PARAMS>();
const PARAMETERS_BAD: Fault = Fault::Code(ck::CKR_MECHANISM_PARAM_INVALID);
/// Longer nonces than any mechanism has.
const LONGEST_NONCE: CK_ULONG = 256;
