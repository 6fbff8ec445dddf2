//! What a module answers instead of success, in the engine's words.

use std::fmt;

use cryptoki_sys as ck;

use super::raw::Fault;
use crate::engine::{Error, error::ReturnValue};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { function, value } => write!(f, "{function} gave {}", value_text(*value)),
            Self::Missing { function } => write!(f, "it has no {function}"),
            Self::Lies { function, why } => write!(f, "{function} gave {why}"),
        }
    }
}

/// The engine's error for a fault: the one of the same meaning where that carries nothing that only a card knows.
pub fn explain(fault: Fault) -> Error {
    let (function, value) = match fault {
        Fault::Refused { function, value } => (function, value),
        Fault::Missing { function } => return Error::NotSupported(function),
        Fault::Lies { function, why } => return Error::ModuleLies { function, why },
    };
    match value {
        ck::CKR_PIN_INCORRECT => Error::PinIncorrect { tries_left: None, status: None },
        ck::CKR_PIN_LOCKED => Error::PinLocked { status: None },
        ck::CKR_USER_NOT_LOGGED_IN => Error::UserNotLoggedIn,
        ck::CKR_USER_PIN_NOT_INITIALIZED => Error::UserPinNotInitialized("user PIN"),
        ck::CKR_SIGNATURE_INVALID => Error::SignatureInvalid,
        ck::CKR_ENCRYPTED_DATA_INVALID => Error::EncryptedDataInvalid,
        ck::CKR_TOKEN_WRITE_PROTECTED => Error::WriteProtected,
        ck::CKR_SESSION_EXISTS => Error::SessionExists,
        ck::CKR_RANDOM_NO_RNG => Error::NoRandom,
        ck::CKR_OBJECT_HANDLE_INVALID => Error::ObjectHandleInvalid,
        ck::CKR_FUNCTION_NOT_SUPPORTED => Error::NotSupported(function),
        value => Error::Module { function, value: ReturnValue { number: value, name: name(value) } },
    }
}

/// `CKR_DEVICE_ERROR`, or the number of one that the standard does not have.
fn value_text(value: ck::CK_RV) -> String {
    match NAMES.iter().find(|known| known.0 == value) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("return value {value:#x}"),
    }
}

/// The name of a return value; those of a vendor share one.
fn name(value: ck::CK_RV) -> &'static str {
    NAMES.iter().find(|known| known.0 == value).map_or("CKR_VENDOR_DEFINED", |known| known.1)
}

/// Every return value of PKCS#11 3.2.
const NAMES: &[(ck::CK_RV, &str)] = &[
    (ck::CKR_OK, "CKR_OK"),
    (ck::CKR_CANCEL, "CKR_CANCEL"),
    (ck::CKR_HOST_MEMORY, "CKR_HOST_MEMORY"),
    (ck::CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID"),
    (ck::CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR"),
    (ck::CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED"),
    (ck::CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"),
    (ck::CKR_NO_EVENT, "CKR_NO_EVENT"),
    (ck::CKR_NEED_TO_CREATE_THREADS, "CKR_NEED_TO_CREATE_THREADS"),
    (ck::CKR_CANT_LOCK, "CKR_CANT_LOCK"),
    (ck::CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY"),
    (ck::CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE"),
    (ck::CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID"),
    (ck::CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID"),
    (ck::CKR_ACTION_PROHIBITED, "CKR_ACTION_PROHIBITED"),
    (ck::CKR_DATA_INVALID, "CKR_DATA_INVALID"),
    (ck::CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE"),
    (ck::CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR"),
    (ck::CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY"),
    (ck::CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED"),
    (ck::CKR_ENCRYPTED_DATA_INVALID, "CKR_ENCRYPTED_DATA_INVALID"),
    (ck::CKR_ENCRYPTED_DATA_LEN_RANGE, "CKR_ENCRYPTED_DATA_LEN_RANGE"),
    (ck::CKR_AEAD_DECRYPT_FAILED, "CKR_AEAD_DECRYPT_FAILED"),
    (ck::CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED"),
    (ck::CKR_FUNCTION_NOT_PARALLEL, "CKR_FUNCTION_NOT_PARALLEL"),
    (ck::CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED"),
    (ck::CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID"),
    (ck::CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE"),
    (ck::CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT"),
    (ck::CKR_KEY_NOT_NEEDED, "CKR_KEY_NOT_NEEDED"),
    (ck::CKR_KEY_CHANGED, "CKR_KEY_CHANGED"),
    (ck::CKR_KEY_NEEDED, "CKR_KEY_NEEDED"),
    (ck::CKR_KEY_INDIGESTIBLE, "CKR_KEY_INDIGESTIBLE"),
    (ck::CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED"),
    (ck::CKR_KEY_NOT_WRAPPABLE, "CKR_KEY_NOT_WRAPPABLE"),
    (ck::CKR_KEY_UNEXTRACTABLE, "CKR_KEY_UNEXTRACTABLE"),
    (ck::CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID"),
    (ck::CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID"),
    (ck::CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID"),
    (ck::CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE"),
    (ck::CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED"),
    (ck::CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT"),
    (ck::CKR_PIN_INVALID, "CKR_PIN_INVALID"),
    (ck::CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE"),
    (ck::CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED"),
    (ck::CKR_PIN_LOCKED, "CKR_PIN_LOCKED"),
    (ck::CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED"),
    (ck::CKR_SESSION_COUNT, "CKR_SESSION_COUNT"),
    (ck::CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID"),
    (ck::CKR_SESSION_PARALLEL_NOT_SUPPORTED, "CKR_SESSION_PARALLEL_NOT_SUPPORTED"),
    (ck::CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY"),
    (ck::CKR_SESSION_EXISTS, "CKR_SESSION_EXISTS"),
    (ck::CKR_SESSION_READ_ONLY_EXISTS, "CKR_SESSION_READ_ONLY_EXISTS"),
    (ck::CKR_SESSION_READ_WRITE_SO_EXISTS, "CKR_SESSION_READ_WRITE_SO_EXISTS"),
    (ck::CKR_SIGNATURE_INVALID, "CKR_SIGNATURE_INVALID"),
    (ck::CKR_SIGNATURE_LEN_RANGE, "CKR_SIGNATURE_LEN_RANGE"),
    (ck::CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE"),
    (ck::CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT"),
    (ck::CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT"),
    (ck::CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED"),
    (ck::CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED"),
    (ck::CKR_UNWRAPPING_KEY_HANDLE_INVALID, "CKR_UNWRAPPING_KEY_HANDLE_INVALID"),
    (ck::CKR_UNWRAPPING_KEY_SIZE_RANGE, "CKR_UNWRAPPING_KEY_SIZE_RANGE"),
    (ck::CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT"),
    (ck::CKR_USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN"),
    (ck::CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN"),
    (ck::CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED"),
    (ck::CKR_USER_TYPE_INVALID, "CKR_USER_TYPE_INVALID"),
    (ck::CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN"),
    (ck::CKR_USER_TOO_MANY_TYPES, "CKR_USER_TOO_MANY_TYPES"),
    (ck::CKR_WRAPPED_KEY_INVALID, "CKR_WRAPPED_KEY_INVALID"),
    (ck::CKR_WRAPPED_KEY_LEN_RANGE, "CKR_WRAPPED_KEY_LEN_RANGE"),
    (ck::CKR_WRAPPING_KEY_HANDLE_INVALID, "CKR_WRAPPING_KEY_HANDLE_INVALID"),
    (ck::CKR_WRAPPING_KEY_SIZE_RANGE, "CKR_WRAPPING_KEY_SIZE_RANGE"),
    (ck::CKR_WRAPPING_KEY_TYPE_INCONSISTENT, "CKR_WRAPPING_KEY_TYPE_INCONSISTENT"),
    (ck::CKR_RANDOM_SEED_NOT_SUPPORTED, "CKR_RANDOM_SEED_NOT_SUPPORTED"),
    (ck::CKR_RANDOM_NO_RNG, "CKR_RANDOM_NO_RNG"),
    (ck::CKR_DOMAIN_PARAMS_INVALID, "CKR_DOMAIN_PARAMS_INVALID"),
    (ck::CKR_CURVE_NOT_SUPPORTED, "CKR_CURVE_NOT_SUPPORTED"),
    (ck::CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL"),
    (ck::CKR_SAVED_STATE_INVALID, "CKR_SAVED_STATE_INVALID"),
    (ck::CKR_INFORMATION_SENSITIVE, "CKR_INFORMATION_SENSITIVE"),
    (ck::CKR_STATE_UNSAVEABLE, "CKR_STATE_UNSAVEABLE"),
    (ck::CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED"),
    (ck::CKR_CRYPTOKI_ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED"),
    (ck::CKR_MUTEX_BAD, "CKR_MUTEX_BAD"),
    (ck::CKR_MUTEX_NOT_LOCKED, "CKR_MUTEX_NOT_LOCKED"),
    (ck::CKR_NEW_PIN_MODE, "CKR_NEW_PIN_MODE"),
    (ck::CKR_NEXT_OTP, "CKR_NEXT_OTP"),
    (ck::CKR_EXCEEDED_MAX_ITERATIONS, "CKR_EXCEEDED_MAX_ITERATIONS"),
    (ck::CKR_FIPS_SELF_TEST_FAILED, "CKR_FIPS_SELF_TEST_FAILED"),
    (ck::CKR_LIBRARY_LOAD_FAILED, "CKR_LIBRARY_LOAD_FAILED"),
    (ck::CKR_PIN_TOO_WEAK, "CKR_PIN_TOO_WEAK"),
    (ck::CKR_PUBLIC_KEY_INVALID, "CKR_PUBLIC_KEY_INVALID"),
    (ck::CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED"),
    (ck::CKR_TOKEN_RESOURCE_EXCEEDED, "CKR_TOKEN_RESOURCE_EXCEEDED"),
    (ck::CKR_OPERATION_CANCEL_FAILED, "CKR_OPERATION_CANCEL_FAILED"),
    (ck::CKR_KEY_EXHAUSTED, "CKR_KEY_EXHAUSTED"),
    (ck::CKR_PENDING, "CKR_PENDING"),
    (ck::CKR_SESSION_ASYNC_NOT_SUPPORTED, "CKR_SESSION_ASYNC_NOT_SUPPORTED"),
    (ck::CKR_SEED_RANDOM_REQUIRED, "CKR_SEED_RANDOM_REQUIRED"),
    (ck::CKR_OPERATION_NOT_VALIDATED, "CKR_OPERATION_NOT_VALIDATED"),
    (ck::CKR_TOKEN_NOT_INITIALIZED, "CKR_TOKEN_NOT_INITIALIZED"),
    (ck::CKR_PARAMETER_SET_NOT_SUPPORTED, "CKR_PARAMETER_SET_NOT_SUPPORTED"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explain_keeps_the_name_of_every_return_value() {
        for (value, name) in NAMES.iter().filter(|known| known.0 != ck::CKR_OK) {
            let error = explain(Fault::Refused { function: "C_Sign", value: *value });
            assert_eq!(error.code(), *name, "{value:#x}");
        }
    }

    #[test]
    fn explain_value_of_a_vendor_tells_its_number() {
        let error = explain(Fault::Refused { function: "C_Login", value: ck::CKR_VENDOR_DEFINED | 0x123 });
        assert_eq!(error.code(), "CKR_VENDOR_DEFINED");
        assert_eq!(error.to_string(), "the module refused: C_Login gave CKR_VENDOR_DEFINED (0x80000123)");
    }
}
