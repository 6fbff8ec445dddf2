//! What an OpenPGP card shows: the neutral token made of its application related data. Ids and labels are those of
//! OpenSC, so that both name the same key.

use super::application::{Application, Capabilities, Origin};
use super::attributes::{Attributes, CurveAlgorithm, KeyCurve};
use super::pin::Pin;
use super::place::{ALWAYS_THERE, DATA, DataPlace, Place};
use crate::card::Abilities;
use crate::card::certificate_names::names;
use crate::codec::hex;
use crate::token::{
    Certificate, DataObject, Key, KeyAccess, KeyAlgorithm, KeyClass, KeyId, KeyUsage, Token, TokenInfo,
};

/// First bytes of the cardholder certificates that are there, by place.
pub(super) type Certificates = [Option<Vec<u8>>; 3];

/// The token.
pub(super) fn token(application: &Application, certificates: &Certificates) -> Token {
    let present = || Place::ALL.into_iter().filter(|place| application.has_key(*place));
    let privates = present().map(|place| private_key(application, place));
    let publics = present().map(|place| public_key(application, place));
    let certificate = |place: Place| {
        let beginning = certificates.get(place.index())?.as_ref()?;
        Some(self::certificate(place, beginning))
    };
    Token {
        info: info(application),
        auths: Pin::ALL.map(|pin| pin.auth(&application.pins)).to_vec(),
        keys: privates.chain(publics).collect(),
        // In the card's order: that of authentication comes first.
        certificates: Place::ALL.into_iter().rev().filter_map(certificate).collect(),
        data: data_places(application.capabilities).map(data).collect(),
        problems: Vec::new(),
    }
}

/// A card whose application was terminated: there is nothing on it until it is activated again.
pub(super) fn blank() -> Token {
    let info =
        TokenInfo { label: LABEL.to_owned(), model: format!("{LABEL}, terminated"), ..TokenInfo::default() };
    Token { info, ..Token::default() }
}

/// The data objects that a card has room for.
pub(super) fn data_places(capabilities: Capabilities) -> impl Iterator<Item = DataPlace> {
    let count = if capabilities.private_data { DATA.len() } else { ALWAYS_THERE };
    DATA.into_iter().take(count)
}

/// What the card can compute with the keys that it has, or may have.
pub(super) fn abilities(application: &Application) -> Abilities {
    let mut abilities = Abilities {
        rsa_pkcs1: true,
        rsa_pkcs1_decrypt: true,
        generates_keys: true,
        random: application.capabilities.challenge_len > 0,
        tells_tries: true,
        ..Abilities::default()
    };
    if application.capabilities.attributes_changeable {
        abilities.rsa_bits.extend(RSA_BITS);
    }
    for attributes in &application.attributes {
        learn(&mut abilities, attributes);
    }
    abilities.rsa_bits.sort_unstable();
    abilities
}

/// Adds what keys with these attributes can do.
pub(super) fn learn(abilities: &mut Abilities, attributes: &Attributes) {
    match (attributes, attributes.curve()) {
        (Attributes::Rsa { modulus_bits, .. }, _) => {
            let bits = u32::from(*modulus_bits);
            if !abilities.rsa_bits.contains(&bits) {
                abilities.rsa_bits.push(bits);
            }
        }
        (_, Some((_, KeyCurve::Ed25519))) => abilities.ed25519 = true,
        (_, Some((_, KeyCurve::X25519))) => abilities.x25519 = true,
        (_, Some((algorithm, KeyCurve::Named(curve)))) => {
            let list =
                if algorithm == CurveAlgorithm::Ecdh { &mut abilities.ecdh } else { &mut abilities.ecdsa };
            if !list.contains(&curve) {
                list.push(curve);
            }
        }
        (_, None) => {}
    }
}

fn info(application: &Application) -> TokenInfo {
    let (major, minor) = application.version();
    let number = application.manufacturer();
    let known = MANUFACTURERS.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
    TokenInfo {
        label: LABEL.to_owned(),
        serial: hex::encode(application.serial()),
        manufacturer: known.unwrap_or_else(|| format!("manufacturer {number:04x}")),
        model: format!("OpenPGP card {major}.{minor}"),
        hardware_version: (0, 0),
        firmware_version: (major, minor),
        initialized: true,
        read_only: false,
        has_random: application.capabilities.challenge_len > 0,
        sole_pin: false,
    }
}

/// The PIN that allows the use of a key.
pub(super) fn pin_of(place: Place) -> Pin {
    match place {
        Place::Signature => Pin::UserSign,
        Place::Decryption | Place::Authentication => Pin::User,
    }
}

fn private_key(application: &Application, place: Place) -> Key {
    let generated = application.origin(place) == Some(Origin::Generated);
    Key {
        object: place.private_object(),
        class: KeyClass::Private,
        id: KeyId(vec![place.number()]),
        label: place.label().to_owned(),
        auth: Some(pin_of(place).id()),
        private: true,
        algorithm: application.attributes(place).algorithm(),
        usage: private_usage(application, place),
        access: KeyAccess {
            sensitive: true,
            extractable: false,
            always_sensitive: generated,
            never_extractable: generated,
            local: generated,
        },
        always_authenticate: place == Place::Signature && application.pins.signature_forced,
        modifiable: true,
        public: None,
    }
}

fn public_key(application: &Application, place: Place) -> Key {
    Key {
        object: place.public_object(),
        class: KeyClass::Public,
        auth: None,
        private: false,
        usage: public_usage(application.attributes(place), place),
        access: KeyAccess {
            local: application.origin(place) == Some(Origin::Generated),
            ..KeyAccess::default()
        },
        always_authenticate: false,
        // It goes with its private half, and not without it.
        modifiable: false,
        ..private_key(application, place)
    }
}

/// By the place: a key for signatures signs, and so on. The card refuses everything else.
fn private_usage(application: &Application, place: Place) -> KeyUsage {
    let none = KeyUsage::default();
    let algorithm = application.attributes(place).algorithm();
    let is_rsa = matches!(algorithm, KeyAlgorithm::Rsa { .. });
    match place {
        Place::Signature => KeyUsage { sign: true, non_repudiation: true, ..none },
        Place::Decryption if is_rsa => KeyUsage { decrypt: true, unwrap: true, ..none },
        Place::Decryption => KeyUsage { derive: true, ..none },
        Place::Authentication => {
            let stands_in = is_rsa && application.capabilities.key_swap;
            KeyUsage { sign: true, decrypt: stands_in, unwrap: stands_in, ..none }
        }
    }
}

fn public_usage(attributes: &Attributes, place: Place) -> KeyUsage {
    let none = KeyUsage::default();
    let is_rsa = matches!(attributes, Attributes::Rsa { .. });
    match place {
        Place::Signature | Place::Authentication => KeyUsage { verify: true, ..none },
        Place::Decryption => KeyUsage { encrypt: is_rsa, wrap: is_rsa, ..none },
    }
}

fn certificate(place: Place, beginning: &[u8]) -> Certificate {
    let label = match place {
        Place::Authentication => "AUT certificate",
        Place::Decryption => "DEC certificate",
        Place::Signature => "SIG certificate",
    };
    Certificate {
        object: place.certificate_object(),
        id: KeyId(vec![place.number()]),
        label: label.to_owned(),
        auth: None,
        private: false,
        authority: false,
        trusted: false,
        modifiable: true,
        hints: names(beginning).unwrap_or_default(),
        details: None,
    }
}

/// A data object is in the user's token, whoever may write it: PW3 has none.
fn data(place: DataPlace) -> DataObject {
    DataObject {
        object: place.object(),
        label: place.label.to_owned(),
        application: place.label.to_owned(),
        oid: Vec::new(),
        auth: Some(Pin::User.id()),
        private: place.reader.is_some(),
        modifiable: true,
    }
}

const LABEL: &str = "OpenPGP card";
/// Sizes of RSA keys that cards of version 2 and 3 have; each refuses those that it lacks.
pub(super) const RSA_BITS: [u32; 3] = [2048, 3072, 4096];

/// Numbers of manufacturers as GnuPG's maintainers gave them out.
const MANUFACTURERS: [(u16, &str); 18] = [
    (0x0001, "PPC Card Systems"),
    (0x0002, "Prism"),
    (0x0003, "OpenFortress"),
    (0x0004, "Wewid"),
    (0x0005, "ZeitControl"),
    (0x0006, "Yubico"),
    (0x0007, "OpenKMS"),
    (0x0008, "LogoEmail"),
    (0x0009, "Fidesmo"),
    (0x000A, "VivoKey"),
    (0x000B, "Feitian Technologies"),
    (0x000D, "Dangerous Things"),
    (0x000E, "Excelsecu"),
    (0x000F, "Nitrokey"),
    (0x002A, "Magrathea"),
    (0x0042, "GnuPG e.V."),
    (0xF517, "FSIJ"),
    (0xFFFE, "unmanaged S/N range"),
];
