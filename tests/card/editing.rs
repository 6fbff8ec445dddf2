//! What is on a card is changed, deleted and repaired, by the PIN that owns it.

use p11ctl::card::admin::{ImportedKey, KeyMaterial, KeyType, NewCertificate, NewData, NewKey, Placement};
use p11ctl::card::example::OFFICER_PIN;
use p11ctl::card::{Card, CardCall, CardError};
use p11ctl::codec::{Secret, hex};
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, RsaPrivateKey, ec};
use p11ctl::softcard::Profile;
use p11ctl::token::{AuthId, AuthRole, KeyAlgorithm, KeyClass, KeyId, KeyUsage, ObjectId, Token};

use crate::interrupting::inventory;
use crate::support::{Bench, auth};

pub const PIN_1: (&str, &str) = ("PIN 1", "11111111");
pub const OFFICER: (&str, &str) = ("SO PIN", OFFICER_PIN);

pub fn log_in(card: &mut Card, (label, pin): (&str, &str)) -> Token {
    let token = card.read_token().unwrap();
    // OpenSC calls its officer otherwise, with the same PIN.
    let officer =
        token.auths.iter().find(|auth| label == OFFICER.0 && auth.role == AuthRole::SecurityOfficer);
    let auth = officer.map_or_else(|| auth(&token, label), |officer| officer.id.clone());
    card.verify(&auth, &Secret::from(pin)).unwrap();
    token
}

pub fn pin(number: u8) -> AuthId {
    AuthId(vec![number])
}

pub fn certificate(name: &str) -> Vec<u8> {
    let key: PrivateKey = EcPrivateKey::generate(Curve::P256).unwrap().into();
    let subject = format!("CN={name},O={}", "long name ".repeat(6).trim());
    let kind = CertificateKind::EndEntity { purposes: Vec::new() };
    CertificateTemplate::new(&subject, key.public(), kind, (0, 4_000_000_000))
        .sign(Issuer::Itself, &key)
        .unwrap()
}

pub fn store_certificate(card: &mut Card, owner: Option<&AuthId>, id: u8) -> Result<ObjectId, CardError> {
    let (label, id, der) =
        (format!("certificate {id}"), KeyId(vec![id]), certificate(&format!("holder {id}")));
    let new = NewCertificate { owner, label: &label, id: &id, der: &der };
    card.administer(|admin, channel| admin.store_certificate(channel, &new))
}

pub fn store_data(
    card: &mut Card,
    owner: Option<&AuthId>,
    private: bool,
    label: &str,
) -> Result<ObjectId, CardError> {
    let new =
        NewData { owner, private, label, application: "test", oid: &[0x2A, 3], value: label.as_bytes() };
    card.administer(|admin, channel| admin.store_data(channel, &new))
}

pub fn new_key<'a>(owner: &'a AuthId, id: &'a KeyId, key_type: KeyType) -> NewKey<'a> {
    let usage = KeyUsage { sign: true, decrypt: true, ..KeyUsage::default() };
    NewKey {
        owner,
        label: "new key",
        id,
        key_type,
        usage,
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    }
}

pub fn import(
    card: &mut Card,
    owner: &AuthId,
    id: &KeyId,
    key: KeyMaterial<'_>,
) -> Result<ObjectId, CardError> {
    let usage = KeyUsage { sign: true, decrypt: true, ..KeyUsage::default() };
    let label = "imported";
    let new = ImportedKey {
        owner,
        label,
        id,
        key,
        usage,
        extractable: false,
        always_authenticate: false,
        placement: Placement::default(),
    };
    card.administer(|admin, channel| admin.import_key(channel, &new)).map(|made| made.object)
}

/// A card with a key pair, three certificates and two data objects of PIN 1, and a certificate of nobody.
pub fn furnished() -> Bench {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card_without_cache();
    log_in(&mut card, PIN_1);
    let (owner, id) = (pin(1), KeyId(vec![1]));
    card.administer(|admin, channel| {
        admin.generate_key(
            channel,
            &NewKey { label: "key 1", ..new_key(&owner, &id, KeyType::Ec(Curve::P256)) },
        )
    })
    .unwrap();
    for id in 1..=3 {
        store_certificate(&mut card, Some(&owner), id).unwrap();
    }
    store_data(&mut card, Some(&owner), true, "private data").unwrap();
    store_data(&mut card, Some(&owner), false, "public data").unwrap();
    card.finish().unwrap();
    log_in(&mut card, OFFICER);
    store_certificate(&mut card, None, 9).unwrap();
    card.finish().unwrap();
    bench
}

pub fn repair(bench: &Bench, who: &[(&str, &str)]) -> p11ctl::card::admin::RepairReport {
    let mut card = bench.card_without_cache();
    for who in who {
        log_in(&mut card, *who);
    }
    let report = card.administer(|admin, channel| admin.repair(channel)).unwrap();
    card.finish().unwrap();
    report
}

pub fn object_of(token: &Token, label: &str) -> ObjectId {
    let certificates = token.certificates.iter().map(|it| (&it.label, it.object));
    let data = token.data.iter().map(|it| (&it.label, it.object));
    let keys = token.keys.iter().filter(|it| it.class == KeyClass::Private).map(|it| (&it.label, it.object));
    certificates.chain(data).chain(keys).find(|(known, _)| *known == label).unwrap().1
}

#[test]
fn keys_from_outside_work_on_the_card() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let owner = pin(1);
    let rsa: PrivateKey = RsaPrivateKey::generate(2048).unwrap().into();
    let object = import(&mut card, &owner, &KeyId(vec![1]), KeyMaterial::Private(&rsa)).unwrap();
    let signature = card.perform(&CardCall::RsaSignPkcs1 { key: object, digest_info: &[7; 51] }).unwrap();
    assert_eq!(p11ctl::crypto::rsa::pkcs1_verify(&rsa.public(), &[7; 51], signature.expose()), Ok(true));
    for (id, curve) in [(2, Curve::P256), (3, Curve::P384), (4, Curve::P521)] {
        let key: PrivateKey = EcPrivateKey::generate(curve).unwrap().into();
        let object = import(&mut card, &owner, &KeyId(vec![id]), KeyMaterial::Private(&key)).unwrap();
        let signature = card.perform(&CardCall::EcdsaSign { key: object, digest: &[7; 32] }).unwrap();
        assert_eq!(ec::verify(&key.public(), &[7; 32], signature.expose()), Ok(true));
    }
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!(token.problems, []);
    let private: Vec<_> = token.keys.iter().filter(|key| key.class == KeyClass::Private).collect();
    assert_eq!(private.len(), 4);
    assert!(
        private.iter().all(|key| !key.access.local && !key.access.always_sensitive && key.access.sensitive)
    );
}

#[test]
fn rsa_key_is_imported_in_short_commands_too() {
    let bench = Bench::personalised(Profile::OsEid);
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let rsa: PrivateKey = RsaPrivateKey::generate(2048).unwrap().into();
    let object = import(&mut card, &pin(1), &KeyId(vec![1]), KeyMaterial::Private(&rsa)).unwrap();
    let signature = card.perform(&CardCall::RsaSignPkcs1 { key: object, digest_info: &[7; 51] }).unwrap();
    assert_eq!(p11ctl::crypto::rsa::pkcs1_verify(&rsa.public(), &[7; 51], signature.expose()), Ok(true));
}

#[test]
fn aes_keys_are_made_and_loaded_and_called_what_they_are() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let (owner, id) = (pin(1), KeyId(vec![1]));
    let new = NewKey { extractable: true, ..new_key(&owner, &id, KeyType::Aes(256)) };
    let made = card.administer(|admin, channel| admin.generate_key(channel, &new)).unwrap();
    assert_eq!(made.public, None);
    let secret = Secret::from(&[9; 16][..]);
    import(&mut card, &owner, &KeyId(vec![2]), KeyMaterial::Aes(&secret)).unwrap();
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!(token.problems, []);
    let kinds: Vec<_> =
        token.keys.iter().map(|key| (key.class, key.algorithm, key.access.extractable)).collect();
    let aes = |key_bits| KeyAlgorithm::Aes { key_bits };
    assert_eq!(kinds, [(KeyClass::Secret, aes(256), true), (KeyClass::Secret, aes(128), false)]);
}

#[test]
fn what_the_card_has_not_is_refused_with_what_it_has() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let (owner, id) = (pin(1), KeyId(vec![1]));
    for (key_type, has) in [
        (KeyType::Rsa(2047), "rsa:1024, rsa:1536, rsa:2048"),
        (KeyType::Aes(64), "aes:128, aes:192, aes:256"),
        (KeyType::Ec(Curve::BrainpoolP256r1), "ec:p256"),
    ] {
        let error =
            card.administer(|admin, channel| admin.generate_key(channel, &new_key(&owner, &id, key_type)));
        let text = error.unwrap_err().to_string().to_lowercase();
        assert!(text.contains(has), "{text}");
    }
    let new = NewKey { extractable: true, ..new_key(&owner, &id, KeyType::Ec(Curve::P256)) };
    let error = card.administer(|admin, channel| admin.generate_key(channel, &new)).unwrap_err();
    assert!(matches!(error, CardError::NotSupported { .. }), "{error:?}");
    let odd = import(&mut card, &owner, &id, KeyMaterial::Aes(&Secret::from("too short")));
    assert!(matches!(odd, Err(CardError::NotSupported { .. })), "{odd:?}");
    assert!(bench.card_without_cache().read_token().unwrap().keys.is_empty());
}

#[test]
fn holder_of_a_pin_changes_and_deletes_what_is_its_own_and_nothing_else() {
    let bench = furnished();
    let before = inventory(&bench);
    let mut card = bench.card();
    let token = log_in(&mut card, ("PIN 2", "22222222"));
    for label in ["certificate 1", "private data", "public data", "key 1", "certificate 9"] {
        let object = object_of(&token, label);
        let deleted = card.administer(|admin, channel| admin.delete_object(channel, object));
        assert!(matches!(deleted, Err(CardError::NotAuthenticated)), "{label}: {deleted:?}");
        let named = card.administer(|admin, channel| admin.set_label(channel, object, "mine"));
        assert!(matches!(named, Err(CardError::NotAuthenticated)), "{label}: {named:?}");
    }
    card.finish().unwrap();
    assert_eq!(inventory(&bench), before);
    raw_commands_are_refused(&bench);
    assert_eq!(inventory(&bench), before);
    let mut card = bench.card();
    log_in(&mut card, ("PIN 2", "22222222"));
    let object = store_data(&mut card, Some(&pin(2)), true, "data of 2").unwrap();
    let object = card.administer(|admin, channel| admin.set_label(channel, object, "other name")).unwrap();
    card.administer(|admin, channel| admin.delete_object(channel, object)).unwrap();
    card.finish().unwrap();
    assert_eq!(inventory(&bench), before);
}

/// Past the driver, by commands of one's own: the card's access conditions keep PIN 2 out of the folder of PIN 1.
fn raw_commands_are_refused(bench: &Bench) {
    let mut card = bench.card();
    log_in(&mut card, ("PIN 2", "22222222"));
    let folder = "00A4080C0450155101";
    let files: Vec<u8> = raw(&mut card, &[folder, "00CA01A100"]).0;
    assert!(files.len() >= 2 * 10, "{files:?}");
    for file in files.chunks(2) {
        let select = format!("00A4080C0650155101{}", hex::encode(file));
        for (what, command) in [
            ("update", "00D60000020000"),
            ("delete", "00E40000"),
            ("generate", "00460000"),
            ("load", "00DA018701 01"),
        ] {
            let status = raw(&mut card, &[&select, command]).1;
            let refused = [0x6982, 0x6981, 0x6A86].contains(&status);
            assert!(refused, "{what} {}: {status:04X}", hex::encode(file));
        }
        if file[0] == 0x45 {
            assert_eq!(raw(&mut card, &[&select, "00B0000000"]).1, 0x6982, "read private data");
        }
        if file[0] == 0x4B {
            let sign = ["002241B6 0A 8001 04 8102", &hex::encode(file), "8401 00"].concat();
            let _ = raw(&mut card, &[&select, &sign]);
            assert_ne!(
                raw(
                    &mut card,
                    &["002A9E9A 20 0707070707070707070707070707070707070707070707070707070707070707 00"]
                )
                .1,
                0x9000
            );
        }
    }
    for delete_folder in ["00E40000", "00E0000019 6217 80020010 820101 83024701 8603000000 85020000 8A0100"] {
        assert_eq!(raw(&mut card, &[folder, delete_folder]).1, 0x6982, "{delete_folder}");
    }
    for (what, command) in
        [("change", "0024000108 3939393939393939"), ("unblock", "002C020108 3939393939393939")]
    {
        assert_eq!(raw(&mut card, &[command]).1, 0x6982, "{what}");
    }
    card.finish().unwrap();
}

/// Sends commands in one transaction; the last answer.
fn raw(card: &mut Card, commands: &[&str]) -> (Vec<u8>, u16) {
    card.with(|driver, channel| {
        driver.forget_state();
        let mut last = (Vec::new(), 0);
        for command in commands {
            let response = channel.transmit_raw(&hex::decode(command).unwrap())?;
            last = (response.data, response.status.0);
        }
        Ok(last)
    })
    .unwrap()
}

#[test]
fn object_that_another_program_changed_is_not_touched() {
    let bench = furnished();
    let mut ours = bench.card();
    let token = log_in(&mut ours, PIN_1);
    let object = object_of(&token, "certificate 1");
    let mut theirs = bench.card_without_cache();
    log_in(&mut theirs, PIN_1);
    theirs.administer(|admin, channel| admin.set_label(channel, object, "theirs")).unwrap();
    theirs.finish().unwrap();
    let result = ours.administer(|admin, channel| admin.delete_object(channel, object));
    assert!(matches!(result, Err(CardError::NoSuchObject)), "{result:?}");
    let token = log_in(&mut ours, PIN_1);
    let object = object_of(&token, "theirs");
    ours.administer(|admin, channel| admin.delete_object(channel, object)).unwrap();
}

#[test]
fn two_programs_at_once_lose_nothing_of_each_other() {
    let bench = furnished();
    let before = inventory(&bench).len();
    std::thread::scope(|scope| {
        for (owner, who) in [(1, PIN_1), (2, ("PIN 2", "22222222"))] {
            let bench = &bench;
            scope.spawn(move || {
                for number in 0..6u8 {
                    let mut card = bench.card();
                    card.hold().unwrap();
                    log_in(&mut card, who);
                    store_certificate(&mut card, Some(&pin(owner)), 0x10 * owner + number).unwrap();
                    card.finish().unwrap();
                }
            });
        }
    });
    assert_eq!(inventory(&bench).len(), before + 12);
}

#[test]
fn full_directory_gives_entries_back_that_a_deletion_freed() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let owner = pin(1);
    let mut stored = 0;
    while store_certificate(&mut card, Some(&owner), stored).is_ok() {
        stored += 1;
    }
    for label in ["certificate 0", "certificate 1", "certificate 2", "certificate 3"] {
        let token = card.read_token().unwrap();
        card.administer(|admin, channel| admin.delete_object(channel, object_of(&token, label))).unwrap();
    }
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!((token.certificates.len(), token.problems.len()), (usize::from(stored) - 4, 0));
    store_certificate(&mut card, Some(&owner), 0xF0).unwrap();
    store_certificate(&mut card, Some(&owner), 0xF1).unwrap();
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!((token.certificates.len(), token.problems.len()), (usize::from(stored) - 2, 0));
}

#[test]
fn object_without_contents_is_stored_and_read() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    let object = store_data(&mut card, Some(&pin(1)), false, "").unwrap();
    assert_eq!(card.read_object(object).unwrap(), b"");
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!((token.data.len(), token.problems.len()), (1, 0));
}

#[test]
fn erased_card_is_blank_and_takes_a_new_format() {
    let bench = furnished();
    let mut card = bench.card();
    log_in(&mut card, PIN_1);
    assert!(matches!(card.erase(), Err(CardError::NotAuthenticated)));
    log_in(&mut card, OFFICER);
    card.erase().unwrap();
    let token = card.read_token().unwrap();
    assert!(!token.info.initialized && token.auths.is_empty() && token.certificates.is_empty());
    card.finish().unwrap();
    crate::support::format(&mut bench.card()).unwrap();
    assert_eq!(bench.card_without_cache().read_token().unwrap().auths.len(), 3);
}

fn value(text: &str) -> Secret {
    Secret::from(text)
}

#[test]
fn pin_is_changed_by_its_holder_alone() {
    let bench = furnished();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let one = auth(&token, "PIN 1");
    let wrong = card.change_pin(&one, &value("00000000"), &value("12121212"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(2), .. })), "{wrong:?}");
    card.change_pin(&one, &value("11111111"), &value("121212")).unwrap();
    assert_eq!(card.tries_left(&one).unwrap(), Some(3));
    assert!(matches!(card.verify(&one, &value("11111111")), Err(CardError::PinIncorrect { .. })));
    card.verify(&one, &value("121212")).unwrap();
    store_data(&mut card, Some(&one), true, "with the new PIN").unwrap();
    card.finish().unwrap();
    card.change_pin(&one, &value("121212"), &value("11111111")).unwrap();
    assert_eq!(inventory(&bench).len(), inventory(&furnished()).len() + 1);
}

#[test]
fn new_pin_outside_the_limits_is_refused_before_anything_is_sent() {
    let bench = furnished();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let one = auth(&token, "PIN 1");
    let (ok, short, long, empty) = (value("11111111"), value("123"), value("123456789"), value(""));
    let (_, cost) = bench.cost(|| {
        card.hold().unwrap();
        card.tries_left(&one).unwrap();
        for (old, new) in [(&ok, &short), (&ok, &long), (&ok, &empty), (&empty, &ok), (&long, &ok)] {
            let refused = card.change_pin(&one, old, new);
            assert!(matches!(refused, Err(CardError::PinLength { .. })), "{refused:?}");
            let by = p11ctl::card::admin::Unblock::Puk(old);
            let refused = card.unblock_pin(&one, by, new);
            assert!(matches!(refused, Err(CardError::PinLength { .. })), "{refused:?}");
        }
    });
    // Whether the card changed, and the tries: nothing else.
    assert!(cost <= 2, "{cost}");
}

#[test]
fn blocked_pin_is_opened_by_its_puk_and_by_the_officer() {
    use p11ctl::card::admin::Unblock;
    let bench = furnished();
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let one = auth(&token, "PIN 1");
    let block = |card: &mut Card| {
        while card.tries_left(&one).unwrap() != Some(0) {
            card.verify(&one, &value("99990000")).unwrap_err();
        }
    };
    block(&mut card);
    let wrong = card.unblock_pin(&one, Unblock::Puk(&value("1234567")), &value("22223333"));
    assert!(matches!(wrong, Err(CardError::PinIncorrect { tries_left: Some(9), .. })), "{wrong:?}");
    let puk = value(p11ctl::card::example::PUK);
    card.unblock_pin(&one, Unblock::Puk(&puk), &value("22223333")).unwrap();
    card.verify(&one, &value("22223333")).unwrap();
    card.finish().unwrap();
    block(&mut card);
    let denied = card.unblock_pin(&one, Unblock::Officer, &value("11111111"));
    assert!(matches!(denied, Err(CardError::NotAuthenticated)), "{denied:?}");
    log_in(&mut card, OFFICER);
    card.unblock_pin(&one, Unblock::Officer, &value("11111111")).unwrap();
    assert_eq!(card.tries_left(&one).unwrap(), Some(3));
    let officer = auth(&token, "SO PIN");
    let own = card.unblock_pin(&officer, Unblock::Officer, &value("11111111"));
    assert!(matches!(own, Err(CardError::NotSupported { .. })), "{own:?}");
    card.finish().unwrap();
    inventory(&bench);
}
