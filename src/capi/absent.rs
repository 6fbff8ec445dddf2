//! Entry points that this module does not have (yet): each answers cleanly.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, instance};

entry_points! {
    /// Not supported.
    fn C_GetOperationState(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_BYTE, _3: *mut ck::CK_ULONG) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_SetOperationState(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_BYTE, _3: ck::CK_ULONG, _4: ck::CK_OBJECT_HANDLE, _5: ck::CK_OBJECT_HANDLE) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_GetFunctionStatus(_1: ck::CK_SESSION_HANDLE) {
        instance::engine()?;
        Err(Fault::Code(ck::CKR_FUNCTION_NOT_PARALLEL))
    }

    /// Not supported.
    fn C_CancelFunction(_1: ck::CK_SESSION_HANDLE) {
        instance::engine()?;
        Err(Fault::Code(ck::CKR_FUNCTION_NOT_PARALLEL))
    }

    /// Not supported.
    fn C_EncapsulateKey(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_MECHANISM, _3: ck::CK_OBJECT_HANDLE, _4: *mut ck::CK_ATTRIBUTE, _5: ck::CK_ULONG, _6: *mut ck::CK_BYTE, _7: *mut ck::CK_ULONG, _8: *mut ck::CK_OBJECT_HANDLE) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_DecapsulateKey(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_MECHANISM, _3: ck::CK_OBJECT_HANDLE, _4: *mut ck::CK_ATTRIBUTE, _5: ck::CK_ULONG, _6: *mut ck::CK_BYTE, _7: ck::CK_ULONG, _8: *mut ck::CK_OBJECT_HANDLE) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_AsyncComplete(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_UTF8CHAR, _3: *mut ck::CK_ASYNC_DATA) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_AsyncGetID(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_UTF8CHAR, _3: *mut ck::CK_ULONG) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_AsyncJoin(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_UTF8CHAR, _3: ck::CK_ULONG, _4: *mut ck::CK_BYTE, _5: ck::CK_ULONG) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_WrapKeyAuthenticated(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_MECHANISM, _3: ck::CK_OBJECT_HANDLE, _4: ck::CK_OBJECT_HANDLE, _5: *mut ck::CK_BYTE, _6: ck::CK_ULONG, _7: *mut ck::CK_BYTE, _8: *mut ck::CK_ULONG) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }

    /// Not supported.
    fn C_UnwrapKeyAuthenticated(_1: ck::CK_SESSION_HANDLE, _2: *mut ck::CK_MECHANISM, _3: ck::CK_OBJECT_HANDLE, _4: *mut ck::CK_BYTE, _5: ck::CK_ULONG, _6: *mut ck::CK_ATTRIBUTE, _7: ck::CK_ULONG, _8: *mut ck::CK_BYTE, _9: ck::CK_ULONG, _10: *mut ck::CK_OBJECT_HANDLE) {
        instance::engine()?;
        Err(Fault::NOT_SUPPORTED)
    }
}
