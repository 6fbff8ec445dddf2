//! Objects and operations: search, attributes, creation, signatures, decryption. Outputs have a buffer that grows to
//! what the module asks for, within bounds.

use std::collections::HashSet;

use cryptoki_sys as ck;

use super::mechanism::Parameter;
use super::template::RawAttribute;
use super::{ATTEMPTS, Answer, Fault, Library, MAX_BYTES, check, count, zeros};
use crate::codec::Secret;

/// A key and how it is used.
#[derive(Debug, Clone, Copy)]
pub struct Use<'a> {
    /// `CKM_…`.
    pub mechanism: ck::CK_MECHANISM_TYPE,
    /// Its parameters.
    pub parameter: &'a Parameter,
    /// The key.
    pub key: ck::CK_OBJECT_HANDLE,
}

impl Library {
    /// `C_FindObjectsInit`, `C_FindObjects`, `C_FindObjectsFinal`: every object that matches, each once.
    pub fn find(
        &self,
        session: ck::CK_SESSION_HANDLE,
        template: &[RawAttribute],
    ) -> Answer<Vec<ck::CK_OBJECT_HANDLE>> {
        const FUNCTION: &str = "C_FindObjectsInit";
        let (list, _turn) = self.call();
        let init = list.C_FindObjectsInit.ok_or(Fault::Missing { function: FUNCTION })?;
        let next = list.C_FindObjects.ok_or(Fault::Missing { function: FIND })?;
        let end = list.C_FindObjectsFinal.ok_or(Fault::Missing { function: "C_FindObjectsFinal" })?;
        let mut structures = RawAttribute::structures(template);
        let length = structures.len() as ck::CK_ULONG;
        // SAFETY: the structures and what they point to outlive the call, which only reads them.
        check(FUNCTION, unsafe { init(session, structures.as_mut_ptr(), length) })?;
        let found = all_handles(|handles, room, length| {
            // SAFETY: `handles` has room for `room` entries; `length` is there for the whole call.
            unsafe { next(session, handles, room, length) }
        });
        // SAFETY: no pointers.
        let ended = check("C_FindObjectsFinal", unsafe { end(session) });
        let found = found?;
        ended?;
        Ok(found)
    }

    /// `C_GetAttributeValue` for one attribute.
    pub fn attribute(
        &self,
        session: ck::CK_SESSION_HANDLE,
        object: ck::CK_OBJECT_HANDLE,
        kind: ck::CK_ATTRIBUTE_TYPE,
    ) -> Answer<RawAttribute> {
        let mut all = self.attributes(session, object, &[kind])?;
        all.pop().ok_or(Fault::Lies { function: GET, why: "no answer" })
    }

    /// `C_GetAttributeValue` for several attributes that the object has, all of them or none.
    pub fn attributes(
        &self,
        session: ck::CK_SESSION_HANDLE,
        object: ck::CK_OBJECT_HANDLE,
        kinds: &[ck::CK_ATTRIBUTE_TYPE],
    ) -> Answer<Vec<RawAttribute>> {
        let (list, _turn) = self.call();
        let get = list.C_GetAttributeValue.ok_or(Fault::Missing { function: GET })?;
        for _ in 0..ATTEMPTS {
            let mut asked: Vec<RawAttribute> =
                kinds.iter().map(|kind| RawAttribute { kind: *kind, value: Vec::new() }).collect();
            let mut structures = RawAttribute::structures(&asked);
            for structure in &mut structures {
                structure.pValue = std::ptr::null_mut();
            }
            let number = structures.len() as ck::CK_ULONG;
            // SAFETY: the structures are there for the whole call; NULL asks for lengths alone.
            check(GET, unsafe { get(session, object, structures.as_mut_ptr(), number) })?;
            let mut all = 0;
            for (attribute, structure) in asked.iter_mut().zip(&structures) {
                let len = count(GET, structure.ulValueLen, MAX_BYTES)?;
                all += len;
                if all > MAX_BYTES {
                    return Err(Fault::Lies { function: GET, why: "values beyond every bound" });
                }
                attribute.value = zeros(GET, len)?;
            }
            let mut structures = RawAttribute::structures_to_fill(&mut asked);
            // SAFETY: each structure points to as much room as its length says, which outlives the call.
            match unsafe { get(session, object, structures.as_mut_ptr(), number) } {
                ck::CKR_BUFFER_TOO_SMALL => continue,
                value => check(GET, value)?,
            }
            for (attribute, structure) in asked.iter_mut().zip(&structures) {
                let filled = count(GET, structure.ulValueLen, attribute.value.len())?;
                attribute.value.truncate(filled);
            }
            return Ok(asked);
        }
        Err(Fault::Lies { function: GET, why: "a value grows with every question" })
    }

    /// `C_SetAttributeValue`.
    pub fn set_attributes(
        &self,
        session: ck::CK_SESSION_HANDLE,
        object: ck::CK_OBJECT_HANDLE,
        template: &[RawAttribute],
    ) -> Answer<()> {
        const FUNCTION: &str = "C_SetAttributeValue";
        let (list, _turn) = self.call();
        let function = list.C_SetAttributeValue.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut structures = RawAttribute::structures(template);
        let length = structures.len() as ck::CK_ULONG;
        // SAFETY: the structures and what they point to outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(session, object, structures.as_mut_ptr(), length) })
    }

    /// `C_CreateObject`.
    pub fn create_object(
        &self,
        session: ck::CK_SESSION_HANDLE,
        template: &[RawAttribute],
    ) -> Answer<ck::CK_OBJECT_HANDLE> {
        const FUNCTION: &str = "C_CreateObject";
        let (list, _turn) = self.call();
        let function = list.C_CreateObject.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut structures = RawAttribute::structures(template);
        let length = structures.len() as ck::CK_ULONG;
        let mut object = ck::CK_INVALID_HANDLE;
        // SAFETY: the structures and what they point to outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(session, structures.as_mut_ptr(), length, &raw mut object) })?;
        Ok(object)
    }

    /// `C_DestroyObject`.
    pub fn destroy_object(&self, session: ck::CK_SESSION_HANDLE, object: ck::CK_OBJECT_HANDLE) -> Answer<()> {
        const FUNCTION: &str = "C_DestroyObject";
        let (list, _turn) = self.call();
        let function = list.C_DestroyObject.ok_or(Fault::Missing { function: FUNCTION })?;
        // SAFETY: no pointers.
        check(FUNCTION, unsafe { function(session, object) })
    }

    /// `C_GenerateKey`.
    pub fn generate_key(
        &self,
        session: ck::CK_SESSION_HANDLE,
        mechanism: ck::CK_MECHANISM_TYPE,
        template: &[RawAttribute],
    ) -> Answer<ck::CK_OBJECT_HANDLE> {
        const FUNCTION: &str = "C_GenerateKey";
        let (list, _turn) = self.call();
        let function = list.C_GenerateKey.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = Parameter::None.prepare(mechanism);
        let mut mechanism = prepared.structure();
        let mut structures = RawAttribute::structures(template);
        let length = structures.len() as ck::CK_ULONG;
        let mut key = ck::CK_INVALID_HANDLE;
        // SAFETY: mechanism, structures and what they point to outlive the call, which only reads them.
        check(FUNCTION, unsafe {
            function(session, &raw mut mechanism, structures.as_mut_ptr(), length, &raw mut key)
        })?;
        Ok(key)
    }

    /// `C_GenerateKeyPair`: public and private half.
    pub fn generate_key_pair(
        &self,
        session: ck::CK_SESSION_HANDLE,
        mechanism: ck::CK_MECHANISM_TYPE,
        public: &[RawAttribute],
        private: &[RawAttribute],
    ) -> Answer<(ck::CK_OBJECT_HANDLE, ck::CK_OBJECT_HANDLE)> {
        const FUNCTION: &str = "C_GenerateKeyPair";
        let (list, _turn) = self.call();
        let function = list.C_GenerateKeyPair.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = Parameter::None.prepare(mechanism);
        let mut mechanism = prepared.structure();
        let (mut public, mut private) = (RawAttribute::structures(public), RawAttribute::structures(private));
        let (public_len, private_len) = (public.len() as ck::CK_ULONG, private.len() as ck::CK_ULONG);
        let (mut public_key, mut private_key) = (ck::CK_INVALID_HANDLE, ck::CK_INVALID_HANDLE);
        // SAFETY: mechanism, structures and what they point to outlive the call, which only reads them.
        check(FUNCTION, unsafe {
            function(
                session,
                &raw mut mechanism,
                public.as_mut_ptr(),
                public_len,
                private.as_mut_ptr(),
                private_len,
                &raw mut public_key,
                &raw mut private_key,
            )
        })?;
        Ok((public_key, private_key))
    }

    /// `C_SignInit`.
    pub fn sign_init(&self, session: ck::CK_SESSION_HANDLE, how: Use<'_>) -> Answer<()> {
        const FUNCTION: &str = "C_SignInit";
        let (list, _turn) = self.call();
        let function = list.C_SignInit.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        // SAFETY: the mechanism and what it points to outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(session, &raw mut mechanism, how.key) })
    }

    /// `C_Sign`.
    pub fn sign(&self, session: ck::CK_SESSION_HANDLE, data: &[u8]) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "C_Sign";
        let (list, _turn) = self.call();
        let function = list.C_Sign.ok_or(Fault::Missing { function: FUNCTION })?;
        output(FUNCTION, USUAL_OUTPUT, |out, len| {
            // SAFETY: the data is only read; `out` has as much room as `len` says.
            unsafe { function(session, data.as_ptr().cast_mut(), data.len() as ck::CK_ULONG, out, len) }
        })
    }

    /// `C_SignUpdate`.
    pub fn sign_update(&self, session: ck::CK_SESSION_HANDLE, part: &[u8]) -> Answer<()> {
        const FUNCTION: &str = "C_SignUpdate";
        let (list, _turn) = self.call();
        let function = list.C_SignUpdate.ok_or(Fault::Missing { function: FUNCTION })?;
        // SAFETY: the part is only read.
        check(FUNCTION, unsafe { function(session, part.as_ptr().cast_mut(), part.len() as ck::CK_ULONG) })
    }

    /// `C_SignFinal`.
    pub fn sign_final(&self, session: ck::CK_SESSION_HANDLE) -> Answer<Vec<u8>> {
        const FUNCTION: &str = "C_SignFinal";
        let (list, _turn) = self.call();
        let function = list.C_SignFinal.ok_or(Fault::Missing { function: FUNCTION })?;
        output(FUNCTION, USUAL_OUTPUT, |out, len| {
            // SAFETY: `out` has as much room as `len` says.
            unsafe { function(session, out, len) }
        })
    }

    /// `C_DecryptInit`.
    pub fn decrypt_init(&self, session: ck::CK_SESSION_HANDLE, how: Use<'_>) -> Answer<()> {
        const FUNCTION: &str = "C_DecryptInit";
        let (list, _turn) = self.call();
        let function = list.C_DecryptInit.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        // SAFETY: the mechanism and what it points to outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(session, &raw mut mechanism, how.key) })
    }

    /// `C_Decrypt`.
    pub fn decrypt(&self, session: ck::CK_SESSION_HANDLE, data: &[u8]) -> Answer<Secret> {
        const FUNCTION: &str = "C_Decrypt";
        let (list, _turn) = self.call();
        let function = list.C_Decrypt.ok_or(Fault::Missing { function: FUNCTION })?;
        let plain = output(FUNCTION, data.len().max(USUAL_OUTPUT), |out, len| {
            // SAFETY: the data is only read; `out` has as much room as `len` says.
            unsafe { function(session, data.as_ptr().cast_mut(), data.len() as ck::CK_ULONG, out, len) }
        })?;
        Ok(Secret::new(plain))
    }

    /// `C_DecryptUpdate`.
    pub fn decrypt_update(&self, session: ck::CK_SESSION_HANDLE, part: &[u8]) -> Answer<Secret> {
        const FUNCTION: &str = "C_DecryptUpdate";
        let (list, _turn) = self.call();
        let function = list.C_DecryptUpdate.ok_or(Fault::Missing { function: FUNCTION })?;
        let plain = output(FUNCTION, part.len().saturating_add(USUAL_OUTPUT), |out, len| {
            // SAFETY: the part is only read; `out` has as much room as `len` says.
            unsafe { function(session, part.as_ptr().cast_mut(), part.len() as ck::CK_ULONG, out, len) }
        })?;
        Ok(Secret::new(plain))
    }

    /// `C_DecryptFinal`.
    pub fn decrypt_final(&self, session: ck::CK_SESSION_HANDLE) -> Answer<Secret> {
        const FUNCTION: &str = "C_DecryptFinal";
        let (list, _turn) = self.call();
        let function = list.C_DecryptFinal.ok_or(Fault::Missing { function: FUNCTION })?;
        let plain = output(FUNCTION, USUAL_OUTPUT, |out, len| {
            // SAFETY: `out` has as much room as `len` says.
            unsafe { function(session, out, len) }
        })?;
        Ok(Secret::new(plain))
    }

    /// `C_DeriveKey`.
    pub fn derive_key(
        &self,
        session: ck::CK_SESSION_HANDLE,
        how: Use<'_>,
        template: &[RawAttribute],
    ) -> Answer<ck::CK_OBJECT_HANDLE> {
        const FUNCTION: &str = "C_DeriveKey";
        let (list, _turn) = self.call();
        let function = list.C_DeriveKey.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        let mut structures = RawAttribute::structures(template);
        let (attributes, length) = (structures.as_mut_ptr(), structures.len() as ck::CK_ULONG);
        let mut key = ck::CK_INVALID_HANDLE;
        // SAFETY: mechanism, template and what they point to outlive the call, which only reads them.
        let value =
            unsafe { function(session, &raw mut mechanism, how.key, attributes, length, &raw mut key) };
        check(FUNCTION, value)?;
        Ok(key)
    }

    /// `C_VerifyInit`.
    pub fn verify_init(&self, session: ck::CK_SESSION_HANDLE, how: Use<'_>) -> Answer<()> {
        const FUNCTION: &str = "C_VerifyInit";
        let (list, _turn) = self.call();
        let function = list.C_VerifyInit.ok_or(Fault::Missing { function: FUNCTION })?;
        let mut prepared = how.parameter.prepare(how.mechanism);
        let mut mechanism = prepared.structure();
        // SAFETY: the mechanism and what it points to outlive the call, which only reads them.
        check(FUNCTION, unsafe { function(session, &raw mut mechanism, how.key) })
    }

    /// `C_Verify`.
    pub fn verify(&self, session: ck::CK_SESSION_HANDLE, data: &[u8], signature: &[u8]) -> Answer<()> {
        const FUNCTION: &str = "C_Verify";
        let (list, _turn) = self.call();
        let function = list.C_Verify.ok_or(Fault::Missing { function: FUNCTION })?;
        let (data_len, signature_len) = (data.len() as ck::CK_ULONG, signature.len() as ck::CK_ULONG);
        // SAFETY: data and signature are only read.
        check(FUNCTION, unsafe {
            function(
                session,
                data.as_ptr().cast_mut(),
                data_len,
                signature.as_ptr().cast_mut(),
                signature_len,
            )
        })
    }
}

/// Every handle of a search, in batches. A handle that comes again would come for ever.
fn all_handles(
    next: impl Fn(*mut ck::CK_OBJECT_HANDLE, ck::CK_ULONG, *mut ck::CK_ULONG) -> ck::CK_RV,
) -> Answer<Vec<ck::CK_OBJECT_HANDLE>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut batch = [ck::CK_INVALID_HANDLE; BATCH];
    loop {
        let mut length: ck::CK_ULONG = 0;
        check(FIND, next(batch.as_mut_ptr(), BATCH as ck::CK_ULONG, &raw mut length))?;
        let filled = count(FIND, length, BATCH)?;
        if filled == 0 {
            return Ok(found);
        }
        for handle in batch.iter().take(filled) {
            if !seen.insert(*handle) {
                return Err(Fault::Lies { function: FIND, why: "an object twice" });
            }
            found.push(*handle);
        }
        if found.len() > MAX_OBJECTS {
            return Err(Fault::Lies { function: FIND, why: "objects beyond every bound" });
        }
    }
}

/// Makes an output: with `room` bytes first, then with as many as the module asks for.
pub(super) fn output(
    function: &'static str,
    room: usize,
    make: impl Fn(*mut u8, *mut ck::CK_ULONG) -> ck::CK_RV,
) -> Answer<Vec<u8>> {
    let mut room = room;
    for _ in 0..ATTEMPTS {
        let mut bytes: Vec<u8> = zeros(function, room)?;
        let mut length = room as ck::CK_ULONG;
        match make(bytes.as_mut_ptr(), &raw mut length) {
            ck::CKR_BUFFER_TOO_SMALL => {
                let wanted = count(function, length, MAX_BYTES)?;
                // One that asks for no more than it had gets more all the same: some do not tell.
                room = if wanted > room { wanted } else { room.saturating_mul(2).min(MAX_BYTES) };
            }
            value => {
                check(function, value)?;
                let filled = count(function, length, room)?;
                bytes.truncate(filled);
                return Ok(bytes);
            }
        }
    }
    Err(Fault::Lies { function, why: "its output grows with every question" })
}

const FIND: &str = "C_FindObjects";
const GET: &str = "C_GetAttributeValue";
/// Handles asked for at once.
const BATCH: usize = 256;
/// Most objects of one search.
const MAX_OBJECTS: usize = 100_000;
/// Room that a signature or one decrypted block seldom exceeds: an RSA key of 32768 bits has 4096 bytes.
const USUAL_OUTPUT: usize = 8192;
