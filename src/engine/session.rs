//! Sessions and login states (PKCS#11 3.1, 5.6): who may do what. No card, no objects.

use crate::layout::SlotId;

/// Names one session. Never reused within a process, and no pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionHandle(pub u64);

/// Whether a session may change the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionMode {
    /// Reads only (`CKF_RW_SESSION` not set).
    ReadOnly,
    /// Reads and writes.
    ReadWrite,
}

/// Who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// The holder of the token's PIN (`CKU_USER`).
    User,
    /// The security officer (`CKU_SO`).
    SecurityOfficer,
    /// The user again, for one operation with a key that asks for the PIN each time.
    ContextSpecific,
}

/// Who is logged in to a token: the same for all its sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Login {
    /// Nobody.
    #[default]
    Public,
    /// The user.
    User,
    /// The security officer.
    SecurityOfficer,
}

/// State of a session (`CKS_…`): its mode and who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is that of the standard")]
pub enum SessionState {
    ReadOnlyPublic,
    ReadOnlyUser,
    ReadWritePublic,
    ReadWriteUser,
    ReadWriteSecurityOfficer,
}

impl SessionState {
    /// The state that follows from mode and login. (A read-only session excludes the security officer.)
    pub fn of(mode: SessionMode, login: Login) -> Self {
        match (mode, login) {
            (SessionMode::ReadOnly, Login::User) => Self::ReadOnlyUser,
            (SessionMode::ReadOnly, Login::Public | Login::SecurityOfficer) => Self::ReadOnlyPublic,
            (SessionMode::ReadWrite, Login::Public) => Self::ReadWritePublic,
            (SessionMode::ReadWrite, Login::User) => Self::ReadWriteUser,
            (SessionMode::ReadWrite, Login::SecurityOfficer) => Self::ReadWriteSecurityOfficer,
        }
    }
}

/// One session (`CK_SESSION_INFO`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionInfo {
    /// The slot of its token.
    pub slot: SlotId,
    /// Its mode.
    pub mode: SessionMode,
    /// Its state.
    pub state: SessionState,
}
