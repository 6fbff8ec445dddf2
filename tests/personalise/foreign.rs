//! Cards that another program formatted: what it guards is asked for, what is written it reads.

use p11ctl::codec::Secret;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::engine::{AttributeType as A, Error, NewObject, ObjectClass};
use p11ctl::softcard::{self, Options};

use crate::common::rig::Rig;

use crate::desk::*;

/// A card with two user PINs by OpenSC's tool, which guards the directories of all by the first.
fn formatted_by_opensc(rig: &mut Rig) -> Desk {
    let path = rig.folder().join("card.img");
    let options = Options { pin_cost: PinKeyCost::MINIMAL, ..Options::default() };
    rig.insert(0, softcard::create(&path, options).unwrap());
    rig.expect("pkcs15-init", &["--create-pkcs15", "--so-pin", SO_PIN, "--so-puk", PUK, "--label", "theirs"]);
    for (id, pin) in [("01", PINS[0]), ("02", PINS[1])] {
        let label = format!("PIN {}", &id[1..]);
        let pin = ["--label", &label, "--pin", pin, "--puk", PUK, "--so-pin", SO_PIN];
        rig.expect("pkcs15-init", &[&["--store-pin", "--auth-id", id], pin.as_slice()].concat());
    }
    rig.expect("pkcs15-init", &["--finalize"]);
    drop(rig.remove(0));
    Desk::with(&std::fs::read(path).unwrap())
}

// A.10#10
#[test]
fn card_formatted_by_another_program_says_which_pin_it_wants_and_takes_it() {
    let mut rig = Rig::start();
    let desk = formatted_by_opensc(&mut rig);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let before = engine.stats().apdus;
    match engine.generate_key_pair(session, &p256("key 2")) {
        Err(Error::NeedsPin { label, .. }) => assert_eq!(label, "PIN 1"),
        other => panic!("{other:?}"),
    }
    let questions = engine.stats().apdus - before;
    engine.authorise(session, "PIN 1", &Secret::from(PINS[0])).unwrap();
    let (private, public) = engine.generate_key_pair(session, &p256("key 2")).unwrap();
    let key = public_of(&engine, session, public);
    let der = certify(&key);
    let certificate =
        engine.create_object(session, &NewObject::Certificate { der, label: None, id: None }).unwrap();
    signs(&engine, session, &key);
    let id = engine.attribute(session, private, A::ID).unwrap();
    assert_eq!(engine.attribute(session, certificate, A::ID).unwrap(), id);
    eprintln!("{questions} APDUs to say which PIN is wanted");
    drop(engine);

    // OpenSC reads what was added, and signs with it.
    rig.insert(0, softcard::open(&desk.path()).unwrap());
    let dump = rig.expect("pkcs15-tool", &["-D"]);
    assert!(dump.stdout.contains("key 2") && dump.stdout.contains("Holder 3"), "{dump}");
    std::fs::write(rig.folder().join("data"), b"message").unwrap();
    let sign = ["--sign", "--mechanism", "ECDSA-SHA256", "-i", "data", "-o", "sig", "--slot", "1"];
    let sign = [sign.as_slice(), &["--login", "--pin", PINS[1], "--signature-format", "openssl"]].concat();
    rig.expect("pkcs11-tool", &sign);
    let pem = key.to_spki_pem();
    std::fs::write(rig.folder().join("key.pem"), pem).unwrap();
    rig.expect("openssl", &["dgst", "-sha256", "-verify", "key.pem", "-signature", "sig", "data"]);
    drop(rig.remove(0));

    // And what is deleted here is gone there.
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    engine.authorise(session, "PIN 1", &Secret::from(PINS[0])).unwrap();
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 2");
    engine.destroy_key_with_chain(session, key).unwrap();
    drop(engine);
    rig.insert(0, softcard::open(&desk.path()).unwrap());
    let dump = rig.expect("pkcs15-tool", &["-D"]);
    assert!(!dump.stdout.contains("key 2") && !dump.stdout.contains("Holder 3"), "{dump}");
}
