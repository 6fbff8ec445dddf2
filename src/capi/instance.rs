//! The one global of the module: the engine between `C_Initialize` and `C_Finalize`, for this process.
//!
//! A fork copies the global and its lock, which another thread may hold at that moment. So a child never touches
//! what it inherited: not the lock, not the engine with its connections to readers, which are its parent's still. It
//! begins with an instance of its own, not initialised. And a fork waits for other threads to leave those parts of the
//! PC/SC library that would be locked in the child for ever.

#[cfg(unix)]
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use cryptoki_sys as ck;

use super::{fault::Fault, log};
use crate::config::{self, Config};
use crate::engine::{Engine, readers};

/// The module in one process.
struct Instance {
    process: u32,
    engine: RwLock<Option<Arc<Engine>>>,
}

/// That of the process which used the module last: of this one, or of the one it was forked from.
static INSTANCE: AtomicPtr<Instance> = AtomicPtr::new(std::ptr::null_mut());

/// The engine, for the length of one call. The lock is held only to take a reference, so that nothing global
/// is held while a card computes.
pub(super) fn engine() -> Result<Arc<Engine>, Fault> {
    let guard = instance().engine.read().unwrap_or_else(PoisonError::into_inner);
    guard.clone().ok_or(Fault::Code(ck::CKR_CRYPTOKI_NOT_INITIALIZED))
}

/// Makes the engine. Reads the configuration and asks the readers what is in them; touches no card.
/// `own_threads` is whether the program lets the module start threads.
pub(super) fn start(own_threads: bool) -> Result<(), Fault> {
    let mut guard = instance().engine.write().unwrap_or_else(PoisonError::into_inner);
    if guard.is_some() {
        return Err(Fault::Code(ck::CKR_CRYPTOKI_ALREADY_INITIALIZED));
    }
    prepare_for_forks();
    let mut config = load_config()?;
    log::start(&config.log);
    config.readers.own_threads = own_threads;
    let found = readers::assemble(&config, None);
    let engine = Engine::with_source(found.readers, found.source, &config).listing_layout_first();
    // What comes or goes from now on is an event.
    engine.look_around();
    *guard = Some(Arc::new(engine));
    Ok(())
}

/// Ends the engine: waits end, sessions close, logins end on the cards.
pub(super) fn stop() -> Result<(), Fault> {
    let taken = instance().engine.write().unwrap_or_else(PoisonError::into_inner).take();
    let engine = taken.ok_or(Fault::Code(ck::CKR_CRYPTOKI_NOT_INITIALIZED))?;
    if let Err(error) = engine.end() {
        tracing::warn!(target: "p11ctl::capi", %error, "a card may still be logged in");
    }
    Ok(())
}

/// The instance of this process, made at its first use. It is never freed: other threads may be using it, and in a
/// child of a fork the parent's is left as it is.
fn instance() -> &'static Instance {
    let process = std::process::id();
    let mut known = INSTANCE.load(Ordering::Acquire);
    loop {
        // SAFETY: NULL, or from a `Box` below that is never freed.
        if let Some(instance) = unsafe { known.as_ref() }
            && instance.process == process
        {
            return instance;
        }
        let fresh = Box::into_raw(Box::new(Instance { process, engine: RwLock::new(None) }));
        match INSTANCE.compare_exchange(known, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => known = fresh,
            Err(faster) => {
                known = faster;
                // SAFETY: from the `Box` above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }
}

#[cfg(unix)]
fn prepare_for_forks() {
    static PREPARED: Once = Once::new();
    extern "C" fn before() {
        // A panic must not cross into C, and there is nothing that would be left to do.
        let _ = std::panic::catch_unwind(readers::close_for_fork);
    }
    extern "C" fn after() {
        let _ = std::panic::catch_unwind(readers::open_after_fork);
    }
    PREPARED.call_once(|| {
        // SAFETY: the three functions stay where they are as long as the process: the module is never unloaded.
        let failed = unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) };
        if failed != 0 {
            tracing::warn!(target: "p11ctl::capi", "no memory to prepare for forks");
        }
    });
}

#[cfg(not(unix))]
fn prepare_for_forks() {}

/// The configuration for the program that loads this module.
fn load_config() -> Result<Config, Fault> {
    let config = match config::load(None) {
        Ok(loaded) => loaded.config,
        Err(error) => {
            tracing::error!(target: "p11ctl::capi", "{error}");
            // A return value cannot say which line of which file is wrong, and nothing else would.
            eprintln!("p11ctl: {error}");
            return Err(Fault::Code(ck::CKR_GENERAL_ERROR));
        }
    };
    Ok(match std::env::current_exe() {
        Ok(program) => config.for_program(&program),
        Err(_) => config,
    })
}
