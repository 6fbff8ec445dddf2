//! Slots, tokens, sessions, logins, PINs: one method for each function, in the module's own structures.

use std::ptr;

use cryptoki_sys as ck;

use super::{ATTEMPTS, Answer, Fault, Library, MAX_COUNT, check, count, zeros};
use crate::codec::Secret;

impl Library {
    /// `C_GetInfo`.
    pub fn info(&self) -> Answer<ck::CK_INFO> {
        const FUNCTION: &str = "C_GetInfo";
        let (list, _turn) = self.call();
        let function = list.C_GetInfo.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut info = ck::CK_INFO::default();
        // SAFETY: the structure is there for the whole call.
        check(FUNCTION, unsafe { function(&raw mut info) })?;
        Ok(info)
    }

    /// `C_GetSlotList`: every slot, each once.
    pub fn slots(&self) -> Answer<Vec<ck::CK_SLOT_ID>> {
        const FUNCTION: &str = "C_GetSlotList";
        let (list, _turn) = self.call();
        let function = list.C_GetSlotList.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut slots = grown(FUNCTION, |slots: *mut ck::CK_SLOT_ID, length| {
            // SAFETY: `slots` is NULL or has room for `length` entries; `length` is there for the whole call.
            unsafe { function(ck::CK_FALSE, slots, length) }
        })?;
        let all = slots.len();
        slots.sort_unstable();
        slots.dedup();
        if slots.len() == all {
            Ok(slots)
        } else {
            Err(Fault::Lies { function: FUNCTION, why: "a slot twice" })
        }
    }

    /// `C_GetSlotInfo`.
    pub fn slot_info(&self, slot: ck::CK_SLOT_ID) -> Answer<ck::CK_SLOT_INFO> {
        const FUNCTION: &str = "C_GetSlotInfo";
        let (list, _turn) = self.call();
        let function = list.C_GetSlotInfo.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut info = ck::CK_SLOT_INFO::default();
        // SAFETY: the structure is there for the whole call.
        check(FUNCTION, unsafe { function(slot, &raw mut info) })?;
        Ok(info)
    }

    /// `C_GetTokenInfo`.
    pub fn token_info(&self, slot: ck::CK_SLOT_ID) -> Answer<ck::CK_TOKEN_INFO> {
        const FUNCTION: &str = "C_GetTokenInfo";
        let (list, _turn) = self.call();
        let function = list.C_GetTokenInfo.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut info = ck::CK_TOKEN_INFO::default();
        // SAFETY: the structure is there for the whole call.
        check(FUNCTION, unsafe { function(slot, &raw mut info) })?;
        Ok(info)
    }

    /// `C_GetMechanismList`.
    pub fn mechanisms(&self, slot: ck::CK_SLOT_ID) -> Answer<Vec<ck::CK_MECHANISM_TYPE>> {
        const FUNCTION: &str = "C_GetMechanismList";
        let (list, _turn) = self.call();
        let function = list.C_GetMechanismList.ok_or(Fault::Missing { function: FUNCTION })?;
        grown(FUNCTION, |mechanisms: *mut ck::CK_MECHANISM_TYPE, length| {
            // SAFETY: `mechanisms` is NULL or has room for `length` entries; `length` is there for the whole call.
            unsafe { function(slot, mechanisms, length) }
        })
    }

    /// `C_GetMechanismInfo`.
    pub fn mechanism_info(
        &self,
        slot: ck::CK_SLOT_ID,
        mechanism: ck::CK_MECHANISM_TYPE,
    ) -> Answer<ck::CK_MECHANISM_INFO> {
        const FUNCTION: &str = "C_GetMechanismInfo";
        let (list, _turn) = self.call();
        let function = list.C_GetMechanismInfo.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut info = ck::CK_MECHANISM_INFO::default();
        // SAFETY: the structure is there for the whole call.
        check(FUNCTION, unsafe { function(slot, mechanism, &raw mut info) })?;
        Ok(info)
    }

    /// `C_OpenSession`.
    pub fn open_session(&self, slot: ck::CK_SLOT_ID, read_write: bool) -> Answer<ck::CK_SESSION_HANDLE> {
        const FUNCTION: &str = "C_OpenSession";
        let (list, _turn) = self.call();
        let function = list.C_OpenSession.ok_or(Fault::Missing { function: FUNCTION })?;
        let flags = ck::CKF_SERIAL_SESSION | if read_write { ck::CKF_RW_SESSION } else { 0 };
        let mut session = ck::CK_INVALID_HANDLE;
        // SAFETY: no callback and no application data are given; the handle is there for the whole call.
        check(FUNCTION, unsafe { function(slot, flags, ptr::null_mut(), None, &raw mut session) })?;
        if session == ck::CK_INVALID_HANDLE {
            return Err(Fault::Lies { function: FUNCTION, why: "the invalid handle for a session" });
        }
        Ok(session)
    }

    /// `C_CloseSession`.
    pub fn close_session(&self, session: ck::CK_SESSION_HANDLE) -> Answer<()> {
        const FUNCTION: &str = "C_CloseSession";
        let (list, _turn) = self.call();
        let function = list.C_CloseSession.ok_or(Fault::Missing { function: FUNCTION })?;
        // SAFETY: no pointers.
        check(FUNCTION, unsafe { function(session) })
    }

    /// `C_CloseAllSessions`.
    pub fn close_all_sessions(&self, slot: ck::CK_SLOT_ID) -> Answer<()> {
        const FUNCTION: &str = "C_CloseAllSessions";
        let (list, _turn) = self.call();
        let function = list.C_CloseAllSessions.ok_or(Fault::Missing { function: FUNCTION })?;
        // SAFETY: no pointers.
        check(FUNCTION, unsafe { function(slot) })
    }

    /// `C_GetSessionInfo`: the session's state.
    pub fn session_state(&self, session: ck::CK_SESSION_HANDLE) -> Answer<ck::CK_STATE> {
        const FUNCTION: &str = "C_GetSessionInfo";
        let (list, _turn) = self.call();
        let function = list.C_GetSessionInfo.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut info = ck::CK_SESSION_INFO::default();
        // SAFETY: the structure is there for the whole call.
        check(FUNCTION, unsafe { function(session, &raw mut info) })?;
        Ok(info.state)
    }

    /// `C_Login`; without a PIN it is typed on the reader.
    pub fn login(
        &self,
        session: ck::CK_SESSION_HANDLE,
        user: ck::CK_USER_TYPE,
        pin: Option<&Secret>,
    ) -> Answer<()> {
        const FUNCTION: &str = "C_Login";
        let (list, _turn) = self.call();
        let function = list.C_Login.ok_or(Fault::Missing { function: FUNCTION })?;
        let (pin, length) = pointer(pin);
        // SAFETY: the PIN is NULL or lives longer than the call, which only reads it.
        check(FUNCTION, unsafe { function(session, user, pin, length) })
    }

    /// `C_InitToken`. The label is padded here.
    pub fn init_token(&self, slot: ck::CK_SLOT_ID, so_pin: &Secret, label: &str) -> Answer<()> {
        const FUNCTION: &str = "C_InitToken";
        let (list, _turn) = self.call();
        let function = list.C_InitToken.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut padded = [b' '; LABEL_LEN];
        for (place, byte) in padded.iter_mut().zip(label.bytes()) {
            *place = byte;
        }
        let (pin, length) = pointer(Some(so_pin));
        // SAFETY: PIN and label (of the 32 bytes that the standard wants) outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(slot, pin, length, padded.as_mut_ptr()) })
    }

    /// `C_InitPIN`.
    pub fn init_pin(&self, session: ck::CK_SESSION_HANDLE, pin: &Secret) -> Answer<()> {
        const FUNCTION: &str = "C_InitPIN";
        let (list, _turn) = self.call();
        let function = list.C_InitPIN.ok_or(Fault::Missing { function: FUNCTION })?;
        let (pin, length) = pointer(Some(pin));
        // SAFETY: the PIN lives longer than the call, which only reads it.
        check(FUNCTION, unsafe { function(session, pin, length) })
    }

    /// `C_SetPIN`; without PINs they are typed on the reader.
    pub fn set_pin(
        &self,
        session: ck::CK_SESSION_HANDLE,
        old: Option<&Secret>,
        new: Option<&Secret>,
    ) -> Answer<()> {
        const FUNCTION: &str = "C_SetPIN";
        let (list, _turn) = self.call();
        let function = list.C_SetPIN.ok_or(Fault::Missing { function: FUNCTION })?;
        let ((old, old_length), (new, new_length)) = (pointer(old), pointer(new));
        // SAFETY: both PINs are NULL or live longer than the call, which only reads them.
        check(FUNCTION, unsafe { function(session, old, old_length, new, new_length) })
    }

    /// `C_GenerateRandom`.
    pub fn random(&self, session: ck::CK_SESSION_HANDLE, len: usize) -> Answer<Secret> {
        const FUNCTION: &str = "C_GenerateRandom";
        let (list, _turn) = self.call();
        let function = list.C_GenerateRandom.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut bytes: Vec<u8> = zeros(FUNCTION, len)?;
        // SAFETY: the buffer has room for what is asked for.
        let value = unsafe { function(session, bytes.as_mut_ptr(), bytes.len() as ck::CK_ULONG) };
        let bytes = Secret::new(bytes);
        check(FUNCTION, value)?;
        Ok(bytes)
    }
}

/// Asks for a list: its length, then its entries, again when it grew in between.
fn grown<T: Clone + Default>(
    function: &'static str,
    ask: impl Fn(*mut T, *mut ck::CK_ULONG) -> ck::CK_RV,
) -> Answer<Vec<T>> {
    for _ in 0..ATTEMPTS {
        let mut length: ck::CK_ULONG = 0;
        check(function, ask(ptr::null_mut(), &raw mut length))?;
        let room = count(function, length, MAX_COUNT)?;
        if room == 0 {
            return Ok(Vec::new());
        }
        let mut entries: Vec<T> = zeros(function, room)?;
        match ask(entries.as_mut_ptr(), &raw mut length) {
            ck::CKR_BUFFER_TOO_SMALL => continue,
            value => check(function, value)?,
        }
        let filled = count(function, length, room)?;
        entries.truncate(filled);
        return Ok(entries);
    }
    Err(Fault::Lies { function, why: "its list grows with every question" })
}

/// A PIN as C takes it. The functions only read it, although their types do not say so.
fn pointer(secret: Option<&Secret>) -> (*mut u8, ck::CK_ULONG) {
    match secret {
        Some(secret) => (secret.expose().as_ptr().cast_mut(), secret.len() as ck::CK_ULONG),
        None => (ptr::null_mut(), 0),
    }
}

/// Bytes of a token's label (`CK_TOKEN_INFO`).
const LABEL_LEN: usize = 32;
