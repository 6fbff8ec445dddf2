//! From C to values: slices, templates, mechanisms. Nothing here trusts a length without a pointer.

use cryptoki_sys as ck;

use super::fault::Fault;
use crate::engine::attribute::{Date, Form};
use crate::engine::{
    Attribute, AttributeType, MechanismCall, MechanismId, ObjectHandle, Parameters, SessionHandle, Template,
    Value,
};
use crate::layout::SlotId;

/// More attributes than any template has.
const MAX_TEMPLATE: usize = 1024;

/// Bytes at a pointer. NULL is only good for no bytes.
///
/// # Safety
/// `pointer` is NULL or valid for `len` elements until the call returns.
pub(super) unsafe fn slice<'a, T>(pointer: *const T, len: ck::CK_ULONG) -> Result<&'a [T], Fault> {
    let len = usize::try_from(len).map_err(|_| Fault::ARGUMENTS_BAD)?;
    if len == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || len > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Fault::ARGUMENTS_BAD);
    }
    // SAFETY: not NULL, and the caller promises `len` elements.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// Writes a value where the caller wants it.
///
/// # Safety
/// `pointer` is NULL or valid for one write.
pub(super) unsafe fn write<T>(pointer: *mut T, value: T) -> Result<(), Fault> {
    if pointer.is_null() {
        return Err(Fault::ARGUMENTS_BAD);
    }
    // SAFETY: not NULL, and the caller promises room for one value.
    unsafe { pointer.write(value) };
    Ok(())
}

pub(super) fn session(handle: ck::CK_SESSION_HANDLE) -> SessionHandle {
    SessionHandle(handle)
}

pub(super) fn object(handle: ck::CK_OBJECT_HANDLE) -> ObjectHandle {
    ObjectHandle(handle)
}

pub(super) fn slot(id: ck::CK_SLOT_ID) -> Result<SlotId, Fault> {
    u32::try_from(id).map(SlotId).map_err(|_| Fault::Code(ck::CKR_SLOT_ID_INVALID))
}

/// A template as values, each in the form of its type.
///
/// # Safety
/// `pointer` is NULL or valid for `count` attributes, and each of them for its value.
pub(super) unsafe fn template(
    pointer: *const ck::CK_ATTRIBUTE,
    count: ck::CK_ULONG,
) -> Result<Template, Fault> {
    // SAFETY: the caller's promise.
    let attributes = unsafe { slice(pointer, count)? };
    if attributes.len() > MAX_TEMPLATE {
        return Err(Fault::ARGUMENTS_BAD);
    }
    let mut values = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        // SAFETY: the caller promises that each value is as long as it says.
        let bytes = unsafe { slice(attribute.pValue.cast::<u8>().cast_const(), attribute.ulValueLen)? };
        let kind = AttributeType(attribute.type_);
        values.push(Attribute { kind, value: value(kind, bytes)? });
    }
    Ok(values.into_iter().collect())
}

/// A mechanism with its parameters.
///
/// # Safety
/// `pointer` is NULL or valid for one mechanism, and that for its parameters.
pub(super) unsafe fn mechanism(pointer: *const ck::CK_MECHANISM) -> Result<MechanismCall, Fault> {
    // SAFETY: the caller's promise; NULL is refused.
    let mechanism = unsafe { pointer.as_ref() }.ok_or(Fault::ARGUMENTS_BAD)?;
    if mechanism.ulParameterLen != 0 {
        return Err(Fault::Code(ck::CKR_MECHANISM_PARAM_INVALID));
    }
    Ok(MechanismCall { id: MechanismId(mechanism.mechanism), parameters: Parameters::None })
}

fn value(kind: AttributeType, bytes: &[u8]) -> Result<Value, Fault> {
    let invalid = Fault::Code(ck::CKR_ATTRIBUTE_VALUE_INVALID);
    Ok(match kind.form() {
        Form::Bool => match bytes {
            [0] => Value::Bool(false),
            [_] => Value::Bool(true),
            _ => return Err(invalid),
        },
        Form::Number => Value::Number(number(bytes).ok_or(invalid)?),
        Form::Bytes => Value::Bytes(bytes.to_vec()),
        Form::Text => Value::Text(std::str::from_utf8(bytes).map_err(|_| invalid)?.to_owned()),
        Form::Date => Value::Date(date(bytes).ok_or(invalid)?),
        Form::Numbers => {
            let size = size_of::<ck::CK_ULONG>();
            if !bytes.len().is_multiple_of(size) {
                return Err(invalid);
            }
            Value::Numbers(bytes.chunks(size).filter_map(number).collect())
        }
    })
}

fn number(bytes: &[u8]) -> Option<u64> {
    Some(ck::CK_ULONG::from_ne_bytes(bytes.try_into().ok()?))
}

/// `Some(None)` is the empty date.
fn date(bytes: &[u8]) -> Option<Option<Date>> {
    if bytes.is_empty() {
        return Some(None);
    }
    let digits = std::str::from_utf8(bytes).ok().filter(|text| text.len() == 8)?;
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u16>().ok();
    let (month, day) = (part(4..6)?, part(6..8)?);
    Some(Some(Date { year: part(0..4)?, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_null_is_only_good_for_nothing() {
        // SAFETY: NULL is allowed.
        unsafe {
            assert!(slice::<u8>(std::ptr::null(), 0).is_ok_and(<[u8]>::is_empty));
            assert!(slice::<u8>(std::ptr::null(), 1).is_err());
            assert!(slice(&raw const *b"x", ck::CK_ULONG::MAX).is_err());
        }
    }

    // I.49
    #[test]
    fn value_number_of_wrong_size_is_refused() {
        assert!(value(AttributeType::CLASS, &[0; 4]).is_err());
        assert!(value(AttributeType::CLASS, &[0; 8]).is_ok());
    }

    // I.51
    #[test]
    fn value_empty_date_is_no_date() {
        assert!(matches!(value(AttributeType::START_DATE, b""), Ok(Value::Date(None))));
        assert!(matches!(
            value(AttributeType::START_DATE, b"20261123"),
            Ok(Value::Date(Some(Date { year: 2026, month: 11, day: 23 })))
        ));
        assert!(value(AttributeType::START_DATE, b"2026").is_err());
    }
}
