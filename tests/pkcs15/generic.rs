//! The generic driver on a card of the MyEID type: it knows nothing of that family and uses the standard alone.

use p11ctl::apdu::Stats;
use p11ctl::card::{Card, CardCall, CardError};
use p11ctl::codec::Secret;
use p11ctl::crypto::{CertificateDetails, Curve, DigestAlgorithm, PublicKey, digest, ec, rsa};
use p11ctl::token::{AuthId, AuthRole, Key, KeyAlgorithm, KeyClass, Token};

use crate::card::{Bench, PIN, generic_reader, generic_settings};
use crate::faults::{Fault, FaultyReader, Plan};

fn private<'a>(token: &'a Token, id: &[u8]) -> &'a Key {
    token.keys.iter().find(|key| key.class == KeyClass::Private && key.id.0 == id).unwrap()
}

fn public(token: &Token, card: &mut p11ctl::card::Card, id: &[u8]) -> PublicKey {
    let key = token.keys.iter().find(|key| key.class == KeyClass::Public && key.id.0 == id).unwrap();
    PublicKey::from_spki_der(&card.read_object(key.object).unwrap()).unwrap()
}

#[test]
fn generic_driver_reads_verifies_signs_and_decrypts() {
    let (_rig, mut card) = Bench::personalised().generic();
    let token = card.read_token().unwrap();
    assert_eq!(card.driver_name().unwrap(), "PKCS#15");
    assert_eq!(token.problems, []);
    let abilities = card.abilities().unwrap();
    assert_eq!((abilities.rsa_bits, abilities.ecdsa), (vec![1024, 2048], vec![Curve::P256]));
    assert_eq!(private(&token, &[0x46]).algorithm, KeyAlgorithm::Ec { curve: Some(Curve::P256) });

    for certificate in &token.certificates {
        let details = CertificateDetails::parse(&card.read_object(certificate.object).unwrap()).unwrap();
        assert_eq!(details.common_name().as_deref(), Some(&*certificate.label.to_lowercase()));
    }
    let [open, closed] = [0, 1].map(|index: usize| token.data[index].object);
    assert!(card.read_object(open).unwrap().starts_with(b"public data"));
    let refused = card.read_object(closed);
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");

    let (one, two) = (AuthId(vec![1]), AuthId(vec![2]));
    assert_eq!(card.tries_left(&one).unwrap(), Some(3));
    assert!(matches!(card.verify(&one, &Secret::from("")), Err(CardError::PinLength { min: 4, max: 8 })));
    assert!(matches!(card.verify(&one, &Secret::from("123456789")), Err(CardError::PinLength { .. })));
    assert!(matches!(card.verify(&one, &Secret::from("letters")), Err(CardError::PinCharacters)));
    assert_eq!(card.tries_left(&one).unwrap(), Some(3), "nothing of that was sent");
    let wrong = card.verify(&one, &Secret::from("99999999"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(2), .. })), "{wrong:?}");

    let message = digest::digest(DigestAlgorithm::Sha256, b"message");
    let info = DigestAlgorithm::Sha256.digest_info(&message);
    let key = private(&token, &[0x45]).object;
    let call = CardCall::RsaSignPkcs1 { key, digest_info: &info };
    assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)));
    card.verify(&one, &Secret::from(PIN)).unwrap();
    let rsa_public = public(&token, &mut card, &[0x45]);
    for _ in 0..2 {
        let signature = card.perform(&call).unwrap();
        assert!(rsa::pkcs1_verify(&rsa_public, &info, signature.expose()).unwrap());
    }
    for text in [&b"a secret"[..], &[0x55; 32]] {
        let cryptogram = rsa::pkcs1_encrypt(&rsa_public, text).unwrap();
        let plain = card.perform(&CardCall::RsaDecryptPkcs1 { key, cryptogram: &cryptogram }).unwrap();
        assert_eq!(plain.expose(), text);
    }
    let mut garbled = rsa::pkcs1_encrypt(&rsa_public, b"x").unwrap();
    garbled[200] ^= 1;
    match card.perform(&CardCall::RsaDecryptPkcs1 { key, cryptogram: &garbled }) {
        Err(CardError::Crypto(_)) => {}
        // This card answers a broken cryptogram with a message of its own making, so that nobody can probe it.
        Ok(message) => assert_ne!(message.expose(), b"x"),
        Err(error) => panic!("{error}"),
    }
    assert!(card.read_object(closed).unwrap().starts_with(b"public data"));

    let key = private(&token, &[0x46]).object;
    let call = CardCall::EcdsaSign { key, digest: &message };
    assert!(matches!(card.perform(&call), Err(CardError::NotAuthenticated)), "PIN 2 is another PIN");
    card.verify(&two, &Secret::from(PIN)).unwrap();
    let ec_public = public(&token, &mut card, &[0x46]);
    let signature = card.perform(&call).unwrap();
    assert!(ec::verify(&ec_public, &message, signature.expose()).unwrap());
    assert_eq!(card.perform(&CardCall::Random { len: 20 }).unwrap().len(), 20);

    card.log_out(&one).unwrap();
    assert!(matches!(card.read_object(closed), Err(CardError::NotAuthenticated)), "no login is left behind");
}

/// A card pulled or babbling after any command: an error, never a panic, never a signature that is none.
#[test]
fn generic_driver_survives_a_fault_after_every_command() {
    let bench = Bench::personalised();
    let image = bench.image.clone();
    let (_rig, card) = bench.generic();
    drop(card);
    let info = DigestAlgorithm::Sha256.digest_info(&[7; 32]);
    // How many commands it took up to the signature; the logout at the end is more.
    let work = |plan: &Plan| -> Result<usize, CardError> {
        let reader = FaultyReader::new(generic_reader(&image), plan);
        let mut card = Card::new(Box::new(reader), generic_settings(), Stats::default());
        let token = card.read_token()?;
        for one in &token.certificates {
            card.read_object(one.object)?;
        }
        let Some(auth) = token.auths.iter().find(|auth| auth.role == AuthRole::User) else { return Ok(0) };
        card.verify(&auth.id, &Secret::from(PIN))?;
        let Some(key) = token.keys.iter().find(|key| key.class == KeyClass::Private) else { return Ok(0) };
        card.perform(&CardCall::RsaSignPkcs1 { key: key.object, digest_info: &info })?;
        Ok(plan.commands())
    };
    let commands = work(&Plan::never()).unwrap();
    assert!(commands > 20, "{commands}");
    for after in 0..commands {
        for fault in [
            Fault::CardRemoved,
            Fault::CardRemovedAfterwards,
            Fault::Responses(vec![0x61, 0x00]),
            Fault::Responses(vec![0x90, 0x00]),
            Fault::Response(vec![0x6F, 0x00]),
            Fault::Truncated(1),
            Fault::Truncated(4),
        ] {
            let removed = matches!(fault, Fault::CardRemoved);
            let result = work(&Plan::after(after, fault));
            assert!(result.is_err() || !removed, "the card was pulled after {after} commands");
        }
    }
}
