//! What is left of a card for other programs: all of it, as soon as a call is over, however it ended. The other program is
//! a second engine on the same card, which waits for nobody.

use std::time::Duration;

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::engine::{
    ANY_ROOM, AttributeType as A, Error, KeySpec, MechanismId, ObjectClass, ObjectHandle, SessionMode,
    UserKind,
};
use p11ctl::layout::SlotId;
use p11ctl::softcard;
use p11ctl::token::KeyId;

use crate::desk::*;

/// Signs at once with the key of PIN 2, from a reader that is not connected yet. Errors: the card is held.
fn other_program_signs(desk: &Desk) -> Result<Vec<u8>, Error> {
    let engine = desk.engine_with(softcard::reader("one", Some(desk.path()), Duration::ZERO));
    let session = engine.open_session(SlotId(1), SessionMode::ReadOnly)?;
    engine.login(session, UserKind::User, Some(&Secret::from(PINS[1])))?;
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    engine.sign_init(session, &MechanismId::ECDSA_SHA256.into(), key)?;
    engine.sign(session, b"data", ANY_ROOM)
}

// A.9#4
#[test]
fn write_that_is_refused_lets_go_of_the_card() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let key = find(&engine, session, ObjectClass::PrivateKey)[0];
    let id = engine.attribute(session, key, A::ID).unwrap().as_bytes().unwrap().to_vec();
    let taken = KeySpec { id: Some(KeyId(id)), ..p256("second") };
    engine.generate_key_pair(session, &taken).unwrap_err();
    other_program_signs(&desk).unwrap();
    engine.destroy_object(session, ObjectHandle(u64::MAX)).unwrap_err();
    other_program_signs(&desk).unwrap();
    // A card that is held is one that others notice.
    let held = engine.exclusive(session).unwrap();
    assert_eq!(code(other_program_signs(&desk)), "CKR_DEVICE_ERROR");
    drop(held);
    engine.close_session(session).unwrap();

    let session = officer(&engine, 3);
    engine.init_pin(session, &new_pin(&Secret::from("1"))).unwrap_err();
    other_program_signs(&desk).unwrap();
}

// A.10#6
#[test]
fn engine_without_a_login_leaves_the_card_to_others() {
    let desk = Desk::new(ExampleKind::Separate);
    let engine = desk.engine();
    let session = log_in(&engine, 0, PINS[0]);
    let public = public_half(&engine, session, &[1]);
    signs(&engine, session, &public);
    engine.logout(session).unwrap();
    engine.close_session(session).unwrap();
    other_program_signs(&desk).unwrap();
    drop(engine);
}
