//! The PINs of an OpenPGP card: PW1 in its two uses, PW3, resetting code (OpenPGP card 3.4, 4.2), and what the card
//! answers when they are given.

use super::application::PinStatus;
use crate::apdu::{Channel, Command, StatusWord, iso};
use crate::card::pin_entry::from_reader;
use crate::card::{CardError, Tries};
use crate::codec::Secret;
use crate::token::{Auth, AuthId, AuthRole, PinEncoding};
use crate::transport::{DigitCoding, PinBlock};

/// A PIN, or a use of one. PW1 is one value, and two logins: for signatures, and for everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    /// PW1 in mode 82: decryption, authentication, private data objects.
    User,
    /// PW1 in mode 81: signatures.
    UserSign,
    /// PW3.
    Admin,
    /// The resetting code, the PUK of PW1.
    ResettingCode,
}

impl Pin {
    /// All of them, in the order in which OpenSC has them; the resetting code, which it does not show, last.
    pub const ALL: [Self; 4] = [Self::User, Self::UserSign, Self::Admin, Self::ResettingCode];

    /// Its identifier: the number that OpenSC gives it.
    pub fn id(self) -> AuthId {
        AuthId(vec![match self {
            Self::UserSign => 1,
            Self::User => 2,
            Self::Admin => 3,
            Self::ResettingCode => 4,
        }])
    }

    /// The PIN of an identifier.
    pub fn of_id(id: &AuthId) -> Result<Self, CardError> {
        Self::ALL.into_iter().find(|pin| pin.id() == *id).ok_or(CardError::NoSuchObject)
    }

    /// Its name, as OpenSC gives it.
    pub fn label(self) -> &'static str {
        match self {
            Self::User => "User PIN",
            Self::UserSign => "User PIN (sig)",
            Self::Admin => "Admin PIN",
            Self::ResettingCode => "Resetting code",
        }
    }

    /// P2 of VERIFY.
    pub fn reference(self) -> u8 {
        match self {
            Self::UserSign => 0x81,
            Self::User => 0x82,
            Self::Admin => 0x83,
            Self::ResettingCode => 0x00,
        }
    }

    /// P2 of CHANGE REFERENCE DATA and RESET RETRY COUNTER: PW1 has one value for its two uses.
    pub fn value_reference(self) -> u8 {
        match self {
            Self::User | Self::UserSign => 0x81,
            Self::Admin | Self::ResettingCode => 0x83,
        }
    }

    /// Its place in the PW status bytes.
    pub fn counter(self) -> usize {
        match self {
            Self::User | Self::UserSign => 0,
            Self::ResettingCode => 1,
            Self::Admin => 2,
        }
    }

    /// Shortest value in characters (4.3.2).
    pub fn min_len(self) -> usize {
        match self {
            Self::User | Self::UserSign => 6,
            Self::Admin | Self::ResettingCode => 8,
        }
    }

    fn role(self) -> AuthRole {
        match self {
            Self::User | Self::UserSign => AuthRole::User,
            Self::Admin => AuthRole::SecurityOfficer,
            Self::ResettingCode => AuthRole::Unblocking,
        }
    }

    fn is_user(self) -> bool {
        self.role() == AuthRole::User
    }

    /// The PIN as a token shows it. Its counter is asked for when somebody wants to know it.
    pub fn auth(self, status: &PinStatus) -> Auth {
        let tries = status.tries.get(self.counter()).copied().unwrap_or_default();
        Auth {
            id: self.id(),
            label: self.label().to_owned(),
            role: self.role(),
            min_len: self.min_len(),
            max_len: self.max_len(status),
            encoding: PinEncoding::Utf8,
            // A card without a resetting code counts no tries of it.
            initialized: self != Self::ResettingCode || tries > 0,
            can_change: self != Self::ResettingCode,
            can_unblock: self.is_user(),
            unblocked_by: self.is_user().then(|| Self::ResettingCode.id()),
            tries_left: None,
            tries_max: None,
        }
    }

    /// Longest value in bytes.
    pub fn max_len(self, status: &PinStatus) -> usize {
        let told = status.max_lens.get(self.counter()).map_or(0, |len| usize::from(*len));
        told.clamp(self.min_len(), LONGEST)
    }

    /// Refuses a value that the card does not take. Errors: `PinLength`.
    pub fn check(self, status: &PinStatus, value: &Secret, is_new: bool) -> Result<(), CardError> {
        // An old value was set under other rules perhaps; an empty one would be a question, not a try.
        let (min, max) = (self.min_len(), self.max_len(status));
        let shortest = if is_new { min } else { 1 };
        if (shortest..=max).contains(&value.len()) { Ok(()) } else { Err(CardError::PinLength { min, max }) }
    }

    /// The counter of a PIN as the card told it.
    pub fn tries(self, status: &PinStatus) -> Tries {
        Tries { left: status.tries.get(self.counter()).copied(), max: None }
    }
}

/// VERIFY. `value` is as the card wants it: hashed, where it has a KDF-DO.
/// Errors: `PinIncorrect`, `PinBlocked`, `Refused`.
pub(super) fn verify(channel: &mut Channel<'_>, pin: Pin, value: Secret) -> Result<(), CardError> {
    let status = channel.send(&iso::verify(pin.reference(), value))?.status;
    told(channel, pin, status, "verify the PIN")
}

/// As [`verify`], with a PIN that its holder types on the reader's keys: as long as it is.
pub(super) fn verify_on_reader(
    channel: &mut Channel<'_>,
    pin: Pin,
    status: &PinStatus,
) -> Result<(), CardError> {
    let answer = iso::verify_on_reader(channel, pin.reference(), block(pin, status))?;
    told(channel, pin, from_reader(answer)?, "verify the PIN")
}

/// How the card takes a PIN from a reader's keys.
fn block(pin: Pin, status: &PinStatus) -> PinBlock {
    let short = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
    PinBlock {
        len: None,
        filler: 0xFF,
        min_len: short(pin.min_len()),
        max_len: short(pin.max_len(status)),
        coding: DigitCoding::Ascii,
    }
}

/// Takes a verification back; false where the card cannot.
pub(super) fn forget(channel: &mut Channel<'_>, pin: Pin) -> Result<bool, CardError> {
    let command = Command::new(0x00, INS_VERIFY, FORGET, pin.reference());
    Ok(channel.send(&command)?.status.is_ok())
}

/// CHANGE REFERENCE DATA: the old value, and the new one behind it.
/// Errors: `PinIncorrect`, `PinBlocked`, `Refused`.
pub(super) fn change(
    channel: &mut Channel<'_>,
    pin: Pin,
    old: &Secret,
    new: &Secret,
) -> Result<(), CardError> {
    let command = Command::new(0x00, INS_CHANGE_REFERENCE_DATA, 0x00, pin.value_reference());
    let status = channel.send(&command.secret(joined(old, new)))?.status;
    told(channel, pin, status, "change the PIN")
}

/// As [`change`], with both values typed on the reader's keys, each as long as it is.
pub(super) fn change_on_reader(
    channel: &mut Channel<'_>,
    pin: Pin,
    status: &PinStatus,
) -> Result<(), CardError> {
    let answer = iso::change_on_reader(channel, pin.value_reference(), block(pin, status))?;
    told(channel, pin, from_reader(answer)?, "change the PIN")
}

/// RESET RETRY COUNTER of PW1: by the resetting code, or with PW3 verified.
/// Errors: `PinIncorrect` and `PinBlocked` speak of the resetting code; `NotAuthenticated`, `Refused`.
pub(super) fn reset(channel: &mut Channel<'_>, code: Option<&Secret>, new: &Secret) -> Result<(), CardError> {
    let (by, data) = match code {
        Some(code) => (BY_RESETTING_CODE, joined(code, new)),
        None => (BY_PW3, new.clone()),
    };
    let command = Command::new(0x00, INS_RESET_RETRY_COUNTER, by, Pin::User.value_reference());
    let status = channel.send(&command.secret(data))?.status;
    match (status, code) {
        (StatusWord::OK, _) => Ok(()),
        (StatusWord::SECURITY_NOT_SATISFIED, None) => Err(CardError::NotAuthenticated),
        (_, Some(_)) => told(channel, Pin::ResettingCode, status, "reset the PIN"),
        (_, None) => Err(CardError::Refused { doing: "reset the PIN", status }),
    }
}

/// Asks for the PW status bytes; spends no try. Errors: `Malformed`, `UnexpectedStatus`.
pub(super) fn status(channel: &mut Channel<'_>) -> Result<PinStatus, CardError> {
    PinStatus::parse(&iso::get_data(channel, TAG_PIN_STATUS)?)
}

/// What the answer to a command with a PIN means. Some cards tell of a wrong PIN and not how many tries are left:
/// then they are asked.
fn told(
    channel: &mut Channel<'_>,
    pin: Pin,
    status: StatusWord,
    doing: &'static str,
) -> Result<(), CardError> {
    match status {
        StatusWord::OK => Ok(()),
        StatusWord::AUTH_METHOD_BLOCKED => Err(CardError::PinBlocked { status: Some(status) }),
        StatusWord::SECURITY_NOT_SATISFIED | StatusWord(0x6300) | StatusWord(0x63C0..=0x63CF) => {
            let left = match status.tries_left() {
                Some(left) => Some(left),
                None => self::status(channel).ok().and_then(|status| pin.tries(&status).left),
            };
            match left {
                Some(0) => Err(CardError::PinBlocked { status: Some(status) }),
                tries_left => Err(CardError::PinIncorrect { tries_left, status: Some(status) }),
            }
        }
        status => Err(CardError::Refused { doing, status }),
    }
}

/// Both values in one buffer that is never copied.
fn joined(first: &Secret, second: &Secret) -> Secret {
    let mut both = Vec::with_capacity(first.len() + second.len());
    both.extend_from_slice(first.expose());
    both.extend_from_slice(second.expose());
    Secret::new(both)
}

/// PW status bytes.
pub(super) const TAG_PIN_STATUS: u16 = 0xC4;
const INS_VERIFY: u8 = 0x20; // OpenPGP card 3.4, 7.2.2
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24; // 7.2.3
const INS_RESET_RETRY_COUNTER: u8 = 0x2C; // 7.2.4
/// P1 of VERIFY that takes a verification back.
const FORGET: u8 = 0xFF;
const BY_RESETTING_CODE: u8 = 0x00;
const BY_PW3: u8 = 0x02;
/// No PIN is longer than half of what a short CHANGE REFERENCE DATA carries.
const LONGEST: usize = 127;
