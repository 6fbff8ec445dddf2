//! The whole command line as types: one definition for parser, help, completions and man pages.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, Parser};

use super::commands::Command;
use super::text::shell_word;

/// Administer cryptographic tokens: virtual slots, PINs, keys, certificates, signatures
///
/// A card can hold several PINs, and each PIN protects its own keys. p11ctl shows each PIN as a token in a slot
/// of its own, with the keys that the PIN protects and their certificate chains. Data goes to standard output,
/// sentences go to standard error.
#[derive(Debug, Parser)]
#[command(name = "p11ctl", version, arg_required_else_help = true)]
#[command(subcommand_required = true, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = FIRST_STEPS, after_long_help = EXIT_CODES)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Use this software card and no other reader (repeat for more; - is an empty reader)
    #[arg(long = "card", global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub cards: Vec<CardFile>,

    /// Use this PKCS#11 module instead of p11ctl's own engine: another card's or an HSM's
    #[arg(long, global = true, value_name = "LIBRARY", value_hint = clap::ValueHint::FilePath)]
    pub module: Option<PathBuf>,

    /// Read this configuration file and no other
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Print one JSON document; an error is one line of JSON on standard error
    #[arg(long, global = true)]
    pub json: bool,

    /// Print what the command cost: APDUs, bytes, time spent on cards
    #[arg(long, global = true)]
    pub stats: bool,

    /// Say more: error codes and steps; -vv calls; -vvv APDUs, without secrets
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl GlobalArgs {
    /// A hint with its command on the readers and configuration of this run.
    pub fn complete(&self, hint: &str) -> String {
        let mut options = String::new();
        for card in &self.cards {
            let file = match card {
                CardFile::Empty => "-".to_owned(),
                CardFile::Image(path) => shell_word(&path.to_string_lossy()),
            };
            options.push_str(&format!(" --card {file}"));
        }
        if let Some(module) = &self.module {
            options.push_str(&format!(" --module {}", shell_word(&module.to_string_lossy())));
        }
        if let Some(config) = &self.config {
            options.push_str(&format!(" --config {}", shell_word(&config.to_string_lossy())));
        }
        ON_CARDS.iter().fold(hint.to_owned(), |hint, command| {
            hint.replace(&format!("p11ctl {command}"), &format!("p11ctl{options} {command}"))
        })
    }
}

/// A reader made of software: a card image, or nothing in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardFile {
    /// `-`: an empty reader.
    Empty,
    /// The card in this file.
    Image(PathBuf),
}

impl From<OsString> for CardFile {
    fn from(text: OsString) -> Self {
        if text == "-" { Self::Empty } else { Self::Image(text.into()) }
    }
}

/// Which token: options that every command on one token takes.
#[derive(Debug, Clone, Default, Args)]
pub struct TokenArgs {
    /// Take the token in this slot
    #[arg(long, value_name = "N", help_heading = TOKEN_HEADING)]
    pub slot: Option<u32>,

    /// Take the token with this label, or of this pkcs11: URI
    #[arg(long, value_name = "LABEL|URI", help_heading = TOKEN_HEADING)]
    pub token: Option<String>,

    /// Take the token with this serial number
    #[arg(long, value_name = "SERIAL", help_heading = TOKEN_HEADING)]
    pub serial: Option<String>,

    /// Take the token in this reader (its name, or a part that no other has)
    #[arg(long, value_name = "NAME", help_heading = TOKEN_HEADING)]
    pub reader: Option<String>,
}

/// Where the PIN comes from.
#[derive(Debug, Clone, Default, Args)]
pub struct PinArgs {
    /// Take the PIN from: prompt, env:NAME, file:PATH, fd:N, stdin, pinpad
    #[arg(long, value_name = "SOURCE", help_heading = PIN_HEADING)]
    pub pin: Option<PinArg>,

    /// Let a wrong PIN lock the card: use the last try without asking
    #[arg(long, help_heading = PIN_HEADING)]
    pub final_try: bool,
}

impl PinArgs {
    /// True when the PIN comes from one place that has one value, not from a person; `pin_source` is that of a URI.
    pub fn is_one_value(&self, pin_source: Option<&str>) -> bool {
        match &self.pin {
            Some(PinArg::Prompt | PinArg::PinPad) => false,
            Some(_) => true,
            None => pin_source.is_some(),
        }
    }
}

/// The value of `--pin`. Parsing never fails, so that no error of the parser repeats a PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinArg {
    /// Ask on the terminal.
    Prompt,
    /// An environment variable.
    Environment(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line from an open file descriptor.
    Descriptor(u32),
    /// The first line of standard input.
    Stdin,
    /// The keys of the reader.
    PinPad,
    /// Anything else, most likely a PIN: not kept.
    Refused,
}

impl FromStr for PinArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "prompt" => Self::Prompt,
            "stdin" | "-" => Self::Stdin,
            "pinpad" => Self::PinPad,
            other => match other.split_once(':') {
                Some(("env", name)) if !name.is_empty() => Self::Environment(name.to_owned()),
                Some(("file", path)) if !path.is_empty() => Self::File(path.into()),
                Some(("fd", number)) => number.parse().map_or(Self::Refused, Self::Descriptor),
                _ => Self::Refused,
            },
        })
    }
}

/// Which key.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyArgs {
    /// Use the key with this label, or of this pkcs11: URI
    #[arg(long, visible_alias = "label", value_name = "LABEL|URI", help_heading = KEY_HEADING)]
    pub key: Option<String>,

    /// Use the key with this id, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = parse_hex, help_heading = KEY_HEADING)]
    pub id: Option<HexBytes>,
}

/// Bytes written in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

/// Reads a value in hexadecimal: colons and blanks between the digits are fine.
pub fn parse_hex(text: &str) -> Result<HexBytes, crate::codec::hex::HexError> {
    crate::codec::hex::decode(text).map(HexBytes)
}

/// Commands that hints name and that look at cards.
const ON_CARDS: [&str; 8] = ["slots", "readers", "find", "token", "pin", "key", "object", "cert"];
/// Heading of the options that choose a token.
pub const TOKEN_HEADING: &str = "Choosing the token";
/// Heading of the options that choose a key.
pub const KEY_HEADING: &str = "Choosing the key";
/// Heading of the options that choose an object.
pub const OBJECT_HEADING: &str = "Choosing the object";
/// Heading of the options for the PIN.
pub const PIN_HEADING: &str = "PIN";

const FIRST_STEPS: &str = "\
Without a reader, make a software card and look at it:
  p11ctl card new demo.card --example
  p11ctl --card demo.card slots";

const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  refused by the token, or a check found a difference
    2  wrong usage, configuration or file
    3  no such reader, token or object, or more than one
    4  PIN wrong, locked or missing
    5  reader or card failed
   70  a bug in p11ctl
  130  interrupted

Environment:
  OPENSC_CONF      the configuration file, where --config names none
  XDG_CONFIG_HOME  holds p11ctl/opensc.conf, else ~/.config does
  XDG_CACHE_HOME   holds what is public of known cards and which applications
                   they have, else ~/.cache does
  NO_COLOR         no colours
  COLUMNS          width of tables

The same commands on another PKCS#11 module, an HSM's or OpenSC's:
  p11ctl --module opensc-pkcs11.so slots
  p11ctl --module /usr/lib/softhsm/libsofthsm2.so sign --key k file

Without a reader, make a software card and look at it:
  p11ctl card new demo.card --example
  p11ctl --card demo.card slots";

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(text: &str) -> PinArg {
        let Ok(source) = text.parse();
        source
    }

    #[test]
    fn pin_arg_sources_are_read() {
        assert_eq!(pin("prompt"), PinArg::Prompt);
        assert_eq!(pin("env:PIN"), PinArg::Environment("PIN".to_owned()));
        assert_eq!(pin("file:/run/pin"), PinArg::File("/run/pin".into()));
        assert_eq!(pin("fd:3"), PinArg::Descriptor(3));
        assert_eq!(pin("stdin"), PinArg::Stdin);
        assert_eq!(pin("pinpad"), PinArg::PinPad);
    }

    #[test]
    fn pin_arg_literal_is_not_kept() {
        for literal in ["1234", "", "env:", "fd:x", "pin:1234", "file:"] {
            assert_eq!(pin(literal), PinArg::Refused, "{literal}");
        }
        assert!(!format!("{:?}", pin("secret-pin")).contains("secret"));
    }

    #[test]
    fn definition_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
