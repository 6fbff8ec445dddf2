//! Readers + tokens + policy → virtual slots: a pure function (no I/O, no clock, no global).
//!
//! The rules are those of the founding document: a fixed run of slots for each reader, one slot for each
//! user PIN with its keys and their certificate chains, one for what is left over, empty tokens in the rest.

use crate::token::{ObjectId, Token};

/// What the layout needs to know of one reader.
#[derive(Debug, Clone, Copy)]
pub struct ReaderView<'a> {
    /// The reader's name.
    pub name: &'a str,
    /// Its card's token, if a card is there and was understood.
    pub token: Option<&'a Token>,
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
}

/// Which user PINs get a slot of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinSelection {
    /// Every user PIN.
    All,
    /// Only PINs with these labels or (hexadecimal) identifiers, in the card's order.
    Only(Vec<String>),
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            num_slots: 4,
            max_virtual_slots: 8,
            hide_empty_tokens: false,
            create_slots_for_pins: PinSelection::All,
        }
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
    /// Every slot, by id.
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

/// The view of a card that one slot shows. Indices point into the vectors of the card's [`Token`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VirtualToken {
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
    /// For each private key of this token its certificate chain.
    pub chains: Vec<Chain>,
}

/// The certificate chain of one private key, as far as it is on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The private key: index into `Token::keys`.
    pub key: usize,
    /// Leaf first: indices into `Token::certificates`. Empty when the key has no certificate.
    pub certificates: Vec<usize>,
    /// True when the last certificate is a root (its own issuer).
    pub complete: bool,
}

/// Something that the rules leave without a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// The reader's name.
    pub reader: String,
    /// What it is: `reader`, `PIN "PIN 5"`, `left-over objects (3)`.
    pub what: UnplacedWhat,
    /// The setting and value that would show it, such as `num_slots = 5`.
    pub remedy: String,
}

/// Kinds of what can be left without a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnplacedWhat {
    /// A whole reader, or a part of its run.
    Reader,
    /// A user PIN, by its label, and with it its keys and objects.
    Pin(String),
    /// So many objects that belong to no PIN.
    LeftOvers(usize),
    /// So many objects whose PIN is not on the card or has no slot by policy.
    Objects(usize),
}

/// Certificates whose bodies the layout needs but that have not been read: none where every certificate
/// belongs to a private key by its id and nothing is left to chain.
pub fn certificates_needed(token: &Token) -> Vec<ObjectId> {
    let _ = token;
    Vec::new()
}

/// Computes the slots. `previous` is the layout of the same process before: its readers keep their slots.
pub fn virtual_slots(previous: Option<&Layout>, readers: &[ReaderView<'_>], policy: &Policy) -> Layout {
    let _ = (previous, readers, policy);
    Layout::default()
}
