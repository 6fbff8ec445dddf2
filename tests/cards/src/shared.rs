//! One card for several connections of this process, one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use p11ctl::transport::software::{CardSource, SharedCard};
use p11ctl::transport::{TransportError, VirtualCard};

/// A card that stays what it is when a connection to it ends: each connection begins with a reset.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<Box<dyn VirtualCard>>>);

impl Shared {
    /// Makes a card that several connections use in turn.
    pub fn new(card: impl VirtualCard + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(card))))
    }

    fn with<R>(&self, work: impl FnOnce(&mut dyn VirtualCard) -> R) -> R {
        work(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut())
    }
}

impl VirtualCard for Shared {
    fn atr(&self) -> Vec<u8> {
        self.with(|card| card.atr())
    }

    fn reset(&mut self) {
        self.with(|card| card.reset());
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.with(|card| card.process(command))
    }
}

impl SharedCard for Shared {}

impl CardSource for Shared {
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(VirtualCard::atr(self))
    }

    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
        let mut card = self.clone();
        card.reset();
        Ok(Box::new(card))
    }
}
