//! The configuration in force and the folder of the cache.

use std::io::ErrorKind as Io;

use super::{Check, State};
use crate::card::cache::CacheStore;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config::Severity;

/// Which file is in force, and what of it has no effect.
pub fn configuration(context: &Context) -> Vec<Check> {
    const SUBJECT: &str = "configuration";
    let loaded = match context.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            let found =
                error.causes.iter().fold(error.message.clone(), |text, cause| format!("{text}: {cause}"));
            let check = Check::new(SUBJECT, State::Missing, found);
            return vec![error.hints.iter().fold(check, |check, hint| check.next(hint.as_str()))];
        }
    };
    let origin = match &loaded.config.origin {
        Some(path) => path.display().to_string(),
        None => "built-in defaults, no file".to_owned(),
    };
    let mut checks = vec![Check::new(SUBJECT, State::Fine, origin.clone())];
    for notice in loaded.notices.iter().filter(|notice| notice.severity == Severity::Warning) {
        let line = notice.line.map(|line| format!(":{line}")).unwrap_or_default();
        let found = format!("{origin}{line}: {}: {}", notice.name, notice.why);
        checks.push(Check::new(SUBJECT, State::Warning, found).next("run p11ctl config check"));
    }
    checks
}

/// Whether what is public of cards can be kept.
pub fn cache(context: &Context) -> Result<Vec<Check>, CliError> {
    const SUBJECT: &str = "cache";
    let config = context.load_config()?;
    let Some(store) = CacheStore::new(&config.cache) else {
        let (state, found) = if config.cache.enabled {
            (State::Warning, "no folder: neither XDG_CACHE_HOME nor a home folder")
        } else {
            (State::Off, "switched off ([cache] enabled = false)")
        };
        return Ok(vec![Check::new(SUBJECT, state, found)]);
    };
    let folder = store.directory().display().to_string();
    let check = match store.usable() {
        Ok(()) => Check::new(SUBJECT, State::Fine, folder),
        Err(error) if error.kind() == Io::NotFound => {
            Check::new(SUBJECT, State::Fine, format!("{folder}, made at the first use"))
        }
        Err(error) => Check::new(SUBJECT, State::Warning, format!("{folder} is not used: {error}"))
            .next("it has to belong to this user, and nobody else may write to it: see ls -ld"),
    };
    Ok(vec![check])
}
