//! Signatures, deciphering and key agreement by the card, checked with host-side mathematics.

use p11ctl::card::admin::{KeyType, NewKey, Placement};
use p11ctl::card::example::ExampleKind;
use p11ctl::card::{Card, CardCall, CardError};
use p11ctl::codec::Secret;
use p11ctl::crypto::digest::digest;
use p11ctl::crypto::{Curve, DigestAlgorithm, EcPrivateKey, PublicKey, ec, rsa};
use p11ctl::softcard::Profile;
use p11ctl::token::{KeyClass, KeyId, KeyUsage, ObjectId, Token};

use crate::support::{Bench, auth, key, public_key};

/// The card with both PINs verified.
fn logged_in(bench: &Bench) -> (Card, Token) {
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    for (label, pin) in [("PIN 1", "11111111"), ("PIN 2", "22222222")] {
        card.verify(&auth(&token, label), &Secret::from(pin)).unwrap();
    }
    (card, token)
}

/// The private half, and the value of the public one.
fn pair(card: &mut Card, token: &Token, label: &str) -> (ObjectId, PublicKey) {
    (key(token, label, KeyClass::Private).object, public_key(card, token, label))
}

#[test]
fn rsa_signature_padded_by_the_card_verifies() {
    let bench = Bench::example(ExampleKind::Separate);
    let (mut card, token) = logged_in(&bench);
    let (key, public) = pair(&mut card, &token, "key 1");
    let info = DigestAlgorithm::Sha256.digest_info(&digest(DigestAlgorithm::Sha256, b"text"));
    let signature = card.perform(&CardCall::RsaSignPkcs1 { key, digest_info: &info }).unwrap();
    assert_eq!(rsa::pkcs1_verify(&public, &info, signature.expose()), Ok(true));
}

#[test]
fn rsa_raw_is_the_inverse_of_the_public_operation() {
    let bench = Bench::example(ExampleKind::Separate);
    let (mut card, token) = logged_in(&bench);
    let (key, public) = pair(&mut card, &token, "key 1");
    let mut block = vec![0x5A; 256];
    block[0] = 0;
    let cryptogram = rsa::public_raw(&public, &block).unwrap();
    let plain = card.perform(&CardCall::RsaRaw { key, block: &cryptogram }).unwrap();
    assert_eq!(plain.expose(), block);
}

#[test]
fn ecdsa_signature_is_r_and_s_and_verifies() {
    let bench = Bench::example(ExampleKind::Separate);
    let (mut card, token) = logged_in(&bench);
    let (key, public) = pair(&mut card, &token, "key 2");
    // Many: numbers with leading zeros come about once in 128.
    for round in 0u32..300 {
        let digest = digest(DigestAlgorithm::Sha256, &round.to_be_bytes());
        let signature = card.perform(&CardCall::EcdsaSign { key, digest: &digest }).unwrap();
        assert_eq!(signature.len(), 64);
        assert_eq!(ec::verify(&public, &digest, signature.expose()), Ok(true), "round {round}");
    }
}

#[test]
fn ecdsa_digest_shorter_than_the_field_is_a_number() {
    let bench = Bench::example(ExampleKind::Separate);
    let (mut card, token) = logged_in(&bench);
    let (key, public) = pair(&mut card, &token, "key 2");
    let digest = digest(DigestAlgorithm::Sha1, b"text");
    let signature = card.perform(&CardCall::EcdsaSign { key, digest: &digest }).unwrap();
    assert_eq!(ec::verify(&public, &digest, signature.expose()), Ok(true));
}

#[test]
fn ecdh_agrees_with_the_other_side() {
    let bench = Bench::example(ExampleKind::Separate);
    let (mut card, token) = logged_in(&bench);
    let (key, public) = pair(&mut card, &token, "key 2");
    let other = EcPrivateKey::generate(Curve::P256).unwrap();
    let other_public = other.public();
    let (_, peer) = other_public.ec().unwrap();
    let ours = card.perform(&CardCall::EcdhAgree { key, peer }).unwrap();
    assert_eq!(ours, other.agree(public.ec().unwrap().1).unwrap());
}

#[test]
fn random_bytes_differ_and_come_in_any_number() {
    let bench = Bench::blank(Profile::OsEid);
    let mut card = bench.card();
    for len in [1, 128, 129, 1000] {
        let [one, other] = [(); 2].map(|()| card.perform(&CardCall::Random { len }).unwrap());
        assert_eq!(one.len(), len);
        assert!(len < 8 || one != other);
    }
}

#[test]
fn computing_without_login_is_refused_as_such() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let [rsa_key, ec_key] = ["key 1", "key 2"].map(|label| key(&token, label, KeyClass::Private).object);
    for call in [
        CardCall::RsaSignPkcs1 { key: rsa_key, digest_info: &[1; 32] },
        CardCall::RsaRaw { key: rsa_key, block: &[1; 256] },
        CardCall::EcdsaSign { key: ec_key, digest: &[1; 32] },
    ] {
        assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)), "{call:?}");
    }
}

#[test]
fn computing_with_the_pin_of_another_key_is_refused() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "PIN 2"), &Secret::from("22222222")).unwrap();
    let key = key(&token, "key 1", KeyClass::Private).object;
    let call = CardCall::RsaSignPkcs1 { key, digest_info: &[1; 32] };
    assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)));
}

#[test]
fn computing_with_an_object_that_is_no_key_is_refused() {
    let bench = Bench::example(ExampleKind::Separate);
    let (mut card, token) = logged_in(&bench);
    for object in [token.certificates[0].object, ObjectId(0), key(&token, "key 1", KeyClass::Public).object] {
        let error = card.perform(&CardCall::RsaRaw { key: object, block: &[1; 256] }).unwrap_err();
        assert!(matches!(error, CardError::NoSuchObject), "{error:?}");
    }
}

/// Generates a key under PIN 1 and signs with it.
fn generated_key_signs(profile: Profile, key_type: KeyType) {
    let bench = Bench::personalised(profile);
    let (mut card, token) = logged_in(&bench);
    let (owner, id) = (auth(&token, "PIN 1"), KeyId(vec![9]));
    let usage = KeyUsage { sign: true, derive: true, decrypt: true, ..KeyUsage::default() };
    let new = NewKey {
        owner: &owner,
        label: "new",
        id: &id,
        key_type,
        usage,
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    };
    let created = card.with(|driver, channel| driver.admin().unwrap().generate_key(channel, &new)).unwrap();
    let (_, public) = created.public.unwrap();
    let token = card.read_token().unwrap();
    let (key, known) = pair(&mut card, &token, "new");
    assert_eq!(known, public);
    let hash = digest(DigestAlgorithm::Sha384, b"text");
    match &public {
        PublicKey::Rsa { modulus, .. } => {
            let info = DigestAlgorithm::Sha384.digest_info(&hash);
            let signature = card.perform(&CardCall::RsaSignPkcs1 { key, digest_info: &info }).unwrap();
            assert_eq!(rsa::pkcs1_verify(&public, &info, signature.expose()), Ok(true));
            let block = [&[0, 1][..], &vec![0x11; modulus.len() - 2]].concat();
            let cryptogram = rsa::public_raw(&public, &block).unwrap();
            assert_eq!(card.perform(&CardCall::RsaRaw { key, block: &cryptogram }).unwrap().expose(), block);
        }
        PublicKey::Ec { curve, .. } => {
            let hash = &hash[..hash.len().min(curve.field_len())];
            let signature = card.perform(&CardCall::EcdsaSign { key, digest: hash }).unwrap();
            assert_eq!(ec::verify(&public, hash, signature.expose()), Ok(true));
            let other = EcPrivateKey::generate(*curve).unwrap();
            let other_public = other.public();
            let ours =
                card.perform(&CardCall::EcdhAgree { key, peer: other_public.ec().unwrap().1 }).unwrap();
            assert_eq!(ours, other.agree(public.ec().unwrap().1).unwrap());
        }
        PublicKey::Ed25519(_) | PublicKey::X25519(_) => panic!("these cards have no such keys"),
    }
}

#[test]
fn rsa_keys_of_every_usual_size_sign_and_decipher() {
    for bits in [1024, 2048, 3072] {
        generated_key_signs(Profile::MyEid, KeyType::Rsa(bits));
    }
}

#[test]
fn rsa_4096_signs_within_short_apdus() {
    generated_key_signs(Profile::OsEid, KeyType::Rsa(4096));
}

#[test]
fn ec_keys_on_every_curve_of_the_card_sign_and_agree() {
    for profile in [Profile::MyEid, Profile::OsEid] {
        let curves = Bench::blank(profile).card().abilities().unwrap().ecdsa;
        assert!(curves.contains(&Curve::P521));
        for curve in curves {
            generated_key_signs(profile, KeyType::Ec(curve));
        }
    }
}

#[test]
fn generate_what_the_card_has_not_is_refused_before_anything_is_sent() {
    let bench = Bench::personalised(Profile::MyEid);
    let (mut card, token) = logged_in(&bench);
    let (owner, id) = (auth(&token, "PIN 1"), KeyId(vec![9]));
    for key_type in [KeyType::Rsa(2047), KeyType::Rsa(8192)] {
        let usage = KeyUsage::default();
        let new = NewKey {
            owner: &owner,
            label: "",
            id: &id,
            key_type,
            usage,
            extractable: false,
            always_authenticate: false,
            placement: Placement::default(),
        };
        let result = card.with(|driver, channel| driver.admin().unwrap().generate_key(channel, &new));
        assert!(matches!(result, Err(CardError::NotSupported { .. })), "{result:?}");
    }
}

#[test]
fn key_that_always_wants_its_pin_signs_once_for_each() {
    let bench = Bench::personalised(Profile::MyEid);
    let (mut card, token) = logged_in(&bench);
    let (owner, id) = (auth(&token, "PIN 1"), KeyId(vec![9]));
    let usage = KeyUsage { sign: true, ..KeyUsage::default() };
    let key_type = KeyType::Ec(Curve::P256);
    let new = NewKey {
        owner: &owner,
        label: "careful",
        id: &id,
        key_type,
        usage,
        always_authenticate: true,
        placement: Placement::default(),
        extractable: false,
    };
    card.with(|driver, channel| driver.admin().unwrap().generate_key(channel, &new)).unwrap();
    let token = card.read_token().unwrap();
    let careful = key(&token, "careful", KeyClass::Private);
    assert!(careful.always_authenticate);
    let call = CardCall::EcdsaSign { key: careful.object, digest: &[7; 32] };
    for _ in 0..2 {
        card.verify(&owner, &Secret::from("11111111")).unwrap();
        card.perform(&call).unwrap();
        assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)));
    }
}
