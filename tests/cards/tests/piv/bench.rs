//! One piv-authenticator in a software reader, connected through the driver.

use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{CreatedKey, ImportedKey, KeyMaterial, KeyType, NewCertificate, NewKey, Placement};
use p11ctl::card::{Card, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::crypto::{PrivateKey, PublicKey};
use p11ctl::token::{AuthId, Key, KeyClass, KeyId, KeyUsage, ObjectId, Token};
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::{Shared, piv};

pub const PIN: &str = "123456";
pub const PUK: &str = "12345678";
pub const MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

pub struct Bench {
    pub shared: Shared,
    pub stats: Stats,
}

impl Bench {
    /// A card as it leaves the factory.
    pub fn new() -> Self {
        Self { shared: Shared::new(piv::card()), stats: Stats::default() }
    }

    /// The card, connected anew.
    pub fn card(&self) -> Card {
        let source = Box::new(self.shared.clone());
        let reader = SoftwareReader::new("piv", Some(source), Duration::from_secs(5));
        Card::new(Box::new(reader), CardSettings::default(), self.stats.clone())
    }

    /// The card with the management key proven.
    pub fn officer(&self) -> Card {
        let mut card = self.card();
        card.hold().unwrap();
        let token = card.read_token().unwrap();
        card.verify(&auth(&token, "management key"), &Secret::from(MANAGEMENT_KEY)).unwrap();
        card
    }

    /// APDUs that `job` costs.
    pub fn cost<T>(&self, job: impl FnOnce() -> T) -> (T, u64) {
        let before = self.stats.snapshot().apdus;
        let result = job();
        (result, self.stats.snapshot().apdus - before)
    }

    /// Generates a key and returns its public half.
    pub fn generated(&self, place: &str, key_type: KeyType) -> PublicKey {
        generate(&mut self.officer(), place, key_type).unwrap().public.unwrap().1
    }
}

pub fn auth(token: &Token, label: &str) -> AuthId {
    token.auths.iter().find(|auth| auth.label == label).unwrap().id.clone()
}

pub fn key(token: &Token, id: u8, class: KeyClass) -> &Key {
    token.keys.iter().find(|key| key.id.0 == [id] && key.class == class).unwrap()
}

pub fn private(card: &mut Card, id: u8) -> ObjectId {
    key(&card.read_token().unwrap(), id, KeyClass::Private).object
}

pub fn login(card: &mut Card) {
    let token = card.read_token().unwrap();
    card.verify(&auth(&token, "PIV PIN"), &Secret::from(PIN)).unwrap();
}

/// Generates a key in a place, with the management key proven.
pub fn generate(card: &mut Card, place: &str, key_type: KeyType) -> Result<CreatedKey, CardError> {
    let key = NewKey {
        owner: &AuthId(vec![0x80]),
        label: "",
        id: &KeyId::default(),
        key_type,
        usage: KeyUsage::default(),
        extractable: false,
        always_authenticate: false,
        placement: Placement { place: Some(place), ..Placement::default() },
    };
    card.administer(|admin, channel| admin.generate_key(channel, &key))
}

/// Imports a key into a place, with the management key proven.
pub fn import(card: &mut Card, place: &str, key: &PrivateKey) -> Result<CreatedKey, CardError> {
    let key = ImportedKey {
        owner: &AuthId(vec![0x80]),
        label: "",
        id: &KeyId::default(),
        key: KeyMaterial::Private(key),
        usage: KeyUsage::default(),
        extractable: false,
        always_authenticate: false,
        placement: Placement { place: Some(place), ..Placement::default() },
    };
    card.administer(|admin, channel| admin.import_key(channel, &key))
}

pub fn certify(card: &mut Card, id: u8, der: &[u8]) -> Result<ObjectId, CardError> {
    let new = NewCertificate { owner: None, label: "", id: &KeyId(vec![id]), der };
    card.administer(|admin, channel| admin.store_certificate(channel, &new))
}
