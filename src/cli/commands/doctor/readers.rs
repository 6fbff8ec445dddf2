//! Readers, the card in each, and who holds one that is busy.

use std::fs;

use super::{Check, State};
use crate::card::CardError;
use crate::cli::commands::readers::drivers;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::explain::{first_steps, transport_hint};
use crate::cli::problems;
use crate::cli::text::{count, quote};
use crate::engine::{Error, ReaderReport};
use crate::transport::{Presence, TransportError};

/// One line for each reader; one more where none is usable.
pub fn check(context: &Context) -> Result<Vec<Check>, CliError> {
    let engine = context.engine()?;
    engine.ask_for_all_applications();
    let readers = engine.readers();
    let mut checks: Vec<Check> = readers.iter().map(reader).collect();
    for slot in readers.iter().flat_map(|reader| &reader.applications).filter_map(|known| known.slots.first())
    {
        if let Err(error) = engine.look_for_unfinished(*slot) {
            tracing::info!(slot = slot.0, %error, "whether something is unfinished is not known");
        }
    }
    checks.extend(problems::unfinished(engine).into_iter().map(|problem| {
        let check = Check::new(CARD, State::Warning, problem.text());
        problem.hint.into_iter().fold(check, Check::next)
    }));
    if readers.is_empty() && context.pcsc_problem().is_none() {
        let mut check = Check::new(READERS, State::Missing, "there is no reader").next("plug in a reader");
        check.next.extend(holders().iter().map(|holder| {
            format!("{holder} may use it directly, past the service: disable-ccid in its scdaemon.conf, then gpgconf --kill scdaemon")
        }));
        check.next.extend(first_steps());
        checks.push(check);
    } else if !readers.is_empty() && readers.iter().all(|reader| reader.driver().is_none()) {
        let check = Check::new(CARDS, State::Missing, "no reader holds a card that can be used");
        checks.push(
            check.next("insert one").next("or make a software card: p11ctl card new demo.card --example"),
        );
    }
    let ignored = context.load_config()?.readers.ignored;
    if !ignored.is_empty() && context.global.cards.is_empty() {
        let found = format!("readers with {} in their names are ignored", ignored.join(", "));
        checks.push(Check::new(READERS, State::Warning, found).next("see ignored in [readers]"));
    }
    Ok(checks)
}

fn reader(reader: &ReaderReport) -> Check {
    let name = quote(&reader.name);
    if let Some(error) = reader.error.as_deref() {
        return broken(&name, error);
    }
    let slots = count(reader.slots.len(), "slot", "slots");
    let drivers = reader.driver().map(|_| drivers(&reader.applications));
    match (&reader.presence, drivers) {
        (Some(Presence::Mute), _) => {
            Check::new(CARD, State::Missing, format!("the card in reader {name} does not answer"))
                .next("take the card out and insert it the right way round, contacts first")
        }
        (Some(Presence::Card { .. }), Some(driver)) if reader.slots.is_empty() => {
            Check::new(CARD, State::Missing, format!("reader {name}: driver {driver}, but no slots are left"))
                .next("raise max_virtual_slots in [pkcs11]")
        }
        (Some(Presence::Card { .. }), Some(driver)) => {
            Check::new(CARD, State::Fine, format!("reader {name}: driver {driver}, {slots}"))
        }
        (Some(Presence::Card { .. }), None) => {
            Check::new(CARD, State::Warning, format!("reader {name}: a card that was not read"))
                .next("raise max_virtual_slots in [pkcs11]")
        }
        (Some(Presence::Empty) | None, _) => Check::new(CARD, State::Fine, format!("reader {name}: empty")),
    }
}

fn broken(name: &str, error: &Error) -> Check {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let found = match cause {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    if let Error::DeviceRemoved { .. } = error {
        return Check::new(CARD, State::Fine, format!("reader {name}: empty"));
    }
    if let Error::TokenNotRecognized { source: CardError::UnknownCard { .. }, .. } = error {
        return Check::new(CARD, State::Missing, format!("reader {name}: no driver knows this card")).next(
            "p11ctl card apdu talks to it all the same; opensc.conf lists the drivers in use ([drivers])",
        );
    }
    let check = Check::new(CARD, State::Missing, found);
    let Some(transport) = transport_error(error) else { return check };
    if !matches!(transport, TransportError::Busy { .. }) {
        return match transport_hint(transport) {
            Some(hint) => check.next(hint),
            None => check,
        };
    }
    let holders = holders();
    if holders.is_empty() {
        return check.next("end the program that holds it, or raise busy_timeout in [readers]");
    }
    holders.iter().fold(check, |check, holder| {
        let remedy = if holder.starts_with("scdaemon") { "gpgconf --kill scdaemon" } else { "end it" };
        check.next(format!("{holder} may hold it: {remedy}"))
    })
}

fn transport_error(error: &Error) -> Option<&TransportError> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        // An error that shows its cause as itself hides it from `source`.
        if let Some(CardError::Apdu(crate::apdu::ApduError::Transport(found))) = current.downcast_ref() {
            return Some(found);
        }
        next = current.source();
    }
    None
}

/// Running programs that are known to keep readers for themselves: `scdaemon (process 4711)`.
fn holders() -> Vec<String> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id().to_string();
    let mut found: Vec<String> = processes
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().into_string().ok()?;
            let is_other = id.bytes().all(|byte| byte.is_ascii_digit()) && id != own;
            let name = fs::read_to_string(format!("/proc/{id}/comm")).ok().filter(|_| is_other)?;
            let name = name.trim();
            KEEPERS.contains(&name).then(|| format!("{name} (process {id})"))
        })
        .collect();
    found.sort();
    found
}

const READERS: &str = "readers";
const CARD: &str = "card";
const CARDS: &str = "cards";
/// Names of programs as /proc has them, cut to 15 characters. GnuPG's keeps the card until it is told not to.
const KEEPERS: [&str; 6] =
    ["scdaemon", "yubikey-agent", "ssh-pkcs11-help", "p11-kit-server", "openpgp-card-ag", "p11ctl"];
