//! From C to values: slices, templates, mechanisms. Nothing here trusts a length without a pointer.

use cryptoki_sys as ck;

use super::fault::Fault;
use crate::crypto::DigestAlgorithm;
use crate::crypto::rsa::PssParameters;
use crate::engine::attribute::{Date, Form};
use crate::engine::mechanism::{self, HkdfSalt, Kdf, ParameterKind};
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
    let id = MechanismId(mechanism.mechanism);
    let parameters = match mechanism::mechanism(id)?.parameter_kind() {
        ParameterKind::None if mechanism.ulParameterLen == 0 => Parameters::None,
        ParameterKind::None => return Err(PARAMETERS_BAD),
        // SAFETY: the caller's promise.
        ParameterKind::Pss => pss(unsafe { parameters(mechanism)? })?,
        // SAFETY: the caller's promise, for the label inside too.
        ParameterKind::Oaep => unsafe { oaep(parameters(mechanism)?)? },
        // SAFETY: the caller's promise.
        ParameterKind::Iv => Parameters::Iv(unsafe { parameters(mechanism)? }),
        // SAFETY: the caller's promise.
        ParameterKind::Counter => counter(unsafe { parameters(mechanism)? })?,
        // SAFETY: the caller's promise, for what is inside too.
        ParameterKind::Gcm => unsafe { gcm(parameters(mechanism)?)? },
        // SAFETY: the caller's promise.
        ParameterKind::MacLen => mac_len(unsafe { parameters(mechanism)? })?,
        // SAFETY: the caller's promise, for what is inside too.
        ParameterKind::Ecdh => unsafe { ecdh(parameters(mechanism)?)? },
        // SAFETY: the caller's promise, for what is inside too.
        ParameterKind::Hkdf => unsafe { hkdf(parameters(mechanism)?)? },
        ParameterKind::Eddsa if mechanism.ulParameterLen == 0 => Parameters::None,
        // SAFETY: the caller's promise, for the context inside too.
        ParameterKind::Eddsa => unsafe { eddsa(parameters(mechanism)?)? },
    };
    Ok(MechanismCall { id, parameters })
}

/// A copy of a mechanism's parameters: callers do not always align them.
///
/// # Safety
/// `pParameter` is NULL or valid for `ulParameterLen` bytes. `T` is a structure of numbers and pointers: any bytes
/// are a value of it.
unsafe fn parameters<T>(mechanism: &ck::CK_MECHANISM) -> Result<T, Fault> {
    let right_size = usize::try_from(mechanism.ulParameterLen) == Ok(size_of::<T>());
    if mechanism.pParameter.is_null() || !right_size {
        return Err(PARAMETERS_BAD);
    }
    // SAFETY: not NULL, and the caller promises as many bytes as T has; no alignment is needed.
    Ok(unsafe { mechanism.pParameter.cast::<T>().read_unaligned() })
}

fn pss(raw: ck::CK_RSA_PKCS_PSS_PARAMS) -> Result<Parameters, Fault> {
    let (hash, mgf) = (hash(raw.hashAlg)?, mask_digest(raw.mgf)?);
    let salt_len = usize::try_from(raw.sLen).map_err(|_| PARAMETERS_BAD)?;
    Ok(Parameters::Pss(PssParameters { hash, mgf, salt_len }))
}

/// # Safety
/// `pSourceData` is NULL or valid for `ulSourceDataLen` bytes.
unsafe fn oaep(raw: ck::CK_RSA_PKCS_OAEP_PARAMS) -> Result<Parameters, Fault> {
    let (hash, mgf) = (hash(raw.hashAlg)?, mask_digest(raw.mgf)?);
    // Without a label callers give 0 for its source as well.
    let known_source = raw.source == ck::CKZ_DATA_SPECIFIED || (raw.source == 0 && raw.ulSourceDataLen == 0);
    if !known_source || raw.ulSourceDataLen > MAX_LABEL {
        return Err(PARAMETERS_BAD);
    }
    let label = raw.pSourceData.cast::<u8>().cast_const();
    // SAFETY: the caller's promise.
    let label = unsafe { slice(label, raw.ulSourceDataLen) }.map_err(|_| PARAMETERS_BAD)?;
    Ok(Parameters::Oaep { hash, mgf, label: label.to_vec() })
}

fn counter(raw: ck::CK_AES_CTR_PARAMS) -> Result<Parameters, Fault> {
    let bits = u32::try_from(raw.ulCounterBits).map_err(|_| PARAMETERS_BAD)?;
    Ok(Parameters::Counter { block: raw.cb, bits })
}

/// # Safety
/// `pContextData` is NULL or valid for `ulContextDataLen` bytes.
unsafe fn eddsa(raw: ck::CK_EDDSA_PARAMS) -> Result<Parameters, Fault> {
    // SAFETY: the caller's promise.
    let context = unsafe { inner(raw.pContextData, raw.ulContextDataLen)? };
    Ok(Parameters::Eddsa { prehash: raw.phFlag != 0, context })
}

fn mac_len(raw: ck::CK_MAC_GENERAL_PARAMS) -> Result<Parameters, Fault> {
    usize::try_from(raw).map(Parameters::MacLen).map_err(|_| PARAMETERS_BAD)
}

/// # Safety
/// `pIv` and `pAAD` are NULL or valid for the lengths beside them.
unsafe fn gcm(raw: ck::CK_GCM_PARAMS) -> Result<Parameters, Fault> {
    // SAFETY: the caller's promise.
    let (nonce, associated_data) = unsafe { (inner(raw.pIv, raw.ulIvLen)?, inner(raw.pAAD, raw.ulAADLen)?) };
    let tag_bits = u32::try_from(raw.ulTagBits).map_err(|_| PARAMETERS_BAD)?;
    Ok(Parameters::Gcm { nonce, associated_data, tag_bits })
}

/// # Safety
/// `pSharedData` and `pPublicData` are NULL or valid for the lengths beside them.
unsafe fn ecdh(raw: ck::CK_ECDH1_DERIVE_PARAMS) -> Result<Parameters, Fault> {
    let kdf = match raw.kdf {
        ck::CKD_NULL => Kdf::Null,
        other => {
            let known = KDFS.iter().find(|known| known.0 == other);
            Kdf::X963(known.map(|known| known.1).ok_or(PARAMETERS_BAD)?)
        }
    };
    // SAFETY: the caller's promise.
    let (shared_info, peer) = unsafe {
        (inner(raw.pSharedData, raw.ulSharedDataLen)?, inner(raw.pPublicData, raw.ulPublicDataLen)?)
    };
    Ok(Parameters::Ecdh { kdf, shared_info, peer })
}

/// # Safety
/// `pSalt` and `pInfo` are NULL or valid for the lengths beside them.
unsafe fn hkdf(raw: ck::CK_HKDF_PARAMS) -> Result<Parameters, Fault> {
    let hash = hash(raw.prfHashMechanism)?;
    let salt = match raw.ulSaltType {
        ck::CKF_HKDF_SALT_NULL => HkdfSalt::Null,
        // SAFETY: the caller's promise.
        ck::CKF_HKDF_SALT_DATA => HkdfSalt::Data(unsafe { inner(raw.pSalt, raw.ulSaltLen)? }),
        ck::CKF_HKDF_SALT_KEY => HkdfSalt::Key(object(raw.hSaltKey)),
        // Where nothing is extracted, callers leave it at 0.
        0 if raw.bExtract == 0 => HkdfSalt::Null,
        _ => return Err(PARAMETERS_BAD),
    };
    // SAFETY: the caller's promise.
    let info = unsafe { inner(raw.pInfo, raw.ulInfoLen)? };
    Ok(Parameters::Hkdf { hash, extract: raw.bExtract != 0, expand: raw.bExpand != 0, salt, info })
}

/// Bytes that parameters point to.
///
/// # Safety
/// `pointer` is NULL or valid for `len` bytes.
unsafe fn inner(pointer: *const ck::CK_BYTE, len: ck::CK_ULONG) -> Result<Vec<u8>, Fault> {
    if len > MAX_LABEL {
        return Err(PARAMETERS_BAD);
    }
    // SAFETY: the caller's promise.
    unsafe { slice(pointer, len) }.map(<[u8]>::to_vec).map_err(|_| PARAMETERS_BAD)
}

/// The digest of a digest mechanism.
fn hash(number: ck::CK_MECHANISM_TYPE) -> Result<DigestAlgorithm, Fault> {
    let known = HASHES.iter().find(|known| known.0 == number);
    known.map(|known| known.2).ok_or(PARAMETERS_BAD)
}

/// The digest of a mask generation function.
fn mask_digest(number: ck::CK_RSA_PKCS_MGF_TYPE) -> Result<DigestAlgorithm, Fault> {
    let known = HASHES.iter().find(|known| known.1 == number);
    known.map(|known| known.2).ok_or(PARAMETERS_BAD)
}

const PARAMETERS_BAD: Fault = Fault::Code(ck::CKR_MECHANISM_PARAM_INVALID);
/// Longer labels than any protocol has.
const MAX_LABEL: ck::CK_ULONG = 1 << 20;

/// Digests as `hashAlg` and `mgf` name them (PKCS#11 3.1, 6.1.7 and 6.1.9).
const HASHES: [(ck::CK_MECHANISM_TYPE, ck::CK_RSA_PKCS_MGF_TYPE, DigestAlgorithm); 9] = [
    (ck::CKM_SHA_1, ck::CKG_MGF1_SHA1, DigestAlgorithm::Sha1),
    (ck::CKM_SHA224, ck::CKG_MGF1_SHA224, DigestAlgorithm::Sha224),
    (ck::CKM_SHA256, ck::CKG_MGF1_SHA256, DigestAlgorithm::Sha256),
    (ck::CKM_SHA384, ck::CKG_MGF1_SHA384, DigestAlgorithm::Sha384),
    (ck::CKM_SHA512, ck::CKG_MGF1_SHA512, DigestAlgorithm::Sha512),
    (ck::CKM_SHA3_224, ck::CKG_MGF1_SHA3_224, DigestAlgorithm::Sha3_224),
    (ck::CKM_SHA3_256, ck::CKG_MGF1_SHA3_256, DigestAlgorithm::Sha3_256),
    (ck::CKM_SHA3_384, ck::CKG_MGF1_SHA3_384, DigestAlgorithm::Sha3_384),
    (ck::CKM_SHA3_512, ck::CKG_MGF1_SHA3_512, DigestAlgorithm::Sha3_512),
];

/// Key derivation functions of ANSI X9.63 (PKCS#11 3.1, 6.3.18).
const KDFS: [(ck::CK_EC_KDF_TYPE, DigestAlgorithm); 9] = [
    (ck::CKD_SHA1_KDF, DigestAlgorithm::Sha1),
    (ck::CKD_SHA224_KDF, DigestAlgorithm::Sha224),
    (ck::CKD_SHA256_KDF, DigestAlgorithm::Sha256),
    (ck::CKD_SHA384_KDF, DigestAlgorithm::Sha384),
    (ck::CKD_SHA512_KDF, DigestAlgorithm::Sha512),
    (ck::CKD_SHA3_224_KDF, DigestAlgorithm::Sha3_224),
    (ck::CKD_SHA3_256_KDF, DigestAlgorithm::Sha3_256),
    (ck::CKD_SHA3_384_KDF, DigestAlgorithm::Sha3_384),
    (ck::CKD_SHA3_512_KDF, DigestAlgorithm::Sha3_512),
];

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
mod tests;
