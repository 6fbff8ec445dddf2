//! Cards and readers that come and go: events, the wait for them, and what stays as it was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::config::Config;
use crate::transport::{Presence, Reader, ReaderSource, Transport, TransportError, Watch};

fn events(engine: &Engine) -> Vec<u32> {
    std::iter::from_fn(|| engine.poll_event()).map(|slot| slot.0).collect()
}

// I.25
#[test]
fn poll_event_without_a_change_has_none() {
    let engine = engine(&[&Puppet::founding("A"), &Puppet::empty("B")]);
    engine.look_around();
    assert_eq!(events(&engine), [0u32; 0]);
}

#[test]
fn card_that_comes_or_goes_is_one_event_in_each_of_its_slots() {
    let (first, second) = (Puppet::founding("A"), Puppet::empty("B"));
    let engine = engine(&[&first, &second]);
    engine.look_around();
    second.strings().present = true;
    assert_eq!(events(&engine), [4, 5, 6, 7]);
    first.strings().present = false;
    second.strings().present = false;
    assert_eq!(events(&engine), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(events(&engine), [0u32; 0]);
}

#[test]
fn event_noticed_by_another_call_is_told_once_to_who_asks() {
    let puppet = Puppet::founding("A");
    let engine = engine(&[&puppet]);
    engine.look_around();
    let session = open(&engine, 0);
    puppet.strings().present = false;
    engine.refresh();
    assert_eq!(code(engine.session_info(session)), "CKR_SESSION_HANDLE_INVALID");
    assert_eq!(events(&engine), [0, 1, 2, 3]);
    assert_eq!(events(&engine), [0u32; 0]);
}

// I.36
#[test]
fn card_exchanged_between_two_looks_ends_its_sessions_and_no_other() {
    let (first, second) = (Puppet::founding("A"), Puppet::founding("B"));
    let engine = engine(&[&first, &second]);
    engine.look_around();
    let (pulled, other) = (logged_in(&engine, 0, PIN_1), logged_in(&engine, 4, PIN_1));
    first.exchange();
    first.strings().changes += 2;
    assert_eq!(events(&engine), [0, 1, 2, 3]);
    assert_eq!(code(engine.session_info(pulled)), "CKR_SESSION_HANDLE_INVALID");
    assert_eq!(engine.session_info(other).unwrap().state, SessionState::ReadWriteUser);
    assert_eq!(engine.session_info(other).unwrap().slot, SlotId(4));
    let session = open(&engine, 0);
    assert_eq!(engine.session_info(session).unwrap().state, SessionState::ReadOnlyPublic);
}

// I.9
#[test]
fn wait_event_ends_when_the_engine_does() {
    let engine = Arc::new(engine(&[&Puppet::founding("A")]));
    let waiting = std::thread::spawn({
        let engine = Arc::clone(&engine);
        move || engine.wait_event()
    });
    std::thread::sleep(Duration::from_millis(50));
    let start = Instant::now();
    engine.end().unwrap();
    assert_eq!(waiting.join().unwrap(), None);
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert_eq!(engine.wait_event(), None);
}

#[test]
fn reader_attached_later_gets_slots_behind_all_and_keeps_them() {
    let attached = Arc::new(Mutex::new(Vec::new()));
    let source = Source { attached: Arc::clone(&attached), gone: Arc::default() };
    let gone = Arc::clone(&source.gone);
    let mut config = Config::default();
    config.pkcs11.max_virtual_slots = 0;
    let engine = Engine::with_source(Vec::new(), Some(Box::new(source)), &config);
    engine.look_around();
    assert!(engine.slots(false).is_empty());
    attached.lock().unwrap().push("first");
    assert_eq!(events(&engine), [0, 1, 2, 3]);
    attached.lock().unwrap().push("second");
    engine.refresh();
    assert_eq!(engine.slots(false).len(), 8);
    assert_eq!(engine.slot_info(SlotId(4)).unwrap().description, "second");
    assert_eq!(events(&engine), [4, 5, 6, 7]);
    // Gone, and back: the slots stay, and are the same.
    for there in [false, true] {
        gone.store(!there, Ordering::SeqCst);
        assert_eq!(events(&engine), (0..8).collect::<Vec<_>>());
        assert_eq!(engine.slots(false).len(), 8);
        assert!(!engine.slot_info(SlotId(0)).unwrap().token_present);
    }
}

#[test]
fn expected_slots_are_told_without_asking_a_card() {
    let (puppet, empty) = (Puppet::founding("A"), Puppet::empty("B"));
    let engine = engine(&[&empty, &puppet]);
    engine.look_around();
    assert_eq!(engine.expected_slots(), [4, 5, 6, 7].map(SlotId));
    assert!(puppet.calls().is_empty());
    engine.token_info(SlotId(4)).unwrap();
    assert_eq!(engine.expected_slots(), engine.slots(true));
}

#[test]
fn expected_slots_where_empty_tokens_are_hidden_are_those_with_a_token() {
    let policy = crate::layout::Policy { hide_empty_tokens: true, ..crate::layout::Policy::default() };
    let engine = engine_with(&[&Puppet::founding("A")], policy);
    engine.look_around();
    assert_eq!(engine.expected_slots(), [0, 1, 2].map(SlotId));
}

/// Readers that a test attaches: all empty, and all gone while it says so.
struct Source {
    attached: Arc<Mutex<Vec<&'static str>>>,
    gone: Arc<AtomicBool>,
}

struct Attached {
    name: &'static str,
    gone: Arc<AtomicBool>,
}

impl ReaderSource for Source {
    fn attached(&mut self, known: &dyn Fn(&str) -> bool) -> Vec<Box<dyn Reader>> {
        let names = self.attached.lock().unwrap().clone();
        let fresh = names.into_iter().filter(|name| !known(name));
        fresh.map(|name| Box::new(Attached { name, gone: Arc::clone(&self.gone) }) as _).collect()
    }

    fn watch(&self) -> Arc<dyn Watch> {
        unreachable!("nobody waits here")
    }
}

impl Reader for Attached {
    fn name(&self) -> &str {
        self.name
    }

    fn presence(&mut self) -> Result<Presence, TransportError> {
        if self.gone.load(Ordering::SeqCst) {
            return Err(TransportError::ReaderGone(self.name.to_owned()));
        }
        Ok(Presence::Empty)
    }

    fn changes(&self) -> u32 {
        u32::from(!self.gone.load(Ordering::SeqCst))
    }

    fn connect(&mut self) -> Result<Box<dyn Transport>, TransportError> {
        Err(TransportError::NoCard(self.name.to_owned()))
    }
}
