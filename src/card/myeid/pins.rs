//! PINs of a MyEID card: tries, verification, and taking it back.

use crate::apdu::iso::{self, PinState};
use crate::apdu::{ApduError, Channel, StatusWord};
use crate::card::pin_entry::from_reader;
use crate::card::pkcs15::AuthPlace;
use crate::card::{CardError, Tries};
use crate::codec::Secret;
use crate::token::{Auth, AuthRole};
use crate::transport::{DigitCoding, PinBlock};

use super::commands;

/// Asks for the tries of a PIN, spending none. The card's own information tells all; where it is not given, an
/// empty VERIFY tells them as long as the PIN is not verified.
pub(super) fn tries(channel: &mut Channel<'_>, reference: u8) -> Result<Tries, CardError> {
    match channel.call(&commands::get_data(commands::pin_state(reference))) {
        Ok(answer) => {
            if let Some(state) = commands::PinState::parse(&answer) {
                return Ok(Tries { left: Some(state.tries_left), max: Some(state.tries_max) });
            }
        }
        Err(ApduError::UnexpectedStatus { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let left = match iso::pin_state(channel, reference)? {
        PinState::TriesLeft(left) => Some(left),
        PinState::Verified | PinState::Missing | PinState::Untold(_) => None,
    };
    Ok(Tries { left, max: None })
}

/// Verifies a PIN that is within the card's limits; sends nothing else.
pub(super) fn verify(
    channel: &mut Channel<'_>,
    policy: &Auth,
    place: &AuthPlace,
    pin: &Secret,
) -> Result<(), CardError> {
    let (min, max) = (policy.min_len.max(1), policy.max_len.min(commands::PIN_LEN));
    if !(min..=max).contains(&pin.len()) {
        return Err(CardError::PinLength { min, max });
    }
    let filler = place.attributes.pad_char.unwrap_or(commands::PIN_FILLER);
    let status = channel.send(&iso::verify(place.reference(), commands::padded(&[pin], filler)))?.status;
    judge(status, "verify the PIN")
}

/// As [`verify`], with a PIN that its holder types on the reader's keys.
pub(super) fn verify_on_reader(
    channel: &mut Channel<'_>,
    policy: &Auth,
    place: &AuthPlace,
) -> Result<(), CardError> {
    let status = iso::verify_on_reader(channel, place.reference(), block(policy, place))?;
    judge(from_reader(status)?, "verify the PIN")
}

/// How the card takes a PIN from a reader's keys.
pub(super) fn block(policy: &Auth, place: &AuthPlace) -> PinBlock {
    PinBlock {
        len: Some(commands::PIN_LEN as u8),
        filler: place.attributes.pad_char.unwrap_or(commands::PIN_FILLER),
        min_len: policy.min_len.clamp(1, commands::PIN_LEN) as u8,
        max_len: policy.max_len.min(commands::PIN_LEN) as u8,
        coding: DigitCoding::Ascii,
    }
}

/// What the card says of a PIN or PUK that it was given.
pub(super) fn judge(status: StatusWord, doing: &'static str) -> Result<(), CardError> {
    match status {
        StatusWord::OK => Ok(()),
        StatusWord::AUTH_METHOD_BLOCKED
        | StatusWord::REFERENCE_DATA_NOT_USABLE
        | StatusWord::CONDITIONS_NOT_SATISFIED => Err(CardError::PinBlocked { status: Some(status) }),
        StatusWord::WRONG_P1_P2 | StatusWord::REFERENCE_NOT_FOUND => Err(CardError::NoSuchObject),
        StatusWord(0x6300) => Err(CardError::PinIncorrect { tries_left: None, status: Some(status) }),
        other if other.tries_left().is_some() => {
            Err(CardError::PinIncorrect { tries_left: other.tries_left(), status: Some(status) })
        }
        status => Err(CardError::Refused { doing, status }),
    }
}

/// Takes the verification of one PIN back; false when the card cannot.
pub(super) fn deauthenticate(
    channel: &mut Channel<'_>,
    reference: u8,
    role: AuthRole,
) -> Result<bool, CardError> {
    let mut done = channel.send(&commands::deauthenticate(reference))?.status.is_ok();
    if role == AuthRole::SecurityOfficer {
        // Its powers over other PINs outlive it on some cards; a card without such powers refuses, and is right.
        for power in [commands::Power::Administrator, commands::Power::Unblocker] {
            let status = channel.send(&commands::drop_power(power))?.status;
            done &= status.is_ok() || NO_SUCH_POWER.contains(&status);
        }
    }
    Ok(done)
}

const NO_SUCH_POWER: [StatusWord; 3] =
    [StatusWord::WRONG_P1_P2, StatusWord::INS_NOT_SUPPORTED, StatusWord::FUNCTION_NOT_SUPPORTED];
