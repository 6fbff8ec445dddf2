//! PINs typed on the keys of a reader: what the reader says where nothing reached the card.

use super::CardError;
use crate::apdu::StatusWord;

/// Why a PIN that was to be typed on a reader did not reach the card. No try is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinEntryFailure {
    /// Nobody typed in the reader's time.
    #[error("nobody typed a PIN on the reader in time")]
    TimedOut,
    /// The holder pressed the key for it.
    #[error("the entry on the reader was cancelled")]
    Cancelled,
    /// The two entries of a new PIN.
    #[error("the new PIN was not typed twice the same on the reader")]
    Different,
    /// Too few digits or too many.
    #[error("the PIN typed on the reader has a length that the card does not take")]
    Length,
}

/// What a card said of a PIN that was typed on its reader. Errors: `PinEntry` when it was not asked.
pub(super) fn from_reader(status: StatusWord) -> Result<StatusWord, CardError> {
    Err(CardError::PinEntry(match status {
        TIMED_OUT => PinEntryFailure::TimedOut,
        CANCELLED => PinEntryFailure::Cancelled,
        DIFFERENT => PinEntryFailure::Different,
        LENGTH => PinEntryFailure::Length,
        status => return Ok(status),
    }))
}

// PC/SC part 10, 2.5.2 and 2.5.3: answers of the reader itself.
const TIMED_OUT: StatusWord = StatusWord(0x6400);
const CANCELLED: StatusWord = StatusWord(0x6401);
const DIFFERENT: StatusWord = StatusWord(0x6402);
const LENGTH: StatusWord = StatusWord(0x6403);
