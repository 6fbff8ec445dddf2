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

#[test]
fn gcm_wycheproof_messages_are_judged_right() {
    for line in vectors("wycheproof/aes_gcm.txt") {
        let [key, nonce, associated_data, plain, ciphertext, tag] =
            [2, 3, 4, 5, 6, 7].map(|index| bytes(&line[index]));
        let key = AesKey::new(Secret::new(key)).unwrap();
        let parameters =
            gcm::GcmParameters { nonce: &nonce, associated_data: &associated_data, tag_len: tag.len() };
        let sealed = [ciphertext, tag].concat();
        let opened = key.gcm_decrypt(&parameters, &sealed);
        if line[1] == "valid" {
            assert_eq!(opened, Ok(Secret::new(plain.clone())), "{}", line[0]);
            assert_eq!(key.gcm_encrypt(&parameters, &plain), Ok(sealed), "{}", line[0]);
        } else {
            assert_eq!(opened, Err(CryptoError::Decryption), "{}", line[0]);
        }
    }
}

#[test]
fn gcm_short_tags_are_the_beginning_of_the_whole_one() {
    let key = AesKey::generate(192).unwrap();
    let with = |tag_len| gcm::GcmParameters { nonce: &[1; 12], associated_data: b"header", tag_len };
    let whole = key.gcm_encrypt(&with(16), b"message").unwrap();
    for tag_len in 12..=16 {
        let sealed = key.gcm_encrypt(&with(tag_len), b"message").unwrap();
        assert_eq!(sealed, whole[..7 + tag_len]);
        assert_eq!(key.gcm_decrypt(&with(tag_len), &sealed), Ok(Secret::from("message")));
        assert_eq!(key.gcm_decrypt(&with(tag_len), &sealed[..tag_len - 1]), Err(CryptoError::Decryption));
    }
    for tag_len in [0, 4, 11, 17] {
        assert!(matches!(key.gcm_encrypt(&with(tag_len), b"message"), Err(CryptoError::Unsupported(_))));
    }
    let wrong_nonce = gcm::GcmParameters { nonce: &[], ..with(16) };
    let expected = Err(CryptoError::InputLength { actual: 0, expected: 12 });
    assert_eq!(key.gcm_encrypt(&wrong_nonce, b"message"), expected);
    let hashed = |tag_len| gcm::GcmParameters { nonce: &[1; 16], ..with(tag_len) };
    let whole = key.gcm_encrypt(&hashed(16), b"message").unwrap();
    assert_eq!(key.gcm_encrypt(&hashed(12), b"message").unwrap(), whole[..7 + 12]);
    assert_eq!(key.gcm_decrypt(&hashed(12), &whole[..7 + 12]), Ok(Secret::from("message")));
    assert_eq!(key.gcm_decrypt(&hashed(12), &whole[..11]), Err(CryptoError::Decryption));
    assert!(matches!(key.gcm_encrypt(&hashed(11), b"message"), Err(CryptoError::Unsupported(_))));
}

#[test]
fn wrap_wycheproof_keys_are_judged_right() {
    for (file, padded) in [("wycheproof/aes_wrap.txt", false), ("wycheproof/aes_kwp.txt", true)] {
        for line in vectors(file) {
            let [wrapping, key, wrapped] = [2, 3, 4].map(|index| bytes(&line[index]));
            let (wrapping, key) = (AesKey::new(Secret::new(wrapping)).unwrap(), Secret::new(key));
            let (made, opened) = match padded {
                true => (wrapping.wrap_padded(&key), wrapping.unwrap_padded(&wrapped)),
                false => (wrapping.wrap(&key), wrapping.unwrap(&wrapped)),
            };
            match line[1].as_str() {
                "valid" => {
                    let form = if padded { KeyWrap::Padded } else { KeyWrap::Plain };
                    assert_eq!(form.wrapped_len(key.len()), Some(wrapped.len()), "{file} {}", line[0]);
                    assert_eq!(made, Ok(wrapped), "{file} {}", line[0]);
                    assert_eq!(opened, Ok(key), "{file} {}", line[0]);
                }
                "acceptable" => assert!(opened.is_err() || opened == Ok(key), "{file} {}", line[0]),
                _ => assert!(opened.is_err(), "{file} {}", line[0]),
            }
        }
    }
}

#[test]
fn wrap_agrees_with_openssl() {
    let openssl = OpenSsl::new();
    for key_bits in [128, 192, 256] {
        let (wrapping, key) =
            (AesKey::generate(key_bits).unwrap(), crate::crypto::random::secret(40).unwrap());
        let line = format!(
            "enc -e -id-aes{key_bits}-wrap -nopad -iv A6A6A6A6A6A6A6A6 -K {}",
            hex::encode(wrapping.secret().expose())
        );
        let (success, wrapped, message) = openssl.try_run(&line, key.expose());
        assert!(success, "{message}");
        assert_eq!(wrapping.wrap(&key), Ok(wrapped));
    }
}

#[test]
fn wrap_lengths_that_are_no_key_are_refused() {
    let key = AesKey::generate(256).unwrap();
    for length in [0, 8, 15, 17] {
        assert!(matches!(key.wrap(&Secret::new(vec![1; length])), Err(CryptoError::InputLength { .. })));
    }
    for length in [0, 8, 16, 25] {
        assert!(matches!(key.unwrap(&vec![1; length]), Err(CryptoError::InputLength { .. })), "{length}");
    }
    assert!(matches!(key.wrap_padded(&Secret::default()), Err(CryptoError::InputLength { .. })));
    assert_eq!(key.unwrap(&[1; 24]), Err(CryptoError::Decryption));
}

#[test]
fn cbc_pad_wycheproof_messages_are_judged_right() {
    for line in vectors("wycheproof/aes_cbc_pkcs5.txt") {
        let [key, iv, plain, ciphertext] = [2, 3, 4, 5].map(|index| bytes(&line[index]));
        let key = AesKey::new(Secret::new(key)).unwrap();
        let opened = key.cbc_pad_decrypt(&iv, &ciphertext);
        if line[1] == "valid" {
            assert_eq!(opened, Ok(Secret::new(plain.clone())), "{}", line[0]);
            assert_eq!(key.cbc_pad_encrypt(&iv, &plain), Ok(ciphertext), "{}", line[0]);
        } else {
            assert!(opened.is_err(), "{}", line[0]);
        }
    }
}

#[test]
fn ctr_agrees_with_openssl_both_ways() {
    let openssl = OpenSsl::new();
    let mut random = Reproducible::new("ctr_agrees_with_openssl_both_ways");
    for key_bits in [128, 192, 256] {
        let key = AesKey::generate(key_bits).unwrap();
        let data_len = 1 + random.below(500);
        let (mut counter, data) = (random.bytes(BLOCK_LEN), random.bytes(data_len));
        // A carry over many bytes on the way.
        counter[8..].fill(0xFF);
        let line = format!(
            "enc -aes-{key_bits}-ctr -K {} -iv {}",
            hex::encode(key.secret().expose()),
            hex::encode(&counter)
        );
        let (_, expected, _) = openssl.try_run(&line, &data);
        assert_eq!(key.ctr(&counter, 128, &data).unwrap().expose(), expected);
        assert_eq!(key.ctr(&counter, 128, &expected).unwrap().expose(), data);
    }
}

#[test]
fn ctr_key_stream_that_would_start_anew_is_refused() {
    let key = AesKey::generate(128).unwrap();
    let mut counter = [0; BLOCK_LEN];
    counter[15] = 0xFE;
    // Two blocks are left of a counter of eight bits, no end of one of 128.
    assert!(key.ctr(&counter, 8, &[0; 32]).is_ok());
    assert_eq!(key.ctr(&counter, 8, &[0; 33]), Err(CryptoError::InputLength { actual: 33, expected: 32 }));
    assert!(key.ctr(&counter, 128, &[0; 33]).is_ok());
    assert_eq!(
        key.ctr(&[0xFF; 16], 128, &[0; 17]),
        Err(CryptoError::InputLength { actual: 17, expected: 16 })
    );
    for counter_bits in [0, 129] {
        assert!(matches!(key.ctr(&counter, counter_bits, &[0; 1]), Err(CryptoError::Unsupported(_))));
    }
    assert!(key.ctr(&counter[1..], 128, &[0; 1]).is_err());
}
