//! `key generate|import|derive|wrap|unwrap|attest|move|policy|delete`: private and secret keys on a token.

mod attest;
mod delete;
mod derive;
mod generate;
mod import;
mod kdf;
mod move_key;
mod options;
mod peer;
mod policy;
mod unwrap;
mod wrap;

use clap::Subcommand;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::outcome::Outcome;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Generate a key on the card
    Generate(generate::GenerateArgs),
    /// Import a key from a file, with its certificates where the file has them
    Import(import::ImportArgs),
    /// Derive a secret or a key from a private key and the other side's public key
    Derive(derive::DeriveArgs),
    /// Wrap a key under another key, so that it can travel
    Wrap(wrap::WrapArgs),
    /// Unwrap a key onto a token
    Unwrap(unwrap::UnwrapArgs),
    /// Have the card vouch that it generated a key itself
    Attest(attest::AttestArgs),
    /// Move a key to another place of its card, with its certificate
    Move(move_key::MoveArgs),
    /// Change when a key wants its PIN or a touch, on cards that let it be changed
    Policy(policy::PolicyArgs),
    /// Delete a key with both halves, and its chain where asked for
    Delete(delete::DeleteArgs),
}

/// Runs `key`.
pub fn run(context: &Context, command: &KeyCommand) -> Result<Outcome, CliError> {
    match command {
        KeyCommand::Generate(args) => generate::run(context, args),
        KeyCommand::Import(args) => import::run(context, args),
        KeyCommand::Derive(args) => derive::run(context, args),
        KeyCommand::Wrap(args) => wrap::run(context, args),
        KeyCommand::Unwrap(args) => unwrap::run(context, args),
        KeyCommand::Attest(args) => attest::run(context, args),
        KeyCommand::Move(args) => move_key::run(context, args),
        KeyCommand::Policy(args) => policy::run(context, args),
        KeyCommand::Delete(args) => delete::run(context, args),
    }
}
