//! PIN and PUK of a PIV card: padding, VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER (SP 800-73-5 part 2, 3.2).

use zeroize::Zeroizing;

use crate::apdu::iso::{self, PinState};
use crate::apdu::{ApduError, Channel, Command, StatusWord};
use crate::card::pin_entry::from_reader;
use crate::card::{CardError, Tries};
use crate::codec::Secret;
use crate::transport::{DigitCoding, PinBlock};

use super::commands::{self, MetadataAnswer};

/// Shortest PIN and PUK (3.2.1). Nothing shorter is sent.
pub(super) const MIN_LEN: usize = 6;
/// Longest PIN and PUK.
pub(super) const MAX_LEN: usize = 8;

/// The eight bytes of a PIN. Errors: `PinLength`; `PinCharacters` for the filler itself.
pub(super) fn padded(pin: &Secret) -> Result<Zeroizing<[u8; MAX_LEN]>, CardError> {
    let bytes = pin.expose();
    if !(MIN_LEN..=MAX_LEN).contains(&bytes.len()) {
        return Err(CardError::PinLength { min: MIN_LEN, max: MAX_LEN });
    }
    if bytes.contains(&FILLER) {
        return Err(CardError::PinCharacters);
    }
    let mut block = Zeroizing::new([FILLER; MAX_LEN]);
    block.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    Ok(block)
}

fn joined(first: &Secret, second: &Secret) -> Result<Secret, CardError> {
    let mut data = Zeroizing::new(Vec::with_capacity(2 * MAX_LEN));
    data.extend_from_slice(&*padded(first)?);
    data.extend_from_slice(&*padded(second)?);
    Ok(Secret::new(std::mem::take(&mut *data)))
}

/// VERIFY.
pub(super) fn verify(channel: &mut Channel<'_>, reference: u8, pin: &Secret) -> Result<(), CardError> {
    let block = padded(pin)?;
    let response = channel.send(&iso::verify(reference, Secret::from(&block[..])))?;
    outcome(response.status, "verify the PIN")
}

/// As [`verify`], with a PIN that its holder types on the reader's keys.
pub(super) fn verify_on_reader(channel: &mut Channel<'_>, reference: u8) -> Result<(), CardError> {
    outcome(from_reader(iso::verify_on_reader(channel, reference, BLOCK)?)?, "verify the PIN")
}

/// As [`change`], with both values typed on the reader's keys.
pub(super) fn change_on_reader(channel: &mut Channel<'_>, reference: u8) -> Result<(), CardError> {
    outcome(from_reader(iso::change_on_reader(channel, reference, BLOCK)?)?, "change the PIN")
}

/// CHANGE REFERENCE DATA of PIN or PUK.
pub(super) fn change(
    channel: &mut Channel<'_>,
    reference: u8,
    old: &Secret,
    new: &Secret,
) -> Result<(), CardError> {
    let command = Command::new(0x00, INS_CHANGE_REFERENCE_DATA, 0x00, reference).secret(joined(old, new)?);
    outcome(channel.send(&command)?.status, "change the PIN")
}

/// RESET RETRY COUNTER: a new PIN by the PUK.
pub(super) fn unblock(
    channel: &mut Channel<'_>,
    reference: u8,
    puk: &Secret,
    new: &Secret,
) -> Result<(), CardError> {
    let command = Command::new(0x00, INS_RESET_RETRY_COUNTER, 0x00, reference).secret(joined(puk, new)?);
    outcome(channel.send(&command)?.status, "unblock the PIN")
}

/// Takes a verification back (3.2.1, P1 = FF). False where the card cannot.
pub(super) fn forget(channel: &mut Channel<'_>, reference: u8) -> Result<bool, ApduError> {
    let status = channel.send(&Command::new(0x00, INS_VERIFY, P1_RESET_STATUS, reference))?.status;
    Ok(status.is_ok())
}

/// The counter of a PIN or PUK, asked for without spending a try. The PUK's is told by metadata alone.
pub(super) fn tries(
    channel: &mut Channel<'_>,
    reference: u8,
    has_metadata: bool,
    is_puk: bool,
) -> Result<Tries, CardError> {
    if has_metadata
        && let MetadataAnswer::Is(metadata) = commands::metadata(channel, reference)?
        && let Some((max, left)) = metadata.tries
    {
        return Ok(Tries { left: Some(left), max: Some(max) });
    }
    if is_puk {
        return Ok(Tries::default());
    }
    Ok(match iso::pin_state(channel, reference)? {
        PinState::TriesLeft(left) => Tries { left: Some(left), max: None },
        PinState::Untold(StatusWord(old)) if old & 0xFFF0 == OLD_TRIES => {
            Tries { left: Some((old & 0x0F) as u8), max: None }
        }
        PinState::Verified | PinState::Missing | PinState::Untold(_) => Tries::default(),
    })
}

/// What the answer to a command with a PIN means.
fn outcome(status: StatusWord, doing: &'static str) -> Result<(), CardError> {
    match status {
        StatusWord::OK => Ok(()),
        StatusWord::AUTH_METHOD_BLOCKED => Err(CardError::PinBlocked { status: Some(status) }),
        status if status.tries_left().is_some() => {
            Err(CardError::PinIncorrect { tries_left: status.tries_left(), status: Some(status) })
        }
        // 6300 tells nothing; old cards put the tries there, without the C.
        StatusWord(0x6300) => Err(CardError::PinIncorrect { tries_left: None, status: Some(status) }),
        StatusWord(old) if old & 0xFFF0 == OLD_TRIES => {
            Err(CardError::PinIncorrect { tries_left: Some((old & 0x0F) as u8), status: Some(status) })
        }
        StatusWord::REFERENCE_NOT_FOUND => Err(CardError::NoSuchObject),
        status => Err(CardError::Refused { doing, status }),
    }
}

const INS_VERIFY: u8 = 0x20; // SP 800-73-5 part 2, 3.2.1
const P1_RESET_STATUS: u8 = 0xFF;
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24; // 3.2.2
const INS_RESET_RETRY_COUNTER: u8 = 0x2C; // 3.2.3
const FILLER: u8 = 0xFF;
/// How the card takes a PIN from a reader's keys.
const BLOCK: PinBlock = PinBlock {
    len: Some(MAX_LEN as u8),
    filler: FILLER,
    min_len: MIN_LEN as u8,
    max_len: MAX_LEN as u8,
    coding: DigitCoding::Ascii,
};
/// 630X of cards before SP 800-73-2.
const OLD_TRIES: u16 = 0x6300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::testing::{Script, channel};

    #[test]
    fn pin_is_padded_and_what_no_card_takes_is_not_sent() {
        assert_eq!(*padded(&Secret::from("123456")).unwrap(), *b"123456\xFF\xFF");
        for pin in ["", "12345", "123456789"] {
            let mut script = Script::t1(&[]);
            let result = verify(&mut channel(&mut script), 0x80, &Secret::from(pin));
            assert!(matches!(result, Err(CardError::PinLength { min: 6, max: 8 })), "{pin}");
        }
        let filler = Secret::new(vec![0x31, 0x31, 0x31, 0x31, 0x31, 0xFF]);
        assert!(matches!(padded(&filler), Err(CardError::PinCharacters)));
    }

    #[test]
    fn verify_wrong_pin_tells_the_tries_that_are_left() {
        for (status, left) in [("63c2", Some(2)), ("6302", Some(2)), ("6300", None)] {
            let mut script = Script::t1(&[("0020008008 313233343536ffff", status)]);
            match verify(&mut channel(&mut script), 0x80, &Secret::from("123456")) {
                Err(CardError::PinIncorrect { tries_left, .. }) => assert_eq!(tries_left, left, "{status}"),
                other => panic!("{status}: {other:?}"),
            }
        }
        let mut script = Script::t1(&[("0020008008 313233343536ffff", "6983")]);
        let blocked = verify(&mut channel(&mut script), 0x80, &Secret::from("123456"));
        assert!(matches!(blocked, Err(CardError::PinBlocked { .. })));
    }

    #[test]
    fn change_and_unblock_send_both_values_padded() {
        let (old, new) = (Secret::from("12345678"), Secret::from("654321"));
        let both = "31323334353637383635343332 31ffff".replace(' ', "");
        let mut script =
            Script::t1(&[(&format!("0024008110{both}"), "9000"), (&format!("002c008010{both}"), "63c1")]);
        change(&mut channel(&mut script), 0x81, &old, &new).unwrap();
        let refused = unblock(&mut channel(&mut script), 0x80, &old, &new);
        assert!(matches!(refused, Err(CardError::PinIncorrect { tries_left: Some(1), .. })));
        script.assert_done();
    }

    #[test]
    fn tries_come_from_metadata_or_from_an_empty_verify() {
        let mut script = Script::t1(&[("00f7008000", "0501010602 0802 9000"), ("00200080", "63c3")]);
        let tried = |script: &mut Script, metadata| {
            let tries = tries(&mut channel(script), 0x80, metadata, false).unwrap();
            (tries.left, tries.max)
        };
        assert_eq!(tried(&mut script, true), (Some(2), Some(8)));
        assert_eq!(tried(&mut script, false), (Some(3), None));
        script.assert_done();
    }
}
