//! Who issued which certificate (RFC 5280, 4.2.1.1, 4.2.1.2 and 6.1), without checking signatures: a card's
//! order of things must not depend on which algorithms this program knows. Names come from the body or, while that is
//! unread, from the card's directory.
//!
//! An issuer is a certificate whose subject is the certificate's issuer. Where the certificate names its issuer's
//! key, one with that key identifier goes before one without, and one with another is none. Of several, the
//! chain takes the one nearest to a root, then an authority, then the one valid longest, then the first on the card;
//! those with the same key as the one taken (cross-signed or renewed authorities) are *alternates*: they are
//! not in the chain but belong to the same token.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};

use super::names::Names;
use crate::token::{Certificate, Token};

/// Longest chain that is followed; real ones have three or four certificates.
const MAX_CHAIN: usize = 32;

/// The issuers among the certificates of one token that may be seen together.
pub(super) struct Issuers<'t> {
    certificates: &'t [Certificate],
    /// By index of the certificate; `None` where its names are unknown or it is not visible.
    nodes: Vec<Option<Node<'t>>>,
    /// Possible issuers, the best first.
    issuers: HashMap<Wanted<'t>, Vec<usize>>,
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
        let mut issuers = Self { certificates, nodes, issuers: HashMap::new() };
        issuers.collect_by_subject();
        let children = issuers.settle_wanted();
        issuers.measure_distances(children);
        issuers.rank();
        issuers
    }

    /// The chain from `leaf` upwards, and whether it ends in a root.
    pub(super) fn chain(&self, leaf: usize) -> (Vec<usize>, bool) {
        let mut chain = vec![leaf];
        let mut current = leaf;
        while let Some(node) = self.node(current) {
            if node.root {
                return (chain, true);
            }
            match self.candidates(node).first() {
                Some(next) if chain.len() < MAX_CHAIN && !chain.contains(next) => {
                    chain.push(*next);
                    current = *next;
                }
                _ => break,
            }
        }
        (chain, false)
    }

    /// Marks what belongs to keys with the certificates `leaves`: their chains, and the alternates of each authority
    /// in them with their own chains.
    pub(super) fn mark_families(&self, leaves: Vec<usize>, marks: &mut [bool]) {
        // Many certificates may wish the same issuers, many issuers the same certificate: each wish is met once.
        let mut done = HashSet::new();
        let mut open = leaves;
        while let Some(index) = open.pop() {
            if let Some(mark) = marks.get_mut(index) {
                *mark = true;
            }
            let Some(node) = self.node(index).filter(|node| !node.root && done.insert(node.wanted)) else {
                continue;
            };
            let candidates = self.candidates(node);
            let Some(best) = candidates.first() else { continue };
            open.extend(candidates.iter().filter(|other| self.same_key(*best, **other)));
        }
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
