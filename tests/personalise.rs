//! Personalisation by the engine on real software cards: the founding document's empty token gets a PIN, a key, a
//! certificate and data; chains that share authorities survive every deletion; handles, logins and refusals.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

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
use p11ctl::crypto::{Curve, EcPrivateKey, PrivateKey, PublicKey, RsaPrivateKey};
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, Engine, Error, Extent, InitToken, KeySpec, MechanismCall, MechanismId,
    NewObject, NewUserPin, ObjectClass, ObjectHandle, SessionHandle, SessionMode, Template, Unblocker,
    UserKind, Value,
};
use p11ctl::layout::SlotId;
use p11ctl::softcard::{self, Options};
use p11ctl::token::{KeyAlgorithm, KeyId};
use p11ctl::transport::Reader;
use tempfile::TempDir;

const PINS: [&str; 2] = ["11111111", "22222222"];
const SO_PIN: &str = "00000000";
const PUK: &str = "99999999";
const PIN_3: &str = "33333333";

struct Desk {
    folder: TempDir,
}

impl Desk {
    /// A copy of an example card. One of each kind is made for all tests: its keys take time.
    fn new(kind: ExampleKind) -> Self {
        static SEPARATE: OnceLock<Vec<u8>> = OnceLock::new();
        static SHARED: OnceLock<Vec<u8>> = OnceLock::new();
        let image = match kind {
            ExampleKind::Separate => SEPARATE.get_or_init(|| image(Some(kind))),
            ExampleKind::Shared => SHARED.get_or_init(|| image(Some(kind))),
        };
        Self::with(image)
    }

    fn blank() -> Self {
        Self::with(&image(None))
    }

    fn with(image: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one.card"), image).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("one.card")
    }

    /// An engine as a new process would have it, with the card in the reader after so many empty ones.
    fn engine_behind(&self, empty: usize) -> Engine {
        let timeout = Duration::from_secs(5);
        let mut readers: Vec<Box<dyn Reader>> =
            (0..empty).map(|number| softcard::reader(format!("empty {number}"), None, timeout)).collect();
        readers.push(softcard::reader("one", Some(self.path()), timeout));
        let mut config = Config::default();
        config.cache.directory = Some(self.folder.path().join("cache"));
        Engine::new(readers, &config)
    }

    fn engine(&self) -> Engine {
        self.engine_behind(0)
    }
}

fn image(example: Option<ExampleKind>) -> Vec<u8> {
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

fn open(engine: &Engine, slot: u32) -> SessionHandle {
    engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap()
}

fn log_in(engine: &Engine, slot: u32, pin: &str) -> SessionHandle {
    let session = open(engine, slot);
    engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap();
    session
}

fn officer(engine: &Engine, slot: u32) -> SessionHandle {
    let session = open(engine, slot);
    engine.login(session, UserKind::SecurityOfficer, Some(&Secret::from(SO_PIN))).unwrap();
    session
}

fn new_pin<'a>(pin: &'a Secret) -> NewUserPin<'a> {
    NewUserPin { label: None, pin, puk: None, min_len: None, tries: None }
}

fn find(engine: &Engine, session: SessionHandle, class: ObjectClass) -> Vec<ObjectHandle> {
    engine.find_all(session, &Template::new().class(class)).unwrap()
}

fn named(engine: &Engine, session: SessionHandle, class: ObjectClass, label: &str) -> ObjectHandle {
    let found = engine.find_all(session, &Template::new().class(class).label(label)).unwrap();
    assert_eq!(found.len(), 1, "{class} {label:?}");
    found[0]
}

fn labels(engine: &Engine, session: SessionHandle, class: ObjectClass) -> Vec<String> {
    let found = find(engine, session, class);
    let label = |handle: ObjectHandle| match engine.attribute(session, handle, A::LABEL).unwrap() {
        Value::Text(text) => text,
        other => panic!("{other:?}"),
    };
    found.into_iter().map(label).collect()
}

/// The labels of the certificates in the one chain of a slot, and whether it ends in a root.
fn chain(engine: &Engine, slot: u32) -> (Vec<String>, bool) {
    let view = engine.virtual_token(SlotId(slot)).unwrap();
    assert_eq!(view.view.chains.len(), 1, "slot {slot}");
    let chain = &view.view.chains[0];
    let label = |index: &usize| view.card.certificates[*index].label.clone();
    (chain.certificates.iter().map(label).collect(), chain.complete)
}

/// Signs with the only private key and lets this program's own mathematics, which OpenSSL judges elsewhere, verify.
fn signs(engine: &Engine, session: SessionHandle, public: &PublicKey) {
    let key = find(engine, session, ObjectClass::PrivateKey)[0];
    let (mechanism, message) = match public {
        PublicKey::Rsa { .. } => (MechanismId::SHA256_RSA_PKCS, b"message".as_slice()),
        PublicKey::Ec { .. } => (MechanismId::ECDSA_SHA256, b"message".as_slice()),
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

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |value| panic!("{value:?} instead of an error"))
}

fn p256(label: &str) -> KeySpec {
    KeySpec::new(KeyAlgorithm::Ec { curve: Some(Curve::P256) }, label)
}

/// An authority that is on no card yet.
struct Authority {
    certificate: p11ctl::crypto::CertificateDetails,
    key: PrivateKey,
}

impl Authority {
    fn new() -> Self {
        let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
        let kind = CertificateKind::Authority { path_len: None };
        let der = CertificateTemplate::new("CN=Elsewhere", key.public(), kind, VALIDITY);
        let der = der.sign(Issuer::Itself, &key).unwrap();
        Self { certificate: p11ctl::crypto::CertificateDetails::parse(&der).unwrap(), key }
    }

    fn certify(&self, subject: &str, public: &PublicKey) -> Vec<u8> {
        let kind = CertificateKind::EndEntity { purposes: Vec::new() };
        let leaf = CertificateTemplate::new(subject, public.clone(), kind, VALIDITY);
        leaf.sign(Issuer::Certificate(&self.certificate), &self.key).unwrap()
    }
}

/// 2026 to 2035.
const VALIDITY: (i64, i64) = (1_767_225_600, 2_082_758_399);

/// A certificate for a key, by an authority that is on no card.
fn certify(public: &PublicKey) -> Vec<u8> {
    Authority::new().certify("CN=Holder 3", public)
}

fn public_half(engine: &Engine, session: SessionHandle, id: &[u8]) -> PublicKey {
    let found = engine.find_all(session, &Template::new().class(ObjectClass::PublicKey).id(id)).unwrap();
    public_of(engine, session, found[0])
}

fn public_of(engine: &Engine, session: SessionHandle, handle: ObjectHandle) -> PublicKey {
    match engine.attribute(session, handle, A::PUBLIC_KEY_INFO).unwrap() {
        Value::Bytes(der) => PublicKey::from_spki_der(&der).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn founding_slot_7_gets_pin_key_certificate_and_data_by_the_new_pin_alone_and_signs() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine_behind(1);
    let roots = open(&engine, 6);
    let root = find(&engine, roots, ObjectClass::Certificate);
    let session = officer(&engine, 7);
    let pin = Secret::from(PIN_3);
    let made = engine.init_pin(session, &new_pin(&pin)).unwrap();
    assert_eq!((made.slot, made.label.as_str(), made.created), (SlotId(6), "PIN 3", true));
    assert_eq!(made.uri.token.as_deref(), Some("p11ctl example (PIN 3)"));
    // Sessions go with their tokens, and so do handles.
    assert_eq!(engine.session_info(session).unwrap().slot, SlotId(6));
    assert_eq!(engine.session_info(roots).unwrap().slot, SlotId(7));
    assert_eq!(find(&engine, roots, ObjectClass::Certificate), root);
    engine.logout(session).unwrap();

    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    let (private, public) = engine.generate_key_pair(session, &p256("key 3")).unwrap();
    let key = public_of(&engine, session, public);
    assert_eq!(
        engine.attribute(session, private, A::ID).unwrap(),
        engine.attribute(session, public, A::ID).unwrap()
    );
    let der = certify(&key);
    let certificate = engine
        .create_object(session, &NewObject::Certificate { der: der.clone(), label: None, id: None })
        .unwrap();
    assert_eq!(engine.attribute(session, certificate, A::LABEL).unwrap(), Value::Text("Holder 3".to_owned()));
    assert_eq!(
        engine.attribute(session, certificate, A::ID).unwrap(),
        engine.attribute(session, private, A::ID).unwrap()
    );
    let note = NewObject::Data {
        label: "note".to_owned(),
        application: "test".to_owned(),
        oid: Vec::new(),
        private: true,
        value: b"for PIN 3".to_vec(),
    };
    let data = engine.create_object(session, &note).unwrap();
    assert_eq!(engine.attribute(session, data, A::VALUE).unwrap(), Value::Bytes(b"for PIN 3".to_vec()));
    signs(&engine, session, &key);
    drop(engine);

    // Another process sees the same.
    let engine = desk.engine_behind(1);
    let session = log_in(&engine, 6, PIN_3);
    signs(&engine, session, &key);
    assert_eq!(labels(&engine, session, ObjectClass::Data), ["note"]);
    assert_eq!(chain(&engine, 6), (vec!["Holder 3".to_owned()], false));
    assert_eq!(chain(&engine, 4).0.len(), 3);
    assert_eq!(chain(&engine, 5).0.len(), 3);
    assert_eq!(engine.virtual_token(SlotId(7)).unwrap().view.certificates.len(), 3);
}

#[test]
fn new_pin_can_change_and_delete_what_is_its_own_and_nothing_of_pin_1() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let session = officer(&engine, 3);
    let pin = Secret::from(PIN_3);
    assert_eq!(engine.init_pin(session, &new_pin(&pin)).unwrap().slot, SlotId(2));
    engine.logout(session).unwrap();
    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    let (private, public) = engine.generate_key_pair(session, &p256("key 3")).unwrap();
    let other = log_in(&engine, 0, PINS[0]);
    let theirs = named(&engine, other, ObjectClass::PrivateKey, "key 1");
    assert_eq!(code(engine.destroy_object(session, theirs)), "CKR_OBJECT_HANDLE_INVALID");

    let template = Template::new().label("renamed").id(&[0x77, 0x01]);
    engine.set_attributes(session, private, &template).unwrap();
    assert_eq!(engine.attribute(session, private, A::LABEL).unwrap(), Value::Text("renamed".to_owned()));
    assert_eq!(engine.attribute(session, private, A::ID).unwrap(), Value::Bytes(vec![0x77, 0x01]));
    let taken = engine.attribute(other, theirs, A::ID).unwrap();
    let taken = Template::new().id(taken.as_bytes().unwrap());
    assert_eq!(code(engine.set_attributes(session, private, &taken)), "CKR_ATTRIBUTE_VALUE_INVALID");
    let class = Template::new().class(ObjectClass::Data);
    assert_eq!(code(engine.set_attributes(session, private, &class)), "CKR_ATTRIBUTE_READ_ONLY");

    engine.destroy_object(session, private).unwrap();
    assert_eq!(code(engine.attribute(session, private, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    assert_eq!(engine.attribute(session, public, A::LABEL).unwrap(), Value::Text("key 3".to_owned()));
    engine.destroy_object(session, public).unwrap();
    assert!(find(&engine, session, ObjectClass::PublicKey).is_empty());
    assert_eq!(labels(&engine, other, ObjectClass::PrivateKey), ["key 1"]);
}

#[test]
fn shared_chain_deleting_either_leaf_leaves_the_other_whole() {
    for (slot, pin, number) in [(0, PINS[0], 1), (1, PINS[1], 2)] {
        let desk = Desk::new(ExampleKind::Shared);
        let engine = desk.engine();
        let (other_slot, other) = (1 - slot, 3 - number);
        let before = chain(&engine, other_slot);
        assert_eq!((before.0.len(), before.1), (3, true));
        let session = log_in(&engine, slot, pin);
        let leaf = named(&engine, session, ObjectClass::Certificate, &format!("certificate {number}"));
        assert_eq!(engine.attribute(session, leaf, A::DESTROYABLE).unwrap(), Value::Bool(true));
        engine.destroy_object(session, leaf).unwrap();
        assert_eq!(chain(&engine, other_slot), before);
        drop(engine);
        let engine = desk.engine();
        assert_eq!(chain(&engine, other_slot), before, "certificate {other}");
        assert_eq!(chain(&engine, slot), (Vec::new(), false));
    }
}

#[test]
fn shared_authority_cannot_be_deleted_by_accident_from_either_token() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    for (slot, pin, other) in [(0, PINS[0], 1), (1, PINS[1], 0)] {
        let session = log_in(&engine, slot, pin);
        engine.authorise(session, "SO PIN", &Secret::from(SO_PIN)).unwrap();
        for label in ["issuing CA", "root"] {
            let authority = named(&engine, session, ObjectClass::Certificate, label);
            assert_eq!(engine.attribute(session, authority, A::DESTROYABLE).unwrap(), Value::Bool(false));
            match engine.destroy_object(session, authority) {
                Err(Error::ActionProhibited { needed_by }) => {
                    assert_eq!(needed_by.len(), 1);
                    assert_eq!(needed_by[0].slot, Some(SlotId(other)));
                    assert_eq!(needed_by[0].key, format!("key {}", other + 1));
                    assert_eq!(needed_by[0].token, format!("p11ctl example (PIN {})", other + 1));
                }
                other => panic!("{other:?}"),
            }
            let plan = engine.deletion_plan(session, authority, Extent::Alone).unwrap();
            assert_eq!(plan.objects.len(), 1);
            assert_eq!(plan.needed_by.len(), 2, "both keys: {plan:?}");
        }
        engine.close_session(session).unwrap();
    }
    assert!(chain(&engine, 0).1 && chain(&engine, 1).1);
}

#[test]
fn shared_authority_deleted_everywhere_leaves_both_chains_incomplete_and_no_handle_valid() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let (one, two) = (log_in(&engine, 0, PINS[0]), open(&engine, 1));
    let in_one = named(&engine, one, ObjectClass::Certificate, "issuing CA");
    let in_two = named(&engine, two, ObjectClass::Certificate, "issuing CA");
    let leaf = named(&engine, two, ObjectClass::Certificate, "certificate 2");
    assert_ne!(in_one, in_two);
    match engine.destroy_everywhere(one, in_one) {
        Err(error @ Error::NeedsPin { .. }) => {
            assert_eq!(error.code(), "CKR_USER_NOT_LOGGED_IN");
            assert_eq!(error.to_string(), "the card wants \"SO PIN\" for this");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(engine.attribute(two, in_two, A::LABEL).unwrap(), Value::Text("issuing CA".to_owned()));
    engine.authorise(one, "SO PIN", &Secret::from(SO_PIN)).unwrap();
    engine.destroy_everywhere(one, in_one).unwrap();
    for (session, handle) in [(one, in_one), (two, in_two)] {
        assert_eq!(code(engine.attribute(session, handle, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    }
    assert_eq!(engine.attribute(two, leaf, A::LABEL).unwrap(), Value::Text("certificate 2".to_owned()));
    assert_eq!(chain(&engine, 0), (vec!["certificate 1".to_owned()], false));
    assert_eq!(chain(&engine, 1), (vec!["certificate 2".to_owned()], false));
}

#[test]
fn authorised_pin_opens_no_other_token_and_ends_with_the_login() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let (one, two) = (log_in(&engine, 0, PINS[0]), open(&engine, 1));
    engine.authorise(one, "PIN 2", &Secret::from(PINS[1])).unwrap();
    assert!(find(&engine, two, ObjectClass::PrivateKey).is_empty());
    assert!(find(&engine, one, ObjectClass::PrivateKey).len() == 1);
    let wrong = engine.authorise(one, "SO PIN", &Secret::from("12345678"));
    assert!(matches!(wrong, Err(Error::PinIncorrect { .. })), "{wrong:?}");
    assert_eq!(code(engine.authorise(one, "PIN 9", &Secret::from("12345678"))), "CKR_ARGUMENTS_BAD");
    assert_eq!(code(engine.authorise(one, "PIN 2", &Secret::default())), "CKR_PIN_LEN_RANGE");
    engine.authorise(one, "SO PIN", &Secret::from(SO_PIN)).unwrap();
    engine.logout(one).unwrap();
    engine.login(one, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    let shared = named(&engine, one, ObjectClass::Certificate, "issuing CA");
    assert!(matches!(engine.destroy_everywhere(one, shared), Err(Error::NeedsPin { .. })));
}

#[test]
fn key_with_chain_takes_only_what_no_other_chain_uses() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 1");
    let plan = engine.deletion_plan(session, key, Extent::WithChain).unwrap();
    let labels_of = |objects: &[p11ctl::engine::PlannedObject]| {
        objects.iter().map(|object| object.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(labels_of(&plan.objects), ["certificate 1", "key 1", "key 1"]);
    assert_eq!(labels_of(&plan.kept).len(), 2);
    let gone = engine.destroy_key_with_chain(session, key).unwrap();
    assert_eq!(labels_of(&gone), labels_of(&plan.objects));
    assert_eq!(code(engine.attribute(session, key, A::LABEL)), "CKR_OBJECT_HANDLE_INVALID");
    assert_eq!(chain(&engine, 1).0, ["certificate 2", "issuing CA", "root"]);
    assert!(engine.virtual_token(SlotId(0)).unwrap().view.keys.is_empty());

    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 2");
    let gone = engine.destroy_key_with_chain(session, key).unwrap();
    assert_eq!(labels_of(&gone), ["root 2", "issuing CA 2", "certificate 2", "key 2", "key 2"]);
    assert_eq!(chain(&engine, 0).0.len(), 3);
    assert_eq!(engine.virtual_token(SlotId(2)).unwrap().view.certificates.len(), 3);
}

#[test]
fn card_that_another_program_changed_is_read_again_before_it_is_written() {
    let desk = Desk::new(ExampleKind::Shared);
    let (engine, other) = (desk.engine(), desk.engine());
    let session = log_in(&engine, 0, PINS[0]);
    engine.authorise(session, "SO PIN", &Secret::from(SO_PIN)).unwrap();
    let authority = named(&engine, session, ObjectClass::Certificate, "root");
    let certificate = named(&engine, session, ObjectClass::Certificate, "certificate 1");
    assert_eq!(code(engine.destroy_object(session, authority)), "CKR_ACTION_PROHIBITED");

    let theirs = log_in(&other, 1, PINS[1]);
    let key = named(&other, theirs, ObjectClass::PrivateKey, "key 2");
    other.destroy_key_with_chain(theirs, key).unwrap();
    drop(other);
    // A software card starts anew for each program that takes it.
    assert!(matches!(engine.destroy_object(session, authority), Err(Error::LoginLost)));
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    engine.authorise(session, "SO PIN", &Secret::from(SO_PIN)).unwrap();
    engine.destroy_object(session, authority).unwrap();
    assert_eq!(
        engine.attribute(session, certificate, A::LABEL).unwrap(),
        Value::Text("certificate 1".to_owned())
    );

    // And the other way round: a chain that came to be meanwhile.
    let desk = Desk::new(ExampleKind::Separate);
    let (engine, other) = (desk.engine(), desk.engine());
    let session = log_in(&engine, 0, PINS[0]);
    let authority = Authority::new();
    let der = authority.certificate.der.clone();
    let mine = NewObject::Certificate { der, label: Some("mine".to_owned()), id: None };
    let mine = engine.create_object(session, &mine).unwrap();
    assert_eq!(engine.attribute(session, mine, A::DESTROYABLE).unwrap(), Value::Bool(true));
    let theirs = log_in(&other, 1, PINS[1]);
    let key = named(&other, theirs, ObjectClass::PrivateKey, "key 2");
    let id = other.attribute(theirs, key, A::ID).unwrap().as_bytes().unwrap().to_vec();
    let leaf = named(&other, theirs, ObjectClass::Certificate, "certificate 2");
    other.destroy_object(theirs, leaf).unwrap();
    let der = authority.certify("CN=Below", &public_half(&other, theirs, &id));
    other.create_object(theirs, &NewObject::Certificate { der, label: None, id: None }).unwrap();
    assert_eq!(chain(&other, 1).0, ["Below", "mine"]);
    drop(other);
    assert!(matches!(engine.destroy_object(session, mine), Err(Error::LoginLost)));
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    assert_eq!(code(engine.destroy_object(session, mine)), "CKR_ACTION_PROHIBITED");
    assert_eq!(engine.attribute(session, mine, A::DESTROYABLE).unwrap(), Value::Bool(false));
}

#[test]
fn deletion_with_an_operation_going_on_ends_its_key() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 2");
    let signing = open(&engine, 1);
    engine.sign_init(signing, &MechanismCall::from(MechanismId::ECDSA_SHA256), key).unwrap();
    engine.destroy_object(session, key).unwrap();
    assert_eq!(code(engine.sign(signing, b"message", ANY_ROOM)), "CKR_KEY_HANDLE_INVALID");
}

#[test]
fn refusals_come_before_anything_is_written() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let before = std::fs::read(desk.path()).unwrap();
    let reading = engine.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
    let data = NewObject::Data {
        label: "note".to_owned(),
        application: String::new(),
        oid: Vec::new(),
        private: false,
        value: vec![1],
    };
    assert_eq!(code(engine.create_object(reading, &data)), "CKR_SESSION_READ_ONLY");
    assert_eq!(code(engine.generate_key_pair(reading, &p256("k"))), "CKR_SESSION_READ_ONLY");
    let leaf = named(&engine, reading, ObjectClass::Certificate, "certificate 1");
    assert_eq!(code(engine.destroy_object(reading, leaf)), "CKR_SESSION_READ_ONLY");
    let session = open(&engine, 0);
    assert_eq!(code(engine.create_object(session, &data)), "CKR_USER_NOT_LOGGED_IN");
    assert_eq!(code(engine.destroy_object(session, leaf)), "CKR_USER_NOT_LOGGED_IN");
    assert_eq!(
        code(engine.set_attributes(session, leaf, &Template::new().label("x"))),
        "CKR_USER_NOT_LOGGED_IN"
    );
    let pin = Secret::from(PIN_3);
    assert_eq!(code(engine.init_pin(session, &new_pin(&pin))), "CKR_USER_NOT_LOGGED_IN");
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    assert_eq!(code(engine.init_pin(session, &new_pin(&pin))), "CKR_USER_NOT_LOGGED_IN");
    for (algorithm, expected, text) in [
        (
            KeyAlgorithm::Rsa { modulus_bits: 0 },
            "CKR_TEMPLATE_INCOMPLETE",
            "an RSA key needs a size: this card has RSA of ",
        ),
        (
            KeyAlgorithm::Rsa { modulus_bits: 2047 },
            "CKR_KEY_SIZE_RANGE",
            "no RSA key of 2047 bits: this card has RSA of ",
        ),
        (
            KeyAlgorithm::Ec { curve: None },
            "CKR_TEMPLATE_INCOMPLETE",
            "an EC key needs a curve: this card has the curves ",
        ),
    ] {
        let error = engine.generate_key_pair(session, &KeySpec::new(algorithm, "k")).unwrap_err();
        assert_eq!(error.code(), expected);
        assert!(error.to_string().starts_with(text), "{error}");
    }
    let key = named(&engine, session, ObjectClass::PrivateKey, "key 1");
    let id = engine.attribute(session, key, A::ID).unwrap();
    let spec = KeySpec { id: Some(KeyId(id.as_bytes().unwrap().to_vec())), ..p256("k") };
    assert_eq!(code(engine.generate_key_pair(session, &spec)), "CKR_ATTRIBUTE_VALUE_INVALID");
    let not_one = NewObject::Certificate { der: vec![0x30, 0x00], label: None, id: None };
    assert_eq!(code(engine.create_object(session, &not_one)), "CKR_ATTRIBUTE_VALUE_INVALID");
    engine.close_session(session).unwrap();

    let session = officer(&engine, 2);
    assert_eq!(code(engine.init_pin(session, &new_pin(&pin))), "CKR_FUNCTION_REJECTED");
    assert_eq!(code(engine.generate_key_pair(session, &p256("k"))), "CKR_USER_PIN_NOT_INITIALIZED");
    engine.close_session(session).unwrap();
    let session = officer(&engine, 3);
    for bad in ["", "123", "123456789012345678901234567890"] {
        let bad = Secret::from(bad);
        assert_eq!(code(engine.init_pin(session, &new_pin(&bad))), "CKR_PIN_LEN_RANGE");
    }
    match engine.create_object(session, &data) {
        Err(Error::OtherToken(slot)) => assert_eq!(slot, SlotId(2)),
        other => panic!("{other:?}"),
    }
    drop(engine);
    // Verified PINs may have touched counters in the image; the files have not changed.
    let engine = desk.engine();
    assert_eq!(engine.virtual_token(SlotId(0)).unwrap().view.keys.len(), 2);
    assert!(!before.is_empty());
}

#[test]
fn officer_stores_for_everybody_and_resets_a_forgotten_pin() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = officer(&engine, 2);
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let new = NewObject::Certificate { der: certify(&key.public()), label: None, id: None };
    let certificate = engine.create_object(session, &new).unwrap();
    assert_eq!(engine.virtual_token(SlotId(2)).unwrap().view.certificates.len(), 4);
    engine.destroy_object(session, certificate).unwrap();
    assert_eq!(engine.virtual_token(SlotId(2)).unwrap().view.certificates.len(), 3);
    engine.close_session(session).unwrap();

    let session = officer(&engine, 1);
    let new = Secret::from("24682468");
    let reset = engine.init_pin(session, &new_pin(&new)).unwrap();
    assert_eq!((reset.slot, reset.created), (SlotId(1), false));
    engine.logout(session).unwrap();
    let old = engine.login(session, UserKind::User, Some(&Secret::from(PINS[1])));
    assert!(matches!(old, Err(Error::PinIncorrect { .. })), "{old:?}");
    engine.login(session, UserKind::User, Some(&new)).unwrap();
}

#[test]
fn pin_is_changed_by_its_holder_and_unblocked_by_puk_or_officer() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 1, PINS[1]);
    let (old, new, third) = (Secret::from(PINS[1]), Secret::from("13571357"), Secret::from("97539753"));
    engine.set_pin(session, &old, &new).unwrap();
    // Still logged in, on the card too.
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.sign_init(session, &MechanismCall::from(MechanismId::ECDSA_SHA256), key).unwrap();
    engine.sign(session, b"message", ANY_ROOM).unwrap();
    let wrong = engine.set_pin(session, &old, &third);
    assert!(matches!(wrong, Err(Error::PinIncorrect { tries_left: Some(2) })), "{wrong:?}");
    assert_eq!(code(engine.set_pin(session, &new, &Secret::from("1"))), "CKR_PIN_LEN_RANGE");
    engine.close_session(session).unwrap();

    let session = open(&engine, 1);
    for _ in 0..3 {
        assert!(engine.login(session, UserKind::User, Some(&third)).is_err());
    }
    assert_eq!(code(engine.login(session, UserKind::User, Some(&new))), "CKR_PIN_LOCKED");
    let bad = engine.unblock_pin(SlotId(1), Unblocker::Puk(&Secret::from("10101010")), &third);
    assert!(matches!(bad, Err(Error::PinIncorrect { .. })), "{bad:?}");
    engine.unblock_pin(SlotId(1), Unblocker::Puk(&Secret::from(PUK)), &third).unwrap();
    assert_eq!(engine.pin_status(SlotId(1)).unwrap().user.unwrap().tries_left, Some(3));
    engine.login(session, UserKind::User, Some(&third)).unwrap();
    engine.logout(session).unwrap();
    let officer = Secret::from(SO_PIN);
    engine.unblock_pin(SlotId(1), Unblocker::Officer(&officer), &new).unwrap();
    engine.login(session, UserKind::User, Some(&new)).unwrap();
    assert_eq!(
        code(engine.unblock_pin(SlotId(3), Unblocker::Officer(&officer), &new)),
        "CKR_USER_PIN_NOT_INITIALIZED"
    );
}

#[test]
fn blank_card_is_formatted_personalised_and_erased() {
    let desk = Desk::blank();
    let engine = desk.engine();
    let so_pin = Secret::from(SO_PIN);
    let puk = Secret::from(PUK);
    let init = InitToken { label: "mine", puk: Some(&puk), min_len: None, tries: None };
    assert_eq!(code(engine.init_token(SlotId(0), &Secret::from("1"), &init)), "CKR_PIN_LEN_RANGE");
    engine.init_token(SlotId(0), &so_pin, &init).unwrap();
    assert_eq!(engine.slots(true).len(), 4);
    assert!(engine.virtual_token(SlotId(3)).unwrap().view.empty);

    // The empty token of slot 3 becomes that of the first PIN, in the first slot.
    let session = officer(&engine, 3);
    let pin = Secret::from(PIN_3);
    let bystander = open(&engine, 0);
    let made = engine.init_pin(session, &NewUserPin { label: Some("mine"), ..new_pin(&pin) }).unwrap();
    assert_eq!((made.slot, made.uri.token.as_deref()), (SlotId(0), Some("mine (mine)")));
    assert_eq!(code(engine.session_info(bystander)), "CKR_SESSION_HANDLE_INVALID");
    engine.logout(session).unwrap();
    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    let rsa = PrivateKey::from(RsaPrivateKey::generate(2048).unwrap());
    let spec = KeySpec::new(KeyAlgorithm::Rsa { modulus_bits: 0 }, "imported");
    engine.create_object(session, &NewObject::PrivateKey { key: rsa.clone(), spec }).unwrap();
    signs(&engine, session, &rsa.public());
    let aes = KeySpec::new(KeyAlgorithm::Aes { key_bits: 256 }, "wrapper");
    let secret = engine.generate_key(session, &aes).unwrap();
    assert_eq!(engine.attribute(session, secret, A::VALUE_LEN).unwrap(), Value::Number(32));
    let ids: std::collections::HashSet<_> = find(&engine, session, ObjectClass::PrivateKey)
        .into_iter()
        .chain([secret])
        .map(|key| engine.attribute(session, key, A::ID).unwrap())
        .collect();
    assert_eq!(ids.len(), 2, "two keys, two identifiers");
    engine.repair(session).unwrap();

    assert_eq!(code(engine.init_token(SlotId(1), &so_pin, &init)), "CKR_SESSION_EXISTS");
    engine.close_session(session).unwrap();
    let wrong = engine.erase_token(SlotId(0), &Secret::from("77777777"));
    assert!(matches!(wrong, Err(Error::PinIncorrect { .. })), "{wrong:?}");
    assert!(!engine.virtual_token(SlotId(0)).unwrap().view.empty);
    engine.erase_token(SlotId(0), &so_pin).unwrap();
    assert!(!engine.virtual_token(SlotId(0)).unwrap().card.info.initialized);
    engine.init_token(SlotId(0), &Secret::from("44444444"), &InitToken { puk: None, ..init }).unwrap();
    assert!(engine.virtual_token(SlotId(0)).unwrap().card.info.initialized);
}
