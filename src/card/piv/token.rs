//! A PIV card as a neutral token: what its contents are called, and whose they are.

use crate::card::Abilities;
use crate::card::admin::PinPolicy;
use crate::crypto::Curve;
use crate::token::{
    Auth, AuthId, AuthRole, Certificate, CertificateHints, DataObject, Key, KeyAccess, KeyAlgorithm,
    KeyClass, KeyId, KeyUsage, PinEncoding, Token, TokenInfo,
};

use super::listing::{Brand, KeyFacts};
use super::references::{
    Algorithm, DATA_OBJECTS, GLOBAL_PIN, KeyReference, MANAGEMENT_KEY, PUK, data_object,
};
use super::{Piv, pins};

impl Piv {
    /// Everything that was found, in the order of the identifiers.
    pub(super) fn token(&self) -> Token {
        let mut token = Token {
            info: self.info(),
            auths: self.auths(),
            problems: self.content.problems.clone(),
            ..Token::default()
        };
        let mut keys: Vec<(&KeyReference, &KeyFacts)> = self.content.keys.iter().collect();
        keys.sort_by_key(|(key, _)| key.id());
        for (key, facts) in keys {
            token.keys.push(self.key(*key, facts, KeyClass::Private));
            token.keys.push(self.key(*key, facts, KeyClass::Public));
            if facts.has_certificate {
                token.certificates.push(self.certificate_entry(*key));
            }
        }
        for index in &self.content.data {
            let Some(row) = DATA_OBJECTS.get(*index) else { continue };
            token.data.push(DataObject {
                object: data_object(*index),
                label: row.name.to_owned(),
                application: APPLICATION.to_owned(),
                oid: row.oid(),
                auth: row.private.then(|| self.pin()),
                private: row.private,
                modifiable: true,
            });
        }
        token
    }

    fn info(&self) -> TokenInfo {
        let (label, manufacturer) = match self.brand {
            Brand::YubiKey => ("YubiKey PIV".to_owned(), "Yubico"),
            Brand::Nitrokey => (self.label.clone().unwrap_or_default(), "Nitrokey"),
            Brand::Other => (self.label.clone().unwrap_or_else(|| "PIV".to_owned()), ""),
        };
        let version = self.version.map_or((0, 0), |[major, minor, _]| (major, minor));
        let model = match self.version {
            Some([major, minor, patch]) => format!("PIV {major}.{minor}.{patch}"),
            None => "PIV".to_owned(),
        };
        TokenInfo {
            label,
            serial: self.content.serial.clone().unwrap_or_default(),
            manufacturer: manufacturer.to_owned(),
            model,
            hardware_version: version,
            firmware_version: version,
            initialized: true,
            read_only: false,
            has_random: false,
            sole_pin: false,
        }
    }

    /// The user's PIN, its PUK, and the management key, which is the security officer's.
    fn auths(&self) -> Vec<Auth> {
        let auth = |reference: u8, label: &str, role| Auth {
            id: AuthId(vec![reference]),
            label: label.to_owned(),
            role,
            min_len: pins::MIN_LEN,
            max_len: pins::MAX_LEN,
            encoding: PinEncoding::AsciiNumeric,
            initialized: true,
            can_change: true,
            can_unblock: role == AuthRole::User,
            unblocked_by: (role == AuthRole::User).then(|| AuthId(vec![PUK])),
            tries_left: None,
            tries_max: None,
        };
        let name = if self.content.pin == GLOBAL_PIN { "Global PIN" } else { "PIV PIN" };
        let management = Auth {
            min_len: MANAGEMENT_KEY_DIGITS.0,
            max_len: MANAGEMENT_KEY_DIGITS.1,
            encoding: PinEncoding::Utf8,
            ..auth(MANAGEMENT_KEY, "management key", AuthRole::SecurityOfficer)
        };
        vec![auth(self.content.pin, name, AuthRole::User), management, auth(PUK, "PUK", AuthRole::Unblocking)]
    }

    fn pin(&self) -> AuthId {
        AuthId(vec![self.content.pin])
    }

    /// Whose a key is: the PIN's, but for the key by which a card proves itself to a door.
    fn owner(&self, key: KeyReference) -> Option<AuthId> {
        (key != KeyReference::CARD).then(|| self.pin())
    }

    fn key(&self, key: KeyReference, facts: &KeyFacts, class: KeyClass) -> Key {
        let is_private = class == KeyClass::Private;
        let needs_pin = key != KeyReference::CARD && facts.pin_policy != Some(PinPolicy::Never);
        let always = match facts.pin_policy {
            Some(policy) => policy == PinPolicy::Always,
            None => key == KeyReference::SIGNATURE,
        };
        let local = facts.generated.unwrap_or(false);
        Key {
            object: if is_private { key.private_object() } else { key.public_object() },
            class,
            id: KeyId(vec![key.id()]),
            label: key.label(),
            auth: self.owner(key),
            private: is_private && needs_pin,
            algorithm: facts.algorithm.map_or(KeyAlgorithm::Untold, Algorithm::neutral),
            usage: usage(key, facts.algorithm, is_private),
            access: KeyAccess {
                sensitive: is_private,
                extractable: !is_private,
                always_sensitive: is_private && local,
                never_extractable: is_private && local,
                local,
            },
            always_authenticate: is_private && needs_pin && always,
            modifiable: true,
            public: facts.public.clone().filter(|_| !is_private),
        }
    }

    fn certificate_entry(&self, key: KeyReference) -> Certificate {
        Certificate {
            object: key.certificate_object(),
            id: KeyId(vec![key.id()]),
            label: key.certificate_label(),
            auth: self.owner(key),
            private: false,
            authority: false,
            trusted: false,
            modifiable: true,
            hints: CertificateHints::default(),
            details: None,
        }
    }
}

/// What a key may do: what its place is for, as far as its algorithm can.
fn usage(key: KeyReference, algorithm: Option<Algorithm>, is_private: bool) -> KeyUsage {
    let mut usage = key.usage();
    match algorithm {
        Some(Algorithm::Rsa(_)) => usage.derive = false,
        Some(Algorithm::Ec(_)) => (usage.decrypt, usage.unwrap) = (false, false),
        Some(Algorithm::Ed25519) => (usage.decrypt, usage.unwrap, usage.derive) = (false, false, false),
        Some(Algorithm::X25519) => usage = KeyUsage { derive: true, ..KeyUsage::default() },
        None => {}
    }
    if is_private {
        return usage;
    }
    KeyUsage {
        verify: usage.sign,
        encrypt: usage.decrypt,
        wrap: usage.unwrap,
        derive: usage.derive,
        ..KeyUsage::default()
    }
}

/// What the card computes: more on those whose version tells so.
pub(super) fn abilities(brand: Brand, version: Option<[u8; 3]>) -> Abilities {
    let mut rsa_bits = vec![1024, 2048];
    let large = match brand {
        Brand::YubiKey => version.is_some_and(|version| version >= LARGE_RSA),
        // The standard has 3072 bits; a card refuses what it does not have.
        Brand::Nitrokey | Brand::Other => true,
    };
    if large {
        rsa_bits.extend([3072, 4096]);
    }
    if brand == Brand::Nitrokey {
        rsa_bits.retain(|bits| *bits > 1024);
    }
    let edwards = brand == Brand::YubiKey && large;
    Abilities {
        rsa_bits,
        rsa_raw: true,
        ecdsa: CURVES.to_vec(),
        ecdh: CURVES.to_vec(),
        ed25519: edwards,
        x25519: edwards,
        generates_keys: true,
        tells_tries: true,
        ..Abilities::default()
    }
}

/// Data objects of the card belong to this application.
const APPLICATION: &str = "PIV";
const CURVES: [Curve; 2] = [Curve::P256, Curve::P384];
/// First firmware of YubiKeys with RSA of 3072 and 4096 bits, Ed25519 and X25519.
const LARGE_RSA: [u8; 3] = [5, 7, 0];
/// Shortest and longest management key, in hexadecimal digits.
const MANAGEMENT_KEY_DIGITS: (usize, usize) = (32, 64);
