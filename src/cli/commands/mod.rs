//! The subcommands: one file each, with its arguments and its run function; here they are only named.

mod card;
mod cert;
pub mod config;
mod decrypt;
mod digest;
mod doctor;
mod encrypt;
pub mod find;
mod generate;
mod key;
mod login;
mod object;
mod pin;
mod random;
mod readers;
mod sign;
mod slots;
mod ssh_keygen;
mod token;
mod verify;

pub use ssh_keygen::LINK_NAME;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
use super::outcome::Outcome;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List readers, the card in each, and the slots it owns
    Readers(readers::ReadersArgs),
    /// List virtual slots and their tokens
    Slots(slots::SlotsArgs),
    /// Show a token and its mechanisms
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Verify the PIN of one token and show what it opens
    Login(login::LoginArgs),
    /// Look after PINs: status, new ones, changes
    #[command(subcommand)]
    Pin(pin::PinCommand),
    /// Find objects: keys, certificates, data
    #[command(visible_alias = "objects")]
    Find(find::FindArgs),
    /// Show, export, write, change or delete one object
    #[command(subcommand)]
    Object(object::ObjectCommand),
    /// Generate, import or delete keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Request, make or verify certificates
    #[command(subcommand)]
    Cert(cert::CertCommand),
    /// Sign files with a private key
    Sign(sign::SignArgs),
    /// Verify the signature of a file
    Verify(verify::VerifyArgs),
    /// Encrypt a file for the holders of private keys
    Encrypt(encrypt::EncryptArgs),
    /// Decrypt a file with a private key
    Decrypt(decrypt::DecryptArgs),
    /// Digest files, or check files against their digests
    Digest(digest::DigestArgs),
    /// Make random bytes on a card
    Random(random::RandomArgs),
    /// Sign for git, in place of ssh-keygen
    SshKeygen(ssh_keygen::SshKeygenArgs),
    /// Make and serve software cards, send raw APDUs, repair
    #[command(subcommand)]
    Card(card::CardCommand),
    /// Show or check the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Tell what is missing for cards to be used, and what to do next
    Doctor(doctor::DoctorArgs),
    /// Write shell completions or man pages
    #[command(subcommand)]
    Generate(generate::GenerateCommand),
}

impl Command {
    /// Refuses what can never work, before any reader is touched, and runs the command.
    pub fn run(&self, context: &Context) -> Result<Outcome, CliError> {
        match self {
            Self::Readers(args) => readers::run(context, args),
            Self::Slots(args) => slots::run(context, args),
            Self::Token(command) => token::run(context, command),
            Self::Login(args) => login::run(context, args),
            Self::Pin(command) => pin::run(context, command),
            Self::Find(args) => find::run(context, args),
            Self::Object(command) => object::run(context, command),
            Self::Key(command) => key::run(context, command),
            Self::Cert(command) => cert::run(context, command),
            Self::Sign(args) => sign::run(context, args),
            Self::Verify(args) => verify::run(context, args),
            Self::Encrypt(args) => encrypt::run(context, args),
            Self::Decrypt(args) => decrypt::run(context, args),
            Self::Digest(args) => digest::run(context, args),
            Self::Random(args) => random::run(context, args),
            Self::SshKeygen(args) => ssh_keygen::run(context, args),
            Self::Card(command) => card::run(context, command),
            Self::Config(command) => config::run(context, command),
            Self::Doctor(args) => doctor::run(context, args),
            Self::Generate(command) => generate::run(context, command),
        }
    }
}
