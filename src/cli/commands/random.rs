//! `random`: random bytes from the generator of a card, or from that of the system.

use std::path::PathBuf;

use base64ct::{Base64, Encoding};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::cli::args::TokenArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;
use crate::cli::progress::Spinner;
use crate::cli::selector::Selector;
use crate::cli::tokens::{self, FoundToken};
use crate::cli::{atomic_file, destination, json};
use crate::codec::{Secret, hex};
use crate::crypto::random;
use crate::engine::{Error, SessionMode};

/// Arguments of `random`.
#[derive(Debug, Args)]
#[command(after_help = "\
The bytes come from the card; no PIN is needed. --system takes them from the
operating system, for a machine without a card or a great many bytes: a card
gives a few kilobytes a second.

Examples:
  p11ctl random 16 --slot 4 --format hex
  p11ctl random 32 --slot 4 -o seed.bin
  p11ctl random 32 --system --format base64")]
pub struct RandomArgs {
    /// How many bytes, 1 to 1048576
    #[arg(value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    length: u32,

    /// Write to this file (- is standard output, the default)
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Form of the bytes; hex and base64 are text
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "raw")]
    format: RandomFormat,

    /// Take the bytes from the operating system, not from a card
    #[arg(long, conflicts_with_all = ["slot", "token", "serial", "reader"])]
    system: bool,

    /// Which token.
    #[command(flatten)]
    token: TokenArgs,
}

/// Forms of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RandomFormat {
    /// The bytes themselves
    Raw,
    /// Hexadecimal, with a line end
    Hex,
    /// Base64, with a line end
    Base64,
}

/// Runs `random`.
pub fn run(context: &Context, args: &RandomArgs) -> Result<Outcome, CliError> {
    let file = args.output.as_deref().filter(|path| !atomic_file::is_standard_stream(path));
    let length = args.length as usize;
    if let Some(file) = file {
        atomic_file::check_writable(file)?;
    }
    let (bytes, token) = if args.system {
        (of_system(length)?, None)
    } else {
        let token = tokens::exactly_one(context, &Selector::new(&args.token, None)?, tokens::is_in_use)?;
        (of_card(context, &token, length)?, Some(token))
    };
    let document = json!({
        "source": if token.is_some() { "card" } else { "system" },
        "slot": token.as_ref().map(|token| token.slot.0),
        "token": token.as_ref().map(|token| token.candidate.label.as_str()),
        "length": length,
        "output": file.map(|path| path.display().to_string()),
        // What is written to a file is not repeated here.
        "random": if file.is_some() { Value::Null } else { json::bytes(bytes.expose()) },
    });
    let encoded = match args.format {
        RandomFormat::Raw => bytes,
        RandomFormat::Hex => Secret::new(format!("{}\n", hex::encode(bytes.expose())).into_bytes()),
        RandomFormat::Base64 => {
            Secret::new(format!("{}\n", Base64::encode_string(bytes.expose())).into_bytes())
        }
    };
    let binary = args.format == RandomFormat::Raw;
    destination::deliver(context, document, encoded.expose(), args.output.as_deref(), binary)
}

fn of_system(length: usize) -> Result<Secret, CliError> {
    random::secret(length).map_err(|error| CliError::usage("there are no random bytes").cause(error))
}

fn of_card(context: &Context, token: &FoundToken, length: usize) -> Result<Secret, CliError> {
    let engine = context.engine()?;
    let session = engine.open_session(token.slot, SessionMode::ReadOnly)?;
    let spinner = Spinner::start(context, "the card makes random bytes");
    let bytes = engine.random(session, length);
    spinner.end();
    bytes.map_err(|error| {
        let none = matches!(error, Error::NoRandom);
        let explained = CliError::from(error);
        if none { explained.hint("the operating system has some: --system") } else { explained }
    })
}
