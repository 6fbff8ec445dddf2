//! Engine errors, and what becomes of a card's. Their numbers are in `return_value`.

mod return_value;

pub use return_value::ReturnValue;

use super::attribute::AttributeType;
use super::deletion::NeededBy;
use super::mechanism::MechanismId;
use crate::apdu::{ApduError, StatusWord};
use crate::card::CardError;
use crate::crypto::CryptoError;
use crate::layout::SlotId;
use crate::token::{AuthId, KeyAlgorithm, KeyId};
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
    /// Another program has changed the card since it was read, in a way that what was asked for may not mean the same
    /// any more. Nothing was changed.
    #[error("another program has changed the card in reader {reader:?} in the meantime; nothing was done")]
    CardChanged {
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
    /// The login was lost: another program reset the card or took it back, or another of the card's applications was used.
    #[error("the login is lost: the card was reset, or another program or application took it back")]
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
        /// What the card answered; `None` where no card was asked.
        status: Option<StatusWord>,
    },
    /// The PIN is locked.
    #[error("PIN locked")]
    PinLocked {
        /// What the card answered; `None` where no card was asked.
        status: Option<StatusWord>,
    },
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

    /// The change needs another PIN of the card beside the login: see `Engine::authorise`.
    #[error("the card wants {label:?} for this")]
    NeedsPin {
        /// The PIN's name.
        label: String,
        /// The PIN.
        auth: AuthId,
    },
    /// The card has no PIN of this name.
    #[error("the card has no PIN {label:?}, or several")]
    NoSuchPin {
        /// The name that was asked for.
        label: String,
    },
    /// A session with a token of the card is open.
    #[error("a session with this card is open")]
    SessionExists,
    /// Nothing on the card can be changed.
    #[error("nothing on this card can be changed")]
    WriteProtected,
    /// A new PIN goes on an empty token, and this one shows objects.
    #[error("the token in slot {0} is not empty")]
    NotEmpty(SlotId),
    /// What belongs to no PIN is shown by another token.
    #[error("objects without a PIN go to the token in slot {0}")]
    OtherToken(SlotId),

    /// Deleting the certificate would break the chains of other tokens.
    #[error("the certificate is needed by {}", needed_text(.needed_by))]
    ActionProhibited {
        /// Whose chains.
        needed_by: Vec<NeededBy>,
    },
    /// The card says that the object stays as it is (`CKA_MODIFIABLE` and `CKA_DESTROYABLE` are false).
    #[error("the object cannot be changed")]
    NotModifiable,
    /// The card does not have keys of this kind or size, or the size was left out.
    #[error("{}: this card has {possible}", wish_text(*.asked))]
    KeyNotPossible {
        /// What was asked for.
        asked: KeyAlgorithm,
        /// What the card has: `RSA of 2048, 3072 or 4096 bits`.
        possible: String,
    },
    /// Another key of the card has the identifier.
    #[error("the identifier {id} is that of {label:?}")]
    IdTaken {
        /// The identifier.
        id: KeyId,
        /// Who has it.
        label: String,
    },
    /// An attribute that the new object has to have.
    #[error("{0} is missing")]
    TemplateIncomplete(AttributeType),
    /// Attributes that contradict each other or what this token can hold.
    #[error("attributes that do not go together: {0}")]
    TemplateInconsistent(&'static str),
    /// An attribute that cannot be changed.
    #[error("{0} cannot be changed")]
    AttributeReadOnly(AttributeType),

    /// The object says that it cannot be deleted.
    #[error("the object cannot be deleted")]
    NotDestroyable,
    /// The object says that it cannot be copied.
    #[error("the object cannot be copied")]
    NotCopyable,

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
    /// The handle names no key that could wrap.
    #[error("the handle names no key that wraps")]
    WrappingKeyHandleInvalid,
    /// The handle names no key that could unwrap.
    #[error("the handle names no key that unwraps")]
    UnwrappingKeyHandleInvalid,
    /// The wrapping key is of another type than the mechanism needs.
    #[error("{0} does not wrap with this key")]
    WrappingKeyTypeInconsistent(MechanismId),
    /// The unwrapping key is of another type than the mechanism needs.
    #[error("{0} does not unwrap with this key")]
    UnwrappingKeyTypeInconsistent(MechanismId),
    /// The key may not leave (`CKA_EXTRACTABLE`).
    #[error("the key is not extractable")]
    KeyUnextractable,
    /// The key cannot be wrapped in this way.
    #[error("the key cannot be wrapped so: {0}")]
    KeyNotWrappable(&'static str),
    /// The value of the key cannot be digested.
    #[error("the value of the key cannot be digested")]
    KeyIndigestible,
    /// A wrapped key that does not unwrap: another key, or damaged.
    #[error("the wrapped key does not unwrap: another key, or damaged")]
    WrappedKeyInvalid,
    /// A wrapped key of a length that the mechanism does not make.
    #[error("a wrapped key of {0} bytes is none")]
    WrappedKeyLength(usize),
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
    /// A message whose tag does not belong to it: nothing of it is shown.
    #[error("the message is not authentic: wrong key, parameters or tag, or damaged")]
    MessageNotAuthentic,
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
    /// A foreign module answered with a return value that means none of the above.
    #[error("the module refused: {function} gave {} ({:#x})", .value.name, .value.number)]
    Module {
        /// Which function.
        function: &'static str,
        /// Its answer.
        value: ReturnValue,
    },
    /// A foreign module's answer contradicts itself or the standard.
    #[error("the module does not keep to PKCS#11: {function} gave {why}")]
    ModuleLies {
        /// Which function.
        function: &'static str,
        /// In what way.
        why: &'static str,
    },
    /// A thing that PKCS#11 has and this token has not.
    #[error("{0} is not supported")]
    NotSupported(&'static str),
}

/// Sorts a card's answer: what PKCS#11 has a word for becomes that, the rest keeps its source.
pub(crate) fn from_card(reader: &str, error: CardError) -> Error {
    match error {
        CardError::PinIncorrect { tries_left, status } => Error::PinIncorrect { tries_left, status },
        CardError::PinBlocked { status } => Error::PinLocked { status },
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

fn wish_text(asked: KeyAlgorithm) -> String {
    match asked {
        KeyAlgorithm::Rsa { modulus_bits: 0 } => "an RSA key needs a size".to_owned(),
        KeyAlgorithm::Rsa { modulus_bits } => format!("no RSA key of {modulus_bits} bits"),
        KeyAlgorithm::Ec { curve: None } => "an EC key needs a curve".to_owned(),
        KeyAlgorithm::Ec { curve: Some(curve) } => format!("no key on {curve}"),
        KeyAlgorithm::Ed25519 => "no Ed25519 keys".to_owned(),
        KeyAlgorithm::X25519 => "no X25519 keys".to_owned(),
        KeyAlgorithm::Aes { key_bits: 0 } => "an AES key needs a size".to_owned(),
        KeyAlgorithm::Aes { key_bits } => format!("no AES key of {key_bits} bits"),
        KeyAlgorithm::Des { .. } => "no DES keys".to_owned(),
        KeyAlgorithm::Generic { .. } => "no generic secrets".to_owned(),
        KeyAlgorithm::Untold => "a key needs a type".to_owned(),
    }
}

fn needed_text(needed_by: &[NeededBy]) -> String {
    let names: Vec<String> = needed_by.iter().map(ToString::to_string).collect();
    names.join(", ")
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
        let error = from_card("R", CardError::PinIncorrect { tries_left: Some(2), status: None });
        assert_eq!(error.to_string(), "PIN incorrect, 2 tries left");
        assert_eq!(error.code(), "CKR_PIN_INCORRECT");
        assert_eq!(error.return_value().number, 0xA0);
        assert_eq!(
            Error::PinIncorrect { tries_left: Some(1), status: None }.to_string(),
            "PIN incorrect, 1 try left"
        );
        assert_eq!(Error::PinIncorrect { tries_left: None, status: None }.to_string(), "PIN incorrect");
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
}
