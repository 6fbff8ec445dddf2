//! Which file is taken.

use std::fs;
use std::path::{Path, PathBuf};

use p11ctl::config::{Config, ConfigError, Surroundings, load_in};
use tempfile::TempDir;

/// A folder with configuration files that are told apart by `num_slots`.
struct Machine {
    folder: TempDir,
    surroundings: Surroundings,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let surroundings = Surroundings {
            opensc_conf: None,
            config_home: Some(at("xdg")),
            home: Some(at("home")),
            system: vec![at("etc/p11ctl/opensc.conf"), at("etc/opensc/opensc.conf")],
        };
        Self { folder, surroundings }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn num_slots(&self, explicit: Option<&Path>) -> u32 {
        load_in(explicit, &self.surroundings).unwrap().config.pkcs11.num_slots
    }
}

#[test]
fn load_without_files_gives_the_built_in_defaults() {
    let machine = Machine::new();
    let loaded = load_in(None, &machine.surroundings).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.notices.is_empty());
}

#[test]
fn load_takes_the_first_file_in_order() {
    let mut machine = Machine::new();
    machine.write("etc/opensc/opensc.conf", "app default { pkcs11 { slots_per_card = 1; } }");
    assert_eq!(machine.num_slots(None), 1);
    machine.write("etc/p11ctl/opensc.conf", "[pkcs11]\nnum_slots = 2");
    assert_eq!(machine.num_slots(None), 2);
    let own = machine.write("xdg/p11ctl/opensc.conf", "[pkcs11]\nnum_slots = 3");
    assert_eq!(machine.num_slots(None), 3);
    assert_eq!(load_in(None, &machine.surroundings).unwrap().config.origin, Some(own));
    machine.surroundings.opensc_conf = Some(machine.write("env.conf", "[pkcs11]\nnum_slots = 5"));
    assert_eq!(machine.num_slots(None), 5);
    let explicit = machine.write("explicit.conf", "[pkcs11]\nnum_slots = 6");
    assert_eq!(machine.num_slots(Some(&explicit)), 6);
}

#[test]
fn load_without_xdg_folder_looks_below_home() {
    let mut machine = Machine::new();
    machine.surroundings.config_home = None;
    machine.write("home/.config/p11ctl/opensc.conf", "[pkcs11]\nnum_slots = 7");
    assert_eq!(machine.num_slots(None), 7);
    machine.surroundings.home = None;
    assert_eq!(machine.num_slots(None), 4);
}

#[test]
fn load_file_that_is_named_must_be_there() {
    let mut machine = Machine::new();
    let missing = machine.at("missing.conf");
    let explicit = load_in(Some(&missing), &machine.surroundings).unwrap_err();
    assert!(matches!(&explicit, ConfigError::Unreadable { path, .. } if *path == missing));
    assert_eq!(explicit.to_string(), format!("configuration file {} cannot be read", missing.display()));
    machine.surroundings.opensc_conf = Some(missing);
    assert!(matches!(load_in(None, &machine.surroundings), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn load_file_that_is_there_but_wrong_is_not_skipped() {
    let machine = Machine::new();
    machine.write("etc/p11ctl/opensc.conf", "[pkcs11]\nnum_slots = 2");
    machine.write("xdg/p11ctl/opensc.conf", "[pkcs11]\nnum_slots = 0");
    assert!(matches!(load_in(None, &machine.surroundings), Err(ConfigError::Line { line: 2, .. })));
    let folder = machine.at("etc");
    assert!(matches!(load_in(Some(&folder), &machine.surroundings), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn load_relative_paths_count_from_the_folder_of_the_file() {
    let machine = Machine::new();
    machine.write("xdg/p11ctl/opensc.conf", "[[software_reader]]\nname = \"R\"\ncard = \"card.p11card\"");
    let config = load_in(None, &machine.surroundings).unwrap().config;
    assert_eq!(config.software_readers[0].card, Some(machine.at("xdg/p11ctl/card.p11card")));
}

#[test]
fn load_file_of_another_character_set_is_refused_as_toml_and_read_as_opensc() {
    let machine = Machine::new();
    let latin_1 = |text: &str| text.chars().map(|character| character as u8).collect::<Vec<u8>>();
    let path = machine.at("latin1.conf");
    fs::write(&path, latin_1("# Ü\n[readers]\nignored = [\"Ü\"]")).unwrap();
    let refused = load_in(Some(&path), &machine.surroundings).unwrap_err().to_string();
    assert_eq!(refused, format!("{}:1: not UTF-8 text", path.display()));
    fs::write(&path, latin_1("app default {\n# Ü\npkcs11 { slots_per_card = 2; } }")).unwrap();
    let loaded = load_in(Some(&path), &machine.surroundings).unwrap();
    assert_eq!(loaded.config.pkcs11.num_slots, 2);
    assert!(loaded.notices.iter().any(|notice| notice.line == Some(2) && notice.name == "text"));
}

#[test]
fn load_huge_file_is_refused() {
    let machine = Machine::new();
    let path = machine.write("huge.conf", &"#".repeat((1 << 20) + 1));
    assert!(matches!(
        load_in(Some(&path), &machine.surroundings),
        Err(ConfigError::TooLarge { limit: 1_048_576, .. })
    ));
    let path = machine.write("large.conf", &"#".repeat(1 << 20));
    assert!(load_in(Some(&path), &machine.surroundings).is_ok());
}
