//! The IsoApplet, versions 0 and 1: the applet itself was recorded.

use p11ctl::apdu::{Channel, Stats};
use p11ctl::card::registry::recognise;
use p11ctl::card::{CardSettings, isoapplet};
use p11ctl::codec::hex;
use p11ctl::token::{KeyAlgorithm, KeyClass, Token};
use p11ctl::transport::replay::Replay;

use crate::recordings::{all, card, text};
use crate::scenarios::{self, OTHER_PIN, PIN, PUK};

const VERSIONS: [(&str, &str); 2] = [("v0", "IsoApplet 0.6"), ("v1", "IsoApplet 1.0")];

/// `rsa:2048 key 1` of every key, the private ones first.
fn keys(token: &Token) -> Vec<String> {
    let mut keys: Vec<_> = token.keys.iter().collect();
    keys.sort_by_key(|key| key.class != KeyClass::Private);
    let describe = |algorithm| match algorithm {
        KeyAlgorithm::Rsa { modulus_bits } => format!("rsa:{modulus_bits}"),
        KeyAlgorithm::Ec { curve } => format!("ec:{}", curve.map_or("?", |curve| curve.name())),
        other => format!("{other:?}"),
    };
    keys.iter().map(|key| format!("{} {}", describe(key.algorithm), key.label)).collect()
}

#[test]
fn blank_applet_personalised_holds_what_was_put_on_it() {
    for (version, model) in VERSIONS {
        let mut card = card(&format!("isoapplet-{version}-personalise.dialogue"), isoapplet::open);
        let token = scenarios::personalise(&mut card).unwrap();
        assert_eq!((token.info.label.as_str(), token.info.model.as_str()), ("Recorded", model));
        assert!(token.info.initialized && token.info.sole_pin && token.problems.is_empty(), "{token:?}");
        assert_eq!(token.certificates[0].label, "holder of the card");
        assert_eq!(token.data.iter().map(|data| data.label.as_str()).collect::<Vec<_>>(), ["notes"]);
        let both: &[&str] = &["rsa:2048 key 1", "ec:p256 key 2"];
        let expected = if version == "v0" { &both[..1] } else { both };
        assert_eq!(keys(&token), [expected, expected].concat());
    }
}

#[test]
fn personalised_applet_is_listed_with_its_tries() {
    for (version, model) in VERSIONS {
        let mut card = card(&format!("isoapplet-{version}-list.dialogue"), isoapplet::open);
        let (token, tries) = scenarios::list(&mut card).unwrap();
        assert_eq!(token.info.model, model);
        assert_eq!((token.info.serial.len(), token.auths.len()), (16, 1), "a serial number of our own");
        assert_eq!((tries.left, tries.max), (Some(3), Some(3)));
        assert!(keys(&token).contains(&"rsa:2048 key 1".to_owned()));
    }
}

#[test]
fn applet_of_opensc_is_listed_with_its_tries() {
    for (version, model) in VERSIONS {
        let mut card = card(&format!("isoapplet-{version}-opensc.dialogue"), isoapplet::open);
        let (token, tries) = scenarios::list(&mut card).unwrap();
        assert_eq!((token.info.serial.as_str(), token.info.model.as_str()), ("0000", model));
        assert_eq!(token.auths[0].label, "User PIN");
        assert_eq!(tries.left, Some(3));
        assert_eq!(keys(&token).len(), 4);
        assert!(keys(&token).contains(&"ec:p256 key 2".to_owned()), "{:?}", keys(&token));
        assert_eq!(token.certificates.len(), 1);
    }
}

/// Its folder has the name of PKCS#15, so a card with the applet alone answers to that as well.
#[test]
fn applet_is_found_once_although_its_folder_answers_to_the_name_of_pkcs15() {
    for (version, _) in VERSIONS {
        let text = text(&format!("isoapplet-{version}-beside.dialogue"));
        let mut replay = Replay::parse(&text).unwrap().any_order();
        let mut channel = Channel::begin(&mut replay, &Stats::default()).unwrap();
        let found = recognise(&mut channel, &CardSettings::default()).unwrap();
        let names: Vec<_> = found.drivers.iter().map(|driver| driver.name()).collect();
        assert_eq!(names, [isoapplet::NAME], "{version}");
        assert!(found.problems.is_empty());
    }
}

#[test]
fn keys_of_the_applet_sign_after_one_wrong_pin() {
    for (version, signatures) in [("v0", 1), ("v1", 2)] {
        let mut card = card(&format!("isoapplet-{version}-sign.dialogue"), isoapplet::open);
        assert_eq!(scenarios::sign(&mut card).unwrap(), signatures, "{version}");
    }
}

#[test]
fn key_of_the_applet_decrypts_and_refuses_nonsense() {
    for (version, _) in VERSIONS {
        let mut card = card(&format!("isoapplet-{version}-decrypt.dialogue"), isoapplet::open);
        assert_eq!(scenarios::decrypt(&mut card).unwrap(), "some secret text".len(), "{version}");
    }
}

#[test]
fn recordings_say_where_they_come_from_and_hold_no_secret() {
    let recordings = all();
    assert_eq!(recordings.len(), 12);
    for (name, text) in recordings {
        assert!(text.starts_with("# ") && text.contains("\natr "), "{name} has no provenance");
        for secret in [PIN, OTHER_PIN, PUK, "some secret text"] {
            for form in [secret.to_owned(), hex::encode(secret.as_bytes())] {
                assert!(!text.contains(&form), "{name} holds {form}");
            }
        }
    }
}
