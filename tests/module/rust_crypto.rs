//! Keys of a session behind the module: the Rust client `cryptoki` computes with them, and OpenSSL's command line says
//! whether that is right.

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::MechanismType;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::mechanism::hkdf::{HkdfParams, HkdfSalt};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use crate::bench::{Bench, PINS, Put, module};

const KEY: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";
const IV: [u8; 16] = [9; 16];
const PLAIN: &[u8] = b"what is computed, longer than a block or two, and no whole number of them";

fn hex(bytes: &[u8]) -> String {
    p11ctl::codec::hex::encode(bytes)
}

#[test]
fn keys_of_a_session_compute_what_openssl_computes() {
    let bench = Bench::software([Put::Founding, Put::Nothing]);
    let openssl = |line: &str| bench.expect("openssl", &line.split_whitespace().collect::<Vec<_>>());
    bench.write("plain", PLAIN);
    bench.write("blocks", &PLAIN[..64]);
    for (name, kind) in
        [("p256", "EC -pkeyopt ec_paramgen_curve:P-256"), ("x25519", "X25519"), ("rsa", "RSA")]
    {
        openssl(&format!("genpkey -algorithm {kind} -out {name}.pem"));
        openssl(&format!("pkey -in {name}.pem -pubout -outform DER -out {name}.der"));
    }
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "rust_crypto::client", "--ignored", "--test-threads=1"];
    let told = bench.expect(&this, &arguments);
    assert!(told.contains("1 passed"), "{told}");
    let (key, iv) = (hex(&KEY), hex(&IV));
    openssl(&format!("enc -aes-256-cbc -K {key} -iv {iv} -in plain -out their.cbc"));
    openssl(&format!("enc -aes-256-ecb -nopad -K {key} -in blocks -out their.ecb"));
    openssl(&format!("mac -cipher AES-256-CBC -macopt hexkey:{key} -in plain -binary -out their.cmac CMAC"));
    openssl(&format!("mac -digest SHA512 -macopt hexkey:{key} -in plain -binary -out their.hmac HMAC"));
    openssl("pkeyutl -derive -inkey p256.pem -peerkey our.p256 -peerform DER -out their.shared");
    openssl("pkeyutl -derive -inkey x25519.pem -peerkey our.x25519 -peerform DER -out their.shared25519");
    openssl(&format!(
        "kdf -keylen 42 -kdfopt digest:SHA256 -kdfopt hexkey:{key} -kdfopt hexsalt:{iv} -kdfopt hexinfo:0102 \
         -binary -out their.hkdf HKDF"
    ));
    for name in ["cbc", "ecb", "cmac", "hmac", "shared", "shared25519", "hkdf"] {
        assert_eq!(bench.read(&format!("our.{name}")), bench.read(&format!("their.{name}")), "{name}");
    }
    openssl("pkeyutl -verify -pubin -inkey our.ed25519 -keyform DER -rawin -in plain -sigfile our.eddsa");
    openssl("dgst -sha256 -verify our.rsa -keyform DER -signature our.rsasignature plain");
    openssl("pkeyutl -decrypt -inkey rsa.pem -in our.encrypted -out opened");
    assert_eq!(bench.read("opened"), PLAIN);
}

/// A key that the client knows.
fn secret(session: &Session, kind: KeyType) -> ObjectHandle {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(kind),
        Attribute::Value(KEY.to_vec()),
        Attribute::Token(false),
    ];
    session.create_object(&template).unwrap()
}

fn attribute(session: &Session, object: ObjectHandle, kind: AttributeType) -> Vec<u8> {
    match session.get_attributes(object, &[kind]).unwrap().remove(0) {
        Attribute::Value(bytes) | Attribute::PublicKeyInfo(bytes) | Attribute::EcPoint(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

/// A secret to be derived, that may be read.
fn derived(len: u64) -> [Attribute; 5] {
    [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
        Attribute::ValueLen(len.into()),
    ]
}

#[test]
#[ignore = "the client of keys_of_a_session_compute_what_openssl_computes"]
fn client() {
    let library = Pkcs11::new(module()).unwrap();
    library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let session = library.open_ro_session(library.get_slots_with_token().unwrap()[0]).unwrap();
    session.login(UserType::User, Some(&AuthPin::new(PINS[0].into()))).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(format!("our.{name}"), bytes).unwrap();
    let (aes, generic) = (secret(&session, KeyType::AES), secret(&session, KeyType::GENERIC_SECRET));
    write("cbc", &session.encrypt(&Mechanism::AesCbcPad(IV), aes, PLAIN).unwrap());
    write("ecb", &session.encrypt(&Mechanism::AesEcb, aes, &PLAIN[..64]).unwrap());
    write("cmac", &session.sign(&Mechanism::AesCMac, aes, PLAIN).unwrap());
    write("hmac", &session.sign(&Mechanism::Sha512Hmac, generic, PLAIN).unwrap());
    agree(&session, &write);
    let hkdf = HkdfParams::new(MechanismType::SHA256, Some(HkdfSalt::Data(&IV)), Some(&[1, 2]));
    let key = session.derive_key(&Mechanism::HkdfDerive(hkdf), generic, &derived(42)).unwrap();
    write("hkdf", &attribute(&session, key, AttributeType::Value));
    let parameters = [Attribute::EcParams(vec![0x06, 0x03, 0x2B, 0x65, 0x70])];
    let (public, private) =
        session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &parameters, &[]).unwrap();
    write("ed25519", &attribute(&session, public, AttributeType::PublicKeyInfo));
    let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
    write("eddsa", &session.sign(&pure, private, PLAIN).unwrap());
    let bits = [Attribute::ModulusBits(2048.into())];
    let (public, private) = session.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &bits, &[]).unwrap();
    write("rsa", &attribute(&session, public, AttributeType::PublicKeyInfo));
    write("rsasignature", &session.sign(&Mechanism::Sha256RsaPkcs, private, PLAIN).unwrap());
    let theirs = p11ctl::crypto::PublicKey::from_spki_der(&std::fs::read("rsa.der").unwrap()).unwrap();
    let (modulus, exponent) = theirs.rsa().unwrap();
    let template = [
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Modulus(modulus.to_vec()),
        Attribute::PublicExponent(exponent.to_vec()),
    ];
    let theirs = session.create_object(&template).unwrap();
    write("encrypted", &session.encrypt(&Mechanism::RsaPkcs, theirs, PLAIN).unwrap());
    library.finalize().unwrap();
}

fn agree(session: &Session, write: &dyn Fn(&str, &[u8])) {
    for (curve, parameters, generation, output) in [
        (
            "p256",
            &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07][..],
            Mechanism::EccKeyPairGen,
            "shared",
        ),
        ("x25519", &[0x06, 0x03, 0x2B, 0x65, 0x6E], Mechanism::EccMontgomeryKeyPairGen, "shared25519"),
    ] {
        let template = [Attribute::EcParams(parameters.to_vec())];
        let (public, private) = session.generate_key_pair(&generation, &template, &[]).unwrap();
        write(curve, &attribute(session, public, AttributeType::PublicKeyInfo));
        let peer = std::fs::read(format!("{curve}.der")).unwrap();
        let len = if curve == "p256" { 65 } else { 32 };
        let call = Ecdh1DeriveParams::new(EcKdf::null(), &peer[peer.len() - len..]);
        let key = session.derive_key(&Mechanism::Ecdh1Derive(call), private, &derived(32)).unwrap();
        write(output, &attribute(session, key, AttributeType::Value));
    }
}
