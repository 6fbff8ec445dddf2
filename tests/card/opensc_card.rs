//! A card as an administrator makes it with OpenSC: two PINs, an RSA and an EC key with their certificates, the
//! authority that issued them, and two roots that have nothing to do with them.

use p11ctl::softcard;

use crate::rig::Rig;
use crate::support::Bench;

pub const PIN_1: &str = "11111111";
pub const PIN_2: &str = "22222222";

/// Personalises the card in reader 0 of the rig and takes its access conditions into force.
pub fn personalise(rig: &Rig) {
    let init = |arguments: &[&str]| rig.expect("pkcs15-init", arguments);
    init(&["--create-pkcs15", "--so-pin", "00000000", "--so-puk", "00009999"]);
    for (id, label, pin) in [("01", "PIN 1", PIN_1), ("02", "PIN 2", PIN_2)] {
        let who = ["--store-pin", "--auth-id", id, "--label", label, "--so-pin", "00000000"];
        init(&[&who[..], &["--pin", pin, "--puk", "99999999"]].concat());
    }
    certificates(rig);
    for (id, pin) in [("01", PIN_1), ("02", PIN_2)] {
        let (key, leaf) = (format!("leaf{id}.key"), format!("leaf{id}.pem"));
        let (key_label, leaf_label) = (format!("key {id}"), format!("leaf {id}"));
        let auth = ["--auth-id", id, "--id", id, "--pin", pin];
        init(&[&["--store-private-key", &key, "--label", &key_label][..], &auth].concat());
        init(&[&["--store-certificate", &leaf, "--label", &leaf_label][..], &auth].concat());
    }
    for (name, id) in [("authority", "a0"), ("other1", "b1"), ("other2", "b2")] {
        let certificate = format!("{name}.pem");
        let store = ["--store-certificate", &certificate, "--label", name, "--id", id, "--authority"];
        init(&[&store[..], &["--pin", PIN_1]].concat());
    }
    init(&["--finalize"]);
}

fn certificates(rig: &Rig) {
    let root = |name: &str| {
        let (key, pem, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let request = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "3650", "-subj", &subject];
        rig.expect("openssl", &[&request[..], &["-keyout", &key, "-out", &pem]].concat());
    };
    ["authority", "other1", "other2"].into_iter().for_each(root);
    let curve: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    for (id, algorithm) in [("01", &["rsa:2048"][..]), ("02", curve)] {
        let (key, pem, subject) =
            (format!("leaf{id}.key"), format!("leaf{id}.pem"), format!("/CN=leaf {id}"));
        let request = ["req", "-x509", "-nodes", "-subj", &subject, "-days", "3650", "-newkey"];
        let issuer = ["-CA", "authority.pem", "-CAkey", "authority.key"];
        let files = ["-keyout", &key, "-out", &pem];
        rig.expect("openssl", &[&request[..], algorithm, &issuer, &files].concat());
    }
}

/// A rig whose reader 0 has the card of the bench, personalised by OpenSC.
pub fn personalised(bench: &Bench) -> Rig {
    let mut rig = Rig::start();
    rig.insert(0, softcard::open(&bench.image()).unwrap());
    personalise(&rig);
    rig
}
