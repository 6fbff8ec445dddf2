//! One run of the program: parse, do, release the cards, print, exit code.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind as IoErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use super::args::Cli;
use super::commands::LINK_NAME;
use super::context::Context;
use super::error::{CliError, ErrorKind, Lead};
use super::outcome::Outcome;
use super::terminal::Terminal;
use super::text::{escape, escape_lines};
use super::{interrupt, json, logging};
use crate::apdu::StatsSnapshot;

/// Runs the command line of this process. What a command says of its failure is printed here; the error is for
/// what goes wrong around it.
pub fn main() -> anyhow::Result<ExitCode> {
    let terminal = Terminal::detect();
    let arguments = by_name(std::env::args_os().collect());
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return Ok(refuse_usage(&error, &arguments)),
    };
    logging::start(cli.global.verbose, terminal.color && terminal.stderr);
    let context = Context::new(cli.global, terminal);
    context.catch_signals()?;
    let result = catch_unwind(AssertUnwindSafe(|| cli.command.run(&context)));
    let result = result.unwrap_or_else(|_| {
        Err(CliError::new(ErrorKind::Bug, "p11ctl failed in a way it should not")
            .hint("please report it, with the lines above"))
    });
    let problems = catch_unwind(AssertUnwindSafe(|| context.problems())).unwrap_or_default();
    let result = match (result, problems.as_deref().unwrap_or_default()) {
        (Ok(outcome), found) if problems.is_some() => Ok(outcome.with_problems(found)),
        (Err(error), found) => Err(error.with_problems(found)),
        (Ok(outcome), _) => Ok(outcome),
    };
    // Before anything is printed: a reader of our output that goes away must not keep a card open.
    let result = result
        .map(|outcome| outcome.map_hints(|hint| context.global.complete(hint)))
        .map_err(|error| error.map_hints(|hint| context.global.complete(hint)));
    let released = catch_unwind(AssertUnwindSafe(|| context.release())).unwrap_or(Ok(()));
    if interrupt::interrupted() {
        interrupt::wait_for_end();
    }
    let kind = match (result, released) {
        (Ok(outcome), Ok(())) => print_outcome(&context, &outcome),
        // What was computed is good all the same; that a card did not let go is told after it.
        (Ok(outcome), Err(error)) => {
            let verdict = print_outcome(&context, &outcome);
            let failure = print_error(&context, &error);
            verdict.or(failure)
        }
        (Err(error), _) => print_error(&context, &error),
    };
    Ok(ExitCode::from(kind.map_or(0, ErrorKind::exit_code)))
}

/// The arguments with the subcommand that the name of the program stands for.
fn by_name(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let name = arguments.first().and_then(|program| Path::new(program).file_name());
    if name == Some(OsStr::new(LINK_NAME)) {
        arguments.insert(1, "ssh-keygen".into());
    }
    arguments
}

/// Prints what a command handed back, and says why the exit code is not 0.
fn print_outcome(context: &Context, outcome: &Outcome) -> Option<ErrorKind> {
    let stats = context.global.stats.then(|| context.stats());
    let printed = if context.global.json {
        let document = json::document(outcome.document.clone(), stats.as_ref());
        write_stdout(json::pretty(&document).as_bytes())
    } else {
        write_stdout(&outcome.stdout).and_then(|()| {
            outcome.spooled.as_ref().map_or(Ok(()), |spooled| spooled.copy_to(io::stdout().lock()))
        })
    };
    match printed {
        Ok(()) => {}
        // Silent, but a bad signature stays one.
        Err(error) if error.kind() == IoErrorKind::BrokenPipe => {
            return outcome.verdict.or(Some(ErrorKind::BrokenPipe));
        }
        Err(error) => {
            return print_error(context, &CliError::usage("cannot write to standard output").cause(error));
        }
    }
    if !context.global.json {
        let mut text = String::new();
        let lead = |lead, word: &str| context.terminal.paint_lead(lead, word);
        for warning in &outcome.warnings {
            text.push_str(&format!("{} {}\n", lead(Lead::Warning, "warning:"), escape(warning)));
        }
        for failure in &outcome.failures {
            text.push_str(&failure.to_text(context.global.verbose > 0, &lead));
        }
        for note in &outcome.notes {
            text.push_str(&format!("{}\n", escape_lines(note)));
        }
        for hint in &outcome.hints {
            text.push_str(&format!("{} {}\n", lead(Lead::Hint, "hint:"), escape(hint)));
        }
        if let Some(stats) = &stats {
            text.push_str(&stats_text(stats));
        }
        write_stderr(&text);
    }
    outcome.verdict
}

fn print_error(context: &Context, error: &CliError) -> Option<ErrorKind> {
    if error.kind == ErrorKind::BrokenPipe {
        return Some(error.kind);
    }
    if context.global.json {
        let mut document = error.to_json();
        if context.global.stats
            && let Some(fields) = document.as_object_mut()
        {
            fields.insert("stats".to_owned(), json::stats(&context.stats()));
        }
        write_stderr(&json::line(&document));
    } else {
        let paint = |lead, word: &str| context.terminal.paint_lead(lead, word);
        let mut text = error.to_text(context.global.verbose > 0, &paint);
        if context.global.stats {
            text.push_str(&stats_text(&context.stats()));
        }
        write_stderr(&text);
    }
    Some(error.kind)
}

fn stats_text(stats: &StatsSnapshot) -> String {
    let StatsSnapshot { apdus, get_responses, bytes_sent, bytes_received, card_time } = stats;
    let fetched =
        if *get_responses > 0 { format!(" (and {get_responses} GET RESPONSE)") } else { String::new() };
    format!(
        "stats: {apdus} APDUs{fetched}, {bytes_sent} bytes sent, {bytes_received} bytes received, \
         {:.1} ms on cards\n",
        card_time.as_secs_f64() * 1000.0
    )
}

/// Help and version go to standard output; wrong usage is an error like any other.
fn refuse_usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let wants_json = arguments.iter().skip(1).any(|argument| argument == "--json");
    if wants_json && error.exit_code() != 0 {
        write_stderr(&json::line(&usage_error(&error.to_string()).to_json()));
    } else if let Err(source) = error.print().and_then(|()| io::stdout().flush())
        && source.kind() != IoErrorKind::BrokenPipe
        && error.exit_code() == 0
    {
        let cannot = CliError::usage("cannot write to standard output").cause(source);
        write_stderr(&cannot.to_text(false, &|_, word| word.to_owned()));
        return ExitCode::from(cannot.kind.exit_code());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(ErrorKind::Usage.exit_code()))
}

/// The parser's own text, sorted: its first line, what belongs to it, its advice.
pub(super) fn usage_error(text: &str) -> CliError {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default().trim_start_matches("error: ");
    let mut error = CliError::usage(message);
    for line in lines.filter(|line| !line.starts_with("For more information")) {
        match line.strip_prefix("tip: ") {
            Some(tip) => error = error.hint(tip),
            None if line.starts_with("Usage:") => error = error.hint(line),
            None => error = error.cause(line),
        }
    }
    error
}

fn write_stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Nobody can be told that standard error is gone.
fn write_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
