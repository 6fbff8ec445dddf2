//! Text that came from a card or another program, made safe for a terminal; small matters of grammar.

use super::error::CliError;
use crate::token::LONGEST_ID;

/// Replaces everything that could move a terminal's cursor, change its state or reverse its text:
/// control characters (C0, C1, DEL), bidirectional overrides, line and paragraph separators.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// As [`escape`] for a text of several lines.
pub fn escape_lines(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => format!("{}\n", escape(line)),
            None => escape(line),
        })
        .collect()
}

/// True for characters that must not reach a terminal as they are.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Refuses a label that a terminal would obey, before it is on a card for all that show it, and one of more than
/// `longest` bytes.
pub fn check_label(option: &str, label: &str, longest: usize) -> Result<(), CliError> {
    if label.chars().any(is_unsafe) {
        let shown = quote(label);
        return Err(CliError::usage(format!("{option} {shown} holds control characters"))
            .hint("choose a label of letters, digits and signs"));
    }
    check_len(option, label.len(), longest)
}

/// Refuses an identifier that is empty, or longer than other programs read.
pub fn check_id(option: &str, id: &[u8]) -> Result<(), CliError> {
    if id.is_empty() {
        return Err(CliError::usage("the id is empty"));
    }
    check_len(option, id.len(), LONGEST_ID)
}

/// Refuses what has more bytes than other programs read.
pub fn check_len(option: &str, len: usize, longest: usize) -> Result<(), CliError> {
    if len <= longest {
        return Ok(());
    }
    Err(CliError::usage(format!("{option} has 1 to {longest} bytes, this one {len}")))
}

/// `1 try`, `2 tries`: the number with the word in the right form.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// `3 tries left`, `1 try left`, `locked`, `tries unknown`.
pub fn tries(tries_left: Option<u8>) -> String {
    match tries_left {
        Some(0) => "locked".to_owned(),
        Some(left) => format!("{} left", count(usize::from(left), "try", "tries")),
        None => "tries unknown".to_owned(),
    }
}

/// A word for a shell, in single quotes where it needs them.
pub fn shell_word(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Text in double quotes, escaped.
pub fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_terminal_sequences_lose_their_power() {
        assert_eq!(escape("a\u{1b}]0;x\u{7}b"), "a\\u{1b}]0;x\\u{7}b");
        assert_eq!(escape("\u{9b}2J"), "\\u{9b}2J");
        assert_eq!(escape("abc\u{202e}fed"), "abc\\u{202e}fed");
        assert_eq!(escape("Škoda 日本"), "Škoda 日本");
    }

    #[test]
    fn shell_word_is_one_word_for_a_shell() {
        assert_eq!(shell_word("demo.card"), "demo.card");
        assert_eq!(shell_word("my card"), "'my card'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
    }

    #[test]
    fn tries_each_number_has_its_words() {
        assert_eq!(tries(Some(3)), "3 tries left");
        assert_eq!(tries(Some(1)), "1 try left");
        assert_eq!(tries(Some(0)), "locked");
        assert_eq!(tries(None), "tries unknown");
    }
}
