//! A card connected through PC/SC: transactions, exchange of bytes, resets and removals. Knows nothing of APDUs.

use std::ffi::CString;
use std::time::{Duration, Instant};

use ::pcsc::{Card, Error, Transaction};
use self_cell::{MutBorrow, self_cell};
use zeroize::{Zeroize, Zeroizing};

use super::features::{FEATURE_MODIFY_PIN_DIRECT, FEATURE_VERIFY_PIN_DIRECT, Features, WATCH};
use super::gate::Service;
use super::{PROTOCOLS, Pause, Terms, presence, service, state};
use crate::transport::{
    Begun, Disposition, Limits, PinEntry, PinPad, Presence, Protocol, Transport, TransportError, Typed,
};

/// The connection to one card. Dropped, it leaves the card as it is.
pub(super) struct PcscCard {
    reader: String,
    c_name: CString,
    context: Service,
    terms: Terms,
    line: Line,
    atr: Vec<u8>,
    protocol: Protocol,
    /// Asked of the reader in the first transaction.
    reader_abilities: Option<ReaderAbilities>,
    buffer: Zeroizing<Vec<u8>>,
}

/// What the reader says of itself.
struct ReaderAbilities {
    features: Features,
    limits: Limits,
}

/// The card handle, and the transaction on it while there is one.
enum Line {
    Idle(Card),
    Open(Held),
    /// Only inside a method, or after a failure that leaves no handle.
    Lost,
}

self_cell! {
    /// A transaction together with the handle that it borrows.
    struct Held {
        owner: MutBorrow<Card>,
        #[covariant]
        dependent: Lock,
    }
}

/// The transaction; `None` once it was ended.
struct Lock<'card>(Option<Transaction<'card>>);

impl PcscCard {
    /// Connects. Blocks as long as another program is inside a transaction.
    pub fn connect(reader: String, c_name: CString, terms: Terms) -> Result<Self, Error> {
        let context = Service::establish()?;
        let card = context.connect(&c_name, terms.share, PROTOCOLS)?;
        let mut connected = Self {
            reader,
            c_name,
            context,
            terms,
            line: Line::Lost,
            atr: Vec::new(),
            protocol: Protocol::T1,
            reader_abilities: None,
            buffer: Zeroizing::new(Vec::new()),
        };
        let described = connected.describe(&card);
        connected.line = Line::Idle(card);
        described.map(|()| connected)
    }

    /// Takes ATR and protocol from the connected handle.
    fn describe(&mut self, card: &Card) -> Result<(), Error> {
        let status = card.status2_owned()?;
        self.atr = status.atr().to_vec();
        self.protocol = match status.protocol2() {
            Some(::pcsc::Protocol::T0) => Protocol::T0,
            Some(::pcsc::Protocol::T1) => Protocol::T1,
            Some(::pcsc::Protocol::RAW) | None => return Err(Error::ProtoMismatch),
        };
        Ok(())
    }

    /// Opens the transaction on an idle handle. `SharingViolation` when another program holds the card: asked for
    /// first, because the transaction itself would wait for it without end.
    fn lock(&mut self) -> Result<(), Error> {
        let card = match std::mem::replace(&mut self.line, Line::Lost) {
            Line::Idle(card) => card,
            Line::Open(held) => {
                self.line = Line::Open(held);
                return Ok(());
            }
            Line::Lost => return Err(Error::RemovedCard),
        };
        // Of a name nobody needs: the cheapest question that the service refuses while the card is held.
        if let Err(error @ (Error::SharingViolation | Error::ResetCard | Error::RemovedCard)) =
            card.get_attribute_len(::pcsc::Attribute::DeviceFriendlyName)
        {
            self.line = Line::Idle(card);
            return Err(error);
        }
        let opened = Held::try_new_or_recover(MutBorrow::new(card), |card| {
            card.borrow_mut().transaction().map(|transaction| Lock(Some(transaction)))
        });
        match opened {
            Ok(held) => {
                self.line = Line::Open(held);
                Ok(())
            }
            Err((card, error)) => {
                self.line = Line::Idle(card.into_inner());
                Err(error)
            }
        }
    }

    /// Takes up the connection again after a reset by another program.
    fn reconnect(&mut self) -> Result<(), Error> {
        let Line::Idle(mut card) = std::mem::replace(&mut self.line, Line::Lost) else {
            return Err(Error::RemovedCard);
        };
        let result = card
            .reconnect(self.terms.share, PROTOCOLS, ::pcsc::Disposition::LeaveCard)
            .and_then(|()| self.describe(&card));
        self.line = Line::Idle(card);
        result
    }

    /// What an error means for the caller. Services differ in what they say of a card pulled in the middle of an
    /// exchange, so the reader is asked.
    fn explain(&self, error: Error) -> TransportError {
        let reader = || self.reader.clone();
        match error {
            Error::ResetCard => TransportError::CardReset(reader()),
            Error::RemovedCard | Error::NoSmartcard => TransportError::CardRemoved(reader()),
            Error::ReaderUnavailable | Error::UnknownReader => TransportError::ReaderGone(reader()),
            Error::SharingViolation => TransportError::Busy { reader: reader(), waited: Duration::ZERO },
            Error::InsufficientBuffer => TransportError::BadResponse(self.buffer.len()),
            Error::SecurityViolation | Error::NoService | Error::ServiceStopped => service::explain(error),
            error => self.watch(error),
        }
    }

    /// Looks for the reason of an unspecific error in what becomes of the reader.
    fn watch(&self, error: Error) -> TransportError {
        let deadline = Instant::now() + WATCH;
        let mut seen = match state(&self.context, &self.c_name) {
            Ok(seen) => [seen],
            Err(Error::UnknownReader) => return TransportError::ReaderGone(self.reader.clone()),
            Err(other) if service::is_gone(other) => return service::explain(Error::ServiceStopped),
            Err(_) => return TransportError::Pcsc(error),
        };
        loop {
            let [now] = &mut seen;
            match presence(&self.reader, now) {
                Ok(Presence::Empty) => return TransportError::CardRemoved(self.reader.clone()),
                Ok(Presence::Mute) => return TransportError::MuteCard(self.reader.clone()),
                Ok(Presence::Card { .. }) => {}
                Err(gone) => return gone,
            }
            now.sync_current_state();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.context.get_status_change(left, &mut seen).is_err() {
                return TransportError::Pcsc(error);
            }
        }
    }

    /// The response that `exchange` puts into the buffer it is given; it tells how long it is.
    fn answer(
        &mut self,
        exchange: impl FnOnce(&Transaction<'_>, &mut [u8]) -> Result<usize, Error>,
    ) -> Result<Vec<u8>, TransportError> {
        // A card may always answer with as much as it likes: a buffer too small would lose a response already given.
        self.buffer.resize(Limits::EXTENDED.response_len, 0);
        let Line::Open(held) = &self.line else {
            return Err(TransportError::Pcsc(Error::NotTransacted));
        };
        let Some(transaction) = &held.borrow_dependent().0 else {
            return Err(TransportError::Pcsc(Error::NotTransacted));
        };
        match exchange(transaction, &mut self.buffer) {
            Ok(len) => {
                let used = self.buffer.get_mut(..len).unwrap_or_default();
                let response = used.to_vec();
                used.zeroize();
                Ok(response)
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Ends the transaction, if there is one, and keeps the handle.
    fn unlock(&mut self, disposition: ::pcsc::Disposition) -> Result<(), Error> {
        let mut held = match std::mem::replace(&mut self.line, Line::Lost) {
            Line::Open(held) => held,
            other => {
                self.line = other;
                return Ok(());
            }
        };
        let result = held.with_dependent_mut(|_, lock| match lock.0.take() {
            Some(transaction) => end(transaction, disposition, self.terms),
            None => Ok(()),
        });
        self.line = Line::Idle(held.into_owner().into_inner());
        result
    }
}

impl Transport for PcscCard {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        let start = Instant::now();
        let mut begun = Begun::Unchanged;
        let mut pause = Pause::default();
        let mut resets = 0;
        loop {
            let error = match self.lock() {
                Ok(()) => break,
                Err(Error::ResetCard | Error::UnpoweredCard) if resets < MAX_RESETS => {
                    begun = Begun::Reset;
                    resets += 1;
                    match self.reconnect() {
                        Ok(()) => continue,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            let left = self.terms.patience.saturating_sub(start.elapsed());
            match error {
                Error::SharingViolation if left.is_zero() => {
                    return Err(TransportError::Busy {
                        reader: self.reader.clone(),
                        waited: start.elapsed(),
                    });
                }
                Error::SharingViolation => pause.sleep(left),
                error => return Err(self.explain(error)),
            }
        }
        if let (None, Line::Open(held)) = (&self.reader_abilities, &self.line)
            && let Some(transaction) = &held.borrow_dependent().0
        {
            let features = Features::ask(transaction);
            let limits = match self.protocol {
                Protocol::T0 => Limits::SHORT,
                Protocol::T1 => features.limits(transaction),
            };
            self.reader_abilities = Some(ReaderAbilities { features, limits });
        }
        Ok(begun)
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        let disposition = match disposition {
            Disposition::Leave => ::pcsc::Disposition::LeaveCard,
            Disposition::Reset => ::pcsc::Disposition::ResetCard,
        };
        match self.unlock(disposition) {
            // A card that is gone, or a service, holds no state and no lock any more: ended all the same.
            Ok(()) | Err(Error::RemovedCard | Error::NoSmartcard | Error::ReaderUnavailable) => Ok(()),
            Err(error) if service::is_gone(error) => Ok(()),
            Err(error) => Err(self.explain(error)),
        }
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.answer(|transaction, buffer| transaction.transmit(command, buffer).map(<[u8]>::len))
    }

    fn limits(&self) -> Limits {
        self.reader_abilities.as_ref().map_or(Limits::SHORT, |reader| reader.limits)
    }

    fn pinpad(&self) -> PinPad {
        self.reader_abilities.as_ref().map(|reader| reader.features.pinpad()).unwrap_or_default()
    }

    fn enter_pin(&mut self, entry: &PinEntry<'_>) -> Result<Vec<u8>, TransportError> {
        let feature = match entry.typed {
            Typed::Pin => FEATURE_VERIFY_PIN_DIRECT,
            Typed::OldAndNew => FEATURE_MODIFY_PIN_DIRECT,
        };
        let code = self.reader_abilities.as_ref().and_then(|reader| reader.features.code(feature));
        let code = code.ok_or(TransportError::NoPinPad)?;
        let structure = entry.structure();
        self.answer(|transaction, buffer| {
            transaction.control(code.into(), &structure, buffer).map(<[u8]>::len)
        })
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        let _ = self.unlock(::pcsc::Disposition::LeaveCard);
        if let Line::Idle(card) = std::mem::replace(&mut self.line, Line::Lost)
            && let Err((card, _)) = card.disconnect(::pcsc::Disposition::LeaveCard)
        {
            // Dropped, it would be reset under the hands of the program that holds it; a handle without card or service
            // is nothing to close.
            std::mem::forget(card);
        }
    }
}

/// Ends a transaction. After a reset by another program the service wants a reconnection before it lets go.
fn end(transaction: Transaction<'_>, disposition: ::pcsc::Disposition, terms: Terms) -> Result<(), Error> {
    let (mut transaction, error) = match transaction.end(disposition) {
        Ok(()) => return Ok(()),
        Err(left) => left,
    };
    if error != Error::ResetCard {
        return Err(error);
    }
    transaction.reconnect(terms.share, PROTOCOLS, ::pcsc::Disposition::LeaveCard)?;
    transaction.end(disposition).map_err(|(_, error)| error)
}

/// Another program may reset the card again between reconnection and transaction; it will not do so for ever.
const MAX_RESETS: u32 = 8;
