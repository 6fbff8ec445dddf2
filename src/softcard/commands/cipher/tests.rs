//! Signing, deciphering, enciphering and key agreement by APDU.

use crate::codec::hex;
use crate::crypto::ec::{signature_from_der, verify};
use crate::crypto::rsa::{pkcs1_encrypt, pkcs1_verify, public_raw};
use crate::crypto::{Curve, EcPrivateKey, PublicKey};
use crate::softcard::files::Body;
use crate::softcard::testing::Bench;

/// FIPS 197, appendix C.1.
const AES_KEY: &str = "000102030405060708090A0B0C0D0E0F";
const AES_PLAIN: &str = "00112233445566778899AABBCCDDEEFF";
const AES_CIPHER: &str = "69C4E0D86A7B0430D8CDB78070B4C55A";

/// An operational card with RSA key 4B01, EC key 4B02 (P-256), AES key 4D01, all for PIN 1, which is verified.
fn bench() -> Bench {
    let mut bench = Bench::operational();
    bench.verify(1);
    bench.generate("4B01", "11", 1024, "1111");
    bench.generate("4B02", "22", 256, "1111");
    bench.create("4D01", "29", 128, "1111");
    bench.ok(&format!("00DA01A0 ({AES_KEY})"));
    bench
}

fn public_key(bench: &Bench, id: u16) -> PublicKey {
    let file = bench.card.state.files.iter().find(|file| file.id == id).unwrap();
    let Body::Key(Some(key)) = &file.body else { panic!("no key in {id:04X}") };
    key.public.clone().unwrap()
}

#[test]
fn sign_rsa_pads_as_the_environment_says() {
    let mut bench = bench();
    let public = public_key(&bench, 0x4B01);
    let digest = [0x5A; 20];
    let info = crate::crypto::DigestAlgorithm::Sha1.digest_info(&digest);
    bench.ok("002241B6 (800102 81024B01 840100)");
    let signature = bench.ok(&format!("002A9E9A ({}) 00", hex::encode(&info)));
    assert_eq!(pkcs1_verify(&public, &info, &signature), Ok(true));
    bench.ok("002241B6 (800112 81024B01 840100)");
    assert_eq!(bench.ok(&format!("002A9E9A ({}) 00", hex::encode(&digest))), signature);
    assert_eq!(bench.status("002A9E9A (5A) 00"), 0x6700, "no SHA-1 digest");
    bench.ok("002241B6 (800100 81024B01 840100)");
    let block = public_raw(&public, &signature).unwrap();
    assert_eq!(bench.ok(&format!("002A9E9A ({}) 00", hex::encode(&block))), signature);
    assert_eq!(bench.status("002A9E9A (5A) 00"), 0x6700, "no whole block");
    assert_eq!(bench.status(&format!("002A9E9A ({}) 00", "FF".repeat(128))), 0x6A80, "above the modulus");
}

#[test]
fn sign_ec_every_curve_answers_der_that_verifies() {
    let mut bench = Bench::blank();
    for (number, (descriptor, size, curve)) in [
        ("22", 256, Curve::P256),
        ("22", 384, Curve::P384),
        ("22", 521, Curve::P521),
        ("23", 256, Curve::Secp256k1),
        ("24", 256, Curve::BrainpoolP256r1),
        ("24", 384, Curve::BrainpoolP384r1),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("4B{number:02X}");
        bench.generate(&id, descriptor, size, "0000");
        let public = public_key(&bench, 0x4B00 + number as u16);
        bench.ok(&format!("002241B6 (800104 8102{id} 840100)"));
        for digest_len in [20, 32] {
            let digest = vec![0x5A; digest_len];
            // As OpenSC sends it: filled up with zeros in front to the length of the field.
            let filled = [vec![0; curve.field_len() - digest_len], digest.clone()].concat();
            let der = bench.ok(&format!("002A9E9A ({}) 00", hex::encode(&filled)));
            let signature = signature_from_der(curve, &der).unwrap();
            let signed = if curve == Curve::P521 { &filled[2..] } else { &filled[..] };
            assert_eq!(verify(&public, signed, &signature), Ok(true), "{curve}, {digest_len}");
        }
        let long = "5A".repeat(curve.field_len() + 1);
        assert_eq!(bench.status(&format!("002A9E9A ({long}) 00")), 0x6700, "{curve}");
    }
}

#[test]
fn decipher_rsa_takes_padding_off_and_never_tells_of_a_wrong_one() {
    let mut bench = bench();
    let public = public_key(&bench, 0x4B01);
    let cryptogram = hex::encode(&pkcs1_encrypt(&public, b"a secret").unwrap());
    bench.ok("002241B8 (800102 81024B01 840100)");
    assert_eq!(bench.ok(&format!("002A8086 (00{cryptogram}) 00")), b"a secret");
    assert_eq!(bench.ok(&format!("002A8084 ({cryptogram}) 00")), b"a secret");
    let wrong = hex::encode(&[&[0], [0x77; 127].as_slice()].concat());
    let (first, status) = bench.send(&format!("002A8084 ({wrong}) 00"));
    assert_eq!(status, 0x9000);
    assert_eq!(bench.ok(&format!("002A8084 ({wrong}) 00")), first, "always the same nonsense");
    bench.ok("002241B8 (800100 81024B01 840100)");
    let block = bench.ok(&format!("002A8084 ({cryptogram}) 00"));
    assert_eq!((block.len(), &block[..2]), (128, [0, 2].as_slice()));
}

#[test]
fn decipher_takes_halves_chains_and_extended_length() {
    let mut bench = Bench::blank();
    bench.generate("4B01", "11", 2048, "0000");
    let public = public_key(&bench, 0x4B01);
    let cryptogram = hex::encode(&pkcs1_encrypt(&public, b"a secret").unwrap());
    let (first, second) = cryptogram.split_at(256);
    bench.ok("002241B8 (800102 81024B01 840100)");
    bench.ok(&format!("002A8086 (81{first})"));
    assert_eq!(bench.ok(&format!("002A8086 (82{second}) 00")), b"a secret");
    bench.ok(&format!("102A8086 (00{first})"));
    assert_eq!(bench.ok(&format!("002A8086 ({second}) 00")), b"a secret");
    assert_eq!(bench.ok(&format!("002A8086 00 0101 00{cryptogram} 0000")), b"a secret");
    assert_eq!(bench.status(&format!("002A8086 (82{second}) 00")), 0x6A80, "no first half");
    assert_eq!(bench.status("002A8086 (00) 00"), 0x6700);
    assert_eq!(bench.status("002A8086 (0755) 00"), 0x6A80);
}

#[test]
fn cipher_aes_runs_cbc_over_chained_commands() {
    let mut bench = bench();
    bench.ok("002281B8 (800100 81024D01 830100)");
    assert_eq!(bench.ok(&format!("002A8480 ({AES_PLAIN}) 00")), hex::decode(AES_CIPHER).unwrap());
    let whole = bench.ok(&format!("002A8480 ({AES_PLAIN}{AES_PLAIN}) 00"));
    let mut pieces = bench.ok(&format!("102A8480 ({AES_PLAIN}) 00"));
    pieces.extend(bench.ok(&format!("002A8480 ({AES_PLAIN}) 00")));
    assert_eq!(pieces, whole);
    assert_eq!(bench.ok(&format!("002A8480 ({AES_PLAIN}) 00")), whole[..16], "a new chain begins");

    bench.ok("002241B8 (800100 81024D01 830100 8710 00000000000000000000000000000000)");
    let (first, second) = whole.split_at(16);
    let mut plain = bench.ok(&format!("102A8084 ({}) 00", hex::encode(first)));
    plain.extend(bench.ok(&format!("002A8084 ({}) 00", hex::encode(second))));
    assert_eq!(plain, hex::decode(&format!("{AES_PLAIN}{AES_PLAIN}")).unwrap());
    assert_eq!(bench.status("002A8084 (5555) 00"), 0x6700);
}

#[test]
fn cipher_aes_pads_where_the_environment_says_so() {
    let mut bench = bench();
    bench.ok("002281B8 (800180 81024D01 830100)");
    let cryptogram = bench.ok("002A8480 (414243) 00");
    assert_eq!(cryptogram.len(), 16);
    bench.ok("002241B8 (800180 81024D01 830100)");
    assert_eq!(bench.ok(&format!("002A8084 ({}) 00", hex::encode(&cryptogram))), b"ABC");
    assert_eq!(bench.status(&format!("002A8084 ({AES_CIPHER}) 00")), 0x6985, "no such padding");
}

#[test]
fn agree_gives_what_the_other_side_gets() {
    let mut bench = bench();
    let own = public_key(&bench, 0x4B02);
    let peer = EcPrivateKey::generate(Curve::P256).unwrap();
    let PublicKey::Ec { point: own_point, .. } = &own else { panic!("not EC") };
    let PublicKey::Ec { point, .. } = peer.public() else { panic!("not EC") };
    bench.ok("002241A4 (800104 81024B02 840100)");
    let shared = bench.ok(&format!("00860000 (7C (85 ({}))) 00", hex::encode(&point)));
    assert_eq!(shared, peer.agree(own_point).unwrap().expose());
    let mut beside = point.clone();
    beside[64] ^= 1;
    let off_curve = format!("00860000 (7C (85 ({}))) 00", hex::encode(&beside));
    assert_eq!(bench.status(&off_curve), 0x6A80, "not on the curve");
    assert_eq!(bench.status("00860000 (7C (80 (04))) 00"), 0x6A80);
    assert_eq!(bench.status("00860000 (7D (85 (04))) 00"), 0x6A80);
    assert_eq!(bench.status("00860001 (7C (85 (04))) 00"), 0x6A86);
}

#[test]
fn wrapped_key_comes_back_by_unwrapping() {
    let mut bench = bench();
    bench.ok("00E00000 (62 (81020100 820129 83024D02 85020008 86031111FF))");
    bench.ok(&format!("00DA01A0 ({})", "C5".repeat(32)));
    bench.create("4D03", "29", 256, "1111");
    bench.ok("002281B8 (80010A 81024D01 83024D02)");
    let wrapped = hex::encode(&bench.ok("002A840000"));
    bench.ok("002241B8 (80010A 81024D01 83024D03)");
    bench.ok(&format!("002A0084 ({wrapped})"));
    for id in ["4D02", "4D03"] {
        bench.ok(&format!("002281B8 (800100 8102{id} 830100)"));
        let cryptogram = bench.ok(&format!("002A8480 ({AES_PLAIN}) 00"));
        assert_eq!(hex::encode(&cryptogram).len(), 32);
        assert_eq!(cryptogram, {
            let key =
                crate::crypto::aes::AesKey::new(vec![0xC5; 32].into_boxed_slice().as_ref().into()).unwrap();
            key.ecb_encrypt(&hex::decode(AES_PLAIN).unwrap()).unwrap()
        });
    }
    bench.ok("002281B8 (80010A 81024D01 83024D03)");
    assert_eq!(bench.status("002A840000"), 0x6985, "not extractable");
    bench.ok("002241B8 (80010A 81024D01 83024D01)");
    assert_eq!(bench.status(&format!("002A0084 ({wrapped})")), 0x6A80, "another size");
}

#[test]
fn unwrap_rsa_fills_key_files_and_secret_files() {
    let mut bench = bench();
    let public = public_key(&bench, 0x4B01);
    let cryptogram = hex::encode(&pkcs1_encrypt(&public, &hex::decode(AES_KEY).unwrap()).unwrap());
    bench.create("4D02", "29", 128, "1111");
    bench.ok("002241B8 (80010A 81024B01 83024D02)");
    bench.ok(&format!("002A0086 (00{cryptogram})"));
    bench.ok("002281B8 (800100 81024D02 830100)");
    assert_eq!(bench.ok(&format!("002A8480 ({AES_PLAIN}) 00")), hex::decode(AES_CIPHER).unwrap());
    bench.create("4D03", "41", 16, "1111");
    bench.ok("002241B8 (80010A 81024B01 83024D03)");
    bench.ok(&format!("002A0086 (00{cryptogram})"));
    assert_eq!(bench.ok("00B0000000"), hex::decode(AES_KEY).unwrap());
}

#[test]
fn environment_bad_parameters_are_refused_and_leave_none() {
    let mut bench = bench();
    for (command, status) in [
        ("002241B6 (800102)", 0x6A80),
        ("002241B6 (81024B01)", 0x6A80),
        ("002241B6 (800102 81024B99)", 0x6A88),
        ("002241B6 (800103 81024B01)", 0x6A81),
        ("002241B6 (80020202 81024B01)", 0x6A80),
        ("002241B6 (800102 81024B01 840101)", 0x6A80),
        ("002241B6 (800102 81024B01 9901AA)", 0x6A80),
        ("002241B8 (800100 81024D01 870401020304)", 0x6A80),
        ("002241B6 (8001)", 0x6A80),
        ("002241AA (800102 81024B01)", 0x6A81),
        ("002281B6 (800102 81024B01)", 0x6A81),
        ("002211B6 (800102 81024B01)", 0x6A86),
        ("0022F301", 0x6A86),
    ] {
        bench.ok("002241B6 (800102 81024B01 840100)");
        assert_eq!(bench.status(command), status, "{command}");
        assert_eq!(bench.status("002A9E9A (5A) 00"), 0x6985, "{command}");
    }
    bench.ok("0022F300");
    assert_eq!(bench.status("002A9E9A (5A) 00"), 0x6985);
}

#[test]
fn operation_of_another_kind_than_the_environment_is_refused() {
    let mut bench = bench();
    for (environment, commands) in [
        (
            "002241B6 (800102 81024B01)",
            ["002A8086 (0055) 00", "002A8480 (55) 00", "00860000 (7C (85 (04))) 00"],
        ),
        ("002241B8 (800102 81024B01)", ["002A9E9A (55) 00", "002A8480 (55) 00", "002A840000"]),
        ("002241B6 (800104 81024B01)", ["002A9E9A (55) 00", "002A8086 (0055) 00", "002A0086 (0055)"]),
        ("002241B6 (800102 81024B02)", ["002A9E9A (55) 00", "002A8086 (0055) 00", "002A840000"]),
        ("002241B8 (800104 81024B02)", ["002A8084 (55) 00", "002A9E9A (55) 00", "002A0086 (0055)"]),
        ("002281B8 (800104 81024D01)", ["002A8480 (55) 00", "002A8084 (55) 00", "002A840000"]),
    ] {
        for command in commands {
            bench.ok(environment);
            assert_eq!(bench.status(command), 0x6985, "{environment} then {command}");
        }
    }
    assert_eq!(bench.status("002A9999 (55) 00"), 0x6A86);
    bench.ok("002241B6 (800102 81024B01)");
    assert_eq!(bench.status("002A9E9A"), 0x6700);
}

#[test]
fn keys_need_their_pin_for_each_operation() {
    let mut bench = bench();
    bench.ok("002241B6 (800104 81024B02)");
    bench.ok("002A9E9A (55) 00");
    bench.ok("002E0001");
    assert_eq!(bench.status("002A9E9A (55) 00"), 0x6982);
    bench.verify(2);
    assert_eq!(bench.status("002A9E9A (55) 00"), 0x6982);
    bench.verify(1);
    bench.ok("002A9E9A (55) 00");
    bench.ok("002241A4 (800104 81024B02)");
    bench.ok("002E0000");
    let point = hex::encode(public_key(&bench, 0x4B02).ec().unwrap().1);
    assert_eq!(bench.status(&format!("00860000 (7C (85 ({point}))) 00")), 0x6982);
}

#[test]
fn key_with_consent_takes_its_pin_back_after_one_use() {
    let mut bench = Bench::operational();
    bench.verify(1);
    bench.ok("00E00000 (62 (81020100 820122 83024B01 85021000 86031111FF))");
    bench.all("0046000000");
    bench.ok("002241B6 (800104 81024B01)");
    bench.ok("002A9E9A (55) 00");
    assert_eq!(bench.status("002A9E9A (55) 00"), 0x6982);
    bench.verify(1);
    bench.ok("002A9E9A (55) 00");
    bench.verify(1);
    bench.ok("002241A4 (800104 81024B01)");
    let point = hex::encode(public_key(&bench, 0x4B01).ec().unwrap().1);
    bench.ok(&format!("00860000 (7C (85 ({point}))) 00"));
    assert_eq!(bench.status("00200001"), 0x63C3);
}

#[test]
fn deleted_key_leaves_no_environment_behind() {
    let mut bench = bench();
    bench.ok("002241B6 (800104 81024B02)");
    bench.ok("002A9E9A (55) 00");
    bench.ok("00A4000C024B02");
    bench.ok("00E40000");
    assert_eq!(bench.status("002A9E9A (55) 00"), 0x6985);
}
