//! `card new`: a blank software card, or the founding document's example.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::memory::MemoryCard;
use crate::apdu::Stats;
use crate::card::example::{self, ExampleKind, personalise_example};
use crate::card::{Card, CardSettings};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::explain::io_error;
use crate::cli::outcome::Outcome;
use crate::cli::progress::Spinner;
use crate::cli::text::shell_word;
use crate::config::Config;
use crate::softcard::{Options, SoftCard};
use crate::transport::TransportError;

/// Arguments of `card new`.
#[derive(Debug, Args)]
#[command(after_help = "\
A software card is a file, no tamper-proof chip: whoever has it can try PINs
at leisure.

Examples:
  p11ctl card new blank.card
  p11ctl card new demo.card --example
  p11ctl --card demo.card slots")]
pub struct NewArgs {
    /// File for the card; it must not exist yet
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Put the example on it: two PINs, each with a key and its certificate chain, and three other roots;
    /// shared: one issuing CA and root in both chains
    #[arg(long, value_enum, value_name = "KIND", num_args = 0..=1, default_missing_value = "separate")]
    example: Option<Example>,
}

/// Kinds of example cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Example {
    /// Each chain has an issuing CA and a root of its own
    Separate,
    /// Both chains share one issuing CA and root
    Shared,
}

/// Runs `card new`.
pub fn run(context: &Context, args: &NewArgs) -> Result<Outcome, CliError> {
    let path = &args.file;
    if path.symlink_metadata().is_ok() {
        return Err(CliError::usage(format!("{} exists already", path.display()))
            .hint("choose another name; p11ctl never overwrites a card"));
    }
    let blank = SoftCard::blank(Options::default())
        .map_err(|error| CliError::new(ErrorKind::Card, "a card could not be made").source(&error))?;
    let card = MemoryCard::new(blank);
    if let Some(example) = args.example {
        let spinner = Spinner::start(context, "generating keys and certificates");
        personalise(&card, example)?;
        spinner.end();
    }
    card.card().store_as(path).map_err(|error| cannot_store(path, &error))?;
    Ok(Outcome::new(document(args), "").note(sentence(args)))
}

/// As for every file that cannot be written.
fn cannot_store(path: &Path, error: &TransportError) -> CliError {
    match io_error(error) {
        Some(source) => CliError::usage(format!("cannot write {}", path.display())).cause(source),
        None => error.into(),
    }
}

fn personalise(card: &MemoryCard, example: Example) -> Result<(), CliError> {
    let kind = match example {
        Example::Separate => ExampleKind::Separate,
        Example::Shared => ExampleKind::Shared,
    };
    let mut card = Card::new(card.reader(), CardSettings::new(&Config::default()), Stats::default());
    personalise_example(&mut card, kind).map_err(|error| {
        CliError::new(ErrorKind::Card, "the example could not be put on the card").source(&error)
    })
}

fn document(args: &NewArgs) -> serde_json::Value {
    let pins = example::PINS.map(|(label, pin)| json!({ "label": label, "pin": pin }));
    let made = args.example.map(|example| {
        json!({
            "kind": if example == Example::Shared { "shared" } else { "separate" },
            "label": example::LABEL,
            "so_pin": example::OFFICER_PIN,
            "pins": pins,
            "puk": example::PUK,
        })
    });
    json!({ "file": args.file.display().to_string(), "example": made })
}

fn sentence(args: &NewArgs) -> String {
    let path = args.file.display();
    if args.example.is_none() {
        return format!("made the blank card {path}");
    }
    let pins = example::PINS.map(|(label, pin)| format!("  {label}   {pin}\n")).concat();
    let (officer, puk) = (example::OFFICER_PIN, example::PUK);
    format!(
        "made the example card {path}\n{pins}  SO PIN  {officer}\n  PUK     {puk}\n\
         look at it: p11ctl --card {} slots",
        shell_word(&args.file.to_string_lossy())
    )
}
