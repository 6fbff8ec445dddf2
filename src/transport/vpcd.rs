//! Attaches a software card to pcscd through vpcd, the virtual reader of the vsmartcard project.
//! Knows vpcd's framing; does not know what the APDUs mean.
//!
//! vpcd listens on a TCP port; the card connects. Each message is a big-endian length of two bytes and as
//! many bytes. From the reader, one byte is a control (power off, power on, reset, ask for the ATR),
//! anything else a command APDU; the card answers APDUs and the ATR request, and nothing else.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use super::{TransportError, VirtualCard};

/// Where vpcd's first reader listens; the second one is the next port.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:35963";

/// What happens between a card and the reader, for whoever tells the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Nobody listens yet: pcscd does not run, or has no vpcd reader.
    Waiting,
    /// The card is in the reader.
    Inserted,
    /// The reader went away: pcscd ended.
    Disconnected,
}

/// Puts `card` into the vpcd reader at `address` (`host:port`) and answers until `stop` is set; then the card
/// is pulled. Waits for pcscd where it does not run yet, and again when it restarts.
/// Errors: an address that cannot be resolved.
pub fn serve(card: &mut dyn VirtualCard, address: &str, stop: &AtomicBool) -> Result<(), TransportError> {
    serve_observed(card, address, stop, &mut |_| ())
}

/// As [`serve`], telling `observer` each change once.
pub fn serve_observed(
    card: &mut dyn VirtualCard,
    address: &str,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(Event),
) -> Result<(), TransportError> {
    let mut waiting = false;
    while !stop.load(Relaxed) {
        match connect(address)? {
            Some(stream) => {
                waiting = false;
                observer(Event::Inserted);
                card.reset();
                let ended = Connection { stream, stop }.answer(card);
                card.reset();
                if let Err(error) = ended {
                    tracing::debug!(%error, "vpcd connection");
                }
                if !stop.load(Relaxed) {
                    observer(Event::Disconnected);
                }
            }
            None => {
                if !waiting {
                    observer(Event::Waiting);
                }
                waiting = true;
                thread::sleep(RETRY_PAUSE);
            }
        }
    }
    Ok(())
}

/// A connection to the first address that answers; `None` when nobody listens.
fn connect(address: &str) -> Result<Option<TcpStream>, TransportError> {
    let unresolved = |source| TransportError::Io { what: format!("address {address:?} of vpcd"), source };
    let candidates = address.to_socket_addrs().map_err(unresolved)?;
    Ok(candidates
        .into_iter()
        .find_map(|candidate| TcpStream::connect_timeout(&candidate, CONNECT_TIMEOUT).ok()))
}

struct Connection<'a> {
    stream: TcpStream,
    stop: &'a AtomicBool,
}

impl Connection<'_> {
    /// Answers messages until the reader closes, fails, or `stop` is set.
    fn answer(mut self, card: &mut dyn VirtualCard) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_read_timeout(Some(STOP_INTERVAL))?;
        while let Some(message) = self.read_message()? {
            match message.as_slice() {
                [POWER_OFF | POWER_ON | RESET] => card.reset(),
                [ASK_ATR] => self.write_message(&card.atr())?,
                command => {
                    let response = card.process(command);
                    if let Some(fault) = card.take_fault() {
                        tracing::warn!(error = &fault as &dyn std::error::Error, "software card");
                    }
                    self.write_message(&response)?;
                }
            }
        }
        Ok(())
    }

    /// One message; `None` at the end of the connection or of the service.
    fn read_message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 2];
        if !self.read(&mut length)? {
            return Ok(None);
        }
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        Ok(self.read(&mut message)?.then_some(message))
    }

    /// Fills `buffer`; false at the end. vpcd sends length and body apart: unless each segment is acknowledged
    /// at once, its Nagle delay and our delayed acknowledgement cost 40 ms for each APDU.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            if self.stop.load(Relaxed) {
                return Ok(false);
            }
            acknowledge_at_once(&self.stream)?;
            match self.stream.read(rest) {
                Ok(0) => return Ok(false),
                Ok(count) => filled += count,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn write_message(&mut self, body: &[u8]) -> io::Result<()> {
        // A response that two length bytes cannot announce has no place in this protocol.
        let length = u16::try_from(body.len()).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
        let mut message = length.to_be_bytes().to_vec();
        message.extend_from_slice(body);
        self.stream.write_all(&message)
    }
}

#[cfg(target_os = "linux")]
fn acknowledge_at_once(stream: &TcpStream) -> io::Result<()> {
    // The kernel forgets this mode again, hence before each read.
    std::os::linux::net::TcpStreamExt::set_quickack(stream, true)
}

#[cfg(not(target_os = "linux"))]
fn acknowledge_at_once(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// Control messages of vpcd.
const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const ASK_ATR: u8 = 0x04;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long `stop` can go unnoticed.
const STOP_INTERVAL: Duration = Duration::from_millis(100);
const RETRY_PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread::JoinHandle;
    use std::time::Instant;

    /// Echoes commands and counts its resets in its answers.
    struct Echo {
        resets: u8,
    }

    impl VirtualCard for Echo {
        fn atr(&self) -> Vec<u8> {
            vec![0x3B, 0x00]
        }

        fn reset(&mut self) {
            self.resets += 1;
        }

        fn process(&mut self, command: &[u8]) -> Vec<u8> {
            [command, &[self.resets], &[0x90, 0x00]].concat()
        }
    }

    struct Served {
        listener: TcpListener,
        stop: Arc<AtomicBool>,
        thread: JoinHandle<Vec<Event>>,
    }

    /// A card being served to a listener of the test, which plays the reader.
    fn served() -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut events = Vec::new();
                let mut card = Echo { resets: 0 };
                serve_observed(&mut card, &address, &stop, &mut |event| events.push(event)).unwrap();
                events
            }
        });
        Served { listener, stop, thread }
    }

    fn ask(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
        tell(stream, message);
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer).unwrap();
        answer
    }

    /// Sends length and body apart, as vpcd does.
    fn tell(stream: &mut TcpStream, message: &[u8]) {
        stream.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(message).unwrap();
    }

    #[test]
    fn serve_answers_atr_controls_and_commands() {
        let served = served();
        let (mut reader, _) = served.listener.accept().unwrap();
        assert_eq!(ask(&mut reader, &[ASK_ATR]), [0x3B, 0x00]);
        assert_eq!(ask(&mut reader, &[0, 0xA4, 0, 0]), [0, 0xA4, 0, 0, 1, 0x90, 0x00]);
        tell(&mut reader, &[RESET]);
        assert_eq!(ask(&mut reader, &[0, 0xA4, 0, 0]), [0, 0xA4, 0, 0, 2, 0x90, 0x00]);
        served.stop.store(true, Relaxed);
        assert_eq!(served.thread.join().unwrap(), [Event::Inserted]);
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 0, "the card is pulled");
    }

    #[test]
    fn serve_reader_that_restarts_gets_the_card_again() {
        let served = served();
        drop(served.listener.accept().unwrap());
        let (mut reader, _) = served.listener.accept().unwrap();
        assert_eq!(ask(&mut reader, &[ASK_ATR]), [0x3B, 0x00]);
        served.stop.store(true, Relaxed);
        assert_eq!(served.thread.join().unwrap(), [Event::Inserted, Event::Disconnected, Event::Inserted]);
    }

    #[test]
    fn serve_nobody_listening_waits_until_stopped() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let stop = AtomicBool::new(false);
        let mut events = Vec::new();
        serve_observed(&mut Echo { resets: 0 }, &address, &stop, &mut |event| {
            events.push(event);
            stop.store(true, Relaxed);
        })
        .unwrap();
        assert_eq!(events, [Event::Waiting]);
    }

    #[test]
    fn serve_bad_address_is_an_error() {
        let error = serve(&mut Echo { resets: 0 }, "no address", &AtomicBool::new(false)).unwrap_err();
        assert_eq!(error.to_string(), "address \"no address\" of vpcd");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn serve_split_messages_cost_no_acknowledgement_delay() {
        let served = served();
        let (mut reader, _) = served.listener.accept().unwrap();
        let started = Instant::now();
        for _ in 0..25 {
            ask(&mut reader, &[0, 0xA4, 0, 0]);
        }
        let took = started.elapsed();
        served.stop.store(true, Relaxed);
        served.thread.join().unwrap();
        assert!(took < Duration::from_millis(25 * 30), "25 exchanges took {took:?}");
    }
}
