//! Cards that lie, babble, fall silent or are pulled: an error each time, soon, and no PIN try spent.

use std::time::{Duration, Instant};

use p11ctl::card::example::ExampleKind;
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::softcard;
use p11ctl::token::{KeyClass, Token};

use crate::faults::{Fault, FaultyReader, Plan};
use crate::support::{Bench, auth, key};

/// Reads everything, logs in with the right PIN, signs, logs out.
fn use_card(bench: &Bench, plan: &Plan) -> Result<Token, CardError> {
    let reader = softcard::reader("software", Some(bench.image()), Duration::from_secs(5));
    let reader = Box::new(FaultyReader::new(reader, plan));
    let mut card = Card::new(reader, CardSettings::default(), bench.stats.clone());
    let token = card.read_token()?;
    for certificate in &token.certificates {
        card.read_object(certificate.object)?;
    }
    if !token.auths.iter().any(|auth| auth.label == "PIN 2") {
        return Ok(token);
    }
    let pin = auth(&token, "PIN 2");
    card.tries_left(&pin)?;
    card.verify(&pin, &Secret::from("22222222"))?;
    if let Some(key) = token.keys.iter().find(|key| key.label == "key 2" && key.class == KeyClass::Private) {
        let signature = card.perform(&CardCall::EcdsaSign { key: key.object, digest: &[7; 32] })?;
        assert_eq!(signature.len(), 64);
    }
    card.finish()?;
    Ok(token)
}

fn faults() -> Vec<Fault> {
    let answers: [&[u8]; 10] = [
        &[],
        &[0x90],
        &[0x90, 0x00],
        &[0x61, 0x00],
        &[0x6C, 0x00],
        &[0x6C, 0x01],
        &[0x63, 0xC0],
        &[0x69, 0x82],
        &[0x6A, 0x82],
        &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0x00],
    ];
    let long = [&[0x30; 300][..], &[0x90, 0x00]].concat();
    let zeros = [&[0x00; 256][..], &[0x90, 0x00]].concat();
    let byte = vec![0x30, 0x90, 0x00];
    let mut faults: Vec<Fault> = [long, zeros, byte]
        .into_iter()
        .flat_map(|answer| [Fault::Response(answer.clone()), Fault::Responses(answer)])
        .collect();
    for answer in answers {
        faults.push(Fault::Response(answer.to_vec()));
        faults.push(Fault::Responses(answer.to_vec()));
    }
    for kept in [1, 2, 3, 20] {
        faults.push(Fault::Truncated(kept));
    }
    faults
}

/// Far beyond what a loaded machine takes for 30 000 commands.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn card_that_lies_from_any_command_on_is_an_error_or_harmless_and_soon_over() {
    let bench = Bench::example(ExampleKind::Shared);
    let counted = Plan::never();
    use_card(&bench, &counted).unwrap();
    for fault in faults() {
        for after in 0..counted.commands() {
            let plan = Plan::after(after, fault.clone());
            let started = Instant::now();
            let _ = use_card(&bench, &plan);
            assert!(plan.commands() < 30_000, "{fault:?} after {after}: {} commands", plan.commands());
            assert!(started.elapsed() < SOON, "{fault:?} after {after}");
        }
    }
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!(token.problems, []);
    for label in ["PIN 1", "PIN 2", "SO PIN"] {
        assert_eq!(card.tries_left(&auth(&token, label)).unwrap(), Some(3), "{label}");
    }
}

#[test]
fn card_pulled_at_any_command_is_an_error_that_says_so() {
    let bench = Bench::example(ExampleKind::Shared);
    let counted = Plan::never();
    use_card(&bench, &counted).unwrap();
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        // The last command takes the login back: a pulled card has lost it anyway.
        for after in 0..counted.commands() - 1 {
            let error = use_card(&bench, &Plan::after(after, fault.clone())).unwrap_err();
            assert!(error.to_string().contains("removed"), "{fault:?} after {after}: {error}");
        }
    }
    assert_eq!(use_card(&bench, &Plan::never()).unwrap().problems, []);
}

#[test]
fn directory_that_is_garbage_leaves_the_rest_visible() {
    let bench = Bench::example(ExampleKind::Separate);
    let counted = Plan::never();
    let whole = use_card(&bench, &counted).unwrap();
    let mut seen_partial = false;
    for after in 0..counted.commands() {
        let plan = Plan::after(after, Fault::Response([&[0x31; 200][..], &[0x90, 0x00]].concat()));
        if let Ok(token) = use_card(&bench, &plan)
            && token != whole
        {
            seen_partial |= !token.problems.is_empty() && !token.certificates.is_empty();
        }
    }
    assert!(seen_partial);
    key(&whole, "key 1", KeyClass::Private);
}
