//! Encryption part by part: one method for each function.

use cryptoki_sys as ck;

use super::objects::{Use, output};
use super::{Answer, Fault, Library, check};

impl Library {
    /// `C_EncryptInit`.
    pub fn encrypt_init(&self, session: ck::CK_SESSION_HANDLE, how: Use<'_>) -> Answer<()> {
        const FUNCTION: &str = "C_EncryptInit";
        let (list, _turn) = self.call();
        let function = list.C_EncryptInit.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        // SAFETY: the mechanism and what it points to outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(session, &raw mut mechanism, how.key) })
    }

    /// `C_EncryptUpdate`.
    pub fn encrypt_update(&self, session: ck::CK_SESSION_HANDLE, part: &[u8]) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "C_EncryptUpdate";
        let (list, _turn) = self.call();
        let function = list.C_EncryptUpdate.ok_or(Fault::Missing { function: FUNCTION })?;
        output(FUNCTION, part.len() + ROOM, |out, len| {
            // SAFETY: the part is only read; `out` has as much room as `len` says.
            unsafe { function(session, part.as_ptr().cast_mut(), part.len() as ck::CK_ULONG, out, len) }
        })
    }

    /// `C_EncryptFinal`.
    pub fn encrypt_final(&self, session: ck::CK_SESSION_HANDLE) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "C_EncryptFinal";
        let (list, _turn) = self.call();
        let function = list.C_EncryptFinal.ok_or(Fault::Missing { function: FUNCTION })?;
        output(FUNCTION, ROOM, |out, len| {
            // SAFETY: `out` has as much room as `len` says.
            unsafe { function(session, out, len) }
        })
    }
}

/// What may come out beyond what goes in: a block that was kept, a tag.
const ROOM: usize = 64;
