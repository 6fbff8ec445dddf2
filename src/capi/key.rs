//! Entry points of PKCS#11 3.1, 5.18.3 to 5.18.5: keys wrapped, unwrapped, derived.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance, output};

entry_points! {
    /// Wraps a key of the session.
    fn C_WrapKey(
        session: ck::CK_SESSION_HANDLE,
        mechanism: *mut ck::CK_MECHANISM,
        wrapping_key: ck::CK_OBJECT_HANDLE,
        key: ck::CK_OBJECT_HANDLE,
        wrapped: *mut ck::CK_BYTE,
        wrapped_len: *mut ck::CK_ULONG,
    ) {
        let (engine, session) = (instance::engine()?, input::session(session));
        let mechanism = input::mechanism(mechanism)?;
        let (wrapping_key, key) = (input::object(wrapping_key), input::object(key));
        output::bytes(
            wrapped,
            wrapped_len,
            || engine.wrap_len(session, &mechanism, wrapping_key, key),
            |room| engine.wrap_key(session, &mechanism, wrapping_key, key, room),
        )
    }

    /// Unwraps a key.
    fn C_UnwrapKey(
        session: ck::CK_SESSION_HANDLE,
        mechanism: *mut ck::CK_MECHANISM,
        unwrapping_key: ck::CK_OBJECT_HANDLE,
        wrapped: *mut ck::CK_BYTE,
        wrapped_len: ck::CK_ULONG,
        template: *mut ck::CK_ATTRIBUTE,
        count: ck::CK_ULONG,
        key: *mut ck::CK_OBJECT_HANDLE,
    ) {
        let engine = instance::engine()?;
        if key.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let mechanism = input::mechanism(mechanism)?;
        let wrapped = input::slice(wrapped.cast_const(), wrapped_len)?;
        let template = input::template(template, count)?;
        let (session, unwrapping_key) = (input::session(session), input::object(unwrapping_key));
        let made = engine.unwrap_key(session, &mechanism, unwrapping_key, wrapped, &template)?;
        input::write(key, made.0)
    }

    /// Derives a key.
    fn C_DeriveKey(
        session: ck::CK_SESSION_HANDLE,
        mechanism: *mut ck::CK_MECHANISM,
        base_key: ck::CK_OBJECT_HANDLE,
        template: *mut ck::CK_ATTRIBUTE,
        count: ck::CK_ULONG,
        key: *mut ck::CK_OBJECT_HANDLE,
    ) {
        let engine = instance::engine()?;
        if key.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let mechanism = input::mechanism(mechanism)?;
        let template = input::template(template, count)?;
        let session = input::session(session);
        let made = engine.derive(session, &mechanism, input::object(base_key), &template)?;
        input::write(key, made.0)
    }
}
