//! RSA keys: private operations (blinded), public operations, PKCS#1 v1.5, PSS, OAEP (RFC 8017).
//!
//! A key only knows the raw operation; every padding is a function over blocks of modulus length
//! (`padding.rs`, `pss.rs`, `oaep.rs`), so that what a card computes raw and what is computed here are padded
//! by the same code.

mod import;
mod mgf;
mod oaep;
mod padding;
mod pss;
mod pss_identifier;
mod public;

use std::fmt;

use rsa::BoxedUint;
use rsa::hazmat::rsa_decrypt_and_check;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use zeroize::Zeroize;

pub use import::RsaComponents;
pub use oaep::{OaepParameters, oaep_encrypt, oaep_unpad};
pub use padding::{RejectionKey, Unpadded, pkcs1_sign_encode, pkcs1_unpad};
pub use pss::{PssParameters, pss_encode, pss_verify};
pub use public::{pkcs1_encrypt, pkcs1_verify, public_raw};

use super::{CryptoError, PublicKey, random};
use crate::codec::Secret;

/// Smallest modulus that is generated or imported, in bits.
pub const MIN_MODULUS_BITS: u32 = 1024;
/// Largest modulus that is generated or imported, in bits.
pub const MAX_MODULUS_BITS: u32 = 4096;

/// A two-prime RSA private key; everything secret in it is zeroized and never printed.
/// Boxed, so that handing it on moves a pointer and leaves no copy of the numbers behind.
#[derive(Clone)]
pub struct RsaPrivateKey(Box<rsa::RsaPrivateKey>);

impl RsaPrivateKey {
    /// A new random key with exponent 65537; `modulus_bits` is a multiple of 16 from 1024 to 4096.
    /// 4096 bits take seconds. Errors: `Unsupported` for another size, `NoRandom`.
    pub fn generate(modulus_bits: u32) -> Result<Self, CryptoError> {
        if !(MIN_MODULUS_BITS..=MAX_MODULUS_BITS).contains(&modulus_bits) || !modulus_bits.is_multiple_of(16)
        {
            return Err(CryptoError::Unsupported(format!("RSA with {modulus_bits} bits")));
        }
        rsa::RsaPrivateKey::new(&mut random::generator()?, modulus_bits as usize)
            .map(|key| Self(Box::new(key)))
            .map_err(|_| CryptoError::InvalidKey("RSA"))
    }

    /// Bits of the modulus.
    pub fn modulus_bits(&self) -> u32 {
        self.0.n().bits_vartime()
    }

    /// Bytes of the modulus: the length of every block and signature.
    pub fn modulus_len(&self) -> usize {
        self.0.size()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::Rsa { modulus: self.0.n_bytes().into_vec(), exponent: self.0.e_bytes().into_vec() }
    }

    /// The key as PKCS#1 RSAPrivateKey DER, for [`Self::from_bytes`].
    pub fn to_bytes(&self) -> Result<Secret, CryptoError> {
        let document = self.0.to_pkcs1_der().map_err(|_| CryptoError::InvalidKey("RSA"))?;
        Ok(Secret::from(document.as_bytes()))
    }

    /// The private operation on one block of exactly modulus length that is, as a number, below the modulus.
    /// Blinded, and checked by the public operation, so that a fault gives no signature that betrays the key.
    /// Errors: `InputLength`, `BlockTooLarge`, `NoRandom`; `Decryption` when the check found a fault.
    pub fn raw(&self, block: &[u8]) -> Result<Secret, CryptoError> {
        let length = self.modulus_len();
        let mut number = public::block_number(block, self.0.n(), length)?;
        let result = rsa_decrypt_and_check(&*self.0, Some(&mut random::generator()?), &number);
        number.zeroize();
        let mut result = result.map_err(|_| CryptoError::Decryption)?;
        let bytes = secret_block(&result, length);
        result.zeroize();
        Ok(bytes)
    }

    /// The private exponent as a number of modulus length: what implicit rejection derives its key from.
    fn private_exponent(&self) -> Secret {
        secret_block(self.0.d(), self.modulus_len())
    }
}

impl PartialEq for RsaPrivateKey {
    /// Two keys with one public half are one key, whichever of the possible private exponents they hold.
    fn eq(&self, other: &Self) -> bool {
        self.0.n() == other.0.n() && self.0.e() == other.0.e()
    }
}

impl Eq for RsaPrivateKey {}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateKey({} bits)", self.modulus_bits())
    }
}

/// A secret number below 256^`length` as exactly `length` bytes.
fn secret_block(number: &BoxedUint, length: usize) -> Secret {
    let mut wide = number.to_be_bytes();
    let mut block = vec![0; length.saturating_sub(wide.len())];
    block.reserve_exact(length);
    block.extend_from_slice(wide.get(wide.len().saturating_sub(length)..).unwrap_or_default());
    wide.zeroize();
    Secret::new(block)
}

#[cfg(test)]
mod tests;
