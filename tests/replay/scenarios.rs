//! What was done while the dialogues were recorded, and is done again when they are replayed.

use p11ctl::apdu::Channel;
use p11ctl::card::admin::{
    CreatedKey, Format, KeyType, NewCertificate, NewData, NewKey, NewPin, Placement, Unblock,
};
use p11ctl::card::{Card, CardAdmin, CardCall, CardError, Tries};
use p11ctl::codec::{Secret, hex};
use p11ctl::crypto::{Curve, PublicKey, ec, rsa};
use p11ctl::token::{AuthId, KeyClass, KeyId, KeyUsage, ObjectId, Token};

/// The PIN, the PUK and another PIN: in the recordings their bytes are hidden, so any of this length will do.
pub const PIN: &str = "123456";
pub const PUK: &str = "0123456789abcdef";
pub const OTHER_PIN: &str = "654321";

/// A DigestInfo and a digest to be signed.
pub const DIGEST_INFO: [u8; 51] = [7; 51];
pub const DIGEST: [u8; 32] = [7; 32];

/// Makes a blank card one with two keys (the second on a curve where the card signs with such keys), a certificate and
/// data, and changes its PIN and what is on it.
pub fn personalise(card: &mut Card) -> Result<Token, CardError> {
    card.hold()?;
    let (pin, puk) = (Secret::from(PIN), Secret::from(PUK));
    let officer = NewPin { label: "SO PIN", pin: &pin, puk: Some(&puk), min_len: 4, tries: 3 };
    card.format(&Format { label: "Recorded", officer, pins: &[] })?;
    let token = card.read_token()?;
    let auth = only_pin(&token);
    card.verify(&auth, &pin)?;
    generate(card, &auth, 1, KeyType::Rsa(2048))?;
    if card.abilities()?.ecdsa.contains(&Curve::P256) {
        generate(card, &auth, 2, KeyType::Ec(Curve::P256))?;
    }
    let der = certificate();
    let id = KeyId(vec![1]);
    let certificate = NewCertificate { owner: Some(&auth), label: "holder", id: &id, der: &der };
    let stored = administer(card, |admin, channel| admin.store_certificate(channel, &certificate))?;
    for (label, private) in [("notes", true), ("passing", false)] {
        let data = NewData {
            owner: Some(&auth),
            private,
            label,
            application: "replay",
            oid: &[],
            value: b"some text",
        };
        administer(card, |admin, channel| admin.store_data(channel, &data))?;
    }
    administer(card, |admin, channel| admin.set_label(channel, stored, "holder of the card"))?;
    let token = card.read_token()?;
    let passing = token.data.iter().find(|data| data.label == "passing").ok_or(CardError::NoSuchObject)?;
    administer(card, |admin, channel| admin.delete_object(channel, passing.object))?;
    card.change_pin(&auth, &pin, &Secret::from(OTHER_PIN))?;
    card.unblock_pin(&auth, Unblock::Puk(&puk), &pin)?;
    let token = card.read_token()?;
    card.finish()?;
    Ok(token)
}

/// Reads the directories and what the counter of the PIN says.
pub fn list(card: &mut Card) -> Result<(Token, Tries), CardError> {
    let token = card.read_token()?;
    let tries = card.tries(&only_pin(&token))?;
    Ok((token, tries))
}

/// Signs with every private key, after one wrong PIN. Every signature is right.
pub fn sign(card: &mut Card) -> Result<usize, CardError> {
    let token = card.read_token()?;
    let auth = only_pin(&token);
    let wrong = card.verify(&auth, &Secret::from(OTHER_PIN));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(2), .. })), "{wrong:?}");
    card.hold()?;
    card.verify(&auth, &Secret::from(PIN))?;
    let mut signed = 0;
    for key in token.keys.iter().filter(|key| key.class == KeyClass::Private) {
        let half = token.keys.iter().find(|half| half.class == KeyClass::Public && half.id == key.id);
        let public = public_key(card, half.ok_or(CardError::NoSuchObject)?.object)?;
        let right = match &public {
            PublicKey::Rsa { .. } => {
                let call = CardCall::RsaSignPkcs1 { key: key.object, digest_info: &DIGEST_INFO };
                rsa::pkcs1_verify(&public, &DIGEST_INFO, card.perform(&call)?.expose())?
            }
            _ if card.abilities()?.ecdsa.is_empty() => continue,
            _ => {
                let call = CardCall::EcdsaSign { key: key.object, digest: &DIGEST };
                ec::verify(&public, &DIGEST, card.perform(&call)?.expose())?
            }
        };
        assert!(right, "the signature of {}", key.label);
        signed += 1;
    }
    card.finish()?;
    Ok(signed)
}

/// Decrypts what was encrypted for the first key: the length of the text (a recording hides the text itself). Then what
/// is no cryptogram.
pub fn decrypt(card: &mut Card) -> Result<usize, CardError> {
    let token = card.read_token()?;
    let auth = only_pin(&token);
    card.hold()?;
    card.verify(&auth, &Secret::from(PIN))?;
    let rsa_key = |class| token.keys.iter().find(|key| key.class == class && key.id.0 == [1]);
    let (private, public) = (rsa_key(KeyClass::Private), rsa_key(KeyClass::Public));
    let (private, public) = private.zip(public).ok_or(CardError::NoSuchObject)?;
    let public = public_key(card, public.object)?;
    let cryptogram = rsa::pkcs1_encrypt(&public, b"some secret text")?;
    let call = CardCall::RsaDecryptPkcs1 { key: private.object, cryptogram: &cryptogram };
    let text = card.perform(&call)?;
    let nonsense = CardCall::RsaDecryptPkcs1 { key: private.object, cryptogram: &[0x11; 256] };
    let refused = card.perform(&nonsense);
    assert!(matches!(refused, Err(CardError::Crypto(_))), "{refused:?}");
    card.finish()?;
    Ok(text.len())
}

/// The certificate that goes on the card.
pub fn certificate() -> Vec<u8> {
    let text = include_str!("certificate.txt");
    let digits: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    hex::decode(&digits).unwrap_or_default()
}

fn only_pin(token: &Token) -> AuthId {
    token.auths.first().map(|auth| auth.id.clone()).unwrap_or(AuthId(Vec::new()))
}

fn public_key(card: &mut Card, object: ObjectId) -> Result<PublicKey, CardError> {
    Ok(PublicKey::from_spki_der(&card.read_object(object)?)?)
}

fn generate(card: &mut Card, owner: &AuthId, number: u8, key_type: KeyType) -> Result<CreatedKey, CardError> {
    let (label, id) = (format!("key {number}"), KeyId(vec![number]));
    let key = NewKey {
        owner,
        label: &label,
        id: &id,
        key_type,
        usage: KeyUsage { sign: true, decrypt: number == 1, ..KeyUsage::default() },
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    };
    administer(card, |admin, channel| admin.generate_key(channel, &key))
}

fn administer<T>(
    card: &mut Card,
    job: impl FnMut(&mut dyn CardAdmin, &mut Channel<'_>) -> Result<T, CardError>,
) -> Result<T, CardError> {
    card.administer(job)
}
