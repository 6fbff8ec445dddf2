//! Public contents are kept between runs, never believed of another card or another state, and never private.

use std::fs;

use p11ctl::card::admin::NewData;
use p11ctl::card::cache::CacheStore;
use p11ctl::card::example::ExampleKind;
use p11ctl::card::{Card, CardSettings};
use p11ctl::codec::Secret;
use p11ctl::config::CacheConfig;
use p11ctl::softcard::Profile;
use p11ctl::token::{AuthId, Token};

use crate::support::{Bench, auth};

fn store_data(card: &mut Card, owner: Option<&AuthId>, private: bool, label: &str, value: &[u8]) {
    let data = NewData { owner, private, label, application: "test", oid: &[], value };
    card.with(|driver, channel| driver.admin().unwrap().store_data(channel, &data)).unwrap();
}

/// Reads the token and one certificate, and says what that cost.
fn read(bench: &Bench) -> (Token, u64) {
    bench.cost(|| {
        let mut card = bench.card();
        card.hold().unwrap();
        let token = card.read_token().unwrap();
        if let Some(certificate) = token.certificates.first() {
            card.read_object(certificate.object).unwrap();
        }
        token
    })
}

fn cache_files(bench: &Bench) -> Vec<std::path::PathBuf> {
    fs::read_dir(bench.folder.path().join("cache")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn unchanged_card_costs_one_command_and_reads_the_same() {
    let bench = Bench::example(ExampleKind::Separate);
    bench.forget_cache();
    let (cold, cost) = read(&bench);
    assert!(cost > 20, "{cost}");
    assert_eq!(read(&bench), (cold, 1));
}

#[test]
fn changed_card_is_read_anew() {
    let bench = Bench::personalised(Profile::MyEid);
    let (before, _) = read(&bench);
    assert_eq!(before.data, []);
    // Another program: it knows nothing of our cache.
    let mut other = bench.card_without_cache();
    let token = other.read_token().unwrap();
    other.verify(&auth(&token, "PIN 1"), &Secret::from("11111111")).unwrap();
    store_data(&mut other, Some(&auth(&token, "PIN 1")), false, "new", b"value");
    drop(other);
    let (after, cost) = read(&bench);
    assert_eq!(after.data.len(), 1);
    assert!(cost > 20, "{cost}");
    assert_eq!(read(&bench).1, 1, "and kept again");
}

#[test]
fn card_changed_while_connected_is_read_anew() {
    let bench = Bench::personalised(Profile::MyEid);
    let shared = bench.shared_reader();
    let open = || Card::new(shared.reader(), CardSettings::default(), bench.stats.clone());
    let (mut ours, mut theirs) = (open(), open());
    let token = ours.read_token().unwrap();
    theirs.read_token().unwrap();
    theirs.verify(&auth(&token, "PIN 1"), &Secret::from("11111111")).unwrap();
    store_data(&mut theirs, Some(&auth(&token, "PIN 1")), false, "new", b"value");
    let after = ours.read_token().unwrap();
    assert_eq!(after.data.len(), 1);
    assert_eq!(ours.read_object(after.data[0].object).unwrap(), b"value");
}

#[test]
fn certificate_that_is_what_its_entry_says_costs_no_question_for_changes() {
    let bench = Bench::example(ExampleKind::Separate);
    let mut card = bench.card_without_cache();
    let token = card.read_token().unwrap();
    let (value, cost) = bench.cost(|| card.read_object(token.certificates[0].object).unwrap());
    // SELECT and one READ BINARY for each 256 bytes.
    assert_eq!(cost, 1 + value.len().div_ceil(256) as u64);
}

#[test]
fn certificate_that_another_program_has_replaced_is_noticed() {
    use crate::editing::store_certificate;

    let bench = Bench::personalised(Profile::MyEid);
    let shared = bench.shared_reader();
    let open = || Card::new(shared.reader(), CardSettings::default(), bench.stats.clone());
    let (mut ours, mut theirs) = (open(), open());
    let owner = auth(&theirs.read_token().unwrap(), "PIN 1");
    theirs.verify(&owner, &Secret::from("11111111")).unwrap();
    let replaced = store_certificate(&mut theirs, Some(&owner), 8).unwrap();
    let known = ours.read_token().unwrap().certificates[0].clone();
    assert!(known.object == replaced && known.hints.subject.is_some());
    theirs.administer(|admin, channel| admin.delete_object(channel, replaced)).unwrap();
    store_certificate(&mut theirs, Some(&owner), 9).unwrap();
    // The same file; the driver has noticed that it is another certificate, and knows the new directory.
    let value = ours.read_object(known.object);
    let now = ours.read_token().unwrap();
    assert_eq!(now.certificates[0].label, "certificate 9");
    match value {
        Ok(value) => assert_eq!(value, ours.read_object(now.certificates[0].object).unwrap()),
        Err(error) => assert_eq!(error.to_string(), "the card has no such object"),
    }
}

#[test]
fn cache_of_another_card_or_with_an_altered_head_is_not_used() {
    let (bench, other) = (Bench::example(ExampleKind::Separate), Bench::example(ExampleKind::Shared));
    let (token, _) = read(&bench);
    let (foreign, _) = read(&other);
    assert_ne!(token, foreign);
    let file = cache_files(&bench).remove(0);
    let good = fs::read(&file).unwrap();
    fs::copy(cache_files(&other).remove(0), &file).unwrap();
    let (read_again, cost) = read(&bench);
    assert_eq!(read_again, token);
    assert!(cost > 20, "{cost}");
    for position in 0..64 {
        let mut bad = good.clone();
        bad[position] ^= 0x01;
        fs::write(&file, bad).unwrap();
        let (read_again, cost) = read(&bench);
        assert_eq!(read_again, token);
        assert!(cost > 20, "byte {position}: {cost}");
    }
}

#[test]
fn private_data_and_what_is_read_after_a_login_is_never_kept() {
    let bench = Bench::personalised(Profile::MyEid);
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let owner = auth(&token, "PIN 1");
    card.verify(&owner, &Secret::from("11111111")).unwrap();
    store_data(&mut card, Some(&owner), true, "private", b"the private contents");
    store_data(&mut card, Some(&owner), false, "public", b"the public contents");
    drop(card);

    let kept = |needle: &[u8]| {
        cache_files(&bench)
            .iter()
            .any(|file| fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle))
    };
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    let [private, public] = [0, 1].map(|index| token.data[index].object);
    card.verify(&owner, &Secret::from("11111111")).unwrap();
    assert_eq!(card.read_object(private).unwrap(), b"the private contents");
    assert_eq!(card.read_object(public).unwrap(), b"the public contents");
    drop(card);
    assert!(!kept(b"the private contents") && !kept(b"the public contents"));

    // Without a login the public one is kept, so the test sees what is kept.
    let mut card = bench.card();
    let token = card.read_token().unwrap();
    assert_eq!(card.read_object(token.data[1].object).unwrap(), b"the public contents");
    assert!(kept(b"the public contents"));
}

#[test]
fn private_data_read_on_the_login_of_another_program_is_not_kept() {
    let bench = Bench::personalised(Profile::MyEid);
    let shared = bench.shared_reader();
    let mut theirs = Card::new(shared.reader(), CardSettings::default(), bench.stats.clone());
    let token = theirs.read_token().unwrap();
    let owner = auth(&token, "PIN 1");
    theirs.verify(&owner, &Secret::from("11111111")).unwrap();
    store_data(&mut theirs, Some(&owner), true, "private", b"the private contents");
    let settings = CardSettings { cache: bench.store(), ..CardSettings::default() };
    let mut ours = Card::new(shared.reader(), settings, bench.stats.clone());
    let token = ours.read_token().unwrap();
    assert_eq!(ours.read_object(token.data[0].object).unwrap(), b"the private contents");
    for file in cache_files(&bench) {
        let bytes = fs::read(file).unwrap();
        assert!(!bytes.windows(20).any(|window| window == b"the private contents"));
    }
}

#[test]
fn cache_that_cannot_be_written_is_done_without() {
    let bench = Bench::example(ExampleKind::Shared);
    let (expected, _) = read(&bench);
    fs::write(bench.folder.path().join("file"), b"").unwrap();
    let directory = Some(bench.folder.path().join("file/cache"));
    let cache = CacheStore::new(&CacheConfig { enabled: true, directory });
    let mut card = bench.card_with(CardSettings { cache, ..CardSettings::default() });
    assert_eq!(card.read_token().unwrap(), expected);
}

#[test]
fn cache_switched_off_keeps_nothing() {
    let bench = Bench::example(ExampleKind::Shared);
    bench.forget_cache();
    bench.card_without_cache().read_token().unwrap();
    assert!(!bench.folder.path().join("cache").exists());
    assert_eq!(CacheStore::new(&CacheConfig { enabled: false, directory: None }), None);
}

#[test]
fn cache_after_our_own_changes_says_what_the_card_says() {
    use crate::editing::{new_key, pin, store_certificate};
    use p11ctl::card::admin::{KeyType, NewPin};
    use p11ctl::crypto::Curve;
    use p11ctl::token::KeyId;

    type Change = fn(&mut Card, &Token) -> Result<(), p11ctl::card::CardError>;
    let changes: [(&str, &str, Change); 9] = [
        ("PIN 1", "11111111", |card, _| {
            let (owner, id) = (pin(1), KeyId(vec![7]));
            let new = new_key(&owner, &id, KeyType::Ec(Curve::P256));
            card.administer(|admin, channel| admin.generate_key(channel, &new)).map(|_| ())
        }),
        ("PIN 1", "11111111", |card, _| store_certificate(card, Some(&pin(1)), 1).map(|_| ())),
        ("PIN 1", "11111111", |card, _| store_certificate(card, Some(&pin(1)), 2).map(|_| ())),
        ("PIN 1", "11111111", |card, token| {
            let object = token.certificates[0].object;
            card.administer(|admin, channel| admin.set_label(channel, object, "another, longer label"))
                .map(|_| ())
        }),
        ("PIN 1", "11111111", |card, token| {
            let object = token.certificates[0].object;
            card.administer(|admin, channel| admin.delete_object(channel, object))
        }),
        ("PIN 1", "11111111", |card, token| {
            for key in &token.keys {
                card.administer(|admin, channel| admin.delete_object(channel, key.object))?;
            }
            Ok(())
        }),
        // In the file of the key that went, a key of another kind.
        ("PIN 1", "11111111", |card, _| {
            let (owner, id) = (pin(1), KeyId(vec![7]));
            let new = new_key(&owner, &id, KeyType::Ec(Curve::P384));
            card.administer(|admin, channel| admin.generate_key(channel, &new)).map(|_| ())
        }),
        ("SO PIN", "00000000", |card, _| {
            let value = Secret::from("33333333");
            let new = NewPin { label: "PIN 3", pin: &value, puk: None, min_len: 4, tries: 3 };
            card.administer(|admin, channel| admin.create_pin(channel, &new)).map(|_| ())
        }),
        // Refused in the middle.
        ("PIN 1", "11111111", |card, _| {
            store_certificate(card, Some(&pin(2)), 3).unwrap_err();
            Ok(())
        }),
    ];
    let bench = Bench::personalised(Profile::MyEid);
    for (number, (label, value, change)) in changes.into_iter().enumerate() {
        let mut card = bench.card();
        let token = card.read_token().unwrap();
        card.verify(&auth(&token, label), &Secret::from(value)).unwrap();
        change(&mut card, &token).unwrap();
        let known = card.read_token().unwrap();
        card.finish().unwrap();
        let (kept, cost) = bench.cost(|| bench.card().read_token().unwrap());
        let true_one = bench.card_without_cache().read_token().unwrap();
        assert_eq!(kept, true_one, "change {number}");
        assert_eq!(known, true_one, "change {number}, still connected");
        assert!(cost <= 6 || number == 8, "change {number}: {cost}");
    }
}
