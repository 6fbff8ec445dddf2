//! Readers and cards that fail on purpose, around any other reader or transport: a card pulled after so many commands, reset
//! by another program, silent, babbling. For integration tests: `#[path = "../common/faults.rs"] mod faults;` (or
//! `#[path = "common/faults.rs"]` from a file directly in tests/).
//!
//! ```ignore
//! let plan = Plan::after(3, Fault::CardRemoved);
//! let mut reader = FaultyReader::new(reader, &plan);
//! // … three commands go through, the fourth and all later ones are CardRemoved …
//! assert_eq!(plan.commands(), 4);
//! ```
//!
//! To interrupt an operation after every command in turn, run it once with `Plan::never()`, take `plan.commands()`, and then
//! once for each smaller number.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and a test that cannot go on fails"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use p11ctl::transport::{Begun, Disposition, Limits, Presence, Protocol, Reader, Transport, TransportError};

/// What happens instead of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The card is pulled: this command and everything later fails, and the reader is empty.
    CardRemoved,
    /// The card is pulled after it did the command: its answer is lost. Everything later fails.
    CardRemovedAfterwards,
    /// Another program resets the card, once: this command fails, the card has lost its state, later ones work in a new
    /// transaction.
    CardReset,
    /// From now on every response is these bytes. `vec![]`: nothing; `vec![0x90]`: one byte; `vec![0x61, 0x00]`: never ends.
    Responses(Vec<u8>),
    /// This one response is these bytes; the card never sees the command.
    Response(Vec<u8>),
    /// From now on every response loses all but its first so many bytes.
    Truncated(usize),
}

/// When which fault happens. Clones share the count of commands.
#[derive(Debug, Clone)]
pub struct Plan {
    after: usize,
    fault: Option<Fault>,
    commands: Arc<AtomicUsize>,
}

impl Plan {
    /// `commands` go through, then comes the fault.
    pub fn after(commands: usize, fault: Fault) -> Self {
        Self { after: commands, fault: Some(fault), commands: Arc::default() }
    }

    /// No fault: only counts.
    pub fn never() -> Self {
        Self { after: usize::MAX, fault: None, commands: Arc::default() }
    }

    /// Commands sent so far, the ones that failed included.
    pub fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }

    fn card_is_gone(&self) -> bool {
        match self.fault {
            Some(Fault::CardRemoved | Fault::CardRemovedAfterwards) => self.commands() > self.after,
            _ => false,
        }
    }
}

/// A reader whose card fails as planned.
pub struct FaultyReader {
    inner: Box<dyn Reader>,
    plan: Plan,
}

impl FaultyReader {
    /// Around `inner`.
    pub fn new(inner: Box<dyn Reader>, plan: &Plan) -> Self {
        Self { inner, plan: plan.clone() }
    }
}

impl Reader for FaultyReader {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        if self.plan.card_is_gone() { Ok(Presence::Empty) } else { self.inner.presence() }
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        if self.plan.card_is_gone() {
            return Err(TransportError::NoCard(self.name().to_owned()));
        }
        let name = self.name().to_owned();
        Ok(Box::new(Faulty { name, inner: self.inner.connect()?, plan: self.plan.clone(), reset: false }))
    }
}

/// A connected card that fails as planned.
pub struct Faulty {
    name: String,
    inner: Box<dyn Transport>,
    plan: Plan,
    reset: bool,
}

impl Faulty {
    /// Around `inner`.
    pub fn new(inner: Box<dyn Transport>, plan: &Plan) -> Self {
        Self { name: "faulty".into(), inner, plan: plan.clone(), reset: false }
    }

    fn removed(&self) -> TransportError {
        TransportError::CardRemoved(self.name.clone())
    }
}

impl Transport for Faulty {
    fn atr(&self) -> &[u8] {
        self.inner.atr()
    }

    fn protocol(&self) -> Protocol {
        self.inner.protocol()
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        if self.plan.card_is_gone() {
            return Err(self.removed());
        }
        let begun = self.inner.begin()?;
        Ok(if std::mem::take(&mut self.reset) { Begun::Reset } else { begun })
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.inner.end(disposition)
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let before = self.plan.commands.fetch_add(1, Ordering::SeqCst);
        let Some(fault) = self.plan.fault.clone().filter(|_| before >= self.plan.after) else {
            return self.inner.transmit(command);
        };
        let first = before == self.plan.after;
        match fault {
            Fault::CardRemoved => Err(self.removed()),
            Fault::CardRemovedAfterwards => {
                if first {
                    self.inner.transmit(command)?;
                }
                Err(self.removed())
            }
            Fault::CardReset if first => {
                self.inner.end(Disposition::Reset)?;
                self.inner.begin()?;
                self.reset = true;
                Err(TransportError::CardReset(self.name.clone()))
            }
            Fault::Response(response) if first => Ok(response),
            Fault::CardReset | Fault::Response(_) => self.inner.transmit(command),
            Fault::Responses(response) => Ok(response),
            Fault::Truncated(len) => {
                let mut response = self.inner.transmit(command)?;
                response.truncate(len);
                Ok(response)
            }
        }
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }
}
