//! The TOML grammar: values, faults, suggestions.

use std::path::{Path, PathBuf};

use crate::{read, refusal};
use p11ctl::config::{AfterLogin, Config, LogLevel, PinSelection, SoftwareReaderConfig};

fn config(text: &str) -> Config {
    read(text).config
}

#[test]
fn settings_of_all_sections_are_read() {
    let config = config(
        r#"
        drivers.only = ["MyEID"]
        [pkcs11]
        num_slots = 0x10
        max_virtual_slots = 0
        hide_empty_tokens = true
        create_slots_for_pins = ["PIN 1", "02"]
        [readers]
        pcsc = false
        ignored = ["SPR 532"]
        exclusive = true
        busy_timeout = 30
        after_login = "reset"
        [cache]
        enabled = false
        directory = "/var/cache/p11ctl"
        [log]
        level = "debug"
        file = "module.log"
        "#,
    );
    assert_eq!((config.pkcs11.num_slots, config.pkcs11.max_virtual_slots), (16, 0));
    assert!(config.pkcs11.hide_empty_tokens);
    assert_eq!(config.pkcs11.create_slots_for_pins, PinSelection::Only(vec!["PIN 1".into(), "02".into()]));
    assert_eq!(
        (config.readers.pcsc, config.readers.exclusive, config.readers.busy_timeout),
        (false, true, 30)
    );
    assert_eq!(config.readers.ignored, ["SPR 532"]);
    assert_eq!(config.readers.after_login, AfterLogin::Reset);
    assert_eq!(config.log.level, LogLevel::Debug);
    assert_eq!(config.log.file.as_deref(), Some(Path::new("/etc/x/module.log")));
    assert!(!config.cache.enabled);
    assert_eq!(config.cache.directory.as_deref(), Some(Path::new("/var/cache/p11ctl")));
    assert_eq!(config.drivers.only, Some(vec!["MyEID".to_owned()]));
    assert_eq!(config.origin.as_deref(), Some(Path::new("/etc/x/opensc.conf")));
}

#[test]
fn empty_file_is_the_default() {
    for text in ["", "\n\n", "# nothing", "\u{FEFF}# nothing\n"] {
        let expected = Config { origin: Some("/etc/x/opensc.conf".into()), ..Config::default() };
        assert_eq!(config(text), expected, "{text:?}");
    }
}

#[test]
fn paths_count_from_the_folder_of_the_file_or_from_home() {
    for (written, resolved) in [
        ("a.p11card", "/etc/x/a.p11card"),
        ("cards/a.p11card", "/etc/x/cards/a.p11card"),
        ("/cards/a.p11card", "/cards/a.p11card"),
        ("~/a.p11card", "/home/user/a.p11card"),
        ("~", "/home/user"),
    ] {
        let config = config(&format!("[[software_reader]]\nname = \"R\"\ncard = {written:?}"));
        let expected = SoftwareReaderConfig { name: "R".into(), card: Some(PathBuf::from(resolved)) };
        assert_eq!(config.software_readers, [expected]);
    }
}

#[test]
fn software_reader_without_card_is_empty() {
    let config =
        config("[[software_reader]]\nname = \"A\"\n[[software_reader]]\nname = \"B\"\ncard = \"/b\"");
    let cards: Vec<_> =
        config.software_readers.iter().map(|reader| (reader.name.as_str(), &reader.card)).collect();
    assert_eq!(cards, [("A", &None), ("B", &Some(PathBuf::from("/b")))]);
}

#[test]
fn card_atr_names_the_drivers_of_a_card() {
    let config = config("[[card_atr]]\natr = \"3B F0\"\nmask = \"ff:0f\"\ndrivers = [\"piv\", \"OpenPGP\"]");
    let [bound] = config.card_atrs.as_slice() else { panic!("{config:?}") };
    assert_eq!((bound.atr.as_slice(), bound.mask.as_deref()), (&[0x3B, 0xF0][..], Some(&[0xFF, 0x0F][..])));
    assert_eq!(bound.drivers, ["piv", "OpenPGP"]);
    assert!(bound.fits(&[0x3B, 0x10]) && !bound.fits(&[0x3B, 0x11]));
}

#[test]
fn application_settings_hold_for_a_program_by_name_and_by_path() {
    let config = config(
        r##"
        [pkcs11]
        num_slots = 3
        hide_empty_tokens = true
        [application.firefox]
        num_slots = 1
        create_slots_for_pins = ["#1"]
        [application."/opt/firefox"]
        num_slots = 2
        "##,
    );
    let firefox = config.clone().for_program(Path::new("/usr/bin/firefox")).pkcs11;
    assert_eq!((firefox.num_slots, firefox.hide_empty_tokens), (1, true));
    assert_eq!(firefox.create_slots_for_pins, PinSelection::Only(vec!["#1".into()]));
    let special = config.clone().for_program(Path::new("/opt/firefox")).pkcs11;
    assert_eq!(
        (special.num_slots, special.create_slots_for_pins),
        (2, PinSelection::Only(vec!["#1".into()]))
    );
    assert_eq!(config.clone().for_program(Path::new("ssh")), config);
}

#[test]
fn unknown_names_are_refused_with_line_and_suggestion() {
    for (text, expected) in [
        (
            "[pkcs11]\n\nnum_slot = 4",
            "3: unknown setting \"num_slot\" in [pkcs11], did you mean \"num_slots\"?",
        ),
        (
            "[pkcs11]\nnum-slots = 4",
            "2: unknown setting \"num-slots\" in [pkcs11], did you mean \"num_slots\"?",
        ),
        ("[readers]\nlock_login = true", "2: unknown setting \"lock_login\" in [readers]"),
        ("[pkcs15]\nx = 1", "1: unknown section \"pkcs15\", did you mean \"pkcs11\"?"),
        (
            "\n[[software_readers]]\nname = \"x\"",
            "2: unknown section \"software_readers\", did you mean \"software_reader\"?",
        ),
        ("num_slots = 4", "1: unknown setting \"num_slots\", did you mean \"pkcs11.num_slots\"?"),
        ("xyzzy = 4", "1: unknown setting \"xyzzy\""),
        ("[application.x]\nignored = []", "2: unknown setting \"ignored\" in [application.x]"),
        (
            "[[card_atr]]\natr = \"3B00\"\ndrivers = [\"PIF\"]",
            "3: unknown driver \"PIF\" in [[card_atr]], did you mean \"PIV\"?",
        ),
        (
            "[[software_reader]]\nname = \"A\"\nfile = \"x\"",
            "3: unknown setting \"file\" in [[software_reader]]",
        ),
        (
            "[drivers]\n\nonly = [\"myeidd\"]",
            "3: unknown driver \"myeidd\" in [drivers], did you mean \"MyEID\"?",
        ),
        // The first in the file, not in the alphabet.
        ("[pkcs11]\nzzz = 1\naaa = 1", "2: unknown setting \"zzz\" in [pkcs11]"),
    ] {
        assert_eq!(refusal(text), format!("/etc/x/opensc.conf:{expected}"));
    }
}

#[test]
fn bad_values_are_refused_with_line_and_what_is_expected() {
    for (text, expected) in [
        ("[pkcs11]\nnum_slots = 0", "2: num_slots must be a number from 1 to 256, not 0"),
        ("[pkcs11]\nnum_slots = 257", "2: num_slots must be a number from 1 to 256, not 257"),
        ("[pkcs11]\nnum_slots = -1", "2: num_slots must be a number from 1 to 256, not -1"),
        ("[pkcs11]\nnum_slots = 4.0", "2: num_slots must be a number from 1 to 256, not 4.0"),
        ("[pkcs11]\nnum_slots = \"4\"", "2: num_slots must be a number from 1 to 256, not \"4\""),
        (
            "[pkcs11]\nmax_virtual_slots = 4294967296",
            "2: max_virtual_slots must be a number from 0, not 4294967296",
        ),
        ("[pkcs11]\nhide_empty_tokens = 1", "2: hide_empty_tokens must be true or false, not 1"),
        (
            "[pkcs11]\ncreate_slots_for_pins = \"user\"",
            "2: create_slots_for_pins must be \"all\" or a list of names: [\"one\", \"two\"], not \"user\"",
        ),
        ("[readers]\nignored = [\"\"]", "2: ignored must be a list of names: [\"one\", \"two\"], not [\"\"]"),
        (
            "[readers]\nafter_login = \"log out\"",
            "2: after_login must be \"deauthenticate\" or \"reset\" or \"leave\", not \"log out\"",
        ),
        ("[readers]\nbusy_timeout = 3601", "2: busy_timeout must be a number from 0 to 3600, not 3601"),
        ("pkcs11 = 4", "1: pkcs11 must be a section [pkcs11], not 4"),
        ("[[pkcs11]]\nnum_slots = 4", "1: pkcs11 must be a section [pkcs11], not [[pkcs11]]"),
        (
            "[software_reader]\nname = \"x\"",
            "1: software_reader must be sections [[software_reader]], not [software_reader]",
        ),
        ("application = 1", "1: application must be a section [application.PROGRAM], not 1"),
        (
            "[application]\nnum_slots = 1",
            "2: application.num_slots must be a section [application.num_slots], not 1",
        ),
        ("[[software_reader]]\ncard = \"x\"", "1: [[software_reader]] lacks name"),
        ("[[card_atr]]\ndrivers = [\"PIV\"]", "1: [[card_atr]] lacks atr"),
        ("[[card_atr]]\natr = \"3B00\"", "1: [[card_atr]] lacks drivers"),
        (
            "[[card_atr]]\natr = \"3B0\"\ndrivers = [\"PIV\"]",
            "2: atr must be bytes such as \"3B:F0:36:02\", not \"3B0\"",
        ),
        (
            "[[card_atr]]\natr = \"3B:00\"\nmask = \"FF\"\ndrivers = [\"PIV\"]",
            "3: mask must be 2 bytes, as atr, not \"FF\"",
        ),
        ("[[software_reader]]\nname = \" \"", "2: name must be the name of the reader in quotes, not \" \""),
        (
            "[[software_reader]]\nname = \"A\"\n[[software_reader]]\nname = \"A\"",
            "4: a second software reader is called \"A\"",
        ),
        (
            "[cache]\ndirectory = \"~other/x\"",
            "2: \"~other/x\" cannot be resolved: only ~ and ~/ are known, and only with HOME set",
        ),
    ] {
        assert_eq!(refusal(text), format!("/etc/x/opensc.conf:{expected}"));
    }
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    for (text, line) in [
        ("[pkcs11]\nnum_slots 4", 2),
        ("[pkcs11]\nnum_slots = 4\nnum_slots = 5", 3),
        ("[pkcs11]\n[pkcs11]\n", 2),
        ("[pkcs11\n", 1),
        ("\n\nx = \"\n", 3),
        ("[readers]\nignored = [\n", 2),
    ] {
        let refusal = refusal(text);
        assert!(refusal.starts_with(&format!("/etc/x/opensc.conf:{line}: ")), "{text:?}: {refusal}");
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}

#[test]
fn drivers_that_can_be_named_are_those_of_the_registry() {
    let registered: Vec<&str> = p11ctl::card::registry::DRIVERS.iter().map(|row| row.name).collect();
    assert_eq!(registered, p11ctl::config::DRIVERS);
}
