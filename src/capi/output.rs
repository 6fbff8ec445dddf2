//! From values to C: the buffer rule (PKCS#11 3.1, 5.2), in its one place.

use cryptoki_sys as ck;

use super::fault::Fault;
use crate::codec::Secret;
use crate::engine::{self, Value};

/// What an operation gives out.
pub(super) trait Bytes {
    fn bytes(&self) -> &[u8];
}

impl Bytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Bytes for Secret {
    fn bytes(&self) -> &[u8] {
        self.expose()
    }
}

/// Output of variable length: NULL asks for the length; with less room than needed the length is told and the
/// operation stays; else bytes and length are written.
///
/// # Safety
/// `len` is NULL or valid for a read and a write, `buffer` is NULL or valid for `*len` bytes.
pub(super) unsafe fn bytes<T: Bytes>(
    buffer: *mut ck::CK_BYTE,
    len: *mut ck::CK_ULONG,
    length: impl FnOnce() -> engine::Result<usize>,
    produce: impl FnOnce(usize) -> engine::Result<T>,
) -> Result<(), Fault> {
    // SAFETY: the caller's promise; NULL is refused.
    let len = unsafe { len.as_mut() }.ok_or(Fault::ARGUMENTS_BAD)?;
    if buffer.is_null() {
        *len = length()? as ck::CK_ULONG;
        return Ok(());
    }
    let room = usize::try_from(*len).map_err(|_| Fault::ARGUMENTS_BAD)?;
    match produce(room) {
        Ok(output) => {
            let output = output.bytes();
            if output.len() > room {
                return Err(Fault::Code(ck::CKR_FUNCTION_FAILED));
            }
            // SAFETY: the caller promises `room` bytes, and the output is not longer.
            unsafe { std::ptr::copy_nonoverlapping(output.as_ptr(), buffer, output.len()) };
            *len = output.len() as ck::CK_ULONG;
            Ok(())
        }
        Err(engine::Error::BufferTooSmall { needed }) => {
            *len = needed as ck::CK_ULONG;
            Err(Fault::Code(ck::CKR_BUFFER_TOO_SMALL))
        }
        Err(error) => Err(error.into()),
    }
}

/// A list under the same rule, counted in elements.
///
/// # Safety
/// `count` is NULL or valid for a read and a write, `array` is NULL or valid for `*count` elements.
pub(super) unsafe fn list<T: Copy>(
    array: *mut T,
    count: *mut ck::CK_ULONG,
    items: &[T],
) -> Result<(), Fault> {
    // SAFETY: the caller's promise; NULL is refused.
    let count = unsafe { count.as_mut() }.ok_or(Fault::ARGUMENTS_BAD)?;
    let room = *count;
    *count = items.len() as ck::CK_ULONG;
    if array.is_null() {
        return Ok(());
    }
    if room < items.len() as ck::CK_ULONG {
        return Err(Fault::Code(ck::CKR_BUFFER_TOO_SMALL));
    }
    // SAFETY: there is room for all items.
    unsafe { std::ptr::copy_nonoverlapping(items.as_ptr(), array, items.len()) };
    Ok(())
}

/// Writes one attribute's value, or the reason why not into its length. Gives the return value of this
/// attribute alone.
///
/// # Safety
/// `attribute.pValue` is NULL or valid for `ulValueLen` bytes.
pub(super) unsafe fn attribute(
    attribute: &mut ck::CK_ATTRIBUTE,
    answer: engine::Result<Value>,
) -> Result<(), Fault> {
    let value = match answer {
        // It may be that of a key: no copy is left behind.
        Ok(mut value) => {
            let encoded = Secret::new(encode(&value));
            value.wipe();
            encoded
        }
        Err(error) => {
            attribute.ulValueLen = ck::CK_UNAVAILABLE_INFORMATION;
            return Err(error.into());
        }
    };
    let len = value.len() as ck::CK_ULONG;
    if attribute.pValue.is_null() {
        attribute.ulValueLen = len;
        return Ok(());
    }
    if attribute.ulValueLen < len {
        attribute.ulValueLen = ck::CK_UNAVAILABLE_INFORMATION;
        return Err(Fault::Code(ck::CKR_BUFFER_TOO_SMALL));
    }
    // SAFETY: there is room for the value.
    let bytes = value.expose();
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), attribute.pValue.cast::<u8>(), bytes.len()) };
    attribute.ulValueLen = len;
    Ok(())
}

fn encode(value: &Value) -> Vec<u8> {
    match value {
        Value::Bool(truth) => vec![u8::from(*truth)],
        Value::Number(number) => (*number).to_ne_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.clone(),
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Date(None) => Vec::new(),
        Value::Date(Some(date)) => format!("{:04}{:02}{:02}", date.year, date.month, date.day).into_bytes(),
        Value::Numbers(numbers) => numbers.iter().flat_map(|number| (*number).to_ne_bytes()).collect(),
    }
}
