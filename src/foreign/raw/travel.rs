//! Keys that are wrapped and unwrapped: one method for each function.

use cryptoki_sys as ck;

use super::objects::{Use, output};
use super::template::RawAttribute;
use super::{Answer, Fault, Library};

impl Library {
    /// `C_WrapKey`.
    pub fn wrap_key(
        &self,
        session: ck::CK_SESSION_HANDLE,
        how: Use<'_>,
        key: ck::CK_OBJECT_HANDLE,
    ) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "C_WrapKey";
        let (list, _turn) = self.call();
        let function = list.C_WrapKey.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        let mechanism = &raw mut mechanism;
        output(FUNCTION, USUAL_WRAPPING, |out, len| {
            // SAFETY: mechanism and what it points to outlive the call, which only reads them; `out` has as much room
            // as `len` says.
            unsafe { function(session, mechanism, how.key, key, out, len) }
        })
    }

    /// `C_UnwrapKey`.
    pub fn unwrap_key(
        &self,
        session: ck::CK_SESSION_HANDLE,
        how: Use<'_>,
        wrapped: &[u8],
        template: &[RawAttribute],
    ) -> Answer<ck::CK_OBJECT_HANDLE> {
        const FUNCTION: &str = "C_UnwrapKey";
        let (list, _turn) = self.call();
        let function = list.C_UnwrapKey.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        let mut structures = RawAttribute::structures(template);
        let length = structures.len() as ck::CK_ULONG;
        let mut key = ck::CK_INVALID_HANDLE;
        // SAFETY: mechanism, wrapped key, structures and what they point to outlive the call, which only reads them.
        super::check(FUNCTION, unsafe {
            function(
                session,
                &raw mut mechanism,
                how.key,
                wrapped.as_ptr().cast_mut(),
                wrapped.len() as ck::CK_ULONG,
                structures.as_mut_ptr(),
                length,
                &raw mut key,
            )
        })?;
        Ok(key)
    }
}

/// Room that a wrapped key seldom exceeds: a private RSA key of 16384 bits has some 9 KiB.
const USUAL_WRAPPING: usize = 16 * 1024;
