//! One card → the tokens of its slots (rules 2, 3, 4, 6 and 8). Its applications are placed one after the other.

use super::belonging::{Belonging, Owner, is_protected};
use super::chains::Issuers;
use super::deletion::Estate;
use super::{Chain, PinSelection, Policy, UnplacedWhat, VirtualToken, label};
use crate::codec::hex;
use crate::token::{Auth, KeyClass, Token};

/// What the slots of a reader show of its card.
#[derive(Debug, Default)]
pub(super) struct Placement {
    /// By slot of the run.
    pub(super) tokens: Vec<Option<VirtualToken>>,
    /// What found no slot, and what it needs.
    pub(super) unplaced: Vec<(UnplacedWhat, Option<Need>)>,
}

/// What has to be set for something to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    /// Slots that the reader must have.
    pub(super) slots: usize,
    /// The value of `create_slots_for_pins`, if that is in the way.
    pub(super) pins: Option<Vec<String>>,
}

/// Fills a run of `count` slots with the views of a card: the PINs of all its applications, then what is left over of
/// each, then empty tokens.
pub(super) fn place(tokens: &[&Token], count: usize, policy: &Policy) -> Placement {
    let mut placers: Vec<Placer<'_>> = Vec::new();
    for token in tokens {
        let mut placer = Placer::new(token, count, policy);
        if let Some(before) = placers.last() {
            placer.stand_behind(before);
        }
        placers.push(placer);
    }
    let needed = placers.last().map_or(0, |last| last.slots_before + last.slots_needed());
    let labels = placers.iter().flat_map(Placer::pin_labels).collect();
    let mut placement = Placement::default();
    let shown: Vec<Marks> = placers.iter().map(|placer| placer.place_pins(&mut placement.tokens)).collect();
    let mut room = Room { slots: count, for_pins: needed, needed, labels };
    for (placer, shown) in placers.iter().zip(&shown) {
        placer.place_left_overs(shown, &mut room, &mut placement);
    }
    let in_use = placers.iter().find(|placer| !is_blank(placer.token));
    let empty = in_use.filter(|_| !policy.hide_empty_tokens).map(|placer| placer.empty_token());
    placement.tokens.resize(count, empty);
    placement
}

/// The slots of a reader, and what its whole card wants of them.
struct Room<'t> {
    slots: usize,
    /// Slots that the PINs need.
    for_pins: usize,
    /// Slots that are needed for the PINs and the left-overs that were met so far.
    needed: usize,
    /// Labels of all user PINs.
    labels: Vec<&'t str>,
}

/// What belongs to each private key of a card, whether its PIN has a slot or not.
pub(super) fn estates(token: &Token) -> Vec<Estate> {
    let policy = Policy { create_slots_for_pins: PinSelection::All, ..Policy::default() };
    let placer = Placer::new(token, usize::MAX, &policy);
    placer.owners().into_iter().flat_map(|owner| placer.estates(owner)).collect()
}

/// The certificates at and above those of one private key, each behind one that leads to it; and, as marks by
/// index, those that must stay when the key goes: what other keys' chains could need, and what belongs to another PIN.
pub(super) fn families(token: &Token, key: usize) -> (Vec<usize>, Vec<bool>) {
    let policy = Policy { create_slots_for_pins: PinSelection::All, ..Policy::default() };
    let placer = Placer::new(token, usize::MAX, &policy);
    let mut own = Vec::new();
    let key_owner = placer.belonging.keys.get(key).copied();
    let is_foreign = |owner: &Owner| matches!(owner, Owner::Pin(_)) && Some(*owner) != key_owner;
    let mut stays: Vec<bool> = placer.belonging.certificates.iter().map(is_foreign).collect();
    for owner in placer.owners() {
        let private = placer.issuers_with_private(owner);
        let issuers = private.as_ref().unwrap_or(&placer.issuers);
        let mut leaves = Vec::new();
        for other in placer.private_keys(owner) {
            let certificates = placer.belonging.certificates_of(other, owner);
            match other == key {
                true => own = issuers.family(certificates),
                false => leaves.extend(certificates),
            }
        }
        mark(&mut stays, issuers.needed(leaves));
    }
    (own, stays)
}

/// Every chain that the certificates of a private key (an index into `Token::keys`) could have, through whichever of
/// several possible issuers, at most `limit` for each of them. Leaf first: indices into `Token::certificates`.
pub fn possible_chains(token: &Token, key: usize, limit: usize) -> Vec<Vec<usize>> {
    let policy = Policy { create_slots_for_pins: PinSelection::All, ..Policy::default() };
    let placer = Placer::new(token, usize::MAX, &policy);
    let Some(owner) = placer.belonging.keys.get(key).copied() else { return Vec::new() };
    let private = placer.issuers_with_private(owner);
    let issuers = private.as_ref().unwrap_or(&placer.issuers);
    let leaves = placer.belonging.certificates_of(key, owner);
    leaves.into_iter().flat_map(|leaf| issuers.chains(leaf, limit)).collect()
}

fn mark(marks: &mut [bool], indices: Vec<usize>) {
    for index in indices {
        if let Some(mark) = marks.get_mut(index) {
            *mark = true;
        }
    }
}

/// True for a card that was never formatted and shows nothing.
fn is_blank(token: &Token) -> bool {
    !token.info.initialized
        && token.auths.is_empty()
        && token.keys.is_empty()
        && token.certificates.is_empty()
        && token.data.is_empty()
}

struct Placer<'t> {
    token: &'t Token,
    /// Its place among the applications of the card.
    application: usize,
    /// User PINs, and slots for them, of the applications before.
    pins_before: usize,
    slots_before: usize,
    belonging: Belonging<'t>,
    /// Of the public certificates alone.
    issuers: Issuers<'t>,
    /// Positions in `Belonging::user_pins` that get a slot by policy, in order.
    selected: Vec<usize>,
    /// How many of them have a slot.
    placed: usize,
    count: usize,
    policy: &'t Policy,
}

/// Marks of objects, by index.
struct Marks {
    keys: Vec<bool>,
    certificates: Vec<bool>,
    data: Vec<bool>,
}

impl<'t> Placer<'t> {
    fn new(token: &'t Token, count: usize, policy: &'t Policy) -> Self {
        let belonging = Belonging::new(token);
        let issuers = Issuers::new(token, |_, certificate| !certificate.private);
        let mut placer = Self {
            token,
            application: 0,
            pins_before: 0,
            slots_before: 0,
            belonging,
            issuers,
            selected: Vec::new(),
            placed: 0,
            count,
            policy,
        };
        placer.select();
        placer
    }

    /// Counts on from the application before.
    fn stand_behind(&mut self, before: &Self) {
        self.application = before.application + 1;
        self.pins_before = before.pins_before + before.belonging.user_pins.len();
        self.slots_before = before.slots_before + before.slots_needed();
        self.select();
    }

    /// Chooses the PINs that get a slot.
    fn select(&mut self) {
        let pins = self.belonging.user_pins.iter().enumerate();
        let is_selected = |(position, auth): &(usize, &usize)| {
            let auth = self.token.auths.get(**auth);
            let position = self.pins_before + position;
            auth.is_some_and(|auth| is_selected(auth, position, &self.policy.create_slots_for_pins))
        };
        self.selected = pins.filter(is_selected).map(|(position, _)| position).collect();
        self.placed = self.selected.len().min(self.count.saturating_sub(self.slots_before));
    }

    /// Slots for its PINs; a blank application has one as it is.
    fn slots_needed(&self) -> usize {
        if is_blank(self.token) { 1 } else { self.selected.len() }
    }

    /// Adds the tokens of the PINs; answers what they show.
    fn place_pins(&self, tokens: &mut Vec<Option<VirtualToken>>) -> Marks {
        let mut shown = Marks::none(self.token);
        if is_blank(self.token) && tokens.len() < self.count {
            tokens.push(Some(self.empty_token()));
        }
        for (auth, label) in self.placed_pins() {
            let owner = Owner::Pin(auth);
            let mut marks = self.owned_by(owner);
            let chains = self.add_relatives(&mut marks, owner);
            shown.add(&marks);
            tokens.push(Some(self.token_of(marks, label, Some(auth), chains)));
        }
        shown
    }

    /// Adds the token of the left-overs, and what found no slot.
    fn place_left_overs(&self, shown: &Marks, room: &mut Room<'_>, placement: &mut Placement) {
        let mut left_overs = self.left_overs(shown);
        let mut homeless = left_overs.len();
        room.needed += usize::from(homeless > 0);
        if homeless > 0 && placement.tokens.len() < room.slots {
            homeless = 0;
            let chains = self.add_relatives(&mut left_overs, Owner::Nobody);
            let label = label::of_card(&self.token.info);
            placement.tokens.push(Some(self.token_of(left_overs, label, None, chains)));
        }
        placement.unplaced.extend(self.unplaced(homeless, room));
    }

    fn empty_token(&self) -> VirtualToken {
        let label = label::of_card(&self.token.info);
        VirtualToken { label, application: self.application, empty: true, ..VirtualToken::default() }
    }

    fn token_of(&self, marks: Marks, label: String, auth: Option<usize>, chains: Vec<Chain>) -> VirtualToken {
        let application = self.application;
        VirtualToken { label, application, auth, chains, ..marks.into_token() }
    }

    /// The PINs that have a slot, as indices into `Token::auths`, with the labels of their tokens.
    fn placed_pins(&self) -> Vec<(usize, String)> {
        let user_pins = &self.belonging.user_pins;
        let auths: Vec<&Auth> = user_pins.iter().filter_map(|auth| self.token.auths.get(*auth)).collect();
        let mut labels: Vec<_> =
            user_pins.iter().copied().zip(label::of_pins(&self.token.info, &auths)).map(Some).collect();
        let placed = self.selected.iter().take(self.placed);
        placed.filter_map(|position| labels.get_mut(*position).and_then(Option::take)).collect()
    }

    fn owned_by(&self, owner: Owner) -> Marks {
        let owned = |owners: &[Owner]| owners.iter().map(|other| *other == owner).collect();
        Marks {
            keys: owned(&self.belonging.keys),
            certificates: owned(&self.belonging.certificates),
            data: owned(&self.belonging.data),
        }
    }

    /// Adds to each private key its public keys, its certificates and all that stands above them.
    fn add_relatives(&self, marks: &mut Marks, owner: Owner) -> Vec<Chain> {
        let own_issuers = self.issuers_with_private(owner);
        let issuers = own_issuers.as_ref().unwrap_or(&self.issuers);
        let mut chains: Vec<Chain> = Vec::new();
        let mut all_leaves = Vec::new();
        for (key, _) in self.token.keys.iter().enumerate().filter(|(_, key)| key.class == KeyClass::Private) {
            if marks.keys.get(key) != Some(&true) {
                continue;
            }
            let leaves = self.belonging.certificates_of(key, owner);
            for public_key in self.belonging.public_keys_of(key, leaves.first().copied(), owner) {
                if let Some(mark) = marks.keys.get_mut(public_key) {
                    *mark = true;
                }
            }
            let first = chains.len();
            for leaf in leaves {
                all_leaves.push(leaf);
                // Some cards give the authorities of a chain the identifier of its key.
                let in_chain = |chain: &Chain| chain.certificates.contains(&leaf);
                if !chains.iter().skip(first).any(in_chain) {
                    let (certificates, complete) = issuers.chain(leaf);
                    chains.push(Chain { key, certificates, complete });
                }
            }
            if chains.len() == first {
                chains.push(Chain { key, certificates: Vec::new(), complete: false });
            }
        }
        mark(&mut marks.certificates, issuers.family(all_leaves));
        chains
    }

    /// Everybody who owns a private key.
    fn owners(&self) -> Vec<Owner> {
        let pins = self.belonging.user_pins.iter().map(|pin| Owner::Pin(*pin));
        pins.chain([Owner::Nobody, Owner::Stranger]).collect()
    }

    fn private_keys(&self, owner: Owner) -> impl Iterator<Item = usize> {
        let keys = self.token.keys.iter().zip(&self.belonging.keys).enumerate();
        keys.filter(move |(_, (key, other))| key.class == KeyClass::Private && **other == owner)
            .map(|(index, _)| index)
    }

    /// What belongs to each private key of an owner, as its own token shows it.
    fn estates(&self, owner: Owner) -> Vec<Estate> {
        let private = self.issuers_with_private(owner);
        let issuers = private.as_ref().unwrap_or(&self.issuers);
        let estate = |key: usize| {
            let leaves = self.belonging.certificates_of(key, owner);
            let mut public_keys = self.belonging.public_keys_of(key, leaves.first().copied(), owner);
            public_keys.sort_unstable();
            public_keys.dedup();
            let mut needed = issuers.needed(leaves);
            needed.sort_unstable();
            Estate { key, public_keys, needed }
        };
        self.private_keys(owner).map(estate).collect()
    }

    /// The issuers for an owner who sees more than the public certificates; `None` for the others.
    fn issuers_with_private(&self, owner: Owner) -> Option<Issuers<'t>> {
        let is_own = |index: usize| self.belonging.certificates.get(index) == Some(&owner);
        let mut private = self.token.certificates.iter().enumerate();
        private
            .any(|(index, certificate)| {
                certificate.private && certificate.subject().is_some() && is_own(index)
            })
            .then(|| Issuers::new(self.token, |index, _| self.belonging.shows_certificate(owner, index)))
    }

    /// The public objects that no slot shows.
    fn left_overs(&self, shown: &Marks) -> Marks {
        let left = |public: bool, shown: &bool| public && !*shown;
        let Token { keys, certificates, data, .. } = self.token;
        Marks {
            keys: keys.iter().zip(&shown.keys).map(|(key, shown)| left(!is_protected(key), shown)).collect(),
            certificates: certificates
                .iter()
                .zip(&shown.certificates)
                .map(|(c, s)| left(!c.private, s))
                .collect(),
            data: data.iter().zip(&shown.data).map(|(data, shown)| left(!data.private, shown)).collect(),
        }
    }

    /// What has no slot. A PIN that the policy leaves out needs one more than those that it names.
    fn unplaced(&self, left_overs: usize, room: &Room<'_>) -> Vec<(UnplacedWhat, Option<Need>)> {
        let mut unplaced = Vec::new();
        if is_blank(self.token) && self.slots_before >= self.count {
            let need = Need { slots: self.slots_before + 1, pins: None };
            unplaced.push((UnplacedWhat::Blank(label::of_card(&self.token.info)), Some(need)));
        }
        for (position, index) in self.belonging.user_pins.iter().enumerate() {
            let rank = self.selected.iter().position(|selected| *selected == position);
            let need = match rank {
                Some(rank) if rank < self.placed => continue,
                Some(rank) => Need { slots: self.slots_before + rank + 1, pins: None },
                None => Need { slots: room.for_pins + 1, pins: self.selection_with(position, &room.labels) },
            };
            let label = self.token.auths.get(*index).map(|auth| auth.label.clone()).unwrap_or_default();
            unplaced.push((UnplacedWhat::Pin(label), Some(need.clone())));
            match self.protected_by(Owner::Pin(*index)) {
                0 => {}
                count => unplaced.push((UnplacedWhat::Objects(count), Some(need))),
            }
        }
        if left_overs > 0 {
            let need = Need { slots: room.needed, pins: None };
            unplaced.push((UnplacedWhat::LeftOvers(left_overs), Some(need)));
        }
        match self.protected_by(Owner::Stranger) {
            0 => {}
            count => unplaced.push((UnplacedWhat::Objects(count), None)),
        }
        unplaced
    }

    /// How many objects only the holder of this PIN can see or use.
    fn protected_by(&self, owner: Owner) -> usize {
        let Token { keys, certificates, data, .. } = self.token;
        let belonging = &self.belonging;
        let keys =
            keys.iter().zip(&belonging.keys).filter(|(key, o)| is_protected(key) && **o == owner).count();
        let certificates = certificates.iter().zip(&belonging.certificates);
        let certificates =
            certificates.filter(|(certificate, o)| certificate.private && **o == owner).count();
        let data = data.iter().zip(&belonging.data).filter(|(data, o)| data.private && **o == owner).count();
        keys + certificates + data
    }

    /// The policy's list of PINs and the one at `position` with them: by its number where its label is not its own among
    /// `labels`, those of all PINs of the card.
    fn selection_with(&self, position: usize, labels: &[&str]) -> Option<Vec<String>> {
        let PinSelection::Only(names) = &self.policy.create_slots_for_pins else { return None };
        let label = self.pin_labels().nth(position).unwrap_or_default();
        let namesakes = labels.iter().filter(|other| **other == label).count();
        let name = match label.is_empty() || namesakes > 1 {
            true => format!("#{}", self.pins_before + position + 1),
            false => label.to_owned(),
        };
        Some(names.iter().cloned().chain([name]).collect())
    }

    /// Labels of the user PINs, in their order.
    fn pin_labels(&self) -> impl Iterator<Item = &'t str> {
        let token = self.token;
        let label = move |index: &usize| token.auths.get(*index).map_or("", |auth| auth.label.as_str());
        self.belonging.user_pins.iter().map(label)
    }
}

impl Marks {
    fn none(token: &Token) -> Self {
        Self {
            keys: vec![false; token.keys.len()],
            certificates: vec![false; token.certificates.len()],
            data: vec![false; token.data.len()],
        }
    }

    fn add(&mut self, other: &Self) {
        let lists = [
            (&mut self.keys, &other.keys),
            (&mut self.certificates, &other.certificates),
            (&mut self.data, &other.data),
        ];
        for (own, other) in lists {
            own.iter_mut().zip(other).for_each(|(own, other)| *own |= other);
        }
    }

    fn len(&self) -> usize {
        [&self.keys, &self.certificates, &self.data].into_iter().flatten().filter(|mark| **mark).count()
    }

    fn into_token(self) -> VirtualToken {
        let indices =
            |marks: Vec<bool>| (0..).zip(marks).filter(|(_, mark)| *mark).map(|(index, _)| index).collect();
        VirtualToken {
            keys: indices(self.keys),
            certificates: indices(self.certificates),
            data: indices(self.data),
            ..VirtualToken::default()
        }
    }
}

/// True when the policy gives this user PIN, the card's number `position`, a slot.
fn is_selected(auth: &Auth, position: usize, selection: &PinSelection) -> bool {
    match selection {
        PinSelection::All => true,
        PinSelection::Only(names) => names.iter().any(|name| {
            let is_id = || hex::decode(name).is_ok_and(|id| !id.is_empty() && id == auth.id.0);
            *name == auth.label || *name == format!("#{}", position + 1) || is_id()
        }),
    }
}
