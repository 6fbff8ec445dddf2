//! The C ABI by clients written in C.

use crate::bench::{Bench, Put, c_client, module};

// I.12, I.13, I.69
#[test]
fn function_lists_hold_every_function_in_its_place() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    bench.expect(c_client("shape"), &[&module()]);
}

// I.1 to I.7, I.15 to I.40
#[test]
fn slots_sessions_and_logins_follow_the_rules_of_the_standard() {
    Bench::each(|bench| {
        bench.expect(c_client("rules"), &[&module()]);
    });
}

// I.46, I.61, I.62, I.67, I.68
#[test]
fn objects_and_operations_follow_the_rules_of_the_standard() {
    Bench::each(|bench| {
        bench.expect(c_client("operations"), &[&module()]);
    });
}

#[test]
fn messages_are_what_published_vectors_and_openssl_make_of_them() {
    Bench::each(|bench| {
        bench.expect(c_client("messages"), &[&module()]);
    });
}

// I.26
#[test]
fn token_is_formatted_only_without_sessions_and_by_its_officer() {
    for bench in [Bench::software([Put::Blank, Put::Nothing]), Bench::pcsc([Put::Blank, Put::Nothing])] {
        bench.expect(c_client("rules"), &[&module(), "new"]);
    }
}

#[test]
fn configuration_that_cannot_be_read_is_an_error_with_its_line() {
    let bench = Bench::software([Put::Nothing, Put::Nothing]);
    bench.configure_also("[pkcs11]\nnum_slot = 4\n");
    let mut shell = crate::shell::Shell::start(&bench);
    assert_eq!(shell.ask("initialize"), "0x5");
    let told = shell.end();
    assert!(told.contains("num_slots") && told.contains("module.toml:10"), "{told}");
}
