//! Parameters of mechanisms, as values.

use crate::crypto::DigestAlgorithm;
use crate::crypto::rsa::PssParameters;
use crate::engine::ObjectHandle;

/// Parameters of a mechanism.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Parameters {
    /// None.
    #[default]
    None,
    /// RSA-PSS.
    Pss(PssParameters),
    /// RSA-OAEP.
    Oaep {
        /// Digest of the label.
        hash: DigestAlgorithm,
        /// Digest in the mask generation function.
        mgf: DigestAlgorithm,
        /// Label, usually empty.
        label: Vec<u8>,
    },
    /// Initial vector of AES-CBC.
    Iv([u8; 16]),
    /// AES-CTR.
    Counter {
        /// The first counter block.
        block: [u8; 16],
        /// So many of its lowest bits count.
        bits: u32,
    },
    /// AES-GCM.
    Gcm {
        /// Nonce.
        nonce: Vec<u8>,
        /// What is authenticated but not encrypted.
        associated_data: Vec<u8>,
        /// Bits of the tag.
        tag_bits: u32,
    },
    /// Length in bytes of a code that is cut.
    MacLen(usize),
    /// ECDH.
    Ecdh {
        /// What is done to the shared secret.
        kdf: Kdf,
        /// What the key is bound to.
        shared_info: Vec<u8>,
        /// The other side's public key: a point, bare or in an OCTET STRING.
        peer: Vec<u8>,
    },
    /// HKDF.
    Hkdf {
        /// The digest inside.
        hash: DigestAlgorithm,
        /// The first step is done: the base key is key material, not a pseudorandom key.
        extract: bool,
        /// The second step is done: the output is as long as is wanted, not as the digest.
        expand: bool,
        /// Salt of the first step.
        salt: HkdfSalt,
        /// What the key is bound to.
        info: Vec<u8>,
    },
    /// Of EdDSA, which without them is the plain one (`CK_EDDSA_PARAMS`).
    Eddsa {
        /// The digest is signed: Ed25519ph.
        prehash: bool,
        /// What the signature is bound to.
        context: Vec<u8>,
    },
}

/// What is done to the shared secret of ECDH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kdf {
    /// Nothing: the secret itself, cut at its beginning where fewer bytes are wanted (PKCS#11 3.1, 6.3.20).
    Null,
    /// ANSI X9.63 with this digest.
    X963(DigestAlgorithm),
}

/// Salt of HKDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HkdfSalt {
    /// As many zeros as the digest has bytes.
    Null,
    /// These bytes.
    Data(Vec<u8>),
    /// The value of a secret key.
    Key(ObjectHandle),
}

/// Kinds of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// It takes none.
    None,
    /// [`Parameters::Pss`].
    Pss,
    /// [`Parameters::Oaep`].
    Oaep,
    /// [`Parameters::Iv`].
    Iv,
    /// [`Parameters::Counter`].
    Counter,
    /// [`Parameters::Gcm`].
    Gcm,
    /// [`Parameters::MacLen`].
    MacLen,
    /// [`Parameters::Ecdh`].
    Ecdh,
    /// [`Parameters::Hkdf`].
    Hkdf,
    /// None, or [`Parameters::Eddsa`].
    Eddsa,
}
