//! What differs between a saved layout and the one found, in sentences that name the slot.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::saved::{SavedLayout, SavedSlot};
use crate::cli::text::quote;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The slot that it is in.
    pub slot: u32,
    /// What: `token`, `PIN`, `private-key "key 1"`, `certificate "Leaf"`.
    pub what: String,
    /// What the saved layout says; `None` where it has no such thing.
    pub expected: Option<Shown>,
    /// What was found; `None` where there is no such thing any more.
    pub found: Option<Shown>,
}

/// One side of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A name, in quotes where people read it.
    Name(String),
    /// Words of ours.
    Words(String),
}

impl Shown {
    fn text(&self) -> String {
        match self {
            Self::Name(name) => quote(name),
            Self::Words(words) => shortened(words),
        }
    }

    fn plain(&self) -> &str {
        match self {
            Self::Name(text) | Self::Words(text) => text,
        }
    }
}

impl Difference {
    /// `slot 4: certificate "Leaf": expected sha256 aa…, found sha256 bb…`. Fingerprints are cut: JSON has them whole.
    pub fn text(&self) -> String {
        let Self { slot, what, .. } = self;
        let (expected, found) =
            (self.expected.as_ref().map(Shown::text), self.found.as_ref().map(Shown::text));
        match (expected, found) {
            (Some(expected), Some(found)) => {
                format!("slot {slot}: {what}: expected {expected}, found {found}")
            }
            (Some(expected), None) => format!("slot {slot}: {what} is missing: {expected}"),
            (None, Some(found)) => format!("slot {slot}: {what} is new: {found}"),
            (None, None) => format!("slot {slot}: {what}"),
        }
    }

    /// The difference in JSON.
    pub fn to_json(&self) -> Value {
        let change = match (&self.expected, &self.found) {
            (Some(_), None) => "missing",
            (None, Some(_)) => "new",
            _ => "changed",
        };
        json!({
            "slot": self.slot,
            "what": self.what,
            "change": change,
            "expected": self.expected.as_ref().map(Shown::plain),
            "found": self.found.as_ref().map(Shown::plain),
        })
    }
}

/// Every difference, by slot. Order of keys and certificates does not matter, nor what readers are called: a name
/// holds the port of a reader, or the file of a card.
pub fn differences(expected: &SavedLayout, found: &SavedLayout) -> Vec<Difference> {
    let ids: BTreeSet<u32> = expected.slots.iter().chain(&found.slots).map(|slot| slot.id).collect();
    let slot_of = |layout: &SavedLayout, id: u32| layout.slots.iter().find(|slot| slot.id == id).cloned();
    ids.into_iter()
        .flat_map(|id| match (slot_of(expected, id), slot_of(found, id)) {
            (Some(expected), Some(found)) => in_slot(&expected, &found),
            (expected, found) => vec![Difference {
                slot: id,
                what: "slot".to_owned(),
                expected: expected.as_ref().map(token_text),
                found: found.as_ref().map(token_text),
            }],
        })
        .collect()
}

fn in_slot(expected: &SavedSlot, found: &SavedSlot) -> Vec<Difference> {
    let slot = expected.id;
    let mut differences = Vec::new();
    let mut compare = |what: &str, expected: Option<Shown>, found: Option<Shown>| {
        if expected != found {
            differences.push(Difference { slot, what: what.to_owned(), expected, found });
        }
    };
    let name = |text: &Option<String>| text.clone().map(Shown::Name);
    compare("token", name(&expected.token), name(&found.token));
    if expected.token.is_some() && found.token.is_some() {
        compare("contents", contents(expected), contents(found));
    }
    compare("serial number", name(&expected.serial), name(&found.serial));
    compare("PIN", name(&expected.pin), name(&found.pin));
    compare_things(&things(expected), &things(found), &mut compare);
    differences
}

/// What a slot holds: its name in a sentence, and what must stay the same.
fn things(slot: &SavedSlot) -> Vec<(String, Shown)> {
    let keys = slot.keys.iter().map(|key| {
        let name = format!("{} {} (id {})", key.class, quote(&key.label), key.id);
        (name, Shown::Words(described(&key.algorithm, key.sha256.as_deref())))
    });
    let certificates = slot.certificates.iter().map(|certificate| {
        let name = format!("certificate {} (id {})", quote(&certificate.label), certificate.id);
        (name, Shown::Words(described("", certificate.sha256.as_deref())))
    });
    let data = slot.data.iter().map(|data| {
        (format!("application of data {}", quote(&data.label)), Shown::Name(data.application.clone()))
    });
    keys.chain(certificates).chain(data).collect()
}

/// Pairs things of one name: equal ones first, then what is left of each side.
fn compare_things(
    expected: &[(String, Shown)],
    found: &[(String, Shown)],
    compare: &mut impl FnMut(&str, Option<Shown>, Option<Shown>),
) {
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in expected.iter().chain(found) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let of_name = |side: &[(String, Shown)]| -> Vec<Shown> {
            side.iter().filter(|thing| thing.0 == *name).map(|thing| thing.1.clone()).collect()
        };
        let (mut left, mut right) = (of_name(expected), of_name(found));
        left.retain(|value| match right.iter().position(|other| other == value) {
            Some(position) => {
                right.remove(position);
                false
            }
            None => true,
        });
        let (mut left, mut right) = (left.into_iter(), right.into_iter());
        loop {
            match (left.next(), right.next()) {
                (None, None) => break,
                (expected, found) => compare(name, expected, found),
            }
        }
    }
}

fn described(algorithm: &str, sha256: Option<&str>) -> String {
    let fingerprint =
        sha256.map_or("not readable without a PIN".to_owned(), |sha256| format!("sha256 {sha256}"));
    if algorithm.is_empty() { fingerprint } else { format!("{algorithm}, {fingerprint}") }
}

/// Cuts what is as long as a fingerprint.
fn shortened(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.get(..SHOWN_DIGITS) {
        Some(start) if word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{start}…")
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn token_text(slot: &SavedSlot) -> Shown {
    slot.token.clone().map_or(Shown::Words("no token".to_owned()), Shown::Name)
}

fn contents(slot: &SavedSlot) -> Option<Shown> {
    Some(Shown::Words(if slot.empty { "empty" } else { "in use" }.to_owned()))
}

/// Enough of a fingerprint to tell two apart.
const SHOWN_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::slots::saved::{SavedCertificate, SavedKey};

    fn layout() -> SavedLayout {
        let key = |label: &str, id: &str| SavedKey {
            class: "private-key".to_owned(),
            label: label.to_owned(),
            id: id.to_owned(),
            algorithm: "rsa:2048".to_owned(),
            sha256: Some(format!("{id}{id}")),
        };
        let certificate = |label: &str, sha256: &str| SavedCertificate {
            label: label.to_owned(),
            id: "45".to_owned(),
            sha256: Some(sha256.to_owned()),
        };
        let slot = SavedSlot {
            id: 4,
            reader: "Reader".to_owned(),
            token: Some("Card (PIN 1)".to_owned()),
            pin: Some("PIN 1".to_owned()),
            keys: vec![key("key 1", "45"), key("key 2", "46")],
            certificates: vec![certificate("Leaf", "aa"), certificate("CA", "bb"), certificate("CA", "cc")],
            ..SavedSlot::default()
        };
        SavedLayout { schema: 1, slots: vec![slot] }
    }

    fn texts(expected: &SavedLayout, found: &SavedLayout) -> Vec<String> {
        differences(expected, found).iter().map(Difference::text).collect()
    }

    #[test]
    fn differences_same_layout_in_another_order_has_none() {
        let mut other = layout();
        other.slots[0].keys.reverse();
        other.slots[0].certificates.reverse();
        assert_eq!(texts(&layout(), &other), [""; 0]);
    }

    #[test]
    fn differences_each_change_is_one_sentence() {
        let mut found = layout();
        found.slots[0].certificates[0].sha256 = Some("ff".to_owned());
        found.slots[0].certificates.pop();
        found.slots[0].keys.remove(1);
        found.slots[0].pin = None;
        found.slots[0].reader = "Reader 01".to_owned();
        found.slots.push(SavedSlot { id: 5, reader: "Reader".to_owned(), ..SavedSlot::default() });
        assert_eq!(
            texts(&layout(), &found),
            [
                "slot 4: PIN is missing: \"PIN 1\"",
                "slot 4: private-key \"key 2\" (id 46) is missing: rsa:2048, sha256 4646",
                "slot 4: certificate \"Leaf\" (id 45): expected sha256 aa, found sha256 ff",
                "slot 4: certificate \"CA\" (id 45) is missing: sha256 cc",
                "slot 5: slot is new: no token",
            ]
        );
    }
}
