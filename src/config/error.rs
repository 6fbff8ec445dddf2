//! Why a configuration cannot be used: always which file, and the line where there is one.

use std::path::PathBuf;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error("configuration file {} cannot be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than any configuration is.
    #[error("{} is larger than {limit} bytes: not a configuration file", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
    },
    /// Something is wrong in a line.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong in a line of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not TOML.
    #[error("{0}")]
    Toml(String),
    /// Not OpenSC's grammar.
    #[error(transparent)]
    Grammar(#[from] super::opensc::GrammarError),
    /// Bytes that are no UTF-8.
    #[error("not UTF-8 text")]
    NotText,
    /// A setting, section or driver that does not exist.
    #[error("unknown {kind} {name:?}{}{}", place(.section), suggestion(.nearest))]
    Unknown {
        /// `setting`, `section`, `block` or `driver`.
        kind: &'static str,
        /// What was written.
        name: String,
        /// The section it stands in; empty at the top.
        section: String,
        /// The right name that is nearest to it, if one is near.
        nearest: Option<String>,
    },
    /// A value that the setting does not take.
    #[error("{name} must be {expected}, not {actual}")]
    Value {
        /// The setting.
        name: String,
        /// What it takes: `a number from 1 to 256`.
        expected: String,
        /// What was written.
        actual: String,
    },
    /// A setting that must be there.
    #[error("{section} lacks {name}")]
    Missing {
        /// The section.
        section: String,
        /// The setting.
        name: &'static str,
    },
    /// Two software readers with one name.
    #[error("a second software reader is called {0:?}")]
    DuplicateReader(String),
    /// A path that starts with `~` where there is no home folder, or in another user's.
    #[error("{0:?} cannot be resolved: only ~ and ~/ are known, and only with HOME set")]
    Home(String),
}

fn place(section: &str) -> String {
    if section.is_empty() { String::new() } else { format!(" in {section}") }
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!(", did you mean {nearest:?}?")).unwrap_or_default()
}

/// The one of `known` that was probably meant by `name`, if any is near: at most a third of its letters differ.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let name = plain(name);
    let distances = known.into_iter().map(|candidate| (distance(&name, &plain(candidate)), candidate));
    let (distance, candidate) = distances.min()?;
    (distance <= plain(candidate).len().max(3) / 3).then(|| candidate.to_owned())
}

/// Without what people mix up: case, `-` and `_`. Cut, so that a long word costs nothing.
fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).take(64).collect()
}

/// Letters inserted, removed, replaced, or swapped with their neighbour.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in other.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column) + usize::from(a != b))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && one.get(row - 1) == Some(b) && other.get(column - 1) == Some(a);
            if swapped {
                best = best.min(at(&before_last, column - 1) + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["num_slots", "max_virtual_slots", "hide_empty_tokens", "create_slots_for_pins"];

    #[test]
    fn nearest_slips_of_the_pen_are_understood() {
        for (written, meant) in [
            ("num_slot", "num_slots"),
            ("nmu_slots", "num_slots"),
            ("Num-Slots", "num_slots"),
            ("numslots", "num_slots"),
            ("max_slots", "max_virtual_slots"),
            ("hide_empty", "hide_empty_tokens"),
            ("create_slot_for_pin", "create_slots_for_pins"),
        ] {
            let expected = (written != "max_slots" && written != "hide_empty").then(|| meant.to_owned());
            assert_eq!(nearest(written, KNOWN), expected, "{written}");
        }
    }

    #[test]
    fn nearest_something_else_is_not_guessed() {
        for written in ["", "x", "colour", "lock_login", &"num_slots".repeat(1000)] {
            assert_eq!(nearest(written, KNOWN), None, "{written}");
        }
    }

    #[test]
    fn distance_counts_edits() {
        for (one, other, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "acb", 1), ("kitten", "sitting", 3)]
        {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(distance(&letters(one), &letters(other)), expected, "{one} {other}");
        }
    }
}
