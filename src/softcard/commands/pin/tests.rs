//! PINs by APDU: every command, every refusal.

use crate::softcard::access::PinNumber;
use crate::softcard::testing::{Bench, bytes};

const UNBLOCKABLE: &str = "04";
const UNBLOCKER: &str = "08";
const CHANGEABLE: &str = "10";
const ADMINISTRATOR: &str = "20";

/// PIN 1 with the flags of the test, PIN 3 with those of an authority; operational.
fn with_flags(subject: &str, authority: &str) -> Bench {
    let mut bench = Bench::blank();
    bench.ok(&format!("00DA0101 (3131313131313131 3939393939393939 03 02 {subject})"));
    bench.ok(&format!("00DA0103 (3333333333333333 3939393939393939 03 02 {authority})"));
    bench.activate();
    bench
}

#[test]
fn verify_wrong_pin_counts_down_and_blocks() {
    let mut bench = Bench::operational();
    assert_eq!(bench.status("00200001"), 0x63C3);
    assert_eq!(bench.status("00200001 (30303030)"), 0x63C2);
    assert_eq!(bench.status("00200001 (30303030)"), 0x63C1);
    bench.verify(1);
    assert_eq!(bench.status("00200001"), 0x9000);
    for status in [0x63C2, 0x63C1, 0x6983, 0x6983] {
        assert_eq!(bench.status("00200001 (30303030)"), status);
    }
    assert_eq!(bench.status("00200001"), 0x6983);
    assert_eq!(bench.status("00200001 (3131313131313131)"), 0x6983);
    assert_eq!(bench.status("00200002"), 0x63C3, "the other PIN is not touched");
}

#[test]
fn verify_wrong_pin_ends_an_earlier_verification() {
    let mut bench = Bench::operational();
    bench.verify(1);
    bench.status("00200001 (30303030)");
    assert_eq!(bench.status("00200001"), 0x63C2);
}

#[test]
fn comparison_stores_its_try_before_and_gives_it_back_after() {
    let mut bench = Bench::operational();
    bench.card.take_modified();
    let counter = bench.change_counter();
    for (command, stored, is_right) in [
        ("00200001 (3131313131313131)", (2, 2), true),
        ("00200001 (30303030)", (2, 2), false),
        ("00240001 (3030303030303030 3131313131313131)", (1, 2), false),
        ("00240001 (3131313131313131 3131313131313131)", (0, 2), true),
        ("002C0001 (3030303030303030 3131313131313131)", (3, 1), false),
        ("002C0001 (3939393939393939 3131313131313131)", (3, 0), true),
    ] {
        let mut seen = Vec::new();
        bench.card.transact(&bytes(command), &mut |state| {
            let record = state.pin(PinNumber::new(1).unwrap()).unwrap().record.as_ref().unwrap();
            seen.push((record.pin.tries_left, record.puk.tries_left));
            Ok(())
        });
        assert_eq!(seen, [stored], "{command}");
        assert_eq!(bench.card.take_modified(), is_right, "{command}: the tries are back");
    }
    assert_eq!(bench.change_counter(), counter, "tries are no public content");
}

#[test]
fn verify_short_pins_are_padded_either_way() {
    let mut bench = Bench::blank();
    bench.ok("00DA0103 (33333333FFFFFFFF 3939393939393939)");
    bench.activate();
    for value in ["33333333", "33333333FFFFFFFF", "3333333300000000"] {
        bench.ok("002E0000");
        bench.ok(&format!("00200003 ({value})"));
    }
}

#[test]
fn pin_commands_bad_parameters_are_refused() {
    let mut bench = Bench::operational();
    for (command, status) in [
        ("00200000", 0x6A86),
        ("0020000F", 0x6A86),
        ("00200101", 0x6A86),
        ("00200004", 0x6A88),
        ("00200004 (31313131)", 0x6A88),
        ("00200001 (313131313131313131)", 0x6700),
        ("0020FF01 (31)", 0x6700),
        ("00240001 (3131)", 0x6700),
        ("00240201 (3131)", 0x6A86),
        ("00240004 (31313131313131313232323232323232)", 0x6A88),
        ("002C0001 (3131)", 0x6700),
        ("002C0101", 0x6A86),
        ("002C0004", 0x6A88),
        ("002E000F", 0x6A86),
        ("002E0100", 0x6A86),
        ("002EA001", 0x6A86),
        ("002E0000 (31)", 0x6700),
    ] {
        assert_eq!(bench.status(command), status, "{command}");
    }
    assert_eq!(bench.status("00200001"), 0x63C3, "no try was spent");
}

#[test]
fn change_takes_the_old_pin_and_leaves_it_unverified() {
    let mut bench = Bench::operational();
    assert_eq!(bench.status("00240001 (3030303030303030 3434343434343434)"), 0x63C2);
    assert_eq!(bench.status("00240001 (3131313131313131 343434FFFFFFFFFF)"), 0x6A80, "too short");
    bench.ok("00240001 (3131313131313131 3434343434343434)");
    assert_eq!(bench.status("00200001"), 0x63C3);
    assert_eq!(bench.status("00200001 (3131313131313131)"), 0x63C2);
    bench.ok("00200001 (3434343434343434)");
}

#[test]
fn reset_counter_by_puk_unblocks_and_sets_a_new_pin() {
    let mut bench = Bench::operational();
    for _ in 0..3 {
        bench.status("00200001 (30303030)");
    }
    assert_eq!(bench.status("002C0001"), 0x63C2, "tries of the PUK");
    assert_eq!(bench.status("002C0001 (3030303030303030 3434343434343434)"), 0x63C1);
    bench.ok("002C0001 (3939393939393939 3434343434343434)");
    assert_eq!(bench.status("002C0001"), 0x63C2);
    assert_eq!(bench.status("00200001"), 0x63C3);
    bench.ok("00200001 (3434343434343434)");
    for status in [0x63C1, 0x6983, 0x6983] {
        assert_eq!(bench.status("002C0001 (3030303030303030 3434343434343434)"), status);
    }
}

#[test]
fn reset_counter_needs_a_global_unblocker_without_a_puk() {
    let new_pin_alone = "002C0201 (3434343434343434)";
    let mut bench = with_flags(UNBLOCKABLE, UNBLOCKER);
    assert_eq!(bench.status(new_pin_alone), 0x6982);
    bench.verify(3);
    assert_eq!(bench.ok("00CA01AC00"), [0x40, 0x04]);
    bench.ok(new_pin_alone);
    bench.ok("00200001 (3434343434343434)");
    bench.ok("002EB000");
    assert_eq!(bench.status(new_pin_alone), 0x6982, "the state was given back");
    bench.verify(3);
    bench.ok("0020FF03");
    assert_eq!(bench.status(new_pin_alone), 0x6982, "the PIN was given back");

    let mut bench = with_flags("00", UNBLOCKER);
    bench.verify(3);
    assert_eq!(bench.status(new_pin_alone), 0x6985, "this PIN is not the unblocker's");
}

#[test]
fn reset_by_the_unblocker_keeps_what_the_pin_protects() {
    let mut bench = with_flags(UNBLOCKABLE, UNBLOCKER);
    bench.ok("00200001 (3131313131313131)");
    bench.select_application();
    bench.generate("4B01", "22", 256, "1111");
    bench.card.reset();
    bench.verify(3);
    bench.ok("002C0201 (3434343434343434)");
    bench.select_application();
    bench.ok("002241B6 (800104 81024B01 840100)");
    assert_eq!(bench.status("002A9E9A (55) 00"), 0x6982);
    bench.ok("00200001 (3434343434343434)");
    bench.ok("002A9E9A (55) 00");
}

#[test]
fn change_by_an_administrator_needs_no_old_pin() {
    let mut bench = with_flags(CHANGEABLE, ADMINISTRATOR);
    let new_pin_alone = "00240101 (3434343434343434)";
    assert_eq!(bench.status(new_pin_alone), 0x6982);
    bench.verify(3);
    bench.ok(new_pin_alone);
    bench.ok("00200001 (3434343434343434)");
    assert_eq!(bench.status("002C0201 (3434343434343434)"), 0x6985, "no unblocker");
    bench.ok("002EA000");
    assert_eq!(bench.status(new_pin_alone), 0x6982);
}

#[test]
fn locked_pin_has_to_be_changed_first() {
    let mut bench = with_flags("03", "00");
    assert_eq!(bench.status("00200001"), 0x6985);
    assert_eq!(bench.status("00200001 (3131313131313131)"), 0x6985);
    assert_eq!(bench.status("00200001"), 0x6985, "it was not verified by that");
    bench.ok("00240001 (3131313131313131 3434343434343434)");
    bench.ok("00200001 (3434343434343434)");
    bench.ok("002C0001 (3939393939393939 3535353535353535)");
    bench.ok("002E0000");
    assert_eq!(bench.status("00200001 (3535353535353535)"), 0x6985, "a reset locks it again");
}

#[test]
fn deauthenticate_takes_one_or_all_back() {
    let mut bench = Bench::operational();
    bench.verify(1);
    bench.verify(2);
    bench.ok("002E0001");
    assert_eq!((bench.status("00200001"), bench.status("00200002")), (0x63C3, 0x9000));
    bench.verify(1);
    bench.ok("0020FF02");
    assert_eq!((bench.status("00200001"), bench.status("00200002")), (0x9000, 0x63C3));
    bench.ok("002E0000");
    assert_eq!((bench.status("00200001"), bench.status("00200002")), (0x63C3, 0x63C3));
}

#[test]
fn reset_forgets_every_pin() {
    let mut bench = Bench::operational();
    bench.verify(1);
    bench.card.reset();
    assert_eq!(bench.status("00200001"), 0x63C3);
    assert_eq!(bench.card.selected().unwrap().id, 0x3F00);
}

#[test]
fn creation_state_counts_every_pin_as_verified() {
    let mut bench = Bench::blank();
    bench.ok("00DA0101 (3131313131313131 3939393939393939)");
    assert_eq!(bench.status("00200001"), 0x9000);
    assert_eq!(bench.ok("00CA01AC00"), [0xFF, 0xFF]);
}
