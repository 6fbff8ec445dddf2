//! Bytes to a card: readers and transports. Does not know what the bytes mean.

pub mod pcsc;
pub mod pinpad;
pub mod replay;
pub mod software;
pub mod vpcd;

use std::sync::Arc;
use std::time::Duration;

pub use pinpad::{DigitCoding, PinBlock, PinEntry, PinPad, Typed};

/// A reader: a place for a card, with a name that stays.
pub trait Reader: Send {
    /// The reader's name, unique among the readers of one run.
    fn name(&self) -> &str;

    /// What kind of reader it is: everything but PC/SC is software.
    fn kind(&self) -> ReaderKind {
        ReaderKind::Software
    }

    /// What is in the reader now. Touches no card; errors are those of the service, not of the card.
    fn presence(&mut self) -> Result<Presence, TransportError>;

    /// How often a card came or went, where the reader counts that, as of the last question to it: two different
    /// answers tell of a card that was exchanged between two looks.
    fn changes(&self) -> u32 {
        0
    }

    /// Powers the card and opens a connection to it (shared with other programs).
    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError>;
}

/// Where readers come from that can be attached while the program runs.
pub trait ReaderSource: Send {
    /// The readers that are attached now and are not `known` by their names.
    fn attached(&mut self, known: &dyn Fn(&str) -> bool) -> Vec<Box<dyn Reader>>;

    /// Something to wait with for the next change.
    fn watch(&self) -> Arc<dyn Watch>;
}

/// A wait for a change of any reader of a [`ReaderSource`].
pub trait Watch: Send + Sync {
    /// Returns when a card or reader came or went since the last call, or perhaps did, and after `at_most` in any
    /// case. False when there is nothing to wait with at the moment; then it returns at once.
    fn wait(&self, at_most: Duration) -> bool;

    /// Ends a wait of another thread.
    fn cancel(&self);
}

/// What kind of reader it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderKind {
    /// A reader of the PC/SC service: hardware, and its card can be taken out.
    Pcsc,
    /// A card made of software.
    Software,
    /// A slot of another PKCS#11 module.
    Module,
}

/// What a reader says of its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    /// No card.
    Empty,
    /// A card that answered to reset.
    Card {
        /// Answer to reset (ISO 7816-3).
        atr: Vec<u8>,
    },
    /// Something that does not answer to reset: upside down, damaged, no smart card.
    Mute,
}

/// A connection to one card.
pub trait Transport: Send {
    /// Answer to reset of the connected card.
    fn atr(&self) -> &[u8];

    /// Transmission protocol in force.
    fn protocol(&self) -> Protocol;

    /// Begins an exclusive transaction: no other program reaches the card until [`Transport::end`].
    /// Tells whether the card lost its state since the last one (reset by another program, power).
    /// Errors: `Busy` when another program holds the card longer than the back-off, `CardRemoved`.
    fn begin(&mut self) -> Result<Begun, TransportError>;

    /// Ends the transaction, leaving or resetting the card.
    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError>;

    /// Sends one command APDU and returns the response APDU with its two status bytes.
    /// Only inside a transaction.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError>;

    /// Longest command and response APDU that this reader carries, in bytes.
    fn limits(&self) -> Limits {
        Limits::SHORT
    }

    /// What the reader's own keys can be used for; known from the first transaction on.
    fn pinpad(&self) -> PinPad {
        PinPad::default()
    }

    /// Lets the holder type PINs on the reader's keys into this command, and returns the card's response, or the
    /// reader's own status word where nothing was sent. Only inside a transaction. Waits for the holder.
    /// Errors: `NoPinPad`, and those of [`Transport::transmit`].
    fn enter_pin(&mut self, entry: &PinEntry<'_>) -> Result<Vec<u8>, TransportError> {
        let _ = entry;
        Err(TransportError::NoPinPad)
    }
}

/// The state of the card at the begin of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// As the last transaction left it.
    Unchanged,
    /// The card was reset or powered since: selected files and verified PINs are lost.
    Reset,
}

/// What the end of a transaction does to the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Leave the card as it is.
    Leave,
    /// Reset the card: every PIN is unverified afterwards.
    Reset,
}

/// ISO 7816-3 transmission protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Character-oriented: the response to a case 4 command has to be fetched by GET RESPONSE.
    T0,
    /// Block-oriented.
    T1,
}

/// What a reader carries in one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest command APDU in bytes, header included.
    pub command_len: usize,
    /// Longest response APDU in bytes, status word included.
    pub response_len: usize,
}

impl Limits {
    /// Short APDUs only (ISO 7816-3): 5 + 255 + 1 out, 256 + 2 in.
    pub const SHORT: Self = Self { command_len: 261, response_len: 258 };
    /// Extended APDUs: 4 + 3 + 65535 + 2 out, 65536 + 2 in.
    pub const EXTENDED: Self = Self { command_len: 65_544, response_len: 65_538 };

    /// True when extended-length APDUs fit.
    pub fn extended(self) -> bool {
        self.command_len > Self::SHORT.command_len
    }
}

/// Why no bytes went to or came from a card.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The PC/SC service does not run (or its socket is not there).
    #[error("no PC/SC service is running")]
    NoService,
    /// The PC/SC service refuses this user (polkit, permissions).
    #[error("the PC/SC service refuses access")]
    AccessDenied,
    /// No reader of that name.
    #[error("reader {0:?} is not there any more")]
    ReaderGone(String),
    /// The reader is empty.
    #[error("no card in reader {0:?}")]
    NoCard(String),
    /// The card does not answer to reset.
    #[error("the card in reader {0:?} does not answer: is it inserted the right way round?")]
    MuteCard(String),
    /// The card was pulled.
    #[error("the card was removed from reader {0:?}")]
    CardRemoved(String),
    /// The card was reset by another program in the middle of a transaction.
    #[error("the card in reader {0:?} was reset by another program")]
    CardReset(String),
    /// Another program holds the card.
    #[error("the card in reader {reader:?} is held by another program (waited {} s)", waited.as_secs_f32().ceil())]
    Busy {
        /// Which reader.
        reader: String,
        /// How long was waited.
        waited: Duration,
    },
    /// Any other answer of the PC/SC service.
    #[error("PC/SC: {0}")]
    Pcsc(#[source] ::pcsc::Error),
    /// A card image could not be used.
    #[error("card image {path}")]
    Image {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something of the operating system: a socket, a file.
    #[error("{what}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A recorded dialogue does not hold the command that was sent.
    #[error("the recorded dialogue has no answer to this command at its line {line}")]
    NotRecorded {
        /// The line of the command that was recorded there.
        line: usize,
    },
    /// The reader has no keys to type a PIN on, or none for this.
    #[error("the reader has no keys for this PIN")]
    NoPinPad,
    /// The reader gave fewer than two bytes, or more than it may.
    #[error("the reader gave a response of {0} bytes")]
    BadResponse(usize),
}

/// A card made of software: it answers command APDUs. The other side of [`Transport`].
pub trait VirtualCard: Send {
    /// Answer to reset.
    fn atr(&self) -> Vec<u8>;

    /// Cold or warm reset: nothing selected, no PIN verified.
    fn reset(&mut self);

    /// Answers one command APDU (short or extended) with data and status word.
    fn process(&mut self, command: &[u8]) -> Vec<u8>;

    /// Why the last answer was 6581 or 6F00, where the cause lies outside the card: its image could not be
    /// written, say. Asked once; the default has nothing to tell.
    fn take_fault(&mut self) -> Option<TransportError> {
        None
    }
}

/// The first protocol that an answer to reset offers (ISO 7816-3, 8.2.3: the first TD byte; T=0 without one).
pub fn protocol_of_atr(atr: &[u8]) -> Protocol {
    let Some(format) = atr.get(1) else { return Protocol::T0 };
    // T0's high nibble says which of TA1, TB1, TC1, TD1 follow; TD1's low nibble is the protocol.
    let before_td1 = (format >> 4 & 0x07).count_ones() as usize;
    let td1 = (format & 0x80 != 0).then(|| atr.get(2 + before_td1)).flatten();
    if td1.is_some_and(|td1| td1 & 0x0F == 1) { Protocol::T1 } else { Protocol::T0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_of_atr_is_the_first_one_offered() {
        for (atr, protocol) in [
            ("3BF5960000 8131FE454D7945494414", Protocol::T1),
            ("3BF51800 0210804F73454944", Protocol::T0),
            ("3B00", Protocol::T0),
            ("3B8001", Protocol::T1),
            ("3B", Protocol::T0),
        ] {
            assert_eq!(protocol_of_atr(&crate::codec::hex::decode(atr).unwrap()), protocol, "{atr}");
        }
    }
}
