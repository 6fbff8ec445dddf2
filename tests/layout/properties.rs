//! What holds for every card, every policy and every order of plugging.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::random::{Random, card, policy};
use p11ctl::layout::{
    Layout, PinSelection, Policy, ReaderView, Unplaced, UnplacedWhat, VirtualToken, certificates_needed,
    virtual_slots,
};
use p11ctl::token::{AuthId, AuthRole, Certificate, Key, KeyClass, Token};

const ROUNDS: usize = 3000;

/// One reader with the card.
fn lay_out(token: &Token, policy: &Policy) -> Layout {
    virtual_slots(None, &[ReaderView::with("R", token)], policy)
}

/// The tokens that show something, with their slots.
fn tokens(layout: &Layout) -> Vec<&VirtualToken> {
    layout.slots.iter().filter_map(|slot| slot.token.as_ref()).collect()
}

/// Every object of a card: its kind and index, the PIN it names, and whether only that PIN's holder can see or use it.
fn objects(token: &Token) -> Vec<((char, usize), Option<&AuthId>, bool)> {
    let keys = token
        .keys
        .iter()
        .enumerate()
        .map(|(index, key)| (('k', index), key.auth.as_ref(), is_protected(key)));
    let certificates = token.certificates.iter().enumerate();
    let certificates = certificates.map(|(index, c)| (('c', index), c.auth.as_ref(), c.private));
    let data =
        token.data.iter().enumerate().map(|(index, data)| (('d', index), data.auth.as_ref(), data.private));
    keys.chain(certificates).chain(data).collect()
}

fn is_protected(key: &Key) -> bool {
    key.private || (key.class != KeyClass::Public && key.auth.is_some())
}

fn shown(token: &VirtualToken) -> BTreeSet<(char, usize)> {
    let keys = token.keys.iter().map(|index| ('k', *index));
    let certificates = token.certificates.iter().map(|index| ('c', *index));
    keys.chain(certificates).chain(token.data.iter().map(|index| ('d', *index))).collect()
}

#[test]
fn every_object_is_in_a_slot_or_counted_as_unplaced() {
    let mut random = Random::new("every_object");
    for _ in 0..ROUNDS {
        let (text, token) = card(&mut random);
        let layout = lay_out(&token, &policy(&mut random));
        let shown: BTreeSet<_> = tokens(&layout).into_iter().flat_map(shown).collect();
        let all: BTreeSet<_> = objects(&token).into_iter().map(|(object, ..)| object).collect();
        assert!(shown.is_subset(&all), "{text}");
        let counted: usize = layout
            .unplaced
            .iter()
            .map(|unplaced| match unplaced.what {
                UnplacedWhat::LeftOvers(count) | UnplacedWhat::Objects(count) => count,
                UnplacedWhat::Pin(_) | UnplacedWhat::Blank(_) | UnplacedWhat::Reader => 0,
            })
            .sum();
        if layout.readers[0].count > 0 {
            assert_eq!(all.len() - shown.len(), counted, "{text}\n{layout:?}");
        }
    }
}

#[test]
fn every_user_pin_has_a_slot_or_is_reported() {
    let mut random = Random::new("every_user_pin");
    for _ in 0..ROUNDS {
        let (text, token) = card(&mut random);
        let policy = policy(&mut random);
        let layout = lay_out(&token, &policy);
        let users =
            token.auths.iter().filter(|auth| auth.role == AuthRole::User).map(|auth| auth.label.as_str());
        let placed = tokens(&layout).into_iter().filter_map(|view| view.auth);
        let placed: Vec<&str> = placed.map(|auth| token.auths[auth].label.as_str()).collect();
        let missing: Vec<&str> = layout
            .unplaced
            .iter()
            .filter_map(|unplaced| match &unplaced.what {
                UnplacedWhat::Pin(label) => Some(label.as_str()),
                _ => None,
            })
            .collect();
        if policy.create_slots_for_pins == PinSelection::All {
            let in_order: Vec<&str> = placed.iter().chain(&missing).copied().collect();
            assert_eq!(in_order, users.collect::<Vec<_>>(), "{text}");
        } else {
            let mut both: Vec<&str> = placed.iter().chain(&missing).copied().collect();
            both.sort_unstable();
            assert_eq!(both, users.collect::<Vec<_>>(), "{text}");
        }
    }
}

#[test]
fn protected_object_is_in_no_slot_but_that_of_its_pin() {
    let mut random = Random::new("protected_object");
    for _ in 0..ROUNDS {
        let (text, token) = card(&mut random);
        let layout = lay_out(&token, &policy(&mut random));
        let users: Vec<&AuthId> =
            token.auths.iter().filter(|auth| auth.role == AuthRole::User).map(|auth| &auth.id).collect();
        for (object, named, protected) in objects(&token) {
            let views: Vec<_> =
                tokens(&layout).into_iter().filter(|view| shown(view).contains(&object)).collect();
            if !protected {
                continue;
            }
            assert!(views.len() <= 1, "{object:?} is in several slots\n{text}");
            let Some(view) = views.first() else { continue };
            let pin = &token.auths[view.auth.expect("a protected object in a slot without PIN")].id;
            match named {
                Some(named) => assert_eq!(named, pin, "{object:?}\n{text}"),
                None => assert_eq!(users, [pin], "{object:?}\n{text}"),
            }
        }
    }
}

#[test]
fn labels_fit_and_differ() {
    let mut random = Random::new("labels");
    for _ in 0..ROUNDS {
        let (_, mut token) = card(&mut random);
        let letters = ["x", "é", " ", "#2", "PIN", ":"];
        for label in
            [&mut token.info.label].into_iter().chain(token.auths.iter_mut().map(|auth| &mut auth.label))
        {
            *label = (0..random.below(20)).map(|_| letters[random.below(letters.len())]).collect();
        }
        let layout = lay_out(&token, &Policy { num_slots: 9, max_virtual_slots: 0, ..Policy::default() });
        let with_pin = tokens(&layout).into_iter().filter(|view| view.auth.is_some());
        let labels: Vec<&str> = with_pin.map(|view| view.label.as_str()).collect();
        let different: BTreeSet<&str> = labels.iter().map(|label| label.trim()).collect();
        assert_eq!(different.len(), labels.len(), "{labels:?}");
        assert!(labels.iter().all(|label| label.len() <= 32 && !label.contains(':')), "{labels:?}");
    }
}

#[test]
fn remedies_show_what_they_promise() {
    let mut random = Random::new("remedies");
    for _ in 0..ROUNDS {
        let cards = [card(&mut random), card(&mut random), card(&mut random)];
        let names = ["a", "b", "c"];
        // One of them may have another's application beside its own.
        let (_, beside) = &cards[0];
        let readers: Vec<_> = names
            .iter()
            .zip(&cards)
            .map(|(name, (_, token))| {
                let tokens = [(!random.once_in(4)).then_some(token), random.once_in(4).then_some(beside)];
                ReaderView { name, tokens: tokens.into_iter().flatten().collect() }
            })
            .collect();
        let policy = policy(&mut random);
        let before = virtual_slots(None, &readers, &policy);
        for unplaced in &before.unplaced {
            let Some(remedy) = &unplaced.remedy else {
                assert!(matches!(unplaced.what, UnplacedWhat::Objects(_)), "{unplaced:?}");
                continue;
            };
            let better = apply(&policy, remedy);
            let after = virtual_slots(None, &readers, &better);
            // The policy of PINs may turn what was left over or hidden into something else that is left.
            // PINs of two applications may have one name: each remedy is for one of them.
            let count = |layout: &Layout| {
                let same = |other: &&Unplaced| other.reader == unplaced.reader && other.what == unplaced.what;
                layout.unplaced.iter().filter(same).count()
            };
            let helps = count(&after) < count(&before) || matches!(unplaced.what, UnplacedWhat::Objects(_));
            assert!(helps, "{unplaced:?}\n{policy:?}\n{better:?}\n{after:?}");
        }
    }
}

/// Puts a remedy into a policy, as a user would into the configuration.
fn apply(policy: &Policy, remedy: &str) -> Policy {
    let text = format!("[pkcs11]\n{}", remedy.replace(" and ", "\n"));
    let parsed: toml::Table = text.parse().unwrap();
    let mut policy = policy.clone();
    for (name, value) in parsed["pkcs11"].as_table().unwrap() {
        match name.as_str() {
            "num_slots" => policy.num_slots = value.as_integer().unwrap() as u32,
            "max_virtual_slots" => policy.max_virtual_slots = value.as_integer().unwrap() as u32,
            _ => {
                let names = value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
                policy.create_slots_for_pins = PinSelection::Only(names.collect());
            }
        }
    }
    policy
}

#[test]
fn chains_follow_issuers_and_reach_a_root_where_one_can_be_reached() {
    let mut random = Random::new("chains");
    for _ in 0..ROUNDS {
        let (text, token) = card(&mut random);
        let layout = lay_out(&token, &Policy { num_slots: 9, max_virtual_slots: 0, ..Policy::default() });
        for view in tokens(&layout) {
            let keys: Vec<usize> = view.chains.iter().map(|chain| chain.key).collect();
            assert!(keys.is_sorted(), "{text}");
            for chain in &view.chains {
                assert!(view.keys.contains(&chain.key), "{text}");
                let different: BTreeSet<_> = chain.certificates.iter().collect();
                assert_eq!(
                    different.len(),
                    chain.certificates.len(),
                    "a certificate twice in {chain:?}\n{text}"
                );
                assert!(chain.certificates.iter().all(|index| view.certificates.contains(index)), "{text}");
                for link in chain.certificates.windows(2) {
                    assert!(issuers(&token, view, link[0]).contains(&link[1]), "{chain:?}\n{text}");
                }
                let Some(leaf) = chain.certificates.first() else { continue };
                assert_eq!(chain.complete, reaches_root(&token, view, *leaf), "{chain:?}\n{text}");
            }
        }
    }
}

/// The possible issuers of a certificate by the plainest reading of the rule, among those that the token may show.
fn issuers(token: &Token, view: &VirtualToken, index: usize) -> Vec<usize> {
    let certificate = &token.certificates[index];
    let Some(issuer) = certificate.issuer() else { return Vec::new() };
    let pin = view.auth.map(|auth| &token.auths[auth].id);
    let only_pin = token.auths.iter().filter(|auth| auth.role == AuthRole::User).count() == 1;
    let is_own = |other: &Certificate| match &other.auth {
        Some(id) => Some(id) == pin,
        None => pin.is_some() && only_pin,
    };
    let visible = |other: &Certificate| !other.private || is_own(other);
    let namesakes = token.certificates.iter().enumerate();
    let namesakes: Vec<_> = namesakes
        .filter(|(_, other)| visible(other) && other.subject() == Some(issuer))
        .map(|(other, _)| other)
        .collect();
    let Some(wanted) = issuer_key_id(certificate) else { return namesakes };
    let with_key: Vec<_> = namesakes
        .iter()
        .copied()
        .filter(|other| key_id(&token.certificates[*other]) == Some(wanted))
        .collect();
    if with_key.is_empty() {
        namesakes.into_iter().filter(|other| key_id(&token.certificates[*other]).is_none()).collect()
    } else {
        with_key
    }
}

fn key_id(certificate: &Certificate) -> Option<&[u8]> {
    match &certificate.details {
        Some(details) => details.subject_key_id.as_deref(),
        None => certificate.hints.subject_key_id.as_deref(),
    }
}

fn issuer_key_id(certificate: &Certificate) -> Option<&[u8]> {
    certificate.details.as_ref()?.authority_key_id.as_deref()
}

fn is_root(certificate: &Certificate) -> bool {
    let (own, wanted) = (key_id(certificate), issuer_key_id(certificate));
    certificate.subject().is_some()
        && certificate.subject() == certificate.issuer()
        && (own.is_none() || wanted.is_none() || own == wanted)
}

/// Looks along the chain of best issuers only: a better match may lead away from a root.
fn reaches_root(token: &Token, view: &VirtualToken, leaf: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![leaf];
    while let Some(index) = open.pop() {
        if is_root(&token.certificates[index]) {
            return true;
        }
        if seen.insert(index) {
            open.extend(issuers(token, view, index));
        }
    }
    false
}

#[test]
fn layout_does_not_depend_on_bodies_that_are_not_needed() {
    let mut random = Random::new("bodies");
    let mut compared = 0;
    for _ in 0..ROUNDS * 3 {
        let (text, mut full) = card(&mut random);
        make_honest(&mut full);
        let mut unread = full.clone();
        let with_names = random.once_in(2);
        for certificate in unread.certificates.iter_mut().filter(|certificate| !certificate.private) {
            let details = certificate.details.take().unwrap();
            let names = with_names.then_some((details.subject, details.issuer));
            (certificate.hints.subject, certificate.hints.issuer) = names.unzip();
        }
        let needed: BTreeSet<_> = certificates_needed(&unread).into_iter().collect();
        for (certificate, full) in unread.certificates.iter_mut().zip(&full.certificates) {
            if needed.contains(&certificate.object) {
                certificate.details.clone_from(&full.details);
            }
        }
        assert!(certificates_needed(&unread).is_empty(), "{text}");
        compared += usize::from(needed.len() < full.certificates.len());
        let policy = Policy { num_slots: 9, max_virtual_slots: 0, ..Policy::default() };
        let placed = |token| tokens(&lay_out(token, &policy)).into_iter().map(shown).collect::<Vec<_>>();
        assert_eq!(placed(&unread), placed(&full), "needed {needed:?}, names {with_names}\n{text}");
    }
    assert!(compared > ROUNDS, "the cards of this test always need all bodies");
}

/// Makes a card on which equal identifiers mean equal keys, key identifiers say the truth, every private key needs a
/// PIN and every body is known: what `certificates_needed` may take for granted.
fn make_honest(token: &mut Token) {
    let keys = |key: &Key| key.class != KeyClass::Secret;
    let mut values: HashMap<Vec<u8>, _> = HashMap::new();
    for key in token.keys.iter_mut().filter(|key| keys(key)) {
        key.algorithm = p11ctl::token::KeyAlgorithm::Ec { curve: None };
        let known = !matches!(key.public, Some(p11ctl::crypto::PublicKey::Rsa { .. }) | None);
        let value = values
            .entry(key.id.0.clone())
            .or_insert_with(|| crate::notation::public_key(&format!("id-{:?}", key.id.0)));
        key.public = (known && !key.id.0.is_empty()).then(|| value.clone());
        if key.class == KeyClass::Private && key.auth.is_none() {
            key.private = true;
        }
    }
    for certificate in &mut token.certificates {
        let subject = certificate.subject().map(<[u8]>::to_vec);
        let details = certificate.details.take().or_else(|| {
            let text = "cert X subject=A by=B key=k1";
            crate::notation::card(text).certificates.remove(0).details
        });
        let mut details = details.unwrap();
        if let Some(subject) = subject {
            details.subject = subject;
        }
        if !certificate.id.0.is_empty() {
            let value = crate::notation::public_key(&format!("id-{:?}", certificate.id.0));
            details.public_key = Some(value);
        }
        certificate.details = Some(details);
    }
    let known: BTreeSet<_> = token
        .certificates
        .iter()
        .map(|c| (c.subject().map(<[u8]>::to_vec), key_id(c).map(<[u8]>::to_vec)))
        .collect();
    for details in token.certificates.iter_mut().filter_map(|certificate| certificate.details.as_mut()) {
        if !known.contains(&(Some(details.issuer.clone()), details.authority_key_id.clone())) {
            details.authority_key_id = None;
        }
    }
}

#[test]
fn slot_ids_keep_their_meaning_over_any_hot_plug() {
    let mut random = Random::new("hot_plug");
    for _ in 0..ROUNDS / 10 {
        let policy = policy(&mut random);
        let (_, token) = card(&mut random);
        let mut meaning: BTreeMap<u32, (String, u32)> = BTreeMap::new();
        let mut previous: Option<Layout> = None;
        for _ in 0..12 {
            let mut names: Vec<&str> =
                ["a", "b", "c", "d", "e"].into_iter().filter(|_| random.once_in(2)).collect();
            if random.once_in(2) {
                names.reverse();
            }
            let readers: Vec<_> = names
                .iter()
                .map(|name| ReaderView {
                    name,
                    tokens: random.once_in(2).then_some(&token).into_iter().collect(),
                })
                .collect();
            let layout = virtual_slots(previous.as_ref(), &readers, &policy);
            assert_eq!(layout, virtual_slots(previous.as_ref(), &readers, &policy));
            assert!((0..).zip(&layout.slots).all(|(number, slot)| slot.id.0 == number));
            for slot in &layout.slots {
                let run = &layout.readers[slot.reader];
                let now = (run.name.clone(), slot.id.0 - run.first.0);
                assert_eq!(*meaning.entry(slot.id.0).or_insert(now.clone()), now);
                assert!(slot.token.is_none() || !readers[run.index.unwrap()].tokens.is_empty());
            }
            assert!(previous.is_none_or(|before| before.slots.len() <= layout.slots.len()), "slots went");
            assert!(policy.max_virtual_slots == 0 || layout.slots.len() <= policy.max_virtual_slots as usize);
            for (index, name) in names.iter().enumerate() {
                let run = layout.readers.iter().find(|run| run.index == Some(index)).unwrap();
                assert_eq!(run.name, *name);
            }
            previous = Some(layout);
        }
    }
}
