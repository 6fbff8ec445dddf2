//! Entry points of PKCS#11 3.1, 5.4: initialisation and what the module says of itself.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance};
use crate::codec::padded;
use crate::engine::uri::library;

/// The version of the standard that this module speaks best.
pub(super) const CRYPTOKI_VERSION: ck::CK_VERSION = ck::CK_VERSION { major: 3, minor: 2 };

entry_points! {
    /// Initialises the module. Touches no card.
    fn C_Initialize(arguments: ck::CK_VOID_PTR) {
        let arguments = arguments.cast::<ck::CK_C_INITIALIZE_ARGS>().as_ref();
        check_arguments(arguments)?;
        let own_threads = arguments.is_none_or(|given| given.flags & ck::CKF_LIBRARY_CANT_CREATE_OS_THREADS == 0);
        instance::start(own_threads)
    }

    /// Ends the module: sessions close, logins end.
    fn C_Finalize(reserved: ck::CK_VOID_PTR) {
        if !reserved.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        instance::stop()
    }

    /// Describes the module.
    fn C_GetInfo(info: *mut ck::CK_INFO) {
        instance::engine()?;
        input::write(info, ck::CK_INFO {
            cryptokiVersion: CRYPTOKI_VERSION,
            manufacturerID: padded::pad(library::MANUFACTURER),
            flags: 0,
            libraryDescription: padded::pad(library::DESCRIPTION),
            libraryVersion: ck::CK_VERSION { major: version(0), minor: version(1) },
        })
    }
}

/// I.3, I.4: the reserved pointer must be NULL; mutex functions come all or not at all, and without the
/// permission to lock with the system's own means they would have to be used, which this module does not.
fn check_arguments(arguments: Option<&ck::CK_C_INITIALIZE_ARGS>) -> Result<(), Fault> {
    let Some(arguments) = arguments else { return Ok(()) };
    if !arguments.pReserved.is_null() {
        return Err(Fault::ARGUMENTS_BAD);
    }
    let given = [
        arguments.CreateMutex.is_some(),
        arguments.DestroyMutex.is_some(),
        arguments.LockMutex.is_some(),
        arguments.UnlockMutex.is_some(),
    ];
    match given.iter().filter(|given| **given).count() {
        0 => Ok(()),
        4 if arguments.flags & ck::CKF_OS_LOCKING_OK != 0 => Ok(()),
        4 => Err(Fault::Code(ck::CKR_CANT_LOCK)),
        _ => Err(Fault::ARGUMENTS_BAD),
    }
}

/// Part of this package's version.
fn version(index: usize) -> u8 {
    env!("CARGO_PKG_VERSION").split('.').nth(index).and_then(|part| part.parse().ok()).unwrap_or_default()
}
