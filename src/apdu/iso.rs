//! Commands of ISO 7816-4 that every driver builds the same way: SELECT of an application, PIN queries, data objects, challenges.

use super::channel::{ApduError, Channel};
use super::command::Command;
use super::status::StatusWord;
use crate::codec::Secret;
use crate::transport::{PinBlock, PinEntry, Typed};

/// What a card says of a PIN without being given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// Verified already.
    Verified,
    /// So many tries left; 0 = blocked.
    TriesLeft(u8),
    /// The card has no such PIN (6A88).
    Missing,
    /// An answer that does not tell.
    Untold(StatusWord),
}

impl PinState {
    /// Whether the PIN is verified; `None` where the card does not tell.
    pub fn is_verified(self) -> Option<bool> {
        match self {
            Self::Verified => Some(true),
            Self::TriesLeft(_) => Some(false),
            Self::Missing | Self::Untold(_) => None,
        }
    }
}

/// SELECT of an application by its name (AID), or the beginning of it; the answer is what the card says of it.
pub fn select_application(name: &[u8]) -> Command {
    Command::new(0x00, INS_SELECT, BY_NAME, FIRST_AND_ONLY).data(name).expect(256)
}

/// Asks for the state of a PIN by a VERIFY without data. Spends no try on cards that follow ISO 7816-4; a driver must
/// know that its card does.
pub fn pin_state(channel: &mut Channel<'_>, reference: u8) -> Result<PinState, ApduError> {
    let status = channel.send(&Command::new(0x00, INS_VERIFY, 0x00, reference))?.status;
    Ok(match (status, status.tries_left()) {
        (StatusWord::OK, _) => PinState::Verified,
        (StatusWord::REFERENCE_NOT_FOUND, _) => PinState::Missing,
        (_, Some(tries)) => PinState::TriesLeft(tries),
        _ => PinState::Untold(status),
    })
}

/// VERIFY with the PIN as the card wants it (padded or not).
pub fn verify(reference: u8, pin: Secret) -> Command {
    Command::new(0x00, INS_VERIFY, 0x00, reference).secret(pin)
}

/// VERIFY with a PIN that its holder types on the reader's keys. Answers what the card, or the reader, says.
/// Errors: `Transport` with `NoPinPad`.
pub fn verify_on_reader(
    channel: &mut Channel<'_>,
    reference: u8,
    block: PinBlock,
) -> Result<StatusWord, ApduError> {
    enter_pin(channel, [0x00, INS_VERIFY, 0x00, reference], block, Typed::Pin)
}

/// CHANGE REFERENCE DATA with the old and the new PIN typed on the reader's keys, as [`verify_on_reader`].
pub fn change_on_reader(
    channel: &mut Channel<'_>,
    reference: u8,
    block: PinBlock,
) -> Result<StatusWord, ApduError> {
    enter_pin(channel, [0x00, INS_CHANGE_REFERENCE_DATA, 0x00, reference], block, Typed::OldAndNew)
}

fn enter_pin(
    channel: &mut Channel<'_>,
    header: [u8; 4],
    block: PinBlock,
    typed: Typed,
) -> Result<StatusWord, ApduError> {
    let blocks = block.filled(if typed == Typed::Pin { 1 } else { 2 });
    let mut command = header.to_vec();
    command.push(u8::try_from(blocks.len()).unwrap_or_default());
    command.extend(blocks);
    channel.enter_pin(&PinEntry { command: &command, block, typed })
}

/// GET DATA of one data object, its tag in P1 and P2. Errors: `UnexpectedStatus`, 6A88 where there is none.
pub fn get_data(channel: &mut Channel<'_>, tag: u16) -> Result<Vec<u8>, ApduError> {
    let [p1, p2] = tag.to_be_bytes();
    channel.call(&Command::new(0x00, INS_GET_DATA, p1, p2).expect(256))
}

/// GET CHALLENGE: `len` random bytes from the card, asked for in pieces of at most 256; the card may want fewer at a
/// time: `piece_len`.
/// Errors: `UnexpectedStatus`; `EndlessResponse` when the card gives none.
pub fn get_challenge(channel: &mut Channel<'_>, len: usize, piece_len: usize) -> Result<Secret, ApduError> {
    let mut random = zeroize::Zeroizing::new(Vec::with_capacity(len));
    while random.len() < len {
        let asked = (len - random.len()).min(piece_len.clamp(1, 256));
        let mut command = Command::new(0x00, INS_GET_CHALLENGE, 0x00, 0x00).expect(asked);
        command.sensitive = true;
        let piece = channel.call_secret(&command)?;
        if piece.is_empty() {
            return Err(ApduError::EndlessResponse { ins: INS_GET_CHALLENGE });
        }
        random.extend_from_slice(piece.expose().get(..asked).unwrap_or(piece.expose()));
    }
    Ok(Secret::new(std::mem::take(&mut *random)))
}

const INS_SELECT: u8 = 0xA4; // ISO 7816-4, 11.2.2
const BY_NAME: u8 = 0x04;
const FIRST_AND_ONLY: u8 = 0x00;
const INS_VERIFY: u8 = 0x20; // ISO 7816-4, 11.6.6
const INS_CHANGE_REFERENCE_DATA: u8 = 0x24; // ISO 7816-4, 11.6.7
const INS_GET_CHALLENGE: u8 = 0x84; // ISO 7816-4, 11.6.3
const INS_GET_DATA: u8 = 0xCA; // ISO 7816-4, 11.4.3

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::testing::{Script, channel};

    #[test]
    fn pin_state_is_read_from_an_empty_verify() {
        for (status, state) in [
            ("63c2", PinState::TriesLeft(2)),
            ("6983", PinState::TriesLeft(0)),
            ("9000", PinState::Verified),
            ("6a88", PinState::Missing),
            ("6700", PinState::Untold(StatusWord::WRONG_LENGTH)),
        ] {
            let mut script = Script::t1(&[("00200081", status)]);
            assert_eq!(pin_state(&mut channel(&mut script), 0x81).unwrap(), state);
        }
        let mut script = Script::t0(&[("0020008100", "63c1")]);
        assert_eq!(pin_state(&mut channel(&mut script), 0x81).unwrap(), PinState::TriesLeft(1));
    }

    #[test]
    fn challenge_is_gathered_in_pieces() {
        let mut script = Script::t1(&[("0084000008", "0102030405060708 9000"), ("0084000002", "090a 9000")]);
        let random = get_challenge(&mut channel(&mut script), 10, 8).unwrap();
        assert_eq!(random.expose(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        script.assert_done();

        let mut script = Script::t1(&[("0084000008", "9000")]);
        let nothing = get_challenge(&mut channel(&mut script), 8, 8);
        assert!(matches!(nothing, Err(ApduError::EndlessResponse { ins: 0x84 })));
    }
}
