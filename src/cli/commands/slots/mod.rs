//! `slots`: the virtual slots and their tokens as a table, a tree, a saved layout, or a comparison with one.

mod compare;
mod report;
mod saved;
mod tree;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::atomic_file;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::explain::first_steps;
use crate::cli::outcome::Outcome;
use crate::cli::problems::Problem;
use crate::cli::table::Table;
use crate::cli::text::{count, tries};
use crate::cli::tokens::{SHOW_HIDDEN, no_slots, reader_with_hidden_tokens};
use crate::engine::Provider;
use report::{Objects, Report, TokenReport};
use saved::SavedLayout;

/// Arguments of `slots`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  p11ctl slots
  p11ctl slots --tree
  p11ctl slots --save layout.toml    keep the layout that was agreed on
  p11ctl slots --check layout.toml   exit 1 and show what differs

Slots are compared by their tokens. What readers are called is kept in the file
and does not count: a name holds the reader's port, or the card's file.")]
pub struct SlotsArgs {
    /// Draw reader, slot, token, PIN, key and certificate chain as a tree
    #[arg(long, conflicts_with_all = ["save", "check"])]
    tree: bool,

    /// Write the layout to this file: names, PINs, keys and certificates by fingerprint (- is standard output)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, conflicts_with = "check")]
    save: Option<PathBuf>,

    /// Compare the layout with a saved one; exit 1 when it differs
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    check: Option<PathBuf>,
}

/// Runs `slots`.
pub fn run(context: &Context, args: &SlotsArgs) -> Result<Outcome, CliError> {
    if let Some(path) = &args.check {
        let expected = SavedLayout::read(path)?;
        return check(context, &expected);
    }
    let mut report = Report::gather(context)?;
    if args.tree || args.save.is_some() {
        report.read_certificates(context.engine()?);
    }
    if let Some(path) = &args.save {
        return save(context, &report, path);
    }
    let text = if args.tree { tree::draw(&report, &context.terminal) } else { table(context, &report) };
    let mut outcome = Outcome::new(report.to_json(), text);
    let problem = context.pcsc_problem().map(ToString::to_string);
    outcome.document.insert("pcsc_problem".to_owned(), problem.into());
    remarks(context, &report, outcome)
}

fn table(context: &Context, report: &Report) -> String {
    let mut table = Table::new(&["SLOT", "READER", "TOKEN", "PIN", "OBJECTS"]);
    for slot in &report.slots {
        let (token, pin, objects) = match &slot.token {
            None => (slot.absence.to_owned(), String::new(), String::new()),
            Some(token) if token.blank => ("blank card".to_owned(), String::new(), String::new()),
            Some(token) if token.empty => ("empty token".to_owned(), String::new(), String::new()),
            Some(token) => (token.label.clone(), pin_text(token), objects_text(&token.objects)),
        };
        table.row([slot.id.to_string(), slot.reader.clone(), token, pin, objects]);
    }
    table.render(&context.terminal)
}

fn pin_text(token: &TokenReport) -> String {
    match &token.pin {
        Some(pin) => format!("{} ({})", pin.label, tries(pin.tries_left)),
        None => "none".to_owned(),
    }
}

/// `1 key, 3 certificates`: private keys first; a public key counts only where it stands alone.
fn objects_text(objects: &Objects) -> String {
    let parts = [
        (objects.private_keys, "key", "keys"),
        (objects.public_keys.saturating_sub(objects.private_keys), "public key", "public keys"),
        (objects.secret_keys, "secret key", "secret keys"),
        (objects.certificates, "certificate", "certificates"),
        (objects.data, "data object", "data objects"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|part| part.0 > 0).map(|(number, one, many)| count(*number, one, many)).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn save(context: &Context, report: &Report, path: &Path) -> Result<Outcome, CliError> {
    if let Some(problem) = report.problems.iter().find(|problem| problem.fatal) {
        return Err(CliError::new(ErrorKind::Card, format!("the layout is not saved: {}", problem.text())));
    }
    let text = SavedLayout::of(context.engine()?, report)?.to_toml()?;
    if atomic_file::is_standard_stream(path) {
        return Ok(Outcome::new(json!({ "layout": text }), text));
    }
    atomic_file::write(path, text.as_bytes())?;
    let document = json!({ "file": path.display().to_string(), "slots": report.slots.len() });
    let note = format!("saved {} to {}", count(report.slots.len(), "slot", "slots"), path.display());
    Ok(Outcome::new(document, "").note(note))
}

fn check(context: &Context, expected: &SavedLayout) -> Result<Outcome, CliError> {
    let mut report = Report::gather(context)?;
    report.read_certificates(context.engine()?);
    let found = SavedLayout::of(context.engine()?, &report)?;
    let differences = compare::differences(expected, &found);
    let text: String = differences.iter().map(|difference| format!("{}\n", difference.text())).collect();
    let document = json!({
        "matches": differences.is_empty(),
        "differences": differences.iter().map(compare::Difference::to_json).collect::<Vec<_>>(),
    });
    let note = match differences.len() {
        0 => format!("{} as saved", count(found.slots.len(), "slot", "slots")),
        number => format!("{} from the saved layout", count(number, "difference", "differences")),
    };
    let mut outcome = remarks(context, &report, Outcome::new(document, text).note(note))?;
    if !differences.is_empty() {
        outcome.verdict = Some(ErrorKind::Refused);
    }
    Ok(outcome)
}

/// What found no slot, what could not be read, why there is no reader.
fn remarks(context: &Context, report: &Report, mut outcome: Outcome) -> Result<Outcome, CliError> {
    outcome.tells_problems = true;
    outcome.document.insert("problems".to_owned(), report.problems.iter().map(Problem::to_json).collect());
    outcome.warnings.extend(report::unplaced_texts(&report.unplaced));
    outcome.warnings.extend(report.problems.iter().map(Problem::text));
    outcome.hints.extend(report.problems.iter().filter_map(|problem| problem.hint.clone()));
    if report.problems.iter().any(|problem| problem.fatal) {
        outcome.verdict = Some(ErrorKind::Card);
    }
    if report.slots.is_empty() && outcome.verdict.is_none() {
        let error = no_slots(context, context.engine()?);
        outcome.warnings.push(error.message);
        outcome.hints.extend(error.hints);
        outcome.verdict = context.pcsc_problem().map(|_| ErrorKind::Card);
    } else if report.problems.is_empty() && report.slots.iter().all(|slot| slot.token.is_none()) {
        let readers = context.engine().map(Provider::readers).unwrap_or_default();
        if reader_with_hidden_tokens(&readers).is_some() {
            outcome.hints.push(SHOW_HIDDEN.to_owned());
        } else {
            outcome.hints.push("no reader holds a card: insert one".to_owned());
            outcome.hints.extend(first_steps());
        }
    }
    Ok(outcome)
}
