//! Typed configuration: `opensc.conf` as TOML, and OpenSC's own grammar. Knows no card.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

mod card_atr;
mod error;
mod load;
mod opensc;
mod show;
#[cfg(test)]
mod tests;
mod toml_file;

pub use card_atr::CardAtr;
pub use error::{ConfigError, Problem};
pub use load::{Loaded, Notice, Severity, Surroundings, load, load_in, parse};
pub use opensc::GrammarError;

/// Slots that a reader can have: no card has more PINs than a byte has references, and one for the left-overs.
pub const NUM_SLOTS: RangeInclusive<u32> = 1..=256;

/// The card families that `[drivers] only` and `[[card_atr]]` can name; a test holds them to the registry's.
pub const DRIVERS: [&str; 5] = ["PIV", "IsoApplet", "MyEID", "OpenPGP", "PKCS#15"];

/// Seconds that a card can be waited for.
pub const BUSY_TIMEOUT: RangeInclusive<u32> = 0..=3600;

/// Everything that `opensc.conf` can say, with built-in defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// `[pkcs11]`: slots and tokens.
    pub pkcs11: Pkcs11Config,
    /// `[readers]`: PC/SC.
    pub readers: ReadersConfig,
    /// `[[software_reader]]`: card images as readers, after the PC/SC readers.
    pub software_readers: Vec<SoftwareReaderConfig>,
    /// `[cache]`: public contents of cards.
    pub cache: CacheConfig,
    /// `[drivers]`: which card families are tried.
    pub drivers: DriversConfig,
    /// `[log]`: what the module tells of its work.
    pub log: LogConfig,
    /// `[[card_atr]]`: cards whose drivers the answer to reset decides; the first that fits counts.
    pub card_atrs: Vec<CardAtr>,
    /// `[application.NAME]`: what differs for one program that loads the module.
    pub applications: BTreeMap<String, ApplicationConfig>,
    /// The file it came from; `None` for the built-in defaults.
    pub origin: Option<PathBuf>,
}

impl Config {
    /// The configuration for one program: over `[pkcs11]` and `[readers] only` goes `[application.NAME]`, where NAME is
    /// the file name of its executable or (this counts more) the whole path.
    pub fn for_program(mut self, program: &Path) -> Self {
        let names = [program.file_name().map(Path::new), Some(program)];
        for name in names.into_iter().flatten().filter_map(Path::to_str) {
            let Some(application) = self.applications.get(name) else { continue };
            application.pkcs11.apply(&mut self.pkcs11);
            if let Some(readers) = &application.readers {
                self.readers.only.clone_from(readers);
            }
        }
        self
    }
}

/// `[pkcs11]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pkcs11Config {
    /// Slots for each reader.
    pub num_slots: u32,
    /// Slots for all readers together; 0 = no limit.
    pub max_virtual_slots: u32,
    /// Hide empty tokens; their slots stay.
    pub hide_empty_tokens: bool,
    /// Which user PINs get a slot.
    pub create_slots_for_pins: PinSelection,
    /// Which objects are shown.
    pub visible_objects: ObjectSelection,
    /// Nothing is written to any token.
    pub read_only: bool,
    /// Keep the PIN of a login until the logout, to log in again when another program reset the card.
    pub pin_cache: bool,
}

impl Default for Pkcs11Config {
    fn default() -> Self {
        Self {
            num_slots: 4,
            max_virtual_slots: 8,
            hide_empty_tokens: false,
            create_slots_for_pins: PinSelection::All,
            visible_objects: ObjectSelection::All,
            read_only: false,
            pin_cache: false,
        }
    }
}

/// Which user PINs get a slot of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PinSelection {
    /// Every user PIN.
    #[default]
    All,
    /// Only these, in the card's order: a PIN's label, its identifier in hexadecimal, or `#2` for the second
    /// user PIN of the card.
    Only(Vec<String>),
}

/// Which objects of a token are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ObjectSelection {
    /// Every object.
    #[default]
    All,
    /// Only what fits one of these: a class (`certificate`, `public-key`, `private-key`, `secret-key`, `data`),
    /// `label:TEXT`, or `id:HEX`.
    Only(Vec<String>),
}

/// `[application.NAME]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplicationConfig {
    /// What differs from `[pkcs11]`.
    pub pkcs11: Pkcs11Overrides,
    /// What differs from `[readers] only`.
    pub readers: Option<Option<Vec<String>>>,
}

/// Settings that override `[pkcs11]`; `None` leaves the general one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pkcs11Overrides {
    /// See [`Pkcs11Config::num_slots`].
    pub num_slots: Option<u32>,
    /// See [`Pkcs11Config::max_virtual_slots`].
    pub max_virtual_slots: Option<u32>,
    /// See [`Pkcs11Config::hide_empty_tokens`].
    pub hide_empty_tokens: Option<bool>,
    /// See [`Pkcs11Config::create_slots_for_pins`].
    pub create_slots_for_pins: Option<PinSelection>,
    /// See [`Pkcs11Config::visible_objects`].
    pub visible_objects: Option<ObjectSelection>,
    /// See [`Pkcs11Config::read_only`].
    pub read_only: Option<bool>,
    /// See [`Pkcs11Config::pin_cache`].
    pub pin_cache: Option<bool>,
}

impl Pkcs11Overrides {
    /// Puts what is set here into `config`.
    fn apply(&self, config: &mut Pkcs11Config) {
        config.num_slots = self.num_slots.unwrap_or(config.num_slots);
        config.max_virtual_slots = self.max_virtual_slots.unwrap_or(config.max_virtual_slots);
        config.hide_empty_tokens = self.hide_empty_tokens.unwrap_or(config.hide_empty_tokens);
        if let Some(pins) = &self.create_slots_for_pins {
            config.create_slots_for_pins.clone_from(pins);
        }
        if let Some(objects) = &self.visible_objects {
            config.visible_objects.clone_from(objects);
        }
        config.read_only = self.read_only.unwrap_or(config.read_only);
        config.pin_cache = self.pin_cache.unwrap_or(config.pin_cache);
    }
}

/// `[readers]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadersConfig {
    /// Use PC/SC readers.
    pub pcsc: bool,
    /// `None` = all; else only readers whose name contains one of these, software readers too.
    pub only: Option<Vec<String>>,
    /// PC/SC readers whose name contains one of these are ignored.
    pub ignored: Vec<String>,
    /// Connect exclusively: no other program reaches the card meanwhile.
    pub exclusive: bool,
    /// How long to wait for a card held by another program, in seconds.
    pub busy_timeout: u32,
    /// What becomes of a login at the end of a command.
    pub after_login: AfterLogin,
    /// Whether threads may be started, for a wait that ends. Not in any file: the program that loads the module says it.
    pub own_threads: bool,
}

impl ReadersConfig {
    /// Whether a reader of this name is used, by `only`.
    pub fn is_wanted(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|parts| contains_one(name, parts))
    }

    /// Whether a PC/SC reader of this name is used, by `only` and `ignored`.
    pub fn uses_pcsc(&self, name: &str) -> bool {
        self.is_wanted(name) && !contains_one(name, &self.ignored)
    }
}

fn contains_one(name: &str, parts: &[String]) -> bool {
    parts.iter().any(|part| !part.is_empty() && name.contains(part.as_str()))
}

impl Default for ReadersConfig {
    fn default() -> Self {
        Self {
            pcsc: true,
            only: None,
            ignored: Vec::new(),
            exclusive: false,
            busy_timeout: 5,
            after_login: AfterLogin::Deauthenticate,
            own_threads: true,
        }
    }
}

/// What becomes of a login at the end of a command, so that no other program inherits it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AfterLogin {
    /// De-authenticate the PIN; reset the card where it cannot.
    #[default]
    Deauthenticate,
    /// Reset the card.
    Reset,
    /// Leave the card logged in (other programs inherit it).
    Leave,
}

/// `[[software_reader]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoftwareReaderConfig {
    /// Reader name.
    pub name: String,
    /// Card image; `None` = an empty reader.
    pub card: Option<PathBuf>,
}

/// `[cache]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// Keep between runs what is public and unchanged, and for an hour which applications a card has.
    pub enabled: bool,
    /// Where; `None` = the user's cache folder.
    pub directory: Option<PathBuf>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { enabled: true, directory: None }
    }
}

/// `[log]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// How much.
    pub level: LogLevel,
    /// Where to; `None` = standard error.
    pub file: Option<PathBuf>,
}

/// How much the module tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing.
    #[default]
    Off,
    /// Steps and warnings.
    Info,
    /// Every call with its answer.
    Debug,
    /// Every APDU, secrets left out.
    Trace,
}

impl LogLevel {
    /// The level of a number as OpenSC's `debug` and `OPENSC_DEBUG` have it: there APDUs come with 3.
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Off,
            1 => Self::Info,
            2 => Self::Debug,
            _ => Self::Trace,
        }
    }
}

/// `[drivers]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriversConfig {
    /// `None` = all; else only these, by name, in the registry's order.
    pub only: Option<Vec<String>>,
}
