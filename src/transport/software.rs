//! Software readers: a card that lives in this process, used in turns with other processes.
//! Knows how to take turns; does not know what the card is or where it is kept.

use std::thread;
use std::time::{Duration, Instant};

use super::{
    Begun, Disposition, Limits, Presence, Protocol, Reader, Transport, TransportError, VirtualCard,
    protocol_of_atr,
};

/// A card in a software reader: a [`VirtualCard`] that may be shared with other processes.
/// The defaults fit a card that nobody else can reach.
pub trait SharedCard: VirtualCard {
    /// Takes the card for one transaction, without waiting. `None` while another process holds it.
    /// `Reset` when another process changed the card since the last release: its state was lost.
    fn try_acquire(&mut self) -> Result<Option<Begun>, TransportError> {
        Ok(Some(Begun::Unchanged))
    }

    /// Lets other processes have the card again.
    fn release(&mut self) {}
}

/// Where a software reader gets its card from.
pub trait CardSource: Send {
    /// Answer to reset of the card, without opening it for use.
    fn atr(&mut self) -> Result<Vec<u8>, TransportError>;

    /// Powers the card.
    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError>;
}

/// A reader whose card is software; without a source it is empty.
pub struct SoftwareReader {
    name: String,
    source: Option<Box<dyn CardSource>>,
    busy_timeout: Duration,
}

impl SoftwareReader {
    /// A reader called `name`. `busy_timeout` is how long [`Transport::begin`] waits for another process.
    pub fn new(name: impl Into<String>, source: Option<Box<dyn CardSource>>, busy_timeout: Duration) -> Self {
        Self { name: name.into(), source, busy_timeout }
    }
}

impl Reader for SoftwareReader {
    fn name(&self) -> &str {
        &self.name
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        match &mut self.source {
            None => Ok(Presence::Empty),
            Some(source) => Ok(Presence::Card { atr: source.atr()? }),
        }
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        let Some(source) = &mut self.source else {
            return Err(TransportError::NoCard(self.name.clone()));
        };
        let card = source.open()?;
        let atr = card.atr();
        Ok(Box::new(SoftwareConnection {
            reader: self.name.clone(),
            protocol: protocol_of_atr(&atr),
            atr,
            card,
            busy_timeout: self.busy_timeout,
            in_transaction: false,
            was_reset: false,
        }))
    }
}

/// A powered software card.
struct SoftwareConnection {
    reader: String,
    card: Box<dyn SharedCard>,
    atr: Vec<u8>,
    protocol: Protocol,
    busy_timeout: Duration,
    in_transaction: bool,
    was_reset: bool,
}

impl Transport for SoftwareConnection {
    fn atr(&self) -> &[u8] {
        &self.atr
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        let started = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        let begun = loop {
            if let Some(begun) = self.card.try_acquire()? {
                break begun;
            }
            let left = self.busy_timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(TransportError::Busy { reader: self.reader.clone(), waited: self.busy_timeout });
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        self.in_transaction = true;
        let was_reset = std::mem::take(&mut self.was_reset);
        Ok(if was_reset { Begun::Reset } else { begun })
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        if disposition == Disposition::Reset {
            self.card.reset();
            self.was_reset = true;
        }
        if std::mem::take(&mut self.in_transaction) {
            self.card.release();
        }
        Ok(())
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let response = self.card.process(command);
        if let Some(fault) = self.card.take_fault() {
            return Err(fault);
        }
        match response.len() {
            // A card answers two bytes at least as long as it has power.
            0 => Err(TransportError::CardRemoved(self.reader.clone())),
            len @ 1 => Err(TransportError::BadResponse(len)),
            _ => Ok(response),
        }
    }

    fn limits(&self) -> Limits {
        match self.protocol {
            Protocol::T0 => Limits::SHORT,
            Protocol::T1 => Limits::EXTENDED,
        }
    }
}

impl Drop for SoftwareConnection {
    fn drop(&mut self) {
        if self.in_transaction {
            self.card.release();
        }
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

    /// Echoes its commands; somebody else may hold it; counts resets.
    #[derive(Clone, Default)]
    struct Echo {
        held_elsewhere: Arc<AtomicBool>,
        resets: Arc<AtomicUsize>,
        faulty: bool,
        is_mute: bool,
    }

    impl VirtualCard for Echo {
        fn atr(&self) -> Vec<u8> {
            vec![0x3B, 0x00]
        }

        fn reset(&mut self) {
            self.resets.fetch_add(1, SeqCst);
        }

        fn process(&mut self, command: &[u8]) -> Vec<u8> {
            if self.is_mute { Vec::new() } else { [command, &[0x90, 0x00]].concat() }
        }

        fn take_fault(&mut self) -> Option<TransportError> {
            self.faulty.then(|| TransportError::CardRemoved("echo".into()))
        }
    }

    impl SharedCard for Echo {
        fn try_acquire(&mut self) -> Result<Option<Begun>, TransportError> {
            Ok((!self.held_elsewhere.load(SeqCst)).then_some(Begun::Unchanged))
        }
    }

    impl CardSource for Echo {
        fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
            Ok(VirtualCard::atr(self))
        }

        fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
            Ok(Box::new(self.clone()))
        }
    }

    fn reader(card: &Echo) -> SoftwareReader {
        SoftwareReader::new("echo", Some(Box::new(card.clone())), Duration::from_millis(20))
    }

    #[test]
    fn reader_without_source_is_empty() {
        let mut reader = SoftwareReader::new("none", None, Duration::ZERO);
        assert_eq!(reader.presence().unwrap(), Presence::Empty);
        assert!(matches!(reader.connect(), Err(TransportError::NoCard(name)) if name == "none"));
    }

    #[test]
    fn transmit_answers_what_the_card_answers() {
        let mut connection = reader(&Echo::default()).connect().unwrap();
        assert_eq!(connection.begin().unwrap(), Begun::Unchanged);
        assert_eq!(connection.transmit(&[1, 2, 3, 4]).unwrap(), [1, 2, 3, 4, 0x90, 0x00]);
        assert_eq!(connection.protocol(), Protocol::T0);
        assert_eq!(connection.limits(), Limits::SHORT);
    }

    #[test]
    fn begin_card_held_too_long_is_busy() {
        let card = Echo::default();
        let mut connection = reader(&card).connect().unwrap();
        card.held_elsewhere.store(true, SeqCst);
        assert!(matches!(connection.begin(), Err(TransportError::Busy { reader, waited })
                if reader == "echo" && waited == Duration::from_millis(20)));
        card.held_elsewhere.store(false, SeqCst);
        assert_eq!(connection.begin().unwrap(), Begun::Unchanged);
    }

    #[test]
    fn end_with_reset_is_reported_at_the_next_begin() {
        let card = Echo::default();
        let mut connection = reader(&card).connect().unwrap();
        connection.begin().unwrap();
        connection.end(Disposition::Reset).unwrap();
        assert_eq!(card.resets.load(SeqCst), 1);
        assert_eq!(connection.begin().unwrap(), Begun::Reset);
        connection.end(Disposition::Leave).unwrap();
        assert_eq!(connection.begin().unwrap(), Begun::Unchanged);
    }

    #[test]
    fn transmit_fault_of_the_card_is_the_error() {
        let mut connection = reader(&Echo { faulty: true, ..Echo::default() }).connect().unwrap();
        connection.begin().unwrap();
        assert!(matches!(connection.transmit(&[0; 4]), Err(TransportError::CardRemoved(_))));
    }

    #[test]
    fn transmit_no_response_at_all_is_a_card_that_went() {
        let mut connection = reader(&Echo { is_mute: true, ..Echo::default() }).connect().unwrap();
        connection.begin().unwrap();
        let gone = connection.transmit(&[0; 4]);
        assert!(matches!(&gone, Err(TransportError::CardRemoved(reader)) if reader == "echo"), "{gone:?}");
    }
}
