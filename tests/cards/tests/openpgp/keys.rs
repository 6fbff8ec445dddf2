//! Keys generated, imported, used, replaced, deleted.

use p11ctl::card::admin::{KeyType, PinPolicy, Placement, TouchPolicy};
use p11ctl::card::{Card, CardCall, CardError};
use p11ctl::codec::Secret;
use p11ctl::crypto::ed25519::Ed25519PrivateKey;
use p11ctl::crypto::x25519::X25519PrivateKey;
use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, PublicKey, RsaPrivateKey, rsa};
use p11ctl::token::{KeyAlgorithm, KeyClass};

use crate::bench::*;

#[test]
fn fresh_card_has_pins_and_places_and_no_key() {
    let bench = Bench::new();
    let token = bench.card().read_token().unwrap();
    let labels: Vec<&str> = token.auths.iter().map(|auth| auth.label.as_str()).collect();
    assert_eq!(labels, ["User PIN", "User PIN (sig)", "Admin PIN", "Resetting code"]);
    assert_eq!(token.info.serial, "fffe00000001");
    assert_eq!((token.info.label.as_str(), token.info.model.as_str()), ("OpenPGP card", "OpenPGP card 3.4"));
    assert_eq!((token.keys.len(), token.certificates.len(), token.problems.len()), (0, 0, 0));
    assert!(!token.auths[3].initialized, "no resetting code yet");
    let abilities = bench.officer().administer(|admin, channel| {
        admin.ask_abilities(channel)?;
        Ok(admin.admin_abilities())
    });
    let abilities = abilities.unwrap();
    assert_eq!(abilities.rsa_generate, [2048, 3072, 4096]);
    assert!(abilities.curves_import.contains(&Curve::P521) && abilities.ed25519.import);
}

#[test]
fn signature_keys_of_every_kind_are_generated_and_sign() {
    let bench = Bench::new();
    for key_type in [
        KeyType::Rsa(2048),
        KeyType::Ec(Curve::P256),
        KeyType::Ec(Curve::P384),
        KeyType::Ec(Curve::P521),
        KeyType::Ed25519,
    ] {
        for (place, id) in [("sig", 1), ("aut", 3)] {
            let placement = Placement { place: Some(place), replace: true, ..Placement::default() };
            let created = generate_with(&mut bench.officer(), key_type, placement).unwrap();
            let mut card = bench.card();
            card.read_token().unwrap();
            assert_eq!(public_key(&mut card, id), created.public.unwrap().1);
            login_for(&mut card, id).unwrap();
            sign_and_check(&mut card, id);
        }
    }
}

#[test]
fn imported_keys_of_every_kind_sign_as_the_same_key() {
    let bench = Bench::new();
    let keys: [PrivateKey; 4] = [
        RsaPrivateKey::generate(2048).unwrap().into(),
        EcPrivateKey::generate(Curve::P256).unwrap().into(),
        EcPrivateKey::generate(Curve::P384).unwrap().into(),
        PrivateKey::Ed25519(Ed25519PrivateKey::generate().unwrap()),
    ];
    for key in keys {
        for (place, id) in [("sig", 1), ("aut", 3)] {
            let mut officer = bench.officer();
            let token = officer.read_token().unwrap();
            if let Some(old) = token.keys.iter().find(|key| key.id.0 == [id]) {
                let old = old.object;
                officer.administer(|admin, channel| admin.delete_object(channel, old)).unwrap();
                assert!(officer.read_token().unwrap().keys.iter().all(|key| key.id.0 != [id]));
            }
            import(&mut officer, place, &key).unwrap();
            drop(officer);
            let mut card = bench.card();
            card.read_token().unwrap();
            assert_eq!(public_key(&mut card, id), key.public());
            login_for(&mut card, id).unwrap();
            sign_and_check(&mut card, id);
        }
    }
}

#[test]
fn rsa_key_decrypts_and_what_is_no_cryptogram_is_always_the_same_error() {
    let bench = Bench::new();
    generate(&mut bench.officer(), "dec", KeyType::Rsa(2048)).unwrap();
    let mut card = bench.card();
    let public = public_key(&mut card, 2);
    let key = key(&card.read_token().unwrap(), 2, KeyClass::Private).object;
    let cryptogram = rsa::pkcs1_encrypt(&public, b"secret").unwrap();
    let call = CardCall::RsaDecryptPkcs1 { key, cryptogram: &cryptogram };
    assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)));
    login_for(&mut card, 2).unwrap();
    assert_eq!(card.perform(&call).unwrap(), Secret::from("secret"));
    let bad = CardCall::RsaDecryptPkcs1 { key, cryptogram: &[0x55; 256] };
    assert!(matches!(card.perform(&bad), Err(CardError::Crypto(_))));
    let signing = CardCall::RsaSignPkcs1 { key, digest_info: &[0; 32] };
    assert!(matches!(card.perform(&signing), Err(CardError::NotSupported { .. })));
}

#[test]
fn authentication_key_stands_in_for_the_decryption_key_and_back() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    generate(&mut officer, "dec", KeyType::Rsa(2048)).unwrap();
    generate(&mut officer, "aut", KeyType::Rsa(2048)).unwrap();
    drop(officer);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    login_for(&mut card, 2).unwrap();
    for id in [3, 2, 3, 3, 2] {
        let public = public_key(&mut card, id);
        let cryptogram = rsa::pkcs1_encrypt(&public, &[id]).unwrap();
        let key = key(&token, id, KeyClass::Private);
        assert!(key.usage.decrypt);
        let call = CardCall::RsaDecryptPkcs1 { key: key.object, cryptogram: &cryptogram };
        assert_eq!(card.perform(&call).unwrap(), Secret::from(&[id][..]), "key {id}");
    }
}

#[test]
fn keys_agree_with_the_host_on_every_curve() {
    let bench = Bench::new();
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let placement = Placement { place: Some("dec"), replace: true, ..Placement::default() };
        generate_with(&mut bench.officer(), KeyType::Ec(curve), placement).unwrap();
        let mut card = bench.card();
        let public = public_key(&mut card, 2);
        let (_, point) = public.ec().unwrap();
        let host = EcPrivateKey::generate(curve).unwrap();
        let host_public = host.public();
        let (_, peer) = host_public.ec().unwrap();
        login_for(&mut card, 2).unwrap();
        let key = key(&card.read_token().unwrap(), 2, KeyClass::Private).object;
        let shared = card.perform(&CardCall::EcdhAgree { key, peer }).unwrap();
        assert_eq!(shared, host.agree(point).unwrap(), "{curve}");
    }
    let own = X25519PrivateKey::generate().unwrap();
    let host = X25519PrivateKey::generate().unwrap();
    let mut officer = bench.officer();
    let old = key(&officer.read_token().unwrap(), 2, KeyClass::Private).object;
    officer.administer(|admin, channel| admin.delete_object(channel, old)).unwrap();
    import(&mut officer, "dec", &PrivateKey::X25519(own.clone())).unwrap();
    drop(officer);
    let mut card = bench.card();
    assert_eq!(public_key(&mut card, 2), PublicKey::X25519(own.public()));
    login_for(&mut card, 2).unwrap();
    let key = key(&card.read_token().unwrap(), 2, KeyClass::Private).object;
    let shared = card.perform(&CardCall::X25519Agree { key, peer: &host.public() }).unwrap();
    assert_eq!(shared, host.agree(&own.public()).unwrap());
}

#[test]
fn place_that_is_taken_is_refused_and_its_key_is_still_there() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    let made = generate(&mut officer, "sig", KeyType::Ec(Curve::P256)).unwrap();
    let error = generate(&mut officer, "sig", KeyType::Ec(Curve::P384)).unwrap_err();
    assert!(matches!(error, CardError::NotSupported { .. }), "{error}");
    assert_eq!(public_key(&mut officer, 1), made.public.unwrap().1);
    let error = generate(&mut officer, "dec", KeyType::Ed25519).unwrap_err();
    assert!(error.to_string().contains("Encryption key"), "{error}");
}

#[test]
fn key_without_officer_is_not_made() {
    let bench = Bench::new();
    let mut card = bench.card();
    card.read_token().unwrap();
    login_for(&mut card, 2).unwrap();
    let error = generate(&mut card, "sig", KeyType::Rsa(2048)).unwrap_err();
    assert!(matches!(error, CardError::NotAuthenticated), "{error}");
    assert_eq!(card.read_token().unwrap().keys, []);
}

#[test]
fn forced_signature_pin_is_wanted_for_each_signature_and_not_forced_once() {
    let bench = Bench::new();
    for (pin_policy, forced) in [(PinPolicy::Always, true), (PinPolicy::Once, false)] {
        let placement = Placement {
            place: Some("sig"),
            replace: true,
            pin_policy: Some(pin_policy),
            touch_policy: Some(TouchPolicy::Never),
        };
        generate_with(&mut bench.officer(), KeyType::Ec(Curve::P256), placement).unwrap();
        let mut card = bench.card();
        let token = card.read_token().unwrap();
        let key = key(&token, 1, KeyClass::Private);
        assert_eq!(key.always_authenticate, forced);
        assert_eq!(key.algorithm, KeyAlgorithm::Ec { curve: Some(Curve::P256) });
        login_for(&mut card, 1).unwrap();
        sign_and_check(&mut card, 1);
        let again = card.perform(&CardCall::EcdsaSign { key: key.object, digest: &[7; 32] });
        match forced {
            true => assert!(matches!(again, Err(CardError::NotAuthenticated)), "{again:?}"),
            false => assert_eq!(again.unwrap().len(), 64),
        }
    }
}

#[test]
fn policies_of_a_key_that_is_there_change_and_the_key_stays() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    let made = generate(&mut officer, "sig", KeyType::Ec(Curve::P256)).unwrap();
    generate(&mut officer, "dec", KeyType::Ec(Curve::P256)).unwrap();
    let guard = |officer: &mut Card, object, pin_policy, touch_policy| {
        let to = Placement { pin_policy, touch_policy, ..Placement::default() };
        officer.administer(|admin, channel| admin.set_policies(channel, object, to))
    };
    for (policy, forced) in [(PinPolicy::Once, false), (PinPolicy::Always, true)] {
        guard(&mut officer, made.object, Some(policy), Some(TouchPolicy::Never)).unwrap();
        let token = officer.read_token().unwrap();
        assert_eq!(key(&token, 1, KeyClass::Private).always_authenticate, forced);
        assert_eq!(public_key(&mut officer, 1), made.public.clone().unwrap().1);
    }
    let dec = key(&officer.read_token().unwrap(), 2, KeyClass::Private).object;
    let refused = guard(&mut officer, dec, Some(PinPolicy::Always), None);
    assert!(matches!(refused, Err(CardError::NotSupported { .. })), "{refused:?}");
    let missing = guard(&mut officer, p11ctl::token::ObjectId(3), Some(PinPolicy::Once), None);
    assert!(matches!(missing, Err(CardError::NoSuchObject)), "{missing:?}");
    drop(officer);
    let mut card = bench.card();
    card.read_token().unwrap();
    login_for(&mut card, 1).unwrap();
    let refused = guard(&mut card, made.object, Some(PinPolicy::Once), None);
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");
}

#[test]
fn policies_that_the_card_does_not_have_are_refused_before_anything_is_written() {
    let bench = Bench::new();
    let mut officer = bench.officer();
    for (place, pin_policy) in [("sig", PinPolicy::Never), ("dec", PinPolicy::Always)] {
        let placement =
            Placement { place: Some(place), pin_policy: Some(pin_policy), ..Placement::default() };
        let error = generate_with(&mut officer, KeyType::Rsa(2048), placement).unwrap_err();
        assert!(matches!(error, CardError::NotSupported { .. }), "{error}");
    }
    assert_eq!(officer.read_token().unwrap().keys, []);
}
