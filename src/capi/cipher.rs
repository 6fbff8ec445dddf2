//! Entry points of PKCS#11 3.1, 5.8, 5.10 and 5.17: encryption, decryption, two operations at once.

use cryptoki_sys::{
    CK_BYTE_PTR, CK_MECHANISM_PTR, CK_OBJECT_HANDLE, CK_SESSION_HANDLE, CK_ULONG, CK_ULONG_PTR,
};

use super::entry_points;
use super::operation::{begin, end, turn};
use crate::engine::{Engine, OperationKind};

entry_points! {
    /// Begins an encryption.
    fn C_EncryptInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::Encrypt, Engine::encrypt_init)
    }

    /// Encrypts at once.
    fn C_Encrypt(
        session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG,
        encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR,
    ) {
        turn(session, (data, data_len), (encrypted, encrypted_len), Engine::encrypt_len, Engine::encrypt)
    }

    /// Encrypts a part.
    fn C_EncryptUpdate(
        session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG,
        encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR,
    ) {
        let output = (encrypted, encrypted_len);
        turn(session, (part, part_len), output, Engine::encrypt_update_len, Engine::encrypt_update)
    }

    /// Ends the encryption that went on by parts.
    fn C_EncryptFinal(session: CK_SESSION_HANDLE, encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR) {
        end(session, (encrypted, encrypted_len), Engine::encrypt_final_len, Engine::encrypt_final)
    }

    /// Begins a decryption.
    fn C_DecryptInit(session: CK_SESSION_HANDLE, mechanism: CK_MECHANISM_PTR, key: CK_OBJECT_HANDLE) {
        begin(session, mechanism, key, OperationKind::Decrypt, Engine::decrypt_init)
    }

    /// Decrypts at once.
    fn C_Decrypt(
        session: CK_SESSION_HANDLE, encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
    ) {
        turn(session, (encrypted, encrypted_len), (data, data_len), Engine::decrypt_len, Engine::decrypt)
    }

    /// Takes a part of the encrypted data.
    fn C_DecryptUpdate(
        session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
    ) {
        let output = (data, data_len);
        turn(session, (part, part_len), output, Engine::decrypt_update_len, Engine::decrypt_update)
    }

    /// Ends the decryption that went on by parts.
    fn C_DecryptFinal(session: CK_SESSION_HANDLE, data: CK_BYTE_PTR, data_len: CK_ULONG_PTR) {
        end(session, (data, data_len), Engine::decrypt_final_len, Engine::decrypt_final)
    }

    /// Digests a part and encrypts it.
    fn C_DigestEncryptUpdate(
        session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG,
        encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR,
    ) {
        let output = (encrypted, encrypted_len);
        turn(session, (part, part_len), output, Engine::encrypt_update_len, Engine::digest_encrypt_update)
    }

    /// Decrypts a part and digests what comes out.
    fn C_DecryptDigestUpdate(
        session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
    ) {
        let output = (data, data_len);
        turn(session, (part, part_len), output, Engine::decrypt_update_len, Engine::decrypt_digest_update)
    }

    /// Signs a part and encrypts it.
    fn C_SignEncryptUpdate(
        session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG,
        encrypted: CK_BYTE_PTR, encrypted_len: CK_ULONG_PTR,
    ) {
        let output = (encrypted, encrypted_len);
        turn(session, (part, part_len), output, Engine::encrypt_update_len, Engine::sign_encrypt_update)
    }

    /// Decrypts a part and verifies what comes out.
    fn C_DecryptVerifyUpdate(
        session: CK_SESSION_HANDLE, part: CK_BYTE_PTR, part_len: CK_ULONG,
        data: CK_BYTE_PTR, data_len: CK_ULONG_PTR,
    ) {
        let output = (data, data_len);
        turn(session, (part, part_len), output, Engine::decrypt_update_len, Engine::decrypt_verify_update)
    }
}
