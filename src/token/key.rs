//! Keys: what they are, what they may do, who may use them.

use super::{AuthId, KeyId, ObjectId};
use crate::crypto::{Curve, PublicKey};

/// Which half of a key, or a secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyClass {
    /// Private half.
    Private,
    /// Public half.
    Public,
    /// Symmetric key.
    Secret,
}

/// Algorithm and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA; zero bits when the card does not say.
    Rsa {
        /// Bits of the modulus.
        modulus_bits: u32,
    },
    /// Elliptic curve (ECDSA, ECDH).
    Ec {
        /// The named curve; `None` when the card does not say or it is not one of ours.
        curve: Option<Curve>,
    },
    /// Ed25519: signatures.
    Ed25519,
    /// X25519: agreement.
    X25519,
    /// AES.
    Aes {
        /// Bits of the key.
        key_bits: u32,
    },
    /// DES or triple DES.
    Des {
        /// Bits of the key, parity included.
        key_bits: u32,
    },
    /// The card tells it with the public half alone, which was not read.
    Untold,
    /// A secret of no particular algorithm.
    Generic {
        /// Bits of the secret.
        key_bits: u32,
    },
}

impl From<&PublicKey> for KeyAlgorithm {
    fn from(public: &PublicKey) -> Self {
        match public {
            PublicKey::Rsa { .. } => Self::Rsa { modulus_bits: public.bits() },
            PublicKey::Ec { curve, .. } => Self::Ec { curve: Some(*curve) },
            PublicKey::Ed25519(_) => Self::Ed25519,
            PublicKey::X25519(_) => Self::X25519,
        }
    }
}

/// What the card says that a key may do (PKCS#15 keyUsageFlags).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub struct KeyUsage {
    pub encrypt: bool,
    pub decrypt: bool,
    pub sign: bool,
    pub sign_recover: bool,
    pub wrap: bool,
    pub unwrap: bool,
    pub verify: bool,
    pub verify_recover: bool,
    pub derive: bool,
    pub non_repudiation: bool,
}

/// Where a key's bytes came from and whether they can leave (PKCS#15 keyAccessFlags).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is its meaning")]
pub struct KeyAccess {
    pub sensitive: bool,
    pub extractable: bool,
    pub always_sensitive: bool,
    pub never_extractable: bool,
    /// Generated on this card.
    pub local: bool,
}

/// One key.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its name towards the driver.
    pub object: ObjectId,
    /// Which half.
    pub class: KeyClass,
    /// `CKA_ID`; may be empty.
    pub id: KeyId,
    /// `CKA_LABEL`.
    pub label: String,
    /// The PIN that allows its use, if any.
    pub auth: Option<AuthId>,
    /// True when it can be seen only after login.
    pub private: bool,
    /// Algorithm and size.
    pub algorithm: KeyAlgorithm,
    /// What it may do.
    pub usage: KeyUsage,
    /// Origin and secrecy.
    pub access: KeyAccess,
    /// True when each use needs the PIN again (PKCS#15 userConsent, `CKA_ALWAYS_AUTHENTICATE`).
    pub always_authenticate: bool,
    /// True when the card lets it be changed.
    pub modifiable: bool,
    /// The public key value, where it is known without another read.
    pub public: Option<PublicKey>,
}
