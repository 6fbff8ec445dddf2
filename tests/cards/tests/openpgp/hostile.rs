//! Cards that lie, babble, fall silent or are pulled: an error each time, soon, and no PIN try spent.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{KeyType, NewCertificate};
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::token::{AuthId, KeyClass, KeyId, Token};
use p11ctl::transport::VirtualCard;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::Shared;

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

/// A card in front of the real one that answers some commands itself, and counts what it was asked.
#[derive(Clone)]
struct Liar {
    card: Shared,
    lie: fn(&[u8]) -> Option<Vec<u8>>,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl VirtualCard for Liar {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.asked.lock().unwrap().push(command.to_vec());
        (self.lie)(command).unwrap_or_else(|| self.card.process(command))
    }
}

impl Liar {
    fn new(bench: &Bench, lie: fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        Self { card: bench.opcard.clone(), lie, asked: Arc::default() }
    }

    fn card(&self) -> Card {
        let source = Box::new(Shared::new(self.clone()));
        let reader = SoftwareReader::new("liar", Some(source), Duration::from_secs(5));
        Card::new(Box::new(reader), CardSettings::default(), Stats::default())
    }

    /// How often a PIN was sent to this reference.
    fn pins_sent(&self, reference: u8) -> usize {
        let asked = self.asked.lock().unwrap();
        let sends = |command: &&Vec<u8>| matches!(command[..], [_, 0x20, 0x00, to, len, ..] if to == reference && len > 0);
        asked.iter().filter(sends).count()
    }
}

#[test]
fn wrong_officer_pin_is_sent_once_and_its_cost_is_told() {
    let bench = bench();
    let liar = Liar::new(&bench, |_| None);
    let mut card = liar.card();
    let token = card.read_token().unwrap();
    let admin = auth(&token, "Admin PIN");
    let wrong = card.verify(&admin, &Secret::from("87654321"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(2), .. })), "{wrong:?}");
    assert_eq!(liar.pins_sent(0x83), 1);
    // What is refused for want of the officer is no reason to send anything again.
    let refused = generate(&mut card, "aut", KeyType::Ec(Curve::P256));
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");
    drop(card);
    assert_eq!(liar.pins_sent(0x83), 1);
    assert_eq!(bench.card().tries_left(&admin).unwrap(), Some(2));
}

#[test]
fn officer_whose_verification_the_card_forgets_is_not_verified_again() {
    let bench = bench();
    // GENERATE ASYMMETRIC KEY PAIR is refused as if nobody was verified.
    let liar = Liar::new(&bench, |command| matches!(command, [_, 0x47, 0x80, ..]).then(|| vec![0x69, 0x82]));
    let mut card = liar.card();
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "Admin PIN"), &Secret::from(ADMIN_PIN)).unwrap();
    let refused = generate(&mut card, "aut", KeyType::Ec(Curve::P256));
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");
    card.finish().unwrap();
    assert_eq!(liar.pins_sent(0x83), 1);
}

#[test]
fn tries_that_go_up_are_told_as_they_are_and_the_pin_is_sent_once() {
    let bench = bench();
    // A wrong PIN is told without a number, and the counters are asked for: more tries than a PIN ever had.
    let liar = Liar::new(&bench, |command| match command {
        [_, 0x20, 0x00, 0x82, len, ..] if *len > 0 => Some(vec![0x69, 0x82]),
        [_, 0xCA, 0x00, 0xC4, ..] => Some(vec![0x00, 0x7F, 0x7F, 0x7F, 0xFF, 0xFF, 0xFF, 0x90, 0x00]),
        _ => None,
    });
    let mut card = liar.card();
    let user = auth(&card.read_token().unwrap(), "User PIN");
    let wrong = card.verify(&user, &Secret::from("000000"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(255), .. })), "{wrong:?}");
    assert_eq!(liar.pins_sent(0x82), 1);
}

#[test]
fn endless_answer_is_an_error_that_names_its_command() {
    let bench = bench();
    let liar = Liar::new(&bench, |command| {
        let endless = matches!(command, [_, 0xCA, 0x00, 0x6E, ..] | [_, 0xC0, ..]);
        endless.then(|| [&[0x6E; 32][..], &[0x61, 0x20]].concat())
    });
    let started = Instant::now();
    let error = liar.card().read_token().unwrap_err().to_string();
    assert!(error.contains("CA") && error.contains("never ends"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert!(liar.asked.lock().unwrap().len() < 30_000);
}

#[test]
fn keys_that_the_card_names_and_does_not_have_are_errors_and_the_others_work() {
    let bench = bench();
    // The decryption key is named in DO 6E: its public half is not there, and it does nothing.
    let liar = Liar::new(&bench, |command| match command {
        [_, 0x47, 0x81, ..] if command.contains(&0xB8) => Some(vec![0x6A, 0x88]),
        [_, 0x2A, 0x80, 0x86, ..] => Some(vec![0x6A, 0x88]),
        _ => None,
    });
    let mut card = liar.card();
    let token = card.read_token().unwrap();
    let public = key(&token, 2, KeyClass::Public).object;
    assert!(matches!(card.read_object(public), Err(CardError::NoSuchObject)));
    login_for(&mut card, 2).unwrap();
    let private = key(&token, 2, KeyClass::Private).object;
    let peer = [&[0x04][..], &[0x11; 64]].concat();
    let refused = card.perform(&CardCall::EcdhAgree { key: private, peer: &peer }).unwrap_err();
    assert!(!refused.to_string().is_empty() && !matches!(refused, CardError::NotAuthenticated), "{refused}");
    login_for(&mut card, 1).unwrap();
    sign_and_check(&mut card, 1);
}
