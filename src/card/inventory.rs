//! Which applications cards had when they were asked for all, kept between runs, so that they need not be asked again for
//! those that were not there. Knows no APDU and no card family.
//!
//! One cache file for each answer to reset; in it each card by what tells it from others. A record only leaves questions
//! out, and not for long: an application can be installed any day, and nothing on the card would show it.

use super::cache::{CacheStore, CardCache, CardState};
use crate::codec::date;

/// What cards of one answer to reset had lately.
#[derive(Debug)]
pub(super) struct Inventory {
    cache: CardCache,
    now: i64,
}

impl Inventory {
    /// What is known of cards with this answer to reset; nothing where nothing is kept.
    pub fn open(store: Option<&CacheStore>, atr: &[u8]) -> Self {
        Self::open_at(store, atr, date::now())
    }

    fn open_at(store: Option<&CacheStore>, atr: &[u8], now: i64) -> Self {
        // Another version may know other families.
        let validator = env!("CARGO_PKG_VERSION").into();
        Self {
            cache: CardCache::open(store, CardState { family: NAME, serial: atr.to_vec(), validator }),
            now,
        }
    }

    /// Whether anything is kept.
    pub fn is_kept(&self) -> bool {
        self.cache.is_kept()
    }

    /// Whether one of the cards had an application of this family.
    pub fn has(&self, family: &str) -> bool {
        self.cache
            .contents()
            .filter_map(|record| families(record, self.now))
            .flatten()
            .any(|had| had == family)
    }

    /// Whether this card had applications of these families and no others.
    pub fn knows(&self, identity: &[u8], found: &[&str]) -> bool {
        self.cache
            .get(identity)
            .and_then(|record| families(record, self.now))
            .is_some_and(|had| had.eq(found.iter().copied()))
    }

    /// This card was asked for every application, and has these.
    pub fn learn(&mut self, identity: &[u8], found: &[&str]) {
        self.cache.retain(|record| families(record, self.now).is_some());
        let record = [&self.now.to_be_bytes(), found.join(SEPARATOR).as_bytes()].concat();
        self.cache.insert(identity, &record);
        self.cache.save();
    }

    /// Forgets all cards of this answer to reset.
    pub fn clear(&mut self) {
        self.cache.clear();
    }
}

/// The families in a record: when the card was asked, and their names. `None` when that is too long ago, or yet to come.
fn families(record: &[u8], now: i64) -> Option<impl Iterator<Item = &str>> {
    let (asked, names) = record.split_first_chunk()?;
    let age = now.checked_sub(i64::from_be_bytes(*asked))?;
    let names = std::str::from_utf8(names).ok().filter(|_| (0..LIMIT).contains(&age))?;
    Some(names.split(SEPARATOR))
}

/// Where cache files of drivers have their family.
const NAME: &str = "applications";
const SEPARATOR: &str = ",";
/// Seconds for which a card is not asked again.
const LIMIT: i64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CacheConfig;

    const ATR: &[u8] = &[0x3B; 33];
    const NOW: i64 = 1_800_000_000;

    struct Bench {
        _folder: tempfile::TempDir,
        store: CacheStore,
    }

    impl Bench {
        /// Two cards of one answer to reset, asked at different times.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let directory = Some(folder.path().join("cache"));
            let store = CacheStore::new(&CacheConfig { enabled: true, directory }).unwrap();
            let bench = Self { _folder: folder, store };
            bench.at(NOW).learn(b"one", &["PIV", "PKCS#15"]);
            bench.at(NOW + 10).learn(b"two", &["OpenPGP"]);
            bench
        }

        fn at(&self, now: i64) -> Inventory {
            Inventory::open_at(Some(&self.store), ATR, now)
        }
    }

    #[test]
    fn inventory_knows_each_card_by_itself_and_its_families_whole() {
        let inventory = Bench::new().at(NOW + 20);
        assert!(inventory.knows(b"one", &["PIV", "PKCS#15"]) && inventory.knows(b"two", &["OpenPGP"]));
        for other in [&["PIV"][..], &["PKCS#15"], &["PIV", "PKCS#15", "OpenPGP"], &["OpenPGP"], &[]] {
            assert!(!inventory.knows(b"one", other), "{other:?}");
        }
        assert!(!inventory.knows(b"three", &["PIV", "PKCS#15"]));
        assert!(inventory.has("PIV") && inventory.has("PKCS#15") && inventory.has("OpenPGP"));
        assert!(!inventory.has("IsoApplet") && !inventory.has(""));
    }

    #[test]
    fn inventory_of_another_answer_to_reset_is_another() {
        let bench = Bench::new();
        let other = Inventory::open_at(Some(&bench.store), &[0x3B; 32], NOW + 20);
        assert!(!other.has("PIV") && !other.knows(b"one", &["PIV", "PKCS#15"]));
    }

    #[test]
    fn inventory_forgets_each_card_after_its_time_and_believes_no_time_to_come() {
        let bench = Bench::new();
        for (now, one, two) in [
            (NOW - 1, false, false),
            (NOW, true, false),
            (NOW + 10, true, true),
            (NOW + LIMIT - 1, true, true),
            (NOW + LIMIT, false, true),
            (NOW + LIMIT + 10, false, false),
            (i64::MIN, false, false),
        ] {
            let inventory = bench.at(now);
            assert_eq!((inventory.has("PIV"), inventory.has("OpenPGP")), (one, two), "{}", now - NOW);
            assert_eq!(inventory.knows(b"one", &["PIV", "PKCS#15"]), one, "{}", now - NOW);
        }
        // What is learned anew is young again, and what was too old is gone.
        bench.at(NOW + LIMIT).learn(b"three", &["IsoApplet"]);
        let inventory = bench.at(NOW + LIMIT);
        assert!(inventory.has("IsoApplet") && inventory.has("OpenPGP"));
        assert_eq!(inventory.cache.contents().count(), 2);
    }

    #[test]
    fn inventory_that_is_damaged_or_cleared_has_nothing() {
        let bench = Bench::new();
        let file = std::fs::read_dir(bench.store.directory()).unwrap().next().unwrap().unwrap().path();
        let good = std::fs::read(&file).unwrap();
        std::fs::write(&file, &good[..good.len() - 1]).unwrap();
        assert!(!bench.at(NOW + 20).has("PIV"));
        std::fs::write(&file, good).unwrap();
        assert!(bench.at(NOW + 20).has("PIV"));
        bench.at(NOW + 20).clear();
        assert!(!bench.at(NOW + 20).has("PIV") && !file.exists());
    }

    #[test]
    fn record_of_another_form_tells_nothing() {
        for record in [&b""[..], &[0; 7], &[&NOW.to_be_bytes()[..], &[0xFF]].concat()] {
            assert!(families(record, NOW).is_none(), "{record:?}");
        }
    }

    #[test]
    fn inventory_without_a_place_to_keep_it_is_always_empty() {
        let mut inventory = Inventory::open_at(None, ATR, NOW);
        inventory.learn(b"one", &["PIV"]);
        assert!(!inventory.is_kept() && !inventory.has("PIV"));
    }
}
