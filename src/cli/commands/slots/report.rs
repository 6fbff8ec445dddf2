//! What `slots` knows: every slot with its token, gathered once, for table, tree, JSON and saved layout.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::card::CardError;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::problems::{self, Problem};
use crate::cli::text::quote;
use crate::crypto::CertificateDetails;
use crate::engine::{Error, Provider, ReaderReport, TokenView};
use crate::layout::{SlotId, Unplaced, UnplacedWhat};
use crate::token::KeyClass;
use crate::transport::Presence;

/// Every slot and what is wrong.
#[derive(Debug)]
pub struct Report {
    /// By slot number.
    pub slots: Vec<SlotReport>,
    /// What found no slot.
    pub unplaced: Vec<Unplaced>,
    /// Cards that could not be read, objects that were skipped.
    pub problems: Vec<Problem>,
}

/// One slot.
#[derive(Debug)]
pub struct SlotReport {
    /// Its number.
    pub id: SlotId,
    /// The reader's name.
    pub reader: String,
    /// Why there is no token, where there is none.
    pub absence: &'static str,
    /// The token.
    pub token: Option<TokenReport>,
}

/// One token.
#[derive(Debug)]
pub struct TokenReport {
    /// `<card label> (<PIN label>)`.
    pub label: String,
    /// Serial number.
    pub serial: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// No PIN, no objects.
    pub empty: bool,
    /// The card was never formatted.
    pub blank: bool,
    /// Its PIN.
    pub pin: Option<PinEntry>,
    /// Flags by their names in the standard.
    pub flags: Vec<&'static str>,
    /// How many objects of each class.
    pub objects: Objects,
    /// The card behind it.
    pub view: TokenView,
    /// Contents of its certificates by index into the card's, once they were read.
    pub certificates: BTreeMap<usize, Arc<CertificateDetails>>,
}

/// The PIN of a token.
#[derive(Debug)]
pub struct PinEntry {
    /// Its name.
    pub label: String,
    /// Tries left, where the card tells.
    pub tries_left: Option<u8>,
}

/// How many objects of each class a token shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Objects {
    pub private_keys: usize,
    pub public_keys: usize,
    pub certificates: usize,
    pub data: usize,
    pub secret_keys: usize,
}

impl Report {
    /// Reads every card, its PIN counters among the rest.
    pub fn gather(context: &Context) -> Result<Self, CliError> {
        let engine = context.engine()?;
        let mut slots = Vec::new();
        let mut problems = Vec::new();
        for reader in &engine.readers() {
            let mut of_reader: Vec<Problem> = Vec::new();
            of_reader.extend(reader.error.as_deref().and_then(|error| Problem::of_card(&reader.name, error)));
            for slot in &reader.slots {
                let token = token(engine, *slot).unwrap_or_else(|error| {
                    of_reader.extend(Problem::of_card(&reader.name, &error));
                    None
                });
                slots.push(SlotReport::new(*slot, reader, token));
            }
            // All slots of a reader share its card, and with it the reason why it is not read.
            of_reader.dedup();
            problems.extend(of_reader);
            problems.extend(problems::skipped(engine, &reader.name));
        }
        slots.sort_by_key(|slot| slot.id);
        Ok(Self { slots, unplaced: engine.unplaced(), problems })
    }

    /// Reads the certificates of every token, as far as they can be read without a PIN.
    pub fn read_certificates(&mut self, engine: &dyn Provider) {
        for slot in &mut self.slots {
            let Some(token) = &mut slot.token else { continue };
            for index in &token.view.view.certificates {
                match engine.certificate(slot.id, *index) {
                    Ok(details) => {
                        token.certificates.insert(*index, details);
                    }
                    Err(error) => tracing::info!(slot = slot.id.0, index, %error, "certificate not read"),
                }
            }
        }
    }

    /// The JSON document.
    pub fn to_json(&self) -> Value {
        json!({
            "slots": self.slots.iter().map(SlotReport::to_json).collect::<Vec<_>>(),
            "unplaced": self.unplaced.iter().map(unplaced_json).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(Problem::to_json).collect::<Vec<_>>(),
        })
    }
}

impl SlotReport {
    fn new(id: SlotId, reader: &ReaderReport, token: Option<TokenReport>) -> Self {
        let absence = match (&reader.presence, reader.error.as_deref()) {
            (Some(Presence::Mute), _) => "card does not answer",
            (Some(Presence::Empty), _) | (None, None) | (_, Some(Error::DeviceRemoved { .. })) => "no card",
            (_, Some(Error::TokenNotRecognized { source: CardError::UnknownCard { .. }, .. })) => {
                "unknown card"
            }
            (_, Some(_)) => "card not readable",
            // An empty token that is hidden, or a slot that a blank card does not fill.
            (Some(Presence::Card { .. }), None) => "no token",
        };
        Self { id, reader: reader.name.clone(), absence, token }
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id.0,
            "reader": self.reader,
            "token": self.token.as_ref().map(TokenReport::to_json),
        })
    }
}

impl TokenReport {
    fn to_json(&self) -> Value {
        let pin = self.pin.as_ref().map(|pin| json!({ "label": pin.label, "tries_left": pin.tries_left }));
        json!({
            "label": self.label,
            "serial": self.serial,
            "manufacturer": self.manufacturer,
            "model": self.model,
            "empty": self.empty,
            "pin": pin,
            "flags": self.flags,
            "objects": self.objects.to_json(),
        })
    }
}

impl Objects {
    /// Counts what a token shows.
    pub fn of(view: &TokenView) -> Self {
        let keys = |class: KeyClass| {
            let of_class = |index: &&usize| view.card.keys.get(**index).is_some_and(|key| key.class == class);
            view.view.keys.iter().filter(of_class).count()
        };
        Self {
            private_keys: keys(KeyClass::Private),
            public_keys: keys(KeyClass::Public),
            secret_keys: keys(KeyClass::Secret),
            certificates: view.view.certificates.len(),
            data: view.view.data.len(),
        }
    }

    /// As in the document of `slots`.
    pub fn to_json(self) -> Value {
        json!({
            "private_keys": self.private_keys,
            "public_keys": self.public_keys,
            "certificates": self.certificates,
            "data": self.data,
            "secret_keys": self.secret_keys,
        })
    }
}

/// A sentence for each thing that found no slot; a remedy that helps several is told with the last of them.
pub fn unplaced_texts(unplaced: &[Unplaced]) -> Vec<String> {
    let text = |(index, it): (usize, &Unplaced)| {
        let is_told_later = |later: &[Unplaced]| later.iter().any(|later| later.remedy == it.remedy);
        let remedy = match &it.remedy {
            Some(_) if unplaced.get(index + 1..).is_some_and(is_told_later) => String::new(),
            Some(remedy) => format!(": set {remedy}"),
            None => ": no setting would show it".to_owned(),
        };
        match it.what {
            UnplacedWhat::Reader => format!("no slots left for reader {}{remedy}", quote(&it.reader)),
            _ => format!("no slot for {} in reader {}{remedy}", it.what, quote(&it.reader)),
        }
    };
    unplaced.iter().enumerate().map(text).collect()
}

fn unplaced_json(unplaced: &Unplaced) -> Value {
    let (what, label, objects) = match &unplaced.what {
        UnplacedWhat::Reader => ("reader", None, None),
        UnplacedWhat::Pin(label) => ("pin", Some(label), None),
        UnplacedWhat::Blank(label) => ("blank", Some(label), None),
        UnplacedWhat::LeftOvers(count) => ("left_overs", None, Some(*count)),
        UnplacedWhat::Objects(count) => ("objects", None, Some(*count)),
    };
    json!({
        "reader": unplaced.reader,
        "what": what,
        "label": label,
        "objects": objects,
        "remedy": unplaced.remedy,
    })
}

fn token(engine: &dyn Provider, slot: SlotId) -> Result<Option<TokenReport>, Error> {
    let info = match engine.token_info(slot) {
        Ok(info) => info,
        Err(Error::TokenNotPresent(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let view = engine.virtual_token(slot)?;
    let pin = engine.pin_status(slot)?.user;
    Ok(Some(TokenReport {
        label: info.label,
        serial: info.serial,
        manufacturer: info.manufacturer,
        model: info.model,
        empty: view.view.empty,
        blank: !info.flags.token_initialized,
        pin: pin.map(|pin| PinEntry { label: pin.label, tries_left: pin.tries_left }),
        flags: info.flags.names(),
        objects: Objects::of(&view),
        view,
        certificates: BTreeMap::new(),
    }))
}
