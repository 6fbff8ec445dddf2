//! Message authentication codes: HMAC (FIPS 198-1) over every digest here, CMAC with AES (SP 800-38B).

use std::fmt;

use ::cmac::Cmac;
use ::hmac::{Hmac, KeyInit};
use subtle::ConstantTimeEq;

use super::aes::AesKey;
use super::{CryptoError, DigestAlgorithm};
use crate::codec::Secret;

/// A code being computed.
pub struct MacComputation(Box<dyn Running + Send>);

impl MacComputation {
    /// Starts an HMAC; the key may have any length. Errors: none that these digests have (`InvalidKey`).
    pub fn hmac(algorithm: DigestAlgorithm, key: &Secret) -> Result<Self, CryptoError> {
        match algorithm {
            DigestAlgorithm::Sha1 => keyed::<Hmac<sha1::Sha1>>(key),
            DigestAlgorithm::Sha224 => keyed::<Hmac<sha2::Sha224>>(key),
            DigestAlgorithm::Sha256 => keyed::<Hmac<sha2::Sha256>>(key),
            DigestAlgorithm::Sha384 => keyed::<Hmac<sha2::Sha384>>(key),
            DigestAlgorithm::Sha512 => keyed::<Hmac<sha2::Sha512>>(key),
            DigestAlgorithm::Sha3_224 => keyed::<Hmac<sha3::Sha3_224>>(key),
            DigestAlgorithm::Sha3_256 => keyed::<Hmac<sha3::Sha3_256>>(key),
            DigestAlgorithm::Sha3_384 => keyed::<Hmac<sha3::Sha3_384>>(key),
            DigestAlgorithm::Sha3_512 => keyed::<Hmac<sha3::Sha3_512>>(key),
        }
    }

    /// Starts a CMAC. Errors: none for a key that is one (`InvalidKey`).
    pub fn cmac(key: &AesKey) -> Result<Self, CryptoError> {
        match key.key_bits() {
            128 => keyed::<Cmac<aes::Aes128>>(key.secret()),
            192 => keyed::<Cmac<aes::Aes192>>(key.secret()),
            _ => keyed::<Cmac<aes::Aes256>>(key.secret()),
        }
    }

    /// Takes in more data.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The whole code: as long as the digest, 16 bytes for CMAC.
    pub fn finish(self) -> Secret {
        self.0.finish()
    }

    /// Compares with a code of `tag_len` bytes, in constant time. `tag_len` is what the receiver demands,
    /// never what the sender sent: a tag of another length does not fit, nor does an empty one.
    pub fn verify(self, tag: &[u8], tag_len: usize) -> bool {
        let whole = self.finish();
        match whole.expose().get(..tag_len) {
            Some(expected) if tag_len > 0 => expected.ct_eq(tag).into(),
            _ => false,
        }
    }
}

impl fmt::Debug for MacComputation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacComputation")
    }
}

/// What HMAC and CMAC have in common, whatever is inside.
trait Running {
    fn update(&mut self, data: &[u8]);
    fn finish(self: Box<Self>) -> Secret;
}

impl<M: ::hmac::Mac> Running for M {
    fn update(&mut self, data: &[u8]) {
        ::hmac::Mac::update(self, data);
    }

    fn finish(self: Box<Self>) -> Secret {
        Secret::from((*self).finalize().into_bytes().as_slice())
    }
}

fn keyed<M: ::hmac::Mac + KeyInit + Send + 'static>(key: &Secret) -> Result<MacComputation, CryptoError> {
    let started = <M as KeyInit>::new_from_slice(key.expose()).map_err(|_| CryptoError::InvalidKey("MAC"))?;
    Ok(MacComputation(Box::new(started)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{bytes, vectors};

    #[test]
    fn hmac_wycheproof_tags_are_judged_right() {
        for line in vectors("wycheproof/hmac.txt") {
            let algorithm = DigestAlgorithm::from_name(&line[2]).unwrap();
            let mut mac = MacComputation::hmac(algorithm, &Secret::new(bytes(&line[3]))).unwrap();
            let (message, tag) = (bytes(&line[4]), bytes(&line[5]));
            message.chunks(7).for_each(|part| mac.update(part));
            assert_eq!(mac.verify(&tag, tag.len()), line[1] == "valid", "{algorithm} {}", line[0]);
        }
    }

    #[test]
    fn cmac_wycheproof_tags_are_judged_right() {
        for line in vectors("wycheproof/aes_cmac.txt") {
            let Ok(key) = AesKey::new(Secret::new(bytes(&line[2]))) else {
                assert_eq!(line[1], "invalid", "{}", line[0]);
                continue;
            };
            let mut mac = MacComputation::cmac(&key).unwrap();
            let (message, tag) = (bytes(&line[3]), bytes(&line[4]));
            message.chunks(5).for_each(|part| mac.update(part));
            assert_eq!(mac.verify(&tag, 16), line[1] == "valid", "{}", line[0]);
        }
    }

    #[test]
    fn verify_tag_of_another_length_than_demanded_does_not_fit() {
        let mac = || MacComputation::hmac(DigestAlgorithm::Sha256, &Secret::from("key")).unwrap();
        let tag = mac().finish();
        assert!(mac().verify(tag.expose(), 32));
        assert!(mac().verify(&tag.expose()[..16], 16));
        for (length, demanded) in [(16, 32), (1, 32), (0, 32), (0, 0), (32, 33), (32, 16)] {
            assert!(!mac().verify(&tag.expose()[..length], demanded), "{length} {demanded}");
        }
    }
}
