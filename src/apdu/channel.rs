//! The only sender of APDUs: one transaction on one transport, with chaining, lengths and tracing.

use std::time::Instant;

use zeroize::{Zeroize, Zeroizing};

use super::encode::{
    EXTENDED_DATA_LEN, EXTENDED_RESPONSE_LEN, FormError, Frame, SHORT_DATA_LEN, SHORT_RESPONSE_LEN,
    check_form,
};
use super::trace::{self, Visibility};
use super::{Command, Response, Stats, StatusWord, effect};
use crate::codec::Secret;
use crate::transport::{Begun, Disposition, Limits, PinEntry, PinPad, Protocol, Transport, TransportError};

/// Why a command got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ApduError {
    /// The bytes did not get through.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The card answered with a status that the caller cannot use.
    #[error("the card answered INS {ins:02X} with {status}")]
    UnexpectedStatus {
        /// Instruction of the command.
        ins: u8,
        /// What the card said.
        status: StatusWord,
    },
    /// The card kept saying that there is more (61xx) beyond any sensible length.
    #[error("the card never ends its answer to INS {ins:02X}")]
    EndlessResponse {
        /// Instruction of the command.
        ins: u8,
    },
    /// A command that neither chaining nor extended length carries.
    #[error("command INS {ins:02X} with {len} bytes of data is too long for this reader and card")]
    TooLong {
        /// Instruction of the command.
        ins: u8,
        /// Length of its data in bytes.
        len: usize,
    },
    /// A file longer than the caller is willing to read.
    #[error("a file on the card is longer than {limit} bytes")]
    FileTooLong {
        /// The most that the caller takes, in bytes.
        limit: usize,
    },
    /// Bytes given as a raw command are no command APDU: nothing was sent.
    #[error("not a command APDU")]
    Form(#[from] FormError),
}

impl ApduError {
    /// True when the card lost its state (another program reset it) in the middle of the transaction: the same work
    /// can be tried again in a new one.
    pub fn is_card_reset(&self) -> bool {
        matches!(self, Self::Transport(TransportError::CardReset(_)))
    }
}

/// How a card takes commands and gives responses that are too long for a short APDU.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lengthening {
    /// Extended length (ISO 7816-4, 5.2) where the reader carries it, else as [`Lengthening::Chaining`].
    Extended,
    /// Command chaining (ISO 7816-4, 5.3.3); long responses by 61xx.
    #[default]
    Chaining,
    /// Neither: a command of more than 255 bytes is [`ApduError::TooLong`].
    ShortOnly,
}

/// What became of what was to go out before the first command ([`Channel::after`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preceding {
    /// There was nothing.
    #[default]
    Nothing,
    /// It still waits for a first command.
    Waits,
    /// The card did it.
    Done,
    /// It went wrong: what the card made of it is not known.
    Failed,
}

/// Commands that go out before another one, without secrets of their own.
pub type First<'f> = &'f mut dyn FnMut(&mut Channel<'_>) -> Result<(), ApduError>;

/// One exclusive transaction on a card. Ends with [`Channel::end`], or on drop leaving the card as it is.
pub struct Channel<'a> {
    transport: &'a mut dyn Transport,
    stats: Stats,
    begun: Begun,
    lengthening: Lengthening,
    visibility: Visibility,
    /// Goes out before the next command.
    preceding: Option<First<'a>>,
    preceded: Preceding,
    last_status: Option<StatusWord>,
    may_have_changed: bool,
    ended: bool,
}

impl<'a> Channel<'a> {
    /// Begins a transaction on `transport`.
    pub fn begin(transport: &'a mut dyn Transport, stats: &Stats) -> Result<Self, ApduError> {
        let begun = transport.begin()?;
        if let Some(recording) = stats.recording() {
            recording.begin(transport, begun);
        }
        Ok(Self {
            transport,
            stats: stats.clone(),
            begun,
            lengthening: Lengthening::default(),
            visibility: Visibility::unknown(),
            preceding: None,
            preceded: Preceding::Nothing,
            last_status: None,
            may_have_changed: false,
            ended: false,
        })
    }

    /// Says how this card wants long commands, for the rest of the transaction.
    pub fn prefer(&mut self, lengthening: Lengthening) {
        self.lengthening = lengthening;
    }

    /// The same transaction, in which `first` is done before the first command, if there is one. What goes wrong with it is
    /// that command's error, and is done again before the next one.
    pub fn after<'f>(&'f mut self, first: Option<First<'f>>) -> Channel<'f> {
        Channel {
            transport: &mut *self.transport,
            stats: self.stats.clone(),
            begun: self.begun,
            lengthening: self.lengthening,
            visibility: self.visibility,
            preceded: if first.is_some() { Preceding::Waits } else { Preceding::Nothing },
            preceding: first,
            last_status: None,
            may_have_changed: false,
            // The transaction is not its own.
            ended: true,
        }
    }

    /// SELECT, where a warning without a change (62xx) is as good as 9000. Errors: as [`Channel::call`].
    pub fn select(&mut self, command: &Command) -> Result<(), ApduError> {
        match self.send(command)?.status {
            status if status.is_ok() || status.sw1() == SW1_WARNING => Ok(()),
            status => Err(ApduError::UnexpectedStatus { ins: command.ins, status }),
        }
    }

    /// What became of that which was to go out before the first command.
    pub fn preceded(&self) -> Preceding {
        self.preceded
    }

    /// Whether the card lost its state since the last transaction.
    pub fn begun(&self) -> Begun {
        self.begun
    }

    /// Answer to reset.
    pub fn atr(&self) -> &[u8] {
        self.transport.atr()
    }

    /// Protocol in force.
    pub fn protocol(&self) -> Protocol {
        self.transport.protocol()
    }

    /// Longest command data in bytes that goes out as one APDU.
    pub fn max_command_data(&self) -> usize {
        let limits = self.transport.limits();
        if self.extended_allowed() {
            (limits.command_len.saturating_sub(Frame::extended_len(1, 1) - 1)).clamp(1, EXTENDED_DATA_LEN)
        } else {
            short_data_len(limits)
        }
    }

    /// Longest response data in bytes that comes back as one APDU.
    pub fn max_response_data(&self) -> usize {
        let response_len = self.transport.limits().response_len.saturating_sub(2);
        let most = if self.extended_allowed() { EXTENDED_RESPONSE_LEN } else { SHORT_RESPONSE_LEN };
        response_len.clamp(1, most)
    }

    /// Sends one command, whatever its length, and returns the whole response, whatever its status: long data is
    /// chained or sent in extended form as [`Channel::prefer`] says, 61xx is followed by GET RESPONSE, and after 6Cxx the
    /// command is repeated once with the length that the card names. Where the command expects no response data,
    /// 61xx comes back as 9000: nobody wants what the card holds ready.
    /// Errors: `Transport`, `TooLong`, `EndlessResponse`.
    pub fn send(&mut self, command: &Command) -> Result<Response, ApduError> {
        let data = command.data.expose();
        let expected = command.expected.unwrap_or(0);
        if self.goes_extended(data.len(), expected) {
            return self.send_last(command, data, true);
        }
        let chunk_len = short_data_len(self.transport.limits());
        if data.len() <= chunk_len {
            return self.send_last(command, data, false);
        }
        if self.lengthening == Lengthening::ShortOnly {
            return Err(ApduError::TooLong { ins: command.ins, len: data.len() });
        }
        let mut chunks = data.chunks(chunk_len).peekable();
        while let Some(chunk) = chunks.next() {
            if chunks.peek().is_none() {
                return self.send_last(command, chunk, false);
            }
            let header = [command.cla | CLA_CHAINED, command.ins, command.p1, command.p2];
            let frame = Frame { header, data: chunk, expected: 0, extended: false };
            let response = self.exchange(&frame, command.sensitive, false)?;
            if !response.status.is_ok() {
                return Ok(response);
            }
        }
        Err(ApduError::TooLong { ins: command.ins, len: data.len() })
    }

    /// As [`Channel::send`], but of the response only what comes at once: its status stays 61xx where the card has more
    /// ready, which is not fetched. For questions that the beginning of an answer settles.
    pub fn send_once(&mut self, command: &Command) -> Result<Response, ApduError> {
        let data = command.data.expose();
        let extended = self.goes_extended(data.len(), command.expected.unwrap_or(0));
        if !extended && data.len() > short_data_len(self.transport.limits()) {
            return Err(ApduError::TooLong { ins: command.ins, len: data.len() });
        }
        let expected = command.expected.unwrap_or(0).min(self.max_response_data());
        let header = [command.cla, command.ins, command.p1, command.p2];
        let frame = Frame { header, data, expected, extended };
        self.exchange(&frame, command.sensitive, false)
    }

    /// As [`Channel::send`]; a status other than 9000 is `UnexpectedStatus`.
    pub fn call(&mut self, command: &Command) -> Result<Vec<u8>, ApduError> {
        let mut response = self.send(command)?;
        if response.status.is_ok() {
            return Ok(response.data);
        }
        if command.sensitive {
            response.data.zeroize();
        }
        Err(ApduError::UnexpectedStatus { ins: command.ins, status: response.status })
    }

    /// As [`Channel::call`] for a response that is a secret (a plain text, a shared point): zeroized when dropped.
    pub fn call_secret(&mut self, command: &Command) -> Result<Secret, ApduError> {
        self.call(command).map(Secret::new)
    }

    /// Sends one command APDU as it is and returns the response as it came, with no chaining and no GET RESPONSE: for
    /// a user who types APDUs. Counted and traced as any other.
    /// Errors: `Form` when the bytes are no command APDU (nothing is sent then), `Transport`.
    pub fn transmit_raw(&mut self, command: &[u8]) -> Result<Response, ApduError> {
        check_form(command)?;
        self.visibility = Visibility::of(command, self.visibility);
        let get_response = command.get(1) == Some(&INS_GET_RESPONSE);
        self.transmit(command, get_response)
    }

    /// What the reader's own keys can be used for.
    pub fn pinpad(&self) -> PinPad {
        self.transport.pinpad()
    }

    /// Lets the holder type PINs on the reader's keys into a command; answers what the card, or the reader, says.
    /// Errors: `Transport` with `NoPinPad` where there are no keys for it.
    pub fn enter_pin(&mut self, entry: &PinEntry<'_>) -> Result<StatusWord, ApduError> {
        self.visibility = Visibility::unless(true);
        let response = self.traced(entry.command, false, |transport| transport.enter_pin(entry))?;
        Ok(response.status)
    }

    /// How the last command in this transaction ended; `None` before the first.
    pub fn last_status(&self) -> Option<StatusWord> {
        self.last_status
    }

    /// Whether a command since [`Channel::note_changes`] may have left the card other than it was: one that the card carried
    /// out or did not answer, and of which ISO 7816-4 does not say that it only reads.
    pub fn may_have_changed(&self) -> bool {
        self.may_have_changed
    }

    /// From now on [`Channel::may_have_changed`] counts.
    pub fn note_changes(&mut self) {
        self.may_have_changed = false;
    }

    /// Ends the transaction.
    pub fn end(mut self, disposition: Disposition) -> Result<(), ApduError> {
        self.ended = true;
        Ok(self.transport.end(disposition)?)
    }

    fn extended_allowed(&self) -> bool {
        // On T=0 an extended command needs ENVELOPE, which hardly any card has; chaining does it there.
        self.lengthening == Lengthening::Extended
            && self.transport.protocol() == Protocol::T1
            && self.transport.limits().extended()
    }

    fn goes_extended(&self, data_len: usize, expected: usize) -> bool {
        (data_len > SHORT_DATA_LEN || expected > SHORT_RESPONSE_LEN)
            && data_len <= EXTENDED_DATA_LEN
            && self.extended_allowed()
            && Frame::extended_len(data_len, expected) <= self.transport.limits().command_len
    }

    /// Sends the only or last part of a command and gathers the response.
    fn send_last(&mut self, command: &Command, data: &[u8], extended: bool) -> Result<Response, ApduError> {
        let wanted = command.expected.unwrap_or(0);
        let reader_takes = self.transport.limits().response_len.saturating_sub(2).max(1);
        let most = if extended { EXTENDED_RESPONSE_LEN } else { SHORT_RESPONSE_LEN };
        let frame = Frame {
            header: [command.cla, command.ins, command.p1, command.p2],
            data,
            expected: wanted.min(most).min(reader_takes),
            extended,
        };
        let first = self.exchange(&frame, command.sensitive, false)?;
        if first.status.sw1() != SW1_MORE_DATA {
            return Ok(first);
        }
        if wanted == 0 {
            return Ok(Response { data: Vec::new(), status: StatusWord::OK });
        }
        self.gather(command, first)
    }

    /// Fetches by GET RESPONSE what a response announced by 61xx, until the card has no more.
    fn gather(&mut self, command: &Command, first: Response) -> Result<Response, ApduError> {
        let header = [get_response_class(command.cla), INS_GET_RESPONSE, 0x00, 0x00];
        let mut data = Zeroizing::new(first.data);
        let mut status = first.status;
        for _ in 0..MAX_GET_RESPONSES {
            if status.sw1() != SW1_MORE_DATA {
                return Ok(Response { data: std::mem::take(&mut *data), status });
            }
            let frame = Frame { header, data: &[], expected: short_le(status), extended: false };
            let next = self.exchange(&frame, command.sensitive, true)?;
            let part = Zeroizing::new(next.data);
            status = next.status;
            let stuck = part.is_empty() && status.sw1() == SW1_MORE_DATA;
            if stuck || data.len() + part.len() > MAX_RESPONSE_LEN {
                break;
            }
            append(&mut data, &part);
        }
        Err(ApduError::EndlessResponse { ins: command.ins })
    }

    /// One frame out, one response in; after 6Cxx the same frame once more with the length that the card names.
    fn exchange(
        &mut self,
        frame: &Frame<'_>,
        sensitive: bool,
        get_response: bool,
    ) -> Result<Response, ApduError> {
        let mark = Visibility::unless(sensitive);
        let protocol = self.transport.protocol();
        let bytes = frame.encode(protocol);
        self.visibility = Visibility::of(&bytes, self.visibility).and(mark);
        let response = self.transmit(&bytes, get_response)?;
        if response.status.sw1() != SW1_WRONG_LE || frame.expected == 0 {
            return Ok(response);
        }
        let repeated = Frame { expected: short_le(response.status), ..*frame };
        self.transmit(&repeated.encode(protocol), get_response)
    }

    fn transmit(&mut self, bytes: &[u8], get_response: bool) -> Result<Response, ApduError> {
        self.traced(bytes, get_response, |transport| transport.transmit(bytes))
    }

    /// One exchange, however it is made, traced and counted.
    fn traced(
        &mut self,
        bytes: &[u8],
        get_response: bool,
        exchange: impl FnOnce(&mut dyn Transport) -> Result<Vec<u8>, TransportError>,
    ) -> Result<Response, ApduError> {
        if let Some(first) = self.preceding.take() {
            let (visibility, lengthening) = (self.visibility, self.lengthening);
            let outcome = first(self);
            (self.visibility, self.lengthening) = (visibility, lengthening);
            self.preceded = if outcome.is_ok() { Preceding::Done } else { Preceding::Failed };
            if let Err(error) = outcome {
                self.preceding = Some(first);
                return Err(error);
            }
        }
        trace::command(bytes, self.visibility);
        let start = Instant::now();
        let answer = exchange(self.transport);
        self.may_have_changed |= effect::may_change(bytes, answer.as_deref().unwrap_or_default());
        let mut received = answer?;
        self.stats.record(get_response, bytes.len(), received.len(), start.elapsed());
        trace::response(&received, self.visibility);
        if let Some(recording) = self.stats.recording() {
            recording.exchange(bytes, &received, self.visibility);
        }
        let status = match received.as_slice() {
            [data @ .., sw1, sw2] if data.len() <= EXTENDED_RESPONSE_LEN => u16::from_be_bytes([*sw1, *sw2]),
            other => return Err(TransportError::BadResponse(other.len()).into()),
        };
        received.truncate(received.len() - 2);
        self.last_status = Some(StatusWord(status));
        Ok(Response { data: received, status: StatusWord(status) })
    }
}

impl Drop for Channel<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // Nothing sensible is left to do with an error here: the card is gone or the service is.
            let _ = self.transport.end(Disposition::Leave);
        }
    }
}

fn short_data_len(limits: Limits) -> usize {
    // Header, Lc and Le take 6 bytes.
    limits.command_len.saturating_sub(6).clamp(1, SHORT_DATA_LEN)
}

/// The length in the second byte of 61xx and 6Cxx; 00 stands for 256.
fn short_le(status: StatusWord) -> usize {
    match status.sw2() {
        0 => SHORT_RESPONSE_LEN,
        length => usize::from(length),
    }
}

/// GET RESPONSE is an interindustry command on the same logical channel (ISO 7816-4, 5.4.1).
fn get_response_class(cla: u8) -> u8 {
    if cla & 0x40 == 0 { cla & 0x03 } else { 0x40 | cla & 0x0F }
}

/// Appends without leaving a copy of what was there in memory given back to the allocator.
fn append(data: &mut Zeroizing<Vec<u8>>, part: &[u8]) {
    if data.capacity() - data.len() < part.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity((data.len() + part.len()) * 2));
        larger.extend_from_slice(data);
        *data = larger;
    }
    data.extend_from_slice(part);
}

const CLA_CHAINED: u8 = 0x10; // ISO 7816-4, 5.4.1: not the last command of a chain
const INS_GET_RESPONSE: u8 = 0xC0; // ISO 7816-4, 11.8.1
const SW1_MORE_DATA: u8 = 0x61;
const SW1_WARNING: u8 = 0x62; // ISO 7816-4, table 5: a warning, the state of the card is unchanged
const SW1_WRONG_LE: u8 = 0x6C;
/// No card object is longer: a card that goes on does so on purpose.
const MAX_RESPONSE_LEN: usize = 1 << 20;
const MAX_GET_RESPONSES: usize = 8192;

#[cfg(test)]
mod tests;
