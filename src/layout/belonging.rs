//! Which object belongs to which PIN, and which certificate and public key belong to a private key.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::chains::is_authority;
use crate::crypto::PublicKey;
use crate::token::{AuthId, AuthRole, Key, KeyAlgorithm, KeyClass, KeyId, Token};

/// Most certificates or public keys with one identifier that are looked at for one key. Real cards have a few
/// (renewals); without a limit a hostile card of equal identifiers costs quadratic time.
const MAX_SAME_ID: usize = 32;

/// Whose an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A user PIN: index into `Token::auths`.
    Pin(usize),
    /// Public, and it names no user PIN of this card.
    Nobody,
    /// Protected by something that is no user PIN of this card: SO PIN, PUK, or not there at all.
    Stranger,
}

/// Whose bodies the layout depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bodies {
    /// None: identifiers say all.
    None,
    /// Those of the certificates whose subject and issuer are not known or not enough.
    WithoutNames,
    /// All: a public key has to be found in them.
    All,
}

/// The owners of all objects of a token, and the look-up tables between keys and certificates.
pub(super) struct Belonging<'t> {
    token: &'t Token,
    /// User PINs in the card's order: indices into `Token::auths`.
    pub(super) user_pins: Vec<usize>,
    /// By index into `Token::keys`.
    pub(super) keys: Vec<Owner>,
    /// By index into `Token::certificates`.
    pub(super) certificates: Vec<Owner>,
    /// By index into `Token::data`.
    pub(super) data: Vec<Owner>,
    certificates_by_id: HashMap<&'t KeyId, Vec<usize>>,
    certificates_by_key: HashMap<&'t [u8], Vec<usize>>,
    public_keys_by_id: HashMap<&'t KeyId, Vec<usize>>,
    public_keys_by_value: HashMap<&'t [u8], Vec<usize>>,
}

impl<'t> Belonging<'t> {
    /// Sorts out a token. An object that names a user PIN belongs to it, public or not. A protected object that
    /// names none belongs to the only user PIN of the card, if there is only one.
    pub(super) fn new(token: &'t Token) -> Self {
        let user_pins: Vec<usize> =
            (0..).zip(&token.auths).filter(|(_, auth)| auth.role == AuthRole::User).map(|(i, _)| i).collect();
        let mut pin_by_id: HashMap<&AuthId, usize> = HashMap::new();
        for (index, auth) in token.auths.iter().enumerate().filter(|(_, auth)| auth.role == AuthRole::User) {
            pin_by_id.entry(&auth.id).or_insert(index);
        }
        let only_pin = match user_pins.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let owner = |auth: Option<&AuthId>, protected: bool| {
            let pin = match auth.filter(|id| !id.0.is_empty()) {
                Some(id) => pin_by_id.get(id).copied(),
                None if protected => only_pin,
                None => None,
            };
            match pin {
                Some(pin) => Owner::Pin(pin),
                None if protected => Owner::Stranger,
                None => Owner::Nobody,
            }
        };
        let mut belonging = Self {
            token,
            keys: token.keys.iter().map(|key| owner(key.auth.as_ref(), is_protected(key))).collect(),
            certificates: token.certificates.iter().map(|c| owner(c.auth.as_ref(), c.private)).collect(),
            data: token.data.iter().map(|data| owner(data.auth.as_ref(), data.private)).collect(),
            user_pins,
            certificates_by_id: HashMap::new(),
            certificates_by_key: HashMap::new(),
            public_keys_by_id: HashMap::new(),
            public_keys_by_value: HashMap::new(),
        };
        belonging.fill_tables();
        belonging
    }

    /// True when `owner`'s token may show the certificate: it is public, or protected by that PIN.
    pub(super) fn shows_certificate(&self, owner: Owner, index: usize) -> bool {
        self.token.certificates.get(index).is_some_and(|certificate| {
            !certificate.private || self.certificates.get(index).is_some_and(|other| *other == owner)
        })
    }

    /// The certificates of a private key that `owner`'s token may show, the best first: those with its
    /// identifier, or, when there are none, those with its public key. Best is one that certainly has the key, then
    /// an end entity's, then the one valid longest, then the first on the card.
    pub(super) fn certificates_of(&self, key_index: usize, owner: Owner) -> Vec<usize> {
        let Some(key) = self.token.keys.get(key_index) else { return Vec::new() };
        let value = self.value_of(key_index, owner);
        let by_id = self.certificates_by_id.get(&key.id);
        let mut found = self.fitting_certificates(key, value, by_id, owner);
        if found.is_empty() {
            let by_value = value.and_then(|value| self.certificates_by_key.get(hashable(value)));
            found = self.fitting_certificates(key, value, by_value, owner);
        }
        found.sort_by_cached_key(|index| {
            let certificate = self.token.certificates.get(*index);
            let details = certificate.and_then(|certificate| certificate.details.as_ref());
            let proven = value.is_some() && details.and_then(|details| details.public_key.as_ref()) == value;
            let authority = certificate.is_some_and(is_authority);
            (!proven, authority, Reverse(details.map(|details| details.not_after)), *index)
        });
        found
    }

    /// The public keys of a private key that `owner`'s token may show: with its identifier, or with its value, which
    /// may be known only from its best certificate.
    pub(super) fn public_keys_of(
        &self,
        key_index: usize,
        certificate: Option<usize>,
        owner: Owner,
    ) -> Vec<usize> {
        let Some(key) = self.token.keys.get(key_index) else { return Vec::new() };
        let certified = || self.token.certificates.get(certificate?)?.details.as_ref()?.public_key.as_ref();
        let value = self.value_of(key_index, owner).or_else(certified);
        let by_id = self.public_keys_by_id.get(&key.id);
        let by_value = value.and_then(|value| self.public_keys_by_value.get(hashable(value)));
        let fits = |index: &&usize| {
            self.token.keys.get(**index).is_some_and(|other| {
                self.shows_key(owner, **index)
                    && same_family(key.algorithm, other.algorithm)
                    && (value.is_none() || other.public.is_none() || other.public.as_ref() == value)
            })
        };
        by_id
            .into_iter()
            .chain(by_value)
            .flat_map(|found| found.iter().take(MAX_SAME_ID))
            .filter(fits)
            .copied()
            .collect()
    }

    /// Which bodies could tell something of the order of things that identifiers and names do not.
    pub(super) fn bodies_needed(&self) -> Bodies {
        let mut pins_with_certificates = HashSet::new();
        let mut bound = vec![false; self.token.certificates.len()];
        let mut by_value = false;
        for (index, key) in self.token.keys.iter().enumerate().filter(|(_, k)| k.class == KeyClass::Private) {
            let Some(owner) = self.keys.get(index).copied().filter(|owner| *owner != Owner::Stranger) else {
                continue;
            };
            let found = self.certificates_by_id.get(&key.id).into_iter().flatten().take(MAX_SAME_ID);
            let mut found = found.copied().filter(|found| self.shows_certificate(owner, *found)).peekable();
            by_value |= found.peek().is_none() && self.value_of(index, owner).is_some();
            for certificate in found {
                if let Owner::Pin(pin) = owner {
                    pins_with_certificates.insert(pin);
                }
                if let Some(mark) = bound.get_mut(certificate) {
                    *mark = true;
                }
            }
        }
        let unbound = bound.iter().zip(&self.token.certificates).any(|(bound, c)| !bound && !c.private);
        match bound.contains(&true) && (unbound || pins_with_certificates.len() > 1) {
            _ if by_value && unbound => Bodies::All,
            true => Bodies::WithoutNames,
            false => Bodies::None,
        }
    }

    fn shows_key(&self, owner: Owner, index: usize) -> bool {
        self.token.keys.get(index).is_some_and(|key| {
            !is_protected(key) || self.keys.get(index).is_some_and(|other| *other == owner)
        })
    }

    /// The public value of a private key, from itself or from the public key with its identifier.
    fn value_of(&self, key_index: usize, owner: Owner) -> Option<&'t PublicKey> {
        let key = self.token.keys.get(key_index)?;
        key.public.as_ref().or_else(|| {
            let others = self.public_keys_by_id.get(&key.id)?;
            let values = others.iter().take(MAX_SAME_ID).filter(|other| self.shows_key(owner, **other));
            let mut values = values.filter_map(|other| self.token.keys.get(*other)?.public.as_ref());
            let value = values.find(|value| same_family(key.algorithm, algorithm_of(value)))?;
            // Two different values under one identifier tell nothing.
            values
                .all(|other| other == value || !same_family(key.algorithm, algorithm_of(other)))
                .then_some(value)
        })
    }

    fn fitting_certificates(
        &self,
        key: &Key,
        value: Option<&PublicKey>,
        candidates: Option<&Vec<usize>>,
        owner: Owner,
    ) -> Vec<usize> {
        let fits = |index: &usize| {
            let details = self.token.certificates.get(*index).and_then(|c| c.details.as_ref());
            let certified = details.and_then(|details| details.public_key.as_ref());
            self.shows_certificate(owner, *index)
                && certified.is_none_or(|certified| match value {
                    Some(value) => certified == value,
                    None => same_family(key.algorithm, algorithm_of(certified)),
                })
        };
        candidates
            .into_iter()
            .flat_map(|found| found.iter().take(MAX_SAME_ID))
            .copied()
            .filter(fits)
            .collect()
    }

    fn fill_tables(&mut self) {
        for (index, certificate) in self.token.certificates.iter().enumerate() {
            if !certificate.id.0.is_empty() {
                self.certificates_by_id.entry(&certificate.id).or_default().push(index);
            }
            if let Some(key) = certificate.details.as_ref().and_then(|details| details.public_key.as_ref()) {
                self.certificates_by_key.entry(hashable(key)).or_default().push(index);
            }
        }
        for (index, key) in
            self.token.keys.iter().enumerate().filter(|(_, key)| key.class == KeyClass::Public)
        {
            if !key.id.0.is_empty() {
                self.public_keys_by_id.entry(&key.id).or_default().push(index);
            }
            if let Some(value) = &key.public {
                self.public_keys_by_value.entry(hashable(value)).or_default().push(index);
            }
        }
    }
}

/// True for what only the holder of a PIN can see or use. A private or secret key that names a PIN is of no use
/// without it, even where the card calls it public.
pub(super) fn is_protected(key: &Key) -> bool {
    key.private || (key.class != KeyClass::Public && key.auth.as_ref().is_some_and(|auth| !auth.0.is_empty()))
}

/// The part of a public key that tells it from others.
fn hashable(key: &PublicKey) -> &[u8] {
    match key {
        PublicKey::Rsa { modulus, .. } => modulus,
        PublicKey::Ec { point, .. } => point,
        PublicKey::Ed25519(key) | PublicKey::X25519(key) => key,
    }
}

fn algorithm_of(key: &PublicKey) -> KeyAlgorithm {
    match key {
        PublicKey::Rsa { .. } => KeyAlgorithm::Rsa { modulus_bits: 0 },
        other => other.into(),
    }
}

/// False when two halves certainly are of different kinds. Sizes of RSA keys are not compared: cards misstate them.
fn same_family(one: KeyAlgorithm, other: KeyAlgorithm) -> bool {
    match (one, other) {
        (KeyAlgorithm::Untold, _) | (_, KeyAlgorithm::Untold) => true,
        (KeyAlgorithm::Rsa { .. }, KeyAlgorithm::Rsa { .. }) => true,
        (KeyAlgorithm::Ec { curve: Some(one) }, KeyAlgorithm::Ec { curve: Some(other) }) => one == other,
        (KeyAlgorithm::Ec { .. }, KeyAlgorithm::Ec { .. })
        | (KeyAlgorithm::Ed25519, KeyAlgorithm::Ed25519)
        | (KeyAlgorithm::X25519, KeyAlgorithm::X25519) => true,
        _ => false,
    }
}
