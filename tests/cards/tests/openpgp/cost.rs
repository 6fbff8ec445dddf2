//! What the card is asked: counted in APDUs.

use p11ctl::card::admin::KeyType;
use p11ctl::crypto::Curve;

use crate::bench::*;

#[test]
fn listing_costs_at_most_eight_commands_and_signing_ten() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "sig", KeyType::Rsa(2048)).unwrap();
    generate(&mut officer, "dec", KeyType::Rsa(2048)).unwrap();
    drop(officer);
    let (_, listing) = bench.cost(|| bench.card().read_token().unwrap());
    assert!(listing <= 5, "{listing} commands to list");
    let (_, signing) = bench.cost(|| {
        let mut card = bench.card();
        card.read_token().unwrap();
        login_for(&mut card, 1).unwrap();
        let digest_info = [7; 51];
        let key = p11ctl::token::ObjectId(1);
        card.perform(&p11ctl::card::CardCall::RsaSignPkcs1 { key, digest_info: &digest_info }).unwrap();
    });
    assert!(signing <= 10, "{signing} commands to sign");
}

#[test]
fn public_keys_are_kept_until_the_card_has_others() {
    let bench = Bench::new();
    generate(&mut bench.officer(), "sig", KeyType::Ec(Curve::P256)).unwrap();
    let read = || bench.cost(|| public_key(&mut bench.cached_card(), 1));
    let (first, cold) = read();
    let (second, warm) = read();
    assert_eq!(first, second);
    assert_eq!(cold - warm, 1, "the key was not asked for again");
    let mut officer = bench.officer();
    officer.administer(|admin, channel| admin.delete_object(channel, p11ctl::token::ObjectId(1))).unwrap();
    generate(&mut officer, "sig", KeyType::Ec(Curve::P256)).unwrap();
    drop(officer);
    let (third, cost) = read();
    assert_ne!(first, third);
    assert_eq!(cost, cold);
}
