//! Keys from a shared secret: the function of ANSI X9.63 (SEC 1, 3.6.1) and HKDF (RFC 5869).

use zeroize::Zeroizing;

use super::mac::MacComputation;
use super::{CryptoError, DigestAlgorithm, Digester};
use crate::codec::Secret;

/// ANSI X9.63: `length` bytes from a shared secret, bound to `shared_info`.
/// Errors: `InputLength` for more than [`MAX_LEN`] bytes.
pub fn x963(
    algorithm: DigestAlgorithm,
    secret: &Secret,
    shared_info: &[u8],
    length: usize,
) -> Result<Secret, CryptoError> {
    check_length(length, MAX_LEN)?;
    let mut output = Vec::with_capacity(length);
    for (counter, wanted) in (1u32..).zip(pieces(length, algorithm)) {
        let mut digester = Digester::new(algorithm);
        digester.update(secret.expose());
        digester.update(&counter.to_be_bytes());
        digester.update(shared_info);
        let block = Zeroizing::new(digester.finish());
        output.extend_from_slice(block.get(..wanted).unwrap_or_default());
    }
    Ok(Secret::new(output))
}

/// HKDF's first step: a key as long as the digest. An empty salt is as many zeros (RFC 5869, 2.2).
/// Errors: those of HMAC, none in fact.
pub fn hkdf_extract(
    algorithm: DigestAlgorithm,
    salt: &[u8],
    key_material: &Secret,
) -> Result<Secret, CryptoError> {
    // HMAC fills a short key up with zeros: an empty salt and one of zeros are one key.
    let mut mac = MacComputation::hmac(algorithm, &Secret::from(salt))?;
    mac.update(key_material.expose());
    Ok(mac.finish())
}

/// HKDF's second step: `length` bytes from a key as [`hkdf_extract`] gives it, or one that is as good.
/// Errors: `InputLength` for more than 255 digests.
pub fn hkdf_expand(
    algorithm: DigestAlgorithm,
    key: &Secret,
    info: &[u8],
    length: usize,
) -> Result<Secret, CryptoError> {
    check_length(length, usize::from(u8::MAX) * algorithm.output_len())?;
    let mut output = Vec::with_capacity(length);
    let mut previous = Secret::default();
    for (counter, wanted) in (1u8..=u8::MAX).zip(pieces(length, algorithm)) {
        let mut mac = MacComputation::hmac(algorithm, key)?;
        mac.update(previous.expose());
        mac.update(info);
        mac.update(&[counter]);
        previous = mac.finish();
        output.extend_from_slice(previous.expose().get(..wanted).unwrap_or_default());
    }
    Ok(Secret::new(output))
}

/// How many bytes each digest gives to an output of `length`.
fn pieces(length: usize, algorithm: DigestAlgorithm) -> impl Iterator<Item = usize> {
    let piece = algorithm.output_len();
    (0..length.div_ceil(piece)).map(move |index| piece.min(length - index * piece))
}

fn check_length(actual: usize, most: usize) -> Result<(), CryptoError> {
    if actual > most { Err(CryptoError::InputLength { actual, expected: most }) } else { Ok(()) }
}

/// Most bytes that [`x963`] gives: no key is longer, and the counter never comes to its end.
pub const MAX_LEN: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;
    use crate::crypto::testing::{OpenSsl, Reproducible, bytes, vectors};

    #[test]
    fn x963_published_examples_match() {
        for line in vectors("crypto/x963.txt") {
            let algorithm = DigestAlgorithm::from_name(&line[0]).unwrap();
            let expected = Secret::new(bytes(&line[3]));
            let secret = Secret::new(bytes(&line[1]));
            assert_eq!(x963(algorithm, &secret, &bytes(&line[2]), expected.len()), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn x963_agrees_with_openssl() {
        let openssl = OpenSsl::new();
        let mut random = Reproducible::new("x963_agrees_with_openssl");
        for algorithm in DigestAlgorithm::ALL {
            let (info_len, length) = (1 + random.below(40), 1 + random.below(200));
            let (secret, info) = (random.bytes(48), random.bytes(info_len));
            let (name, secret_text, info_text) =
                (algorithm.name().replace("SHA-", "SHA"), hex::encode(&secret), hex::encode(&info));
            let line = format!(
                "kdf -binary -keylen {length} -kdfopt digest:{name} -kdfopt hexsecret:{secret_text} \
                 -kdfopt hexinfo:{info_text} X963KDF"
            );
            let expected = Secret::new(openssl.run(&line));
            assert_eq!(x963(algorithm, &Secret::new(secret), &info, length), Ok(expected), "{line}");
        }
    }

    #[test]
    fn hkdf_wycheproof_keys_match_and_too_long_ones_are_refused() {
        for line in vectors("wycheproof/hkdf.txt") {
            let algorithm = DigestAlgorithm::from_name(&line[2]).unwrap();
            let key = hkdf_extract(algorithm, &bytes(&line[4]), &Secret::new(bytes(&line[3]))).unwrap();
            let derived = hkdf_expand(algorithm, &key, &bytes(&line[5]), line[6].parse().unwrap());
            match line[1].as_str() {
                "valid" => assert_eq!(derived, Ok(Secret::new(bytes(&line[7]))), "{algorithm} {}", line[0]),
                _ => assert!(
                    matches!(derived, Err(CryptoError::InputLength { .. })),
                    "{algorithm} {}",
                    line[0]
                ),
            }
        }
    }

    #[test]
    fn x963_more_than_any_key_needs_is_refused() {
        let derived = x963(DigestAlgorithm::Sha256, &Secret::from("z"), b"", MAX_LEN + 1);
        assert_eq!(derived, Err(CryptoError::InputLength { actual: MAX_LEN + 1, expected: MAX_LEN }));
    }
}
