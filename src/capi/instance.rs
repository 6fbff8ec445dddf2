//! The one global of the module: the engine between `C_Initialize` and `C_Finalize`.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use cryptoki_sys as ck;

use super::fault::Fault;
use crate::config::{self, Config};
use crate::engine::{Engine, readers};

static ENGINE: RwLock<Option<Arc<Engine>>> = RwLock::new(None);
/// The process that initialised the module: after a fork the child has to do so itself.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// The engine, for the length of one call. The lock is held only to take a reference, so that nothing global
/// is held while a card computes.
pub(super) fn engine() -> Result<Arc<Engine>, Fault> {
    if OWNER.load(Ordering::Acquire) != std::process::id() {
        return Err(Fault::Code(ck::CKR_CRYPTOKI_NOT_INITIALIZED));
    }
    let guard = ENGINE.read().unwrap_or_else(PoisonError::into_inner);
    guard.clone().ok_or(Fault::Code(ck::CKR_CRYPTOKI_NOT_INITIALIZED))
}

/// Makes the engine. Reads the configuration; touches no reader's card.
pub(super) fn start() -> Result<(), Fault> {
    let mut guard = ENGINE.write().unwrap_or_else(PoisonError::into_inner);
    let own = OWNER.load(Ordering::Acquire) == std::process::id();
    if own && guard.is_some() {
        return Err(Fault::Code(ck::CKR_CRYPTOKI_ALREADY_INITIALIZED));
    }
    if let Some(parents) = guard.take() {
        // The child of a fork: the parent's engine is not ours to end; ending it would log the parent out.
        std::mem::forget(parents);
    }
    let config = load_config()?;
    let readers = readers::assemble(&config, None);
    *guard = Some(Arc::new(Engine::new(readers.readers, &config)));
    OWNER.store(std::process::id(), Ordering::Release);
    Ok(())
}

/// Ends the engine: sessions close, logins end on the cards.
pub(super) fn stop() -> Result<(), Fault> {
    engine()?;
    let mut guard = ENGINE.write().unwrap_or_else(PoisonError::into_inner);
    let engine = guard.take().ok_or(Fault::Code(ck::CKR_CRYPTOKI_NOT_INITIALIZED))?;
    drop(guard);
    drop(engine);
    Ok(())
}

/// The configuration for the program that loads this module.
fn load_config() -> Result<Config, Fault> {
    let config = match config::load(None) {
        Ok(loaded) => loaded.config,
        Err(error) => {
            tracing::error!(target: "p11ctl::capi", "{error}");
            return Err(Fault::Code(ck::CKR_GENERAL_ERROR));
        }
    };
    Ok(match std::env::current_exe() {
        Ok(program) => config.for_program(&program),
        Err(_) => config,
    })
}
