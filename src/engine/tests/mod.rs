//! The engine's rules, one test each, on puppet cards. Numbers such as I.30 are those of the checklist of
//! behaviours that modules get wrong.

mod events;
mod login;
mod objects;
mod operations;
mod paddings;
mod session_keys;
mod session_objects;
mod slots;
mod threads;
mod travelling_keys;

use super::testing::{Gate, PIN_1, PIN_2, Puppet, SO_PIN, engine, engine_with};
use super::*;
use crate::layout::SlotId;

/// A read/write session, logged in with this PIN.
fn logged_in(engine: &Engine, slot: u32, pin: &str) -> SessionHandle {
    let session = engine.open_session(SlotId(slot), SessionMode::ReadWrite).unwrap();
    engine.login(session, UserKind::User, Some(&Secret::from(pin))).unwrap();
    session
}

/// A read-only session.
fn open(engine: &Engine, slot: u32) -> SessionHandle {
    engine.open_session(SlotId(slot), SessionMode::ReadOnly).unwrap()
}

/// The one object of a class.
fn only(engine: &Engine, session: SessionHandle, class: ObjectClass) -> ObjectHandle {
    let found = engine.find_all(session, &Template::new().class(class)).unwrap();
    assert_eq!(found.len(), 1, "{class}");
    found[0]
}

/// The name of the error's return value.
fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.map_or_else(|error| error.code(), |value| panic!("{value:?} instead of an error"))
}
