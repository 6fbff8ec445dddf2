//! The Rust client `cryptoki`, in a process of its own: this test binary once more.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;

use crate::bench::{Bench, PINS, module};

#[test]
fn rust_client_signs_and_verifies_on_both_tokens() {
    Bench::each(|bench| {
        let this = std::env::current_exe().unwrap();
        let arguments = ["--exact", "rust_client::client", "--ignored", "--test-threads=1"];
        let told = bench.expect(&this, &arguments);
        assert!(told.contains("1 passed"), "{told}");
    });
}

#[test]
#[ignore = "the client of rust_client_signs_and_verifies_on_both_tokens"]
fn client() {
    let library = Pkcs11::new(module()).unwrap();
    library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slots = library.get_slots_with_token().unwrap();
    assert_eq!(slots.len(), 4);
    for (slot, mechanism) in [(0, Mechanism::Sha256RsaPkcs), (1, Mechanism::EcdsaSha256)] {
        assert!(library.get_token_info(slots[slot]).unwrap().login_required());
        let session = library.open_rw_session(slots[slot]).unwrap();
        session.login(UserType::User, Some(&AuthPin::new(PINS[slot].into()))).unwrap();
        let find = |class| session.find_objects(&[Attribute::Class(class)]).unwrap()[0];
        let (key, public) = (find(ObjectClass::PRIVATE_KEY), find(ObjectClass::PUBLIC_KEY));
        let signature = session.sign(&mechanism, key, b"data").unwrap();
        session.verify(&mechanism, public, b"data", &signature).unwrap();
        session.verify(&mechanism, public, b"date", &signature).unwrap_err();
        let attributes = session.get_attributes(key, &[AttributeType::Sensitive, AttributeType::Id]).unwrap();
        assert!(attributes.contains(&Attribute::Sensitive(true)), "{attributes:?}");
        session.logout().unwrap();
    }
    library.finalize().unwrap();
}
