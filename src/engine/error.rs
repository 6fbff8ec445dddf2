//! Engine errors and the one place that maps them to PKCS#11 return values (PKCS#11 3.1, 5.1).
//! No `_` arm below: a new error or a new card error has to choose its number.

use cryptoki_sys as ck;

use super::attribute::AttributeType;
use super::mechanism::MechanismId;
use crate::apdu::ApduError;
use crate::card::CardError;
use crate::crypto::CryptoError;
use crate::layout::SlotId;
use crate::transport::TransportError;

/// Why the engine did not do what it was asked. Carries facts; the cause below is its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No slot has this number.
    #[error("there is no slot {0}")]
    SlotInvalid(SlotId),
    /// The slot has no token: no card, or a hidden empty token.
    #[error("there is no token in slot {0}")]
    TokenNotPresent(SlotId),
    /// There is a card, but it could not be read as a token.
    #[error("the card in reader {reader:?} is not readable")]
    TokenNotRecognized {
        /// Which reader.
        reader: String,
        /// Why.
        #[source]
        source: CardError,
    },
    /// The reader or the service behind it does not work.
    #[error("reader {reader:?} does not work")]
    Reader {
        /// Which reader.
        reader: String,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The card was pulled or exchanged while something was going on; its sessions are over.
    #[error("the card was removed from reader {reader:?}")]
    DeviceRemoved {
        /// Which reader.
        reader: String,
    },
    /// The card did not do its part.
    #[error("the card in reader {reader:?} did not do it")]
    Card {
        /// Which reader.
        reader: String,
        /// What it said.
        #[source]
        source: CardError,
    },
    /// Arguments that contradict each other or the standard.
    #[error("bad arguments: {0}")]
    Arguments(&'static str),

    /// No open session has this handle.
    #[error("the session is not open (any more)")]
    SessionHandleInvalid,
    /// The operation needs a read/write session.
    #[error("the session is read-only")]
    SessionReadOnly,
    /// The security officer cannot log in while a read-only session is open.
    #[error("a read-only session of this token is open")]
    SessionReadOnlyExists,
    /// A read-only session cannot be opened while the security officer is logged in.
    #[error("the security officer is logged in")]
    SessionReadWriteSoExists,

    /// That user is logged in already.
    #[error("already logged in")]
    UserAlreadyLoggedIn,
    /// Another user is logged in.
    #[error("another user is logged in")]
    UserAnotherAlreadyLoggedIn,
    /// Nobody is logged in, and the operation needs it.
    #[error("not logged in")]
    UserNotLoggedIn,
    /// The login was lost because another program reset the card.
    #[error("the login is lost: the card was reset by another program")]
    LoginLost,
    /// The token has no PIN of this user.
    #[error("the token has no {0}")]
    UserPinNotInitialized(&'static str),
    /// The kind of user makes no sense here.
    #[error("this kind of login is not possible here")]
    UserTypeInvalid,

    /// The PIN was wrong.
    #[error("PIN incorrect{}", tries_text(*.tries_left))]
    PinIncorrect {
        /// Tries left, where the card tells.
        tries_left: Option<u8>,
    },
    /// The PIN is locked.
    #[error("PIN locked")]
    PinLocked,
    /// The PIN is empty, too short or too long; it was not sent.
    #[error("PIN must have {min} to {max} characters")]
    PinLength {
        /// Shortest.
        min: usize,
        /// Longest.
        max: usize,
    },
    /// The PIN has characters that the card does not take; it was not sent.
    #[error("PIN must consist of digits")]
    PinCharacters,

    /// No visible object has this handle.
    #[error("there is no such object (any more)")]
    ObjectHandleInvalid,
    /// The attribute cannot be shown.
    #[error("{0} is sensitive")]
    AttributeSensitive(AttributeType),
    /// The object has no such attribute.
    #[error("the object has no {0}")]
    AttributeTypeInvalid(AttributeType),
    /// A value of the wrong form for its attribute.
    #[error("bad value for {0}")]
    AttributeValueInvalid(AttributeType),

    /// The handle names no key that can be used.
    #[error("the handle names no key")]
    KeyHandleInvalid,
    /// The key is of another type or class than the mechanism needs.
    #[error("{mechanism} does not work with this key: it needs {needed}")]
    KeyTypeInconsistent {
        /// Mechanism.
        mechanism: MechanismId,
        /// What it would work with: `an RSA private key`.
        needed: &'static str,
    },
    /// The key's usage forbids it.
    #[error("the key may not be used to {0}")]
    KeyFunctionNotPermitted(&'static str),
    /// The key's size is not one that the card or the mechanism takes.
    #[error("a key of {bits} bits is not possible with {mechanism}")]
    KeySizeRange {
        /// Mechanism.
        mechanism: MechanismId,
        /// Size of the key.
        bits: u32,
    },
    /// The token or the function does not have the mechanism.
    #[error("{0} is not available here")]
    MechanismInvalid(MechanismId),
    /// The mechanism's parameters are wrong.
    #[error("bad parameters for {mechanism}: {why}")]
    MechanismParameters {
        /// Mechanism.
        mechanism: MechanismId,
        /// What is wrong.
        why: &'static str,
    },

    /// An operation of this kind is active in the session.
    #[error("{0} is already going on in this session")]
    OperationActive(&'static str),
    /// No operation of this kind is active in the session (or it went on by parts).
    #[error("no {0} is going on in this session")]
    OperationNotInitialized(&'static str),
    /// The caller's room is too small; the operation stays.
    #[error("{needed} bytes of room are needed")]
    BufferTooSmall {
        /// Bytes needed.
        needed: usize,
    },
    /// Data of a length that the mechanism does not take.
    #[error("the data is {actual} bytes long, {limit} are possible")]
    DataLength {
        /// What was given.
        actual: usize,
        /// What the mechanism takes at most (or exactly).
        limit: usize,
    },
    /// The signature does not belong to data and key.
    #[error("the signature is not valid")]
    SignatureInvalid,
    /// The signature cannot be one: its length is wrong.
    #[error("the signature is {actual} bytes long, {expected} expected")]
    SignatureLength {
        /// What was given.
        actual: usize,
        /// What a signature by this key has.
        expected: usize,
    },
    /// The encrypted data does not decrypt: wrong key, or damaged. Nothing more is said on purpose.
    #[error("the data does not decrypt: wrong key, or damaged")]
    EncryptedDataInvalid,
    /// The encrypted data cannot be one block of this key.
    #[error("the encrypted data is {actual} bytes long, {expected} expected")]
    EncryptedDataLength {
        /// What was given.
        actual: usize,
        /// What the key makes.
        expected: usize,
    },
    /// The token gives no random bytes.
    #[error("the token gives no random bytes")]
    NoRandom,
    /// Host-side mathematics.
    #[error("the computation is not possible")]
    Crypto(#[source] CryptoError),
    /// A thing that PKCS#11 has and this token has not.
    #[error("{0} is not supported")]
    NotSupported(&'static str),
}

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
            Self::Reader { source, .. } => transport_return_value(source),
            Self::DeviceRemoved { .. } => rv("CKR_DEVICE_REMOVED", ck::CKR_DEVICE_REMOVED),
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
            Self::PinLocked => rv("CKR_PIN_LOCKED", ck::CKR_PIN_LOCKED),
            Self::PinLength { .. } => rv("CKR_PIN_LEN_RANGE", ck::CKR_PIN_LEN_RANGE),
            Self::PinCharacters => rv("CKR_PIN_INVALID", ck::CKR_PIN_INVALID),
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
            Self::EncryptedDataLength { .. } => {
                rv("CKR_ENCRYPTED_DATA_LEN_RANGE", ck::CKR_ENCRYPTED_DATA_LEN_RANGE)
            }
            Self::NoRandom => rv("CKR_RANDOM_NO_RNG", ck::CKR_RANDOM_NO_RNG),
            Self::Crypto(error) => crypto_return_value(error),
            Self::NotSupported(_) => rv("CKR_FUNCTION_NOT_SUPPORTED", ck::CKR_FUNCTION_NOT_SUPPORTED),
        }
    }

    /// The name of [`Error::return_value`]: `CKR_PIN_INCORRECT`.
    pub fn code(&self) -> &'static str {
        self.return_value().name
    }
}

/// Sorts a card's answer: what PKCS#11 has a word for becomes that, the rest keeps its source.
pub(crate) fn from_card(reader: &str, error: CardError) -> Error {
    match error {
        CardError::PinIncorrect { tries_left } => Error::PinIncorrect { tries_left },
        CardError::PinBlocked => Error::PinLocked,
        CardError::PinLength { min, max } => Error::PinLength { min, max },
        CardError::PinCharacters => Error::PinCharacters,
        CardError::NotAuthenticated => Error::UserNotLoggedIn,
        CardError::LoginLost => Error::LoginLost,
        CardError::Apdu(ApduError::Transport(error)) => from_transport(reader, error),
        source => Error::Card { reader: reader.to_owned(), source },
    }
}

/// As [`from_card`] for an error of the reader.
pub(super) fn from_transport(reader: &str, error: TransportError) -> Error {
    match error {
        TransportError::CardRemoved(_) | TransportError::NoCard(_) => {
            Error::DeviceRemoved { reader: reader.to_owned() }
        }
        source => Error::Reader { reader: reader.to_owned(), source },
    }
}

fn card_return_value(error: &CardError) -> ReturnValue {
    match error {
        CardError::Apdu(error) => apdu_return_value(error),
        CardError::UnknownCard { .. } => rv("CKR_TOKEN_NOT_RECOGNIZED", ck::CKR_TOKEN_NOT_RECOGNIZED),
        CardError::PinIncorrect { .. } => rv("CKR_PIN_INCORRECT", ck::CKR_PIN_INCORRECT),
        CardError::PinBlocked => rv("CKR_PIN_LOCKED", ck::CKR_PIN_LOCKED),
        CardError::PinLength { .. } => rv("CKR_PIN_LEN_RANGE", ck::CKR_PIN_LEN_RANGE),
        CardError::PinCharacters => rv("CKR_PIN_INVALID", ck::CKR_PIN_INVALID),
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
        TransportError::CardRemoved(_) | TransportError::ReaderGone(_) => {
            rv("CKR_DEVICE_REMOVED", ck::CKR_DEVICE_REMOVED)
        }
        TransportError::NoCard(_) => rv("CKR_TOKEN_NOT_PRESENT", ck::CKR_TOKEN_NOT_PRESENT),
        TransportError::MuteCard(_) => rv("CKR_TOKEN_NOT_RECOGNIZED", ck::CKR_TOKEN_NOT_RECOGNIZED),
        TransportError::NoService
        | TransportError::AccessDenied
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

/// A return value. Every line above names its constant twice: a test holds that both are the same.
fn rv(name: &'static str, number: ck::CK_RV) -> ReturnValue {
    ReturnValue { number, name }
}

fn tries_text(tries_left: Option<u8>) -> String {
    match tries_left {
        None => String::new(),
        Some(1) => ", 1 try left".to_owned(),
        Some(tries) => format!(", {tries} tries left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_pin_incorrect_tells_tries_and_code() {
        let error = from_card("R", CardError::PinIncorrect { tries_left: Some(2) });
        assert_eq!(error.to_string(), "PIN incorrect, 2 tries left");
        assert_eq!(error.code(), "CKR_PIN_INCORRECT");
        assert_eq!(error.return_value().number, 0xA0);
        assert_eq!(Error::PinIncorrect { tries_left: Some(1) }.to_string(), "PIN incorrect, 1 try left");
        assert_eq!(Error::PinIncorrect { tries_left: None }.to_string(), "PIN incorrect");
    }

    // I.70
    #[test]
    fn error_card_pulled_is_device_removed_and_busy_is_device_error() {
        let pulled = CardError::Apdu(TransportError::CardRemoved("R".into()).into());
        assert_eq!(from_card("R", pulled).code(), "CKR_DEVICE_REMOVED");
        let busy = TransportError::Busy { reader: "R".into(), waited: std::time::Duration::from_secs(5) };
        assert_eq!(from_card("R", CardError::Apdu(busy.into())).code(), "CKR_DEVICE_ERROR");
    }

    #[test]
    fn error_keeps_its_source() {
        let error = from_card("R", CardError::NoSuchObject);
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("the card has no such object"));
    }

    #[test]
    fn return_value_name_and_number_are_of_the_same_constant() {
        let lines = include_str!("error.rs").split("rv(\"CKR_").skip(1);
        let mut count = 0;
        for line in lines {
            let Some((name, rest)) = line.split_once("\", ck::CKR_") else { continue };
            assert!(rest.starts_with(&format!("{name})")), "CKR_{name}");
            count += 1;
        }
        assert!(count > 40, "{count} lines found");
    }
}
