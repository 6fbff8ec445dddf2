//! Entry points of PKCS#11 3.1, 5.5.7 to 5.5.9, 5.7 and 5.18 that change a token: initialising, PINs, objects, keys.

use cryptoki_sys as ck;

use super::fault::Fault;
use super::{entry_points, input, instance};
use crate::codec::Secret;
use crate::codec::padded;
use crate::engine::{InitToken, NewUserPin};

entry_points! {
    /// Formats a card that holds nothing but this token. A card whose other slots show something is refused:
    /// all of that would be lost, and nobody could be asked.
    fn C_InitToken(
        slot: ck::CK_SLOT_ID,
        pin: *mut ck::CK_UTF8CHAR,
        pin_len: ck::CK_ULONG,
        label: *mut ck::CK_UTF8CHAR,
    ) {
        let engine = instance::engine()?;
        let slot = input::slot(slot)?;
        let pin = secret(pin, pin_len)?;
        let label = input::slice(label.cast_const(), LABEL_LEN)?;
        let label = padded::unpad(label);
        if !engine.is_alone_on_card(slot)? {
            return Err(Fault::Code(ck::CKR_FUNCTION_REJECTED));
        }
        let init = InitToken { label: &label, ..InitToken::default() };
        Ok(engine.init_token(slot, &pin, &init)?)
    }

    /// Puts a PIN on an empty token, or gives the token's PIN a new value, as the security officer.
    /// The session goes with its token where that gets another slot.
    fn C_InitPIN(session: ck::CK_SESSION_HANDLE, pin: *mut ck::CK_UTF8CHAR, pin_len: ck::CK_ULONG) {
        let engine = instance::engine()?;
        let pin = secret(pin, pin_len)?;
        let new = NewUserPin { label: None, pin: &pin, puk: None, min_len: None, tries: None };
        engine.init_pin(input::session(session), &new)?;
        Ok(())
    }

    /// Changes the PIN of who is logged in, or the user's. Two NULLs stand for the reader's pinpad.
    fn C_SetPIN(
        session: ck::CK_SESSION_HANDLE,
        old: *mut ck::CK_UTF8CHAR,
        old_len: ck::CK_ULONG,
        new: *mut ck::CK_UTF8CHAR,
        new_len: ck::CK_ULONG,
    ) {
        let engine = instance::engine()?;
        if old.is_null() && new.is_null() {
            return Ok(engine.set_pin_on_reader(input::session(session))?);
        }
        let (old, new) = (secret(old, old_len)?, secret(new, new_len)?);
        Ok(engine.set_pin(input::session(session), &old, &new)?)
    }

    /// Makes an object: on the token, or for the session.
    fn C_CreateObject(
        session: ck::CK_SESSION_HANDLE,
        template: *mut ck::CK_ATTRIBUTE,
        count: ck::CK_ULONG,
        object: *mut ck::CK_OBJECT_HANDLE,
    ) {
        let engine = instance::engine()?;
        if object.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let template = input::template(template, count)?;
        let session = input::session(session);
        engine.session_info(session)?;
        let created = engine.create(session, &template)?;
        input::write(object, created.0)
    }

    /// Deletes an object, but never a certificate that the chain of another token needs.
    fn C_DestroyObject(session: ck::CK_SESSION_HANDLE, object: ck::CK_OBJECT_HANDLE) {
        let engine = instance::engine()?;
        Ok(engine.destroy_object(input::session(session), input::object(object))?)
    }

    /// Gives an object another label or identifier.
    fn C_SetAttributeValue(
        session: ck::CK_SESSION_HANDLE,
        object: ck::CK_OBJECT_HANDLE,
        template: *mut ck::CK_ATTRIBUTE,
        count: ck::CK_ULONG,
    ) {
        let engine = instance::engine()?;
        let template = input::template(template, count)?;
        Ok(engine.set_attributes(input::session(session), input::object(object), &template)?)
    }

    /// Generates a secret key, on the card or for the session.
    fn C_GenerateKey(
        session: ck::CK_SESSION_HANDLE,
        mechanism: *mut ck::CK_MECHANISM,
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
        engine.session_info(session)?;
        let made = engine.generate_key_from(session, mechanism.id, &template)?;
        input::write(key, made.0)
    }

    /// Generates a key pair, on the card or for the session.
    fn C_GenerateKeyPair(
        session: ck::CK_SESSION_HANDLE,
        mechanism: *mut ck::CK_MECHANISM,
        public_template: *mut ck::CK_ATTRIBUTE,
        public_count: ck::CK_ULONG,
        private_template: *mut ck::CK_ATTRIBUTE,
        private_count: ck::CK_ULONG,
        public_key: *mut ck::CK_OBJECT_HANDLE,
        private_key: *mut ck::CK_OBJECT_HANDLE,
    ) {
        let engine = instance::engine()?;
        if public_key.is_null() || private_key.is_null() {
            return Err(Fault::ARGUMENTS_BAD);
        }
        let mechanism = input::mechanism(mechanism)?;
        let public = input::template(public_template, public_count)?;
        let private = input::template(private_template, private_count)?;
        let session = input::session(session);
        engine.session_info(session)?;
        let (private, public) = engine.generate_key_pair_from(session, mechanism.id, &public, &private)?;
        input::write(public_key, public.0)?;
        input::write(private_key, private.0)
    }
}

/// A PIN. NULL would stand for a reader's PIN pad, which none here has for this.
///
/// # Safety
/// `pointer` is NULL or valid for `len` bytes.
unsafe fn secret(pointer: *mut ck::CK_UTF8CHAR, len: ck::CK_ULONG) -> Result<Secret, Fault> {
    if pointer.is_null() {
        return Err(Fault::ARGUMENTS_BAD);
    }
    // SAFETY: the caller's promise.
    Ok(Secret::from(unsafe { input::slice(pointer.cast_const(), len)? }))
}

/// Length of a token's label, padded with blanks.
const LABEL_LEN: ck::CK_ULONG = 32;
