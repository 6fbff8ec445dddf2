//! `card record`: runs another command and writes down what it and the card said to each other, for whoever is to mend a
//! card that misbehaves. Secrets are left out by `apdu::Recording`, as in the traces.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::PathBuf;

use clap::{Args, Parser};
use serde_json::Value;

use super::CardCommand;
use super::apdu::choose;
use crate::apdu::Recording;
use crate::cli::args::{Cli, GlobalArgs};
use crate::cli::commands::Command;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::outcome::Outcome;
use crate::cli::run::usage_error;
use crate::cli::text::{quote, shell_word};
use crate::codec::date;

/// Arguments of `card record`.
#[derive(Debug, Args)]
#[command(after_help = "\
The command behind -- does what it always does. PINs, PUKs, keys and decrypted
data are not recorded, only how long they are; labels, names, certificates and
serial numbers are: look through the file before you send it to anybody. Of a
card that is cached only what was asked of it is recorded: empty the cache, or
switch it off, to record everything.

Examples:
  p11ctl card record slots.txt -- slots
  p11ctl card record sign.txt -- sign --key 'key 1' --pin prompt -o sig file
  p11ctl card record raw.txt --reader 'Virtual PCD 00 00' -- card apdu 00A40000")]
pub struct RecordArgs {
    /// File for the recording; it must not exist yet
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Record the card in this reader (its name, or a part that no other has)
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,

    /// The command to run: slots, or any other, with its options
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

/// Runs `card record`.
pub fn run(context: &Context, args: &RecordArgs) -> Result<Outcome, CliError> {
    let command = parse(&args.command)?;
    let reader = choose(context, args.reader.as_deref())?.name().to_owned();
    let cannot = |source| CliError::usage(format!("cannot write {}", args.file.display())).cause(source);
    let file = OpenOptions::new().write(true).create_new(true).open(&args.file).map_err(cannot)?;
    let recording = Recording::new(file, &provenance(&reader, &args.command));
    context.record(&reader, recording.clone());
    let result = command.run(context);
    // What takes the login back belongs to the dialogue.
    let released = context.release();
    recording.finish().map_err(cannot)?;
    let (reader, name) = (quote(&reader), args.file.display().to_string());
    if !recording.has_begun() {
        std::fs::remove_file(&args.file).map_err(cannot)?;
        result?;
        released?;
        return Err(CliError::new(
            ErrorKind::NotFound,
            format!("the command asked the card in reader {reader} nothing"),
        )
        .hint("another card is recorded with --reader NAME"));
    }
    let recorded = format!("recorded the dialogue with the card in reader {reader} to {name}");
    match result {
        Ok(outcome) => {
            released?;
            let mut outcome = outcome.note(recorded);
            outcome.document.insert("recording".to_owned(), Value::from(name));
            outcome.hints.push(LOOK.to_owned());
            Ok(outcome)
        }
        Err(error) => Err(error.hint(recorded).hint(LOOK)),
    }
}

/// The command behind `--`. Errors: what is no command, one that records itself, options of the program in it.
fn parse(words: &[OsString]) -> Result<Command, CliError> {
    let program = OsString::from("p11ctl");
    let all = std::iter::once(&program).chain(words);
    let cli = Cli::try_parse_from(all).map_err(|error| usage_error(&error.to_string()))?;
    if cli.global != GlobalArgs::default() {
        return Err(CliError::usage("options of p11ctl itself stand before card record")
            .hint("--card, --config, --json, --stats and -v: p11ctl --json card record FILE -- slots"));
    }
    match cli.command {
        Command::Card(CardCommand::Record(_)) => Err(CliError::usage("a recording is not recorded")),
        command => Ok(command),
    }
}

/// Where a recording comes from: its first lines.
fn provenance(reader: &str, command: &[OsString]) -> String {
    let words: Vec<String> = command.iter().map(|word| shell_word(&word.to_string_lossy())).collect();
    let plain =
        |text: &str| text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect::<String>();
    format!(
        "p11ctl {}, {}\nreader {}\np11ctl {}",
        env!("CARGO_PKG_VERSION"),
        date::moment(date::now()),
        plain(reader),
        plain(&words.join(" "))
    )
}

const LOOK: &str = "it names what is on the card: look through it before you send it";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, CliError> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn parse_what_cannot_be_recorded_is_refused() {
        assert!(parsed(&["slots", "--tree"]).is_ok());
        for words in [&["slots", "--json"][..], &["card", "record", "x", "--", "slots"], &["nonsense"]] {
            assert_eq!(parsed(words).unwrap_err().kind, ErrorKind::Usage, "{words:?}");
        }
    }

    #[test]
    fn provenance_is_three_lines_whatever_the_names_hold() {
        let text = provenance("a\nreader", &["sign".into(), "my file".into(), "x\ny".into()]);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("sign 'my file'"), "{text}");
    }
}
