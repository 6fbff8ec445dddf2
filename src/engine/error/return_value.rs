//! The one place that maps engine errors to PKCS#11 return values (PKCS#11 3.1, 5.1).
//! No `_` arm below: a new error or a new card error has to choose its number.

use cryptoki_sys as ck;

use super::Error;
use crate::apdu::ApduError;
use crate::card::{CardError, PinEntryFailure};
use crate::crypto::CryptoError;
use crate::token::KeyAlgorithm;
use crate::transport::TransportError;

/// A PKCS#11 return value: its number and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnValue {
    /// `CK_RV` number.
    pub number: u64,
    /// Its name: `CKR_PIN_INCORRECT`.
    pub name: &'static str,
}

impl Error {
    /// The return value that a PKCS#11 caller gets for this error.
    pub fn return_value(&self) -> ReturnValue {
        match self {
            Self::SlotInvalid(_) => rv("CKR_SLOT_ID_INVALID", ck::CKR_SLOT_ID_INVALID),
            Self::TokenNotPresent(_) => rv("CKR_TOKEN_NOT_PRESENT", ck::CKR_TOKEN_NOT_PRESENT),
            Self::TokenNotRecognized { source, .. } => match source {
                CardError::Apdu(error) => apdu_return_value(error),
                CardError::UnknownCard { .. } | CardError::Malformed { .. } => {
                    rv("CKR_TOKEN_NOT_RECOGNIZED", ck::CKR_TOKEN_NOT_RECOGNIZED)
                }
                other => card_return_value(other),
            },
            Self::Reader { source, .. } => match source {
                // A slot without its reader is an empty one.
                TransportError::ReaderGone(_) | TransportError::NoService => {
                    rv("CKR_TOKEN_NOT_PRESENT", ck::CKR_TOKEN_NOT_PRESENT)
                }
                other => transport_return_value(other),
            },
            // For a caller of PKCS#11 the token of its session is gone, with that session.
            Self::DeviceRemoved { .. } | Self::CardChanged { .. } => {
                rv("CKR_DEVICE_REMOVED", ck::CKR_DEVICE_REMOVED)
            }
            Self::Card { source, .. } => card_return_value(source),
            Self::Arguments(_) => rv("CKR_ARGUMENTS_BAD", ck::CKR_ARGUMENTS_BAD),
            Self::SessionHandleInvalid => rv("CKR_SESSION_HANDLE_INVALID", ck::CKR_SESSION_HANDLE_INVALID),
            Self::SessionReadOnly => rv("CKR_SESSION_READ_ONLY", ck::CKR_SESSION_READ_ONLY),
            Self::SessionReadOnlyExists => {
                rv("CKR_SESSION_READ_ONLY_EXISTS", ck::CKR_SESSION_READ_ONLY_EXISTS)
            }
            Self::SessionReadWriteSoExists => {
                rv("CKR_SESSION_READ_WRITE_SO_EXISTS", ck::CKR_SESSION_READ_WRITE_SO_EXISTS)
            }
            Self::UserAlreadyLoggedIn => rv("CKR_USER_ALREADY_LOGGED_IN", ck::CKR_USER_ALREADY_LOGGED_IN),
            Self::UserAnotherAlreadyLoggedIn => {
                rv("CKR_USER_ANOTHER_ALREADY_LOGGED_IN", ck::CKR_USER_ANOTHER_ALREADY_LOGGED_IN)
            }
            Self::UserNotLoggedIn | Self::LoginLost => {
                rv("CKR_USER_NOT_LOGGED_IN", ck::CKR_USER_NOT_LOGGED_IN)
            }
            Self::UserPinNotInitialized(_) => {
                rv("CKR_USER_PIN_NOT_INITIALIZED", ck::CKR_USER_PIN_NOT_INITIALIZED)
            }
            Self::UserTypeInvalid => rv("CKR_USER_TYPE_INVALID", ck::CKR_USER_TYPE_INVALID),
            Self::PinIncorrect { .. } => rv("CKR_PIN_INCORRECT", ck::CKR_PIN_INCORRECT),
            Self::PinLocked { .. } => rv("CKR_PIN_LOCKED", ck::CKR_PIN_LOCKED),
            Self::PinLength { .. } => rv("CKR_PIN_LEN_RANGE", ck::CKR_PIN_LEN_RANGE),
            Self::PinCharacters => rv("CKR_PIN_INVALID", ck::CKR_PIN_INVALID),
            Self::NeedsPin { .. } => rv("CKR_USER_NOT_LOGGED_IN", ck::CKR_USER_NOT_LOGGED_IN),
            Self::NoSuchPin { .. } => rv("CKR_ARGUMENTS_BAD", ck::CKR_ARGUMENTS_BAD),
            Self::SessionExists => rv("CKR_SESSION_EXISTS", ck::CKR_SESSION_EXISTS),
            Self::WriteProtected => rv("CKR_TOKEN_WRITE_PROTECTED", ck::CKR_TOKEN_WRITE_PROTECTED),
            Self::NotEmpty(_) => rv("CKR_FUNCTION_REJECTED", ck::CKR_FUNCTION_REJECTED),
            Self::OtherToken(_) => rv("CKR_USER_PIN_NOT_INITIALIZED", ck::CKR_USER_PIN_NOT_INITIALIZED),
            Self::NotModifiable => rv("CKR_ACTION_PROHIBITED", ck::CKR_ACTION_PROHIBITED),
            Self::NotDestroyable | Self::NotCopyable => {
                rv("CKR_ACTION_PROHIBITED", ck::CKR_ACTION_PROHIBITED)
            }
            Self::ActionProhibited { .. } => rv("CKR_ACTION_PROHIBITED", ck::CKR_ACTION_PROHIBITED),
            Self::KeyNotPossible { asked, .. } => key_return_value(*asked),
            Self::IdTaken { .. } => rv("CKR_ATTRIBUTE_VALUE_INVALID", ck::CKR_ATTRIBUTE_VALUE_INVALID),
            Self::TemplateIncomplete(_) => rv("CKR_TEMPLATE_INCOMPLETE", ck::CKR_TEMPLATE_INCOMPLETE),
            Self::TemplateInconsistent(_) => rv("CKR_TEMPLATE_INCONSISTENT", ck::CKR_TEMPLATE_INCONSISTENT),
            Self::AttributeReadOnly(_) => rv("CKR_ATTRIBUTE_READ_ONLY", ck::CKR_ATTRIBUTE_READ_ONLY),
            Self::ObjectHandleInvalid => rv("CKR_OBJECT_HANDLE_INVALID", ck::CKR_OBJECT_HANDLE_INVALID),
            Self::AttributeSensitive(_) => rv("CKR_ATTRIBUTE_SENSITIVE", ck::CKR_ATTRIBUTE_SENSITIVE),
            Self::AttributeTypeInvalid(_) => rv("CKR_ATTRIBUTE_TYPE_INVALID", ck::CKR_ATTRIBUTE_TYPE_INVALID),
            Self::AttributeValueInvalid(_) => {
                rv("CKR_ATTRIBUTE_VALUE_INVALID", ck::CKR_ATTRIBUTE_VALUE_INVALID)
            }
            Self::KeyHandleInvalid => rv("CKR_KEY_HANDLE_INVALID", ck::CKR_KEY_HANDLE_INVALID),
            Self::KeyTypeInconsistent { .. } => {
                rv("CKR_KEY_TYPE_INCONSISTENT", ck::CKR_KEY_TYPE_INCONSISTENT)
            }
            Self::KeyFunctionNotPermitted(_) => {
                rv("CKR_KEY_FUNCTION_NOT_PERMITTED", ck::CKR_KEY_FUNCTION_NOT_PERMITTED)
            }
            Self::WrappingKeyHandleInvalid => {
                rv("CKR_WRAPPING_KEY_HANDLE_INVALID", ck::CKR_WRAPPING_KEY_HANDLE_INVALID)
            }
            Self::UnwrappingKeyHandleInvalid => {
                rv("CKR_UNWRAPPING_KEY_HANDLE_INVALID", ck::CKR_UNWRAPPING_KEY_HANDLE_INVALID)
            }
            Self::WrappingKeyTypeInconsistent(_) => {
                rv("CKR_WRAPPING_KEY_TYPE_INCONSISTENT", ck::CKR_WRAPPING_KEY_TYPE_INCONSISTENT)
            }
            Self::UnwrappingKeyTypeInconsistent(_) => {
                rv("CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT", ck::CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT)
            }
            Self::KeyUnextractable => rv("CKR_KEY_UNEXTRACTABLE", ck::CKR_KEY_UNEXTRACTABLE),
            Self::KeyNotWrappable(_) => rv("CKR_KEY_NOT_WRAPPABLE", ck::CKR_KEY_NOT_WRAPPABLE),
            Self::KeyIndigestible => rv("CKR_KEY_INDIGESTIBLE", ck::CKR_KEY_INDIGESTIBLE),
            Self::WrappedKeyInvalid => rv("CKR_WRAPPED_KEY_INVALID", ck::CKR_WRAPPED_KEY_INVALID),
            Self::WrappedKeyLength(_) => rv("CKR_WRAPPED_KEY_LEN_RANGE", ck::CKR_WRAPPED_KEY_LEN_RANGE),
            Self::KeySizeRange { .. } => rv("CKR_KEY_SIZE_RANGE", ck::CKR_KEY_SIZE_RANGE),
            Self::MechanismInvalid(_) => rv("CKR_MECHANISM_INVALID", ck::CKR_MECHANISM_INVALID),
            Self::MechanismParameters { .. } => {
                rv("CKR_MECHANISM_PARAM_INVALID", ck::CKR_MECHANISM_PARAM_INVALID)
            }
            Self::OperationActive(_) => rv("CKR_OPERATION_ACTIVE", ck::CKR_OPERATION_ACTIVE),
            Self::OperationNotInitialized(_) => {
                rv("CKR_OPERATION_NOT_INITIALIZED", ck::CKR_OPERATION_NOT_INITIALIZED)
            }
            Self::BufferTooSmall { .. } => rv("CKR_BUFFER_TOO_SMALL", ck::CKR_BUFFER_TOO_SMALL),
            Self::DataLength { .. } => rv("CKR_DATA_LEN_RANGE", ck::CKR_DATA_LEN_RANGE),
            Self::SignatureInvalid => rv("CKR_SIGNATURE_INVALID", ck::CKR_SIGNATURE_INVALID),
            Self::SignatureLength { .. } => rv("CKR_SIGNATURE_LEN_RANGE", ck::CKR_SIGNATURE_LEN_RANGE),
            Self::EncryptedDataInvalid => rv("CKR_ENCRYPTED_DATA_INVALID", ck::CKR_ENCRYPTED_DATA_INVALID),
            Self::MessageNotAuthentic => rv("CKR_AEAD_DECRYPT_FAILED", ck::CKR_AEAD_DECRYPT_FAILED),
            Self::EncryptedDataLength { .. } => {
                rv("CKR_ENCRYPTED_DATA_LEN_RANGE", ck::CKR_ENCRYPTED_DATA_LEN_RANGE)
            }
            Self::NoRandom => rv("CKR_RANDOM_NO_RNG", ck::CKR_RANDOM_NO_RNG),
            Self::Crypto(error) => crypto_return_value(error),
            Self::Module { value, .. } => *value,
            Self::ModuleLies { .. } => rv("CKR_GENERAL_ERROR", ck::CKR_GENERAL_ERROR),
            Self::NotSupported(_) => rv("CKR_FUNCTION_NOT_SUPPORTED", ck::CKR_FUNCTION_NOT_SUPPORTED),
        }
    }

    /// The name of [`Error::return_value`]: `CKR_PIN_INCORRECT`.
    pub fn code(&self) -> &'static str {
        self.return_value().name
    }
}

fn card_return_value(error: &CardError) -> ReturnValue {
    match error {
        CardError::Apdu(error) => apdu_return_value(error),
        CardError::UnknownCard { .. } => rv("CKR_TOKEN_NOT_RECOGNIZED", ck::CKR_TOKEN_NOT_RECOGNIZED),
        CardError::PinIncorrect { .. } => rv("CKR_PIN_INCORRECT", ck::CKR_PIN_INCORRECT),
        CardError::PinBlocked { .. } => rv("CKR_PIN_LOCKED", ck::CKR_PIN_LOCKED),
        CardError::PinLength { .. } => rv("CKR_PIN_LEN_RANGE", ck::CKR_PIN_LEN_RANGE),
        CardError::PinCharacters => rv("CKR_PIN_INVALID", ck::CKR_PIN_INVALID),
        CardError::PinEntry(failure) => entry_return_value(*failure),
        CardError::NotAuthenticated | CardError::LoginLost => {
            rv("CKR_USER_NOT_LOGGED_IN", ck::CKR_USER_NOT_LOGGED_IN)
        }
        CardError::NotSupported { .. } => rv("CKR_FUNCTION_NOT_SUPPORTED", ck::CKR_FUNCTION_NOT_SUPPORTED),
        CardError::NoSuchObject => rv("CKR_OBJECT_HANDLE_INVALID", ck::CKR_OBJECT_HANDLE_INVALID),
        CardError::Malformed { .. } | CardError::Refused { .. } => {
            rv("CKR_DEVICE_ERROR", ck::CKR_DEVICE_ERROR)
        }
        CardError::Crypto(error) => crypto_return_value(error),
    }
}

fn entry_return_value(failure: PinEntryFailure) -> ReturnValue {
    match failure {
        PinEntryFailure::TimedOut | PinEntryFailure::Cancelled => {
            rv("CKR_FUNCTION_CANCELED", ck::CKR_FUNCTION_CANCELED)
        }
        PinEntryFailure::Different => rv("CKR_PIN_INVALID", ck::CKR_PIN_INVALID),
        PinEntryFailure::Length => rv("CKR_PIN_LEN_RANGE", ck::CKR_PIN_LEN_RANGE),
    }
}

fn apdu_return_value(error: &ApduError) -> ReturnValue {
    match error {
        ApduError::Transport(error) => transport_return_value(error),
        ApduError::UnexpectedStatus { .. }
        | ApduError::EndlessResponse { .. }
        | ApduError::FileTooLong { .. } => rv("CKR_DEVICE_ERROR", ck::CKR_DEVICE_ERROR),
        ApduError::TooLong { .. } => rv("CKR_DATA_LEN_RANGE", ck::CKR_DATA_LEN_RANGE),
        ApduError::Form(_) => rv("CKR_ARGUMENTS_BAD", ck::CKR_ARGUMENTS_BAD),
    }
}

fn transport_return_value(error: &TransportError) -> ReturnValue {
    match error {
        TransportError::CardRemoved(_) | TransportError::ReaderGone(_) | TransportError::NoService => {
            rv("CKR_DEVICE_REMOVED", ck::CKR_DEVICE_REMOVED)
        }
        TransportError::NoCard(_) => rv("CKR_TOKEN_NOT_PRESENT", ck::CKR_TOKEN_NOT_PRESENT),
        TransportError::MuteCard(_) => rv("CKR_TOKEN_NOT_RECOGNIZED", ck::CKR_TOKEN_NOT_RECOGNIZED),
        TransportError::NoPinPad => rv("CKR_ARGUMENTS_BAD", ck::CKR_ARGUMENTS_BAD),
        TransportError::AccessDenied
        | TransportError::CardReset(_)
        | TransportError::Busy { .. }
        | TransportError::Pcsc(_)
        | TransportError::Image { .. }
        | TransportError::Io { .. }
        | TransportError::NotRecorded { .. }
        | TransportError::BadResponse(_) => rv("CKR_DEVICE_ERROR", ck::CKR_DEVICE_ERROR),
    }
}

fn crypto_return_value(error: &CryptoError) -> ReturnValue {
    match error {
        CryptoError::InvalidKey(_) | CryptoError::InvalidPoint(_) | CryptoError::Malformed { .. } => {
            rv("CKR_DATA_INVALID", ck::CKR_DATA_INVALID)
        }
        CryptoError::InputLength { .. } => rv("CKR_DATA_LEN_RANGE", ck::CKR_DATA_LEN_RANGE),
        CryptoError::BlockTooLarge => rv("CKR_DATA_INVALID", ck::CKR_DATA_INVALID),
        CryptoError::SignatureMismatch => rv("CKR_FUNCTION_FAILED", ck::CKR_FUNCTION_FAILED),
        CryptoError::Decryption => rv("CKR_ENCRYPTED_DATA_INVALID", ck::CKR_ENCRYPTED_DATA_INVALID),
        CryptoError::Unsupported(_) => rv("CKR_FUNCTION_NOT_SUPPORTED", ck::CKR_FUNCTION_NOT_SUPPORTED),
        CryptoError::NoRandom => rv("CKR_RANDOM_NO_RNG", ck::CKR_RANDOM_NO_RNG),
    }
}

/// What is wrong with a wish for a key: no size, a size or a curve that is not there, a kind that is not there.
fn key_return_value(asked: KeyAlgorithm) -> ReturnValue {
    match asked {
        KeyAlgorithm::Rsa { modulus_bits: 0 }
        | KeyAlgorithm::Ec { curve: None }
        | KeyAlgorithm::Aes { key_bits: 0 } => rv("CKR_TEMPLATE_INCOMPLETE", ck::CKR_TEMPLATE_INCOMPLETE),
        KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Aes { .. } => {
            rv("CKR_KEY_SIZE_RANGE", ck::CKR_KEY_SIZE_RANGE)
        }
        KeyAlgorithm::Ec { .. } | KeyAlgorithm::Ed25519 | KeyAlgorithm::X25519 => {
            rv("CKR_CURVE_NOT_SUPPORTED", ck::CKR_CURVE_NOT_SUPPORTED)
        }
        KeyAlgorithm::Des { .. } | KeyAlgorithm::Generic { .. } | KeyAlgorithm::Untold => {
            rv("CKR_MECHANISM_INVALID", ck::CKR_MECHANISM_INVALID)
        }
    }
}

/// A return value. Every line above names its constant twice: a test holds that both are the same.
fn rv(name: &'static str, number: ck::CK_RV) -> ReturnValue {
    ReturnValue { number, name }
}

#[cfg(test)]
mod tests {
    #[test]
    fn return_value_name_and_number_are_of_the_same_constant() {
        let lines = include_str!("return_value.rs").split("rv(\"CKR_").skip(1);
        let mut count = 0;
        for line in lines {
            let Some((name, rest)) = line.split_once("\", ck::CKR_") else { continue };
            assert!(rest.starts_with(&format!("{name})")), "CKR_{name}");
            count += 1;
        }
        assert!(count > 40, "{count} lines found");
    }
}
