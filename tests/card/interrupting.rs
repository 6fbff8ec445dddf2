//! The card is pulled after every command of every change: nothing is harmed, and what is left behind is reclaimed.

use std::collections::BTreeSet;
use std::time::Duration;

use p11ctl::card::admin::{KeyMaterial, KeyType};
use p11ctl::card::example::{OFFICER_PIN, PINS};
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::{Secret, hex};
use p11ctl::crypto::{Curve, PrivateKey, PublicKey, RsaPrivateKey, ec};
use p11ctl::softcard::{self};
use p11ctl::token::{KeyAlgorithm, KeyClass, KeyId, Token};

use crate::editing::{
    OFFICER, PIN_1, furnished, import, log_in, new_key, object_of, pin, repair, store_certificate, store_data,
};
use crate::faults::{Fault, FaultyReader, Plan};
use crate::support::{Bench, auth};

/// Everything on the card, each thing as one line with its value, keys with the proof that they work.
pub fn inventory(bench: &Bench) -> BTreeSet<String> {
    let mut card = bench.card_without_cache();
    let token = card.read_token().unwrap();
    assert_eq!(token.problems, []);
    let mut lines = Vec::new();
    for auth in &token.auths {
        assert_eq!(card.tries_left(&auth.id).unwrap(), Some(3), "no try of {} was spent", auth.label);
        lines.push(format!("{auth:?}"));
    }
    let known: Vec<_> =
        PINS.iter().filter(|(label, _)| token.auths.iter().any(|auth| auth.label == *label)).collect();
    for (label, value) in known {
        card.verify(&auth(&token, label), &Secret::from(*value)).unwrap();
    }
    let value = |card: &mut Card, object| hex::encode(&card.read_object(object).unwrap());
    for key in &token.keys {
        let proof = match key.class {
            KeyClass::Public => value(&mut card, key.object),
            KeyClass::Private if matches!(key.algorithm, KeyAlgorithm::Ec { .. }) => {
                let call = CardCall::EcdsaSign { key: key.object, digest: &[7; 32] };
                let signature = card.perform(&call).unwrap();
                let half = token.keys.iter().find(|half| half.class == KeyClass::Public && half.id == key.id);
                let half = half.map(|half| card.read_object(half.object).unwrap());
                let public = half.map(|half| PublicKey::from_spki_der(&half).unwrap()).unwrap();
                assert_eq!(ec::verify(&public, &[7; 32], signature.expose()), Ok(true), "key {}", key.id);
                hex::encode(&public.to_spki_der())
            }
            KeyClass::Private => {
                let call = CardCall::RsaSignPkcs1 { key: key.object, digest_info: &[7; 51] };
                hex::encode(card.perform(&call).unwrap().expose())
            }
            KeyClass::Secret => String::new(),
        };
        lines.push(format!("{:?} {} {} {:?} {proof}", key.class, key.label, key.id, key.auth));
    }
    for found in &token.certificates {
        lines.push(format!(
            "{} {} {:?} {}",
            found.label,
            found.id,
            found.auth,
            value(&mut card, found.object)
        ));
    }
    for data in &token.data {
        lines.push(format!("{} {:?} {}", data.label, data.auth, value(&mut card, data.object)));
    }
    let count = lines.len();
    let lines: BTreeSet<String> = lines.into_iter().collect();
    assert_eq!(lines.len(), count, "nothing is there twice");
    lines
}

/// Pulls the card after every command of `change` in turn: what it does not touch is as it was, what it touches is
/// as before or as after, no try is spent, whoever tries again succeeds, and a repair leaves no unused file.
pub fn interrupted(
    bench: &Bench,
    who: (&str, &str),
    partial: impl Fn(&str) -> bool,
    change: impl Fn(&mut Card, &Token) -> Result<(), CardError>,
) {
    let image = std::fs::read(bench.image()).unwrap();
    let run = |plan: &Plan, card_of: &Bench| {
        let reader = softcard::reader("software", Some(card_of.image()), Duration::from_secs(5));
        let reader = Box::new(FaultyReader::new(reader, plan));
        let mut card = Card::new(reader, CardSettings::default(), card_of.stats.clone());
        let token = card.read_token()?;
        card.verify(&auth(&token, who.0), &Secret::from(who.1))?;
        change(&mut card, &token)
    };
    let before = inventory(bench);
    let counted = Plan::never();
    run(&counted, bench).unwrap();
    let after = inventory(bench);
    assert_ne!(before, after);
    let generated = |lines: &BTreeSet<String>| -> BTreeSet<String> {
        lines.iter().map(|line| line.split(' ').take(4).collect::<Vec<_>>().join(" ")).collect()
    };
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        for commands in 0..counted.commands() {
            std::fs::write(bench.image(), &image).unwrap();
            let _ = run(&Plan::after(commands, fault.clone()), bench);
            let now = inventory(bench);
            let case = format!("{fault:?} after {commands} of {}", counted.commands());
            assert!(before.intersection(&after).all(|line| now.contains(line)), "{case}: {now:#?}");
            let (short, whole) = (generated(&now), [generated(&before), generated(&after)]);
            let extra = |known: &BTreeSet<String>| {
                known.is_subset(&short) && short.difference(known).all(|line| partial(line))
            };
            assert!(extra(&whole[0]) || extra(&whole[1]), "{case}: {now:#?}");
            // What is done already cannot be done again.
            if whole[0] == short || !whole[1].is_subset(&short) {
                run(&Plan::never(), bench).unwrap();
                assert_eq!(generated(&inventory(bench)), whole[1], "{case}, and again");
            }
            repair(bench, &[PIN_1, OFFICER]);
            let kept = generated(&inventory(bench));
            assert_eq!(kept, whole[1], "{case}, and repaired");
            assert_eq!(repair(bench, &[PIN_1, OFFICER]), Default::default(), "{case}");
        }
    }
}

pub fn nothing(_: &str) -> bool {
    false
}

#[test]
fn deletion_interrupted_anywhere_harms_nothing_else() {
    for label in ["certificate 1", "certificate 3", "private data", "public data", "key 1"] {
        let bench = furnished();
        interrupted(&bench, PIN_1, nothing, |card, token| {
            card.administer(|admin, channel| admin.delete_object(channel, object_of(token, label)))
        });
    }
}

#[test]
fn new_label_interrupted_anywhere_is_the_old_or_the_new_one() {
    for (object, label) in [
        ("certificate 1", "short"),
        ("certificate 1", "a label that is longer than the one before"),
        ("key 1", "key x"),
    ] {
        let bench = furnished();
        interrupted(&bench, PIN_1, nothing, |card, token| {
            card.administer(|admin, channel| admin.set_label(channel, object_of(token, object), label))
                .map(|_| ())
        });
    }
}

#[test]
fn new_id_interrupted_anywhere_is_the_old_or_the_new_one() {
    let bench = furnished();
    interrupted(&bench, PIN_1, nothing, |card, token| {
        let id = KeyId(vec![0xAA; 20]);
        card.administer(|admin, channel| admin.set_id(channel, object_of(token, "certificate 2"), &id))
            .map(|_| ())
    });
}

#[test]
fn new_key_interrupted_anywhere_is_there_or_not() {
    let bench = furnished();
    let half = |line: &str| line.starts_with("Public new key");
    interrupted(&bench, PIN_1, half, |card, _| {
        let (owner, id) = (pin(1), KeyId(vec![5]));
        let new = new_key(&owner, &id, KeyType::Ec(Curve::P256));
        card.administer(|admin, channel| admin.generate_key(channel, &new)).map(|_| ())
    });
}

#[test]
fn import_interrupted_anywhere_is_there_or_not() {
    let bench = furnished();
    let half = |line: &str| line.starts_with("Public imported");
    let private: PrivateKey = RsaPrivateKey::generate(1024).unwrap().into();
    interrupted(&bench, PIN_1, half, |card, _| {
        import(card, &pin(1), &KeyId(vec![6]), KeyMaterial::Private(&private)).map(|_| ())
    });
    let secret = Secret::from(&[9; 32][..]);
    interrupted(&furnished(), PIN_1, nothing, |card, _| {
        import(card, &pin(1), &KeyId(vec![7]), KeyMaterial::Aes(&secret)).map(|_| ())
    });
}

#[test]
fn certificate_of_nobody_interrupted_anywhere_is_there_or_not() {
    interrupted(&furnished(), OFFICER, nothing, |card, _| store_certificate(card, None, 8).map(|_| ()));
    interrupted(&furnished(), OFFICER, nothing, |card, token| {
        card.administer(|admin, channel| admin.delete_object(channel, object_of(token, "certificate 9")))
    });
}

#[test]
fn deletion_in_a_full_directory_interrupted_anywhere_harms_nothing() {
    let bench = furnished();
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let mut number = 0;
    // Long labels: a few entries fill the directory.
    let filler = |number: u8| format!("filler {number}{}", " and more".repeat(10));
    while store_data(&mut card, Some(&pin(1)), false, &filler(number)).is_ok() {
        number += 1;
    }
    drop(card);
    // A gap larger than the next entry, one smaller, and one as long.
    for label in ["private data", "public data", &filler(1)] {
        interrupted(&bench, PIN_1, nothing, |card, token| {
            card.administer(|admin, channel| admin.delete_object(channel, object_of(token, label)))
        });
    }
}

#[test]
fn unused_file_is_reclaimed_by_repair_or_by_the_next_write() {
    let bench = furnished();
    let image = std::fs::read(bench.image()).unwrap();
    let before = inventory(&bench);
    let interrupt = |commands| {
        std::fs::write(bench.image(), &image).unwrap();
        let reader = softcard::reader("software", Some(bench.image()), Duration::from_secs(5));
        let plan = Plan::after(commands, Fault::CardRemoved);
        let reader = Box::new(FaultyReader::new(reader, &plan));
        let mut card = Card::new(reader, CardSettings::default(), bench.stats.clone());
        let Ok(token) = card.read_token() else { return };
        if card.verify(&auth(&token, "PIN 1"), &Secret::from(PIN_1.1)).is_ok() {
            let _ = store_data(&mut card, Some(&pin(1)), false, "new");
        }
    };
    // The first count of commands that leaves a file behind.
    let left = |report: &p11ctl::card::admin::RepairReport| report.kept.clone();
    let commands = (0..200).find(|commands| {
        interrupt(*commands);
        !left(&repair(&bench, &[])).is_empty()
    });
    let kept = left(&repair(&bench, &[]));
    assert_eq!(kept, [("EF 4602 in DF 5101".to_owned(), Some(pin(1)))]);
    assert_eq!(inventory(&bench), before);
    assert_eq!(repair(&bench, &[PIN_1]).reclaimed, ["EF 4602 in DF 5101"]);
    assert_eq!(repair(&bench, &[PIN_1]), Default::default());
    interrupt(commands.unwrap());
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    store_data(&mut card, Some(&pin(1)), false, "another").unwrap();
    card.finish().unwrap();
    assert_eq!(repair(&bench, &[PIN_1]), Default::default());
    assert_eq!(inventory(&bench).len(), before.len() + 1);
}

#[test]
fn format_and_erasure_interrupted_anywhere_leave_the_old_card_a_blank_or_the_new_one() {
    let bench = furnished();
    let image = std::fs::read(bench.image()).unwrap();
    let whole = inventory(&bench);
    for erase in [true, false] {
        let run = |plan: &Plan| {
            let reader = softcard::reader("software", Some(bench.image()), Duration::from_secs(5));
            let reader = Box::new(FaultyReader::new(reader, plan));
            let mut card = Card::new(reader, CardSettings::default(), bench.stats.clone());
            let token = card.read_token()?;
            card.verify(&auth(&token, "SO PIN"), &Secret::from(OFFICER_PIN))?;
            if erase { card.erase() } else { crate::support::format(&mut card) }
        };
        std::fs::write(bench.image(), &image).unwrap();
        let counted = Plan::never();
        run(&counted).unwrap();
        for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
            for commands in 0..counted.commands() {
                std::fs::write(bench.image(), &image).unwrap();
                let _ = run(&Plan::after(commands, fault.clone()));
                let mut card = bench.card_without_cache();
                let token = card.read_token().unwrap();
                assert_eq!(token.problems, []);
                match (token.info.initialized, token.certificates.len()) {
                    (true, 4) => assert_eq!(inventory(&bench), whole),
                    // Formatted anew: every PIN works, and what was in the ODF's place is completed.
                    (true, 0) => {
                        log_in(&mut card, PIN_1);
                        store_data(&mut card, Some(&pin(1)), false, "first").unwrap();
                        card.finish().unwrap();
                        repair(&bench, &[OFFICER]);
                        assert_eq!(bench.card_without_cache().read_token().unwrap().data.len(), 1);
                        log_in(&mut card, OFFICER);
                        crate::support::format(&mut card).unwrap();
                    }
                    // Every blank card is like the other: one in a few is formatted again.
                    (false, 0) if commands % 8 != 0 => {}
                    (false, 0) => crate::support::format(&mut card).unwrap(),
                    other => panic!("{fault:?} after {commands}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn repair_interrupted_anywhere_harms_nothing_and_is_done_by_the_next() {
    let bench = furnished();
    let run = |plan: &Plan, job: &dyn Fn(&mut Card) -> Result<(), CardError>| {
        let reader = softcard::reader("software", Some(bench.image()), Duration::from_secs(5));
        let reader = Box::new(FaultyReader::new(reader, plan));
        let mut card = Card::new(reader, CardSettings::default(), bench.stats.clone());
        let token = card.read_token()?;
        card.verify(&auth(&token, "PIN 1"), &Secret::from(PIN_1.1))?;
        job(&mut card)
    };
    let store = |card: &mut Card| store_data(card, Some(&pin(1)), false, "new").map(drop);
    let mend = |card: &mut Card| card.administer(|admin, channel| admin.repair(channel)).map(drop);
    let before = inventory(&bench);
    let untouched = std::fs::read(bench.image()).unwrap();
    // A write that is cut off where it leaves the most behind.
    let leftover = (0..200).find(|commands| {
        std::fs::write(bench.image(), &untouched).unwrap();
        let _ = run(&Plan::after(*commands, Fault::CardRemoved), &store);
        !repair(&bench, &[]).kept.is_empty()
    });
    assert!(leftover.is_some());
    let image = std::fs::read(bench.image()).unwrap();
    let counted = Plan::never();
    run(&counted, &mend).unwrap();
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        for commands in 0..counted.commands() {
            std::fs::write(bench.image(), &image).unwrap();
            let _ = run(&Plan::after(commands, fault.clone()), &mend);
            assert_eq!(inventory(&bench), before, "{fault:?} after {commands} of {}", counted.commands());
            repair(&bench, &[PIN_1]);
            assert_eq!(repair(&bench, &[PIN_1]), Default::default(), "{fault:?} after {commands}");
            assert_eq!(inventory(&bench), before);
        }
    }
}
