//! Entry points of PKCS#11 3.1, 5.9 to 5.17: digests, signatures, verification, decryption, random bytes.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance, output};
use crate::engine::{self, Engine, MechanismCall, OperationKind, SessionHandle};

entry_points! {
    /// Begins a digest.
    fn C_DigestInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM) {
        begin(session, mechanism, OperationKind::Digest, |engine, session, mechanism| {
            engine.digest_init(session, mechanism)
        })
    }

    /// Adds to the digest.
    fn C_DigestUpdate(session: ck::CK_SESSION_HANDLE, part: *mut ck::CK_BYTE, part_len: ck::CK_ULONG) {
        let engine = instance::engine()?;
        Ok(engine.digest_update(input::session(session), input::slice(part.cast_const(), part_len)?)?)
    }

    /// Adds the value of a secret key to the digest.
    fn C_DigestKey(session: ck::CK_SESSION_HANDLE, key: ck::CK_OBJECT_HANDLE) {
        Ok(instance::engine()?.digest_key(input::session(session), input::object(key))?)
    }

    /// Begins a signature.
    fn C_SignInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM, key: ck::CK_OBJECT_HANDLE) {
        begin(session, mechanism, OperationKind::Sign, |engine, session, mechanism| {
            engine.sign_init(session, mechanism, input::object(key))
        })
    }

    /// Begins a verification.
    fn C_VerifyInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM, key: ck::CK_OBJECT_HANDLE) {
        begin(session, mechanism, OperationKind::Verify, |engine, session, mechanism| {
            engine.verify_init(session, mechanism, input::object(key))
        })
    }

    /// Begins a decryption.
    fn C_DecryptInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM, key: ck::CK_OBJECT_HANDLE) {
        begin(session, mechanism, OperationKind::Decrypt, |engine, session, mechanism| {
            engine.decrypt_init(session, mechanism, input::object(key))
        })
    }

    /// Adds to the data of a signature.
    fn C_SignUpdate(session: ck::CK_SESSION_HANDLE, part: *mut ck::CK_BYTE, part_len: ck::CK_ULONG) {
        let engine = instance::engine()?;
        Ok(engine.sign_update(input::session(session), input::slice(part.cast_const(), part_len)?)?)
    }

    /// Adds to the data of a verification.
    fn C_VerifyUpdate(session: ck::CK_SESSION_HANDLE, part: *mut ck::CK_BYTE, part_len: ck::CK_ULONG) {
        let engine = instance::engine()?;
        Ok(engine.verify_update(input::session(session), input::slice(part.cast_const(), part_len)?)?)
    }

    /// Digests at once.
    fn C_Digest(
        session: ck::CK_SESSION_HANDLE,
        data: *mut ck::CK_BYTE,
        data_len: ck::CK_ULONG,
        output: *mut ck::CK_BYTE,
        output_len: *mut ck::CK_ULONG,
    ) {
        let (engine, session) = (instance::engine()?, input::session(session));
        let data = input::slice(data.cast_const(), data_len)?;
        output::bytes(output, output_len, || engine.digest_len(session), |room| engine.digest(session, data, room))
    }

    /// Ends the operation that went on by parts.
    fn C_DigestFinal(session: ck::CK_SESSION_HANDLE, output: *mut ck::CK_BYTE, output_len: *mut ck::CK_ULONG) {
        let (engine, session) = (instance::engine()?, input::session(session));
        output::bytes(output, output_len, || engine.digest_len(session), |room| engine.digest_final(session, room))
    }

    /// Signs at once.
    fn C_Sign(
        session: ck::CK_SESSION_HANDLE,
        data: *mut ck::CK_BYTE,
        data_len: ck::CK_ULONG,
        output: *mut ck::CK_BYTE,
        output_len: *mut ck::CK_ULONG,
    ) {
        let (engine, session) = (instance::engine()?, input::session(session));
        let data = input::slice(data.cast_const(), data_len)?;
        output::bytes(output, output_len, || engine.sign_len(session), |room| engine.sign(session, data, room))
    }

    /// Ends the operation that went on by parts.
    fn C_SignFinal(session: ck::CK_SESSION_HANDLE, output: *mut ck::CK_BYTE, output_len: *mut ck::CK_ULONG) {
        let (engine, session) = (instance::engine()?, input::session(session));
        output::bytes(output, output_len, || engine.sign_len(session), |room| engine.sign_final(session, room))
    }

    /// Decrypts at once.
    fn C_Decrypt(
        session: ck::CK_SESSION_HANDLE,
        data: *mut ck::CK_BYTE,
        data_len: ck::CK_ULONG,
        output: *mut ck::CK_BYTE,
        output_len: *mut ck::CK_ULONG,
    ) {
        let (engine, session) = (instance::engine()?, input::session(session));
        let data = input::slice(data.cast_const(), data_len)?;
        output::bytes(
            output,
            output_len,
            || engine.decrypt_len(session, data.len()),
            |room| engine.decrypt(session, data, room).map(Plain),
        )
    }

    /// Ends the operation that went on by parts.
    fn C_DecryptFinal(session: ck::CK_SESSION_HANDLE, output: *mut ck::CK_BYTE, output_len: *mut ck::CK_ULONG) {
        let (engine, session) = (instance::engine()?, input::session(session));
        output::bytes(
            output,
            output_len,
            || engine.decrypt_final_len(session),
            |room| engine.decrypt_final(session, room).map(Plain),
        )
    }

    /// Takes a part of the encrypted data.
    fn C_DecryptUpdate(
        session: ck::CK_SESSION_HANDLE,
        part: *mut ck::CK_BYTE,
        part_len: ck::CK_ULONG,
        output: *mut ck::CK_BYTE,
        output_len: *mut ck::CK_ULONG,
    ) {
        let (engine, session) = (instance::engine()?, input::session(session));
        let part = input::slice(part.cast_const(), part_len)?;
        output::bytes(
            output,
            output_len,
            || engine.decrypt_update_len(session, part.len()),
            |room| engine.decrypt_update(session, part, room).map(Plain),
        )
    }

    /// Verifies at once.
    fn C_Verify(
        session: ck::CK_SESSION_HANDLE,
        data: *mut ck::CK_BYTE,
        data_len: ck::CK_ULONG,
        signature: *mut ck::CK_BYTE,
        signature_len: ck::CK_ULONG,
    ) {
        let engine = instance::engine()?;
        let data = input::slice(data.cast_const(), data_len)?;
        let signature = input::slice(signature.cast_const(), signature_len)?;
        Ok(engine.verify(input::session(session), data, signature)?)
    }

    /// Ends the verification that went on by parts.
    fn C_VerifyFinal(session: ck::CK_SESSION_HANDLE, signature: *mut ck::CK_BYTE, signature_len: ck::CK_ULONG) {
        let engine = instance::engine()?;
        let signature = input::slice(signature.cast_const(), signature_len)?;
        Ok(engine.verify_final(input::session(session), signature)?)
    }

    /// Gives random bytes of the token.
    fn C_GenerateRandom(session: ck::CK_SESSION_HANDLE, random: *mut ck::CK_BYTE, len: ck::CK_ULONG) {
        let engine = instance::engine()?;
        let room = usize::try_from(len).map_err(|_| Fault::ARGUMENTS_BAD)?;
        if random.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let bytes = engine.random(input::session(session), room)?;
        let mut written = len;
        output::bytes(random, &raw mut written, || Ok(room), |_| Ok(Plain(bytes)))
    }

    /// Refuses seeds: the token's generator takes none.
    fn C_SeedRandom(session: ck::CK_SESSION_HANDLE, _seed: *mut ck::CK_BYTE, _seed_len: ck::CK_ULONG) {
        instance::engine()?.session_info(input::session(session))?;
        Err(Fault::Code(ck::CKR_RANDOM_SEED_NOT_SUPPORTED))
    }
}

/// Begins an operation. Without a mechanism the one that is going on ends (PKCS#11 3.0, 5.8.1 and its kin); where there
/// is none, NULL is what it always was.
///
/// # Safety
/// `mechanism` is NULL or valid for one mechanism, and that for its parameters.
pub(super) unsafe fn begin(
    session: ck::CK_SESSION_HANDLE,
    mechanism: *mut ck::CK_MECHANISM,
    kind: OperationKind,
    init: impl FnOnce(&Engine, SessionHandle, &MechanismCall) -> engine::Result<()>,
) -> Result<(), Fault> {
    let (engine, session) = (instance::engine()?, input::session(session));
    if mechanism.is_null() {
        return if engine.cancel(session, &[kind])? { Ok(()) } else { Err(Fault::ARGUMENTS_BAD) };
    }
    // SAFETY: the caller's promise.
    let mechanism = unsafe { input::mechanism(mechanism)? };
    Ok(init(&engine, session, &mechanism)?)
}

/// Secret output on its way to the caller's memory.
pub(super) struct Plain(pub(super) crate::codec::Secret);

impl AsRef<[u8]> for Plain {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}
