//! What exists only while a card is connected: its transport, its applications, and what is believed of its state.

use super::applications::Applications;
use super::connection::Recognised;
use super::{CardDriver, CardError};
use crate::apdu::{ApduError, Channel, Stats};
use crate::transport::{Begun, Disposition, Limits, PinEntry, PinPad, Protocol, Transport, TransportError};

/// What exists only while a card is connected.
pub(super) struct Link {
    pub line: Line,
    pub applications: Applications,
    /// What the reader had counted when the card was connected (`Reader::changes`).
    pub changes: u32,
}

impl Link {
    pub fn new(transport: Box<dyn Transport>, changes: u32) -> Self {
        let line = Line { transport, held: false, open: false };
        Self { line, applications: Applications::default(), changes }
    }

    /// Runs one job of an application's driver in a transaction of its own, or in the one that is held.
    pub fn run<T>(
        &mut self,
        application: usize,
        recognise: &dyn Fn(&mut Channel<'_>) -> Recognised,
        stats: &Stats,
        job: &mut dyn FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let fresh = !self.line.open;
        let mut channel = Channel::begin(&mut self.line, stats)?;
        let applications = &mut self.applications;
        if channel.begun() == Begun::Reset {
            applications.reset();
        } else if fresh {
            applications.forget_state();
        }
        if applications.is_empty() {
            applications.take_in(recognise(&mut channel)?);
        }
        let (result, reached) = applications.turn_to(application)?.run(&mut channel, job);
        applications.note_selected(application, reached);
        let ended = channel.end(Disposition::Leave);
        let value = result?;
        ended.map(|()| value).map_err(CardError::from)
    }

    /// The card lost its state: no PIN is verified, nothing is selected.
    pub fn forget(&mut self) {
        self.line.open = false;
        self.applications.reset();
    }
}

/// A transport whose transaction can outlive one channel.
pub(super) struct Line {
    transport: Box<dyn Transport>,
    /// Keep the transaction open at the end of a channel.
    pub held: bool,
    /// A transaction is open.
    pub open: bool,
}

impl Line {
    pub fn open(&mut self) -> Result<Begun, TransportError> {
        if self.open {
            return Ok(Begun::Unchanged);
        }
        let begun = self.transport.begin()?;
        self.open = true;
        Ok(begun)
    }

    pub fn close(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        if !std::mem::take(&mut self.open) {
            return Ok(());
        }
        self.transport.end(disposition)
    }
}

impl Transport for Line {
    fn atr(&self) -> &[u8] {
        self.transport.atr()
    }

    fn protocol(&self) -> Protocol {
        self.transport.protocol()
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        self.open()
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        if self.held && disposition == Disposition::Leave {
            return Ok(());
        }
        self.close(disposition)
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.transport.transmit(command)
    }

    fn limits(&self) -> Limits {
        self.transport.limits()
    }

    fn pinpad(&self) -> PinPad {
        self.transport.pinpad()
    }

    fn enter_pin(&mut self, entry: &PinEntry<'_>) -> Result<Vec<u8>, TransportError> {
        self.transport.enter_pin(entry)
    }
}

fn transport_error(error: &CardError) -> Option<&TransportError> {
    match error {
        CardError::Apdu(ApduError::Transport(error)) => Some(error),
        _ => None,
    }
}

pub(super) fn is_reset(error: &CardError) -> bool {
    matches!(transport_error(error), Some(TransportError::CardReset(_)))
}

/// The connection is of no use any more: card or reader gone, service gone.
pub(super) fn is_gone(error: &CardError) -> bool {
    matches!(
        transport_error(error),
        Some(
            TransportError::CardRemoved(_)
                | TransportError::NoCard(_)
                | TransportError::ReaderGone(_)
                | TransportError::NoService
                | TransportError::MuteCard(_)
        )
    )
}
