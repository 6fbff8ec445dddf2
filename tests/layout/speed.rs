//! Ten thousand objects, honest and hostile, take no time that anybody would notice.

use std::fmt::Write;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::{notation, policy};
use p11ctl::layout::{ReaderView, certificates_needed, virtual_slots};

/// Generous, in this thread's own time on a processor: tests run unoptimised. What grows with the square takes much longer.
const LIMIT: Duration = Duration::from_secs(3);

fn measure(name: &str, card: &str) {
    let token = notation::card(card);
    let start = processor_time();
    let needed = certificates_needed(&token).len();
    let layout = virtual_slots(None, &[ReaderView::with("R", &token)], &policy(4, 0));
    let elapsed = processor_time().saturating_sub(start);
    println!("{name}: {elapsed:?}, {needed} bodies, {} slots", layout.slots.len());
    assert!(elapsed < LIMIT, "{name}: {elapsed:?}");
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold("pin P id=01\npin Q id=02\n".to_owned(), |mut text, number| {
        writeln!(text, "{}", line(number)).unwrap();
        text
    })
}

#[test]
fn ten_thousand_honest_objects_are_quick() {
    let card = lines(2500, |n| {
        let pin = 1 + n % 2;
        format!(
            "key K{n} pin=0{pin} id={n:08x}\npublic-key P{n} id={n:08x}\ncert L{n} id={n:08x} by=CA{} aki=c{}\ncert CA{n} by=root ski=c{n}",
            n % 50,
            n % 50
        )
    });
    measure("honest", &format!("{card}cert root"));
}

#[test]
fn ten_thousand_hostile_objects_are_quick() {
    let same_id = lines(3300, |n| format!("key K{n} pin=01 id=a1\npublic-key P{n} id=a1\ncert C{n} id=a1"));
    measure("one identifier", &same_id);
    let mesh = lines(3300, |n| {
        format!("key K{n} pin=01 id={n:08x}\ncert X{n} subject=X by=Y id={n:08x}\ncert Y{n} subject=Y by=X")
    });
    measure("loops", &mesh);
    let same_key = lines(5000, |n| {
        let name = |n| if n % 2 == 0 { "X" } else { "Y" };
        format!(
            "cert C{n} subject={} by={} key=k\nkey K{n} pin=02 id=a{:03x} value=k",
            name(n),
            name(n + 1),
            n % 4096
        )
    });
    measure("one key", &same_key);
    let long = lines(5000, |n| format!("cert C{n} by=C{}\nkey K{n} pin=01 id={n:08x}", n + 1));
    measure("one long chain", &long);
    let identifiers =
        lines(5000, |n| format!("cert C{n} subject=S by=S ski=a{n} aki=b{n}\nkey K{n} pin=01 private"));
    measure("identifiers that match nothing", &identifiers);
    let parents = lines(5000, |n| format!("cert C{n} subject=S by=R\ncert L{n} by=S aki=b{n}"));
    measure(
        "namesakes without identifiers",
        &format!("{parents}cert R\nkey K pin=01 id=a1\ncert L id=a1 by=S aki=x"),
    );
    measure("PINs", &lines(10_000, |n| format!("pin PIN id={n:08x}")));
}

#[test]
fn a_thousand_forged_issuers_are_quick() {
    let leaves = lines(300, |n| format!("key K{n} pin=01 id={n:08x}\ncert L{n} id={n:08x} by=CA signer=ca"));
    let forged = (0..700).fold(leaves, |mut text, n| {
        writeln!(text, "cert F{n} subject=CA key=forger-{} by=S signer=ca", n % 40).unwrap();
        text
    });
    measure("forged issuers", &forged);
}
