//! `opensc.conf` as TOML: every setting by name and type, every fault with its line.

use std::collections::{BTreeMap, HashSet};
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, nearest};
use super::load::{Fault, Located};
use super::{
    AfterLogin, ApplicationConfig, BUSY_TIMEOUT, CacheConfig, CardAtr, Config, DRIVERS, DriversConfig,
    LogConfig, LogLevel, NUM_SLOTS, ObjectSelection, PinSelection, Pkcs11Config, Pkcs11Overrides,
    ReadersConfig, SoftwareReaderConfig, card_atr,
};

/// The sections and their settings. `application` holds a section for each program.
pub(super) const SECTIONS: [(&str, &[&str]); 8] = [
    ("pkcs11", PKCS11),
    ("readers", &["pcsc", "only", "ignored", "exclusive", "busy_timeout", "after_login"]),
    ("software_reader", &["name", "card"]),
    ("cache", &["enabled", "directory"]),
    ("drivers", &["only"]),
    ("log", &["level", "file"]),
    ("card_atr", &["atr", "mask", "drivers"]),
    ("application", APPLICATION),
];

const PKCS11: &[&str] = &[
    "num_slots",
    "max_virtual_slots",
    "hide_empty_tokens",
    "create_slots_for_pins",
    "visible_objects",
    "read_only",
    "pin_cache",
];

/// Those of `[pkcs11]`, and its own.
const APPLICATION: &[&str] = &[
    "readers",
    "num_slots",
    "max_virtual_slots",
    "hide_empty_tokens",
    "create_slots_for_pins",
    "visible_objects",
    "read_only",
    "pin_cache",
];

/// Sections that can stand there several times: `[[NAME]]`.
const REPEATED: [&str; 2] = ["software_reader", "card_atr"];

/// How `visible_objects` names classes.
pub(super) const OBJECT_CLASSES: [&str; 5] =
    ["certificate", "public-key", "private-key", "secret-key", "data"];

/// The words of `after_login`.
pub(super) const AFTER_LOGIN: [(&str, AfterLogin); 3] = [
    ("deauthenticate", AfterLogin::Deauthenticate),
    ("reset", AfterLogin::Reset),
    ("leave", AfterLogin::Leave),
];

/// The words of `level`.
pub(super) const LOG_LEVELS: [(&str, LogLevel); 4] = [
    ("off", LogLevel::Off),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

/// The word for all, where a list of names could stand.
pub(super) const ALL: &str = "all";

/// Reads a whole file.
pub(super) fn read(text: &str, located: &Located<'_>) -> Result<Config, Fault> {
    let document = Document { text, located };
    let root = DeTable::parse(text).map_err(|error| {
        let message = error.message().trim().replace('\n', ", ");
        document.fault(&error.span().unwrap_or(0..0), Problem::Toml(message))
    })?;
    document.check_sections(root.get_ref())?;
    let mut config = Config::default();
    for (name, value) in root.get_ref() {
        match name.get_ref().as_ref() {
            "pkcs11" => config.pkcs11 = pkcs11(&document.section(name.get_ref(), value)?)?,
            "readers" => config.readers = readers(&document.section(name.get_ref(), value)?)?,
            "cache" => config.cache = cache(&document.section(name.get_ref(), value)?)?,
            "drivers" => config.drivers = drivers(&document.section(name.get_ref(), value)?)?,
            "log" => config.log = log(&document.section(name.get_ref(), value)?)?,
            "card_atr" => config.card_atrs = document.card_atrs(value)?,
            "application" => config.applications = document.applications(value)?,
            _ => config.software_readers = document.software_readers(value)?,
        }
    }
    Ok(config)
}

fn pkcs11(section: &Section<'_, '_>) -> Result<Pkcs11Config, Fault> {
    let mut config = Pkcs11Config::default();
    overrides(section)?.apply(&mut config);
    Ok(config)
}

fn overrides(section: &Section<'_, '_>) -> Result<Pkcs11Overrides, Fault> {
    Ok(Pkcs11Overrides {
        num_slots: section.number("num_slots", NUM_SLOTS)?,
        max_virtual_slots: section.number("max_virtual_slots", 0..=u32::MAX)?,
        hide_empty_tokens: section.boolean("hide_empty_tokens")?,
        create_slots_for_pins: section.names_or_all("create_slots_for_pins")?.map(|names| match names {
            Some(names) => PinSelection::Only(names),
            None => PinSelection::All,
        }),
        visible_objects: visible_objects(section)?,
        read_only: section.boolean("read_only")?,
        pin_cache: section.boolean("pin_cache")?,
    })
}

fn visible_objects(section: &Section<'_, '_>) -> Result<Option<ObjectSelection>, Fault> {
    const NAME: &str = "visible_objects";
    let Some(names) = section.names_or_all(NAME)? else { return Ok(None) };
    let Some(names) = names else { return Ok(Some(ObjectSelection::All)) };
    let is_known = |name: &String| match name.split_once(':') {
        Some(("label", text)) => !text.is_empty(),
        Some(("id", digits)) => crate::codec::hex::decode(digits).is_ok_and(|id| !id.is_empty()),
        Some(_) => false,
        None => OBJECT_CLASSES.contains(&name.as_str()),
    };
    match (names.iter().all(is_known), section.table.get(NAME)) {
        (false, Some(value)) => {
            let classes = OBJECT_CLASSES.join(", ");
            let expected = format!("\"all\" or a list of {classes}, label:TEXT, id:HEX");
            Err(section.document.value_fault(NAME, value, expected))
        }
        _ => Ok(Some(ObjectSelection::Only(names))),
    }
}

fn readers(section: &Section<'_, '_>) -> Result<ReadersConfig, Fault> {
    let default = ReadersConfig::default();
    Ok(ReadersConfig {
        pcsc: section.boolean("pcsc")?.unwrap_or(default.pcsc),
        only: section.names_or_all("only")?.unwrap_or(default.only),
        ignored: section.names("ignored")?.unwrap_or(default.ignored),
        exclusive: section.boolean("exclusive")?.unwrap_or(default.exclusive),
        busy_timeout: section.number("busy_timeout", BUSY_TIMEOUT)?.unwrap_or(default.busy_timeout),
        after_login: section.word("after_login", &AFTER_LOGIN)?.unwrap_or(default.after_login),
        own_threads: default.own_threads,
    })
}

fn cache(section: &Section<'_, '_>) -> Result<CacheConfig, Fault> {
    let default = CacheConfig::default();
    Ok(CacheConfig {
        enabled: section.boolean("enabled")?.unwrap_or(default.enabled),
        directory: section.path("directory")?.or(default.directory),
    })
}

fn log(section: &Section<'_, '_>) -> Result<LogConfig, Fault> {
    let default = LogConfig::default();
    Ok(LogConfig {
        level: section.word("level", &LOG_LEVELS)?.unwrap_or(default.level),
        file: section.path("file")?.or(default.file),
    })
}

fn drivers(section: &Section<'_, '_>) -> Result<DriversConfig, Fault> {
    let only = section.names_or_all("only")?.flatten();
    section.check_drivers("only", only.as_deref().unwrap_or_default())?;
    Ok(DriversConfig { only })
}

fn bound_card(section: &Section<'_, '_>) -> Result<CardAtr, Fault> {
    let atr = section.required(section.atr("atr")?, "atr")?;
    let drivers = section.required(section.names("drivers")?, "drivers")?;
    section.check_drivers("drivers", &drivers)?;
    let mask = section.atr("mask")?;
    if let (Some(mask), Some(value)) = (&mask, section.table.get("mask"))
        && mask.len() != atr.len()
    {
        return Err(section.document.value_fault("mask", value, format!("{} bytes, as atr", atr.len())));
    }
    Ok(CardAtr { atr, mask, drivers })
}

/// The text of a file, to find the lines of faults.
struct Document<'d> {
    text: &'d str,
    located: &'d Located<'d>,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl<'d> Document<'d> {
    fn fault(&self, span: &Range<usize>, problem: Problem) -> Fault {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        (before.iter().filter(|byte| **byte == b'\n').count() + 1, Box::new(problem))
    }

    /// What stands in the file at `span`, shortened.
    fn written(&self, span: &Range<usize>) -> String {
        const MAX: usize = 60;
        let written = self.text.get(span.clone()).unwrap_or_default().trim();
        match written.char_indices().nth(MAX) {
            Some((end, _)) => format!("{}…", written.get(..end).unwrap_or_default()),
            None => written.to_owned(),
        }
    }

    fn value_fault(&self, name: &str, value: &Value<'_>, expected: impl Into<String>) -> Fault {
        let actual = self.written(&value.span());
        self.fault(&value.span(), Problem::Value { name: name.to_owned(), expected: expected.into(), actual })
    }

    /// Finds the first name at the top that is no section.
    fn check_sections(&self, root: &DeTable<'_>) -> Result<(), Fault> {
        let unknown =
            root.iter().filter(|(name, _)| SECTIONS.iter().all(|(known, _)| known != name.get_ref()));
        let Some((name, value)) = unknown.min_by_key(|(name, _)| name.span().start) else { return Ok(()) };
        let is_section = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
        let in_section = |(section, settings): &(&str, &[&str])| {
            settings.contains(&name.get_ref().as_ref()).then(|| format!("{section}.{}", name.get_ref()))
        };
        let section = || nearest(name.get_ref(), SECTIONS.map(|(section, _)| section));
        let problem = Problem::Unknown {
            kind: if is_section { "section" } else { "setting" },
            name: name.get_ref().to_string(),
            section: String::new(),
            nearest: SECTIONS.iter().find_map(in_section).or_else(section),
        };
        Err(self.fault(&name.span(), problem))
    }

    fn section<'s, 'i>(&'s self, name: &str, value: &'s Value<'i>) -> Result<Section<'s, 'i>, Fault> {
        let settings =
            SECTIONS.iter().find(|(section, _)| *section == name.split('.').next().unwrap_or_default());
        let settings = settings.map_or(&[][..], |(_, settings)| settings);
        let display = if REPEATED.contains(&name) { format!("[[{name}]]") } else { format!("[{name}]") };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.value_fault(name, value, format!("a section {display}")));
        };
        let section = Section { document: self, name: display, span: value.span(), table };
        section.check_settings(settings)?;
        Ok(section)
    }

    fn applications(&self, value: &Value<'_>) -> Result<BTreeMap<String, ApplicationConfig>, Fault> {
        let DeValue::Table(programs) = value.get_ref() else {
            return Err(self.value_fault("application", value, "a section [application.PROGRAM]"));
        };
        let mut applications = BTreeMap::new();
        for (program, value) in programs {
            let section = self.section(&format!("application.{}", program.get_ref()), value)?;
            let application =
                ApplicationConfig { pkcs11: overrides(&section)?, readers: section.names_or_all("readers")? };
            applications.insert(program.get_ref().to_string(), application);
        }
        Ok(applications)
    }

    fn card_atrs(&self, value: &Value<'_>) -> Result<Vec<CardAtr>, Fault> {
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.value_fault("card_atr", value, "sections [[card_atr]]"));
        };
        entries.iter().map(|entry| bound_card(&self.section("card_atr", entry)?)).collect()
    }

    fn software_readers(&self, value: &Value<'_>) -> Result<Vec<SoftwareReaderConfig>, Fault> {
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(self.value_fault("software_reader", value, "sections [[software_reader]]"));
        };
        let mut names = HashSet::new();
        let mut readers = Vec::new();
        for entry in entries.iter() {
            let section = self.section("software_reader", entry)?;
            let name = section.required(section.text("name", "the name of the reader")?, "name")?;
            if !names.insert(name.clone()) {
                let span = section.table.get("name").map_or(section.span.clone(), Spanned::span);
                return Err(self.fault(&span, Problem::DuplicateReader(name)));
            }
            readers.push(SoftwareReaderConfig { name, card: section.path("card")? });
        }
        Ok(readers)
    }
}

/// One section: its settings by name. `None` for what it does not set.
struct Section<'s, 'i> {
    document: &'s Document<'s>,
    name: String,
    span: Range<usize>,
    table: &'s DeTable<'i>,
}

impl Section<'_, '_> {
    /// Finds the first setting that is none of this section.
    fn check_settings(&self, known: &[&str]) -> Result<(), Fault> {
        let unknown = self.table.keys().filter(|name| !known.contains(&name.get_ref().as_ref()));
        let Some(name) = unknown.min_by_key(|name| name.span().start) else { return Ok(()) };
        let problem = Problem::Unknown {
            kind: "setting",
            name: name.get_ref().to_string(),
            section: self.name.clone(),
            nearest: nearest(name.get_ref(), known.iter().copied()),
        };
        Err(self.document.fault(&name.span(), problem))
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        convert: impl Fn(&DeValue<'_>) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.table.get(name) else { return Ok(None) };
        let converted = convert(value.get_ref());
        converted.map(Some).ok_or_else(|| self.document.value_fault(name, value, expected))
    }

    fn number(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, Fault> {
        let expected = match range.end() {
            &u32::MAX => format!("a number from {}", range.start()),
            end => format!("a number from {} to {end}", range.start()),
        };
        self.read(name, &expected, |value| {
            let integer = value.as_integer()?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            range.contains(&number).then_some(number)
        })
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, Fault> {
        self.read(name, "true or false", |value| value.as_bool())
    }

    fn text(&self, name: &str, expected: &str) -> Result<Option<String>, Fault> {
        self.read(name, &format!("{expected} in quotes"), |value| {
            value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
        })
    }

    /// A setting without which the section means nothing.
    fn required<T>(&self, value: Option<T>, name: &'static str) -> Result<T, Fault> {
        value.ok_or_else(|| {
            let problem = Problem::Missing { section: self.name.clone(), name };
            self.document.fault(&self.span, problem)
        })
    }

    fn atr(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.read(name, "bytes such as \"3B:F0:36:02\"", |value| card_atr::bytes(value.as_str()?))
    }

    /// Finds the first name of a list that is no card family.
    fn check_drivers(&self, setting: &str, names: &[String]) -> Result<(), Fault> {
        let is_unknown = |name: &&String| DRIVERS.iter().all(|known| !known.eq_ignore_ascii_case(name));
        let Some(unknown) = names.iter().find(is_unknown) else { return Ok(()) };
        let problem = Problem::Unknown {
            kind: "driver",
            name: unknown.clone(),
            section: self.name.clone(),
            nearest: nearest(unknown, DRIVERS),
        };
        Err(self.document.fault(&self.table.get(setting).map_or(0..0, Spanned::span), problem))
    }

    fn names(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        self.read(name, "a list of names: [\"one\", \"two\"]", text_list)
    }

    fn names_or_all(&self, name: &str) -> Result<Option<Option<Vec<String>>>, Fault> {
        self.read(name, "\"all\" or a list of names: [\"one\", \"two\"]", |value| match value.as_str() {
            Some(ALL) => Some(None),
            Some(_) => None,
            None => text_list(value).map(Some),
        })
    }

    fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Fault> {
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        self.read(name, &quoted.join(" or "), |value| {
            let written = value.as_str()?;
            words.iter().find(|(word, _)| *word == written).map(|(_, meaning)| *meaning)
        })
    }

    fn path(&self, name: &str) -> Result<Option<std::path::PathBuf>, Fault> {
        let Some(written) = self.text(name, "a path")? else { return Ok(None) };
        let span = self.table.get(name).map_or(0..0, Spanned::span);
        let resolved = self.document.located.resolve(&written);
        resolved.map(Some).map_err(|problem| self.document.fault(&span, problem))
    }
}

/// A list of texts of which none is empty: an empty one would be part of every reader's name.
fn text_list(value: &DeValue<'_>) -> Option<Vec<String>> {
    let entry =
        |entry: &Value<'_>| entry.get_ref().as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    value.as_array()?.iter().map(entry).collect()
}
