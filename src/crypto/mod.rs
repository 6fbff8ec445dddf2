//! Host-side mathematics in pure Rust: the only folder that names those crates. Knows no card.

pub mod aes;
mod asn1;
pub mod certificate;
pub mod certificate_request;
pub mod cms;
pub mod curve;
pub mod curve25519;
pub mod digest;
pub mod ec;
pub mod ed25519;
pub mod import;
mod integer;
pub mod jws;
pub mod kdf;
pub mod mac;
pub mod private_key;
pub mod public_key;
pub mod random;
pub mod rsa;
pub mod seal;
pub mod signature_algorithm;
pub mod sshsig;
#[cfg(test)]
pub(crate) mod testing;
pub mod triple_des;
pub mod x25519;

pub use certificate::CertificateDetails;
pub use curve::Curve;
pub use curve25519::Curve25519;
pub use digest::{DigestAlgorithm, Digester};
pub use ec::EcPrivateKey;
pub use ed25519::Ed25519PrivateKey;
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use rsa::RsaPrivateKey;
pub use signature_algorithm::SignatureAlgorithm;
pub use x25519::X25519PrivateKey;

/// Why a computation could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Key bytes that are no key of their kind.
    #[error("key material is not valid for {0}")]
    InvalidKey(&'static str),
    /// A point that is not on its curve, or not in the uncompressed or compressed form.
    #[error("point is not on the curve {0}")]
    InvalidPoint(Curve),
    /// Input of a length that the operation does not take.
    #[error("input is {actual} bytes long, {expected} expected")]
    InputLength {
        /// What was given.
        actual: usize,
        /// What the operation takes.
        expected: usize,
    },
    /// A block that is, as a number, not below the modulus.
    #[error("block is not below the modulus of the key")]
    BlockTooLarge,
    /// Data that does not decrypt: wrong key or damaged.
    #[error("data does not decrypt: wrong key, or damaged")]
    Decryption,
    /// A signature that is not that of the key it should be of.
    #[error("signature is not that of the issuer's key")]
    SignatureMismatch,
    /// A structure that does not parse.
    #[error("{what} does not parse")]
    Malformed {
        /// Which structure.
        what: &'static str,
        /// What the parser said.
        #[source]
        source: der::Error,
    },
    /// An algorithm that this build does not have.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes")]
    NoRandom,
}
