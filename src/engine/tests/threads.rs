//! Several threads on several cards.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::*;

#[test]
fn two_cards_sign_at_the_same_time_and_one_card_one_after_the_other() {
    let (first, second) = (Puppet::founding("A"), Puppet::founding("B"));
    let delay = Duration::from_millis(150);
    for puppet in [&first, &second] {
        puppet.strings().delay = delay;
    }
    let engine = engine(&[&first, &second]);
    let sign = |slot: u32, pin: &str| {
        let session = logged_in(&engine, slot, pin);
        let key = only(&engine, session, ObjectClass::PrivateKey);
        for _ in 0..3 {
            let id =
                if slot.is_multiple_of(4) { MechanismId::SHA256_RSA_PKCS } else { MechanismId::ECDSA_SHA256 };
            engine.sign_init(session, &id.into(), key).unwrap();
            engine.sign(session, b"data", ANY_ROOM).unwrap();
        }
        engine.close_session(session).unwrap();
    };
    let sign = &sign;
    let together = |jobs: [(u32, &'static str); 2]| {
        let start = std::time::Instant::now();
        std::thread::scope(|scope| {
            for (slot, pin) in jobs {
                scope.spawn(move || sign(slot, pin));
            }
            // While cards compute, everything that needs no card answers at once.
            std::thread::sleep(delay / 2);
            let asked = std::time::Instant::now();
            assert_eq!(engine.slots(false).len(), 8);
            engine.mechanisms(SlotId(0)).unwrap();
            assert!(asked.elapsed() < delay, "{:?}", asked.elapsed());
        });
        start.elapsed()
    };
    let two_cards = together([(0, PIN_1), (5, PIN_2)]);
    let one_card = together([(0, PIN_1), (1, PIN_2)]);
    assert!(two_cards < delay * 5, "two cards took {two_cards:?}");
    assert!(one_card >= delay * 6, "one card took {one_card:?}");
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
