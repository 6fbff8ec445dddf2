//! A card that is listed in steps: its layout, its keys when a session is opened, its data objects when somebody looks for them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use p11ctl::card::admin::KeyType;
use p11ctl::codec::Secret;
use p11ctl::config::Config;
use p11ctl::crypto::Curve;
use p11ctl::engine::{
    Engine, Error, ObjectClass, SessionHandle, SessionMode, SessionState, Template, UserKind,
};
use p11ctl::layout::SlotId;
use p11ctl::transport::software::{CardSource, SharedCard, SoftwareReader};
use p11ctl::transport::{Begun, Reader, TransportError, VirtualCard};
use p11ctl_cards::Shared;

use crate::bench::*;
use crate::cost::personalised;
use crate::faults::{Fault, FaultyReader, Plan};

/// A reader for the card of a bench, which another program may hold.
struct Desk {
    card: Shared,
    held: Arc<AtomicBool>,
}

impl Desk {
    fn new(bench: &Bench) -> Self {
        Self { card: bench.shared.clone(), held: Arc::default() }
    }

    fn reader(&self) -> Box<dyn Reader> {
        let card = Held { card: self.card.clone(), held: Arc::clone(&self.held) };
        Box::new(SoftwareReader::new("piv", Some(Box::new(card)), Duration::from_millis(50)))
    }

    fn engine(&self) -> Engine {
        engine(self.reader())
    }
}

fn engine(reader: Box<dyn Reader>) -> Engine {
    let mut config = Config::default();
    config.cache.enabled = false;
    Engine::new(vec![reader], &config)
}

/// A card that nobody gets while another program holds it.
#[derive(Clone)]
struct Held {
    card: Shared,
    held: Arc<AtomicBool>,
}

impl VirtualCard for Held {
    fn atr(&self) -> Vec<u8> {
        VirtualCard::atr(&self.card)
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.card.process(command)
    }
}

impl SharedCard for Held {
    fn try_acquire(&mut self) -> Result<Option<Begun>, TransportError> {
        Ok((!self.held.load(SeqCst)).then_some(Begun::Unchanged))
    }
}

impl CardSource for Held {
    fn atr(&mut self) -> Result<Vec<u8>, TransportError> {
        Ok(VirtualCard::atr(&self.card))
    }

    fn open(&mut self) -> Result<Box<dyn SharedCard>, TransportError> {
        let mut card = self.clone();
        card.reset();
        Ok(Box::new(card))
    }
}

fn open(engine: &Engine) -> Result<SessionHandle, Error> {
    engine.open_session(SlotId(0), SessionMode::ReadWrite)
}

fn count(engine: &Engine, session: SessionHandle) -> usize {
    engine.find_all(session, &Template::new().class(ObjectClass::PublicKey)).unwrap().len()
}

#[test]
fn layout_is_told_without_the_keys_and_they_are_there_when_a_session_is_opened() {
    let empty = Bench::new();
    let without_card_key = Bench::new();
    without_card_key.generated("9d", KeyType::Ec(Curve::P256));
    for bench in [empty, without_card_key, personalised()] {
        let whole = Desk::new(&bench).engine();
        let engine = Desk::new(&bench).engine().listing_layout_first();
        let slots = engine.slots(true);
        assert_eq!(slots, whole.slots(true));
        for slot in &slots {
            assert_eq!(engine.token_info(*slot).unwrap(), whole.token_info(*slot).unwrap());
            assert_eq!(engine.token_uri(*slot).unwrap(), whole.token_uri(*slot).unwrap());
        }
        // OpenPGP or not, PIV, CHUID, the key without a PIN, the PIN.
        let (layout, listing) = (engine.stats().apdus, whole.stats().apdus);
        assert!(layout <= 5, "{layout}");
        // Threads at once: each sees all keys, and the card is asked once.
        let keys = Template::new().class(ObjectClass::PublicKey);
        let count = || {
            let session = engine.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
            engine.find_all(session, &keys).unwrap().len()
        };
        let counts = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(count));
            threads.map(|thread| thread.join().unwrap())
        });
        for slot in &slots {
            let (view, all) = (engine.virtual_token(*slot).unwrap(), whole.virtual_token(*slot).unwrap());
            assert_eq!((view.view, view.card), (all.view, all.card));
        }
        let expected = whole.open_session(SlotId(0), SessionMode::ReadOnly).unwrap();
        assert_eq!(counts, [whole.find_all(expected, &keys).unwrap().len(); 4]);
        let all = engine.stats().apdus;
        println!("PIV: layout {layout}, with its keys {all}; at once {listing}");
        // It is selected again.
        assert!(all <= listing + 1, "{all}, {listing}");
    }
}

#[test]
fn card_that_another_program_holds_costs_no_session_when_more_of_it_is_wanted() {
    let desk = Desk::new(&personalised());
    let engine = desk.engine().listing_layout_first();
    let busy = |error: Error| assert!(matches!(error, Error::Reader { .. }), "{error}");
    engine.token_info(SlotId(0)).unwrap();
    desk.held.store(true, SeqCst);
    busy(open(&engine).unwrap_err());
    // The layout is known all the same.
    assert_eq!(engine.slots(true).len(), 4);
    desk.held.store(false, SeqCst);
    engine.refresh();
    let session = open(&engine).unwrap();
    assert_eq!(count(&engine, session), 3);
    engine.login(session, UserKind::User, Some(&Secret::from(PIN))).unwrap();
    desk.held.store(true, SeqCst);
    busy(engine.find_all(session, &Template::new()).unwrap_err());
    desk.held.store(false, SeqCst);
    engine.refresh();
    assert_eq!(engine.session_info(session).unwrap().state, SessionState::ReadWriteUser);
    // Three keys, their public halves, certificates, and the data objects.
    assert!(engine.find_all(session, &Template::new()).unwrap().len() > 9);
    engine.finish().unwrap();
}

#[test]
fn card_that_is_reset_or_pulled_while_it_is_listed_shows_all_its_keys_or_none() {
    let bench = personalised();
    let listed = |plan: &Plan| {
        let reader = FaultyReader::new(Desk::new(&bench).reader(), plan);
        let engine = engine(Box::new(reader)).listing_layout_first();
        let told = engine.token_info(SlotId(0)).map(|_| ());
        (told.and_then(|()| open(&engine)).map(|session| count(&engine, session)), engine)
    };
    let plan = Plan::never();
    assert_eq!(listed(&plan).0.unwrap(), 3);
    assert!(plan.commands() >= 9);
    for after in 0..plan.commands() {
        let (pulled, _) = listed(&Plan::after(after, Fault::CardRemoved));
        let pulled = pulled.unwrap_err();
        assert!(
            matches!(pulled, Error::DeviceRemoved { .. } | Error::TokenNotPresent(_) | Error::Reader { .. }),
            "{after}: {pulled}"
        );
        let (reset, engine) = listed(&Plan::after(after, Fault::CardReset));
        let keys = reset.or_else(|_| open(&engine).map(|session| count(&engine, session)));
        assert_eq!(keys.unwrap(), 3, "{after}");
    }
}
