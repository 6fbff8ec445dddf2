//! A configuration as TOML that parses back to the same configuration.

use std::path::Path;

use super::toml_file::{AFTER_LOGIN, ALL, LOG_LEVELS};
use super::{
    ApplicationConfig, CacheConfig, CardAtr, Config, DriversConfig, LogConfig, ObjectSelection, PinSelection,
    Pkcs11Config, Pkcs11Overrides, ReadersConfig, SoftwareReaderConfig, card_atr,
};

impl Config {
    /// The whole effective configuration as TOML: every setting with its value, paths absolute.
    pub fn to_toml(&self) -> String {
        let Self {
            pkcs11,
            readers,
            software_readers,
            cache,
            drivers,
            card_atrs,
            log,
            applications,
            origin: _,
        } = self;
        let mut out = Document::default();
        out.section("[pkcs11]");
        out.overrides(&all(pkcs11));
        out.readers(readers);
        for SoftwareReaderConfig { name, card } in software_readers {
            out.section("[[software_reader]]");
            out.setting("name", text(name));
            out.path("card", card.as_deref());
        }
        let CacheConfig { enabled, directory } = cache;
        out.section("[cache]");
        out.setting("enabled", enabled);
        out.path("directory", directory.as_deref());
        let DriversConfig { only } = drivers;
        out.section("[drivers]");
        out.setting("only", list_or_all(only.as_deref()));
        for CardAtr { atr, mask, drivers } in card_atrs {
            out.section("[[card_atr]]");
            out.setting("atr", text(&card_atr::text(atr)));
            if let Some(mask) = mask {
                out.setting("mask", text(&card_atr::text(mask)));
            }
            out.setting("drivers", list(drivers));
        }
        let LogConfig { level, file } = log;
        out.section("[log]");
        out.setting("level", text(word(&LOG_LEVELS, level)));
        out.path("file", file.as_deref());
        for (program, ApplicationConfig { pkcs11, readers }) in applications {
            out.section(&format!("[application.{}]", text(program)));
            if let Some(readers) = readers {
                out.setting("readers", list_or_all(readers.as_deref()));
            }
            out.overrides(pkcs11);
        }
        out.0
    }
}

#[derive(Default)]
struct Document(String);

impl Document {
    fn section(&mut self, header: &str) {
        let gap = if self.0.is_empty() { "" } else { "\n" };
        self.0.push_str(&format!("{gap}{header}\n"));
    }

    fn setting(&mut self, name: &str, value: impl std::fmt::Display) {
        self.0.push_str(&format!("{name} = {value}\n"));
    }

    fn path(&mut self, name: &str, path: Option<&Path>) {
        if let Some(path) = path {
            self.setting(name, text(&path.to_string_lossy()));
        }
    }

    fn readers(&mut self, readers: &ReadersConfig) {
        let ReadersConfig { pcsc, only, ignored, exclusive, busy_timeout, after_login, own_threads: _ } =
            readers;
        self.section("[readers]");
        self.setting("pcsc", pcsc);
        self.setting("only", list_or_all(only.as_deref()));
        self.setting("ignored", list(ignored));
        self.setting("exclusive", exclusive);
        self.setting("busy_timeout", busy_timeout);
        self.setting("after_login", text(word(&AFTER_LOGIN, after_login)));
    }

    fn overrides(&mut self, overrides: &Pkcs11Overrides) {
        let Pkcs11Overrides {
            num_slots,
            max_virtual_slots,
            hide_empty_tokens,
            create_slots_for_pins,
            visible_objects,
            read_only,
            pin_cache,
        } = overrides;
        if let Some(value) = num_slots {
            self.setting("num_slots", value);
        }
        if let Some(value) = max_virtual_slots {
            self.setting("max_virtual_slots", value);
        }
        if let Some(value) = hide_empty_tokens {
            self.setting("hide_empty_tokens", value);
        }
        match create_slots_for_pins {
            Some(PinSelection::All) => self.setting("create_slots_for_pins", text(ALL)),
            Some(PinSelection::Only(names)) => self.setting("create_slots_for_pins", list(names)),
            None => {}
        }
        match visible_objects {
            Some(ObjectSelection::All) => self.setting("visible_objects", text(ALL)),
            Some(ObjectSelection::Only(names)) => self.setting("visible_objects", list(names)),
            None => {}
        }
        if let Some(value) = read_only {
            self.setting("read_only", value);
        }
        if let Some(value) = pin_cache {
            self.setting("pin_cache", value);
        }
    }
}

/// Overrides that set everything.
fn all(config: &Pkcs11Config) -> Pkcs11Overrides {
    let Pkcs11Config {
        num_slots,
        max_virtual_slots,
        hide_empty_tokens,
        create_slots_for_pins,
        visible_objects,
        read_only,
        pin_cache,
    } = config;
    Pkcs11Overrides {
        num_slots: Some(*num_slots),
        max_virtual_slots: Some(*max_virtual_slots),
        hide_empty_tokens: Some(*hide_empty_tokens),
        create_slots_for_pins: Some(create_slots_for_pins.clone()),
        visible_objects: Some(visible_objects.clone()),
        read_only: Some(*read_only),
        pin_cache: Some(*pin_cache),
    }
}

/// How a setting of a few words says this.
fn word<T: PartialEq>(words: &[(&'static str, T)], meaning: &T) -> &'static str {
    words.iter().find(|(_, known)| known == meaning).map_or("", |(word, _)| word)
}

fn list_or_all(values: Option<&[String]>) -> String {
    values.map_or_else(|| text(ALL), list)
}

fn text(value: &str) -> String {
    toml::Value::from(value).to_string()
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| text(value)).collect();
    format!("[{}]", values.join(", "))
}
