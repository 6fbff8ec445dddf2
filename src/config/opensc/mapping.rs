//! From OpenSC's blocks and settings to ours. Where OpenSC lets a block of `app opensc-pkcs11` hide the same block of
//! `app default`, so do we. Other `app` blocks become `[application.NAME]`.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::grammar::{Block, Setting};
use super::meaning::{self, Context, Meaning};
use crate::config::error::{Problem, nearest};
use crate::config::load::{Fault, Loaded, Located, Notice, Severity};
use crate::config::{
    AfterLogin, ApplicationConfig, CardAtr, Config, DRIVERS, LogLevel, NUM_SLOTS, PinSelection,
    Pkcs11Overrides, card_atr,
};

/// Takes over what means something, and names the rest.
pub(super) fn map(file: &Block, located: &Located<'_>) -> Result<Loaded, Fault> {
    let mut mapper = Mapper {
        config: Config::default(),
        notices: Vec::new(),
        located,
        done: HashSet::new(),
        hidden: HashSet::new(),
    };
    mapper.file(file)?;
    let Mapper { config, mut notices, .. } = mapper;
    notices.sort_by_key(|notice| notice.line);
    Ok(Loaded { config, notices })
}

struct Mapper<'m> {
    config: Config,
    notices: Vec<Notice>,
    located: &'m Located<'m>,
    /// Settings of one value that were taken over: the first counts.
    done: HashSet<(String, Meaning)>,
    /// Blocks of the general applications that were taken over: they hide later ones.
    hidden: HashSet<Context>,
}

/// The application name of OpenSC's module.
const MODULE: &str = "opensc-pkcs11";

impl Mapper<'_> {
    fn file(&mut self, file: &Block) -> Result<(), Fault> {
        self.oddities(file);
        for setting in &file.settings {
            self.warn(setting.line, &setting.name, "it stands outside of any app block");
        }
        let mut seen = HashSet::new();
        let mut apps = Vec::new();
        for block in &file.blocks {
            match block.names.first() {
                _ if !block.is("app", None) => {
                    refuse_near_miss(block, file, ["app"])?;
                    self.warn(block.line, &block.title(), "it stands outside of any app block");
                }
                None => self.note(block.line, "app", "it names no application"),
                Some(name) if seen.insert(name.as_str()) => apps.push((name.as_str(), block)),
                Some(_) => self.note(block.line, &block.title(), "only the first block of this name is read"),
            }
        }
        let rank = |name: &str| [MODULE, "default"].iter().position(|general| *general == name).unwrap_or(2);
        apps.sort_by_key(|(name, _)| rank(name));
        let mut general = Pkcs11Overrides::default();
        for (name, block) in apps {
            if rank(name) < 2 {
                self.general(block, &mut general)?;
            } else {
                self.application(name, block)?;
            }
        }
        self.differing_defaults(&general);
        general.apply(&mut self.config.pkcs11);
        Ok(())
    }

    /// `app opensc-pkcs11` or `app default`.
    fn general(&mut self, app: &Block, pkcs11: &mut Pkcs11Overrides) -> Result<(), Fault> {
        self.settings(app, Context::App, "", pkcs11)?;
        for block in &app.blocks {
            let context =
                Context::BLOCKS.iter().find(|(kind, name, _)| block.is(kind, *name)).map(|row| row.2);
            match context {
                Some(context) if self.hidden.insert(context) => {
                    self.settings(block, context, "", pkcs11)?;
                    self.nested(block);
                }
                Some(_) => {
                    self.note(block.line, &block.title(), "the same block stands in a more special place");
                }
                None if block.is("card_atr", None) => self.card_atr(block)?,
                None => {
                    refuse_near_miss(block, app, meaning::kinds())?;
                    self.useless(block);
                }
            }
        }
        Ok(())
    }

    /// `card_atr 3b:f0:… { atrmask = …; driver = …; }`: of its settings, those two mean something here.
    fn card_atr(&mut self, block: &Block) -> Result<(), Fault> {
        let setting =
            |name: &str| block.settings.iter().find(|setting| setting.name.eq_ignore_ascii_case(name));
        let Some(driver) = setting("driver") else {
            self.note(block.line, &block.title(), "it names no driver");
            return Ok(());
        };
        let Some(family) = family(first(driver)) else {
            self.note(block.line, &block.title(), format!("there is no driver {:?}", first(driver)));
            return Ok(());
        };
        let bad = |line: usize, name: &str, actual: &str| {
            let expected = "bytes such as 3b:f0:36:02, a mask as many as its ATR".to_owned();
            let actual = format!("{actual:?}");
            (line, Box::new(Problem::Value { name: name.to_owned(), expected, actual }))
        };
        let written = block.names.first().map_or("", String::as_str);
        let atr = card_atr::bytes(written).ok_or_else(|| bad(block.line, "card_atr", written))?;
        let mask = match setting("atrmask") {
            Some(mask) => {
                let bytes = card_atr::bytes(first(mask)).filter(|bytes| bytes.len() == atr.len());
                Some(bytes.ok_or_else(|| bad(mask.line, "atrmask", first(mask)))?)
            }
            None => None,
        };
        for other in &block.settings {
            if !["driver", "atrmask"].iter().any(|known| other.name.eq_ignore_ascii_case(known)) {
                self.note(
                    other.line,
                    &format!("card_atr: {}", other.name),
                    "what a card is, its driver finds out",
                );
            }
        }
        self.config.card_atrs.push(CardAtr { atr, mask, drivers: vec![family.to_owned()] });
        Ok(())
    }

    /// The `app` block of one program, of which the first `pkcs11` block counts.
    fn application(&mut self, name: &str, app: &Block) -> Result<(), Fault> {
        self.oddities(app);
        for setting in &app.settings {
            self.note(setting.line, &setting.name, "only the pkcs11 block counts for one application");
        }
        let mut overrides = None;
        for block in &app.blocks {
            if block.is("pkcs11", None) && overrides.is_none() {
                self.settings(block, Context::Pkcs11, name, overrides.insert(Pkcs11Overrides::default()))?;
                self.nested(block);
            } else {
                refuse_near_miss(block, app, meaning::kinds())?;
                self.note(block.line, &block.title(), "only the pkcs11 block counts for one application");
            }
        }
        match overrides {
            Some(overrides) => {
                let application = ApplicationConfig { pkcs11: overrides, readers: None };
                self.config.applications.insert(name.to_owned(), application);
            }
            None => self.note(app.line, &app.title(), "it has no pkcs11 block"),
        }
        Ok(())
    }

    fn settings(
        &mut self,
        block: &Block,
        context: Context,
        application: &str,
        pkcs11: &mut Pkcs11Overrides,
    ) -> Result<(), Fault> {
        self.oddities(block);
        for setting in &block.settings {
            let Some(meaning) = meaning::of(context, &setting.name) else {
                refuse_misspelling(setting, block, context)?;
                self.warn(setting.line, &path(block, context, setting), UNKNOWN);
                continue;
            };
            if let Meaning::Nothing(why) = meaning {
                self.note(setting.line, &path(block, context, setting), why);
            } else if setting.values.first().is_none_or(|value| is_placeholder(value)) {
                self.note(setting.line, &path(block, context, setting), "it has no value");
            } else if is_list(meaning) || self.done.insert((application.to_owned(), meaning)) {
                self.apply(setting, meaning, pkcs11)?;
            } else {
                self.note(
                    setting.line,
                    &path(block, context, setting),
                    "it is set before, and the first one counts",
                );
            }
        }
        Ok(())
    }

    fn apply(
        &mut self,
        setting: &Setting,
        meaning: Meaning,
        pkcs11: &mut Pkcs11Overrides,
    ) -> Result<(), Fault> {
        match meaning {
            Meaning::NumSlots => pkcs11.num_slots = Some(number(setting, NUM_SLOTS)?),
            Meaning::MaxVirtualSlots => {
                pkcs11.max_virtual_slots = Some(number(setting, 0..=u32::MAX)?);
                if pkcs11.max_virtual_slots == Some(0) {
                    self.note(setting.line, &setting.name, "0 means no limit here");
                }
            }
            Meaning::HideEmptyTokens => pkcs11.hide_empty_tokens = Some(boolean(setting)?),
            Meaning::Pins => pkcs11.create_slots_for_pins = Some(self.pins(setting)?),
            Meaning::IgnoredReaders => {
                let names = setting.values.iter().filter(|name| !name.is_empty()).cloned();
                self.config.readers.ignored.extend(names);
            }
            Meaning::Exclusive => self.config.readers.exclusive = boolean(setting)?,
            Meaning::AfterLogin => self.after_login(setting)?,
            Meaning::Cache => self.cache(setting)?,
            Meaning::CacheDirectory => {
                let directory = self.located.resolve(first(setting));
                self.config.cache.directory =
                    Some(directory.map_err(|fault| (setting.line, Box::new(fault)))?);
            }
            Meaning::Drivers => self.drivers(setting),
            Meaning::LogLevel => {
                self.config.log.level = LogLevel::from_number(number(setting, 0..=u32::MAX)?);
            }
            Meaning::LogFile => self.log_file(setting)?,
            Meaning::Nothing(_) => {}
        }
        Ok(())
    }

    /// `user` and `sign`, which OpenSC finds by the PINs' flags, are the first and the second user PIN.
    fn pins(&mut self, setting: &Setting) -> Result<PinSelection, Fault> {
        let mut names = Vec::new();
        for word in first(setting).split([' ', ',']).filter(|word| !word.is_empty()) {
            match word {
                "all" => return Ok(PinSelection::All),
                "user" => names.push("#1".to_owned()),
                "sign" => names.push("#2".to_owned()),
                _ => return Err(fault(setting, "\"all\", \"user\", \"sign\" or \"user,sign\"")),
            }
        }
        if names.is_empty() {
            return Err(fault(setting, "\"all\", \"user\", \"sign\" or \"user,sign\""));
        }
        self.note(
            setting.line,
            &setting.name,
            "user and sign are the first and the second user PIN of the card",
        );
        Ok(PinSelection::Only(names))
    }

    fn after_login(&mut self, setting: &Setting) -> Result<(), Fault> {
        match first(setting) {
            "reset" | "unpower" => self.config.readers.after_login = AfterLogin::Reset,
            "leave" => {
                let why = "a login is taken back all the same, unless [readers] after_login says \"leave\"";
                self.note(setting.line, &setting.name, why);
            }
            _ => return Err(fault(setting, "leave, reset or unpower")),
        }
        Ok(())
    }

    fn cache(&mut self, setting: &Setting) -> Result<(), Fault> {
        self.config.cache.enabled = match first(setting) {
            "public" => true,
            "yes" | "true" => {
                self.note(setting.line, &setting.name, "only what is public is kept");
                true
            }
            "no" | "false" => false,
            _ => return Err(fault(setting, "yes, public or no")),
        };
        Ok(())
    }

    /// The two streams are words; standard output belongs to the program.
    fn log_file(&mut self, setting: &Setting) -> Result<(), Fault> {
        self.config.log.file = match first(setting) {
            "stderr" => None,
            "stdout" => {
                self.note(setting.line, &setting.name, "the log goes to standard error");
                None
            }
            path => {
                let path = self.located.resolve(path);
                Some(path.map_err(|fault| (setting.line, Box::new(fault)))?)
            }
        };
        Ok(())
    }

    /// `internal` is all that are compiled in; drivers that are not here are named.
    fn drivers(&mut self, setting: &Setting) {
        if setting.values.iter().any(|name| name == "internal") {
            return;
        }
        let mut only = Vec::new();
        for name in &setting.values {
            match family(name) {
                Some(known) => only.push(known.to_owned()),
                None => self.note(setting.line, &setting.name, format!("there is no driver {name:?}")),
            }
        }
        self.config.drivers.only.get_or_insert_default().extend(only);
    }

    fn nested(&mut self, block: &Block) {
        for inner in &block.blocks {
            self.useless(inner);
        }
    }

    fn useless(&mut self, block: &Block) {
        match meaning::of_block(&block.kind) {
            Some(why) => self.note(block.line, &block.title(), why),
            None => self.warn(block.line, &block.title(), UNKNOWN),
        }
    }

    fn oddities(&mut self, block: &Block) {
        for (line, name, why) in &block.oddities {
            self.note(*line, name, *why);
        }
    }

    /// Tells where silence means another thing than in OpenSC.
    fn differing_defaults(&mut self, pkcs11: &Pkcs11Overrides) {
        let mut note = |name: &str, why: &str| {
            let (name, why) = (name.to_owned(), why.to_owned());
            self.notices.push(Notice { line: None, name, why, severity: Severity::Remark });
        };
        if pkcs11.max_virtual_slots.is_none() {
            note("max_virtual_slots", "it is not set: OpenSC's default is 16, here it is 8");
        }
        if pkcs11.num_slots.is_none() {
            note(
                "slots_per_card",
                "it is not set: OpenSC gives browsers one slot for each reader, here all have 4",
            );
        }
        if pkcs11.hide_empty_tokens.is_none() {
            note(
                "hide_empty_tokens",
                "it is not set: OpenSC shows no empty tokens, here free slots show them",
            );
        }
        note(
            "left-over objects",
            "OpenSC shows them with the first PIN, here they have a token of their own",
        );
    }

    fn note(&mut self, line: usize, name: &str, why: impl Into<String>) {
        self.notice(Severity::Remark, line, name, why.into());
    }

    fn warn(&mut self, line: usize, name: &str, why: &str) {
        self.notice(Severity::Warning, line, name, why.to_owned());
    }

    fn notice(&mut self, severity: Severity, line: usize, name: &str, why: String) {
        self.notices.push(Notice { line: Some(line), name: name.to_owned(), why, severity });
    }
}

/// The card family that a driver of OpenSC is for.
fn family(driver: &str) -> Option<&'static str> {
    let wanted = match driver {
        "default" => "PKCS#15",
        "PIV-II" => "PIV",
        other => other,
    };
    DRIVERS.into_iter().find(|known| known.eq_ignore_ascii_case(wanted))
}

/// Why nothing becomes of a word that OpenSC does not know either.
const UNKNOWN: &str = "unknown";

/// Refuses an unknown kind of block that is near one of `known`: it would be ignored without a word.
fn refuse_near_miss<'k>(
    block: &Block,
    parent: &Block,
    known: impl IntoIterator<Item = &'k str>,
) -> Result<(), Fault> {
    if meaning::kinds().any(|kind| block.is(kind, None)) {
        return Ok(());
    }
    let Some(near) = nearest(&block.kind, known) else { return Ok(()) };
    Err(unknown("block", block.line, &block.kind, parent, near))
}

/// Refuses an unknown setting whose name is near a known one, or has a known one and `=` in one word.
fn refuse_misspelling(setting: &Setting, block: &Block, context: Context) -> Result<(), Fault> {
    let (name, value) = match setting.name.split_once('=') {
        Some((name, "")) => (name, setting.values.first().map(String::as_str)),
        Some((name, value)) => (name, Some(value)),
        None => (setting.name.as_str(), None),
    };
    let Some(near) = nearest(name, meaning::names(context)) else { return Ok(()) };
    let near = match value {
        Some(value) => format!("{near} = {value}"),
        None => near,
    };
    Err(unknown("setting", setting.line, &setting.name, block, near))
}

fn unknown(kind: &'static str, line: usize, name: &str, place: &Block, near: String) -> Fault {
    let (name, section) = (name.to_owned(), place.title());
    (line, Box::new(Problem::Unknown { kind, name, section, nearest: Some(near) }))
}

/// `framework pkcs15: pin_cache_counter`.
fn path(block: &Block, context: Context, setting: &Setting) -> String {
    match context {
        Context::App => setting.name.clone(),
        _ => format!("{}: {}", block.title(), setting.name),
    }
}

fn is_list(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::IgnoredReaders | Meaning::Drivers | Meaning::AfterLogin)
}

/// What OpenSC's build leaves where nothing was configured: `@NAME@`. OpenSC takes it for not set.
fn is_placeholder(value: &str) -> bool {
    value.len() > 1 && value.starts_with('@') && value.ends_with('@')
}

fn first(setting: &Setting) -> &str {
    setting.values.first().map_or("", String::as_str)
}

/// A number as C reads it: decimal, `0x` hexadecimal, `0` octal.
fn number(setting: &Setting, range: RangeInclusive<u32>) -> Result<u32, Fault> {
    let text = first(setting);
    let parsed = match (text.strip_prefix("0x").or(text.strip_prefix("0X")), text.strip_prefix('0')) {
        (Some(digits), _) => u32::from_str_radix(digits, 16),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8),
        _ => text.parse(),
    };
    let number = parsed.ok().filter(|number| range.contains(number));
    number.ok_or_else(|| match range.end() {
        &u32::MAX => fault(setting, &format!("a number from {}", range.start())),
        end => fault(setting, &format!("a number from {} to {end}", range.start())),
    })
}

/// True for what begins with t or y. OpenSC takes anything else for false, `1` and `on` too: here that is a fault.
fn boolean(setting: &Setting) -> Result<bool, Fault> {
    match first(setting).chars().next().map(|first| first.to_ascii_lowercase()) {
        Some('t' | 'y') => Ok(true),
        Some('f' | 'n') => Ok(false),
        _ => Err(fault(setting, "true or false")),
    }
}

fn fault(setting: &Setting, expected: &str) -> Fault {
    let actual = format!("{:?}", first(setting));
    let problem = Problem::Value { name: setting.name.clone(), expected: expected.to_owned(), actual };
    (setting.line, Box::new(problem))
}
