//! VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (ISO 7816-4, 11.5) and MyEID's DE-AUTHENTICATE.

use crate::apdu::StatusWord;
use crate::crypto::seal::SealingKey;
use crate::softcard::access::PinNumber;
use crate::softcard::apdu::{Answer, CommandApdu, Reply};
use crate::softcard::machine::Machine;
use crate::softcard::pins::{Kind, PIN_LEN, PinFlags, PinRecord, tries_status};

/// Verifies a PIN; without data tells its state and spends no try; with P1 = FF takes the verification back.
/// Errors: 63Cx, 6983, 6985 for a PIN that must be changed first, 6700, 6A86, 6A88 for a PIN that is not there.
pub(super) fn verify(card: &mut Machine, command: &CommandApdu) -> Answer {
    let number = PinNumber::new(command.p2).ok_or(StatusWord::WRONG_P1_P2)?;
    match (command.p1, command.data()) {
        (P1_VERIFY, []) => state_of(card, number),
        (P1_VERIFY, value) if has_value(command) => {
            let key = check(card, number, Kind::Pin, value)?;
            let flags = record(card, number)?.flags;
            if flags.has(PinFlags::LOCKED) {
                return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
            }
            card.session.set_verified(number, key);
            card.session.is_unblocker |= flags.has(PinFlags::IS_UNBLOCKER);
            card.session.is_administrator |= flags.has(PinFlags::IS_ADMINISTRATOR);
            Ok(Reply::done())
        }
        (P1_TAKE_BACK, []) => {
            forget(card, number);
            Ok(Reply::done())
        }
        (P1_VERIFY | P1_TAKE_BACK, _) => Err(StatusWord::WRONG_LENGTH),
        _ => Err(StatusWord::WRONG_P1_P2),
    }
}

/// True for a VERIFY that compares a PIN.
pub(super) fn has_value(command: &CommandApdu) -> bool {
    command.p1 == P1_VERIFY && (1..=PIN_LEN).contains(&command.data().len())
}

/// True for a CHANGE or RESET that compares the old PIN or the PUK.
pub(super) fn has_both_values(command: &CommandApdu) -> bool {
    command.p1 == P1_BOTH && command.data().len() == 2 * PIN_LEN
}

/// Changes a PIN: old and new value, eight bytes each, padded; an administrator gives the new value alone.
/// Errors: as for [`verify`]; 6982 without the right, 6A80 for a new PIN that is too short.
pub(super) fn change(card: &mut Machine, command: &CommandApdu) -> Answer {
    let number = PinNumber::new(command.p2).ok_or(StatusWord::WRONG_P1_P2)?;
    let (key, new) = match (command.p1, command.data()) {
        (P1_BOTH, data) if has_both_values(command) => {
            let (old, new) = data.split_at(PIN_LEN);
            (check(card, number, Kind::Pin, old)?, new)
        }
        (P1_BOTH | P1_NEW_ONLY_CHANGE, new) if new.len() == PIN_LEN => {
            let holds = card.session.is_administrator;
            (delegated(card, number, PinFlags::CHANGEABLE, PinFlags::IS_ADMINISTRATOR, holds)?, new)
        }
        (P1_BOTH | P1_NEW_ONLY_CHANGE, _) => return Err(StatusWord::WRONG_LENGTH),
        _ => return Err(StatusWord::WRONG_P1_P2),
    };
    replace(card, number, new, &key, false)
}

/// Sets a new PIN with all its tries: PUK and new PIN, eight bytes each, padded; a global unblocker gives the
/// new PIN alone. Without data tells the tries of the PUK. Errors: as for [`change`].
pub(super) fn reset_counter(card: &mut Machine, command: &CommandApdu) -> Answer {
    let number = PinNumber::new(command.p2).ok_or(StatusWord::WRONG_P1_P2)?;
    let (key, new) = match (command.p1, command.data()) {
        (P1_BOTH, []) => return Err(tries_status(record(card, number)?.puk.tries_left)),
        (P1_BOTH, data) if has_both_values(command) => {
            let (puk, new) = data.split_at(PIN_LEN);
            (check(card, number, Kind::Puk, puk)?, new)
        }
        (P1_BOTH | P1_NEW_ONLY_RESET, new) if new.len() == PIN_LEN => {
            let holds = card.session.is_unblocker;
            (delegated(card, number, PinFlags::UNBLOCKABLE, PinFlags::IS_UNBLOCKER, holds)?, new)
        }
        (P1_BOTH | P1_NEW_ONLY_RESET, _) => return Err(StatusWord::WRONG_LENGTH),
        _ => return Err(StatusWord::WRONG_P1_P2),
    };
    replace(card, number, new, &key, true)
}

/// Takes back the verification of one PIN (P2) or of all (00), or one of the two special states (P1).
/// Errors: 6A86, 6700.
pub(super) fn deauthenticate(card: &mut Machine, command: &CommandApdu) -> Answer {
    if !command.data().is_empty() {
        return Err(StatusWord::WRONG_LENGTH);
    }
    match (command.p1, command.p2) {
        (0, 0) => card.session.forget_all(),
        (0, number) => forget(card, PinNumber::new(number).ok_or(StatusWord::WRONG_P1_P2)?),
        (P1_ADMINISTRATOR, 0) => card.session.is_administrator = false,
        (P1_UNBLOCKER, 0) => card.session.is_unblocker = false,
        _ => return Err(StatusWord::WRONG_P1_P2),
    }
    Ok(Reply::done())
}

/// 9000 for a verified PIN, else the tries left.
fn state_of(card: &Machine, number: PinNumber) -> Answer {
    let record = record(card, number)?;
    if card.state.is_in_creation() || card.session.verified(number).is_some() {
        return Ok(Reply::done());
    }
    if record.flags.has(PinFlags::LOCKED) && record.pin.tries_left > 0 {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    Err(tries_status(record.pin.tries_left))
}

/// Forgets a verified PIN and the special state that it gave.
fn forget(card: &mut Machine, number: PinNumber) {
    if let Ok(flags) = record(card, number).map(|record| record.flags)
        && card.session.verified(number).is_some()
    {
        card.session.is_unblocker &= !flags.has(PinFlags::IS_UNBLOCKER);
        card.session.is_administrator &= !flags.has(PinFlags::IS_ADMINISTRATOR);
    }
    card.session.forget(number);
}

/// Compares a PIN or PUK, for which the machine spent a try and stored that. A right one gives all tries back, a
/// wrong one ends an earlier verification.
fn check(card: &mut Machine, number: PinNumber, kind: Kind, value: &[u8]) -> Result<SealingKey, StatusWord> {
    let spent = card.take_spent(number, kind);
    let cost = card.state.pin_cost;
    let record = card
        .state
        .pin_mut(number)
        .and_then(|slot| slot.record.as_mut())
        .ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    let stored = spent.as_ref().map(|_| record.tries_left(kind));
    let checked = match spent {
        Some(spent) => record.check(spent, number, value, cost),
        None => Err(StatusWord::AUTH_METHOD_BLOCKED),
    };
    if stored.is_some_and(|stored| stored != record.tries_left(kind)) {
        card.note_private_change();
    }
    if checked.is_err() {
        forget(card, number);
    }
    checked
}

/// The sealing key of a PIN through another, verified one that may reset it.
fn delegated(
    card: &Machine,
    number: PinNumber,
    subject: u8,
    authority: u8,
    holds_state: bool,
) -> Result<SealingKey, StatusWord> {
    let record = record(card, number)?;
    if !record.flags.has(subject) {
        return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    if card.state.is_in_creation() {
        let slot = card.state.pin(number).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
        return slot.escrowed_key(&card.state.card_key, number).map_err(crate::softcard::state::no_diagnosis);
    }
    let is_authority = |holder: &PinNumber| {
        holds_state && self::record(card, *holder).is_ok_and(|record| record.flags.has(authority))
    };
    PinNumber::all()
        .filter(is_authority)
        .find_map(|holder| record.delegated_key(number, (holder, card.session.verified(holder)?)))
        .ok_or(StatusWord::SECURITY_NOT_SATISFIED)
}

/// Stores a new PIN. It is not verified by that: whoever set it may not be who uses it.
fn replace(card: &mut Machine, number: PinNumber, new: &[u8], key: &SealingKey, is_reset: bool) -> Answer {
    let cost = card.state.pin_cost;
    let slot = card.state.pin_mut(number).ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    let record = slot.record.as_mut().ok_or(StatusWord::REFERENCE_NOT_FOUND)?;
    record.replace_pin(number, new, key, cost)?;
    record.flags.0 &= !PinFlags::LOCKED;
    if is_reset && record.flags.has(PinFlags::LOCKS_AFTER_RESET) {
        record.flags.0 |= PinFlags::LOCKED;
    }
    card.note_private_change();
    Ok(Reply::done())
}

fn record(card: &Machine, number: PinNumber) -> Result<&PinRecord, StatusWord> {
    card.state.pin(number).and_then(|slot| slot.record.as_ref()).ok_or(StatusWord::REFERENCE_NOT_FOUND)
}

const P1_VERIFY: u8 = 0x00;
/// ISO 7816-4:2020, 11.6.6: the verification status is set to "not verified".
const P1_TAKE_BACK: u8 = 0xFF;
/// Old value or PUK, then the new value.
const P1_BOTH: u8 = 0x00;
const P1_NEW_ONLY_CHANGE: u8 = 0x01;
const P1_NEW_ONLY_RESET: u8 = 0x02;
const P1_ADMINISTRATOR: u8 = 0xA0;
const P1_UNBLOCKER: u8 = 0xB0;

#[cfg(test)]
mod tests;
