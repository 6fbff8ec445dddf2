//! Readers and cards that come and go while the program runs (PKCS#11 3.1, 5.5.12): what is noticed, and the wait for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::{Engine, Result, lock};
use crate::layout::SlotId;
use crate::transport::Watch;

/// The threads that wait for an event, and how they are told to stop.
#[derive(Default)]
pub(super) struct Waits {
    ended: AtomicBool,
    threads: Mutex<Vec<Arc<dyn Watch>>>,
    changed: Condvar,
}

impl Engine {
    /// Looks for new readers, and at every reader. Sends nothing to any card.
    pub fn look_around(&self) {
        self.attach();
        for reader in 0..self.cells().len() {
            self.look(reader);
        }
    }

    /// A slot in which something came or went since the last question: each is told once, whatever happened in it
    /// meanwhile. An event of a reader is one of each of its slots; what is in them now, the slots tell.
    pub fn poll_event(&self) -> Option<SlotId> {
        self.look_around();
        lock(&self.state).events.pop_first()
    }

    /// As [`Engine::poll_event`], but waits for the event. `None`: the engine was [ended](Engine::end) meanwhile.
    pub fn wait_event(&self) -> Option<SlotId> {
        let watch =
            self.source.as_ref().map_or_else(|| Arc::new(Nothing) as _, |source| lock(source).watch());
        lock(&self.waits.threads).push(Arc::clone(&watch));
        let slot = loop {
            if self.waits.ended.load(Ordering::SeqCst) {
                break None;
            }
            if let Some(slot) = self.poll_event() {
                break Some(slot);
            }
            if !watch.wait(LONGEST_WAIT) {
                self.pause();
            }
        };
        lock(&self.waits.threads).retain(|other| !Arc::ptr_eq(other, &watch));
        self.waits.changed.notify_all();
        slot
    }

    /// Ends what waits for events, closes every session and takes every login back from the cards. Returns when
    /// nothing waits any more (a wait that does not end within seconds is left alone).
    pub fn end(&self) -> Result<()> {
        self.waits.ended.store(true, Ordering::SeqCst);
        for watch in lock(&self.waits.threads).iter() {
            watch.cancel();
        }
        self.waits.changed.notify_all();
        let threads = lock(&self.waits.threads);
        let waited =
            self.waits.changed.wait_timeout_while(threads, LONGEST_WAIT * 2, |left| !left.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.finish()
    }

    /// Takes in the readers that were attached since the last look. A thread that asks already asks for all.
    fn attach(&self) {
        let Some(source) = &self.source else { return };
        let Ok(mut source) = source.try_lock() else { return };
        let cells = self.cells();
        let fresh = source.attached(&|name| cells.iter().any(|cell| cell.name == name));
        if fresh.is_empty() {
            return;
        }
        let first = cells.len();
        self.add_readers(fresh);
        for reader in first..self.cells().len() {
            self.look(reader);
            // That it came is the event.
            let mut state = lock(&self.state);
            let slots = state.slots_of(reader);
            state.events.extend(slots);
        }
    }

    /// Waits where there is nothing to wait with, until the end of the engine or for a while.
    fn pause(&self) {
        let threads = lock(&self.waits.threads);
        let ended = |_: &mut _| !self.waits.ended.load(Ordering::SeqCst);
        drop(self.waits.changed.wait_timeout_while(threads, LONGEST_WAIT, ended));
    }
}

/// For engines whose readers do not come and go.
struct Nothing;

impl Watch for Nothing {
    fn wait(&self, _: Duration) -> bool {
        false
    }

    fn cancel(&self) {}
}

/// How long a wait takes at most until everything is looked at again: a service that was started meanwhile, and
/// a wait that began just after it was told to stop.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
