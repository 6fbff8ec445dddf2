//! What the main job costs in APDUs, held against Debian's pkcs11-tool on the same card (GET RESPONSE not counted).

use p11ctl::card::{Card, CardCall, Listing};
use p11ctl::codec::Secret;
use p11ctl::layout::certificates_needed;
use p11ctl::softcard::Profile;
use p11ctl::token::{AuthRole, KeyClass, Token};

use crate::opensc_card::{self, PIN_1};
use crate::rig::{Mark, Rig};
use crate::support::{Bench, auth};

/// Directories, and the certificates that the layout needs, in one transaction.
fn read(card: &mut Card) -> Token {
    card.with(|driver, channel| {
        let mut token = driver.read_token(channel, Listing::Keys)?;
        for object in certificates_needed(&token) {
            let names = driver.certificate_names(channel, object)?;
            let certificate = token.certificates.iter_mut().find(|known| known.object == object);
            certificate.unwrap().hints = names.unwrap();
        }
        assert_eq!(certificates_needed(&token), []);
        Ok(token)
    })
    .unwrap()
}

/// What `p11ctl slots` asks of the card: directories, what the layout needs, and the tries of each user PIN.
fn slots(card: &mut Card) -> Token {
    let token = read(card);
    for auth in token.auths.iter().filter(|auth| auth.role == AuthRole::User) {
        assert_eq!(card.tries_left(&auth.id).unwrap(), Some(3));
    }
    token
}

/// What `p11ctl sign` asks of it: the same, one PIN, and a signature for each file.
fn sign(card: &mut Card, files: usize) {
    card.hold().unwrap();
    let token = read(card);
    let pin = auth(&token, "PIN 1");
    card.tries_left(&pin).unwrap();
    card.verify(&pin, &Secret::from(PIN_1)).unwrap();
    let key = token.keys.iter().find(|key| key.class == KeyClass::Private && key.auth.as_ref() == Some(&pin));
    let key = key.unwrap().object;
    for _ in 0..files {
        card.perform(&CardCall::RsaSignPkcs1 { key, digest_info: &[7; 51] }).unwrap();
    }
    card.finish().unwrap();
}

/// APDUs of a foreign program, GET RESPONSE aside.
fn foreign(rig: &Rig, arguments: &[&str]) -> u64 {
    let mark: Mark = rig.mark();
    rig.expect("pkcs11-tool", arguments);
    let apdus = rig.apdus_since(mark);
    apdus.iter().filter(|apdu| apdu.command.get(1) != Some(&0xC0)).count() as u64
}

fn costs(profile: Profile) {
    let bench = Bench::blank(profile);
    let mut rig = opensc_card::personalised(&bench);
    let opensc_slots = foreign(&rig, &["-L"]);
    std::fs::write(rig.folder().join("in"), [7; 51]).unwrap();
    let files = ["--sign", "--mechanism", "RSA-PKCS", "--input-file", "in", "--output-file", "out"];
    let opensc_sign =
        foreign(&rig, &[&files[..], &["--login", "--pin", PIN_1, "--slot-index", "0"]].concat());
    drop(rig.remove(0));

    let (_, slots_cold) = bench.cost(|| slots(&mut bench.card()));
    let (_, slots_warm) = bench.cost(|| slots(&mut bench.card()));
    bench.forget_cache();
    let (_, sign_cold) = bench.cost(|| sign(&mut bench.card(), 1));
    bench.forget_cache();
    slots(&mut bench.card());
    let (_, sign_warm) = bench.cost(|| sign(&mut bench.card(), 1));
    let (_, sign_ten) = bench.cost(|| sign(&mut bench.card(), 11));
    println!(
        "{profile:?}: slots {slots_cold} cold, {slots_warm} warm (pkcs11-tool {opensc_slots}); \
         sign {sign_cold} cold, {sign_warm} warm (pkcs11-tool {opensc_sign}); ten more files {}",
        sign_ten - sign_warm
    );
    assert!(slots_cold * 2 <= opensc_slots, "slots cold: {slots_cold} of {opensc_slots}");
    assert!(sign_cold * 2 <= opensc_sign, "sign cold: {sign_cold} of {opensc_sign}");
    assert!(slots_warm <= 5, "slots warm: {slots_warm}");
    assert!(sign_warm <= 7, "sign warm: {sign_warm}");
    assert!(sign_ten - sign_warm <= 20, "ten more files: {}", sign_ten - sign_warm);
}

#[test]
fn costs_on_a_card_of_opensc_hold_t1() {
    costs(Profile::MyEid);
}

#[test]
fn costs_on_a_card_of_opensc_hold_t0() {
    costs(Profile::OsEid);
}

/// The whole program, measured by pcscd: the script fails when a figure is above its limit.
#[test]
fn comparison_script_holds_the_figures_of_the_program() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/apdu-comparison.sh");
    let output = std::process::Command::new(script).arg(env!("CARGO_BIN_EXE_p11ctl")).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    println!("{}", String::from_utf8_lossy(&text));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}
