//! Cards that lie, babble, fall silent or are pulled: an error each time, soon, and no PIN try spent.

use std::time::{Duration, Instant};

use p11ctl::card::admin::{KeyType, NewCertificate};
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::token::{AuthId, KeyClass, KeyId, Token};
use p11ctl::transport::software::SoftwareReader;

use crate::bench::*;
use crate::faults::{Fault, FaultyReader, Plan};

/// A card with keys and a certificate (of no key: what it holds is not looked at).
fn bench() -> Bench {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "sig", KeyType::Ec(Curve::P256)).unwrap();
    generate(&mut officer, "dec", KeyType::Ec(Curve::P256)).unwrap();
    let id = KeyId(vec![1]);
    let new = NewCertificate { owner: None, label: "", id: &id, der: &[0x30; 600] };
    officer.administer(|admin, channel| admin.store_certificate(channel, &new)).unwrap();
    bench
}

/// Reads everything, logs in with the right PIN, signs, logs out.
fn use_card(bench: &Bench, plan: &Plan) -> Result<Token, CardError> {
    let source = Box::new(bench.opcard.clone());
    let reader = SoftwareReader::new("opcard", Some(source), Duration::from_secs(5));
    let reader = Box::new(FaultyReader::new(Box::new(reader), plan));
    let mut card = Card::new(reader, CardSettings::default(), bench.stats.clone());
    let token = card.read_token()?;
    for object in token.keys.iter().filter(|key| key.class == KeyClass::Public).map(|key| key.object) {
        card.read_object(object)?;
    }
    for certificate in &token.certificates {
        card.read_object(certificate.object)?;
    }
    let pin = AuthId(vec![1]);
    card.tries_left(&pin)?;
    card.verify(&pin, &Secret::from(USER_PIN))?;
    if let Some(key) = token.keys.iter().find(|key| key.id.0 == [1] && key.class == KeyClass::Private) {
        let signature = card.perform(&CardCall::EcdsaSign { key: key.object, digest: &[7; 32] })?;
        assert_eq!(signature.len(), 64);
    }
    card.finish()?;
    Ok(token)
}

fn faults() -> Vec<Fault> {
    let answers: [&[u8]; 12] = [
        &[],
        &[0x90],
        &[0x90, 0x00],
        &[0x61, 0x00],
        &[0x6C, 0x00],
        &[0x6C, 0x01],
        &[0x63, 0xC0],
        &[0x63, 0xCF],
        &[0x69, 0x82],
        &[0x6A, 0x88],
        &[0x6E, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0x00],
        &[0x73, 0x02, 0x73, 0x00, 0x90, 0x00],
    ];
    let nested = [&[0x73, 0x81, 0x80].repeat(80)[..], &[0x90, 0x00]].concat();
    let long = [&[0x6E; 300][..], &[0x90, 0x00]].concat();
    let zeros = [&[0x00; 256][..], &[0x90, 0x00]].concat();
    let byte = vec![0x30, 0x90, 0x00];
    let piece = [&[0x86; 40][..], &[0x61, 0x10]].concat();
    let mut faults: Vec<Fault> = [nested, long, zeros, byte, piece]
        .into_iter()
        .chain(answers.map(<[u8]>::to_vec))
        .flat_map(|answer| [Fault::Response(answer.clone()), Fault::Responses(answer)])
        .collect();
    for kept in [1, 2, 3, 20, 100] {
        faults.push(Fault::Truncated(kept));
    }
    faults
}

#[test]
fn card_that_lies_from_any_command_on_is_an_error_or_harmless_and_soon_over() {
    let bench = bench();
    let counted = Plan::never();
    use_card(&bench, &counted).unwrap();
    for fault in faults() {
        for after in 0..counted.commands() {
            let plan = Plan::after(after, fault.clone());
            let started = Instant::now();
            let _ = use_card(&bench, &plan);
            assert!(plan.commands() < 30_000, "{fault:?} after {after}: {} commands", plan.commands());
            assert!(started.elapsed() < Duration::from_secs(5), "{fault:?} after {after}");
        }
    }
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!(token.problems, []);
    for label in ["User PIN", "Admin PIN"] {
        assert_eq!(card.tries_left(&auth(&token, label)).unwrap(), Some(3), "{label}");
    }
}

#[test]
fn card_pulled_at_any_command_is_an_error_that_says_so() {
    let bench = bench();
    let counted = Plan::never();
    use_card(&bench, &counted).unwrap();
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        // The last command takes the login back: a pulled card has lost it anyway.
        for after in 0..counted.commands() - 1 {
            let error = use_card(&bench, &Plan::after(after, fault.clone())).unwrap_err();
            assert!(error.to_string().contains("removed"), "{fault:?} after {after}: {error}");
        }
    }
}

#[test]
fn key_generation_interrupted_anywhere_never_leaves_a_name_of_another_key() {
    let bench = bench();
    let make = |plan: &Plan| {
        let source = Box::new(bench.opcard.clone());
        let reader = SoftwareReader::new("opcard", Some(source), Duration::from_secs(5));
        let reader = Box::new(FaultyReader::new(Box::new(reader), plan));
        let mut card = Card::new(reader, CardSettings::default(), bench.stats.clone());
        card.read_token()?;
        card.verify(&AuthId(vec![3]), &Secret::from(ADMIN_PIN))?;
        let placement =
            p11ctl::card::admin::Placement { place: Some("sig"), replace: true, ..Default::default() };
        generate_with(&mut card, KeyType::Ec(Curve::P256), placement)
    };
    let counted = Plan::never();
    make(&counted).unwrap();
    for after in 0..counted.commands() {
        let before = public_key(&mut bench.cached_card(), 1);
        assert!(
            make(&Plan::after(after, Fault::CardRemovedAfterwards)).is_err()
                || after + 1 >= counted.commands()
        );
        // What the cache gives is what the card has.
        let cached = public_key(&mut bench.cached_card(), 1);
        assert_eq!(cached, public_key(&mut bench.card(), 1), "after {after}");
        if cached != before {
            make(&Plan::never()).unwrap();
        }
    }
}
