//! RSA-OAEP (RFC 8017, 7.1) over blocks of modulus length, without any private key.
//!
//! Whoever learns whether the first byte of a decrypted block was zero decrypts any message with some thousand
//! questions (Manger, CRYPTO 2001). [`oaep_unpad`] therefore looks at everything, in constant time, before
//! anything is said, and there is one error for all that can be wrong.

use std::fmt;

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::padding::Unpadded;
use super::{mgf, public_raw};
use crate::codec::Secret;
use crate::crypto::{CryptoError, DigestAlgorithm, PublicKey, digest, random};

/// The choices of RSAES-OAEP: both sides must have made the same ones.
#[derive(Clone, PartialEq, Eq)]
pub struct OaepParameters {
    hash: DigestAlgorithm,
    mgf: DigestAlgorithm,
    /// Digest of the label: all that the padding needs of it.
    label_hash: Vec<u8>,
}

impl OaepParameters {
    /// A digest, one for the mask generation function (mostly the same), and a label (mostly empty).
    pub fn new(hash: DigestAlgorithm, mgf: DigestAlgorithm, label: &[u8]) -> Self {
        Self { hash, mgf, label_hash: digest::digest(hash, label) }
    }

    /// The longest message for a key of this many bytes; `None` when not even an empty one fits.
    pub fn longest_message(&self, modulus_len: usize) -> Option<usize> {
        modulus_len.checked_sub(2 * self.hash.output_len() + 2)
    }
}

impl fmt::Debug for OaepParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OaepParameters({}, MGF1 with {})", self.hash, self.mgf)
    }
}

/// Encrypts a message of at most modulus length − 2 × digest − 2 bytes.
/// Errors: `InvalidKey`, `InputLength` for a longer message, `NoRandom`.
pub fn oaep_encrypt(
    public: &PublicKey,
    parameters: &OaepParameters,
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let (modulus, _) = public.rsa().ok_or(CryptoError::InvalidKey("RSA"))?;
    let modulus_len = crate::crypto::integer::trim(modulus).len();
    public_raw(public, encode(parameters, message, modulus_len)?.expose())
}

/// Takes the padding off a decrypted block of modulus length, in constant time for that length.
/// The only error is of public facts: `InputLength` for a block that is too short for the digest.
pub fn oaep_unpad(parameters: &OaepParameters, block: &Secret) -> Result<Unpadded, CryptoError> {
    let hash_len = parameters.hash.output_len();
    let mut bytes = Zeroizing::new(block.expose().to_vec());
    let shortest = 2 * hash_len + 2;
    let too_short = CryptoError::InputLength { actual: bytes.len(), expected: shortest };
    if bytes.len() < shortest {
        return Err(too_short);
    }
    let block_len = bytes.len() as u32;
    let Some((first, rest)) = bytes.split_first_mut() else { return Err(too_short) };
    let Some((seed, database)) = rest.split_at_mut_checked(hash_len) else { return Err(too_short) };
    mgf::mask(parameters.mgf, database, seed);
    mgf::mask(parameters.mgf, seed, database);
    let Some((label_hash, padded)) = database.split_at_checked(hash_len) else { return Err(too_short) };
    let mut valid = first.ct_eq(&0x00) & label_hash.ct_eq(&parameters.label_hash);
    let mut separator = 0u32;
    let mut found = Choice::from(0);
    for (index, byte) in (0u32..).zip(padded) {
        let is_zero = byte.ct_eq(&0x00);
        let is_separator = byte.ct_eq(&SEPARATOR) & !found;
        separator.conditional_assign(&index, is_separator);
        // Zeros until the separator, then anything.
        valid &= found | is_separator | is_zero;
        found |= is_separator;
    }
    valid &= found;
    let before = (block_len - padded.len() as u32).wrapping_add(separator).wrapping_add(1);
    let message_len = u32::conditional_select(&0, &block_len.wrapping_sub(before), valid);
    Ok(Unpadded::new(bytes, message_len, valid))
}

/// The block of an encryption (RFC 8017, 7.1.1, step 2). Errors: `InputLength`, `NoRandom`.
fn encode(parameters: &OaepParameters, message: &[u8], modulus_len: usize) -> Result<Secret, CryptoError> {
    let longest = parameters.longest_message(modulus_len);
    let Some(padding_len) = longest.and_then(|longest| longest.checked_sub(message.len())) else {
        let expected = longest.unwrap_or_default();
        return Err(CryptoError::InputLength { actual: message.len(), expected });
    };
    let mut seed = Zeroizing::new(random::bytes(parameters.hash.output_len())?);
    let mut database = Zeroizing::new(Vec::with_capacity(modulus_len));
    database.extend_from_slice(&parameters.label_hash);
    let separator = database.len() + padding_len;
    database.resize(separator, 0);
    database.push(SEPARATOR);
    database.extend_from_slice(message);
    mgf::mask(parameters.mgf, &seed, &mut database);
    mgf::mask(parameters.mgf, &database, &mut seed);
    let mut block = Vec::with_capacity(modulus_len);
    block.push(0x00);
    block.extend_from_slice(&seed);
    block.extend_from_slice(&database);
    Ok(Secret::new(block))
}

const SEPARATOR: u8 = 0x01;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::hex;
    use crate::crypto::RsaPrivateKey;
    use crate::crypto::testing::{OpenSsl, Reproducible, bytes, rsa_1024, vectors};

    const SHA1: DigestAlgorithm = DigestAlgorithm::Sha1;

    fn decrypt(
        key: &RsaPrivateKey,
        parameters: &OaepParameters,
        ciphertext: &[u8],
    ) -> Result<Secret, CryptoError> {
        oaep_unpad(parameters, &key.raw(ciphertext)?)?.into_message()
    }

    #[test]
    fn decrypt_wycheproof_ciphertexts_are_judged_right() {
        let mut judged = 0;
        for file in ["wycheproof/rsa_oaep.txt", "wycheproof/rsa_oaep_misc.txt"] {
            let mut key = None;
            for line in vectors(file) {
                if line[0] == "key" {
                    let algorithm = |field: &str| DigestAlgorithm::from_name(field).unwrap();
                    let private = RsaPrivateKey::from_pkcs8_der(&Secret::new(bytes(&line[1]))).unwrap();
                    key = Some((private, algorithm(&line[2]), algorithm(&line[3])));
                    continue;
                }
                let (key, hash, mgf) = key.as_ref().unwrap();
                let parameters = OaepParameters::new(*hash, *mgf, &bytes(&line[3]));
                let message = decrypt(key, &parameters, &bytes(&line[4]));
                // "Acceptable" are weak choices, not odd encodings.
                match line[1].as_str() {
                    "invalid" => assert!(message.is_err(), "{file} {}", line[0]),
                    _ => assert_eq!(message, Ok(Secret::new(bytes(&line[2]))), "{file} {}", line[0]),
                }
                judged += 1;
            }
        }
        assert!(judged > 300, "{judged}");
    }

    #[test]
    fn every_digest_mask_and_label_goes_both_ways_with_openssl() {
        let openssl = OpenSsl::new();
        let (key, public) = (rsa_1024(), rsa_1024().public());
        openssl.write("key.pub", &public.to_spki_der());
        let private = crate::crypto::PrivateKey::from(key.clone()).to_pkcs8_der().unwrap();
        openssl.write("key.der", private.expose());
        let name = |algorithm: DigestAlgorithm| algorithm.name().to_lowercase().replace("sha-", "sha");
        for (index, hash) in DigestAlgorithm::ALL.into_iter().enumerate() {
            let other = DigestAlgorithm::ALL[(index * 4 + 1) % DigestAlgorithm::ALL.len()];
            for (mgf, label) in [(hash, &b""[..]), (other, b"a label")] {
                let parameters = OaepParameters::new(hash, mgf, label);
                let Some(longest) = parameters.longest_message(128) else {
                    assert_eq!(hash.output_len(), 64);
                    assert!(oaep_encrypt(&public, &parameters, b"").is_err());
                    continue;
                };
                let message = vec![0x42; longest.min(20)];
                let mut options =
                    format!("-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:{} ", name(hash));
                options.push_str(&format!("-pkeyopt rsa_mgf1_md:{}", name(mgf)));
                if !label.is_empty() {
                    options.push_str(&format!(" -pkeyopt rsa_oaep_label:{}", hex::encode(label)));
                }
                openssl.write("message", &message);
                openssl.write("ciphertext", &oaep_encrypt(&public, &parameters, &message).unwrap());
                let plain = openssl
                    .run(&format!("pkeyutl -decrypt -keyform DER -inkey key.der -in ciphertext {options}"));
                assert_eq!(plain, message, "{hash} {mgf}");
                let theirs = openssl.run(&format!(
                    "pkeyutl -encrypt -pubin -keyform DER -inkey key.pub -in message {options}"
                ));
                assert_eq!(decrypt(key, &parameters, &theirs), Ok(Secret::new(message)), "{hash} {mgf}");
                for wrong in [OaepParameters::new(hash, mgf, b"L"), OaepParameters::new(other, mgf, label)] {
                    assert!(decrypt(key, &wrong, &theirs).is_err());
                }
            }
        }
    }

    #[test]
    fn encrypt_takes_what_fits_and_no_byte_more() {
        let parameters = OaepParameters::new(SHA1, SHA1, b"");
        let public = rsa_1024().public();
        for length in [0, 1, 85, 86] {
            let ciphertext = oaep_encrypt(&public, &parameters, &vec![0; length]).unwrap();
            assert_eq!(decrypt(rsa_1024(), &parameters, &ciphertext), Ok(Secret::new(vec![0; length])));
        }
        let too_long = oaep_encrypt(&public, &parameters, &[0; 87]);
        assert_eq!(too_long, Err(CryptoError::InputLength { actual: 87, expected: 86 }));
        let ec = crate::crypto::EcPrivateKey::from_scalar(crate::crypto::Curve::P256, &[1]).unwrap();
        assert!(oaep_encrypt(&ec.public(), &parameters, b"m").is_err());
    }

    /// Every way to be wrong, alone: the answer is one and the same.
    #[test]
    fn unpad_wrong_blocks_all_get_the_same_answer() {
        let parameters = OaepParameters::new(SHA1, SHA1, b"");
        let database = |padded: &[u8]| [parameters.label_hash.clone(), padded.to_vec()].concat();
        let block = |first: u8, mut database: Vec<u8>| {
            let mut seed = vec![7; 20];
            mgf::mask(SHA1, &seed, &mut database);
            mgf::mask(SHA1, &database, &mut seed);
            Secret::new([vec![first], seed, database].concat())
        };
        let unpad = |block: &Secret| oaep_unpad(&parameters, block).unwrap();
        let good = block(0, database(&[0, 0, 1, 5, 6]));
        assert_eq!(unpad(&good).into_message(), Ok(Secret::new(vec![5, 6])));
        let mut other_label = database(&[0, 0, 1, 5, 6]);
        other_label[0] ^= 1;
        for bad in [
            block(1, database(&[0, 0, 1, 5, 6])),
            block(0, other_label),
            block(0, database(&[0, 0, 2, 1, 6])),
            block(0, database(&[9, 0, 1, 5, 6])),
            block(0, database(&[0, 0, 0, 0, 0])),
        ] {
            let mut out = [0xEE; 8];
            let (given, length) = unpad(&bad).copy_to(&mut out);
            assert_eq!((bool::from(given), length, out), (false, 0, [0; 8]));
            assert_eq!(unpad(&bad).into_message(), Err(CryptoError::Decryption));
        }
    }

    #[test]
    fn unpad_short_and_random_blocks_never_panic() {
        let parameters = OaepParameters::new(SHA1, DigestAlgorithm::Sha512, b"");
        let mut random = Reproducible::new("unpad_short_and_random_blocks");
        for length in 0..160 {
            let unpadded = oaep_unpad(&parameters, &Secret::new(random.bytes(length)));
            assert_eq!(unpadded.is_err(), length < 42);
            assert!(unpadded.and_then(Unpadded::into_message).is_err());
        }
    }
}
