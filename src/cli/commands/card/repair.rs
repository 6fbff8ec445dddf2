//! `card repair`: takes back the room of files that an interrupted command left unused.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::args::TokenArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::selector::{Selector, pin_source};
use crate::cli::text::{count, shell_word};
use crate::cli::tokens;
use crate::cli::writing::{self, WriteArgs};
use crate::token::AuthId;

/// Arguments of `card repair`.
#[derive(Debug, Args)]
#[command(after_help = "\
An interrupted command leaves at worst a file that nothing names. Nothing that
is in use is touched.

Examples:
  p11ctl card repair --slot 4
  p11ctl card repair --slot 4 --so-pin env:SO_PIN --json")]
pub struct RepairArgs {
    /// Which token: its PIN says whose files are looked at.
    #[command(flatten)]
    token: TokenArgs,

    /// Whose PIN allows it.
    #[command(flatten)]
    write: WriteArgs,
}

/// Runs `card repair`.
pub fn run(context: &Context, args: &RepairArgs) -> Result<Outcome, CliError> {
    args.write.check(false)?;
    let selector = Selector::new(&args.token, None)?;
    let token = tokens::on_one_card(context, &selector)?;
    let source = pin_source(&args.token)?;
    let opened = writing::open_exclusive(context, &token, &args.write, source.as_deref())?;
    let report = context.engine()?.repair(opened.session)?;
    let pin_of = |auth: &Option<AuthId>| {
        let auth = auth.as_ref().and_then(|id| token.view.card.auth(id));
        auth.map(|auth| auth.label.clone())
    };
    let kept: Vec<Value> =
        report.kept.iter().map(|(file, auth)| json!({ "file": file, "pin": pin_of(auth) })).collect();
    let not_judged: Vec<Value> =
        report.not_judged.iter().map(|(folder, why)| json!({ "folder": folder, "why": why })).collect();
    let document = json!({
        "reader": token.candidate.reader,
        "reclaimed": report.reclaimed,
        "kept": kept,
        "not_judged": not_judged,
    });
    let text: String = report.reclaimed.iter().map(|file| format!("{file}\n")).collect();
    let note = match report.reclaimed.len() {
        0 => "nothing was left behind".to_owned(),
        number => format!("took back the room of {}", count(number, "file", "files")),
    };
    let mut outcome = Outcome::new(document, text).note(note);
    for (file, auth) in &report.kept {
        let hint = match pin_of(auth) {
            Some(label) => {
                format!("{file} is unused and stays: give --auth-pin {}=prompt", shell_word(&label))
            }
            None => format!("{file} is unused and stays"),
        };
        outcome.hints.push(hint);
    }
    let unknown = report.not_judged.iter().map(|(folder, why)| format!("{folder} was left alone: {why}"));
    Ok(outcome.warn(unknown))
}
