//! GET DATA and PUT DATA by APDU.

use crate::codec::hex;
use crate::crypto::{Curve, EcPrivateKey, PublicKey, RsaPrivateKey};
use crate::softcard::state::Profile;
use crate::softcard::testing::Bench;

#[test]
fn applet_information_has_name_version_serial_and_counter() {
    for (profile, name) in [(Profile::MyEid, b"MyEID"), (Profile::OsEid, b"OsEID")] {
        let mut bench = Bench::blank_of(profile);
        let information = bench.ok("00CA01A014");
        assert_eq!(information.len(), 20);
        assert_eq!(&information[..5], name);
        assert_eq!(information[5], 4, "drivers look at the version");
        assert_eq!(&information[8..18], &bench.card.state.serial);
    }
    let serial = |bench: &mut Bench| bench.ok("00CA01A014")[8..18].to_vec();
    assert_ne!(serial(&mut Bench::blank()), serial(&mut Bench::blank()));
}

#[test]
fn change_counter_moves_with_every_public_change() {
    let mut bench = Bench::blank();
    let mut seen = vec![bench.change_counter()];
    let changes = [
        "00DA0103 (3333333333333333 3939393939393939)",
        "00E00000 (62 (80020008 820101 83024401 86030000FF))",
        "00D60000 (AABB)",
        "000E0000",
        "00E40000",
        "00E00000 (62 (81020100 820122 83024B01 86030000FF))",
        "00460000",
        "00440400 (A000000063504B43532D3135)",
    ];
    for change in changes {
        bench.ok(change);
        let counter = bench.change_counter();
        assert!(!seen.contains(&counter), "{change}");
        seen.push(counter);
    }
    let before = bench.change_counter();
    bench.verify(3);
    bench.ok("00DA01E0");
    assert_ne!(bench.change_counter(), before, "formatting keeps counting");
    assert!(!bench.card.state.files.iter().any(|file| file.id == 0x4B01));
}

#[test]
fn first_step_of_a_session_is_of_random_length() {
    let mut steps: Vec<u16> = (0..16)
        .map(|_| {
            let mut bench = Bench::blank();
            bench.create("4401", "01", 8, "0000");
            bench.change_counter()
        })
        .collect();
    steps.sort_unstable();
    steps.dedup();
    assert!(steps.len() > 8, "{steps:?}");
    assert!(steps.iter().all(|step| (1..=1024).contains(step)), "{steps:?}");
}

#[test]
fn capabilities_name_the_largest_keys() {
    assert_eq!(Bench::blank().ok("00CA01AA00"), hex::decode("01 000D 1000 0000 0100 0209").unwrap());
}

#[test]
fn file_lists_are_told_by_kind() {
    let mut bench = Bench::blank();
    bench.select_application();
    for (id, descriptor, size) in [
        ("4401", "01", 8),
        ("4B01", "11", 2048),
        ("4B02", "22", 256),
        ("4B03", "23", 256),
        ("4D01", "29", 128),
    ] {
        bench.create(id, descriptor, size, "0000");
    }
    bench.ok("00E00000 (62 (81020000 820138 83026001 86030000FF))");
    bench.select_application();
    for (which, ids) in [
        ("A1", "44014B014B024B034D016001"),
        ("A2", "4401"),
        ("A3", "6001"),
        ("A4", "4B01"),
        ("A5", "4B024B03"),
        ("A6", "4D01"),
    ] {
        assert_eq!(bench.ok(&format!("00CA01{which}00")), hex::decode(ids).unwrap(), "{which}");
    }
}

#[test]
fn pin_information_tells_tries_and_policy() {
    let mut bench = Bench::operational();
    assert_eq!(bench.ok("00CA01B100"), [3, 2, 3, 2, 0, 0, 0, 4, 4]);
    bench.status("00200001 (30303030)");
    bench.status("002C0001 (3030303030303030 3434343434343434)");
    assert_eq!(bench.ok("00CA01B100")[..2], [2, 1]);
    assert_eq!(bench.status("00CA01B400"), 0x6A88);
}

#[test]
fn get_data_unknown_objects_are_not_found() {
    let mut bench = Bench::blank();
    for command in ["00CA02A000", "00CA010300", "00CA01B000", "00CA01BF00", "00CA01FF00"] {
        assert_eq!(bench.status(command), 0x6A88, "{command}");
    }
    assert_eq!(bench.status("00CA010100"), 0x6981, "a DF has no public key");
    bench.create("4B01", "11", 2048, "0000");
    assert_eq!(bench.status("00CA010100"), 0x6985, "no key yet");
}

#[test]
fn challenge_gives_as_many_bytes_as_asked_for() {
    let mut bench = Bench::blank();
    assert_eq!(bench.ok("0084000008").len(), 8);
    assert_eq!(bench.ok("0084000000").len(), 256);
    assert_ne!(bench.ok("0084000020"), bench.ok("0084000020"));
    assert_eq!(bench.status("0084010008"), 0x6A86);
    assert_eq!(bench.status("00840000"), 0x6700);
}

#[test]
fn initialise_pin_is_for_the_creation_state_only() {
    let mut bench = Bench::operational();
    assert_eq!(bench.status("00DA0104 (3131313131313131 3939393939393939)"), 0x6982);
}

#[test]
fn initialise_pin_refuses_what_it_cannot_keep() {
    let mut bench = Bench::blank();
    for (command, status) in [
        ("00DA0101 (3131313131313131 39393939393939)", 0x6700),
        ("00DA0101 (313131FFFFFFFFFF 3939393939393939)", 0x6A80),
        ("00DA0101 (3131313131313131 FFFFFFFFFFFFFFFF)", 0x6A80),
        ("00DA0101 (3131313131313131 3939393939393939 00)", 0x6A80),
        ("00DA0101 (3131313131313131 3939393939393939 03 03 40)", 0x6A80),
        ("00DA0101 (3131313131313131 3939393939393939 03 03 00 01)", 0x6A80),
        ("00DA0201 (3131313131313131 3939393939393939)", 0x6A86),
        ("00DA0100 (3131313131313131 3939393939393939)", 0x6A81),
        ("00DA010F (3131313131313131 3939393939393939)", 0x6A81),
    ] {
        assert_eq!(bench.status(command), status, "{command}");
    }
    bench.ok("00DA0101 (3131313131313131 3939393939393939 0F 0F 3F 00 00 08 08)");
    assert_eq!(bench.ok("00CA01B100"), [15, 15, 15, 15, 0x3F, 0, 0, 8, 8]);
}

#[test]
fn initialise_pin_again_keeps_what_the_place_protects() {
    let mut bench = Bench::blank();
    bench.ok("00DA0101 (3131313131313131 3939393939393939)");
    bench.ok("00DA0103 (3333333333333333 3939393939393939)");
    bench.select_application();
    bench.generate("4B01", "22", 256, "1111");
    bench.ok("00DA0101 (3434343434343434 3939393939393939)");
    bench.activate();
    bench.ok("002241B6 (800104 81024B01 840100)");
    bench.ok("00200001 (3434343434343434)");
    bench.ok("002A9E9A (55) 00");
}

#[test]
fn format_needs_its_pin_and_takes_new_rules() {
    let mut bench = Bench::operational();
    assert_eq!(bench.status("00DA01E0 (FFFF 333FFF 33FFFF)"), 0x6982);
    bench.verify(1);
    assert_eq!(bench.status("00DA01E0 (FFFF 333FFF 33FFFF)"), 0x6982);
    bench.verify(3);
    assert_eq!(bench.status("00DA01E0 (FFFF 333F)"), 0x6700);
    bench.ok("00DA01E0 (FFFF 333FFF 33FFFF)");
    assert_eq!(bench.status("00200001"), 0x6A88, "no PINs any more");
    assert_eq!(
        bench.ok("00A4000000"),
        hex::decode("6F1781027FFF8201388302 3F00 8603333FFF 85020002 8A0101").unwrap()
    );
    bench.ok("00A4000C025015");
    assert_eq!(bench.card.selected().unwrap().access.0, [0x33, 0xFF, 0xFF]);
}

#[test]
fn format_makes_old_keys_unreadable_and_keeps_the_serial_number() {
    let mut bench = Bench::blank();
    let (serial, card_key) = (bench.card.state.serial, bench.card.state.card_key.clone());
    bench.ok("00DA01E0");
    assert_eq!(bench.card.state.serial, serial);
    assert_ne!(bench.card.state.card_key, card_key);
}

#[test]
fn public_keys_are_told_without_a_pin() {
    let mut bench = Bench::operational();
    bench.verify(1);
    let modulus = bench.generate("4B01", "11", 1024, "1111");
    let point = bench.generate("4B02", "24", 384, "1111");
    bench.ok("002E0000");
    assert_eq!(bench.ok("00CA018600"), [&[0x30, 97], &point[2..]].concat());
    assert_eq!(bench.status("00CA010100"), 0x6A88);
    bench.ok("00A4000C024B01");
    assert_eq!(bench.ok("00CA010100"), modulus);
    assert_eq!(bench.ok("00CA010200"), [1, 0, 1]);
    assert_eq!(bench.ok("00CA010000"), [0x92, 0, 0, 24, 4, 0]);
    assert_eq!(bench.status("00CA018600"), 0x6A88);
}

#[test]
fn curve_parameters_are_those_of_the_arithmetic() {
    let mut bench = Bench::blank();
    for (descriptor, size, curve) in [
        ("22", 256, Curve::P256),
        ("22", 384, Curve::P384),
        ("22", 521, Curve::P521),
        ("23", 256, Curve::Secp256k1),
        ("24", 256, Curve::BrainpoolP256r1),
        ("24", 384, Curve::BrainpoolP384r1),
    ] {
        bench.create("4B01", descriptor, size, "0000");
        for number in 0x81..=0x83 {
            assert_eq!(bench.ok(&format!("00CA01{number:02X}00")).len(), curve.field_len(), "{curve}");
        }
        let (base, order) = (bench.ok("00CA018400"), bench.ok("00CA018500"));
        let PublicKey::Ec { point, .. } = EcPrivateKey::from_scalar(curve, &[1]).unwrap().public() else {
            panic!("not EC")
        };
        assert_eq!(base, point[1..], "{curve}");
        let mut below = order.clone();
        *below.last_mut().unwrap() -= 1;
        assert!(EcPrivateKey::from_scalar(curve, &below).is_ok(), "{curve}");
        assert!(EcPrivateKey::from_scalar(curve, &order).is_err(), "{curve}");
        bench.ok("00E40000");
    }
    assert_eq!(bench.status("00CA018100"), 0x6981, "a DF has no curve");
}

#[test]
fn generate_refuses_wrong_files_exponents_and_pins() {
    let mut bench = Bench::operational();
    assert_eq!(bench.status("00460000"), 0x6981, "a DF");
    bench.verify(1);
    bench.create("4B01", "11", 2047, "1111");
    assert_eq!(bench.status("00460000"), 0x6981, "no such size");
    bench.create("4B02", "22", 192, "1111");
    assert_eq!(bench.status("00460000"), 0x6981, "no such curve");
    bench.create("4B03", "11", 1024, "1112");
    assert_eq!(bench.status("00460001"), 0x6A86);
    assert_eq!(bench.status("00460000"), 0x6982, "generating is PIN 2's");
    bench.verify(2);
    assert_eq!(bench.status("00460000 (30 (02 (03)))"), 0x6A80, "exponent 3");
    assert_eq!(bench.status("00460000 (30 (81 (010001))) 00"), 0x9000);
    assert!(bench.ok("00A4000C024B03").is_empty());
    assert_eq!(bench.ok("00A400000 24B0300")[20..22], [0x03, 0x00], "a generated key");
    bench.create("4D01", "29", 256, "1111");
    assert_eq!(bench.status("00460000 (01)"), 0x6A80);
    assert!(bench.ok("0046000000").is_empty(), "a secret key shows nothing");
}

#[test]
fn load_rsa_key_signs_like_the_original() {
    let key = RsaPrivateKey::generate(1024).unwrap();
    let components = key.components().unwrap();
    let mut bench = Bench::operational();
    bench.verify(1);
    bench.create("4B01", "11", 1024, "12FF");
    let part = |number: &str, bytes: &[u8]| format!("00DA01{number} ({})", hex::encode(bytes));
    let (p, q) = (components.prime_p.expose(), components.prime_q.expose());
    assert_eq!(bench.status(&part("83", p)), 0x6982, "loading is PIN 2's");
    bench.verify(2);
    for (number, bytes) in [("83", p), ("84", q)] {
        bench.ok(&part(number, bytes));
    }
    assert_eq!(bench.status("00CA010100"), 0x6985, "not whole yet");
    bench.ok(&part("81", &[1, 0, 1]));
    assert_eq!(bench.ok("00CA010100"), components.modulus.unwrap());
    bench.ok("002241B6 (800100 81024B01 840100)");
    let block = [&[0], [0x5A; 127].as_slice()].concat();
    let signed = bench.ok(&format!("002A9E9A ({}) 00", hex::encode(&block)));
    assert_eq!(signed, key.raw(&block).unwrap().expose());
}

#[test]
fn load_key_is_whole_or_not_at_all() {
    let key = EcPrivateKey::generate(Curve::P256).unwrap();
    let mut bench = Bench::blank();
    bench.create("4B01", "22", 256, "0000");
    assert_eq!(bench.status("00DA0187"), 0x6700);
    assert_eq!(bench.status("00DA0183 (55)"), 0x6A86, "no prime of an EC key");
    assert_eq!(bench.status(&format!("00DA0187 ({})", "FF".repeat(32))), 0x6A80, "above the order");
    assert_eq!(bench.status("00CA018600"), 0x6985);
    bench.ok(&format!("00DA0187 ({})", hex::encode(key.scalar().expose())));
    bench.ok("00CA018600");
    bench.create("4D01", "29", 128, "0000");
    assert_eq!(bench.status("00DA01A0 (0011)"), 0x6A80);
    bench.create("4401", "01", 8, "0000");
    assert_eq!(bench.status("00DA01A0 (0011)"), 0x6981);
}
