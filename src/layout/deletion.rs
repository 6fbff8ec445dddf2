//! What deleting an object takes and breaks: which keys' chains need a certificate. Pure, as the layout is.

use super::place;
use crate::token::{KeyClass, ObjectId, Token};

/// One object of a card: an index into one of the vectors of its [`Token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the vectors of Token")]
pub enum Item {
    Key(usize),
    Certificate(usize),
    Data(usize),
}

impl Item {
    /// The driver's name of the object; `None` for one that the card does not have.
    pub fn id(self, token: &Token) -> Option<ObjectId> {
        match self {
            Self::Key(index) => token.keys.get(index).map(|key| key.object),
            Self::Certificate(index) => token.certificates.get(index).map(|known| known.object),
            Self::Data(index) => token.data.get(index).map(|data| data.object),
        }
    }
}

/// What belongs to one private key, wherever its PIN has its slot, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Estate {
    /// The private key: index into `Token::keys`.
    pub(super) key: usize,
    /// Its public halves: indices into `Token::keys`.
    pub(super) public_keys: Vec<usize>,
    /// Its certificates and all that its chains could need above them: indices into `Token::certificates`, sorted.
    pub(super) needed: Vec<usize>,
}

/// Which keys need which certificates, of all keys of a card: also those whose PIN has no slot.
#[derive(Debug, Clone, Default)]
pub struct ChainUsers {
    estates: Vec<Estate>,
}

/// What a deletion takes and breaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Everything that goes, in an order that can be interrupted: what is left after each step is found again from
    /// the key. Authorities from the root down, then the certificate of the key, its public half, the key.
    pub objects: Vec<Item>,
    /// Private keys that stay and whose chains lose a certificate: indices into `Token::keys`.
    pub breaks: Vec<usize>,
    /// Certificates of the key's chains that stay because other keys' use them or because they belong to another PIN.
    pub kept: Vec<usize>,
}

impl ChainUsers {
    /// Looks at all keys of a card. Certificates that the layout needs have been read before.
    pub fn new(token: &Token) -> Self {
        Self { estates: place::estates(token) }
    }

    /// The private keys whose chains need this certificate, or could: where several may be an issuer and no
    /// signature tells which one is, each of them counts. Indices into `Token::keys`.
    pub fn of(&self, certificate: usize) -> Vec<usize> {
        let needs = |estate: &&Estate| estate.needed.binary_search(&certificate).is_ok();
        self.estates.iter().filter(needs).map(|estate| estate.key).collect()
    }

    /// The deletion of one object.
    pub fn deletion(&self, item: Item) -> Deletion {
        let breaks = match item {
            Item::Certificate(index) => self.of(index),
            Item::Key(_) | Item::Data(_) => Vec::new(),
        };
        Deletion { objects: vec![item], breaks, kept: Vec::new() }
    }

    /// The deletion of a private key with its public half, its certificates, and those authorities above them that
    /// no other key's certificates stand below and that belong to no other PIN. Of a key of another class: of that alone.
    pub fn deletion_with_chain(&self, token: &Token, key: usize) -> Deletion {
        let is_private = token.keys.get(key).is_some_and(|key| key.class == KeyClass::Private);
        let Some(own) = self.estates.iter().find(|estate| is_private && estate.key == key) else {
            return self.deletion(Item::Key(key));
        };
        let (family, stays) = place::families(token, key);
        let must_stay = |index: &usize| stays.get(*index) == Some(&true);
        let (mut kept, going): (Vec<_>, Vec<_>) = family.into_iter().partition(must_stay);
        kept.sort_unstable();
        let certificates = going.into_iter().rev().map(Item::Certificate);
        // A public key that stands for two keys (by a careless identifier) stays for the other.
        let others = || self.estates.iter().filter(|estate| estate.key != key);
        let stays = |index: &&usize| others().any(|other| other.public_keys.contains(index));
        let public_keys = own.public_keys.iter().filter(|index| !stays(index));
        let keys = public_keys.map(|index| Item::Key(*index)).chain([Item::Key(key)]);
        Deletion { objects: certificates.chain(keys).collect(), breaks: Vec::new(), kept }
    }
}
