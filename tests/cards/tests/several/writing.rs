//! Writes of one application whose login another program took.

use p11ctl::apdu::Stats;
use p11ctl::card::admin::NewData;
use p11ctl::card::{Card, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::token::AuthId;
use p11ctl::transport::VirtualCard;
use p11ctl_cards::piv;
use p11ctl_cards::several::Manners;

use crate::bench::*;

/// The card, connected by somebody who keeps PINs, with the Admin PIN of its OpenPGP application verified.
fn officer_whose_pin_is_kept(bench: &Bench) -> (Card, Stats) {
    let (settings, stats) = (CardSettings { pin_cache: true, ..CardSettings::default() }, Stats::default());
    let mut card = Card::new(reader(&bench.shared), settings, stats.clone());
    card.applications().unwrap();
    card.turn_to(OPENPGP);
    card.verify(&AuthId(vec![3]), &Secret::from(ADMIN_PIN)).unwrap();
    (card, stats)
}

fn data<'a>(label: &'a str, value: &'a [u8]) -> NewData<'a> {
    NewData { owner: None, private: false, label, application: "", oid: &[], value }
}

/// What another program does to a login: it takes it back, or selects the other application.
fn ways_to_take_a_login() -> [Vec<u8>; 2] {
    let select = [&[0x00, 0xA4, 0x04, 0x00, piv::AID.len() as u8], &piv::AID[..]].concat();
    [vec![0x00, 0x20, 0xFF, 0x83], select]
}

#[test]
fn write_that_the_card_refuses_for_a_login_that_comes_back_is_made_once() {
    for theirs in ways_to_take_a_login() {
        let bench = Bench::new(Manners::Forgets);
        let (mut card, stats) = officer_whose_pin_is_kept(&bench);
        let cost = |card: &mut Card, value| {
            let before = stats.snapshot().apdus;
            let (login, mut begun) = (data("Login data", value), 0);
            let stored = card.administer(|admin, channel| {
                begun += 1;
                admin.store_data(channel, &login)
            });
            let object = stored.unwrap();
            let cost = stats.snapshot().apdus - before;
            assert_eq!(card.read_object(object).unwrap(), value);
            (begun, cost)
        };
        let (begun, alone) = cost(&mut card, b"first");
        assert_eq!(begun, 1);
        assert!(bench.shared.clone().process(&theirs).ends_with(&[0x90, 0x00]));
        let (begun, after) = cost(&mut card, b"second");
        println!("data written: {alone} APDUs, after another program took the login: {after}");
        assert_eq!(begun, 2, "{theirs:02X?}");
        assert!(card.is_verified(&AuthId(vec![3])));
        assert_eq!(cost(&mut card, b"third"), (1, alone));
    }
}

/// The login goes between two writes: nobody can say whether the first one may be made again.
#[test]
fn write_whose_login_is_lost_in_its_middle_is_not_begun_again() {
    let bench = Bench::new(Manners::Forgets);
    let (mut card, _) = officer_whose_pin_is_kept(&bench);
    let mut raw = bench.shared.clone();
    let mut begun = 0;
    let result = card.administer(|admin, channel| {
        begun += 1;
        admin.store_data(channel, &data("Login data", b"first"))?;
        raw.process(&[0x00, 0x20, 0xFF, 0x83]);
        admin.store_data(channel, &data("URL", b"second"))
    });
    assert!(matches!(result, Err(CardError::LoginLost)), "{result:?}");
    assert_eq!(begun, 1);
    // The login is there again for the next one.
    card.administer(|admin, channel| admin.store_data(channel, &data("URL", b"second"))).unwrap();
}
