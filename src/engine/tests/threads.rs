//! Several threads on several cards.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::*;

/// Signs in two slots at once, each computation held up until `while_held` is done. Answers how many were held up at
/// the same time.
fn sign_together(jobs: [(u32, &str); 2], held: usize, while_held: impl Fn(&Engine)) -> usize {
    let (first, second) = (Puppet::founding("A"), Puppet::founding("B"));
    let gate = Arc::new(Gate::default());
    for puppet in [&first, &second] {
        puppet.strings().gate = Some(Arc::clone(&gate));
    }
    let engine = engine(&[&first, &second]);
    std::thread::scope(|scope| {
        for (slot, pin) in jobs {
            let engine = &engine;
            scope.spawn(move || {
                let session = logged_in(engine, slot, pin);
                let key = only(engine, session, ObjectClass::PrivateKey);
                let id = if pin == PIN_1 { MechanismId::SHA256_RSA_PKCS } else { MechanismId::ECDSA_SHA256 };
                engine.sign_init(session, &id.into(), key).unwrap();
                engine.sign(session, b"data", ANY_ROOM).unwrap();
            });
        }
        gate.wait_for(held);
        while_held(&engine);
        gate.open();
    });
    gate.open()
}

#[test]
fn two_cards_sign_at_the_same_time_and_what_needs_no_card_answers_meanwhile() {
    let held = sign_together([(0, PIN_1), (5, PIN_2)], 2, |engine| {
        assert_eq!(engine.slots(false).len(), 8);
        engine.mechanisms(SlotId(0)).unwrap();
    });
    assert_eq!(held, 2);
}

#[test]
fn one_card_signs_one_after_the_other() {
    // The second signature has time enough to come, if anything lets it.
    let held = sign_together([(0, PIN_1), (1, PIN_2)], 1, |_| std::thread::sleep(Duration::from_millis(100)));
    assert_eq!(held, 1);
}

#[test]
fn threads_on_cards_that_come_and_go_get_signatures_or_errors_and_all_end() {
    let puppets = [Puppet::founding("A"), Puppet::founding("B")];
    let engine = engine(&[&puppets[0], &puppets[1]]);
    let (stop, signatures) = (AtomicBool::new(false), AtomicUsize::new(0));
    let attempt = |slot: u32, pin: &str| -> Result<()> {
        let session = engine.open_session(SlotId(slot), SessionMode::ReadWrite)?;
        match engine.login(session, UserKind::User, Some(&Secret::from(pin))) {
            Ok(()) | Err(Error::UserAlreadyLoggedIn) => {}
            Err(error) => return Err(error),
        }
        let keys = engine.find_all(session, &Template::new().class(ObjectClass::PrivateKey))?;
        let public = engine.find_all(session, &Template::new().class(ObjectClass::PublicKey))?;
        if let (Some(key), Some(public)) = (keys.first(), public.first()) {
            let id = if pin == PIN_1 { MechanismId::SHA256_RSA_PKCS } else { MechanismId::ECDSA_SHA256 };
            engine.sign_init(session, &id.into(), *key)?;
            let signature = engine.sign(session, b"data", ANY_ROOM)?;
            engine.verify_init(session, &id.into(), *public)?;
            // Whatever else happens: what is given out as a signature is one.
            match engine.verify(session, b"data", &signature) {
                Err(error @ Error::SignatureInvalid) => panic!("{error}"),
                other => other?,
            }
            signatures.fetch_add(1, SeqCst);
        }
        engine.token_info(SlotId(slot))?;
        engine.close_session(session)
    };
    let (attempt, stop_flag) = (&attempt, &stop);
    std::thread::scope(|scope| {
        for (slot, pin) in [(0, PIN_1), (0, PIN_1), (1, PIN_2), (4, PIN_1), (5, PIN_2), (5, PIN_2)] {
            scope.spawn(move || {
                while !stop_flag.load(SeqCst) {
                    // Errors are what a pulled card gives; a session that is left over ends with its card.
                    let _ = attempt(slot, pin);
                }
            });
        }
        let end = Instant::now() + Duration::from_millis(800);
        while Instant::now() < end {
            for puppet in &puppets {
                std::thread::sleep(Duration::from_millis(20));
                puppet.strings().present = false;
                engine.refresh();
                puppet.exchange();
                puppet.strings().present = true;
                engine.slots(true);
            }
        }
        stop.store(true, SeqCst);
    });
    assert!(signatures.load(SeqCst) > 0);
    for puppet in &puppets {
        for pin in puppet.strings().pins.values() {
            assert_eq!(pin.left, 3, "no try was spent");
        }
    }
    engine.finish().unwrap();
    assert!(puppets.iter().all(|puppet| puppet.strings().verified.is_empty()));
}
