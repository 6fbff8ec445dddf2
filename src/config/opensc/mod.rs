//! `opensc.conf` in OpenSC's own grammar: what it says that means something here is taken over, the rest is named.

mod grammar;
mod mapping;
mod meaning;

pub use grammar::GrammarError;

use super::error::Problem;
use super::load::{Fault, Loaded, Located};

/// True for a file in OpenSC's grammar: its first words open a block, where TOML has a section in brackets or a name
/// and `=` on one line.
pub(super) fn is_opensc(text: &str) -> bool {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.split_once(['\n', '\r']).map_or("", |(_, rest)| rest).trim_start();
    }
    let line = rest.lines().next().unwrap_or_default();
    let opens_block = line.split('=').next().unwrap_or_default().contains('{');
    let is_app = line.strip_prefix("app").is_some_and(|rest| {
        rest.starts_with([' ', '\t', '"', '{']) && !rest.trim_start().starts_with(['=', '.'])
            || rest.is_empty()
    });
    !rest.starts_with('[') && (is_app || opens_block)
}

/// Reads a whole file.
pub(super) fn read(text: &str, located: &Located<'_>) -> Result<Loaded, Fault> {
    let file = grammar::parse(text).map_err(|(line, error)| (line, Box::new(Problem::from(error))))?;
    mapping::map(&file, located)
}
