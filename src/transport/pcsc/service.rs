//! Why the PC/SC service does not serve: not running, or not for this user.

use ::pcsc::Error;

use crate::transport::TransportError;

/// True for errors that say that the service this context belonged to has ended.
pub(super) fn is_gone(error: Error) -> bool {
    matches!(error, Error::NoService | Error::ServiceStopped | Error::CommError | Error::InvalidHandle)
}

/// Why there is no context. The library says the same of a service that does not run and of one that refuses this user, in
/// several versions: it is the socket that knows.
pub(super) fn explain_refusal(error: Error) -> TransportError {
    match (error, socket()) {
        // Refused by polkit, a connection is closed as soon as it is made.
        (Error::CommError, Socket::Listening) | (_, Socket::Denied) => TransportError::AccessDenied,
        (error, _) => explain(error),
    }
}

/// Why a call to the service failed, where it was not for the reader or the card.
pub(super) fn explain(error: Error) -> TransportError {
    match error {
        Error::SecurityViolation | Error::NoAccess => TransportError::AccessDenied,
        Error::NoService | Error::ServiceStopped | Error::InvalidHandle => TransportError::NoService,
        Error::CommError if matches!(socket(), Socket::Absent) => TransportError::NoService,
        error => TransportError::Pcsc(error),
    }
}

enum Socket {
    Absent,
    Denied,
    Listening,
}

#[cfg(unix)]
fn socket() -> Socket {
    let path = std::env::var_os("PCSCLITE_CSOCK_NAME").unwrap_or_else(|| SOCKET.into());
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Socket::Listening,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Socket::Denied,
        Err(_) => Socket::Absent,
    }
}

#[cfg(not(unix))]
fn socket() -> Socket {
    Socket::Absent
}

/// Where pcscd listens.
#[cfg(unix)]
const SOCKET: &str = "/run/pcscd/pcscd.comm";
