//! PINs verified, changed, unblocked, counted; the factory state.

use p11ctl::card::admin::{Format, KeyType, NewPin, PinPair, Unblock};
use p11ctl::card::{Card, CardError};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::token::AuthId;

use crate::bench::*;

fn tries(bench: &Bench, label: &str) -> Option<u8> {
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    card.tries_left(&auth(&token, label)).unwrap()
}

#[test]
fn wrong_pin_tells_how_many_tries_are_left_until_it_is_locked() {
    let bench = Bench::new();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let wrong = Secret::from("654321");
    for left in [2, 1] {
        let error = card.verify(&auth(&token, "User PIN"), &wrong).unwrap_err();
        assert!(
            matches!(error, CardError::PinIncorrect { tries_left: Some(n), .. } if n == left),
            "{error:?}"
        );
    }
    // One counter for both uses of PW1.
    assert_eq!(tries(&bench, "User PIN (sig)"), Some(1));
    let error = card.verify(&auth(&token, "User PIN (sig)"), &wrong).unwrap_err();
    assert!(matches!(error, CardError::PinBlocked { .. }), "{error:?}");
    assert_eq!(tries(&bench, "User PIN"), Some(0));
    assert_eq!(tries(&bench, "Admin PIN"), Some(3));
}

#[test]
fn pin_of_a_length_that_the_card_does_not_take_is_not_sent() {
    let bench = Bench::new();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let user = auth(&token, "User PIN");
    for pin in ["", &"1".repeat(128)] {
        assert!(matches!(card.verify(&user, &Secret::from(pin)), Err(CardError::PinLength { .. })), "{pin}");
    }
    let (old, short) = (Secret::from(USER_PIN), Secret::from("12345"));
    assert!(matches!(card.change_pin(&user, &old, &short), Err(CardError::PinLength { min: 6, .. })));
    assert_eq!(tries(&bench, "User PIN"), Some(3));
}

#[test]
fn changed_pin_is_that_of_both_uses() {
    let bench = Bench::new();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let (user, sign) = (auth(&token, "User PIN"), auth(&token, "User PIN (sig)"));
    let (old, new) = (Secret::from(USER_PIN), Secret::from("8765432"));
    let error = card.change_pin(&user, &new, &old).unwrap_err();
    assert!(matches!(error, CardError::PinIncorrect { tries_left: Some(2), .. }), "{error:?}");
    card.change_pin(&user, &old, &new).unwrap();
    card.verify(&sign, &new).unwrap();
    card.verify(&user, &new).unwrap();
    let admin = auth(&token, "Admin PIN");
    card.change_pin(&admin, &Secret::from(ADMIN_PIN), &Secret::from("another admin PIN")).unwrap();
    card.verify(&admin, &Secret::from("another admin PIN")).unwrap();
}

#[test]
fn locked_pin_is_unblocked_by_officer_and_by_resetting_code() {
    let bench = Bench::new();
    let lock = || {
        let mut card = bench.card();
        let user = auth(&card.read_token().unwrap(), "User PIN");
        while tries(&bench, "User PIN") != Some(0) {
            card.verify(&user, &Secret::from("000000")).unwrap_err();
        }
    };
    lock();
    let mut officer = bench.officer();
    let token = officer.read_token().unwrap();
    let (user, code) = (auth(&token, "User PIN"), auth(&token, "Resetting code"));
    officer.unblock_pin(&user, Unblock::Officer, &Secret::from("111111")).unwrap();
    officer.verify(&user, &Secret::from("111111")).unwrap();
    set_puk(&mut officer, &code, Some("resetting")).unwrap();
    drop(officer);
    lock();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert!(token.auths[3].initialized);
    let wrong = Secret::from("not the code");
    let error = card.unblock_pin(&user, Unblock::Puk(&wrong), &Secret::from("222222")).unwrap_err();
    assert!(matches!(error, CardError::PinIncorrect { tries_left: Some(2), .. }), "{error:?}");
    card.unblock_pin(&user, Unblock::Puk(&Secret::from("resetting")), &Secret::from("222222")).unwrap();
    card.verify(&user, &Secret::from("222222")).unwrap();
}

#[test]
fn login_ends_with_the_card() {
    let bench = Bench::new();
    generate(&mut bench.officer(), "aut", KeyType::Ec(Curve::P256)).unwrap();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let user = auth(&token, "User PIN");
    login_for(&mut card, 3).unwrap();
    sign_and_check(&mut card, 3);
    card.log_out(&user).unwrap();
    let key = key(&token, 3, p11ctl::token::KeyClass::Private).object;
    let call = p11ctl::card::CardCall::EcdsaSign { key, digest: &[7; 32] };
    assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)));
}

#[test]
fn erased_card_is_as_it_left_the_factory() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "sig", KeyType::Ec(Curve::P256)).unwrap();
    let admin = auth(&officer.read_token().unwrap(), "Admin PIN");
    officer.change_pin(&admin, &Secret::from(ADMIN_PIN), &Secret::from("87654321")).unwrap();
    drop(officer);
    let mut officer = bench.card();
    officer.read_token().unwrap();
    assert!(officer.erase().is_err(), "without PW3");
    officer.verify(&admin, &Secret::from("87654321")).unwrap();
    officer.erase().unwrap();
    drop(officer);
    let mut card = bench.officer();
    assert_eq!(card.read_token().unwrap().keys, []);
}

fn set_puk(card: &mut Card, auth: &AuthId, puk: Option<&str>) -> Result<(), CardError> {
    let puk = puk.map(Secret::from);
    card.administer(|admin, channel| admin.set_puk(channel, auth, puk.as_ref()))
}

#[test]
fn resetting_code_is_set_and_taken_away_by_the_officer_alone() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    let token = officer.read_token().unwrap();
    let (user, code) = (auth(&token, "User PIN"), auth(&token, "Resetting code"));
    assert!(matches!(
        set_puk(&mut officer, &code, Some("1234567")),
        Err(CardError::PinLength { min: 8, .. })
    ));
    set_puk(&mut officer, &code, Some("12345678")).unwrap();
    assert!(officer.read_token().unwrap().auth(&code).unwrap().initialized);
    set_puk(&mut officer, &code, None).unwrap();
    assert!(!officer.read_token().unwrap().auth(&code).unwrap().initialized);
    assert!(matches!(set_puk(&mut officer, &user, Some("12345678")), Err(CardError::NotSupported { .. })));
    drop(officer);
    let mut card = bench.card();
    card.read_token().unwrap();
    assert!(matches!(set_puk(&mut card, &code, Some("12345678")), Err(CardError::NotAuthenticated)));
    let gone = card.unblock_pin(&user, Unblock::Puk(&Secret::from("12345678")), &Secret::from("222222"));
    assert!(gone.is_err(), "{gone:?}");
    card.verify(&user, &Secret::from(USER_PIN)).unwrap();
}

/// Switches hashing with both PINs verified, as the engine does.
fn hash(card: &mut Card, hashed: bool, user: &str, officer: &str) -> Result<Vec<String>, CardError> {
    let (user, officer) = (Secret::from(user), Secret::from(officer));
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "Admin PIN"), &officer)?;
    card.verify(&auth(&token, "User PIN"), &user)?;
    let pins = PinPair { user: &user, officer: &officer };
    card.administer(|admin, channel| admin.set_pin_hashing(channel, hashed, pins))
}

#[test]
fn pins_keep_their_values_when_hashing_begins_and_ends() {
    let bench = Bench::new();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let (user, admin, code) =
        (auth(&token, "User PIN"), auth(&token, "Admin PIN"), auth(&token, "Resetting code"));
    card.change_pin(&user, &Secret::from(USER_PIN), &Secret::from("my own PIN")).unwrap();
    card.verify(&admin, &Secret::from(ADMIN_PIN)).unwrap();
    set_puk(&mut card, &code, Some("resetting")).unwrap();
    let cost = hash(&mut card, true, "my own PIN", ADMIN_PIN).unwrap();
    assert_eq!(cost, ["the resetting code is gone: set it again"]);
    drop(card);
    // What was typed before opens it, and what it is sent is something else.
    let mut card = bench.card();
    card.read_token().unwrap();
    card.verify(&user, &Secret::from("my own PIN")).unwrap();
    card.verify(&admin, &Secret::from(ADMIN_PIN)).unwrap();
    let plain = card.with(|_, channel| Ok(channel.transmit_raw(b"\x00\x20\x00\x82\x0amy own PIN")?)).unwrap();
    assert!(!plain.status.is_ok(), "{:?}", plain.status);
    card.verify(&user, &Secret::from("my own PIN")).unwrap();
    set_puk(&mut card, &code, Some("resetting")).unwrap();
    card.unblock_pin(&user, Unblock::Puk(&Secret::from("resetting")), &Secret::from("another PIN")).unwrap();
    let cost = hash(&mut card, true, "another PIN", ADMIN_PIN).unwrap();
    assert_eq!(cost, [""; 0], "they are hashed already");
    let cost = hash(&mut card, false, "another PIN", ADMIN_PIN).unwrap();
    assert_eq!(cost, ["the resetting code is gone: set it again"]);
    drop(card);
    let mut card = bench.card();
    card.read_token().unwrap();
    let plain =
        card.with(|_, channel| Ok(channel.transmit_raw(b"\x00\x20\x00\x82\x0banother PIN")?)).unwrap();
    assert!(plain.status.is_ok(), "{:?}", plain.status);
    card.verify(&admin, &Secret::from(ADMIN_PIN)).unwrap();
    assert_eq!([tries(&bench, "User PIN"), tries(&bench, "Admin PIN")], [Some(3), Some(3)]);
}

#[test]
fn hashing_without_the_officer_changes_nothing() {
    let bench = Bench::new();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let (user, officer) = (Secret::from(USER_PIN), Secret::from(ADMIN_PIN));
    card.verify(&auth(&token, "User PIN"), &user).unwrap();
    let pins = PinPair { user: &user, officer: &officer };
    let refused = card.administer(|admin, channel| admin.set_pin_hashing(channel, true, pins));
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");
    drop(card);
    bench.officer().verify(&auth(&token, "User PIN"), &user).unwrap();
}

fn new_pin<'a>(pin: &'a Secret, puk: Option<&'a Secret>) -> NewPin<'a> {
    NewPin { label: "", pin, puk, min_len: 8, tries: 3 }
}

#[test]
fn card_started_anew_has_the_pins_of_its_owner_and_nothing_else() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "sig", KeyType::Ec(Curve::P256)).unwrap();
    let (admin, user, code) =
        (Secret::from("my admin PIN"), Secret::from("my PIN"), Secret::from("my code!"));
    let short = Secret::from("short");
    for (admin, user) in [(&short, &user), (&admin, &short)] {
        let format = Format { label: "", officer: new_pin(admin, None), pins: &[new_pin(user, None)] };
        let refused = officer.format(&format);
        assert!(matches!(refused, Err(CardError::PinLength { .. })), "{refused:?}");
        assert_eq!(officer.read_token().unwrap().keys.len(), 2, "nothing is lost");
    }
    let pins = [new_pin(&user, Some(&code))];
    officer.format(&Format { label: "Example<<Anna", officer: new_pin(&admin, None), pins: &pins }).unwrap();
    drop(officer);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!(token.keys, []);
    card.verify(&auth(&token, "Admin PIN"), &admin).unwrap();
    card.verify(&auth(&token, "User PIN"), &user).unwrap();
    let name = token.data.iter().find(|data| data.label == "Cardholder name").unwrap();
    assert_eq!(card.read_object(name.object).unwrap(), b"Example<<Anna");
    card.unblock_pin(&auth(&token, "User PIN"), Unblock::Puk(&code), &Secret::from("654321")).unwrap();
}

#[test]
fn terminated_card_is_a_blank_one_and_comes_back_by_formatting_or_erasing() {
    let bench = Bench::new();
    let terminate = || {
        let mut officer = bench.officer();
        officer.read_token().unwrap();
        send(&mut officer, &[0x00, 0xE6, 0x00, 0x00]);
    };
    terminate();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!((token.info.initialized, token.auths.len(), token.problems.len()), (false, 0, 0));
    assert_eq!(card.read_token().unwrap(), token);
    card.erase().unwrap();
    assert_eq!(card.read_token().unwrap().auths.len(), 4);
    drop(card);
    terminate();
    let (admin, user) = (Secret::from("my admin PIN"), Secret::from("my PIN"));
    let format = Format { label: "", officer: new_pin(&admin, None), pins: &[new_pin(&user, None)] };
    let mut card = bench.card();
    card.read_token().unwrap();
    card.format(&format).unwrap();
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "Admin PIN"), &admin).unwrap();
    card.verify(&auth(&token, "User PIN"), &user).unwrap();
}

#[test]
fn terminated_card_that_another_program_activates_is_read_again() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    officer.read_token().unwrap();
    send(&mut officer, &[0x00, 0xE6, 0x00, 0x00]);
    drop(officer);
    let mut card = bench.card();
    assert!(!card.read_token().unwrap().info.initialized);
    send(&mut bench.card(), &[0x00, 0x44, 0x00, 0x00]);
    assert_eq!(card.read_token().unwrap().auths.len(), 4);
    assert_eq!(card.tries_left(&AuthId(vec![3])).unwrap(), Some(3));
}

/// Sends one command APDU to the card as it is.
fn send(card: &mut p11ctl::card::Card, command: &[u8]) {
    let answer = card.with(|_, channel| Ok(channel.transmit_raw(command)?)).unwrap();
    assert!(answer.status.is_ok(), "{:?}", answer.status);
}

#[test]
fn pins_are_hashed_where_the_card_says_so() {
    use p11ctl::codec::hex;
    let bench = Bench::new();
    let mut officer = bench.officer();
    // 100 000 bytes of SHA-256; salts 01234567, ABCDEFGH, 87654321.
    let kdf = "8101038201088304000186a08408303132333435363785084142434445464748860838373635 34333231"
        .replace(' ', "");
    let kdf = hex::decode(&kdf).unwrap();
    send(&mut officer, &[&[0x00, 0xDA, 0x00, 0xF9, kdf.len() as u8], kdf.as_slice()].concat());
    // The hashes of the PINs, by Python's hashlib.
    for (reference, pin, hash) in [
        (0x81, USER_PIN, "773784a602b6c81e3f092f4d7d00e17cc822d88f7360fcf2d2ef2d9d901f44b6"),
        (0x83, ADMIN_PIN, "0642968eebeec0d58e7f0e9553e7c98e1427a62b03b073bc71bafbb2465f452b"),
    ] {
        let data = [pin.as_bytes(), &hex::decode(hash).unwrap()].concat();
        send(&mut officer, &[&[0x00, 0x24, 0x00, reference, data.len() as u8], data.as_slice()].concat());
    }
    drop(officer);
    let mut card = bench.officer();
    let token = card.read_token().unwrap();
    let (user, code) = (auth(&token, "User PIN"), auth(&token, "Resetting code"));
    card.verify(&user, &Secret::from(USER_PIN)).unwrap();
    card.change_pin(&user, &Secret::from(USER_PIN), &Secret::from("a new PIN")).unwrap();
    set_puk(&mut card, &code, Some("resetting")).unwrap();
    drop(card);
    let mut card = bench.card();
    card.read_token().unwrap();
    card.verify(&auth(&token, "User PIN (sig)"), &Secret::from("a new PIN")).unwrap();
    card.unblock_pin(&user, Unblock::Puk(&Secret::from("resetting")), &Secret::from("another")).unwrap();
    card.verify(&user, &Secret::from("another")).unwrap();
}
