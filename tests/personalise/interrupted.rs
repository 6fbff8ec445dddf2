//! The card is pulled after every command of a change that takes many: nothing else is harmed, and the change is done
//! again by asking for it again.

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::engine::{Engine, Error, NewObject, ObjectClass, PlannedObject, SessionHandle, Template};
use p11ctl::layout::SlotId;

use crate::desk::*;
use crate::faults::{Fault, FaultyReader, Plan};

/// Runs `job` on a fresh copy of the example with the card pulled after each of its commands in turn, before and
/// after the card did it; then lets `check` look at the card with a new engine.
fn pulled_at_every_command(
    job: impl Fn(&Engine, SessionHandle) -> Result<(), p11ctl::engine::Error>,
    start: impl Fn(&Engine) -> SessionHandle,
    check: impl Fn(&Engine, usize),
) {
    let run = |plan: &Plan| {
        let desk = Desk::new(ExampleKind::Separate);
        let engine = desk.engine_with(Box::new(FaultyReader::new(desk.reader(), plan)));
        (desk, engine)
    };
    let counting = Plan::never();
    let (desk, engine) = run(&counting);
    let session = start(&engine);
    let before = counting.commands();
    job(&engine, session).unwrap();
    let all = counting.commands();
    drop((engine, desk));
    assert!(all > before);
    for commands in before..all {
        for fault in [Fault::CardRemoved, Fault::CardRemovedAfterwards] {
            let (desk, engine) = run(&Plan::after(commands, fault));
            let session = start(&engine);
            // The last commands only end the login: the change itself may have been told as done.
            let _ = job(&engine, session);
            drop(engine);
            check(&desk.engine(), commands);
        }
    }
}

fn key_2(engine: &Engine, session: SessionHandle) -> Vec<p11ctl::engine::ObjectHandle> {
    engine.find_all(session, &Template::new().class(ObjectClass::PrivateKey)).unwrap()
}

fn check_others(engine: &Engine, when: usize) {
    let (first, whole) = chain(engine, 0);
    assert!(whole && first.len() == 3, "after {when} commands: {first:?}");
    let pins = engine.pin_status(SlotId(1)).unwrap();
    assert_eq!(pins.user.unwrap().tries_left, Some(3), "after {when} commands");
    assert_eq!(engine.virtual_token(SlotId(2)).unwrap().view.certificates.len(), 3, "after {when} commands");
}

#[test]
fn key_with_chain_pulled_at_every_command_harms_nothing_else_and_can_be_repeated() {
    let job = |engine: &Engine, session| {
        let key = key_2(engine, session)[0];
        let gone: Vec<PlannedObject> = engine.destroy_key_with_chain(session, key)?;
        assert_eq!(gone.len(), 5);
        engine.close_session(session)
    };
    pulled_at_every_command(
        job,
        |engine| log_in(engine, 1, PINS[1]),
        |engine, when| {
            check_others(engine, when);
            let session = log_in(engine, 1, PINS[1]);
            if let Some(key) = key_2(engine, session).first() {
                engine.destroy_key_with_chain(session, *key).unwrap();
            }
            engine.repair(session).unwrap();
            let view = engine.virtual_token(SlotId(1)).unwrap().view;
            assert_eq!((view.keys.len(), view.certificates.len()), (0, 0), "after {when} commands");
            check_others(engine, when);
        },
    );
}

#[test]
fn new_pin_pulled_at_every_command_is_there_whole_or_not_at_all() {
    let job = |engine: &Engine, session| {
        let pin = Secret::from(PIN_3);
        engine.init_pin(session, &new_pin(&pin))?;
        engine.close_session(session)
    };
    pulled_at_every_command(
        job,
        |engine| officer(engine, 3),
        |engine, when| {
            let (first, whole) = chain(engine, 0);
            assert!(whole && first.len() == 3, "after {when} commands");
            if engine.virtual_token(SlotId(2)).unwrap().view.auth.is_none() {
                let session = officer(engine, 3);
                let pin = Secret::from(PIN_3);
                engine.init_pin(session, &new_pin(&pin)).unwrap();
                engine.close_session(session).unwrap();
            }
            let session = log_in(engine, 2, PIN_3);
            engine.generate_key_pair(session, &p256("key 3")).unwrap();
            let note = NewObject::Data {
                label: "note".to_owned(),
                application: String::new(),
                oid: Vec::new(),
                private: true,
                value: vec![1, 2, 3],
            };
            engine.create_object(session, &note).unwrap();
            assert_eq!(engine.virtual_token(SlotId(3)).unwrap().view.certificates.len(), 3);
        },
    );
}

/// Another program resets the card at any command while PINs may be kept: what was only asked until then goes on with the login
/// that comes back, and no key is generated a second time.
#[test]
fn key_whose_card_is_reset_at_every_command_is_never_generated_twice() {
    let run = |plan: &Plan| {
        let desk = Desk::new(ExampleKind::Separate);
        let engine = desk.engine_that_keeps_pins(Box::new(FaultyReader::new(desk.reader(), plan)));
        let session = log_in(&engine, 1, PINS[1]);
        let before = plan.commands();
        let made = engine.generate_key_pair(session, &p256("key 3")).map(|_| ());
        (desk, engine, session, before..plan.commands(), made)
    };
    let (.., commands, made) = run(&Plan::never());
    made.unwrap();
    let (mut went_on, mut stopped) = (0, 0);
    for command in commands {
        let (desk, engine, session, _, made) = run(&Plan::after(command, Fault::CardReset));
        let count = || find(&engine, session, ObjectClass::PrivateKey).len();
        match made {
            Ok(()) => went_on += 1,
            Err(Error::Reader { .. } | Error::LoginLost) => stopped += 1,
            Err(error) => panic!("reset at {command}: {error:?}"),
        }
        assert!(count() <= 2, "reset at {command}");
        // The login is there again, whatever became of the key.
        engine.generate_key_pair(session, &p256("key 4")).unwrap();
        named(&engine, session, ObjectClass::PrivateKey, "key 4");
        drop(engine);
        check_others(&desk.engine(), command);
    }
    assert!(went_on > 0 && stopped > 0, "{went_on} {stopped}");
}
