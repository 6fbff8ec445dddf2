//! What every command works with: global options, the terminal, the configuration, the engine.
//! Knows when cards are in use, so that each end of the process releases them.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Context as _;

use super::args::{CardFile, GlobalArgs};
use super::commands::config::explain;
use super::error::{CliError, ErrorKind};
use super::interrupt;
use super::problems::{self, Problem};
use super::terminal::Terminal;
use super::text::{escape, shell_word};
use super::unlock::Unlocked;
use crate::apdu::{Recording, Stats, StatsSnapshot};
use crate::codec::Secret;
use crate::config::{self, Config, Loaded};
use crate::engine::readers::{Assembled, CardArgument, assemble};
use crate::engine::{self, Engine, Provider, SessionHandle, UserKind};
use crate::foreign::{LoadError, Module};
use crate::layout::SlotId;
use crate::transport::TransportError;

/// The surroundings of one run. The engine comes to life when a command first asks for it.
pub struct Context {
    /// Options of every command.
    pub global: GlobalArgs,
    /// The terminal or pipe.
    pub terminal: Terminal,
    connected: Arc<OnceLock<Connected>>,
    /// What cards cost beside the engine (raw APDUs).
    extra_stats: Mutex<StatsSnapshot>,
    /// Cards that were looked for tokens and could not be read.
    failures: Mutex<Vec<Problem>>,
    /// The reader whose card is recorded, and where to.
    recorded: OnceLock<(String, Recording)>,
    /// A login that had to come before the choice of a key, and its slot.
    early_login: Mutex<Option<(SlotId, Unlocked)>>,
}

struct Connected {
    engine: Box<dyn Provider>,
    pcsc_problem: Option<TransportError>,
    /// Held while a PIN is on its way: a signal waits for it, and none begins after a signal.
    login: Mutex<()>,
}

impl Context {
    /// The surroundings of this process.
    pub fn new(global: GlobalArgs, terminal: Terminal) -> Self {
        Self {
            global,
            terminal,
            connected: Arc::default(),
            extra_stats: Mutex::default(),
            failures: Mutex::default(),
            recorded: OnceLock::new(),
            early_login: Mutex::default(),
        }
    }

    /// From now on Ctrl-C and its kin release the cards and end the process.
    pub fn catch_signals(&self) -> anyhow::Result<()> {
        let connected = Arc::clone(&self.connected);
        interrupt::install(move || {
            if let Some(connected) = connected.get() {
                connected.release_after_signal();
            }
        })
        .context("Ctrl-C cannot be caught, so a login might outlive this command")
    }

    /// The configuration and its remarks: `--config`, else where it is searched for.
    pub fn load(&self) -> Result<Loaded, CliError> {
        let loaded = config::load(self.global.config.as_deref()).map_err(|error| explain(&error))?;
        match &loaded.config.origin {
            Some(path) => tracing::info!(file = %path.display(), "configuration"),
            None => tracing::info!("built-in configuration"),
        }
        Ok(loaded)
    }

    /// The configuration alone.
    pub fn load_config(&self) -> Result<Config, CliError> {
        Ok(self.load()?.config)
    }

    /// The engine over this run's readers.
    pub fn engine(&self) -> Result<&dyn Provider, CliError> {
        Ok(self.connected()?.engine.as_ref())
    }

    /// From now on the dialogue with the card in the reader of this name is recorded. Before any card is used.
    pub fn record(&self, reader: &str, recording: Recording) {
        let _ = self.recorded.set((reader.to_owned(), recording));
    }

    /// Counters for a command that does without the engine.
    pub fn stats_for(&self, reader: &str) -> Stats {
        match self.recorded.get() {
            Some((recorded, recording)) if recorded == reader => Stats::recorded(recording.clone()),
            _ => Stats::default(),
        }
    }

    /// The readers of this run, for a command that does without the engine.
    pub fn assemble(&self) -> Result<Assembled, CliError> {
        if self.global.module.is_some() {
            return Err(CliError::usage("this command talks to cards themselves, not to a module")
                .hint("leave --module out"));
        }
        let cards = self.card_arguments()?;
        Ok(assemble(&self.load_config()?, cards.as_deref()))
    }

    /// Why there are no PC/SC readers although they are wanted.
    pub fn pcsc_problem(&self) -> Option<&TransportError> {
        self.connected.get()?.pcsc_problem.as_ref()
    }

    /// What could not be read of the cards in use; `None` for a command that used none.
    pub fn problems(&self) -> Option<Vec<Problem>> {
        let connected = self.connected.get()?;
        let mut problems = self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for known in problems::known(connected.engine.as_ref()) {
            if !problems.contains(&known) {
                problems.push(known);
            }
        }
        Some(problems)
    }

    /// Keeps in mind that a card could not be read: whoever goes on without it tells so at the end.
    pub fn note_failure(&self, reader: &str, error: &engine::Error) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        // All slots of a reader share its card.
        if failures.iter().all(|known| known.reader != reader) {
            failures.extend(Problem::of_card(reader, error).filter(|problem| problem.fatal));
        }
    }

    /// Logs in.
    pub fn login(
        &self,
        session: SessionHandle,
        user: UserKind,
        pin: Option<&Secret>,
    ) -> Result<(), LoginError> {
        self.with_pin(|engine| engine.login(session, user, pin))
    }

    /// Keeps a login for whoever opens a session on this slot next.
    pub fn keep_login(&self, slot: SlotId, login: Unlocked) {
        *self.early_login.lock().unwrap_or_else(PoisonError::into_inner) = Some((slot, login));
    }

    /// The login that was kept for this slot, once.
    pub fn take_login(&self, slot: SlotId) -> Option<Unlocked> {
        let mut kept = self.early_login.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|(of, _)| *of == slot).map(|(_, login)| login)
    }

    /// Does what sends a PIN to a card. The only place that does, so that a signal in the middle is waited for.
    pub fn with_pin<T>(
        &self,
        call: impl FnOnce(&dyn Provider) -> engine::Result<T>,
    ) -> Result<T, LoginError> {
        let connected = self.connected().map_err(LoginError::Cli)?;
        let _gate = connected.login.lock().unwrap_or_else(PoisonError::into_inner);
        if interrupt::interrupted() {
            interrupt::wait_for_end();
        }
        call(connected.engine.as_ref()).map_err(LoginError::Engine)
    }

    /// Takes every login back from the cards. Errors: a card that did not let go.
    pub fn release(&self) -> Result<(), CliError> {
        match self.connected.get() {
            Some(connected) => Ok(connected.engine.finish()?),
            None => Ok(()),
        }
    }

    /// What card traffic has cost so far.
    pub fn stats(&self) -> StatsSnapshot {
        let extra = *self.extra_stats.lock().unwrap_or_else(PoisonError::into_inner);
        self.connected.get().map_or(extra, |connected| connected.engine.stats())
    }

    /// Tells what a command that does without the engine has cost.
    pub fn add_stats(&self, stats: StatsSnapshot) {
        *self.extra_stats.lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }

    /// One sentence on standard error while the command goes on; nothing with `--json`.
    pub fn say(&self, sentence: &str) {
        if !self.global.json {
            eprintln!("{}", escape(sentence));
        }
    }

    fn connected(&self) -> Result<&Connected, CliError> {
        if let Some(connected) = self.connected.get() {
            return Ok(connected);
        }
        if let Some(path) = &self.global.module {
            let engine = Box::new(self.open_module(path)?);
            let connected = Connected { engine, pcsc_problem: None, login: Mutex::new(()) };
            return Ok(self.connected.get_or_init(|| connected));
        }
        let config = self.load_config()?;
        let cards = self.card_arguments()?;
        let assembled = assemble(&config, cards.as_deref());
        let engine = Box::new(Engine::recorded(assembled.readers, &config, self.recorded.get().cloned()));
        let connected = Connected { engine, pcsc_problem: assembled.pcsc_problem, login: Mutex::new(()) };
        Ok(self.connected.get_or_init(|| connected))
    }

    fn open_module(&self, path: &Path) -> Result<Module, CliError> {
        if !self.global.cards.is_empty() {
            return Err(CliError::usage("--module and --card exclude each other")
                .hint("a module has readers of its own; --card is for p11ctl's engine"));
        }
        Module::open(path).map_err(|error| explain_load(&error))
    }

    fn card_arguments(&self) -> Result<Option<Vec<CardArgument>>, CliError> {
        if self.global.cards.is_empty() {
            return Ok(None);
        }
        let cards = self.global.cards.iter().map(|card| match card {
            CardFile::Empty => Ok(CardArgument::Empty),
            CardFile::Image(path) if path.exists() => Ok(CardArgument::File(path.clone())),
            CardFile::Image(path) => {
                let word = shell_word(&path.to_string_lossy());
                Err(CliError::usage(format!("there is no card image {}", path.display()))
                    .hint(format!("make one: p11ctl card new {word} --example")))
            }
        });
        cards.collect::<Result<_, _>>().map(Some)
    }
}

impl Connected {
    /// In the thread of a signal: waits for a login in progress, then takes it back. No other one begins.
    fn release_after_signal(&self) {
        let _gate = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.engine.finish() {
            tracing::warn!(%error, "a card did not let go");
        }
    }
}

/// The error for a file that is no usable module.
fn explain_load(error: &LoadError) -> CliError {
    match error {
        LoadError::Initialize { .. } => CliError::new(ErrorKind::Card, error.to_string()),
        _ => CliError::usage(error.to_string()),
    }
    .source(error)
    .hint("--module takes the shared library of a PKCS#11 module, such as opensc-pkcs11.so")
}

/// Why a login failed.
#[derive(Debug)]
pub enum LoginError {
    /// The command line's part.
    Cli(CliError),
    /// The engine's part: a wrong PIN among others.
    Engine(engine::Error),
}
