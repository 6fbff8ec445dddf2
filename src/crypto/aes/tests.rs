//! AES against SP 800-38A, against openssl, and with wrong lengths.

use super::*;
use crate::codec::hex;
use crate::crypto::testing::{OpenSsl, Reproducible, bytes, vectors};

#[test]
fn modes_standard_examples_match_both_ways() {
    for line in vectors("crypto/aes.txt") {
        let [mode, key, iv, plaintext, ciphertext] = [0, 1, 2, 3, 4].map(|index| line[index].as_str());
        let key = AesKey::new(Secret::new(bytes(key))).unwrap();
        let (iv, plaintext, ciphertext) = (bytes(iv), bytes(plaintext), bytes(ciphertext));
        if mode == "ecb" {
            assert_eq!(key.ecb_encrypt(&plaintext).unwrap(), ciphertext);
            assert_eq!(key.ecb_decrypt(&ciphertext).unwrap().expose(), plaintext);
        } else {
            assert_eq!(key.cbc_encrypt(&iv, &plaintext).unwrap(), ciphertext);
            assert_eq!(key.cbc_decrypt(&iv, &ciphertext).unwrap().expose(), plaintext);
        }
    }
}

#[test]
fn modes_agree_with_openssl() {
    let openssl = OpenSsl::new();
    let mut random = Reproducible::new("modes_agree_with_openssl");
    for key_bits in [128, 192, 256] {
        let key = AesKey::generate(key_bits).unwrap();
        let blocks = 1 + random.below(40);
        let (iv, data) = (random.bytes(BLOCK_LEN), random.bytes(blocks * BLOCK_LEN));
        let key_text = hex::encode(key.secret().expose());
        let (_, ecb, _) = openssl.try_run(&format!("enc -aes-{key_bits}-ecb -nopad -K {key_text}"), &data);
        assert_eq!(key.ecb_encrypt(&data).unwrap(), ecb);
        let line = format!("enc -aes-{key_bits}-cbc -nopad -K {key_text} -iv {}", hex::encode(&iv));
        let (_, cbc, _) = openssl.try_run(&line, &data);
        assert_eq!(key.cbc_encrypt(&iv, &data).unwrap(), cbc);
        assert_eq!(key.cbc_decrypt(&iv, &cbc).unwrap().expose(), data);
    }
}

#[test]
fn key_of_another_length_is_refused() {
    for length in [0, 1, 15, 17, 23, 25, 31, 33, 64] {
        assert_eq!(AesKey::new(Secret::new(vec![0; length])), Err(CryptoError::InvalidKey("AES")));
    }
    assert_eq!(AesKey::generate(1024), Err(CryptoError::InvalidKey("AES")));
}

#[test]
fn part_of_a_block_or_wrong_vector_is_refused() {
    let key = AesKey::generate(128).unwrap();
    assert_eq!(key.ecb_encrypt(&[0; 17]), Err(CryptoError::InputLength { actual: 17, expected: 32 }));
    assert_eq!(key.cbc_decrypt(&[0; 16], &[0; 1]), Err(CryptoError::InputLength { actual: 1, expected: 16 }));
    assert_eq!(
        key.cbc_encrypt(&[0; 15], &[0; 16]),
        Err(CryptoError::InputLength { actual: 15, expected: 16 })
    );
    assert_eq!(key.ecb_encrypt(&[]), Ok(Vec::new()));
}

#[test]
fn key_debug_shows_the_size_only() {
    assert_eq!(format!("{:?}", AesKey::new(Secret::new(vec![0x41; 24])).unwrap()), "AesKey(192 bits)");
}
