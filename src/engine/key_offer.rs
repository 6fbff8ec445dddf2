//! Which keys a card can have, and what a key of a kind is for when nobody says it.

use super::Result;
use super::error::Error;
use crate::card::admin::{AdminAbilities, KeyType, ObjectKind};
use crate::crypto::{Curve, PublicKey};
use crate::token::{KeyAlgorithm, KeyUsage};

/// Sizes and curves that a card takes for one purpose.
pub(super) struct Offer<'a> {
    rsa: &'a [u32],
    curves: &'a [Curve],
    ed25519: bool,
    x25519: bool,
    aes: &'a [u32],
}

impl<'a> Offer<'a> {
    /// What it generates.
    pub(super) fn generated(abilities: &'a AdminAbilities) -> Self {
        Self {
            rsa: &abilities.rsa_generate,
            curves: &abilities.curves_generate,
            ed25519: abilities.ed25519.generate,
            x25519: abilities.x25519.generate,
            aes: &abilities.aes_generate,
        }
    }

    /// What it takes from outside.
    pub(super) fn imported(abilities: &'a AdminAbilities) -> Self {
        Self {
            rsa: &abilities.rsa_import,
            curves: &abilities.curves_import,
            ed25519: abilities.ed25519.import,
            x25519: abilities.x25519.import,
            aes: &abilities.aes_import,
        }
    }

    /// `RSA of 1024 or 2048 bits`.
    fn text(&self, asked: KeyAlgorithm) -> String {
        let list = |items: Vec<String>| match items.as_slice() {
            [] => "none".to_owned(),
            [only] => only.clone(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        };
        let numbers = |bits: &[u32]| list(bits.iter().map(ToString::to_string).collect());
        match asked {
            KeyAlgorithm::Rsa { .. } => format!("RSA of {} bits", numbers(self.rsa)),
            KeyAlgorithm::Ec { .. } | KeyAlgorithm::Ed25519 | KeyAlgorithm::X25519 => {
                format!("the curves {}", list(self.curves.iter().map(ToString::to_string).collect()))
            }
            _ => format!("AES of {} bits", numbers(self.aes)),
        }
    }
}

/// The kind of key as the card makes it. Errors: `KeyNotPossible` with what there is.
pub(super) fn possible(asked: KeyAlgorithm, kind: ObjectKind, offer: &Offer<'_>) -> Result<KeyType> {
    let found = match (kind, asked) {
        (ObjectKind::KeyPair, KeyAlgorithm::Rsa { modulus_bits }) => {
            offer.rsa.contains(&modulus_bits).then_some(KeyType::Rsa(modulus_bits))
        }
        (ObjectKind::KeyPair, KeyAlgorithm::Ec { curve: Some(curve) }) => {
            offer.curves.contains(&curve).then_some(KeyType::Ec(curve))
        }
        (ObjectKind::KeyPair, KeyAlgorithm::Ed25519) => offer.ed25519.then_some(KeyType::Ed25519),
        (ObjectKind::KeyPair, KeyAlgorithm::X25519) => offer.x25519.then_some(KeyType::X25519),
        (ObjectKind::SecretKey, KeyAlgorithm::Aes { key_bits }) => {
            offer.aes.contains(&key_bits).then_some(KeyType::Aes(key_bits))
        }
        _ => None,
    };
    found.ok_or_else(|| Error::KeyNotPossible { asked, possible: offer.text(asked) })
}

/// Everything that suits a key of a kind.
pub(super) fn usual_usage(key_type: KeyType) -> KeyUsage {
    let none = KeyUsage::default();
    match key_type {
        KeyType::Rsa(_) => KeyUsage { decrypt: true, sign: true, unwrap: true, ..none },
        KeyType::Ec(_) => KeyUsage { sign: true, derive: true, ..none },
        KeyType::Ed25519 => KeyUsage { sign: true, ..none },
        KeyType::X25519 => KeyUsage { derive: true, ..none },
        KeyType::Aes(_) => KeyUsage { encrypt: true, decrypt: true, wrap: true, unwrap: true, ..none },
    }
}

/// What a public half can do.
pub(super) fn public_usage(key: &PublicKey) -> KeyUsage {
    let rsa = matches!(key, PublicKey::Rsa { .. });
    let verify = !matches!(key, PublicKey::X25519(_));
    KeyUsage { verify, encrypt: rsa, wrap: rsa, ..KeyUsage::default() }
}
