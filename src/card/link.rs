//! What exists only while a card is connected: its transport, its driver, and what is believed of its state.

use super::connection::Recognised;
use super::{CardDriver, CardError};
use crate::apdu::{ApduError, Channel, Stats};
use crate::codec::Secret;
use crate::token::AuthId;
use crate::transport::{Begun, Disposition, Limits, PinEntry, PinPad, Protocol, Transport, TransportError};

/// What exists only while a card is connected.
pub(super) struct Link {
    pub line: Line,
    pub driver: Option<Box<dyn CardDriver>>,
    /// PINs whose verification stands.
    pub verified: Vec<AuthId>,
    /// PINs that may be verified on the card by our doing: what the end has to take back.
    pub owed: Vec<AuthId>,
    pub login_lost: bool,
    /// PINs to verify again after a reset, where the configuration wants that.
    pub remembered: Vec<(AuthId, Secret)>,
    /// What the reader had counted when the card was connected (`Reader::changes`).
    pub changes: u32,
}

impl Link {
    pub fn new(transport: Box<dyn Transport>, changes: u32) -> Self {
        Self {
            line: Line { transport, held: false, open: false },
            driver: None,
            verified: Vec::new(),
            owed: Vec::new(),
            login_lost: false,
            remembered: Vec::new(),
            changes,
        }
    }

    /// Runs one job of the driver in a transaction of its own, or in the one that is held.
    pub fn run<T>(
        &mut self,
        recognise: &dyn Fn(&mut Channel<'_>) -> Recognised,
        stats: &Stats,
        job: &mut dyn FnMut(&mut dyn CardDriver, &mut Channel<'_>) -> Result<T, CardError>,
    ) -> Result<T, CardError> {
        let fresh = !self.line.open;
        let mut channel = Channel::begin(&mut self.line, stats)?;
        if channel.begun() == Begun::Reset {
            self.login_lost |= !self.verified.is_empty();
            self.verified.clear();
            self.owed.clear();
        }
        let driver = match &mut self.driver {
            Some(driver) => {
                if fresh {
                    driver.forget_state();
                }
                driver
            }
            none => none.insert(recognise(&mut channel)?),
        };
        let result = job(driver.as_mut(), &mut channel);
        let ended = channel.end(Disposition::Leave);
        match result {
            Err(CardError::NotAuthenticated) if std::mem::take(&mut self.login_lost) => {
                Err(CardError::LoginLost)
            }
            Ok(value) => ended.map(|()| value).map_err(CardError::from),
            error => error,
        }
    }

    /// The card lost its state: no PIN is verified, nothing is selected.
    pub fn forget(&mut self) {
        self.login_lost |= !self.verified.is_empty();
        self.verified.clear();
        self.owed.clear();
        self.line.open = false;
        if let Some(driver) = &mut self.driver {
            driver.forget_state();
        }
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
