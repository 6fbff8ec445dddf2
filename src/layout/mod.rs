//! Readers + tokens + policy → virtual slots: a pure function (no I/O, no clock, no global).
//!
//! The rules are those of the founding document: a fixed run of slots for each reader (`numbering`), one slot
//! for each user PIN with its keys and their certificate chains, one for what is left over, empty tokens in
//! the rest (`place`). What belongs to which PIN is in `belonging`, who issued which certificate in `chains`.
//!
//! A blank card, one that was never formatted, is no empty token: it shows one token, empty and not
//! initialised, in the first slot of its reader, and `hide_empty_tokens` does not hide it.
//!
//! A card with several applications shows the PINs of all, application by application, before anything that is left over:
//! a PIN without a slot is worse. What is left over of each application is a token of its own, because serial number,
//! mechanisms and security officer are the application's. Empty tokens are those of the first that is in use.

pub use crate::config::{ObjectSelection, PinSelection};

use std::collections::BTreeMap;

use crate::config::Pkcs11Config;
use crate::token::{Certificate, ObjectId, Token};

mod belonging;
mod chains;
mod deletion;
mod label;
mod names;
mod numbering;
mod place;
mod signatures;
mod visible;

pub use deletion::{ChainUsers, Deletion, Item};
pub use place::possible_chains;

use belonging::Bodies;

/// What the layout needs to know of one reader.
#[derive(Debug, Clone)]
pub struct ReaderView<'a> {
    /// The reader's name.
    pub name: &'a str,
    /// What its card holds, one for each of its applications; none where no card is there, or none that was understood.
    pub tokens: Vec<&'a Token>,
}

impl<'a> ReaderView<'a> {
    /// A reader without a card.
    pub fn empty(name: &'a str) -> Self {
        Self { name, tokens: Vec::new() }
    }

    /// A reader with a card of one application.
    pub fn with(name: &'a str, token: &'a Token) -> Self {
        Self { name, tokens: vec![token] }
    }
}

/// The settings that shape the layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Slots for each reader (`num_slots`).
    pub num_slots: u32,
    /// Slots for all readers together; 0 = no limit (`max_virtual_slots`).
    pub max_virtual_slots: u32,
    /// Hide empty tokens; their slots stay (`hide_empty_tokens`).
    pub hide_empty_tokens: bool,
    /// Which user PINs get a slot (`create_slots_for_pins`).
    pub create_slots_for_pins: PinSelection,
    /// Which objects are shown (`visible_objects`).
    pub visible_objects: ObjectSelection,
}

impl From<&Pkcs11Config> for Policy {
    fn from(config: &Pkcs11Config) -> Self {
        Self {
            num_slots: config.num_slots,
            max_virtual_slots: config.max_virtual_slots,
            hide_empty_tokens: config.hide_empty_tokens,
            create_slots_for_pins: config.create_slots_for_pins.clone(),
            visible_objects: config.visible_objects.clone(),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::from(&Pkcs11Config::default())
    }
}

/// Number of a virtual slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);

impl std::fmt::Display for SlotId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// All virtual slots of all readers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// One entry for each reader ever seen in this process, in the order of their slots.
    pub readers: Vec<ReaderSlots>,
    /// Every slot, by id: the ids are 0, 1, 2 and so on without a gap.
    pub slots: Vec<VirtualSlot>,
    /// What found no slot, with the setting that would show it.
    pub unplaced: Vec<Unplaced>,
}

/// The run of slots that one reader owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderSlots {
    /// The reader's name.
    pub name: String,
    /// Index in the readers given to this call; `None` when the reader is gone.
    pub index: Option<usize>,
    /// First slot id of the run.
    pub first: SlotId,
    /// Number of slots; 0 = no slots left.
    pub count: u32,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualSlot {
    /// Its number.
    pub id: SlotId,
    /// Index into [`Layout::readers`].
    pub reader: usize,
    /// What is in it.
    pub token: Option<VirtualToken>,
}

/// The view of a card that one slot shows. Indices point into the vectors of the [`Token`] of its application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VirtualToken {
    /// The application that it shows: index into [`ReaderView::tokens`].
    pub application: usize,
    /// `<card label> (<PIN label>)`, at most 32 bytes.
    pub label: String,
    /// The PIN of this token: index into `Token::auths`; `None` for left-overs and empty tokens.
    pub auth: Option<usize>,
    /// True for an empty token: no PIN, no objects, ready to be given some.
    pub empty: bool,
    /// Keys of every class: indices into `Token::keys`.
    pub keys: Vec<usize>,
    /// Certificates: indices into `Token::certificates`.
    pub certificates: Vec<usize>,
    /// Data objects: indices into `Token::data`.
    pub data: Vec<usize>,
    /// For each private key of this token its certificate chain, in the order of the keys. A key with several
    /// certificates has one chain for each, next to each other, the best first.
    pub chains: Vec<Chain>,
}

/// The certificate chain of one private key, as far as it is on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The private key: index into `Token::keys`.
    pub key: usize,
    /// Leaf first: indices into `Token::certificates`. Empty when the key has no certificate.
    pub certificates: Vec<usize>,
    /// True when the last certificate is a root (its own issuer) and no signature on the way is known to be of another
    /// key; false also while bodies are unread.
    pub complete: bool,
}

/// Something that the rules leave without a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// The reader's name.
    pub reader: String,
    /// What it is.
    pub what: UnplacedWhat,
    /// The setting and value that would show it, such as `num_slots = 5`; several are joined by ` and `.
    /// `None` when no setting helps.
    pub remedy: Option<String>,
}

/// Kinds of what can be left without a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnplacedWhat {
    /// A whole reader: no slots left for it.
    Reader,
    /// A user PIN, by its label.
    Pin(String),
    /// A blank application, by the name of its token.
    Blank(String),
    /// So many public objects that belong to no PIN, or whose PIN has no slot.
    LeftOvers(usize),
    /// So many objects protected by a PIN that has no slot, or (then no setting helps) that is not a user PIN
    /// of this card.
    Objects(usize),
}

impl std::fmt::Display for UnplacedWhat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reader => f.write_str("reader"),
            Self::Pin(label) => write!(f, "PIN {label:?}"),
            Self::Blank(label) => write!(f, "blank application {label:?}"),
            Self::LeftOvers(count) => write!(f, "left-over objects ({count})"),
            Self::Objects(count) => write!(f, "protected objects ({count})"),
        }
    }
}

/// Certificates whose bodies the layout depends on and that have not been read.
///
/// None where identifiers bind every certificate to a private key of one PIN (the certificate of a key that needs no
/// PIN is taken for an end entity's), or where there is no private key with a certificate at all. Else those whose subject
/// and issuer the card's directory does not tell, or which have namesakes. (An authority with the issuer's name but another
/// key, alone of its name on the card, is taken for the issuer until the bodies are read for another reason.)
pub fn certificates_needed(token: &Token) -> Vec<ObjectId> {
    let is_unread = |certificate: &Certificate| !certificate.private && certificate.details.is_none();
    if !token.certificates.iter().any(is_unread) {
        return Vec::new();
    }
    let names_suffice = match belonging::Belonging::new(token).bodies_needed() {
        Bodies::None => return Vec::new(),
        Bodies::WithoutNames => chains::names_suffice(token),
        Bodies::All => vec![false; token.certificates.len()],
    };
    let unread = token.certificates.iter().zip(names_suffice);
    let unread = unread.filter(|(certificate, names_suffice)| is_unread(certificate) && !names_suffice);
    unread.map(|(certificate, _)| certificate.object).collect()
}

/// Computes the slots. `previous` is the layout of the same process before: its readers keep their slots, also
/// those that are gone, for the case that they come back.
pub fn virtual_slots(previous: Option<&Layout>, readers: &[ReaderView<'_>], policy: &Policy) -> Layout {
    let runs = numbering::runs(previous, readers, policy);
    let mut slots = Vec::new();
    let mut homeless = Vec::new();
    for (position, run) in runs.iter().enumerate() {
        let view = run.index.and_then(|index| readers.get(index));
        if view.is_some() && run.count == 0 {
            let lack = Lack { slots: Some(numbering::whole_run(policy)), pins: None };
            homeless.push((position, UnplacedWhat::Reader, Some(lack)));
        }
        let placement = match view.map(|view| view.tokens.as_slice()) {
            Some(tokens @ [_, ..]) if run.count > 0 => {
                let mut placement = place::place(tokens, run.count as usize, policy);
                for shown in placement.tokens.iter_mut().flatten() {
                    if let Some(token) = tokens.get(shown.application) {
                        visible::keep_visible(token, shown, &policy.visible_objects);
                    }
                }
                placement
            }
            _ => place::Placement::default(),
        };
        let mut tokens = placement.tokens.into_iter();
        for id in run.first.0..run.first.0.saturating_add(run.count) {
            slots.push(VirtualSlot { id: SlotId(id), reader: position, token: tokens.next().flatten() });
        }
        let lacking =
            |(what, need): (_, Option<place::Need>)| (position, what, need.map(|n| Lack::of(n, run)));
        homeless.extend(placement.unplaced.into_iter().map(lacking));
    }
    slots.sort_by_key(|slot| slot.id);
    let unplaced = with_remedies(homeless, &runs, policy);
    Layout { readers: runs, slots, unplaced }
}

/// What would have to be set for something to find a slot.
struct Lack {
    /// More slots for its reader: how many in all.
    slots: Option<u32>,
    /// PINs that the policy would have to name.
    pins: Option<Vec<String>>,
}

impl Lack {
    fn of(need: place::Need, run: &ReaderSlots) -> Self {
        let slots = u32::try_from(need.slots).unwrap_or(u32::MAX);
        Self { slots: (slots > run.count).then_some(slots), pins: need.pins }
    }
}

/// Names the settings for what has no slot. A number is one for all: the largest that is needed anywhere.
fn with_remedies(
    homeless: Vec<(usize, UnplacedWhat, Option<Lack>)>,
    runs: &[ReaderSlots],
    policy: &Policy,
) -> Vec<Unplaced> {
    // The most that is needed in each reader, apart from what a longer list of PINs would need.
    let mut most: BTreeMap<usize, u32> = BTreeMap::new();
    for (position, _, lack) in &homeless {
        if let Some(Lack { slots: Some(slots), pins: None }) = lack {
            most.entry(*position).and_modify(|most| *most = (*slots).max(*most)).or_insert(*slots);
        }
    }
    let most = most.iter().map(|(position, slots)| (*position, *slots));
    let shared = numbering::remedy(runs, policy, most.clone());
    let remedy = |position: usize, lack: Lack| {
        let numbers = lack.slots.and_then(|slots| {
            let own = std::iter::once((position, slots));
            // Where the settings suffice for it, no other's need is its remedy.
            let least = numbering::remedy(runs, policy, own.clone())?;
            match &lack.pins {
                None => shared.clone().or(Some(least)),
                Some(_) => numbering::remedy(runs, policy, most.clone().chain(own)),
            }
        });
        let settings: Vec<String> = lack.pins.map(pin_setting).into_iter().chain(numbers).collect();
        (!settings.is_empty()).then(|| settings.join(" and "))
    };
    let unplaced = homeless.into_iter().map(|(position, what, lack)| Unplaced {
        reader: runs.get(position).map(|run| run.name.clone()).unwrap_or_default(),
        what,
        remedy: lack.and_then(|lack| remedy(position, lack)),
    });
    unplaced.collect()
}

fn pin_setting(names: Vec<String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| toml::Value::from(name).to_string()).collect();
    format!("create_slots_for_pins = [{}]", names.join(", "))
}
