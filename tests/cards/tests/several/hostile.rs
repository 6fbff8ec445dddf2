//! Cards that say yes to every name, or change their mind: bounded, and never more than they can show.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use p11ctl::config::Config;
use p11ctl::engine::{Engine, Error};
use p11ctl::transport::VirtualCard;
use p11ctl_cards::Shared;
use p11ctl_cards::several::{self, Manners};

use crate::bench::*;

/// Answers as `lie` wants; what that leaves alone goes to a real card.
struct Liar {
    card: several::Several,
    lie: fn(&[u8]) -> Option<Vec<u8>>,
    atr: Option<Vec<u8>>,
    asked: Arc<AtomicUsize>,
}

impl VirtualCard for Liar {
    fn atr(&self) -> Vec<u8> {
        self.atr.clone().unwrap_or_else(|| self.card.atr())
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        self.asked.fetch_add(1, SeqCst);
        (self.lie)(command).unwrap_or_else(|| self.card.process(command))
    }
}

const UNKNOWN_ATR: [u8; 4] = [0x3B, 0x80, 0x01, 0x81];

/// An engine with a liar in its reader, and the count of what it was asked.
fn engine(lie: fn(&[u8]) -> Option<Vec<u8>>, atr: Option<&[u8]>) -> (Engine, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let card = several::card(1, Manners::Forgets);
    let liar = Liar { card, lie, atr: atr.map(<[u8]>::to_vec), asked: Arc::clone(&asked) };
    let mut config = Config::default();
    config.cache.enabled = false;
    (Engine::new(vec![reader(&Shared::new(liar))], &config), asked)
}

fn selects(command: &[u8]) -> bool {
    command.get(1) == Some(&0xA4)
}

#[test]
fn card_that_says_yes_to_everything_is_one_token_at_most() {
    for atr in [None, Some(&UNKNOWN_ATR[..])] {
        let (engine, asked) = engine(|_| Some(vec![0x90, 0x00]), atr);
        let applications = engine.readers()[0].applications.len();
        let asked = asked.load(SeqCst);
        println!("9000 to everything: {applications} applications, {asked} commands");
        assert!(applications <= 1, "{applications}");
        assert!(asked < 200, "{asked}");
    }
}

#[test]
fn card_that_says_yes_to_every_select_shows_each_family_once_at_most() {
    type Lie = fn(&[u8]) -> Option<Vec<u8>>;
    let lies: [Lie; 3] = [
        |command| selects(command).then(|| vec![0x90, 0x00]),
        |command| selects(command).then(|| vec![0x61, 0x02, 0x4F, 0x00, 0x90, 0x00]),
        |command| Some([&command[..command.len().min(200)], &[0x90, 0x00]].concat()),
    ];
    for lie in lies {
        for atr in [None, Some(&UNKNOWN_ATR[..])] {
            let (engine, asked) = engine(lie, atr);
            let readers = engine.readers();
            let names: Vec<&str> = readers[0].applications.iter().map(|it| it.driver).collect();
            let asked = asked.load(SeqCst);
            println!("{names:?}, {asked} commands");
            assert!(names.len() <= 5 && asked < 2000, "{names:?}, {asked} commands");
            for slot in engine.slots(true) {
                let _ = engine.token_info(slot);
            }
        }
    }
}

#[test]
fn application_that_cannot_be_read_is_told_and_the_other_is_there() {
    // OpenPGP says nothing of itself that makes sense.
    let (engine, _) =
        engine(|command| (command.get(1) == Some(&0xCA)).then(|| vec![0x6E, 0x01, 0x00, 0x90, 0x00]), None);
    let readers = engine.readers();
    let names: Vec<&str> = readers[0].applications.iter().map(|it| it.driver).collect();
    assert_eq!(names, ["PIV"]);
    let problems = engine.known_problems();
    let told =
        problems.iter().flat_map(|known| &known.skipped).any(|problem| problem.what.contains("OpenPGP"));
    assert!(told, "{problems:?}");
}

#[test]
fn application_that_is_gone_after_it_was_found_is_an_error_of_its_own_slots() {
    static GONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let (engine, asked) = engine(
        |command| {
            let openpgp = selects(command) && command.get(5) == Some(&0xD2);
            (openpgp && GONE.load(SeqCst)).then(|| vec![0x6A, 0x82])
        },
        None,
    );
    let (piv, openpgp) = (open(&engine, PIV_SLOT), open(&engine, SIGNATURE_SLOT));
    GONE.store(true, SeqCst);
    let before = asked.load(SeqCst);
    let refused = log_in(&engine, openpgp);
    assert!(matches!(refused, Err(Error::Card { .. })), "{refused:?}");
    log_in(&engine, piv).unwrap();
    assert!(is_user(&engine, piv));
    // The question ended the login on the card, and that is said.
    let refused = log_in(&engine, openpgp);
    assert!(matches!(refused, Err(Error::Card { .. })), "{refused:?}");
    assert!(!is_user(&engine, piv));
    log_in(&engine, piv).unwrap();
    assert!(asked.load(SeqCst) - before < 30);
}
