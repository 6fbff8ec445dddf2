//! Entry points of PKCS#11 3.1, 5.6: sessions and login.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance};
use crate::codec::Secret;
use crate::engine::{OperationKind, SessionMode, SessionState, UserKind};

entry_points! {
    /// Opens a session. Callbacks are not used: what they would announce is asked for.
    fn C_OpenSession(
        slot: ck::CK_SLOT_ID,
        flags: ck::CK_FLAGS,
        _application: ck::CK_VOID_PTR,
        _notify: ck::CK_NOTIFY,
        session: *mut ck::CK_SESSION_HANDLE,
    ) {
        let engine = instance::engine()?;
        if session.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        if flags & ck::CKF_SERIAL_SESSION == 0 {
            return Err(Fault::Code(ck::CKR_SESSION_PARALLEL_NOT_SUPPORTED));
        }
        let mode =
            if flags & ck::CKF_RW_SESSION == 0 { SessionMode::ReadOnly } else { SessionMode::ReadWrite };
        let handle = engine.open_session(input::slot(slot)?, mode)?;
        input::write(session, handle.0)
    }

    /// Closes a session.
    fn C_CloseSession(session: ck::CK_SESSION_HANDLE) {
        Ok(instance::engine()?.close_session(input::session(session))?)
    }

    /// Closes every session of a token.
    fn C_CloseAllSessions(slot: ck::CK_SLOT_ID) {
        Ok(instance::engine()?.close_all_sessions(input::slot(slot)?)?)
    }

    /// Describes a session.
    fn C_GetSessionInfo(session: ck::CK_SESSION_HANDLE, info: *mut ck::CK_SESSION_INFO) {
        let described = instance::engine()?.session_info(input::session(session))?;
        let state = match described.state {
            SessionState::ReadOnlyPublic => ck::CKS_RO_PUBLIC_SESSION,
            SessionState::ReadOnlyUser => ck::CKS_RO_USER_FUNCTIONS,
            SessionState::ReadWritePublic => ck::CKS_RW_PUBLIC_SESSION,
            SessionState::ReadWriteUser => ck::CKS_RW_USER_FUNCTIONS,
            SessionState::ReadWriteSecurityOfficer => ck::CKS_RW_SO_FUNCTIONS,
        };
        let mode = match described.mode {
            SessionMode::ReadOnly => 0,
            SessionMode::ReadWrite => ck::CKF_RW_SESSION,
        };
        input::write(info, ck::CK_SESSION_INFO {
            slotID: ck::CK_SLOT_ID::from(described.slot.0),
            state,
            flags: ck::CKF_SERIAL_SESSION | mode,
            ulDeviceError: 0,
        })
    }

    /// Logs in to the session's token. NULL stands for the reader's pinpad.
    fn C_Login(
        session: ck::CK_SESSION_HANDLE,
        user: ck::CK_USER_TYPE,
        pin: *mut ck::CK_UTF8CHAR,
        pin_len: ck::CK_ULONG,
    ) {
        login(session, user, pin, pin_len)
    }

    /// As `C_Login`. These tokens know their users by PIN, not by name: a name is refused.
    fn C_LoginUser(
        session: ck::CK_SESSION_HANDLE,
        user: ck::CK_USER_TYPE,
        pin: *mut ck::CK_UTF8CHAR,
        pin_len: ck::CK_ULONG,
        name: *mut ck::CK_UTF8CHAR,
        name_len: ck::CK_ULONG,
    ) {
        instance::engine()?;
        if !input::slice(name.cast_const(), name_len)?.is_empty() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        login(session, user, pin, pin_len)
    }

    /// Ends operations of a session without a result.
    fn C_SessionCancel(session: ck::CK_SESSION_HANDLE, flags: ck::CK_FLAGS) {
        let kinds: Vec<_> = OPERATIONS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, kind)| *kind).collect();
        instance::engine()?.cancel(input::session(session), &kinds)?;
        Ok(())
    }

    /// Tells which validations the last operation met: none of these tokens is validated in the sense of the standard.
    fn C_GetSessionValidationFlags(
        session: ck::CK_SESSION_HANDLE,
        kind: ck::CK_SESSION_VALIDATION_FLAGS_TYPE,
        flags: *mut ck::CK_FLAGS,
    ) {
        instance::engine()?.session_info(input::session(session))?;
        if kind != ck::CKS_LAST_VALIDATION_OK {
            return Err(Fault::ARGUMENTS_BAD);
        }
        input::write(flags, 0)
    }

    /// Logs out of the session's token.
    fn C_Logout(session: ck::CK_SESSION_HANDLE) {
        Ok(instance::engine()?.logout(input::session(session))?)
    }
}

/// # Safety
/// `pin` is NULL or valid for `pin_len` bytes.
unsafe fn login(
    session: ck::CK_SESSION_HANDLE,
    user: ck::CK_USER_TYPE,
    pin: *mut ck::CK_UTF8CHAR,
    pin_len: ck::CK_ULONG,
) -> Result<(), Fault> {
    let engine = instance::engine()?;
    let user = match user {
        ck::CKU_USER => UserKind::User,
        ck::CKU_SO => UserKind::SecurityOfficer,
        ck::CKU_CONTEXT_SPECIFIC => UserKind::ContextSpecific,
        _ => return Err(Fault::Code(ck::CKR_USER_TYPE_INVALID)),
    };
    let pin = if pin.is_null() {
        None
    } else {
        // SAFETY: the caller's promise.
        Some(Secret::from(unsafe { input::slice(pin.cast_const(), pin_len)? }))
    };
    Ok(engine.login(input::session(session), user, pin.as_ref())?)
}

/// What `C_SessionCancel` can name.
const OPERATIONS: [(ck::CK_FLAGS, OperationKind); 12] = [
    (ck::CKF_FIND_OBJECTS, OperationKind::Find),
    (ck::CKF_DIGEST, OperationKind::Digest),
    (ck::CKF_SIGN, OperationKind::Sign),
    (ck::CKF_SIGN_RECOVER, OperationKind::SignRecover),
    (ck::CKF_VERIFY, OperationKind::Verify),
    (ck::CKF_VERIFY_RECOVER, OperationKind::VerifyRecover),
    (ck::CKF_ENCRYPT, OperationKind::Encrypt),
    (ck::CKF_DECRYPT, OperationKind::Decrypt),
    (ck::CKF_MESSAGE_ENCRYPT, OperationKind::MessageEncrypt),
    (ck::CKF_MESSAGE_DECRYPT, OperationKind::MessageDecrypt),
    (ck::CKF_MESSAGE_SIGN, OperationKind::MessageSign),
    (ck::CKF_MESSAGE_VERIFY, OperationKind::MessageVerify),
];
