//! Ctrl-C, SIGTERM and SIGHUP: cards are released before the process ends, the terminal is as it was.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::error::ErrorKind;

/// Sets the handler for this process. At the first signal `release` runs (in a thread of its own), then the
/// process ends; a second signal does not wait for it.
pub fn install(release: impl Fn() + Send + Sync + 'static) {
    let release = Arc::new(release);
    let installed = ctrlc::set_handler(move || {
        if let Some(flag) = STOP_INSTEAD.lock().unwrap_or_else(PoisonError::into_inner).take() {
            flag.store(true, SeqCst);
            return;
        }
        if INTERRUPTED.swap(true, SeqCst) {
            end();
        }
        let release = Arc::clone(&release);
        std::thread::spawn(move || {
            release();
            end();
        });
    });
    if let Err(error) = installed {
        tracing::warn!(%error, "no handler for Ctrl-C");
    }
}

/// From now on the first signal only sets this flag: the command ends by itself, in order.
pub fn stop_instead(flag: &Arc<AtomicBool>) {
    *STOP_INSTEAD.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(flag));
}

/// True once a signal came. Whoever finds it so says no more: the process is about to end.
pub fn interrupted() -> bool {
    INTERRUPTED.load(SeqCst)
}

/// Waits for the end of the process, which the handler brings about.
pub fn wait_for_end() -> ! {
    loop {
        std::thread::park();
    }
}

/// Remembers how the terminal is set while something changes it; dropped, it forgets.
#[derive(Debug)]
pub struct TerminalGuard(());

/// Keeps the terminal's state, so that a signal during a prompt does not leave it without echo.
pub fn guard_terminal() -> TerminalGuard {
    let state = std::fs::File::open(TERMINAL).ok().and_then(|file| tcgetattr(file).ok());
    *TERMINAL_STATE.lock().unwrap_or_else(PoisonError::into_inner) = state;
    TerminalGuard(())
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        *TERMINAL_STATE.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn end() -> ! {
    if let Some(state) = &*TERMINAL_STATE.lock().unwrap_or_else(PoisonError::into_inner)
        && let Ok(file) = std::fs::File::open(TERMINAL)
        && let Err(error) = tcsetattr(file, OptionalActions::Now, state)
    {
        tracing::warn!(%error, "the terminal could not be restored");
    }
    std::process::exit(ErrorKind::Interrupted.exit_code().into())
}

const TERMINAL: &str = "/dev/tty";
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static STOP_INSTEAD: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
static TERMINAL_STATE: Mutex<Option<Termios>> = Mutex::new(None);
