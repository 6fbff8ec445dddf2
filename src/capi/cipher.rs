//! Entry points of PKCS#11 3.1, 5.8, 5.13.5, 5.15.5 and 5.17: encryption, signatures with recovery, two operations at once.

use cryptoki_sys as ck;

use super::operation::{Plain, begin};
use super::{entry_points, input, instance, output};
use crate::engine::OperationKind;

entry_points! {
    /// Begins an encryption.
    fn C_EncryptInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM, key: ck::CK_OBJECT_HANDLE) {
        begin(session, mechanism, OperationKind::Encrypt, |engine, session, mechanism| {
            engine.encrypt_init(session, mechanism, input::object(key))
        })
    }

    /// Encrypts at once.
    fn C_Encrypt(
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
            || engine.encrypt_len(session, data.len()),
            |room| engine.encrypt(session, data, room),
        )
    }

    /// Encrypts a part.
    fn C_EncryptUpdate(
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
            || engine.encrypt_update_len(session, part.len()),
            |room| engine.encrypt_update(session, part, room),
        )
    }

    /// Ends the encryption that went on by parts.
    fn C_EncryptFinal(session: ck::CK_SESSION_HANDLE, output: *mut ck::CK_BYTE, output_len: *mut ck::CK_ULONG) {
        let (engine, session) = (instance::engine()?, input::session(session));
        output::bytes(
            output,
            output_len,
            || engine.encrypt_final_len(session),
            |room| engine.encrypt_final(session, room),
        )
    }

    /// Begins a signature from which the data can be recovered.
    fn C_SignRecoverInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM, key: ck::CK_OBJECT_HANDLE) {
        begin(session, mechanism, OperationKind::SignRecover, |engine, session, mechanism| {
            engine.sign_recover_init(session, mechanism, input::object(key))
        })
    }

    /// Signs with recovery.
    fn C_SignRecover(
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
            || engine.sign_recover_len(session),
            |room| engine.sign_recover(session, data, room),
        )
    }

    /// Begins a verification that gives the data of the signature.
    fn C_VerifyRecoverInit(session: ck::CK_SESSION_HANDLE, mechanism: *mut ck::CK_MECHANISM, key: ck::CK_OBJECT_HANDLE) {
        begin(session, mechanism, OperationKind::VerifyRecover, |engine, session, mechanism| {
            engine.verify_recover_init(session, mechanism, input::object(key))
        })
    }

    /// Gives the data of a signature.
    fn C_VerifyRecover(
        session: ck::CK_SESSION_HANDLE,
        signature: *mut ck::CK_BYTE,
        signature_len: ck::CK_ULONG,
        output: *mut ck::CK_BYTE,
        output_len: *mut ck::CK_ULONG,
    ) {
        let (engine, session) = (instance::engine()?, input::session(session));
        let signature = input::slice(signature.cast_const(), signature_len)?;
        output::bytes(
            output,
            output_len,
            || engine.verify_recover_len(session),
            |room| engine.verify_recover(session, signature, room),
        )
    }

    /// Digests a part and encrypts it.
    fn C_DigestEncryptUpdate(
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
            || engine.encrypt_update_len(session, part.len()),
            |room| engine.digest_encrypt_update(session, part, room),
        )
    }

    /// Decrypts a part and digests what comes out.
    fn C_DecryptDigestUpdate(
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
            |room| engine.decrypt_digest_update(session, part, room).map(Plain),
        )
    }

    /// Signs a part and encrypts it.
    fn C_SignEncryptUpdate(
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
            || engine.encrypt_update_len(session, part.len()),
            |room| engine.sign_encrypt_update(session, part, room),
        )
    }

    /// Decrypts a part and verifies what comes out.
    fn C_DecryptVerifyUpdate(
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
            |room| engine.decrypt_verify_update(session, part, room).map(Plain),
        )
    }
}
