//! PC/SC readers (by the `pcsc` crate): which there are and what is in them. The connected card is in `card.rs`.
//! Knows nothing of APDUs.
//!
//! A PC/SC context does one call at a time. So listing and looking share one, on which no call blocks, and each connected
//! card has its own: two cards compute at the same time.

mod card;
mod features;
mod gate;
mod service;
mod watch;

use std::ffi::CString;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use ::pcsc::{Context, Error, Protocols, ReaderState, ShareMode, State};

use super::{Presence, Reader, ReaderKind, Transport, TransportError};
use crate::config::ReadersConfig;
use card::PcscCard;
use gate::Service;
pub use gate::{close_for_fork, open_after_fork};
pub use watch::PcscSource;

/// All PC/SC readers in the order of the service, without those that the configuration ignores. No reader is an
/// empty list. Errors: `NoService`, `AccessDenied`.
pub fn list_readers(config: &ReadersConfig) -> Result<Vec<Box<dyn Reader>>, TransportError> {
    if !config.pcsc {
        return Ok(Vec::new());
    }
    let context = Service::establish().map_err(service::explain_refusal)?;
    let names = names(&context).map_err(service::explain)?;
    Ok(readers(names, &context, config))
}

/// The readers of these names, without those that the configuration leaves out.
fn readers(names: Vec<CString>, context: &Service, config: &ReadersConfig) -> Vec<Box<dyn Reader>> {
    let readers = names.into_iter().filter_map(|c_name| {
        let name = c_name.to_string_lossy().into_owned();
        config.uses_pcsc(&name).then(|| {
            let (context, terms) = (context.clone(), Terms::new(config));
            let reader = PcscReader { name, c_name, context, terms, changes: 0, waiting: None };
            Box::new(reader) as Box<dyn Reader>
        })
    });
    readers.collect()
}

fn names(context: &Context) -> Result<Vec<CString>, Error> {
    let _inside = gate::enter();
    match context.list_readers_owned() {
        Ok(names) => Ok(names),
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// How a card is connected to, from the configuration.
#[derive(Debug, Clone, Copy)]
struct Terms {
    share: ShareMode,
    /// How long to wait for a card that another program holds.
    patience: Duration,
    /// Whether a thread may do the waiting.
    own_threads: bool,
}

impl Terms {
    fn new(config: &ReadersConfig) -> Self {
        Self {
            share: if config.exclusive { ShareMode::Exclusive } else { ShareMode::Shared },
            patience: Duration::from_secs(config.busy_timeout.into()),
            own_threads: config.own_threads,
        }
    }
}

/// One PC/SC reader.
struct PcscReader {
    name: String,
    c_name: CString,
    context: Service,
    terms: Terms,
    /// How often a card came or went, by the last answer of the service.
    changes: u32,
    /// A connection that was asked for and not given yet.
    waiting: Option<Receiver<Result<PcscCard, Error>>>,
}

impl Reader for PcscReader {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ReaderKind {
        ReaderKind::Pcsc
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        let state = self.state().map_err(|error| self.explain(error))?;
        presence(&self.name, &state)
    }

    fn changes(&self) -> u32 {
        self.changes
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        let start = Instant::now();
        let mut pause = Pause::default();
        loop {
            let left = self.terms.patience.saturating_sub(start.elapsed());
            match self.connect_within(left) {
                Ok(card) => {
                    // What it is compared with later is how things were from now on.
                    let _ = self.state();
                    return Ok(Box::new(card));
                }
                Err(Error::SharingViolation | Error::Timeout) if left.is_zero() => {
                    return Err(TransportError::Busy { reader: self.name.clone(), waited: start.elapsed() });
                }
                Err(Error::SharingViolation) => pause.sleep(left),
                Err(Error::Timeout) => {}
                Err(error) => return Err(self.explain(error)),
            }
        }
    }
}

impl PcscReader {
    fn state(&mut self) -> Result<ReaderState, Error> {
        let result = match state(&self.context, &self.c_name) {
            // Perhaps the service was started again: the context died with the old one.
            Err(error) if service::is_gone(error) => {
                self.context = Service::establish()?;
                state(&self.context, &self.c_name)
            }
            result => result,
        };
        self.changes = result.as_ref().map_or(0, ReaderState::event_count);
        result
    }

    /// Connects, or gives up with `Timeout` after `patience`.
    ///
    /// The service answers a connection only when no other program is inside a transaction, however long that takes, and
    /// nothing ends the wait. So where the card is in use a thread does the waiting; when it outlasts the patience, its
    /// connection is taken up by the next call, or closed as soon as it comes.
    fn connect_within(&mut self, patience: Duration) -> Result<PcscCard, Error> {
        let waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => {
                let state = self.state()?;
                let (name, c_name, terms) = (self.name.clone(), self.c_name.clone(), self.terms);
                let in_use = state.event_state().intersects(State::INUSE | State::EXCLUSIVE);
                if !in_use || !self.terms.own_threads {
                    return PcscCard::connect(name, c_name, terms);
                }
                let (sender, receiver) = channel();
                std::thread::Builder::new()
                    .name("p11ctl connect".into())
                    .spawn(move || {
                        // Nobody listens any more: the card is dropped, which disconnects it.
                        let _ = sender.send(PcscCard::connect(name, c_name, terms));
                    })
                    .map_err(|_| Error::NoMemory)?;
                receiver
            }
        };
        match waiting.recv_timeout(patience.max(GRACE)) {
            Ok(result) => result,
            Err(RecvTimeoutError::Disconnected) => Err(Error::InternalError),
            Err(RecvTimeoutError::Timeout) => {
                self.waiting = Some(waiting);
                Err(Error::Timeout)
            }
        }
    }

    fn explain(&self, error: Error) -> TransportError {
        match error {
            Error::UnknownReader | Error::ReaderUnavailable => TransportError::ReaderGone(self.name.clone()),
            Error::NoSmartcard | Error::RemovedCard => TransportError::NoCard(self.name.clone()),
            Error::UnresponsiveCard
            | Error::UnpoweredCard
            | Error::UnsupportedCard
            | Error::ProtoMismatch => TransportError::MuteCard(self.name.clone()),
            error => service::explain(error),
        }
    }
}

/// Waits between two questions to a busy card: short at first, so that a quick job is not held up.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(Duration::from_millis(5))
    }
}

impl Pause {
    /// Sleeps, at most for `left`.
    fn sleep(&mut self, left: Duration) {
        std::thread::sleep(self.0.min(left));
        self.0 = (self.0 * 2).min(Duration::from_millis(100));
    }
}

/// What the service says of a reader now; waits for nothing.
fn state(context: &Context, reader: &CString) -> Result<ReaderState, Error> {
    let _inside = gate::enter();
    let mut states = [ReaderState::new(reader.clone(), State::UNAWARE)];
    context.get_status_change(Duration::ZERO, &mut states)?;
    let [state] = states;
    Ok(state)
}

/// Only PRESENT, EMPTY and MUTE count: other bits change whenever some program connects or disconnects.
fn presence(name: &str, state: &ReaderState) -> Result<Presence, TransportError> {
    let flags = state.event_state();
    if flags.intersects(State::UNKNOWN | State::UNAVAILABLE) {
        Err(TransportError::ReaderGone(name.to_owned()))
    } else if flags.contains(State::MUTE) {
        Ok(Presence::Mute)
    } else if flags.contains(State::PRESENT) {
        match state.atr() {
            [] => Ok(Presence::Mute),
            atr => Ok(Presence::Card { atr: atr.to_vec() }),
        }
    } else {
        Ok(Presence::Empty)
    }
}

/// What a connection may take where no other program holds the card.
const GRACE: Duration = Duration::from_millis(250);
/// T=0 or T=1, whichever the card offers first.
const PROTOCOLS: Protocols = Protocols::ANY;
