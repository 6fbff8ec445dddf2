//! One opcard in a software reader, connected through the driver.

use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{CreatedKey, ImportedKey, KeyMaterial, KeyType, NewKey, Placement};
use p11ctl::card::cache::CacheStore;
use p11ctl::card::{Card, CardCall, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::CacheConfig;
use p11ctl::crypto::{PrivateKey, PublicKey};
use p11ctl::token::{AuthId, Key, KeyClass, KeyId, KeyUsage, Token};
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::{Shared, openpgp};

pub const USER_PIN: &str = "123456";
pub const ADMIN_PIN: &str = "12345678";

pub struct Bench {
    folder: tempfile::TempDir,
    pub opcard: Shared,
    pub stats: Stats,
}

impl Bench {
    /// A card as it leaves the factory.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, opcard: Shared::new(openpgp::card(1)), stats: Stats::default() }
    }

    /// The card, connected anew, without a cache.
    pub fn card(&self) -> Card {
        self.card_with(CardSettings::default())
    }

    /// The card, connected anew, with the cache folder of this bench.
    pub fn cached_card(&self) -> Card {
        let directory = Some(self.folder.path().join("cache"));
        let cache = CacheStore::new(&CacheConfig { enabled: true, directory });
        self.card_with(CardSettings { cache, ..CardSettings::default() })
    }

    fn card_with(&self, settings: CardSettings) -> Card {
        let source = Box::new(self.opcard.clone());
        let reader = SoftwareReader::new("opcard", Some(source), Duration::from_secs(5));
        Card::new(Box::new(reader), settings, self.stats.clone())
    }

    /// The card with PW3 verified.
    pub fn officer(&self) -> Card {
        let mut card = self.card();
        let token = card.read_token().unwrap();
        card.verify(&auth(&token, "Admin PIN"), &Secret::from(ADMIN_PIN)).unwrap();
        card
    }

    /// APDUs that `job` costs.
    pub fn cost<T>(&self, job: impl FnOnce() -> T) -> (T, u64) {
        let before = self.stats.snapshot().apdus;
        let result = job();
        (result, self.stats.snapshot().apdus - before)
    }
}

pub fn auth(token: &Token, label: &str) -> AuthId {
    token.auths.iter().find(|auth| auth.label == label).unwrap().id.clone()
}

pub fn key(token: &Token, id: u8, class: KeyClass) -> &Key {
    token.keys.iter().find(|key| key.id.0 == [id] && key.class == class).unwrap()
}

/// Generates a key in a place, with PW3 verified.
pub fn generate(card: &mut Card, place: &str, key_type: KeyType) -> Result<CreatedKey, CardError> {
    generate_with(card, key_type, Placement { place: Some(place), ..Placement::default() })
}

pub fn generate_with(
    card: &mut Card,
    key_type: KeyType,
    placement: Placement<'_>,
) -> Result<CreatedKey, CardError> {
    let key = NewKey {
        owner: &owner_of(placement.place),
        label: "",
        id: &KeyId::default(),
        key_type,
        usage: KeyUsage::default(),
        extractable: false,
        always_authenticate: false,
        placement,
    };
    card.administer(|admin, channel| admin.generate_key(channel, &key))
}

/// Imports a key into a place, with PW3 verified.
pub fn import(card: &mut Card, place: &str, key: &PrivateKey) -> Result<CreatedKey, CardError> {
    let key = ImportedKey {
        owner: &owner_of(Some(place)),
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

/// Verifies PW1 in the use that this key wants.
pub fn login_for(card: &mut Card, id: u8) -> Result<(), CardError> {
    let auth = AuthId(vec![if id == 1 { 1 } else { 2 }]);
    card.verify(&auth, &Secret::from(USER_PIN))
}

/// The value of a public key as the card gives it.
pub fn public_key(card: &mut Card, id: u8) -> PublicKey {
    let token = card.read_token().unwrap();
    let object = key(&token, id, KeyClass::Public).object;
    PublicKey::from_spki_der(&card.read_object(object).unwrap()).unwrap()
}

/// Signs as the kind of key wants it, and checks the signature on the host.
pub fn sign_and_check(card: &mut Card, id: u8) {
    use p11ctl::crypto::digest::digest;
    use p11ctl::crypto::{DigestAlgorithm, ec, ed25519, rsa};
    let token = card.read_token().unwrap();
    let key = key(&token, id, KeyClass::Private).object;
    let public = public_key(card, id);
    let hash = digest(DigestAlgorithm::Sha256, b"message");
    let valid = match &public {
        PublicKey::Rsa { .. } => {
            let digest_info = DigestAlgorithm::Sha256.digest_info(&hash);
            let signature = card.perform(&CardCall::RsaSignPkcs1 { key, digest_info: &digest_info }).unwrap();
            rsa::pkcs1_verify(&public, &digest_info, signature.expose())
        }
        PublicKey::Ec { .. } => {
            let signature = card.perform(&CardCall::EcdsaSign { key, digest: &hash }).unwrap();
            ec::verify(&public, &hash, signature.expose())
        }
        PublicKey::Ed25519(bytes) => {
            let signature = card.perform(&CardCall::Ed25519Sign { key, message: b"message" }).unwrap();
            ed25519::verify(bytes, b"message", signature.expose())
        }
        PublicKey::X25519(_) => panic!("X25519 signs nothing"),
    };
    assert_eq!(valid, Ok(true), "{public:?}");
}

/// The PIN that owns the key of a place.
fn owner_of(place: Option<&str>) -> AuthId {
    AuthId(vec![if place == Some("sig") { 1 } else { 2 }])
}
