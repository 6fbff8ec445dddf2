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
mod events;
mod from_template;
mod keeping;
mod key_offer;
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
mod reading;
mod renewal;
mod seeking;
mod session;
mod session_object;
mod session_objects;
mod slot;
mod slots;
mod state;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unfinished;
pub mod uri;
mod writing;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

pub use attribute::{Attribute, AttributeType, ObjectClass, Template, Value};
pub use cards::Batch;
pub use create::{KeyOrigin, KeySpec, NewObject};
pub use deletion::{DeletionPlan, Extent, NeededBy, PlannedObject};
pub use error::Error;
pub use mechanism::{MechanismCall, MechanismId, MechanismInfo, Parameters};
pub use operation::{MessageParameters, NonceGenerator, NonceRequest, OperationKind, Sealed};
pub use personalise::InitToken;
pub use pins::{InitializedPin, NewUserPin, Unblocker};
pub use placement::{KeyPlacement, MadeKey};
pub use provider::Provider;
pub use session::{Login, SessionHandle, SessionInfo, SessionMode, SessionState, UserKind};
pub use slot::{
    ApplicationReport, KnownProblems, PinReport, PinState, PinStatus, ReaderReport, SlotInfo, TokenFlags,
    TokenInfo, TokenView,
};
pub use store::Stored;

use crate::apdu::{Recording, Stats, StatsSnapshot};
use crate::card::{Card, CardSettings};
use crate::codec::Secret;
use crate::config::Config;
use crate::layout::Policy;
use crate::transport::{Reader, ReaderSource};
use cards::Cell;
use events::Waits;
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
    /// One for each reader ever seen, in the order in which they were: it only grows.
    cells: RwLock<Vec<Arc<Cell>>>,
    /// Where readers come from that are attached later.
    source: Option<Mutex<Box<dyn ReaderSource>>>,
    settings: CardSettings,
    policy: Policy,
    /// Nothing is written to any token.
    read_only: bool,
    /// Keys may be left unlisted until somebody opens a session.
    layout_first: bool,
    stats: Stats,
    /// The reader whose card is recorded, and where to.
    recorded: Option<(String, Recording)>,
    waits: Waits,
    /// A card stays in its transaction from its listing on, and which one does.
    keeps: AtomicBool,
    kept: Mutex<Option<usize>>,
    state: Mutex<State>,
    handles: AtomicU64,
}

impl Engine {
    /// An engine over these readers. Touches no reader and no card.
    pub fn new(readers: Vec<Box<dyn Reader>>, config: &Config) -> Self {
        Self::recorded(readers, config, None)
    }

    /// As [`Engine::new`]; the dialogue with the card in the reader of this name is recorded.
    pub fn recorded(
        readers: Vec<Box<dyn Reader>>,
        config: &Config,
        recorded: Option<(String, Recording)>,
    ) -> Self {
        let engine = Self::over(Vec::new(), CardSettings::new(config), Policy::from(&config.pkcs11));
        let engine = Self { recorded, read_only: config.pkcs11.read_only, ..engine };
        engine.add_readers(readers);
        engine
    }

    /// As [`Engine::new`], and readers that `source` finds later are taken in.
    pub fn with_source(
        readers: Vec<Box<dyn Reader>>,
        source: Option<Box<dyn ReaderSource>>,
        config: &Config,
    ) -> Self {
        Self { source: source.map(Mutex::new), ..Self::new(readers, config) }
    }

    /// Of a card with one application the layout is read first, and its keys when a session is opened: for callers who
    /// list slots before they choose one.
    pub fn listing_layout_first(self) -> Self {
        Self { layout_first: true, ..self }
    }

    fn over(cells: Vec<Cell>, settings: CardSettings, policy: Policy) -> Self {
        let engine = Self {
            cells: RwLock::default(),
            source: None,
            settings,
            policy,
            read_only: false,
            layout_first: false,
            stats: Stats::default(),
            recorded: None,
            waits: Waits::default(),
            keeps: AtomicBool::new(false),
            kept: Mutex::default(),
            state: Mutex::default(),
            handles: AtomicU64::new(1),
        };
        engine.add_cells(cells);
        engine
    }

    fn add_readers(&self, readers: Vec<Box<dyn Reader>>) {
        let cells = readers.into_iter().map(|reader| {
            let (name, kind) = (reader.name().to_owned(), reader.kind());
            let stats = match &self.recorded {
                Some((recorded, recording)) if *recorded == name => {
                    self.stats.with_recording(recording.clone())
                }
                _ => self.stats.clone(),
            };
            Cell::new(Card::new(reader, self.settings.clone(), stats), name, kind)
        });
        self.add_cells(cells.collect());
    }

    /// New readers get slots behind all that are there.
    fn add_cells(&self, fresh: Vec<Cell>) {
        let mut cells = self.cells.write().unwrap_or_else(PoisonError::into_inner);
        let mut state = lock(&self.state);
        state.readers.extend(fresh.iter().map(|cell| ReaderState::new(&cell.name)));
        cells.extend(fresh.into_iter().map(Arc::new));
        state.lay_out(&self.policy);
    }

    /// The readers as they are now: an index stays that of its reader.
    fn cells(&self) -> Vec<Arc<Cell>> {
        self.cells.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What card traffic has cost so far.
    pub fn stats(&self) -> StatsSnapshot {
        self.stats.snapshot()
    }

    /// Random bytes: from the card, or from the system where the card gives none. Errors: `NoRandom`.
    pub fn random(&self, session: SessionHandle, len: usize) -> Result<Secret> {
        let session = self.session(session)?;
        if len == 0 {
            return Ok(Secret::default());
        }
        if !session.card.abilities.random {
            return crate::crypto::random::secret(len).map_err(|_| Error::NoRandom);
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
