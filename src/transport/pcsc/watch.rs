//! Readers that come and go, and what waits for that (PC/SC). A service that is not there yet is asked again.

use std::ffi::CString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::pcsc::{Error, PNP_NOTIFICATION, ReaderState, State};

use super::gate::Service;
use super::{names, readers, service};
use crate::config::ReadersConfig;
use crate::transport::{Reader, ReaderSource, Watch};

/// The readers of the PC/SC service, those that are attached later included.
pub struct PcscSource {
    config: ReadersConfig,
    context: Option<Service>,
}

impl PcscSource {
    /// Touches nothing yet.
    pub fn new(config: &ReadersConfig) -> Self {
        Self { config: config.clone(), context: None }
    }

    /// The names of all readers; a context that died with its service is replaced once.
    fn names(&mut self) -> Result<(Vec<CString>, Service), Error> {
        if let Some(context) = &self.context {
            match names(context) {
                Err(error) if service::is_gone(error) => self.context = None,
                result => return result.map(|names| (names, context.clone())),
            }
        }
        let context = self.context.insert(Service::establish()?);
        names(context).map(|names| (names, context.clone()))
    }
}

impl ReaderSource for PcscSource {
    fn attached(&mut self, known: &dyn Fn(&str) -> bool) -> Vec<Box<dyn Reader>> {
        if !self.config.pcsc {
            return Vec::new();
        }
        let Ok((mut names, context)) = self.names() else { return Vec::new() };
        names.retain(|name| !known(&name.to_string_lossy()));
        readers(names, &context, &self.config)
    }

    fn watch(&self) -> Arc<dyn Watch> {
        Arc::new(PcscWatch { pcsc: self.config.pcsc, waiting: Mutex::default(), seen: Mutex::default() })
    }
}

/// One wait of one thread: a context of its own, because the service answers nothing else on it meanwhile.
struct PcscWatch {
    pcsc: bool,
    /// What [`Watch::cancel`] reaches.
    waiting: Mutex<Option<Service>>,
    /// The readers as they were when the last wait ended.
    seen: Mutex<Vec<ReaderState>>,
}

impl PcscWatch {
    fn context(&self) -> Result<Service, Error> {
        let mut waiting = lock(&self.waiting);
        match &*waiting {
            Some(context) if context.is_valid().is_ok() => Ok(context.clone()),
            _ => Ok(waiting.insert(Service::establish()?).clone()),
        }
    }

    fn wait_in(&self, context: &Service, at_most: Duration) -> Result<(), Error> {
        let mut wanted = names(context)?;
        wanted.push(PNP_NOTIFICATION().to_owned());
        let mut seen = lock(&self.seen);
        seen.retain(|state| wanted.iter().any(|name| name.as_c_str() == state.name()));
        for name in wanted {
            if seen.iter().all(|state| state.name() != name.as_c_str()) {
                seen.push(ReaderState::new(name, State::UNAWARE));
            }
        }
        let result = context.get_status_change(at_most, &mut seen);
        for state in seen.iter_mut() {
            state.sync_current_state();
        }
        match result {
            Err(Error::Timeout | Error::Cancelled) => Ok(()),
            result => result,
        }
    }
}

impl Watch for PcscWatch {
    fn wait(&self, at_most: Duration) -> bool {
        if !self.pcsc {
            return false;
        }
        let waited = self.context().and_then(|context| self.wait_in(&context, at_most));
        if waited.is_err() {
            // Service or reader gone: begin anew.
            lock(&self.seen).clear();
            *lock(&self.waiting) = None;
        }
        waited.is_ok()
    }

    fn cancel(&self) {
        if let Some(context) = &*lock(&self.waiting) {
            // Nobody waits just now: the wait that comes next is short.
            let _ = context.cancel();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
