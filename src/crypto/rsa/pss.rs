//! RSA-PSS (RFC 8017, 8.1 and 9.1): encoding and verification around the raw operation, without any private key.

use subtle::ConstantTimeEq;

use super::{mgf, public_raw};
use crate::crypto::{CryptoError, DigestAlgorithm, Digester, PublicKey, random};

/// The choices of RSASSA-PSS: both sides must have made the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PssParameters {
    /// Digest of the message.
    pub hash: DigestAlgorithm,
    /// Digest in the mask generation function.
    pub mgf: DigestAlgorithm,
    /// Length of the salt in bytes.
    pub salt_len: usize,
}

impl PssParameters {
    /// The usual choices: one digest for both, and a salt as long as it (RFC 8017, 9.1, note 4).
    pub const fn usual(hash: DigestAlgorithm) -> Self {
        Self { hash, mgf: hash, salt_len: hash.output_len() }
    }

    /// The longest salt that a key of `modulus_bits` takes, in bytes; `None` when not even the digest fits.
    pub fn longest_salt(hash: DigestAlgorithm, modulus_bits: u32) -> Option<usize> {
        Layout::new(modulus_bits)?.len.checked_sub(hash.output_len() + 2)
    }
}

/// The block of a signature, as long as the modulus, with a new random salt. `digest` is that of the message.
/// Errors: `InputLength` when `digest` is not as long as the hash, or digest and salt are too long for the key;
/// `NoRandom`.
pub fn pss_encode(
    parameters: &PssParameters,
    digest: &[u8],
    modulus_bits: u32,
) -> Result<Vec<u8>, CryptoError> {
    let longest = PssParameters::longest_salt(parameters.hash, modulus_bits);
    if longest.is_none_or(|longest| parameters.salt_len > longest) {
        let expected = longest.unwrap_or_default();
        return Err(CryptoError::InputLength { actual: parameters.salt_len, expected });
    }
    encode_with_salt(parameters, digest, &random::bytes(parameters.salt_len)?, modulus_bits)
}

/// Verifies a signature over the digest of a message. `Ok(false)` is any signature that does not fit, one with
/// a salt of another length among them. Errors: `InvalidKey`.
pub fn pss_verify(
    public: &PublicKey,
    parameters: &PssParameters,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    let block = match public_raw(public, signature) {
        Ok(block) => block,
        Err(CryptoError::InputLength { .. } | CryptoError::BlockTooLarge) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(is_encoding_of(parameters, digest, block, public.bits()).unwrap_or(false))
}

/// Where things stand in a block of modulus length.
struct Layout {
    /// Length of the encoded message in bytes: the modulus less one bit.
    len: usize,
    /// Zero bytes in front of it: one where the modulus has one bit more than whole bytes.
    front: usize,
    /// Bits of the first byte that are used.
    first_byte: u8,
}

impl Layout {
    fn new(modulus_bits: u32) -> Option<Self> {
        let bits = modulus_bits.checked_sub(1)?;
        let len = bits.div_ceil(8) as usize;
        let front = (modulus_bits.div_ceil(8) as usize).checked_sub(len)?;
        let first_byte = 0xFF_u8.checked_shr(8 * u32::try_from(len).ok()? - bits)?;
        Some(Self { len, front, first_byte })
    }
}

/// EMSA-PSS-ENCODE (RFC 8017, 9.1.1) from the digest on.
fn encode_with_salt(
    parameters: &PssParameters,
    digest: &[u8],
    salt: &[u8],
    modulus_bits: u32,
) -> Result<Vec<u8>, CryptoError> {
    let hash_len = parameters.hash.output_len();
    if digest.len() != hash_len {
        return Err(CryptoError::InputLength { actual: digest.len(), expected: hash_len });
    }
    let too_long = CryptoError::InputLength { actual: salt.len(), expected: 0 };
    let Some(layout) = Layout::new(modulus_bits) else { return Err(too_long) };
    let Some(padding_len) = layout.len.checked_sub(hash_len + salt.len() + 2) else { return Err(too_long) };
    let hash = salted_hash(parameters.hash, digest, salt);
    let mut database = vec![0; padding_len];
    database.push(SEPARATOR);
    database.extend_from_slice(salt);
    mgf::mask(parameters.mgf, &hash, &mut database);
    if let Some(first) = database.first_mut() {
        *first &= layout.first_byte;
    }
    let mut block = vec![0; layout.front];
    block.extend_from_slice(&database);
    block.extend_from_slice(&hash);
    block.push(TRAILER);
    Ok(block)
}

/// EMSA-PSS-VERIFY (RFC 8017, 9.1.2) from the digest on; `None` for what is too short to be one.
fn is_encoding_of(
    parameters: &PssParameters,
    digest: &[u8],
    mut block: Vec<u8>,
    modulus_bits: u32,
) -> Option<bool> {
    let hash_len = parameters.hash.output_len();
    let layout = Layout::new(modulus_bits)?;
    let padding_len = layout.len.checked_sub(hash_len.checked_add(parameters.salt_len)?.checked_add(2)?)?;
    let (front, encoded) = block.split_at_mut_checked(layout.front)?;
    let (trailer, encoded) = encoded.split_last_mut()?;
    let (database, hash) = encoded.split_at_mut_checked(encoded.len().checked_sub(hash_len)?)?;
    if digest.len() != hash_len
        || front.iter().any(|byte| *byte != 0)
        || *trailer != TRAILER
        || database.first()? & !layout.first_byte != 0
    {
        return Some(false);
    }
    mgf::mask(parameters.mgf, hash, database);
    *database.first_mut()? &= layout.first_byte;
    let (padding, salted) = database.split_at_checked(padding_len)?;
    let (separator, salt) = salted.split_first()?;
    if padding.iter().any(|byte| *byte != 0) || *separator != SEPARATOR {
        return Some(false);
    }
    Some(salted_hash(parameters.hash, digest, salt).ct_eq(hash).into())
}

/// H of the encoding: the digest of eight zeros, the message's digest and the salt.
fn salted_hash(algorithm: DigestAlgorithm, digest: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut digester = Digester::new(algorithm);
    digester.update(&[0; 8]);
    digester.update(digest);
    digester.update(salt);
    digester.finish()
}

const SEPARATOR: u8 = 0x01;
const TRAILER: u8 = 0xBC;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::RsaPrivateKey;
    use crate::crypto::digest::digest;
    use crate::crypto::testing::{OpenSsl, Reproducible, bytes, rsa_1024, vectors};

    fn sign(key: &RsaPrivateKey, parameters: &PssParameters, message: &[u8]) -> Vec<u8> {
        let block = pss_encode(parameters, &digest(parameters.hash, message), key.modulus_bits()).unwrap();
        key.raw(&block).unwrap().expose().to_vec()
    }

    fn openssl_name(algorithm: DigestAlgorithm) -> String {
        algorithm.name().to_lowercase().replace("sha-", "sha")
    }

    #[test]
    fn verify_wycheproof_signatures_are_judged_right() {
        let mut judged = 0;
        for file in ["wycheproof/rsa_pss.txt", "wycheproof/rsa_pss_misc.txt"] {
            let mut key = None;
            for line in vectors(file) {
                if line[0] == "key" {
                    let algorithm = |field: &str| DigestAlgorithm::from_name(field).unwrap();
                    let (hash, mgf) = (algorithm(&line[2]), algorithm(&line[3]));
                    let parameters = PssParameters { hash, mgf, salt_len: line[4].parse().unwrap() };
                    key = Some((PublicKey::from_spki_der(&bytes(&line[1])).unwrap(), parameters));
                    continue;
                }
                let (public, parameters) = key.as_ref().unwrap();
                let hashed = digest(parameters.hash, &bytes(&line[2]));
                let verified = pss_verify(public, parameters, &hashed, &bytes(&line[3]));
                // "Acceptable" are weak choices (SHA-1), not odd encodings.
                assert_eq!(verified, Ok(line[1] != "invalid"), "{file} {}", line[0]);
                judged += 1;
            }
        }
        assert!(judged > 500, "{judged}");
    }

    #[test]
    fn signatures_of_every_digest_and_mask_are_verified_by_openssl() {
        let openssl = OpenSsl::new();
        let key = rsa_1024();
        openssl.write("key.pub", &key.public().to_spki_der());
        for (index, hash) in DigestAlgorithm::ALL.into_iter().enumerate() {
            let mgf = DigestAlgorithm::ALL[(index * 4 + 1) % DigestAlgorithm::ALL.len()];
            for (mgf, salt_len) in [(hash, hash.output_len().min(62)), (mgf, 0), (mgf, 11)] {
                let parameters = PssParameters { hash, mgf, salt_len };
                openssl.write("digest", &digest(hash, b"message"));
                openssl.write("signature", &sign(key, &parameters, b"message"));
                openssl.run(&format!(
                    "pkeyutl -verify -pubin -keyform DER -inkey key.pub -in digest -sigfile signature \
                     -pkeyopt rsa_padding_mode:pss -pkeyopt digest:{} -pkeyopt rsa_mgf1_md:{} \
                     -pkeyopt rsa_pss_saltlen:{salt_len}",
                    openssl_name(hash),
                    openssl_name(mgf)
                ));
            }
        }
    }

    /// Keys of sizes around whole bytes: of 1025 bits, the block has a zero byte in front.
    #[test]
    fn signatures_of_openssl_are_verified_for_every_size_of_key() {
        let openssl = OpenSsl::new();
        for bits in [1024_usize, 1025, 1026, 1031] {
            openssl.run(&format!("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -out key.pem"));
            openssl.run("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out key.der");
            openssl.run("pkey -in key.pem -pubout -outform DER -out key.pub");
            let der = crate::codec::Secret::new(openssl.read("key.der"));
            let key = RsaPrivateKey::from_pkcs8_der(&der).unwrap();
            let hashed = digest(DigestAlgorithm::Sha256, b"message");
            openssl.write("digest", &hashed);
            for salt_len in [0, 1, 32, (bits - 1).div_ceil(8) - 34] {
                let parameters = PssParameters { salt_len, ..PssParameters::usual(DigestAlgorithm::Sha256) };
                let options = format!(
                    "-pkeyopt rsa_padding_mode:pss -pkeyopt digest:sha256 -pkeyopt rsa_pss_saltlen:{salt_len}"
                );
                let theirs = openssl.run(&format!("pkeyutl -sign -inkey key.pem -in digest {options}"));
                let verified = |parameters| pss_verify(&key.public(), &parameters, &hashed, &theirs);
                assert_eq!(verified(parameters), Ok(true), "{bits} {salt_len}");
                assert_eq!(verified(PssParameters { salt_len: salt_len + 1, ..parameters }), Ok(false));
                let other = PssParameters { mgf: DigestAlgorithm::Sha1, ..parameters };
                assert_eq!(verified(other), Ok(false));
                openssl.write("signature", &sign(&key, &parameters, b"message"));
                openssl.run(&format!(
                    "pkeyutl -verify -pubin -keyform DER -inkey key.pub -in digest -sigfile signature {options}"
                ));
            }
        }
    }

    #[test]
    fn signing_twice_gives_two_signatures() {
        let parameters = PssParameters::usual(DigestAlgorithm::Sha256);
        assert_ne!(sign(rsa_1024(), &parameters, b"m"), sign(rsa_1024(), &parameters, b"m"));
    }

    #[test]
    fn encode_salt_takes_what_fits_and_no_byte_more() {
        let hash = DigestAlgorithm::Sha512;
        let hashed = digest(hash, b"m");
        assert_eq!(PssParameters::longest_salt(hash, 1024), Some(62));
        assert_eq!(PssParameters::longest_salt(hash, 1025), Some(62));
        assert_eq!(PssParameters::longest_salt(hash, 1026), Some(63));
        let with = |salt_len| PssParameters { salt_len, ..PssParameters::usual(hash) };
        assert_eq!(pss_encode(&with(62), &hashed, 1024).unwrap().len(), 128);
        for salt_len in [63, 1 << 20, usize::MAX] {
            let refused = CryptoError::InputLength { actual: salt_len, expected: 62 };
            assert_eq!(pss_encode(&with(salt_len), &hashed, 1024), Err(refused));
        }
        for bits in [0, 1, 8, 512, 520] {
            assert_eq!(PssParameters::longest_salt(hash, bits), None);
            assert!(pss_encode(&with(0), &hashed, bits).is_err());
        }
        let wrong = pss_encode(&with(0), &hashed[1..], 1024);
        assert_eq!(wrong, Err(CryptoError::InputLength { actual: 63, expected: 64 }));
    }

    #[test]
    fn verify_damaged_signatures_and_blocks_are_bad_without_a_panic() {
        let key = rsa_1024();
        let parameters = PssParameters::usual(DigestAlgorithm::Sha256);
        let hashed = digest(DigestAlgorithm::Sha256, b"m");
        let good = sign(key, &parameters, b"m");
        let verified = |parameters: &PssParameters, hashed: &[u8], signature: &[u8]| {
            pss_verify(&key.public(), parameters, hashed, signature)
        };
        assert_eq!(verified(&parameters, &hashed, &good), Ok(true));
        for bad in [&good[1..], &[&good[..], &[0]].concat(), &[], &[0; 128], &[0xFF; 128]] {
            assert_eq!(verified(&parameters, &hashed, bad), Ok(false));
        }
        for salt_len in [0, 31, 33, 94, 95, usize::MAX - 33, usize::MAX] {
            let other = PssParameters { salt_len, ..parameters };
            assert_eq!(verified(&other, &hashed, &good), Ok(false), "{salt_len}");
        }
        for other in [&hashed[1..], &[], &digest(DigestAlgorithm::Sha256, b"n")] {
            assert_eq!(verified(&parameters, other, &good), Ok(false));
        }
        let block = pss_encode(&parameters, &hashed, 1024).unwrap();
        let mut random = Reproducible::new("verify_damaged_signatures");
        for _ in 0..64 {
            let mut changed = block.clone();
            changed[random.below(128)] ^= 1 << random.below(7);
            if changed[0] & 0x80 == 0 {
                let judged = is_encoding_of(&parameters, &hashed, changed, 1024);
                assert_eq!(judged, Some(false));
            }
        }
        for len in 0..128 {
            assert_ne!(is_encoding_of(&parameters, &hashed, block[..len].to_vec(), 1024), Some(true));
        }
    }
}
