//! The engine on real software cards: the founding document's example made by the card's own commands, judged by
//! OpenSSL. The engine's rules one by one are unit tests beside it (`src/engine/tests`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "common/faults.rs"]
mod faults;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use faults::{Fault, FaultyReader, Plan};
use p11ctl::apdu::Stats;
use p11ctl::card::example::{ExampleKind, personalise_example};
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, Engine, Error, MechanismCall, MechanismId, ObjectClass, ObjectHandle,
    PinState, SessionHandle, SessionMode, SessionState, Template, UserKind, Value,
};
use p11ctl::layout::{SlotId, UnplacedWhat};
use p11ctl::softcard::{self, Options};
use p11ctl::transport::{Begun, Disposition, Limits, Presence, Protocol, Reader, Transport, TransportError};
use tempfile::TempDir;

const PINS: [&str; 2] = ["11111111", "22222222"];
const SO_PIN: &str = "00000000";

/// A folder with a card in it, and what tests put beside it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    /// A copy of the founding document's example card. One is made for all tests: its keys take time.
    fn new(kind: ExampleKind) -> Self {
        static SEPARATE: OnceLock<Vec<u8>> = OnceLock::new();
        static SHARED: OnceLock<Vec<u8>> = OnceLock::new();
        let image = match kind {
            ExampleKind::Separate => SEPARATE.get_or_init(|| example(kind)),
            ExampleKind::Shared => SHARED.get_or_init(|| example(kind)),
        };
        let folder = tempfile::tempdir().unwrap();
        for name in ["one.card", "two.card"] {
            std::fs::write(folder.path().join(name), image).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn reader(&self, name: &str) -> Box<dyn Reader> {
        softcard::reader(name, Some(self.path(name)), Duration::from_secs(5))
    }

    /// An engine over these readers.
    fn engine(&self, readers: Vec<Box<dyn Reader>>) -> Engine {
        Engine::new(readers, &self.config())
    }

    /// An engine with the card in the first reader.
    fn first(&self) -> Engine {
        self.engine(vec![self.reader("one.card")])
    }

    fn config(&self) -> Config {
        let mut config = Config::default();
        config.cache.directory = Some(self.path("cache"));
        config
    }

    /// Runs openssl in the folder and returns what it prints.
    fn openssl(&self, arguments: &[&str]) -> Vec<u8> {
        let output =
            Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "openssl {arguments:?}: {told}");
        output.stdout
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }
}

fn example(kind: ExampleKind) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.card");
    let options = Options { pin_cost: PinKeyCost::MINIMAL, ..Options::default() };
    drop(softcard::create(&path, options).unwrap());
    let reader = softcard::reader("example", Some(path.clone()), Duration::from_secs(5));
    let mut card = Card::new(reader, CardSettings::default(), Stats::default());
    personalise_example(&mut card, kind).unwrap();
    drop(card);
    std::fs::read(path).unwrap()
}

fn log_in(engine: &Engine, slot: u32, pin: &str) -> SessionHandle {
    let session = engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap();
    engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap();
    session
}

fn find(engine: &Engine, session: SessionHandle, class: ObjectClass) -> Vec<ObjectHandle> {
    engine.find_all(session, &Template::new().class(class)).unwrap()
}

fn sign(engine: &Engine, session: SessionHandle, id: MechanismId, data: &[u8]) -> Vec<u8> {
    let key = find(engine, session, ObjectClass::PrivateKey)[0];
    engine.sign_init(session, &MechanismCall::from(id), key).unwrap();
    engine.sign(session, data, ANY_ROOM).unwrap()
}

#[test]
fn founding_example_in_the_second_reader_comes_out_line_by_line() {
    let desk = Desk::new(ExampleKind::Separate);
    let empty = softcard::reader("empty", None, Duration::ZERO);
    let engine = desk.engine(vec![empty, desk.reader("one.card")]);
    let labels: Vec<_> =
        engine.slots(true).into_iter().map(|slot| (slot.0, engine.token_info(slot).unwrap().label)).collect();
    let expected = [
        (4, "p11ctl example (PIN 1)"),
        (5, "p11ctl example (PIN 2)"),
        (6, "p11ctl example"),
        (7, "p11ctl example"),
    ];
    assert_eq!(labels, expected.map(|(slot, label)| (slot, label.to_owned())));
    for (slot, keys, certificates) in [(4, 1, 3), (5, 1, 3), (6, 0, 3), (7, 0, 0)] {
        let view = engine.virtual_token(SlotId(slot)).unwrap().view;
        assert_eq!((view.chains.len(), view.certificates.len()), (keys, certificates), "slot {slot}");
        assert!(view.chains.iter().all(|chain| chain.complete && chain.certificates.len() == 3));
        assert_eq!(view.empty, slot == 7);
    }
    assert!(engine.unplaced().is_empty());
    for slot in 4..8 {
        assert_eq!(engine.problems(SlotId(slot)).unwrap(), []);
    }
}

#[test]
fn shared_chain_shows_its_authorities_in_both_tokens() {
    let desk = Desk::new(ExampleKind::Shared);
    let engine = desk.first();
    let chains: Vec<_> = (0..2)
        .map(|slot| engine.virtual_token(SlotId(slot)).unwrap().view.chains[0].certificates.clone())
        .collect();
    assert_eq!(chains[0].len(), 3);
    assert_ne!(chains[0][0], chains[1][0]);
    assert_eq!(chains[0][1..], chains[1][1..]);
}

#[test]
fn pins_beyond_the_slots_are_told() {
    let desk = Desk::new(ExampleKind::Separate);
    let mut config = desk.config();
    config.pkcs11.num_slots = 1;
    let engine = Engine::new(vec![desk.reader("one.card")], &config);
    assert_eq!(engine.slots(true), [SlotId(0)]);
    let told: Vec<_> = engine.unplaced().into_iter().map(|unplaced| unplaced.what).collect();
    assert!(told.contains(&UnplacedWhat::Pin("PIN 2".to_owned())), "{told:?}");
}

#[test]
fn both_tokens_sign_at_once_and_openssl_verifies() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let sessions = [log_in(&engine, 0, PINS[0]), log_in(&engine, 1, PINS[1])];
    desk.write("data", b"some data to sign\n");
    for (session, ids) in [
        (
            sessions[0],
            [MechanismId::SHA256_RSA_PKCS, MechanismId::SHA512_RSA_PKCS, MechanismId::SHA1_RSA_PKCS],
        ),
        (sessions[1], [MechanismId::ECDSA_SHA256, MechanismId::ECDSA_SHA384, MechanismId::ECDSA_SHA224]),
        (
            sessions[0],
            [MechanismId::SHA224_RSA_PKCS, MechanismId::SHA384_RSA_PKCS, MechanismId::SHA256_RSA_PKCS],
        ),
    ] {
        let public = find(&engine, session, ObjectClass::PublicKey)[0];
        let info = engine.attribute(session, public, A::PUBLIC_KEY_INFO).unwrap();
        desk.write("key.der", info.as_bytes().unwrap());
        for id in ids {
            let mut signature = sign(&engine, session, id, b"some data to sign\n");
            engine.verify_init(session, &id.into(), public).unwrap();
            engine.verify(session, b"some data to sign\n", &signature).unwrap();
            if session == sessions[1] {
                signature = p11ctl::crypto::ec::signature_to_der(&signature).unwrap();
            }
            desk.write("signature", &signature);
            let digest = id.name().unwrap().split('_').find(|part| part.starts_with("SHA")).unwrap();
            let digest = format!("-{}", digest.to_lowercase());
            let arguments =
                ["dgst", &digest, "-verify", "key.der", "-keyform", "DER", "-signature", "signature", "data"];
            assert_eq!(desk.openssl(&arguments), b"Verified OK\n", "{id}");
        }
    }
}

#[test]
fn raw_digest_info_is_signed_as_it_is() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let digest = p11ctl::crypto::digest::digest(p11ctl::crypto::DigestAlgorithm::Sha256, b"data");
    let info = p11ctl::crypto::DigestAlgorithm::Sha256.digest_info(&digest);
    let given = sign(&engine, session, MechanismId::RSA_PKCS, &info);
    assert_eq!(given, sign(&engine, session, MechanismId::SHA256_RSA_PKCS, b"data"));
    // A data block without DigestInfo, as old TLS signs: OpenSSL recovers it.
    desk.write(
        "signature",
        &sign(&engine, session, MechanismId::RSA_PKCS, b"thirty-six bytes of two digests ...."),
    );
    let public = find(&engine, session, ObjectClass::PublicKey)[0];
    let info = engine.attribute(session, public, A::PUBLIC_KEY_INFO).unwrap();
    desk.write("key.der", info.as_bytes().unwrap());
    let arguments =
        ["pkeyutl", "-verifyrecover", "-pubin", "-inkey", "key.der", "-keyform", "DER", "-in", "signature"];
    assert_eq!(desk.openssl(&arguments), b"thirty-six bytes of two digests ....");
}

#[test]
fn what_openssl_encrypts_is_decrypted() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let leaf = engine.virtual_token(SlotId(0)).unwrap().view.chains[0].certificates[0];
    desk.write("leaf.der", &engine.certificate(SlotId(0), leaf).unwrap().der);
    desk.write("plain", b"a session key");
    desk.openssl(&["x509", "-inform", "DER", "-in", "leaf.der", "-pubkey", "-noout", "-out", "key.pem"]);
    let arguments =
        ["pkeyutl", "-encrypt", "-pubin", "-inkey", "key.pem", "-in", "plain", "-out", "encrypted"];
    desk.openssl(&arguments);
    let mut encrypted = std::fs::read(desk.path("encrypted")).unwrap();
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), key).unwrap();
    assert_eq!(engine.decrypt(session, &encrypted, ANY_ROOM).unwrap().expose(), b"a session key");
    encrypted[200] ^= 1;
    engine.decrypt_init(session, &MechanismId::RSA_PKCS.into(), key).unwrap();
    let error = engine.decrypt(session, &encrypted, ANY_ROOM).unwrap_err();
    assert_eq!(error.code(), "CKR_ENCRYPTED_DATA_INVALID");
}

#[test]
fn chain_on_the_card_is_one_that_openssl_accepts() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    for slot in [SlotId(0), SlotId(1)] {
        let chain = engine.virtual_token(slot).unwrap().view.chains[0].certificates.clone();
        for (name, index) in ["leaf", "ca", "root"].into_iter().zip(chain) {
            desk.write(&format!("{name}.der"), &engine.certificate(slot, index).unwrap().der);
            let (from, to) = (format!("{name}.der"), format!("{name}.pem"));
            desk.openssl(&["x509", "-inform", "DER", "-in", &from, "-out", &to]);
        }
        desk.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "ca.pem", "leaf.pem"]);
    }
}

// I.46 to I.51
#[test]
fn attributes_of_every_class_are_there() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let (rsa, ec) = (log_in(&engine, 0, PINS[0]), log_in(&engine, 1, PINS[1]));
    let all =
        [A::CLASS, A::TOKEN, A::PRIVATE, A::LABEL, A::MODIFIABLE, A::COPYABLE, A::DESTROYABLE, A::UNIQUE_ID];
    let key =
        [A::KEY_TYPE, A::ID, A::DERIVE, A::LOCAL, A::KEY_GEN_MECHANISM, A::ALLOWED_MECHANISMS, A::SUBJECT];
    let private = [A::SIGN, A::DECRYPT, A::UNWRAP, A::SENSITIVE, A::EXTRACTABLE, A::ALWAYS_AUTHENTICATE];
    let certificate = [
        A::CERTIFICATE_TYPE,
        A::CERTIFICATE_CATEGORY,
        A::TRUSTED,
        A::SUBJECT,
        A::ISSUER,
        A::SERIAL_NUMBER,
        A::VALUE,
        A::START_DATE,
        A::END_DATE,
        A::CHECK_VALUE,
        A::PUBLIC_KEY_INFO,
        A::ID,
    ];
    for (session, numbers) in
        [(rsa, &[A::MODULUS, A::MODULUS_BITS, A::PUBLIC_EXPONENT][..]), (ec, &[A::EC_PARAMS][..])]
    {
        for (class, more) in [
            (ObjectClass::PrivateKey, [&key[..], &private, numbers].concat()),
            (
                ObjectClass::PublicKey,
                [&key[..], &[A::VERIFY, A::ENCRYPT, A::PUBLIC_KEY_INFO], numbers].concat(),
            ),
            (ObjectClass::Certificate, certificate.to_vec()),
        ] {
            for object in find(&engine, session, class) {
                let kinds = [&all[..], &more].concat();
                let answers = engine.attributes(session, object, &kinds).unwrap();
                for (kind, answer) in kinds.iter().zip(answers) {
                    let value = answer.unwrap_or_else(|error| panic!("{class} {kind}: {error}"));
                    assert_eq!(value.form(), kind.form(), "{kind}");
                }
            }
        }
    }
    let private = find(&engine, rsa, ObjectClass::PrivateKey)[0];
    let modulus = engine.attribute(rsa, private, A::MODULUS).unwrap();
    assert_eq!(modulus.as_bytes().unwrap().len(), 256);
    assert_ne!(modulus.as_bytes().unwrap()[0], 0);
    let secret = engine.attribute(rsa, private, A::PRIVATE_EXPONENT).unwrap_err();
    assert_eq!(secret.code(), "CKR_ATTRIBUTE_SENSITIVE");
    let point = find(&engine, ec, ObjectClass::PublicKey)[0];
    let point = engine.attribute(ec, point, A::EC_POINT).unwrap();
    assert_eq!(point.as_bytes().unwrap()[..3], [0x04, 65, 0x04]);
    let leaf = Template::new().id(&[1]).class(ObjectClass::Certificate);
    let leaf = engine.find_all(rsa, &leaf).unwrap()[0];
    assert_eq!(engine.attribute(rsa, leaf, A::CERTIFICATE_CATEGORY).unwrap(), Value::Number(1));
}

// I.23, I.35
#[test]
fn wrong_pin_counts_on_its_own_token_only() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let other = log_in(&engine, 1, PINS[1]);
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    let wrong = || engine.login(session, UserKind::User, Some(&Secret::from("99999999"))).unwrap_err();
    let state = |slot| engine.token_info(SlotId(slot)).unwrap().flags.user_pin;
    assert_eq!(state(0), PinState::Fine);
    assert!(matches!(wrong(), Error::PinIncorrect { tries_left: Some(2), .. }));
    assert_eq!((state(0), state(1)), (PinState::CountLow, PinState::Fine));
    assert!(matches!(wrong(), Error::PinIncorrect { tries_left: Some(1), .. }));
    assert_eq!(state(0), PinState::FinalTry);
    assert_eq!(engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left, Some(1));
    assert_eq!(engine.session_info(other).unwrap().state, SessionState::ReadWriteUser);
    assert_eq!(sign(&engine, other, MechanismId::ECDSA_SHA256, b"still").len(), 64);
    wrong();
    assert_eq!(state(0), PinState::Locked);
    assert_eq!(wrong().code(), "CKR_PIN_LOCKED");
}

// I.39
#[test]
fn empty_and_short_pins_are_not_sent() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    let sent = engine.stats().apdus;
    for pin in ["", "123"] {
        let refused = engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap_err();
        assert_eq!(refused.code(), "CKR_PIN_LEN_RANGE");
    }
    assert_eq!(engine.stats().apdus, sent);
    assert_eq!(engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left, Some(3));
}

#[test]
fn security_officer_logs_in_and_sees_nothing_private() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = engine.open_session(SlotId(0), SessionMode::ReadWrite).unwrap();
    engine.login(session, UserKind::SecurityOfficer, Some(&Secret::from(SO_PIN))).unwrap();
    assert_eq!(engine.session_info(session).unwrap().state, SessionState::ReadWriteSecurityOfficer);
    assert!(find(&engine, session, ObjectClass::PrivateKey).is_empty());
    engine.logout(session).unwrap();
}

// I.31, I.44
#[test]
fn no_login_outlives_its_session_or_its_engine() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.logout(session).unwrap();
    let refused = engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap_err();
    assert_eq!(refused.code(), "CKR_KEY_HANDLE_INVALID");
    for end in [Engine::finish as fn(&Engine) -> _, |_| Ok(())] {
        let engine = desk.first();
        log_in(&engine, 0, PINS[0]);
        end(&engine).unwrap();
        drop(engine);
        let next = desk.first();
        let session = next.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
        assert_eq!(next.session_info(session).unwrap().state, SessionState::ReadOnlyPublic);
        assert!(find(&next, session, ObjectClass::PrivateKey).is_empty());
    }
}

// I.36
#[test]
fn card_pulled_at_any_command_of_a_signature_leaves_an_error_and_no_panic() {
    let desk = Desk::new(ExampleKind::Separate);
    let job = |plan: &Plan| {
        let reader = Box::new(FaultyReader::new(desk.reader("one.card"), plan));
        let engine = desk.engine(vec![reader]);
        let session = engine.open_session(SlotId(0), SessionMode::ReadWrite)?;
        let before = plan.commands();
        engine.login(session, UserKind::User, Some(&Secret::from(PINS[0])))?;
        let key = find(&engine, session, ObjectClass::PrivateKey)[0];
        engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key)?;
        let signature = engine.sign(session, b"data", ANY_ROOM);
        if let Err(error) = signature {
            assert_eq!(error.code(), "CKR_DEVICE_REMOVED");
            assert_eq!(engine.session_info(session).unwrap_err().code(), "CKR_SESSION_HANDLE_INVALID");
            assert!(!engine.slot_info(SlotId(0)).unwrap().token_present);
            return Err(error);
        }
        Ok((before, plan.commands()))
    };
    // The first run fills the cache of public contents.
    job(&Plan::never()).unwrap();
    let (start, end) = job(&Plan::never()).unwrap();
    assert!(end > start);
    for commands in start..end {
        for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
            let error = job(&Plan::after(commands, fault)).unwrap_err();
            assert_eq!(error.code(), "CKR_DEVICE_REMOVED", "after {commands} commands: {error}");
        }
    }
    // Nothing was spent, and the card is as good as before.
    let engine = desk.first();
    assert_eq!(engine.pin_status(SlotId(0)).unwrap().user.unwrap().tries_left, Some(3));
}

#[test]
fn card_pulled_while_it_is_read_or_babbling_is_an_error_of_its_reader_alone() {
    let desk = Desk::new(ExampleKind::Separate);
    let whole = Plan::never();
    desk.engine(vec![Box::new(FaultyReader::new(desk.reader("one.card"), &whole))]).slots(true);
    let faults = [
        Fault::CardRemoved,
        Fault::Responses(vec![]),
        Fault::Responses(vec![0x90, 0x00]),
        Fault::Truncated(2),
    ];
    for fault in faults {
        for commands in 0..whole.commands() {
            std::fs::remove_dir_all(desk.path("cache")).ok();
            let plan = Plan::after(commands, fault.clone());
            let faulty = Box::new(FaultyReader::new(desk.reader("one.card"), &plan));
            let engine = desk.engine(vec![faulty, desk.reader("two.card")]);
            let slots = engine.slots(true);
            let expected = [SlotId(4), SlotId(5), SlotId(6), SlotId(7)];
            assert!(
                slots.ends_with(&expected),
                "{fault:?} after {commands}: {slots:?} {:?}",
                engine.readers()
            );
        }
    }
}

#[test]
fn card_reset_by_another_program_loses_its_login_and_says_so() {
    let desk = Desk::new(ExampleKind::Separate);
    // How many commands it takes to log in, and then the same with a reset right behind them.
    let commands = {
        let plan = Plan::never();
        let engine = desk.engine(vec![Box::new(FaultyReader::new(desk.reader("one.card"), &plan))]);
        log_in(&engine, 0, PINS[0]);
        plan.commands()
    };
    let plan = Plan::after(commands, Fault::CardReset);
    std::fs::remove_dir_all(desk.path("cache")).ok();
    let engine = desk.engine(vec![Box::new(FaultyReader::new(desk.reader("two.card"), &plan))]);
    let session = log_in(&engine, 0, PINS[0]);
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.sign_init(session, &MechanismId::SHA256_RSA_PKCS.into(), key).unwrap();
    let error = engine.sign(session, b"data", ANY_ROOM).unwrap_err();
    assert!(matches!(error, Error::LoginLost), "{error}");
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[0]))).unwrap();
    assert_eq!(sign(&engine, session, MechanismId::SHA256_RSA_PKCS, b"data").len(), 256);
}

#[test]
fn two_cards_compute_at_the_same_time() {
    let desk = Desk::new(ExampleKind::Separate);
    let delay = Duration::from_millis(60);
    let readers = ["one.card", "two.card"]
        .map(|name| -> Box<dyn Reader> { Box::new(SlowReader { inner: desk.reader(name), delay }) });
    let engine = desk.engine(readers.into());
    let sessions = [log_in(&engine, 1, PINS[1]), log_in(&engine, 5, PINS[1])];
    let work = |session| {
        for _ in 0..4 {
            sign(&engine, session, MechanismId::ECDSA_SHA256, b"data");
        }
    };
    let alone = Instant::now();
    work(sessions[0]);
    let alone = alone.elapsed();
    let together = Instant::now();
    std::thread::scope(|scope| {
        for session in sessions {
            scope.spawn(move || work(session));
        }
    });
    let together = together.elapsed();
    assert!(together < alone * 3 / 2, "one card alone {alone:?}, two together {together:?}");
}

#[test]
fn signatures_in_a_batch_cost_one_or_two_commands_each() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.first();
    let session = log_in(&engine, 0, PINS[0]);
    let batch = engine.batch(session).unwrap();
    sign(&engine, session, MechanismId::SHA256_RSA_PKCS, b"first");
    let before = engine.stats().apdus;
    for number in 0..10u8 {
        sign(&engine, session, MechanismId::SHA256_RSA_PKCS, &[number]);
    }
    drop(batch);
    let each = (engine.stats().apdus - before) as f64 / 10.0;
    assert!(each <= 2.0, "{each} commands each");
}

#[test]
fn card_image_that_is_damaged_stops_its_own_reader_only() {
    let desk = Desk::new(ExampleKind::Separate);
    desk.write("two.card", b"no card at all");
    let engine = desk.engine(vec![desk.reader("two.card"), desk.reader("one.card")]);
    let reports = engine.readers();
    assert!(reports[0].error.is_some() && reports[1].error.is_none());
    assert_eq!(engine.slots(true).first(), Some(&SlotId(4)));
    assert_eq!(std::fs::read(desk.path("two.card")).unwrap(), b"no card at all");
}

/// A reader whose card takes its time for each command.
struct SlowReader {
    inner: Box<dyn Reader>,
    delay: Duration,
}

struct Slow {
    inner: Box<dyn Transport>,
    delay: Duration,
}

impl Reader for SlowReader {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        self.inner.presence()
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Slow { inner: self.inner.connect()?, delay: self.delay }))
    }
}

impl Transport for Slow {
    fn atr(&self) -> &[u8] {
        self.inner.atr()
    }

    fn protocol(&self) -> Protocol {
        self.inner.protocol()
    }

    fn begin(&mut self) -> Result<Begun, TransportError> {
        self.inner.begin()
    }

    fn end(&mut self, disposition: Disposition) -> Result<(), TransportError> {
        self.inner.end(disposition)
    }

    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        std::thread::sleep(self.delay);
        self.inner.transmit(command)
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }
}
