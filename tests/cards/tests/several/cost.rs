//! What both applications cost, in APDUs.

use p11ctl_cards::several::Manners;

use crate::bench::*;

#[test]
fn listing_both_costs_what_each_costs_and_signing_selects_no_more_than_it_must() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false);
    engine.slots(true);
    let listing = engine.stats().apdus;
    let sign = |slot, application, count| {
        let engine = bench.engine(false);
        let session = open(&engine, slot);
        log_in(&engine, session).unwrap();
        for _ in 0..count {
            bench.sign(&engine, session, application);
        }
        engine.finish().unwrap();
        engine.stats().apdus
    };
    for (slot, application) in [(PIV_SLOT, PIV), (SIGNATURE_SLOT, OPENPGP)] {
        let (once, eleven) = (sign(slot, application, 1), sign(slot, application, 11));
        println!("both: list {listing}, sign in slot {slot} {once}, ten more {}", eleven - once);
        assert!(once <= listing + 5, "{once}");
        assert_eq!(eleven - once, 10);
    }
    // 8 for PIV, 5 for OpenPGP.
    assert!(listing <= 13, "{listing}");
}

/// To list the keys of one application later would end the login to the other.
#[test]
fn opening_a_session_beside_a_login_sends_nothing_though_the_layout_is_listed_first() {
    let bench = Bench::new(Manners::Forgets);
    let engine = bench.engine(false).listing_layout_first();
    let signer = open(&engine, SIGNATURE_SLOT);
    log_in(&engine, signer).unwrap();
    let before = engine.stats().apdus;
    let other = open(&engine, PIV_SLOT);
    assert_eq!(engine.stats().apdus, before);
    assert!(is_user(&engine, signer));
    log_in(&engine, other).unwrap();
    bench.sign(&engine, other, PIV);
}
