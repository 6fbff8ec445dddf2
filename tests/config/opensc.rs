//! OpenSC's grammar: what is taken over, what is named, what is refused.

use std::path::Path;

use crate::{read, refusal};
use p11ctl::config::{
    AfterLogin, ApplicationConfig, CardAtr, Loaded, LogLevel, PinSelection, Pkcs11Overrides, Severity,
};

/// Every construct and every kind of block that OpenSC's own example has, written for this test.
const EXAMPLE: &str = include_str!("example.conf");

/// The notices with a line, as `line name`.
fn noticed(loaded: &Loaded) -> Vec<String> {
    let with_line = loaded.notices.iter().filter_map(|notice| Some((notice.line?, notice.name.as_str())));
    with_line.map(|(line, name)| format!("{line} {name}")).collect()
}

fn pins(words: &[&str]) -> PinSelection {
    PinSelection::Only(words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn example_with_every_block_is_taken_over() {
    let config = read(EXAMPLE).config;
    assert_eq!((config.pkcs11.num_slots, config.pkcs11.max_virtual_slots), (2, 32));
    assert_eq!(config.pkcs11.create_slots_for_pins, pins(&["#1", "#2"]));
    assert!(config.pkcs11.hide_empty_tokens);
    assert_eq!(config.readers.ignored, ["Blue Reader 10", "Pad"]);
    assert!(config.readers.exclusive);
    assert_eq!(config.readers.after_login, AfterLogin::Reset);
    assert!(config.cache.enabled);
    assert_eq!(config.cache.directory.as_deref(), Some(Path::new("/var/lib/cards/cache")));
    assert_eq!(config.drivers.only, Some(vec!["MyEID".to_owned(), "PKCS#15".to_owned()]));
    let browser = Pkcs11Overrides { num_slots: Some(1), ..Pkcs11Overrides::default() };
    let browser = ApplicationConfig { pkcs11: browser, readers: None };
    let names: Vec<_> = config.applications.keys().map(String::as_str).collect();
    assert_eq!(names, ["C:\\Program Files\\Browser\\browser.exe"]);
    assert_eq!(config.applications["C:\\Program Files\\Browser\\browser.exe"], browser);
}

#[test]
fn example_names_everything_that_has_no_effect() {
    let loaded = read(EXAMPLE);
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let mut named: Vec<usize> = loaded.notices.iter().filter_map(|notice| notice.line).collect();
    named.dedup();
    let marked: Vec<usize> =
        (1..).zip(&lines).filter(|(_, line)| line.ends_with("# named")).map(|(line, _)| line).collect();
    assert_eq!(named, marked, "{:#?}", loaded.notices);
    let differing: Vec<_> = loaded.notices.iter().filter(|notice| notice.line.is_none()).collect();
    assert_eq!(differing.len(), 1, "{differing:?}");
}

#[test]
fn settings_are_mapped_one_by_one() {
    let default = read("app default {}").config;
    type Expected = fn(&mut p11ctl::config::Config);
    let rows: [(&str, Expected); 21] = [
        ("pkcs11 { slots_per_card = 7; }", |c| c.pkcs11.num_slots = 7),
        ("pkcs11 { num_slots = 0x7; }", |c| c.pkcs11.num_slots = 7),
        ("pkcs11 { Slots_Per_Card = 010; }", |c| c.pkcs11.num_slots = 8),
        ("pkcs11 { max_virtual_slots = 0; }", |c| c.pkcs11.max_virtual_slots = 0),
        ("pkcs11 { hide_empty_tokens = yes; }", |c| c.pkcs11.hide_empty_tokens = true),
        ("pkcs11 { create_slots_for_pins = \"user\" }", |c| c.pkcs11.create_slots_for_pins = pins(&["#1"])),
        ("pkcs11 { create_slots_for_pins = sign; }", |c| c.pkcs11.create_slots_for_pins = pins(&["#2"])),
        ("pkcs11 { create_slots_for_pins = \"user,all\"; }", |_| {}),
        ("pkcs11 { slots_per_card = @SLOTS@; }", |_| {}),
        ("pkcs11 { slots_per_card = 5, 6; slots_per_card = 7; }", |c| c.pkcs11.num_slots = 5),
        ("ignored_readers = a, \"b c\"; ignored_readers = d;", |c| {
            c.readers.ignored = vec!["a".into(), "b c".into(), "d".into()];
        }),
        ("card_drivers = old, internal;", |_| {}),
        ("reader_driver pcsc { disconnect_action = leave; }", |_| {}),
        ("reader_driver pcsc { disconnect_action = unpower; }", |c| {
            c.readers.after_login = AfterLogin::Reset
        }),
        ("debug = 1;", |c| c.log.level = LogLevel::Info),
        ("debug = 2;", |c| c.log.level = LogLevel::Debug),
        ("debug = 9;", |c| c.log.level = LogLevel::Trace),
        ("debug_file = stderr;", |_| {}),
        ("debug_file = log;", |c| c.log.file = Some("/etc/x/log".into())),
        ("framework pkcs15 { use_file_caching = no; }", |c| c.cache.enabled = false),
        ("framework pkcs15 { file_cache_dir = cache; }", |c| c.cache.directory = Some("/etc/x/cache".into())),
    ];
    for (text, change) in rows {
        let mut expected = default.clone();
        change(&mut expected);
        assert_eq!(read(&format!("app default {{ {text} }}")).config, expected, "{text}");
    }
}

#[test]
fn card_atr_binds_to_the_driver_of_the_same_cards_and_its_other_settings_are_named() {
    let loaded = read(
        "app default {
             card_atr 3b:f0:0d {
                 atrmask = \"ff:00:ff\";
                 driver = \"PIV-II\";
                 flags = \"rng\";
             }
             card_atr 3B00 { driver = default; }
             card_atr 3b:01 { driver = cardos; }
             card_atr 3b:02 { name = \"x\"; }
         }",
    );
    let bound = |atr: &[u8], mask: Option<&[u8]>, driver: &str| CardAtr {
        atr: atr.to_vec(),
        mask: mask.map(<[u8]>::to_vec),
        drivers: vec![driver.to_owned()],
    };
    assert_eq!(
        loaded.config.card_atrs,
        [bound(&[0x3B, 0xF0, 0x0D], Some(&[0xFF, 0x00, 0xFF]), "PIV"), bound(&[0x3B, 0x00], None, "PKCS#15")]
    );
    let expected = ["5 card_atr: flags", "8 card_atr 3b:01", "9 card_atr 3b:02"];
    assert_eq!(noticed(&loaded), expected);
    for (block, line) in
        [("card_atr 3b:f { driver = piv; }", 1), ("card_atr 3b:f0 {\n driver = myeid;\n atrmask = ff; }", 3)]
    {
        let refusal = refusal(&format!("app default {{ {block} }}"));
        assert!(refusal.starts_with(&format!("/etc/x/opensc.conf:{line}: ")), "{refusal}");
    }
}

#[test]
fn block_of_the_module_hides_the_same_block_of_default() {
    let loaded = read(
        "app default {
             pkcs11 { slots_per_card = 2; max_virtual_slots = 20; }
             framework pkcs15 { use_file_caching = no; }
         }
         app opensc-pkcs11 { pkcs11 { slots_per_card = 3; } }",
    );
    assert_eq!((loaded.config.pkcs11.num_slots, loaded.config.pkcs11.max_virtual_slots), (3, 8));
    assert!(!loaded.config.cache.enabled);
    assert_eq!(noticed(&loaded), ["2 pkcs11"]);
}

#[test]
fn only_the_first_block_of_a_name_counts() {
    let loaded = read(
        "app default { pkcs11 { slots_per_card = 2; } }\napp default { pkcs11 { slots_per_card = 3; } }",
    );
    assert_eq!(loaded.config.pkcs11.num_slots, 2);
    assert_eq!(noticed(&loaded), ["2 app default"]);
}

#[test]
fn near_misses_are_refused_with_line_and_right_name() {
    for (text, expected) in [
        (
            "app opensc-pkcs11 {\n pkcs11 {\n num_slot = 2; } }",
            "3: unknown setting \"num_slot\" in pkcs11, did you mean \"num_slots\"?",
        ),
        (
            "app default {\n pkcs11 {\n slot_per_card = 2; } }",
            "3: unknown setting \"slot_per_card\" in pkcs11, did you mean \"slots_per_card\"?",
        ),
        (
            "app default { framework pkcs15 {\n use_file_cachng = no; } }",
            "2: unknown setting \"use_file_cachng\" in framework pkcs15, did you mean \"use_file_caching\"?",
        ),
        (
            "app default {\n pkcs11 {\n num_slots=x; } }",
            "3: unknown setting \"num_slots=x\" in pkcs11, did you mean \"num_slots = x\"?",
        ),
        (
            "app default {\n pkcs11 {\n num_slots= 3; } }",
            "3: unknown setting \"num_slots=\" in pkcs11, did you mean \"num_slots = 3\"?",
        ),
        (
            "app default {\n ignored_reader = x; }",
            "2: unknown setting \"ignored_reader\" in app default, did you mean \"ignored_readers\"?",
        ),
        (
            "app default {\n framwork pkcs15 { } }",
            "2: unknown block \"framwork\" in app default, did you mean \"framework\"?",
        ),
        (
            "app program {\n pcks11 { } }",
            "2: unknown block \"pcks11\" in app program, did you mean \"pkcs11\"?",
        ),
        ("app default { }\nap program { }", "2: unknown block \"ap\", did you mean \"app\"?"),
    ] {
        assert_eq!(refusal(text), format!("/etc/x/opensc.conf:{expected}"), "{text}");
    }
}

#[test]
fn words_that_are_near_nothing_are_warnings_apart_from_remarks() {
    let loaded = read("app default {\n colour = red;\n paint { }\n profile_dir = x;\n pkcs11 {\n x = 1; } }");
    let warned = loaded.notices.iter().filter(|notice| notice.severity == Severity::Warning);
    let warned: Vec<_> =
        warned.map(|notice| (notice.line, notice.name.as_str(), notice.why.as_str())).collect();
    assert_eq!(
        warned,
        [(Some(2), "colour", "unknown"), (Some(3), "paint", "unknown"), (Some(6), "pkcs11: x", "unknown")]
    );
    assert_eq!(loaded.notices.len(), 3 + 1 + 4, "{:#?}", loaded.notices);
    assert!(read(EXAMPLE).notices.iter().all(|notice| notice.severity == Severity::Remark));
}

#[test]
fn settings_that_a_release_of_opensc_knows_are_no_near_misses() {
    for text in [
        "force_card_driver = x; reopen_debug_file = yes; reader_drivers = pcsc, ctapi;",
        "pkcs11 { zero_ckaid_for_ca_certs = yes; cache_pins = true; soft_keygen_allowed = no; }",
        "framework pkcs15 { use_caching = yes; user_consent_app = x; user_consent_enabled = yes; }",
        "reader_driver pcsc { connect_reset = yes; transaction_reset = yes; force_protocol = t0; }",
        "ui { force_language = x; } cardmod { can_use_cache = 1; }",
    ] {
        read(&format!("app default {{ {text} }}"));
    }
}

#[test]
fn differing_defaults_are_told_where_nothing_is_set() {
    let loaded = read("app default { }");
    let names: Vec<_> = loaded.notices.iter().map(|notice| notice.name.as_str()).collect();
    assert_eq!(names, ["max_virtual_slots", "slots_per_card", "hide_empty_tokens", "left-over objects"]);
}

#[test]
fn bad_values_of_what_is_taken_over_are_refused() {
    for (text, expected) in [
        ("pkcs11 {\n slots_per_card = 0; }", "2: slots_per_card must be a number from 1 to 256, not \"0\""),
        (
            "pkcs11 {\n slots_per_card = many; }",
            "2: slots_per_card must be a number from 1 to 256, not \"many\"",
        ),
        ("pkcs11 {\n max_virtual_slots = -1; }", "2: max_virtual_slots must be a number from 0, not \"-1\""),
        ("pkcs11 {\n hide_empty_tokens = 1; }", "2: hide_empty_tokens must be true or false, not \"1\""),
        (
            "pkcs11 {\n create_slots_for_pins = typo; }",
            "2: create_slots_for_pins must be \"all\", \"user\", \"sign\" or \"user,sign\", not \"typo\"",
        ),
        (
            "reader_driver pcsc {\n disconnect_action = x; }",
            "2: disconnect_action must be leave, reset or unpower, not \"x\"",
        ),
        (
            "framework pkcs15 {\n use_file_caching = x; }",
            "2: use_file_caching must be yes, public or no, not \"x\"",
        ),
        ("framework pkcs15 {\n x = 1;", "1: block \"framework pkcs15\" is not closed"),
    ] {
        let closing = if expected.contains("closed") { "" } else { "}" };
        assert_eq!(
            refusal(&format!("app default {{ {text} {closing}")),
            format!("/etc/x/opensc.conf:{expected}")
        );
    }
}

#[test]
fn grammar_is_recognised_by_itself() {
    for text in
        ["app default {}", "app\tx\n{}", "# c\n\r\n\t# d\napp \"a=b\" { }", "app x, y {}", "other thing { }"]
    {
        assert!(!read(text).notices.is_empty(), "{text:?}");
    }
    for text in ["app{ {}", "app = 1", "app.x = 1", "[app]", "apple = 1", "x = { a = 1 }"] {
        assert!(refusal(text).contains("unknown"), "{text:?}");
    }
}
