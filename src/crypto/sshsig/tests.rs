//! SSH signatures of every kind of key, `ssh-keygen` as the other side, and altered ones.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::crypto::digest::digest;
use crate::crypto::{EcPrivateKey, Ed25519PrivateKey, PrivateKey, RsaPrivateKey};

const MESSAGE: &[u8] = b"a document\n";

fn keys() -> Vec<PrivateKey> {
    let mut keys = vec![
        PrivateKey::from(RsaPrivateKey::generate(2048).unwrap()),
        PrivateKey::Ed25519(Ed25519PrivateKey::generate().unwrap()),
    ];
    keys.extend(
        [Curve::P256, Curve::P384, Curve::P521].map(|curve| EcPrivateKey::generate(curve).unwrap().into()),
    );
    keys
}

fn sign(key: &PrivateKey, namespace: &str, hash: DigestAlgorithm) -> SshSignature {
    let (public, hashed) = (key.public(), digest(hash, MESSAGE));
    let data = signed_data(namespace, hash, &hashed);
    let signature = key.sign_message(algorithm_for(&public).unwrap(), &data).unwrap();
    SshSignature::new(&public, namespace, hash, &hashed, signature).unwrap()
}

fn ssh_keygen(folder: &Path, arguments: &[&str], input: &[u8]) -> bool {
    let mut child = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait().unwrap().success()
}

fn verify(bytes: &[u8], public: &PublicKey) -> bool {
    let Ok(read) = SshSignature::from_armor(bytes) else { return false };
    read.namespace == "file" && read.is_by(public, &digest(read.hash, MESSAGE)) == Ok(true)
}

#[test]
fn signatures_of_every_key_are_verified_by_ssh_keygen_and_here() {
    let folder = tempfile::tempdir().unwrap();
    for key in keys() {
        let public = key.public();
        let line = public.to_openssh("anna").unwrap();
        assert_eq!(PublicKey::from_openssh(&format!("{line}\n")), Ok(public.clone()));
        std::fs::write(folder.path().join("allowed"), format!("anna {line}\n")).unwrap();
        for hash in HASHES {
            let text = sign(&key, "file", hash).to_armor().unwrap();
            assert!(verify(text.as_bytes(), &public));
            std::fs::write(folder.path().join("s"), &text).unwrap();
            let verify = |message: &[u8]| {
                let arguments = ["-Y", "verify", "-f", "allowed", "-I", "anna", "-n", "file", "-s", "s"];
                ssh_keygen(folder.path(), &arguments, message)
            };
            assert!(verify(MESSAGE), "{}", public.algorithm_name());
            assert!(!verify(b"another"), "{}", public.algorithm_name());
        }
    }
}

#[test]
fn signatures_of_ssh_keygen_are_verified_here() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("document"), MESSAGE).unwrap();
    for kind in ["rsa", "ecdsa", "ed25519"] {
        for hash in ["sha256", "sha512"] {
            for name in ["key", "key.pub", "document.sig"] {
                let _ = std::fs::remove_file(path(name));
            }
            assert!(ssh_keygen(folder.path(), &["-q", "-t", kind, "-N", "", "-f", "key"], b""));
            let option = format!("hashalg={hash}");
            let sign = ["-Y", "sign", "-n", "file", "-f", "key", "-O", &option, "document"];
            assert!(ssh_keygen(folder.path(), &sign, b""));
            let signature = std::fs::read(path("document.sig")).unwrap();
            let public = PublicKey::from_openssh(&std::fs::read_to_string(path("key.pub")).unwrap()).unwrap();
            assert!(SshSignature::is_likely(&signature));
            assert!(verify(&signature, &public), "{kind} {hash}");
            // Ours is the same text to the byte, where the signature is.
            let read = SshSignature::from_armor(&signature).unwrap();
            assert_eq!(read.to_armor().unwrap().as_bytes(), signature, "{kind} {hash}");
        }
    }
}

#[test]
fn altered_or_cut_at_any_byte_is_never_good() {
    let key = PrivateKey::from(EcPrivateKey::generate(Curve::P256).unwrap());
    let text = sign(&key, "file", DigestAlgorithm::Sha256).to_armor().unwrap().into_bytes();
    let public = key.public();
    for end in 0..text.len() - 1 {
        assert!(!verify(&text[..end], &public), "cut at {end}");
    }
    for index in 0..text.len() - 1 {
        for flip in [0x01, 0x02, 0x04, 0x20, 0x80, 0xFF] {
            let mut altered = text.clone();
            altered[index] ^= flip;
            assert!(!verify(&altered, &public), "byte {index} with {flip:#x}");
        }
    }
    let other = EcPrivateKey::generate(Curve::P256).unwrap().public();
    assert!(!verify(&text, &other));
}

#[test]
fn keys_that_ssh_does_not_have_are_refused() {
    for curve in [Curve::Secp256k1, Curve::BrainpoolP256r1] {
        assert!(algorithm_for(&EcPrivateKey::generate(curve).unwrap().public()).is_err());
    }
    for line in ["", "ssh-rsa", "ssh-rsa !", "anna AAAA", "ssh-dss AAAAB3NzaC1kc3M="] {
        assert!(PublicKey::from_openssh(line).is_err(), "{line}");
    }
    let key = EcPrivateKey::generate(Curve::P256).unwrap().public();
    let line = format!("restrict,command=\"ssh-x\" {}", key.to_openssh("").unwrap());
    assert_eq!(PublicKey::from_openssh(&line), Ok(key));
}
