//! What the holder of one PIN writes cannot stand for what belongs to the others: neither a certificate with the name and
//! the key identifier of their authority, nor one with the identifier of their key.

use p11ctl::card::example::ExampleKind;
use p11ctl::codec::Secret;
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{CertificateDetails, Curve, EcPrivateKey, PrivateKey, PublicKey};
use p11ctl::engine::{AttributeType as A, Engine, NewObject, ObjectClass, SessionHandle, UserKind, Value};
use p11ctl::layout::SlotId;

use crate::desk::*;

/// The example with shared authorities and a third PIN, whose holder is logged in to slot 2.
fn with_pin_3(desk: &Desk) -> (Engine, SessionHandle) {
    let engine = desk.engine();
    let session = officer(&engine, 3);
    let pin = Secret::from(PIN_3);
    assert_eq!(engine.init_pin(session, &new_pin(&pin)).unwrap().slot, SlotId(2));
    engine.logout(session).unwrap();
    engine.login(session, UserKind::User, Some(&pin)).unwrap();
    (engine, session)
}

fn forger() -> PrivateKey {
    EcPrivateKey::generate(Curve::P256).unwrap().into()
}

/// A certificate for a key with the subject of another, signed by the forger in its own name.
fn in_the_name_of(real: &CertificateDetails, key: PublicKey, forger: &PrivateKey) -> Vec<u8> {
    let issuer = CertificateDetails { public_key: Some(forger.public()), ..real.clone() };
    let kind = CertificateKind::Authority { path_len: None };
    let template = CertificateTemplate::new(&real.subject_text(), key, kind, (0, 4_102_444_799));
    template.sign(Issuer::Certificate(&issuer), forger).unwrap()
}

/// The same bytes with another key identifier in them.
fn with_key_id(der: &[u8], key_id: &[u8]) -> Vec<u8> {
    let own = CertificateDetails::parse(der).unwrap().subject_key_id.unwrap();
    let mut changed = der.to_vec();
    for start in 0..changed.len() - own.len() {
        if changed[start..].starts_with(&own) {
            changed[start..start + own.len()].copy_from_slice(key_id);
        }
    }
    changed
}

fn details(engine: &Engine, label: &str) -> CertificateDetails {
    let view = engine.virtual_token(SlotId(0)).unwrap();
    let index = view.card.certificates.iter().position(|known| known.label == label).unwrap();
    (*engine.certificate(SlotId(0), index).unwrap()).clone()
}

fn write(engine: &Engine, session: SessionHandle, label: &str, der: Vec<u8>) {
    let certificate = NewObject::Certificate { der, label: Some(label.to_owned()), id: None };
    engine.create_object(session, &certificate).unwrap();
}

#[test]
fn forged_authority_takes_no_place_in_other_chains_and_the_real_one_stays_protected() {
    let desk = Desk::new(ExampleKind::Shared);
    let (engine, session) = with_pin_3(&desk);
    let before = [chain(&engine, 0), chain(&engine, 1)];
    let (real, evil) = (details(&engine, "issuing CA"), forger());
    let own_key = in_the_name_of(&real, evil.public(), &evil);
    write(&engine, session, "forged 1", with_key_id(&own_key, real.subject_key_id.as_deref().unwrap()));
    write(&engine, session, "forged 2", own_key);
    write(&engine, session, "forged 3", in_the_name_of(&real, real.public_key.clone().unwrap(), &evil));
    let root = details(&engine, "root");
    write(&engine, session, "forged root", in_the_name_of(&root, evil.public(), &evil));
    drop(engine);

    let engine = desk.engine();
    assert_eq!([chain(&engine, 0), chain(&engine, 1)], before);
    for (slot, pin) in [(0, PINS[0]), (1, PINS[1])] {
        let session = log_in(&engine, slot, pin);
        engine.authorise(session, "SO PIN", &Secret::from(SO_PIN)).unwrap();
        for label in ["issuing CA", "root"] {
            let authority = named(&engine, session, ObjectClass::Certificate, label);
            assert_eq!(engine.attribute(session, authority, A::DESTROYABLE).unwrap(), Value::Bool(false));
            assert_eq!(code(engine.destroy_object(session, authority)), "CKR_ACTION_PROHIBITED");
        }
        engine.close_session(session).unwrap();
    }
    // Its own holder may take away what certainly is nobody else's.
    let session = log_in(&engine, 2, PIN_3);
    for label in ["forged 1", "forged 2", "forged root"] {
        let forged = named(&engine, session, ObjectClass::Certificate, label);
        engine.destroy_object(session, forged).unwrap();
    }
    assert_eq!([chain(&engine, 0), chain(&engine, 1)], before);
}
