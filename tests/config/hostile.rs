//! Files that are made to do harm: an error or a configuration, never a panic, in bounded time.

use std::path::Path;

use p11ctl::config::{ConfigError, parse};

fn is_refused(text: &str) -> bool {
    matches!(parse(text, Path::new("x"), None), Err(ConfigError::Line { line: 1.., .. }))
}

#[test]
fn deep_nesting_is_refused() {
    for text in [
        "app default { ".repeat(60_000),
        format!("x = {}", "[".repeat(200_000)),
        format!("x = {}", "{ a = ".repeat(100_000)),
        format!("x{} = 1", ".x".repeat(200_000)),
        format!("[x{}]", ".x".repeat(200_000)),
    ] {
        assert!(is_refused(&text), "{}…", &text[..40]);
    }
}

#[test]
fn unterminated_things_are_refused() {
    for text in [
        "app default {",
        "app default { x = \"",
        "app default { x = ",
        "app default { pkcs11 { slots_per_card = 1; }",
        "app default",
        "app",
        "app \"",
        "x = \"\"\"\n\n",
        "x = '''",
        "[x",
        "[[software_reader",
        "x = [1,",
        "x = {",
    ] {
        assert!(is_refused(text), "{text}");
    }
}

#[test]
fn files_cut_or_changed_anywhere_never_panic() {
    const MARKS: &[u8] = b"\"{}=;,#[\n\0";
    let toml =
        "[pkcs11]\nnum_slots = 4\n[[software_reader]]\nname = \"A\"\ncard = \"~/x\"\n[application.\"b\"]\n";
    for file in [include_str!("example.conf"), toml] {
        let bytes = file.as_bytes();
        for position in 0..bytes.len() {
            let _ = parse(&String::from_utf8_lossy(&bytes[..position]), Path::new("x"), None);
            let mut changed = bytes.to_vec();
            changed[position] = MARKS[position % MARKS.len()];
            let _ = parse(&String::from_utf8_lossy(&changed), Path::new("x"), None);
        }
    }
}
