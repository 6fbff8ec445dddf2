//! The client of a module below the command line: parameters of every kind, data by parts, agreements.

use std::path::Path;
use std::process::Command;

use p11ctl::codec::Secret;
use p11ctl::crypto::aes::AesKey;
use p11ctl::crypto::aes::gcm::GcmParameters;
use p11ctl::crypto::{Curve, EcPrivateKey};
use p11ctl::engine::{
    ANY_ROOM, Error, KeySpec, MechanismCall, MechanismId, NewObject, ObjectHandle, Parameters, Provider,
    SessionHandle, SessionMode, UserKind,
};
use p11ctl::foreign::Module;
use p11ctl::token::KeyAlgorithm;

use crate::bench::{Bench, SOFTHSM, finish};

/// Set where the module's own surroundings are.
const INSIDE: &str = "P11CTL_TEST_INSIDE";

/// Runs a test of this file again where SoftHSM finds its token. True there.
fn is_inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let bench = Bench::with_token();
    let mut command = Command::new(std::env::current_exe().unwrap());
    bench.surround(&mut command);
    let run =
        finish(command.args(["--exact", test, "--nocapture"]).env(INSIDE, "1").output().unwrap()).expect(0);
    assert!(run.stdout.contains("1 passed"), "{}", run.stdout);
    false
}

/// The token, logged in.
fn logged_in() -> (Module, SessionHandle) {
    let module = Module::open(Path::new(SOFTHSM)).unwrap();
    let slots = Provider::reader_slots(&module).into_iter().flat_map(|(_, slots)| slots);
    let is_ours = |slot: &_| Provider::token_info(&module, *slot).is_ok_and(|info| info.label == "HSM");
    let slot = slots.into_iter().find(is_ours).unwrap();
    let session = Provider::open_session(&module, slot, SessionMode::ReadWrite).unwrap();
    Provider::login(&module, session, UserKind::User, Some(&Secret::from("1234"))).unwrap();
    (module, session)
}

fn decrypt_in_parts(
    module: &dyn Provider,
    session: SessionHandle,
    (call, key): (&MechanismCall, ObjectHandle),
    encrypted: &[u8],
    part_len: usize,
) -> Result<Vec<u8>, Error> {
    module.decrypt_init(session, call, key)?;
    let mut plain = Vec::new();
    for part in encrypted.chunks(part_len) {
        plain.extend_from_slice(module.decrypt_update(session, part, ANY_ROOM)?.expose());
    }
    plain.extend_from_slice(module.decrypt_final(session, ANY_ROOM)?.expose());
    Ok(plain)
}

#[test]
fn decryption_with_parameters_at_once_and_by_parts_gives_what_was_encrypted() {
    if !is_inside("operations::decryption_with_parameters_at_once_and_by_parts_gives_what_was_encrypted") {
        return;
    }
    let (module, session) = logged_in();
    let module: &dyn Provider = &module;
    let key = AesKey::new(Secret::from(&[0x5A; 32][..])).unwrap();
    let spec = KeySpec::new(KeyAlgorithm::Aes { key_bits: 256 }, "known");
    let object = NewObject::SecretKey { value: key.secret().clone(), spec };
    let handle = module.create_object(session, &object).unwrap();
    let (iv, nonce, beside) = ([0x11; 16], [0x22; 12], b"beside".to_vec());
    let plain: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let gcm = GcmParameters { nonce: &nonce, associated_data: &beside, tag_len: 16 };
    let gcm_call =
        |associated_data: Vec<u8>| Parameters::Gcm { nonce: nonce.to_vec(), associated_data, tag_bits: 128 };
    let rows = [
        (
            MechanismId::AES_CTR,
            Parameters::Counter { block: iv, bits: 128 },
            key.ctr(&iv, 128, &plain).unwrap().expose().to_vec(),
        ),
        (MechanismId::AES_GCM, gcm_call(beside.clone()), key.gcm_encrypt(&gcm, &plain).unwrap()),
        (MechanismId::AES_CBC, Parameters::Iv(iv), key.cbc_encrypt(&iv, &plain[..4992]).unwrap()),
    ];
    for (id, parameters, encrypted) in rows {
        let call = MechanismCall { id, parameters };
        let expected = if id == MechanismId::AES_CBC { &plain[..4992] } else { &plain[..] };
        module.decrypt_init(session, &call, handle).unwrap();
        assert_eq!(module.decrypt(session, &encrypted, ANY_ROOM).unwrap().expose(), expected, "{id}");
        for part_len in [16, 1000, 8192] {
            let given = decrypt_in_parts(module, session, (&call, handle), &encrypted, part_len).unwrap();
            assert_eq!(given, expected, "{id} in parts of {part_len}");
        }
    }
    // Other associated data: the tag is not right, and the parameters arrive as they were given.
    let call = MechanismCall { id: MechanismId::AES_GCM, parameters: gcm_call(b"besides".to_vec()) };
    let encrypted = key.gcm_encrypt(&gcm, &plain).unwrap();
    assert!(decrypt_in_parts(module, session, (&call, handle), &encrypted, 1000).is_err());
}

fn point_of(key: &EcPrivateKey) -> Vec<u8> {
    key.public().ec().unwrap().1.to_vec()
}

#[test]
fn agreement_with_a_key_on_every_curve_is_what_the_peer_has() {
    if !is_inside("operations::agreement_with_a_key_on_every_curve_is_what_the_peer_has") {
        return;
    }
    let (module, session) = logged_in();
    let module: &dyn Provider = &module;
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let ours = EcPrivateKey::generate(curve).unwrap();
        let peer = EcPrivateKey::generate(curve).unwrap();
        let spec = KeySpec::new(KeyAlgorithm::Ec { curve: Some(curve) }, "agrees");
        let object = NewObject::PrivateKey { key: ours.clone().into(), spec };
        let handle = module.create_object(session, &object).unwrap();
        let before = module.find_all(session, &[].into_iter().collect()).unwrap().len();
        let point = point_of(&peer);
        let shared = module.agree(session, handle, &point).unwrap();
        let expected = peer.agree(&point_of(&ours)).unwrap();
        assert!(shared == expected, "{curve}");
        // What the secret was for a moment is not there any more.
        assert_eq!(module.find_all(session, &[].into_iter().collect()).unwrap().len(), before);
        assert!(module.agree(session, handle, &point[..point.len() - 1]).is_err());
    }
}
