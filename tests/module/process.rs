//! The module in the life of a process: forks, threads, unloading, the end.

use crate::bench::{Bench, c_client, module};

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
