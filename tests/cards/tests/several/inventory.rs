//! What is kept of the applications that a card had: it leaves questions out, and nothing else.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use p11ctl::apdu::Stats;
use p11ctl::card::cache::{CacheStore, CardCache, CardState};
use p11ctl::card::pkcs15::PKCS15_AID;
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::{CacheConfig, CardAtr, Config};
use p11ctl::engine::Engine;
use p11ctl::layout::SlotId;
use p11ctl::transport::VirtualCard;
use p11ctl::transport::software::SoftwareReader;
use p11ctl_cards::several::{Manners, NamedCard, Several};
use p11ctl_cards::{Shared, openpgp, piv};

use crate::bench::{MANAGEMENT_KEY, reader};
use crate::slots::{UNKNOWN_ATR, pkcs15_beside_piv};

/// The families of applications.
const PIV: &str = "PIV";
const OPENPGP: &str = "OpenPGP";
const ISOAPPLET: &str = "IsoApplet";
const PKCS15: &str = "PKCS#15";

/// A card that notes the names that it was asked for.
struct Spy<C> {
    card: C,
    asked: Arc<Mutex<Vec<&'static str>>>,
    lie: Lie,
}

/// What a card says instead of the truth, if anything.
type Lie = fn(&[u8]) -> Option<Vec<u8>>;

impl<C: VirtualCard> VirtualCard for Spy<C> {
    fn atr(&self) -> Vec<u8> {
        self.card.atr()
    }

    fn reset(&mut self) {
        self.card.reset();
    }

    fn process(&mut self, command: &[u8]) -> Vec<u8> {
        if let [0x00, 0xA4, 0x04, _, _, name @ ..] = command {
            let known = [
                (&piv::AID[..], PIV),
                (&openpgp::AID, OPENPGP),
                (&PKCS15_AID, PKCS15),
                (b"\xF2\x76\xA2\x88\xBC\xFB\xA6\x9D\x34\xF3\x10\x01", ISOAPPLET),
            ];
            let asked = known.iter().find(|(aid, _)| name.starts_with(aid));
            self.asked.lock().unwrap().push(asked.map_or("something else", |(_, name)| name));
        }
        (self.lie)(command).unwrap_or_else(|| self.card.process(command))
    }
}

/// What was found on a card, and what it was asked for, in order.
type Look = (Vec<&'static str>, Vec<&'static str>);

/// A cache folder, and applications that stay what they are on whichever card they are put.
struct Desk {
    folder: tempfile::TempDir,
    piv: Shared,
    openpgp: Shared,
}

impl Desk {
    fn new() -> Self {
        let (piv, openpgp) = (Shared::new(piv::card()), Shared::new(openpgp::card(0x1234)));
        Self { folder: tempfile::tempdir().unwrap(), piv, openpgp }
    }

    /// A card with an answer to reset that nobody knows and these of the applications.
    fn card(&self, families: &[&str]) -> Several {
        let parts = families.iter().map(|family| -> NamedCard {
            match *family {
                PIV => (&piv::AID, Box::new(self.piv.clone())),
                _ => (&openpgp::AID, Box::new(self.openpgp.clone())),
            }
        });
        Several::new(&UNKNOWN_ATR, Manners::Forgets, parts.collect())
    }

    fn cache(&self) -> CacheConfig {
        CacheConfig { enabled: true, directory: Some(self.folder.path().join("cache")) }
    }

    fn settings(&self) -> CardSettings {
        CardSettings { cache: CacheStore::new(&self.cache()), ..CardSettings::default() }
    }

    /// A run that asks in full.
    fn asking_all(&self) -> CardSettings {
        let settings = self.settings();
        settings.asks_all.store(true, Relaxed);
        settings
    }

    fn look(&self, card: impl VirtualCard + 'static) -> Look {
        look(card, self.settings())
    }

    /// The file that has the record of the cards, if there is one.
    fn file(&self) -> Option<PathBuf> {
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with("applications-");
        let files = std::fs::read_dir(self.folder.path().join("cache")).ok()?;
        files.map(|file| file.unwrap().path()).find(|path| name(path))
    }

    /// Makes the record of a card this much older.
    fn age(&self, serial: &str, seconds: i64) {
        let validator = env!("CARGO_PKG_VERSION").into();
        let state = CardState { family: "applications", serial: UNKNOWN_ATR.to_vec(), validator };
        let mut cache = CardCache::open(CacheStore::new(&self.cache()).as_ref(), state);
        let record = cache.get(serial.as_bytes()).unwrap().to_vec();
        let (asked, names) = record.split_first_chunk().unwrap();
        let asked = i64::from_be_bytes(*asked) - seconds;
        cache.insert(serial.as_bytes(), &[&asked.to_be_bytes(), names].concat());
        cache.save();
    }
}

fn look(card: impl VirtualCard + 'static, settings: CardSettings) -> Look {
    look_at_liar(card, settings, |_| None)
}

fn look_at_liar(card: impl VirtualCard + 'static, settings: CardSettings, lie: Lie) -> Look {
    let asked = Arc::default();
    let spy = Shared::new(Spy { card, asked: Arc::clone(&asked), lie });
    let reader = SoftwareReader::new("card", Some(Box::new(spy)), Duration::from_secs(5));
    let mut card = Card::new(Box::new(reader), settings, Stats::default());
    let count = card.applications().unwrap();
    let asked = asked.lock().unwrap().clone();
    let name = |application| {
        card.turn_to(application);
        card.driver_name().unwrap()
    };
    ((0..count).map(name).collect(), asked)
}

/// What a card of an answer to reset that nobody knows is asked for, and in which order, if it has something.
const ALL: [&str; 4] = [OPENPGP, ISOAPPLET, PIV, PKCS15];

#[test]
fn card_that_was_asked_in_full_is_asked_only_for_what_it_had() {
    for (families, again) in
        [(&[PIV][..], &[PIV][..]), (&[OPENPGP], &[OPENPGP]), (&[PIV, OPENPGP], &[OPENPGP, PIV])]
    {
        let desk = Desk::new();
        assert_eq!(desk.look(desk.card(families)), (families.to_vec(), ALL.to_vec()));
        for _ in 0..2 {
            assert_eq!(desk.look(desk.card(families)), (families.to_vec(), again.to_vec()));
        }
    }
    // A card whose answer to reset is known is asked for OpenPGP alone beside PIV.
    let desk = Desk::new();
    assert_eq!(desk.look(desk.piv.clone()), (vec![PIV], vec![OPENPGP, PIV]));
    assert_eq!(desk.look(desk.piv.clone()), (vec![PIV], vec![PIV]));
}

#[test]
fn pkcs15_beside_another_application_is_asked_for_last_as_ever() {
    let desk = Desk::new();
    let (_image, card) = pkcs15_beside_piv(Manners::Forgets);
    assert_eq!(desk.look(card.clone()), (vec![PIV, PKCS15], ALL.to_vec()));
    assert_eq!(desk.look(card.clone()), (vec![PIV, PKCS15], vec![PIV, PKCS15]));
    // Without PIV the record is of no use.
    assert_eq!(desk.look(desk.card(&[OPENPGP])), (vec![OPENPGP], vec![PIV, OPENPGP, ISOAPPLET, PKCS15]));
    // On another card that name is the last one again: the IsoApplet would answer to it.
    let desk = Desk::new();
    let beside_openpgp = |number| {
        let parts: Vec<NamedCard> =
            vec![(&openpgp::AID, Box::new(openpgp::card(number))), (&PKCS15_AID, Box::new(card.clone()))];
        Several::new(&UNKNOWN_ATR, Manners::Forgets, parts)
    };
    for number in [1, 2] {
        assert_eq!(desk.look(beside_openpgp(number)), (vec![OPENPGP, PKCS15], ALL.to_vec()));
        assert_eq!(desk.look(beside_openpgp(number)), (vec![OPENPGP, PKCS15], vec![OPENPGP, PKCS15]));
    }
}

#[test]
fn new_application_is_seen_at_once_where_all_are_asked_for_and_then_always() {
    let desk = Desk::new();
    desk.look(desk.card(&[PIV]));
    let both = || desk.card(&[PIV, OPENPGP]);
    assert_eq!(desk.look(both()), (vec![PIV], vec![PIV]), "not asked for within the hour");
    assert_eq!(look(both(), desk.asking_all()), (vec![PIV, OPENPGP], ALL.to_vec()));
    assert_eq!(desk.look(both()), (vec![PIV, OPENPGP], vec![OPENPGP, PIV]));
    // One that is gone is missed without that.
    assert_eq!(desk.look(desk.card(&[PIV])).0, [PIV]);
    assert_eq!(desk.look(desk.card(&[PIV])), (vec![PIV], vec![PIV]));
}

#[test]
fn record_that_is_too_old_or_yet_to_come_is_not_believed() {
    let desk = Desk::new();
    desk.look(desk.card(&[PIV]));
    let serial = Card::new(reader(&desk.piv), CardSettings::default(), Stats::default()).read_token();
    let serial = serial.unwrap().info.serial;
    // Far enough from the limits for the time that this takes.
    for (seconds, asked) in [(3000, &[PIV][..]), (700, &ALL), (-60, &ALL)] {
        desk.age(&serial, seconds);
        assert_eq!(desk.look(desk.card(&[PIV])), (vec![PIV], asked.to_vec()), "{seconds}");
    }
    assert_eq!(desk.look(desk.card(&[PIV])), (vec![PIV], vec![PIV]), "made anew");
}

#[test]
fn cards_of_one_answer_to_reset_are_known_each_by_itself() {
    let desk = Desk::new();
    let card = |number: u32, families: &[&str]| {
        Desk { openpgp: Shared::new(openpgp::card(number)), ..Desk::new() }.card(families)
    };
    let [first, second] = [1, 2].map(|number| move || card(number, &[OPENPGP]));
    assert_eq!(desk.look(first()), (vec![OPENPGP], ALL.to_vec()));
    assert_eq!(desk.look(second()), (vec![OPENPGP], ALL.to_vec()));
    for _ in 0..2 {
        assert_eq!(desk.look(first()), (vec![OPENPGP], vec![OPENPGP]));
        assert_eq!(desk.look(second()), (vec![OPENPGP], vec![OPENPGP]));
    }
    let third = || card(3, &[PIV, OPENPGP]);
    assert_eq!(desk.look(third()), (vec![PIV, OPENPGP], ALL.to_vec()));
    for _ in 0..2 {
        assert_eq!(desk.look(third()), (vec![PIV, OPENPGP], vec![OPENPGP, PIV]));
        assert_eq!(desk.look(first()), (vec![OPENPGP], vec![OPENPGP, PIV]), "what any of them had");
    }
}

#[test]
fn card_with_more_than_its_record_says_is_asked_for_the_rest() {
    let desk = Desk::new();
    desk.look(desk.card(&[PIV]));
    desk.look(desk.card(&[OPENPGP]));
    // Asked for both, because other cards had one or the other.
    let asked = vec![OPENPGP, PIV, ISOAPPLET, PKCS15];
    assert_eq!(desk.look(desk.card(&[PIV, OPENPGP])), (vec![PIV, OPENPGP], asked));
}

#[test]
fn restriction_neither_uses_a_record_nor_makes_one() {
    let desk = Desk::new();
    let names = || vec![PIV.to_owned(), OPENPGP.to_owned()];
    let bound = CardAtr { atr: UNKNOWN_ATR.to_vec(), mask: None, drivers: names() };
    for settings in [
        CardSettings { drivers: Some(names()), ..desk.settings() },
        CardSettings { bindings: vec![bound], ..desk.settings() },
    ] {
        for _ in 0..2 {
            assert_eq!(look(desk.card(&[PIV]), settings.clone()), (vec![PIV], vec![OPENPGP, PIV]));
        }
        assert_eq!(desk.file(), None);
        desk.look(desk.card(&[PIV]));
        assert_eq!(look(desk.card(&[PIV]), settings), (vec![PIV], vec![OPENPGP, PIV]));
        std::fs::remove_file(desk.file().unwrap()).unwrap();
    }
}

#[test]
fn card_that_nothing_tells_from_others_or_with_a_problem_is_always_asked_in_full() {
    // No Card Holder Unique Identifier, no serial number; an OpenPGP application that says nothing that makes sense.
    let lies: [Lie; 2] = [
        |command| command.windows(3).any(|tag| tag == [0x5F, 0xC1, 0x02]).then(|| vec![0x6A, 0x82]),
        |command| (command.get(1) == Some(&0xCA)).then(|| vec![0x6E, 0x01, 0x00, 0x90, 0x00]),
    ];
    for (lie, families) in lies.into_iter().zip([&[PIV, OPENPGP][..], &[PIV]]) {
        let desk = Desk::new();
        let both = || desk.card(&[PIV, OPENPGP]);
        for _ in 0..2 {
            assert_eq!(look_at_liar(both(), desk.settings(), lie), (families.to_vec(), ALL.to_vec()));
            assert_eq!(desk.file(), None);
        }
        // What is known of the card from before is not believed any more, once it was asked in full.
        desk.look(desk.card(&[PIV]));
        look_at_liar(both(), desk.asking_all(), lie);
        assert_eq!(look_at_liar(both(), desk.settings(), lie), (families.to_vec(), ALL.to_vec()));
    }
    let desk = Desk { openpgp: Shared::new(openpgp::card(0)), ..Desk::new() };
    for _ in 0..2 {
        assert_eq!(desk.look(desk.card(&[OPENPGP])), (vec![OPENPGP], ALL.to_vec()), "a number of zeros");
    }
}

#[test]
fn card_that_refuses_for_the_moment_is_asked_in_full_again() {
    // SELECT of OpenPGP ends in "no precise diagnosis".
    let busy: Lie = |command| {
        let selects = command.windows(openpgp::AID.len()).any(|part| part == openpgp::AID);
        selects.then(|| vec![0x6F, 0x00])
    };
    let desk = Desk::new();
    let both = || desk.card(&[PIV, OPENPGP]);
    assert_eq!(look_at_liar(both(), desk.settings(), busy), (vec![PIV], ALL.to_vec()));
    assert_eq!(desk.look(both()), (vec![PIV, OPENPGP], ALL.to_vec()));
}

#[test]
fn record_that_is_damaged_or_not_the_users_own_is_as_good_as_none() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let full = (vec![PIV], ALL.to_vec());
    desk.look(desk.card(&[PIV]));
    let file = desk.file().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(desk.look(desk.card(&[PIV])), full);
    assert_eq!(desk.look(desk.card(&[PIV])), (vec![PIV], vec![PIV]), "it was made anew");
    let folder = file.parent().unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    for _ in 0..2 {
        assert_eq!(desk.look(desk.card(&[PIV])), full);
        assert_eq!(look(desk.card(&[PIV]), CardSettings::default()), full, "switched off");
    }
}

#[test]
fn erasing_an_application_forgets_what_was_kept_of_the_card() {
    let desk = Desk::new();
    let shared = Shared::new(desk.card(&[PIV, OPENPGP]));
    let config = Config { cache: desk.cache(), ..Config::default() };
    let engine = || Engine::new(vec![reader(&shared)], &config);
    engine().readers();
    assert!(desk.file().is_some());
    let refused = engine().erase_token(SlotId(0), &Secret::from(&"00".repeat(24)[..]));
    assert!(refused.is_err() && desk.file().is_some(), "nothing was erased: {refused:?}");
    engine().erase_token(SlotId(0), &Secret::from(MANAGEMENT_KEY)).unwrap();
    assert_eq!(desk.file(), None);
    // By the card alone, without the engine.
    let mut card = Card::new(reader(&shared), desk.settings(), Stats::default());
    let token = card.read_token().unwrap();
    assert!(desk.file().is_some());
    let officer = token.auths.iter().find(|auth| auth.label == "management key").unwrap();
    card.verify(&officer.id, &Secret::from(MANAGEMENT_KEY)).unwrap();
    card.erase().unwrap();
    assert_eq!(desk.file(), None);
}
