//! The layers hold: a module uses what stands below it and its own folder, nothing else (ARCHITECTURE.md).
//! Reads the sources as text; knows nothing of Rust beyond comments, literals and paths.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

/// One top-level module: its level, what it may use of its own level, and what it must not know although that stands lower.
struct Layer {
    name: &'static str,
    level: u8,
    also: &'static [&'static str],
    never: &'static [&'static str],
}

/// From the bottom up, as in ARCHITECTURE.md. A module may use every lower level but for its exceptions.
const LAYERS: &[Layer] = &[
    Layer { name: "codec", level: 0, also: &[], never: &[] },
    Layer { name: "config", level: 1, also: &[], never: &[] },
    Layer { name: "crypto", level: 1, also: &[], never: &[] },
    Layer { name: "transport", level: 1, also: &["config"], never: &[] },
    Layer { name: "token", level: 2, also: &[], never: &["config", "transport"] },
    Layer { name: "apdu", level: 2, also: &[], never: &["config", "crypto"] },
    Layer { name: "card", level: 3, also: &[], never: &[] },
    Layer { name: "softcard", level: 3, also: &[], never: &[] },
    Layer { name: "layout", level: 3, also: &[], never: &["transport", "apdu"] },
    Layer { name: "engine", level: 4, also: &[], never: &[] },
    Layer { name: "foreign", level: 4, also: &["engine"], never: &["apdu", "softcard"] },
    Layer { name: "cli", level: 5, also: &[], never: &[] },
    Layer { name: "capi", level: 5, also: &[], never: &["apdu", "card", "softcard", "transport"] },
];

/// The longest file that a reader is asked to bear.
const MAX_LINES: usize = 800;

#[test]
fn sources_use_only_what_stands_below_them() {
    let mut violations = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module_path(&path) else { continue };
        violations.extend(check(&module, &text).into_iter().map(|why| format!("{}: {why}", path.display())));
    }
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn sources_open_with_what_they_know_and_end_in_time() {
    let mut violations = Vec::new();
    for (path, text) in sources() {
        if !text.starts_with("//! ") {
            violations.push(format!("{}: does not open with //! and what it knows", path.display()));
        }
        let lines = text.lines().count();
        if lines > MAX_LINES {
            violations.push(format!("{}: {lines} lines, {MAX_LINES} is the limit", path.display()));
        }
    }
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn checker_refuses_every_kind_of_upward_use() {
    let refused = [
        ("codec/tlv.rs", "use crate::crypto::Curve;"),
        ("transport/mod.rs", "use crate::{codec::hex, apdu::{Channel, Stats}};"),
        ("transport/pcsc/card.rs", "fn f() -> crate::token::Token { todo() }"),
        ("transport/mod.rs", "use crate::crypto::Curve;"),
        ("card/mod.rs", "use crate::softcard;"),
        ("softcard/files.rs", "pub use crate :: card::CardDriver;"),
        ("softcard/files.rs", "use crate::{\n    codec::{hex, tlv},\n    // and\n    engine,\n};"),
        ("layout/mod.rs", "use crate::transport::Reader;"),
        ("apdu/channel.rs", "use super::super::card::CardError;"),
        ("apdu/mod.rs", "use super::card::CardError;"),
        ("capi/mod.rs", "use crate::card::Card;"),
        ("engine/mod.rs", "let x = \"//\"; use crate::cli::main;"),
        ("cli/mod.rs", "use crate::capi;"),
        ("novelty/mod.rs", "use crate::codec;"),
        ("codec/mod.rs", "use crate::*;"),
        ("codec/mod.rs", "use p11ctl::engine::Engine;"),
    ];
    for (path, text) in refused {
        let module = module_path(Path::new(path)).unwrap();
        assert!(!check(&module, text).is_empty(), "{path}: {text}");
    }
}

#[test]
fn checker_lets_downward_uses_and_mere_words_pass() {
    let allowed = [
        ("card/mod.rs", "use crate::apdu::{ApduError, Channel}; use crate::card::registry;"),
        ("token/mod.rs", "use crate::crypto::certificate; pub(crate) fn f() {}"),
        ("transport/pcsc.rs", "use crate::config::ReadersConfig; use super::Reader;"),
        ("apdu/channel.rs", "// crate::card is above\n/* crate::engine /* too */ */ use super::Command;"),
        ("apdu/channel.rs", "let text = \"crate::engine\"; let raw = r#\"crate::\"cli\"#; let c = '\"';"),
        ("apdu/channel/tests.rs", "use super::super::command; fn f<'a>(x: &'a str) {}"),
        ("engine/mod.rs", "use crate::{card::{Card, engine}, layout};"),
        ("engine/mod.rs", "let mycrate::cli = 1;"),
    ];
    for (path, text) in allowed {
        let module = module_path(Path::new(path)).unwrap();
        assert_eq!(check(&module, text), Vec::<String>::new(), "{path}: {text}");
    }
}

/// All Rust files of src/, by their path below it.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 30, "{} files: is this the right folder?", found.len());
    found.sort();
    found
}

/// The names of the modules that lead to a file; `None` for the roots of library and binary.
fn module_path(file: &Path) -> Option<Vec<String>> {
    let mut names: Vec<String> =
        file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.pop_if(|name| name == "mod");
    match names.as_slice() {
        [only] if only == "lib" || only == "main" => None,
        _ => Some(names),
    }
}

/// What `text`, the source of `module`, uses and must not.
fn check(module: &[String], text: &str) -> Vec<String> {
    let own = &module[0];
    let Some(layer) = find(own) else {
        return vec![format!("module {own} has no level: give it one in tests/layering.rs")];
    };
    let mut violations = Vec::new();
    for (line, used) in uses(module.len(), text) {
        let below = find(&used).is_some_and(|other| other.level < layer.level);
        let allowed = used == *own
            || layer.also.contains(&used.as_str())
            || below && !layer.never.contains(&used.as_str());
        if !allowed {
            violations.push(format!("line {line}: {own} must not use {used}"));
        }
    }
    violations
}

fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// The top-level modules that `text` names, with their lines: after `crate::`, `p11ctl::`, and after as many `super::`
/// as lead to the crate's root from a module of this depth.
fn uses(depth: usize, text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(&bare(text));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        at += 1;
        if start > 0 && tokens[start - 1].1 == "::" {
            continue;
        }
        let mut supers = 0;
        let mut end = start;
        while word(&tokens, end) == "super" && word(&tokens, end + 1) == "::" {
            supers += 1;
            end += 2;
        }
        if supers >= depth.max(1) {
            // An inline module adds a level that is not counted here: only names of layers are taken for uses.
            found.extend(heads(&tokens, end).into_iter().filter(|(_, name)| find(name).is_some()));
        } else if matches!(word(&tokens, start), "crate" | "p11ctl") && word(&tokens, start + 1) == "::" {
            found.extend(heads(&tokens, start + 2));
        }
    }
    found
}

/// The first names of the path, or of the group of paths, that begins at `at`.
fn heads(tokens: &[(usize, String)], at: usize) -> Vec<(usize, String)> {
    if word(tokens, at) != "{" {
        return tokens.get(at).cloned().into_iter().collect();
    }
    let mut depth = 0;
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.1.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 && matches!(word(tokens, index - 1), "{" | ",") => found.push(token.clone()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

fn word(tokens: &[(usize, String)], at: usize) -> &str {
    tokens.get(at).map_or("", |(_, word)| word)
}

/// Splits into words, `::` and single characters, each with its line.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let word_len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let len = match first {
            _ if word_len > 0 => word_len,
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(len);
        match first {
            '\n' => line += 1,
            _ if first.is_whitespace() => {}
            _ => tokens.push((line, token.to_owned())),
        }
        rest = tail;
    }
    tokens
}

/// The text without comments, and with every literal emptied; lines stay where they are.
fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment_len(rest),
            '"' => string_len(rest),
            'r' | 'b' | 'c' if !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                raw_string_len(rest)
            }
            '\'' => character_len(rest),
            _ => 0,
        };
        let (gone, tail) = rest.split_at(skipped);
        out.extend(gone.chars().filter(|c| *c == '\n'));
        if skipped == 0 {
            out.push(first);
            rest = &tail[first.len_utf8()..];
        } else {
            rest = tail;
        }
    }
    out
}

fn block_comment_len(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of `r"…"`, `br#"…"#`, `b"…"` and the like; 0 when it is a mere name.
fn raw_string_len(text: &str) -> usize {
    let prefix = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    let hashes = text[prefix..].len() - text[prefix..].trim_start_matches('#').len();
    let body = prefix + hashes;
    if prefix > 2 || !text[body..].starts_with('"') {
        return 0;
    }
    if !text[..prefix].ends_with('r') {
        return if hashes == 0 { body + string_len(&text[body..]) } else { 0 };
    }
    let close = format!("\"{}", "#".repeat(hashes));
    text[body + 1..].find(&close).map_or(text.len(), |at| body + 1 + at + close.len())
}

/// Length of a character literal; 0 for a lifetime.
fn character_len(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            text[from..].find('\'').map_or(0, |end| from + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}
