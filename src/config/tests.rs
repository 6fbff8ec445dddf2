//! That `opensc.conf`, the names of the settings and what is shown of them never drift apart.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::toml_file::SECTIONS;
use super::*;

const SHIPPED: &str = include_str!("../../opensc.conf");

fn read(text: &str) -> Config {
    parse(text, Path::new("/folder/opensc.conf"), Some(Path::new("/home/user"))).unwrap().config
}

fn built_in() -> Config {
    Config { origin: Some(PathBuf::from("/folder/opensc.conf")), ..Config::default() }
}

/// The shipped file with the commented settings in force (`#name`), or the examples (`#   name`).
fn uncommented(mark: &str) -> String {
    let lines = SHIPPED.lines().filter_map(|line| line.strip_prefix(mark));
    lines.filter(|line| !line.starts_with(' ') && !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A configuration in which nothing is as the default.
pub(super) fn everything() -> Config {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let overrides = Pkcs11Overrides {
        num_slots: Some(1),
        max_virtual_slots: Some(2),
        hide_empty_tokens: Some(true),
        create_slots_for_pins: Some(PinSelection::All),
        visible_objects: Some(ObjectSelection::All),
        read_only: Some(true),
        pin_cache: Some(true),
    };
    let only_pins = Pkcs11Overrides {
        create_slots_for_pins: Some(PinSelection::Only(Vec::new())),
        ..Pkcs11Overrides::default()
    };
    Config {
        pkcs11: Pkcs11Config {
            num_slots: 256,
            max_virtual_slots: 0,
            hide_empty_tokens: true,
            create_slots_for_pins: PinSelection::Only(names(&["#2", "PIN \"x\"\n", "Ü\\"])),
            visible_objects: ObjectSelection::Only(names(&["certificate", "label:my key", "id:0aFF"])),
            read_only: true,
            pin_cache: true,
        },
        readers: ReadersConfig {
            pcsc: false,
            only: Some(names(&["Virtual"])),
            ignored: names(&["SPR 532", "'"]),
            exclusive: true,
            busy_timeout: 0,
            after_login: AfterLogin::Leave,
            own_threads: true,
        },
        software_readers: vec![
            SoftwareReaderConfig { name: "one".into(), card: Some("/cards/a b.p11card".into()) },
            SoftwareReaderConfig { name: "two".into(), card: None },
        ],
        cache: CacheConfig { enabled: false, directory: Some("/var/cache".into()) },
        drivers: DriversConfig { only: Some(names(&["MyEID"])) },
        log: LogConfig { level: LogLevel::Trace, file: Some("/var/log/module".into()) },
        card_atrs: vec![
            CardAtr { atr: vec![0x3B, 0xF0], mask: Some(vec![0xFF, 0x0F]), drivers: names(&["PIV"]) },
            CardAtr { atr: vec![0x3B, 0x00], mask: None, drivers: names(&["PIV", "OpenPGP"]) },
        ],
        applications: BTreeMap::from([
            (
                "firefox".into(),
                ApplicationConfig { pkcs11: overrides, readers: Some(Some(names(&["SPR 532"]))) },
            ),
            ("C:\\a.b\\\"c\".exe".into(), ApplicationConfig { pkcs11: only_pins, readers: Some(None) }),
        ]),
        origin: Some("/folder/opensc.conf".into()),
    }
}

#[test]
fn shipped_file_as_it_is_is_the_default() {
    assert_eq!(read(SHIPPED), built_in());
}

#[test]
fn shipped_file_with_its_settings_in_force_is_the_default() {
    let settings = uncommented("#");
    assert_eq!(settings.lines().filter(|line| line.contains('=')).count(), 16);
    assert_eq!(read(&settings), built_in());
}

#[test]
fn shipped_file_mentions_every_setting_with_its_default_or_an_example() {
    let mut mentioned = BTreeSet::new();
    for text in [uncommented("#"), uncommented("#   ")] {
        read(&text);
        mentioned.extend(names(&text.parse().unwrap()));
    }
    assert_eq!(mentioned, known());
}

#[test]
fn every_setting_is_known_and_shown() {
    let shown: toml::Table = everything().to_toml().parse().unwrap();
    assert_eq!(names(&shown), known());
}

#[test]
fn to_toml_parses_back_to_the_same() {
    for config in [everything(), built_in()] {
        assert_eq!(read(&config.to_toml()), config, "{}", config.to_toml());
    }
}

/// `section.setting` of every setting in a document.
fn names(document: &toml::Table) -> BTreeSet<String> {
    let tables = |section: &str, value: &toml::Value| match (section, value) {
        ("application", programs) => programs.as_table().unwrap().values().cloned().collect(),
        (_, toml::Value::Array(entries)) => entries.clone(),
        (_, table) => vec![table.clone()],
    };
    let mut names = BTreeSet::new();
    for (section, value) in document {
        for table in tables(section, value) {
            names.extend(table.as_table().unwrap().keys().map(|setting| format!("{section}.{setting}")));
        }
    }
    names
}

fn known() -> BTreeSet<String> {
    let settings = SECTIONS.iter().flat_map(|(section, names)| names.iter().map(move |name| (section, name)));
    settings.map(|(section, name)| format!("{section}.{name}")).collect()
}
