//! The module in the life of a process: forks, threads, unloading, the end.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{Bench, c_client, module};
use crate::common::rig::Rig;

fn each(word: &str) {
    Bench::each(|bench| {
        bench.expect(c_client("process"), &[word, &module()]);
    });
}

// I.8
#[test]
fn fork_leaves_the_child_uninitialised_and_the_parent_logged_in() {
    each("fork");
}

// I.8
#[test]
fn fork_in_the_middle_of_other_threads_calls_leaves_a_child_that_can_begin() {
    each("threads");
}

// I.9
#[test]
fn finalize_ends_what_waits_for_an_event() {
    each("wait");
}

#[test]
fn finalize_in_the_middle_of_other_threads_calls_ends_them_all() {
    each("finalize");
}

// I.10
#[test]
fn exit_without_finalize_ends_the_process_as_it_should() {
    each("exit");
}

// I.11
#[test]
fn unload_and_load_again_leaves_no_thread_and_no_file() {
    each("unload");
}

/// Names the file in which a process of its own says which pcscd it has.
const HOLDS_A_RIG: &str = "P11CTL_TEST_HOLDS_A_RIG";

#[test]
fn rig_of_a_test_that_is_killed_leaves_no_pcscd() {
    if let Some(file) = std::env::var_os(HOLDS_A_RIG) {
        let rig = Rig::start();
        std::fs::write(file, rig.process().to_string()).unwrap();
        std::thread::sleep(PATIENCE);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pcscd");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::rig_of_a_test_that_is_killed_leaves_no_pcscd"])
        .env(HOLDS_A_RIG, &file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let told = || std::fs::read_to_string(&file).ok().filter(|pid| !pid.is_empty());
    wait_until("the rig is there", || told().is_some());
    let name = PathBuf::from(format!("/proc/{}/comm", told().unwrap()));
    assert_eq!(std::fs::read_to_string(&name).unwrap(), "pcscd\n");
    holder.kill().unwrap();
    holder.wait().unwrap();
    wait_until("pcscd is gone", || std::fs::read_to_string(&name).is_err());
}

#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
