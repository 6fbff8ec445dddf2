//! A gate for computations: what happens at the same time is shown by who waits there, not by a clock.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::engine::lock;

/// Holds computations of cards up until it is opened, and counts those that wait at the same time.
#[derive(Debug, Default)]
pub(in crate::engine) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct GateState {
    open: bool,
    waiting: usize,
    most: usize,
}

impl Gate {
    /// A computation comes, and goes on once the gate is open.
    pub(super) fn pass(&self) {
        let mut state = lock(&self.state);
        state.waiting += 1;
        state.most = state.most.max(state.waiting);
        self.changed.notify_all();
        let mut state =
            self.changed.wait_while(state, |state| !state.open).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
    }

    /// Waits until so many computations are held up. Panics when they do not come.
    pub fn wait_for(&self, count: usize) {
        let waited =
            self.changed.wait_timeout_while(lock(&self.state), PATIENCE, |state| state.waiting < count);
        let (_state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "{count} computations at the same time do not come");
    }

    /// Lets everything through, from now on. Answers how many waited at the same time, at most.
    pub fn open(&self) -> usize {
        let mut state = lock(&self.state);
        state.open = true;
        self.changed.notify_all();
        state.most
    }
}

/// Longer than any machine takes to start a thread.
const PATIENCE: Duration = Duration::from_secs(30);
