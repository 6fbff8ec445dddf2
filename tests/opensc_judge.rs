//! OpenSC judges the software card: Debian's pkcs15-init personalises it through pcscd and vpcd, its other tools
//! use it, and OpenSSL checks what comes out.

mod common;

use common::rig::Rig;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options, Profile};

#[test]
fn blank_card_pkcs15_init_creates_the_structure() {
    let mut rig = Rig::start();
    let path = rig.folder().join("card.img");
    let options = Options { profile: Profile::MyEid, pin_cost: PinKeyCost::MINIMAL };
    rig.insert(0, softcard::create(&path, options).unwrap());
    rig.expect("pkcs15-init", &["--create-pkcs15", "--no-so-pin"]);
    let listing = rig.expect("pkcs15-tool", &["-D"]);
    assert!(listing.stdout.contains("PKCS#15 Card [MyEID]"), "{listing}");
}
