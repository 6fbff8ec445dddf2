//! OpenSC judges the software card: Debian's pkcs15-init personalises it through pcscd and vpcd, its other tools
//! use it, and OpenSSL checks what comes out.

mod common;

use common::rig::Rig;
use p11ctl::crypto::seal::PinKeyCost;
use p11ctl::softcard::{self, Options, Profile};

#[test]
fn smoke() {
    let mut rig = Rig::start();
    let path = rig.folder().join("card.img");
    let card =
        softcard::create(&path, Options { profile: Profile::MyEid, pin_cost: PinKeyCost::MINIMAL }).unwrap();
    rig.insert(0, card);
    let mark = rig.mark();
    let o = rig.run("pkcs15-init", &["--create-pkcs15", "--no-so-pin", "-vvvv"]);
    println!("{o}");
    println!("{} APDUs", rig.apdus_since(mark).len());
    println!("{}", rig.log_tail());
    panic!();
}
