//! Software cards in temporary folders, connected through the driver.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::admin::{Format, NewPin};
use p11ctl::card::cache::CacheStore;
use p11ctl::card::example::{ExampleKind, OFFICER_PIN, PINS, PUK, personalise_example};
use p11ctl::card::{Card, CardError, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::CacheConfig;
use p11ctl::crypto::PublicKey;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options, Profile, SoftCard};
use p11ctl::token::{AuthId, Key, KeyClass, Token};
use p11ctl::transport::software::{CardSource, SharedCard, SoftwareReader};
use p11ctl::transport::{Reader, TransportError, VirtualCard};

/// A folder with one card image and a cache folder.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub stats: Stats,
}

impl Bench {
    /// A blank card.
    pub fn blank(profile: Profile) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { profile, pin_cost: PinKeyCost::MINIMAL };
        softcard::create(&folder.path().join("card"), options).unwrap();
        Self { folder, stats: Stats::default() }
    }

    /// The example card.
    pub fn example(kind: ExampleKind) -> Self {
        let bench = Self::blank(Profile::MyEid);
        personalise_example(&mut bench.card(), kind).unwrap();
        bench
    }

    /// A card with the example's PINs and nothing else.
    pub fn personalised(profile: Profile) -> Self {
        let bench = Self::blank(profile);
        let mut card = bench.card();
        format(&mut card).unwrap();
        bench
    }

    pub fn image(&self) -> PathBuf {
        self.folder.path().join("card")
    }

    /// The card, connected anew, with the cache folder of this bench.
    pub fn card(&self) -> Card {
        self.card_with(CardSettings { cache: self.store(), ..CardSettings::default() })
    }

    pub fn card_without_cache(&self) -> Card {
        self.card_with(CardSettings::default())
    }

    pub fn card_with(&self, settings: CardSettings) -> Card {
        let reader = softcard::reader("software", Some(self.image()), Duration::from_secs(5));
        Card::new(reader, settings, self.stats.clone())
    }

    /// The card in a powered reader that several users share, as PC/SC readers are: what one selects or verifies
    /// stands for the next.
    pub fn shared_reader(&self) -> Powered {
        Powered(Arc::new(Mutex::new(softcard::open(&self.image()).unwrap())))
    }

    pub fn store(&self) -> Option<CacheStore> {
        let directory = Some(self.folder.path().join("cache"));
        CacheStore::new(&CacheConfig { enabled: true, directory })
    }

    /// Empties the cache folder.
    pub fn forget_cache(&self) {
        let _ = std::fs::remove_dir_all(self.folder.path().join("cache"));
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

pub fn key<'a>(token: &'a Token, label: &str, class: KeyClass) -> &'a Key {
    token.keys.iter().find(|key| key.label == label && key.class == class).unwrap()
}

/// The value of a public key, read from the card.
pub fn public_key(card: &mut Card, token: &Token, label: &str) -> PublicKey {
    let object = key(token, label, KeyClass::Public).object;
    PublicKey::from_spki_der(&card.read_object(object).unwrap()).unwrap()
}

/// Formats a card with the example's PINs.
pub fn format(card: &mut Card) -> Result<(), CardError> {
    let puk = Secret::from(PUK);
    let values = PINS.map(|(label, pin)| (label, Secret::from(pin)));
    let officer = Secret::from(OFFICER_PIN);
    let pin = |label, pin| NewPin { label, pin, puk: Some(&puk), min_len: 4, tries: 3 };
    let pins: Vec<NewPin<'_>> = values.iter().map(|(label, value)| pin(*label, value)).collect();
    let format = Format { label: "test", officer: pin("SO PIN", &officer), pins: &pins };
    card.with(|driver, channel| driver.admin().unwrap().format(channel, &format))
}

/// A card that stays powered.
#[derive(Clone)]
pub struct Powered(Arc<Mutex<SoftCard>>);

impl Powered {
    pub fn reader(&self) -> Box<dyn Reader> {
        Box::new(SoftwareReader::new("shared", Some(Box::new(self.clone())), Duration::from_secs(5)))
    }
}

impl VirtualCard for Powered {
    fn atr(&self) -> Vec<u8> {
        self.0.lock().unwrap().atr()
    }

    fn reset(&mut self) {
        self.0.lock().unwrap().reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.0.lock().unwrap().process(command)
    }

    fn take_fault(&mut self) -> Option<TransportError> {
        self.0.lock().unwrap().take_fault()
    }
}

impl SharedCard for Powered {}

impl CardSource for Powered {
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(VirtualCard::atr(self))
    }

    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
        Ok(Box::new(self.clone()))
    }
}
