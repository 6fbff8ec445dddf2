//! Writes a dialogue file of all that goes to and from a card, secrets hidden, for `transport::replay` to answer from.
//! Hides what the traces hide, and for the same reasons.

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::encode::check_form;
use super::trace::Visibility;
use crate::transport::replay::{RESET_LINE, write_exchange, write_head};
use crate::transport::{Begun, Transport};

/// Records the dialogue with one card: given to [`Stats::recorded`](super::Stats::recorded), it sees every channel of a run.
#[derive(Clone)]
pub struct Recording(Arc<Mutex<State>>);

struct State {
    out: Box<dyn Write + Send>,
    /// What the file shall say of where it comes from; taken when the head is written.
    provenance: Option<String>,
    failure: Option<io::Error>,
}

impl Recording {
    /// Records to `out`. `provenance` says which card this is and how it was recorded.
    pub fn new(out: impl Write + Send + 'static, provenance: &str) -> Self {
        let state = State { out: Box::new(out), provenance: Some(provenance.to_owned()), failure: None };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Whether a card was spoken to.
    pub fn has_begun(&self) -> bool {
        self.with(|state| state.provenance.is_none())
    }

    /// Tells whether everything was written.
    pub fn finish(&self) -> io::Result<()> {
        self.with(|state| state.failure.take().map_or_else(|| state.out.flush(), Err))
    }

    pub(super) fn begin(&self, transport: &dyn Transport, begun: Begun) {
        self.with(|state| {
            if let Some(provenance) = state.provenance.take() {
                let head = write_head(&provenance, transport.atr(), transport.protocol(), transport.limits());
                state.write(&head);
            }
            if begun == Begun::Reset {
                state.write(RESET_LINE);
            }
        });
    }

    pub(super) fn exchange(&self, command: &[u8], response: &[u8], visibility: Visibility) {
        let hidden_command = if visibility.command { 0..0 } else { data_range(command) };
        let hidden_response = if visibility.response { 0..0 } else { 0..response.len().saturating_sub(2) };
        let text = write_exchange(command, &hidden_command, response, &hidden_response);
        self.with(|state| state.write(&text));
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn write(&mut self, text: &str) {
        if self.failure.is_none() {
            self.failure = self.out.write_all(text.as_bytes()).err();
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recording")
    }
}

/// Where the data of a command lies; everything behind the header when that cannot be told.
fn data_range(command: &[u8]) -> Range<usize> {
    check_form(command).unwrap_or(4..command.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::testing::Script;
    use crate::apdu::{Channel, Command, Stats};
    use crate::codec::Secret;
    use crate::transport::replay::Replay;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn work(transport: &mut dyn Transport, stats: &Stats, pin: &str) {
        let mut channel = Channel::begin(transport, stats).unwrap();
        channel.call(&Command::new(0, 0xA4, 0, 0x0C).data(&[0x3F, 0])).unwrap();
        channel.call(&Command::new(0, 0x20, 0, 1).secret(Secret::from(pin))).unwrap();
        channel.call_secret(&Command::new(0, 0x2A, 0x80, 0x86).data(&[1]).expect(256)).unwrap();
    }

    #[test]
    fn recording_hides_secrets_and_replays() {
        let sink = Sink::default();
        let stats = Stats::recorded(Recording::new(sink.clone(), "a script"));
        let mut script = Script::t1(&[
            ("00a4000c02 3f00", "9000"),
            ("0020000104 31323334", "9000"),
            ("002a808601 01 00", "eeee 6102"),
            ("00c0000002", "eeee 9000"),
        ]);
        work(&mut script, &stats, "1234");
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "# a script\natr 3b00\nprotocol T=1\nlimits 261 258\n> 00a4000c023f00\n< 9000\n> 0020000104........\n< 9000\n\
             > 002a8086010100\n< ....6102\n> 00c0000002\n< ....9000\n"
        );
        let mut replay = Replay::parse(&text).unwrap();
        work(&mut replay, &Stats::default(), "9876");
        assert!(replay.is_finished());
    }

    #[test]
    fn recording_that_cannot_be_written_says_so_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let recording = Recording::new(Full, "");
        let stats = Stats::recorded(recording.clone());
        let mut script = Script::t1(&[("00a4000c", "9000")]);
        let mut channel = Channel::begin(&mut script, &stats).unwrap();
        channel.call(&Command::new(0, 0xA4, 0, 0x0C)).unwrap();
        assert_eq!(recording.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
