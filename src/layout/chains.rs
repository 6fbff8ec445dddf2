//! Who issued which certificate (RFC 5280, 4.2.1.1, 4.2.1.2 and 6.1). Names come from the body or, while that is
//! unread, from the card's directory.
//!
//! An issuer is a certificate whose subject is the certificate's issuer. Where the certificate names its issuer's
//! key, one with that key identifier goes before one without, and one with another is none. Of several, one whose key
//! verifies the certificate's signature goes before one of which that cannot be said, and one whose key does not
//! verify it is none (`signatures`). A card's order of things must not depend on which algorithms this program knows:
//! where no signature tells, the chain takes the one nearest to a root, then an authority, then the one valid longest,
//! then the first on the card; those with the same key as the one taken (cross-signed or renewed authorities) are
//! *alternates*: they are not in the chain but belong to the same token.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::names::Names;
use super::signatures::{Judged, Signatures};
use crate::token::{Certificate, Token};

/// Longest chain that is followed; real ones have three or four certificates.
const MAX_CHAIN: usize = 32;

/// Most steps of all searches for another chain than the first.
const MAX_STEPS: usize = 2048;

/// The issuers among the certificates of one token that may be seen together.
pub(super) struct Issuers<'t> {
    certificates: &'t [Certificate],
    /// By index of the certificate; `None` where its names are unknown or it is not visible.
    nodes: Vec<Option<Node<'t>>>,
    /// Possible issuers, the best first.
    issuers: HashMap<Wanted<'t>, Vec<usize>>,
    signatures: Signatures<'t>,
    /// Whether all possible issuers have one key, as far as it was asked.
    one_key: RefCell<HashMap<Wanted<'t>, bool>>,
    /// Steps that searches may still take.
    steps: Cell<usize>,
}

/// What matters of one certificate.
#[derive(Clone, Copy)]
struct Node<'t> {
    subject: NameNumber,
    key_id: Option<&'t [u8]>,
    root: bool,
    wanted: Wanted<'t>,
    /// Steps to the nearest root; `u32::MAX` when none can be reached.
    distance: u32,
}

/// What is to be held of a chain of best issuers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    /// Nothing on the card contests it.
    None,
    /// Somewhere there was a choice.
    Rivals,
    /// A signature in it is known to be another's.
    Forged,
}

/// Equal names have equal numbers.
type NameNumber = usize;

/// Which certificates can be the issuer of another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wanted<'t> {
    /// Those with this subject.
    Subject(NameNumber),
    /// Those with this subject and this key identifier, or with no key identifier.
    Key(NameNumber, Option<&'t [u8]>),
}

impl<'t> Issuers<'t> {
    /// Looks at those certificates of `token` that are `visible` and whose names are known.
    pub(super) fn new(token: &'t Token, visible: impl Fn(usize, &Certificate) -> bool) -> Self {
        let mut names = Names::default();
        let certificates = token.certificates.as_slice();
        let nodes = certificates
            .iter()
            .enumerate()
            .map(|(index, certificate)| {
                visible(index, certificate).then(|| Node::new(certificate, &mut names))
            })
            .map(Option::flatten)
            .collect();
        let mut issuers = Self {
            certificates,
            nodes,
            issuers: HashMap::new(),
            signatures: Signatures::new(certificates),
            one_key: RefCell::default(),
            steps: Cell::new(MAX_STEPS),
        };
        issuers.collect_by_subject();
        let children = issuers.settle_wanted();
        issuers.measure_distances(children);
        issuers.rank();
        issuers
    }

    /// The chain from `leaf` upwards, and whether it ends in a root.
    pub(super) fn chain(&self, leaf: usize) -> (Vec<usize>, bool) {
        let (chain, complete, doubt) = self.first_chain(leaf);
        let other = match (doubt, complete) {
            (Doubt::None, _) | (Doubt::Rivals, true) => None,
            (Doubt::Rivals, false) => self.search(leaf).filter(|(_, complete)| *complete),
            (Doubt::Forged, _) => self.search(leaf),
        };
        other.unwrap_or((chain, complete && doubt != Doubt::Forged))
    }

    /// The chain of best issuers, whether it ends in a root, and what is to be held of it.
    fn first_chain(&self, leaf: usize) -> (Vec<usize>, bool, Doubt) {
        let mut chain = vec![leaf];
        let mut current = leaf;
        let mut doubt = Doubt::None;
        while let Some(node) = self.node(current) {
            if node.root {
                let is_false = doubt != Doubt::None && self.signatures.is_false_root(current);
                return (chain, true, if is_false { Doubt::Forged } else { doubt });
            }
            if self.has_rivals(node) {
                doubt = doubt.max(Doubt::Rivals);
            }
            match self.first_option(current, node) {
                Some(next) if chain.len() < MAX_CHAIN && !chain.contains(&next) => {
                    if self.judged(current, node).is_some_and(|judged| judged.bad.contains(&next)) {
                        doubt = Doubt::Forged;
                    }
                    chain.push(next);
                    current = next;
                }
                _ => break,
            }
        }
        (chain, false, doubt)
    }

    /// What belongs to keys with the certificates `leaves`: their chains, and the alternates of each authority in
    /// them with their own chains. Each stands behind one that leads to it.
    pub(super) fn family(&self, leaves: Vec<usize>) -> Vec<usize> {
        self.above(leaves, |index, node| self.options(index, node))
    }

    /// What chains of keys with the certificates `leaves` could need: all possible issuers, but for those that
    /// certainly are none because another certainly is.
    pub(super) fn needed(&self, leaves: Vec<usize>) -> Vec<usize> {
        self.above(leaves, |index, node| self.not_excluded(index, node))
    }

    /// All chains from `leaf` upwards, through whichever possible issuers, at most `limit`.
    pub(super) fn chains(&self, leaf: usize, limit: usize) -> Vec<Vec<usize>> {
        let mut chains = Vec::new();
        self.walk(
            leaf,
            |index, node| self.not_excluded(index, node),
            |chain, _| {
                chains.push(chain.to_vec());
                chains.len() >= limit
            },
        );
        chains
    }

    /// The first chain from `leaf` to a root that is not false, else the first that ends without one.
    fn search(&self, leaf: usize) -> Option<(Vec<usize>, bool)> {
        let mut found = None;
        let honest = |index: usize, node: &Node<'t>| {
            let mut options = self.options(index, node);
            if let Some(judged) = self.judged(index, node) {
                options.retain(|other| !judged.bad.contains(other));
            }
            options
        };
        self.walk(leaf, honest, |chain, complete| {
            let is_false = complete && chain.last().is_some_and(|root| self.signatures.is_false_root(*root));
            if !is_false && (complete || found.is_none()) {
                found = Some((chain.to_vec(), complete));
            }
            complete && !is_false
        });
        found
    }

    /// Follows `next` from `leaf` upwards, depth first, and shows each chain that goes no further, with whether it ends
    /// in a root, until `is_enough` says so.
    fn walk(
        &self,
        leaf: usize,
        next: impl Fn(usize, &Node<'t>) -> Vec<usize>,
        mut is_enough: impl FnMut(&[usize], bool) -> bool,
    ) {
        let mut chain = Vec::new();
        let mut open = vec![vec![leaf]];
        while let Some(options) = open.last_mut() {
            let Some(index) = options.pop() else {
                open.pop();
                chain.pop();
                continue;
            };
            let Some(left) = self.steps.get().checked_sub(1) else { return };
            self.steps.set(left);
            chain.push(index);
            let node = self.node(index);
            let is_root = node.is_some_and(|node| node.root);
            let further = node.filter(|_| !is_root && chain.len() < MAX_CHAIN);
            let mut further = further.map(|node| next(index, node)).unwrap_or_default();
            further.retain(|other| !chain.contains(other));
            further.reverse();
            if further.is_empty() && is_enough(&chain, is_root) {
                return;
            }
            open.push(further);
        }
    }

    /// The certificates `leaves` and all that `next` leads to from them.
    fn above(&self, leaves: Vec<usize>, next: impl Fn(usize, &Node<'t>) -> Vec<usize>) -> Vec<usize> {
        // Many certificates may wish the same issuers, many issuers the same certificate: each wish is met once,
        // but for those that signatures tell apart.
        let mut done = HashSet::new();
        let mut seen = HashSet::new();
        let mut found: Vec<usize> = leaves.into_iter().filter(|leaf| seen.insert(*leaf)).collect();
        let mut position = 0;
        while let Some(index) = found.get(position).copied() {
            position += 1;
            let Some(node) = self.node(index).filter(|node| !node.root) else { continue };
            if self.judged(index, node).is_some() || done.insert(node.wanted) {
                found.extend(next(index, node).into_iter().filter(|other| seen.insert(*other)));
            }
        }
        found
    }

    /// The issuers of a certificate that belong with it, the best first.
    fn options(&self, index: usize, node: &Node<'t>) -> Vec<usize> {
        let Some(best) = self.first_option(index, node) else { return Vec::new() };
        let is_same = |other: &usize| self.same_key(best, *other);
        match self.judged(index, node) {
            Some(judged) if !judged.good.is_empty() => judged.good.clone(),
            Some(_) => self.fitting(node).filter(is_same).collect(),
            None => self.candidates(node).iter().copied().filter(is_same).collect(),
        }
    }

    fn first_option(&self, index: usize, node: &Node<'t>) -> Option<usize> {
        let first = self.fitting(node).next();
        let Some(judged) = self.judged(index, node) else { return first };
        let not_bad = || self.fitting(node).find(|other| !judged.bad.contains(other));
        judged.good.first().copied().or_else(not_bad).or(first)
    }

    fn not_excluded(&self, index: usize, node: &Node<'t>) -> Vec<usize> {
        let judged = self.judged(index, node).filter(|judged| !judged.good.is_empty());
        let is_excluded = |other: &usize| judged.as_ref().is_some_and(|judged| judged.bad.contains(other));
        self.fitting(node).filter(|other| !is_excluded(other)).collect()
    }

    /// What signatures tell of the possible issuers, where there are several with different keys.
    fn judged(&self, index: usize, node: &Node<'t>) -> Option<Rc<Judged>> {
        if !self.has_rivals(node) || self.has_one_key(node) {
            return None;
        }
        self.signatures.judge(index, self.fitting(node))
    }

    fn has_rivals(&self, node: &Node<'t>) -> bool {
        self.fitting(node).nth(1).is_some()
    }

    /// True when all possible issuers certainly have one key: then no signature tells them apart.
    fn has_one_key(&self, node: &Node<'t>) -> bool {
        if let Some(known) = self.one_key.borrow().get(&node.wanted) {
            return *known;
        }
        let details = |index: usize| self.certificates.get(index)?.details.as_ref();
        let mut keys = self.fitting(node).map(|index| details(index).map(|known| &known.public_key_info));
        let first = keys.next().flatten();
        let has_one = first.is_some() && keys.all(|key| key == first);
        self.one_key.borrow_mut().insert(node.wanted, has_one);
        has_one
    }

    /// All possible issuers: a key identifier is a wish, and one that has none may be the one.
    fn fitting(&self, node: &Node<'t>) -> impl Iterator<Item = usize> {
        let nameless = match node.wanted {
            Wanted::Key(name, Some(_)) => self.issuers.get(&Wanted::Key(name, None)),
            _ => None,
        };
        self.candidates(node).iter().chain(nameless.into_iter().flatten()).copied()
    }

    fn node(&self, index: usize) -> Option<&Node<'t>> {
        self.nodes.get(index).and_then(Option::as_ref)
    }

    fn candidates(&self, node: &Node<'t>) -> &[usize] {
        self.issuers.get(&node.wanted).map_or(&[], Vec::as_slice)
    }

    /// True when both certificates certify the same key.
    fn same_key(&self, one: usize, other: usize) -> bool {
        let details = |index: usize| self.certificates.get(index)?.details.as_ref();
        let key_id = |index: usize| self.node(index)?.key_id;
        match (details(one), details(other)) {
            _ if one == other => true,
            (Some(one), Some(other)) => one.public_key_info == other.public_key_info,
            _ => key_id(one).is_some() && key_id(one) == key_id(other),
        }
    }

    fn collect_by_subject(&mut self) {
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(node) = node else { continue };
            self.issuers.entry(Wanted::Subject(node.subject)).or_default().push(index);
            self.issuers.entry(Wanted::Key(node.subject, node.key_id)).or_default().push(index);
        }
    }

    /// A key identifier that no certificate has is no wish; and who wishes what.
    fn settle_wanted(&mut self) -> HashMap<Wanted<'t>, Vec<usize>> {
        let mut children: HashMap<Wanted<'t>, Vec<usize>> = HashMap::new();
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let Some(node) = node else { continue };
            if let Wanted::Key(name, Some(_)) = node.wanted
                && !self.issuers.contains_key(&node.wanted)
            {
                node.wanted = Wanted::Key(name, None);
            }
            if !node.root {
                children.entry(node.wanted).or_default().push(index);
            }
        }
        children
    }

    /// Breadth first from the roots down. Each list of children is emptied when it is first met, so every
    /// certificate is looked at once.
    fn measure_distances(&mut self, mut children: HashMap<Wanted<'t>, Vec<usize>>) {
        let mut open: VecDeque<usize> = VecDeque::new();
        for (index, node) in self.nodes.iter_mut().enumerate() {
            if let Some(node) = node.as_mut().filter(|node| node.root) {
                node.distance = 0;
                open.push_back(index);
            }
        }
        while let Some(index) = open.pop_front() {
            let Some(&Node { subject, key_id, distance, .. }) = self.node(index) else { continue };
            for wanted in [Wanted::Subject(subject), Wanted::Key(subject, key_id)] {
                for child in children.remove(&wanted).unwrap_or_default() {
                    if let Some(Some(node)) = self.nodes.get_mut(child) {
                        node.distance = distance.saturating_add(1);
                        open.push_back(child);
                    }
                }
            }
        }
    }

    fn rank(&mut self) {
        let nodes = &self.nodes;
        let certificates = self.certificates;
        for candidates in self.issuers.values_mut() {
            candidates.sort_by_cached_key(|index| {
                let distance = nodes.get(*index).and_then(Option::as_ref).map(|node| node.distance);
                let certificate = certificates.get(*index);
                let details = certificate.and_then(|certificate| certificate.details.as_ref());
                let authority = certificate.is_some_and(is_authority);
                (distance, !authority, Reverse(details.map(|details| details.not_after)), *index)
            });
        }
    }
}

impl<'t> Node<'t> {
    fn new(certificate: &'t Certificate, names: &mut Names<'t>) -> Option<Self> {
        let subject = names.number(certificate.subject()?);
        let issuer = names.number(certificate.issuer()?);
        let (key_id, issuer_key_id) = match &certificate.details {
            Some(details) => (details.subject_key_id.as_deref(), details.authority_key_id.as_deref()),
            None => (certificate.hints.subject_key_id.as_deref(), None),
        };
        let same_key = key_id.is_none() || issuer_key_id.is_none() || key_id == issuer_key_id;
        let wanted = match issuer_key_id {
            Some(id) => Wanted::Key(issuer, Some(id)),
            None => Wanted::Subject(issuer),
        };
        Some(Self { subject, key_id, root: subject == issuer && same_key, wanted, distance: u32::MAX })
    }
}

/// Whether the names of each certificate are known and tell without its body who issued it: no other certificate
/// has its subject, and at most one the subject that is its issuer. No, as long as a public one could have any name.
pub(super) fn names_suffice(token: &Token) -> Vec<bool> {
    let certificates = token.certificates.as_slice();
    let is_nameless = |c: &Certificate| !c.private && (c.subject().is_none() || c.issuer().is_none());
    if certificates.iter().any(is_nameless) {
        return vec![false; certificates.len()];
    }
    let mut names = Names::default();
    let mut namesakes: HashMap<NameNumber, usize> = HashMap::new();
    for subject in certificates.iter().filter_map(Certificate::subject) {
        *namesakes.entry(names.number(subject)).or_default() += 1;
    }
    let mut suffice = Vec::with_capacity(certificates.len());
    for certificate in certificates {
        let both = [certificate.subject(), certificate.issuer()];
        let counts = both.map(|name| name.and_then(|name| namesakes.get(&names.number(name))));
        suffice.push(both[0].is_some() && counts.iter().flatten().all(|count| **count <= 1));
    }
    suffice
}

/// True when the card's directory or the certificate itself says that it belongs to an authority.
pub(super) fn is_authority(certificate: &Certificate) -> bool {
    certificate.authority || certificate.details.as_ref().is_some_and(|details| details.is_authority)
}
