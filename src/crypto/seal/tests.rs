//! Sealing against another implementation, and with every bit of a sealed secret changed.

use super::*;
use crate::crypto::testing::{bytes, vectors};

fn secret(text: &[u8]) -> Secret {
    Secret::from(text)
}

#[test]
fn open_reads_what_another_implementation_sealed() {
    for line in vectors("crypto/seal.txt") {
        let fields: Vec<Vec<u8>> = match line[0].as_str() {
            "argon2id" => continue,
            _ => line[1..].iter().map(|field| bytes(field)).collect(),
        };
        let opened = match line[0].as_str() {
            "seal" => open(&secret(&fields[0]), &fields[1], &fields[2]),
            _ => SealingKey::from_bytes(&secret(&fields[0])).unwrap().open_sealed(&fields[1], &fields[2]),
        };
        assert_eq!(opened, Ok(secret(&fields[3])), "{}", line[0]);
    }
}

#[test]
fn pin_key_is_that_of_another_implementation() {
    for line in vectors("crypto/seal.txt").iter().filter(|line| line[0] == "argon2id") {
        let cost: Vec<u32> = line[3].split(',').map(|number| number.parse().unwrap()).collect();
        let cost = PinKeyCost { memory_kib: cost[0], passes: cost[1], lanes: cost[2] };
        let key = derive_pin_key(&secret(&bytes(&line[1])), &bytes(&line[2]), cost);
        assert_eq!(key, Ok(secret(&bytes(&line[4]))));
    }
}

#[test]
fn pin_key_depends_on_pin_salt_and_cost() {
    let derive = |pin: &str, salt: &[u8], passes| {
        derive_pin_key(&Secret::from(pin), salt, PinKeyCost { passes, ..PinKeyCost::MINIMAL }).unwrap()
    };
    let key = derive("1111", &[1; 16], 1);
    assert_eq!(key.len(), KEY_LEN);
    assert_eq!(key, derive("1111", &[1; 16], 1));
    assert_ne!(key, derive("1112", &[1; 16], 1));
    assert_ne!(key, derive("1111", &[2; 16], 1));
    assert_ne!(key, derive("1111", &[1; 16], 2));
}

#[test]
fn pin_key_hostile_cost_or_salt_is_refused() {
    let hostile = [
        PinKeyCost { memory_kib: u32::MAX, ..PinKeyCost::MINIMAL },
        PinKeyCost { passes: u32::MAX, ..PinKeyCost::MINIMAL },
        PinKeyCost { lanes: u32::MAX, ..PinKeyCost::MINIMAL },
        PinKeyCost { memory_kib: 0, ..PinKeyCost::MINIMAL },
        PinKeyCost { passes: 0, ..PinKeyCost::MINIMAL },
        PinKeyCost { lanes: 0, ..PinKeyCost::MINIMAL },
    ];
    for cost in hostile {
        let result = derive_pin_key(&Secret::from("1111"), &[0; 16], cost);
        assert!(matches!(result, Err(CryptoError::Unsupported(_))), "{cost}");
    }
    let short_salt = derive_pin_key(&Secret::from("1111"), &[0; 7], PinKeyCost::MINIMAL);
    assert!(matches!(short_salt, Err(CryptoError::Unsupported(_))));
}

#[test]
fn seal_opens_again_and_no_two_are_alike() {
    let key = random::secret(KEY_LEN).unwrap();
    for length in [0, 1, 31, 2000] {
        let plaintext = vec![0x5A; length];
        let sealed = seal(&key, &plaintext, b"file 1").unwrap();
        assert_eq!(sealed.len(), length + SEAL_OVERHEAD);
        assert_ne!(sealed, seal(&key, &plaintext, b"file 1").unwrap());
        assert_eq!(open(&key, &sealed, b"file 1"), Ok(secret(&plaintext)));
    }
}

#[test]
fn open_any_change_is_refused() {
    let key = random::secret(KEY_LEN).unwrap();
    let sealed = seal(&key, b"private key", b"file 1").unwrap();
    for index in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[index] ^= 1 << bit;
            assert_eq!(open(&key, &changed, b"file 1"), Err(CryptoError::Decryption));
        }
        assert_eq!(open(&key, &sealed[..index], b"file 1"), Err(CryptoError::Decryption));
    }
    assert_eq!(open(&key, &sealed, b"file 2"), Err(CryptoError::Decryption));
    assert_eq!(open(&random::secret(KEY_LEN).unwrap(), &sealed, b"file 1"), Err(CryptoError::Decryption));
    assert_eq!(open(&secret(b"short"), &sealed, b"file 1"), Err(CryptoError::InvalidKey(SEAL_KEY)));
}

#[test]
fn box_opens_for_its_recipient_only() {
    let (recipient, other) = (SealingKey::generate().unwrap(), SealingKey::generate().unwrap());
    let sealed = seal_to(&recipient.public(), b"private key", b"key 1").unwrap();
    assert_eq!(sealed.len(), b"private key".len() + BOX_OVERHEAD);
    let stored = SealingKey::from_bytes(&recipient.to_bytes()).unwrap();
    assert_eq!(stored.open_sealed(&sealed, b"key 1"), Ok(secret(b"private key")));
    assert_eq!(other.open_sealed(&sealed, b"key 1"), Err(CryptoError::Decryption));
    assert_eq!(recipient.open_sealed(&sealed, b"key 2"), Err(CryptoError::Decryption));
    for index in 0..sealed.len() {
        // The top bit of an X25519 point means nothing by itself; the key derivation binds it all the same.
        let mut changed = sealed.clone();
        changed[index] ^= 0x80;
        assert_eq!(recipient.open_sealed(&changed, b"key 1"), Err(CryptoError::Decryption), "byte {index}");
        assert_eq!(recipient.open_sealed(&sealed[..index], b"key 1"), Err(CryptoError::Decryption));
    }
}

#[test]
fn seal_to_a_point_of_small_order_is_refused() {
    for first in [0, 1] {
        let mut point = [0; KEY_LEN];
        point[0] = first;
        let nobody = SealingPublicKey::from_bytes(&point).unwrap();
        assert_eq!(seal_to(&nobody, b"", b""), Err(CryptoError::InvalidKey("X25519")));
        let mut forged = point.to_vec();
        forged.extend_from_slice(&[0; SEAL_OVERHEAD]);
        let key = SealingKey::generate().unwrap();
        assert_eq!(key.open_sealed(&forged, b""), Err(CryptoError::Decryption));
    }
}

#[test]
fn sealing_key_of_another_length_is_refused_and_debug_hides_it() {
    assert!(SealingKey::from_bytes(&secret(&[1; 31])).is_err());
    assert!(SealingPublicKey::from_bytes(&[1; 33]).is_err());
    assert_eq!(format!("{:?}", SealingKey::generate().unwrap()), "SealingKey(X25519)");
}
