//! A software card in memory in a reader of its own: personalised first, stored whole afterwards.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::softcard::SoftCard;
use crate::transport::software::{CardSource, SharedCard, SoftwareReader};
use crate::transport::{Reader, TransportError, VirtualCard};

/// The card, shared with the reader that it is in.
#[derive(Clone)]
pub struct MemoryCard(Arc<Mutex<SoftCard>>);

impl MemoryCard {
    /// Puts a card of memory where a reader can find it.
    pub fn new(card: SoftCard) -> Self {
        Self(Arc::new(Mutex::new(card)))
    }

    /// A reader with this card in it.
    pub fn reader(&self) -> Box<dyn Reader> {
        Box::new(SoftwareReader::new("new card", Some(Box::new(self.clone())), Duration::ZERO))
    }

    /// The card itself.
    pub fn card(&self) -> MutexGuard<'_, SoftCard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VirtualCard for MemoryCard {
    fn atr(&self) -> Vec<u8> {
        self.card().atr()
    }

    fn reset(&mut self) {
        self.card().reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.card().process(command)
    }

    fn take_fault(&mut self) -> Option<TransportError> {
        self.card().take_fault()
    }
}

impl SharedCard for MemoryCard {}

impl CardSource for MemoryCard {
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(VirtualCard::atr(self))
    }

    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
        Ok(Box::new(self.clone()))
    }
}
