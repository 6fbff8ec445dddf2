//! `readers`: every reader, the card in it, the drivers of its applications, the slots it owns, and what to do where something is wrong.

use clap::Args;
use serde_json::{Value, json};

use crate::card::CardError;
use crate::cli::context::Context;
use crate::cli::error::{CliError, ErrorKind};
use crate::cli::explain::{first_steps, transport_hint};
use crate::cli::json;
use crate::cli::outcome::Outcome;
use crate::cli::problems;
use crate::cli::table::Table;
use crate::cli::text::quote;
use crate::codec::hex;
use crate::engine::{ApplicationReport, Error, ReaderReport};
use crate::layout::{SlotId, Unplaced, UnplacedWhat};
use crate::transport::{Presence, ReaderKind, TransportError};

/// Arguments of `readers`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each card is asked for every application, also for those that it did not have
when it was asked within the last hour, which other commands leave out.

Examples:
  p11ctl readers
  p11ctl --card demo.card --card - readers --json")]
pub struct ReadersArgs {}

/// Runs `readers`.
pub fn run(context: &Context, _args: &ReadersArgs) -> Result<Outcome, CliError> {
    let engine = context.engine()?;
    engine.ask_for_all_applications();
    let readers = engine.readers();
    let unplaced = engine.unplaced();
    let mut table = Table::new(&["READER", "KIND", "CARD", "SLOTS"]);
    let mut warnings = Vec::new();
    let mut hints = Vec::new();
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    for reader in &readers {
        let state = State::of(reader);
        let remedy = remedy(reader, &unplaced);
        let slots = slot_range(&reader.slots);
        table.row([reader.name.clone(), kind_name(reader.kind).to_owned(), state.text(), slots]);
        let advice = state.advice(&reader.name);
        warnings.extend(advice.warning);
        hints.extend(advice.hints);
        warnings.extend(
            remedy.map(|remedy| format!("no slots left for reader {}: set {remedy}", quote(&reader.name))),
        );
        entries.push(entry(reader, &state, remedy));
        problems.extend(problems::skipped(engine, &reader.name));
    }
    let service = context.pcsc_problem();
    let document = json!({
        "readers": entries,
        "pcsc_problem": service.map(ToString::to_string),
    });
    let mut outcome = Outcome::new(document, table.render(&context.terminal)).warn(warnings);
    // What is wrong with a whole card stands in the table.
    outcome = outcome.with_problems(&problems);
    outcome.tells_problems = true;
    outcome.hints.extend(hints);
    if let Some(problem) = service {
        outcome.warnings.push(problem.to_string());
        outcome.hints.extend(transport_hint(problem));
    }
    if readers.is_empty() {
        if service.is_none() {
            outcome.warnings.push("there is no reader".to_owned());
            outcome.hints.push("plug in a reader".to_owned());
        }
        outcome.hints.extend(first_steps());
        outcome.verdict = service.map(|_| ErrorKind::Card);
    }
    Ok(outcome)
}

/// What is in a reader, sorted into the cases that a person has to tell apart.
#[derive(Debug)]
enum State<'a> {
    Empty,
    Card { applications: &'a [ApplicationReport] },
    Unread,
    Unknown { atr: &'a [u8] },
    Mute,
    Held { error: &'a TransportError },
    Broken { error: &'a Error },
}

impl<'a> State<'a> {
    fn of(reader: &'a ReaderReport) -> Self {
        if let Some(error) = reader.error.as_deref() {
            return Self::of_error(error);
        }
        match (&reader.presence, reader.applications.as_slice()) {
            (Some(Presence::Mute), _) => Self::Mute,
            (Some(Presence::Card { .. }), []) => Self::Unread,
            (Some(Presence::Card { .. }), applications) => Self::Card { applications },
            (Some(Presence::Empty) | None, _) => Self::Empty,
        }
    }

    fn of_error(error: &'a Error) -> Self {
        if let Some(transport) = transport_error(error) {
            return match transport {
                TransportError::MuteCard(_) => Self::Mute,
                TransportError::Busy { .. } => Self::Held { error: transport },
                TransportError::NoCard(_) | TransportError::CardRemoved(_) => Self::Empty,
                _ => Self::Broken { error },
            };
        }
        match error {
            Error::TokenNotRecognized { source: CardError::UnknownCard { atr }, .. } => Self::Unknown { atr },
            Error::DeviceRemoved { .. } => Self::Empty,
            _ => Self::Broken { error },
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Card { .. } | Self::Unread => "card",
            Self::Unknown { .. } => "unknown_card",
            Self::Mute => "mute",
            Self::Held { .. } => "held",
            Self::Broken { .. } => "broken",
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Empty => "empty".to_owned(),
            Self::Card { applications } => drivers(applications),
            Self::Unread => "card".to_owned(),
            Self::Unknown { atr } => format!("unknown card, ATR {}", hex::encode(atr)),
            Self::Mute => "card does not answer".to_owned(),
            Self::Held { .. } => "held by another program".to_owned(),
            Self::Broken { .. } => "not readable".to_owned(),
        }
    }

    /// What is wrong and what to do next, for the states where something is.
    fn advice(&self, reader: &str) -> Advice {
        let reader = quote(reader);
        let about = |sentence: &str| match sentence.contains(&reader) {
            true => sentence.to_owned(),
            false => format!("reader {reader}: {sentence}"),
        };
        let (warning, hints) = match self {
            Self::Empty | Self::Card { .. } | Self::Unread => return Advice::default(),
            Self::Unknown { .. } => (
                about("p11ctl has no driver for this card"),
                vec!["p11ctl card apdu talks to it all the same".to_owned()],
            ),
            Self::Mute => (
                about("the card does not answer"),
                vec!["take it out and insert it the right way round".to_owned()],
            ),
            Self::Held { error } => {
                (format!("reader {reader}: {error}"), transport_hint(error).into_iter().collect())
            }
            Self::Broken { error } => {
                let explained = CliError::from(*error);
                let why =
                    std::iter::once(explained.message).chain(explained.causes).collect::<Vec<_>>().join(": ");
                (about(&why), explained.hints)
            }
        };
        let hints = hints.iter().map(|hint| about(hint)).collect();
        Advice { warning: Some(warning), hints }
    }
}

/// What a reader's state calls for.
#[derive(Debug, Default)]
struct Advice {
    warning: Option<String>,
    hints: Vec<String>,
}

impl Advice {
    /// Every sentence: the warning first.
    fn sentences(self) -> Vec<String> {
        self.warning.into_iter().chain(self.hints).collect()
    }
}

/// The drivers of a card's applications: `PIV, OpenPGP`.
pub fn drivers(applications: &[ApplicationReport]) -> String {
    let drivers: Vec<&str> = applications.iter().map(|application| application.driver).collect();
    drivers.join(", ")
}

fn transport_error(error: &Error) -> Option<&TransportError> {
    use crate::apdu::ApduError;
    match error {
        Error::Reader { source, .. } => Some(source),
        Error::TokenNotRecognized { source: CardError::Apdu(ApduError::Transport(source)), .. }
        | Error::Card { source: CardError::Apdu(ApduError::Transport(source)), .. } => Some(source),
        _ => None,
    }
}

fn kind_name(kind: ReaderKind) -> &'static str {
    match kind {
        ReaderKind::Pcsc => "pcsc",
        ReaderKind::Software => "software",
        ReaderKind::Module => "module",
    }
}

/// `0-3`, `4`, or `no slots left`.
fn slot_range(slots: &[SlotId]) -> String {
    match (slots.first(), slots.last()) {
        (Some(first), Some(last)) if first != last => format!("{first}-{last}"),
        (Some(only), _) => only.to_string(),
        _ => "no slots left".to_owned(),
    }
}

/// The setting that would give the reader slots, where it has none.
fn remedy<'a>(reader: &ReaderReport, unplaced: &'a [Unplaced]) -> Option<&'a str> {
    unplaced
        .iter()
        .find(|unplaced| unplaced.reader == reader.name && unplaced.what == UnplacedWhat::Reader)
        .and_then(|unplaced| unplaced.remedy.as_deref())
}

fn entry(reader: &ReaderReport, state: &State<'_>, remedy: Option<&str>) -> Value {
    let atr = match &reader.presence {
        Some(Presence::Card { atr }) => json::bytes(atr),
        _ => Value::Null,
    };
    json!({
        "name": reader.name,
        "kind": kind_name(reader.kind),
        "state": state.name(),
        "atr": atr,
        "driver": reader.driver(),
        "applications": reader.applications.iter().map(application_entry).collect::<Vec<_>>(),
        "slots": numbers(&reader.slots),
        "problem": state.advice(&reader.name).sentences(),
        "remedy": remedy,
    })
}

fn application_entry(application: &ApplicationReport) -> Value {
    json!({
        "driver": application.driver,
        "label": application.label,
        "serial": application.serial,
        "slots": numbers(&application.slots),
    })
}

fn numbers(slots: &[SlotId]) -> Vec<u32> {
    slots.iter().map(|slot| slot.0).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::apdu::ApduError;

    fn report(presence: Option<Presence>, error: Option<Error>) -> ReaderReport {
        ReaderReport {
            name: "Reader".to_owned(),
            kind: ReaderKind::Pcsc,
            presence,
            applications: Vec::new(),
            slots: Vec::new(),
            error: error.map(Arc::new),
        }
    }

    fn unread(source: CardError) -> Option<Error> {
        Some(Error::TokenNotRecognized { reader: "Reader".to_owned(), source })
    }

    #[test]
    fn state_each_case_has_its_own_sentence() {
        let card = || Some(Presence::Card { atr: vec![0x3B, 0x00] });
        let name = || "Reader".to_owned();
        let transport = |error| CardError::Apdu(ApduError::Transport(error));
        let busy = TransportError::Busy { reader: name(), waited: Duration::from_secs(5) };
        let damaged = CardError::Malformed { what: "EF.DIR".to_owned(), why: "cut short".to_owned() };
        for (report, state, text, advice) in [
            (report(Some(Presence::Empty), None), "empty", "empty", ""),
            (report(card(), None), "card", "card", ""),
            (report(Some(Presence::Mute), None), "mute", "card does not answer", "the right way round"),
            (
                report(card(), unread(CardError::UnknownCard { atr: vec![0x3B, 0x00] })),
                "unknown_card",
                "unknown card, ATR 3b00",
                "no driver for this card",
            ),
            (report(card(), unread(transport(busy))), "held", "held by another program", "scdaemon"),
            (
                report(card(), unread(transport(TransportError::MuteCard(name())))),
                "mute",
                "card does not answer",
                "round",
            ),
            (report(card(), Some(Error::DeviceRemoved { reader: name() })), "empty", "empty", ""),
            (report(card(), unread(damaged)), "broken", "not readable", "EF.DIR"),
            (
                report(None, Some(Error::Reader { reader: name(), source: TransportError::AccessDenied })),
                "broken",
                "not readable",
                "polkit",
            ),
        ] {
            let found = State::of(&report);
            assert_eq!((found.name(), found.text().as_str()), (state, text));
            let sentences = found.advice("Reader").sentences().join("\n");
            assert!(sentences.contains(advice), "{advice:?} is not in {sentences:?}");
            assert_eq!(sentences.is_empty(), advice.is_empty(), "{sentences}");
        }
    }

    #[test]
    fn slot_range_names_first_and_last() {
        assert_eq!(slot_range(&[SlotId(4), SlotId(5), SlotId(6)]), "4-6");
        assert_eq!(slot_range(&[SlotId(7)]), "7");
        assert_eq!(slot_range(&[]), "no slots left");
    }
}
