//! A card that answers from a dialogue file. Where there is a card, the same test writes the file:
//! `P11CTL_RECORD=v1=127.0.0.1:41001` names a service that gives each connection a blank card of that kind, in the
//! messages of vpcd. Knows no commands.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use p11ctl::codec::{date, hex};
use p11ctl::transport::replay::{RESET_LINE, write_exchange, write_head};
use p11ctl::transport::{Limits, Protocol, VirtualCard};

use crate::player::Player;

/// One dialogue and its place in it, shared by the reader and the test.
#[derive(Clone)]
pub struct Recorded(Arc<Mutex<State>>);

struct State {
    path: PathBuf,
    source: Source,
    /// What is asked before belongs to the rig, and is refused.
    has_begun: bool,
    fault: Option<String>,
}

enum Source {
    Played(Player),
    Asked { card: TcpStream, atr: Vec<u8>, text: String },
}

impl Recorded {
    /// The dialogue `isoapplet-KIND-WHAT.dialogue` beside this file; `provenance` is for its first lines.
    pub fn open(kind: &str, what: &str, provenance: &str) -> Self {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/isoapplet"))
            .join(format!("isoapplet-{kind}-{what}.dialogue"));
        let source = match card_to_record(kind) {
            Some(address) => Source::ask(&address, provenance).expect("the card that is recorded"),
            None => Source::Played(Player::load(&path)),
        };
        Self(Arc::new(Mutex::new(State { path, source, has_begun: false, fault: None })))
    }

    /// From now on the card answers.
    pub fn begin(&self) {
        self.state().has_begun = true;
    }

    /// Fails the test if something was asked that the dialogue does not have there.
    pub fn check(&self) {
        let state = self.state();
        assert!(
            state.fault.is_none(),
            "{}: {}",
            state.path.display(),
            state.fault.as_deref().unwrap_or_default()
        );
    }

    /// Fails the test if a change of the dialogue was not made: what it only asks need not be asked. Writes what was
    /// recorded.
    pub fn finish(&self) {
        self.check();
        let state = self.state();
        match &state.source {
            Source::Played(player) => {
                player.finished().unwrap_or_else(|fault| panic!("{}: {fault}", state.path.display()));
            }
            Source::Asked { text, .. } => std::fs::write(&state.path, text).expect("the dialogue"),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VirtualCard for Recorded {
    fn atr(&self) -> Vec<u8> {
        match &self.state().source {
            Source::Played(player) => player.atr(),
            Source::Asked { atr, .. } => atr.clone(),
        }
    }

    /// pcscd takes power from a card that nobody uses, sooner or later: where that is in the dialogue does not count.
    fn reset(&mut self) {
        let mut state = self.state();
        let has_begun = state.has_begun;
        match &mut state.source {
            Source::Played(player) => player.reset(),
            Source::Asked { card, text, .. } => {
                send(card, &[RESET]).expect("the card that is recorded");
                if has_begun && !text.ends_with(RESET_LINE) {
                    text.push_str(RESET_LINE);
                }
            }
        }
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let mut state = self.state();
        if !state.has_begun {
            return INS_NOT_SUPPORTED.to_vec();
        }
        match state.source.answer(command) {
            Ok(response) => response,
            Err(why) => {
                let sent = format!("{why}: {}", hex::encode(command));
                state.fault.get_or_insert(sent);
                NO_PRECISE_DIAGNOSIS.to_vec()
            }
        }
    }
}

impl Source {
    fn ask(address: &str, provenance: &str) -> io::Result<Self> {
        let mut card = TcpStream::connect(address)?;
        card.set_nodelay(true)?;
        let atr = exchange(&mut card, &[ASK_ATR])?;
        let day = &date::moment(date::now())[..10];
        let text =
            write_head(&format!("{provenance}. Recorded on {day}"), &atr, Protocol::T1, Limits::EXTENDED);
        Ok(Self::Asked { card, atr, text })
    }

    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Played(player) => player.answer(command),
            Self::Asked { card, text, .. } => {
                let failed = |error| format!("the card that is recorded: {error}");
                let response = exchange(card, command).map_err(failed)?;
                text.push_str(&write_exchange(command, &(0..0), &response, &(0..0)));
                Ok(response)
            }
        }
    }
}

fn card_to_record(kind: &str) -> Option<String> {
    let cards = std::env::var("P11CTL_RECORD").ok()?;
    cards.split(',').find_map(|card| card.strip_prefix(kind)?.strip_prefix('=').map(str::to_owned))
}

fn exchange(card: &mut TcpStream, message: &[u8]) -> io::Result<Vec<u8>> {
    send(card, message)?;
    let mut len = [0; 2];
    card.read_exact(&mut len)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(len))];
    card.read_exact(&mut answer)?;
    Ok(answer)
}

fn send(card: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let len = u16::try_from(message.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    card.write_all(&[&len.to_be_bytes(), message].concat())
}

/// Control messages of vpcd.
const RESET: u8 = 0x02;
const ASK_ATR: u8 = 0x04;
const INS_NOT_SUPPORTED: [u8; 2] = [0x6D, 0x00];
const NO_PRECISE_DIAGNOSIS: [u8; 2] = [0x6F, 0x00];
