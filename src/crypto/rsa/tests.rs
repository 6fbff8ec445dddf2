//! RSA against openssl, Wycheproof and the implicit rejection draft, and with keys and blocks that are none.

use super::padding::pkcs1_encrypt_encode;
use super::*;
use crate::codec::tlv;
use crate::crypto::digest::digest;
use crate::crypto::testing::{OpenSsl, Reproducible, bytes, rsa_1024, vectors};
use crate::crypto::{DigestAlgorithm, PrivateKey};

fn decrypt(key: &RsaPrivateKey, ciphertext: &[u8]) -> Result<Unpadded, CryptoError> {
    pkcs1_unpad(&key.raw(ciphertext)?)
}

#[test]
fn generated_key_signs_what_openssl_verifies() {
    let openssl = OpenSsl::new();
    let key = rsa_1024();
    assert_eq!((key.modulus_bits(), key.modulus_len()), (1024, 128));
    openssl.write("key.pub", &key.public().to_spki_der());
    for algorithm in DigestAlgorithm::ALL {
        let hashed = digest(algorithm, b"message");
        let block = pkcs1_sign_encode(&algorithm.digest_info(&hashed), key.modulus_len()).unwrap();
        openssl.write("digest", &hashed);
        openssl.write("signature", key.raw(&block).unwrap().expose());
        let name = algorithm.name().to_lowercase().replace("sha-", "sha");
        openssl.run(&format!(
            "pkeyutl -verify -pubin -keyform DER -inkey key.pub -in digest -sigfile signature -pkeyopt digest:{name}"
        ));
    }
}

/// Keys of openssl in both encodings, of sizes with and without a whole number of bytes and words.
#[test]
fn imported_keys_compute_what_openssl_computes() {
    let openssl = OpenSsl::new();
    for bits in [1024, 1031, 1096, 2048, 3072] {
        openssl.run(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out key.pem"));
        openssl.run("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
        openssl.run("rsa -inform DER -in key.der -traditional -outform DER -out key.pkcs1");
        openssl.run("pkey -inform DER -in key.der -pubout -outform DER -out key.pub");
        let key = RsaPrivateKey::from_pkcs8_der(&Secret::new(openssl.read("key.der"))).unwrap();
        assert_eq!(RsaPrivateKey::from_pkcs1_der(&Secret::new(openssl.read("key.pkcs1"))), Ok(key.clone()));
        assert_eq!(key.to_bytes().unwrap().expose(), openssl.read("key.pkcs1"), "{bits}");
        assert_eq!(RsaPrivateKey::from_bytes(&key.to_bytes().unwrap()), Ok(key.clone()));
        assert_eq!(key.modulus_bits(), bits);
        let public = key.public();
        assert_eq!(public.to_spki_der(), openssl.read("key.pub"));

        let info = DigestAlgorithm::Sha256.digest_info(&digest(DigestAlgorithm::Sha256, b"message"));
        openssl.write("message", b"message");
        openssl.run("dgst -sha256 -sign key.der -keyform DER -out signature message");
        let theirs = openssl.read("signature");
        let block = pkcs1_sign_encode(&info, key.modulus_len()).unwrap();
        assert_eq!(key.raw(&block).unwrap().expose(), theirs, "{bits}");
        assert_eq!(pkcs1_verify(&public, &info, &theirs), Ok(true));

        openssl.write("ciphertext", &pkcs1_encrypt(&public, b"secret").unwrap());
        assert_eq!(openssl.run("pkeyutl -decrypt -keyform DER -inkey key.der -in ciphertext"), b"secret");
        let ciphertext = openssl.run("pkeyutl -encrypt -pubin -keyform DER -inkey key.pub -in message");
        assert_eq!(decrypt(&key, &ciphertext).unwrap().into_message(), Ok(Secret::from("message")));
    }
}

#[test]
fn verify_wycheproof_signatures_are_judged_right() {
    judge("wycheproof/rsa_signature_2048_sha256.txt", DigestAlgorithm::Sha256);
    judge("wycheproof/rsa_signature_2048_sha3_256.txt", DigestAlgorithm::Sha3_256);
}

fn judge(file: &str, algorithm: DigestAlgorithm) {
    let mut public = None;
    for line in vectors(file) {
        if line[0] == "key" {
            public = Some(PublicKey::from_spki_der(&bytes(&line[1])).unwrap());
            continue;
        }
        let info = algorithm.digest_info(&digest(algorithm, &bytes(&line[2])));
        let verified = pkcs1_verify(public.as_ref().unwrap(), &info, &bytes(&line[3]));
        match line[1].as_str() {
            // DigestInfo without its NULL: some verify it, we do not.
            "acceptable" => assert!(verified.is_ok(), "{}", line[0]),
            expected => assert_eq!(verified, Ok(expected == "valid"), "{}", line[0]),
        }
    }
}

#[test]
fn decrypt_wycheproof_ciphertexts_are_judged_right() {
    let mut key = None;
    for line in vectors("wycheproof/rsa_pkcs1_2048.txt") {
        if line[0] == "key" {
            key = Some(RsaPrivateKey::from_pkcs8_der(&Secret::new(bytes(&line[1]))).unwrap());
            continue;
        }
        let message = decrypt(key.as_ref().unwrap(), &bytes(&line[3])).and_then(Unpadded::into_message);
        match line[1].as_str() {
            "valid" => assert_eq!(message, Ok(Secret::new(bytes(&line[2]))), "{}", line[0]),
            _ => assert!(message.is_err(), "{}", line[0]),
        }
    }
}

#[test]
fn implicit_rejection_gives_the_messages_of_the_draft() {
    let mut key = None;
    for line in vectors("crypto/rsa_implicit_rejection.txt") {
        if line[0] == "key" {
            key = Some(RsaPrivateKey::from_pkcs8_der(&Secret::new(bytes(&line[1]))).unwrap());
            continue;
        }
        let (key, ciphertext, message) =
            (key.as_ref().unwrap(), bytes(&line[2]), Secret::new(bytes(&line[3])));
        let unpadded = decrypt(key, &ciphertext).unwrap();
        assert_eq!(unpadded.or_synthetic(&RejectionKey::new(key, &ciphertext)), message, "{}", line[0]);
        let strict = decrypt(key, &ciphertext).unwrap().into_message();
        assert_eq!(strict.is_ok(), line[1] == "valid", "{}", line[0]);
    }
}

/// What RFC 8017 says, without care for time.
fn plain_unpad(block: &[u8]) -> Option<&[u8]> {
    let padded = block.strip_prefix(&[0x00, 0x02])?;
    let separator = padded.iter().position(|byte| *byte == 0).filter(|position| *position >= 8)?;
    Some(&padded[separator + 1..])
}

#[test]
fn unpad_agrees_with_the_plain_algorithm_on_every_shape() {
    let mut random = Reproducible::new("unpad_agrees");
    for round in 0..4000 {
        let length = 11 + random.below(120);
        let mut block: Vec<u8> = random.bytes(length).into_iter().map(|byte| byte.max(1)).collect();
        block[..2]
            .copy_from_slice([[0, 2], [0, 2], [0, 2], [0, 1], [1, 2], [0, 0]][random.below(6)].as_slice());
        for _ in 0..random.below(3) {
            let position = 2 + random.below(length - 2);
            block[position] = 0;
        }
        let expected = plain_unpad(&block);
        let block = Secret::new(block.clone());
        let message = pkcs1_unpad(&block).unwrap().into_message();
        assert_eq!(
            message.as_ref().ok().map(Secret::expose),
            expected,
            "round {round}: {:02x?}",
            block.expose()
        );
        let mut out = vec![0xEE; random.below(140)];
        let (given, length) = pkcs1_unpad(&block).unwrap().copy_to(&mut out);
        let fitting = expected.filter(|message| message.len() <= out.len());
        assert_eq!(bool::from(given), fitting.is_some());
        assert_eq!(length as usize, expected.map_or(0, <[u8]>::len));
        let mut wanted = fitting.unwrap_or_default().to_vec();
        wanted.resize(out.len(), 0);
        assert_eq!(out, wanted, "round {round}");
    }
}

#[test]
fn unpad_block_shorter_than_any_padding_is_refused() {
    for length in 0..11 {
        let result = pkcs1_unpad(&Secret::new(vec![0; length]));
        assert!(matches!(result, Err(CryptoError::InputLength { expected: 11, .. })));
    }
}

#[test]
fn paddings_take_what_fits_and_no_byte_more() {
    assert_eq!(
        pkcs1_sign_encode(&[7; 4], 15).unwrap(),
        [0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0, 7, 7, 7, 7]
    );
    assert_eq!(pkcs1_sign_encode(&[7; 5], 15), Err(CryptoError::InputLength { actual: 5, expected: 4 }));
    assert_eq!(pkcs1_sign_encode(&[], 10), Err(CryptoError::InputLength { actual: 0, expected: 0 }));
    for length in [0, 1, 100, 117] {
        let block = pkcs1_encrypt_encode(&vec![0; length], 128).unwrap();
        assert!(block.expose()[2..128 - length - 1].iter().all(|byte| *byte != 0));
        assert_eq!(plain_unpad(block.expose()), Some(vec![0; length].as_slice()));
    }
    let too_long = pkcs1_encrypt(&rsa_1024().public(), &[0; 118]);
    assert_eq!(too_long, Err(CryptoError::InputLength { actual: 118, expected: 117 }));
}

#[test]
fn raw_private_and_public_undo_each_other() {
    let key = rsa_1024();
    let mut random = Reproducible::new("raw_private_and_public");
    for zeros in [1, 2, 64, 127, 128] {
        let block = [vec![0; zeros], random.bytes(128 - zeros)].concat();
        let signed = key.raw(&block).unwrap();
        assert_eq!(signed.len(), 128);
        assert_eq!(public_raw(&key.public(), signed.expose()), Ok(block));
    }
}

#[test]
fn raw_block_of_wrong_length_or_size_is_refused() {
    let key = rsa_1024();
    let PublicKey::Rsa { modulus, .. } = key.public() else { panic!("an RSA key") };
    for length in [0, 127, 129] {
        let expected = CryptoError::InputLength { actual: length, expected: 128 };
        assert_eq!(key.raw(&vec![1; length]), Err(expected.clone()));
        assert_eq!(public_raw(&key.public(), &vec![1; length]), Err(expected));
    }
    assert_eq!(key.raw(&modulus), Err(CryptoError::BlockTooLarge));
    assert_eq!(key.raw(&[0xFF; 128]), Err(CryptoError::BlockTooLarge));
    assert_eq!(public_raw(&key.public(), &modulus), Err(CryptoError::BlockTooLarge));
    let mut largest = modulus;
    *largest.last_mut().unwrap() -= 1;
    assert_eq!(key.raw(&largest).unwrap().expose(), largest);
}

#[test]
fn public_numbers_that_are_no_key_are_refused() {
    let block = [1; 128];
    let modulus = rsa_1024().public().rsa().unwrap().0.to_vec();
    let mut even = modulus.clone();
    *even.last_mut().unwrap() &= 0xFE;
    let bad: [(&[u8], &[u8]); 8] = [
        (&even, &[1, 0, 1]),
        (&modulus, &[1, 0, 0]),
        (&modulus, &[1]),
        (&modulus, &[]),
        (&[], &[3]),
        (&modulus, &modulus),
        (&[0xFF; 2049], &[3]),
        (&modulus, &[0xFF; 33]),
    ];
    for (modulus, exponent) in bad {
        let key = PublicKey::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() };
        assert_eq!(public_raw(&key, &block), Err(CryptoError::InvalidKey("RSA")));
        assert_eq!(pkcs1_verify(&key, b"info", &block), Err(CryptoError::InvalidKey("RSA")));
        assert_eq!(pkcs1_encrypt(&key, b"m"), Err(CryptoError::InvalidKey("RSA")));
    }
}

#[test]
fn components_of_a_card_give_the_same_key() {
    let key = rsa_1024();
    let all = key.components().unwrap();
    let without = |change: fn(&mut RsaComponents)| {
        let mut fewer = all.clone();
        change(&mut fewer);
        RsaPrivateKey::from_components(&fewer)
    };
    assert_eq!(without(|_| {}).as_ref(), Ok(key));
    assert_eq!(without(|all| all.modulus = None).as_ref(), Ok(key));
    assert_eq!(without(|all| all.public_exponent = None).as_ref(), Ok(key));
    assert_eq!(
        without(|all| (all.exponent_p, all.exponent_q, all.coefficient) = (None, None, None)).as_ref(),
        Ok(key)
    );
    let neither = without(|all| (all.public_exponent, all.exponent_p) = (None, None));
    assert_eq!(neither, Err(CryptoError::InvalidKey("RSA")));
    // Leading zeros, as an INTEGER or a fixed field has them.
    let padded = |number: &Secret| Secret::new([vec![0; 3], number.expose().to_vec()].concat());
    let wide = RsaComponents {
        public_exponent: None,
        prime_p: padded(&all.prime_p),
        exponent_p: all.exponent_p.as_ref().map(padded),
        coefficient: all.coefficient.as_ref().map(padded),
        ..all.clone()
    };
    assert_eq!(RsaPrivateKey::from_components(&wide).as_ref(), Ok(key));
}

/// Of a published key, and one of our own: modulus and exponents, and nothing of the primes.
#[test]
fn exponents_alone_give_the_same_key_and_wrong_ones_none() {
    let published = vectors("wycheproof/rsa_pkcs1_2048.txt").remove(0);
    let published = RsaPrivateKey::from_pkcs8_der(&Secret::new(bytes(&published[1]))).unwrap();
    for key in [rsa_1024(), &published] {
        let numbers = numbers(&key.to_bytes().unwrap());
        let [modulus, public, private] = [0, 1, 2].map(|index| numbers[index].clone());
        let made = RsaPrivateKey::from_exponents(&modulus, &public, &Secret::new(private.clone())).unwrap();
        let block = vec![0x2A; key.modulus_len() - 1];
        let block = [vec![0], block].concat();
        assert_eq!(made.raw(&block), key.raw(&block));
        let primes = |key: &RsaPrivateKey| {
            let all = key.components().unwrap();
            let mut primes = [all.prime_p.expose().to_vec(), all.prime_q.expose().to_vec()];
            primes.sort();
            primes
        };
        assert_eq!(primes(&made), primes(key));
        let mut other = private.clone();
        *other.last_mut().unwrap() ^= 2;
        for (public, private) in
            [(vec![1, 0, 1], other), (vec![3], private.clone()), (public.clone(), vec![1])]
        {
            let made = RsaPrivateKey::from_exponents(&modulus, &public, &Secret::new(private));
            assert!(made.is_err());
        }
        let even = [&modulus[..modulus.len() - 1], &[0]].concat();
        assert!(RsaPrivateKey::from_exponents(&even, &public, &Secret::new(private)).is_err());
    }
    assert!(RsaPrivateKey::from_exponents(&[15], &[3], &Secret::new(vec![3])).is_err(), "too small");
}

#[test]
fn exponents_that_no_key_has_are_refused() {
    let numbers = numbers(&rsa_1024().to_bytes().unwrap());
    let [modulus, public, private] = [0, 1, 2].map(|index| numbers[index].clone());
    let above = |number: &[u8], more: u8| {
        let mut above = number.to_vec();
        *above.last_mut().unwrap() ^= more;
        above
    };
    let wrong: [Vec<u8>; 8] = [
        vec![],
        vec![0],
        vec![1],
        vec![2],
        vec![0; 128],
        above(&private, 1),
        above(&modulus, 1),
        modulus.clone(),
    ];
    for private in &wrong {
        for public in [&public[..], &[1, 0, 3], &[0xFF; 32], &[0xFF; 128]] {
            let made = RsaPrivateKey::from_exponents(&modulus, public, &Secret::new(private.clone()));
            assert!(made.is_err(), "{public:x?} {private:x?}");
        }
    }
    for public in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[1, 0, 2], &[0xFF; 32]] {
        let made = RsaPrivateKey::from_exponents(&modulus, public, &Secret::new(private.clone()));
        assert!(made.is_err(), "{public:x?}");
    }
}

#[test]
fn components_that_do_not_fit_together_are_refused() {
    let all = rsa_1024().components().unwrap();
    let flip = |number: &Secret, mask: u8| {
        let mut changed = number.expose().to_vec();
        *changed.last_mut().unwrap() ^= mask;
        Secret::new(changed)
    };
    let prime_q = all.prime_q.clone();
    let bad = [
        RsaComponents { prime_p: flip(&all.prime_p, 2), ..all.clone() },
        RsaComponents { prime_q: flip(&all.prime_q, 1), ..all.clone() },
        RsaComponents { exponent_p: all.exponent_p.as_ref().map(|number| flip(number, 1)), ..all.clone() },
        RsaComponents { exponent_q: all.exponent_q.as_ref().map(|number| flip(number, 1)), ..all.clone() },
        RsaComponents { coefficient: all.coefficient.as_ref().map(|number| flip(number, 1)), ..all.clone() },
        RsaComponents { modulus: Some(vec![0xFF; 128]), ..all.clone() },
        RsaComponents { public_exponent: Some(vec![1, 0, 3]), ..all.clone() },
        RsaComponents { public_exponent: Some(vec![2]), ..all.clone() },
        RsaComponents { public_exponent: Some(vec![1]), ..all.clone() },
        RsaComponents { public_exponent: Some(vec![]), ..all.clone() },
        RsaComponents { prime_p: prime_q.clone(), ..all.clone() },
        RsaComponents { prime_p: Secret::new(vec![1]), ..all.clone() },
        RsaComponents { prime_p: Secret::default(), ..all.clone() },
        RsaComponents { prime_p: Secret::new(vec![0xFF; 4096]), ..all.clone() },
        // q and p exchanged: the coefficient belongs to the other order.
        RsaComponents { prime_p: all.prime_q.clone(), prime_q: all.prime_p.clone(), ..all.clone() },
    ];
    for (index, components) in bad.iter().enumerate() {
        assert_eq!(
            RsaPrivateKey::from_components(components),
            Err(CryptoError::InvalidKey("RSA")),
            "{index}"
        );
    }
}

/// The product of an odd number that is no prime and a prime, with exponents computed as for primes.
#[test]
fn components_with_a_composite_prime_are_refused() {
    let all = rsa_1024().components().unwrap();
    let mut random = Reproducible::new("components_with_a_composite_prime");
    let mut refused = 0;
    for _ in 0..8 {
        let mut odd = random.bytes(64);
        odd[0] |= 0xC0;
        odd[63] |= 1;
        let composite = RsaComponents {
            prime_p: Secret::new(odd),
            prime_q: all.prime_q.clone(),
            public_exponent: Some(vec![1, 0, 1]),
            ..RsaComponents::default()
        };
        refused += usize::from(RsaPrivateKey::from_components(&composite).is_err());
    }
    // One of 177 odd numbers of this size is prime: eight in a row do not all pass.
    assert!(refused >= 6, "{refused} of 8");
}

#[test]
fn generate_gives_exactly_the_bits_asked_for() {
    for bits in [1040, 1088] {
        assert_eq!(RsaPrivateKey::generate(bits).unwrap().modulus_bits(), bits);
    }
}

#[test]
fn generate_other_sizes_are_refused() {
    for bits in [0, 512, 1023, 1025, 2047, 4097, 8192, u32::MAX] {
        assert!(matches!(RsaPrivateKey::generate(bits), Err(CryptoError::Unsupported(_))), "{bits}");
    }
}

#[test]
fn der_that_is_no_key_is_refused_at_every_length() {
    let key = rsa_1024();
    let pkcs1 = key.to_bytes().unwrap();
    for end in 0..pkcs1.len() {
        let cut = Secret::from(&pkcs1.expose()[..end]);
        assert!(RsaPrivateKey::from_pkcs1_der(&cut).is_err() && RsaPrivateKey::from_pkcs8_der(&cut).is_err());
    }
    let ec =
        PrivateKey::from(crate::crypto::EcPrivateKey::from_scalar(crate::crypto::Curve::P256, &[1]).unwrap());
    assert!(RsaPrivateKey::from_pkcs8_der(&ec.to_pkcs8_der().unwrap()).is_err());
}

/// PKCS#1 of these numbers, whatever they are: n, e, d, p, q, dP, dQ, qInv.
fn pkcs1(numbers: &[Vec<u8>]) -> Secret {
    let integer = |number: &Vec<u8>| tlv::encode(0x02, &[vec![0], number.clone()].concat());
    let fields: Vec<Vec<u8>> = [vec![0x02, 1, 0]].into_iter().chain(numbers.iter().map(integer)).collect();
    Secret::new(tlv::encode(0x30, &fields.concat()))
}

/// The numbers of a PKCS#1 key without leading zeros.
fn numbers(der: &Secret) -> Vec<Vec<u8>> {
    let outer = tlv::find(der.expose(), 0x30).unwrap();
    let integers = tlv::Reader::new(outer).skip(1).map(|number| number.unwrap().value);
    integers.map(|number| number[usize::from(number[0] == 0)..].to_vec()).collect()
}

#[test]
fn der_with_impossible_numbers_is_refused_without_a_panic() {
    let good = numbers(&rsa_1024().to_bytes().unwrap());
    assert_eq!(good.len(), 8);
    let edges: [&[u8]; 7] = [&[], &[1], &[2], &[3], &[1, 0, 0], &[0xFF; 128], &[0xFF; 700]];
    // The last three numbers follow from the others; what a file says of them is not used.
    for index in 0..5 {
        for edge in edges.into_iter().chain(good.iter().map(Vec::as_slice)) {
            if edge == good[index] {
                continue;
            }
            let mut changed = good.clone();
            changed[index] = edge.to_vec();
            let result = RsaPrivateKey::from_pkcs1_der(&pkcs1(&changed));
            let bits = PublicKey::from_rsa(edge, &[3]).map_or(0, |key| key.bits());
            let expected = match (index, bits) {
                (0, 384..1024 | 4097..) => CryptoError::Unsupported(format!("RSA with {bits} bits")),
                _ => CryptoError::InvalidKey("RSA"),
            };
            assert_eq!(result, Err(expected), "number {index}, {} bytes", edge.len());
        }
    }
    let small = ["8f", "03", "5b", "0b", "0d", "01", "0b", "06"].map(bytes);
    assert_eq!(RsaPrivateKey::from_pkcs1_der(&pkcs1(&small)), Err(CryptoError::InvalidKey("RSA")));
}

#[test]
fn der_with_any_bytes_changed_never_panics() {
    let good = rsa_1024().to_bytes().unwrap();
    let mut random = Reproducible::new("der_with_any_bytes_changed");
    for _ in 0..400 {
        let mut changed = good.expose().to_vec();
        for _ in 0..=random.below(3) {
            let index = random.below(changed.len());
            changed[index] = random.next() as u8;
        }
        if let Ok(key) = RsaPrivateKey::from_pkcs1_der(&Secret::new(changed)) {
            // Only the three numbers that are not used, or a value that was there before.
            assert_eq!(&key, rsa_1024());
        }
    }
}

#[test]
fn key_debug_shows_the_size_only() {
    let key = rsa_1024();
    assert_eq!(format!("{key:?}"), "RsaPrivateKey(1024 bits)");
    let components = format!("{:?}", key.components().unwrap());
    assert!(components.contains("prime_p: Secret(64 bytes)"), "{components}");
}
