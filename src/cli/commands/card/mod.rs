//! `card new|serve|apdu|record|repair`: software cards in files, one attached to pcscd, raw APDUs to any card, the
//! dialogue of a command with one, and room taken back from what was left half done.

mod apdu;
mod memory;
mod new;
mod record;
mod repair;
mod serve;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;

/// What to do with cards.
#[derive(Debug, Subcommand)]
pub enum CardCommand {
    /// Make a software card: a file that is used like a card
    New(new::NewArgs),
    /// Attach a software card to the PC/SC service, until interrupted
    Serve(serve::ServeArgs),
    /// Send raw APDUs to a card and print its responses
    Apdu(apdu::ApduArgs),
    /// Record what a command and a card say to each other, without PINs and keys
    Record(record::RecordArgs),
    /// Take back the room of what an interrupted command left behind
    Repair(repair::RepairArgs),
}

/// Runs `card`.
pub fn run(context: &Context, command: &CardCommand) -> Result<Outcome, CliError> {
    match command {
        CardCommand::New(args) => new::run(context, args),
        CardCommand::Serve(args) => serve::run(context, args),
        CardCommand::Apdu(args) => apdu::run(context, args),
        CardCommand::Record(args) => record::run(context, args),
        CardCommand::Repair(args) => repair::run(context, args),
    }
}
