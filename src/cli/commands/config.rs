//! `config show|check`: what is in force, and what a file says that has no effect.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::text::count;
use crate::config::{self, ConfigError, Loaded, Notice, Severity};

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting in force, as TOML, and the file it came from
    #[command(after_help = "\
Examples:
  p11ctl config show
  p11ctl --config my.conf config show --json")]
    Show(ShowArgs),
    /// Check a configuration file and say what has no effect
    #[command(after_help = "\
Both grammars are read: TOML, and the one of OpenSC's opensc.conf.

Examples:
  p11ctl config check
  p11ctl config check /etc/opensc/opensc.conf")]
    Check(CheckArgs),
}

/// Arguments of `config show`.
#[derive(Debug, Args)]
pub struct ShowArgs {}

/// Arguments of `config check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// File to check instead of the one in force
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
}

/// Runs `config`.
pub fn run(context: &Context, command: &ConfigCommand) -> Result<Outcome, CliError> {
    match command {
        ConfigCommand::Show(_) => show(context),
        ConfigCommand::Check(args) => check(context, args),
    }
}

/// The error for a configuration that cannot be used.
pub fn explain(error: &ConfigError) -> CliError {
    let mut explained = CliError::usage(error.to_string());
    if let Some(source) = std::error::Error::source(error) {
        explained = explained.source(source);
    }
    explained
        .hint("run p11ctl config check FILE after a change; opensc.conf of the package shows every setting")
}

fn show(context: &Context) -> Result<Outcome, CliError> {
    let loaded = context.load()?;
    let text = loaded.config.to_toml();
    let settings: Value = toml::from_str(&text).map_err(|source| {
        CliError::new(crate::cli::error::ErrorKind::Bug, "the configuration does not print").cause(source)
    })?;
    let document = json!({ "file": file(&loaded), "settings": settings });
    let note = match &loaded.config.origin {
        Some(path) => format!("from {}", path.display()),
        None => "built-in defaults: there is no configuration file".to_owned(),
    };
    Ok(Outcome::new(document, text).note(note))
}

fn check(context: &Context, args: &CheckArgs) -> Result<Outcome, CliError> {
    let loaded = match &args.file {
        Some(path) => config::load(Some(path)).map_err(|error| explain(&error))?,
        None => context.load()?,
    };
    let name = match &loaded.config.origin {
        Some(path) => path.display().to_string(),
        None => "built-in defaults".to_owned(),
    };
    let sentence = |notice: &Notice| {
        let line = notice.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{name}{line}: {}: {}", notice.name, notice.why)
    };
    let (warnings, remarks): (Vec<&Notice>, Vec<&Notice>) =
        loaded.notices.iter().partition(|notice| notice.severity == Severity::Warning);
    let text: String = remarks.iter().map(|notice| sentence(notice) + "\n").collect();
    let notices: Vec<Value> = loaded.notices.iter().map(notice_json).collect();
    let document = json!({ "file": file(&loaded), "notices": notices });
    let counts = [
        (warnings.len(), count(warnings.len(), "warning", "warnings")),
        (remarks.len(), count(remarks.len(), "remark", "remarks")),
    ];
    let counts: Vec<String> = counts.into_iter().filter(|(number, _)| *number > 0).map(|row| row.1).collect();
    let note = match counts.is_empty() {
        true => format!("{name} is fine"),
        false => format!("{name} can be used, with {}", counts.join(" and ")),
    };
    let warnings: Vec<String> = warnings.into_iter().map(sentence).collect();
    Ok(Outcome::new(document, crate::cli::text::escape_lines(&text)).note(note).warn(warnings))
}

fn notice_json(notice: &Notice) -> Value {
    let severity = match notice.severity {
        Severity::Warning => "warning",
        Severity::Remark => "remark",
    };
    json!({ "line": notice.line, "name": notice.name, "why": notice.why, "severity": severity })
}

fn file(loaded: &Loaded) -> Option<String> {
    loaded.config.origin.as_ref().map(|path| path.display().to_string())
}
