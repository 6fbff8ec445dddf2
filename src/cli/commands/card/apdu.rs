//! `card apdu`: commands as the user typed them, responses as they came. The one command that knows APDUs.

use std::io::Read;

use clap::Args;
use serde_json::{Value, json};

use crate::apdu::trace::{CommandText, Visibility};
use crate::apdu::{ApduError, Channel, Response};
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::json;
use crate::cli::outcome::Outcome;
use crate::cli::text::quote;
use crate::cli::tokens::no_readers;
use crate::codec::{Secret, hex};
use crate::config::AfterLogin;
use crate::transport::{Disposition, Presence, Reader};

/// Arguments of `card apdu`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each response is one line: data and status word in hexadecimal. The exit code
is 1 when a status word is not 9000. APDUs that carry a PIN or key are read
from standard input only, one on each line.

Examples:
  p11ctl card apdu 00A4040C0CA000000063504B43532D3135
  p11ctl --card demo.card card apdu '00 CA 01 A0 00'
  p11ctl card apdu --reader 'Virtual PCD 00 00' - < commands.txt")]
pub struct ApduArgs {
    /// Command APDUs in hexadecimal, sent in this order (- reads lines from standard input)
    #[arg(value_name = "HEX", required = true)]
    commands: Vec<String>,

    /// Talk to the card in this reader (its name, or a part that no other has)
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
}

/// Runs `card apdu`.
pub fn run(context: &Context, args: &ApduArgs) -> Result<Outcome, CliError> {
    let commands = commands(args)?;
    let mut reader = choose(context, args.reader.as_deref())?;
    let stats = context.stats_for(reader.name());
    let mut transport = reader.connect().map_err(|error| CliError::from(&error))?;
    let atr = transport.atr().to_vec();
    let mut channel = Channel::begin(transport.as_mut(), &stats).map_err(|error| explain(&error))?;
    let mut exchanges = Vec::new();
    let mut failure = None;
    for command in &commands {
        match channel.transmit_raw(command.expose()) {
            Ok(response) => exchanges.push((command, response)),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    // Whatever the user verified does not outlive the command.
    let disposition = match context.load_config()?.readers.after_login {
        AfterLogin::Leave => Disposition::Leave,
        AfterLogin::Deauthenticate | AfterLogin::Reset => Disposition::Reset,
    };
    let ended = channel.end(disposition);
    context.add_stats(stats.snapshot());
    if let Some(error) = failure {
        return Err(explain(&error));
    }
    ended.map_err(|error| explain(&error))?;
    let text: String = exchanges.iter().map(|(_, response)| line(response)).collect();
    let document = json!({
        "reader": reader.name(),
        "atr": json::bytes(&atr),
        "responses": exchanges.iter().map(|(command, response)| entry(command, response)).collect::<Vec<_>>(),
    });
    let all_ok = exchanges.iter().all(|(_, response)| response.status.is_ok());
    Ok(Outcome::new(document, text).verdict((!all_ok).then_some(ErrorKind::Refused)))
}

/// The APDUs of the arguments, and those of standard input in place of `-`.
fn commands(args: &ApduArgs) -> Result<Vec<Secret>, CliError> {
    let mut commands = Vec::new();
    for text in &args.commands {
        if text == "-" {
            let mut lines = String::new();
            std::io::stdin()
                .read_to_string(&mut lines)
                .map_err(|source| CliError::usage("cannot read standard input").cause(source))?;
            for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
            {
                commands.push(parse(line)?);
            }
            continue;
        }
        let command = parse(text)?;
        if carries_secret(&command) {
            return Err(CliError::usage("an APDU that carries a PIN or key is not taken from the arguments")
                .cause("every user of this machine can read the arguments of a running program")
                .hint("give it on standard input: p11ctl card apdu - < FILE"));
        }
        commands.push(command);
    }
    Ok(commands)
}

fn parse(text: &str) -> Result<Secret, CliError> {
    hex::decode(text)
        .map(Secret::new)
        .map_err(|source| CliError::usage("an APDU is written in hexadecimal").cause(source))
}

/// True when the trace would hide the command's data: a PIN, a key, a proof made with one.
fn carries_secret(command: &Secret) -> bool {
    if command.len() <= HEADER_LEN {
        return false;
    }
    let visible = Visibility::of(command.expose(), Visibility::unknown()).command;
    let shown = CommandText { bytes: command.expose(), visible }.to_string();
    !visible && shown.contains("hidden")
}

fn explain(error: &ApduError) -> CliError {
    match error {
        ApduError::Transport(error) => error.into(),
        ApduError::Form(_) => {
            CliError::usage(error.to_string()).hint("an APDU is CLA INS P1 P2, then length and data")
        }
        other => CliError::new(ErrorKind::Card, other.to_string()),
    }
}

/// The one reader with a card, or the one named. Cards that nobody names are not touched.
pub(super) fn choose(context: &Context, name: Option<&str>) -> Result<Box<dyn Reader>, CliError> {
    let assembled = context.assemble()?;
    let readers = assembled.readers;
    if readers.is_empty() {
        return Err(no_readers(assembled.pcsc_problem.as_ref()));
    }
    let names: Vec<String> = readers.iter().map(|reader| reader.name().to_owned()).collect();
    let mut fitting: Vec<Box<dyn Reader>> =
        readers.into_iter().filter(|reader| fits(name, reader.name(), &names)).collect();
    if name.is_none() {
        fitting.retain_mut(|reader| matches!(reader.presence(), Ok(Presence::Card { .. } | Presence::Mute)));
    }
    match (fitting.pop(), fitting.is_empty()) {
        (Some(reader), true) => Ok(reader),
        (Some(_), false) => Err(CliError::new(ErrorKind::NotFound, "more than one reader fits: which one?")
            .candidates(names.iter().map(|name| format!("reader {}", quote(name))).collect())
            .hint("choose by --reader")),
        (None, _) => {
            let (message, hint) = match name {
                Some(name) => {
                    (format!("there is no reader {}", quote(name)), "choose one of these by --reader")
                }
                None => ("there is no card in any reader".to_owned(), "insert one"),
            };
            Err(CliError::new(ErrorKind::NotFound, message)
                .candidates(names.iter().map(|name| format!("reader {}", quote(name))).collect())
                .hint(hint))
        }
    }
}

fn fits(wanted: Option<&str>, reader: &str, all: &[String]) -> bool {
    let Some(wanted) = wanted else { return true };
    if all.iter().any(|name| name == wanted) {
        return reader == wanted;
    }
    reader.to_lowercase().contains(&wanted.to_lowercase())
}

/// `6f07… 9000`.
fn line(response: &Response) -> String {
    let status = format!("{:04x}", response.status.0);
    if response.data.is_empty() {
        format!("{status}\n")
    } else {
        format!("{} {status}\n", hex::encode(&response.data))
    }
}

fn entry(command: &Secret, response: &Response) -> Value {
    let command = if carries_secret(command) { Value::Null } else { json::bytes(command.expose()) };
    json!({
        "command": command,
        "data": json::bytes(&response.data),
        "status_word": format!("{:04x}", response.status.0),
        "meaning": response.status.meaning(),
    })
}

/// CLA INS P1 P2: there is no data to hide.
const HEADER_LEN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Secret {
        parse(text).unwrap()
    }

    #[test]
    fn carries_secret_verify_with_a_pin_does_and_without_does_not() {
        assert!(carries_secret(&command("00200001083131313131313131")));
        assert!(!carries_secret(&command("00200001")));
        assert!(!carries_secret(&command("00A4040C023F00")));
    }

    #[test]
    fn commands_pin_in_the_arguments_is_refused_without_repeating_it() {
        let args = ApduArgs { commands: vec!["00200001083131313131313131".to_owned()], reader: None };
        let error = commands(&args).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(!format!("{error:?}").contains("3131"));
    }
}
