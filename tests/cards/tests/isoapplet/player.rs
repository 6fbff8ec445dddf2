//! Plays a dialogue. What changes the card or is computed by it comes in the order of the recording, byte for byte; what only
//! asks comes in any order in between, so that a driver that learns to ask for less needs no new recording.
//!
//! EF.TokenInfo has a date, and a serial number that is made up when the card is formatted: other ones than when the
//! dialogue was recorded. So any will do where one is written, and it is what is read afterwards.

use std::ops::Range;
use std::path::Path;

use p11ctl::codec::hex;
use p11ctl::transport::replay::{RESET_LINE, Replay};
use p11ctl::transport::{Transport, TransportError};

/// A dialogue and the stage that it is in.
pub struct Player {
    stages: Vec<Stage>,
    now: usize,
    written: Vec<Written>,
}

/// What is asked while the card stays as it is, and what changes it then: nothing in the last stage.
struct Stage {
    questions: Replay,
    change: Vec<u8>,
    response: Vec<u8>,
    /// The line of the change.
    line: usize,
}

/// A date or serial number: as recorded, and as it is this time.
struct Written {
    recorded: Vec<u8>,
    now: Vec<u8>,
}

impl Player {
    /// Reads a dialogue in which nothing is hidden.
    pub fn load(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.starts_with("# IsoApplet "), "{} does not say where it comes from", path.display());
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| *line != RESET_LINE.trim_end());
        let (mut head, mut asked, mut stages) = (String::new(), String::new(), Vec::new());
        let questions = |head: &str, asked: &str| {
            Replay::parse(&format!("{head}{asked}")).expect("a dialogue").any_order()
        };
        while let Some((number, line)) = lines.next() {
            let Some(digits) = line.strip_prefix("> ") else {
                head.push_str(&format!("{line}\n"));
                continue;
            };
            let response = lines.next().unwrap_or_default().1;
            let [command, answer] =
                [digits, response.trim_start_matches("< ")].map(|it| hex::decode(it).expect("bytes"));
            if only_asks(&command) {
                asked.push_str(&format!("{line}\n{response}\n"));
                continue;
            }
            let questions = questions(&head, &std::mem::take(&mut asked));
            stages.push(Stage { questions, change: command, response: answer, line: number });
        }
        let last = questions(&head, &asked);
        let line = text.lines().count();
        stages.push(Stage { questions: last, change: Vec::new(), response: Vec::new(), line });
        Self { stages, now: 0, written: Vec::new() }
    }

    /// The card's answer to reset.
    pub fn atr(&self) -> Vec<u8> {
        self.stages[0].questions.atr().to_vec()
    }

    /// What the card answers; `NotRecorded` with the line of the change that could have come.
    pub fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let stage = &mut self.stages[self.now];
        if let Ok(mut response) = stage.questions.transmit(command) {
            self.written.iter().for_each(|written| written.replace_in(&mut response));
            return Ok(response);
        }
        let made_up = made_up(&stage.change);
        let fits = |(at, (recorded, sent)): (usize, (&u8, &u8))| {
            recorded == sent || made_up.iter().any(|part| part.contains(&at))
        };
        let is_same =
            stage.change.len() == command.len() && stage.change.iter().zip(command).enumerate().all(fits);
        if !is_same || command.is_empty() {
            return Err(TransportError::NotRecorded { line: stage.line });
        }
        for part in made_up {
            let (recorded, now) = (stage.change[part.clone()].to_vec(), command[part].to_vec());
            self.written.push(Written { recorded, now });
        }
        self.now += 1;
        Ok(stage.response.clone())
    }

    /// Fails the test unless every change was made.
    pub fn check_finished(&self, path: &Path) {
        let stage = &self.stages[self.now];
        assert!(stage.change.is_empty(), "{}: ended before line {}", path.display(), stage.line);
    }
}

impl Written {
    fn replace_in(&self, response: &mut [u8]) {
        let len = self.recorded.len();
        let found = |response: &[u8]| response.windows(len).position(|part| part == self.recorded);
        if let Some(at) = found(response) {
            response[at..at + len].copy_from_slice(&self.now);
        }
    }
}

/// Whether a command leaves the card as it is.
fn only_asks(command: &[u8]) -> bool {
    match command {
        [0x00, INS_VERIFY, ..] => command.len() == 4,
        [0x00, ins, ..] => ASKING.contains(ins),
        _ => false,
    }
}

/// Where an UPDATE BINARY writes a date such as `20261128185155Z`, and before it the serial number of a new EF.TokenInfo.
fn made_up(command: &[u8]) -> Vec<Range<usize>> {
    let is_date = |part: &[u8]| {
        part.starts_with(b"20") && part.ends_with(b"Z") && part[..DATE_LEN - 1].iter().all(u8::is_ascii_digit)
    };
    let date = command.windows(DATE_LEN).position(is_date);
    let Some(date) = date.filter(|_| command.starts_with(&UPDATE_BINARY)) else { return Vec::new() };
    let serial = command.windows(BEFORE_SERIAL.len()).position(|part| part == BEFORE_SERIAL);
    let serial = serial.map(|at| at + BEFORE_SERIAL.len()).map(|at| at..at + SERIAL_LEN);
    serial.into_iter().chain(std::iter::once(date..date + DATE_LEN)).collect()
}

/// SELECT, READ BINARY, GET DATA, GET CHALLENGE, MANAGE SECURITY ENVIRONMENT (ISO 7816-4).
const ASKING: [u8; 5] = [0xA4, 0xB0, 0xCA, 0x84, 0x22];
const INS_VERIFY: u8 = 0x20; // without a PIN
const UPDATE_BINARY: [u8; 2] = [0x00, 0xD6];
/// Version 1 and the header of eight bytes (ISO 7816-15, TokenInfo).
const BEFORE_SERIAL: [u8; 5] = [0x02, 0x01, 0x00, 0x04, 0x08];
const SERIAL_LEN: usize = 8;
const DATE_LEN: usize = 15;
