//! Ctrl-C, SIGTERM and SIGHUP: cards are released before the process ends, the terminal is as it was.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::atomic_file;
use super::error::ErrorKind;

/// Sets the handler for this process. At the first signal `release` runs (in a thread of its own), then the
/// process ends; a second signal does not wait for it. Errors: those of the system, without a handler.
pub fn install(release: impl Fn() + Send + Sync + 'static) -> Result<(), ctrlc::Error> {
    let release = Arc::new(release);
    ctrlc::set_handler(move || {
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
    })
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

/// The terminal without echo; dropped, it is as it was before.
#[derive(Debug)]
pub struct SilentTerminal(());

/// Switches the echo off before a prompt appears, so that fast typing is not seen either. Keys come one by one and
/// raise no signal: the prompt sees Ctrl-C, and Ctrl-Z does not stop it while a card is held. The state before is
/// kept, so that a signal during the prompt does not leave the terminal without echo.
pub fn silence_terminal() -> SilentTerminal {
    let before = std::fs::File::open(TERMINAL).ok().and_then(|file| Some((tcgetattr(&file).ok()?, file)));
    if let Some((state, file)) = &before {
        let mut silent = state.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        set_terminal(file, &silent);
    }
    *TERMINAL_STATE.lock().unwrap_or_else(PoisonError::into_inner) = before.map(|(state, _)| state);
    SilentTerminal(())
}

impl Drop for SilentTerminal {
    fn drop(&mut self) {
        restore_terminal();
    }
}

fn restore_terminal() {
    if let Some(state) = TERMINAL_STATE.lock().unwrap_or_else(PoisonError::into_inner).take()
        && let Ok(file) = std::fs::File::open(TERMINAL)
    {
        set_terminal(&file, &state);
    }
}

fn set_terminal(file: &std::fs::File, state: &Termios) {
    if let Err(error) = tcsetattr(file, OptionalActions::Now, state) {
        tracing::warn!(%error, "the terminal could not be set");
    }
}

fn end() -> ! {
    restore_terminal();
    atomic_file::remove_unfinished();
    std::process::exit(ErrorKind::Interrupted.exit_code().into())
}

const TERMINAL: &str = "/dev/tty";
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static STOP_INSTEAD: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
static TERMINAL_STATE: Mutex<Option<Termios>> = Mutex::new(None);
