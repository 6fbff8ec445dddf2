//! The image on disk: what other processes and crashes leave of it.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::*;
use crate::crypto::seal::PinKeyCost;
use crate::softcard::state::Profile;

thread_local! {
    /// Called at every step of a write on this thread.
    static AT_STEP: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

type Hook = Box<dyn FnMut(&str)>;

pub(super) fn step(name: &str) {
    AT_STEP.with_borrow_mut(|hook| {
        if let Some(hook) = hook {
            hook(name);
        }
    });
}

fn blank() -> CardState {
    CardState::blank(Profile::MyEid, PinKeyCost::MINIMAL).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn message(error: &TransportError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

#[test]
fn create_existing_file_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("card.img");
    fs::write(&path, "a letter").unwrap();
    let error = Store::create(&path, &blank()).unwrap_err();
    assert!(message(&error).contains("card.img: File exists"), "{}", message(&error));
    assert_eq!(fs::read(&path).unwrap(), b"a letter");
}

#[test]
fn create_image_is_private_and_opens_as_it_was() {
    let folder = folder();
    let path = folder.path().join("card.img");
    let state = blank();
    let store = Store::create(&path, &state).unwrap();
    assert!(!store.is_locked());
    assert_eq!(Store::open(&path).unwrap().1, state);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn open_unusable_files_say_which_and_why() {
    let folder = folder();
    let path = folder.path().join("card.img");
    let missing = Store::open(&path).unwrap_err();
    assert!(message(&missing).contains("card.img: No such file"), "{}", message(&missing));
    let directory = Store::open(folder.path()).unwrap_err();
    assert!(message(&directory).contains("is a directory"), "{}", message(&directory));
    fs::write(&path, "a letter").unwrap();
    let letter = Store::open(&path).unwrap_err();
    assert!(message(&letter).contains("card.img: the file is no card image"), "{}", message(&letter));
}

#[test]
fn create_in_a_missing_folder_is_an_error() {
    let folder = folder();
    let error = Store::create(&folder.path().join("none/card.img"), &blank()).unwrap_err();
    assert!(message(&error).contains("none/card.img: No such file"), "{}", message(&error));
}

#[test]
fn lock_is_held_until_unlocked() {
    let folder = folder();
    let path = folder.path().join("card.img");
    let mut first = Store::create(&path, &blank()).unwrap();
    let (mut second, _) = Store::open(&path).unwrap();
    assert!(matches!(first.try_lock().unwrap(), Some(Locked::Unchanged)));
    assert!(second.try_lock().unwrap().is_none());
    first.unlock();
    assert!(matches!(second.try_lock().unwrap(), Some(Locked::Unchanged)));
    assert!(first.try_lock().unwrap().is_none());
}

#[test]
fn lock_stays_over_a_save_and_the_other_one_sees_the_change() {
    let folder = folder();
    let path = folder.path().join("card.img");
    let mut state = blank();
    let mut first = Store::create(&path, &state).unwrap();
    let (mut second, _) = Store::open(&path).unwrap();
    first.try_lock().unwrap();
    state.change_counter = 7;
    first.save(&state).unwrap();
    assert!(second.try_lock().unwrap().is_none(), "the new file is locked too");
    first.unlock();
    let Some(Locked::Changed(seen)) = second.try_lock().unwrap() else { panic!("no change seen") };
    assert_eq!(*seen, state);
    second.unlock();
    assert!(matches!(first.try_lock().unwrap(), Some(Locked::Unchanged)));
}

#[test]
fn save_keeps_the_mode_and_replaces_a_dead_writers_file() {
    let folder = folder();
    let path = folder.path().join("card.img");
    let mut state = blank();
    let mut store = Store::create(&path, &state).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(folder.path().join(".card.img.tmp"), "half an image").unwrap();
    store.try_lock().unwrap();
    state.change_counter = 9;
    store.save(&state).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(Store::open(&path).unwrap().1.change_counter, 9);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn save_through_a_symbolic_link_writes_the_file_behind_it() {
    let folder = folder();
    let (path, link) = (folder.path().join("card.img"), folder.path().join("link"));
    let mut state = blank();
    Store::create(&path, &state).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let (mut store, _) = Store::open(&link).unwrap();
    store.try_lock().unwrap();
    state.change_counter = 9;
    store.save(&state).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(Store::open(&path).unwrap().1.change_counter, 9);
}

#[test]
fn forget_makes_the_next_lock_read_the_image() {
    let folder = folder();
    let path = folder.path().join("card.img");
    let mut store = Store::create(&path, &blank()).unwrap();
    store.forget();
    assert!(matches!(store.try_lock().unwrap(), Some(Locked::Changed(_))));
}

/// The child of the next test: saves once and dies at the step that it was told.
#[test]
#[ignore = "run by save_killed_at_any_step_leaves_the_old_or_the_new_image"]
fn child_that_dies() {
    let path = PathBuf::from(std::env::var_os(IMAGE).unwrap());
    let dies_at: usize = std::env::var(STEP).unwrap().parse().unwrap();
    let (mut store, mut state) = Store::open(&path).unwrap();
    store.try_lock().unwrap();
    let mut count = 0;
    let hook = move |_: &str| {
        if count == dies_at {
            std::process::abort();
        }
        count += 1;
    };
    AT_STEP.set(Some(Box::new(hook)));
    state.change_counter = 1000;
    store.save(&state).unwrap();
    assert!(dies_at >= STEPS, "step {dies_at} never came");
}

#[test]
fn save_killed_at_any_step_leaves_the_old_or_the_new_image() {
    let renamed_at = 4;
    for dies_at in 0..=STEPS {
        let folder = folder();
        let path = folder.path().join("card.img");
        let mut state = blank();
        Store::create(&path, &state).unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "softcard::image::store::tests::child_that_dies", "--ignored"])
            .env(IMAGE, &path)
            .env(STEP, dies_at.to_string())
            .output()
            .unwrap();
        assert_eq!(child.status.success(), dies_at == STEPS, "step {dies_at}: {child:?}");
        let expected = if dies_at < renamed_at { state.change_counter } else { 1000 };
        let (mut store, found) = Store::open(&path).unwrap();
        assert_eq!(found.change_counter, expected, "killed at step {dies_at}");
        // The dead process holds no lock, and what it left does not disturb the next write.
        assert!(store.try_lock().unwrap().is_some());
        state.change_counter = 2000;
        store.save(&state).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "step {dies_at}");
    }
}

const IMAGE: &str = "P11CTL_TEST_IMAGE";
const STEP: &str = "P11CTL_TEST_STEP";
/// Steps of one write: created, header written, written, synced, renamed, folder synced.
const STEPS: usize = 6;
