//! Plays a dialogue. What changes the card or is computed by it comes in the order of the recording, byte for byte, and
//! with the same file and security environment in force. What only asks comes in any order in between, so that a driver
//! that learns to ask for less needs no new recording; what is read is that of the file that is selected then.
//!
//! EF.TokenInfo has a date, and a serial number that is made up when the card is formatted: other ones than when the
//! dialogue was recorded. So any will do where one is written, and it is what is read afterwards.

use std::ops::Range;
use std::path::Path;

use p11ctl::codec::hex;
use p11ctl::transport::Transport;
use p11ctl::transport::replay::{RESET_LINE, Replay};

use crate::in_force::InForce;

/// A dialogue and the stage that it is in.
pub struct Player {
    atr: Vec<u8>,
    stages: Vec<Stage>,
    now: usize,
    in_force: InForce,
    written: Vec<Written>,
}

/// What is asked while the card stays as it is, and what changes it then: nothing in the last stage.
#[derive(Default)]
struct Stage {
    questions: Vec<Exchange>,
    /// The question that was recorded after the one asked last.
    next: usize,
    change: Option<Exchange>,
}

/// A recorded command.
struct Exchange {
    /// Its line in the dialogue.
    line: usize,
    command: Vec<u8>,
    /// What decided what it did.
    in_force: InForce,
    response: Vec<u8>,
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
        Self::parse(&text)
    }

    /// As [`Player::load`], from its text.
    pub fn parse(text: &str) -> Self {
        assert!(text.starts_with("# IsoApplet "), "a dialogue that does not say where it comes from");
        let atr = Replay::parse(text).expect("a dialogue").atr().to_vec();
        let mut in_force = InForce::default();
        let (mut stages, mut stage) = (Vec::new(), Stage::default());
        let mut lines = (1..).zip(text.lines());
        while let Some((line, content)) = lines.next() {
            if content == RESET_LINE.trim_end() {
                in_force = InForce::default();
            }
            let Some(command) = content.strip_prefix("> ") else { continue };
            let response = lines.next().unwrap_or_default().1.trim_start_matches("< ");
            let [command, response] =
                [command, response].map(|it| hex::decode(&it.replace(' ', "")).expect("bytes"));
            let exchange = Exchange { line, in_force: in_force.decisive_for(&command), command, response };
            in_force.follow(&exchange.command, &exchange.response);
            if only_asks(&exchange.command) {
                stage.questions.push(exchange);
            } else {
                stage.change = Some(exchange);
                stages.push(std::mem::take(&mut stage));
            }
        }
        stages.push(stage);
        Self { atr, stages, now: 0, in_force: InForce::default(), written: Vec::new() }
    }

    /// The card's answer to reset.
    pub fn atr(&self) -> Vec<u8> {
        self.atr.clone()
    }

    /// The card loses power: nothing is in force any more.
    pub fn reset(&mut self) {
        self.in_force = InForce::default();
    }

    /// What the card answers; else the line of the change that could have come, and why this is not it.
    pub fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, String> {
        let in_force = self.in_force.decisive_for(command);
        let stage = &mut self.stages[self.now];
        let response = if let Some(mut response) = stage.ask(command, &in_force) {
            self.written.iter().for_each(|written| written.replace_in(&mut response));
            response
        } else {
            let change = stage.change.as_ref().ok_or("after the last line: nothing could come")?;
            self.written.extend(change.made_by(command, &in_force)?);
            self.now += 1;
            change.response.clone()
        };
        self.in_force.follow(command, &response);
        Ok(response)
    }

    /// Whether every change was made, or else the line of the first one that was not. Not every question has to be asked.
    pub fn finished(&self) -> Result<(), String> {
        match &self.stages[self.now].change {
            None => Ok(()),
            Some(change) => Err(format!("line {}: nothing came", change.line)),
        }
    }
}

impl Stage {
    /// The answer to a question: that of the next exchange that has it, or else of the first one of all.
    fn ask(&mut self, command: &[u8], in_force: &InForce) -> Option<Vec<u8>> {
        let fits = |index: &usize| {
            let question = &self.questions[*index];
            question.command == command && question.in_force == *in_force
        };
        let index = (self.next..self.questions.len()).chain(0..self.next).find(fits)?;
        self.next = index + 1;
        Some(self.questions[index].response.clone())
    }
}

impl Exchange {
    /// Whether this is the change that was recorded: what is made up in it, or else why it is not.
    fn made_by(&self, command: &[u8], in_force: &InForce) -> Result<Vec<Written>, String> {
        let parts = made_up(&self.command);
        let fits = |(at, (recorded, sent)): (usize, (&u8, &u8))| {
            recorded == sent || parts.iter().any(|part| part.contains(&at))
        };
        let is_same = self.command.len() == command.len()
            && made_up(command) == parts
            && self.command.iter().zip(command).enumerate().all(fits);
        if !is_same {
            return Err(format!("line {}: another command came", self.line));
        }
        if self.in_force != *in_force {
            return Err(format!(
                "line {}: with {in_force:02x?} in place of {:02x?}",
                self.line, self.in_force
            ));
        }
        let written = |part: Range<usize>| Written {
            recorded: self.command[part.clone()].to_vec(),
            now: command[part].to_vec(),
        };
        Ok(parts.into_iter().map(written).collect())
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
