//! What card traffic cost: counted by the channel, read by `--stats`. Where the traffic is recorded, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::recording::Recording;

/// Counters shared by all channels of one run. Cloning shares.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    counters: Arc<Counters>,
    recording: Option<Recording>,
}

#[derive(Debug, Default)]
struct Counters {
    apdus: AtomicU64,
    get_responses: AtomicU64,
    bytes_sent: AtomicU64,
    bytes_received: AtomicU64,
    nanoseconds: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatsSnapshot {
    /// Command APDUs sent, GET RESPONSE not counted.
    pub apdus: u64,
    /// GET RESPONSE commands sent (T=0, or long answers).
    pub get_responses: u64,
    /// Bytes sent to cards, headers included.
    pub bytes_sent: u64,
    /// Bytes received from cards, status words included.
    pub bytes_received: u64,
    /// Time spent waiting for cards.
    pub card_time: Duration,
}

impl Stats {
    /// Counters of a run whose traffic goes to `recording` as well.
    pub fn recorded(recording: Recording) -> Self {
        Self::default().with_recording(recording)
    }

    /// The same counters, for one card whose traffic goes to `recording` as well.
    #[must_use]
    pub fn with_recording(&self, recording: Recording) -> Self {
        Self { counters: Arc::clone(&self.counters), recording: Some(recording) }
    }

    pub(super) fn recording(&self) -> Option<&Recording> {
        self.recording.as_ref()
    }

    /// Counts one exchange.
    pub fn record(&self, get_response: bool, sent: usize, received: usize, time: Duration) {
        let counter = if get_response { &self.counters.get_responses } else { &self.counters.apdus };
        counter.fetch_add(1, Relaxed);
        self.counters.bytes_sent.fetch_add(sent as u64, Relaxed);
        self.counters.bytes_received.fetch_add(received as u64, Relaxed);
        self.counters.nanoseconds.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// The counters now.
    pub fn snapshot(&self) -> StatsSnapshot {
        StatsSnapshot {
            apdus: self.counters.apdus.load(Relaxed),
            get_responses: self.counters.get_responses.load(Relaxed),
            bytes_sent: self.counters.bytes_sent.load(Relaxed),
            bytes_received: self.counters.bytes_received.load(Relaxed),
            card_time: Duration::from_nanos(self.counters.nanoseconds.load(Relaxed)),
        }
    }
}
