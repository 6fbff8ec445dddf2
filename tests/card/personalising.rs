//! Personalisation: PINs made later, each with authority over its own token and no other, and cards pulled in
//! the middle of it.

use std::time::Duration;

use p11ctl::apdu::Command;
use p11ctl::card::admin::{
    CardAdmin, CreatedPin, Format, KeyType, NewCertificate, NewData, NewKey, NewPin, Placement,
};
use p11ctl::card::example::{ExampleKind, OFFICER_PIN};
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, PublicKey};
use p11ctl::layout::{Policy, ReaderView, virtual_slots};
use p11ctl::softcard::{self, Profile};
use p11ctl::token::{AuthId, KeyClass, KeyId, KeyUsage, Token};

use crate::faults::{Fault, FaultyReader, Plan};
use crate::support::{Bench, auth, key};

fn administer<T>(
    card: &mut Card,
    mut job: impl FnMut(&mut dyn CardAdmin, &mut p11ctl::apdu::Channel<'_>) -> Result<T, CardError>,
) -> Result<T, CardError> {
    card.with(|driver, channel| job(driver.admin().unwrap(), channel))
}

fn create_pin_3(card: &mut Card) -> Result<CreatedPin, CardError> {
    let pin = Secret::from("33333333");
    let new = NewPin { label: "PIN 3", pin: &pin, puk: None, min_len: 4, tries: 3 };
    administer(card, |admin, channel| admin.create_pin(channel, &new))
}

fn generate(card: &mut Card, owner: &AuthId) -> Result<PublicKey, CardError> {
    let id = KeyId(vec![3]);
    let key_type = KeyType::Ec(Curve::P256);
    let usage = KeyUsage { sign: true, ..KeyUsage::default() };
    let new = NewKey {
        owner,
        label: "key 3",
        id: &id,
        key_type,
        usage,
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    };
    administer(card, |admin, channel| admin.generate_key(channel, &new)).map(|key| key.public.unwrap().1)
}

/// A self-signed certificate with names long enough that its directory entry takes two commands.
fn certificate() -> Vec<u8> {
    let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    let subject = format!("CN={},O={}", "long name ".repeat(6).trim(), "another name ".repeat(4).trim());
    let kind = CertificateKind::EndEntity { purposes: Vec::new() };
    CertificateTemplate::new(&subject, key.public(), kind, (0, 4_000_000_000))
        .sign(Issuer::Itself, &key)
        .unwrap()
}

fn store_certificate(card: &mut Card, owner: Option<&AuthId>, der: &[u8]) -> Result<(), CardError> {
    let id = KeyId(vec![3]);
    let new = NewCertificate { owner, label: "certificate 3", id: &id, der };
    administer(card, |admin, channel| admin.store_certificate(channel, &new)).map(|_| ())
}

fn store_data(card: &mut Card, owner: Option<&AuthId>, private: bool) -> Result<(), CardError> {
    let new =
        NewData { owner, private, label: "data 3", application: "test", oid: &[0x2A, 3], value: b"data" };
    administer(card, |admin, channel| admin.store_data(channel, &new)).map(|_| ())
}

fn faulty(bench: &Bench, plan: &Plan) -> Card {
    let reader = softcard::reader("software", Some(bench.image()), Duration::from_secs(5));
    Card::new(Box::new(FaultyReader::new(reader, plan)), CardSettings::default(), bench.stats.clone())
}

fn log_in(card: &mut Card, token: &Token, label: &str, pin: &str) {
    card.verify(&auth(token, label), &Secret::from(pin)).unwrap();
}

#[test]
fn empty_token_of_the_example_gets_a_pin_and_fills_by_it_alone() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    log_in(&mut card, &token, "SO PIN", OFFICER_PIN);
    let created = create_pin_3(&mut card).unwrap();
    card.finish().unwrap();

    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!(auth(&token, "PIN 3"), created.auth);
    log_in(&mut card, &token, "PIN 3", "33333333");
    let public = generate(&mut card, &created.auth).unwrap();
    store_certificate(&mut card, Some(&created.auth), &certificate()).unwrap();
    store_data(&mut card, Some(&created.auth), true).unwrap();
    store_data(&mut card, Some(&created.auth), false).unwrap();
    let token = card.read_token().unwrap();
    let object = key(&token, "key 3", KeyClass::Private).object;
    let signature = card.perform(&CardCall::EcdsaSign { key: object, digest: &[7; 32] }).unwrap();
    assert_eq!(p11ctl::crypto::ec::verify(&public, &[7; 32], signature.expose()), Ok(true));
    card.finish().unwrap();

    let token = bench.card().read_token().unwrap();
    assert_eq!(token.problems, []);
    let readers = [ReaderView::with("reader", &token)];
    let layout = virtual_slots(None, &readers, &Policy { num_slots: 5, ..Policy::default() });
    let third = layout.slots[2].token.as_ref().unwrap();
    assert_eq!(third.label, "p11ctl example (PIN 3)");
    assert_eq!((third.keys.len(), third.certificates.len(), third.data.len()), (2, 1, 2));
    assert!(layout.slots[4].token.as_ref().unwrap().empty);
}

#[test]
fn pin_has_no_authority_over_the_token_of_another() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    log_in(&mut card, &token, "SO PIN", OFFICER_PIN);
    let created = create_pin_3(&mut card).unwrap();
    card.log_out(&auth(&token, "SO PIN")).unwrap();
    log_in(&mut card, &token, "PIN 1", "11111111");
    store_data(&mut card, Some(&auth(&token, "PIN 1")), true).unwrap();
    card.finish().unwrap();

    let mut card = bench.card();
    let before = card.read_token().unwrap();
    card.verify(&created.auth, &Secret::from("33333333")).unwrap();
    for owner in [Some(auth(&before, "PIN 1")), Some(auth(&before, "PIN 2")), None] {
        let owner = owner.as_ref();
        let denied = |result: Result<(), CardError>| {
            assert!(matches!(result, Err(CardError::NotAuthenticated)), "{owner:?}: {result:?}");
        };
        denied(store_certificate(&mut card, owner, &certificate()));
        denied(store_data(&mut card, owner, false));
        if let Some(owner) = owner {
            denied(generate(&mut card, owner).map(|_| ()));
        }
    }
    denied_to_read(&mut card, &before);
    assert!(matches!(create_pin_3(&mut card), Err(CardError::NotAuthenticated)));
    card.finish().unwrap();
    assert_eq!(bench.card().read_token().unwrap(), before);
}

/// The private data object of PIN 1 cannot be read.
fn denied_to_read(card: &mut Card, token: &Token) {
    let private = token.data.iter().find(|data| data.private).unwrap();
    let result = card.read_object(private.object);
    assert!(matches!(result, Err(CardError::NotAuthenticated)), "{result:?}");
}

#[test]
fn created_pin_is_unblocked_by_the_puk_that_came_with_it() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    log_in(&mut card, &token, "SO PIN", OFFICER_PIN);
    let created = create_pin_3(&mut card).unwrap();
    card.log_out(&auth(&token, "SO PIN")).unwrap();
    for _ in 0..3 {
        card.verify(&created.auth, &Secret::from("00000000")).unwrap_err();
    }
    assert_eq!(card.tries_left(&created.auth).unwrap(), Some(0));
    let both = [created.puk.expose(), b"44444444"].concat();
    let reset = Command::new(0x00, 0x2C, 0x00, 0x03).secret(Secret::new(both));
    let status = card.with(|_, channel| Ok(channel.send(&reset)?.status)).unwrap();
    assert!(status.is_ok(), "{status}");
    card.verify(&created.auth, &Secret::from("44444444")).unwrap();
}

#[test]
fn every_pin_that_the_card_can_have_is_made_and_no_more() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    log_in(&mut card, &token, "SO PIN", OFFICER_PIN);
    for number in 3..=13 {
        assert_eq!(create_pin_3(&mut card).unwrap().auth, AuthId(vec![number]));
    }
    assert!(matches!(create_pin_3(&mut card), Err(CardError::NotSupported { .. })));
    let token = bench.card_without_cache().read_token();
    assert!(matches!(token, Ok(token) if token.auths.len() == 14 && token.problems.is_empty()));
}

#[test]
fn pin_that_the_card_would_not_take_is_refused_before_anything_is_sent() {
    let bench = Bench::personalised(Profile::MyEid);
    let (good, short, puk) = (Secret::from("12345678"), Secret::from("123"), Secret::from("87654321"));
    let pin = |pin, puk, tries| NewPin { label: "new", pin, puk, min_len: 4, tries };
    let mut card = bench.card();
    card.read_token().unwrap();
    for new in [pin(&short, None, 3), pin(&good, Some(&puk), 3), pin(&good, None, 5)] {
        administer(&mut card, |admin, channel| admin.create_pin(channel, &new)).unwrap_err();
    }
    let refused = [
        Format { label: "x", officer: pin(&short, None, 3), pins: &[] },
        Format { label: "x", officer: pin(&good, Some(&short), 3), pins: &[] },
        Format { label: "x", officer: pin(&good, None, 0), pins: &[] },
        Format { label: "x", officer: pin(&good, None, 3), pins: &[pin(&good, None, 16)] },
        Format { label: "x", officer: pin(&good, None, 3), pins: &[pin(&good, None, 3); 14] },
    ];
    for format in refused {
        administer(&mut card, |admin, channel| admin.format(channel, &format)).unwrap_err();
    }
    assert_eq!(bench.card_without_cache().read_token().unwrap().auths.len(), 3, "nothing was changed");
}

#[test]
fn format_of_a_card_in_use_needs_its_officer() {
    let bench = Bench::example(ExampleKind::Shared);
    let (pin, puk) = (Secret::from("55555555"), Secret::from("66666666"));
    let officer = NewPin { label: "SO PIN", pin: &pin, puk: Some(&puk), min_len: 4, tries: 3 };
    let format = Format { label: "second life", officer, pins: &[] };
    let mut card = bench.card();
    let before = card.read_token().unwrap();
    let denied = administer(&mut card, |admin, channel| admin.format(channel, &format));
    assert!(matches!(denied, Err(CardError::NotAuthenticated)), "{denied:?}");
    assert_eq!(card.read_token().unwrap(), before);
    log_in(&mut card, &before, "SO PIN", OFFICER_PIN);
    administer(&mut card, |admin, channel| admin.format(channel, &format)).unwrap();
    let after = card.read_token().unwrap();
    assert_eq!(
        (after.info.label.as_str(), after.auths.len(), after.certificates.len()),
        ("second life", 1, 0)
    );
}

#[test]
fn blank_card_takes_nothing_before_it_is_formatted() {
    let bench = Bench::blank(Profile::MyEid);
    let mut card = bench.card();
    assert!(matches!(store_data(&mut card, None, false), Err(CardError::NotSupported { .. })));
    assert!(!card.read_token().unwrap().info.initialized);
}

#[test]
fn directory_that_is_full_refuses_and_keeps_what_it_has() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    log_in(&mut card, &token, "PIN 1", "11111111");
    let owner = auth(&token, "PIN 1");
    let der = certificate();
    let mut stored = 0;
    let error = loop {
        match store_certificate(&mut card, Some(&owner), &der) {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CardError::NotSupported { .. }), "{error:?}");
    assert!(stored >= 10, "{stored}");
    let token = card.read_token().unwrap();
    assert_eq!((token.certificates.len(), token.problems.len()), (stored, 0));
}

/// Interrupts `change` after every command in turn: what was there is there, the new thing is there whole or not
/// at all, and no PIN try was spent.
fn interrupted(
    prepare: impl Fn() -> Bench,
    pin: (&str, &str),
    change: impl Fn(&mut Card) -> Result<(), CardError>,
) {
    let run = |bench: &Bench, plan: &Plan| {
        let mut card = faulty(bench, plan);
        let token = card.read_token()?;
        card.verify(&auth(&token, pin.0), &Secret::from(pin.1))?;
        change(&mut card)
    };
    let bench = prepare();
    let before = bench.card_without_cache().read_token().unwrap();
    let image = std::fs::read(bench.image()).unwrap();
    let counted = Plan::never();
    run(&bench, &counted).unwrap();
    let whole = bench.card_without_cache().read_token().unwrap();
    let total = |token: &Token| {
        (
            token.auths.len(),
            token.keys.len(),
            token.certificates.len(),
            token.data.len(),
            token.problems.len(),
        )
    };
    assert_ne!(total(&before), total(&whole));
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        for after in 0..counted.commands() {
            std::fs::write(bench.image(), &image).unwrap();
            let _ = run(&bench, &Plan::after(after, fault.clone()));
            let mut card = bench.card_without_cache();
            let token = card.read_token().unwrap();
            assert_eq!(token.problems, [], "{fault:?} after {after}");
            assert!(before.auths.iter().all(|auth| token.auths.contains(auth)), "{fault:?} after {after}");
            assert!(before.certificates.iter().all(|known| token.certificates.contains(known)));
            assert!(before.keys.iter().all(|known| token.keys.iter().any(|key| key.object == known.object)));
            for auth in &before.auths {
                assert_eq!(card.tries_left(&auth.id).unwrap(), Some(3));
            }
            // Whoever tries again succeeds.
            run(&bench, &Plan::never()).unwrap();
        }
    }
}

#[test]
fn key_generation_interrupted_anywhere_harms_nothing() {
    interrupted(
        || Bench::personalised(Profile::MyEid),
        ("PIN 1", "11111111"),
        |card| {
            let owner = AuthId(vec![1]);
            generate(card, &owner).map(|_| ())
        },
    );
}

#[test]
fn certificate_interrupted_anywhere_harms_nothing() {
    let der = certificate();
    interrupted(
        || Bench::example(ExampleKind::Shared),
        ("PIN 2", "22222222"),
        |card| store_certificate(card, Some(&AuthId(vec![2])), &der),
    );
}

#[test]
fn new_pin_interrupted_anywhere_harms_nothing() {
    interrupted(
        || Bench::personalised(Profile::MyEid),
        ("SO PIN", OFFICER_PIN),
        |card| create_pin_3(card).map(|_| ()),
    );
}

#[test]
fn format_interrupted_anywhere_leaves_a_blank_card_or_a_whole_one() {
    let bench = Bench::blank(Profile::MyEid);
    let image = std::fs::read(bench.image()).unwrap();
    let counted = Plan::never();
    crate::support::format(&mut faulty(&bench, &counted)).unwrap();
    for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
        for after in 0..counted.commands() {
            std::fs::write(bench.image(), &image).unwrap();
            let _ = crate::support::format(&mut faulty(&bench, &Plan::after(after, fault.clone())));
            let token = bench.card_without_cache().read_token().unwrap();
            let whole = token.auths.len() == 3;
            assert_eq!(token.info.initialized, whole, "{fault:?} after {after}");
            assert_eq!(token.problems, []);
        }
    }
}
