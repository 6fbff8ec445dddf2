//! The card as the rest of the program holds it: a [`VirtualCard`] with its image file.
//! Knows when to load, lock and store; what an APDU does is the machine's matter.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::image::{Locked, Store, encode};
use super::machine::Machine;
use super::state::{CardState, Profile};
use super::vault::MEMORY_FAILURE;
use crate::crypto::CryptoError;
use crate::crypto::seal::PinKeyCost;
use crate::transport::software::{CardSource, SharedCard, SoftwareReader};
use crate::transport::{Begun, Reader, TransportError, VirtualCard};

/// How a new card is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Which card of the family it is.
    pub profile: Profile,
    /// What each guess of a PIN costs whoever has the image; [`PinKeyCost::MINIMAL`] is for tests only.
    pub pin_cost: PinKeyCost,
}

/// A software card, in an image file or in memory alone.
///
/// With an image, every APDU that changes the card is on disk before its answer goes out: a crash at any moment
/// leaves the card as it was before that APDU or after it. Between transactions ([`SharedCard`]) other processes
/// may use the image; a command outside a transaction takes the image for itself alone.
#[derive(Debug)]
pub struct SoftCard {
    machine: Machine,
    store: Option<Store>,
    /// The image could not be read again after a failed write: nothing is known of the card any more.
    is_lost: bool,
    fault: Option<TransportError>,
}

/// Makes a blank card with a random serial number and stores it in a new file. Errors: `Image` when there is
/// something at `path`, or it cannot be written.
pub fn create(path: &Path, options: Options) -> Result<SoftCard, TransportError> {
    let mut card = SoftCard::blank(options)
        .map_err(|error| TransportError::Image { path: path.to_owned(), source: Box::new(error) })?;
    card.store_as(path)?;
    Ok(card)
}

/// Opens the card in an image file. Errors: `Image` with what is wrong with the file.
pub fn open(path: &Path) -> Result<SoftCard, TransportError> {
    let (store, state) = Store::open(path)?;
    Ok(SoftCard { machine: Machine::new(state), store: Some(store), is_lost: false, fault: None })
}

/// A reader with the card in `card` in it, or an empty one.
/// `busy_timeout` is how long a transaction waits for another process.
pub fn reader(name: impl Into<String>, card: Option<PathBuf>, busy_timeout: Duration) -> Box<dyn Reader> {
    let source = card.map(|path| Box::new(ImageSource { path }) as Box<dyn CardSource>);
    Box::new(SoftwareReader::new(name, source, busy_timeout))
}

impl SoftCard {
    /// A blank card in memory, in creation state. Errors: no random bytes.
    pub fn blank(options: Options) -> Result<Self, CryptoError> {
        let state = CardState::blank(options.profile, options.pin_cost)?;
        Ok(Self { machine: Machine::new(state), store: None, is_lost: false, fault: None })
    }

    /// Stores a card of memory in a new file, and from now on every change too. A card that is personalised in
    /// memory first comes to disk whole or not at all. Errors: as for [`create`].
    pub fn store_as(&mut self, path: &Path) -> Result<(), TransportError> {
        self.store = Some(Store::create(path, &self.machine.state)?);
        Ok(())
    }

    /// The image file, if the card has one.
    pub fn path(&self) -> Option<&Path> {
        self.store.as_ref().map(Store::path)
    }

    /// Takes the image for as long as this value lives, waiting up to `timeout` for another process.
    /// Errors: `Busy`, and `Image` when the image cannot be read any more.
    pub fn hold(&mut self, timeout: Duration) -> Result<(), TransportError> {
        let started = Instant::now();
        while self.try_acquire()?.is_none() {
            if started.elapsed() >= timeout {
                let reader = self.path().map(|path| path.display().to_string()).unwrap_or_default();
                return Err(TransportError::Busy { reader, waited: timeout });
            }
            thread::sleep(RETRY_PAUSE);
        }
        Ok(())
    }

    /// Answers a command and stores what it changed; what it spends is stored before it is worked on.
    fn answer(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let mut saved = Ok(());
        let store = &mut self.store;
        let response = self.machine.transact(command, &mut |state| {
            saved = store.as_mut().map_or(Ok(()), |store| store.save(state));
            saved.as_ref().map(|_| ()).map_err(|_| MEMORY_FAILURE)
        });
        if saved.is_ok() && self.machine.take_modified() {
            saved = self.store.as_mut().map_or(Ok(()), |store| store.save(&self.machine.state));
        }
        saved.inspect_err(|_| self.recover())?;
        Ok(response)
    }

    /// After a failed write: goes on from what is on disk, as a card does that lost its power.
    fn recover(&mut self) {
        let Some(store) = &mut self.store else { return };
        store.forget();
        match store.try_lock() {
            Ok(Some(Locked::Changed(state))) => self.machine = Machine::new(*state),
            _ => self.is_lost = true,
        }
    }
}

impl VirtualCard for SoftCard {
    fn atr(&self) -> Vec<u8> {
        self.machine.state.profile.atr().to_vec()
    }

    fn reset(&mut self) {
        self.machine.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let holds = self.store.as_ref().is_none_or(Store::is_locked);
        let answered = match holds {
            true => self.answer(command),
            false => self.hold(SINGLE_COMMAND_TIMEOUT).and_then(|()| {
                let answered = self.answer(command);
                self.release();
                answered
            }),
        };
        answered.unwrap_or_else(|fault| {
            self.fault = Some(fault);
            super::apdu::status_only(MEMORY_FAILURE)
        })
    }

    fn take_fault(&mut self) -> Option<TransportError> {
        self.fault.take()
    }
}

impl SharedCard for SoftCard {
    fn try_acquire(&mut self) -> Result<Option<Begun>, TransportError> {
        let Some(store) = &mut self.store else { return Ok(Some(Begun::Unchanged)) };
        if self.is_lost {
            store.forget();
        }
        Ok(match store.try_lock()? {
            None => None,
            Some(Locked::Unchanged) => Some(Begun::Unchanged),
            // A right PIN writes twice, and the second image is as the one before: nobody loses his login by that.
            Some(Locked::Changed(state))
                if !self.is_lost && encode(&state) == encode(&self.machine.state) =>
            {
                Some(Begun::Unchanged)
            }
            Some(Locked::Changed(state)) => {
                self.machine = Machine::new(*state);
                self.is_lost = false;
                Some(Begun::Reset)
            }
        })
    }

    fn release(&mut self) {
        if let Some(store) = &mut self.store {
            store.unlock();
        }
    }
}

/// The image file behind a software reader.
#[derive(Debug)]
struct ImageSource {
    path: PathBuf,
}

impl CardSource for ImageSource {
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        open(&self.path).map(|card| card.atr())
    }

    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
        Ok(Box::new(open(&self.path)?))
    }
}

/// How long a single command outside a transaction waits for the image.
const SINGLE_COMMAND_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
