//! What deletions take and break: shared authorities, cross-signed ones, PINs without a slot, careless identifiers.

use std::collections::BTreeMap;

use p11ctl::layout::{ChainUsers, Item, Policy, ReaderView, virtual_slots};
use p11ctl::token::{KeyClass, ObjectId, Token};

use crate::notation;
use crate::random::{Random, card};

const SHARED: &str = "pin P1 id=01
     pin P2 id=02
     key K1 pin=01 id=a1
     key K2 pin=02 id=a2
     public-key K1 id=a1
     cert leaf1 id=a1 by=CA
     cert leaf2 id=a2 by=CA
     cert CA by=root
     cert root
     cert other";

fn certificate(token: &Token, label: &str) -> usize {
    token.certificates.iter().position(|certificate| certificate.label == label).unwrap()
}

fn private_key(token: &Token, label: &str) -> usize {
    token.keys.iter().position(|key| key.label == label && key.class == KeyClass::Private).unwrap()
}

fn label(token: &Token, item: &Item) -> String {
    match item {
        Item::Key(index) if token.keys[*index].class == KeyClass::Public => {
            format!("public {}", token.keys[*index].label)
        }
        Item::Key(index) => token.keys[*index].label.clone(),
        Item::Certificate(index) => token.certificates[*index].label.clone(),
        Item::Data(index) => token.data[*index].label.clone(),
    }
}

/// Compares the keys whose chains need each certificate: `leaf1: K1`.
#[track_caller]
fn check_users(card: &str, expected: &[(&str, &[&str])]) {
    let token = notation::card(card);
    let users = ChainUsers::new(&token);
    for (name, keys) in expected {
        let of = users.of(certificate(&token, name));
        let labels: Vec<&str> = of.iter().map(|key| token.keys[*key].label.as_str()).collect();
        assert_eq!(labels, *keys, "{name}");
    }
}

/// Compares what goes with a key, in order, and what of its chain stays.
#[track_caller]
fn check_with_chain(card: &str, key: &str, going: &[&str], kept: &[&str]) {
    let token = notation::card(card);
    let deletion = ChainUsers::new(&token).deletion_with_chain(&token, private_key(&token, key));
    let labels: Vec<String> = deletion.objects.iter().map(|item| label(&token, item)).collect();
    assert_eq!(labels, going);
    let stays: Vec<&str> =
        deletion.kept.iter().map(|index| token.certificates[*index].label.as_str()).collect();
    assert_eq!(stays, kept);
}

#[test]
fn shared_authorities_are_needed_by_both_keys_and_leaves_by_one() {
    check_users(
        SHARED,
        &[
            ("leaf1", &["K1"]),
            ("leaf2", &["K2"]),
            ("CA", &["K1", "K2"]),
            ("root", &["K1", "K2"]),
            ("other", &[]),
        ],
    );
}

#[test]
fn authority_of_a_pin_without_slot_of_its_own_is_needed_all_the_same() {
    let pins: String = (3..40).map(|number| format!("pin P{number} id={number:02x}\n")).collect();
    check_users(&format!("{pins}{SHARED}"), &[("CA", &["K1", "K2"])]);
}

#[test]
fn authority_of_a_key_behind_an_unknown_pin_is_needed_all_the_same() {
    check_users(&SHARED.replace("K2 pin=02", "K2 pin=09"), &[("CA", &["K1", "K2"]), ("leaf2", &["K2"])]);
}

#[test]
fn key_with_shared_chain_takes_its_leaf_and_public_half_only() {
    check_with_chain(SHARED, "K1", &["leaf1", "public K1", "K1"], &["CA", "root"]);
}

#[test]
fn key_with_a_chain_of_its_own_takes_all_of_it_from_the_root_down() {
    let own = SHARED.replace("leaf2 id=a2 by=CA", "leaf2 id=a2 by=other");
    check_with_chain(&own, "K1", &["root", "CA", "leaf1", "public K1", "K1"], &[]);
    check_with_chain(&own, "K2", &["other", "leaf2", "K2"], &[]);
}

#[test]
fn key_whose_issuer_is_shared_through_a_cross_signed_authority_leaves_that_too() {
    let crossed = "pin P1 id=01
         pin P2 id=02
         key K1 pin=01 id=a1
         key K2 pin=02 id=a2
         cert leaf1 id=a1 by=CA
         cert leaf2 id=a2 by=CA
         cert CA by=root key=ca ski=01
         cert CA-crossed subject=CA by=root2 key=ca ski=01
         cert root
         cert root2";
    check_with_chain(crossed, "K1", &["leaf1", "K1"], &["CA", "CA-crossed", "root", "root2"]);
}

#[test]
fn two_keys_of_one_token_protect_their_common_authority_from_each_other() {
    let one = SHARED.replace("K2 pin=02", "K2 pin=01");
    check_with_chain(&one, "K1", &["leaf1", "public K1", "K1"], &["CA", "root"]);
}

#[test]
fn public_key_of_two_keys_stays_for_the_other() {
    let careless = "pin P1 id=01
         pin P2 id=02
         key K1 pin=01 id=a1
         key K2 pin=02 id=a1
         public-key K1 id=a1";
    check_with_chain(careless, "K1", &["K1"], &[]);
}

#[test]
fn loop_of_issuers_is_taken_once() {
    let looped = "pin P1 id=01
         key K1 pin=01 id=a1
         cert leaf id=a1 by=A
         cert A by=B
         cert B by=A";
    let token = notation::card(looped);
    let deletion = ChainUsers::new(&token).deletion_with_chain(&token, 0);
    let mut labels: Vec<String> = deletion.objects.iter().map(|item| label(&token, item)).collect();
    assert_eq!(labels.pop().as_deref(), Some("K1"));
    labels.sort();
    assert_eq!(labels, ["A", "B", "leaf"]);
}

#[test]
fn deletion_of_one_object_names_the_keys_it_breaks() {
    let token = notation::card(SHARED);
    let users = ChainUsers::new(&token);
    let deletion = users.deletion(Item::Certificate(certificate(&token, "root")));
    assert_eq!(deletion.objects.len(), 1);
    assert_eq!(deletion.breaks, [private_key(&token, "K1"), private_key(&token, "K2")]);
    let key = users.deletion(Item::Key(private_key(&token, "K1")));
    assert_eq!((key.objects.len(), key.breaks.len()), (1, 0));
}

/// The chains of every private key, as names of objects, wherever its PIN has its slot.
fn chains(token: &Token) -> BTreeMap<ObjectId, Vec<Vec<ObjectId>>> {
    let policy = Policy { num_slots: 64, max_virtual_slots: 0, ..Policy::default() };
    let layout = virtual_slots(None, &[ReaderView::with("R", token)], &policy);
    let mut chains: BTreeMap<ObjectId, Vec<Vec<ObjectId>>> = BTreeMap::new();
    for chain in layout.slots.iter().filter_map(|slot| slot.token.as_ref()).flat_map(|token| &token.chains) {
        let certificates = chain.certificates.iter().map(|index| token.certificates[*index].object);
        chains.entry(token.keys[chain.key].object).or_default().push(certificates.collect());
    }
    chains
}

/// The card without these objects.
fn without(token: &Token, objects: &[Item]) -> Token {
    let gone: Vec<ObjectId> = objects.iter().filter_map(|item| item.id(token)).collect();
    let mut token = token.clone();
    token.keys.retain(|key| !gone.contains(&key.object));
    token.certificates.retain(|certificate| !gone.contains(&certificate.object));
    token.data.retain(|data| !gone.contains(&data.object));
    token
}

#[test]
fn any_deletion_leaves_the_chains_that_it_does_not_name_as_they_were() {
    let mut random = Random::new("deletions");
    let (mut kept, mut broken) = (0, 0);
    for _ in 0..1000 {
        let (text, token) = card(&mut random);
        let users = ChainUsers::new(&token);
        let before = chains(&token);
        let private = token.keys.iter().enumerate().filter(|(_, key)| key.class == KeyClass::Private);
        let with_chain = private.map(|(key, _)| users.deletion_with_chain(&token, key));
        let alone = (0..token.certificates.len()).map(|index| users.deletion(Item::Certificate(index)));
        for deletion in with_chain.chain(alone) {
            let mut expected = before.clone();
            for key in deletion.breaks.iter().map(|key| Item::Key(*key)).chain(deletion.objects.clone()) {
                expected.retain(|object, _| Some(*object) != key.id(&token));
            }
            let mut after = chains(&without(&token, &deletion.objects));
            after.retain(|object, _| expected.contains_key(object));
            assert_eq!(after, expected, "{deletion:?} of\n{text}");
            kept += deletion.kept.len();
            broken += deletion.breaks.len();
        }
    }
    assert!(kept > 100 && broken > 100, "the cards share too little: {kept}, {broken}");
}
