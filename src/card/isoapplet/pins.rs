//! The one PIN of the applet, and its PUK: tries, verification, change.

use crate::apdu::iso::{self, PinState};
use crate::apdu::{Channel, StatusWord};
use crate::card::admin::Unblock;
use crate::card::pin_entry::from_reader;
use crate::card::pkcs15::AuthPlace;
use crate::card::{CardError, Tries};
use crate::codec::Secret;
use crate::token::{Auth, AuthId, AuthRole};
use crate::transport::{DigitCoding, PinBlock};

use super::IsoApplet;
use super::commands::{self, PIN_LEN};

impl IsoApplet {
    /// What is known of the PIN.
    pub(super) fn pin(&self, auth: &AuthId) -> Result<(Auth, AuthPlace), CardError> {
        let content = self.content.as_ref().ok_or(CardError::NoSuchObject)?;
        let policy = content.token.auth(auth).ok_or(CardError::NoSuchObject)?;
        let place = content.auths.get(auth).ok_or(CardError::NoSuchObject)?;
        if policy.role == AuthRole::Unblocking || place.reference() != commands::PIN {
            return super::cannot("verify another PIN than its one: a PUK is used by unblocking");
        }
        Ok((policy.clone(), place.clone()))
    }

    /// See [`CardAdmin::change_pin`](crate::card::CardAdmin::change_pin).
    pub(super) fn change_pin_value(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        old: &Secret,
        new: &Secret,
    ) -> Result<(), CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        let (policy, _) = self.pin(auth)?;
        if !policy.can_change {
            return Err(CardError::NotSupported { what: format!("change {}", policy.label) });
        }
        check_new(new, policy.min_len)?;
        check(old, 1..=PIN_LEN)?;
        let both = commands::padded(&[old, new]);
        judge(channel.send(&commands::change_pin(both))?.status, "change the PIN")
    }

    /// See [`CardAdmin::change_pin_on_reader`](crate::card::CardAdmin::change_pin_on_reader).
    pub(super) fn change_pin_value_on_reader(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
    ) -> Result<(), CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        let (policy, _) = self.pin(auth)?;
        if !policy.can_change {
            return Err(CardError::NotSupported { what: format!("change {}", policy.label) });
        }
        let status = from_reader(iso::change_on_reader(channel, commands::PIN, block(&policy))?)?;
        judge(status, "change the PIN")
    }

    /// See [`CardAdmin::unblock_pin`](crate::card::CardAdmin::unblock_pin).
    pub(super) fn reset_pin_value(
        &mut self,
        channel: &mut Channel<'_>,
        auth: &AuthId,
        by: Unblock<'_>,
        new: &Secret,
    ) -> Result<(), CardError> {
        self.ask_for_changes(channel)?;
        self.load(channel)?;
        let (policy, _) = self.pin(auth)?;
        let Unblock::Puk(puk) = by else {
            return super::cannot("set a PIN without its old value or its PUK: it has no other officer");
        };
        if !policy.can_unblock {
            return Err(CardError::NotSupported { what: format!("unblock {}: it has no PUK", policy.label) });
        }
        check_new(new, policy.min_len)?;
        check(puk, PIN_LEN..=PIN_LEN)?;
        let both = commands::padded(&[puk, new]);
        judge(channel.send(&commands::unblock(both))?.status, "unblock the PIN")
    }
}

/// Asks for the tries of the PIN, spending none.
pub(super) fn tries(channel: &mut Channel<'_>) -> Result<Tries, CardError> {
    let left = match iso::pin_state(channel, commands::PIN)? {
        PinState::TriesLeft(left) => Some(left),
        PinState::Verified | PinState::Missing | PinState::Untold(_) => None,
    };
    Ok(Tries { left, max: left.filter(|left| *left <= MAX_TRIES).map(|_| MAX_TRIES) })
}

/// Whether the PIN was set: before, everybody may do everything.
pub(super) fn is_set(channel: &mut Channel<'_>) -> Result<bool, CardError> {
    Ok(iso::pin_state(channel, commands::PIN)? != PinState::Verified)
}

/// Verifies the PIN, which is within the card's limits.
pub(super) fn verify(channel: &mut Channel<'_>, pin: &Secret) -> Result<(), CardError> {
    let command = iso::verify(commands::PIN, commands::padded(&[pin]));
    judge(channel.send(&command)?.status, "verify the PIN")
}

/// As [`verify`], with a PIN that its holder types on the reader's keys.
pub(super) fn verify_on_reader(channel: &mut Channel<'_>, policy: &Auth) -> Result<(), CardError> {
    let status = iso::verify_on_reader(channel, commands::PIN, block(policy))?;
    judge(from_reader(status)?, "verify the PIN")
}

/// How the card takes a PIN from a reader's keys.
fn block(policy: &Auth) -> PinBlock {
    PinBlock {
        len: Some(PIN_LEN as u8),
        filler: commands::PIN_FILLER,
        min_len: policy.min_len.clamp(1, PIN_LEN) as u8,
        max_len: policy.max_len.min(PIN_LEN) as u8,
        coding: DigitCoding::Ascii,
    }
}

/// Refuses a PIN that the card would not take, before anything is sent.
pub(super) fn check_verified(policy: &Auth, pin: &Secret) -> Result<(), CardError> {
    check(pin, policy.min_len.max(1)..=policy.max_len.min(PIN_LEN))
}

/// Refuses a new PIN that the card would not take, or that its filler would make another one.
pub(super) fn check_new(pin: &Secret, min_len: usize) -> Result<(), CardError> {
    check(pin, min_len.clamp(MIN_LEN, PIN_LEN)..=PIN_LEN)?;
    match pin.expose().last() {
        Some(&commands::PIN_FILLER) => {
            super::cannot("tell a PIN from one without its last byte, which is 00")
        }
        _ => Ok(()),
    }
}

/// Refuses a value of another length.
pub(super) fn check(value: &Secret, lengths: std::ops::RangeInclusive<usize>) -> Result<(), CardError> {
    let (min, max) = (*lengths.start(), *lengths.end());
    if lengths.contains(&value.len()) { Ok(()) } else { Err(CardError::PinLength { min, max }) }
}

/// What the card says of a PIN or PUK that it was given. A blocked one is told as one without tries.
pub(super) fn judge(status: StatusWord, doing: &'static str) -> Result<(), CardError> {
    match (status, status.tries_left()) {
        (StatusWord::OK, _) => Ok(()),
        (_, Some(0)) => Err(CardError::PinBlocked { status: Some(status) }),
        (_, Some(left)) => Err(CardError::PinIncorrect { tries_left: Some(left), status: Some(status) }),
        _ => Err(CardError::Refused { doing, status }),
    }
}

/// Shortest PIN in bytes.
pub(super) const MIN_LEN: usize = 4;
/// Tries of the PIN.
pub(super) const MAX_TRIES: u8 = 3;
