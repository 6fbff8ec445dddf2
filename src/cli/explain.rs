//! Engine and reader errors in the user's words: kind, sentence, hints, codes.

use super::error::{CliError, Codes, ErrorKind};
use crate::apdu::{ApduError, StatusWord};
use crate::card::CardError;
use crate::engine;
use crate::transport::TransportError;

impl From<engine::Error> for CliError {
    fn from(error: engine::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&engine::Error> for CliError {
    fn from(error: &engine::Error) -> Self {
        let mut explained = Self::new(kind(error), error.to_string());
        if let Some(source) = std::error::Error::source(error) {
            explained = explained.source(source);
        }
        explained.hints.extend(hints(error));
        explained.codes = Box::new(codes(error));
        explained
    }
}

/// A reader or the service behind it, without any card.
impl From<&TransportError> for CliError {
    fn from(error: &TransportError) -> Self {
        let mut explained = Self::new(ErrorKind::Card, error.to_string());
        if let Some(source) = std::error::Error::source(error) {
            explained = explained.source(source);
        }
        explained.hints.extend(transport_hint(error));
        explained
    }
}

/// What to do about a reader or the PC/SC service.
pub fn transport_hint(error: &TransportError) -> Option<String> {
    let hint = match error {
        TransportError::NoService => {
            "start it: systemctl start pcscd.socket (on Debian: apt install pcscd, if it is missing)"
        }
        TransportError::AccessDenied => {
            "polkit decides who may use readers: allow org.debian.pcsc-lite.access_pcsc and access_card for this user"
        }
        TransportError::ReaderGone(_) | TransportError::NoCard(_) | TransportError::CardRemoved(_) => {
            "run p11ctl readers to see which readers and cards there are"
        }
        TransportError::MuteCard(_) => "take the card out and insert it the right way round, contacts first",
        TransportError::CardReset(_) => "run the command again; nothing was changed",
        TransportError::NoPinPad => "use --pin prompt, env:NAME, file:PATH, fd:N or stdin",
        TransportError::Busy { .. } => {
            "end the program that holds it (for a software card p11ctl card serve; GnuPG: gpgconf --kill scdaemon), or raise busy_timeout in [readers]"
        }
        TransportError::Image { source, .. } => return image_hint(source.as_ref()).map(str::to_owned),
        TransportError::BadResponse(_) => {
            "the card was pulled, or has no good contact: put it in again; p11ctl readers shows whether it is there"
        }
        TransportError::Pcsc(_) | TransportError::Io { .. } | TransportError::NotRecorded { .. } => {
            return None;
        }
    };
    Some(hint.to_owned())
}

/// What to do about a card image: that depends on whether the system or its contents are to blame.
fn image_hint(source: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    use std::io::ErrorKind as Kind;
    let Some(error) = io_error(source) else {
        return Some(
            "the file is damaged or no card image: restore a copy, or make a new one with p11ctl card new",
        );
    };
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded => {
            Some("make room on its file system and run the command again")
        }
        Kind::ReadOnlyFilesystem => Some("copy the image to a file system that can be written"),
        Kind::PermissionDenied => Some("this user may not use the file or its folder: see ls -l"),
        Kind::NotFound => Some("there is no such file or folder; p11ctl card new makes a card"),
        Kind::NotSeekable | Kind::IsADirectory | Kind::NotADirectory => {
            Some("a card image is a regular file; p11ctl card new makes one")
        }
        _ => None,
    }
}

/// The error of the operating system at the bottom of a chain of causes.
pub fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a std::io::Error> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(error) = current.downcast_ref::<std::io::Error>() {
            return Some(error);
        }
        next = current.source();
    }
    None
}

/// The lines for a first run on a machine without any reader.
pub fn first_steps() -> [String; 2] {
    [
        "make a software card: p11ctl card new demo.card --example".to_owned(),
        "then look at it: p11ctl --card demo.card slots".to_owned(),
    ]
}

fn kind(error: &engine::Error) -> ErrorKind {
    use engine::Error as E;
    match error {
        E::SlotInvalid(_)
        | E::TokenNotPresent(_)
        | E::ObjectHandleInvalid
        | E::KeyHandleInvalid
        | E::WrappingKeyHandleInvalid
        | E::UnwrappingKeyHandleInvalid
        | E::NoSuchPin { .. } => ErrorKind::NotFound,
        E::TokenNotRecognized { .. } | E::Reader { .. } | E::DeviceRemoved { .. } | E::LoginLost => {
            ErrorKind::Card
        }
        E::Card { source, .. } => card_kind(source),
        E::Module { value, .. } => module_kind(value.name),
        E::ModuleLies { .. } => ErrorKind::Card,
        E::PinIncorrect { .. }
        | E::PinLocked { .. }
        | E::PinLength { .. }
        | E::PinCharacters
        | E::UserNotLoggedIn
        | E::NeedsPin { .. }
        | E::UserPinNotInitialized(_) => ErrorKind::Pin,
        E::MechanismParameters { .. }
        | E::KeyTypeInconsistent { .. }
        | E::WrappingKeyTypeInconsistent(_)
        | E::UnwrappingKeyTypeInconsistent(_)
        | E::KeyNotPossible { .. }
        | E::IdTaken { .. }
        | E::TemplateIncomplete(_)
        | E::TemplateInconsistent(_)
        | E::AttributeReadOnly(_) => ErrorKind::Usage,
        E::UserTypeInvalid
        | E::AttributeSensitive(_)
        | E::AttributeTypeInvalid(_)
        | E::AttributeValueInvalid(_)
        | E::KeyFunctionNotPermitted(_)
        | E::KeySizeRange { .. }
        | E::MechanismInvalid(_)
        | E::DataLength { .. }
        | E::SignatureInvalid
        | E::SignatureLength { .. }
        | E::EncryptedDataInvalid
        | E::MessageNotAuthentic
        | E::EncryptedDataLength { .. }
        | E::NoRandom
        | E::Crypto(_)
        | E::WriteProtected
        | E::NotModifiable
        | E::NotDestroyable
        | E::NotCopyable
        | E::KeyUnextractable
        | E::KeyNotWrappable(_)
        | E::KeyIndigestible
        | E::WrappedKeyInvalid
        | E::WrappedKeyLength(_)
        | E::NotEmpty(_)
        | E::OtherToken(_)
        | E::CardChanged { .. }
        | E::ActionProhibited { .. }
        | E::NotSupported(_) => ErrorKind::Refused,
        E::Arguments(_)
        | E::SessionHandleInvalid
        | E::SessionReadOnly
        | E::SessionReadOnlyExists
        | E::SessionExists
        | E::SessionReadWriteSoExists
        | E::UserAlreadyLoggedIn
        | E::UserAnotherAlreadyLoggedIn
        | E::OperationActive(_)
        | E::OperationNotInitialized(_)
        | E::BufferTooSmall { .. } => ErrorKind::Bug,
    }
}

/// The family of a foreign module's return value, as for the engine's errors of the same names.
fn module_kind(name: &str) -> ErrorKind {
    match name {
        "CKR_SLOT_ID_INVALID" | "CKR_TOKEN_NOT_PRESENT" | "CKR_KEY_HANDLE_INVALID" => ErrorKind::NotFound,
        "CKR_GENERAL_ERROR"
        | "CKR_FUNCTION_FAILED"
        | "CKR_HOST_MEMORY"
        | "CKR_DEVICE_ERROR"
        | "CKR_DEVICE_MEMORY"
        | "CKR_DEVICE_REMOVED"
        | "CKR_TOKEN_NOT_RECOGNIZED"
        | "CKR_CRYPTOKI_NOT_INITIALIZED" => ErrorKind::Card,
        "CKR_MECHANISM_PARAM_INVALID" | "CKR_KEY_TYPE_INCONSISTENT" => ErrorKind::Usage,
        name if name.starts_with("CKR_PIN_") || name.starts_with("CKR_USER_") => ErrorKind::Pin,
        name if name.starts_with("CKR_TEMPLATE_") => ErrorKind::Usage,
        _ => ErrorKind::Refused,
    }
}

fn card_kind(error: &CardError) -> ErrorKind {
    match error {
        CardError::NotSupported { .. } | CardError::Refused { .. } | CardError::Crypto(_) => {
            ErrorKind::Refused
        }
        CardError::NoSuchObject => ErrorKind::NotFound,
        CardError::PinEntry(_) => ErrorKind::Pin,
        _ => ErrorKind::Card,
    }
}

fn hints(error: &engine::Error) -> Option<String> {
    use engine::Error as E;
    match error {
        E::SlotInvalid(_) | E::TokenNotPresent(_) => Some("run p11ctl slots to see the slots".to_owned()),
        E::TokenNotRecognized { source: CardError::UnknownCard { .. }, .. } => {
            Some("p11ctl has no driver for this card; p11ctl card apdu talks to it all the same".to_owned())
        }
        E::TokenNotRecognized { source: CardError::Apdu(ApduError::Transport(source)), .. }
        | E::Card { source: CardError::Apdu(ApduError::Transport(source)), .. }
        | E::Reader { source, .. } => transport_hint(source),
        E::Card { source: CardError::PinEntry(_), .. } => {
            Some("run the command again; no try was spent".to_owned())
        }
        E::DeviceRemoved { .. } => Some("insert the card and run the command again".to_owned()),
        E::CardChanged { .. } => Some("run p11ctl slots to see what is on it now".to_owned()),
        E::OtherToken(slot) => Some(format!("give --slot {slot}")),
        E::UserNotLoggedIn => Some("it takes the PIN of the token itself: give --pin".to_owned()),
        E::LoginLost => Some("log in again; with pin_cache in [pkcs11] that happens by itself".to_owned()),
        E::NeedsPin { label, .. } => Some(format!("give it with --auth-pin {label:?}=prompt")),
        E::MechanismInvalid(_) => Some("run p11ctl token mechanisms to see what the token can do".to_owned()),
        E::EncryptedDataInvalid => Some("was it encrypted for this key, with this padding?".to_owned()),
        _ => None,
    }
}

fn codes(error: &engine::Error) -> Codes {
    Codes {
        return_value: Some(error.code().to_owned()),
        status_word: status_word(error).map(|status| format!("{:04X}", status.0)),
        tries_left: match error {
            engine::Error::PinIncorrect { tries_left, .. } => *tries_left,
            engine::Error::PinLocked { .. } => Some(0),
            _ => None,
        },
    }
}

/// The status word at the bottom of the chain of causes, if a card gave one.
fn status_word(error: &(dyn std::error::Error + 'static)) -> Option<StatusWord> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(
            engine::Error::PinIncorrect { status: Some(status), .. }
            | engine::Error::PinLocked { status: Some(status) },
        ) = current.downcast_ref()
        {
            return Some(*status);
        }
        if let Some(
            CardError::PinIncorrect { status: Some(status), .. }
            | CardError::PinBlocked { status: Some(status) },
        ) = current.downcast_ref()
        {
            return Some(*status);
        }
        if let Some(CardError::Refused { status, .. }) = current.downcast_ref() {
            return Some(*status);
        }
        if let Some(ApduError::UnexpectedStatus { status, .. }) = current.downcast_ref() {
            return Some(*status);
        }
        // An error that shows its cause as itself hides it from `source`.
        if let Some(CardError::Apdu(ApduError::UnexpectedStatus { status, .. })) = current.downcast_ref() {
            return Some(*status);
        }
        next = current.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_wrong_pin_tells_tries_and_code() {
        let status = Some(StatusWord(0x63C2));
        let error = CliError::from(engine::Error::PinIncorrect { tries_left: Some(2), status });
        assert_eq!(error.codes.status_word.as_deref(), Some("63C2"));
        assert_eq!(error.kind, ErrorKind::Pin);
        assert_eq!(error.codes.tries_left, Some(2));
        assert_eq!(error.codes.return_value.as_deref(), Some("CKR_PIN_INCORRECT"));
    }

    #[test]
    fn from_refusing_card_tells_the_status_word() {
        let source = CardError::Refused { doing: "sign", status: StatusWord(0x6A88) };
        let error = CliError::from(engine::Error::Card { reader: "R".to_owned(), source });
        assert_eq!(error.kind, ErrorKind::Refused);
        assert_eq!(error.codes.status_word.as_deref(), Some("6A88"));
    }

    #[test]
    fn from_unexpected_status_behind_transparent_errors_is_found() {
        let source = CardError::Apdu(ApduError::UnexpectedStatus { ins: 0xA4, status: StatusWord(0x6F00) });
        let error = CliError::from(engine::Error::Card { reader: "R".to_owned(), source });
        assert_eq!(error.kind, ErrorKind::Card);
        assert_eq!(error.codes.status_word.as_deref(), Some("6F00"));
    }

    #[test]
    fn transport_hint_image_blames_the_system_or_the_contents() {
        use std::io;
        let image = |source: Box<dyn std::error::Error + Send + Sync>| {
            transport_hint(&TransportError::Image { path: "x.card".into(), source }).unwrap_or_default()
        };
        for (kind, word) in [
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::ReadOnlyFilesystem, "can be written"),
            (io::ErrorKind::PermissionDenied, "may not use"),
            (io::ErrorKind::NotFound, "no such file"),
            (io::ErrorKind::NotSeekable, "regular file"),
        ] {
            let hint = image(Box::new(io::Error::from(kind)));
            assert!(hint.contains(word) && !hint.contains("damaged"), "{kind}: {hint}");
        }
        assert_eq!(image(Box::new(io::Error::from(io::ErrorKind::TimedOut))), "");
        assert!(image("no image".into()).contains("damaged"));
    }

    #[test]
    fn from_service_and_reader_errors_say_what_to_do() {
        for error in [TransportError::NoService, TransportError::AccessDenied, TransportError::BadResponse(0)]
        {
            let explained = CliError::from(&error);
            assert_eq!(explained.kind.exit_code(), 5);
            assert_eq!(explained.hints.len(), 1);
        }
    }
}
