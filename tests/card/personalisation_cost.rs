//! What personalising a blank card costs in APDUs and bytes, held against Debian's pkcs15-init on the same card.

use p11ctl::card::Card;
use p11ctl::card::admin::{Format, KeyType, NewCertificate, NewPin};
use p11ctl::codec::Secret;
use p11ctl::crypto::Curve;
use p11ctl::softcard::{self, Profile};
use p11ctl::token::{AuthId, KeyId};

use crate::editing::new_key;
use crate::opensc_card::{PIN_1, PIN_2};
use crate::rig::Rig;
use crate::support::{Bench, auth};

const CERTIFICATES: [&str; 4] = ["first", "second", "third", "fourth"];

/// APDUs (GET RESPONSE aside) and bytes in both directions.
#[derive(Debug, Clone, Copy)]
struct Cost {
    apdus: usize,
    bytes: usize,
}

fn make_certificates(rig: &Rig) {
    for name in CERTIFICATES {
        let (key, pem, der) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.der"));
        let subject = format!("/O=Some company/CN={name}");
        let request = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "3650", "-subj", &subject];
        rig.expect("openssl", &[&request[..], &["-keyout", &key, "-out", &pem]].concat());
        rig.expect("openssl", &["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
    }
}

fn theirs(rig: &Rig) -> Cost {
    let mark = rig.mark();
    let init = |arguments: &[&str]| rig.expect("pkcs15-init", arguments);
    init(&["--create-pkcs15", "--so-pin", "00000000", "--so-puk", "00009999"]);
    for (id, label, pin) in [("01", "PIN 1", PIN_1), ("02", "PIN 2", PIN_2)] {
        let who = ["--store-pin", "--auth-id", id, "--label", label, "--so-pin", "00000000"];
        init(&[&who[..], &["--pin", pin, "--puk", "99999999"]].concat());
    }
    for (id, kind, pin) in [("01", "rsa/2048", PIN_1), ("02", "ec/prime256v1", PIN_2)] {
        init(&["--generate-key", kind, "--auth-id", id, "--id", id, "--pin", pin, "--label", "key"]);
    }
    for (number, name) in CERTIFICATES.iter().enumerate() {
        let (pem, id) = (format!("{name}.pem"), format!("c{number}"));
        init(&["--store-certificate", &pem, "--label", name, "--id", &id, "--pin", PIN_1]);
    }
    init(&["--finalize"]);
    let apdus = rig.apdus_since(mark);
    Cost {
        apdus: apdus.iter().filter(|apdu| apdu.command.get(1) != Some(&0xC0)).count(),
        bytes: apdus.iter().map(|apdu| apdu.command.len() + apdu.response.len()).sum(),
    }
}

/// As one program does it: PINs with the card's format, then each PIN its own.
fn ours(bench: &Bench, certificates: &[Vec<u8>]) -> Cost {
    let mut card: Card = bench.card_without_cache();
    let (officer, puk) = (Secret::from("00000000"), Secret::from("99999999"));
    let values = [("PIN 1", Secret::from(PIN_1)), ("PIN 2", Secret::from(PIN_2))];
    let pin = |label, pin| NewPin { label, pin, puk: Some(&puk), min_len: 4, tries: 3 };
    let pins: Vec<NewPin<'_>> = values.iter().map(|(label, value)| pin(*label, value)).collect();
    card.format(&Format { label: "test", officer: pin("SO PIN", &officer), pins: &pins }).unwrap();
    let token = card.read_token().unwrap();
    let mut certificates = certificates.iter().zip(CERTIFICATES).zip(0u8..);
    for (number, key_type) in [(1, KeyType::Rsa(2048)), (2, KeyType::Ec(Curve::P256))] {
        let (label, value) = &values[usize::from(number) - 1];
        let (owner, id): (AuthId, KeyId) = (auth(&token, label), KeyId(vec![number]));
        card.verify(&owner, value).unwrap();
        card.administer(|admin, channel| admin.generate_key(channel, &new_key(&owner, &id, key_type)))
            .unwrap();
        for ((der, label), id) in certificates.by_ref().take(2) {
            let id = KeyId(vec![0xC0 + id]);
            let new = NewCertificate { owner: Some(&owner), label, id: &id, der };
            card.administer(|admin, channel| admin.store_certificate(channel, &new)).unwrap();
        }
        card.log_out(&owner).unwrap();
    }
    card.finish().unwrap();
    let cost = bench.stats.snapshot();
    Cost {
        apdus: usize::try_from(cost.apdus).unwrap(),
        bytes: usize::try_from(cost.bytes_sent + cost.bytes_received).unwrap(),
    }
}

fn compare(profile: Profile) {
    let bench = Bench::blank(profile);
    let blank = std::fs::read(bench.image()).unwrap();
    let mut rig = Rig::start();
    make_certificates(&rig);
    let certificates: Vec<Vec<u8>> = CERTIFICATES
        .iter()
        .map(|name| std::fs::read(rig.folder().join(format!("{name}.der"))).unwrap())
        .collect();
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    let theirs = theirs(&rig);
    drop(rig.remove(0));
    std::fs::write(bench.image(), blank).unwrap();
    let ours = ours(&bench, &certificates);
    let token = bench.card_without_cache().read_token().unwrap();
    assert_eq!((token.keys.len(), token.certificates.len(), token.problems.len()), (4, 4, 0));
    println!("{profile:?}: p11ctl {ours:?}, pkcs15-init {theirs:?}");
    assert!(ours.apdus * 2 <= theirs.apdus, "{ours:?} of {theirs:?}");
    assert!(ours.bytes * 2 <= theirs.bytes, "{ours:?} of {theirs:?}");
}

#[test]
fn personalising_costs_at_most_half_of_pkcs15_init_t1() {
    compare(Profile::MyEid);
}

#[test]
fn personalising_costs_at_most_half_of_pkcs15_init_t0() {
    compare(Profile::OsEid);
}
