//! PKCS#11: slots, sessions, objects, operations, mechanisms; for the command line and the C module alike.
//! No APDUs here, no pointers.
//!
//! Locks, in the order in which a thread may take them:
//! 1. the operations of one session: held while that session's operation is done;
//! 2. one card (`cards::Cell`): held while that card works. Never two cards at a time;
//! 3. the engine's state: layout, sessions, logins, handles. Held for bookkeeping only, never while a card
//!    works or a reader is asked, so that no card waits for another;
//! 4. the contents and counters kept with a card: for one look-up.

pub mod attribute;
mod cards;
mod change;
mod contents;
mod create;
mod deletion;
pub mod error;
mod from_template;
mod login;
pub mod mechanism;
mod object;
mod objects;
mod operation;
mod personalise;
mod pins;
mod placement;
mod provider;
pub mod readers;
mod renewal;
mod session;
mod slot;
mod slots;
mod state;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod uri;
mod writing;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use attribute::{Attribute, AttributeType, ObjectClass, Template, Value};
pub use cards::Batch;
pub use create::{KeyOrigin, KeySpec, NewObject};
pub use deletion::{DeletionPlan, Extent, NeededBy, PlannedObject};
pub use error::Error;
pub use mechanism::{MechanismCall, MechanismId, MechanismInfo, Parameters};
pub use personalise::InitToken;
pub use pins::{InitializedPin, NewUserPin, Unblocker};
pub use placement::KeyPlacement;
pub use provider::Provider;
pub use session::{Login, SessionHandle, SessionInfo, SessionMode, SessionState, UserKind};
pub use slot::{
    KnownProblems, PinReport, PinState, PinStatus, ReaderReport, SlotInfo, TokenFlags, TokenInfo, TokenView,
};
pub use store::Stored;

use crate::apdu::{Stats, StatsSnapshot};
use crate::card::{Card, CardSettings};
use crate::codec::Secret;
use crate::config::Config;
use crate::layout::Policy;
use crate::transport::Reader;
use cards::Cell;
use operation::Session;
use state::{ReaderState, State};

/// The result of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Names one object towards callers. Never reused within a process, and no pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectHandle(pub u64);

/// As much room for an output as it needs: for callers without the C buffer rule.
pub const ANY_ROOM: usize = usize::MAX;

/// The PKCS#11 engine: readers, slots, tokens, sessions, objects, operations. `Sync`; every method takes
/// `&self`. Dropping it takes every login back from the cards.
///
/// Operations begin with `…_init`, go on with `…_update` and end with `…_final`, or are done at once by the plain
/// verb. `room` is how many bytes the caller has for the output ([`ANY_ROOM`] for as many as it takes): with less
/// than needed the answer is `BufferTooSmall` and the operation stays. Every other error ends it.
pub struct Engine {
    /// One for each reader, in the order given.
    cells: Vec<Cell>,
    policy: Policy,
    stats: Stats,
    state: Mutex<State>,
    handles: AtomicU64,
}

impl Engine {
    /// An engine over these readers. Touches no reader and no card.
    pub fn new(readers: Vec<Box<dyn Reader>>, config: &Config) -> Self {
        let stats = Stats::default();
        let settings = CardSettings::new(config);
        let cells = readers
            .into_iter()
            .map(|reader| {
                let (name, kind) = (reader.name().to_owned(), reader.kind());
                Cell::new(Card::new(reader, settings.clone(), stats.clone()), name, kind)
            })
            .collect();
        Self::over(cells, stats, Policy::from(&config.pkcs11))
    }

    fn over(cells: Vec<Cell>, stats: Stats, policy: Policy) -> Self {
        let mut state = State {
            readers: cells.iter().map(|cell| ReaderState::new(&cell.name)).collect(),
            ..State::default()
        };
        state.lay_out(&policy);
        Self { cells, policy, stats, state: Mutex::new(state), handles: AtomicU64::new(1) }
    }

    /// What card traffic has cost so far.
    pub fn stats(&self) -> StatsSnapshot {
        self.stats.snapshot()
    }

    /// Random bytes from the card. Errors: `NoRandom`.
    pub fn random(&self, session: SessionHandle, len: usize) -> Result<Secret> {
        let session = self.session(session)?;
        if !session.card.abilities.random {
            return Err(Error::NoRandom);
        }
        if len == 0 {
            return Ok(Secret::default());
        }
        let call = crate::card::CardCall::Random { len };
        self.with_card(session.reader, &session.card, |card| card.perform(&call))
    }

    fn session(&self, handle: SessionHandle) -> Result<Arc<Session>> {
        lock(&self.state).sessions.get(&handle).cloned().ok_or(Error::SessionHandleInvalid)
    }

    /// Runs `job` with a session; once more when it did not succeed because the card was changed in between.
    fn with_session<T>(&self, handle: SessionHandle, job: impl Fn(&Arc<Session>) -> Result<T>) -> Result<T> {
        loop {
            let session = self.session(handle)?;
            let result = job(&session);
            let successor =
                lock(&self.state).sessions.get(&handle).is_some_and(|now| !Arc::ptr_eq(now, &session));
            if result.is_ok() || !successor {
                return result;
            }
        }
    }

    fn next_handle(&self) -> u64 {
        self.handles.fetch_add(1, Relaxed)
    }
}

/// Takes a lock. A panic elsewhere leaves plain values behind, which are still good for the other callers.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
