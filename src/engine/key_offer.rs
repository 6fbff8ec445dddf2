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

    /// `RSA of 1024 or 2048 bits`, `no AES`.
    fn text(&self, asked: KeyAlgorithm) -> String {
        match asked {
            KeyAlgorithm::Rsa { .. } => sizes("RSA", self.rsa),
            KeyAlgorithm::Ec { .. } | KeyAlgorithm::Ed25519 | KeyAlgorithm::X25519 => {
                let curves: Vec<String> = self.curves.iter().map(ToString::to_string).collect();
                alternatives(&curves)
                    .map_or_else(|| "no curves".to_owned(), |list| format!("the curves {list}"))
            }
            _ => sizes("AES", self.aes),
        }
    }
}

fn sizes(name: &str, bits: &[u32]) -> String {
    let numbers: Vec<String> = bits.iter().map(ToString::to_string).collect();
    alternatives(&numbers).map_or_else(|| format!("no {name}"), |list| format!("{name} of {list} bits"))
}

/// `a, b or c`; `None` of none.
fn alternatives(items: &[String]) -> Option<String> {
    match items {
        [] => None,
        [only] => Some(only.clone()),
        [first @ .., last] => Some(format!("{} or {last}", first.join(", "))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offer_names_what_there_is_and_says_when_it_is_nothing() {
        let rsa = KeyAlgorithm::Rsa { modulus_bits: 1 };
        let ec = KeyAlgorithm::Ec { curve: Some(Curve::P521) };
        let aes = KeyAlgorithm::Aes { key_bits: 128 };
        let nothing = Offer { rsa: &[], curves: &[], ed25519: false, x25519: false, aes: &[] };
        assert_eq!([rsa, ec, aes].map(|asked| nothing.text(asked)), ["no RSA", "no curves", "no AES"]);
        let some = Offer { rsa: &[1024, 2048, 4096], curves: &[Curve::P256], aes: &[128, 256], ..nothing };
        let text = ["RSA of 1024, 2048 or 4096 bits", "the curves p256", "AES of 128 or 256 bits"];
        assert_eq!([rsa, ec, aes].map(|asked| some.text(asked)), text);
    }
}
