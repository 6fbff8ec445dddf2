//! What the main jobs cost in APDUs, cold (GET RESPONSE aside, as everywhere).

use p11ctl::card::admin::KeyType;
use p11ctl::card::{Card, CardCall};
use p11ctl::crypto::certificate::{CertificateKind, CertificateTemplate, Issuer};
use p11ctl::crypto::{CertificateDetails, Curve, PrivateKey, PublicKey, RsaPrivateKey};
use p11ctl::layout::certificates_needed;

use crate::bench::*;
use crate::foreign::built;
use crate::rig::Rig;

/// What `p11ctl slots` asks of the card.
fn slots(card: &mut Card) {
    let token = card.read_token().unwrap();
    assert_eq!(certificates_needed(&token), []);
    card.tries_left(&auth(&token, "PIV PIN")).unwrap();
}

/// An authority as companies have them: its certificates are longer than what one command gets of an object.
struct Authority {
    key: PrivateKey,
    root: CertificateDetails,
}

impl Authority {
    fn new() -> Self {
        let key: PrivateKey = RsaPrivateKey::generate(2048).unwrap().into();
        let kind = CertificateKind::Authority { path_len: None };
        let root = CertificateTemplate::new(ISSUER, key.public(), kind, VALIDITY)
            .sign(Issuer::Itself, &key)
            .unwrap();
        Self { key, root: CertificateDetails::parse(&root).unwrap() }
    }

    fn certificate(&self, public: PublicKey) -> Vec<u8> {
        let kind = CertificateKind::EndEntity { purposes: Vec::new() };
        let der = CertificateTemplate::new("CN=Anna Example,O=Example", public, kind, VALIDITY)
            .sign(Issuer::Certificate(&self.root), &self.key)
            .unwrap();
        assert!(der.len() > 600, "{}", der.len());
        der
    }
}

const ISSUER: &str =
    "CN=Issuing Authority 7 of the Example Company,O=The Example Company with a Long Name,C=DE";
const VALIDITY: (i64, i64) = (1_735_689_600, 4_102_444_799);

pub fn personalised() -> Bench {
    let bench = Bench::new();
    let mut officer = bench.officer();
    let authority = Authority::new();
    for (id, (place, key_type)) in (1..).zip([
        ("9a", KeyType::Rsa(2048)),
        ("9c", KeyType::Ec(Curve::P256)),
        ("9d", KeyType::Rsa(2048)),
        ("9e", KeyType::Ec(Curve::P256)),
    ]) {
        let made = generate(&mut officer, place, key_type).unwrap();
        certify(&mut officer, id, &authority.certificate(made.public.unwrap().1)).unwrap();
    }
    drop(officer);
    bench
}

/// APDUs that pcscd carried for a program, GET RESPONSE aside, and those.
fn carried(rig: &Rig, program: &str, arguments: &[&str]) -> (usize, usize) {
    let mark = rig.mark();
    rig.expect(program, arguments);
    let apdus = rig.apdus_since(mark);
    let fetched = apdus.iter().filter(|apdu| apdu.command.get(1) == Some(&0xC0)).count();
    (apdus.len() - fetched, fetched)
}

#[test]
fn command_line_needs_less_than_half_of_what_opensc_needs_on_the_same_card() {
    let bench = personalised();
    let mut rig = Rig::start();
    rig.insert(0, bench.shared.clone());
    for (name, content) in [("pin", PIN), ("text", "a text"), ("block", &"7".repeat(51))] {
        std::fs::write(rig.folder().join(name), content).unwrap();
    }
    let theirs_list = carried(&rig, "pkcs11-tool", &["-L"]);
    let sign =
        ["--id", "01", "--sign", "--mechanism", "RSA-PKCS", "--input-file", "block", "--output-file", "out"];
    let theirs_sign = carried(&rig, "pkcs11-tool", &[&["--login", "--pin", PIN][..], &sign].concat());
    let ours = |arguments: &[&str]| {
        // Whatever was kept of the card.
        let _ = std::fs::remove_dir_all(rig.folder().join("cache"));
        [(); 2].map(|()| carried(&rig, &built("p11ctl"), arguments))
    };
    let list = ours(&["slots"]);
    let rest = ["--pin", "file:pin", "-o", "sig", "text"];
    let named = [["--id", "01"], ["--key", "PIV Authentication Key"]]
        .map(|key| ours(&[&["sign", "--slot", "0"][..], &key, &rest].concat()));
    let unnamed = ours(&[&["sign", "--slot", "1"][..], &rest].concat());
    println!("APDUs (and GET RESPONSE) on one piv-authenticator through pcscd:");
    for (name, theirs, [cold, warm]) in [("list", theirs_list, list), ("sign", theirs_sign, named[0])] {
        println!("{name}: pkcs11-tool {theirs:?}, p11ctl {cold:?}, warm {warm:?}");
        assert!(cold.0 * 2 <= theirs.0);
    }
    // The same program with both modules: nobody asks for keys before a session is opened.
    let module = built("libp11ctl.so");
    let loaded = |arguments: &[&str]| {
        let _ = std::fs::remove_dir_all(rig.folder().join("cache"));
        carried(&rig, "pkcs11-tool", &[&["--module", &module][..], arguments].concat())
    };
    let module_list = loaded(&["-L"]);
    let login = ["--login", "--pin", PIN, "--slot", "0"];
    let module_sign = loaded(&[&login[..], &sign].concat());
    println!("list: pkcs11-tool {theirs_list:?}, with libp11ctl.so, cold {module_list:?}");
    println!("sign: pkcs11-tool {theirs_sign:?}, with libp11ctl.so, cold {module_sign:?}");
    assert!(module_list.0 <= 5 && module_sign.0 <= 14, "{module_list:?} {module_sign:?}");
    let [cold, warm] = unnamed;
    println!(
        "sign with the key of the token without PIN, which is not named: p11ctl {cold:?}, warm {warm:?}"
    );
    // Asked for one application alone, as OpenSC asks, and with nothing kept.
    std::fs::write(rig.folder().join("piv.toml"), "[drivers]\nonly = [\"PIV\"]\n").unwrap();
    let alone = |arguments: &[&str]| ours(&[&["--config", "piv.toml"][..], arguments].concat())[0].0;
    let alone = [alone(&["slots"]), alone(&[&["sign", "--slot", "0", "--id", "01"][..], &rest].concat())];
    println!("asked for PIV alone, cold: list {}, sign {}", alone[0], alone[1]);
    assert!(alone[0] <= 8 && alone[1] <= 8, "{alone:?}");
    // One of them asks whether OpenPGP is beside it.
    for (cost, limit) in [(list, 9), (named[0], 9), (named[1], 9), (unnamed, 12)] {
        let [cold, warm] = cost.map(|(apdus, _)| apdus);
        assert!(cold <= limit && warm < cold, "{cold}, warm {warm}");
    }
}

/// Whether a command asked for OpenPGP beside PIV.
fn asks_all(rig: &Rig, arguments: &[&str]) -> bool {
    let mark = rig.mark();
    rig.run(&built("p11ctl"), arguments);
    let apdus = rig.apdus_since(mark);
    let asks =
        |name: &[u8]| apdus.iter().any(|apdu| apdu.command.get(5..).is_some_and(|it| it.starts_with(name)));
    assert!(asks(&p11ctl_cards::piv::AID), "{arguments:?}");
    asks(&p11ctl_cards::openpgp::AID)
}

#[test]
fn commands_that_tell_of_cards_or_erase_them_ask_for_all_applications_the_others_once() {
    let bench = Bench::new();
    let mut rig = Rig::start();
    rig.insert(0, bench.shared.clone());
    std::fs::write(rig.folder().join("officer"), MANAGEMENT_KEY).unwrap();
    let slots: &[&str] = &["slots"];
    assert!(asks_all(&rig, slots));
    assert!(!asks_all(&rig, slots) && !asks_all(&rig, &["find", "--slot", "0"]));
    // Without --yes nothing is erased.
    for arguments in
        [&["readers"][..], &["doctor"], &["token", "erase", "--slot", "0"], &["token", "init", "--slot", "0"]]
    {
        assert!(asks_all(&rig, arguments), "{arguments:?}");
        assert!(!asks_all(&rig, slots), "after {arguments:?}");
    }
    rig.expect(&built("p11ctl"), &["token", "erase", "--slot", "0", "--so-pin", "file:officer", "--yes"]);
    assert!(asks_all(&rig, slots), "after a card was erased");
    assert!(!asks_all(&rig, slots));
}

#[test]
fn listing_and_signing_stay_within_their_apdus() {
    let bench = personalised();
    let (_, listing) = bench.cost(|| slots(&mut bench.card()));
    let sign = |count: usize| {
        let mut card = bench.card();
        card.hold().unwrap();
        slots(&mut card);
        let key = private(&mut card, 1);
        login(&mut card);
        for _ in 0..count {
            card.perform(&CardCall::RsaRaw { key, block: &[0x01; 256] }).unwrap();
        }
        card.finish().unwrap();
    };
    let (_, once) = bench.cost(|| sign(1));
    let (_, eleven) = bench.cost(|| sign(11));
    println!("PIV: slots {listing}, sign {once}, ten more signatures {}", eleven - once);
    // 8 and 11, and the question whether OpenPGP is beside it.
    assert!(listing <= 9, "{listing}");
    assert!(once <= 12, "{once}");
    assert_eq!(eleven - once, 10);
}
