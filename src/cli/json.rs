//! JSON documents: schema number first, bytes in lower-case hexadecimal, nothing that a terminal would obey.

use serde_json::{Map, Value};

use super::text::is_unsafe;
use crate::apdu::StatsSnapshot;
use crate::codec::hex;

/// Version of the documents. Fields are only ever added within one version.
pub const SCHEMA: u32 = 1;

/// A whole document: `schema`, the command's fields, `stats` where asked for.
pub fn document(fields: Map<String, Value>, stats: Option<&StatsSnapshot>) -> Value {
    let mut document = Map::new();
    document.insert("schema".to_owned(), SCHEMA.into());
    document.extend(fields);
    if let Some(stats) = stats {
        document.insert("stats".to_owned(), self::stats(stats));
    }
    Value::Object(document)
}

/// Several lines, two spaces for each level, a line end at the end.
pub fn pretty(document: &Value) -> String {
    let mut text = printable(&format!("{document:#}"));
    text.push('\n');
    text
}

/// One line, with a line end: an error among other lines of standard error.
pub fn line(document: &Value) -> String {
    let mut text = printable(&document.to_string());
    text.push('\n');
    text
}

/// Bytes as lower-case hexadecimal.
pub fn bytes(bytes: &[u8]) -> Value {
    Value::String(hex::encode(bytes))
}

/// What cards cost.
pub fn stats(stats: &StatsSnapshot) -> Value {
    serde_json::json!({
        "apdus": stats.apdus,
        "get_responses": stats.get_responses,
        "bytes_sent": stats.bytes_sent,
        "bytes_received": stats.bytes_received,
        "card_time_us": u64::try_from(stats.card_time.as_micros()).unwrap_or(u64::MAX),
    })
}

/// Writes as `\uXXXX` what JSON would allow as it is but a terminal would obey. Such characters stand
/// only inside of strings; those below U+0020 are escaped already, and line ends come from the layout.
fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && is_unsafe(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_schema_comes_first_and_stats_last() {
        let fields = Map::from_iter([("slots".to_owned(), Value::Array(Vec::new()))]);
        let text = line(&document(fields, Some(&StatsSnapshot::default())));
        assert!(text.starts_with("{\"schema\":1,\"slots\":[],\"stats\":{\"apdus\":0,"), "{text}");
    }

    #[test]
    fn line_control_characters_survive_as_escapes() {
        let value = serde_json::json!({ "label": "\u{9b}2J\u{7f}\n\u{202e}" });
        let text = line(&value);
        assert_eq!(text, "{\"label\":\"\\u009b2J\\u007f\\n\\u202e\"}\n");
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }
}
