//! `doctor`: what has to be there for cards to be used, checked piece by piece, each with what to do next.

mod module;
mod readers;
mod service;
mod settings;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::text::{count, escape};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Checked are the configuration, the PC/SC service and the right to use it, the
readers, the card in each and its driver, the cache, where the module
libp11ctl.so lies, whether it loads, and whether p11-kit knows it. No PIN is
asked for, nothing is changed. The exit code is 1 when something is missing.

Examples:
  p11ctl doctor
  p11ctl doctor --json | jq '.checks[] | select(.state == \"missing\")'
  p11ctl --card demo.card doctor
  p11ctl --module /usr/lib/softhsm/libsofthsm2.so doctor")]
pub struct DoctorArgs {}

/// Runs `doctor`.
pub fn run(context: &Context, _args: &DoctorArgs) -> Result<Outcome, CliError> {
    let mut checks = settings::configuration(context);
    // Without a configuration there are no readers to speak of; the module is there all the same.
    if checks.iter().all(|check| check.state != State::Missing) {
        checks.push(service::check(context)?);
        checks.extend(readers::check(context)?);
        checks.extend(settings::cache(context)?);
    }
    checks.extend(module::check(context.global.module.as_deref()));
    let missing = checks.iter().filter(|check| check.state == State::Missing).count();
    let document = json!({
        "healthy": missing == 0,
        "checks": checks.iter().map(Check::to_json).collect::<Vec<_>>(),
    });
    let text: String = checks.iter().map(Check::to_text).collect();
    let note = match missing {
        0 => "nothing is missing".to_owned(),
        number => format!("{} to put right", count(number, "thing", "things")),
    };
    let mut outcome = Outcome::new(document, text).note(note);
    // The checks themselves tell what cannot be read.
    outcome.tells_problems = true;
    Ok(outcome.verdict((missing > 0).then_some(ErrorKind::Refused)))
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it should be.
    Fine,
    /// Works, and there is something to know.
    Warning,
    /// Not there, or not usable.
    Missing,
    /// Not wanted.
    Off,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Missing => "missing",
            Self::Off => "off",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    /// What it is about: `PC/SC service`.
    subject: &'static str,
    /// How it stands.
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    next: Vec<String>,
}

impl Check {
    fn new(subject: &'static str, state: State, found: impl Into<String>) -> Self {
        Self { subject, state, found: found.into(), next: Vec::new() }
    }

    /// With one more thing to do.
    fn next(mut self, step: impl Into<String>) -> Self {
        self.next.push(step.into());
        self
    }

    fn to_text(&self) -> String {
        let mut text = format!("{:8} {}: {}\n", self.state.name(), self.subject, escape(&self.found));
        for step in &self.next {
            text.push_str(&format!("         -> {}\n", escape(step)));
        }
        text
    }

    fn to_json(&self) -> Value {
        json!({
            "subject": self.subject,
            "state": self.state.name(),
            "found": self.found,
            "next": self.next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_text_has_one_line_for_the_state_and_one_for_each_step() {
        let check = Check::new("cache", State::Missing, "no \u{1b}folder").next("make one");
        assert_eq!(check.to_text(), "missing  cache: no \\u{1b}folder\n         -> make one\n");
    }
}
