//! The driver and cards with Yubico's extensions, by dialogues of our own after Yubico's documentation: no such card runs in
//! these tests. Those that can run are in tests/cards.

use super::references::DATA_OBJECTS;
use super::*;
use crate::apdu::testing::{Script, channel};
use crate::card::admin::{ImportedKey, KeyMaterial, PinPolicy, Placement, TouchPolicy};
use crate::codec::{hex, tlv};
use crate::crypto::{EcPrivateKey, PrivateKey};
use crate::token::{KeyAlgorithm, KeyClass, KeyId, KeyUsage};

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
    let mut steps: Steps = vec![("00f8000000".into(), "00bc614e9000".into())];
    for (reference, answer, certificate) in [
        ("9e", NO_KEY, "5fc101"),
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
    steps.push((metadata("80"), "05010106020302 9000".into()));
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
    let token = driver.read_token(&mut channel).unwrap();
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
        ("00cb3fff055c035fc10500", "530570030102039000"),
        ("00cb3fff055c035fc10a00", ABSENT),
        ("00cb3fff055c035fc10b00", ABSENT),
        ("00cb3fff055c035fc10c00", ABSENT),
        ("00200000", "63c5"),
        ("0020000008313233343536ffff", "9000"),
    ]);
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    let token = driver.read_token(&mut channel).unwrap();
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
const CERTIFICATE_9A: &str = "00cb3fff055c035fc10500";
/// The other keys.
const REST: [(&str, &str); 3] = [
    ("00cb3fff055c035fc10a00", "530570030102039000"),
    ("00cb3fff055c035fc10b00", ABSENT),
    ("00cb3fff055c035fc10c00", ABSENT),
];

/// Lists a card in two transactions: what the layout depends on, then its keys.
fn list_in_two_steps(keys: &[(&str, &str)]) -> Vec<String> {
    let mut script = Script::t1(&[&[SELECT][..], &LAYOUT, keys].concat());
    let mut channel = channel(&mut script);
    let settings = CardSettings::default();
    settings.layout_first.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut driver = open(&mut channel, &settings).unwrap().unwrap();
    let token = driver.read_token(&mut channel).unwrap();
    assert_eq!((token.auths.len(), token.keys.len()), (3, 0));
    assert_eq!(driver.listing(), Listing::Layout);
    driver.forget_state();
    driver.list(Listing::Keys);
    let token = driver.read_token(&mut channel).unwrap();
    assert_eq!(token.problems, []);
    drop(channel);
    script.assert_done();
    token.certificates.into_iter().map(|certificate| certificate.label).collect()
}

#[test]
fn keys_that_are_listed_after_the_layout_cost_no_second_selection_where_the_first_has_a_certificate() {
    let first = (CERTIFICATE_9A, "530570030102039000");
    let certificates = list_in_two_steps(&[&[first][..], &REST].concat());
    assert_eq!(
        certificates,
        ["X.509 Certificate for PIV Authentication", "X.509 Certificate for Digital Signature"]
    );
}

#[test]
fn application_is_selected_again_where_nothing_says_that_it_still_is() {
    // Absent here or in another application; not known there.
    for refusal in [ABSENT, "6d00"] {
        let again = [(CERTIFICATE_9A, refusal), SELECT, (CERTIFICATE_9A, ABSENT)];
        let certificates = list_in_two_steps(&[&again[..], &REST].concat());
        assert_eq!(certificates, ["X.509 Certificate for Digital Signature"], "{refusal}");
    }
}

#[test]
fn data_objects_are_asked_for_beside_what_is_known() {
    let listed = [&LAYOUT[..4], &[(CERTIFICATE_9A, ABSENT)], &REST, &LAYOUT[4..]].concat();
    let mut script = Script::t1(&[&[SELECT][..], &listed].concat());
    let mut channel = channel(&mut script);
    let mut driver = open(&mut channel, &CardSettings::default()).unwrap().unwrap();
    drop(channel);
    script.assert_done();
    let steps: Vec<_> = DATA_OBJECTS.iter().map(|row| get_data_short(&row.container())).collect();
    let mut steps: Vec<_> = steps.iter().map(|step| (step.as_str(), ABSENT)).collect();
    steps[0].1 = "530101 9000";
    let mut script = Script::t1(&steps);
    let mut channel = crate::apdu::testing::channel(&mut script);
    driver.list(Listing::Everything);
    let token = driver.read_token(&mut channel).unwrap();
    assert_eq!((token.certificates.len(), token.data.len()), (1, 1));
    drop(channel);
    script.assert_done();
}
