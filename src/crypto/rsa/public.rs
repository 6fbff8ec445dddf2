//! RSA with the public half: the raw operation, PKCS#1 v1.5 signatures and encryption.

use rsa::hazmat::rsa_encrypt;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPublicKey};
use subtle::ConstantTimeEq;

use super::padding::{pkcs1_encrypt_encode, pkcs1_sign_encode};
use crate::crypto::integer::trim;
use crate::crypto::{CryptoError, PublicKey};

/// Largest modulus that is computed with, in bits: a card's word alone must not cost minutes.
const MAX_PUBLIC_MODULUS_BITS: u32 = 16_384;
/// Largest public exponent, in bits (FIPS 186-5, 5.4).
pub(super) const MAX_EXPONENT_BITS: u32 = 256;

/// The public operation on one block of exactly modulus length that is, as a number, below the modulus.
/// Errors: `InvalidKey` for a key of another family or no RSA key, `InputLength`, `BlockTooLarge`.
pub fn public_raw(public: &PublicKey, block: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = numbers(public)?;
    let length = key.size();
    let number = block_number(block, key.n(), length)?;
    let result = rsa_encrypt(&key, &number).map_err(|_| CryptoError::InvalidKey("RSA"))?;
    Ok(super::secret_block(&result, length).expose().to_vec())
}

/// Verifies a PKCS#1 v1.5 signature over a DigestInfo (or over whatever bytes were signed raw).
/// The expected block is built and compared whole: nothing is parsed that the signer could hide bytes in.
/// `Ok(false)` is any signature that does not fit; errors: `InvalidKey`.
pub fn pkcs1_verify(public: &PublicKey, digest_info: &[u8], signature: &[u8]) -> Result<bool, CryptoError> {
    let block = match public_raw(public, signature) {
        Ok(block) => block,
        Err(CryptoError::InputLength { .. } | CryptoError::BlockTooLarge) => return Ok(false),
        Err(error) => return Err(error),
    };
    match pkcs1_sign_encode(digest_info, block.len()) {
        Ok(expected) => Ok(expected.ct_eq(&block).into()),
        Err(_) => Ok(false),
    }
}

/// Encrypts a message of at most modulus length − 11 bytes with PKCS#1 v1.5 padding.
/// Errors: `InvalidKey`, `InputLength` for a longer message, `NoRandom`.
pub fn pkcs1_encrypt(public: &PublicKey, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let length = numbers(public)?.size();
    public_raw(public, pkcs1_encrypt_encode(message, length)?.expose())
}

/// `block` as a number. Errors: `InputLength` when it is not `length` bytes long, `BlockTooLarge` when it is
/// not below `modulus`.
pub(super) fn block_number(
    block: &[u8],
    modulus: &BoxedUint,
    length: usize,
) -> Result<BoxedUint, CryptoError> {
    if block.len() != length {
        return Err(CryptoError::InputLength { actual: block.len(), expected: length });
    }
    let number = BoxedUint::from_be_slice(block, modulus.bits_precision())
        .map_err(|_| CryptoError::InputLength { actual: block.len(), expected: length })?;
    if number < modulus { Ok(number) } else { Err(CryptoError::BlockTooLarge) }
}

fn numbers(public: &PublicKey) -> Result<RsaPublicKey, CryptoError> {
    let PublicKey::Rsa { modulus, exponent } = public else {
        return Err(CryptoError::InvalidKey("RSA"));
    };
    let n = number(modulus, MAX_PUBLIC_MODULUS_BITS)?;
    let e = number(exponent, MAX_EXPONENT_BITS)?;
    let odd = |number: &BoxedUint| number.to_odd().is_some().to_bool();
    let exponent_fits = e > BoxedUint::one() && e < n;
    if odd(&n) && odd(&e) && exponent_fits {
        Ok(RsaPublicKey::new_unchecked(n, e))
    } else {
        Err(CryptoError::InvalidKey("RSA"))
    }
}

/// A public number without its leading zeros. Errors: `InvalidKey` when it has more than `max_bits`.
pub(super) fn number(bytes: &[u8], max_bits: u32) -> Result<BoxedUint, CryptoError> {
    let significant = trim(bytes);
    if significant.len() > max_bits as usize / 8 {
        return Err(CryptoError::InvalidKey("RSA"));
    }
    Ok(BoxedUint::from_be_slice_vartime(significant))
}
