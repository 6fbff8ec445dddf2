//! OpenSC on the other side: it reads and uses what this driver personalised, and this driver reads and uses what
//! it personalised.

use std::fs;

use p11ctl::card::admin::NewPin;
use p11ctl::card::example::ExampleKind;
use p11ctl::card::{CardCall, CardError};
use p11ctl::codec::Secret;
use p11ctl::crypto::DigestAlgorithm;
use p11ctl::crypto::digest::digest;
use p11ctl::crypto::{CertificateDetails, ec, rsa};
use p11ctl::layout::{Policy, ReaderView, virtual_slots};
use p11ctl::softcard::{self, Profile};
use p11ctl::token::KeyClass;

use crate::opensc_card;
use crate::rig::Rig;
use crate::support::{Bench, auth};

#[test]
fn opensc_lists_everything_on_the_example_card() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut rig = Rig::start();
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    let dump = rig.expect("pkcs15-tool", &["-D"]);
    for line in [
        "PKCS#15 Card [p11ctl example]",
        "PIN [PIN 1]",
        "PIN [PIN 2]",
        "PIN [SO PIN]",
        "Private RSA Key [key 1]",
        "Private EC Key [key 2]",
        "Public RSA Key [key 1]",
        "Public EC Key [key 2]",
        "X.509 Certificate [certificate 1]",
        "X.509 Certificate [issuing CA 1]",
        "X.509 Certificate [root 1]",
        "X.509 Certificate [certificate 2]",
        "X.509 Certificate [issuing CA 2]",
        "X.509 Certificate [root 2]",
        "X.509 Certificate [other root 1]",
        "X.509 Certificate [other root 2]",
        "X.509 Certificate [other root 3]",
    ] {
        assert!(dump.stdout.contains(line), "{line} is not in\n{dump}");
    }
    let slots = rig.expect("pkcs11-tool", &["-L"]);
    for label in ["p11ctl example (PIN 1)", "p11ctl example (PIN 2)"] {
        assert!(slots.stdout.contains(label), "{label} is not in\n{slots}");
    }
}

/// OpenSC signs with the key of one PIN, and OpenSSL verifies with the key's certificate.
fn opensc_signs(kind: ExampleKind, slot: &str, pin: &str, mechanism: &str, certificate: &str) {
    let bench = Bench::example(kind);
    let mut rig = Rig::start();
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    let digest = digest(DigestAlgorithm::Sha256, b"a text");
    let input = match mechanism {
        "ECDSA" => digest.clone(),
        _ => DigestAlgorithm::Sha256.digest_info(&digest),
    };
    fs::write(rig.folder().join("input"), input).unwrap();
    fs::write(rig.folder().join("text"), b"a text").unwrap();
    let objects = rig.expect("pkcs11-tool", &["-O", "--login", "--pin", pin, "--slot-index", slot]);
    assert_eq!(objects.stdout.matches("Private Key Object").count(), 1, "{objects}");
    let sign = ["--sign", "--mechanism", mechanism, "--signature-format", "openssl"];
    let files = ["--input-file", "input", "--output-file", "signature"];
    let who = ["--login", "--pin", pin, "--slot-index", slot];
    rig.expect("pkcs11-tool", &[&sign[..], &files, &who].concat());
    let read = ["--read-certificate", certificate, "-o", "certificate.pem"];
    rig.expect("pkcs15-tool", &read);
    rig.expect("openssl", &["x509", "-in", "certificate.pem", "-pubkey", "-noout", "-out", "key.pem"]);
    rig.expect("openssl", &["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "text"]);
}

#[test]
fn opensc_signs_with_the_rsa_key_of_pin_1() {
    opensc_signs(ExampleKind::Separate, "0", "11111111", "RSA-PKCS", "01");
}

#[test]
fn opensc_signs_with_the_ec_key_of_pin_2() {
    opensc_signs(ExampleKind::Shared, "1", "22222222", "ECDSA", "02");
}

#[test]
fn opensc_decrypts_with_the_rsa_key_of_pin_1() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut rig = Rig::start();
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    fs::write(rig.folder().join("plain"), b"a secret").unwrap();
    rig.expect("pkcs15-tool", &["--read-public-key", "01", "-o", "key.pem"]);
    let encrypt =
        ["pkeyutl", "-encrypt", "-pubin", "-inkey", "key.pem", "-in", "plain", "-out", "cryptogram"];
    rig.expect("openssl", &encrypt);
    let decrypt =
        ["--decrypt", "--mechanism", "RSA-PKCS", "--input-file", "cryptogram", "--output-file", "out"];
    rig.expect(
        "pkcs11-tool",
        &[&decrypt[..], &["--login", "--pin", "11111111", "--slot-index", "0"]].concat(),
    );
    assert_eq!(fs::read(rig.folder().join("out")).unwrap(), b"a secret");
}

#[test]
fn openssl_verifies_the_chains_of_the_example() {
    for kind in [ExampleKind::Separate, ExampleKind::Shared] {
        let bench = Bench::example(kind);
        let mut card = bench.card();
        let token = card.read_token().unwrap();
        let folder = bench.folder.path();
        for certificate in &token.certificates {
            let der = card.read_object(certificate.object).unwrap();
            let name = folder.join(&certificate.label);
            fs::write(name.with_extension("der"), der).unwrap();
            let convert = ["x509", "-inform", "DER", "-in"];
            let output = std::process::Command::new("openssl")
                .args(convert)
                .arg(name.with_extension("der"))
                .arg("-out")
                .arg(name.with_extension("pem"))
                .status()
                .unwrap();
            assert!(output.success());
        }
        let suffix =
            |number| if kind == ExampleKind::Separate { format!(" {number}") } else { String::new() };
        for number in [1, 2] {
            let status = std::process::Command::new("openssl")
                .current_dir(folder)
                .args(["verify", "-x509_strict", "-CAfile", &format!("root{}.pem", suffix(number))])
                .args(["-untrusted", &format!("issuing CA{}.pem", suffix(number))])
                .arg(format!("certificate {number}.pem"))
                .status()
                .unwrap();
            assert!(status.success());
        }
    }
}

#[test]
fn card_of_opensc_shows_its_tokens_and_signs_with_the_key_of_each_pin() {
    for profile in [Profile::MyEid, Profile::OsEid] {
        let bench = Bench::blank(profile);
        drop(opensc_card::personalised(&bench).remove(0));
        let mut card = bench.card();
        let mut token = card.read_token().unwrap();
        assert_eq!(token.problems, []);
        for certificate in &mut token.certificates {
            let der = card.read_object(certificate.object).unwrap();
            certificate.details = Some(CertificateDetails::parse(&der).unwrap());
        }
        let readers = [ReaderView::with("reader", &token)];
        let layout = virtual_slots(None, &readers, &Policy::default());
        let views: Vec<_> = layout.slots.iter().map(|slot| slot.token.as_ref().unwrap()).collect();
        let labels: Vec<&str> = views.iter().map(|view| view.label.as_str()).collect();
        assert_eq!(labels, ["MyEID (PIN 1)", "MyEID (PIN 2)", "MyEID", "MyEID"]);
        let names = |index: usize| -> Vec<&str> {
            let certificates = views[index].certificates.iter();
            certificates.map(|index| token.certificates[*index].label.as_str()).collect()
        };
        assert_eq!(names(0), ["leaf 01", "authority"]);
        assert_eq!(names(1), ["leaf 02", "authority"]);
        assert_eq!(names(2), ["other1", "other2"]);
        assert!(views[3].empty);

        for (label, pin) in [("PIN 1", opensc_card::PIN_1), ("PIN 2", opensc_card::PIN_2)] {
            card.verify(&auth(&token, label), &Secret::from(pin)).unwrap();
        }
        let hash = digest(DigestAlgorithm::Sha256, b"a text");
        let info = DigestAlgorithm::Sha256.digest_info(&hash);
        for view in &views[..2] {
            let chain = &view.chains[0];
            let leaf = &token.certificates[chain.certificates[0]];
            let public = leaf.details.as_ref().unwrap().public_key.clone().unwrap();
            let key = token.keys[chain.key].object;
            if public.rsa().is_some() {
                let signature = card.perform(&CardCall::RsaSignPkcs1 { key, digest_info: &info }).unwrap();
                assert_eq!(rsa::pkcs1_verify(&public, &info, signature.expose()), Ok(true));
            } else {
                let signature = card.perform(&CardCall::EcdsaSign { key, digest: &hash }).unwrap();
                assert_eq!(ec::verify(&public, &hash, signature.expose()), Ok(true));
            }
        }
    }
}

#[test]
fn card_of_opensc_is_not_given_pins_that_it_has_no_room_for() {
    let bench = Bench::blank(Profile::MyEid);
    drop(opensc_card::personalised(&bench).remove(0));
    let mut card = bench.card();
    card.read_token().unwrap();
    let pin = Secret::from("33333333");
    let new = NewPin { label: "PIN 3", pin: &pin, puk: None, min_len: 4, tries: 3 };
    let result = card.with(|driver, channel| driver.admin().unwrap().create_pin(channel, &new));
    assert!(matches!(result, Err(CardError::NotSupported { .. })), "{result:?}");
}

#[test]
fn opensc_sees_a_pin_that_was_made_later() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "SO PIN"), &Secret::from("00000000")).unwrap();
    let pin = Secret::from("33333333");
    let new = NewPin { label: "PIN 3", pin: &pin, puk: None, min_len: 4, tries: 3 };
    card.with(|driver, channel| driver.admin().unwrap().create_pin(channel, &new)).unwrap();
    drop(card);
    let mut rig = Rig::start();
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    let slots = rig.expect("pkcs11-tool", &["-L"]);
    assert!(slots.stdout.contains("p11ctl example (PIN 3)"), "{slots}");
    rig.expect("pkcs15-tool", &["--verify-pin", "--auth-id", "03", "--pin", "33333333"]);
    let token = bench.card().read_token().unwrap();
    assert_eq!(token.keys.iter().filter(|key| key.class == KeyClass::Private).count(), 2);
}
