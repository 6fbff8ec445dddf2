//! The card and its image: transactions, other processes, failed writes.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::softcard::testing::bytes;
use crate::transport::{Disposition, Presence, Transport};

const OPTIONS: Options = Options { profile: Profile::MyEid, pin_cost: PinKeyCost::MINIMAL };
const CREATE_EF: &str = "00E00000 (62 (80020010 820101 83024401 86030000FF))";
const SELECT_EF: &str = "00A4000C (4401)";

struct Image {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn image() -> Image {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.img");
    create(&path, OPTIONS).unwrap();
    Image { _folder: folder, path }
}

fn connect(image: &Image, busy_timeout: Duration) -> Box<dyn Transport> {
    reader("soft", Some(image.path.clone()), busy_timeout).connect().unwrap()
}

fn send(transport: &mut dyn Transport, command: &str) -> (Vec<u8>, u16) {
    let response = transport.transmit(&bytes(command)).unwrap();
    let (data, status) = response.split_last_chunk::<2>().unwrap();
    (data.to_vec(), u16::from_be_bytes(*status))
}

fn status(card: &mut SoftCard, command: &str) -> u16 {
    let response = card.process(&bytes(command));
    u16::from_be_bytes(*response.last_chunk().unwrap())
}

#[test]
fn reader_shows_the_card_and_errors_of_its_image() {
    let image = image();
    let mut reader = reader("soft", Some(image.path.clone()), Duration::ZERO);
    assert_eq!(reader.name(), "soft");
    let Presence::Card { atr } = reader.presence().unwrap() else { panic!("no card") };
    assert!(atr.windows(5).any(|part| part == b"MyEID"));
    fs::write(&image.path, "a letter").unwrap();
    assert!(
        matches!(reader.presence(), Err(TransportError::Image { path, .. }) if path.ends_with("card.img"))
    );
    assert!(reader.connect().is_err());
    fs::remove_file(&image.path).unwrap();
    assert!(matches!(reader.presence(), Err(TransportError::Image { .. })));
}

#[test]
fn atr_of_each_profile_names_its_protocol() {
    for profile in [Profile::MyEid, Profile::OsEid] {
        let card = SoftCard::blank(Options { profile, ..OPTIONS }).unwrap();
        assert_eq!(crate::transport::protocol_of_atr(&card.atr()), profile.protocol());
        // The check byte (TCK) makes the bytes after TS come to zero; T=0 alone has none.
        let is_t1 = profile == Profile::MyEid;
        assert_eq!(card.atr()[1..].iter().fold(0, |sum, byte| sum ^ byte) == 0, is_t1);
    }
}

#[test]
fn change_is_on_disk_before_the_answer() {
    let image = image();
    let mut card = open(&image.path).unwrap();
    for (command, file) in
        [(CREATE_EF, 0x4401), ("00E00000 (62 (80020010 820101 83024402 86030000FF))", 0x4402)]
    {
        assert_eq!(status(&mut card, command), 0x9000);
        let stored = open(&image.path).unwrap();
        assert!(stored.machine.state.files.iter().any(|stored| stored.id == file), "{file:04X}");
    }
}

#[test]
fn wrong_pin_is_counted_on_disk_before_the_answer() {
    let image = image();
    let mut card = open(&image.path).unwrap();
    status(&mut card, "00DA0103 (3333333333333333 3939393939393939 03)");
    status(&mut card, "00440400 (A000000063504B43532D3135)");
    assert_eq!(status(&mut card, "00200003 (30303030)"), 0x63C2);
    assert_eq!(status(&mut open(&image.path).unwrap(), "00200003"), 0x63C2);
}

#[test]
fn transaction_keeps_other_processes_out() {
    let image = image();
    let mut first = connect(&image, Duration::ZERO);
    let mut second = connect(&image, Duration::from_millis(30));
    assert_eq!(first.begin().unwrap(), Begun::Unchanged);
    assert!(matches!(second.begin(), Err(TransportError::Busy { reader, .. }) if reader == "soft"));
    first.end(Disposition::Leave).unwrap();
    assert_eq!(second.begin().unwrap(), Begun::Unchanged);
    drop(second);
    assert_eq!(first.begin().unwrap(), Begun::Unchanged, "a dropped connection holds nothing");
}

#[test]
fn change_by_another_process_resets_the_card() {
    let image = image();
    let (mut first, mut second) = (connect(&image, Duration::ZERO), connect(&image, Duration::ZERO));
    first.begin().unwrap();
    assert_eq!(send(&mut *first, CREATE_EF).1, 0x9000);
    first.end(Disposition::Leave).unwrap();

    assert_eq!(second.begin().unwrap(), Begun::Reset);
    assert_eq!(send(&mut *second, SELECT_EF).1, 0x9000);
    assert_eq!(send(&mut *second, "00D60000 (AA)").1, 0x9000);
    second.end(Disposition::Leave).unwrap();

    assert_eq!(first.begin().unwrap(), Begun::Reset);
    assert_eq!(send(&mut *first, "00B0000001").1, 0x6986, "nothing is selected any more");
    send(&mut *first, SELECT_EF);
    assert_eq!(send(&mut *first, "00B0000001").0, [0xAA]);
    first.end(Disposition::Leave).unwrap();
    assert_eq!(first.begin().unwrap(), Begun::Unchanged);
}

#[test]
fn image_copied_over_is_noticed() {
    let (image, other) = (image(), image());
    let serial = |card: &mut dyn Transport| send(card, "00CA01A014").0[8..18].to_vec();
    let mut card = connect(&image, Duration::ZERO);
    card.begin().unwrap();
    let before = serial(&mut *card);
    card.end(Disposition::Leave).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    fs::copy(&other.path, &image.path).unwrap();
    assert_eq!(card.begin().unwrap(), Begun::Reset);
    assert_ne!(serial(&mut *card), before);
}

#[test]
fn failed_write_is_an_error_with_the_path_and_changes_nothing() {
    let image = image();
    let mut card = connect(&image, Duration::ZERO);
    card.begin().unwrap();
    // A folder where the new image would be written: no write can succeed.
    let in_the_way = image.path.with_file_name(".card.img.tmp");
    fs::create_dir_all(in_the_way.join("full")).unwrap();
    let before = fs::read(&image.path).unwrap();
    let error = card.transmit(&bytes(CREATE_EF)).unwrap_err();
    assert!(matches!(&error, TransportError::Image { path, .. } if path.ends_with("card.img")), "{error:?}");
    assert_eq!(fs::read(&image.path).unwrap(), before);
    assert_eq!(send(&mut *card, SELECT_EF).1, 0x6A82, "the card goes on from what is on disk");
    fs::remove_dir_all(&in_the_way).unwrap();
    assert_eq!(send(&mut *card, CREATE_EF).1, 0x9000);
}

/// An operational card with PIN 1 (11111111, three tries; PUK 99999999, two tries).
fn operational() -> Image {
    let image = image();
    let mut card = open(&image.path).unwrap();
    status(&mut card, "00DA0101 (3131313131313131 3939393939393939 03 02 00)");
    status(&mut card, "00DA0103 (3333333333333333 3939393939393939 03 02 00)");
    assert_eq!(status(&mut card, "00440400 (A000000063504B43532D3135)"), 0x9000);
    image
}

/// Commands that compare a value, right and wrong: VERIFY, CHANGE, RESET RETRY COUNTER.
const COMPARISONS: [&str; 6] = [
    "00200001 (3131313131313131)",
    "00200001 (3030303030303030)",
    "00240001 (3131313131313131 3232323232323232)",
    "00240001 (3030303030303030 3232323232323232)",
    "002C0001 (3939393939393939 3232323232323232)",
    "002C0001 (3030303030303030 3232323232323232)",
];

#[test]
fn pin_is_not_compared_when_its_try_cannot_be_stored() {
    let image = operational();
    let mut card = connect(&image, Duration::ZERO);
    card.begin().unwrap();
    let in_the_way = image.path.with_file_name(".card.img.tmp");
    fs::create_dir_all(in_the_way.join("full")).unwrap();
    let before = fs::read(&image.path).unwrap();
    for command in COMPARISONS {
        let error = card.transmit(&bytes(command)).unwrap_err();
        assert!(matches!(&error, TransportError::Image { .. }), "{command}: {error:?}");
        assert_eq!(send(&mut *card, "00200001").1, 0x63C3, "{command}: nothing is verified");
    }
    assert_eq!(fs::read(&image.path).unwrap(), before);
    fs::remove_dir_all(&in_the_way).unwrap();
    assert_eq!(send(&mut *card, "00200001 (3131313131313131)").1, 0x9000);
}

#[test]
fn pin_whose_tries_cannot_be_given_back_has_spent_one() {
    let image = operational();
    let kept = fs::read(&image.path).unwrap();
    let mut card = open(&image.path).unwrap();
    card.hold(Duration::ZERO).unwrap();
    // The first write succeeds and the second does not, as on a disk that fills up.
    let mut writes = 0;
    let SoftCard { machine, store, .. } = &mut card;
    let store = store.as_mut().unwrap();
    machine.transact(&bytes(COMPARISONS[0]), &mut |state| {
        writes += 1;
        store.save(state).map_err(|_| MEMORY_FAILURE)
    });
    assert_eq!(writes, 1, "before the comparison");
    assert_ne!(fs::read(&image.path).unwrap(), kept);
    drop(card);
    assert_eq!(status(&mut open(&image.path).unwrap(), "00200001"), 0x63C2);
}

#[test]
fn right_pin_leaves_the_image_as_it_was_and_other_logins_too() {
    let image = operational();
    let kept = fs::read(&image.path).unwrap();
    let (mut first, mut second) = (connect(&image, Duration::ZERO), connect(&image, Duration::ZERO));
    for card in [&mut first, &mut second] {
        card.begin().unwrap();
        assert_eq!(send(&mut **card, COMPARISONS[0]).1, 0x9000);
        card.end(Disposition::Leave).unwrap();
    }
    assert_eq!(fs::read(&image.path).unwrap(), kept, "tries and change counter");
    assert_eq!(first.begin().unwrap(), Begun::Unchanged);
    assert_eq!(send(&mut *first, "00200001").1, 0x9000, "still verified");
}

#[test]
fn lost_image_ends_the_card_until_it_is_back() {
    let image = image();
    let mut card = connect(&image, Duration::ZERO);
    card.begin().unwrap();
    let kept = fs::read(&image.path).unwrap();
    fs::remove_dir_all(image.path.parent().unwrap()).unwrap();
    for _ in 0..2 {
        assert!(matches!(card.transmit(&bytes(CREATE_EF)), Err(TransportError::Image { .. })));
    }
    card.end(Disposition::Leave).unwrap();
    assert!(matches!(card.begin(), Err(TransportError::Image { .. })));
    fs::create_dir_all(image.path.parent().unwrap()).unwrap();
    fs::write(&image.path, kept).unwrap();
    assert_eq!(card.begin().unwrap(), Begun::Reset);
    assert_eq!(send(&mut *card, CREATE_EF).1, 0x9000);
}

#[test]
fn hold_keeps_the_image_until_the_card_is_dropped() {
    let image = image();
    let mut served = open(&image.path).unwrap();
    served.hold(Duration::ZERO).unwrap();
    status(&mut served, CREATE_EF);
    let mut other = open(&image.path).unwrap();
    assert!(matches!(other.hold(Duration::from_millis(20)), Err(TransportError::Busy { .. })));
    drop(served);
    other.hold(Duration::ZERO).unwrap();
    assert_eq!(status(&mut other, SELECT_EF), 0x9000);
}

#[test]
fn memory_card_comes_to_disk_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.img");
    let mut card = SoftCard::blank(OPTIONS).unwrap();
    assert_eq!(status(&mut card, CREATE_EF), 0x9000);
    assert_eq!(card.path(), None);
    card.store_as(&path).unwrap();
    assert_eq!(status(&mut open(&path).unwrap(), SELECT_EF), 0x9000);
    status(&mut card, "00A4000C (3F00)");
    assert_eq!(status(&mut card, "00E00000 (62 (80020010 820101 83024402 86030000FF))"), 0x9000);
    assert_eq!(status(&mut open(&path).unwrap(), "00A4000C (4402)"), 0x9000);
}

#[test]
fn private_key_is_not_in_the_image() {
    let image = image();
    let mut card = open(&image.path).unwrap();
    status(&mut card, "00DA0101 (3131313131313131 3939393939393939)");
    status(&mut card, "00DA0103 (3333333333333333 3939393939393939)");
    status(&mut card, "00E00000 (62 (81020100 820122 83024B01 86031111FF))");
    let scalar = [0x5A; 32];
    status(&mut card, &format!("00DA0187 ({})", crate::codec::hex::encode(&scalar)));
    status(&mut card, "00E00000 (62 (80020020 820101 83024501 86031111FF))");
    status(&mut card, &format!("00D60000 ({})", "A7".repeat(32)));
    assert_eq!(status(&mut card, "00440400 (A000000063504B43532D3135)"), 0x9000);
    let bytes = fs::read(&image.path).unwrap();
    assert!(!bytes.windows(16).any(|part| part == [0x5A; 16]), "the key");
    assert!(!bytes.windows(16).any(|part| part == [0xA7; 16]), "the protected file");
    assert!(!bytes.windows(8).any(|part| part == b"11111111"), "the PIN");
}
