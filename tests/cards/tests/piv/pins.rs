//! PIN, PUK and management key.

use p11ctl::card::CardError;
use p11ctl::card::admin::{Format, KeyType, NewPin, Unblock};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;

use crate::bench::*;

#[test]
fn wrong_pin_costs_a_try_and_tells_how_many_are_left() {
    let bench = Bench::new();
    let mut card = bench.card();
    let pin = auth(&card.read_token().unwrap(), "PIV PIN");
    let full = card.tries_left(&pin).unwrap().unwrap();
    match card.verify(&pin, &Secret::from("000000")) {
        Err(CardError::PinIncorrect { tries_left, .. }) => assert_eq!(tries_left, Some(full - 1)),
        other => panic!("{other:?}"),
    }
    assert_eq!(card.tries_left(&pin).unwrap(), Some(full - 1));
    card.verify(&pin, &Secret::from(PIN)).unwrap();
    card.log_out(&pin).unwrap();
    assert_eq!(card.tries_left(&pin).unwrap(), Some(full));
}

#[test]
fn pin_of_a_length_that_no_card_takes_is_not_sent() {
    let bench = Bench::new();
    let mut card = bench.card();
    let pin = auth(&card.read_token().unwrap(), "PIV PIN");
    let full = card.tries_left(&pin).unwrap();
    for wrong in ["", "12345", "123456789"] {
        let refused = card.verify(&pin, &Secret::from(wrong));
        assert!(matches!(refused, Err(CardError::PinLength { min: 6, max: 8 })), "{wrong}");
    }
    assert_eq!(card.tries_left(&pin).unwrap(), full);
}

#[test]
fn pin_is_changed_and_unblocked_by_the_puk_whose_tries_are_told() {
    let bench = Bench::new();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let (pin, puk) = (auth(&token, "PIV PIN"), auth(&token, "PUK"));
    card.change_pin(&pin, &Secret::from(PIN), &Secret::from("654321")).unwrap();
    card.verify(&pin, &Secret::from("654321")).unwrap();
    card.log_out(&pin).unwrap();
    while !matches!(
        card.verify(&pin, &Secret::from("000000")),
        Err(CardError::PinBlocked { .. } | CardError::PinIncorrect { tries_left: Some(0), .. })
    ) {}
    assert!(matches!(card.verify(&pin, &Secret::from("654321")), Err(CardError::PinBlocked { .. })));
    let wrong = card.unblock_pin(&pin, Unblock::Puk(&Secret::from("00000000")), &Secret::from("111111"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(_), .. })), "{wrong:?}");
    card.unblock_pin(&pin, Unblock::Puk(&Secret::from(PUK)), &Secret::from("111111")).unwrap();
    card.verify(&pin, &Secret::from("111111")).unwrap();
    card.change_pin(&puk, &Secret::from(PUK), &Secret::from("87654321")).unwrap();
    let old = card.unblock_pin(&pin, Unblock::Puk(&Secret::from(PUK)), &Secret::from("222222"));
    assert!(matches!(old, Err(CardError::PinIncorrect { .. })), "{old:?}");
    let officer = card.unblock_pin(&pin, Unblock::Officer, &Secret::from("222222"));
    assert!(matches!(officer, Err(CardError::NotSupported { .. })));
}

#[test]
fn management_key_is_proven_by_both_sides_and_a_wrong_one_costs_nothing() {
    let bench = Bench::new();
    let mut card = bench.card();
    let officer = auth(&card.read_token().unwrap(), "management key");
    assert_eq!(card.tries_left(&officer).unwrap(), None);
    for wrong in ["ff".repeat(24), "01".repeat(16), "01".repeat(32)] {
        match card.verify(&officer, &Secret::from(wrong.as_str())) {
            Err(CardError::PinIncorrect { tries_left: None, .. }) => {}
            other => panic!("{wrong}: {other:?}"),
        }
    }
    assert!(matches!(
        card.verify(&officer, &Secret::from("0102")),
        Err(CardError::PinLength { min: 32, max: 64 })
    ));
    let words = card.verify(&officer, &Secret::from("correct horse battery staple correct horse battery"));
    assert!(matches!(words, Err(CardError::NotSupported { .. })));
    card.verify(&officer, &Secret::from(MANAGEMENT_KEY)).unwrap();
}

#[test]
fn management_key_is_changed_to_triple_des_and_aes_and_the_old_one_is_worth_nothing() {
    let bench = Bench::new();
    let mut old = MANAGEMENT_KEY.to_owned();
    for new in ["a1b2c3d4e5f60718".repeat(3), "5c".repeat(32), "6d".repeat(32)] {
        let mut card = bench.card();
        let officer = auth(&card.read_token().unwrap(), "management key");
        card.change_pin(&officer, &Secret::from(old.as_str()), &Secret::from(new.as_str())).unwrap();
        drop(card);
        let mut card = bench.card();
        card.read_token().unwrap();
        let refused = card.verify(&officer, &Secret::from(old.as_str()));
        assert!(matches!(refused, Err(CardError::PinIncorrect { .. })), "{refused:?}");
        card.verify(&officer, &Secret::from(new.as_str())).unwrap();
        old = new;
    }
}

#[test]
fn card_started_anew_has_the_values_of_its_owner_and_says_which_card_it_is() {
    let bench = Bench::new();
    bench.generated("9a", KeyType::Ec(Curve::P256));
    let serial = bench.card().read_token().unwrap().info.serial;
    let pin = |pin, puk| NewPin { label: "", pin, puk, min_len: 6, tries: 3 };
    let (key, user, puk) =
        (Secret::from("5c".repeat(32).as_str()), Secret::from("246802"), Secret::from("13579135"));
    let mut card = bench.officer();
    let (short, no_hex) = (Secret::from("12345"), Secret::from("a management key"));
    for (officer, user, puk) in [(&no_hex, &user, &puk), (&key, &short, &puk), (&key, &user, &short)] {
        let format = Format { label: "", officer: pin(officer, None), pins: &[pin(user, Some(puk))] };
        assert!(card.format(&format).is_err());
        assert_eq!(card.read_token().unwrap().certificates.len(), 1, "nothing is lost");
    }
    card.format(&Format { label: "", officer: pin(&key, None), pins: &[pin(&user, Some(&puk))] }).unwrap();
    drop(card);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!((token.keys.len(), token.certificates.len()), (0, 0));
    assert!(!token.info.serial.is_empty() && token.info.serial != serial, "{}", token.info.serial);
    let names: Vec<&str> = token.data.iter().map(|data| data.label.as_str()).collect();
    assert!(names.contains(&"Card Holder Unique Identifier"), "{names:?}");
    let pin = auth(&token, "PIV PIN");
    card.verify(&pin, &user).unwrap();
    card.log_out(&pin).unwrap();
    let officer = auth(&token, "management key");
    let old = card.verify(&officer, &Secret::from(MANAGEMENT_KEY));
    assert!(matches!(old, Err(CardError::PinIncorrect { .. })), "{old:?}");
    card.verify(&officer, &key).unwrap();
    card.unblock_pin(&pin, Unblock::Puk(&puk), &Secret::from("111111")).unwrap();
}

#[test]
fn erased_card_is_as_it_left_the_factory() {
    let bench = Bench::new();
    bench.generated("9a", KeyType::Ec(Curve::P256));
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    card.change_pin(&auth(&token, "PIV PIN"), &Secret::from(PIN), &Secret::from("654321")).unwrap();
    card.verify(&auth(&token, "management key"), &Secret::from(MANAGEMENT_KEY)).unwrap();
    card.erase().unwrap();
    drop(card);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!((token.keys.len(), token.certificates.len()), (0, 0));
    card.verify(&auth(&token, "PIV PIN"), &Secret::from(PIN)).unwrap();
}
