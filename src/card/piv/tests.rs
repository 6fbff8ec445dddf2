//! The driver and cards with Yubico's extensions, by dialogues of our own after Yubico's documentation: no such card runs in
//! these tests. Those that can run are in tests/cards.

use super::references::DATA_OBJECTS;
use super::*;
use crate::apdu::testing::{PULLED, Script, channel};
use crate::card::admin::{ImportedKey, KeyMaterial, PinPolicy, Placement, TouchPolicy};
use crate::codec::{hex, tlv};
use crate::crypto::{EcPrivateKey, PrivateKey};
use crate::token::{KeyAlgorithm, KeyClass, KeyId, KeyUsage, Token};

/// YubiKey 5, contact.
const YUBIKEY_ATR: &str = "3bfd1300008131fe158073c021c057597562694b657940";
const ABSENT: &str = "6a82";
const NO_KEY: &str = "6a88";

type Steps = Vec<(String, String)>;

fn get_data(tag: &str) -> String {
    format!("00cb3fff0000055c03{tag}0200")
}

/// GET DATA on a card that takes short commands alone.
fn get_data_short(container: &Container) -> String {
    let list = tlv::encode(0x5C, container.tag());
    format!("00cb3fff{:02x}{}00", list.len(), hex::encode(&list))
}

fn metadata(reference: &str) -> String {
    format!("00f700{reference}000000")
}

/// What a YubiKey 5.7 is asked when it has a P-256 key in 9A (PIN each time) and an RSA key in 9D, no certificates.
fn listing(public: &PublicKey) -> Steps {
    let point = tlv::encode(0x86, public.ec().unwrap().1);
    let key = [
        tlv::encode(0x01, &[0x11]),
        tlv::encode(0x02, &[0x03, 0x01]),
        tlv::encode(0x03, &[0x01]),
        tlv::encode(0x04, &point),
    ];
    let key = format!("{}9000", hex::encode(&key.concat()));
    let mut steps: Steps = vec![
        ("00f8000000".into(), "00bc614e9000".into()),
        (metadata("9e"), NO_KEY.into()),
        (get_data("5fc101"), ABSENT.into()),
        (metadata("80"), "05010106020302 9000".into()),
    ];
    for (reference, answer, certificate) in [
        ("9a", key.as_str(), "5fc105"),
        ("9c", NO_KEY, "5fc10a"),
        ("9d", "01010702020202030102 9000", "5fc10b"),
    ] {
        steps.push((metadata(reference), answer.into()));
        steps.push((get_data(certificate), ABSENT.into()));
    }
    steps.push(("00cb3fff0000055c035fc10c0000".into(), ABSENT.into()));
    steps.push((metadata("82"), NO_KEY.into()));
    steps.push((get_data("5fc10d"), ABSENT.into()));
    steps
}

fn opening() -> Steps {
    vec![
        ("00a4040009a0000003080000100000".into(), "61114f0600001000010079074f05a0000003089000".into()),
        ("00fd000000".into(), "0507009000".into()),
    ]
}

fn script(parts: &[Steps]) -> Script {
    let steps = parts.concat();
    let steps: Vec<(&str, &str)> =
        steps.iter().map(|(command, response)| (command.as_str(), response.as_str())).collect();
    Script::extended(&steps).with_atr(YUBIKEY_ATR)
}

fn key_pair() -> (EcPrivateKey, PublicKey) {
    let key = EcPrivateKey::generate(Curve::P256).unwrap();
    let public = key.public();
    (key, public)
}

#[test]
fn yubikey_tells_keys_policies_and_tries_by_its_metadata() {
    let (_, public) = key_pair();
    let mut script = script(&[opening(), listing(&public)]);
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    let token = driver.read_token(&mut channel, Listing::Keys).unwrap();
    assert_eq!((token.info.label.as_str(), token.info.serial.as_str()), ("YubiKey PIV", "12345678"));
    assert_eq!((token.info.model.as_str(), token.info.firmware_version), ("PIV 5.7.0", (5, 7)));
    let private: Vec<_> = token.keys.iter().filter(|key| key.class == KeyClass::Private).collect();
    let [first, second] = private.as_slice() else { panic!("{private:?}") };
    assert_eq!(first.algorithm, KeyAlgorithm::Ec { curve: Some(Curve::P256) });
    assert!(first.always_authenticate && first.access.local && first.usage.sign);
    assert_eq!(
        (second.id.0.as_slice(), second.algorithm),
        (&[3][..], KeyAlgorithm::Rsa { modulus_bits: 2048 })
    );
    assert!(!second.always_authenticate && !second.access.local, "imported");
    let value = driver.read_object(&mut channel, KeyReference::AUTHENTICATION.public_object()).unwrap();
    assert_eq!(PublicKey::from_spki_der(&value).unwrap(), public);
    let tries = driver.tries(&mut channel, &AuthId(vec![0x80])).unwrap();
    assert_eq!(tries, Tries { left: Some(2), max: Some(3) });
    assert!(driver.abilities().ed25519 && driver.abilities().rsa_bits.contains(&4096));
    drop(channel);
    script.assert_done();
}

#[test]
fn yubikey_attests_and_moves_keys() {
    let (_, public) = key_pair();
    let mut script = script(&[
        opening(),
        listing(&public),
        vec![
            ("00f99a00000000".into(), "3003020101 9000".into()),
            ("00f6829a".into(), "9000".into()),
            ("00db3fff075c035fc10d5300".into(), "9000".into()),
        ],
    ]);
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    let key = KeyReference::AUTHENTICATION.private_object();
    let admin = driver.admin().unwrap();
    assert_eq!(admin.attest(&mut channel, key).unwrap(), [0x30, 0x03, 0x02, 0x01, 0x01]);
    let to = Placement { place: Some("82"), ..Placement::default() };
    let moved = admin.move_key(&mut channel, key, to).unwrap();
    assert_eq!(KeyReference::of_object(moved).map(|(key, _)| key.name()), Some("82".to_owned()));
    drop(channel);
    script.assert_done();
}

#[test]
fn yubikey_takes_a_key_with_its_policies_and_loses_the_old_certificate() {
    let (_, public) = key_pair();
    let (private, imported) = key_pair();
    let scalar = hex::encode(private.scalar().expose());
    let mut script = script(&[
        opening(),
        listing(&public),
        vec![
            (format!("00fe119a280620{scalar}aa0103ab0102"), "9000".into()),
            (get_data("5fc102"), "530100 9000".into()),
            (get_data("5fc107"), "530100 9000".into()),
        ],
    ]);
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    let private = PrivateKey::from(private);
    let new = ImportedKey {
        owner: &AuthId(vec![0x80]),
        label: "",
        id: &KeyId(vec![1]),
        key: KeyMaterial::Private(&private),
        usage: KeyUsage::default(),
        extractable: false,
        always_authenticate: false,
        placement: Placement {
            place: Some("9a"),
            replace: true,
            pin_policy: Some(PinPolicy::Always),
            touch_policy: Some(TouchPolicy::Always),
        },
    };
    let created = driver.admin().unwrap().import_key(&mut channel, &new).unwrap();
    assert_eq!(created.public.map(|(_, public)| public), Some(imported));
    drop(channel);
    script.assert_done();
}

#[test]
fn card_without_a_piv_application_is_left_to_other_drivers() {
    let mut script = Script::t1(&[("00a4040009a0000003080000100000", "6a82")]);
    let mut channel = channel(&mut script);
    assert!(open(&mut channel, &CardSettings::default()).unwrap().is_none());
}

#[test]
fn global_pin_is_the_one_that_is_verified_where_the_card_prefers_it() {
    let discovery = "7e124f0ba0000003080000100001005f2f026020 9000";
    let mut script = Script::t1(&[
        ("00a4040009a0000003080000100000", "6100 9000"),
        ("00cb3fff035c017e00", discovery),
        ("00cb3fff055c035fc10200", ABSENT),
        ("00cb3fff055c035fc10100", ABSENT),
        ("00f7009e00", "6d00"),
        ("00200000", "63c5"),
        ("00cb3fff055c035fc10500", "530570030102039000"),
        ("00cb3fff055c035fc10a00", ABSENT),
        ("00cb3fff055c035fc10b00", ABSENT),
        ("00cb3fff055c035fc10c00", ABSENT),
        ("0020000008313233343536ffff", "9000"),
    ]);
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    let token = driver.read_token(&mut channel, Listing::Keys).unwrap();
    assert_eq!((token.auths[0].label.as_str(), token.auths[0].id.0.as_slice()), ("Global PIN", &[0][..]));
    assert_eq!(token.keys[0].algorithm, KeyAlgorithm::Untold, "its certificate is none");
    let pin = token.auths[0].id.clone();
    assert_eq!(driver.tries(&mut channel, &pin).unwrap().left, Some(5));
    driver.verify(&mut channel, &pin, &Secret::from("123456")).unwrap();
    drop(channel);
    script.assert_done();
}

const SELECT: (&str, &str) = ("00a4040009a0000003080000100000", "6100 9000");
/// What the layout depends on, of a card of nobody in particular: discovery object, CHUID, the key without a PIN, the PIN.
const LAYOUT: [(&str, &str); 5] = [
    ("00cb3fff035c017e00", ABSENT),
    ("00cb3fff055c035fc10200", ABSENT),
    ("00cb3fff055c035fc10100", ABSENT),
    ("00f7009e00", "6d00"),
    ("00200080", "63c3"),
];
/// The other keys, one with something like a certificate, and a key history.
const KEYS: [(&str, &str); 4] = [
    ("00cb3fff055c035fc10500", ABSENT),
    ("00cb3fff055c035fc10a00", "530570030102039000"),
    ("00cb3fff055c035fc10b00", ABSENT),
    ("00cb3fff055c035fc10c00", "530ac10100c20100f303000000 9000"),
];

/// A card that was opened and listed as far as the layout depends on it.
fn opened() -> Box<dyn CardDriver> {
    let mut script = Script::t1(&[&[SELECT][..], &LAYOUT].concat());
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    let token = driver.read_token(&mut channel, Listing::Layout).unwrap();
    assert_eq!((token.auths.len(), token.keys.len(), token.data.len()), (3, 0, 0));
    drop(channel);
    script.assert_done();
    driver
}

/// Lists by this dialogue and no other.
fn list(
    driver: &mut dyn CardDriver,
    listing: Listing,
    dialogue: &[&[(&str, &str)]],
) -> Result<Token, CardError> {
    let mut script = Script::t1(&dialogue.concat());
    let mut channel = channel(&mut script);
    let listed = driver.read_token(&mut channel, listing);
    drop(channel);
    script.assert_done();
    listed
}

#[test]
fn more_is_listed_beside_what_is_known() {
    let mut driver = opened();
    let token = list(&mut *driver, Listing::Keys, &[&KEYS]).unwrap();
    assert_eq!((token.certificates.len(), token.data.len()), (1, 0), "the history decides no slot");
    // There is never less.
    assert_eq!(list(&mut *driver, Listing::Layout, &[]).unwrap(), token);
    let data: Vec<_> = DATA_OBJECTS.iter().map(|row| get_data_short(&row.container())).collect();
    let history = get_data_short(&Container::key_history());
    let data: Vec<_> = data.iter().filter(|it| **it != history).map(|it| (it.as_str(), ABSENT)).collect();
    driver.forget_state();
    let whole = list(&mut *driver, Listing::Everything, &[&[SELECT], &data]).unwrap();
    assert_eq!((whole.certificates.len(), whole.data.len()), (1, 1), "the history is there");
}

#[test]
fn listing_that_fails_is_begun_anew() {
    let mut driver = opened();
    driver.forget_state();
    let cut = [SELECT, KEYS[0], (KEYS[1].0, PULLED)];
    assert!(list(&mut *driver, Listing::Keys, &[&cut]).is_err());
    driver.forget_state();
    // Meanwhile another program gave it a CHUID. That it has no metadata is known.
    let chuid = "533b 3019d4e739d821086c1084210d8360d8210842108421804210c3f9 341000112233445566778899aabbccddeeff \
                 35083230333030313031 3e00 fe00 9000";
    let layout = [LAYOUT[0], (LAYOUT[1].0, chuid), LAYOUT[2], LAYOUT[4]];
    let token = list(&mut *driver, Listing::Keys, &[&[SELECT], &layout, &KEYS]).unwrap();
    assert_eq!(token.info.serial, "00112233445566778899aabbccddeeff");
}
