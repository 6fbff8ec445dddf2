//! Sealing of secrets for card images: a key from a PIN, authenticated encryption, boxes to a public key.
//! Knows neither files nor cards; the caller stores salts, costs and sealed bytes.
//!
//! argon2id (RFC 9106), ChaCha20-Poly1305 (RFC 8439), X25519 (RFC 7748), HKDF-SHA256 (RFC 5869).

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::{PublicKey as X25519Public, StaticSecret};
use zeroize::{Zeroize, Zeroizing};

use super::{CryptoError, random};
use crate::codec::Secret;

/// Bytes of a key of [`seal`], of a derived PIN key, and of both halves of a [`SealingKey`].
pub const KEY_LEN: usize = 32;
/// What [`seal`] adds to the plaintext: nonce in front, authentication tag behind.
pub const SEAL_OVERHEAD: usize = NONCE_LEN + TAG_LEN;
/// What [`seal_to`] adds to the plaintext.
pub const BOX_OVERHEAD: usize = KEY_LEN + SEAL_OVERHEAD;

/// What deriving a PIN key costs: argon2id's parameters, stored by the caller beside the salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinKeyCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PinKeyCost {
    /// The least that argon2 takes: for tests that derive many keys, never for a card that somebody uses.
    pub const MINIMAL: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// The most that [`derive_pin_key`] takes from a stored card, so that a hostile image
    /// can neither exhaust the memory nor keep the processor for minutes.
    pub const MAXIMAL: Self = Self { memory_kib: 256 * 1024, passes: 16, lanes: 16 };

    fn params(self) -> Result<Params, CryptoError> {
        let most = Self::MAXIMAL;
        if self.memory_kib > most.memory_kib || self.passes > most.passes || self.lanes > most.lanes {
            return Err(CryptoError::Unsupported(format!("argon2id with {self}")));
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_LEN))
            .map_err(|_| CryptoError::Unsupported(format!("argon2id with {self}")))
    }
}

impl Default for PinKeyCost {
    /// About 15 ms on a computer of 2020: 7 MiB and five passes. Of the choices of OWASP's password storage cheat sheet,
    /// which are as hard to guess through, the one that asks the system for the least memory: getting 19 MiB takes as long
    /// as what is done with them.
    fn default() -> Self {
        Self { memory_kib: 7 * 1024, passes: 5, lanes: 1 }
    }
}

impl fmt::Display for PinKeyCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB, {} passes, {} lanes", self.memory_kib, self.passes, self.lanes)
    }
}

/// Derives 32 key bytes from a PIN and a salt of at least 8 bytes (16 random ones are right). Errors:
/// `Unsupported` for a cost or salt that argon2id does not take or that exceeds [`PinKeyCost::MAXIMAL`].
pub fn derive_pin_key(pin: &Secret, salt: &[u8], cost: PinKeyCost) -> Result<Secret, CryptoError> {
    let params = cost.params()?;
    let mut key = vec![0; KEY_LEN];
    let mut memory = vec![Block::default(); params.block_count()];
    let derived = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        pin.expose(),
        salt,
        &mut key,
        &mut memory,
    );
    memory.iter_mut().for_each(Block::zeroize);
    match derived {
        Ok(()) => Ok(Secret::new(key)),
        Err(_) => {
            Err(CryptoError::Unsupported(format!("argon2id with {cost} and {} salt bytes", salt.len())))
        }
    }
}

/// Encrypts and authenticates `plaintext` under a 32-byte key; `associated_data` is authenticated with it.
/// Returns nonce ‖ ciphertext ‖ tag. The nonce is random: one key is good for 2³² messages, a card makes
/// thousands. Errors: `InvalidKey` for a key of another length, `NoRandom`.
pub fn seal(key: &Secret, plaintext: &[u8], associated_data: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let mut sealed = random::bytes(NONCE_LEN)?;
    let nonce = Nonce::try_from(sealed.as_slice()).map_err(|_| CryptoError::NoRandom)?;
    let ciphertext = cipher(key)?
        .encrypt(&nonce, Payload { msg: plaintext, aad: associated_data })
        .map_err(|_| CryptoError::InvalidKey(SEAL_KEY))?;
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Opens what [`seal`] made. Errors: `Decryption` for another key, other associated data or damaged bytes;
/// `InvalidKey` for a key that is not 32 bytes long.
pub fn open(key: &Secret, sealed: &[u8], associated_data: &[u8]) -> Result<Secret, CryptoError> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(CryptoError::Decryption)?;
    let nonce = Nonce::try_from(nonce).map_err(|_| CryptoError::Decryption)?;
    cipher(key)?
        .decrypt(&nonce, Payload { msg: ciphertext, aad: associated_data })
        .map(Secret::new)
        .map_err(|_| CryptoError::Decryption)
}

/// An X25519 key pair: what is sealed to its public half can be opened only with this one.
/// It lets a card store a secret for a PIN that is not verified at that moment.
#[derive(Clone)]
pub struct SealingKey(StaticSecret);

impl SealingKey {
    /// A new random key pair. Errors: `NoRandom`.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut scalar = Zeroizing::new([0; KEY_LEN]);
        random::fill(scalar.as_mut_slice())?;
        Ok(Self(StaticSecret::from(*scalar)))
    }

    /// Takes the private half, 32 bytes. Errors: `InvalidKey` for another length.
    pub fn from_bytes(bytes: &Secret) -> Result<Self, CryptoError> {
        let scalar: Zeroizing<[u8; KEY_LEN]> =
            Zeroizing::new(bytes.expose().try_into().map_err(|_| CryptoError::InvalidKey("X25519"))?);
        Ok(Self(StaticSecret::from(*scalar)))
    }

    /// The private half: store it sealed only.
    pub fn to_bytes(&self) -> Secret {
        Secret::from(self.0.as_bytes().as_slice())
    }

    /// The public half, to seal to.
    pub fn public(&self) -> SealingPublicKey {
        SealingPublicKey(X25519Public::from(&self.0).to_bytes())
    }

    /// Opens a box made by [`seal_to`] for this key's public half. Errors: `Decryption` for a box to another
    /// key, other associated data or damaged bytes.
    pub fn open_sealed(&self, sealed: &[u8], associated_data: &[u8]) -> Result<Secret, CryptoError> {
        let (ephemeral, sealed) = sealed.split_at_checked(KEY_LEN).ok_or(CryptoError::Decryption)?;
        let ephemeral = SealingPublicKey::from_bytes(ephemeral).map_err(|_| CryptoError::Decryption)?;
        let key =
            box_key(&self.0, &ephemeral, [&ephemeral, &self.public()]).ok_or(CryptoError::Decryption)?;
        open(&key, sealed, associated_data)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(X25519)")
    }
}

/// The public half of a [`SealingKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealingPublicKey([u8; KEY_LEN]);

impl SealingPublicKey {
    /// Takes 32 bytes. Errors: `InvalidKey` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        bytes.try_into().map(Self).map_err(|_| CryptoError::InvalidKey("X25519"))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

/// Seals `plaintext` to a public key: ephemeral public key ‖ nonce ‖ ciphertext ‖ tag.
/// Errors: `InvalidKey` for a public key of small order (nobody's key), `NoRandom`.
pub fn seal_to(
    recipient: &SealingPublicKey,
    plaintext: &[u8],
    associated_data: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let ephemeral = SealingKey::generate()?;
    let key = box_key(&ephemeral.0, recipient, [&ephemeral.public(), recipient])
        .ok_or(CryptoError::InvalidKey("X25519"))?;
    let mut sealed = ephemeral.public().as_bytes().to_vec();
    sealed.extend_from_slice(&seal(&key, plaintext, associated_data)?);
    Ok(sealed)
}

/// The key of one box: bound to both public keys, `None` when the peer's point has small order.
fn box_key(own: &StaticSecret, peer: &SealingPublicKey, publics: [&SealingPublicKey; 2]) -> Option<Secret> {
    let shared = own.diffie_hellman(&X25519Public::from(peer.0));
    if !shared.was_contributory() {
        return None;
    }
    let mut key = vec![0; KEY_LEN];
    let [ephemeral, recipient] = publics;
    Hkdf::<Sha256>::new(None, shared.as_bytes())
        .expand_multi_info(&[BOX_LABEL, &ephemeral.0, &recipient.0], &mut key)
        .ok()?;
    Some(Secret::new(key))
}

fn cipher(key: &Secret) -> Result<ChaCha20Poly1305, CryptoError> {
    ChaCha20Poly1305::new_from_slice(key.expose()).map_err(|_| CryptoError::InvalidKey(SEAL_KEY))
}

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;
const SEAL_KEY: &str = "ChaCha20-Poly1305";
/// Separates these keys from any other use of the same X25519 key.
const BOX_LABEL: &[u8] = b"p11ctl sealed box 1";

#[cfg(test)]
mod tests;
