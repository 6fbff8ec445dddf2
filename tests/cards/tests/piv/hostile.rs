//! Cards that lie: an error that names what is wrong, soon, and the rest of the card is still there.

use std::time::{Duration, Instant};

use p11ctl::apdu::Stats;
use p11ctl::card::admin::KeyType;
use p11ctl::card::{Card, CardCall, CardError, CardSettings, Listing};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::token::{KeyClass, Token};
use p11ctl::transport::VirtualCard;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::Shared;

use crate::bench::*;
use crate::faults::{Fault, FaultyReader, Plan};

/// A card in front of the real one that answers some commands itself.
struct Liar {
    card: Shared,
    lie: fn(&[u8]) -> Option<Vec<u8>>,
}

impl VirtualCard for Liar {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        (self.lie)(command).unwrap_or_else(|| self.card.process(command))
    }
}

fn liar(bench: &Bench, lie: fn(&[u8]) -> Option<Vec<u8>>) -> Card {
    let card = Shared::new(Liar { card: bench.shared.clone(), lie });
    let reader = SoftwareReader::new("liar", Some(Box::new(card)), Duration::from_secs(5));
    Card::new(Box::new(reader), CardSettings::default(), Stats::default())
}

fn with_keys() -> Bench {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "9a", KeyType::Ec(Curve::P256)).unwrap();
    generate(&mut officer, "9e", KeyType::Ec(Curve::P256)).unwrap();
    drop(officer);
    bench
}

fn soon<T>(what: &str, job: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = job();
    assert!(started.elapsed() < Duration::from_secs(20), "{what}: {:?}", started.elapsed());
    result
}

/// GET DATA of the certificate of 9A.
fn asks_for_9a(command: &[u8]) -> bool {
    command.get(1) == Some(&0xCB) && command.windows(3).any(|part| part == [0x5F, 0xC1, 0x05])
}

/// Reads and uses everything.
fn use_card(card: &mut Card) -> Result<Token, CardError> {
    let token = card.list(Listing::Everything)?;
    for object in token.objects() {
        let _ = card.read_object(object);
    }
    let pin = auth(&token, "PIV PIN");
    card.tries(&pin)?;
    card.verify(&pin, &Secret::from(PIN))?;
    for key in token.keys.iter().filter(|key| key.class == KeyClass::Private) {
        let _ = card.perform(&CardCall::EcdsaSign { key: key.object, digest: &[7; 32] });
        let _ = card.perform(&CardCall::RsaRaw { key: key.object, block: &[7; 256] });
    }
    card.finish()?;
    Ok(token)
}

#[test]
fn card_that_lies_from_any_command_on_is_an_error_or_harmless_and_soon_over() {
    let bench = with_keys();
    let counted = Plan::never();
    let through = |plan: &Plan| {
        let reader = SoftwareReader::new("piv", Some(Box::new(bench.shared.clone())), Duration::from_secs(5));
        let reader = Box::new(FaultyReader::new(Box::new(reader), plan));
        Card::new(reader, CardSettings::default(), Stats::default())
    };
    use_card(&mut through(&counted)).unwrap();
    let commands = counted.commands();
    assert!(commands > 10, "{commands}");
    let answers: [&[u8]; 8] = [
        &[],
        &[0x90, 0x00],
        &[0x61, 0x00],
        &[0x6C, 0x01],
        &[0x69, 0x82],
        &[0x53, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0x00],
        &[0x53, 0x82, 0xFF, 0xFF, 0x70, 0x82, 0x90, 0x00],
        &[0x7C, 0x82, 0x01, 0x00, 0x82, 0x90, 0x00],
    ];
    for at in 0..commands {
        for answer in answers {
            for fault in [Fault::Response(answer.to_vec()), Fault::Responses(answer.to_vec())] {
                let what = format!("{fault:?} at command {at}");
                soon(&what, || {
                    // An error or a token: never a panic, never without end.
                    let _ = use_card(&mut through(&Plan::after(at, fault)));
                });
            }
        }
    }
    let mut card = bench.card();
    let pin = auth(&card.read_token().unwrap(), "PIV PIN");
    assert!(card.tries_left(&pin).unwrap().is_some_and(|left| left >= 3), "no try was spent");
}

#[test]
fn endless_answer_names_its_command_and_leaves_the_other_keys() {
    let bench = with_keys();
    let mut card = liar(&bench, |command| {
        let endless = asks_for_9a(command) || command.get(1) == Some(&0xC0);
        endless.then(|| [&[0x30; 32][..], &[0x61, 0x20]].concat())
    });
    let token = soon("listing", || card.read_token().unwrap());
    assert!(token.keys.iter().any(|key| key.id.0 == [4]), "the other key is there");
    let object = token.certificates.iter().find(|known| known.id.0 == [1]).unwrap().object;
    let error = soon("reading", || card.read_object(object).unwrap_err()).to_string();
    assert!(error.contains("CB") && error.contains("never ends"), "{error}");
}

#[test]
fn certificate_that_is_none_is_told_by_its_name() {
    let bench = with_keys();
    let mut card = liar(&bench, |command| {
        asks_for_9a(command).then(|| vec![0x53, 0x05, 0x70, 0x03, 0x31, 0x32, 0x33, 0x90, 0x00])
    });
    let token = card.read_token().unwrap();
    let object = key(&token, 1, KeyClass::Public).object;
    let error = card.read_object(object).unwrap_err().to_string();
    assert!(error.contains("X.509 Certificate for PIV Authentication"), "{error}");
    let other = key(&token, 4, KeyClass::Public).object;
    assert!(card.read_object(other).is_ok());
}

#[test]
fn certificate_without_end_when_decompressed_stays_within_its_bound() {
    let bench = with_keys();
    let mut card = liar(&bench, |command| {
        asks_for_9a(command).then(|| {
            let bomb = p11ctl::codec::gzip::deflate(&vec![0; 1 << 20]);
            let len = u16::try_from(bomb.len()).unwrap().to_be_bytes();
            let inner = [&[0x70, 0x82][..], &len, &bomb, &[0x71, 0x01, 0x01]].concat();
            let len = u16::try_from(inner.len()).unwrap().to_be_bytes();
            [&[0x53, 0x82][..], &len, &inner, &[0x90, 0x00]].concat()
        })
    });
    let token = card.read_token().unwrap();
    let error = card.read_object(token.certificates[0].object).unwrap_err().to_string();
    assert!(error.contains("65536"), "{error}");
}

#[test]
fn key_history_of_more_keys_than_there_can_be_costs_no_more_than_they_would() {
    let bench = with_keys();
    let mut card = liar(&bench, |command| {
        let history = command.windows(3).any(|part| part == [0x5F, 0xC1, 0x0C]);
        history.then(|| vec![0x53, 0x06, 0xC1, 0x01, 0xFF, 0xC2, 0x01, 0xFF, 0x90, 0x00])
    });
    let token = soon("listing", || card.read_token().unwrap());
    assert_eq!(token.keys.iter().filter(|key| key.class == KeyClass::Private).count(), 2);
}

#[test]
fn tries_that_go_up_or_never_end_do_not_keep_erasing_for_ever() {
    let bench = Bench::new();
    let mut card = liar(&bench, |command| match command {
        [_, 0x20, 0x00, 0x80, 0x08, ..] => Some(vec![0x63, 0xCF]),
        _ => None,
    });
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "management key"), &Secret::from(MANAGEMENT_KEY)).unwrap();
    let error = soon("erasing", || card.erase().unwrap_err()).to_string();
    assert!(error.contains("counter"), "{error}");
    assert_eq!(bench.card().read_token().unwrap().problems, [], "and the card is as it was");
}

#[test]
fn keys_that_the_card_names_and_does_not_have_are_errors_and_the_others_work() {
    let bench = with_keys();
    // There is a certificate of 9A, and no key.
    let mut card =
        liar(&bench, |command| matches!(command, [_, 0x87, _, 0x9A, ..]).then(|| vec![0x6A, 0x88]));
    let token = card.read_token().unwrap();
    let (missing, there) = (key(&token, 1, KeyClass::Private), key(&token, 4, KeyClass::Private));
    card.verify(&auth(&token, "PIV PIN"), &Secret::from(PIN)).unwrap();
    let error = card.perform(&CardCall::EcdsaSign { key: missing.object, digest: &[7; 32] }).unwrap_err();
    assert!(matches!(error, CardError::Refused { .. }), "{error:?}");
    assert!(card.perform(&CardCall::EcdsaSign { key: there.object, digest: &[7; 32] }).is_ok());
    let unknown =
        card.perform(&CardCall::EcdsaSign { key: p11ctl::token::ObjectId(0x7777), digest: &[7; 32] });
    assert!(matches!(unknown, Err(CardError::NoSuchObject)), "{unknown:?}");
}

#[test]
fn management_key_is_proven_once_and_a_card_that_proves_nothing_is_none() {
    let bench = with_keys();
    // It takes every proof, and answers the challenge with zeros.
    let mut card = liar(&bench, |command| {
        let answers = matches!(command, [_, 0x87, _, 0x9B, ..])
            && command.windows(2).any(|part| part == [0x81, 0x08] || part == [0x81, 0x10]);
        answers.then(|| [&[0x7C, 0x0A, 0x82, 0x08][..], &[0; 8], &[0x90, 0x00]].concat())
    });
    let officer = auth(&card.read_token().unwrap(), "management key");
    let error = card.verify(&officer, &Secret::from(MANAGEMENT_KEY)).unwrap_err().to_string();
    assert!(error.contains("proof of its management key"), "{error}");
    let refused = generate(&mut card, "9c", KeyType::Ec(Curve::P256));
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");
}
