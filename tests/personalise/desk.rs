//! A card on a desk: images to start from, sessions, look-ups, certificates from elsewhere.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::example::{ExampleKind, personalise_example};
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, PublicKey};
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, Engine, Error, KeySpec, MechanismCall, MechanismId, NewUserPin,
    ObjectClass, ObjectHandle, SessionHandle, SessionMode, Template, UserKind, Value,
};
use p11ctl::layout::SlotId;
use p11ctl::softcard::{self, Options};
use p11ctl::token::KeyAlgorithm;
use p11ctl::transport::Reader;
use tempfile::TempDir;

pub const PINS: [&str; 2] = ["11111111", "22222222"];
pub const SO_PIN: &str = "00000000";
pub const PUK: &str = "99999999";
pub const PIN_3: &str = "33333333";

pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    /// A copy of an example card. One of each kind is made for all tests: its keys take time.
    pub fn new(kind: ExampleKind) -> Self {
        static SEPARATE: OnceLock<Vec<u8>> = OnceLock::new();
        static SHARED: OnceLock<Vec<u8>> = OnceLock::new();
        let image = match kind {
            ExampleKind::Separate => SEPARATE.get_or_init(|| image(Some(kind))),
            ExampleKind::Shared => SHARED.get_or_init(|| image(Some(kind))),
        };
        Self::with(image)
    }

    pub fn blank() -> Self {
        Self::with(&image(None))
    }

    pub fn with(image: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one.card"), image).unwrap();
        Self { folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("one.card")
    }

    pub fn reader(&self) -> Box<dyn Reader> {
        softcard::reader("one", Some(self.path()), Duration::from_secs(5))
    }

    /// An engine as a new process would have it, with the card in the reader after so many empty ones.
    pub fn engine_behind(&self, empty: usize) -> Engine {
        let none = |number| softcard::reader(format!("empty {number}"), None, Duration::from_secs(5));
        self.engine_over((0..empty).map(none).chain([self.reader()]).collect())
    }

    /// An engine with this reader alone.
    pub fn engine_with(&self, reader: Box<dyn Reader>) -> Engine {
        self.engine_over(vec![reader])
    }

    /// As [`Desk::engine_with`], and PINs are kept, to be verified again where the card lost a login.
    pub fn engine_that_keeps_pins(&self, reader: Box<dyn Reader>) -> Engine {
        let mut config = Config::default();
        config.pkcs11.pin_cache = true;
        self.engine_by(vec![reader], config)
    }

    fn engine_over(&self, readers: Vec<Box<dyn Reader>>) -> Engine {
        self.engine_by(readers, Config::default())
    }

    fn engine_by(&self, readers: Vec<Box<dyn Reader>>, mut config: Config) -> Engine {
        config.cache.directory = Some(self.folder.path().join("cache"));
        Engine::new(readers, &config)
    }

    pub fn engine(&self) -> Engine {
        self.engine_behind(0)
    }
}

pub fn image(example: Option<ExampleKind>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.card");
    let options = Options { pin_cost: PinKeyCost::MINIMAL, ..Options::default() };
    drop(softcard::create(&path, options).unwrap());
    if let Some(kind) = example {
        let reader = softcard::reader("example", Some(path.clone()), Duration::from_secs(5));
        let mut card = Card::new(reader, CardSettings::default(), Stats::default());
        personalise_example(&mut card, kind).unwrap();
    }
    std::fs::read(path).unwrap()
}

pub fn open(engine: &Engine, slot: u32) -> SessionHandle {
    engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap()
}

pub fn log_in(engine: &Engine, slot: u32, pin: &str) -> SessionHandle {
    let session = open(engine, slot);
    engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap();
    session
}

pub fn officer(engine: &Engine, slot: u32) -> SessionHandle {
    let session = open(engine, slot);
    engine.login(session, UserKind::SecurityOfficer, Some(&Secret::from(SO_PIN))).unwrap();
    session
}

pub fn new_pin<'a>(pin: &'a Secret) -> NewUserPin<'a> {
    NewUserPin { label: None, pin, puk: None, min_len: None, tries: None }
}

pub fn find(engine: &Engine, session: SessionHandle, class: ObjectClass) -> Vec<ObjectHandle> {
    engine.find_all(session, &Template::new().class(class)).unwrap()
}

pub fn named(engine: &Engine, session: SessionHandle, class: ObjectClass, label: &str) -> ObjectHandle {
    let found = engine.find_all(session, &Template::new().class(class).label(label)).unwrap();
    assert_eq!(found.len(), 1, "{class} {label:?}");
    found[0]
}

pub fn labels(engine: &Engine, session: SessionHandle, class: ObjectClass) -> Vec<String> {
    let found = find(engine, session, class);
    let label = |handle: ObjectHandle| match engine.attribute(session, handle, A::LABEL).unwrap() {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    };
    found.into_iter().map(label).collect()
}

/// The labels of the certificates in the one chain of a slot, and whether it ends in a root.
pub fn chain(engine: &Engine, slot: u32) -> (Vec<String>, bool) {
    let view = engine.virtual_token(SlotId(slot)).unwrap();
    assert_eq!(view.view.chains.len(), 1, "slot {slot}");
    let chain = &view.view.chains[0];
    let label = |index: &usize| view.card.certificates[*index].label.clone();
    (chain.certificates.iter().map(label).collect(), chain.complete)
}

/// Signs with the only private key and lets this program's own mathematics, which OpenSSL judges elsewhere, verify.
pub fn signs(engine: &Engine, session: SessionHandle, public: &PublicKey) {
    let key = find(engine, session, ObjectClass::PrivateKey)[0];
    let (mechanism, message) = match public {
        PublicKey::Rsa { .. } => (MechanismId::SHA256_RSA_PKCS, b"message".as_slice()),
        PublicKey::Ec { .. } => (MechanismId::ECDSA_SHA256, b"message".as_slice()),
        PublicKey::Ed25519(_) | PublicKey::X25519(_) => panic!("these cards have no such keys"),
    };
    engine.sign_init(session, &MechanismCall::from(mechanism), key).unwrap();
    let signature = engine.sign(session, message, ANY_ROOM).unwrap();
    let public_key = find(engine, session, ObjectClass::PublicKey)[0];
    engine.verify_init(session, &MechanismCall::from(mechanism), public_key).unwrap();
    engine.verify(session, message, &signature).unwrap();
    assert_eq!(
        engine.attribute(session, public_key, A::PUBLIC_KEY_INFO).unwrap(),
        Value::Bytes(public.to_spki_der())
    );
}

pub fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |value| panic!("{value:?} instead of an error"))
}

pub fn p256(label: &str) -> KeySpec {
    KeySpec::new(KeyAlgorithm::Ec { curve: Some(Curve::P256) }, label)
}

/// An authority that is on no card yet.
pub struct Authority {
    pub certificate: p11ctl::crypto::CertificateDetails,
    key: PrivateKey,
}

impl Authority {
    pub fn new() -> Self {
        let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
        let kind = CertificateKind::Authority { path_len: None };
        let der = CertificateTemplate::new("CN=Elsewhere", key.public(), kind, VALIDITY);
        let der = der.sign(Issuer::Itself, &key).unwrap();
        Self { certificate: p11ctl::crypto::CertificateDetails::parse(&der).unwrap(), key }
    }

    pub fn certify(&self, subject: &str, public: &PublicKey) -> Vec<u8> {
        let kind = CertificateKind::EndEntity { purposes: Vec::new() };
        let leaf = CertificateTemplate::new(subject, public.clone(), kind, VALIDITY);
        leaf.sign(Issuer::Certificate(&self.certificate), &self.key).unwrap()
    }
}

/// 2026 to 2035.
pub const VALIDITY: (i64, i64) = (1_767_225_600, 2_082_758_399);

/// A certificate for a key, by an authority that is on no card.
pub fn certify(public: &PublicKey) -> Vec<u8> {
    Authority::new().certify("CN=Holder 3", public)
}

pub fn public_half(engine: &Engine, session: SessionHandle, id: &[u8]) -> PublicKey {
    let found = engine.find_all(session, &Template::new().class(ObjectClass::PublicKey).id(id)).unwrap();
    public_of(engine, session, found[0])
}

pub fn public_of(engine: &Engine, session: SessionHandle, handle: ObjectHandle) -> PublicKey {
    match engine.attribute(session, handle, A::PUBLIC_KEY_INFO).unwrap() {
        Value::Bytes(der) => PublicKey::from_spki_der(&der).unwrap(),
        other => panic!("{other:?}"),
    }
}
