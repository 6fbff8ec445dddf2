//! Forks and the PC/SC library: it has a lock of its own for contexts, and a child that is forked while another
//! thread holds that would wait for it for ever. So the calls that hold it go through a gate, and a fork waits until
//! nobody is inside. Calls that wait for a card hold it for no time to speak of, and stay outside.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::pcsc::{Context, Error, Scope};

/// How many threads are inside.
static INSIDE: Mutex<usize> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

thread_local! {
    /// The gate, held by the thread that forks.
    static HELD: RefCell<Option<MutexGuard<'static, usize>>> = const { RefCell::new(None) };
}

/// Closes the gate for a fork by this thread, as soon as nobody is inside. A service that does not answer holds up no
/// fork for ever: then it takes place with somebody inside.
pub fn close_for_fork() {
    let inside = INSIDE.lock().unwrap_or_else(PoisonError::into_inner);
    let empty = LEFT.wait_timeout_while(inside, PATIENCE, |inside| *inside > 0);
    HELD.with_borrow_mut(|held| *held = Some(empty.unwrap_or_else(PoisonError::into_inner).0));
}

/// Opens it again: in the parent, and in the child, which has a copy.
pub fn open_after_fork() {
    HELD.with_borrow_mut(|held| *held = None);
}

/// Somebody is inside until this is dropped.
pub(super) struct Inside;

pub(super) fn enter() -> Inside {
    *INSIDE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    Inside
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut inside = INSIDE.lock().unwrap_or_else(PoisonError::into_inner);
        *inside = inside.saturating_sub(1);
        LEFT.notify_all();
    }
}

/// A context that is established and released inside.
#[derive(Clone)]
pub(super) struct Service {
    context: Context,
    /// Set when this is dropped, and dropped after the context.
    leaving: Leaving,
}

impl Service {
    pub fn establish() -> Result<Self, Error> {
        let _inside = enter();
        Ok(Self { context: Context::establish(Scope::User)?, leaving: Leaving(None) })
    }
}

impl Deref for Service {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.leaving.0 = Some(enter());
    }
}

struct Leaving(Option<Inside>);

impl Clone for Leaving {
    fn clone(&self) -> Self {
        Self(None)
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
