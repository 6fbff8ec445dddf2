//! `card serve`: a software card in the virtual reader of vpcd, for every program that uses PC/SC.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::interrupt;
use crate::cli::outcome::Outcome;
use crate::softcard;
use crate::transport::vpcd::{self, Event};

/// Arguments of `card serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Needs pcscd with the virtual reader vpcd (Debian: apt install pcscd
vsmartcard-vpcd). The card stays in the reader until Ctrl-C.

Examples:
  p11ctl card serve demo.card
  p11ctl card serve second.card --port 35964      the second virtual reader")]
pub struct ServeArgs {
    /// The card's file
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// TCP port of the virtual reader on this machine
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    port: u16,
}

/// Runs `card serve`.
pub fn run(context: &Context, args: &ServeArgs) -> Result<Outcome, CliError> {
    let mut card = softcard::open(&args.file).map_err(|error| CliError::from(&error))?;
    // For as long as it is served, the file is nobody else's.
    card.hold(BUSY_TIMEOUT).map_err(|error| CliError::from(&error))?;
    let stop = Arc::new(AtomicBool::new(false));
    interrupt::stop_instead(&stop);
    let address = format!("127.0.0.1:{}", args.port);
    let mut tell = |event: Event| {
        let sentence = match event {
            Event::Waiting => format!("waiting for a virtual reader at {address} (pcscd with vpcd)"),
            Event::Inserted => {
                format!("{} is in the virtual reader; Ctrl-C takes it out", args.file.display())
            }
            Event::Disconnected => "the PC/SC service went away".to_owned(),
        };
        context.say(&sentence);
    };
    vpcd::serve_observed(&mut card, &address, &stop, &mut tell).map_err(|error| CliError::from(&error))?;
    let document = json!({ "file": args.file.display().to_string(), "port": args.port });
    Ok(Outcome::new(document, "").note("card taken out"))
}

/// How long another program may keep the card before it counts as taken.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Where vpcd's first reader listens.
const DEFAULT_PORT: u16 = 35_963;
