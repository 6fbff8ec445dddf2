//! Entry points of PKCS#11 3.1, 5.12 to 5.16 and 5.19: digests, signatures, verification, random bytes; 3.2, 5.17:
//! signatures that are there before the data. And the shapes that all operations have: begun with a mechanism, data taken,
//! data turned into other data.

use cryptoki_sys::{
    self as ck, CK_BYTE_PTR, CK_MECHANISM_PTR, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_ULONG, CK_ULONG_PTR,
};

use super::fault::Fault;
use super::{entry_points, input, instance, output};
use crate::engine::{self, Engine, MechanismCall, ObjectHandle, OperationKind, SessionHandle};

entry_points! {
    /// Begins a digest.
    fn C_DigestInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR) {
        begin(session, mechanism, 0, OperationKind::Digest, |engine, session, mechanism, _| {
            engine.digest_init(session, mechanism)
        })
    }

    /// Digests at once.
    fn C_Digest(
        session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG,
        digest: CK_BYTE_PTR, digest_len: CK_ULONG_PTR,
    ) {
        turn(session, (data, data_len), (digest, digest_len), always(Engine::digest_len), Engine::digest)
    }

    /// Adds to the digest.
    fn C_DigestUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG) {
        take(session, (part, part_len), Engine::digest_update)
    }

    /// Adds the value of a secret key to the digest.
    fn C_DigestKey(session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE) {
        Ok(instance::engine()?.digest_key(input::session(session), input::object(key))?)
    }

    /// Ends the digest that went on by parts.
    fn C_DigestFinal(session: CK_SESSION_HANDLE, digest: CK_BYTE_PTR, digest_len: CK_ULONG_PTR) {
        end(session, (digest, digest_len), Engine::digest_len, Engine::digest_final)
    }

    /// Begins a signature.
    fn C_SignInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::Sign, Engine::sign_init)
    }

    /// Signs at once.
    fn C_Sign(
        session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG,
        signature: CK_BYTE_PTR, signature_len: CK_ULONG_PTR,
    ) {
        turn(session, (data, data_len), (signature, signature_len), always(Engine::sign_len), Engine::sign)
    }

    /// Adds to the data of a signature.
    fn C_SignUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG) {
        take(session, (part, part_len), Engine::sign_update)
    }

    /// Ends the signature that went on by parts.
    fn C_SignFinal(session: CK_SESSION_HANDLE, signature: CK_BYTE_PTR, signature_len: CK_ULONG_PTR) {
        end(session, (signature, signature_len), Engine::sign_len, Engine::sign_final)
    }

    /// Begins a signature from which the data can be recovered.
    fn C_SignRecoverInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::SignRecover, Engine::sign_recover_init)
    }

    /// Signs with recovery.
    fn C_SignRecover(
        session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG,
        signature: CK_BYTE_PTR, signature_len: CK_ULONG_PTR,
    ) {
        let output = (signature, signature_len);
        turn(session, (data, data_len), output, always(Engine::sign_recover_len), Engine::sign_recover)
    }

    /// Begins a verification.
    fn C_VerifyInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::Verify, Engine::verify_init)
    }

    /// Verifies at once.
    fn C_Verify(
        session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG,
        signature: CK_BYTE_PTR, signature_len: CK_ULONG,
    ) {
        instance::engine()?;
        let signature = input::slice(signature.cast_const(), signature_len)?;
        take(session, (data, data_len), |engine, session, data| engine.verify(session, data, signature))
    }

    /// Adds to the data of a verification.
    fn C_VerifyUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG) {
        take(session, (part, part_len), Engine::verify_update)
    }

    /// Ends the verification that went on by parts.
    fn C_VerifyFinal(session: CK_SESSION_HANDLE, signature: CK_BYTE_PTR, signature_len: CK_ULONG) {
        take(session, (signature, signature_len), Engine::verify_final)
    }

    /// Begins a verification that gives the data of the signature.
    fn C_VerifyRecoverInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::VerifyRecover, Engine::verify_recover_init)
    }

    /// Gives the data of a signature.
    fn C_VerifyRecover(
        session: CK_SESSION_HANDLE, signature: CK_BYTE_PTR, signature_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
    ) {
        let input = (signature, signature_len);
        turn(session, input, (data, data_len), always(Engine::verify_recover_len), Engine::verify_recover)
    }

    /// Begins the verification of a signature that is there before the data.
    fn C_VerifySignatureInit(
        session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE,
        signature: CK_BYTE_PTR, signature_len: CK_ULONG,
    ) {
        instance::engine()?;
        let signature = input::slice(signature.cast_const(), signature_len)?;
        begin(session, mechanism, key, OperationKind::Verify, |engine, session, mechanism, key| {
            engine.verify_signature_init(session, mechanism, key, signature)
        })
    }

    /// Verifies that signature at once.
    fn C_VerifySignature(session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG) {
        take(session, (data, data_len), Engine::verify_signature)
    }

    /// Adds to the data of that signature.
    fn C_VerifySignatureUpdate(session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG) {
        take(session, (part, part_len), Engine::verify_signature_update)
    }

    /// Ends the verification of that signature that went on by parts.
    fn C_VerifySignatureFinal(session: CK_SESSION_HANDLE) {
        Ok(instance::engine()?.verify_signature_final(input::session(session))?)
    }

    /// Gives random bytes of the token.
    fn C_GenerateRandom(session: CK_SESSION_HANDLE, random: CK_BYTE_PTR, len: CK_ULONG) {
        if random.is_null() {
            instance::engine()?;
            return Err(Fault::ARGUMENTS_BAD);
        }
        let mut len = len;
        let room = |_: &Engine, _| Ok(0);
        end(session, (random, &raw mut len), room, |engine, session, room| engine.random(session, room))
    }

    /// Refuses seeds: the token's generator takes none.
    fn C_SeedRandom(session: CK_SESSION_HANDLE, _seed: CK_BYTE_PTR, _seed_len: CK_ULONG) {
        instance::engine()?.session_info(input::session(session))?;
        Err(Fault::Code(ck::CKR_RANDOM_SEED_NOT_SUPPORTED))
    }
}

/// Bytes that come in.
pub(super) type Input = (CK_BYTE_PTR, CK_ULONG);
/// Where bytes go.
pub(super) type Output = (CK_BYTE_PTR, CK_ULONG_PTR);

/// Begins an operation. Without a mechanism the one that is going on ends (PKCS#11 3.0, 5.8.1 and its kin); where there
/// is none, NULL is what it always was.
///
/// # Safety
/// `mechanism` is NULL or valid for one mechanism, and that for its parameters.
pub(super) unsafe fn begin(
    session: CK_SESSION_HANDLE,
    mechanism: CK_MECHANISM_PTR,
    key: CK_OBJECT_HANDLE,
    kind: OperationKind,
    init: impl FnOnce(&Engine, SessionHandle, &MechanismCall, ObjectHandle) -> engine::Result<()>,
) -> Result<(), Fault> {
    let (engine, session) = (instance::engine()?, input::session(session));
    if mechanism.is_null() {
        return if engine.cancel(session, &[kind])? { Ok(()) } else { Err(Fault::ARGUMENTS_BAD) };
    }
    // SAFETY: the caller's promise.
    let mechanism = unsafe { input::mechanism(mechanism)? };
    Ok(init(&engine, session, &mechanism, input::object(key))?)
}

/// Gives data to an operation that gives nothing back.
///
/// # Safety
/// The input is NULL or valid for its length.
pub(super) unsafe fn take(
    session: CK_SESSION_HANDLE,
    input: Input,
    job: impl FnOnce(&Engine, SessionHandle, &[u8]) -> engine::Result<()>,
) -> Result<(), Fault> {
    let (engine, session) = (instance::engine()?, input::session(session));
    // SAFETY: the caller's promise.
    let data = unsafe { input::slice(input.0.cast_const(), input.1)? };
    Ok(job(&engine, session, data)?)
}

/// Gives data to an operation and the caller what comes out, under the buffer rule. `length` says how much that will be.
///
/// # Safety
/// The input is NULL or valid for its length, the output for what its length says.
pub(super) unsafe fn turn<T: output::Bytes>(
    session: CK_SESSION_HANDLE,
    input: Input,
    output: Output,
    length: impl FnOnce(&Engine, SessionHandle, usize) -> engine::Result<usize>,
    produce: impl FnOnce(&Engine, SessionHandle, &[u8], usize) -> engine::Result<T>,
) -> Result<(), Fault> {
    let (engine, session) = (instance::engine()?, input::session(session));
    // SAFETY: the caller's promise.
    unsafe {
        let data = input::slice(input.0.cast_const(), input.1)?;
        let length = || length(&engine, session, data.len());
        output::bytes(output.0, output.1, length, |room| produce(&engine, session, data, room))
    }
}

/// As [`turn`], for the end of an operation that has all of its data.
///
/// # Safety
/// The output is NULL or valid for what its length says.
pub(super) unsafe fn end<T: output::Bytes>(
    session: CK_SESSION_HANDLE,
    output: Output,
    length: impl FnOnce(&Engine, SessionHandle) -> engine::Result<usize>,
    produce: impl FnOnce(&Engine, SessionHandle, usize) -> engine::Result<T>,
) -> Result<(), Fault> {
    let nothing = (std::ptr::null_mut(), 0);
    let produce = |engine: &Engine, session, _: &[u8], room| produce(engine, session, room);
    // SAFETY: the caller's promise; there is no input.
    unsafe { turn(session, nothing, output, always(length), produce) }
}

/// A length that does not depend on the data.
pub(super) fn always(
    length: impl FnOnce(&Engine, SessionHandle) -> engine::Result<usize>,
) -> impl FnOnce(&Engine, SessionHandle, usize) -> engine::Result<usize> {
    |engine, session, _| length(engine, session)
}
