//! Answers from a recorded dialogue: a card that is not there. Knows the form of the file, not what its bytes mean.
//!
//! The file is text: `#` begins a comment (the first ones say where it comes from), then
//!
//! ```text
//! atr 3bf5180002800180
//! protocol T=0
//! limits 261 258
//! > 00a4040c023f00
//! < 9000
//! > 0020000104........
//! < 63c2
//! reset
//! ```
//!
//! `limits` is the longest command and response in bytes (short APDUs when left out). `..` is a byte that the recorder hid:
//! any byte in a command, 00 in a response. `reset` is where the card lost its state.

use std::fmt::Write as _;
use std::path::Path;

use super::{Begun, Disposition, Limits, Presence, Protocol, Reader, Transport, TransportError};
use crate::codec::hex::HexError;

/// A recorded dialogue, answering as its card did.
#[derive(Debug, Clone)]
pub struct Replay {
    atr: Vec<u8>,
    protocol: Protocol,
    limits: Limits,
    steps: Vec<Step>,
    /// The step that comes next.
    position: usize,
    any_order: bool,
    reset: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Exchange { line: usize, command: Vec<Option<u8>>, response: Vec<u8> },
    Reset,
}

/// Why a text is no dialogue.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the dialogue")]
pub struct ReplayError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub fault: ReplayFault,
}

/// What is wrong with a line of a dialogue.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFault {
    /// Neither `atr`, `protocol`, `limits`, `>`, `<` nor `reset`.
    #[error("{0:?} is not a line of a dialogue")]
    Unknown(String),
    /// Bytes that are none.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// Something else than `T=0` or `T=1`.
    #[error("protocol {0:?} is neither T=0 nor T=1")]
    Protocol(String),
    /// Something else than two numbers.
    #[error("limits are two numbers: the longest command and response in bytes")]
    Limits,
    /// A command without response, or a response without command.
    #[error("every > line is followed by its < line")]
    Unpaired,
    /// A response of fewer than two bytes.
    #[error("a response ends in two status bytes")]
    NoStatus,
    /// No `atr` line.
    #[error("the answer to reset is missing")]
    NoAtr,
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Replay {
    /// Reads a dialogue file.
    pub fn load(path: &Path) -> Result<Self, ReplayError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ReplayError { line: 0, fault: ReplayFault::Io(error) })?;
        Self::parse(&text)
    }

    /// Reads a dialogue.
    pub fn parse(text: &str) -> Result<Self, ReplayError> {
        let mut replay = Self {
            atr: Vec::new(),
            protocol: Protocol::T1,
            limits: Limits::SHORT,
            steps: Vec::new(),
            position: 0,
            any_order: false,
            reset: false,
        };
        let mut command = None;
        let mut last = 0;
        for (index, line) in text.lines().enumerate() {
            last = index + 1;
            let fault = |fault| ReplayError { line: last, fault };
            let content = line.split('#').next().unwrap_or_default().trim();
            let (word, rest) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
            match (word, command.take()) {
                ("", waiting) => command = waiting,
                (">", None) => command = Some((last, bytes(rest).map_err(fault)?)),
                ("<", Some((line, command))) => {
                    let response = response(rest).map_err(fault)?;
                    replay.steps.push(Step::Exchange { line, command, response });
                }
                (_, Some(_)) | ("<", None) => return Err(fault(ReplayFault::Unpaired)),
                (word, None) => replay.header(word, rest.trim()).map_err(fault)?,
            }
        }
        let fault = match command {
            Some(_) => ReplayFault::Unpaired,
            None if replay.atr.is_empty() => ReplayFault::NoAtr,
            None => return Ok(replay),
        };
        Err(ReplayError { line: last, fault })
    }

    /// Takes commands in any order: each is answered by the next exchange that has it, or else by the first one of all.
    /// For a driver that has learned to do with fewer commands than at the time of the recording.
    #[must_use]
    pub fn any_order(mut self) -> Self {
        self.any_order = true;
        self
    }

    /// Whether every recorded exchange was asked for.
    pub fn is_finished(&self) -> bool {
        self.steps.iter().skip(self.position).all(|step| matches!(step, Step::Reset))
    }

    fn header(&mut self, word: &str, rest: &str) -> Result<(), ReplayFault> {
        match word {
            "atr" => self.atr = bytes(rest)?.into_iter().map(Option::unwrap_or_default).collect(),
            "protocol" => {
                self.protocol = match rest {
                    "T=0" => Protocol::T0,
                    "T=1" => Protocol::T1,
                    other => return Err(ReplayFault::Protocol(other.to_owned())),
                }
            }
            "limits" => {
                let (command, response) = rest.split_once(' ').ok_or(ReplayFault::Limits)?;
                let number = |text: &str| text.trim().parse().map_err(|_| ReplayFault::Limits);
                self.limits = Limits { command_len: number(command)?, response_len: number(response)? };
            }
            "reset" if rest.is_empty() => self.steps.push(Step::Reset),
            other => return Err(ReplayFault::Unknown(other.to_owned())),
        }
        Ok(())
    }

    fn skip_reset(&mut self) -> bool {
        let reset = matches!(self.steps.get(self.position), Some(Step::Reset));
        self.position += usize::from(reset);
        reset
    }

    /// The line of the exchange that comes next; of the last one at the end.
    fn line(&self) -> usize {
        let line = |step: &Step| match step {
            Step::Exchange { line, .. } => Some(*line),
            Step::Reset => None,
        };
        let (before, after) = self.steps.split_at(self.position.min(self.steps.len()));
        after.iter().find_map(line).or_else(|| before.iter().rev().find_map(line)).unwrap_or_default()
    }

    /// The index of the exchange that answers `sent`.
    fn find(&self, sent: &[u8]) -> Option<usize> {
        let fits = |index: &usize| match self.steps.get(*index) {
            Some(Step::Exchange { command, .. }) => {
                command.len() == sent.len()
                    && command.iter().zip(sent).all(|(known, byte)| known.is_none_or(|known| known == *byte))
            }
            _ => false,
        };
        if self.any_order {
            (self.position..self.steps.len()).chain(0..self.position).find(fits)
        } else {
            Some(self.position).filter(fits)
        }
    }
}

impl Transport for Replay {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        let by_another_program = self.skip_reset();
        let by_us = std::mem::take(&mut self.reset);
        Ok(if by_another_program || by_us { Begun::Reset } else { Begun::Unchanged })
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.reset |= disposition == Disposition::Reset;
        Ok(())
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let not_recorded = TransportError::NotRecorded { line: self.line() };
        let Some(index) = self.find(command) else { return Err(not_recorded) };
        match self.steps.get(index) {
            Some(Step::Exchange { response, .. }) => {
                self.position = index + 1;
                Ok(response.clone())
            }
            _ => Err(not_recorded),
        }
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

/// A reader that holds a recorded card. Each connection begins the dialogue anew.
#[derive(Debug, Clone)]
pub struct ReplayReader {
    name: String,
    replay: Replay,
}

impl ReplayReader {
    /// A reader called `name` with the card of `replay`.
    pub fn new(name: &str, replay: Replay) -> Self {
        Self { name: name.to_owned(), replay }
    }
}

impl Reader for ReplayReader {
    fn name(&self) -> &str {
        &self.name
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        Ok(Presence::Card { atr: self.replay.atr.clone() })
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(self.replay.clone()))
    }
}

/// The head of a dialogue file: comments with the provenance, then the card.
pub fn write_head(provenance: &str, atr: &[u8], protocol: Protocol, limits: Limits) -> String {
    let mut text = String::new();
    for line in provenance.lines() {
        let _ = writeln!(text, "# {line}");
    }
    let protocol = match protocol {
        Protocol::T0 => "T=0",
        Protocol::T1 => "T=1",
    };
    let atr = crate::codec::hex::encode(atr);
    let _ = writeln!(
        text,
        "atr {atr}\nprotocol {protocol}\nlimits {} {}",
        limits.command_len, limits.response_len
    );
    text
}

/// One exchange of a dialogue file, the bytes at `hidden_command` and `hidden_response` replaced by `..`.
pub fn write_exchange(
    command: &[u8],
    hidden_command: &std::ops::Range<usize>,
    response: &[u8],
    hidden_response: &std::ops::Range<usize>,
) -> String {
    let mut text = String::with_capacity(2 * (command.len() + response.len()) + 6);
    for (mark, bytes, hidden) in [("> ", command, hidden_command), ("< ", response, hidden_response)] {
        text.push_str(mark);
        for (index, byte) in bytes.iter().enumerate() {
            if hidden.contains(&index) {
                text.push_str("..");
            } else {
                let _ = write!(text, "{byte:02x}");
            }
        }
        text.push('\n');
    }
    text
}

/// Where the card lost its state.
pub const RESET_LINE: &str = "reset\n";

/// Two digits or two dots for each byte; white space between them does not count.
fn bytes(text: &str) -> Result<Vec<Option<u8>>, ReplayFault> {
    let mut found = Vec::with_capacity(text.len() / 2);
    let mut characters = text.chars().filter(|character| !character.is_whitespace());
    while let Some(first) = characters.next() {
        let second = characters.next().ok_or(HexError::OddLength)?;
        if (first, second) == ('.', '.') {
            found.push(None);
            continue;
        }
        let digit = |c: char| c.to_digit(16).ok_or(HexError::Digit(c));
        found.push(Some((digit(first)? << 4 | digit(second)?) as u8));
    }
    Ok(found)
}

fn response(text: &str) -> Result<Vec<u8>, ReplayFault> {
    let bytes: Vec<u8> = bytes(text)?.into_iter().map(Option::unwrap_or_default).collect();
    if bytes.len() < 2 { Err(ReplayFault::NoStatus) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALOGUE: &str = "\
# A card that never was, written for this test.
atr 3b02 1450
protocol T=0
> 00a4000002 3f00   # the master file
< 6117
> 0020000104........
< 63c2

reset
> 00ca000000
< ....9000
";

    #[test]
    fn replay_answers_in_order() {
        let mut replay = Replay::parse(DIALOGUE).unwrap();
        assert_eq!((replay.atr(), replay.protocol()), (&[0x3B, 0x02, 0x14, 0x50][..], Protocol::T0));
        assert_eq!(replay.begin().unwrap(), Begun::Unchanged);
        assert_eq!(replay.transmit(&[0, 0xA4, 0, 0, 2, 0x3F, 0]).unwrap(), [0x61, 0x17]);
        assert_eq!(replay.transmit(&[0, 0x20, 0, 1, 4, 9, 8, 7, 6]).unwrap(), [0x63, 0xC2]);
        replay.end(Disposition::Leave).unwrap();
        assert!(!replay.is_finished());
        assert_eq!(replay.begin().unwrap(), Begun::Reset);
        assert_eq!(replay.transmit(&[0, 0xCA, 0, 0, 0]).unwrap(), [0, 0, 0x90, 0]);
        assert!(replay.is_finished());
    }

    #[test]
    fn replay_refuses_what_was_not_recorded() {
        let mut replay = Replay::parse(DIALOGUE).unwrap();
        for wrong in [&[0, 0xA4, 0, 0, 2, 0x3F][..], &[0, 0xA4, 0, 0, 2, 0x3F, 1], &[0, 0xCA, 0, 0, 0], &[]] {
            let error = replay.transmit(wrong).unwrap_err();
            assert!(matches!(error, TransportError::NotRecorded { line: 4 }), "{error:?}");
        }
        assert_eq!(replay.transmit(&[0, 0xA4, 0, 0, 2, 0x3F, 0]).unwrap(), [0x61, 0x17]);
    }

    #[test]
    fn replay_in_any_order_finds_the_command() {
        let mut replay = Replay::parse(DIALOGUE).unwrap().any_order();
        replay.transmit(&[0, 0xCA, 0, 0, 0]).unwrap();
        replay.transmit(&[0, 0xA4, 0, 0, 2, 0x3F, 0]).unwrap();
        assert!(replay.transmit(&[0, 0xCA, 0, 0, 1]).is_err());
    }

    #[test]
    fn replay_reset_at_the_end_is_told_at_the_next_begin() {
        let mut replay = Replay::parse("atr 3b00").unwrap();
        replay.end(Disposition::Reset).unwrap();
        assert_eq!(replay.begin().unwrap(), Begun::Reset);
        assert_eq!(replay.begin().unwrap(), Begun::Unchanged);
    }

    #[test]
    fn replay_of_a_damaged_text_names_the_line() {
        for (text, line, why) in [
            ("", 0, "the answer to reset is missing"),
            ("atr 3b00\nprotocol T=2", 2, "protocol \"T=2\" is neither T=0 nor T=1"),
            ("atr 3b00\n> 00a4\n> 00a4", 3, "every > line is followed by its < line"),
            ("atr 3b00\n< 9000", 2, "every > line is followed by its < line"),
            ("atr 3b00\n> 00a4\n", 2, "every > line is followed by its < line"),
            ("atr 3b00\n> 00a4\n< 90", 3, "a response ends in two status bytes"),
            ("atr 3b0", 1, "odd number of hexadecimal digits"),
            ("atr 3b0x", 1, "'x' is not a hexadecimal digit"),
            ("atr 3b00\nlimits 261", 2, "limits are two numbers: the longest command and response in bytes"),
            ("atr 3b00\nhello", 2, "\"hello\" is not a line of a dialogue"),
            ("atr 3b00\n> .0\n< 9000", 2, "'.' is not a hexadecimal digit"),
        ] {
            let error = Replay::parse(text).unwrap_err();
            assert_eq!((error.line, error.fault.to_string()), (line, why.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn replay_reads_what_the_writer_writes() {
        let mut text = write_head("a card\nof a test", &[0x3B, 0], Protocol::T1, Limits::EXTENDED);
        text += &write_exchange(&[0, 0x20, 0, 1, 2, 9, 9], &(5..7), &[0x63, 0xC1], &(0..0));
        text += RESET_LINE;
        text += &write_exchange(&[0, 0x2A, 0x80, 0x86], &(0..0), &[1, 2, 0x90, 0], &(0..2));
        assert!(text.contains("> 0020000102....\n< 63c1\nreset\n> 002a8086\n< ....9000\n"), "{text}");
        let mut replay = Replay::parse(&text).unwrap();
        assert_eq!((replay.protocol(), replay.limits()), (Protocol::T1, Limits::EXTENDED));
        assert_eq!(replay.transmit(&[0, 0x20, 0, 1, 2, 7, 7]).unwrap(), [0x63, 0xC1]);
        assert_eq!(replay.begin().unwrap(), Begun::Reset);
        assert_eq!(replay.transmit(&[0, 0x2A, 0x80, 0x86]).unwrap(), [0, 0, 0x90, 0]);
    }

    #[test]
    fn replay_reader_begins_each_connection_anew() {
        let mut reader = ReplayReader::new("recorded", Replay::parse(DIALOGUE).unwrap());
        assert_eq!(reader.presence().unwrap(), Presence::Card { atr: vec![0x3B, 0x02, 0x14, 0x50] });
        for _ in 0..2 {
            let mut transport = reader.connect().unwrap();
            assert_eq!(transport.transmit(&[0, 0xA4, 0, 0, 2, 0x3F, 0]).unwrap(), [0x61, 0x17]);
        }
    }
}
