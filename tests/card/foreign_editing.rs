//! Cards that OpenSC formatted (one folder for all PINs, its directories guarded by PIN 1) are extended and deleted
//! from; OpenSC reads and uses them afterwards. And it reads what was changed and deleted on cards of our own.

use std::fs;

use p11ctl::card::admin::{ImportedKey, KeyMaterial, KeyType, NewKey, ObjectKind, Placement, Write};
use p11ctl::card::example::ExampleKind;
use p11ctl::card::{Card, CardError};
use p11ctl::codec::{Secret, hex};
use p11ctl::crypto::{Curve, PrivateKey, RsaPrivateKey};
use p11ctl::softcard::{self, Profile};
use p11ctl::token::{AuthId, KeyId, KeyUsage, ObjectId, Token};

use crate::editing::{new_key, store_certificate, store_data};
use crate::interrupting::{interrupted, nothing};
use crate::opensc_card::{self, PIN_1, PIN_2};
use crate::rig::Rig;
use crate::support::{Bench, auth};

fn opensc_bench() -> (Bench, Rig) {
    let bench = Bench::blank(Profile::MyEid);
    let mut rig = opensc_card::personalised(&bench);
    drop(rig.remove(0));
    (bench, rig)
}

fn log_in(card: &mut Card, pins: &[(&str, &str)]) -> Token {
    let token = card.read_token().unwrap();
    for (label, pin) in pins {
        card.verify(&auth(&token, label), &Secret::from(*pin)).unwrap();
    }
    token
}

fn certificate_of(token: &Token, label: &str) -> ObjectId {
    token.certificates.iter().find(|known| known.label == label).unwrap().object
}

/// OpenSC lists what is there, signs with the key of this identifier, and the signature is right.
fn opensc_signs(rig: &mut Rig, bench: &Bench, slot: &str, pin: &str, id: &str, mechanism: &str) {
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    fs::write(rig.folder().join("text"), b"a text").unwrap();
    let who = ["--login", "--pin", pin, "--slot-index", slot, "--id", id];
    let sign = ["--sign", "--mechanism", mechanism, "--signature-format", "openssl"];
    rig.expect(
        "pkcs11-tool",
        &[&sign[..], &["--input-file", "text", "--output-file", "signature"], &who].concat(),
    );
    rig.expect("pkcs15-tool", &["--read-public-key", id, "-o", "key.pem"]);
    rig.expect("openssl", &["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "text"]);
}

fn dump(rig: &Rig) -> String {
    rig.expect("pkcs15-tool", &["-D"]).stdout
}

#[test]
fn card_of_opensc_is_extended_and_deleted_from() {
    let (bench, mut rig) = opensc_bench();
    let mut card = bench.card_without_cache();
    let token = log_in(&mut card, &[("PIN 1", PIN_1), ("PIN 2", PIN_2)]);
    let (one, two) = (auth(&token, "PIN 1"), auth(&token, "PIN 2"));
    let id = KeyId(vec![0x31]);
    let new = NewKey { label: "made by p11ctl", ..new_key(&one, &id, KeyType::Ec(Curve::P256)) };
    card.administer(|admin, channel| admin.generate_key(channel, &new)).unwrap();
    let rsa: PrivateKey = RsaPrivateKey::generate(2048).unwrap().into();
    let usage = KeyUsage { sign: true, decrypt: true, ..KeyUsage::default() };
    let imported = ImportedKey {
        owner: &two,
        label: "loaded by p11ctl",
        id: &KeyId(vec![0x32]),
        key: KeyMaterial::Private(&rsa),
        usage,
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    };
    card.administer(|admin, channel| admin.import_key(channel, &imported)).unwrap();
    store_certificate(&mut card, Some(&one), 0x31).unwrap();
    store_data(&mut card, Some(&one), false, "data of p11ctl").unwrap();
    for label in ["other1", "leaf 01"] {
        let token = card.read_token().unwrap();
        card.administer(|admin, channel| admin.delete_object(channel, certificate_of(&token, label)))
            .unwrap();
    }
    let token = card.read_token().unwrap();
    card.administer(|admin, channel| {
        admin.set_label(channel, certificate_of(&token, "other2"), "a name of its own")
    })
    .unwrap();
    card.finish().unwrap();
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!(token.problems, []);

    opensc_signs(&mut rig, &bench, "0", PIN_1, "31", "ECDSA-SHA256");
    drop(rig.remove(0));
    opensc_signs(&mut rig, &bench, "1", PIN_2, "32", "SHA256-RSA-PKCS");
    let listed = dump(&rig);
    for label in [
        "key 01",
        "key 02",
        "made by p11ctl",
        "loaded by p11ctl",
        "leaf 02",
        "authority",
        "certificate 49",
        "a name of its own",
        "data of p11ctl",
    ] {
        assert!(
            listed.contains(&format!("[{label}]")) || listed.contains(&format!("'{label}'")),
            "{label}:\n{listed}"
        );
    }
    for label in ["other1", "leaf 01", "other2"] {
        assert!(!listed.contains(&format!("X.509 Certificate [{label}]")), "{label}:\n{listed}");
    }
    // OpenSC goes on with it.
    let store = ["--store-certificate", "other1.pem", "--label", "back again", "--id", "b1", "--authority"];
    rig.expect("pkcs15-init", &[&store[..], &["--pin", PIN_1]].concat());
    assert!(dump(&rig).contains("[back again]"));
    drop(rig.remove(0));
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!((token.problems.len(), token.certificates.len()), (0, 5));
}

#[test]
fn plan_names_the_pins_that_a_card_of_opensc_asks_for() {
    let (bench, _rig) = opensc_bench();
    let mut card = bench.card_without_cache();
    let token = card.read_token().unwrap();
    let (one, two) = (auth(&token, "PIN 1"), auth(&token, "PIN 2"));
    let mut plan = |write: Write<'_>| card.administer(|admin, channel| admin.plan_write(channel, write));
    assert_eq!(plan(Write::Store(ObjectKind::Certificate, Some(&one))).unwrap(), std::slice::from_ref(&one));
    let both = plan(Write::Store(ObjectKind::KeyPair, Some(&two))).unwrap();
    assert!(both.len() == 2 && both.contains(&one) && both.contains(&two), "{both:?}");
    assert_eq!(plan(Write::Delete(certificate_of(&token, "other1"))).unwrap(), std::slice::from_ref(&one));
    assert_eq!(plan(Write::Change(certificate_of(&token, "leaf 02"))).unwrap(), std::slice::from_ref(&one));
    assert_eq!(plan(Write::Format).unwrap(), [auth(&token, "Security Officer PIN")]);
    assert!(matches!(plan(Write::Pin), Err(CardError::NotSupported { .. })));
    // With one of two PINs nothing is written at all.
    let counter = |card: &mut Card| {
        card.with(|_, channel| Ok(channel.transmit_raw(&hex::decode("00CA01A014").unwrap())?.data)).unwrap()
    };
    let before = counter(&mut card);
    card.verify(&two, &Secret::from(PIN_2)).unwrap();
    let id = KeyId(vec![9]);
    let new = new_key(&two, &id, KeyType::Ec(Curve::P256));
    let refused = card.administer(|admin, channel| admin.generate_key(channel, &new));
    assert!(matches!(refused, Err(CardError::NotAuthenticated)), "{refused:?}");
    assert_eq!(counter(&mut card), before);
}

#[test]
fn plan_on_our_own_cards_is_the_owner_or_the_officer() {
    let bench = Bench::example(ExampleKind::Shared);
    let mut card = bench.card_without_cache();
    let token = card.read_token().unwrap();
    let officer = auth(&token, "SO PIN");
    let mut plan =
        |write: Write<'_>| card.administer(|admin, channel| admin.plan_write(channel, write)).unwrap();
    let two = AuthId(vec![2]);
    for kind in [
        ObjectKind::KeyPair,
        ObjectKind::SecretKey,
        ObjectKind::PublicKey,
        ObjectKind::Certificate,
        ObjectKind::Data,
    ] {
        assert_eq!(plan(Write::Store(kind, Some(&two))), std::slice::from_ref(&two), "{kind:?}");
    }
    assert_eq!(plan(Write::Store(ObjectKind::Certificate, None)), std::slice::from_ref(&officer));
    assert_eq!(plan(Write::Delete(certificate_of(&token, "certificate 2"))), std::slice::from_ref(&two));
    assert_eq!(plan(Write::Delete(certificate_of(&token, "root"))), std::slice::from_ref(&officer));
    assert_eq!(plan(Write::Pin), std::slice::from_ref(&officer));
    assert_eq!(plan(Write::Format), [officer]);
}

#[test]
fn directory_of_opensc_grows_past_its_size() {
    let (bench, mut rig) = opensc_bench();
    let mut card = bench.card_without_cache();
    log_in(&mut card, &[("PIN 1", PIN_1)]);
    let before = card.read_token().unwrap().certificates.len();
    for id in 1..=12 {
        store_certificate(&mut card, Some(&AuthId(vec![1])), id).unwrap();
    }
    card.finish().unwrap();
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!((token.problems.len(), token.certificates.len()), (0, before + 12));
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    let listed = dump(&rig);
    assert_eq!(listed.matches("X.509 Certificate [").count(), before + 12, "{listed}");
}

#[test]
fn entries_that_nobody_understands_survive_byte_for_byte() {
    let (bench, mut rig) = opensc_bench();
    let mut card = bench.card_without_cache();
    log_in(&mut card, &[("PIN 1", PIN_1)]);
    // An attribute certificate (tag A0) behind the others: a form that is not read here.
    let strange = hex::decode("A01A 300A 0C07 73747261 6E6765 3003 0401 55 A107 3005 3003 0401 66").unwrap();
    let cdf = "00A4080C0450154403";
    let raw = |card: &mut Card| -> Vec<u8> {
        card.with(|driver, channel| {
            driver.forget_state();
            channel.transmit_raw(&hex::decode(cdf).unwrap())?;
            let mut bytes = Vec::new();
            for page in 0..6u8 {
                let read = [0x00, 0xB0, page, 0x00, 0x00];
                bytes.extend(channel.transmit_raw(&read)?.data);
            }
            Ok(bytes)
        })
        .unwrap()
    };
    let end = raw(&mut card).iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let update = [&[0x00, 0xD6], &(end as u16).to_be_bytes()[..], &[strange.len() as u8], &strange].concat();
    card.with(|driver, channel| {
        driver.forget_state();
        assert!(channel.transmit_raw(&hex::decode(cdf).unwrap())?.status.is_ok());
        assert!(channel.transmit_raw(&update)?.status.is_ok());
        Ok(())
    })
    .unwrap();
    let token = card.read_token().unwrap();
    assert_eq!(token.problems.len(), 1);
    card.administer(|admin, channel| admin.delete_object(channel, certificate_of(&token, "other1"))).unwrap();
    store_certificate(&mut card, Some(&AuthId(vec![1])), 7).unwrap();
    let token = card.read_token().unwrap();
    let leaf = certificate_of(&token, "leaf 01");
    card.administer(|admin, channel| admin.set_label(channel, leaf, "a longer name for the leaf")).unwrap();
    let bytes = raw(&mut card);
    assert_eq!(bytes.windows(strange.len()).filter(|window| *window == strange).count(), 1);
    assert_eq!(card.read_token().unwrap().problems.len(), 1);
    card.finish().unwrap();
    let _ = &mut rig;
}

#[test]
fn opensc_reads_our_card_after_changes_and_deletions() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card_without_cache();
    let token = log_in(&mut card, &[("PIN 1", "11111111")]);
    let root = certificate_of(&token, "root 1");
    card.administer(|admin, channel| admin.set_label(channel, root, "the root of the first chain")).unwrap();
    let leaf = certificate_of(&token, "certificate 1");
    card.administer(|admin, channel| admin.delete_object(channel, leaf)).unwrap();
    let id = KeyId(vec![0x31]);
    let owner = auth(&token, "PIN 1");
    let new = NewKey { label: "second key", ..new_key(&owner, &id, KeyType::Ec(Curve::P384)) };
    card.administer(|admin, channel| admin.generate_key(channel, &new)).unwrap();
    card.finish().unwrap();
    let mut rig = Rig::start();
    opensc_signs(&mut rig, &bench, "0", "11111111", "31", "ECDSA-SHA256");
    let listed = dump(&rig);
    for label in
        ["key 1", "second key", "issuing CA 1", "the root of the first chain", "certificate 2", "root 2"]
    {
        assert!(listed.contains(&format!("[{label}]")), "{label}:\n{listed}");
    }
    for label in ["certificate 1", "root 1"] {
        assert!(!listed.contains(&format!("[{label}]")), "{label}:\n{listed}");
    }
}

#[test]
fn change_of_a_card_of_opensc_interrupted_anywhere_harms_nothing() {
    let (bench, _rig) = opensc_bench();
    let (who, owner) = (("PIN 1", PIN_1), AuthId(vec![1]));
    interrupted(&bench, who, nothing, |card, token| {
        card.administer(|admin, channel| admin.delete_object(channel, certificate_of(token, "other1")))
    });
    // Until the next one needs a larger directory.
    let mut last = 0;
    loop {
        let image = fs::read(bench.image()).unwrap();
        let mut card = bench.card_without_cache();
        log_in(&mut card, &[who]);
        last += 1;
        store_certificate(&mut card, Some(&owner), last).unwrap();
        card.finish().unwrap();
        let moved = card.with(|driver, channel| {
            driver.forget_state();
            Ok(!channel.transmit_raw(&hex::decode("00A4080C0450154403").unwrap())?.status.is_ok()
                || channel.transmit_raw(&hex::decode("00A4080C0450154413").unwrap())?.status.is_ok())
        });
        if moved.unwrap() {
            fs::write(bench.image(), image).unwrap();
            break;
        }
        assert!(last < 20, "the directory never moves");
    }
    interrupted(&bench, who, nothing, |card, _| store_certificate(card, Some(&owner), last).map(|_| ()));
}

#[test]
fn pin_of_opensc_is_changed_and_unblocked_but_not_by_its_officer() {
    use p11ctl::card::admin::Unblock;
    let (bench, _rig) = opensc_bench();
    let mut card = bench.card_without_cache();
    let token = card.read_token().unwrap();
    let (one, new) = (auth(&token, "PIN 1"), Secret::from("12121212"));
    card.change_pin(&one, &Secret::from(PIN_1), &new).unwrap();
    card.unblock_pin(&one, Unblock::Puk(&Secret::from("99999999")), &Secret::from(PIN_1)).unwrap();
    log_in(&mut card, &[("PIN 1", PIN_1), ("Security Officer PIN", "00000000")]);
    let refused = card.unblock_pin(&one, Unblock::Officer, &new);
    assert!(matches!(refused, Err(CardError::NotSupported { .. })), "{refused:?}");
    assert_eq!(card.tries_left(&one).unwrap(), Some(3));
}
