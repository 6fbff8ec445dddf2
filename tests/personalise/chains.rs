//! Chains that share authorities survive every deletion but the one that is asked for.

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::engine::{AttributeType as A, Error, Extent, NewObject, ObjectClass, UserKind, Value};
use p11ctl::layout::SlotId;

use crate::desk::*;

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

// A.10#5
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
