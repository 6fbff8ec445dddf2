//! Keys generated, imported, used, replaced.

use p11ctl::card::admin::{KeyType, NewKey, PinPolicy, Placement};
use p11ctl::card::{CardCall, CardError};
use p11ctl::codec::Secret;
use p11ctl::crypto::digest::digest;
use p11ctl::crypto::{Curve, DigestAlgorithm, EcPrivateKey, PublicKey, RsaPrivateKey, ec, rsa};
use p11ctl::token::{AuthId, KeyAlgorithm, KeyClass, KeyId, KeyUsage};

use crate::bench::*;

fn p256() -> KeyType {
    KeyType::Ec(Curve::P256)
}

#[test]
fn fresh_card_has_its_pins_and_its_number_and_no_key() {
    let bench = Bench::new();
    let token = bench.card().read_token().unwrap();
    let labels: Vec<&str> = token.auths.iter().map(|auth| auth.label.as_str()).collect();
    assert_eq!(labels, ["PIV PIN", "management key", "PUK"]);
    assert_eq!(token.info.label, "Nitrokey PIV");
    assert_eq!(token.info.serial.len(), 32, "the GUID: {}", token.info.serial);
    assert_eq!((token.keys.len(), token.certificates.len()), (0, 0));
    assert_eq!(token.problems, []);
}

#[test]
fn generated_ec_keys_sign_and_9c_wants_the_pin_before_each_signature() {
    let bench = Bench::new();
    for (place, id, curve) in [("9a", 1, Curve::P256), ("9c", 2, Curve::P384), ("82", 5, Curve::P256)] {
        let public = bench.generated(place, KeyType::Ec(curve));
        let mut card = bench.card();
        let token = card.read_token().unwrap();
        let found = key(&token, id, KeyClass::Private).clone();
        assert_eq!(found.algorithm, KeyAlgorithm::Ec { curve: Some(curve) });
        assert_eq!(found.always_authenticate, place == "9c");
        let hash = digest(DigestAlgorithm::Sha256, b"message");
        let call = CardCall::EcdsaSign { key: found.object, digest: &hash };
        assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)), "{place}");
        login(&mut card);
        let signature = card.perform(&call).unwrap();
        assert_eq!(ec::verify(&public, &hash, signature.expose()), Ok(true), "{place}");
        let again = card.perform(&call);
        match place {
            "9c" => assert!(matches!(again, Err(CardError::NotAuthenticated)), "{again:?}"),
            _ => assert_eq!(ec::verify(&public, &hash, again.unwrap().expose()), Ok(true)),
        }
    }
}

#[test]
fn rsa_key_signs_and_decrypts_by_the_bare_operation() {
    let bench = Bench::new();
    let public = bench.generated("9d", KeyType::Rsa(2048));
    let mut card = bench.card();
    let key = private(&mut card, 3);
    login(&mut card);
    let info = DigestAlgorithm::Sha256.digest_info(&digest(DigestAlgorithm::Sha256, b"message"));
    let block = rsa::pkcs1_sign_encode(&info, 256).unwrap();
    let signature = card.perform(&CardCall::RsaRaw { key, block: &block }).unwrap();
    assert_eq!(rsa::pkcs1_verify(&public, &info, signature.expose()), Ok(true));
    let cryptogram = rsa::pkcs1_encrypt(&public, b"secret").unwrap();
    let plain = card.perform(&CardCall::RsaRaw { key, block: &cryptogram }).unwrap();
    assert_eq!(rsa::pkcs1_unpad(&plain).unwrap().into_message().unwrap(), Secret::from("secret"));
}

#[test]
fn key_on_a_curve_agrees_with_another_side() {
    let bench = Bench::new();
    for curve in [Curve::P256, Curve::P384] {
        let public = bench.generated("9d", KeyType::Ec(curve));
        let other = EcPrivateKey::generate(curve).unwrap();
        let mut card = bench.card();
        let key = private(&mut card, 3);
        login(&mut card);
        let peer = other.public();
        let shared = card.perform(&CardCall::EcdhAgree { key, peer: peer.ec().unwrap().1 }).unwrap();
        assert_eq!(shared, other.agree(public.ec().unwrap().1).unwrap());
    }
}

#[test]
fn card_authentication_key_is_used_without_a_pin() {
    let bench = Bench::new();
    let public = bench.generated("9e", p256());
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let found = key(&token, 4, KeyClass::Private);
    assert!(found.auth.is_none() && !found.private && !found.always_authenticate);
    let hash = digest(DigestAlgorithm::Sha256, b"a door");
    let signature = card.perform(&CardCall::EcdsaSign { key: found.object, digest: &hash }).unwrap();
    assert_eq!(ec::verify(&public, &hash, signature.expose()), Ok(true));
}

#[test]
fn imported_rsa_key_signs_as_itself() {
    let bench = Bench::new();
    let private_key = RsaPrivateKey::generate(2048).unwrap();
    import(&mut bench.officer(), "9a", &private_key.clone().into()).unwrap();
    let mut card = bench.card();
    let key = private(&mut card, 1);
    login(&mut card);
    let info = DigestAlgorithm::Sha256.digest_info(&digest(DigestAlgorithm::Sha256, b"message"));
    let block = rsa::pkcs1_sign_encode(&info, 256).unwrap();
    let signature = card.perform(&CardCall::RsaRaw { key, block: &block }).unwrap();
    assert_eq!(rsa::pkcs1_verify(&private_key.public(), &info, signature.expose()), Ok(true));
}

#[test]
fn import_that_the_card_does_not_take_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    let mut card = bench.officer();
    let rsa = RsaPrivateKey::generate(2048).unwrap().into();
    let (refused, cost) = bench.cost(|| import(&mut card, "9c", &rsa));
    assert!(matches!(refused, Err(CardError::NotSupported { .. })) && cost == 0, "{cost} APDUs");
    let ec = EcPrivateKey::generate(Curve::P256).unwrap().into();
    assert!(matches!(import(&mut card, "9a", &ec), Err(CardError::NotSupported { .. })));
    let ed25519 = generate(&mut card, "9a", KeyType::Ed25519);
    assert!(matches!(ed25519, Err(CardError::NotSupported { .. })), "{ed25519:?}");
}

#[test]
fn generating_without_the_management_key_is_refused_and_changes_nothing() {
    let bench = Bench::new();
    let before = bench.generated("9a", p256());
    let mut card = bench.card();
    card.read_token().unwrap();
    assert!(matches!(generate(&mut card, "9a", p256()), Err(CardError::NotAuthenticated)));
    let object = key(&card.read_token().unwrap(), 1, KeyClass::Public).object;
    let value = card.read_object(object).unwrap();
    assert_eq!(PublicKey::from_spki_der(&value).unwrap(), before);
}

#[test]
fn policies_that_the_card_does_not_have_are_told() {
    let bench = Bench::new();
    let mut card = bench.officer();
    let placement =
        Placement { place: Some("9a"), pin_policy: Some(PinPolicy::Always), ..Placement::default() };
    let new = NewKey {
        owner: &AuthId(vec![0x80]),
        label: "",
        id: &KeyId(vec![1]),
        key_type: p256(),
        usage: KeyUsage::default(),
        extractable: false,
        always_authenticate: false,
        placement,
    };
    // It takes the tags and does not heed them: the key is as its place is.
    let made = card.administer(|admin, channel| admin.generate_key(channel, &new));
    assert!(made.is_ok(), "{made:?}");
    drop(card);
    let token = bench.card().read_token().unwrap();
    assert!(!key(&token, 1, KeyClass::Private).always_authenticate);
}

#[test]
fn attestation_and_deletion_are_told_to_be_missing() {
    let bench = Bench::new();
    bench.generated("9a", p256());
    let mut card = bench.officer();
    let key = private(&mut card, 1);
    let attested = card.administer(|admin, channel| admin.attest(channel, key));
    assert!(matches!(attested, Err(CardError::NotSupported { .. })), "{attested:?}");
    let deleted = card.administer(|admin, channel| admin.delete_object(channel, key));
    match deleted {
        Err(CardError::NotSupported { what }) => assert!(what.contains("--replace"), "{what}"),
        other => panic!("{other:?}"),
    }
}
