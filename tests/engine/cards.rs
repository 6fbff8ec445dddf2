//! Cards that are pulled, reset, damaged or slow.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::engine::{ANY_ROOM, Error, MechanismId, ObjectClass, SessionMode, UserKind};
use p11ctl::layout::SlotId;
use p11ctl::transport::{Begun, Disposition, Limits, Presence, Protocol, Reader, Transport, TransportError};

use super::desk::{Desk, PINS, find, log_in, sign};
use super::faults::{Fault, FaultyReader, Plan};

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
    let meeting = Arc::new(Meeting::default());
    let readers = ["one.card", "two.card"].map(|name| -> Box<dyn Reader> {
        Box::new(MeetingReader { inner: desk.reader(name), meeting: Arc::clone(&meeting) })
    });
    let engine = desk.engine(readers.into());
    let sessions = [log_in(&engine, 1, PINS[1]), log_in(&engine, 5, PINS[1])];
    meeting.expect();
    std::thread::scope(|scope| {
        for session in sessions {
            let engine = &engine;
            scope.spawn(move || sign(engine, session, MechanismId::ECDSA_SHA256, b"data"));
        }
    });
    assert!(meeting.took_place(), "no command of one card ran while the other card had one");
}

// A.9#11
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

/// Where two cards wait until each of them has a command at the same time.
#[derive(Default)]
struct Meeting {
    state: Mutex<Present>,
    changed: Condvar,
}

#[derive(Default)]
struct Present {
    expected: bool,
    commands: usize,
}

impl Meeting {
    /// From now on every command waits for one of the other card, until two have met.
    fn expect(&self) {
        self.state.lock().unwrap().expected = true;
    }

    fn took_place(&self) -> bool {
        !self.state.lock().unwrap().expected
    }

    /// A command is there; nobody waits for ever.
    fn attend(&self) {
        let mut present = self.state.lock().unwrap();
        present.commands += 1;
        if present.commands == 2 {
            present.expected = false;
            self.changed.notify_all();
        }
        let waiting = self.changed.wait_timeout_while(present, PATIENCE, |present| present.expected);
        waiting.unwrap().0.commands -= 1;
    }
}

/// Longer than any machine takes to start a second thread.
const PATIENCE: Duration = Duration::from_secs(20);

struct MeetingReader {
    inner: Box<dyn Reader>,
    meeting: Arc<Meeting>,
}

struct Attending {
    inner: Box<dyn Transport>,
    meeting: Arc<Meeting>,
}

impl Reader for MeetingReader {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        self.inner.presence()
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Attending { inner: self.inner.connect()?, meeting: Arc::clone(&self.meeting) }))
    }
}

impl Transport for Attending {
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
        self.meeting.attend();
        self.inner.transmit(command)
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }
}
